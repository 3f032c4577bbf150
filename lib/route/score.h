/* The order that is worth most, from what the channels are like now. Knows nothing of configuration: a
   candidate is a slot of the health block, its price and the merchant's preference. Pure; the same input and
   seed give the same order. */
#ifndef PR_ROUTE_SCORE_H
#define PR_ROUTE_SCORE_H

#include "base/rng.h"
#include "health/health.h"

typedef struct pr_score_candidate {
    int32_t slot; /* in the health block; PR_HEALTH_NO_SLOT: nothing is known */
    pr_health_segment segment;
    int32_t rank;       /* by rules and windows, 0 .. 32767: a lower one goes first, whatever the rest says */
    int32_t priority;   /* lower goes first where the difference in success is within the margin */
    int32_t weight;     /* among equals */
    int32_t shown;      /* 1: the customer pays on a code or page, so its conversion counts */
    int32_t failed;     /* attempts of this order that failed there */
    double price;       /* fraction of the amount that it costs, times what cost is worth */
    double bonus;       /* added to the index: commitments behind their plan, stickiness */
    int32_t timeout_ms; /* how long an attempt may take here; 0: not known */
} pr_score_candidate;

typedef struct pr_score_ask {
    int64_t now_ms;
    int64_t patience_ms; /* time left for a confirmed result */
    double margin;       /* index difference within which priority decides */
    int32_t explore;     /* 1: this payment may be a canary */
} pr_score_ask;

typedef struct pr_score_term { /* what made the index, for the trace */
    pr_health_view view;
    double confirm;   /* p, after conversion and memory */
    double fail_over; /* f */
    double index;     /* p / (1 - g f), less the price, plus the bonus */
    int32_t canary;   /* 1: goes first, as a test with a short time-out */
    int32_t limited;  /* 1: its rate limit is used up at this moment */
    int32_t tied;     /* took part in the draw for its place */
    int32_t timeout_ms;
} pr_score_term;

typedef struct pr_score_draw { /* of the first place */
    int32_t among;
    uint32_t total;
    uint32_t value;
    pr_rng dice; /* as they were before anybody had a place */
} pr_score_draw;

/* Fills terms[count] and order[count] (indices of candidates, best first). `health` NULL: nothing is known of
 * any. */
void pr_score_order(pr_score_term *terms, int32_t *order, pr_score_draw *draw, const pr_health *health,
                    const pr_score_candidate *candidates, int32_t count, const pr_score_ask *ask,
                    pr_rng *rng);

/* The order again, from what was written down: index (as a number of millionths), canary and limited of the
   terms; rank, priority and weight of the candidates; the dice. */
void pr_score_again(pr_score_term *terms, int32_t *order, const pr_score_candidate *candidates, int32_t count,
                    double margin, pr_rng dice);

#endif
