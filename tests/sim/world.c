/* Which channels there are, and what goes wrong when. All figures are ranges that a router is not told; they
   are wider than what its authors believe, so that nobody is tuned to one world. */
#include "sim.h"

#include "health/number.h"

#include <string.h>

const char *const sim_world_names[WORLDS] = {"steady",   "drift",   "outage", "hang",    "brown-out",
                                             "declines", "pair",    "issuer", "pending", "flapping",
                                             "limited",  "cashier", "mixed"};
const char *const sim_traffic_names[TRAFFICS] = {"20/h", "20/min", "10/s", "1000/s"};

static const struct {
    double rate, duration;
    int32_t faults;
    double shortest, longest; /* of a fault */
} traffic[TRAFFICS] = {{20.0 / 3600, 4 * 86400.0, 6, 1800, 7200},
                       {20.0 / 60, 6 * 3600.0, 5, 600, 1500},
                       {10, 3600.0, 3, 180, 420},
                       {1000, 400.0, 1, 60, 90}};

/* Most shops have a main channel, and they have it for a reason. */
static void make_channel(sim_channel *c, sim_rng *r, int32_t main)
{
    double level = main ? sim_between(r, 3.0, 3.8) : sim_between(r, 2.2, 3.3), mean = 0;
    double by_method[SIM_METHODS], by_issuer[SIM_ISSUERS];
    for (int32_t m = 0; m < SIM_METHODS; m++) {
        by_method[m] = 0.20 * sim_normal(sim_draw(r));
    }
    for (int32_t i = 0; i < SIM_ISSUERS; i++) {
        by_issuer[i] = 0.25 * sim_normal(sim_draw(r));
    }
    for (int32_t m = 0; m < SIM_METHODS; m++) {
        for (int32_t i = 0; i < SIM_ISSUERS; i++) {
            c->logit[m][i] = level + by_method[m] + by_issuer[i];
            mean += sim_logistic(c->logit[m][i]) / SIM_SEGMENTS;
        }
    }
    c->median = sim_between(r, 0.35, 1.5);
    c->sigma = sim_between(r, 0.3, 0.55);
    c->not_sent = sim_between(r, 0.0003, 0.002);
    c->unknown = sim_between(r, 0.0005, 0.003);
    c->convert = sim_between(r, 0.60, 0.69);
    c->cost = sim_between(r, 0.003, 0.025);
    c->prior = mean * 0.94 + 0.015 * sim_normal(sim_draw(r));
    c->prior = c->prior > 0.98 ? 0.98 : c->prior;
}

static sim_fault *add_fault(sim_world *w, int32_t kind, int32_t k, double from, double to)
{
    static sim_fault full;
    if (w->fault_count == SIM_FAULTS) {
        return &full;
    }
    sim_fault *f = &w->fault[w->fault_count++];
    *f = (sim_fault){.from = from, .to = to, .kind = kind, .k = k, .issuer = -1};
    return f;
}

/* How bad it is. */
static void colour(sim_fault *f, const sim_world *w, sim_rng *r)
{
    switch (f->kind) {
    case FAULT_DOWN: /* a: refused; of the rest b: answered all the same */
        f->a = sim_between(r, 0.65, 1.0);
        f->b = sim_between(r, 0.0, 0.3);
        f->lies = sim_draw(r) < 0.2;
        break;
    case FAULT_HANG: /* a: never answered */
        f->a = sim_between(r, 0.85, 1.0);
        f->lies = sim_draw(r) < 0.35;
        break;
    case FAULT_BROWN: /* a: times slower; b: lost */
        f->a = sim_between(r, 3.0, 8.0);
        f->b = sim_between(r, 0.03, 0.25);
        break;
    case FAULT_DECLINES:
    case FAULT_ISSUER:
        f->a = sim_between(r, 0.05, 0.4); /* passes */
        break;
    case FAULT_PAIR: f->a = sim_between(r, 0.0, 0.3); break;
    case FAULT_PENDING: f->a = sim_between(r, 0.5, 0.95); break;
    case FAULT_LIMITED: f->a = w->rate * sim_between(r, 0.25, 0.6); break;
    default: /* FAULT_CASHIER */ f->a = sim_between(r, 0.85, 1.0); break;
    }
    if (f->kind == FAULT_PAIR || f->kind == FAULT_ISSUER) {
        f->issuer = (int32_t)(sim_draw(r) * 2.5); /* one of the large ones */
    }
    if (f->kind == FAULT_ISSUER) {
        f->k = -1;
    }
}

static int32_t best_of(const sim_world *w)
{
    double most = -1;
    int32_t best = 0;
    for (int32_t k = 0; k < w->n; k++) {
        double sum = 0;
        for (int32_t m = 0; m < SIM_METHODS; m++) {
            for (int32_t i = 0; i < SIM_ISSUERS; i++) {
                double share = (m == 0 ? w->method_share : 1 - w->method_share) *
                               (w->issuer_to[i] - (i > 0 ? w->issuer_to[i - 1] : 0));
                sum += share * sim_logistic(w->c[k].logit[m][i]);
            }
        }
        sum *= w->qr ? w->c[k].convert : 1.0;
        if (sum > most) {
            most = sum;
            best = k;
        }
    }
    return best;
}

static void add_flapping(sim_world *w, int32_t k, double from, double to, sim_rng *r)
{
    double unit = (to - from) / 12.0, t = from;
    unit = unit > 90.0 ? 90.0 : unit;
    while (t < to) {
        double on = sim_between(r, 0.4, 1.6) * unit;
        sim_fault *f = add_fault(w, FAULT_DOWN, k, t, t + on > to ? to : t + on);
        f->a = 0.9;
        t += on + sim_between(r, 0.4, 1.6) * unit;
    }
}

static const int32_t kind_of[WORLDS] = {[WORLD_OUTAGE] = FAULT_DOWN,     [WORLD_HANG] = FAULT_HANG,
                                        [WORLD_BROWN] = FAULT_BROWN,     [WORLD_DECLINES] = FAULT_DECLINES,
                                        [WORLD_PAIR] = FAULT_PAIR,       [WORLD_ISSUER] = FAULT_ISSUER,
                                        [WORLD_PENDING] = FAULT_PENDING, [WORLD_FLAPPING] = -1,
                                        [WORLD_LIMITED] = FAULT_LIMITED, [WORLD_CASHIER] = FAULT_CASHIER};

static int32_t any_kind(double u)
{
    static const struct {
        double to;
        int32_t kind;
    } shares[] = {{0.22, FAULT_DOWN},     {0.36, FAULT_HANG}, {0.56, FAULT_BROWN},
                  {0.66, FAULT_DECLINES}, {0.76, FAULT_PAIR}, {0.84, FAULT_ISSUER},
                  {0.90, FAULT_PENDING},  {0.95, -1},         {1.01, FAULT_LIMITED}};
    int32_t i = 0;
    while (u >= shares[i].to) {
        i++;
    }
    return shares[i].kind;
}

/* One fault in each part of the time, with calm before and after; in the mixed world they come as they like.
 */
static void add_faults(sim_world *w, sim_rng *r, double scale)
{
    int32_t count = traffic[w->traffic].faults, mixed = w->kind == WORLD_MIXED;
    int32_t best = best_of(w), kind = kind_of[w->kind];
    count = (int32_t)(count * scale) < 1 ? 1 : (int32_t)(count * scale);
    double part = w->duration / count;
    for (int32_t i = 0; i < count; i++) {
        double low = traffic[w->traffic].shortest,
               lasts = low * pr_exp(sim_draw(r) * pr_log(traffic[w->traffic].longest / low));
        double begin = mixed ? sim_draw(r) * (w->duration - lasts) : (i + sim_between(r, 0.22, 0.35)) * part;
        int32_t k = sim_draw(r) < (mixed ? 0.5 : 0.85) ? best : (int32_t)(sim_draw(r) * w->n);
        int32_t what = mixed ? any_kind(sim_draw(r)) : kind;
        if (what < 0) {
            add_flapping(w, k, begin, begin + lasts, r);
            continue;
        }
        sim_fault *f = add_fault(w, what, k, begin, begin + lasts);
        colour(f, w, r);
        f->timed = !mixed && k == best && what != FAULT_PAIR && what != FAULT_ISSUER && what != FAULT_LIMITED;
    }
}

void sim_world_make_scaled(sim_world *w, int32_t kind, int32_t of_traffic, uint64_t seed, double scale)
{
    sim_rng r = {sim_hash(seed, (uint64_t)kind * 16 + (uint64_t)of_traffic, 77)};
    memset(w, 0, sizeof *w);
    w->kind = kind;
    w->traffic = of_traffic;
    w->seed = sim_next(&r);
    w->rate = traffic[of_traffic].rate;
    w->duration = traffic[of_traffic].duration * (of_traffic == TRAFFIC_1000S && scale < 1 ? 1.0 : scale);
    w->rate *= of_traffic == TRAFFIC_1000S && scale < 1 ? 0.25 : 1.0;
    w->qr = kind == WORLD_CASHIER;
    w->patience = w->qr ? 300.0 : 8.0;
    w->n = 3 + (int32_t)(sim_draw(&r) * 6.0);
    w->n = w->n > SIM_CHANNELS ? SIM_CHANNELS : w->n;
    w->method_share = sim_between(&r, 0.5, 0.8);
    static const double share[SIM_ISSUERS] = {0.34, 0.24, 0.16, 0.12, 0.09, 0.05};
    double sum = 0;
    for (int32_t i = 0; i < SIM_ISSUERS; i++) {
        w->issuer_to[i] = sum += share[i];
        w->cannot[i] = sim_between(&r, 0.03, 0.09);
    }
    int32_t main = (int32_t)(sim_draw(&r) * 1.4 * w->n); /* or none */
    for (int32_t k = 0; k < w->n; k++) {
        make_channel(&w->c[k], &r, k == main);
        w->c[k].drift_high = kind == WORLD_DRIFT   ? sim_between(&r, 0.3, 0.8)
                             : kind == WORLD_MIXED ? 0.15
                                                   : 0.0;
        w->c[k].drift_period = sim_between(&r, 0.3, 1.0) * (w->duration < 3600 ? 3600 : w->duration);
        w->c[k].drift_phase = sim_draw(&r);
    }
    if (kind != WORLD_STEADY && kind != WORLD_DRIFT) {
        add_faults(w, &r, scale);
    }
}

void sim_world_make(sim_world *w, int32_t kind, int32_t of_traffic, uint64_t seed)
{
    sim_world_make_scaled(w, kind, of_traffic, seed, 1.0);
}
