/* What WeChat Pay's answers say. A success is signed, always ("a 2xx without a signature is forged":
   pay.weixin.qq.com/doc/global/v3/zh/4012354982); a refusal is signed once our own signature was found right,
   so one without a signature is what the TLS connection makes it. A signature that is there and wrong says
   nothing. */
#include "adapters/wechatpay.h"

#include <string.h>

typedef struct asking {
    int32_t operation;
    const pr_subject *subject;
    const pr_http_reply *reply;
    int32_t evidence;
    int64_t provider_ms;
} asking;

static int32_t is_success(int32_t status)
{
    return status >= 200 && status <= 299;
}

/* 1: usable, with the evidence it carries; 0: it says nothing; E_NOMEM, E_INTERNAL. */
static int32_t weigh(asking *q, pr_reading *out)
{
    const pr_http_reply *r = q->reply;
    pr_wechatpay_mark mark;
    int32_t verdict = pr_wechatpay_verify(&mark, q->subject->channel, q->subject->keyring, r->headers,
                                          r->headers_len, r->body, r->body_len, q->subject->now_ms);
    if (verdict < 0) {
        return verdict;
    }
    switch ((enum pr_wechatpay_verdict)verdict) {
    case PR_WX_GOOD:
        q->evidence = PR_EVIDENCE_SIGNED;
        q->provider_ms = mark.signed_ms;
        return 1;
    case PR_WX_ABSENT:
        q->evidence = is_success(r->status) ? (int32_t)PR_EVIDENCE_NONE : pr_reply_evidence(r);
        q->provider_ms = q->evidence == PR_EVIDENCE_TLS ? pr_reply_date(r) : 0;
        return q->evidence != PR_EVIDENCE_NONE;
    case PR_WX_UNKNOWN: memcpy(out->need_aux, mark.serial, sizeof out->need_aux); return 0;
    case PR_WX_BAD:
    case PR_WX_PROBE:
    case PR_WX_OLD: break;
    }
    return 0;
}

static pr_fact *weighed_fact(pr_reading *out, const asking *q)
{
    pr_fact *f = pr_reading_unclear(out, q->operation, q->evidence);
    f->http_status = q->reply->status;
    f->provider_ms = q->provider_ms;
    f->retry_after_ms = pr_reply_retry_after(q->reply, q->subject->now_ms);
    return f;
}

/* The account that the order was made for, as its content says: the merchant may have bound another
   application since. */
typedef struct order_account {
    char mchid[33];
    char appid[33];
} order_account;

static int32_t order_made_for(order_account *a, const pr_subject *subject)
{
    payroute_json *doc = NULL;
    memset(a, 0, sizeof *a);
    int32_t rc =
        payroute_json_parse(&doc, subject->content ? subject->content : "", subject->content_len, NULL, 0);
    const payroute_json_node *order = payroute_json_get(payroute_json_root(doc), "order");
    pr_word_copy(a->mchid, sizeof a->mchid, payroute_json_string(payroute_json_get(order, "mchid")));
    pr_word_copy(a->appid, sizeof a->appid, payroute_json_string(payroute_json_get(order, "appid")));
    payroute_json_free(doc);
    return rc == PAYROUTE_E_NOMEM ? rc : PAYROUTE_OK;
}

static pr_fact *tell_order(pr_reading *out, const pr_fact *of, int32_t event)
{
    pr_fact *f = pr_reading_add(out, PR_TARGET_ATTEMPT, event, of->evidence);
    *f = *of;
    f->target = PR_TARGET_ATTEMPT;
    f->event = event;
    return f;
}

/* ---- successes ----------------------------------------------------------------------------------------- */

/* The page comes back to the shop when the address is hung on (docs, H5 调起支付: redirect_url, encoded). */
static int32_t show_h5(pr_reading *out, const char *h5_url, const pr_subject *subject)
{
    payroute_json *doc = NULL;
    int32_t rc =
        payroute_json_parse(&doc, subject->content ? subject->content : "", subject->content_len, NULL, 0);
    if (rc == PAYROUTE_E_NOMEM) {
        return rc;
    }
    const char *back = payroute_json_string(payroute_json_get(payroute_json_root(doc), "return_url"));
    pr_buf url;
    pr_buf_init(&url);
    pr_buf_put(&url, h5_url);
    if (back) {
        pr_buf_put(&url, strchr(h5_url, '?') ? "&" : "?");
        pr_buf_put(&url, "redirect_url=");
        pr_buf_urlencode(&url, back, strlen(back));
    }
    rc = url.rc != PAYROUTE_OK ? url.rc : pr_reading_show(out, PR_SHOW_URL, url.at);
    pr_buf_free(&url);
    payroute_json_free(doc);
    return rc;
}

static int32_t show_jsapi(pr_reading *out, const char *prepay_id, const pr_subject *subject)
{
    char id[65];
    order_account account;
    if (pr_word_copy(id, sizeof id, prepay_id) != 1) {
        return 0;
    }
    pr_buf json;
    pr_buf_init(&json);
    int32_t rc = order_made_for(&account, subject);
    rc = rc == PAYROUTE_OK ? pr_wechatpay_invoke(&json, subject, account.appid, id) : rc;
    rc = rc == PAYROUTE_OK ? pr_reading_show(out, PR_SHOW_CLIENT_SECRET, json.at)
                           : (rc == PAYROUTE_E_SCHEMA ? 0 : rc);
    pr_buf_free(&json);
    return rc;
}

static int32_t read_prepay(pr_reading *out, pr_fact *f, const payroute_json_node *root,
                           const pr_subject *subject)
{
    const char *product = pr_wechatpay_product(subject->flow);
    int32_t shown = 0;
    if (product && strcmp(product, "native") == 0) {
        shown = pr_reading_show(out, PR_SHOW_QR, payroute_json_string(payroute_json_get(root, "code_url")));
    } else if (product && strcmp(product, "h5") == 0) {
        const char *url = payroute_json_string(payroute_json_get(root, "h5_url"));
        pr_text none;
        pr_text_init(&none, NULL, 0);
        if (url && url[0] && pr_adapter_url_check(url, "h5_url", &none) == PAYROUTE_OK) {
            shown = show_h5(out, url, subject);
        }
    } else if (product) {
        shown = show_jsapi(out, payroute_json_string(payroute_json_get(root, "prepay_id")), subject);
    }
    if (shown == 1) {
        f->event = PR_EV_ACTION_NEEDED;
    }
    return shown < 0 ? shown : PAYROUTE_OK;
}

static int32_t read_transaction(pr_fact *f, const payroute_json_node *root, const pr_subject *subject)
{
    pr_fact kept = *f;
    order_account account;
    int32_t known = subject->capture_id && subject->capture_id[0];
    int32_t rc = PAYROUTE_OK;
    if (!pr_wechatpay_transaction(f, root, subject->channel, known) ||
        strcmp(f->reference, subject->reference) != 0) {
        *f = kept;
    } else if (f->event == PR_EV_ST_DECLINED) {
        pr_fact_explain(f, subject, "wechatpay", "query", NULL);
    }
    if (f->merchant_equal == 0) {
        const char *mchid = payroute_json_string(payroute_json_get(root, "mchid"));
        const char *appid = payroute_json_string(payroute_json_get(root, "appid"));
        rc = order_made_for(&account, subject);
        f->merchant_equal = mchid && appid && mchid[0] && strcmp(mchid, account.mchid) == 0 &&
                            strcmp(appid, account.appid) == 0;
    }
    return rc;
}

static void read_refund_of(pr_fact *f, const payroute_json_node *root, const asking *q)
{
    pr_fact kept = *f;
    if (!pr_wechatpay_refund(f, root, "status") || strcmp(f->reference, q->subject->reference) != 0 ||
        strcmp(f->action_key, q->subject->key) != 0) {
        *f = kept;
    } else if (f->event != PR_AE_DONE) {
        pr_fact_explain(f, q->subject, "wechatpay", q->operation == PR_OP_REFUND ? "refund" : "refund_query",
                        NULL);
    }
}

static int32_t read_done(pr_reading *out, const payroute_json_node *root, const asking *q)
{
    pr_fact *f = weighed_fact(out, q);
    switch (q->operation) {
    case PR_OP_CREATE: return read_prepay(out, f, root, q->subject);
    case PR_OP_QUERY: return read_transaction(f, root, q->subject);
    case PR_OP_REFUND:
    case PR_OP_REFUND_QUERY: read_refund_of(f, root, q); break;
    default: break;
    }
    return PAYROUTE_OK;
}

/* ---- refusals ------------------------------------------------------------------------------------------ */

static const char *wechat_operation(int32_t operation)
{
    switch (operation) {
    case PR_OP_CREATE: return "create";
    case PR_OP_QUERY: return "query";
    case PR_OP_CLOSE: return "close";
    case PR_OP_REFUND: return "refund";
    case PR_OP_REFUND_QUERY: return "refund_query";
    default: return "fetch";
    }
}

static int32_t refuses(int32_t reason_class)
{
    return reason_class >= PR_CLASS_DECLINED_SOFT && reason_class <= PR_CLASS_REFUSED_BEFORE;
}

/* The number behind the last dash of Request-ID says more than INVALID_REQUEST does ("paid already", for
   one): it may take a proof away, never give one, since no signature covers it. */
static void ask_request_id(pr_fact *f, const asking *q)
{
    char id[160];
    if (pr_header_get(id, sizeof id, q->reply->headers, q->reply->headers_len, "Request-ID") != 1) {
        return;
    }
    const char *dash = strrchr(id, '-');
    if (!dash || strlen(dash + 1) < 6 || strspn(dash + 1, "0123456789") != strlen(dash + 1)) {
        return;
    }
    pr_catalog_query query = {.provider = "wechatpay",
                              .operation = wechat_operation(q->operation),
                              .layer = "request_id",
                              .code = dash + 1};
    pr_catalog_answer more;
    pr_catalog_lookup(&more, q->subject->catalog, &query);
    int32_t target = pr_operation_target(q->operation);
    int32_t unclear = target == PR_TARGET_ACTION ? (int32_t)PR_AE_UNCLEAR : (int32_t)PR_EV_UNCLEAR;
    int32_t event = pr_refusal_event(q->operation, more.reason_class);
    int32_t known = more.level == PR_MATCH_EXACT || more.level == PR_MATCH_OVERLAY;
    int32_t weaker = event == unclear || event == pr_refusal_event(q->operation, f->meaning.reason_class) ||
                     (refuses(more.reason_class) && refuses(f->meaning.reason_class));
    if (known && weaker) {
        f->meaning = more;
    }
}

/* A server error proves nothing, whatever its code; 202 asks for the same request again (docs, HTTP状态码).
 */
static int32_t is_refusal(int32_t status)
{
    return status >= 400 && status <= 499;
}

static void read_code(pr_reading *out, const payroute_json_node *root, const asking *q)
{
    pr_fact *f = weighed_fact(out, q);
    const char *code = payroute_json_string(payroute_json_get(root, "code"));
    const char *message = payroute_json_string(payroute_json_get(root, "message"));
    if (pr_word_copy(f->code, sizeof f->code, code) != 1) {
        f->code[0] = '\0';
        return;
    }
    pr_word_copy(f->layer, sizeof f->layer, "code");
    pr_message_copy(f->message, sizeof f->message, message, q->subject->channel);
    pr_fact_explain(f, q->subject, "wechatpay", wechat_operation(q->operation), message);
    ask_request_id(f, q);
    if (!is_refusal(q->reply->status) || q->operation == PR_OP_FETCH) {
        return;
    }
    f->event = pr_refusal_event(q->operation, f->meaning.reason_class);
    if (q->operation != PR_OP_CLOSE) {
        return;
    }
    pr_word_copy(f->reference, sizeof f->reference, q->subject->reference); /* the address names the order */
    if (f->event == PR_AE_NOT_FOUND) {
        tell_order(out, f, PR_EV_ST_NOT_FOUND);
    } else if (f->event == PR_AE_DONE) { /* ORDER_CLOSED: it was closed before */
        f->final = 1;
        tell_order(out, f, PR_EV_ST_CLOSED);
    }
}

/* ---- one answer ---------------------------------------------------------------------------------------- */

/* A close is answered 204 without a body, also for a number that was never seen
   (developers.weixin.qq.com/community, 000ac25b728328e60221a8d536b000), and an order just made may not be
   known everywhere yet (docs, chapter3_4_3: wait some minutes). So the 204 says that the request was heard;
   that the order is closed is asked for. */
static int32_t read_body(pr_reading *out, const asking *q)
{
    payroute_json *doc = NULL;
    if (q->operation == PR_OP_CLOSE && is_success(q->reply->status)) {
        weighed_fact(out, q);
        return PAYROUTE_OK;
    }
    int32_t rc = pr_reply_parse(&doc, q->reply);
    if (rc != PAYROUTE_OK) {
        weighed_fact(out, q);
        return rc == PAYROUTE_E_NOMEM ? rc : PAYROUTE_OK;
    }
    const payroute_json_node *root = payroute_json_root(doc);
    if (q->reply->status == 200) {
        rc = read_done(out, root, q);
    } else {
        read_code(out, root, q);
    }
    payroute_json_free(doc);
    return rc;
}

int32_t pr_wechatpay_read(pr_reading *out, int32_t operation, int32_t step, const pr_subject *subject,
                          const pr_http_reply *reply)
{
    (void)step;
    asking q = {.operation = operation, .subject = subject, .reply = reply};
    int32_t usable = weigh(&q, out);
    if (usable <= 0) {
        pr_reading_unclear(out, operation, PR_EVIDENCE_NONE)->http_status = reply->status;
        return usable < 0 ? usable : PAYROUTE_OK;
    }
    return read_body(out, &q);
}
