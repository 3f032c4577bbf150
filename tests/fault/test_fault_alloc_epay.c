/* Allocation n fails inside the epay adapter: it says so, or did not need it; nothing leaks, and what could
   not be read is never a payment. */
#include "../unit/adapter_epay_fixture.h"

#include "alloc.h"

enum { POINTS = 120 };

static adk at[2]; /* v1, v2 */
static char answers[2][4096];
static char notes[2][4096];

static int32_t do_content(adk *k, int32_t version)
{
    (void)version;
    pr_buf out;
    pr_text why;
    pr_buf_init(&out);
    pr_text_init(&why, NULL, 0);
    int32_t rc = k->adapter->content(&out, &k->subject, &epay_wish, &why);
    pr_buf_free(&out);
    return rc;
}

static int32_t do_build(adk *k, int32_t version)
{
    (void)version;
    pr_http_request r;
    pr_text why;
    pr_text_init(&why, NULL, 0);
    pr_http_request_init(&r);
    int32_t rc = k->adapter->build(&r, PR_OP_CREATE, 1, &k->subject, &why);
    pr_http_request_free(&r);
    return rc;
}

static int32_t do_read(adk *k, int32_t version)
{
    pr_reading out;
    pr_http_reply reply = {200, NULL, 0, answers[version], strlen(answers[version]), 1};
    pr_reading_init(&out);
    int32_t rc = k->adapter->read(&out, PR_OP_QUERY, 1, &k->subject, &reply);
    int32_t paid = out.count == 1 && out.facts[0].event == (int32_t)PR_EV_PAID;
    int32_t clear = out.count != 1 || (!paid && out.facts[0].event != (int32_t)PR_EV_UNCLEAR);
    pr_reading_free(&out);
    assert_int_equal(clear, 0);
    return rc != PAYROUTE_OK ? rc : paid ? PAYROUTE_OK : PAYROUTE_E_NOMEM;
}

static int32_t do_notify(adk *k, int32_t version)
{
    pr_notice n;
    pr_http_incoming in = {"GET", notes[version], strlen(notes[version]), "", 0, NULL, 0};
    k->adapter->notify(&n, k->channel, NULL, NULL, &in, k->subject.now_ms);
    int32_t rc = n.rc;
    int32_t count = n.reading.count;
    pr_reading_free(&n.reading);
    assert_int_equal(count, rc == PAYROUTE_OK);
    assert_true(rc == PAYROUTE_OK || rc == PAYROUTE_E_NOMEM || rc == PAYROUTE_E_INTERNAL);
    return rc;
}

static void each_point(int32_t (*call)(adk *, int32_t), int32_t version)
{
    alloc_fail(0, 0);
    assert_int_equal(call(&at[version], version), PAYROUTE_OK);
    long total = alloc_stop();
    assert_true(total > 0);
    for (long n = 1; n <= total; n += total / POINTS + 1) {
        for (int for_ever = 0; for_ever < 2; for_ever++) {
            alloc_count(1);
            alloc_fail(n, for_ever);
            int32_t rc = call(&at[version], version);
            (void)alloc_stop();
            long left = alloc_live();
            alloc_count(0);
            assert_int_equal(left, 0);
            assert_true(rc == PAYROUTE_OK || rc == PAYROUTE_E_NOMEM || rc == PAYROUTE_E_INTERNAL);
        }
    }
    assert_int_equal(call(&at[version], version), PAYROUTE_OK);
}

static void every_call(void **state)
{
    (void)state;
    if (!alloc_works()) {
        skip();
    }
    for (int32_t version = 0; version < 2; version++) {
        each_point(do_content, version);
        each_point(do_build, version);
        each_point(do_read, version);
        each_point(do_notify, version);
    }
}

#define NOTICE                                                                                               \
    "pid=1001|trade_no=" EPAY_TRADE "|out_trade_no=" EPAY_REF "|money=12.5|trade_status=TRADE_SUCCESS"

static int begin(void **state)
{
    (void)state;
    for (int32_t v = 0; v < 2; v++) {
        char room[512], sign[1024];
        pr_pair pairs[16];
        pr_buf text;
        epay_open(&at[v], v ? RAINBOW2 : RAINBOW, "alipay", "qr");
        snprintf(room, sizeof room, "%s", NOTICE);
        size_t count = epay_pairs(room, pairs, 16);
        epay_panel_sign(sign, sizeof sign, pairs, count, v ? ADK_ALIPAY_PRIVATE : NULL);
        pr_buf_init(&text);
        for (size_t i = 0; i < count; i++) {
            pr_form_add(&text, pairs[i].name, pairs[i].value);
        }
        pr_form_add(&text, "sign", sign);
        snprintf(notes[v], sizeof notes[v], "%s", text.at);
        pr_buf_free(&text);
    }
    snprintf(answers[0], sizeof answers[0],
             "{\"code\":1,\"trade_no\":\"" EPAY_TRADE "\",\"out_trade_no\":\"" EPAY_REF
             "\",\"pid\":1001,\"money\":\"12.50\",\"status\":1}");
    epay_v2_answer(answers[1], sizeof answers[1],
                   "code=#0|trade_no=" EPAY_TRADE "|out_trade_no=" EPAY_REF "|pid=#1001|money=12.50|status=1",
                   ADK_ALIPAY_PRIVATE);
    return 0;
}

static int end(void **state)
{
    (void)state;
    adk_close(&at[0]);
    adk_close(&at[1]);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_call)};
    return cmocka_run_group_tests(tests, begin, end);
}
