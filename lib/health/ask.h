/* A look at many channels for the same payment: what is the same for all of them is found out once. */
#ifndef PR_HEALTH_ASK_H
#define PR_HEALTH_ASK_H

#include "health/base.h"
#include "health/latency.h"
#include "health/memo.h"

typedef struct pr_health_ask {
    pr_health_segment segment;
    int64_t now_ms;
    int64_t moment_ms;           /* begin of its quarter of a second: as of then is what does not hurry */
    struct pr_health_memo *memo; /* NULL: none */
    int32_t ready;               /* 0: a time that is none; nothing is known then */
    pr_latency_at place;         /* of the patience */
    pr_base_common common;
    int64_t storm; /* tick of the storms' clock */
    double blame_issuer;
} pr_health_ask;

void pr_health_ask_begin(pr_health_ask *out, const pr_health *h, struct pr_health_memo *memo,
                         pr_health_segment segment, int64_t patience_ms, int64_t now_ms);
void pr_health_ask_look(pr_health_view *out, const pr_health *h, int32_t slot, const pr_health_ask *ask);

#endif
