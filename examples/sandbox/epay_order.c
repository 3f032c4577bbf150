/* How an order comes to be at an epay panel. The number is a key for ten days only: then the same number
   makes a second trade that can be paid beside the first, and since the panel looks at the oldest row, each
   further repeat makes another. */
#include "epay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The panel's rows of one number, as a database without an order gives them: the oldest first. */
struct sb_order *sb_epay_find(const struct sb_request *req, const char *number)
{
    struct sb_order *found = NULL;
    for (struct sb_order *order = req->sb->orders; number && order; order = order->next) {
        if (order->account == req->account && strcmp(order->reference, number) == 0 &&
            (!found || !req->account->epay->newest)) {
            found = order;
        }
    }
    return found;
}

/* As PHP's htmlspecialchars: so it is kept, compared and sent back. */
static char *html(const char *text)
{
    static const char *const marks[][2] = {
        {"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#039;"}};
    struct sb_buf out = {0};
    for (; text && *text; text++) {
        const char *put = NULL;
        for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
            put = *text == marks[i][0][0] ? marks[i][1] : put;
        }
        sb_buf_add(&out, put ? put : text, put ? strlen(put) : 1);
    }
    sb_buf_put(&out, "");
    return out.at;
}

/* At most 127 bytes, not in the middle of a character. */
static void cut_name(char *text)
{
    size_t len = strlen(text);
    if (len > 127) {
        for (len = 127; len && ((unsigned char)text[len] & 0xC0) == 0x80; len--) {
        }
        text[len] = 0;
    }
}

static bool read_money(const char *text, int64_t *minor)
{
    return text && strspn(text, "0123456789.") == strlen(text) && sb_yuan_read(text, minor) && *minor > 0;
}

static bool good_number(const char *text)
{
    return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-|") == strlen(text);
}

/* In the panel's order; NULL: nothing to object to. */
static const char *problem_of(const struct sb_request *req, int64_t *minor)
{
    static const char *const wanted[][2] = {{"out_trade_no", "订单号(out_trade_no)不能为空"},
                                            {"notify_url", "通知地址(notify_url)不能为空"},
                                            {"return_url", "回调地址(return_url)不能为空"},
                                            {"name", "商品名称(name)不能为空"},
                                            {"money", "金额(money)不能为空"},
                                            {"type", "支付方式(type)不能为空"},
                                            {"clientip", "用户IP地址(clientip)不能为空"}};
    static const char *const pages = " return_url ", *const apis = " type clientip ";
    bool page = strcmp(req->op, "page") == 0, any = req->account->epay->named;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        bool skip = strstr(page ? apis : pages, wanted[i][0]) != NULL ||
                    (any && strstr(" return_url clientip ", wanted[i][0]));
        if (!skip && !sb_epay_field(req, wanted[i][0])) {
            return wanted[i][1];
        }
    }
    if (!read_money(sb_epay_field(req, "money"), minor)) {
        return "金额不合法";
    }
    return good_number(sb_epay_field(req, "out_trade_no")) ? NULL : "订单号(out_trade_no)格式不正确";
}

static struct sb_order *new_order(struct sb_request *req, int64_t minor, const char *name)
{
    struct sb *sb = req->sb;
    const char *param = sb_epay_field(req, "param");
    struct sb_order *order = sb_order_new(sb, req->account, sb_epay_field(req, "out_trade_no"), param);
    struct sb_trade *trade = sb_alloc(sizeof *trade);
    char date[24], *id;
    order->amount = minor;
    order->subject = sb_dup(name);
    order->passback = param ? html(param) : NULL;
    order->notify_url = html(sb_epay_field(req, "notify_url"));
    order->return_url = html(sb_epay_field(req, "return_url"));
    sb_copy(order->currency, sizeof order->currency, "CNY");
    sb_copy(order->flow, sizeof order->flow, req->op);
    sb_beijing_write(sb_now(sb), date);
    id = sb_print("%.4s%.2s%.2s%.2s%.2s%.2s%05lld", date, date + 5, date + 8, date + 11, date + 14, date + 17,
                  (long long)(11111 + ++sb->next_id % 88888));
    sb_copy(trade->trade_no, sizeof trade->trade_no, id);
    sb_copy(trade->status, sizeof trade->status, "UNPAID");
    trade->order = order;
    trade->made = order->made;
    order->trades = order->last = trade;
    sb_map_set(&sb->by_trade, id, trade);
    free(id);
    return order;
}

static const char *conflict(const struct sb_request *req, const struct sb_order *old, int64_t minor,
                            const char *name)
{
    char *notify = html(sb_epay_field(req, "notify_url")), *back = html(sb_epay_field(req, "return_url"));
    char *param = html(sb_epay_field(req, "param"));
    bool same = old->amount == minor && strcmp(old->subject, name) == 0 &&
                strcmp(old->notify_url, notify) == 0 && strcmp(old->return_url, back) == 0 &&
                strcmp(old->passback ? old->passback : "", param) == 0;
    free(notify);
    free(back);
    free(param);
    if (req->account->epay->reuse_ms < 0) {
        return "商户订单号已存在";
    }
    if (strcmp(old->trades->status, "PAID") == 0 || strcmp(old->trades->status, "REFUND") == 0) {
        return "该订单已完成支付，请勿重复发起支付";
    }
    return same ? NULL : "该订单支付参数有变化，请更换订单号重新发起支付";
}

/* The order of this request, new or the same again; answers and gives NULL otherwise. */
static struct sb_order *take(struct sb_request *req)
{
    int64_t minor = 0, reuse = req->account->epay->reuse_ms;
    const char *problem = problem_of(req, &minor);
    if (problem) {
        sb_epay_message(req, -1, problem);
        return NULL;
    }
    char *name = html(sb_epay_field(req, "name"));
    cut_name(name);
    struct sb_order *order = sb_epay_find(req, sb_epay_field(req, "out_trade_no"));
    if (order && reuse >= 0 && sb_now(req->sb) - order->made >= reuse) {
        order = NULL;
    }
    problem = order ? conflict(req, order, minor, name) : NULL;
    if (!problem && !order) {
        order = new_order(req, minor, name);
    }
    free(name);
    if (problem || sb_is(req, SB_FAULT_DECLINE) || order->trades->closed) {
        sb_epay_message(req, problem ? -1 : -2,
                        problem                 ? problem
                        : order->trades->closed ? "交易已关闭"
                                                : "通道下单失败");
        return NULL;
    }
    return order;
}

static char *cashier_url(const struct sb_request *req, const struct sb_order *order)
{
    return sb_print("http://127.0.0.1:%d/%s/pay/submit/%s/", req->account->port, req->account->path,
                    order->trades->trade_no);
}

static void show_page(struct sb_request *req, struct sb_order *order)
{
    char *page =
        sb_print("<html><head><title>Cashier</title></head><body data-trade-no=\"%s\">"
                 "<p>Pay with: POST /_customer {\"reference\":\"%s\",\"act\":\"pay\"}</p></body></html>",
                 order->trades->trade_no, order->reference);
    req->executed = true;
    req->order = order;
    sb_reply_text(req, 200, "text/html; charset=UTF-8", page);
    free(page);
}

void sb_epay_submit(struct sb_request *req)
{
    struct sb_order *order = take(req);
    if (order) {
        show_page(req, order);
    }
}

/* The address that payurl names. */
void sb_epay_page(struct sb_request *req)
{
    const struct sb_trade *trade = sb_map_get(&req->sb->by_trade, req->argument);
    if (!trade || trade->order->account != req->account) {
        sb_epay_message(req, -1, "该订单号不存在，请返回来源地重新发起请求");
        return;
    }
    show_page(req, trade->order);
}

static void make_code(struct sb_request *req, struct sb_order *order)
{
    char hex[17];
    bool wechat =
        sb_same(sb_epay_field(req, "type"), "wxpay") || sb_same(sb_epay_field(req, "type"), "wechat");
    sb_random_hex(req->sb->keys, hex, 16);
    char *code = sb_print(wechat ? "weixin://wxpay/bizpayurl?pr=%s" : "https://qr.alipay.com/ep%s", hex);
    sb_copy(order->code, sizeof order->code, code);
    sb_map_set(&req->sb->by_code, code, order);
    free(code);
}

static bool wants_jump(const struct sb_request *req)
{
    return sb_same(sb_epay_field(req, "device"), "jump") || sb_same(sb_epay_field(req, "method"), "jump");
}

static void add_payment(struct sb_request *req, cJSON *out, const char *kind, const char *url,
                        const char *code)
{
    const char *value = strcmp(kind, "payurl") == 0 ? url : code;
    bool v2 = req->account->epay->v2;
    char *page = NULL;
    if (strcmp(kind, "html") == 0) {
        value = page = sb_print("<form action=\"%s\" method=\"get\"></form>", url);
    }
    if (v2) {
        sb_json_text(out, "pay_type", strcmp(kind, "payurl") == 0 ? "jump" : kind);
        sb_json_text(out, "pay_info", value);
    } else {
        sb_json_text(out, kind, value);
    }
    free(page);
}

void sb_epay_create(struct sb_request *req)
{
    const struct sb_epay *epay = req->account->epay;
    struct sb_order *order = take(req);
    if (!order) {
        return;
    }
    req->executed = true;
    make_code(req, order);
    char *url = cashier_url(req, order);
    cJSON *out = cJSON_CreateObject();
    sb_json_int(out, "code", epay->v2 ? 0 : 1);
    if (strcmp(epay->pay_as, "all") != 0) {
        sb_json_text(out, "trade_no", order->trades->trade_no);
        add_payment(req, out, wants_jump(req) ? "payurl" : epay->pay_as, url, order->code);
    } else {
        sb_json_text(out, "msg", "success");
        sb_json_text(out, "O_id", order->trades->trade_no + 4);
        sb_json_text(out, "trade_no", order->trades->trade_no);
        sb_json_text(out, epay->named ? "pay_url" : "payurl", epay->named ? strstr(url, "/pay/") : url);
        sb_json_text(out, "qrcode", order->code);
    }
    sb_epay_answer(req, out);
    free(url);
}
