/* See ages.h. */
#include "health/ages.h"

enum { COUNT_BITS = PR_AGES_BITS };
static const uint64_t COUNT = (1U << COUNT_BITS) - 1, TICK = (1ULL << (64 - COUNT_BITS)) - 1;

/* Counting and marking are in one order for all, so that a mark is never missing for long (see
 * pr_ages_unmark). */
static void mark_used(pr_ages *a, uint64_t i)
{
    uint64_t bit = 1ULL << (i & 63);
    if (!(atomic_load(&a->used[i >> 6]) & bit)) {
        atomic_fetch_or(&a->used[i >> 6], bit);
    }
}

uint64_t pr_ages_begin(pr_ages *a, int64_t unit_ms, int64_t now_ms)
{
    uint64_t tick = (uint64_t)(now_ms / unit_ms) & TICK;
    tick = tick != 0 ? tick : 1;
    pr_word *w = &a->count[tick % PR_AGES];
    uint64_t seen = pr_read(w), next;
    do {
        uint64_t n = seen >> COUNT_BITS == tick ? seen & COUNT : 0;
        next = tick << COUNT_BITS | (n < COUNT ? n + 1 : n);
    } while (!atomic_compare_exchange_weak(w, &seen, next));
    mark_used(a, tick % PR_AGES);
    return tick;
}

int32_t pr_ages_end(pr_ages *a, uint64_t tick)
{
    pr_word *w = &a->count[tick % PR_AGES];
    uint64_t seen = pr_read(w);
    while (tick != 0 && seen >> COUNT_BITS == tick && (seen & COUNT) > 0) {
        if (pr_swap(w, &seen, seen - 1)) {
            return 1;
        }
    }
    return 0;
}

void pr_ages_unmark(pr_ages *a, uint64_t i, uint64_t word)
{
    atomic_fetch_and(&a->used[i >> 6], ~(1ULL << (i & 63)));
    if (atomic_load(&a->count[i]) != word) {
        mark_used(a, i);
    }
}

void pr_ages_good(pr_ages *a, int64_t unit_ms, int64_t now_ms)
{
    uint64_t tick = (uint64_t)(now_ms / unit_ms) & TICK;
    pr_word *w = &a->done[tick % 4];
    uint64_t seen = pr_read(w), next;
    do {
        uint64_t n = seen >> COUNT_BITS == tick ? seen & COUNT : 0;
        next = tick << COUNT_BITS | (n < COUNT ? n + 1 : n);
    } while (!pr_swap(w, &seen, next));
    pr_write(&a->last, (uint64_t)now_ms);
}

int64_t pr_ages_window(const pr_ages *a, int64_t unit_ms, int64_t now_ms, int32_t *good)
{
    uint64_t tick = (uint64_t)(now_ms / unit_ms) & TICK;
    int64_t since = now_ms - pr_time_read(&a->last), least = now_ms % unit_ms + 2 * unit_ms;
    *good = 0;
    for (uint64_t i = 0; i < 3; i++) {
        uint64_t word = pr_read(&a->done[(tick - i) % 4]);
        *good += word >> COUNT_BITS == ((tick - i) & TICK) ? (int32_t)(word & COUNT) : 0;
    }
    return since > least ? since : least;
}
