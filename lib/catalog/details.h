/* An advice with its data, as the data files, the host's own rows and the answers have it. One grammar and
   one set of rules for the generator, the overlay and the lookup: `name[:field-or-act][@seconds]`, where each
   part stands only if it differs from the reason's own.

   field    only with fix_input.
   act      with customer_acts, authenticate, wait; with other_instrument it says what would make the same
            instrument work again.
   seconds  with later and other_instrument: no repeat with this instrument at this channel before that; with
            wait and query: no question before that. */
#ifndef PR_CATALOG_DETAILS_H
#define PR_CATALOG_DETAILS_H

#include "catalog/catalog.h"

#include <string.h>

enum { PR_CATALOG_OWN = -1, PR_CATALOG_MAX_WAIT = 30 * 86400 };

typedef struct pr_catalog_detail {
    int32_t advice; /* 0: the reason's own */
    int32_t field;  /* PR_CATALOG_OWN: the reason's own, as far as it fits the advice */
    int32_t act;
    int32_t wait_s;
} pr_catalog_detail;

static inline const char *pr_catalog_advice_word(int32_t advice)
{
    static const char names[PR_ADVICE_NONE + 1][20] = {"?",         "never",         "other_instrument",
                                                       "fix_input", "customer_acts", "authenticate",
                                                       "later",     "other_channel", "query",
                                                       "wait",      "merchant_acts", "already_paid",
                                                       "none"};
    return names[advice > 0 && advice <= PR_ADVICE_NONE ? advice : 0];
}

static inline const char *pr_catalog_field_word(int32_t field)
{
    static const char names[PR_FIELD_COUNT][20] = {
#define PR_FIELD(number, NAME, name) #name,
#include "catalog/details.def"
    };
    return names[field > 0 && field < PR_FIELD_COUNT ? field : 0];
}

static inline const char *pr_catalog_act_word(int32_t act)
{
    static const char names[PR_ACT_COUNT][20] = {
#define PR_ACT(number, NAME, name) #name,
#include "catalog/details.def"
    };
    return names[act > 0 && act < PR_ACT_COUNT ? act : 0];
}

static inline int pr_catalog_takes_field(int32_t advice)
{
    return advice == PR_ADVICE_FIX_INPUT;
}
static inline int pr_catalog_takes_act(int32_t advice)
{
    return advice == PR_ADVICE_CUSTOMER_ACTS || advice == PR_ADVICE_AUTHENTICATE ||
           advice == PR_ADVICE_OTHER_INSTRUMENT || advice == PR_ADVICE_WAIT;
}
static inline int pr_catalog_takes_wait(int32_t advice)
{
    return advice == PR_ADVICE_LATER || advice == PR_ADVICE_OTHER_INSTRUMENT || advice == PR_ADVICE_WAIT ||
           advice == PR_ADVICE_QUERY;
}

/* Number of the name of `len` bytes; PR_CATALOG_OWN: there is none. */
static inline int32_t pr_catalog_word_find(const char *(*name_of)(int32_t), int32_t first, int32_t end,
                                           const char *text, size_t len)
{
    for (int32_t i = first; i < end; i++) {
        if (strlen(name_of(i)) == len && memcmp(name_of(i), text, len) == 0) {
            return i;
        }
    }
    return PR_CATALOG_OWN;
}

/* NULL, or what is wrong with the cell. */
static inline const char *pr_catalog_detail_parse(pr_catalog_detail *d, const char *cell)
{
    size_t n = strcspn(cell, ":@");
    *d = (pr_catalog_detail){0, PR_CATALOG_OWN, PR_CATALOG_OWN, PR_CATALOG_OWN};
    if (n > 0) {
        d->advice = pr_catalog_word_find(pr_catalog_advice_word, 1, PR_ADVICE_NONE + 1, cell, n);
        if (d->advice == PR_CATALOG_OWN) {
            d->advice = 0;
            return "unknown advice";
        }
    }
    cell += n;
    if (*cell == ':') {
        n = strcspn(++cell, "@");
        d->field = pr_catalog_word_find(pr_catalog_field_word, 0, PR_FIELD_COUNT, cell, n);
        d->act = pr_catalog_word_find(pr_catalog_act_word, 0, PR_ACT_COUNT, cell, n);
        if (d->field == PR_CATALOG_OWN && d->act == PR_CATALOG_OWN) {
            return "unknown field or act";
        }
        cell += n;
    }
    if (*cell == '@') {
        d->wait_s = 0;
        for (cell++; *cell >= '0' && *cell <= '9' && d->wait_s <= PR_CATALOG_MAX_WAIT; cell++) {
            d->wait_s = d->wait_s * 10 + (*cell - '0');
        }
        if (*cell != '\0' || cell[-1] == '@' || d->wait_s < 1 || d->wait_s > PR_CATALOG_MAX_WAIT) {
            return "no number of seconds";
        }
    }
    return NULL;
}

/* NULL, or what does not go with the advice, which is resolved. */
static inline const char *pr_catalog_detail_wrong(const pr_catalog_detail *d, int32_t advice)
{
    if (d->field > 0 && !pr_catalog_takes_field(advice)) {
        return "a field goes with fix_input only";
    }
    if (d->act > 0 && !pr_catalog_takes_act(advice)) {
        return "an act goes with customer_acts, authenticate, other_instrument or wait only";
    }
    if (d->wait_s > 0 && !pr_catalog_takes_wait(advice)) {
        return "seconds go with later, other_instrument, wait or query only";
    }
    return NULL;
}

/* Put the reason's own data where the row has none. How long to wait belongs to one advice and is not handed
   on to another. */
static inline void pr_catalog_detail_resolve(pr_catalog_detail *d, const pr_catalog_detail *reason)
{
    int own = d->advice == 0 || d->advice == reason->advice;
    d->advice = d->advice == 0 ? reason->advice : d->advice;
    if (d->field == PR_CATALOG_OWN) {
        d->field = pr_catalog_takes_field(d->advice) ? reason->field : 0;
    }
    if (d->act == PR_CATALOG_OWN) {
        d->act = pr_catalog_takes_act(d->advice) ? reason->act : 0;
    }
    if (d->wait_s == PR_CATALOG_OWN) {
        d->wait_s = own ? reason->wait_s : 0;
    }
}

#endif
