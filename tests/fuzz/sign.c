/* The providers' side of a signature: what the fuzzer wrote becomes an authentic message, so that it reaches
   the readers behind the door. */
#include "kit.h"

#include "adapters/alipay.h"
#include "adapters/epay.h"
#include "adapters/wechatpay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAIRS_MAX = 256 };

void fuzz_message_free(fuzz_message *m)
{
    pr_buf_free(&m->query);
    pr_buf_free(&m->headers);
    pr_buf_free(&m->body);
}

static void replace(pr_buf *b, pr_buf *by)
{
    pr_buf_free(b);
    *b = *by;
    pr_buf_init(by);
}

/* ---- alipay ---- */

/* The body is the inner object; `way` 1: under the method's name, 2: under error_response. */
static int alipay_reply(fuzz_message *m, int32_t operation, const char *flow, int way)
{
    char name[96] = "error_response";
    char sign[29];
    const char *method = pr_alipay_method(operation, flow);
    if (method == NULL) {
        return 0;
    }
    if (way == 1) {
        snprintf(name, sizeof name, "%s_response", method);
        for (char *p = name; *p != '\0'; p++) {
            *p = *p == '.' ? '_' : *p;
        }
    }
    fuzz_signature(sign, m->body.at, m->body.len);
    pr_buf whole;
    pr_buf_init(&whole);
    pr_buf_format(&whole, "{\"%s\":", name);
    pr_buf_bytes(&whole, m->body.at, m->body.len);
    pr_buf_format(&whole, ",\"sign\":\"%s\"}", sign);
    replace(&m->body, &whole);
    return 1;
}

static int alipay_notice(fuzz_message *m)
{
    pr_form *form = NULL;
    pr_pair pairs[PAIRS_MAX];
    size_t count = 0;
    char sign[29];
    pr_buf text;
    if (pr_form_parse(&form, m->body.at, m->body.len) != PAYROUTE_OK) {
        return 0;
    }
    for (size_t i = 0; i < pr_form_count(form); i++) {
        const char *name = pr_form_name(form, i);
        if (strcmp(name, "sign") != 0 && strcmp(name, "sign_type") != 0) {
            pairs[count++] = (pr_pair){name, pr_form_value(form, i)};
        }
    }
    pr_pairs_sort(pairs, count);
    pr_buf_init(&text);
    pr_pairs_join(&text, pairs, count);
    fuzz_signature(sign, text.at, text.len);
    pr_buf_free(&text);
    pr_form_free(form);
    pr_buf_format(&m->body, "&sign=%s", sign);
    return 1;
}

/* ---- stripe ---- */

static int stripe_notice(fuzz_message *m, const pr_channel *c)
{
    const char *secret = pr_credential_get(c, NULL, "webhook_secret");
    pr_buf text;
    uint8_t mac[32];
    char hex[65];
    pr_buf_init(&text);
    pr_buf_format(&text, "%lld.", (long long)(FUZZ_NOW / 1000));
    pr_buf_bytes(&text, m->body.at, m->body.len);
    int32_t rc = pr_sign_hmac_sha256(mac, secret, strlen(secret), text.at, text.len);
    pr_buf_free(&text);
    FUZZ_EXPECT(rc == PAYROUTE_OK, "hmac %d", (int)rc);
    pr_sign_hex(hex, mac, sizeof mac);
    pr_buf_format(&m->headers, "\r\nStripe-Signature: t=%lld,v1=%s\r\n", (long long)(FUZZ_NOW / 1000), hex);
    return 1;
}

/* ---- wechatpay ---- */

static int wechatpay_mark(fuzz_message *m)
{
    char sign[29];
    pr_buf text;
    pr_buf_init(&text);
    pr_buf_format(&text, "%lld\nNONCE\n", (long long)(FUZZ_NOW / 1000));
    pr_buf_bytes(&text, m->body.at != NULL ? m->body.at : "", m->body.len);
    pr_buf_put(&text, "\n");
    fuzz_signature(sign, text.at, text.len);
    pr_buf_free(&text);
    pr_buf_format(&m->headers,
                  "Wechatpay-Timestamp: %lld\r\nWechatpay-Nonce: NONCE\r\nWechatpay-Serial: " FUZZ_KEY_ID
                  "\r\nWechatpay-Signature: %s\r\n",
                  (long long)(FUZZ_NOW / 1000), sign);
    return 1;
}

/* The body is what lies inside: `way` 1 a payment, 2 a refund; 3: it is the outer object itself. */
static int wechatpay_notice(fuzz_message *m, int way)
{
    static const char nonce[] = "0123456789ab";
    if (way == 3) {
        return wechatpay_mark(m);
    }
    size_t cap = m->body.len + 16;
    uint8_t *sealed = malloc(cap);
    char *text = malloc(cap * 2 + 8);
    FUZZ_EXPECT(sealed != NULL && text != NULL, "no memory");
    int32_t n =
        pr_sign_aes256_gcm_seal(sealed, cap, (const uint8_t *)FUZZ_APIV3, (const uint8_t *)nonce,
                                (const uint8_t *)"transaction", 11, (const uint8_t *)m->body.at, m->body.len);
    FUZZ_EXPECT(n > 0 && pr_sign_base64(text, cap * 2 + 8, sealed, (size_t)n) > 0, "seal %d", (int)n);
    pr_buf whole;
    pr_buf_init(&whole);
    pr_buf_format(&whole,
                  "{\"id\":\"EV-1\",\"create_time\":\"2025-11-25T17:54:59+08:00\",\"resource_type\":"
                  "\"encrypt-resource\",\"event_type\":\"%s\",\"summary\":\"x\",\"resource\":{\"algorithm\":"
                  "\"AEAD_AES_256_GCM\",\"original_type\":\"x\",\"associated_data\":\"transaction\","
                  "\"nonce\":\"%s\",\"ciphertext\":\"",
                  way == 1 ? "TRANSACTION.SUCCESS" : "REFUND.SUCCESS", nonce);
    pr_buf_put(&whole, text);
    pr_buf_put(&whole, "\"}}");
    replace(&m->body, &whole);
    free(sealed);
    free(text);
    return wechatpay_mark(m);
}

/* ---- epay ---- */

static int epay_sign(char *out, size_t cap, const pr_channel *c, pr_pair *pairs, size_t count)
{
    static const uint8_t entropy[32] = {2};
    pr_text why;
    pr_text_init(&why, NULL, 0);
    return pr_epay_sign(out, cap, c, NULL, pr_epay_fork_of(c), pairs, count, entropy, &why) == PAYROUTE_OK;
}

/* v2 signs the scalars of its answer; v1 nothing. */
static int epay_reply(fuzz_message *m, const pr_channel *c)
{
    payroute_json *doc = NULL;
    pr_pair pairs[PAIRS_MAX];
    char sign[1400];
    size_t count = 0;
    if (pr_epay_fork_of(c)->sign != PR_EPAY_RSA || m->body.len == 0 ||
        payroute_json_parse(&doc, m->body.at, m->body.len, NULL, 0) != PAYROUTE_OK) {
        return 0;
    }
    const payroute_json_node *root = payroute_json_root(doc);
    int32_t fits = payroute_json_type(root) == PAYROUTE_JSON_OBJECT &&
                   payroute_json_get(root, "sign") == NULL && payroute_json_count(root) > 0 &&
                   payroute_json_count(root) < PAIRS_MAX;
    for (const payroute_json_node *n = payroute_json_first(root); fits && n != NULL;
         n = payroute_json_next(n)) {
        if (payroute_json_text(n) != NULL) {
            pairs[count++] = (pr_pair){payroute_json_name(n), payroute_json_text(n)};
        }
    }
    int signs = fits && epay_sign(sign, sizeof sign, c, pairs, count);
    if (signs) {
        pr_buf whole;
        pr_buf_init(&whole);
        size_t end = m->body.len;
        while (m->body.at[end - 1] != '}') {
            end--;
        }
        pr_buf_bytes(&whole, m->body.at, end - 1);
        pr_buf_format(&whole, ",\"sign\":\"%s\"}", sign);
        replace(&m->body, &whole);
    }
    payroute_json_free(doc);
    return signs;
}

static int epay_notice(fuzz_message *m, const pr_channel *c)
{
    pr_buf *where = m->body.len > 0 ? &m->body : &m->query;
    pr_form *form = NULL;
    pr_pair pairs[PAIRS_MAX];
    char sign[1400];
    size_t count = 0;
    if (pr_form_parse(&form, where->at != NULL ? where->at : "", where->len) != PAYROUTE_OK) {
        return 0;
    }
    for (size_t i = 0; i < pr_form_count(form); i++) {
        /* what stood in our own address is not the panel's */
        if (where == &m->body || strchr(c->notify_url, '?') == NULL ||
            strcmp(pr_form_name(form, i), "c") != 0 || strcmp(pr_form_value(form, i), "epay") != 0) {
            pairs[count++] = (pr_pair){pr_form_name(form, i), pr_form_value(form, i)};
        }
    }
    int signs = epay_sign(sign, sizeof sign, c, pairs, count);
    if (signs) {
        pr_buf_put(where, "&sign=");
        pr_buf_urlencode(where, sign, strlen(sign));
    }
    pr_form_free(form);
    return signs;
}

/* ---- by provider ---- */

int fuzz_sign_reply(fuzz_message *m, const pr_channel *c, int32_t operation, const char *flow, int way)
{
    const char *provider = c->provider->name;
    return strcmp(provider, "alipay") == 0      ? alipay_reply(m, operation, flow, way)
           : strcmp(provider, "wechatpay") == 0 ? wechatpay_mark(m)
           : strcmp(provider, "epay") == 0      ? epay_reply(m, c)
                                                : 0;
}

int fuzz_sign_notice(fuzz_message *m, const pr_channel *c, int way)
{
    const char *provider = c->provider->name;
    return strcmp(provider, "alipay") == 0      ? alipay_notice(m)
           : strcmp(provider, "stripe") == 0    ? stripe_notice(m, c)
           : strcmp(provider, "wechatpay") == 0 ? wechatpay_notice(m, way)
           : strcmp(provider, "epay") == 0      ? epay_notice(m, c)
                                                : 0;
}
