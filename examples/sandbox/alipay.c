/* Alipay's gateway: public parameters, RSA2 both ways, and the envelope of an answer. The rules of trades are
   in alipay_trade.c and alipay_refund.c. */
#include "sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct alipay_method {
    const char *name, *op;
    void (*execute)(struct sb_request *req);
    bool page;
};

static const struct alipay_method alipay_methods[] = {
    {"alipay.trade.precreate", "precreate", sb_alipay_precreate, false},
    {"alipay.trade.page.pay", "page", sb_alipay_page, true},
    {"alipay.trade.wap.pay", "wap", sb_alipay_page, true},
    {"alipay.trade.query", "query", sb_alipay_query, false},
    {"alipay.trade.close", "close", sb_alipay_close, false},
    {"alipay.trade.cancel", "cancel", sb_alipay_cancel, false},
    {"alipay.trade.refund", "refund", sb_alipay_refund, false},
    {"alipay.trade.fastpay.refund.query", "refund_query", sb_alipay_refund_query, false},
};

static const struct alipay_method *find_method(const char *name)
{
    for (size_t i = 0; i < sizeof alipay_methods / sizeof *alipay_methods; i++) {
        if (sb_same(name, alipay_methods[i].name)) {
            return &alipay_methods[i];
        }
    }
    return NULL;
}

void sb_alipay_identify(struct sb_request *req)
{
    const struct alipay_method *method = find_method(sb_params_get(&req->all, "method"));
    const char *content = sb_params_get(&req->all, "biz_content");
    sb_copy(req->op, sizeof req->op, method ? method->op : "unknown");
    req->json = content ? cJSON_ParseWithOpts(content, NULL, 1) : NULL;
    const char *number = sb_json_get(req->json, "out_trade_no");
    const struct sb_trade *trade = sb_map_get(&req->sb->by_trade, sb_json_get(req->json, "trade_no"));
    sb_copy(req->reference, sizeof req->reference, number ? number : trade ? trade->order->reference : "");
}

/* The text that is signed over: sorted, without empty values and without those named. */
static char *text_to_sign(const struct sb_params *params, const char *without, const char *without_too)
{
    struct sb_params sorted = {0};
    struct sb_buf text = {0};
    for (size_t i = 0; i < params->count; i++) {
        if (params->at[i].value[0] && !sb_same(params->at[i].key, without) &&
            !sb_same(params->at[i].key, without_too)) {
            sb_params_add(&sorted, params->at[i].key, params->at[i].value);
        }
    }
    sb_params_sort(&sorted);
    for (size_t i = 0; i < sorted.count; i++) {
        sb_buf_print(&text, "%s%s=%s", i ? "&" : "", sorted.at[i].key, sorted.at[i].value);
    }
    sb_params_free(&sorted);
    sb_buf_put(&text, "");
    return text.at;
}

static bool request_signed(struct sb_request *req)
{
    char *text = text_to_sign(&req->all, "sign", NULL);
    bool good = sb_keys_verify(req->sb->keys, text, strlen(text), sb_params_get(&req->all, "sign"));
    free(text);
    return good;
}

static char *response_name(const char *method)
{
    char *name = sb_print("%s_response", find_method(method) ? method : "error");
    for (char *at = name; *at; at++) {
        if (*at == '.') {
            *at = '_';
        }
    }
    return name;
}

static char *escape_slashes(const char *text)
{
    struct sb_buf out = {0};
    for (; *text; text++) {
        if (*text == '/') {
            sb_buf_put(&out, "\\");
        }
        sb_buf_add(&out, text, 1);
    }
    sb_buf_put(&out, "");
    return out.at;
}

static void envelope(struct sb_request *req, cJSON *fields, bool with_sign)
{
    char *text = cJSON_PrintUnformatted(fields), *escaped = escape_slashes(text ? text : "{}");
    char *name = response_name(sb_params_get(&req->all, "method"));
    struct sb_buf body = {0};
    sb_buf_print(&body, "{\"%s\":%s", name,
                 sb_is(req, SB_FAULT_ESCAPED_SLASH) ? escaped
                 : text                             ? text
                                                    : "{}");
    if (with_sign && !sb_is(req, SB_FAULT_UNSIGNED)) {
        /* the official PHP SDK expects that \/ may be sent where / was signed */
        char *other = sb_dup(sb_is(req, SB_FAULT_SIGNED_ESCAPED) ? escaped : text);
        if (sb_is(req, SB_FAULT_BAD_SIGNATURE)) { /* a valid signature, of other bytes */
            other[0] = '[';
        }
        char *sign = sb_keys_sign(req->sb->keys, other, strlen(other));
        sb_buf_print(&body, ",\"sign\":\"%s\"", sign);
        free(sign);
        free(other);
    }
    sb_buf_put(&body, "}");
    sb_reply_text(req, 200, "text/html;charset=utf-8", body.at);
    sb_buf_free(&body);
    free(escaped);
    free(name);
    cJSON_free(text);
    cJSON_Delete(fields);
}

static const char *code_text(const char *code)
{
    static const char *const texts[][2] = {{"10000", "Success"},
                                           {"20000", "Service Currently Unavailable"},
                                           {"40001", "Missing Required Arguments"},
                                           {"40002", "Invalid Arguments"},
                                           {"40004", "Business Failed"},
                                           {"40005", "Call Limited"},
                                           {"40006", "Insufficient Permissions"}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (strcmp(texts[i][0], code) == 0) {
            return texts[i][1];
        }
    }
    return "";
}

static void answer_error(struct sb_request *req, const char *code, const char *sub_code, const char *text,
                         bool with_sign)
{
    cJSON *fields = cJSON_CreateObject();
    sb_json_text(fields, "code", code);
    sb_json_text(fields, "msg", code_text(code));
    sb_json_text(fields, "sub_code", sub_code);
    sb_json_text(fields, "sub_msg", text);
    envelope(req, fields, with_sign);
}

void sb_alipay_business(struct sb_request *req, const char *code, const char *sub_code, const char *text)
{
    answer_error(req, code, sub_code, text, true);
}

void sb_alipay_success(struct sb_request *req, cJSON *fields)
{
    cJSON *all = cJSON_CreateObject();
    sb_json_text(all, "code", "10000");
    sb_json_text(all, "msg", code_text("10000"));
    while (fields->child) {
        cJSON *item = cJSON_DetachItemViaPointer(fields, fields->child);
        cJSON_AddItemToObject(all, item->string, item);
    }
    cJSON_Delete(fields);
    envelope(req, all, true);
}

/* On a page the buyer sees the error, in GBK; the shop never does. */
static void page_error(struct sb_request *req, const char *sub_code)
{
    char *text = sb_print("<html><head><meta charset=\"GBK\"><title>\xB4\xED\xCE\xF3</title></head>"
                          "<body><h3>\xB4\xED\xCE\xF3 %s</h3></body></html>",
                          sub_code);
    sb_reply_text(req, 200, "text/html;charset=GBK", text);
    free(text);
}

struct gateway_problem {
    const char *code, *sub_code, *text;
    bool with_sign;
};

static bool twice(const struct sb_params *params)
{
    for (size_t i = 0; i < params->count; i++) {
        for (size_t k = i + 1; k < params->count; k++) {
            if (strcmp(params->at[i].key, params->at[k].key) == 0) {
                return true;
            }
        }
    }
    return false;
}

static bool missing(const struct sb_request *req, const char *name)
{
    const char *value = sb_params_get(&req->all, name);
    return !value || !*value;
}

/* In the gateway's order: the app comes before the signature. NULL: all is well. */
static const struct gateway_problem *check_gateway(struct sb_request *req)
{
    static const struct gateway_problem problems[] = {
        {"40002", "isv.invalid-method", "不存在的方法名", false},
        {"40001", "isv.missing-app-id", "缺少appId参数", false},
        {"40002", "isv.invalid-app-id", "无效的AppID参数", false},
        {"40001", "isv.missing-signature-type", "缺少签名类型参数", true},
        {"40002", "isv.invalid-signature-type", "无效的签名类型", true},
        {"40001", "isv.missing-timestamp", "缺少时间戳参数", true},
        {"40002", "isv.invalid-timestamp", "非法的时间戳参数", true},
        {"40001", "isv.missing-version", "缺少版本参数", true},
        {"40002", "isv.invalid-charset", "字符集错误", true},
        {"40002", "isv.invalid-format", "无效的数据格式", true},
        {"40001", "isv.missing-signature", "缺少签名参数", true},
        {"40002", "isv.invalid-signature", "验签出错", true},
        {"40002", "isv.invalid-parameter", "参数无效", true},
    };
    int64_t when;
    const char *charset = sb_params_get(&req->all, "charset"), *format = sb_params_get(&req->all, "format");
    const char *content = sb_params_get(&req->all, "biz_content");
    int n = -1;
    if (!find_method(sb_params_get(&req->all, "method"))) {
        n = 0;
    } else if (missing(req, "app_id")) {
        n = 1;
    } else if (!sb_same(sb_params_get(&req->all, "app_id"), req->account->app_id)) {
        n = 2;
    } else if (missing(req, "sign_type")) {
        n = 3;
    } else if (!sb_same(sb_params_get(&req->all, "sign_type"), "RSA2")) {
        n = 4;
    } else if (missing(req, "timestamp")) {
        n = 5;
    } else if (!sb_beijing_read(sb_params_get(&req->all, "timestamp"), &when)) {
        n = 6;
    } else if (!sb_same(sb_params_get(&req->all, "version"), "1.0")) {
        n = 7;
    } else if (!sb_same(charset, "utf-8") && !sb_same(charset, "UTF-8")) {
        n = 8;
    } else if (format && !sb_same(format, "JSON") && !sb_same(format, "json")) {
        n = 9;
    } else if (missing(req, "sign")) {
        n = 10;
    } else if (twice(&req->all) || !request_signed(req)) {
        n = 11;
    } else if (!content || !cJSON_IsObject(req->json)) {
        n = 12;
    }
    return n < 0 ? NULL : &problems[n];
}

void sb_alipay_execute(struct sb_request *req)
{
    const struct alipay_method *method = find_method(sb_params_get(&req->all, "method"));
    const struct gateway_problem *problem = check_gateway(req);
    if (strcmp(req->path + 1 + strlen(req->account->path), "/gateway.do") != 0) {
        sb_reply_text(req, 404, "text/html", "<html><body>404</body></html>");
        return;
    }
    if (problem && method && method->page) {
        page_error(req, problem->sub_code);
        return;
    }
    if (problem) {
        answer_error(req, problem->code, problem->sub_code, problem->text, problem->with_sign);
        return;
    }
    if (sb_is(req, SB_FAULT_SYSTEM_ERROR)) {
        sb_alipay_business(req, "20000", "isp.unknow-error", "系统繁忙");
        return;
    }
    method->execute(req);
    if (sb_is(req, SB_FAULT_SYSTEM_ERROR_AFTER)) {
        sb_alipay_business(req, "40004", "ACQ.SYSTEM_ERROR", "系统错误");
    }
}

void sb_alipay_limited(struct sb_request *req, const char *seconds)
{
    (void)seconds;
    sb_alipay_business(req, "40005", "isv.app-call-limited", "应用调用次数超限");
}

void sb_alipay_refuse(struct sb_request *req)
{
    sb_alipay_business(req, "40004", req->fault.code, req->fault.body ? req->fault.body : "业务处理失败");
}

/* The body of a notification, signed; `twist` spoils one thing that a hostile sender would. */
char *sb_alipay_note(struct sb *sb, struct sb_trade *trade, const struct sb_refund *refund, const char *twist)
{
    const struct sb_order *order = trade->order;
    const struct sb_account *account = order->account;
    char id[65], now[24], when[24], amount[32];
    struct sb_params note = {0};
    sb_random_hex(sb->keys, id, 34);
    sb_beijing_write(sb_now(sb), now);
    sb_yuan_write(order->amount + (sb_same(twist, "wrong_amount") ? 100 : 0), amount, sizeof amount);
    const char *pairs[][2] = {
        {"notify_time", now},
        {"notify_type", "trade_status_sync"},
        {"notify_id", id},
        {"charset", "utf-8"},
        {"version", "1.0"},
        {"app_id", sb_same(twist, "foreign_app") ? "2021000199999999" : account->app_id},
        {"auth_app_id", sb_same(twist, "foreign_app") ? "2021000199999999" : account->app_id},
        {"seller_id", sb_same(twist, "wrong_seller") ? "2088000099999999" : account->seller_id},
        {"trade_no", trade->trade_no},
        {"out_trade_no", order->reference},
        {"buyer_id", "2088000000000077"},
        {"trade_status", trade->status},
        {"total_amount", amount},
        {"subject", order->subject},
        {"passback_params", order->passback},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        if (pairs[i][1] && pairs[i][1][0]) {
            sb_params_add(&note, pairs[i][0], pairs[i][1]);
        }
    }
    if (sb_same(twist, "wrong_currency")) {
        sb_params_add(&note, "trans_currency", "USD");
    }
    sb_beijing_write(trade->made, when);
    sb_params_add(&note, "gmt_create", when);
    if (trade->captured) {
        char *funds = sb_print("[{\"amount\":\"%s\",\"fundChannel\":\"ALIPAYACCOUNT\"}]", amount);
        sb_params_add(&note, "fund_bill_list", funds);
        free(funds);
        sb_params_add(&note, "receipt_amount", amount);
        sb_params_add(&note, "buyer_pay_amount", amount);
        sb_beijing_write(trade->paid, when);
        sb_params_add(&note, "gmt_payment", when);
    }
    if (refund) {
        sb_yuan_write(trade->refunded, amount, sizeof amount);
        sb_params_add(&note, "refund_fee", amount);
        sb_params_add(&note, "out_biz_no", refund->id);
        sb_beijing_write(refund->made, when);
        sb_params_add(&note, "gmt_refund", when);
    }
    if (trade->closed) {
        sb_beijing_write(trade->closed, when);
        sb_params_add(&note, "gmt_close", when);
    }
    char *text = text_to_sign(&note, "sign", "sign_type");
    if (sb_same(twist, "bad_signature")) {
        text[0] = '_';
    }
    char *sign = sb_keys_sign(sb->keys, text, strlen(text));
    sb_params_add(&note, "sign_type", "RSA2");
    sb_params_add(&note, "sign", sign);
    char *body = sb_params_encode(&note);
    sb_params_free(&note);
    free(sign);
    free(text);
    return body;
}
