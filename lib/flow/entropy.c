/* Randomness from what the host gave: a pool of 32 bytes, hashed with a counter. Keys are minted here,
   once, and never again. */
#include "flow/handle.h"

#include <string.h>

int32_t pr_pool_next(payroute_payment *p, uint8_t out[32])
{
    uint8_t counter[4] = {(uint8_t)p->pool_no, (uint8_t)(p->pool_no >> 8), (uint8_t)(p->pool_no >> 16),
                          (uint8_t)(p->pool_no >> 24)};
    const void *parts[3] = {"payroute", p->pool, counter};
    const size_t lens[3] = {8, sizeof p->pool, sizeof counter};
    p->pool_no++;
    return pr_sign_sha256_parts(out, parts, lens, 3);
}

static void base32(char *out, int32_t digits, uint64_t value)
{
    static const char alphabet[] =
        "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; /* Crockford: nothing that a person misreads */
    for (int32_t i = digits - 1; i >= 0; i--) {
        out[i] = alphabet[value & 31];
        value >>= 5;
    }
}

/* Time (9) + instance (4) + 64 random bits (13): a restored copy of the database never makes an old key
   again. */
int32_t pr_reference_mint(payroute_payment *p, char out[27], int64_t now_ms)
{
    uint8_t random[32];
    uint64_t bits = 0;
    int32_t rc = pr_pool_next(p, random);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    for (int32_t i = 0; i < 8; i++) {
        bits = bits << 8 | random[i];
    }
    base32(out, 9, (uint64_t)now_ms);
    base32(out + 9, 4, pr_text_hash(p->instance));
    base32(out + 13, 13, bits);
    out[26] = '\0';
    pr_mem_wipe(random, sizeof random);
    return PAYROUTE_OK;
}
