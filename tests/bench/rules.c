/* What rules cost a choice: 10 as a shop has them and 100 of a platform, over the facts of many payments,
   against the chain of comparisons that one would write by hand for the very same rules. */
#include "bench.h"
#include "registry/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RULES_MOST = 100, PAYMENTS = 64, JSON_CAP = 64 * 1024 };

typedef struct by_hand { /* NULL, 0: not asked */
    const char *method, *tier, *country, *issuer;
    int64_t amount_min;
    int32_t risk_min, from_hour, to_hour;
} by_hand;

typedef struct ruled {
    payroute_registry *registry;
    pr_rule_facts facts[PAYMENTS];
    by_hand hand[RULES_MOST];
    int count;
    uint64_t sink;
} ruled;

static const char *const tiers[] = {"gold", "silver", "new", "staff", "wholesale"};
static const char *const countries[] = {"CN", "HK", "SG", "US", "DE", "JP"};
static const char *const issuers[] = {"icbc", "cmb", "boc", "abc", "ccb", "spdb", "citic", "ceb"};

/* Rule i asks for two or three things; which ones differ from rule to rule. */
static size_t write_rule(char *at, size_t cap, by_hand *h, int i)
{
    size_t n =
        (size_t)snprintf(at, cap, "%s{\"name\":\"r%d\",\"when\":{\"method\":\"card\"", i > 0 ? "," : "", i);
    h->method = "card";
    if (i % 2 == 0) {
        h->tier = tiers[(i / 2) % 5];
        n += (size_t)snprintf(at + n, cap - n, ",\"tier\":\"%s\"", h->tier);
    }
    if (i % 3 == 0) {
        h->country = countries[(i / 3) % 6];
        n += (size_t)snprintf(at + n, cap - n, ",\"country\":\"%s\"", h->country);
    }
    if (i % 5 == 4) {
        h->issuer = issuers[(i / 5) % 8];
        n += (size_t)snprintf(at + n, cap - n, ",\"issuer\":\"%s\"", h->issuer);
    }
    if (i % 10 == 7) {
        h->from_hour = 1;
        h->to_hour = 5;
        n += (size_t)snprintf(at + n, cap - n, ",\"hours\":{\"from\":\"01:00\",\"to\":\"05:00\"}");
    }
    h->amount_min = 1000 + i * 100;
    n += (size_t)snprintf(at + n, cap - n, ",\"amount\":{\"min\":%d}", (int)h->amount_min);
    if (i % 4 == 1) {
        h->risk_min = 40 + i / 4;
        n += (size_t)snprintf(at + n, cap - n, ",\"risk\":{\"min\":%d}", (int)h->risk_min);
    }
    return n + (size_t)snprintf(at + n, cap - n, "},\"then\":{\"%s\":[\"%s\"]}}",
                                i % 3 == 0 ? "prefer" : "avoid", i % 2 == 0 ? "a" : "b");
}

static payroute_registry *rules_of(ruled *r)
{
    static const char head[] =
        "{\"schema\":1,\"channels\":["
        "{\"id\":\"a\",\"provider\":\"custom\",\"methods\":[{\"method\":\"card\",\"flows\":[\"token\"]}],"
        "\"currencies\":[\"CNY\"]},"
        "{\"id\":\"b\",\"provider\":\"custom\",\"methods\":[{\"method\":\"card\",\"flows\":[\"token\"]}],"
        "\"currencies\":[\"CNY\"]}],"
        "\"rules\":[";
    char *json = malloc(JSON_CAP), why[512] = "";
    payroute_registry *registry = NULL;
    if (json == NULL) {
        return NULL;
    }
    size_t n = (size_t)snprintf(json, JSON_CAP, "%s", head);
    for (int i = 0; i < r->count; i++) {
        n += write_rule(json + n, JSON_CAP - n, &r->hand[i], i);
    }
    n += (size_t)snprintf(json + n, JSON_CAP - n, "]}");
    if (payroute_registry_from_json(&registry, json, n, why, sizeof why) != PAYROUTE_OK) {
        fprintf(stderr, "%s\n", why);
    }
    free(json);
    return registry;
}

static void make_payments(ruled *r)
{
    pr_rng rng;
    pr_rng_seed(&rng, bench_seed(), 5);
    for (int i = 0; i < PAYMENTS; i++) {
        r->facts[i] =
            (pr_rule_facts){.method = pr_rng_below(&rng, 8) == 0 ? "alipay" : "card",
                            .flow = "token",
                            .currency = "CNY",
                            .country = countries[pr_rng_below(&rng, 6)],
                            .brand = "visa",
                            .issuer = issuers[pr_rng_below(&rng, 8)],
                            .tier = tiers[pr_rng_below(&rng, 5)],
                            .bin = "41111111",
                            .amount_minor = pr_rng_below(&rng, 20000),
                            .risk = (int32_t)pr_rng_below(&rng, 100),
                            .now_ms = INT64_C(1795669528000) + (int64_t)pr_rng_below(&rng, 604800) * 1000};
    }
}

static void apply(void *context, long times)
{
    ruled *r = context;
    const pr_rules *rules = pr_registry_rules(r->registry);
    for (long i = 0; i < times; i++) {
        pr_rule_outcome o;
        pr_rules_apply(rules, &r->facts[i % PAYMENTS], &o);
        r->sink += o.avoid.w[0] + o.matched[0];
    }
}

static int holds(const by_hand *h, const pr_rule_facts *f)
{
    int64_t hour = (f->now_ms / 3600000 + 8) % 24; /* Shanghai's clocks never change */
    return strcmp(h->method, f->method) == 0 && f->amount_minor >= h->amount_min &&
           (h->tier == NULL || strcmp(h->tier, f->tier) == 0) &&
           (h->country == NULL || strcmp(h->country, f->country) == 0) &&
           (h->issuer == NULL || strcmp(h->issuer, f->issuer) == 0) && f->risk >= h->risk_min &&
           (h->to_hour == 0 || (hour >= h->from_hour && hour < h->to_hour));
}

static void compare_by_hand(void *context, long times)
{
    ruled *r = context;
    for (long i = 0; i < times; i++) {
        uint64_t avoid = 0, matched = 0;
        for (int k = 0; k < r->count; k++) {
            if (holds(&r->hand[k], &r->facts[i % PAYMENTS])) {
                matched += (uint64_t)k;
                avoid |= k % 3 != 0 ? UINT64_C(1) << (k % 2) : 0;
            }
        }
        r->sink += avoid + matched;
    }
}

static void compare_rules(int count, double goal)
{
    static ruled r;
    char what[64];
    memset(&r, 0, sizeof r);
    r.count = count;
    r.registry = rules_of(&r);
    if (r.registry == NULL) {
        bench_missed("rules", "no registry");
        return;
    }
    make_payments(&r);
    bench_result result = bench_compare((bench_side){apply, &r}, (bench_side){compare_by_hand, &r});
    snprintf(what, sizeof what, "%d rules", count);
    bench_tell(what, &result, "comparisons by hand", (bench_goal){goal, 0});
    payroute_registry_free(r.registry);
}

void bench_rules(void)
{
    bench_section("rules over the facts of a payment");
    compare_rules(10, 100);
    compare_rules(100, 250);
}
