/* See rate.h. */
#include "health/rate.h"

void pr_rate_lot(pr_word *word, const pr_rate_kind *kind, pr_rate more, int64_t now_ms)
{
    more.all = pr_clamp(more.all, 0.0, kind->cap);
    pr_rate_put(word, kind, pr_clamp(more.good, 0.0, more.all), more.all, pr_rate_tick(kind, now_ms));
}

void pr_rate_good(pr_word *word, const pr_rate_kind *kind, double good, int64_t now_ms)
{
    pr_rate_put(word, kind, pr_clamp(good, 0.0, 16.0), 0.0, pr_rate_tick(kind, now_ms));
}

int32_t pr_rate_old(uint64_t word, int64_t now_ms)
{
    return word != 0 && pr_rate_read(word, &pr_rate_cell, now_ms).all < 0.01;
}
