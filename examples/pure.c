/* The whole contract of the pure library in one loop: tick lets time and choice happen, next says what to do,
   feed says what came of it. Here the store is a counter, the clock a variable and the provider a script
   whose second answer is lost after the charge; a real host keeps the rows and sends the bytes. */
#include <payroute/rows.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char channels[] =
    "{\"schema\":1,\"channels\":[{\"id\":\"cards\",\"provider\":\"stripe\","
    "\"credentials\":[{\"secret_key\":\"sk_test_EXAMPLE\",\"webhook_secret\":\"whsec_EXAMPLE\"}],"
    "\"methods\":[{\"method\":\"card\",\"flows\":[\"token\"]}],\"currencies\":[\"USD\"]}]}";
static const char order[] =
    "{\"order_id\":\"1001\",\"amount_minor\":1250,\"currency\":\"USD\",\"method\":\"card\","
    "\"flow\":\"token\",\"instrument\":\"pm_card_visa\"}";

/* What the provider says to each request in turn; NULL: it took the money and the answer never came. */
static const char *const script[] = {
    "{\"id\":\"pi_1\",\"object\":\"payment_intent\",\"amount\":1250,\"currency\":\"usd\","
    "\"status\":\"requires_confirmation\",\"metadata\":{\"reference\":\"%s\"}}",
    NULL,
    "{\"id\":\"pi_1\",\"object\":\"payment_intent\",\"amount\":1250,\"currency\":\"usd\","
    "\"amount_received\":1250,\"status\":\"succeeded\",\"metadata\":{\"reference\":\"%s\"},"
    "\"latest_charge\":{\"id\":\"ch_1\",\"object\":\"charge\",\"captured\":true,\"amount_refunded\":0}}",
};

/* A real host takes 32 bytes from the system each time; here they are the same on every run. */
static const char entropy[33] = "0123456789abcdef0123456789abcdef";

/* SAVE: one durable transaction; a real store compares `seen` with its version, and feeds a conflict. */
static int32_t save(payroute_payment *payment)
{
    const payroute_save_set *set = payroute_payment_save_set(payment);
    if (set == NULL) {
        return PAYROUTE_E_NOMEM;
    }
    printf("SAVE   version %" PRId64 ": %d attempts, %d facts, %d events\n", set->payment.version,
           (int)set->attempt_count, (int)set->fact_count, (int)set->event_count);
    return payroute_payment_feed_saved(payment, 1);
}

/* SEND, QUERY and the other requests: bytes out, bytes in. Not sent only with proof that nothing left. */
static int32_t exchange(payroute_payment *payment, size_t *turn, int64_t now_ms)
{
    char answer[1024];
    int32_t rc = payroute_payment_request(payment, now_ms, entropy);
    if (rc != PAYROUTE_OK || *turn == sizeof script / sizeof script[0]) {
        return rc != PAYROUTE_OK ? rc : PAYROUTE_E_LIMIT;
    }
    const char *line = script[(*turn)++];
    printf("%-6s %s: %s\n", payroute_payment_next(payment) == PAYROUTE_ACTION_SEND ? "SEND" : "QUERY",
           payroute_payment_request_url(payment), line != NULL ? "200" : "time-out; did money move?");
    if (line == NULL) {
        return payroute_payment_feed_failure(payment, now_ms, 0, 28);
    }
    const char *hole = strstr(line, "%s");
    int len = snprintf(answer, sizeof answer, "%.*s%.26s%s", (int)(hole - line), line,
                       payroute_payment_key(payment), hole + 2); /* a key: our reference, and which step */
    return payroute_payment_feed_http(payment, now_ms, 200, "Content-Type: application/json\r\n", 32, answer,
                                      (size_t)len, 1);
}

/* Until it is done; 0 when the payment is paid. */
static int drive(payroute_payment *payment, int64_t now_ms)
{
    size_t turn = 0;
    size_t len = 0;
    int32_t rc = PAYROUTE_OK;
    for (int round = 0; round < 100 && rc == PAYROUTE_OK; round++) {
        rc = payroute_payment_tick(payment, now_ms);
        if (rc != PAYROUTE_OK && rc != PAYROUTE_E_STATE) { /* E_STATE: go on with the exchange in hand */
            break;
        }
        switch (payroute_payment_next(payment)) {
        case PAYROUTE_ACTION_SAVE:
            rc = save(payment);
            break;
        case PAYROUTE_ACTION_SEND:
        case PAYROUTE_ACTION_QUERY:
            rc = exchange(payment, &turn, now_ms);
            break;
        case PAYROUTE_ACTION_WAIT:
            printf("WAIT   %" PRId64 " ms\n", payroute_payment_wake_ms(payment) - now_ms);
            now_ms = payroute_payment_wake_ms(payment);
            break;
        case PAYROUTE_ACTION_DONE:
            printf("DONE   %s\n", payroute_payment_view(payment, "en", &len));
            return payroute_payment_status(payment) == PAYROUTE_STATUS_PAID ? 0 : 1;
        default: /* CLOSE, CAPTURE, REFUND, FETCH, SHOW: not in this script */
            rc = PAYROUTE_E_UNSUPPORTED;
        }
    }
    printf("stopped: %s\n", payroute_rc_text(rc));
    return 1;
}

int main(void)
{
    int64_t now_ms = INT64_C(1790000000000);
    char why[512] = "";
    payroute_registry *registry = NULL;
    payroute_payment *payment = NULL;
    int failed = 1;
    int32_t rc = payroute_registry_from_json(&registry, channels, sizeof channels - 1, why, sizeof why);
    if (rc == PAYROUTE_OK) {
        rc = payroute_payment_new(&payment, registry, NULL, order, sizeof order - 1, "demo", entropy, now_ms,
                                  why, sizeof why);
    }
    if (rc != PAYROUTE_OK) {
        printf("%s\n", why);
    } else {
        payroute_payment_lease(payment, "loop", 1); /* nobody else works on it */
        payroute_payment_present(payment, 1);       /* its customer waits */
        failed = drive(payment, now_ms);
    }
    payroute_payment_free(payment);
    payroute_registry_free(registry);
    return failed;
}
