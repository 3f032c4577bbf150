/* The configuration changes while payments are open: a channel that was taken out must not stop the others,
 * and what its payments are told must not be lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/engine.h"
#include "shop.h"
#include "sign/sign.h"

#define BUDGET 20000
#define MANY 300

static const char other_only[] =
    "{\"schema\":1,\"channels\":[{\"id\":\"other\",\"provider\":\"custom\",\"priority\":2,"
    "\"methods\":[{\"method\":\"card\",\"flows\":[\"direct\"]}],\"currencies\":[\"CNY\"],"
    "\"timeouts\":{\"connect_ms\":500,\"money_ms\":1000,\"query_ms\":1000},"
    "\"facts\":{\"lookup\":\"our_ref\",\"refund\":true,\"refund_keyed\":true,\"refund_lookup\":true,"
    "\"repeat_safe\":true,\"key_ttl_s\":-1,\"can_close\":true}}]}";

static void sweep_passes_what_it_cannot_load(void **state)
{
    (void)state;
    char store[128];
    int64_t id = 0;
    snprintf(store, sizeof store, "%s", shop_store(0));
    payroute_engine *before = shop_open(custom_config, store, NULL);
    for (int i = 0; i < MANY; i++) {
        char order[16];
        snprintf(order, sizeof order, "gone%d", i);
        assert_int_equal( /* by name: a channel that leaves hundreds unanswered looks like one that hangs */
            shop_create_amount(before, order, "\"channel\":\"bank\",\"method\":\"card\"", 1250, BUDGET, &id),
            PAYROUTE_OK);
    }
    assert_int_equal(
        shop_create_amount(before, "last", "\"channel\":\"other\",\"method\":\"card\"", 1250, BUDGET, &id),
        PAYROUTE_OK);
    assert_string_equal(told(before, "do.channel"), "other");
    payroute_engine *after = shop_open(other_only, store, NULL);
    assert_int_equal(payroute_engine_sweep(after, BUDGET), PAYROUTE_OK);
    assert_string_equal(told(after, "failed.0.name"), "E_NOT_FOUND");
    assert_int_equal(told_number(after, "host_must_act.0"), id);
    payroute_engine_close(before);
    payroute_engine_close(after);
}

/* ---- a notification of a payment with an attempt on a channel that is gone ---- */

#define CARD "{\"id\":\"card\",\"provider\":\"stripe\",\"currencies\":[\"CNY\"],\"priority\":2,"              \
             "\"base_url\":\"http://127.0.0.1:1\",\"methods\":[{\"method\":\"card\",\"flows\":[\"token\"]}]," \
             "\"credentials\":[{\"version\":\"1\",\"secret_key\":\"sk_test_engine\","                         \
             "\"webhook_secret\":\"whsec_engine_config\"}]}"

static const char bank_and_card[] =
    "{\"schema\":1,\"allow_plain_loopback\":true,\"channels\":[{\"id\":\"bank\",\"provider\":\"custom\",\"priority\":1,"
    "\"methods\":[{\"method\":\"card\",\"flows\":[\"token\"]}],\"currencies\":[\"CNY\"],"
    "\"facts\":{\"lookup\":\"our_ref\",\"repeat_safe\":true,\"key_ttl_s\":-1}}," CARD "]}";
static const char card_only[] = "{\"schema\":1,\"allow_plain_loopback\":true,\"channels\":[" CARD "]}";

static int32_t bring_paid(payroute_engine *e, const char *reference)
{
    char body[1024], text[1200], hex[65], headers[256];
    uint8_t mac[32];
    long long at = (long long)payroute_engine_now_ms(e) / 1000;
    snprintf(body, sizeof body,
             "{\"id\":\"evt_1\",\"object\":\"event\",\"type\":\"payment_intent.succeeded\",\"livemode\":false,"
             "\"data\":{\"object\":{\"id\":\"pi_1\",\"object\":\"payment_intent\",\"status\":\"succeeded\","
             "\"amount\":1250,\"amount_received\":1250,\"currency\":\"cny\",\"latest_charge\":\"ch_1\","
             "\"metadata\":{\"reference\":\"%s\"}}}}",
             reference);
    snprintf(text, sizeof text, "%lld.%s", at, body);
    assert_int_equal(pr_sign_hmac_sha256(mac, "whsec_engine_config", 19, text, strlen(text)), PAYROUTE_OK);
    pr_sign_hex(hex, mac, sizeof mac);
    snprintf(headers, sizeof headers, "Stripe-Signature: t=%lld,v1=%s\r\n", at, hex);
    return payroute_engine_notify(e, "card", "POST", "", 0, headers, strlen(headers), body, strlen(body));
}

static void notice_waits_for_the_channel(void **state)
{
    (void)state;
    char store[128];
    char reference[64];
    int64_t id = 0;
    snprintf(store, sizeof store, "%s", shop_store(0));
    payroute_engine *before = shop_open(bank_and_card, store, "\"clock\":{\"base_ms\":1790000000000,\"rate\":0}");
    assert_int_equal(shop_create(before, "o1", "card", BUDGET, &id), PAYROUTE_OK);
    assert_string_equal(told(before, "do.channel"), "bank");
    assert_int_equal(payroute_engine_feed_code(before, id, "refused_before", NULL, NULL, NULL, BUDGET),
                     PAYROUTE_OK);
    assert_int_equal(payroute_engine_clock_step(before, 60000), PAYROUTE_OK); /* both channels have rested */
    assert_int_equal(payroute_engine_advance(before, id, BUDGET), PAYROUTE_OK);
    assert_string_equal(told(before, "do.channel"), "bank");
    snprintf(reference, sizeof reference, "%s", told(before, "attempts.1.reference"));
    assert_string_equal(told(before, "attempts.1.channel"), "card");
    payroute_engine *after = shop_open(card_only, store, "\"clock\":{\"base_ms\":1790000060000,\"rate\":0}");
    assert_int_not_equal(bring_paid(after, reference), PAYROUTE_OK);
    assert_true(told_number(after, "ack.status") >= 500);
    assert_string_equal(told(after, "orphan"), "");
    assert_int_equal(bring_paid(before, reference), PAYROUTE_OK); /* it is back, and so is the notification */
    assert_int_equal(told_number(before, "ack.status"), 200);
    assert_string_equal(told(before, "changed"), "true");
    payroute_engine_close(before);
    payroute_engine_close(after);
}

/* ---- a notification by GET of an order that is not here ---- */

static const char panel_only[] =
    "{\"schema\":1,\"allow_plain_loopback\":true,\"channels\":[{\"id\":\"panel\",\"provider\":\"epay\","
    "\"fork\":\"rainbow\",\"base_url\":\"http://127.0.0.1:1\",\"notify_url\":\"http://127.0.0.1:1/n\","
    "\"credentials\":[{\"version\":\"1\",\"pid\":\"1001\",\"key\":\"0123456789abcdef\"}],"
    "\"methods\":[{\"method\":\"alipay\",\"flows\":[\"qr\"]}],\"currencies\":[\"CNY\"]}]}";

struct found {
    int32_t count;
    char event_id[160];
};

static int32_t see_orphan(void *user, const char *channel, const char *event_id, const char *hash, int64_t at_ms)
{
    struct found *f = user;
    (void)channel, (void)hash, (void)at_ms;
    f->count++;
    snprintf(f->event_id, sizeof f->event_id, "%s", event_id);
    return 0;
}

/* Whoever looks at it must see what was paid, and the proof of it. */
static void an_orphan_keeps_its_words(void **state)
{
    (void)state;
    static const char said[] = "money=12.50&out_trade_no=SOMEBODYS&pid=1001&trade_no=T9&trade_status=TRADE_SUCCESS";
    char text[200], query[300], hash[40], *body = NULL;
    struct found f = {0};
    size_t len = 0;
    payroute_engine *e = shop_open(panel_only, shop_store(1), NULL);
    snprintf(text, sizeof text, "%s0123456789abcdef", said);
    assert_int_equal(pr_sign_md5_hex(hash, text, strlen(text)), PAYROUTE_OK);
    snprintf(query, sizeof query, "%s&sign=%s&sign_type=MD5", said, hash);
    assert_int_equal(payroute_engine_notify(e, "panel", "GET", query, strlen(query), "", 0, "", 0), PAYROUTE_OK);
    assert_string_equal(told(e, "orphan"), "true");
    assert_int_equal(e->store->ops->orphans(e->store, NULL, see_orphan, &f), PAYROUTE_OK);
    assert_int_equal(f.count, 1);
    assert_int_equal(e->store->ops->orphan_body(e->store, "panel", f.event_id, &body, &len), PAYROUTE_OK);
    assert_int_equal(len, strlen(query));
    assert_memory_equal(body, query, len);
    free(body);
    payroute_engine_close(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sweep_passes_what_it_cannot_load),
        cmocka_unit_test(notice_waits_for_the_channel),
        cmocka_unit_test(an_orphan_keeps_its_words),
    };
    return cmocka_run_group_tests(tests, NULL, shop_clean);
}
