/* What is due, first match: the order of the specification's `next`. Pure: it arms nothing and changes
   nothing. */
#include "core/machine.h"

#include <payroute/base.h>

static int32_t due(int64_t at_ms, int64_t now_ms)
{
    return at_ms != INT64_MAX && at_ms <= now_ms;
}

static int32_t resendable(const pr_pay *p, const pr_attempt *a, int64_t now_ms)
{
    pr_input in;
    pr_input_init(&in, PR_EV_DISPATCH, PR_SOURCE_ENGINE, now_ms);
    return pr_predicate(p, a, &in, PR_P_MAY_RESEND);
}

static int32_t first_send(const pr_pay *p, const pr_attempt *a, int64_t now_ms)
{
    return a->state == PR_ST_INTENT && !pr_unwanted(p, a, now_ms) &&
           (a->sends == 0 || due(a->check_ms, now_ms));
}

static pr_task task(int32_t todo, int32_t n, int32_t action)
{
    return (pr_task){.todo = todo, .n = n, .action = action};
}

static pr_task plan_sends(const pr_pay *p, int64_t now_ms, int32_t may_act)
{
    for (int32_t n = 1; n <= p->attempt_count; n++) {
        const pr_attempt *a = &p->attempts[n - 1];
        if (a->held && due(a->check_ms, now_ms) && pr_can_look(a)) {
            return task(PR_DO_QUERY, n, -1);
        }
    }
    for (int32_t n = 1; n <= p->attempt_count && may_act; n++) {
        const pr_attempt *a = &p->attempts[n - 1];
        if (first_send(p, a, now_ms)) {
            return task((a->facts.flags & PR_FACT_PAGE_ONLY) != 0 ? PR_DO_PAYLOAD : PR_DO_SEND, n, -1);
        }
    }
    for (int32_t n = 1; n <= p->attempt_count; n++) {
        const pr_attempt *a = &p->attempts[n - 1];
        if (a->state != PR_ST_UNKNOWN || !due(a->check_ms, now_ms)) {
            continue;
        }
        int32_t again = a->facts.lookup == PR_LOOKUP_REPLAY || a->resend || !pr_can_look(a);
        if (may_act && again && resendable(p, a, now_ms)) {
            return task(PR_DO_SEND, n, -1);
        }
        if (pr_can_look(a)) {
            return task(PR_DO_QUERY, n, -1);
        }
    }
    return task(PR_DO_NOTHING, 0, -1);
}

static int32_t action_askable(const pr_attempt *a, const pr_action *x)
{
    if (x->kind == PR_ACT_REFUND) {
        return (a->facts.flags & PR_FACT_REFUND_LOOKUP) != 0;
    }
    return pr_can_look(a);
}

/* The customer never waits for the closes of losers: those are the sweep's. */
static int32_t action_parked(const pr_pay *p, const pr_action *x)
{
    int32_t settled = p->winner != 0 && p->attempts[p->winner - 1].state == PR_ST_PAID;
    return p->present && settled && x->caller_id[0] == '\0';
}

/* What was cancelled is not captured any more, and nothing is while a void may be on its way. Afterwards a
   capture in doubt goes out once more under its key: the answer settles it. */
static int32_t capture_barred(const pr_pay *p, const pr_action *x)
{
    int32_t v = pr_action_find(p, x->n, PR_ACT_VOID);
    int32_t unsent = x->sends == 0 && p->cancelled;
    return x->kind == PR_ACT_CAPTURE && (unsent || (v >= 0 && pr_action_open(p->actions[v].state)));
}

static pr_task plan_action(const pr_pay *p, int32_t i, int64_t now_ms, int32_t may_act)
{
    const pr_action *x = &p->actions[i];
    const pr_attempt *a = &p->attempts[x->n - 1];
    pr_input in;
    pr_input_init(&in, PR_AE_DISPATCH, PR_SOURCE_ENGINE, now_ms);
    may_act = may_act && !capture_barred(p, x);
    int32_t ask_first = x->kind == PR_ACT_CLOSE && !x->asked && (a->facts.flags & PR_FACT_BY_CUSTOMER) != 0;
    if (x->state == PR_AS_INTENT) {
        if (ask_first && pr_can_look(a)) {
            return task(PR_DO_ACTION_QUERY, x->n, i); /* it may be paid already */
        }
        return may_act ? task(PR_DO_ACTION, x->n, i) : task(PR_DO_NOTHING, 0, -1);
    }
    if (x->state == PR_AS_UNKNOWN && (x->asked || !action_askable(a, x)) && may_act &&
        pr_action_predicate(p, x, &in, PR_P_SENDABLE)) {
        return task(PR_DO_ACTION, x->n, i);
    }
    return action_askable(a, x) ? task(PR_DO_ACTION_QUERY, x->n, i) : task(PR_DO_NOTHING, 0, -1);
}

static pr_task plan_actions(const pr_pay *p, int64_t now_ms, int32_t may_act)
{
    for (int32_t kind = PR_ACT_CLOSE; kind <= PR_ACT_REFUND; kind++) {
        for (int32_t i = 0; i < p->action_count; i++) {
            const pr_action *x = &p->actions[i];
            if (x->kind == kind && pr_action_open(x->state) && due(x->check_ms, now_ms) &&
                !action_parked(p, x)) {
                pr_task t = plan_action(p, i, now_ms, may_act);
                if (t.todo != PR_DO_NOTHING) {
                    return t;
                }
            }
        }
    }
    return task(PR_DO_NOTHING, 0, -1);
}

static int32_t watched(const pr_pay *p, const pr_attempt *a)
{
    switch (a->state) {
    case PR_ST_WAITING:
    case PR_ST_PROCESSING:
    case PR_ST_AUTHORIZED:
    case PR_ST_PAID: return 1; /* PAID only after a word that contradicts it: else nothing is due */
    case PR_ST_CLOSING:
    case PR_ST_SURPLUS:
    case PR_ST_FAILED:
    case PR_ST_CLOSED: return !(p->present && p->winner != 0);
    default: return 0;
    }
}

pr_task pr_plan(const pr_pay *p, int64_t now_ms, int32_t may_act)
{
    pr_task t = plan_sends(p, now_ms, may_act);
    if (t.todo != PR_DO_NOTHING) {
        return t;
    }
    for (int32_t n = 1; n <= p->attempt_count; n++) {
        const pr_attempt *a = &p->attempts[n - 1];
        if (a->state == PR_ST_WAITING && a->has_payload && !a->shown && p->present &&
            !pr_unwanted(p, a, now_ms)) {
            return task(PR_DO_SHOW, n, -1);
        }
    }
    t = plan_actions(p, now_ms, may_act);
    if (t.todo != PR_DO_NOTHING) {
        return t;
    }
    if (may_act && pr_startable(p, now_ms) != 0 && now_ms >= p->backoff_ms) {
        return task(PR_DO_START, 0, -1);
    }
    for (int32_t n = 1; n <= p->attempt_count; n++) {
        const pr_attempt *a = &p->attempts[n - 1];
        if (watched(p, a) && due(a->check_ms, now_ms) && pr_can_look(a)) {
            return task(PR_DO_QUERY, n, -1);
        }
    }
    return task(PR_DO_NOTHING, 0, -1);
}

static void earlier(int64_t *wake, int64_t at_ms)
{
    if (at_ms < *wake) {
        *wake = at_ms;
    }
}

static void wake_for_attempt(const pr_pay *p, const pr_attempt *a, int64_t now_ms, int64_t *wake)
{
    int32_t free = pr_state_free(a->state);
    if ((!free || a->held || a->check_ms != INT64_MAX) && pr_can_look(a)) {
        earlier(wake, a->check_ms);
    } else if (a->state == PR_ST_INTENT || (a->state == PR_ST_UNKNOWN && resendable(p, a, now_ms))) {
        earlier(wake, a->check_ms);
    }
    if ((a->state == PR_ST_WAITING || a->state == PR_ST_INTENT || a->state == PR_ST_UNKNOWN) &&
        a->expire_ms > now_ms) {
        earlier(wake, a->expire_ms);
    }
    if (a->state == PR_ST_AUTHORIZED && a->auth_ms != 0) {
        int64_t margin_ms = a->auth_ms - p->policy.value[PR_POLICY_auth_margin_ms];
        earlier(wake, margin_ms > now_ms ? margin_ms : a->auth_ms > now_ms ? a->auth_ms : INT64_MAX);
    }
    if ((a->review & PR_REVIEW_UNKNOWN_LONG) == 0 &&
        (a->held || a->state == PR_ST_UNKNOWN || a->state == PR_ST_CLOSING)) {
        earlier(wake, pr_add_ms(a->entered_ms, a->facts.review_ms));
    }
    if ((a->review & PR_REVIEW_UNKNOWN_LONG) == 0 && a->state == PR_ST_PROCESSING) {
        earlier(wake, pr_add_ms(a->entered_ms, a->facts.max_pending_ms));
    }
}

/* One that can neither be sent again nor asked about waits for a person: waking up changes nothing. */
static void wake_for_action(const pr_pay *p, int32_t i, int64_t now_ms, int64_t *wake)
{
    const pr_action *x = &p->actions[i];
    if (plan_action(p, i, now_ms, 1).todo != PR_DO_NOTHING) {
        earlier(wake, x->check_ms);
    } else if (!x->reviewed) {
        earlier(wake, pr_add_ms(x->entered_ms, p->attempts[x->n - 1].facts.review_ms));
    }
}

int64_t pr_plan_wake(const pr_pay *p, int64_t now_ms)
{
    int64_t wake = INT64_MAX;
    for (int32_t i = 0; i < p->attempt_count; i++) {
        wake_for_attempt(p, &p->attempts[i], now_ms, &wake);
    }
    for (int32_t i = 0; i < p->action_count; i++) {
        if (pr_action_open(p->actions[i].state)) {
            wake_for_action(p, i, now_ms, &wake);
        }
    }
    if (p->winner == 0 && p->over == 0) {
        if (p->deadline_ms > now_ms) {
            earlier(&wake, p->deadline_ms);
        }
        if (p->wants_start && p->backoff_ms > now_ms) {
            earlier(&wake, p->backoff_ms);
        }
    }
    return wake;
}
