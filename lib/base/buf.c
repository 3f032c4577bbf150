/* Text on the heap. It may hold credentials, so old blocks are wiped: hence grow by copy and never by
   realloc. */
#include "base/text.h"
#include "base/mem.h"

#include <inttypes.h>
#include <payroute/base.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FIRST_CAP = 256, LARGEST_CAP = 64 * 1024 * 1024 };

void pr_buf_init(pr_buf *b)
{
    b->at = NULL;
    b->len = 0;
    b->cap = 0;
    b->rc = PAYROUTE_OK;
}

void pr_buf_free(pr_buf *b)
{
    pr_mem_free_secret(b->at, b->cap);
    pr_buf_init(b);
}

void pr_buf_clear(pr_buf *b)
{
    pr_mem_wipe(b->at, b->cap);
    b->len = 0;
    b->rc = PAYROUTE_OK;
}

/* Room for `more` bytes and the NUL. */
static int32_t enlarge(pr_buf *b, size_t more)
{
    if (b->rc != PAYROUTE_OK) {
        return 0;
    }
    if (more >= LARGEST_CAP - b->len) {
        b->rc = PAYROUTE_E_LIMIT;
        return 0;
    }
    size_t need = b->len + more + 1;
    if (need <= b->cap) {
        return 1;
    }
    size_t cap = b->cap > 0 ? b->cap : FIRST_CAP;
    while (cap < need) {
        cap *= 2;
    }
    char *grown = pr_mem_grow(b->at, b->cap, cap);
    if (grown == NULL) {
        b->rc = PAYROUTE_E_NOMEM;
        return 0;
    }
    b->at = grown;
    b->cap = cap;
    return 1;
}

static inline int32_t reserve(pr_buf *b, size_t more)
{
    return (b->rc == PAYROUTE_OK && b->cap > b->len && more < b->cap - b->len) || enlarge(b, more);
}

void pr_buf_reserve(pr_buf *b, size_t more)
{
    (void)reserve(b, more);
}

void pr_buf_bytes(pr_buf *b, const void *s, size_t len)
{
    if (s == NULL && len > 0) {
        return;
    }
    if (!reserve(b, len)) {
        return;
    }
    if (len > 0) {
        memcpy(b->at + b->len, s, len);
    }
    b->len += len;
    b->at[b->len] = '\0';
}

void pr_buf_put(pr_buf *b, const char *s)
{
    if (s != NULL) {
        pr_buf_bytes(b, s, strlen(s));
    }
}

void pr_buf_i64(pr_buf *b, int64_t v)
{
    pr_buf_format(b, "%" PRId64, v);
}

void pr_buf_format(pr_buf *b, const char *format, ...)
{
    va_list args;
    va_list again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    if (len < 0) {
        b->rc = b->rc == PAYROUTE_OK ? PAYROUTE_E_LIMIT : b->rc;
    } else if (reserve(b, (size_t)len)) {
        (void)vsnprintf(b->at + b->len, (size_t)len + 1, format, again);
        b->len += (size_t)len;
    }
    va_end(again);
    va_end(args);
}

static int32_t is_unreserved(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void pr_buf_urlencode(pr_buf *b, const char *s, size_t len)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t i = 0;
    while (s != NULL && i < len) {
        size_t run = i; /* what needs no change goes in one piece */
        while (run < len && is_unreserved((unsigned char)s[run])) {
            run++;
        }
        pr_buf_bytes(b, s + i, run - i);
        i = run;
        if (i < len) {
            unsigned char c = (unsigned char)s[i++];
            char escaped[3] = {'%', hex[c >> 4], hex[c & 15U]};
            pr_buf_bytes(b, escaped, sizeof escaped);
        }
    }
}
