/* `explain`: one code, as a page for a person who has never seen the library. */
#include "cli.h"

#include <payroute/catalog.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct phrase {
    const char *word;
    const char *text;
} phrase;

static const phrase faults[] = {
    {"nobody", "nobody's"},
    {"customer", "the customer's"},
    {"issuer", "the bank's or account keeper's (the issuer)"},
    {"network", "the card network's"},
    {"provider", "the provider's"},
    {"merchant", "the shop's (configuration or request)"},
    {"transport", "the connection's"},
    {"unknown", "not known"},
};

static const phrase advices[] = {
    {"never", "never again with this card or account"},
    {"other_instrument", "another card, account or means of payment"},
    {"fix_input", "the customer corrects what was typed, then again"},
    {"customer_acts", "the customer does something elsewhere first, then again"},
    {"authenticate", "again, with the holder's confirmation"},
    {"later", "the same channel, later"},
    {"other_channel", "another channel may be tried now"},
    {"query", "ask the provider what became of it; nothing else before that"},
    {"wait", "wait: the result comes by itself"},
    {"merchant_acts", "the shop has something to mend first"},
    {"already_paid", "look it up and treat it as paid"},
    {"none", "nothing is to be done"},
};

static const phrase classes[] = {
    {"UNKNOWN", "nobody knows yet whether money moved: not a failure"},
    {"ACCEPTED", "the call was accepted; whether it is paid is said elsewhere"},
    {"PENDING", "not decided yet"},
    {"ACTION", "the customer must act"},
    {"DECLINED_SOFT", "declined; nothing was taken; it may go well later or elsewhere"},
    {"DECLINED_HARD", "declined for good; nothing was taken"},
    {"DECLINED_CUSTOMER", "refused for this card, account or input; nothing was taken; another may do"},
    {"INVALID", "the request is wrong; nothing was taken"},
    {"REFUSED_BEFORE", "refused before anything was done; nothing was taken"},
    {"NOT_FOUND", "the provider does not know it; whether that proves anything depends on the provider"},
    {"CLOSED", "closed; it takes no money any more"},
    {"PAID_ALREADY", "it was paid before"},
};

static const phrase levels[] = {
    {"overlay", "known: your own row"},
    {"exact", "known exactly"},
    {"normalized", "known, up to case and padding"},
    {"alias", "known under another name"},
    {"prefix", "known by how it begins"},
    {"message", "recognized by the provider's words"},
    {"http", "NOT KNOWN; judged by the HTTP status alone"},
    {"provider", "NOT KNOWN; the safe answer for this provider"},
    {"global", "NOT KNOWN; the safe answer"},
};

#define PHRASE(list, word) phrase_in(list, sizeof(list) / sizeof(list)[0], word)
static const char *phrase_in(const phrase *list, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i].word, word) == 0) {
            return list[i].text;
        }
    }
    return word;
}

static const phrase fields[] = {
    {"card_number", "the card's number"}, {"expiry", "the expiry date"},
    {"cvc", "the security code"},         {"pin", "the PIN"},
    {"holder_name", "the holder's name"}, {"address", "the address"},
    {"email", "the e-mail address"},      {"phone", "the phone number"},
    {"amount", "the amount"},             {"currency", "the currency"},
    {"payment_code", "the payment code"}, {"account_number", "the account's number"},
    {"other", "something else that was typed"},
};

static const phrase acts[] = {
    {"raise_limit", "raise the limit of the card or account"},
    {"enable_online", "enable online payment for the card or account"},
    {"confirm_in_app", "confirm in the bank's or wallet's app"},
    {"verify_identity", "verify identity with the account keeper"},
    {"contact_issuer", "ask the bank or account keeper"},
    {"activate_card", "activate the card"},
    {"add_funds", "put money on the account"},
    {"update_app", "update the bank's or wallet's app"},
    {"show_new_code", "show a new payment code"},
    {"renew_agreement", "renew the agreement"},
    {"start_again", "start the payment again"},
    {"unlock_account", "have the account unlocked"},
    {"complete_payment", "complete the payment that was begun"},
};

static const phrase part_names[] = {
    {"code", "provider's code"}, {"network_code", "network's code"}, {"advice_code", "advice code"},
    {"message", "message"},      {"http_status", "HTTP status"},
};

static const phrase deciders[] = {
    {"code", "the provider's code"},   {"network_code", "the network's code"}, {"advice_code", "the advice code"},
    {"message", "the message"},        {"http_status", "the HTTP status"},     {"default", "a default"},
};

/* "3 days" of 259200. */
static const char *span_text(char out[40], int64_t seconds)
{
    static const struct {
        int64_t seconds;
        const char *name;
    } units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
    size_t i = 0;
    while (seconds % units[i].seconds != 0 || (units[i].seconds == 86400 && seconds < 2 * 86400)) {
        i++;
    }
    int64_t n = seconds / units[i].seconds;
    (void)snprintf(out, 40, "%lld %s%s", (long long)n, units[i].name, n == 1 ? "" : "s");
    return out;
}

/* The words for one audience: in the language asked for, else in Chinese and English. */
static void put_guidance(const payroute_json_node *answer, const char *who, const char *heading)
{
    static const char *const usual[] = {"zh-CN", "en"};
    const payroute_json_node *texts = payroute_json_get(answer, who);
    if (payroute_json_type(texts) == PAYROUTE_JSON_NONE || payroute_json_type(texts) == PAYROUTE_JSON_NULL) {
        return;
    }
    put("\n");
    put_heading(heading);
    if (payroute_json_type(texts) == PAYROUTE_JSON_STRING) {
        put("  ");
        put_wrapped(payroute_json_string(texts), 2);
        return;
    }
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        if (*text_of(texts, usual[i])) {
            put_pair(usual[i], text_of(texts, usual[i]));
        }
    }
}

/* One name in the language asked for, or several. */
static void put_place(const payroute_json_node *place)
{
    const payroute_json_node *names = payroute_json_get(place, "name");
    const char *heading = "where";
    if (payroute_json_type(names) == PAYROUTE_JSON_STRING) {
        put_pair(heading, payroute_json_string(names));
        heading = "";
    }
    for (const payroute_json_node *n = payroute_json_first(names); n; n = payroute_json_next(n)) {
        put_pair(heading, payroute_json_string(n));
        heading = "";
    }
    if (*text_of(place, "url")) {
        put_pair(heading, text_of(place, "url"));
    }
}

static const char *yes(const payroute_json_node *retry, const char *name)
{
    return flag_of(retry, name) ? "yes" : "no";
}

static void put_retry(const payroute_json_node *n)
{
    const payroute_json_node *retry = payroute_json_get(n, "retry");
    int64_t wait = number_of(n, "wait_seconds");
    char span[40];
    put("\n");
    put_heading("May it be tried again?");
    put_pair("next", PHRASE(advices, text_of(n, "advice")));
    if (*text_of(n, "field")) {
        put_pair("what to correct", PHRASE(fields, text_of(n, "field")));
    }
    if (*text_of(n, "act")) {
        put_pair("customer does", PHRASE(acts, text_of(n, "act")));
    }
    put_pair("same channel", yes(retry, "same_channel"));
    put_pair("other channel", yes(retry, "other_channel"));
    put_pair("other card", yes(retry, "other_instrument"));
    if (wait > 0) {
        put_pairf("not before", "%s from now", span_text(span, wait));
    }
    if (flag_of(retry, "network_forbids")) {
        put_pair("network", "The card network forbids another try with this card.");
    }
}

/* What each code of several came to. */
static void put_parts(const payroute_json_node *parts)
{
    if (payroute_json_count(parts) < 2) {
        return;
    }
    for (const payroute_json_node *p = payroute_json_first(parts); p; p = payroute_json_next(p)) {
        int32_t codeless = !*text_of(p, "code") || strcmp(text_of(p, "what"), "message") == 0;
        put_pairf(PHRASE(part_names, text_of(p, "what")), "%s%s%s: %s, known by: %s", text_of(p, "provider"),
                  codeless ? "" : " ", codeless ? "" : text_of(p, "code"), text_of(p, "reason"), text_of(p, "matched"));
    }
}

static void put_match(const payroute_json_node *n)
{
    put("\n");
    put_heading("How it was found");
    put_pairf("match", "%s (%s), decided by %s", PHRASE(levels, text_of(n, "matched")), text_of(n, "matched"),
              PHRASE(deciders, text_of(n, "decided_by")));
    put_parts(payroute_json_get(n, "parts"));
    put_pair("source", *text_of(n, "source") ? text_of(n, "source") : "none");
}

/* To what the provider's own code came by itself, whatever else was said beside it. */
static const char *own_reason(const payroute_json_node *n)
{
    const payroute_json_node *parts = payroute_json_get(n, "parts");
    for (const payroute_json_node *p = payroute_json_first(parts); p; p = payroute_json_next(p)) {
        if (strcmp(text_of(p, "what"), "code") == 0) {
            return text_of(p, "reason");
        }
    }
    return text_of(n, "reason");
}

/* 80 columns: what a terminal has, and what a mail to the shop's owner keeps. */
static void print_page(const args *a, const payroute_json_node *n)
{
    char heading[200];
    char *note = catalog_row_note(a, text_of(n, "provider"), text_of(n, "code"), own_reason(n));
    put_width(80);
    (void)snprintf(heading, sizeof heading, "%.80s  %.100s", text_of(n, "provider"), text_of(n, "code"));
    put_heading(heading);
    put_pair("reason", text_of(n, "reason"));
    put_pair("meaning", text_of(n, "meaning"));
    if (note && *note) {
        put_pair("this code", note);
    }
    put_pair("outcome", PHRASE(classes, text_of(n, "class")));
    put_pair("whose fault", PHRASE(faults, text_of(n, "fault")));
    if (flag_of(n, "channel_fault")) {
        put_pair("channel", "counts against the channel");
    }
    if (flag_of(n, "private_cause")) {
        put_pair("private", "do not tell the customer the cause: use the words below");
    }
    free(note);
    put_guidance(n, "customer", "Tell the customer");
    put_guidance(n, "merchant", "For the shop");
    put_place(payroute_json_get(n, "place"));
    put_guidance(n, "support", "Support asks");
    put_retry(n);
    put_match(n);
}

typedef struct question {
    payroute_catalog *catalog;
    const char *json;
    size_t len;
} question;

static int32_t ask_catalog(void *user, char *out, size_t cap)
{
    const question *q = user;
    return payroute_catalog_explain(q->catalog, q->json, q->len, out, cap);
}

static payroute_json_out *write_question(const args *a, int64_t http)
{
    static const struct {
        enum option_id id;
        const char *name;
    } members[] = {{OPT_OPERATION, "operation"},
                   {OPT_LAYER, "layer"},
                   {OPT_MESSAGE, "message"},
                   {OPT_NETWORK, "network"},
                   {OPT_NETWORK_CODE, "network_code"},
                   {OPT_ADVICE_CODE, "advice_code"},
                   {OPT_LOCALE, "locale"}};
    payroute_json_out *out = payroute_json_out_new();
    payroute_json_out_object(out, NULL);
    payroute_json_out_string(out, "provider", a->words[0]);
    payroute_json_out_string(out, "code", a->words[1]);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (a->value[members[i].id]) {
            payroute_json_out_string(out, members[i].name, a->value[members[i].id]);
        }
    }
    if (http >= 0) {
        payroute_json_out_integer(out, "http", http);
    }
    payroute_json_out_end(out);
    return out;
}

/* Not known by its code or words: the page then holds the safe fallback. */
static int verdict(const payroute_json_node *n)
{
    const char *matched = text_of(n, "matched");
    int32_t guess =
        strcmp(matched, "http") == 0 || strcmp(matched, "provider") == 0 || strcmp(matched, "global") == 0;
    return guess ? EXIT_NO : EXIT_FINE;
}

static int print_answer(const args *a, const char *text, int32_t rc)
{
    payroute_json *doc = NULL;
    if (rc < 0) {
        return complain_rc(a, "explain", rc, text);
    }
    rc = payroute_json_parse(&doc, text, (size_t)rc, NULL, 0);
    if (rc != PAYROUTE_OK) {
        return complain_rc(a, "explain", rc, NULL);
    }
    if (wants_json(a)) {
        put_json_line(text, strlen(text));
    } else {
        print_page(a, payroute_json_root(doc));
    }
    int code = verdict(payroute_json_root(doc));
    payroute_json_free(doc);
    return code;
}

static int explain_one(const args *a, payroute_catalog *catalog)
{
    int64_t http = -1;
    int32_t rc = PAYROUTE_OK;
    int code = args_integer(a, OPT_HTTP, 0, 999, &http);
    if (code != EXIT_FINE) {
        return code;
    }
    payroute_json_out *out = write_question(a, http);
    question q = {.catalog = catalog};
    q.json = payroute_json_out_text(out, &q.len);
    char *answer = json_ask(ask_catalog, &q, &rc);
    code = print_answer(a, answer, rc);
    free(answer);
    payroute_json_out_free(out);
    return code;
}

int run_explain(const args *a)
{
    int rows = a->value[OPT_SEARCH] || a->value[OPT_PROVIDER] || a->value[OPT_LIST] || a->value[OPT_REASON];
    int tables = (a->value[OPT_PROVIDERS] != NULL) + (a->value[OPT_REASONS] != NULL);
    int modes = (a->value[OPT_BATCH] != NULL) + rows + tables;
    if (modes > 1 || (modes == 1 && a->word_count > 0) || (modes == 0 && a->word_count != 2)) {
        return complain(EXIT_USAGE, "explain: expected PROVIDER CODE, or one of --batch, --search, --provider, "
                                    "--list, --reason, --providers, --reasons");
    }
    if (rows || tables) {
        return rows ? run_explain_rows(a) : run_explain_tables(a);
    }
    payroute_catalog *catalog = NULL;
    int code = catalog_open(a, &catalog);
    if (code == EXIT_FINE) {
        code = a->value[OPT_BATCH] ? explain_batch(a, catalog) : explain_one(a, catalog);
    }
    payroute_catalog_free(catalog);
    return code;
}
