/* How long answers take: a histogram of 32 bins, each a quarter wider than the one before, that forgets by halving.
   What is asked of it is kept beside it, ready to read, and made anew when the picture may have changed: with each of
   the first few of a bin, then with every sixteenth. */
#ifndef PR_HEALTH_LATENCY_H
#define PR_HEALTH_LATENCY_H

#include "health/block.h"

enum { PR_BROWN_BINS = 7 }; /* a browned-out channel answers 1.25^7 = 4.8 times slower */

void pr_latency_add(pr_slot *s, int64_t latency_ms);
/* What is kept beside it, from the bins and the merchant's belief. */
void pr_latency_refresh(pr_slot *s);
/* P(no answer before this age): as usual, and in a brown-out. */
typedef struct pr_silent {
    double up, brown;
} pr_silent;
pr_silent pr_latency_silent(const pr_slot *s, int64_t age_ms);
/* How much likelier this latency is in a brown-out: 0.15 .. 12. */
double pr_latency_ratio(const pr_slot *s, int64_t latency_ms);
enum pr_quantile { PR_P50 = 0, PR_P95 = 1, PR_P99 = 2 };
int32_t pr_latency_quantile(const pr_slot *s, enum pr_quantile which); /* ms */

#endif
