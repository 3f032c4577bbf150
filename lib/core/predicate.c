/* Questions that need data: each one is defined here, once, and answered before the table is read
   (reliability: predicates). */
#include "core/machine.h"

#include <payroute/base.h>

enum { KEY_MARGIN_MS = 600000 };

static int32_t has(const pr_attempt *a, uint32_t flag)
{
    return (a->facts.flags & flag) != 0;
}

/* A step after which another one comes and which cannot move money by itself: a container's creation. */
static int32_t free_step(const pr_attempt *a)
{
    return a->step < a->facts.steps && (a->facts.money_steps >> (a->step - 1) & 1u) == 0;
}

int32_t pr_key_alive(const pr_pay *p, const pr_attempt *a, int64_t first_send_ms, int64_t now_ms)
{
    int64_t ttl = a->facts.key_ttl_ms;
    if (p->clock_suspect || ttl <= 0) {
        return 0;
    }
    if (ttl == INT64_MAX || first_send_ms == 0) {
        return 1;
    }
    int64_t margin = ttl / 10 > KEY_MARGIN_MS ? ttl / 10 : KEY_MARGIN_MS;
    return now_ms < pr_add_ms(first_send_ms, ttl - margin);
}

int32_t pr_unwanted(const pr_pay *p, const pr_attempt *a, int64_t now_ms)
{
    int32_t n = (int32_t)(a - p->attempts) + 1;
    if ((p->winner != 0 && p->winner != n) || p->cancelled || a->switched) {
        return 1;
    }
    int32_t waits = a->state == PR_ST_WAITING ||
                    (has(a, PR_FACT_BY_CUSTOMER) && (a->state == PR_ST_INTENT || a->state == PR_ST_UNKNOWN));
    return waits && now_ms >= a->expire_ms;
}

int32_t pr_can_close(const pr_attempt *a)
{
    return has(a, PR_FACT_CAN_CLOSE) && (has(a, PR_FACT_CLOSE_BLIND) || a->has_id);
}

int32_t pr_can_look(const pr_attempt *a)
{
    if (!has(a, PR_FACT_LOOKUP)) {
        return 0;
    }
    return a->facts.lookup == PR_LOOKUP_OUR_REF || (a->facts.lookup == PR_LOOKUP_PROVIDER_ID && a->has_id);
}

static int32_t sole(const pr_pay *p, const pr_attempt *a, const pr_input *in)
{
    if (free_step(a)) {
        return 1;
    }
    return a->sends == 1 && in->source == PR_SOURCE_ANSWER && in->send_no == 1 &&
           in->lease_epoch == p->lease_epoch;
}

static int32_t replays(const pr_pay *p, const pr_attempt *a, const pr_input *in)
{
    return has(a, PR_FACT_REPLAYS_DECLINE) && in->source == PR_SOURCE_ANSWER &&
           pr_key_alive(p, a, a->first_send_ms, in->now_ms);
}

static int32_t may_resend(const pr_pay *p, const pr_attempt *a, const pr_input *in)
{
    return pr_key_alive(p, a, a->first_send_ms, in->now_ms) && has(a, PR_FACT_REPEAT_SAFE) && !a->no_retry &&
           in->should_retry != 0 && a->sends <= p->policy.value[PR_POLICY_max_resends] &&
           !pr_unwanted(p, a, in->now_ms);
}

static int32_t expired_there(const pr_pay *p, const pr_attempt *a, const pr_input *in)
{
    return has(a, PR_FACT_EXPIRES) && a->gone_ms != 0 && in->provider_ms != 0 &&
           in->provider_ms >= pr_add_ms(a->expire_ms, p->policy.value[PR_POLICY_expiry_margin_ms]) &&
           in->asked_ms - a->gone_ms >= p->policy.value[PR_POLICY_proof_gap_ms];
}

static int64_t quarantine(const pr_pay *p, const pr_attempt *a)
{
    int64_t wait = (int64_t)a->facts.late_window_s * 1000 + 60000;
    int64_t least = p->policy.value[PR_POLICY_quarantine_ms];
    return wait > least ? wait : least;
}

/* Our clock may have jumped: a jump never shortens a quarantine. */
static int32_t drifted(const pr_input *in)
{
    int64_t drift = in->provider_ms == 0 ? 0 : in->provider_ms - in->now_ms;
    return drift > 60000 || drift < -60000;
}

/* Counted from the first lookup too: a clock that was wrong at the send and set right since makes every
   send look old. */
static int64_t later(int64_t a_ms, int64_t b_ms)
{
    return a_ms > b_ms ? a_ms : b_ms;
}

static int32_t window_passed(const pr_pay *p, const pr_attempt *a, const pr_input *in)
{
    return a->facts.late_send == PR_LATE_WINDOW && a->not_found >= 2 && !p->clock_suspect && !drifted(in) &&
           in->asked_ms - a->not_found_ms >= p->policy.value[PR_POLICY_proof_gap_ms] &&
           in->asked_ms >= pr_add_ms(later(a->built_ms, a->not_found_ms), quarantine(p, a));
}

static int32_t close_confirmed(const pr_pay *p, const pr_attempt *a)
{
    for (int32_t i = 0; i < p->action_count; i++) {
        const pr_action *x = &p->actions[i];
        if (&p->attempts[x->n - 1] == a && x->kind == PR_ACT_CLOSE && x->state == PR_AS_DONE) {
            return 1;
        }
    }
    return 0;
}

static int32_t gone(const pr_pay *p, const pr_attempt *a, const pr_input *in)
{
    if (has(a, PR_FACT_BY_CUSTOMER) && !a->shown) {
        return 1; /* harmless: nobody can pay what nobody was given */
    }
    return expired_there(p, a, in) || window_passed(p, a, in) ||
           (a->facts.late_send == PR_LATE_TOMBSTONE && close_confirmed(p, a));
}

static int32_t live(const pr_pay *p)
{
    if (p->winner != 0) {
        return 0;
    }
    if (p->cancelled) {
        return p->policy.value[PR_POLICY_late_cancelled] != 0;
    }
    switch (p->over) {
    case 0: return 1;
    case PR_STATUS_DECLINED: return p->policy.value[PR_POLICY_late_declined] != 0;
    case PR_STATUS_EXPIRED: return p->policy.value[PR_POLICY_late_expired] != 0;
    case PR_STATUS_FAILED: return p->policy.value[PR_POLICY_late_failed] != 0;
    default: return 0;
    }
}

/* A close or void of this attempt that was sent and is not settled. */
static int32_t close_out(const pr_pay *p, const pr_attempt *a, int32_t reversing_only)
{
    for (int32_t i = 0; i < p->action_count; i++) {
        const pr_action *x = &p->actions[i];
        int32_t verb = x->kind == PR_ACT_CLOSE ? (!reversing_only || has(a, PR_FACT_CLOSE_REVERSES))
                                               : x->kind == PR_ACT_VOID;
        if (&p->attempts[x->n - 1] == a && verb && x->sends > 0 && pr_action_open(x->state)) {
            return 1;
        }
    }
    return 0;
}

static int32_t capture_in_doubt(const pr_pay *p, const pr_attempt *a)
{
    for (int32_t i = 0; i < p->action_count; i++) {
        const pr_action *x = &p->actions[i];
        if (&p->attempts[x->n - 1] == a && x->kind == PR_ACT_CAPTURE && x->sends > 0 &&
            pr_action_open(x->state)) {
            return 1;
        }
    }
    return 0;
}

static int32_t confirmed(const pr_attempt *a, const pr_input *in)
{
    return in->source == PR_SOURCE_PERSON || (in->source == PR_SOURCE_LOOKUP && in->asked_ms >= a->free_ms);
}

static int32_t client(const pr_attempt *a)
{
    return has(a, PR_FACT_CONTAINER) && a->by_client && a->shown;
}

int32_t pr_predicate(const pr_pay *p, const pr_attempt *a, const pr_input *in, int32_t predicate)
{
    int32_t n = (int32_t)(a - p->attempts) + 1;
    int32_t unwanted = pr_unwanted(p, a, in->now_ms);
    int32_t next_step = a->step < a->facts.steps;
    switch ((enum pr_predicate)predicate) {
    case PR_P_YES: return 1;
    case PR_P_SOLE: return sole(p, a, in);
    case PR_P_REPLAYS: return replays(p, a, in);
    case PR_P_SOLE_OR_REPLAYS: return sole(p, a, in) || replays(p, a, in);
    case PR_P_UNWANTED: return unwanted;
    case PR_P_UNWANTED_NEXT: return unwanted && next_step;
    case PR_P_NEXT_STEP: return next_step;
    case PR_P_NEXT_STEP_WANTED: return next_step && !unwanted;
    case PR_P_CONTAINER: return has(a, PR_FACT_CONTAINER);
    case PR_P_CLIENT_WANTED: return client(a) && !unwanted;
    case PR_P_FREE_STEP: return free_step(a);
    case PR_P_FREE_AGAIN:
        return free_step(a) && a->sends < 3 && !unwanted; /* unwanted: it must not stay an intent for ever */
    case PR_P_GONE: return gone(p, a, in);
    case PR_P_MAY_RESEND: return may_resend(p, a, in);
    case PR_P_EXPIRED_THERE: return expired_there(p, a, in);
    case PR_P_SHOWABLE: return a->has_payload || client(a);
    case PR_P_CAN_CLOSE: return pr_can_close(a);
    case PR_P_FINAL: return in->final;
    case PR_P_FINAL_OR_GONE: return in->final || gone(p, a, in);
    case PR_P_FINAL_UNCAPTURED: return in->final && pr_captured(p, n) == 0 && !capture_in_doubt(p, a);
    case PR_P_UNCAPTURED: return pr_captured(p, n) == 0;
    case PR_P_LIVE: return live(p);
    case PR_P_CLOSE_UNSENT_LIVE: return !close_out(p, a, 0) && live(p);
    case PR_P_SAME_TXN: return in->txn == 0 || a->auth_txn == 0 || in->txn == a->auth_txn;
    case PR_P_UNCONFIRMED: return !confirmed(a, in);
    case PR_P_REV_CLOSE: return close_out(p, a, 1);
    case PR_P_EXCESS: return pr_captured(p, n) - pr_reversed(p, n) - pr_refunds_open(p, n) > a->amount_minor;
    case PR_P_SETTLED:
        return pr_captured(p, n) <= pr_reversed(p, n); /* less: not every capture was heard of yet */
    case PR_P_IS_WINNER: return p->winner == n;
    case PR_P_BY_CUSTOMER: return has(a, PR_FACT_BY_CUSTOMER);
    case PR_P_UNSENT: return a->sends == 0;
    case PR_P_UNSHOWN: return has(a, PR_FACT_BY_CUSTOMER) && !a->shown;
    case PR_P_BY_CANCEL: return p->cancelled;
    case PR_P_PAST_PENDING: return in->now_ms - a->entered_ms >= a->facts.max_pending_ms;
    case PR_P_PAST_AUTH:
        return a->auth_ms != 0 && in->now_ms >= a->auth_ms - p->policy.value[PR_POLICY_auth_margin_ms];
    case PR_P_HELD: return a->held;
    case PR_P_SENDABLE:
    case PR_P_REFUND:
    case PR_P_COUNT: break;
    }
    return 0;
}

static int32_t key_of_action(const pr_attempt *a, const pr_action *x)
{
    return x->kind == PR_ACT_REFUND ? has(a, PR_FACT_REFUND_KEYED) : has(a, PR_FACT_REPEAT_SAFE);
}

/* Nothing of it can arrive any more. Without a key one send that may have left is the last one, whatever is
   found. */
static int32_t action_gone(const pr_pay *p, const pr_action *x, const pr_input *in)
{
    const pr_attempt *a = &p->attempts[x->n - 1];
    if (a->facts.late_send != PR_LATE_WINDOW || x->not_found < 2 || p->clock_suspect || drifted(in) ||
        (x->kind == PR_ACT_REFUND && !key_of_action(a, x))) {
        return 0;
    }
    return in->asked_ms - x->not_found_ms >= p->policy.value[PR_POLICY_proof_gap_ms] &&
           in->asked_ms >= pr_add_ms(later(x->built_ms, x->not_found_ms), quarantine(p, a));
}

int32_t pr_action_predicate(const pr_pay *p, const pr_action *x, const pr_input *in, int32_t predicate)
{
    const pr_attempt *a = &p->attempts[x->n - 1];
    int32_t closing = x->kind == PR_ACT_CLOSE || x->kind == PR_ACT_VOID;
    int32_t alone = x->sends == 1 && in->source == PR_SOURCE_ANSWER && in->send_no == 1 &&
                    in->lease_epoch == p->lease_epoch;
    int32_t again = has(a, PR_FACT_REPLAYS_DECLINE) && in->source == PR_SOURCE_ANSWER &&
                    pr_key_alive(p, a, x->first_send_ms, in->now_ms);
    switch (predicate) {
    case PR_P_YES: return 1;
    case PR_P_SOLE: return alone;
    case PR_P_REPLAYS: return again;
    case PR_P_SOLE_OR_REPLAYS: return alone || again || closing;
    case PR_P_UNSENT: return x->sends == 0;
    case PR_P_SENDABLE:
        return closing || (key_of_action(a, x) && pr_key_alive(p, a, x->first_send_ms, in->now_ms));
    case PR_P_REFUND: return x->kind == PR_ACT_REFUND;
    case PR_P_GONE: return action_gone(p, x, in);
    default: return 0;
    }
}
