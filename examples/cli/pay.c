/* The calls on one payment. */
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A command may live longer than a web request: two exchanges of the longest usual time-out fit. */
enum { BUDGET_MS = 20000, SPEC_MAX = 1 << 20 };

static int read_budget(const args *a, int64_t *budget)
{
    *budget = BUDGET_MS;
    return args_integer(a, OPT_BUDGET_MS, 0, 3600000, budget);
}

/* ---- pay ---- */

static int put_times(payroute_json_out *o, const args *a)
{
    static const struct {
        enum option_id id;
        const char *name;
    } times[] = {{OPT_DEADLINE_MS, "deadline_ms"}, {OPT_ORDERED_AT_MS, "ordered_at_ms"}};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        int64_t ms = -1;
        int code = args_integer(a, times[i].id, 1, INT64_C(253402300799000), &ms);
        if (code != EXIT_FINE) {
            return code;
        }
        if (ms >= 0) {
            payroute_json_out_integer(o, times[i].name, ms);
        }
    }
    return EXIT_FINE;
}

static void put_texts(payroute_json_out *o, const args *a)
{
    static const struct {
        enum option_id id;
        const char *name;
    } texts[] = {{OPT_SUBJECT, "subject"},     {OPT_CUSTOMER, "customer"},     {OPT_RETURN_URL, "return_url"},
                 {OPT_CLIENT_IP, "client_ip"}, {OPT_LATE_MONEY, "late_money"}, {OPT_LOCALE, "locale"}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (a->value[texts[i].id]) {
            payroute_json_out_string(o, texts[i].name, a->value[texts[i].id]);
        }
    }
}

static int spec_from_options(const args *a, payroute_json_out *o)
{
    int64_t minor = 0;
    if (!a->value[OPT_ORDER]) {
        return complain(EXIT_USAGE,
                        "--order: is missing; without it a second call would be a second payment");
    }
    int code = args_amount(a, NULL, &minor);
    if (code != EXIT_FINE) {
        return code;
    }
    payroute_json_out_object(o, NULL);
    payroute_json_out_string(o, "order_id", a->value[OPT_ORDER]);
    payroute_json_out_integer(o, "amount_minor", minor);
    payroute_json_out_string(o, "currency", a->value[OPT_CURRENCY]);
    put_wish(o, a);
    put_texts(o, a);
    if (a->value[OPT_HOLD]) {
        payroute_json_out_flag(o, "hold", 1);
    }
    code = put_times(o, a);
    payroute_json_out_end(o);
    return code;
}

/* What stands beside "-" would be forgotten silently. */
static int refuse_options_beside_dash(const args *a, uint64_t own)
{
    for (int32_t i = 0; i < OPT_COUNT; i++) {
        if (a->value[i] && (own & BIT(i))) {
            return complain(EXIT_USAGE, "%s: --%s beside -: put it into the JSON on standard input",
                            a->command->name, cli_options[i].name);
        }
    }
    return EXIT_FINE;
}

static uint64_t content_options(const args *a)
{
    uint64_t engine = BIT(OPT_CONFIG) | BIT(OPT_STORE) | BIT(OPT_STATE_DIR) | BIT(OPT_INSTANCE) |
                      BIT(OPT_CLOCK) | BIT(OPT_CATALOG) | BIT(OPT_BUDGET_MS) | BIT(OPT_PAYMENT);
    if (strcmp(a->command->name, "pay") != 0) {
        engine |= BIT(OPT_ORDER); /* says which payment */
    }
    return a->command->options & ~engine;
}

static int copy_text(const payroute_json_out *o, bytes *out)
{
    size_t len = 0;
    const char *text = json_text(o, &len);
    *out = (bytes){.at = need(strndup(text, len)), .len = len};
    return EXIT_FINE;
}

static int read_spec(const args *a, bytes *out)
{
    if (a->word_count > 0 && !args_dash(a)) {
        return complain(EXIT_USAGE, "pay: takes no word but -; the order stands behind --order");
    }
    if (args_dash(a)) {
        int code = refuse_options_beside_dash(a, content_options(a));
        return code == EXIT_FINE ? read_file(out, "-", "order", SPEC_MAX) : code;
    }
    payroute_json_out *o = payroute_json_out_new();
    int code = spec_from_options(a, o);
    if (code == EXIT_FINE) {
        code = copy_text(o, out);
    }
    payroute_json_out_free(o);
    return code;
}

int run_pay(const args *a)
{
    session s;
    bytes spec = {0};
    int64_t budget = 0;
    int code = read_budget(a, &budget);
    if (code == EXIT_FINE) {
        code = read_spec(a, &spec);
    }
    if (code == EXIT_FINE) {
        code = session_open(&s, a);
    }
    if (code == EXIT_FINE) {
        char shown[80];
        int32_t rc = payroute_engine_create(s.engine, spec.at, spec.len, budget, &s.payment_id);
        if (a->value[OPT_ORDER]) {
            (void)snprintf(s.what, sizeof s.what, "pay order %s",
                           clean(shown, sizeof shown, a->value[OPT_ORDER]));
        }
        code = session_end(&s, rc, budget > 0 ? judge_payment : judge_fine, print_payment);
        if (rc == PAYROUTE_E_NOT_FOUND || rc == PAYROUTE_E_RANGE) {
            code = EXIT_DATA; /* what was asked for cannot be: no state refused it */
        }
    }
    bytes_wipe(&spec);
    return code;
}

/* ---- on a payment that is there ---- */

static int open_payment(session *s, const args *a, int64_t *budget)
{
    int code = read_budget(a, budget);
    if (code == EXIT_FINE) {
        code = session_open(s, a);
    }
    return code == EXIT_FINE ? session_payment(s) : code;
}

int run_advance(const args *a)
{
    session s;
    int64_t budget = 0;
    int code = open_payment(&s, a, &budget);
    if (code != EXIT_FINE) {
        return code;
    }
    int32_t rc = payroute_engine_advance(s.engine, s.payment_id, budget);
    return session_end(&s, rc, judge_payment, print_payment);
}

int run_show(const args *a)
{
    session s;
    int64_t budget = 0;
    int code = open_payment(&s, a, &budget);
    if (code != EXIT_FINE) {
        return code;
    }
    return session_end(&s, payroute_engine_show(s.engine, s.payment_id), judge_fine, print_payment);
}

int run_cancel(const args *a)
{
    session s;
    int64_t budget = 0;
    int code = open_payment(&s, a, &budget);
    if (code != EXIT_FINE) {
        return code;
    }
    int32_t rc = payroute_engine_cancel(s.engine, s.payment_id, budget);
    return session_end(&s, rc, judge_cancel, print_payment);
}

/* ---- another method or instrument ---- */

static int read_wish(const args *a, bytes *out)
{
    int32_t used = words_used(a);
    if (args_dash(a)) {
        int code = refuse_options_beside_dash(a, content_options(a));
        return code == EXIT_FINE ? read_file(out, "-", "wish", SPEC_MAX) : code;
    }
    if (a->word_count > used) {
        return complain(EXIT_USAGE, "%s: a word too many; usage: payroute %s %s", a->command->name,
                        a->command->name, a->command->usage);
    }
    payroute_json_out *o = payroute_json_out_new();
    payroute_json_out_object(o, NULL);
    put_wish(o, a);
    payroute_json_out_end(o);
    (void)copy_text(o, out);
    payroute_json_out_free(o);
    return EXIT_FINE;
}

typedef int32_t (*wish_call)(payroute_engine *, int64_t, const char *, size_t, int64_t);

static int with_wish(const args *a, wish_call call)
{
    session s;
    bytes wish = {0};
    int64_t budget = 0;
    int code = read_wish(a, &wish);
    if (code == EXIT_FINE) {
        code = open_payment(&s, a, &budget);
    }
    if (code == EXIT_FINE) {
        int32_t rc = call(s.engine, s.payment_id, wish.at, wish.len, budget);
        code = session_end(&s, rc, judge_payment, print_payment);
    }
    bytes_wipe(&wish);
    return code;
}

int run_switch(const args *a)
{
    return with_wish(a, payroute_engine_switch);
}

int run_retry(const args *a)
{
    return with_wish(a, payroute_engine_retry);
}

/* ---- money ---- */

typedef int32_t (*money_call)(payroute_engine *, int64_t, const char *, int64_t, int64_t);

/* --amount is in the payment's own currency, which only the store knows. */
static int amount_of_payment(session *s, int64_t *minor)
{
    size_t len = 0;
    payroute_json *doc = NULL;
    int32_t rc = payroute_engine_show(s->engine, s->payment_id);
    if (rc != PAYROUTE_OK) {
        return session_end(s, rc, judge_fine, print_payment);
    }
    const char *result = payroute_engine_result(s->engine, &len);
    rc = payroute_json_parse(&doc, result, len, NULL, 0);
    int code = rc == PAYROUTE_OK ? args_amount(s->args, text_of(payroute_json_root(doc), "currency"), minor)
                                 : complain_rc(s->args, s->what, rc, NULL);
    payroute_json_free(doc);
    return code == EXIT_FINE ? code : session_drop(s, code);
}

static int with_money(const args *a, money_call call)
{
    session s;
    int64_t minor = 0;
    int64_t budget = 0;
    if (!a->value[OPT_ID]) {
        return complain(EXIT_USAGE, "--id: is missing; without it a second call would act a second time");
    }
    if (!a->value[OPT_AMOUNT] == !a->value[OPT_AMOUNT_MINOR]) {
        return complain(EXIT_USAGE, "%s: expected either --amount or --amount-minor", a->command->name);
    }
    int code = open_payment(&s, a, &budget);
    if (code == EXIT_FINE) {
        code = amount_of_payment(&s, &minor);
    }
    if (code != EXIT_FINE) {
        return code;
    }
    int32_t rc = call(s.engine, s.payment_id, a->value[OPT_ID], minor, budget);
    return session_end(&s, rc, judge_action, print_payment);
}

int run_refund(const args *a)
{
    return with_money(a, payroute_engine_refund);
}

int run_capture(const args *a)
{
    return with_money(a, payroute_engine_capture);
}

/* ---- what people, other programs and browsers say ---- */

/* The word behind the payment: "paid" in `resolve 12 paid`; NULL when it is not exactly there. */
static const char *word_behind(const args *a)
{
    return a->word_count == words_used(a) + 1 ? a->words[a->word_count - 1] : NULL;
}

static int32_t one_of(const char *word, const char *list)
{
    size_t len = strlen(word);
    for (const char *at = strstr(list, word); at && len > 0; at = strstr(at + 1, word)) {
        if ((at == list || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0')) {
            return 1;
        }
    }
    return 0;
}

static int read_word(const args *a, const char *list, const char **word)
{
    char shown[40];
    *word = word_behind(a);
    if (!*word) {
        return complain(EXIT_USAGE, "%s: expected a payment and one word; usage: payroute %s %s",
                        a->command->name, a->command->name, a->command->usage);
    }
    if (!one_of(*word, list)) {
        return complain(EXIT_USAGE, "%s: \"%s\" is none of: %s", a->command->name,
                        clean(shown, sizeof shown, *word), list);
    }
    return EXIT_FINE;
}

static int read_attempt(const args *a, int64_t *attempt)
{
    if (!a->value[OPT_ATTEMPT]) {
        return complain(EXIT_USAGE, "--attempt: is missing; payroute show tells its number");
    }
    return args_integer(a, OPT_ATTEMPT, 1, 1000, attempt);
}

int run_resolve(const args *a)
{
    session s;
    const char *word = NULL;
    int64_t attempt = 0;
    int64_t budget = 0;
    int code = read_word(a, "paid not_paid refunded", &word);
    if (code == EXIT_FINE) {
        code = read_attempt(a, &attempt);
    }
    if (code == EXIT_FINE && (!a->value[OPT_WHO] || !a->value[OPT_EVIDENCE])) {
        code = complain(EXIT_USAGE, "resolve: expected --who and --evidence; both are kept for ever");
    }
    if (code == EXIT_FINE) {
        code = open_payment(&s, a, &budget);
    }
    if (code != EXIT_FINE) {
        return code;
    }
    int32_t rc = payroute_engine_resolve(s.engine, s.payment_id, (int32_t)attempt, word, a->value[OPT_WHO],
                                         a->value[OPT_EVIDENCE]);
    return session_end(&s, rc, judge_fine, print_payment);
}

int run_feed(const args *a)
{
    session s;
    const char *word = NULL;
    int64_t budget = 0;
    int code = read_word(
        a,
        "paid authorized declined pending action not_found unpaid closed refunded invalid refused_before "
        "done failed unknown",
        &word);
    if (code == EXIT_FINE) {
        code = open_payment(&s, a, &budget);
    }
    if (code != EXIT_FINE) {
        return code;
    }
    int32_t rc = payroute_engine_feed_code(s.engine, s.payment_id, word, a->value[OPT_CODE],
                                           a->value[OPT_PROVIDER_ID], a->value[OPT_SHOW], budget);
    return session_end(&s, rc, judge_payment, print_payment);
}

static void print_kept(const payroute_json_node *root)
{
    putf("kept: %s\n", text_of(root, "kept"));
}

int run_client_event(const args *a)
{
    session s;
    const char *word = NULL;
    int64_t attempt = 0;
    int64_t budget = 0;
    int code = read_word(a, "opened returned error code_late", &word);
    if (code == EXIT_FINE) {
        code = read_attempt(a, &attempt);
    }
    if (code == EXIT_FINE) {
        code = open_payment(&s, a, &budget);
    }
    if (code != EXIT_FINE) {
        return code;
    }
    int32_t rc = payroute_engine_client_event(s.engine, s.payment_id, (int32_t)attempt, word);
    return session_end(&s, rc, judge_fine, print_kept);
}
