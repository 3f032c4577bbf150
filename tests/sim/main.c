/* payroute-sim: our router against the published ones, in worlds that break. `make sim`, `make sim-report`.
 */
#include "measure.h"
#include "pool.h"
#include "report.h"
#include "table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static sim_router routers[SIM_MOST_ROUTERS];
static int32_t router_count;

static void take(const sim_router *r)
{
    routers[router_count++] = *r;
}

static void take_all(const char *only)
{
    const sim_router *all[] = {&sim_clairvoyant,   &sim_payroute, &sim_payroute_cron, &sim_epsilon,
                               &sim_rates_breaker, &sim_window,   &sim_window_tuned,  &sim_thompson,
                               &sim_r4j_tuned,     &sim_r4j,      &sim_finagle,       &sim_envoy,
                               &sim_turns,         &sim_fixed};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (only == NULL || strstr(only, all[i]->name) != NULL) {
            take(all[i]);
        }
    }
}

/* Every combination of a router's grid as a router of its own. */
static void take_grid(const char *name)
{
    const sim_router *all[] = {&sim_epsilon, &sim_rates_breaker, &sim_window_tuned, &sim_thompson,
                               &sim_r4j_tuned};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        int32_t at[SIM_PARAMS] = {0}, d = 0;
        while (strcmp(all[i]->name, name) == 0 && d < SIM_PARAMS && router_count < SIM_MOST_ROUTERS) {
            sim_router r = *all[i];
            char *label = malloc(64);
            for (d = 0; d < SIM_PARAMS; d++) {
                r.params[d] = r.grid[d][at[d]];
            }
            snprintf(label, 64, "%g %g %g %g", r.params[0], r.params[1], r.params[2], r.params[3]);
            r.name = label;
            take(&r);
            for (d = 0; d < SIM_PARAMS; d++) {
                if (++at[d] < 6 && r.grid[d][at[d]] > 0) {
                    break;
                }
                at[d] = 0;
            }
        }
    }
}

static int usage(void)
{
    fprintf(stderr, "payroute-sim [--pool] [--quick] [--seeds-from N] [--jobs N] [--only ROUTERS] [--world WORLD] "
                    "[--traffic N] [--seeds N] [--scale TIMES] [--tune ROUTER] [--report FILE]\n");
    return 2;
}

int main(int argc, char **argv)
{
    static const int32_t full[TRAFFICS] = {40, 20, 6, 3}, quick[TRAFFICS] = {8, 6, 2, 1},
                         tune[TRAFFICS] = {10, 6, 2, 0};
    sim_plan plan = {.first_seed = 1001, .scale = 1.0, .jobs = (int32_t)sysconf(_SC_NPROCESSORS_ONLN)};
    const char *only = NULL, *world = NULL, *grid = NULL, *page = NULL;
    int32_t traffic = -1, seeds = 0, pool = 0;
    memcpy(plan.seeds, full, sizeof full);
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--quick") == 0) {
            memcpy(plan.seeds, quick, sizeof quick);
            plan.scale = 0.5;
            continue;
        }
        if (strcmp(argv[i], "--pool") == 0) {
            pool = 1;
            continue;
        }
        if (value == NULL) {
            return usage();
        }
        i++;
        if (strcmp(argv[i - 1], "--seeds-from") == 0) {
            plan.first_seed = strtoull(value, NULL, 10);
        } else if (strcmp(argv[i - 1], "--jobs") == 0) {
            plan.jobs = (int32_t)strtol(value, NULL, 10);
        } else if (strcmp(argv[i - 1], "--seeds") == 0) {
            seeds = (int32_t)strtol(value, NULL, 10);
        } else if (strcmp(argv[i - 1], "--traffic") == 0) {
            traffic = (int32_t)strtol(value, NULL, 10);
        } else if (strcmp(argv[i - 1], "--only") == 0) {
            only = value;
        } else if (strcmp(argv[i - 1], "--world") == 0) {
            world = value;
        } else if (strcmp(argv[i - 1], "--scale") == 0) {
            plan.scale = strtod(value, NULL);
        } else if (strcmp(argv[i - 1], "--report") == 0) {
            page = value;
        } else if (strcmp(argv[i - 1], "--tune") == 0) {
            grid = value;
            plan.first_seed = 1;
            memcpy(plan.seeds, tune, sizeof tune);
            plan.scale = 0.5;
        } else {
            return usage();
        }
    }
    if (pool) {
        return pool_report(seeds > 0 ? seeds : plan.scale < 1 ? 1 : 4, plan.first_seed, plan.jobs, only);
    }
    for (int32_t t = 0; t < TRAFFICS; t++) {
        plan.seeds[t] = traffic >= 0 && t != traffic     ? 0
                        : seeds > 0 && plan.seeds[t] > 0 ? seeds
                                                         : plan.seeds[t];
    }
    for (int32_t w = 0; w < WORLDS; w++) {
        plan.worlds[w] = world == NULL || strcmp(world, sim_world_names[w]) == 0;
    }
    if (grid != NULL) {
        take_grid(grid);
    } else {
        take_all(only);
    }
    plan.routers = routers;
    plan.router_count = router_count;
    sim_scores scores;
    if (router_count == 0 || sim_scores_run(&scores, &plan) != 0) {
        fprintf(stderr, "payroute-sim: a run failed\n");
        return 1;
    }
    printf("seeds %llu and on\n", (unsigned long long)plan.first_seed);
    if (grid != NULL) {
        for (int32_t r = 0; r < router_count; r++) {
            printf("%.4f  %s\n", sim_mean_gap(&scores, r, -1, -1).mean, routers[r].name);
        }
    } else {
        table_print(&scores);
    }
    if (page != NULL) {
        const series_set *set = series_make(plan.first_seed, plan.scale < 1 ? 4 : 16, plan.jobs);
        if (set == NULL || report_write(page, &scores, set) != 0) {
            fprintf(stderr, "payroute-sim: %s cannot be written\n", page);
            return 1;
        }
        printf("\n%s\n", page);
    }
    return table_doubles(&scores) > 0;
}
