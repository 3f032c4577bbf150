/* Rules: what they say of a payment, against a slow reading of the same text; and what is refused at load. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "base/rng.h"
#include "rules_oracle.h"

static char why[8192];

static payroute_registry *try_rules(const char *rules)
{
    static char json[262144];
    payroute_registry *r = NULL;
    assert_true(snprintf(json, sizeof json, ORACLE_FILE, rules) < (int)sizeof json);
    int32_t rc = payroute_registry_from_json(&r, json, strlen(json), why, sizeof why);
    assert_true(rc == PAYROUTE_OK || (r == NULL && rc == PAYROUTE_E_SCHEMA) || rc == PAYROUTE_E_LIMIT);
    return r;
}

static payroute_registry *with_rules(const char *rules)
{
    payroute_registry *r = try_rules(rules);
    if (r == NULL) {
        fail_msg("%s\n%s", rules, why);
    }
    return r;
}

static void refused_line(const char *rules, const char *line)
{
    payroute_registry *r = try_rules(rules);
    if (r != NULL || strstr(why, line) == NULL) {
        fail_msg("%s\nexpected: %s\ngot: %s", rules, line, r != NULL ? "nothing" : why);
    }
}

static const pr_rule_facts plain = {.method = "card",
                                    .flow = "token",
                                    .currency = "CNY",
                                    .amount_minor = 1000,
                                    .risk = -1,
                                    .now_ms = INT64_C(1795669528000)};

static pr_rule_outcome ask(const payroute_registry *r, const pr_rule_facts *f)
{
    pr_rule_outcome o;
    memset(&o, 0xa5, sizeof o); /* whatever was there before does not matter */
    pr_rules_apply(pr_registry_rules(r), f, &o);
    return o;
}

static void test_effects(void **state)
{
    (void)state;
    payroute_registry *r = with_rules(
        "[{\"name\":\"one\",\"when\":{\"method\":\"card\"},\"then\":{\"only\":[\"a\",\"b\"],\"prefer\":[\"b\"]}},"
        "{\"name\":\"two\",\"when\":{\"tier\":\"gold\"},\"then\":{\"avoid\":[\"b\"],\"authenticate\":true}},"
        "{\"name\":\"three\",\"when\":{\"tier\":\"iron\"},\"then\":{\"prefer\":[\"a\",\"b\"],\"stop\":true}},"
        "{\"name\":\"four\",\"when\":{\"risk\":{\"min\":90}},\"then\":{\"deny\":\"too_risky\"}},"
        "{\"name\":\"five\",\"when\":{\"currency\":\"CNY\"},\"then\":{\"split\":{\"a\":70,\"b\":30}}}]");
    pr_rule_facts f = plain;
    pr_rule_outcome o = ask(r, &f);
    assert_true(o.matched[0] == 0x11 && o.deny == -1 && o.split == 0 && !o.authenticate && o.only_said);
    assert_int_equal(pr_rules_rank(&o, 0, 0), 0);
    assert_int_equal(pr_rules_rank(&o, 2, 0), 4);
    assert_int_equal(pr_rules_rank(&o, 0, 1), 2);
    assert_int_equal(pr_rules_preferred(&o, 1), 0);
    assert_int_equal(pr_rules_preferred(&o, 0), -1);
    f.tier = "gold";
    o = ask(r, &f);
    assert_true(o.matched[0] == 0x13 && o.authenticate);
    assert_int_equal(pr_rules_rank(&o, 1, 1), 3);
    f.tier = "iron";
    o = ask(r, &f);
    assert_true(o.matched[0] == 0x5 && o.split == -1 && o.prefer_count == 2 && o.prefer[0] == 1 &&
                o.prefer[1] == 0);
    f.tier = NULL;
    f.risk = 90;
    o = ask(r, &f);
    assert_true(o.deny == 3 && o.matched[0] == 0x9);
    assert_string_equal(pr_rules_deny_reason(pr_registry_rules(r), o.deny), "too_risky");
    assert_string_equal(pr_rules_name(pr_registry_rules(r), 1), "two");
    assert_null(pr_rules_name(pr_registry_rules(r), 5));
    payroute_registry_free(r);
    pr_rules_apply(NULL, &f, &o);
    assert_true(o.deny == -1 && o.split == -1 && o.matched[0] == 0 && pr_rules_rank(&o, 255, 0) == 0);
}

static void test_split_is_exact(void **state)
{
    (void)state;
    payroute_registry *r = with_rules("[{\"name\":\"s\",\"then\":{\"split\":{\"a\":70,\"b\":20,\"c\":10}}}]");
    const pr_rules *rules = pr_registry_rules(r);
    assert_int_equal(pr_rules_split_total(rules, 0), 10);
    assert_true(pr_rules_split_key(rules, 0) != 0);
    pr_channel_mask all = {{7}};
    pr_channel_mask two = {{6}};
    pr_channel_mask none = {{0}};
    for (uint64_t from = 0; from < 40; from++) {
        int32_t dealt[3] = {0};
        for (uint64_t turn = from; turn < from + 10; turn++) {
            dealt[pr_rules_split_channel(rules, 0, turn, &all)]++;
        }
        assert_true(dealt[0] == 7 && dealt[1] == 2 && dealt[2] == 1);
    }
    int32_t again = 0;
    for (uint64_t turn = 0; turn < 10; turn++) { /* smooth: the small ones do not come together */
        again += turn > 0 && pr_rules_split_channel(rules, 0, turn, &all) > 0 &&
                 pr_rules_split_channel(rules, 0, turn - 1, &all) > 0;
        assert_true(pr_rules_split_channel(rules, 0, turn, &two) > 0);
        assert_int_equal(pr_rules_split_channel(rules, 0, turn, &none), -1);
    }
    assert_int_equal(again, 0);
    assert_int_equal(pr_rules_split_channel(rules, 1, 0, &all), -1);
    payroute_registry_free(r);
}

#define RULE(name, when, then) "{\"name\":\"" name "\",\"when\":{" when "},\"then\":{" then "}}"
#define GO "\"prefer\":[\"b\"]"

static void test_refusals(void **state)
{
    (void)state;
    refused_line("[" RULE("x", "\"method\":\"card\"", "\"only\":[\"d\"]") "]",
                 "rules[0].then.only[0]: expected a channel's id, got \"d\"");
    refused_line("[" RULE("x", "\"method\":\"pigeon\"", GO) "]",
                 "rules[0].when.method: expected a method of some channel, got \"pigeon\"");
    refused_line("[" RULE("x", "\"currency\":[\"CNY\",\"EUR\"]", GO) "]",
                 "rules[0].when.currency: expected a currency of some channel, got \"EUR\"");
    refused_line("[" RULE("x", "\"method\":\"paypal\",\"flow\":\"qr\"", GO) "]",
                 "rules[0].when: expected something");
    refused_line("[" RULE("x", "\"method\":\"paypal\"", GO) "]",
                 "rules[0].then.prefer: expected channels that take");
    refused_line("[" RULE("x", "\"method\":\"paypal\"", "\"only\":[\"a\",\"b\"]") "]",
                 "rules[0].then.only: expected a");
    refused_line("[" RULE("x", "\"amount\":{\"min\":5}", GO) "]",
                 "rules[0].when.amount: expected \"currency\" beside");
    refused_line("[" RULE("x", "\"currency\":\"CNY\",\"amount\":{\"min\":5,\"max\":4}", GO) "]",
                 "rules[0].when.amount.max: expected at least min 5, got 4: it is never so");
    refused_line("[" RULE("x", "\"risk\":{}", GO) "]", "rules[0].when.risk: expected min, max or both");
    refused_line("[" RULE("x", "\"hours\":{\"from\":\"05:00\",\"to\":\"05:00\"}", GO) "]",
                 "rules[0].when.hours.to: ");
    refused_line("[" RULE("x", "\"hours\":{\"from\":\"24:00\",\"to\":\"25:00\"}", GO) "]",
                 "rules[0].when.hours.from: ");
    refused_line("[" RULE("x", "\"zone\":\"UTC\"", GO) "]", "rules[0].when.zone: expected \"hours\"");
    refused_line("[" RULE("x", "\"weekdays\":[\"mon\"],\"zone\":\"Europe/Berlim\"", GO) "]",
                 "rules[0].when.zone: expected a time zone, perhaps \"Europe/Berlin\"");
    refused_line("[" RULE("x", "\"weekdays\":[\"mon\",\"mon\"]", GO) "]",
                 "rules[0].when.weekdays[1]: expected each of");
    refused_line("[" RULE("x", "\"bin\":[\"12345\"]", GO) "]",
                 "rules[0].when.bin[0]: expected the first 6 to 8 digits");
    refused_line("[" RULE("x", "\"country\":\"cn\"", GO) "]",
                 "rules[0].when.country: expected text of 2 to 2");
    refused_line("[" RULE("x", "\"tier\":{\"not\":\"a\",\"or\":1}", GO) "]",
                 "rules[0].when.tier: expected {\"not\"");
    refused_line("[" RULE("x", "\"tier\":[]", GO) "]",
                 "rules[0].when.tier: expected a list of 1 to 256, got 0");
    refused_line("[" RULE("x", "\"metadata\":{\"k\":null}", GO) "]",
                 "rules[0].when.metadata.k: expected a text");
    refused_line("[" RULE("x", "\"brend\":\"visa\"", GO) "]",
                 "rules[0].when.brend: expected a known key, perhaps \"brand\"");
    refused_line("[" RULE("x", "", "") "]", "rules[0].then: expected something to do");
    refused_line("[" RULE("x", "", "\"deny\":\"no\",\"stop\":true") "]",
                 "rules[0].then.deny: expected nothing beside");
    refused_line("[" RULE("x", "", "\"only\":[\"a\"],\"avoid\":[\"a\"]") "]",
                 "rules[0].then.avoid: expected fewer");
    refused_line("[" RULE("x", "", "\"only\":[\"a\"],\"prefer\":[\"b\"]") "]",
                 "rules[0].then.prefer: expected channels of");
    refused_line("[" RULE("x", "", "\"avoid\":[\"b\"],\"prefer\":[\"b\"]") "]",
                 "rules[0].then.prefer: expected no channel");
    refused_line("[" RULE("x", "", "\"split\":{\"a\":1}") "]",
                 "rules[0].then.split: expected shares of at least two");
    refused_line("[" RULE("x", "", "\"split\":{\"a\":1,\"b\":0}") "]",
                 "rules[0].then.split.b: expected a share from 1");
    refused_line("[" RULE("x", "\"tier\":\"g\"", GO) "," RULE("x", "\"tier\":\"h\"", GO) "]",
                 "rules[1].name: expected a name of its own, got \"x\" of rules[0]");
    refused_line("[" RULE("x", "\"issuer\":\"sk_live_abcdefghijklmnopqrst\"", GO) "]", "***");
}

static void test_rules_beside_rules(void **state)
{
    (void)state;
    /* Never reached, by each kind of condition. */
    static const char *const covered[][2] = {
        {"\"method\":[\"card\",\"alipay\"]", "\"method\":\"card\",\"tier\":\"g\""},
        {"\"tier\":{\"not\":[\"g\"]}", "\"tier\":[\"h\",\"i\"]"},
        {"\"tier\":{\"not\":[\"g\"]}", "\"tier\":{\"not\":[\"h\",\"g\"]}"},
        {"\"risk\":{\"min\":10}", "\"risk\":{\"min\":10,\"max\":20}"},
        {"\"bin\":[\"411111-411113\"]", "\"bin\":[\"41111199\",\"411113\"]"},
        {"\"hours\":{\"from\":\"22:00\",\"to\":\"06:00\"}",
         "\"hours\":{\"from\":\"23:00\",\"to\":\"24:00\"}"},
        {"\"weekdays\":[\"sat\",\"sun\"]",
         "\"weekdays\":[\"sat\"],\"hours\":{\"from\":\"05:00\",\"to\":\"07:00\"}"},
        {"\"metadata\":{\"k\":[1,2]}", "\"metadata\":{\"k\":\"1\",\"j\":true}"},
        {"", "\"category\":\"x\""}};
    char rules[2000];
    for (size_t i = 0; i < sizeof covered / sizeof *covered; i++) {
        static const char *const ends[] = {"\"deny\":\"no\"", GO ",\"stop\":true"};
        for (size_t k = 0; k < 2; k++) {
            snprintf(rules, sizeof rules, "[" RULE("x", "%s", "%s") "," RULE("y", "%s", GO) "]",
                     covered[i][0], ends[k], covered[i][1]);
            refused_line(rules, "rules[1]: is never reached: rules[0] \"x\"");
        }
        snprintf(rules, sizeof rules, "[" RULE("x", "%s", GO) "," RULE("y", "%s", GO) "]", covered[i][0],
                 covered[i][1]);
        payroute_registry_free(with_rules(rules)); /* it goes on */
        snprintf(rules, sizeof rules, "[" RULE("x", "%s", "\"deny\":\"no\"") "," RULE("y", "%s", GO) "]",
                 covered[i][1], covered[i][0]);
        payroute_registry_free(with_rules(rules)); /* the narrow one first */
        snprintf(rules, sizeof rules,
                 "[" RULE("x", "%s", "\"only\":[\"a\"]") "," RULE("y", "%s", "\"only\":[\"b\"]") "]",
                 covered[i][0], covered[i][1]);
        refused_line(rules, "rules[1].then.only: contradicts rules[0] \"x\"");
    }
    refused_line("[" RULE("x", "\"tier\":[\"g\",\"h\"]", GO) "," RULE("y", "\"tier\":[\"h\",\"g\"]",
                                                                      "\"avoid\":[\"a\"]") "]",
                 "rules[1].when: expected another condition than rules[0] \"x\"");
    refused_line("[" RULE("x", "", "\"split\":{\"a\":1,\"b\":1}") "," RULE("y", "\"tier\":\"g\"",
                                                                           "\"split\":{\"a\":1,\"b\":2}") "]",
                 "rules[1].then.split: is never dealt");
    /* Apart, or the first one wins, or both agree on a channel: no contradiction. */
    static const char *const apart[][2] = {{"\"tier\":\"g\"", "\"tier\":{\"not\":\"g\"}"},
                                           {"\"risk\":{\"max\":9}", "\"risk\":{\"min\":10}"},
                                           {"\"bin\":[\"411111\"]", "\"bin\":[\"411112\"]"},
                                           {"\"weekdays\":[\"mon\"]", "\"weekdays\":[\"tue\"]"},
                                           {"\"metadata\":{\"k\":1}", "\"metadata\":{\"k\":2}"}};
    for (size_t i = 0; i < sizeof apart / sizeof *apart; i++) {
        snprintf(rules, sizeof rules,
                 "[" RULE("x", "%s", "\"only\":[\"a\"]") "," RULE("y", "%s", "\"only\":[\"b\"]") "]",
                 apart[i][0], apart[i][1]);
        payroute_registry_free(with_rules(rules));
    }
    payroute_registry_free(
        with_rules("[" RULE("x", "\"tier\":\"g\"", "\"only\":[\"a\"],\"stop\":true") "," RULE(
            "y", "\"risk\":{\"min\":1}", "\"only\":[\"b\"]") "]"));
    payroute_registry_free(with_rules("[" RULE("x", "\"tier\":\"g\"", "\"only\":[\"a\",\"b\"]") "," RULE(
        "y", "\"risk\":{\"min\":1}", "\"only\":[\"b\"]") "]"));
}

/* ---- random rules and payments against the slow reading ---- */

static pr_rng dice;

static uint32_t below(uint32_t n)
{
    return pr_rng_below(&dice, n);
}

static size_t random_words(char *at, size_t cap, const char *name, const char *const *words, uint32_t n)
{
    const char *open = "", *close = "";
    if (below(3) == 0) {
        open = "{\"not\":";
        close = "}";
    }
    uint32_t first = below(n);
    uint32_t second = (first + 1 + below(n - 1)) % n;
    return (size_t)(below(2) == 0 ? snprintf(at, cap, "\"%s\":%s\"%s\"%s,", name, open, words[first], close)
                                  : snprintf(at, cap, "\"%s\":%s[\"%s\",\"%s\"]%s,", name, open, words[first],
                                             words[second], close));
}

static const char *const tiers[] = {"gold", "iron", "tin", "new"};
static const char *const issuers[] = {"icbc", "cmb", "boc", "abc", "ccb", "spdb"};
static const char *const countries[] = {"CN", "HK", "US", "DE"};
static const char *const methods[] = {"card", "alipay", "paypal"};
static const char *const bins[] = {"411111",  "41111100",          "411112-411115",
                                   "4111120", "62220200-62220249", "622202"};
static const char *const zones[] = {"UTC", "America/New_York", "Asia/Shanghai"};
static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

static size_t random_when(char *at, size_t cap)
{
    size_t n = 0;
    if (below(3) == 0) {
        n += random_words(at + n, cap - n, "tier", tiers, 4);
    }
    if (below(3) == 0) {
        n += random_words(at + n, cap - n, "issuer", issuers, 6);
    }
    if (below(4) == 0) {
        n += random_words(at + n, cap - n, "country", countries, 4);
    }
    if (below(5) == 0) {
        n += random_words(at + n, cap - n, "method", methods, 3);
    }
    if (below(4) == 0) {
        uint32_t low = below(60);
        n += (size_t)snprintf(at + n, cap - n, "\"risk\":{\"min\":%u,\"max\":%u},", low, low + below(40));
    }
    if (below(4) == 0) {
        uint32_t low = below(3000);
        n += (size_t)snprintf(at + n, cap - n, "\"currency\":\"CNY\",\"amount\":{\"min\":%u,\"max\":%u},",
                              low, low + below(2000));
    }
    if (below(4) == 0) {
        n += (size_t)snprintf(at + n, cap - n, "\"bin\":[\"%s\",\"%s\"],", bins[below(6)], bins[below(6)]);
    }
    if (below(4) == 0) {
        uint32_t from = below(24);
        n += (size_t)snprintf(at + n, cap - n, "\"hours\":{\"from\":\"%02u:30\",\"to\":\"%02u:15\"},", from,
                              (from + 1 + below(22)) % 24);
        if (below(2) == 0) {
            n += (size_t)snprintf(at + n, cap - n, "\"zone\":\"%s\",", zones[below(3)]);
        }
        if (below(2) == 0) {
            n += (size_t)snprintf(at + n, cap - n, "\"weekdays\":[\"%s\"],", days[below(7)]);
        }
    }
    if (below(3) == 0) {
        n += (size_t)snprintf(at + n, cap - n, "\"metadata\":{\"shop\":%u,\"new\":{\"not\":%s}},", below(3),
                              below(2) == 0 ? "true" : "[\"x\",false]");
    }
    return n > 0 ? n - 1 : 0; /* the last comma */
}

static const char *const effects[] = {"\"avoid\":[\"a\"]",      "\"avoid\":[\"b\"]",
                                      "\"prefer\":[\"c\"]",     "\"prefer\":[\"c\",\"b\"]",
                                      "\"authenticate\":true",  "\"only\":[\"a\",\"c\"]",
                                      "\"only\":[\"b\",\"c\"]", "\"stop\":true",
                                      "\"deny\":\"no\"",        "\"split\":{\"b\":3,\"c\":2}"};

static void random_rules(char *at, size_t cap, uint32_t count)
{
    size_t n = (size_t)snprintf(at, cap, "[");
    for (uint32_t i = 0; i < count; i++) {
        n += (size_t)snprintf(at + n, cap - n, "%s{\"name\":\"r%u\",\"when\":{", i > 0 ? "," : "", i);
        n += random_when(at + n, cap - n);
        n += (size_t)snprintf(at + n, cap - n, "},\"then\":{%s}}", effects[below(i > 8 ? 7 : 10)]);
    }
    snprintf(at + n, cap - n, "]");
}

#define ONE_OF(words)                                                                                        \
    (below(5) == 0 ? below(2) == 0 ? NULL : "other" : (words)[below(sizeof(words) / sizeof *(words))])

static void random_facts(pr_rule_facts *f, pr_rule_pair pairs[2])
{
    static const char *const cards[] = {"411111",           "4111110",  "41111105", "411112",  "41111299",
                                        "4111110000000000", "62220211", "622202",   "6222021", "12345",
                                        "411x11",           ""};
    static const char *const shops[] = {"0", "1", "2", "3"};
    static const char *const news[] = {"true", "false", "x", ""};
    *f = (pr_rule_facts){.method = ONE_OF(methods),
                         .currency = below(3) == 0 ? "USD" : "CNY",
                         .country = ONE_OF(countries),
                         .issuer = ONE_OF(issuers),
                         .tier = ONE_OF(tiers),
                         .bin = ONE_OF(cards),
                         .amount_minor = below(6000),
                         .risk = (int32_t)below(110) - 5,
                         .now_ms = INT64_C(1795669528000) + (int64_t)below(31536000) * 1000,
                         .pairs = pairs,
                         .pair_count = (int32_t)below(3)};
    pairs[0] = (pr_rule_pair){"shop", shops[below(4)]};
    pairs[1] = (pr_rule_pair){"new", news[below(4)]};
}

static void test_as_the_oracle(void **state)
{
    (void)state;
    uint64_t seed = getenv("PR_SEED") != NULL ? strtoull(getenv("PR_SEED"), NULL, 0) : (uint64_t)time(NULL);
    static char rules[65536];
    int32_t taken = 0, matched = 0, asked = 0;
    print_message("PR_SEED=%llu\n", (unsigned long long)seed);
    pr_rng_seed(&dice, seed, 3);
    for (int32_t round = 0; round < 3000; round++) {
        random_rules(rules, sizeof rules, round % 50 == 0 ? 70 + below(120) : 1 + below(6));
        payroute_registry *r = try_rules(rules);
        if (r == NULL) {
            continue;
        }
        taken++;
        payroute_json *doc = NULL;
        assert_int_equal(payroute_json_parse(&doc, rules, strlen(rules), NULL, 0), PAYROUTE_OK);
        for (int32_t i = 0; i < 40; i++) {
            pr_rule_facts f;
            pr_rule_pair pairs[2];
            pr_rule_outcome expected;
            random_facts(&f, pairs);
            pr_rule_outcome got = ask(r, &f);
            oracle_apply(r, payroute_json_root(doc), &f, &expected);
            const char *differs = oracle_differs(&got, &expected, 3);
            if (differs != NULL) {
                fail_msg("%s: %s", differs, rules);
            }
            asked++;
            matched += got.matched[0] != 0;
        }
        payroute_json_free(doc);
        payroute_registry_free(r);
    }
    print_message("%d of 3000 sets can work; %d of %d payments met a rule\n", taken, matched, asked);
    assert_true(taken > 300 && matched > asked / 20);
}

static void test_bounds(void **state)
{
    (void)state;
    char *rules = malloc(200000);
    assert_non_null(rules);
    for (int32_t count = 256; count <= 257; count++) {
        size_t n = (size_t)snprintf(rules, 200000, "[");
        for (int32_t i = 0; i < count; i++) {
            n += (size_t)snprintf(rules + n, 200000 - n,
                                  "%s{\"name\":\"r%d\",\"when\":{\"tier\":\"t%d\"},\"then\":{%s}}",
                                  i > 0 ? "," : "", i, i, GO);
        }
        snprintf(rules + n, 200000 - n, "]");
        payroute_registry *r = try_rules(rules);
        assert_true((r != NULL) == (count == 256));
        if (r != NULL) {
            pr_rule_facts f = plain;
            f.tier = "t255";
            pr_rule_outcome o = ask(r, &f);
            assert_true(o.matched[3] == UINT64_C(1) << 63 && o.matched[0] == 0 && o.prefer[0] == 1);
            payroute_registry_free(r);
        }
    }
    free(rules);
    payroute_registry *r = with_rules("[]");
    assert_null(pr_registry_rules(r));
    payroute_registry_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_effects),       cmocka_unit_test(test_split_is_exact),
        cmocka_unit_test(test_refusals),      cmocka_unit_test(test_rules_beside_rules),
        cmocka_unit_test(test_as_the_oracle), cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
