/* When to ask again. The unknown schedule is Kill Bill's tail behind a quick start; nothing here ever turns
   time into a failure. */
#include "core/machine.h"

#include <payroute/base.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

int64_t pr_add_ms(int64_t a, int64_t b)
{
    return b > 0 && a > INT64_MAX - b ? INT64_MAX : a + b;
}

int64_t pr_schedule_unknown(int32_t no)
{
    static const int32_t delays[] = {1 * SECOND,  2 * SECOND,  4 * SECOND, 8 * SECOND,
                                     16 * SECOND, 32 * SECOND, 1 * MINUTE, 2 * MINUTE,
                                     5 * MINUTE,  15 * MINUTE, 1 * HOUR};
    int32_t count = (int32_t)(sizeof delays / sizeof delays[0]);
    return no < 0 ? delays[0] : no < count ? delays[no] : DAY;
}

int64_t pr_schedule_closing(int32_t no)
{
    return no < 5 ? 2 * SECOND : pr_schedule_unknown(no - 3);
}

int64_t pr_schedule_late(int32_t no)
{
    static const int64_t delays[] = {10LL * MINUTE, 1LL * HOUR, 24LL * HOUR, 7LL * DAY};
    return no >= 0 && no < (int32_t)(sizeof delays / sizeof delays[0]) ? delays[no] : INT64_MAX;
}

static int64_t waiting_delay(const pr_pay *p, const pr_attempt *a, int64_t now_ms)
{
    int64_t delay = p->policy.value[p->present ? PR_POLICY_poll_present_ms : PR_POLICY_poll_absent_ms];
    if (a->expire_ms != INT64_MAX && now_ms > a->expire_ms) {
        int64_t calm = pr_schedule_unknown(a->check_no);
        return calm > delay ? calm : delay; /* may still be paid: watch, but ever more calmly */
    }
    return delay;
}

/* Nothing is there yet: the two lookups that can prove that nothing will come are due right after the
   expiry, not days later. */
static void meet_expiry(const pr_pay *p, pr_attempt *a, int64_t now_ms)
{
    int64_t proof_ms = pr_add_ms(a->expire_ms, p->policy.value[PR_POLICY_expiry_margin_ms] + SECOND);
    if (a->gone_ms != 0) {
        proof_ms = pr_add_ms(a->gone_ms, p->policy.value[PR_POLICY_proof_gap_ms]);
    }
    if (proof_ms > now_ms && proof_ms < a->check_ms) {
        a->check_ms = proof_ms;
    }
}

void pr_schedule_next(pr_pay *p, pr_attempt *a, int64_t now_ms)
{
    int64_t delay = INT64_MAX;
    switch (a->state) {
    case PR_ST_INTENT:
    case PR_ST_UNKNOWN:
    case PR_ST_PROCESSING:
        delay = pr_schedule_unknown(a->check_no);
        break;
    case PR_ST_CLOSING:
        delay = pr_schedule_closing(a->check_no);
        break;
    case PR_ST_WAITING:
        delay = waiting_delay(p, a, now_ms);
        break;
    case PR_ST_AUTHORIZED:
        delay = HOUR;
        break;
    case PR_ST_SURPLUS:
        delay = pr_schedule_unknown(a->check_no + 6); /* its void or refund is asked about by itself */
        break;
    case PR_ST_FAILED:
    case PR_ST_CLOSED:
        delay = a->held ? pr_schedule_unknown(a->check_no) : pr_schedule_late(a->late_no);
        break;
    default:
        break;
    }
    if (a->check_no < 40) {
        a->check_no++;
    }
    int64_t from = pr_state_free(a->state) && !a->held ? a->free_ms : now_ms;
    a->check_ms = delay == INT64_MAX ? INT64_MAX : pr_add_ms(from, delay);
    int32_t provable = a->state == PR_ST_UNKNOWN || a->state == PR_ST_WAITING || a->state == PR_ST_CLOSING;
    if ((a->facts.flags & PR_FACT_EXPIRES) != 0 && a->not_found > 0 && provable) {
        meet_expiry(p, a, now_ms);
    }
}
