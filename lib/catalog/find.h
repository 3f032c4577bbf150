/* From a provider and a code to the group of rows that bear them: one hash, one slot, one comparison. Inline,
   since it is the whole cost of most lookups. */
#ifndef PR_CATALOG_FIND_H
#define PR_CATALOG_FIND_H

#include "catalog/hash.h"
#include "catalog/tables.h"

#include <string.h>

enum { PR_CATALOG_MAX_KEY = 128 };

static inline const char *pr_catalog_pooled(uint32_t offset)
{
    return &pr_catalog_pool[offset];
}

static inline const char *pr_catalog_listed(uint8_t word)
{
    return &pr_catalog_pool[pr_catalog_words[word]];
}

static inline int pr_catalog_fold_char(char c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

static inline int pr_catalog_fold_equal(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (pr_catalog_fold_char(a[i]) != pr_catalog_fold_char(b[i])) {
            return 0;
        }
    }
    return 1;
}

/* The only group that it can be. */
static inline const pr_cat_group *pr_catalog_slot_of(const char *provider, size_t provider_len,
                                                     const char *key, size_t key_len)
{
    uint64_t h = pr_catalog_hash(provider, provider_len, key, key_len);
    uint32_t d = pr_catalog_displacements[pr_catalog_bucket(h, PR_CAT_BUCKETS)];
    return &pr_catalog_groups[pr_catalog_slot(h, d, PR_CAT_GROUPS)];
}

static inline int pr_catalog_is_provider(const pr_cat_group *g, const char *provider, size_t len)
{
    const char *name = pr_catalog_names[g->provider];
    return len < PR_CAT_NAME && name[len] == '\0' && pr_catalog_same(name, provider, len);
}

/* 1: the code as it is spelled in the first row. */
static inline int pr_catalog_is_spelled(const pr_cat_group *g, const char *code, size_t len)
{
    if (g->code_len != len) {
        return 0;
    }
    if (len <= 8) {
        return g->word == pr_catalog_word(code, len);
    }
    return g->word == pr_catalog_u64(code + len - 8) &&
           pr_catalog_same(pr_catalog_pooled(g->code), code, len);
}

#endif
