/* A recorded choice leads to the same order again, whatever the channels were like, from its trace alone; one
   that was changed afterwards is found out, and what is no trace is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <payroute/health.h>
#include <payroute/registry.h>
#include <payroute/route.h>

#include "base/rng.h"
#include "health/handle.h"
#include "route/route.h"

enum { CHANNELS = 6, ROUNDS = 400 };
#define NOW INT64_C(1800000000000)

static payroute_registry *registry_of(pr_rng *dice)
{
    char text[4096], why[512] = "";
    payroute_registry *r = NULL;
    size_t len =
        (size_t)snprintf(text, sizeof text, "{\"schema\":1,\"routing\":{\"margin_bp\":%u},\"channels\":[",
                         (unsigned)pr_rng_below(dice, 300));
    for (int i = 0; i < CHANNELS; i++) {
        len += (size_t)snprintf(
            text + len, sizeof text - len,
            "%s{\"id\":\"c%d\",\"provider\":\"custom\",\"priority\":%u,\"weight\":%u,\"cost_bps\":%u,"
            "\"currencies\":[\"CNY\"],"
            "\"methods\":[{\"method\":\"card\",\"flows\":[\"%s\"]}]}",
            i ? "," : "", i, 1 + pr_rng_below(dice, 3), 1 + pr_rng_below(dice, 100), pr_rng_below(dice, 300),
            pr_rng_below(dice, 2) ? "direct" : "qr");
    }
    len += (size_t)snprintf(
        text + len, sizeof text - len,
        "],\"rules\":[{\"name\":\"likes\",\"when\":{\"method\":\"card\",\"amount\":{\"max\":400}},"
        "\"then\":{\"prefer\":[\"c4\",\"c2\"]}},{\"name\":\"shares\",\"when\":{\"method\":\"card\","
        "\"amount\":{\"min\":700}},\"then\":{\"split\":{\"c1\":50,\"c3\":50}}}]}");
    int32_t rc = payroute_registry_from_json(&r, text, len, why, sizeof why);
    if (rc != PAYROUTE_OK) {
        fail_msg("%s: %s", payroute_rc_name(rc), why);
    }
    return r;
}

static void live_a_little(payroute_health *h, payroute_registry *r, pr_rng *dice, int64_t *now)
{
    static const int32_t results[] = {PR_HEALTH_APPROVED, PR_HEALTH_APPROVED,      PR_HEALTH_DECLINED_SOFT,
                                      PR_HEALTH_NOT_SENT, PR_HEALTH_UNKNOWN,       PR_HEALTH_LIMITED,
                                      PR_HEALTH_PENDING,  PR_HEALTH_DECLINED_HARD, PR_HEALTH_MERCHANT};
    for (uint32_t i = pr_rng_below(dice, 40); i > 0; i--) {
        int32_t slot =
            pr_route_slot(&h->view, pr_registry_at(r, (int32_t)pr_rng_below(dice, CHANNELS)), *now);
        uint64_t permit = pr_health_start(&h->view, slot, *now);
        *now += pr_rng_below(dice, 3000);
        pr_health_end(&h->view, slot, (pr_health_segment){pr_health_hash("card"), 0}, permit,
                      results[pr_rng_below(dice, sizeof results / sizeof results[0])],
                      pr_rng_below(dice, 2000), 0, *now);
    }
}

static int32_t replayed(const char *trace, size_t len, char *out, size_t cap)
{
    int32_t rc = payroute_route_replay(trace, len, out, cap);
    if (rc < 0) {
        fail_msg("%s: %s\n%s", payroute_rc_name(rc), out, trace);
    }
    return strstr(out, "\"same\":true") != NULL;
}

static void the_same_order_again(void **state)
{
    pr_rng dice;
    uint64_t seed = 20261126;
    const char *given = getenv("PR_SEED");
    char out[1024];
    int drawn = 0, canaries = 0, turns = 0, preferred = 0;
    (void)state;
    seed = given ? strtoull(given, NULL, 10) : seed;
    pr_rng_seed(&dice, seed, 7);
    for (int i = 0; i < ROUNDS; i++) {
        int64_t now = NOW;
        payroute_registry *r = registry_of(&dice);
        payroute_health *h = NULL;
        payroute_json_out *trace = payroute_json_out_new();
        assert_int_equal(payroute_health_new(&h, 16, 256, now), PAYROUTE_OK);
        live_a_little(h, r, &dice, &now);
        pr_route_request q = {.method = "card",
                              .amount_minor = 1 + pr_rng_below(&dice, 1000),
                              .currency = "CNY",
                              .now_ms = now};
        pr_route_health known = {&h->view, 8000, (int32_t)pr_rng_below(&dice, 300),
                                 (int32_t)pr_rng_below(&dice, 500), 1};
        pr_rng own;
        pr_route_pick pick;
        size_t len = 0;
        pr_rng_seed(&own, (uint64_t)i, 1);
        assert_int_equal(pr_route_choose(&pick, trace, r, &q, NULL, 0, i % 5 ? &known : NULL, &own),
                         PAYROUTE_OK);
        const char *text = payroute_json_out_text(trace, &len);
        if (!replayed(text, len, out, sizeof out)) {
            fail_msg("PR_SEED=%llu, round %d: %s\n%s", (unsigned long long)seed, i, out, text);
        }
        drawn += strstr(text, "\"draw\":{") != NULL;
        canaries += strstr(text, "\"canary\":true") != NULL;
        turns += strstr(text, "\"turn\":") != NULL;
        preferred += strstr(text, "\"preference\":") != NULL;
        payroute_json_out_free(trace);
        payroute_health_free(h);
        payroute_registry_free(r);
    }
    assert_true(drawn > 5 && canaries > 5 && turns > 5 && preferred > 5); /* all of it was tried */
}

#define PLAIN(id)                                                                                            \
    "{\"id\":\"" id "\",\"provider\":\"custom\",\"currencies\":[\"CNY\"],\"methods\":[{\"method\":\"card\"," \
    "\"flows\":[\"direct\"]}]}"

/* A channel that was out for an hour is due a test: a payment like the others is one, one of ten times as
 * much is not. */
static void what_is_dear_is_no_test(void **state)
{
    (void)state;
    for (int dear = 0; dear < 2; dear++) {
        int64_t now = NOW;
        pr_rng dice;
        pr_rng_seed(&dice, 3, 7);
        payroute_registry *r = NULL;
        payroute_health *h = NULL;
        char why[400];
        static const char file[] = "{\"schema\":1,\"channels\":[" PLAIN("a") "," PLAIN("b") "]}";
        assert_int_equal(payroute_registry_from_json(&r, file, strlen(file), why, sizeof why), PAYROUTE_OK);
        assert_int_equal(payroute_health_new(&h, 16, 256, now), PAYROUTE_OK);
        int32_t slot = pr_route_slot(&h->view, pr_registry_at(r, 0), now);
        pr_route_request q = {.method = "card", .amount_minor = 1000, .currency = "CNY", .now_ms = now};
        pr_route_health known = {&h->view, 8000, 0, 0, 1};
        pr_route_pick pick;
        for (int i = 0; i < 30; i++, now += 60000) {
            pr_health_permit permit = pr_health_start(&h->view, slot, now);
            pr_health_end(&h->view, slot, (pr_health_segment){0, 0}, permit,
                          i < 20 ? PR_HEALTH_APPROVED : PR_HEALTH_NOT_SENT, 500, 0, now + 500);
            (void)pr_health_dear(&h->view, pr_health_hash("CNY"), 1000, 1, now);
        }
        q.now_ms = now + 3600000;
        q.amount_minor = dear ? 10000 : 1000;
        assert_int_equal(pr_route_choose(&pick, NULL, r, &q, NULL, 0, &known, &dice), PAYROUTE_OK);
        assert_int_equal(pick.canary, !dear);
        assert_string_equal(pick.channel->id, dear ? "b" : "a");
        payroute_health_free(h);
        payroute_registry_free(r);
    }
}

/* Says what the next payment then gets: the same order with its test and its turn; twice the same, since it
   takes nothing away; and not one bit of the block is another afterwards. */
static void a_preview_is_what_comes(void **state)
{
    static char first[65536], second[65536], again[1024];
    pr_rng dice;
    int canaries = 0, turns = 0;
    (void)state;
    pr_rng_seed(&dice, 20261127, 7);
    for (int i = 0; i < ROUNDS; i++) {
        int64_t now = NOW;
        char request[256];
        payroute_registry *r = registry_of(&dice);
        payroute_health *h = NULL;
        assert_int_equal(payroute_health_new(&h, 16, 256, now), PAYROUTE_OK);
        live_a_little(h, r, &dice, &now);
        int64_t amount = 1 + pr_rng_below(&dice, 1000);
        int len = snprintf(request, sizeof request,
                           "{\"method\":\"card\",\"amount_minor\":%lld,\"currency\":\"CNY\"%s}",
                           (long long)amount, i % 2 ? ",\"brand\":\"visa\"" : "");
        char *before = malloc(h->view.size);
        assert_non_null(before);
        memcpy(before, h->view.block, h->view.size);
        int32_t n = payroute_route_preview(r, h, request, (size_t)len, i, now, first, sizeof first);
        assert_true(n > 0);
        assert_int_equal(payroute_route_preview(r, h, request, (size_t)len, i, now, second, sizeof second),
                         n);
        assert_string_equal(first, second);
        assert_memory_equal(before, h->view.block, h->view.size);
        assert_true(replayed(first, (size_t)n, again, sizeof again));
        free(before);

        const pr_routing *routing = pr_registry_routing(r);
        pr_rule_facts facts = {.risk = -1, .brand = i % 2 ? "visa" : NULL};
        pr_route_request q = {.method = "card",
                              .amount_minor = amount,
                              .currency = "CNY",
                              .now_ms = now,
                              .issuer = facts.brand,
                              .facts = &facts};
        pr_route_health known = {&h->view, routing->patience_ms, routing->margin_bp, routing->cost_worth,
                                 routing->explore};
        pr_rng own;
        pr_route_pick pick;
        payroute_json_out *trace = payroute_json_out_new();
        pr_rng_seed(&own, (uint64_t)i, 0);
        assert_int_equal(pr_route_choose(&pick, trace, r, &q, NULL, 0, &known, &own), PAYROUTE_OK);
        assert_string_equal(payroute_json_out_text(trace, NULL), first);
        canaries += pick.canary;
        turns += pick.split >= 0;
        payroute_json_out_free(trace);
        payroute_health_free(h);
        payroute_registry_free(r);
    }
    assert_true(canaries > 5 && turns > 5);
}

static void a_preview_without_health_or_with_nonsense(void **state)
{
    static const char request[] = "{\"amount_minor\":5,\"currency\":\"CNY\"}";
    static const char wrong[] = "{\"amount_minor\":0,\"currency\":\"CNY\",\"methd\":1}";
    char out[16384], other[16384];
    pr_rng dice;
    payroute_health *h = NULL;
    (void)state;
    pr_rng_seed(&dice, 1, 7);
    payroute_registry *r = registry_of(&dice);
    assert_int_equal(payroute_health_new(&h, 16, 256, NOW), PAYROUTE_OK);
    assert_true(payroute_route_preview(r, NULL, request, sizeof request - 1, 3, NOW, out, sizeof out) > 0);
    assert_null(strstr(out, "\"score\""));
    assert_non_null(strstr(out, "\"now_ms\":1800000000000"));
    int32_t n = payroute_route_preview(r, h, request, sizeof request - 1, 3, NOW, out, sizeof out);
    assert_true(n > 0);
    assert_int_equal(payroute_route_preview(r, h, request, sizeof request - 1, 3, NOW, other, (size_t)n),
                     PAYROUTE_E_BUFFER);
    assert_string_equal(other, "");
    assert_int_equal(payroute_route_preview(r, h, request, sizeof request - 1, 3, NOW, other, (size_t)n + 1),
                     n);
    assert_int_equal(payroute_route_preview(r, h, request, sizeof request - 1, 3, 0, out, sizeof out),
                     PAYROUTE_E_ARG);
    assert_int_equal(payroute_route_preview(r, h, request, sizeof request - 1, 3, -1, out, sizeof out),
                     PAYROUTE_E_ARG);
    assert_int_equal(payroute_route_preview(NULL, h, request, sizeof request - 1, 3, NOW, out, sizeof out),
                     PAYROUTE_E_ARG);
    assert_int_equal(payroute_route_preview(r, h, wrong, sizeof wrong - 1, 3, NOW, out, sizeof out),
                     PAYROUTE_E_SCHEMA);
    assert_non_null(strstr(out, "methd"));
    assert_non_null(strstr(out, "amount_minor"));
    payroute_health_free(h);
    payroute_registry_free(r);
}

#define ONE(dice, rest)                                                                                       \
    "{\"channels\":[{\"id\":\"a\",\"eligible\":true,\"priority\":1,\"weight\":1,\"index\":900000},"           \
    "{\"id\":\"b\",\"eligible\":true,\"priority\":1,\"weight\":1,\"index\":500000}],\"order\":[\"a\",\"b\"]," \
    "\"margin_bp\":100,\"dice\":\"" dice "\"" rest "}"
#define DICE "0000000000000001.0000000000000003"

static void changed_ones_are_found_out(void **state)
{
    char out[1024];
    (void)state;
    static const char fine[] = ONE(DICE, "");
    assert_true(replayed(fine, strlen(fine), out, sizeof out));
    assert_string_equal(out, "{\"order\":[\"a\",\"b\"],\"same\":true}");
    char other[sizeof fine];
    memcpy(other, fine, sizeof fine);
    *strchr(strstr(other, "\"order\":[\"a\"") + 9, 'a') = 'b';
    assert_false(replayed(other, strlen(other), out, sizeof out));
    static const char turn[] = ONE(DICE, ",\"turn\":\"b\"");
    assert_false(replayed(turn, strlen(turn), out, sizeof out));
    assert_non_null(strstr(out, "[\"b\",\"a\"]"));
    static const char none[] = "{\"channels\":[],\"order\":[]}";
    assert_true(replayed(none, strlen(none), out, sizeof out));
}

static void no_traces_are_refused(void **state)
{
    static const struct {
        const char *text;
        int32_t rc;
        const char *names;
    } cases[] = {
        {"", PAYROUTE_E_JSON, ""},
        {"[]", PAYROUTE_E_SCHEMA, "channels"},
        {"{\"channels\":7}", PAYROUTE_E_SCHEMA, "channels"},
        {"{\"channels\":[{\"eligible\":true}]}", PAYROUTE_E_SCHEMA, "channels[0].id"},
        {"{\"channels\":[{\"eligible\":true,\"id\":\"a\",\"priority\":1.5,\"weight\":-1,\"index\":\"x\"}]}",
         PAYROUTE_E_SCHEMA, "channels[0].weight"},
        {ONE("0", ""), PAYROUTE_E_SCHEMA, "dice"},
        {ONE("000000000000000G.0000000000000003", ""), PAYROUTE_E_SCHEMA, "dice"},
    };
    char out[2048];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int32_t rc = payroute_route_replay(cases[i].text, strlen(cases[i].text), out, sizeof out);
        if (rc != cases[i].rc || !strstr(out, cases[i].names)) {
            fail_msg("%s: %s %s", cases[i].text, payroute_rc_name(rc), out);
        }
    }
    static const char fine[] = ONE(DICE, "");
    assert_int_equal(payroute_route_replay(NULL, 0, out, sizeof out), PAYROUTE_E_ARG);
    assert_int_equal(payroute_route_replay(fine, strlen(fine), out, 8), PAYROUTE_E_BUFFER);
    assert_string_equal(out, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_order_again),
        cmocka_unit_test(what_is_dear_is_no_test),
        cmocka_unit_test(a_preview_is_what_comes),
        cmocka_unit_test(a_preview_without_health_or_with_nonsense),
        cmocka_unit_test(changed_ones_are_found_out),
        cmocka_unit_test(no_traces_are_refused),
    };
    return cmocka_run_group_tests_name("a recorded choice, again", tests, NULL, NULL);
}
