/* A rate that forgets, in one word: how much was good, out of how much, when. Both halve with time, so that
   what was long ago says little. 22 bits of 1/256 each, and 20 bits of time in units of the rate's kind: the
   quickest kind's clock turns round after four months, by when pr_health_look no longer believes it. */
#ifndef PR_HEALTH_RATE_H
#define PR_HEALTH_RATE_H

#include "health/block.h"
#include "health/number.h"

typedef struct pr_rate_kind {
    int64_t unit_ms; /* of the stored time */
    int64_t half_ms; /* half-life */
    double cap;      /* no more than so much is remembered */
    double halves;   /* unit / half-life */
    double one;      /* steps of an observation */
} pr_rate_kind;

static const pr_rate_kind pr_rate_slow = {3600000, 10LL * 86400000, 8000.0, 1.0 / 240, 256.0}; /* ten days */
static const pr_rate_kind pr_rate_fast = {60000, 2LL * 3600000, 4000.0, 1.0 / 120, 256.0};     /* two hours */
static const pr_rate_kind pr_rate_cell = {600000, 2LL * 86400000, 2000.0, 1.0 / 288, 256.0};   /* two days */
static const pr_rate_kind pr_rate_funnel = {3600000, 10LL * 86400000, 200000.0, 1.0 / 240,
                                            16.0};                                  /* ten days */

typedef struct pr_rate {
    double good;
    double all;
} pr_rate;

enum { PR_RATE_BITS = 22, PR_RATE_TIME_BITS = 20 };
#define PR_RATE_PART ((1U << PR_RATE_BITS) - 1U)
#define PR_RATE_TIME ((1U << PR_RATE_TIME_BITS) - 1U)

/* The time as a word of this kind has it; the division is by a constant where the kind is one. */
static inline uint64_t pr_rate_tick(const pr_rate_kind *kind, int64_t now_ms)
{
    return (uint64_t)(now_ms / kind->unit_ms) & PR_RATE_TIME;
}

static inline pr_rate pr_rate_at(uint64_t word, const pr_rate_kind *kind, uint64_t tick)
{
    uint64_t all = (word >> PR_RATE_TIME_BITS) & PR_RATE_PART,
             good = word >> (PR_RATE_BITS + PR_RATE_TIME_BITS);
    uint64_t units = (tick - word) & PR_RATE_TIME;
    double left = 1.0 / kind->one;
    good = good > all ? all : good;
    /* A sixteenth of the clock's turn is a clock that was set back, the rest is the past. */
    if (units > 0 && units < 15 * (PR_RATE_TIME / 16) && all > 0) {
        left *= pr_exp2(-(double)(int64_t)units * kind->halves);
    }
    return (pr_rate){(double)(int64_t)good * left, (double)(int64_t)all * left};
}

static inline pr_rate pr_rate_read(uint64_t word, const pr_rate_kind *kind, int64_t now_ms)
{
    return pr_rate_at(word, kind, pr_rate_tick(kind, now_ms));
}
/* good and all: 0..1 of one observation, `all` its weight. */
void pr_rate_add(pr_word *word, const pr_rate_kind *kind, double good, double all, int64_t now_ms);
/* So many at once. */
void pr_rate_lot(pr_word *word, const pr_rate_kind *kind, pr_rate more, int64_t now_ms);
/* More of what is counted already was good. */
void pr_rate_good(pr_word *word, const pr_rate_kind *kind, double good, int64_t now_ms);
/* 1: nothing that a cell could still say. */
int32_t pr_rate_old(uint64_t word, int64_t now_ms);

/* What follows from a belief of so much weight and what was seen. */
static inline double pr_rate_mean(double belief, double weight, pr_rate r)
{
    return (belief * weight + r.good) / (weight + r.all);
}

#endif
