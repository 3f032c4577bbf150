/* See rate.h. What seems to come from before is taken as of now, and its clock is set right with the next
 * addition. */
#include "health/rate.h"

static uint64_t pack(pr_rate r, uint64_t time, double one)
{
    uint64_t good = (uint64_t)(int64_t)(r.good * one + 0.5);
    uint64_t all = (uint64_t)(int64_t)(r.all * one + 0.5);
    return (good & PR_RATE_PART) << (PR_RATE_BITS + PR_RATE_TIME_BITS) |
           (all & PR_RATE_PART) << PR_RATE_TIME_BITS | time;
}

static void add(pr_word *word, const pr_rate_kind *kind, double good, double all, int64_t now_ms)
{
    uint64_t seen = pr_read(word), time = pr_rate_tick(kind, now_ms), next;
    do {
        pr_rate r = pr_rate_at(seen, kind, time);
        r.all += all;
        r.good = r.good + good < r.all ? r.good + good : r.all;
        if (r.all > kind->cap) {
            r.good *= kind->cap / r.all;
            r.all = kind->cap;
        }
        next = pack(r, time, kind->one);
    } while (!pr_swap(word, &seen, next));
}

void pr_rate_add(pr_word *word, const pr_rate_kind *kind, double good, double all, int64_t now_ms)
{
    all = pr_clamp(all, 0.0, 16.0);
    add(word, kind, pr_clamp(good, 0.0, all), all, now_ms);
}

void pr_rate_lot(pr_word *word, const pr_rate_kind *kind, pr_rate more, int64_t now_ms)
{
    more.all = pr_clamp(more.all, 0.0, kind->cap);
    add(word, kind, pr_clamp(more.good, 0.0, more.all), more.all, now_ms);
}

void pr_rate_good(pr_word *word, const pr_rate_kind *kind, double good, int64_t now_ms)
{
    add(word, kind, pr_clamp(good, 0.0, 16.0), 0.0, now_ms);
}

int32_t pr_rate_old(uint64_t word, int64_t now_ms)
{
    return word != 0 && pr_rate_read(word, &pr_rate_cell, now_ms).all < 0.01;
}
