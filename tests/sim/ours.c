/* payroute itself: lib/health and the score of lib/route, as the payment machine uses them. */
#include "rates.h"

#include "health/health.h"
#include "health/number.h"
#include "route/score.h"

#include <stdio.h>
#include <stdlib.h>

static const double BEGIN_MS = 1.7e12;
enum { CELLS = 512, TIMEOUT_MS = 6000 };

typedef struct ours {
    sim_setup s;
    pr_health h;
    pr_rng dice;
    int32_t slot[SIM_CHANNELS];
    double busy[SIM_CHANNELS]; /* when something was last sent there */
    int32_t main;
    int32_t ticks;
    uint32_t doubt; /* something of the line failed there: ask before the next customer has to */
    uint64_t block[];
} ours;

static int64_t ms_of(double t)
{
    return (int64_t)(BEGIN_MS + t * 1000.0);
}

static void *ours_open(const sim_setup *s, const double *params)
{
    size_t size = pr_health_size(SIM_CHANNELS, CELLS);
    ours *o = sim_memory(sizeof *o + size);
    (void)params;
    o->s = *s;
    pr_rng_seed(&o->dice, s->seed, 1);
    if (pr_health_init(&o->h, o->block, size, SIM_CHANNELS, CELLS, ms_of(0)) != 0) {
        abort();
    }
    for (int32_t k = 0; k < s->n; k++) {
        char name[24];
        pr_health_prior prior = {s->prior[k], (int32_t)(s->latency[k] * 1000.0), TIMEOUT_MS};
        snprintf(name, sizeof name, "channel-%d", (int)k);
        o->slot[k] = pr_health_slot(&o->h, name, &prior, ms_of(0));
    }
    return o;
}

static pr_health_segment segment_of_ask(const sim_ask *ask)
{
    return (pr_health_segment){(uint32_t)ask->method + 1, (uint32_t)ask->issuer + 1};
}

static void ours_route(void *at, const sim_ask *ask, sim_order *out)
{
    ours *o = at;
    pr_score_candidate c[SIM_CHANNELS] = {{0}};
    pr_score_term terms[SIM_CHANNELS];
    pr_score_draw draw;
    double left = o->s.qr ? 8.0 : ask->deadline - ask->t;
    pr_score_ask q = {
        .now_ms = ms_of(ask->t), .patience_ms = (int64_t)(left * 1000.0), .explore = ask->try_no == 0};
    for (int32_t k = 0; k < o->s.n; k++) {
        c[k].slot = o->slot[k];
        c[k].segment = segment_of_ask(ask);
        c[k].weight = 1;
        c[k].shown = o->s.qr;
        c[k].failed = ask->failed >> k & 1;
        c[k].timeout_ms = TIMEOUT_MS;
    }
    pr_score_order(terms, out->k, &draw, &o->h, c, o->s.n, &q, &o->dice);
    out->n = o->s.n;
    for (int32_t i = 0; i < out->n; i++) {
        out->timeout[i] = terms[out->k[i]].timeout_ms / 1000.0;
    }
    if (ask->try_no == 0 && !terms[out->k[0]].canary) {
        o->main = out->k[0];
    }
}

static uint64_t ours_start(void *at, const sim_event *e)
{
    ours *o = at;
    o->busy[e->k] = e->t;
    return pr_health_start(&o->h, o->slot[e->k], ms_of(e->t));
}

static void ours_end(void *at, const sim_event *e)
{
    static const int32_t results[] = {
        [SIM_OK] = PR_HEALTH_APPROVED,        [SIM_SOFT] = PR_HEALTH_DECLINED_SOFT,
        [SIM_HARD] = PR_HEALTH_DECLINED_HARD, [SIM_NOT_SENT] = PR_HEALTH_NOT_SENT,
        [SIM_LIMITED] = PR_HEALTH_LIMITED,    [SIM_UNKNOWN] = PR_HEALTH_UNKNOWN,
        [SIM_PENDING] = PR_HEALTH_PENDING,    [SIM_TAKEN] = PR_HEALTH_TAKEN};
    ours *o = at;
    o->doubt |= sim_broken(e->result) ? 1U << e->k : 0;
    pr_health_end(&o->h, o->slot[e->k], segment_of_ask(e->ask), e->permit, results[e->result],
                  (int64_t)(e->latency * 1000.0), e->ask->try_no > 0, ms_of(e->t));
}

static void ours_final(void *at, const sim_event *e)
{
    ours *o = at;
    if (e->first == SIM_TAKEN) {
        return; /* hints told it */
    }
    int32_t first = e->first == SIM_PENDING ? PR_HEALTH_PENDING : PR_HEALTH_UNKNOWN;
    int32_t result = e->result == SIM_OK     ? PR_HEALTH_APPROVED
                     : e->result == SIM_SOFT ? PR_HEALTH_DECLINED_SOFT
                                             : PR_HEALTH_CUSTOMER;
    pr_health_final(&o->h, o->slot[e->k], segment_of_ask(e->ask), first, result, ms_of(e->t));
}

static void ours_hint(void *at, const sim_event *e)
{
    static const int32_t hints[] = {[SIM_SHOWN] = PR_HEALTH_SHOWN,
                                    [SIM_OPENED] = PR_HEALTH_OPENED,
                                    [SIM_CLIENT_FAILED] = PR_HEALTH_CLIENT_FAILED,
                                    [SIM_PAID] = PR_HEALTH_PAID,
                                    [SIM_GIVEN_UP] = PR_HEALTH_GIVEN_UP};
    ours *o = at;
    pr_health_hint(&o->h, o->slot[e->k], hints[e->result], (int64_t)(e->latency * 1000.0), ms_of(e->t));
}

enum { TICKS_OF_CALM = 5 }; /* one tick in so many looks at all channels */

/* What failed is asked about at once and again until that is settled; a suspect every five seconds, later
   every twenty; the main channel each minute when idle. */
static uint32_t ours_tick(void *at, double t)
{
    ours *o = at;
    uint32_t wanted = 0;
    int32_t calm = o->ticks++ % TICKS_OF_CALM == 0;
    for (int32_t k = 0; k < o->s.n; k++) {
        int32_t doubted = o->doubt >> k & 1;
        if (!doubted && !calm) {
            continue;
        }
        pr_health_view v;
        pr_health_look(&v, &o->h, o->slot[k], (pr_health_segment){0, 0}, 8000, ms_of(t));
        int32_t old = v.bad_since_ms > 0 && ms_of(t) - v.bad_since_ms > 120000;
        int64_t interval = v.up < 0.9                              ? (old ? 20000 : 5000)
                           : k == o->main && t - o->busy[k] > 45.0 ? 60000
                                                                   : 0;
        interval = doubted && !old ? 1500 : interval;
        if (v.up > 0.999 || v.up < 0.02) {
            o->doubt &= ~(1U << k);
        }
        if (interval > 0 && pr_health_probe_due(&o->h, o->slot[k], interval, ms_of(t))) {
            wanted |= 1U << k;
        }
    }
    return wanted;
}

static void ours_probe(void *at, int32_t k, int32_t ok, double latency, double t)
{
    ours *o = at;
    (void)latency; /* a query is not a payment: its time says nothing about those */
    pr_health_probe(&o->h, o->slot[k], ok, 0, ms_of(t));
}

const sim_router sim_payroute = {"payroute", "this library", ours_open,  ours_route, ours_start, ours_end,
                                 ours_final, ours_tick,      ours_probe, ours_hint,  1.0,        {0},
                                 {{0}}};
const sim_router sim_payroute_cron = {"payroute, no probes",
                                      "this library where no sweep runs",
                                      ours_open,
                                      ours_route,
                                      ours_start,
                                      ours_end,
                                      ours_final,
                                      0,
                                      0,
                                      ours_hint,
                                      0,
                                      {0},
                                      {{0}}};
