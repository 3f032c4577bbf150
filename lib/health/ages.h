/* How many began in which quarter of a second and have not ended: what is silent speaks too. A worker that
   died leaves its count behind, which goes when its place in the ring comes round again. */
#ifndef PR_HEALTH_AGES_H
#define PR_HEALTH_AGES_H

#include "health/block.h"

/* Returns the tick, never 0: to be given back at the end. */
uint64_t pr_ages_begin(pr_ages *a, int64_t unit_ms, int64_t now_ms);
int32_t pr_ages_end(pr_ages *a, uint64_t tick); /* 1: there was one */

/* Calls `each` for every place that holds some, youngest first or not; returns how many in all. */
typedef void (*pr_ages_each)(void *at, int64_t age_ms, uint32_t count);
int32_t pr_ages_visit(pr_ages *a, int64_t unit_ms, int64_t max_age_ms, int64_t now_ms, pr_ages_each each,
                      void *at);

#endif
