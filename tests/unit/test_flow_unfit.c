/* What one provider cannot take another may: an order without the customer's address passes a panel that
   wants one, and is an error, with its field named, only where nobody takes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <payroute/rows.h>

#define NOW INT64_C(1800000000000)
static const char entropy[33] = "0123456789abcdef0123456789abcdef";

#define EPAY(id, priority)                                                                                     \
    "{\"id\":\"" id "\",\"provider\":\"epay\",\"fork\":\"rainbow\",\"base_url\":\"https://panel.example\","    \
    "\"notify_url\":\"https://shop.example/n\",\"priority\":" priority                                         \
    ",\"credentials\":[{\"pid\":\"1001\","                                                                     \
    "\"key\":\"0123456789abcdef0123456789abcdef\"}],\"methods\":[{\"method\":\"alipay\",\"flows\":[\"qr\"]}]," \
    "\"currencies\":[\"CNY\"]}"
#define OWN \
    ",{\"id\":\"own\",\"provider\":\"custom\",\"priority\":9,"\
    "\"methods\":[{\"method\":\"alipay\",\"flows\":[\"qr\"]}],"\
    "\"currencies\":[\"CNY\"]}"

static payroute_payment *begun(payroute_registry **r, const char *channels, const char *more, int32_t *rc)
{
    char json[16000], spec[400], why[300] = "";
    payroute_payment *p = NULL;
    snprintf(json, sizeof json, "{\"schema\":1,\"channels\":[%s]}", channels);
    if (payroute_registry_from_json(r, json, strlen(json), why, sizeof why) != PAYROUTE_OK) {
        fail_msg("%s", why);
    }
    snprintf(spec, sizeof spec,
             "{\"order_id\":\"o\",\"amount_minor\":1000,\"currency\":\"CNY\",\"method\":\"alipay\"%s}", more);
    assert_int_equal(
        payroute_payment_new(&p, *r, NULL, spec, strlen(spec), "test", entropy, NOW, why, sizeof why),
        PAYROUTE_OK);
    assert_int_equal(payroute_payment_lease(p, "me", 1), PAYROUTE_OK);
    assert_int_equal(payroute_payment_present(p, 1), PAYROUTE_OK);
    *rc = payroute_payment_tick(p, NOW);
    return p;
}

static void the_next_channel_takes_it(void **state)
{
    (void)state;
    payroute_registry *r = NULL;
    int32_t rc = 0;
    payroute_payment *p = begun(&r, EPAY("panel", "1") OWN, "", &rc);
    assert_int_equal(rc, PAYROUTE_OK);
    const payroute_save_set *set = payroute_payment_save_set(p);
    assert_int_equal(set->attempt_count, 1); /* nothing was begun at the panel */
    assert_string_equal(set->attempts[0].channel, "own");
    assert_int_equal(set->attempts[0].n, 1);
    assert_non_null(strstr(payroute_payment_trace(p, NULL), "cannot_take"));
    assert_string_equal(payroute_payment_why(p), ""); /* nothing went wrong */
    payroute_payment_free(p);
    payroute_registry_free(r);
}

static void what_is_complete_goes_to_the_first(void **state)
{
    (void)state;
    payroute_registry *r = NULL;
    int32_t rc = 0;
    payroute_payment *p =
        begun(&r, EPAY("panel", "1") OWN,
              ",\"client_ip\":\"192.0.2.1\",\"return_url\":\"https://shop.example/r\"", &rc);
    assert_int_equal(rc, PAYROUTE_OK);
    assert_string_equal(payroute_payment_save_set(p)->attempts[0].channel, "panel");
    assert_string_equal(payroute_payment_why(p), "");
    payroute_payment_free(p);
    payroute_registry_free(r);
}

static void nobody_takes_it(void **state)
{
    (void)state;
    payroute_registry *r = NULL;
    int32_t rc = 0;
    payroute_payment *p = begun(&r, EPAY("a", "1") "," EPAY("b", "2"), "", &rc);
    assert_int_equal(rc, PAYROUTE_E_SCHEMA);
    assert_non_null(strstr(payroute_payment_why(p), "client_ip"));
    assert_string_equal(payroute_payment_why(NULL), "");
    payroute_payment_free(p);
    payroute_registry_free(r);
}

/* However many come first. */
static void the_last_of_many_takes_it(void **state)
{
    (void)state;
    char channels[15000] = "", one[700];
    payroute_registry *r = NULL;
    int32_t rc = 0;
    for (int i = 0; i < 20; i++) {
        snprintf(one, sizeof one, EPAY("panel%d", "1") ",", i);
        strcat(channels, one);
    }
    strcat(channels, OWN + 1);
    payroute_payment *p = begun(&r, channels, "", &rc);
    assert_int_equal(rc, PAYROUTE_OK);
    assert_string_equal(payroute_payment_save_set(p)->attempts[0].channel, "own");
    payroute_payment_free(p);
    payroute_registry_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_channel_takes_it),
        cmocka_unit_test(what_is_complete_goes_to_the_first),
        cmocka_unit_test(nobody_takes_it),
        cmocka_unit_test(the_last_of_many_takes_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
