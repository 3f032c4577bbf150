/* Strict JSON in and out, for C programs that link the library. Outside the FFI subset: other
   languages have their own. Reading is cJSON's, behind a scan that refuses what cJSON lets through
   (duplicate keys, trailing text, NUL, bad UTF-8, depth, leading zeros) and that keeps numbers as text, since
   cJSON reads doubles. Writing is ours, since cJSON prints doubles. */
#ifndef PAYROUTE_JSON_H
#define PAYROUTE_JSON_H

#include <payroute/base.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct payroute_json payroute_json;           /* a parsed document; owns its nodes */
typedef struct payroute_json_node payroute_json_node; /* one value inside; lives as long as the document */
typedef struct payroute_json_out payroute_json_out;   /* a writer with a growing buffer */

enum payroute_json_type {
    PAYROUTE_JSON_NONE = 0, /* what a NULL node is */
    PAYROUTE_JSON_NULL = 1,
    PAYROUTE_JSON_BOOL = 2,
    PAYROUTE_JSON_NUMBER = 3,
    PAYROUTE_JSON_STRING = 4,
    PAYROUTE_JSON_ARRAY = 5,
    PAYROUTE_JSON_OBJECT = 6
};

/**
 * Parse a whole document. `why` (may be NULL) receives "byte 17: duplicate key \"a\"", never a value.
 * Depth at most 32, size at most 4 MiB.
 * Returns: OK; E_ARG; E_JSON; E_LIMIT; E_NOMEM. *out is NULL unless OK.
 * Allocates: the document; free with payroute_json_free, which zeroises its strings.
 * Lifetime: the text may go after the call.   Threads: a document is read-only.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_json_parse(payroute_json **out, const char *text, size_t text_len,
                                         char *why, size_t why_cap);
PAYROUTE_API void payroute_json_free(payroute_json *doc);
PAYROUTE_API const payroute_json_node *payroute_json_root(const payroute_json *doc);

/* Readers: every one takes NULL and a node of another type and then answers NULL, 0 or E_SCHEMA. */
PAYROUTE_API int32_t payroute_json_type(const payroute_json_node *node);
/** Member by exact name (case matters). */
PAYROUTE_API const payroute_json_node *payroute_json_get(const payroute_json_node *object, const char *name);
/** Children of an array or object, in order; next is NULL at the end. */
PAYROUTE_API const payroute_json_node *payroute_json_first(const payroute_json_node *parent);
PAYROUTE_API const payroute_json_node *payroute_json_next(const payroute_json_node *node);
PAYROUTE_API int32_t payroute_json_count(const payroute_json_node *parent);
/** Name of a member inside its object. */
PAYROUTE_API const char *payroute_json_name(const payroute_json_node *member);
/** A string's text (UTF-8, never holds NUL); NULL for every other type. */
PAYROUTE_API const char *payroute_json_string(const payroute_json_node *node);
/** A number's digits exactly as they stood; NULL for every other type. */
PAYROUTE_API const char *payroute_json_number(const payroute_json_node *node);
/** A string's or a number's text. */
PAYROUTE_API const char *payroute_json_text(const payroute_json_node *node);
/** An integer: no fraction, no exponent, fits int64; else E_SCHEMA and *out unchanged. */
PAYROUTE_API int32_t payroute_json_integer(int64_t *out, const payroute_json_node *node);
/** 1 or 0; E_SCHEMA for anything but true and false. */
PAYROUTE_API int32_t payroute_json_flag(const payroute_json_node *node);

/* Writer. Commas and escapes are its own; a failure (no memory) is sticky and read from _text. A text that is
   not UTF-8 is written with U+FFFD in place of the bad bytes. `name` is NULL inside an array and at the top. */
PAYROUTE_API payroute_json_out *payroute_json_out_new(void); /* NULL: no memory; every writer call takes NULL */
PAYROUTE_API void payroute_json_out_free(payroute_json_out *out); /* zeroises */
PAYROUTE_API void payroute_json_out_reset(payroute_json_out *out);
PAYROUTE_API void payroute_json_out_object(payroute_json_out *out, const char *name);
PAYROUTE_API void payroute_json_out_array(payroute_json_out *out, const char *name);
PAYROUTE_API void payroute_json_out_end(payroute_json_out *out);
PAYROUTE_API void payroute_json_out_string(payroute_json_out *out, const char *name, const char *text); /* NULL: null */
PAYROUTE_API void payroute_json_out_bytes(payroute_json_out *out, const char *name, const char *text, size_t len);
PAYROUTE_API void payroute_json_out_integer(payroute_json_out *out, const char *name, int64_t value);
PAYROUTE_API void payroute_json_out_flag(payroute_json_out *out, const char *name, int32_t value);
PAYROUTE_API void payroute_json_out_null(payroute_json_out *out, const char *name);
/** A finished JSON value, copied as it is. */
PAYROUTE_API void payroute_json_out_raw(payroute_json_out *out, const char *name, const char *json, size_t len);
/** A parsed node, written again (numbers keep their digits). */
PAYROUTE_API void payroute_json_out_node(payroute_json_out *out, const char *name, const payroute_json_node *node);
/**
 * The text so far, NUL-terminated; NULL after a failure or for NULL.
 * Lifetime: until the next call on the writer.
 */
PAYROUTE_API const char *payroute_json_out_text(const payroute_json_out *out, size_t *len);

#ifdef __cplusplus
}
#endif
#endif
