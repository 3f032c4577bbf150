/* The sandbox's notifications: raw bytes, signatures, deliveries that are repeated, and forgeries. */
#include "client.h"

#include <microhttpd.h>
#include <pthread.h>

/* A shop that records what reaches it and answers as told. */
static struct {
    struct MHD_Daemon *daemon;
    pthread_mutex_t lock;
    int count, status;
    char answer[32], last[8192], all[64][64]; /* all: what each one was about */
} shop = {.lock = PTHREAD_MUTEX_INITIALIZER, .status = 200, .answer = "success"};

static enum MHD_Result on_note(void *cls, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *upload, size_t *len,
                               void **context)
{
    (void)cls;
    (void)method;
    (void)version;
    (void)url;
    if (!*context) {
        *context = calloc(1, 8192);
        return *context ? MHD_YES : MHD_NO;
    }
    char *body = *context;
    if (*len) {
        strncat(body, upload, *len < 8191 - strlen(body) ? *len : 0);
        *len = 0;
        return MHD_YES;
    }
    pthread_mutex_lock(&shop.lock);
    snprintf(shop.last, sizeof shop.last, "%s", body);
    const char *about = strstr(body, "trade_status=");
    if (!about) {
        about = strstr(body, "\"type\":\"");
    }
    snprintf(shop.all[shop.count % 64], 64, "%.40s", about ? about : "");
    shop.count++;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(shop.answer), shop.answer, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result result = MHD_queue_response(connection, (unsigned)shop.status, response);
    pthread_mutex_unlock(&shop.lock);
    MHD_destroy_response(response);
    free(body);
    *context = NULL;
    return result;
}

static void answer_with(int status, const char *text)
{
    pthread_mutex_lock(&shop.lock);
    shop.status = status;
    snprintf(shop.answer, sizeof shop.answer, "%s", text);
    shop.count = 0;
    pthread_mutex_unlock(&shop.lock);
}

static int received(void)
{
    pthread_mutex_lock(&shop.lock);
    int count = shop.count;
    pthread_mutex_unlock(&shop.lock);
    return count;
}

static int setup(void **state)
{
    shop.daemon =
        MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, on_note, NULL, MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        shop.daemon ? MHD_get_daemon_info(shop.daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
    if (!info) {
        return -1;
    }
    set_notify_port(info->port);
    return sandbox_setup(state);
}

static int teardown(void **state)
{
    int result = sandbox_teardown(state);
    MHD_stop_daemon(shop.daemon);
    return result;
}

static void new_alipay(const char *reference, const char *acts)
{
    char biz[256], extra[128], json[256];
    snprintf(biz, sizeof biz,
             "{\"out_trade_no\":\"%s\",\"total_amount\":\"6.00\",\"subject\":\"茶\","
             "\"passback_params\":\"order_hash=HH\"}",
             reference);
    snprintf(extra, sizeof extra, "notify_url=http%%3A%%2F%%2F127.0.0.1%%3A%d%%2Fnotify%%2Fali-main",
             notify_port());
    drop(alipay_raw("ali-main", "alipay.trade.precreate", biz, extra));
    for (; *acts; acts++) {
        snprintf(json, sizeof json, "{\"reference\":\"%s\",\"act\":\"%s\"}", reference,
                 *acts == 's' ? "scan" : "pay");
        cJSON_Delete(control("/_customer", json));
    }
}

static void new_stripe(const char *reference)
{
    char form[256];
    snprintf(form, sizeof form,
             "amount=500&currency=usd&payment_method=pm_card_visa&confirm=true"
             "&payment_method_types[]=card&metadata[reference]=%s",
             reference);
    drop(stripe("card-main", "POST", "/v1/payment_intents", form, NULL));
}

static cJSON *outbox(const char *reference)
{
    char path[128];
    snprintf(path, sizeof path, "/_outbox?take=1&reference=%s", reference);
    return ask(path);
}

/* "t=…,v1=…" fits the body under the account's secret. */
static bool stripe_signed(const cJSON *note, int64_t *when)
{
    const char *header = text_of(note, "headers.Stripe-Signature");
    const char *body = text_of(note, "body"), *mac = strstr(header, ",v1=");
    char want[65], *text = malloc(strlen(body) + 64);
    *when = strtoll(header + 2, NULL, 10);
    sprintf(text, "%lld.%s", (long long)*when, body);
    hmac_hex(credential("card-main", "webhook_secret"), text, want);
    free(text);
    return mac && strcmp(mac + 4, want) == 0;
}

static void alipay_notes(void **state)
{
    (void)state;
    new_alipay("N1", "sp");
    cJSON *notes = outbox("N1");
    assert_int_equal(cJSON_GetArraySize(notes), 1); /* a scan is no news */
    const char *body = text_of(notes, "0.body");
    assert_true(alipay_note_verify("ali-main", body));
    static const char *const want[][2] = {{"out_trade_no", "N1"},   {"trade_status", "TRADE_SUCCESS"},
                                          {"total_amount", "6.00"}, {"subject", "茶"},
                                          {"sign_type", "RSA2"},    {"passback_params", "order_hash=HH"}};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        char *value = form_get(body, want[i][0]);
        assert_string_equal(value ? value : "(absent)", want[i][1]);
        free(value);
    }
    char *app = form_get(body, "app_id"), *seller = form_get(body, "seller_id");
    assert_string_equal(app, credential("ali-main", "app_id"));
    assert_string_equal(seller, credential("ali-main", "seller_id"));
    free(app);
    free(seller);
    cJSON_Delete(notes);
    notes = outbox("N1");
    assert_int_equal(cJSON_GetArraySize(notes), 0); /* taken once */
    cJSON_Delete(notes);
    cJSON_Delete(alipay("ali-main", "alipay.trade.refund",
                        "{\"out_trade_no\":\"N1\",\"refund_amount\":\"6.00\",\"out_request_no\":\"N1R1\"}"));
    notes = outbox("N1");
    char *status = form_get(text_of(notes, "0.body"), "trade_status"),
         *fee = form_get(text_of(notes, "0.body"), "refund_fee");
    assert_string_equal(status, "TRADE_CLOSED");
    assert_string_equal(fee, "6.00");
    free(status);
    free(fee);
    cJSON_Delete(notes);
}

static void stripe_notes(void **state)
{
    int64_t when;
    (void)state;
    new_stripe("N2");
    cJSON *notes = outbox("N2");
    assert_int_equal(cJSON_GetArraySize(notes), 1);
    assert_true(stripe_signed(cJSON_GetArrayItem(notes, 0), &when));
    assert_int_equal(when, CLOCK_START / 1000);
    cJSON *event = cJSON_Parse(text_of(notes, "0.body"));
    assert_string_equal(text_of(event, "type"), "payment_intent.succeeded");
    assert_int_equal(int_of(event, "data.object.amount_received"), 500);
    assert_string_equal(text_of(event, "data.object.metadata.reference"), "N2");
    char form[128];
    snprintf(form, sizeof form, "payment_intent=%s&amount=200", text_of(event, "data.object.id"));
    cJSON_Delete(event);
    cJSON_Delete(notes);
    drop(stripe("card-main", "POST", "/v1/refunds", form, NULL));
    notes = outbox("N2");
    event = cJSON_Parse(text_of(notes, "0.body"));
    assert_string_equal(text_of(event, "type"), "charge.refunded");
    assert_int_equal(int_of(event, "data.object.amount_refunded"), 200);
    cJSON_Delete(event);
    event = cJSON_Parse(text_of(notes, "1.body"));
    assert_string_equal(text_of(event, "type"), "refund.updated");
    cJSON_Delete(event);
    cJSON_Delete(notes);
}

static void delivered_until_success(void **state)
{
    char json[96];
    (void)state;
    new_alipay("N3", "p");
    answer_with(200, "success\n"); /* not exactly the seven bytes */
    cJSON *out = control("/_deliver", "{\"all\":true,\"reference\":\"N3\"}");
    assert_int_equal(cJSON_GetArraySize(out), 1);
    assert_int_equal(int_of(out, "0.status"), 200);
    assert_true(cJSON_IsFalse(cJSON_GetObjectItem(cJSON_GetArrayItem(out, 0), "acknowledged")));
    cJSON_Delete(out);
    assert_true(alipay_note_verify("ali-main", shop.last));
    answer_with(200, "success");
    out = control("/_deliver", "{\"all\":true,\"reference\":\"N3\",\"times\":3}");
    assert_int_equal(cJSON_GetArraySize(out), 3); /* duplicates */
    snprintf(json, sizeof json, "{\"id\":%lld}", (long long)int_of(out, "0.id"));
    cJSON_Delete(out);
    assert_int_equal(received(), 3);
    out = control("/_deliver", "{\"all\":true,\"reference\":\"N3\"}");
    assert_int_equal(cJSON_GetArraySize(out), 0); /* acknowledged */
    cJSON_Delete(out);
    cJSON_Delete(control("/_deliver", json)); /* but any of them may be sent again by its id */
    assert_int_equal(received(), 4);
}

static void reordered_and_at_once(void **state)
{
    (void)state;
    new_alipay("N4", "p");
    cJSON_Delete(alipay("ali-main", "alipay.trade.refund",
                        "{\"out_trade_no\":\"N4\",\"refund_amount\":\"6.00\",\"out_request_no\":\"N4R1\"}"));
    answer_with(200, "success");
    cJSON_Delete(control("/_deliver", "{\"all\":true,\"reference\":\"N4\",\"order\":\"reverse\"}"));
    assert_int_equal(received(), 2);
    assert_non_null(strstr(shop.all[0], "TRADE_CLOSED"));
    assert_non_null(strstr(shop.all[1], "TRADE_SUCCESS"));
    new_stripe("N4S");
    cJSON *out = control("/_deliver", "{\"all\":true,\"reference\":\"N4S\",\"times\":8,\"parallel\":8}");
    assert_int_equal(cJSON_GetArraySize(out), 8);
    cJSON_Delete(out);
}

static void wait_for(int count)
{
    for (int i = 0; i < 500 && received() < count; i++) {
        cJSON_Delete(ask("/_clock")); /* each call lets the sandbox's loop turn */
    }
    assert_int_equal(received(), count);
}

static void automatic_and_repeated(void **state)
{
    (void)state;
    cJSON_Delete(ask("/_outbox?take=1"));
    answer_with(500, "");
    cJSON_Delete(control("/_deliver", "{\"auto\":true}"));
    new_alipay("N5", "p");
    wait_for(1);
    advance(4 * 60000 - 1);
    wait_for(1);
    advance(1); /* Alipay's first repeat comes after four minutes */
    wait_for(2);
    answer_with(200, "success");
    advance(10 * 60000);
    wait_for(1);
    advance(INT64_C(86400000));
    for (int i = 0; i < 20; i++) {
        cJSON_Delete(ask("/_clock"));
    }
    wait_for(1);
    cJSON_Delete(control("/_deliver", "{\"auto\":false}"));
}

static void forged_alipay(void **state)
{
    static const struct {
        const char *kind, *field, *same_as; /* the field that is not ours */
        bool authentic;
    } rows[] = {{"bad_signature", NULL, NULL, false},
                {"foreign_app", "app_id", "app_id", true},
                {"wrong_seller", "seller_id", "seller_id", true},
                {"wrong_amount", "total_amount", NULL, true},
                {"unknown_reference", "out_trade_no", NULL, true},
                {"paid", NULL, NULL, true}};
    (void)state;
    new_alipay("N6", "s");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char json[128];
        snprintf(json, sizeof json, "{\"account\":\"ali-main\",\"reference\":\"N6\",\"kind\":\"%s\"}",
                 rows[i].kind);
        cJSON *note = control("/_forge", json);
        assert_int_equal(alipay_note_verify("ali-main", text_of(note, "body")), rows[i].authentic);
        char *value = rows[i].field ? form_get(text_of(note, "body"), rows[i].field) : NULL;
        const char *ours = rows[i].same_as ? credential("ali-main", rows[i].same_as)
                           : rows[i].field && strcmp(rows[i].field, "total_amount") == 0 ? "6.00"
                                                                                         : "N6";
        if (value) {
            assert_string_not_equal(value, ours);
        }
        free(value);
        cJSON_Delete(note);
    }
    cJSON *one = book("ali-main", "N6");
    assert_int_equal(int_of(one, "captured"), 0); /* forging moves no money */
    cJSON_Delete(one);
}

static void forged_stripe(void **state)
{
    static const struct {
        const char *kind;
        bool authentic;
        int64_t skew;
    } rows[] = {{"bad_signature", false, 0},    {"foreign_app", false, 0},
                {"wrong_amount", true, 0},      {"unknown_reference", true, 0},
                {"old_timestamp", true, -3600}, {"future_timestamp", true, 3600}};
    (void)state;
    new_stripe("N7");
    cJSON *clock = ask("/_clock");
    int64_t now = int_of(clock, "now_ms") / 1000, when;
    cJSON_Delete(clock);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char json[128];
        snprintf(json, sizeof json, "{\"account\":\"card-main\",\"reference\":\"N7\",\"kind\":\"%s\"}",
                 rows[i].kind);
        cJSON *note = control("/_forge", json);
        assert_int_equal(stripe_signed(note, &when), rows[i].authentic);
        assert_int_equal(when, now + rows[i].skew);
        cJSON *event = cJSON_Parse(text_of(note, "body"));
        assert_int_equal(int_of(event, "data.object.amount_received"), i == 2 ? 600 : i == 3 ? 100 : 500);
        cJSON_Delete(event);
        cJSON_Delete(note);
    }
}

/* WeChat Pay wants 200 or 204, an epay panel the word anywhere in the answer, whatever its status. */
static void each_provider_wants_its_answer(void **state)
{
    static const struct {
        int status;
        const char *text;
        bool wechat, epay;
    } rows[] = {{500, "success", false, true},
                {201, "", false, false},
                {200, "fail", true, false},
                {204, "", true, false},
                {200, "<b>Success</b>", true, true}};
    char fields[256];
    (void)state;
    cJSON_Delete(ask("/_outbox?take=1"));
    wx_fetch("wx-main");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char number[16], json[64];
        snprintf(number, sizeof number, "NOTE%04zu", i);
        snprintf(fields, sizeof fields,
                 "pid=1001&type=alipay&out_trade_no=%s&name=n&money=1&clientip=1.2.3.4"
                 "&notify_url=http://127.0.0.1:%d/notify/epay-main",
                 number, notify_port());
        cJSON_Delete(epay("epay-main", "/mapi.php", fields));
        assert_int_equal(epay_act("epay-main", "reference", number, "pay"), 200);
        wx_paid(number, 100);
        answer_with(rows[i].status, rows[i].text);
        snprintf(json, sizeof json, "{\"all\":true,\"reference\":\"%s\"}", number);
        cJSON *out = control("/_deliver", json);
        assert_int_equal(cJSON_GetArraySize(out), 2);
        for (int k = 0; k < 2; k++) {
            const cJSON *note = cJSON_GetArrayItem(out, k);
            bool wechat = strcmp(text_of(note, "account"), "wx-main") == 0;
            assert_int_equal(cJSON_IsTrue(cJSON_GetObjectItem(note, "acknowledged")),
                             wechat ? rows[i].wechat : rows[i].epay);
        }
        cJSON_Delete(out);
        assert_int_equal(received(), 2);
    }
    cJSON_Delete(ask("/_outbox?take=1"));
}

static void repeated_as_wechat_does(void **state)
{
    (void)state;
    answer_with(500, "");
    cJSON_Delete(control("/_deliver", "{\"auto\":true}"));
    wx_paid("NOTE9999", 100);
    wait_for(1);
    advance(15000);
    wait_for(2);
    advance(14999);
    wait_for(2);
    advance(1);
    wait_for(3);
    answer_with(204, "");
    advance(30000);
    wait_for(1);
    cJSON_Delete(control("/_deliver", "{\"auto\":false}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alipay_notes),
        cmocka_unit_test(stripe_notes),
        cmocka_unit_test(delivered_until_success),
        cmocka_unit_test(reordered_and_at_once),
        cmocka_unit_test(automatic_and_repeated),
        cmocka_unit_test(forged_alipay),
        cmocka_unit_test(forged_stripe),
        cmocka_unit_test(each_provider_wants_its_answer),
        cmocka_unit_test(repeated_as_wechat_does),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
