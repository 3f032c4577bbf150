/* Measuring on a machine that others use too: ours and a baseline take turns in many short rounds of the same
   process, and what is told is the median of the rounds' ratios, with the quartiles beside it. */
#ifndef TEST_BENCH_H
#define TEST_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"

typedef void (*bench_run)(void *context, long times);

typedef struct bench_side {
    bench_run run; /* NULL: there is no baseline */
    void *context;
} bench_side;

typedef struct bench_result {
    double ours_ns;       /* medians of one run */
    double ours_quiet_ns; /* quartile: what it takes when others let us run */
    double base_ns;
    double speed; /* base / ours: above 1 we are faster. Median of the rounds, and its quartiles */
    double speed_low;
    double speed_high;
    double speed_quiet; /* of the quicker quarters of both sides: what is left when others let us run */
} bench_result;

bench_result bench_compare(bench_side ours, bench_side base);
void bench_computes(int only); /* 1: from here on nothing waits; 0: it does */

/* What is to be kept; a value of 0 is no goal. */
typedef struct bench_goal {
    double at_most_ns;
    double at_least_speed;
} bench_goal;

void bench_section(const char *title);
void bench_tell(const char *what, const bench_result *r, const char *base, bench_goal goal);
/* A size: bytes, goal 0: none. */
void bench_tell_bytes(const char *what, double bytes, double at_most, const char *note);
/* Something could not be measured: the program fails at its end. */
void bench_missed(const char *what, const char *why);

/* The last line; 1 when something was not measured. */
int bench_end(void);

/* A folder of this run on a real disk; removed at the end. */
const char *bench_dir(void);
/* Where the libraries and programs were built. */
const char *bench_build(void);
uint64_t bench_seed(void);
int bench_smoke(void); /* 1: one round of everything, to see that it runs */

/* One section each. */
void bench_catalog(void);
void bench_route(void);
void bench_rules(void);
void bench_health(void);
void bench_lines(void);
void bench_machine(void);
void bench_store(void);
void bench_drive(void);
void bench_adapters(void);
void bench_memory(void);
void bench_open(void);
void bench_size(void);

/* What of the sections is counted too; they live until the program ends. */
bench_side bench_route_side(int channels, int traced);
int bench_adapter_sides(const char *provider, int32_t step, bench_side *build, bench_side *reading);

int bench_count(long times); /* hot paths under callgrind; 0: it does not run there */

/* Bytes alive that were taken since bench_alloc_begin. -1: the allocator cannot be watched here. */
void bench_alloc_begin(void);
long bench_alloc_live(void);
long bench_alloc_calls(void);

#endif
