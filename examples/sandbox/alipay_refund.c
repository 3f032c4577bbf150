/* Refunds at Alipay: out_request_no is the key; the same key gives the same answer with fund_change N, never
   more money; what comes back in total is at most what was paid. */
#include "sandbox.h"

#include <stdlib.h>
#include <string.h>

static struct sb_refund *find_refund(const struct sb_trade *trade, const char *request_no)
{
    for (struct sb_refund *refund = trade->refunds; refund; refund = refund->next) {
        if (sb_same(refund->id, request_no)) {
            return refund;
        }
    }
    return NULL;
}

static int64_t promised(const struct sb_trade *trade)
{
    int64_t sum = trade->refunded;
    for (const struct sb_refund *refund = trade->refunds; refund; refund = refund->next) {
        if (strcmp(refund->status, "pending") == 0) {
            sum += refund->amount;
        }
    }
    return sum;
}

/* due != 0: accepted now, the money moves then. */
bool sb_alipay_give_back(struct sb *sb, struct sb_trade *trade, const char *request_no, int64_t amount,
                         const char *reason, int64_t due)
{
    struct sb_refund *refund = sb_alloc(sizeof *refund), **end = &trade->refunds;
    if (amount > trade->captured - promised(trade)) {
        free(refund);
        return false;
    }
    sb_copy(refund->id, sizeof refund->id, request_no);
    sb_copy(refund->status, sizeof refund->status, due ? "pending" : "succeeded");
    refund->amount = amount;
    refund->made = sb_now(sb);
    refund->due = due;
    refund->reason = sb_dup(reason);
    while (*end) {
        end = &(*end)->next;
    }
    *end = refund;
    if (due) {
        return true;
    }
    trade->refunded += amount;
    if (trade->refunded == trade->captured) {
        sb_copy(trade->status, sizeof trade->status, "TRADE_CLOSED");
        trade->closed = sb_now(sb);
    }
    if (trade->order->notify_url && trade->order->notify_url[0]) {
        sb_note_queue(sb, trade->order->account, trade->order->notify_url,
                      sb_alipay_note(sb, trade, refund, NULL), "REFUND", trade->order->reference);
    }
    return true;
}

static void answer_refund(struct sb_request *req, const struct sb_trade *trade, bool changed)
{
    char total[32], when[24];
    cJSON *out = cJSON_CreateObject();
    sb_yuan_write(trade->refunded + (sb_is(req, SB_FAULT_WRONG_AMOUNT) ? 100 : 0), total, sizeof total);
    sb_beijing_write(sb_now(req->sb), when);
    sb_json_text(out, "trade_no", trade->trade_no);
    sb_json_text(out, "out_trade_no", trade->order->reference);
    sb_json_text(out, "buyer_logon_id", "bux***@sandbox.example");
    sb_json_text(out, "fund_change", changed ? "Y" : "N");
    sb_json_text(out, "refund_fee", total); /* the total so far, not of this refund */
    sb_json_text(out, "gmt_refund_pay", when);
    sb_alipay_success(req, out);
}

static bool read_refund_amount(const cJSON *content, int64_t *minor)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(content, "refund_amount");
    char *text = cJSON_IsNumber(item) ? sb_print("%.2f", item->valuedouble)
                                      : sb_dup(cJSON_IsString(item) ? item->valuestring : "");
    bool good = sb_yuan_read(text, minor) && *minor > 0;
    free(text);
    return good;
}

void sb_alipay_refund(struct sb_request *req)
{
    struct sb_trade *trade;
    struct sb_order *order = sb_alipay_order(req, &trade);
    const char *request_no = sb_json_get(req->json, "out_request_no");
    int64_t amount = 0;
    if (!order || !trade || sb_is(req, SB_FAULT_NOT_FOUND)) {
        sb_alipay_business(req, "40004", "ACQ.TRADE_NOT_EXIST", "交易不存在");
        return;
    }
    if (!read_refund_amount(req->json, &amount) || (request_no && strlen(request_no) >= 48)) {
        sb_alipay_business(req, "40004", "ACQ.INVALID_PARAMETER", "参数无效");
        return;
    }
    for (struct sb_trade *at = order->trades; request_no && at; at = at->next) {
        if (find_refund(at, request_no)) {
            trade = at; /* a repeat speaks of the trade that it gave back, though another is unrefunded now */
        }
    }
    if (!request_no && amount < trade->captured) {
        sb_alipay_business(req, "40004", "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "撤销或退款金额与订单金额不一致");
        return;
    }
    if (!request_no) {
        request_no = order->reference;
    }
    const struct sb_refund *known = find_refund(trade, request_no);
    if (known) {
        if (known->amount != amount) {
            sb_alipay_business(req, "40004", "ACQ.DISCORDANT_REPEAT_REQUEST", "不一致的请求");
        } else {
            answer_refund(req, trade, false);
        }
        return;
    }
    if (!trade->captured) {
        sb_alipay_business(req, "40004", "ACQ.TRADE_STATUS_ERROR", "交易状态不合法");
        return;
    }
    int64_t due = 0;
    if (sb_is(req, SB_FAULT_PENDING)) {
        due = sb_now(req->sb) + (req->fault.delay_ms < 0 ? 10000 : req->fault.delay_ms);
    }
    if (!sb_alipay_give_back(req->sb, trade, request_no, amount, sb_json_get(req->json, "refund_reason"),
                             due)) {
        if (trade->refunded == trade->captured) {
            sb_alipay_business(req, "40004", "ACQ.TRADE_HAS_FINISHED", "交易已完结");
        } else {
            sb_alipay_business(req, "40004", "ACQ.REASON_TRADE_REFUND_FEE_ERR", "退款金额无效");
        }
        return;
    }
    req->executed = true;
    answer_refund(req, trade, !due);
}

/* 10000 says only that the query ran: without refund data nothing was refunded. */
void sb_alipay_refund_query(struct sb_request *req)
{
    struct sb_trade *trade;
    struct sb_order *order = sb_alipay_order(req, &trade);
    const char *request_no = sb_json_get(req->json, "out_request_no");
    if (!request_no || !*request_no) {
        sb_alipay_business(req, "40004", "ACQ.INVALID_PARAMETER", "参数无效");
        return;
    }
    req->executed = true;
    if (!trade) {
        sb_alipay_business(req, "40004", "ACQ.TRADE_NOT_EXIST", "交易不存在");
        return;
    }
    for (struct sb_trade *at = order->trades; at; at = at->next) {
        if (find_refund(at, request_no)) {
            trade = at;
        }
    }
    const struct sb_refund *refund = sb_is(req, SB_FAULT_NOT_FOUND) ? NULL : find_refund(trade, request_no);
    cJSON *out = cJSON_CreateObject();
    if (refund && strcmp(refund->status, "succeeded") == 0 && !sb_is(req, SB_FAULT_PENDING)) {
        char amount[32], when[24];
        sb_json_text(out, "trade_no", trade->trade_no);
        sb_json_text(out, "out_trade_no", order->reference);
        sb_json_text(out, "out_request_no", refund->id);
        sb_yuan_write(order->amount, amount, sizeof amount);
        sb_json_text(out, "total_amount", amount);
        sb_yuan_write(refund->amount + (sb_is(req, SB_FAULT_WRONG_AMOUNT) ? 100 : 0), amount, sizeof amount);
        sb_json_text(out, "refund_amount", amount);
        sb_json_text(out, "refund_status", "REFUND_SUCCESS");
        sb_beijing_write(refund->made, when);
        sb_json_text(out, "gmt_refund_pay", when);
    }
    sb_alipay_success(req, out);
}
