/* Stripe: every kind of answer, whole, damaged and strange. */
#include "adapter_stripe_fixture.h"

/* ---- answers ------------------------------------------------------------------------------------------- */

#define PI(status, more)                                                                                     \
    "{\"id\":\"pi_1\",\"object\":\"payment_intent\",\"amount\":1250,\"currency\":\"usd\",\"client_secre"     \
    "t\":\"pi_1_secret_CANARY3\","                                                                           \
    "\"metadata\":{\"reference\":\"" REF "\"},\"status\":\"" status "\"" more "}"
#define CHARGE(back)                                                                                         \
    ",\"latest_charge\":{\"id\":\"ch_1\",\"object\":\"charge\",\"amount_refunded\":" back                    \
    ",\"payment_method_details\":{\"card\":{"                                                                \
    "\"brand\":\"visa\",\"last4\":\"4242\",\"capture_before\":1764669600}}}"
#define DECLINE                                                                                              \
    "{\"type\":\"card_error\",\"code\":\"card_declined\",\"decline_code\":\"insufficient_funds\",\"mess"     \
    "age\":\"no\","                                                                                          \
    "\"network_decline_code\":\"51\",\"advice_code\":\"try_again_later\",\"payment_method\":{\"card\":"      \
    "{\"brand\":\"visa\"}}}"

typedef struct answer_row {
    int32_t operation;
    int32_t step;
    int32_t status;
    const char *body;
    int32_t event; /* of the operation's own target */
    int32_t owner; /* of the attempt, where an action also speaks of it */
} answer_row;

static const answer_row answer_rows[] = {
    {PR_OP_CREATE, 1, 200, PI("requires_payment_method", ""), PR_EV_ACCEPTED, 0},
    {PR_OP_CREATE, 1, 200, PI("requires_confirmation", ""), PR_EV_ACCEPTED, 0},
    {PR_OP_CREATE, 2, 200, PI("succeeded", ",\"amount_received\":1250" CHARGE("0")), PR_EV_PAID, 0},
    {PR_OP_CREATE, 2, 200, PI("requires_capture", ",\"amount_capturable\":1250" CHARGE("0")), PR_EV_AUTH, 0},
    {PR_OP_CREATE, 2, 200, PI("processing", ""), PR_EV_ACCEPTED, 0},
    {PR_OP_CREATE, 2, 200, PI("canceled", ""), PR_EV_ST_CLOSED, 0},
    {PR_OP_CREATE, 2, 200, PI("requires_payment_method", ",\"last_payment_error\":" DECLINE), PR_EV_DECLINED,
     0},
    {PR_OP_CREATE, 2, 200, PI("requires_payment_method", ""), PR_EV_UNCLEAR, 0},
    {PR_OP_CREATE, 2, 200,
     PI("requires_action",
        ",\"next_action\":{\"type\":\"redirect_to_url\",\"redirect_to_url\":{\"url\":\"https://hooks.st"
        "ripe.com/x\"}}"),
     PR_EV_ACTION_NEEDED, 0},
    {PR_OP_CREATE, 2, 200, PI("requires_action", ",\"next_action\":{\"type\":\"new_thing\"}"), PR_EV_UNCLEAR,
     0},
    {PR_OP_CREATE, 2, 200, PI("new_status", ""), PR_EV_UNCLEAR, 0},
    {PR_OP_CREATE, 2, 200, PI("succeeded", ",\"amount_received\":12.5"), PR_EV_UNCLEAR, 0},
    {PR_OP_CREATE, 2, 200, PI("succeeded", ",\"amount_received\":-1"), PR_EV_UNCLEAR, 0},
    {PR_OP_CREATE, 2, 402, "{\"error\":" DECLINE "}", PR_EV_DECLINED, 0},
    {PR_OP_CREATE, 2, 402,
     "{\"error\":{\"type\":\"card_error\",\"code\":\"card_declined\",\"decline_code\":\"brand_new\"}}",
     PR_EV_DECLINED, 0},
    {PR_OP_CREATE, 2, 402,
     "{\"error\":{\"type\":\"card_error\",\"code\":\"card_declined\",\"payment_intent\":" PI("succeeded",
                                                                                             "") "}}",
     PR_EV_UNCLEAR, 0},
    {PR_OP_CREATE, 2, 402, "{\"error\":{\"type\":\"api_error\"}}", PR_EV_UNCLEAR, 0},
    {PR_OP_CREATE, 1, 400, "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"parameter_missing\"}}",
     PR_EV_INVALID, 0},
    {PR_OP_CREATE, 2, 400, "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"brand_new\"}}",
     PR_EV_UNCLEAR, 0},
    {PR_OP_CREATE, 2, 400,
     "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"resource_missing\",\"param\":\"payment_"
     "method\"}}",
     PR_EV_INVALID, 0},
    {PR_OP_CREATE, 2, 404,
     "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"resource_missing\",\"param\":\"intent\"}}",
     PR_EV_UNCLEAR, 0},
    {PR_OP_CREATE, 2, 400,
     "{\"error\":{\"type\":\"idempotency_error\",\"message\":\"Keys for idempotent requests\"}}",
     PR_EV_UNCLEAR, 0},
    {PR_OP_CREATE, 2, 409, "{\"error\":{\"type\":\"idempotency_error\",\"code\":\"idempotency_key_in_use\"}}",
     PR_EV_UNCLEAR, 0},
    {PR_OP_CREATE, 2, 409, "{\"error\":{\"type\":\"card_error\",\"code\":\"card_declined\"}}", PR_EV_UNCLEAR,
     0},
    {PR_OP_CREATE, 2, 429, "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"rate_limit\"}}",
     PR_EV_REFUSED_BEFORE, 0},
    {PR_OP_CREATE, 2, 401,
     "{\"error\":{\"type\":\"invalid_request_error\",\"message\":\"Invalid API Key: sk_test_CANARYONE\"}}",
     PR_EV_REFUSED_BEFORE, 0},
    {PR_OP_CREATE, 2, 403, "{\"error\":{\"type\":\"invalid_request_error\"}}", PR_EV_REFUSED_BEFORE, 0},
    {PR_OP_CREATE, 2, 500, "{\"error\":{\"type\":\"api_error\"}}", PR_EV_UNCLEAR, 0},
    {PR_OP_CREATE, 2, 500, "{\"error\":" DECLINE "}", PR_EV_UNCLEAR, 0},
    {PR_OP_CREATE, 2, 302, PI("succeeded", ",\"amount_received\":1250"), PR_EV_UNCLEAR, 0},
    {PR_OP_CREATE, 2, 400,
     "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"payment_intent_unexpected_state\",\"pay"
     "ment_intent\":" PI("succeeded", ",\"amount_received\":1250") "}}",
     PR_EV_PAID, 0},
    {PR_OP_CREATE, 2, 400,
     "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"payment_intent_unexpected_state\",\"pay"
     "ment_intent\":" PI("requires_payment_method", ",\"last_payment_error\":" DECLINE) "}}",
     PR_EV_UNCLEAR, 0},
    {PR_OP_QUERY, 2, 200, PI("succeeded", ",\"amount_received\":1250" CHARGE("0")), PR_EV_PAID, 0},
    {PR_OP_QUERY, 2, 200, PI("requires_capture", ",\"amount_capturable\":1250"), PR_EV_AUTH, 0},
    {PR_OP_QUERY, 2, 200, PI("requires_payment_method", ",\"last_payment_error\":null"), PR_EV_ST_UNPAID, 0},
    {PR_OP_QUERY, 2, 200, PI("requires_payment_method", ",\"last_payment_error\":" DECLINE),
     PR_EV_ST_DECLINED, 0},
    {PR_OP_QUERY, 2, 200, PI("requires_action", ""), PR_EV_ST_UNPAID, 0},
    {PR_OP_QUERY, 2, 200, PI("processing", ""), PR_EV_ST_PROCESSING, 0},
    {PR_OP_QUERY, 2, 200, PI("canceled", ""), PR_EV_ST_CLOSED, 0},
    {PR_OP_QUERY, 2, 404, "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"resource_missing\"}}",
     PR_EV_ST_NOT_FOUND, 0},
    {PR_OP_QUERY, 2, 404, "{\"error\":{\"type\":\"invalid_request_error\"}}", PR_EV_UNCLEAR, 0},
    {PR_OP_QUERY, 2, 401, "{\"error\":{\"type\":\"invalid_request_error\"}}", PR_EV_UNCLEAR, 0},
    {PR_OP_QUERY, 2, 429, "{\"error\":{\"type\":\"invalid_request_error\"}}", PR_EV_UNCLEAR, 0},
    {PR_OP_CLOSE, 2, 200, PI("canceled", ""), PR_AE_DONE, PR_EV_ST_CLOSED},
    {PR_OP_CLOSE, 2, 200, PI("processing", ""), PR_AE_UNCLEAR, PR_EV_ST_PROCESSING},
    {PR_OP_CLOSE, 2, 400,
     "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"payment_intent_unexpected_state\",\"pay"
     "ment_intent\":" PI("succeeded", ",\"amount_received\":1250") "}}",
     PR_AE_FAILED, PR_EV_PAID},
    {PR_OP_CLOSE, 2, 400,
     "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"payment_intent_unexpected_state\",\"pay"
     "ment_intent\":" PI("canceled", "") "}}",
     PR_AE_DONE, PR_EV_ST_CLOSED},
    {PR_OP_CLOSE, 2, 400,
     "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"payment_intent_unexpected_state\"}}",
     PR_AE_UNCLEAR, 0},
    {PR_OP_CLOSE, 2, 404, "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"resource_missing\"}}",
     PR_AE_NOT_FOUND, PR_EV_ST_NOT_FOUND},
    {PR_OP_VOID, 2, 429, "{\"error\":{\"type\":\"invalid_request_error\"}}", PR_AE_REFUSED_BEFORE, 0},
    {PR_OP_CAPTURE, 2, 200, PI("succeeded", ",\"amount_received\":1250" CHARGE("0")), PR_AE_DONE, 0},
    {PR_OP_CAPTURE, 2, 200, PI("requires_capture", ",\"amount_capturable\":1250"), PR_AE_UNCLEAR, 0},
    {PR_OP_CAPTURE, 2, 400,
     "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"payment_intent_unexpected_state\",\"pay"
     "ment_intent\":" PI("canceled", "") "}}",
     PR_AE_FAILED, PR_EV_ST_CLOSED},
    {PR_OP_CAPTURE, 2, 402, "{\"error\":" DECLINE "}", PR_AE_REFUSED, 0},
};

static void read_row(adk *k, const answer_row *row)
{
    adk_read(k, row->operation, row->step, row->status,
             "Date: Tue, 25 Nov 2025 09:55:01 GMT\r\nStripe-Should-Retry: false\r\nRetry-After: 3\r\n",
             row->body, strlen(row->body), 1);
}

static void answers_state_facts(void **state)
{
    (void)state;
    adk k;
    open_stripe(&k, "token");
    for (size_t i = 0; i < sizeof answer_rows / sizeof answer_rows[0]; i++) {
        const answer_row *row = &answer_rows[i];
        read_row(&k, row);
        const pr_fact *f = adk_fact(&k, pr_operation_target(row->operation));
        if (f->event != row->event || k.reading.count != (row->owner ? 2 : 1)) {
            fail_msg("row %zu: event %d, %d facts", i, (int)f->event, (int)k.reading.count);
        }
        if (row->owner) {
            assert_int_equal(adk_fact(&k, PR_TARGET_ATTEMPT)->event, row->owner);
        }
        assert_int_equal(f->should_retry, 0);
        assert_int_equal(f->retry_after_ms, 3000);
        assert_int_equal(f->provider_ms, INT64_C(1764064501000));
        assert_false(adk_holds(&k.reading.facts, sizeof k.reading.facts, "CANARY"));
        if (f->target == PR_TARGET_ATTEMPT && (f->event == PR_EV_PAID || f->event == PR_EV_AUTH)) {
            assert_int_equal(f->evidence, PR_EVIDENCE_TLS);
            assert_int_equal(f->amount_minor, 1250);
            assert_string_equal(f->currency, "USD");
            assert_string_equal(f->reference, REF);
            assert_string_equal(f->provider_id, "pi_1");
        }
        if (f->event == PR_EV_ST_CLOSED && f->target == PR_TARGET_ATTEMPT) {
            assert_int_equal(f->final, 1);
        }
    }
    adk_close(&k);
}

static void details_of_money(void **state)
{
    (void)state;
    adk k;
    open_stripe(&k, "token");
    read_row(&k, &answer_rows[2]);
    assert_string_equal(k.reading.facts[0].txn_id, "ch_1");
    assert_string_equal(k.reading.facts[0].instrument, "visa 4242");
    read_row(&k, &answer_rows[3]);
    assert_int_equal(k.reading.facts[0].expires_ms, INT64_C(1764669600000));
    read_row(&k, &answer_rows[13]);
    assert_string_equal(k.reading.facts[0].code, "insufficient_funds");
    assert_string_equal(k.reading.facts[0].network, "visa");
    assert_string_equal(k.reading.facts[0].network_code, "51");
    assert_string_equal(k.reading.facts[0].advice_code, "try_again_later");
    assert_true(k.reading.facts[0].meaning.reason > 0);
    read_row(&k, &answer_rows[14]); /* an unknown decline code falls back on what stands beside it */
    assert_int_equal(k.reading.facts[0].meaning.reason_class, PR_CLASS_DECLINED_SOFT);
    read_row(&k, &answer_rows[8]);
    assert_int_equal(k.reading.show_kind, PR_SHOW_URL);
    assert_int_equal(k.reading.facts[0].held_by_client, 1);
    const char *part = PI("succeeded", ",\"amount_received\":1250" CHARGE("200"));
    adk_read(&k, PR_OP_QUERY, 2, 200, NULL, part, strlen(part), 1);
    assert_int_equal(k.reading.count, 2);
    assert_int_equal(k.reading.facts[1].event, PR_EV_REVERSED_PART);
    assert_int_equal(k.reading.facts[1].reversed_total_minor, 200);
    static const struct { /* amount refunded, amount captured of 1250, what of it was a refund */
        const char *back, *captured;
        int64_t reversed;
    } holds[] = {{"250", "1000", 0}, {"350", "1000", 100}, {"1250", "1000", 1000}, {"1250", "1250", 1250}};
    for (size_t i = 0; i < sizeof holds / sizeof holds[0]; i++) {
        char body[700];
        snprintf(
            body, sizeof body,
            PI("succeeded",
               ",\"amount_received\":%s,\"latest_charge\":{\"id\":\"ch_1\",\"amount\":1250,\"captured\":true,"
               "\"amount_captured\":%s,\"amount_refunded\":%s}"),
            holds[i].captured, holds[i].captured, holds[i].back);
        adk_read(&k, PR_OP_QUERY, 2, 200, NULL, body, strlen(body), 1);
        assert_int_equal(k.reading.count, holds[i].reversed ? 2 : 1);
        if (holds[i].reversed) {
            assert_int_equal(k.reading.facts[1].reversed_total_minor, holds[i].reversed);
        }
    }
    const char *sdk = PI("requires_action", ",\"next_action\":{\"type\":\"use_stripe_sdk\"}");
    adk_read(&k, PR_OP_CREATE, 2, 200, NULL, sdk, strlen(sdk), 1);
    assert_int_equal(k.reading.show_kind, PR_SHOW_CLIENT_SECRET);
    adk_close(&k);
}

#define RE(id, key, status)                                                                                  \
    "{\"id\":\"" id                                                                                          \
    "\",\"object\":\"refund\",\"amount\":1250,\"currency\":\"usd\",\"payment_intent\":\"pi_1\",\"metada"     \
    "ta\":{\"key\":\"" key "\",\"reference\":\"" REF "\"},\"status\":\"" status "\"}"

static void refunds(void **state)
{
    (void)state;
    static const answer_row rows[] = {
        {PR_OP_REFUND, 1, 200, RE("re_1", REF "B1", "succeeded"), PR_AE_DONE, 0},
        {PR_OP_REFUND, 1, 200, RE("re_1", REF "B1", "pending"), PR_AE_PENDING, 0},
        {PR_OP_REFUND, 1, 200, RE("re_1", REF "B1", "failed"), PR_AE_FAILED, 0},
        {PR_OP_REFUND, 1, 200, RE("re_1", REF "R9", "succeeded"), PR_AE_UNCLEAR, 0},
        {PR_OP_REFUND, 1, 200, "{\"id\":\"re_1\"}", PR_AE_UNCLEAR, 0},
        {PR_OP_REFUND, 1, 400,
         "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"charge_already_refunded\"}}",
         PR_AE_UNCLEAR, 0},
        {PR_OP_REFUND, 1, 400,
         "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"parameter_missing\"}}", PR_AE_REFUSED, 0},
        {PR_OP_REFUND, 1, 404,
         "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"resource_missing\"}}", PR_AE_UNCLEAR, 0},
        {PR_OP_REFUND_QUERY, 1, 200, RE("re_1", REF "B1", "succeeded"), PR_AE_DONE, 0},
        {PR_OP_REFUND_QUERY, 1, 200,
         "{\"object\":\"list\",\"has_more\":false,\"data\":[" RE("re_0", "X", "succeeded") "," RE(
             "re_1", REF "B1", "succeeded") "]}",
         PR_AE_DONE, 0},
        {PR_OP_REFUND_QUERY, 1, 200,
         "{\"object\":\"list\",\"has_more\":false,\"data\":[" RE("re_0", "X", "succeeded") "]}",
         PR_AE_NOT_FOUND, 0},
        {PR_OP_REFUND_QUERY, 1, 200, "{\"object\":\"list\",\"has_more\":true,\"data\":[]}", PR_AE_UNCLEAR, 0},
        {PR_OP_REFUND_QUERY, 1, 404,
         "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"resource_missing\"}}", PR_AE_NOT_FOUND,
         0},
    };
    adk k;
    open_stripe(&k, "token");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        read_row(&k, &rows[i]);
        const pr_fact *f = adk_fact(&k, PR_TARGET_ACTION);
        if (f->event != rows[i].event) {
            fail_msg("row %zu: event %d", i, (int)f->event);
        }
        if (f->event == PR_AE_DONE) {
            assert_string_equal(f->txn_id, "re_1");
            assert_string_equal(f->action_key, REF "B1");
            assert_int_equal(f->amount_minor, 1250);
        }
    }
    adk_close(&k);
}

/* ---- damage -------------------------------------------------------------------------------------------- */

static void damaged_and_strange_answers_say_nothing(void **state)
{
    (void)state;
    adk k;
    open_stripe(&k, "token");
    static const char paid[] = PI("succeeded", ",\"amount_received\":1250" CHARGE("0"));
    for (size_t cut = 0; cut < strlen(paid); cut++) {
        for (int32_t step = 1; step <= 2; step++) {
            adk_read(&k, PR_OP_CREATE, step, 200, NULL, paid, cut, 1);
            assert_int_equal(k.reading.facts[0].event, PR_EV_UNCLEAR);
        }
    }
    static const char *const bodies[] = {
        "",
        "<html>502</html>",
        "[]",
        "{}",
        "{\"error\":\"no\"}",
        "{\"error\":{}}",
        "{\"object\":\"payment_intent\"}",
        "{\"id\":\"pi_2\",\"object\":\"payment_intent\",\"amount\":1250,\"amount_received\":1250,\"curr"
        "ency\":\"usd\","
        "\"metadata\":{\"reference\":\"" REF "\"},\"status\":\"succeeded\"}", /* another container */
        "{\"id\":\"pi_1\",\"object\":\"payment_intent\",\"amount\":1250,\"amount_received\":1250,\"curr"
        "ency\":\"usd\","
        "\"metadata\":{\"reference\":\"OTHER\"},\"status\":\"succeeded\"}",
        "{\"id\":\"pi_1\",\"object\":\"payment_intent\",\"amount\":1250,\"amount_received\":1250,\"curr"
        "ency\":\"USD\","
        "\"metadata\":{\"reference\":\"" REF "\"},\"status\":\"succeeded\"}",
        "{\"id\":\"pi_1\",\"id\":\"pi_1\",\"object\":\"payment_intent\",\"status\":\"succeeded\"}",
    };
    for (int32_t op = PR_OP_CREATE; op <= PR_OP_REFUND_QUERY; op++) {
        for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
            adk_read(&k, op, 2, 200, NULL, bodies[i], strlen(bodies[i]), 1);
            const pr_fact *f = adk_fact(&k, pr_operation_target(op));
            int32_t want = f->target == PR_TARGET_ACTION ? (int32_t)PR_AE_UNCLEAR : (int32_t)PR_EV_UNCLEAR;
            if (f->event != want) {
                fail_msg("operation %d body %zu: event %d", (int)op, i, (int)f->event);
            }
        }
    }
    adk_read(&k, PR_OP_QUERY, 2, 200, NULL, paid, strlen(paid), 0); /* an unverified peer proves nothing */
    assert_int_equal(k.reading.facts[0].evidence, PR_EVIDENCE_NONE);
    for (int32_t status = 0; status < 600; status++) {
        if (status != 200) {
            adk_read(&k, PR_OP_QUERY, 2, status, NULL, paid, strlen(paid), 1);
            assert_int_equal(k.reading.facts[0].event, PR_EV_UNCLEAR);
        }
    }
    adk_close(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_state_facts),
        cmocka_unit_test(details_of_money),
        cmocka_unit_test(refunds),
        cmocka_unit_test(damaged_and_strange_answers_say_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
