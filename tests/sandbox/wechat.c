/* The merchant's side of WeChat Pay v3 for the sandbox's tests; see client.h. */
#include "client.h"

#include <strings.h>

#include <mbedtls/base64.h>
#include <mbedtls/gcm.h>
#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>

static struct {
    char serial[48], pem[8192];
} known[9];
static int known_count;

struct reply *wx_raw(const char *account, const char *method, const char *target, const char *body,
                     const struct wx_twist *twist)
{
    static const struct wx_twist none;
    const struct wx_twist *t = twist ? twist : &none;
    const char *nonce = t->nonce ? t->nonce : "593BEC0C930BF1AFEB40B4A08C8FB242";
    const char *text = t->signed_body ? t->signed_body : body ? body : "";
    long long when = (long long)(clock_ms() / 1000 + t->skew_s);
    char *message = malloc(strlen(text) + strlen(target) + 256), *sign, auth[1024], url[512], lines[5][640];
    sprintf(message, "%s\n%s\n%lld\n%s\n%s\n", method, target, when, nonce, text);
    sign = rsa_sign(account, message);
    snprintf(
        auth, sizeof auth,
        "Authorization: %s mchid=\"%s\",nonce_str=\"%s\",signature=\"%s\",timestamp=\"%lld\","
             "serial_no=\"%s\"",
        t->scheme ? t->scheme : "WECHATPAY2-SHA256-RSA2048",
        t->mchid ? t->mchid : credential(account, "mchid"), nonce, sign, when,
        t->serial ? t->serial : credential(account, "serial_no"));
    snprintf(lines[0], sizeof lines[0], "Accept:%s", t->accept ? t->accept : " application/json");
    snprintf(lines[1], sizeof lines[1], "User-Agent:%s", t->agent ? t->agent : " shop/1");
    snprintf(lines[2], sizeof lines[2], "Content-Type:%s",
             body ? t->type ? t->type : " application/json" : "");
    snprintf(lines[3], sizeof lines[3], "Wechatpay-Serial: %s", t->ask ? t->ask : "");
    const char *headers[6] = {lines[0], lines[1], lines[2]};
    int n = 3;
    if (t->ask) {
        headers[n++] = lines[3];
    }
    if (!t->no_authorization) {
        headers[n] = auth;
    }
    snprintf(url, sizeof url, "%s%s", base_url(account), target);
    struct reply *reply = call(method, url, headers, body);
    free(message);
    free(sign);
    return reply;
}

const char *wx_header(const struct reply *reply, const char *name)
{
    static char value[1024];
    size_t len = strlen(name);
    value[0] = 0;
    for (const char *at = reply->headers; at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL) {
        if (strncasecmp(at, name, len) == 0 && at[len] == ':') {
            snprintf(value, sizeof value, "%.*s", (int)strcspn(at + len + 2, "\r\n"), at + len + 2);
        }
    }
    return value;
}

/* The public key that a certificate of this serial holds, or WeChat Pay's own. */
static bool verify_by(const char *serial, const char *text, size_t len, const char *sign)
{
    if (strncmp(serial, "PUB_KEY_ID_", 11) == 0) {
        return rsa_verify(credential("wx-pub", "public_key"), text, len, sign, strlen(sign));
    }
    for (int i = 0; i < known_count; i++) {
        if (strcmp(known[i].serial, serial) == 0) {
            mbedtls_x509_crt crt;
            unsigned char pem[1024];
            mbedtls_x509_crt_init(&crt);
            assert_int_equal(
                mbedtls_x509_crt_parse(&crt, (const unsigned char *)known[i].pem, strlen(known[i].pem) + 1),
                0);
            assert_int_equal(mbedtls_pk_write_pubkey_pem(&crt.pk, pem, sizeof pem), 0);
            mbedtls_x509_crt_free(&crt);
            return rsa_verify((const char *)pem, text, len, sign, strlen(sign));
        }
    }
    return false;
}

static bool verify_text(const char *when, const char *nonce, const char *serial, const char *sign,
                        const char *body)
{
    char *text = malloc(strlen(body) + 256);
    sprintf(text, "%s\n%s\n%s\n", when, nonce, body);
    bool good = strncmp(sign, "WECHATPAY/SIGNTEST/", 19) != 0 && verify_by(serial, text, strlen(text), sign);
    free(text);
    return good;
}

int wx_verify(const struct reply *reply)
{
    char when[32], nonce[64], serial[96], sign[1024];
    snprintf(when, sizeof when, "%.31s", wx_header(reply, "Wechatpay-Timestamp"));
    snprintf(nonce, sizeof nonce, "%.63s", wx_header(reply, "Wechatpay-Nonce"));
    snprintf(serial, sizeof serial, "%.95s", wx_header(reply, "Wechatpay-Serial"));
    snprintf(sign, sizeof sign, "%s", wx_header(reply, "Wechatpay-Signature"));
    if (!when[0] && !nonce[0] && !serial[0] && !sign[0]) {
        return 0;
    }
    return verify_text(when, nonce, serial, sign, reply->body) ? 1 : -1;
}

bool wx_verify_note(const cJSON *note)
{
    return verify_text(text_of(note, "headers.Wechatpay-Timestamp"), text_of(note, "headers.Wechatpay-Nonce"),
                       text_of(note, "headers.Wechatpay-Serial"),
                       text_of(note, "headers.Wechatpay-Signature"), text_of(note, "body"));
}

static char *unseal(const char *account, const cJSON *box)
{
    const char *key = credential(account, "apiv3_key"), *text = text_of(box, "ciphertext");
    const char *nonce = text_of(box, "nonce"), *more = text_of(box, "associated_data");
    size_t len = strlen(text), raw_len = 0;
    unsigned char *raw = malloc(len + 1);
    char *out = calloc(1, len + 1);
    mbedtls_gcm_context gcm;
    assert_string_equal(text_of(box, "algorithm"), "AEAD_AES_256_GCM");
    assert_int_equal(strlen(key), 32);
    assert_int_equal(strlen(nonce), 12);
    assert_int_equal(mbedtls_base64_decode(raw, len, &raw_len, (const unsigned char *)text, len), 0);
    mbedtls_gcm_init(&gcm);
    mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, (const unsigned char *)key, 256);
    int rc = mbedtls_gcm_auth_decrypt(&gcm, raw_len - 16, (const unsigned char *)nonce, 12,
                                      (const unsigned char *)more, strlen(more), raw + raw_len - 16, 16, raw,
                                      (unsigned char *)out);
    mbedtls_gcm_free(&gcm);
    free(raw);
    if (rc != 0) {
        free(out);
        return NULL;
    }
    return out;
}

cJSON *wx_unseal(const char *account, const cJSON *resource)
{
    char *text = unseal(account, resource);
    cJSON *out = text ? cJSON_Parse(text) : NULL;
    free(text);
    return out;
}

void wx_fetch(const char *account)
{
    struct reply *reply = wx_raw(account, "GET", "/v3/certificates", NULL, NULL);
    const cJSON *item;
    assert_int_equal(reply->status, 200);
    known_count = 0;
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(reply->json, "data"))
    {
        char *pem = unseal(account, cJSON_GetObjectItem(item, "encrypt_certificate"));
        assert_non_null(pem);
        snprintf(known[known_count].serial, sizeof known[0].serial, "%s", text_of(item, "serial_no"));
        snprintf(known[known_count].pem, sizeof known[0].pem, "%s", pem);
        known_count++;
        free(pem);
    }
    assert_int_equal(wx_verify(reply), 1); /* by one of those it brought */
    drop(reply);
}

int wx_certificates(void)
{
    return known_count;
}

cJSON *wx(const char *account, const char *method, const char *target, const char *body)
{
    struct reply *reply = wx_raw(account, method, target, body, NULL);
    if (reply->status != 200 || wx_verify(reply) != 1) {
        fail_msg("%s %s: %ld, signed %d: %s", method, target, reply->status, wx_verify(reply), reply->body);
    }
    cJSON *out = reply->json;
    reply->json = NULL;
    drop(reply);
    return out;
}

/* A refusal after a good signature is signed too. */
void wx_expect(const char *account, const char *method, const char *target, const char *body, int status,
               const char *code)
{
    struct reply *reply = wx_raw(account, method, target, body, NULL);
    if (reply->status != status || wx_verify(reply) != 1 || strcmp(text_of(reply->json, "code"), code) != 0) {
        fail_msg("%s %s %s: wanted %d %s, got %ld, signed %d: %s", method, target, body ? body : "", status,
                 code, reply->status, wx_verify(reply), reply->body);
    }
    drop(reply);
}
