/* Stripe's webhooks: JSON whose raw bytes and time are signed with the endpoint's secret. */
#include "adapters/stripe.h"

#include <string.h>

enum { SIGNATURES_MAX = 16, HEADER_CAP = 2048 };

typedef struct signed_header {
    int64_t seconds;
    char stamp[24]; /* as written: it is part of what was signed */
    uint8_t v1[SIGNATURES_MAX][32];
    size_t count;
} signed_header;

static void answer_codes(pr_notice *out)
{
    static const pr_ack yes = {200, "text/plain", ""};
    static const pr_ack again = {500, "text/plain", ""};
    static const pr_ack no = {400, "text/plain", ""};
    out->stored = yes;
    out->resend = again;
    out->refused = no;
}

/* ---- the signature ------------------------------------------------------------------------------------- */

static int32_t take_stamp(signed_header *h, const char *at, size_t len)
{
    if (h->stamp[0] || len == 0 || len > 12 || (len > 1 && at[0] == '0')) {
        return 0; /* two times: which one was signed? Nor is it Stripe who writes zeros in front. */
    }
    for (size_t i = 0; i < len; i++) {
        if (at[i] < '0' || at[i] > '9') {
            return 0;
        }
        h->seconds = h->seconds * 10 + (at[i] - '0');
    }
    memcpy(h->stamp, at, len);
    h->stamp[len] = '\0';
    return 1;
}

/* Stripe writes small digits, and its own libraries compare texts. */
static int32_t capital_digit(const char *at, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (at[i] >= 'A' && at[i] <= 'F') {
            return 1;
        }
    }
    return 0;
}

/* "t=1492774577,v1=hex,v1=hex,v0=hex": unknown schemes are passed over, since old ones are sent along for
 * tests. */
static int32_t parse_header(signed_header *h, const char *text)
{
    memset(h, 0, sizeof *h);
    for (const char *at = text; *at;) {
        size_t len = strcspn(at, ",");
        const char *item = at;
        size_t n = len;
        for (; n > 0 && *item == ' '; n--) {
            item++;
        }
        if (n > 2 && strncmp(item, "t=", 2) == 0) {
            if (!take_stamp(h, item + 2, n - 2)) {
                return 0;
            }
        } else if (n > 3 && strncmp(item, "v1=", 3) == 0 && h->count < SIGNATURES_MAX) {
            if (!capital_digit(item + 3, n - 3) &&
                pr_sign_unhex(h->v1[h->count], 32, item + 3, n - 3) == PAYROUTE_OK) {
                h->count++;
            }
        }
        at += len + (at[len] == ',' ? 1u : 0u);
    }
    return h->stamp[0] && h->count > 0;
}

/* Every secret of the channel against every signature, all of them, whatever was found already.
   Index of the credential; -1: none fits. */
static int32_t signer(const pr_channel *channel, const signed_header *h, const pr_buf *text)
{
    int32_t who = -1;
    for (int32_t i = 0; i < channel->credential_count; i++) {
        const char *secret = pr_credential_get(channel, channel->credentials[i].version, "webhook_secret");
        uint8_t mac[32];
        if (!secret || !secret[0]) {
            continue;
        }
        int32_t rc = pr_sign_hmac_sha256(mac, secret, strlen(secret), text->at, text->len);
        if (rc != PAYROUTE_OK) {
            return rc < -1 ? rc : PAYROUTE_E_INTERNAL;
        }
        for (size_t k = 0; k < h->count; k++) {
            int32_t same = pr_sign_equal(mac, h->v1[k], sizeof mac);
            who = same == 1 && who < 0 ? i : who;
        }
    }
    return who;
}

static int32_t check_signature(const pr_channel *channel, const pr_http_incoming *in, int64_t now_ms,
                               signed_header *h)
{
    char header[HEADER_CAP];
    if (pr_header_get(header, sizeof header, in->headers, in->headers_len, "Stripe-Signature") != 1 ||
        !parse_header(h, header)) {
        return PAYROUTE_E_SIGNATURE;
    }
    pr_buf text;
    pr_buf_init(&text);
    pr_buf_put(&text, h->stamp);
    pr_buf_put(&text, ".");
    pr_buf_bytes(&text, in->body, in->body_len);
    int32_t who = text.rc != PAYROUTE_OK ? text.rc : signer(channel, h, &text);
    pr_buf_free(&text);
    if (who == -1) {
        return PAYROUTE_E_SIGNATURE;
    }
    if (who < 0) {
        return who;
    }
    int64_t apart = now_ms - h->seconds * 1000;
    if (apart > PR_STRIPE_TOLERANCE_MS || apart < -PR_STRIPE_TOLERANCE_MS) {
        return PAYROUTE_E_EXPIRED;
    }
    return who;
}

/* ---- the event ----------------------------------------------------------------------------------------- */

static const char *member(const payroute_json_node *object, const char *name)
{
    const char *text = payroute_json_string(payroute_json_get(object, name));
    return text ? text : "";
}

/* A test event on a live channel, or the other way round; an event of an account that is connected to ours.
 */
static int32_t check_account(const pr_channel *channel, int32_t who, const payroute_json_node *event)
{
    const char *key = pr_credential_get(channel, channel->credentials[who].version, "secret_key");
    int32_t live = payroute_json_flag(payroute_json_get(event, "livemode"));
    int32_t test_key = key && (strncmp(key, "sk_test_", 8) == 0 || strncmp(key, "rk_test_", 8) == 0);
    int32_t live_key = key && (strncmp(key, "sk_live_", 8) == 0 || strncmp(key, "rk_live_", 8) == 0);
    if (live < 0) {
        return PAYROUTE_E_SCHEMA;
    }
    if ((live && test_key) || (!live && live_key) || member(event, "account")[0]) {
        return PAYROUTE_E_FOREIGN;
    }
    return PAYROUTE_OK;
}

/* charge.refunded: the sum of what went back of this charge. It also comes when a hold is let go, where
 * nothing was taken. */
static int32_t read_charge(pr_notice *out, const pr_fact *base, const payroute_json_node *charge)
{
    pr_fact f = *base;
    f.event = PR_EV_REVERSED_PART;
    if (pr_stripe_currency(f.currency, member(charge, "currency")) != PAYROUTE_OK ||
        pr_stripe_reversed(&f.reversed_total_minor, charge, f.currency) != 1 ||
        pr_word_copy(f.txn_id, sizeof f.txn_id, member(charge, "id")) != 1 ||
        pr_word_copy(f.provider_id, sizeof f.provider_id, member(charge, "payment_intent")) < 0 ||
        pr_word_copy(f.reference, sizeof f.reference, pr_stripe_metadata(charge, "reference")) < 0) {
        return PAYROUTE_E_SCHEMA;
    }
    if (f.reversed_total_minor == 0) {
        out->ignorable = 1;
        return PAYROUTE_OK;
    }
    *pr_reading_add(&out->reading, PR_TARGET_ATTEMPT, f.event, f.evidence) = f;
    return PAYROUTE_OK;
}

/* refund.*: of a refund of ours, the action's result; of one made elsewhere only its failure is news, since
   charge.refunded carries the sums. */
static int32_t read_refund_news(pr_notice *out, const pr_fact *base, const payroute_json_node *refund)
{
    pr_fact f = *base;
    pr_stripe_refund(&f, refund);
    if (!f.txn_id[0] || !f.currency[0]) {
        return PAYROUTE_E_SCHEMA;
    }
    if (!f.action_key[0]) {
        if (f.event != PR_AE_FAILED) {
            out->ignorable = 1;
            return PAYROUTE_OK;
        }
        f.target = PR_TARGET_ATTEMPT;
        f.event = PR_EV_REFUND_UNDONE;
    }
    *pr_reading_add(&out->reading, f.target, f.event, f.evidence) = f;
    return PAYROUTE_OK;
}

static int32_t starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static int32_t read_object(pr_notice *out, const pr_subject *subject, const pr_fact *base, const char *type,
                           const payroute_json_node *object)
{
    int32_t rc = PAYROUTE_OK;
    if (starts(type, "payment_intent.")) {
        rc = pr_stripe_intent(&out->reading, base, object, PR_STRIPE_NEWS, subject);
        rc = rc == PAYROUTE_OK && !out->reading.facts[0].provider_id[0] ? PAYROUTE_E_SCHEMA : rc;
    } else if (strcmp(type, "charge.refunded") == 0) {
        rc = read_charge(out, base, object);
    } else {
        rc = read_refund_news(out, base, object);
    }
    const char *hash = pr_stripe_metadata(object, "order_hash");
    if (rc == PAYROUTE_OK && pr_word_plain(hash)) {
        pr_word_copy(out->order_hash, sizeof out->order_hash, hash);
    }
    if (rc == PAYROUTE_OK && out->reading.count > 0) {
        pr_word_copy(out->reference, sizeof out->reference, out->reading.facts[0].reference);
    }
    return rc;
}

static int32_t read_event(pr_notice *out, const pr_channel *channel, const payroute_catalog *catalog,
                          const payroute_json_node *event, int32_t who, int64_t signed_ms)
{
    const char *type = member(event, "type");
    const payroute_json_node *object = payroute_json_get(payroute_json_get(event, "data"), "object");
    if (strcmp(member(event, "object"), "event") != 0 || !type[0] ||
        pr_word_copy(out->event_id, sizeof out->event_id, member(event, "id")) != 1) {
        return PAYROUTE_E_SCHEMA;
    }
    int32_t ours = starts(type, "payment_intent.") || strcmp(type, "charge.refunded") == 0 ||
                   starts(type, "refund.") || strcmp(type, "charge.refund.updated") == 0;
    if (!ours) {
        out->ignorable = 1;
        return PAYROUTE_OK;
    }
    int32_t rc = check_account(channel, who, event);
    if (rc != PAYROUTE_OK || payroute_json_type(object) != PAYROUTE_JSON_OBJECT) {
        return rc != PAYROUTE_OK ? rc : PAYROUTE_E_SCHEMA;
    }
    pr_subject subject = {0};
    subject.channel = channel;
    subject.catalog = catalog;
    pr_fact base;
    pr_fact_init(&base);
    base.target = PR_TARGET_ATTEMPT;
    base.event = PR_EV_UNCLEAR;
    base.evidence = PR_EVIDENCE_SIGNED;
    base.merchant_equal = 1;
    base.provider_ms = signed_ms;
    return read_object(out, &subject, &base, type, object);
}

void pr_stripe_notify(pr_notice *out, const pr_channel *channel, const payroute_catalog *catalog,
                      const pr_keyring *keyring, const pr_http_incoming *in, int64_t now_ms)
{
    (void)keyring;
    memset(out, 0, sizeof *out);
    pr_reading_init(&out->reading);
    answer_codes(out);
    if (!in->method || strcmp(in->method, "POST") != 0 || !in->body || in->body_len == 0) {
        out->rc = PAYROUTE_E_SCHEMA;
        return;
    }
    if (in->body_len > PR_NOTICE_CAP) {
        out->rc = PAYROUTE_E_LIMIT;
        return;
    }
    signed_header h;
    int32_t who = check_signature(channel, in, now_ms, &h);
    out->rc = who < 0 ? who : PAYROUTE_OK;
    payroute_json *doc = NULL;
    if (out->rc == PAYROUTE_OK) {
        out->rc = payroute_json_parse(&doc, in->body, in->body_len, NULL, 0);
    }
    if (out->rc == PAYROUTE_OK) {
        out->rc = read_event(out, channel, catalog, payroute_json_root(doc), who, h.seconds * 1000);
    }
    payroute_json_free(doc);
    if (out->rc != PAYROUTE_OK) { /* a refused one leaves nothing behind */
        pr_reading_free(&out->reading);
        pr_reading_init(&out->reading);
        out->reference[0] = out->order_hash[0] = '\0';
    }
}
