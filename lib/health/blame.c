/* See blame.h. A word: log-odds in 16 bits of 1/512, and the time in 40 bits of quarters of a second. */
#include "health/blame.h"
#include "health/number.h"

enum { TIME_BITS = 40, TICK_MS = 250 };
static const double STEP = 512.0, LIMIT = 12.0;
static const double ONSET = 2e-6;    /* a second */
static const double FADE_S = 1200.0; /* a storm of unknown age goes on for about so long */
static const double REST = -6.0;     /* log-odds where nothing was seen */

static double log_odds(uint64_t word, int64_t now_ms)
{
    if (word == 0) {
        return REST;
    }
    double nats = ((double)(word >> TIME_BITS) - 32768.0) / STEP;
    double dt = (double)(now_ms / TICK_MS - (int64_t)(word & ((1ULL << TIME_BITS) - 1))) * TICK_MS / 1000.0;
    if (dt <= 0) {
        return nats;
    }
    double on = pr_logistic(nats), keep = FADE_S / (FADE_S + dt), begun = pr_clamp(ONSET * dt, 0.0, 0.0025);
    return pr_logit(on * keep + (1.0 - on) * begun);
}

double pr_storm_read(uint64_t word, int64_t now_ms)
{
    return pr_logistic(log_odds(word, now_ms));
}

void pr_storm_see(pr_word *word, double ratio, int64_t now_ms)
{
    uint64_t seen = pr_read(word), next;
    double more = pr_log(ratio);
    do {
        double nats = pr_clamp(log_odds(seen, now_ms) + more, -LIMIT, LIMIT);
        next = (uint64_t)(nats * STEP + 32768.5) << TIME_BITS |
               ((uint64_t)(now_ms / TICK_MS) & ((1ULL << TIME_BITS) - 1));
    } while (!pr_swap(word, &seen, next));
}

static double passes(const pr_word *cause, int64_t now_ms)
{
    return cause == NULL ? 1.0 : 1.0 - PR_STORM_TAKES * pr_storm_read(pr_read(cause), now_ms);
}

/* `rest`: P(approved) with the other causes taken in. */
static void weigh(pr_word *cause, double rest, int32_t approved, int64_t now_ms)
{
    if (cause == NULL) {
        return;
    }
    double with = rest * (1.0 - PR_STORM_TAKES);
    pr_storm_see(cause, approved ? 1.0 - PR_STORM_TAKES : (1.0 - with) / (1.0 - rest), now_ms);
}

void pr_blame_see(pr_word *channel, pr_word *pair, pr_word *issuer, double base, int32_t approved,
                  int64_t now_ms)
{
    double c = passes(channel, now_ms), p = passes(pair, now_ms), i = passes(issuer, now_ms);
    base = pr_clamp(base, 0.02, 0.98);
    weigh(channel, base * p * i, approved, now_ms);
    weigh(pair, base * c * i, approved, now_ms);
    weigh(issuer, base * c * p, approved, now_ms);
}
