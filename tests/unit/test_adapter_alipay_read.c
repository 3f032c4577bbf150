/* Alipay: every kind of answer, whole, damaged and forged. */
#include "adapter_alipay_fixture.h"

/* An answer as the gateway writes it, signed by the key given (NULL: not at all). */
static char *answer_text(const char *name, const char *object, const char *private_key)
{
    char sign[1024] = "";
    char *out = malloc(strlen(object) + 2048);
    assert_non_null(out);
    if (!private_key) {
        sprintf(out, "{\"%s\":%s}", name, object);
        return out;
    }
    sign_with(sign, sizeof sign, private_key, object, strlen(object));
    sprintf(out, "{\"%s\":%s,\"sign\":\"%s\"}", name, object, sign);
    return out;
}

static const char *const names[] = {"",
                                    "alipay_trade_precreate_response",
                                    "alipay_trade_query_response",
                                    "alipay_trade_close_response",
                                    "alipay_trade_cancel_response",
                                    "",
                                    "alipay_trade_refund_response",
                                    "alipay_trade_fastpay_refund_query_response"};

static void read_object(adk *k, int32_t operation, const char *object, const char *private_key)
{
    char *text = answer_text(names[operation], object, private_key);
    adk_read(k, operation, 1, 200, "Date: Tue, 25 Nov 2025 09:55:01 GMT\r\n", text, strlen(text), 1);
    free(text);
}

/* ---- answers ------------------------------------------------------------------------------------------- */

#define OK_ "{\"code\":\"10000\",\"msg\":\"Success\",\"out_trade_no\":\"" REF "\",\"trade_no\":\"2025T1\""

static void answers_state_facts(void **state)
{
    (void)state;
    static const struct {
        int32_t operation;
        const char *object;
        int32_t event; /* of the operation's own target */
        int32_t owner; /* of the attempt, where an action also speaks of it */
    } rows[] = {
        {PR_OP_CREATE, OK_ ",\"qr_code\":\"https:\\/\\/qr.alipay.com\\/x\"}", PR_EV_ACTION_NEEDED, 0},
        {PR_OP_CREATE, OK_ "}", PR_EV_UNCLEAR, 0},
        {PR_OP_CREATE, "{\"code\":\"10000\",\"qr_code\":\"https://x\"}", PR_EV_UNCLEAR, 0},
        {PR_OP_QUERY, OK_ ",\"trade_status\":\"TRADE_SUCCESS\",\"total_amount\":\"12.50\"}", PR_EV_PAID, 0},
        {PR_OP_QUERY, OK_ ",\"trade_status\":\"TRADE_FINISHED\",\"total_amount\":12.5}", PR_EV_PAID, 0},
        {PR_OP_QUERY, OK_ ",\"trade_status\":\"WAIT_BUYER_PAY\",\"total_amount\":\"12.50\"}", PR_EV_ST_UNPAID,
         0},
        {PR_OP_QUERY, OK_ ",\"trade_status\":\"TRADE_CLOSED\",\"total_amount\":\"12.50\"}", PR_EV_ST_CLOSED,
         0},
        {PR_OP_QUERY, OK_ ",\"trade_status\":\"SOMETHING\",\"total_amount\":\"12.50\"}", PR_EV_UNCLEAR, 0},
        {PR_OP_QUERY, OK_ ",\"trade_status\":\"TRADE_SUCCESS\",\"total_amount\":\"1e3\"}", PR_EV_UNCLEAR, 0},
        {PR_OP_QUERY, OK_ ",\"trade_status\":\"TRADE_SUCCESS\",\"total_amount\":\"12.501\"}", PR_EV_UNCLEAR,
         0},
        {PR_OP_QUERY,
         "{\"code\":\"10000\",\"out_trade_no\":\"OTHER\",\"trade_status\":\"TRADE_SUCCESS\",\"total_amo"
         "unt\":\"12.50\"}",
         PR_EV_UNCLEAR, 0},
        {PR_OP_QUERY, "{\"code\":\"10000\",\"trade_status\":\"TRADE_SUCCESS\",\"total_amount\":\"12.50\"}",
         PR_EV_UNCLEAR, 0},
        {PR_OP_QUERY,
         "{\"code\":\"10000\",\"sub_code\":\"ACQ.TRADE_NOT_EXIST\",\"out_trade_no\":\"" REF "\"}",
         PR_EV_UNCLEAR, 0},
        {PR_OP_CLOSE, OK_ "}", PR_AE_DONE, PR_EV_ST_CLOSED},
        {PR_OP_CLOSE, "{\"code\":\"10000\"}", PR_AE_UNCLEAR, 0},
        {PR_OP_VOID, OK_ ",\"retry_flag\":\"N\",\"action\":\"close\"}", PR_AE_DONE, PR_EV_ST_CLOSED},
        {PR_OP_VOID, OK_ ",\"retry_flag\":\"N\",\"action\":\"refund\"}", PR_AE_DONE, PR_EV_REVERSED_PART},
        {PR_OP_VOID, OK_ ",\"retry_flag\":\"N\"}", PR_AE_NOT_FOUND, 0},
        {PR_OP_VOID, OK_ ",\"retry_flag\":\"Y\",\"action\":\"close\"}", PR_AE_UNCLEAR, 0},
        {PR_OP_REFUND, OK_ ",\"fund_change\":\"Y\",\"refund_fee\":\"12.50\"}", PR_AE_DONE, 0},
        {PR_OP_REFUND, OK_ ",\"fund_change\":\"N\",\"refund_fee\":\"12.50\"}", PR_AE_PENDING, 0},
        {PR_OP_REFUND, OK_ ",\"refund_fee\":\"12.50\"}", PR_AE_UNCLEAR, 0},
        {PR_OP_REFUND, OK_ ",\"fund_change\":\"Y\",\"refund_fee\":\"1.00\"}", PR_AE_UNCLEAR,
         0}, /* less than this one */
        {PR_OP_REFUND_QUERY,
         OK_ ",\"out_request_no\":\"" REF
             "\",\"refund_status\":\"REFUND_SUCCESS\",\"refund_amount\":\"12.50\"}",
         PR_AE_DONE, 0},
        {PR_OP_REFUND_QUERY, OK_ "}", PR_AE_NOT_FOUND, 0},
        {PR_OP_REFUND_QUERY, "{\"code\":\"10000\",\"msg\":\"Success\"}", PR_AE_NOT_FOUND, 0},
        {PR_OP_REFUND_QUERY, OK_ ",\"out_request_no\":\"X\",\"refund_status\":\"REFUND_SUCCESS\"}",
         PR_AE_UNCLEAR, 0},
    };
    adk k;
    adk_open(&k, OURS, "alipay", "qr", "CNY");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        read_object(&k, rows[i].operation, rows[i].object, ADK_ALIPAY_PRIVATE);
        const pr_fact *f = adk_fact(&k, pr_operation_target(rows[i].operation));
        if (f->event != rows[i].event || f->evidence != PR_EVIDENCE_SIGNED) {
            fail_msg("row %zu: event %d evidence %d", i, (int)f->event, (int)f->evidence);
        }
        assert_int_equal(f->provider_ms, INT64_C(1764064501000));
        assert_int_equal(k.reading.count, rows[i].owner ? 2 : 1);
        if (rows[i].owner) {
            assert_int_equal(adk_fact(&k, PR_TARGET_ATTEMPT)->event, rows[i].owner);
            assert_int_equal(adk_fact(&k, PR_TARGET_ATTEMPT)->final, 1);
        }
        if (f->event == PR_EV_PAID && f->target == PR_TARGET_ATTEMPT) {
            assert_int_equal(f->amount_minor, 1250);
            assert_string_equal(f->txn_id, "2025T1");
            assert_string_equal(f->reference, REF);
        }
        if (f->event == PR_EV_ACTION_NEEDED && f->target == PR_TARGET_ATTEMPT) {
            assert_int_equal(k.reading.show_kind, PR_SHOW_QR);
            assert_string_equal(k.reading.show.at, "https://qr.alipay.com/x");
        }
    }
    adk_close(&k);
}

static void refusals_by_code(void **state)
{
    (void)state;
    static const struct {
        int32_t operation;
        const char *code;
        const char *sub;
        int32_t event;
    } rows[] = {
        {PR_OP_CREATE, "40004", "ACQ.TRADE_HAS_SUCCESS", PR_EV_UNCLEAR},
        {PR_OP_CREATE, "40004", "ACQ.CONTEXT_INCONSISTENT", PR_EV_UNCLEAR},
        {PR_OP_CREATE, "40004", "ACQ.TRADE_HAS_CLOSE", PR_EV_UNCLEAR},
        {PR_OP_CREATE, "40004", "ACQ.SYSTEM_ERROR", PR_EV_UNCLEAR},
        {PR_OP_CREATE, "40004", "ACQ.NEVER_SEEN_BEFORE", PR_EV_UNCLEAR},
        {PR_OP_CREATE, "40002", "isv.invalid-signature", PR_EV_REFUSED_BEFORE},
        {PR_OP_CREATE, "40004", "ACQ.INVALID_PARAMETER", PR_EV_INVALID},
        {PR_OP_CREATE, "40004", "ACQ.BUYER_BALANCE_NOT_ENOUGH", PR_EV_DECLINED},
        {PR_OP_CREATE, "40006", "isv.app-call-limited", PR_EV_REFUSED_BEFORE},
        {PR_OP_CREATE, "20000", "isp.unknow-error", PR_EV_UNCLEAR},
        {PR_OP_CREATE, "20000", "isv.invalid-signature",
         PR_EV_UNCLEAR}, /* a system error, whatever stands beside it */
        {PR_OP_QUERY, "40004", "ACQ.TRADE_NOT_EXIST", PR_EV_ST_NOT_FOUND},
        {PR_OP_QUERY, "40004", "ACQ.SYSTEM_ERROR", PR_EV_UNCLEAR},
        {PR_OP_QUERY, "40002", "isv.invalid-signature", PR_EV_UNCLEAR},
        {PR_OP_CLOSE, "40004", "ACQ.TRADE_NOT_EXIST", PR_AE_NOT_FOUND},
        {PR_OP_CLOSE, "40004", "ACQ.REASON_TRADE_STATUS_INVALID", PR_AE_UNCLEAR},
        {PR_OP_REFUND, "40004", "ACQ.TRADE_NOT_EXIST", PR_AE_UNCLEAR},
        {PR_OP_REFUND, "40004", "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", PR_AE_REFUSED},
        {PR_OP_REFUND, "40004", "ACQ.SELLER_BALANCE_NOT_ENOUGH", PR_AE_REFUSED_BEFORE},
        {PR_OP_REFUND, "40004", "ACQ.DISCORDANT_REPEAT_REQUEST", PR_AE_UNCLEAR},
        {PR_OP_REFUND, "20000", "aop.unknow-error", PR_AE_UNCLEAR},
        {PR_OP_REFUND_QUERY, "40004", "TRADE_NOT_EXIST", PR_AE_NOT_FOUND},
    };
    adk k;
    adk_open(&k, OURS, "alipay", "qr", "CNY");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int tls = 0; tls < 2; tls++) { /* signed, and unsigned over verified TLS */
            char object[400];
            snprintf(object, sizeof object,
                     "{\"code\":\"%s\",\"msg\":\"m\",\"sub_code\":\"%s\",\"sub_msg\":\"4242424242424242\"}",
                     rows[i].code, rows[i].sub);
            read_object(&k, rows[i].operation, object, tls ? NULL : ADK_ALIPAY_PRIVATE);
            const pr_fact *f = adk_fact(&k, pr_operation_target(rows[i].operation));
            if (f->event != rows[i].event) {
                fail_msg("row %zu: %s gave %d", i, rows[i].sub, (int)f->event);
            }
            assert_int_equal(f->evidence, tls ? PR_EVIDENCE_TLS : PR_EVIDENCE_SIGNED);
            assert_string_equal(f->code, rows[i].sub);
            assert_null(strstr(f->message, "4242424242424242"));
            assert_true(f->meaning.reason > 0);
        }
    }
    read_object(&k, PR_OP_CLOSE, "{\"code\":\"40004\",\"sub_code\":\"ACQ.TRADE_NOT_EXIST\"}", NULL);
    assert_int_equal(adk_fact(&k, PR_TARGET_ATTEMPT)->event, PR_EV_ST_NOT_FOUND);
    char *text =
        answer_text("error_response", "{\"code\":\"40002\",\"sub_code\":\"isv.invalid-app-id\"}", NULL);
    adk_read(&k, PR_OP_CREATE, 1, 200, NULL, text, strlen(text), 1);
    assert_int_equal(k.reading.facts[0].event, PR_EV_REFUSED_BEFORE);
    free(text);
    adk_close(&k);
}

/* ---- damage -------------------------------------------------------------------------------------------- */

static const char good_paid[] =
    OK_ ",\"trade_status\":\"TRADE_SUCCESS\",\"total_amount\":\"12.50\",\"u\":\"a/b\"}";

static void never_paid(const adk *k, const char *what, size_t at)
{
    for (int32_t i = 0; i < k->reading.count; i++) {
        if (k->reading.facts[i].event != PR_EV_UNCLEAR) {
            fail_msg("%s at %zu: event %d", what, at, (int)k->reading.facts[i].event);
        }
    }
}

static void an_answer_cut_or_changed_anywhere_says_nothing(void **state)
{
    (void)state;
    adk k;
    adk_open(&k, OURS, "alipay", "qr", "CNY");
    char *text = answer_text(names[PR_OP_QUERY], good_paid, ADK_ALIPAY_PRIVATE);
    size_t len = strlen(text);
    for (size_t cut = 0; cut < len; cut++) {
        adk_read(&k, PR_OP_QUERY, 1, 200, NULL, text, cut, 1);
        never_paid(&k, "cut", cut);
    }
    for (size_t at = 0; at < len; at++) {
        char was = text[at];
        text[at] = was == '1' ? '2' : '1';
        adk_read(&k, PR_OP_QUERY, 1, 200, NULL, text, len, 1);
        never_paid(&k, "changed", at);
        text[at] = was;
    }
    adk_read(&k, PR_OP_QUERY, 1, 200, NULL, text, len, 1);
    assert_int_equal(k.reading.facts[0].event, PR_EV_PAID);
    for (int32_t status = 0; status < 600; status++) {
        if (status != 200) {
            adk_read(&k, PR_OP_QUERY, 1, status, NULL, text, len, 1);
            never_paid(&k, "status", (size_t)status);
        }
    }
    free(text);
    adk_close(&k);
}

static void malformed_answers_say_nothing(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "",
        "<html><body>\xcf\xb5\xcd\xb3</body></html>",
        "[]",
        "{}",
        "null",
        "{\"alipay_trade_query_response\":[]}",
        "{\"alipay_trade_query_response\":{\"code\":\"10000\"},\"error_response\":{\"code\":\"40002\"}}",
        "{\"alipay_trade_query_response\":{\"code\":\"10000\"},\"alipay_trade_query_response\":{\"cod"
        "e\":\"10000\"}}",
        "{\"alipay_trade_query_response\":{\"code\":10000},\"sign\":7}",
        "{\"alipay_trade_query_response\":{\"code\":\"10000\"},\"sign\":\"====\"}",
        "{\"alipay_trade_close_response\":{\"code\":\"10000\"}}",
        "{\"alipay_trade_query_response\":{}}",
        "{\"alipay_trade_query_response\":{\"code\":\"\"}}",
    };
    adk k;
    adk_open(&k, OURS, "alipay", "qr", "CNY");
    for (int32_t op = PR_OP_CREATE; op <= PR_OP_REFUND_QUERY; op++) {
        for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
            if ((op == PR_OP_CLOSE && i == 10) || (op != PR_OP_QUERY && i == 6)) {
                continue; /* well-formed for these */
            }
            adk_read(&k, op, 1, 200, NULL, bodies[i], strlen(bodies[i]), 1);
            const pr_fact *f = &k.reading.facts[0];
            assert_int_equal(f->target, pr_operation_target(op));
            assert_int_equal(f->event,
                             f->target == PR_TARGET_ACTION ? (int32_t)PR_AE_UNCLEAR : (int32_t)PR_EV_UNCLEAR);
        }
    }
    adk_close(&k);
}

static void signatures_of_answers(void **state)
{
    (void)state;
    adk k;
    adk_open(&k, OURS, "alipay", "qr", "CNY");
    read_object(&k, PR_OP_QUERY, good_paid, ADK_WRONG_PRIVATE);
    never_paid(&k, "wrong key", 0);
    assert_int_equal(k.reading.facts[0].evidence, PR_EVIDENCE_NONE);
    read_object(&k, PR_OP_QUERY, good_paid, NULL); /* every success is signed */
    never_paid(&k, "unsigned", 0);
    assert_int_equal(k.reading.facts[0].evidence, PR_EVIDENCE_TLS);
    /* Signed over the other spelling of the slash, in both directions. */
    static const char escaped[] =
        OK_ ",\"trade_status\":\"TRADE_SUCCESS\",\"total_amount\":\"12.50\",\"u\":\"a\\/b\"}";
    const char *const sent[] = {good_paid, escaped};
    const char *const over[] = {escaped, good_paid};
    for (int i = 0; i < 2; i++) {
        char sign[1024], text[2048];
        sign_with(sign, sizeof sign, ADK_ALIPAY_PRIVATE, over[i], strlen(over[i]));
        snprintf(text, sizeof text, "{\"alipay_trade_query_response\":%s,\"sign\":\"%s\"}", sent[i], sign);
        adk_read(&k, PR_OP_QUERY, 1, 200, NULL, text, strlen(text), 1);
        assert_int_equal(k.reading.facts[0].event, PR_EV_PAID);
        assert_int_equal(k.reading.facts[0].evidence, PR_EVIDENCE_SIGNED);
    }
    char *text = answer_text(names[PR_OP_QUERY], good_paid,
                             NULL); /* an unverified peer proves nothing, and its clock neither */
    adk_read(&k, PR_OP_QUERY, 1, 200, "Date: Tue, 25 Nov 2025 09:55:01 GMT\r\n", text, strlen(text), 0);
    assert_int_equal(k.reading.facts[0].evidence, PR_EVIDENCE_NONE);
    assert_int_equal(k.reading.facts[0].provider_ms, 0);
    free(text);
    adk_close(&k);
}

/* ---- certificate mode -----------------------------------------------------------------------------------
 */

static void number_of(char *out, size_t cap, const adk *k, const char *field, int32_t roots)
{
    const char *pem = pr_credential_get(k->channel, NULL, field);
    assert_non_null(pem);
    assert_true(pr_cert_alipay_sn(out, cap, pem, strlen(pem), roots) > 0);
}

static void certificates_are_named_and_asked_for(void **state)
{
    (void)state;
    adk k;
    static char json[8192];
    snprintf(
        json, sizeof json,
        "%s\"private_key\":\"%s\",\"app_cert\":\"%s\",\"alipay_cert\":\"%s\",\"alipay_root_cert\":\"%s\"}],%s",
        "{\"id\":\"ali\",\"provider\":\"alipay\",\"credentials\":[{\"app_id\":\"2021000122671080\",",
        ADK_OFFICIAL_APP_PRIVATE, ADK_APP_CERT, ADK_ALIPAY_CERT, ADK_ALIPAY_CERT,
        "\"methods\":[{\"method\":\"alipay\",\"flows\":[\"qr\"]}],\"currencies\":[\"CNY\"]}");
    adk_open(&k, json, "alipay", "qr", "CNY");
    char app[40], root[40], ours[40], want[200], sign[1024], text[2048];
    number_of(app, sizeof app, &k, "app_cert", 0);
    number_of(root, sizeof root, &k, "alipay_root_cert", 1);
    number_of(ours, sizeof ours, &k, "alipay_cert", 0);
    pr_http_request r;
    assert_int_equal(adk_build(&k, &r, PR_OP_QUERY, 1), PAYROUTE_OK);
    snprintf(want, sizeof want, "?alipay_root_cert_sn=%s&app_cert_sn=%s&app_id=", root, app);
    assert_non_null(strstr(r.url.at, want));
    pr_http_request_free(&r);
    sign_with(sign, sizeof sign, ADK_ALIPAY_PRIVATE, good_paid, strlen(good_paid));
    snprintf(text, sizeof text,
             "{\"alipay_trade_query_response\":%s,\"alipay_cert_sn\":\"%s\",\"sign\":\"%s\"}", good_paid,
             ours, sign);
    adk_read(&k, PR_OP_QUERY, 1, 200, NULL, text, strlen(text), 1);
    assert_int_equal(k.reading.facts[0].event, PR_EV_PAID);
    assert_string_equal(k.reading.need_aux, "");
    snprintf(text, sizeof text,
             "{\"alipay_trade_query_response\":%s,\"alipay_cert_sn\":\"0123456789abcdef0123456789abcdef\","
             "\"sign\":\"%s\"}",
             good_paid, sign);
    adk_read(&k, PR_OP_QUERY, 1, 200, NULL, text, strlen(text), 1);
    never_paid(&k, "other certificate", 0);
    assert_string_equal(k.reading.need_aux, "0123456789abcdef0123456789abcdef");
    adk_close(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_state_facts),
        cmocka_unit_test(refusals_by_code),
        cmocka_unit_test(an_answer_cut_or_changed_anywhere_says_nothing),
        cmocka_unit_test(malformed_answers_say_nothing),
        cmocka_unit_test(signatures_of_answers),
        cmocka_unit_test(certificates_are_named_and_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
