/* Stripe: amounts, requests of both steps, every kind of answer, whole and damaged. */
#include "adapter_fixture.h"

#include "adapters/stripe.h"

#define REF "0K3V9Z2M4QABCDEFGHJKMNPQRS"
#define CHANNEL                                                                                                       \
    "{\"id\":\"st\",\"provider\":\"stripe\",\"credentials\":[{\"secret_key\":\"sk_test_CANARYONE\","                  \
    "\"webhook_secret\":\"whsec_CANARYTWO\"}],\"methods\":[{\"method\":\"card\",\"flows\":[\"token\",\"redirect\"]}," \
    "{\"method\":\"wechat\",\"flows\":[\"redirect\"]}],\"currencies\":[\"USD\",\"EUR\"]}"

static void open_stripe(adk *k, const char *flow)
{
    adk_open(k, CHANNEL, "card", flow, "USD");
    k->subject.provider_id = "pi_1";
    k->subject.key = REF "B1";
}

/* ---- amounts ------------------------------------------------------------------------------------------- */

static void amounts_in_stripes_units(void **state)
{
    (void)state;
    static const struct {
        const char *currency;
        int64_t ours;
        int64_t theirs; /* -1: cannot be said */
    } rows[] = {
        {"USD", 1250, 1250}, {"JPY", 500, 500},     {"ISK", 5, 500}, {"UGX", 5, 500},
        {"KWD", 5120, 5120}, {"KWD", 5124, -1},     {"MGA", 500, 5}, {"MGA", 505, -1},
        {"HUF", 1045, 1045}, {"TWD", 80045, 80045}, {"KRW", 1, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t out = -7, back = -7;
        int32_t rc = pr_stripe_amount_out(&out, rows[i].currency, rows[i].ours);
        if (rows[i].theirs < 0) {
            assert_int_equal(rc, PAYROUTE_E_RANGE);
            continue;
        }
        if (rc != PAYROUTE_OK || out != rows[i].theirs) {
            fail_msg("%s %d: %d %lld", rows[i].currency, (int)rows[i].ours, (int)rc, (long long)out);
        }
        assert_int_equal(pr_stripe_amount_in(&back, rows[i].currency, out), PAYROUTE_OK);
        assert_int_equal(back, rows[i].ours);
    }
    int64_t v = 0;
    assert_int_equal(pr_stripe_amount_out(&v, "XQQ", 1), PAYROUTE_E_NOT_FOUND);
    assert_int_equal(pr_stripe_amount_out(&v, "USD", -1), PAYROUTE_E_RANGE);
    assert_int_equal(pr_stripe_amount_out(&v, "ISK", INT64_MAX / 10), PAYROUTE_E_RANGE);
    assert_int_equal(pr_stripe_amount_in(&v, "ISK", 501), PAYROUTE_E_RANGE);
}

/* ---- requests ------------------------------------------------------------------------------------------ */

static void two_steps_each_with_its_key(void **state)
{
    (void)state;
    adk k;
    open_stripe(&k, "token");
    pr_wish wish = {.subject = "Tea & cake", .instrument = "pm_card_visa", .order_hash = "00ff", .hold = 1};
    adk_content(&k, &wish);
    assert_null(strstr(k.content.at, "CANARY"));
    pr_http_request r;
    k.subject.key = REF "A1";
    assert_int_equal(adk_build(&k, &r, PR_OP_CREATE, 1), PAYROUTE_OK);
    assert_string_equal(r.method, "POST");
    assert_string_equal(r.url.at, "https://api.stripe.com/v1/payment_intents");
    assert_string_equal(
        r.body.at,
        "amount=1250&currency=usd&confirm=false&capture_method=manual&payment_method_types%5B0%5D=card&"
        "description=Tea%20%26%20cake&metadata%5Breference%5D=" REF "&metadata%5Border_hash%5D=00ff");
    assert_string_equal(r.headers.at,
                        "Authorization: Bearer sk_test_CANARYONE\r\nStripe-Version: " PR_STRIPE_VERSION
                        "\r\nContent-Type: application/x-www-form-urlencoded\r\nIdempotency-Key: " REF
                        "A1\r\n");
    pr_http_request_free(&r);
    k.subject.key = REF "B1";
    assert_int_equal(adk_build(&k, &r, PR_OP_CREATE, 2), PAYROUTE_OK);
    assert_string_equal(r.url.at, "https://api.stripe.com/v1/payment_intents/pi_1/confirm");
    assert_string_equal(r.body.at, "payment_method=pm_card_visa&expand%5B0%5D=latest_charge");
    assert_non_null(strstr(r.headers.at, "Idempotency-Key: " REF "B1\r\n"));
    pr_http_request_free(&r);
    k.subject.provider_id = ""; /* a confirm is never sent before the id is durable */
    assert_int_equal(adk_build(&k, &r, PR_OP_CREATE, 2), PAYROUTE_E_STATE);
    pr_http_request_free(&r);
    k.subject.provider_id = "pi_1/../refunds?x=";
    assert_int_equal(adk_build(&k, &r, PR_OP_CREATE, 2), PAYROUTE_E_STATE);
    pr_http_request_free(&r);
    adk_close(&k);
}

static void redirects_say_where_to_come_back(void **state)
{
    (void)state;
    adk k;
    adk_open(&k, CHANNEL, "wechat", "redirect", "USD");
    k.subject.provider_id = "pi_1";
    pr_wish wish = {.return_url = "https://shop.example/r"};
    adk_content(&k, &wish);
    pr_http_request r;
    assert_int_equal(adk_build(&k, &r, PR_OP_CREATE, 2), PAYROUTE_OK);
    assert_string_equal(
        r.body.at,
        "payment_method_data%5Btype%5D=wechat_pay&payment_method_options%5Bwechat_pay%5D%5Bclient%5D=web&"
        "return_url=https%3A%2F%2Fshop.example%2Fr&expand%5B0%5D=latest_charge");
    pr_http_request_free(&r);
    adk_close(&k);
}

static void operations_have_their_addresses(void **state)
{
    (void)state;
    static const struct {
        int32_t operation;
        const char *method;
        const char *url;
        const char *body;
        int keyed;
    } rows[] = {
        {PR_OP_QUERY, "GET", "https://api.stripe.com/v1/payment_intents/pi_1?expand%5B0%5D=latest_charge",
         NULL, 0},
        {PR_OP_CLOSE, "POST", "https://api.stripe.com/v1/payment_intents/pi_1/cancel",
         "cancellation_reason=abandoned", 0},
        {PR_OP_VOID, "POST", "https://api.stripe.com/v1/payment_intents/pi_1/cancel",
         "cancellation_reason=abandoned", 0},
        {PR_OP_CAPTURE, "POST", "https://api.stripe.com/v1/payment_intents/pi_1/capture",
         "amount_to_capture=1250", 1},
        {PR_OP_REFUND, "POST", "https://api.stripe.com/v1/refunds",
         "payment_intent=pi_1&amount=1250&metadata%5Bkey%5D=" REF "B1&metadata%5Breference%5D=" REF, 1},
        {PR_OP_REFUND_QUERY, "GET", "https://api.stripe.com/v1/refunds?limit=100&payment_intent=pi_1", NULL,
         0},
    };
    adk k;
    open_stripe(&k, "token");
    pr_http_request r;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(adk_build(&k, &r, rows[i].operation, 1), PAYROUTE_OK);
        assert_string_equal(r.method, rows[i].method);
        assert_string_equal(r.url.at, rows[i].url);
        assert_string_equal(r.body.at ? r.body.at : "", rows[i].body ? rows[i].body : "");
        assert_int_equal(strstr(r.headers.at, "Idempotency-Key") != NULL, rows[i].keyed);
        pr_http_request_free(&r);
    }
    k.subject.action_id = "re_9";
    assert_int_equal(adk_build(&k, &r, PR_OP_REFUND_QUERY, 1), PAYROUTE_OK);
    assert_string_equal(r.url.at, "https://api.stripe.com/v1/refunds/re_9");
    pr_http_request_free(&r);
    assert_int_equal(adk_build(&k, &r, PR_OP_FETCH, 1), PAYROUTE_E_UNSUPPORTED);
    pr_http_request_free(&r);
    adk_close(&k);
}

static void wishes_that_stripe_cannot_fulfil(void **state)
{
    (void)state;
    adk k;
    open_stripe(&k, "token");
    char room[200];
    pr_text why;
    pr_text_init(&why, room, sizeof room);
    pr_buf out;
    pr_buf_init(&out);
    static const char *const instruments[] = {NULL, "4242424242424242", "pm card", "pm/../x"};
    for (size_t i = 0; i < 4; i++) {
        pr_wish wish = {.instrument = instruments[i]};
        pr_text_init(&why, room, sizeof room);
        assert_int_equal(k.adapter->content(&out, &k.subject, &wish, &why), PAYROUTE_E_SCHEMA);
        assert_null(strstr(room, "4242"));
    }
    pr_wish fine = {.instrument = "pm_1"};
    k.subject.currency = "KWD";
    k.subject.amount_minor = 1251;
    assert_int_equal(k.adapter->content(&out, &k.subject, &fine, &why), PAYROUTE_E_RANGE);
    k.subject.currency = "USD";
    k.subject.flow = "redirect";
    assert_int_equal(k.adapter->content(&out, &k.subject, &fine, &why),
                     PAYROUTE_E_SCHEMA); /* no return_url */
    k.subject.flow = "qr";
    assert_int_equal(k.adapter->content(&out, &k.subject, &fine, &why), PAYROUTE_E_UNSUPPORTED);
    assert_int_equal(out.len, 0);
    pr_buf_free(&out);
    adk_close(&k);
}

/* ---- answers ------------------------------------------------------------------------------------------- */

#define PI(status, more)                                                                                                             \
    "{\"id\":\"pi_1\",\"object\":\"payment_intent\",\"amount\":1250,\"currency\":\"usd\",\"client_secret\":\"pi_1_secret_CANARY3\"," \
    "\"metadata\":{\"reference\":\"" REF "\"},\"status\":\"" status "\"" more "}"
#define CHARGE(back)                                                                                         \
    ",\"latest_charge\":{\"id\":\"ch_1\",\"object\":\"charge\",\"amount_refunded\":" back                    \
    ",\"payment_method_details\":{\"card\":{"                                                                \
    "\"brand\":\"visa\",\"last4\":\"4242\",\"capture_before\":1764669600}}}"
#define DECLINE                                                                                                       \
    "{\"type\":\"card_error\",\"code\":\"card_declined\",\"decline_code\":\"insufficient_funds\",\"message\":\"no\"," \
    "\"network_decline_code\":\"51\",\"advice_code\":\"try_again_later\",\"payment_method\":{\"card\":{\"brand\":\"visa\"}}}"

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
        ",\"next_action\":{\"type\":\"redirect_to_url\",\"redirect_to_url\":{\"url\":\"https://hooks.stripe.com/x\"}}"),
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
     "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"resource_missing\",\"param\":\"payment_method\"}}",
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
     "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"payment_intent_unexpected_state\",\"payment_intent\":" PI(
         "succeeded", ",\"amount_received\":1250") "}}",
     PR_EV_PAID, 0},
    {PR_OP_CREATE, 2, 400,
     "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"payment_intent_unexpected_state\",\"payment_intent\":" PI(
         "requires_payment_method", ",\"last_payment_error\":" DECLINE) "}}",
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
     "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"payment_intent_unexpected_state\",\"payment_intent\":" PI(
         "succeeded", ",\"amount_received\":1250") "}}",
     PR_AE_FAILED, PR_EV_PAID},
    {PR_OP_CLOSE, 2, 400,
     "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"payment_intent_unexpected_state\",\"payment_intent\":" PI(
         "canceled", "") "}}",
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
     "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"payment_intent_unexpected_state\",\"payment_intent\":" PI(
         "canceled", "") "}}",
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
    const char *sdk = PI("requires_action", ",\"next_action\":{\"type\":\"use_stripe_sdk\"}");
    adk_read(&k, PR_OP_CREATE, 2, 200, NULL, sdk, strlen(sdk), 1);
    assert_int_equal(k.reading.show_kind, PR_SHOW_CLIENT_SECRET);
    adk_close(&k);
}

#define RE(id, key, status)                                                                                                  \
    "{\"id\":\"" id                                                                                                          \
    "\",\"object\":\"refund\",\"amount\":1250,\"currency\":\"usd\",\"payment_intent\":\"pi_1\",\"metadata\":{\"key\":\"" key \
    "\",\"reference\":\"" REF "\"},\"status\":\"" status "\"}"

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
        "{\"id\":\"pi_2\",\"object\":\"payment_intent\",\"amount\":1250,\"amount_received\":1250,\"currency\":\"usd\","
        "\"metadata\":{\"reference\":\"" REF "\"},\"status\":\"succeeded\"}", /* another container */
        "{\"id\":\"pi_1\",\"object\":\"payment_intent\",\"amount\":1250,\"amount_received\":1250,\"currency\":\"usd\","
        "\"metadata\":{\"reference\":\"OTHER\"},\"status\":\"succeeded\"}",
        "{\"id\":\"pi_1\",\"object\":\"payment_intent\",\"amount\":1250,\"amount_received\":1250,\"currency\":\"USD\","
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
        cmocka_unit_test(amounts_in_stripes_units),
        cmocka_unit_test(two_steps_each_with_its_key),
        cmocka_unit_test(redirects_say_where_to_come_back),
        cmocka_unit_test(operations_have_their_addresses),
        cmocka_unit_test(wishes_that_stripe_cannot_fulfil),
        cmocka_unit_test(answers_state_facts),
        cmocka_unit_test(details_of_money),
        cmocka_unit_test(refunds),
        cmocka_unit_test(damaged_and_strange_answers_say_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
