/* Layout of the generated tables. No pointers: every text is an offset into one pool, so that the tables need
   no relocation and all processes share their pages. The sizes are macros in the same generated file. */
#ifndef PR_CATALOG_TABLES_H
#define PR_CATALOG_TABLES_H

#include <stdint.h>

enum { PR_CAT_NONE = 0xFFFFFFFFU >> 1, PR_CAT_NO_GROUP = 0xFFFF, PR_CAT_NAME = 24 };

enum { /* flags of rows and groups */
       PR_CAT_FORBIDS = 1,
       PR_CAT_ALIAS = 2,
       PR_CAT_REVIEWED = 4,
       PR_CAT_MESSAGE_FIRST = 8, /* the code hides what the message tells */
       PR_CAT_CHOICE = 16        /* of a group: its rows must be looked at one by one */
};
enum { PR_CAT_CHANNEL_FAULT = 1, PR_CAT_NETWORK_FORBIDS = 2, PR_CAT_PRIVATE = 4 }; /* pr_cat_reason.flags */

typedef struct pr_cat_row { /* one line of data; rows of one provider stand together, in key order */
    uint32_t code;
    uint32_t source;
    uint32_t note;
    uint16_t target;   /* group of an alias; PR_CAT_NO_GROUP */
    uint8_t operation; /* in pr_catalog_words, as layer and reviewed; "": not yet reviewed */
    uint8_t layer;
    uint8_t reviewed;
    uint8_t provider;
    uint8_t reason; /* index, not number */
    uint8_t advice; /* with field, act and wait: the row's or the reason's own */
    uint8_t field;
    uint8_t act;
    uint8_t wait; /* in pr_catalog_waits */
    uint8_t flags;
    uint8_t code_len;
    uint8_t unused;
} pr_cat_row;

/* All rows of one provider whose codes are the same when normalised; index = slot of the hash. It carries the
   answer to a question for the bare code, so that most of them touch one cache line of the tables. */
typedef struct pr_cat_group {
    uint64_t word; /* pr_catalog_word of the code, or its last eight bytes */
    uint32_t code; /* as the first row has it; its end is the key */
    uint32_t source;
    uint16_t first; /* row */
    uint8_t count;
    uint8_t provider;
    uint8_t code_len;
    uint8_t key_len;
    uint8_t operation; /* of the only row, as layer */
    uint8_t layer;
    uint8_t reason;
    uint8_t advice;
    uint8_t field;
    uint8_t act;
    uint8_t wait;
    uint8_t flags;
    uint8_t unused[2];
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
extern const uint32_t pr_catalog_displacements[];
extern const pr_cat_provider pr_catalog_providers[];
extern const char pr_catalog_names[][PR_CAT_NAME]; /* of the providers, filled up with NUL */
extern const uint32_t pr_catalog_patterns[];
extern const uint32_t pr_catalog_layers[]; /* of one provider after another, in the pool */
extern const uint32_t pr_catalog_words[];  /* operations, layers and days, in the pool */
extern const int32_t pr_catalog_waits[];   /* seconds */
extern const pr_cat_reason pr_catalog_reasons[];
extern const uint8_t pr_catalog_by_number[];
extern const uint32_t pr_catalog_texts[]; /* [reason][audience][locale] */
extern const uint32_t pr_catalog_locales[];
#endif

#endif
