/* Time passes: steps of the clock are noticed, expiries and reviews fire, and what a dead worker left half
   done is found. Time alone never
   turns unknown into failed. */
#include "core/machine.h"

#include <payroute/base.h>

enum { STEP_BACK_MS = 2000, AGREE_MS = 60000 };

/* What was measured by a clock that cannot be trusted proves nothing: quarantines and lookups in a row
   begin again. */
static void restart_quarantines(pr_pay *p, int64_t now_ms)
{
    for (int32_t i = 0; i < p->attempt_count; i++) {
        pr_attempt *a = &p->attempts[i];
        if (!pr_state_free(a->state)) {
            a->built_ms = now_ms;
            a->not_found = 0;
            a->gone_ms = 0;
            p->dirty_attempts |= 1u << i;
        }
    }
    for (int32_t i = 0; i < p->action_count; i++) {
        if (pr_action_open(p->actions[i].state)) {
            p->actions[i].built_ms = now_ms;
            p->actions[i].not_found = 0;
            p->dirty_actions |= 1u << i;
        }
    }
    p->dirty = 1;
}

/* What was planned by a clock that was ahead comes earlier by as much as the clock went back. */
static int64_t pulled(int64_t at_ms, int64_t back_ms, int64_t now_ms)
{
    if (at_ms == INT64_MAX || at_ms <= now_ms) {
        return at_ms;
    }
    return at_ms - back_ms > now_ms ? at_ms - back_ms : now_ms;
}

static void step_back(pr_pay *p, int64_t now_ms)
{
    int64_t back_ms = p->last_ms - now_ms;
    p->clock_suspect = 1;
    restart_quarantines(p, now_ms);
    for (int32_t i = 0; i < p->attempt_count; i++) {
        pr_attempt *a = &p->attempts[i];
        int64_t lapses_ms = pr_add_ms(now_ms, a->facts.auth_ttl_ms);
        a->check_ms = pulled(a->check_ms, back_ms, now_ms);
        a->free_ms = a->free_ms > now_ms ? now_ms : a->free_ms; /* what is asked now is asked after it */
        a->entered_ms = a->entered_ms > now_ms ? now_ms : a->entered_ms;
        a->auth_ms = a->facts.auth_ttl_ms > 0 && a->auth_ms > lapses_ms ? lapses_ms : a->auth_ms;
    }
    for (int32_t i = 0; i < p->action_count; i++) {
        pr_action *x = &p->actions[i];
        x->check_ms = pulled(x->check_ms, back_ms, now_ms);
        x->entered_ms = x->entered_ms > now_ms ? now_ms : x->entered_ms;
    }
}

void pr_clock_compare(pr_pay *p, int64_t provider_ms, int64_t now_ms)
{
    int64_t drift = provider_ms - now_ms;
    uint8_t suspect = drift > AGREE_MS || drift < -AGREE_MS;
    if (suspect == p->clock_suspect) {
        return;
    }
    p->clock_suspect = suspect;
    p->soft = 1;
    if (!suspect) {
        restart_quarantines(p, now_ms); /* the times on record are the other clock's */
    }
}

static void fire(pr_pay *p, int32_t n, int32_t event, int64_t now_ms)
{
    pr_input in;
    pr_input_init(&in, event, PR_SOURCE_ENGINE, now_ms);
    (void)pr_machine_attempt(p, n, &in);
}

/* A void that was refused is none: the hold still stands. */
static int32_t voided(const pr_pay *p, int32_t n)
{
    int32_t i = pr_action_find(p, n, PR_ACT_VOID);
    return i >= 0 && p->actions[i].state != PR_AS_FAILED;
}

/* Only where the cell does something now: a wish that cannot be carried out yet must not push the schedule. */
static int32_t close_does_something(const pr_pay *p, int32_t n)
{
    const pr_attempt *a = &p->attempts[n - 1];
    int32_t unshown = (a->facts.flags & PR_FACT_BY_CUSTOMER) != 0 && !a->shown;
    switch (a->state) {
    case PR_ST_INTENT: return a->sends == 0;
    case PR_ST_UNKNOWN:
    case PR_ST_WAITING: return unshown || pr_can_close(a);
    case PR_ST_PROCESSING: return pr_can_close(a);
    case PR_ST_AUTHORIZED: return p->cancelled && !voided(p, n);
    default: return 0;
    }
}

static void review_attempt(pr_pay *p, int32_t n, int64_t now_ms)
{
    pr_attempt *a = &p->attempts[n - 1];
    int64_t age = now_ms - a->entered_ms;
    switch (a->state) {
    case PR_ST_UNKNOWN:
    case PR_ST_CLOSING:
    case PR_ST_SURPLUS:
        if (age >= a->facts.review_ms && (a->review & PR_REVIEW_UNKNOWN_LONG) == 0) {
            fire(p, n, PR_EV_T_REVIEW, now_ms);
        }
        break;
    case PR_ST_PROCESSING:
        if (age >= a->facts.max_pending_ms && (a->review & PR_REVIEW_UNKNOWN_LONG) == 0) {
            fire(p, n, PR_EV_T_REVIEW, now_ms);
        }
        break;
    case PR_ST_AUTHORIZED: {
        int32_t capture = pr_action_find(p, n, PR_ACT_CAPTURE);
        int32_t busy = capture >= 0 && pr_action_open(p->actions[capture].state);
        if (!busy && !voided(p, n)) {
            fire(p, n, PR_EV_T_REVIEW, now_ms);
        }
        break;
    }
    default:
        if (a->held && age >= a->facts.review_ms && (a->review & PR_REVIEW_UNKNOWN_LONG) == 0) {
            fire(p, n, PR_EV_T_REVIEW, now_ms);
        }
        break;
    }
}

static void review_action(pr_pay *p, int32_t i, int64_t now_ms)
{
    pr_action *x = &p->actions[i];
    const pr_attempt *a = &p->attempts[x->n - 1];
    if (!pr_action_open(x->state)) {
        return;
    }
    if (x->kind == PR_ACT_CLOSE && pr_state_free(a->state) &&
        x->sends >= p->policy.value[PR_POLICY_max_courtesy]) {
        x->state = PR_AS_FAILED; /* the attempt is free by proof already: the close was a courtesy */
        x->check_ms = INT64_MAX;
        p->dirty = 1;
        p->dirty_actions |= 1u << i;
        return;
    }
    if (!x->reviewed && now_ms - x->entered_ms >= a->facts.review_ms) {
        pr_input in;
        pr_input_init(&in, PR_AE_T_REVIEW, PR_SOURCE_ENGINE, now_ms);
        (void)pr_machine_action(p, i, &in);
    }
}

void pr_clock_tick(pr_pay *p, int64_t now_ms)
{
    if (now_ms < p->last_ms - STEP_BACK_MS) {
        step_back(p, now_ms);
    }
    p->last_ms = now_ms;
    for (int32_t n = 1; n <= p->attempt_count; n++) {
        const pr_attempt *a = &p->attempts[n - 1];
        int32_t unwanted = pr_unwanted(p, a, now_ms);
        if (unwanted && close_does_something(p, n)) {
            fire(p, n, PR_EV_CLOSE_WANTED, now_ms);
        } else if (unwanted && a->state == PR_ST_INTENT && now_ms >= p->lease_until_ms) {
            fire(p, n, PR_EV_LOST, now_ms); /* it was to go out once more, and now shall not */
        }
        review_attempt(p, n, now_ms);
    }
    for (int32_t i = 0; i < p->action_count; i++) {
        review_action(p, i, now_ms);
    }
}

void pr_clock_recover(pr_pay *p, int64_t now_ms)
{
    for (int32_t n = 1; n <= p->attempt_count; n++) {
        if (p->attempts[n - 1].state == PR_ST_INTENT) {
            fire(p, n, PR_EV_LOST, now_ms);
        }
    }
    for (int32_t i = 0; i < p->action_count; i++) {
        if (p->actions[i].state == PR_AS_INTENT) {
            pr_input in;
            pr_input_init(&in, PR_AE_LOST, PR_SOURCE_ENGINE, now_ms);
            (void)pr_machine_action(p, i, &in);
        }
    }
}
