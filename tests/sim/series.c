/* Success rate through a fault, second by second, over many worlds at ten payments a second. */
#include "report.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void add_fault(series *s, const sim_run *run, const sim_fault *f, int32_t edge)
{
    double zero = edge == 0 ? f->from : f->to;
    for (int64_t i = 0; i < run->count; i++) {
        double at = ((double)run->at[i] - zero + SERIES_BEFORE) / SERIES_BIN;
        if (at < 0 || at >= SERIES_BINS || (edge == 0 && (double)run->at[i] >= f->to)) {
            continue;
        }
        s->all[edge][(int32_t)at]++;
        s->paid[edge][(int32_t)at] += run->ok[i];
    }
}

static void one_world(series_set *set, int32_t at, uint64_t first_seed, int32_t seeds)
{
    sim_world *w = malloc(sizeof *w);
    for (int32_t i = 0; w != NULL && i < seeds; i++) {
        sim_run run;
        sim_world_make(w, set->world[at], TRAFFIC_10S, first_seed + (uint64_t)i);
        sim_run_make(&run, w);
        for (int32_t r = 0; r < SERIES_ROUTERS; r++) {
            sim_play(&run, w, set->router[r], NULL);
            for (int32_t f = 0; f < w->fault_count; f++) {
                if (w->fault[f].timed) {
                    add_fault(&set->at[at][r], &run, &w->fault[f], 0);
                    add_fault(&set->at[at][r], &run, &w->fault[f], 1);
                }
            }
        }
        sim_run_free(&run);
    }
    free(w);
}

series_set *series_make(uint64_t first_seed, int32_t seeds, int32_t jobs)
{
    static const sim_router *const routers[SERIES_ROUTERS] = {&sim_payroute, &sim_clairvoyant, &sim_epsilon,
                                                              &sim_window,   &sim_r4j_tuned,   &sim_finagle,
                                                              &sim_r4j,      &sim_fixed};
    static const int32_t worlds[SERIES_WORLDS] = {WORLD_OUTAGE, WORLD_HANG, WORLD_BROWN, WORLD_DECLINES};
    size_t size = sizeof(series_set) + 64;
    series_set *set = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (set == MAP_FAILED) {
        return NULL;
    }
    for (int32_t i = 0; i < SERIES_ROUTERS; i++) {
        set->router[i] = routers[i];
    }
    _Atomic int32_t *next = (_Atomic int32_t *)(void *)(set + 1);
    int32_t bad = 0, status;
    for (int32_t i = 0; i < SERIES_WORLDS; i++) {
        set->world[i] = worlds[i];
    }
    fflush(NULL);
    for (int32_t j = 0; j < jobs; j++) {
        pid_t pid = fork();
        if (pid == 0) {
            for (int32_t i = atomic_fetch_add(next, 1); i < SERIES_WORLDS; i = atomic_fetch_add(next, 1)) {
                one_world(set, i, first_seed, seeds);
            }
            _exit(0);
        }
        bad |= pid < 0;
    }
    while (wait(&status) > 0) {
        bad |= status != 0;
    }
    return bad ? NULL : set;
}
