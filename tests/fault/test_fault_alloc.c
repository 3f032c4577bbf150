/* Allocation n fails inside a single call of the pure library: registry, overlay, notices. The call says so,
   or did not need it; made again it succeeds; nothing leaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <payroute/probe.h>
#include <payroute/rows.h>

#include "../crash/world.h"
#include "../unit/alipay_certs.h"
#include "alloc.h"

enum { POINTS = 60, POINTS_ALL = 1500 };

static struct world world;
static payroute_registry *registry;
static uint64_t seed;
static int all;
static long cells;

/* ---- single calls ---- */

typedef int32_t (*single)(void);

static int32_t load_registry(void)
{
    char why[256];
    payroute_registry *made = NULL;
    int32_t rc = payroute_registry_from_json(&made, world.config, strlen(world.config), why, sizeof why);
    assert_true((rc == PAYROUTE_OK) == (made != NULL));
    payroute_registry_free(made);
    return rc;
}

static int32_t load_rules(void)
{
    static const char file[] =
        "{\"schema\":1,\"channels\":[{\"id\":\"a\",\"provider\":\"custom\",\"currencies\":[\"CNY\"],"
        "\"methods\":[{\"method\":\"card\",\"flows\":[\"token\"]}],\"countries\":[\"CN\"],\"brands\":[\"visa\"],"
        "\"bins\":[\"411111\"],\"maintenance\":[{\"days\":[\"mon\"],\"from\":\"01:00\",\"to\":\"02:00\"}]},"
        "{\"id\":\"b\",\"provider\":\"custom\",\"currencies\":[\"CNY\"],"
        "\"methods\":[{\"method\":\"card\",\"flows\":[\"token\"]}]}],\"rules\":["
        "{\"name\":\"x\",\"when\":{\"tier\":[\"g\",\"h\"],\"bin\":[\"411111\"],"
        "\"hours\":{\"from\":\"22:00\",\"to\":\"06:00\"},"
        "\"metadata\":{\"k\":1}},\"then\":{\"prefer\":[\"a\"]}},"
        "{\"name\":\"y\",\"then\":{\"split\":{\"a\":7,\"b\":3}}}]}";
    char why[256];
    payroute_registry *made = NULL;
    int32_t rc = payroute_registry_from_json(&made, file, sizeof file - 1, why, sizeof why);
    assert_true((rc == PAYROUTE_OK) == (made != NULL));
    payroute_registry_free(made);
    return rc;
}

static int32_t make_overlay(void)
{
    static const char rows[] =
        "[{\"provider\":\"stripe\",\"operation\":\"*\",\"layer\":\"decline_code\",\"code\":\"our_own\","
        "\"reason\":\"do_not_honor\",\"source\":\"our bank, 2026-01-01\"}]";
    char why[256];
    payroute_catalog *made = NULL;
    int32_t rc = payroute_catalog_new(&made, rows, sizeof rows - 1, why, sizeof why);
    payroute_catalog_free(made);
    if (rc == PAYROUTE_E_SCHEMA) {
        print_message("overlay: %s\n", why);
    }
    return rc;
}

static char notice_channel[40], notice_headers[2048], notice_body[8192];

static int32_t read_notice(void)
{
    payroute_notice *notice = NULL;
    int32_t rc =
        payroute_notice_read(&notice, registry, NULL, NULL, notice_channel, "POST", NULL, 0, notice_headers,
                             strlen(notice_headers), notice_body, strlen(notice_body), *world.now_ms);
    payroute_notice_free(notice);
    return rc;
}

static char certificate[8192];

static int32_t take_certificate(void)
{
    payroute_keyring *ring = NULL;
    adk k = {0};
    char why[200], json[13000];
    snprintf(json, sizeof json, "{\"schema\":1,\"channels\":[%s]}", cert_mode_config());
    int32_t rc = payroute_registry_from_json(&k.registry, json, strlen(json), why, sizeof why);
    if (rc == PAYROUTE_OK) {
        rc = payroute_keyring_new(&ring, k.registry);
    }
    if (rc == PAYROUTE_OK) {
        rc = payroute_keyring_take(ring, "ali", certificate, strlen(certificate), INT64_C(1800000000000), why,
                                   sizeof why);
    }
    payroute_keyring_free(ring);
    payroute_registry_free(k.registry);
    return rc;
}

static int32_t ask_harmlessly(void)
{
    static const char entropy[33] = "0123456789abcdef0123456789abcdef";
    static const char body[] =
        "{\"alipay_trade_query_response\":{\"code\":\"40004\",\"sub_code\":\"ACQ.TRADE_NOT_EXIST\"}}";
    char why[200];
    payroute_probe *probe = NULL;
    int32_t rc = payroute_probe_new(&probe, registry, "ali-main", *world.now_ms, entropy, why, sizeof why);
    if (rc == PAYROUTE_OK) {
        rc = payroute_probe_feed(probe, NULL, NULL, *world.now_ms, 200, "", 0, body, sizeof body - 1, 1);
        rc = rc < 0 ? rc : rc == PAYROUTE_PROBE_FITS ? PAYROUTE_OK : PAYROUTE_E_INTERNAL;
    }
    payroute_probe_free(probe);
    return rc;
}

static void each_allocation(const char *name, single call)
{
    alloc_fail(0, 0);
    int32_t whole = call();
    long total = alloc_stop();
    long step = total / (all ? POINTS_ALL : POINTS) + 1, tried = 0;
    for (long n = 1 + (long)(seed % (uint64_t)step); n <= total; n += step) {
        for (int for_ever = 0; for_ever < 2; for_ever++) {
            alloc_count(1);
            alloc_fail(n, for_ever);
            int32_t rc = call();
            (void)alloc_stop();
            long left = alloc_live();
            alloc_count(0);
            tried++;
            /* mbedTLS says of lacking memory what it likes: a bad key, a chain that does not hold, a failure
             */
            int hidden = (rc == PAYROUTE_E_KEY && (call == load_registry || call == take_certificate)) ||
                         (rc == PAYROUTE_E_SIGNATURE && call == take_certificate) ||
                         (rc == PAYROUTE_E_INTERNAL && call == ask_harmlessly);
            if ((rc != PAYROUTE_E_NOMEM && rc != whole && !hidden) || left != 0) {
                fail_msg("%s: allocation %ld of %ld, %s: %s, %ld blocks leaked", name, n, total,
                         for_ever ? "and all after it" : "once", payroute_rc_name(rc), left);
            }
        }
    }
    assert_int_equal(call(), whole);
    cells += tried;
    print_message("%-24s %5ld allocations, %4ld cells, else %s\n", name, total, tried,
                  payroute_rc_name(whole));
}

static void test_registry(void **state)
{
    (void)state;
    each_allocation("registry", load_registry);
    each_allocation("rules", load_rules);
}

static void test_certificate(void **state)
{
    (void)state;
    snprintf(certificate, sizeof certificate, "%s", cert_answer(NEXT_CERT));
    each_allocation("certificate", take_certificate);
}

static void test_probe(void **state)
{
    (void)state;
    each_allocation("probe", ask_harmlessly);
}

static void test_overlay(void **state)
{
    (void)state;
    each_allocation("overlay", make_overlay);
}

/* The one notification of a payment by QR code, as the sandbox sent it. */
static void catch_notice(const struct story *story)
{
    struct shop s;
    payroute_json *doc = NULL;
    assert_true(shop_prepare(&s, &world, "caught", 999) && shop_open(&s) && story->setup(&s));
    assert_int_equal(payroute_json_parse(&doc, s.memory->notice, strlen(s.memory->notice), NULL, 0),
                     PAYROUTE_OK);
    const payroute_json_node *n = payroute_json_root(doc);
    const payroute_json_node *h = payroute_json_first(payroute_json_get(n, "headers"));
    size_t len = 0;
    for (; h; h = payroute_json_next(h)) {
        len += (size_t)snprintf(notice_headers + len, sizeof notice_headers - len, "%s: %s\r\n",
                                payroute_json_name(h), payroute_json_string(h));
    }
    snprintf(notice_channel, sizeof notice_channel, "%s",
             strrchr(payroute_json_string(payroute_json_get(n, "url")), '/') + 1);
    snprintf(notice_body, sizeof notice_body, "%s", payroute_json_string(payroute_json_get(n, "body")));
    payroute_json_free(doc);
    shop_drop(&s);
}

static void test_notice(void **state)
{
    (void)state;
    for (int i = 0; i < story_count; i++) {
        if (strcmp(stories[i].name, "notification") == 0) {
            catch_notice(&stories[i]);
        }
    }
    assert_int_equal(read_notice(), PAYROUTE_OK);
    each_allocation("notice", read_notice);
}

static int prepare(void **state)
{
    const char *given = getenv("PR_SEED"), *mode = getenv("PR_FAULT");
    (void)state;
    seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    all = mode && strcmp(mode, "all") == 0;
    print_message("PR_SEED=%llu\n", (unsigned long long)seed);
    if (!world_start(&world)) {
        return -1;
    }
    return payroute_registry_from_json(&registry, world.config, strlen(world.config), NULL, 0);
}

static int finish(void **state)
{
    (void)state;
    payroute_registry_free(registry);
    world_stop(&world);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registry), cmocka_unit_test(test_overlay), cmocka_unit_test(test_certificate),
        cmocka_unit_test(test_probe),    cmocka_unit_test(test_notice),
    };
    if (!alloc_works()) {
        print_message("a sanitizer owns the allocator: nothing is run here\n");
        return 0;
    }
    int failed = cmocka_run_group_tests_name("fault_alloc", tests, prepare, finish);
    print_message("failing allocations in single calls: %ld cells\n", cells);
    return failed;
}
