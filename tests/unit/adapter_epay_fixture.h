/* What the epay tests share: channels of each fork, the panel's side of a signature. The MD5 key is the one
   of the interface description at kancloud.cn/m1363811897/qccodepay/2443395, an example that is worth
   nothing. */
#ifndef ADAPTER_EPAY_FIXTURE_H
#define ADAPTER_EPAY_FIXTURE_H

#include "adapter_fixture.h"

#include "adapters/epay.h"

#define EPAY_REF "0K3V9Z2M4QABCDEFGHJKMNPQRS"
#define EPAY_KEY "89unJUB8HZ54Hj7x4nUj56HN4nUzUJ8i"
#define EPAY_TRADE "2025112517550012345"
#define V1_CREDENTIAL "{\"pid\":\"1001\",\"key\":\"" EPAY_KEY "\"}"
#define V2_CREDENTIAL                                                                                        \
    "{\"pid\":\"1001\",\"private_key\":\"" ADK_OFFICIAL_APP_PRIVATE                                          \
    "\",\"platform_public_key\":\"" ADK_ALIPAY_PUBLIC "\"}"
#define EPAY_CHANNEL(fork, credential, methods) EPAY_AT(fork, "?c=epay", "?a=1", credential, methods)
#define EPAY_AT(fork, notify_query, return_query, credential, methods)                                       \
    "{\"id\":\"ep\",\"provider\":\"epay\",\"fork\":\"" fork "\",\"base_url\":\"https://panel.example/\","    \
    "\"notify_url\":\"https://shop.example/n" notify_query                                                   \
    "\",\"return_url\":\"https://shop.example/r" return_query "\","                                          \
    "\"credentials\":[" credential "],\"methods\":[" methods "],\"currencies\":[\"CNY\"]}"
#define ALL_FLOWS(method) "{\"method\":\"" method "\",\"flows\":[\"qr\",\"redirect\",\"page\"]}"
#define RAINBOW EPAY_CHANNEL("rainbow", V1_CREDENTIAL, ALL_FLOWS("alipay") "," ALL_FLOWS("wechat"))
#define RAINBOW2 EPAY_CHANNEL("rainbow_v2", V2_CREDENTIAL, ALL_FLOWS("alipay") "," ALL_FLOWS("wechat"))
#define ZPAY EPAY_AT("zpay", "", "", V1_CREDENTIAL, ALL_FLOWS("alipay"))
#define EZPAY                                                                                                \
    EPAY_CHANNEL("ezpay", V1_CREDENTIAL, "{\"method\":\"alipay\",\"flows\":[\"redirect\",\"page\"]}")

static const pr_wish epay_wish = {.subject = "月卡 &1", .client_ip = "203.0.113.7", .order_hash = "c0ffee"};

static inline void epay_open(adk *k, const char *channel, const char *method, const char *flow)
{
    adk_open(k, channel, method, flow, "CNY");
    adk_content(k, &epay_wish);
}

/* "a=b|c=d" as sorted pairs inside `room`. */
static inline size_t epay_pairs(char *room, pr_pair *pairs, size_t cap)
{
    size_t count = 0;
    for (char *at = room; at && *at && count < cap;) {
        char *next = strchr(at, '|');
        if (next) {
            *next++ = '\0';
        }
        char *eq = strchr(at, '=');
        assert_non_null(eq);
        *eq = '\0';
        pairs[count].name = at;
        pairs[count++].value = eq + 1;
        at = next;
    }
    pr_pairs_sort(pairs, count);
    return count;
}

/* The panel's signature, made without the code under test: MD5 over the joined pairs and the key, or RSA. */
static inline void epay_panel_sign(char *out, size_t cap, const pr_pair *pairs, size_t count,
                                   const char *rsa_private)
{
    pr_buf text;
    pr_buf_init(&text);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(pairs[i].name, "sign") != 0 && strcmp(pairs[i].name, "sign_type") != 0 &&
            pairs[i].value[0] != '\0') {
            pr_buf_format(&text, "%s%s=%s", text.len > 0 ? "&" : "", pairs[i].name, pairs[i].value);
        }
    }
    if (rsa_private) {
        pr_key *key = NULL;
        char why[128];
        assert_int_equal(
            pr_key_new(&key, PR_KEY_RSA_PRIVATE, rsa_private, strlen(rsa_private), why, sizeof why),
            PAYROUTE_OK);
        assert_true(pr_key_sign(out, cap, key, text.at, text.len, adk_entropy) >= 0);
        pr_key_free(key);
    } else {
        assert_true(cap >= 33);
        pr_buf_put(&text, EPAY_KEY);
        assert_int_equal(pr_sign_md5_hex(out, text.at, text.len), PAYROUTE_OK);
    }
    pr_buf_free(&text);
}

/* A signed v2 answer: {"a":"b",...}; a value that begins with "#" is written as a number. */
static inline void epay_v2_answer(char *out, size_t cap, const char *fields, const char *rsa_private)
{
    char room[2048], sign[1024];
    pr_pair pairs[32];
    snprintf(room, sizeof room, "%s|timestamp=1764064500", fields);
    size_t count = epay_pairs(room, pairs, 32), len = 1;
    int32_t number[32];
    for (size_t i = 0; i < count; i++) {
        number[i] = pairs[i].value[0] == '#';
        pairs[i].value += number[i];
    }
    epay_panel_sign(sign, sizeof sign, pairs, count, rsa_private);
    snprintf(out, cap, "{");
    for (size_t i = 0; i < count; i++) {
        len += (size_t)snprintf(out + len, cap - len, number[i] ? "\"%s\":%s," : "\"%s\":\"%s\",",
                                pairs[i].name, pairs[i].value);
    }
    snprintf(out + len, cap - len, "\"sign_type\":\"RSA\",\"sign\":\"%s\"}", sign);
}

static inline const pr_fact *epay_read(adk *k, int32_t operation, const char *body)
{
    adk_read(k, operation, 1, 200, "Date: Tue, 25 Nov 2025 09:55:00 GMT\r\n", body, strlen(body), 1);
    return &k->reading.facts[0];
}

#endif
