/* Readable output: tables that stay aligned with Chinese in them, wrapped paragraphs, and nothing that a
   provider could make a terminal do. */
#include "cli.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PAIR_WIDTH = 18, CELL_MAX = 400 };

static int32_t page_width = 100;

void put_width(int32_t columns)
{
    page_width = columns;
}

/* One character: its bytes, or 1 for a byte that begins none. */
static size_t decode(const char *at, uint32_t *code)
{
    const unsigned char *s = (const unsigned char *)at;
    size_t len = s[0] < 0x80 ? 1 : s[0] >= 0xF0 && s[0] < 0xF5 ? 4 : s[0] >= 0xE0 ? 3 : s[0] >= 0xC2 ? 2 : 1;
    *code = len == 1 ? s[0] : s[0] & (0xFFu >> (len + 1));
    if (len == 1 && s[0] >= 0x80) {
        *code = 0xFFFD;
    }
    for (size_t i = 1; i < len; i++) {
        if ((s[i] & 0xC0) != 0x80) {
            *code = 0xFFFD;
            return 1;
        }
        *code = *code << 6 | (s[i] & 0x3Fu);
    }
    return len;
}

/* Controls, and what turns the direction of writing or breaks lines. */
static int32_t is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x200B && c <= 0x200F) ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || c == 0xFFFD;
}

static int32_t width_of(uint32_t c)
{
    if ((c >= 0x300 && c <= 0x36F) || (c >= 0xFE00 && c <= 0xFE0F) || c == 0xE31 || (c >= 0xE34 && c <= 0xE3A) ||
        (c >= 0xE47 && c <= 0xE4E)) {
        return 0; /* Thai writes its vowels and tones above and below */
    }
    return (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) || (c >= 0xAC00 && c <= 0xD7A3) ||
                   (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFE30 && c <= 0xFE6F) ||
                   (c >= 0xFF00 && c <= 0xFF60) || (c >= 0xFFE0 && c <= 0xFFE6) ||
                   (c >= 0x1F300 && c <= 0x1FAFF) || (c >= 0x20000 && c <= 0x3FFFD)
               ? 2
               : 1;
}

static int32_t columns_of(const char *text)
{
    int32_t columns = 0;
    uint32_t code = 0;
    while (*text) {
        text += decode(text, &code);
        columns += width_of(code);
    }
    return columns;
}

const char *clean(char *out, size_t cap, const char *text)
{
    size_t len = 0;
    uint32_t code = 0;
    while (*text) {
        size_t step = decode(text, &code);
        size_t left = cap - len - 1;
        if (left < step + 3 && strlen(text) > left) {
            memcpy(out + len, "…", left >= 3 ? 3 : 0);
            len += left >= 3 ? 3 : 0;
            break;
        }
        if (is_control(code)) {
            out[len++] = code == '\n' || code == '\t' ? ' ' : '?';
        } else {
            memcpy(out + len, text, step);
            len += step;
        }
        text += step;
    }
    out[len] = '\0';
    return out;
}

static int32_t begun;

int32_t output_begun(void)
{
    return begun;
}

void put(const char *text)
{
    begun = 1;
    uint32_t code = 0;
    while (*text) {
        size_t step = decode(text, &code);
        if (is_control(code) && code != '\n') {
            (void)fputc('?', stdout);
        } else {
            (void)fwrite(text, 1, step, stdout);
        }
        text += step;
    }
}

static char *format_list(const char *format, va_list list)
{
    char *text = NULL;
    if (vasprintf(&text, format, list) < 0) {
        text = NULL;
    }
    return need(text);
}

void putf(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    char *text = format_list(format, list);
    va_end(list);
    put(text);
    free(text);
}

void put_heading(const char *text)
{
    const char *term = getenv("TERM");
    int bold = isatty(STDOUT_FILENO) && !getenv("NO_COLOR") && term && strcmp(term, "dumb") != 0;
    if (bold) {
        (void)fputs("\033[1m", stdout);
    }
    put(text);
    if (bold) {
        (void)fputs("\033[0m", stdout);
    }
    (void)fputc('\n', stdout);
}

static void pad(int32_t columns)
{
    while (columns-- > 0) {
        (void)fputc(' ', stdout);
    }
}

/* What ends a clause, or closes what was opened, does not begin a line; what opens does not end one. */
static int32_t stays_behind(uint32_t c)
{
    return (c >= 0x3001 && c <= 0x3002) || c == 0x3005 || c == 0x3009 || c == 0x300B || c == 0x300D || c == 0x300F ||
           c == 0x3011 || c == 0x30FC || c == 0xFF01 || c == 0xFF09 || c == 0xFF0C || c == 0xFF0E || c == 0xFF1A ||
           c == 0xFF1B || c == 0xFF1F;
}

static int32_t opens(uint32_t c)
{
    return c == 0x3008 || c == 0x300A || c == 0x300C || c == 0x300E || c == 0x3010 || c == 0xFF08;
}

/* Bytes up to the next place where a line may break: behind a blank, and beside Chinese or Japanese (Korean has
   blanks); anywhere once `most` columns are full, since Thai has none within a sentence. */
static size_t next_piece(const char *text, int32_t most, int32_t *columns)
{
    const char *at = text;
    uint32_t code = 0;
    *columns = 0;
    while (*at) {
        at += decode(at, &code);
        *columns += width_of(code);
        uint32_t then = 0;
        if (*at) {
            (void)decode(at, &then);
        }
        int32_t wide = (width_of(code) == 2 && (code < 0xAC00 || code > 0xD7A3)) ||
                       (width_of(then) == 2 && (then < 0xAC00 || then > 0xD7A3));
        if (code == ' ' || (wide && !stays_behind(then) && !opens(code)) ||
            (*columns + width_of(then) > most && width_of(then) > 0)) {
            break;
        }
    }
    return (size_t)(at - text);
}

void put_wrapped(const char *text, int32_t indent)
{
    int32_t at = indent;
    int32_t blanks = 0; /* held back: none stands at the end of a line */
    while (*text) {
        int32_t columns = 0;
        size_t len = next_piece(text, page_width - indent, &columns);
        char *piece = need(strndup(text, len));
        char *shown = need(malloc(len + 4));
        size_t shown_len = strlen(clean(shown, len + 4, piece));
        int32_t blank = shown_len > 0 && shown[shown_len - 1] == ' ';
        shown[shown_len - (size_t)blank] = '\0';
        if (at > indent && at + blanks + columns - blank > page_width) {
            (void)fputc('\n', stdout);
            pad(indent);
            at = indent;
            blanks = 0;
        }
        pad(blanks);
        put(shown);
        at += blanks + columns - blank;
        blanks = blank;
        free(shown);
        free(piece);
        text += len;
    }
    (void)fputc('\n', stdout);
}

void put_pair(const char *name, const char *text)
{
    putf("  %s", name);
    pad(PAIR_WIDTH - 2 - columns_of(name));
    put_wrapped(text, PAIR_WIDTH);
}

void put_pairf(const char *name, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    char *text = format_list(format, list);
    va_end(list);
    put_pair(name, text);
    free(text);
}

/* ---- tables ---- */

void table_cell(table *t, const char *text)
{
    if (t->count == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 64;
        t->cells = need(realloc(t->cells, (size_t)t->cap * sizeof *t->cells));
    }
    size_t cap = strlen(text) + 4;
    cap = cap > CELL_MAX ? CELL_MAX : cap;
    t->cells[t->count] = need(malloc(cap));
    clean(t->cells[t->count], cap, *text ? text : "-");
    t->count++;
}

void table_begin(table *t, const char *heads)
{
    *t = (table){.columns = 1};
    for (const char *at = heads; *at; at++) {
        t->columns += *at == '|';
    }
    while (*heads) {
        char head[40];
        size_t len = strcspn(heads, "|");
        (void)snprintf(head, sizeof head, "%.*s", (int)len, heads);
        table_cell(t, head);
        heads += len + (heads[len] == '|');
    }
}

void table_cellf(table *t, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    char *text = format_list(format, list);
    va_end(list);
    table_cell(t, text);
    free(text);
}

static void table_row(const table *t, int32_t row, const int32_t *widths)
{
    for (int32_t c = 0; c < t->columns; c++) {
        const char *cell = t->cells[row * t->columns + c];
        put(cell);
        if (c + 1 < t->columns) {
            pad(widths[c] - columns_of(cell) + 2);
        }
    }
    (void)fputc('\n', stdout);
}

void table_end(table *t)
{
    int32_t *widths = need(calloc((size_t)t->columns, sizeof *widths));
    for (int32_t i = 0; i < t->count; i++) {
        int32_t columns = columns_of(t->cells[i]);
        int32_t *widest = &widths[i % t->columns];
        *widest = columns > *widest ? columns : *widest;
    }
    for (int32_t row = 0; t->count > t->columns && row < t->count / t->columns; row++) {
        table_row(t, row, widths);
    }
    for (int32_t i = 0; i < t->count; i++) {
        free(t->cells[i]);
    }
    free(t->cells);
    free(widths);
    *t = (table){0};
}

/* ---- values ---- */

void money_text(char *out, size_t cap, int64_t minor, const char *currency)
{
    char amount[40];
    if (payroute_amount_format(amount, sizeof amount, currency, minor) > 0) {
        (void)snprintf(out, cap, "%s %s", amount, currency);
    } else {
        (void)snprintf(out, cap, "%lld minor units", (long long)minor);
    }
}

void time_text(char *out, size_t cap, int64_t ms)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;
    char text[40] = "";
    if (ms > 0 && gmtime_r(&seconds, &tm) && strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &tm) > 0) {
        (void)snprintf(out, cap, "%s", text);
    } else {
        (void)snprintf(out, cap, "%lld ms", (long long)ms);
    }
}

void put_json_line(const char *text, size_t len)
{
    begun = 1;
    (void)fwrite(text, 1, len, stdout);
    (void)fputc('\n', stdout);
}

int32_t output_closed(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) > 0 && (out.revents & POLLERR) != 0;
}

int output_end(int code)
{
    errno = 0;
    int failed = ferror(stdout) != 0;
    if (fflush(stdout) != 0 || failed || fclose(stdout) != 0) {
        if (errno == EPIPE || output_closed()) {
            return code; /* the reader had enough */
        }
        return complain(code == EXIT_FINE ? EXIT_STORE : code, "standard output: %s",
                        errno ? strerror(errno) : "could not be written");
    }
    return code;
}
