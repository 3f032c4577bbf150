/* Writes maps, lists, texts and numbers as JSON, PHP or Python: the three differ in brackets, in `null` and in how a
 * text is quoted. JSON inside a page must not end its <script>. */
#include "export.h"

#include <string.h>

static void quoted(emit *e, const char *text)
{
    char quote = e->dialect == DIALECT_PHP ? '\'' : '"';
    fputc(quote, e->to);
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
        if (*p == (unsigned char)quote || *p == '\\') {
            fputc('\\', e->to);
            fputc(*p, e->to);
        } else if (*p < 0x20 && e->dialect != DIALECT_PHP) {
            fprintf(e->to, e->dialect == DIALECT_PYTHON ? "\\x%02x" : "\\u%04x", *p);
        } else if (*p == '<' && e->dialect == DIALECT_PAGE) {
            fputs("\\u003c", e->to);
        } else {
            fputc(*p, e->to);
        }
    }
    fputc(quote, e->to);
}

static void next(emit *e, const char *key)
{
    if (e->depth > 0) {
        if (e->filled[e->depth]++ > 0) {
            fputc(',', e->to);
        }
        if (e->depth <= e->lines) {
            fputc('\n', e->to);
        }
    }
    if (key != NULL) {
        quoted(e, key);
        fputs(e->dialect == DIALECT_PHP ? "=>" : ":", e->to);
    }
}

static void begin(emit *e, const char *key, char open, char end)
{
    next(e, key);
    fputc(e->dialect == DIALECT_PHP ? '[' : open, e->to);
    if (++e->depth >= EMIT_DEPTH) {
        export_fail("values stand too deep");
    }
    e->filled[e->depth] = 0;
    e->end[e->depth] = e->dialect == DIALECT_PHP ? ']' : end;
}

void emit_map(emit *e, const char *key)
{
    begin(e, key, '{', '}');
}

void emit_list(emit *e, const char *key)
{
    begin(e, key, '[', ']');
}

void emit_end(emit *e)
{
    if (e->depth <= e->lines && e->filled[e->depth] > 0) {
        fputc('\n', e->to);
    }
    fputc(e->end[e->depth--], e->to);
}

void emit_text(emit *e, const char *key, const char *text)
{
    next(e, key);
    if (text == NULL) {
        fputs(e->dialect == DIALECT_PYTHON ? "None" : "null", e->to);
    } else {
        quoted(e, text);
    }
}

void emit_number(emit *e, const char *key, int64_t value)
{
    next(e, key);
    fprintf(e->to, "%lld", (long long)value);
}

void emit_flag(emit *e, const char *key, int32_t value)
{
    next(e, key);
    if (e->dialect == DIALECT_PYTHON) {
        fputs(value ? "True" : "False", e->to);
    } else {
        fputs(value ? "true" : "false", e->to);
    }
}

void emit_raw(emit *e, const char *key, const char *json)
{
    next(e, key);
    fputs(json, e->to);
}
