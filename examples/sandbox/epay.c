/* The panel's addresses and signatures: v1 by MD5 over the sorted pairs and the key, v2 by RSA over the same
   pairs with a time; v1 signs no answer, v2 those that are no thrown error. */
#include "epay.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct epay_route {
    const char *method, *path, *act, *op;
    bool v2;
    void (*execute)(struct sb_request *req);
};

static const struct epay_route epay_routes[] = {
    {NULL, "/submit.php", NULL, "page", false, sb_epay_submit},
    {"POST", "/mapi.php", NULL, "create", false, sb_epay_create},
    {"GET", "/api.php", "order", "query", false, sb_epay_query},
    {"POST", "/api.php", "refund", "refund", false, sb_epay_refund},
    {NULL, "/api/pay/submit", NULL, "page", true, sb_epay_submit},
    {"POST", "/api/pay/create", NULL, "create", true, sb_epay_create},
    {"POST", "/api/pay/query", NULL, "query", true, sb_epay_query},
    {"POST", "/api/pay/refund", NULL, "refund", true, sb_epay_refund},
    {"POST", "/api/pay/refundquery", NULL, "refund_query", true, sb_epay_refund_query},
    {"POST", "/api/pay/close", NULL, "close", true, sb_epay_close},
};

/* The page that a payurl leads to: the customer's, never the shop's. */
static const struct epay_route epay_cashier = {"GET", "/pay/submit/", NULL, "cashier", false, sb_epay_page};

static const struct epay_route *find_route(const struct sb_request *req)
{
    const char *path = req->path + 1 + strlen(req->account->path);
    for (size_t i = 0; i < sizeof epay_routes / sizeof *epay_routes; i++) {
        const struct epay_route *route = &epay_routes[i];
        if (strcmp(path, route->path) == 0 && (!route->method || strcmp(req->method, route->method) == 0) &&
            (!route->act || sb_same(sb_params_get(&req->query, "act"), route->act))) {
            return route;
        }
    }
    return strncmp(path, epay_cashier.path, strlen(epay_cashier.path)) == 0 ? &epay_cashier : NULL;
}

/* What the panel reads: the form of a POST, the query of a GET; never both. */
static const struct sb_params *fields_of(const struct sb_request *req)
{
    return strcmp(req->method, "POST") == 0 ? &req->form : &req->query;
}

const char *sb_epay_field(const struct sb_request *req, const char *name)
{
    const char *value = sb_params_get(fields_of(req), name);
    return value && *value ? value : NULL;
}

/* Of a name that comes twice, PHP keeps the last. */
static void keep_last(struct sb_params *fields)
{
    for (size_t i = 0; i < fields->count; i++) {
        bool again = false;
        for (size_t k = i + 1; k < fields->count; k++) {
            again = again || strcmp(fields->at[i].key, fields->at[k].key) == 0;
        }
        if (again) {
            fields->at[i].value[0] = 0; /* as if it were not there: neither signed nor read */
            fields->at[i].key[0] = 0;
        }
    }
}

void sb_epay_identify(struct sb_request *req)
{
    keep_last(&req->query);
    keep_last(&req->form);
    const struct epay_route *route = find_route(req);
    sb_copy(req->op, sizeof req->op, route ? route->op : "unknown");
    const char *number = sb_epay_field(req, "out_trade_no"), *id = sb_epay_field(req, "trade_no");
    if (route == &epay_cashier) {
        const char *at = strstr(req->path, epay_cashier.path) + strlen(epay_cashier.path);
        char *plain = sb_print("%.*s", (int)strcspn(at, "/"), at);
        sb_copy(req->argument, sizeof req->argument, plain);
        free(plain);
        id = req->argument;
    }
    const struct sb_trade *trade = sb_map_get(&req->sb->by_trade, id);
    sb_copy(req->reference, sizeof req->reference, number ? number : trade ? trade->order->reference : "");
}

/* ---- signatures ---- */

static void put_escaped(struct sb_buf *out, const char *text)
{
    for (; *text; text++) {
        if (isalnum((unsigned char)*text) || strchr("-_.~", *text)) {
            sb_buf_add(out, text, 1);
        } else {
            sb_buf_print(out, "%%%02X", (unsigned char)*text);
        }
    }
}

static bool blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == 0;
}

/* Sorted pairs without sign, sign_type and empty values; EzPay escapes the values before. Free it. */
static char *content(const struct sb_params *fields, bool escaped)
{
    struct sb_params sorted = {0};
    struct sb_buf out = {0};
    for (size_t i = 0; i < fields->count; i++) {
        const struct sb_pair *pair = &fields->at[i];
        if (strcmp(pair->key, "sign") != 0 && strcmp(pair->key, "sign_type") != 0 && !blank(pair->value)) {
            sb_params_add(&sorted, pair->key, pair->value);
        }
    }
    sb_params_sort(&sorted);
    for (size_t i = 0; i < sorted.count; i++) {
        sb_buf_print(&out, "%s%s=", i ? "&" : "", sorted.at[i].key);
        if (escaped) {
            put_escaped(&out, sorted.at[i].value);
        } else {
            sb_buf_put(&out, sorted.at[i].value);
        }
    }
    sb_buf_put(&out, "");
    sb_params_free(&sorted);
    return out.at;
}

static void md5_of(const struct sb_params *fields, const struct sb_account *account, const char *key,
                   char out[33])
{
    char *text = content(fields, account->epay->escaped), *all = sb_print("%s%s", text, key);
    sb_md5_hex(all, strlen(all), out);
    free(all);
    free(text);
}

void sb_epay_sign(struct sb *sb, const struct sb_account *account, struct sb_params *fields, bool spoiled)
{
    if (!account->epay->v2) {
        char mac[33];
        md5_of(fields, account, account->secret_key, mac);
        mac[0] = spoiled ? (mac[0] == '0' ? '1' : '0') : mac[0];
        sb_params_add(fields, "sign", mac);
        sb_params_add(fields, "sign_type", "MD5");
        return;
    }
    char *when = sb_print("%lld", (long long)(sb_their_now(sb, account) / 1000));
    if (!sb_params_get(fields, "timestamp")) {
        sb_params_add(fields, "timestamp", when);
    }
    char *text = content(fields, false);
    text[0] = spoiled ? '_' : text[0];
    char *sign = sb_rsa_sign(sb->keys, "epay", text, strlen(text));
    sb_params_add(fields, "sign", sign);
    sb_params_add(fields, "sign_type", "RSA");
    free(sign);
    free(text);
    free(when);
}

static bool signed_well(const struct sb_request *req, bool v2)
{
    const char *sign = sb_epay_field(req, "sign");
    struct sb_params all = {0};
    bool good;
    for (size_t i = 0; i < fields_of(req)->count; i++) {
        sb_params_add(&all, fields_of(req)->at[i].key, fields_of(req)->at[i].value);
    }
    if (v2 && strcmp(req->method, "GET") == 0) {
        sb_params_add(&all, "s", "pay/submit"); /* the panel's rewriting of the address enters a GET */
    }
    if (sb_same(sb_epay_field(req, "sign_type"), "RSA")) {
        char *text = content(&all, false);
        good = sb_keys_verify(req->sb->keys, text, strlen(text), sign);
        free(text);
    } else {
        char mac[33];
        md5_of(&all, req->account, req->account->secret_key, mac);
        good = strcmp(mac, sign) == 0;
    }
    sb_params_free(&all);
    return good;
}

/* NULL: admitted. In the panel's order. */
static const char *intruder(const struct sb_request *req, bool v2)
{
    int64_t when = 0, now = sb_their_now(req->sb, req->account) / 1000;
    bool rsa = sb_same(sb_epay_field(req, "sign_type"), "RSA");
    if (req->account->epay->v2 && !rsa) {
        return "该商户只能使用RSA签名类型";
    }
    if (v2 && !sb_epay_field(req, "timestamp")) {
        return "时间戳(timestamp)字段不能为空";
    }
    if (v2 &&
        (!sb_int_read(sb_epay_field(req, "timestamp"), &when) || when > now + 300 || when < now - 300)) {
        return "时间戳字段不正确";
    }
    if (!sb_epay_field(req, "sign")) {
        return "缺少签名参数";
    }
    if (rsa && !req->account->epay->v2) {
        return "签名校验失败，商户公钥错误";
    }
    return signed_well(req, v2) ? NULL : rsa ? "RSA签名校验失败" : "MD5签名校验失败";
}

/* ---- answers ---- */

/* A refusal: a page for the customer's browser, JSON for the shop; without a signature. */
void sb_epay_message(struct sb_request *req, int64_t code, const char *text)
{
    if (strcmp(req->op, "page") == 0 || strcmp(req->op, "cashier") == 0) {
        char *page = sb_print("<html><head><meta charset=\"utf-8\"><title>站点提示信息</title></head><body>"
                              "<div id=\"msg\"><h3>站点提示信息</h3>%s</div></body></html>",
                              text);
        sb_reply_text(req, 200, "text/html; charset=UTF-8", page);
        free(page);
        return;
    }
    cJSON *out = cJSON_CreateObject();
    sb_epay_code(req, out, code);
    sb_json_text(out, "msg", text);
    sb_reply_json(req, 200, out);
}

void sb_epay_answer(struct sb_request *req, cJSON *fields)
{
    struct sb_params pairs = {0};
    const cJSON *item;
    if (!req->account->epay->v2 || sb_is(req, SB_FAULT_UNSIGNED)) {
        sb_reply_json(req, 200, fields);
        return;
    }
    cJSON_ArrayForEach(item, fields)
    {
        char *number = cJSON_IsString(item) ? NULL : cJSON_PrintUnformatted(item);
        sb_params_add(&pairs, item->string, number ? number : item->valuestring);
        cJSON_free(number);
    }
    sb_epay_sign(req->sb, req->account, &pairs, sb_is(req, SB_FAULT_BAD_SIGNATURE));
    sb_json_text(fields, "timestamp", sb_params_get(&pairs, "timestamp"));
    sb_json_text(fields, "sign_type", "RSA");
    sb_json_text(fields, "sign", sb_params_get(&pairs, "sign"));
    sb_params_free(&pairs);
    sb_reply_json(req, 200, fields);
}

void sb_epay_limited(struct sb_request *req, const char *seconds)
{
    (void)seconds;
    sb_epay_message(req, -1, "当前商户已超出订单并发量限制，请稍后再试");
}

void sb_epay_refuse(struct sb_request *req)
{
    int64_t code = -1;
    const char *text = req->fault.code;
    bool minus = *text == '-';
    if (sb_int_read(text + minus, &code)) {
        code = minus ? -code : code;
    }
    sb_epay_message(req, code, req->fault.body ? req->fault.body : "系统异常无法完成付款");
}

/* Queries and refunds of v1 carry the key itself. */
static const char *stranger(const struct sb_request *req)
{
    if (!sb_same(sb_epay_field(req, "key"), req->account->secret_key)) {
        return "商户密钥错误";
    }
    return req->account->epay->v2 ? "该商户只能使用RSA签名类型" : NULL;
}

void sb_epay_execute(struct sb_request *req)
{
    const struct epay_route *route = find_route(req);
    bool bare = route && route->act; /* api.php */
    if (!route) {
        if (strstr(req->path, "/api.php") || strstr(req->path, "/api/")) {
            sb_epay_message(req, -5, "No Act!");
        } else {
            sb_reply_text(req, 404, "text/html", "<html><body>404 Not Found</body></html>");
        }
        return;
    }
    if (sb_is(req, SB_FAULT_SYSTEM_ERROR)) {
        sb_reply_text(req, 500, "text/html", "<html><body>500 Internal Server Error</body></html>");
        return;
    }
    if (route != &epay_cashier) {
        const char *pid = sb_epay_field(req, "pid");
        const char *problem = !sb_same(pid, req->account->seller_id) ? "商户不存在！"
                              : bare                                 ? stranger(req)
                                                                     : intruder(req, route->v2);
        if (!pid && !bare) {
            sb_epay_message(req, -4, "未传入任何参数");
            return;
        }
        if (problem) {
            sb_epay_message(req, sb_same(pid, req->account->seller_id) || bare ? -3 : -1, problem);
            return;
        }
    }
    route->execute(req);
    if (sb_is(req, SB_FAULT_SYSTEM_ERROR_AFTER)) {
        sb_reply_text(req, 500, "text/html", "<html><body>500 Internal Server Error</body></html>");
    }
}
