/* The host's own rows as they lie in memory: what reading them leaves and matching uses. */
#ifndef PR_CATALOG_OVERLAY_H
#define PR_CATALOG_OVERLAY_H

#include "base/text.h"
#include "catalog/match.h"

#include <payroute/catalog.h>

typedef struct pr_own_row {
    uint64_t hash;
    size_t provider, operation, layer, code, source; /* offsets into the pool */
    size_t key, key_len;                             /* normalised code: a part of `code` */
    int32_t index;                                   /* place in the JSON */
    int32_t prefix;
    int32_t reason;           /* index into pr_catalog_reasons */
    pr_catalog_detail detail; /* resolved */
} pr_own_row;

typedef struct pr_own_text {
    int32_t reason; /* number */
    int32_t audience;
    int32_t index; /* row that gave it */
    size_t locale, text;
} pr_own_text;

struct payroute_catalog {
    pr_own_row *rows;
    size_t row_count;
    size_t prefix_count; /* rows that are prefixes */
    pr_own_text *texts;
    size_t text_count;
    size_t text_cap;
    pr_buf pool;
};

static inline const char *pr_own(const payroute_catalog *c, size_t offset)
{
    return c->pool.at + offset;
}

#endif
