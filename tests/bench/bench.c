/* Rounds, medians and the lines that are printed. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS_MIN = 21, ROUNDS_MAX = 1001, BLOCK_NS = 1000000, TIMES_MAX = 1 << 24 };
/* Of one comparison by the wall, unless it has not had its rounds by then: what waits is the noisier. */
#define SPAN_COMPUTES_NS 1e9
#define SPAN_WAITS_NS 2.5e9

static int goals_met, goals_missed, unmeasured;
static clockid_t clock_used = CLOCK_MONOTONIC;

/* What only computes is measured in its own processor time: what others take of a shared machine is not ours.
   What waits for a disk or a peer is measured by the wall. */
void bench_computes(int only)
{
    clock_used = only ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC;
}

static double read_clock(clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static double now_ns(void)
{
    return read_clock(clock_used);
}

static double block(bench_side side, long times)
{
    double begun = now_ns();
    side.run(side.context, times);
    return (now_ns() - begun) / (double)times;
}

/* As many times as fill a block, so that the clock's own cost and the first misses do not show. */
static long calibrate(bench_side side)
{
    long times = 1;
    for (;;) {
        double begun = now_ns();
        side.run(side.context, times);
        double took = now_ns() - begun;
        if (took >= BLOCK_NS || times >= TIMES_MAX || bench_smoke()) {
            return times;
        }
        times = took < BLOCK_NS / 16.0 ? times * 8 : (long)((double)times * BLOCK_NS / took) + 1;
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double quantile(double *values, int count, double at)
{
    qsort(values, (size_t)count, sizeof *values, by_value);
    return values[(int)(at * (count - 1) + 0.5)];
}

bench_result bench_compare(bench_side ours, bench_side base)
{
    static double a[ROUNDS_MAX], b[ROUNDS_MAX], speed[ROUNDS_MAX];
    long ours_times = calibrate(ours), base_times = base.run != NULL ? calibrate(base) : 1;
    double begun = read_clock(CLOCK_MONOTONIC),
           span = clock_used == CLOCK_MONOTONIC ? SPAN_WAITS_NS : SPAN_COMPUTES_NS;
    int i = 0;
    while (i < (bench_smoke() ? 1 : ROUNDS_MAX) &&
           (i < ROUNDS_MIN || read_clock(CLOCK_MONOTONIC) - begun < span)) {
        /* Who goes first changes, since a block may warm or heat what the next one meets. */
        if (i % 2 == 0) {
            a[i] = block(ours, ours_times);
        }
        b[i] = base.run != NULL ? block(base, base_times) : 0;
        if (i % 2 != 0) {
            a[i] = block(ours, ours_times);
        }
        speed[i] = b[i] / a[i];
        i++;
    }
    /* Sorting comes last: the rounds belong together until then. */
    return (bench_result){.ours_quiet_ns = quantile(a, i, 0.25),
                          .speed_quiet = quantile(b, i, 0.25) / quantile(a, i, 0.25),
                          .ours_ns = quantile(a, i, 0.5),
                          .base_ns = quantile(b, i, 0.5),
                          .speed = quantile(speed, i, 0.5),
                          .speed_low = quantile(speed, i, 0.25),
                          .speed_high = quantile(speed, i, 0.75)};
}

/* ---- telling ---- */

static const char *duration(double ns)
{
    static char room[4][32];
    static int turn;
    char *out = room[turn = (turn + 1) % 4];
    if (ns < 1e4) {
        snprintf(out, sizeof room[0], ns < 100 ? "%.1f ns" : "%.0f ns", ns);
    } else if (ns < 1e7) {
        snprintf(out, sizeof room[0], "%.1f us", ns / 1e3);
    } else {
        snprintf(out, sizeof room[0], "%.2f ms", ns / 1e6);
    }
    return out;
}

void bench_section(const char *title)
{
    printf("\n%s\n", title);
    fflush(stdout);
}

static const char *judge(int met)
{
    if (bench_smoke()) {
        return "not judged by one round";
    }
    goals_met += met;
    goals_missed += !met;
    return met ? "met" : "MISSED";
}

void bench_tell(const char *what, const bench_result *r, const char *base, bench_goal goal)
{
    printf("  %-46s %10s", what, duration(r->ours_ns));
    if (base != NULL) {
        printf("  %6.2f x as fast as %s (%s; %.2f to %.2f", r->speed, base, duration(r->base_ns),
               r->speed_low, r->speed_high);
        if (clock_used == CLOCK_MONOTONIC) {
            printf("; quiet %.2f", r->speed_quiet);
        }
        printf(")");
    }
    if (goal.at_most_ns > 0) {
        printf("  quiet %s; goal <= %s: %s", duration(r->ours_quiet_ns), duration(goal.at_most_ns),
               judge(r->ours_quiet_ns <= goal.at_most_ns));
    }
    if (goal.at_least_speed > 0) {
        printf("  goal >= %.2f: %s", goal.at_least_speed, judge(r->speed >= goal.at_least_speed));
    }
    printf("\n");
    fflush(stdout);
}

void bench_tell_bytes(const char *what, double bytes, double at_most, const char *note)
{
    printf("  %-46s %8.0f B", what, bytes);
    if (note[0] != '\0') {
        printf("  %s", note);
    }
    if (at_most > 0) {
        printf("  goal <= %.0f B: %s", at_most, judge(bytes <= at_most));
    }
    printf("\n");
    fflush(stdout);
}

void bench_missed(const char *what, const char *why)
{
    printf("  %-46s NOT MEASURED: %s\n", what, why);
    fflush(stdout);
    unmeasured++;
}

int bench_end(void)
{
    printf("\n%d goals met, %d missed, %d not measured\n", goals_met, goals_missed, unmeasured);
    return unmeasured != 0;
}
