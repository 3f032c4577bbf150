/* Is the channel up, down, hanging or browned out? Bayes over four states in one word: the log-odds of each
   bad state against "up" in 14 bits of 1/512, and the time in 22 bits of a quarter of a second. */
#ifndef PR_HEALTH_FILTER_H
#define PR_HEALTH_FILTER_H

#include "health/block.h"

typedef struct pr_posterior { /* weights against up = 1 */
    double down, hang, brown;
} pr_posterior;

typedef struct pr_evidence { /* P(what was seen | state) */
    double up, down, hang, brown;
} pr_evidence;

enum { PR_ODDS_BITS = 14, PR_FILTER_TIME_BITS = 22 };
#define PR_FILTER_LONG_MS (5LL * 86400000)

/* 1: as sure as can be that it is up, at this very tick, so that one more good answer would change no bit. */
static inline int32_t pr_filter_sure(const pr_slot *s, int64_t now_ms)
{
    static const uint64_t floor = 51; /* how the least log-odds are stored */
    const uint64_t sure = (floor | floor << PR_ODDS_BITS | floor << 2 * PR_ODDS_BITS) << PR_FILTER_TIME_BITS;
    return pr_read(&s->filter) ==
               (sure | ((uint64_t)(now_ms / PR_AGE_MS) & ((1U << PR_FILTER_TIME_BITS) - 1))) &&
           pr_read(&s->since) == 0 && now_ms - pr_time_read(&s->last) < PR_FILTER_LONG_MS;
}

/* As it stands at now_ms: stored odds, plus what time does to them (faults begin, and old ones go on longer).
 */
pr_posterior pr_filter_read(const pr_slot *s, int64_t now_ms);
void pr_filter_see(pr_slot *s, const pr_evidence *e, int64_t now_ms);
/* Start of the present fault; now, when there is none, or when it is said to begin later. Nothing is older
   than PR_FAULT_MS. */
enum { PR_FAULT_MS = 20 * 86400000 };
int64_t pr_filter_since(const pr_slot *s, int64_t now_ms);
/* 1: most likely answering slowly, so that latencies teach nothing. */
int32_t pr_filter_slow(const pr_slot *s, int64_t now_ms);
/* Multiply without storing. */
pr_posterior pr_filter_times(pr_posterior p, const pr_evidence *e);

#endif
