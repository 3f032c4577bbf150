/* WeChat Pay's answers: every state, every documented refusal, and what makes an answer say nothing. */
#include "adapter_wechatpay_fixture.h"

enum { SIGNED = 1, BARE = 2, WRONG_KEY = 3, OTHER_BODY = 4, OLD = 5, AHEAD = 6, STRANGER = 7 };

typedef struct world {
    adk k;
    pr_keyring *ring;
} world;

static void open_world(world *w, const char *flow)
{
    adk_open(&w->k, WX_OURS, "wechat", flow, "CNY");
    w->ring = wx_ring(&w->k);
    w->k.subject.keyring = w->ring;
}

static void close_world(world *w)
{
    wx_ring_free(w->ring);
    adk_close(&w->k);
}

/* One answer, signed in one of the ways above. */
static void answer(world *w, int32_t operation, int32_t status, const char *body, int how, const char *more)
{
    char headers[4096] = "HTTP/1.1 200 OK\r\nDate: Tue, 25 Nov 2025 09:55:00 GMT\r\n";
    size_t len = strlen(body);
    const char *key = how == WRONG_KEY ? WX_SECOND_PRIVATE : WX_PLATFORM_PRIVATE;
    const char *serial = how == STRANGER ? WX_SECOND_SERIAL : WX_SERIAL;
    int64_t when = NOW_S + (how == OLD ? -301 : how == AHEAD ? 301 : 0);
    if (how != BARE) {
        wx_headers(headers, sizeof headers, key, serial, when, how == OTHER_BODY ? "{}" : body,
                   how == OTHER_BODY ? 2 : len);
    }
    snprintf(headers + strlen(headers), sizeof headers - strlen(headers), "%s", more ? more : "");
    adk_read(&w->k, operation, 1, status, headers, body, len, 1);
}

static int32_t attempt_event(const world *w)
{
    return adk_fact(&w->k, PR_TARGET_ATTEMPT)->event;
}

static int32_t action_event(const world *w)
{
    return adk_fact(&w->k, PR_TARGET_ACTION)->event;
}

/* ---- orders -------------------------------------------------------------------------------------------- */

static void a_code_is_shown(void **state)
{
    (void)state;
    world w;
    open_world(&w, "qr");
    static const char body[] = "{\"code_url\":\"weixin://wxpay/bizpayurl?pr=JyC91EIz1\"}";
    answer(&w, PR_OP_CREATE, 200, body, SIGNED, NULL);
    assert_int_equal(attempt_event(&w), PR_EV_ACTION_NEEDED);
    assert_int_equal(w.k.reading.show_kind, PR_SHOW_QR);
    assert_string_equal(w.k.reading.show.at, "weixin://wxpay/bizpayurl?pr=JyC91EIz1");
    assert_int_equal(adk_fact(&w.k, PR_TARGET_ATTEMPT)->evidence, PR_EVIDENCE_SIGNED);
    assert_int_equal(adk_fact(&w.k, PR_TARGET_ATTEMPT)->provider_ms, INT64_C(1764064500000));
    static const int ways[] = {BARE, WRONG_KEY, OTHER_BODY, OLD, AHEAD, STRANGER};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        answer(&w, PR_OP_CREATE, 200, body, ways[i], NULL);
        assert_int_equal(attempt_event(&w), PR_EV_UNCLEAR);
        assert_int_equal(w.k.reading.show_kind, PR_SHOW_NONE);
        assert_string_equal(w.k.reading.need_aux, ways[i] == STRANGER ? WX_SECOND_SERIAL : "");
    }
    static const char *const none[] = {"{}", "{\"code_url\":\"\"}", "{\"code_url\":7}", "[]", "", "<html>"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        answer(&w, PR_OP_CREATE, 200, none[i], SIGNED, NULL);
        assert_int_equal(attempt_event(&w), PR_EV_UNCLEAR);
    }
    answer(&w, PR_OP_CREATE, 202, body, SIGNED, NULL); /* "not processed yet: the same request again" */
    assert_int_equal(attempt_event(&w), PR_EV_UNCLEAR);
    close_world(&w);
}

static void an_address_comes_back_to_the_shop(void **state)
{
    (void)state;
    world w;
    open_world(&w, "redirect");
    adk_content(&w.k, &wx_wish);
    answer(&w, PR_OP_CREATE, 200,
           "{\"h5_url\":\"https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=wx2016&package=1\"}",
           SIGNED, NULL);
    assert_int_equal(attempt_event(&w), PR_EV_ACTION_NEEDED);
    assert_int_equal(w.k.reading.show_kind, PR_SHOW_URL);
    assert_string_equal(w.k.reading.show.at,
                        "https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=wx2016&package=1"
                        "&redirect_url=https%3A%2F%2Fshop.example%2Fr%3Fa%3D1");
    answer(&w, PR_OP_CREATE, 200, "{\"h5_url\":\"javascript:alert(1)\"}", SIGNED, NULL);
    assert_int_equal(attempt_event(&w), PR_EV_UNCLEAR);
    close_world(&w);
}

static void a_page_gets_signed_parameters(void **state)
{
    (void)state;
    world w;
    open_world(&w, "token");
    adk_content(&w.k, &wx_wish);
    answer(&w, PR_OP_CREATE, 200, "{\"prepay_id\":\"wx201410272009395522657a690389285100\"}", SIGNED, NULL);
    assert_int_equal(attempt_event(&w), PR_EV_ACTION_NEEDED);
    assert_int_equal(w.k.reading.show_kind, PR_SHOW_CLIENT_SECRET);
    payroute_json *doc = NULL;
    assert_int_equal(payroute_json_parse(&doc, w.k.reading.show.at, w.k.reading.show.len, NULL, 0),
                     PAYROUTE_OK);
    const payroute_json_node *root = payroute_json_root(doc);
    assert_int_equal(payroute_json_count(root), 6);
    assert_string_equal(payroute_json_string(payroute_json_get(root, "appId")), "wx2421b1c4370ec43b");
    assert_string_equal(payroute_json_string(payroute_json_get(root, "timeStamp")), "1764064500");
    assert_string_equal(payroute_json_string(payroute_json_get(root, "signType")), "RSA");
    assert_string_equal(payroute_json_string(payroute_json_get(root, "package")),
                        "prepay_id=wx201410272009395522657a690389285100");
    const char *nonce = payroute_json_string(payroute_json_get(root, "nonceStr"));
    assert_int_equal(strlen(nonce), 32);
    char text[256], sign[1024]; /* four lines, the last one too is ended */
    int n = snprintf(text, sizeof text,
                     "wx2421b1c4370ec43b\n1764064500\n%s\nprepay_id=wx201410272009395522657a690389285100\n",
                     nonce);
    wx_sign(sign, sizeof sign, ADK_OFFICIAL_APP_PRIVATE, text, (size_t)n);
    assert_string_equal(payroute_json_string(payroute_json_get(root, "paySign")), sign);
    payroute_json_free(doc);
    close_world(&w);
}

/* ---- queries ------------------------------------------------------------------------------------------- */

#define PAID_BODY(state, reference, merchant, app, total, currency)                                             \
    "{\"appid\":\"" app "\",\"mchid\":\"" merchant "\",\"out_trade_no\":\"" reference                           \
    "\",\"transaction_id\":\"1217752501201407033233368018\",\"trade_type\":\"NATIVE\",\"trade_state\":\"" state \
    "\",\"trade_state_desc\":\"支付成功\",\"bank_type\":\"CMC\",\"attach\":\"00ff\","                           \
    "\"success_time\":\"2025-11-25T17:54:59+08:00\",\"payer\":{\"openid\":\"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o\"},"   \
    "\"amount\":{\"total\":" total ",\"payer_total\":1000,\"currency\":\"" currency                             \
    "\",\"payer_currency\":\"CNY\"}}"
#define PAID PAID_BODY("SUCCESS", REF, "1900007291", "wx2421b1c4370ec43b", "1250", "CNY")
#define STATE(state)                                                                                         \
    "{\"appid\":\"wx2421b1c4370ec43b\",\"mchid\":\"1900007291\",\"out_trade_no\":\"" REF                     \
    "\",\"trade_state\":\"" state "\",\"trade_state_desc\":\"x\"}"

static void every_state(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        int event, final;
    } t[] = {
        {STATE("NOTPAY"), PR_EV_ST_UNPAID, 0},
        {STATE("CLOSED"), PR_EV_ST_CLOSED, 1},
        {STATE("REVOKED"), PR_EV_ST_CLOSED, 1},
        {STATE("USERPAYING"), PR_EV_ST_PROCESSING, 0},
        {STATE("ACCEPT"), PR_EV_ST_PROCESSING, 0},
        {STATE("PAYERROR"), PR_EV_ST_DECLINED, 0},
        {STATE("NEWSTATE"), PR_EV_UNCLEAR, 0},
        {STATE(""), PR_EV_UNCLEAR, 0},
        {STATE("SUCCESS"), PR_EV_UNCLEAR, 0}, /* without an amount and a number */
        {PAID, PR_EV_PAID, 0},
        {PAID_BODY("REFUND", REF, "1900007291", "wx2421b1c4370ec43b", "1250", "CNY"), PR_EV_MISMATCH, 0},
        {PAID_BODY("SUCCESS", "0K3V9Z2M4QABCDEFGHJKMNPQRT", "1900007291", "wx2421b1c4370ec43b", "1250",
                   "CNY"),
         PR_EV_UNCLEAR, 0},
        {PAID_BODY("SUCCESS", REF, "1900007291", "wx2421b1c4370ec43b", "12.5", "CNY"), PR_EV_UNCLEAR, 0},
        {PAID_BODY("SUCCESS", REF, "1900007291", "wx2421b1c4370ec43b", "\"1250\"", "CNY"), PR_EV_UNCLEAR, 0},
        {PAID_BODY("SUCCESS", REF, "1900007291", "wx2421b1c4370ec43b", "1e3", "CNY"), PR_EV_UNCLEAR, 0},
    };
    world w;
    open_world(&w, "qr");
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        answer(&w, PR_OP_QUERY, 200, t[i].body, SIGNED, NULL);
        const pr_fact *f = adk_fact(&w.k, PR_TARGET_ATTEMPT);
        if (f->event != t[i].event || f->final != t[i].final) {
            fail_msg("case %zu: event %d, final %d", i, (int)f->event, (int)f->final);
        }
    }
    answer(&w, PR_OP_QUERY, 200, PAID, SIGNED, NULL);
    const pr_fact *f = adk_fact(&w.k, PR_TARGET_ATTEMPT);
    assert_int_equal(f->amount_minor,
                     1250); /* what was ordered, not what the customer paid beside a coupon */
    assert_string_equal(f->currency, "CNY");
    assert_string_equal(f->txn_id, "1217752501201407033233368018");
    assert_int_equal(f->merchant_equal, 1);
    assert_string_equal(f->reference, REF);
    close_world(&w);
}

static void another_merchant_is_told_apart(void **state)
{
    (void)state;
    world w;
    open_world(&w, "qr");
    answer(&w, PR_OP_QUERY, 200, PAID_BODY("SUCCESS", REF, "1900007292", "wx2421b1c4370ec43b", "1250", "CNY"),
           SIGNED, NULL);
    assert_int_equal(adk_fact(&w.k, PR_TARGET_ATTEMPT)->merchant_equal, 0);
    answer(&w, PR_OP_QUERY, 200, PAID_BODY("SUCCESS", REF, "1900007291", "wx2421b1c4370ec43c", "1250", "CNY"),
           SIGNED, NULL);
    assert_int_equal(adk_fact(&w.k, PR_TARGET_ATTEMPT)->merchant_equal, 0);
    answer(&w, PR_OP_QUERY, 200, PAID_BODY("SUCCESS", REF, "1900007291", "", "1250", "CNY"), SIGNED, NULL);
    assert_int_equal(adk_fact(&w.k, PR_TARGET_ATTEMPT)->merchant_equal, -1);
    answer(&w, PR_OP_QUERY, 200, PAID_BODY("SUCCESS", REF, "1900007291", "wx2421b1c4370ec43b", "1249", "USD"),
           SIGNED, NULL);
    assert_int_equal(adk_fact(&w.k, PR_TARGET_ATTEMPT)->amount_minor, 1249);
    assert_string_equal(adk_fact(&w.k, PR_TARGET_ATTEMPT)->currency, "USD");
    close_world(&w);
}

/* The merchant bound another application since: the order is what it was made as, and so is what is shown. */
static void an_order_keeps_its_application(void **state)
{
    (void)state;
    world w;
    static const char shown[] = "{\"appId\":\"wx0000000000000001\"";
    open_world(&w, "token");
    adk_content(&w.k, &wx_wish);
    memcpy(strstr(w.k.content.at, "wx2421b1c4370ec43b"), "wx0000000000000001", 18);
    answer(&w, PR_OP_CREATE, 200, "{\"prepay_id\":\"wx201410272009395522657a690389285100\"}", SIGNED, NULL);
    assert_int_equal(strncmp(w.k.reading.show.at, shown, strlen(shown)), 0);
    answer(&w, PR_OP_QUERY, 200, PAID_BODY("SUCCESS", REF, "1900007291", "wx0000000000000001", "1250", "CNY"),
           SIGNED, NULL);
    assert_int_equal(attempt_event(&w), PR_EV_PAID);
    assert_int_equal(adk_fact(&w.k, PR_TARGET_ATTEMPT)->merchant_equal, 1);
    answer(&w, PR_OP_QUERY, 200, PAID_BODY("SUCCESS", REF, "1900007292", "wx0000000000000001", "1250", "CNY"),
           SIGNED, NULL);
    assert_int_equal(adk_fact(&w.k, PR_TARGET_ATTEMPT)->merchant_equal, 0);
    answer(&w, PR_OP_QUERY, 200, PAID_BODY("SUCCESS", REF, "1900007291", "wx0000000000000002", "1250", "CNY"),
           SIGNED, NULL);
    assert_int_equal(adk_fact(&w.k, PR_TARGET_ATTEMPT)->merchant_equal, 0);
    close_world(&w);
}

static void a_body_cut_anywhere_is_never_paid(void **state)
{
    (void)state;
    world w;
    char headers[4096];
    open_world(&w, "qr");
    size_t len = strlen(PAID);
    wx_headers(headers, sizeof headers, WX_PLATFORM_PRIVATE, WX_SERIAL, NOW_S, PAID, len);
    for (size_t n = 0; n < len; n++) {
        adk_read(&w.k, PR_OP_QUERY, 1, 200, headers, PAID, n, 1);
        assert_int_equal(attempt_event(&w), PR_EV_UNCLEAR);
        assert_int_equal(adk_fact(&w.k, PR_TARGET_ATTEMPT)->evidence, PR_EVIDENCE_NONE);
    }
    adk_read(&w.k, PR_OP_QUERY, 1, 200, headers, PAID, len, 0); /* the signature is the proof, not the line */
    assert_int_equal(attempt_event(&w), PR_EV_PAID);
    size_t cut = strlen(headers);
    for (size_t n = 0; n < cut; n += 7) { /* and so are headers that are cut */
        char some[4096];
        memcpy(some, headers, n);
        some[n] = '\0';
        if (!strstr(some, "Wechatpay-Signature: ") || n < cut - 60) {
            adk_read(&w.k, PR_OP_QUERY, 1, 200, some, PAID, len, 1);
            assert_int_equal(attempt_event(&w), PR_EV_UNCLEAR);
        }
    }
    close_world(&w);
}

static void another_algorithm_is_not_chosen_by_the_sender(void **state)
{
    (void)state;
    world w;
    open_world(&w, "qr");
    answer(&w, PR_OP_QUERY, 200, PAID, SIGNED, "Wechatpay-Serial: " WX_SERIAL "\r\n"); /* twice */
    assert_int_equal(attempt_event(&w), PR_EV_UNCLEAR);
    char headers[4096];
    wx_headers(headers, sizeof headers, WX_PLATFORM_PRIVATE, WX_SERIAL, NOW_S, PAID, strlen(PAID));
    memcpy(strstr(headers, "WECHATPAY2-SHA256"), "WECHATPAY2-SM3256", 17);
    adk_read(&w.k, PR_OP_QUERY, 1, 200, headers, PAID, strlen(PAID), 1);
    assert_int_equal(attempt_event(&w), PR_EV_UNCLEAR);
    close_world(&w);
}

static void a_configured_public_key_verifies(void **state)
{
    (void)state;
    adk k;
    char headers[4096];
    wx_open(&k, WX_CREDENTIAL("2", WX_APIV3, ""),
            WX_CREDENTIAL("1", WX_OLD_APIV3,
                          ",\"public_key_id\":\"" WX_KEY_ID "\",\"public_key\":\"" ADK_ALIPAY_PUBLIC "\""));
    wx_headers(headers, sizeof headers, ADK_ALIPAY_PRIVATE, WX_KEY_ID, NOW_S, PAID, strlen(PAID));
    adk_read(&k, PR_OP_QUERY, 1, 200, headers, PAID, strlen(PAID), 1);
    assert_int_equal(adk_fact(&k, PR_TARGET_ATTEMPT)->event, PR_EV_PAID);
    wx_headers(headers, sizeof headers, WX_PLATFORM_PRIVATE, WX_KEY_ID, NOW_S, PAID, strlen(PAID));
    adk_read(&k, PR_OP_QUERY, 1, 200, headers, PAID, strlen(PAID), 1);
    assert_int_equal(adk_fact(&k, PR_TARGET_ATTEMPT)->event, PR_EV_UNCLEAR);
    wx_headers(headers, sizeof headers, WX_PLATFORM_PRIVATE, WX_SERIAL, NOW_S, PAID, strlen(PAID));
    adk_read(&k, PR_OP_QUERY, 1, 200, headers, PAID, strlen(PAID),
             1); /* the account moves from one to the other */
    assert_string_equal(k.reading.need_aux, WX_SERIAL);
    adk_close(&k);
}

/* ---- closes and refunds -------------------------------------------------------------------------------- */

static void a_close_is_asked_after(void **state)
{
    (void)state;
    world w;
    open_world(&w, "qr");
    answer(&w, PR_OP_CLOSE, 204, "", SIGNED, NULL);
    assert_int_equal(w.k.reading.count, 1);
    assert_int_equal(action_event(&w), PR_AE_UNCLEAR); /* 204 comes for a number that was never seen, too */
    answer(&w, PR_OP_CLOSE, 400, "{\"code\":\"ORDER_CLOSED\",\"message\":\"订单已关闭\"}", SIGNED, NULL);
    assert_int_equal(action_event(&w), PR_AE_DONE);
    assert_int_equal(attempt_event(&w), PR_EV_ST_CLOSED);
    assert_int_equal(adk_fact(&w.k, PR_TARGET_ATTEMPT)->final, 1);
    answer(&w, PR_OP_CLOSE, 404, "{\"code\":\"ORDERNOTEXIST\",\"message\":\"订单不存在\"}", SIGNED, NULL);
    assert_int_equal(action_event(&w), PR_AE_NOT_FOUND);
    assert_int_equal(attempt_event(&w), PR_EV_ST_NOT_FOUND);
    answer(&w, PR_OP_CLOSE, 400, "{\"code\":\"ORDERPAID\",\"message\":\"该订单已支付\"}", SIGNED, NULL);
    assert_int_equal(action_event(&w), PR_AE_UNCLEAR);
    answer(&w, PR_OP_CLOSE, 400, "{\"code\":\"INVALID_REQUEST\",\"message\":\"该订单已支付\"}", SIGNED,
           "Request-ID: 08F5B8C2B506102C18FDDFEEA30620BE821E28EDC405-268449538\r\n");
    assert_int_equal(action_event(&w), PR_AE_UNCLEAR);
    close_world(&w);
}

#define REFUND_BODY(status, key, refund, currency)                                                           \
    "{\"refund_id\":\"50000000382019052709732678859\",\"out_refund_no\":\"" key                              \
    "\",\"transaction_id\":\"1217752501201407033233368018\",\"out_trade_no\":\"" REF                         \
    "\",\"channel\":\"ORIGINAL\",\"status\":\"" status "\",\"create_time\":\"2025-11-25T17:54:59+08:00\","   \
    "\"amount\":{\"total\":1250,\"refund\":" refund ",\"payer_total\":1000,\"payer_refund\":200" currency    \
    "}}"
#define CNY ",\"currency\":\"CNY\""

static void every_refund_state(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        int event;
        const char *reason;
    } t[] = {
        {REFUND_BODY("SUCCESS", REFUND_KEY, "250", CNY), PR_AE_DONE, NULL},
        {REFUND_BODY("PROCESSING", REFUND_KEY, "250", CNY), PR_AE_PENDING, "processing"},
        {REFUND_BODY("ABNORMAL", REFUND_KEY, "250", CNY), PR_AE_PENDING, "refund_undeliverable"},
        {REFUND_BODY("CLOSED", REFUND_KEY, "250", CNY), PR_AE_FAILED, "refund_not_allowed"},
        {REFUND_BODY("NEW", REFUND_KEY, "250", CNY), PR_AE_UNCLEAR, "unknown_outcome"},
        {REFUND_BODY("SUCCESS", REF "R2", "250", CNY), PR_AE_UNCLEAR, NULL},
        {REFUND_BODY("SUCCESS", REFUND_KEY, "\"x\"", CNY), PR_AE_UNCLEAR, NULL},
        {"{}", PR_AE_UNCLEAR, NULL},
    };
    static const int32_t operations[] = {PR_OP_REFUND, PR_OP_REFUND_QUERY};
    world w;
    open_world(&w, "qr");
    w.k.subject.key = REFUND_KEY;
    w.k.subject.amount_minor = 250;
    for (size_t i = 0; i < 2 * sizeof t / sizeof t[0]; i++) {
        answer(&w, operations[i % 2], 200, t[i / 2].body, SIGNED, NULL);
        const pr_fact *f = adk_fact(&w.k, PR_TARGET_ACTION);
        if (f->event != t[i / 2].event ||
            (t[i / 2].reason && strcmp(f->meaning.name ? f->meaning.name : "", t[i / 2].reason) != 0)) {
            fail_msg("case %zu: event %d, %s", i, (int)f->event, f->meaning.name);
        }
    }
    answer(&w, PR_OP_REFUND, 200, t[0].body, SIGNED, NULL);
    const pr_fact *f = adk_fact(&w.k, PR_TARGET_ACTION);
    assert_int_equal(f->amount_minor, 250);
    assert_string_equal(f->currency, "CNY");
    assert_string_equal(f->txn_id, REFUND_KEY);
    assert_string_equal(f->reference, REF);
    answer(&w, PR_OP_REFUND, 200, REFUND_BODY("SUCCESS", REFUND_KEY, "250", ""), SIGNED, NULL);
    assert_string_equal(adk_fact(&w.k, PR_TARGET_ACTION)->currency, ""); /* absent: compared, hence unknown */
    close_world(&w);
}

/* ---- refusals ------------------------------------------------------------------------------------------ */

typedef struct refusal {
    int32_t operation;
    int status;
    const char *code;
    int event;
    const char *reason;
} refusal;

static void check_refusals(const refusal *t, size_t count)
{
    world w;
    open_world(&w, "qr");
    w.k.subject.key = REFUND_KEY;
    for (size_t i = 0; i < count; i++) {
        char body[256];
        snprintf(body, sizeof body, "{\"code\":\"%s\",\"message\":\"%s\"}", t[i].code, "x " WX_APIV3);
        for (int how = SIGNED; how <= BARE; how++) {
            answer(&w, t[i].operation, t[i].status, body, how, NULL);
            const pr_fact *f = adk_fact(&w.k, pr_operation_target(t[i].operation));
            if (f->event != t[i].event || strcmp(f->meaning.name ? f->meaning.name : "", t[i].reason) != 0) {
                fail_msg("%s %d: event %d, reason %s", t[i].code, t[i].status, (int)f->event,
                         f->meaning.name);
            }
            assert_int_equal(f->evidence, how == SIGNED ? PR_EVIDENCE_SIGNED : PR_EVIDENCE_TLS);
            assert_false(adk_holds(f, sizeof *f, WX_APIV3)); /* no secret in a text that is kept */
        }
        answer(&w, t[i].operation, t[i].status, body, WRONG_KEY, NULL);
        int unclear = pr_operation_target(t[i].operation) == PR_TARGET_ACTION ? PR_AE_UNCLEAR : PR_EV_UNCLEAR;
        assert_int_equal(adk_fact(&w.k, pr_operation_target(t[i].operation))->event, unclear);
    }
    close_world(&w);
}

static void refused_orders(void **state)
{
    (void)state;
    static const refusal t[] = {
        {PR_OP_CREATE, 400, "PARAM_ERROR", PR_EV_INVALID, "invalid_request"},
        {PR_OP_CREATE, 400, "INVALID_REQUEST", PR_EV_INVALID, "invalid_request"},
        {PR_OP_CREATE, 400, "APPID_MCHID_NOT_MATCH", PR_EV_INVALID, "merchant_configuration"},
        {PR_OP_CREATE, 400, "MCH_NOT_EXISTS", PR_EV_INVALID, "merchant_configuration"},
        {PR_OP_CREATE, 401, "SIGN_ERROR", PR_EV_REFUSED_BEFORE, "signature_rejected"},
        {PR_OP_CREATE, 403, "NO_AUTH", PR_EV_REFUSED_BEFORE, "permission_denied"},
        {PR_OP_CREATE, 403, "ACCOUNT_ERROR", PR_EV_DECLINED, "customer_account_restricted"},
        {PR_OP_CREATE, 403, "NOT_ENOUGH", PR_EV_DECLINED, "insufficient_funds"},
        {PR_OP_CREATE, 403, "RULE_LIMIT", PR_EV_REFUSED_BEFORE, "rate_limited"},
        {PR_OP_CREATE, 429, "FREQUENCY_LIMITED", PR_EV_REFUSED_BEFORE, "rate_limited"},
        /* an order under this number may be paid, or something may have run */
        {PR_OP_CREATE, 403, "OUT_TRADE_NO_USED", PR_EV_UNCLEAR, "same_key_other_content"},
        {PR_OP_CREATE, 400, "ORDERPAID", PR_EV_UNCLEAR, "already_paid"},
        {PR_OP_CREATE, 400, "ORDER_CLOSED", PR_EV_UNCLEAR, "order_closed"},
        {PR_OP_CREATE, 403, "TRADE_ERROR", PR_EV_UNCLEAR, "state_conflict"},
        {PR_OP_CREATE, 404, "ORDER_NOT_EXIST", PR_EV_UNCLEAR, "order_not_found"},
        {PR_OP_CREATE, 500, "SYSTEM_ERROR", PR_EV_UNCLEAR, "provider_system_error"},
        {PR_OP_CREATE, 500, "BANK_ERROR", PR_EV_UNCLEAR, "provider_timeout"},
        {PR_OP_CREATE, 500, "OPENID_MISMATCH", PR_EV_UNCLEAR, "contradictory_answer"},
        {PR_OP_CREATE, 403, "A_NEW_ONE", PR_EV_UNCLEAR, "unknown_outcome"},
    };
    check_refusals(t, sizeof t / sizeof t[0]);
}

static void refused_lookups_and_refunds(void **state)
{
    (void)state;
    static const refusal t[] = {
        {PR_OP_QUERY, 404, "ORDER_NOT_EXIST", PR_EV_ST_NOT_FOUND, "order_not_found"},
        {PR_OP_QUERY, 404, "ORDERNOTEXIST", PR_EV_ST_NOT_FOUND, "order_not_found"},
        {PR_OP_QUERY, 400, "PARAM_ERROR", PR_EV_UNCLEAR, "invalid_request"},
        {PR_OP_QUERY, 403, "TRADE_ERROR", PR_EV_UNCLEAR, "state_conflict"},
        {PR_OP_QUERY, 429, "FREQUENCY_LIMITED", PR_EV_UNCLEAR, "rate_limited"},
        {PR_OP_CLOSE, 400, "PARAM_ERROR", PR_AE_REFUSED, "invalid_request"},
        {PR_OP_CLOSE, 403, "NO_AUTH", PR_AE_REFUSED_BEFORE, "permission_denied"},
        {PR_OP_REFUND, 403, "NOT_ENOUGH", PR_AE_REFUSED_BEFORE, "merchant_balance_too_low"},
        {PR_OP_REFUND, 403, "USER_ACCOUNT_ABNORMAL", PR_AE_REFUSED, "refund_undeliverable"},
        {PR_OP_REFUND, 400, "INVALID_REQUEST", PR_AE_REFUSED, "invalid_request"},
        {PR_OP_REFUND, 404, "MCH_NOT_EXISTS", PR_AE_REFUSED, "merchant_configuration"},
        {PR_OP_REFUND, 404, "RESOURCE_NOT_EXISTS", PR_AE_UNCLEAR, "order_not_found"},
        {PR_OP_REFUND, 429, "FREQUENCY_LIMITED", PR_AE_UNCLEAR, "provider_unavailable"},
        {PR_OP_REFUND, 429, "RATELIMIT_EXCEEDED", PR_AE_UNCLEAR, "provider_unavailable"},
        {PR_OP_REFUND, 403, "RULE_LIMIT", PR_AE_UNCLEAR, "state_conflict"},
        {PR_OP_REFUND, 500, "SYSTEM_ERROR", PR_AE_UNCLEAR, "provider_system_error"},
        {PR_OP_REFUND_QUERY, 404, "RESOURCE_NOT_EXISTS", PR_AE_NOT_FOUND, "order_not_found"},
        {PR_OP_REFUND_QUERY, 403, "NO_AUTH", PR_AE_UNCLEAR, "permission_denied"},
    };
    check_refusals(t, sizeof t / sizeof t[0]);
}

/* The number behind Request-ID takes proofs away and gives none. */
static void request_numbers(void **state)
{
    (void)state;
    static const char invalid[] = "{\"code\":\"INVALID_REQUEST\",\"message\":\"x\"}";
    world w;
    open_world(&w, "qr");
    answer(&w, PR_OP_CREATE, 400, invalid, SIGNED, "Request-ID: 08F5-268498689\r\n");
    assert_int_equal(attempt_event(&w), PR_EV_UNCLEAR);
    assert_string_equal(adk_fact(&w.k, PR_TARGET_ATTEMPT)->meaning.name, "already_paid");
    answer(&w, PR_OP_CREATE, 400, invalid, SIGNED, "Request-ID: 08F5-268447914\r\n");
    assert_int_equal(attempt_event(&w), PR_EV_UNCLEAR);
    answer(&w, PR_OP_CREATE, 400, invalid, SIGNED, "Request-ID: 08F5-268448010\r\n");
    assert_int_equal(attempt_event(&w), PR_EV_INVALID);
    assert_string_equal(adk_fact(&w.k, PR_TARGET_ATTEMPT)->meaning.name, "merchant_blocked");
    answer(&w, PR_OP_QUERY, 403, "{\"code\":\"TRADE_ERROR\"}", SIGNED, "Request-ID: 08F5-268512771\r\n");
    assert_int_equal(attempt_event(&w), PR_EV_UNCLEAR);
    answer(&w, PR_OP_CREATE, 403, "{\"code\":\"TRADE_ERROR\"}", SIGNED, "Request-ID: 08F5-268435461\r\n");
    assert_int_equal(attempt_event(&w), PR_EV_UNCLEAR);
    close_world(&w);
}

static void a_door_without_a_code_says_nothing(void **state)
{
    (void)state;
    static const char *const bodies[] = {"",    "<html>404</html>", "{}", "{\"code\":\"\"}", "{\"code\":7}",
                                         "null"};
    world w;
    open_world(&w, "qr");
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        for (int status = 401; status <= 405; status++) {
            answer(&w, PR_OP_QUERY, status, bodies[i], BARE, NULL);
            assert_int_equal(attempt_event(&w), PR_EV_UNCLEAR);
            answer(&w, PR_OP_CLOSE, status, bodies[i], SIGNED, NULL);
            assert_int_equal(action_event(&w), PR_AE_UNCLEAR);
        }
    }
    adk_read(&w.k, PR_OP_QUERY, 1, 404, "", "{\"code\":\"ORDER_NOT_EXIST\"}", 26, 0); /* by whom? */
    assert_int_equal(adk_fact(&w.k, PR_TARGET_ATTEMPT)->evidence, PR_EVIDENCE_NONE);
    assert_int_equal(attempt_event(&w), PR_EV_UNCLEAR);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_code_is_shown),
        cmocka_unit_test(an_address_comes_back_to_the_shop),
        cmocka_unit_test(a_page_gets_signed_parameters),
        cmocka_unit_test(every_state),
        cmocka_unit_test(another_merchant_is_told_apart),
        cmocka_unit_test(an_order_keeps_its_application),
        cmocka_unit_test(a_body_cut_anywhere_is_never_paid),
        cmocka_unit_test(another_algorithm_is_not_chosen_by_the_sender),
        cmocka_unit_test(a_configured_public_key_verifies),
        cmocka_unit_test(a_close_is_asked_after),
        cmocka_unit_test(every_refund_state),
        cmocka_unit_test(refused_orders),
        cmocka_unit_test(refused_lookups_and_refunds),
        cmocka_unit_test(request_numbers),
        cmocka_unit_test(a_door_without_a_code_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
