/* The public handle: a view, and the block when it is ours. */
#ifndef PR_HEALTH_HANDLE_H
#define PR_HEALTH_HANDLE_H

#include <payroute/health.h>

#include "health/health.h"

struct payroute_health {
    pr_health view;
    void *own; /* NULL: the caller's memory */
};

#endif
