/* The sandbox's WeChat Pay: what the gateway refuses, the life of orders and refunds. */
#include "client.h"

#define NATIVE "/v3/pay/transactions/native"
#define REFUNDS "/v3/refund/domestic/refunds"
#define HOUR INT64_C(3600000)

static int setup(void **state)
{
    int rc = sandbox_setup(state);
    if (rc == 0) {
        wx_fetch("wx-main");
    }
    return rc;
}

/* ---- the gateway ---- */

static void gateway_refuses(void **state)
{
    static const struct {
        struct wx_twist twist;
        int status, sign;
        const char *code;
    } rows[] = {
        {{.agent = ""}, 400, 0, "INVALID_REQUEST"},
        {{.accept = ""}, 400, 0, "INVALID_REQUEST"},
        {{.accept = " */*"}, 200, 1, ""},
        {{.no_authorization = true}, 401, 0, "SIGN_ERROR"},
        {{.scheme = "Bearer"}, 401, 0, "SIGN_ERROR"},
        {{.mchid = "1900000001"}, 401, 0, "SIGN_ERROR"},
        {{.serial = "4444444444444444444444444444444444444444"}, 401, 0, "SIGN_ERROR"},
        {{.nonce = "012345678901234567890123456789012"}, 401, 0, "SIGN_ERROR"},
        {{.skew_s = 301}, 401, 0, "SIGN_ERROR"},
        {{.skew_s = -301}, 401, 0, "SIGN_ERROR"},
        {{.skew_s = 300}, 200, 1, ""},
        {{.signed_body = "{}"}, 401, 0, "SIGN_ERROR"},
        {{.type = " text/plain"}, 400, 1, "PARAM_ERROR"},
        {{.ask = "0123456789012345678901234567890123456789"}, 400, 1, "PARAM_ERROR"},
    };
    (void)state;
    int64_t before = wx_of_account("sign_errors");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct reply *reply =
            wx_raw("wx-main", "POST", NATIVE, wx_order("WG000001", 100, ""), &rows[i].twist);
        if (reply->status != rows[i].status || wx_verify(reply) != rows[i].sign ||
            strcmp(text_of(reply->json, "code"), rows[i].code) != 0) {
            fail_msg("row %zu: %ld, signed %d: %s", i, reply->status, wx_verify(reply), reply->body);
        }
        assert_true(*wx_header(reply, "Request-ID"));
        drop(reply);
    }
    assert_int_equal(wx_of_account("sign_errors"), before + 8);
    wx_expect("wx-main", "POST", NATIVE, "{\"mchid\":", 400, "PARAM_ERROR");
    wx_expect("wx-main", "POST", NATIVE, "{\"mchid\":\"\xC0\x80\"}", 400, "PARAM_ERROR");
    struct reply *reply = wx_raw("wx-main", "GET", "/v3/nothing", NULL, NULL);
    assert_int_equal(reply->status, 404);
    assert_int_equal(reply->len, 0);
    assert_int_equal(wx_verify(reply), 0);
    drop(reply);
}

/* What is signed is the path as it was sent, escapes included. */
static void the_target_is_signed_as_sent(void **state)
{
    (void)state;
    cJSON_Delete(wx("wx-main", "POST", NATIVE, wx_order("W|G*0001", 100, "")));
    cJSON *out = wx("wx-main", "GET", wx_query_of("W%7CG*0001"), NULL);
    assert_string_equal(text_of(out, "out_trade_no"), "W|G*0001");
    cJSON_Delete(out);
}

static void bad_orders(void **state)
{
    static const char *const more[] = {",\"time_expire\":\"2023-11-15 10:00:00\"", ",\"total_fee\":1",
                                       ",\"attach\":null", ",\"time_expire\":\"2023-11-15T10:00:00\""};
    (void)state;
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        wx_expect("wx-main", "POST", NATIVE, wx_order("WB000001", 100, more[i]), 400, "PARAM_ERROR");
    }
    wx_expect("wx-main", "POST", NATIVE, wx_order("WB001", 100, ""), 400, "PARAM_ERROR"); /* six at least */
    wx_expect("wx-main", "POST", NATIVE, wx_order("WB000001", 0, ""), 400, "PARAM_ERROR");
    wx_expect("wx-main", "POST", "/v3/pay/transactions/jsapi", wx_order("WB000001", 100, ""), 400,
              "PARAM_ERROR");
    wx_expect("wx-main", "POST", "/v3/pay/transactions/h5", wx_order("WB000001", 100, ""), 400,
              "PARAM_ERROR");
    char *text = strdup(wx_order("WB000001", 100, ""));
    memcpy(strstr(text, "\"wx") + 1, "wx0000", 6);
    wx_expect("wx-main", "POST", NATIVE, text, 400, "APPID_MCHID_NOT_MATCH");
    free(text);
    text = strdup(wx_order("WB000001", 100, ""));
    memcpy(strstr(text, "\"mchid\":\"") + 9, "1234567890", 10);
    wx_expect("wx-main", "POST", NATIVE, text, 400, "PARAM_ERROR");
    free(text);
    wx_expect("wx-main", "GET", wx_query_of("WB000001"), NULL, 404, "ORDER_NOT_EXIST");
}

/* ---- orders ---- */

static void same_number_again(void **state)
{
    char old[160];
    (void)state;
    cJSON *out = wx("wx-main", "POST", NATIVE, wx_order("W1000001", 880, ""));
    snprintf(old, sizeof old, "%s", text_of(out, "code_url"));
    assert_int_equal(strncmp(old, "weixin://wxpay/bizpayurl", 24), 0);
    cJSON_Delete(out);
    out = wx("wx-main", "POST", NATIVE, wx_order("W1000001", 880, ""));
    assert_string_not_equal(text_of(out, "code_url"), old);
    assert_int_equal(wx_act("qr", old, "pay"), 409); /* the code before is dead */
    wx_expect("wx-main", "POST", NATIVE, wx_order("W1000001", 881, ""), 403, "OUT_TRADE_NO_USED");
    wx_expect("wx-main", "POST", NATIVE, wx_order("W1000001", 880, ",\"attach\":\"x\""), 403,
              "OUT_TRADE_NO_USED");
    wx_expect("wx-main", "POST", "/v3/pay/transactions/jsapi",
              wx_order("W1000001", 880, ",\"payer\":{\"openid\":\"o1\"}"), 403, "OUT_TRADE_NO_USED");
    assert_int_equal(wx_act("qr", text_of(out, "code_url"), "pay"), 200);
    assert_int_equal(wx_act("qr", text_of(out, "code_url"), "pay"), 409);
    cJSON_Delete(out);
    wx_expect("wx-main", "POST", NATIVE, wx_order("W1000001", 880, ""), 400, "ORDERPAID");
}

static void states_of_an_order(void **state)
{
    char id[48];
    (void)state;
    cJSON_Delete(wx("wx-main", "POST", NATIVE, wx_order("W2000001", 900, ",\"attach\":\"order_hash=HW2\"")));
    cJSON *out = wx("wx-main", "GET", wx_query_of("W2000001"), NULL);
    assert_string_equal(text_of(out, "trade_state"), "NOTPAY");
    assert_null(cJSON_GetObjectItem(out, "amount")); /* nothing is told that has not happened */
    assert_null(cJSON_GetObjectItem(out, "transaction_id"));
    cJSON_Delete(out);
    assert_int_equal(wx_act("reference", "W2000001", "scan"), 200);
    wx_state("W2000001", "NOTPAY");
    assert_int_equal(wx_act("reference", "W2000001", "pay"), 200);
    out = wx("wx-main", "GET", wx_query_of("W2000001"), NULL);
    assert_string_equal(text_of(out, "trade_state"), "SUCCESS");
    assert_string_equal(text_of(out, "mchid"), credential("wx-main", "mchid"));
    assert_int_equal(int_of(out, "amount.total"), 900);
    assert_string_equal(text_of(out, "amount.currency"), "CNY");
    assert_string_equal(text_of(out, "success_time"), "2023-11-15T06:13:20+08:00");
    assert_int_equal(strlen(text_of(out, "transaction_id")), 28);
    snprintf(id, sizeof id, "%s", text_of(out, "transaction_id"));
    cJSON_Delete(out);
    char target[256];
    snprintf(target, sizeof target, "/v3/pay/transactions/id/%s?mchid=%s", id,
             credential("wx-main", "mchid"));
    out = wx("wx-main", "GET", target, NULL);
    assert_string_equal(text_of(out, "out_trade_no"), "W2000001");
    cJSON_Delete(out);
    wx_expect("wx-main", "GET", "/v3/pay/transactions/out-trade-no/W2000001", NULL, 400, "PARAM_ERROR");
    wx_expect("wx-main", "GET", "/v3/pay/transactions/out-trade-no/W2000001?mchid=1900000001", NULL, 400,
              "PARAM_ERROR");
    out = book("wx-main", "W2000001");
    assert_string_equal(text_of(out, "shop_order"), "HW2");
    assert_int_equal(int_of(out, "captured"), 900);
    cJSON_Delete(out);
}

static void closing(void **state)
{
    (void)state;
    wx_expect("wx-main", "POST", wx_close_of("W3000009"), wx_own_mchid(), 404, "ORDER_NOT_EXIST");
    cJSON_Delete(wx("wx-main", "POST", NATIVE, wx_order("W3000001", 100, "")));
    for (int i = 0; i < 2; i++) { /* and once more */
        struct reply *reply = wx_raw("wx-main", "POST", wx_close_of("W3000001"), wx_own_mchid(), NULL);
        assert_int_equal(reply->status, 204);
        assert_int_equal(reply->len, 0);
        assert_int_equal(wx_verify(reply), 1); /* over nothing, but signed */
        drop(reply);
    }
    wx_state("W3000001", "CLOSED");
    assert_int_equal(wx_act("reference", "W3000001", "pay"), 409);
    wx_expect("wx-main", "POST", NATIVE, wx_order("W3000001", 100, ""), 400, "ORDER_CLOSED");
    wx_paid("W3000002", 100);
    wx_expect("wx-main", "POST", wx_close_of("W3000002"), wx_own_mchid(), 400, "ORDER_PAID");
    wx_expect("wx-main", "POST", wx_close_of("W3000002"), "{\"mchid\":\"1900000001\"}", 400, "PARAM_ERROR");
    wx_account("\"close_unknown\":true");
    struct reply *gone = wx_raw("wx-main", "POST", wx_close_of("W3000009"), wx_own_mchid(), NULL);
    assert_int_equal(gone->status, 204);
    drop(gone);
    wx_account("\"close_unknown\":false,\"old_codes\":true");
    wx_expect("wx-main", "POST", wx_close_of("W3000009"), wx_own_mchid(), 404, "ORDERNOTEXIST");
    wx_account("\"old_codes\":false");
    control("/_customer",
            "{\"reference\":\"W3000001\",\"act\":\"pay\",\"force\":true}"); /* paid after close */
    wx_state("W3000001", "SUCCESS");
}

static void time_ends_payments_not_orders(void **state)
{
    (void)state;
    cJSON_Delete(wx("wx-main", "POST", NATIVE,
                    wx_order("W4000001", 100, ",\"time_expire\":\"2023-11-15T06:43:20+08:00\"")));
    cJSON_Delete(wx("wx-main", "POST", NATIVE, wx_order("W4000002", 100, "")));
    advance(HOUR / 2);
    assert_int_equal(wx_act("reference", "W4000001", "pay"), 409);
    wx_state("W4000001", "NOTPAY"); /* the end of paying is not the order's */
    wx_expect("wx-main", "POST", NATIVE,
              wx_order("W4000001", 100, ",\"time_expire\":\"2023-11-15T06:43:20+08:00\""), 400,
              "INVALID_REQUEST");
    advance(HOUR * 3 / 2);
    assert_int_equal(wx_act("reference", "W4000002", "pay"), 409); /* the code lives two hours */
    cJSON_Delete(wx("wx-main", "POST", NATIVE, wx_order("W4000002", 100, "")));
    assert_int_equal(wx_act("reference", "W4000002", "pay"), 200);
    advance(7 * 24 * HOUR);
    wx_state("W4000001", "CLOSED");
}

static void other_products(void **state)
{
    char url[256];
    (void)state;
    cJSON *out =
        wx("wx-main", "POST", "/v3/pay/transactions/h5",
           wx_order("W5000001", 100,
                    ",\"scene_info\":{\"payer_client_ip\":\"203.0.113.7\",\"h5_info\":{\"type\":\"Wap\"}}"));
    snprintf(url, sizeof url, "%s&redirect_url=https%%3A%%2F%%2Fshop.example", text_of(out, "h5_url"));
    cJSON_Delete(out);
    assert_int_equal(wx_act("url", url, "open"), 200);
    advance(HOUR / 12);
    assert_int_equal(wx_act("url", url, "pay"), 409); /* five minutes */
    out = wx("wx-main", "POST", "/v3/pay/transactions/jsapi",
             wx_order("W5000002", 100, ",\"payer\":{\"openid\":\"oUser\"}"));
    assert_int_equal(strlen(text_of(out, "prepay_id")), 36);
    assert_int_equal(wx_act("qr", text_of(out, "prepay_id"), "pay"), 200);
    cJSON_Delete(out);
    out = wx("wx-main", "GET", wx_query_of("W5000002"), NULL);
    assert_string_equal(text_of(out, "trade_type"), "JSAPI");
    cJSON_Delete(out);
}

/* ---- refunds ---- */

static void refunds_are_keyed(void **state)
{
    (void)state;
    wx_expect("wx-main", "POST", REFUNDS, wx_refund("W6000001", "R1", 100, 900), 404, "RESOURCE_NOT_EXISTS");
    cJSON_Delete(wx("wx-main", "POST", NATIVE, wx_order("W6000001", 900, "")));
    wx_expect("wx-main", "POST", REFUNDS, wx_refund("W6000001", "R1", 100, 900), 404, "RESOURCE_NOT_EXISTS");
    assert_int_equal(wx_act("reference", "W6000001", "pay"), 200);
    wx_expect("wx-main", "POST", REFUNDS, wx_refund("W6000001", "R1", 100, 800), 400, "INVALID_REQUEST");
    wx_expect("wx-main", "POST", REFUNDS, wx_refund("W6000001", "R1", 901, 900), 400, "INVALID_REQUEST");
    wx_expect("wx-main", "GET", REFUNDS "/R1", NULL, 404, "RESOURCE_NOT_EXISTS");
    cJSON *out = wx("wx-main", "POST", REFUNDS, wx_refund("W6000001", "R1", 400, 900));
    assert_string_equal(text_of(out, "status"), "PROCESSING"); /* accepted, not done */
    assert_int_equal(int_of(out, "amount.refund"), 400);
    cJSON_Delete(out);
    wx_refund_state("R1", "SUCCESS");
    wx_state("W6000001", "REFUND"); /* of a part, too */
    out = wx("wx-main", "POST", REFUNDS, wx_refund("W6000001", "R1", 400, 900));
    assert_string_equal(text_of(out, "status"), "SUCCESS");
    cJSON_Delete(out);
    wx_expect("wx-main", "POST", REFUNDS, wx_refund("W6000001", "R1", 300, 900), 400, "INVALID_REQUEST");
    wx_expect("wx-main", "POST", REFUNDS, wx_refund("W6000001", "R2", 501, 900), 400, "INVALID_REQUEST");
    cJSON_Delete(wx("wx-main", "POST", REFUNDS, wx_refund("W6000001", "R2", 500, 900)));
    out = book("wx-main", "W6000001");
    assert_int_equal(int_of(out, "refunded"), 900);
    cJSON_Delete(out);
    wx_expect(
        "wx-main", "POST", REFUNDS,
        "{\"out_trade_no\":\"W6000001\",\"out_refund_no\":\"R3\",\"amount\":{\"refund\":1,\"total\":900}}",
        400, "PARAM_ERROR"); /* here the currency is wanted */
}

static void refunds_fail_and_close(void **state)
{
    (void)state;
    wx_paid("W7000001", 500);
    wx_account("\"refund_ms\":60000");
    cJSON_Delete(wx("wx-main", "POST", REFUNDS, wx_refund("W7000001", "R71", 500, 500)));
    wx_refund_state("R71", "PROCESSING");
    assert_int_equal(wx_act("reference", "W7000001", "refund_fail"), 200);
    wx_refund_state("R71", "ABNORMAL");
    wx_expect("wx-main", "POST", REFUNDS, wx_refund("W7000001", "R72", 500, 500), 400, "INVALID_REQUEST");
    assert_int_equal(wx_act("reference", "W7000001", "refund_close"), 200);
    wx_refund_state("R71", "CLOSED");
    cJSON_Delete(wx("wx-main", "POST", REFUNDS, wx_refund("W7000001", "R72", 500, 500))); /* a new number */
    advance(60000);
    wx_refund_state("R72", "SUCCESS");
    wx_account("\"refund_ms\":0");
    cJSON *notes = ask("/_outbox?take=1&reference=W7000001");
    static const char *const kinds[] = {"TRANSACTION.SUCCESS", "REFUND.ABNORMAL", "REFUND.CLOSED",
                                        "REFUND.SUCCESS"};
    assert_int_equal(cJSON_GetArraySize(notes), 4);
    for (int i = 0; i < 4; i++) {
        const cJSON *note = cJSON_GetArrayItem(notes, i);
        assert_string_equal(text_of(note, "kind"), kinds[i]);
        assert_true(wx_verify_note(note));
    }
    cJSON_Delete(notes);
    assert_int_equal(total("double"), 0);
}

static void paid_twice_shows(void **state)
{
    int64_t before = total("double");
    (void)state;
    wx_paid("WD000001", 100);
    assert_int_equal(wx_act("reference", "WD000001", "pay_again"), 200);
    assert_int_equal(total("double"), before + 1);
    cJSON_Delete(wx("wx-main", "POST", REFUNDS, wx_refund("WD000001", "RD1", 100, 100)));
    assert_int_equal(total("double"), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gateway_refuses),
        cmocka_unit_test(the_target_is_signed_as_sent),
        cmocka_unit_test(bad_orders),
        cmocka_unit_test(same_number_again),
        cmocka_unit_test(states_of_an_order),
        cmocka_unit_test(closing),
        cmocka_unit_test(time_ends_payments_not_orders),
        cmocka_unit_test(other_products),
        cmocka_unit_test(refunds_are_keyed),
        cmocka_unit_test(refunds_fail_and_close),
        cmocka_unit_test(paid_twice_shows),
    };
    return cmocka_run_group_tests(tests, setup, sandbox_teardown);
}
