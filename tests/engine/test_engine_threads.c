/* Several engines of one process, a thread each, on one store and one health file; beside them one engine
   that all threads open, share and close. What the threads did is all there afterwards, once. `make tsan`
   runs it with every file of the library under ThreadSanitizer. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shop.h"

enum { THREADS = 4, ROUNDS = 12, SHARED_ORDERS = 6, BUDGET = 3000, PATIENCE = 2000 };

typedef struct worker {
    pthread_t thread;
    int number;
    const char *store;
    payroute_engine *own;
    int paid, left, shared_busy;
    char wrong[512]; /* cmocka's own checks end only the thread that runs the tests */
} worker;

static pthread_barrier_t all_begin;

static void note_wrong(worker *w, const char *what, int32_t rc, payroute_engine *e)
{
    if (!w->wrong[0]) {
        snprintf(w->wrong, sizeof w->wrong, "thread %d: %s: %d %.300s", w->number, what, (int)rc,
                 e ? payroute_engine_result(e, NULL) : "");
    }
}

/* The same words open the same engine: a space more, and it is another one. */
static payroute_engine *open_with_spaces(worker *w, int spaces)
{
    char options[256], why[256] = "";
    payroute_engine *e = NULL;
    snprintf(options, sizeof options, "{%*s\"store\":\"%s\"}", spaces, "", w->store);
    int32_t rc = payroute_engine_open(&e, custom_config, strlen(custom_config), options, strlen(options), why,
                                      sizeof why);
    for (int i = 0; rc == PAYROUTE_E_BUSY && i < PATIENCE; i++) {
        rc = payroute_engine_open(&e, custom_config, strlen(custom_config), options, strlen(options), why,
                                  sizeof why);
    }
    if (rc != PAYROUTE_OK) {
        note_wrong(w, why, rc, NULL);
    }
    return e;
}

static int32_t create_order(payroute_engine *e, const char *order, int64_t *id)
{
    char spec[256];
    int32_t rc = PAYROUTE_E_BUSY;
    snprintf(
        spec, sizeof spec,
        "{\"order_id\":\"%s\",\"amount_minor\":1250,\"currency\":\"CNY\",\"method\":\"card\",\"issuer\":\"icbc\"}",
        order);
    for (int i = 0; rc == PAYROUTE_E_BUSY && i < PATIENCE; i++) {
        rc = payroute_engine_create(e, spec, strlen(spec), BUDGET, id);
    }
    return rc;
}

static int32_t feed(payroute_engine *e, int64_t id, const char *status)
{
    int32_t rc = PAYROUTE_E_BUSY;
    for (int i = 0; rc == PAYROUTE_E_BUSY && i < PATIENCE; i++) {
        rc = payroute_engine_feed_code(e, id, status, NULL, strcmp(status, "paid") == 0 ? "B1" : NULL, NULL,
                                       BUDGET);
    }
    return rc;
}

/* Paid at once; refused by the first bank and paid at the second; or nobody knows. */
static void own_payment(worker *w, int round)
{
    char order[40];
    int64_t id = 0;
    snprintf(order, sizeof order, "own-%d-%d", w->number, round);
    int32_t rc = create_order(w->own, order, &id);
    if (rc != PAYROUTE_OK || !strstr(payroute_engine_result(w->own, NULL), "\"do\":\"send\"")) {
        note_wrong(w, order, rc, w->own);
        return;
    }
    if (round % 4 == 3) {
        rc = feed(w->own, id, "unknown");
        w->left++;
    } else {
        rc = round % 4 == 2 ? feed(w->own, id, "refused_before") : PAYROUTE_OK;
        rc = rc == PAYROUTE_OK ? feed(w->own, id, "paid") : rc;
        w->paid++;
    }
    if (rc != PAYROUTE_OK) {
        note_wrong(w, order, rc, w->own);
    }
}

static void look_around(worker *w, int round)
{
    static const char request[] = "{\"amount_minor\":5,\"currency\":\"CNY\",\"method\":\"card\"}";
    int32_t rc = payroute_engine_health(w->own);
    rc = rc == PAYROUTE_OK ? payroute_engine_route(w->own, request, sizeof request - 1, round) : rc;
    if (rc != PAYROUTE_OK) {
        note_wrong(w, "health or route", rc, w->own);
    }
    rc = round % 3 == 0 ? payroute_engine_sweep(w->own, 5) : payroute_engine_events(w->own, 20);
    if (rc != PAYROUTE_OK && rc != PAYROUTE_E_BUSY) {
        note_wrong(w, "sweep or events", rc, w->own);
    }
}

/* The last one to close it frees it, while others may be opening it. */
static void through_the_shared_one(worker *w, int round)
{
    char order[40];
    int64_t id = 0;
    payroute_engine *e = open_with_spaces(w, 0);
    if (!e) {
        return;
    }
    snprintf(order, sizeof order, "shared-%d", round % SHARED_ORDERS);
    char spec[160];
    snprintf(spec, sizeof spec,
             "{\"order_id\":\"%s\",\"amount_minor\":700,\"currency\":\"CNY\",\"method\":\"card\"}", order);
    int32_t rc = payroute_engine_create(e, spec, strlen(spec), BUDGET, &id);
    w->shared_busy += rc == PAYROUTE_E_BUSY;
    if (rc != PAYROUTE_OK && rc != PAYROUTE_E_BUSY) {
        note_wrong(w, order, rc, NULL); /* its result may be another thread's by now */
    }
    payroute_engine_close(e);
}

static void *work(void *arg)
{
    worker *w = arg;
    pthread_barrier_wait(&all_begin);
    w->own = open_with_spaces(w, 1 + w->number);
    for (int round = 0; w->own && round < ROUNDS && !w->wrong[0]; round++) {
        own_payment(w, round);
        look_around(w, round);
        through_the_shared_one(w, round);
    }
    payroute_engine_close(w->own);
    return NULL;
}

static int count_of(const char *text, const char *word)
{
    int n = 0;
    for (const char *at = text; (at = strstr(at, word)) != NULL; at += strlen(word)) {
        n++;
    }
    return n;
}

static void engines_of_one_process(void **state)
{
    char store[128];
    static worker workers[THREADS];
    int paid = 0, left = 0;
    (void)state;
    snprintf(store, sizeof store, "%s", shop_store(1));
    assert_int_equal(pthread_barrier_init(&all_begin, NULL, THREADS), 0);
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (worker){.number = i, .store = store};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
        paid += workers[i].paid;
        left += workers[i].left;
    }
    for (int i = 0; i < THREADS; i++) {
        if (workers[i].wrong[0]) {
            fail_msg("%s", workers[i].wrong);
        }
    }
    pthread_barrier_destroy(&all_begin);
    payroute_engine *e = shop_open(custom_config, store, NULL);
    assert_int_equal(payroute_engine_check(e), PAYROUTE_OK);
    assert_int_equal(payroute_engine_list(e, "{\"limit\":1000}", 14), PAYROUTE_OK);
    const char *list = payroute_engine_result(e, NULL);
    assert_int_equal(count_of(list, "\"own-"), THREADS * ROUNDS);
    assert_in_range(count_of(list, "\"shared-"), 1, SHARED_ORDERS); /* one each, however many asked for it */
    assert_int_equal(count_of(list, "\"paid\""), paid);
    assert_int_equal(paid + left, THREADS * ROUNDS);
    assert_int_equal(payroute_engine_health(e), PAYROUTE_OK);
    assert_string_equal(told(e, "shared"), "true");
    assert_true(told_number(e, "channels.0.evidence") > 0);
    payroute_engine_close(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(engines_of_one_process)};
    return cmocka_run_group_tests_name("engines in threads", tests, NULL, shop_clean);
}
