/* What must hold after every step (reliability: I1 to I15, as far as one payment's numbers can show it).
   Asserted in debug builds, tests and
   fuzzers; the model checks the same over all interleavings. */
#include "core/machine.h"

static int32_t keeps_money(const pr_attempt *a)
{
    return a->state == PR_ST_PAID || a->state == PR_ST_AUTHORIZED;
}

static const char *attempt_invariant(const pr_pay *p, int32_t n)
{
    const pr_attempt *a = &p->attempts[n - 1];
    int64_t captured = pr_captured(p, n);
    int64_t reversed = pr_reversed(p, n);
    if (pr_state_free(a->state) && a->guard != 0) {
        return "I1: a free attempt holds a slot";
    }
    if (keeps_money(a) && p->winner != n) {
        return "I2: money stands on an attempt that is not the winner";
    }
    if (a->state == PR_ST_PAID && captured == 0) {
        return "I8: paid without a capture";
    }
    if (a->state == PR_ST_REVERSED && captured > reversed) {
        return "I8: reversed, but money is still there";
    }
    if ((a->state == PR_ST_FAILED || a->state == PR_ST_CLOSED) && captured > reversed && !a->held) {
        return "I9: captured money on an attempt that counts as free";
    }
    if (a->state == PR_ST_SURPLUS && captured > reversed && (a->review == 0) && pr_refunds_open(p, n) == 0) {
        return "I2: a surplus without a refund and without a person";
    }
    if (!pr_state_free(a->state) && a->state != PR_ST_PAID && a->check_ms == INT64_MAX) {
        return "I14: an open attempt without a next check";
    }
    return NULL;
}

const char *pr_invariant(const pr_pay *p)
{
    int32_t slots = 0;
    int32_t keeping = 0;
    int32_t unfree = 0;
    for (int32_t n = 1; n <= p->attempt_count; n++) {
        const pr_attempt *a = &p->attempts[n - 1];
        const char *broken = attempt_invariant(p, n);
        if (broken != NULL) {
            return broken;
        }
        if (a->guard != 0 && (slots & a->guard) != 0) {
            return "I1: two attempts in one slot";
        }
        slots |= a->guard;
        keeping += keeps_money(a);
        unfree += a->state == PR_ST_INTENT || a->state == PR_ST_UNKNOWN;
    }
    if (keeping > 1) {
        return "I2: two attempts keep money";
    }
    if (unfree > 1) {
        return "I1: two attempts on their way";
    }
    for (int32_t n = 1; n <= p->attempt_count; n++) {
        /* what others gave back (a person at the provider, the notification of our own refund before its
           answer) is a fact, not our doing */
        if (pr_refunds_open(p, n) > pr_captured(p, n)) {
            return "I10: more is being refunded than was captured";
        }
    }
    for (int32_t i = 0; i < p->action_count; i++) {
        if (pr_action_open(p->actions[i].state) && p->actions[i].check_ms == INT64_MAX) {
            return "I14: an open action without a next check";
        }
    }
    return p->winner > p->attempt_count ? "the winner does not exist" : NULL;
}
