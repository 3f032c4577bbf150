/* What the tests of the machine share: a payment with attempts built by hand, a clock to count from, and
   small readers. */
#ifndef CORE_FIXTURE_H
#define CORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <payroute/base.h>

#include "base/rng.h"
#include "core/machine.h"

#define NOW ((int64_t)1800000000000)
#define SECOND ((int64_t)1000)
#define MINUTE ((int64_t)60000)
#define HOUR ((int64_t)3600000)
#define DAY ((int64_t)86400000)
#define PRICE ((int64_t)1000)

static inline void fixture_pay(pr_pay *p)
{
    memset(p, 0, sizeof *p);
    p->amount_minor = PRICE;
    memcpy(p->currency, "CNY", 4);
    p->ordered_ms = p->created_ms = NOW - 10 * MINUTE;
    p->deadline_ms = NOW + 20 * MINUTE;
    p->lease_epoch = 5;
    p->last_ms = NOW;
    p->wants_start = 1;
    p->present = 1;
    pr_policy_default(&p->policy);
}

/* A wallet by QR code: the customer acts, our reference is the key, the order can be closed and refunded. */
static inline void fixture_qr(pr_facts *f)
{
    memset(f, 0, sizeof *f);
    f->flags = PR_FACT_BY_CUSTOMER | PR_FACT_REPEAT_SAFE | PR_FACT_CAN_CLOSE | PR_FACT_CLOSE_BLIND |
               PR_FACT_REFUND | PR_FACT_REFUND_KEYED | PR_FACT_EXPIRES | PR_FACT_LOOKUP |
               PR_FACT_REFUND_LOOKUP;
    f->lookup = PR_LOOKUP_OUR_REF;
    f->late_send = PR_LATE_NONE;
    f->steps = 1;
    f->money_steps = 1;
    f->key_ttl_ms = INT64_MAX;
    f->pay_ms = 5 * MINUTE;
    f->max_pending_ms = DAY;
    f->review_ms = 2 * HOUR;
}

/* A card in one request: money moves inside our call, a signed time bounds a late copy. */
static inline void fixture_card(pr_facts *f)
{
    fixture_qr(f);
    f->flags = PR_FACT_REPEAT_SAFE | PR_FACT_REPLAYS_DECLINE | PR_FACT_REFUND | PR_FACT_REFUND_KEYED |
               PR_FACT_LOOKUP | PR_FACT_REFUND_LOOKUP;
    f->late_send = PR_LATE_WINDOW;
    f->late_window_s = 300;
    f->key_ttl_ms = DAY;
    f->review_ms = DAY;
}

/* A container in two steps, asked for by the provider's id, closed by a cancel that is a tombstone. */
static inline void fixture_intent(pr_facts *f)
{
    fixture_card(f);
    f->flags |= PR_FACT_CONTAINER | PR_FACT_CAN_CLOSE | PR_FACT_CLIENT;
    f->lookup = PR_LOOKUP_PROVIDER_ID;
    f->late_send = PR_LATE_TOMBSTONE;
    f->steps = 2;
    f->money_steps = 2;
}

/* Appends an attempt in `state`, with nothing else true of it. */
static inline pr_attempt *fixture_attempt(pr_pay *p, int32_t state, void (*facts)(pr_facts *))
{
    pr_attempt *a = &p->attempts[p->attempt_count++];
    memset(a, 0, sizeof *a);
    snprintf(a->reference, sizeof a->reference, "REF%d", p->attempt_count);
    snprintf(a->channel, sizeof a->channel, "channel%d", p->attempt_count);
    memcpy(a->method, "alipay", 7);
    memcpy(a->flow, "qr", 3);
    facts(&a->facts);
    a->state = (uint8_t)state;
    a->step = 1;
    a->amount_minor = PRICE;
    a->built_ms = a->entered_ms = NOW - MINUTE;
    a->expire_ms = NOW + 5 * MINUTE;
    a->check_ms = NOW + MINUTE;
    if (pr_state_free(state)) {
        a->free_ms = NOW - MINUTE;
    } else if (state != PR_ST_PAID && state != PR_ST_AUTHORIZED && state != PR_ST_SURPLUS) {
        a->guard = (uint8_t)p->attempt_count;
        a->guard = a->guard > 2 ? 0 : a->guard;
    }
    return a;
}

static inline int32_t fixture_feed(pr_pay *p, int32_t n, int32_t event, int32_t source, int64_t now_ms)
{
    pr_input in;
    pr_input_init(&in, event, source, now_ms);
    return pr_machine_attempt(p, n, &in);
}

static inline int32_t fixture_news(const pr_pay *p, int32_t kind)
{
    int32_t count = 0;
    for (int32_t i = 0; i < p->news_count; i++) {
        count += p->news[i].kind == kind;
    }
    return count;
}

/* The seed of a random test: its own, or the one of the environment; printed either way. */
static inline uint64_t fixture_seed(const char *what, uint64_t standard)
{
    const char *given = getenv("PR_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 0) : standard;
    printf("%s: PR_SEED=%llu\n", what, (unsigned long long)seed);
    return seed;
}

#endif
