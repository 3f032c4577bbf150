/* Text under construction: `pr_text` in a caller's fixed buffer (error details: cut, never overrun), `pr_buf`
   on the heap (requests, JSON; failure is sticky; zeroised when freed). */
#ifndef PR_BASE_TEXT_H
#define PR_BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

typedef struct pr_text {
    char *at; /* NUL-terminated whenever cap > 0 */
    size_t cap;
    size_t len;
    int32_t cut; /* 1: something did not fit */
} pr_text;

void pr_text_init(pr_text *t, char *buffer, size_t cap); /* NULL buffer: everything is dropped */
void pr_text_put(pr_text *t, const char *s);
void pr_text_bytes(pr_text *t, const char *s, size_t len); /* cut at a UTF-8 boundary */
void pr_text_i64(pr_text *t, int64_t v);
/* Bytes of s to show, at most max, up to the end of a character: for "%.*s". */
int pr_text_fit(const char *s, size_t max);
void pr_text_format(pr_text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

typedef struct pr_buf {
    char *at; /* NUL-terminated when not NULL */
    size_t len;
    size_t cap;
    int32_t rc; /* sticky: PAYROUTE_OK or E_NOMEM, E_LIMIT */
} pr_buf;

void pr_buf_init(pr_buf *b);
void pr_buf_free(pr_buf *b);                 /* zeroises, then as after init */
void pr_buf_clear(pr_buf *b);                /* zeroises, keeps the block */
void pr_buf_reserve(pr_buf *b, size_t more); /* room for so many bytes at once */
void pr_buf_put(pr_buf *b, const char *s);
void pr_buf_bytes(pr_buf *b, const void *s, size_t len);
void pr_buf_i64(pr_buf *b, int64_t v);
void pr_buf_format(pr_buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void pr_buf_urlencode(pr_buf *b, const char *s, size_t len); /* RFC 3986: unreserved stay, the rest %XX */

uint64_t pr_text_hash(const char *text); /* FNV-1a of a name, not a secret; 0 for NULL and "" alone */
int32_t pr_utf8_valid(const char *s, size_t len); /* 1: well-formed UTF-8 without NUL */
int32_t pr_text_equal_nocase(const char *a, size_t a_len, const char *b, size_t b_len); /* ASCII */

/* application/x-www-form-urlencoded: the pairs in order, decoded into memory of the form. */
typedef struct pr_form pr_form;
/* E_ENCODING: bad escape, NUL; E_LIMIT: more than 256 pairs or 4 MiB. Empty pairs are skipped. */
int32_t pr_form_parse(pr_form **out, const char *text, size_t len);
void pr_form_free(pr_form *f);
size_t pr_form_count(const pr_form *f);
const char *pr_form_name(const pr_form *f, size_t i);
const char *pr_form_value(const pr_form *f, size_t i);
const char *pr_form_get(const pr_form *f, const char *name); /* NULL: absent or given twice */

/* Calendar without the C library's time zone state. */
void pr_time_civil(int64_t ms, int32_t offset_minutes, char out[20]); /* "YYYY-MM-DD hh:mm:ss" */
/* The same layout; E_ENCODING. */
int32_t pr_time_parse_civil(int64_t *ms, const char *text, int32_t offset_minutes);
/* IMF-fixdate of RFC 9110; E_ENCODING. */
int32_t pr_time_parse_http(int64_t *ms, const char *text, size_t len);

#endif
