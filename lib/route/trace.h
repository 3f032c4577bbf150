/* What a choice looked like inside, kept only as long as it takes to write it down. */
#ifndef PR_ROUTE_TRACE_H
#define PR_ROUTE_TRACE_H

#include "route/route.h"
#include "route/score.h"

enum pr_route_fault {
    PR_FAULT_DISABLED = 1 << 0,
    PR_FAULT_OTHER_CHANNEL = 1 << 1, /* the host insists on another one */
    PR_FAULT_METHOD = 1 << 2,
    PR_FAULT_FLOW = 1 << 3,
    PR_FAULT_CURRENCY = 1 << 4,
    PR_FAULT_AMOUNT_MIN = 1 << 5,
    PR_FAULT_AMOUNT_MAX = 1 << 6,
    PR_FAULT_HOLD = 1 << 7,
    PR_FAULT_EXCLUDED = 1 << 8,
    PR_FAULT_COUNTRY = 1 << 9,
    PR_FAULT_BRAND = 1 << 10,
    PR_FAULT_BIN = 1 << 11,
    PR_FAULT_CAP_DAY = 1 << 12,
    PR_FAULT_CAP_MONTH = 1 << 13,
    PR_FAULT_DENIED = 1 << 14, /* by a rule */
    PR_FAULT_LAST = PR_FAULT_DENIED
};

typedef struct pr_route_input {
    const pr_route_request *request;
    const pr_route_exclusion *exclusions;
    int32_t exclusion_count;
    const pr_route_health *health; /* NULL: nothing is known */
    const payroute_registry *registry;
    const pr_rule_outcome *wishes; /* of the merchant's rules */
    int32_t split_turn;            /* index of the channel whose turn it is; -1: nothing is split */
} pr_route_input;

typedef struct pr_route_verdict {
    const pr_channel *channel;
    uint32_t faults;         /* enum pr_route_fault; 0: eligible */
    const pr_method *method; /* of an eligible one */
    const char *flow;
    int64_t retry_ms; /* end of its exclusion; INT64_MAX: none or for good */
    const char *excluded_why;
    int32_t rank;            /* of the rules and windows: see pr_rules_rank */
    int32_t preference;      /* priority, or what a rule prefers */
    int64_t closed_until_ms; /* its maintenance window; 0: open */
    int32_t failed_before; /* an exclusion that has ended: it failed this order before */
} pr_route_verdict;

/* `terms` are those of the eligible ones, in their order among the verdicts; `order` holds indices of
 * verdicts. */
void pr_route_trace(payroute_json_out *out, const pr_route_input *in, const pr_route_verdict *verdicts,
                    int32_t count, const pr_score_term *terms, const pr_score_draw *draw,
                    const int32_t *order, int32_t order_count, const pr_route_pick *pick);

#endif
