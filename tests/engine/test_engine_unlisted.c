/* Codes that the catalogue does not list are counted: how often, by day, so many and no more, in a form that
   holds no message and no number of anybody's, and never at the cost of a payment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/engine.h"
#include "story.h"

#define DAY_MS INT64_C(86400000)
#define NOON_MS (INT64_C(20700) * DAY_MS + DAY_MS / 2)

static payroute_engine *open_at(const char *store, int64_t now_ms)
{
    char more[128];
    snprintf(more, sizeof more, "\"instance\":\"T\",\"clock\":{\"base_ms\":%lld,\"rate\":0}",
             (long long)now_ms);
    return shop_open(custom_config, store, more);
}

static int64_t declined(payroute_engine *e, const char *code)
{
    static int orders;
    char order[16];
    int64_t id = 0;
    snprintf(order, sizeof order, "u%d", orders++);
    assert_int_equal(shop_create(e, order, "card", 5000, &id), PAYROUTE_OK);
    assert_int_equal(payroute_engine_feed_code(e, id, "declined", code, "B1", NULL, 5000), PAYROUTE_OK);
    return id;
}

static void counted_by_day(void **state)
{
    (void)state;
    for (int sqlite = 0; sqlite < 2; sqlite++) {
        char store[192];
        snprintf(store, sizeof store, "%s", shop_store(sqlite));
        payroute_engine *e = open_at(store, NOON_MS);
        assert_int_equal(payroute_engine_unlisted(e, 1), PAYROUTE_OK);
        assert_int_equal(told_count(e, "unlisted"), 0);
        (void)declined(e, "NEW_ONE");
        (void)declined(e, "NEW_TWO");
        (void)declined(e, "NEW_TWO");
        assert_int_equal(payroute_engine_unlisted(e, 1), PAYROUTE_OK);
        assert_int_equal(told_count(e, "unlisted"), 2);
        assert_string_equal(told(e, "unlisted.0.provider"), "custom");
        assert_string_equal(told(e, "unlisted.0.operation"), "create");
        assert_string_equal(told(e, "unlisted.0.code"), "NEW_TWO");
        assert_int_equal(told_number(e, "unlisted.0.count"), 2);
        assert_int_equal(told_number(e, "unlisted.0.first_ms"), NOON_MS);
        assert_int_equal(told_number(e, "unlisted.1.count"), 1);
        assert_int_equal(told_number(e, "dropped"), 0);
        if (!sqlite) { /* what is in memory goes with its engine */
            payroute_engine_close(e);
            continue;
        }
        payroute_engine_close(e);

        e = open_at(store, NOON_MS + DAY_MS);
        (void)declined(e, "NEW_ONE");
        assert_int_equal(payroute_engine_unlisted(e, 1), PAYROUTE_OK);
        assert_int_equal(told_count(e, "unlisted"), 1);
        assert_int_equal(payroute_engine_unlisted(e, 2), PAYROUTE_OK);
        assert_int_equal(told_count(e, "unlisted"), 2);
        assert_string_equal(told(e, "unlisted.0.code"), "NEW_ONE");
        assert_int_equal(told_number(e, "unlisted.0.count"), 2);
        assert_int_equal(told_number(e, "unlisted.0.first_ms"), NOON_MS);
        assert_int_equal(told_number(e, "unlisted.0.last_ms"), NOON_MS + DAY_MS);
        payroute_engine_close(e);

        e = open_at(store, NOON_MS + 40 * DAY_MS); /* nothing is kept for ever */
        assert_int_equal(payroute_engine_unlisted(e, 31), PAYROUTE_OK);
        assert_int_equal(told_count(e, "unlisted"), 0);
        assert_int_equal(payroute_engine_unlisted(e, 0), PAYROUTE_E_RANGE);
        assert_int_equal(payroute_engine_unlisted(e, 32), PAYROUTE_E_RANGE);
        payroute_engine_close(e);
    }
}

static void listed_ones_are_not_counted(void **state)
{
    (void)state;
    payroute_engine *e = open_at(shop_store(0), NOON_MS);
    int64_t id = 0;
    (void)declined(e, NULL);
    assert_int_equal(shop_create(e, "plain", "card", 5000, &id), PAYROUTE_OK);
    assert_int_equal(payroute_engine_feed_code(e, id, "paid", NULL, "B1", NULL, 5000), PAYROUTE_OK);
    assert_int_equal(payroute_engine_unlisted(e, 31), PAYROUTE_OK);
    assert_int_equal(told_count(e, "unlisted"), 0);
    payroute_engine_close(e);
}

static void codes_are_cut_and_masked(void **state)
{
    (void)state;
    static const struct {
        const char *code, *kept;
    } cases[] = {
        {"a\"c\\d{}", "a?c?d??"},
        {"card=4242424242424242!", "card?################?"},
        {"E12345678901", "E12345678901"},
        {"E123456789012x", "E############x"},
        {"-", ""},
        {"x23456789.x23456789.x23456789.x23456789.x23456789.x23456789.x2345", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        payroute_engine *e = open_at(shop_store(0), NOON_MS);
        (void)declined(e, cases[i].code);
        assert_int_equal(payroute_engine_unlisted(e, 1), PAYROUTE_OK);
        if (cases[i].kept) {
            assert_int_equal(told_count(e, "unlisted"), 1);
            assert_string_equal(told(e, "unlisted.0.code"), cases[i].kept);
        }
        assert_true(strlen(told(e, "unlisted.0.code")) <= 64);
        payroute_engine_close(e);
    }
}

static void so_many_and_no_more(void **state)
{
    (void)state;
    payroute_engine *e = open_at(shop_store(0), NOON_MS);
    for (int i = 0; i < 205; i++) {
        char code[32];
        snprintf(code, sizeof code, "NEW_%d", i);
        (void)declined(e, code);
    }
    (void)declined(e, "NEW_7"); /* one that has its place is still counted */
    assert_int_equal(payroute_engine_unlisted(e, 1), PAYROUTE_OK);
    assert_int_equal(told_count(e, "unlisted"), 200);
    assert_string_equal(told(e, "unlisted.0.code"), "NEW_7");
    assert_int_equal(told_number(e, "unlisted.0.count"), 2);
    assert_int_equal(told_number(e, "dropped"), 5);
    payroute_engine_close(e);
}

static void answer_next(const char *code)
{
    char body[160];
    snprintf(
        body, sizeof body,
        "{\"account\":\"ali-main\",\"operation\":\"precreate\",\"fault\":\"error\",\"code\":\"%s\",\"times\":1}",
        code);
    (void)sandbox_call(&box, "POST", "/_fault", body);
}

/* What a provider answers goes the same way; and a code that is known names the page where the shop mends it.
 */
static void answers_of_a_provider(void **state)
{
    (void)state;
    int64_t id = 0;
    payroute_engine *e = open_virtual(0);
    answer_next("ACQ.NEVER_SEEN");
    assert_int_equal(shop_create(e, "o1", "alipay", BUDGET, &id), PAYROUTE_OK);
    assert_int_equal(payroute_engine_unlisted(e, 1), PAYROUTE_OK);
    assert_string_equal(told(e, "unlisted.0.provider"), "alipay");
    assert_string_equal(told(e, "unlisted.0.operation"), "create");
    assert_string_equal(told(e, "unlisted.0.code"), "ACQ.NEVER_SEEN");
    answer_next("ACQ.ACCESS_FORBIDDEN");
    assert_int_equal(shop_create(e, "o2", "alipay", BUDGET, &id), PAYROUTE_OK);
    assert_string_not_equal(told(e, "guidance.place.name"), "");
    assert_true(strncmp(told(e, "guidance.place.url"), "https://", 8) == 0);
    assert_int_equal(payroute_engine_unlisted(e, 1), PAYROUTE_OK);
    assert_int_equal(told_count(e, "unlisted"), 1);
    payroute_engine_close(e);
}

static int one_channel(void **state)
{
    sandbox_channels = "ali-main";
    return use_virtual(state);
}

/* ---- a store that does not count ---- */

static const prh_store_ops *up;
static int32_t put_calls;
static int32_t put_rc;

static int ours(const char *name)
{
    return strncmp(name, "unlisted:", 9) == 0;
}

static int32_t put_down(prh_store *s, const char *name, const char *value, size_t len, int64_t expires_ms)
{
    if (!ours(name)) {
        return up->kv_put(s, name, value, len, expires_ms);
    }
    put_calls++;
    return put_rc;
}

static int32_t get_down(prh_store *s, const char *name, int64_t now_ms, char *out, size_t cap, size_t *len)
{
    return ours(name) ? PAYROUTE_E_STORE : up->kv_get(s, name, now_ms, out, cap, len);
}

static int32_t get_rubbish(prh_store *s, const char *name, int64_t now_ms, char *out, size_t cap, size_t *len)
{
    if (!ours(name)) {
        return up->kv_get(s, name, now_ms, out, cap, len);
    }
    static const char text[] = "0\ncustom create - CODE one 2 3\n";
    *len = sizeof text - 1;
    memcpy(out, text, *len <= cap ? *len : cap);
    return PAYROUTE_OK;
}

static void counting_disturbs_no_payment(void **state)
{
    (void)state;
    static const int32_t failures[] = {PAYROUTE_E_STORE, PAYROUTE_E_STORE_DOUBT, PAYROUTE_E_BUSY,
                                       PAYROUTE_E_NOMEM};
    payroute_engine *e = open_at(shop_store(0), NOON_MS);
    up = e->store->ops;
    prh_store_ops down = *up;
    e->store->ops = &down;
    down.kv_put = put_down;
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        put_rc = failures[i];
        put_calls = 0;
        (void)declined(e, "NEW");
        assert_string_equal(told(e, "attempts.0.state"), "failed");
        assert_string_equal(told(e, "error.name"), "");
        assert_int_equal(put_calls, 1);
    }
    down.kv_put = up->kv_put;
    down.kv_get = get_down;
    (void)declined(e, "NEW");
    assert_string_equal(told(e, "attempts.0.state"), "failed");
    assert_int_equal(payroute_engine_unlisted(e, 1), PAYROUTE_E_STORE);
    down.kv_get = get_rubbish;
    (void)declined(e, "NEW");
    assert_int_equal(payroute_engine_unlisted(e, 1), PAYROUTE_OK);
    assert_int_equal(told_count(e, "unlisted"), 0);
    e->store->ops = up;
    assert_int_equal(payroute_engine_unlisted(e, 1), PAYROUTE_OK);
    assert_int_equal(told_count(e, "unlisted"), 1);
    payroute_engine_close(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counted_by_day),
        cmocka_unit_test(listed_ones_are_not_counted),
        cmocka_unit_test(codes_are_cut_and_masked),
        cmocka_unit_test(so_many_and_no_more),
        cmocka_unit_test(counting_disturbs_no_payment),
        cmocka_unit_test_setup_teardown(answers_of_a_provider, one_channel, drop_box),
    };
    return cmocka_run_group_tests(tests, NULL, shop_clean);
}
