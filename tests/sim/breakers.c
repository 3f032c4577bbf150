/* The resilience libraries' way, over the merchant's fixed order: closed, open, half-open after a share of
   failures (resilience4j), accrual with jittered back-off and one probe (Finagle), ejection by sweeps
   (Envoy). Only failures of the line count, a decline is an answer. Written from their documentation. */
#include "rates.h"

#include "health/number.h"

/* ---- share of failures in a ring ---- */

enum { RING_FAILED = 1, RING_SLOW = 2 };

static void reset(breaker *b, int32_t state)
{
    b->state = state;
    b->n = b->next = b->failed = b->slow = 0;
    b->used = b->ask_done = b->ask_failed = 0;
}

int32_t breaker_lets(breaker *b, double t)
{
    if (b->state == BREAKER_OPEN && t >= b->until) {
        reset(b, BREAKER_HALF);
    }
    return b->state == BREAKER_CLOSED || (b->state == BREAKER_HALF && b->used < b->permitted);
}

void breaker_start(breaker *b)
{
    b->used += b->state == BREAKER_HALF;
}

static void trip(breaker *b, double t)
{
    reset(b, BREAKER_OPEN);
    b->until = t + b->open_s;
}

void breaker_see(breaker *b, const sim_event *e)
{
    int32_t failed = sim_broken(e->result), slow = e->latency > b->slow_s;
    if (b->state == BREAKER_HALF) {
        b->ask_done++;
        b->ask_failed += failed || slow;
        if (b->ask_done >= b->permitted) {
            if (2 * b->ask_failed >= b->ask_done) {
                trip(b, e->t);
            } else {
                reset(b, BREAKER_CLOSED);
            }
        }
        return;
    }
    if (b->state == BREAKER_OPEN) {
        return;
    }
    if (b->n == b->window) {
        b->failed -= (b->ring[b->next] & RING_FAILED) != 0;
        b->slow -= (b->ring[b->next] & RING_SLOW) != 0;
    } else {
        b->n++;
    }
    b->ring[b->next] = (uint8_t)((failed ? RING_FAILED : 0) | (slow ? RING_SLOW : 0));
    b->next = (b->next + 1) % b->window;
    b->failed += failed;
    b->slow += slow;
    if (b->n >= b->minimum && (2 * b->failed >= b->n || 2 * b->slow >= b->n)) {
        trip(b, e->t);
    }
}

typedef struct fixed_breaker {
    sim_setup s;
    breaker b[SIM_CHANNELS];
} fixed_breaker;

static void *ring_open(const sim_setup *s, const double *params)
{
    fixed_breaker *f = sim_memory(sizeof *f);
    f->s = *s;
    for (int32_t k = 0; k < s->n; k++) {
        f->b[k].window = (int32_t)params[0];
        f->b[k].minimum = (int32_t)params[1];
        f->b[k].open_s = params[2];
        f->b[k].permitted = params[1] < 50 ? 1 : 10;
        f->b[k].slow_s = params[3];
    }
    return f;
}

static void ring_route(void *at, const sim_ask *ask, sim_order *o)
{
    fixed_breaker *f = at;
    double index[SIM_CHANNELS];
    for (int32_t k = 0; k < f->s.n; k++) {
        index[k] = f->s.prior[k] - (breaker_lets(&f->b[k], ask->t) ? 0.0 : 10.0);
    }
    sim_order_by(o, index, &f->s, ask);
}

static uint64_t ring_start(void *at, const sim_event *e)
{
    breaker_start(&((fixed_breaker *)at)->b[e->k]);
    return 0;
}

static void ring_end(void *at, const sim_event *e)
{
    breaker_see(&((fixed_breaker *)at)->b[e->k], e);
}

const sim_router sim_r4j = {"resilience4j",
                            "its defaults: 50% of 100, 60 s",
                            ring_open,
                            ring_route,
                            ring_start,
                            ring_end,
                            0,
                            0,
                            0,
                            0,
                            0,
                            {100, 100, 60, 60},
                            {{0}}};
const sim_router sim_r4j_tuned = {"breaker, tuned",
                                  "the same, tuned",
                                  ring_open,
                                  ring_route,
                                  ring_start,
                                  ring_end,
                                  0,
                                  0,
                                  0,
                                  0,
                                  0,
                                  {12, 2, 120, 4},
                                  {{6, 12, 24}, {2, 3, 5}, {30, 60, 120, 300}, {2.5, 4}}};

/* ---- accrual with back-off and one probe ---- */

enum { ALIVE, DEAD, PROBE_OPEN, PROBE_CLOSED };
typedef struct accrual {
    int32_t state, in_row, seen;
    double rate, at, until, back_off;
    double since[5]; /* of the last five requests */
} accrual;

typedef struct finagle {
    sim_setup s;
    sim_rng dice;
    accrual a[SIM_CHANNELS];
} finagle;

static void *finagle_open(const sim_setup *s, const double *params)
{
    finagle *f = sim_memory(sizeof *f);
    (void)params;
    f->s = *s;
    f->dice.state = s->seed;
    for (int32_t k = 0; k < s->n; k++) {
        f->a[k].rate = 1.0;
        f->a[k].back_off = 5.0;
    }
    return f;
}

static void finagle_route(void *at, const sim_ask *ask, sim_order *o)
{
    finagle *f = at;
    double index[SIM_CHANNELS];
    for (int32_t k = 0; k < f->s.n; k++) {
        accrual *a = &f->a[k];
        if (a->state == DEAD && ask->t >= a->until) {
            a->state = PROBE_OPEN;
        }
        index[k] = f->s.prior[k] - (a->state == ALIVE || a->state == PROBE_OPEN ? 0.0 : 10.0);
    }
    sim_order_by(o, index, &f->s, ask);
}

static uint64_t finagle_start(void *at, const sim_event *e)
{
    accrual *a = &((finagle *)at)->a[e->k];
    a->state = a->state == PROBE_OPEN ? PROBE_CLOSED : a->state;
    return 0;
}

static void finagle_end(void *at, const sim_event *e)
{
    finagle *f = at;
    accrual *a = &f->a[e->k];
    int32_t bad = sim_broken(e->result);
    if (a->state == PROBE_CLOSED && !bad) {
        *a = (accrual){.rate = 1.0, .back_off = 5.0, .at = e->t};
        return;
    }
    double keep = pr_exp((a->at - e->t) / 30.0);
    a->rate = a->rate * keep + (bad ? 0.0 : 1.0 - keep);
    a->at = e->t;
    a->in_row = bad ? a->in_row + 1 : 0;
    double fifth = a->since[a->seen % 5];
    a->since[a->seen++ % 5] = e->t;
    int32_t enough = a->seen > 5 && e->t - fifth < 30.0;
    if (a->state == PROBE_CLOSED || a->in_row >= 5 || (enough && bad && a->rate < 0.8)) {
        a->until = e->t + a->back_off * (0.5 + 0.5 * sim_draw(&f->dice));
        a->back_off = a->back_off * 2 > 300 ? 300 : a->back_off * 2;
        a->state = DEAD;
    }
}

const sim_router sim_finagle = {"Finagle",
                                "accrual: 80% over 30 s or 5 in a row, 5 to 300 s dead, one probe",
                                finagle_open,
                                finagle_route,
                                finagle_start,
                                finagle_end,
                                0,
                                0,
                                0,
                                0,
                                0,
                                {0},
                                {{0}}};

/* ---- ejection ---- */

typedef struct host {
    int32_t in_row, times, ejected, ok, all;
    double since;
} host;

typedef struct envoy {
    sim_setup s;
    double next_sweep;
    host h[SIM_CHANNELS];
} envoy;

static void *envoy_open(const sim_setup *s, const double *params)
{
    envoy *v = sim_memory(sizeof *v);
    (void)params;
    v->s = *s;
    v->next_sweep = 10.0;
    return v;
}

/* At most a tenth of the hosts, but always one. */
static void eject(envoy *v, host *h, double t)
{
    int32_t out = 0, most = v->s.n / 10 > 1 ? v->s.n / 10 : 1;
    for (int32_t k = 0; k < v->s.n; k++) {
        out += v->h[k].ejected;
    }
    if (!h->ejected && out < most) {
        h->ejected = 1;
        h->times += h->times < 10;
        h->since = t;
    }
    h->in_row = 0;
}

static void sweep_rates(envoy *v, double t)
{
    double sum = 0, squares = 0;
    int32_t n = 0;
    for (int32_t k = 0; k < v->s.n; k++) {
        if (v->h[k].all >= 100) {
            double x = (double)v->h[k].ok / v->h[k].all;
            sum += x;
            squares += x * x;
            n++;
        }
    }
    double mean = n > 0 ? sum / n : 0, spread = n > 0 ? squares / n - mean * mean : 0;
    double limit = mean - (spread > 1e-12 ? 1.9 * pr_exp(0.5 * pr_log(spread)) : 0.0);
    for (int32_t k = 0; k < v->s.n; k++) {
        host *h = &v->h[k];
        if (n >= 5 && h->all >= 100 && (double)h->ok / h->all < limit) {
            eject(v, h, t);
        }
        h->ok = h->all = 0;
    }
}

static void sweep(envoy *v, double t)
{
    sweep_rates(v, t);
    for (int32_t k = 0; k < v->s.n; k++) {
        host *h = &v->h[k];
        if (h->ejected && t - h->since >= 30.0 * h->times) {
            h->ejected = 0;
        } else if (!h->ejected && h->times > 0) {
            h->times--;
        }
    }
}

static void envoy_route(void *at, const sim_ask *ask, sim_order *o)
{
    envoy *v = at;
    double index[SIM_CHANNELS];
    if (ask->t >= v->next_sweep) {
        sweep(v, ask->t);
        v->next_sweep = ask->t + 10.0;
    }
    for (int32_t k = 0; k < v->s.n; k++) {
        index[k] = v->s.prior[k] - (v->h[k].ejected ? 10.0 : 0.0);
    }
    sim_order_by(o, index, &v->s, ask);
}

static void envoy_end(void *at, const sim_event *e)
{
    envoy *v = at;
    host *h = &v->h[e->k];
    int32_t bad = sim_broken(e->result);
    h->all++;
    h->ok += !bad;
    h->in_row = bad ? h->in_row + 1 : 0;
    if (h->in_row >= 5) {
        eject(v, h, e->t);
    }
}

const sim_router sim_envoy = {"Envoy",    "outlier ejection: 5 in a row, 30 s x n",
                              envoy_open, envoy_route,
                              0,          envoy_end,
                              0,          0,
                              0,          0,
                              0,          {0},
                              {{0}}};
