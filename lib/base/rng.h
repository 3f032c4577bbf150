/* Seeded generator (PCG-XSH-RR 64/32): the same seed gives the same numbers everywhere; nothing secret is
   made with it. */
#ifndef PR_BASE_RNG_H
#define PR_BASE_RNG_H

#include <stdint.h>

typedef struct pr_rng {
    uint64_t state;
    uint64_t stream;
} pr_rng;

void pr_rng_seed(pr_rng *r, uint64_t seed, uint64_t stream);
uint32_t pr_rng_u32(pr_rng *r);
uint32_t pr_rng_below(pr_rng *r, uint32_t bound); /* unbiased; 0 for bound 0 */

#endif
