/* A choice of channel, against a bare scan for the first that fits: what a shop would write in an afternoon,
   without rests, weights, exclusions or a reason. */
#include "bench.h"
#include "route/route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHANNELS_MAX = 64 };

typedef struct choice {
    payroute_registry *registry;
    pr_route_request request;
    pr_route_exclusion exclusions[2];
    int traced;
    pr_rng rng;
    uint64_t sink;
} choice;

/* Every second channel takes cards in yuan; priorities differ, and two channels share each. */
static payroute_registry *channels(int count)
{
    char *json = malloc(64 + CHANNELS_MAX * 320), why[256] = "";
    payroute_registry *registry = NULL;
    if (json == NULL) {
        return NULL;
    }
    size_t len = (size_t)sprintf(json, "{\"schema\":1,\"channels\":[");
    for (int i = 0; i < count; i++) {
        len += (size_t)sprintf(
            json + len,
            "%s{\"id\":\"channel-%02d\",\"provider\":\"custom\",\"methods\":[{\"method\":\"%s\",\"flows\":[\"%s\"]}],"
            "\"currencies\":[\"USD\",\"EUR\",\"CNY\"],\"priority\":%d,\"weight\":%d,\"amount_max_minor\":%d,"
            "\"facts\":{\"lookup\":\"our_ref\",\"can_close\":true}}",
            i == 0 ? "" : ",", i, i % 2 == 0 ? "card" : "alipay", i % 2 == 0 ? "direct" : "qr", 1 + i / 4,
            10 + i, 100000 + i);
    }
    len += (size_t)sprintf(json + len, "]}");
    if (payroute_registry_from_json(&registry, json, len, why, sizeof why) != PAYROUTE_OK) {
        fprintf(stderr, "%s\n", why);
    }
    free(json);
    return registry;
}

static void choose(void *context, long times)
{
    choice *c = context;
    for (long i = 0; i < times; i++) {
        pr_route_pick pick;
        payroute_json_out *trace = c->traced ? payroute_json_out_new() : NULL;
        if (pr_route_choose(&pick, trace, c->registry, &c->request, c->exclusions, 2, NULL, &c->rng) ==
            PAYROUTE_OK) {
            c->sink += (uint64_t)pick.channel->weight;
        }
        payroute_json_out_free(trace);
    }
}

static int fits(const pr_channel *c, const pr_route_request *r)
{
    int method = 0, currency = 0;
    for (int32_t i = 0; i < c->method_count; i++) {
        method |= strcmp(c->methods[i].name, r->method) == 0;
    }
    for (int32_t i = 0; i < c->currency_count; i++) {
        currency |= strcmp(c->currencies[i], r->currency) == 0;
    }
    return method && currency && c->enabled && r->amount_minor >= c->amount_min_minor &&
           r->amount_minor <= c->amount_max_minor;
}

static void scan(void *context, long times)
{
    choice *c = context;
    for (long i = 0; i < times; i++) {
        const pr_channel *best = NULL;
        for (int32_t k = 0; k < pr_registry_count(c->registry); k++) {
            const pr_channel *at = pr_registry_at(c->registry, k);
            if (fits(at, &c->request) && (best == NULL || at->priority < best->priority)) {
                best = at;
            }
        }
        c->sink += best != NULL ? (uint64_t)best->weight : 0;
    }
}

static choice make_choice(int count)
{
    choice c = {
        .registry = channels(count),
        .request = {.method = "card", .amount_minor = 1250, .currency = "CNY", .now_ms = 1790000000000},
        .exclusions = {{"channel-00", "", INT64_MAX, "hard_decline"},
                       {"channel-02", "card", 1790000060000, "backoff"}}};
    pr_rng_seed(&c.rng, bench_seed(), 2);
    return c;
}

bench_side bench_route_side(int channels_count, int traced)
{
    static choice kept[8];
    static int used;
    choice *c = &kept[used++ % 8];
    *c = make_choice(channels_count);
    c->traced = traced;
    return (bench_side){choose, c};
}

static void compare_over(int count)
{
    char what[64];
    choice c = make_choice(count);
    if (c.registry == NULL) {
        bench_missed("choice", "no registry");
        return;
    }
    for (c.traced = 0; c.traced < 2; c.traced++) {
        bench_result r = bench_compare((bench_side){choose, &c}, (bench_side){scan, &c});
        snprintf(what, sizeof what, "choice over %d%s", count, c.traced ? ", with its reasons as JSON" : "");
        bench_tell(what, &r, "a bare scan", (bench_goal){c.traced ? 0 : 1000, 0});
    }
    if (count > 4 && c.sink == 0) {
        bench_missed("choice", "none was eligible");
    }
    payroute_registry_free(c.registry);
}

void bench_route(void)
{
    bench_section("choice of a channel: half are eligible, two are excluded");
    compare_over(4);
    compare_over(16);
    compare_over(64);
}
