/* Alipay's notifications: a POST form, signed over every field that came but two. A hint that must survive
 * every check. */
#include "adapters/alipay.h"

#include "base/mem.h"

#include <string.h>

static void answer_with(pr_notice *out)
{
    static const pr_ack yes = {200, "text/plain", "success"};
    static const pr_ack again = {200, "text/plain", "fail"};
    static const pr_ack no = {400, "text/plain", "fail"};
    out->stored = yes;
    out->resend = again; /* every body but "success" is sent again */
    out->refused = no;
}

/* The signed text: every field but `sign` and, by the rule of payment notifications, `sign_type`. Other
   messages of Alipay keep sign_type in, so a second try does. */
static int32_t verify_fields(const pr_channel *channel, const pr_pair *pairs, size_t count, const char *sign,
                             int32_t keep_type, pr_pair *room)
{
    size_t n = 0;
    const char *app = NULL;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(pairs[i].name, "sign") != 0 && (keep_type || strcmp(pairs[i].name, "sign_type") != 0)) {
            room[n++] = pairs[i];
            app = strcmp(pairs[i].name, "app_id") == 0 ? pairs[i].value : app;
        }
    }
    pr_buf text;
    pr_buf_init(&text);
    pr_pairs_join(&text, room, n);
    int32_t who = text.rc != PAYROUTE_OK
                      ? text.rc
                      : pr_alipay_verifier(channel, text.at ? text.at : "", text.len, sign, app);
    pr_buf_free(&text);
    return who;
}

/* Index of the credential that verified; E_SIGNATURE, E_SCHEMA, E_NOMEM, E_INTERNAL. */
static int32_t verify_form(const pr_channel *channel, const pr_form *form)
{
    const char *sign = pr_form_get(form, "sign");
    const char *type = pr_form_get(form, "sign_type");
    if (!sign || !sign[0] || (type && strcmp(type, "RSA2") != 0)) {
        return PAYROUTE_E_SIGNATURE; /* the algorithm is ours to choose, never the sender's */
    }
    size_t count = pr_form_count(form);
    pr_pair *pairs = pr_mem_array(2 * count, sizeof *pairs);
    if (!pairs) {
        return PAYROUTE_E_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        pairs[i].name = pr_form_name(form, i);
        pairs[i].value = pr_form_value(form, i);
    }
    pr_pairs_sort(pairs, count);
    int32_t who = PAYROUTE_E_SCHEMA;
    if (!pr_pairs_twice(pairs, count)) {
        who = verify_fields(channel, pairs, count, sign, 0, pairs + count);
        if (who == -1 && type) {
            who = verify_fields(channel, pairs, count, sign, 1, pairs + count);
        }
        who = who == -1 ? PAYROUTE_E_SIGNATURE : who;
    }
    pr_mem_free(pairs);
    return who;
}

static int32_t is_ours(const pr_channel *channel, int32_t who, const pr_form *form)
{
    const char *version = channel->credentials[who].version;
    const char *app = pr_form_get(form, "app_id");
    const char *seller = pr_form_get(form, "seller_id");
    const char *our_app = pr_credential_get(channel, version, "app_id");
    const char *our_seller = pr_credential_get(channel, version, "seller_id");
    if (!app || !our_app || (our_seller && !seller)) {
        return PAYROUTE_E_SCHEMA; /* a field that matters is missing */
    }
    if (strcmp(app, our_app) != 0 || (our_seller && strcmp(seller, our_seller) != 0)) {
        return PAYROUTE_E_FOREIGN;
    }
    return PAYROUTE_OK;
}

/* ---- facts --------------------------------------------------------------------------------------------- */

/* 1 read; 0 absent or empty; -1 unreadable. */
static int32_t form_amount(int64_t *minor, const pr_form *form, const char *name)
{
    const char *text = pr_form_get(form, name);
    if (!text || !text[0]) {
        return 0;
    }
    return payroute_amount_parse(minor, "CNY", text, strlen(text)) == PAYROUTE_OK ? 1 : -1;
}

static int32_t base_fact(pr_fact *f, const pr_form *form)
{
    pr_fact_init(f);
    f->target = PR_TARGET_ATTEMPT;
    f->event = PR_EV_UNCLEAR;
    f->evidence = PR_EVIDENCE_SIGNED;
    f->merchant_equal = 1;
    const char *when = pr_form_get(form, "notify_time");
    if (when && pr_time_parse_civil(&f->provider_ms, when, PR_ALIPAY_ZONE_MINUTES) != PAYROUTE_OK) {
        f->provider_ms = 0;
    }
    if (pr_word_copy(f->reference, sizeof f->reference, pr_form_get(form, "out_trade_no")) != 1 ||
        pr_word_copy(f->provider_id, sizeof f->provider_id, pr_form_get(form, "trade_no")) < 0) {
        return PAYROUTE_E_SCHEMA;
    }
    int32_t stated = form_amount(&f->amount_minor, form, "total_amount");
    if (stated == 1) {
        const char *abroad = pr_form_get(form, "trans_currency");
        memcpy(f->currency, "CNY", 4); /* as in answers: yuan unless the trade names another currency */
        if (abroad && abroad[0] && pr_word_copy(f->currency, sizeof f->currency, abroad) < 0) {
            return PAYROUTE_E_SCHEMA;
        }
    }
    return stated < 0 ? PAYROUTE_E_SCHEMA : PAYROUTE_OK;
}

static void add_paid(pr_reading *out, const pr_fact *base)
{
    pr_fact *f = pr_reading_add(out, PR_TARGET_ATTEMPT, PR_EV_PAID, PR_EVIDENCE_SIGNED);
    *f = *base;
    f->event = PR_EV_PAID;
    memcpy(f->txn_id, f->provider_id, sizeof f->txn_id);
}

/* refund_fee is the sum of all refunds of the trade so far; out_biz_no is the number of the refund that
 * caused this. */
static int32_t add_refund(pr_reading *out, const pr_fact *base, int64_t total, const pr_form *form)
{
    pr_fact *f = pr_reading_add(out, PR_TARGET_ATTEMPT, PR_EV_REVERSED_PART, PR_EVIDENCE_SIGNED);
    *f = *base;
    f->event = PR_EV_REVERSED_PART;
    f->amount_minor = -1;
    f->reversed_total_minor = total;
    const char *number = pr_form_get(form, "out_biz_no");
    if (pr_word_copy(f->txn_id, sizeof f->txn_id, number) < 0) {
        return PAYROUTE_E_SCHEMA;
    }
    pr_word_copy(f->action_key, sizeof f->action_key, number); /* a longer one is not ours */
    return PAYROUTE_OK;
}

static int32_t read_status(pr_reading *out, const pr_form *form)
{
    pr_fact base;
    int64_t refunded = 0;
    int32_t rc = base_fact(&base, form);
    int32_t stated = form_amount(&refunded, form, "refund_fee");
    const char *status = pr_form_get(form, "trade_status");
    if (rc != PAYROUTE_OK || stated < 0 || !status) {
        return rc != PAYROUTE_OK ? rc : PAYROUTE_E_SCHEMA;
    }
    int32_t paid = strcmp(status, "TRADE_SUCCESS") == 0 || strcmp(status, "TRADE_FINISHED") == 0;
    int32_t closed = strcmp(status, "TRADE_CLOSED") == 0;
    int32_t reversed = stated == 1 && refunded > 0;
    const char *payment = pr_form_get(form, "gmt_payment");
    if (paid || (closed && reversed)) {
        add_paid(out, &base);
        return reversed ? add_refund(out, &base, refunded, form) : PAYROUTE_OK;
    }
    pr_fact *f = pr_reading_add(out, PR_TARGET_ATTEMPT, PR_EV_UNCLEAR, PR_EVIDENCE_SIGNED);
    *f = base;
    if (closed) {
        f->event = PR_EV_ST_CLOSED;
        f->final =
            !(payment && payment[0]); /* closed though paid once, and no sum: a reason to look, not an end */
    } else if (strcmp(status, "WAIT_BUYER_PAY") == 0) {
        f->event = PR_EV_ST_UNPAID;
    }
    return PAYROUTE_OK;
}

/* ---- the door ------------------------------------------------------------------------------------------ */

static int32_t set_event_id(pr_notice *out, const pr_form *form, const pr_http_incoming *in)
{
    if (pr_word_copy(out->event_id, sizeof out->event_id, pr_form_get(form, "notify_id")) == 1) {
        return PAYROUTE_OK;
    }
    uint8_t digest[32];
    int32_t rc = pr_sign_sha256(digest, in->body, in->body_len);
    if (rc == PAYROUTE_OK) {
        pr_sign_hex(out->event_id, digest, sizeof digest);
    }
    return rc;
}

static int32_t read_form(pr_notice *out, const pr_channel *channel, const pr_form *form,
                         const pr_http_incoming *in)
{
    int32_t who = verify_form(channel, form);
    int32_t rc = who < 0 ? who : is_ours(channel, who, form);
    if (rc == PAYROUTE_OK) {
        rc = set_event_id(out, form, in);
    }
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    const char *type = pr_form_get(form, "notify_type");
    if (!type || strcmp(type, "trade_status_sync") != 0) {
        out->ignorable = 1;
        return PAYROUTE_OK;
    }
    const char *hash = pr_form_get(form, "passback_params");
    if (pr_word_plain(hash)) {
        pr_word_copy(out->order_hash, sizeof out->order_hash, hash);
    }
    rc = read_status(&out->reading, form);
    if (rc == PAYROUTE_OK) {
        pr_word_copy(out->reference, sizeof out->reference, out->reading.facts[0].reference);
    }
    return rc;
}

void pr_alipay_notify(pr_notice *out, const pr_channel *channel, const payroute_catalog *catalog,
                      const pr_keyring *keyring, const pr_http_incoming *in, int64_t now_ms)
{
    (void)catalog, (void)keyring; /* a notification names no certificate */
    (void)now_ms; /* the scheme signs no time: replays are met by idempotence */
    memset(out, 0, sizeof *out);
    pr_reading_init(&out->reading);
    answer_with(out);
    if (!in->method || strcmp(in->method, "POST") != 0 || !in->body || in->body_len == 0) {
        out->rc = PAYROUTE_E_SCHEMA;
        return;
    }
    if (in->body_len > PR_NOTICE_CAP) {
        out->rc = PAYROUTE_E_LIMIT;
        return;
    }
    pr_form *form = NULL;
    out->rc = pr_form_parse(&form, in->body, in->body_len);
    if (out->rc == PAYROUTE_OK) {
        out->rc = read_form(out, channel, form, in);
    }
    if (out->rc != PAYROUTE_OK) { /* a refused one leaves nothing behind */
        pr_reading_free(&out->reading);
        pr_reading_init(&out->reading);
        out->reference[0] = out->order_hash[0] = '\0';
    }
    pr_form_free(form);
}
