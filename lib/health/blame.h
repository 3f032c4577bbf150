/* Whose fault is a decline? Three causes, each on or off: the channel declines what others take, the channel
   declines this issuer's cards, the issuer declines everywhere. Each explains away the others (noisy-or), so
   an issuer that is down moves no channel. The same kind of word also holds "what this channel shows cannot
   be paid": log-odds in 16 bits of 1/512, and the time in 40 bits of quarters of a second. */
#ifndef PR_HEALTH_BLAME_H
#define PR_HEALTH_BLAME_H

#include "health/block.h"
#include "health/number.h"

#define PR_STORM_TAKES 0.9                  /* of the approvals, a storm takes so many */
#define PR_STORM_ONSET 2e-6                 /* a second */
#define PR_STORM_FADE_S 1200.0              /* one of unknown age goes on for about so long */
#define PR_STORM_REST 0.0024726231566347743 /* where nothing was seen: log-odds of -6 */
enum { PR_STORM_TIME_BITS = 40, PR_STORM_TICK_MS = 250 };

/* P(on) = part / whole: a division that the caller may not need. */
typedef struct pr_storm {
    double part, whole;
} pr_storm;

static inline pr_storm pr_storm_at(uint64_t word, int64_t tick)
{
    if (word == 0) {
        return (pr_storm){PR_STORM_REST, 1.0};
    }
    int32_t raw = (int32_t)((word >> PR_STORM_TIME_BITS) & 0xFFFFU) - 32768 + 8192;
    raw = raw < 8192 - 6144 ? 8192 - 6144 : raw > 8192 + 6144 ? 8192 + 6144 : raw; /* 12 nats */
    double odds = pr_exp_stored((uint32_t)raw);
    int64_t ticks = tick - (int64_t)(word & ((1ULL << PR_STORM_TIME_BITS) - 1));
    if (ticks <= 0) {
        return (pr_storm){odds, 1.0 + odds};
    }
    double dt = (double)ticks * (PR_STORM_TICK_MS / 1000.0), begun = PR_STORM_ONSET * dt;
    double whole = PR_STORM_FADE_S + dt;
    begun = begun < 0.0025 ? begun : 0.0025;
    return (pr_storm){odds * PR_STORM_FADE_S + begun * whole, (1.0 + odds) * whole};
}

/* Posterior of one cause at now_ms; the word of nothing is its prior. */
static inline double pr_storm_read(uint64_t word, int64_t now_ms)
{
    pr_storm s = pr_storm_at(word, now_ms / PR_STORM_TICK_MS);
    return s.part / s.whole;
}
/* 1: it has said nothing for a week, so its cell may go to another. */
int32_t pr_storm_old(uint64_t word, int64_t now_ms);
/* Multiply its odds. */
void pr_storm_see(pr_word *word, double ratio, int64_t now_ms);

/* One approval (approved 1) or soft decline (0) where `base` are approved usually; causes may be NULL.
   Returns the part of the approvals that all storms together let pass, as it was before. */
#define PR_PENDING_STORM 0.85 /* of first answers are PENDING in a storm of those */
double pr_blame_see(pr_word *channel, pr_word *pair, pr_word *issuer, double base, int32_t approved,
                    int64_t now_ms);

#endif
