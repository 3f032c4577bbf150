/* What the host sees: status at any time, and whether it is final. First match, as the specification's
   table. PENDING never means "maybe
   failed". */
#include "core/machine.h"

#include <payroute/base.h>

static int32_t parked(const pr_pay *p, int32_t n)
{
    const pr_attempt *a = &p->attempts[n - 1];
    int32_t i = pr_action_find(p, n, PR_ACT_CLOSE);
    return a->state == PR_ST_CLOSING && (p->present || (i >= 0 && p->actions[i].sends > 0));
}

/* Every attempt but `except` is free, or owes money and its action is written, or its close is under way
   elsewhere. */
static int32_t others_settled(const pr_pay *p, int32_t except)
{
    for (int32_t n = 1; n <= p->attempt_count; n++) {
        const pr_attempt *a = &p->attempts[n - 1];
        if (n != except && !pr_state_free(a->state) && a->state != PR_ST_SURPLUS && !parked(p, n)) {
            return 0;
        }
    }
    return 1;
}

static int32_t all_free(const pr_pay *p)
{
    for (int32_t i = 0; i < p->attempt_count; i++) {
        if (!pr_state_free(p->attempts[i].state)) {
            return 0;
        }
    }
    return 1;
}

static int32_t unsettled(const pr_pay *p)
{
    for (int32_t i = 0; i < p->attempt_count; i++) {
        const pr_attempt *a = &p->attempts[i];
        if (!pr_state_free(a->state) || a->held || a->review != 0) {
            return 1;
        }
    }
    return 0;
}

/* Shown, past its time, and nothing can end it but the customer: over for the shop, watched on. */
static int32_t only_hopes_left(const pr_pay *p, int64_t now_ms)
{
    int32_t open = 0;
    for (int32_t i = 0; i < p->attempt_count; i++) {
        const pr_attempt *a = &p->attempts[i];
        if (pr_state_free(a->state)) {
            continue;
        }
        int32_t ends = pr_can_close(a) || (a->facts.flags & PR_FACT_EXPIRES) != 0 ||
                       a->facts.late_send == PR_LATE_WINDOW;
        if ((a->facts.flags & PR_FACT_BY_CUSTOMER) == 0 || a->review != 0 || a->state == PR_ST_PROCESSING ||
            now_ms < a->expire_ms || ends) {
            return 0;
        }
        open = 1;
    }
    return open;
}

int32_t pr_may_still_pay(const pr_pay *p)
{
    for (int32_t i = 0; i < p->attempt_count; i++) {
        if (!pr_state_free(p->attempts[i].state) && p->attempts[i].state != PR_ST_SURPLUS &&
            p->winner != i + 1) {
            return 1;
        }
    }
    return 0;
}

static int32_t no_more(const pr_pay *p)
{
    return p->wants_start && (p->no_channel || p->attempt_count >= p->policy.value[PR_POLICY_max_attempts]);
}

int32_t pr_status(const pr_pay *p, int64_t now_ms, int32_t *final)
{
    *final = 1;
    if (p->winner != 0) {
        const pr_attempt *w = &p->attempts[p->winner - 1];
        if (w->state == PR_ST_PAID || w->state == PR_ST_REVERSED) {
            *final = others_settled(p, p->winner);
            return w->state == PR_ST_PAID ? PR_STATUS_PAID : PR_STATUS_REVERSED;
        }
        *final = 0;
        return PR_STATUS_AUTHORIZED;
    }
    if (p->over != 0) {
        return p->over; /* only a retry or reviving money changes a verdict */
    }
    if (p->cancelled) {
        *final = others_settled(p, 0);
        return *final ? PR_STATUS_CANCELLED : PR_STATUS_PENDING;
    }
    if ((all_free(p) && !unsettled(p) && now_ms >= p->deadline_ms) || only_hopes_left(p, now_ms)) {
        return PR_STATUS_EXPIRED;
    }
    if (unsettled(p)) {
        *final = 0;
        return PR_STATUS_PENDING;
    }
    if (p->attempt_count > 0 && p->last_refusal == PR_REFUSAL_HARD) {
        return PR_STATUS_DECLINED;
    }
    if (no_more(p)) {
        return p->last_refusal >= PR_REFUSAL_SOFT ? PR_STATUS_DECLINED : PR_STATUS_FAILED;
    }
    *final = 0;
    return PR_STATUS_OPEN;
}

void pr_verdict_settle(pr_pay *p, int64_t now_ms)
{
    int32_t final = 0;
    int32_t status = pr_status(p, now_ms, &final);
    if (!final || p->over == status) {
        return;
    }
    p->over = (uint8_t)status;
    p->dirty = 1;
    if (status == PR_STATUS_EXPIRED) {
        pr_news_add(p, PR_NEWS_EXPIRED, 0, p->amount_minor);
    }
}
