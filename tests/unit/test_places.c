/* Where the shop mends it: topics fit the reasons, places have names in both languages and a source, and what
   is missing is what the table says is missing. */
#include "catalog/places.h"
#include "catalog_data.h"

#include <payroute/catalog.h>
#include <payroute/json.h>

typedef struct given {
    const char *provider, *topic, *zh, *en, *url, *source;
} given;

static const given places[] = {
#define PR_PLACE(provider, topic, zh, en, url, source) {provider, #topic, zh, en, url, source},
#include "catalog/places.def"
};
static const struct {
    int32_t number;
    const char *reason;
} mapped[] = {
#define PR_REASON_TOPIC(number, reason, topic) {number, #reason},
#include "catalog/places.def"
};
static const char *const gaps[][2] = {
#define PR_PLACE_GAP(provider, topics) {provider, topics},
#include "catalog/places.def"
};
enum { PLACES = sizeof places / sizeof places[0], GAPS = sizeof gaps / sizeof gaps[0] };

/* Reviewed row by row; each must have a place for every topic, or the gap is listed. */
static const char *const first_rank[] = {
    "alipay",      "wechatpay", "wechatpay_v2",     "stripe",      "paypal",
    "adyen",       "braintree", "checkoutcom",      "square",      "authorizenet",
    "cybersource", "razorpay",  "mollie",           "epay",        "antom",
    "bepusdt",     "epusdt",    "unionpay_gateway", "nowpayments", "coinbase_commerce",
    "btcpay"};

static void reasons_have_topics(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mapped / sizeof mapped[0]; i++) {
        assert_string_equal(payroute_reason_name(mapped[i].number), mapped[i].reason);
        assert_true(i == 0 || mapped[i - 1].number < mapped[i].number);
        assert_string_not_equal(payroute_reason_topic(mapped[i].number), "");
    }
    for (int32_t i = 0; i < payroute_reason_count(); i++) {
        int32_t reason = payroute_reason_at(i);
        if (payroute_reason_advice(reason) == PAYROUTE_ADVICE_MERCHANT_ACTS &&
            payroute_reason_topic(reason)[0] == '\0') {
            fail_msg("%s: the merchant acts, but where?", payroute_reason_name(reason));
        }
    }
    assert_string_equal(payroute_reason_topic(payroute_reason_find("insufficient_funds")), "");
    assert_string_equal(payroute_reason_topic(payroute_reason_find("signature_rejected")), "keys");
    assert_string_equal(payroute_reason_topic(0), "");
    assert_string_equal(payroute_reason_topic(-1), "");
    assert_string_equal(payroute_reason_topic(INT32_MAX), "");
}

static void places_are_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < PLACES; i++) {
        const given *p = &places[i];
        assert_true(strlen(p->zh) > 6 && strlen(p->en) > 10);
        assert_true(p->url[0] == '\0' || strncmp(p->url, "https://", 8) == 0);
        assert_true(strcmp(p->provider, "*") == 0 || strncmp(p->source, "https://", 8) == 0);
        assert_null(strchr(p->zh, '{'));
        assert_null(strchr(p->en, '|'));
        for (size_t k = 0; k < i; k++) {
            assert_true(strcmp(places[k].provider, p->provider) != 0 ||
                        strcmp(places[k].topic, p->topic) != 0);
        }
        int32_t known = strcmp(p->provider, "*") == 0;
        for (size_t k = 0; k < file_count; k++) {
            known |= strcmp(file_names[k], p->provider) == 0;
        }
        if (!known) {
            fail_msg("%s: no such table", p->provider);
        }
    }
}

static int32_t is_gap(const char *provider, const char *topic)
{
    for (size_t i = 0; i < GAPS; i++) {
        for (const char *at = gaps[i][1]; strcmp(gaps[i][0], provider) == 0 && *at != '\0';) {
            size_t n = strcspn(at, " ");
            if (n == strlen(topic) && memcmp(at, topic, n) == 0) {
                return 1;
            }
            at += n + (at[n] == ' ');
        }
    }
    return 0;
}

static void gaps_are_the_listed_ones(void **state)
{
    (void)state;
    for (size_t f = 0; f < sizeof first_rank / sizeof first_rank[0]; f++) {
        int32_t needs[PR_TOPIC_COUNT] = {0};
        for (size_t i = 0; i < data_count; i++) {
            if (strcmp(data[i].provider, first_rank[f]) == 0) {
                needs[pr_topic_of(pr_reason_find(reason_of(&data[i])))] = 1;
            }
        }
        for (int32_t t = PR_TOPIC_NONE + 1; t < PR_TOPIC_COUNT; t++) {
            int32_t missing = needs[t] && pr_place_name(first_rank[f], t, "en")[0] == '\0';
            if (missing != is_gap(first_rank[f], pr_topic_name(t))) {
                fail_msg("%s, %s: %s", first_rank[f], pr_topic_name(t),
                         missing ? "no place, and no listed gap" : "listed as a gap and none");
            }
        }
    }
}

static void asked_by_provider_and_locale(void **state)
{
    int32_t keys = payroute_reason_find("signature_rejected");
    (void)state;
    (void)ask; /* of the shared header */
    assert_non_null(strstr(payroute_reason_place("wechatpay", keys, "zh-CN"), "API 安全"));
    assert_non_null(strstr(payroute_reason_place("wechatpay_v2", keys, "zh-TW"), "APIv2"));
    assert_non_null(strstr(payroute_reason_place("stripe", keys, "de"), "API keys"));
    assert_non_null(strstr(payroute_reason_place("stripe", keys, NULL), "API keys"));
    assert_string_equal(payroute_reason_place_url("stripe", keys), "https://dashboard.stripe.com/apikeys");
    /* A version of a provider shares its console. */
    int32_t balance = payroute_reason_find("merchant_balance_too_low");
    assert_string_equal(payroute_reason_place("wechatpay_v2", balance, "en"),
                        payroute_reason_place("wechatpay", balance, "en"));
    assert_non_null(
        strstr(payroute_reason_place("custom", payroute_reason_find("clock_skew"), "en"), "clock"));
    assert_string_equal(payroute_reason_place("custom", keys, "en"), "");
    assert_string_equal(payroute_reason_place_url("custom", keys), "");
    assert_string_equal(payroute_reason_place(NULL, keys, "en"), "");
    assert_string_equal(payroute_reason_place("alipay", payroute_reason_find("insufficient_funds"), "en"),
                        "");
}

static payroute_json *explained(const char *query)
{
    static char out[65536];
    payroute_json *doc = NULL;
    int32_t len = payroute_catalog_explain(NULL, query, strlen(query), out, sizeof out);
    assert_true(len > 0);
    assert_int_equal(payroute_json_parse(&doc, out, (size_t)len, NULL, 0), PAYROUTE_OK);
    return doc;
}

static void explain_names_the_place(void **state)
{
    (void)state;
    payroute_json *doc =
        explained("{\"provider\":\"alipay\",\"code\":\"isv.invalid-signature\",\"locale\":\"zh-CN\"}");
    const payroute_json_node *place = payroute_json_get(payroute_json_root(doc), "place");
    assert_string_equal(payroute_json_string(payroute_json_get(place, "topic")), "keys");
    assert_non_null(strstr(payroute_json_string(payroute_json_get(place, "name")), "接口加签方式"));
    assert_non_null(payroute_json_string(payroute_json_get(place, "url")));
    payroute_json_free(doc);
    doc = explained("{\"provider\":\"alipay\",\"code\":\"isv.invalid-signature\"}");
    place = payroute_json_get(payroute_json_get(payroute_json_root(doc), "place"), "name");
    assert_int_equal(payroute_json_count(place), 2);
    payroute_json_free(doc);
    doc = explained("{\"provider\":\"stripe\",\"code\":\"insufficient_funds\"}");
    place = payroute_json_get(payroute_json_root(doc), "place");
    assert_int_equal(payroute_json_type(place), PAYROUTE_JSON_NULL);
    payroute_json_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reasons_have_topics),      cmocka_unit_test(places_are_whole),
        cmocka_unit_test(gaps_are_the_listed_ones), cmocka_unit_test(asked_by_provider_and_locale),
        cmocka_unit_test(explain_names_the_place),
    };
    return cmocka_run_group_tests(tests, load_data, drop_data);
}
