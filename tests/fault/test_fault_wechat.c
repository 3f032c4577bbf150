/* Allocation n fails inside each call of WeChat Pay's adapter: the call says so, or did not need it; nothing
   leaks, and no answer is read as something else. */
#include "../unit/adapter_wechatpay_fixture.h"

#include "alloc.h"

#define PAID                                                                                                 \
    "{\"appid\":\"wx2421b1c4370ec43b\",\"mchid\":\"1900007291\",\"out_trade_no\":\"" REF                     \
    "\",\"transaction_id\":\"1217752501201407033233368018\",\"trade_state\":\"SUCCESS\","                    \
    "\"amount\":{\"total\":1250,\"payer_total\":1250,\"currency\":\"CNY\"}}"

static adk k;
static pr_keyring *ring;
static char paid_headers[4096], page_headers[4096], notice_headers[4096];
static char *notice_body, *certificates;
static const char page[] = "{\"prepay_id\":\"wx201410272009395522657a690389285100\"}";

/* Each gives OK with everything right, or the error that it met. */
typedef int32_t (*call)(void);

static int32_t make_content(void)
{
    char room[128];
    pr_text why;
    pr_buf out;
    pr_text_init(&why, room, sizeof room);
    pr_buf_init(&out);
    int32_t rc = k.adapter->content(&out, &k.subject, &wx_wish, &why);
    assert_true(rc != PAYROUTE_OK || out.len == k.content.len);
    pr_buf_free(&out);
    return rc;
}

static int32_t make_request(void)
{
    pr_http_request r;
    int32_t rc = adk_build(&k, &r, PR_OP_CREATE, 1);
    assert_true(rc != PAYROUTE_OK || strstr(r.headers.at, "signature=\"") != NULL);
    pr_http_request_free(&r);
    return rc;
}

static int32_t read_as(int32_t operation, const char *headers, const char *body, int32_t event)
{
    pr_reading reading;
    pr_http_reply reply = {200, headers, strlen(headers), body, strlen(body), 1};
    pr_reading_init(&reading);
    int32_t rc = k.adapter->read(&reading, operation, 1, &k.subject, &reply);
    assert_true(reading.count >= 1);
    assert_int_equal(reading.facts[0].event, rc == PAYROUTE_OK ? event : PR_EV_UNCLEAR);
    pr_reading_free(&reading);
    return rc;
}

static int32_t read_paid(void)
{
    return read_as(PR_OP_QUERY, paid_headers, PAID, PR_EV_PAID);
}

static int32_t read_page(void)
{
    return read_as(PR_OP_CREATE, page_headers, page, PR_EV_ACTION_NEEDED);
}

static int32_t read_notice(void)
{
    pr_notice n;
    pr_http_incoming in = {
        "POST", NULL, 0, notice_headers, strlen(notice_headers), notice_body, strlen(notice_body)};
    k.adapter->notify(&n, k.channel, NULL, ring, &in, k.subject.now_ms);
    assert_int_equal(n.reading.count, n.rc == PAYROUTE_OK ? 1 : 0);
    pr_reading_free(&n.reading);
    return n.rc;
}

static int32_t take_certificates(void)
{
    char room[128];
    pr_text why;
    static pr_keyring fresh;
    pr_text_init(&why, room, sizeof room);
    int32_t rc =
        k.adapter->fetched(&fresh, k.channel, certificates, strlen(certificates), k.subject.now_ms, &why);
    assert_int_equal(pr_keyring_find(&fresh, k.channel, WX_SERIAL, k.subject.now_ms) != NULL,
                     rc == PAYROUTE_OK);
    pr_keyring_clear(&fresh);
    return rc;
}

static void every_allocation(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        call run;
    } calls[] = {{"content", make_content}, {"request", make_request}, {"paid", read_paid},
                 {"page", read_page},       {"notice", read_notice},   {"certificates", take_certificates}};
    if (!alloc_works()) {
        skip();
    }
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        for (int for_ever = 0; for_ever <= 1; for_ever++) {
            for (long n = 1;; n += n < 60 ? 1 : 3) { /* signing is dear, and its places are alike */
                alloc_count(1);
                alloc_fail(n, for_ever);
                int32_t rc = calls[i].run();
                long asked = alloc_stop();
                long live = alloc_live();
                alloc_count(0);
                /* inside mbedTLS a lack of memory comes out as a failed operation, or as a certificate that
                 * cannot be read */
                int32_t said = rc == PAYROUTE_E_NOMEM || rc == PAYROUTE_E_INTERNAL || rc == PAYROUTE_E_KEY;
                if (live != 0 || (rc != PAYROUTE_OK && (!said || asked < n))) {
                    fail_msg("%s, allocation %ld of %ld: %d, %ld blocks left", calls[i].name, n, asked,
                             (int)rc, live);
                }
                if (asked < n) {
                    assert_int_equal(rc, PAYROUTE_OK);
                    break;
                }
            }
        }
    }
}

int main(void)
{
    adk_open(&k, WX_OURS, "wechat", "token", "CNY");
    adk_content(&k, &wx_wish);
    ring = wx_ring(&k);
    k.subject.keyring = ring;
    wx_headers(paid_headers, sizeof paid_headers, WX_PLATFORM_PRIVATE, WX_SERIAL, NOW_S, PAID, strlen(PAID));
    wx_headers(page_headers, sizeof page_headers, WX_PLATFORM_PRIVATE, WX_SERIAL, NOW_S, page, strlen(page));
    char *sealed = wx_seal(PAID, WX_APIV3, "transaction");
    notice_body = malloc(strlen(sealed) + 128);
    sprintf(notice_body, "{\"id\":\"EV-1\",\"event_type\":\"TRANSACTION.SUCCESS\",\"resource\":%s}", sealed);
    wx_headers(notice_headers, sizeof notice_headers, WX_PLATFORM_PRIVATE, WX_SERIAL, NOW_S, notice_body,
               strlen(notice_body));
    free(sealed);
    char *entry = wx_entry(WX_PLATFORM_CERT, WX_SERIAL, WX_APIV3, "2031-04-25T16:55:23+08:00");
    certificates = malloc(strlen(entry) + 32);
    sprintf(certificates, "{\"data\":[%s]}", entry);
    free(entry);
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(certificates);
    free(notice_body);
    wx_ring_free(ring);
    adk_close(&k);
    return failed;
}
