/* The catalogue's hash, shared by the generator and the lookup so that the two cannot drift apart. Word-wise:
   a key of 20 bytes costs three multiplications. Case is folded by OR-ing bit 5 of every byte, which merges
   more than letters; that is harmless, since a lookup always compares the key. Words are read little-endian,
   so that tables made on one machine serve any other. */
#ifndef PR_CATALOG_HASH_H
#define PR_CATALOG_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PR_CATALOG_FOLD 0x2020202020202020ULL

static inline uint64_t pr_catalog_u64(const char *p)
{
    uint64_t w;
    memcpy(&w, p, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    w = __builtin_bswap64(w);
#endif
    return w;
}

static inline uint64_t pr_catalog_u32(const char *p)
{
    uint32_t w;
    memcpy(&w, p, 4);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    w = __builtin_bswap32(w);
#endif
    return w;
}

/* At most eight bytes as one word; the reads overlap instead of looping. */
static inline uint64_t pr_catalog_word(const char *p, size_t len)
{
    const unsigned char *u = (const unsigned char *)p;
    if (len >= 8) {
        return pr_catalog_u64(p);
    }
    if (len >= 4) {
        return pr_catalog_u32(p) | pr_catalog_u32(p + len - 4) << 32;
    }
    return len == 0 ? 0 : (uint64_t)u[0] | (uint64_t)u[len / 2] << 8 | (uint64_t)u[len - 1] << 16;
}

/* 1: the same bytes. Inline, since codes are short and a call costs more than the comparing. */
static inline int pr_catalog_same(const char *a, const char *b, size_t len)
{
    if (len <= 8) {
        return pr_catalog_word(a, len) == pr_catalog_word(b, len);
    }
    uint64_t differ = pr_catalog_u64(a + len - 8) ^ pr_catalog_u64(b + len - 8);
    for (size_t i = 0; i + 8 < len; i += 8) {
        differ |= pr_catalog_u64(a + i) ^ pr_catalog_u64(b + i);
    }
    return differ == 0;
}

static inline uint64_t pr_catalog_round(uint64_t h, uint64_t word)
{
    h = (h ^ (word | PR_CATALOG_FOLD)) * 0xD6E8FEB86659FD93ULL;
    return h ^ (h >> 32);
}

/* The last word of a text of nine bytes or more overlaps the one before. */
static inline uint64_t pr_catalog_mix(uint64_t h, const char *text, size_t len)
{
    h ^= (uint64_t)len << 56; /* where a short text has nothing */
    if (len <= 8) {
        return pr_catalog_round(h, pr_catalog_word(text, len));
    }
    const char *end = text + len - 8;
    for (; text < end; text += 8) {
        h = pr_catalog_round(h, pr_catalog_u64(text));
    }
    return pr_catalog_round(h, pr_catalog_u64(end));
}

/* Key of a group of rows: provider and normalised code. Each is mixed by itself, so that a processor does
   both at once. */
static inline uint64_t pr_catalog_hash(const char *provider, size_t provider_len, const char *code,
                                       size_t code_len)
{
    uint64_t h = pr_catalog_mix(0x243F6A8885A308D3ULL, provider, provider_len);
    h = (h << 23 | h >> 41) ^ pr_catalog_mix(0x13198A2E03707344ULL, code, code_len);
    h *= 0x9E3779B97F4A7C15ULL;
    return h ^ (h >> 29);
}

static inline uint32_t pr_catalog_bucket(uint64_t h, uint32_t buckets)
{
    return (uint32_t)(((h & 0xFFFFFFFFU) * buckets) >> 32);
}

/* A displacement is any number of 32 bits: with each of them the members of a bucket fall apart differently.
 */
static inline uint32_t pr_catalog_slot(uint64_t h, uint32_t displacement, uint32_t slots)
{
    uint32_t x = ((uint32_t)(h >> 32) ^ displacement) * ((uint32_t)h | 1U);
    return (uint32_t)(((uint64_t)(x ^ x >> 15) * slots) >> 32);
}

/* What two spellings of a code have in common: no blanks around, no zeros in front of a number, no "aop." of
   Alipay's gateway in front. Case stays; comparing ignores it. */
static inline const char *pr_catalog_normal(const char *provider, size_t provider_len, const char *code,
                                            size_t *len)
{
    size_t n = *len;
    while (n > 0 && (unsigned char)code[0] <= ' ') {
        code++;
        n--;
    }
    while (n > 0 && (unsigned char)code[n - 1] <= ' ') {
        n--;
    }
    if (n > 4 && code[3] == '.' && provider_len == 6 && memcmp(provider, "alipay", 6) == 0 &&
        (code[0] | 32) == 'a' && (code[1] | 32) == 'o' && (code[2] | 32) == 'p') {
        code += 4;
        n -= 4;
    }
    if (n > 1 && code[0] == '0') {
        size_t digits = 1;
        while (digits < n && code[digits] >= '0' && code[digits] <= '9') {
            digits++;
        }
        while (digits == n && n > 1 && code[0] == '0') {
            code++;
            n--;
            digits--;
        }
    }
    *len = n;
    return code;
}

#endif
