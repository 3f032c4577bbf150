/* Which channel next, and why. Pure: the same request, registry, exclusions and seed give the same order
 * again. */
#ifndef PR_ROUTE_H
#define PR_ROUTE_H

#include "base/rng.h"
#include "registry/registry.h"
#include <payroute/json.h>

typedef struct pr_route_request {
    const char *method; /* "alipay", "card"; NULL: any */
    const char *flow;   /* NULL: any the channel has for the method */
    int64_t amount_minor;
    const char *currency;
    int64_t now_ms;
    int32_t hold;             /* 1: must be able to authorise only */
    const char *only_channel; /* the host insists on one; NULL */
} pr_route_request;

/* Why a channel is out for this payment. until_ms INT64_MAX: for good. `method` "": every method of the
 * channel. */
typedef struct pr_route_exclusion {
    char channel[PR_CHANNEL_ID_CAP]; /* "*": all channels */
    char method[17];
    int64_t until_ms;
    const char
        *why; /* static: "hard_decline", "invalid_request", "customer_refusal", "backoff", "attempt_limit",
                "cannot_take" */
} pr_route_exclusion;

/* The seam for health: a price per channel, lower is better, added to nothing today. NULL: all equal. */
typedef int64_t (*pr_route_score)(const void *health, const pr_channel *channel,
                                  const pr_route_request *request);

typedef struct pr_route_pick {
    const pr_channel *channel; /* NULL: none now */
    char flow[12];
    char method[17];
    int64_t retry_ms; /* when an excluded one comes back; INT64_MAX: never */
} pr_route_pick;

/* E_NOT_FOUND: none eligible now (retry_ms says when to ask again). `trace` may be NULL: then nothing is
 * written. */
int32_t pr_route_choose(pr_route_pick *out, payroute_json_out *trace, const payroute_registry *registry,
                        const pr_route_request *request, const pr_route_exclusion *exclusions,
                        int32_t exclusion_count, pr_route_score score, const void *health, pr_rng *rng);

#endif
