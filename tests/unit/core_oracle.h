/* The predicates of the specification (3.3), written a second time from its words and not from
   lib/core/predicate.c. */
#ifndef CORE_ORACLE_H
#define CORE_ORACLE_H

#include "core_fixture.h"

static inline int32_t oracle_flag(const pr_attempt *a, uint32_t flag)
{
    return (a->facts.flags & flag) == flag;
}

static inline int64_t oracle_ids(const pr_pay *p, int32_t n, int32_t kind)
{
    int64_t sum = 0;
    for (int32_t i = 0; i < p->money_count; i++) {
        sum += p->money[i].n == n && p->money[i].kind == kind ? p->money[i].amount_minor : 0;
    }
    return sum;
}

static inline int64_t oracle_captured(const pr_pay *p, int32_t n)
{
    int64_t ids = oracle_ids(p, n, PR_MONEY_CAPTURE);
    return ids > p->attempts[n - 1].captured_flat ? ids : p->attempts[n - 1].captured_flat;
}

static inline int64_t oracle_reversed(const pr_pay *p, int32_t n)
{
    int64_t ids = oracle_ids(p, n, PR_MONEY_REFUND);
    int64_t most = ids > p->attempts[n - 1].reversed_flat ? ids : p->attempts[n - 1].reversed_flat;
    most -= oracle_ids(p, n, PR_MONEY_UNDONE);
    return most > 0 ? most : 0;
}

static inline int32_t oracle_open(const pr_action *x)
{
    return x->state == PR_AS_INTENT || x->state == PR_AS_UNKNOWN || x->state == PR_AS_PROCESSING;
}

/* An open action of this kind that was sent. */
static inline int32_t oracle_out(const pr_pay *p, int32_t n, int32_t kind)
{
    for (int32_t i = 0; i < p->action_count; i++) {
        const pr_action *x = &p->actions[i];
        if (x->n == n && x->kind == kind && x->sends > 0 && oracle_open(x)) {
            return 1;
        }
    }
    return 0;
}

static inline int32_t oracle_free_step(const pr_attempt *a)
{
    return a->step < a->facts.steps && !(a->facts.money_steps & (1u << (a->step - 1)));
}

static inline int32_t oracle_alive(const pr_pay *p, const pr_attempt *a, int64_t now)
{
    int64_t ttl = a->facts.key_ttl_ms;
    if (p->clock_suspect || ttl == 0) {
        return 0;
    }
    if (ttl == INT64_MAX || a->first_send_ms == 0) {
        return 1;
    }
    int64_t margin = 10 * MINUTE;
    if (ttl / 10 > margin) {
        margin = ttl / 10;
    }
    return now - a->first_send_ms < ttl - margin;
}

static inline int32_t oracle_unwanted(const pr_pay *p, int32_t n, const pr_attempt *a, int64_t now)
{
    if ((p->winner && p->winner != n) || p->cancelled || a->switched) {
        return 1;
    }
    int32_t before_it = a->state == PR_ST_INTENT || a->state == PR_ST_UNKNOWN;
    int32_t waits = a->state == PR_ST_WAITING || (before_it && oracle_flag(a, PR_FACT_BY_CUSTOMER));
    return waits && a->expire_ms <= now;
}

static inline int32_t oracle_live(const pr_pay *p)
{
    int32_t revive = 1;
    if (p->cancelled || p->over == PR_STATUS_CANCELLED) {
        return p->winner == 0 && p->cancelled && p->policy.value[PR_POLICY_late_cancelled];
    }
    if (p->over == PR_STATUS_EXPIRED) {
        revive = (int32_t)p->policy.value[PR_POLICY_late_expired];
    } else if (p->over == PR_STATUS_DECLINED) {
        revive = (int32_t)p->policy.value[PR_POLICY_late_declined];
    } else if (p->over == PR_STATUS_FAILED) {
        revive = (int32_t)p->policy.value[PR_POLICY_late_failed];
    }
    return p->winner == 0 && revive;
}

static inline int32_t oracle_sole(const pr_pay *p, const pr_attempt *a, const pr_input *in)
{
    return oracle_free_step(a) || (a->sends == 1 && in->source == PR_SOURCE_ANSWER &&
                                   in->send_no == a->sends && in->lease_epoch == p->lease_epoch);
}

static inline int32_t oracle_expired_there(const pr_pay *p, const pr_attempt *a, const pr_input *in)
{
    (void)p;
    int32_t past = in->provider_ms != 0 && in->provider_ms >= a->expire_ms + 60 * SECOND;
    return oracle_flag(a, PR_FACT_EXPIRES) && a->gone_ms != 0 && past &&
           in->asked_ms >= a->gone_ms + 60 * SECOND;
}

/* `a` is as it was before this input: lookups in a row are counted here. */
static inline int32_t oracle_gone(const pr_pay *p, const pr_attempt *a, const pr_input *in)
{
    if (oracle_flag(a, PR_FACT_BY_CUSTOMER) && !a->shown) {
        return 1;
    }
    if (oracle_expired_there(p, a, in)) {
        return 1;
    }
    if (a->facts.late_send == PR_LATE_TOMBSTONE) {
        for (int32_t i = 0; i < p->action_count; i++) {
            if (p->actions[i].n == 1 && p->actions[i].kind == PR_ACT_CLOSE &&
                p->actions[i].state == PR_AS_DONE) {
                return 1;
            }
        }
        return 0;
    }
    if (a->facts.late_send != PR_LATE_WINDOW || p->clock_suspect) {
        return 0;
    }
    int32_t absent = in->event == PR_EV_ST_NOT_FOUND;
    int32_t row = in->source == PR_SOURCE_LOOKUP ? (absent ? a->not_found + 1 : 0) : a->not_found;
    int64_t first =
        in->source == PR_SOURCE_LOOKUP && absent && a->not_found == 0 ? in->asked_ms : a->not_found_ms;
    int64_t wait = (a->facts.late_window_s + 60) * SECOND;
    wait = wait > 15 * MINUTE ? wait : 15 * MINUTE;
    int64_t drift = in->provider_ms ? in->provider_ms - in->now_ms : 0;
    return row >= 2 && in->asked_ms - first >= 60 * SECOND && in->asked_ms - a->built_ms >= wait &&
           in->asked_ms - first >= wait && drift <= MINUTE && drift >= -MINUTE;
}

static inline int32_t oracle_may_resend(const pr_pay *p, const pr_attempt *a, const pr_input *in)
{
    int32_t said_no =
        in->source == PR_SOURCE_ANSWER && in->should_retry >= 0 ? !in->should_retry : a->no_retry;
    return oracle_alive(p, a, in->now_ms) && oracle_flag(a, PR_FACT_REPEAT_SAFE) && a->sends <= 2 &&
           !said_no && in->should_retry != 0 && !oracle_unwanted(p, 1, a, in->now_ms);
}

static inline int32_t oracle_can_close(const pr_attempt *a)
{
    return oracle_flag(a, PR_FACT_CAN_CLOSE) && (oracle_flag(a, PR_FACT_CLOSE_BLIND) || a->has_id);
}

static inline int32_t oracle_can_look(const pr_attempt *a)
{
    return oracle_flag(a, PR_FACT_LOOKUP) &&
           (a->facts.lookup == PR_LOOKUP_OUR_REF || (a->facts.lookup == PR_LOOKUP_PROVIDER_ID && a->has_id));
}

#endif
