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
void pr_slices_add(pr_slot *s, int32_t which, int64_t now_ms);

/* An answer came (good 1: an approval): the next canary need not wait. */
void pr_gate_alive(pr_slot *s, int32_t good, int64_t now_ms);
/* "Too many requests": lower the limit. */
void pr_gate_limited(pr_slot *s, int64_t now_ms);
double pr_gate_limit(const pr_slot *s, int64_t now_ms); /* a second; 0: none is known */
/* State of the episode of probes: 0 tells nothing new, 1 the first good one, 2 a good one after a bad one. */
int32_t pr_gate_probe(pr_slot *s, int32_t ok);

#endif
