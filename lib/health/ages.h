/* How many began in which quarter of a second and have not ended: what is silent speaks too. A worker that
   died leaves its count behind, which goes when its place in the ring comes round again. */
#ifndef PR_HEALTH_AGES_H
#define PR_HEALTH_AGES_H

#include "health/block.h"

/* Returns the tick, never 0: to be given back at the end. */
uint64_t pr_ages_begin(pr_ages *a, int64_t unit_ms, int64_t now_ms);
int32_t pr_ages_end(pr_ages *a, uint64_t tick); /* 1: there was one */

/* A good end: an answer, a payment. What is silent is held against how many of those came meanwhile. */
void pr_ages_good(pr_ages *a, int64_t unit_ms, int64_t now_ms);
/* Since when silence counts: three units, or the last good end if that is longer ago; and how many came
 * since. */
int64_t pr_ages_window(const pr_ages *a, int64_t unit_ms, int64_t now_ms, int32_t *good);

/* Nothing there any more: the mark goes, unless somebody began right now. */
void pr_ages_unmark(pr_ages *a, uint64_t i, uint64_t word);

enum { PR_AGES_BITS = 24 };

/* Calls `each` for every place that holds some, youngest first or not; returns how many in all. */
typedef void (*pr_ages_each)(void *at, int64_t age_ms, uint32_t count);
static inline int32_t pr_ages_visit(pr_ages *a, int64_t unit_ms, int64_t max_age_ms, int64_t now_ms,
                                    pr_ages_each each, void *at)
{
    int32_t sum = 0;
    for (uint64_t half = 0; half < PR_AGES / 64; half++) {
        for (uint64_t bits = pr_read(&a->used[half]); bits != 0; bits &= bits - 1) {
            uint64_t i = half * 64 + (uint64_t)__builtin_ctzll(bits);
            uint64_t word = pr_read(&a->count[i]);
            int64_t age = now_ms - (int64_t)(word >> PR_AGES_BITS) * unit_ms;
            int32_t count = (int32_t)(word & ((1U << PR_AGES_BITS) - 1));
            if (count == 0 || age > max_age_ms || age < -unit_ms * PR_AGES) {
                pr_ages_unmark(a, i, word);
            } else if (age >= 0) {
                sum += count <= INT32_MAX / 2 - sum ? count : 0;
                each(at, age, (uint32_t)count);
            }
        }
    }
    return sum;
}

#endif
