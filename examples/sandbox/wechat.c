/* WeChat Pay's gateway: routes, what every request must bring, and the shape of a refusal. A request whose
   signature is good gets a signed answer, refusals included; one that fails before gets none (a 403
   NOT_ENOUGH printed by wechatpay-go shows its Wechatpay-Signature; a 401 carries no such header). */
#include "wechat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct wechat_route {
    const char *method, *before, *after, *op; /* what stands between is the argument; after NULL: none */
    void (*execute)(struct sb_request *req);
};

static const struct wechat_route wechat_routes[] = {
    {"POST", "/v3/pay/transactions/native", NULL, "native", sb_wechat_create},
    {"POST", "/v3/pay/transactions/h5", NULL, "h5", sb_wechat_create},
    {"POST", "/v3/pay/transactions/jsapi", NULL, "jsapi", sb_wechat_create},
    {"POST", "/v3/pay/transactions/out-trade-no/", "/close", "close", sb_wechat_close},
    {"GET", "/v3/pay/transactions/out-trade-no/", "", "query", sb_wechat_query},
    {"GET", "/v3/pay/transactions/id/", "", "query_id", sb_wechat_query},
    {"POST", "/v3/refund/domestic/refunds", NULL, "refund", sb_wechat_refund},
    {"GET", "/v3/refund/domestic/refunds/", "", "refund_query", sb_wechat_refund_query},
    {"GET", "/v3/certificates", NULL, "certificates", sb_wechat_certificates},
};

/* The argument between `before` and `after`; NULL: the path is another one. Free it. */
static char *route_argument(const struct wechat_route *route, const char *path)
{
    size_t len = strlen(route->before), end = route->after ? strlen(route->after) : 0, all = strlen(path);
    if (strncmp(path, route->before, len) != 0) {
        return NULL;
    }
    if (!route->after) {
        return path[len] ? NULL : sb_dup("");
    }
    if (all <= len + end || strcmp(path + all - end, route->after) != 0 ||
        memchr(path + len, '/', all - len - end)) {
        return NULL;
    }
    return sb_print("%.*s", (int)(all - len - end), path + len);
}

static const struct wechat_route *find_route(const struct sb_request *req, char **argument)
{
    const char *path = req->path + 1 + strlen(req->account->path);
    for (size_t i = 0; i < sizeof wechat_routes / sizeof *wechat_routes; i++) {
        *argument = route_argument(&wechat_routes[i], path);
        if (*argument && strcmp(req->method, wechat_routes[i].method) == 0) {
            return &wechat_routes[i];
        }
        free(*argument);
        *argument = NULL;
    }
    return NULL;
}

void sb_wechat_identify(struct sb_request *req)
{
    char *argument = NULL;
    const struct wechat_route *route = find_route(req, &argument);
    sb_copy(req->op, sizeof req->op, route ? route->op : "unknown");
    sb_copy(req->argument, sizeof req->argument, argument);
    free(argument);
    req->json = req->body.len ? cJSON_ParseWithOpts(req->body.at, NULL, 1) : NULL;
    const char *number = sb_json_get(req->json, "out_trade_no");
    const char *id = sb_json_get(req->json, "transaction_id");
    if (strcmp(req->op, "query") == 0 || strcmp(req->op, "close") == 0) {
        number = req->argument;
    } else if (strcmp(req->op, "query_id") == 0) {
        id = req->argument;
    } else if (strcmp(req->op, "refund_query") == 0) {
        char *key = sb_print("%s|%s", req->account->id, req->argument);
        const struct sb_refund *refund = sb_map_get(&req->sb->by_refund, key);
        free(key);
        number = refund ? refund->trade->order->reference : NULL;
    }
    const struct sb_trade *trade = sb_map_get(&req->sb->by_trade, id);
    sb_copy(req->reference, sizeof req->reference, number ? number : trade ? trade->order->reference : "");
    if (strcmp(req->op, "query_id") == 0) {
        sb_copy(req->op, sizeof req->op, "query"); /* one operation for faults; the path tells them apart */
    }
}

/* Both spellings are the provider's own: its older products answer with the second. */
static const char *spelling(const struct sb_request *req, const char *code)
{
    static const char *const old[][2] = {{"ORDER_NOT_EXIST", "ORDERNOTEXIST"}, {"NOT_ENOUGH", "NOTENOUGH"},
                                         {"SYSTEM_ERROR", "SYSTEMERROR"},      {"BANK_ERROR", "BANKERROR"},
                                         {"RULE_LIMIT", "RULELIMIT"},          {"NO_AUTH", "NOAUTH"}};
    for (size_t i = 0; req->account->wechat->old_codes && i < sizeof old / sizeof *old; i++) {
        if (strcmp(code, old[i][0]) == 0) {
            return old[i][1];
        }
    }
    return code;
}

void sb_wechat_error(struct sb_request *req, int status, const char *code, const char *text)
{
    cJSON *out = cJSON_CreateObject();
    sb_json_text(out, "code", spelling(req, code));
    sb_json_text(out, "message", text);
    if (strcmp(code, "PARAM_ERROR") == 0) {
        cJSON *detail = cJSON_AddObjectToObject(out, "detail");
        sb_json_text(detail, "location", "body");
        sb_json_text(detail, "value", NULL);
    }
    sb_params_free(&req->out_headers);
    sb_reply_json(req, status, out);
}

void sb_wechat_limited(struct sb_request *req, const char *seconds)
{
    (void)seconds; /* no Retry-After is documented */
    sb_wechat_error(req, 429, "FREQUENCY_LIMITED", "请求频率超过限制");
}

bool sb_wechat_failed(struct sb_request *req)
{
    if (req->fault.status == 429) {
        sb_wechat_limited(req, "");
    } else if (req->fault.status == 500) {
        sb_wechat_error(req, 500, "SYSTEM_ERROR", "系统异常");
    } else {
        return false;
    }
    return true;
}

bool sb_wechat_text(const char *text, size_t min, size_t max, const char *more)
{
    size_t len = text ? strlen(text) : 0;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
              strchr(more, c))) {
            return false;
        }
    }
    return len >= min && len <= max;
}

/* ---- Authorization ---- */

static bool valid_utf8(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        size_t more = c < 0x80                ? 0
                      : c >= 0xC2 && c < 0xE0 ? 1
                      : (c & 0xF0) == 0xE0    ? 2
                      : c >= 0xF0 && c < 0xF5 ? 3
                                              : 9;
        if (more == 9 || more > len - i - 1 || c == 0) {
            return false;
        }
        for (; more; more--) {
            if (((unsigned char)text[++i] & 0xC0) != 0x80) {
                return false;
            }
        }
    }
    return true;
}

/* key="value" five times, each once, with commas and nothing else between. */
static bool read_fields(const char *text, struct sb_params *fields)
{
    while (*text) {
        const char *equal = strchr(text, '=');
        const char *end = equal && equal[1] == '"' ? strchr(equal + 2, '"') : NULL;
        if (!end || (end[1] && end[1] != ',') || (end[1] == ',' && !end[2])) {
            return false;
        }
        char *key = sb_print("%.*s", (int)(equal - text), text);
        char *value = sb_print("%.*s", (int)(end - equal - 2), equal + 2);
        bool known = strcmp(key, "mchid") == 0 || strcmp(key, "nonce_str") == 0 ||
                     strcmp(key, "signature") == 0 || strcmp(key, "timestamp") == 0 ||
                     strcmp(key, "serial_no") == 0;
        known = known && !sb_params_get(fields, key);
        sb_params_add(fields, key, value);
        free(key);
        free(value);
        if (!known) {
            return false;
        }
        text = end[1] ? end + 2 : end + 1;
    }
    return fields->count == 5;
}

static bool signature_fits(const struct sb_request *req, const struct sb_params *fields)
{
    struct sb_buf text = {0};
    sb_buf_print(&text, "%s\n%s\n%s\n%s\n", req->method, req->target ? req->target : req->path,
                 sb_params_get(fields, "timestamp"), sb_params_get(fields, "nonce_str"));
    sb_buf_add(&text, req->body.at, req->body.len);
    sb_buf_put(&text, "\n");
    bool good = sb_keys_verify(req->sb->keys, text.at, text.len, sb_params_get(fields, "signature"));
    sb_buf_free(&text);
    return good;
}

static const char *check_fields(struct sb_request *req, const struct sb_params *fields)
{
    const struct sb_account *account = req->account;
    const char *nonce = sb_params_get(fields, "nonce_str");
    int64_t when = 0, now = sb_their_now(req->sb, account) / 1000;
    if (!sb_same(sb_params_get(fields, "mchid"), account->seller_id)) {
        return "商户号不存在";
    }
    if (!sb_same(sb_params_get(fields, "serial_no"), account->wechat->serial_no)) {
        return "商户证书序列号有误";
    }
    if (!sb_int_read(sb_params_get(fields, "timestamp"), &when) || when > now + 300 || when < now - 300) {
        return "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟";
    }
    if (strlen(nonce) < 1 || strlen(nonce) > 32) {
        return "Http头Authorization中的nonce_str不合法";
    }
    return signature_fits(req, fields) ? NULL : "错误的签名，验签失败";
}

/* In the gateway's order: the plain headers come before the signature, the body after it. */
static bool admitted(struct sb_request *req)
{
    static const char scheme[] = "WECHATPAY2-SHA256-RSA2048 ";
    const char *text = sb_params_find(&req->headers, "Authorization"), *problem;
    const char *accept = sb_params_find(&req->headers, "Accept"),
               *agent = sb_params_find(&req->headers, "User-Agent");
    struct sb_params fields = {0};
    if (!accept || !agent || !*agent || (!strstr(accept, "application/json") && !strstr(accept, "*/*"))) {
        sb_wechat_error(req, 400, "INVALID_REQUEST", "Http头缺少Accept或User-Agent");
        return false;
    }
    if (!text) {
        problem = "Http头Authorization值格式错误";
    } else if (strncmp(text, scheme, strlen(scheme)) != 0) {
        problem = "Http头Authorization认证类型不正确";
    } else if (!read_fields(text + strlen(scheme), &fields)) {
        problem = "Http头Authorization值格式错误";
    } else {
        problem = check_fields(req, &fields);
    }
    sb_params_free(&fields);
    if (problem) {
        req->account->wechat->refused++;
        sb_wechat_error(req, 401, "SIGN_ERROR", problem);
        return false;
    }
    return req->proven = true;
}

static bool well_formed(struct sb_request *req)
{
    const char *type = sb_params_find(&req->headers, "Content-Type");
    const char *serial = sb_params_find(&req->headers, "Wechatpay-Serial");
    bool post = strcmp(req->method, "POST") == 0;
    if (serial && !sb_wechat_knows(req->account, serial)) {
        sb_wechat_error(req, 400, "PARAM_ERROR", "平台证书序列号Wechatpay-Serial错误");
        return false;
    }
    if (post && (!type || strncasecmp(type, "application/json", 16) != 0)) {
        sb_wechat_error(req, 400, "PARAM_ERROR", "Content-Type应为application/json");
        return false;
    }
    if (post ? !cJSON_IsObject(req->json) || !valid_utf8(req->body.at, req->body.len) : req->body.len > 0) {
        sb_wechat_error(req, 400, "PARAM_ERROR", "请求报文主体无法解析");
        return false;
    }
    return true;
}

void sb_wechat_refuse(struct sb_request *req)
{
    if (req->proven || admitted(req)) {
        sb_wechat_error(req, req->fault.status, req->fault.code,
                        req->fault.body ? req->fault.body : "业务处理失败");
    }
}

void sb_wechat_execute(struct sb_request *req)
{
    char *argument = NULL;
    const struct wechat_route *route = find_route(req, &argument);
    free(argument);
    if (!route) { /* nothing but a status, and no signature */
        sb_reply_text(req, 404, "text/plain", "");
        return;
    }
    if (!admitted(req) || !well_formed(req)) {
        return;
    }
    if (sb_is(req, SB_FAULT_SYSTEM_ERROR)) {
        sb_wechat_error(req, 500, "SYSTEM_ERROR", "系统异常");
        return;
    }
    route->execute(req);
    if (sb_is(req, SB_FAULT_SYSTEM_ERROR_AFTER)) {
        sb_wechat_error(req, 500, "SYSTEM_ERROR", "系统异常");
    }
}
