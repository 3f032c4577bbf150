/* One payment through the machine; see play.h. */
#include "play.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 8192, STEPS_MAX = 60 };

const char play_entropy[33] = "0123456789abcdef0123456789abcdef";

/* ---- the provider's side ---- */

static void fill(char *out, size_t cap, const char *pattern, const char *reference)
{
    const char *hole = strstr(pattern, "%s");
    snprintf(out, cap, "%.*s%.26s%s", hole != NULL ? (int)(hole - pattern) : (int)strlen(pattern), pattern,
             hole != NULL ? reference : "", hole != NULL ? hole + 2 : "");
}

/* An Alipay answer signs the text of its first member. */
static char *make_answer(play *p, int turn, const char *key)
{
    char text[TEXT_MAX], seal[1024], *out = malloc(TEXT_MAX * 2);
    if (out == NULL) {
        return NULL;
    }
    fill(text, sizeof text, p->templates[turn], key);
    if (p->provider == NULL) {
        snprintf(out, TEXT_MAX, "%s", text);
        return out;
    }
    const char *begin = strchr(text + 1, '{');
    if (begin == NULL || !bench_keys_sign(p->provider, begin, strlen(begin), seal, sizeof seal)) {
        free(out);
        return NULL;
    }
    snprintf(out, TEXT_MAX * 2, "%s,\"sign\":\"%s\"}", text, seal);
    return out;
}

static size_t put_escaped(char *out, const char *text, size_t len)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (isalnum(c) || strchr("-_.", c) != NULL) {
            out[n++] = (char)c;
        } else {
            out[n++] = '%';
            out[n++] = hex[c >> 4];
            out[n++] = hex[c & 15];
        }
    }
    return n;
}

/* What is signed is the decoded text without sign and sign_type; what travels is a form. */
static char *make_notice(play *p, const char *key)
{
    char text[TEXT_MAX], seal[1024], *out = malloc(TEXT_MAX * 3);
    fill(text, sizeof text, p->notice_template, key);
    if (out == NULL || !bench_keys_sign(p->provider, text, strlen(text), seal, sizeof seal)) {
        free(out);
        return NULL;
    }
    size_t n = 0;
    for (const char *at = text; *at != '\0';) {
        size_t name = strcspn(at, "="), len = strcspn(at, "&");
        n += (size_t)sprintf(out + n, "%.*s=", (int)name, at);
        n += put_escaped(out + n, at + name + 1, len - name - 1);
        out[n++] = '&';
        at += len + (at[len] == '&');
    }
    n += (size_t)sprintf(out + n, "sign_type=RSA2&sign=");
    n += put_escaped(out + n, seal, strlen(seal));
    out[n] = '\0';
    return out;
}

/* ---- our side ---- */

static int32_t exchange(play *p, payroute_payment *payment)
{
    static const char headers[] = "Content-Type: application/json\r\n";
    int turn = p->exchanges++;
    int32_t rc = payroute_payment_request(payment, p->now_ms, play_entropy);
    if (rc != PAYROUTE_OK || turn >= PLAY_ANSWERS || p->templates[turn] == NULL) {
        return rc != PAYROUTE_OK ? rc : PAYROUTE_E_LIMIT;
    }
    if (p->answers[turn] == NULL) {
        snprintf(p->reference, sizeof p->reference, "%.26s", payroute_payment_key(payment));
        p->answers[turn] = make_answer(p, turn, payroute_payment_key(payment));
    }
    const char *answer = p->answers[turn];
    return answer == NULL ? PAYROUTE_E_NOMEM
                          : payroute_payment_feed_http(payment, p->now_ms, 200, headers, sizeof headers - 1,
                                                       answer, strlen(answer), 1);
}

static int32_t bring_notice(play *p, payroute_payment *payment)
{
    static const char headers[] = "Content-Type: application/x-www-form-urlencoded\r\n";
    payroute_notice *notice = NULL;
    if (p->notice == NULL) {
        return PAYROUTE_E_NOMEM;
    }
    int32_t rc = payroute_notice_read(&notice, p->registry, NULL, NULL, "ali", "POST", NULL, 0, headers,
                                      sizeof headers - 1, p->notice, strlen(p->notice), p->now_ms);
    if (rc == PAYROUTE_OK) {
        rc = payroute_payment_feed_notice(payment, notice, p->now_ms);
    }
    payroute_notice_free(notice);
    return rc;
}

static int32_t store(play *p, payroute_payment *payment)
{
    int64_t id = 1;
    const payroute_save_set *set = payroute_payment_save_set(payment);
    int32_t rc = set == NULL ? PAYROUTE_E_NOMEM : PAYROUTE_OK;
    if (rc == PAYROUTE_OK && p->save != NULL) {
        rc = p->save(p->save_user, set, &id);
    }
    if (rc == PAYROUTE_OK && p->notice_template != NULL && p->notice == NULL && set->attempt_count > 0) {
        p->notice = make_notice(p, set->attempts[0].reference);
    }
    p->saves++;
    return rc == PAYROUTE_OK ? payroute_payment_feed_saved(payment, id) : rc;
}

static int32_t show(play *p, payroute_payment *payment)
{
    size_t len = 0;
    return payroute_payment_show(payment, &len) != NULL ? bring_notice(p, payment) : PAYROUTE_E_STATE;
}

/* 1: it is where it was to come to. */
static int drive(play *p, payroute_payment *payment, int stop_at_show)
{
    int32_t rc = PAYROUTE_OK;
    p->exchanges = p->saves = 0;
    payroute_payment_lease(payment, "bench", 1);
    payroute_payment_present(payment, 1);
    for (int step = 0; step < STEPS_MAX && rc == PAYROUTE_OK; step++) {
        rc = payroute_payment_tick(payment, p->now_ms);
        if (rc == PAYROUTE_E_STATE) {
            rc = PAYROUTE_OK; /* an exchange is in hand */
        }
        int32_t action = rc == PAYROUTE_OK ? payroute_payment_next(payment) : rc;
        if (action == PAYROUTE_ACTION_WAIT) {
            action = PAYROUTE_ACTION_SHOW; /* the tick took it as shown; the code is there to be paid */
        }
        if (action == PAYROUTE_ACTION_DONE) {
            return payroute_payment_status(payment) == PAYROUTE_STATUS_PAID;
        }
        if (action == PAYROUTE_ACTION_SHOW && stop_at_show) {
            return 1;
        }
        rc = action == PAYROUTE_ACTION_SAVE   ? store(p, payment)
             : action == PAYROUTE_ACTION_SEND ? exchange(p, payment)
             : action == PAYROUTE_ACTION_SHOW ? show(p, payment)
                                              : PAYROUTE_E_UNSUPPORTED;
        if (rc != PAYROUTE_OK) {
            size_t len = 0;
            fprintf(stderr, "bench: %s at action %d: %s\n", payroute_rc_name(rc), (int)action,
                    payroute_payment_view(payment, "en", &len));
        }
    }
    return 0;
}

static payroute_payment *start(play *p)
{
    char why[512] = "";
    payroute_payment *payment = NULL;
    int32_t rc = payroute_payment_new(&payment, p->registry, NULL, p->spec, strlen(p->spec), "bench",
                                      play_entropy, p->now_ms, why, sizeof why);
    if (rc != PAYROUTE_OK) {
        fprintf(stderr, "bench: %s\n", why);
    }
    return payment;
}

int play_once(play *p)
{
    payroute_payment *payment = start(p);
    int fine = payment != NULL && drive(p, payment, 0);
    payroute_payment_free(payment);
    p->failed |= !fine;
    return fine;
}

payroute_payment *play_until_show(play *p)
{
    payroute_payment *payment = start(p);
    if (payment == NULL || !drive(p, payment, 1)) {
        payroute_payment_free(payment);
        return NULL;
    }
    return payment;
}

void play_run(void *play_context, long times)
{
    for (long i = 0; i < times; i++) {
        (void)play_once(play_context);
    }
}

/* ---- the two payments ---- */

static int open_channels(play *p)
{
    char why[512] = "";
    p->now_ms = INT64_C(1790000000000);
    int32_t rc = p->channels == NULL ? PAYROUTE_E_NOMEM
                                     : payroute_registry_from_json(&p->registry, p->channels,
                                                                   strlen(p->channels), why, sizeof why);
    if (rc != PAYROUTE_OK) {
        fprintf(stderr, "bench: %s\n", why);
    }
    return rc == PAYROUTE_OK;
}

int play_stripe(play *p)
{
    static const char channels[] =
        "{\"schema\":1,\"channels\":[{\"id\":\"cards\",\"provider\":\"stripe\",\"credentials\":[{\"secret_key\":"
        "\"sk_test_EXAMPLE\",\"webhook_secret\":\"whsec_EXAMPLE\"}],\"methods\":[{\"method\":\"card\",\"flows\":"
        "[\"token\"]}],\"currencies\":[\"USD\"],\"return_url\":\"https://shop.example/back\"}]}";
    *p = (play){
        .spec = "{\"order_id\":\"1001\",\"amount_minor\":1250,\"currency\":\"USD\",\"method\":\"card\","
                "\"flow\":\"token\",\"instrument\":\"pm_card_visa\",\"subject\":\"Two books\"}",
        .channels = strdup(channels),
        .templates = {"{\"id\":\"pi_1\",\"object\":\"payment_intent\",\"amount\":1250,\"currency\":\"usd\","
                      "\"status\":\"requires_confirmation\",\"metadata\":{\"reference\":\"%s\"}}",
                      "{\"id\":\"pi_1\",\"object\":\"payment_intent\",\"amount\":1250,\"currency\":\"usd\","
                      "\"amount_received\":1250,\"status\":\"succeeded\",\"metadata\":{\"reference\":\"%s\"},"
                      "\"latest_charge\":{\"id\":\"ch_1\",\"object\":\"charge\",\"captured\":true,"
                      "\"amount_refunded\":0,\"payment_method_details\":{\"card\":{\"brand\":\"visa\","
                      "\"last4\":\"4242\"}}}}"}};
    return open_channels(p) && play_once(p);
}

int play_alipay(play *p)
{
    bench_keys *shop = bench_keys_new(), *provider = bench_keys_new();
    *p = (play){
        .spec = "{\"order_id\":\"1002\",\"amount_minor\":1250,\"currency\":\"CNY\",\"method\":\"alipay\","
                "\"flow\":\"qr\",\"subject\":\"Two books\"}",
        .provider = provider,
        .channels = malloc(TEXT_MAX),
        .templates = {"{\"alipay_trade_precreate_response\":{\"code\":\"10000\",\"msg\":\"Success\","
                      "\"out_trade_no\":\"%s\","
                      "\"qr_code\":\"https://qr.alipay.com/bax03431ljhokirwl38f00a7\"}"},
        .notice_template =
            "app_id=2021000000000001&buyer_id=2088000000000009&buyer_pay_amount=12.50&charset=utf-8&"
            "gmt_create=2026-09-21 22:13:20&gmt_payment=2026-09-21 22:13:21&invoice_amount=12.50&"
            "notify_id=2026092100222222&notify_time=2026-09-21 22:13:21&notify_type=trade_status_sync&"
            "out_trade_no=%s&point_amount=0.00&receipt_amount=12.50&seller_id=2088000000000001&"
            "subject=Two books&total_amount=12.50&trade_no=2026092122001&trade_status=TRADE_SUCCESS&"
            "version=1.0"};
    if (shop != NULL && provider != NULL && p->channels != NULL) {
        snprintf(
            p->channels, TEXT_MAX,
            "{\"schema\":1,\"channels\":[{\"id\":\"ali\",\"provider\":\"alipay\",\"notify_url\":"
            "\"https://shop.example/n\",\"credentials\":[{\"app_id\":\"2021000000000001\",\"seller_id\":"
            "\"2088000000000001\",\"private_key\":\"%s\",\"alipay_public_key\":\"%s\"}],\"methods\":[{\"method\":"
            "\"alipay\",\"flows\":[\"qr\"]}],\"currencies\":[\"CNY\"]}]}",
            bench_keys_private(shop), bench_keys_public(provider));
    }
    bench_keys_free(shop);
    return provider != NULL && open_channels(p) && play_once(p);
}

static const char adapter_reference[27] = "0K3V9Z2M4QABCDEFGHJKMNPQRS";

int play_wechat(play *p)
{
    static const char body[] = "{\"code_url\":\"weixin://wxpay/bizpayurl?pr=JyC91EIz1\"}";
    static const char serial[] = "PUB_KEY_ID_0000000000000024101100397200000006";
    char text[256], seal[1024];
    bench_keys *shop = bench_keys_new(), *provider = bench_keys_new();
    *p = (play){.provider = provider, .channels = malloc(TEXT_MAX), .headers = malloc(TEXT_MAX)};
    p->answers[0] = strdup(body);
    int64_t now_s = INT64_C(1790000000);
    snprintf(text, sizeof text, "%lld\nd824f2e086d3c1df967785d13fcd22ef\n%s\n", (long long)now_s, body);
    int made = shop != NULL && provider != NULL && p->channels != NULL && p->headers != NULL &&
               p->answers[0] != NULL && bench_keys_sign(provider, text, strlen(text), seal, sizeof seal);
    if (made) {
        snprintf(p->channels, TEXT_MAX,
                 "{\"schema\":1,\"channels\":[{\"id\":\"wx\",\"provider\":\"wechatpay\",\"notify_url\":"
                 "\"https://shop.example/n\",\"credentials\":[{\"mchid\":\"1900007291\",\"appid\":"
                 "\"wx2421b1c4370ec43b\",\"serial_no\":\"5F1C72E2A8931B72A2E13AF8DEE92471EB397115\","
                 "\"private_key\":\"%s\",\"apiv3_key\":\"a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb\","
                 "\"public_key_id\":\"%s\",\"public_key\":\"%s\"}],\"methods\":[{\"method\":\"wechat\","
                 "\"flows\":[\"qr\"]}],\"currencies\":[\"CNY\"]}]}",
                 bench_keys_private(shop), serial, bench_keys_public(provider));
        snprintf(p->headers, TEXT_MAX,
                 "Content-Type: application/json\r\nWechatpay-Serial: %s\r\nWechatpay-Timestamp: %lld\r\n"
                 "Wechatpay-Nonce: d824f2e086d3c1df967785d13fcd22ef\r\nWechatpay-Signature: %s\r\n",
                 serial, (long long)now_s, seal);
    }
    memcpy(p->reference, adapter_reference, sizeof adapter_reference);
    bench_keys_free(shop);
    return made && open_channels(p);
}

int play_epay(play *p)
{
    *p = (play){.channels =
                    strdup("{\"schema\":1,\"channels\":[{\"id\":\"ep\",\"provider\":\"epay\",\"fork\":"
                           "\"rainbow\",\"base_url\":\"https://panel.example/\",\"notify_url\":"
                           "\"https://shop.example/n\",\"return_url\":\"https://shop.example/r\","
                           "\"credentials\":[{\"pid\":\"1001\",\"key\":"
                           "\"89unJUB8HZ54Hj7x4nUj56HN4nUzUJ8i\"}],\"methods\":[{\"method\":\"alipay\","
                           "\"flows\":[\"qr\"]}],\"currencies\":[\"CNY\"]}]}")};
    p->answers[0] = strdup("{\"code\":1,\"msg\":\"ok\",\"trade_no\":\"2025112517550012345\","
                           "\"qrcode\":\"https://qr.alipay.com/bax03431ljhokirwl38f00a7\"}");
    memcpy(p->reference, adapter_reference, sizeof adapter_reference);
    return p->answers[0] != NULL && open_channels(p);
}

void play_close(play *p)
{
    free(p->headers);
    for (int i = 0; i < PLAY_ANSWERS; i++) {
        free(p->answers[i]);
    }
    free(p->notice);
    free(p->channels);
    payroute_registry_free(p->registry);
    bench_keys_free(p->provider);
}
