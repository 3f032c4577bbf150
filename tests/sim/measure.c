/* See measure.h. The gap to the clairvoyant is taken payment by payment, with the same customers and the same
   luck: so it is small and its interval is narrow. */
#include "measure.h"

#include "health/number.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t first_after(const sim_run *r, double t)
{
    int64_t low = 0, high = r->count;
    while (low < high) {
        int64_t mid = (low + high) / 2;
        if ((double)r->at[mid] < t) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

/* Customers' segments for which this channel is truly the best. */
static uint32_t wanted_by(const sim_world *w, int32_t k, double t)
{
    sim_now now;
    uint32_t mask = 0;
    sim_now_begin(&now, w);
    sim_now_pass(&now, t);
    for (int32_t g = 0; g < SIM_SEGMENTS; g++) {
        mask |= sim_now_best(&now, g / SIM_ISSUERS, g % SIM_ISSUERS, t) == k ? 1U << g : 0;
    }
    return mask;
}

enum { RUN_OF = 5, MOST_OF = 4, BEFORE = 10 };

/* From payment `i` on: the first of those that matter which does (or does not) go to k, when four of five
   from there on do so too. */
static double first_turn(const sim_run *r, int64_t i, double until, uint32_t mask, int32_t k, int32_t to)
{
    for (; i < r->count && (double)r->at[i] < until; i++) {
        if (!(mask >> r->segment[i] & 1) || (r->first[i] == k) != to) {
            continue;
        }
        int32_t seen = 0, same = 0;
        for (int64_t j = i; j < r->count && seen < RUN_OF; j++) {
            if (mask >> r->segment[j] & 1) {
                seen++;
                same += (r->first[j] == k) == to;
            }
        }
        if (same >= MOST_OF) {
            return (double)r->at[i];
        }
    }
    return SIM_NEVER;
}

static int32_t preferred(const sim_run *r, int64_t i, uint32_t mask, int32_t k)
{
    int32_t seen = 0, same = 0;
    while (--i >= 0 && seen < BEFORE) {
        if (mask >> r->segment[i] & 1) {
            seen++;
            same += r->first[i] == k;
        }
    }
    return seen > 0 && 2 * same >= seen;
}

static double next_fault(const sim_world *w, double t)
{
    double next = w->duration;
    for (int32_t i = 0; i < w->fault_count; i++) {
        next = w->fault[i].from >= t && w->fault[i].from < next ? w->fault[i].from : next;
    }
    return next;
}

static void judge_fault(sim_score *out, const sim_world *w, const sim_fault *f, const sim_run *run,
                        const sim_run *best)
{
    int64_t from = first_after(run, f->from), to = first_after(run, f->to);
    int32_t n = out->timed, lost = 0;
    uint32_t mask = wanted_by(w, f->k, f->from - 0.01);
    if (n == SIM_TIMED) {
        return;
    }
    out->timed++;
    out->detect[n] = out->recover[n] = -1;
    for (int64_t i = from; i < to; i++) {
        lost += best->ok[i] - run->ok[i];
    }
    out->victims[n] = (float)lost;
    if (!preferred(run, from, mask, f->k)) {
        return;
    }
    double gone = first_turn(run, from, f->to, mask, f->k, 0);
    out->detect[n] = (float)(gone < SIM_NEVER ? gone - f->from : SIM_NEVER);
    if (gone < SIM_NEVER) {
        mask = wanted_by(w, f->k, f->to + 0.01);
        double back = first_turn(run, to, next_fault(w, f->to), mask, f->k, 1);
        out->recover[n] = (float)(back < SIM_NEVER ? back - f->to : SIM_NEVER);
    }
}

void sim_judge(sim_score *out, const sim_world *w, const sim_run *run, const sim_run *best)
{
    double n = run->count > 0 ? (double)run->count : 1.0;
    out->payments = run->count;
    out->rate = 100.0 * (double)run->paid / n;
    out->gap = 100.0 * (double)(best->paid - run->paid) / n;
    out->double_charged = run->double_charged;
    out->attempts = (double)run->attempts / n;
    out->unknown = (double)run->unknown / n;
    out->probes_per_hour = (double)run->probes / (w->duration / 3600.0);
    out->timed = 0;
    for (int32_t i = 0; i < w->fault_count; i++) {
        if (w->fault[i].timed) {
            judge_fault(out, w, &w->fault[i], run, best);
        }
    }
}

/* ---- all of them ---- */

static size_t index_of(const sim_scores *s, int32_t traffic, int32_t world, int32_t seed, int32_t router)
{
    return (((size_t)traffic * WORLDS + (size_t)world) * (size_t)s->most_seeds + (size_t)seed) *
               (size_t)s->plan->router_count +
           (size_t)router;
}

const sim_score *sim_scores_at(const sim_scores *s, int32_t traffic, int32_t world, int32_t seed,
                               int32_t router)
{
    return &s->all[index_of(s, traffic, world, seed, router)];
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void run_task(sim_scores *s, int32_t traffic, int32_t world, int32_t seed)
{
    const sim_plan *p = s->plan;
    sim_world *w = malloc(sizeof *w);
    sim_run best, run;
    if (w == NULL) {
        exit(1);
    }
    sim_world_make_scaled(w, world, traffic, p->first_seed + (uint64_t)seed, p->scale);
    sim_run_make(&best, w);
    sim_run_make(&run, w);
    sim_play(&best, w, &sim_clairvoyant, NULL);
    for (int32_t i = 0; i < p->router_count; i++) {
        sim_score *score = &s->all[index_of(s, traffic, world, seed, i)];
        double began = seconds();
        sim_play(&run, w, &p->routers[i], NULL);
        score->seconds = seconds() - began;
        sim_judge(score, w, &run, &best);
    }
    sim_run_free(&best);
    sim_run_free(&run);
    free(w);
}

/* Long ones first, so that the cores end together. */
static void work(sim_scores *s, _Atomic int32_t *next)
{
    int32_t at = 0, mine = atomic_fetch_add(next, 1);
    for (int32_t traffic = TRAFFICS - 1; traffic >= 0; traffic--) {
        for (int32_t world = 0; world < WORLDS; world++) {
            for (int32_t seed = 0; s->plan->worlds[world] && seed < s->plan->seeds[traffic]; seed++, at++) {
                if (at == mine) {
                    run_task(s, traffic, world, seed);
                    mine = atomic_fetch_add(next, 1);
                }
            }
        }
    }
}

int32_t sim_scores_run(sim_scores *s, const sim_plan *plan)
{
    *s = (sim_scores){.plan = plan};
    for (int32_t t = 0; t < TRAFFICS; t++) {
        s->most_seeds = plan->seeds[t] > s->most_seeds ? plan->seeds[t] : s->most_seeds;
    }
    size_t cells = (size_t)TRAFFICS * WORLDS * (size_t)s->most_seeds * (size_t)plan->router_count;
    s->size = cells * sizeof *s->all + 64;
    s->all = mmap(NULL, s->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s->all == MAP_FAILED) {
        return 1;
    }
    _Atomic int32_t *next = (_Atomic int32_t *)(void *)((char *)s->all + cells * sizeof *s->all);
    int32_t bad = 0;
    fflush(NULL);
    for (int32_t i = 0; i < plan->jobs; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            work(s, next);
            _exit(0);
        }
        bad |= pid < 0;
    }
    int status;
    while (wait(&status) > 0) {
        bad |= status != 0;
    }
    return bad;
}

void sim_scores_free(sim_scores *s)
{
    munmap(s->all, s->size);
}

/* ---- figures ---- */

sim_mean sim_mean_of(const double *x, int32_t n)
{
    sim_mean m = {0, 0, n};
    double squares = 0;
    for (int32_t i = 0; i < n; i++) {
        m.mean += x[i] / n;
    }
    for (int32_t i = 0; i < n; i++) {
        squares += (x[i] - m.mean) * (x[i] - m.mean);
    }
    if (n > 1 && squares > 0) {
        /* quantile of Student's distribution, near enough */
        double t = 1.96 + 2.4 / (n - 1) + (n == 2 ? 8.3 : n == 3 ? 1.1 : 0.0);
        m.half = t * pr_exp(0.5 * pr_log(squares / (n - 1) / n));
    }
    return m;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double sim_median(double *x, int32_t n)
{
    if (n == 0) {
        return -1;
    }
    qsort(x, (size_t)n, sizeof *x, by_size);
    return n % 2 ? x[n / 2] : x[n / 2] >= SIM_NEVER ? SIM_NEVER : 0.5 * (x[n / 2 - 1] + x[n / 2]);
}

/* Each cell of world and traffic counts alike; its variance is that of its seeds. */
sim_mean sim_mean_gap(const sim_scores *s, int32_t router, int32_t traffic, int32_t world)
{
    sim_mean all = {0, 0, 0};
    double variance = 0, x[1024];
    for (int32_t t = 0; t < TRAFFICS; t++) {
        for (int32_t w = 0; w < WORLDS; w++) {
            int32_t n = s->plan->seeds[t] < 1024 ? s->plan->seeds[t] : 1024;
            if ((traffic >= 0 && t != traffic) || (world >= 0 && w != world) || !s->plan->worlds[w] ||
                n == 0) {
                continue;
            }
            for (int32_t i = 0; i < n; i++) {
                x[i] = sim_scores_at(s, t, w, i, router)->gap;
            }
            sim_mean m = sim_mean_of(x, n);
            all.mean += m.mean;
            variance += m.half * m.half;
            all.n++;
        }
    }
    if (all.n > 0) {
        all.mean /= all.n;
        all.half = variance > 0 ? pr_exp(0.5 * pr_log(variance)) / all.n : 0;
    }
    return all;
}

int32_t sim_timings(const sim_scores *s, int32_t router, int32_t traffic, int32_t world,
                    enum sim_timing which, double *out, int32_t cap)
{
    int32_t n = 0;
    for (int32_t seed = 0; s->plan->worlds[world] && seed < s->plan->seeds[traffic]; seed++) {
        const sim_score *c = sim_scores_at(s, traffic, world, seed, router);
        for (int32_t i = 0; i < c->timed && n < cap; i++) {
            double x = which == SIM_DETECT    ? (double)c->detect[i]
                       : which == SIM_RECOVER ? (double)c->recover[i]
                                              : (double)c->victims[i];
            if (which == SIM_VICTIMS || x >= 0) {
                out[n++] = x;
            }
        }
    }
    return n;
}
