/* `explain --batch`: a stream of questions and of answers, one for one; and the rows of the catalogue
 * themselves. */
#include "cli.h"

#include <payroute/catalog.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int catalog_open(const args *a, struct payroute_catalog **out)
{
    const char *path = a->value[OPT_CATALOG];
    bytes b;
    char why[4096] = "";
    *out = NULL;
    if (!path) {
        return EXIT_FINE;
    }
    if (a->value[OPT_BATCH] && strcmp(path, "-") == 0) {
        return complain(EXIT_USAGE, "--catalog: standard input is taken by --batch");
    }
    int code = read_file(&b, path, "catalogue", 8u << 20);
    if (code != EXIT_FINE) {
        return code;
    }
    int32_t rc = payroute_catalog_new(out, b.at, b.len, why, sizeof why);
    bytes_wipe(&b);
    return rc == PAYROUTE_OK ? EXIT_FINE : complain_rc(a, path, rc, why);
}

/* ---- batch ---- */

typedef struct batch {
    payroute_catalog *catalog;
    const char *locale; /* for lines that name none */
    char *out;
    size_t cap;
    int64_t line;
    int64_t bad;
} batch;

static void put_bad(batch *b, int32_t rc, const char *why)
{
    size_t len = 0;
    payroute_json_out *o = payroute_json_out_new();
    payroute_json_out_object(o, NULL);
    payroute_json_out_string(o, "error", *why ? why : payroute_rc_text(rc));
    payroute_json_out_string(o, "name", payroute_rc_name(rc));
    payroute_json_out_integer(o, "line", b->line);
    payroute_json_out_end(o);
    const char *text = payroute_json_out_text(o, &len);
    put_json_line(text ? text : "{\"error\":\"out of memory\"}", text ? len : 25);
    payroute_json_out_free(o);
    b->bad++;
}

static void answer(batch *b, const char *line, size_t len)
{
    int32_t rc = payroute_catalog_explain(b->catalog, line, len, b->out, b->cap);
    while (rc == PAYROUTE_E_BUFFER && b->cap < (1u << 26)) {
        b->cap *= 2;
        free(b->out);
        b->out = need(malloc(b->cap));
        rc = payroute_catalog_explain(b->catalog, line, len, b->out, b->cap);
    }
    if (rc < 0) {
        put_bad(b, rc, b->out);
    } else {
        put_json_line(b->out, (size_t)rc);
    }
}

/* The line with our locale in it, where it is an object that names none. */
static void answer_in_locale(batch *b, const char *line, size_t len)
{
    payroute_json *doc = NULL;
    (void)payroute_json_parse(&doc, line, len, NULL, 0);
    const payroute_json_node *root = payroute_json_root(doc);
    if (payroute_json_type(root) != PAYROUTE_JSON_OBJECT || payroute_json_get(root, "locale")) {
        answer(b, line, len);
    } else {
        size_t new_len = 0;
        payroute_json_out *o = payroute_json_out_new();
        payroute_json_out_object(o, NULL);
        for (const payroute_json_node *m = payroute_json_first(root); m; m = payroute_json_next(m)) {
            payroute_json_out_node(o, payroute_json_name(m), m);
        }
        payroute_json_out_string(o, "locale", b->locale);
        payroute_json_out_end(o);
        const char *text = payroute_json_out_text(o, &new_len);
        if (text) {
            answer(b, text, new_len);
        } else {
            put_bad(b, PAYROUTE_E_NOMEM, "");
        }
        payroute_json_out_free(o);
    }
    payroute_json_free(doc);
}

int explain_batch(const args *a, struct payroute_catalog *catalog)
{
    static const enum option_id per_line[] = {OPT_OPERATION, OPT_LAYER,        OPT_MESSAGE,    OPT_HTTP,
                                              OPT_NETWORK,   OPT_NETWORK_CODE, OPT_ADVICE_CODE};
    batch b = {.catalog = catalog, .locale = a->value[OPT_LOCALE], .cap = 8192};
    lines in = {0};
    const char *line = NULL;
    size_t len = 0;
    for (size_t i = 0; i < sizeof per_line / sizeof per_line[0]; i++) {
        if (a->value[per_line[i]]) {
            return complain(EXIT_USAGE, "--%s: with --batch it stands in each line",
                            cli_options[per_line[i]].name);
        }
    }
    b.out = need(malloc(b.cap));
    while (!ferror(stdout) && lines_next(&in, &line, &len)) {
        b.line++;
        if (in.too_long) {
            put_bad(&b, PAYROUTE_E_LIMIT, "the line is too long");
        } else if (b.locale) {
            answer_in_locale(&b, line, len);
        } else {
            answer(&b, line, len);
        }
    }
    int32_t failed = in.failed;
    free(in.at);
    free(b.out);
    if (failed) {
        return complain(EXIT_STORE, "standard input: could not be read");
    }
    return b.bad ? EXIT_DATA : EXIT_FINE;
}

/* ---- rows ---- */

static int32_t ask_row(void *user, char *out, size_t cap)
{
    return payroute_catalog_row_at(*(int32_t *)user, out, cap);
}

static int32_t fits(const args *a, const payroute_json_node *row)
{
    static const char *const members[] = {"code", "alias_of", "reason", "note"};
    if (a->value[OPT_LIST]) {
        return strcmp(text_of(row, "provider"), a->value[OPT_LIST]) == 0;
    }
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (strcasestr(text_of(row, members[i]), a->value[OPT_SEARCH])) {
            return 1;
        }
    }
    return 0;
}

/* As a cell, or as a member of the array. */
static void put_row(const args *a, table *t, const payroute_json_node *row, const char *text, int32_t found)
{
    if (wants_json(a)) {
        (void)fputs(found ? ",\n" : "[\n", stdout);
        (void)fputs(text, stdout);
        return;
    }
    table_cell(t, text_of(row, "provider"));
    table_cell(t, strcmp(text_of(row, "operation"), "*") == 0 ? "any" : text_of(row, "operation"));
    table_cell(t, text_of(row, "layer"));
    table_cell(t, text_of(row, "code"));
    table_cell(t, text_of(row, "reason"));
    table_cell(t, text_of(row, "advice"));
}

/* Which providers there are; rows of one stand together. */
static void put_providers(void)
{
    char last[64] = "";
    put("nothing found; there are rows of:");
    for (int32_t i = 0; i < payroute_catalog_row_count(); i++) {
        int32_t rc = 0;
        payroute_json *doc = NULL;
        char *text = json_ask(ask_row, &i, &rc);
        if (rc > 0 && payroute_json_parse(&doc, text, (size_t)rc, NULL, 0) == PAYROUTE_OK &&
            strcmp(last, text_of(payroute_json_root(doc), "provider")) != 0) {
            (void)snprintf(last, sizeof last, "%s", text_of(payroute_json_root(doc), "provider"));
            putf(" %s", last);
        }
        payroute_json_free(doc);
        free(text);
    }
    put("\n");
}

int run_explain_rows(const args *a)
{
    int32_t found = 0;
    table t;
    table_begin(&t, "PROVIDER|OPERATION|LAYER|CODE|REASON|ADVICE");
    for (int32_t i = 0; i < payroute_catalog_row_count() && !ferror(stdout); i++) {
        int32_t rc = 0;
        payroute_json *doc = NULL;
        char *text = json_ask(ask_row, &i, &rc);
        if (rc > 0 && payroute_json_parse(&doc, text, (size_t)rc, NULL, 0) == PAYROUTE_OK &&
            fits(a, payroute_json_root(doc))) {
            put_row(a, &t, payroute_json_root(doc), text, found++);
        }
        payroute_json_free(doc);
        free(text);
    }
    if (wants_json(a)) {
        (void)fputs(found ? "\n]\n" : "[]\n", stdout);
    } else if (found == 0) {
        if (a->value[OPT_LIST]) {
            put_providers();
        } else {
            put("nothing found\n");
        }
    }
    table_end(&t);
    return found ? EXIT_FINE : EXIT_NO;
}
