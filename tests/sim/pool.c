/* Small shops that pool what they see, by the very calls that shops make: a registry and a block each, the
   score, the questions, sums as text and their folding. One router to the simulator: a payment's number says
   whose customer it is, so that the same customers come whether there are twenty shops or one. */
#include "pool.h"

#include "health/handle.h"
#include "health/number.h"
#include "route/route.h"
#include "route/score.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double BEGIN = 1.7e12; /* ms */
static const double SWEEP_S = 5.0, SETTLED_S = 30.0, CALM_S = 600.0, SAMPLE_S = 30.0;
static const double NOBODY = 1e18;
enum { CELLS = 512, TIMEOUT = 6000, QUESTIONS = 4, WEIGHT = 50, RING = 8, TEXT = 1536, SLICE = 15000 };

typedef struct message {
    int64_t number; /* 1 and on */
    int32_t len;
    char text[TEXT];
} message;

typedef struct shop {
    payroute_health *health;
    pr_rng dice;
    int32_t slot[SIM_CHANNELS];
    double off; /* its clock, s */
    double sample_at;
    int64_t slice, since_ms, told; /* when it told last, up to when, and how often */
    int64_t heard[POOL_SHOPS];     /* numbers */
    message said[RING];
    int32_t fault, first; /* which outage is watched; what its order began with */
    int32_t at;           /* the case; -1: it had another channel first */
    double turned;        /* since when its order begins otherwise; NOBODY */
} shop;

typedef struct pool {
    const sim_world *w;
    const pool_plan *plan;
    pool_figures *out;
    payroute_registry *registry;
    shop shops[POOL_SHOPS];
    sim_now truth;
    int64_t ticks, samples, behind, thought_out;
    double doubt;
    int32_t best;
} pool;

static pool *opened; /* the simulator opens routers by name and knows nothing of shops */

static int64_t shop_ms(const shop *s, double t)
{
    return (int64_t)(BEGIN + (t + s->off) * 1000.0);
}

static void must(int32_t rc, const char *what)
{
    if (rc < 0) {
        fprintf(stderr, "pool: %s: %d\n", what, (int)rc);
        exit(1);
    }
}

/* ---- shops ---- */

static payroute_registry *registry_of(const sim_world *w)
{
    char text[8192], why[512];
    size_t len = (size_t)snprintf(text, sizeof text, "{\"schema\":1,\"channels\":[");
    for (int32_t k = 0; k < w->n; k++) {
        double about = 0.8 + 0.5 * sim_uniform(sim_hash(w->seed, (uint64_t)k, 31));
        len += (size_t)snprintf(text + len, sizeof text - len,
                                "%s{\"id\":\"channel-%d\",\"provider\":\"custom\",\"currencies\":[\"CNY\"],"
                                "\"methods\":[{\"method\":\"card\",\"flows\":[\"direct\"]}],"
                                "\"timeouts\":{\"money_ms\":%d},\"expected_success_percent\":%d,"
                                "\"expected_latency_ms\":%d}",
                                k > 0 ? "," : "", (int)k, TIMEOUT, (int)(w->c[k].prior * 100.0 + 0.5),
                                (int)(w->c[k].median * about * 1000.0));
    }
    snprintf(text + len, sizeof text - len, "]}");
    payroute_registry *r = NULL;
    if (payroute_registry_from_json(&r, text, strlen(text), why, sizeof why) != 0) {
        fprintf(stderr, "pool: %s\n", why);
        exit(1);
    }
    return r;
}

static void open_shop(pool *p, int32_t i)
{
    shop *s = &p->shops[i];
    double u = sim_uniform(sim_hash(p->w->seed, (uint64_t)i, 71));
    *s = (shop){
        .off = p->plan->skew_s * (2.0 * u - 1.0), .fault = -1, .first = -1, .at = -1, .turned = NOBODY};
    must(payroute_health_new(&s->health, SIM_CHANNELS, CELLS, shop_ms(s, 0)), "a block");
    pr_rng_seed(&s->dice, p->w->seed ^ 0x5151, (uint64_t)i + 1);
    for (int32_t k = 0; k < p->w->n; k++) {
        s->slot[k] = pr_route_slot(&s->health->view, pr_registry_at(p->registry, k), shop_ms(s, 0));
    }
}

static shop *shop_of(pool *p, uint64_t payment)
{
    uint64_t i = sim_hash(p->w->seed, payment, 73) % (uint64_t)p->plan->shops;
    return &p->shops[i];
}

/* The order of this shop for a customer; `look` 1: only to see. */
static void order_of(pool *p, shop *s, const sim_ask *ask, int32_t look, pr_score_term *terms, int32_t *order)
{
    pr_score_candidate c[SIM_CHANNELS] = {{0}};
    pr_score_draw draw;
    pr_rng dice = s->dice;
    pr_score_ask q = {.now_ms = shop_ms(s, ask->t),
                      .patience_ms = (int64_t)((ask->deadline - ask->t) * 1000.0),
                      .explore = ask->try_no == 0 && !look};
    for (int32_t k = 0; k < p->w->n; k++) {
        c[k].slot = s->slot[k];
        c[k].segment = (pr_health_segment){(uint32_t)ask->method + 1, (uint32_t)ask->issuer + 1};
        c[k].weight = 1;
        c[k].failed = ask->failed >> k & 1;
        c[k].timeout_ms = TIMEOUT;
    }
    pr_score_order(terms, order, &draw, &s->health->view, c, p->w->n, &q, look ? &dice : &s->dice);
}

/* ---- what they tell each other ---- */

static void tell(pool *p, shop *s, double t)
{
    int64_t now = shop_ms(s, t);
    message *m = &s->said[(s->told + 1) % RING];
    if (p->plan->liar && s == &p->shops[0]) {
        m->len = snprintf(m->text, sizeof m->text,
                          "{\"channels\":{\"channel-%d\":{\"not_sent\":1000000,\"unknown\":1000000,"
                          "\"probe_bad\":1000000}},\"to_ms\":%lld}",
                          (int)p->best, (long long)(now / SLICE * SLICE));
    } else {
        m->len = payroute_health_sums(s->health, p->registry, s->since_ms, now, m->text, sizeof m->text);
        must(m->len, "sums");
        s->since_ms = now / SLICE * SLICE;
        if (strncmp(m->text, "{\"channels\":{}", 14) == 0) {
            m->number = 0; /* nothing to say */
            return;
        }
    }
    m->number = ++s->told;
}

/* What came since the last time, all in one call: each other shop a list of its messages. */
static void hear(pool *p, shop *s, double t)
{
    static char all[POOL_SHOPS * RING * TEXT];
    size_t len = 0;
    int32_t news = 0;
    all[len++] = '[';
    for (int32_t i = 0; i < p->plan->shops; i++) {
        const shop *other = &p->shops[i];
        len += (size_t)sprintf(all + len, "%s[", i > 0 ? "," : "");
        int32_t count = 0;
        for (int64_t n = s->heard[i] + 1; other != s && n <= other->told; n++) {
            const message *m = &other->said[n % RING];
            if (m->number == n) {
                len += (size_t)sprintf(all + len, "%s%s", count++ > 0 ? "," : "", m->text);
            }
        }
        all[len++] = ']';
        news += count;
        s->heard[i] = other->told;
    }
    all[len++] = ']';
    if (news > 0) {
        must(payroute_health_fold(s->health, p->registry, all, len, WEIGHT, shop_ms(s, t), NULL, 0), "fold");
    }
}

/* ---- what is watched ---- */

static int32_t fault_at(const sim_world *w, double t)
{
    int32_t found = -1;
    for (int32_t i = 0; i < w->fault_count; i++) {
        found = w->fault[i].timed && w->fault[i].from <= t ? i : found;
    }
    return found;
}

static double index_if_well(const pr_health_view *v)
{
    double a = v->approve * 0.97;
    return a / (1.0 - 0.85 * 0.8 * (1.0 - a));
}

/* Is a healthy channel behind only because its line is in doubt? */
static void see_calm(pool *p, const pr_score_term *terms, int32_t first, double t)
{
    int32_t would = 0;
    for (int32_t k = 1; k < p->w->n; k++) {
        would = index_if_well(&terms[k].view) > index_if_well(&terms[would].view) ? k : would;
    }
    for (int32_t i = 0; i < p->w->fault_count; i++) { /* all is well, and was for long */
        if (p->w->fault[i].from <= t && t < p->w->fault[i].to + CALM_S) {
            return;
        }
    }
    p->samples++;
    p->behind += first != would && terms[would].view.up < 0.98;
    for (int32_t k = 0; k < p->w->n; k++) {
        p->thought_out += terms[k].view.suspect;
    }
    p->doubt += 1.0 - terms[p->best].view.up;
}

static void begin_case(pool *p, shop *s, int32_t fault)
{
    s->fault = fault;
    s->turned = NOBODY;
    s->at = -1;
    if (s->first == p->w->fault[fault].k && p->out->cases < POOL_CASES) {
        s->at = p->out->cases++;
        p->out->noticed[s->at] = p->out->back[s->at] = SIM_NEVER;
    }
}

/* It turned when it stays turned. */
static void see_turn(double *out, shop *s, int32_t turned, double from, double t)
{
    s->turned = !turned ? NOBODY : s->turned > t ? t : s->turned;
    if (*out >= SIM_NEVER && t - s->turned >= SETTLED_S) {
        *out = s->turned - from;
    }
}

static void watch(pool *p, shop *s, double t)
{
    int32_t fault = fault_at(p->w, t), fresh = fault != s->fault && fault >= 0;
    const sim_fault *f = fault >= 0 ? &p->w->fault[fault] : NULL;
    if (fresh) {
        begin_case(p, s, fault);
    }
    int32_t open = s->at >= 0 &&
                   (p->out->noticed[s->at] >= SIM_NEVER || (t >= f->to && p->out->back[s->at] >= SIM_NEVER));
    if (!open && t < s->sample_at) {
        return;
    }
    pr_score_term terms[SIM_CHANNELS];
    int32_t order[SIM_CHANNELS];
    sim_ask ask = {.t = t, .deadline = t + p->w->patience};
    order_of(p, s, &ask, 1, terms, order);
    s->first = order[0];
    if (open && t < f->to) {
        see_turn(&p->out->noticed[s->at], s, s->first != f->k, f->from, t);
    } else if (open && p->out->noticed[s->at] < SIM_NEVER) {
        s->turned = s->turned < f->to ? NOBODY : s->turned;
        see_turn(&p->out->back[s->at], s, s->first == f->k, f->to, t);
    }
    if (t >= s->sample_at) {
        see_calm(p, terms, s->first, t);
        s->sample_at = t + SAMPLE_S;
    }
}

/* ---- as a router ---- */

static void *pool_open(const sim_setup *setup, const double *params)
{
    pool **box = malloc(sizeof *box);
    (void)setup;
    (void)params;
    if (box == NULL) {
        exit(1);
    }
    *box = opened;
    return box;
}

static void pool_route(void *at, const sim_ask *ask, sim_order *out)
{
    pool *p = *(pool **)at;
    pr_score_term terms[SIM_CHANNELS];
    order_of(p, shop_of(p, ask->id), ask, 0, terms, out->k);
    out->n = p->w->n;
    for (int32_t i = 0; i < out->n; i++) {
        out->timeout[i] = terms[out->k[i]].timeout_ms / 1000.0;
    }
}

static pr_health_segment segment_of_payment(const sim_event *e)
{
    return (pr_health_segment){(uint32_t)e->ask->method + 1, (uint32_t)e->ask->issuer + 1};
}

static uint64_t pool_start(void *at, const sim_event *e)
{
    pool *p = *(pool **)at;
    shop *s = shop_of(p, e->ask->id);
    return pr_health_start(&s->health->view, s->slot[e->k], shop_ms(s, e->t));
}

static void pool_end(void *at, const sim_event *e)
{
    static const int32_t results[] = {
        [SIM_OK] = PR_HEALTH_APPROVED,        [SIM_SOFT] = PR_HEALTH_DECLINED_SOFT,
        [SIM_HARD] = PR_HEALTH_DECLINED_HARD, [SIM_NOT_SENT] = PR_HEALTH_NOT_SENT,
        [SIM_LIMITED] = PR_HEALTH_LIMITED,    [SIM_UNKNOWN] = PR_HEALTH_UNKNOWN,
        [SIM_PENDING] = PR_HEALTH_PENDING};
    pool *p = *(pool **)at;
    shop *s = shop_of(p, e->ask->id);
    pr_health_end(&s->health->view, s->slot[e->k], segment_of_payment(e), e->permit, results[e->result],
                  (int64_t)(e->latency * 1000.0), e->ask->try_no > 0, shop_ms(s, e->t));
}

static void pool_final(void *at, const sim_event *e)
{
    pool *p = *(pool **)at;
    shop *s = shop_of(p, e->ask->id);
    int32_t result = e->result == SIM_OK     ? PR_HEALTH_APPROVED
                     : e->result == SIM_SOFT ? PR_HEALTH_DECLINED_SOFT
                                             : PR_HEALTH_CUSTOMER;
    pr_health_final(&s->health->view, s->slot[e->k], segment_of_payment(e),
                    e->first == SIM_PENDING ? PR_HEALTH_PENDING : PR_HEALTH_UNKNOWN, result,
                    shop_ms(s, e->t));
}

/* The shops' turns one after the other; above the channels' bits stands whose it was. */
static uint32_t pool_tick(void *at, double t)
{
    pool *p = *(pool **)at;
    int32_t i = (int32_t)(p->ticks++ % p->plan->shops);
    shop *s = &p->shops[i];
    uint32_t wanted = (uint32_t)i << SIM_CHANNELS;
    int64_t slice = shop_ms(s, t) / SLICE;
    int64_t every = (int64_t)(p->plan->exchange_s * 1000.0) / SLICE; /* right after a slice has ended */
    if (every > 0 && slice != s->slice && (slice + i) % every == 0) {
        s->slice = slice;
        hear(p, s, t);
        tell(p, s, t);
    }
    for (int32_t q = 0; q < QUESTIONS && !p->plan->no_sweep; q++) {
        int32_t k = payroute_health_probe_next(s->health, p->registry, shop_ms(s, t));
        if (k < 0) {
            break;
        }
        wanted |= 1U << k;
    }
    watch(p, s, t);
    return wanted;
}

static void pool_probe(void *at, int32_t k, int32_t ok, double latency, double t)
{
    pool *p = *(pool **)at;
    shop *s = &p->shops[k / SIM_CHANNELS];
    (void)latency;
    pr_health_probe(&s->health->view, s->slot[k % SIM_CHANNELS], ok, 0, shop_ms(s, t));
}

/* ---- a world ---- */

/* How much better the channel that fails is than the next, points of approval, and by what the merchant
 * believes. */
static double lead_of(const sim_world *w, int32_t best)
{
    double least = 100.0;
    for (int32_t k = 0; k < w->n; k++) {
        double lead = 0;
        for (int32_t g = 0; g < SIM_SEGMENTS; g++) {
            int32_t m = g / SIM_ISSUERS, i = g % SIM_ISSUERS;
            lead += sim_logistic(w->c[best].logit[m][i]) - sim_logistic(w->c[k].logit[m][i]);
        }
        lead = lead / SIM_SEGMENTS < w->c[best].prior - w->c[k].prior ? lead / SIM_SEGMENTS
                                                                      : w->c[best].prior - w->c[k].prior;
        least = k != best && 100.0 * lead < least ? 100.0 * lead : least;
    }
    return least;
}

/* Up to three outages of the main channel in half a day (of two days of the others' world), in a world that
   has a main channel (else shops that know little prefer different ones) and two or three more. All else is
   as there. */
void pool_world(sim_world *w, uint64_t seed, double scale)
{
    for (uint64_t again = 0; again < 1000; again++) {
        int32_t timed = 0, best = 0;
        sim_world_make_scaled(w, WORLD_OUTAGE, TRAFFIC_20H, seed * 1000 + again, 0.5 * scale);
        for (int32_t i = 0; i < w->fault_count; i++) {
            timed += w->fault[i].timed;
            best = w->fault[i].timed ? w->fault[i].k : best;
        }
        if (timed > 0 && w->n <= 4 && lead_of(w, best) > 2.0) {
            break;
        }
    }
    w->rate *= POOL_SHOPS;
    w->duration *= 0.25;
    for (int32_t i = 0; i < w->fault_count; i++) {
        double lasts = w->fault[i].to - w->fault[i].from;
        w->fault[i].from *= 0.25;
        w->fault[i].to = w->fault[i].from + lasts;
    }
}

static void sum_up(pool *p, const sim_run *run, const sim_run *best)
{
    pool_figures *out = p->out;
    for (int32_t i = 0; i < p->w->fault_count; i++) {
        const sim_fault *f = &p->w->fault[i];
        out->faults += f->timed;
        for (int64_t n = 0; f->timed && n < run->count; n++) {
            double t = (double)run->at[n];
            out->victims += t >= f->from && t < f->to ? best->ok[n] - run->ok[n] : 0;
        }
    }
    double samples = p->samples > 0 ? (double)p->samples : 1.0;
    out->gap = 100.0 * (double)(best->paid - run->paid) / (double)(run->count > 0 ? run->count : 1);
    out->behind = (double)p->behind / samples;
    out->thought_out = (double)p->thought_out / samples;
    out->doubt = p->doubt / samples;
    out->questions = (double)run->probes / p->plan->shops / (p->w->duration / 3600.0);
}

void pool_play(pool_figures *out, const sim_world *w, const pool_plan *plan, const sim_run *best)
{
    const sim_router router = {plan->name,
                               "",
                               pool_open,
                               pool_route,
                               pool_start,
                               pool_end,
                               pool_final,
                               pool_tick,
                               pool_probe,
                               NULL,
                               SWEEP_S / plan->shops,
                               {0},
                               {{0}}};
    pool *p = calloc(1, sizeof *p);
    sim_run run;
    if (p == NULL) {
        exit(1);
    }
    memset(out, 0, sizeof *out);
    *p = (pool){.w = w, .plan = plan, .out = out, .registry = registry_of(w)};
    for (int32_t i = 0; i < w->fault_count; i++) {
        p->best = w->fault[i].timed ? w->fault[i].k : p->best;
    }
    for (int32_t i = 0; i < plan->shops; i++) {
        open_shop(p, i);
    }
    sim_run_make(&run, w);
    opened = p;
    sim_play(&run, w, &router, NULL);
    sum_up(p, &run, best);
    sim_run_free(&run);
    for (int32_t i = 0; i < plan->shops; i++) {
        payroute_health_free(p->shops[i].health);
    }
    payroute_registry_free(p->registry);
    free(p);
}
