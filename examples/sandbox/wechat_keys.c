/* Who signs for WeChat Pay: platform certificates that are announced, take over and retire while payments
   wait, or the public key of newer merchants. One key of the platform is for ever: it signs in public-key
   mode and issues the certificates. */
#include "wechat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define YEAR_MS (365 * SB_DAY_MS)

static void upper(char *text)
{
    for (; *text; text++) {
        *text = *text >= 'a' && *text <= 'f' ? (char)(*text - 'a' + 'A') : *text;
    }
}

void sb_wechat_open(struct sb *sb, struct sb_account *account)
{
    struct sb_wechat *wechat = account->wechat = sb_alloc(sizeof *wechat);
    char hex[65], *label = sb_print("merchant serial %s", account->id);
    sb_keys_derive(sb->keys, label, hex, 40);
    upper(hex);
    hex[0] = '4'; /* a serial is a positive number without a leading zero */
    sb_copy(wechat->serial_no, sizeof wechat->serial_no, hex);
    free(label);
    for (int i = 0; i < SB_CERTIFICATES; i++) {
        label = sb_print("platform serial %d", i);
        sb_keys_derive(sb->keys, label, hex, 40);
        upper(hex);
        hex[0] = '5';
        sb_copy(wechat->serials[i], sizeof wechat->serials[i], hex);
        free(label);
    }
    label = sb_print("PUB_KEY_ID_01%s20240901000000000000", account->seller_id);
    sb_copy(wechat->public_id, sizeof wechat->public_id, label);
    free(label);
    wechat->certificates = strcmp(account->id, "wx-pub") != 0; /* newer merchants have none */
    wechat->listed = wechat->certificates ? 1 : 0;
    wechat->signer = wechat->certificates ? 0 : -1;
    wechat->renewed[0] = sb_now(sb) - 30 * SB_DAY_MS;
}

bool sb_wechat_knows(const struct sb_account *account, const char *serial)
{
    const struct sb_wechat *wechat = account->wechat;
    for (int i = wechat->first; i < wechat->listed; i++) {
        if (strcmp(serial, wechat->serials[i]) == 0) {
            return true;
        }
    }
    return strcmp(serial, wechat->public_id) == 0;
}

static char *platform_key(int n)
{
    return n < 0 ? sb_dup("wechat") : sb_print("wechat-%d", n + 1);
}

/* `asked` is the request's Wechatpay-Serial: whoever names the public key gets it (4012154180). */
void sb_wechat_sign(struct sb *sb, const struct sb_account *account, const char *asked, const char *body,
                    size_t len, const char *twist, int64_t skew_ms, struct sb_params *headers)
{
    const struct sb_wechat *wechat = account->wechat;
    int signer = asked && strcmp(asked, wechat->public_id) == 0 ? -1 : wechat->signer;
    char nonce[33], *when = sb_print("%lld", (long long)((sb_their_now(sb, account) + skew_ms) / 1000));
    struct sb_buf text = {0};
    sb_random_hex(sb->keys, nonce, 32);
    sb_buf_print(&text, "%s\n%s\n", when, nonce);
    sb_buf_add(&text, body ? body : "", len);
    sb_buf_put(&text, sb_same(twist, "bad_signature") ? "\r\n" : "\n");
    char *key = platform_key(signer), *sign = sb_rsa_sign(sb->keys, key, text.at, text.len);
    char *probe = sb_print("WECHATPAY/SIGNTEST/%s", sign);
    sb_params_add(headers, "Wechatpay-Nonce", nonce);
    sb_params_add(headers, "Wechatpay-Signature", sb_same(twist, "sign_probe") ? probe : sign);
    sb_params_add(headers, "Wechatpay-Timestamp", when);
    sb_params_add(headers, "Wechatpay-Serial",
                  sb_same(twist, "unknown_serial") ? "6666666666666666666666666666666666666666"
                  : signer < 0                     ? wechat->public_id
                                                   : wechat->serials[signer]);
    sb_params_add(headers, "Wechatpay-Signature-Type", "WECHATPAY2-SHA256-RSA2048");
    free(probe);
    free(sign);
    free(key);
    free(when);
    sb_buf_free(&text);
}

void sb_wechat_finish(struct sb_request *req)
{
    char id[41], *text;
    if (!req->type || (strcmp(req->type, "application/json") != 0 && req->status != 204)) {
        return; /* a gateway's page, or nothing at all */
    }
    sb_random_hex(req->sb->keys, id, 40);
    upper(id);
    text = sb_print("%s-%d", id, req->status < 300 ? 0 : 268435000 + req->status);
    sb_params_add(&req->out_headers, "Request-ID", text);
    free(text);
    if (!req->proven || sb_is(req, SB_FAULT_UNSIGNED)) {
        return;
    }
    sb_wechat_sign(req->sb, req->account, sb_params_find(&req->headers, "Wechatpay-Serial"), req->out.at,
                   req->out.len,
                   sb_is(req, SB_FAULT_BAD_SIGNATURE) ? "bad_signature"
                   : sb_is(req, SB_FAULT_SIGN_PROBE)  ? "sign_probe"
                                                      : NULL,
                   0, &req->out_headers);
}

/* GET /v3/certificates: all that are listed, each sealed with the merchant's APIv3 key. */
void sb_wechat_certificates(struct sb_request *req)
{
    struct sb_wechat *wechat = req->account->wechat;
    if (!wechat->certificates) {
        sb_wechat_error(req, 404, "RESOURCE_NOT_EXISTS",
                        "无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥");
        return;
    }
    req->executed = true;
    wechat->downloads++;
    cJSON *out = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(out, "data");
    for (int i = wechat->first; i < wechat->listed; i++) {
        cJSON *item = cJSON_CreateObject(), *sealed;
        char nonce[13], when[32], *key = platform_key(i);
        int64_t from = wechat->renewed[i], until = from + 5 * YEAR_MS;
        char *pem = sb_certificate(req->sb->keys, key, "wechat", wechat->serials[i], from, until);
        sb_random_hex(req->sb->keys, nonce, 12);
        char *text = sb_seal(sb_is(req, SB_FAULT_BAD_SIGNATURE) ? "no-such-key-no-such-key-no-such-k"
                                                                : req->account->secret_key,
                             nonce, "certificate", pem);
        sb_json_text(item, "serial_no", wechat->serials[i]);
        sb_rfc3339_write(from, when);
        sb_json_text(item, "effective_time", when);
        sb_rfc3339_write(until, when);
        sb_json_text(item, "expire_time", when);
        sealed = cJSON_AddObjectToObject(item, "encrypt_certificate");
        sb_json_text(sealed, "algorithm", "AEAD_AES_256_GCM");
        sb_json_text(sealed, "nonce", nonce);
        sb_json_text(sealed, "associated_data", "certificate");
        sb_json_text(sealed, "ciphertext", text);
        cJSON_AddItemToArray(list, item);
        free(text);
        free(pem);
        free(key);
    }
    sb_reply_json(req, 200, out);
}

/* ---- the operator's side ---- */

void sb_wechat_view(const struct sb_account *account, cJSON *out)
{
    const struct sb_wechat *wechat = account->wechat;
    cJSON *list = cJSON_AddArrayToObject(out, "certificates");
    for (int i = wechat->first; i < wechat->listed; i++) {
        cJSON_AddItemToArray(list, cJSON_CreateString(wechat->serials[i]));
    }
    sb_json_text(out, "signer", wechat->signer < 0 ? wechat->public_id : wechat->serials[wechat->signer]);
    sb_json_text(out, "public_key_id", wechat->public_id);
    sb_json_int(out, "downloads", wechat->downloads);
    sb_json_int(out, "sign_errors", wechat->refused);
    sb_json_int(out, "refund_ms", wechat->refund_ms);
    cJSON_AddBoolToObject(out, "old_codes", wechat->old_codes);
    cJSON_AddBoolToObject(out, "close_unknown", wechat->close_unknown);
}

/* announce: the next certificate is listed, the old one signs; rotate: the newest signs, both are listed;
   retire: only the signer stays listed. */
static const char *change_certificate(struct sb *sb, struct sb_wechat *wechat, const char *what)
{
    if (!wechat->certificates) {
        return "certificate: this merchant has only the public key";
    }
    bool newest = wechat->signer == wechat->listed - 1 || wechat->signer < 0;
    if (sb_same(what, "retire")) {
        wechat->first = wechat->signer < 0 ? wechat->listed - 1 : wechat->signer;
        return NULL;
    }
    if (!sb_same(what, "announce") && !sb_same(what, "rotate")) {
        return "certificate: announce, rotate or retire";
    }
    if (newest) {
        if (wechat->listed == SB_CERTIFICATES) {
            return "certificate: there are no more";
        }
        wechat->renewed[wechat->listed++] = sb_now(sb) - 3600000;
    }
    if (sb_same(what, "rotate")) {
        wechat->signer = wechat->listed - 1;
    }
    return NULL;
}

const char *sb_wechat_change(struct sb *sb, struct sb_account *account, const cJSON *in)
{
    struct sb_wechat *wechat = account->wechat;
    const cJSON *certificate = cJSON_GetObjectItemCaseSensitive(in, "certificate");
    const cJSON *public_key = cJSON_GetObjectItemCaseSensitive(in, "public_key");
    const cJSON *old_codes = cJSON_GetObjectItemCaseSensitive(in, "old_codes");
    const cJSON *close_unknown = cJSON_GetObjectItemCaseSensitive(in, "close_unknown");
    wechat->refund_ms = sb_json_number(in, "refund_ms", wechat->refund_ms);
    if (cJSON_IsBool(old_codes)) {
        wechat->old_codes = cJSON_IsTrue(old_codes);
    }
    if (cJSON_IsBool(close_unknown)) {
        wechat->close_unknown = cJSON_IsTrue(close_unknown);
    }
    if (cJSON_IsBool(public_key) && wechat->certificates) {
        wechat->signer = cJSON_IsTrue(public_key) ? -1 : wechat->listed - 1;
    }
    return certificate ? change_certificate(sb, wechat, cJSON_GetStringValue(certificate)) : NULL;
}

/* Without a prefix, as at the provider: the path is part of what is signed. */
void sb_wechat_channel(struct sb *sb, const struct sb_account *account, cJSON *out)
{
    char *url = sb_print("http://127.0.0.1:%d", account->port);
    cJSON *item = cJSON_CreateObject();
    sb_json_text(out, "base_url", url);
    sb_json_text(item, "version", "1");
    sb_json_text(item, "mchid", account->seller_id);
    sb_json_text(item, "appid", account->app_id);
    sb_json_text(item, "serial_no", account->wechat->serial_no);
    sb_json_text(item, "private_key", sb_keys_merchant_private(sb->keys));
    sb_json_text(item, "apiv3_key", account->secret_key);
    if (!account->wechat->certificates) {
        sb_json_text(item, "public_key_id", account->wechat->public_id);
        sb_json_text(item, "public_key", sb_rsa_public(sb->keys, "wechat"));
    } else {
        char *key = platform_key(account->wechat->signer);
        (void)sb_rsa(sb->keys, key); /* made now: no first answer is slow */
        free(key);
    }
    sb_channel_credentials(out, item);
    sb_channel_method(out, "wechat", "qr redirect token");
    free(url);
}
