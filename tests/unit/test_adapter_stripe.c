/* Stripe: amounts in its units, the requests of both steps byte by byte. */
#include "adapter_stripe_fixture.h"

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

/* As docs.stripe.com/api/payment_intents/confirm has it, for cards alone; a resend says the same. */
static void three_d_secure_is_asked_for_on_confirm(void **state)
{
    (void)state;
    static const char *const methods[] = {"card", "wechat"};
    for (size_t i = 0; i < 2; i++) {
        adk k;
        pr_http_request first, second;
        adk_open(&k, CHANNEL, methods[i], "redirect", "USD");
        k.subject.provider_id = "pi_1";
        pr_wish wish = {.return_url = "https://shop.example/r",
                        .instrument = i == 0 ? "pm_1" : NULL,
                        .authenticate = 1};
        adk_content(&k, &wish);
        assert_int_equal(adk_build(&k, &first, PR_OP_CREATE, 1), PAYROUTE_OK);
        assert_null(strstr(first.body.at, "three_d_secure"));
        pr_http_request_free(&first);
        assert_int_equal(adk_build(&k, &first, PR_OP_CREATE, 2), PAYROUTE_OK);
        assert_int_equal(adk_build(&k, &second, PR_OP_CREATE, 2), PAYROUTE_OK);
        assert_string_equal(first.body.at, second.body.at);
        if (i == 0) {
            assert_string_equal(first.body.at,
                                "payment_method=pm_1&payment_method_options%5Bcard%5D%5Brequest_three_d_secure%5D=any&"
                                "return_url=https%3A%2F%2Fshop.example%2Fr&expand%5B0%5D=latest_charge");
        } else {
            assert_null(strstr(first.body.at, "three_d_secure"));
        }
        pr_http_request_free(&first);
        pr_http_request_free(&second);
        adk_close(&k);
    }
}

/* The flow says that nothing moves before the customer acts: a mandate's token would make that a lie. */
static void a_wallet_redirect_takes_no_token(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        const char *token;
        int32_t rc;
    } rows[] = {{"sepa_debit", "pm_mandate", PAYROUTE_E_SCHEMA},
                {"wechat", "pm_1", PAYROUTE_E_SCHEMA},
                {"wechat", NULL, PAYROUTE_OK},
                {"card", "pm_card_visa", PAYROUTE_OK}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        adk k;
        pr_buf content;
        pr_text why;
        char words[256];
        adk_open(&k, CHANNEL, rows[i].method, "redirect", "USD");
        pr_wish wish = {.return_url = "https://shop.example/r", .instrument = rows[i].token};
        pr_buf_init(&content);
        pr_text_init(&why, words, sizeof words);
        assert_int_equal(pr_stripe_content(&content, &k.subject, &wish, &why), rows[i].rc);
        pr_buf_free(&content);
        adk_close(&k);
    }
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(amounts_in_stripes_units),         cmocka_unit_test(two_steps_each_with_its_key),
        cmocka_unit_test(redirects_say_where_to_come_back),
        cmocka_unit_test(three_d_secure_is_asked_for_on_confirm),
        cmocka_unit_test(a_wallet_redirect_takes_no_token), cmocka_unit_test(operations_have_their_addresses),
        cmocka_unit_test(wishes_that_stripe_cannot_fulfil),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
