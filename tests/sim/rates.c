/* Those who count successes: decayed rates with a share of exploration, windows of payments with hedging (as
   the open payment switch does it), discounted Thompson sampling. Written from their descriptions. */
#include "rates.h"

#include "health/number.h"

#include <stdlib.h>

void *sim_memory(size_t size)
{
    void *p = calloc(1, size);
    if (p == NULL) {
        abort();
    }
    return p;
}

int32_t sim_plain(const sim_event *e, int32_t is_final)
{
    if (is_final) {
        return e->first == SIM_TAKEN ? e->result == SIM_OK : -1;
    }
    return e->result == SIM_TAKEN ? -1 : e->result == SIM_OK;
}

/* "Not counted until its result comes", as the switch documents it. */
static int32_t patient(const sim_event *e, int32_t is_final)
{
    return is_final && e->first == SIM_PENDING     ? e->result == SIM_OK
           : !is_final && e->result == SIM_PENDING ? -1
                                                   : sim_plain(e, is_final);
}

static int32_t segment_of(const sim_event *e)
{
    return e->ask->method * SIM_ISSUERS + e->ask->issuer;
}

/* ---- decayed rates ---- */

enum { BELIEF = 10 };

void rates_begin(rates *r, const sim_setup *s, double memory, double half_life, double lean)
{
    r->s = *s;
    r->dice.state = s->seed;
    r->memory = memory;
    r->half_life = half_life;
    r->lean = lean;
}

static double aged(const rates *r, const rate_cell *c, double t)
{
    return r->half_life > 0 && t > c->at ? pr_exp2((c->at - t) / r->half_life) : 1.0;
}

static void cell_add(const rates *r, rate_cell *c, double good, double t)
{
    double keep = aged(r, c, t) * (1.0 - 1.0 / r->memory);
    c->good = c->good * keep + good;
    c->all = c->all * keep + 1.0;
    c->at = t;
}

void rates_see(rates *r, const sim_event *e, double good)
{
    cell_add(r, &r->channel[e->k], good, e->t);
    cell_add(r, &r->cell[e->k][segment_of(e)], good, e->t);
}

double rates_of(const rates *r, int32_t k, int32_t segment)
{
    const rate_cell *c = &r->channel[k], *d = &r->cell[k][segment];
    double rate = (r->s.prior[k] * BELIEF + c->good) / (BELIEF + c->all);
    return (rate * r->lean + d->good) / (r->lean + d->all);
}

typedef struct greedy {
    rates r;
    double epsilon;
    breaker b[SIM_CHANNELS];
    int32_t breaks;
} greedy;

static void *greedy_open(const sim_setup *s, const double *params)
{
    greedy *g = sim_memory(sizeof *g);
    g->epsilon = params[0];
    rates_begin(&g->r, s, params[1], params[2], params[3]);
    return g;
}

static void *guarded_open(const sim_setup *s, const double *params)
{
    greedy *g = greedy_open(s, params);
    g->breaks = 1;
    for (int32_t k = 0; k < s->n; k++) {
        g->b[k] = (breaker){.window = 10, .minimum = 3, .permitted = 1, .open_s = 30, .slow_s = 4};
    }
    return g;
}

static void greedy_route(void *at, const sim_ask *ask, sim_order *o)
{
    greedy *g = at;
    int32_t segment = ask->method * SIM_ISSUERS + ask->issuer;
    double index[SIM_CHANNELS];
    for (int32_t k = 0; k < g->r.s.n; k++) {
        index[k] = rates_of(&g->r, k, segment);
        index[k] -= g->breaks && !breaker_lets(&g->b[k], ask->t) ? 10.0 : 0.0;
    }
    if (ask->try_no == 0 && sim_draw(&g->r.dice) < g->epsilon) {
        index[(int32_t)(sim_draw(&g->r.dice) * g->r.s.n)] += 1.0;
    }
    sim_order_by(o, index, &g->r.s, ask);
}

static uint64_t greedy_start(void *at, const sim_event *e)
{
    greedy *g = at;
    if (g->breaks) {
        breaker_start(&g->b[e->k]);
    }
    return 0;
}

static void greedy_end(void *at, const sim_event *e)
{
    greedy *g = at;
    int32_t good = sim_plain(e, 0);
    if (good >= 0) {
        rates_see(&g->r, e, good);
    }
    if (g->breaks) {
        breaker_see(&g->b[e->k], e);
    }
}

static void greedy_final(void *at, const sim_event *e)
{
    greedy *g = at;
    int32_t good = sim_plain(e, 1);
    if (good >= 0) {
        rates_see(&g->r, e, good);
    }
}

const sim_router sim_epsilon = {
    "epsilon-greedy",
    "decayed rates by channel and segment, some at random",
    greedy_open,
    greedy_route,
    greedy_start,
    greedy_end,
    greedy_final,
    0,
    0,
    0,
    0,
    {0.03, 12, 86400, 100},
    {{0.01, 0.03, 0.06}, {6, 9, 12, 18}, {14400, 86400, 1e6}, {50, 100, 300}}};
const sim_router sim_rates_breaker = {
    "rates+breaker",
    "decayed rates behind a tuned breaker",
    guarded_open,
    greedy_route,
    greedy_start,
    greedy_end,
    greedy_final,
    0,
    0,
    0,
    0,
    {0.03, 12, 86400, 100},
    {{0.01, 0.03, 0.06}, {6, 9, 12, 18}, {14400, 86400, 1e6}, {50, 100, 300}}};

/* ---- windows counted in payments ---- */

enum { WINDOW_CAP = 256 };
typedef struct window {
    uint8_t bad[WINDOW_CAP];
    int32_t next, bad_count;
} window;

typedef struct windows {
    sim_setup s;
    sim_rng dice;
    int32_t size, patient;
    double hedge;
    window w[SIM_METHODS][SIM_CHANNELS];
    double alive[SIM_CHANNELS];
} windows;

static void *windows_open(const sim_setup *s, const double *params)
{
    windows *w = sim_memory(sizeof *w);
    w->s = *s;
    w->dice.state = s->seed;
    w->size = (int32_t)params[0];
    w->hedge = params[1];
    w->patient = params[2] > 0;
    for (int32_t k = 0; k < s->n; k++) {
        w->alive[k] = 1.0;
    }
    return w;
}

static void windows_route(void *at, const sim_ask *ask, sim_order *o)
{
    windows *w = at;
    double index[SIM_CHANNELS];
    int32_t equal = ask->try_no == 0 && sim_draw(&w->dice) < w->hedge;
    for (int32_t k = 0; k < w->s.n; k++) {
        double score = 1.0 - (double)w->w[ask->method][k].bad_count / w->size;
        score /= w->alive[k] < 0.05 ? 5.0 : 1.0;
        index[k] = (equal ? 0.0 : score) + 1e-6 * sim_draw(&w->dice);
    }
    sim_order_by(o, index, &w->s, ask);
}

static void windows_see(windows *w, const sim_event *e, int32_t good)
{
    window *x = &w->w[e->ask->method][e->k];
    if (good < 0) {
        return;
    }
    x->bad_count += !good - x->bad[x->next];
    x->bad[x->next] = !good;
    x->next = (x->next + 1) % w->size;
    double *alive = &w->alive[e->k];
    *alive *= good ? 1.0526 : 0.95;
    *alive = *alive > 1.0 ? 1.0 : *alive;
}

static void windows_end(void *at, const sim_event *e)
{
    windows_see(at, e, ((windows *)at)->patient ? patient(e, 0) : sim_plain(e, 0));
}

static void windows_final(void *at, const sim_event *e)
{
    windows_see(at, e, ((windows *)at)->patient ? patient(e, 1) : sim_plain(e, 1));
}

const sim_router sim_window = {"window (SR v3)",
                               "last 125 payments by method and channel, 5% hedged",
                               windows_open,
                               windows_route,
                               0,
                               windows_end,
                               windows_final,
                               0,
                               0,
                               0,
                               0,
                               {125, 0.05, 1},
                               {{0}}};
const sim_router sim_window_tuned = {"window, tuned",
                                     "the same, tuned",
                                     windows_open,
                                     windows_route,
                                     0,
                                     windows_end,
                                     windows_final,
                                     0,
                                     0,
                                     0,
                                     0,
                                     {15, 0.01},
                                     {{6, 10, 15, 25}, {0.005, 0.01, 0.02}}};

/* ---- discounted Thompson sampling ---- */

typedef struct thompson {
    sim_setup s;
    sim_rng dice;
    double keep, belief, sharp;
    double good[SIM_CHANNELS], bad[SIM_CHANNELS];
} thompson;

static void *thompson_open(const sim_setup *s, const double *params)
{
    thompson *t = sim_memory(sizeof *t);
    t->s = *s;
    t->dice.state = s->seed;
    t->keep = 1.0 - 1.0 / params[0];
    t->belief = params[1];
    t->sharp = params[2];
    return t;
}

/* Marsaglia and Tsang, for shapes of one and more. */
static double gamma_draw(sim_rng *r, double shape)
{
    double d = shape - 1.0 / 3.0, c = 1.0 / pr_exp(0.5 * pr_log(9.0 * d));
    for (;;) {
        double x = sim_normal(sim_draw(r)), v = 1.0 + c * x;
        if (v <= 0) {
            continue;
        }
        v = v * v * v;
        if (pr_log(sim_draw(r)) < 0.5 * x * x + d - d * v + d * pr_log(v)) {
            return d * v;
        }
    }
}

static void thompson_route(void *at, const sim_ask *ask, sim_order *o)
{
    thompson *t = at;
    double index[SIM_CHANNELS];
    for (int32_t k = 0; k < t->s.n; k++) {
        double a = gamma_draw(&t->dice, 1.0 + t->sharp * (t->s.prior[k] * t->belief + t->good[k]));
        double b = gamma_draw(&t->dice, 1.0 + t->sharp * ((1 - t->s.prior[k]) * t->belief + t->bad[k]));
        index[k] = a / (a + b);
    }
    sim_order_by(o, index, &t->s, ask);
}

static void thompson_see(thompson *t, const sim_event *e, int32_t good)
{
    if (good < 0) {
        return;
    }
    for (int32_t k = 0; k < t->s.n; k++) {
        t->good[k] *= t->keep;
        t->bad[k] *= t->keep;
    }
    t->good[e->k] += good;
    t->bad[e->k] += !good;
}

static void thompson_end(void *at, const sim_event *e)
{
    thompson_see(at, e, sim_plain(e, 0));
}

static void thompson_final(void *at, const sim_event *e)
{
    thompson_see(at, e, sim_plain(e, 1));
}

const sim_router sim_thompson = {"thompson",
                                 "discounted Thompson sampling",
                                 thompson_open,
                                 thompson_route,
                                 0,
                                 thompson_end,
                                 thompson_final,
                                 0,
                                 0,
                                 0,
                                 0,
                                 {300, 60, 4},
                                 {{100, 300, 600}, {20, 60, 150}, {2, 4, 8}}};
