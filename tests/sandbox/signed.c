/* Requests and notifications of the providers, signed and verified over mbedTLS; see client.h. */
#include "client.h"

#include <curl/curl.h>
#include <mbedtls/base64.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/md.h>
#include <mbedtls/pk.h>

static void sha256(const char *text, size_t len, unsigned char out[32])
{
    assert_int_equal(
        mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), (const unsigned char *)text, len, out), 0);
}

/* Parsing and seeding cost more than signing, so the merchant's one key is kept. */
char *rsa_sign(const char *account, const char *text)
{
    static mbedtls_entropy_context entropy;
    static mbedtls_ctr_drbg_context random;
    static mbedtls_pk_context key;
    static char *parsed;
    unsigned char hash[32], raw[512];
    const char *pem = credential(account, "private_key");
    char *out = calloc(1, 1024);
    size_t raw_len = 0, out_len = 0;
    if (!parsed || strcmp(parsed, pem) != 0) {
        mbedtls_entropy_init(&entropy);
        mbedtls_ctr_drbg_init(&random);
        mbedtls_pk_init(&key);
        assert_int_equal(mbedtls_ctr_drbg_seed(&random, mbedtls_entropy_func, &entropy, NULL, 0), 0);
        assert_int_equal(mbedtls_pk_parse_key(&key, (const unsigned char *)pem, strlen(pem) + 1, NULL, 0), 0);
        parsed = strdup(pem);
    }
    sha256(text, strlen(text), hash);
    assert_int_equal(
        mbedtls_pk_sign(&key, MBEDTLS_MD_SHA256, hash, 32, raw, &raw_len, mbedtls_ctr_drbg_random, &random),
        0);
    assert_int_equal(mbedtls_base64_encode((unsigned char *)out, 1024, &out_len, raw, raw_len), 0);
    return out;
}

bool rsa_verify(const char *pem, const char *text, size_t len, const char *base64, size_t base64_len)
{
    mbedtls_pk_context key;
    unsigned char hash[32], raw[512];
    size_t raw_len = 0;
    mbedtls_pk_init(&key);
    assert_int_equal(mbedtls_pk_parse_public_key(&key, (const unsigned char *)pem, strlen(pem) + 1), 0);
    sha256(text, len, hash);
    bool good =
        mbedtls_base64_decode(raw, sizeof raw, &raw_len, (const unsigned char *)base64, base64_len) == 0 &&
        mbedtls_pk_verify(&key, MBEDTLS_MD_SHA256, hash, 32, raw, raw_len) == 0;
    mbedtls_pk_free(&key);
    return good;
}

void hmac_hex(const char *secret, const char *text, char out[65])
{
    unsigned char raw[32];
    mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), (const unsigned char *)secret,
                    strlen(secret), (const unsigned char *)text, strlen(text), raw);
    for (int i = 0; i < 32; i++) {
        snprintf(out + 2 * i, 3, "%02x", raw[i]);
    }
}

struct pairs {
    char *key[40], *value[40];
    int count;
};

static void add_pair(struct pairs *pairs, const char *key, const char *value)
{
    int at = pairs->count++;
    for (; at > 0 && strcmp(pairs->key[at - 1], key) > 0; at--) {
        pairs->key[at] = pairs->key[at - 1];
        pairs->value[at] = pairs->value[at - 1];
    }
    pairs->key[at] = strdup(key);
    pairs->value[at] = strdup(value);
}

static void add_form(struct pairs *pairs, const char *form)
{
    char *copy = strdup(form), *rest = copy;
    for (char *one; (one = strsep(&rest, "&"));) {
        char *value = strchr(one, '=');
        int len;
        if (!value) {
            continue;
        }
        *value++ = 0;
        for (char *at = value; *at; at++) {
            if (*at == '+') {
                *at = ' ';
            }
        }
        char *plain = curl_easy_unescape(NULL, value, 0, &len);
        add_pair(pairs, one, plain);
        curl_free(plain);
    }
    free(copy);
}

/* Sorted as they are, joined as the rules of signing want it, or urlencoded as a form. */
static char *join(const struct pairs *pairs, bool encode, const char *without, const char *without_too)
{
    char *out = calloc(1, 32768);
    size_t len = 0;
    for (int i = 0; i < pairs->count; i++) {
        if (!*pairs->value[i] || (without && strcmp(pairs->key[i], without) == 0) ||
            (without_too && strcmp(pairs->key[i], without_too) == 0)) {
            continue;
        }
        char *value = encode ? curl_easy_escape(NULL, pairs->value[i], 0) : strdup(pairs->value[i]);
        len += (size_t)snprintf(out + len, 32768 - len, "%s%s=%s", len ? "&" : "", pairs->key[i], value);
        free(value);
    }
    return out;
}

static void free_pairs(struct pairs *pairs)
{
    for (int i = 0; i < pairs->count; i++) {
        free(pairs->key[i]);
        free(pairs->value[i]);
    }
}

static char *alipay_form(const char *account, const char *method, const char *biz, const char *extra)
{
    struct pairs pairs = {0};
    if (extra) {
        add_form(&pairs, extra);
    }
    const char *fixed[][2] = {{"app_id", credential(account, "app_id")},
                              {"method", method},
                              {"format", "JSON"},
                              {"charset", "utf-8"},
                              {"sign_type", "RSA2"},
                              {"timestamp", "2023-11-15 06:13:20"},
                              {"version", "1.0"},
                              {"biz_content", biz}};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        bool given = false;
        for (int k = 0; k < pairs.count; k++) {
            given = given || strcmp(pairs.key[k], fixed[i][0]) == 0;
        }
        if (!given) {
            add_pair(&pairs, fixed[i][0], fixed[i][1]);
        }
    }
    char *text = join(&pairs, false, "sign", NULL), *signature = rsa_sign(account, text);
    bool given = false;
    for (int k = 0; k < pairs.count; k++) {
        given = given || strcmp(pairs.key[k], "sign") == 0;
    }
    if (!given) {
        add_pair(&pairs, "sign", signature);
    }
    char *form = join(&pairs, true, NULL, NULL);
    free_pairs(&pairs);
    free(text);
    free(signature);
    return form;
}

struct reply *alipay_raw(const char *account, const char *method, const char *biz, const char *extra)
{
    char *form = alipay_form(account, method, biz, extra);
    struct reply *reply = call("POST", base_url(account), NULL, form);
    free(form);
    return reply;
}

char *alipay_url(const char *account, const char *method, const char *biz)
{
    char *form = alipay_form(account, method, biz, NULL), *url = malloc(strlen(form) + 256);
    sprintf(url, "%s?%s", base_url(account), form);
    free(form);
    return url;
}

int alipay_verify(const char *account, const char *body)
{
    const char *from = strstr(body, "_response\":"), *end = from ? strstr(from, ",\"sign\":\"") : NULL;
    if (!end) {
        return 0;
    }
    from += strlen("_response\":");
    const char *base64 = end + strlen(",\"sign\":\"");
    return rsa_verify(credential(account, "alipay_public_key"), from, (size_t)(end - from), base64,
                      strcspn(base64, "\""))
               ? 1
               : -1;
}

bool alipay_note_verify(const char *account, const char *form)
{
    struct pairs pairs = {0};
    add_form(&pairs, form);
    char *text = join(&pairs, false, "sign", "sign_type"), *signature = form_get(form, "sign");
    bool good = signature && rsa_verify(credential(account, "alipay_public_key"), text, strlen(text),
                                        signature, strlen(signature));
    free_pairs(&pairs);
    free(text);
    free(signature);
    return good;
}

cJSON *alipay(const char *account, const char *method, const char *biz)
{
    struct reply *reply = alipay_raw(account, method, biz, "notify_url=http%3A%2F%2F127.0.0.1%3A18080%2Fn");
    assert_int_equal(reply->code, 0);
    assert_int_equal(reply->status, 200);
    assert_non_null(reply->json);
    if (alipay_verify(account, reply->body) != 1) {
        fail_msg("not signed well: %s", reply->body);
    }
    cJSON *out = cJSON_DetachItemViaPointer(reply->json, reply->json->child);
    drop(reply);
    return out;
}

void alipay_expect(const char *account, const char *method, const char *biz, const char *want)
{
    cJSON *out = alipay(account, method, biz);
    if (strcmp(text_of(out, "code"), want) != 0 && strcmp(text_of(out, "sub_code"), want) != 0) {
        fail_msg("%s %s: wanted %s, got %s %s", method, biz, want, text_of(out, "code"),
                 text_of(out, "sub_code"));
    }
    cJSON_Delete(out);
}

struct reply *stripe(const char *account, const char *method, const char *path, const char *form,
                     const char *key)
{
    char url[512], bearer[128], idem[300];
    snprintf(url, sizeof url, "%s%s", base_url(account), path);
    snprintf(bearer, sizeof bearer, "Authorization: Bearer %s", credential(account, "secret_key"));
    snprintf(idem, sizeof idem, "Idempotency-Key: %s", key ? key : "");
    const char *headers[] = {bearer, key ? idem : NULL, NULL};
    return call(method, url, headers, form);
}

char *form_get(const char *form, const char *name)
{
    struct pairs pairs = {0};
    char *out = NULL;
    add_form(&pairs, form);
    for (int i = 0; i < pairs.count; i++) {
        if (strcmp(pairs.key[i], name) == 0) {
            free(out);
            out = strdup(pairs.value[i]);
        }
    }
    free_pairs(&pairs);
    return out;
}
