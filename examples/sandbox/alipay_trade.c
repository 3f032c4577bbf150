/* The life of an Alipay trade. A code or a page is not yet a trade: that begins when the buyer scans or signs
   in; before, query and close know nothing, and only the absolute expiry ends it. */
#include "sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR INT64_C(3600000)

static bool waiting(const struct sb_trade *trade)
{
    return trade && strcmp(trade->status, "WAIT_BUYER_PAY") == 0;
}

static bool good_number(const char *number)
{
    size_t len = number ? strlen(number) : 0;
    return len > 0 && len <= 64 &&
           strspn(number, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

/* "90m", "2h", "1d"; 1c is the end of the day and not supported here. */
static int64_t read_span(const char *text)
{
    int64_t count = 0;
    if (!text || !*text) {
        return 0;
    }
    char *digits = sb_dup(text);
    size_t len = strlen(digits);
    char unit = digits[len - 1];
    digits[len - 1] = 0;
    bool good = sb_int_read(digits, &count);
    free(digits);
    if (!good || count < 1 || count > 100000) {
        return 0;
    }
    return unit == 'm' ? count * 60000 : unit == 'h' ? count * HOUR : unit == 'd' ? count * 24 * HOUR : 0;
}

static bool read_amount(const cJSON *content, const char *name, int64_t *minor)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(content, name);
    char text[32];
    if (!cJSON_IsNumber(item)) {
        return sb_yuan_read(cJSON_IsString(item) ? item->valuestring : NULL, minor);
    }
    snprintf(text, sizeof text, "%.2f", item->valuedouble);
    return sb_yuan_read(text, minor);
}

static void notify_trade(struct sb *sb, struct sb_trade *trade, const struct sb_refund *refund)
{
    if (trade->order->notify_url && trade->order->notify_url[0]) {
        sb_note_queue(sb, trade->order->account, trade->order->notify_url,
                      sb_alipay_note(sb, trade, refund, NULL), trade->status, trade->order->reference);
    }
}

static struct sb_trade *make_trade(struct sb *sb, struct sb_order *order)
{
    struct sb_trade *trade = sb_alloc(sizeof *trade);
    char date[24], *number;
    sb_beijing_write(sb_now(sb), date);
    number = sb_print("%.4s%.2s%.2s220014%016lld", date, date + 5, date + 8, (long long)++sb->next_id);
    sb_copy(trade->trade_no, sizeof trade->trade_no, number);
    free(number);
    trade->order = order;
    trade->made = sb_now(sb);
    trade->expires = order->expires;
    sb_copy(trade->status, sizeof trade->status, "WAIT_BUYER_PAY");
    if (order->last) {
        order->last->next = trade;
    } else {
        order->trades = trade;
    }
    order->last = trade;
    sb_map_set(&sb->by_trade, trade->trade_no, trade);
    return trade;
}

void sb_alipay_close_trade(struct sb *sb, struct sb_trade *trade)
{
    sb_copy(trade->status, sizeof trade->status, "TRADE_CLOSED");
    trade->closed = sb_now(sb);
    notify_trade(sb, trade, NULL);
}

void sb_alipay_settle(struct sb *sb, struct sb_order *order)
{
    int64_t now = sb_now(sb);
    for (struct sb_trade *trade = order->trades; trade; trade = trade->next) {
        if (waiting(trade) && trade->expires && now >= trade->expires) {
            sb_alipay_close_trade(sb, trade);
        }
        for (struct sb_refund *refund = trade->refunds; refund; refund = refund->next) {
            if (refund->due && now >= refund->due && strcmp(refund->status, "pending") == 0) {
                sb_copy(refund->status, sizeof refund->status, "succeeded");
                trade->refunded += refund->amount;
                if (trade->refunded >= trade->captured) {
                    sb_copy(trade->status, sizeof trade->status, "TRADE_CLOSED");
                }
                notify_trade(sb, trade, refund);
            }
        }
    }
}

/* The order that a request names, brought up to the clock; *trade is the one it would speak of, or NULL. */
struct sb_order *sb_alipay_order(struct sb_request *req, struct sb_trade **trade)
{
    const char *trade_no = sb_json_get(req->json, "trade_no");
    struct sb_trade *one = sb_map_get(&req->sb->by_trade, trade_no);
    struct sb_order *order = NULL;
    *trade = NULL;
    if (trade_no && *trade_no) {
        order = one && one->order->account == req->account ? one->order : NULL;
    } else {
        order = sb_order_find(req->sb, req->account, sb_json_get(req->json, "out_trade_no"));
    }
    if (!order) {
        return NULL;
    }
    sb_alipay_settle(req->sb, order);
    if (trade_no && *trade_no) {
        *trade = one;
        return order;
    }
    *trade = order->trades;
    for (struct sb_trade *at = order->trades; at; at = at->next) {
        if (at->captured > at->refunded) {
            *trade = at;
            break;
        }
    }
    return order;
}

static void set_text(char **at, const char *text)
{
    if (!text) {
        return;
    }
    free(*at);
    *at = sb_dup(text);
}

/* Reads and checks what makes an order; answers and returns NULL when the business refuses. */
static struct sb_order *take_order(struct sb_request *req, const char *product)
{
    const cJSON *in = req->json;
    const char *number = sb_json_get(in, "out_trade_no"), *subject = sb_json_get(in, "subject");
    const char *absolute = sb_json_get(in, "time_expire"), *product_code = sb_json_get(in, "product_code");
    int64_t amount = 0, expires = 0, now = sb_now(req->sb);
    if (!good_number(number) || !subject || !*subject || strlen(subject) > 256 ||
        !read_amount(in, "total_amount", &amount) || amount < 1 || amount > INT64_C(10000000000) ||
        (product ? !sb_same(product_code, product)
                 : product_code && !sb_same(product_code, "QR_CODE_OFFLINE") &&
                       !sb_same(product_code, "FACE_TO_FACE_PAYMENT")) ||
        (absolute && (!sb_beijing_read(absolute, &expires) || expires <= now))) {
        sb_alipay_business(req, "40004", "ACQ.INVALID_PARAMETER", "参数无效");
        return NULL;
    }
    int64_t span = read_span(sb_json_get(in, product ? "timeout_express" : "qr_code_timeout_express"));
    if (!absolute) {
        expires = now + (span ? span : product ? 15 * 24 * HOUR : 2 * HOUR);
    }
    struct sb_trade *trade;
    struct sb_order *order = sb_alipay_order(req, &trade);
    if (order && (order->amount != amount || !sb_same(order->subject, subject))) {
        sb_alipay_business(req, "40004", "ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改");
        return NULL;
    }
    if (trade && strcmp(trade->status, "TRADE_CLOSED") == 0) {
        sb_alipay_business(req, "40004", "ACQ.TRADE_HAS_CLOSE", "交易已经关闭");
        return NULL;
    }
    if (trade && trade->captured) {
        sb_alipay_business(req, "40004", "ACQ.TRADE_HAS_SUCCESS", "交易已被支付");
        return NULL;
    }
    if (!order) {
        const char *passback = sb_json_get(in, "passback_params");
        order = sb_order_new(req->sb, req->account, number, passback);
        order->amount = amount;
        order->subject = sb_dup(subject);
        order->passback = sb_dup(passback);
        sb_copy(order->currency, sizeof order->currency, "CNY");
    }
    if (expires > order->expires) {
        order->expires = expires;
    }
    set_text(&order->notify_url, sb_params_get(&req->all, "notify_url"));
    set_text(&order->return_url, sb_params_get(&req->all, "return_url"));
    sb_copy(order->flow, sizeof order->flow, req->op);
    return order;
}

void sb_alipay_precreate(struct sb_request *req)
{
    struct sb_order *order = take_order(req, NULL);
    char token[25];
    if (!order) {
        return;
    }
    if (++order->codes > 20) {
        sb_alipay_business(req, "40004", "ACQ.APPLY_PC_MERCHANT_CODE_ERROR", "申请商户码失败");
        return;
    }
    req->executed = true;
    sb_random_hex(req->sb->keys, token, 24);
    char *code = sb_print("https://qr.alipay.com/bax%s", token);
    sb_copy(order->code, sizeof order->code, code);
    sb_map_set(&req->sb->by_code, code, order); /* earlier codes stay alive: they are printed somewhere */
    free(code);
    cJSON *out = cJSON_CreateObject();
    sb_json_text(out, "out_trade_no", order->reference);
    sb_json_text(out, "qr_code", order->code);
    sb_alipay_success(req, out);
}

/* page.pay and wap.pay: what the buyer's browser gets. The shop never sees it. */
void sb_alipay_page(struct sb_request *req)
{
    bool wap = strcmp(req->op, "wap") == 0;
    struct sb_order *order = take_order(req, wap ? "QUICK_WAP_WAY" : "FAST_INSTANT_TRADE_PAY");
    if (!order) {
        sb_reply_text(req, 200, "text/html;charset=GBK", "<html><body>\xB4\xED\xCE\xF3</body></html>");
        return;
    }
    req->executed = true;
    char amount[32], *page;
    sb_yuan_write(order->amount, amount, sizeof amount);
    page = sb_print("<html><head><title>Cashier</title></head><body data-out-trade-no=\"%s\"><p>%s CNY</p>"
                    "<p>Pay with: POST /_customer {\"reference\":\"%s\",\"act\":\"pay\"}</p></body></html>",
                    order->reference, amount, order->reference);
    sb_reply_text(req, 200, "text/html;charset=utf-8", page);
    free(page);
}

static bool not_exist(struct sb_request *req, const struct sb_trade *trade)
{
    if (trade && !sb_is(req, SB_FAULT_NOT_FOUND)) {
        return false;
    }
    sb_alipay_business(req, "40004", "ACQ.TRADE_NOT_EXIST", "交易不存在");
    return true;
}

void sb_alipay_query(struct sb_request *req)
{
    struct sb_trade *trade;
    struct sb_order *order = sb_alipay_order(req, &trade);
    char amount[32], when[24];
    req->executed = true;
    if (not_exist(req, trade)) {
        return;
    }
    cJSON *out = cJSON_CreateObject();
    bool pending = sb_is(req, SB_FAULT_PENDING);
    sb_yuan_write(order->amount + (sb_is(req, SB_FAULT_WRONG_AMOUNT) ? 100 : 0), amount, sizeof amount);
    sb_json_text(out, "trade_no", trade->trade_no);
    sb_json_text(out, "out_trade_no", order->reference);
    sb_json_text(out, "buyer_logon_id", "bux***@sandbox.example");
    sb_json_text(out, "buyer_user_id", "2088000000000077");
    sb_json_text(out, "trade_status", pending ? "WAIT_BUYER_PAY" : trade->status);
    sb_json_text(out, "total_amount", amount);
    if (sb_is(req, SB_FAULT_WRONG_CURRENCY)) {
        sb_json_text(out, "trans_currency", "USD");
        sb_json_text(out, "settle_currency", "USD");
    }
    if (trade->captured && !pending) {
        sb_json_text(out, "receipt_amount", amount);
        sb_json_text(out, "buyer_pay_amount", amount);
        sb_beijing_write(trade->paid, when);
        sb_json_text(out, "send_pay_date", when);
    }
    sb_alipay_success(req, out);
}

void sb_alipay_close(struct sb_request *req)
{
    struct sb_trade *trade;
    struct sb_order *order = sb_alipay_order(req, &trade);
    if (not_exist(req, trade)) {
        return;
    }
    if (!waiting(trade)) {
        sb_alipay_business(req, "40004", "ACQ.TRADE_STATUS_ERROR", "交易状态不合法");
        return;
    }
    req->executed = true;
    sb_alipay_close_trade(req->sb, trade);
    cJSON *out = cJSON_CreateObject();
    sb_json_text(out, "trade_no", trade->trade_no);
    sb_json_text(out, "out_trade_no", order->reference);
    sb_alipay_success(req, out);
}

/* Succeeds for numbers that nobody knows too, without an action: it proves nothing. */
void sb_alipay_cancel(struct sb_request *req)
{
    struct sb_trade *trade;
    struct sb_order *order = sb_alipay_order(req, &trade);
    cJSON *out = cJSON_CreateObject();
    req->executed = true;
    if (sb_is(req, SB_FAULT_NOT_FOUND)) {
        trade = NULL;
    }
    if (trade) {
        sb_json_text(out, "trade_no", trade->trade_no);
    }
    sb_json_text(out, "out_trade_no", order ? order->reference : sb_json_get(req->json, "out_trade_no"));
    sb_json_text(out, "retry_flag", "N");
    if (waiting(trade)) {
        sb_alipay_close_trade(req->sb, trade);
        sb_json_text(out, "action", "close");
    } else if (trade && trade->captured > trade->refunded) {
        sb_alipay_give_back(req->sb, trade, order->reference, trade->captured - trade->refunded, "cancel", 0);
        sb_json_text(out, "action", "refund");
    }
    sb_alipay_success(req, out);
}

static const char *pay(struct sb *sb, struct sb_order *order, struct sb_trade *trade)
{
    trade->captured = order->amount;
    trade->paid = sb_now(sb);
    trade->closed = 0;
    sb_copy(trade->status, sizeof trade->status, "TRADE_SUCCESS");
    notify_trade(sb, trade, NULL);
    return NULL;
}

const char *sb_alipay_customer(struct sb *sb, struct sb_order *order, const struct sb_act *with)
{
    const char *act = with->act;
    bool force = with->force;
    bool scan = sb_same(act, "scan") || sb_same(act, "open"), pays = sb_same(act, "pay");
    sb_alipay_settle(sb, order);
    struct sb_trade *trade = order->last;
    if (sb_same(act, "pay_again")) {
        return pay(sb, order, make_trade(sb, order));
    }
    if (sb_same(act, "fail") || sb_same(act, "decline")) {
        return trade ? NULL : "the code was not scanned"; /* the wallet refuses; the trade goes on waiting */
    }
    if (!scan && !pays) {
        return "act: unknown for this provider";
    }
    if (!trade) {
        if (sb_now(sb) >= order->expires && !force) {
            return "the code has expired";
        }
        trade = make_trade(sb, order);
    }
    if (scan) {
        return NULL;
    }
    if (trade->captured) {
        return force ? pay(sb, order, make_trade(sb, order)) : "already paid";
    }
    if (!waiting(trade) && !force) {
        return "the trade is closed";
    }
    return pay(sb, order, trade);
}
