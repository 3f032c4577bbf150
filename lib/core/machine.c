/* One event on one attempt: observe, fold money, read the cell, enter the next state, carry out the effects. */
#include "core/machine.h"

#include <payroute/base.h>
#include <string.h>

void pr_input_init(pr_input *in, int32_t event, int32_t source, int64_t now_ms)
{
    memset(in, 0, sizeof *in);
    in->event = event;
    in->source = source;
    in->now_ms = now_ms;
    in->asked_ms = now_ms;
    in->should_retry = -1;
    in->amount_minor = -1;
    in->reversed_total_minor = -1;
}

static int32_t is_status(int32_t event)
{
    return event >= PR_EV_ST_NOT_FOUND && event <= PR_EV_ST_CLOSED;
}

static int32_t is_money(int32_t event)
{
    return event >= PR_EV_AUTH && event <= PR_EV_REFUND_UNDONE;
}

static int32_t from_outside(const pr_input *in)
{
    return in->event < PR_EV_DISPATCH;
}

/* Counts that later proofs need; they change no state. */
static void observe(pr_pay *p, pr_attempt *a, const pr_input *in)
{
    int32_t absent = in->event == PR_EV_ST_NOT_FOUND;
    if (in->source == PR_SOURCE_LOOKUP && (is_status(in->event) || is_money(in->event))) {
        if (!absent) {
            a->not_found = 0;
        } else if (a->not_found++ == 0) {
            a->not_found_ms = in->asked_ms;
        } else if (a->not_found > 200) {
            a->not_found = 200;
        }
        int32_t past =
            in->provider_ms != 0 &&
            in->provider_ms >= pr_add_ms(a->expire_ms, p->policy.value[PR_POLICY_expiry_margin_ms]);
        if (!absent && in->event != PR_EV_ST_CLOSED) {
            a->gone_ms = 0;
        } else if (past && a->gone_ms == 0) {
            a->gone_ms = in->asked_ms;
        }
        if (pr_state_free(a->state) && !a->held && in->asked_ms >= a->free_ms && a->late_no < 8) {
            a->late_no++;
        }
        p->soft = 1;
    }
    if (in->source == PR_SOURCE_ANSWER && in->should_retry >= 0) {
        a->no_retry = in->should_retry == 0;
    }
    if (in->by_client) {
        a->by_client = 1;
    }
    if (in->event == PR_EV_AUTH && in->auth_ms != 0) {
        a->auth_ms = in->auth_ms;
    }
}

static void note_refusal(pr_pay *p, pr_attempt *a, const pr_input *in)
{
    int32_t refusal = PR_REFUSAL_NONE;
    if (in->event == PR_EV_NOT_SENT || in->event == PR_EV_REFUSED_BEFORE) {
        int64_t rest = p->policy.value[PR_POLICY_backoff_ms];
        refusal = PR_REFUSAL_BACKOFF;
        a->retry_ms = pr_add_ms(in->now_ms, in->retry_after_ms > rest ? in->retry_after_ms : rest);
    } else if (in->event == PR_EV_INVALID) {
        refusal = PR_REFUSAL_INVALID;
    } else if (in->event == PR_EV_DECLINED || in->event == PR_EV_ST_DECLINED) {
        refusal = in->refusal != PR_REFUSAL_NONE ? in->refusal : PR_REFUSAL_SOFT;
    }
    if (refusal != PR_REFUSAL_NONE) {
        if (refusal >= a->refusal) {
            a->refusal = (uint8_t)refusal; /* a later, milder word does not lift an exclusion */
        }
        a->reason = (uint16_t)in->reason;
        a->advice = (uint16_t)in->advice;
        p->last_refusal = (uint8_t)refusal;
    } else if (in->reason != 0 && from_outside(in)) {
        a->reason = (uint16_t)in->reason;
        a->advice = (uint16_t)in->advice;
    }
}

static void enter(pr_pay *p, int32_t n, int32_t state, const pr_input *in)
{
    pr_attempt *a = &p->attempts[n - 1];
    a->state = (uint8_t)state;
    a->entered_ms = in->now_ms;
    a->check_no = 0;
    a->resend = 0;
    a->held = 0;
    if (pr_state_free(state)) {
        a->guard = 0;
        a->free_ms = in->now_ms;
        a->late_no = 0;
        a->has_payload = 0;
    } else {
        a->free_ms = 0;
    }
    if (state == PR_ST_AUTHORIZED) {
        a->auth_txn = in->txn;
        if (a->auth_ms == 0 && a->facts.auth_ttl_ms > 0) {
            a->auth_ms = pr_add_ms(in->now_ms, a->facts.auth_ttl_ms);
        }
    }
    if (pr_state_free(state) &&
        (!pr_can_look(a) || (a->sends == 0 && a->shown == 0) || state == PR_ST_REVERSED)) {
        a->check_ms = INT64_MAX; /* nothing ever left, or nobody can be asked */
    } else {
        pr_schedule_next(p, a, in->now_ms);
    }
    pr_actions_settle(p, n, in->now_ms);
    p->dirty = 1;
    p->dirty_attempts |= 1u << (n - 1);
}

static const pr_alternative *choose(const pr_pay *p, const pr_attempt *a, const pr_input *in)
{
    const pr_alternative *alt = pr_table_attempt(a->state, in->event);
    while (!pr_predicate(p, a, in, alt->predicate)) {
        alt++;
    }
    return alt;
}

static int32_t waits_for_proof(const pr_attempt *a, const pr_alternative *alt, int32_t event)
{
    return is_money(event) && alt->next == PR_NEXT_SAME && alt->effect == PR_FX_Q &&
           (pr_state_free(a->state) || a->state == PR_ST_CLOSING);
}

/* Effects after which the payment must be durable; the rest only moves schedules. */
enum { SOFT_EFFECTS = PR_FX_Q | PR_FX_N | PR_FX_RESEND };

static int32_t fold_moved(const pr_pay *p, int32_t n, const pr_pay *before)
{
    const pr_attempt *a = &p->attempts[n - 1];
    const pr_attempt *b = &before->attempts[n - 1];
    int32_t moved = p->money_count != before->money_count || a->captured_flat != b->captured_flat ||
                    a->reversed_flat != b->reversed_flat;
    for (int32_t i = 0; i < before->money_count; i++) {
        moved |= p->money[i].amount_minor != before->money[i].amount_minor;
    }
    return moved;
}

/* The same fact once more is no second refund and no second news. */
static uint32_t effects_of(const pr_pay *p, int32_t n, const pr_alternative *alt, const pr_pay *before)
{
    int32_t same = before != NULL && alt->next == PR_NEXT_SAME &&
                   pr_captured(p, n) == pr_captured(before, n) && pr_reversed(p, n) == pr_reversed(before, n);
    return same ? alt->effect & ~(uint32_t)(PR_FX_F | PR_FX_REFUNDED) : alt->effect;
}

int32_t pr_machine_attempt(pr_pay *p, int32_t n, const pr_input *raw)
{
    pr_attempt *a = pr_pay_attempt(p, n);
    pr_input in = *raw;
    if (a == NULL || pr_table_attempt(a->state, in.event) == NULL) {
        return PAYROUTE_E_ARG;
    }
    if (!from_outside(&in) && choose(p, a, &in)->next == PR_NEXT_REJECT) {
        return PAYROUTE_E_STATE;
    }
    if (in.step != 0 && in.step != a->step && in.event <= PR_EV_MISMATCH) {
        return PAYROUTE_OK; /* about an earlier request of this attempt, not about the one that is out */
    }
    observe(p, a, &in);
    note_refusal(p, a, &in);
    pr_pay before;
    int32_t folds =
        is_money(in.event) || in.event == PR_EV_RESOLVE_PAID || in.event == PR_EV_RESOLVE_REFUNDED;
    int32_t tells = 0;
    if (folds) {
        before = *p;
        in.event = pr_money_fold(p, n, &in);
        tells = fold_moved(p, n, &before);
    }
    const pr_alternative *alt = choose(p, a, &in);
    uint32_t effects = effects_of(p, n, alt, folds ? &before : NULL);
    if (waits_for_proof(a, alt, in.event)) {
        *p = before; /* taken up by the lookup that confirms it, not before */
        if (pr_state_free(a->state) && !a->held) {
            a->held = 1;
            a->entered_ms = in.now_ms;
            p->dirty = 1;
            p->dirty_attempts |= 1u << (n - 1);
        }
        tells = 0;
    }
    if (alt->next == PR_ST_FAILED && a->refusal == PR_REFUSAL_NONE && from_outside(&in)) {
        a->refusal = PR_REFUSAL_BACKOFF; /* it swallowed the request: others first */
        a->retry_ms = pr_add_ms(in.now_ms, p->policy.value[PR_POLICY_backoff_ms]);
    }
    if (alt->next != PR_NEXT_SAME && alt->next != a->state) {
        enter(p, n, alt->next, &in);
        effects &= ~(uint32_t)PR_FX_N; /* entering a state has put the next check */
    }
    if (tells || (effects & ~(uint32_t)SOFT_EFFECTS) != 0) {
        p->dirty = 1;
        p->dirty_attempts |= 1u << (n - 1);
    }
    pr_effects(p, n, effects, &in);
    return PAYROUTE_OK;
}
