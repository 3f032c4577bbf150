/* The sandbox's WeChat Pay: who signs, what is sealed, what goes wrong on request. */
#include "client.h"

#include <curl/curl.h>

#define NATIVE "/v3/pay/transactions/native"
#define REFUNDS "/v3/refund/domestic/refunds"

static int setup(void **state)
{
    int rc = sandbox_setup(state);
    if (rc == 0) {
        wx_fetch("wx-main");
    }
    return rc;
}

/* ---- who signs ---- */

static void certificates_rotate(void **state)
{
    char before[48];
    (void)state;
    wx_paid("W2000001", 900);
    struct reply *reply = wx_raw("wx-main", "GET", wx_query_of("W2000001"), NULL, NULL);
    snprintf(before, sizeof before, "%.47s", wx_header(reply, "Wechatpay-Serial"));
    drop(reply);
    int64_t downloads = wx_of_account("downloads");
    wx_account("\"certificate\":\"announce\"");
    wx_fetch("wx-main");
    assert_int_equal(wx_certificates(), 2);
    wx_state("W2000001", "SUCCESS");
    wx_account("\"certificate\":\"rotate\"");
    reply = wx_raw("wx-main", "GET", wx_query_of("W2000001"), NULL, NULL);
    assert_string_not_equal(wx_header(reply, "Wechatpay-Serial"), before);
    assert_int_equal(wx_verify(reply), 1);
    drop(reply);
    wx_account("\"certificate\":\"retire\"");
    wx_fetch("wx-main");
    assert_int_equal(wx_certificates(), 1);
    wx_state("W2000001", "SUCCESS");
    assert_int_equal(wx_of_account("downloads"), downloads + 2);
}

static void the_public_key_signs(void **state)
{
    (void)state;
    const struct wx_twist ask_key = {.ask = credential("wx-pub", "public_key_id")};
    char target[256];
    snprintf(target, sizeof target, "/v3/pay/transactions/out-trade-no/NOBODY01?mchid=%s",
             credential("wx-pub", "mchid"));
    struct reply *reply = wx_raw("wx-pub", "GET", target, NULL, &ask_key);
    assert_string_equal(text_of(reply->json, "code"), "ORDER_NOT_EXIST");
    assert_string_equal(wx_header(reply, "Wechatpay-Serial"), credential("wx-pub", "public_key_id"));
    assert_int_equal(wx_verify(reply), 1);
    drop(reply);
    wx_expect("wx-pub", "GET", "/v3/certificates", NULL, 404, "RESOURCE_NOT_EXISTS");
    assert_int_equal(control_status("/_account", "{\"account\":\"wx-pub\",\"certificate\":\"rotate\"}"), 400);
    wx_account("\"public_key\":true"); /* a merchant that is being moved */
    reply = wx_raw("wx-main", "GET", wx_query_of("W2000001"), NULL, NULL);
    assert_int_equal(strncmp(wx_header(reply, "Wechatpay-Serial"), "PUB_KEY_ID_", 11), 0);
    assert_int_equal(wx_verify(reply), 1);
    drop(reply);
    wx_account("\"public_key\":false");
}

static void notifications_are_sealed(void **state)
{
    (void)state;
    wx_paid("W8000001", 700);
    cJSON *notes = ask("/_outbox?take=1&reference=W8000001");
    assert_int_equal(cJSON_GetArraySize(notes), 1);
    const cJSON *note = cJSON_GetArrayItem(notes, 0);
    assert_true(wx_verify_note(note));
    cJSON *body = cJSON_Parse(text_of(note, "body"));
    assert_string_equal(text_of(body, "event_type"), "TRANSACTION.SUCCESS");
    assert_string_equal(text_of(body, "resource.original_type"), "transaction");
    assert_null(strstr(text_of(note, "body"), "W8000001"));
    cJSON *inner = wx_unseal("wx-main", cJSON_GetObjectItem(body, "resource"));
    assert_string_equal(text_of(inner, "out_trade_no"), "W8000001");
    assert_string_equal(text_of(inner, "trade_state"), "SUCCESS");
    assert_int_equal(int_of(inner, "amount.total"), 700);
    cJSON_Delete(inner);
    cJSON_Delete(body);
    cJSON_Delete(notes);
}

static void forgeries(void **state)
{
    static const struct {
        const char *kind;
        bool authentic, opens;
        const char *field, *value;
    } rows[] = {{"bad_signature", false, true, NULL, NULL},
                {"sign_probe", false, true, NULL, NULL},
                {"unknown_serial", false, true, NULL, NULL},
                {"wrong_key", true, false, NULL, NULL},
                {"foreign_app", true, true, "appid", "wx0000000000000001"},
                {"wrong_seller", true, true, "mchid", "1900000999"},
                {"wrong_currency", true, true, "amount.currency", "HKD"},
                {"unpaid", true, true, "trade_state", "NOTPAY"},
                {"unknown_reference", true, true, "out_trade_no", "STRANGER00000000000001"},
                {"paid", true, true, "trade_state", "SUCCESS"}};
    (void)state;
    cJSON_Delete(wx("wx-main", "POST", NATIVE, wx_order("W9000001", 100, "")));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char json[128];
        snprintf(json, sizeof json, "{\"account\":\"wx-main\",\"reference\":\"W9000001\",\"kind\":\"%s\"}",
                 rows[i].kind);
        cJSON *note = control("/_forge", json), *body = cJSON_Parse(text_of(note, "body"));
        cJSON *inner = wx_unseal("wx-main", cJSON_GetObjectItem(body, "resource"));
        assert_int_equal(wx_verify_note(note), rows[i].authentic);
        assert_int_equal(inner != NULL, rows[i].opens);
        if (rows[i].field) {
            assert_string_equal(text_of(inner, rows[i].field), rows[i].value);
        }
        cJSON_Delete(inner);
        cJSON_Delete(body);
        cJSON_Delete(note);
    }
    cJSON *one = book("wx-main", "W9000001");
    assert_int_equal(int_of(one, "captured"), 0);
    cJSON_Delete(one);
}

/* ---- faults ---- */

static void faults_of_answers(void **state)
{
    static const struct {
        const char *kind, *more;
        int status, sign;
        const char *field, *value;
    } rows[] = {
        {"bad_signature", "", 200, -1, "trade_state", "SUCCESS"},
        {"sign_probe", "", 200, -1, "trade_state", "SUCCESS"},
        {"unsigned", "", 200, 0, "trade_state", "SUCCESS"},
        {"pending", "", 200, 1, "trade_state", "NOTPAY"},
        {"not_found_once", "", 404, 1, "code", "ORDER_NOT_EXIST"},
        {"system_error", "", 500, 1, "code", "SYSTEM_ERROR"},
        {"error", ",\"code\":\"BANK_ERROR\",\"status\":500", 500, 1, "code", "BANK_ERROR"},
        {"wrong_currency", "", 200, 1, "amount.currency", "HKD"},
        {"status_before", ",\"status\":429", 429, 0, "code", "FREQUENCY_LIMITED"},
        {"html", "", 200, 0, "code", ""},
        {"malformed", "", 200, 1, "trade_state", ""},
        {"body", ",\"body\":\"[]\"", 200, 1, "trade_state", ""},
    };
    (void)state;
    wx_paid("WF000001", 300);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        wx_fault("query", rows[i].kind, rows[i].more);
        struct reply *reply = wx_raw("wx-main", "GET", wx_query_of("WF000001"), NULL, NULL);
        if (reply->status != rows[i].status || wx_verify(reply) != rows[i].sign ||
            strcmp(text_of(reply->json, rows[i].field), rows[i].value) != 0) {
            fail_msg("%s: %ld, signed %d: %s", rows[i].kind, reply->status, wx_verify(reply), reply->body);
        }
        drop(reply);
    }
    wx_fault("query", "cut", ",\"at_byte\":40");
    struct reply *cut = wx_raw("wx-main", "GET", wx_query_of("WF000001"), NULL, NULL);
    assert_int_equal(cut->code, CURLE_PARTIAL_FILE);
    assert_int_equal(cut->len, 40);
    drop(cut);
    wx_fault("query", "wrong_amount", "");
    cJSON *out = wx("wx-main", "GET", wx_query_of("WF000001"), NULL);
    assert_int_equal(int_of(out, "amount.total"), 400);
    cJSON_Delete(out);
}

static void faults_of_effects(void **state)
{
    (void)state;
    wx_fault("native", "drop_after", "");
    struct reply *reply = wx_raw("wx-main", "POST", NATIVE, wx_order("WF000002", 100, ""), NULL);
    assert_int_equal(reply->code, CURLE_GOT_NOTHING);
    drop(reply);
    wx_state("WF000002", "NOTPAY");
    wx_fault("refund", "error_after", ",\"code\":\"FREQUENCY_LIMITED\",\"status\":429");
    wx_expect("wx-main", "POST", REFUNDS, wx_refund("WF000001", "RF1", 300, 300), 429, "FREQUENCY_LIMITED");
    wx_refund_state("RF1", "SUCCESS"); /* 429 is no refusal of a refund */
    wx_fault("native", "hold", "");
    reply = wx_raw("wx-main", "POST", NATIVE, wx_order("WF000003", 100, ""), NULL);
    drop(reply);
    advance(301000);
    cJSON_Delete(control("/_release", "{}"));
    wx_expect("wx-main", "GET", wx_query_of("WF000003"), NULL, 404,
              "ORDER_NOT_EXIST"); /* its time is too old */
    wx_account("\"skew_ms\":400000");
    reply = wx_raw("wx-main", "GET", wx_query_of("WF000001"), NULL, NULL);
    assert_int_equal(reply->status, 401);
    drop(reply);
    wx_account("\"skew_ms\":0");
    cJSON_Delete(control("/_limit", "{\"account\":\"wx-main\",\"max\":1,\"window_ms\":1000}"));
    wx_state("WF000001", "REFUND");
    reply = wx_raw("wx-main", "GET", wx_query_of("WF000001"), NULL, NULL);
    assert_int_equal(reply->status, 429);
    drop(reply);
    cJSON_Delete(control("/_limit", "{\"account\":\"wx-main\",\"max\":0}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates_rotate),      cmocka_unit_test(the_public_key_signs),
        cmocka_unit_test(notifications_are_sealed), cmocka_unit_test(forgeries),
        cmocka_unit_test(faults_of_answers),        cmocka_unit_test(faults_of_effects),
    };
    return cmocka_run_group_tests(tests, setup, sandbox_teardown);
}
