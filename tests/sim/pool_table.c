/* Twenty shops alone, pooled, and one as large as all of them: the table, a seed a task on all cores. */
#include "pool.h"

#include "health/number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static const pool_plan plans[] = {
    {"alone", 20, 0, 0, 0, 0},
    {"pooled every 15 s", 20, 15, 0, 0, 0},
    {"pooled every 60 s", 20, 60, 0, 0, 0},
    {"one shop, 400 an hour", 1, 0, 0, 0, 0},
    {"pooled, one liar", 20, 15, 0, 1, 0},
    {"pooled, clocks +-10 s", 20, 15, 10, 0, 0},
    {"pooled, clocks +-60 s", 20, 15, 60, 0, 0},
    {"no sweep: alone", 20, 0, 0, 0, 1},
    {"no sweep: pooled", 20, 15, 0, 0, 1},
    {"no sweep: one shop", 1, 0, 0, 0, 1},
    {"no sweep: pooled, a liar", 20, 15, 0, 1, 1},
};
enum { PLANS = sizeof plans / sizeof plans[0], SEEDS_MOST = 256 };

static int32_t wanted(int32_t plan, const char *only)
{
    return only == NULL || strstr(plans[plan].name, only) != NULL;
}

static void play_seed(pool_figures *of, uint64_t seed, const char *only)
{
    sim_world *w = malloc(sizeof *w);
    sim_run best;
    if (w == NULL) {
        exit(1);
    }
    pool_world(w, seed, 1.0);
    sim_run_make(&best, w);
    sim_play(&best, w, &sim_clairvoyant, NULL);
    for (int32_t i = 0; i < PLANS; i++) {
        if (wanted(i, only)) {
            pool_play(&of[i], w, &plans[i], &best);
        }
    }
    sim_run_free(&best);
    free(w);
}

/* The median over shops and outages of a seed; of those over seeds the mean, and its interval. */
static sim_mean medians(const pool_figures *all, int32_t plan, int32_t seeds, int32_t back)
{
    double of[SEEDS_MOST], x[POOL_CASES];
    int32_t n = 0;
    for (int32_t s = 0; s < seeds; s++) {
        const pool_figures *f = &all[s * PLANS + plan];
        for (int32_t i = 0; i < f->cases; i++) {
            x[i] = back ? f->back[i] : f->noticed[i];
        }
        double m = sim_median(x, f->cases);
        if (m >= 0) {
            of[n++] = m < 7200.0 ? m : 7200.0;
        }
    }
    return sim_mean_of(of, n);
}

static double share_late(const pool_figures *all, int32_t plan, int32_t seeds, double than)
{
    int32_t late = 0, n = 0;
    for (int32_t s = 0; s < seeds; s++) {
        const pool_figures *f = &all[s * PLANS + plan];
        for (int32_t i = 0; i < f->cases; i++, n++) {
            late += f->noticed[i] > than;
        }
    }
    return n > 0 ? (double)late / n : 0.0;
}

enum figure { VICTIMS, GAP, BEHIND, OUT, DOUBT, QUESTIONS };

static sim_mean mean_figure(const pool_figures *all, int32_t plan, int32_t seeds, enum figure which)
{
    double of[SEEDS_MOST];
    for (int32_t s = 0; s < seeds; s++) {
        const pool_figures *f = &all[s * PLANS + plan];
        const double values[] = {f->victims / POOL_SHOPS / (f->faults > 0 ? f->faults : 1),
                                 f->gap,
                                 f->behind * 1440.0,
                                 f->thought_out * 1440.0,
                                 f->doubt * 100.0,
                                 f->questions};
        of[s] = values[which];
    }
    return sim_mean_of(of, seeds);
}

static void print_mean(sim_mean m, int digits)
{
    printf(" %8.*f +- %-6.*f", digits, m.mean, digits, m.half);
}

static void print_plan(const pool_figures *all, int32_t plan, int32_t seeds)
{
    printf("%-24s", plans[plan].name);
    print_mean(medians(all, plan, seeds, 0), 1);
    printf(" %6.1f", 100.0 * share_late(all, plan, seeds, 120.0));
    print_mean(medians(all, plan, seeds, 1), 0);
    print_mean(mean_figure(all, plan, seeds, VICTIMS), 3);
    print_mean(mean_figure(all, plan, seeds, GAP), 2);
    print_mean(mean_figure(all, plan, seeds, BEHIND), 1);
    print_mean(mean_figure(all, plan, seeds, OUT), 1);
    print_mean(mean_figure(all, plan, seeds, DOUBT), 2);
    printf(" %6.0f\n", mean_figure(all, plan, seeds, QUESTIONS).mean);
}

static void print_table(const pool_figures *all, int32_t seeds, uint64_t first_seed, const char *only)
{
    printf("20 shops with 20 payments an hour each; seeds %llu to %llu\n", (unsigned long long)first_seed,
           (unsigned long long)(first_seed + (uint64_t)seeds - 1));
    printf("noticed, back: medians over shops and outages; >120: of them noticed later or never; failed: customers\n"
           "for each outage and 20 payments an hour; behind, out: minutes a day that a healthy channel is not first\n"
           "for a doubt of its line, and is thought to be out; doubt: of the main channel while it is well; asks:\n"
           "lookups\n");
    printf("%-24s %18s %6s %18s %18s %18s %18s %18s %18s %6s\n", "", "noticed, s", ">120 %", "back, s", "failed",
           "gap, points", "behind, min/day", "out, min/day", "doubt, %", "asks/h");
    for (int32_t i = 0; i < PLANS; i++) {
        if (wanted(i, only)) {
            print_plan(all, i, seeds);
        }
    }
}

int32_t pool_report(int32_t seeds, uint64_t first_seed, int32_t jobs, const char *only)
{
    seeds = seeds < 1 ? 1 : seeds > SEEDS_MOST ? SEEDS_MOST : seeds;
    size_t size = (size_t)seeds * PLANS * sizeof(pool_figures);
    pool_figures *all = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int32_t bad = all == MAP_FAILED;
    fflush(NULL);
    for (int32_t j = 0; !bad && j < jobs; j++) {
        pid_t pid = fork();
        if (pid == 0) {
            for (int32_t s = j; s < seeds; s += jobs) {
                play_seed(&all[(size_t)s * PLANS], first_seed + (uint64_t)s, only);
            }
            _exit(0);
        }
        bad |= pid < 0;
    }
    int status;
    while (wait(&status) > 0) {
        bad |= status != 0;
    }
    if (bad) {
        return 1;
    }
    print_table(all, seeds, first_seed, only);
    munmap(all, size);
    return 0;
}
