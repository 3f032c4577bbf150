/* Requests to Alipay: business fields as content, signed anew for each send (RSA2 over the sorted parameters
 * as they are). */
#include "adapters/alipay.h"

#include <string.h>

enum { ALIPAY_PARAMS_MAX = 16, SIGNATURE_CAP = 1400 };

const char *pr_alipay_method(int32_t operation, const char *flow)
{
    switch (operation) {
    case PR_OP_CREATE:
        if (!flow) {
            return NULL;
        }
        return strcmp(flow, "qr") == 0         ? "alipay.trade.precreate"
               : strcmp(flow, "redirect") == 0 ? "alipay.trade.page.pay"
               : strcmp(flow, "wap") == 0      ? "alipay.trade.wap.pay"
                                               : NULL;
    case PR_OP_QUERY:
        return "alipay.trade.query";
    case PR_OP_CLOSE:
        return "alipay.trade.close";
    case PR_OP_VOID:
        return "alipay.trade.cancel";
    case PR_OP_REFUND:
        return "alipay.trade.refund";
    case PR_OP_REFUND_QUERY:
        return "alipay.trade.fastpay.refund.query";
    case PR_OP_FETCH:
        return "alipay.open.app.alipaycert.download";
    default:
        return NULL;
    }
}

/* ---- content ------------------------------------------------------------------------------------------- */

/* The title as Alipay takes it: at most 256 bytes; "/", "=" and "&" are refused there
 * (AlipayTradePrecreateModel). */
static void put_subject(payroute_json_out *json, const pr_subject *subject, const pr_wish *wish)
{
    char title[257];
    pr_text t;
    pr_text_init(&t, title, sizeof title);
    pr_text_put(&t, wish->subject && wish->subject[0] ? wish->subject : subject->reference);
    for (char *p = title; *p; p++) {
        if (*p == '/' || *p == '=' || *p == '&' || (unsigned char)*p < 0x20 || *p == 0x7f) {
            *p = ' ';
        }
    }
    payroute_json_out_string(json, "subject", title);
}

static const char *product_code(const char *flow)
{
    return strcmp(flow, "qr") == 0         ? "QR_CODE_OFFLINE"
           : strcmp(flow, "redirect") == 0 ? "FAST_INSTANT_TRADE_PAY"
                                           : "QUICK_WAP_WAY";
}

static int32_t check_wish(const pr_subject *subject, const pr_wish *wish, const char *return_url,
                          pr_text *why)
{
    if (!pr_alipay_method(PR_OP_CREATE, subject->flow)) {
        pr_text_format(why, "flow: alipay knows qr, redirect and wap, got \"%s\"",
                       subject->flow ? subject->flow : "");
        return PAYROUTE_E_UNSUPPORTED;
    }
    if (!subject->currency || strcmp(subject->currency, "CNY") != 0) {
        pr_text_put(why, "currency: alipay takes CNY only");
        return PAYROUTE_E_UNSUPPORTED;
    }
    if (wish->hold) {
        pr_text_put(why, "hold: alipay's trades cannot be authorized first");
        return PAYROUTE_E_UNSUPPORTED;
    }
    if (subject->amount_minor < 1 || subject->amount_minor > INT64_C(10000000000)) {
        pr_text_put(why, "amount: alipay takes 0.01 to 100000000.00");
        return PAYROUTE_E_RANGE;
    }
    if (wish->order_hash && wish->order_hash[0] && !pr_word_plain(wish->order_hash)) {
        pr_text_put(why, "order_hash: expected hexadecimal digits");
        return PAYROUTE_E_SCHEMA;
    }
    int32_t rc = pr_adapter_url_check(return_url, "return_url", why);
    return rc != PAYROUTE_OK ? rc : pr_adapter_url_check(subject->channel->notify_url, "notify_url", why);
}

int32_t pr_alipay_content(pr_buf *out, const pr_subject *subject, const pr_wish *wish, pr_text *why)
{
    const char *return_url =
        wish->return_url && wish->return_url[0] ? wish->return_url : subject->channel->return_url;
    int32_t rc = check_wish(subject, wish, return_url, why);
    char amount[24];
    if (rc == PAYROUTE_OK &&
        payroute_amount_format(amount, sizeof amount, "CNY", subject->amount_minor) < 0) {
        rc = PAYROUTE_E_RANGE;
    }
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    payroute_json_out *json = payroute_json_out_new();
    payroute_json_out_object(json, NULL);
    payroute_json_out_string(json, "method", pr_alipay_method(PR_OP_CREATE, subject->flow));
    payroute_json_out_object(json, "biz_content");
    payroute_json_out_string(json, "out_trade_no", subject->reference);
    payroute_json_out_string(json, "total_amount", amount);
    put_subject(json, subject, wish);
    payroute_json_out_string(json, "product_code", product_code(subject->flow));
    if (subject->expire_ms > 0) {
        char expire[20]; /* whole seconds, rounded down: never later than our own deadline */
        pr_time_civil(subject->expire_ms, PR_ALIPAY_ZONE_MINUTES, expire);
        payroute_json_out_string(json, "time_expire", expire);
    }
    if (wish->order_hash && wish->order_hash[0]) {
        payroute_json_out_string(json, "passback_params", wish->order_hash);
    }
    payroute_json_out_end(json);
    payroute_json_out_string(json, "currency", "CNY");
    if (subject->channel->notify_url) {
        payroute_json_out_string(json, "notify_url", subject->channel->notify_url);
    }
    if (return_url && return_url[0] && strcmp(subject->flow, "qr") != 0) {
        payroute_json_out_string(json, "return_url", return_url);
    }
    payroute_json_out_end(json);
    return pr_content_finish(out, json, why);
}

/* ---- the envelope -------------------------------------------------------------------------------------- */

typedef struct envelope {
    const char *method;
    const char *biz_content;
    const char *notify_url;
    const char *return_url;
} envelope;

static int32_t cert_number(char *out, size_t cap, const pr_subject *subject, const char *field, int32_t roots,
                           pr_text *why)
{
    out[0] = '\0';
    const char *pem = pr_credential_get(subject->channel, subject->credential_version, field);
    if (!pem) {
        return PAYROUTE_OK;
    }
    int32_t n = pr_cert_alipay_sn(out, cap, pem, strlen(pem), roots);
    if (n < 0) {
        pr_text_format(why, "credentials.%s: no serial number can be read from it", field);
        return n;
    }
    return PAYROUTE_OK;
}

/* All parameters, sorted, the signature last; the texts live in `room`, `stamp` and the subject. */
typedef struct signed_params {
    pr_pair pairs[ALIPAY_PARAMS_MAX];
    size_t count;
    char stamp[20];
    char app_sn[40];
    char root_sn[700];
    char sign[SIGNATURE_CAP];
} signed_params;

static void add_param(signed_params *p, const char *name, const char *value)
{
    if (value && value[0] && p->count < ALIPAY_PARAMS_MAX) {
        p->pairs[p->count].name = name;
        p->pairs[p->count].value = value;
        p->count++;
    }
}

static int32_t sign_params(signed_params *p, const pr_subject *subject, const envelope *e, pr_text *why)
{
    const char *app_id = pr_credential_get(subject->channel, subject->credential_version, "app_id");
    const pr_key *key = pr_credential_key(subject->channel, subject->credential_version, "private_key");
    if (!app_id || !key) {
        pr_text_put(why, "credentials: app_id and private_key are needed");
        return PAYROUTE_E_KEY;
    }
    int32_t rc = cert_number(p->app_sn, sizeof p->app_sn, subject, "app_cert", 0, why);
    if (rc == PAYROUTE_OK) {
        rc = cert_number(p->root_sn, sizeof p->root_sn, subject, "alipay_root_cert", 1, why);
    }
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    pr_time_civil(subject->now_ms, PR_ALIPAY_ZONE_MINUTES, p->stamp);
    add_param(p, "app_id", app_id);
    add_param(p, "method", e->method);
    add_param(p, "format", "JSON");
    add_param(p, "charset", "utf-8");
    add_param(p, "sign_type", "RSA2");
    add_param(p, "timestamp", p->stamp);
    add_param(p, "version", "1.0");
    add_param(p, "notify_url", e->notify_url);
    add_param(p, "return_url", e->return_url);
    add_param(p, "app_cert_sn", p->app_sn);
    add_param(p, "alipay_root_cert_sn", p->root_sn);
    add_param(p, "biz_content", e->biz_content);
    pr_pairs_sort(p->pairs, p->count);
    pr_buf text;
    pr_buf_init(&text);
    pr_pairs_join(&text, p->pairs, p->count);
    rc = text.rc;
    if (rc == PAYROUTE_OK) {
        rc = pr_key_sign(p->sign, sizeof p->sign, key, text.at, text.len, subject->entropy);
    }
    pr_buf_free(&text);
    if (rc < 0) {
        pr_text_put(why, "the request could not be signed");
        return rc;
    }
    add_param(p, "sign", p->sign);
    return PAYROUTE_OK;
}

/* The public parameters go into the query; biz_content too where a browser follows the address, else into the
 * body. */
static int32_t write_request(pr_buf *url, pr_buf *body, const pr_subject *subject, const envelope *e,
                             pr_text *why)
{
    signed_params p;
    memset(&p, 0, sizeof p);
    int32_t rc = sign_params(&p, subject, e, why);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    pr_buf_put(url, subject->channel->base_url);
    pr_buf_put(url, strchr(subject->channel->base_url, '?') ? "&" : "?");
    if (body) {
        for (size_t i = 0; i < p.count; i++) {
            if (strcmp(p.pairs[i].name, "biz_content") == 0) {
                pr_form_add(body, "biz_content", p.pairs[i].value);
                memmove(&p.pairs[i], &p.pairs[i + 1], (p.count - i - 1) * sizeof p.pairs[0]);
                p.count--;
                break;
            }
        }
    }
    pr_pairs_encode(url, p.pairs, p.count);
    return body && body->rc != PAYROUTE_OK ? body->rc : url->rc;
}

/* ---- what is asked ------------------------------------------------------------------------------------- */

/* From the stored content: the very fields that were hashed, written again in the same order. */
static int32_t from_content(envelope *e, payroute_json **doc, payroute_json_out *biz,
                            const pr_subject *subject, pr_text *why)
{
    int32_t rc =
        payroute_json_parse(doc, subject->content ? subject->content : "", subject->content_len, NULL, 0);
    if (rc != PAYROUTE_OK) {
        pr_text_put(why, rc == PAYROUTE_E_NOMEM ? "out of memory" : "content: not what this adapter wrote");
        return rc;
    }
    const payroute_json_node *root = payroute_json_root(*doc);
    const char *method = payroute_json_string(payroute_json_get(root, "method"));
    const payroute_json_node *fields = payroute_json_get(root, "biz_content");
    const char *number = payroute_json_string(payroute_json_get(fields, "out_trade_no"));
    if (!method || !e->method || strcmp(method, e->method) != 0 || !number ||
        strcmp(number, subject->reference) != 0) {
        pr_text_put(why, "content: written for another request");
        return PAYROUTE_E_SCHEMA;
    }
    e->notify_url = payroute_json_string(payroute_json_get(root, "notify_url"));
    e->return_url = payroute_json_string(payroute_json_get(root, "return_url"));
    payroute_json_out_node(biz, NULL, fields);
    return PAYROUTE_OK;
}

static int32_t write_fields(payroute_json_out *biz, int32_t operation, const pr_subject *subject,
                            pr_text *why)
{
    payroute_json_out_object(biz, NULL);
    if (operation == PR_OP_FETCH) {
        payroute_json_out_string(biz, "alipay_cert_sn", subject->aux_id);
        payroute_json_out_end(biz);
        return PAYROUTE_OK;
    }
    payroute_json_out_string(biz, "out_trade_no", subject->reference);
    if (operation == PR_OP_REFUND) {
        char amount[24];
        if (payroute_amount_format(amount, sizeof amount, "CNY", subject->amount_minor) < 0) {
            pr_text_put(why, "amount: cannot be written in yuan");
            return PAYROUTE_E_RANGE;
        }
        payroute_json_out_string(biz, "refund_amount", amount);
    }
    if (operation == PR_OP_REFUND || operation == PR_OP_REFUND_QUERY) {
        payroute_json_out_string(biz, "out_request_no", subject->key);
    }
    payroute_json_out_end(biz);
    return PAYROUTE_OK;
}

static int32_t write_any(pr_buf *url, pr_buf *body, int32_t operation, const pr_subject *subject,
                         pr_text *why)
{
    envelope e = {pr_alipay_method(operation, subject->flow), NULL, NULL, NULL};
    if (!e.method) {
        pr_text_put(why, "alipay has no such operation");
        return PAYROUTE_E_UNSUPPORTED;
    }
    payroute_json *doc = NULL;
    payroute_json_out *biz = payroute_json_out_new();
    int32_t rc = operation == PR_OP_CREATE ? from_content(&e, &doc, biz, subject, why)
                                           : write_fields(biz, operation, subject, why);
    if (rc == PAYROUTE_OK) {
        e.biz_content = payroute_json_out_text(biz, NULL);
        rc = e.biz_content ? write_request(url, body, subject, &e, why) : PAYROUTE_E_NOMEM;
    }
    payroute_json_out_free(biz);
    payroute_json_free(doc);
    return rc;
}

int32_t pr_alipay_build(pr_http_request *out, int32_t operation, int32_t step, const pr_subject *subject,
                        pr_text *why)
{
    if (operation == PR_OP_CREATE && (step != 1 || strcmp(subject->flow ? subject->flow : "", "qr") != 0)) {
        pr_text_put(why, "this flow sends no request: its page is shown");
        return PAYROUTE_E_UNSUPPORTED;
    }
    memcpy(out->method, "POST", 5);
    int32_t rc = write_any(&out->url, &out->body, operation, subject, why);
    if (rc == PAYROUTE_OK) {
        rc = pr_header_add(&out->headers, "Content-Type", "application/x-www-form-urlencoded;charset=utf-8",
                           why);
    }
    return rc == PAYROUTE_OK ? pr_header_add(&out->headers, "Accept", "application/json", why) : rc;
}

int32_t pr_alipay_show(pr_reading *out, const pr_subject *subject, pr_text *why)
{
    if (!subject->flow || strcmp(subject->flow, "qr") == 0) {
        pr_text_put(why, "this flow's payload comes from a request");
        return PAYROUTE_E_UNSUPPORTED;
    }
    pr_buf url;
    pr_buf_init(&url);
    int32_t rc = write_any(&url, NULL, PR_OP_CREATE, subject, why);
    if (rc == PAYROUTE_OK) {
        rc = pr_reading_show(out, PR_SHOW_URL, url.at);
        if (rc == 0) {
            pr_text_put(why, "the page's address is too long to be shown");
        }
        rc = rc == 1 ? PAYROUTE_OK : rc == 0 ? PAYROUTE_E_LIMIT : rc;
    }
    pr_buf_free(&url);
    return rc;
}

const pr_adapter pr_adapter_alipay = {
    .provider = "alipay",
    .content = pr_alipay_content,
    .build = pr_alipay_build,
    .show = pr_alipay_show,
    .read = pr_alipay_read,
    .read_code = NULL,
    .notify = pr_alipay_notify,
    .fetched = pr_alipay_fetched,
};
