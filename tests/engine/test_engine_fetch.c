/* Certificates that are missing (FETCH): fetched once, shared by workers through the store, and never a loop.
   WeChat Pay's platform certificates, on a virtual clock; the sandbox counts the downloads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/engine.h"
#include "story.h"

#define TEN_MINUTES 600000

static int begin(void **state)
{
    (void)state;
    sandbox_channels = "wx-main";
    sandbox_patient = 1; /* nothing stalls here, and a busy machine must not look like it */
    sandbox_start(&box, START_MS);
    return 0;
}

/* Another process's engine on the same file: `name` makes its options, and so the engine, another one. */
static payroute_engine *worker(const char *store, int64_t now_ms, const char *name)
{
    char options[160];
    snprintf(options, sizeof options,
             "\"clock\":{\"base_ms\":%lld,\"rate\":0},\"catalog\":[{\"provider\":\"%s\",\"code\":\"x\","
             "\"reason\":\"invalid_request\"}]",
             (long long)now_ms, name);
    return shop_open(box.config, store, options);
}

static int downloads(void)
{
    int count = 0;
    const char *all = sandbox_call(&box, "GET", "/_requests", "");
    for (const char *at = strstr(all, "certificates"); at; at = strstr(at + 1, "certificates")) {
        count++;
    }
    return count;
}

static void certificate(const char *what)
{
    char body[80];
    snprintf(body, sizeof body, "{\"account\":\"wx-main\",\"certificate\":\"%s\"}", what);
    const char *answer = sandbox_call(&box, "POST", "/_account", body);
    if (strstr(answer, "\"error\"")) {
        fail_msg("%s: %s", what, answer);
    }
}

static int64_t pay(payroute_engine *e, const char *order)
{
    int64_t id = 0;
    assert_int_equal(shop_create(e, order, "wechat", BUDGET, &id), PAYROUTE_OK);
    return id;
}

static void reference_of(char out[64], payroute_engine *e, int64_t id)
{
    assert_int_equal(payroute_engine_show(e, id), PAYROUTE_OK);
    snprintf(out, 64, "%s", told(e, "attempts.0.reference"));
}

static void is_paid(payroute_engine *e, int64_t id)
{
    assert_int_equal(payroute_engine_show(e, id), PAYROUTE_OK);
    assert_string_equal(told(e, "status"), "paid");
}

static void one_download_serves_every_worker(void **state)
{
    (void)state;
    char reference[64];
    struct letter letter;
    const char *store = shop_store(1);
    payroute_engine *a = worker(store, START_MS, "a");
    int64_t id = pay(a, "first");
    assert_int_equal(strncmp(told(a, "show.text"), "weixin://", 9), 0); /* the very answer that had to wait */
    assert_int_equal(downloads(), 1);
    int64_t second = pay(a, "second");
    assert_true(*told(a, "show.text"));
    payroute_engine *b = worker(store, START_MS, "b");
    (void)pay(b, "third");
    assert_true(*told(b, "show.text"));
    assert_int_equal(downloads(), 1);
    reference_of(reference, a, id);
    customer(reference, "pay");
    payroute_engine *c = worker(store, START_MS, "c"); /* its first sight of WeChat is a notification */
    assert_true(take_letter(&box, &letter));
    assert_int_equal(bring_letter(c, &letter), PAYROUTE_OK);
    is_paid(a, id);
    assert_int_equal(downloads(), 1);
    assert_int_equal(payroute_engine_show(a, second), PAYROUTE_OK);
    payroute_engine_close(a);
    payroute_engine_close(b);
    payroute_engine_close(c);
}

/* A notification goes over no wire: it is asked for again, the sweep fetches, and the repeat is understood.
 */
static void a_notification_waits_for_the_sweep(void **state)
{
    (void)state;
    char reference[64];
    struct letter letter;
    payroute_engine *e = worker(shop_store(1), START_MS, "e");
    int64_t id = pay(e, "order");
    certificate("rotate");
    reference_of(reference, e, id);
    customer(reference, "pay");
    assert_true(take_letter(&box, &letter));
    assert_int_equal(bring_letter(e, &letter), PAYROUTE_E_NEED_AUX);
    assert_true(told_number(e, "ack.status") >= 500);
    assert_int_equal(downloads(), 1);
    pass_and_sweep(e, TEN_MINUTES + 1000); /* not before: it was asked for a moment ago */
    assert_int_equal(downloads(), 2);
    (void)sandbox_call(&box, "POST", "/_clock", "{\"advance_ms\":1}");
    int32_t rc = bring_letter(e, &letter);
    if (rc != PAYROUTE_OK && rc != PAYROUTE_E_EXPIRED) { /* sent ten minutes ago: the repeat is signed anew */
        fail_msg("%s", payroute_rc_name(rc));
    }
    is_paid(e, id); /* the sweep asked about it, too */
    payroute_engine_close(e);
}

/* Whoever makes up serial numbers causes one download in ten minutes at most, and hides nothing. */
static void made_up_serials_never_loop(void **state)
{
    (void)state;
    char reference[64], body[160];
    struct letter letter;
    payroute_engine *e = worker(shop_store(1), START_MS, "e");
    int64_t id = pay(e, "order");
    reference_of(reference, e, id);
    for (int i = 0; i < 5; i++) {
        snprintf(body, sizeof body,
                 "{\"account\":\"wx-main\",\"reference\":\"%s\",\"kind\":\"unknown_serial\"}", reference);
        (void)sandbox_call(&box, "POST", "/_forge", body);
        assert_true(take_letter(&box, &letter));
        assert_int_equal(bring_letter(e, &letter), PAYROUTE_E_NEED_AUX);
        assert_int_equal(payroute_engine_sweep(e, BUDGET), PAYROUTE_OK);
    }
    assert_int_equal(downloads(), 1);
    pass_and_sweep(e, TEN_MINUTES + 1000);
    pass_and_sweep(e, 1000);
    assert_int_equal(downloads(), 2);
    payroute_engine_close(e);
}

/* The list that was downloaded for a made-up number is as good as any: the other workers learn it, too. */
static void a_made_up_serial_hides_no_list(void **state)
{
    (void)state;
    char reference[64], body[160];
    struct letter forged, letter;
    const char *store = shop_store(1);
    payroute_engine *a = worker(store, START_MS, "a");
    (void)pay(a, "order");
    pass(a, TEN_MINUTES - 1000);
    int64_t id = pay(a, "second");
    reference_of(reference, a, id);
    certificate("rotate");
    pass(a, 2000);
    snprintf(body, sizeof body, "{\"account\":\"wx-main\",\"reference\":\"%s\",\"kind\":\"unknown_serial\"}",
             reference);
    (void)sandbox_call(&box, "POST", "/_forge", body);
    assert_true(take_letter(&box, &forged));
    assert_int_equal(bring_letter(a, &forged), PAYROUTE_E_NEED_AUX);
    assert_int_equal(payroute_engine_sweep(a, BUDGET), PAYROUTE_OK);
    assert_int_equal(downloads(), 2);
    payroute_engine *b = worker(store, START_MS + TEN_MINUTES + 1000, "b");
    customer(reference, "pay");
    assert_true(take_letter(&box, &letter));
    assert_int_equal(bring_letter(b, &letter), PAYROUTE_OK);
    is_paid(b, id);
    payroute_engine_close(a);
    payroute_engine_close(b);
}

/* What cannot be downloaded leaves the answer unread, and an unread answer is an unknown outcome. */
static void no_certificate_no_verdict(void **state)
{
    (void)state;
    char reference[64];
    strike("wx-main", "certificates", "drop_before", "\"times\":-1");
    payroute_engine *e = worker(shop_store(1), START_MS, "e");
    int64_t id = pay(e, "order");
    assert_string_equal(told(e, "status"), "pending");
    assert_string_equal(told(e, "attempts.0.state"), "unknown");
    reference_of(reference, e, id);
    customer(reference, "scan");
    for (int i = 0; i < 3; i++) {
        pass_and_sweep(e, 60000);
        assert_int_equal(payroute_engine_show(e, id), PAYROUTE_OK);
        assert_string_equal(told(e, "status"), "pending");
    }
    (void)sandbox_call(&box, "POST", "/_fault", "{\"clear\":true}");
    pass(e, TEN_MINUTES);
    settle(e, id);
    agree(e, id, "after the certificate came");
    payroute_engine_close(e);
}

/* One bad moment of WeChat's is no ten minutes without a code for every customer. */
static void a_failed_download_is_tried_again_soon(void **state)
{
    (void)state;
    strike("wx-main", "certificates", "status_before", "\"status\":502,\"times\":1");
    payroute_engine *e = worker(shop_store(1), START_MS, "e");
    (void)pay(e, "first");
    assert_string_equal(told(e, "show.text"), "");
    (void)pay(e, "second"); /* at the same moment: nobody asks again */
    assert_int_equal(downloads(), 1);
    pass(e, 20000);
    (void)pay(e, "third");
    assert_int_equal(strncmp(told(e, "show.text"), "weixin://", 9), 0);
    assert_int_equal(downloads(), 2);
    payroute_engine_close(e);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, drop_box)
    const struct CMUnitTest tests[] = {
        STORY(one_download_serves_every_worker),
        STORY(a_notification_waits_for_the_sweep),
        STORY(made_up_serials_never_loop),
        STORY(a_made_up_serial_hides_no_list),
        STORY(no_certificate_no_verdict),
        STORY(a_failed_download_is_tried_again_soon),
    };
    return cmocka_run_group_tests(tests, NULL, shop_clean);
}
