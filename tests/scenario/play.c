/* One line of a log after the other: what is done, or what must be so. A mismatch names file and line. */
#include "setup.h"

#include "stage.h"

static const char *const action_names[] = {"?",      "SAVE",  "SEND", "QUERY", "CLOSE", "CAPTURE",
                                           "REFUND", "FETCH", "SHOW", "WAIT",  "DONE"};

static void store(stage *g)
{
    const payroute_save_set *set = payroute_payment_save_set(g->p);
    if (set == NULL) {
        COMPLAIN(g, "SAVE without a save set");
    }
    if (set->payment.seen != g->shelf.payment.version) { /* another worker was faster */
        payroute_save_set rows = shelf_rows(&g->shelf);
        assert_int_equal(payroute_payment_feed_conflict(g->p), PAYROUTE_OK);
        assert_int_equal(payroute_payment_reload(g->p, &rows, g->now, g->why, sizeof g->why), PAYROUTE_OK);
        payroute_payment_lease(g->p, "worker", 1);
        return;
    }
    shelf_save(&g->shelf, set);
    assert_int_equal(payroute_payment_feed_saved(g->p, 1), PAYROUTE_OK);
}

int32_t stage_flush(stage *g)
{
    int32_t next = payroute_payment_next(g->p);
    if (next != payroute_payment_next(g->p)) {
        COMPLAIN(g, "next does not say the same twice"); /* level-triggered */
    }
    for (int32_t i = 0; next == PAYROUTE_ACTION_SAVE && i < 4; i++) {
        store(g);
        next = payroute_payment_next(g->p);
    }
    return next;
}

static void tick(stage *g)
{
    if (!g->p->ex.armed) {
        int32_t rc = payroute_payment_tick(g->p, g->now);
        if (rc != PAYROUTE_OK) {
            COMPLAIN(g, "tick says %d", rc);
        }
    }
}

/* next ACTION [channel]: time passes, what must be saved is saved, and then this is to be done. */
static void do_next(stage *g)
{
    if (!g->p->show_now) { /* what is to be shown stays so until the next tick */
        tick(g);
    }
    int32_t next = stage_flush(g);
    if (next == PAYROUTE_ACTION_SHOW && strcmp(word(g, 1), "SHOW") != 0) {
        tick(g);
        next = stage_flush(g);
    }
    if (strcmp(action_names[next > 0 ? next : 0], word(g, 1)) != 0) {
        COMPLAIN(g, "next is %s %s", action_names[next > 0 ? next : 0], payroute_payment_channel(g->p));
    }
    if (g->count > 2 && strcmp(payroute_payment_channel(g->p), g->words[2]) != 0) {
        COMPLAIN(g, "the channel is %s", payroute_payment_channel(g->p));
    }
}

/* save first: what next says before anything is saved. */
static void do_unsaved(stage *g)
{
    tick(g);
    int32_t next = payroute_payment_next(g->p);
    if (strcmp(action_names[next > 0 ? next : 0], word(g, 1)) != 0) {
        COMPLAIN(g, "next is %s", action_names[next > 0 ? next : 0]);
    }
}

static void feed_result(stage *g, int32_t rc)
{
    const char *expected = option(g, "rc");
    if (rc != (expected != NULL ? atoi(expected) : PAYROUTE_OK)) {
        COMPLAIN(g, "feeding says %d", rc);
    }
}

static void do_code(stage *g)
{
    feed_result(g, payroute_payment_feed_code(g->p, g->now, word(g, 1), option(g, "code"), option(g, "id"),
                                              option(g, "show")));
}

static void do_fail(stage *g)
{
    feed_result(g, payroute_payment_feed_failure(g->p, g->now, strcmp(word(g, 1), "not_sent") == 0, 0));
}

/* http STATUS body: an answer over verified TLS; $REF and $KEY stand for ours. */
static void do_http(stage *g)
{
    char body[2048] = "";
    const char *from = strstr(g->rest, "{");
    const char *attempt = g->p->ex.armed ? g->p->pay.attempts[g->p->ex.n - 1].reference : "";
    for (size_t at = 0; from != NULL && *from != '\0' && at + 64 < sizeof body;) {
        if (strncmp(from, "$REF", 4) == 0) {
            at += (size_t)snprintf(body + at, sizeof body - at, "%s", attempt);
            from += 4;
        } else {
            body[at++] = *from++;
        }
    }
    const char *headers = "content-type: application/json\r\nDate: Fri, 15 Jan 2027 08:00:00 GMT\r\n";
    feed_result(g, payroute_payment_feed_http(g->p, g->now, atoi(word(g, 1)), headers, strlen(headers), body,
                                              strlen(body), 1));
}

static int32_t event_of(stage *g, const char *name)
{
    for (int32_t v = 1; v < PR_EV_COUNT; v++) {
        if (strcmp(pr_event_name(v), name) == 0) {
            return v;
        }
    }
    COMPLAIN(g, "no event %s", name);
    return 0;
}

/* Another worker takes what comes in; ours meets it at its next SAVE. */
static void by_another(stage *g, verb_call what)
{
    static const char entropy[33] = "a third worker has other entropy";
    payroute_payment *mine = g->p;
    payroute_save_set rows = shelf_rows(&g->shelf);
    int32_t rc =
        payroute_payment_load(&g->p, g->registry, NULL, &rows, entropy, g->now, g->why, sizeof g->why);
    if (rc != PAYROUTE_OK) {
        COMPLAIN(g, "load says %d: %s", rc, g->why);
    }
    what(g);
    payroute_payment_free(g->p);
    g->p = mine;
}

/* notice N EVENT …: an authentic notification of the provider, past the door. */
static void do_notice(stage *g)
{
    if (g->p->ex.armed) {
        by_another(g, do_notice);
        return;
    }
    (void)stage_flush(g);
    int32_t n = atoi(word(g, 1));
    pr_reading reading;
    pr_reading_init(&reading);
    pr_fact *f = &reading.facts[0];
    pr_fact_init(f);
    reading.count = 1;
    f->target = PR_TARGET_ATTEMPT;
    f->event = event_of(g, word(g, 2));
    f->evidence = PR_EVIDENCE_SIGNED;
    f->merchant_equal = 1;
    f->final = 1;
    f->amount_minor = option(g, "amount") != NULL ? atoll(option(g, "amount"))
                      : f->event == PR_EV_PAID    ? 1000
                                                  : -1;
    f->reversed_total_minor = option(g, "total") != NULL ? atoll(option(g, "total")) : -1;
    snprintf(f->currency, sizeof f->currency, "%s",
             option(g, "currency") != NULL ? option(g, "currency") : "CNY");
    snprintf(f->reference, sizeof f->reference, "%s", g->p->pay.attempts[n - 1].reference);
    snprintf(f->txn_id, sizeof f->txn_id, "%s", option(g, "txn") != NULL ? option(g, "txn") : "");
    pr_exchange ex = {.armed = 1, .op = PR_OP_NOTIFY, .n = n, .action = -1, .asked_ms = g->now};
    int32_t rc = pr_absorb(g->p, &reading, &ex, PR_SOURCE_NOTICE, g->now);
    pr_reading_free(&reading);
    if (rc != PAYROUTE_OK) {
        COMPLAIN(g, "the notice says %d", rc);
    }
    pr_verdict_settle(&g->p->pay, g->now);
    int32_t told = payroute_payment_next(g->p) == PAYROUTE_ACTION_SAVE;
    if (has_word(g, "new") && !told) {
        COMPLAIN(g, "it told nothing");
    }
    if (has_word(g, "old") && told) {
        COMPLAIN(g, "a repeat is to be saved");
    }
    (void)stage_flush(g);
}

/* crash: the worker dies with everything that was not saved; another one takes over. */
static void do_crash(stage *g)
{
    static const char entropy[33] = "another worker has other entropy";
    payroute_save_set rows = shelf_rows(&g->shelf);
    payroute_payment_free(g->p);
    g->p = NULL;
    int32_t rc =
        payroute_payment_load(&g->p, g->registry, NULL, &rows, entropy, g->now, g->why, sizeof g->why);
    if (rc != PAYROUTE_OK) {
        COMPLAIN(g, "load says %d: %s", rc, g->why);
    }
    payroute_payment_present(g->p, has_word(g, "swept") ? 0 : 1);
    if (!has_word(g, "leased")) {
        payroute_payment_lease(g->p, "another worker", 1);
    }
}

static void do_lease(stage *g)
{
    payroute_payment_lease(g->p, "worker", strcmp(word(g, 1), "free") == 0);
}

static void do_present(stage *g)
{
    payroute_payment_present(g->p, strcmp(word(g, 1), "yes") == 0);
}

static const struct {
    const char *name;
    verb_call call;
} verbs[] = {{"next", do_next},          {"unsaved", do_unsaved},
             {"code", do_code},          {"fail", do_fail},
             {"http", do_http},          {"notice", do_notice},
             {"shop", stage_shop},       {"status", stage_status},
             {"attempt", stage_attempt}, {"events", stage_events},
             {"saves", stage_saves},     {"wake", stage_wake},
             {"crash", do_crash},        {"lease", do_lease},
             {"present", do_present},    {"startable", stage_startable},
             {"request", stage_request}};

static void play_line(stage *g, char *row)
{
    char *rest = NULL;
    while (*row == ' ') {
        row++;
    }
    if (strncmp(row, "t=", 2) == 0) {
        char time[24];
        size_t len = strcspn(row, " ");
        snprintf(time, sizeof time, "%.*s", (int)(len - 2), row + 2);
        g->now = BEGIN + duration(time);
        row += len + strspn(row + len, " ");
    }
    if (row[0] == '\0' || row[0] == '#') {
        return;
    }
    char line[2048];
    snprintf(line, sizeof line, "%s", row);
    g->rest = line;
    g->count = 0;
    for (char *w = strtok_r(row, " ", &rest); w != NULL && g->count < 24; w = strtok_r(NULL, " ", &rest)) {
        g->words[g->count++] = w;
    }
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verbs[i].name, g->words[0]) == 0) {
            verbs[i].call(g);
            const char *broken = pr_invariant(&g->p->pay);
            if (broken != NULL) {
                COMPLAIN(g, "%s", broken);
            }
            return;
        }
    }
    COMPLAIN(g, "no such verb");
}

void play_scenario(const scenario *s)
{
    static stage g;
    memset(&g, 0, sizeof g);
    g.s = s;
    g.now = BEGIN;
    g.registry = setup_registry(s->file, s->channels_line, s->channels);
    g.p = setup_payment(s->file, s->pay_line, g.registry, s->pay, BEGIN);
    payroute_payment_present(g.p, 1);
    payroute_payment_lease(g.p, "worker", 1);
    char *log = strdup(s->log);
    assert_non_null(log);
    g.line = s->log_line;
    for (char *row = log; row != NULL; g.line++) {
        char *end = strchr(row, '\n');
        if (end != NULL) {
            *end++ = '\0';
        }
        play_line(&g, row);
        row = end;
    }
    free(log);
    payroute_payment_free(g.p);
    payroute_registry_free(g.registry);
    shelf_clear(&g.shelf);
}
