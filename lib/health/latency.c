/* See latency.h. */
#include "health/latency.h"
#include "health/number.h"

enum { FULL = 1024 };
/* Upper end of each bin, ms: 20 * 1.25^n. The last one has no end. */
static const int32_t edges[PR_BINS] = {
    20,  25,  31,   39,   49,   61,   76,   95,   119,  149,  186,  233,  291,   364,   455,   568,
    711, 888, 1110, 1388, 1735, 2168, 2711, 3388, 4235, 5294, 6617, 8272, 10340, 12925, 16156, INT32_MAX};
/* The belief: so many answers' worth of this shape around the merchant's figure. */
static const double BELIEF = 12.0;
static const double shape[11] = {0.01, 0.03, 0.07, 0.13, 0.19, 0.20, 0.15, 0.10, 0.06, 0.04, 0.02};

static int32_t bin_of(int64_t ms)
{
    int32_t low = 0, high = PR_BINS - 1;
    while (low < high) {
        int32_t mid = (low + high) / 2;
        if (ms <= edges[mid]) {
            high = mid;
        } else {
            low = mid + 1;
        }
    }
    return low;
}

void pr_latency_add(pr_slot *s, int64_t latency_ms)
{
    pr_half *bin = &s->bins[bin_of(latency_ms)];
    if (atomic_fetch_add_explicit(bin, 1, memory_order_relaxed) < FULL) {
        return;
    }
    for (int32_t i = 0; i < PR_BINS; i++) {
        uint32_t have = atomic_load_explicit(&s->bins[i], memory_order_relaxed);
        atomic_fetch_sub_explicit(&s->bins[i], have / 2, memory_order_relaxed);
    }
}

void pr_latency_read(pr_latency *out, const pr_slot *s)
{
    double counts[PR_BINS + 2] = {0};
    int32_t centre = bin_of((int64_t)((pr_read(&s->prior) >> 24) & 0xFFFFFF)), i;
    for (i = 0; i < 11; i++) {
        int32_t at = centre - 5 + i;
        counts[(at < 0 ? 0 : at >= PR_BINS ? PR_BINS - 1 : at) + 1] += BELIEF * shape[i];
    }
    double sum = BELIEF;
    for (i = 0; i < PR_BINS; i++) {
        uint32_t n = atomic_load_explicit(&s->bins[i], memory_order_relaxed);
        n = n > 4 * FULL ? 0 : n; /* damaged, or two halvings at once */
        counts[i + 1] += (double)n;
        sum += (double)n;
    }
    /* Neighbours lend a little to each other: few answers make a spiky picture. */
    double floor = 0.0005, all = 0;
    for (i = 0; i < PR_BINS; i++) {
        double smooth = (counts[i] + 2.0 * counts[i + 1] + counts[i + 2]) / (4.0 * sum);
        out->share[i] = smooth + floor;
        all += out->share[i];
    }
    double tail = 1.0;
    for (i = 0; i < PR_BINS; i++) {
        out->share[i] /= all;
        out->tail[i] = tail;
        tail -= out->share[i];
        tail = tail < 0 ? 0 : tail;
    }
    out->tail[PR_BINS] = 0;
}

double pr_latency_silent(const pr_latency *l, int64_t age_ms, int32_t slower)
{
    int32_t bin = bin_of(age_ms);
    double low = bin == 0 ? 0.0 : (double)edges[bin - 1];
    double high = bin == PR_BINS - 1 ? low * 1.25 : (double)edges[bin];
    double part = pr_clamp(((double)age_ms - low) / (high - low), 0.0, 1.0);
    bin -= slower;
    return bin < 0 ? 1.0 : l->tail[bin] - part * l->share[bin];
}

double pr_latency_ratio(const pr_latency *l, int64_t latency_ms)
{
    int32_t bin = bin_of(latency_ms), slow = bin - PR_BROWN_BINS;
    double brown = slow < 0 ? 0.0005 : l->share[slow];
    return pr_clamp(brown / l->share[bin], 0.15, 12.0);
}

int32_t pr_latency_quantile(const pr_latency *l, double q)
{
    for (int32_t i = 0; i < PR_BINS - 1; i++) {
        if (1.0 - l->tail[i + 1] >= q) {
            return edges[i];
        }
    }
    return edges[PR_BINS - 2];
}
