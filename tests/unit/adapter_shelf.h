/* A channel of each adapter, for the tests that run over all of them (test_adapter_all.c, tests/fuzz), and
   the provider's own voice: an authentic message that says "paid" about the attempt of adk_open. A new
   adapter is one row, and the include of its fixture where that has the voice. */
#ifndef ADAPTER_SHELF_H
#define ADAPTER_SHELF_H

#include "adapter_epay_fixture.h"
#include "adapter_wechatpay_fixture.h"
#include "registry_fixture.h"

#define SHELF_EPAY(id, fork, query, credential)                                                              \
    "{\"id\":\"" id "\",\"provider\":\"epay\",\"fork\":\"" fork                                              \
    "\",\"base_url\":\"https://panel.example/\","                                                            \
    "\"notify_url\":\"https://shop.example/n" query "\",\"return_url\":\"https://shop.example/r\","          \
    "\"credentials\":[{\"pid\":\"1001\"," credential "}],\"methods\":[{\"method\":\"alipay\","               \
    "\"flows\":[\"qr\",\"redirect\",\"page\"]}],\"currencies\":[\"CNY\"]}"
#define SHELF_EPAY_V1 "\"key\":\"" EPAY_KEY "\""

static inline int32_t voice_alipay(voice *v, const adk *k, int32_t says)
{
    static const char *const nodes[] = {
        "",
        "{\"code\":\"10000\",\"msg\":\"Success\",\"out_trade_no\":\"@\",\"qr_code\":\"https://qr.example/1\"}",
        "{\"code\":\"10000\",\"msg\":\"Success\",\"out_trade_no\":\"@\",\"trade_no\":\"2025T1\","
        "\"trade_status\":\"TRADE_SUCCESS\",\"total_amount\":\"12.50\"}",
        "app_id=2021000000000001&notify_id=n1&notify_type=trade_status_sync&out_trade_no=@"
        "&seller_id=2088000000000001&total_amount=12.50&trade_no=2025T1&trade_status=TRADE_SUCCESS"};
    char node[1024], sign[1024];
    voice_put(node, sizeof node, nodes[says], k);
    wx_sign(sign, sizeof sign, ADK_ALIPAY_PRIVATE, node,
            strlen(node)); /* of a form: sorted, nothing to encode */
    if (says != VOICE_NOTICE) {
        snprintf(v->body, sizeof v->body, "{\"alipay_trade_%s_response\":%s,\"sign\":\"%s\"}",
                 says == VOICE_PLACED ? "precreate" : "query", node, sign);
        return 1;
    }
    pr_buf body;
    pr_buf_init(&body);
    pr_buf_put(&body, node);
    pr_form_add(&body, "sign_type", "RSA2");
    pr_form_add(&body, "sign", sign);
    snprintf(v->body, sizeof v->body, "%s", body.at);
    pr_buf_free(&body);
    return 1;
}

#define SHELF_INTENT(status, more)                                                                             \
    "{\"id\":\"pi_1\",\"object\":\"payment_intent\",\"amount\":1250,\"currency\":\"usd\",\"status\":\"" status \
    "\",\"created\":1764064400,\"livemode\":false,\"metadata\":{\"reference\":\"@\"}" more "}"
#define SHELF_SUCCEEDED SHELF_INTENT("succeeded", ",\"amount_received\":1250,\"latest_charge\":\"ch_1\"")

static inline int32_t voice_stripe(voice *v, const adk *k, int32_t says)
{
    uint8_t mac[32];
    char hex[65], text[9000];
    const char *placed =
        v->step == 1 ? SHELF_INTENT("requires_confirmation", "") : SHELF_INTENT("processing", "");
    voice_put(v->body, sizeof v->body,
              says == VOICE_PLACED ? placed
              : says == VOICE_PAID
                  ? SHELF_SUCCEEDED
                  : "{\"id\":\"evt_1\",\"object\":\"event\",\"type\":\"payment_intent.succeeded\","
                    "\"livemode\":false,\"created\":1764064500,\"data\":{\"object\":" SHELF_SUCCEEDED "}}",
              k);
    snprintf(text, sizeof text, "1764064500.%s", v->body);
    const char *secret = pr_credential_get(k->channel, NULL, "webhook_secret");
    assert_int_equal(pr_sign_hmac_sha256(mac, secret, strlen(secret), text, strlen(text)), PAYROUTE_OK);
    pr_sign_hex(hex, mac, sizeof mac);
    snprintf(v->headers, sizeof v->headers, "Stripe-Signature: t=1764064500,v1=%s\r\n", hex);
    return 1;
}

static inline int32_t voice_wechatpay(voice *v, const adk *k, int32_t says)
{
    char paid[1024];
    voice_put(paid, sizeof paid,
              "{\"appid\":\"wx2421b1c4370ec43b\",\"mchid\":\"1900007291\",\"out_trade_no\":\"@\","
              "\"transaction_id\":\"4200001\",\"trade_type\":\"NATIVE\",\"trade_state\":\"SUCCESS\","
              "\"trade_state_desc\":\"x\",\"success_time\":\"2025-11-25T17:54:00+08:00\","
              "\"payer\":{\"openid\":\"o\"},\"amount\":{\"total\":1250,\"payer_total\":1200,"
              "\"currency\":\"CNY\",\"payer_currency\":\"CNY\"}}",
              k);
    if (says == VOICE_NOTICE) {
        char *sealed = wx_seal(paid, WX_APIV3, "transaction");
        snprintf(
            v->body, sizeof v->body,
            "{\"id\":\"EV-1\",\"create_time\":\"2025-11-25T17:54:59+08:00\",\"resource_type\":"
            "\"encrypt-resource\",\"event_type\":\"TRANSACTION.SUCCESS\",\"summary\":\"x\",\"resource\":%s}",
            sealed);
        free(sealed);
    } else {
        snprintf(v->body, sizeof v->body, "%s",
                 says == VOICE_PAID ? paid : "{\"code_url\":\"weixin://wxpay/bizpayurl?pr=1\"}");
    }
    wx_headers(v->headers, sizeof v->headers, ADK_ALIPAY_PRIVATE, WX_KEY_ID, 1764064500, v->body,
               strlen(v->body));
    return 1;
}

static inline int32_t voice_epay_answer(voice *v, const adk *k, int32_t says, int32_t v2)
{
    char fields[1024];
    if (v2) {
        voice_put(fields, sizeof fields,
                  says == VOICE_PLACED ? "code=#0|trade_no=" EPAY_TRADE
                                         "|pay_type=qrcode|pay_info=weixin://wxpay/bizpayurl?pr=1"
                                       : "code=#0|msg=succ|trade_no=" EPAY_TRADE
                                         "|out_trade_no=@|pid=#1001|money=12.50|status=#1",
                  k);
        epay_v2_answer(v->body, sizeof v->body, fields, ADK_ALIPAY_PRIVATE);
    } else {
        voice_put(
            v->body, sizeof v->body,
            says == VOICE_PLACED
                ? "{\"code\":1,\"trade_no\":\"" EPAY_TRADE "\",\"qrcode\":\"weixin://wxpay/bizpayurl?pr=1\"}"
                : "{\"code\":1,\"msg\":\"succ\",\"trade_no\":\"" EPAY_TRADE "\",\"out_trade_no\":\"@\","
                  "\"type\":\"alipay\",\"pid\":\"1001\",\"name\":\"x\",\"money\":\"12.50\",\"status\":1}",
            k);
    }
    return 1;
}

static inline int32_t voice_epay(voice *v, const adk *k, int32_t says)
{
    int32_t v2 = pr_epay_fork_of(k->channel)->sign == PR_EPAY_RSA;
    char room[1024], sign[1024];
    pr_pair pairs[16];
    if (says != VOICE_NOTICE) {
        return voice_epay_answer(v, k, says, v2);
    }
    voice_put(room, sizeof room,
              v2 ? "pid=1001|trade_no=" EPAY_TRADE "|out_trade_no=@|type=alipay|name=x|money=12.50|"
                   "trade_status=TRADE_SUCCESS|timestamp=1764064490"
                 : "pid=1001|trade_no=" EPAY_TRADE "|out_trade_no=@|type=alipay|name=x|money=12.50|"
                   "trade_status=TRADE_SUCCESS",
              k);
    size_t count = epay_pairs(room, pairs, 16);
    epay_panel_sign(sign, sizeof sign, pairs, count, v2 ? ADK_ALIPAY_PRIVATE : NULL);
    pr_buf query;
    pr_buf_init(&query);
    pr_pairs_encode(&query, pairs, count);
    pr_form_add(&query, "sign_type", v2 ? "RSA" : "MD5");
    pr_form_add(&query, "sign", sign);
    snprintf(v->query, sizeof v->query, "%s", query.at);
    pr_buf_free(&query);
    v->method = "GET";
    return 1;
}

/* voices of further providers: #include "adapter_<provider>_fixture.h" */

typedef struct shelf_row {
    const char *provider;
    const char *channel; /* JSON; fix_expand puts the keys in */
    voice_of *voice;     /* NULL: the host speaks for it */
} shelf_row;

static const shelf_row shelf[] = {
    {"alipay",
     "{\"id\":\"alipay\",\"provider\":\"alipay\",\"credentials\":[{\"version\":\"1\",\"app_id\":"
     "\"2021000000000001\",\"seller_id\":\"2088000000000001\",\"private_key\":\"@app@\","
     "\"alipay_public_key\":\"" ADK_ALIPAY_PUBLIC "\"}],"
     "\"notify_url\":\"https://shop.example/n\",\"return_url\":\"https://shop.example/r\","
     "\"methods\":[{\"method\":\"alipay\",\"flows\":[\"qr\",\"redirect\",\"wap\"]}],"
     "\"currencies\":[\"CNY\"]}",
     voice_alipay},
    {"stripe",
     "{\"id\":\"stripe\",\"provider\":\"stripe\",\"credentials\":[" FIX_STRIPE_CREDENTIAL "],"
     "\"return_url\":\"https://shop.example/r\","
     "\"methods\":[{\"method\":\"card\",\"flows\":[\"token\",\"redirect\"]},"
     "{\"method\":\"ideal\",\"flows\":[\"redirect\"]}],"
     "\"currencies\":[\"USD\",\"EUR\",\"CNY\",\"JPY\"]}",
     voice_stripe},
    {"custom",
     "{\"id\":\"custom\",\"provider\":\"custom\","
     "\"methods\":[{\"method\":\"card\",\"flows\":[\"direct\",\"qr\"]}],"
     "\"currencies\":[\"CNY\",\"USD\"],"
     "\"facts\":{\"lookup\":\"our_ref\",\"refund\":true,\"can_close\":true}}",
     NULL},
    {"wechatpay",
     "{\"id\":\"wechatpay\",\"provider\":\"wechatpay\",\"notify_url\":\"https://shop.example/n\","
     "\"return_url\":\"https://shop.example/r\",\"credentials\":[{\"mchid\":\"1900007291\","
     "\"appid\":\"wx2421b1c4370ec43b\",\"serial_no\":\"5F1C72E2A8931B72A2E13AF8DEE92471EB397115\","
     "\"private_key\":\"@app@\",\"apiv3_key\":\"" WX_APIV3 "\",\"public_key_id\":\"" WX_KEY_ID "\","
     "\"public_key\":\"" ADK_ALIPAY_PUBLIC "\"}],\"methods\":[{\"method\":\"wechat\","
     "\"flows\":[\"qr\",\"redirect\",\"token\"]}],\"currencies\":[\"CNY\"]}",
     voice_wechatpay},
    {"epay", SHELF_EPAY("epay", "rainbow", "?c=epay", SHELF_EPAY_V1), voice_epay},
    {"epay", SHELF_EPAY("zpay", "zpay", "", SHELF_EPAY_V1), voice_epay},
    {"epay",
     SHELF_EPAY("rainbow", "rainbow_v2", "?c=epay",
                "\"private_key\":\"@app@\",\"platform_public_key\":\"" ADK_ALIPAY_PUBLIC "\""),
     voice_epay},
    /* further providers */
};
enum { SHELF_ROWS = (int)(sizeof shelf / sizeof *shelf) };

#endif
