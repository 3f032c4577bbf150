/* A certificate that Alipay changed to: downloaded while an answer waits, believed for its chain, and the
   same bytes are read again. Root and leaves were made for these tests with openssl; the leaves are over
   ADK_ALIPAY_PRIVATE. */
#include "adapter_alipay_fixture.h"

#include <payroute/rows.h>

#define NOW INT64_C(1800000000000)

/* Inside JSON. */
#define ROOT_CERT                                                                                            \
    "-----BEGIN CERTIFICATE-----\\n"                                                                         \
    "MIIDODCCAiCgAwIBAgIBTTANBgkqhkiG9w0BAQsFADA0MQswCQYDVQQGEwJDTjER\\n"                                    \
    "MA8GA1UECgwIQW50IHRlc3QxEjAQBgNVBAMMCVJvb3QgdGVzdDAgFw0yNjExMjYw\\n"                                    \
    "MDU3MDJaGA8yMTI2MTEwMjAwNTcwMlowNDELMAkGA1UEBhMCQ04xETAPBgNVBAoM\\n"                                    \
    "CEFudCB0ZXN0MRIwEAYDVQQDDAlSb290IHRlc3QwggEiMA0GCSqGSIb3DQEBAQUA\\n"                                    \
    "A4IBDwAwggEKAoIBAQC+2/q4rtwFh7XslLEdyC5qtpcqYCi2rGdYZTKrQBz0/Pkk\\n"                                    \
    "efwEE+t93+CzIN5tcpubIc9vtwUaJBWb5uzq8TpLJmbUgVKdH5N0B/IBUTAAh2iY\\n"                                    \
    "A7XjZqP2mnIykArSXJOzZWkefa3zT3oXWFI4Gu9t2nDsDMZ2EbqiTWrIz5WDk+Wb\\n"                                    \
    "jK5Q2G/EZ6aXF6AVGT/XsoHXlkfxNY3fn3MHQGH4mIxEwAqtxuLlGNHlCFjVcJEU\\n"                                    \
    "W0lHdlJC2I5ELIvJSANZl64Uq6o10T+fF6wOHu6Dli6HRwW2ynshSsM0DAhTO2Ea\\n"                                    \
    "g2hvjj0/ttACTuf04/wzUQqjuVCNc3uXvRHIN0ovAgMBAAGjUzBRMB0GA1UdDgQW\\n"                                    \
    "BBQLfAdi1euCUKATuLW4JNLmyrS03zAfBgNVHSMEGDAWgBQLfAdi1euCUKATuLW4\\n"                                    \
    "JNLmyrS03zAPBgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBCwUAA4IBAQBObUC5\\n"                                    \
    "wdUMBn4qV/9Iss0nQ4/ug8/co4AYaa2PVaQEJzbY5exRDGSU0SVlAbdOQvP31z3K\\n"                                    \
    "+pdzari6ZzTtP4tZHGi9NZ6J2xL43RoUiQlkmoEKjqGfVA16Ed+bh5z0GLH701DH\\n"                                    \
    "8YQ3ji2q1IEOnSt8x6iJ9p5RJ7w8uEoqnHgVGy7bZ0mq0LeBxg69U+Blcq3xSOVp\\n"                                    \
    "YiY8lM66fU+VxPkx/hAZApNFUrNxjVecjqrCBVVLbK//z/u1RvmSBcgvThFtznrN\\n"                                    \
    "AckhU1HQ96Oy6QxE2BpJxSfH4zPrROIMR5uQpLFahL2iKW00S69xQ0CYYWKsSymC\\n"                                    \
    "OpvWG8jdLcNdr8hn\\n"                                                                                    \
    "-----END CERTIFICATE-----\\n"

#define NEXT_CERT                                                                                            \
    "-----BEGIN CERTIFICATE-----\n"                                                                          \
    "MIIC3DCCAcQCAhABMA0GCSqGSIb3DQEBCwUAMDQxCzAJBgNVBAYTAkNOMREwDwYD\n"                                     \
    "VQQKDAhBbnQgdGVzdDESMBAGA1UEAwwJUm9vdCB0ZXN0MCAXDTI2MTEyNjAwNTcw\n"                                     \
    "MloYDzIxMjYxMTAyMDA1NzAyWjAxMQswCQYDVQQGEwJDTjEMMAoGA1UECgwDQW50\n"                                     \
    "MRQwEgYDVQQDDAtBbGlwYXkgbmV4dDCCASIwDQYJKoZIhvcNAQEBBQADggEPADCC\n"                                     \
    "AQoCggEBALAXf1g7XgCOgkKGTeFgVfnGk0uH+e0w7sFPLBtN1qV8AU5dCwozYDVu\n"                                     \
    "ovrFah7qnrS6/OYqllo1S1nU16CFNAFQMXqHmg94GB2nu0zpUBj7AeOMgsWOKdnJ\n"                                     \
    "lyZKrBWAs9rLzpNbQPqAbUxsHQfDjItYJIlkqEQl2o5wCqMOnsz11P9IS2qskXU3\n"                                     \
    "grfg43toRqmy8ZedXWa3Ugd2jmIqWaLCAUQRU//9XkZxWMBRlGzRUfR/GXaHWfMU\n"                                     \
    "DM36CtSqREUC7nTUV7LVWc0T/C8to0otQj5iDXkpTAXsZE7tAVgs02aYKsk9zQPm\n"                                     \
    "0Bn0+JKMaR1dqUjs93pwKpT99Nqa/GkCAwEAATANBgkqhkiG9w0BAQsFAAOCAQEA\n"                                     \
    "pTJEs+qr0rcczpSKULoXyFPFzjTnG6OSZvF/AI8sUqDmBZkqw8kyZQ8Lfwg6f39N\n"                                     \
    "OtevoWFOSijlLWRF/Sca5BUEw/32Jophv+nPdwGxkii8C8oldtgWYKgu5HsBesVD\n"                                     \
    "DlmUD8Jz7hF5J5JmqoD0+GWwJNWjv61kk3lwO51h8V7QNGSJsPOW2v+M5Op7QLf3\n"                                     \
    "N7pUhZFGJLuf8O2aejFmcEv5UEl3ItzbNfPNgHwZvigPtUQS4Ne7Nrz69eyprLng\n"                                     \
    "lDo1XNQ5dv/PLR47R5ZolBi+g4lzRMbjMDzl+noV8qYRArY8o6rzzJsS6D3Gnlgz\n"                                     \
    "3+pSDmDYO1DvfgVrrpB1rQ==\n"                                                                             \
    "-----END CERTIFICATE-----\n"

/* The same names, another root. */
#define FORGED_CERT                                                                                          \
    "-----BEGIN CERTIFICATE-----\n"                                                                          \
    "MIIC3DCCAcQCAhACMA0GCSqGSIb3DQEBCwUAMDQxCzAJBgNVBAYTAkNOMREwDwYD\n"                                     \
    "VQQKDAhBbnQgdGVzdDESMBAGA1UEAwwJUm9vdCB0ZXN0MCAXDTI2MTEyNjAwNTcw\n"                                     \
    "MloYDzIxMjYxMTAyMDA1NzAyWjAxMQswCQYDVQQGEwJDTjEMMAoGA1UECgwDQW50\n"                                     \
    "MRQwEgYDVQQDDAtBbGlwYXkgbmV4dDCCASIwDQYJKoZIhvcNAQEBBQADggEPADCC\n"                                     \
    "AQoCggEBALAXf1g7XgCOgkKGTeFgVfnGk0uH+e0w7sFPLBtN1qV8AU5dCwozYDVu\n"                                     \
    "ovrFah7qnrS6/OYqllo1S1nU16CFNAFQMXqHmg94GB2nu0zpUBj7AeOMgsWOKdnJ\n"                                     \
    "lyZKrBWAs9rLzpNbQPqAbUxsHQfDjItYJIlkqEQl2o5wCqMOnsz11P9IS2qskXU3\n"                                     \
    "grfg43toRqmy8ZedXWa3Ugd2jmIqWaLCAUQRU//9XkZxWMBRlGzRUfR/GXaHWfMU\n"                                     \
    "DM36CtSqREUC7nTUV7LVWc0T/C8to0otQj5iDXkpTAXsZE7tAVgs02aYKsk9zQPm\n"                                     \
    "0Bn0+JKMaR1dqUjs93pwKpT99Nqa/GkCAwEAATANBgkqhkiG9w0BAQsFAAOCAQEA\n"                                     \
    "fZ0Eqt/5s3B43GgDG54jJ9DJL33brQgp3KwhG0iswQUnpUx7L9FMZW0fF8Oj1Jlc\n"                                     \
    "QbVTAjiKyFIIqAN109cMeks6HaLX39FMhbFDHJGRoot9Wc4PknRH38rLQ65PvwQV\n"                                     \
    "hKJxwKnLJNn7vY6nkspqcEflGiAfAG4SqQLTtL/NX1ZiyhkC/TK6uvFisd6gArHY\n"                                     \
    "jOyGwkZrpzYWindD8+sk2voSd9vl3bQ8jl75TWbk8vVa2YhgGS8Z+RHQbbVeXsdE\n"                                     \
    "wGHlVBMKtIdU23LqmQCko2ASN/F+z1aH7rYjS6o3YALC0jVVSlHqkk4ykobY0NMa\n"                                     \
    "RftTIdOZsa48p32BRICEqg==\n"                                                                             \
    "-----END CERTIFICATE-----\n"

/* Too long for one literal. */
static const char *config(void)
{
    static char json[12000];
    snprintf(
        json, sizeof json,
        "{\"id\":\"ali\",\"provider\":\"alipay\",\"notify_url\":\"https://shop.example/n\",\"credentials\":[{"
        "\"app_id\":\"2021000122671080\",\"private_key\":\"%s\",\"app_cert\":\"%s\",\"alipay_cert\":\"%s\","
        "\"alipay_root_cert\":\"%s\"}],\"methods\":[{\"method\":\"alipay\",\"flows\":[\"qr\"]}],"
        "\"currencies\":[\"CNY\"]}",
        ADK_OFFICIAL_APP_PRIVATE, ADK_APP_CERT, ADK_ALIPAY_CERT, ROOT_CERT);
    return json;
}
static const char entropy[33] = "0123456789abcdef0123456789abcdef";

typedef struct kit {
    adk k;
    payroute_keyring *ring;
    payroute_payment *p;
    char next_sn[40];
    char answer[4096]; /* to the armed create, under the next certificate */
} kit;

static char *cert_answer(const char *pem)
{
    static char text[8192];
    static const char head[] =
        "{\"alipay_open_app_alipaycert_download_response\":{\"code\":\"10000\",\"msg\":"
        "\"Success\",\"alipay_cert_content\":\"";
    memcpy(text, head, sizeof head);
    size_t at = strlen(text);
    int32_t n = pr_sign_base64(text + at, sizeof text - at, pem, strlen(pem));
    assert_true(n > 0);
    strcpy(text + at + n, "\"}}");
    return text;
}

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
    adk_open(&t->k, config(), "alipay", "qr", "CNY");
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
    adk_open(&k, config(), "alipay", "qr", "CNY");
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
