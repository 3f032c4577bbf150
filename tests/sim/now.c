/* What is true at this moment, and what an attempt is therefore worth. */
#include "sim.h"

#include "health/number.h"

#include <string.h>

static double wave(double turns) /* a smooth one between -1 and 1, period 1 */
{
    double x = turns - (double)(int64_t)turns;
    double s = x < 0.5 ? x * 4.0 - 1.0 : 3.0 - x * 4.0;
    return 1.5 * s - 0.5 * s * s * s;
}

static void take_fault(sim_now *now, const sim_fault *f)
{
    for (int32_t k = 0; k < now->w->n; k++) {
        sim_state *s = &now->s[k];
        if (f->k >= 0 && f->k != k) {
            continue;
        }
        if (f->kind <= FAULT_BROWN) {
            if (s->mode == 0 || f->kind < s->mode) {
                s->mode = f->kind;
                s->a = f->a;
                s->b = f->b;
                s->lies = f->lies;
            }
        } else if (f->kind == FAULT_PENDING) {
            s->pending = f->a;
        } else if (f->kind == FAULT_LIMITED) {
            s->capacity = f->a;
        } else if (f->kind == FAULT_CASHIER) {
            s->dead = f->a;
        } else if (f->kind != FAULT_ISSUER) {
            for (int32_t i = 0; i < SIM_ISSUERS; i++) {
                s->passes[i] *= f->issuer < 0 || f->issuer == i ? f->a : 1.0;
            }
        }
    }
    if (f->kind == FAULT_ISSUER) {
        now->issuer_passes[f->issuer] *= f->a;
    }
}

void sim_now_pass(sim_now *now, double t)
{
    const sim_world *w = now->w;
    double next = w->duration + 1e9;
    for (int32_t i = 0; i < SIM_ISSUERS; i++) {
        now->issuer_passes[i] = 1.0;
    }
    for (int32_t k = 0; k < w->n; k++) {
        sim_state *s = &now->s[k];
        double tokens = s->tokens, filled = s->filled;
        *s = (sim_state){.median = w->c[k].median, .pending = 0.003, .tokens = tokens, .filled = filled};
        for (int32_t i = 0; i < SIM_ISSUERS; i++) {
            s->passes[i] = 1.0;
        }
    }
    for (int32_t i = 0; i < w->fault_count; i++) {
        const sim_fault *f = &w->fault[i];
        if (f->from <= t && t < f->to) {
            take_fault(now, f);
        }
        next = f->from > t && f->from < next ? f->from : next;
        next = f->to > t && f->to < next ? f->to : next;
    }
    double step = w->c[0].drift_high > 0 ? w->duration / 400.0 : 1e9;
    now->next = t + step < next ? t + step : next;
    for (int32_t k = 0; k < w->n; k++) {
        const sim_channel *c = &w->c[k];
        sim_state *s = &now->s[k];
        double drift = c->drift_high > 0 ? c->drift_high * wave(t / c->drift_period + c->drift_phase) : 0.0;
        for (int32_t m = 0; m < SIM_METHODS; m++) {
            for (int32_t i = 0; i < SIM_ISSUERS; i++) {
                s->approve[m][i] = sim_logistic(c->logit[m][i] + drift) * s->passes[i];
            }
        }
        s->median *= s->mode == FAULT_BROWN ? s->a : 1.0;
    }
}

void sim_now_begin(sim_now *now, const sim_world *w)
{
    memset(now, 0, sizeof *now);
    now->w = w;
    sim_now_pass(now, 0.0);
}

int32_t sim_now_room(sim_now *now, int32_t k, double t, int32_t take)
{
    sim_state *s = &now->s[k];
    if (s->capacity <= 0) {
        return 1;
    }
    double most = s->capacity * 2.0 < 2.0 ? 2.0 : s->capacity * 2.0;
    s->tokens += s->filled > 0 ? (t - s->filled) * s->capacity : most;
    s->filled = t;
    s->tokens = s->tokens > most ? most : s->tokens;
    if (s->tokens < 1.0) {
        return 0;
    }
    s->tokens -= take ? 1.0 : 0.0;
    return 1;
}

/* P(answered by then). */
static double by(const sim_state *s, double sigma, double limit)
{
    return limit <= 0.02 ? 0.0 : sim_phi(pr_log(limit / s->median) / sigma);
}

void sim_now_value(sim_now *now, int32_t k, int32_t method, int32_t issuer, double t, double left,
                   double timeout, double *p, double *f)
{
    const sim_world *w = now->w;
    sim_state *s = &now->s[k];
    const sim_channel *c = &w->c[k];
    if (s->capacity > 0 && !sim_now_room(now, k, t, 0)) {
        *p = 0;
        *f = 0.98;
        return;
    }
    double can = 1.0 - w->cannot[issuer];
    double a = s->approve[method][issuer] * now->issuer_passes[issuer] * can;
    double soft = (1.0 - a) * 0.80;
    double refused = c->not_sent, lost = c->unknown;
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
    double answered = 1.0 - refused - lost;
    double in_time = by(s, c->sigma, w->qr ? 6.0 : left < timeout ? left : timeout);
    if (w->qr) {
        *p = answered * in_time * SIM_OPENS * c->convert * can * (1.0 - s->dead);
        *f = refused;
        return;
    }
    *p = answered * in_time * a * (1.0 - s->pending);
    double soon = by(s, c->sigma, left - 1.5 < timeout ? left - 1.5 : timeout);
    *f = refused + answered * soon * soft * (1.0 - s->pending);
}

int32_t sim_now_best(sim_now *now, int32_t method, int32_t issuer, double t)
{
    int32_t best = 0;
    double most = -1;
    for (int32_t k = 0; k < now->w->n; k++) {
        double p, f;
        sim_now_value(now, k, method, issuer, t, now->w->patience, 6.0, &p, &f);
        double index = p / (1.0 - 0.85 * f);
        if (index > most) {
            most = index;
            best = k;
        }
    }
    return best;
}
