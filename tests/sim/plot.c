/* Plots as inline SVG; colours are CSS variables, so that the page's light and dark looks apply to them. */
#include "report.h"

#include "health/number.h"
#include "table.h"

#include <string.h>

enum { W = 560, H = 250, LEFT = 44, RIGHT = 26, TOP = 14, BOTTOM = 34 };

const char *plot_colour(const char *router)
{
    static const struct {
        const char *name, *colour;
    } of[] = {{"payroute", "var(--ours)"},     {"clairvoyant", "var(--truth)"},
              {"epsilon-greedy", "var(--c1)"}, {"window (SR v3)", "var(--c2)"},
              {"breaker, tuned", "var(--c3)"}, {"Finagle", "var(--c4)"},
              {"resilience4j", "var(--c5)"},   {"fixed", "var(--c6)"}};
    for (size_t i = 0; i < sizeof of / sizeof of[0]; i++) {
        if (strcmp(of[i].name, router) == 0) {
            return of[i].colour;
        }
    }
    return "var(--muted)";
}

static double x_of(double seconds)
{
    return LEFT + (seconds + SERIES_BEFORE) / (SERIES_BINS * SERIES_BIN) * (W - LEFT - RIGHT);
}

static double y_of(double percent, double low)
{
    return TOP + (100.0 - percent) / (100.0 - low) * (H - TOP - BOTTOM);
}

enum { ENOUGH = 200, TRUTH = 1 }; /* payments for a point; the place of the clairvoyant */

/* Percent. What luck the customers of this bin had is the same for all routers: the clairvoyant's deviation
   from its own mean is taken off, so that the lines show what routers do and not the dice. Negative: too few.
 */
static double rate_at(const series_set *set, int32_t world, int32_t r, int32_t edge, int32_t bin)
{
    const series *s = &set->at[world][r], *truth = &set->at[world][TRUTH];
    double paid = 0, all = 0;
    if (s->all[edge][bin] < ENOUGH || truth->all[edge][bin] < ENOUGH) {
        return -1;
    }
    for (int32_t i = 0; i < SERIES_BINS; i++) {
        paid += truth->paid[edge][i];
        all += truth->all[edge][i];
    }
    double here = (double)truth->paid[edge][bin] / truth->all[edge][bin];
    double p = 100.0 * ((double)s->paid[edge][bin] / s->all[edge][bin] - here + paid / all);
    return pr_clamp(p, 0.0, 100.0);
}

static double lowest(const series_set *set, int32_t world, int32_t edge)
{
    double low = 100.0;
    for (int32_t r = 0; r < SERIES_ROUTERS; r++) {
        for (int32_t i = 0; i < SERIES_BINS; i++) {
            double p = rate_at(set, world, r, edge, i);
            low = p >= 0 && p < low ? p : low;
        }
    }
    double step = low > 60 ? 5 : 20;
    return (double)((int32_t)(low / step)) * step;
}

static void axes(FILE *f, double low, int32_t edge)
{
    double step = low > 75 ? 5 : low > 40 ? 10 : 20;
    for (double p = low; p <= 100; p += step) {
        fprintf(
            f,
            "<line class=grid x1=%d x2=%d y1=%.1f y2=%.1f /><text class=tick x=%d y=%.1f text-anchor=end>%.0f%%"
            "</text>\n",
            LEFT, W - RIGHT, y_of(p, low), y_of(p, low), LEFT - 6, y_of(p, low) + 4, p);
    }
    for (double t = -30; t <= 210; t += 30) {
        fprintf(f, "<text class=tick x=%.1f y=%d text-anchor=middle>%s%.0f</text>\n", x_of(t),
                H - BOTTOM + 16, t > 0 ? "+" : "", t);
    }
    fprintf(f, "<text class=tick x=%.1f y=%d text-anchor=middle>seconds since the fault %s</text>\n",
            (LEFT + W - RIGHT) / 2.0, H - 3, edge == 0 ? "began" : "ended");
    fprintf(f, "<line class=edge x1=%.1f x2=%.1f y1=%d y2=%d />\n", x_of(0), x_of(0), TOP, H - BOTTOM);
}

static void path(FILE *f, const series_set *set, int32_t world, int32_t r, int32_t edge, double low)
{
    const char *name = set->router[r]->name;
    fprintf(f, "<path class='%s' stroke='%s' d='",
            strcmp(name, "payroute") == 0      ? "line ours"
            : strcmp(name, "clairvoyant") == 0 ? "line truth"
                                               : "line",
            plot_colour(name));
    char command = 'M';
    for (int32_t i = 0; i < SERIES_BINS; i++) {
        double p = rate_at(set, world, r, edge, i);
        if (p >= 0) {
            fprintf(f, "%c%.1f %.1f", command, x_of((i + 0.5) * SERIES_BIN - SERIES_BEFORE), y_of(p, low));
            command = 'L';
        }
    }
    fprintf(f, "'><title>%s</title></path>\n", name);
}

void plot_lines(FILE *f, const series_set *set, int32_t world, int32_t edge)
{
    double low = lowest(set, world, edge);
    fprintf(f, "<svg viewBox='0 0 %d %d' role=img aria-label='success rate, %s'>\n", W, H,
            sim_world_names[set->world[world]]);
    axes(f, low, edge);
    for (int32_t r = SERIES_ROUTERS - 1; r >= 0; r--) {
        path(f, set, world, r, edge, low);
    }
    fprintf(f, "</svg>\n");
}

void plot_legend(FILE *f, const series_set *set)
{
    fprintf(f, "<p class=legend>");
    for (int32_t r = 0; r < SERIES_ROUTERS; r++) {
        fprintf(f, "<span><i style='background:%s'></i>%s</span>\n", plot_colour(set->router[r]->name),
                set->router[r]->name);
    }
    fprintf(f, "</p>\n");
}

/* ---- mean gaps as bars ---- */

void plot_gaps(FILE *f, const sim_scores *s)
{
    const sim_plan *p = s->plan;
    enum { ROW = 24, NAME = 160, WIDE = 860 };
    double most = 0.1;
    for (int32_t r = 0; r < p->router_count; r++) {
        sim_mean m = sim_mean_gap(s, r, -1, -1);
        most = m.mean + m.half > most ? m.mean + m.half : most;
    }
    double scale = (WIDE - NAME - 90) / most;
    fprintf(f, "<svg viewBox='0 0 %d %d' role=img aria-label='mean gaps'>\n", (int)WIDE,
            (int)(ROW * p->router_count + 8));
    for (int32_t r = 0; r < p->router_count; r++) {
        sim_mean m = sim_mean_gap(s, r, -1, -1);
        double y = 4 + r * ROW, wide = m.mean > 0 ? m.mean * scale : 0;
        int32_t ours = strncmp(p->routers[r].name, "payroute", 8) == 0;
        fprintf(f, "<text class='%s' x=%d y=%.1f text-anchor=end>%s</text>", ours ? "name mine" : "name",
                NAME - 10, y + 15, p->routers[r].name);
        fprintf(f, "<rect x=%d y=%.1f width=%.1f height=%d rx=3 fill='%s'/>", NAME, y + 3, wide, ROW - 8,
                ours ? "var(--ours)" : "var(--bar)");
        fprintf(f, "<line class=whisker x1=%.1f x2=%.1f y1=%.1f y2=%.1f />",
                NAME + (m.mean > m.half ? m.mean - m.half : 0.0) * scale, NAME + (m.mean + m.half) * scale,
                y + ROW / 2.0 - 1, y + ROW / 2.0 - 1);
        fprintf(f, "<text class=tick x=%.1f y=%.1f>%.2f ± %.2f</text>\n",
                NAME + (m.mean + m.half) * scale + 8, y + 15, m.mean, m.half);
    }
    fprintf(f, "</svg>\n");
}

/* ---- times on a logarithmic scale ---- */

enum { T_ROW = 22, T_NAME = 150, T_WIDE = 560, T_TOP = 24 };

static double log_x(double seconds)
{
    double u = pr_log(pr_clamp(seconds, 0.5, 7200.0) / 0.5) / pr_log(7200.0 / 0.5);
    return T_NAME + u * (T_WIDE - T_NAME - 40);
}

static void time_axis(FILE *f, int32_t rows)
{
    static const struct {
        double at;
        const char *text;
    } marks[] = {{1, "1 s"}, {10, "10 s"}, {60, "1 min"}, {600, "10 min"}, {3600, "1 h"}};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        fprintf(
            f,
            "<line class=grid x1=%.1f x2=%.1f y1=%d y2=%d /><text class=tick x=%.1f y=14 text-anchor=middle>%s"
            "</text>",
            log_x(marks[i].at), log_x(marks[i].at), T_TOP, T_TOP + rows * T_ROW, log_x(marks[i].at),
            marks[i].text);
    }
    fprintf(f, "<text class=tick x=%d y=14 text-anchor=middle>never</text>\n", T_WIDE - 18);
}

void plot_times(FILE *f, const sim_scores *s, int32_t world, enum sim_timing which)
{
    static const char *const marks[TRAFFICS] = {"var(--t1)", "var(--t2)", "var(--t3)", "var(--t4)"};
    const sim_plan *p = s->plan;
    fprintf(f, "<svg viewBox='0 0 %d %d' role=img aria-label='times, %s'>\n", (int)T_WIDE,
            (int)(T_TOP + T_ROW * p->router_count + 6), sim_world_names[world]);
    time_axis(f, p->router_count);
    for (int32_t r = 0; r < p->router_count; r++) {
        double y = T_TOP + T_ROW * (r + 0.5);
        int32_t ours = strncmp(p->routers[r].name, "payroute", 8) == 0;
        fprintf(
            f,
            "<text class='%s' x=%d y=%.1f text-anchor=end>%s</text><line class=rail x1=%d x2=%d y1=%.1f y2=%.1f />",
            ours ? "name mine" : "name", T_NAME - 8, y + 4, p->routers[r].name, T_NAME, T_WIDE - 6, y, y);
        for (int32_t t = 0; t < TRAFFICS; t++) {
            double x = p->seeds[t] > 0 ? table_timing(s, r, t, world, which) : -1;
            if (x >= 0) {
                int32_t never = x >= SIM_NEVER;
                fprintf(f, "<circle cx=%.1f cy=%.1f r=5 fill='%s'><title>%s at %s: %s%.0f s</title></circle>",
                        never ? T_WIDE - 30.0 + 8 * t : log_x(x), y, marks[t], p->routers[r].name,
                        sim_traffic_names[t], never ? "never; " : "", never ? 0.0 : x);
            }
        }
        fprintf(f, "\n");
    }
    fprintf(f, "</svg>\n");
}
