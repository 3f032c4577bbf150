/* Orders, refunds and the customer at the sandbox's WeChat Pay, as its tests say them; see client.h. */
#include "client.h"

#define NATIVE "/v3/pay/transactions/native"
#define REFUNDS "/v3/refund/domestic/refunds"

static char body_text[1024], target_text[256];

const char *wx_order(const char *number, int total, const char *more)
{
    snprintf(
        body_text, sizeof body_text,
        "{\"appid\":\"%s\",\"mchid\":\"%s\",\"description\":\"咖啡\",\"out_trade_no\":\"%s\","
        "\"notify_url\":\"http://127.0.0.1:%d/notify/wx-main\","
        "\"amount\":{\"total\":%d,\"currency\":\"CNY\"}%s}",
        credential("wx-main", "appid"), credential("wx-main", "mchid"), number, notify_port(), total, more);
    return body_text;
}

const char *wx_query_of(const char *number)
{
    snprintf(target_text, sizeof target_text, "/v3/pay/transactions/out-trade-no/%s?mchid=%s", number,
             credential("wx-main", "mchid"));
    return target_text;
}

const char *wx_close_of(const char *number)
{
    snprintf(target_text, sizeof target_text, "/v3/pay/transactions/out-trade-no/%s/close", number);
    return target_text;
}

const char *wx_own_mchid(void)
{
    snprintf(body_text, sizeof body_text, "{\"mchid\":\"%s\"}", credential("wx-main", "mchid"));
    return body_text;
}

const char *wx_refund(const char *number, const char *request, int amount, int total)
{
    snprintf(body_text, sizeof body_text,
             "{\"out_trade_no\":\"%s\",\"out_refund_no\":\"%s\",\"notify_url\":\"http://127.0.0.1:18080/r\","
             "\"amount\":{\"refund\":%d,\"total\":%d,\"currency\":\"CNY\"}}",
             number, request, amount, total);
    return body_text;
}

long wx_act(const char *field, const char *value, const char *what)
{
    char json[512];
    snprintf(json, sizeof json, "{\"%s\":\"%s\",\"act\":\"%s\"}", field, value, what);
    return control_status("/_customer", json);
}

void wx_paid(const char *number, int total)
{
    cJSON_Delete(wx("wx-main", "POST", NATIVE, wx_order(number, total, "")));
    assert_int_equal(wx_act("reference", number, "pay"), 200);
}

void wx_state(const char *number, const char *state)
{
    cJSON *out = wx("wx-main", "GET", wx_query_of(number), NULL);
    assert_string_equal(text_of(out, "trade_state"), state);
    cJSON_Delete(out);
}

void wx_account(const char *more)
{
    char json[256];
    snprintf(json, sizeof json, "{\"account\":\"wx-main\",%s}", more);
    cJSON_Delete(control("/_account", json));
}

void wx_fault(const char *operation, const char *kind, const char *more)
{
    char json[256];
    snprintf(json, sizeof json, "{\"account\":\"wx-main\",\"operation\":\"%s\",\"fault\":\"%s\"%s}",
             operation, kind, more);
    cJSON_Delete(control("/_fault", json));
}

int64_t wx_of_account(const char *name)
{
    cJSON *all = ask("/_account");
    const cJSON *item;
    int64_t value = -1;
    cJSON_ArrayForEach(item, all)
    {
        value = strcmp(text_of(item, "account"), "wx-main") == 0 ? int_of(item, name) : value;
    }
    cJSON_Delete(all);
    return value;
}

void wx_refund_state(const char *number, const char *status)
{
    snprintf(target_text, sizeof target_text, REFUNDS "/%s", number);
    cJSON *out = wx("wx-main", "GET", target_text, NULL);
    assert_string_equal(text_of(out, "status"), status);
    cJSON_Delete(out);
}
