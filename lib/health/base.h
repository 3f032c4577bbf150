/* What this channel approves for these customers when nothing is wrong: from the merchant's belief through
   ten days, two hours and the segment, each level the prior of the next. */
#ifndef PR_HEALTH_BASE_H
#define PR_HEALTH_BASE_H

#include "health/blame.h"
#include "health/rate.h"

typedef struct pr_causes { /* words of a channel x segment; NULL: not there */
    pr_word *rate, *segment;
    pr_word *channel, *pair, *issuer;
} pr_causes;

/* `make` 1: claim what is not there yet. */
pr_causes pr_base_causes(const pr_health *h, pr_slot *s, pr_health_segment segment, int32_t make,
                         int64_t now_ms);
double pr_base_rate(const pr_health *h, const pr_slot *s, const pr_causes *c, double *evidence,
                    int64_t now_ms);

#endif
