/* Choice of a channel: who is out and why, order by priority and weight, and the same again from the same
 * seed. */
#include "registry_fixture.h"

#include <time.h>

#include <payroute/json.h>
#include <payroute/route.h>

#include "health/handle.h"
#include "route/route.h"

static payroute_registry *build(const char *channels)
{
    size_t cap = strlen(channels) + 64;
    char *json = malloc(cap);
    assert_non_null(json);
    snprintf(json, cap, "{\"schema\":1,\"channels\":[%s]}", channels);
    char *text = fix_expand(json);
    char why[2048];
    payroute_registry *r = NULL;
    if (payroute_registry_from_json(&r, text, strlen(text), why, sizeof why) != PAYROUTE_OK) {
        print_message("%s\n", why);
    }
    free(text);
    free(json);
    assert_non_null(r);
    return r;
}

/* a, b: cards in CNY at the bank's; s: cards and iDEAL in EUR and USD; q: Alipay; z: switched off. */
#define SHOP_A FIX_CUSTOM("a") ",\"priority\":2,\"amount_min_minor\":100,\"amount_max_minor\":5000},"
#define SHOP_B FIX_CUSTOM("b") ",\"priority\":1,\"amount_max_minor\":1000},"
#define SHOP SHOP_A SHOP_B FIX_STRIPE("s") "}," FIX_ALIPAY("q") "}," FIX_CUSTOM("z") ",\"enabled\":false}"

static pr_route_request request(int64_t amount, const char *currency)
{
    pr_route_request q = {.amount_minor = amount, .currency = currency, .now_ms = 1000};
    return q;
}

static int32_t choose(pr_route_pick *pick, const payroute_registry *r, const pr_route_request *q,
                      const pr_route_exclusion *e, int32_t count)
{
    pr_rng rng;
    pr_rng_seed(&rng, 1, 0);
    return pr_route_choose(pick, NULL, r, q, e, count, NULL, &rng);
}

static void expect(const payroute_registry *r, const pr_route_request *q, const char *id, const char *method,
                   const char *flow)
{
    pr_route_pick pick;
    assert_int_equal(choose(&pick, r, q, NULL, 0), id != NULL ? PAYROUTE_OK : PAYROUTE_E_NOT_FOUND);
    if (id == NULL) {
        assert_null(pick.channel);
        assert_true(pick.retry_ms == INT64_MAX);
        return;
    }
    assert_string_equal(pick.channel->id, id);
    assert_string_equal(pick.method, method);
    assert_string_equal(pick.flow, flow);
}

static void test_eligibility(void **state)
{
    (void)state;
    payroute_registry *r = build(SHOP);
    pr_route_request q = request(500, "CNY");
    expect(r, &q, "b", "card", "direct"); /* lowest number first */
    q.amount_minor = 1000;
    expect(r, &q, "b", "card", "direct"); /* the limit itself is in */
    q.amount_minor = 1001;
    expect(r, &q, "a", "card", "direct");
    q.amount_minor = 5001;
    expect(r, &q, "q", "alipay", "qr");
    q.method = "card";
    expect(r, &q, NULL, NULL, NULL);
    q = request(99, "EUR");
    expect(r, &q, "s", "card", "token");
    q.flow = "redirect";
    expect(r, &q, "s", "card", "redirect");
    q.method = "ideal";
    expect(r, &q, "s", "ideal", "redirect");
    q.hold = 1; /* a hold is promised for cards only */
    expect(r, &q, NULL, NULL, NULL);
    q.method = NULL;
    expect(r, &q, "s", "card", "redirect");
    q.flow = "qr";
    expect(r, &q, NULL, NULL, NULL);
    q = request(500, "JPY");
    expect(r, &q, NULL, NULL, NULL);
    q = request(500, "CNY");
    q.only_channel = "q";
    expect(r, &q, "q", "alipay", "qr");
    q.only_channel = "z"; /* off stays off */
    expect(r, &q, NULL, NULL, NULL);
    q.only_channel = "nobody";
    expect(r, &q, NULL, NULL, NULL);
    payroute_registry_free(r);
}

static pr_route_exclusion exclusion(const char *channel, const char *method, int64_t until)
{
    pr_route_exclusion e;
    memset(&e, 0, sizeof e);
    snprintf(e.channel, sizeof e.channel, "%s", channel);
    snprintf(e.method, sizeof e.method, "%s", method);
    e.until_ms = until;
    e.why = "backoff";
    return e;
}

static void test_exclusions(void **state)
{
    (void)state;
    payroute_registry *r = build(SHOP);
    pr_route_pick pick;
    pr_route_request q = request(500, "CNY");
    pr_route_exclusion e[4] = {exclusion("b", "", 1001), exclusion("b", "card", 5000),
                               exclusion("a", "", INT64_MAX), exclusion("q", "alipay", 3000)};
    assert_int_equal(choose(&pick, r, &q, e, 1), PAYROUTE_OK);
    assert_string_equal(pick.channel->id, "a");
    assert_true(pick.retry_ms == 1001);
    q.now_ms = 1001; /* over */
    assert_int_equal(choose(&pick, r, &q, e, 1), PAYROUTE_OK);
    assert_string_equal(pick.channel->id, "b");
    assert_true(pick.retry_ms == INT64_MAX);
    /* Several on one channel: the longest holds. Several channels: the first that comes back. */
    q.now_ms = 1000;
    assert_int_equal(choose(&pick, r, &q, e, 4), PAYROUTE_E_NOT_FOUND);
    assert_null(pick.channel);
    assert_true(pick.retry_ms == 3000);
    q.method = "card";
    assert_int_equal(choose(&pick, r, &q, e, 4), PAYROUTE_E_NOT_FOUND);
    assert_true(pick.retry_ms == 5000);
    /* One that is out for another reason as well is not waited for. */
    q.amount_minor = 1001;
    assert_int_equal(choose(&pick, r, &q, e, 4), PAYROUTE_E_NOT_FOUND);
    assert_true(pick.retry_ms == INT64_MAX);
    pr_route_exclusion all = exclusion("*", "", INT64_MAX);
    q = request(500, "CNY");
    assert_int_equal(choose(&pick, r, &q, &all, 1), PAYROUTE_E_NOT_FOUND);
    /* A method alone leaves the other methods of the channel. */
    pr_route_exclusion cards = exclusion("*", "card", INT64_MAX);
    q = request(500, "EUR");
    assert_int_equal(choose(&pick, r, &q, &cards, 1), PAYROUTE_OK);
    assert_string_equal(pick.method, "ideal");
    payroute_registry_free(r);
}

/* Two refused connections are enough: what is out goes behind what is well, whatever the priorities say. */
static void test_health_goes_before_priority(void **state)
{
    (void)state;
    payroute_registry *r = build(SHOP);
    pr_route_pick pick;
    pr_route_request q = request(500, "CNY");
    pr_rng rng;
    payroute_health *health = NULL;
    pr_rng_seed(&rng, 1, 0);
    q.now_ms = 1790000000000;
    payroute_json_out *trace = payroute_json_out_new();
    assert_int_equal(payroute_health_new(&health, 8, 64, q.now_ms), PAYROUTE_OK);
    pr_route_health known = {.health = &health->view, .margin_bp = 100};
    assert_int_equal(pr_route_choose(&pick, NULL, r, &q, NULL, 0, &known, &rng), PAYROUTE_OK);
    const pr_channel *usual = pick.channel;
    int32_t slot = pr_route_slot(&health->view, usual, q.now_ms);
    for (int32_t i = 0; i < 2; i++) {
        pr_health_permit permit = pr_health_start(&health->view, slot, q.now_ms);
        pr_health_end(&health->view, slot, (pr_health_segment){0, 0}, permit, PR_HEALTH_NOT_SENT, 10, 0,
                      q.now_ms + 10);
        q.now_ms += 5000;
    }
    assert_int_equal(pr_route_choose(&pick, trace, r, &q, NULL, 0, &known, &rng), PAYROUTE_OK);
    assert_string_not_equal(pick.channel->id, usual->id);
    assert_non_null(strstr(payroute_json_out_text(trace, NULL), "\"suspect\":true"));
    payroute_json_out_free(trace);
    payroute_health_free(health);
    payroute_registry_free(r);
}

static void test_arguments(void **state)
{
    (void)state;
    payroute_registry *r = build(SHOP);
    pr_route_pick pick;
    pr_route_request q = request(500, "CNY");
    pr_rng rng;
    pr_rng_seed(&rng, 1, 0);
    assert_int_equal(pr_route_choose(NULL, NULL, r, &q, NULL, 0, NULL, &rng), PAYROUTE_E_ARG);
    assert_int_equal(pr_route_choose(&pick, NULL, NULL, &q, NULL, 0, NULL, &rng), PAYROUTE_E_ARG);
    assert_int_equal(pr_route_choose(&pick, NULL, r, NULL, NULL, 0, NULL, &rng), PAYROUTE_E_ARG);
    assert_int_equal(pr_route_choose(&pick, NULL, r, &q, NULL, 1, NULL, &rng), PAYROUTE_E_ARG);
    assert_int_equal(pr_route_choose(&pick, NULL, r, &q, NULL, -1, NULL, &rng), PAYROUTE_E_ARG);
    assert_int_equal(pr_route_choose(&pick, NULL, r, &q, NULL, 0, NULL, NULL), PAYROUTE_E_ARG);
    q.currency = NULL;
    assert_int_equal(pr_route_choose(&pick, NULL, r, &q, NULL, 0, NULL, &rng), PAYROUTE_E_ARG);
    payroute_registry_free(r);
    q.currency = "CNY";
    assert_int_equal(payroute_registry_new(&r), PAYROUTE_OK);
    assert_int_equal(pr_route_choose(&pick, NULL, r, &q, NULL, 0, NULL, &rng), PAYROUTE_E_STATE);
    char out[64];
    assert_int_equal(payroute_route_explain(r, "{}", 2, 1, out, sizeof out), PAYROUTE_E_STATE);
    payroute_registry_seal(r);
    assert_int_equal(pr_route_choose(&pick, NULL, r, &q, NULL, 0, NULL, &rng), PAYROUTE_E_NOT_FOUND);
    payroute_registry_free(r);
}

static uint64_t fresh_seed(void)
{
    const char *given = getenv("PAYROUTE_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    print_message("PAYROUTE_SEED=%llu\n", (unsigned long long)seed);
    return seed;
}

static void test_weights(void **state)
{
    (void)state;
    payroute_registry *r =
        build(FIX_CUSTOM("a") ",\"weight\":70}," FIX_CUSTOM("b") ",\"weight\":20}," FIX_CUSTOM(
            "c") ",\"weight\":10}," FIX_CUSTOM("d") ",\"weight\":1000,\"priority\":101}");
    static const double share[] = {0.7, 0.2, 0.1};
    int32_t seen[4] = {0};
    enum { DRAWS = 20000 };
    pr_rng rng;
    pr_rng_seed(&rng, fresh_seed(), 0);
    pr_route_request q = request(500, "CNY");
    for (int32_t i = 0; i < DRAWS; i++) {
        pr_route_pick pick;
        assert_int_equal(pr_route_choose(&pick, NULL, r, &q, NULL, 0, NULL, &rng), PAYROUTE_OK);
        seen[pick.channel->id[0] - 'a']++;
    }
    assert_int_equal(seen[3], 0); /* weight never beats priority */
    for (int32_t i = 0; i < 3; i++) {
        double off = seen[i] - share[i] * DRAWS;
        double variance = share[i] * (1 - share[i]) * DRAWS;
        print_message("%c: %d of %d\n", (char)('a' + i), (int)seen[i], (int)DRAWS);
        assert_true(off * off < 36 * variance); /* six sigma: once in a thousand million runs */
    }
    payroute_registry_free(r);
}

/* ---- properties over random registries -------------------------------------------------------------------
 */

static char *random_channels(pr_rng *rng, int32_t count)
{
    size_t cap = 512 * (size_t)count;
    char *text = malloc(cap);
    assert_non_null(text);
    size_t at = 0;
    for (int32_t i = 0; i < count; i++) {
        static const char *const sets[] = {"[\"CNY\"]", "[\"EUR\",\"CNY\"]", "[\"USD\"]"};
        static const char *const flows[] = {"[\"qr\"]", "[\"direct\",\"token\"]", "[\"redirect\"]"};
        at += (size_t)snprintf(
            text + at, cap - at,
            "%s{\"id\":\"c%d\",\"provider\":\"custom\",\"currencies\":%s,\"methods\":[{\"method\":\"%s\","
            "\"flows\":%s}],"
            "\"amount_max_minor\":%u,\"priority\":%u,\"weight\":%u,\"enabled\":%s,\"facts\":{%s}}",
            i > 0 ? "," : "", (int)i, sets[pr_rng_below(rng, 3)], pr_rng_below(rng, 2) ? "card" : "alipay",
            flows[pr_rng_below(rng, 3)], (unsigned)(1 + pr_rng_below(rng, 1000)),
            (unsigned)(1 + pr_rng_below(rng, 2)), (unsigned)(1 + pr_rng_below(rng, 5)),
            pr_rng_below(rng, 5) ? "true" : "false", pr_rng_below(rng, 2) ? "\"auth_ttl_s\":3600" : "");
    }
    return text;
}

static void random_request(pr_rng *rng, pr_route_request *q, pr_route_exclusion *e, int32_t channels)
{
    *q = request(1 + pr_rng_below(rng, 900), pr_rng_below(rng, 2) ? "CNY" : "EUR");
    q->method = pr_rng_below(rng, 2) ? "card" : NULL;
    q->flow = pr_rng_below(rng, 3) == 0 ? "direct" : NULL;
    q->hold = pr_rng_below(rng, 3) == 0;
    for (int32_t i = 0; i < 3; i++) {
        char id[16];
        snprintf(id, sizeof id, "c%u", (unsigned)pr_rng_below(rng, (uint32_t)channels));
        e[i] = exclusion(id, pr_rng_below(rng, 2) ? "card" : "", pr_rng_below(rng, 2) ? 2000 : 999);
    }
}

/* Eligibility once more, in other words than the code's. */
static int32_t oracle(const pr_channel *c, const char *method, const char *flow, const pr_route_request *q,
                      const pr_route_exclusion *e)
{
    int32_t money = 0;
    for (int32_t i = 0; i < c->currency_count; i++) {
        money |= strcmp(c->currencies[i], q->currency) == 0;
    }
    int32_t fits = c->enabled && money && q->amount_minor >= c->amount_min_minor &&
                   q->amount_minor <= c->amount_max_minor;
    fits = fits && (q->method == NULL || strcmp(q->method, method) == 0) &&
           (q->flow == NULL || strcmp(q->flow, flow) == 0);
    fits = fits && (!q->hold || c->custom_facts.auth_ttl_ms > 0);
    for (int32_t i = 0; i < 3; i++) {
        int32_t hit =
            strcmp(e[i].channel, c->id) == 0 && (e[i].method[0] == '\0' || strcmp(e[i].method, method) == 0);
        fits = fits && !(hit && e[i].until_ms > q->now_ms);
    }
    return fits;
}

static int32_t any_fits(const payroute_registry *r, const pr_route_request *q, const pr_route_exclusion *e)
{
    int32_t fits = 0;
    for (int32_t i = 0; i < pr_registry_count(r); i++) {
        const pr_channel *c = pr_registry_at(r, i);
        for (int32_t k = 0; k < c->methods[0].flow_count; k++) {
            fits |= oracle(c, c->methods[0].name, c->methods[0].flows[k], q, e);
        }
    }
    return fits;
}

static void test_properties(void **state)
{
    (void)state;
    pr_rng rng;
    pr_rng_seed(&rng, fresh_seed(), 7);
    int32_t chosen = 0;
    int32_t none = 0;
    for (int32_t round = 0; round < 300; round++) {
        int32_t count = 1 + (int32_t)pr_rng_below(&rng, 6);
        char *channels = random_channels(&rng, count);
        payroute_registry *r = build(channels);
        pr_route_request q;
        pr_route_exclusion e[3];
        random_request(&rng, &q, e, count);
        uint64_t seed = pr_rng_u32(&rng);
        pr_rng first;
        pr_rng second;
        pr_rng_seed(&first, seed, 0);
        pr_rng_seed(&second, seed, 0);
        pr_route_pick pick;
        pr_route_pick again;
        payroute_json_out *trace = payroute_json_out_new();
        int32_t rc = pr_route_choose(&pick, NULL, r, &q, e, 3, NULL, &first);
        assert_int_equal(pr_route_choose(&again, trace, r, &q, e, 3, NULL, &second), rc);
        /* Asking for a trace changes neither the choice nor what the generator gives next. */
        assert_ptr_equal(again.channel, pick.channel);
        assert_int_equal(pr_rng_u32(&first), pr_rng_u32(&second));
        payroute_json_out_free(trace);
        assert_int_equal(rc == PAYROUTE_OK, any_fits(r, &q, e));
        if (rc == PAYROUTE_OK) {
            chosen++;
            assert_int_equal(oracle(pick.channel, pick.method, pick.flow, &q, e), 1);
            for (int32_t i = 0; i < count; i++) { /* nobody eligible has a lower number */
                const pr_channel *c = pr_registry_at(r, i);
                assert_true(
                    c->priority >= pick.channel->priority ||
                    !oracle(c, c->methods[0].name, q.flow != NULL ? q.flow : c->methods[0].flows[0], &q, e) ||
                    (q.flow != NULL && strcmp(q.flow, c->methods[0].flows[0]) != 0));
            }
        } else {
            none++;
        }
        free(channels);
        payroute_registry_free(r);
    }
    assert_true(chosen > 20 && none > 20);
}

static void test_an_ineligible_one_changes_nothing(void **state)
{
    (void)state;
    static const char *const others[] = {FIX_CUSTOM("x") ",\"enabled\":false}", FIX_STRIPE("x") "}",
                                         FIX_CUSTOM("x") ",\"amount_max_minor\":1,\"priority\":1}"};
    pr_rng seeds;
    pr_rng_seed(&seeds, fresh_seed(), 9);
    for (int32_t i = 0; i < 60; i++) {
        char with[4096];
        snprintf(with, sizeof with, "%s,%s", others[i % 3],
                 FIX_CUSTOM("a") "}," FIX_CUSTOM("b") "}," FIX_CUSTOM("c") "}");
        payroute_registry *less = build(FIX_CUSTOM("a") "}," FIX_CUSTOM("b") "}," FIX_CUSTOM("c") "}");
        payroute_registry *more = build(with);
        pr_route_request q = request(500, "CNY");
        pr_route_pick p1;
        pr_route_pick p2;
        pr_rng r1;
        pr_rng r2;
        uint64_t seed = pr_rng_u32(&seeds);
        pr_rng_seed(&r1, seed, 0);
        pr_rng_seed(&r2, seed, 0);
        assert_int_equal(pr_route_choose(&p1, NULL, less, &q, NULL, 0, NULL, &r1), PAYROUTE_OK);
        assert_int_equal(pr_route_choose(&p2, NULL, more, &q, NULL, 0, NULL, &r2), PAYROUTE_OK);
        assert_string_equal(p1.channel->id, p2.channel->id);
        payroute_registry_free(less);
        payroute_registry_free(more);
    }
}

/* ---- explain
 * ----------------------------------------------------------------------------------------------- */

static char out[16384];

static int32_t explain(const payroute_registry *r, const char *q)
{
    return payroute_route_explain(r, q, strlen(q), 1, out, sizeof out);
}

static void test_trace_says_why(void **state)
{
    (void)state;
    payroute_registry *r = build(SHOP);
    int32_t len = explain(
        r, "{\"method\":\"card\",\"amount_minor\":6000,\"currency\":\"CNY\",\"hold\":true,\"now_ms\":5,"
           "\"exclude\":[{\"channel\":\"b\",\"until_ms\":900,\"why\":\"backoff\"}]}");
    assert_int_equal(len, strlen(out));
    assert_string_equal(
        out,
        "{\"request\":{\"method\":\"card\",\"flow\":null,\"amount_minor\":6000,\"currency\":\"CNY\","
        "\"hold\":true,\"channel\":null,"
        "\"now_ms\":5},\"channels\":["
        "{\"id\":\"a\",\"eligible\":false,\"why\":[\"amount_max: 6000 is above 5000\",\"hold: cannot "
        "authorize only\"],"
        "\"priority\":2,\"weight\":100},"
        "{\"id\":\"b\",\"eligible\":false,\"why\":[\"amount_max: 6000 is above 1000\",\"hold: cannot "
        "authorize only\"],"
        "\"priority\":1,\"weight\":100},"
        "{\"id\":\"s\",\"eligible\":false,\"why\":[\"currency: CNY is not among: EUR USD\"],"
        "\"priority\":100,\"weight\":100},"
        "{\"id\":\"q\",\"eligible\":false,\"why\":[\"method: \\\"card\\\" is not among: alipay\"],"
        "\"priority\":100,\"weight\":100},"
        "{\"id\":\"z\",\"eligible\":false,\"why\":[\"disabled: takes no new payments\",\"hold: cannot "
        "authorize only\"],"
        "\"priority\":100,\"weight\":100}],\"order\":[],\"draw\":null,\"chosen\":null,\"retry_ms\":null}");
    assert_true(explain(r, "{\"amount_minor\":500,\"currency\":\"CNY\",\"exclude\":[\"a\",{\"channel\":\"b\","
                           "\"until_ms\":900,\"why\":\"backoff\"}]}") > 0);
    assert_non_null(strstr(out, "\"id\":\"a\",\"eligible\":false,\"why\":[\"excluded: excluded\"]"));
    assert_non_null(
        strstr(out, "\"why\":[\"excluded: backoff\"],\"priority\":1,\"weight\":100,\"retry_ms\":900"));
    assert_non_null(strstr(
        out,
        "\"order\":[\"q\"],\"draw\":null,\"chosen\":{\"id\":\"q\",\"method\":\"alipay\",\"flow\":\"qr\"},"
        "\"retry_ms\":900"));
    assert_true(explain(r, "{\"amount_minor\":500,\"currency\":\"CNY\",\"channel\":\"a\","
                           "\"flow\":\"direct\"}") > 0);
    assert_non_null(strstr(out, "\"channel: only \\\"a\\\" is wanted\""));
    assert_non_null(strstr(out, "\"flow: \\\"direct\\\" is not among: qr redirect\""));
    payroute_registry_free(r);
}

static void test_explain_refusals(void **state)
{
    (void)state;
    payroute_registry *r = build(SHOP);
    assert_int_equal(explain(r, "{"), PAYROUTE_E_JSON);
    assert_true(out[0] != '\0');
    assert_int_equal(explain(r, "[]"), PAYROUTE_E_SCHEMA);
    assert_int_equal(explain(r, "{}"), PAYROUTE_E_SCHEMA);
    assert_string_equal(out, "amount_minor: expected an integer from 1, got nothing\n"
                             "currency: expected a currency code such as \"CNY\", got nothing");
    assert_int_equal(
        explain(r, "{\"amount_minor\":0,\"currency\":\"cn\",\"method\":7,\"hold\":1,\"now_ms\":-1,\"x\":0,"
                   "\"channel\":\"\",\"exclude\":{}}"),
        PAYROUTE_E_SCHEMA);
    assert_string_equal(out, "amount_minor: expected an integer from 1, got 0\n"
                             "currency: expected a currency code such as \"CNY\", got \"cn\"\n"
                             "method: expected a method's name, got 7\n"
                             "hold: expected true or false, got 1\n"
                             "now_ms: expected an integer from 0, got -1\n"
                             "x: expected method, flow, amount_minor, currency, now_ms, hold, channel, "
                             "exclude, country, brand, bin, issuer, tier, risk, category or metadata\n"
                             "channel: expected a channel's id, got \"\"\n"
                             "exclude: expected a list, got an object");
    assert_int_equal(
        explain(r,
                "{\"amount_minor\":1,\"currency\":\"CNY\",\"exclude\":[1,{},{\"channel\":\"a\",\"y\":1}]}"),
        PAYROUTE_E_SCHEMA);
    assert_string_equal(out, "exclude[0]: expected a channel's id or an object, got 1\n"
                             "exclude[1].channel: expected a channel's id or \"*\", got nothing\n"
                             "exclude[2].y: expected channel, method, until_ms or why");
    char many[4096] = "{\"amount_minor\":1,\"currency\":\"CNY\",\"exclude\":[\"a\"";
    for (int32_t i = 0; i < 256; i++) {
        strcat(many, ",\"a\"");
    }
    strcat(many, "]}");
    assert_int_equal(explain(r, many), PAYROUTE_E_LIMIT);
    static const char good[] = "{\"amount_minor\":1,\"currency\":\"CNY\"}";
    int32_t len = explain(r, good);
    assert_true(len > 0);
    assert_int_equal(payroute_route_explain(r, good, sizeof good - 1, 1, out, (size_t)len),
                     PAYROUTE_E_BUFFER);
    assert_string_equal(out, "");
    assert_int_equal(payroute_route_explain(r, good, sizeof good - 1, 1, out, (size_t)len + 1), len);
    assert_int_equal(payroute_route_explain(r, good, sizeof good - 1, 1, NULL, 0), PAYROUTE_E_BUFFER);
    assert_int_equal(payroute_route_explain(r, good, sizeof good - 1, 1, NULL, 1), PAYROUTE_E_ARG);
    assert_int_equal(payroute_route_explain(NULL, good, sizeof good - 1, 1, out, 9), PAYROUTE_E_ARG);
    assert_int_equal(payroute_route_explain(r, NULL, 0, 1, out, 9), PAYROUTE_E_ARG);
    payroute_registry_free(r);
}

static void test_same_seed_same_answer(void **state)
{
    (void)state;
    payroute_registry *r =
        build(FIX_CUSTOM("a") "}," FIX_CUSTOM("b") "}," FIX_CUSTOM("c") "}," FIX_CUSTOM("d") "}");
    static const char q[] = "{\"amount_minor\":1,\"currency\":\"CNY\"}";
    static char second[sizeof out];
    int32_t orders = 0;
    for (int64_t seed = 0; seed < 20; seed++) {
        int32_t len = payroute_route_explain(r, q, sizeof q - 1, seed, second, sizeof second);
        orders += seed > 0 && strcmp(out, second) != 0;
        assert_int_equal(payroute_route_explain(r, q, sizeof q - 1, seed, out, sizeof out), len);
        assert_string_equal(out, second);
        assert_non_null(strstr(out, "\"draw\":{\"among\":4,\"total\":400,\"value\":"));
    }
    assert_true(orders > 5); /* and another seed, another order */
    payroute_registry_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eligibility),
        cmocka_unit_test(test_exclusions),
        cmocka_unit_test(test_health_goes_before_priority),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_properties),
        cmocka_unit_test(test_an_ineligible_one_changes_nothing),
        cmocka_unit_test(test_trace_says_why),
        cmocka_unit_test(test_explain_refusals),
        cmocka_unit_test(test_same_seed_same_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
