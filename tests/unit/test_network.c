/* The card networks' rules: every row says where it comes from, days count exactly, and the guard's questions
   get the strictest answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "catalog/network.h"

#include <payroute/json.h>
#include <payroute/network.h>

static int32_t real_day(int32_t day)
{
    char text[32];
    pr_text t;
    int64_t ms = 0;
    pr_text_init(&t, text, sizeof text);
    pr_text_format(&t, "%04d-%02d-%02d 00:00:00", (int)(day / 10000), (int)(day / 100 % 100),
                   (int)(day % 100));
    return pr_time_parse_civil(&ms, text, 0) == PAYROUTE_OK;
}

/* Without the NUL a text would run into its neighbour. */
#define assert_text(field)                                                                                   \
    do {                                                                                                     \
        assert_non_null(memchr(field, '\0', sizeof(field)));                                                 \
        assert_int_equal(strspn(field, " "), 0);                                                             \
    } while (0)

static void each_rule_is_whole(void **state)
{
    (void)state;
    assert_true(pr_network_rule_count() >= 35);
    assert_null(pr_network_rule_at(-1));
    assert_null(pr_network_rule_at(pr_network_rule_count()));
    for (int32_t i = 0; i < pr_network_rule_count(); i++) {
        const pr_network_rule *r = pr_network_rule_at(i);
        assert_text(r->network);
        assert_text(r->codes);
        assert_text(r->regions);
        assert_text(r->currency);
        assert_text(r->source);
        assert_text(r->note);
        assert_string_equal(pr_network_name(r->network), r->network);
        assert_memory_equal(r->source, "https://", 8);
        assert_true(strlen(r->source) > 20 && strlen(r->note) > 10 && strlen(r->codes) > 0);
        assert_true(real_day(r->from));
        assert_true(r->to == 0 || (real_day(r->to) && r->to >= r->from));
        int32_t counts = r->kind == PR_NETWORK_LIMIT || r->kind == PR_NETWORK_VOLUME;
        assert_int_equal(counts, r->counted != PR_NETWORK_NONE && r->hours > 0 && r->count > 0);
        assert_int_equal(r->kind == PR_NETWORK_WAIT, r->hours > 0 && r->count == 0);
        assert_int_equal(r->kind == PR_NETWORK_FEE, r->minor > 0);
        assert_int_equal(strlen(r->currency), r->minor > 0 ? 3 : 0);
        for (int32_t k = 0; k < i; k++) {
            assert_true(pr_network_rule_at(k)->number < r->number);
        }
    }
}

/* Two limits of the same measure, place and codes would contradict each other on a day that both claim. */
static void no_two_rules_claim_one_day(void **state)
{
    (void)state;
    for (int32_t i = 0; i < pr_network_rule_count(); i++) {
        for (int32_t k = 0; k < i; k++) {
            const pr_network_rule *a = pr_network_rule_at(k);
            const pr_network_rule *b = pr_network_rule_at(i);
            int32_t same = a->kind == b->kind && a->on == b->on && a->border == b->border &&
                           a->hours == b->hours && a->counted == b->counted &&
                           strcmp(a->network, b->network) == 0 && strcmp(a->codes, b->codes) == 0 &&
                           strcmp(a->regions, b->regions) == 0;
            assert_true(!same || (a->to != 0 && a->to < b->from) || (b->to != 0 && b->to < a->from));
        }
    }
}

static void names_in_any_spelling(void **state)
{
    (void)state;
    assert_string_equal(pr_network_name("Visa"), "visa");
    assert_string_equal(pr_network_name("MASTER CARD"), "mastercard");
    assert_string_equal(pr_network_name("American Express"), "amex");
    assert_string_equal(pr_network_name("american_express"), "amex");
    assert_string_equal(pr_network_name("UnionPay"), "unionpay");
    assert_string_equal(pr_network_name("Diners-Club"), "diners");
    assert_null(pr_network_name("visas"));
    assert_null(pr_network_name(""));
    assert_null(pr_network_name(NULL));
    assert_null(pr_network_name("a name far too long to be any network's"));
}

static pr_network_limit first_limit(const char *network, int32_t day, const char *region)
{
    pr_network_ask ask = {.network = network, .day = day, .region = region, .code = "51"};
    pr_network_limit limit = {0};
    (void)pr_network_limit_at(&limit, &ask, 0);
    return limit;
}

static void visa_limit_changes_on_its_day(void **state)
{
    (void)state;
    assert_int_equal(first_limit("visa", 20210416, NULL).attempts, 0);
    assert_int_equal(first_limit("visa", 20210417, NULL).attempts, 16); /* the first one and 15 repeats */
    assert_int_equal(first_limit("visa", 20250524, NULL).attempts, 16);
    pr_network_limit now = first_limit("VISA", 20250525, "US");
    assert_int_equal(now.attempts, 21);
    assert_int_equal(now.hours, 720);
    assert_int_equal(now.same_amount, 1);
    assert_int_equal(now.rule, 105);
}

static void mastercard_limits_by_place(void **state)
{
    pr_network_ask ask = {.network = "Mastercard", .day = 20231101, .region = "US", .code = "05"};
    pr_network_limit limit;
    (void)state;
    assert_int_equal(pr_network_limit_at(&limit, &ask, 0), 1);
    assert_int_equal(limit.attempts, 10);
    assert_int_equal(limit.same_amount, 0);
    assert_int_equal(pr_network_limit_at(&limit, &ask, 1), 1);
    assert_int_equal(limit.attempts, 35);
    assert_int_equal(limit.hours, 720);
    assert_int_equal(limit.same_amount, 1);
    assert_int_equal(pr_network_limit_at(&limit, &ask, 2), 0);
    assert_int_equal(pr_network_limit_at(&limit, &ask, -1), 0);
    ask.day = 20231031; /* a day too early for the second */
    assert_int_equal(pr_network_limit_at(&limit, &ask, 1), 0);
    assert_int_equal(first_limit("mastercard", 20220930, "us").attempts, 20);
    assert_int_equal(first_limit("mastercard", 20221001, "us").attempts, 10);
    ask = (pr_network_ask){.network = "mastercard", .day = 20260101, .region = NULL, .code = "05"};
    int32_t least = 99;
    for (int32_t i = 0; pr_network_limit_at(&limit, &ask, i); i++) {
        least = limit.hours == 24 && limit.attempts < least ? limit.attempts : least;
    }
    assert_int_equal(least, 7); /* no region: the strictest of all */
}

static void never_means_never(void **state)
{
    pr_network_ask ask = {.network = "visa", .day = 20260101, .code = "43"};
    (void)state;
    assert_int_equal(pr_network_never(&ask), 100);
    ask.code = "r1";
    assert_int_equal(pr_network_never(&ask), 100);
    ask.code = "4"; /* some gateways drop the zero */
    assert_int_equal(pr_network_never(&ask), 100);
    ask.code = "51";
    assert_int_equal(pr_network_never(&ask), 0);
    ask.code = "62";
    assert_int_equal(pr_network_never(&ask), 0);
    ask.day = 20210416;
    assert_int_equal(pr_network_never(&ask), 101);
    ask.day = 20210417;
    assert_int_equal(pr_network_never(&ask), 0);
    ask.code = NULL;
    assert_int_equal(pr_network_never(&ask), 0);
    ask = (pr_network_ask){.network = "mastercard", .day = 20260101, .code = "51", .advice = "3"};
    assert_int_equal(pr_network_never(&ask), 200);
    ask.advice = "30";
    assert_int_equal(pr_network_never(&ask), 0);
    ask = (pr_network_ask){.network = "nobody", .day = 20260101, .code = "43"};
    assert_int_equal(pr_network_never(&ask), 0);
}

static void waiting_and_mending(void **state)
{
    static const struct {
        char advice[3];
        int32_t hours;
    } t[] = {{"24", 1},   {"25", 24},  {"26", 48}, {"27", 96}, {"28", 144},
             {"29", 192}, {"30", 240}, {"02", 72}, {"01", 0}};
    (void)state;
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        pr_network_ask ask = {.network = "mastercard", .day = 20260101, .code = "51", .advice = t[i].advice};
        assert_int_equal(pr_network_wait_hours(&ask), t[i].hours);
        ask.day = 20221013;
        assert_int_equal(pr_network_wait_hours(&ask), 0);
    }
    pr_network_ask ask = {.network = "visa", .day = 20260501, .region = "US", .code = "1A"};
    assert_int_equal(pr_network_fix_first(&ask), 0);
    ask.region = "EU";
    assert_int_equal(pr_network_fix_first(&ask), 103);
    ask.region = NULL;
    assert_int_equal(pr_network_fix_first(&ask), 103);
    ask.code = "54";
    assert_int_equal(pr_network_fix_first(&ask), 102);
}

/* ---- as JSON ---- */

enum { ROOM = 65536 };

static int32_t rules_on(const char *network, int32_t day, int32_t number)
{
    char *out = malloc(ROOM);
    payroute_json *doc = NULL;
    int32_t found = 0;
    int32_t len = payroute_network_rules(network, day, out, ROOM);
    assert_true(len > 0 && (size_t)len == strlen(out));
    assert_int_equal(payroute_json_parse(&doc, out, (size_t)len, NULL, 0), PAYROUTE_OK);
    const payroute_json_node *rules = payroute_json_get(payroute_json_root(doc), "rules");
    for (const payroute_json_node *r = payroute_json_first(rules); r != NULL; r = payroute_json_next(r)) {
        int64_t n = 0;
        assert_int_equal(payroute_json_integer(&n, payroute_json_get(r, "rule")), PAYROUTE_OK);
        assert_non_null(payroute_json_string(payroute_json_get(r, "source")));
        assert_true(payroute_json_count(payroute_json_get(r, "codes")) > 0);
        found += number == 0 || n == number;
    }
    payroute_json_free(doc);
    free(out);
    return found;
}

static void a_day_has_its_rules(void **state)
{
    (void)state;
    assert_int_equal(rules_on("visa", 20190101, 0), 0);
    assert_int_equal(rules_on("visa", 20250524, 104), 1);
    assert_int_equal(rules_on("visa", 20250524, 105), 0);
    assert_int_equal(rules_on("visa", 20250525, 104), 0);
    assert_int_equal(rules_on("visa", 20250525, 105), 1);
    assert_int_equal(rules_on("Master Card", 20241231, 221), 1);
    assert_int_equal(rules_on("Master Card", 20241231, 222), 0);
    assert_int_equal(rules_on("Master Card", 20250101, 222), 1);
    assert_int_equal(rules_on("elo", 20220731, 0), 0);
    assert_int_equal(rules_on("elo", 20220801, 0), 4);
    assert_int_equal(rules_on("American Express", 20260101, 0), 0); /* publishes none */
    assert_int_equal(rules_on(NULL, 20260101, 0), rules_on("visa", 20260101, 0) +
                                                      rules_on("mastercard", 20260101, 0) +
                                                      rules_on("elo", 20260101, 0));
    assert_int_equal(rules_on("", 20260101, 0), rules_on(NULL, 20260101, 0));
}

static void what_cannot_be_answered(void **state)
{
    static const int32_t days[] = {0,        -20260101, 20260230,  20261301, 20260100,
                                   20250229, 2026010,   202601010, INT32_MAX};
    char *out = malloc(ROOM);
    (void)state;
    assert_int_equal(payroute_network_rules("visas", 20260101, out, ROOM), PAYROUTE_E_NOT_FOUND);
    assert_string_equal(out, "");
    assert_int_equal(payroute_network_rules("visa", 20260101, NULL, 10), PAYROUTE_E_ARG);
    assert_int_equal(payroute_network_rules("visa", 20260101, out, 0), PAYROUTE_E_ARG);
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        assert_int_equal(payroute_network_rules("visa", days[i], out, ROOM), PAYROUTE_E_RANGE);
    }
    assert_true(payroute_network_rules("visa", 20240229, out, ROOM) > 0);
    int32_t len = payroute_network_rules("visa", 20260101, out, ROOM);
    char *exact = malloc((size_t)len + 1);
    assert_int_equal(payroute_network_rules("visa", 20260101, exact, (size_t)len), PAYROUTE_E_BUFFER);
    assert_string_equal(exact, "");
    assert_int_equal(payroute_network_rules("visa", 20260101, exact, (size_t)len + 1), len);
    assert_string_equal(exact, out);
    free(exact);
    free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_is_whole),         cmocka_unit_test(no_two_rules_claim_one_day),
        cmocka_unit_test(names_in_any_spelling),      cmocka_unit_test(visa_limit_changes_on_its_day),
        cmocka_unit_test(mastercard_limits_by_place), cmocka_unit_test(never_means_never),
        cmocka_unit_test(waiting_and_mending),        cmocka_unit_test(a_day_has_its_rules),
        cmocka_unit_test(what_cannot_be_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
