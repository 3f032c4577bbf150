/* `rules`: what the card networks say about trying a declined card again, as it holds on a day. */
#include "cli.h"

#include <payroute/network.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct day_ask {
    const char *network;
    int32_t day;
} day_ask;

static int32_t ask_rules(void *user, char *out, size_t cap)
{
    const day_ask *ask = user;
    return payroute_network_rules(ask->network, ask->day, out, cap);
}

/* "2026-01-31" to 20260131; 0: no such layout. Whether the day exists, the library says. */
static int32_t day_of(const char *text)
{
    int32_t day = 0;
    for (size_t i = 0; i < 10; i++) {
        int dash = i == 4 || i == 7;
        if (dash ? text[i] != '-' : (text[i] < '0' || text[i] > '9')) {
            return 0;
        }
        day = dash ? day : day * 10 + (text[i] - '0');
    }
    return text[10] == '\0' ? day : 0;
}

static int32_t today(void)
{
    struct tm parts;
    time_t now = time(NULL);
    if (!localtime_r(&now, &parts)) {
        return 0;
    }
    return (parts.tm_year + 1900) * 10000 + (parts.tm_mon + 1) * 100 + parts.tm_mday;
}

static void words_of(char *out, size_t cap, const payroute_json_node *list, const char *all)
{
    size_t used = 0;
    out[0] = '\0';
    for (const payroute_json_node *w = payroute_json_first(list); w; w = payroute_json_next(w)) {
        const char *word = payroute_json_string(w);
        int n = snprintf(out + used, cap - used, "%s%s", used > 0 ? " " : "",
                         strcmp(word, "*") == 0 ? all : word);
        used += n > 0 && (size_t)n < cap - used ? (size_t)n : 0;
    }
}

static void span_text(char *out, size_t cap, int64_t hours)
{
    const char *unit = hours % 24 == 0 ? "day" : "hour";
    int64_t n = hours % 24 == 0 ? hours / 24 : hours;
    (void)snprintf(out, cap, "%d %s%s", (int)n, unit, n == 1 ? "" : "s");
}

/* What the rule says, in words. */
static void rule_text(char *out, size_t cap, const payroute_json_node *r)
{
    static const struct {
        char word[24];
        char text[48];
    } counted[] = {{"repeats_amount", "repeats of the same amount"},
                   {"repeats_amount_month", "repeats of the same amount in a month"},
                   {"declines", "declines"},
                   {"declines_amount", "declines of the same amount"},
                   {"declines_all_cards", "declines of all cards"}};
    const char *kind = text_of(r, "kind");
    char span[40], fee[48];
    const char *of = "";
    span_text(span, sizeof span, number_of(r, "hours"));
    for (size_t i = 0; i < sizeof counted / sizeof counted[0]; i++) {
        of = strcmp(text_of(r, "counted"), counted[i].word) == 0 ? counted[i].text : of;
    }
    if (strcmp(kind, "never") == 0) {
        (void)snprintf(out, cap, "never again with this card");
    } else if (strcmp(kind, "fix") == 0) {
        (void)snprintf(out, cap, "not with the same data");
    } else if (strcmp(kind, "wait") == 0) {
        (void)snprintf(out, cap, "not before %s are over", span);
    } else if (strcmp(kind, "fee") == 0) {
        const payroute_json_node *f = payroute_json_get(r, "fee");
        int64_t after = number_of(r, "count");
        money_text(fee, sizeof fee, number_of(f, "minor"), text_of(f, "currency"));
        (void)snprintf(out, cap, after > 0 ? "costs %s each after %d" : "costs %s each", fee, (int)after);
    } else {
        (void)snprintf(out, cap, "at most %d %s in %s", (int)number_of(r, "count"), of, span);
    }
}

static void print_rule(const payroute_json_node *r)
{
    char number[16], codes[120], regions[40], says[160], dates[48];
    int32_t advice = strcmp(text_of(r, "on"), "advice_code") == 0;
    int64_t from = number_of(r, "from"), to = number_of(r, "to");
    const char *border = text_of(r, "border");
    (void)snprintf(number, sizeof number, "%d", (int)number_of(r, "rule"));
    words_of(codes, sizeof codes, payroute_json_get(r, "codes"),
             strcmp(text_of(r, "kind"), "fee") == 0 ? "any code" : "all other codes");
    words_of(regions, sizeof regions, payroute_json_get(r, "regions"), "everywhere");
    rule_text(says, sizeof says, r);
    int n =
        snprintf(dates, sizeof dates, "since %04d-%02d-%02d%s", (int)(from / 10000), (int)(from / 100 % 100),
                 (int)(from % 100), strcmp(text_of(r, "dated"), "stated") == 0 ? "" : " or longer");
    if (to > 0 && n > 0 && (size_t)n < sizeof dates) {
        (void)snprintf(dates + n, sizeof dates - (size_t)n, " to %04d-%02d-%02d", (int)(to / 10000),
                       (int)(to / 100 % 100), (int)(to % 100));
    }
    put_pairf(number, "%s%s: %s", advice ? "advice code " : "", codes, says);
    put_pairf("", "%s%s, %s; %s", regions,
              strcmp(border, "any") == 0        ? ""
              : strcmp(border, "domestic") == 0 ? ", domestic card"
                                                : ", foreign card",
              dates, text_of(r, "note"));
    put_pair("", text_of(r, "source"));
}

static void print_rules(const payroute_json_node *root)
{
    const char *network = "";
    const payroute_json_node *all = payroute_json_get(root, "rules");
    for (const payroute_json_node *r = payroute_json_first(all); r; r = payroute_json_next(r)) {
        if (strcmp(network, text_of(r, "network")) != 0) {
            put(*network ? "\n" : "");
            network = text_of(r, "network");
            put_heading(network);
        }
        print_rule(r);
    }
    if (!*network) {
        putf("No public rule of %s is known for that day; that is no permission.\n",
             *text_of(root, "network") ? text_of(root, "network") : "any network");
    }
}

int run_rules(const args *a)
{
    day_ask ask = {.network = a->word_count > 0 ? a->words[0] : NULL, .day = today()};
    payroute_json *doc = NULL;
    int32_t rc = 0;
    if (a->value[OPT_DAY]) {
        ask.day = day_of(a->value[OPT_DAY]);
    }
    char *text = json_ask(ask_rules, &ask, &rc);
    int code = EXIT_FINE;
    if (rc == PAYROUTE_E_RANGE) {
        code = complain(EXIT_USAGE, "--day: expected a day such as 2026-01-31");
    } else if (rc == PAYROUTE_E_NOT_FOUND) {
        code = complain(
            EXIT_NO, "rules: no such network; visa, mastercard, elo, amex, discover, unionpay, jcb, diners");
    } else if (rc < 0) {
        code = complain_rc(a, "rules", rc, NULL);
    } else if (wants_json(a)) {
        put_json_line(text, strlen(text));
    } else if ((rc = payroute_json_parse(&doc, text, strlen(text), NULL, 0)) != PAYROUTE_OK) {
        code = complain_rc(a, "rules", rc, NULL);
    } else {
        print_rules(payroute_json_root(doc));
    }
    payroute_json_free(doc);
    free(text);
    return code;
}
