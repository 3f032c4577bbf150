/* A payment in plain words, and what its state means for the exit status. */
#include "store.h"

#include <stdio.h>
#include <string.h>

/* ---- exit status ---- */

static int32_t is_word(const char *word, const char *list)
{
    size_t len = strlen(word);
    const char *at = len ? strstr(list, word) : NULL;
    return at && (at == list || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0');
}

int judge_payment(const payroute_json_node *root, const args *a)
{
    const char *status = text_of(root, "status");
    (void)a;
    if (is_word(status, "declined expired cancelled failed reversed")) {
        return EXIT_NO;
    }
    if (is_word(status, "paid authorized") || payroute_json_get(root, "show") ||
        payroute_json_get(root, "do")) {
        return EXIT_FINE;
    }
    return EXIT_DOUBT;
}

int judge_cancel(const payroute_json_node *root, const args *a)
{
    (void)a;
    return strcmp(text_of(root, "status"), "cancelled") == 0 || payroute_json_get(root, "do") ? EXIT_FINE
                                                                                              : EXIT_DOUBT;
}

int judge_action(const payroute_json_node *root, const args *a)
{
    const payroute_json_node *x = payroute_json_first(payroute_json_get(root, "actions"));
    for (; x; x = payroute_json_next(x)) {
        if (strcmp(text_of(x, "caller_id"), a->value[OPT_ID]) != 0 ||
            strcmp(text_of(x, "kind"), a->command->name) != 0) {
            continue;
        }
        const char *state = text_of(x, "state");
        return strcmp(state, "done") == 0      ? EXIT_FINE
               : strcmp(state, "failed") == 0  ? EXIT_NO
               : payroute_json_get(root, "do") ? EXIT_FINE
                                               : EXIT_DOUBT;
    }
    return EXIT_DOUBT;
}

/* ---- words ---- */

static const char *status_words(const char *status, const payroute_json_node *root)
{
    if (strcmp(status, "open") == 0) {
        return "open: nothing is decided";
    }
    if (strcmp(status, "pending") == 0) {
        return payroute_json_get(root, "show") ? "pending: the customer can pay now"
                                               : "pending: not known yet; never take it for a failure";
    }
    if (strcmp(status, "authorized") == 0) {
        return "authorized: held, not captured";
    }
    if (strcmp(status, "reversed") == 0) {
        return "reversed: the money went back";
    }
    if (strcmp(status, "failed") == 0) {
        return "failed: nothing was taken";
    }
    return status;
}

static void print_show(const payroute_json_node *show)
{
    static const struct {
        const char *kind;
        const char *text;
    } kinds[] = {{"qr", "this text as a QR code"},
                 {"url", "a redirect to this address"},
                 {"form", "this HTML form"},
                 {"client_secret", "this to the provider's own page script"}};
    const char *what = "this";
    char until[60] = "";
    if (!show) {
        return;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        what = strcmp(kinds[i].kind, text_of(show, "kind")) == 0 ? kinds[i].text : what;
    }
    if (number_of(show, "expires_ms") > 0) {
        time_text(until, sizeof until, number_of(show, "expires_ms"));
    }
    put("\n");
    put_heading("Give the customer");
    putf("  %s%s%s:\n  %s\n", what, *until ? ", until " : "", until, text_of(show, "text"));
}

static void print_do(const payroute_json_node *work)
{
    if (!work) {
        return;
    }
    put("\n");
    put_heading("You must act");
    putf("  %s on channel %s under the key %s%s, then say what came of it: payroute feed\n",
         text_of(work, "do"), text_of(work, "channel"), text_of(work, "key"),
         flag_of(work, "money") ? " (it moves money)" : "");
}

static void print_guidance(const payroute_json_node *g)
{
    if (!g) {
        return;
    }
    put("\n");
    put_heading("Why, and what to say");
    put_pair("reason", text_of(g, "reason"));
    if (*text_of(g, "advice")) {
        put_pair("next", text_of(g, "advice"));
    }
    put_pair("customer", text_of(g, "customer"));
    put_pair("shop", text_of(g, "merchant"));
    if (*text_of(g, "provider_message")) {
        put_pair("provider said", text_of(g, "provider_message"));
    }
}

static void print_choice(const payroute_json_node *trace)
{
    const char *decided = text_of(payroute_json_get(trace, "rules"), "decided");
    if (!trace) {
        return;
    }
    put("\n");
    put_heading("Why this channel");
    if (*decided) {
        put_pair("by your rule", decided);
    }
    print_trace_table(trace);
}

static void review_text(char *out, size_t cap, const payroute_json_node *attempt)
{
    size_t len = 0;
    out[0] = '\0';
    const payroute_json_node *n = payroute_json_first(payroute_json_get(attempt, "review"));
    for (; n && len < cap; n = payroute_json_next(n)) {
        const char *text = payroute_json_text(n);
        len += (size_t)snprintf(out + len, cap - len, "%s%s", len ? "," : "", text ? text : "");
    }
}

static void print_attempts(const payroute_json_node *attempts, const char *currency)
{
    table t;
    table_begin(&t,
                "ATTEMPT|CHANNEL|METHOD|FLOW|STATE|CAPTURED|RETURNED|REASON|A PERSON MUST LOOK|REFERENCE");
    for (const payroute_json_node *x = payroute_json_first(attempts); x; x = payroute_json_next(x)) {
        char text[160];
        table_cell(&t, text_of(x, "attempt"));
        table_cell(&t, text_of(x, "channel"));
        table_cell(&t, text_of(x, "method"));
        table_cell(&t, text_of(x, "flow"));
        table_cell(&t, text_of(x, "state"));
        money_text(text, sizeof text, number_of(x, "captured_minor"), currency);
        table_cell(&t, text);
        money_text(text, sizeof text, number_of(x, "reversed_minor"), currency);
        table_cell(&t, text);
        table_cell(&t, text_of(x, "reason"));
        review_text(text, sizeof text, x);
        table_cell(&t, text);
        table_cell(&t, text_of(x, "reference"));
    }
    table_end(&t);
}

static void print_actions(const payroute_json_node *actions, const char *currency)
{
    table t;
    table_begin(&t, "ACTION|ATTEMPT|STATE|AMOUNT|ID|REASON");
    for (const payroute_json_node *x = payroute_json_first(actions); x; x = payroute_json_next(x)) {
        char text[80];
        table_cell(&t, text_of(x, "kind"));
        table_cell(&t, text_of(x, "attempt"));
        table_cell(&t, text_of(x, "state"));
        money_text(text, sizeof text, number_of(x, "amount_minor"), currency);
        table_cell(&t, text);
        table_cell(&t, text_of(x, "caller_id"));
        table_cell(&t, text_of(x, "reason"));
    }
    table_end(&t);
}

void print_events(const payroute_json_node *events)
{
    table t;
    table_begin(&t, "EVENT|PAYMENT|ORDER|WHAT|WHEN");
    for (const payroute_json_node *e = payroute_json_first(events); e; e = payroute_json_next(e)) {
        char when[60];
        table_cell(&t, text_of(e, "id"));
        table_cell(&t, text_of(e, "payment_id"));
        table_cell(&t, text_of(e, "order_id"));
        table_cell(&t, text_of(e, "kind"));
        time_text(when, sizeof when, number_of(e, "at_ms"));
        table_cell(&t, when);
    }
    table_end(&t);
}

static void print_money(const payroute_json_node *root)
{
    const char *currency = text_of(root, "currency");
    char text[80];
    char returned[80];
    money_text(text, sizeof text, number_of(root, "amount_minor"), currency);
    put_pair("amount", text);
    if (number_of(root, "captured_minor") > 0) {
        money_text(text, sizeof text, number_of(root, "captured_minor"), currency);
        money_text(returned, sizeof returned, number_of(root, "reversed_minor"), currency);
        put_pairf("captured", "%s; returned: %s", text, returned);
    }
}

void print_payment(const payroute_json_node *root)
{
    char text[80];
    putf("Payment %s, order %s\n", text_of(root, "payment_id"), text_of(root, "order_id"));
    put_pairf("status", "%s%s", status_words(text_of(root, "status"), root),
              flag_of(root, "final") ? " (final)" : "");
    print_money(root);
    const payroute_json_node *denied = payroute_json_get(root, "denied");
    if (denied) {
        put_pairf("refused", "by your rule %s: %s; nothing was sent", text_of(denied, "rule"),
                  text_of(denied, "reason"));
    }
    if (flag_of(root, "may_still_pay")) {
        put_pair("but", "late money may still come; it would be accepted or returned");
    }
    if (flag_of(root, "review")) {
        put_pair("but", "a person must look: see the table, and payroute help resolve");
    }
    if (flag_of(root, "out_of_budget")) {
        put_pair("but", "the budget was too short for what is due; call payroute advance with a longer one");
    }
    if (strcmp(text_of(root, "status"), "open") == 0 &&
        payroute_json_count(payroute_json_get(root, "attempts")) == 0) {
        put_pair("but", "nothing is begun; a method is chosen with payroute switch");
    }
    if (!flag_of(root, "final") && number_of(root, "wake_ms") > 0) {
        time_text(text, sizeof text, number_of(root, "wake_ms"));
        put_pair("looks again", text);
    }
    print_show(payroute_json_get(root, "show"));
    print_do(payroute_json_get(root, "do"));
    print_guidance(payroute_json_get(root, "guidance"));
    print_choice(payroute_json_get(root, "trace"));
    if (payroute_json_count(payroute_json_get(root, "attempts")) > 0) {
        put("\n");
        print_attempts(payroute_json_get(root, "attempts"), text_of(root, "currency"));
    }
    if (payroute_json_count(payroute_json_get(root, "actions")) > 0) {
        put("\n");
        print_actions(payroute_json_get(root, "actions"), text_of(root, "currency"));
    }
    if (payroute_json_count(payroute_json_get(root, "events")) > 0) {
        put("\n");
        print_events(payroute_json_get(root, "events"));
    }
}
