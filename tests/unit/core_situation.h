/* Random but consistent situations of one attempt and one input for it: every number that a predicate looks
   at takes the values on both sides
   of its edge. */
#ifndef CORE_SITUATION_H
#define CORE_SITUATION_H

#include "core_fixture.h"

typedef struct situation {
    pr_pay p;
    pr_input in;
} situation;

static inline int64_t pick(pr_rng *r, const int64_t *values, uint32_t count)
{
    return values[pr_rng_below(r, count)];
}
#define PICK(r, ...)                                                                                         \
    pick(r, (const int64_t[]){__VA_ARGS__},                                                                  \
         (uint32_t)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)))

static inline void situate_facts(pr_rng *r, pr_facts *f)
{
    fixture_qr(f);
    f->flags = pr_rng_u32(r) &
               (PR_FACT_BY_CUSTOMER | PR_FACT_CONTAINER | PR_FACT_CLIENT | PR_FACT_REPEAT_SAFE |
                PR_FACT_REPLAYS_DECLINE | PR_FACT_CAN_CLOSE | PR_FACT_CLOSE_REVERSES | PR_FACT_CLOSE_BLIND |
                PR_FACT_REFUND | PR_FACT_REFUND_KEYED | PR_FACT_EXPIRES | PR_FACT_LOOKUP);
    if (pr_rng_below(r, 3) != 0) {
        f->flags |= PR_FACT_LOOKUP;
    }
    f->lookup =
        (int32_t)PICK(r, PR_LOOKUP_OUR_REF, PR_LOOKUP_OUR_REF, PR_LOOKUP_PROVIDER_ID, PR_LOOKUP_REPLAY);
    f->late_send = (int32_t)PICK(r, PR_LATE_NONE, PR_LATE_WINDOW, PR_LATE_TOMBSTONE);
    f->late_window_s = (int32_t)PICK(r, 300, 1200);
    f->steps = (int32_t)PICK(r, 1, 2);
    f->money_steps = f->steps == 1 ? 1 : (uint32_t)PICK(r, 2, 3);
    f->key_ttl_ms = PICK(r, 0, INT64_MAX, HOUR, DAY);
    f->auth_ttl_ms = PICK(r, 0, DAY);
}

static inline void situate_money(pr_rng *r, pr_pay *p, pr_attempt *a)
{
    int64_t captured = 0;
    if (a->state == PR_ST_PAID) {
        captured = PICK(r, PRICE, PRICE + 500);
    } else if (a->state == PR_ST_SURPLUS) {
        captured = PICK(r, 0, PRICE);
    } else if (a->state == PR_ST_REVERSED) {
        captured = PICK(r, PRICE, PRICE, 0); /* 0: a person said that it was refunded */
    }
    if (captured > 0 && pr_rng_below(r, 2) == 0) {
        p->money[p->money_count++] =
            (pr_money){.id = 11, .amount_minor = captured, .n = 1, .kind = PR_MONEY_CAPTURE};
    } else {
        a->captured_flat = captured;
    }
    if (a->state == PR_ST_REVERSED && captured > 0) {
        p->money[p->money_count++] =
            (pr_money){.id = 21, .amount_minor = PRICE, .n = 1, .kind = PR_MONEY_REFUND};
    }
}

static inline void situate_action(pr_rng *r, pr_pay *p, int32_t kind, int64_t amount)
{
    pr_action *x = &p->actions[p->action_count++];
    memset(x, 0, sizeof *x);
    x->n = 1;
    x->kind = (uint8_t)kind;
    x->digit = 1;
    x->sends = (uint8_t)PICK(r, 0, 1, 2);
    x->state =
        (uint8_t)(x->sends > 0 ? PICK(r, PR_AS_INTENT, PR_AS_UNKNOWN, PR_AS_PROCESSING) : PR_AS_INTENT);
    x->amount_minor = amount;
    x->built_ms = x->entered_ms = NOW - MINUTE;
    x->check_ms = NOW + MINUTE;
}

static inline void situate_actions(pr_rng *r, pr_pay *p, pr_attempt *a)
{
    int64_t owed = a->state == PR_ST_PAID ? pr_captured(p, 1) - PRICE : pr_captured(p, 1);
    if (a->state == PR_ST_CLOSING && pr_rng_below(r, 4) != 0) {
        situate_action(r, p, PR_ACT_CLOSE, 0);
        if (pr_rng_below(r, 4) == 0) {
            p->actions[0].sends = 1;
            p->actions[0].state = PR_AS_DONE;
        }
    } else if (a->state == PR_ST_AUTHORIZED && pr_rng_below(r, 2) == 0) {
        situate_action(r, p, PR_ACT_CAPTURE, PRICE);
    } else if (a->state == PR_ST_SURPLUS && owed == 0) {
        situate_action(r, p, PR_ACT_VOID, 0);
    } else if ((a->state == PR_ST_SURPLUS || (a->state == PR_ST_PAID && owed > 0)) &&
               pr_rng_below(r, 3) != 0) {
        situate_action(r, p, PR_ACT_REFUND, owed);
        p->actions[0].surplus = 1;
    } else if (a->state == PR_ST_SURPLUS) {
        a->review = PR_REVIEW_NO_REFUND;
    }
}

static inline void situate_attempt(pr_rng *r, pr_pay *p, int32_t state)
{
    pr_attempt *a = fixture_attempt(p, state, fixture_qr);
    int32_t free = pr_state_free(state);
    situate_facts(r, &a->facts);
    a->step = (uint8_t)(a->facts.steps == 2 ? PICK(r, 1, 2) : 1);
    a->sends = (uint8_t)PICK(r, 0, 1, 1, 2, 3, 4);
    a->first_send_ms =
        a->sends == 0 ? 0 : NOW - PICK(r, 1, 50 * MINUTE - 1, 50 * MINUTE, 1296 * MINUTE - 1, 1296 * MINUTE);
    a->shown = (uint8_t)pr_rng_below(r, 2);
    a->has_id = (uint8_t)pr_rng_below(r, 2);
    a->has_payload = (uint8_t)(!free && pr_rng_below(r, 2));
    a->by_client = (uint8_t)pr_rng_below(r, 2);
    a->no_retry = pr_rng_below(r, 4) == 0;
    a->switched = pr_rng_below(r, 6) == 0;
    a->held = state >= PR_ST_FAILED && pr_rng_below(r, 3) == 0;
    a->check_no = (uint8_t)PICK(r, 0, 3, 12);
    a->not_found = (uint8_t)PICK(r, 0, 1, 2);
    a->not_found_ms = NOW - PICK(r, MINUTE, MINUTE - 1, HOUR);
    a->gone_ms = PICK(r, 0, NOW - MINUTE, NOW - MINUTE + 1, NOW - HOUR);
    a->built_ms = NOW - PICK(r, MINUTE, 15 * MINUTE - 1, 15 * MINUTE, 21 * MINUTE - 1, 21 * MINUTE);
    a->expire_ms = NOW + PICK(r, -10 * MINUTE, -MINUTE, -1, 0, 1, 5 * MINUTE);
    a->free_ms = free ? NOW - HOUR : 0;
    a->entered_ms = NOW - PICK(r, MINUTE, DAY - 1, DAY);
    a->auth_ms = PICK(r, 0, NOW + DAY, NOW + DAY + 1, NOW - 1);
    a->auth_txn = (uint64_t)PICK(r, 0, 11, 12);
    situate_money(r, p, a);
    situate_actions(r, p, a);
}

/* A second attempt: free, waiting for its customer, or the winner. */
static inline void situate_other(pr_rng *r, pr_pay *p, int32_t state)
{
    int32_t own = state == PR_ST_AUTHORIZED || state == PR_ST_PAID ||
                  (state == PR_ST_REVERSED && pr_captured(p, 1) > 0 && pr_rng_below(r, 3) == 0);
    int32_t kind = (int32_t)pr_rng_below(r, 3);
    p->winner = own ? 1 : kind == 0 ? 2 : 0;
    int32_t on_its_way = state == PR_ST_INTENT || state == PR_ST_UNKNOWN;
    pr_attempt *b = fixture_attempt(p,
                                    p->winner == 2             ? PR_ST_PAID
                                    : kind == 1 && !on_its_way ? PR_ST_WAITING
                                                               : PR_ST_FAILED,
                                    fixture_qr);
    b->shown = 1;
    b->sends = 1;
    b->has_payload = b->state == PR_ST_WAITING;
    b->captured_flat = b->state == PR_ST_PAID ? PRICE : 0;
    p->cancelled = pr_rng_below(r, 6) == 0 && (p->winner == 0 || state == PR_ST_AUTHORIZED);
    if (p->winner == 0 && !p->cancelled) {
        p->over = (uint8_t)PICK(r, 0, 0, 0, PR_STATUS_DECLINED, PR_STATUS_EXPIRED, PR_STATUS_FAILED);
    }
    for (int32_t i = PR_POLICY_late_expired; i <= PR_POLICY_late_cancelled; i++) {
        p->policy.value[i] = (int64_t)pr_rng_below(r, 2);
    }
    p->clock_suspect = pr_rng_below(r, 6) == 0;
}

static inline void situate_input(pr_rng *r, situation *s, int32_t event)
{
    pr_attempt *a = &s->p.attempts[0];
    pr_input *in = &s->in;
    int32_t source = event <= PR_EV_MISMATCH ? PR_SOURCE_ANSWER
                     : event < PR_EV_DISPATCH
                         ? (int32_t)PICK(r, PR_SOURCE_LOOKUP, PR_SOURCE_NOTICE, PR_SOURCE_ANSWER)
                     : event > PR_EV_T_REVIEW ? PR_SOURCE_PERSON
                                              : PR_SOURCE_ENGINE;
    pr_input_init(in, event, source, NOW);
    in->send_no = source == PR_SOURCE_ANSWER ? (int32_t)PICK(r, 1, 1, 2) : 0;
    in->lease_epoch = PICK(r, 5, 5, 4);
    in->asked_ms = source == PR_SOURCE_LOOKUP ? NOW - PICK(r, 0, 1, 2 * HOUR) : NOW;
    in->provider_ms =
        PICK(r, 0, NOW, a->expire_ms + MINUTE, a->expire_ms + MINUTE - 1, NOW + MINUTE, NOW + MINUTE + 1);
    in->final = (int32_t)pr_rng_below(r, 2);
    in->by_client = pr_rng_below(r, 4) == 0;
    in->should_retry = source == PR_SOURCE_ENGINE ? -1 : (int32_t)PICK(r, -1, -1, 0, 1);
    if (event >= PR_EV_AUTH && event <= PR_EV_REFUND_UNDONE) {
        in->txn = (uint64_t)PICK(r, 0, 11, 12);
        in->amount_minor = event == PR_EV_AUTH || event == PR_EV_PAID ? PRICE : PICK(r, -1, 400, PRICE);
        in->reversed_total_minor =
            event == PR_EV_AUTH || event == PR_EV_PAID ? -1 : PICK(r, -1, 400, PRICE, 2 * PRICE);
    }
}

static inline void situate(pr_rng *r, situation *s, int32_t state, int32_t event)
{
    memset(s, 0, sizeof *s);
    fixture_pay(&s->p);
    situate_attempt(r, &s->p, state);
    situate_other(r, &s->p, state);
    situate_input(r, s, event);
}

#endif
