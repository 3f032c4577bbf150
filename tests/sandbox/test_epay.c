/* The sandbox's epay: two versions, several panels, a number that is a key for ten days only. */
#include "client.h"

#include <curl/curl.h>

#define DAY INT64_C(86400000)

static char fields_text[1024];

static const char *order(const char *number, const char *money, const char *more)
{
    snprintf(fields_text, sizeof fields_text,
             "pid=%s&type=alipay&out_trade_no=%s&notify_url=http://127.0.0.1:18080/notify/epay-main"
             "&return_url=https://shop.example/r&name=茶 点心&money=%s&clientip=203.0.113.7%s",
             credential("epay-main", "pid"), number, money, more);
    return fields_text;
}

static const char *order2(const char *number, const char *money, const char *more)
{
    snprintf(fields_text, sizeof fields_text,
             "pid=%s&type=wxpay&out_trade_no=%s&notify_url=http://127.0.0.1:18080/notify/epay-v2"
             "&name=tea&money=%s&clientip=203.0.113.7&timestamp=%lld%s",
             credential("epay-v2", "pid"), number, money, (long long)(clock_ms() / 1000), more);
    return fields_text;
}

static const char *ask2(const char *more)
{
    snprintf(fields_text, sizeof fields_text, "pid=%s&timestamp=%lld&%s", credential("epay-v2", "pid"),
             (long long)(clock_ms() / 1000), more);
    return fields_text;
}

static cJSON *query(const char *number)
{
    char url[512];
    snprintf(url, sizeof url, "%s/api.php?act=order&pid=%s&key=%s&out_trade_no=%s", base_url("epay-main"),
             credential("epay-main", "pid"), credential("epay-main", "key"), number);
    struct reply *reply = call("GET", url, NULL, NULL);
    assert_int_equal(reply->status, 200);
    cJSON *out = reply->json;
    reply->json = NULL;
    drop(reply);
    return out;
}

static struct reply *refund1(const char *number, const char *money)
{
    char url[256], form[256];
    snprintf(url, sizeof url, "%s/api.php?act=refund", base_url("epay-main"));
    snprintf(form, sizeof form, "pid=%s&key=%s&out_trade_no=%s&money=%s", credential("epay-main", "pid"),
             credential("epay-main", "key"), number, money);
    return call("POST", url, NULL, form);
}

static void expect(struct reply *reply, int code, const char *words)
{
    if (reply->status != 200 || int_of(reply->json, "code") != code ||
        !strstr(text_of(reply->json, "msg"), words)) {
        fail_msg("wanted %d %s: %ld %s", code, words, reply->status, reply->body);
    }
    drop(reply);
}

static void create_says(const char *fields, int code, const char *words)
{
    expect(epay_post("epay-main", "/mapi.php", fields), code, words);
}

static void create2_says(const char *fields, int code, const char *words)
{
    expect(epay_post("epay-v2", "/api/pay/create", fields), code, words);
}

/* ---- v1 ---- */

static void v1_refuses(void **state)
{
    (void)state;
    create_says(order("E0", "1.00", "&sign=0123456789abcdef0123456789abcdef"), -3, "MD5签名校验失败");
    create_says(order("E0", "0", ""), -1, "金额不合法");
    create_says(order("E0", "1e3", ""), -1, "金额不合法");
    create_says(order("E 0", "1.00", ""), -1, "格式不正确");
    create_says("pid=9999&sign=x", -1, "商户不存在");
    create_says(order("E0", "1.00", "&clientip="), -3, "签名"); /* twice the same name: not what was signed */
    char url[512];
    snprintf(url, sizeof url, "%s/api.php?act=order&pid=1001&key=wrong&out_trade_no=E0",
             base_url("epay-main"));
    struct reply *reply = call("GET", url, NULL, NULL);
    expect(reply, -3, "商户密钥错误");
    snprintf(url, sizeof url, "%s/api.php?act=nothing", base_url("epay-main"));
    expect(call("GET", url, NULL, NULL), -5, "");
    cJSON *out = query("E0");
    assert_int_equal(int_of(out, "code"), -1);
    assert_non_null(strstr(text_of(out, "msg"), "订单号不存在"));
    cJSON_Delete(out);
}

static void v1_order(void **state)
{
    char id[40];
    (void)state;
    cJSON *out = epay("epay-main", "/mapi.php", order("E1", "6.00", "&param=order_hash=HE1"));
    assert_int_equal(int_of(out, "code"), 1);
    assert_string_equal(text_of(out, "sign"), ""); /* no answer of v1 is signed */
    snprintf(id, sizeof id, "%s", text_of(out, "trade_no"));
    char *code = strdup(text_of(out, "qrcode"));
    cJSON_Delete(out);
    out = query("E1");
    assert_int_equal(int_of(out, "status"), 0);
    assert_string_equal(text_of(out, "money"), "6.00");
    cJSON_Delete(out);
    out = epay("epay-main", "/mapi.php", order("E1", "6.00", "&param=order_hash=HE1"));
    assert_string_equal(text_of(out, "trade_no"), id); /* the same trade */
    cJSON_Delete(out);
    create_says(order("E1", "6.01", "&param=order_hash=HE1"), -1, "支付参数有变化");
    assert_int_equal(epay_act("epay-main", "qr", code, "pay"), 200);
    free(code);
    create_says(order("E1", "6.00", "&param=order_hash=HE1"), -1, "已完成支付");
    out = query("E1");
    assert_int_equal(int_of(out, "status"), 1);
    assert_string_equal(text_of(out, "trade_no"), id);
    cJSON_Delete(out);
    out = book("epay-main", "E1");
    assert_string_equal(text_of(out, "shop_order"), "HE1");
    cJSON_Delete(out);
    assert_int_equal(epay_act("epay-main", "reference", "E1", "freeze"), 200);
    out = query("E1");
    assert_int_equal(int_of(out, "status"), 3);
    cJSON_Delete(out);
}

static void v1_pages(void **state)
{
    char json[2048], *form = epay_form("epay-main", order("E2", "8.00", ""));
    (void)state;
    snprintf(json, sizeof json, "{\"url\":\"%s/submit.php?%s\",\"act\":\"open\"}", base_url("epay-main"),
             form);
    cJSON_Delete(control("/_customer", json));
    snprintf(json, sizeof json, "{\"url\":\"%s/submit.php\",\"form\":\"%s\",\"act\":\"pay\"}",
             base_url("epay-main"), form);
    cJSON_Delete(control("/_customer", json)); /* by form, the same order */
    free(form);
    cJSON *out = query("E2");
    assert_int_equal(int_of(out, "status"), 1);
    cJSON_Delete(out);
    struct reply *reply = epay_post("epay-main", "/submit.php", order("E2", "8.00", ""));
    assert_int_equal(reply->status, 200);
    assert_null(reply->json); /* the buyer reads it, not the shop */
    assert_non_null(strstr(reply->body, "已完成支付"));
    drop(reply);
    out = epay("epay-main", "/mapi.php", order("E3", "8.00", "&device=jump"));
    assert_int_equal(epay_act("epay-main", "url", text_of(out, "payurl"), "pay"), 200);
    cJSON_Delete(out);
    out = query("E3");
    assert_int_equal(int_of(out, "status"), 1);
    cJSON_Delete(out);
}

static void a_number_is_a_key_for_ten_days(void **state)
{
    char first[40];
    int64_t before = total("double");
    (void)state;
    cJSON *out = epay("epay-main", "/mapi.php", order("E4", "5.00", ""));
    snprintf(first, sizeof first, "%s", text_of(out, "trade_no"));
    char *code = strdup(text_of(out, "qrcode"));
    cJSON_Delete(out);
    advance(10 * DAY - 1000);
    out = epay("epay-main", "/mapi.php", order("E4", "5.00", ""));
    assert_string_equal(text_of(out, "trade_no"), first);
    cJSON_Delete(out);
    advance(1000);
    out = epay("epay-main", "/mapi.php", order("E4", "7.00", "")); /* even with another amount */
    assert_string_not_equal(text_of(out, "trade_no"), first);
    assert_int_equal(epay_act("epay-main", "qr", text_of(out, "qrcode"), "pay"), 200);
    cJSON_Delete(out);
    out = query("E4"); /* the panel finds the oldest */
    assert_string_equal(text_of(out, "trade_no"), first);
    assert_int_equal(int_of(out, "status"), 0);
    cJSON_Delete(out);
    assert_int_equal(epay_act("epay-main", "qr", code, "pay"), 200); /* no trade ever expires */
    free(code);
    assert_int_equal(total("double"), before + 1);
    epay_panel("epay-main", "\"newest\":true");
    out = query("E4");
    assert_string_not_equal(text_of(out, "trade_no"), first);
    cJSON_Delete(out);
    epay_panel("epay-main", "\"newest\":false");
}

static void v1_refunds(void **state)
{
    (void)state;
    cJSON_Delete(epay("epay-main", "/mapi.php", order("E5", "9.00", "")));
    expect(refund1("E5", "1.00"), -4, "未开启");
    epay_panel("epay-main", "\"refund\":true");
    expect(refund1("E5", "1.00"), -1, "不支持退款");
    assert_int_equal(epay_act("epay-main", "reference", "E5", "pay"), 200);
    expect(refund1("E5", "10.00"), -1, "退款金额不能大于");
    expect(refund1("E5", "4.00"), 0, "退款成功"); /* 0 in the panel's source, 1 in most documents */
    epay_panel("epay-main", "\"refund_code\":1");
    expect(refund1("E5", "4.00"), 1, "退款成功"); /* no key: twice is twice */
    expect(refund1("E5", "4.00"), -1, "退款金额不能超过");
    cJSON *out = query("E5");
    assert_int_equal(int_of(out, "status"), 2);
    cJSON_Delete(out);
    out = book("epay-main", "E5");
    assert_int_equal(int_of(out, "refunded"), 800);
    cJSON_Delete(out);
    epay_panel("epay-main", "\"fork\":\"rainbow\"");
}

static void v1_notes(void **state)
{
    (void)state;
    cJSON_Delete(epay("epay-main", "/mapi.php", order("E6", "6.50", "&param=<a>")));
    assert_int_equal(epay_act("epay-main", "reference", "E6", "pay"), 200);
    cJSON *note = epay_take_note("E6");
    assert_string_equal(text_of(note, "method"), "GET");
    assert_true(epay_verify("epay-main", epay_note_form(note)));
    epay_note_field(note, "money", "6.5"); /* as PHP prints a float */
    epay_note_field(note, "trade_status", "TRADE_SUCCESS");
    epay_note_field(note, "out_trade_no", "E6");
    epay_note_field(note, "pid", credential("epay-main", "pid"));
    epay_note_field(note, "param", "&lt;a&gt;"); /* kept as the panel escaped it */
    epay_note_field(note, "sign_type", "MD5");
    cJSON_Delete(note);
    epay_panel("epay-main", "\"post\":true,\"fixed\":true");
    cJSON_Delete(epay("epay-main", "/mapi.php", order("E7", "6.00", "")));
    assert_int_equal(epay_act("epay-main", "reference", "E7", "pay"), 200);
    note = epay_take_note("E7");
    assert_string_equal(text_of(note, "method"), "POST");
    assert_true(epay_verify("epay-main", text_of(note, "body")));
    epay_note_field(note, "money", "6.00");
    cJSON_Delete(note);
    epay_panel("epay-main", "\"fork\":\"rainbow\"");
}

/* ---- v2 ---- */

static void v2_refuses(void **state)
{
    char *form;
    (void)state;
    create2_says(order2("F0", "1.00", "&sign=AAAA"), -3, "RSA签名校验失败");
    create2_says("pid=1002&type=wxpay", -3, "时间戳");
    expect(epay_post("epay-v2", "/api/pay/query", "pid=1002&timestamp=1&out_trade_no=F0"), -3, "时间戳");
    form = epay_form("epay-main", "pid=1002&out_trade_no=F0");
    char url[256];
    snprintf(url, sizeof url, "%s/mapi.php", base_url("epay-v2"));
    expect(call("POST", url, NULL, form), -3, "只能使用RSA");
    free(form);
    expect(epay_post("epay-v2", "/api/pay/query", ask2("out_trade_no=F0")), -1, "订单号不存在");
    expect(epay_post("epay-v2", "/api/pay/close", ask2("out_trade_no=F0")), -1, "不存在");
}

static void v2_order(void **state)
{
    (void)state;
    cJSON *out = epay("epay-v2", "/api/pay/create", order2("F1", "6.00", ""));
    assert_int_equal(int_of(out, "code"), 0);
    assert_string_equal(text_of(out, "pay_type"), "qrcode");
    assert_int_equal(epay_act("epay-v2", "qr", text_of(out, "pay_info"), "pay"), 200);
    cJSON_Delete(out);
    out = epay("epay-v2", "/api/pay/query", ask2("out_trade_no=F1"));
    assert_int_equal(int_of(out, "status"), 1);
    assert_string_equal(text_of(out, "type"), "wxpay");
    assert_null(cJSON_GetObjectItem(out, "param")); /* what is empty is left out */
    cJSON_Delete(out);
    cJSON *note = epay_take_note("F1");
    assert_true(epay_verify("epay-v2", epay_note_form(note)));
    epay_note_field(note, "sign_type", "RSA");
    epay_note_field(note, "money", "6");
    cJSON_Delete(note);
    out = epay("epay-v2", "/api/pay/create", order2("F2", "6.00", "&method=jump"));
    assert_string_equal(text_of(out, "pay_type"), "jump");
    assert_int_equal(epay_act("epay-v2", "url", text_of(out, "pay_info"), "pay"), 200);
    cJSON_Delete(out);
}

/* The rewriting of the address enters the signature of a GET; a form is as it was signed. */
static void v2_pages(void **state)
{
    char json[4096], *form = epay_form("epay-v2", order2("F3", "6.00", "&return_url=https://shop.example/r"));
    (void)state;
    snprintf(json, sizeof json, "{\"url\":\"%s/api/pay/submit?%s\",\"act\":\"pay\"}", base_url("epay-v2"),
             form);
    assert_int_equal(control_status("/_customer", json), 404);
    snprintf(json, sizeof json, "{\"url\":\"%s/api/pay/submit\",\"form\":\"%s\",\"act\":\"pay\"}",
             base_url("epay-v2"), form);
    assert_int_equal(control_status("/_customer", json), 200);
    free(form);
    snprintf(json, sizeof json,
             "{\"act\":\"pay\",\"html\":\"<p>…</p><form id='f' method='post' action='%s/submit.php'>"
             "<input type='hidden' name='pid' value='1001'><input name='sign' value='x'></form>\"}",
             base_url("epay-main"));
    assert_int_equal(control_status("/_customer", json), 404); /* sent, and refused for its signature */
    epay_page("epay-v2", "/api/pay/submit", order2("F7", "6.00", "&return_url=https://shop.example/r?a=1"),
              json, sizeof json);
    assert_int_equal(control_status("/_customer", json), 200);
    cJSON *one = book("epay-v2", "F7");
    assert_int_equal(int_of(one, "captured"), 600);
    cJSON_Delete(one);
}

static void v2_refunds(void **state)
{
    (void)state;
    cJSON_Delete(epay("epay-v2", "/api/pay/create", order2("F4", "9.00", "")));
    assert_int_equal(epay_act("epay-v2", "reference", "F4", "pay"), 200);
    for (int i = 0; i < 2; i++) {
        cJSON *out =
            epay("epay-v2", "/api/pay/refund", ask2("out_trade_no=F4&money=4.00&out_refund_no=F4R001"));
        assert_int_equal(int_of(out, "code"), 0);
        assert_string_equal(text_of(out, "money"), "4.00");
        cJSON_Delete(out);
    }
    cJSON *one = book("epay-v2", "F4");
    assert_int_equal(int_of(one, "refunded"), 400);
    cJSON_Delete(one);
    one = epay("epay-v2", "/api/pay/refundquery", ask2("out_refund_no=F4R001"));
    assert_int_equal(int_of(one, "status"), 1);
    assert_string_equal(text_of(one, "out_trade_no"), "F4");
    cJSON_Delete(one);
    expect(epay_post("epay-v2", "/api/pay/refundquery", ask2("out_refund_no=F4R999")), -1, "退款记录不存在");
    for (int i = 0; i < 2; i++) { /* five characters are too few to be a key */
        cJSON_Delete(
            epay("epay-v2", "/api/pay/refund", ask2("out_trade_no=F4&money=1.00&out_refund_no=F4R02")));
    }
    one = book("epay-v2", "F4");
    assert_int_equal(int_of(one, "refunded"), 600);
    cJSON_Delete(one);
    one = epay("epay-v2", "/api/pay/refund", ask2("out_trade_no=F4&money=4.00&out_refund_no=F4R003"));
    assert_int_equal(int_of(one, "code"), -1); /* refused, and signed all the same */
    cJSON_Delete(one);
}

static void v2_close(void **state)
{
    (void)state;
    cJSON *out = epay("epay-v2", "/api/pay/create", order2("F5", "9.00", ""));
    char *code = strdup(text_of(out, "pay_info"));
    cJSON_Delete(out);
    for (int i = 0; i < 2; i++) {
        out = epay("epay-v2", "/api/pay/close", ask2("out_trade_no=F5"));
        assert_int_equal(int_of(out, "code"), 0);
        cJSON_Delete(out);
    }
    assert_int_equal(epay_act("epay-v2", "qr", code, "pay"), 409);
    free(code);
    out = epay("epay-v2", "/api/pay/query", ask2("out_trade_no=F5"));
    assert_int_equal(int_of(out, "status"), 0); /* the panel's own row does not change */
    cJSON_Delete(out);
    create2_says(order2("F5", "9.00", ""), -2, "已关闭");
    out = epay("epay-v2", "/api/pay/close", ask2("out_trade_no=F1"));
    assert_int_equal(int_of(out, "code"), -1); /* paid */
    cJSON_Delete(out);
    epay_panel("epay-v2", "\"close\":false");
    cJSON_Delete(epay("epay-v2", "/api/pay/create", order2("F6", "9.00", "")));
    out = epay("epay-v2", "/api/pay/close", ask2("out_trade_no=F6"));
    assert_int_equal(int_of(out, "code"), -1);
    cJSON_Delete(out);
    epay_panel("epay-v2", "\"close\":true");
}

/* ---- panels that differ, hostile senders, faults ---- */

static void other_panels(void **state)
{
    (void)state;
    epay_panel("epay-main", "\"fork\":\"zpay\"");
    cJSON *out = epay("epay-main", "/mapi.php", order("G1", "6.00", ""));
    assert_true(*text_of(out, "payurl") && *text_of(out, "qrcode"));
    cJSON_Delete(out);
    out = epay("epay-main", "/mapi.php", order("G1", "6.00", ""));
    assert_string_equal(text_of(out, "code"), "error"); /* a word, and a number serves once */
    cJSON_Delete(out);
    assert_int_equal(epay_act("epay-main", "reference", "G1", "pay"), 200);
    out = query("G1");
    assert_string_equal(text_of(out, "status"), "1");
    cJSON_Delete(out);
    expect(refund1("G1", "6.00"), 1, "退款成功");
    epay_panel("epay-main", "\"fork\":\"ezpay\"");
    create_says(order("G2", "6.00", ""), -3, "签名"); /* hashed as the others do */
    epay_escaped(true);
    out = epay("epay-main", "/mapi.php", order("G2", "6.00", ""));
    assert_int_equal(int_of(out, "code"), 1);
    cJSON_Delete(out);
    assert_int_equal(epay_act("epay-main", "reference", "G2", "pay"), 200);
    out = query("G2");
    assert_string_equal(text_of(out, "trade_status"), "TRADE_SUCCESS");
    assert_null(cJSON_GetObjectItem(out, "status"));
    cJSON_Delete(out);
    cJSON *note = epay_take_note("G2");
    assert_true(epay_verify("epay-main", epay_note_form(note)));
    cJSON_Delete(note);
    epay_escaped(false);
    epay_panel("epay-main", "\"fork\":\"rainbow\"");
    assert_int_equal(control_status("/_account", "{\"account\":\"epay-main\",\"fork\":\"nobody\"}"), 400);
}

static void forgeries(void **state)
{
    static const struct {
        const char *kind;
        bool authentic;
        const char *field, *value;
    } rows[] = {{"bad_signature", false, NULL, NULL},
                {"wrong_seller", true, "pid", "4711"},
                {"wrong_amount", true, "money", "2"},
                {"unpaid", true, "trade_status", "TRADE_CLOSED"},
                {"paid", true, "money", "1"},
                {"unknown_reference", true, "out_trade_no", "STRANGER00000000000001"}};
    (void)state;
    cJSON_Delete(epay("epay-main", "/mapi.php", order("H1", "1.00", "")));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char json[128];
        snprintf(json, sizeof json, "{\"account\":\"epay-main\",\"reference\":\"H1\",\"kind\":\"%s\"}",
                 rows[i].kind);
        cJSON *note = control("/_forge", json);
        assert_int_equal(epay_verify("epay-main", epay_note_form(note)), rows[i].authentic);
        if (rows[i].field) {
            epay_note_field(note, rows[i].field, rows[i].value);
        }
        cJSON_Delete(note);
    }
    cJSON *one = book("epay-main", "H1");
    assert_int_equal(int_of(one, "captured"), 0);
    cJSON_Delete(one);
}

static void faults(void **state)
{
    (void)state;
    epay_fault("epay-main", "create", "html", "");
    struct reply *reply = epay_post("epay-main", "/mapi.php", order("K1", "1.00", ""));
    assert_null(reply->json);
    assert_non_null(strstr(reply->body, "<html>"));
    drop(reply);
    cJSON *one = book("epay-main", "K1");
    assert_null(one);
    epay_fault("epay-main", "create", "html_after", "");
    drop(epay_post("epay-main", "/mapi.php", order("K1", "1.00", "")));
    one = book("epay-main", "K1");
    assert_string_equal(text_of(one, "state"), "UNPAID");
    cJSON_Delete(one);
    epay_fault("epay-main", "create", "decline", "");
    create_says(order("K2", "1.00", ""), -2, "");
    epay_fault("epay-main", "create", "error", ",\"code\":\"-1\",\"body\":\"商户余额不足\"");
    create_says(order("K3", "1.00", ""), -1, "商户余额不足");
    assert_int_equal(epay_act("epay-main", "reference", "K1", "pay"), 200);
    epay_fault("epay-main", "query", "pending", "");
    one = query("K1");
    assert_int_equal(int_of(one, "status"), 0);
    cJSON_Delete(one);
    epay_fault("epay-main", "query", "wrong_amount", "");
    one = query("K1");
    assert_string_equal(text_of(one, "money"), "2.00");
    cJSON_Delete(one);
    cJSON_Delete(epay("epay-v2", "/api/pay/create", order2("K4", "1.00", "")));
    epay_fault("epay-v2", "query", "bad_signature", "");
    reply = epay_post("epay-v2", "/api/pay/query", ask2("out_trade_no=K4"));
    assert_string_not_equal(text_of(reply->json, "sign"), "");
    drop(reply);
    epay_fault("epay-v2", "query", "unsigned", "");
    reply = epay_post("epay-v2", "/api/pay/query", ask2("out_trade_no=K4"));
    assert_null(cJSON_GetObjectItem(reply->json, "sign"));
    drop(reply);
    epay_panel("epay-v2", "\"skew_ms\":-301000");
    create2_says(order2("K5", "1.00", ""), -3, "时间戳");
    epay_panel("epay-v2", "\"skew_ms\":0");
    cJSON_Delete(control("/_fault", "{\"account\":\"epay-main\",\"fault\":\"refuse\"}"));
    reply = epay_post("epay-main", "/mapi.php", order("K6", "1.00", ""));
    assert_int_equal(reply->code, CURLE_COULDNT_CONNECT);
    drop(reply);
    cJSON_Delete(control("/_fault", "{\"clear\":true}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(v1_refuses), cmocka_unit_test(v1_order),
        cmocka_unit_test(v1_pages),   cmocka_unit_test(a_number_is_a_key_for_ten_days),
        cmocka_unit_test(v1_refunds), cmocka_unit_test(v1_notes),
        cmocka_unit_test(v2_refuses), cmocka_unit_test(v2_order),
        cmocka_unit_test(v2_pages),   cmocka_unit_test(v2_refunds),
        cmocka_unit_test(v2_close),   cmocka_unit_test(other_panels),
        cmocka_unit_test(forgeries),  cmocka_unit_test(faults),
    };
    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
