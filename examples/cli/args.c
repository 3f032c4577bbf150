/* Arguments: what is misspelt gets the nearest name, what looks like a secret gets refused before anything is
   done with it, since arguments are seen by every user of the machine and kept in shell histories. */
#include "cli.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- secrets ---- */

/* Prefix at a word's begin. */
static int32_t has_word(const char *text, const char *prefix)
{
    for (const char *at = strstr(text, prefix); at; at = strstr(at + 1, prefix)) {
        if (at == text || !isalnum((unsigned char)at[-1])) {
            return 1;
        }
    }
    return 0;
}

/* A key without its envelope: one very long run of base64. */
static int32_t long_base64(const char *text)
{
    size_t run = 0;
    for (; *text; text++) {
        run = isalnum((unsigned char)*text) || *text == '+' || *text == '/' || *text == '=' ? run + 1 : 0;
        if (run >= 400) {
            return 1;
        }
    }
    return 0;
}

static const char *secret_kind(const char *text)
{
    static const char *const prefixes[] = {"sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_"};
    const char *value = text[0] == '-' && strchr(text, '=') ? strchr(text, '=') + 1 : text;
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        if (has_word(text, prefixes[i])) {
            return "a provider's secret key";
        }
    }
    if (strncmp(value, "rk_", 3) == 0) {
        return "a provider's secret key";
    }
    if (strstr(text, "PRIVATE KEY") || strstr(text, "-----BEGIN") || long_base64(text)) {
        return "a private key";
    }
    const char *host = strstr(value, "://");
    size_t authority = host ? strcspn(host + 3, "/?#") : 0;
    const char *at = host ? memchr(host + 3, '@', authority) : NULL;
    if (at && memchr(host + 3, ':', (size_t)(at - host - 3))) {
        return "a password in an address";
    }
    return (value[0] == '{' || value[0] == '[') && strstr(value, "\":") ? "JSON, which may hold keys" : NULL;
}

int args_refuse_secrets(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *kind = secret_kind(argv[i]);
        if (kind) {
            return complain(EXIT_USAGE,
                            "argument %d looks like %s: secrets never stand on the command line, where "
                            "others can read them; put them into the configuration file",
                            i, kind);
        }
    }
    return EXIT_FINE;
}

/* ---- options ---- */

static int unknown_option(const command *c, const char *name, size_t len)
{
    char given[48];
    char shown[64];
    (void)snprintf(given, sizeof given, "%.*s", len < 40 ? (int)len : 40, name);
    clean(shown, sizeof shown, given);
    for (int32_t i = 0; i < OPT_COUNT; i++) {
        if (strlen(cli_options[i].name) == len && memcmp(cli_options[i].name, name, len) == 0) {
            return complain(EXIT_USAGE, "%s: takes no option --%s; see payroute help %s", c->name, shown,
                            c->name);
        }
    }
    const char *nearest = option_nearest(c, name, len);
    if (nearest) {
        return complain(EXIT_USAGE, "%s: unknown option --%s; did you mean --%s?", c->name, shown, nearest);
    }
    return complain(EXIT_USAGE, "%s: unknown option --%s; see payroute help %s", c->name, shown, c->name);
}

static int32_t option_id(const command *c, const char *name, size_t len)
{
    uint64_t may = c->options | BIT(OPT_JSON) | BIT(OPT_HELP);
    for (int32_t i = 0; i < OPT_COUNT; i++) {
        if ((may & BIT(i)) && strlen(cli_options[i].name) == len &&
            memcmp(cli_options[i].name, name, len) == 0) {
            return i;
        }
    }
    return -1;
}

/* Exactly what the library takes for text: what it would replace would name another order. */
static int32_t is_text(const char *value)
{
    size_t len = 0;
    payroute_json *doc = NULL;
    payroute_json_out *out = payroute_json_out_new();
    payroute_json_out_string(out, NULL, value);
    const char *json = json_text(out, &len);
    int32_t same = payroute_json_parse(&doc, json, len, NULL, 0) == PAYROUTE_OK &&
                   strcmp(payroute_json_string(payroute_json_root(doc)), value) == 0;
    payroute_json_free(doc);
    payroute_json_out_free(out);
    return same;
}

static int32_t is_path(int32_t id)
{
    return id == OPT_CONFIG || id == OPT_STORE || id == OPT_STATE_DIR || id == OPT_CATALOG ||
           id == OPT_HEADERS_FILE;
}

static int keep_value(args *a, int32_t id, const char *value)
{
    const option *o = &cli_options[id];
    if (id == OPT_HEADER) {
        if (a->header_count == HEADERS_MAX) {
            return complain(EXIT_USAGE, "--header: at most %d", HEADERS_MAX);
        }
        a->headers[a->header_count++] = value;
    } else if (a->value[id]) {
        return complain(EXIT_USAGE, "--%s: given twice", o->name);
    }
    if (!*value && id != OPT_QUERY && id != OPT_MESSAGE) {
        return complain(EXIT_USAGE, "--%s: is empty", o->name);
    }
    if (!is_path(id) && id != OPT_HEADER && id != OPT_QUERY && !is_text(value)) {
        return complain(EXIT_USAGE, "--%s: is not UTF-8", o->name);
    }
    a->value[id] = value;
    return EXIT_FINE;
}

/* One option at argv[0]; *used: how many arguments it took. */
static int read_option(args *a, int argc, char **argv, int *used)
{
    const char *name = argv[0] + 2;
    size_t len = strcspn(name, "=");
    int32_t id = option_id(a->command, name, len);
    *used = 1;
    if (id < 0) {
        return unknown_option(a->command, name, len);
    }
    const option *o = &cli_options[id];
    if (!o->value) {
        return name[len] == '=' ? complain(EXIT_USAGE, "--%s: takes no value", o->name)
                                : keep_value(a, id, "1");
    }
    if (name[len] == '=') {
        return keep_value(a, id, name + len + 1);
    }
    if (argc < 2 || strncmp(argv[1], "--", 2) == 0) {
        return complain(EXIT_USAGE, "--%s: expected %s behind it", o->name, o->value);
    }
    *used = 2;
    return keep_value(a, id, argv[1]);
}

static int count_words(const args *a)
{
    const command *c = a->command;
    char shown[48];
    if (a->value[OPT_HELP]) {
        return EXIT_FINE;
    }
    if (a->word_count > c->words_max) {
        return complain(EXIT_USAGE, "%s: \"%s\" is one too many; usage: payroute %s %s", c->name,
                        clean(shown, sizeof shown, a->words[c->words_max]), c->name, c->usage);
    }
    if (a->word_count < c->words_min) {
        return complain(EXIT_USAGE, "%s: something is missing; usage: payroute %s %s", c->name, c->name,
                        c->usage);
    }
    return EXIT_FINE;
}

int args_read(args *a, const command *c, int argc, char **argv)
{
    int only_words = 0;
    *a = (args){.command = c, .words = argv}; /* words move to the front */
    for (int i = 0; i < argc;) {
        int used = 1;
        if (!only_words && strcmp(argv[i], "--") == 0) {
            only_words = 1;
        } else if (!only_words && strcmp(argv[i], "-h") == 0) {
            a->value[OPT_HELP] = "1";
        } else if (!only_words && argv[i][0] == '-' && argv[i][1] == '-') {
            int code = read_option(a, argc - i, argv + i, &used);
            if (code != EXIT_FINE) {
                return code;
            }
        } else if (!only_words && argv[i][0] == '-' && argv[i][1]) {
            char shown[48];
            return complain(EXIT_USAGE, "%s: unknown option %s; options begin with two dashes", c->name,
                            clean(shown, sizeof shown, argv[i]));
        } else {
            a->words[a->word_count++] = argv[i];
        }
        i += used;
    }
    return count_words(a);
}

int32_t args_dash(const args *a)
{
    return a->word_count > 0 && strcmp(a->words[a->word_count - 1], "-") == 0;
}

/* ---- values ---- */

int args_integer(const args *a, enum option_id id, int64_t low, int64_t high, int64_t *out)
{
    const char *text = a->value[id];
    char shown[40];
    int64_t value = 0;
    if (!text) {
        return EXIT_FINE;
    }
    const char *at = text + (text[0] == '-');
    int32_t good = *at != '\0';
    for (; *at && good; at++) {
        good = isdigit((unsigned char)*at) && value <= (INT64_MAX - 9) / 10;
        value = good ? value * 10 + (*at - '0') : value;
    }
    value = text[0] == '-' ? -value : value;
    if (!good || value < low || value > high) {
        return complain(EXIT_USAGE, "--%s: expected a whole number from %lld to %lld, got \"%s\"",
                        cli_options[id].name, (long long)low, (long long)high,
                        clean(shown, sizeof shown, text));
    }
    *out = value;
    return EXIT_FINE;
}

int args_amount(const args *a, const char *currency, int64_t *minor)
{
    const char *text = a->value[OPT_AMOUNT];
    const char *unit = currency ? currency : a->value[OPT_CURRENCY];
    char shown[40];
    if (!text == !a->value[OPT_AMOUNT_MINOR]) {
        return complain(EXIT_USAGE, "%s: expected either --amount or --amount-minor", a->command->name);
    }
    if (!unit) {
        return complain(EXIT_USAGE, "--currency: is missing; amounts have no default currency");
    }
    if (payroute_currency_exponent(unit) < 0) {
        return complain(EXIT_USAGE, "--currency: unknown currency \"%s\"", clean(shown, sizeof shown, unit));
    }
    if (!text) {
        return args_integer(a, OPT_AMOUNT_MINOR, 1, INT64_C(999999999999999), minor);
    }
    int32_t rc = payroute_amount_parse(minor, unit, text, strlen(text));
    if (rc != PAYROUTE_OK || *minor < 1) {
        return complain(EXIT_USAGE, "--amount: expected a decimal such as 12.50 in %s, got \"%s\"", unit,
                        clean(shown, sizeof shown, text));
    }
    return EXIT_FINE;
}

void put_wish(payroute_json_out *out, const args *a)
{
    static const enum option_id ids[] = {OPT_METHOD, OPT_FLOW, OPT_CHANNEL, OPT_INSTRUMENT};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        if (a->value[ids[i]]) {
            payroute_json_out_string(out, cli_options[ids[i]].name, a->value[ids[i]]);
        }
    }
}
