/* A payment's handle under whatever a host, a provider and a shop may do in any order: one line of the input
   is one call. After each: the invariants, next says the same twice, a refused call changed nothing, no
   secret stands in a text, PAID only after somebody's proof. The store is the scenarios' shelf, which knows
   the database's own rules. */
#include "kit.h"

#include "../scenario/shelf.h"
#include "flow/handle.h"

#include <payroute/payment.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CALLS_MAX = 200, COPIES_MAX = 3600, RECORD_MAX = 8192, WHY_MAX = 256 };

static const char entropy[] = "0123456789abcdef0123456789abcdef";

typedef struct scene {
    payroute_payment *p;
    shelf store;
    int64_t now_ms;
    int32_t proofs; /* somebody whose word counts may have spoken of money */
    char why[WHY_MAX];
} scene;

static int secret_was_said; /* one of ours stands in the input itself */

static void look_for_secrets(const uint8_t *data, size_t size)
{
    secret_was_said = fuzz_holds(data, size, "CANARY") || fuzz_holds(data, size, FUZZ_APIV3) ||
                      fuzz_holds(data, size, "89unJUB8HZ54Hj7x4nUj56HN4nUzUJ8i");
}

/* ---- what must hold ---- */

static int32_t record_of(const scene *s, uint8_t *out)
{
    int32_t n = pr_record_write(out, RECORD_MAX, &s->p->pay);
    FUZZ_EXPECT(n > 0, "the record does not fit: %d", (int)n);
    return n;
}

static void check_text(const char *text, size_t len, const char *where)
{
    payroute_json *doc = NULL;
    FUZZ_EXPECT(text != NULL && strlen(text) == len, "%s: no text", where);
    FUZZ_EXPECT(payroute_json_parse(&doc, text, len, NULL, 0) == PAYROUTE_OK, "%s is no JSON: %s", where,
                text);
    payroute_json_free(doc);
    /* ids and codes are kept as they were said: only what nobody said must not stand there */
    for (int32_t i = 0; !secret_was_said && i < pr_registry_count(fuzz_registry()); i++) {
        fuzz_keeps_secrets(pr_registry_at(fuzz_registry(), i), text, len, where);
    }
}

static void check(scene *s)
{
    const char *broken = pr_invariant(&s->p->pay);
    FUZZ_EXPECT(broken == NULL, "%s", broken);
    int32_t next = payroute_payment_next(s->p);
    FUZZ_EXPECT(next == payroute_payment_next(s->p), "next says two things");
    FUZZ_EXPECT(next > 0 || next == PAYROUTE_E_STATE, "next is %d", (int)next);
    int32_t status = payroute_payment_status(s->p);
    FUZZ_EXPECT(status >= PAYROUTE_STATUS_OPEN && status <= PAYROUTE_STATUS_FAILED, "status %d", (int)status);
    FUZZ_EXPECT((status != PAYROUTE_STATUS_PAID && status != PAYROUTE_STATUS_AUTHORIZED) || s->proofs > 0,
                "status %d, and nobody proved it", (int)status);
}

/* Costs as much as ten calls, hence not after each. */
static void check_view(scene *s)
{
    size_t len = 0;
    const char *view = payroute_payment_view(s->p, "en", &len);
    check_text(view, len, "view");
    if (fuzz_telling()) {
        fprintf(stderr, "  next %d %s\n", (int)payroute_payment_next(s->p), view);
    }
}

static void check_why(const scene *s, int32_t rc)
{
    fuzz_ends(s->why, sizeof s->why, "why");
    FUZZ_EXPECT(rc != PAYROUTE_E_INTERNAL && rc != PAYROUTE_E_NOMEM, "rc %d: %s", (int)rc, s->why);
    FUZZ_EXPECT(pr_utf8_valid(s->why, strlen(s->why)), "no UTF-8: %s", s->why);
}

/* ---- the store ---- */

static void save(scene *s)
{
    const payroute_save_set *set = payroute_payment_save_set(s->p);
    if (set == NULL) {
        FUZZ_EXPECT(payroute_payment_next(s->p) != PAYROUTE_ACTION_SAVE, "SAVE, and nothing to save");
        return;
    }
    for (int32_t i = 0; i < set->fact_count; i++) {
        check_text(set->facts[i].body, set->facts[i].body_len, "fact");
    }
    for (int32_t i = 0; i < set->event_count; i++) {
        check_text(set->events[i].body, set->events[i].body_len, "event");
    }
    shelf_save(&s->store, set);
    FUZZ_EXPECT(payroute_payment_feed_saved(s->p, 1) == PAYROUTE_OK, "saved, and it will not hear of it");
}

/* Another worker loads what is stored: the same numbers. */
static void crash(scene *s)
{
    uint8_t stored[RECORD_MAX];
    if (s->store.saves == 0) {
        return;
    }
    payroute_payment_free(s->p);
    s->p = NULL;
    payroute_save_set rows = shelf_rows(&s->store);
    int32_t rc =
        payroute_payment_load(&s->p, fuzz_registry(), NULL, &rows, entropy, s->now_ms, s->why, sizeof s->why);
    FUZZ_EXPECT(rc == PAYROUTE_OK, "what was saved cannot be loaded: %d %s", (int)rc, s->why);
    int32_t n = record_of(s, stored);
    FUZZ_EXPECT(rows.payment.record_len > (size_t)n + 12 &&
                    memcmp(rows.payment.record + 12, stored, (size_t)n) == 0,
                "loaded, and it is another");
    (void)payroute_payment_lease(s->p, "me", 1);
    (void)payroute_payment_present(s->p, 1);
}

static int32_t conflict(scene *s)
{
    if (s->store.saves == 0 || payroute_payment_feed_conflict(s->p) != PAYROUTE_OK) {
        return PAYROUTE_E_STATE;
    }
    FUZZ_EXPECT(payroute_payment_next(s->p) == PAYROUTE_E_STATE, "a conflict is forgotten");
    payroute_save_set rows = shelf_rows(&s->store);
    int32_t rc = payroute_payment_reload(s->p, &rows, s->now_ms, s->why, sizeof s->why);
    FUZZ_EXPECT(rc == PAYROUTE_OK, "what was saved cannot be loaded: %d %s", (int)rc, s->why);
    (void)payroute_payment_lease(s->p, "me", 1);
    return PAYROUTE_OK;
}

/* ---- providers ---- */

/* $R the attempt's reference, $K the key of the exchange, $P the provider's id of nothing. */
static void put_filled(pr_buf *out, const scene *s, const char *text)
{
    char step[PR_KEY_CAP];
    const char *reference = s->p->pay.attempt_count > 0
                                ? s->p->pay.attempts[s->p->pay.attempt_count - 1].reference
                                : FUZZ_REFERENCE;
    const char *key = payroute_payment_key(s->p);
    snprintf(step, sizeof step, "%s", key != NULL ? key : "");
    for (; *text != '\0'; text++) {
        if (text[0] == '$' && (text[1] == 'R' || text[1] == 'K')) {
            pr_buf_put(out, text[1] == 'R' ? reference : step);
            text++;
        } else {
            pr_buf_bytes(out, text, 1);
        }
    }
}

static int32_t answer(scene *s, fuzz_in *in)
{
    static const int32_t statuses[] = {200, 400, 402, 404, 429, 500, 204};
    fuzz_message m = {0};
    int32_t status = statuses[fuzz_below(in, 7)];
    int way = (int)fuzz_below(in, 3);
    int32_t verified = (int32_t)fuzz_below(in, 2);
    size_t len;
    char *body = fuzz_rest(in, &len);
    const char *name = payroute_payment_channel(s->p);
    int32_t n = (int32_t)payroute_payment_exchange(s->p, PAYROUTE_EXCHANGE_ATTEMPT);
    put_filled(&m.body, s, body);
    free(body);
    fuzz_verified = 0;
    if (name != NULL && n >= 1 && way > 0) {
        (void)fuzz_sign_reply(&m, fuzz_channel(name), s->p->ex.op, s->p->pay.attempts[n - 1].flow, way);
    }
    int32_t rc = payroute_payment_feed_http(s->p, s->now_ms, status, m.headers.at, m.headers.len, m.body.at,
                                            m.body.len, verified);
    s->proofs += fuzz_verified > 0 || verified;
    fuzz_message_free(&m);
    return rc;
}

static int32_t notice(scene *s, fuzz_in *in)
{
    fuzz_message m = {0};
    payroute_notice *n = NULL;
    size_t len;
    const pr_channel *c = fuzz_channel_by(fuzz_u8(in));
    int way = (int)fuzz_below(in, 4);
    char *body = fuzz_rest(in, &len);
    int query = strcmp(c->provider->name, "epay") == 0;
    put_filled(query ? &m.query : &m.body, s, body);
    free(body);
    if (way > 0) {
        (void)fuzz_sign_notice(&m, c, way);
    }
    int32_t rc =
        payroute_notice_read(&n, fuzz_registry(), NULL, NULL, c->id, query ? "GET" : "POST", m.query.at,
                             m.query.len, m.headers.at, m.headers.len, m.body.at, m.body.len, s->now_ms);
    int32_t fed = payroute_payment_feed_notice(s->p, n, s->now_ms);
    FUZZ_EXPECT(rc == PAYROUTE_OK || fed < 0, "read as %d, and folded", (int)rc);
    s->proofs += rc == PAYROUTE_OK;
    payroute_notice_free(n);
    fuzz_message_free(&m);
    return fed;
}

static int32_t code(scene *s, fuzz_in *in)
{
    static const char *const words[] = {
        "paid",     "authorized", "declined",       "pending", "action", "not_found", "unpaid",   "closed",
        "refunded", "invalid",    "refused_before", "done",    "failed", "unknown",   "nonsense", ""};
    size_t len;
    const char *word = words[fuzz_below(in, 16)];
    char *rest = fuzz_rest(in, &len);
    int32_t rc =
        payroute_payment_feed_code(s->p, s->now_ms, word, rest, fuzz_below(in, 2) ? "id-1" : NULL, rest);
    free(rest);
    s->proofs += rc == PAYROUTE_OK;
    return rc;
}

static void request(scene *s)
{
    int32_t rc = payroute_payment_request(s->p, s->now_ms, entropy);
    FUZZ_EXPECT(rc == PAYROUTE_OK || rc == PAYROUTE_E_STATE || rc == PAYROUTE_E_UNSUPPORTED, "request %d",
                (int)rc);
    if (rc == PAYROUTE_OK) {
        size_t len = 0;
        FUZZ_EXPECT(payroute_payment_request_url(s->p)[0] == 'h', "no address");
        FUZZ_EXPECT(payroute_payment_request_headers(s->p, &len) != NULL, "no headers");
    }
}

/* ---- the shop ---- */

static int32_t shop(scene *s, fuzz_in *in)
{
    static const char *const outcomes[] = {"paid", "not_paid", "refunded", "nonsense"};
    uint32_t what = fuzz_below(in, 6);
    int64_t amount = 1 + (int64_t)fuzz_below(in, 16) * 100;
    const char id[2] = {(char)('a' + fuzz_below(in, 3)), '\0'};
    int32_t attempt = (int32_t)fuzz_below(in, 4);
    const char *outcome = outcomes[fuzz_below(in, 4)];
    size_t len;
    char *wish = fuzz_rest(in, &len);
    int32_t rc = PAYROUTE_OK;
    switch (what) {
    case 0: rc = payroute_payment_cancel(s->p, s->now_ms, s->why, sizeof s->why); break;
    case 1: rc = payroute_payment_refund(s->p, s->now_ms, id, amount, s->why, sizeof s->why); break;
    case 2: rc = payroute_payment_capture(s->p, s->now_ms, id, amount, s->why, sizeof s->why); break;
    case 3: rc = payroute_payment_switch(s->p, s->now_ms, wish, len, s->why, sizeof s->why); break;
    case 4: rc = payroute_payment_retry(s->p, s->now_ms, wish, len, s->why, sizeof s->why); break;
    default:
        rc = payroute_payment_resolve(s->p, s->now_ms, attempt, outcome, "me", "seen", s->why, sizeof s->why);
        s->proofs += rc == PAYROUTE_OK;
    }
    free(wish);
    return rc;
}

static void wait(scene *s, fuzz_in *in)
{
    static const int64_t spans[] = {0, 1000, 5000, 60000, 300000, 3600000, 86400000, -60000};
    uint32_t span = fuzz_below(in, 9);
    int64_t wake = payroute_payment_wake_ms(s->p);
    s->now_ms = span < 8 ? s->now_ms + spans[span] : wake != INT64_MAX && wake > s->now_ms ? wake : s->now_ms;
}

static int32_t call(scene *s, fuzz_in *in)
{
    switch (fuzz_u8(in)) {
    case 'w': wait(s, in); return payroute_payment_tick(s->p, s->now_ms);
    case 's': save(s); return PAYROUTE_OK;
    case 'k': crash(s); return PAYROUTE_OK;
    case 'c': return conflict(s);
    case 'a': return answer(s, in);
    case 'f': return payroute_payment_feed_failure(s->p, s->now_ms, (int32_t)fuzz_below(in, 2), 28);
    case 'd': return code(s, in);
    case 'n': return notice(s, in);
    case 'r': request(s); return PAYROUTE_OK;
    case 'x': return shop(s, in);
    case 'p': return payroute_payment_present(s->p, (int32_t)fuzz_below(in, 2));
    case 'l': return payroute_payment_lease(s->p, "me", (int32_t)fuzz_below(in, 2));
    default: return payroute_payment_tick(s->p, s->now_ms);
    }
}

/* A refused call changes nothing; only a tick that cannot start what the shop wishes has let time pass. */
static void one_line(scene *s, fuzz_in *line)
{
    uint8_t verb = line->len > 0 ? line->at[0] : 0;
    int ticks = verb == 0 || strchr("skcafdnrxpl", verb) == NULL;
    static uint8_t before[RECORD_MAX];
    static uint8_t after[RECORD_MAX];
    int32_t n = record_of(s, before);
    s->why[0] = '\0';
    int32_t rc = call(s, line);
    check_why(s, rc);
    if (rc < 0 && (!ticks || rc == PAYROUTE_E_STATE)) {
        FUZZ_EXPECT(record_of(s, after) == n && memcmp(before, after, (size_t)n) == 0,
                    "refused with %d (%s), and it changed", (int)rc, s->why);
    }
    check(s);
    if (fuzz_telling()) {
        check_view(s);
    }
}

static int begin(scene *s, fuzz_in *in)
{
    char spec[1024];
    const pr_channel *c = fuzz_channel_by(fuzz_u8(in));
    const pr_method *m = &c->methods[fuzz_below(in, (uint32_t)c->method_count)];
    const char *flow = m->flows[fuzz_below(in, (uint32_t)m->flow_count)];
    uint32_t hold = fuzz_below(in, 2);
    uint32_t fixed = fuzz_below(in, 2);
    snprintf(
        spec, sizeof spec,
        "{\"order_id\":\"A-1\",\"amount_minor\":1250,\"currency\":\"CNY\",\"subject\":\"tea\",\"method\":\"%s\","
        "\"flow\":\"%s\",\"instrument\":\"pm_1\",\"client_ip\":\"203.0.113.7\",\"hold\":%s%s%s%s}",
        m->name, flow, hold ? "true" : "false", fixed ? ",\"channel\":\"" : "", fixed ? c->id : "",
        fixed ? "\"" : "");
    int32_t rc = payroute_payment_new(&s->p, fuzz_registry(), NULL, spec, strlen(spec), "fuzz", entropy,
                                      s->now_ms, s->why, sizeof s->why);
    FUZZ_EXPECT(rc == PAYROUTE_OK, "no payment: %d %s", (int)rc, s->why);
    (void)payroute_payment_lease(s->p, "me", 1);
    (void)payroute_payment_present(s->p, 1);
    return fuzz_u8(in) == '\n';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static scene s;
    fuzz_in in = {data, size};
    memset(&s, 0, sizeof s);
    s.now_ms = FUZZ_NOW;
    look_for_secrets(data, size);
    int whole = begin(&s, &in);
    for (int32_t i = 0; whole && i < CALLS_MAX && in.len > 0 && s.store.owned_count < COPIES_MAX; i++) {
        const uint8_t *end = memchr(in.at, '\n', in.len);
        fuzz_in line = {in.at, end != NULL ? (size_t)(end - in.at) : in.len};
        if (fuzz_telling()) {
            fprintf(stderr, "%.*s\n", (int)line.len, (const char *)line.at);
        }
        in.len -= line.len + (end != NULL);
        in.at += line.len + (end != NULL);
        one_line(&s, &line);
    }
    check_view(&s);
    payroute_payment_free(s.p);
    shelf_clear(&s.store);
    return whole ? 0 : -1;
}
