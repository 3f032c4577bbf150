/* The record of a payment: versioned, little-endian, checksummed. Everything the machine decides by is in it; the store's columns beside it
   are for looking things up. Provider facts are not: they are read anew from the tables at load. */
#include "core/machine.h"

#include "base/wire.h"

#include <payroute/base.h>
#include <string.h>

enum { RECORD_MAGIC = 0x31525250 /* "PRR1" */, RECORD_VERSION = 1, RECORD_TRAILER = 4 };

static void put_attempt(pr_wire_out *w, const pr_attempt *a) {
    const uint8_t small[] = {a->state, a->step,   a->sends,    a->guard,   a->shown,    a->has_payload,
                             a->has_id, a->by_client, a->held, a->resend, a->no_retry, a->switched,
                             a->refusal, a->check_no, a->late_no, a->hold, a->not_found};
    const int64_t big[] = {a->amount_minor, a->built_ms, a->first_send_ms, a->entered_ms,    a->check_ms,
                           a->expire_ms,    a->auth_ms,  a->free_ms,       a->not_found_ms,  a->gone_ms,
                           a->retry_ms,     a->captured_flat, a->reversed_flat};
    pr_wire_str(w, a->reference);
    pr_wire_str(w, a->channel);
    pr_wire_str(w, a->method);
    pr_wire_str(w, a->flow);
    pr_wire_bytes(w, small, sizeof small);
    pr_wire_u16(w, a->review);
    pr_wire_u16(w, a->reason);
    pr_wire_u16(w, a->advice);
    for (size_t i = 0; i < sizeof big / sizeof big[0]; i++) {
        pr_wire_i64(w, big[i]);
    }
    pr_wire_u64(w, a->auth_txn);
    pr_wire_bytes(w, a->body_hash, sizeof a->body_hash);
}

static void get_attempt(pr_wire_in *r, pr_attempt *a) {
    uint8_t *small[] = {&a->state, &a->step,   &a->sends,    &a->guard,   &a->shown,    &a->has_payload,
                        &a->has_id, &a->by_client, &a->held, &a->resend, &a->no_retry, &a->switched,
                        &a->refusal, &a->check_no, &a->late_no, &a->hold, &a->not_found};
    int64_t *big[] = {&a->amount_minor, &a->built_ms, &a->first_send_ms, &a->entered_ms,    &a->check_ms,
                      &a->expire_ms,    &a->auth_ms,  &a->free_ms,       &a->not_found_ms,  &a->gone_ms,
                      &a->retry_ms,     &a->captured_flat, &a->reversed_flat};
    pr_wire_get_str(r, a->reference, sizeof a->reference);
    pr_wire_get_str(r, a->channel, sizeof a->channel);
    pr_wire_get_str(r, a->method, sizeof a->method);
    pr_wire_get_str(r, a->flow, sizeof a->flow);
    for (size_t i = 0; i < sizeof small / sizeof small[0]; i++) {
        *small[i] = pr_wire_get_u8(r);
    }
    a->review = pr_wire_get_u16(r);
    a->reason = pr_wire_get_u16(r);
    a->advice = pr_wire_get_u16(r);
    for (size_t i = 0; i < sizeof big / sizeof big[0]; i++) {
        *big[i] = pr_wire_get_i64(r);
    }
    a->auth_txn = pr_wire_get_u64(r);
    pr_wire_get_bytes(r, a->body_hash, sizeof a->body_hash);
}

static void put_action(pr_wire_out *w, const pr_action *x) {
    const uint8_t small[] = {x->n,     x->kind,     x->state,    x->digit,   x->sends,
                             x->asked, x->check_no, x->reviewed, x->surplus, x->not_found};
    pr_wire_bytes(w, small, sizeof small);
    pr_wire_u16(w, x->reason);
    pr_wire_i64(w, x->amount_minor);
    pr_wire_i64(w, x->built_ms);
    pr_wire_i64(w, x->first_send_ms);
    pr_wire_i64(w, x->entered_ms);
    pr_wire_i64(w, x->check_ms);
    pr_wire_i64(w, x->not_found_ms);
    pr_wire_str(w, x->caller_id);
}

static void get_action(pr_wire_in *r, pr_action *x) {
    uint8_t *small[] = {&x->n,     &x->kind,     &x->state,    &x->digit,   &x->sends,
                        &x->asked, &x->check_no, &x->reviewed, &x->surplus, &x->not_found};
    for (size_t i = 0; i < sizeof small / sizeof small[0]; i++) {
        *small[i] = pr_wire_get_u8(r);
    }
    x->reason = pr_wire_get_u16(r);
    x->amount_minor = pr_wire_get_i64(r);
    x->built_ms = pr_wire_get_i64(r);
    x->first_send_ms = pr_wire_get_i64(r);
    x->entered_ms = pr_wire_get_i64(r);
    x->check_ms = pr_wire_get_i64(r);
    x->not_found_ms = pr_wire_get_i64(r);
    pr_wire_get_str(r, x->caller_id, sizeof x->caller_id);
}

static void put_head(pr_wire_out *w, const pr_pay *p) {
    const int64_t big[] = {p->amount_minor, p->ordered_ms, p->created_ms, p->deadline_ms, p->last_ms, p->backoff_ms};
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

static void get_head(pr_wire_in *r, pr_pay *p) {
    int64_t *big[] = {&p->amount_minor, &p->ordered_ms, &p->created_ms, &p->deadline_ms, &p->last_ms, &p->backoff_ms};
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

int32_t pr_record_write(uint8_t *out, size_t cap, const pr_pay *p) {
    pr_wire_out w = {.at = out, .cap = cap, .len = 0};
    put_head(&w, p);
    pr_wire_u8(&w, p->attempt_count);
    for (int32_t i = 0; i < p->attempt_count; i++) {
        put_attempt(&w, &p->attempts[i]);
    }
    pr_wire_u8(&w, p->action_count);
    for (int32_t i = 0; i < p->action_count; i++) {
        put_action(&w, &p->actions[i]);
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

/* A checksum finds damage, not malice or another program's bug: whatever is read must still be a payment. */
static int32_t plausible(const pr_pay *p) {
    if (p->winner > p->attempt_count || p->over > PR_STATUS_FAILED || p->currency[3] != '\0' || p->amount_minor <= 0) {
        return 0;
    }
    for (int32_t i = 0; i < p->attempt_count; i++) {
        const pr_attempt *a = &p->attempts[i];
        if (a->state == PR_ST_NONE || a->state >= PR_ST_COUNT || a->step < 1 || a->step > 4 || a->guard > 2 ||
            a->reference[0] == '\0' || a->channel[0] == '\0') {
            return 0;
        }
    }
    for (int32_t i = 0; i < p->action_count; i++) {
        const pr_action *x = &p->actions[i];
        if (x->n < 1 || x->n > p->attempt_count || x->kind < PR_ACT_CLOSE || x->kind > PR_ACT_REFUND || x->digit < 1 ||
            x->digit > 9 || x->state == PR_AS_NONE || x->state >= PR_AS_COUNT) {
            return 0;
        }
    }
    for (int32_t i = 0; i < p->money_count; i++) {
        if (p->money[i].n < 1 || p->money[i].n > p->attempt_count || p->money[i].amount_minor < 0) {
            return 0;
        }
    }
    return 1;
}

static int32_t get_lists(pr_wire_in *r, pr_pay *p) {
    p->attempt_count = pr_wire_get_u8(r);
    if (p->attempt_count > PR_ATTEMPTS_MAX) {
        return 0;
    }
    for (int32_t i = 0; i < p->attempt_count; i++) {
        get_attempt(r, &p->attempts[i]);
    }
    p->action_count = pr_wire_get_u8(r);
    if (p->action_count > PR_ACTIONS_MAX) {
        return 0;
    }
    for (int32_t i = 0; i < p->action_count; i++) {
        get_action(r, &p->actions[i]);
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

int32_t pr_record_read(pr_pay *p, const uint8_t *in, size_t len) {
    if (in == NULL || len < 6 + RECORD_TRAILER) {
        return PAYROUTE_E_CHECKSUM;
    }
    pr_wire_in r = {.at = in, .len = len - RECORD_TRAILER, .pos = 0, .bad = 0};
    pr_wire_in tail = {.at = in + len - RECORD_TRAILER, .len = RECORD_TRAILER, .pos = 0, .bad = 0};
    if (pr_crc32c(in, len - RECORD_TRAILER) != pr_wire_get_u32(&tail) || pr_wire_get_u32(&r) != RECORD_MAGIC) {
        return PAYROUTE_E_CHECKSUM;
    }
    if (pr_wire_get_u16(&r) != RECORD_VERSION) {
        return PAYROUTE_E_VERSION;
    }
    pr_pay read;
    memset(&read, 0, sizeof read);
    pr_policy_default(&read.policy);
    get_head(&r, &read);
    if (!get_lists(&r, &read) || !plausible(&read)) {
        return PAYROUTE_E_CHECKSUM;
    }
    *p = read;
    return PAYROUTE_OK;
}
