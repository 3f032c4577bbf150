/* Health in the shop: an outage is left and come back from, an outcome is told at most once, only what is a
   channel's own fault moves it, and nothing that happens to the health file touches a payment. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <payroute/payment.h>
#include <payroute/route.h>

#include "host/engine.h"
#include "story.h"

#define MINUTE 60000

/* ---- looking ---- */

/* A figure of a channel in millionths, or another number of its view. */
static int64_t figure(payroute_engine *e, const char *channel, const char *name)
{
    char path[64];
    assert_int_equal(payroute_engine_health(e), PAYROUTE_OK);
    for (int i = 0; i < told_count(e, "channels"); i++) {
        snprintf(path, sizeof path, "channels.%d.channel", i);
        if (strcmp(told(e, path), channel) == 0) {
            snprintf(path, sizeof path, "channels.%d.%s", i, name);
            return told_number(e, path);
        }
    }
    fail_msg("no channel %s", channel);
    return -1;
}

/* All that is known of channels, as text; the clock stands, so that two of them can be compared. */
static char *all_of(payroute_engine *e)
{
    assert_int_equal(payroute_engine_health(e), PAYROUTE_OK);
    char *text = strdup(strstr(payroute_engine_result(e, NULL), "\"channels\""));
    assert_non_null(text);
    return text;
}

static void unchanged(payroute_engine *e, char *before, const char *what)
{
    char *after = all_of(e);
    if (strcmp(before, after) != 0) {
        fail_msg("%s: %s\n became %s", what, before, after);
    }
    free(before);
    free(after);
}

static payroute_engine *open_with(const char *store, const char *health)
{
    char more[256];
    snprintf(more, sizeof more, "\"clock\":{\"base_ms\":%lld,\"rate\":0}%s%s", (long long)START_MS,
             *health ? ",\"health\":" : "", health);
    return shop_open(box.config, store, more);
}

static int64_t number_of_orders;

static int64_t pay(payroute_engine *e, const char *method)
{
    char order[32];
    int64_t id = 0;
    snprintf(order, sizeof order, "h%lld", (long long)++number_of_orders);
    assert_int_equal(shop_create(e, order, method, BUDGET, &id), PAYROUTE_OK);
    return id;
}

static int64_t pay_card(payroute_engine *e, const char *card)
{
    char order[32], rest[128];
    int64_t id = 0;
    snprintf(order, sizeof order, "h%lld", (long long)++number_of_orders);
    snprintf(rest, sizeof rest, "\"method\":\"card\",\"instrument\":\"%s\"", card);
    assert_int_equal(shop_create_amount(e, order, rest, 1250, BUDGET, &id), PAYROUTE_OK);
    return id;
}

/* 1: its first attempt went there. */
static int first_at(payroute_engine *e, const char *channel)
{
    return strcmp(told(e, "attempts.0.channel"), channel) == 0;
}

/* A payment by code that the customer has paid, and the letter that says so. */
static int64_t paid_code(payroute_engine *e, struct letter *letter)
{
    int64_t id = pay(e, "alipay");
    customer(told(e, "attempts.0.reference"), "pay");
    assert_true(take_letter(&box, letter));
    return id;
}

/* ---- outages ---- */

static void outage_is_left_and_come_back_from(void **state)
{
    payroute_engine *e = open_with(shop_store(1), "");
    (void)state;
    (void)pay(e, "alipay");
    assert_true(first_at(e, "ali-main"));
    strike("ali-main", "*", "refuse", "");
    (void)pay(e, "alipay"); /* within this one */
    assert_true(first_at(e, "ali-main"));
    assert_string_equal(told(e, "attempts.1.channel"), "ali-backup");
    assert_string_equal(told(e, "show.kind"), "qr");
    int found_out = 1;
    for (int i = 0; i < 4; i++) { /* and before the next ones, but for one at most */
        (void)pay(e, "alipay");
        found_out += first_at(e, "ali-main");
        pass_and_sweep(e, 2000);
    }
    assert_in_range(found_out, 1, 2);
    assert_in_range(figure(e, "ali-main", "up"), 0, 100000);
    assert_true(figure(e, "ali-main", "bad_since_ms") > 0);
    pass_and_sweep(e, 5 * MINUTE);
    (void)sandbox_call(&box, "POST", "/_fault", "{\"clear\":true}");
    int64_t waited = 0;
    int back = 0;
    for (; waited < 10 * MINUTE && back < 2; waited += 15000) { /* probes, one canary, and then all of them */
        pass_and_sweep(e, 15000);
        (void)pay(e, "alipay");
        back = first_at(e, "ali-main") ? back + 1 : 0;
    }
    assert_in_range(waited, 1, 3 * MINUTE);
    assert_in_range(figure(e, "ali-main", "up"), 900000, 1000000);
    payroute_engine_close(e);
}

/* Nobody pays meanwhile: the sweep finds out, and only asks as often as it helps. */
static void probes_are_few_and_settle_it(void **state)
{
    payroute_engine *e = open_with(shop_store(1), "");
    (void)state;
    struct letter letter;
    (void)paid_code(e, &letter); /* else its own lookups would tell enough */
    assert_int_equal(bring_letter(e, &letter), PAYROUTE_OK);
    pass_and_sweep(e, 2000);
    assert_int_equal(told_number(e, "probes"), 0); /* all is well and was heard of just now */
    pass_and_sweep(e, 2 * MINUTE);
    assert_int_equal(told_number(e, "probes"), 1); /* the main channel is idle */
    strike("ali-main", "*", "refuse", "");
    int64_t asked = 0;
    for (int i = 0; i < 60; i++) {
        pass_and_sweep(e, 5000);
        asked += told_number(e, "probes");
        assert_in_range(told_number(e, "probes"), 0, 4);
    }
    assert_in_range(figure(e, "ali-main", "up"), 0, 500000);
    assert_in_range(asked, 5, 45); /* five minutes */
    int found_out = 0;
    for (int i = 0; i < 5; i++) { /* but for a canary */
        (void)pay(e, "alipay");
        found_out += first_at(e, "ali-main");
    }
    assert_in_range(found_out, 0, 1);
    payroute_engine_close(e);
}

/* ---- at most once ---- */

static void repeated_letters_tell_nothing(void **state)
{
    struct letter letter;
    payroute_engine *e = open_with(shop_store(1), "");
    (void)state;
    (void)paid_code(e, &letter);
    char *shown = all_of(e);
    assert_int_equal(bring_letter(e, &letter), PAYROUTE_OK);
    char *paid = all_of(e);
    assert_string_not_equal(shown, paid);
    free(shown);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(bring_letter(e, &letter), PAYROUTE_OK);
    }
    unchanged(e, paid, "a repeated letter");
    payroute_engine_close(e);
}

/* The store's save with something just before or behind it. */
static prh_store_ops meddled;
static const prh_store_ops *usual;
static payroute_engine *meddler;
static const struct letter *meddler_letter;
static int die_after_save;

static int32_t meddled_save(prh_store *s, const payroute_save_set *set, int64_t *payment_id)
{
    if (meddler) {
        payroute_engine *other = meddler;
        meddler = NULL;
        assert_int_equal(bring_letter(other, meddler_letter), PAYROUTE_OK);
    }
    int32_t rc = usual->save(s, set, payment_id);
    if (rc == PAYROUTE_OK && die_after_save) {
        (void)kill(getpid(), SIGKILL);
    }
    return rc;
}

static void meddle(payroute_engine *e)
{
    usual = e->store->ops;
    meddled = *usual;
    meddled.save = meddled_save;
    e->store->ops = &meddled;
}

static void a_crash_between_save_and_tell_loses_it(void **state)
{
    struct letter letter;
    char store[128];
    int status = 0;
    (void)state;
    snprintf(store, sizeof store, "%s", shop_store(1));
    payroute_engine *e = open_with(store, "");
    int64_t id = paid_code(e, &letter);
    char *shown = all_of(e);
    pid_t pid = shop_fork();
    if (pid == 0) {
        payroute_engine *own = open_with(store, "");
        meddle(own);
        die_after_save = 1;
        (void)bring_letter(own, &letter);
        _exit(1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(payroute_engine_show(e, id), PAYROUTE_OK);
    assert_string_equal(told(e, "status"), "paid");
    assert_int_equal(bring_letter(e, &letter), PAYROUTE_OK);
    pass(e, 0);
    assert_int_equal(payroute_engine_sweep(e, 1), PAYROUTE_OK);
    unchanged(e, shown, "after the crash");
    payroute_engine_close(e);
}

/* The other worker stores the same fact first: reloaded, fed again, told once. Both look at one file. */
static void two_workers_tell_once(void **state)
{
    struct letter letter;
    char store[128], *once = NULL;
    (void)state;
    snprintf(store, sizeof store, "%s", shop_store(1));
    payroute_engine *a = open_with(store, ""), *b;
    char more[128];
    snprintf(more, sizeof more, " \"clock\":{\"base_ms\":%lld,\"rate\":0}", (long long)START_MS);
    b = shop_open(box.config, store, more);
    assert_ptr_not_equal(a, b);
    assert_ptr_not_equal(a->health, b->health);
    (void)paid_code(a, &letter);
    meddle(a);
    meddler = b;
    meddler_letter = &letter;
    int64_t conflicts = a->counts.conflicts;
    assert_int_equal(bring_letter(a, &letter), PAYROUTE_OK);
    assert_null(meddler);
    assert_true(a->counts.conflicts > conflicts);
    a->store->ops = usual;
    int64_t both = figure(a, "ali-main", "convert");
    assert_int_equal(both, figure(b, "ali-main", "convert"));
    /* The same with one worker in a world of its own. */
    payroute_engine *alone = open_with(shop_store(1), "");
    (void)paid_code(alone, &letter);
    assert_int_equal(bring_letter(alone, &letter), PAYROUTE_OK);
    once = all_of(alone);
    unchanged(a, once, "two workers");
    payroute_engine_close(alone);
    payroute_engine_close(b);
    payroute_engine_close(a);
}

/* ---- whose fault ---- */

static void customers_mistakes_move_nothing(void **state)
{
    static const char *const cards[] = {"pm_card_chargeDeclinedExpiredCard", "pm_card_chargeDeclinedIncorrectCvc",
                                        "pm_card_chargeDeclinedStolenCard"};
    static const char *const figures[] = {"up", "approve", "blame_channel", "pending", "convert"};
    payroute_engine *e = open_with(shop_store(1), "");
    (void)state;
    for (int i = 0; i < 5; i++) {
        (void)pay_card(e, "pm_card_visa");
    }
    int64_t before[5];
    for (int k = 0; k < 5; k++) {
        before[k] = figure(e, "card-main", figures[k]);
    }
    for (int i = 0; i < 12; i++) {
        (void)pay_card(e, cards[i % 3]);
    }
    for (int k = 0; k < 5; k++) {
        int64_t after = figure(e, "card-main", figures[k]);
        if (after < before[k] - 1000 || after > before[k] + 5000) { /* that it answers makes it a little surer */
            fail_msg("%s: %lld became %lld", figures[k], (long long)before[k], (long long)after);
        }
    }
    (void)pay_card(e, "pm_card_visa");
    assert_true(first_at(e, "card-main"));
    payroute_engine_close(e);
}

static void our_own_fault_demotes(void **state)
{
    payroute_engine *e = open_with(shop_store(1), "");
    (void)state;
    (void)pay(e, "alipay");
    int64_t before = figure(e, "ali-main", "blame_channel");
    (void)sandbox_call(&box, "POST", "/_fault",
                       "{\"account\":\"ali-main\",\"operation\":\"precreate\",\"fault\":\"error\","
                       "\"code\":\"isv.invalid-app-id\",\"times\":-1}");
    (void)pay(e, "alipay");
    assert_true(first_at(e, "ali-main"));
    assert_string_equal(told(e, "show.channel"), "ali-backup");
    int64_t once = figure(e, "ali-main", "blame_channel");
    assert_true(once > before);
    int refused = 1;
    for (int i = 0; i < 8; i++) {
        pass(e, 5000);
        (void)pay(e, "alipay");
        refused += first_at(e, "ali-main");
    }
    assert_in_range(refused, 1, 5); /* a canary among them */
    assert_in_range(figure(e, "ali-main", "up"), 900000, 1000000); /* the line is fine */
    payroute_engine_close(e);
}

/* ---- what the server does not see ---- */

static void codes_are_paid_or_given_up(void **state)
{
    struct letter letter;
    payroute_engine *e = open_with(shop_store(1), "");
    (void)state;
    int64_t usually = figure(e, "ali-main", "convert");
    for (int i = 0; i < 3; i++) {
        (void)paid_code(e, &letter);
        assert_int_equal(bring_letter(e, &letter), PAYROUTE_OK);
    }
    pass_and_sweep(e, 2 * MINUTE); /* of those who were shown something a moment ago nothing is concluded */
    int64_t good = figure(e, "ali-main", "convert");
    assert_true(good > usually);
    for (int i = 0; i < 3; i++) {
        int64_t id = pay(e, "alipay");
        assert_int_equal(payroute_engine_cancel(e, id, BUDGET), PAYROUTE_OK);
        pass_and_sweep(e, 20 * MINUTE); /* nobody scans it, so nothing can be closed: it expires */
    }
    assert_true(figure(e, "ali-main", "convert") < good);
    assert_in_range(figure(e, "ali-main", "up"), 500000, 1000000);
    payroute_engine_close(e);
}

static void a_browser_is_heard_once_for_each_payment(void **state)
{
    payroute_engine *e = open_with(shop_store(1), "");
    (void)state;
    int64_t id = pay(e, "alipay"), before = figure(e, "ali-main", "cashier");
    assert_int_equal(payroute_engine_client_event(e, id, 1, "opened"), PAYROUTE_OK);
    assert_int_equal(figure(e, "ali-main", "cashier"), before);
    assert_int_equal(payroute_engine_client_event(e, id, 1, "error"), PAYROUTE_OK);
    int64_t once = figure(e, "ali-main", "cashier");
    assert_true(once > before && once < 200000); /* a hint */
    for (int i = 0; i < 20; i++) {
        assert_int_equal(payroute_engine_client_event(e, id, 1, "error"), PAYROUTE_OK);
    }
    assert_int_equal(figure(e, "ali-main", "cashier"), once);
    assert_in_range(figure(e, "ali-main", "up"), 900000, 1000000);
    payroute_engine_close(e);
}

/* ---- looking at a choice ---- */

static char *bytes_of(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    char *text = malloc(1 << 20);
    assert_non_null(f);
    assert_non_null(text);
    *len = fread(text, 1, 1 << 20, f);
    fclose(f);
    return text;
}

/* After an outage that payments found out: says which channel is suspected and why, leaves no trace of itself in the
   file, and what it says leads to the same order again. */
static void a_choice_is_looked_at(void **state)
{
    static const char request[] = "{\"method\":\"alipay\",\"flow\":\"qr\",\"amount_minor\":1250,\"currency\":\"CNY\"}";
    char store[128], path[160], replay[512];
    size_t len, before_len, after_len;
    (void)state;
    snprintf(store, sizeof store, "%s", shop_store(1));
    snprintf(path, sizeof path, "%s-health", store + 7);
    payroute_engine *e = open_with(store, "");
    assert_int_equal(payroute_engine_route(e, request, strlen(request), 1), PAYROUTE_OK);
    assert_string_equal(told(e, "chosen.id"), "ali-main");
    assert_string_equal(told(e, "health.shared"), "true");
    assert_string_equal(told(e, "health.file"), path);
    strike("ali-main", "*", "refuse", "");
    for (int i = 0; i < 3; i++) {
        (void)pay(e, "alipay");
        pass(e, 2000);
    }
    char *before = bytes_of(path, &before_len);
    int64_t written = payroute_engine_transactions(e);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(payroute_engine_route(e, request, strlen(request), i), PAYROUTE_OK);
        const char *trace = payroute_engine_result(e, &len);
        assert_true(payroute_route_replay(trace, len, replay, sizeof replay) > 0);
        assert_non_null(strstr(replay, "\"same\":true"));
        assert_string_equal(told(e, "chosen.id"), "ali-backup");
        assert_string_equal(told(e, "channels.0.id"), "ali-main");
        assert_string_equal(told(e, "channels.0.score.suspect"), "true");
        assert_true(told_number(e, "channels.0.score.down") > 900000);
        assert_int_equal(told_number(e, "request.now_ms"), prh_clock_now(&e->clock));
    }
    char *after = bytes_of(path, &after_len);
    assert_int_equal(before_len, after_len);
    assert_memory_equal(before, after, after_len);
    assert_int_equal(payroute_engine_transactions(e), written);
    (void)pay(e, "alipay");
    assert_string_equal(told(e, "attempts.0.channel"), "ali-backup");
    free(before);
    free(after);
    payroute_engine_close(e);

    e = open_with(store, "false");
    assert_int_equal(payroute_engine_route(e, request, strlen(request), 1), PAYROUTE_OK);
    assert_string_equal(told(e, "chosen.id"), "ali-main"); /* nothing is known */
    assert_non_null(strstr(payroute_engine_result(e, NULL), "\"health\":null"));
    assert_int_equal(payroute_engine_route(e, "{\"amount_minor\":1}", 18, 1), PAYROUTE_E_SCHEMA);
    assert_non_null(strstr(told(e, "error.why"), "currency"));
    assert_int_equal(payroute_engine_route(e, "nonsense", 8, 1), PAYROUTE_E_JSON);
    assert_int_equal(payroute_engine_route(e, NULL, 0, 1), PAYROUTE_E_ARG);
    assert_int_equal(payroute_engine_route(NULL, request, strlen(request), 1), PAYROUTE_E_ARG);
    payroute_engine_close(e);
}

/* ---- the canary ---- */

/* How long the first request of a new payment may take. */
static int64_t timeout_of_new(payroute_engine *e, int number, int *at_main)
{
    char spec[256], entropy[32] = {0};
    int64_t now = prh_clock_now(&e->clock), ms;
    payroute_payment *p = NULL;
    snprintf(spec, sizeof spec,
             "{\"order_id\":\"c%d\",\"amount_minor\":1250,\"currency\":\"CNY\",\"method\":\"card\","
             "\"instrument\":\"pm_card_visa\"}",
             number);
    entropy[0] = (char)number;
    assert_int_equal(payroute_payment_new(&p, e->registry, NULL, spec, strlen(spec), "test", entropy, now, NULL, 0),
                     PAYROUTE_OK);
    assert_int_equal(payroute_payment_health(p, e->health), PAYROUTE_OK);
    assert_int_equal(payroute_payment_budget(p, 60000), PAYROUTE_OK);
    assert_int_equal(payroute_payment_present(p, 1), PAYROUTE_OK);
    assert_int_equal(payroute_payment_lease(p, "test", 1), PAYROUTE_OK);
    assert_int_equal(payroute_payment_tick(p, now), PAYROUTE_OK);
    ms = payroute_payment_exchange(p, PAYROUTE_EXCHANGE_TIMEOUT_MS);
    size_t len = 0;
    const char *view = payroute_payment_view(p, "en", &len);
    *at_main = strcmp(picked(view, "attempts.0.channel"), "card-main") == 0;
    payroute_payment_free(p);
    return ms;
}

/* With the time-outs of a real shop. */
static int use_patient(void **state)
{
    sandbox_patient = 1;
    return use_virtual(state);
}

static int drop_patient(void **state)
{
    sandbox_patient = 0;
    return drop_box(state);
}

static void a_canary_does_not_wait_for_long(void **state)
{
    payroute_engine *e = open_with(shop_store(0), "");
    int at_main = 0, canaries = 0;
    (void)state;
    int64_t usual_ms = timeout_of_new(e, 1, &at_main);
    assert_true(at_main);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(payroute_health_probe(e->health, e->registry, "card-main", 0, 0, prh_clock_now(&e->clock)),
                         PAYROUTE_OK);
    }
    for (int i = 2; i < 60; i++) {
        int64_t ms = timeout_of_new(e, i, &at_main);
        canaries += at_main;
        assert_true(at_main ? ms < usual_ms && ms >= 1000 : ms == usual_ms);
        pass(e, 10000);
    }
    assert_in_range(canaries, 1, 12); /* of ten minutes */
    payroute_engine_close(e);
}

/* ---- the file ---- */

static void write_junk(const char *path, size_t len)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    for (size_t i = 0; i < len; i++) {
        fputc((int)(i * 7 % 251), f);
    }
    fclose(f);
    assert_int_equal(chmod(path, 0600), 0);
}

static int is_shared(payroute_engine *e)
{
    assert_int_equal(payroute_engine_health(e), PAYROUTE_OK);
    return strcmp(told(e, "shared"), "true") == 0;
}

static int doctor_says(payroute_engine *e, const char *finding)
{
    assert_int_equal(payroute_engine_doctor(e, 0), PAYROUTE_OK);
    return strstr(payroute_engine_result(e, NULL), finding) != NULL;
}

static void nothing_of_the_file_fails_a_payment(void **state)
{
    char store[128], path[160];
    struct stat st;
    (void)state;
    snprintf(store, sizeof store, "%s", shop_store(1));
    snprintf(path, sizeof path, "%s-health", store + 7);
    payroute_engine *e = open_with(store, "");
    assert_true(is_shared(e));
    assert_string_equal(told(e, "file"), path);
    assert_string_equal(told(e, "exchanges"), "false");
    assert_true(doctor_says(e, "\"health_shared\""));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    (void)pay(e, "alipay");
    assert_int_equal(unlink(path), 0); /* under an engine that is open */
    (void)pay(e, "alipay");
    pass(e, 2000);
    (void)pay(e, "alipay");
    assert_int_equal(stat(path, &st), 0); /* it is there again */
    payroute_engine_close(e);
    for (size_t len = 0; len < 300000; len = len * 40 + 1) { /* foreign and damaged ones */
        write_junk(path, len);
        e = open_with(store, "");
        assert_true(is_shared(e));
        (void)pay(e, "alipay");
        payroute_engine_close(e);
    }
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0); /* not to be had at all */
    e = open_with(store, "");
    assert_false(is_shared(e));
    assert_non_null(strstr(told(e, "why"), path));
    assert_string_equal(told(e, "exchanges"), "true"); /* then by the store */
    assert_true(doctor_says(e, "\"health_alone\""));
    (void)pay(e, "alipay");
    payroute_engine_close(e);
}

static void it_can_be_put_elsewhere_or_off(void **state)
{
    static const char *const bad[] = {"true", "\"\"", "\"relative\"", "7", "{}"};
    char store[128], health[160], options[512], why[256];
    (void)state;
    snprintf(store, sizeof store, "%s", shop_store(1));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        payroute_engine *none = NULL;
        snprintf(options, sizeof options, "{\"store\":\"%s\",\"health\":%s}", store, bad[i]);
        assert_int_equal(payroute_engine_open(&none, box.config, strlen(box.config), options, strlen(options), why,
                                              sizeof why),
                         PAYROUTE_E_SCHEMA);
        assert_non_null(strstr(why, "options.health"));
    }
    snprintf(health, sizeof health, "\"%s/elsewhere\"", shop_dir());
    payroute_engine *e = open_with(store, health);
    assert_true(is_shared(e));
    assert_non_null(strstr(told(e, "file"), "/elsewhere"));
    payroute_engine_close(e);
    e = open_with(store, "false");
    assert_int_equal(payroute_engine_health(e), PAYROUTE_E_UNSUPPORTED);
    assert_true(doctor_says(e, "\"health_off\""));
    strike("ali-main", "*", "refuse", "");
    for (int i = 0; i < 3; i++) {
        (void)pay(e, "alipay");
        assert_true(first_at(e, "ali-main"));
        assert_string_equal(told(e, "attempts.1.channel"), "ali-backup");
    }
    assert_int_equal(payroute_engine_sweep(e, BUDGET), PAYROUTE_OK);
    assert_int_equal(told_number(e, "probes"), 0);
    payroute_engine_close(e);
    e = open_with(shop_store(0), ""); /* a store of this process needs no file */
    assert_false(is_shared(e));
    (void)pay(e, "alipay");
    payroute_engine_close(e);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, use_virtual, drop_box)
    const struct CMUnitTest tests[] = {
        TEST(outage_is_left_and_come_back_from),
        TEST(probes_are_few_and_settle_it),
        TEST(repeated_letters_tell_nothing),
        TEST(a_crash_between_save_and_tell_loses_it),
        TEST(two_workers_tell_once),
        TEST(customers_mistakes_move_nothing),
        TEST(our_own_fault_demotes),
        TEST(codes_are_paid_or_given_up),
        TEST(a_browser_is_heard_once_for_each_payment),
        TEST(a_choice_is_looked_at),
        cmocka_unit_test_setup_teardown(a_canary_does_not_wait_for_long, use_patient, drop_patient),
        TEST(nothing_of_the_file_fails_a_payment),
        TEST(it_can_be_put_elsewhere_or_off),
    };
    return cmocka_run_group_tests_name("health in the engine", tests, NULL, shop_clean);
}
