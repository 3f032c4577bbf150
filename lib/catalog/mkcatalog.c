/* Generator and linter of the catalogue in one program: what it accepts is what it writes, so nothing
   unchecked can reach the tables. It runs at build with the host compiler, has no dependency, reports every
   problem as file:line: text before it gives up, and writes constant tables without pointers. */
#include <dirent.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PR_CATALOG_GENERATOR
#include "catalog.h"
#include "details.h"
#include "hash.h"
#include "rules.h"
#include "tables.h"

enum { MAX_FILES = 200, MAX_LOCALES = 20, MAX_REASONS = 110, COLUMNS = 9, NOT_FOUND = -1 };

typedef struct reason {
    int number;
    const char *name;
    int klass;
    int fault;
    int advice;
    int field, act, wait_s;
    int channel_fault;
    int network_forbids;
    int private_cause;
    const char *meaning;
} reason;

static const reason shipped[] = {
#define X(number, name, klass, fault, advice, field, act, wait_s, channel_fault, forbids, private_cause,     \
          meaning)                                                                                           \
    {number,       #name,  PR_CLASS_##klass, PR_FAULT_##fault, PR_ADVICE_##advice, PR_FIELD_##field,         \
     PR_ACT_##act, wait_s, channel_fault,    forbids,          private_cause,      meaning},
#include "reasons.def"
#undef X
};
static const reason *reasons = shipped; /* tests put others here */
static int reason_count = (int)(sizeof shipped / sizeof shipped[0]);

typedef struct line { /* one row of a data file */
    char *operation, *layer, *code, *alias, *cell, *source, *note, *reviewed;
    const char *key; /* normalised code, inside `code` */
    size_t key_len;
    int file;
    int at; /* line number */
    int reason;
    pr_catalog_detail detail; /* as the cell says */
    int target;
    int message_first;
    uint32_t group;
} line;

static struct {
    char *path;
    char *provider;
    size_t first, count;
} files[MAX_FILES];
static int file_count;
static line *lines;
static size_t line_count;
static char *locales[MAX_LOCALES];
static char *locale_paths[MAX_LOCALES];
static int locale_count;
static char *texts[MAX_REASONS][PR_AUDIENCES][MAX_LOCALES];
static int text_lines[MAX_REASONS][PR_AUDIENCES][MAX_LOCALES];
static int problems;
static const char *wanted_locales, *wanted_providers; /* NULL: all */

/* What any provider's answer may lead to: networks, their checks, HTTP and libcurl. */
static const char always_providers[] =
    "http libcurl visa mastercard mastercard_mac amex discover elo unionpay cb_france gicc_de iso8583 iso8583_1993 "
    "iso8583_2003 avs cvv eci emv3ds";

static void complain(const char *path, int at, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void complain(const char *path, int at, const char *format, ...)
{
    va_list args;
    fprintf(stderr, "%s:%d: ", path, at);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    problems++;
}

static void *need(void *block)
{
    if (block == NULL) {
        fputs("mkcatalog: out of memory\n", stderr);
        exit(2);
    }
    return block;
}

static char *copy(const char *text)
{
    size_t n = strlen(text) + 1;
    return memcpy(need(malloc(n)), text, n);
}

static int find_reason(const char *name)
{
    for (int i = 0; i < reason_count; i++) {
        if (strcmp(reasons[i].name, name) == 0) {
            return i;
        }
    }
    return NOT_FOUND;
}

static pr_catalog_detail reason_detail(const reason *r)
{
    return (pr_catalog_detail){r->advice, r->field, r->act, r->wait_s};
}

/* What the row advises: its own cell over the reason's. */
static pr_catalog_detail detail_of(const line *l)
{
    pr_catalog_detail d = l->detail, own = reason_detail(&reasons[l->reason == NOT_FOUND ? 0 : l->reason]);
    pr_catalog_detail_resolve(&d, &own);
    return d;
}

/* In a network's own layers "never" says that the network forbids a repeat. */
static int row_forbids(const line *l)
{
    int network = strcmp(l->layer, "issuer") == 0 || strcmp(l->layer, "advice_code") == 0;
    return (l->reason != NOT_FOUND && reasons[l->reason].network_forbids) ||
           (network && l->detail.advice == PR_ADVICE_NEVER);
}

static int is_prefix(const line *l)
{
    size_t n = strlen(l->code);
    return n > 1 && l->code[n - 1] == '*' && strcmp(l->layer, "message") != 0;
}
static int is_message(const line *l)
{
    return strcmp(l->layer, "message") == 0;
}
static int is_default(const line *l)
{
    return strcmp(l->code, "*") == 0;
}
static int is_keyed(const line *l)
{
    return !is_prefix(l) && !is_message(l) && !is_default(l);
}

#include "mkcatalog_read.h"
#include "mkcatalog_lint.h"
#include "mkcatalog_network.h"
#include "mkcatalog_words.h"
#include "mkcatalog_write.h"

int main(int argc, char **argv)
{
    const char *out = NULL;
    int at = 1;
    wanted_locales = wanted_providers = NULL;
    for (; at + 1 < argc && argv[at][0] == '-'; at += 2) {
        const char **where = strcmp(argv[at], "-o") == 0   ? &out
                             : strcmp(argv[at], "-l") == 0 ? &wanted_locales
                             : strcmp(argv[at], "-p") == 0 ? &wanted_providers
                                                           : NULL;
        if (where == NULL) {
            break;
        }
        *where = argv[at + 1];
    }
    if (out == NULL || at + 1 != argc) {
        fputs("usage: mkcatalog -o OUTPUT_DIRECTORY [-l LOCALES] [-p PROVIDERS] CATALOG_DIRECTORY\n", stderr);
        return 2;
    }
    read_data(argv[at]);
    read_texts(argv[at]);
    read_words(argv[at]);
    lint_reasons();
    lint_rows();
    lint_networks();
    lint_words();
    lint_texts();
    if (problems > 0) {
        fprintf(stderr, "mkcatalog: %d problem%s\n", problems, problems == 1 ? "" : "s");
        return 1;
    }
    return write_tables(out);
}
