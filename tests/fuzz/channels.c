/* A channel for each provider that there is an adapter of; where a provider has dialects, one for each: the
   shelf of the adapter tests. A provider whose signatures sign.c cannot make is fuzzed up to its door. */
#include "kit.h"

#include "../unit/adapter_shelf.h"

payroute_registry *fuzz_registry(void)
{
    static payroute_registry *registry;
    if (registry != NULL) {
        return registry;
    }
    FUZZ_EXPECT(payroute_registry_new(&registry) == PAYROUTE_OK, "no memory");
    for (int32_t i = 0; i < SHELF_ROWS; i++) {
        char why[1024] = "";
        char *json = fix_expand(shelf[i].channel);
        int32_t rc = payroute_registry_add(registry, json, strlen(json), why, sizeof why);
        FUZZ_EXPECT(rc == PAYROUTE_OK, "channel %s: %s", shelf[i].provider, why);
        free(json);
    }
    for (int32_t i = 0; i < pr_adapter_count(); i++) {
        int32_t found = 0;
        for (int32_t k = 0; k < SHELF_ROWS; k++) {
            found |= strcmp(shelf[k].provider, pr_adapter_at(i)->provider) == 0;
        }
        FUZZ_EXPECT(found, "no channel of %s: tests/unit/adapter_shelf.h wants a row",
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
