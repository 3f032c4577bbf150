/* Alipay: official vectors, the requests byte by byte, notifications true and forged. */
#include "adapter_alipay_fixture.h"

/* ---- official vectors ---------------------------------------------------------------------------------- */

/* github.com/alipay/alipay-sdk-nodejs-all 4.14.0, test/alipay.test.ts, "checkResponseSign should work". */
static void official_answer_verifies(void **state)
{
    (void)state;
    static const char body[] =
        "{\"alipay_open_file_upload_response\":{\"code\":\"10000\",\"msg\":\"Success\",\"file_id\":"
        "\"CAxAToWB1JsAAAAAAAAAAAAADgSLAQBr\"},\"sign\":\"F+LDzpTNiavn7xVZPGuPCSSVRSmWzJGgtuji6tVELGEaq"
        "MaNj0jRKXUEr5nloZJBBmwE"
        "nddOyCjjepMmrTKTvoOqQ0Efxpr/R1iEeHTHVbb/Q8TTh6Up5gHJDkILdaWS2q1cWeQ6VT+HQY9P3WRXS7uhILHuDODIhp"
        "AyCu5KhWGt0rMCIG+Im6NODJP2"
        "oohtSCtmTFXg58HH587Z2y2bdbjzOxLvzD9IrU1imghXQ2S/Q+wMIvRk9on6cWnBLkrNvJKapA2ReNGWOwyuASvB9zDVzh"
        "MPbR+3mfRGkVDxsq5HYLjBKGsk"
        "JMXHw0HuugZij6ScRuaLPODhmHwr/pJ9yw==\"}";
    adk k;
    adk_open(&k, CHANNEL("2021000122671080", "2088000000000001", ADK_OFFICIAL_REPLY_PUBLIC), "alipay", "qr",
             "CNY");
    const char *raw = NULL;
    size_t len = 0;
    assert_int_equal(pr_alipay_member(&raw, &len, body, strlen(body), "alipay_open_file_upload_response"), 1);
    assert_int_equal(
        len,
        strlen("{\"code\":\"10000\",\"msg\":\"Success\",\"file_id\":\"CAxAToWB1JsAAAAAAAAAAAAADgSLAQBr\"}"));
    char sign[400];
    const char *at = strstr(body, "\"sign\":\"") + 8;
    snprintf(sign, sizeof sign, "%.*s", (int)strcspn(at, "\""), at);
    assert_int_equal(pr_alipay_verifier(k.channel, raw, len, sign, NULL), 0);
    assert_int_equal(pr_alipay_verifier(k.channel, raw, len - 1, sign, NULL), -1);
    adk_close(&k);
}

/* The canonical text of the gateway's rules, signed by OpenSSL 3 with the SDK's test key. */
static void request_is_signed_as_openssl_does(void **state)
{
    (void)state;
    static const char expected[] =
        "S4ddNzRsJZpe1CVjVbeenVEu4h7nZaaO7x6QCTtWP7agtcTUHbSMQe8rsTdoVf0GC1P6gz5esEdEDfZ0%2B4oU5wpwme8b"
        "Kejyg5BsMKM6fcIbqx88m4%2F8"
        "9RXWBqCaMnwgf6F2yj3ARrDRW38XjPJ6P7TjevA24sJ0h%2FprZlhWWebiQNg5XNFa6W39qgJe37DJwE0FR%2BNPsRE56s"
        "6tG1iSWofLF4PSx%2FGRlQhK9R"
        "%2BDd8LIclFYydygnR5GEdaVgOnEINP2yM0qVmKIIrMKXJWnEJ%2FjIHzIvwtEjMSf7cZus6C7lCRwKjsk10Z16cK8d6lt"
        "g%2B1X7HmIUkSGyJhovJcGYA%3"
        "D%3D";
    adk k;
    adk_open(&k, OURS, "alipay", "qr", "CNY");
    pr_http_request r;
    assert_int_equal(adk_build(&k, &r, PR_OP_QUERY, 1), PAYROUTE_OK);
    assert_string_equal(r.method, "POST");
    assert_string_equal(r.body.at, "biz_content=%7B%22out_trade_no%22%3A%22" REF "%22%7D");
    char want[1024];
    snprintf(want, sizeof want,
             "https://gateway.example/gateway.do?app_id=2021000122671080&charset=utf-8&format=JSON&method=al"
             "ipay.trade.query"
             "&sign_type=RSA2&timestamp=2025-11-25%%2017%%3A55%%3A00&version=1.0&sign=%s",
             expected);
    assert_string_equal(r.url.at, want);
    pr_http_request_free(&r);
    adk_close(&k);
}

static const char official_v1[] =
    "gmt_create=2019-08-15 15:56:22|charset=utf-8|seller_email=z97-yuquerevenue@service.aliyun.com|subj"
    "ect=语雀空间 500人规模|"
    "sign=QfTb8tqE1BMhS5qAnXtvsF3/jBkEvu9q9en0pdbBUDDjvKycZhQb7h8GDs4FKfi049PynaNuatxSgLb/nLWZpXyyh0LEW"
    "dK2S6Ri7nPwrVgOs08zugLO20v"
    "OQz44y3ti2Ncm8/wZts1Fr2gZ7pShnVX3d1B50hbsXnObT1r/U8ONNQjWXd0HIul4TG+Q3fm3svmSvFEy0WnzuhcyHPX5Gm4EL"
    "NctL6Qd5YniGJFNcc7kopHYt"
    "I/XD9YCKCH6Ct02rzUs9i11C9CsadtZn+WhxF26Dqt9sGEFajkJ8cxUTLi8+VCpLHsgPE8P0y095uQcDdK0YjCh4x7wVSov+lrmOQ==|"
    "buyer_id=2088102534368455|invoice_amount=0.10|notify_id=2019081500222155624068450559358070|"
    "fund_bill_list=[{\"amount\":\"0.10\",\"fundChannel\":\"ALIPAYACCOUNT\"}]|notify_type=trade_status_sync|"
    "trade_status=TRADE_SUCCESS|receipt_amount=0.10|buyer_pay_amount=0.10|sign_type=RSA2|app_id=2019073"
    "166072302|"
    "seller_id=2088531891668739|gmt_payment=2019-08-15 15:56:24|notify_time=2019-08-15 15:56:25|version=1.0|"
    "out_trade_no=20190815155618536-564-57|total_amount=0.10|trade_no=2019081522001468450512505578|"
    "auth_app_id=2019073166072302|buyer_logon_id=xud***@126.com|point_amount=0.00";

static const char official_v2[] =
    "app_id=2017122801303261|charset=UTF-8|commodity_order_id=2019030800000018079639|contactor=技术支持测试的公司|"
    "merchant_pid=2088721996721370|method=alipay.open.servicemarket.order.notify|name=技术支持测试的公司|"
    "notify_id=2019030800222102023008121054923345|notify_time=2019-03-08 10:20:23|notify_type=servicema"
    "rket_order_notify|"
    "order_item_num=1|order_ticket=29b1c37d99ab48c5bd5bdaeaeaefbB37|order_time=2019-03-08 10:20:08|phon"
    "e=17826894615|"
    "service_code=58621634|"
    "sign=MsK5SCw8oqLw4f0hiNSd5OVGXxBY3wnQeT8vn5PklJSZFWSZbK4hQbNvkp4ZezeXQH514cEv0ul6Qow8yh6e6yM06LfEL"
    "+EZjcpZ0nxzFGRNQ5qq2AUc1Oa"
    "XQdk92AGvxh+Iq4NGpPQFBd4D8EBJa3NJd8+czMfQskceosOQFqUtLQMYa5DPs+VpN7VM5BdXjaVIuKn5d9Wm2B9dI9ObIM+YR"
    "ySDkZZPv14DVmUvcrcqJfOR8"
    "aHvtSd7B4l92wUQPQgQKNcOQho7xOHS/Bk+Y74AZL2y7TkNmdDoq9OGsThuF5tDW9rI9nVwXxOtsuB+bstra+W7aw9x9DvkKgd"
    "SRw==|sign_type=RSA2|"
    "timestamp=2019-03-08 10:20:23|title=麦禾商城模版|total_price=0.00|version=1.0|seller_id=2088000000000001";

/* "name=value|name=value", URL-encoded; with `private_key` the form is signed first (sign_type left out of
 * the text). */
static void notify_text(adk *k, pr_notice *out, const char *fields, const char *private_key)
{
    char *copy = malloc(strlen(fields) + 1);
    assert_non_null(copy);
    strcpy(copy, fields);
    pr_pair pairs[64];
    size_t count = 0;
    for (char *at = copy; at && count < 63;) {
        char *next = strchr(at, '|');
        if (next) {
            *next++ = '\0';
        }
        char *eq = strchr(at, '=');
        assert_non_null(eq);
        *eq = '\0';
        pairs[count].name = at;
        pairs[count++].value = eq + 1;
        at = next;
    }
    pr_buf body, text;
    pr_buf_init(&body);
    pr_buf_init(&text);
    char sign[1024];
    for (size_t i = 0; i < count; i++) {
        pr_form_add(&body, pairs[i].name, pairs[i].value);
    }
    if (private_key) {
        pr_pair kept[64];
        size_t n = 0;
        for (size_t i = 0; i < count; i++) {
            if (strcmp(pairs[i].name, "sign_type") != 0) {
                kept[n++] = pairs[i];
            }
        }
        pr_pairs_sort(kept, n);
        pr_pairs_join(&text, kept, n);
        sign_with(sign, sizeof sign, private_key, text.at, text.len);
        pr_form_add(&body, "sign", sign);
    }
    pr_http_incoming in = {"POST", NULL, 0, "", 0, body.at, body.len};
    k->adapter->notify(out, k->channel, NULL, NULL, &in, k->subject.now_ms);
    pr_buf_free(&body);
    pr_buf_free(&text);
    free(copy);
}

static void official_notification_is_read(void **state)
{
    (void)state;
    adk k;
    pr_notice n;
    adk_open(&k, CHANNEL("2019073166072302", "2088531891668739", ADK_OFFICIAL_NOTIFY_V1), "alipay", "qr",
             "CNY");
    notify_text(&k, &n, official_v1, NULL);
    assert_int_equal(n.rc, PAYROUTE_OK);
    assert_int_equal(n.ignorable, 0);
    assert_string_equal(n.reference, "20190815155618536-564-57");
    assert_string_equal(n.event_id, "2019081500222155624068450559358070");
    assert_int_equal(n.reading.count, 1);
    const pr_fact *f = &n.reading.facts[0];
    assert_int_equal(f->event, PR_EV_PAID);
    assert_int_equal(f->evidence, PR_EVIDENCE_SIGNED);
    assert_int_equal(f->merchant_equal, 1);
    assert_int_equal(f->amount_minor, 10);
    assert_string_equal(f->txn_id, "2019081522001468450512505578");
    assert_int_equal(f->provider_ms, INT64_C(1565855785000));
    assert_string_equal(n.stored.body, "success");
    assert_string_equal(n.resend.body, "fail");
    pr_reading_free(&n.reading);
    adk_close(&k);
}

/* A message of another kind, whose signature covers sign_type: authentic, and none of our business. The
   sample names no seller, so the channel must not ask for one. */
static void official_message_of_another_kind_is_passed_over(void **state)
{
    (void)state;
    adk k;
    pr_notice n;
    adk_open(&k,
             "{\"id\":\"ali\",\"provider\":\"alipay\",\"credentials\":[{\"app_id\":\"2017122801303261\",\"pr"
             "ivate_key\":\"" ADK_OFFICIAL_APP_PRIVATE "\",\"alipay_public_key\":\"" ADK_OFFICIAL_NOTIFY_V2
             "\"}],"
             "\"methods\":[{\"method\":\"alipay\",\"flows\":[\"qr\"]}],\"currencies\":[\"CNY\"]}",
             "alipay", "qr", "CNY");
    char *cut = malloc(sizeof official_v2);
    assert_non_null(cut);
    strcpy(cut, official_v2);
    *strstr(cut, "|seller_id=") = '\0';
    notify_text(&k, &n, cut, NULL);
    assert_int_equal(n.rc, PAYROUTE_OK);
    assert_int_equal(n.ignorable, 1);
    assert_int_equal(n.reading.count, 0);
    pr_reading_free(&n.reading);
    *strstr(cut, "58621634") = '9'; /* the SDK's own "verify fail": one field changed */
    notify_text(&k, &n, cut, NULL);
    assert_int_equal(n.rc, PAYROUTE_E_SIGNATURE);
    pr_reading_free(&n.reading);
    free(cut);
    adk_close(&k);
}

/* ---- requests ------------------------------------------------------------------------------------------ */

static void content_is_canonical_and_holds_no_key(void **state)
{
    (void)state;
    adk k;
    adk_open(&k, OURS, "alipay", "qr", "CNY");
    pr_wish wish = {.subject = "Tea/two=three&four", .order_hash = "00ff"};
    adk_content(&k, &wish);
    assert_string_equal(
        k.content.at,
        "{\"method\":\"alipay.trade.precreate\",\"biz_content\":{\"out_trade_no\":\"" REF
        "\",\"total_amount\":\"12.50\",\"subject\":\"Tea two three four\",\"product_code\":\"QR_CODE_OF"
        "FLINE\","
        "\"time_expire\":\"2025-11-25 18:00:00\",\"passback_params\":\"00ff\"},\"currency\":\"CNY\","
        "\"notify_url\":\"https://shop.example/n\"}");
    k.subject.now_ms += 60000; /* nothing volatile inside */
    char *before = malloc(k.content.len + 1);
    assert_non_null(before);
    strcpy(before, k.content.at);
    adk_content(&k, &wish);
    assert_string_equal(k.content.at, before);
    free(before);
    pr_http_request r;
    assert_int_equal(adk_build(&k, &r, PR_OP_CREATE, 1), PAYROUTE_OK);
    assert_non_null(strstr(
        r.url.at, "&method=alipay.trade.precreate&notify_url=https%3A%2F%2Fshop.example%2Fn&sign_type=RSA2"));
    assert_non_null(strstr(r.body.at, "biz_content=%7B%22out_trade_no%22"));
    pr_http_request_free(&r);
    k.subject.reference = "OTHER"; /* stored content of another attempt is never sent */
    assert_int_equal(adk_build(&k, &r, PR_OP_CREATE, 1), PAYROUTE_E_SCHEMA);
    pr_http_request_free(&r);
    adk_close(&k);
}

static void content_refuses_what_alipay_cannot(void **state)
{
    (void)state;
    adk k;
    adk_open(&k, OURS, "alipay", "qr", "CNY");
    char room[200];
    pr_text why;
    pr_buf out;
    pr_buf_init(&out);
    pr_wish wish = {.subject = "x"};
    pr_text_init(&why, room, sizeof room);
    k.subject.currency = "USD";
    assert_int_equal(k.adapter->content(&out, &k.subject, &wish, &why), PAYROUTE_E_UNSUPPORTED);
    k.subject.currency = "CNY";
    k.subject.amount_minor = 0;
    assert_int_equal(k.adapter->content(&out, &k.subject, &wish, &why), PAYROUTE_E_RANGE);
    k.subject.amount_minor = 1;
    wish.hold = 1;
    assert_int_equal(k.adapter->content(&out, &k.subject, &wish, &why), PAYROUTE_E_UNSUPPORTED);
    wish.hold = 0;
    wish.return_url = "ftp://x";
    assert_int_equal(k.adapter->content(&out, &k.subject, &wish, &why), PAYROUTE_E_SCHEMA);
    wish.return_url = NULL;
    k.subject.flow = "token";
    assert_int_equal(k.adapter->content(&out, &k.subject, &wish, &why), PAYROUTE_E_UNSUPPORTED);
    assert_int_equal(out.len, 0);
    pr_buf_free(&out);
    adk_close(&k);
}

static void pages_are_shown_and_not_sent(void **state)
{
    (void)state;
    static const char *const flows[] = {"redirect", "wap"};
    static const char *const methods[] = {"alipay.trade.page.pay", "alipay.trade.wap.pay"};
    for (int i = 0; i < 2; i++) {
        adk k;
        adk_open(&k, OURS, "alipay", flows[i], "CNY");
        pr_wish wish = {.subject = "茶"};
        adk_content(&k, &wish);
        pr_http_request r;
        assert_int_equal(adk_build(&k, &r, PR_OP_CREATE, 1), PAYROUTE_E_UNSUPPORTED);
        pr_http_request_free(&r);
        char room[200];
        pr_text why;
        pr_text_init(&why, room, sizeof room);
        assert_int_equal(k.adapter->show(&k.reading, &k.subject, &why), PAYROUTE_OK);
        assert_int_equal(k.reading.show_kind, PR_SHOW_URL);
        assert_non_null(strstr(k.reading.show.at, methods[i]));
        assert_non_null(strstr(k.reading.show.at, "&biz_content=%7B%22out_trade_no%22"));
        assert_non_null(strstr(k.reading.show.at, "&return_url=https%3A%2F%2Fshop.example%2Fr%3Fa%3D1&"));
        assert_non_null(strstr(k.reading.show.at, "&sign="));
        adk_close(&k);
    }
}

static void operations_name_their_fields(void **state)
{
    (void)state;
    static const struct {
        int32_t operation;
        const char *method;
        const char *body;
    } rows[] = {
        {PR_OP_CLOSE, "alipay.trade.close&", "%7B%22out_trade_no%22%3A%22" REF "%22%7D"},
        {PR_OP_VOID, "alipay.trade.cancel&", "%7B%22out_trade_no%22%3A%22" REF "%22%7D"},
        {PR_OP_REFUND, "alipay.trade.refund&",
         "%7B%22out_trade_no%22%3A%22" REF
         "%22%2C%22refund_amount%22%3A%220.05%22%2C%22out_request_no%22%3A%22" REF "R1%22%7D"},
        {PR_OP_REFUND_QUERY, "alipay.trade.fastpay.refund.query&",
         "%7B%22out_trade_no%22%3A%22" REF "%22%2C%22out_request_no%22%3A%22" REF "R1%22%7D"},
    };
    adk k;
    adk_open(&k, OURS, "alipay", "wap", "CNY");
    k.subject.key = REF "R1";
    k.subject.amount_minor = 5;
    pr_http_request r;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(adk_build(&k, &r, rows[i].operation, 1), PAYROUTE_OK);
        assert_non_null(strstr(r.url.at, rows[i].method));
        assert_null(strstr(r.url.at, "notify_url"));
        assert_string_equal(r.body.at + strlen("biz_content="), rows[i].body);
        pr_http_request_free(&r);
    }
    assert_int_equal(adk_build(&k, &r, PR_OP_CAPTURE, 1), PAYROUTE_E_UNSUPPORTED);
    pr_http_request_free(&r);
    adk_close(&k);
}

/* ---- notifications ------------------------------------------------------------------------------------- */

#define NOTE                                                                                                 \
    "notify_type=trade_status_sync|notify_id=n1|notify_time=2025-11-25 17:56:00|"                            \
    "sign_type=RSA2|charset=utf-8|empty="
#define WHO                                                                                                  \
    "|app_id=2021000122671080|seller_id=2088000000000001|out_trade_no=" REF "|trade_no=T1|total_amount=12.50"

static void notifications_by_status(void **state)
{
    (void)state;
    static const struct {
        const char *fields;
        int32_t first;
        int32_t second;
        int64_t reversed;
        int32_t final;
    } rows[] = {
        {NOTE WHO "|trade_status=TRADE_SUCCESS|passback_params=00ff", PR_EV_PAID, 0, 0, 0},
        {NOTE WHO "|trade_status=TRADE_FINISHED", PR_EV_PAID, 0, 0, 0},
        {NOTE WHO "|trade_status=WAIT_BUYER_PAY", PR_EV_ST_UNPAID, 0, 0, 0},
        {NOTE WHO "|trade_status=TRADE_CLOSED|gmt_close=2025-11-25 18:00:01", PR_EV_ST_CLOSED, 0, 0, 1},
        {NOTE WHO "|trade_status=TRADE_CLOSED|gmt_payment=2025-11-25 17:56:00", PR_EV_ST_CLOSED, 0, 0, 0},
        {NOTE WHO
         "|trade_status=TRADE_SUCCESS|refund_fee=2.00|gmt_refund=2025-11-25 18:00:01.143|out_biz_no=" REF
         "R1",
         PR_EV_PAID, PR_EV_REVERSED_PART, 200, 0},
        {NOTE WHO
         "|trade_status=TRADE_CLOSED|refund_fee=12.50|gmt_refund=2025-11-25 18:00:01.143|out_biz_no=T1",
         PR_EV_PAID, PR_EV_REVERSED_PART, 1250, 0},
        {NOTE WHO "|trade_status=TRADE_SUCCESS|subject=@home|a=%26=", PR_EV_PAID, 0, 0, 0},
        {NOTE WHO "|trade_status=NEW_ONE", PR_EV_UNCLEAR, 0, 0, 0},
    };
    adk k;
    adk_open(&k, OURS, "alipay", "qr", "CNY");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        pr_notice n;
        notify_text(&k, &n, rows[i].fields, ADK_ALIPAY_PRIVATE);
        assert_int_equal(n.rc, PAYROUTE_OK);
        assert_string_equal(n.reference, REF);
        assert_string_equal(n.order_hash, i == 0 ? "00ff" : "");
        assert_int_equal(n.reading.count, rows[i].second ? 2 : 1);
        assert_int_equal(n.reading.facts[0].event, rows[i].first);
        assert_int_equal(n.reading.facts[0].amount_minor, 1250);
        assert_string_equal(n.reading.facts[0].currency, "CNY");
        assert_int_equal(n.reading.facts[0].final, rows[i].final);
        if (rows[i].second) {
            assert_int_equal(n.reading.facts[1].event, rows[i].second);
            assert_int_equal(n.reading.facts[1].reversed_total_minor, rows[i].reversed);
        }
        pr_reading_free(&n.reading);
    }
    pr_notice abroad; /* yuan by default only: what is said otherwise must differ from ours */
    notify_text(&k, &abroad, NOTE WHO "|trade_status=TRADE_SUCCESS|trans_currency=USD", ADK_ALIPAY_PRIVATE);
    assert_int_equal(abroad.rc, PAYROUTE_OK);
    assert_string_equal(abroad.reading.facts[0].currency, "USD");
    pr_reading_free(&abroad.reading);
    adk_close(&k);
}

static void forged_and_foreign_notifications_leave_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *fields;
        const char *key;
        int32_t rc;
    } rows[] = {
        {NOTE WHO "|trade_status=TRADE_SUCCESS", ADK_WRONG_PRIVATE, PAYROUTE_E_SIGNATURE},
        {NOTE WHO "|trade_status=TRADE_SUCCESS", NULL, PAYROUTE_E_SIGNATURE},
        {"sign_type=RSA|notify_type=trade_status_sync" WHO "|trade_status=TRADE_SUCCESS", ADK_ALIPAY_PRIVATE,
         PAYROUTE_E_SIGNATURE},
        {"notify_type=trade_status_sync|app_id=2021000000000009|seller_id=2088000000000001|out_trade_no=" REF
         "|trade_no=T|total_amount=12.50|trade_status=TRADE_SUCCESS",
         ADK_ALIPAY_PRIVATE, PAYROUTE_E_FOREIGN},
        {"notify_type=trade_status_sync|app_id=2021000122671080|seller_id=2088000000000009|out_trade_no=" REF
         "|trade_no=T|total_amount=12.50|trade_status=TRADE_SUCCESS",
         ADK_ALIPAY_PRIVATE, PAYROUTE_E_FOREIGN},
        {"notify_type=trade_status_sync|app_id=2021000122671080|out_trade_no=" REF
         "|trade_no=T|total_amount=12.50|trade_status=TRADE_SUCCESS",
         ADK_ALIPAY_PRIVATE, PAYROUTE_E_SCHEMA},
        {NOTE WHO, ADK_ALIPAY_PRIVATE, PAYROUTE_E_SCHEMA},
        {NOTE WHO "|trade_status=TRADE_SUCCESS|trade_status=WAIT_BUYER_PAY", ADK_ALIPAY_PRIVATE,
         PAYROUTE_E_SCHEMA},
        {NOTE WHO "|trade_status=TRADE_SUCCESS|refund_fee=-1", ADK_ALIPAY_PRIVATE, PAYROUTE_E_SCHEMA},
        {NOTE "|app_id=2021000122671080|seller_id=2088000000000001|out_trade_no=" REF
              "|total_amount=1e2|trade_status=TRADE_SUCCESS",
         ADK_ALIPAY_PRIVATE, PAYROUTE_E_SCHEMA},
    };
    adk k;
    adk_open(&k, OURS, "alipay", "qr", "CNY");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        pr_notice n;
        notify_text(&k, &n, rows[i].fields, rows[i].key);
        if (n.rc != rows[i].rc) {
            fail_msg("row %zu: rc %d", i, (int)n.rc);
        }
        assert_int_equal(n.reading.count, 0);
        assert_string_equal(n.reference, "");
        assert_int_equal(n.refused.status, 400);
    }
    pr_notice n;
    pr_http_incoming get = {"GET", NULL, 0, "", 0, "a=b", 3};
    k.adapter->notify(&n, k.channel, NULL, NULL, &get, 0);
    assert_int_equal(n.rc, PAYROUTE_E_SCHEMA);
    pr_http_incoming bad = {"POST", NULL, 0, "", 0, "sign=%zz", 8};
    k.adapter->notify(&n, k.channel, NULL, NULL, &bad, 0);
    assert_int_equal(n.rc, PAYROUTE_E_ENCODING);
    adk_close(&k);
}

/* An application that took the place of another under the same key of Alipay's: both are ours. */
static void two_applications_under_one_key(void **state)
{
    (void)state;
    static const char *const apps[] = {"2021000122671080", "2021000000000002", "2021000000000003"};
    char channel[9000];
    adk k;
    snprintf(channel, sizeof channel,
             "{\"id\":\"ali\",\"provider\":\"alipay\",\"credentials\":[{\"version\":\"2\",\"app_id\":\"%s\","
             "\"private_key\":\"%s\",\"alipay_public_key\":\"%s\"},{\"version\":\"1\",\"app_id\":\"%s\","
             "\"private_key\":\"%s\",\"alipay_public_key\":\"%s\"}],"
             "\"methods\":[{\"method\":\"alipay\",\"flows\":[\"qr\"]}],\"currencies\":[\"CNY\"]}",
             apps[0], ADK_OFFICIAL_APP_PRIVATE, ADK_ALIPAY_PUBLIC, apps[1], ADK_OFFICIAL_APP_PRIVATE,
             ADK_ALIPAY_PUBLIC);
    adk_open(&k, channel, "alipay", "qr", "CNY");
    for (size_t i = 0; i < 3; i++) {
        char fields[300];
        pr_notice n;
        snprintf(fields, sizeof fields,
                 "notify_type=trade_status_sync|app_id=%s|out_trade_no=" REF
                 "|trade_no=T|total_amount=12.50|trade_status=TRADE_SUCCESS",
                 apps[i]);
        notify_text(&k, &n, fields, ADK_ALIPAY_PRIVATE);
        assert_int_equal(n.rc, i < 2 ? PAYROUTE_OK : PAYROUTE_E_FOREIGN);
        pr_reading_free(&n.reading);
    }
    adk_close(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(official_answer_verifies),
        cmocka_unit_test(request_is_signed_as_openssl_does),
        cmocka_unit_test(official_notification_is_read),
        cmocka_unit_test(official_message_of_another_kind_is_passed_over),
        cmocka_unit_test(content_is_canonical_and_holds_no_key),
        cmocka_unit_test(content_refuses_what_alipay_cannot),
        cmocka_unit_test(pages_are_shown_and_not_sent),
        cmocka_unit_test(operations_name_their_fields),
        cmocka_unit_test(notifications_by_status),
        cmocka_unit_test(forged_and_foreign_notifications_leave_nothing),
        cmocka_unit_test(two_applications_under_one_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
