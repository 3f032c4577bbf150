/* See block_of.h. */
#include "block_of.h"

#include <payroute/base.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void box_make(box *b, int32_t channels, int32_t cells, int64_t now_ms)
{
    b->size = pr_health_size(channels, cells);
    b->memory = aligned_alloc(64, (b->size + 63) / 64 * 64);
    if (b->memory == NULL) {
        abort();
    }
    memset(b->memory, 0, b->size);
    if (pr_health_init(&b->health, b->memory, b->size, channels, cells, now_ms) != PAYROUTE_OK) {
        abort();
    }
}

void box_free(box *b)
{
    free(b->memory);
    b->memory = NULL;
}

static int part(double x)
{
    return x >= 0.0 && x <= 1.0; /* NaN is neither */
}

const char *view_fault(const pr_health_view *v)
{
    double sum = v->up + v->down + v->hang + v->brown;
    if (!part(v->up) || !part(v->down) || !part(v->hang) || !part(v->brown) ||
        !(sum > 0.999999 && sum < 1.000001)) {
        return "posterior";
    }
    if (!part(v->approve) || !part(v->confirm) || !part(v->fail_over) ||
        v->confirm + v->fail_over > 1.000001) {
        return "outcome";
    }
    if (!part(v->blame_channel) || !part(v->blame_pair) || !part(v->blame_issuer) || !part(v->cashier)) {
        return "storms";
    }
    if (!part(v->pending) || !part(v->convert) || !(v->evidence >= 0 && v->evidence < 1e5)) {
        return "rates";
    }
    if (v->latency_p50_ms < 0 || v->latency_p95_ms < 0 || v->latency_p99_ms < 0 ||
        v->latency_p99_ms > 1 << 21) {
        return "latencies";
    }
    if (v->in_flight < 0 || v->bad_since_ms < 0 || v->last_ms < 0 || v->last_ms >= PR_TIME_CAP) {
        return "counts and times";
    }
    return v->limit_per_s >= 0 && v->limit_per_s < 1e12 ? NULL : "limit";
}

pr_health_view look_at(const box *b, int32_t slot, pr_health_segment segment, int64_t now_ms)
{
    pr_health_view v;
    pr_health_look(&v, &b->health, slot, segment, 8000, now_ms);
    const char *fault = view_fault(&v);
    if (fault != NULL) {
        fprintf(stderr, "a view is out of its range: %s\n", fault);
        abort();
    }
    return v;
}

void pay(const box *b, int32_t slot, pr_health_segment segment, int32_t result, int64_t latency_ms,
         int64_t now_ms)
{
    pr_health_permit permit = pr_health_start(&b->health, slot, now_ms);
    pr_health_end(&b->health, slot, segment, permit, result, latency_ms, 0, now_ms + latency_ms);
}
