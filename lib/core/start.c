/* The rule of a new attempt (I1): only when every earlier one is free, by proof. The database says so again
   with its unique slot. */
#include "core/machine.h"

#include <payroute/base.h>

/* 1: may stand beside a new attempt: the merchant allowed it for this channel, and the customer has turned
   away from it. */
static int32_t may_overlap(const pr_pay *p, const pr_attempt *a, int64_t now_ms)
{
    int32_t quiet = a->state == PR_ST_WAITING || a->state == PR_ST_CLOSING;
    return quiet && (a->facts.flags & PR_FACT_OVERLAP) != 0 && pr_unwanted(p, a, now_ms);
}

int32_t pr_startable(const pr_pay *p, int64_t now_ms)
{
    if (!p->wants_start || !p->present || p->winner != 0 || p->cancelled || p->over != 0 || p->no_channel ||
        now_ms >= p->deadline_ms || p->attempt_count >= p->policy.value[PR_POLICY_max_attempts]) {
        return 0;
    }
    int32_t beside = 0;
    int32_t taken = 0;
    for (int32_t i = 0; i < p->attempt_count; i++) {
        const pr_attempt *a = &p->attempts[i];
        if (a->held || a->review != 0) {
            return 0;
        }
        taken |= a->guard;
        if (!pr_state_free(a->state)) {
            if (!may_overlap(p, a, now_ms)) {
                return 0;
            }
            beside++;
        }
    }
    if (beside > 1 || taken == 3) {
        return 0;
    }
    return (taken & 1) != 0 ? 2 : 1;
}

int32_t pr_start(pr_pay *p, const pr_attempt *wish, int64_t now_ms)
{
    int32_t slot = pr_startable(p, now_ms);
    if (slot == 0) {
        return 0;
    }
    pr_attempt *a = &p->attempts[p->attempt_count++];
    *a = *wish;
    a->state = PR_ST_INTENT;
    a->guard = (uint8_t)slot;
    a->step = 1;
    a->built_ms = now_ms;
    a->entered_ms = now_ms;
    a->check_ms = now_ms;
    p->backoff_ms = 0;
    p->dirty = 1;
    p->dirty_attempts |= 1u << (p->attempt_count - 1);
    return p->attempt_count;
}
