/* Orders at WeChat Pay: out_trade_no is the key. The same number with the same body gives a fresh code, and
   the code before dies; with another body or by another product it is refused for ever. */
#include "wechat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE INT64_C(60000)

static size_t characters(const char *text)
{
    size_t count = 0;
    for (; text && *text; text++) {
        count += ((unsigned char)*text & 0xC0) != 0x80;
    }
    return count;
}

/* https and no query; the sandbox's shops live on loopback. */
static bool good_address(const char *url)
{
    return url && strlen(url) <= 255 && !strchr(url, '?') &&
           (strncmp(url, "https://", 8) == 0 || strncmp(url, "http://127.0.0.1", 16) == 0 ||
            strncmp(url, "http://localhost", 16) == 0);
}

static bool only_known(const cJSON *body)
{
    static const char known[] =
        " appid mchid description out_trade_no time_expire attach notify_url goods_tag "
        "support_fapiao amount payer detail scene_info settle_info limit_pay ";
    const cJSON *item;
    cJSON_ArrayForEach(item, body)
    {
        char *word = sb_print(" %s ", item->string);
        bool found = strstr(known, word) != NULL && !cJSON_IsNull(item);
        free(word);
        if (!found) {
            return false;
        }
    }
    return true;
}

static const char *product_problem(const struct sb_request *req)
{
    const cJSON *scene = cJSON_GetObjectItemCaseSensitive(req->json, "scene_info");
    const cJSON *h5 = cJSON_GetObjectItemCaseSensitive(scene, "h5_info");
    const char *openid = sb_json_get(cJSON_GetObjectItemCaseSensitive(req->json, "payer"), "openid");
    if (strcmp(req->op, "jsapi") == 0 && (!openid || !*openid || strlen(openid) > 128)) {
        return "JSAPI支付必须传openid";
    }
    if (strcmp(req->op, "h5") == 0 && (!sb_json_get(scene, "payer_client_ip") || !sb_json_get(h5, "type"))) {
        return "scene_info.payer_client_ip与h5_info.type必填";
    }
    return NULL;
}

/* NULL: nothing to object to; *amount and *expires (0: none) are read. */
static const char *body_problem(const struct sb_request *req, int64_t *amount, int64_t *expires)
{
    const cJSON *in = req->json, *money = cJSON_GetObjectItemCaseSensitive(in, "amount");
    const cJSON *total = cJSON_GetObjectItemCaseSensitive(money, "total");
    const cJSON *currency = cJSON_GetObjectItemCaseSensitive(money, "currency");
    const char *attach = sb_json_get(in, "attach");
    size_t name = characters(sb_json_get(in, "description"));
    *amount = sb_json_number(money, "total", 0);
    if (!only_known(in)) {
        return "参数中含有非法的额外参数";
    }
    if (!sb_wechat_text(sb_json_get(in, "out_trade_no"), 6, 32, "_-|*")) {
        return "out_trade_no不合法";
    }
    if (name < 1 || name > 127) {
        return "description长度不合法";
    }
    if (!good_address(sb_json_get(in, "notify_url"))) {
        return "notify_url不合法";
    }
    if (!cJSON_IsNumber(total) || *amount < 1 || (double)*amount < total->valuedouble ||
        *amount > INT64_C(10000000000)) {
        return "amount.total不合法，单位为分";
    }
    if (currency && !sb_same(cJSON_GetStringValue(currency), "CNY")) {
        return "amount.currency只支持CNY";
    }
    if (attach && characters(attach) > 128) {
        return "attach长度不合法";
    }
    if (cJSON_GetObjectItemCaseSensitive(in, "time_expire") &&
        !sb_rfc3339_read(sb_json_get(in, "time_expire"), expires)) {
        return "time_expire不符合rfc3339";
    }
    return product_problem(req);
}

bool sb_wechat_mine(struct sb_request *req)
{
    if (!sb_same(sb_json_get(req->json, "mchid"), req->account->seller_id)) {
        sb_wechat_error(req, 400, "PARAM_ERROR", "http header中的mchid与post payload中的mchid不匹配");
        return false;
    }
    return true;
}

static struct sb_order *new_order(struct sb_request *req, int64_t amount, int64_t expires)
{
    const char *attach = sb_json_get(req->json, "attach");
    struct sb_order *order =
        sb_order_new(req->sb, req->account, sb_json_get(req->json, "out_trade_no"), attach);
    int64_t now = sb_now(req->sb);
    order->amount = amount;
    order->subject = sb_dup(sb_json_get(req->json, "description"));
    order->passback = sb_dup(attach);
    order->notify_url = sb_dup(sb_json_get(req->json, "notify_url"));
    order->first = cJSON_Duplicate(req->json, 1);
    sb_copy(order->currency, sizeof order->currency, "CNY");
    sb_copy(order->flow, sizeof order->flow, req->op);
    /* the last moment to pay, not the end of the order: that is after seven days, or when it is closed */
    order->expires = expires == 0 ? now + 7 * SB_DAY_MS : expires < now + MINUTE ? now + MINUTE : expires;
    sb_wechat_trade_new(req->sb, order);
    return order;
}

/* The order of this number as far as it may be paid; answers and gives NULL otherwise. */
static struct sb_order *take(struct sb_request *req)
{
    int64_t amount = 0, expires = 0;
    const char *problem = body_problem(req, &amount, &expires);
    if (problem) {
        sb_wechat_error(req, 400, "PARAM_ERROR", problem);
        return NULL;
    }
    if (!sb_wechat_mine(req)) {
        return NULL;
    }
    if (!sb_same(sb_json_get(req->json, "appid"), req->account->app_id)) {
        sb_wechat_error(req, 400, "APPID_MCHID_NOT_MATCH", "appid和mch_id不匹配");
        return NULL;
    }
    struct sb_order *order = sb_order_find(req->sb, req->account, sb_json_get(req->json, "out_trade_no"));
    if (!order) {
        return new_order(req, amount, expires);
    }
    sb_wechat_settle(req->sb, order);
    const struct sb_trade *trade = sb_wechat_trade_of(order);
    if (trade->captured) {
        sb_wechat_error(req, 400, "ORDERPAID", "该订单已支付");
    } else if (strcmp(trade->status, "CLOSED") == 0) {
        sb_wechat_error(req, 400, "ORDER_CLOSED", "该订单已关闭");
    } else if (strcmp(order->flow, req->op) != 0 || !cJSON_Compare(order->first, req->json, 1)) {
        sb_wechat_error(req, 403, "OUT_TRADE_NO_USED", "请求重入时，参数与首次请求时不一致");
    } else if (sb_now(req->sb) >= order->expires) {
        sb_wechat_error(req, 400, "INVALID_REQUEST", "该订单已失效");
    } else {
        return order;
    }
    return NULL;
}

void sb_wechat_create(struct sb_request *req)
{
    struct sb_order *order = take(req);
    char hex[33], date[24], *code;
    if (!order) {
        return;
    }
    bool native = strcmp(req->op, "native") == 0, h5 = strcmp(req->op, "h5") == 0;
    req->executed = true;
    sb_random_hex(req->sb->keys, hex, 18);
    sb_beijing_write(sb_now(req->sb), date);
    char *prepay = sb_print("wx%.2s%.2s%.2s%.2s%.2s%.2s%s0000", date + 8, date + 11, date + 14, date + 17,
                            date + 5, date + 2, hex);
    code = native ? sb_print("weixin://wxpay/bizpayurl?pr=%.9szz", hex)
           : h5   ? sb_print("https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=%s&package=%.9s",
                             prepay, hex)
                  : sb_dup(prepay);
    sb_copy(order->code, sizeof order->code, code);
    order->code_until = sb_now(req->sb) + (h5 ? 5 * MINUTE : 120 * MINUTE);
    sb_map_set(&req->sb->by_code, code, order);
    cJSON *out = cJSON_CreateObject();
    sb_json_text(out, native ? "code_url" : h5 ? "h5_url" : "prepay_id", code);
    sb_reply_json(req, 200, out);
    free(prepay);
    free(code);
}
