/* The whole store: due work, lists, events, and care. */
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SWEEP_MS = 30000 };

/* ---- sweep ---- */

static void print_sweep(const payroute_json_node *root)
{
    const payroute_json_node *failed = payroute_json_get(root, "failed");
    const payroute_json_node *host = payroute_json_get(root, "host_must_act");
    char text[60];
    putf("%s done, %s still due, %s held elsewhere%s\n", text_of(root, "done"), text_of(root, "left"),
         text_of(root, "held"),
         flag_of(root, "out_of_budget") ? "; the budget ended before the work did" : "");
    if (number_of(root, "oldest_event_ms") > 0) {
        time_text(text, sizeof text, number_of(root, "oldest_event_ms"));
        put_pairf("events", "waiting since %s: payroute events", text);
    }
    if (number_of(root, "orphans") > 0) {
        put_pairf("orphans", "%s notifications of payments that are not here: a person must look",
                  text_of(root, "orphans"));
    }
    if (flag_of(root, "amnesia")) {
        put_pair("restored", "old orders are refused until payroute reconciled");
    }
    for (const payroute_json_node *f = payroute_json_first(failed); f; f = payroute_json_next(f)) {
        put_pairf("failed", "payment %s: %s", text_of(f, "payment_id"), text_of(f, "name"));
    }
    for (const payroute_json_node *h = payroute_json_first(host); h; h = payroute_json_next(h)) {
        put_pairf("you must act", "payment %s: payroute advance tells what", payroute_json_text(h));
    }
}

static int judge_sweep(const payroute_json_node *root, const args *a)
{
    (void)a;
    if (payroute_json_count(payroute_json_get(root, "failed")) > 0) {
        return EXIT_STORE;
    }
    return flag_of(root, "out_of_budget") ? EXIT_DOUBT : EXIT_FINE;
}

int run_sweep(const args *a)
{
    session s;
    int64_t budget = SWEEP_MS;
    int code = args_integer(a, OPT_BUDGET_MS, 0, 3600000, &budget);
    if (code == EXIT_FINE) {
        code = session_open(&s, a);
    }
    return code == EXIT_FINE
               ? session_end(&s, payroute_engine_sweep(s.engine, budget), judge_sweep, print_sweep)
               : code;
}

/* ---- lists ---- */

static void print_list(const payroute_json_node *root)
{
    const payroute_json_node *payments = payroute_json_get(root, "payments");
    table t;
    if (payroute_json_count(payments) == 0) {
        put("no payments\n");
        return;
    }
    table_begin(&t, "PAYMENT|ORDER|AMOUNT|STATUS|ORDERED|LOOKS AGAIN");
    for (const payroute_json_node *p = payroute_json_first(payments); p; p = payroute_json_next(p)) {
        char text[80];
        table_cell(&t, text_of(p, "payment_id"));
        table_cell(&t, text_of(p, "order_id"));
        money_text(text, sizeof text, number_of(p, "amount_minor"), text_of(p, "currency"));
        table_cell(&t, text);
        table_cell(&t, text_of(p, "status"));
        time_text(text, sizeof text, number_of(p, "ordered_at_ms"));
        table_cell(&t, number_of(p, "ordered_at_ms") > 0 ? text : "");
        time_text(text, sizeof text, number_of(p, "wake_ms"));
        table_cell(&t, number_of(p, "wake_ms") > 0 ? text : "");
    }
    table_end(&t);
}

static int read_filter(const args *a, payroute_json_out *o)
{
    int64_t after = -1;
    int64_t limit = 100;
    int code = args_integer(a, OPT_AFTER_ID, 0, INT64_MAX - 10, &after);
    if (code == EXIT_FINE) {
        code = args_integer(a, OPT_LIMIT, 1, 1000, &limit);
    }
    payroute_json_out_object(o, NULL);
    if (a->value[OPT_STATUS]) {
        payroute_json_out_string(o, "status", a->value[OPT_STATUS]);
    }
    if (after >= 0) {
        payroute_json_out_integer(o, "after_id", after);
    }
    payroute_json_out_integer(o, "limit", limit);
    payroute_json_out_end(o);
    return code;
}

int run_list(const args *a)
{
    session s;
    size_t len = 0;
    payroute_json_out *filter = payroute_json_out_new();
    int code = read_filter(a, filter);
    const char *text = json_text(filter, &len);
    if (code == EXIT_FINE) {
        code = session_open(&s, a);
    }
    if (code == EXIT_FINE) {
        code = session_end(&s, payroute_engine_list(s.engine, text, len), judge_fine, print_list);
    }
    payroute_json_out_free(filter);
    return code;
}

static void print_waiting(const payroute_json_node *root)
{
    const payroute_json_node *events = payroute_json_get(root, "events");
    if (payroute_json_count(events) == 0) {
        put("no events\n");
    }
    print_events(events);
}

int run_events(const args *a)
{
    session s;
    int64_t limit = 100;
    int code = args_integer(a, OPT_LIMIT, 1, 1000, &limit);
    if (code == EXIT_FINE) {
        code = session_open(&s, a);
    }
    return code == EXIT_FINE
               ? session_end(&s, payroute_engine_events(s.engine, (int32_t)limit), judge_fine, print_waiting)
               : code;
}

static void print_acked(const payroute_json_node *root)
{
    putf("acknowledged: %s\n", text_of(root, "acknowledged"));
}

int run_ack(const args *a)
{
    session s;
    size_t len = 0;
    int code = session_open(&s, a);
    if (code != EXIT_FINE) {
        return code;
    }
    payroute_json_out *ids = payroute_json_out_new();
    payroute_json_out_array(ids, NULL);
    for (int32_t i = 0; i < a->word_count; i++) {
        payroute_json_out_string(ids, NULL, a->words[i]);
    }
    payroute_json_out_end(ids);
    const char *text = json_text(ids, &len);
    code = session_end(&s, payroute_engine_event_ack(s.engine, text, len), judge_fine, print_acked);
    payroute_json_out_free(ids);
    return code;
}

static void print_unlisted(const payroute_json_node *root)
{
    const payroute_json_node *codes = payroute_json_get(root, "unlisted");
    table t;
    if (payroute_json_count(codes) == 0) {
        put("no unlisted codes\n");
        return;
    }
    table_begin(&t, "PROVIDER|OPERATION|LAYER|CODE|COUNT|LAST");
    for (const payroute_json_node *c = payroute_json_first(codes); c; c = payroute_json_next(c)) {
        char text[60];
        table_cell(&t, text_of(c, "provider"));
        table_cell(&t, text_of(c, "operation"));
        table_cell(&t, text_of(c, "layer"));
        table_cell(&t, text_of(c, "code"));
        (void)snprintf(text, sizeof text, "%lld", (long long)number_of(c, "count"));
        table_cell(&t, text);
        time_text(text, sizeof text, number_of(c, "last_ms"));
        table_cell(&t, text);
    }
    table_end(&t);
    if (number_of(root, "dropped") > 0) {
        putf("and %lld more for which there was no room\n", (long long)number_of(root, "dropped"));
    }
}

int run_unlisted(const args *a)
{
    session s;
    int64_t days = 7;
    int code = args_integer(a, OPT_DAYS, 1, 31, &days);
    if (code == EXIT_FINE) {
        code = session_open(&s, a);
    }
    return code == EXIT_FINE ? session_end(&s, payroute_engine_unlisted(s.engine, (int32_t)days), judge_fine,
                                           print_unlisted)
                             : code;
}

/* ---- care ---- */

static void print_amnesia(const payroute_json_node *root)
{
    char text[60];
    if (!flag_of(root, "amnesia")) {
        put("reconciled: orders of every age are taken again\n");
        return;
    }
    time_text(text, sizeof text, number_of(root, "restored_at_ms"));
    putf("restored: orders from before %s are refused until payroute reconciled\n", text);
}

int run_restore(const args *a)
{
    session s;
    int64_t at = 0;
    int code = args_integer(a, OPT_AT_MS, 1, INT64_C(253402300799000), &at);
    if (code == EXIT_FINE) {
        code = session_open(&s, a);
    }
    if (code != EXIT_FINE) {
        return code;
    }
    at = at > 0 ? at : payroute_engine_now_ms(s.engine);
    return session_end(&s, payroute_engine_restore(s.engine, at), judge_fine, print_amnesia);
}

int run_reconciled(const args *a)
{
    session s;
    int code = session_open(&s, a);
    return code == EXIT_FINE
               ? session_end(&s, payroute_engine_reconciled(s.engine), judge_fine, print_amnesia)
               : code;
}

static void print_backup(const payroute_json_node *root)
{
    putf("backup: %s\n", text_of(root, "backup"));
}

int run_backup(const args *a)
{
    session s;
    char shown[160];
    int code = session_open(&s, a);
    if (code != EXIT_FINE) {
        return code;
    }
    if (access(a->words[0], F_OK) == 0) {
        code = complain(EXIT_STORE, "backup %s: is there already, and is never written over",
                        clean(shown, sizeof shown, a->words[0]));
        return session_drop(&s, code);
    }
    code = session_end(&s, payroute_engine_backup(s.engine, a->words[0]), judge_fine, print_backup);
    return code == EXIT_USAGE || code == EXIT_NO ? EXIT_STORE : code;
}

static void print_verified(const payroute_json_node *root)
{
    putf("the store is sound\n");
    put_pair("instance", text_of(root, "instance"));
    put_pair("transactions", text_of(root, "counter"));
    if (flag_of(root, "amnesia")) {
        put_pair("restored", "old orders are refused until payroute reconciled");
    }
}

int run_verify(const args *a)
{
    session s;
    int code = session_open(&s, a);
    return code == EXIT_FINE ? session_end(&s, payroute_engine_check(s.engine), judge_fine, print_verified)
                             : code;
}
