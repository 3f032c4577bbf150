/* The sandbox's Alipay: what the gateway refuses, and the life of codes, trades and refunds. */
#include "client.h"

#define PRECREATE "alipay.trade.precreate"
#define QUERY "alipay.trade.query"
#define CLOSE "alipay.trade.close"
#define CANCEL "alipay.trade.cancel"
#define REFUND "alipay.trade.refund"
#define REFUND_QUERY "alipay.trade.fastpay.refund.query"

static char biz_text[1024];

static const char *order(const char *number, const char *amount, const char *more)
{
    snprintf(biz_text, sizeof biz_text,
             "{\"out_trade_no\":\"%s\",\"total_amount\":\"%s\",\"subject\":\"咖啡\"%s}", number, amount,
             more);
    return biz_text;
}

static const char *number(const char *text)
{
    snprintf(biz_text, sizeof biz_text, "{\"out_trade_no\":\"%s\"}", text);
    return biz_text;
}

static const char *refund(const char *text, const char *amount, const char *request)
{
    snprintf(biz_text, sizeof biz_text,
             "{\"out_trade_no\":\"%s\",\"refund_amount\":\"%s\",\"out_request_no\":\"%s\"}", text, amount,
             request);
    return biz_text;
}

static void act(const char *reference, const char *what)
{
    char json[256];
    snprintf(json, sizeof json, "{\"reference\":\"%s\",\"act\":\"%s\"}", reference, what);
    cJSON_Delete(control("/_customer", json));
}

static void expect_status(const char *reference, const char *status)
{
    cJSON *out = alipay("ali-main", QUERY, number(reference));
    assert_string_equal(text_of(out, "trade_status"), status);
    cJSON_Delete(out);
}

static void gateway_refuses(void **state)
{
    static const struct {
        const char *extra, *sub_code;
        int sign;
    } rows[] = {
        {"method=alipay.trade.nonsense", "isv.invalid-method", 0},
        {"app_id=2021000000000000", "isv.invalid-app-id", 0},
        {"sign_type=RSA", "isv.invalid-signature-type", 1},
        {"timestamp=2023-11-15", "isv.invalid-timestamp", 1},
        {"timestamp=", "isv.missing-timestamp", 1},
        {"version=2.0", "isv.missing-version", 1},
        {"charset=gbk", "isv.invalid-charset", 1},
        {"sign=", "isv.missing-signature", 1},
        {"sign=AAAA", "isv.invalid-signature", 1},
        {"biz_content=%7B", "isv.invalid-parameter", 1},
        {"biz_content=%7B%7Dx", "isv.invalid-parameter", 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct reply *reply = alipay_raw("ali-main", QUERY, number("A0"), rows[i].extra);
        assert_int_equal(reply->status, 200);
        assert_non_null(strstr(reply->headers, "text/html;charset=utf-8"));
        assert_string_equal(text_of(reply->json->child, "sub_code"), rows[i].sub_code);
        assert_int_equal(alipay_verify("ali-main", reply->body), rows[i].sign);
        drop(reply);
    }
}

static void an_unscanned_code_is_no_trade(void **state)
{
    (void)state;
    cJSON *out =
        alipay("ali-main", PRECREATE, order("A1", "12.34", ",\"time_expire\":\"2023-11-15 06:43:20\""));
    assert_string_equal(text_of(out, "code"), "10000");
    assert_int_equal(strncmp(text_of(out, "qr_code"), "https://qr.alipay.com/", 22), 0);
    cJSON_Delete(out);
    alipay_expect("ali-main", QUERY, number("A1"), "ACQ.TRADE_NOT_EXIST");
    alipay_expect("ali-main", CLOSE, number("A1"), "ACQ.TRADE_NOT_EXIST");
    out = alipay("ali-main", CANCEL, number("A1"));
    assert_string_equal(text_of(out, "code"), "10000");
    assert_string_equal(text_of(out, "action"), "");
    cJSON_Delete(out);
    advance(29 * 60000);
    act("A1", "scan"); /* neither close nor cancel killed the code */
    expect_status("A1", "WAIT_BUYER_PAY");
    advance(60000);
    expect_status("A1", "TRADE_CLOSED"); /* at time_expire */
    assert_int_equal(control_status("/_customer", "{\"reference\":\"A1\",\"act\":\"pay\"}"), 409);
    cJSON_Delete(control("/_customer", "{\"reference\":\"A1\",\"act\":\"pay\",\"force\":true}"));
    expect_status("A1", "TRADE_SUCCESS"); /* paid after close */
}

static void a_code_dies_unscanned(void **state)
{
    (void)state;
    alipay_expect("ali-main", PRECREATE, order("A2", "1.00", ""), "10000");
    advance(7200 * 1000);
    assert_int_equal(control_status("/_customer", "{\"reference\":\"A2\",\"act\":\"scan\"}"), 409);
    alipay_expect("ali-main", PRECREATE, order("A2b", "1.00", ",\"time_expire\":\"2023-11-15 00:00:00\""),
                  "ACQ.INVALID_PARAMETER");
}

static void same_number_again(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        alipay_expect("ali-main", PRECREATE, order("A3", "5.00", ""), "10000");
    }
    alipay_expect("ali-main", PRECREATE, order("A3", "5.00", ""), "ACQ.APPLY_PC_MERCHANT_CODE_ERROR");
    alipay_expect("ali-main", PRECREATE, order("A3", "5.01", ""), "ACQ.CONTEXT_INCONSISTENT");
    act("A3", "pay");
    alipay_expect("ali-main", PRECREATE, order("A3", "5.00", ""), "ACQ.TRADE_HAS_SUCCESS");
    alipay_expect("ali-main", CLOSE, number("A3"), "ACQ.TRADE_STATUS_ERROR");
    alipay_expect("ali-main", PRECREATE, order("A4", "5.00", ""), "10000");
    act("A4", "scan");
    alipay_expect("ali-main", CLOSE, number("A4"), "10000");
    expect_status("A4", "TRADE_CLOSED");
    alipay_expect("ali-main", PRECREATE, order("A4", "5.00", ""), "ACQ.TRADE_HAS_CLOSE");
    alipay_expect("ali-backup", QUERY, number("A3"), "ACQ.TRADE_NOT_EXIST"); /* accounts are apart */
}

static void bad_orders(void **state)
{
    static const char *const amounts[] = {"0.00",          "0",  "1.234", "-1.00", "1e3", "",
                                          "1000000000.00", "1.", ".5"};
    (void)state;
    for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++) {
        alipay_expect("ali-main", PRECREATE, order("A5", amounts[i], ""), "ACQ.INVALID_PARAMETER");
    }
    alipay_expect("ali-main", PRECREATE, order("A 5", "1.00", ""), "ACQ.INVALID_PARAMETER");
    alipay_expect("ali-main", PRECREATE, order("A5", "1.00", ",\"product_code\":\"QUICK_WAP_WAY\""),
                  "ACQ.INVALID_PARAMETER");
    alipay_expect("ali-main", QUERY, number("A5"), "ACQ.TRADE_NOT_EXIST");
}

static void cancel_closes_or_refunds(void **state)
{
    (void)state;
    alipay_expect("ali-main", PRECREATE, order("A6", "3.00", ""), "10000");
    act("A6", "scan");
    cJSON *out = alipay("ali-main", CANCEL, number("A6"));
    assert_string_equal(text_of(out, "action"), "close");
    cJSON_Delete(out);
    alipay_expect("ali-main", PRECREATE, order("A7", "3.00", ""), "10000");
    act("A7", "pay");
    for (int i = 0; i < 2; i++) {
        out = alipay("ali-main", CANCEL, number("A7"));
        assert_string_equal(text_of(out, "action"), i == 0 ? "refund" : "");
        cJSON_Delete(out);
    }
    out = book("ali-main", "A7");
    assert_int_equal(int_of(out, "refunded"), 300);
    cJSON_Delete(out);
    out = alipay("ali-main", CANCEL, number("NOBODY"));
    assert_string_equal(text_of(out, "code"), "10000");
    assert_string_equal(text_of(out, "action"), "");
    cJSON_Delete(out);
}

static void refund_says(const char *request, const char *amount, const char *change, const char *fee)
{
    cJSON *out = alipay("ali-main", REFUND, refund("A8", amount, request));
    assert_string_equal(text_of(out, "code"), "10000");
    assert_string_equal(text_of(out, "fund_change"), change);
    assert_string_equal(text_of(out, "refund_fee"), fee);
    cJSON_Delete(out);
}

static void refunds_are_keyed(void **state)
{
    (void)state;
    alipay_expect("ali-main", PRECREATE, order("A8", "10.00", ""), "10000");
    alipay_expect("ali-main", REFUND, refund("A8", "1.00", "R0"), "ACQ.TRADE_NOT_EXIST");
    act("A8", "scan");
    alipay_expect("ali-main", REFUND, refund("A8", "1.00", "R0"), "ACQ.TRADE_STATUS_ERROR");
    act("A8", "pay");
    refund_says("R1", "4.00", "Y", "4.00");
    refund_says("R1", "4.00", "N", "4.00");
    alipay_expect("ali-main", REFUND, refund("A8", "3.00", "R1"), "ACQ.DISCORDANT_REPEAT_REQUEST");
    alipay_expect("ali-main", REFUND, refund("A8", "6.01", "R2"), "ACQ.REASON_TRADE_REFUND_FEE_ERR");
    expect_status("A8", "TRADE_SUCCESS");
    refund_says("R3", "6.00", "Y", "10.00");
    expect_status("A8", "TRADE_CLOSED");
    refund_says("R3", "6.00", "N", "10.00");
    cJSON *out = alipay("ali-main", REFUND_QUERY, refund("A8", "0", "R3"));
    assert_string_equal(text_of(out, "refund_status"), "REFUND_SUCCESS");
    assert_string_equal(text_of(out, "refund_amount"), "6.00");
    cJSON_Delete(out);
    out = alipay("ali-main", REFUND_QUERY, refund("A8", "0", "R2"));
    assert_string_equal(text_of(out, "code"), "10000"); /* the query ran; nothing was refunded */
    assert_string_equal(text_of(out, "refund_status"), "");
    cJSON_Delete(out);
}

static void a_refund_may_take_time(void **state)
{
    (void)state;
    alipay_expect("ali-main", PRECREATE, order("A9", "2.00", ""), "10000");
    act("A9", "pay");
    cJSON_Delete(
        control("/_fault", "{\"account\":\"ali-main\",\"operation\":\"refund\",\"fault\":\"pending\"}"));
    cJSON *out = alipay("ali-main", REFUND, refund("A9", "2.00", "R1"));
    assert_string_equal(text_of(out, "fund_change"), "N");
    cJSON_Delete(out);
    out = alipay("ali-main", REFUND_QUERY, refund("A9", "2.00", "R1"));
    assert_string_equal(text_of(out, "refund_status"), "");
    cJSON_Delete(out);
    alipay_expect("ali-main", REFUND, refund("A9", "2.00", "R2"), "ACQ.REASON_TRADE_REFUND_FEE_ERR");
    advance(10000);
    out = alipay("ali-main", REFUND_QUERY, refund("A9", "2.00", "R1"));
    assert_string_equal(text_of(out, "refund_status"), "REFUND_SUCCESS");
    cJSON_Delete(out);
}

static void pages(void **state)
{
    char json[4096], *url;
    (void)state;
    url = alipay_url(
        "ali-main", "alipay.trade.page.pay",
        order("A10", "8.00",
              ",\"product_code\":\"FAST_INSTANT_TRADE_PAY\",\"passback_params\":\"order_hash=H10\""));
    snprintf(json, sizeof json, "{\"url\":\"%s\",\"act\":\"pay\"}", url);
    cJSON_Delete(control("/_customer", json)); /* the browser opens it and pays */
    struct reply *reply = call("GET", url, NULL, NULL);
    assert_int_equal(reply->status, 200);
    assert_non_null(strstr(reply->headers, "GBK")); /* paid already: an error page */
    drop(reply);
    free(url);
    cJSON *one = book("ali-main", "A10");
    assert_int_equal(int_of(one, "captured"), 800);
    assert_string_equal(text_of(one, "shop_order"), "H10");
    cJSON_Delete(one);
    url = alipay_url("ali-main", "alipay.trade.page.pay",
                     order("A10P", "8.00", ",\"product_code\":\"FAST_INSTANT_TRADE_PAY\""));
    char *prefix = strstr(url, "/alipay-main"); /* the account's own port is enough, as for the shop */
    assert_non_null(prefix);
    memmove(prefix, prefix + strlen("/alipay-main"), strlen(prefix + strlen("/alipay-main")) + 1);
    snprintf(json, sizeof json, "{\"url\":\"%s\",\"act\":\"pay\"}", url);
    cJSON_Delete(control("/_customer", json));
    free(url);
    one = book("ali-main", "A10P");
    assert_int_equal(int_of(one, "captured"), 800);
    cJSON_Delete(one);
    url = alipay_url("ali-main", "alipay.trade.wap.pay",
                     order("A11", "8.00", ",\"product_code\":\"QUICK_WAP_WAY\""));
    reply = call("GET", url, NULL, NULL);
    assert_non_null(strstr(reply->body, "A11"));
    drop(reply);
    alipay_expect("ali-main", QUERY, number("A11"), "ACQ.TRADE_NOT_EXIST"); /* opened is not signed in */
    url[strlen(url) - 5] ^= 1;
    reply = call("GET", url, NULL, NULL);
    assert_int_equal(reply->status, 200);
    assert_null(reply->json);
    drop(reply);
    free(url);
}

static void double_payments_show(void **state)
{
    int64_t before = total("double");
    (void)state;
    alipay_expect("ali-main", PRECREATE, order("A12", "7.00", ",\"passback_params\":\"H12\""), "10000");
    alipay_expect("ali-backup", PRECREATE, order("A13", "7.00", ",\"passback_params\":\"H12\""), "10000");
    act("A12", "pay");
    assert_int_equal(total("double"), before);
    act("A13", "pay");
    assert_int_equal(total("double"), before + 1);
    alipay_expect("ali-backup", REFUND, refund("A13", "7.00", "R1"), "10000");
    assert_int_equal(total("double"), before);
    act("A12", "pay_again");
    assert_int_equal(total("double"), before + 1);
    alipay_expect("ali-main", REFUND, refund("A12", "7.00", "R1"), "10000");
    assert_int_equal(total("double"), before);
    alipay_expect("ali-main", REFUND, refund("A12", "7.00", "R1"), "10000");
    cJSON *one = book("ali-main", "A12");
    assert_int_equal(int_of(one, "captured"), 1400);
    assert_int_equal(int_of(one, "refunded"), 700); /* the repeat gave nothing more */
    cJSON_Delete(one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gateway_refuses),
        cmocka_unit_test(an_unscanned_code_is_no_trade),
        cmocka_unit_test(a_code_dies_unscanned),
        cmocka_unit_test(same_number_again),
        cmocka_unit_test(bad_orders),
        cmocka_unit_test(cancel_closes_or_refunds),
        cmocka_unit_test(refunds_are_keyed),
        cmocka_unit_test(a_refund_may_take_time),
        cmocka_unit_test(pages),
        cmocka_unit_test(double_payments_show),
    };
    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
