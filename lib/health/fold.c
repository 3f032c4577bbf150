/* What other hosts saw, taken in: one voice raises a doubt, two that agree convict. Whoever accuses alone may
   lie, or have a broken line of its own; the doubt that it raises makes this host ask, and what this host
   sees itself then decides. */
#include "health/fold.h"
#include "health/filter.h"
#include "health/gate.h"
#include "health/number.h"

static const double MOST = 2.5; /* nats: one host, each time */
static const double ALL = 6.0;  /* all of them: about what one lookup of our own says */
static const double DOUBT =
    -5.; /* log-odds to which one host alone may raise each fault: two in a hundred together */
enum { OWN_MS = 2 * PR_SLICE_MS };

typedef struct pull { /* nats against "up" */
    double down, hang, brown;
} pull;

/* At most so many nats, with the same proportions: else all faults would be alike in the end. */
static pull bounded(pull p, double most)
{
    double high = p.down > p.hang ? p.down : p.hang, low = p.down < p.hang ? p.down : p.hang;
    high = p.brown > high ? p.brown : high;
    low = p.brown < low ? p.brown : low;
    double far = high > -low ? high : -low, part = far > most ? most / far : 1.0;
    return (pull){p.down * part, p.hang * part, p.brown * part};
}

/* As if we had seen a part of it. Lookups that are answered tell nothing where none has failed: status pages
   lie, and each host has asked for itself. */
static pull pull_of(const pr_health_sums *s, double weight)
{
    double ok = (double)s->answered + (s->probe_bad > 0 ? (double)s->probe_ok : 0.0), no = s->not_sent;
    double lost = s->unknown, bad = s->probe_bad, slow = s->slow < s->answered ? s->slow : s->answered;
    pull p = {weight * (ok * -2.654 + no * 5.858 + lost * 4.046 + bad * 5.378),
              weight * (ok * -2.654 + no * 1.514 + lost * 5.795 + bad * 5.378),
              weight * (slow * 2.2 - (ok - slow) * 0.7 + no * 2.207 + lost * 3.576 + bad * 2.996)};
    return bounded(p, MOST);
}

static double worst_of(pull p)
{
    double worst = p.down > p.hang ? p.down : p.hang;
    return p.brown > worst ? p.brown : worst;
}

/* What all say but the loudest one; or what all say up to a doubt, where that is more. */
static double step_of(double all, double others, double odds)
{
    double doubt = DOUBT - pr_log(odds);
    doubt = all < doubt ? all : doubt;
    return pr_exp(others > doubt ? others : doubt);
}

void pr_health_sums_merge(const pr_health *h, int32_t slot, const pr_health_sums *hosts, int32_t count,
                          double weight, int64_t now_ms)
{
    pr_slot *s = pr_block_slot(h, slot);
    pull all = {0, 0, 0}, loudest = {0, 0, 0};
    int32_t told = 0;
    if (s == NULL || hosts == NULL || !pr_time_fits(now_ms)) {
        return;
    }
    weight = pr_clamp(weight, 0.0, 1.0);
    for (int32_t i = 0; weight > 0 && i < count; i++) {
        pull p = pull_of(&hosts[i], weight);
        told |= hosts[i].answered || hosts[i].not_sent || hosts[i].unknown || hosts[i].probe_bad;
        loudest = worst_of(p) > worst_of(loudest) ? p : loudest;
        all = (pull){all.down + p.down, all.hang + p.hang, all.brown + p.brown};
    }
    if (!told) {
        return;
    }
    pr_health_sums mine;
    pr_health_sums_read(&mine, h, slot, now_ms - OWN_MS, now_ms + PR_SLICE_MS); /* with the slice that runs */
    pull own = pull_of(&mine, 1.0);
    if (own.down > 0 || own.hang > 0) {
        loudest = (pull){0, 0, 0}; /* this host has seen the like itself: nobody is alone */
    }
    pull others =
        bounded((pull){all.down - loudest.down, all.hang - loudest.hang, all.brown - loudest.brown}, ALL);
    pr_posterior was = pr_filter_read(s, now_ms);
    all = bounded(all, ALL);
    pr_evidence e = {1.0, step_of(all.down, others.down, was.down / was.up),
                     step_of(all.hang, others.hang, was.hang / was.up),
                     step_of(all.brown, others.brown, was.brown / was.up)};
    pr_filter_see(s, &e, now_ms);
}
