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

/* `make` 1: claim what is not there yet. `s` NULL: only what does not depend on the channel. */
pr_causes pr_base_causes(const pr_health *h, pr_slot *s, pr_health_segment segment, int32_t make,
                         int64_t now_ms);
/* Only what depends on the channel. */
void pr_base_own(const pr_health *h, const pr_slot *s, pr_health_segment segment, pr_word **rate,
                 pr_word **pair);

/* What does not depend on the channel: the same for all candidates of a choice. */
typedef struct pr_base_common {
    uint64_t slow, fast, cell; /* ticks of the rates' clocks */
    double all, segment;       /* approved of all, and of the segment over all channels */
    int32_t known;             /* 1: the segment has been seen */
} pr_base_common;
pr_base_common pr_base_of_segment(const pr_health *h, const pr_word *segment, int64_t now_ms);
double pr_base_rate(const pr_slot *s, const pr_word *cell, const pr_base_common *c, double *evidence);

#endif
