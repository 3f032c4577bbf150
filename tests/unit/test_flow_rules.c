/* The merchant's rules in a payment's life: what the shop says of it is checked and kept, a rule that denies ends
   it with nothing sent, splits are exact whatever fails in between, captured money is counted once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <payroute/rows.h>

#include "flow/handle.h"
#include "route/rules.h"

#define NOW INT64_C(1795710600000) /* Friday 2026-11-27 00:30 in Shanghai */
static const char entropy[33] = "0123456789abcdef0123456789abcdef";
static char why[2000];

#define CHANNEL(id, more)                                                                                    \
    "{\"id\":\"" id "\",\"provider\":\"custom\",\"methods\":[{\"method\":\"card\",\"flows\":[\"direct\"]}]," \
    "\"currencies\":[\"CNY\"]" more "}"
#define ROUTING "\"routing\":{\"zone\":\"Asia/Shanghai\",\"explore\":false,\"margin_bp\":2000}"
#define FILE_OF(channels, rules)                                                                             \
    "{\"schema\":1," ROUTING ",\"channels\":[" channels "],\"rules\":[" rules "]}"
#define THREE                                                                                                \
    CHANNEL("a", ",\"priority\":1") "," CHANNEL("b", ",\"priority\":2") "," CHANNEL("c", ",\"priority\":3")

static payroute_registry *registry_of(const char *json)
{
    payroute_registry *r = NULL;
    if (payroute_registry_from_json(&r, json, strlen(json), why, sizeof why) != PAYROUTE_OK) {
        fail_msg("%s", why);
    }
    return r;
}

static int32_t make(payroute_payment **out, payroute_registry *r, const char *more, int64_t now_ms)
{
    char spec[4000];
    snprintf(spec, sizeof spec,
             "{\"order_id\":\"o-1\",\"amount_minor\":600,\"currency\":\"CNY\",\"method\":\"card\"%s}", more);
    return payroute_payment_new(out, r, NULL, spec, strlen(spec), "test", entropy, now_ms, why, sizeof why);
}

static payroute_payment *begun(payroute_registry *r, payroute_health *h, const char *more, int64_t now_ms)
{
    payroute_payment *p = NULL;
    if (make(&p, r, more, now_ms) != PAYROUTE_OK) {
        fail_msg("%s", why);
    }
    assert_int_equal(payroute_payment_health(p, h), PAYROUTE_OK);
    assert_int_equal(payroute_payment_lease(p, "me", 1), PAYROUTE_OK);
    assert_int_equal(payroute_payment_present(p, 1), PAYROUTE_OK);
    assert_int_equal(payroute_payment_tick(p, now_ms), PAYROUTE_OK);
    return p;
}

/* Saves and answers each send with `word`; the last action. */
static int32_t play(payroute_payment *p, const char *word, int64_t now_ms)
{
    int32_t next = 0;
    for (int32_t i = 0; i < 40; i++) {
        next = payroute_payment_next(p);
        if (next == PAYROUTE_ACTION_SAVE) {
            assert_non_null(payroute_payment_save_set(p));
            assert_int_equal(payroute_payment_feed_saved(p, 1), PAYROUTE_OK);
        } else if (next == PAYROUTE_ACTION_SEND) {
            assert_int_equal(payroute_payment_feed_code(p, now_ms, word, NULL, NULL, NULL), PAYROUTE_OK);
        } else if (next == PAYROUTE_ACTION_WAIT && payroute_payment_wake_ms(p) <= now_ms) {
            assert_int_equal(payroute_payment_tick(p, now_ms), PAYROUTE_OK);
        } else {
            break;
        }
    }
    return next;
}

static const char *first_channel(const payroute_payment *p)
{
    return p->pay.attempt_count > 0 ? p->pay.attempts[0].channel : "none";
}

static void goes_to(payroute_registry *r, const char *more, const char *channel)
{
    payroute_payment *p = begun(r, NULL, more, NOW);
    if (strcmp(first_channel(p), channel) != 0) {
        fail_msg("%s: expected %s, got %s", more, channel, payroute_payment_trace(p, NULL));
    }
    payroute_payment_free(p);
}

static void the_way_that_the_customer_knows(void **state)
{
    (void)state;
    char json[2000];
    for (int32_t sticky = 0; sticky < 2; sticky++) {
        snprintf(json, sizeof json, "{\"schema\":1,\"routing\":{\"sticky\":%s,\"margin_bp\":0},\"channels\":[%s]}",
                 sticky ? "true" : "false", THREE);
        payroute_registry *r = registry_of(json);
        goes_to(r, ",\"last_channel\":\"c\"", sticky ? "c" : "a");
        goes_to(r, ",\"last_channel\":\"gone\"", "a"); /* no longer in the configuration */
        payroute_registry_free(r);
    }
}

static payroute_payment *again(payroute_payment *p, payroute_registry *r)
{
    payroute_payment *q = NULL;
    const payroute_save_set *set = payroute_payment_save_set(p);
    assert_non_null(set);
    payroute_save_set rows = *set;
    rows.payment.id = 1;
    if (payroute_payment_load(&q, r, NULL, &rows, entropy, NOW + 1000, why, sizeof why) != PAYROUTE_OK) {
        fail_msg("%s", why);
    }
    return q;
}

static void refused_with(payroute_registry *r, const char *more, int32_t rc, const char *line)
{
    payroute_payment *p = NULL;
    int32_t got = make(&p, r, more, NOW);
    if (got != rc || p != NULL || strstr(why, line) == NULL) {
        fail_msg("%.60s: expected %d %s, got %d %s", more, (int)rc, line, (int)got, why);
    }
}

static void what_is_said_of_a_payment_is_checked(void **state)
{
    (void)state;
    char long_one[2600] = ",\"metadata\":{\"x\":\"", digits[40];
    payroute_registry *r = registry_of(FILE_OF(THREE, ""));
    refused_with(r, ",\"country\":\"china\"", PAYROUTE_E_SCHEMA, "country: expected a country's two letters");
    refused_with(r, ",\"risk\":-1", PAYROUTE_E_SCHEMA, "risk: expected an integer from 0");
    refused_with(r, ",\"metadata\":{\"a\":[]}", PAYROUTE_E_SCHEMA, "metadata: expected an object");
    refused_with(r, ",\"bin\":\"41111\"", PAYROUTE_E_SCHEMA, "bin: expected the first 6 to 8 digits");
    refused_with(r, ",\"last_channel\":7", PAYROUTE_E_SCHEMA, "last_channel: expected a text");
    refused_with(r, ",\"brands\":\"visa\"", PAYROUTE_E_SCHEMA, "brands: unknown key");
    refused_with(r, ",\"xx支付支付支付支付支付支付支付\":1", PAYROUTE_E_SCHEMA, /* never within a character */
                 "xx支付支付支付支付支付支付: unknown key");
    /* all at once */
    refused_with(r, ",\"tier\":\"A B\",\"category\":\"\"", PAYROUTE_E_SCHEMA, "category: expected");
    assert_non_null(strstr(why, "tier: expected"));
    static const char *const numbers[] = {",\"bin\":\"4111111111111111\"", ",\"issuer\":\"4111 1111 1111 1111\"",
                                          ",\"country\":\"4111111111111111\"", ",\"risk\":4111111111111111",
                                          ",\"metadata\":{\"note\":\"4111-1111-1111-1111\"}",
                                          ",\"metadata\":{\"4111111111111111\":1}"};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        refused_with(r, numbers[i], PAYROUTE_E_SCHEMA, i == 0 ? "never more" : "must not come here");
        assert_null(strstr(why, "1111"));
    }
    snprintf(digits, sizeof digits, "sk_live_%s", "0123456789abcdefghij");
    char secret[80];
    snprintf(secret, sizeof secret, ",\"metadata\":{\"key\":\"%s\"}", digits);
    refused_with(r, secret, PAYROUTE_E_SCHEMA, "metadata: looks like a credential");
    assert_null(strstr(why, "0123456789"));
    for (int32_t i = 0; i < 350; i++) {
        strcat(long_one, "word. ");
    }
    strcat(long_one, "\"}");
    refused_with(r, long_one, PAYROUTE_E_LIMIT, "metadata: with the other facts at most 2048 bytes");
    payroute_registry_free(r);
}

#define ALL_FACTS                                                                                            \
    ",\"country\":\"CN\",\"brand\":\"visa\",\"issuer\":\"icbc\",\"tier\":\"gold\",\"category\":\"tea\","     \
    "\"bin\":\"411111\",\"risk\":3,\"metadata\":{\"shop\":7,\"new\":true,\"city\":\"\xe4\xb8\x8a\xe6\xb5\xb7\"}"

static void it_rides_in_the_record(void **state)
{
    (void)state;
    payroute_registry *r = registry_of(FILE_OF(THREE, ""));
    payroute_payment *p = begun(r, NULL, ALL_FACTS ",\"last_channel\":\"b\"", NOW);
    payroute_payment *q = again(p, r);
    const pr_rule_facts *f = &q->known->facts;
    assert_string_equal(f->country, "CN");
    assert_string_equal(f->bin, "411111");
    assert_int_equal(f->risk, 3);
    assert_string_equal(payroute_json_text(payroute_json_get(f->metadata, "shop")), "7");
    assert_string_equal(q->order.last_channel, "b");
    assert_string_equal(pr_known_issuer(q->known), "icbc");
    assert_int_equal(q->pay.attempts[0].issuer, pr_health_hash("icbc"));
    payroute_payment_free(q);
    payroute_payment_free(p);
    p = begun(r, NULL, ",\"brand\":\"visa\"", NOW);
    assert_int_equal(p->pay.attempts[0].issuer, pr_health_hash("visa")); /* who else */
    payroute_payment_free(p);
    p = begun(r, NULL, "", NOW);
    assert_null(p->known);
    assert_int_equal(p->pay.attempts[0].issuer, 0);
    q = again(p, r);
    assert_null(q->known);
    payroute_payment_free(q);
    payroute_payment_free(p);
    payroute_registry_free(r);
}

static void rules_order_the_channels(void **state)
{
    (void)state;
    payroute_registry *r = registry_of(FILE_OF(
        THREE, "{\"name\":\"gold\",\"when\":{\"tier\":\"gold\"},\"then\":{\"only\":[\"b\",\"c\"]}},"
               "{\"name\":\"tea\",\"when\":{\"category\":\"tea\"},\"then\":{\"prefer\":[\"c\"]}},"
               "{\"name\":\"risky\",\"when\":{\"risk\":{\"min\":50}},\"then\":{\"avoid\":[\"a\",\"b\"]}},"
               "{\"name\":\"north\",\"when\":{\"metadata\":{\"shop\":[7,8]}},\"then\":{\"prefer\":[\"b\"]}}"));
    goes_to(r, "", "a");
    goes_to(r, ",\"tier\":\"gold\"", "b");
    goes_to(r, ",\"tier\":\"gold\",\"category\":\"tea\"", "c");
    goes_to(r, ",\"risk\":60", "c");
    goes_to(r, ",\"risk\":40", "a");
    goes_to(r, ",\"metadata\":{\"shop\":\"7\"}", "b");
    goes_to(r, ",\"metadata\":{\"shop\":9}", "a");
    payroute_payment *p = begun(r, NULL, ",\"metadata\":{\"shop\":8}", NOW);
    assert_non_null(strstr(payroute_payment_view(p, "en", NULL), "\"decided\":\"north\""));
    payroute_payment_free(p);
    payroute_registry_free(r);
}

static void a_rule_that_denies_ends_it(void **state)
{
    (void)state;
    payroute_registry *r = registry_of(
        FILE_OF(THREE, "{\"name\":\"cards\",\"when\":{\"bin\":[\"411111\"]},\"then\":{\"deny\":\"bad_bin\"}},"
                       "{\"name\":\"fraud\",\"when\":{\"risk\":{\"min\":95}},\"then\":{\"deny\":\"risk_blocked\"}}"));
    payroute_payment *p = begun(r, NULL, ",\"bin\":\"411111\",\"instrument\":\"pm_1\",\"tier\":\"gold\"", NOW);
    assert_int_equal(payroute_payment_next(p), PAYROUTE_ACTION_SAVE); /* and nothing to send */
    assert_int_equal(payroute_payment_save_set(p)->attempt_count, 0);
    assert_int_equal(payroute_payment_status(p), PAYROUTE_STATUS_DECLINED);
    assert_int_equal(payroute_payment_final(p), 1);
    payroute_payment *q = again(p, r);
    const char *view = payroute_payment_view(q, "en", NULL);
    assert_non_null(strstr(view, "\"denied\":{\"rule\":\"cards\",\"reason\":\"bad_bin\"}"));
    assert_non_null(strstr(view, "\"reason\":\"blocklisted\""));
    assert_non_null(strstr(view, "quote order o-1"));
    assert_non_null(strstr(view, "\"status\":\"declined\""));
    assert_int_equal(payroute_payment_status(q), PAYROUTE_STATUS_DECLINED);
    payroute_payment_free(q);
    assert_int_equal(play(p, "paid", NOW), PAYROUTE_ACTION_DONE);
    assert_non_null(strstr(payroute_payment_trace(p, NULL), "\"deny\":\"bad_bin\",\"decided\":\"cards\""));
    /* another card is another matter */
    static const char wish[] = "{\"method\":\"card\",\"instrument\":\"pm_2\"}";
    assert_int_equal(payroute_payment_retry(p, NOW, wish, strlen(wish), why, sizeof why), PAYROUTE_OK);
    assert_int_equal(payroute_payment_tick(p, NOW), PAYROUTE_OK);
    assert_string_equal(first_channel(p), "a");
    assert_null(p->known->facts.bin);
    assert_string_equal(p->known->facts.tier, "gold");
    assert_null(strstr(payroute_payment_view(p, "en", NULL), "\"denied\""));
    assert_int_equal(play(p, "paid", NOW), PAYROUTE_ACTION_DONE);
    assert_int_equal(payroute_payment_status(p), PAYROUTE_STATUS_PAID);
    payroute_payment_free(p);
    p = begun(r, NULL, ",\"risk\":99", NOW);
    assert_non_null(strstr(payroute_payment_view(p, "en", NULL), "\"reason\":\"risk_blocked\""));
    payroute_payment_free(p);
    payroute_registry_free(r);
}

/* Of a hundred payments as many as was said, although every third choice comes to nothing: lost to another
   worker, or given up before it was stored. */
static void a_split_is_exact(void **state)
{
    (void)state;
    int32_t dealt[3] = {0, 0, 0};
    payroute_health *h = NULL;
    payroute_registry *r = registry_of(
        FILE_OF(THREE, "{\"name\":\"shares\",\"then\":{\"split\":{\"a\":5,\"b\":3,\"c\":2}}}"));
    assert_int_equal(payroute_health_new(&h, 32, 64, NOW), PAYROUTE_OK);
    for (int32_t i = 0; i < 100; i++) {
        int64_t now = NOW + i * 1000;
        payroute_payment *p = begun(r, h, "", now);
        if (i % 3 == 0) {
            payroute_payment_free(p);
            p = begun(r, h, "", now);
        } else if (i % 3 == 1) {
            assert_non_null(payroute_payment_save_set(p));
            assert_int_equal(payroute_payment_feed_conflict(p), PAYROUTE_OK);
            payroute_payment *next = begun(r, h, "", now);
            payroute_payment_free(p);
            p = next;
        }
        assert_non_null(strstr(payroute_payment_trace(p, NULL), "\"decided\":\"shares\""));
        dealt[first_channel(p)[0] - 'a']++;
        assert_int_equal(play(p, "paid", now), PAYROUTE_ACTION_DONE);
        payroute_payment_free(p);
    }
    assert_int_equal(dealt[0], 50);
    assert_int_equal(dealt[1], 30);
    assert_int_equal(dealt[2], 20);
    payroute_health_free(h);
    payroute_registry_free(r);
}

/* A customer who is declined everywhere and asks again has had his turn. */
static void a_payment_takes_one_turn(void **state)
{
    (void)state;
    static const char wish[] = "{\"method\":\"card\"}";
    payroute_health *h = NULL;
    payroute_registry *r =
        registry_of(FILE_OF(THREE, "{\"name\":\"shares\",\"then\":{\"split\":{\"a\":1,\"b\":1}}}"));
    assert_int_equal(payroute_health_new(&h, 32, 64, NOW), PAYROUTE_OK);
    payroute_payment *p = begun(r, h, "", NOW);
    char first[33];
    memcpy(first, first_channel(p), strlen(first_channel(p)) + 1);
    assert_int_equal(play(p, "declined", NOW), PAYROUTE_ACTION_DONE);
    assert_int_equal(p->pay.attempt_count, 3);
    assert_int_equal(payroute_payment_retry(p, NOW, wish, strlen(wish), why, sizeof why), PAYROUTE_OK);
    assert_int_equal(payroute_payment_tick(p, NOW), PAYROUTE_OK);
    assert_int_equal(p->pay.attempt_count, 4);
    assert_int_equal(play(p, "paid", NOW), PAYROUTE_ACTION_DONE);
    payroute_payment_free(p);
    p = begun(r, h, "", NOW);
    assert_string_not_equal(first_channel(p), first);
    payroute_payment_free(p);
    payroute_health_free(h);
    payroute_registry_free(r);
}

/* One bank says no: what is learnt is of its customers. */
static void what_became_of_it_is_told_of_its_issuer(void **state)
{
    (void)state;
    pr_health_view one, other;
    payroute_health *h = NULL;
    payroute_registry *r = registry_of(FILE_OF(CHANNEL("a", ""), ""));
    assert_int_equal(payroute_health_new(&h, 32, 64, NOW), PAYROUTE_OK);
    for (int32_t i = 0; i < 40; i++) {
        payroute_payment *p = begun(r, h, i % 2 == 0 ? ",\"issuer\":\"icbc\"" : ",\"issuer\":\"abc\"", NOW + i * 1000);
        assert_int_equal(play(p, i % 2 == 0 ? "declined" : "paid", NOW + i * 1000), PAYROUTE_ACTION_DONE);
        payroute_payment_free(p);
    }
    int32_t slot = pr_route_slot(&h->view, pr_registry_find(r, "a"), NOW + 40000);
    pr_health_look(&one, &h->view, slot, (pr_health_segment){pr_health_hash("card"), pr_health_hash("icbc")}, 8000,
                   NOW + 40000);
    pr_health_look(&other, &h->view, slot, (pr_health_segment){pr_health_hash("card"), pr_health_hash("abc")}, 8000,
                   NOW + 40000);
    assert_true(one.approve * (1 - one.blame_pair) + 0.05 < other.approve * (1 - other.blame_pair));
    payroute_health_free(h);
    payroute_registry_free(r);
}

/* A day's cap is full: the next channel takes it, and the first one again when the shop's day is over. */
static void a_cap_rests_the_channel_until_its_day_is_over(void **state)
{
    (void)state;
    static const int64_t at[] = {NOW, NOW + 60000, NOW + 120000, NOW + 23 * INT64_C(3600000),
                                 NOW + 24 * INT64_C(3600000)};
    static const char *const to[] = {"a", "a", "b", "b", "a"};
    payroute_health *h = NULL;
    payroute_registry *r = registry_of(
        FILE_OF(CHANNEL("a", ",\"priority\":1,\"cap_day_minor\":1300") "," CHANNEL("b", ",\"priority\":2"), ""));
    assert_int_equal(payroute_health_new(&h, 32, 64, NOW), PAYROUTE_OK);
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
        payroute_payment *p = begun(r, h, "", at[i]);
        if (strcmp(first_channel(p), to[i]) != 0) {
            fail_msg("payment %zu: %s", i, payroute_payment_trace(p, NULL));
        }
        assert_int_equal(play(p, "paid", at[i]), PAYROUTE_ACTION_DONE);
        payroute_payment_free(p);
    }
    payroute_health_free(h);
    payroute_registry_free(r);
}

static int64_t counted(payroute_registry *r, payroute_health *h, int64_t now_ms)
{
    pr_zone_now day;
    const pr_channel *c = pr_registry_find(r, "a");
    pr_zone_calendar(&day, &pr_registry_routing(r)->zone, now_ms);
    return pr_health_quota(&h->view, pr_route_slot(&h->view, c, now_ms), PR_QUOTA_DAY, (uint32_t)day.day);
}

static void money_is_counted_once(void **state)
{
    (void)state;
    payroute_health *h = NULL;
    payroute_registry *r =
        registry_of(FILE_OF(CHANNEL("a", ",\"cap_day_minor\":1000000,\"facts\":{\"lookup\":\"our_ref\"}"), ""));
    assert_int_equal(payroute_health_new(&h, 32, 64, NOW), PAYROUTE_OK);
    payroute_payment *p = begun(r, h, "", NOW);
    assert_non_null(payroute_payment_save_set(p));
    assert_int_equal(payroute_payment_feed_saved(p, 1), PAYROUTE_OK);
    assert_int_equal(payroute_payment_feed_code(p, NOW, "paid", NULL, NULL, NULL), PAYROUTE_OK);
    assert_int_equal(counted(r, h, NOW), 0); /* not before it is stored */
    assert_non_null(payroute_payment_save_set(p));
    assert_non_null(payroute_payment_save_set(p)); /* asked for again: the store was busy */
    payroute_payment *q = again(p, r);             /* stored, and the worker died before it counted */
    assert_int_equal(payroute_payment_health(q, h), PAYROUTE_OK);
    q->pay.dirty = 1;
    assert_non_null(payroute_payment_save_set(q));
    assert_int_equal(payroute_payment_feed_saved(q, 1), PAYROUTE_OK);
    assert_int_equal(counted(r, h, NOW), 0); /* lost, not late: nothing is counted twice */
    payroute_payment_free(q);
    assert_int_equal(payroute_payment_feed_saved(p, 1), PAYROUTE_OK); /* he lives, after all */
    assert_int_equal(counted(r, h, NOW), 600);
    p->pay.dirty = 1;
    assert_non_null(payroute_payment_save_set(p));
    assert_int_equal(payroute_payment_feed_saved(p, 1), PAYROUTE_OK);
    assert_int_equal(counted(r, h, NOW), 600);
    payroute_payment_free(p);
    p = begun(r, h, "", NOW); /* a conflict: who is faster counts */
    assert_non_null(payroute_payment_save_set(p));
    assert_int_equal(payroute_payment_feed_saved(p, 1), PAYROUTE_OK);
    assert_int_equal(payroute_payment_feed_code(p, NOW, "paid", NULL, NULL, NULL), PAYROUTE_OK);
    assert_non_null(payroute_payment_save_set(p));
    assert_int_equal(payroute_payment_feed_conflict(p), PAYROUTE_OK);
    payroute_payment_free(p);
    assert_int_equal(counted(r, h, NOW), 600);
    payroute_health_free(h);
    payroute_registry_free(r);
}

static void maintenance_is_never_the_reason_that_nothing_is_tried(void **state)
{
    (void)state;
#define NIGHT ",\"priority\":1,\"maintenance\":[{\"days\":[\"fri\"],\"from\":\"00:00\",\"to\":\"01:00\"}]"
    payroute_registry *r = registry_of(FILE_OF(CHANNEL("a", NIGHT) "," CHANNEL("b", ",\"priority\":2"), ""));
    goes_to(r, "", "b");
    payroute_payment *p = begun(r, NULL, "", NOW);
    assert_int_equal(play(p, "declined", NOW), PAYROUTE_ACTION_DONE);
    assert_int_equal(p->pay.attempt_count, 2); /* the one that is closed, when nobody else is left */
    assert_string_equal(p->pay.attempts[1].channel, "a");
    payroute_payment_free(p);
    payroute_registry_free(r);
}

#define STRIPE                                                                                               \
    "{\"id\":\"card\",\"provider\":\"stripe\",\"base_url\":\"http://127.0.0.1:1\",\"notify_url\":"           \
    "\"https://shop.example/n\",\"credentials\":[{\"secret_key\":\"sk_test_EXAMPLE\",\"webhook_secret\":"    \
    "\"whsec_EXAMPLE\"}],\"methods\":[{\"method\":\"card\",\"flows\":[\"token\"]}],\"currencies\":[\"CNY\"]}"

static void confirm_says(payroute_registry *r, const char *more, int32_t wanted)
{
    static const char intent[] =
        "{\"id\":\"pi_1\",\"object\":\"payment_intent\",\"status\":\"requires_confirmation\",\"amount\":600,"
        "\"currency\":\"cny\",\"metadata\":{},\"livemode\":false}";
    size_t len = 0;
    payroute_payment *p = begun(r, NULL, more, NOW);
    int32_t sends = 0, seen = 0;
    for (int32_t i = 0; i < 12; i++) {
        int32_t next = payroute_payment_next(p);
        if (next == PAYROUTE_ACTION_SAVE) {
            assert_non_null(payroute_payment_save_set(p));
            assert_int_equal(payroute_payment_feed_saved(p, 1), PAYROUTE_OK);
        } else if (next == PAYROUTE_ACTION_SEND && sends < 2) {
            assert_int_equal(payroute_payment_request(p, NOW, entropy), PAYROUTE_OK);
            const char *body = payroute_payment_request_body(p, &len);
            seen += strstr(body, "payment_method_options%5Bcard%5D%5Brequest_three_d_secure%5D=any") != NULL;
            sends++;
            if (sends == 2) {
                break;
            }
            assert_int_equal(payroute_payment_feed_http(p, NOW, 200, "", 0, intent, strlen(intent), 1), PAYROUTE_OK);
        } else {
            assert_int_equal(payroute_payment_tick(p, NOW), PAYROUTE_OK);
        }
    }
    assert_int_equal(sends, 2);
    assert_int_equal(seen, wanted); /* in the confirm alone */
    assert_int_equal(strstr(payroute_payment_view(p, "en", NULL), "\"authenticate\":true") != NULL, wanted);
    payroute_payment_free(p);
}

static void a_rule_asks_for_three_d_secure(void **state)
{
    (void)state;
    payroute_registry *r = registry_of(
        "{\"schema\":1,\"allow_plain_loopback\":true,\"channels\":[" STRIPE "],\"rules\":[{\"name\":\"check\","
        "\"when\":{\"risk\":{\"min\":50}},\"then\":{\"authenticate\":true}}]}");
    confirm_says(r, ",\"instrument\":\"pm_1\",\"risk\":60", 1);
    confirm_says(r, ",\"instrument\":\"pm_1\",\"risk\":40", 0);
    payroute_registry_free(r);
    r = registry_of(FILE_OF(THREE, "{\"name\":\"check\",\"then\":{\"authenticate\":true}}"));
    payroute_payment *p = begun(r, NULL, "", NOW);
    assert_non_null(strstr(p->kept[0].content, "\"authenticate\":true")); /* the host acts, and sees it */
    payroute_payment *q = again(p, r);
    assert_int_equal(q->pay.attempts[0].authenticate, 1);
    assert_string_equal(q->kept[0].content, p->kept[0].content);
    payroute_payment_free(q);
    payroute_payment_free(p);
    payroute_registry_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said_of_a_payment_is_checked),
        cmocka_unit_test(it_rides_in_the_record),
        cmocka_unit_test(the_way_that_the_customer_knows),
        cmocka_unit_test(rules_order_the_channels),
        cmocka_unit_test(a_rule_that_denies_ends_it),
        cmocka_unit_test(a_split_is_exact),
        cmocka_unit_test(a_payment_takes_one_turn),
        cmocka_unit_test(what_became_of_it_is_told_of_its_issuer),
        cmocka_unit_test(a_cap_rests_the_channel_until_its_day_is_over),
        cmocka_unit_test(money_is_counted_once),
        cmocka_unit_test(maintenance_is_never_the_reason_that_nothing_is_tried),
        cmocka_unit_test(a_rule_asks_for_three_d_secure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
