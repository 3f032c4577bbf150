/* Requests to WeChat Pay, API v3: the order as content (it is the body, byte for byte), the signature made
   anew for each send. Fields and addresses: pay.weixin.qq.com/doc/v3/merchant/4012525171 (native),
   /4012525153 (h5), /4012525167 (jsapi), /4012556398 (close), /4012556457 and /4012556562 (refund and its
   query). */
#include "adapters/wechatpay.h"

#include <string.h>

const char *pr_wechatpay_product(const char *flow)
{
    static const char *const products[][2] = {{"qr", "native"}, {"redirect", "h5"}, {"token", "jsapi"}};
    for (size_t i = 0; flow && i < sizeof products / sizeof products[0]; i++) {
        if (strcmp(flow, products[i][0]) == 0) {
            return products[i][1];
        }
    }
    return NULL;
}

/* ---- content ------------------------------------------------------------------------------------------- */

/* The notification's address takes no parameters (docs, notify_url). */
static int32_t check_notify_url(const char *url, pr_text *why)
{
    if (!url || !url[0]) {
        pr_text_put(why, "notify_url: wechatpay takes no order without one");
        return PAYROUTE_E_SCHEMA;
    }
    if (strchr(url, '?') || strchr(url, '#') || strlen(url) > 255) {
        pr_text_put(why, "notify_url: wechatpay takes at most 255 bytes without parameters");
        return PAYROUTE_E_SCHEMA;
    }
    return pr_adapter_url_check(url, "notify_url", why);
}

static int32_t is_ip(const char *ip)
{
    size_t n = ip ? strlen(ip) : 0;
    return n >= 2 && n <= 45 && strspn(ip, "0123456789abcdefABCDEF.:") == n;
}

static int32_t check_payer(const char *flow, const pr_wish *wish, pr_text *why)
{
    if (strcmp(flow, "redirect") == 0 && !is_ip(wish->client_ip)) {
        pr_text_put(why, "client_ip: wechatpay's h5 orders need the address of the customer's phone");
        return PAYROUTE_E_SCHEMA;
    }
    if (strcmp(flow, "token") == 0 && (!pr_word_plain(wish->instrument) || strlen(wish->instrument) > 128)) {
        pr_text_put(why, "instrument: expected the customer's openid under this channel's appid");
        return PAYROUTE_E_SCHEMA;
    }
    return PAYROUTE_OK;
}

static int32_t check_wechat(const pr_subject *subject, const pr_wish *wish, pr_text *why)
{
    if (!pr_wechatpay_product(subject->flow)) {
        pr_text_format(why, "flow: wechatpay knows qr, redirect and token, got \"%s\"",
                       subject->flow ? subject->flow : "");
        return PAYROUTE_E_UNSUPPORTED;
    }
    if (!subject->currency || strcmp(subject->currency, "CNY") != 0) {
        pr_text_put(why, "currency: wechatpay takes CNY only");
        return PAYROUTE_E_UNSUPPORTED;
    }
    if (wish->hold) {
        pr_text_put(why, "hold: wechatpay's orders cannot be authorized first");
        return PAYROUTE_E_UNSUPPORTED;
    }
    if (subject->amount_minor < 1 || subject->amount_minor > INT64_C(10000000000)) {
        pr_text_put(why, "amount: wechatpay takes 0.01 to 100000000.00");
        return PAYROUTE_E_RANGE;
    }
    if (wish->order_hash && wish->order_hash[0] && !pr_word_plain(wish->order_hash)) {
        pr_text_put(why, "order_hash: expected hexadecimal digits");
        return PAYROUTE_E_SCHEMA;
    }
    int32_t rc = check_payer(subject->flow, wish, why);
    return rc != PAYROUTE_OK ? rc : check_notify_url(subject->channel->notify_url, why);
}

/* At most 127 characters; counted here in bytes, which is never more than they allow. */
static void put_description(payroute_json_out *json, const pr_subject *subject, const pr_wish *wish)
{
    char title[128];
    pr_text t;
    pr_text_init(&t, title, sizeof title);
    pr_text_put(&t, wish->subject && wish->subject[0] ? wish->subject : subject->reference);
    for (char *p = title; *p; p++) {
        *p = (unsigned char)*p < 0x20 || *p == 0x7f ? ' ' : *p;
    }
    payroute_json_out_string(json, "description", title);
}

static void put_expiry(payroute_json_out *json, int64_t expire_ms)
{
    char text[32]; /* whole seconds, rounded down: never later than our own deadline */
    pr_time_civil(expire_ms, PR_WECHATPAY_ZONE_MINUTES, text);
    text[10] = 'T';
    memcpy(text + 19, "+08:00", 7);
    payroute_json_out_string(json, "time_expire", text);
}

static void put_fen(payroute_json_out *json, const char *name, int64_t minor, int64_t total)
{
    payroute_json_out_object(json, "amount");
    payroute_json_out_integer(json, name, minor); /* fen */
    if (total > 0) {
        payroute_json_out_integer(json, "total", total);
    }
    payroute_json_out_string(json, "currency", "CNY");
    payroute_json_out_end(json);
}

static void put_payer(payroute_json_out *json, const char *flow, const pr_wish *wish)
{
    if (strcmp(flow, "token") == 0) {
        payroute_json_out_object(json, "payer");
        payroute_json_out_string(json, "openid", wish->instrument);
        payroute_json_out_end(json);
    } else if (strcmp(flow, "redirect") == 0) {
        payroute_json_out_object(json, "scene_info");
        payroute_json_out_string(json, "payer_client_ip", wish->client_ip);
        payroute_json_out_object(json, "h5_info");
        payroute_json_out_string(json, "type", "Wap");
        payroute_json_out_end(json);
        payroute_json_out_end(json);
    }
}

/* The account stands in the order: the same number with another account or another field is refused
   (OUT_TRADE_NO_USED), so that all of it is kept. */
static void put_order(payroute_json_out *json, const pr_subject *subject, const pr_wish *wish)
{
    const char *version = subject->credential_version;
    payroute_json_out_object(json, "order");
    payroute_json_out_string(json, "appid", pr_credential_get(subject->channel, version, "appid"));
    payroute_json_out_string(json, "mchid", pr_credential_get(subject->channel, version, "mchid"));
    put_description(json, subject, wish);
    payroute_json_out_string(json, "out_trade_no", subject->reference);
    if (subject->expire_ms > 0) {
        put_expiry(json, subject->expire_ms);
    }
    if (wish->order_hash && wish->order_hash[0]) {
        payroute_json_out_string(json, "attach", wish->order_hash); /* comes back once it is paid */
    }
    payroute_json_out_string(json, "notify_url", subject->channel->notify_url);
    put_fen(json, "total", subject->amount_minor, 0);
    put_payer(json, subject->flow, wish);
    payroute_json_out_end(json);
}

int32_t pr_wechatpay_content(pr_buf *out, const pr_subject *subject, const pr_wish *wish, pr_text *why)
{
    const char *return_url =
        wish->return_url && wish->return_url[0] ? wish->return_url : subject->channel->return_url;
    int32_t rc = check_wechat(subject, wish, why);
    if (rc == PAYROUTE_OK) {
        rc = pr_adapter_url_check(return_url, "return_url", why);
    }
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    payroute_json_out *json = payroute_json_out_new();
    payroute_json_out_object(json, NULL);
    payroute_json_out_string(json, "product", pr_wechatpay_product(subject->flow));
    put_order(json, subject, wish);
    if (strcmp(subject->flow, "redirect") == 0 && return_url && return_url[0]) {
        payroute_json_out_string(json, "return_url",
                                 return_url); /* no field of the order: hung on its h5_url */
    }
    payroute_json_out_end(json);
    return pr_content_finish(out, json, why);
}

/* ---- requests ------------------------------------------------------------------------------------------ */

/* From the stored content: the very fields that were hashed, written again in the same order. */
static int32_t put_stored_order(pr_buf *body, const pr_subject *subject, pr_text *why)
{
    payroute_json *doc = NULL;
    int32_t rc =
        payroute_json_parse(&doc, subject->content ? subject->content : "", subject->content_len, NULL, 0);
    if (rc != PAYROUTE_OK) {
        pr_text_put(why, rc == PAYROUTE_E_NOMEM ? "out of memory" : "content: not what this adapter wrote");
        return rc;
    }
    const payroute_json_node *root = payroute_json_root(doc);
    const char *product = payroute_json_string(payroute_json_get(root, "product"));
    const payroute_json_node *order = payroute_json_get(root, "order");
    const char *number = payroute_json_string(payroute_json_get(order, "out_trade_no"));
    if (!product || strcmp(product, pr_wechatpay_product(subject->flow)) != 0 || !number ||
        strcmp(number, subject->reference) != 0) {
        pr_text_put(why, "content: written for another request");
        rc = PAYROUTE_E_SCHEMA;
    } else {
        payroute_json_out *json = payroute_json_out_new();
        payroute_json_out_node(json, NULL, order);
        const char *text = payroute_json_out_text(json, NULL);
        pr_buf_put(body, text ? text : "");
        rc = text ? body->rc : PAYROUTE_E_NOMEM;
        payroute_json_out_free(json);
    }
    payroute_json_free(doc);
    return rc;
}

static int32_t put_refund(pr_buf *body, const pr_subject *subject)
{
    payroute_json_out *json = payroute_json_out_new();
    payroute_json_out_object(json, NULL);
    payroute_json_out_string(json, "out_trade_no", subject->reference);
    payroute_json_out_string(json, "out_refund_no", subject->key); /* one number refunds once */
    if (subject->channel->notify_url) {
        payroute_json_out_string(json, "notify_url", subject->channel->notify_url);
    }
    put_fen(json, "refund", subject->amount_minor, subject->attempt_amount_minor);
    payroute_json_out_end(json);
    const char *text = payroute_json_out_text(json, NULL);
    pr_buf_put(body, text ? text : "");
    int32_t rc = text ? body->rc : PAYROUTE_E_NOMEM;
    payroute_json_out_free(json);
    return rc;
}

/* Path and body of an operation. Our numbers are A-Z0-9: nothing in a path needs escaping. */
static int32_t put_call(pr_http_request *out, pr_buf *path, int32_t operation, const pr_subject *subject,
                        pr_text *why)
{
    const char *mchid = pr_credential_get(subject->channel, subject->credential_version, "mchid");
    switch (operation) {
    case PR_OP_CREATE:
        pr_buf_format(path, "/v3/pay/transactions/%s", pr_wechatpay_product(subject->flow));
        return put_stored_order(&out->body, subject, why);
    case PR_OP_CLOSE:
        pr_buf_format(path, "/v3/pay/transactions/out-trade-no/%s/close", subject->reference);
        pr_buf_format(&out->body, "{\"mchid\":\"%s\"}", mchid ? mchid : "");
        return out->body.rc;
    case PR_OP_REFUND:
        pr_buf_put(path, "/v3/refund/domestic/refunds");
        return put_refund(&out->body, subject);
    case PR_OP_QUERY:
        pr_buf_format(path, "/v3/pay/transactions/out-trade-no/%s?mchid=%s", subject->reference,
                      mchid ? mchid : "");
        break;
    case PR_OP_REFUND_QUERY: pr_buf_format(path, "/v3/refund/domestic/refunds/%s", subject->key); break;
    case PR_OP_FETCH: pr_buf_put(path, "/v3/certificates"); break;
    default: pr_text_put(why, "wechatpay has no such operation"); return PAYROUTE_E_UNSUPPORTED;
    }
    memcpy(out->method, "GET", 4);
    return path->rc;
}

/* Accept and User-Agent are demanded (docs: "400 INVALID_REQUEST" without). In public-key mode the request
   names the key that the answer is to be signed with (docs/merchant/development,
   如何从平台证书切换成微信支付公钥). */
static int32_t put_wechat_headers(pr_http_request *out, const pr_subject *subject, pr_text *why)
{
    const char *key_id = pr_credential_get(subject->channel, subject->credential_version, "public_key_id");
    int32_t rc = pr_header_add(&out->headers, "Accept", "application/json", why);
    if (rc == PAYROUTE_OK) {
        rc = pr_header_add(&out->headers, "User-Agent", "payroute", why);
    }
    if (rc == PAYROUTE_OK && out->body.len > 0) {
        rc = pr_header_add(&out->headers, "Content-Type", "application/json", why);
    }
    if (rc == PAYROUTE_OK && key_id) {
        rc = pr_header_add(&out->headers, "Wechatpay-Serial", key_id, why);
    }
    return rc == PAYROUTE_OK ? pr_wechatpay_authorize(out, subject, why) : rc;
}

int32_t pr_wechatpay_build(pr_http_request *out, int32_t operation, int32_t step, const pr_subject *subject,
                           pr_text *why)
{
    if (operation == PR_OP_CREATE && (step != 1 || !pr_wechatpay_product(subject->flow))) {
        pr_text_put(why, "wechatpay has no such flow");
        return PAYROUTE_E_UNSUPPORTED;
    }
    pr_buf path;
    pr_buf_init(&path);
    memcpy(out->method, "POST", 5);
    int32_t rc = put_call(out, &path, operation, subject, why);
    if (rc == PAYROUTE_OK && path.rc != PAYROUTE_OK) {
        rc = path.rc;
    }
    if (rc == PAYROUTE_OK) {
        rc = pr_adapter_url_join(&out->url, subject->channel->base_url, path.at);
    }
    pr_buf_free(&path);
    return rc == PAYROUTE_OK ? put_wechat_headers(out, subject, why) : rc;
}

const pr_adapter pr_adapter_wechatpay = {
    .provider = "wechatpay",
    .content = pr_wechatpay_content,
    .build = pr_wechatpay_build,
    .show = NULL,
    .read = pr_wechatpay_read,
    .read_code = NULL,
    .notify = pr_wechatpay_notify,
    .fetched = pr_wechatpay_fetched,
    .fetch_lists = 1,
};
