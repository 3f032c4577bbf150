/* How many began in which quarter of a second and have not ended: what is silent speaks too. A worker that
   died leaves its count behind, which goes when its place in the ring comes round again. */
#ifndef PR_HEALTH_AGES_H
#define PR_HEALTH_AGES_H

#include "health/block.h"

enum { PR_AGES_BITS = 24 };
#define PR_AGES_COUNT ((1U << PR_AGES_BITS) - 1U)
#define PR_AGES_TICK ((1ULL << (64 - PR_AGES_BITS)) - 1U)

/* The quarter of a second as a word has it; never 0. */
static inline uint64_t pr_ages_tick(int64_t now_ms)
{
    uint64_t tick = ((uint64_t)now_ms / PR_AGE_MS) & PR_AGES_TICK;
    return tick != 0 ? tick : 1;
}

/* One more in this word's quarter; what stands there from another is over, and comes back in `*over`. Returns
   how many it holds now. Only a worker that is stopped for a second between the two looks can count for a
   quarter that was not his. */
static inline uint64_t pr_ages_count(pr_word *w, uint64_t tick, uint64_t *over)
{
    uint64_t seen = pr_read(w), next;
    *over = 0;
    if (seen >> PR_AGES_BITS == tick && (seen & PR_AGES_COUNT) < PR_AGES_COUNT / 2) {
        return (atomic_fetch_add(w, 1) & PR_AGES_COUNT) + 1; /* never waits for another */
    }
    do {
        uint64_t n = seen >> PR_AGES_BITS == tick ? seen & PR_AGES_COUNT : 0;
        next = tick << PR_AGES_BITS | (n < PR_AGES_COUNT ? n + 1 : n);
    } while (!atomic_compare_exchange_weak(w, &seen, next));
    *over = seen >> PR_AGES_BITS == tick ? 0 : seen;
    return next & PR_AGES_COUNT;
}

/* Counting and marking are in one order for all, so that a mark is never missing for long (pr_ages_unmark).
 */
static inline void pr_ages_mark(pr_ages *a, uint64_t i)
{
    uint64_t bit = 1ULL << (i & 63);
    if (!(atomic_load(&a->used[i >> 6]) & bit)) {
        atomic_fetch_or(&a->used[i >> 6], bit);
    }
}

/* Returns the tick: to be given back at the end. */
static inline uint64_t pr_ages_begin(pr_ages *a, int64_t now_ms)
{
    uint64_t tick = pr_ages_tick(now_ms);
    uint64_t over;
    (void)pr_ages_count(&a->count[tick % PR_AGES], tick, &over);
    pr_ages_mark(a, tick % PR_AGES);
    return tick;
}

/* Nothing, when its place went to another quarter meanwhile. What damage left there is not made less than
 * nothing. */
static inline void pr_ages_end(pr_ages *a, uint64_t tick)
{
    pr_word *w = &a->count[tick % PR_AGES];
    uint64_t seen = pr_read(w);
    if (tick != 0 && seen >> PR_AGES_BITS == tick && (seen & PR_AGES_COUNT) > 0) {
        seen = atomic_fetch_sub(w, 1);
        if (seen >> PR_AGES_BITS != tick || (seen & PR_AGES_COUNT) == 0) {
            atomic_fetch_add(w, 1);
        }
    }
}

/* A good end: an answer, a payment. What is silent is held against how many of those came meanwhile. Returns
   how many came in this quarter; `*over` as above. */
static inline uint64_t pr_ages_good(pr_ages *a, int64_t now_ms, uint64_t *over)
{
    uint64_t tick = pr_ages_tick(now_ms);
    if (pr_read(&a->last) != (uint64_t)now_ms) {
        pr_write(&a->last, (uint64_t)now_ms);
    }
    return pr_ages_count(&a->done[tick % 4], tick, over);
}

/* How many good ends came in the last three quarters. */
static inline int32_t pr_ages_came(const pr_ages *a, int64_t now_ms)
{
    uint64_t tick = pr_ages_tick(now_ms);
    int32_t came = 0;
    for (uint64_t i = 0; i < 3; i++) {
        uint64_t word = pr_read(&a->done[(tick - i) % 4]);
        came += word >> PR_AGES_BITS == ((tick - i) & PR_AGES_TICK) ? (int32_t)(word & PR_AGES_COUNT) : 0;
    }
    return came;
}

/* Since when silence counts: three quarters, or the last good end if that is longer ago. */
static inline int64_t pr_ages_window(const pr_ages *a, int64_t now_ms)
{
    int64_t since = now_ms - pr_time_read(&a->last), least = now_ms % PR_AGE_MS + 2 * PR_AGE_MS;
    return since > least ? since : least;
}

/* Nothing there any more: the mark goes, unless somebody began right now. */
void pr_ages_unmark(pr_ages *a, uint64_t i, uint64_t word);

#endif
