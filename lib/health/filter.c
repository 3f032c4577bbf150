/* See filter.h. The figures are those of the routing notes: a fault of each kind about every three days, and
   the longer one lasts the longer it will go on. */
#include "health/filter.h"
#include "health/number.h"

enum { ODDS_BITS = PR_ODDS_BITS, TIME_BITS = PR_FILTER_TIME_BITS, TICK_MS = PR_AGE_MS };
static const double STEP = 512.0; /* per nat */
static const double LIMIT = 15.9; /* nats */
static const double ONSET =
    2.5e-5; /* a second and bad state: the simulator's optimum between rare and often */
static const double REST = 0.0024;    /* odds of a channel that nothing is known of */
static const double FORGET_S = 600.0; /* P(still bad) = (600 + age) / (600 + age + dt) */
static const uint64_t TIME_MASK = (1U << TIME_BITS) - 1, ODDS_MASK = (1U << ODDS_BITS) - 1;

static uint64_t raw(uint64_t word, int at)
{
    return (word >> (TIME_BITS + ODDS_BITS * at)) & ODDS_MASK;
}

static double odds(uint64_t word, int at)
{
    return pr_exp_stored(raw(word, at));
}

static uint64_t stored(double weight, int at)
{
    double nats = pr_clamp(pr_log(weight), -LIMIT, LIMIT);
    return (uint64_t)(int64_t)(nats * STEP + 8192.5) << (TIME_BITS + ODDS_BITS * at);
}

static double seconds_since(uint64_t word, const pr_slot *s, int64_t now_ms)
{
    uint64_t d = ((uint64_t)(now_ms / TICK_MS) - word) & TIME_MASK;
    int64_t idle = now_ms - pr_time_read(&s->last);
    if (idle > PR_FILTER_LONG_MS) {
        return (double)idle / 1000.0; /* the short clock has turned round, or nearly */
    }
    return d < TIME_MASK / 2 ? (double)d * (TICK_MS / 1000.0) : 0.0;
}

static pr_posterior pass(pr_posterior p, double dt, double age)
{
    if (dt <= 0) {
        return p;
    }
    double keep = (FORGET_S + age) / (FORGET_S + age + dt);
    double begun =
        ONSET * dt < 0.02 ? ONSET * dt : 0.02; /* after very long nothing is certain, but not lost */
    double gone = (p.down + p.hang + p.brown) * (1.0 - keep);
    double over = 1.0 / (1.0 - 3.0 * begun + gone);
    p.down = (p.down * keep + begun) * over;
    p.hang = (p.hang * keep + begun) * over;
    p.brown = (p.brown * keep + begun) * over;
    return p;
}

static pr_posterior unpack(uint64_t word, const pr_slot *s, int64_t now_ms)
{
    pr_posterior p = {REST, REST, REST};
    if (word == 0) {
        return p;
    }
    p = (pr_posterior){odds(word, 0), odds(word, 1), odds(word, 2)};
    double dt = seconds_since(word, s, now_ms), age = (double)(now_ms - pr_filter_since(s, now_ms)) / 1000.0;
    return pass(p, dt, age > dt ? age - dt : 0.0);
}

int64_t pr_filter_since(const pr_slot *s, int64_t now_ms)
{
    int64_t since = pr_time_read(&s->since), oldest = now_ms > PR_FAULT_MS ? now_ms - PR_FAULT_MS : 0;
    return since == 0 || since > now_ms ? now_ms : since < oldest ? oldest : since;
}

pr_posterior pr_filter_read(const pr_slot *s, int64_t now_ms)
{
    return unpack(pr_read(&s->filter), s, now_ms);
}

int32_t pr_filter_slow(const pr_slot *s, int64_t now_ms)
{
    uint64_t word = pr_read(&s->filter);
    if (raw(word, 2) < 8192 - 614) { /* odds below 0.3: no need to look closer */
        return 0;
    }
    pr_posterior p = unpack(word, s, now_ms);
    return p.brown >= 0.3 * (1.0 + p.down + p.hang + p.brown);
}

pr_posterior pr_filter_times(pr_posterior p, const pr_evidence *e)
{
    double over = 1.0 / (e->up > 1e-12 ? e->up : 1e-12);
    p.down *= e->down * over;
    p.hang *= e->hang * over;
    p.brown *= e->brown * over;
    return p;
}

/* The fault's age counts from the moment when it became likelier than not. */
static void mark_fault(pr_slot *s, pr_posterior p, int64_t now_ms)
{
    double bad = p.down + p.hang + p.brown, share = bad / (1.0 + bad);
    uint64_t since = pr_read(&s->since);
    if (since == 0 && share > 0.5) {
        (void)atomic_compare_exchange_strong(&s->since, &since, (uint64_t)now_ms);
    } else if (since != 0 && share < 0.2) {
        (void)atomic_compare_exchange_strong(&s->since, &since, 0);
    }
}

void pr_filter_see(pr_slot *s, const pr_evidence *e, int64_t now_ms)
{
    uint64_t seen = pr_read(&s->filter), next;
    pr_posterior p;
    do {
        p = pr_filter_times(unpack(seen, s, now_ms), e);
        next = stored(p.down, 0) | stored(p.hang, 1) | stored(p.brown, 2) |
               ((uint64_t)(now_ms / TICK_MS) & TIME_MASK);
    } while (!pr_swap(&s->filter, &seen, next));
    pr_write(&s->last, (uint64_t)now_ms);
    mark_fault(s, p, now_ms);
}
