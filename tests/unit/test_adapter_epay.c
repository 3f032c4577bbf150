/* 易支付: a published signature, the requests of each fork byte by byte, what its channel may and must say.
 */
#include "adapter_epay_fixture.h"

/* Made by OpenSSL 3 with the key ADK_OFFICIAL_APP_PRIVATE over the text of the rules. */
#define SIGN_V2QR                                                                                            \
    "C3%2BSu4%2BV4hJ2Nw1Yw1YereULwE5bJQ%2F0eZ8M1nI1i8pwdE9nLpC2ZyQ5iAYFurtwRHQNSpnR3ES3GCl%2FceRCWDdgeVtB"   \
    "U2mNgV1A%2FnXpXGwm8oLTjOxUalAQv6NdXG%2FS7y%2FfOuraZQxl%2BAKoMvFAN%2FB68oK6ztXWJfJBwLdz8CXhoRpWsA3yS1"   \
    "5kzYczrDUxy9KzipTPICz%2FxPbnzZEuL3M4qeFI2olCQ8PtXVdCvZUmuciQdG5cXtkxA%2F9rxUUjynpcwSZ1oF4HozPQREwk0i"   \
    "vsJYorw12tt8P35ok6Nn1vD%2FUXvRh%2BWZcbD4ssYgcNBY0exYHbSBGx%2BZSQkZvRGg%3D%3D"
#define SIGN_V2Q                                                                                             \
    "IdTicBn7Qx%2F7Woz9rRAli46TokdY%2BWqwTSmUrFx7XCqu9pJDzzMUrZWwiUC815Sb6nL0IR%2FK8iGx4lFFCDVsCPkFSg7hgV"   \
    "Nz8eDEQ33qxyEuaTcYR6nqUWNAQWSk3Xik4%2FFicXWU2gsH8pB9NrLtGJR5GQzy4MumhIrmIRU55bujk2NkwkfdKCjjixRDw6id"   \
    "LjmY4KrURhTLFUMUKHkKkmpixezuDZ1xqVuiWctp94kzlewkzfgVfBRkoMU6PAdqGt6MIpJSbGDHhD5XQWnp1kh3PWB%2BHlXWwg"   \
    "AvF5FXiPLfaaRyMCQhHwQ6rIaydiBacry%2Fc%2Bo%2B%2BYbQM8ZlOLzq4g%3D%3D"
#define SIGN_V2RF                                                                                            \
    "UuSw%2BCIM5JFhzauSm4n9LG0Gj0FNcEFyVoDG2Y%2F%2BDNgmtnz7f2hLyJ6SLuiRijdnhXiLARVxlML2KSbhT3q5iDtCxFGXNy"   \
    "iXvhswpV6gQ0jhvcpCLB35S6Lj416sDloZPs9KEi%2F9%2FTYEel0kCHbmxr7d%2FSYzGfQaJqpgv7YAXD%2B2mXqDzgRfqhLdCw"   \
    "ypZfbohumDtq1okSH3FGRP4zI9hFu8Wt0owlouX3cpK1TvmsYg2WAGqZ%2BR5jD65UbOrSzkPQ41eEJpun0hVXYEBj4QTKCSyWl8"   \
    "Bn0Py3Usw9OJkYeHKeiaiApt7P72DbS7U3XMFJKLhn4S9TuJOFmFSlFZxw%3D%3D"
#define SIGN_V2RQ                                                                                            \
    "Ju86HdrE4St37N3wc%2FUPMuglSOX7z4tEwrnTHxz77IsmTNksvXt5xWt8NuOgsJSVjjeokEavMJjrjrv%2B1XfkSEXvlsshL3qG"   \
    "fMyHJI3W0M0wEcBgkMCvDyPXSe23zin2GlW%2F898p4KDRnazBVlR3HVTPptZaH%2BvucDTTzA4CrL1tMCRi5M%2F1QTC8IzdBuC"   \
    "2sO52lzH4IlzcAXGg%2B3s6SbKjalEDqqKk7XELAgbvA0Z%2BN%2BDgXCy0txL7PaDRg%2BxzXEXNF0Rg4tJOelSKvWnwSblRPTH"   \
    "LOigN6doR69fLtzpVrE%2B0zBk1SwqMwljGVFyUjf9b3Lhop3mAay%2F%2BsbH4mOw%3D%3D"
#define SIGN_V2PAGE                                                                                          \
    "GDBuHmI4+8mqT1Gih8VHANC+9Wy/rMa5cRD78CP3CN9ExCFFQLs0VuXRWdYRSoYhs8vJDQoQhSezRhcjI0Swx9gyy5QaULamu41I"   \
    "/yyTkX4zuumlrYjZM5NFZRbkbBODGV9JShjjkwVR8hPiQsXYPckvAclirGVtVihjCHaYgAINzfNfrqxSQzL+yk4GvxrWEfTgEVFt"   \
    "mJ7HoTRxKdN6qnDGnqURvyYjCzhl476CWvOuJDvSMJ5UtQ4yNPfRimfCcNkvvzOV7xkwMQZp3xXIsJiQlCPij4mn9QfZ/OwZuL0r"   \
    "0ulYm6B6jquNuvMjzHi/IIudiNaAiIyPV4kU2ypasQ=="

/* ---- signatures ---------------------------------------------------------------------------------------- */

/* The family has no signature published with its key that holds. epusdt signs by the same rule and publishes
   one: github.com/assimon/epusdt, wiki, API.md. */
static void published_signature(void **state)
{
    (void)state;
    adk k;
    adk_open(
        &k,
        EPAY_CHANNEL("rainbow", "{\"pid\":\"1\",\"key\":\"epusdt_password_xasddawqe\"}", ALL_FLOWS("alipay")),
        "alipay", "qr", "CNY");
    pr_pair pairs[] = {{"redirect_url", "http://example.com/redirect"},
                       {"order_id", "20220201030210321"},
                       {"amount", "42"},
                       {"notify_url", "http://example.com/notify"},
                       {"blank", " \t"},
                       {"empty", ""},
                       {"sign_type", "MD5"},
                       {"sign", "x"}};
    const size_t n = sizeof pairs / sizeof pairs[0];
    const pr_epay_fork *fork = pr_epay_fork_of(k.channel);
    char sign[PR_EPAY_SIGN_CAP];
    char room[100];
    pr_text why;
    pr_text_init(&why, room, sizeof room);
    assert_int_equal(pr_epay_sign(sign, sizeof sign, k.channel, NULL, fork, pairs, n, adk_entropy, &why),
                     PAYROUTE_OK);
    assert_string_equal(sign, "1cd4b52df5587cfb1968b0c0c6e156cd");
    assert_int_equal(pr_epay_verifier(k.channel, fork, pairs, n, sign, NULL), 0);
    assert_int_equal(pr_epay_verifier(k.channel, fork, pairs, n, "1cd4b52df5587cfb1968b0c0c6e156ce", NULL), -1);
    assert_int_equal(pr_epay_verifier(k.channel, fork, pairs, n, "1CD4B52DF5587CFB1968B0C0C6E156CD", NULL), -1);
    assert_int_equal(pr_epay_verifier(k.channel, fork, pairs, n, "1cd4b52d", NULL), -1);
    assert_int_equal(pr_epay_verifier(k.channel, fork, pairs, n, "", NULL), -1);
    pairs[0].name = "sign"; /* twice: refused on both sides */
    assert_int_equal(pr_epay_verifier(k.channel, fork, pairs, n, sign, NULL), PAYROUTE_E_SCHEMA);
    assert_int_equal(pr_epay_sign(sign, sizeof sign, k.channel, NULL, fork, pairs, n, adk_entropy, &why),
                     PAYROUTE_E_SCHEMA);
    adk_close(&k);
}

/* ---- orders -------------------------------------------------------------------------------------------- */

#define FIELDS_AFTER_MONEY                                                                                   \
    "name=%E6%9C%88%E5%8D%A1%20%201&notify_url=https%3A%2F%2Fshop.example%2Fn%3Fc%3Depay"                    \
    "&out_trade_no=" EPAY_REF "&param=c0ffee&pid=1001&return_url=https%3A%2F%2Fshop.example%2Fr%3Fa%3D1"

/* The signatures were made by Python's hashlib and by OpenSSL over the text of the rules. */
static void check_order(const char *channel, const char *flow, const char *url, const char *body)
{
    adk k;
    epay_open(&k, channel, "alipay", flow);
    pr_http_request r;
    assert_int_equal(adk_build(&k, &r, PR_OP_CREATE, 1), PAYROUTE_OK);
    assert_string_equal(r.method, "POST");
    assert_string_equal(r.url.at, url);
    assert_string_equal(r.body.at, body);
    assert_string_equal(r.headers.at, "Content-Type: application/x-www-form-urlencoded;charset=utf-8\r\n"
                                      "Accept: application/json\r\n");
    pr_http_request_free(&r);
    adk_close(&k);
}

static void orders_of_each_fork(void **state)
{
    (void)state;
    check_order(RAINBOW, "qr", "https://panel.example/mapi.php",
                "clientip=203.0.113.7&money=12.50&" FIELDS_AFTER_MONEY
                "&type=alipay&sign=83e6b81880f73726f225a8d5a0ba0332&sign_type=MD5");
    check_order(RAINBOW, "redirect", "https://panel.example/mapi.php",
                "clientip=203.0.113.7&device=jump&money=12.50&" FIELDS_AFTER_MONEY
                "&type=alipay&sign=a8af40859a649a42f812df72affce85d&sign_type=MD5");
    check_order(ZPAY, "qr", "https://panel.example/mapi.php",
                "clientip=203.0.113.7&money=12.50&name=%E6%9C%88%E5%8D%A1%20%201"
                "&notify_url=https%3A%2F%2Fshop.example%2Fn&out_trade_no=" EPAY_REF
                "&param=c0ffee&pid=1001&return_url=https%3A%2F%2Fshop.example%2Fr"
                "&type=alipay&sign=9d3ea1508ca9c3d315ba8ebb3bf27252&sign_type=MD5");
    check_order(EZPAY, "redirect", "https://panel.example/mapi.php",
                "currency=CNY&money=12.50&" FIELDS_AFTER_MONEY
                "&type=alipay&sign=cb440ac2d532425abfa2a1aad4a2c6a6&sign_type=MD5");
    check_order(RAINBOW2, "qr", "https://panel.example/api/pay/create",
                "clientip=203.0.113.7&method=web&money=12.50&" FIELDS_AFTER_MONEY
                "&timestamp=1764064500&type=alipay&sign=" SIGN_V2QR "&sign_type=RSA");
}

static void wechat_is_wxpay_there(void **state)
{
    (void)state;
    adk k;
    epay_open(&k, RAINBOW, "wechat", "qr");
    assert_non_null(strstr(k.content.at, "\"type\":\"wxpay\""));
    assert_null(strstr(k.content.at, EPAY_KEY));
    assert_null(strstr(k.content.at, "1001"));
    adk_close(&k);
}

static void page_is_an_address_or_a_form(void **state)
{
    (void)state;
    char room[200];
    pr_text why;
    adk k;
    pr_text_init(&why, room, sizeof room);
    epay_open(&k, RAINBOW, "alipay", "page");
    assert_int_equal(k.adapter->show(&k.reading, &k.subject, &why), PAYROUTE_OK);
    assert_int_equal(k.reading.show_kind, PR_SHOW_URL);
    assert_string_equal(k.reading.show.at,
                        "https://panel.example/submit.php?money=12.50&" FIELDS_AFTER_MONEY
                        "&type=alipay&sign=6859158f77f9a1bfda69ad6c18499fd9&sign_type=MD5");
    pr_http_request r;
    assert_int_equal(adk_build(&k, &r, PR_OP_CREATE, 1), PAYROUTE_E_UNSUPPORTED);
    pr_http_request_free(&r);
    adk_close(&k);
    epay_open(&k, RAINBOW2, "alipay", "page");
    assert_int_equal(k.adapter->show(&k.reading, &k.subject, &why), PAYROUTE_OK);
    assert_int_equal(k.reading.show_kind, PR_SHOW_FORM);
    const char *html = k.reading.show.at;
    assert_non_null(strstr(
        html, "method=\"post\" accept-charset=\"utf-8\" action=\"https://panel.example/api/pay/submit\""));
    assert_non_null(strstr(html, "name=\"return_url\" value=\"https://shop.example/r?a=1\""));
    assert_non_null(strstr(html, "name=\"sign\" value=\"" SIGN_V2PAGE "\""));
    adk_close(&k);
    epay_open(&k, RAINBOW, "alipay", "qr");
    assert_int_equal(k.adapter->show(&k.reading, &k.subject, &why), PAYROUTE_E_UNSUPPORTED);
    adk_close(&k);
}

static void html_is_escaped(void **state)
{
    (void)state;
    adk k;
    adk_open(&k, RAINBOW2, "alipay", "page", "CNY");
    pr_wish wish = {.subject = "a\"><script>", .return_url = "https://shop.example/?x=\"><script>'&y=<"};
    adk_content(&k, &wish);
    char room[200];
    pr_text why;
    pr_text_init(&why, room, sizeof room);
    assert_int_equal(k.adapter->show(&k.reading, &k.subject, &why), PAYROUTE_OK);
    assert_null(strstr(k.reading.show.at, "\"><script>'"));
    assert_non_null(strstr(k.reading.show.at, "?x=&#34;&#62;&#60;script&#62;&#39;&#38;y=&#60;\""));
    assert_non_null(strstr(k.reading.show.at, "name=\"name\" value=\"a   script \""));
    adk_close(&k);
}

/* ---- the other operations ------------------------------------------------------------------------------ */

static void check_request(const char *channel, int32_t operation, const char *method, const char *url,
                          const char *body)
{
    adk k;
    adk_open(&k, channel, "alipay", "qr", "CNY");
    k.subject.key = EPAY_REF "R1";
    k.subject.amount_minor = 300;
    k.subject.provider_id = EPAY_TRADE;
    pr_http_request r;
    int32_t rc = adk_build(&k, &r, operation, 1);
    if (!url) {
        assert_int_equal(rc, PAYROUTE_E_UNSUPPORTED);
    } else {
        assert_int_equal(rc, PAYROUTE_OK);
        assert_string_equal(r.method, method);
        assert_string_equal(r.url.at, url);
        assert_string_equal(r.body.at ? r.body.at : "", body);
    }
    pr_http_request_free(&r);
    adk_close(&k);
}

static void operations_of_v1(void **state)
{
    (void)state;
    static const char *const v1[] = {RAINBOW, ZPAY};
    for (size_t i = 0; i < 2; i++) {
        check_request(
            v1[i], PR_OP_QUERY, "GET",
            "https://panel.example/api.php?act=order&out_trade_no=" EPAY_REF "&pid=1001&key=" EPAY_KEY, "");
        check_request(v1[i], PR_OP_REFUND, "POST", "https://panel.example/api.php?act=refund",
                      "trade_no=" EPAY_TRADE "&money=3.00&pid=1001&key=" EPAY_KEY);
        check_request(v1[i], PR_OP_REFUND_QUERY, NULL, NULL, NULL);
        check_request(v1[i], PR_OP_CLOSE, NULL, NULL, NULL);
        check_request(v1[i], PR_OP_VOID, NULL, NULL, NULL);
        check_request(v1[i], PR_OP_CAPTURE, NULL, NULL, NULL);
        check_request(v1[i], PR_OP_FETCH, NULL, NULL, NULL);
    }
    check_request(EZPAY, PR_OP_REFUND, NULL, NULL, NULL);
}

static void operations_of_v2(void **state)
{
    (void)state;
    check_request(RAINBOW2, PR_OP_QUERY, "POST", "https://panel.example/api/pay/query",
                  "out_trade_no=" EPAY_REF "&pid=1001&timestamp=1764064500&sign=" SIGN_V2Q "&sign_type=RSA");
    check_request(RAINBOW2, PR_OP_CLOSE, "POST", "https://panel.example/api/pay/close",
                  "out_trade_no=" EPAY_REF "&pid=1001&timestamp=1764064500&sign=" SIGN_V2Q "&sign_type=RSA");
    check_request(RAINBOW2, PR_OP_REFUND, "POST", "https://panel.example/api/pay/refund",
                  "money=3.00&out_refund_no=" EPAY_REF "R1&pid=1001&timestamp=1764064500&trade_no=" EPAY_TRADE
                  "&sign=" SIGN_V2RF "&sign_type=RSA");
    check_request(RAINBOW2, PR_OP_REFUND_QUERY, "POST", "https://panel.example/api/pay/refundquery",
                  "out_refund_no=" EPAY_REF "R1&pid=1001&timestamp=1764064500&sign=" SIGN_V2RQ
                  "&sign_type=RSA");
}

/* ---- what is refused before anything is sent ----------------------------------------------------------- */

static void refuses(adk *k, const pr_wish *wish, int32_t rc, const char *word)
{
    char room[256];
    pr_text why;
    pr_text_init(&why, room, sizeof room);
    pr_buf_clear(&k->content);
    assert_int_equal(k->adapter->content(&k->content, &k->subject, wish, &why), rc);
    assert_non_null(strstr(room, word));
}

static void wishes_that_no_panel_takes(void **state)
{
    (void)state;
    adk k;
    pr_wish wish = epay_wish;
    adk_open(&k, RAINBOW, "alipay", "qr", "CNY");
    wish.client_ip = NULL;
    refuses(&k, &wish, PAYROUTE_E_SCHEMA, "client_ip");
    wish = epay_wish;
    wish.hold = 1;
    refuses(&k, &wish, PAYROUTE_E_UNSUPPORTED, "hold");
    wish = epay_wish;
    wish.order_hash = "a&b";
    refuses(&k, &wish, PAYROUTE_E_SCHEMA, "order_hash");
    wish = epay_wish;
    wish.return_url = "javascript:alert(1)";
    refuses(&k, &wish, PAYROUTE_E_SCHEMA, "return_url");
    k.subject.currency = "USD";
    refuses(&k, &epay_wish, PAYROUTE_E_UNSUPPORTED, "currency");
    k.subject.currency = "CNY";
    k.subject.amount_minor = 0;
    refuses(&k, &epay_wish, PAYROUTE_E_RANGE, "amount");
    k.subject.amount_minor = INT64_C(10000000001);
    refuses(&k, &epay_wish, PAYROUTE_E_RANGE, "amount");
    k.subject.amount_minor = 1;
    k.subject.method = "card";
    refuses(&k, &epay_wish, PAYROUTE_E_UNSUPPORTED, "method");
    k.subject.method = "alipay";
    k.subject.flow = "token";
    refuses(&k, &epay_wish, PAYROUTE_E_UNSUPPORTED, "flow");
    adk_close(&k);
}

static void content_of_another_order_is_not_sent(void **state)
{
    (void)state;
    adk k;
    epay_open(&k, RAINBOW, "alipay", "qr");
    pr_http_request r;
    k.subject.reference = "0K3V9Z2M4QABCDEFGHJKMNPQRT";
    assert_int_equal(adk_build(&k, &r, PR_OP_CREATE, 1), PAYROUTE_E_SCHEMA);
    pr_http_request_free(&r);
    k.subject.reference = EPAY_REF;
    k.subject.flow = "redirect";
    assert_int_equal(adk_build(&k, &r, PR_OP_CREATE, 1), PAYROUTE_E_SCHEMA);
    pr_http_request_free(&r);
    k.subject.flow = "qr";
    for (size_t n = 0; n < k.content.len; n++) { /* cut at every byte: never a request */
        k.subject.content_len = n;
        assert_true(adk_build(&k, &r, PR_OP_CREATE, 1) < 0);
        pr_http_request_free(&r);
    }
    adk_close(&k);
}

/* ---- documented errors --------------------------------------------------------------------------------- */

static void errors_of_an_order(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        int32_t event;
        const char *reason;
    } errors[] = {
        {"{\"code\":-4,\"msg\":\"未传入任何参数\"}", PR_EV_INVALID, "invalid_request"},
        {"{\"code\":-1,\"msg\":\"商户不存在！\"}", PR_EV_REFUSED_BEFORE, "credentials_rejected"},
        {"{\"code\":-3,\"msg\":\"MD5签名校验失败\"}", PR_EV_REFUSED_BEFORE, "signature_rejected"},
        {"{\"code\":-3,\"msg\":\"时间戳字段不正确，请检查服务器时间\"}", PR_EV_REFUSED_BEFORE, "clock_skew"},
        {"{\"code\":-3,\"msg\":\"该商户只能使用RSA签名类型\"}", PR_EV_INVALID, "merchant_configuration"},
        {"{\"code\":-1,\"msg\":\"商户已被封禁，无法支付！\"}", PR_EV_INVALID, "merchant_blocked"},
        {"{\"code\":-1,\"msg\":\"通知地址(notify_url)不能为空\"}", PR_EV_INVALID, "invalid_request"},
        {"{\"code\":-1,\"msg\":\"最大支付金额是1000元\"}", PR_EV_INVALID, "amount_not_accepted"},
        {"{\"code\":-1,\"msg\":\"该商品禁止出售\"}", PR_EV_INVALID, "forbidden_content"},
        {"{\"code\":-1,\"msg\":\"你今天已无法再发起支付，请明天再试\"}", PR_EV_INVALID,
         "method_not_available"},
        {"{\"code\":-1,\"msg\":\"当前商户已超出订单并发量限制，请稍后再试\"}", PR_EV_REFUSED_BEFORE,
         "rate_limited"},
        {"{\"code\":-1,\"msg\":\"该订单(1)已完成支付，请勿重复发起支付\"}", PR_EV_UNCLEAR, "already_paid"},
        {"{\"code\":-1,\"msg\":\"该订单(1)支付参数有变化，请更换订单号重新发起支付\"}", PR_EV_UNCLEAR,
         "same_key_other_content"},
        {"{\"code\":-1,\"msg\":\"创建订单失败，请返回重试！\"}", PR_EV_UNCLEAR, "provider_system_error"},
        {"{\"code\":-2,\"msg\":\"返回结果解析失败\"}", PR_EV_UNCLEAR, "provider_system_error"},
        {"{\"code\":-5,\"msg\":\"No Act!\"}", PR_EV_INVALID, "operation_not_supported"},
        {"{\"code\":\"error\",\"msg\":\"签名错误\"}", PR_EV_REFUSED_BEFORE, "signature_rejected"},
        {"{\"code\":\"error\",\"msg\":\"?\"}", PR_EV_UNCLEAR, "unknown_outcome"},
        {"{\"code\":-1}", PR_EV_UNCLEAR, "unknown_outcome"},
        {"{\"code\":2,\"msg\":\"\"}", PR_EV_UNCLEAR, "unknown_outcome"},
    };
    adk k;
    epay_open(&k, RAINBOW, "alipay", "qr");
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        const pr_fact *f = epay_read(&k, PR_OP_CREATE, errors[i].body);
        if (f->event != errors[i].event || strcmp(f->meaning.name, errors[i].reason) != 0) {
            fail_msg("%s: event %d, %s", errors[i].body, (int)f->event, f->meaning.name);
        }
    }
    adk_close(&k);
}

/* ---- forks and channels -------------------------------------------------------------------------------- */

static void refused_channel(const char *channel, const char *line)
{
    char file[8192], why[1024] = "";
    payroute_registry *r = NULL;
    snprintf(file, sizeof file, "{\"schema\":1,\"channels\":[%s]}", channel);
    assert_true(payroute_registry_from_json(&r, file, strlen(file), why, sizeof why) != PAYROUTE_OK);
    if (!strstr(why, line)) {
        fail_msg("expected: %s\ngot: %s", line, why);
    }
    assert_null(strstr(why, EPAY_KEY));
}

static void channels_that_cannot_work(void **state)
{
    (void)state;
    refused_channel("{\"id\":\"e\",\"provider\":\"epay\",\"base_url\":\"https://p.example\",\"notify_url\":"
                    "\"https://s.example/n\",\"credentials\":[" V1_CREDENTIAL
                    "],\"methods\":[" ALL_FLOWS("alipay") "],\"currencies\":[\"CNY\"]}",
                    "channels[0].fork: expected a fork of epay (rainbow rainbow_v2 zpay ezpay), got nothing");
    refused_channel(
        EPAY_CHANNEL("caihong", V1_CREDENTIAL, ALL_FLOWS("alipay")),
        "channels[0].fork: expected a fork of epay (rainbow rainbow_v2 zpay ezpay), got \"caihong\"");
    refused_channel(
        EPAY_CHANNEL("rainbow", V2_CREDENTIAL, ALL_FLOWS("alipay")),
        "channels[0].credentials[0].key: expected v1: the merchant's MD5 key (商户密钥) for fork rainbow");
    refused_channel(EPAY_CHANNEL("rainbow_v2", V1_CREDENTIAL, ALL_FLOWS("alipay")),
                    "channels[0].credentials[0].private_key: expected v2");
    refused_channel(
        EPAY_AT("zpay", "", "", V1_CREDENTIAL, ALL_FLOWS("qq")),
        "channels[0].methods[0].method: expected a method of fork zpay (alipay=alipay wechat=wxpay)");
    refused_channel(EPAY_AT("zpay", "?a=1", "", V1_CREDENTIAL, ALL_FLOWS("alipay")),
                    "channels[0].notify_url: expected an address without ?query for fork zpay");
    refused_channel(EPAY_AT("zpay", "", "?b=1", V1_CREDENTIAL, ALL_FLOWS("alipay")),
                    "channels[0].return_url: expected an address without ?query for fork zpay");
    refused_channel(
        EPAY_CHANNEL("ezpay", V1_CREDENTIAL, ALL_FLOWS("alipay")),
        "channels[0].methods[0].flows[0]: expected a flow of fork ezpay (redirect page), got \"qr\"");
    refused_channel(
        EPAY_CHANNEL("rainbow", "{\"pid\":\"10a1\",\"key\":\"" EPAY_KEY "\"}", ALL_FLOWS("alipay")),
        "credentials[0].pid: expected the merchant's number");
    refused_channel("{\"id\":\"e\",\"provider\":\"epay\",\"fork\":\"rainbow\",\"credentials\":[" V1_CREDENTIAL
                    "],\"methods\":[" ALL_FLOWS("alipay") "],\"currencies\":[\"CNY\"]}",
                    "channels[0].base_url: expected the panel's address");
    refused_channel(
        "{\"id\":\"c\",\"provider\":\"custom\",\"fork\":\"rainbow\",\"methods\":[{\"method\":\"x\","
        "\"flows\":[\"qr\"]}],\"currencies\":[\"CNY\"]}",
        "channels[0].fork: expected nothing: custom has no forks");
}

static uint32_t facts_of(pr_facts *f, const char *channel, const char *flow)
{
    adk k;
    adk_open(&k, channel, "alipay", flow, "CNY");
    assert_int_equal(pr_channel_method_facts(f, k.channel, "alipay", flow), 1);
    adk_close(&k);
    return f->flags;
}

/* Ten days: the number is a key that long and no longer, and what nobody can close or find is never free. */
static void facts_say_what_the_fork_lacks(void **state)
{
    (void)state;
    pr_facts f;
    uint32_t flags = facts_of(&f, RAINBOW, "page");
    assert_int_equal(flags & (PR_FACT_CAN_CLOSE | PR_FACT_CLOSE_BLIND | PR_FACT_REFUND_KEYED |
                              PR_FACT_REFUND_LOOKUP | PR_FACT_EXPIRES),
                     0);
    assert_int_not_equal(flags & PR_FACT_REFUND, 0);
    assert_int_not_equal(flags & PR_FACT_PAGE_ONLY, 0);
    assert_int_equal(f.late_send, PR_LATE_NONE);
    assert_true(f.key_ttl_ms == INT64_C(10) * 24 * 3600 * 1000);
    assert_int_equal(f.lookup, PR_LOOKUP_OUR_REF);
    assert_int_equal(f.money_steps, 0);
    flags = facts_of(&f, RAINBOW2, "qr");
    assert_int_not_equal(flags & PR_FACT_CAN_CLOSE, 0);
    assert_int_not_equal(flags & PR_FACT_REFUND_KEYED, 0);
    assert_int_not_equal(flags & PR_FACT_REPEAT_SAFE, 0);
    assert_int_equal(f.late_send, PR_LATE_WINDOW);
    assert_int_equal(f.late_window_s, 300);
    assert_int_equal(facts_of(&f, RAINBOW2, "redirect") & PR_FACT_CAN_CLOSE, 0);
    assert_int_equal(facts_of(&f, RAINBOW2, "page") & PR_FACT_CAN_CLOSE, 0);
    flags = facts_of(&f, ZPAY, "qr");
    assert_int_equal(flags & (PR_FACT_REPEAT_SAFE | PR_FACT_CAN_CLOSE | PR_FACT_REFUND_KEYED), 0);
    flags = facts_of(&f, EZPAY, "redirect");
    assert_int_equal(flags & (PR_FACT_REPEAT_SAFE | PR_FACT_CAN_CLOSE | PR_FACT_REFUND), 0);
}

static void each_fork_is_whole(void **state)
{
    (void)state;
    const pr_provider *p = pr_provider_find("epay");
    int32_t count = 0;
    for (const pr_fork *f; (f = pr_provider_fork_at(p, count)) != NULL; count++) {
        pr_channel c = {.provider = p, .fork = f};
        const pr_epay_fork *w = pr_epay_fork_of(&c);
        assert_non_null(w);
        assert_ptr_equal(pr_provider_fork(p, f->name), f);
        assert_string_equal(w->name, f->name);
        assert_int_equal(f->legacy, w->sign != PR_EPAY_RSA);
        assert_true(w->page && w->create && w->query && w->status && w->paid[0]);
        assert_int_equal((f->off & PR_FACT_REFUND) != 0, w->refund == NULL);
        assert_int_equal((f->off & PR_FACT_CAN_CLOSE) != 0, w->close == NULL);
        assert_int_equal((f->off & (PR_FACT_REFUND_LOOKUP | PR_FACT_REFUND)) != 0, w->refund_query == NULL);
        char type[32];
        assert_int_equal(pr_fork_type(type, sizeof type, f, "alipay"), 1);
        assert_int_equal(pr_fork_type(type, sizeof type, f, "ali"), 0);
        assert_int_equal(pr_fork_type(type, 2, f, "alipay"), 0);
    }
    assert_int_equal(count, 4);
    assert_null(pr_provider_fork_at(pr_provider_find("alipay"), 0));
    assert_null(pr_provider_fork(NULL, "rainbow"));
    assert_true(pr_epay_listed("1 0", "0") && pr_epay_listed("1", "1"));
    assert_false(pr_epay_listed("10", "1") || pr_epay_listed("", "") || pr_epay_listed(NULL, "1") ||
                 pr_epay_listed("1", NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_signature),
        cmocka_unit_test(orders_of_each_fork),
        cmocka_unit_test(wechat_is_wxpay_there),
        cmocka_unit_test(page_is_an_address_or_a_form),
        cmocka_unit_test(html_is_escaped),
        cmocka_unit_test(operations_of_v1),
        cmocka_unit_test(operations_of_v2),
        cmocka_unit_test(wishes_that_no_panel_takes),
        cmocka_unit_test(content_of_another_order_is_not_sent),
        cmocka_unit_test(errors_of_an_order),
        cmocka_unit_test(channels_that_cannot_work),
        cmocka_unit_test(facts_say_what_the_fork_lacks),
        cmocka_unit_test(each_fork_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
