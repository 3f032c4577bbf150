/* What several other hosts saw of a channel, heard together. */
#ifndef PR_HEALTH_FOLD_H
#define PR_HEALTH_FOLD_H

#include "health/health.h"

/* `weight` 0..1 of what each of them says. Whoever accuses alone raises a doubt and no more, however often he
   says it. */
void pr_health_sums_merge(const pr_health *h, int32_t slot, const pr_health_sums *hosts, int32_t count,
                          double weight, int64_t now_ms);

#endif
