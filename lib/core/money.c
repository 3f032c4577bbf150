/* The money fold: two amounts per attempt, each built of maxima over the provider's transaction ids, so
   that neither order nor
   repetition of facts matters (I8: captured never falls, reversed falls only by an authentic "refund
   undone"). */
#include "core/machine.h"

#include <payroute/base.h>

static int64_t money_sum(const pr_pay *p, int32_t n, int32_t kind)
{
    int64_t sum = 0;
    for (int32_t i = 0; i < p->money_count; i++) {
        const pr_money *m = &p->money[i];
        if (m->n == n && m->kind == kind) {
            sum = pr_add_ms(sum, m->amount_minor); /* saturates */
        }
    }
    return sum;
}

int64_t pr_captured(const pr_pay *p, int32_t n)
{
    const pr_attempt *a = &p->attempts[n - 1];
    int64_t sum = money_sum(p, n, PR_MONEY_CAPTURE);
    return sum > a->captured_flat ? sum : a->captured_flat;
}

int64_t pr_reversed(const pr_pay *p, int32_t n)
{
    const pr_attempt *a = &p->attempts[n - 1];
    int64_t sum = money_sum(p, n, PR_MONEY_REFUND);
    int64_t most = sum > a->reversed_flat ? sum : a->reversed_flat;
    int64_t net = most - money_sum(p, n, PR_MONEY_UNDONE);
    return net > 0 ? net : 0;
}

int64_t pr_refunds_open(const pr_pay *p, int32_t n)
{
    int64_t sum = 0;
    for (int32_t i = 0; i < p->action_count; i++) {
        const pr_action *x = &p->actions[i];
        if (x->n == n && x->kind == PR_ACT_REFUND && pr_action_open(x->state)) {
            sum = pr_add_ms(sum, x->amount_minor);
        }
    }
    return sum;
}

static void money_put(pr_pay *p, int32_t n, int32_t kind, uint64_t id, int64_t amount_minor)
{
    for (int32_t i = 0; i < p->money_count; i++) {
        pr_money *m = &p->money[i];
        if (m->n == n && m->kind == kind && m->id == id) {
            if (amount_minor > m->amount_minor) {
                m->amount_minor = amount_minor;
            }
            return;
        }
    }
    if (p->money_count == PR_MONEY_MAX) {
        pr_attempt *a = &p->attempts[n - 1];
        int64_t sum = pr_add_ms(money_sum(p, n, PR_MONEY_CAPTURE), amount_minor);
        if (kind == PR_MONEY_CAPTURE && sum > a->captured_flat) {
            a->captured_flat = sum; /* money is never refused for want of room */
        }
        pr_review_flag(p, n, PR_REVIEW_LIMIT); /* the sum is a lower bound from here on: a person counts */
        return;
    }
    p->money[p->money_count++] =
        (pr_money){.id = id, .amount_minor = amount_minor, .n = (uint8_t)n, .kind = (uint8_t)kind};
}

static int64_t stated(const pr_pay *p, int32_t n, const pr_input *in)
{
    return in->amount_minor >= 0 ? in->amount_minor : p->attempts[n - 1].amount_minor;
}

static void fold_capture(pr_pay *p, int32_t n, const pr_input *in)
{
    pr_attempt *a = &p->attempts[n - 1];
    int64_t amount = stated(p, n, in);
    if (in->txn != 0) {
        money_put(p, n, PR_MONEY_CAPTURE, in->txn, amount);
    } else if (amount > a->captured_flat) {
        a->captured_flat = amount;
    }
}

/* What must have been taken when something comes back of which no capture is known. */
static int64_t presumed(const pr_pay *p, int32_t n)
{
    int32_t i = pr_action_find(p, n, PR_ACT_CAPTURE);
    return i >= 0 && p->actions[i].sends > 0 ? p->actions[i].amount_minor : p->attempts[n - 1].amount_minor;
}

static int32_t fold_reversal(pr_pay *p, int32_t n, const pr_input *in)
{
    pr_attempt *a = &p->attempts[n - 1];
    if (pr_captured(p, n) == 0) {
        a->captured_flat = presumed(p, n);
    }
    if (in->reversed_total_minor >= 0) {
        if (in->reversed_total_minor > a->reversed_flat) {
            a->reversed_flat = in->reversed_total_minor;
        }
    } else if (in->txn != 0) {
        money_put(p, n, PR_MONEY_REFUND, in->txn,
                  in->amount_minor >= 0 ? in->amount_minor : pr_captured(p, n));
    } else {
        int64_t total = in->amount_minor >= 0 ? in->amount_minor : pr_captured(p, n);
        if (total > a->reversed_flat) {
            a->reversed_flat = total;
        }
    }
    if (pr_reversed(p, n) >= pr_captured(p, n)) {
        return PR_EV_REVERSED_FULL;
    }
    return pr_reversed(p, n) > 0 ? PR_EV_REVERSED_PART : PR_EV_PAID;
}

/* A repeated word, or one about a part, does not bring back money of which nothing stands. */
static int32_t fold_undone(pr_pay *p, int32_t n, const pr_input *in)
{
    money_put(p, n, PR_MONEY_UNDONE, in->txn, in->amount_minor >= 0 ? in->amount_minor : 0);
    if (p->attempts[n - 1].state != PR_ST_REVERSED || pr_reversed(p, n) < pr_captured(p, n)) {
        return in->event;
    }
    pr_review_flag(p, n, PR_REVIEW_REFUND_UNDONE);
    return PR_EV_REVERSED_FULL;
}

int32_t pr_money_fold(pr_pay *p, int32_t n, const pr_input *in)
{
    switch (in->event) {
    case PR_EV_PAID:
    case PR_EV_RESOLVE_PAID: fold_capture(p, n, in); return in->event;
    case PR_EV_REVERSED_PART:
    case PR_EV_REVERSED_FULL: return fold_reversal(p, n, in);
    case PR_EV_RESOLVE_REFUNDED:
        if (pr_captured(p, n) == 0 && !pr_state_free(p->attempts[n - 1].state)) {
            p->attempts[n - 1].captured_flat = presumed(p, n); /* what went back had been taken */
        }
        if (pr_captured(p, n) > pr_reversed(p, n)) { /* also what was undone before is back now */
            p->attempts[n - 1].reversed_flat =
                pr_add_ms(pr_captured(p, n), money_sum(p, n, PR_MONEY_UNDONE));
        }
        return in->event;
    case PR_EV_REFUND_UNDONE: return fold_undone(p, n, in);
    default: return in->event;
    }
}
