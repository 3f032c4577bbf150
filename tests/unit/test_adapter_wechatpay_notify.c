/* WeChat Pay's notifications, true and forged, and the certificates that they are checked with. */
#include "adapter_wechatpay_fixture.h"

#define TRANSACTION(state, reference, merchant, app, total, currency)                                           \
    "{\"mchid\":\"" merchant "\",\"appid\":\"" app "\",\"out_trade_no\":\"" reference                           \
    "\",\"transaction_id\":\"1217752501201407033233368018\",\"trade_type\":\"NATIVE\",\"trade_state\":\"" state \
    "\",\"trade_state_desc\":\"支付成功\",\"bank_type\":\"CMC\",\"attach\":\"00ff\","                           \
    "\"success_time\":\"2025-11-25T17:54:59+08:00\",\"payer\":{\"openid\":\"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o\"},"   \
    "\"amount\":{\"total\":" total ",\"payer_total\":1000,\"currency\":\"" currency                             \
    "\",\"payer_currency\":\"CNY\"}}"
#define PAID TRANSACTION("SUCCESS", REF, "1900007291", "wx2421b1c4370ec43b", "1250", "CNY")
#define REFUNDED(status, merchant, key)                                                                      \
    "{\"mchid\":\"" merchant "\",\"out_trade_no\":\"" REF                                                    \
    "\",\"transaction_id\":\"1217752501201407033233368018\",\"out_refund_no\":\"" key                        \
    "\",\"refund_id\":\"50200207182018070300011301001\",\"refund_status\":\"" status                         \
    "\",\"success_time\":\"2025-11-25T17:54:59+08:00\",\"user_received_account\":\"招商银行信用卡0403\","    \
    "\"amount\":{\"total\":1250,\"refund\":250,\"payer_total\":1250,\"payer_refund\":250}}"

typedef struct world {
    adk k;
    pr_keyring *ring;
    pr_notice notice;
    char *body;
    char headers[4096];
} world;

static void open_world(world *w)
{
    memset(w, 0, sizeof *w);
    adk_open(&w->k, WX_OURS, "wechat", "qr", "CNY");
    w->ring = wx_ring(&w->k);
    pr_reading_init(&w->notice.reading);
}

static void close_world(world *w)
{
    pr_reading_free(&w->notice.reading);
    free(w->body);
    wx_ring_free(w->ring);
    adk_close(&w->k);
}

/* The body of a notification about `plain`. */
static void compose(world *w, const char *type, const char *plain, const char *apiv3)
{
    char *sealed = wx_seal(plain, apiv3, "transaction");
    free(w->body);
    w->body = malloc(strlen(sealed) + 512);
    assert_non_null(w->body);
    sprintf(
        w->body,
        "{\"id\":\"EV-2018022511223320873\",\"create_time\":\"2025-11-25T17:54:59+08:00\",\"resource_type\":"
        "\"encrypt-resource\",\"event_type\":\"%s\",\"summary\":\"支付成功\",\"resource\":%s}",
        type, sealed);
    free(sealed);
}

static void deliver(world *w, const char *method, size_t body_len)
{
    pr_http_incoming in = {method, NULL, 0, w->headers, strlen(w->headers), w->body, body_len};
    pr_reading_free(&w->notice.reading);
    w->k.adapter->notify(&w->notice, w->k.channel, NULL, w->ring, &in, w->k.subject.now_ms);
}

/* Signed now by the platform's known key. */
static int32_t send_in(world *w, const char *type, const char *plain)
{
    compose(w, type, plain, WX_APIV3);
    wx_headers(w->headers, sizeof w->headers, WX_PLATFORM_PRIVATE, WX_SERIAL, NOW_S, w->body,
               strlen(w->body));
    deliver(w, "POST", strlen(w->body));
    return w->notice.rc;
}

/* ---- what it says -------------------------------------------------------------------------------------- */

static void a_payment(void **state)
{
    (void)state;
    world w;
    open_world(&w);
    assert_int_equal(send_in(&w, "TRANSACTION.SUCCESS", PAID), PAYROUTE_OK);
    assert_int_equal(w.notice.ignorable, 0);
    assert_string_equal(w.notice.reference, REF);
    assert_string_equal(w.notice.event_id, "EV-2018022511223320873");
    assert_string_equal(w.notice.order_hash, "00ff");
    assert_int_equal(w.notice.reading.count, 1);
    const pr_fact *f = &w.notice.reading.facts[0];
    assert_int_equal(f->target, PR_TARGET_ATTEMPT);
    assert_int_equal(f->event, PR_EV_PAID);
    assert_int_equal(f->evidence, PR_EVIDENCE_SIGNED);
    assert_int_equal(f->merchant_equal, 1);
    assert_int_equal(f->amount_minor, 1250);
    assert_string_equal(f->currency, "CNY");
    assert_string_equal(f->txn_id, "1217752501201407033233368018");
    assert_int_equal(f->provider_ms, INT64_C(1764064500000));
    assert_int_equal(w.notice.stored.status, 204);
    assert_string_equal(w.notice.stored.body, "");
    assert_int_equal(w.notice.resend.status, 500);
    assert_string_equal(w.notice.resend.body, "{\"code\":\"FAIL\",\"message\":\"please send again\"}");
    assert_int_equal(w.notice.refused.status, 401);
    assert_string_equal(w.notice.refused.content_type, "application/json");
    /* another state or amount is told as it is; what it is worth is judged elsewhere */
    assert_int_equal(send_in(&w, "TRANSACTION.SUCCESS",
                             TRANSACTION("NOTPAY", REF, "1900007291", "wx2421b1c4370ec43b", "1250", "CNY")),
                     PAYROUTE_OK);
    assert_int_equal(w.notice.reading.facts[0].event, PR_EV_ST_UNPAID);
    assert_int_equal(send_in(&w, "TRANSACTION.SUCCESS",
                             TRANSACTION("SUCCESS", REF, "1900007291", "wx2421b1c4370ec43b", "1", "USD")),
                     PAYROUTE_OK);
    assert_int_equal(w.notice.reading.facts[0].amount_minor, 1);
    assert_string_equal(w.notice.reading.facts[0].currency, "USD");
    close_world(&w);
}

static void refunds(void **state)
{
    (void)state;
    static const struct {
        const char *type, *plain;
        int count, event;
    } t[] = {
        {"REFUND.SUCCESS", REFUNDED("SUCCESS", "1900007291", REFUND_KEY), 2, PR_AE_DONE},
        {"REFUND.SUCCESS", REFUNDED("SUCCESS", "1900007291", "by-hand-7"), 2, PR_AE_DONE},
        {"REFUND.ABNORMAL", REFUNDED("ABNORMAL", "1900007291", REFUND_KEY), 1, PR_AE_PENDING},
        {"REFUND.CLOSED", REFUNDED("CLOSED", "1900007291", REFUND_KEY), 1, PR_AE_FAILED},
        {"REFUND.NEW", REFUNDED("NEW", "1900007291", REFUND_KEY), 1, PR_AE_UNCLEAR},
    };
    world w;
    open_world(&w);
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        assert_int_equal(send_in(&w, t[i].type, t[i].plain), PAYROUTE_OK);
        assert_int_equal(w.notice.reading.count, t[i].count);
        assert_string_equal(w.notice.reference, REF);
        const pr_fact *f = &w.notice.reading.facts[t[i].count - 1];
        assert_int_equal(f->target, PR_TARGET_ACTION);
        assert_int_equal(f->event, t[i].event);
        assert_int_equal(f->merchant_equal, 1);
        assert_int_equal(f->amount_minor, 250);
        assert_string_equal(f->currency, "CNY");
        if (t[i].count == 2) {
            const pr_fact *owner = &w.notice.reading.facts[0];
            assert_int_equal(owner->target, PR_TARGET_ATTEMPT);
            assert_int_equal(owner->event, PR_EV_REVERSED_PART);
            assert_int_equal(owner->amount_minor, 250);
            assert_string_equal(owner->txn_id, f->txn_id); /* it counts once */
        }
    }
    assert_int_equal(send_in(&w, "REFUND.SUCCESS", REFUNDED("SUCCESS", "1900007292", REFUND_KEY)),
                     PAYROUTE_E_FOREIGN);
    assert_int_equal(send_in(&w, "REFUND.SUCCESS", "{\"mchid\":\"1900007291\"}"), PAYROUTE_E_SCHEMA);
    close_world(&w);
}

static void other_news_is_acknowledged_and_left(void **state)
{
    (void)state;
    static const char *const types[] = {"PAYSCORE.USER_OPEN_SERVICE", "TRANSACTION.FAIL", "COUPON.USE"};
    world w;
    open_world(&w);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        assert_int_equal(send_in(&w, types[i], "{\"mchid\":\"x\"}"), PAYROUTE_OK);
        assert_int_equal(w.notice.ignorable, 1);
        assert_int_equal(w.notice.reading.count, 0);
    }
    close_world(&w);
}

static void another_merchant_is_refused(void **state)
{
    (void)state;
    world w;
    open_world(&w);
    assert_int_equal(send_in(&w, "TRANSACTION.SUCCESS",
                             TRANSACTION("SUCCESS", REF, "1900007292", "wx2421b1c4370ec43b", "1250", "CNY")),
                     PAYROUTE_E_FOREIGN);
    assert_int_equal(send_in(&w, "TRANSACTION.SUCCESS",
                             TRANSACTION("SUCCESS", REF, "1900007291", "wx2421b1c4370ec43c", "1250", "CNY")),
                     PAYROUTE_E_FOREIGN);
    assert_int_equal(w.notice.reading.count, 0);
    assert_string_equal(w.notice.reference, "");
    assert_int_equal(
        send_in(&w, "TRANSACTION.SUCCESS", TRANSACTION("SUCCESS", REF, "1900007291", "", "1250", "CNY")),
        PAYROUTE_E_SCHEMA);
    assert_int_equal(send_in(&w, "TRANSACTION.SUCCESS", "{}"), PAYROUTE_E_SCHEMA);
    assert_int_equal(send_in(&w, "TRANSACTION.SUCCESS", "[1]"), PAYROUTE_E_SCHEMA);
    assert_int_equal(send_in(&w, "TRANSACTION.SUCCESS", "no json"), PAYROUTE_E_JSON);
    close_world(&w);
}

/* ---- the door ------------------------------------------------------------------------------------------ */

static void forged_old_and_foreign(void **state)
{
    (void)state;
    static const struct {
        const char *key, *serial;
        int64_t apart;
        int32_t rc;
    } t[] = {
        {WX_PLATFORM_PRIVATE, WX_SERIAL, 300, PAYROUTE_OK},
        {WX_PLATFORM_PRIVATE, WX_SERIAL, -300, PAYROUTE_OK},
        {WX_PLATFORM_PRIVATE, WX_SERIAL, 301, PAYROUTE_E_EXPIRED}, /* from the future */
        {WX_PLATFORM_PRIVATE, WX_SERIAL, -301, PAYROUTE_E_EXPIRED},
        {WX_SECOND_PRIVATE, WX_SERIAL, 0, PAYROUTE_E_SIGNATURE},
        {ADK_OFFICIAL_APP_PRIVATE, WX_SERIAL, 0, PAYROUTE_E_SIGNATURE}, /* our own key is not theirs */
        {WX_PLATFORM_PRIVATE, "../../keys", 0, PAYROUTE_E_SIGNATURE},
        {WX_PLATFORM_PRIVATE, "", 0, PAYROUTE_E_SIGNATURE},
        {WX_PLATFORM_PRIVATE, "00d7ce59d1f522d701", 0, PAYROUTE_OK},
    };
    world w;
    open_world(&w);
    compose(&w, "TRANSACTION.SUCCESS", PAID, WX_APIV3);
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        wx_headers(w.headers, sizeof w.headers, t[i].key, t[i].serial, NOW_S + t[i].apart, w.body,
                   strlen(w.body));
        deliver(&w, "POST", strlen(w.body));
        if (w.notice.rc != t[i].rc || w.notice.reading.count != (t[i].rc == PAYROUTE_OK)) {
            fail_msg("case %zu: %d", i, (int)w.notice.rc);
        }
        assert_string_equal(w.notice.reading.need_aux, "");
    }
    close_world(&w);
}

static void a_probe_is_refused(void **state)
{
    (void)state;
    world w;
    open_world(&w);
    assert_int_equal(send_in(&w, "TRANSACTION.SUCCESS", PAID), PAYROUTE_OK);
    char *at = strstr(w.headers, "Wechatpay-Signature: ") + 21;
    memcpy(at, "WECHATPAY/SIGNTEST/", 19);
    deliver(&w, "POST", strlen(w.body));
    assert_int_equal(w.notice.rc, PAYROUTE_E_SIGNATURE);
    assert_int_equal(w.notice.refused.status / 100, 4);
    assert_int_equal(w.notice.reading.count, 0);
    close_world(&w);
}

static void headers_and_bodies_that_are_broken(void **state)
{
    (void)state;
    static const char *const names[] = {
        "Wechatpay-Signature:", "Wechatpay-Serial:", "Wechatpay-Timestamp:", "Wechatpay-Nonce:"};
    world w;
    open_world(&w);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(send_in(&w, "TRANSACTION.SUCCESS", PAID), PAYROUTE_OK);
        *strstr(w.headers, names[i]) = 'X'; /* absent */
        deliver(&w, "POST", strlen(w.body));
        assert_int_equal(w.notice.rc, PAYROUTE_E_SIGNATURE);
    }
    assert_int_equal(send_in(&w, "TRANSACTION.SUCCESS", PAID), PAYROUTE_OK);
    deliver(&w, "GET", strlen(w.body));
    assert_int_equal(w.notice.rc, PAYROUTE_E_SCHEMA);
    deliver(&w, "POST", 0);
    assert_int_equal(w.notice.rc, PAYROUTE_E_SCHEMA);
    for (size_t n = 1; n < strlen(w.body); n++) {
        deliver(&w, "POST", n);
        assert_int_equal(w.notice.rc, PAYROUTE_E_SIGNATURE);
        assert_int_equal(w.notice.reading.count, 0);
    }
    memcpy(strstr(w.headers, "RSA2048"), "RSA1024", 7);
    deliver(&w, "POST", strlen(w.body));
    assert_int_equal(w.notice.rc, PAYROUTE_E_SIGNATURE);
    close_world(&w);
}

/* Signed well, sealed with a key that is not ours; then with an older one of ours. */
static void seals(void **state)
{
    (void)state;
    world w;
    open_world(&w);
    compose(&w, "TRANSACTION.SUCCESS", PAID, WX_OLD_APIV3);
    wx_headers(w.headers, sizeof w.headers, WX_PLATFORM_PRIVATE, WX_SERIAL, NOW_S, w.body, strlen(w.body));
    deliver(&w, "POST", strlen(w.body));
    assert_int_equal(w.notice.rc, PAYROUTE_E_SIGNATURE);
    char *body = w.body;
    w.body = NULL;
    close_world(&w);
    memset(&w, 0, sizeof w);
    wx_open(&w.k, WX_CREDENTIAL("2", WX_APIV3, ""), WX_CREDENTIAL("1", WX_OLD_APIV3, ""));
    w.ring = wx_ring(&w.k);
    w.body = body;
    wx_headers(w.headers, sizeof w.headers, WX_PLATFORM_PRIVATE, WX_SERIAL, NOW_S, w.body, strlen(w.body));
    deliver(&w, "POST", strlen(w.body));
    assert_int_equal(w.notice.rc, PAYROUTE_OK);
    assert_int_equal(w.notice.reading.facts[0].event, PR_EV_PAID);
    memcpy(strstr(w.body, "AEAD_AES_256_GCM"), "AEAD_AES_128_GCM", 16);
    wx_headers(w.headers, sizeof w.headers, WX_PLATFORM_PRIVATE, WX_SERIAL, NOW_S, w.body, strlen(w.body));
    deliver(&w, "POST", strlen(w.body));
    assert_int_equal(w.notice.rc, PAYROUTE_E_SCHEMA);
    close_world(&w);
}

/* ---- certificates -------------------------------------------------------------------------------------- */

/* A rotation: the new certificate signs before we know it. What was sealed for us is worth a fetch; garbage
 * is not. */
static void an_unknown_certificate_is_fetched(void **state)
{
    (void)state;
    world w;
    open_world(&w);
    compose(&w, "TRANSACTION.SUCCESS", PAID, WX_APIV3);
    wx_headers(w.headers, sizeof w.headers, WX_SECOND_PRIVATE, WX_SECOND_SERIAL, NOW_S, w.body,
               strlen(w.body));
    deliver(&w, "POST", strlen(w.body));
    assert_int_equal(w.notice.rc, PAYROUTE_E_NEED_AUX);
    assert_string_equal(w.notice.reading.need_aux, WX_SECOND_SERIAL);
    assert_int_equal(w.notice.reading.count, 0);
    assert_string_equal(w.notice.reference, "");
    char *kept = w.body;
    w.body = NULL;
    compose(&w, "TRANSACTION.SUCCESS", PAID, WX_OLD_APIV3); /* sealed by somebody else */
    wx_headers(w.headers, sizeof w.headers, WX_SECOND_PRIVATE, WX_SECOND_SERIAL, NOW_S, w.body,
               strlen(w.body));
    deliver(&w, "POST", strlen(w.body));
    assert_int_equal(w.notice.rc, PAYROUTE_E_SIGNATURE);
    assert_string_equal(w.notice.reading.need_aux, "");
    free(w.body);
    w.body = kept;
    char *entry = wx_entry(WX_SECOND_CERT, WX_SECOND_SERIAL, WX_APIV3, "2098-01-01T00:00:00+08:00");
    assert_int_equal(wx_fetch(w.ring, &w.k, entry), PAYROUTE_OK);
    free(entry);
    wx_headers(w.headers, sizeof w.headers, WX_SECOND_PRIVATE, WX_SECOND_SERIAL, NOW_S, w.body,
               strlen(w.body));
    deliver(&w, "POST", strlen(w.body));
    assert_int_equal(w.notice.rc, PAYROUTE_OK);
    assert_int_equal(send_in(&w, "TRANSACTION.SUCCESS", PAID),
                     PAYROUTE_OK); /* the old one signs on beside it */
    close_world(&w);
}

static void certificates_prove_themselves(void **state)
{
    (void)state;
    adk k;
    adk_open(&k, WX_OURS, "wechat", "qr", "CNY");
    pr_keyring *ring = calloc(1, sizeof *ring);
    assert_non_null(ring);
    const int64_t now = k.subject.now_ms;
    char *good = wx_entry(WX_PLATFORM_CERT, WX_SERIAL, WX_APIV3, "2031-04-25T16:55:23+08:00");
    char *second = wx_entry(WX_SECOND_CERT, WX_SECOND_SERIAL, WX_APIV3, "2025-11-25T17:54:59+08:00");
    char *renamed = wx_entry(WX_PLATFORM_CERT, WX_SECOND_SERIAL, WX_APIV3, "2031-04-25T16:55:23+08:00");
    char *stranger = wx_entry(WX_PLATFORM_CERT, WX_SERIAL, WX_OLD_APIV3, "2031-04-25T16:55:23+08:00");
    char *no_cert = wx_entry("no certificate", WX_SERIAL, WX_APIV3, "2031-04-25T16:55:23+08:00");
    assert_int_equal(wx_fetch(ring, &k, renamed), PAYROUTE_E_SCHEMA);
    assert_int_equal(wx_fetch(ring, &k, stranger), PAYROUTE_E_SIGNATURE);
    assert_int_equal(wx_fetch(ring, &k, no_cert), PAYROUTE_E_KEY);
    assert_int_equal(wx_fetch(ring, &k, ""), PAYROUTE_E_SCHEMA);
    assert_int_equal(wx_fetch(ring, &k, "{},7"), PAYROUTE_E_SCHEMA);
    assert_int_equal(wx_fetch(ring, &k, "{"), PAYROUTE_E_JSON);
    assert_null(pr_keyring_find(ring, k.channel, WX_SERIAL, now));
    assert_null(pr_keyring_find(ring, k.channel, WX_SECOND_SERIAL, now));
    char *all = malloc(strlen(good) + strlen(second) + strlen(stranger) + 8);
    assert_non_null(all);
    sprintf(all, "%s,%s,%s", stranger, good, second);
    assert_int_equal(wx_fetch(ring, &k, all), PAYROUTE_OK);
    assert_non_null(pr_keyring_find(ring, k.channel, WX_SERIAL, now));
    assert_null(
        pr_keyring_find(ring, k.channel, WX_SECOND_SERIAL, now)); /* given up a second ago, by its list */
    assert_non_null(pr_keyring_find(ring, k.channel, WX_SECOND_SERIAL, now - 2000));
    assert_null(
        pr_keyring_find(ring, k.channel, WX_SERIAL, INT64_C(1619500000000))); /* before 2021-04-27 08:55 */
    free(good), free(second), free(renamed), free(stranger), free(no_cert), free(all);
    wx_ring_free(ring);
    adk_close(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_payment),
        cmocka_unit_test(refunds),
        cmocka_unit_test(other_news_is_acknowledged_and_left),
        cmocka_unit_test(another_merchant_is_refused),
        cmocka_unit_test(forged_old_and_foreign),
        cmocka_unit_test(a_probe_is_refused),
        cmocka_unit_test(headers_and_bodies_that_are_broken),
        cmocka_unit_test(seals),
        cmocka_unit_test(an_unknown_certificate_is_fetched),
        cmocka_unit_test(certificates_prove_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
