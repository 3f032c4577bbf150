/* See base.h. */
#include "health/base.h"

static const double BELIEF = 40, LONG = 100, ALL = 20, SEGMENT = 50, CELL = 25; /* weights, in payments */

static pr_word *claimed(const pr_health *h, uint64_t channel, uint32_t method, uint32_t issuer, uint32_t kind,
                        int64_t now_ms)
{
    pr_cell *c = pr_health_cell(h, pr_health_cell_key(channel, method, issuer, kind), now_ms);
    return c == NULL ? NULL : &c->word;
}

pr_causes pr_base_causes(const pr_health *h, pr_slot *s, pr_health_segment segment, int64_t now_ms)
{
    pr_causes c = {NULL, NULL, &s->storm, NULL, NULL};
    uint64_t key = pr_read(&s->key);
    if (segment.method != 0 || segment.issuer != 0) {
        c.rate = claimed(h, key, segment.method, segment.issuer, PR_CELL_RATE, now_ms);
        c.segment = claimed(h, 0, segment.method, segment.issuer, PR_CELL_SEGMENT, now_ms);
    }
    if (segment.issuer != 0) {
        c.pair = claimed(h, key, 0, segment.issuer, PR_CELL_PAIR, now_ms);
        c.issuer = claimed(h, 0, 0, segment.issuer, PR_CELL_ISSUER, now_ms);
    }
    return c;
}

pr_base_common pr_base_of_segment(const pr_health *h, const pr_word *segment, int64_t now_ms)
{
    pr_base_common c = {pr_block_cells(h),
                        pr_rate_tick(&pr_rate_slow, now_ms),
                        pr_rate_tick(&pr_rate_fast, now_ms),
                        pr_rate_tick(&pr_rate_cell, now_ms),
                        0,
                        0,
                        segment != NULL};
    c.all = pr_rate_mean(0.9, ALL, pr_rate_at(pr_read(&pr_block(h)->global), &pr_rate_slow, c.slow));
    c.segment = c.all;
    if (segment != NULL) {
        c.segment = pr_rate_mean(c.all, SEGMENT, pr_rate_at(pr_read(segment), &pr_rate_cell, c.cell));
    }
    return c;
}

/* Means of means, carried as fractions down to the one division at the end. */
void pr_base_channel(const pr_slot *s, const pr_base_common *c, double *part, double *whole, double *evidence)
{
    double belief = (double)(int32_t)(pr_read(&s->prior) >> 48) * (1.0 / 65535.0);
    pr_rate slow = pr_rate_at(pr_read(&s->slow), &pr_rate_slow, c->slow);
    pr_rate fast = pr_rate_at(pr_read(&s->fast), &pr_rate_fast, c->fast);
    double over = BELIEF + slow.all;
    *whole = over * (LONG + fast.all);
    *part = ((belief > 0 ? belief : 0.9) * BELIEF + slow.good) * LONG + fast.good * over;
    *evidence = slow.all;
}

double pr_base_rate(double part, double whole, const pr_word *cell, const pr_base_common *c, double *evidence)
{
    pr_rate seen = {0, 0};
    if (cell != NULL) {
        seen = pr_rate_at(pr_read(cell), &pr_rate_cell, c->cell);
        *evidence += seen.all;
    }
    if (c->known) { /* the sum of log-odds, without logarithms: odds multiply */
        double good = part * c->segment * (1.0 - c->all), bad = (whole - part) * (1.0 - c->segment) * c->all;
        if (good + bad > 1e-12) {
            part = good;
            whole = good + bad;
        }
    }
    return pr_clamp((part * CELL + seen.good * whole) / (whole * (CELL + seen.all)), 0.0, 1.0);
}

/* The mean of logarithms as a rate: of SPAN nats, which no amount has. */
int32_t pr_health_dear(const pr_health *h, uint32_t currency, int64_t amount_minor, int32_t first,
                       int64_t now_ms)
{
    static const double SPAN = 44.0, DEAR = 1.3862944, ENOUGH = 5.0; /* nats, nats, payments */
    if (h == NULL || h->block == NULL || !pr_time_fits(now_ms) || amount_minor < 1) {
        return 0;
    }
    pr_word *usual = claimed(h, 0, currency, UINT32_MAX, PR_CELL_SEGMENT, now_ms);
    if (usual == NULL) {
        return 0;
    }
    pr_rate seen = pr_rate_read(pr_read(usual), &pr_rate_cell, now_ms);
    double nats = pr_log((double)amount_minor);
    if (first) {
        pr_rate_add(usual, &pr_rate_cell, nats / SPAN, 1.0, now_ms);
    }
    return seen.all >= ENOUGH && nats > seen.good / seen.all * SPAN + DEAR;
}
