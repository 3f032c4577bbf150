/* Everything that can go wrong on the wire, on request: what the client sees, and what the books say
 * happened. */
#include "client.h"

#include <curl/curl.h>

static void fault(const char *account, const char *operation, const char *kind, const char *more)
{
    char json[256];
    snprintf(json, sizeof json, "{\"account\":\"%s\",\"operation\":\"%s\",\"fault\":\"%s\"%s}", account,
             operation, kind, more);
    cJSON_Delete(control("/_fault", json));
}

static struct reply *create(const char *reference, const char *key)
{
    char form[256];
    snprintf(form, sizeof form,
             "amount=500&currency=usd&payment_method=pm_card_visa&confirm=true"
             "&payment_method_types[]=card&metadata[reference]=%s",
             reference);
    return stripe("card-main", "POST", "/v1/payment_intents", form, key);
}

static int64_t captured(const char *account, const char *reference)
{
    cJSON *one = book(account, reference);
    int64_t value = int_of(one, "captured");
    cJSON_Delete(one);
    return value;
}

static struct reply *precreate(const char *reference)
{
    char biz[256];
    snprintf(biz, sizeof biz, "{\"out_trade_no\":\"%s\",\"total_amount\":\"9.00\",\"subject\":\"x/y\"}",
             reference);
    return alipay_raw("ali-main", "alipay.trade.precreate", biz, NULL);
}

static struct reply *query(const char *reference)
{
    char biz[256];
    snprintf(biz, sizeof biz, "{\"out_trade_no\":\"%s\"}", reference);
    return alipay_raw("ali-main", "alipay.trade.query", biz, NULL);
}

static void paid_order(const char *reference)
{
    char json[256];
    drop(precreate(reference));
    snprintf(json, sizeof json, "{\"reference\":\"%s\",\"act\":\"pay\"}", reference);
    cJSON_Delete(control("/_customer", json));
}

static void a_refused_port_is_closed(void **state)
{
    (void)state;
    cJSON_Delete(control("/_fault", "{\"account\":\"card-main\",\"fault\":\"refuse\"}"));
    struct reply *reply = create("F1", "F1A1");
    assert_int_equal(reply->code, CURLE_COULDNT_CONNECT);
    assert_int_equal(reply->sent, 0);
    drop(reply);
    reply = stripe("card-backup", "GET", "/v1/refunds", NULL, NULL); /* only that account's */
    assert_int_equal(reply->status, 200);
    drop(reply);
    cJSON_Delete(control("/_fault", "{\"account\":\"card-main\",\"fault\":\"open\"}"));
    reply = create("F1", "F1A1");
    assert_int_equal(reply->status, 200);
    drop(reply);
}

static void dropped(void **state)
{
    (void)state;
    fault("card-main", "create", "drop_before", "");
    struct reply *reply = create("F2", "F2A1");
    assert_int_equal(reply->code, CURLE_GOT_NOTHING);
    drop(reply);
    assert_int_equal(captured("card-main", "F2"), -1);
    fault("card-main", "create", "drop_after", "");
    reply = create("F2", "F2A1");
    assert_int_equal(reply->code, CURLE_GOT_NOTHING);
    assert_true(reply->sent > 0);
    drop(reply);
    assert_int_equal(captured("card-main", "F2"), 500);
    reply = create("F2", "F2A1"); /* the key replays what nobody heard */
    assert_int_equal(reply->status, 200);
    assert_non_null(strstr(reply->headers, "Idempotent-Replayed: true"));
    drop(reply);
    assert_int_equal(captured("card-main", "F2"), 500);
}

/* libcurl repeats a POST by itself when a kept-alive connection dies without a byte. */
static void hang_up_on_a_kept_connection(void **state)
{
    (void)state;
    client_fresh(false);
    drop(stripe("card-main", "GET", "/v1/refunds", NULL, NULL));
    fault("card-main", "create", "execute_and_hang_up", "");
    struct reply *reply = create("F3", NULL);
    client_fresh(true);
    assert_int_equal(reply->code, CURLE_OK);
    drop(reply);
    cJSON *books = ask("/_books");
    int found = 0;
    const cJSON *item,
        *list = cJSON_GetObjectItem(cJSON_GetObjectItem(cJSON_GetObjectItem(books, "accounts"), "card-main"),
                                    "orders");
    cJSON_ArrayForEach(item, list)
    {
        found += strcmp(text_of(item, "reference"), "F3") == 0;
    }
    cJSON_Delete(books);
    assert_int_equal(found, 2); /* without a key and on a reused connection: charged twice */
}

static void cut_bodies(void **state)
{
    static const int bytes[] = {0, 1, 17, 100, 100000};
    (void)state;
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
        char more[64], name[16];
        snprintf(more, sizeof more, ",\"at_byte\":%d", bytes[i]);
        snprintf(name, sizeof name, "F4X%zu", i);
        fault("card-main", "create", "cut", more);
        struct reply *reply = create(name, name);
        assert_int_equal(reply->code, CURLE_PARTIAL_FILE);
        assert_true(i == 4 || reply->len == (size_t)bytes[i]);
        drop(reply);
        assert_int_equal(captured("card-main", name), 500);
    }
    fault("card-main", "create", "malformed", "");
    struct reply *reply = create("F4M", "F4M");
    assert_int_equal(reply->code, CURLE_OK);
    assert_null(reply->json);
    drop(reply);
}

static void statuses(void **state)
{
    (void)state;
    fault("card-main", "create", "status_before", ",\"status\":503,\"retry_after\":7");
    struct reply *reply = create("F5", "F5A1");
    assert_int_equal(reply->status, 503);
    assert_non_null(strstr(reply->headers, "Retry-After: 7"));
    drop(reply);
    assert_int_equal(captured("card-main", "F5"), -1);
    fault("card-main", "create", "html_after", "");
    reply = create("F5", "F5A1");
    assert_int_equal(reply->status, 200);
    assert_non_null(strstr(reply->headers, "text/html"));
    assert_null(reply->json);
    drop(reply);
    assert_int_equal(captured("card-main", "F5"), 500);
    fault("ali-main", "precreate", "html", "");
    reply = precreate("F5P");
    assert_null(reply->json);
    drop(reply);
    assert_null(book("ali-main", "F5P"));
    fault("ali-main", "precreate", "status_after", ",\"status\":504");
    reply = precreate("F5P");
    assert_int_equal(reply->status, 504);
    drop(reply);
    cJSON *one = book("ali-main", "F5P");
    assert_non_null(one);
    cJSON_Delete(one);
}

static void unescape(char *text)
{
    char *to = text;
    for (; *text; text++) {
        if (text[0] != '\\' || text[1] != '/') {
            *to++ = *text;
        }
    }
    *to = 0;
}

static void answers_of_alipay(void **state)
{
    (void)state;
    paid_order("F6");
    fault("ali-main", "query", "bad_signature", "");
    struct reply *reply = query("F6");
    assert_int_equal(alipay_verify("ali-main", reply->body), -1);
    drop(reply);
    fault("ali-main", "query", "unsigned", "");
    reply = query("F6");
    assert_int_equal(alipay_verify("ali-main", reply->body), 0);
    drop(reply);
    fault("ali-main", "query", "wrong_amount", "");
    reply = query("F6");
    assert_int_equal(alipay_verify("ali-main", reply->body), 1);
    assert_string_equal(text_of(reply->json->child, "total_amount"), "10.00");
    drop(reply);
    fault("ali-main", "query", "pending", ",\"times\":2");
    for (int i = 0; i < 3; i++) {
        reply = query("F6");
        assert_string_equal(text_of(reply->json->child, "trade_status"),
                            i < 2 ? "WAIT_BUYER_PAY" : "TRADE_SUCCESS");
        drop(reply);
    }
    fault("ali-main", "query", "not_found_once", ",\"after\":1");
    for (int i = 0; i < 3; i++) {
        reply = query("F6");
        assert_string_equal(text_of(reply->json->child, "code"), i == 1 ? "40004" : "10000");
        drop(reply);
    }
    fault("ali-main", "query", "system_error", ",\"reference\":\"F6\"");
    reply = query("OTHER");
    assert_string_equal(text_of(reply->json->child, "code"), "40004");
    drop(reply);
    reply = query("F6");
    assert_string_equal(text_of(reply->json->child, "code"), "20000");
    drop(reply);
    fault("ali-main", "precreate", "escaped_slash", "");
    reply = precreate("F6B");
    assert_non_null(strstr(reply->body, "https:\\/\\/qr.alipay.com"));
    assert_int_equal(alipay_verify("ali-main", reply->body), -1); /* as sent */
    unescape(reply->body);
    assert_int_equal(alipay_verify("ali-main", reply->body), 1); /* as signed */
    drop(reply);
    fault("ali-main", "precreate", "signed_escaped", "");
    reply = precreate("F6C");
    assert_non_null(strstr(reply->body, "https://qr.alipay.com"));
    assert_int_equal(alipay_verify("ali-main", reply->body), -1);
    drop(reply);
    fault("ali-main", "query", "body", ",\"body\":\"{\\\"a\\\":1,\\\"a\\\":2}\"");
    reply = query("F6");
    assert_int_equal(reply->status, 200);
    assert_string_equal(reply->body, "{\"a\":1,\"a\":2}");
    drop(reply);
}

static void figures_of_stripe(void **state)
{
    (void)state;
    fault("card-main", "create", "wrong_currency", "");
    struct reply *reply = create("F7", NULL);
    assert_string_equal(text_of(reply->json, "currency"), "eur");
    drop(reply);
    fault("card-main", "create", "wrong_amount", "");
    reply = create("F7B", NULL);
    assert_int_equal(int_of(reply->json, "amount_received"), 600);
    drop(reply);
    assert_int_equal(captured("card-main", "F7B"), 500);
}

static void a_stall_blocks_nobody(void **state)
{
    (void)state;
    fault("card-main", "create", "stall", "");
    client_timeout(300);
    struct reply *reply = create("F8", "F8A1");
    assert_int_equal(reply->code, CURLE_OPERATION_TIMEDOUT);
    drop(reply);
    client_timeout(10000);
    assert_int_equal(captured("card-main", "F8"), 500); /* it was executed, and the others were answered */
    for (int i = 0; i < 100; i++) { /* until the sandbox has seen that the client left, the key is busy */
        reply = create("F8", "F8A1");
        long status = reply->status;
        assert_true(status == 200 || status == 409);
        if (status == 409) {
            assert_string_equal(text_of(reply->json, "error.code"), "idempotency_key_in_use");
        }
        drop(reply);
        if (status == 200) {
            break;
        }
        assert_true(i < 99);
    }
    fault("card-main", "create", "stall", ",\"delay_ms\":150");
    reply = create("F8B", "F8B1");
    assert_int_equal(reply->status, 200);
    assert_true(reply->seconds >= 0.14);
    drop(reply);
    assert_int_equal(captured("card-main", "F8"), 500);
}

static void a_held_request_arrives_late(void **state)
{
    (void)state;
    fault("card-main", "create", "hold", "");
    struct reply *reply = create("F9", "F9A1");
    assert_int_equal(reply->code, CURLE_GOT_NOTHING);
    drop(reply);
    assert_int_equal(captured("card-main", "F9"), -1);
    cJSON_Delete(control("/_release", "{}"));
    assert_int_equal(captured("card-main", "F9"), 500);
    reply = create("F9", "F9A1");
    assert_non_null(strstr(reply->headers, "Idempotent-Replayed: true"));
    drop(reply);
    fault("ali-main", "precreate", "hold", ",\"delay_ms\":60000");
    drop(precreate("F9P"));
    advance(59999);
    assert_null(book("ali-main", "F9P"));
    advance(1);
    cJSON *one = book("ali-main", "F9P");
    assert_non_null(one);
    cJSON_Delete(one);
}

/* The request that money hangs on arrives after the container was canceled: the tombstone holds. */
static void a_late_confirm_meets_the_tombstone(void **state)
{
    char path[160], form[] = "amount=500&currency=usd&payment_method_types[]=card&metadata[reference]=F13";
    (void)state;
    struct reply *reply = stripe("card-main", "POST", "/v1/payment_intents", form, "F13A1");
    snprintf(path, sizeof path, "/v1/payment_intents/%s/confirm", text_of(reply->json, "id"));
    drop(reply);
    fault("card-main", "confirm", "hold", "");
    drop(stripe("card-main", "POST", path, "payment_method=pm_card_visa", "F13B1"));
    memcpy(strstr(path, "/confirm"), "/cancel", 8);
    reply = stripe("card-main", "POST", path, "", "F13X1");
    assert_string_equal(text_of(reply->json, "status"), "canceled");
    drop(reply);
    cJSON_Delete(control("/_release", "{}"));
    assert_int_equal(captured("card-main", "F13"), 0);
    cJSON *log = ask("/_requests");
    const cJSON *held = cJSON_GetArrayItem(log, cJSON_GetArraySize(log) - 2);
    assert_string_equal(text_of(held, "fault"), "hold");
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(held, "executed"))); /* it did arrive, and was refused */
    cJSON_Delete(log);
}

static void an_account_serves_plain_paths_on_its_own_port(void **state)
{
    char url[256], bearer[128];
    (void)state;
    snprintf(url, sizeof url, "%s", base_url("card-main"));
    strcpy(strstr(url, "/stripe-main"), "/v1/refunds");
    snprintf(bearer, sizeof bearer, "Authorization: Bearer %s", credential("card-main", "secret_key"));
    const char *headers[] = {bearer, NULL};
    struct reply *reply = call("GET", url, headers, NULL);
    assert_int_equal(reply->status, 200);
    assert_string_equal(text_of(reply->json, "object"), "list");
    drop(reply);
}

/* One order of the shop, paid at two providers. */
static void double_over_providers(void **state)
{
    (void)state;
    int64_t before = total("double"), surplus = total("surplus_captures");
    drop(alipay_raw("ali-main", "alipay.trade.precreate",
                    "{\"out_trade_no\":\"F14A\",\"total_amount\":\"5.00\",\"subject\":\"x\","
                    "\"passback_params\":\"order_hash=F14H\"}",
                    NULL));
    cJSON_Delete(control("/_customer", "{\"reference\":\"F14A\",\"act\":\"pay\"}"));
    assert_int_equal(total("double"), before);
    struct reply *reply =
        stripe("card-main", "POST", "/v1/payment_intents",
               "amount=500&currency=cny&payment_method=pm_card_visa&confirm=true"
               "&payment_method_types[]=card&metadata[reference]=F14B&metadata[order_hash]=F14H",
               "F14B1");
    assert_int_equal(total("double"), before + 1);
    char form[128];
    snprintf(form, sizeof form, "payment_intent=%s", text_of(reply->json, "id"));
    drop(reply);
    drop(stripe("card-main", "POST", "/v1/refunds", form, "F14R1"));
    assert_int_equal(total("double"), before);
    assert_int_equal(total("surplus_captures"), surplus + 1);
}

static void bodies_slow_and_huge(void **state)
{
    (void)state;
    fault("card-main", "create", "slow_body", ",\"delay_ms\":40");
    client_timeout(400);
    struct reply *reply = create("F10", NULL);
    assert_int_equal(reply->code, CURLE_OPERATION_TIMEDOUT);
    assert_true(reply->len >= 2 && reply->len < 20);
    drop(reply);
    client_timeout(20000);
    fault("card-main", "create", "huge_body", "");
    reply = create("F10B", NULL);
    assert_int_equal(reply->len, 64 * 1024 * 1024);
    assert_int_equal(strncmp(reply->body, "{\"id\":\"pi_", 10), 0);
    drop(reply);
    client_timeout(10000);
}

static void the_log_tells(void **state)
{
    (void)state;
    fault("card-main", "create", "drop_before", "");
    drop(create("F11", "F11A1"));
    drop(create("F11", "F11A1"));
    drop(create("F11", "F11A1"));
    cJSON *log = ask("/_requests");
    const cJSON *last = cJSON_GetArrayItem(log, cJSON_GetArraySize(log) - 3);
    assert_string_equal(text_of(last, "fault"), "drop_before");
    assert_string_equal(text_of(last, "reference"), "F11");
    assert_string_equal(text_of(last, "key"), "F11A1");
    assert_string_equal(text_of(last, "operation"), "create");
    assert_true(cJSON_IsFalse(cJSON_GetObjectItem(last, "executed")));
    last = cJSON_GetArrayItem(log, cJSON_GetArraySize(log) - 2);
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(last, "executed")));
    last = cJSON_GetArrayItem(log, cJSON_GetArraySize(log) - 1);
    assert_true(cJSON_IsFalse(cJSON_GetObjectItem(last, "executed"))); /* a replay */
    assert_int_equal(int_of(last, "status"), 200);
    cJSON_Delete(log);
}

static void bad_control_calls(void **state)
{
    (void)state;
    assert_int_equal(control_status("/_fault", "{\"fault\":\"nonsense\"}"), 400);
    assert_int_equal(control_status("/_fault", "{\"account\":\"nobody\",\"fault\":\"cut\"}"), 400);
    assert_int_equal(control_status("/_fault", "[]"), 400);
    assert_int_equal(control_status("/_fault", "{}x"), 400);
    assert_int_equal(control_status("/_nonsense", "{}"), 404);
    assert_int_equal(control_status("/_customer", "{\"reference\":\"NOBODY\",\"act\":\"pay\"}"), 404);
    assert_int_equal(control_status("/_forge", "{\"account\":\"ali-main\",\"kind\":\"nonsense\"}"), 400);
    fault("*", "*", "drop_before", ",\"times\":-1");
    cJSON_Delete(control("/_fault", "{\"clear\":true}"));
    struct reply *reply = create("F12", NULL);
    assert_int_equal(reply->status, 200);
    drop(reply);
    char *huge = malloc(2000001);
    memset(huge, 'a', 2000000);
    huge[2000000] = 0;
    reply = stripe("card-main", "POST", "/v1/payment_intents", huge, NULL);
    assert_int_equal(reply->status, 413);
    drop(reply);
    free(huge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refused_port_is_closed),
        cmocka_unit_test(dropped),
        cmocka_unit_test(hang_up_on_a_kept_connection),
        cmocka_unit_test(cut_bodies),
        cmocka_unit_test(statuses),
        cmocka_unit_test(answers_of_alipay),
        cmocka_unit_test(figures_of_stripe),
        cmocka_unit_test(a_stall_blocks_nobody),
        cmocka_unit_test(a_held_request_arrives_late),
        cmocka_unit_test(bodies_slow_and_huge),
        cmocka_unit_test(a_late_confirm_meets_the_tombstone),
        cmocka_unit_test(an_account_serves_plain_paths_on_its_own_port),
        cmocka_unit_test(double_over_providers),
        cmocka_unit_test(the_log_tells),
        cmocka_unit_test(bad_control_calls),
    };
    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
