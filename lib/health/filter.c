/* See filter.h. The figures are those of the routing notes: a fault of each kind about every three days, and
   the longer one lasts the longer it will go on. */
#include "health/filter.h"

static const double STEP = 512.0; /* per nat */
static const double LIMIT = 15.9; /* nats */

static uint64_t stored(double weight, int at)
{
    double nats = pr_clamp(pr_log(weight), -LIMIT, LIMIT);
    return (uint64_t)(int64_t)(nats * STEP + 8192.5) << (PR_FILTER_TIME_BITS + PR_ODDS_BITS * at);
}

int32_t pr_filter_slow(const pr_slot *s, int64_t now_ms)
{
    uint64_t word = pr_read(&s->filter);
    if (pr_filter_raw(word, 2) < 8192 - 614) { /* odds below 0.3: no need to look closer */
        return 0;
    }
    pr_posterior p = pr_filter_unpack(word, s, now_ms);
    return p.brown >= 0.3 * (p.up + p.down + p.hang + p.brown);
}

/* The fault's age counts from the moment when it became likelier than not; it is over when it is four times
   likelier that nothing is wrong. */
static void mark_fault(pr_slot *s, double bad, int64_t now_ms)
{
    uint64_t since = pr_read(&s->since);
    if (since == 0 && bad > 1.0) {
        (void)atomic_compare_exchange_strong(&s->since, &since, (uint64_t)now_ms);
    } else if (since != 0 && bad < 0.25) {
        (void)atomic_compare_exchange_strong(&s->since, &since, 0);
    }
}

void pr_filter_see(pr_slot *s, const pr_evidence *e, int64_t now_ms)
{
    uint64_t seen = pr_read(&s->filter), next;
    double down, hang, brown;
    do {
        pr_posterior p = pr_filter_unpack(seen, s, now_ms);
        double up = p.up * e->up, over = 1.0 / (up > 1e-12 ? up : 1e-12);
        down = p.down * e->down * over;
        hang = p.hang * e->hang * over;
        brown = p.brown * e->brown * over;
        next = stored(down, 0) | stored(hang, 1) | stored(brown, 2) |
               ((uint64_t)(now_ms / PR_AGE_MS) & PR_FILTER_TIME);
    } while (!pr_swap(&s->filter, &seen, next));
    if (pr_read(&s->last) != (uint64_t)now_ms) {
        pr_write(&s->last, (uint64_t)now_ms);
    }
    mark_fault(s, down + hang + brown, now_ms);
}
