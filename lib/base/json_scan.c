/* What cJSON lets through is refused before it sees the text: duplicate keys, trailing text, NUL, ill-formed
   UTF-8, control characters, leading zeros, excessive depth. In the same pass numbers become marked strings,
   so that cJSON's doubles never touch an amount: 1e400 and 2^53 + 1 arrive as they were written.

   Duplicate keys are found after the scan by sorting all keys by object and text: n log n however hostile the
   text is. The few keys of a usual answer are compared with each other where they stand. */
#include "base/json_scan.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <payroute/base.h>
#include <stdlib.h>
#include <string.h>

typedef struct json_key {
    const char *text; /* without escapes: in the source; else set when all keys are decoded */
    size_t decoded_at;
    uint32_t len;
    uint32_t object;
    uint32_t pos; /* of the key's first character in the source */
    uint32_t source_len;
} json_key;

enum { FEW_KEYS = 32 };

typedef struct json_scan {
    const char *text;
    size_t len;
    size_t pos;
    pr_buf *out;
    pr_text *why;
    int32_t rc;
    uint32_t values;
    uint32_t objects;
    json_key *keys;
    size_t key_count;
    size_t key_cap;
    pr_buf decoded; /* keys that hold escapes */
    json_key few[FEW_KEYS]; /* where the first ones stand; they point into the text */
} json_scan;

static int32_t fail_at(json_scan *s, int32_t rc, size_t pos, const char *what)
{
    if (s->rc == PAYROUTE_OK) {
        s->rc = rc;
        pr_text_format(s->why, "byte %zu: %s", pos, what);
    }
    return s->rc;
}

/* The character at the position, or -1 at the end; NUL is a character like others and fits nowhere. */
static int32_t peek(const json_scan *s)
{
    return s->pos < s->len ? (unsigned char)s->text[s->pos] : -1;
}

static void skip_blanks(json_scan *s)
{
    while (peek(s) == ' ' || peek(s) == '\t' || peek(s) == '\n' || peek(s) == '\r') {
        s->pos++;
    }
}

static int32_t read_hex4(const json_scan *s, size_t at)
{
    if (s->len < 4 || at > s->len - 4) {
        return -1;
    }
    int32_t value = 0;
    for (size_t i = 0; i < 4; i++) {
        char c = s->text[at + i];
        int32_t digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
        if (digit < 0) {
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

static void put_utf8(pr_buf *b, int32_t code)
{
    uint32_t c = (uint32_t)code;
    char bytes[4];
    size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    if (len == 1) {
        bytes[0] = (char)c;
    } else {
        for (size_t i = len - 1; i > 0; i--) {
            bytes[i] = (char)(0x80U | (c & 0x3FU));
            c >>= 6;
        }
        bytes[0] = (char)(((0xF00U >> len) & 0xFFU) | c);
    }
    pr_buf_bytes(b, bytes, len);
}

/* A \uXXXX escape whose backslash is at the position; both halves of a surrogate pair. */
static int32_t scan_unicode_escape(json_scan *s, pr_buf *decoded)
{
    size_t start = s->pos;
    int32_t code = read_hex4(s, start + 2);
    if (code < 0) {
        return fail_at(s, PAYROUTE_E_JSON, start, "bad \\u escape");
    }
    if (code == 0) {
        return fail_at(s, PAYROUTE_E_JSON, start, "NUL in a string");
    }
    s->pos += 6;
    if (code >= 0xD800 && code <= 0xDFFF) {
        int32_t second = -1;
        if (code < 0xDC00 && s->len - s->pos >= 6 && s->text[s->pos] == '\\' && s->text[s->pos + 1] == 'u') {
            second = read_hex4(s, s->pos + 2);
        }
        if (second < 0xDC00 || second > 0xDFFF) {
            return fail_at(s, PAYROUTE_E_JSON, start, "half of a surrogate pair");
        }
        code = 0x10000 + ((code - 0xD800) << 10) + (second - 0xDC00);
        s->pos += 6;
    }
    if (decoded != NULL) {
        put_utf8(decoded, code);
    }
    return PAYROUTE_OK;
}

static int32_t scan_escape(json_scan *s, pr_buf *decoded)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meaning[] = "\"\\/\b\f\n\r\t";
    char letter = s->len - s->pos > 1 ? s->text[s->pos + 1] : '\0';
    if (letter == 'u') {
        return scan_unicode_escape(s, decoded);
    }
    const char *found = letter != '\0' ? strchr(letters, letter) : NULL;
    if (found == NULL) {
        return fail_at(s, PAYROUTE_E_JSON, s->pos, "bad escape in a string");
    }
    s->pos += 2;
    if (decoded != NULL) {
        pr_buf_bytes(decoded, &meaning[found - letters], 1);
    }
    return PAYROUTE_OK;
}

/* How many bytes from here on need no look but this one. */
static size_t plain_run(const char *text, size_t len)
{
    size_t n = 0;
    while (n < len && (unsigned char)text[n] >= 0x20 && (unsigned char)text[n] < 0x80 && text[n] != '"' &&
           text[n] != '\\') {
        n++;
    }
    return n;
}

/* From the opening quote to behind the closing one; *escaped tells whether it holds escapes. */
static int32_t scan_string(json_scan *s, pr_buf *decoded, int32_t *escaped)
{
    size_t start = s->pos++;
    *escaped = 0;
    for (;;) {
        int32_t c = peek(s);
        if (c < 0) {
            return fail_at(s, PAYROUTE_E_JSON, start, "string without an end");
        }
        if (c == '"') {
            s->pos++;
            return PAYROUTE_OK;
        }
        if (c < 0x20) {
            return fail_at(s, PAYROUTE_E_JSON, s->pos,
                           c == 0 ? "NUL in a string" : "control character in a string");
        }
        if (c == '\\') {
            *escaped = 1;
            if (scan_escape(s, decoded) != PAYROUTE_OK) {
                return s->rc;
            }
            continue;
        }
        size_t step = plain_run(s->text + s->pos, s->len - s->pos);
        step = step > 0 ? step : pr_utf8_step(s->text + s->pos, s->len - s->pos);
        if (step == 0) {
            return fail_at(s, PAYROUTE_E_JSON, s->pos, "not UTF-8");
        }
        if (decoded != NULL) {
            pr_buf_bytes(decoded, s->text + s->pos, step);
        }
        s->pos += step;
    }
}

static int32_t scan_digits(json_scan *s)
{
    size_t start = s->pos;
    while (peek(s) >= '0' && peek(s) <= '9') {
        s->pos++;
    }
    return s->pos > start;
}

static int32_t scan_number(json_scan *s)
{
    size_t start = s->pos;
    s->pos += peek(s) == '-';
    int32_t good = 1;
    if (peek(s) == '0') {
        s->pos++; /* a further digit is left over and refused by whoever comes next */
        good = !(peek(s) >= '0' && peek(s) <= '9');
    } else {
        good = scan_digits(s);
    }
    if (good && peek(s) == '.') {
        s->pos++;
        good = scan_digits(s);
    }
    if (good && (peek(s) == 'e' || peek(s) == 'E')) {
        s->pos++;
        s->pos += peek(s) == '+' || peek(s) == '-';
        good = scan_digits(s);
    }
    if (!good) {
        return fail_at(s, PAYROUTE_E_JSON, start, "bad number");
    }
    const char open[2] = {'"', PR_JSON_MARK_NUMBER};
    pr_buf_bytes(s->out, open, sizeof open);
    pr_buf_bytes(s->out, s->text + start, s->pos - start);
    pr_buf_put(s->out, "\"");
    return PAYROUTE_OK;
}

static int32_t scan_word(json_scan *s)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t len = strlen(words[i]);
        if (s->len - s->pos >= len && memcmp(s->text + s->pos, words[i], len) == 0) {
            s->pos += len;
            pr_buf_put(s->out, words[i]);
            return PAYROUTE_OK;
        }
    }
    return fail_at(s, PAYROUTE_E_JSON, s->pos, s->pos < s->len ? "unexpected character" : "unexpected end");
}

static int32_t add_key(json_scan *s, json_key key)
{
    if (s->key_count == s->key_cap) {
        size_t cap = s->key_cap * 2;
        json_key *old = s->keys == s->few ? NULL : s->keys;
        json_key *grown = pr_mem_grow(old, old != NULL ? s->key_cap * sizeof *grown : 0, cap * sizeof *grown);
        if (grown == NULL) {
            return fail_at(s, PAYROUTE_E_NOMEM, key.pos, "out of memory");
        }
        if (old == NULL) {
            memcpy(grown, s->few, sizeof s->few);
        }
        s->keys = grown;
        s->key_cap = cap;
    }
    s->keys[s->key_count++] = key;
    return PAYROUTE_OK;
}

static int32_t scan_key(json_scan *s, uint32_t object)
{
    if (peek(s) != '"') {
        return fail_at(s, PAYROUTE_E_JSON, s->pos, "a member's name is expected");
    }
    size_t start = s->pos;
    size_t decoded_at = s->decoded.len;
    int32_t escaped = 0;
    if (scan_string(s, NULL, &escaped) != PAYROUTE_OK) {
        return s->rc;
    }
    json_key key = {.text = s->text + start + 1,
                    .len = (uint32_t)(s->pos - start - 2),
                    .object = object,
                    .pos = (uint32_t)start + 1,
                    .source_len = (uint32_t)(s->pos - start - 2)};
    if (escaped) {
        s->pos = start;
        if (scan_string(s, &s->decoded, &escaped) != PAYROUTE_OK) {
            return s->rc;
        }
        key.text = NULL;
        key.decoded_at = decoded_at;
        key.len = (uint32_t)(s->decoded.len - decoded_at);
    }
    pr_buf_bytes(s->out, s->text + start, s->pos - start);
    return add_key(s, key);
}

static int32_t scan_value(json_scan *s, int32_t depth);

/* Behind a member or element: 1 another one follows, 0 it was the last, negative. */
static int32_t scan_comma(json_scan *s, char close)
{
    skip_blanks(s);
    int32_t c = peek(s);
    if (c != ',' && c != close) {
        return fail_at(s, PAYROUTE_E_JSON, s->pos, "a comma or the end of the list is expected");
    }
    char written = (char)c;
    s->pos++;
    pr_buf_bytes(s->out, &written, 1);
    skip_blanks(s);
    return c == ',';
}

/* An object or an array; the bracket is at the position. */
static int32_t scan_list(json_scan *s, int32_t depth)
{
    if (depth > PR_JSON_DEPTH_MAX) {
        return fail_at(s, PAYROUTE_E_LIMIT, s->pos, "nested too deep");
    }
    char open = s->text[s->pos++];
    char close = open == '{' ? '}' : ']';
    uint32_t object = ++s->objects;
    pr_buf_bytes(s->out, &open, 1);
    skip_blanks(s);
    if (peek(s) == close) {
        s->pos++;
        pr_buf_bytes(s->out, &close, 1);
        return PAYROUTE_OK;
    }
    int32_t more = 1;
    while (more == 1) {
        if (close == '}') {
            if (scan_key(s, object) != PAYROUTE_OK) {
                return s->rc;
            }
            skip_blanks(s);
            if (peek(s) != ':') {
                return fail_at(s, PAYROUTE_E_JSON, s->pos, "a colon is expected");
            }
            s->pos++;
            pr_buf_put(s->out, ":");
            skip_blanks(s);
        }
        if (scan_value(s, depth) != PAYROUTE_OK) {
            return s->rc;
        }
        more = scan_comma(s, close);
    }
    return s->rc;
}

static int32_t scan_value(json_scan *s, int32_t depth)
{
    if (++s->values > PR_JSON_VALUES_MAX) {
        return fail_at(s, PAYROUTE_E_LIMIT, s->pos, "too many values");
    }
    int32_t c = peek(s);
    if (c == '{' || c == '[') {
        return scan_list(s, depth + 1);
    }
    if (c == '"') {
        size_t start = s->pos;
        int32_t escaped = 0;
        if (scan_string(s, NULL, &escaped) == PAYROUTE_OK) {
            const char mark[2] = {'"', PR_JSON_MARK_STRING};
            pr_buf_bytes(s->out, mark, sizeof mark);
            pr_buf_bytes(s->out, s->text + start + 1, s->pos - start - 1);
        }
        return s->rc;
    }
    if (c == '-' || (c >= '0' && c <= '9')) {
        return scan_number(s);
    }
    return scan_word(s);
}

static int compare_keys(const void *left, const void *right)
{
    const json_key *a = left;
    const json_key *b = right;
    if (a->object != b->object) {
        return a->object < b->object ? -1 : 1;
    }
    if (a->len != b->len) {
        return a->len < b->len ? -1 : 1;
    }
    int order = memcmp(a->text, b->text, a->len);
    if (order != 0) {
        return order;
    }
    return a->pos < b->pos ? -1 : a->pos > b->pos;
}

static int32_t same_key(const json_key *a, const json_key *b)
{
    return a->object == b->object && a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

/* The first key that stands there a second time; NULL: none. */
static const json_key *duplicate_of_few(const json_scan *s)
{
    for (size_t i = 1; i < s->key_count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (same_key(&s->keys[k], &s->keys[i])) {
                return &s->keys[i];
            }
        }
    }
    return NULL;
}

static const json_key *duplicate_of_many(json_scan *s)
{
    const json_key *first = NULL;
    qsort(s->keys, s->key_count, sizeof *s->keys, compare_keys);
    for (size_t i = 1; i < s->key_count; i++) {
        const json_key *b = &s->keys[i];
        if (same_key(&s->keys[i - 1], b) && (first == NULL || b->pos < first->pos)) {
            first = b;
        }
    }
    return first;
}

static void refuse_duplicates(json_scan *s)
{
    for (size_t i = 0; i < s->key_count; i++) {
        if (s->keys[i].text == NULL) {
            s->keys[i].text = s->decoded.at + s->keys[i].decoded_at;
        }
    }
    const json_key *first = s->key_count <= FEW_KEYS ? duplicate_of_few(s) : duplicate_of_many(s);
    if (first != NULL) {
        s->rc = PAYROUTE_E_JSON;
        pr_text_format(s->why, "byte %u: duplicate key \"", first->pos - 1);
        size_t shown = pr_utf8_floor(s->text + first->pos, first->source_len, 48);
        pr_text_bytes(s->why, s->text + first->pos, shown);
        pr_text_put(s->why, shown < first->source_len ? "...\"" : "\"");
    }
}

int32_t pr_json_scan(pr_buf *out, const char *text, size_t len, pr_text *why)
{
    json_scan s; /* set by hand: zeroes in `few` would cost more than a short text */
    s.text = text;
    s.len = len;
    s.pos = 0;
    s.out = out;
    s.why = why;
    s.rc = PAYROUTE_OK;
    s.values = s.objects = 0;
    s.keys = s.few;
    s.key_count = 0;
    s.key_cap = FEW_KEYS;
    pr_buf_init(&s.decoded);
    if (len > PR_JSON_SIZE_MAX) {
        return fail_at(&s, PAYROUTE_E_LIMIT, PR_JSON_SIZE_MAX, "longer than 4 MiB");
    }
    pr_buf_reserve(out, len + len / 4); /* a mark and two quotes a number, a mark a text */
    skip_blanks(&s);
    if (scan_value(&s, 0) == PAYROUTE_OK) {
        skip_blanks(&s);
        if (s.pos < s.len) {
            (void)fail_at(&s, PAYROUTE_E_JSON, s.pos, "text behind the end of the document");
        }
    }
    if (s.rc == PAYROUTE_OK && (out->rc != PAYROUTE_OK || s.decoded.rc != PAYROUTE_OK)) {
        (void)fail_at(&s, out->rc != PAYROUTE_OK ? out->rc : s.decoded.rc, s.pos, "out of memory");
    }
    if (s.rc == PAYROUTE_OK) {
        refuse_duplicates(&s);
    }
    pr_buf_free(&s.decoded);
    if (s.keys != s.few) {
        pr_mem_free_secret(s.keys, s.key_cap * sizeof *s.keys);
    }
    return s.rc;
}
