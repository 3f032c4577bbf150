/* See latency.h. */
#include "health/latency.h"
#include "health/number.h"

enum { QUANTILE_BITS = 21 };
const int32_t pr_latency_edges[PR_BINS] = {
    20,  25,  31,   39,   49,   61,   76,   95,   119,  149,  186,  233,  291,   364,   455,   568,
    711, 888, 1110, 1388, 1735, 2168, 2711, 3388, 4235, 5294, 6617, 8272, 10340, 12925, 16156, 20195};
const uint8_t pr_latency_first[60] = {0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
                                      0,  0,  0,  1,  2,  3,  4,  4,  5,  6,  7,  8,  8,  9,  10,
                                      11, 11, 12, 13, 14, 14, 15, 16, 17, 18, 18, 19, 20, 21, 21,
                                      22, 23, 24, 24, 25, 26, 27, 27, 28, 29, 30, 31, 31, 31, 31};
/* The belief: so many answers' worth of this shape around the merchant's figure. */
static const double BELIEF = 12.0;
static const double shape[11] = {0.01, 0.03, 0.07, 0.13, 0.19, 0.20, 0.15, 0.10, 0.06, 0.04, 0.02};
static const double LEAST = 0.0005; /* of each bin: no latency is impossible */
static const double UNIT = 65535.0, RATIO = 4096.0;

static uint32_t count_of(const pr_slot *s, int32_t i)
{
    uint32_t n = atomic_load_explicit(&s->bins[i], memory_order_relaxed);
    return n <= PR_LATENCY_FULL ? n : 0; /* damaged */
}

static void keep_shape(pr_slot *s, const double *share)
{
    static const double want[3] = {0.50, 0.95, 0.99};
    double tail = 1.0;
    uint64_t quantiles = 0;
    int32_t found = 0;
    for (int32_t i = 0; i < PR_BINS; i++) {
        atomic_store_explicit(&s->tail[i], (uint16_t)(tail * UNIT + 0.5), memory_order_relaxed);
        tail -= share[i];
        tail = tail < 0 ? 0 : tail;
        for (; found < 3 && (1.0 - tail >= want[found] || i == PR_BINS - 2); found++) {
            quantiles |= (uint64_t)pr_latency_edges[i] << (found * QUANTILE_BITS);
        }
    }
    pr_write(&s->quantiles, quantiles);
    for (int32_t i = 0; i < PR_BINS; i++) {
        double brown = i < PR_BROWN_BINS ? LEAST : share[i - PR_BROWN_BINS];
        uint16_t ratio = (uint16_t)(pr_clamp(brown / share[i], 0.15, 12.0) * RATIO + 0.5);
        atomic_store_explicit(&s->ratio[i], ratio, memory_order_relaxed);
    }
}

void pr_latency_refresh(pr_slot *s)
{
    double counts[PR_BINS + 2] = {0}, share[PR_BINS], sum = BELIEF;
    int32_t centre = pr_latency_bin((int64_t)((pr_read(&s->prior) >> 24) & 0xFFFFFF)), i;
    for (i = 0; i < 11; i++) {
        int32_t at = centre - 5 + i;
        counts[(at < 0 ? 0 : at >= PR_BINS ? PR_BINS - 1 : at) + 1] += BELIEF * shape[i];
    }
    for (i = 0; i < PR_BINS; i++) {
        double n = (double)count_of(s, i);
        counts[i + 1] += n;
        sum += n;
    }
    /* Neighbours lend a little to each other: few answers make a spiky picture. What the ends lend to nobody
       is lost, so that the sum is taken anew. */
    double all = 0, over = 1.0 / (4.0 * sum);
    for (i = 0; i < PR_BINS; i++) {
        share[i] = (counts[i] + 2.0 * counts[i + 1] + counts[i + 2]) * over + LEAST;
        all += share[i];
    }
    over = 1.0 / all;
    for (i = 0; i < PR_BINS; i++) {
        share[i] *= over;
    }
    keep_shape(s, share);
}

void pr_latency_turn(pr_slot *s, uint32_t n)
{
    if (n >= PR_LATENCY_FULL) {
        for (int32_t i = 0; i < PR_BINS; i++) {
            atomic_store_explicit(&s->bins[i], count_of(s, i) / 2, memory_order_relaxed);
        }
    }
    pr_latency_refresh(s);
}

/* The part of the way through a bin. */
static double within(int32_t bin, int64_t age_ms)
{
#define PR_WIDTH(a, b) 1.0 / ((b) - (a))
    static const double per_ms[PR_BINS] = {
        PR_WIDTH(0, 20),       PR_WIDTH(20, 25),       PR_WIDTH(25, 31),       PR_WIDTH(31, 39),
        PR_WIDTH(39, 49),      PR_WIDTH(49, 61),       PR_WIDTH(61, 76),       PR_WIDTH(76, 95),
        PR_WIDTH(95, 119),     PR_WIDTH(119, 149),     PR_WIDTH(149, 186),     PR_WIDTH(186, 233),
        PR_WIDTH(233, 291),    PR_WIDTH(291, 364),     PR_WIDTH(364, 455),     PR_WIDTH(455, 568),
        PR_WIDTH(568, 711),    PR_WIDTH(711, 888),     PR_WIDTH(888, 1110),    PR_WIDTH(1110, 1388),
        PR_WIDTH(1388, 1735),  PR_WIDTH(1735, 2168),   PR_WIDTH(2168, 2711),   PR_WIDTH(2711, 3388),
        PR_WIDTH(3388, 4235),  PR_WIDTH(4235, 5294),   PR_WIDTH(5294, 6617),   PR_WIDTH(6617, 8272),
        PR_WIDTH(8272, 10340), PR_WIDTH(10340, 12925), PR_WIDTH(12925, 16156), PR_WIDTH(16156, 20195)};
#undef PR_WIDTH
    int64_t low = bin == 0 ? 0 : pr_latency_edges[bin - 1];
    return pr_clamp((double)(age_ms - low) * per_ms[bin], 0.0, 1.0);
}

pr_latency_at pr_latency_place(int64_t age_ms)
{
    int32_t bin = pr_latency_bin(age_ms);
    return (pr_latency_at){bin, within(bin, age_ms)};
}
