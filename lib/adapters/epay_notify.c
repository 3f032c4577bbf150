/* A panel's notification: pairs in the query of a GET or in the form of a POST, signed over all that the
   panel put there. A hint that must survive every check; what is paid twice is told by their trade numbers.
 */
#include "adapters/epay.h"

#include "base/mem.h"

#include <string.h>

enum { FRESH_MS = 300000 };

/* Panels look for the word anywhere in the body, so that only the first may hold it. Status 503 for those
   that ask for 200 as well. */
static void set_answers(pr_notice *out)
{
    static const pr_ack yes = {200, "text/plain", "success"};
    static const pr_ack again = {503, "text/plain", "fail"};
    static const pr_ack no = {400, "text/plain", "fail"};
    out->stored = yes;
    out->resend = again;
    out->refused = no;
}

/* ---- which pairs are the panel's ----------------------------------------------------------------------- */

/* How often a pair stands among the first n. */
static size_t copies(const pr_form *form, size_t n, const char *name, const char *value)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        count += strcmp(pr_form_name(form, i), name) == 0 && strcmp(pr_form_value(form, i), value) == 0;
    }
    return count;
}

/* The panel appends its pairs to our own address: what stood there before is ours and was not signed. Once,
   that is: the panel may say the same. */
static int32_t is_own(const pr_form *own, const pr_form *form, size_t i)
{
    const char *name = pr_form_name(form, i);
    const char *value = pr_form_value(form, i);
    return own && copies(form, i, name, value) < copies(own, pr_form_count(own), name, value);
}

static int32_t own_pairs(pr_form **out, const pr_channel *channel)
{
    const char *query = channel->notify_url ? strchr(channel->notify_url, '?') : NULL;
    return query ? pr_form_parse(out, query + 1, strlen(query + 1)) : PAYROUTE_OK;
}

/* Names and values are joined as they are, so that what looks like several pairs could be cut elsewhere: the
   panel may have signed it for another merchant, who chose a value like that. */
static int32_t is_ambiguous(const char *name, const char *value)
{
    const char *at = strchr(value, '&');
    return name[strcspn(name, "&=")] != '\0' || (at && strchr(at, '='));
}

/* v1 has one key for both ways, and the customer's browser holds a page that we signed: a return address in it
   may read as the rest of a notification. What only orders name gives that away. */
static int32_t is_of_an_order(const char *name)
{
    return strcmp(name, "notify_url") == 0 || strcmp(name, "return_url") == 0;
}

/* Index of the credential that verified; E_SIGNATURE, E_SCHEMA, E_NOMEM, E_INTERNAL. */
static int32_t verify_pairs(const pr_channel *channel, const pr_form *form, const pr_form *own)
{
    const pr_epay_fork *fork = pr_epay_fork_of(channel);
    const char *sign = pr_form_get(form, "sign");
    const char *type = pr_form_get(form, "sign_type");
    if (!fork || !sign || !sign[0] ||
        (type && strcmp(type, fork->sign == PR_EPAY_RSA ? "RSA" : "MD5") != 0)) {
        return PAYROUTE_E_SIGNATURE; /* the algorithm is the channel's word, never the sender's */
    }
    size_t count = 0;
    pr_pair *pairs = pr_mem_array(pr_form_count(form), sizeof *pairs);
    if (!pairs) {
        return PAYROUTE_E_NOMEM;
    }
    int32_t who = PAYROUTE_OK;
    for (size_t i = 0; i < pr_form_count(form); i++) {
        const char *name = pr_form_name(form, i);
        const char *value = pr_form_value(form, i);
        if (!is_own(own, form, i)) {
            pairs[count].name = name;
            pairs[count++].value = value;
            who = is_ambiguous(name, value) || is_of_an_order(name) ? PAYROUTE_E_SCHEMA : who;
        }
    }
    if (who == PAYROUTE_OK) {
        who = pr_epay_verifier(channel, fork, pairs, count, sign, pr_form_get(form, "pid"));
    }
    pr_mem_free(pairs);
    return who == -1 ? PAYROUTE_E_SIGNATURE : who;
}

/* ---- facts --------------------------------------------------------------------------------------------- */

static int64_t fresh_stamp(const char *text, int64_t now_ms)
{
    int64_t at_ms = pr_epay_stamp(text);
    int64_t drift = at_ms - now_ms;
    return drift > -FRESH_MS && drift < FRESH_MS ? at_ms : 0; /* of an old copy: no clock to go by */
}

static int32_t read_pairs(pr_reading *out, const pr_form *form, int64_t now_ms)
{
    const char *money = pr_form_get(form, "money");
    const char *status = pr_form_get(form, "trade_status");
    pr_fact *f = pr_reading_add(out, PR_TARGET_ATTEMPT, PR_EV_UNCLEAR, PR_EVIDENCE_SIGNED);
    f->merchant_equal = 1;
    f->provider_ms = fresh_stamp(pr_form_get(form, "timestamp"), now_ms);
    if (!status || pr_word_copy(f->reference, sizeof f->reference, pr_form_get(form, "out_trade_no")) != 1 ||
        pr_word_copy(f->provider_id, sizeof f->provider_id, pr_form_get(form, "trade_no")) != 1 || !money ||
        payroute_amount_parse(&f->amount_minor, "CNY", money, strlen(money)) != PAYROUTE_OK) {
        return PAYROUTE_E_SCHEMA; /* a field that matters is missing or unfit */
    }
    memcpy(f->currency, "CNY", 4);
    if (strcmp(status, "TRADE_SUCCESS") == 0) { /* the one state that is told: any other is a reason to ask */
        f->event = PR_EV_PAID;
        memcpy(f->txn_id, f->provider_id, sizeof f->txn_id);
    }
    return PAYROUTE_OK;
}

static int32_t is_our_pid(const pr_channel *channel, int32_t who, const pr_form *form)
{
    const char *pid = pr_form_get(form, "pid");
    const char *ours = pr_credential_get(channel, channel->credentials[who].version, "pid");
    if (!pid || !ours) {
        return PAYROUTE_E_SCHEMA;
    }
    return strcmp(pid, ours) == 0 ? PAYROUTE_OK : PAYROUTE_E_FOREIGN;
}

/* ---- the door ------------------------------------------------------------------------------------------ */

/* There is no number of the notification, and v2 signs each copy anew: the same word about the same trade is
   the same notification. */
static int32_t name_event(pr_notice *out, const pr_form *form)
{
    static const char *const names[] = {"trade_no", "out_trade_no", "trade_status", "money"};
    const void *parts[2 * 4];
    size_t lens[2 * 4];
    for (size_t i = 0; i < 4; i++) {
        const char *value = pr_form_get(form, names[i]);
        parts[2 * i] = value;
        lens[2 * i] = strlen(value);
        parts[2 * i + 1] = "\n";
        lens[2 * i + 1] = 1;
    }
    uint8_t digest[32];
    int32_t rc = pr_sign_sha256_parts(digest, parts, lens, 8);
    if (rc == PAYROUTE_OK) {
        pr_sign_hex(out->event_id, digest, sizeof digest);
    }
    return rc;
}

static int32_t read_epay_notice(pr_notice *out, const pr_channel *channel, const pr_form *form,
                                int32_t in_query, int64_t now_ms)
{
    pr_form *own = NULL;
    int32_t rc = in_query ? own_pairs(&own, channel) : PAYROUTE_OK;
    int32_t who = rc == PAYROUTE_OK ? verify_pairs(channel, form, own) : rc;
    pr_form_free(own);
    rc = who < 0 ? who : is_our_pid(channel, who, form);
    if (rc == PAYROUTE_OK) {
        rc = read_pairs(&out->reading, form, now_ms);
    }
    if (rc == PAYROUTE_OK) {
        rc = name_event(out, form);
    }
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    const char *hash = pr_form_get(form, "param");
    if (pr_word_plain(hash)) {
        pr_word_copy(out->order_hash, sizeof out->order_hash, hash);
    }
    pr_word_copy(out->reference, sizeof out->reference, out->reading.facts[0].reference);
    return PAYROUTE_OK;
}

void pr_epay_notify(pr_notice *out, const pr_channel *channel, const payroute_catalog *catalog,
                    const pr_keyring *keyring, const pr_http_incoming *in, int64_t now_ms)
{
    (void)catalog, (void)keyring; /* a notification names neither code nor certificate */
    memset(out, 0, sizeof *out);
    pr_reading_init(&out->reading);
    set_answers(out);
    int32_t post = in->method && strcmp(in->method, "POST") == 0;
    int32_t get = in->method && strcmp(in->method, "GET") == 0;
    int32_t in_query = get || in->body_len == 0;
    const char *text = in_query ? in->query : in->body;
    size_t len = in_query ? in->query_len : in->body_len;
    if ((!post && !get) || !text || len == 0) {
        out->rc = PAYROUTE_E_SCHEMA;
        return;
    }
    if (len > PR_NOTICE_CAP) {
        out->rc = PAYROUTE_E_LIMIT;
        return;
    }
    pr_form *form = NULL;
    out->rc = pr_form_parse(&form, text, len);
    if (out->rc == PAYROUTE_OK) {
        out->rc = read_epay_notice(out, channel, form, in_query, now_ms);
    }
    if (out->rc != PAYROUTE_OK) { /* a refused one leaves nothing behind */
        pr_reading_free(&out->reading);
        pr_reading_init(&out->reading);
        out->reference[0] = out->order_hash[0] = out->event_id[0] = '\0';
    }
    pr_form_free(form);
}
