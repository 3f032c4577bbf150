/* What belongs to one account stays there (I5): a channel that was given another account under its old name is
   noticed when an open attempt is loaded. What was refused to one card is remembered for that card. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <payroute/rows.h>

#ifndef PR_SOURCE_DIR
#define PR_SOURCE_DIR "."
#endif

#define NOW 1800000000000
static const char entropy[33] = "0123456789abcdef0123456789abcdef";

static char *example(void)
{
    FILE *f = fopen(PR_SOURCE_DIR "/examples/channels.example.json", "rb");
    assert_non_null(f);
    char *text = calloc(1, 1 << 17);
    assert_true(fread(text, 1, (1 << 17) - 1, f) > 0);
    fclose(f);
    return text;
}

/* The example with a few bytes of another text in place of the first `from`. */
static payroute_registry *registry_of(const char *from, const char *to)
{
    char why[2000] = "";
    char *text = example();
    char *at = strstr(text, from);
    assert_non_null(at);
    memcpy(at, to, strlen(to));
    payroute_registry *r = NULL;
    if (payroute_registry_from_json(&r, text, strlen(text), why, sizeof why) != PAYROUTE_OK) {
        fail_msg("%s", why);
    }
    free(text);
    return r;
}

static payroute_payment *begun(payroute_registry *r)
{
    static const char spec[] = "{\"order_id\":\"o\",\"amount_minor\":1000,\"currency\":\"CNY\",\"method\":\"alipay\","
                               "\"flow\":\"qr\"}";
    payroute_payment *p = NULL;
    char why[500] = "";
    if (payroute_payment_new(&p, r, NULL, spec, strlen(spec), "test", entropy, NOW, why, sizeof why) !=
        PAYROUTE_OK) {
        fail_msg("%s", why);
    }
    assert_int_equal(payroute_payment_lease(p, "me", 1), PAYROUTE_OK);
    assert_int_equal(payroute_payment_present(p, 1), PAYROUTE_OK);
    assert_int_equal(payroute_payment_tick(p, NOW), PAYROUTE_OK);
    assert_int_equal(payroute_payment_next(p), PAYROUTE_ACTION_SAVE);
    return p;
}

static int32_t loads(payroute_registry *r, const payroute_save_set *rows, char *why, size_t cap)
{
    payroute_payment *p = NULL;
    int32_t rc = payroute_payment_load(&p, r, NULL, rows, entropy, NOW + 1000, why, cap);
    payroute_payment_free(p);
    return rc;
}

static void another_account_under_the_old_name_is_refused(void **state)
{
    (void)state;
    char why[500] = "";
    payroute_registry *old = registry_of("\"app_id\"", "\"app_id\"");
    payroute_registry *new = registry_of("\"app_id\": \"2", "\"app_id\": \"3");
    payroute_payment *p = begun(old);
    const payroute_save_set *set = payroute_payment_save_set(p);
    assert_non_null(set);
    assert_int_equal(set->attempt_count, 1);
    payroute_save_set rows = *set;
    rows.payment.id = 1;
    assert_int_equal(loads(old, &rows, why, sizeof why), PAYROUTE_OK);
    assert_int_equal(loads(new, &rows, why, sizeof why), PAYROUTE_E_FOREIGN);
    assert_non_null(strstr(why, "attempt 1: channel"));
    payroute_payment_free(p);
    payroute_registry_free(old);
    payroute_registry_free(new);
}

static const char own_config[] =
    "{\"schema\":1,\"channels\":[{\"id\":\"own\",\"provider\":\"custom\",\"methods\":[{\"method\":\"card\","
    "\"flows\":[\"direct\"]}],\"currencies\":[\"CNY\"]}]}";
static const char own_codes[] = "[{\"provider\":\"custom\",\"code\":\"C43\",\"reason\":\"stolen_card\"}]";

static int32_t drive_to_end(payroute_payment *p, int64_t now_ms, const char *word, const char *code)
{
    int64_t id = 1;
    for (int i = 0; i < 12; i++) {
        int32_t next = payroute_payment_next(p);
        if (next == PAYROUTE_ACTION_SAVE) {
            assert_non_null(payroute_payment_save_set(p));
            assert_int_equal(payroute_payment_feed_saved(p, id), PAYROUTE_OK);
        } else if (next == PAYROUTE_ACTION_SEND) {
            assert_int_equal(payroute_payment_feed_code(p, now_ms, word, code, NULL, NULL), PAYROUTE_OK);
        } else if (next == PAYROUTE_ACTION_WAIT) {
            assert_int_equal(payroute_payment_tick(p, now_ms), PAYROUTE_OK);
        } else {
            return next;
        }
    }
    return 0;
}

static void a_card_refused_for_good_is_not_charged_by_way_of_another(void **state)
{
    (void)state;
    static const char spec[] = "{\"order_id\":\"o\",\"amount_minor\":1000,\"currency\":\"CNY\",\"method\":\"card\","
                               "\"instrument\":\"tok_a\"}";
    static const char b[] = "{\"method\":\"card\",\"instrument\":\"tok_b\"}";
    static const char a[] = "{\"method\":\"card\",\"instrument\":\"tok_a\"}";
    char why[500] = "";
    payroute_registry *r = NULL;
    payroute_catalog *c = NULL;
    payroute_payment *p = NULL;
    assert_int_equal(payroute_registry_from_json(&r, own_config, strlen(own_config), why, sizeof why), PAYROUTE_OK);
    assert_int_equal(payroute_catalog_new(&c, own_codes, strlen(own_codes), why, sizeof why), PAYROUTE_OK);
    assert_int_equal(payroute_payment_new(&p, r, c, spec, strlen(spec), "test", entropy, NOW, why, sizeof why),
                     PAYROUTE_OK);
    assert_int_equal(payroute_payment_lease(p, "me", 1), PAYROUTE_OK);
    assert_int_equal(payroute_payment_present(p, 1), PAYROUTE_OK);
    assert_int_equal(payroute_payment_tick(p, NOW), PAYROUTE_OK);
    assert_int_equal(drive_to_end(p, NOW, "declined", "C43"), PAYROUTE_ACTION_DONE);
    assert_int_equal(payroute_payment_status(p), PAYROUTE_STATUS_DECLINED);
    assert_int_equal(payroute_payment_retry(p, NOW, a, strlen(a), why, sizeof why), PAYROUTE_E_STATE);
    assert_int_equal(payroute_payment_retry(p, NOW, b, strlen(b), why, sizeof why), PAYROUTE_OK);
    assert_int_equal(drive_to_end(p, NOW, "declined", NULL), PAYROUTE_ACTION_DONE);
    assert_int_equal(payroute_payment_retry(p, NOW, a, strlen(a), why, sizeof why), PAYROUTE_E_STATE);
    assert_non_null(strstr(why, "attempt 1"));
    assert_int_equal(payroute_payment_retry(p, NOW, b, strlen(b), why, sizeof why), PAYROUTE_OK);
    assert_int_equal(drive_to_end(p, NOW, "paid", NULL), PAYROUTE_ACTION_DONE);
    assert_int_equal(payroute_payment_status(p), PAYROUTE_STATUS_PAID);
    payroute_payment_free(p);
    payroute_catalog_free(c);
    payroute_registry_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_account_under_the_old_name_is_refused),
        cmocka_unit_test(a_card_refused_for_good_is_not_charged_by_way_of_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
