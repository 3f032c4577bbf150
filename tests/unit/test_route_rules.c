/* What the merchant wants, in the choice itself: rules, terms, maintenance, caps, commitments, splits and
   cost order the channels or keep one out; only deny keeps a payment from being tried. And the terms of a
   channel as they are read. */
#include "registry_fixture.h"

#include <payroute/json.h>
#include <payroute/registry.h>
#include <payroute/route.h>

#include "base/mem.h"
#include "route/rules.h"

static char why[8192];

#define CHANNEL(id, more)                                                                                    \
    "{\"id\":\"" id "\",\"provider\":\"custom\",\"methods\":[{\"method\":\"card\",\"flows\":[\"direct\"]}]," \
    "\"currencies\":[\"CNY\"]" more "}"
#define FILE_OF(channels, rules) "{\"schema\":1,\"channels\":[" channels "],\"rules\":[" rules "]}"
#define THREE                                                                                                \
    CHANNEL("a", ",\"priority\":1") "," CHANNEL("b", ",\"priority\":2") "," CHANNEL("c", ",\"priority\":3")

static payroute_registry *registry_of(const char *json)
{
    payroute_registry *r = NULL;
    if (payroute_registry_from_json(&r, json, strlen(json), why, sizeof why) != PAYROUTE_OK) {
        fail_msg("%s", why);
    }
    return r;
}

static void refused_with(const char *more, const char *line)
{
    char json[2000];
    payroute_registry *r = NULL;
    snprintf(json, sizeof json,
             "{\"schema\":1,\"channels\":[{\"id\":\"a\",\"provider\":\"custom\",\"methods\":"
             "[{\"method\":\"card\",\"flows\":[\"direct\"]}],%s}]}",
             more);
    int32_t rc = payroute_registry_from_json(&r, json, strlen(json), why, sizeof why);
    if (rc != PAYROUTE_E_SCHEMA || strstr(why, line) == NULL) {
        fail_msg("%s\nexpected: %s\ngot %d: %s", more, line, (int)rc, why);
    }
}

/* Friday 2026-11-27 00:30 in Shanghai */
#define NOW INT64_C(1795710600000)

typedef struct wanted {
    pr_route_request q;
    pr_rule_facts facts;
    pr_route_exclusion out[3];
    int32_t excluded;
    pr_route_health known;
    char trace[8192];
    pr_route_pick pick;
} wanted;

static wanted want(int64_t amount)
{
    wanted w = {.q = {.method = "card", .amount_minor = amount, .currency = "CNY", .now_ms = NOW},
                .facts = {.risk = -1},
                .known = {.patience_ms = 8000, .margin_bp = 100}};
    return w;
}

/* The id that is chosen, NULL: none. */
static const char *chosen(const payroute_registry *r, wanted *w)
{
    pr_rng rng;
    pr_rng_seed(&rng, 5, 1);
    payroute_json_out *trace = payroute_json_out_new();
    w->q.facts = &w->facts;
    int32_t rc = pr_route_choose(&w->pick, trace, r, &w->q, w->out, w->excluded,
                                 w->known.health != NULL ? &w->known : NULL, &rng);
    assert_true(rc == PAYROUTE_OK || rc == PAYROUTE_E_NOT_FOUND);
    snprintf(w->trace, sizeof w->trace, "%s", payroute_json_out_text(trace, NULL));
    payroute_json_out_free(trace);
    return rc == PAYROUTE_OK ? w->pick.channel->id : NULL;
}

static void exclude_one(wanted *w, const char *id)
{
    pr_route_exclusion *e = &w->out[w->excluded++];
    snprintf(e->channel, sizeof e->channel, "%s", id);
    e->until_ms = INT64_MAX;
    e->why = "backoff";
}

static void says(const wanted *w, const char *text)
{
    if (strstr(w->trace, text) == NULL) {
        fail_msg("no %s in %s", text, w->trace);
    }
}

static void test_rules_order(void **state)
{
    (void)state;
    payroute_registry *r = registry_of(FILE_OF(
        THREE,
        "{\"name\":\"gold\",\"when\":{\"tier\":\"gold\"},\"then\":{\"only\":[\"b\",\"c\"],\"avoid\":[\"b\"]}},"
        "{\"name\":\"iron\",\"when\":{\"tier\":\"iron\"},\"then\":{\"prefer\":[\"c\"],\"authenticate\":true}},"
        "{\"name\":\"risk\",\"when\":{\"risk\":{\"min\":90}},\"then\":{\"deny\":\"too_risky\"}}"));
    wanted w = want(500);
    assert_string_equal(chosen(r, &w), "a");
    says(&w, "\"rules\":{\"matched\":[]}");
    w.facts.tier = "iron";
    assert_string_equal(chosen(r, &w), "c");
    assert_true(w.pick.authenticate && w.pick.denied == NULL);
    says(&w, "\"rules\":{\"matched\":[\"iron\"],\"prefer\":[\"c\"],\"authenticate\":true,\"decided\":\"iron\"}");
    w.facts.tier = "gold";
    assert_string_equal(chosen(r, &w), "c");
    says(&w, "\"only\":[\"b\",\"c\"],\"avoid\":[\"b\"]");
    says(&w, "\"order\":[\"c\",\"b\",\"a\"]");
    exclude_one(&w, "c");
    assert_string_equal(chosen(r, &w), "b");
    exclude_one(&w, "b"); /* nothing of `only` is left: the rest is tried all the same */
    assert_string_equal(chosen(r, &w), "a");
    w.facts.risk = 95;
    assert_null(chosen(r, &w));
    assert_string_equal(w.pick.denied, "too_risky");
    assert_true(w.pick.retry_ms == INT64_MAX);
    says(&w, "denied: a rule refuses the payment");
    payroute_registry_free(r);
}

static void test_maintenance(void **state)
{
    (void)state;
#define NIGHT ",\"priority\":1,\"maintenance\":[{\"days\":[\"thu\"],\"from\":\"23:00\",\"to\":\"01:00\"}]"
    static const char file[] = FILE_OF(CHANNEL("a", NIGHT) "," CHANNEL("b", ",\"priority\":2"), "");
    payroute_registry *r = registry_of(file);
    wanted w = want(500);
    assert_string_equal(chosen(r, &w), "b");
    says(&w, "\"rank\":2,\"maintenance_until_ms\":1795712400000");
    exclude_one(&w, "b");
    assert_string_equal(chosen(r, &w), "a"); /* nobody else */
    w = want(500);
    w.q.now_ms = INT64_C(1795712400000);
    assert_string_equal(chosen(r, &w), "a");
    payroute_registry_free(r);
}

static void test_terms(void **state)
{
    (void)state;
    payroute_registry *r = registry_of(
        FILE_OF(CHANNEL("a", ",\"priority\":1,\"countries\":[\"CN\"],\"brands\":[\"visa\"],"
                             "\"bins\":[\"411111-411119\",\"41112000\"]") "," CHANNEL("b", ",\"priority\":2"),
                ""));
    wanted w = want(500);
    assert_string_equal(chosen(r, &w), "a"); /* nothing is known: the provider will say */
    w.facts.country = "CN";
    w.facts.brand = "visa";
    w.facts.bin = "4111150000000004";
    assert_string_equal(chosen(r, &w), "a");
    w.facts.bin = "411120";
    assert_string_equal(chosen(r, &w), "b");
    says(&w, "bin: not among those that it takes");
    w.facts.bin = "41112000";
    assert_string_equal(chosen(r, &w), "a");
    w.facts.country = "US";
    assert_string_equal(chosen(r, &w), "b");
    w.facts.country = NULL;
    w.facts.brand = "jcb";
    assert_string_equal(chosen(r, &w), "b");
    says(&w, "brand: not among those that it takes");
    payroute_registry_free(r);
}

static void *make_block(pr_health *h)
{
    size_t size = pr_health_size(16, 64);
    void *block = pr_mem_new(size);
    assert_non_null(block);
    assert_int_equal(pr_health_init(h, block, size, 16, 64, NOW), PAYROUTE_OK);
    return block;
}

static void test_sticky(void **state)
{
    (void)state;
    char json[2000];
    for (int32_t sticky = 0; sticky < 2; sticky++) {
        snprintf(json, sizeof json,
                 "{\"schema\":1,\"routing\":{\"margin_bp\":0,\"sticky\":%s},\"channels\":[%s]}",
                 sticky ? "true" : "false", THREE);
        payroute_registry *r = registry_of(json);
        wanted w = want(500);
        w.q.last_channel = "b";
        assert_string_equal(chosen(r, &w), sticky ? "b" : "a");
        exclude_one(&w, "b");
        assert_string_equal(chosen(r, &w), "a");
        payroute_registry_free(r);
    }
}

/* The same question from outside: facts come as JSON, and the trace says them again. */
static void test_explain(void **state)
{
    (void)state;
    static char out[8192];
    payroute_registry *r = registry_of(FILE_OF(
        THREE, "{\"name\":\"north\",\"when\":{\"metadata\":{\"shop\":7}},\"then\":{\"prefer\":[\"c\"]}}"));
    static const char good[] =
        "{\"amount_minor\":500,\"currency\":\"CNY\",\"country\":\"CN\",\"bin\":\"411111\",\"risk\":3,"
        "\"metadata\":{\"shop\":7}}";
    assert_true(payroute_route_explain(r, good, strlen(good), 1, out, sizeof out) > 0);
    assert_non_null(strstr(out, "\"matched\":[\"north\"]"));
    assert_non_null(strstr(out, "\"order\":[\"c\",\"a\",\"b\"]"));
    assert_non_null(
        strstr(out, "\"country\":\"CN\",\"bin\":\"411111\",\"risk\":3,\"metadata\":{\"shop\":7}"));
    static const char bad[] =
        "{\"amount_minor\":500,\"currency\":\"CNY\",\"country\":\"cn\",\"bin\":\"4111111111111111\","
        "\"risk\":-1,\"tier\":\"Gold\",\"metadata\":[]}";
    assert_int_equal(payroute_route_explain(r, bad, strlen(bad), 1, out, sizeof out), PAYROUTE_E_SCHEMA);
    assert_non_null(strstr(out, "country: expected a country's two letters"));
    assert_non_null(strstr(out, "bin: expected the first 6 to 8 digits of the card, never more"));
    assert_null(strstr(out, "4111"));
    assert_non_null(strstr(out, "risk: expected an integer from 0"));
    assert_non_null(strstr(out, "tier: expected a text of 1 to 32"));
    assert_non_null(strstr(out, "metadata: expected an object"));
    payroute_registry_free(r);
}

static void test_caps(void **state)
{
    (void)state;
    payroute_registry *r = registry_of(
        FILE_OF(CHANNEL("a", ",\"priority\":1,\"cap_day_minor\":1000,\"cap_month_minor\":1500") "," CHANNEL(
                    "b", ",\"priority\":2"),
                ""));
    const pr_channel *a = pr_registry_find(r, "a");
    const pr_routing *routing = pr_registry_routing(r);
    pr_health h;
    void *block = make_block(&h);
    wanted w = want(600);
    w.known.health = &h;
    assert_string_equal(chosen(r, &w), "a");
    pr_route_count_money(a, routing, &h, 600, NOW);
    assert_string_equal(chosen(r, &w), "b");
    says(&w, "cap_day: full, at most 1000 a day");
    exclude_one(&w, "b");
    assert_null(chosen(r, &w));
    assert_true(w.pick.retry_ms == INT64_C(1795795200000)); /* midnight of Shanghai */
    pr_route_count_money(a, routing, &h, -200, NOW);        /* given back */
    assert_string_equal(chosen(r, &w), "a");
    w.q.now_ms += 86400000;
    pr_route_count_money(a, routing, &h, 700, w.q.now_ms);
    w.q.now_ms += 86400000;
    assert_null(chosen(r, &w));
    says(&w, "cap_month: full");
    assert_true(w.pick.retry_ms == INT64_C(1796054400000)); /* December */
    w.q.now_ms = w.pick.retry_ms;
    assert_string_equal(chosen(r, &w), "a");
    w.q.amount_minor = 1001; /* no day has room for it */
    assert_null(chosen(r, &w));
    assert_true(w.pick.retry_ms == INT64_MAX);
    pr_mem_free(block);
    payroute_registry_free(r);
}

static void test_commitment_and_cost(void **state)
{
    (void)state;
    payroute_registry *r =
        registry_of(FILE_OF(CHANNEL("a", ",\"cost_bps\":200") "," CHANNEL(
                                "b", ",\"cost_bps\":60,\"cost_fixed_minor\":3,\"commit_month_minor\":100000"),
                            ""));
    const pr_channel *a = pr_registry_find(r, "a");
    const pr_channel *b = pr_registry_find(r, "b");
    const pr_routing *routing = pr_registry_routing(r);
    assert_int_equal(pr_route_cost_bp(a, 1000), 200);
    assert_int_equal(pr_route_cost_bp(b, 1000), 90);
    assert_int_equal(pr_route_cost_bp(b, 3), 10000);
    assert_int_equal(pr_route_cost_bp(b, 0), 10000);
    pr_health h;
    void *block = make_block(&h);
    int32_t late = pr_route_commit_bonus(b, routing, &h, NOW);
    int32_t early = pr_route_commit_bonus(b, routing, &h, NOW - INT64_C(20) * 86400000);
    assert_true(late > early && early > 0 && late <= PR_COMMIT_BONUS_MAX);
    assert_int_equal(pr_route_commit_bonus(a, routing, &h, NOW), 0);
    assert_int_equal(pr_route_commit_bonus(b, routing, NULL, NOW), 0);
    pr_route_count_money(b, routing, &h, 95000, NOW);
    assert_int_equal(pr_route_commit_bonus(b, routing, &h, NOW), 0); /* ahead of its plan */
    wanted w = want(1000);
    w.known = (pr_route_health){.health = &h, .patience_ms = 8000, .margin_bp = 0, .cost_worth = 500};
    assert_string_equal(chosen(r, &w), "b"); /* the cheaper one */
    pr_mem_free(block);
    payroute_registry_free(r);
}

static void test_split(void **state)
{
    (void)state;
    payroute_registry *r =
        registry_of(FILE_OF(THREE, "{\"name\":\"s\",\"then\":{\"split\":{\"a\":20,\"b\":50,\"c\":30}}}"));
    pr_health h;
    void *block = make_block(&h);
    int32_t dealt[3] = {0};
    wanted w = want(500);
    w.known.health = &h;
    for (int32_t i = 0; i < 100; i++) {
        dealt[chosen(r, &w)[0] - 'a']++;
    }
    assert_true(dealt[0] == 20 && dealt[1] == 50 && dealt[2] == 30);
    says(&w, "\"split\":\"s\"");
    says(&w, "\"turn\":\"");
    exclude_one(&w, "b"); /* a further choice of a payment takes no turn */
    for (int32_t i = 0; i < 10; i++) {
        assert_string_not_equal(chosen(r, &w), "b");
    }
    w.excluded = 0;
    dealt[0] = dealt[1] = dealt[2] = 0;
    for (int32_t i = 0; i < 10; i++) {
        dealt[chosen(r, &w)[0] - 'a']++;
    }
    assert_true(dealt[0] == 2 && dealt[1] == 5 && dealt[2] == 3);
    pr_mem_free(block);
    payroute_registry_free(r);
}

static void test_terms_refused(void **state)
{
    (void)state;
#define CNY "\"currencies\":[\"CNY\"],"
    refused_with("\"currencies\":[\"CNY\",\"USD\"],\"cap_day_minor\":5",
                 "channels[0].cap_day_minor: expected one currency");
    refused_with(CNY "\"cap_day_minor\":5,\"cap_month_minor\":4",
                 "cap_day_minor: expected at most cap_month_minor 4, got 5");
    refused_with(CNY "\"commit_month_minor\":5,\"cap_month_minor\":4",
                 "commit_month_minor: expected at most cap_month");
    refused_with(CNY "\"cost_bps\":10001", "cost_bps: expected an integer from 0 to 10000");
    refused_with(CNY "\"expected_success_percent\":100",
                 "expected_success_percent: expected an integer from 1 to 99");
    refused_with(CNY "\"countries\":[\"CN\",\"CN\"]",
                 "countries[1]: expected a country's two letters such as \"CN\", each");
    refused_with(CNY "\"countries\":[\"cn\"]", "countries[0]: ");
    refused_with(CNY "\"countries\":[\"CHN\"]", "countries[0]: ");
    refused_with(CNY "\"brands\":[\"Visa\"]",
                 "brands[0]: expected a card brand such as \"visa\", each once, got \"Visa\"");
    refused_with(CNY "\"bins\":[\"411111-4111112\"]", "bins[0]: expected the first 6 to 8 digits");
    refused_with(CNY "\"bins\":[\"411112-411111\"]", "bins[0]: ");
    refused_with(CNY "\"bins\":[\"411111-\"]", "bins[0]: ");
    refused_with(CNY "\"bins\":[411111]", "bins[0]: ");
    refused_with(CNY "\"maintenance\":[{\"from\":\"01:00\",\"to\":\"02:00\"}]",
                 "maintenance[0].from: expected a time like \"2026-12-24T22:00\", got \"01:00\"");
    refused_with(CNY "\"maintenance\":[{\"from\":\"2026-02-29T00:00\",\"to\":\"2026-03-01T00:00\"}]",
                 "maintenance[0].from: ");
    refused_with(CNY "\"maintenance\":[{\"from\":\"2026-12-25T00:00\",\"to\":\"2026-12-24T00:00\"}]",
                 "maintenance[0].to: expected a time after \"from\"");
    refused_with(CNY "\"maintenance\":[{\"days\":[\"mon\"],\"from\":\"1:00\",\"to\":\"02:00\"}]",
                 "maintenance[0].from: ");
    refused_with(CNY "\"maintenance\":[{\"days\":[\"mon\"],\"from\":\"01:00\",\"to\":\"01:00\"}]",
                 "maintenance[0].to: expected another time than");
    refused_with(
        CNY "\"maintenance\":[{\"days\":[\"day\"],\"from\":\"01:00\",\"to\":\"02:00\",\"zone\":\"Mars\"}]",
        "maintenance[0].zone: expected a time zone like");
    refused_with(CNY "\"maintenance\":[{\"days\":[\"day\"],\"from\":\"01:00\",\"to\":\"02:00\"}]",
                 "maintenance[0].days[0]: ");
}

/* What the view says is read again as the same. */
static void test_view_is_read_again(void **state)
{
    (void)state;
    static char first[16384], second[16384];
    static const char head[] =
        "{\"schema\":1,\"routing\":{\"patience_ms\":5000,\"margin_bp\":50,\"cost_worth\":500,\"explore\":false,"
        "\"sticky\":true,\"zone\":\"Europe/Berlin\"},\"channels\":[";
    static const char channel[] = CHANNEL(
        "a",
        ",\"cost_bps\":60,\"cost_fixed_minor\":30,\"expected_success_percent\":92,\"expected_latency_ms\":900,"
        "\"cap_day_minor\":5,\"cap_month_minor\":90,\"commit_month_minor\":20,\"countries\":[\"CN\",\"HK\"],"
        "\"brands\":[\"visa\"],\"bins\":[\"41111100-41111199\",\"411112\",\"4111140\",\"52000000\"],"
        "\"maintenance\":[{\"days\":[\"sun\",\"mon\"],\"from\":\"23:30\",\"to\":\"01:00\",\"zone\":\"UTC\"},"
        "{\"from\":\"2026-12-24T22:00\",\"to\":\"2026-12-25T04:00\"}]");
    static const char tail[] =
        "],\"rules\":[{\"name\":\"n\",\"when\":{\"hours\":{\"from\":\"22:00\",\"to\":\"06:00\"}},"
        "\"then\":{\"authenticate\":true}}]}";
    snprintf(first, sizeof first, "%s%s%s", head, channel, tail);
    payroute_registry *r = registry_of(first);
    assert_true(payroute_registry_view(r, first, sizeof first) > 0);
    payroute_registry_free(r);
    assert_non_null(strstr(first, "\"bins\":[\"411111-411112\",\"4111140\",\"52000000\"]"));
    assert_non_null(strstr(first, "{\"from\":\"2026-12-24T22:00\",\"to\":\"2026-12-25T04:00\"}"));
    assert_non_null(strstr(first, "\"zone\":\"Europe/Berlin\""));
    char *facts = strstr(first, "\"facts\""); /* the view tells defaults too; all of it can be read */
    assert_non_null(facts);
    r = registry_of(first);
    assert_true(payroute_registry_view(r, second, sizeof second) > 0);
    assert_string_equal(first, second);
    payroute_registry_free(r);
}

static void test_builder(void **state)
{
    (void)state;
    payroute_registry *r = NULL;
    static const char channel[] =
        CHANNEL("a", ",\"maintenance\":[{\"days\":[\"mon\"],\"from\":\"01:00\",\"to\":\"02:00\"}]");
    static const char rules[] = "[{\"name\":\"n\",\"then\":{\"avoid\":[\"a\"]}}]";
    static const char zone[] = "{\"zone\":\"UTC\"}";
    assert_int_equal(payroute_registry_new(&r), PAYROUTE_OK);
    assert_int_equal(payroute_registry_set(r, "rules", rules, strlen(rules), why, sizeof why),
                     PAYROUTE_E_SCHEMA);
    assert_string_equal(why, "rules[0].then.avoid[0]: expected a channel's id, got \"a\"");
    assert_null(pr_registry_rules(r));
    assert_int_equal(payroute_registry_set(r, "routing", zone, strlen(zone), why, sizeof why), PAYROUTE_OK);
    assert_int_equal(payroute_registry_add(r, channel, strlen(channel), why, sizeof why), PAYROUTE_OK);
    assert_int_equal(payroute_registry_set(r, "routing", "{}", 2, why, sizeof why), PAYROUTE_E_SCHEMA);
    assert_string_equal(why, "routing.zone: expected before the first channel and the rules");
    assert_int_equal(payroute_registry_set(r, "rules", rules, strlen(rules), why, sizeof why), PAYROUTE_OK);
    assert_int_equal(pr_rules_count(pr_registry_rules(r)), 1);
    assert_int_equal(payroute_registry_set(r, "rules", "[]", 2, why, sizeof why), PAYROUTE_OK);
    assert_null(pr_registry_rules(r));
    payroute_registry_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules_order),
        cmocka_unit_test(test_maintenance),
        cmocka_unit_test(test_terms),
        cmocka_unit_test(test_sticky),
        cmocka_unit_test(test_explain),
        cmocka_unit_test(test_caps),
        cmocka_unit_test(test_commitment_and_cost),
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_terms_refused),
        cmocka_unit_test(test_view_is_read_again),
        cmocka_unit_test(test_builder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
