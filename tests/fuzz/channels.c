/* A channel for each provider that there is an adapter of. A provider without one here is passed over, and
   the replay of `read` says so: its row is one line. */
#include "kit.h"

#include "../unit/registry_fixture.h"

#include <string.h>

/* provider, the channel's JSON */
static const char *const shelf[][2] = {
    {"alipay", "{\"id\":\"alipay\",\"provider\":\"alipay\",\"credentials\":[" FIX_ALIPAY_CREDENTIAL "],"
               "\"notify_url\":\"https://shop.example/n\",\"return_url\":\"https://shop.example/r\","
               "\"methods\":[{\"method\":\"alipay\",\"flows\":[\"qr\",\"redirect\",\"wap\"]}],"
               "\"currencies\":[\"CNY\"]}"},
    {"stripe",
     "{\"id\":\"stripe\",\"provider\":\"stripe\",\"credentials\":[" FIX_STRIPE_CREDENTIAL "],"
     "\"return_url\":\"https://shop.example/r\","
     "\"methods\":[{\"method\":\"card\",\"flows\":[\"token\",\"redirect\"]},"
     "{\"method\":\"ideal\",\"flows\":[\"redirect\"]}],\"currencies\":[\"USD\",\"EUR\",\"CNY\",\"JPY\"]}"},
    {"custom",
     "{\"id\":\"custom\",\"provider\":\"custom\","
     "\"methods\":[{\"method\":\"card\",\"flows\":[\"direct\",\"qr\"]}],\"currencies\":[\"CNY\",\"USD\"],"
     "\"facts\":{\"lookup\":\"our_ref\",\"refund\":true,\"can_close\":true}}"},
};

payroute_registry *fuzz_registry(void)
{
    static payroute_registry *registry;
    if (registry != NULL) {
        return registry;
    }
    FUZZ_EXPECT(payroute_registry_new(&registry) == PAYROUTE_OK, "no memory");
    for (size_t i = 0; i < sizeof shelf / sizeof shelf[0]; i++) {
        if (pr_adapter_find(shelf[i][0]) == NULL) {
            continue;
        }
        char why[1024] = "";
        char *json = fix_expand(shelf[i][1]);
        int32_t rc = payroute_registry_add(registry, json, strlen(json), why, sizeof why);
        FUZZ_EXPECT(rc == PAYROUTE_OK, "channel %s: %s", shelf[i][0], why);
        free(json);
    }
    FUZZ_EXPECT(payroute_registry_seal(registry) == PAYROUTE_OK, "cannot seal");
    return registry;
}

const pr_channel *fuzz_channel(const char *provider)
{
    return pr_registry_find(fuzz_registry(), provider);
}

const pr_adapter *fuzz_adapter(uint8_t letter)
{
    const pr_adapter *with_channel[16];
    uint32_t count = 0;
    for (int32_t i = 0; i < pr_adapter_count() && count < 16; i++) {
        const pr_adapter *a = pr_adapter_at(i);
        if (fuzz_channel(a->provider) == NULL) {
            continue;
        }
        if ((uint8_t)a->provider[0] == letter) {
            return a;
        }
        with_channel[count++] = a;
    }
    return with_channel[letter % count];
}
