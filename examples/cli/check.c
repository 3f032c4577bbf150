/* `check` and `route`: what a configuration says, and which channel it would give. Nothing is sent or stored.
 */
#include "check.h"
#include "store.h"

#include <payroute/registry.h>
#include <payroute/route.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { CONFIG_MAX = 4 << 20, WHY_CAP = 1 << 16 };

static int32_t ask_view(void *user, char *out, size_t cap)
{
    return payroute_registry_view(user, out, cap);
}

/* ---- a good file ---- */

static void join(char *out, size_t cap, const payroute_json_node *list, const char *between)
{
    size_t len = 0;
    out[0] = '\0';
    for (const payroute_json_node *n = payroute_json_first(list); n && len < cap; n = payroute_json_next(n)) {
        const char *text = payroute_json_text(n);
        len += (size_t)snprintf(out + len, cap - len, "%s%s", len ? between : "", text ? text : "");
    }
}

/* alipay(qr,wap) card(token) */
static void methods_text(char *out, size_t cap, const payroute_json_node *methods)
{
    size_t len = 0;
    out[0] = '\0';
    for (const payroute_json_node *m = payroute_json_first(methods); m && len < cap;
         m = payroute_json_next(m)) {
        char flows[120];
        join(flows, sizeof flows, payroute_json_get(m, "flows"), ",");
        len +=
            (size_t)snprintf(out + len, cap - len, "%s%s(%s)", len ? " " : "", text_of(m, "method"), flows);
    }
}

/* Limits hold in minor units of whatever currency is paid: shown as money where there is one currency only.
 */
static void limits_text(char *out, size_t cap, const payroute_json_node *channel)
{
    const payroute_json_node *currencies = payroute_json_get(channel, "currencies");
    const char *only =
        payroute_json_count(currencies) == 1 ? payroute_json_text(payroute_json_first(currencies)) : "";
    char low[60];
    char high[60] = "no limit";
    money_text(low, sizeof low, number_of(channel, "amount_min_minor"), only);
    if (payroute_json_get(channel, "amount_max_minor")) {
        money_text(high, sizeof high, number_of(channel, "amount_max_minor"), only);
    }
    (void)snprintf(out, cap, "%s to %s", low, high);
}

/* "alipay", or "epay rainbow, legacy" where the provider has forks. */
static void provider_text(char *out, size_t cap, const payroute_json_node *channel)
{
    const char *fork = text_of(channel, "fork");
    (void)snprintf(out, cap, "%s%s%s%s", text_of(channel, "provider"), fork[0] ? " " : "", fork,
                   flag_of(channel, "legacy") ? ", legacy" : "");
}

static void print_legacy(const payroute_json_node *channels)
{
    for (const payroute_json_node *c = payroute_json_first(channels); c; c = payroute_json_next(c)) {
        if (flag_of(c, "legacy")) {
            putf(
                "\n%s is legacy: it signs with MD5 and its answers are not signed at all; where the panel offers "
                "RSA (v2), take that\n",
                text_of(c, "id"));
        }
    }
}

static void print_channels(const char *file, const payroute_json_node *root)
{
    const payroute_json_node *channels = payroute_json_get(root, "channels");
    table t;
    putf("%s: fine, %d channels\n\n", file, (int)payroute_json_count(channels));
    table_begin(&t, "CHANNEL|PROVIDER|ENABLED|PRIORITY|WEIGHT|METHODS|CURRENCIES|AMOUNTS");
    for (const payroute_json_node *c = payroute_json_first(channels); c; c = payroute_json_next(c)) {
        char text[400];
        table_cell(&t, text_of(c, "id"));
        provider_text(text, sizeof text, c);
        table_cell(&t, text);
        table_cell(&t, flag_of(c, "enabled") ? "yes" : "no");
        table_cell(&t, text_of(c, "priority"));
        table_cell(&t, text_of(c, "weight"));
        methods_text(text, sizeof text, payroute_json_get(c, "methods"));
        table_cell(&t, text);
        join(text, sizeof text, payroute_json_get(c, "currencies"), ",");
        table_cell(&t, text);
        limits_text(text, sizeof text, c);
        table_cell(&t, text);
    }
    table_end(&t);
    print_legacy(channels);
}

static int print_good(const args *a, const char *file, payroute_registry *registry, int32_t open_to_others)
{
    int32_t rc = 0;
    payroute_json *doc = NULL;
    char *view = json_ask(ask_view, registry, &rc);
    if (rc > 0) {
        int32_t len = rc;
        rc = payroute_json_parse(&doc, view, (size_t)len, NULL, 0);
    }
    if (rc != PAYROUTE_OK) {
        free(view);
        return complain_rc(a, file, rc, NULL);
    }
    if (wants_json(a)) {
        size_t len = 0;
        payroute_json_out *o = payroute_json_out_new();
        payroute_json_out_object(o, NULL);
        payroute_json_out_flag(o, "ok", 1);
        payroute_json_out_string(o, "file", file);
        payroute_json_out_flag(o, "readable_by_others", open_to_others);
        payroute_json_out_raw(o, "registry", view, strlen(view));
        payroute_json_out_end(o);
        const char *text = payroute_json_out_text(o, &len);
        put_json_line(text ? text : "{}", text ? len : 2);
        payroute_json_out_free(o);
    } else {
        print_channels(file, payroute_json_root(doc));
        print_own_rules(payroute_json_root(doc));
    }
    if (open_to_others) {
        (void)complain(EXIT_FINE, "%s: other users of this machine can read it, and it holds keys: chmod 600",
                       file);
    }
    payroute_json_free(doc);
    free(view);
    return EXIT_FINE;
}

/* ---- a bad one ---- */

static int32_t count_lines(const char *why)
{
    int32_t count = 0;
    for (; *why; why++) {
        count += *why != '\n' && (why[1] == '\n' || why[1] == '\0');
    }
    return count;
}

static int print_bad(const args *a, const char *file, int32_t rc, const char *why)
{
    size_t json_len = 0;
    payroute_json_out *o = payroute_json_out_new();
    const char *at = *why ? why : payroute_rc_text(rc);
    payroute_json_out_object(o, NULL);
    payroute_json_out_flag(o, "ok", 0);
    payroute_json_out_string(o, "file", file);
    payroute_json_out_string(o, "name", payroute_rc_name(rc));
    payroute_json_out_array(o, "problems");
    if (!wants_json(a)) {
        int32_t count = count_lines(at);
        putf("%s: %d problem%s (%s)\n", file, (int)count, count == 1 ? "" : "s", payroute_rc_text(rc));
    }
    while (*at) {
        size_t len = strcspn(at, "\n");
        if (len > 0) {
            payroute_json_out_bytes(o, NULL, at, len);
        }
        if (len > 0 && !wants_json(a)) {
            putf("  %.*s\n", (int)len, at);
        }
        at += len + (at[len] == '\n');
    }
    payroute_json_out_end(o);
    payroute_json_out_end(o);
    const char *text = payroute_json_out_text(o, &json_len);
    if (wants_json(a)) {
        put_json_line(text ? text : "{}", text ? json_len : 2);
    }
    payroute_json_out_free(o);
    return EXIT_NO;
}

/* The registry of a file. EXIT_FINE with *out, or a code with *rc and *why (to be freed) for what is wrong
 * inside. */
static int load(const char *file, payroute_registry **out, int32_t *rc, char **why)
{
    bytes b;
    *out = NULL;
    *rc = PAYROUTE_OK;
    *why = NULL;
    int code = read_file(&b, file, "configuration", CONFIG_MAX);
    if (code != EXIT_FINE) {
        return code;
    }
    *why = need(calloc(1, WHY_CAP));
    *rc = payroute_registry_from_json(out, b.at, b.len, *why, WHY_CAP);
    bytes_wipe(&b);
    return *rc == PAYROUTE_OK ? EXIT_FINE : exit_of(*rc);
}

int run_check(const args *a)
{
    const char *file = a->words[0];
    payroute_registry *registry = NULL;
    char *why = NULL;
    int32_t rc = 0;
    struct stat st;
    int code = load(file, &registry, &rc, &why);
    if (code == EXIT_FINE) {
        int32_t open_to_others = strcmp(file, "-") != 0 && stat(file, &st) == 0 && (st.st_mode & 0044) != 0;
        code = print_good(a, file, registry, open_to_others);
    } else if (why) {
        code = rc == PAYROUTE_E_NOMEM ? complain_rc(a, file, rc, NULL) : print_bad(a, file, rc, why);
    }
    payroute_registry_free(registry);
    free(why);
    return code;
}

/* ---- route ---- */

typedef struct ask_route {
    payroute_registry *registry;
    bytes request;
    int64_t seed;
} ask_route;

static int32_t ask_trace(void *user, char *out, size_t cap)
{
    const ask_route *q = user;
    return payroute_route_explain(q->registry, q->request.at, q->request.len, q->seed, out, cap);
}

static int32_t is_chosen(const payroute_json_node *trace, const payroute_json_node *channel)
{
    return strcmp(text_of(payroute_json_get(trace, "chosen"), "id"), text_of(channel, "id")) == 0;
}

void print_trace_table(const payroute_json_node *root)
{
    char text[500];
    table t;
    table_begin(&t, "CHANNEL|VERDICT|METHOD|FLOW|PRIORITY|WEIGHT|WHY");
    const payroute_json_node *c = payroute_json_first(payroute_json_get(root, "channels"));
    for (; c; c = payroute_json_next(c)) {
        table_cell(&t, text_of(c, "id"));
        table_cell(&t, is_chosen(root, c) ? "chosen" : flag_of(c, "eligible") ? "could" : "left out");
        table_cell(&t, text_of(c, "method"));
        table_cell(&t, text_of(c, "flow"));
        table_cell(&t, text_of(c, "priority"));
        table_cell(&t, text_of(c, "weight"));
        join(text, sizeof text, payroute_json_get(c, "why"), "; ");
        table_cell(&t, text);
    }
    table_end(&t);
    print_trace_scores(root);
}

static void print_trace(const payroute_json_node *root)
{
    const payroute_json_node *request = payroute_json_get(root, "request");
    const payroute_json_node *chosen = payroute_json_get(root, "chosen");
    const payroute_json_node *draw = payroute_json_get(root, "draw");
    char text[500];
    money_text(text, sizeof text, number_of(request, "amount_minor"), text_of(request, "currency"));
    put_pairf("request", "%s, method %s, flow %s%s", text,
              *text_of(request, "method") ? text_of(request, "method") : "any",
              *text_of(request, "flow") ? text_of(request, "flow") : "any",
              flag_of(request, "hold") ? ", authorize only" : "");
    if (payroute_json_type(chosen) == PAYROUTE_JSON_OBJECT) {
        put_pairf("chosen", "%s, method %s, flow %s", text_of(chosen, "id"), text_of(chosen, "method"),
                  text_of(chosen, "flow"));
    } else {
        put_pair("chosen", "none: no channel can take it now");
    }
    const payroute_json_node *rules = payroute_json_get(root, "rules");
    if (*text_of(rules, "decided")) {
        put_pair("by your rule", text_of(rules, "decided"));
    }
    join(text, sizeof text, payroute_json_get(root, "order"), ", ");
    put_pair("then, in order", *text ? text : "none");
    if (payroute_json_type(draw) == PAYROUTE_JSON_OBJECT) {
        put_pairf("draw", "among %s of equal priority, %s of %s by weight", text_of(draw, "among"),
                  text_of(draw, "value"), text_of(draw, "total"));
    }
    if (number_of(root, "retry_ms") > 0) {
        time_text(text, sizeof text, number_of(root, "retry_ms"));
        put_pairf("comes back", "%s", text);
    }
    put("\n");
    print_trace_table(root);
    print_health_place(payroute_json_get(root, "health"));
}

static int request_from_options(const args *a, bytes *out)
{
    int64_t minor = 0;
    int64_t now = -1;
    size_t len = 0;
    int code = args_amount(a, NULL, &minor);
    if (code == EXIT_FINE) {
        code = args_integer(a, OPT_NOW_MS, 0, INT64_C(253402300799000), &now);
    }
    if (code != EXIT_FINE) {
        return code;
    }
    payroute_json_out *o = payroute_json_out_new();
    payroute_json_out_object(o, NULL);
    payroute_json_out_integer(o, "amount_minor", minor);
    payroute_json_out_string(o, "currency", a->value[OPT_CURRENCY] ? a->value[OPT_CURRENCY] : "");
    put_wish(o, a);
    if (a->value[OPT_HOLD]) {
        payroute_json_out_flag(o, "hold", 1);
    }
    if (now >= 0) {
        payroute_json_out_integer(o, "now_ms", now);
    }
    payroute_json_out_end(o);
    const char *text = json_text(o, &len);
    *out = (bytes){.at = need(strndup(text, len)), .len = len};
    payroute_json_out_free(o);
    return EXIT_FINE;
}

static int read_request(const args *a, bytes *out)
{
    if (a->word_count < 2) {
        return request_from_options(a, out);
    }
    if (strcmp(a->words[1], "-") != 0 || strcmp(a->words[0], "-") == 0) {
        return complain(EXIT_USAGE, "route: expected FILE, and - when the request is on standard input");
    }
    if (a->value[OPT_AMOUNT] || a->value[OPT_AMOUNT_MINOR] || a->value[OPT_CURRENCY] ||
        a->value[OPT_METHOD] || a->value[OPT_FLOW] || a->value[OPT_CHANNEL] || a->value[OPT_HOLD] ||
        a->value[OPT_NOW_MS]) {
        return complain(EXIT_USAGE, "route: the request stands on standard input or in options, not both");
    }
    return read_file(out, "-", "request", 1u << 20);
}

static int judge_route(const payroute_json_node *root, const args *a)
{
    (void)a;
    return payroute_json_type(payroute_json_get(root, "chosen")) == PAYROUTE_JSON_OBJECT ? EXIT_FINE : EXIT_NO;
}

static int answer_route(const args *a, ask_route *q)
{
    int32_t rc = 0;
    payroute_json *doc = NULL;
    char *trace = json_ask(ask_trace, q, &rc);
    if (rc < 0) {
        int code = complain_rc(a, "route", rc, trace);
        free(trace);
        return a->word_count < 2 && code == EXIT_DATA ? EXIT_USAGE : code;
    }
    int32_t parsed = payroute_json_parse(&doc, trace, (size_t)rc, NULL, 0);
    const payroute_json_node *root = payroute_json_root(doc);
    if (wants_json(a)) {
        put_json_line(trace, (size_t)rc);
    } else if (parsed == PAYROUTE_OK) {
        print_trace(root);
    }
    int found = judge_route(root, a);
    payroute_json_free(doc);
    free(trace);
    return parsed != PAYROUTE_OK ? complain_rc(a, "route", parsed, NULL) : found;
}

static int32_t names_store(const args *a)
{
    const char *usual = getenv("PAYROUTE_STORE");
    return a->value[OPT_STORE] || (usual && *usual);
}

/* With what the workers of this host know: through the engine, so that it is the same file that they share. */
static int route_with_health(const args *a, const ask_route *q)
{
    session s;
    args own = *a; /* the file is the configuration; a health file alone needs no store */
    own.value[OPT_CONFIG] = a->words[0];
    own.words++;
    own.word_count--;
    if (!names_store(a)) {
        own.value[OPT_STORE] = "memory:";
    }
    int code = session_open(&s, &own);
    if (code != EXIT_FINE) {
        return code;
    }
    int32_t rc = payroute_engine_route(s.engine, q->request.at, q->request.len, q->seed);
    return session_end(&s, rc, judge_route, print_trace);
}

int run_route(const args *a)
{
    if (a->value[OPT_LINES]) {
        return route_lines(a);
    }
    if (a->word_count == 0) {
        return complain(EXIT_USAGE, "route: FILE is missing; see payroute help route");
    }
    ask_route q = {0};
    char *why = NULL;
    int32_t rc = 0;
    int code = args_integer(a, OPT_SEED, INT64_MIN + 1, INT64_MAX - 10, &q.seed);
    if (code == EXIT_FINE) {
        code = read_request(a, &q.request);
    }
    if (code == EXIT_FINE && (names_store(a) || a->value[OPT_HEALTH])) {
        code = route_with_health(a, &q);
    } else if (code == EXIT_FINE) {
        code = load(a->words[0], &q.registry, &rc, &why);
        if (code != EXIT_FINE && why) {
            code = complain_rc(a, a->words[0], rc, why);
        }
        code = code == EXIT_FINE ? answer_route(a, &q) : code;
    }
    payroute_registry_free(q.registry);
    bytes_wipe(&q.request);
    free(why);
    return code;
}
