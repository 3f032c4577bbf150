/* Which channel next, and why. Pure: the same request, registry, exclusions and seed give the same order
 * again. */
#ifndef PR_ROUTE_H
#define PR_ROUTE_H

#include "base/rng.h"
#include "health/health.h"
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
    const char *issuer; /* who stands behind the customer's instrument: bank, BIN or brand; NULL: not known */
    const pr_rule_facts
        *facts; /* what else is known, for rules and terms; NULL: nothing. What stands above counts */
    const char *last_channel; /* where this customer's last payment succeeded; NULL: not known. Counts with
                                 routing.sticky */
    int32_t again; /* 1: not the first choice of this payment: it takes no turn of a split */
} pr_route_request;

/* Why a channel is out for this payment. until_ms INT64_MAX: for good. `method` "": every method of the
 * channel. */
typedef struct pr_route_exclusion {
    char channel[PR_CHANNEL_ID_CAP]; /* "*": all channels */
    char method[17];
    int64_t until_ms;
    const char *why; /* static: "hard_decline", "invalid_request", "customer_refusal", "backoff",
                       "attempt_limit", "cannot_take" */
} pr_route_exclusion;

/* What is known of the channels, and how it counts. */
typedef struct pr_route_health {
    const pr_health *health; /* NULL: nothing is known, all are alike */
    int64_t patience_ms;     /* how long a customer waits for a confirmed result */
    int32_t margin_bp;  /* difference in success, in hundredths of a percent, within which priority decides */
    int32_t cost_worth; /* hundredths of a percent of success that one percent of cost is worth */
    int32_t explore;    /* 1: this payment may be sent to a channel that is thought to be out, to see */
} pr_route_health;

typedef struct pr_route_pick {
    const pr_channel *channel; /* NULL: none now */
    char flow[12];
    char method[17];
    int64_t retry_ms;     /* when an excluded one comes back; INT64_MAX: never */
    int32_t canary;       /* 1: this attempt is a test of a channel that is thought to be out */
    int32_t timeout_ms;   /* how long it should be given; 0: no opinion */
    const char *denied;    /* the reason of the rule that refuses the payment; NULL: none does */
    const char *denied_by; /* that rule's name */
    int32_t authenticate;  /* 1: a rule asks for 3-D Secure */
    int32_t split;         /* number of the split of which this choice took a turn; -1: none */
} pr_route_pick;

/* E_NOT_FOUND: none eligible now (retry_ms says when to ask again). `trace` may be NULL: then nothing is
 * written. */
int32_t pr_route_choose(pr_route_pick *out, payroute_json_out *trace, const payroute_registry *registry,
                        const pr_route_request *request, const pr_route_exclusion *exclusions,
                        int32_t exclusion_count, const pr_route_health *health, pr_rng *rng);

/* Slot of a channel in the block, claimed at its first use. */
int32_t pr_route_slot(const pr_health *health, const pr_channel *channel, int64_t now_ms);

#endif
