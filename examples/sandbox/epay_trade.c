/* What becomes of a trade at an epay panel: it never expires; v1 cannot close it and refunds, where the
   operator allows them, have no key; v2 closes at the channel behind it, without its own state changing. */
#include "epay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sb_order *sb_epay_named(const struct sb_request *req)
{
    const char *id = sb_epay_field(req, "trade_no");
    const struct sb_trade *trade = sb_map_get(&req->sb->by_trade, id);
    if (id) {
        return trade && trade->order->account == req->account ? trade->order : NULL;
    }
    return sb_epay_find(req, sb_epay_field(req, "out_trade_no"));
}

static int64_t status_of(const struct sb_trade *trade, const struct sb_request *req)
{
    if (!trade->captured || sb_is(req, SB_FAULT_PENDING)) {
        return 0;
    }
    return strcmp(trade->status, "REFUND") == 0 ? 2 : strcmp(trade->status, "FROZEN") == 0 ? 3 : 1;
}

/* v2 leaves out what is empty; v1 shows it. */
static void add_text(const struct sb_request *req, cJSON *out, const char *name, const char *text)
{
    if (!req->account->epay->v2 || (text && *text)) {
        sb_json_text(out, name, text ? text : "");
    }
}

static const char *type_of(const struct sb_order *order)
{
    return strncmp(order->code, "weixin:", 7) == 0 ? "wxpay" : "alipay";
}

static cJSON *order_json(struct sb_request *req, const struct sb_order *order)
{
    const struct sb_trade *trade = order->trades;
    const struct sb_epay *epay = req->account->epay;
    int64_t pid = 0, status = status_of(trade, req);
    char money[32], made[24], paid[24] = "";
    cJSON *out = cJSON_CreateObject();
    sb_int_read(req->account->seller_id, &pid);
    sb_yuan_write(order->amount + (sb_is(req, SB_FAULT_WRONG_AMOUNT) ? 100 : 0), money, sizeof money);
    sb_beijing_write(trade->made, made);
    if (status) {
        sb_beijing_write(trade->paid, paid);
    }
    sb_json_int(out, "code", epay->v2 ? 0 : 1);
    if (!epay->v2) {
        sb_json_text(out, "msg", "succ");
    }
    sb_json_text(out, "trade_no", trade->trade_no);
    sb_json_text(out, "out_trade_no", order->reference);
    add_text(req, out, "api_trade_no", status ? trade->trade_no : "");
    add_text(req, out, "type", type_of(order));
    sb_epay_number(req, out, "pid", pid);
    sb_json_text(out, "addtime", made);
    add_text(req, out, "endtime", paid);
    sb_json_text(out, "name", order->subject);
    sb_json_text(out, "money", money);
    add_text(req, out, "param", order->passback);
    if (epay->named) {
        sb_json_text(out, "trade_status", status ? "TRADE_SUCCESS" : "WAIT_BUYER_PAY");
    } else {
        sb_epay_number(req, out, "status", status);
    }
    if (epay->v2 && trade->refunded) {
        sb_yuan_write(trade->refunded, money, sizeof money);
        sb_json_text(out, "refundmoney", money);
    }
    if (sb_is(req, SB_FAULT_WRONG_CURRENCY)) {
        sb_json_text(out, "currency", "USD");
    }
    return out;
}

void sb_epay_query(struct sb_request *req)
{
    req->executed = true;
    if (!sb_epay_field(req, "trade_no") && !sb_epay_field(req, "out_trade_no")) {
        sb_epay_message(req, req->account->epay->v2 ? -1 : -4, "订单号不能为空");
        return;
    }
    const struct sb_order *order = sb_epay_named(req);
    if (!order || sb_is(req, SB_FAULT_NOT_FOUND)) {
        sb_epay_message(req, -1, "订单号不存在");
        return;
    }
    sb_epay_answer(req, order_json(req, order));
}

/* What the panel's own code refuses comes back signed, other than what it throws. */
static void refused(struct sb_request *req, const char *text)
{
    cJSON *out = cJSON_CreateObject();
    sb_epay_code(req, out, -1);
    sb_json_text(out, "msg", text);
    sb_epay_answer(req, out);
}

void sb_epay_close(struct sb_request *req)
{
    struct sb_order *order = sb_epay_named(req);
    if (!order || sb_is(req, SB_FAULT_NOT_FOUND)) {
        sb_epay_message(req, -1, "当前订单不存在！");
        return;
    }
    if (order->trades->captured) {
        refused(req, "该订单状态不支持关闭！");
        return;
    }
    if (!req->account->epay->close) {
        refused(req, "当前支付通道不支持关闭订单");
        return;
    }
    req->executed = true;
    order->trades->closed = sb_now(req->sb);
    sb_copy(order->trades->status, sizeof order->trades->status, "CLOSED");
    cJSON *out = cJSON_CreateObject();
    sb_json_int(out, "code", 0);
    sb_json_text(out, "msg", "订单关闭成功");
    sb_epay_answer(req, out);
}

/* ---- refunds ---- */

static const char *refund_problem(const struct sb_request *req, const struct sb_trade *trade, int64_t amount)
{
    int64_t left = trade->captured - trade->refunded;
    (void)req;
    if (!trade->captured) {
        return "该订单状态不支持退款！";
    }
    if (amount > trade->order->amount) {
        return "退款金额不能大于订单金额";
    }
    if (left <= 0) {
        return "该订单已全额退款！";
    }
    return amount > left ? "退款金额不能超过该订单剩余可退款金额！" : NULL;
}

static struct sb_refund *give_back(struct sb_request *req, struct sb_trade *trade, const char *number,
                                   int64_t amount)
{
    struct sb_refund *refund = sb_alloc(sizeof *refund);
    char date[24], *id;
    sb_beijing_write(sb_now(req->sb), date);
    id = sb_print("%.4s%.2s%.2s%.2s%.2s%.2s%05lld", date, date + 5, date + 8, date + 11, date + 14, date + 17,
                  (long long)(11111 + ++req->sb->next_id % 88888));
    sb_copy(refund->provider_id, sizeof refund->provider_id, id);
    sb_copy(refund->id, sizeof refund->id, number ? number : id);
    sb_copy(refund->status, sizeof refund->status, "succeeded");
    refund->amount = amount;
    refund->made = sb_now(req->sb);
    refund->trade = trade;
    refund->next = trade->refunds;
    trade->refunds = refund;
    trade->refunded += amount;
    sb_copy(trade->status, sizeof trade->status, "REFUND");
    char *key = sb_print("%s|%s", req->account->id, refund->id);
    sb_map_set(&req->sb->by_refund, key, refund);
    free(key);
    free(id);
    return refund;
}

static cJSON *refund_json(struct sb_request *req, const struct sb_refund *refund, bool asked)
{
    char money[32], when[24];
    int64_t pid = 0;
    cJSON *out = cJSON_CreateObject();
    bool v2 = req->account->epay->v2;
    sb_int_read(req->account->seller_id, &pid);
    sb_yuan_write(refund->amount + (sb_is(req, SB_FAULT_WRONG_AMOUNT) ? 100 : 0), money, sizeof money);
    sb_json_int(out, "code", v2 ? 0 : req->account->epay->refund_code);
    sb_json_text(out, "refund_no", refund->provider_id);
    sb_json_text(out, "out_refund_no", refund->id);
    sb_json_text(out, "trade_no", refund->trade->trade_no);
    sb_json_text(out, "out_trade_no", refund->trade->order->reference);
    sb_epay_number(req, out, "uid", pid);
    sb_json_text(out, "money", money);
    sb_json_text(out, "reducemoney", money);
    if (asked) {
        sb_beijing_write(refund->made, when);
        sb_epay_number(req, out, "status", sb_is(req, SB_FAULT_PENDING) ? 0 : 1);
        sb_json_text(out, "addtime", when);
        sb_json_text(out, "endtime", when);
    } else {
        sb_json_text(out, "msg", "退款成功！");
    }
    return out;
}

void sb_epay_refund(struct sb_request *req)
{
    const struct sb_epay *epay = req->account->epay;
    const char *number = epay->v2 ? sb_epay_field(req, "out_refund_no") : NULL,
               *money = sb_epay_field(req, "money");
    int64_t amount = 0;
    if (!epay->refund) {
        sb_epay_message(req, epay->v2 ? -1 : -4, "未开启商户后台自助退款");
        return;
    }
    if (!money || strspn(money, "0123456789.") != strlen(money) || !sb_yuan_read(money, &amount) ||
        amount < 1) {
        sb_epay_message(req, -1, "金额输入错误");
        return;
    }
    struct sb_order *order = sb_epay_named(req);
    if (!order || sb_is(req, SB_FAULT_NOT_FOUND)) {
        sb_epay_message(req, -1, "当前订单不存在！");
        return;
    }
    number = number && strlen(number) > 5 ? number : NULL; /* shorter ones are not looked at */
    char *key = sb_print("%s|%s", req->account->id, number ? number : "");
    const struct sb_refund *known = number ? sb_map_get(&req->sb->by_refund, key) : NULL;
    free(key);
    const char *problem = known ? NULL : refund_problem(req, order->trades, amount);
    if (problem) {
        refused(req, problem);
        return;
    }
    if (!known) {
        req->executed = true;
        known = give_back(req, order->trades, number, amount);
    }
    sb_epay_answer(req,
                   refund_json(req, known, false)); /* a repeat names the first amount, whatever it asks */
}

void sb_epay_refund_query(struct sb_request *req)
{
    const char *number = sb_epay_field(req, "out_refund_no");
    char *key = sb_print("%s|%s", req->account->id, number ? number : "");
    const struct sb_refund *refund = sb_map_get(&req->sb->by_refund, key);
    free(key);
    req->executed = true;
    if (!number || !refund || sb_is(req, SB_FAULT_NOT_FOUND)) {
        sb_epay_message(req, -1, number ? "退款记录不存在" : "商户退款单号不能为空");
        return;
    }
    sb_epay_answer(req, refund_json(req, refund, true));
}

/* ---- the customer ---- */

void sb_epay_settle(struct sb *sb, struct sb_order *order)
{
    (void)sb;
    (void)order; /* the clock changes nothing */
}

const char *sb_epay_customer(struct sb *sb, struct sb_order *order, const struct sb_act *with)
{
    struct sb_trade *trade = order->trades;
    bool again = sb_same(with->act, "pay_again"), pays = again || sb_same(with->act, "pay");
    if (sb_same(with->act, "freeze") &&
        trade->captured) { /* the operator holds the money back; it was paid */
        sb_copy(trade->status, sizeof trade->status, "FROZEN");
        return NULL;
    }
    if (!pays && !sb_same(with->act, "scan") && !sb_same(with->act, "open") && !sb_same(with->act, "fail") &&
        !sb_same(with->act, "decline")) {
        return "act: unknown for this provider";
    }
    if (trade->captured && !again && !with->force) {
        return "already paid";
    }
    if (trade->closed && !with->force) {
        return "the order is closed";
    }
    if (!pays) {
        return NULL;
    }
    if (trade->captured) { /* the panel keeps one row: twice paid shows as money beside it */
        struct sb_trade *extra = sb_alloc(sizeof *extra);
        *extra = *trade;
        extra->next = NULL;
        extra->refunds = NULL;
        extra->refunded = 0;
        order->last = order->last->next = extra;
        trade = extra;
    }
    trade->captured = order->amount;
    trade->paid = sb_now(sb);
    sb_copy(trade->status, sizeof trade->status, "PAID");
    sb_epay_notify(sb, trade);
    return NULL;
}
