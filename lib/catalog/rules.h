/* What classes and advice mean to each other; one definition for the linter, the lookup and the overlay. */
#ifndef PR_CATALOG_RULES_H
#define PR_CATALOG_RULES_H

#include "catalog/catalog.h"

static inline int pr_catalog_class_is_refusal(int32_t klass)
{
    return klass >= PR_CLASS_DECLINED_SOFT && klass <= PR_CLASS_REFUSED_BEFORE;
}

/* Which advice may go with which class: asking is no advice for a refusal, and trying again none for the
 * unknown. */
static inline int pr_catalog_class_allows(int32_t klass, int32_t advice)
{
    switch (advice) {
    case PR_ADVICE_QUERY:
        return !pr_catalog_class_is_refusal(klass) && klass != PR_CLASS_ACCEPTED &&
               klass != PR_CLASS_PAID_ALREADY;
    case PR_ADVICE_WAIT:
        return klass == PR_CLASS_PENDING || klass == PR_CLASS_ACTION || klass == PR_CLASS_UNKNOWN;
    case PR_ADVICE_ALREADY_PAID: return klass == PR_CLASS_PAID_ALREADY;
    case PR_ADVICE_NONE: return klass == PR_CLASS_ACCEPTED;
    case PR_ADVICE_CUSTOMER_ACTS:
    case PR_ADVICE_AUTHENTICATE: return klass == PR_CLASS_ACTION || klass == PR_CLASS_DECLINED_CUSTOMER;
    case PR_ADVICE_NEVER:
    case PR_ADVICE_OTHER_INSTRUMENT:
        return klass == PR_CLASS_DECLINED_HARD || klass == PR_CLASS_DECLINED_CUSTOMER;
    case PR_ADVICE_FIX_INPUT: return klass == PR_CLASS_DECLINED_CUSTOMER || klass == PR_CLASS_INVALID;
    case PR_ADVICE_LATER:
        /* For DECLINED_CUSTOMER: the same instrument at this channel later, another instrument now, and never
           another channel with the same one (pr_catalog_retry sees to that). */
        if (klass == PR_CLASS_DECLINED_CUSTOMER) {
            return 1;
        }
        return klass == PR_CLASS_DECLINED_SOFT || klass == PR_CLASS_INVALID ||
               klass == PR_CLASS_REFUSED_BEFORE;
    case PR_ADVICE_OTHER_CHANNEL:
        return klass == PR_CLASS_DECLINED_SOFT || klass == PR_CLASS_INVALID ||
               klass == PR_CLASS_REFUSED_BEFORE;
    case PR_ADVICE_MERCHANT_ACTS: return klass == PR_CLASS_INVALID || klass == PR_CLASS_REFUSED_BEFORE;
    default: return 0;
    }
}

/* How careful a class is: between rows that fit equally well the one that frees nothing wins. */
static inline int pr_catalog_care(int32_t klass)
{
    static const uint8_t by_class[12] = {9, 0, 8, 7, 2, 4, 3, 1, 1, 6, 5, 9};
    return by_class[klass];
}

#endif
