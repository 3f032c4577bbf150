/* The public handle: a view, and the block when it is ours. */
#ifndef PR_HEALTH_HANDLE_H
#define PR_HEALTH_HANDLE_H

#include <payroute/health.h>

#include "health/health.h"

struct payroute_health {
    pr_health view;
    void *own; /* NULL: the caller's memory */
};

/* The same knowledge in memory of its own, while others go on with theirs: each word as it was at some moment
   of the call, which is all that any reader may count on. What is done to the copy nobody hears of. E_ARG;
   E_NOMEM. */
int32_t pr_health_copy(payroute_health **out, const payroute_health *from);

#endif
