/* `notify`: a provider's notification as a web server received it, and the exact answer to give. */
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_MAX = 4 << 20, HEADERS_BYTES_MAX = 1 << 18 };

typedef struct notice {
    const char *method;
    const char *query;
    bytes headers;
    bytes body;
    bytes envelope;
    payroute_json *doc;
} notice;

static void notice_free(notice *n)
{
    bytes_wipe(&n->headers);
    bytes_wipe(&n->body);
    bytes_wipe(&n->envelope);
    payroute_json_free(n->doc);
}

/* "Name: value"; a header must not smuggle in another. */
static int32_t header_ok(const char *text)
{
    const char *colon = strchr(text, ':');
    return colon && colon > text && !strpbrk(text, "\r\n") && !memchr(text, ' ', (size_t)(colon - text));
}

static void add_header(bytes *b, const char *name, const char *value)
{
    size_t more = strlen(name) + (value ? strlen(value) + 2 : 0) + 2;
    b->at = need(realloc(b->at, b->len + more + 1));
    (void)sprintf(b->at + b->len, "%s%s%s\r\n", name, value ? ": " : "", value ? value : "");
    b->len += more;
}

static int headers_from_options(const args *a, notice *n)
{
    char shown[40];
    if (a->value[OPT_HEADERS_FILE]) {
        if (strcmp(a->value[OPT_HEADERS_FILE], "-") == 0) {
            return complain(EXIT_USAGE, "--headers-file: standard input is taken by the body");
        }
        int code = read_file(&n->headers, a->value[OPT_HEADERS_FILE], "headers", HEADERS_BYTES_MAX);
        if (code != EXIT_FINE) {
            return code;
        }
        if (n->headers.len > 0 && n->headers.at[n->headers.len - 1] != '\n') {
            n->headers.at = need(realloc(n->headers.at, n->headers.len + 3));
            memcpy(n->headers.at + n->headers.len, "\r\n", 3);
            n->headers.len += 2;
        }
    }
    for (int32_t i = 0; i < a->header_count; i++) {
        if (!header_ok(a->headers[i])) {
            return complain(EXIT_USAGE, "--header: expected 'Name: value', got \"%s\"",
                            clean(shown, sizeof shown, a->headers[i]));
        }
        add_header(&n->headers, a->headers[i], NULL);
    }
    return EXIT_FINE;
}

/* ---- envelope ---- */

static int bad_envelope(const char *where, const char *expected)
{
    return complain(EXIT_DATA, "envelope: %s: expected %s", where, expected);
}

/* {"Name":"value"} or ["Name: value"] */
static int headers_from_envelope(notice *n, const payroute_json_node *headers)
{
    int32_t type = payroute_json_type(headers);
    if (type > PAYROUTE_JSON_NULL && type != PAYROUTE_JSON_OBJECT && type != PAYROUTE_JSON_ARRAY) {
        return bad_envelope("headers", "an object of texts or an array of \"Name: value\"");
    }
    for (const payroute_json_node *h = payroute_json_first(headers); h; h = payroute_json_next(h)) {
        const char *value = payroute_json_string(h);
        const char *name = type == PAYROUTE_JSON_OBJECT ? payroute_json_name(h) : NULL;
        int32_t ok =
            value && !strpbrk(value, "\r\n") && (name ? *name && !strpbrk(name, ": \r\n") : header_ok(value));
        if (!ok) {
            return bad_envelope("headers", "an object of texts or an array of \"Name: value\"");
        }
        add_header(&n->headers, name ? name : value, name ? value : NULL);
    }
    return EXIT_FINE;
}

static int read_envelope(notice *n)
{
    char why[200] = "";
    int32_t rc = payroute_json_parse(&n->doc, n->envelope.at, n->envelope.len, why, sizeof why);
    if (rc != PAYROUTE_OK) {
        return complain(exit_of(rc), "envelope: %s: %s", payroute_rc_text(rc), why);
    }
    const payroute_json_node *root = payroute_json_root(n->doc);
    if (payroute_json_type(root) != PAYROUTE_JSON_OBJECT) {
        return bad_envelope("the whole", "an object");
    }
    static const char *const names[] = {"method", "query", "body"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const payroute_json_node *m = payroute_json_get(root, names[i]);
        if (payroute_json_type(m) > PAYROUTE_JSON_NULL && !payroute_json_string(m)) {
            return bad_envelope(names[i], "text");
        }
    }
    for (const payroute_json_node *m = payroute_json_first(root); m; m = payroute_json_next(m)) {
        const char *name = payroute_json_name(m);
        if (strcmp(name, "headers") != 0 && strcmp(name, names[0]) != 0 && strcmp(name, names[1]) != 0 &&
            strcmp(name, names[2]) != 0) {
            return bad_envelope(name, "only method, query, headers, body");
        }
    }
    const char *method = payroute_json_string(payroute_json_get(root, "method"));
    const char *query = payroute_json_string(payroute_json_get(root, "query"));
    const char *body = payroute_json_string(payroute_json_get(root, "body"));
    n->method = method ? method : n->method;
    n->query = query ? query : n->query;
    n->body.at = need(strdup(body ? body : ""));
    n->body.len = strlen(n->body.at);
    return headers_from_envelope(n, payroute_json_get(root, "headers"));
}

static int read_notice(const args *a, notice *n)
{
    n->method = a->value[OPT_METHOD] ? a->value[OPT_METHOD] : "POST";
    n->query = a->value[OPT_QUERY] ? a->value[OPT_QUERY] : "";
    if (a->value[OPT_ENVELOPE]) {
        if (a->value[OPT_METHOD] || a->value[OPT_QUERY] || a->header_count > 0 ||
            a->value[OPT_HEADERS_FILE]) {
            return complain(EXIT_USAGE, "--envelope: method, query and headers then stand inside it");
        }
        int code = read_file(&n->envelope, "-", "envelope", BODY_MAX);
        return code == EXIT_FINE ? read_envelope(n) : code;
    }
    int code = headers_from_options(a, n);
    return code == EXIT_FINE ? read_file(&n->body, "-", "notification", BODY_MAX) : code;
}

/* ---- the answer ---- */

static void print_notice(const payroute_json_node *root)
{
    const payroute_json_node *ack = payroute_json_get(root, "ack");
    put_heading("Answer the provider");
    put_pair("status", text_of(ack, "status"));
    put_pair("type", text_of(ack, "type"));
    put_pair("body", text_of(ack, "body"));
    put("\n");
    if (number_of(root, "payment_id") > 0) {
        put_pairf("payment", "%s, %s, %s", text_of(root, "payment_id"), text_of(root, "status"),
                  flag_of(root, "changed") ? "changed by this" : "nothing new in this");
    } else {
        put_pair("payment",
                 flag_of(root, "orphan") ? "not known here: kept, and a person must look" : "none");
    }
    if (payroute_json_count(payroute_json_get(root, "events")) > 0) {
        put("\n");
        print_events(payroute_json_get(root, "events"));
    }
}

/* The bytes are the provider's affair: raw, no newline behind them. */
static int end_ack_only(session *s, int32_t rc)
{
    size_t len = 0;
    payroute_json *doc = NULL;
    const char *result = payroute_engine_result(s->engine, &len);
    int32_t parsed = payroute_json_parse(&doc, result, len, NULL, 0);
    (void)session_drop(s, EXIT_FINE);
    const payroute_json_node *root = payroute_json_root(doc);
    (void)fputs(text_of(payroute_json_get(root, "ack"), "body"), stdout);
    int code = parsed != PAYROUTE_OK ? complain(EXIT_STORE, "%s: %s", s->what, payroute_rc_text(parsed))
               : rc == PAYROUTE_OK   ? EXIT_FINE
                                     : complain_result(s->args, s->what, rc, root);
    payroute_json_free(doc);
    return code;
}

/* Refused ones still have an answer, which the provider must get. */
static int end_notice(session *s, int32_t rc)
{
    size_t len = 0;
    payroute_json *doc = NULL;
    if (rc == PAYROUTE_OK || wants_json(s->args)) {
        return session_end(s, rc, judge_fine, print_notice);
    }
    const char *result = payroute_engine_result(s->engine, &len);
    if (payroute_json_parse(&doc, result, len, NULL, 0) == PAYROUTE_OK) {
        print_notice(payroute_json_root(doc));
    }
    payroute_json_free(doc);
    return session_end(s, rc, judge_fine, print_notice);
}

int run_notify(const args *a)
{
    session s;
    notice n = {0};
    if (a->value[OPT_ACK_ONLY] && wants_json(a)) {
        return complain(EXIT_USAGE, "notify: expected --ack-only or --json, not both");
    }
    int code = read_notice(a, &n);
    if (code == EXIT_FINE) {
        code = session_open(&s, a);
    }
    if (code == EXIT_FINE) {
        char shown[60];
        const char *headers = n.headers.at ? n.headers.at : "";
        int32_t rc = payroute_engine_notify(s.engine, a->words[0], n.method, n.query, strlen(n.query),
                                            headers, n.headers.len, n.body.at, n.body.len);
        (void)snprintf(s.what, sizeof s.what, "notify %s", clean(shown, sizeof shown, a->words[0]));
        code = a->value[OPT_ACK_ONLY] ? end_ack_only(&s, rc) : end_notice(&s, rc);
        code = rc == PAYROUTE_E_NOT_FOUND || rc == PAYROUTE_E_UNSUPPORTED ? EXIT_DATA : code;
    }
    notice_free(&n);
    return code;
}
