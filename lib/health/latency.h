/* How long answers take: a histogram of 32 bins, each a quarter wider than the one before, that forgets by
 * halving. */
#ifndef PR_HEALTH_LATENCY_H
#define PR_HEALTH_LATENCY_H

#include "health/block.h"

enum { PR_BROWN_BINS = 7 }; /* a browned-out channel answers 1.25^7 = 4.8 times slower */

typedef struct pr_latency {   /* a copy with the merchant's belief mixed in */
    double share[PR_BINS];    /* sums to 1 */
    double tail[PR_BINS + 1]; /* P(longer than the start of the bin) */
} pr_latency;

void pr_latency_add(pr_slot *s, int64_t latency_ms);
void pr_latency_read(pr_latency *out, const pr_slot *s);
/* P(no answer before this age), `slower` bins shifted. */
double pr_latency_silent(const pr_latency *l, int64_t age_ms, int32_t slower);
/* How much likelier this latency is in a brown-out: 0.15 .. 12. */
double pr_latency_ratio(const pr_latency *l, int64_t latency_ms);
int32_t pr_latency_quantile(const pr_latency *l, double q); /* ms */

#endif
