/* WeChat Pay over HTTP: orders of all three products paid, closed, refunded, each fault at each step, forged
   letters; at the end of every story the provider's books are compared with the shop's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "story.h"

/* Nothing here waits for a time-out: a busy machine has time to sign. */
static int begin_with(const char *channels)
{
    sandbox_channels = channels;
    sandbox_start(&box, START_MS);
    for (char *at = strstr(box.config, "_ms\":1000"); at; at = strstr(at, "_ms\":1000")) {
        at[5] = '4';
    }
    return 0;
}

static int begin(void **state)
{
    (void)state;
    return begin_with("wx-main,ali-main");
}

static int begin_public(void **state)
{
    (void)state;
    return begin_with("wx-pub");
}

static void reference_of(char out[64], payroute_engine *e, int n)
{
    char path[64];
    snprintf(path, sizeof path, "attempts.%d.reference", n);
    snprintf(out, 64, "%s", told(e, path));
}

static void account(const char *what)
{
    char body[128];
    snprintf(body, sizeof body, "{\"account\":\"wx-main\",%s}", what);
    const char *answer = sandbox_call(&box, "POST", "/_account", body);
    if (strstr(answer, "\"error\"")) {
        fail_msg("account %s: %s", what, answer);
    }
}

/* Another shop; both clocks start anew. */
static payroute_engine *next_shop(void)
{
    char body[64];
    snprintf(body, sizeof body, "{\"now_ms\":%lld}", (long long)START_MS);
    (void)sandbox_call(&box, "POST", "/_clock", body);
    return open_virtual(0);
}

static int64_t order(payroute_engine *e, const char *name)
{
    int64_t id = 0;
    assert_int_equal(shop_create(e, name, "wechat", BUDGET, &id), PAYROUTE_OK);
    assert_string_equal(told(e, "attempts.0.state"), "waiting");
    assert_string_equal(told(e, "show.kind"), "qr");
    return id;
}

static int bring_all(payroute_engine *e)
{
    struct letter letter;
    int count = 0;
    for (; take_letter(&box, &letter); count++) {
        assert_int_equal(bring_letter(e, &letter), PAYROUTE_OK);
        assert_int_equal(told_number(e, "ack.status"), 204);
        assert_string_equal(told(e, "ack.body"), "");
    }
    return count;
}

static void paid(payroute_engine *e, int64_t id)
{
    char reference[64];
    assert_int_equal(payroute_engine_show(e, id), PAYROUTE_OK);
    reference_of(reference, e, 0);
    customer(reference, "pay");
    assert_int_equal(bring_all(e), 1);
    assert_int_equal(payroute_engine_show(e, id), PAYROUTE_OK);
    assert_string_equal(told(e, "status"), "paid");
}

/* ---- payments ------------------------------------------------------------------------------------------ */

static void a_code_is_paid_once(void **state)
{
    (void)state;
    payroute_engine *e = open_virtual(0);
    int64_t id = order(e, "o1");
    paid(e, id);
    assert_int_equal(told_number(e, "captured_minor"), 1250);
    agree(e, id, "paid");
    payroute_engine_close(e);
}

/* The letter never comes: the query finds it. */
static void a_lost_letter_is_asked_for(void **state)
{
    (void)state;
    char reference[64];
    payroute_engine *e = open_virtual(0);
    account("\"old_codes\":true");
    int64_t id = order(e, "o1");
    reference_of(reference, e, 0);
    customer(reference, "pay");
    for (int i = 0; i < 10; i++) {
        pass_and_sweep(e, 5000);
    }
    assert_int_equal(payroute_engine_show(e, id), PAYROUTE_OK);
    assert_string_equal(told(e, "status"), "paid");
    agree(e, id, "lost letter");
    payroute_engine_close(e);
}

static void a_phone_gets_an_address(void **state)
{
    (void)state;
    int64_t id = 0;
    payroute_engine *e = open_virtual(0);
    assert_int_equal(
        shop_create_amount(e, "o1",
                           "\"method\":\"wechat\",\"flow\":\"redirect\",\"client_ip\":\"14.23.150.211\"",
                           1250, BUDGET, &id),
        PAYROUTE_OK);
    assert_string_equal(told(e, "show.kind"), "url");
    assert_non_null(strstr(told(e, "show.text"), "redirect_url=https%3A%2F%2Fshop.example%2Freturn"));
    paid(e, id);
    agree(e, id, "h5");
    payroute_engine_close(e);
}

static void a_page_inside_wechat(void **state)
{
    (void)state;
    int64_t id = 0;
    payroute_engine *e = open_virtual(0);
    assert_int_equal(
        shop_create_amount(
            e, "o1",
            "\"method\":\"wechat\",\"flow\":\"token\",\"instrument\":\"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o\"", 1250,
            BUDGET, &id),
        PAYROUTE_OK);
    assert_string_equal(told(e, "show.kind"), "client_secret");
    assert_string_equal(picked(told(e, "show.text"), "signType"), "RSA");
    assert_int_equal(strncmp(picked(told(e, "show.text"), "package"), "prepay_id=", 10), 0);
    paid(e, id);
    agree(e, id, "jsapi");
    payroute_engine_close(e);
}

/* ---- closes -------------------------------------------------------------------------------------------- */

/* WeChat's order is closed, and asked whether it is, before Alipay's begins. */
static void closed_then_alipay(void **state)
{
    (void)state;
    char reference[64];
    payroute_engine *e = open_virtual(0);
    static const char other[] = "{\"method\":\"alipay\"}";
    int64_t id = order(e, "o1");
    int32_t rc = payroute_engine_switch(e, id, other, strlen(other), BUDGET);
    assert_int_equal(rc, PAYROUTE_OK);
    for (int i = 0; i < 5 && told_count(e, "attempts") < 2; i++) {
        pass(e, 1000);
        assert_int_equal(payroute_engine_advance(e, id, BUDGET), PAYROUTE_OK);
    }
    assert_string_equal(told(e, "attempts.0.state"), "closed");
    assert_string_equal(told(e, "attempts.1.state"), "waiting");
    reference_of(reference, e, 1);
    customer(reference, "pay");
    struct letter letter;
    while (take_letter(&box, &letter)) {
        (void)bring_letter(e, &letter);
    }
    assert_int_equal(payroute_engine_show(e, id), PAYROUTE_OK);
    assert_string_equal(told(e, "status"), "paid");
    agree(e, id, "switched");
    payroute_engine_close(e);
}

static void a_cancel_that_comes_too_late(void **state)
{
    (void)state;
    char reference[64];
    payroute_engine *e = open_virtual(0);
    int64_t id = order(e, "o1");
    reference_of(reference, e, 0);
    customer(reference, "pay"); /* and we do not know */
    assert_int_equal(payroute_engine_cancel(e, id, BUDGET), PAYROUTE_OK);
    for (int i = 0; i < 20; i++) {
        pass_and_sweep(e, 5000);
    }
    agree(e, id, "cancelled late");
    payroute_engine_close(e);
}

/* ---- refunds ------------------------------------------------------------------------------------------- */

static void refunds(void **state)
{
    (void)state;
    payroute_engine *e = open_virtual(0);
    int64_t id = order(e, "o1");
    paid(e, id);
    assert_int_equal(payroute_engine_refund(e, id, "r1", 250, BUDGET), PAYROUTE_OK);
    for (int i = 0; i < 6; i++) {
        pass_and_sweep(e, 20000);
        (void)bring_all(e);
    }
    assert_int_equal(payroute_engine_show(e, id), PAYROUTE_OK);
    assert_int_equal(told_number(e, "reversed_minor"), 250);
    assert_int_equal(payroute_engine_refund(e, id, "r1", 250, BUDGET), PAYROUTE_OK); /* once */
    assert_int_equal(payroute_engine_refund(e, id, "r2", 1000, BUDGET), PAYROUTE_OK);
    for (int i = 0; i < 6; i++) {
        pass_and_sweep(e, 20000);
        (void)bring_all(e);
    }
    assert_int_equal(payroute_engine_show(e, id), PAYROUTE_OK);
    assert_int_equal(told_number(e, "reversed_minor"), 1250);
    assert_int_equal(told_count(e, "events"), 3);
    agree(e, id, "refunded");
    payroute_engine_close(e);
}

/* ---- faults -------------------------------------------------------------------------------------------- */

static const char *const faults[] = {"drop_before", "drop_after",         "status_before",  "status_after",
                                     "html_after",  "system_error_after", "malformed",      "bad_signature",
                                     "unsigned",    "wrong_amount",       "wrong_currency", "not_found_once"};

static void each_fault_of_an_order(void **state)
{
    (void)state;
    static const char *const operations[] = {"native", "query"};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) { /* in turn at one and at the other */
        int64_t id = 0;
        char name[64];
        payroute_engine *e = next_shop();
        snprintf(name, sizeof name, "f%zu", i);
        strike("wx-main", operations[i % 2], faults[i], "");
        assert_int_equal(shop_create(e, name, "wechat", BUDGET, &id), PAYROUTE_OK);
        settle(e, id);
        if (strcmp(told(e, "status"), "paid") != 0) {
            fail_msg("%s of %s: %s", faults[i], operations[i % 2], payroute_engine_result(e, NULL));
        }
        assert_int_equal(sandbox_books(&box, "totals.double"), 0);
        (void)sandbox_call(&box, "POST", "/_fault", "{\"clear\":true}");
        payroute_engine_close(e);
    }
    assert_int_equal(sandbox_books(&box, "totals.captured_minor"),
                     1250 * (int)(sizeof faults / sizeof faults[0]));
}

static void each_fault_of_a_close(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        char name[64];
        payroute_engine *e = next_shop();
        snprintf(name, sizeof name, "c%zu", i);
        int64_t id = order(e, name);
        strike("wx-main", "close", faults[i], "");
        assert_int_equal(payroute_engine_cancel(e, id, BUDGET), PAYROUTE_OK);
        for (int k = 0; k < 60 && strcmp(told(e, "attempts.0.state"), "closed") != 0; k++) {
            pass(e, 5000);
            assert_int_equal(payroute_engine_advance(e, id, BUDGET), PAYROUTE_OK);
        }
        if (strcmp(told(e, "attempts.0.state"), "closed") != 0) {
            fail_msg("%s: %s", faults[i], payroute_engine_result(e, NULL));
        }
        (void)sandbox_call(&box, "POST", "/_fault", "{\"clear\":true}");
        payroute_engine_close(e);
    }
    assert_int_equal(sandbox_books(&box, "totals.captured_minor"), 0);
}

static void each_fault_of_a_refund(void **state)
{
    (void)state;
    static const char *const operations[] = {"refund", "refund_query"};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) { /* in turn at one and at the other */
        char name[64];
        payroute_engine *e = next_shop();
        snprintf(name, sizeof name, "r%zu", i);
        int64_t id = order(e, name);
        paid(e, id);
        strike("wx-main", operations[i % 2], faults[i], "");
        assert_int_equal(payroute_engine_refund(e, id, "r1", 1250, BUDGET), PAYROUTE_OK);
        for (int k = 0; k < 40 && told_number(e, "reversed_minor") != 1250; k++) {
            pass_and_sweep(e, k < 20 ? 20000 : 600000);
            assert_int_equal(payroute_engine_show(e, id), PAYROUTE_OK);
        }
        if (told_number(e, "reversed_minor") != 1250) {
            fail_msg("%s of %s: %s", faults[i], operations[i % 2], payroute_engine_result(e, NULL));
        }
        struct letter letter;
        while (take_letter(&box, &letter)) {
            (void)bring_letter(e, &letter);
        }
        (void)sandbox_call(&box, "POST", "/_fault", "{\"clear\":true}");
        payroute_engine_close(e);
    }
    assert_int_equal(sandbox_books(&box, "totals.captured_minor"),
                     sandbox_books(&box, "totals.refunded_minor"));
}

/* ---- letters ------------------------------------------------------------------------------------------- */

static void forged_letters(void **state)
{
    (void)state;
    static const char *const kinds[] = {"bad_signature", "foreign_app", "wrong_seller",     "old_timestamp",
                                        "sign_probe",    "wrong_key",   "future_timestamp", "not_json"};
    char reference[64], body[256];
    struct letter letter;
    payroute_engine *e = open_virtual(0);
    int64_t id = order(e, "o1");
    reference_of(reference, e, 0);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        snprintf(body, sizeof body, "{\"account\":\"wx-main\",\"reference\":\"%s\",\"kind\":\"%s\"}",
                 reference, kinds[i]);
        (void)sandbox_call(&box, "POST", "/_forge", body);
        assert_true(take_letter(&box, &letter));
        int32_t rc = bring_letter(e, &letter);
        if (rc == PAYROUTE_OK || told_number(e, "ack.status") < 400) {
            fail_msg("%s: %d", kinds[i], (int)rc);
        }
    }
    assert_int_equal(payroute_engine_show(e, id), PAYROUTE_OK);
    assert_string_equal(told(e, "attempts.0.state"), "waiting");
    agree(e, id, "forged");
    payroute_engine_close(e);
}

static void a_public_key_instead_of_certificates(void **state)
{
    (void)state;
    payroute_engine *e = open_virtual(0);
    int64_t id = order(e, "o1");
    paid(e, id);
    agree(e, id, "public key");
    payroute_engine_close(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_code_is_paid_once, begin, drop_box),
        cmocka_unit_test_setup_teardown(a_lost_letter_is_asked_for, begin, drop_box),
        cmocka_unit_test_setup_teardown(a_phone_gets_an_address, begin, drop_box),
        cmocka_unit_test_setup_teardown(a_page_inside_wechat, begin, drop_box),
        cmocka_unit_test_setup_teardown(closed_then_alipay, begin, drop_box),
        cmocka_unit_test_setup_teardown(a_cancel_that_comes_too_late, begin, drop_box),
        cmocka_unit_test_setup_teardown(refunds, begin, drop_box),
        cmocka_unit_test_setup_teardown(each_fault_of_an_order, begin, drop_box),
        cmocka_unit_test_setup_teardown(each_fault_of_a_close, begin, drop_box),
        cmocka_unit_test_setup_teardown(each_fault_of_a_refund, begin, drop_box),
        cmocka_unit_test_setup_teardown(forged_letters, begin, drop_box),
        cmocka_unit_test_setup_teardown(a_public_key_instead_of_certificates, begin_public, drop_box),
    };
    return cmocka_run_group_tests(tests, NULL, shop_clean);
}
