/* Layout of the generated tables. No pointers: every text is an offset into one pool, so that the tables need
   no relocation and all processes share their pages. The sizes are macros in the same generated file. */
#ifndef PR_CATALOG_TABLES_H
#define PR_CATALOG_TABLES_H

#include <stdint.h>

enum { PR_CAT_NONE = 0xFFFFFFFFU >> 1 }; /* "no row", "no text" */

enum { /* pr_cat_row.flags */
    PR_CAT_FORBIDS = 1,
    PR_CAT_ALIAS = 2,
    PR_CAT_REVIEWED = 4,
    PR_CAT_MESSAGE_FIRST = 8 /* the code hides what the message tells */
};
enum { PR_CAT_CHANNEL_FAULT = 1, PR_CAT_NETWORK_FORBIDS = 2, PR_CAT_PRIVATE = 4 }; /* pr_cat_reason.flags */

typedef struct pr_cat_row { /* one line of data; rows of one provider stand together, in key order */
    uint32_t code;
    uint32_t operation;
    uint32_t layer;
    uint32_t source;
    uint32_t note;
    uint32_t target; /* group of an alias; PR_CAT_NONE */
    uint32_t wait_s;
    uint32_t reviewed; /* date; "": not yet */
    uint16_t provider;
    uint8_t reason; /* index, not number */
    uint8_t advice; /* with field, act and wait_s: the row's or the reason's own */
    uint8_t field;
    uint8_t act;
    uint8_t flags;
    uint8_t code_len;
} pr_cat_row;

typedef struct pr_cat_group { /* all rows of one provider whose codes are the same when normalised; index =
                                 slot of the hash */
    uint32_t key;
    uint32_t provider;
    uint32_t first; /* row */
    uint16_t count;
    uint8_t key_len;
    uint8_t provider_len;
} pr_cat_group;

typedef struct pr_cat_provider {
    uint32_t name;
    uint32_t row_first;
    uint32_t row_count;
    uint32_t prefix_first; /* in pr_catalog_patterns, longest first */
    uint32_t prefix_count;
    uint32_t message_first;
    uint32_t message_count;
    uint32_t layer_first; /* in pr_catalog_layers */
    uint32_t layer_count;
    uint32_t fallback; /* row; PR_CAT_NONE */
} pr_cat_provider;

typedef struct pr_cat_reason {
    uint32_t name;
    uint32_t meaning;
    uint16_t number;
    uint8_t klass;
    uint8_t fault;
    uint8_t advice;
    uint8_t field;
    uint8_t act;
    uint8_t flags;
    uint32_t wait_s;
} pr_cat_reason;

#ifndef PR_CATALOG_GENERATOR
#include "catalog_tables.inc" /* only the sizes; tables.c asks for the bodies */

extern const char pr_catalog_pool[];
extern const pr_cat_row pr_catalog_rows[];
extern const pr_cat_group pr_catalog_groups[];
extern const uint16_t pr_catalog_displacements[];
extern const pr_cat_provider pr_catalog_providers[];
extern const uint32_t pr_catalog_patterns[];
extern const uint32_t pr_catalog_layers[];
extern const pr_cat_reason pr_catalog_reasons[];
extern const uint8_t pr_catalog_by_number[];
extern const uint32_t pr_catalog_texts[]; /* [reason][audience][locale] */
extern const uint32_t pr_catalog_locales[];
#endif

#endif
