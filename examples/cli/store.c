/* One engine for one call: opened, asked, closed, and only then is anything printed. */
#include "store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { CONFIG_MAX = 4 << 20, WHY_CAP = 1 << 16 };

int judge_fine(const payroute_json_node *root, const args *a)
{
    (void)root, (void)a;
    return EXIT_FINE;
}

/* Only `pay` begins a store: elsewhere a wrong path, or a file that lost its bytes, would be an empty store,
 * where everything is fine for ever. */
static int check_exists(const args *a, const char *store)
{
    char shown[160];
    struct stat file;
    const char *path = strncmp(store, "sqlite:", 7) == 0 ? store + 7 : store;
    if (strcmp(a->command->name, "pay") == 0 || strchr(path, ':') || strchr(path, '?')) {
        return EXIT_FINE;
    }
    if (stat(path, &file) != 0) {
        return complain(EXIT_STORE, "store %s: %s; the first payroute pay makes it",
                        clean(shown, sizeof shown, path), strerror(errno));
    }
    if (S_ISREG(file.st_mode) && file.st_size == 0) {
        return complain(EXIT_STORE, "store %s: an empty file, not a store; the first payroute pay makes it",
                        clean(shown, sizeof shown, path));
    }
    return EXIT_FINE;
}

/* A bare path is SQLite's. */
static void put_store(payroute_json_out *o, const char *store)
{
    char *url = need(malloc(strlen(store) + 8));
    (void)sprintf(url, "%s%s", strchr(store, ':') ? "" : "sqlite:", store);
    payroute_json_out_string(o, "store", url);
    free(url);
}

static int put_options(payroute_json_out *o, const args *a, const char *store)
{
    int64_t clock = -1;
    bytes rows = {0};
    int code = args_integer(a, OPT_CLOCK, 1, INT64_C(253402300799000), &clock);
    if (code == EXIT_FINE && a->value[OPT_CATALOG]) {
        code = read_file(&rows, a->value[OPT_CATALOG], "catalogue", 4u << 20);
    }
    payroute_json *doc = NULL;
    char why[200] = "";
    if (code == EXIT_FINE && rows.at) {
        int32_t rc = payroute_json_parse(&doc, rows.at, rows.len, why, sizeof why);
        code = rc == PAYROUTE_OK ? EXIT_FINE : complain_rc(a, a->value[OPT_CATALOG], rc, why);
    }
    payroute_json_out_object(o, NULL);
    put_store(o, store);
    if (a->value[OPT_INSTANCE]) {
        payroute_json_out_string(o, "instance", a->value[OPT_INSTANCE]);
    }
    if (a->value[OPT_STATE_DIR]) {
        payroute_json_out_string(o, "state_dir", a->value[OPT_STATE_DIR]);
    }
    if (a->value[OPT_HEALTH] && strcmp(a->value[OPT_HEALTH], "off") == 0) {
        payroute_json_out_flag(o, "health", 0);
    } else if (a->value[OPT_HEALTH]) {
        payroute_json_out_string(o, "health", a->value[OPT_HEALTH]);
    }
    if (clock >= 0) {
        payroute_json_out_object(o, "clock");
        payroute_json_out_integer(o, "base_ms", clock);
        payroute_json_out_integer(o, "rate", 0);
        payroute_json_out_end(o);
    }
    if (doc) {
        payroute_json_out_node(o, "catalog", payroute_json_root(doc));
    }
    payroute_json_out_end(o);
    payroute_json_free(doc);
    bytes_wipe(&rows);
    return code;
}

/* Standard input is one thing only. */
static int32_t reads_stdin(const args *a)
{
    return args_dash(a) || strcmp(a->command->name, "notify") == 0;
}

static const char *value_or_env(const args *a, enum option_id id, const char *variable)
{
    const char *value = a->value[id] ? a->value[id] : getenv(variable);
    return value && *value ? value : NULL;
}

static int open_engine(session *s, const bytes *config, const char *config_path,
                       const payroute_json_out *options)
{
    size_t len = 0;
    const char *text = json_text(options, &len);
    char *why = need(calloc(1, WHY_CAP));
    char what[200];
    int32_t rc = payroute_engine_open(&s->engine, config->at, config->len, text, len, why, WHY_CAP);
    int code = EXIT_FINE;
    if (rc != PAYROUTE_OK) {
        (void)snprintf(what, sizeof what, "opening with %.120s", config_path);
        code = complain_rc(s->args, what, rc, why);
        code = code == EXIT_NO ? EXIT_STORE : code; /* nothing was asked yet that could be refused */
    }
    free(why);
    return code;
}

int session_open(session *s, const args *a)
{
    const char *config_path = value_or_env(a, OPT_CONFIG, "PAYROUTE_CONFIG");
    const char *store = value_or_env(a, OPT_STORE, "PAYROUTE_STORE");
    bytes config = {0};
    *s = (session){.args = a};
    (void)snprintf(s->what, sizeof s->what, "%s", a->command->name);
    if (!config_path || !store) {
        return complain(EXIT_USAGE, "%s: expected --%s, or $PAYROUTE_%s", a->command->name,
                        config_path ? "store" : "config", config_path ? "STORE" : "CONFIG");
    }
    if (strcmp(config_path, "-") == 0 && reads_stdin(a)) {
        return complain(EXIT_USAGE, "--config: standard input is taken by %s", a->command->name);
    }
    int code = check_exists(a, store);
    if (code != EXIT_FINE) {
        return code;
    }
    payroute_json_out *options = payroute_json_out_new();
    code = put_options(options, a, store);
    if (code == EXIT_FINE) {
        code = read_file(&config, config_path, "configuration", CONFIG_MAX);
    }
    if (code == EXIT_FINE) {
        code = open_engine(s, &config, config_path, options);
    }
    bytes_wipe(&config);
    payroute_json_out_free(options);
    return code;
}

int session_drop(session *s, int code)
{
    payroute_engine_close(s->engine);
    s->engine = NULL;
    return code;
}

/* ---- which payment ---- */

int32_t words_used(const args *a)
{
    return a->value[OPT_PAYMENT] || a->value[OPT_ORDER] ? 0 : 1;
}

static int number_from_word(const char *text, int64_t *id)
{
    char shown[40];
    int64_t value = 0;
    for (const char *at = text; *at; at++) {
        if (*at < '0' || *at > '9' || value > (INT64_MAX - 9) / 10) {
            return complain(EXIT_USAGE, "expected a payment's number, got \"%s\"; for an order say --order",
                            clean(shown, sizeof shown, text));
        }
        value = value * 10 + (*at - '0');
    }
    *id = value;
    return EXIT_FINE;
}

static int find_order(session *s, const char *order)
{
    char shown[80];
    int32_t rc = payroute_engine_find(s->engine, order, &s->payment_id);
    (void)snprintf(s->what, sizeof s->what, "%s of order %s", s->args->command->name,
                   clean(shown, sizeof shown, order));
    return rc == PAYROUTE_OK ? EXIT_FINE : complain_rc(s->args, s->what, rc, NULL);
}

int session_payment(session *s)
{
    const args *a = s->args;
    int code = EXIT_FINE;
    if (a->value[OPT_PAYMENT] && a->value[OPT_ORDER]) {
        code = complain(EXIT_USAGE, "%s: expected --payment or --order, not both", a->command->name);
    } else if (a->value[OPT_ORDER]) {
        return (code = find_order(s, a->value[OPT_ORDER])) == EXIT_FINE ? code : session_drop(s, code);
    } else if (a->value[OPT_PAYMENT]) {
        code = args_integer(a, OPT_PAYMENT, 1, INT64_MAX - 10, &s->payment_id);
    } else if (a->word_count == 0) {
        code = complain(EXIT_USAGE, "%s: which payment? usage: payroute %s %s", a->command->name,
                        a->command->name, a->command->usage);
    } else {
        code = number_from_word(a->words[0], &s->payment_id);
    }
    (void)snprintf(s->what, sizeof s->what, "%s of payment %lld", a->command->name, (long long)s->payment_id);
    return code == EXIT_FINE ? code : session_drop(s, code);
}

/* ---- the end ---- */

int complain_result(const args *a, const char *what, int32_t rc, const payroute_json_node *root)
{
    const payroute_json_node *error = payroute_json_get(root, "error");
    const char *why = text_of(error, "why");
    char text[2048];
    (void)snprintf(text, sizeof text, "%s%s%s", payroute_rc_text(rc), *why ? ": " : "", why);
    for (char *at = text; *at; at++) {
        *at = *at == '\n' && at[1] ? ';' : *at; /* one line */
    }
    (void)complain(exit_of(rc), "%s: %s", what, text);
    /* Something was sent and its answer could not be kept: nobody may take that for a failure. */
    if (strcmp(text_of(root, "status"), "pending") == 0) {
        return complain(EXIT_DOUBT, "%s: what came of it is not known yet; ask again with payroute advance",
                        what);
    }
    if (rc == PAYROUTE_E_SCHEMA && !reads_stdin(a)) {
        return EXIT_USAGE; /* all that could be wrong stood on the command line */
    }
    if (rc == PAYROUTE_E_LIMIT && (a->command->options & BIT(OPT_PAYMENT))) {
        return EXIT_NO; /* refused for this payment, nothing changed */
    }
    return exit_of(rc);
}

int session_end(session *s, int32_t rc, judge_fn judge, print_fn print)
{
    size_t len = 0;
    payroute_json *doc = NULL;
    const char *result = payroute_engine_result(s->engine, &len);
    char *text = need(malloc(len + 1));
    memcpy(text, result, len);
    text[len] = '\0';
    (void)session_drop(s, EXIT_FINE);
    int32_t parsed = payroute_json_parse(&doc, text, len, NULL, 0);
    const payroute_json_node *root = payroute_json_root(doc);
    int code = EXIT_INTERNAL;
    if (parsed != PAYROUTE_OK) {
        code = complain_rc(s->args, s->what, parsed == PAYROUTE_E_NOMEM ? parsed : PAYROUTE_E_INTERNAL, NULL);
    } else {
        if (wants_json(s->args)) {
            put_json_line(text, len);
        }
        if (rc != PAYROUTE_OK) {
            code = complain_result(s->args, s->what, rc, root);
        } else {
            code = judge(root, s->args);
            if (!wants_json(s->args)) {
                print(root);
            }
        }
    }
    payroute_json_free(doc);
    free(text);
    return code;
}
