/* A certificate that Alipay changed to: downloaded while an answer waits, believed for its chain, and the
   same bytes are read again. Root and leaves were made for these tests with openssl; the leaves are over
   ADK_ALIPAY_PRIVATE. */
#include "alipay_certs.h"

#include <payroute/rows.h>

#define NOW INT64_C(1800000000000)

static const char entropy[33] = "0123456789abcdef0123456789abcdef";

typedef struct kit {
    adk k;
    payroute_keyring *ring;
    payroute_payment *p;
    char next_sn[40];
    char answer[4096]; /* to the armed create, under the next certificate */
} kit;

static void save(payroute_payment *p)
{
    assert_int_equal(payroute_payment_next(p), PAYROUTE_ACTION_SAVE);
    assert_non_null(payroute_payment_save_set(p));
    assert_int_equal(payroute_payment_feed_saved(p, 1), PAYROUTE_OK);
}

/* A payment whose create is armed, and the answer that its provider will give. */
static void begin(kit *t)
{
    static const char spec[] =
        "{\"order_id\":\"o\",\"amount_minor\":1250,\"currency\":\"CNY\",\"method\":\"alipay\"}";
    char why[500] = "", node[1024], sign[1024];
    memset(t, 0, sizeof *t);
    adk_open(&t->k, cert_mode_config(), "alipay", "qr", "CNY");
    assert_int_equal(payroute_keyring_new(&t->ring, t->k.registry), PAYROUTE_OK);
    if (payroute_payment_new(&t->p, t->k.registry, NULL, spec, strlen(spec), "test", entropy, NOW, why,
                             sizeof why) != PAYROUTE_OK) {
        fail_msg("%s", why);
    }
    assert_int_equal(payroute_payment_keyring(t->p, t->ring), PAYROUTE_OK);
    assert_int_equal(payroute_payment_lease(t->p, "me", 1), PAYROUTE_OK);
    assert_int_equal(payroute_payment_present(t->p, 1), PAYROUTE_OK);
    assert_int_equal(payroute_payment_tick(t->p, NOW), PAYROUTE_OK);
    save(t->p);
    assert_int_equal(payroute_payment_next(t->p), PAYROUTE_ACTION_SEND);
    assert_string_equal(payroute_payment_aux(t->p), "");
    snprintf(
        node, sizeof node,
        "{\"code\":\"10000\",\"msg\":\"Success\",\"out_trade_no\":\"%s\",\"qr_code\":\"https://qr.example/1\"}",
        payroute_payment_key(t->p));
    pr_key *key = NULL;
    assert_int_equal(
        pr_key_new(&key, PR_KEY_RSA_PRIVATE, ADK_ALIPAY_PRIVATE, strlen(ADK_ALIPAY_PRIVATE), why, sizeof why),
        PAYROUTE_OK);
    assert_true(pr_key_sign(sign, sizeof sign, key, node, strlen(node), adk_entropy) > 0);
    pr_key_free(key);
    assert_true(pr_cert_alipay_sn(t->next_sn, sizeof t->next_sn, NEXT_CERT, strlen(NEXT_CERT), 0) > 0);
    snprintf(t->answer, sizeof t->answer,
             "{\"alipay_trade_precreate_response\":%s,\"alipay_cert_sn\":\"%s\",\"sign\":\"%s\"}", node,
             t->next_sn, sign);
}

static void end(kit *t)
{
    payroute_payment_free(t->p);
    payroute_keyring_free(t->ring);
    adk_close(&t->k);
}

static int32_t feed(kit *t, const char *body)
{
    return payroute_payment_feed_http(t->p, NOW + 500, 200, NULL, 0, body, strlen(body), 1);
}

static void is_shown(kit *t)
{
    size_t len = 0;
    save(t->p);
    assert_int_equal(payroute_payment_next(t->p), PAYROUTE_ACTION_SHOW);
    assert_non_null(strstr(payroute_payment_show(t->p, &len), "https://qr.example/1"));
}

/* Asked for as an unknown outcome is, and not a second certificate for the same answer. */
static void is_in_doubt(kit *t)
{
    save(t->p);
    assert_int_equal(payroute_payment_status(t->p), PAYROUTE_STATUS_PENDING);
    assert_int_not_equal(payroute_payment_next(t->p), PAYROUTE_ACTION_FETCH);
    assert_int_not_equal(payroute_payment_next(t->p), PAYROUTE_ACTION_SHOW);
}

static void the_answer_waits_for_its_certificate(void **state)
{
    (void)state;
    kit t;
    size_t len = 0;
    begin(&t);
    assert_int_equal(feed(&t, t.answer), PAYROUTE_OK);
    assert_int_equal(payroute_payment_next(t.p), PAYROUTE_ACTION_FETCH);
    assert_int_equal(payroute_payment_next(t.p), PAYROUTE_ACTION_FETCH);
    assert_string_equal(payroute_payment_aux(t.p), t.next_sn);
    assert_int_equal(payroute_payment_exchange(t.p, PAYROUTE_EXCHANGE_MONEY), 0);
    assert_int_equal(payroute_payment_exchange(t.p, PAYROUTE_EXCHANGE_EFFECT), 0);
    assert_int_equal(payroute_payment_tick(t.p, NOW + 100), PAYROUTE_E_STATE);
    assert_int_equal(payroute_payment_keyring(t.p, NULL), PAYROUTE_E_STATE);
    assert_int_equal(payroute_payment_request(t.p, NOW + 100, entropy), PAYROUTE_OK);
    assert_non_null(strstr(payroute_payment_request_url(t.p), "method=alipay.open.app.alipaycert.download"));
    assert_non_null(strstr(payroute_payment_request_body(t.p, &len), t.next_sn));
    assert_int_equal(feed(&t, cert_answer(NEXT_CERT)), PAYROUTE_OK);
    assert_string_equal(payroute_payment_aux(t.p), "");
    assert_true(payroute_keyring_has(t.ring, "ali", t.next_sn, NOW));
    is_shown(&t);
    end(&t);
}

static void a_ring_that_has_it_needs_no_fetch(void **state)
{
    (void)state;
    kit t;
    begin(&t);
    const char *body = cert_answer(NEXT_CERT);
    assert_int_equal(payroute_keyring_take(t.ring, "ali", body, strlen(body), NOW, NULL, 0), PAYROUTE_OK);
    assert_int_equal(feed(&t, t.answer), PAYROUTE_OK);
    is_shown(&t);
    end(&t);
}

/* Another worker's download was taken into the ring meanwhile: nothing is sent. */
static void taken_from_the_store_instead(void **state)
{
    (void)state;
    kit t;
    begin(&t);
    assert_int_equal(feed(&t, t.answer), PAYROUTE_OK);
    const char *body = cert_answer(NEXT_CERT);
    assert_int_equal(payroute_keyring_take(t.ring, "ali", body, strlen(body), NOW, NULL, 0), PAYROUTE_OK);
    assert_int_equal(payroute_payment_feed_failure(t.p, NOW + 600, 1, 0), PAYROUTE_OK);
    is_shown(&t);
    end(&t);
}

static void what_cannot_be_verified_is_unknown(void **state)
{
    (void)state;
    static const char *const useless[] = {
        "", "<html>", "{}",
        "{\"alipay_open_app_alipaycert_download_response\":{\"alipay_cert_content\":\"!\"}}",
        "{\"alipay_open_app_alipaycert_download_response\":{\"alipay_cert_content\":\"QUJD\"}}"};
    for (size_t i = 0; i <= sizeof useless / sizeof useless[0] + 1; i++) {
        kit t;
        begin(&t);
        assert_int_equal(feed(&t, t.answer), PAYROUTE_OK);
        assert_int_equal(payroute_payment_next(t.p), PAYROUTE_ACTION_FETCH);
        if (i < sizeof useless / sizeof useless[0]) {
            assert_int_equal(feed(&t, useless[i]), PAYROUTE_OK);
        } else if (i == sizeof useless / sizeof useless[0]) {
            assert_int_equal(feed(&t, cert_answer(FORGED_CERT)), PAYROUTE_OK);
        } else {
            assert_int_equal(payroute_payment_feed_failure(t.p, NOW + 600, 0, 28), PAYROUTE_OK);
        }
        assert_false(payroute_keyring_has(t.ring, "ali", t.next_sn, NOW));
        is_in_doubt(&t);
        end(&t);
    }
}

static void without_a_ring_or_time_nothing_is_fetched(void **state)
{
    (void)state;
    kit t;
    begin(&t);
    assert_int_equal(payroute_payment_keyring(t.p, NULL), PAYROUTE_OK);
    assert_int_equal(feed(&t, t.answer), PAYROUTE_OK);
    is_in_doubt(&t);
    end(&t);
    begin(&t);
    assert_int_equal(payroute_payment_budget(t.p, 100), PAYROUTE_OK);
    assert_int_equal(feed(&t, t.answer), PAYROUTE_OK);
    is_in_doubt(&t);
    end(&t);
}

static void the_ring_refuses_what_proves_nothing(void **state)
{
    (void)state;
    kit t;
    char why[200] = "";
    begin(&t);
    const char *body = cert_answer(FORGED_CERT);
    assert_int_equal(payroute_keyring_take(t.ring, "ali", body, strlen(body), NOW, why, sizeof why),
                     PAYROUTE_E_SIGNATURE);
    assert_non_null(strstr(why, "alipay_root_cert"));
    body = cert_answer(NEXT_CERT);
    assert_int_equal(
        payroute_keyring_take(t.ring, "ali", body, strlen(body), INT64_C(1500000000000), why, sizeof why),
        PAYROUTE_E_EXPIRED); /* not valid yet at the time that counts */
    assert_int_equal(payroute_keyring_take(t.ring, "none", body, strlen(body), NOW, why, sizeof why),
                     PAYROUTE_E_NOT_FOUND);
    assert_int_equal(payroute_keyring_take(t.ring, "ali", body, strlen(body), NOW, why, sizeof why),
                     PAYROUTE_OK);
    assert_true(payroute_keyring_has(t.ring, "ali", t.next_sn, NOW));
    assert_false(payroute_keyring_has(t.ring, "ali", t.next_sn, INT64_C(1500000000000)));
    assert_false(payroute_keyring_has(t.ring, "ali", "0123", NOW));
    assert_false(payroute_keyring_has(t.ring, "none", t.next_sn, NOW));
    payroute_keyring *other = NULL;
    adk k;
    adk_open(&k, cert_mode_config(), "alipay", "qr", "CNY");
    assert_int_equal(payroute_keyring_new(&other, k.registry), PAYROUTE_OK);
    assert_int_equal(payroute_payment_keyring(t.p, other), PAYROUTE_E_ARG);
    payroute_keyring_free(other);
    adk_close(&k);
    end(&t);
}

/* The oldest of a channel goes when it has more than its share; those of other channels stay. */
static void the_ring_is_bounded(void **state)
{
    (void)state;
    static pr_keyring ring;
    pr_channel a = {.id = "a"}, b = {.id = "b"};
    char why[160], id[16];
    for (int32_t i = 0; i < 2 * PR_KEYRING_CHANNEL_MAX + 1; i++) {
        pr_key *key = NULL;
        assert_int_equal(pr_key_new(&key, PR_KEY_RSA_PUBLIC, ADK_ALIPAY_PUBLIC, strlen(ADK_ALIPAY_PUBLIC),
                                    why, sizeof why),
                         PAYROUTE_OK);
        snprintf(id, sizeof id, "%d", (int)i);
        assert_int_equal(pr_keyring_put(&ring, i == 0 ? &b : &a, id, key, 0, INT64_MAX), PAYROUTE_OK);
    }
    assert_non_null(pr_keyring_find(&ring, &b, "0", NOW));
    assert_null(pr_keyring_find(&ring, &a, "0", NOW));
    assert_null(pr_keyring_find(&ring, &a, "8", NOW));
    assert_non_null(pr_keyring_find(&ring, &a, "9", NOW));
    assert_non_null(pr_keyring_find(&ring, &a, "16", NOW));
    pr_keyring_clear(&ring);
    assert_null(pr_keyring_find(&ring, &a, "16", NOW));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answer_waits_for_its_certificate),
        cmocka_unit_test(a_ring_that_has_it_needs_no_fetch),
        cmocka_unit_test(taken_from_the_store_instead),
        cmocka_unit_test(what_cannot_be_verified_is_unknown),
        cmocka_unit_test(without_a_ring_or_time_nothing_is_fetched),
        cmocka_unit_test(the_ring_refuses_what_proves_nothing),
        cmocka_unit_test(the_ring_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
