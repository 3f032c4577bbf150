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

/* Claims what is not there yet; what there is no room for goes without a word. */
pr_causes pr_base_causes(const pr_health *h, pr_slot *s, pr_health_segment segment, int64_t now_ms);

/* What does not depend on the channel: the same for all candidates of a choice. */
typedef struct pr_base_common {
    pr_cells cells;
    uint64_t slow, fast, cell; /* ticks of the rates' clocks */
    double all, segment;       /* approved of all, and of the segment over all channels */
    int32_t known;             /* 1: the segment has been seen */
} pr_base_common;
/* `segment`: the segment's rate over all channels; NULL: not seen. */
pr_base_common pr_base_of_segment(const pr_health *h, const pr_word *segment, int64_t now_ms);
/* What the channel approves, as part of whole, and then what it approves for the segment. */
void pr_base_channel(const pr_slot *s, const pr_base_common *c, double *part, double *whole,
                     double *evidence);
double pr_base_rate(double part, double whole, const pr_word *cell, const pr_base_common *c,
                    double *evidence);

/* The cells of a channel (0: over all of them) that are there; NULL: none, or no such segment. */
static inline pr_word *pr_base_find(pr_cells cells, uint64_t channel, pr_health_segment g, uint32_t kind)
{
    return pr_cell_find(cells, pr_health_cell_key(channel, g.method, g.issuer, kind));
}

#endif
