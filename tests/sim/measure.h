/* Many worlds, all routers, two cores; what came out of it. */
#ifndef SIM_MEASURE_H
#define SIM_MEASURE_H

#include "sim.h"

enum { SIM_TIMED = 8, SIM_MOST_ROUTERS = 200 };
#define SIM_NEVER 1e9

typedef struct sim_score { /* of a router in one world */
    double rate, gap;      /* points */
    int32_t timed;
    float detect[SIM_TIMED], recover[SIM_TIMED], victims[SIM_TIMED]; /* < 0: does not apply */
    double probes_per_hour, attempts, unknown;
    int64_t payments, double_charged;
    double seconds; /* of computing */
} sim_score;

typedef struct sim_plan {
    const sim_router *routers;
    int32_t router_count;
    uint64_t first_seed;
    int32_t seeds[TRAFFICS];
    int32_t worlds[WORLDS]; /* 1: take part */
    double scale;
    int32_t jobs;
} sim_plan;

/* [traffic][world][seed][router], see sim_scores_at. */
typedef struct sim_scores {
    const sim_plan *plan;
    int32_t most_seeds;
    sim_score *all;
    size_t size;
} sim_scores;

int32_t sim_scores_run(sim_scores *s, const sim_plan *plan); /* 0: fine */
void sim_scores_free(sim_scores *s);
const sim_score *sim_scores_at(const sim_scores *s, int32_t traffic, int32_t world, int32_t seed,
                               int32_t router);

typedef struct sim_mean {
    double mean, half; /* of a 95 % confidence interval */
    int32_t n;
} sim_mean;
sim_mean sim_mean_of(const double *x, int32_t n);
double sim_median(double *x, int32_t n); /* sorts; SIM_NEVER where more than half never */
sim_mean sim_mean_gap(const sim_scores *s, int32_t router, int32_t traffic,
                      int32_t world); /* -1: all, equal weights */

enum sim_timing { SIM_DETECT, SIM_RECOVER, SIM_VICTIMS };
/* All those of a router in these worlds; returns how many. */
int32_t sim_timings(const sim_scores *s, int32_t router, int32_t traffic, int32_t world,
                    enum sim_timing which, double *out, int32_t cap);

void sim_judge(sim_score *out, const sim_world *w, const sim_run *run, const sim_run *best);

#endif
