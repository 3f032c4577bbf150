/* Whose fault is a decline? Three causes, each on or off: the channel declines what others take, the channel
   declines this issuer's cards, the issuer declines everywhere. Each explains away the others (noisy-or), so
   an issuer that is down moves no channel. The same kind of word also holds "what this channel shows cannot
   be paid". */
#ifndef PR_HEALTH_BLAME_H
#define PR_HEALTH_BLAME_H

#include "health/block.h"

#define PR_STORM_TAKES 0.9 /* of the approvals, a storm takes so many */

/* Posterior of one cause at now_ms; the word of nothing is its prior. */
double pr_storm_read(uint64_t word, int64_t now_ms);
/* Multiply its odds. */
void pr_storm_see(pr_word *word, double ratio, int64_t now_ms);

/* One approval (approved 1) or soft decline (0) where `base` are approved usually; causes may be NULL. */
void pr_blame_see(pr_word *channel, pr_word *pair, pr_word *issuer, double base, int32_t approved,
                  int64_t now_ms);

#endif
