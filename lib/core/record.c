/* The record of a payment: versioned, little-endian, checksummed. Everything the machine decides by is in
   it; the store's columns beside it
   are for looking things up. Provider facts are not: they are read anew from the tables at load. */
#include "core/machine.h"

#include "base/wire.h"

#include <payroute/base.h>
#include <string.h>

enum { RECORD_MAGIC = 0x31525250 /* "PRR1" */, RECORD_VERSION = 3, RECORD_TRAILER = 4, EVENTS_MAX = 1 << 30 };

/* Times lie near the payment's beginning and most numbers are 0 or "never": a number is one byte then and a
   few else, so that three attempts
   fit into 1 KiB. No number here is ever negative. */
static void record_put_number(pr_wire_out *w, int64_t value, int64_t base)
{
    uint64_t code = 0; /* 0 */
    if (value == INT64_MAX) {
        code = 1;
    } else if (value > 0) {
        int64_t delta = value - base;
        code = (delta >= 0 ? (uint64_t)delta << 1 : ((uint64_t)(-(delta + 1)) << 1 | 1)) + 2;
    }
    while (code >= 0x80) {
        pr_wire_u8(w, (uint8_t)(code | 0x80));
        code >>= 7;
    }
    pr_wire_u8(w, (uint8_t)code);
}

static int64_t record_get_number(pr_wire_in *r, int64_t base)
{
    uint64_t code = 0;
    int32_t shift = 0;
    uint8_t byte;
    do {
        byte = pr_wire_get_u8(r);
        if (shift > 63 || (shift == 63 && byte > 1)) {
            r->bad = 1;
            return 0;
        }
        code |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while ((byte & 0x80) != 0);
    if (code < 2) {
        return code == 0 ? 0 : INT64_MAX;
    }
    code -= 2;
    int64_t half = (int64_t)(code >> 1);
    if ((code & 1) == 0 ? half > INT64_MAX - base : base - 1 < half) {
        r->bad = 1; /* beyond all numbers, or negative */
        return 0;
    }
    return (code & 1) == 0 ? base + half : base - 1 - half;
}

/* The numbers of an attempt and of an action, each once for both directions. */
enum {
    ATTEMPT_BYTES = 19,
    ATTEMPT_BYTES_2 = 18, /* of records of version 2 */
    ATTEMPT_BYTES_1 = 17,
    ATTEMPT_NUMBERS = 13,
    ACTION_BYTES = 10,
    ACTION_NUMBERS = 6
};

static void attempt_fields(pr_attempt *a, const pr_pay *p, uint8_t *bytes[ATTEMPT_BYTES],
                           int64_t *numbers[ATTEMPT_NUMBERS], int64_t base[ATTEMPT_NUMBERS])
{
    uint8_t *b[] = {&a->state,   &a->step,      &a->sends,   &a->guard,  &a->shown,     &a->has_payload,
                    &a->has_id,  &a->by_client, &a->held,    &a->resend, &a->no_retry,  &a->switched,
                    &a->refusal, &a->check_no,  &a->late_no, &a->hold,   &a->not_found, &a->told,
                    &a->authenticate};
    int64_t *v[] = {&a->built_ms,     &a->first_send_ms, &a->entered_ms,   &a->check_ms, &a->expire_ms,
                    &a->auth_ms,      &a->free_ms,       &a->not_found_ms, &a->gone_ms,  &a->retry_ms,
                    &a->amount_minor, &a->captured_flat, &a->reversed_flat};
    _Static_assert(sizeof b / sizeof b[0] == ATTEMPT_BYTES && sizeof v / sizeof v[0] == ATTEMPT_NUMBERS,
                   "fields of an attempt");
    memcpy(bytes, b, sizeof b);
    memcpy(numbers, v, sizeof v);
    for (int32_t i = 0; i < ATTEMPT_NUMBERS; i++) {
        base[i] = i < 10 ? p->created_ms : p->amount_minor;
    }
}

static void action_fields(pr_action *x, uint8_t *bytes[ACTION_BYTES], int64_t *numbers[ACTION_NUMBERS])
{
    uint8_t *b[] = {&x->n,     &x->kind,     &x->state,    &x->digit,   &x->sends,
                    &x->asked, &x->check_no, &x->reviewed, &x->surplus, &x->not_found};
    int64_t *v[] = {&x->built_ms, &x->first_send_ms, &x->entered_ms,
                    &x->check_ms, &x->not_found_ms,  &x->amount_minor};
    _Static_assert(sizeof b / sizeof b[0] == ACTION_BYTES && sizeof v / sizeof v[0] == ACTION_NUMBERS,
                   "fields of an action");
    memcpy(bytes, b, sizeof b);
    memcpy(numbers, v, sizeof v);
}

static void put_attempt(pr_wire_out *w, const pr_pay *p, const pr_attempt *from)
{
    pr_attempt a = *from;
    uint8_t *bytes[ATTEMPT_BYTES];
    int64_t *numbers[ATTEMPT_NUMBERS];
    int64_t base[ATTEMPT_NUMBERS];
    attempt_fields(&a, p, bytes, numbers, base);
    pr_wire_str(w, a.reference);
    pr_wire_str(w, a.channel);
    pr_wire_str(w, a.method);
    pr_wire_str(w, a.flow);
    for (int32_t i = 0; i < ATTEMPT_BYTES; i++) {
        pr_wire_u8(w, *bytes[i]);
    }
    pr_wire_u16(w, a.review);
    pr_wire_u16(w, a.reason);
    pr_wire_u16(w, a.advice);
    for (int32_t i = 0; i < ATTEMPT_NUMBERS; i++) {
        record_put_number(w, *numbers[i], base[i]);
    }
    pr_wire_u64(w, a.auth_txn);
    pr_wire_u64(w, a.instrument);
    pr_wire_u64(w, a.account);
    pr_wire_bytes(w, a.body_hash, sizeof a.body_hash);
    pr_wire_u32(w, a.issuer);
}

static void get_attempt(pr_wire_in *r, const pr_pay *p, pr_attempt *a, int32_t version)
{
    int32_t bytes_count = version == 1 ? ATTEMPT_BYTES_1 : version == 2 ? ATTEMPT_BYTES_2 : ATTEMPT_BYTES;
    uint8_t *bytes[ATTEMPT_BYTES];
    int64_t *numbers[ATTEMPT_NUMBERS];
    int64_t base[ATTEMPT_NUMBERS];
    attempt_fields(a, p, bytes, numbers, base);
    pr_wire_get_str(r, a->reference, sizeof a->reference);
    pr_wire_get_str(r, a->channel, sizeof a->channel);
    pr_wire_get_str(r, a->method, sizeof a->method);
    pr_wire_get_str(r, a->flow, sizeof a->flow);
    for (int32_t i = 0; i < bytes_count; i++) {
        *bytes[i] = pr_wire_get_u8(r);
    }
    a->review = pr_wire_get_u16(r);
    a->reason = pr_wire_get_u16(r);
    a->advice = pr_wire_get_u16(r);
    for (int32_t i = 0; i < ATTEMPT_NUMBERS; i++) {
        *numbers[i] = record_get_number(r, base[i]);
    }
    a->auth_txn = pr_wire_get_u64(r);
    a->instrument = pr_wire_get_u64(r);
    a->account = pr_wire_get_u64(r);
    pr_wire_get_bytes(r, a->body_hash, sizeof a->body_hash);
    a->issuer = version >= 3 ? pr_wire_get_u32(r) : 0;
}

static void put_action(pr_wire_out *w, const pr_pay *p, const pr_action *from)
{
    pr_action x = *from;
    uint8_t *bytes[ACTION_BYTES];
    int64_t *numbers[ACTION_NUMBERS];
    action_fields(&x, bytes, numbers);
    for (int32_t i = 0; i < ACTION_BYTES; i++) {
        pr_wire_u8(w, *bytes[i]);
    }
    pr_wire_u16(w, x.reason);
    for (int32_t i = 0; i < ACTION_NUMBERS; i++) {
        record_put_number(w, *numbers[i], i < 5 ? p->created_ms : p->amount_minor);
    }
    pr_wire_str(w, x.caller_id);
}

static void get_action(pr_wire_in *r, const pr_pay *p, pr_action *x)
{
    uint8_t *bytes[ACTION_BYTES];
    int64_t *numbers[ACTION_NUMBERS];
    action_fields(x, bytes, numbers);
    for (int32_t i = 0; i < ACTION_BYTES; i++) {
        *bytes[i] = pr_wire_get_u8(r);
    }
    x->reason = pr_wire_get_u16(r);
    for (int32_t i = 0; i < ACTION_NUMBERS; i++) {
        *numbers[i] = record_get_number(r, i < 5 ? p->created_ms : p->amount_minor);
    }
    pr_wire_get_str(r, x->caller_id, sizeof x->caller_id);
}

static void put_head(pr_wire_out *w, const pr_pay *p)
{
    const int64_t big[] = {p->amount_minor, p->ordered_ms, p->created_ms,
                           p->deadline_ms,  p->last_ms,    p->backoff_ms};
    pr_wire_u32(w, RECORD_MAGIC);
    pr_wire_u16(w, RECORD_VERSION);
    for (size_t i = 0; i < sizeof big / sizeof big[0]; i++) {
        pr_wire_i64(w, big[i]);
    }
    pr_wire_bytes(w, p->currency, sizeof p->currency);
    pr_wire_u8(w, p->winner);
    pr_wire_u8(w, p->cancelled);
    pr_wire_u8(w, p->over);
    pr_wire_u8(w, p->clock_suspect);
    pr_wire_u8(w, p->no_channel);
    pr_wire_u8(w, p->wants_start);
    pr_wire_u8(w, p->last_refusal);
    for (int32_t i = 1; i <= PR_NEWS_REVIEW; i++) {
        pr_wire_u32(w, (uint32_t)p->event_no[i]);
    }
}

static void get_head(pr_wire_in *r, pr_pay *p)
{
    int64_t *big[] = {&p->amount_minor, &p->ordered_ms, &p->created_ms,
                      &p->deadline_ms,  &p->last_ms,    &p->backoff_ms};
    for (size_t i = 0; i < sizeof big / sizeof big[0]; i++) {
        *big[i] = pr_wire_get_i64(r);
    }
    pr_wire_get_bytes(r, p->currency, sizeof p->currency);
    p->winner = pr_wire_get_u8(r);
    p->cancelled = pr_wire_get_u8(r);
    p->over = pr_wire_get_u8(r);
    p->clock_suspect = pr_wire_get_u8(r);
    p->no_channel = pr_wire_get_u8(r);
    p->wants_start = pr_wire_get_u8(r);
    p->last_refusal = pr_wire_get_u8(r);
    for (int32_t i = 1; i <= PR_NEWS_REVIEW; i++) {
        p->event_no[i] = (int32_t)(pr_wire_get_u32(r) & 0x7fffffff);
    }
}

int32_t pr_record_write(uint8_t *out, size_t cap, const pr_pay *p)
{
    pr_wire_out w = {.at = out, .cap = cap, .len = 0};
    put_head(&w, p);
    pr_wire_u8(&w, p->attempt_count);
    for (int32_t i = 0; i < p->attempt_count; i++) {
        put_attempt(&w, p, &p->attempts[i]);
    }
    pr_wire_u8(&w, p->action_count);
    for (int32_t i = 0; i < p->action_count; i++) {
        put_action(&w, p, &p->actions[i]);
    }
    pr_wire_u8(&w, p->money_count);
    for (int32_t i = 0; i < p->money_count; i++) {
        pr_wire_u64(&w, p->money[i].id);
        pr_wire_i64(&w, p->money[i].amount_minor);
        pr_wire_u8(&w, p->money[i].n);
        pr_wire_u8(&w, p->money[i].kind);
    }
    if (w.len + RECORD_TRAILER > cap) {
        return PAYROUTE_E_BUFFER;
    }
    pr_wire_u32(&w, pr_crc32c(out, w.len));
    return (int32_t)w.len;
}

static int32_t plausible_attempt(const pr_attempt *a)
{
    return a->state != PR_ST_NONE && a->state < PR_ST_COUNT && a->step >= 1 && a->step <= 4 &&
           a->guard <= 2 && (a->guard == 0 || !pr_state_free(a->state)) && a->reference[0] != '\0' &&
           a->channel[0] != '\0' && a->amount_minor > 0 && a->captured_flat >= 0 && a->reversed_flat >= 0 &&
           a->refusal <= PR_REFUSAL_HARD;
}

static int32_t plausible_action(const pr_pay *p, const pr_action *x)
{
    return x->n >= 1 && x->n <= p->attempt_count && x->kind >= PR_ACT_CLOSE && x->kind <= PR_ACT_REFUND &&
           x->digit >= 1 && x->digit <= 9 && x->state != PR_AS_NONE && x->state < PR_AS_COUNT &&
           x->amount_minor >= 0;
}

/* A checksum finds damage, not malice or another program's bug: whatever is read must still be a payment. */
static int32_t plausible(const pr_pay *p)
{
    int32_t good = p->winner <= p->attempt_count && p->over <= PR_STATUS_FAILED && p->currency[3] == '\0' &&
                   p->cancelled <= 1 && p->last_refusal <= PR_REFUSAL_HARD;
    for (int32_t i = 1; i <= PR_NEWS_REVIEW; i++) {
        good &= p->event_no[i] < EVENTS_MAX; /* the next event has a number, too */
    }
    for (int32_t i = 0; i < p->attempt_count; i++) {
        good &= plausible_attempt(&p->attempts[i]);
    }
    for (int32_t i = 0; i < p->action_count; i++) {
        good &= plausible_action(p, &p->actions[i]);
    }
    for (int32_t i = 0; i < p->money_count; i++) {
        const pr_money *m = &p->money[i];
        good &= m->n >= 1 && m->n <= p->attempt_count && m->amount_minor >= 0 &&
                m->kind >= PR_MONEY_CAPTURE && m->kind <= PR_MONEY_UNDONE;
    }
    return good;
}

/* Records of version 1 have no `told`: health is told once more, of payments that were open at the update. Those
   of version 2 know of no issuer and asked for no 3-D Secure. */
static int32_t get_lists(pr_wire_in *r, pr_pay *p, int32_t version)
{
    p->attempt_count = pr_wire_get_u8(r);
    if (p->attempt_count > PR_ATTEMPTS_MAX) {
        return 0;
    }
    for (int32_t i = 0; i < p->attempt_count; i++) {
        get_attempt(r, p, &p->attempts[i], version);
    }
    p->action_count = pr_wire_get_u8(r);
    if (p->action_count > PR_ACTIONS_MAX) {
        return 0;
    }
    for (int32_t i = 0; i < p->action_count; i++) {
        get_action(r, p, &p->actions[i]);
    }
    p->money_count = pr_wire_get_u8(r);
    if (p->money_count > PR_MONEY_MAX) {
        return 0;
    }
    for (int32_t i = 0; i < p->money_count; i++) {
        p->money[i].id = pr_wire_get_u64(r);
        p->money[i].amount_minor = pr_wire_get_i64(r);
        p->money[i].n = pr_wire_get_u8(r);
        p->money[i].kind = pr_wire_get_u8(r);
    }
    return !r->bad && r->pos == r->len;
}

int32_t pr_record_read(pr_pay *p, const uint8_t *in, size_t len)
{
    if (in == NULL || len < 6 + RECORD_TRAILER) {
        return PAYROUTE_E_CHECKSUM;
    }
    pr_wire_in r = {.at = in, .len = len - RECORD_TRAILER, .pos = 0, .bad = 0};
    pr_wire_in tail = {.at = in + len - RECORD_TRAILER, .len = RECORD_TRAILER, .pos = 0, .bad = 0};
    if (pr_crc32c(in, len - RECORD_TRAILER) != pr_wire_get_u32(&tail) ||
        pr_wire_get_u32(&r) != RECORD_MAGIC) {
        return PAYROUTE_E_CHECKSUM;
    }
    int32_t version = pr_wire_get_u16(&r);
    if (version < 1 || version > RECORD_VERSION) {
        return PAYROUTE_E_VERSION;
    }
    pr_pay read;
    memset(&read, 0, sizeof read);
    pr_policy_default(&read.policy);
    get_head(&r, &read);
    if (read.amount_minor <= 0 || read.created_ms <= 0 || read.ordered_ms < 0 || read.deadline_ms < 0 ||
        read.last_ms < 0 || read.backoff_ms < 0) {
        return PAYROUTE_E_CHECKSUM; /* the other numbers are read against the first two */
    }
    if (!get_lists(&r, &read, version) || !plausible(&read)) {
        return PAYROUTE_E_CHECKSUM;
    }
    *p = read;
    return PAYROUTE_OK;
}
