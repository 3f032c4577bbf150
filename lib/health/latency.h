/* How long answers take: a histogram of 32 bins, each a quarter wider than the one before, that forgets by
   halving. What is asked of it is kept beside it, ready to read, and made anew when the picture may have
   changed: with each of the first few of a bin, then each time it has doubled. */
#ifndef PR_HEALTH_LATENCY_H
#define PR_HEALTH_LATENCY_H

#include "health/block.h"

enum { PR_LATENCY_FULL = 128 }; /* of a bin: all are halved then */
enum { PR_BROWN_BINS = 7 };     /* a browned-out channel answers 1.25^7 = 4.8 times slower */

/* Upper end of each bin, ms: 20 * 1.25^n. The last one has no end; it counts as a quarter wider than the one
 * before. */
extern const int32_t pr_latency_edges[PR_BINS];
/* First bin for ms of so many bits and these two bits after the first. */
extern const uint8_t pr_latency_first[60];

static inline int32_t pr_latency_bin(int64_t ms)
{
    if (ms <= pr_latency_edges[0]) {
        return 0;
    }
    if (ms > pr_latency_edges[PR_BINS - 2]) {
        return PR_BINS - 1;
    }
    int32_t top = 31 - __builtin_clz((uint32_t)ms);
    int32_t bin = pr_latency_first[top * 4 + (int32_t)(((uint32_t)ms >> (top - 2)) & 3)];
    return bin + (ms > pr_latency_edges[bin]);
}

/* A bin has come to so many: halve them all, make anew what is read. */
void pr_latency_turn(pr_slot *s, uint32_t n);

/* Loads and stores, no locked instruction: of two answers at the very same moment one may be lost here. */
static inline void pr_latency_add(pr_slot *s, int32_t bin)
{
    uint32_t n = atomic_load_explicit(&s->bins[bin], memory_order_relaxed) + 1;
    n = n <= PR_LATENCY_FULL ? n : 1; /* damaged */
    atomic_store_explicit(&s->bins[bin], n, memory_order_relaxed);
    if (n <= 8 || (n & (n - 1)) == 0) {
        pr_latency_turn(s, n);
    }
}
/* What is kept beside it, from the bins and the merchant's belief. */
void pr_latency_refresh(pr_slot *s);

/* Where an age lies: its bin, and how much of the way through it. */
typedef struct pr_latency_at {
    int32_t bin;
    double part;
} pr_latency_at;
pr_latency_at pr_latency_place(int64_t age_ms);

/* P(longer than the age at this place); what another process is writing at this moment, or damage, stays
   within 0..1. */
static inline double pr_latency_over(const pr_slot *s, int32_t bin, double part)
{
    if (bin < 0) {
        return 1.0;
    }
    int32_t here = atomic_load_explicit(&s->tail[bin], memory_order_relaxed);
    int32_t next = bin + 1 < PR_BINS ? atomic_load_explicit(&s->tail[bin + 1], memory_order_relaxed) : 0;
    double fell = here > next ? part * (double)(here - next) : 0.0;
    return ((double)here - fell) * (1.0 / 65535.0);
}

/* P(no answer before this age): as usual, and in a brown-out. */
typedef struct pr_silent {
    double up, brown;
} pr_silent;

static inline pr_silent pr_latency_silent(const pr_slot *s, pr_latency_at at)
{
    return (pr_silent){pr_latency_over(s, at.bin, at.part),
                       pr_latency_over(s, at.bin - PR_BROWN_BINS, at.part)};
}

/* How much likelier a latency of this bin is in a brown-out: 0.15 .. 12, in 1/4096. */
static inline uint32_t pr_latency_ratio(const pr_slot *s, int32_t bin)
{
    uint32_t ratio = atomic_load_explicit(&s->ratio[bin], memory_order_relaxed);
    return ratio < 614 ? 614 : ratio > 12 * 4096 ? 12 * 4096 : ratio;
}

enum pr_quantile { PR_P50 = 0, PR_P95 = 1, PR_P99 = 2 };
static inline int32_t pr_latency_quantile(uint64_t quantiles, enum pr_quantile which) /* ms */
{
    return (int32_t)((quantiles >> ((int32_t)which * 21)) & 0x1FFFFFU);
}

#endif
