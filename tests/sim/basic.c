/* The router that knows everything, and those that learn nothing. */
#include "sim.h"

#include <stdlib.h>
#include <string.h>

static const double TIMEOUT = 6.0;

/* Best index first, failed ones last. */
void sim_order_by(sim_order *o, const double *index, const sim_setup *s, const sim_ask *ask)
{
    double value[SIM_CHANNELS];
    o->n = s->n;
    for (int32_t k = 0; k < s->n; k++) {
        int32_t i = k;
        value[k] = index[k] - (ask->failed >> k & 1 ? 1e6 : 0.0);
        for (; i > 0 && value[o->k[i - 1]] < value[k]; i--) {
            o->k[i] = o->k[i - 1];
        }
        o->k[i] = k;
        o->timeout[k] = TIMEOUT;
    }
}

static void *keep_setup(const sim_setup *s, const double *params)
{
    sim_setup *mine = malloc(sizeof *mine);
    if (mine == NULL) {
        abort();
    }
    (void)params;
    *mine = *s;
    return mine;
}

static void route_knowing(void *r, const sim_ask *ask, sim_order *o)
{
    const sim_setup *s = r;
    double index[SIM_CHANNELS];
    for (int32_t k = 0; k < s->n; k++) {
        double p, f;
        sim_now_value(ask->truth, k, ask->method, ask->issuer, ask->t, ask->deadline - ask->t, TIMEOUT, &p,
                      &f);
        index[k] = p / (1.0 - 0.85 * f);
    }
    sim_order_by(o, index, s, ask);
}

static void route_fixed(void *r, const sim_ask *ask, sim_order *o)
{
    const sim_setup *s = r;
    sim_order_by(o, s->prior, s, ask);
}

static void route_turns(void *r, const sim_ask *ask, sim_order *o)
{
    const sim_setup *s = r;
    double index[SIM_CHANNELS];
    for (int32_t k = 0; k < s->n; k++) {
        index[k] = -(double)((k + s->n - (int32_t)(ask->id % (uint64_t)s->n)) % s->n);
    }
    sim_order_by(o, index, s, ask);
}

const sim_router sim_clairvoyant = {
    "clairvoyant", "knows state and rates", keep_setup, route_knowing, 0, 0, 0, 0, 0, 0, 0, {0}, {{0}}};
const sim_router sim_fixed = {
    "fixed", "the merchant's order", keep_setup, route_fixed, 0, 0, 0, 0, 0, 0, 0, {0}, {{0}}};
const sim_router sim_turns = {"turns", "round robin", keep_setup, route_turns, 0, 0, 0, 0, 0, 0,
                              0,       {0},           {{0}}};
