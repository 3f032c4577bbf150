/* What a choice looked like inside, kept only as long as it takes to write it down. */
#ifndef PR_ROUTE_TRACE_H
#define PR_ROUTE_TRACE_H

#include "route/route.h"

enum pr_route_fault {
    PR_FAULT_DISABLED = 1 << 0,
    PR_FAULT_OTHER_CHANNEL = 1 << 1, /* the host insists on another one */
    PR_FAULT_METHOD = 1 << 2,
    PR_FAULT_FLOW = 1 << 3,
    PR_FAULT_CURRENCY = 1 << 4,
    PR_FAULT_AMOUNT_MIN = 1 << 5,
    PR_FAULT_AMOUNT_MAX = 1 << 6,
    PR_FAULT_HOLD = 1 << 7,
    PR_FAULT_EXCLUDED = 1 << 8
};

typedef struct pr_route_input {
    const pr_route_request *request;
    const pr_route_exclusion *exclusions;
    int32_t exclusion_count;
    int32_t scored;
} pr_route_input;

typedef struct pr_route_verdict {
    const pr_channel *channel;
    uint32_t faults;         /* enum pr_route_fault; 0: eligible */
    const pr_method *method; /* of an eligible one */
    const char *flow;
    int64_t score;
    int64_t retry_ms; /* end of its exclusion; INT64_MAX: none or for good */
    const char *excluded_why;
    int32_t taken; /* already in the order */
    int32_t tied;  /* took part in the last draw */
} pr_route_verdict;

typedef struct pr_route_draw {
    int32_t among;
    uint32_t total;
    uint32_t value;
} pr_route_draw;

void pr_route_trace(payroute_json_out *out, const pr_route_input *in, const pr_route_verdict *verdicts,
                    int32_t count, const pr_route_draw *draw, const int32_t *order, int32_t order_count,
                    const pr_route_pick *pick);

#endif
