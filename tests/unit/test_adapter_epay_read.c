/* 易支付: what each answer comes to. Whatever is not plain and proven is unclear, never paid and never free.
 */
#include "adapter_epay_fixture.h"

#define V1_PAID                                                                                              \
    "{\"code\":1,\"msg\":\"succ\",\"trade_no\":\"" EPAY_TRADE "\",\"out_trade_no\":\"" EPAY_REF              \
    "\",\"type\":\"alipay\",\"pid\":1001,\"name\":\"n\",\"money\":\"12.50\",\"param\":null,\"buyer\":null,"  \
    "\"status\":1,\"payurl\":\"\"}"

static void unclear(adk *k, int32_t operation, const char *body)
{
    const pr_fact *f = epay_read(k, operation, body);
    int32_t action = pr_operation_target(operation) == PR_TARGET_ACTION;
    if (f->event != (action ? (int32_t)PR_AE_UNCLEAR : (int32_t)PR_EV_UNCLEAR) || k->reading.count != 1) {
        fail_msg("%s: event %d", body, (int)f->event);
    }
}

/* ---- orders -------------------------------------------------------------------------------------------- */

static void shows(const char *channel, const char *flow, const char *body, int32_t kind, const char *text)
{
    adk k;
    epay_open(&k, channel, "alipay", flow);
    const pr_fact *f = epay_read(&k, PR_OP_CREATE, body);
    if (f->event != (int32_t)PR_EV_ACTION_NEEDED || k.reading.show_kind != kind ||
        strcmp(k.reading.show.at, text) != 0) {
        fail_msg("%s: event %d shows %d %s", body, (int)f->event, (int)k.reading.show_kind,
                 k.reading.show.at ? k.reading.show.at : "");
    }
    assert_string_equal(f->provider_id, EPAY_TRADE);
    adk_close(&k);
}

#define PLACED(more) "{\"code\":1,\"trade_no\":\"" EPAY_TRADE "\"," more "}"

static void v1_payloads(void **state)
{
    (void)state;
    shows(RAINBOW, "qr", PLACED("\"qrcode\":\"https://qr.alipay.com/bax01\""), PR_SHOW_QR,
          "https://qr.alipay.com/bax01");
    shows(RAINBOW, "qr", PLACED("\"payurl\":\"https://panel.example/pay/submit/1/\""), PR_SHOW_URL,
          "https://panel.example/pay/submit/1/");
    shows(RAINBOW, "redirect", PLACED("\"urlscheme\":\"weixin://dl/business/?t=1\""), PR_SHOW_URL,
          "weixin://dl/business/?t=1");
    shows(RAINBOW, "redirect", PLACED("\"html\":\"<form></form>\""), PR_SHOW_FORM, "<form></form>");
    shows(RAINBOW, "redirect", "\xef\xbb\xbf" PLACED("\"code2\":1,\"payurl\":\"https://a.example/\""),
          PR_SHOW_URL, "https://a.example/");
    shows(ZPAY, "qr",
          "{\"code\":\"1\",\"trade_no\":" EPAY_TRADE ",\"payurl\":\"https://z.example/p\",\"payurl2\":"
          "\"https://z.example/2\",\"qrcode\":\"https://z.example/q\",\"img\":\"https://z.example/i.jpg\"}",
          PR_SHOW_QR, "https://z.example/q");
    shows(ZPAY, "redirect", PLACED("\"payurl\":\"https://z.example/p\",\"qrcode\":\"https://z.example/q\""),
          PR_SHOW_URL, "https://z.example/p");
    shows(EZPAY, "redirect", PLACED("\"qrcode\":\"TXaddress\",\"pay_url\":\"/cashier/2023\""), PR_SHOW_URL,
          "https://panel.example/cashier/2023");
}

static void payloads_that_are_not_shown(void **state)
{
    (void)state;
    static const char *const bad[] = {
        PLACED("\"payurl\":\"javascript:alert(1)\""),
        PLACED("\"payurl\":\"javascript://x/%0aalert(1)\""),
        PLACED("\"urlscheme\":\"data:text/html,x\""),
        PLACED("\"payurl\":\"//evil.example/\""),
        PLACED("\"payurl\":\"https://a.example/ b\""),
        PLACED("\"qrcode\":\"a\\nb\""),
        PLACED("\"msg\":\"ok\""),
        "{\"code\":1}",
        "{\"code\":1,\"qrcode\":\"https://a.example/\",\"out_trade_no\":\"0K3V9Z2M4QABCDEFGHJKMNPQRT\"}",
    };
    adk k;
    epay_open(&k, RAINBOW, "alipay", "qr");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        unclear(&k, PR_OP_CREATE, bad[i]);
        assert_int_equal(k.reading.show_kind, PR_SHOW_NONE);
    }
    adk_close(&k);
}

static void v2_payloads(void **state)
{
    (void)state;
    char body[4096];
    adk k;
    epay_v2_answer(body, sizeof body,
                   "code=#0|trade_no=" EPAY_TRADE "|pay_type=qrcode|pay_info=weixin://wxpay/bizpayurl?pr=1",
                   ADK_ALIPAY_PRIVATE);
    shows(RAINBOW2, "qr", body, PR_SHOW_QR, "weixin://wxpay/bizpayurl?pr=1");
    epay_v2_answer(body, sizeof body,
                   "code=#0|trade_no=" EPAY_TRADE
                   "|pay_type=jump|pay_info=https://panel.example/pay/submit/1/",
                   ADK_ALIPAY_PRIVATE);
    shows(RAINBOW2, "redirect", body, PR_SHOW_URL, "https://panel.example/pay/submit/1/");
    /* Flow qr: a page can be paid in another way after the close. Nobody is shown it, so the order is free.
     */
    epay_open(&k, RAINBOW2, "alipay", "qr");
    const pr_fact *f = epay_read(&k, PR_OP_CREATE, body);
    assert_int_equal(f->event, PR_EV_INVALID);
    assert_string_equal(f->meaning.name, "method_not_available");
    assert_int_equal(k.reading.show_kind, PR_SHOW_NONE);
    epay_v2_answer(body, sizeof body,
                   "code=#0|trade_no=1|pay_type=qrcode|pay_info=https://panel.example/pay/qrcode/1/",
                   ADK_ALIPAY_PRIVATE);
    assert_int_equal(epay_read(&k, PR_OP_CREATE, body)->event, PR_EV_INVALID);
    /* However the panel spells its own address; and a wallet's is no panel's for beginning like one. */
    static const struct {
        const char *info;
        int32_t event;
    } codes[] = {{"http://panel.example/pay/qrcode/1/", PR_EV_INVALID},
                 {"HTTPS://Panel.Example/pay/qrcode/1/", PR_EV_INVALID},
                 {"https://panel.example:443/pay/qrcode/1/", PR_EV_INVALID},
                 {"https://panel.example", PR_EV_INVALID},
                 {"https://panel.example?a=1", PR_EV_INVALID},
                 {"https://user@panel.example/", PR_EV_INVALID},
                 {"//panel.example/pay", PR_EV_INVALID},
                 {"https://panel.example.wallet.example/1", PR_EV_ACTION_NEEDED},
                 {"https://qr.wallet.example/panel.example/", PR_EV_ACTION_NEEDED}};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        char fields[200];
        snprintf(fields, sizeof fields, "code=#0|trade_no=1|pay_type=qrcode|pay_info=%s", codes[i].info);
        epay_v2_answer(body, sizeof body, fields, ADK_ALIPAY_PRIVATE);
        if (epay_read(&k, PR_OP_CREATE, body)->event != codes[i].event) {
            fail_msg("%s", codes[i].info);
        }
    }
    /* By another's key, unsigned, signed over other words, of another kind: nothing. */
    epay_v2_answer(body, sizeof body, "code=#0|trade_no=1|pay_type=qrcode|pay_info=weixin://x",
                   ADK_WRONG_PRIVATE);
    unclear(&k, PR_OP_CREATE, body);
    unclear(&k, PR_OP_CREATE,
            "{\"code\":0,\"trade_no\":\"1\",\"pay_type\":\"qrcode\",\"pay_info\":\"weixin://x\"}");
    epay_v2_answer(body, sizeof body, "code=#0|trade_no=1|pay_type=qrcode|pay_info=weixin://x",
                   ADK_ALIPAY_PRIVATE);
    *strstr(body, "//x") = '\\';
    unclear(&k, PR_OP_CREATE, body);
    unclear(&k, PR_OP_CREATE, PLACED("\"qrcode\":\"weixin://x\""));
    adk_close(&k);
}

/* ---- queries of v1 ------------------------------------------------------------------------------------- */

static void query_v1(const char *status, const char *money, int32_t event, int64_t amount)
{
    char body[1024];
    adk k;
    epay_open(&k, RAINBOW, "alipay", "qr");
    snprintf(body, sizeof body,
             "{\"code\":\"1\",\"trade_no\":\"" EPAY_TRADE "\",\"out_trade_no\":\"" EPAY_REF
             "\",\"pid\":\"1001\",\"money\":%s,\"status\":%s}",
             money, status);
    const pr_fact *f = epay_read(&k, PR_OP_QUERY, body);
    if (f->event != event) {
        fail_msg("status %s money %s: event %d", status, money, (int)f->event);
    }
    assert_int_equal(f->evidence, PR_EVIDENCE_TLS);
    assert_true(f->amount_minor == amount);
    assert_true(f->provider_ms == INT64_C(1764064500000));
    adk_close(&k);
}

static void states_of_v1(void **state)
{
    (void)state;
    query_v1("1", "\"12.50\"", PR_EV_PAID, 1250);
    query_v1("\"1\"", "12.5", PR_EV_PAID, 1250);
    query_v1("3", "\"12.5\"", PR_EV_PAID, 1250);
    query_v1("0", "\"12.50\"", PR_EV_ST_UNPAID, 1250);
    query_v1("\"0\"", "\"12.50\"", PR_EV_ST_UNPAID, 1250);
    query_v1("4", "\"12.50\"", PR_EV_UNCLEAR, 1250);
    query_v1("-1", "\"12.50\"", PR_EV_UNCLEAR, 1250);
    query_v1("true", "\"12.50\"", PR_EV_UNCLEAR, -1);
    query_v1("null", "\"12.50\"", PR_EV_UNCLEAR, -1);
    query_v1("1.0", "\"12.50\"", PR_EV_UNCLEAR, 1250);
    query_v1("\"paid\"", "\"12.50\"", PR_EV_UNCLEAR, 1250);
}

static void money_of_every_shape(void **state)
{
    (void)state;
    query_v1("1", "\"1\"", PR_EV_PAID, 100);
    query_v1("1", "1", PR_EV_PAID, 100);
    query_v1("1", "\"1.0\"", PR_EV_PAID, 100);
    query_v1("1", "\"1.00\"", PR_EV_PAID, 100);
    query_v1("1", "1.000", PR_EV_PAID, 100);
    query_v1("1", "0.01", PR_EV_PAID, 1);
    query_v1("1", "\"1e2\"", PR_EV_UNCLEAR, -1);
    query_v1("1", "1e2", PR_EV_UNCLEAR, -1);
    query_v1("1", "\"-1\"", PR_EV_UNCLEAR, -1);
    query_v1("1", "-1", PR_EV_UNCLEAR, -1);
    query_v1("1", "\"1.001\"", PR_EV_UNCLEAR, -1);
    query_v1("1", "\"1,00\"", PR_EV_UNCLEAR, -1);
    query_v1("1", "\" 1.00\"", PR_EV_UNCLEAR, -1);
    query_v1("1", "\"0x1\"", PR_EV_UNCLEAR, -1);
    query_v1("1", "\"99999999999999999999\"", PR_EV_UNCLEAR, -1);
    query_v1("1", "[1]", PR_EV_PAID, -1); /* absent: flow's comparison makes it unclear */
}

static void paid_names_trade_and_merchant(void **state)
{
    (void)state;
    adk k;
    epay_open(&k, RAINBOW, "alipay", "qr");
    const pr_fact *f = epay_read(&k, PR_OP_QUERY, V1_PAID);
    assert_int_equal(f->event, PR_EV_PAID);
    assert_string_equal(f->txn_id, EPAY_TRADE);
    assert_string_equal(f->reference, EPAY_REF);
    assert_string_equal(f->currency, "CNY");
    assert_int_equal(f->merchant_equal, 1);
    k.subject.provider_id = "2025112517550099999"; /* a second trade under our number: its money is money, */
    assert_int_equal(epay_read(&k, PR_OP_QUERY, V1_PAID)->event, PR_EV_PAID);
    char body[1024];
    snprintf(body, sizeof body, "%s", V1_PAID);
    *strstr(body, "\"status\":1") = '\0';
    strcat(body, "\"status\":0}"); /* that it is unpaid says nothing about ours */
    unclear(&k, PR_OP_QUERY, body);
    snprintf(body, sizeof body, "%s", V1_PAID);
    memcpy(strstr(body, "1001,"), "1002,", 5); /* another merchant's */
    unclear(&k, PR_OP_QUERY, body);
    pr_http_reply reply = {200, NULL, 0, V1_PAID, strlen(V1_PAID), 0}; /* nobody verified the host */
    pr_reading_free(&k.reading);
    pr_reading_init(&k.reading);
    assert_int_equal(k.adapter->read(&k.reading, PR_OP_QUERY, 1, &k.subject, &reply), PAYROUTE_OK);
    assert_int_equal(k.reading.facts[0].evidence, PR_EVIDENCE_NONE);
    adk_close(&k);
}

/* v1 says that something went back, not how much: money is there, and a person looks. */
static void refunded_at_v1(void **state)
{
    (void)state;
    adk k;
    char body[1024];
    epay_open(&k, RAINBOW, "alipay", "qr");
    snprintf(body, sizeof body, "%s", V1_PAID);
    memcpy(strstr(body, "\"status\":1"), "\"status\":2", 10);
    epay_read(&k, PR_OP_QUERY, body);
    assert_int_equal(k.reading.count, 2);
    assert_int_equal(k.reading.facts[0].event, PR_EV_PAID);
    assert_int_equal(k.reading.facts[1].event, PR_EV_MISMATCH);
    adk_close(&k);
}

static void not_found_and_other_words(void **state)
{
    (void)state;
    adk k;
    epay_open(&k, RAINBOW, "alipay", "qr");
    const pr_fact *f = epay_read(&k, PR_OP_QUERY, "{\"code\":-1,\"msg\":\"订单号不存在\"}");
    assert_int_equal(f->event, PR_EV_ST_NOT_FOUND);
    assert_string_equal(f->code, "-1");
    f = epay_read(&k, PR_OP_QUERY, "{\"code\":-3,\"msg\":\"商户密钥错误 " EPAY_KEY "\"}");
    assert_int_equal(f->event, PR_EV_UNCLEAR);
    assert_string_equal(f->meaning.name, "credentials_rejected");
    assert_null(strstr(f->message, EPAY_KEY));
    unclear(&k, PR_OP_QUERY, "{\"code\":0,\"msg\":\"订单\"}");
    adk_close(&k);
    epay_open(&k, EZPAY, "alipay", "redirect");
    f = epay_read(&k, PR_OP_QUERY,
                  "{\"code\":1,\"msg\":\"success\",\"pid\":\"1001\",\"trade_no\":\"20231211123456789abc\","
                  "\"out_trade_no\":\"" EPAY_REF
                  "\",\"type\":\"usdt_trc20\",\"money\":\"12.50\",\"usdt_amount\":"
                  "\"13.888889\",\"trade_status\":\"TRADE_SUCCESS\",\"addtime\":1702271096}");
    assert_int_equal(f->event, PR_EV_PAID);
    assert_string_equal(f->txn_id, "20231211123456789abc");
    unclear(&k, PR_OP_QUERY, V1_PAID); /* the name of another fork: nothing */
    adk_close(&k);
}

/* ---- queries, closes and refunds of v2 ----------------------------------------------------------------- */

#define V2_ORDER                                                                                             \
    "code=#0|trade_no=" EPAY_TRADE "|out_trade_no=" EPAY_REF "|type=alipay|pid=#1001|name=n|money=12.50"

static const pr_fact *read_v2(adk *k, int32_t operation, const char *fields)
{
    static char body[4096];
    epay_v2_answer(body, sizeof body, fields, ADK_ALIPAY_PRIVATE);
    return epay_read(k, operation, body);
}

static void states_of_v2(void **state)
{
    (void)state;
    adk k;
    char body[4096];
    epay_open(&k, RAINBOW2, "alipay", "qr");
    const pr_fact *f = read_v2(&k, PR_OP_QUERY, V2_ORDER "|status=1|buyer=");
    assert_int_equal(f->event, PR_EV_PAID);
    assert_int_equal(f->evidence, PR_EVIDENCE_SIGNED);
    assert_true(f->provider_ms == INT64_C(1764064500000));
    assert_int_equal(read_v2(&k, PR_OP_QUERY, V2_ORDER "|status=#0")->event, PR_EV_ST_UNPAID);
    f = read_v2(&k, PR_OP_QUERY, V2_ORDER "|status=#2|refundmoney=3.00");
    assert_int_equal(k.reading.count, 2);
    assert_int_equal(f->event, PR_EV_PAID);
    assert_int_equal(k.reading.facts[1].event, PR_EV_REVERSED_PART);
    assert_true(k.reading.facts[1].reversed_total_minor == 300);
    read_v2(&k, PR_OP_QUERY, V2_ORDER "|status=#2");
    assert_int_equal(k.reading.facts[1].event, PR_EV_MISMATCH);
    /* TLS alone does not prove what v2 signs. */
    unclear(&k, PR_OP_QUERY,
            "{\"code\":0,\"trade_no\":\"" EPAY_TRADE "\",\"out_trade_no\":\"" EPAY_REF
            "\",\"pid\":1001,\"money\":\"12.50\",\"status\":1}");
    epay_v2_answer(body, sizeof body, V2_ORDER "|status=1", ADK_WRONG_PRIVATE);
    unclear(&k, PR_OP_QUERY, body);
    epay_v2_answer(body, sizeof body, V2_ORDER "|status=#0", ADK_ALIPAY_PRIVATE);
    memcpy(strstr(body, "\"status\":0"), "\"status\":1", 10);
    unclear(&k, PR_OP_QUERY, body);
    /* Errors are not signed: not found counts, by the connection. */
    f = epay_read(&k, PR_OP_QUERY, "{\"code\":-1,\"msg\":\"订单号不存在\"}");
    assert_int_equal(f->event, PR_EV_ST_NOT_FOUND);
    assert_int_equal(f->evidence, PR_EVIDENCE_TLS);
    adk_close(&k);
}

static void closes(void **state)
{
    (void)state;
    adk k;
    char body[2048];
    epay_v2_answer(body, sizeof body, "code=#0|msg=订单关闭成功", ADK_ALIPAY_PRIVATE);
    epay_open(&k, RAINBOW2, "alipay", "redirect"); /* whoever has the page may pay in another way still */
    unclear(&k, PR_OP_CLOSE, body);
    adk_close(&k);
    epay_open(&k, RAINBOW2, "alipay", "qr");
    epay_read(&k, PR_OP_CLOSE, body);
    assert_int_equal(adk_fact(&k, PR_TARGET_ACTION)->event, PR_AE_DONE);
    assert_int_equal(adk_fact(&k, PR_TARGET_ATTEMPT)->event, PR_EV_ST_CLOSED);
    assert_int_equal(adk_fact(&k, PR_TARGET_ATTEMPT)->final, 1);
    adk_close(&k);
    epay_open(&k, RAINBOW2, "alipay", "qr");
    unclear(&k, PR_OP_CLOSE, "{\"code\":0,\"msg\":\"订单关闭成功\"}");
    epay_read(&k, PR_OP_CLOSE, "{\"code\":-1,\"msg\":\"当前订单不存在！\"}");
    assert_int_equal(adk_fact(&k, PR_TARGET_ACTION)->event, PR_AE_NOT_FOUND);
    assert_int_equal(adk_fact(&k, PR_TARGET_ATTEMPT)->event, PR_EV_ST_NOT_FOUND);
    const pr_fact *f = epay_read(&k, PR_OP_CLOSE, "{\"code\":-1,\"msg\":\"该订单状态不支持关闭！\"}");
    assert_int_equal(f->event, PR_AE_UNCLEAR); /* paid, perhaps: ask */
    assert_string_equal(f->meaning.name, "cancel_not_allowed");
    adk_close(&k);
}

static void refunds_of_v2(void **state)
{
    (void)state;
    adk k;
    epay_open(&k, RAINBOW2, "alipay", "qr");
    k.subject.key = EPAY_REF "R1";
    k.subject.amount_minor = 300;
    const pr_fact *f = read_v2(&k, PR_OP_REFUND,
                               "code=#0|refund_no=1|out_refund_no=" EPAY_REF "R1|trade_no=" EPAY_TRADE
                               "|out_trade_no=" EPAY_REF "|uid=#1001|money=3.00|reducemoney=#3");
    assert_int_equal(f->event, PR_AE_DONE);
    assert_string_equal(f->action_key, EPAY_REF "R1");
    assert_int_equal(read_v2(&k, PR_OP_REFUND, "code=#0|out_refund_no=" EPAY_REF "R2|money=3.00")->event,
                     PR_AE_UNCLEAR);
    assert_int_equal(read_v2(&k, PR_OP_REFUND, "code=#0|out_refund_no=" EPAY_REF "R1|money=3.01")->event,
                     PR_AE_UNCLEAR);
    assert_int_equal(read_v2(&k, PR_OP_REFUND, "code=#-1|msg=该订单状态不支持退款！")->event, PR_AE_REFUSED);
    assert_int_equal(epay_read(&k, PR_OP_REFUND, "{\"code\":-1,\"msg\":\"商户余额不足，请先充值\"}")->event,
                     PR_AE_REFUSED_BEFORE);
    assert_int_equal(epay_read(&k, PR_OP_REFUND, "{\"code\":-1,\"msg\":\"该订单已全额退款！\"}")->event,
                     PR_AE_UNCLEAR);
    assert_int_equal(epay_read(&k, PR_OP_REFUND, "{\"code\":-1,\"msg\":\"退款失败：timeout\"}")->event,
                     PR_AE_UNCLEAR);
    f = read_v2(&k, PR_OP_REFUND_QUERY,
                "code=#0|out_refund_no=" EPAY_REF "R1|out_trade_no=" EPAY_REF "|money=3.00|status=1");
    assert_int_equal(f->event, PR_AE_DONE);
    assert_true(f->amount_minor == 300);
    assert_int_equal(
        read_v2(&k, PR_OP_REFUND_QUERY, "code=#0|out_refund_no=" EPAY_REF "R1|money=3.00|status=#0")->event,
        PR_AE_PENDING);
    assert_int_equal(read_v2(&k, PR_OP_REFUND_QUERY, "code=#0|out_refund_no=" EPAY_REF "R1|status=1")->event,
                     PR_AE_UNCLEAR);
    assert_int_equal(epay_read(&k, PR_OP_REFUND_QUERY, "{\"code\":-1,\"msg\":\"退款记录不存在\"}")->event,
                     PR_AE_NOT_FOUND);
    adk_close(&k);
}

static void refunds_of_v1(void **state)
{
    (void)state;
    adk k;
    epay_open(&k, RAINBOW, "alipay", "qr");
    k.subject.key = EPAY_REF "R1";
    assert_int_equal(epay_read(&k, PR_OP_REFUND, "{\"code\":1,\"msg\":\"退款成功\"}")->event, PR_AE_DONE);
    assert_int_equal(epay_read(&k, PR_OP_REFUND, "{\"code\":0,\"trade_no\":\"1\",\"money\":\"12.5\"}")->event,
                     PR_AE_DONE);
    assert_int_equal(epay_read(&k, PR_OP_REFUND, "{\"code\":1,\"money\":\"12.51\"}")->event, PR_AE_UNCLEAR);
    assert_int_equal(
        epay_read(&k, PR_OP_REFUND, "{\"code\":-2,\"msg\":\"商户未开启订单退款API接口\"}")->event,
        PR_AE_REFUSED);
    adk_close(&k);
    epay_open(&k, ZPAY, "alipay", "qr");
    assert_int_equal(epay_read(&k, PR_OP_REFUND, "{\"code\":1,\"msg\":\"退款成功\"}")->event, PR_AE_DONE);
    assert_int_equal(epay_read(&k, PR_OP_REFUND, "{\"code\":0,\"msg\":\"订单\"}")->event, PR_AE_UNCLEAR);
    adk_close(&k);
}

/* ---- what is no answer --------------------------------------------------------------------------------- */

static void pages_and_ruins(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        " ",
        "<html><body>502 Bad Gateway</body></html>",
        "<script>location='/'</script>" V1_PAID,
        V1_PAID "<!-- by CDN -->",
        V1_PAID V1_PAID,
        "[" V1_PAID "]",
        "1",
        "null",
        "\"success\"",
        "success",
        "{\"code\":1,\"code\":1,\"status\":1}",
        "{\"Code\":1,\"status\":1}",
        "{}",
        "{\"code\":[1]}",
        "{\"code\":true}",
        "{\"code\":\"\"}",
        "{\"code\":1}",
        "{\"code\":1,\"status\":1,\"money\":\"12.50\"}",
        "\xef\xbb\xbf\xef\xbb\xbf" V1_PAID,
    };
    adk k;
    epay_open(&k, RAINBOW, "alipay", "qr");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        for (int32_t op = PR_OP_CREATE; op <= PR_OP_QUERY; op++) {
            unclear(&k, op, bad[i]);
        }
    }
    assert_int_equal(epay_read(&k, PR_OP_QUERY, "\xef\xbb\xbf \n" V1_PAID)->event, PR_EV_PAID);
    static const int32_t statuses[] = {0, 100, 201, 204, 301, 302, 400, 401, 403, 404, 429, 500, 502, 503};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        adk_read(&k, PR_OP_QUERY, 1, statuses[i], NULL, V1_PAID, strlen(V1_PAID), 1);
        assert_int_equal(k.reading.facts[0].event, PR_EV_UNCLEAR);
        assert_int_equal(k.reading.facts[0].http_status, statuses[i]);
    }
    adk_close(&k);
}

static void cut_at_every_byte(void **state)
{
    (void)state;
    adk k;
    char body[4096];
    epay_open(&k, RAINBOW, "alipay", "qr");
    for (size_t n = 0; n < strlen(V1_PAID); n++) {
        adk_read(&k, PR_OP_QUERY, 1, 200, NULL, V1_PAID, n, 1);
        assert_int_equal(k.reading.facts[0].event, PR_EV_UNCLEAR);
    }
    adk_close(&k);
    epay_open(&k, RAINBOW2, "alipay", "qr");
    epay_v2_answer(body, sizeof body, V2_ORDER "|status=1", ADK_ALIPAY_PRIVATE);
    for (size_t n = 0; n < strlen(body); n++) {
        adk_read(&k, PR_OP_QUERY, 1, 200, NULL, body, n, 1);
        assert_int_equal(k.reading.facts[0].event, PR_EV_UNCLEAR);
    }
    for (size_t n = 0; n < strlen(body); n++) { /* one byte changed: unclear, or what was not signed at all */
        char was = body[n];
        body[n] = (char)(was ^ 1);
        adk_read(&k, PR_OP_QUERY, 1, 200, NULL, body, strlen(body), 1);
        const char *unsigned_part = strstr(body, "\"sign_type\"");
        if (k.reading.facts[0].event == (int32_t)PR_EV_PAID && (!unsigned_part || body + n < unsigned_part)) {
            fail_msg("byte %d changed: still paid", (int)n);
        }
        body[n] = was;
    }
    adk_close(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(v1_payloads),          cmocka_unit_test(payloads_that_are_not_shown),
        cmocka_unit_test(v2_payloads),          cmocka_unit_test(states_of_v1),
        cmocka_unit_test(money_of_every_shape), cmocka_unit_test(paid_names_trade_and_merchant),
        cmocka_unit_test(refunded_at_v1),       cmocka_unit_test(not_found_and_other_words),
        cmocka_unit_test(states_of_v2),         cmocka_unit_test(closes),
        cmocka_unit_test(refunds_of_v2),        cmocka_unit_test(refunds_of_v1),
        cmocka_unit_test(pages_and_ruins),      cmocka_unit_test(cut_at_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
