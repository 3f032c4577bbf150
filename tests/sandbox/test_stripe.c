/* The sandbox's Stripe: PaymentIntents, test cards, idempotency keys, refunds. */
#include "client.h"

static char last_id[80];

/* POST or GET; asserts the HTTP status; the caller drops the reply. */
static struct reply *expect(const char *method, const char *path, const char *form, const char *key,
                            long status)
{
    struct reply *reply = stripe("card-main", method, path, form, key);
    if (reply->status != status) {
        fail_msg("%s %s %s: wanted %ld, got %d %ld %s", method, path, form ? form : "", status, reply->code,
                 reply->status, reply->body);
    }
    if (strncmp(text_of(reply->json, "id"), "pi_", 3) == 0) {
        snprintf(last_id, sizeof last_id, "%s", text_of(reply->json, "id"));
    }
    return reply;
}

static void status_is(struct reply *reply, const char *path, const char *want)
{
    assert_string_equal(text_of(reply->json, path), want);
    drop(reply);
}

static const char *at(const char *tail)
{
    static char path[160];
    snprintf(path, sizeof path, "/v1/payment_intents/%s%s", last_id, tail);
    return path;
}

static const char *form_of(const char *reference, const char *more)
{
    static char form[1024];
    snprintf(form, sizeof form,
             "amount=1000&currency=cny&payment_method_types[]=card&metadata[reference]=%s"
             "&metadata[order_hash]=H%s%s",
             reference, reference, more);
    return form;
}

static int64_t book_number(const char *reference, const char *name)
{
    cJSON *one = book("card-main", reference);
    int64_t value = int_of(one, name);
    cJSON_Delete(one);
    return value;
}

static void two_steps(void **state)
{
    (void)state;
    status_is(expect("POST", "/v1/payment_intents", form_of("S1", ""), "S1A1", 200), "status",
              "requires_payment_method");
    status_is(expect("POST", at("/confirm"), "", "S1B0", 400), "error.code",
              "payment_intent_unexpected_state");
    assert_int_equal(book_number("S1", "captured"), 0);
    struct reply *reply = expect("POST", at("/confirm"), "payment_method=pm_card_visa", "S1B1", 200);
    assert_int_equal(int_of(reply->json, "amount_received"), 1000);
    assert_string_equal(text_of(reply->json, "metadata.reference"), "S1");
    assert_non_null(strstr(reply->headers, "Request-Id: req_"));
    assert_non_null(strstr(reply->headers, "Date: Tue, 14 Nov 2023 22:13:20 GMT"));
    status_is(reply, "status", "succeeded");
    status_is(expect("GET", at(""), NULL, NULL, 200), "status", "succeeded");
    reply = expect("POST", at("/cancel"), "", "S1X1", 400);
    assert_string_equal(text_of(reply->json, "error.payment_intent.status"), "succeeded");
    status_is(reply, "error.code", "payment_intent_unexpected_state");
    assert_int_equal(book_number("S1", "captured"), 1000);
    assert_int_equal(book_number("S1", "captures"), 1);
}

static void declines(void **state)
{
    static const struct {
        const char *card, *code, *decline, *advice, *network;
    } rows[] = {
        {"pm_card_chargeDeclined", "card_declined", "generic_decline", "try_again_later", "05"},
        {"pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds",
         "try_again_later", "51"},
        {"pm_card_chargeDeclinedLostCard", "card_declined", "lost_card", "do_not_try_again", "41"},
        {"pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card", "do_not_try_again", "43"},
        {"pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card", "confirm_card_data", "54"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char form[128], key[16];
        snprintf(key, sizeof key, "D%zuA1", i);
        drop(expect("POST", "/v1/payment_intents", form_of("D", ""), key, 200));
        snprintf(form, sizeof form, "payment_method=%s", rows[i].card);
        struct reply *reply = expect("POST", at("/confirm"), form, NULL, 402);
        assert_string_equal(text_of(reply->json, "error.type"), "card_error");
        assert_string_equal(text_of(reply->json, "error.code"), rows[i].code);
        assert_string_equal(text_of(reply->json, "error.decline_code"), rows[i].decline);
        assert_string_equal(text_of(reply->json, "error.advice_code"), rows[i].advice);
        assert_string_equal(text_of(reply->json, "error.network_decline_code"), rows[i].network);
        assert_int_equal(strncmp(text_of(reply->json, "error.charge"), "ch_", 3), 0);
        assert_non_null(strstr(reply->headers, "Stripe-Should-Retry: false"));
        status_is(reply, "error.payment_intent.status", "requires_payment_method");
    }
    /* the container lives on: the customer can still pay, until it is canceled */
    status_is(expect("GET", at(""), NULL, NULL, 200), "last_payment_error.code", "expired_card");
    status_is(expect("POST", at("/confirm"), "payment_method=pm_card_visa", NULL, 200), "status",
              "succeeded");
    drop(expect("POST", "/v1/payment_intents", form_of("D9", ""), "D9A1", 200));
    drop(expect("POST", at("/confirm"), "payment_method=pm_card_chargeDeclined", NULL, 402));
    status_is(expect("POST", at("/cancel"), "cancellation_reason=abandoned", "D9X1", 200), "status",
              "canceled");
    status_is(expect("POST", at("/confirm"), "payment_method=pm_card_visa", NULL, 400), "error.code",
              "payment_intent_unexpected_state");
    assert_int_equal(control_status("/_customer", "{\"reference\":\"D9\",\"act\":\"pay\"}"), 409);
    drop(expect("POST", at("/confirm"), "payment_method=pm_card_nonsense", NULL, 400));
    drop(expect("POST", at("/cancel"), "", NULL, 400));
}

static void the_customer_authenticates(void **state)
{
    (void)state;
    drop(expect("POST", "/v1/payment_intents", form_of("C1", ""), "C1A1", 200));
    struct reply *reply = expect(
        "POST", at("/confirm"),
        "payment_method=pm_card_authenticationRequired&return_url=https://shop.example/r", "C1B1", 200);
    assert_string_equal(text_of(reply->json, "next_action.type"), "redirect_to_url");
    char json[512], url[256];
    snprintf(url, sizeof url, "%s", text_of(reply->json, "next_action.redirect_to_url.url"));
    status_is(reply, "status", "requires_action");
    reply = call("GET", url, NULL, NULL);
    assert_int_equal(reply->status, 200);
    drop(reply);
    snprintf(json, sizeof json, "{\"url\":\"%s\",\"act\":\"authenticate\"}", url);
    cJSON_Delete(control("/_customer", json));
    status_is(expect("GET", at(""), NULL, NULL, 200), "status", "succeeded");
    /* refused at the bank */
    drop(expect("POST", "/v1/payment_intents",
                form_of("C2", "&payment_method=pm_card_authenticationRequired"), "C2A1", 200));
    status_is(expect("POST", at("/confirm"), "", NULL, 200), "next_action.type", "use_stripe_sdk");
    cJSON_Delete(control("/_customer", "{\"reference\":\"C2\",\"act\":\"decline\"}"));
    reply = expect("GET", at(""), NULL, NULL, 200);
    assert_string_equal(text_of(reply->json, "last_payment_error.code"),
                        "payment_intent_authentication_failure");
    status_is(reply, "status", "requires_payment_method");
    drop(expect("POST", "/v1/payment_intents", form_of("C3", ""), "C3A1", 200));
    status_is(expect("POST", at("/confirm"), "payment_method=pm_card_authenticationRequired&off_session=true",
                     NULL, 402),
              "error.code", "authentication_required");
    /* the shop asks for it, of a card that would do without */
    drop(expect("POST", "/v1/payment_intents", form_of("C4", ""), "C4A1", 200));
    status_is(expect("POST", at("/confirm"),
                     "payment_method=pm_card_visa&return_url=https://shop.example/r&"
                     "payment_method_options[card][request_three_d_secure]=any",
                     NULL, 200),
              "status", "requires_action");
    drop(expect("POST", "/v1/payment_intents", form_of("C5", ""), "C5A1", 200));
    status_is(expect("POST", at("/confirm"),
                     "payment_method=pm_card_visa&payment_method_options[card][request_three_d_secure]=automatic", NULL,
                     200),
              "status", "succeeded");
}

static void redirecting_methods(void **state)
{
    (void)state;
    drop(expect("POST", "/v1/payment_intents", "amount=1000&currency=cny&metadata[reference]=W1", NULL, 200));
    status_is(expect("POST", at("/confirm"), "payment_method_data[type]=alipay", NULL, 400), "error.param",
              "return_url");
    status_is(expect("POST", at("/confirm"), "payment_method=pm_card_visa", NULL, 400), "error.param",
              "return_url");
    status_is(expect("POST", at("/confirm"),
                     "payment_method_data[type]=alipay&return_url=https://shop.example/r", NULL, 200),
              "status", "requires_action");
    cJSON_Delete(control("/_customer", "{\"reference\":\"W1\",\"act\":\"pay\"}"));
    assert_int_equal(book_number("W1", "captured"), 1000);
}

static void authorize_and_capture(void **state)
{
    (void)state;
    drop(expect("POST", "/v1/payment_intents",
                form_of("H1", "&capture_method=manual&payment_method=pm_card_visa&confirm=true"), "H1A1",
                200));
    assert_int_equal(book_number("H1", "authorized"), 1000);
    status_is(expect("POST", at("/capture"), "amount_to_capture=1001", NULL, 400), "error.code",
              "amount_too_large");
    struct reply *reply = expect("POST", at("/capture"), "amount_to_capture=600", "H1C1", 200);
    assert_int_equal(int_of(reply->json, "amount_received"), 600);
    drop(reply);
    status_is(expect("POST", at("/capture"), "", NULL, 400), "error.code", "payment_intent_unexpected_state");
    drop(expect("POST", "/v1/payment_intents",
                form_of("H2", "&capture_method=manual&payment_method=pm_card_visa&confirm=true"), NULL, 200));
    drop(expect("POST", at("/cancel"), "", NULL, 200));
    assert_int_equal(book_number("H2", "authorized"), 0);
    assert_int_equal(book_number("H2", "captured"), 0);
}

static void a_hold_ends_by_itself(void **state)
{
    (void)state;
    struct reply *reply =
        expect("POST", "/v1/payment_intents?expand[]=latest_charge",
               form_of("H3", "&capture_method=manual&payment_method=pm_card_visa&confirm=true"), NULL, 200);
    cJSON *clock = ask("/_clock");
    assert_int_equal(int_of(reply->json, "latest_charge.payment_method_details.card.capture_before"),
                     int_of(clock, "now_ms") / 1000 + 7 * 86400);
    assert_true(
        cJSON_IsFalse(cJSON_GetObjectItem(cJSON_GetObjectItem(reply->json, "latest_charge"), "captured")));
    cJSON_Delete(clock);
    drop(reply);
    advance(INT64_C(7) * 86400000 - 1);
    assert_int_equal(book_number("H3", "authorized"), 1000);
    advance(1);
    reply = expect("GET", at(""), NULL, NULL, 200);
    assert_string_equal(text_of(reply->json, "cancellation_reason"), "expired");
    status_is(reply, "status", "canceled");
    assert_int_equal(book_number("H3", "authorized"), 0);
}

static void charges_are_shown_when_asked_for(void **state)
{
    (void)state;
    drop(expect("POST", "/v1/payment_intents", form_of("E1", ""), NULL, 200));
    drop(expect("POST", at("/confirm"), "payment_method=pm_card_chargeDeclinedExpiredCard", NULL, 402));
    struct reply *reply = expect("GET", at("?expand[]=latest_charge"), NULL, NULL, 200);
    assert_string_equal(text_of(reply->json, "latest_charge.failure_code"), "expired_card");
    status_is(reply, "latest_charge.status", "failed");
    reply = expect("POST", at("/confirm"), "payment_method=pm_card_visa&expand[0]=latest_charge", NULL, 200);
    assert_string_equal(text_of(reply->json, "latest_charge.payment_method_details.card.last4"), "4242");
    assert_int_equal(int_of(reply->json, "latest_charge.amount_captured"), 1000);
    status_is(reply, "latest_charge.status", "succeeded");
    reply = expect("GET", at(""), NULL, NULL, 200);
    assert_int_equal(strncmp(text_of(reply->json, "latest_charge"), "ch_", 3), 0); /* only its id */
    drop(reply);
}

static void keys_replay(void **state)
{
    (void)state;
    struct reply *first = expect("POST", "/v1/payment_intents", form_of("K1", ""), "K1A1", 200);
    struct reply *again = expect("POST", "/v1/payment_intents", form_of("K1", ""), "K1A1", 200);
    assert_string_equal(first->body, again->body);
    assert_null(strstr(first->headers, "Idempotent-Replayed"));
    assert_non_null(strstr(again->headers, "Idempotent-Replayed: true"));
    drop(first);
    drop(again);
    status_is(expect("POST", "/v1/payment_intents", form_of("K1", "&description=x"), "K1A1", 400),
              "error.type", "idempotency_error");
    status_is(expect("POST", "/v1/refunds", "payment_intent=pi_x", "K1A1", 400), "error.type",
              "idempotency_error");
    drop(expect("POST", at("/confirm"), "payment_method=pm_card_chargeDeclined", "K1B1", 402));
    again = expect("POST", at("/confirm"), "payment_method=pm_card_chargeDeclined", "K1B1", 402);
    assert_non_null(strstr(again->headers, "Idempotent-Replayed: true"));
    drop(again);
    /* refusals of validation and authentication are not kept */
    drop(expect("POST", at("/confirm"), "payment_method=pm_card_visa&nonsense=1", "K1B2", 400));
    drop(expect("POST", at("/confirm"), "payment_method=pm_card_visa", "K1B2", 200));
    assert_int_equal(book_number("K1", "captures"), 1);
    drop(expect("POST", at("/confirm"), "payment_method=pm_card_visa", "K1B2", 200));
    assert_int_equal(book_number("K1", "captures"), 1);
}

static void keys_are_forgotten(void **state)
{
    char refund[128];
    (void)state;
    drop(expect("POST", "/v1/payment_intents", form_of("K2", "&payment_method=pm_card_visa&confirm=true"),
                "K2A1", 200));
    snprintf(refund, sizeof refund, "payment_intent=%s&amount=100", last_id);
    drop(expect("POST", "/v1/refunds", refund, "K2R1", 200));
    advance(86400000 - 1);
    drop(expect("POST", "/v1/refunds", refund, "K2R1", 200));
    assert_int_equal(book_number("K2", "refunded"), 100);
    advance(1);
    drop(expect("POST", "/v1/refunds", refund, "K2R1", 200)); /* pruned: it executes again */
    assert_int_equal(book_number("K2", "refunded"), 200);
}

static void a_500_is_kept(void **state)
{
    (void)state;
    drop(expect("POST", "/v1/payment_intents", form_of("K3", ""), "K3A1", 200));
    cJSON_Delete(control("/_fault",
                         "{\"account\":\"card-main\",\"operation\":\"confirm\",\"fault\":\"status_after\","
                         "\"status\":500,\"should_retry\":\"false\"}"));
    struct reply *reply = expect("POST", at("/confirm"), "payment_method=pm_card_visa", "K3B1", 500);
    assert_non_null(strstr(reply->headers, "Stripe-Should-Retry: false"));
    drop(reply);
    reply = expect("POST", at("/confirm"), "payment_method=pm_card_visa", "K3B1", 500);
    assert_non_null(strstr(reply->headers, "Idempotent-Replayed: true"));
    drop(reply);
    status_is(expect("GET", at(""), NULL, NULL, 200), "status", "succeeded");
    /* a gateway's 502 is not the provider's answer: the key holds the real one */
    drop(expect("POST", "/v1/payment_intents", form_of("K4", ""), "K4A1", 200));
    cJSON_Delete(control("/_fault",
                         "{\"account\":\"card-main\",\"operation\":\"confirm\",\"fault\":\"status_after\","
                         "\"status\":502}"));
    drop(expect("POST", at("/confirm"), "payment_method=pm_card_visa", "K4B1", 502));
    status_is(expect("POST", at("/confirm"), "payment_method=pm_card_visa", "K4B1", 200), "status",
              "succeeded");
    assert_int_equal(book_number("K4", "captures"), 1);
}

static void refuses(void **state)
{
    static const struct {
        const char *form, *param;
    } rows[] = {{"currency=cny", "amount"},
                {"amount=1", "currency"},
                {"amount=1.5&currency=cny", "amount"},
                {"amount=-1&currency=cny", "amount"},
                {"amount=0&currency=cny", "amount"},
                {"amount=100000000&currency=cny", "amount"},
                {"amount=1&currency=c", "currency"},
                {"amount=1&currency=cny&return_url=https://x", "return_url"},
                {"amount=1&currency=cny&foo=1", "foo"},
                {"amount=1&currency=cny&payment_method=pm_nobody", "payment_method"},
                {"amount=1&currency=cny&confirm=true", "payment_method"}};
    char url[256];
    (void)state;
    int64_t before = total("attempts");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct reply *reply = expect("POST", "/v1/payment_intents", rows[i].form, NULL, 400);
        status_is(reply, "error.param", rows[i].param);
    }
    assert_int_equal(total("attempts"), before);
    drop(expect("GET", "/v1/payment_intents/pi_nobody", NULL, NULL, 404));
    drop(expect("GET", "/v1/nonsense", NULL, NULL, 404));
    snprintf(url, sizeof url, "%s/v1/payment_intents", base_url("card-main"));
    const char *headers[] = {"Authorization: Bearer sk_test_wrong", "Idempotency-Key: Q1", NULL};
    struct reply *reply = call("POST", url, headers, "amount=1&currency=cny");
    assert_int_equal(reply->status, 401);
    drop(reply);
    cJSON_Delete(control("/_limit", "{\"account\":\"card-main\",\"max\":1,\"window_ms\":5000}"));
    drop(expect("POST", "/v1/payment_intents", "amount=1&currency=cny", "Q1", 200));
    reply = expect("POST", "/v1/payment_intents", "amount=1&currency=cny", "Q2", 429);
    assert_non_null(strstr(reply->headers, "Retry-After: 5"));
    drop(reply);
    advance(5000);
    reply = expect("POST", "/v1/payment_intents", "amount=1&currency=cny", "Q2", 200);
    assert_null(strstr(reply->headers, "Idempotent-Replayed"));
    drop(reply);
    cJSON_Delete(control("/_limit", "{\"account\":\"card-main\",\"max\":0}"));
}

static void refunds(void **state)
{
    char form[160], path[128];
    (void)state;
    drop(expect("POST", "/v1/payment_intents", form_of("R1", "&payment_method=pm_card_visa"), NULL, 200));
    snprintf(form, sizeof form, "payment_intent=%s&amount=400&metadata[key]=R1R1", last_id);
    drop(expect("POST", "/v1/refunds", form, NULL, 400)); /* nothing was charged yet */
    drop(expect("POST", at("/confirm"), "", NULL, 200));
    struct reply *reply = expect("POST", "/v1/refunds", form, "R1R1", 200);
    assert_int_equal(int_of(reply->json, "amount"), 400);
    snprintf(path, sizeof path, "/v1/refunds/%s", text_of(reply->json, "id"));
    status_is(reply, "status", "succeeded");
    status_is(expect("GET", path, NULL, NULL, 200), "metadata.key", "R1R1");
    snprintf(form, sizeof form, "payment_intent=%s&amount=601", last_id);
    status_is(expect("POST", "/v1/refunds", form, "R1R2", 400), "error.code", "amount_too_large");
    snprintf(form, sizeof form, "payment_intent=%s", last_id);
    drop(expect("POST", "/v1/refunds", form, "R1R3", 200));
    status_is(expect("POST", "/v1/refunds", form, "R1R4", 400), "error.code", "charge_already_refunded");
    snprintf(path, sizeof path, "/v1/refunds?payment_intent=%s", last_id);
    reply = expect("GET", path, NULL, NULL, 200);
    assert_int_equal(int_of(reply->json, "data.0.amount"), 600); /* the newest first */
    assert_int_equal(int_of(reply->json, "data.1.amount"), 400);
    drop(reply);
    assert_int_equal(book_number("R1", "refunded"), 1000);
    cJSON_Delete(control("/_customer", "{\"reference\":\"R1\",\"act\":\"refund_fail\"}"));
    assert_int_equal(book_number("R1", "refunded"), 600);
}

static void processing(void **state)
{
    (void)state;
    cJSON_Delete(
        control("/_fault", "{\"account\":\"card-main\",\"operation\":\"confirm\",\"fault\":\"pending\"}"));
    drop(expect("POST", "/v1/payment_intents", form_of("P1", ""), NULL, 200));
    status_is(expect("POST", at("/confirm"), "payment_method=pm_card_visa", NULL, 200), "status",
              "processing");
    drop(expect("POST", at("/cancel"), "", NULL, 400));
    cJSON_Delete(control("/_customer", "{\"reference\":\"P1\",\"act\":\"pay\"}"));
    status_is(expect("GET", at(""), NULL, NULL, 200), "status", "succeeded");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_steps),
        cmocka_unit_test(declines),
        cmocka_unit_test(the_customer_authenticates),
        cmocka_unit_test(redirecting_methods),
        cmocka_unit_test(authorize_and_capture),
        cmocka_unit_test(a_hold_ends_by_itself),
        cmocka_unit_test(charges_are_shown_when_asked_for),
        cmocka_unit_test(keys_replay),
        cmocka_unit_test(keys_are_forgotten),
        cmocka_unit_test(a_500_is_kept),
        cmocka_unit_test(refuses),
        cmocka_unit_test(refunds),
        cmocka_unit_test(processing),
    };
    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
