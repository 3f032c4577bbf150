/* Many small shops in one world, each with a health block of its own, that tell each other what they see. */
#ifndef SIM_POOL_H
#define SIM_POOL_H

#include "measure.h"

enum { POOL_SHOPS = 20, POOL_CASES = 2048 };

typedef struct pool_plan {
    const char *name;
    int32_t shops;
    double exchange_s; /* 0: nobody tells anybody */
    double skew_s;     /* clocks of shops are off by up to so much, either way */
    int32_t liar;      /* 1: one of them says that the best channel is down, always */
    int32_t no_sweep;  /* 1: nobody asks channels; what payments meet is all */
} pool_plan;

/* What became of it: each outage at each shop that had the channel first is a case. */
typedef struct pool_figures {
    int32_t cases, faults;
    double noticed[POOL_CASES], back[POOL_CASES]; /* s; SIM_NEVER */
    double victims;                               /* of all shops and faults */
    double gap;                                   /* points, to the clairvoyant */
    double behind, thought_out; /* share of the time that a healthy channel is not first, and is thought to be out */
    double doubt; /* of the best channel, while it is well */
    double questions;              /* an hour and shop */
} pool_figures;

/* Twenty an hour each, or as much for one: the same customers with the same luck, whoever they go to. `scale` of a
   day with three outages. */
void pool_world(sim_world *w, uint64_t seed, double scale);
void pool_play(pool_figures *out, const sim_world *w, const pool_plan *plan, const sim_run *best);

/* The table, of those plans whose names have `only` in them (NULL: all); 0: fine. */
int32_t pool_report(int32_t seeds, uint64_t first_seed, int32_t jobs, const char *only);

#endif
