/* One router lives through one world. An attempt that may have charged is followed by nothing until a query
   or the channel itself has said what became of it; whoever routes cannot change that, and it is counted all
   the same. */
#include "sim.h"

#include "health/number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TRIES = 3 };
static const double LEAST_LEFT = 1.0; /* s: with less than that no further attempt */
static const double FIRST_TIMEOUT = 6.0;

enum what { EV_END, EV_QUERY, EV_FINAL, EV_PROBE, EV_HINT, EV_TICK };

typedef struct event {
    double t;
    uint32_t seq;
    int32_t what, pay, k, result;
    float latency;
} event;

typedef struct pay {
    uint64_t id, permit;
    double born, sent, shown;
    int32_t method, issuer, k, try_no, refs, next_free;
    uint32_t failed;
    int8_t cannot, charges, may_charge, open, done, first;
} pay;

typedef struct play {
    const sim_world *w;
    const sim_router *r;
    void *router;
    sim_run *out;
    sim_now now;
    event *heap;
    int32_t heap_count, heap_cap;
    uint32_t seq;
    pay *pays;
    int32_t pay_cap, free_pay;
} play;

static void *grow(void *old, size_t size)
{
    void *p = realloc(old, size);
    if (p == NULL) {
        fprintf(stderr, "sim: out of memory\n");
        exit(1);
    }
    return p;
}

/* ---- what is due when ---- */

static int32_t earlier(const event *a, const event *b)
{
    return a->t < b->t || (!(a->t > b->t) && a->seq < b->seq);
}

static void push(play *p, event e)
{
    if (p->heap_count == p->heap_cap) {
        p->heap_cap = p->heap_cap ? p->heap_cap * 2 : 1024;
        p->heap = grow(p->heap, (size_t)p->heap_cap * sizeof *p->heap);
    }
    e.seq = p->seq++;
    int32_t i = p->heap_count++;
    for (; i > 0 && earlier(&e, &p->heap[(i - 1) / 2]); i = (i - 1) / 2) {
        p->heap[i] = p->heap[(i - 1) / 2];
    }
    p->heap[i] = e;
    if (e.pay >= 0) {
        p->pays[e.pay].refs++;
    }
}

static event pop(play *p)
{
    event top = p->heap[0], last = p->heap[--p->heap_count];
    int32_t i = 0;
    for (;;) {
        int32_t child = 2 * i + 1;
        if (child + 1 < p->heap_count && earlier(&p->heap[child + 1], &p->heap[child])) {
            child++;
        }
        if (child >= p->heap_count || !earlier(&p->heap[child], &last)) {
            break;
        }
        p->heap[i] = p->heap[child];
        i = child;
    }
    p->heap[i] = last;
    return top;
}

static int32_t take_pay(play *p)
{
    if (p->free_pay < 0) {
        int32_t from = p->pay_cap;
        p->pay_cap = from ? from * 2 : 1024;
        p->pays = grow(p->pays, (size_t)p->pay_cap * sizeof *p->pays);
        for (int32_t i = p->pay_cap - 1; i >= from; i--) {
            p->pays[i].next_free = p->free_pay;
            p->free_pay = i;
        }
    }
    int32_t i = p->free_pay;
    p->free_pay = p->pays[i].next_free;
    return i;
}

/* ---- one payment ---- */

static double luck(const play *p, const pay *y, int32_t k, int32_t what)
{
    return sim_uniform(sim_hash(p->w->seed, y->id, (uint64_t)(k * 16 + what)));
}

static double deadline(const play *p, const pay *y)
{
    return y->born + p->w->patience;
}

static sim_ask ask_of(play *p, const pay *y, double t)
{
    return (sim_ask){t, deadline(p, y), y->id, y->try_no, y->method, y->issuer, y->failed, &p->now};
}

static void charge(play *p, pay *y, double t)
{
    if (++y->charges == 2) {
        p->out->double_charged++;
    }
    (void)t;
}

static void confirm(play *p, pay *y, double t)
{
    if (!y->done && t <= deadline(p, y)) {
        p->out->ok[y->id] = 1;
        p->out->paid++;
    }
    y->done = 1;
}

/* Whether the customer's bank says yes on this channel. */
static int32_t verdict(const play *p, const pay *y, int32_t k)
{
    if (y->cannot) {
        return luck(p, y, 100, 1) < 0.65 ? SIM_SOFT : SIM_HARD;
    }
    if (luck(p, y, 100, 2) >= p->now.issuer_passes[y->issuer]) {
        return SIM_SOFT;
    }
    if (luck(p, y, k, 1) < p->now.s[k].approve[y->method][y->issuer]) {
        return SIM_OK;
    }
    return luck(p, y, k, 2) < 0.9 ? SIM_SOFT : SIM_HARD;
}

static double lognormal(double u, double median, double sigma)
{
    return median * pr_exp(sigma * sim_normal(u));
}

/* What becomes of an attempt that begins now: a result at a time, and whether money moves. */
static void fate(play *p, int32_t at, double t, double timeout)
{
    pay *y = &p->pays[at];
    const sim_channel *c = &p->w->c[y->k];
    const sim_state *s = &p->now.s[y->k];
    double refused = c->not_sent, lost = c->unknown, u = luck(p, y, y->k, 3);
    event e = {.what = EV_END, .pay = at, .k = y->k};
    y->may_charge = 0;
    if (s->mode == FAULT_DOWN) {
        refused = s->a;
        lost = (1.0 - s->a) * (1.0 - s->b);
    } else if (s->mode == FAULT_HANG) {
        refused = 0.0;
        lost = s->a;
    } else if (s->mode == FAULT_BROWN) {
        refused = 0.01;
        lost = s->b;
    }
    double latency = lognormal(luck(p, y, y->k, 4), s->median, c->sigma);
    int32_t said = verdict(p, y, y->k);
    if (!sim_now_room(&p->now, y->k, t, 1)) {
        e.result = SIM_LIMITED;
        e.latency = 0.08F;
    } else if (u < refused) {
        e.result = SIM_NOT_SENT;
        e.latency = (float)(luck(p, y, y->k, 5) < 0.75 ? 0.05 : 2.0);
    } else if (u < refused + lost) {
        double broken = luck(p, y, y->k, 5);
        e.result = SIM_UNKNOWN;
        e.latency = (float)(s->mode != FAULT_HANG && broken < 0.5 && latency < timeout ? latency : timeout);
        y->may_charge = said == SIM_OK && luck(p, y, y->k, 6) < 0.35;
    } else if (latency > timeout) {
        e.result = SIM_UNKNOWN;
        e.latency = (float)timeout;
        y->may_charge = said == SIM_OK && !p->w->qr;
    } else {
        e.latency = (float)latency;
        e.result = p->w->qr ? SIM_TAKEN : luck(p, y, y->k, 7) < s->pending ? SIM_PENDING : said;
        y->may_charge = said == SIM_OK && !p->w->qr;
    }
    e.t = t + (double)e.latency;
    push(p, e);
}

static void try_next(play *p, int32_t at, double t)
{
    pay *y = &p->pays[at];
    double left = deadline(p, y) - t;
    if (y->done || y->try_no >= MAX_TRIES || left < LEAST_LEFT) {
        y->done = 1;
        return;
    }
    sim_ask ask = ask_of(p, y, t);
    sim_order order = {0};
    p->r->route(p->router, &ask, &order);
    int32_t chosen = -1;
    double timeout = FIRST_TIMEOUT;
    for (int32_t i = 0; i < order.n && chosen < 0; i++) {
        if (!(y->failed >> order.k[i] & 1)) {
            chosen = order.k[i];
            timeout = order.timeout[i] > 0 ? order.timeout[i] : timeout;
        }
    }
    if (chosen < 0) {
        y->done = 1;
        return;
    }
    if (y->open || y->charges > 0) { /* cannot be: see the top */
        fprintf(stderr, "sim: an attempt beside another\n");
        abort();
    }
    y->k = chosen;
    y->sent = t;
    y->open = 1;
    if (y->try_no == 0) {
        p->out->first[y->id] = (uint8_t)chosen;
    }
    p->out->tries[y->id] = (uint8_t)(y->try_no + 1);
    p->out->attempts++;
    sim_event e = {.ask = &ask, .k = chosen, .t = t};
    y->permit = p->r->start != NULL ? p->r->start(p->router, &e) : 0;
    timeout = timeout < left ? timeout : left;
    fate(p, at, t, timeout < 0.3 ? 0.3 : timeout);
}

/* Proved uncharged: the next channel may be asked. */
static void freed(play *p, int32_t at, double t)
{
    pay *y = &p->pays[at];
    y->open = 0;
    y->failed |= 1U << y->k;
    y->try_no++;
    try_next(p, at, t);
}

static void plan(play *p, int32_t at, int32_t what, int32_t result, double t, double latency)
{
    push(p, (event){.t = t,
                    .what = what,
                    .pay = at,
                    .k = p->pays[at].k,
                    .result = result,
                    .latency = (float)latency});
}

/* A code is on the customer's screen. */
static void show(play *p, int32_t at, double t)
{
    pay *y = &p->pays[at];
    double opened = t + lognormal(luck(p, y, 100, 3), 6.0, 0.7);
    double paid = opened + lognormal(luck(p, y, 100, 4), 22.0, 0.6);
    y->shown = t;
    plan(p, at, EV_HINT, SIM_SHOWN, t, 0);
    double end = t + 300.0;
    if (luck(p, y, 100, 5) < SIM_OPENS) {
        if (luck(p, y, y->k, 8) < p->now.s[y->k].dead) {
            if (luck(p, y, 100, 6) < 0.3) {
                plan(p, at, EV_HINT, SIM_CLIENT_FAILED, opened, opened - t);
            }
        } else {
            plan(p, at, EV_HINT, SIM_OPENED, opened, opened - t);
            if (luck(p, y, y->k, 9) < p->w->c[y->k].convert && !y->cannot && paid < end &&
                paid < deadline(p, y)) {
                plan(p, at, EV_HINT, SIM_PAID, paid, paid - t);
                return;
            }
        }
    }
    plan(p, at, EV_HINT, SIM_GIVEN_UP, end, 300.0);
}

static void ended(play *p, const event *e)
{
    pay *y = &p->pays[e->pay];
    sim_ask ask = ask_of(p, y, y->sent);
    sim_event told = {&ask, e->k, 0, e->result, y->permit, e->t, (double)e->latency};
    y->first = (int8_t)e->result;
    if (p->r->end != NULL) {
        p->r->end(p->router, &told);
    }
    switch (e->result) {
    case SIM_OK:
        charge(p, y, e->t);
        confirm(p, y, e->t);
        break;
    case SIM_HARD: y->done = 1; break;
    case SIM_UNKNOWN:
        p->out->unknown++;
        plan(p, e->pay, EV_QUERY, 0, e->t + 0.3 + 0.4 * luck(p, y, e->k, 10), 0);
        break;
    case SIM_PENDING: {
        double storm = p->now.s[e->k].pending,
               wait = lognormal(luck(p, y, e->k, 11), storm > 0.1 ? 90.0 : 15.0, 0.8);
        plan(p, e->pay, EV_FINAL, verdict(p, y, e->k), e->t + wait, wait);
        break;
    }
    case SIM_TAKEN: show(p, e->pay, e->t); break;
    default: freed(p, e->pay, e->t); break; /* soft, not sent, limited */
    }
}

static void settle(play *p, int32_t at, int32_t result, double t)
{
    pay *y = &p->pays[at];
    sim_ask ask = ask_of(p, y, y->sent);
    sim_event told = {&ask, y->k, y->first, result, y->permit, t, t - y->sent};
    if (p->r->final != NULL) {
        p->r->final(p->router, &told);
    }
    if (result == SIM_OK) {
        charge(p, y, t);
        confirm(p, y, t);
        y->open = 0;
    } else if (!y->done && !p->w->qr) {
        freed(p, at, t);
    }
}

/* "What became of it?" While nobody knows, nothing else is begun; after the customer's patience it is asked
   once more, much later. */
static void query(play *p, const event *e)
{
    static const double answers[4] = {0.97, 0.08, 0.30, 0.75};
    pay *y = &p->pays[e->pay];
    int32_t mode = p->now.s[e->k].mode;
    double u =
        sim_uniform(sim_hash(p->w->seed, y->id, (uint64_t)(e->k * 16 + 12) + (uint64_t)e->result * 4096));
    if (u < answers[mode] || e->t > deadline(p, y)) {
        settle(p, e->pay, y->may_charge ? SIM_OK : SIM_CLOSED, e->t);
        return;
    }
    double next = e->t + 1.5;
    next = next > deadline(p, y) ? e->t + 40.0 + 100.0 * u : next;
    plan(p, e->pay, EV_QUERY, e->result + 1, next, 0);
}

static void hint(play *p, const event *e)
{
    pay *y = &p->pays[e->pay];
    sim_ask ask = ask_of(p, y, y->sent);
    sim_event told = {&ask, e->k, 0, e->result, y->permit, e->t, e->t - y->shown};
    if (p->r->hint != NULL) {
        p->r->hint(p->router, &told);
    }
    if (e->result == SIM_PAID || e->result == SIM_GIVEN_UP) {
        settle(p, e->pay, e->result == SIM_PAID ? SIM_OK : SIM_CLOSED, e->t);
    }
}

static void tick(play *p, double t)
{
    uint32_t wanted = p->r->tick(p->router, t);
    for (int32_t k = 0; k < p->w->n; k++) {
        if (!(wanted >> k & 1)) {
            continue;
        }
        const sim_state *s = &p->now.s[k];
        double u = sim_uniform(sim_hash(p->w->seed, (uint64_t)p->out->probes, 900 + (uint64_t)k));
        int32_t mode = s->lies ? 0 : s->mode;
        static const double works[4] = {0.998, 0.03, 0.15, 0.95};
        int32_t ok = u < works[mode];
        double latency = ok ? 0.3 * s->median : mode == FAULT_HANG ? 5.0 : 0.2;
        p->out->probes++;
        push(p, (event){.t = t + latency,
                        .what = EV_PROBE,
                        .pay = -1,
                        .k = k + (int32_t)(wanted >> SIM_CHANNELS) * SIM_CHANNELS,
                        .result = ok,
                        .latency = (float)latency});
    }
    if (t + p->r->tick_s < p->w->duration) {
        push(p, (event){.t = t + p->r->tick_s, .what = EV_TICK, .pay = -1});
    }
}

static void happen(play *p, const event *e)
{
    if (e->t >= p->now.next) {
        sim_now_pass(&p->now, e->t);
    }
    switch (e->what) {
    case EV_END: ended(p, e); break;
    case EV_QUERY: query(p, e); break;
    case EV_FINAL: settle(p, e->pay, e->result, e->t); break;
    case EV_PROBE: p->r->probe(p->router, e->k, e->result, (double)e->latency, e->t); break;
    case EV_HINT: hint(p, e); break;
    default: tick(p, e->t); break;
    }
    if (e->pay >= 0 && --p->pays[e->pay].refs == 0) {
        p->pays[e->pay].next_free = p->free_pay;
        p->free_pay = e->pay;
    }
}

static void arrive(play *p, double t, uint64_t id)
{
    const sim_world *w = p->w;
    int32_t at = take_pay(p), issuer = 0;
    pay *y = &p->pays[at];
    double u = sim_uniform(sim_hash(w->seed, id, 5001));
    while (issuer < SIM_ISSUERS - 1 && u >= w->issuer_to[issuer]) {
        issuer++;
    }
    *y = (pay){.id = id, .born = t, .issuer = issuer};
    y->method = sim_uniform(sim_hash(w->seed, id, 5002)) >= w->method_share;
    y->cannot = sim_uniform(sim_hash(w->seed, id, 5003)) < w->cannot[issuer];
    p->out->at[id] = (float)t;
    p->out->segment[id] = (uint8_t)(y->method * SIM_ISSUERS + issuer);
    if (t >= p->now.next) {
        sim_now_pass(&p->now, t);
    }
    y->refs = 1; /* held while it begins */
    try_next(p, at, t);
    y = &p->pays[at];
    if (--y->refs == 0) {
        y->next_free = p->free_pay;
        p->free_pay = at;
    }
}

static sim_setup setup_of(const sim_world *w)
{
    sim_setup s = {.n = w->n, .patience = w->patience, .qr = w->qr, .seed = w->seed ^ 0x5151};
    for (int32_t k = 0; k < w->n; k++) {
        s.prior[k] = w->c[k].prior;
        s.latency[k] = w->c[k].median * (0.8 + 0.5 * sim_uniform(sim_hash(w->seed, (uint64_t)k, 31)));
        s.cost[k] = w->c[k].cost;
    }
    return s;
}

void sim_play(sim_run *out, const sim_world *w, const sim_router *router, const double *params)
{
    play p = {.w = w, .r = router, .out = out, .free_pay = -1};
    sim_setup setup = setup_of(w);
    sim_rng arrivals = {w->seed};
    p.router = router->open(&setup, params != NULL ? params : router->params);
    sim_now_begin(&p.now, w);
    memset(out->ok, 0, (size_t)out->cap);
    out->count = out->paid = out->double_charged = out->attempts = out->probes = out->unknown = 0;
    if (router->tick != NULL && router->tick_s > 0) {
        push(&p, (event){.t = router->tick_s * 0.5, .what = EV_TICK, .pay = -1});
    }
    double next = sim_wait(&arrivals, 1.0 / w->rate);
    while (next < w->duration || p.heap_count > 0) {
        if (next < w->duration && (p.heap_count == 0 || next <= p.heap[0].t)) {
            if (out->count < out->cap) {
                arrive(&p, next, (uint64_t)out->count++);
            }
            next += sim_wait(&arrivals, 1.0 / w->rate);
        } else {
            event e = pop(&p);
            happen(&p, &e);
        }
    }
    free(p.heap);
    free(p.pays);
    free(p.router);
}

void sim_run_make(sim_run *r, const sim_world *w)
{
    double most = w->rate * w->duration;
    memset(r, 0, sizeof *r);
    r->cap = (int64_t)(most + 8.0 * pr_exp(0.5 * pr_log(most + 1)) + 64);
    size_t n = (size_t)r->cap;
    r->at = grow(NULL, n * sizeof *r->at);
    r->ok = grow(NULL, n);
    r->first = grow(NULL, n);
    r->segment = grow(NULL, n);
    r->tries = grow(NULL, n);
}

void sim_run_free(sim_run *r)
{
    free(r->at);
    free(r->ok);
    free(r->first);
    free(r->segment);
    free(r->tries);
}
