/* See report.h. */
#include "report.h"

#include "table.h"

#include <string.h>

static const char style[] =
    ":root{color-scheme:light dark;--bg:#fbfbf9;--fg:#1d2327;--muted:#6a747c;--grid:#e3e5e4;--card:#fff;"
    "--ours:#0b7a5b;--truth:#8a8f94;--bar:#b9c3c9;--c1:#2f6fdb;--c2:#b4489b;--c3:#c9721a;"
    "--c4:#7757c7;--c5:#c33c3c;"
    "--c6:#8a7a3c;--t1:#8e44ad;--t2:#0b7a5b;--t3:#2f6fdb;--t4:#c9721a;--good:#0b7a5b;--bad:#c33c3c}\n"
    "@media(prefers-color-scheme:dark){:root{--bg:#14181b;--fg:#e6eaec;--muted:#98a3ab;"
    "--grid:#2b3237;--card:#1b2125;"
    "--ours:#3ccf9f;--truth:#8b949b;--bar:#48545c;--c1:#74a7ff;--c2:#e38ccb;--c3:#f0a553;"
    "--c4:#b29bf2;--c5:#ff8080;"
    "--c6:#cdbb72;--t1:#c98be3;--t2:#3ccf9f;--t3:#74a7ff;--t4:#f0a553;--good:#3ccf9f;--bad:#ff8080}}\n"
    "body{margin:0;background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif}\n"
    "main{max-width:1180px;margin:0 auto;padding:32px 20px 64px}h1{font-size:30px;line-height:1.2;"
    "margin:0 0 8px}\n"
    "h2{font-size:21px;margin:44px 0 6px}h3{font-size:15px;margin:0 0 4px;"
    "font-weight:600}p{max-width:76ch;margin:6px 0}\n"
    ".muted{color:var(--muted)}.two{display:grid;"
    "grid-template-columns:repeat(auto-fit,minmax(min(420px,100%),1fr));"
    "gap:16px}\n"
    ".card{background:var(--card);border:1px solid var(--grid);border-radius:10px;padding:14px "
    "16px;min-width:0}\n"
    "svg{display:block;width:100%;height:auto}.grid{stroke:var(--grid)}.rail{stroke:var(--grid);"
    "stroke-dasharray:1 4}\n"
    ".edge{stroke:var(--muted);stroke-dasharray:4 3}.tick{fill:var(--muted);"
    "font-size:11.5px}.name{fill:var(--fg);"
    "font-size:12.5px}.mine{font-weight:700;fill:var(--ours)}.line{fill:none;stroke-width:1.6;"
    "stroke-linejoin:round}\n"
    ".line.ours{stroke-width:3.2}.line.truth{stroke-dasharray:5 4}.whisker{stroke:var(--fg);stroke-width:1.5}\n"
    ".legend{display:flex;flex-wrap:wrap;gap:4px 18px;max-width:none;font-size:14px}.legend "
    "i{display:inline-block;"
    "width:18px;height:4px;border-radius:2px;margin-right:7px;vertical-align:middle}\n"
    ".scroll{overflow-x:auto}table{border-collapse:collapse;font-size:13px;"
    "font-variant-numeric:tabular-nums;width:100%}\n"
    "td,th{padding:4px 7px;text-align:right;border-bottom:1px solid var(--grid);white-space:nowrap;"
    "font-weight:400}\n"
    "th:first-child,td:first-child{text-align:left;position:sticky;left:0;"
    "background:var(--card)}thead th{color:var(--"
    "muted)}tr.mine td,tr.mine th{font-weight:700;color:var(--ours)}td small{color:var(--muted);"
    "font-weight:400}\n"
    ".goals{list-style:none;padding:0;margin:14px 0}.goals li{padding:2px 0}.goals "
    "b{display:inline-block;width:64px}\n"
    ".met{color:var(--good)}.missed{color:var(--bad)}\n";

static void open_page(FILE *f, const sim_scores *s)
{
    const sim_plan *p = s->plan;
    int64_t payments = 0;
    for (int32_t t = 0; t < TRAFFICS; t++) {
        for (int32_t w = 0; w < WORLDS; w++) {
            for (int32_t i = 0; p->worlds[w] && i < p->seeds[t]; i++) {
                payments += sim_scores_at(s, t, w, i, 0)->payments;
            }
        }
    }
    fprintf(
        f,
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        "<title>payroute: routers compared</title><style>%s</style><main>\n",
        style);
    fprintf(
        f,
        "<h1>What a router is worth when channels fail</h1>\n<p>%.1f million simulated payments for "
        "each of %d routers, "
        "the same customers and the same luck for all. A gap is what a router loses against one that knows the "
        "truth, in points of success rate; intervals are 95%% over worlds; seeds from %llu on, none of "
        "which was "
        "used for tuning. Double charges: %lld.</p>\n",
        (double)payments / 1e6, (int)p->router_count, (unsigned long long)p->first_seed,
        (long long)table_doubles(s));
}

static void curves(FILE *f, const series_set *set)
{
    static const char *const about[SERIES_WORLDS] = {"Outage: connections are refused",
                                                     "Hang: requests go in and nothing comes out",
                                                     "Brown-out: three to eight times slower, some lost",
                                                     "Decline storm: the channel declines what others take"};
    fprintf(
        f,
        "<h2>Through a fault of the best channel, ten payments a second</h2>\n<p class=muted>Left: as "
        "it begins. "
        "Right: as it ends. The luck that all share is taken off: the dashed line of the clairvoyant "
        "is its mean, the "
        "others stand as far below it as they lose.</p>\n");
    plot_legend(f, set);
    for (int32_t w = 0; w < SERIES_WORLDS; w++) {
        fprintf(f, "<div class=two style='margin-bottom:16px'>");
        for (int32_t edge = 0; edge < 2; edge++) {
            fprintf(f, "<div class=card><h3>%s%s</h3>\n", about[w], edge == 0 ? "" : " — its end");
            plot_lines(f, set, w, edge);
            fprintf(f, "</div>");
        }
        fprintf(f, "</div>\n");
    }
}

static void times(FILE *f, const sim_scores *s)
{
    static const int32_t worlds[] = {WORLD_OUTAGE, WORLD_HANG, WORLD_BROWN};
    static const char *const colour[TRAFFICS] = {"--t1", "--t2", "--t3", "--t4"};
    fprintf(
        f,
        "<h2>How soon they notice, how soon they return</h2>\n<p class=muted>Medians, logarithmic. "
        "Only faults of "
        "a channel that the router was using; no dot: it used it too little to tell.</p>\n<p class=legend>");
    for (int32_t t = 0; t < TRAFFICS; t++) {
        fprintf(f, "<span><i style='background:var(%s)'></i>%s</span>", colour[t], sim_traffic_names[t]);
    }
    fprintf(f, "</p>\n");
    for (size_t i = 0; i < sizeof worlds / sizeof worlds[0]; i++) {
        if (!s->plan->worlds[worlds[i]]) {
            continue;
        }
        fprintf(f,
                "<div class=two style='margin-bottom:16px'><div class=card><h3>%s: until it is left</h3>\n",
                sim_world_names[worlds[i]]);
        plot_times(f, s, worlds[i], SIM_DETECT);
        fprintf(f, "</div><div class=card><h3>%s: until it is used again</h3>\n", sim_world_names[worlds[i]]);
        plot_times(f, s, worlds[i], SIM_RECOVER);
        fprintf(f, "</div></div>\n");
    }
}

static void row_begin(FILE *f, const char *name)
{
    fprintf(f, "<tr%s><td>%s</td>", strncmp(name, "payroute", 8) == 0 ? " class=mine" : "", name);
}

static void gap_table(FILE *f, const sim_scores *s, int32_t traffic)
{
    const sim_plan *p = s->plan;
    fprintf(f, "<h3>%s</h3><div class='card scroll' style='margin-bottom:18px'><table><thead><tr><th></th>",
            sim_traffic_names[traffic]);
    for (int32_t w = 0; w < WORLDS; w++) {
        if (p->worlds[w]) {
            fprintf(f, "<th>%s</th>", sim_world_names[w]);
        }
    }
    fprintf(f, "<th>mean</th></tr></thead>\n");
    for (int32_t r = 0; r < p->router_count; r++) {
        row_begin(f, p->routers[r].name);
        for (int32_t w = 0; w <= WORLDS; w++) {
            if (w == WORLDS || p->worlds[w]) {
                sim_mean m = sim_mean_gap(s, r, traffic, w == WORLDS ? -1 : w);
                fprintf(f, "<td>%.2f<small>±%.2f</small></td>", m.mean, m.half);
            }
        }
        fprintf(f, "</tr>\n");
    }
    fprintf(f, "</table></div>\n");
}

static void victim_table(FILE *f, const sim_scores *s)
{
    static const int32_t worlds[] = {WORLD_OUTAGE,   WORLD_HANG,    WORLD_BROWN,
                                     WORLD_DECLINES, WORLD_PENDING, WORLD_CASHIER};
    const sim_plan *p = s->plan;
    fprintf(
        f,
        "<h2>Failed customers per fault, beyond the clairvoyant's</h2>\n<div class='card "
        "scroll'><table><thead><tr>"
        "<th></th>");
    for (size_t i = 0; i < sizeof worlds / sizeof worlds[0]; i++) {
        fprintf(f, "<th>%s 20/h</th><th>20/min</th><th>10/s</th>", sim_world_names[worlds[i]]);
    }
    fprintf(f, "</tr></thead>\n");
    for (int32_t r = 0; r < p->router_count; r++) {
        row_begin(f, p->routers[r].name);
        for (size_t i = 0; i < sizeof worlds / sizeof worlds[0]; i++) {
            for (int32_t t = TRAFFIC_20H; t <= TRAFFIC_10S; t++) {
                fprintf(f, "<td>%.1f</td>", table_timing(s, r, t, worlds[i], SIM_VICTIMS));
            }
        }
        fprintf(f, "</tr>\n");
    }
    fprintf(f, "</table></div>\n");
}

int32_t report_write(const char *path, const sim_scores *s, const series_set *set)
{
    FILE *f = fopen(path, "w");
    if (f == NULL) {
        return 1;
    }
    open_page(f, s);
    fprintf(f, "<h2>Mean gap over all worlds and traffics</h2><div class=card>\n");
    plot_gaps(f, s);
    fprintf(f, "</div>\n");
    curves(f, set);
    times(f, s);
    victim_table(f, s);
    fprintf(f, "<h2>Gaps by world</h2>\n<p class=muted>Points of success rate, 95%% intervals.</p>\n");
    for (int32_t t = 0; t < TRAFFICS; t++) {
        if (s->plan->seeds[t] > 0) {
            gap_table(f, s, t);
        }
    }
    fprintf(f, "</main></html>\n");
    return fclose(f) != 0;
}
