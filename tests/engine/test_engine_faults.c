/* Each fault of a provider, and each failing write of the store, at each step: the payment ends, the books
 * agree, nobody is charged twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "story.h"

typedef struct fault_case {
    const char *account;
    const char *operation;
    const char *fault;
    const char *more;
} fault_case;

static void each_fault_of(const char *method, const fault_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t id = 0;
        char what[96];
        const fault_case *c = &cases[i];
        snprintf(what, sizeof what, "%s %s %s", c->account, c->operation, c->fault);
        sandbox_start(&box, START_MS);
        payroute_engine *e = open_virtual(0);
        strike(c->account, c->operation, c->fault, c->more);
        int32_t rc = shop_create(e, "o1", method, BUDGET, &id);
        if (rc != PAYROUTE_OK) {
            fail_msg("%s: %s %s", what, payroute_rc_name(rc), payroute_engine_result(e, NULL));
        }
        settle(e, id);
        if (strcmp(told(e, "status"), "paid") != 0) {
            fail_msg("%s: not paid: %s", what, payroute_engine_result(e, NULL));
        }
        agree(e, id, what);
        payroute_engine_close(e);
        sandbox_stop(&box);
    }
}

static void faults_of_a_code(void **state)
{
    (void)state;
    static const fault_case cases[] = {
        {"ali-main", "precreate", "refuse", ""},
        {"ali-main", "precreate", "drop_before", ""},
        {"ali-main", "precreate", "drop_after", ""},
        {"ali-main", "precreate", "stall", "\"delay_ms\":1500"},
        {"ali-main", "precreate", "status_before", ""},
        {"ali-main", "precreate", "status_after", ""},
        {"ali-main", "precreate", "html", ""},
        {"ali-main", "precreate", "html_after", ""},
        {"ali-main", "precreate", "bad_signature", ""},
        {"ali-main", "precreate", "unsigned", ""},
        {"ali-main", "precreate", "cut", "\"at_byte\":40"},
        {"ali-main", "precreate", "malformed", ""},
        {"ali-main", "precreate", "system_error", ""},
        {"ali-main", "precreate", "system_error_after", ""},
        {"ali-main", "precreate", "huge_body", ""},
    };
    each_fault_of("alipay", cases, sizeof cases / sizeof cases[0]);
}

static void faults_of_a_card(void **state)
{
    (void)state;
    static const fault_case cases[] = {
        {"card-main", "create", "refuse", ""},
        {"card-main", "create", "drop_before", ""},
        {"card-main", "create", "drop_after", ""},
        {"card-main", "create", "html_after", ""},
        {"card-main", "confirm", "refuse", ""},
        {"card-main", "confirm", "drop_before", ""},
        {"card-main", "confirm", "drop_after", ""},
        {"card-main", "confirm", "stall", "\"delay_ms\":1500"},
        {"card-main", "confirm", "status_before", ""},
        {"card-main", "confirm", "status_after", ""},
        {"card-main", "confirm", "html", ""},
        {"card-main", "confirm", "html_after", ""},
        {"card-main", "confirm", "cut", "\"at_byte\":40"},
        {"card-main", "confirm", "malformed", ""},
        {"card-main", "confirm", "system_error", ""},
        {"card-main", "confirm", "system_error_after", ""},
        {"card-main", "confirm", "pending", ""},
        {"card-main", "confirm", "huge_body", ""},
        {"card-main", "confirm", "hold", "\"delay_ms\":3000"},
    };
    each_fault_of("card", cases, sizeof cases / sizeof cases[0]);
}

/* ---- what follows a payment ---- */

static void faults_of_a_refund(void **state)
{
    (void)state;
    static const fault_case cases[] = {
        {"ali-main", "refund", "drop_before", ""},    {"ali-main", "refund", "drop_after", ""},
        {"ali-main", "refund", "html_after", ""},     {"ali-main", "refund", "bad_signature", ""},
        {"ali-main", "refund", "system_error", ""},   {"ali-main", "refund", "system_error_after", ""},
        {"ali-main", "refund", "status_before", ""},  {"ali-main", "refund", "refuse", ""},
        {"card-main", "refund", "drop_before", ""},   {"card-main", "refund", "drop_after", ""},
        {"card-main", "refund", "html_after", ""},    {"card-main", "refund", "status_after", ""},
        {"card-main", "refund", "status_before", ""}, {"card-main", "refund", "pending", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t id = 0;
        char what[96];
        const fault_case *c = &cases[i];
        snprintf(what, sizeof what, "%s %s %s", c->account, c->operation, c->fault);
        sandbox_start(&box, START_MS);
        payroute_engine *e = open_virtual(0);
        assert_int_equal(shop_create(e, "o1", *c->account == 'a' ? "alipay" : "card", BUDGET, &id),
                         PAYROUTE_OK);
        settle(e, id);
        strike(c->account, c->operation, c->fault, c->more);
        assert_int_equal(payroute_engine_refund(e, id, "r1", 250, BUDGET), PAYROUTE_OK);
        for (int round = 0; round < 40; round++) {
            pass_and_sweep(e, round < 10 ? 5000 : 120000);
        }
        (void)sandbox_call(&box, "POST", "/_fault", "{\"clear\":true}");
        assert_int_equal(payroute_engine_refund(e, id, "r1", 250, BUDGET), PAYROUTE_OK);
        for (int round = 0; round < 10; round++) {
            pass_and_sweep(e, 600000);
        }
        assert_int_equal(payroute_engine_show(e, id), PAYROUTE_OK);
        if (told_number(e, "reversed_minor") != 250 || sandbox_books(&box, "totals.refunded_minor") != 250) {
            int64_t given = sandbox_books(&box, "totals.refunded_minor");
            (void)payroute_engine_show(e, id);
            fail_msg("%s: refunded %lld: %s", what, (long long)given, payroute_engine_result(e, NULL));
        }
        payroute_engine_close(e);
        sandbox_stop(&box);
    }
}

static void faults_of_a_close(void **state)
{
    (void)state;
    static const fault_case cases[] = {
        {"ali-main", "close", "drop_before", ""},    {"ali-main", "close", "drop_after", ""},
        {"ali-main", "close", "html_after", ""},     {"ali-main", "close", "bad_signature", ""},
        {"ali-main", "query", "drop_before", ""},    {"ali-main", "query", "bad_signature", ""},
        {"ali-main", "query", "not_found_once", ""}, {"ali-main", "query", "refuse", ""},
        {"ali-main", "close", "system_error", ""},   {"ali-main", "close", "status_after", ""},
    };
    const char *wish = "{\"method\":\"card\",\"instrument\":\"pm_card_visa\"}";
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t id = 0;
        char what[96];
        const fault_case *c = &cases[i];
        snprintf(what, sizeof what, "%s %s %s", c->account, c->operation, c->fault);
        sandbox_start(&box, START_MS);
        payroute_engine *e = open_virtual(0);
        assert_int_equal(shop_create(e, "o1", "alipay", BUDGET, &id), PAYROUTE_OK);
        customer(told(e, "attempts.0.reference"), "scan");
        strike(c->account, c->operation, c->fault, c->more);
        assert_int_equal(payroute_engine_switch(e, id, wish, strlen(wish), BUDGET), PAYROUTE_OK);
        for (int round = 0; round < 12; round++) {
            assert_int_equal(payroute_engine_advance(e, id, BUDGET), PAYROUTE_OK);
            pass_and_sweep(e, 5000);
        }
        (void)sandbox_call(&box, "POST", "/_fault", "{\"clear\":true}");
        settle(e, id);
        if (strcmp(told(e, "status"), "paid") != 0) {
            fail_msg("%s: %s", what, payroute_engine_result(e, NULL));
        }
        agree(e, id, what);
        payroute_engine_close(e);
        sandbox_stop(&box);
    }
}

/* ---- a store whose nth write fails ---- */

/* Every call may fail; the shop simply asks again, as shops do. */
static void live_through(payroute_engine *e, const char *method, const char *what)
{
    int64_t id = 0;
    struct letter letter;
    char reference[64] = "";
    for (int i = 0; i < 30; i++) {
        if (shop_create(e, "o1", method, BUDGET, &id) == PAYROUTE_OK &&
            strcmp(told(e, "status"), "paid") == 0) {
            break;
        }
        if (*told(e, "show.text") && !*reference) {
            snprintf(reference, sizeof reference, "%s", told(e, "attempts.0.reference"));
            customer(reference, "pay");
        }
        while (take_letter(&box, &letter)) {
            if (bring_letter(e, &letter) != PAYROUTE_OK) {
                (void)bring_letter(e, &letter); /* the provider sends it again */
            }
        }
        assert_int_equal(payroute_engine_clock_step(e, 5000), PAYROUTE_OK);
        (void)sandbox_call(&box, "POST", "/_clock", "{\"advance_ms\":5000}");
        (void)payroute_engine_sweep(e, BUDGET);
    }
    assert_int_equal(payroute_engine_show(e, id), PAYROUTE_OK);
    if (strcmp(told(e, "status"), "paid") != 0) {
        fail_msg("%s: %s", what, payroute_engine_result(e, NULL));
    }
    agree(e, id, what);
    assert_int_equal(payroute_engine_events(e, 10), PAYROUTE_OK);
    assert_int_equal(told_count(e, "events"), 1);
}

static void each_write_fails(void **state)
{
    (void)state;
    static const char *const hows[] = {"store", "lost", "applied"};
    static const char *const methods[] = {"alipay", "card"};
    for (int m = 0; m < 2; m++) {
        for (int h = 0; h < 3; h++) {
            for (int n = 1; n <= 4; n++) {
                char url[192], more[128], what[96];
                sandbox_start(&box, START_MS);
                snprintf(url, sizeof url, "%s?fail=%d&how=%s", shop_store(0), n, hows[h]);
                snprintf(more, sizeof more, "\"instance\":\"T\",\"clock\":{\"base_ms\":%lld,\"rate\":0}",
                         (long long)START_MS);
                snprintf(what, sizeof what, "%s, write %d, %s", methods[m], n, hows[h]);
                payroute_engine *e = shop_open(box.config, url, more);
                live_through(e, methods[m], what);
                payroute_engine_close(e);
                sandbox_stop(&box);
            }
        }
    }
}

/* ---- money that comes late or twice ---- */

static void paid_after_cancel_goes_back(void **state)
{
    int64_t id = 0;
    char reference[64];
    struct letter letter;
    payroute_engine *e = open_virtual(*(int *)*state);
    assert_int_equal(shop_create(e, "o1", "alipay", BUDGET, &id), PAYROUTE_OK);
    snprintf(reference, sizeof reference, "%s", told(e, "attempts.0.reference"));
    customer(reference, "scan");
    strike("ali-main", "close", "drop_before", "\"times\":-1");
    assert_int_equal(payroute_engine_cancel(e, id, BUDGET), PAYROUTE_OK);
    customer(reference, "pay");
    while (take_letter(&box, &letter)) {
        assert_int_equal(bring_letter(e, &letter), PAYROUTE_OK);
    }
    (void)sandbox_call(&box, "POST", "/_fault", "{\"clear\":true}");
    for (int i = 0; i < 20; i++) {
        pass_and_sweep(e, 60000);
    }
    assert_int_equal(sandbox_books(&box, "totals.captured_minor"), 1250);
    assert_int_equal(sandbox_books(&box, "totals.refunded_minor"), 1250);
    assert_int_equal(payroute_engine_show(e, id), PAYROUTE_OK);
    assert_string_equal(told(e, "status"), "cancelled");
    payroute_engine_close(e);
}

static void wrong_amount_calls_a_person(void **state)
{
    int64_t id = 0;
    char reference[64], body[256];
    struct letter letter;
    payroute_engine *e = open_virtual(*(int *)*state);
    assert_int_equal(shop_create(e, "o1", "alipay", BUDGET, &id), PAYROUTE_OK);
    snprintf(reference, sizeof reference, "%s", told(e, "attempts.0.reference"));
    customer(reference, "scan");
    snprintf(body, sizeof body, "{\"account\":\"ali-main\",\"reference\":\"%s\",\"kind\":\"wrong_amount\"}",
             reference);
    (void)sandbox_call(&box, "POST", "/_forge", body);
    assert_true(take_letter(&box, &letter));
    assert_int_equal(bring_letter(e, &letter), PAYROUTE_OK);
    assert_string_equal(told(e, "ack.body"), "success");
    assert_string_equal(told(e, "events.0.kind"), "review");
    assert_int_equal(payroute_engine_show(e, id), PAYROUTE_OK);
    assert_string_equal(told(e, "review"), "true");
    assert_string_not_equal(told(e, "status"), "paid");
    payroute_engine_close(e);
}

/* Another store of the same installation: as if this one had been lost and restored from before the order. */
static void forgotten_order_is_not_charged_again(void **state)
{
    int64_t id = 0;
    struct letter letter;
    char more[128], store[128];
    snprintf(more, sizeof more, "\"instance\":\"T\",\"clock\":{\"base_ms\":%lld,\"rate\":0}",
             (long long)START_MS);
    payroute_engine *lost = shop_open(box.config, shop_store(*(int *)*state), more);
    assert_int_equal(shop_create(lost, "o1", "alipay", BUDGET, &id), PAYROUTE_OK);
    customer(told(lost, "attempts.0.reference"), "pay");
    payroute_engine_close(lost);
    snprintf(store, sizeof store, "%s", shop_store(*(int *)*state));
    payroute_engine *e = shop_open(box.config, store, more);
    assert_true(take_letter(&box, &letter));
    assert_int_equal(bring_letter(e, &letter), PAYROUTE_OK);
    assert_string_equal(told(e, "orphan"), "true");
    assert_int_equal(shop_create(e, "o1", "card", BUDGET, &id), PAYROUTE_E_AMNESIA);
    assert_int_equal(shop_create(e, "o2", "", 0, &id), PAYROUTE_OK);
    assert_int_equal(sandbox_books(&box, "totals.captured_minor"), 1250);
    assert_int_equal(payroute_engine_clock_step(e, 1000), PAYROUTE_OK);
    assert_int_equal(payroute_engine_reconciled(e), PAYROUTE_OK);
    assert_int_equal(shop_create(e, "o1", "card", BUDGET, &id), PAYROUTE_OK);
    assert_string_equal(told(e, "status"), "paid");
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_of_a_code),   cmocka_unit_test(faults_of_a_card),
        cmocka_unit_test(faults_of_a_refund), cmocka_unit_test(faults_of_a_close),
        cmocka_unit_test(each_write_fails),   BOTH(paid_after_cancel_goes_back),
        BOTH(wrong_amount_calls_a_person),    BOTH(forgotten_order_is_not_charged_again),
    };
    return cmocka_run_group_tests_name("engine, faults at every step", tests, NULL, shop_clean);
}
