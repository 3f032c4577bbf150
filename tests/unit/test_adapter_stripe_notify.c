/* Stripe's webhooks: the published vector, events true and forged, late and early, of others and of nobody.
 */
#include "adapter_fixture.h"

#include "adapters/stripe.h"

#define REF "0K3V9Z2M4QABCDEFGHJKMNPQRS"
#define CHANNEL                                                                                              \
    "{\"id\":\"st\",\"provider\":\"stripe\",\"credentials\":[{\"version\":\"2\",\"secret_key\":\"sk_tes"     \
    "t_CANARYONE\","                                                                                         \
    "\"webhook_secret\":\"whsec_CANARYTWO\"},{\"version\":\"1\",\"secret_key\":\"sk_test_CANARYOLD\","       \
    "\"webhook_secret\":\"whsec_CANARYOLD\"}],"                                                              \
    "\"methods\":[{\"method\":\"card\",\"flows\":[\"token\"]}],\"currencies\":[\"USD\"]}"

enum { NOW_S = 1764064500 };

static void sign_event(char *out, size_t cap, const char *secret, long long seconds, const char *body)
{
    char stamp[32];
    int n = snprintf(stamp, sizeof stamp, "%lld.", seconds);
    char *text = malloc((size_t)n + strlen(body) + 1);
    assert_non_null(text);
    sprintf(text, "%s%s", stamp, body);
    uint8_t mac[32];
    char hex[65];
    assert_int_equal(pr_sign_hmac_sha256(mac, secret, strlen(secret), text, strlen(text)), PAYROUTE_OK);
    pr_sign_hex(hex, mac, sizeof mac);
    snprintf(out, cap, "t=%lld,v1=%s", seconds, hex);
    free(text);
}

static void deliver(adk *k, pr_notice *n, const char *header, const char *body)
{
    char block[2600];
    snprintf(block, sizeof block,
             "Host: shop.example\r\nstripe-signature: %s\r\nContent-Type: application/json\r\n", header);
    pr_http_incoming in = {"POST", NULL, 0, block, strlen(block), body, strlen(body)};
    k->adapter->notify(n, k->channel, NULL, NULL, &in, (int64_t)NOW_S * 1000);
}

static void deliver_signed(adk *k, pr_notice *n, const char *body)
{
    char header[256];
    sign_event(header, sizeof header, "whsec_CANARYTWO", NOW_S, body);
    deliver(k, n, header, body);
}

/* github.com/stripe/stripe-dotnet, src/StripeTests/Services/Events/EventUtilityTest.cs with
 * event_test_signature.json. */
static void official_vector(void **state)
{
    (void)state;
    static const char body[] =
        "{\n  \"id\": \"evt_123\",\n  \"object\": \"event\",\n  \"account\": \"acct_123\",\n  \"api_ver"
        "sion\": \"2017-05-25\",\n"
        "  \"created\": 1533204620,\n  \"data\": {\n    \"object\": {\n      \"id\": \"ii_123\",\n     "
        " \"object\": \"invoiceitem\",\n"
        "      \"amount\": 1000,\n      \"currency\": \"usd\",\n      \"customer\": \"cus_123\",\n     "
        " \"date\": 1533204620,\n"
        "      \"description\": \"Test Invoice Item\",\n      \"discountable\": false,\n      \"invoic"
        "e\": \"in_123\",\n"
        "      \"livemode\": false,\n      \"metadata\": {},\n      \"period\": {\n        \"start\": 1"
        "533204620,\n"
        "        \"end\": 1533204620\n      },\n      \"plan\": null,\n      \"proration\": false,\n   "
        "   \"quantity\": null,\n"
        "      \"subscription\": null\n    }\n  },\n  \"livemode\": false,\n  \"pending_webhooks\": 1"
        ",\n  \"request\": {\n"
        "    \"id\": \"req_123\",\n    \"idempotency_key\": \"idempotency-key-123\"\n  },\n  \"type\":"
        " \"invoiceitem.created\"\n}\n";
    static const char header[] =
        "Stripe-Signature: t=1533204620,v1=f0bdba6d4eacbd8ad8a3bbadd7248e633ec1477f7899c124c51b39405fa36613,"
        "v0=63f3a72374a733066c4be69ed7f8e5ac85c22c9f0a6a612ab9a025a9e4ee7eef\r\n";
    adk k;
    adk_open(&k, CHANNEL, "card", "token", "USD");
    pr_channel channel = *k.channel; /* the vector's secret has no whsec_ and no registry would take it */
    char secret[] = "webhook_secret";
    for (int32_t i = 0; i < channel.provider->field_count; i++) {
        if (strcmp(channel.provider->fields[i].name, "webhook_secret") == 0) {
            channel.credentials[1].values[i] = secret;
        }
    }
    pr_http_incoming in = {"POST", NULL, 0, header, sizeof header - 1, body, sizeof body - 1};
    static const struct {
        int64_t apart;
        int32_t rc;
    } rows[] = {{0, PAYROUTE_OK},           {100, PAYROUTE_OK},        {300, PAYROUTE_OK},
                {-300, PAYROUTE_OK},        {301, PAYROUTE_E_EXPIRED}, {-301, PAYROUTE_E_EXPIRED},
                {-3600, PAYROUTE_E_EXPIRED}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        pr_notice n;
        k.adapter->notify(&n, &channel, NULL, NULL, &in, (1533204620 + rows[i].apart) * 1000);
        assert_int_equal(n.rc, rows[i].rc);
        assert_int_equal(n.ignorable, rows[i].rc == PAYROUTE_OK);
        pr_reading_free(&n.reading);
    }
    in.body_len--; /* one byte less */
    pr_notice n;
    k.adapter->notify(&n, &channel, NULL, NULL, &in, INT64_C(1533204620000));
    assert_int_equal(n.rc, PAYROUTE_E_SIGNATURE);
    adk_close(&k);
}

#define EVENT(type, object)                                                                                  \
    "{\"id\":\"evt_1\",\"object\":\"event\",\"livemode\":false,\"type\":\"" type                             \
    "\",\"data\":{\"object\":" object "}}"
#define PI(status, more)                                                                                     \
    "{\"id\":\"pi_1\",\"object\":\"payment_intent\",\"amount\":1250,\"currency\":\"usd\",\"client_secre"     \
    "t\":\"pi_1_secret_CANARY3\","                                                                           \
    "\"metadata\":{\"reference\":\"" REF "\",\"order_hash\":\"00ff\"},\"status\":\"" status "\"" more "}"
#define CHARGE_NEWS(back, captured, flag)                                                                    \
    "{\"id\":\"ch_1\",\"object\":\"charge\",\"payment_intent\":\"pi_1\",\"currency\":\"usd\","               \
    "\"amount\":1250,\"amount_refunded\":" back ",\"amount_captured\":" captured ",\"captured\":" flag "}"
#define PAID_EVENT                                                                                           \
    EVENT("payment_intent.succeeded", PI("succeeded", ",\"amount_received\":1250,\"latest_charge\":\"ch_1\""))
#define REFUND(meta, status)                                                                                 \
    "{\"id\":\"re_1\",\"object\":\"refund\",\"amount\":200,\"currency\":\"usd\",\"payment_intent\":\"pi"     \
    "_1\",\"metadata\":{" meta "},\"status\":\"" status "\"}"

static void events_state_facts(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        int32_t target;
        int32_t event;
    } rows[] = {
        {PAID_EVENT, PR_TARGET_ATTEMPT, PR_EV_PAID},
        {EVENT("payment_intent.amount_capturable_updated",
               PI("requires_capture", ",\"amount_capturable\":1250")),
         PR_TARGET_ATTEMPT, PR_EV_AUTH},
        {EVENT("payment_intent.payment_failed",
               PI("requires_payment_method", ",\"last_payment_error\":{\"type\":\"card_error\","
                                             "\"code\":\"card_declined\",\"decline_code\":\"lost_card\"}")),
         PR_TARGET_ATTEMPT, PR_EV_ST_DECLINED},
        {EVENT("payment_intent.requires_action",
               PI("requires_action", ",\"next_action\":{\"type\":\"use_stripe_sdk\"}")),
         PR_TARGET_ATTEMPT, PR_EV_ST_UNPAID},
        {EVENT("payment_intent.created", PI("requires_payment_method", "")), PR_TARGET_ATTEMPT,
         PR_EV_ST_UNPAID},
        {EVENT("payment_intent.processing", PI("processing", "")), PR_TARGET_ATTEMPT, PR_EV_ST_PROCESSING},
        {EVENT("payment_intent.canceled", PI("canceled", "")), PR_TARGET_ATTEMPT, PR_EV_ST_CLOSED},
        {EVENT("payment_intent.news", PI("new_status", "")), PR_TARGET_ATTEMPT, PR_EV_UNCLEAR},
        {EVENT("charge.refunded",
               "{\"id\":\"ch_1\",\"object\":\"charge\",\"payment_intent\":\"pi_1\",\"currency\":\"usd\""
               ",\"amount\":1250,"
               "\"amount_refunded\":200,\"metadata\":{\"reference\":\"" REF "\",\"order_hash\":\"00ff\"}}"),
         PR_TARGET_ATTEMPT, PR_EV_REVERSED_PART},
        {EVENT("refund.updated", REFUND("\"key\":\"" REF "R1\",\"reference\":\"" REF "\"", "succeeded")),
         PR_TARGET_ACTION, PR_AE_DONE},
        {EVENT("charge.refund.updated", REFUND("\"key\":\"" REF "R1\",\"reference\":\"" REF "\"", "pending")),
         PR_TARGET_ACTION, PR_AE_PENDING},
        {EVENT("refund.failed", REFUND("\"key\":\"" REF "R1\",\"reference\":\"" REF "\"", "failed")),
         PR_TARGET_ACTION, PR_AE_FAILED},
        {EVENT("refund.failed", REFUND("", "failed")), PR_TARGET_ATTEMPT, PR_EV_REFUND_UNDONE},
    };
    adk k;
    adk_open(&k, CHANNEL, "card", "token", "USD");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        pr_notice n;
        deliver_signed(&k, &n, rows[i].body);
        if (n.rc != PAYROUTE_OK || n.ignorable || n.reading.count != 1) {
            fail_msg("row %zu: rc %d, ignorable %d, %d facts", i, (int)n.rc, (int)n.ignorable,
                     (int)n.reading.count);
        }
        const pr_fact *f = &n.reading.facts[0];
        assert_int_equal(f->target, rows[i].target);
        assert_int_equal(f->event, rows[i].event);
        assert_int_equal(f->evidence, PR_EVIDENCE_SIGNED);
        assert_int_equal(f->provider_ms, (int64_t)NOW_S * 1000);
        assert_string_equal(f->provider_id, "pi_1");
        assert_string_equal(n.event_id, "evt_1");
        assert_int_equal(n.stored.status, 200);
        assert_int_equal(n.resend.status, 500);
        if (i < 9) {
            assert_string_equal(n.reference, REF);
            assert_string_equal(n.order_hash, "00ff");
        }
        assert_int_equal(n.reading.show_kind, PR_SHOW_NONE); /* nothing is shown from a webhook */
        assert_false(adk_holds(&n, sizeof n, "CANARY"));
        pr_reading_free(&n.reading);
    }
    adk_close(&k);
}

static void other_events_are_passed_over(void **state)
{
    (void)state;
    static const char *const bodies[] = {EVENT("charge.refunded", CHARGE_NEWS("1250", "0", "false")),
                                         EVENT("charge.refunded", CHARGE_NEWS("250", "1000", "true")),
                                         EVENT("invoice.paid", "{}"),
                                         EVENT("charge.succeeded", "{}"),
                                         EVENT("payment_intentx", "{}"),
                                         EVENT("refund.created", REFUND("", "succeeded"))};
    adk k;
    adk_open(&k, CHANNEL, "card", "token", "USD");
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        pr_notice n;
        deliver_signed(&k, &n, bodies[i]);
        assert_int_equal(n.rc, PAYROUTE_OK);
        assert_int_equal(n.ignorable, 1);
        assert_int_equal(n.reading.count, 0);
        pr_reading_free(&n.reading);
    }
    adk_close(&k);
}

static void secrets_of_every_version_count(void **state)
{
    (void)state;
    adk k;
    pr_notice n;
    adk_open(&k, CHANNEL, "card", "token", "USD");
    char old[200], now[200], both[800];
    sign_event(old, sizeof old, "whsec_CANARYOLD", NOW_S, PAID_EVENT);
    deliver(&k, &n, old, PAID_EVENT);
    assert_int_equal(n.rc, PAYROUTE_OK);
    pr_reading_free(&n.reading);
    sign_event(now, sizeof now, "whsec_CANARYTWO", NOW_S, PAID_EVENT);
    snprintf(both, sizeof both, "%s,v0=00,v1=%064d, v1=short%s", "t=1764064500", 0, strstr(now, ",v1="));
    deliver(&k, &n, both, PAID_EVENT);
    assert_int_equal(n.rc, PAYROUTE_OK);
    pr_reading_free(&n.reading);
    adk_close(&k);
}

static void forged_headers_are_refused(void **state)
{
    (void)state;
    adk k;
    pr_notice n;
    adk_open(&k, CHANNEL, "card", "token", "USD");
    char good[200], header[800];
    sign_event(good, sizeof good, "whsec_CANARYTWO", NOW_S, PAID_EVENT);
    const char *v1 = strstr(good, "v1=");
    const char *const headers[] = {"",   "t=1764064500", v1, "t=,v1=00", "t=17640645oo,v1=00",
                                   "v1", "garbage, more"};
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        deliver(&k, &n, headers[i], PAID_EVENT);
        assert_int_equal(n.rc, PAYROUTE_E_SIGNATURE);
        assert_int_equal(n.reading.count, 0);
        assert_int_equal(n.refused.status, 400);
    }
    snprintf(header, sizeof header, "t=1764064500,t=1764064500,%s", v1); /* two times */
    deliver(&k, &n, header, PAID_EVENT);
    assert_int_equal(n.rc, PAYROUTE_E_SIGNATURE);
    snprintf(header, sizeof header, "t=1764064501,%s", v1); /* another time than was signed */
    deliver(&k, &n, header, PAID_EVENT);
    assert_int_equal(n.rc, PAYROUTE_E_SIGNATURE);
    snprintf(header, sizeof header, "t=0%s", good + 2); /* not as Stripe writes a time, nor a signature */
    deliver(&k, &n, header, PAID_EVENT);
    assert_int_equal(n.rc, PAYROUTE_E_SIGNATURE);
    snprintf(header, sizeof header, "%s", good);
    for (char *at = strstr(header, "v1=") + 3; *at; at++) {
        *at = (char)(*at >= 'a' && *at <= 'f' ? *at - 'a' + 'A' : *at);
    }
    deliver(&k, &n, header, PAID_EVENT);
    assert_int_equal(n.rc, PAYROUTE_E_SIGNATURE);
    snprintf(header, sizeof header, "%s\r\nStripe-Signature: %s", good, good); /* the header twice */
    deliver(&k, &n, header, PAID_EVENT);
    assert_int_equal(n.rc, PAYROUTE_E_SIGNATURE);
    sign_event(header, sizeof header, "whsec_CANARYTWO", NOW_S + 3600, PAID_EVENT); /* an hour ahead */
    deliver(&k, &n, header, PAID_EVENT);
    assert_int_equal(n.rc, PAYROUTE_E_EXPIRED);
    char *body = malloc(sizeof PAID_EVENT);
    assert_non_null(body);
    for (size_t at = 0; at < sizeof PAID_EVENT - 1; at++) { /* any byte changed */
        memcpy(body, PAID_EVENT, sizeof PAID_EVENT);
        body[at] = body[at] == '1' ? '2' : '1';
        deliver(&k, &n, good, body);
        assert_int_equal(n.rc, PAYROUTE_E_SIGNATURE);
    }
    free(body);
    adk_close(&k);
}

static void foreign_and_malformed_events_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        int32_t rc;
    } rows[] = {
        {"{\"id\":\"evt_1\",\"object\":\"event\",\"livemode\":true,\"type\":\"payment_intent.succeede"
         "d\",\"data\":{\"object\":{}}}",
         PAYROUTE_E_FOREIGN},
        {"{\"id\":\"evt_1\",\"object\":\"event\",\"account\":\"acct_9\",\"livemode\":false,\"type\":\"p"
         "ayment_intent.succeeded\",\"data\":{"
         "\"object\":{}}}",
         PAYROUTE_E_FOREIGN},
        {"{\"id\":\"evt_1\",\"object\":\"event\",\"type\":\"payment_intent.succeeded\",\"data\":{\"obje"
         "ct\":{}}}",
         PAYROUTE_E_SCHEMA},
        {"{\"object\":\"event\",\"livemode\":false,\"type\":\"payment_intent.succeeded\",\"data\":{\"ob"
         "ject\":{}}}",
         PAYROUTE_E_SCHEMA},
        {"{\"id\":\"evt_1\",\"object\":\"v2.core.event\",\"livemode\":false,\"type\":\"payment_intent.s"
         "ucceeded\"}",
         PAYROUTE_E_SCHEMA},
        {EVENT("payment_intent.succeeded", "[]"), PAYROUTE_E_SCHEMA},
        {EVENT("payment_intent.succeeded", "{\"object\":\"charge\"}"), PAYROUTE_E_SCHEMA},
        {EVENT("charge.refunded", "{\"id\":\"ch_1\",\"currency\":\"usd\"}"), PAYROUTE_E_SCHEMA},
        {EVENT("refund.updated", "{\"id\":\"re_1\"}"), PAYROUTE_E_SCHEMA},
        {"{\"id\":\"evt_1\",\"id\":\"evt_2\"}", PAYROUTE_E_JSON},
        {"} not json", PAYROUTE_E_JSON},
        {"[]", PAYROUTE_E_SCHEMA},
    };
    adk k;
    adk_open(&k, CHANNEL, "card", "token", "USD");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        pr_notice n;
        deliver_signed(&k, &n, rows[i].body);
        if (n.rc != rows[i].rc) {
            fail_msg("row %zu: rc %d", i, (int)n.rc);
        }
        assert_int_equal(n.reading.count, 0);
        assert_string_equal(n.reference, "");
        pr_reading_free(&n.reading);
    }
    pr_notice n;
    pr_http_incoming get = {"GET", "x=1", 3, "", 0, NULL, 0};
    k.adapter->notify(&n, k.channel, NULL, NULL, &get, 0);
    assert_int_equal(n.rc, PAYROUTE_E_SCHEMA);
    adk_close(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(official_vector),
        cmocka_unit_test(events_state_facts),
        cmocka_unit_test(other_events_are_passed_over),
        cmocka_unit_test(secrets_of_every_version_count),
        cmocka_unit_test(forged_headers_are_refused),
        cmocka_unit_test(foreign_and_malformed_events_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
