/* Names of reasons, advice and faults, and the guidance in the reader's language: the asked locale, its wider
   forms, and at the end English, so that there is always a text. */
#include "catalog/match.h"

#include <payroute/catalog.h>

#include <string.h>

uint32_t pr_catalog_reason_index(int32_t number)
{
    if (number < 0 || number > 255 || pr_catalog_by_number[number] == 255) {
        return PR_CAT_NONE;
    }
    return pr_catalog_by_number[number];
}

const char *pr_reason_name(int32_t reason)
{
    uint32_t i = pr_catalog_reason_index(reason);
    return i == PR_CAT_NONE ? "?" : &pr_catalog_pool[pr_catalog_reasons[i].name];
}

int32_t pr_reason_find(const char *name)
{
    for (uint32_t i = 0; name != NULL && i < PR_CAT_REASONS; i++) {
        if (strcmp(&pr_catalog_pool[pr_catalog_reasons[i].name], name) == 0) {
            return pr_catalog_reasons[i].number;
        }
    }
    return 0;
}

const char *pr_advice_name(int32_t advice)
{
    return pr_catalog_advice_word(advice);
}

const char *pr_fault_name(int32_t fault)
{
    static const char names[PR_FAULT_UNKNOWN + 1][12] = {"nobody",   "customer", "issuer",    "network",
                                                         "provider", "merchant", "transport", "unknown"};
    return names[fault >= 0 && fault <= PR_FAULT_UNKNOWN ? fault : PR_FAULT_UNKNOWN];
}

static char fold_locale(char c)
{
    return c == '_' ? '-' : c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static int locale_equal(const char *name, const char *want, size_t len)
{
    size_t i = 0;
    while (i < len && name[i] != '\0' && fold_locale(name[i]) == fold_locale(want[i])) {
        i++;
    }
    return i == len && name[i] == '\0';
}

static const char *text_in(const payroute_catalog *overlay, uint32_t index, int32_t audience,
                           const char *locale, size_t len)
{
    const char *own = NULL;
    if (overlay != NULL) {
        own = pr_catalog_overlay_text(overlay, pr_catalog_reasons[index].number, audience, locale, len);
    }
    for (uint32_t l = 0; own == NULL && l < PR_CAT_LOCALES; l++) {
        if (locale_equal(&pr_catalog_pool[pr_catalog_locales[l]], locale, len)) {
            own = &pr_catalog_pool
                      [pr_catalog_texts[(index * PR_AUDIENCES + (uint32_t)audience) * PR_CAT_LOCALES + l]];
        }
    }
    return own != NULL && own[0] != '\0' ? own : NULL;
}

/* 1: one of the locale's subtags behind the language, whatever its case. */
static int has_subtag(const char *locale, size_t len, const char *tag)
{
    size_t n = strlen(tag);
    for (size_t i = 1; i + n <= len; i++) {
        if (fold_locale(locale[i - 1]) == '-' && locale_equal(tag, locale + i, n) &&
            (i + n == len || fold_locale(locale[i + n]) == '-')) {
            return 1;
        }
    }
    return 0;
}

/* The script decides; without one, the places that write traditional characters. */
static int is_traditional(const char *locale, size_t len)
{
    if (has_subtag(locale, len, "hans")) {
        return 0;
    }
    return has_subtag(locale, len, "hant") || has_subtag(locale, len, "tw") ||
           has_subtag(locale, len, "hk") || has_subtag(locale, len, "mo");
}

const char *pr_catalog_text(const payroute_catalog *overlay, int32_t reason, int32_t audience,
                            const char *locale)
{
    static const char last[3][6] = {"zh-TW", "zh-CN", "en"};
    uint32_t index = pr_catalog_reason_index(reason);
    size_t len = locale == NULL ? 0 : strnlen(locale, 36), whole = len;
    const char *text = NULL;
    index = index == PR_CAT_NONE ? PR_CAT_UNKNOWN : index;
    audience = audience > 0 && audience < PR_AUDIENCES ? audience : PR_AUDIENCE_CUSTOMER;
    int chinese = len >= 2 && fold_locale(locale[0]) == 'z' && fold_locale(locale[1]) == 'h' &&
                  (len == 2 || fold_locale(locale[2]) == '-');
    while (text == NULL && len > 0) { /* de-AT-1996, de-AT, de */
        text = text_in(overlay, index, audience, locale, len);
        do {
            len--;
        } while (len > 0 && fold_locale(locale[len]) != '-');
    }
    for (int i = chinese ? !is_traditional(locale, whole) : 2; text == NULL && i < 3; i++) {
        text = text_in(overlay, index, audience, last[i], strlen(last[i]));
    }
    return text == NULL ? "" : text;
}

int32_t payroute_reason_count(void)
{
    return PR_CAT_REASONS;
}

int32_t payroute_reason_at(int32_t index)
{
    return index < 0 || index >= PR_CAT_REASONS ? 0 : pr_catalog_reasons[index].number;
}

int32_t payroute_reason_find(const char *name)
{
    return pr_reason_find(name);
}
const char *payroute_reason_name(int32_t reason)
{
    return pr_reason_name(reason);
}
const char *payroute_advice_name(int32_t advice)
{
    return pr_advice_name(advice);
}
const char *payroute_fault_name(int32_t fault)
{
    return pr_fault_name(fault);
}

int32_t payroute_reason_class(int32_t reason)
{
    uint32_t i = pr_catalog_reason_index(reason);
    return i == PR_CAT_NONE ? PAYROUTE_E_NOT_FOUND : pr_catalog_reasons[i].klass;
}

int32_t payroute_reason_fault(int32_t reason)
{
    uint32_t i = pr_catalog_reason_index(reason);
    return i == PR_CAT_NONE ? PAYROUTE_E_NOT_FOUND : pr_catalog_reasons[i].fault;
}

int32_t payroute_reason_advice(int32_t reason)
{
    uint32_t i = pr_catalog_reason_index(reason);
    return i == PR_CAT_NONE ? PAYROUTE_E_NOT_FOUND : pr_catalog_reasons[i].advice;
}

int32_t payroute_reason_flags(int32_t reason)
{
    uint32_t i = pr_catalog_reason_index(reason);
    return i == PR_CAT_NONE ? PAYROUTE_E_NOT_FOUND : pr_catalog_reasons[i].flags;
}

const char *payroute_catalog_locale_at(int32_t index)
{
    return index < 0 || index >= PR_CAT_LOCALES ? "" : &pr_catalog_pool[pr_catalog_locales[index]];
}

const char *payroute_reason_meaning(int32_t reason)
{
    uint32_t i = pr_catalog_reason_index(reason);
    return i == PR_CAT_NONE ? "" : &pr_catalog_pool[pr_catalog_reasons[i].meaning];
}

const char *payroute_reason_class_name(int32_t reason_class)
{
    static const char names[PR_CLASS_PAID_ALREADY + 1][20] = {
        "UNKNOWN",           "ACCEPTED", "PENDING",        "ACTION",    "DECLINED_SOFT", "DECLINED_HARD",
        "DECLINED_CUSTOMER", "INVALID",  "REFUSED_BEFORE", "NOT_FOUND", "CLOSED",        "PAID_ALREADY"};
    return names[reason_class >= 0 && reason_class <= PR_CLASS_PAID_ALREADY ? reason_class : 0];
}

const char *payroute_match_level_name(int32_t level)
{
    static const char names[PR_MATCH_GLOBAL + 1][12] = {"?",      "overlay", "exact", "normalized", "alias",
                                                        "prefix", "message", "http",  "provider",   "global"};
    return names[level >= 0 && level <= PR_MATCH_GLOBAL ? level : 0];
}

const char *payroute_reason_text(const payroute_catalog *catalog, int32_t reason, int32_t audience,
                                 const char *locale)
{
    return pr_catalog_text(catalog, reason, audience, locale);
}
