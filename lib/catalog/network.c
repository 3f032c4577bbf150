/* The card networks' rules about repeats, out of network_rules.def: as JSON for people, and for the guard as
   questions that need no memory. */
#include "base/text.h"
#include "catalog/network.h"

#include <payroute/json.h>
#include <payroute/network.h>

#include <string.h>

static const pr_network_rule network_rules[] = {
#define X(number, network, kind, codes, on, regions, border, count, counted, hours, minor, currency, from,   \
          to, dated, source, note)                                                                           \
    {number,                                                                                                 \
     from,                                                                                                   \
     to,                                                                                                     \
     count,                                                                                                  \
     hours,                                                                                                  \
     minor,                                                                                                  \
     PR_NETWORK_##kind,                                                                                      \
     PR_NETWORK_##on,                                                                                        \
     PR_NETWORK_##border,                                                                                    \
     PR_NETWORK_##counted,                                                                                   \
     PR_NETWORK_##dated,                                                                                     \
     currency,                                                                                               \
     regions,                                                                                                \
     network,                                                                                                \
     codes,                                                                                                  \
     source,                                                                                                 \
     note},
#include "catalog/network_rules.def"
#undef X
};

enum { NETWORK_RULES = (int)(sizeof network_rules / sizeof network_rules[0]), FOLDED = 24 };

static const char network_names[][2][16] = {
#define PR_NETWORK_NAME(given, name) {given, name},
#include "catalog/network_names.def"
};

int32_t pr_network_rule_count(void)
{
    return NETWORK_RULES;
}

const pr_network_rule *pr_network_rule_at(int32_t index)
{
    return index >= 0 && index < NETWORK_RULES ? &network_rules[index] : NULL;
}

int32_t pr_network_in_force(const pr_network_rule *rule, int32_t day)
{
    return rule->from <= day && (rule->to == 0 || day <= rule->to);
}

const char *pr_network_name(const char *given)
{
    char folded[FOLDED];
    size_t n = 0;
    for (const char *c = given != NULL ? given : ""; *c != '\0'; c++) {
        if (*c == ' ' || *c == '_' || *c == '-') {
            continue;
        }
        if (n + 1 == sizeof folded) {
            return NULL;
        }
        folded[n++] = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
    }
    folded[n] = '\0';
    for (size_t i = 0; i < sizeof network_names / sizeof network_names[0]; i++) {
        if (strcmp(network_names[i][0], folded) == 0) {
            return network_names[i][1];
        }
    }
    return NULL;
}

/* Whether a list of words has this one, in any case; a code of one digit stands for two ("5" is "05"). */
static int32_t listed(const char *words, const char *word)
{
    char padded[3] = {'0', '\0', '\0'};
    if (word[0] >= '0' && word[0] <= '9' && word[1] == '\0') {
        padded[1] = word[0];
        word = padded;
    }
    size_t len = strlen(word);
    while (*words != '\0') {
        size_t n = strcspn(words, " ");
        if (pr_text_equal_nocase(words, n, word, len)) {
            return 1;
        }
        words += n + (words[n] == ' ');
    }
    return 0;
}

static int32_t region_fits(const pr_network_rule *r, const char *region)
{
    return region == NULL || region[0] == '\0' || r->regions[0] == '*' || listed(r->regions, region);
}

/* A rule for "*" is asked only with a code at hand: without an answer there was no decline. */
static int32_t rule_holds(const pr_network_rule *r, const char *name, const pr_network_ask *ask)
{
    const char *code = r->on == PR_NETWORK_CODE ? ask->code : ask->advice;
    return strcmp(r->network, name) == 0 && pr_network_in_force(r, ask->day) && region_fits(r, ask->region) &&
           code != NULL && code[0] != '\0' && (r->codes[0] == '*' || listed(r->codes, code));
}

/* The next rule of a kind from `from` on; NULL: no more. */
static const pr_network_rule *rule_next(const pr_network_ask *ask, int32_t kind, int32_t *from)
{
    const char *name = pr_network_name(ask->network);
    while (name != NULL && *from < NETWORK_RULES) {
        const pr_network_rule *r = &network_rules[(*from)++];
        if (r->kind == kind && rule_holds(r, name, ask)) {
            return r;
        }
    }
    return NULL;
}

int32_t pr_network_never(const pr_network_ask *ask)
{
    int32_t from = 0;
    const pr_network_rule *r = rule_next(ask, PR_NETWORK_NEVER, &from);
    return r != NULL ? r->number : 0;
}

int32_t pr_network_fix_first(const pr_network_ask *ask)
{
    int32_t from = 0;
    const pr_network_rule *r = rule_next(ask, PR_NETWORK_FIX, &from);
    return r != NULL ? r->number : 0;
}

int32_t pr_network_wait_hours(const pr_network_ask *ask)
{
    int32_t from = 0;
    int32_t hours = 0;
    for (const pr_network_rule *r = rule_next(ask, PR_NETWORK_WAIT, &from); r != NULL;
         r = rule_next(ask, PR_NETWORK_WAIT, &from)) {
        hours = r->hours > hours ? r->hours : hours;
    }
    return hours;
}

int32_t pr_network_limit_at(pr_network_limit *out, const pr_network_ask *ask, int32_t index)
{
    int32_t from = 0;
    const pr_network_rule *r = rule_next(ask, PR_NETWORK_LIMIT, &from);
    for (int32_t i = 0; r != NULL && i < index; i++) {
        r = rule_next(ask, PR_NETWORK_LIMIT, &from);
    }
    if (r == NULL || index < 0) {
        return 0;
    }
    int32_t repeats =
        r->counted == PR_NETWORK_REPEATS_AMOUNT || r->counted == PR_NETWORK_REPEATS_AMOUNT_MONTH;
    out->rule = r->number;
    out->attempts = r->count + repeats;
    out->hours = r->hours;
    out->same_amount = r->counted != PR_NETWORK_DECLINES;
    return 1;
}

/* ---- JSON ---- */

static int32_t is_day(int32_t day)
{
    char text[20] = "0000-00-00 00:00:00";
    int64_t ms = 0;
    static const uint8_t at[8] = {9, 8, 6, 5, 3, 2, 1, 0};
    int32_t left = day;
    for (size_t i = 0; i < sizeof at; i++) {
        text[at[i]] = (char)('0' + left % 10);
        left /= 10;
    }
    return day > 0 && left == 0 && pr_time_parse_civil(&ms, text, 0) == PAYROUTE_OK;
}

static void write_words(payroute_json_out *o, const char *name, const char *words)
{
    payroute_json_out_array(o, name);
    while (*words != '\0') {
        size_t n = strcspn(words, " ");
        payroute_json_out_bytes(o, NULL, words, n);
        words += n + (words[n] == ' ');
    }
    payroute_json_out_end(o);
}

static void write_number(payroute_json_out *o, const char *name, int32_t value)
{
    if (value == 0) {
        payroute_json_out_null(o, name);
    } else {
        payroute_json_out_integer(o, name, value);
    }
}

static void write_rule(payroute_json_out *o, const pr_network_rule *r)
{
    static const char kinds[][8] = {"", "never", "fix", "wait", "limit", "volume", "fee"};
    static const char ons[][16] = {"", "response_code", "advice_code"};
    static const char borders[][16] = {"", "any", "domestic", "cross_border"};
    static const char counts[][24] = {"",         "repeats_amount",  "repeats_amount_month",
                                      "declines", "declines_amount", "declines_all_cards"};
    payroute_json_out_object(o, NULL);
    payroute_json_out_integer(o, "rule", r->number);
    payroute_json_out_string(o, "network", r->network);
    payroute_json_out_string(o, "kind", kinds[r->kind]);
    payroute_json_out_string(o, "on", ons[r->on]);
    write_words(o, "codes", r->codes);
    write_words(o, "regions", r->regions);
    payroute_json_out_string(o, "border", borders[r->border]);
    write_number(o, "count", r->count);
    payroute_json_out_string(o, "counted", r->counted != 0 ? counts[r->counted] : NULL);
    write_number(o, "hours", r->hours);
    if (r->minor > 0) {
        payroute_json_out_object(o, "fee");
        payroute_json_out_integer(o, "minor", r->minor);
        payroute_json_out_string(o, "currency", r->currency);
        payroute_json_out_end(o);
    } else {
        payroute_json_out_null(o, "fee");
    }
    payroute_json_out_integer(o, "from", r->from);
    write_number(o, "to", r->to);
    payroute_json_out_string(o, "dated", r->dated == PR_NETWORK_STATED ? "stated" : "seen");
    payroute_json_out_string(o, "source", r->source);
    payroute_json_out_string(o, "note", r->note);
    payroute_json_out_end(o);
}

static int32_t rules_out(payroute_json_out *o, char *out, size_t cap)
{
    size_t len = 0;
    const char *text = payroute_json_out_text(o, &len);
    if (text == NULL) {
        return PAYROUTE_E_NOMEM;
    }
    if (len >= cap || len > INT32_MAX) {
        return PAYROUTE_E_BUFFER;
    }
    memcpy(out, text, len + 1);
    return (int32_t)len;
}

int32_t payroute_network_rules(const char *network, int32_t day, char *out, size_t out_cap)
{
    const char *name = NULL;
    if (out == NULL || out_cap == 0) {
        return PAYROUTE_E_ARG;
    }
    out[0] = '\0';
    if (!is_day(day)) {
        return PAYROUTE_E_RANGE;
    }
    if (network != NULL && network[0] != '\0') {
        name = pr_network_name(network);
        if (name == NULL) {
            return PAYROUTE_E_NOT_FOUND;
        }
    }
    payroute_json_out *o = payroute_json_out_new();
    payroute_json_out_object(o, NULL);
    payroute_json_out_integer(o, "day", day);
    payroute_json_out_string(o, "network", name);
    payroute_json_out_array(o, "rules");
    for (int32_t i = 0; i < NETWORK_RULES; i++) {
        const pr_network_rule *r = &network_rules[i];
        if (pr_network_in_force(r, day) && (name == NULL || strcmp(r->network, name) == 0)) {
            write_rule(o, r);
        }
    }
    payroute_json_out_end(o);
    payroute_json_out_end(o);
    int32_t rc = rules_out(o, out, out_cap);
    payroute_json_out_free(o);
    return rc;
}
