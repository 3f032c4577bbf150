/* Refunds at WeChat Pay: out_refund_no is the key, merchant-wide. The answer says PROCESSING; SUCCESS,
   ABNORMAL or CLOSED is learnt later, by notification or query. */
#include "wechat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool settled(const struct sb_refund *refund)
{
    return strcmp(refund->status, "pending") != 0;
}

static int64_t promised(const struct sb_trade *trade)
{
    int64_t sum = trade->refunded;
    for (const struct sb_refund *refund = trade->refunds; refund; refund = refund->next) {
        sum += strcmp(refund->status, "pending") == 0 || strcmp(refund->status, "abnormal") == 0
                   ? refund->amount
                   : 0;
    }
    return sum;
}

static void end_refund(struct sb *sb, struct sb_refund *refund, const char *status)
{
    struct sb_trade *trade = refund->trade;
    sb_copy(refund->status, sizeof refund->status, status);
    if (strcmp(status, "succeeded") == 0) {
        trade->refunded += refund->amount;
        refund->due = sb_now(sb);
    }
    sb_wechat_notify_refund(sb, refund);
}

void sb_wechat_settle_refunds(struct sb *sb, struct sb_trade *trade)
{
    for (struct sb_refund *refund = trade->refunds; refund; refund = refund->next) {
        if (!settled(refund) && sb_now(sb) >= refund->due) {
            end_refund(sb, refund, "succeeded");
        }
    }
}

static char *refund_key(const struct sb_request *req, const char *number)
{
    return sb_print("%s|%s", req->account->id, number);
}

static struct sb_refund *find_refund(const struct sb_request *req, const char *number)
{
    char *key = refund_key(req, number);
    struct sb_refund *refund = sb_map_get(&req->sb->by_refund, key);
    free(key);
    return refund;
}

static const char *body_problem(const struct sb_request *req)
{
    const cJSON *money = cJSON_GetObjectItemCaseSensitive(req->json, "amount");
    const char *url = sb_json_get(req->json, "notify_url");
    bool id = sb_json_get(req->json, "transaction_id") != NULL,
         number = sb_json_get(req->json, "out_trade_no") != NULL;
    if (id == number) {
        return "transaction_id和out_trade_no二选一";
    }
    if (!sb_wechat_text(sb_json_get(req->json, "out_refund_no"), 1, 64, "_-|*@") ||
        strlen(sb_json_get(req->json, "out_refund_no")) >= sizeof((struct sb_refund *)0)->id) {
        return "out_refund_no不合法";
    }
    if (sb_json_number(money, "refund", 0) < 1 || sb_json_number(money, "total", 0) < 1) {
        return "amount.refund或amount.total不合法，单位为分";
    }
    if (!sb_same(sb_json_get(money, "currency"),
                 "CNY")) { /* optional for orders, required here (4013071036) */
        return "amount.currency必填，只支持CNY";
    }
    return url && strchr(url, '?') ? "notify_url不合法" : NULL;
}

/* The paid trade that shall give back; answers and gives NULL otherwise. */
static struct sb_trade *paid_trade(struct sb_request *req)
{
    const char *id = sb_json_get(req->json, "transaction_id");
    struct sb_trade *trade = sb_map_get(&req->sb->by_trade, id);
    struct sb_order *order =
        id ? (trade && trade->order->account == req->account ? trade->order : NULL)
           : sb_order_find(req->sb, req->account, sb_json_get(req->json, "out_trade_no"));
    if (order) {
        sb_wechat_settle(req->sb, order);
        trade = id ? trade : sb_wechat_trade_of(order);
    }
    if (!order || !trade->captured || sb_is(req, SB_FAULT_NOT_FOUND)) {
        sb_wechat_error(req, 404, "RESOURCE_NOT_EXISTS", "订单不存在或未支付");
        return NULL;
    }
    return trade;
}

static const char *rule_broken(const struct sb_request *req, const struct sb_trade *trade, int64_t amount,
                               int64_t total)
{
    int count = 0;
    for (const struct sb_refund *refund = trade->refunds; refund; refund = refund->next) {
        count++;
    }
    if (total != trade->order->amount) {
        return "订单金额与原订单不一致";
    }
    if (sb_now(req->sb) > trade->paid + 365 * SB_DAY_MS) {
        return "订单已超过退款期限";
    }
    if (count >= 50) {
        return "部分退款次数超限";
    }
    return amount > trade->captured - promised(trade) ? "退款金额超过可退金额" : NULL;
}

static struct sb_refund *give_back(struct sb_request *req, struct sb_trade *trade, const char *number,
                                   int64_t amount)
{
    struct sb_refund *refund = sb_alloc(sizeof *refund), **end = &trade->refunds;
    char *text = sb_print("5030%06d%018lld", 2101, (long long)++req->sb->next_id),
         *key = refund_key(req, number);
    int64_t wait = req->account->wechat->refund_ms;
    if (sb_is(req, SB_FAULT_PENDING)) {
        wait = req->fault.delay_ms < 0 ? 10000 : req->fault.delay_ms;
    }
    sb_copy(refund->provider_id, sizeof refund->provider_id, text);
    sb_copy(refund->id, sizeof refund->id, number);
    sb_copy(refund->status, sizeof refund->status, "pending");
    refund->amount = amount;
    refund->made = sb_now(req->sb);
    refund->due = refund->made + wait;
    refund->reason = sb_dup(sb_json_get(req->json, "reason"));
    refund->notify_url = sb_dup(sb_json_get(req->json, "notify_url"));
    refund->trade = trade;
    while (*end) {
        end = &(*end)->next;
    }
    *end = refund;
    sb_map_set(&req->sb->by_refund, key, refund);
    free(key);
    free(text);
    return refund;
}

void sb_wechat_refund(struct sb_request *req)
{
    const char *problem = body_problem(req), *number = sb_json_get(req->json, "out_refund_no");
    const cJSON *money = cJSON_GetObjectItemCaseSensitive(req->json, "amount");
    if (problem) {
        sb_wechat_error(req, 400, "PARAM_ERROR", problem);
        return;
    }
    struct sb_trade *trade = paid_trade(req);
    struct sb_refund *known = find_refund(req, number);
    int64_t amount = sb_json_number(money, "refund", 0), total = sb_json_number(money, "total", 0);
    if (!trade) {
        return;
    }
    if (known &&
        (known->amount != amount || known->trade->order != trade->order || total != trade->order->amount)) {
        sb_wechat_error(req, 400, "INVALID_REQUEST", "订单金额或退款金额与之前请求不一致");
        return;
    }
    problem = known ? NULL : rule_broken(req, trade, amount, total);
    if (problem) {
        sb_wechat_error(req, 400, "INVALID_REQUEST", problem);
        return;
    }
    if (!known) {
        req->executed = true;
        known = give_back(req, trade, number, amount);
    }
    sb_reply_json(req, 200, sb_wechat_refund_json(known, req));
}

/* No mchid in the query, other than for orders. */
void sb_wechat_refund_query(struct sb_request *req)
{
    const struct sb_refund *refund = find_refund(req, req->argument);
    req->executed = true;
    if (!refund || sb_is(req, SB_FAULT_NOT_FOUND)) {
        sb_wechat_error(req, 404, "RESOURCE_NOT_EXISTS", "退款单不存在");
        return;
    }
    sb_wechat_settle(req->sb, refund->trade->order);
    sb_reply_json(req, 200, sb_wechat_refund_json(refund, req));
}

/* refund_fail: the card is gone, ABNORMAL; refund_close: the merchant's account stayed empty, CLOSED;
   refund_done: what was abnormal came through by hand. */
const char *sb_wechat_refund_act(struct sb *sb, struct sb_order *order, const char *act)
{
    struct sb_refund *last = NULL;
    const char *status = sb_same(act, "refund_fail")    ? "abnormal"
                         : sb_same(act, "refund_close") ? "closed"
                         : sb_same(act, "refund_done")  ? "succeeded"
                                                        : NULL;
    for (struct sb_trade *trade = order->trades; trade; trade = trade->next) {
        for (struct sb_refund *refund = trade->refunds; refund; refund = refund->next) {
            last = strcmp(refund->status, "closed") != 0 ? refund : last;
        }
    }
    if (!status || !last || strcmp(last->status, status) == 0) {
        return status ? "no refund that could change so" : "act: unknown for this provider";
    }
    if (strcmp(last->status, "succeeded") == 0) {
        last->trade->refunded -= last->amount;
    }
    end_refund(sb, last, status);
    return NULL;
}
