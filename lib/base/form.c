/* application/x-www-form-urlencoded, decoded once into one block. Decoding never makes text longer, so the
   block's size is known beforehand. */
#include "base/mem.h"
#include "base/text.h"

#include <payroute/base.h>
#include <string.h>

enum { PAIRS_MAX = 256, FORM_MAX = 4 * 1024 * 1024 };

struct pr_form {
    size_t count;
    size_t block_size;
    char *block; /* all names and values, NUL-terminated */
    const char *name[PAIRS_MAX];
    const char *value[PAIRS_MAX];
};

static int32_t hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes text[0..len) to *to and moves *to behind the NUL. */
static int32_t decode_piece(char **to, const char *text, size_t len)
{
    char *at = *to;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '+') {
            c = ' ';
        } else if (c == '%') {
            int32_t high = len - i > 2 ? hex_value(text[i + 1]) : -1;
            int32_t low = len - i > 2 ? hex_value(text[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return PAYROUTE_E_ENCODING;
            }
            c = (char)(high * 16 + low);
            i += 2;
        }
        if (c == '\0') {
            return PAYROUTE_E_ENCODING;
        }
        *at++ = c;
    }
    *at++ = '\0';
    *to = at;
    return PAYROUTE_OK;
}

static int32_t decode_pair(pr_form *f, char **to, const char *text, size_t len)
{
    if (f->count == PAIRS_MAX) {
        return PAYROUTE_E_LIMIT;
    }
    const char *equals = memchr(text, '=', len);
    size_t name_len = equals != NULL ? (size_t)(equals - text) : len;
    const char *name = *to;
    int32_t rc = decode_piece(to, text, name_len);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    const char *value = *to;
    if (equals != NULL) {
        rc = decode_piece(to, equals + 1, len - name_len - 1);
    } else {
        *(*to)++ = '\0';
    }
    if (rc == PAYROUTE_OK) {
        f->name[f->count] = name;
        f->value[f->count] = value;
        f->count++;
    }
    return rc;
}

int32_t pr_form_parse(pr_form **out, const char *text, size_t len)
{
    if (out == NULL) {
        return PAYROUTE_E_ARG;
    }
    *out = NULL;
    if (text == NULL && len > 0) {
        return PAYROUTE_E_ARG;
    }
    if (len > FORM_MAX) {
        return PAYROUTE_E_LIMIT;
    }
    pr_form *f = pr_mem_new(sizeof *f);
    if (f == NULL) {
        return PAYROUTE_E_NOMEM;
    }
    f->block_size = len + 2 * (size_t)PAIRS_MAX + 2;
    f->block = pr_mem_new(f->block_size);
    int32_t rc = f->block == NULL ? PAYROUTE_E_NOMEM : PAYROUTE_OK;
    char *to = f->block;
    size_t start = 0;
    while (rc == PAYROUTE_OK && start < len) {
        const char *end = memchr(text + start, '&', len - start);
        size_t piece = end != NULL ? (size_t)(end - text) - start : len - start;
        if (piece > 0) {
            rc = decode_pair(f, &to, text + start, piece);
        }
        start += piece + 1;
    }
    if (rc != PAYROUTE_OK) {
        pr_form_free(f);
        return rc;
    }
    *out = f;
    return PAYROUTE_OK;
}

void pr_form_free(pr_form *f)
{
    if (f != NULL) {
        pr_mem_free_secret(f->block, f->block_size);
        pr_mem_free(f);
    }
}

size_t pr_form_count(const pr_form *f)
{
    return f == NULL ? 0 : f->count;
}

const char *pr_form_name(const pr_form *f, size_t i)
{
    return i < pr_form_count(f) ? f->name[i] : NULL;
}

const char *pr_form_value(const pr_form *f, size_t i)
{
    return i < pr_form_count(f) ? f->value[i] : NULL;
}

const char *pr_form_get(const pr_form *f, const char *name)
{
    /* A name given twice is ambiguous: two readers could each take another one, so nobody gets any. */
    const char *found = NULL;
    for (size_t i = 0; name != NULL && i < pr_form_count(f); i++) {
        if (strcmp(f->name[i], name) == 0) {
            if (found != NULL) {
                return NULL;
            }
            found = f->value[i];
        }
    }
    return found;
}
