/* What the two files of alipay tests share: the channel, and Alipay's side of a signature. */
#ifndef ADAPTER_ALIPAY_FIXTURE_H
#define ADAPTER_ALIPAY_FIXTURE_H

#include "adapter_fixture.h"

#include "adapters/alipay.h"

#define REF "0K3V9Z2M4QABCDEFGHJKMNPQRS"

#define CHANNEL(app, seller, public_key)                                                                     \
    "{\"id\":\"ali\",\"provider\":\"alipay\",\"base_url\":\"https://gateway.example/gateway.do\","           \
    "\"notify_url\":\"https://shop.example/n\",\"return_url\":\"https://shop.example/r?a=1\","               \
    "\"credentials\":[{\"app_id\":\"" app "\",\"seller_id\":\"" seller                                       \
    "\",\"private_key\":\"" ADK_OFFICIAL_APP_PRIVATE "\",\"alipay_public_key\":\"" public_key "\"}],"        \
    "\"methods\":[{\"method\":\"alipay\",\"flows\":[\"qr\",\"redirect\",\"wap\"]}],\"currencies\":[\"CNY\"]}"
#define OURS CHANNEL("2021000122671080", "2088000000000001", ADK_ALIPAY_PUBLIC)

static inline void sign_with(char *out, size_t cap, const char *private_key, const char *text, size_t len)
{
    pr_key *key = NULL;
    char why[128];
    assert_int_equal(pr_key_new(&key, PR_KEY_RSA_PRIVATE, private_key, strlen(private_key), why, sizeof why),
                     PAYROUTE_OK);
    assert_true(pr_key_sign(out, cap, key, text, len, adk_entropy) >= 0);
    pr_key_free(key);
}

#endif
