/* Text in a caller's fixed buffer: what does not fit is cut at a character, noted, and nothing follows a cut.
 */
#include "base/text.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void pr_text_init(pr_text *t, char *buffer, size_t cap)
{
    t->at = buffer;
    t->cap = buffer == NULL ? 0 : cap;
    t->len = 0;
    t->cut = 0;
    if (t->cap > 0) {
        t->at[0] = '\0';
    }
}

static size_t room(const pr_text *t)
{
    return t->cap > t->len ? t->cap - t->len - 1 : 0;
}

void pr_text_bytes(pr_text *t, const char *s, size_t len)
{
    if (t->cut || s == NULL || len == 0) {
        return;
    }
    size_t fits = len;
    if (len > room(t)) {
        t->cut = 1;
        fits = pr_utf8_floor(s, len, room(t));
    }
    if (t->cap == 0) {
        return;
    }
    memcpy(t->at + t->len, s, fits);
    t->len += fits;
    t->at[t->len] = '\0';
}

void pr_text_put(pr_text *t, const char *s)
{
    if (s != NULL) {
        pr_text_bytes(t, s, strlen(s));
    }
}

void pr_text_i64(pr_text *t, int64_t v)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRId64, v);
    pr_text_bytes(t, digits, len > 0 ? (size_t)len : 0);
}

int pr_text_fit(const char *s, size_t max)
{
    return (int)pr_utf8_floor(s, strlen(s), max);
}

void pr_text_format(pr_text *t, const char *format, ...)
{
    if (t->cut) {
        return;
    }
    char none[1];
    va_list args;
    va_start(args, format);
    int len = t->cap > 0 ? vsnprintf(t->at + t->len, t->cap - t->len, format, args)
                         : vsnprintf(none, 1, format, args);
    va_end(args);
    if (len < 0) {
        t->cut = 1;
        if (t->cap > 0) {
            t->at[t->len] = '\0';
        }
        return;
    }
    size_t fits = (size_t)len;
    if (fits > room(t)) {
        t->cut = 1;
        fits = room(t);
        /* The cut-off rest is gone: take back a character that is not whole. */
        size_t tail = 0;
        while (tail < fits && tail < 3 && ((unsigned char)t->at[t->len + fits - 1 - tail] & 0xC0U) == 0x80U) {
            tail++;
        }
        if (fits > tail) {
            size_t lead = t->len + fits - 1 - tail;
            if (pr_utf8_step(t->at + lead, tail + 1) != tail + 1) {
                fits -= tail + 1;
            }
        }
    }
    if (t->cap > 0) {
        t->len += fits;
        t->at[t->len] = '\0';
    }
}

static unsigned char lowered(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

int32_t pr_text_equal_nocase(const char *a, size_t a_len, const char *b, size_t b_len)
{
    if (a_len != b_len) {
        return 0;
    }
    for (size_t i = 0; i < a_len; i++) {
        if (lowered(a[i]) != lowered(b[i])) {
            return 0;
        }
    }
    return 1;
}

uint64_t pr_text_hash(const char *text)
{
    uint64_t h = 1469598103934665603u;
    if (text == NULL || *text == '\0') {
        return 0;
    }
    for (; *text != '\0'; text++) {
        h = (h ^ (uint8_t)*text) * 1099511628211u;
    }
    return h != 0 ? h : 1;
}
