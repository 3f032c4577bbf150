/* Hosts with a health file of their own tell each other through the store what they saw: an outage that one has
   seen the other avoids, each slice counts once however many workers look, and a liar moves little. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/engine.h"
#include "story.h"

#define SAID(slice) "{\"at_ms\":1790000000000,\"slices\":[{" slice "]}"

static char store[128];

/* `worker`: another one is another engine of the same host. */
static payroute_engine *open_host(const char *host, int worker)
{
    char more[256];
    snprintf(more, sizeof more, "%*s\"clock\":{\"base_ms\":%lld,\"rate\":0},\"health\":\"%s/%s\"", worker, "",
             (long long)START_MS, shop_dir(), host);
    return shop_open(box.config, store, more);
}

static int64_t millionths(payroute_engine *e, const char *name)
{
    char path[64];
    assert_int_equal(payroute_engine_health(e), PAYROUTE_OK);
    assert_string_equal(told(e, "channels.0.channel"), "ali-main");
    snprintf(path, sizeof path, "channels.0.%s", name);
    return told_number(e, path);
}

static void pay_code(payroute_engine *e)
{
    static int number;
    char order[32];
    int64_t id = 0;
    snprintf(order, sizeof order, "s%d", ++number);
    assert_int_equal(shop_create(e, order, "alipay", BUDGET, &id), PAYROUTE_OK);
}

static void both_pass(payroute_engine *a, payroute_engine *b, int64_t ms)
{
    pass(a, ms);
    assert_int_equal(payroute_engine_clock_step(b, ms), PAYROUTE_OK);
}

/* Too short for any question of its own: what it knows it was told. */
static void hear(payroute_engine *e)
{
    assert_int_equal(payroute_engine_sweep(e, 100), PAYROUTE_OK);
    assert_int_equal(told_number(e, "probes"), 0);
}

static int open_store(void **state)
{
    snprintf(store, sizeof store, "%s", shop_store(1));
    return use_virtual(state);
}

static int32_t first_attempts(payroute_engine *e, int32_t payments)
{
    int32_t there = 0;
    for (int i = 0; i < payments; i++) {
        pay_code(e);
        there += strcmp(told(e, "attempts.0.channel"), "ali-main") == 0;
    }
    return there;
}

/* One notices an outage: the other, which has seen nothing, has a doubt, and asks. A third notices it too: that is
   enough. */
static void an_outage_is_heard_of(void **state)
{
    payroute_engine *a = open_host("a1", 0), *b = open_host("b1", 0), *c = open_host("c1", 0);
    (void)state;
    for (int i = 0; i < 8; i++) {
        both_pass(a, b, 15000);
        assert_int_equal(payroute_engine_clock_step(c, 15000), PAYROUTE_OK);
        if (i == 1) {
            strike("ali-main", "*", "refuse", "");
        }
        pay_code(i == 0 ? b : a);
        if (i >= 5) {
            pay_code(c);
            assert_int_equal(payroute_engine_sweep(c, BUDGET), PAYROUTE_OK);
        }
        assert_int_equal(payroute_engine_sweep(a, BUDGET), PAYROUTE_OK); /* it asks itself too */
        hear(b);
        if (i == 4) {
            assert_in_range(millionths(b, "up"), 970000, 990000);
        }
    }
    for (int i = 0; i < 2; i++) {
        both_pass(a, b, 15000);
        assert_int_equal(payroute_engine_clock_step(c, 15000), PAYROUTE_OK);
        assert_int_equal(payroute_engine_sweep(a, BUDGET), PAYROUTE_OK);
        assert_int_equal(payroute_engine_sweep(c, BUDGET), PAYROUTE_OK);
        hear(b);
    }
    assert_in_range(millionths(b, "up"), 0, 500000);
    assert_in_range(first_attempts(b, 5), 0, 1); /* but for a canary */
    payroute_engine_close(c);
    payroute_engine_close(b);
    payroute_engine_close(a);
}

/* The doubt makes it ask before its next customer has to find out. */
static void a_doubt_is_settled_by_a_lookup(void **state)
{
    payroute_engine *a = open_host("a6", 0), *b = open_host("b6", 0);
    (void)state;
    pay_code(b);
    strike("ali-main", "*", "refuse", "");
    for (int i = 0; i < 4; i++) {
        both_pass(a, b, 15000);
        pay_code(a);
        assert_int_equal(payroute_engine_sweep(a, BUDGET), PAYROUTE_OK);
        hear(b);
    }
    assert_in_range(millionths(b, "up"), 970000, 990000);
    assert_int_equal(payroute_engine_sweep(b, BUDGET), PAYROUTE_OK);
    assert_int_equal(told_number(b, "probes"), 1);
    assert_in_range(millionths(b, "up"), 0, 500000);
    assert_in_range(first_attempts(b, 3), 0, 1);
    payroute_engine_close(b);
    payroute_engine_close(a);
}

/* Five minutes apart, one way and the other: what counts is when it was written and when it was read. */
static void clocks_may_differ(void **state)
{
    (void)state;
    for (int ahead = 0; ahead < 2; ahead++) {
        payroute_engine *a = open_host(ahead ? "a7" : "a8", 0), *b = open_host(ahead ? "b7" : "b8", 0);
        pass(ahead ? a : b, 300000);
        (void)sandbox_call(&box, "POST", "/_fault", "{\"clear\":true}");
        pay_code(b);
        hear(b); /* from now on it knows when it looked last */
        strike("ali-main", "*", "refuse", "");
        for (int i = 0; i < 4; i++) {
            both_pass(a, b, 15000);
            pay_code(a);
            assert_int_equal(payroute_engine_sweep(a, BUDGET), PAYROUTE_OK);
            hear(b);
        }
        assert_in_range(millionths(b, "up"), 970000, 990000);
        payroute_engine_close(b);
        payroute_engine_close(a);
    }
}

/* What was taken in is not taken in again: not later, not by another worker of the host, not from ourselves. */
static void each_slice_counts_once(void **state)
{
    payroute_engine *a = open_host("a2", 0), *b = open_host("b2", 0), *second = open_host("b2", 1);
    (void)state;
    assert_ptr_not_equal(b, second);
    for (int i = 0; i < 3; i++) {
        pay_code(b);
    }
    strike("ali-main", "*", "refuse", "");
    pay_code(a);
    both_pass(a, b, 15000);
    assert_int_equal(payroute_engine_clock_step(second, 15000), PAYROUTE_OK);
    hear(a);
    int64_t own = millionths(a, "down");
    hear(b);
    int64_t once = millionths(b, "down");
    assert_in_range(once, 1000, 5200); /* short of what one host may raise */
    hear(second);
    assert_int_equal(millionths(second, "down"), once);
    for (int i = 0; i < 3; i++) {
        both_pass(a, b, 15000);
        assert_int_equal(payroute_engine_clock_step(second, 15000), PAYROUTE_OK);
        hear(second);
        hear(b);
        hear(a);
        assert_in_range(millionths(b, "down"), once / 2, once + 1200); /* only time passes */
        assert_in_range(millionths(a, "down"), 0, own + 1200);
    }
    payroute_engine_close(second);
    payroute_engine_close(b);
    payroute_engine_close(a);
}

static void put_text(payroute_engine *e, const char *key, const char *text)
{
    assert_int_equal(e->store->ops->kv_put(e->store, key, text, strlen(text), INT64_MAX), PAYROUTE_OK);
}

static void put_lies(payroute_engine *e, int64_t now)
{
    char *text = malloc(65536);
    size_t len = (size_t)snprintf(text, 65536, "{\"at_ms\":%lld,\"seen\":{},\"slices\":[", (long long)now);
    for (int i = 40; i > 0; i--) {
        len += (size_t)snprintf(text + len, 65536 - len,
                                "%s{\"channels\":{\"ali-main\":{\"not_sent\":1000000,\"unknown\":1000000}},"
                                "\"to_ms\":%lld}",
                                i == 40 ? "" : ",", (long long)(now - i * 100));
    }
    snprintf(text + len, 65536 - len, "]}");
    put_text(e, "health.at.liar", text);
    free(text);
}

static void a_liar_moves_little(void **state)
{
    payroute_engine *e = open_host("a3", 0);
    int64_t least = 1000000;
    (void)state;
    pay_code(e);
    put_text(e, "health.hosts", "{\"hosts\":{\"liar\":1790000000000}}");
    for (int i = 0; i < 60; i++) {
        put_lies(e, prh_clock_now(&e->clock));
        pass(e, 15000);
        hear(e);
        int64_t up = millionths(e, "up");
        least = up < least ? up : least;
    }
    assert_in_range(least, 950000, 990000); /* a doubt, however often it is said; silence adds its own */
    assert_int_equal(payroute_engine_sweep(e, BUDGET), PAYROUTE_OK);
    assert_int_equal(told_number(e, "probes"), 1); /* which one question settles */
    pay_code(e);
    assert_string_equal(told(e, "attempts.0.channel"), "ali-main");
    payroute_engine_close(e);
}

/* Nothing that stands in the store under these names can hurt. */
static void bad_messages_are_left_out(void **state)
{
    static const char *const hosts[] = {"", "[]",
                                         "{\"hosts\":[1,2]}", "{\"hosts\":{\"liar\":-1,\"\":5,\"x\":{}}}", "{"};
    static const char *const messages[] = {
        "", "7", "{\"slices\":7}", "{\"at_ms\":-5,\"slices\":[{\"to_ms\":1790000000000,\"channels\":[]}]}",
        SAID("\"to_ms\":1790000000000,\"channels\":{\"ali-main\":{\"not_sent\":-1}}}"),
        SAID("\"to_ms\":9999999999999999,\"channels\":{\"ali-main\":{\"not_sent\":9}}}"),
        SAID("\"to_ms\":1,\"channels\":{\"ali-main\":{\"not_sent\":9}}}"),
        SAID("\"to_ms\":1790000000000,\"channels\":{\"unknown\":{\"not_sent\":9}}}")};
    payroute_engine *e = open_host("a4", 0);
    (void)state;
    pay_code(e);
    int64_t up = millionths(e, "up");
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        put_text(e, "health.hosts", i < 5 ? hosts[i] : "{\"hosts\":{\"liar\":1790000000000}}");
        put_text(e, "health.at.liar", messages[i]);
        pass(e, 15000);
        hear(e);
        pay_code(e);
        assert_true(millionths(e, "up") >= up - 3000);
    }
    payroute_engine_close(e);
}

/* A shop of one host, with its file beside the store, writes nothing of all this. */
static void one_host_writes_nothing(void **state)
{
    char more[96], text[8];
    size_t len = 0;
    (void)state;
    snprintf(more, sizeof more, "\"clock\":{\"base_ms\":%lld,\"rate\":0}", (long long)START_MS);
    payroute_engine *e = shop_open(box.config, store, more);
    pay_code(e);
    pass_and_sweep(e, 30000);
    assert_int_equal(e->store->ops->kv_get(e->store, "health.hosts", 0, text, sizeof text, &len), PAYROUTE_E_NOT_FOUND);
    payroute_engine_close(e);
    e = open_host("a5", 0); /* and one that could, not more than once in a slice */
    pay_code(e);
    pass(e, 15000);
    int64_t before = payroute_engine_transactions(e);
    for (int i = 0; i < 5; i++) {
        hear(e);
    }
    assert_in_range(payroute_engine_transactions(e) - before, 1, 4);
    payroute_engine_close(e);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_store, drop_box)
    const struct CMUnitTest tests[] = {
        TEST(an_outage_is_heard_of),
        TEST(a_doubt_is_settled_by_a_lookup),
        TEST(clocks_may_differ),
        TEST(each_slice_counts_once),  TEST(a_liar_moves_little),
        TEST(bad_messages_are_left_out), TEST(one_host_writes_nothing),
    };
    return cmocka_run_group_tests_name("health between hosts", tests, NULL, shop_clean);
}
