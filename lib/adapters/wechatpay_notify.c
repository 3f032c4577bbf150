/* WeChat Pay's notifications: signed headers over a JSON body whose matter is sealed; and the certificates
   that the signatures are checked with, sealed the same way. A hint that must survive every check. Sources:
   pay.weixin.qq.com/docs/merchant/apis/h5-payment/payment-notice.html, .../weixin-pay-score/refunds/
   refund-result-notice.html, wiki/doc/apiv3/wechatpay/wechatpay5_1.shtml (certificates). */
#include "adapters/wechatpay.h"

#include "base/mem.h"

#include <string.h>

enum { CERTIFICATES_MAX = 16 };

/* 200 or 204 is "heard"; every 4xx and 5xx, with a body of code and message, is sent again. */
static void answer_words(pr_notice *out)
{
    static const pr_ack yes = {204, "application/json", ""};
    static const pr_ack again = {500, "application/json",
                                 "{\"code\":\"FAIL\",\"message\":\"please send again\"}"};
    static const pr_ack no = {401, "application/json", "{\"code\":\"FAIL\",\"message\":\"not accepted\"}"};
    out->stored = yes;
    out->resend = again;
    out->refused = no;
}

static const char *string_of(const payroute_json_node *object, const char *name)
{
    const char *text = payroute_json_string(payroute_json_get(object, name));
    return text ? text : "";
}

/* ---- what it says -------------------------------------------------------------------------------------- */

static int32_t say_transaction(pr_notice *out, const pr_fact *base, const payroute_json_node *object,
                               const pr_channel *channel)
{
    pr_fact f = *base;
    if (!pr_wechatpay_transaction(&f, object, channel, 0) || f.merchant_equal < 0) {
        return PAYROUTE_E_SCHEMA;
    }
    if (f.merchant_equal == 0) {
        return PAYROUTE_E_FOREIGN;
    }
    const char *hash = string_of(object, "attach");
    if (pr_word_plain(hash)) {
        pr_word_copy(out->order_hash, sizeof out->order_hash, hash);
    }
    *pr_reading_add(&out->reading, f.target, f.event, f.evidence) = f;
    return PAYROUTE_OK;
}

/* A refund of ours is news for its action; that money went back is news for the order, also when the refund
   was made on the merchant platform. Both carry the refund's number, so that it counts once. The object names
   no currency: an account of the mainland knows CNY alone (docs, amount.currency). */
static int32_t say_refund(pr_notice *out, const pr_fact *base, const payroute_json_node *object,
                          const pr_channel *channel)
{
    pr_fact f = *base;
    f.merchant_equal = pr_wechatpay_ours(channel, object, 0);
    if (f.merchant_equal == 0) {
        return PAYROUTE_E_FOREIGN;
    }
    if (f.merchant_equal < 0 || !pr_wechatpay_refund(&f, object, "refund_status")) {
        return PAYROUTE_E_SCHEMA;
    }
    if (!f.currency[0]) {
        memcpy(f.currency, "CNY", 4);
    }
    if (f.event == PR_AE_DONE) {
        pr_fact *owner = pr_reading_add(&out->reading, PR_TARGET_ATTEMPT, PR_EV_REVERSED_PART, f.evidence);
        *owner = f;
        owner->target = PR_TARGET_ATTEMPT;
        owner->event = PR_EV_REVERSED_PART;
        pr_word_copy(owner->provider_id, sizeof owner->provider_id, string_of(object, "transaction_id"));
    }
    *pr_reading_add(&out->reading, PR_TARGET_ACTION, f.event, f.evidence) = f;
    return PAYROUTE_OK;
}

static int32_t say_object(pr_notice *out, const pr_channel *channel, const char *type, const pr_buf *plain,
                          const pr_fact *base)
{
    payroute_json *doc = NULL;
    int32_t rc = payroute_json_parse(&doc, plain->at ? plain->at : "", plain->len, NULL, 0);
    const payroute_json_node *object = payroute_json_root(doc);
    if (rc == PAYROUTE_OK && payroute_json_type(object) != PAYROUTE_JSON_OBJECT) {
        rc = PAYROUTE_E_SCHEMA;
    }
    if (rc == PAYROUTE_OK) {
        rc = strncmp(type, "REFUND.", 7) == 0 ? say_refund(out, base, object, channel)
                                              : say_transaction(out, base, object, channel);
    }
    if (rc == PAYROUTE_OK) {
        pr_word_copy(out->reference, sizeof out->reference, out->reading.facts[0].reference);
    }
    payroute_json_free(doc);
    return rc;
}

/* ---- the door ------------------------------------------------------------------------------------------ */

/* A key that we do not have yet is worth a fetch only for a message that was sealed for us: who does not have
   our APIv3 key cannot make us fetch. */
static int32_t may_fetch(const pr_channel *channel, const pr_http_incoming *in)
{
    payroute_json *doc = NULL;
    pr_buf plain;
    pr_buf_init(&plain);
    int32_t rc = payroute_json_parse(&doc, in->body, in->body_len, NULL, 0);
    if (rc == PAYROUTE_OK) {
        rc = pr_wechatpay_open(&plain, channel, payroute_json_get(payroute_json_root(doc), "resource"));
    }
    pr_buf_free(&plain);
    payroute_json_free(doc);
    return rc == PAYROUTE_OK ? PAYROUTE_E_NEED_AUX : rc == PAYROUTE_E_NOMEM ? rc : PAYROUTE_E_SIGNATURE;
}

static int32_t check_mark(pr_notice *out, pr_wechatpay_mark *mark, const pr_channel *channel,
                          const pr_keyring *ring, const pr_http_incoming *in, int64_t now_ms)
{
    int32_t verdict = pr_wechatpay_verify(mark, channel, ring, in->headers, in->headers_len, in->body,
                                          in->body_len, now_ms);
    if (verdict < 0) {
        return verdict;
    }
    switch ((enum pr_wechatpay_verdict)verdict) {
    case PR_WX_GOOD: return PAYROUTE_OK;
    case PR_WX_OLD: return PAYROUTE_E_EXPIRED;
    case PR_WX_UNKNOWN: {
        int32_t rc = may_fetch(channel, in);
        if (rc == PAYROUTE_E_NEED_AUX) {
            memcpy(out->reading.need_aux, mark->serial, sizeof out->reading.need_aux);
        }
        return rc;
    }
    case PR_WX_ABSENT:
    case PR_WX_BAD:
    case PR_WX_PROBE: break;
    }
    return PAYROUTE_E_SIGNATURE;
}

static int32_t open_event(pr_notice *out, const pr_channel *channel, const payroute_json_node *root,
                          const pr_fact *base)
{
    const char *type = string_of(root, "event_type");
    if (!type[0] || pr_word_copy(out->event_id, sizeof out->event_id, string_of(root, "id")) != 1) {
        return PAYROUTE_E_SCHEMA;
    }
    if (strcmp(type, "TRANSACTION.SUCCESS") != 0 && strncmp(type, "REFUND.", 7) != 0) {
        out->ignorable = 1;
        return PAYROUTE_OK;
    }
    pr_buf plain;
    pr_buf_init(&plain);
    int32_t rc = pr_wechatpay_open(&plain, channel, payroute_json_get(root, "resource"));
    if (rc == PAYROUTE_OK) {
        rc = say_object(out, channel, type, &plain, base);
    }
    pr_buf_free(&plain);
    return rc;
}

static int32_t read_sealed_event(pr_notice *out, const pr_channel *channel, const pr_keyring *ring,
                                 const pr_http_incoming *in, int64_t now_ms)
{
    pr_wechatpay_mark mark;
    pr_fact base;
    payroute_json *doc = NULL;
    int32_t rc = check_mark(out, &mark, channel, ring, in, now_ms);
    if (rc == PAYROUTE_OK) {
        rc = payroute_json_parse(&doc, in->body, in->body_len, NULL, 0);
    }
    if (rc == PAYROUTE_OK) {
        pr_fact_init(&base);
        base.target = PR_TARGET_ATTEMPT;
        base.event = PR_EV_UNCLEAR;
        base.evidence = PR_EVIDENCE_SIGNED;
        base.provider_ms = mark.signed_ms;
        rc = open_event(out, channel, payroute_json_root(doc), &base);
    }
    payroute_json_free(doc);
    return rc;
}

void pr_wechatpay_notify(pr_notice *out, const pr_channel *channel, const payroute_catalog *catalog,
                         const pr_keyring *keyring, const pr_http_incoming *in, int64_t now_ms)
{
    (void)catalog; /* states, no codes */
    memset(out, 0, sizeof *out);
    pr_reading_init(&out->reading);
    answer_words(out);
    if (!in->method || strcmp(in->method, "POST") != 0 || !in->body || in->body_len == 0) {
        out->rc = PAYROUTE_E_SCHEMA;
        return;
    }
    if (in->body_len > PR_NOTICE_CAP) {
        out->rc = PAYROUTE_E_LIMIT;
        return;
    }
    out->rc = read_sealed_event(out, channel, keyring, in, now_ms);
    if (out->rc !=
        PAYROUTE_OK) { /* a refused one leaves nothing behind but the name of the key that it lacks */
        char need[PR_ID_CAP];
        memcpy(need, out->reading.need_aux, sizeof need);
        pr_reading_free(&out->reading);
        pr_reading_init(&out->reading);
        memcpy(out->reading.need_aux, need, sizeof need);
        out->reference[0] = out->order_hash[0] = '\0';
    }
}

/* ---- certificates -------------------------------------------------------------------------------------- */

/* The seal proves the certificate: only WeChat Pay and we have the APIv3 key. What stands beside it unsealed
   may shorten its life (an old certificate is given an earlier end before a change), never lengthen it. */
static int32_t take_certificate(pr_keyring *ring, const pr_channel *channel, const payroute_json_node *entry)
{
    pr_buf pem;
    pr_key *key = NULL;
    pr_cert_facts facts;
    char stated[PR_ID_CAP], proven[PR_ID_CAP];
    int64_t end_ms = 0;
    pr_buf_init(&pem);
    int32_t rc = pr_wechatpay_open(&pem, channel, payroute_json_get(entry, "encrypt_certificate"));
    if (rc == PAYROUTE_OK) {
        rc = pr_cert_read(&key, &facts, pem.at ? pem.at : "", pem.len);
    }
    pr_buf_free(&pem);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    if (!pr_wechatpay_serial(stated, string_of(entry, "serial_no")) ||
        !pr_wechatpay_serial(proven, facts.serial_hex) || strcmp(stated, proven) != 0) {
        pr_key_free(key);
        return PAYROUTE_E_SCHEMA;
    }
    if (pr_wechatpay_time(&end_ms, string_of(entry, "expire_time")) == PAYROUTE_OK &&
        end_ms < facts.until_ms) {
        facts.until_ms = end_ms;
    }
    return pr_keyring_put(ring, channel, proven, key, facts.from_ms, facts.until_ms);
}

int32_t pr_wechatpay_fetched(pr_keyring *ring, const pr_channel *channel, const char *body, size_t body_len,
                             int64_t now_ms, pr_text *why)
{
    (void)now_ms; /* a certificate's life is asked about when it is used */
    payroute_json *doc = NULL;
    if (body_len > PR_REPLY_CAP) {
        pr_text_put(why, "certificates: the answer is too long");
        return PAYROUTE_E_LIMIT;
    }
    int32_t rc = payroute_json_parse(&doc, body ? body : "", body_len, NULL, 0);
    if (rc != PAYROUTE_OK) {
        pr_text_put(why, "certificates: the answer is no JSON");
        return rc;
    }
    const payroute_json_node *data = payroute_json_get(payroute_json_root(doc), "data");
    const payroute_json_node *entry =
        payroute_json_type(data) == PAYROUTE_JSON_ARRAY ? payroute_json_first(data) : NULL;
    int32_t proven = 0, seen = 0, worst = PAYROUTE_E_SCHEMA;
    for (; entry && seen < CERTIFICATES_MAX && worst != PAYROUTE_E_NOMEM; entry = payroute_json_next(entry)) {
        int32_t one = take_certificate(ring, channel, entry);
        proven += one == PAYROUTE_OK;
        worst = one == PAYROUTE_OK ? worst : one;
        seen++;
    }
    payroute_json_free(doc);
    if (worst == PAYROUTE_E_NOMEM || proven == 0) {
        pr_text_put(why, worst == PAYROUTE_E_SIGNATURE
                             ? "certificates: none opens with this channel's apiv3_key"
                             : "certificates: none could be read");
        return worst;
    }
    return PAYROUTE_OK;
}
