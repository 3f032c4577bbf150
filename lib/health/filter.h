/* Is the channel up, down, hanging or browned out? Bayes over four states in one word: the log-odds of each
   bad state against "up" in 14 bits of 1/512, and the time in 22 bits of a quarter of a second. */
#ifndef PR_HEALTH_FILTER_H
#define PR_HEALTH_FILTER_H

#include "health/block.h"
#include "health/number.h"

typedef struct pr_posterior { /* weights: what is likely is one of them over the sum */
    double up, down, hang, brown;
} pr_posterior;

typedef struct pr_evidence { /* P(what was seen | state) */
    double up, down, hang, brown;
} pr_evidence;

enum { PR_ODDS_BITS = 14, PR_FILTER_TIME_BITS = 22 };
#define PR_FILTER_TIME ((1U << PR_FILTER_TIME_BITS) - 1U)
#define PR_FILTER_LONG_MS (5LL * 86400000)
#define PR_FILTER_REST 0.0024    /* odds of a channel that nothing is known of */
#define PR_FILTER_FORGET_S 600.0 /* P(still bad) = (600 + age) / (600 + age + dt) */
#define PR_FILTER_ONSET 2.5e-5   /* a second and bad state: the simulator's optimum between rare and often */
enum { PR_FAULT_MS = 20 * 86400000 };

static inline uint32_t pr_filter_raw(uint64_t word, int32_t at)
{
    return (uint32_t)(word >> (PR_FILTER_TIME_BITS + PR_ODDS_BITS * at)) & ((1U << PR_ODDS_BITS) - 1);
}

/* 1: as sure as can be that it is up, at this very tick, so that one more good answer would change no bit. */
static inline int32_t pr_filter_sure(const pr_slot *s, int64_t now_ms)
{
    static const uint64_t floor = 51; /* how the least log-odds are stored */
    const uint64_t sure = (floor | floor << PR_ODDS_BITS | floor << 2 * PR_ODDS_BITS) << PR_FILTER_TIME_BITS;
    return pr_read(&s->filter) == (sure | ((uint64_t)(now_ms / PR_AGE_MS) & PR_FILTER_TIME)) &&
           pr_read(&s->since) == 0 && now_ms - pr_time_read(&s->last) < PR_FILTER_LONG_MS;
}

/* Start of the present fault; now, when there is none, or when it is said to begin later. Nothing is older
   than PR_FAULT_MS. */
static inline int64_t pr_filter_since(const pr_slot *s, int64_t now_ms)
{
    int64_t since = pr_time_read(&s->since), oldest = now_ms > PR_FAULT_MS ? now_ms - PR_FAULT_MS : 0;
    return since == 0 || since > now_ms ? now_ms : since < oldest ? oldest : since;
}

static inline double pr_filter_seconds(uint64_t word, const pr_slot *s, int64_t now_ms)
{
    uint32_t d = ((uint32_t)((uint64_t)now_ms / PR_AGE_MS) - (uint32_t)word) & PR_FILTER_TIME;
    int64_t idle = now_ms - pr_time_read(&s->last);
    if (idle > PR_FILTER_LONG_MS) {
        return (double)idle * 0.001; /* the short clock has turned round, or nearly */
    }
    return d < PR_FILTER_TIME / 2 ? (double)(int32_t)d * (PR_AGE_MS / 1000.0) : 0.0;
}

/* A stored word as it stands at now_ms: stored odds, plus what time does to them. Faults begin; old ones go
   on longer; after very long nothing is certain, but not lost. */
static inline pr_posterior pr_filter_unpack(uint64_t word, const pr_slot *s, int64_t now_ms)
{
    if (word == 0) {
        return (pr_posterior){1.0, PR_FILTER_REST, PR_FILTER_REST, PR_FILTER_REST};
    }
    pr_posterior p = {1.0, pr_exp_stored(pr_filter_raw(word, 0)), pr_exp_stored(pr_filter_raw(word, 1)),
                      pr_exp_stored(pr_filter_raw(word, 2))};
    double dt = pr_filter_seconds(word, s, now_ms);
    if (dt <= 0) {
        return p;
    }
    double age = pr_read(&s->since) == 0 ? 0.0 : (double)(now_ms - pr_filter_since(s, now_ms)) * 0.001 - dt;
    double was = PR_FILTER_FORGET_S + (age > 0 ? age : 0.0), is = was + dt;
    double begun = PR_FILTER_ONSET * dt < 0.02 ? PR_FILTER_ONSET * dt : 0.02;
    double more = begun * is;
    p.up = is - 3.0 * more + (p.down + p.hang + p.brown) * dt;
    p.down = p.down * was + more;
    p.hang = p.hang * was + more;
    p.brown = p.brown * was + more;
    return p;
}

static inline pr_posterior pr_filter_read(const pr_slot *s, int64_t now_ms)
{
    return pr_filter_unpack(pr_read(&s->filter), s, now_ms);
}

/* What was seen goes in. */
void pr_filter_see(pr_slot *s, const pr_evidence *e, int64_t now_ms);
/* 1: most likely answering slowly, so that latencies teach nothing. */
int32_t pr_filter_slow(const pr_slot *s, int64_t now_ms);

#endif
