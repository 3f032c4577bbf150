/* A channel for each provider that there is an adapter of; where a provider has dialects, one for each. */
#include "kit.h"

#include "../unit/registry_fixture.h"

#include <string.h>

#define EPAY(id, fork, query, credential)                                                                    \
    "{\"id\":\"" id "\",\"provider\":\"epay\",\"fork\":\"" fork                                              \
    "\",\"base_url\":\"https://panel.example/\","                                                            \
    "\"notify_url\":\"https://shop.example/n" query "\",\"return_url\":\"https://shop.example/r\","          \
    "\"credentials\":[{\"pid\":\"1001\"," credential "}],\"methods\":[{\"method\":\"alipay\","               \
    "\"flows\":[\"qr\",\"redirect\",\"page\"]}],\"currencies\":[\"CNY\"]}"
#define EPAY_V1 "\"key\":\"89unJUB8HZ54Hj7x4nUj56HN4nUzUJ8i\""

/* provider, the channel's JSON; the first letter of its id chooses it */
static const char *const shelf[][2] = {
    {"alipay", "{\"id\":\"alipay\",\"provider\":\"alipay\",\"credentials\":[" FIX_ALIPAY_CREDENTIAL "],"
               "\"notify_url\":\"https://shop.example/n\",\"return_url\":\"https://shop.example/r\","
               "\"methods\":[{\"method\":\"alipay\",\"flows\":[\"qr\",\"redirect\",\"wap\"]}],"
               "\"currencies\":[\"CNY\"]}"},
    {"stripe", "{\"id\":\"stripe\",\"provider\":\"stripe\",\"credentials\":[" FIX_STRIPE_CREDENTIAL "],"
               "\"return_url\":\"https://shop.example/r\","
               "\"methods\":[{\"method\":\"card\",\"flows\":[\"token\",\"redirect\"]},"
               "{\"method\":\"ideal\",\"flows\":[\"redirect\"]}],"
               "\"currencies\":[\"USD\",\"EUR\",\"CNY\",\"JPY\"]}"},
    {"custom", "{\"id\":\"custom\",\"provider\":\"custom\","
               "\"methods\":[{\"method\":\"card\",\"flows\":[\"direct\",\"qr\"]}],"
               "\"currencies\":[\"CNY\",\"USD\"],"
               "\"facts\":{\"lookup\":\"our_ref\",\"refund\":true,\"can_close\":true}}"},
    {"wechatpay",
     "{\"id\":\"wechatpay\",\"provider\":\"wechatpay\",\"notify_url\":\"https://shop.example/n\","
     "\"return_url\":\"https://shop.example/r\",\"credentials\":[{\"mchid\":\"1900007291\","
     "\"appid\":\"wx2421b1c4370ec43b\",\"serial_no\":\"5F1C72E2A8931B72A2E13AF8DEE92471EB397115\","
     "\"private_key\":\"@app@\",\"apiv3_key\":\"" FUZZ_APIV3 "\",\"public_key_id\":\"" FUZZ_KEY_ID "\","
     "\"public_key\":\"@alipay_public@\"}],\"methods\":[{\"method\":\"wechat\","
     "\"flows\":[\"qr\",\"redirect\",\"token\"]}],\"currencies\":[\"CNY\"]}"},
    {"epay", EPAY("epay", "rainbow", "?c=epay", EPAY_V1)},
    {"epay", EPAY("zpay", "zpay", "", EPAY_V1)},
    {"epay", EPAY("rainbow", "rainbow_v2", "?c=epay",
                  "\"private_key\":\"@app@\",\"platform_public_key\":\"@alipay_public@\"")},
};

payroute_registry *fuzz_registry(void)
{
    static payroute_registry *registry;
    if (registry != NULL) {
        return registry;
    }
    FUZZ_EXPECT(payroute_registry_new(&registry) == PAYROUTE_OK, "no memory");
    for (size_t i = 0; i < sizeof shelf / sizeof shelf[0]; i++) {
        char why[1024] = "";
        char *json = fix_expand(shelf[i][1]);
        int32_t rc = payroute_registry_add(registry, json, strlen(json), why, sizeof why);
        FUZZ_EXPECT(rc == PAYROUTE_OK, "channel %s: %s", shelf[i][0], why);
        free(json);
    }
    for (int32_t i = 0; i < pr_adapter_count(); i++) {
        int32_t found = 0;
        for (size_t k = 0; k < sizeof shelf / sizeof shelf[0]; k++) {
            found |= strcmp(shelf[k][0], pr_adapter_at(i)->provider) == 0;
        }
        FUZZ_EXPECT(found, "no channel of %s: tests/fuzz/channels.c wants a row, sign.c its signatures",
                    pr_adapter_at(i)->provider);
    }
    FUZZ_EXPECT(payroute_registry_seal(registry) == PAYROUTE_OK, "cannot seal");
    return registry;
}

const pr_channel *fuzz_channel(const char *id)
{
    const pr_channel *c = pr_registry_find(fuzz_registry(), id);
    FUZZ_EXPECT(c != NULL, "no channel %s", id);
    return c;
}

const pr_channel *fuzz_channel_by(uint8_t letter)
{
    payroute_registry *r = fuzz_registry();
    for (int32_t i = 0; i < pr_registry_count(r); i++) {
        if ((uint8_t)pr_registry_at(r, i)->id[0] == letter) {
            return pr_registry_at(r, i);
        }
    }
    return pr_registry_at(r, letter % pr_registry_count(r));
}
