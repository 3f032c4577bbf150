/* What a raw code of a provider means: reason, whose fault, what to do next, and the words for it. */
#ifndef PAYROUTE_CATALOG_H
#define PAYROUTE_CATALOG_H

#include <payroute/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* FFI-BEGIN */

typedef struct payroute_catalog payroute_catalog;

/** What a reason says about the copy of the request that it answers. The default is UNKNOWN: no failure. */
enum payroute_reason_class {
    PAYROUTE_CLASS_UNKNOWN = 0,
    PAYROUTE_CLASS_ACCEPTED = 1,
    PAYROUTE_CLASS_PENDING = 2,
    PAYROUTE_CLASS_ACTION = 3,
    PAYROUTE_CLASS_DECLINED_SOFT = 4,
    PAYROUTE_CLASS_DECLINED_HARD = 5,
    PAYROUTE_CLASS_DECLINED_CUSTOMER = 6,
    PAYROUTE_CLASS_INVALID = 7,
    PAYROUTE_CLASS_REFUSED_BEFORE = 8,
    PAYROUTE_CLASS_NOT_FOUND = 9,
    PAYROUTE_CLASS_CLOSED = 10,
    PAYROUTE_CLASS_PAID_ALREADY = 11
};

/** What may be done next. */
enum payroute_advice {
    PAYROUTE_ADVICE_NEVER = 1,            /* never again with this instrument */
    PAYROUTE_ADVICE_OTHER_INSTRUMENT = 2, /* another card, account or means */
    PAYROUTE_ADVICE_FIX_INPUT = 3,        /* the customer corrects what he typed */
    PAYROUTE_ADVICE_CUSTOMER_ACTS = 4,    /* the customer does something elsewhere first */
    PAYROUTE_ADVICE_AUTHENTICATE = 5,     /* again, with the holder's confirmation */
    PAYROUTE_ADVICE_LATER = 6,            /* the same channel, later */
    PAYROUTE_ADVICE_OTHER_CHANNEL = 7,    /* another channel may be tried now */
    PAYROUTE_ADVICE_QUERY = 8,            /* ask what became of it; nothing else before that */
    PAYROUTE_ADVICE_WAIT = 9,             /* the result comes by itself */
    PAYROUTE_ADVICE_MERCHANT_ACTS = 10,   /* the shop has something to mend */
    PAYROUTE_ADVICE_ALREADY_PAID = 11,    /* look it up and treat as paid */
    PAYROUTE_ADVICE_NONE = 12
};

/** How a code was recognized, from certain to not at all. */
enum payroute_match_level {
    PAYROUTE_MATCH_OVERLAY = 1,
    PAYROUTE_MATCH_EXACT = 2,
    PAYROUTE_MATCH_NORMALIZED = 3,
    PAYROUTE_MATCH_ALIAS = 4,
    PAYROUTE_MATCH_PREFIX = 5,
    PAYROUTE_MATCH_MESSAGE = 6,
    PAYROUTE_MATCH_HTTP = 7,
    PAYROUTE_MATCH_PROVIDER = 8,
    PAYROUTE_MATCH_GLOBAL = 9
};

/**
 * Make a catalogue of the host's own rows over the built-in ones. `json` is an array of objects: provider,
 * code (a trailing * makes it a prefix), reason (a name of payroute_reason_name), and where wanted
 * operation, layer, advice, source, note and texts ({"zh-CN": {"customer": "...", "merchant": "...",
 * "support": "..."}}, which replace the built-in words of that reason). `advice` is a name of
 * payroute_advice_name, where wanted with a field or act and with seconds: "fix_input:cvc", "later@3600".
 * All problems are found at once; `why` (may be NULL) receives one line each, such as
 * `rows[3].reason: unknown reason "foo"`. No row may map a code to a reason of class ACCEPTED.
 * Returns: OK; E_ARG; E_JSON; E_SCHEMA; E_LIMIT (more than 20000 rows); E_NOMEM. *out is NULL unless OK.
 * Allocates: the catalogue; release with payroute_catalog_free.
 * Lifetime: the text may go after the call.   Threads: immutable, any number may read.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_catalog_new(payroute_catalog **out, const char *json, size_t json_len,
                                          char *why, size_t why_cap);

/**
 * Release a catalogue; NULL is fine. Nothing may use it any more.
 * Returns: nothing.   Allocates: never.   Lifetime: ends.   Threads: the last one.   Since: 0.1
 */
PAYROUTE_API void payroute_catalog_free(payroute_catalog *catalog);

/**
 * Explain one answer of a provider. `query_json` is an object; every member may be missing: provider,
 * operation, layer, code, message, http (number), network, network_code, advice_code (several: separated by
 * commas), locale (text or null: all locales). The answer is a JSON object: provider, code, reason,
 * reason_number, class, fault, advice and its data (field: what the customer corrects, act: what he does, or
 * null; wait_seconds: no repeat, or no question, before that, or null), matched, decided_by, retry
 * {same_channel, other_channel, other_instrument, network_forbids}, channel_fault, private_cause, unlisted (a
 * code of the provider that no row names), parts (every code that came along by itself: what, provider, code,
 * matched, reason, class, advice, field, act, wait_seconds, source), customer, merchant and support (objects
 * by locale, or texts when one locale was asked), place (where the shop mends it: topic, name, url; or null),
 * source, meaning. An unknown code is never an error: its
 * reason is unknown_outcome. `catalog` may be NULL: built-in rows only.
 * Returns: length without the NUL; E_ARG; E_JSON, E_SCHEMA, E_LIMIT (`out` then says why); E_BUFFER (`out`
 *          is empty: ask again with more); E_NOMEM.
 * Allocates: in between.   Lifetime: the caller's buffer.   Threads: any.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_catalog_explain(const payroute_catalog *catalog, const char *query_json,
                                              size_t query_len, char *out, size_t out_cap);

/**
 * Number of built-in rows; row `index` of them as a JSON object: provider, operation, layer, code, alias_of
 * (null when it is none; "@message": what the message tells counts before it), reason, class, advice, field,
 * act, wait_seconds, source, note, reviewed (the day on which the row was last compared with its source, or
 * null). Rows of one provider stand together.
 * Returns: the number; length without the NUL, E_RANGE, E_ARG, E_BUFFER (`out` is empty), E_NOMEM.
 * Allocates: in between.   Lifetime: the caller's buffer.   Threads: any.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_catalog_row_count(void);
PAYROUTE_API int32_t payroute_catalog_row_at(int32_t index, char *out, size_t out_cap);

/**
 * Canonical reasons: how many; number of the one at `index` (0 outside); number by name (0: none). Numbers
 * are permanent.
 * Returns: as said.   Allocates: never.   Lifetime: -   Threads: any.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_reason_count(void);
PAYROUTE_API int32_t payroute_reason_at(int32_t index);
PAYROUTE_API int32_t payroute_reason_find(const char *name);

/**
 * Name of a reason such as "insufficient_funds" ("?" for none), and one English line on what it means (""
 * for none).
 * Returns: static text.   Allocates: never.   Lifetime: static.   Threads: any.   Since: 0.1
 */
PAYROUTE_API const char *payroute_reason_name(int32_t reason);
PAYROUTE_API const char *payroute_reason_meaning(int32_t reason);

/**
 * Class (enum payroute_reason_class), fault and default advice (enum payroute_advice) of a reason.
 * Returns: the value; E_NOT_FOUND.   Allocates: never.   Lifetime: -   Threads: any.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_reason_class(int32_t reason);
PAYROUTE_API int32_t payroute_reason_fault(int32_t reason);
PAYROUTE_API int32_t payroute_reason_advice(int32_t reason);

/** Bits of payroute_reason_flags. */
enum payroute_reason_flag {
    PAYROUTE_REASON_CHANNEL_FAULT = 1,   /* counts against the channel's health */
    PAYROUTE_REASON_NETWORK_FORBIDS = 2, /* the card network forbids another try */
    PAYROUTE_REASON_PRIVATE = 4          /* the cause must not be told to the customer */
};

/**
 * What else a reason says: bits of enum payroute_reason_flag.
 * Returns: the bits; E_NOT_FOUND.   Allocates: never.   Lifetime: -   Threads: any.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_reason_flags(int32_t reason);

/**
 * Locales that have guidance: tag of the one at `index`, such as "zh-CN", from 0; "" behind the last.
 * Returns: static text.   Allocates: never.   Lifetime: static.   Threads: any.   Since: 0.1
 */
PAYROUTE_API const char *payroute_catalog_locale_at(int32_t index);

/**
 * Guidance for a reason, with placeholders {reference}, {channel}, {minutes} left in. `audience` is 0 for
 * the customer, 1 for the merchant, 2 for the merchant's support. Falls back over wider locales (Chinese:
 * zh-HK, zh-TW, zh-CN) to English. `catalog` may be NULL.
 * Returns: text, never NULL.   Allocates: never.   Lifetime: static, or the catalogue's.   Threads: any.
 *          Since: 0.1
 */
PAYROUTE_API const char *payroute_reason_text(const payroute_catalog *catalog, int32_t reason,
                                              int32_t audience, const char *locale);

/**
 * Where the shop mends what a reason says: the page or setting of the provider's console by name, in Chinese for every
 * zh locale and in English else; its address, where it is the same for everybody; and what it is about ("keys",
 * "product", "limits", "order", ...). "" where the shop has nothing to do, or no public page confirms the name.
 * Returns: static text, never NULL.   Allocates: never.   Lifetime: static.   Threads: any.   Since: 0.1
 */
PAYROUTE_API const char *payroute_reason_place(const char *provider, int32_t reason, const char *locale);
PAYROUTE_API const char *payroute_reason_place_url(const char *provider, int32_t reason);
PAYROUTE_API const char *payroute_reason_topic(int32_t reason);

/**
 * Names such as "other_channel", "issuer", "DECLINED_SOFT", "normalized".
 * Returns: static text.   Allocates: never.   Lifetime: static.   Threads: any.   Since: 0.1
 */
PAYROUTE_API const char *payroute_advice_name(int32_t advice);
PAYROUTE_API const char *payroute_fault_name(int32_t fault);
PAYROUTE_API const char *payroute_reason_class_name(int32_t reason_class);
PAYROUTE_API const char *payroute_match_level_name(int32_t level);

/* FFI-END */

#ifdef __cplusplus
}
#endif
#endif
