/* The life of an order at WeChat Pay: NOTPAY, SUCCESS, REFUND after the first fen that went back, CLOSED by
   the shop or after seven days. */
#include "wechat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool waiting(const struct sb_trade *trade)
{
    return strcmp(trade->status, "NOTPAY") == 0;
}

/* More than one only when the customer was made to pay twice. */
struct sb_trade *sb_wechat_trade_new(struct sb *sb, struct sb_order *order)
{
    struct sb_trade *trade = sb_alloc(sizeof *trade);
    trade->order = order;
    trade->made = sb_now(sb);
    sb_copy(trade->status, sizeof trade->status, "NOTPAY");
    if (order->last) {
        order->last->next = trade;
    } else {
        order->trades = trade;
    }
    order->last = trade;
    return trade;
}

struct sb_trade *sb_wechat_trade_of(const struct sb_order *order)
{
    for (struct sb_trade *trade = order->trades; trade; trade = trade->next) {
        if (trade->captured > trade->refunded) {
            return trade;
        }
    }
    return order->trades;
}

void sb_wechat_settle(struct sb *sb, struct sb_order *order)
{
    for (struct sb_trade *trade = order->trades; trade; trade = trade->next) {
        if (waiting(trade) && sb_now(sb) >= order->made + 7 * SB_DAY_MS) {
            sb_copy(trade->status, sizeof trade->status, "CLOSED");
            trade->closed = sb_now(sb);
        }
        sb_wechat_settle_refunds(sb, trade);
    }
}

/* What a query or a close names; answers and gives NULL when it names nothing. */
static struct sb_trade *named(struct sb_request *req)
{
    struct sb_trade *trade = sb_map_get(&req->sb->by_trade, req->argument);
    bool by_id = strstr(req->path, "/transactions/id/") != NULL;
    struct sb_order *order = by_id ? (trade && trade->order->account == req->account ? trade->order : NULL)
                                   : sb_order_find(req->sb, req->account, req->argument);
    if (!order || sb_is(req, SB_FAULT_NOT_FOUND)) {
        sb_wechat_error(req, 404, "ORDER_NOT_EXIST", "订单不存在");
        return NULL;
    }
    sb_wechat_settle(req->sb, order);
    return by_id ? trade : sb_wechat_trade_of(order);
}

void sb_wechat_query(struct sb_request *req)
{
    const char *mchid = sb_params_get(&req->query, "mchid");
    if (!sb_same(mchid, req->account->seller_id)) {
        sb_wechat_error(req, 400, "PARAM_ERROR", mchid ? "商户号和订单不匹配" : "mchid必填");
        return;
    }
    req->executed = true;
    const struct sb_trade *trade = named(req);
    if (trade) {
        sb_reply_json(req, 200, sb_wechat_trade_json(trade, req, NULL));
    }
}

void sb_wechat_close(struct sb_request *req)
{
    if (!sb_wechat_mine(req)) {
        return;
    }
    if (req->account->wechat->close_unknown && !sb_order_find(req->sb, req->account, req->argument)) {
        sb_reply_text(req, 204, "text/plain",
                      ""); /* as merchants have seen it, other than the documents say */
        return;
    }
    struct sb_trade *trade = named(req);
    if (!trade) {
        return;
    }
    if (trade->captured) { /* another word than the creation's for the same thing */
        sb_wechat_error(req, 400, "ORDER_PAID", "该订单已支付");
        return;
    }
    req->executed = true;
    if (waiting(trade)) {
        sb_copy(trade->status, sizeof trade->status, "CLOSED");
        trade->closed = sb_now(req->sb);
    }
    sb_reply_text(req, 204, "text/plain", "");
}

static const char *pay(struct sb *sb, struct sb_order *order, struct sb_trade *trade)
{
    char date[24], *id;
    sb_beijing_write(sb_now(sb), date);
    id = sb_print("4200%06d%.4s%.2s%.2s%010lld", 2101, date, date + 5, date + 8, (long long)++sb->next_id);
    sb_copy(trade->trade_no, sizeof trade->trade_no, id);
    sb_map_set(&sb->by_trade, id, trade);
    free(id);
    trade->captured = order->amount;
    trade->paid = sb_now(sb);
    trade->closed = 0;
    sb_copy(trade->status, sizeof trade->status, "SUCCESS");
    sb_wechat_notify(sb, trade);
    return NULL;
}

static const char *code_problem(struct sb *sb, const struct sb_order *order, const char *code)
{
    if (code && strncmp(code, order->code, strlen(order->code)) != 0) {
        return "the code was replaced by a newer one";
    }
    if (!order->code[0] || sb_now(sb) >= order->code_until) {
        return "the code has expired";
    }
    return sb_now(sb) >= order->expires ? "the time to pay is over" : NULL;
}

const char *sb_wechat_customer(struct sb *sb, struct sb_order *order, const struct sb_act *with)
{
    bool pays = sb_same(with->act, "pay");
    sb_wechat_settle(sb, order);
    struct sb_trade *trade = order->trades;
    if (strncmp(with->act, "refund_", 7) == 0) {
        return sb_wechat_refund_act(sb, order, with->act);
    }
    if (sb_same(with->act, "pay_again")) {
        return pay(sb, order, trade->captured ? sb_wechat_trade_new(sb, order) : trade);
    }
    if (!pays && !sb_same(with->act, "scan") && !sb_same(with->act, "open") && !sb_same(with->act, "fail") &&
        !sb_same(with->act, "decline")) {
        return "act: unknown for this provider";
    }
    if (with->force && pays) {
        return pay(sb, order, trade->captured ? sb_wechat_trade_new(sb, order) : trade);
    }
    if (trade->captured) {
        return "already paid";
    }
    if (!waiting(trade)) {
        return "the order is closed";
    }
    const char *problem = code_problem(sb, order, with->code);
    return problem || !pays ? problem : pay(sb, order, trade); /* a wallet that refuses leaves it NOTPAY */
}
