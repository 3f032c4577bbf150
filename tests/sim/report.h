/* The figures as one page that needs nothing else. */
#ifndef SIM_REPORT_H
#define SIM_REPORT_H

#include "measure.h"

#include <stdio.h>

enum { SERIES_WORLDS = 4, SERIES_ROUTERS = 8, SERIES_BINS = 80 };
#define SERIES_BEFORE 30.0
#define SERIES_BIN 3.0

typedef struct series { /* success rate by time since the fault began (edge 0) or ended (1) */
    int32_t paid[2][SERIES_BINS], all[2][SERIES_BINS];
} series;

typedef struct series_set {
    int32_t world[SERIES_WORLDS];
    const sim_router *router[SERIES_ROUTERS];
    series at[SERIES_WORLDS][SERIES_ROUTERS];
} series_set;

series_set *series_make(uint64_t first_seed, int32_t seeds, int32_t jobs); /* NULL: failed */

int32_t report_write(const char *path, const sim_scores *s, const series_set *set);

/* plot.c */
void plot_lines(FILE *f, const series_set *set, int32_t world, int32_t edge);
void plot_legend(FILE *f, const series_set *set);
void plot_gaps(FILE *f, const sim_scores *s);
void plot_times(FILE *f, const sim_scores *s, int32_t world, enum sim_timing which);
const char *plot_colour(const char *router); /* a CSS variable */

#endif
