/* See base.h. */
#include "health/base.h"

static const double BELIEF = 40, LONG = 100, ALL = 20, SEGMENT = 50, CELL = 25; /* weights, in payments */

static pr_word *cell_word(const pr_health *h, uint64_t channel, pr_health_segment g, uint32_t kind,
                          int32_t make, int64_t now_ms)
{
    pr_cell *c = pr_health_cell(h, pr_health_cell_key(channel, g.method, g.issuer, kind), make, now_ms);
    return c == NULL ? NULL : &c->word;
}

pr_causes pr_base_causes(const pr_health *h, pr_slot *s, pr_health_segment segment, int32_t make,
                         int64_t now_ms)
{
    uint64_t key = pr_read(&s->key);
    pr_causes c = {NULL, NULL, &s->storm, NULL, NULL};
    if (segment.method != 0 || segment.issuer != 0) {
        c.rate = cell_word(h, key, segment, PR_CELL_RATE, make, now_ms);
        c.segment = cell_word(h, 0, segment, PR_CELL_SEGMENT, make, now_ms);
    }
    if (segment.issuer != 0) {
        segment.method = 0;
        c.pair = cell_word(h, key, segment, PR_CELL_PAIR, make, now_ms);
        c.issuer = cell_word(h, 0, segment, PR_CELL_ISSUER, make, now_ms);
    }
    return c;
}

static pr_rate rate_of(const pr_word *w, const pr_rate_kind *kind, int64_t now_ms)
{
    return w == NULL ? (pr_rate){0, 0} : pr_rate_read(pr_read(w), kind, now_ms);
}

double pr_base_rate(const pr_health *h, const pr_slot *s, const pr_causes *c, double *evidence, int64_t now_ms)
{
    double belief = (double)(pr_read(&s->prior) >> 48) / 65535.0;
    pr_rate slow = rate_of(&s->slow, &pr_rate_slow, now_ms), fast = rate_of(&s->fast, &pr_rate_fast, now_ms);
    double mean = pr_rate_mean(belief > 0 ? belief : 0.9, BELIEF, slow);
    mean = pr_rate_mean(mean, LONG, fast);
    *evidence = slow.all;
    if (c->rate == NULL && c->segment == NULL) {
        return mean;
    }
    pr_rate cell = rate_of(c->rate, &pr_rate_cell, now_ms);
    double all = pr_rate_mean(0.9, ALL, rate_of(&pr_block(h)->global, &pr_rate_slow, now_ms));
    double segment = pr_rate_mean(all, SEGMENT, rate_of(c->segment, &pr_rate_cell, now_ms));
    /* The sum of log-odds, without logarithms: odds multiply. */
    double good = mean * segment * (1.0 - all), bad = (1.0 - mean) * (1.0 - segment) * all;
    double here = good + bad > 1e-12 ? good / (good + bad) : mean;
    *evidence += cell.all;
    return pr_rate_mean(here, CELL, cell);
}
