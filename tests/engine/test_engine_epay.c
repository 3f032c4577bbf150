/* 易支付 end to end: the engine against the sandbox's panels, over HTTP. What a shop lives through with them:
   an HTML page for an answer, an answer lost, an order that nobody can close and that is paid in the end, the
   same number paid twice, a panel that another close ends. Books are compared after each. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "story.h"

#define DAY_MS INT64_C(86400000)

/* The newest notification that this test has not seen, as the panel sends it. */
struct note {
    char channel[64], method[8], query[2048], body[2048];
};

static int64_t seen;

static int take_note(struct note *note)
{
    char path[64];
    char outbox[65536];
    snprintf(outbox, sizeof outbox, "%s", sandbox_call(&box, "GET", "/_outbox", ""));
    for (int i = 0;; i++) {
        snprintf(path, sizeof path, "%d.id", i);
        const char *id = picked(outbox, path);
        if (*id == '\0') {
            return 0;
        }
        if (atoll(id) > seen) {
            seen = atoll(id);
            break;
        }
    }
    char *dot = strchr(path, '.');
    strcpy(dot, ".account");
    snprintf(note->channel, sizeof note->channel, "%s", picked(outbox, path));
    strcpy(dot, ".method");
    snprintf(note->method, sizeof note->method, "%s", picked(outbox, path));
    strcpy(dot, ".url");
    const char *query = strchr(picked(outbox, path), '?');
    snprintf(note->query, sizeof note->query, "%s", query ? query + 1 : "");
    strcpy(dot, ".body");
    snprintf(note->body, sizeof note->body, "%s", picked(outbox, path));
    return 1;
}

static int32_t bring_note(payroute_engine *e, const struct note *n)
{
    return payroute_engine_notify(e, n->channel, n->method, n->query, strlen(n->query), "", 0, n->body,
                                  strlen(n->body));
}

static int begin(void **state)
{
    sandbox_channels = "epay-main,epay-v2";
    seen = 0;
    return use_virtual(state);
}

/* On one channel and flow; the attempt's reference. */
static const char *order_on(payroute_engine *e, const char *channel, const char *flow, int64_t *id)
{
    static char reference[64];
    char rest[256];
    snprintf(rest, sizeof rest,
             "\"method\":\"alipay\",\"channel\":\"%s\",\"flow\":\"%s\",\"client_ip\":\"203.0.113.7\"",
             channel, flow);
    assert_int_equal(shop_create_amount(e, "o1", rest, 1200, BUDGET, id), PAYROUTE_OK);
    snprintf(reference, sizeof reference, "%s", told(e, "attempts.0.reference"));
    return reference;
}

static void state_is(payroute_engine *e, int64_t id, const char *state)
{
    assert_int_equal(payroute_engine_show(e, id), PAYROUTE_OK);
    assert_string_equal(told(e, "attempts.0.state"), state);
}

static int requests_of(const char *operation)
{
    char path[64];
    static char all[262144];
    int count = 0;
    snprintf(all, sizeof all, "%s", sandbox_call(&box, "GET", "/_requests", ""));
    for (const char *at = all; (at = strstr(at, "\"operation\":\"")) != NULL;) {
        at += strlen("\"operation\":\"");
        snprintf(path, sizeof path, "%s\"", operation);
        count += strncmp(at, path, strlen(path)) == 0;
    }
    return count;
}

/* Until it is paid; the customer pays whatever is shown, and every notification is brought. */
static void until_paid(payroute_engine *e, int64_t id)
{
    struct note note;
    for (int i = 0; i < 60; i++) {
        assert_int_equal(payroute_engine_advance(e, id, BUDGET), PAYROUTE_OK);
        if (strcmp(told(e, "status"), "paid") == 0) {
            return;
        }
        char path[64];
        snprintf(path, sizeof path, "attempts.%d.reference", told_count(e, "attempts") - 1);
        char reference[64];
        snprintf(reference, sizeof reference, "%s", told(e, path));
        if (*told(e, "show.text")) {
            customer(reference, "pay");
        }
        while (take_note(&note)) {
            (void)bring_note(e, &note);
        }
        pass_and_sweep(e, i < 20 ? 5000 : 600000);
    }
}

/* ---- normal payments ---- */

static void pays_on(payroute_engine *e, const char *channel, const char *flow, const char *kind)
{
    int64_t id = 0;
    struct note note;
    const char *reference = order_on(e, channel, flow, &id);
    state_is(e, id, "waiting");
    assert_string_equal(told(e, "show.kind"), kind);
    customer(reference, "pay");
    assert_true(take_note(&note));
    assert_string_equal(note.method, "GET");
    assert_int_equal(bring_note(e, &note), PAYROUTE_OK);
    assert_string_equal(told(e, "ack.body"), "success");
    assert_string_equal(told(e, "events.0.kind"), "paid");
    assert_int_equal(bring_note(e, &note), PAYROUTE_OK);
    assert_string_equal(told(e, "changed"), "false");
    agree(e, id, channel);
    assert_int_equal(told_number(e, "captured_minor"), 1200);
}

static void paid_at_v1(void **state)
{
    (void)state;
    payroute_engine *e = open_virtual(0);
    pays_on(e, "epay-main", "qr", "qr");
    assert_int_equal(payroute_engine_refund(e, 1, "r1", 200, BUDGET), PAYROUTE_OK); /* switched off there */
    assert_string_equal(told(e, "actions.0.reason"), "operation_not_supported");
    assert_int_equal(told_number(e, "reversed_minor"), 0);
    (void)sandbox_call(&box, "POST", "/_account", "{\"account\":\"epay-main\",\"refund\":true}");
    assert_int_equal(payroute_engine_refund(e, 1, "r2", 1200, BUDGET), PAYROUTE_OK); /* the shop asks: once */
    agree(e, 1, "refund");
    assert_int_equal(told_number(e, "reversed_minor"), 1200);
    assert_int_equal(requests_of("refund"), 2);
    payroute_engine_close(e);
}

static void paid_at_v2(void **state)
{
    (void)state;
    payroute_engine *e = open_virtual(0);
    pays_on(e, "epay-v2", "qr", "qr");
    strike("epay-v2", "refund", "drop_after", "");
    (void)payroute_engine_refund(e, 1, "r1", 300, BUDGET); /* lost on the way: asked for by its number */
    for (int i = 0; i < 6; i++) {
        pass_and_sweep(e, 60000);
    }
    agree(e, 1, "refund");
    assert_int_equal(told_number(e, "reversed_minor"), 300);
    payroute_engine_close(e);
}

static void paid_by_redirect(void **state)
{
    (void)state;
    payroute_engine *e = open_virtual(0);
    pays_on(e, "epay-main", "redirect", "url");
    payroute_engine_close(e);
}

static void heard_by_asking(void **state)
{
    static const char *const channels[] = {"epay-main", "epay-v2"};
    int64_t id = 0;
    payroute_engine *e = open_virtual(0);
    const char *reference = order_on(e, channels[*(int *)*state], "qr", &id);
    customer(reference, "pay"); /* and the notification is lost */
    strike(channels[*(int *)*state], "query", "html", "");
    for (int i = 0; i < 12; i++) {
        pass_and_sweep(e, 10000);
    }
    state_is(e, id, "paid");
    agree(e, id, "asked");
    payroute_engine_close(e);
}

/* What a browser sends of the form that v2 wants: names and values, unescaped and encoded. */
static void browser_sends(char *out, size_t cap, const char *html)
{
    size_t len = 0;
    for (const char *at = html; (at = strstr(at, "<input type=\"hidden\" name=\"")) != NULL;) {
        at += strlen("<input type=\"hidden\" name=\"");
        for (int part = 0; part < 2; part++) {
            len += (size_t)snprintf(out + len, cap - len, "%s", part ? "=" : len ? "&" : "");
            for (; *at != '"'; at++) {
                unsigned char c = (unsigned char)*at;
                if (c == '&') {
                    c = (unsigned char)atoi(at + 2);
                    at = strchr(at, ';');
                }
                len += (size_t)snprintf(out + len, cap - len, isalnum(c) ? "%c" : "%%%02X", (unsigned)c);
            }
            at += part ? 0 : strlen("\" value=\"");
        }
    }
    assert_true(len < cap);
}

static void paid_by_form(void **state)
{
    (void)state;
    int64_t id = 0;
    char form[1200];
    char body[1500];
    struct note note;
    payroute_engine *e = open_virtual(0);
    const char *reference = order_on(e, "epay-v2", "page", &id);
    assert_string_equal(told(e, "show.kind"), "form");
    const char *html = told(e, "show.text");
    const char *action = strstr(html, "action=\"");
    assert_non_null(action);
    action += strlen("action=\"");
    browser_sends(form, sizeof form, html);
    snprintf(body, sizeof body, "{\"account\":\"epay-v2\",\"url\":\"%.*s\",\"form\":\"%s\",\"act\":\"open\"}",
             (int)strcspn(action, "\""), action, form);
    const char *answer = sandbox_call(&box, "POST", "/_customer", body);
    if (strstr(answer, "\"error\"")) {
        fail_msg("form: %s", answer);
    }
    customer(reference, "pay");
    assert_true(take_note(&note));
    assert_int_equal(bring_note(e, &note), PAYROUTE_OK);
    state_is(e, id, "paid");
    agree(e, id, "form");
    payroute_engine_close(e);
}

/* ---- answers that say nothing ---- */

/* An HTML page, a lost answer, a cut one: never paid, never failed; the number is sent again or asked for. */
static void nothing_said_on_create(void **state)
{
    static const char *const faults[] = {"html",       "html_after",   "drop_before",
                                         "drop_after", "status_after", "malformed"};
    static const char *const channels[] = {"epay-main", "epay-v2"};
    int64_t id = 0;
    const char *channel = channels[*(int *)*state];
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        sandbox_stop(&box);
        begin(NULL);
        payroute_engine *e = open_virtual(0);
        strike(channel, "create", faults[i], "");
        (void)order_on(e, channel, "qr", &id);
        until_paid(e, id);
        assert_int_equal(payroute_engine_show(e, id), PAYROUTE_OK);
        if (strcmp(told(e, "status"), "paid") != 0) {
            fail_msg("%s on %s: %s", faults[i], channel, payroute_engine_result(e, NULL));
        }
        agree(e, id, faults[i]);
        assert_true(sandbox_books(&box, "totals.captured_minor") == 1200);
        payroute_engine_close(e);
    }
}

static void lies_are_refused(void **state)
{
    static const char *const channels[] = {"epay-main", "epay-v2"};
    static const char *const kinds[] = {"bad_signature", "foreign_app"};
    const char *channel = channels[*(int *)*state];
    char body[256];
    int64_t id = 0;
    struct note note;
    payroute_engine *e = open_virtual(0);
    const char *reference = order_on(e, channel, "qr", &id);
    int64_t before = payroute_engine_transactions(e);
    for (size_t i = 0; i < 2; i++) {
        snprintf(body, sizeof body, "{\"account\":\"%s\",\"reference\":\"%s\",\"kind\":\"%s\"}", channel,
                 reference, kinds[i]);
        (void)sandbox_call(&box, "POST", "/_forge", body);
        assert_true(take_note(&note));
        int32_t rc = bring_note(e, &note);
        assert_true(rc == PAYROUTE_E_SIGNATURE || rc == PAYROUTE_E_FOREIGN);
        assert_string_not_equal(told(e, "ack.body"), "success");
    }
    assert_int_equal(payroute_engine_transactions(e), before);
    state_is(e, id, "waiting");
    snprintf(body, sizeof body, "{\"account\":\"%s\",\"reference\":\"%s\",\"kind\":\"wrong_amount\"}",
             channel, reference);
    (void)sandbox_call(&box, "POST", "/_forge", body);
    assert_true(take_note(&note));
    assert_int_equal(bring_note(e, &note), PAYROUTE_OK);
    assert_string_equal(told(e, "ack.body"), "success"); /* stored; a person looks */
    state_is(e, id, "waiting");
    assert_string_equal(told(e, "attempts.0.review.0"), "mismatch");
    assert_int_equal(told_number(e, "captured_minor"), 0);
    payroute_engine_close(e);
}

/* ---- what v1 cannot do ---- */

/* Neither closed nor refunded of itself: over for the shop, still watched, paid late, told. */
static void paid_after_its_end(void **state)
{
    (void)state;
    int64_t id = 0;
    struct note note;
    payroute_engine *e = open_virtual(0);
    const char *reference = order_on(e, "epay-main", "qr", &id);
    for (int i = 0; i < 10; i++) {
        pass_and_sweep(e, 3600000);
    }
    state_is(e, id, "waiting");
    assert_string_equal(told(e, "status"), "expired");
    assert_string_equal(told(e, "may_still_pay"), "true");
    assert_int_equal(told_count(e, "attempts"), 1); /* no other one while this can still be paid */
    assert_int_equal(requests_of("close"), 0);
    assert_int_equal(requests_of("create"), 1);
    customer(reference, "pay");
    assert_true(take_note(&note));
    assert_int_equal(bring_note(e, &note), PAYROUTE_OK);
    state_is(e, id, "paid");
    assert_int_equal(payroute_engine_events(e, 10), PAYROUTE_OK);
    int late = 0;
    for (int i = 0; i < told_count(e, "events"); i++) {
        char path[32];
        snprintf(path, sizeof path, "events.%d.kind", i);
        late += strcmp(told(e, path), "late_paid") == 0;
    }
    assert_int_equal(late, 1);
    agree(e, id, "late");
    payroute_engine_close(e);
}

/* The shop gave it up, the customer pays all the same: no refund without a key, a person is called. */
static void paid_after_cancel(void **state)
{
    (void)state;
    int64_t id = 0;
    struct note note;
    payroute_engine *e = open_virtual(0);
    const char *reference = order_on(e, "epay-main", "qr", &id);
    assert_int_equal(payroute_engine_cancel(e, id, BUDGET), PAYROUTE_OK);
    customer(reference, "pay");
    assert_true(take_note(&note));
    assert_int_equal(bring_note(e, &note), PAYROUTE_OK);
    pass_and_sweep(e, 60000);
    state_is(e, id, "surplus");
    assert_string_equal(told(e, "attempts.0.review.0"), "no_refund");
    assert_int_equal(requests_of("refund"), 0);
    agree(e, id, "surplus");
    payroute_engine_close(e);
}

static void opens(const char *url)
{
    char body[2200];
    snprintf(body, sizeof body, "{\"account\":\"epay-main\",\"url\":\"%s\",\"act\":\"open\"}", url);
    const char *answer = sandbox_call(&box, "POST", "/_customer", body);
    if (strstr(answer, "\"error\"")) {
        fail_msg("open: %s", answer);
    }
}

/* After ten days the number is free again at the panel. Nothing of ours is sent under it; the customer's
   browser still has the page and opens a second trade, pays it, and that is found by its own number and given
   to a person. */
static void the_number_comes_again(void **state)
{
    (void)state;
    int64_t id = 0;
    char url[2048];
    struct note note;
    payroute_engine *e = open_virtual(0);
    const char *reference = order_on(e, "epay-main", "page", &id);
    assert_string_equal(told(e, "show.kind"), "url");
    snprintf(url, sizeof url, "%s", told(e, "show.text"));
    opens(url);
    customer(reference, "pay");
    assert_true(take_note(&note));
    assert_int_equal(bring_note(e, &note), PAYROUTE_OK);
    state_is(e, id, "paid");
    for (int i = 0; i < 12; i++) {
        pass_and_sweep(e, DAY_MS);
    }
    int before = requests_of("create") + requests_of("page");
    assert_int_equal(before, 1);
    opens(url);
    customer(reference, "pay");
    assert_true(take_note(&note));
    assert_int_equal(bring_note(e, &note), PAYROUTE_OK);
    assert_string_equal(told(e, "ack.body"), "success");
    assert_int_equal(payroute_engine_show(e, id), PAYROUTE_OK);
    assert_int_equal(told_number(e, "captured_minor"), 2400);
    assert_string_equal(told(e, "attempts.0.review.0"), "no_refund");
    pass_and_sweep(e, DAY_MS);
    assert_int_equal(requests_of("refund"), 0);
    payroute_engine_close(e);
}

/* An order whose request is lost and nobody was shown: after ten days nothing is sent under the number. */
static void nothing_is_sent_after_nine_days(void **state)
{
    (void)state;
    int64_t id = 0;
    payroute_engine *e = open_virtual(0);
    strike("epay-main", "create", "html_after", "\"times\":-1");
    strike("epay-main", "query", "html", "\"times\":-1");
    (void)order_on(e, "epay-main", "qr", &id);
    pass_and_sweep(e, 9 * DAY_MS + DAY_MS / 2);
    int before = requests_of("create");
    for (int i = 0; i < 5; i++) {
        pass_and_sweep(e, DAY_MS);
    }
    assert_int_equal(requests_of("create"), before);
    payroute_engine_close(e);
}

/* ---- what v2 can ---- */

static void closed_then_another(void **state)
{
    (void)state;
    int64_t id = 0;
    payroute_engine *e = open_virtual(0);
    (void)order_on(e, "epay-v2", "qr", &id);
    const char *wish =
        "{\"method\":\"alipay\",\"channel\":\"epay-main\",\"flow\":\"qr\",\"client_ip\":\"203.0.113.7\"}";
    assert_int_equal(payroute_engine_switch(e, id, wish, strlen(wish), BUDGET), PAYROUTE_OK);
    for (int i = 0; i < 6; i++) {
        pass_and_sweep(e, 5000);
    }
    state_is(e, id, "closed");
    until_paid(e, id);
    agree(e, id, "switch");
    payroute_engine_close(e);
}

/* A page of v2 that was left: over for the shop, watched, no person called for it. */
static void a_page_that_was_left(void **state)
{
    (void)state;
    int64_t id = 0;
    struct note note;
    payroute_engine *e = open_virtual(0);
    const char *reference = order_on(e, "epay-v2", "redirect", &id);
    for (int i = 0; i < 12; i++) {
        pass_and_sweep(e, 3600000);
    }
    state_is(e, id, "waiting");
    assert_string_equal(told(e, "status"), "expired");
    assert_string_equal(told(e, "may_still_pay"), "true");
    assert_string_equal(told(e, "review"), "false");
    assert_int_equal(requests_of("close"), 0);
    customer(reference, "pay");
    assert_true(take_note(&note));
    assert_int_equal(bring_note(e, &note), PAYROUTE_OK);
    state_is(e, id, "paid");
    agree(e, id, "left");
    payroute_engine_close(e);
}

int main(void)
{
    static int v1 = 0, v2 = 1;
#define EACH(name) {#name " (v1)", name, begin, drop_box, &v1}, {#name " (v2)", name, begin, drop_box, &v2}
#define ONE(name) cmocka_unit_test_setup_teardown(name, begin, drop_box)
    const struct CMUnitTest tests[] = {
        ONE(paid_at_v1),
        ONE(paid_at_v2),
        ONE(paid_by_redirect),
        ONE(paid_by_form),
        EACH(heard_by_asking),
        EACH(nothing_said_on_create),
        EACH(lies_are_refused),
        ONE(paid_after_its_end),
        ONE(paid_after_cancel),
        ONE(the_number_comes_again),
        ONE(nothing_is_sent_after_nine_days),
        ONE(closed_then_another),
        ONE(a_page_that_was_left),
    };
    return cmocka_run_group_tests_name("epay end to end", tests, NULL, shop_clean);
}
