/* See blame.h. */
#include "health/blame.h"

static const double LIMIT = 12.0, MOST = 5.0; /* nats; a storm must be over after a few approvals */
static const uint64_t CLOCK = (1ULL << PR_STORM_TIME_BITS) - 1;

void pr_storm_see(pr_word *word, double ratio, int64_t now_ms)
{
    uint64_t seen = pr_read(word), next;
    int64_t tick = now_ms / PR_STORM_TICK_MS;
    do {
        pr_storm s = pr_storm_at(seen, tick);
        double rest = s.whole - s.part;
        double nats = pr_clamp(pr_log(s.part * ratio / (rest > 0 ? rest : 1e-12)), -LIMIT, MOST);
        next = (uint64_t)(int64_t)(nats * 512.0 + 32768.5) << PR_STORM_TIME_BITS | ((uint64_t)tick & CLOCK);
    } while (next != seen && !pr_swap(word, &seen, next));
}

int32_t pr_storm_old(uint64_t word, int64_t now_ms)
{
    static const int64_t WEEK = 7 * (86400000 / PR_STORM_TICK_MS);
    return word != 0 && now_ms / PR_STORM_TICK_MS - (int64_t)(word & CLOCK) > WEEK;
}

static double passes(const pr_word *cause, int64_t now_ms)
{
    return cause == NULL ? 1.0 : 1.0 - PR_STORM_TAKES * pr_storm_read(pr_read(cause), now_ms);
}

/* `rest`: P(approved) with the other causes taken in. */
static void weigh_cause(pr_word *cause, double rest, int32_t approved, int64_t now_ms)
{
    if (cause != NULL) {
        double with = rest * (1.0 - PR_STORM_TAKES);
        pr_storm_see(cause, approved ? 1.0 - PR_STORM_TAKES : (1.0 - with) / (1.0 - rest), now_ms);
    }
}

double pr_blame_see(pr_word *channel, pr_word *pair, pr_word *issuer, double base, int32_t approved,
                    int64_t now_ms)
{
    double c = passes(channel, now_ms), p = passes(pair, now_ms), i = passes(issuer, now_ms);
    base = pr_clamp(base, 0.02, 0.98);
    weigh_cause(channel, base * p * i, approved, now_ms);
    weigh_cause(pair, base * c * i, approved, now_ms);
    weigh_cause(issuer, base * c * p, approved, now_ms);
    return c * p * i;
}
