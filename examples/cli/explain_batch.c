/* `explain --batch`: a stream of questions and of answers, one for one. */
#include "cli.h"

#include <payroute/catalog.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
