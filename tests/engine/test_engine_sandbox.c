/* The engine against the sandbox, over HTTP: normal payments with their transactions counted, each fault at
   each step, notifications, and what two processes do to each other. At the end of every story the providers'
   books are compared with the shop's. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "story.h"

/* ---- normal payments ---- */

static void qr_in_three(void **state)
{
    int sqlite = *(int *)*state;
    int64_t id = 0;
    struct letter letter;
    payroute_engine *e = open_virtual(sqlite);
    int64_t before = payroute_engine_transactions(e);
    assert_int_equal(shop_create(e, "o1", "alipay", BUDGET, &id), PAYROUTE_OK);
    assert_string_equal(told(e, "attempts.0.state"), "waiting");
    assert_string_equal(told(e, "show.kind"), "qr");
    assert_int_equal(payroute_engine_transactions(e) - before, 2);
    customer(told(e, "attempts.0.reference"), "scan");
    assert_int_equal(shop_create(e, "o1", "alipay", BUDGET, &id),
                     PAYROUTE_OK); /* a double click: the same code */
    customer(told(e, "attempts.0.reference"), "pay");
    assert_true(take_letter(&box, &letter));
    assert_int_equal(bring_letter(e, &letter), PAYROUTE_OK);
    assert_string_equal(told(e, "ack.body"), "success");
    assert_string_equal(told(e, "events.0.kind"), "paid");
    assert_int_equal(payroute_engine_transactions(e) - before, 3);
    assert_int_equal(bring_letter(e, &letter), PAYROUTE_OK); /* a duplicate */
    assert_string_equal(told(e, "ack.body"), "success");
    assert_string_equal(told(e, "changed"), "false");
    assert_int_equal(payroute_engine_show(e, id), PAYROUTE_OK);
    assert_string_equal(told(e, "status"), "paid");
    assert_int_equal(told_count(e, "events"), 1);
    assert_int_equal(payroute_engine_transactions(e) - before, 3);
    payroute_engine_close(e);
}

static void card_in_three(void **state)
{
    int64_t id = 0;
    struct letter letter;
    payroute_engine *e = open_virtual(*(int *)*state);
    int64_t before = payroute_engine_transactions(e);
    assert_int_equal(shop_create(e, "o1", "card", BUDGET, &id), PAYROUTE_OK);
    assert_string_equal(told(e, "status"), "paid");
    assert_int_equal(payroute_engine_transactions(e) - before, 3);
    while (take_letter(&box, &letter)) { /* the webhooks tell nothing new */
        assert_int_equal(bring_letter(e, &letter), PAYROUTE_OK);
        assert_string_equal(told(e, "changed"), "false");
    }
    assert_int_equal(payroute_engine_transactions(e) - before, 3);
    assert_int_equal(payroute_engine_refund(e, id, "r1", 250, BUDGET), PAYROUTE_OK);
    assert_int_equal(told_number(e, "reversed_minor"), 250);
    assert_int_equal(payroute_engine_transactions(e) - before, 5);
    payroute_engine_close(e);
}

/* A kept-alive connection that executes and hangs up: the money request runs once. */
static void executed_once_on_the_wire(void **state)
{
    int64_t id = 0;
    payroute_engine *e = open_virtual(*(int *)*state);
    assert_int_equal(shop_create(e, "o1", "card", BUDGET, &id), PAYROUTE_OK);
    strike("card-main", "confirm", "drop_after", "");
    assert_int_equal(shop_create(e, "o2", "card", BUDGET, &id), PAYROUTE_OK);
    settle(e, id);
    assert_string_equal(told(e, "status"), "paid");
    assert_int_equal(sandbox_books(&box, "totals.double"), 0);
    assert_int_equal(sandbox_books(&box, "totals.captured_minor"), 2500);
    payroute_engine_close(e);
}

/* ---- notifications ---- */

static void forged_and_foreign_letters(void **state)
{
    static const char *const kinds[] = {"bad_signature", "foreign_app", "wrong_seller"};
    int64_t id = 0;
    payroute_engine *e = open_virtual(*(int *)*state);
    assert_int_equal(shop_create(e, "o1", "alipay", BUDGET, &id), PAYROUTE_OK);
    char reference[64], body[256];
    struct letter letter;
    snprintf(reference, sizeof reference, "%s", told(e, "attempts.0.reference"));
    customer(reference, "scan");
    int64_t before = payroute_engine_transactions(e);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        snprintf(body, sizeof body, "{\"account\":\"ali-main\",\"reference\":\"%s\",\"kind\":\"%s\"}",
                 reference, kinds[i]);
        (void)sandbox_call(&box, "POST", "/_forge", body);
        assert_true(take_letter(&box, &letter));
        int32_t rc = bring_letter(e, &letter);
        assert_true(rc == PAYROUTE_E_SIGNATURE || rc == PAYROUTE_E_FOREIGN);
        assert_string_not_equal(told(e, "ack.body"), "success");
        assert_true(told_number(e, "ack.status") >= 400 || strcmp(told(e, "ack.body"), "fail") == 0);
    }
    assert_int_equal(payroute_engine_transactions(e), before);
    snprintf(body, sizeof body,
             "{\"account\":\"ali-main\",\"reference\":\"%s\",\"kind\":\"unknown_reference\"}", reference);
    (void)sandbox_call(&box, "POST", "/_forge", body);
    assert_true(take_letter(&box, &letter));
    assert_int_equal(bring_letter(e, &letter), PAYROUTE_OK);
    assert_string_equal(told(e, "orphan"), "true");
    assert_string_equal(told(e, "ack.body"), "success");
    assert_int_equal(payroute_engine_notify(e, "nowhere", "POST", "", 0, "", 0, "a=b", 3),
                     PAYROUTE_E_NOT_FOUND);
    assert_int_equal(payroute_engine_sweep(e, 0), PAYROUTE_OK);
    assert_int_equal(told_number(e, "orphans"), 1);
    assert_int_equal(told_number(e, "counts.refused_notices"), 4);
    payroute_engine_close(e);
}

/* The notification comes while another process still waits for the answer of the confirm. */
static void letter_during_advance(void **state)
{
    (void)state;
    char store[128];
    int64_t id = 0;
    int status = 1;
    snprintf(store, sizeof store, "%s", shop_store(1));
    payroute_engine *e = shop_open(box.config, store, NULL);
    strike("card-main", "confirm", "stall", "\"delay_ms\":700");
    pid_t pid = shop_fork();
    if (pid == 0) {
        payroute_engine *own = shop_open(box.config, store, NULL);
        int32_t rc = shop_create(own, "o1", "card", BUDGET, &id);
        _exit(rc != PAYROUTE_OK || strcmp(told(own, "status"), "paid") != 0 ||
              told_count(own, "events") != 1);
    }
    struct letter letter;
    int brought = 0;
    for (int i = 0; i < 400 && !brought; i++) {
        while (take_letter(&box, &letter)) {
            assert_int_equal(bring_letter(e, &letter), PAYROUTE_OK);
            brought |= strcmp(told(e, "status"), "paid") == 0;
        }
        usleep(5000);
    }
    assert_true(brought);
    assert_int_equal(waitpid(pid, &status, WNOHANG), 0); /* it still waits */
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
    assert_int_equal(payroute_engine_events(e, 10), PAYROUTE_OK);
    assert_int_equal(told_count(e, "events"), 1);
    assert_int_equal(sandbox_books(&box, "totals.captured_minor"), 1250);
    payroute_engine_close(e);
}

/* The same notification eight times at once, in eight processes: one fact, one event, eight acknowledgements.
 */
static void eight_letters_at_once(void **state)
{
    (void)state;
    char store[128];
    int64_t id = 0;
    struct letter letter;
    snprintf(store, sizeof store, "%s", shop_store(1));
    payroute_engine *e = shop_open(box.config, store, NULL);
    assert_int_equal(shop_create(e, "o1", "alipay", BUDGET, &id), PAYROUTE_OK);
    customer(told(e, "attempts.0.reference"), "pay");
    assert_true(take_letter(&box, &letter));
    int64_t before = payroute_engine_transactions(e);
    for (int i = 0; i < 8; i++) {
        if (shop_fork() == 0) {
            payroute_engine *own = shop_open(box.config, store, NULL);
            int32_t rc = bring_letter(own, &letter);
            _exit(rc != PAYROUTE_OK || strcmp(told(own, "ack.body"), "success") != 0);
        }
    }
    for (int i = 0; i < 8; i++) {
        int status = 1;
        wait(&status);
        assert_int_equal(status, 0);
    }
    assert_int_equal(payroute_engine_transactions(e), before);
    assert_int_equal(payroute_engine_events(e, 10), PAYROUTE_OK);
    assert_int_equal(told_count(e, "events"), 1);
    assert_int_equal(payroute_engine_show(e, id), PAYROUTE_OK);
    assert_string_equal(told(e, "status"), "paid");
    assert_int_equal(payroute_engine_check(e), PAYROUTE_OK);
    payroute_engine_close(e);
}

/* ---- processes ---- */

static void two_workers_one_charge(void **state)
{
    (void)state;
    char store[128];
    snprintf(store, sizeof store, "%s", shop_store(1));
    for (int i = 0; i < 4; i++) {
        if (shop_fork() == 0) {
            int64_t id = 0;
            payroute_engine *own = shop_open(box.config, store, NULL);
            int32_t rc = shop_create(own, "o1", "card", BUDGET, &id);
            _exit(rc != PAYROUTE_OK || strcmp(told(own, "status"), "paid") != 0);
        }
    }
    for (int i = 0; i < 4; i++) {
        int status = 1;
        wait(&status);
        assert_int_equal(status, 0); /* the ones who came second waited and saw it paid */
    }
    assert_int_equal(sandbox_books(&box, "totals.captured_minor"), 1250);
    assert_int_equal(sandbox_books(&box, "totals.double"), 0);
}

/* Killed while the provider works: the next process asks, and charges nobody twice. */
static void killed_between_charge_and_answer(void **state)
{
    (void)state;
    char store[128];
    int64_t id = 0;
    snprintf(store, sizeof store, "%s", shop_store(1));
    strike("card-main", "confirm", "stall", "");
    pid_t pid = shop_fork();
    if (pid == 0) {
        payroute_engine *own = shop_open(box.config, store, NULL);
        (void)shop_create(own, "o1", "card", BUDGET, &id);
        _exit(0);
    }
    for (int i = 0; i < 400 && sandbox_books(&box, "totals.captured_minor") < 1250; i++) {
        usleep(5000);
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    payroute_engine *e = shop_open(box.config, store, NULL);
    assert_int_equal(shop_create(e, "o1", "card", BUDGET, &id), PAYROUTE_OK);
    assert_string_equal(told(e, "status"), "paid");
    assert_int_equal(told_count(e, "events"), 1);
    assert_int_equal(sandbox_books(&box, "totals.captured_minor"), 1250);
    assert_int_equal(sandbox_books(&box, "totals.double"), 0);
    payroute_engine_close(e);
}

/* Killed between our commit and the shop's delivery: the event comes again, once. */
static void killed_before_delivery(void **state)
{
    (void)state;
    char store[128];
    int64_t id = 0;
    snprintf(store, sizeof store, "%s", shop_store(1));
    pid_t pid = shop_fork();
    if (pid == 0) {
        payroute_engine *own = shop_open(box.config, store, NULL);
        (void)shop_create(own, "o1", "card", BUDGET, &id);
        kill(getpid(), SIGKILL);
    }
    waitpid(pid, NULL, 0);
    payroute_engine *e = shop_open(box.config, store, NULL);
    assert_int_equal(payroute_engine_events(e, 10), PAYROUTE_OK);
    assert_int_equal(told_count(e, "events"), 1);
    char ids[64];
    int len = snprintf(ids, sizeof ids, "[\"%s\"]", told(e, "events.0.id"));
    assert_int_equal(payroute_engine_event_ack(e, ids, (size_t)len), PAYROUTE_OK);
    assert_int_equal(payroute_engine_events(e, 10), PAYROUTE_OK);
    assert_int_equal(told_count(e, "events"), 0);
    payroute_engine_close(e);
}

/* ---- switching ---- */

static void switch_closes_first(void **state)
{
    int64_t id = 0;
    payroute_engine *e = open_virtual(*(int *)*state);
    assert_int_equal(shop_create(e, "o1", "alipay", BUDGET, &id), PAYROUTE_OK);
    customer(told(e, "attempts.0.reference"), "scan");
    const char *wish = "{\"method\":\"card\",\"instrument\":\"pm_card_visa\"}";
    assert_int_equal(payroute_engine_switch(e, id, wish, strlen(wish), BUDGET), PAYROUTE_OK);
    settle(e, id);
    assert_string_equal(told(e, "status"), "paid");
    assert_string_equal(told(e, "attempts.0.state"), "closed");
    assert_string_equal(told(e, "attempts.1.method"), "card");
    agree(e, id, "switch");
    payroute_engine_close(e);
}

int main(void)
{
    static int memory = 0, sqlite = 1;
#define BOTH(name)                                                                                           \
    {#name " (memory)", name, use_virtual, drop_box, &memory},                                               \
    {                                                                                                        \
        #name " (sqlite)", name, use_virtual, drop_box, &sqlite                                              \
    }
#define REAL(name) cmocka_unit_test_setup_teardown(name, use_real, drop_box)
    const struct CMUnitTest tests[] = {
        BOTH(qr_in_three),
        BOTH(card_in_three),
        BOTH(executed_once_on_the_wire),
        BOTH(forged_and_foreign_letters),
        BOTH(switch_closes_first),
        REAL(letter_during_advance),
        REAL(eight_letters_at_once),
        REAL(two_workers_one_charge),
        REAL(killed_between_charge_and_answer),
        REAL(killed_before_delivery),
    };
    return cmocka_run_group_tests_name("engine against the sandbox", tests, NULL, shop_clean);
}
