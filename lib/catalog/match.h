/* One code, one match: the step below the composite lookup. */
#ifndef PR_CATALOG_MATCH_H
#define PR_CATALOG_MATCH_H

#include "catalog/catalog.h"
#include "catalog/details.h"
#include "catalog/hash.h"
#include "catalog/tables.h"

#include <string.h>

typedef struct pr_catalog_ask {
    const char *provider; /* never NULL */
    const char *operation;
    const char *layer;
    const char *code;
    const char *message;
    int32_t http_status;
    int32_t has_code; /* 1: a code came along, listed or not */
    int32_t strict;   /* 1: only a listed code of exactly this layer will do */
} pr_catalog_ask;

typedef struct pr_catalog_found {
    int32_t reason; /* index into pr_catalog_reasons */
    int32_t advice;
    int32_t field;
    int32_t act;
    int32_t wait_s;
    int32_t forbids;
    int32_t level;
    const char *source;
} pr_catalog_found;

/* pr_catalog_lookup without the short way. */
void pr_catalog_weigh(pr_catalog_answer *out, const payroute_catalog *overlay, const pr_catalog_query *query);
void pr_catalog_match(pr_catalog_found *found, const payroute_catalog *overlay, const pr_catalog_ask *ask);

/* How well a row's operation or layer fits what is asked: -1 not at all, 0 a named one when any is asked,
   1 "*", 2 the same. */
static inline int pr_catalog_place(const char *have, const char *want)
{
    if (have[0] == '*' && have[1] == '\0') {
        return 1;
    }
    if (want == NULL) {
        return 0;
    }
    return strcmp(have, want) == 0 ? 2 : -1;
}

/* 1: the host's own rows answer. */
int pr_catalog_overlay_match(pr_catalog_found *found, const payroute_catalog *overlay,
                             const pr_catalog_ask *ask);
/* The host's own text or NULL. */
const char *pr_catalog_overlay_text(const payroute_catalog *overlay, int32_t reason, int32_t audience,
                                    const char *locale, size_t locale_len);

/* Index of a reason by number or name; PR_CAT_NONE. */
uint32_t pr_catalog_reason_index(int32_t number);
/* 1: the found thing is one of the codes that were asked, not what unlisted ones come to. */
static inline int pr_catalog_is_named(const pr_catalog_found *f)
{
    return f->level <= PR_MATCH_MESSAGE;
}

enum { PR_CATALOG_SINGLE = 96 }; /* longest advice code or name of a network's table */

static inline const char *pr_catalog_given(const char *text)
{
    return text != NULL && text[0] != '\0' ? text : NULL;
}

/* One of the codes of a question, matched by itself. */
typedef struct pr_catalog_part {
    const char *what; /* "code", "message", "http_status", "network_code", "advice_code" */
    const char *provider;
    char code[PR_CATALOG_SINGLE];
    pr_catalog_found found;
} pr_catalog_part;

typedef void (*pr_catalog_part_taker)(void *context, const pr_catalog_part *part);
/* Every advice code of a question, looked for in the provider's table, then in its network's. */
void pr_catalog_each_advice(const payroute_catalog *overlay, const pr_catalog_query *query,
                            pr_catalog_part_taker take, void *context);

/* The network's code: its row together with one of the advice codes ("79+03") before its own, in the
   network's table before the provider's. */
typedef struct pr_catalog_issuer {
    pr_catalog_found found;
    const payroute_catalog *overlay;
    const pr_catalog_query *query;
    char table[PR_CATALOG_SINGLE];
    char code[PR_CATALOG_SINGLE]; /* as it was found */
    char used[PR_CATALOG_SINGLE]; /* the advice code that is a part of it; "" */
    int named;
} pr_catalog_issuer;

void pr_catalog_hear_issuer(pr_catalog_issuer *out, const payroute_catalog *overlay,
                            const pr_catalog_query *query);

/* Every code of a question by itself, in the order of their weight: for people who want to see why. */
void pr_catalog_parts(const payroute_catalog *overlay, const pr_catalog_query *query,
                      pr_catalog_part_taker take, void *context);

/* What may be tried next, as bits. */
enum { PR_RETRY_SAME_CHANNEL = 1, PR_RETRY_OTHER_CHANNEL = 2, PR_RETRY_OTHER_INSTRUMENT = 4 };
int32_t pr_catalog_retry(int32_t reason_class, int32_t advice, int32_t network_forbids);
/* The advice that allows nothing that `a` or `b` does not allow. */
int32_t pr_catalog_tighten(int32_t a, int32_t b);

#endif
