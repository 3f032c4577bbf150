/* Opening, closing and keeping an engine: what is refused and in which words, clocks, one name for one
 * installation, restored stores. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/engine.h"
#include "shop.h"

static int32_t try_open(const char *config, const char *options, char *why, size_t cap)
{
    payroute_engine *e = NULL;
    int32_t rc = payroute_engine_open(&e, config, strlen(config), options, strlen(options), why, cap);
    assert_true((rc == PAYROUTE_OK) == (e != NULL));
    payroute_engine_close(e);
    return rc;
}

static void refused_options(void **state)
{
    (void)state;
    static const struct {
        const char *options;
        int32_t rc;
        const char *names;
    } cases[] = {
        {"", PAYROUTE_E_JSON, ""},
        {"[]", PAYROUTE_E_SCHEMA, "object"},
        {"{}", PAYROUTE_E_SCHEMA, "options.store"},
        {"{\"store\":1}", PAYROUTE_E_SCHEMA, "options.store"},
        {"{\"store\":\"memory:x\",\"stor\":1}", PAYROUTE_E_SCHEMA, "\"stor\""},
        {"{\"store\":\"redis:x\"}", PAYROUTE_E_UNSUPPORTED, "redis"},
        {"{\"store\":\"memory:x\",\"store\":\"memory:y\"}", PAYROUTE_E_JSON, ""},
        {"{\"store\":\"sqlite:/nonexistent/folder/x.db\"}", PAYROUTE_E_STORE, ""},
        {"{\"store\":\"memory:x\",\"instance\":\"\"}", PAYROUTE_E_SCHEMA, "instance"},
        {"{\"store\":\"memory:x\",\"instance\":\"a b\"}", PAYROUTE_E_SCHEMA, "instance"},
        {"{\"store\":\"memory:x\",\"instance\":\"123456789012345678901234567890123\"}", PAYROUTE_E_SCHEMA,
         "instance"},
        {"{\"store\":\"memory:x\",\"clock\":{}}", PAYROUTE_E_SCHEMA, "base_ms"},
        {"{\"store\":\"memory:x\",\"clock\":{\"base_ms\":-1}}", PAYROUTE_E_SCHEMA, "base_ms"},
        {"{\"store\":\"memory:x\",\"clock\":{\"base_ms\":1,\"rate\":1.5}}", PAYROUTE_E_SCHEMA, "rate"},
        {"{\"store\":\"memory:x\",\"clock\":{\"base_ms\":1,\"speed\":1}}", PAYROUTE_E_SCHEMA, "speed"},
        {"{\"store\":\"memory:x\",\"state_dir\":7}", PAYROUTE_E_SCHEMA, "state_dir"},
        {"{\"store\":\"memory:x\",\"catalog\":{\"a\":1}}", PAYROUTE_E_SCHEMA, ""},
    };
    int files = open_files();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char why[512] = "";
        int32_t rc = try_open(custom_config, cases[i].options, why, sizeof why);
        if (rc != cases[i].rc || !strstr(why, cases[i].names)) {
            fail_msg("%s: %s \"%s\"", cases[i].options, payroute_rc_name(rc), why);
        }
    }
    char why[512];
    assert_int_equal(try_open("{", "{\"store\":\"memory:x\"}", why, sizeof why), PAYROUTE_E_JSON);
    assert_int_equal(
        try_open("{\"schema\":1,\"channels\":[{}]}", "{\"store\":\"memory:x\"}", why, sizeof why),
        PAYROUTE_E_SCHEMA);
    assert_int_equal(payroute_engine_open(NULL, "", 0, "", 0, NULL, 0), PAYROUTE_E_ARG);
    assert_int_equal(open_files(), files);
}

static void null_is_refused_everywhere(void **state)
{
    (void)state;
    int64_t id = 0;
    assert_int_equal(payroute_engine_create(NULL, "{}", 2, 0, &id), PAYROUTE_E_ARG);
    assert_int_equal(payroute_engine_advance(NULL, 1, 0), PAYROUTE_E_ARG);
    assert_int_equal(payroute_engine_sweep(NULL, 0), PAYROUTE_E_ARG);
    assert_int_equal(payroute_engine_notify(NULL, "", "", "", 0, "", 0, "", 0), PAYROUTE_E_ARG);
    assert_int_equal(payroute_engine_transactions(NULL), PAYROUTE_E_ARG);
    assert_int_equal(payroute_engine_now_ms(NULL), PAYROUTE_E_ARG);
    assert_string_equal(payroute_engine_result(NULL, NULL), "{}");
    payroute_engine_close(NULL);
    payroute_engine *e = shop_open(custom_config, shop_store(0), NULL);
    size_t len = 0;
    assert_string_equal(payroute_engine_result(e, &len), "{}");
    assert_int_equal(len, 2);
    assert_int_equal(payroute_engine_create(e, NULL, 0, 0, NULL), PAYROUTE_E_ARG);
    assert_int_equal(payroute_engine_find(e, NULL, &id), PAYROUTE_E_ARG);
    assert_int_equal(payroute_engine_event_ack(e, NULL, 0), PAYROUTE_E_ARG);
    assert_int_equal(payroute_engine_backup(e, NULL), PAYROUTE_E_ARG);
    assert_int_equal(payroute_engine_client_event(e, 1, 1, NULL), PAYROUTE_E_SCHEMA);
    payroute_engine_close(e);
}

static void refused_specs(void **state)
{
    (void)state;
    static const struct {
        const char *spec;
        int32_t rc;
        const char *names;
    } cases[] = {
        {"", PAYROUTE_E_JSON, ""},
        {"{\"order_id\":\"a\",\"order_id\":\"b\"}", PAYROUTE_E_JSON, ""},
        {"{\"amount_minor\":1,\"currency\":\"CNY\"}", PAYROUTE_E_SCHEMA, "order_id"},
        {"{\"order_id\":\"a\",\"amount_minor\":1.5,\"currency\":\"CNY\"}", PAYROUTE_E_SCHEMA, "amount_minor"},
        {"{\"order_id\":\"a\",\"amount_minor\":-5,\"currency\":\"CNY\"}", PAYROUTE_E_SCHEMA, "amount_minor"},
        {"{\"order_id\":\"a\",\"amount_minor\":1e3,\"currency\":\"CNY\"}", PAYROUTE_E_SCHEMA, "amount_minor"},
        {"{\"order_id\":\"a\",\"amount_minor\":5,\"currency\":\"RMB\"}", PAYROUTE_E_NOT_FOUND, "currency"},
        {"{\"order_id\":\"a\",\"amount_minor\":5,\"currency\":\"CNY\",\"colour\":1}", PAYROUTE_E_SCHEMA,
         "colour"},
    };
    payroute_engine *e = shop_open(custom_config, shop_store(0), NULL);
    int64_t before = payroute_engine_transactions(e);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t id = 7;
        int32_t rc = payroute_engine_create(e, cases[i].spec, strlen(cases[i].spec), 5000, &id);
        if (rc != cases[i].rc || id != 0 || !strstr(told(e, "error.why"), cases[i].names)) {
            fail_msg("%s: %s %s", cases[i].spec, payroute_rc_name(rc), payroute_engine_result(e, NULL));
        }
    }
    assert_int_equal(payroute_engine_transactions(e), before);
    payroute_engine_close(e);
}

static void clocks(void **state)
{
    (void)state;
    static const char remote[] =
        "{\"schema\":1,\"channels\":[{\"id\":\"far\",\"provider\":\"custom\",\"base_url\":\"https://pay.example.com/\","
        "\"methods\":[{\"method\":\"card\",\"flows\":[\"direct\"]}],\"currencies\":[\"CNY\"]}]}";
    char why[512] = "";
    const char *options = "{\"store\":\"memory:c\",\"clock\":{\"base_ms\":1790000000000,\"rate\":0}}";
    assert_int_equal(try_open(remote, options, why, sizeof why), PAYROUTE_E_CLOCK);
    assert_non_null(strstr(why, "far"));
    payroute_engine *e =
        shop_open(custom_config, shop_store(0), "\"clock\":{\"base_ms\":1790000000000,\"rate\":0}");
    assert_int_equal(payroute_engine_now_ms(e), INT64_C(1790000000000));
    assert_int_equal(payroute_engine_clock_step(e, 5), PAYROUTE_OK);
    assert_int_equal(payroute_engine_now_ms(e), INT64_C(1790000000005));
    assert_int_equal(payroute_engine_clock_step(e, -6), PAYROUTE_OK);
    assert_int_equal(told_number(e, "now_ms"), INT64_C(1789999999999));
    assert_int_equal(payroute_engine_clock_step(e, INT64_MAX), PAYROUTE_E_RANGE);
    payroute_engine_close(e);
    e = shop_open(custom_config, shop_store(0), NULL);
    assert_int_equal(payroute_engine_clock_step(e, 5), PAYROUTE_E_CLOCK);
    payroute_engine_close(e);
}

/* Processes that open a new store at the same moment agree on its name, or one order could be two payments.
 */
static void one_name_for_one_store(void **state)
{
    (void)state;
    char store[128];
    char names[8][40] = {{0}};
    int ends[2];
    snprintf(store, sizeof store, "%s", shop_store(1));
    assert_int_equal(pipe(ends), 0);
    for (int i = 0; i < 8; i++) {
        if (shop_fork() == 0) {
            char name[40] = {0};
            payroute_engine *e = shop_open(custom_config, store, NULL);
            (void)payroute_engine_check(e);
            snprintf(name, sizeof name, "%s", told(e, "instance"));
            (void)!write(ends[1], name, sizeof name);
            _exit(0);
        }
    }
    for (int i = 0; i < 8; i++) {
        assert_int_equal(read(ends[0], names[i], sizeof names[i]), sizeof names[i]);
        assert_true(strlen(names[i]) == 10);
        assert_string_equal(names[i], names[0]);
    }
    close(ends[0]);
    close(ends[1]);
    while (wait(NULL) > 0) {
        continue;
    }
}

typedef struct knocker {
    payroute_engine *engine;
    int64_t id;
    int fine, busy, other;
} knocker;

static void *knock(void *arg)
{
    knocker *k = arg;
    for (int i = 0; i < 10000000 && k->fine < 200; i++) {
        int32_t rc = payroute_engine_show(k->engine, k->id);
        k->fine += rc == PAYROUTE_OK;
        k->busy += rc == PAYROUTE_E_BUSY;
        k->other += rc != PAYROUTE_OK && rc != PAYROUTE_E_BUSY;
    }
    return NULL;
}

/* Two threads on one engine: one is told so, nothing breaks. */
static void second_thread_is_told(void **state)
{
    (void)state;
    pthread_t threads[2];
    int64_t id = 0;
    payroute_engine *e = shop_open(custom_config, shop_store(0), NULL);
    assert_int_equal(shop_create(e, "o1", "", 0, &id), PAYROUTE_OK);
    knocker knockers[2] = {{.engine = e, .id = id}, {.engine = e, .id = id}};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, knock, &knockers[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(knockers[i].other, 0);
        assert_int_equal(knockers[i].fine, 200);
    }
    payroute_engine_close(e);
}

/* ---- a store that is down for a while ---- */

static int32_t save_down(prh_store *store, const payroute_save_set *set, int64_t *payment_id)
{
    (void)store, (void)set, (void)payment_id;
    return PAYROUTE_E_STORE;
}

/* What a provider said while the store was down is not told to the shop, not forgotten, and stored by the
 * next call that can. */
static void news_wait_for_the_store(void **state)
{
    (void)state;
    int64_t id = 0;
    payroute_engine *e = shop_open(custom_config, shop_store(0), NULL);
    assert_int_equal(shop_create(e, "o1", "card", 5000, &id), PAYROUTE_OK);
    const prh_store_ops *up = e->store->ops;
    prh_store_ops down = *up;
    down.save = save_down;
    e->store->ops = &down;
    assert_int_equal(payroute_engine_feed_code(e, id, "paid", NULL, "B1", NULL, 5000), PAYROUTE_E_STORE);
    assert_string_equal(told(e, "status"), "pending");
    assert_string_equal(told(e, "error.name"), "E_STORE");
    assert_int_equal(payroute_engine_advance(e, id, 5000), PAYROUTE_E_STORE);
    assert_string_equal(told(e, "status"), "pending");
    assert_int_equal(payroute_engine_events(e, 10), PAYROUTE_OK);
    assert_int_equal(told_count(e, "events"), 0);
    assert_int_equal(shop_create(e, "o2", "card", 5000, &id), PAYROUTE_E_STORE);
    assert_int_equal(id, 0);
    e->store->ops = up;
    assert_int_equal(shop_create(e, "o1", "card", 5000, &id), PAYROUTE_OK);
    assert_string_equal(told(e, "status"), "paid");
    assert_string_equal(told(e, "do.do"), "");
    assert_string_equal(told(e, "events.0.kind"), "paid");
    payroute_engine_close(e);
}

/* ---- restored stores ---- */

static void copy_file(const char *from, const char *to)
{
    char command[512];
    snprintf(command, sizeof command, "cp '%s' '%s'", from, to);
    assert_int_equal(system(command), 0);
}

static void restored_store_is_noticed(void **state)
{
    (void)state;
    char store[128], more[128], saved[160], order[128];
    int64_t id = 0;
    snprintf(store, sizeof store, "%s", shop_store(1));
    snprintf(more, sizeof more, "\"state_dir\":\"%s/state\"", shop_dir());
    snprintf(saved, sizeof saved, "%s.saved", store + 7);
    char folder[128];
    snprintf(folder, sizeof folder, "%s/state", shop_dir());
    assert_int_equal(mkdir(folder, 0700), 0);

    payroute_engine *e = shop_open(custom_config, store, more);
    assert_int_equal(shop_create(e, "o1", "", 0, &id), PAYROUTE_OK);
    payroute_engine_close(e);
    copy_file(store + 7, saved); /* the nightly backup */
    e = shop_open(custom_config, store, more);
    assert_int_equal(shop_create(e, "o2", "card", 5000, &id), PAYROUTE_OK);
    assert_int_equal(payroute_engine_check(e), PAYROUTE_OK);
    assert_string_equal(told(e, "amnesia"), "false");
    payroute_engine_close(e);
    copy_file(saved, store + 7); /* restored by somebody who told nobody */

    e = shop_open(custom_config, store, more);
    assert_int_equal(payroute_engine_check(e), PAYROUTE_OK);
    assert_string_equal(told(e, "amnesia"), "true");
    snprintf(order, sizeof order, "\"method\":\"card\",\"ordered_at_ms\":%lld",
             (long long)payroute_engine_now_ms(e) - 60000);
    assert_int_equal(shop_create_amount(e, "o2", order, 1250, 5000, &id), PAYROUTE_E_AMNESIA);
    payroute_engine_close(e);
    e = shop_open(custom_config, store, more); /* it stays until a person has looked */
    assert_int_equal(shop_create_amount(e, "o2", order, 1250, 5000, &id), PAYROUTE_E_AMNESIA);
    assert_int_equal(payroute_engine_reconciled(e), PAYROUTE_OK);
    assert_int_equal(shop_create_amount(e, "o2", order, 1250, 5000, &id), PAYROUTE_OK);
    payroute_engine_close(e);
}

static void backup_can_be_opened(void **state)
{
    (void)state;
    char store[128], path[160], url[192];
    int64_t id = 0;
    snprintf(store, sizeof store, "%s", shop_store(1));
    payroute_engine *e = shop_open(custom_config, store, NULL);
    assert_int_equal(shop_create(e, "o1", "", 0, &id), PAYROUTE_OK);
    snprintf(path, sizeof path, "%s/copy.db", shop_dir());
    assert_int_equal(payroute_engine_backup(e, path), PAYROUTE_OK);
    payroute_engine_close(e);
    snprintf(url, sizeof url, "sqlite:%s", path);
    e = shop_open(custom_config, url, NULL);
    assert_int_equal(payroute_engine_find(e, "o1", &id), PAYROUTE_OK);
    payroute_engine_close(e);
    e = shop_open(custom_config, shop_store(0), NULL);
    assert_int_equal(payroute_engine_backup(e, path), PAYROUTE_E_UNSUPPORTED);
    payroute_engine_close(e);
}

/* Another process declares the restore: a worker that runs for weeks must not go on as before. */
static void restore_reaches_running_workers(void **state)
{
    (void)state;
    char store[128];
    int64_t id = 0;
    snprintf(store, sizeof store, "%s", shop_store(1));
    payroute_engine *e = shop_open(custom_config, store, NULL);
    assert_int_equal(shop_create(e, "o1", "", 0, &id), PAYROUTE_OK);
    if (shop_fork() == 0) {
        payroute_engine *own = shop_open(custom_config, store, NULL);
        _exit(payroute_engine_restore(own, payroute_engine_now_ms(own)) != PAYROUTE_OK);
    }
    int status = 1;
    wait(&status);
    assert_int_equal(status, 0);
    assert_int_equal(shop_create(e, "o2", "", 0, &id), PAYROUTE_E_AMNESIA);
    payroute_engine_close(e);
}

/* Its rows wake a month from now; the sweep must not wait for that. */
static void a_clock_that_was_ahead_puts_nothing_to_sleep(void **state)
{
    (void)state;
    const int64_t month = 30LL * 86400000;
    int64_t id = 0;
    payroute_engine *e =
        shop_open(custom_config, shop_store(1), "\"clock\":{\"base_ms\":1790000000000,\"rate\":0}");
    assert_int_equal(payroute_engine_clock_step(e, month), PAYROUTE_OK);
    assert_int_equal(shop_create(e, "o1", "card", 20000, &id), PAYROUTE_OK);
    assert_int_equal(payroute_engine_feed_code(e, id, "unknown", NULL, NULL, NULL, 20000), PAYROUTE_OK);
    assert_int_equal(payroute_engine_sweep(e, 20000), PAYROUTE_OK);
    assert_int_equal(payroute_engine_clock_step(e, 10000 - month), PAYROUTE_OK);
    assert_int_equal(payroute_engine_sweep(e, 20000), PAYROUTE_OK);
    assert_int_equal(told_number(e, "done"), 1);
    assert_int_equal(payroute_engine_show(e, id), PAYROUTE_OK);
    assert_true(told_number(e, "wake_ms") - payroute_engine_now_ms(e) <= 60000);
    payroute_engine_close(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_that_was_ahead_puts_nothing_to_sleep),
        cmocka_unit_test(refused_options),         cmocka_unit_test(null_is_refused_everywhere),
        cmocka_unit_test(refused_specs),           cmocka_unit_test(clocks),
        cmocka_unit_test(one_name_for_one_store),  cmocka_unit_test(second_thread_is_told),
        cmocka_unit_test(news_wait_for_the_store), cmocka_unit_test(restored_store_is_noticed),
        cmocka_unit_test(backup_can_be_opened),    cmocka_unit_test(restore_reaches_running_workers),
    };
    return cmocka_run_group_tests_name("engine, its opening and its care", tests, NULL, shop_clean);
}
