/* What may go now: canaries and probes one at a time for all workers, sends under a learned rate limit, and
   the counts that are told to other hosts. */
#ifndef PR_HEALTH_GATE_H
#define PR_HEALTH_GATE_H

#include "health/block.h"

enum {
    PR_SLICE_ANSWERED = 0,
    PR_SLICE_NOT_SENT = 1,
    PR_SLICE_UNKNOWN = 2,
    PR_SLICE_SLOW = 3,
    PR_SLICE_PROBE_OK = 4,
    PR_SLICE_PROBE_BAD = 5
};

/* A slice: [0] tick 24 | answered 20 | not sent 20; [1] tick 16 | unknown 12 | slow 12 | probe ok 12 | probe
   bad 12. A count that is full stays full. */
typedef struct pr_slice_field {
    int32_t word, shift, bits;
} pr_slice_field;
static const pr_slice_field pr_slice_fields[6] = {{0, 20, 20}, {0, 0, 20},  {1, 36, 12},
                                                  {1, 24, 12}, {1, 12, 12}, {1, 0, 12}};

static inline uint64_t pr_slice_tick(int32_t word, int64_t tick)
{
    return word == 0 ? ((uint64_t)tick & 0xFFFFFF) << 40 : ((uint64_t)tick & 0xFFFF) << 48;
}

static inline uint64_t pr_slice_mask(int32_t word)
{
    return word == 0 ? 0xFFFFFFULL << 40 : 0xFFFFULL << 48;
}

void pr_slices_add(pr_slot *s, int32_t which, uint32_t count, int64_t now_ms);

/* Answers come into the slices with the quarter of a second in which they were counted, when it is over; a
   word of one (ages.h), whole. */
void pr_slices_close(pr_slot *s, uint64_t quarter, int64_t now_ms);

/* An answer came (good 1: an approval): the next canary need not wait. */
void pr_gate_alive(pr_slot *s, int32_t good, int64_t now_ms);
/* "Too many requests": lower the limit. */
void pr_gate_limited(pr_slot *s, int64_t now_ms);
double pr_gate_limit(const pr_slot *s, int64_t now_ms); /* a second; 0: none is known */
/* State of the episode of probes: 0 tells nothing new, 1 the first good one, 2 a good one after a bad one. */
int32_t pr_gate_probe(pr_slot *s, int32_t ok);

#endif
