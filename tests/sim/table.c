/* The figures as text. */
#include "table.h"

#include <stdio.h>
#include <string.h>

enum { NAME = 20, CELL = 10 };

static void put_gap(sim_mean m)
{
    char text[32];
    snprintf(text, sizeof text, "%.2f", m.mean);
    printf(" %5s±%-4.2f", text, m.half);
}

static void gaps(const sim_scores *s, int32_t traffic)
{
    const sim_plan *p = s->plan;
    printf(
        "\nGap to the clairvoyant router, points of success rate, %s (%d worlds each, 95%% intervals)\n%-*s",
        sim_traffic_names[traffic], (int)p->seeds[traffic], NAME, "");
    for (int32_t w = 0; w < WORLDS; w++) {
        if (p->worlds[w]) {
            printf(" %*s", CELL, sim_world_names[w]);
        }
    }
    printf(" %*s\n", CELL, "mean");
    for (int32_t r = 0; r < p->router_count; r++) {
        printf("%-*s", NAME, p->routers[r].name);
        for (int32_t w = 0; w < WORLDS; w++) {
            if (p->worlds[w]) {
                put_gap(sim_mean_gap(s, r, traffic, w));
            }
        }
        put_gap(sim_mean_gap(s, r, traffic, -1));
        printf("\n");
    }
}

static void put_time(double x)
{
    if (x < 0) {
        printf("        -");
    } else if (x >= SIM_NEVER) {
        printf("    never");
    } else {
        printf(" %7.1fs", x);
    }
}

static double buffer[4096];

double table_timing(const sim_scores *s, int32_t router, int32_t traffic, int32_t world,
                    enum sim_timing which)
{
    int32_t n = sim_timings(s, router, traffic, world, which, buffer, 4096);
    return which == SIM_VICTIMS ? sim_mean_of(buffer, n).mean : sim_median(buffer, n);
}

static void timings(const sim_scores *s, int32_t world)
{
    const sim_plan *p = s->plan;
    printf(
        "\n%s: median time to notice, failed customers per fault (beyond the clairvoyant's), median time to "
        "return\n%-*s",
        sim_world_names[world], NAME, "");
    for (int32_t t = 0; t < TRAFFICS; t++) {
        if (p->seeds[t] > 0) {
            printf(" |%9s notice   failed   return", sim_traffic_names[t]);
        }
    }
    printf("\n");
    for (int32_t r = 0; r < p->router_count; r++) {
        printf("%-*s", NAME, p->routers[r].name);
        for (int32_t t = 0; t < TRAFFICS; t++) {
            if (p->seeds[t] > 0) {
                printf(" |       ");
                put_time(table_timing(s, r, t, world, SIM_DETECT));
                printf(" %8.2f", table_timing(s, r, t, world, SIM_VICTIMS));
                put_time(table_timing(s, r, t, world, SIM_RECOVER));
            }
        }
        printf("\n");
    }
}

static void totals(const sim_scores *s)
{
    const sim_plan *p = s->plan;
    printf("\nOver all worlds and traffics\n%-*s %11s %9s %9s %9s %9s %9s %8s %8s\n", NAME, "", "gap", "20/h",
           "20/min", "10/s", "1000/s", "attempts", "probes/h", "us/pay");
    for (int32_t r = 0; r < p->router_count; r++) {
        sim_mean all = sim_mean_gap(s, r, -1, -1);
        printf("%-*s %6.3f±%.3f", NAME, p->routers[r].name, all.mean, all.half);
        double attempts = 0, probes = 0, cells = 0, spent = 0, payments = 0;
        for (int32_t t = 0; t < TRAFFICS; t++) {
            printf(" %9.3f", sim_mean_gap(s, r, t, -1).mean);
            for (int32_t w = 0; w < WORLDS; w++) {
                for (int32_t i = 0; p->worlds[w] && i < p->seeds[t]; i++) {
                    const sim_score *c = sim_scores_at(s, t, w, i, r);
                    attempts += c->attempts;
                    probes += c->probes_per_hour;
                    spent += c->seconds;
                    payments += (double)c->payments;
                    cells++;
                }
            }
        }
        printf(" %9.3f %8.1f %8.2f\n", attempts / cells, probes / cells, spent / payments * 1e6);
    }
}

int64_t table_doubles(const sim_scores *s)
{
    const sim_plan *p = s->plan;
    int64_t sum = 0;
    for (int32_t t = 0; t < TRAFFICS; t++) {
        for (int32_t w = 0; w < WORLDS; w++) {
            for (int32_t i = 0; p->worlds[w] && i < p->seeds[t]; i++) {
                for (int32_t r = 0; r < p->router_count; r++) {
                    sum += sim_scores_at(s, t, w, i, r)->double_charged;
                }
            }
        }
    }
    return sum;
}

static int32_t find(const sim_plan *p, const char *name)
{
    for (int32_t r = 0; r < p->router_count; r++) {
        if (strcmp(p->routers[r].name, name) == 0) {
            return r;
        }
    }
    return -1;
}

static void goal(int32_t met, const char *what, double have, double want)
{
    printf("%s  %-64s %8.2f  (at most %.2f)\n", met ? "met   " : "MISSED", what, have, want);
}

static void goal_timing(const sim_scores *s, int32_t ours, int32_t traffic, enum sim_timing which,
                        const char *what, double want)
{
    if (s->plan->seeds[traffic] > 0 && s->plan->worlds[WORLD_OUTAGE]) {
        double x = table_timing(s, ours, traffic, WORLD_OUTAGE, which);
        goal(x <= want, what, x, want);
    }
}

static void goals(const sim_scores *s)
{
    const sim_plan *p = s->plan;
    int32_t ours = find(p, "payroute"), best = -1;
    double least = 1e9;
    if (ours < 0) {
        return;
    }
    for (int32_t r = 0; r < p->router_count; r++) {
        int32_t theirs =
            strncmp(p->routers[r].name, "payroute", 8) != 0 && strcmp(p->routers[r].name, "clairvoyant") != 0;
        double gap = sim_mean_gap(s, r, -1, -1).mean;
        if (theirs && gap < least) {
            least = gap;
            best = r;
        }
    }
    printf("\nGoals (best baseline: %s)\n", best >= 0 ? p->routers[best].name : "none");
    double gap = sim_mean_gap(s, ours, -1, -1).mean, doubles = (double)table_doubles(s);
    goal(gap <= least / 2, "mean gap, points: half of the best baseline's", gap, least / 2);
    goal_timing(s, ours, TRAFFIC_20M, SIM_DETECT, "outage at 20 a minute: noticed, median s", 9);
    goal_timing(s, ours, TRAFFIC_20M, SIM_VICTIMS, "outage at 20 a minute: failed customers", 0.995);
    goal_timing(s, ours, TRAFFIC_20M, SIM_RECOVER, "outage at 20 a minute: back, median s", 150);
    goal_timing(s, ours, TRAFFIC_20H, SIM_VICTIMS, "outage at 20 an hour: failed customers", 1);
    goal(doubles <= 0, "double charges", doubles, 0);
}

void table_print(const sim_scores *s)
{
    static const int32_t timed[] = {WORLD_OUTAGE,   WORLD_HANG,    WORLD_BROWN,
                                    WORLD_DECLINES, WORLD_PENDING, WORLD_CASHIER};
    for (int32_t t = 0; t < TRAFFICS; t++) {
        if (s->plan->seeds[t] > 0) {
            gaps(s, t);
        }
    }
    for (size_t i = 0; i < sizeof timed / sizeof timed[0]; i++) {
        if (s->plan->worlds[timed[i]]) {
            timings(s, timed[i]);
        }
    }
    totals(s);
    goals(s);
}
