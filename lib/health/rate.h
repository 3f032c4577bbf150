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
    uint32_t parts;  /* of a half-life, in a unit */
    double one;      /* steps of an observation */
} pr_rate_kind;

static const pr_rate_kind pr_rate_slow = {3600000, 10LL * 86400000, 8000.0, 6, 256.0};    /* ten days */
static const pr_rate_kind pr_rate_fast = {60000, 2LL * 3600000, 4000.0, 12, 256.0};       /* two hours */
static const pr_rate_kind pr_rate_cell = {600000, 2LL * 86400000, 2000.0, 5, 256.0};      /* two days */
static const pr_rate_kind pr_rate_funnel = {3600000, 10LL * 86400000, 200000.0, 6, 16.0}; /* ten days */

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
        left *= pr_halved((uint32_t)units * kind->parts);
    }
    return (pr_rate){(double)(int64_t)good * left, (double)(int64_t)all * left};
}

static inline pr_rate pr_rate_read(uint64_t word, const pr_rate_kind *kind, int64_t now_ms)
{
    return pr_rate_at(word, kind, pr_rate_tick(kind, now_ms));
}
static inline uint64_t pr_rate_pack(pr_rate r, uint64_t tick, double one)
{
    uint64_t good = (uint64_t)(int64_t)(r.good * one + 0.5), all = (uint64_t)(int64_t)(r.all * one + 0.5);
    return (good & PR_RATE_PART) << (PR_RATE_BITS + PR_RATE_TIME_BITS) |
           (all & PR_RATE_PART) << PR_RATE_TIME_BITS | tick;
}

/* `good` <= `all` <= the cap. What seems to come from before is taken as of now, and its clock is set right.
 */
static inline void pr_rate_put(pr_word *word, const pr_rate_kind *kind, double good, double all,
                               uint64_t tick)
{
    uint64_t seen = pr_read(word), next;
    do {
        pr_rate r = pr_rate_at(seen, kind, tick);
        r.all += all;
        r.good = r.good + good < r.all ? r.good + good : r.all;
        if (r.all > kind->cap) {
            r.good *= kind->cap / r.all;
            r.all = kind->cap;
        }
        next = pr_rate_pack(r, tick, kind->one);
    } while (!pr_swap(word, &seen, next));
}

/* good and all: 0..1 of one observation, `all` its weight. */
static inline void pr_rate_add(pr_word *word, const pr_rate_kind *kind, double good, double all,
                               int64_t now_ms)
{
    all = pr_clamp(all, 0.0, 16.0);
    pr_rate_put(word, kind, pr_clamp(good, 0.0, all), all, pr_rate_tick(kind, now_ms));
}
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
