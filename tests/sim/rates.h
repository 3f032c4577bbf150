/* Routers that learn rates, and the parts of them that others use. */
#ifndef SIM_RATES_H
#define SIM_RATES_H

#include "sim.h"

typedef struct rate_cell {
    double good, all, at;
} rate_cell;

typedef struct rates { /* decayed rates: channel, and channel x segment with the channel's as prior */
    sim_setup s;
    sim_rng dice;
    double memory, half_life, lean;
    rate_cell channel[SIM_CHANNELS], cell[SIM_CHANNELS][SIM_SEGMENTS];
} rates;

void rates_begin(rates *r, const sim_setup *s, double memory, double half_life, double lean);
void rates_see(rates *r, const sim_event *e, double good);
double rates_of(const rates *r, int32_t k, int32_t segment);

typedef struct breaker {
    int32_t window, minimum, permitted;
    double open_s, slow_s;
    int32_t state, used, calls, failed, slow, n, next, ask_failed, ask_done;
    double until;
    uint8_t ring[256];
} breaker;

enum { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF };
int32_t breaker_lets(breaker *b, double t);
void breaker_start(breaker *b);
void breaker_see(breaker *b, const sim_event *e);

static inline int32_t sim_broken(int32_t result) /* the line, not the customer */
{
    return result == SIM_NOT_SENT || result == SIM_UNKNOWN || result == SIM_LIMITED;
}

void *sim_memory(size_t size);
/* 1 good, 0 bad, -1 not known yet: what one who only counts successes sees. */
int32_t sim_plain(const sim_event *e, int32_t is_final);

#endif
