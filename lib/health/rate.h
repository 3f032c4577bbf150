/* A rate that forgets, in one word: how much was good, out of how much, when. Both halve with time, so that
   what was long ago says little. 24 bits of 1/8192 each, and 16 bits of time in units of the rate's kind. */
#ifndef PR_HEALTH_RATE_H
#define PR_HEALTH_RATE_H

#include "health/block.h"

typedef struct pr_rate_kind {
    int64_t unit_ms; /* of the stored time */
    int64_t half_ms; /* half-life */
    double cap;      /* no more than so much is remembered */
} pr_rate_kind;

extern const pr_rate_kind pr_rate_slow;   /* ten days */
extern const pr_rate_kind pr_rate_fast;   /* two hours */
extern const pr_rate_kind pr_rate_cell;   /* two days */
extern const pr_rate_kind pr_rate_recent; /* ten minutes: pending, funnel, limits */

typedef struct pr_rate {
    double good;
    double all;
} pr_rate;

pr_rate pr_rate_read(uint64_t word, const pr_rate_kind *kind, int64_t now_ms);
/* good and all: 0..1 of one observation, `all` its weight. */
void pr_rate_add(pr_word *word, const pr_rate_kind *kind, double good, double all, int64_t now_ms);
/* 1: nothing that a cell could still say. */
int32_t pr_rate_old(uint64_t word, int64_t now_ms);

/* What follows from a belief of so much weight and what was seen. */
static inline double pr_rate_mean(double belief, double weight, pr_rate r)
{
    return (belief * weight + r.good) / (weight + r.all);
}

#endif
