/* PCG-XSH-RR with 64 bits of state (M. E. O'Neill, pcg-random.org). */
#include "base/rng.h"

static const uint64_t MULTIPLIER = 6364136223846793005U;

static void advance(pr_rng *r)
{
    r->state = r->state * MULTIPLIER + r->stream;
}

void pr_rng_seed(pr_rng *r, uint64_t seed, uint64_t stream)
{
    r->state = 0;
    r->stream = (stream << 1) | 1U; /* odd, else the period is not full */
    advance(r);
    r->state += seed;
    advance(r);
}

uint32_t pr_rng_u32(pr_rng *r)
{
    uint64_t old = r->state;
    advance(r);
    uint32_t mixed = (uint32_t)(((old >> 18) ^ old) >> 27);
    uint32_t turn = (uint32_t)(old >> 59);
    return (mixed >> turn) | (mixed << ((32 - turn) & 31U));
}

uint32_t pr_rng_below(pr_rng *r, uint32_t bound)
{
    if (bound == 0) {
        return 0;
    }
    /* 2^32 is rarely a multiple of the bound: draws from the uneven rest are thrown away. */
    uint32_t uneven = (UINT32_MAX - bound + 1) % bound;
    uint32_t drawn = pr_rng_u32(r);
    while (drawn < uneven) {
        drawn = pr_rng_u32(r);
    }
    return drawn % bound;
}
