/* See ages.h. */
#include "health/ages.h"

void pr_ages_unmark(pr_ages *a, uint64_t i, uint64_t word)
{
    atomic_fetch_and(&a->used[i >> 6], ~(1ULL << (i & 63)));
    if (atomic_load(&a->count[i]) != word) {
        pr_ages_mark(a, i);
    }
}
