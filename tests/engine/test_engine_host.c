/* The engine with a channel that the host drives itself: everything but the network, on both stores. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "shop.h"

#define BUDGET 5000

static int on_sqlite(void **state)
{
    return *(int *)*state;
}

static void host_card_in_two(void **state)
{
    int64_t id = 0;
    payroute_engine *e = shop_open(custom_config, shop_store(on_sqlite(state)), NULL);
    int64_t before = payroute_engine_transactions(e);
    assert_int_equal(shop_create(e, "o1", "card", BUDGET, &id), PAYROUTE_OK);
    assert_string_equal(told(e, "do.do"), "send");
    assert_string_equal(told(e, "do.channel"), "bank");
    assert_string_equal(told(e, "status"), "pending");
    assert_int_equal(payroute_engine_feed_code(e, id, "paid", NULL, "B1", NULL, BUDGET), PAYROUTE_OK);
    assert_string_equal(told(e, "status"), "paid");
    assert_string_equal(told(e, "do.do"), "");
    assert_string_equal(told(e, "events.0.kind"), "paid");
    assert_int_equal(payroute_engine_transactions(e) - before, 2);
    assert_int_equal(payroute_engine_event_ack(e, "[\"1.1.1\"]", 9), PAYROUTE_OK);
    assert_int_equal(payroute_engine_transactions(e) - before, 3);
    payroute_engine_close(e);
}

static void same_question_until_fed(void **state)
{
    int64_t id = 0;
    payroute_engine *e = shop_open(custom_config, shop_store(on_sqlite(state)), NULL);
    assert_int_equal(shop_create(e, "o1", "card", BUDGET, &id), PAYROUTE_OK);
    int64_t before = payroute_engine_transactions(e);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(i ? payroute_engine_advance(e, id, BUDGET) : payroute_engine_show(e, id),
                         PAYROUTE_OK);
        assert_string_equal(told(e, "do.do"), "send");
        assert_int_equal(told_number(e, "attempts.0.sends"), 1);
    }
    assert_int_equal(payroute_engine_transactions(e), before);
    payroute_engine_close(e);
}

static void create_is_idempotent(void **state)
{
    int64_t id = 0, again = 0;
    payroute_engine *e = shop_open(custom_config, shop_store(on_sqlite(state)), NULL);
    assert_int_equal(shop_create(e, "o1", "card", BUDGET, &id), PAYROUTE_OK);
    assert_int_equal(shop_create(e, "o1", "card", BUDGET, &again), PAYROUTE_OK);
    assert_int_equal(again, id);
    assert_string_equal(told(e, "do.do"), "send");
    assert_int_equal(told_number(e, "attempts.0.sends"), 1);
    assert_int_equal(shop_create_amount(e, "o1", "\"method\":\"card\"", 9999, BUDGET, &again),
                     PAYROUTE_E_CONFLICT);
    assert_string_equal(told(e, "error.name"), "E_CONFLICT");
    assert_int_equal(payroute_engine_find(e, "o1", &again), PAYROUTE_OK);
    assert_int_equal(again, id);
    assert_int_equal(payroute_engine_find(e, "o2", &again), PAYROUTE_E_NOT_FOUND);
    payroute_engine_close(e);
}

static void decline_goes_to_the_next_channel(void **state)
{
    int64_t id = 0;
    payroute_engine *e = shop_open(custom_config, shop_store(on_sqlite(state)), NULL);
    assert_int_equal(shop_create(e, "o1", "card", BUDGET, &id), PAYROUTE_OK);
    assert_int_equal(payroute_engine_feed_code(e, id, "refused_before", NULL, NULL, NULL, BUDGET),
                     PAYROUTE_OK);
    assert_string_equal(told(e, "attempts.0.state"), "failed");
    assert_string_equal(told(e, "do.channel"), "other");
    assert_int_equal(told_number(e, "do.attempt"), 2);
    assert_int_equal(payroute_engine_feed_code(e, id, "paid", NULL, "X", NULL, BUDGET), PAYROUTE_OK);
    assert_string_equal(told(e, "status"), "paid");
    payroute_engine_close(e);
}

static void unknown_starts_nothing_else(void **state)
{
    int64_t id = 0;
    payroute_engine *e = shop_open(custom_config, shop_store(on_sqlite(state)), NULL);
    assert_int_equal(shop_create(e, "o1", "card", BUDGET, &id), PAYROUTE_OK);
    assert_int_equal(payroute_engine_feed_code(e, id, "unknown", NULL, NULL, NULL, 1), PAYROUTE_OK);
    assert_string_equal(told(e, "attempts.0.state"), "unknown");
    assert_string_equal(told(e, "status"), "pending");
    assert_int_equal(told_count(e, "attempts"), 1);
    payroute_engine_close(e);
}

/* The worker that was told to send died: the next one asks first. */
static void dead_worker_is_asked_about(void **state)
{
    (void)state;
    int64_t id = 0;
    char store[128];
    snprintf(store, sizeof store, "%s", shop_store(1));
    pid_t pid = shop_fork();
    if (pid == 0) {
        payroute_engine *e = shop_open(custom_config, store, NULL);
        _exit(shop_create(e, "o1", "card", BUDGET, &id) == PAYROUTE_OK && *told(e, "do.do") ? 0 : 1);
    }
    int status = 1;
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
    payroute_engine *e = shop_open(custom_config, store, NULL);
    assert_int_equal(shop_create(e, "o1", "card", BUDGET, &id), PAYROUTE_OK);
    assert_string_equal(told(e, "do.do"), "query");
    assert_int_equal(told_number(e, "attempts.0.sends"), 1);
    assert_int_equal(payroute_engine_feed_code(e, id, "paid", NULL, "B1", NULL, BUDGET), PAYROUTE_OK);
    assert_string_equal(told(e, "status"), "paid");
    assert_int_equal(told_count(e, "attempts"), 1);
    payroute_engine_close(e);
}

static void refund_is_idempotent(void **state)
{
    int64_t id = 0;
    payroute_engine *e = shop_open(custom_config, shop_store(on_sqlite(state)), NULL);
    assert_int_equal(shop_create(e, "o1", "card", BUDGET, &id), PAYROUTE_OK);
    assert_int_equal(payroute_engine_refund(e, id, "r1", 500, BUDGET), PAYROUTE_E_STATE);
    assert_string_not_equal(told(e, "error.why"), "");
    assert_int_equal(payroute_engine_feed_code(e, id, "paid", NULL, "B1", NULL, BUDGET), PAYROUTE_OK);
    assert_int_equal(payroute_engine_refund(e, id, "r1", 500, BUDGET), PAYROUTE_OK);
    assert_string_equal(told(e, "do.do"), "refund");
    assert_string_equal(told(e, "do.key"), told(e, "actions.0.key"));
    assert_int_equal(payroute_engine_refund(e, id, "r1", 500, BUDGET), PAYROUTE_OK);
    assert_int_equal(told_count(e, "actions"), 1);
    assert_string_equal(told(e, "do.do"), "refund");
    assert_int_equal(payroute_engine_refund(e, id, "r1", 600, BUDGET), PAYROUTE_E_CONFLICT);
    assert_int_equal(payroute_engine_refund(e, id, "r2", 5000, BUDGET), PAYROUTE_E_RANGE);
    assert_int_equal(payroute_engine_feed_code(e, id, "done", NULL, "R1", NULL, BUDGET), PAYROUTE_OK);
    assert_int_equal(told_number(e, "reversed_minor"), 500);
    assert_int_equal(payroute_engine_refund(e, id, "r1", 500, BUDGET), PAYROUTE_OK);
    assert_int_equal(told_count(e, "actions"), 1);
    assert_string_equal(told(e, "do.do"), "");
    payroute_engine_close(e);
}

static void budget_gates_the_start(void **state)
{
    int64_t id = 0;
    payroute_engine *e = shop_open(custom_config, shop_store(on_sqlite(state)), NULL);
    assert_int_equal(shop_create(e, "o1", "card", 0, &id), PAYROUTE_OK);
    assert_string_equal(told(e, "do.do"), "");
    assert_string_equal(told(e, "status"), "open");
    assert_int_equal(told_count(e, "attempts"), 0);
    assert_int_equal(payroute_engine_advance(e, id, 500), PAYROUTE_OK);
    assert_string_equal(told(e, "do.do"), "");
    assert_string_equal(told(e, "out_of_budget"), "true");
    assert_int_equal(payroute_engine_advance(e, id, BUDGET), PAYROUTE_OK);
    assert_string_equal(told(e, "do.do"), "send");
    payroute_engine_close(e);
}

static void cancel_and_resolve(void **state)
{
    int64_t id = 0;
    payroute_engine *e = shop_open(custom_config, shop_store(on_sqlite(state)), NULL);
    assert_int_equal(shop_create(e, "o1", "", 0, &id), PAYROUTE_OK);
    assert_int_equal(payroute_engine_cancel(e, id, BUDGET), PAYROUTE_OK);
    assert_string_equal(told(e, "status"), "cancelled");
    assert_int_equal(shop_create(e, "o2", "card", BUDGET, &id), PAYROUTE_OK);
    assert_int_equal(payroute_engine_feed_code(e, id, "unknown", NULL, NULL, NULL, 1), PAYROUTE_OK);
    assert_int_equal(payroute_engine_resolve(e, id, 1, "perhaps", "ann", "bank letter"), PAYROUTE_E_SCHEMA);
    assert_int_equal(payroute_engine_resolve(e, id, 1, "paid", "ann", "bank letter"), PAYROUTE_OK);
    assert_string_equal(told(e, "status"), "paid");
    assert_int_equal(payroute_engine_cancel(e, id, BUDGET), PAYROUTE_E_STATE);
    payroute_engine_close(e);
}

static void retry_after_a_decline(void **state)
{
    int64_t id = 0;
    payroute_engine *e = shop_open(custom_config, shop_store(on_sqlite(state)), NULL);
    assert_int_equal(shop_create(e, "o1", "card", BUDGET, &id), PAYROUTE_OK);
    assert_int_equal(payroute_engine_retry(e, id, "{}", 2, BUDGET), PAYROUTE_E_STATE);
    assert_int_equal(payroute_engine_feed_code(e, id, "declined", "stolen_card", NULL, NULL, BUDGET),
                     PAYROUTE_OK);
    for (int i = 0; i < 3 && *told(e, "do.do"); i++) {
        assert_int_equal(payroute_engine_feed_code(e, id, "declined", NULL, NULL, NULL, BUDGET), PAYROUTE_OK);
    }
    assert_string_equal(told(e, "status"), "declined");
    assert_int_equal(payroute_engine_capture(e, id, "c1", 100, BUDGET), PAYROUTE_E_STATE);
    assert_int_equal(payroute_engine_advance(e, id + 7, BUDGET), PAYROUTE_E_NOT_FOUND);
    assert_int_equal(payroute_engine_feed_code(e, id, "paid", NULL, NULL, NULL, BUDGET), PAYROUTE_E_STATE);
    payroute_engine_close(e);
}

/* ---- events, lists, hints ---- */

static void events_until_acknowledged(void **state)
{
    int64_t id = 0;
    payroute_engine *e = shop_open(custom_config, shop_store(on_sqlite(state)), NULL);
    for (int i = 0; i < 3; i++) {
        char order[16];
        snprintf(order, sizeof order, "o%d", i);
        assert_int_equal(shop_create(e, order, "card", BUDGET, &id), PAYROUTE_OK);
        assert_int_equal(payroute_engine_feed_code(e, id, "paid", NULL, NULL, NULL, BUDGET), PAYROUTE_OK);
    }
    assert_int_equal(payroute_engine_events(e, 2), PAYROUTE_OK);
    assert_int_equal(told_count(e, "events"), 2);
    assert_string_equal(told(e, "events.0.id"), "1.1.1");
    assert_string_equal(told(e, "events.0.order_id"), "o0");
    static const char *const bad[] = {
        "", "{}", "[1]", "[\"1.1\"]", "[\"1.1.1x\"]", "[\"a.b.c\"]", "[\"99999999999999999999.1.1\"]"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int32_t rc = payroute_engine_event_ack(e, bad[i], strlen(bad[i]));
        assert_true(rc == PAYROUTE_E_SCHEMA || rc == PAYROUTE_E_JSON);
    }
    const char *mixed = "[\"1.1.1\",\"77.1.1\"]";
    assert_int_equal(payroute_engine_event_ack(e, mixed, strlen(mixed)), PAYROUTE_E_NOT_FOUND);
    const char *two = "[\"1.1.1\",\"2.1.1\"]";
    int64_t before = payroute_engine_transactions(e);
    assert_int_equal(payroute_engine_event_ack(e, two, strlen(two)), PAYROUTE_OK);
    assert_int_equal(payroute_engine_event_ack(e, two, strlen(two)), PAYROUTE_OK);
    assert_true(payroute_engine_transactions(e) - before <= 2);
    assert_int_equal(payroute_engine_events(e, 10), PAYROUTE_OK);
    assert_int_equal(told_count(e, "events"), 1);
    assert_int_equal(payroute_engine_events(e, 0), PAYROUTE_E_RANGE);
    payroute_engine_close(e);
}

static void lists_and_hints(void **state)
{
    int64_t id = 0;
    payroute_engine *e = shop_open(custom_config, shop_store(on_sqlite(state)), NULL);
    assert_int_equal(shop_create(e, "o1", "card", BUDGET, &id), PAYROUTE_OK);
    assert_int_equal(shop_create(e, "o2", "", 0, &id), PAYROUTE_OK);
    assert_int_equal(payroute_engine_list(e, NULL, 0), PAYROUTE_OK);
    assert_int_equal(told_count(e, "payments"), 2);
    assert_string_equal(told(e, "payments.1.order_id"), "o2");
    const char *open_ones = "{\"status\":\"open\",\"limit\":5}";
    assert_int_equal(payroute_engine_list(e, open_ones, strlen(open_ones)), PAYROUTE_OK);
    assert_int_equal(told_count(e, "payments"), 1);
    static const char *const bad[] = {"{\"status\":\"lost\"}", "{\"limit\":0}", "{\"what\":1}", "[]",
                                      "{\"after_id\":\"x\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(payroute_engine_list(e, bad[i], strlen(bad[i])), PAYROUTE_E_SCHEMA);
    }
    int64_t before = payroute_engine_transactions(e);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(payroute_engine_client_event(e, 1, 1, "opened"), PAYROUTE_OK);
    }
    assert_int_equal(payroute_engine_transactions(e) - before, 1);
    assert_int_equal(payroute_engine_client_event(e, 1, 9, "opened"), PAYROUTE_E_NOT_FOUND);
    assert_int_equal(payroute_engine_client_event(e, 99, 1, "opened"), PAYROUTE_E_NOT_FOUND);
    assert_int_equal(payroute_engine_client_event(e, 1, 1, "paid"), PAYROUTE_E_SCHEMA);
    payroute_engine_close(e);
}

static void amnesia_refuses_old_orders(void **state)
{
    int64_t id = 0;
    payroute_engine *e = shop_open(custom_config, shop_store(on_sqlite(state)), NULL);
    assert_int_equal(shop_create(e, "known", "", 0, &id), PAYROUTE_OK);
    int64_t now = payroute_engine_now_ms(e);
    char old_order[96], new_order[96];
    snprintf(old_order, sizeof old_order, "\"ordered_at_ms\":%lld", (long long)now - 1);
    snprintf(new_order, sizeof new_order, "\"ordered_at_ms\":%lld", (long long)now + 1);
    assert_int_equal(payroute_engine_restore(e, -1), PAYROUTE_E_RANGE);
    assert_int_equal(payroute_engine_restore(e, now), PAYROUTE_OK);
    assert_int_equal(shop_create_amount(e, "a", old_order, 1250, 0, &id), PAYROUTE_E_AMNESIA);
    assert_int_equal(id, 0);
    assert_int_equal(shop_create_amount(e, "b", "", 1250, 0, &id), PAYROUTE_E_AMNESIA);
    assert_int_equal(shop_create_amount(e, "c", new_order, 1250, 0, &id), PAYROUTE_OK);
    assert_int_equal(shop_create(e, "known", "", 0, &id), PAYROUTE_OK);
    assert_int_equal(payroute_engine_sweep(e, 0), PAYROUTE_OK);
    assert_string_equal(told(e, "amnesia"), "true");
    assert_int_equal(payroute_engine_reconciled(e), PAYROUTE_OK);
    assert_int_equal(shop_create_amount(e, "a", old_order, 1250, 0, &id), PAYROUTE_OK);
    assert_int_equal(payroute_engine_check(e), PAYROUTE_OK);
    payroute_engine_close(e);
}

/* ---- a store that fails ---- */

static payroute_engine *failing(int n, const char *how)
{
    char url[160];
    snprintf(url, sizeof url, "%s?fail=%d&how=%s", shop_store(0), n, how);
    return shop_open(custom_config, url, "\"instance\":\"T\"");
}

static void store_fails_before_the_effect(void **state)
{
    (void)state;
    int64_t id = 0;
    payroute_engine *e = failing(1, "store");
    assert_int_equal(shop_create(e, "o1", "card", BUDGET, &id), PAYROUTE_E_STORE);
    assert_string_equal(told(e, "do.do"), "");
    assert_string_equal(told(e, "error.name"), "E_STORE");
    assert_int_equal(shop_create(e, "o1", "card", BUDGET, &id), PAYROUTE_OK);
    assert_string_equal(told(e, "do.do"), "send");
    payroute_engine_close(e);
}

static void doubtful_commit_is_read_back(void **state)
{
    (void)state;
    static const char *const hows[] = {"lost", "applied"};
    for (int i = 0; i < 2; i++) {
        int64_t id = 0;
        payroute_engine *e = failing(1, hows[i]);
        int32_t rc = shop_create(e, "o1", "card", BUDGET, &id);
        assert_int_equal(rc, i ? PAYROUTE_OK : PAYROUTE_E_STORE);
        assert_string_equal(told(e, "do.do"), i ? "send" : "");
        assert_int_equal(shop_create(e, "o1", "card", BUDGET, &id), PAYROUTE_OK);
        assert_string_equal(told(e, "do.do"), "send");
        assert_int_equal(told_number(e, "attempts.0.sends"), 1);
        payroute_engine_close(e);
    }
}

static void store_fails_after_the_effect(void **state)
{
    (void)state;
    static const char *const hows[] = {"store", "lost", "applied"};
    for (int i = 0; i < 3; i++) {
        int64_t id = 0;
        payroute_engine *e = failing(2, hows[i]);
        assert_int_equal(shop_create(e, "o1", "card", BUDGET, &id), PAYROUTE_OK);
        assert_int_equal(payroute_engine_feed_code(e, id, "paid", NULL, "B1", NULL, BUDGET), PAYROUTE_OK);
        assert_string_equal(told(e, "status"), "paid");
        assert_string_equal(told(e, "events.0.kind"), "paid");
        payroute_engine_close(e);
    }
}

/* ---- processes ---- */

static void child_must_open_its_own(void **state)
{
    (void)state;
    int64_t id = 0;
    char store[128];
    snprintf(store, sizeof store, "%s", shop_store(1));
    payroute_engine *e = shop_open(custom_config, store, NULL);
    assert_int_equal(shop_create(e, "o1", "card", BUDGET, &id), PAYROUTE_OK);
    pid_t pid = shop_fork();
    if (pid == 0) {
        int bad = payroute_engine_advance(e, id, 0) != PAYROUTE_E_FORKED;
        bad |= payroute_engine_sweep(e, 10) != PAYROUTE_E_FORKED;
        bad |= strcmp(told(e, "error.name"), "E_FORKED") != 0;
        payroute_engine_close(e);
        payroute_engine *own = shop_open(custom_config, store, NULL);
        bad |= own == e;
        bad |= payroute_engine_show(own, id) != PAYROUTE_OK;
        bad |= *told(own, "do.do") != '\0'; /* the parent lives and holds the lease */
        bad |= shop_create(own, "o2", "", 0, &id) != PAYROUTE_OK;
        payroute_engine_close(own);
        _exit(bad);
    }
    int status = 1;
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
    assert_int_equal(payroute_engine_feed_code(e, id, "paid", NULL, "B1", NULL, BUDGET), PAYROUTE_OK);
    assert_string_equal(told(e, "status"), "paid");
    payroute_engine_close(e);
}

static void second_open_is_the_first(void **state)
{
    int64_t id = 0;
    char store[128];
    snprintf(store, sizeof store, "%s", shop_store(on_sqlite(state)));
    payroute_engine *first = shop_open(custom_config, store, NULL);
    assert_int_equal(shop_create(first, "o1", "", 0, &id), PAYROUTE_OK);
    int files = open_files();
    for (int i = 0; i < 1000; i++) {
        assert_ptr_equal(shop_open(custom_config, store, NULL), first);
        assert_int_equal(payroute_engine_show(first, id),
                         PAYROUTE_OK); /* a request that dies closes nothing */
    }
    assert_int_equal(open_files(), files);
    payroute_engine *another = shop_open(custom_config, store, "\"instance\":\"B\"");
    assert_ptr_not_equal(another, first);
    payroute_engine_close(another);
    assert_int_equal(open_files(), files);
    for (int i = 0; i < 1001; i++) {
        payroute_engine_close(first);
    }
}

/* A process may end after any call: no lock stays, and the next one goes on. */
static void ends_after_any_call(void **state)
{
    (void)state;
    char store[128];
    snprintf(store, sizeof store, "%s", shop_store(1));
    for (int last = 0; last < 8; last++) {
        pid_t pid = shop_fork();
        if (pid == 0) {
            int64_t id = 0;
            char order[16];
            snprintf(order, sizeof order, "o%d", last);
            payroute_engine *e = shop_open(custom_config, store, NULL);
            for (int step = 0; step <= last; step++) {
                switch (step) {
                case 0:
                    (void)shop_create(e, order, "", 0, &id);
                    break;
                case 1:
                    (void)payroute_engine_advance(e, id, BUDGET);
                    break;
                case 2:
                    (void)shop_create(e, order, "card", BUDGET, &id);
                    break;
                case 3:
                    (void)payroute_engine_feed_code(e, id, "paid", NULL, "B1", NULL, BUDGET);
                    break;
                case 4:
                    (void)payroute_engine_events(e, 10);
                    break;
                case 5:
                    (void)payroute_engine_refund(e, id, "r1", 5, BUDGET);
                    break;
                case 6:
                    (void)payroute_engine_sweep(e, 10);
                    break;
                default:
                    (void)payroute_engine_list(e, NULL, 0);
                    break;
                }
            }
            exit(0);
        }
        waitpid(pid, NULL, 0);
        payroute_engine *e = shop_open(custom_config, store, NULL);
        int64_t id = 0;
        char order[16];
        snprintf(order, sizeof order, "p%d", last);
        assert_int_equal(shop_create(e, order, "", 0, &id), PAYROUTE_OK);
        assert_int_equal(payroute_engine_check(e), PAYROUTE_OK);
        payroute_engine_close(e);
    }
}

/* Many workers create one order at once: one payment, and only one of them is told to send. */
static void many_workers_one_send(void **state)
{
    (void)state;
    char store[128];
    int ends[2];
    snprintf(store, sizeof store, "%s", shop_store(1));
    assert_int_equal(pipe(ends), 0);
    for (int i = 0; i < 6; i++) {
        if (shop_fork() == 0) {
            int64_t id = 0;
            payroute_engine *e = shop_open(custom_config, store, NULL);
            int32_t rc = shop_create(e, "o1", "card", 1500, &id);
            char said[2] = {rc == PAYROUTE_OK ? 'k' : 'e', *told(e, "do.do") == 's' ? 's' : '-'};
            (void)!write(ends[1], said, 2);
            usleep(1800000); /* stays alive, so that nobody takes its lease over */
            _exit(0);
        }
    }
    close(ends[1]);
    char said[2];
    int fine = 0, sends = 0;
    while (read(ends[0], said, 2) == 2) {
        fine += said[0] == 'k';
        sends += said[1] == 's';
    }
    close(ends[0]);
    while (wait(NULL) > 0) {
        continue;
    }
    assert_int_equal(fine, 6);
    assert_int_equal(sends, 1);
    payroute_engine *e = shop_open(custom_config, store, NULL);
    assert_int_equal(payroute_engine_list(e, NULL, 0), PAYROUTE_OK);
    assert_int_equal(told_count(e, "payments"), 1);
    payroute_engine_close(e);
}

int main(void)
{
    static int memory = 0, sqlite = 1;
#define BOTH(name)                                                                                           \
    {#name " (memory)", name, NULL, NULL, &memory},                                                          \
    {                                                                                                        \
        #name " (sqlite)", name, NULL, NULL, &sqlite                                                         \
    }
#define SQLITE(name)                                                                                         \
    {                                                                                                        \
        #name, name, NULL, NULL, &sqlite                                                                     \
    }
    const struct CMUnitTest tests[] = {
        BOTH(host_card_in_two),
        BOTH(same_question_until_fed),
        BOTH(create_is_idempotent),
        BOTH(decline_goes_to_the_next_channel),
        BOTH(unknown_starts_nothing_else),
        SQLITE(dead_worker_is_asked_about),
        BOTH(refund_is_idempotent),
        BOTH(budget_gates_the_start),
        BOTH(cancel_and_resolve),
        BOTH(retry_after_a_decline),
        BOTH(events_until_acknowledged),
        BOTH(lists_and_hints),
        BOTH(amnesia_refuses_old_orders),
        SQLITE(child_must_open_its_own),
        BOTH(second_open_is_the_first),
        SQLITE(ends_after_any_call),
        SQLITE(many_workers_one_send),
        cmocka_unit_test(store_fails_before_the_effect),
        cmocka_unit_test(doubtful_commit_is_read_back),
        cmocka_unit_test(store_fails_after_the_effect),
    };
    return cmocka_run_group_tests_name("engine, driven by the host", tests, NULL, shop_clean);
}
