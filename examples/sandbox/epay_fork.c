/* What panels do differently, by preset (POST /_account {"fork":…}) and one by one: how money is written,
   what a code looks like, whether there are refunds, how a notification comes, what becomes of a number that
   is used again. */
#include "epay.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const struct sb_epay presets[] = {
    /* refunds must be switched on by the panel's operator; a number is free again after 864000 s */
    {.fork = "rainbow", .reuse_ms = 10 * SB_DAY_MS, .pay_as = "qrcode"},
    {.fork = "rainbow_v2",
     .v2 = true,
     .refund = true,
     .close = true,
     .reuse_ms = 10 * SB_DAY_MS,
     .pay_as = "qrcode"},
    /* z-pay.cn: errors carry the code "error", a number serves once, both addresses and a QR come at once */
    {.fork = "zpay",
     .refund = true,
     .refund_code = 1,
     .fixed = true,
     .words = true,
     .strings = true,
     .reuse_ms = -1,
     .pay_as = "all"},
    /* EzPay: values are escaped before they are hashed, a state with a name, a number serves once */
    {.fork = "ezpay", .fixed = true, .escaped = true, .named = true, .reuse_ms = -1, .pay_as = "all"},
};

static const struct {
    const char *name;
    size_t at;
} switches[] = {
    {"refund", offsetof(struct sb_epay, refund)},   {"post", offsetof(struct sb_epay, post)},
    {"fixed", offsetof(struct sb_epay, fixed)},     {"words", offsetof(struct sb_epay, words)},
    {"escaped", offsetof(struct sb_epay, escaped)}, {"strings", offsetof(struct sb_epay, strings)},
    {"newest", offsetof(struct sb_epay, newest)},   {"close", offsetof(struct sb_epay, close)},
    {"named", offsetof(struct sb_epay, named)},
};

void sb_epay_open(struct sb *sb, struct sb_account *account)
{
    (void)sb;
    account->epay = sb_alloc(sizeof *account->epay);
    *account->epay = presets[strcmp(account->id, "epay-v2") == 0];
}

void sb_epay_code(const struct sb_request *req, cJSON *out, int64_t code)
{
    if (req->account->epay->words && code < 0) {
        sb_json_text(out, "code", "error");
    } else {
        sb_json_int(out, "code", code);
    }
}

/* As PHP gives what its database driver gave: a number, or before PHP 8.1 a string. */
void sb_epay_number(const struct sb_request *req, cJSON *out, const char *name, int64_t value)
{
    char *text = sb_print("%lld", (long long)value);
    if (req->account->epay->strings) {
        sb_json_text(out, name, text);
    } else {
        sb_json_int(out, name, value);
    }
    free(text);
}

void sb_epay_view(const struct sb_account *account, cJSON *out)
{
    const struct sb_epay *epay = account->epay;
    sb_json_text(out, "fork", epay->fork);
    sb_json_text(out, "pay_as", epay->pay_as);
    sb_json_int(out, "refund_code", epay->refund_code);
    sb_json_int(out, "reuse_ms", epay->reuse_ms);
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
        cJSON_AddBoolToObject(out, switches[i].name, *(const bool *)((const char *)epay + switches[i].at));
    }
}

const char *sb_epay_change(struct sb_account *account, const cJSON *in)
{
    struct sb_epay *epay = account->epay;
    const char *fork = sb_json_get(in, "fork"), *pay_as = sb_json_get(in, "pay_as");
    const struct sb_epay *preset = NULL;
    for (size_t i = 0; fork && i < sizeof presets / sizeof *presets; i++) {
        preset = strcmp(fork, presets[i].fork) == 0 ? &presets[i] : preset;
    }
    if (fork && !preset) {
        return "fork: rainbow, rainbow_v2, zpay or ezpay";
    }
    if (pay_as && !strstr(" qrcode payurl urlscheme html all ", pay_as)) {
        return "pay_as: qrcode, payurl, urlscheme, html or all";
    }
    if (preset) {
        *epay = *preset;
    }
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(in, switches[i].name);
        if (cJSON_IsBool(item)) {
            *(bool *)((char *)epay + switches[i].at) = cJSON_IsTrue(item);
        }
    }
    if (pay_as) {
        sb_copy(epay->pay_as, sizeof epay->pay_as, pay_as);
    }
    epay->refund_code = sb_json_number(in, "refund_code", epay->refund_code);
    epay->reuse_ms = sb_json_number(in, "reuse_ms", epay->reuse_ms);
    return NULL;
}

void sb_epay_channel(struct sb *sb, const struct sb_account *account, cJSON *out)
{
    const struct sb_epay *epay = account->epay;
    char *url = sb_print("http://127.0.0.1:%d/%s", account->port, account->path);
    cJSON *item = cJSON_CreateObject();
    sb_json_text(out, "base_url", url);
    sb_json_text(out, "fork", epay->fork);
    sb_json_text(item, "version", "1");
    sb_json_text(item, "pid", account->seller_id);
    if (epay->v2) {
        sb_json_text(item, "private_key", sb_keys_merchant_private(sb->keys));
        sb_json_text(item, "platform_public_key", sb_rsa_public(sb->keys, "epay"));
    } else {
        sb_json_text(item, "key", account->secret_key);
    }
    sb_channel_credentials(out, item);
    sb_channel_method(out, "alipay", "qr redirect page");
    sb_channel_method(out, "wechat", "qr redirect page");
    free(url);
}
