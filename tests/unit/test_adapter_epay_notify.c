/* 易支付: notifications true, forged, foreign and doubled, by GET and by POST, of v1 and v2. */
#include "adapter_epay_fixture.h"

#define V1_NOTICE                                                                                            \
    "pid=1001|trade_no=" EPAY_TRADE "|out_trade_no=" EPAY_REF                                                \
    "|type=alipay|name=月卡 1|money=12.5|trade_status=TRADE_SUCCESS|param=c0ffee"
#define V2_NOTICE V1_NOTICE "|buyer=a@b.example|api_trade_no=2025|timestamp=1764064490"

enum notice_by { BY_GET, BY_POST, BY_POST_QUERY };

/* Signs the fields (unless `sign` is given) and hands them over; `before` is the query of our own address. */
static void hand_over(adk *k, pr_notice *out, int32_t by, const char *before, const char *fields,
                      const char *rsa_private, const char *sign, const char *sign_type)
{
    char room[2048], made[1024];
    pr_pair pairs[32];
    snprintf(room, sizeof room, "%s", fields);
    size_t count = epay_pairs(room, pairs, 32);
    if (!sign) {
        epay_panel_sign(made, sizeof made, pairs, count, rsa_private);
        sign = made;
    }
    pr_buf text;
    pr_buf_init(&text);
    pr_buf_put(&text, before);
    for (size_t i = 0; i < count; i++) {
        pr_form_add(&text, pairs[i].name, pairs[i].value);
    }
    pr_form_add(&text, "sign", sign);
    pr_form_add(&text, "sign_type", sign_type);
    pr_http_incoming in = {by == BY_GET ? "GET" : "POST", NULL, 0, "", 0, NULL, 0};
    if (by == BY_POST) {
        in.query = "c=epay";
        in.query_len = 6;
        in.body = text.at;
        in.body_len = text.len;
    } else {
        in.query = text.at;
        in.query_len = text.len;
    }
    k->adapter->notify(out, k->channel, NULL, NULL, &in, k->subject.now_ms);
    pr_buf_free(&text);
}

static void refused(adk *k, int32_t rc, int32_t by, const char *before, const char *fields,
                    const char *rsa_private, const char *sign, const char *sign_type)
{
    pr_notice n;
    hand_over(k, &n, by, before, fields, rsa_private, sign, sign_type);
    if (n.rc != rc) {
        fail_msg("%s: rc %d, expected %d", fields, (int)n.rc, (int)rc);
    }
    assert_int_equal(n.reading.count, 0);
    assert_string_equal(n.reference, "");
    assert_string_equal(n.event_id, "");
    assert_string_equal(n.order_hash, "");
    assert_true(n.refused.status >= 400);
    assert_null(strstr(n.refused.body, "success"));
    assert_null(strstr(n.resend.body, "success"));
    pr_reading_free(&n.reading);
}

static void true_ones(void **state)
{
    (void)state;
    for (int32_t v2 = 0; v2 < 2; v2++) {
        adk k;
        char first[PR_ID_CAP] = "";
        adk_open(&k, v2 ? RAINBOW2 : RAINBOW, "alipay", "qr", "CNY");
        for (int32_t by = BY_GET; by <= BY_POST_QUERY; by++) {
            pr_notice n;
            hand_over(&k, &n, by, by == BY_POST ? "" : "c=epay", v2 ? V2_NOTICE : V1_NOTICE,
                      v2 ? ADK_ALIPAY_PRIVATE : NULL, NULL, v2 ? "RSA" : "MD5");
            assert_int_equal(n.rc, PAYROUTE_OK);
            assert_int_equal(n.reading.count, 1);
            const pr_fact *f = &n.reading.facts[0];
            assert_int_equal(f->event, PR_EV_PAID);
            assert_int_equal(f->evidence, PR_EVIDENCE_SIGNED);
            assert_int_equal(f->merchant_equal, 1);
            assert_true(f->amount_minor == 1250);
            assert_string_equal(f->currency, "CNY");
            assert_string_equal(f->txn_id, EPAY_TRADE);
            assert_string_equal(n.reference, EPAY_REF);
            assert_string_equal(n.order_hash, "c0ffee");
            assert_true(f->provider_ms == (v2 ? INT64_C(1764064490000) : 0));
            assert_int_equal(strlen(n.event_id), 64);
            assert_true(first[0] == '\0' ||
                        strcmp(first, n.event_id) == 0); /* the same word, however it came */
            memcpy(first, n.event_id, sizeof first);
            assert_int_equal(n.stored.status, 200);
            assert_string_equal(n.stored.body, "success");
            assert_string_equal(n.resend.body, "fail");
            pr_reading_free(&n.reading);
        }
        adk_close(&k);
    }
}

/* v2 signs every copy anew, so that neither bytes nor signature name a notification. */
static void copies_have_one_name(void **state)
{
    (void)state;
    static const struct {
        const char *fields;
        int32_t same;
    } others[] = {
        {V1_NOTICE "|buyer=x|timestamp=1764064499", 1},
        {"pid=1001|trade_no=2|out_trade_no=" EPAY_REF
         "|money=12.5|trade_status=TRADE_SUCCESS|timestamp=1764064499",
         0},
        {"pid=1001|trade_no=" EPAY_TRADE "|out_trade_no=" EPAY_REF
         "|money=12.6|trade_status=TRADE_SUCCESS|timestamp=1764064499",
         0},
    };
    adk k;
    adk_open(&k, RAINBOW2, "alipay", "qr", "CNY");
    pr_notice a, b;
    hand_over(&k, &a, BY_GET, "", V2_NOTICE, ADK_ALIPAY_PRIVATE, NULL, "RSA");
    for (size_t i = 0; i < 3; i++) {
        hand_over(&k, &b, BY_GET, "", others[i].fields, ADK_ALIPAY_PRIVATE, NULL, "RSA");
        assert_int_equal(b.rc, PAYROUTE_OK);
        assert_int_equal(strcmp(a.event_id, b.event_id) == 0, others[i].same);
        pr_reading_free(&b.reading);
    }
    pr_reading_free(&a.reading);
    adk_close(&k);
}

static void forged_ones(void **state)
{
    (void)state;
    static const char zeros[] = "00000000000000000000000000000000";
    adk k;
    adk_open(&k, RAINBOW, "alipay", "qr", "CNY");
    refused(&k, PAYROUTE_E_SIGNATURE, BY_GET, "", V1_NOTICE, NULL, zeros, "MD5");
    refused(&k, PAYROUTE_E_SIGNATURE, BY_GET, "", V1_NOTICE, NULL, "", "MD5");
    refused(&k, PAYROUTE_E_SIGNATURE, BY_GET, "", V1_NOTICE, NULL, "0", "MD5");
    refused(&k, PAYROUTE_E_SIGNATURE, BY_POST, "", V1_NOTICE, NULL, NULL, "RSA");
    refused(&k, PAYROUTE_E_SIGNATURE, BY_POST, "", V1_NOTICE, NULL, NULL, "md5");
    refused(&k, PAYROUTE_E_SIGNATURE, BY_POST, "", V1_NOTICE, NULL, NULL, "");
    refused(&k, PAYROUTE_E_SIGNATURE, BY_POST, "", V1_NOTICE, ADK_ALIPAY_PRIVATE, NULL, "MD5");
    /* What was not signed, put beside it; and our own pairs, which only a query may hold. */
    refused(&k, PAYROUTE_E_SIGNATURE, BY_GET, "extra=1", V1_NOTICE, NULL, NULL, "MD5");
    refused(&k, PAYROUTE_E_SIGNATURE, BY_GET, "c=other", V1_NOTICE, NULL, NULL, "MD5");
    refused(&k, PAYROUTE_E_SIGNATURE, BY_POST, "c=epay", V1_NOTICE, NULL, NULL, "MD5");
    pr_notice n; /* without sign_type the channel's word holds */
    hand_over(&k, &n, BY_GET, "c=epay", V1_NOTICE, NULL, NULL, NULL);
    assert_int_equal(n.rc, PAYROUTE_OK);
    pr_reading_free(&n.reading);
    adk_close(&k);
    adk_open(&k, RAINBOW2, "alipay", "qr", "CNY");
    refused(&k, PAYROUTE_E_SIGNATURE, BY_GET, "", V2_NOTICE, ADK_WRONG_PRIVATE, NULL, "RSA");
    refused(&k, PAYROUTE_E_SIGNATURE, BY_GET, "", V2_NOTICE, ADK_OFFICIAL_APP_PRIVATE, NULL,
            "RSA");                                                              /* our own key */
    refused(&k, PAYROUTE_E_SIGNATURE, BY_GET, "", V1_NOTICE, NULL, NULL, "MD5"); /* no way back to v1 */
    refused(&k, PAYROUTE_E_SIGNATURE, BY_GET, "", V2_NOTICE, NULL, "AAAA", "RSA");
    adk_close(&k);
}

static void given_twice(void **state)
{
    (void)state;
    adk k;
    adk_open(&k, RAINBOW, "alipay", "qr", "CNY");
    static const char *const names[] = {"money=0.01", "out_trade_no=X", "pid=1001",
                                        "trade_status=TRADE_SUCCESS", "name=x"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        refused(&k, PAYROUTE_E_SCHEMA, BY_POST, names[i], V1_NOTICE, NULL, NULL, "MD5");
        refused(&k, PAYROUTE_E_SCHEMA, BY_GET, names[i], V1_NOTICE, NULL, NULL, "MD5");
    }
    refused(&k, PAYROUTE_E_SIGNATURE, BY_GET, "sign=x", V1_NOTICE, NULL, NULL, "MD5");
    refused(&k, PAYROUTE_E_SIGNATURE, BY_GET, "sign_type=RSA", V1_NOTICE, NULL, NULL, NULL);
    adk_close(&k);
}

/* "name=a&money=1" reads as two pairs when it is cut elsewhere: the same hash, another sum. */
static void values_that_hold_pairs(void **state)
{
    (void)state;
    adk k;
    adk_open(&k, RAINBOW, "alipay", "qr", "CNY");
    refused(&k, PAYROUTE_E_SCHEMA, BY_GET, "",
            "pid=1001|trade_no=1|out_trade_no=" EPAY_REF
            "|name=x&out_trade_no=Y|money=1|trade_status=TRADE_SUCCESS",
            NULL, NULL, "MD5");
    pr_notice n;
    hand_over(&k, &n, BY_GET, "",
              "pid=1001|trade_no=1|out_trade_no=" EPAY_REF "|name=R&D|money=1|trade_status=TRADE_SUCCESS",
              NULL, NULL, "MD5");
    assert_int_equal(n.rc, PAYROUTE_OK);
    pr_reading_free(&n.reading);
    adk_close(&k);
}

/* Another merchant of the panel, whose notifications the same key signs, may choose a field that reads as several:
   his number must not end up inside a name, nor ours come out of his field. */
static void names_that_hold_pairs(void **state)
{
    (void)state;
    char room[1024], sign[1024];
    pr_pair pairs[16];
    adk k;
    adk_open(&k, RAINBOW2, "alipay", "qr", "CNY");
    snprintf(room, sizeof room,
             "pid=1002|trade_no=1|out_trade_no=" EPAY_REF
             "|money=12.5|trade_status=TRADE_SUCCESS|param=x&pid=1001&q=1|timestamp=1764064490");
    size_t count = epay_pairs(room, pairs, 16);
    epay_panel_sign(sign, sizeof sign, pairs, count, ADK_ALIPAY_PRIVATE);
    static const char *const cuts[] = {"param=x&pid=1001&q%3D1%26pid=1002", "param=x&pid=1001&q=1%26pid%3D1002",
                                       "param=x%26pid%3D1001%26q=1%26pid%3D1002"};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        pr_notice n;
        pr_buf text;
        pr_buf_init(&text);
        pr_buf_format(&text,
                      "%s&trade_no=1&out_trade_no=" EPAY_REF
                      "&money=12.5&trade_status=TRADE_SUCCESS&timestamp=1764064490",
                      cuts[i]);
        pr_form_add(&text, "sign", sign);
        pr_http_incoming in = {"POST", NULL, 0, "", 0, text.at, text.len};
        k.adapter->notify(&n, k.channel, NULL, NULL, &in, k.subject.now_ms);
        assert_int_equal(n.rc, PAYROUTE_E_SCHEMA);
        assert_int_equal(n.reading.count, 0);
        pr_reading_free(&n.reading);
        pr_buf_free(&text);
    }
    adk_close(&k);
}

/* What we sign for the customer's browser must not come back as a notification: v1 has one key for both ways, and
   a return address may hold what the customer put there. */
static void a_page_is_no_notification(void **state)
{
    (void)state;
    static const char *const forks[] = {RAINBOW, ZPAY, EZPAY};
    static const char held[] = "%26trade_no%3D9%26trade_status%3DTRADE_SUCCESS";
    static const pr_wish wish = {.subject = "x",
                                 .return_url =
                                     "https://shop.example/r/x&trade_no=9&trade_status=TRADE_SUCCESS"};
    for (size_t i = 0; i < sizeof forks / sizeof forks[0]; i++) {
        adk k;
        pr_reading page;
        pr_notice n;
        char why[200], query[2000];
        pr_text t;
        adk_open(&k, forks[i], "alipay", "page", "CNY");
        adk_content(&k, &wish);
        pr_reading_init(&page);
        pr_text_init(&t, why, sizeof why);
        if (k.adapter->show(&page, &k.subject, &t) != PAYROUTE_OK) {
            fail_msg("%s", why);
        }
        const char *from = strchr(page.show.at, '?') + 1;
        const char *at = strstr(from, held);
        assert_non_null(at);
        snprintf(query, sizeof query, "%.*s&trade_no=9&trade_status=TRADE_SUCCESS%s", (int)(at - from), from,
                 at + strlen(held));
        pr_http_incoming in = {"GET", query, strlen(query), "", 0, NULL, 0};
        k.adapter->notify(&n, k.channel, NULL, NULL, &in, k.subject.now_ms);
        assert_true(n.rc < 0);
        assert_int_equal(n.reading.count, 0);
        pr_reading_free(&n.reading);
        pr_reading_free(&page);
        adk_close(&k);
    }
}

static void foreign_and_incomplete(void **state)
{
    (void)state;
    adk k;
    adk_open(&k, RAINBOW, "alipay", "qr", "CNY");
#define WITH(pid, trade, ours, money, status) pid "|" trade "|" ours "|" money "|" status
#define P "pid=1001"
#define T "trade_no=1"
#define O "out_trade_no=" EPAY_REF
#define M "money=12.50"
#define S "trade_status=TRADE_SUCCESS"
    refused(&k, PAYROUTE_E_FOREIGN, BY_GET, "", WITH("pid=1002", T, O, M, S), NULL, NULL, "MD5");
    refused(&k, PAYROUTE_E_SCHEMA, BY_GET, "", WITH("x=1", T, O, M, S), NULL, NULL, "MD5");
    refused(&k, PAYROUTE_E_SCHEMA, BY_GET, "", WITH(P, "x=1", O, M, S), NULL, NULL, "MD5");
    refused(&k, PAYROUTE_E_SCHEMA, BY_GET, "", WITH(P, T, "x=1", M, S), NULL, NULL, "MD5");
    refused(&k, PAYROUTE_E_SCHEMA, BY_GET, "", WITH(P, T, O, "x=1", S), NULL, NULL, "MD5");
    refused(&k, PAYROUTE_E_SCHEMA, BY_GET, "", WITH(P, T, O, M, "x=1"), NULL, NULL, "MD5");
    refused(&k, PAYROUTE_E_SCHEMA, BY_GET, "", WITH(P, T, "out_trade_no=a b", M, S), NULL, NULL, "MD5");
    static const char *const sums[] = {"money=",   "money=1e2", "money=-1",  "money=1.001", "money=1 ",
                                       "money=+1", "money=.5",  "money=NaN", "money=1,5"};
    for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++) {
        char fields[300];
        snprintf(fields, sizeof fields, "%s|%s|%s|%s|%s", P, T, O, sums[i], S);
        refused(&k, PAYROUTE_E_SCHEMA, BY_GET, "", fields, NULL, NULL, "MD5");
    }
    static const struct {
        const char *text;
        int64_t minor;
    } fine[] = {
        {"money=1", 100}, {"money=1.0", 100}, {"money=1.00", 100}, {"money=0.01", 1}, {"money=1.5", 150}};
    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++) {
        char fields[300];
        pr_notice n;
        snprintf(fields, sizeof fields, "%s|%s|%s|%s|%s", P, T, O, fine[i].text, S);
        hand_over(&k, &n, BY_GET, "", fields, NULL, NULL, "MD5");
        assert_int_equal(n.rc, PAYROUTE_OK);
        assert_true(n.reading.facts[0].amount_minor == fine[i].minor);
        pr_reading_free(&n.reading);
    }
    pr_notice n; /* any other state is a reason to ask, no more */
    hand_over(&k, &n, BY_GET, "", WITH(P, T, O, M, "trade_status=TRADE_CLOSED"), NULL, NULL, "MD5");
    assert_int_equal(n.rc, PAYROUTE_OK);
    assert_int_equal(n.reading.facts[0].event, PR_EV_UNCLEAR);
    pr_reading_free(&n.reading);
    adk_close(&k);
}

static void old_stamps_set_no_clock(void **state)
{
    (void)state;
    adk k;
    adk_open(&k, RAINBOW2, "alipay", "qr", "CNY");
    static const char *const stamps[] = {"1764060000", "1764069000", "x", "99999999999999999999", "-1", ""};
    for (size_t i = 0; i < sizeof stamps / sizeof stamps[0]; i++) {
        char fields[600];
        pr_notice n;
        snprintf(fields, sizeof fields, V1_NOTICE "|timestamp=%s", stamps[i]);
        hand_over(&k, &n, BY_GET, "", fields, ADK_ALIPAY_PRIVATE, NULL, "RSA");
        assert_int_equal(n.rc, PAYROUTE_OK); /* a late copy of a true one is true: money is never refused */
        assert_true(n.reading.facts[0].provider_ms == 0);
        pr_reading_free(&n.reading);
    }
    adk_close(&k);
}

static void no_notification_at_all(void **state)
{
    (void)state;
    static const pr_http_incoming bad[] = {
        {NULL, "a=b", 3, "", 0, NULL, 0},
        {"GET", NULL, 0, "", 0, NULL, 0},
        {"GET", NULL, 0, "", 0, "a=b", 3},
        {"PUT", "a=b", 3, "", 0, "a=b", 3},
        {"POST", NULL, 0, "", 0, "", 0},
        {"get", "a=b", 3, "", 0, NULL, 0},
        {"POST", "", 0, "", 0, "sign=%zz", 8},
        {"GET", "sign=%00", 8, "", 0, NULL, 0},
        {"POST", "", 0, "", 0, "{\"sign\":1}", 10},
    };
    adk k;
    adk_open(&k, RAINBOW, "alipay", "qr", "CNY");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        pr_notice n;
        k.adapter->notify(&n, k.channel, NULL, NULL, &bad[i], k.subject.now_ms);
        assert_true(n.rc < 0);
        assert_int_equal(n.reading.count, 0);
        assert_string_equal(n.refused.body, "fail");
        pr_reading_free(&n.reading);
    }
    pr_http_incoming huge = {"POST", NULL, 0, "", 0, NULL, 0};
    char *text = calloc(1, PR_NOTICE_CAP + 2);
    assert_non_null(text);
    memset(text, 'a', PR_NOTICE_CAP + 1);
    huge.body = text;
    huge.body_len = PR_NOTICE_CAP + 1;
    pr_notice n;
    k.adapter->notify(&n, k.channel, NULL, NULL, &huge, k.subject.now_ms);
    assert_int_equal(n.rc, PAYROUTE_E_LIMIT);
    pr_reading_free(&n.reading);
    free(text);
    adk_close(&k);
}

/* A key that was changed still verifies what it signed; its merchant stands beside it. */
static void two_versions_of_a_key(void **state)
{
    (void)state;
    adk k;
    adk_open(
        &k,
        EPAY_CHANNEL(
            "rainbow",
            "{\"version\":\"2\",\"pid\":\"1001\",\"key\":\"newnewnewnew\"},{\"version\":\"1\",\"pid\":\"1001\","
            "\"key\":\"" EPAY_KEY "\"}",
            ALL_FLOWS("alipay")),
        "alipay", "qr", "CNY");
    pr_notice n;
    hand_over(&k, &n, BY_GET, "", V1_NOTICE, NULL, NULL, "MD5");
    assert_int_equal(n.rc, PAYROUTE_OK);
    pr_reading_free(&n.reading);
    adk_close(&k);
}

/* A panel signs for all its merchants with one key: which of our accounts is meant is said by the number alone. */
#define ACCOUNT(version, pid)                                                                                \
    "{\"version\":\"" version "\",\"pid\":\"" pid "\",\"private_key\":\"%s\",\"platform_public_key\":\"%s\"}"
static void two_accounts_under_one_key(void **state)
{
    (void)state;
    static const char *const pids[] = {"pid=1001", "pid=2002", "pid=3003"};
    adk k;
    char channel[8000];
    snprintf(channel, sizeof channel,
             EPAY_CHANNEL("rainbow_v2", ACCOUNT("2", "2002") "," ACCOUNT("1", "1001"), ALL_FLOWS("alipay")),
             ADK_OFFICIAL_APP_PRIVATE, ADK_ALIPAY_PUBLIC, ADK_OFFICIAL_APP_PRIVATE, ADK_ALIPAY_PUBLIC);
    adk_open(&k, channel, "alipay", "qr", "CNY");
    for (size_t i = 0; i < 3; i++) {
        char fields[400];
        pr_notice n;
        snprintf(fields, sizeof fields, "%s|" T "|" O "|" M "|" S "|timestamp=1764064490", pids[i]);
        hand_over(&k, &n, BY_GET, "", fields, ADK_ALIPAY_PRIVATE, NULL, "RSA");
        assert_int_equal(n.rc, i < 2 ? PAYROUTE_OK : PAYROUTE_E_FOREIGN);
        pr_reading_free(&n.reading);
    }
    adk_close(&k);
    adk_open(&k, /* another version's number is not that of the key which signed */
             EPAY_CHANNEL("rainbow",
                          "{\"version\":\"2\",\"pid\":\"2002\",\"key\":\"newnewnewnew\"},{\"version\":\"1\","
                          "\"pid\":\"1001\",\"key\":\"" EPAY_KEY "\"}",
                          ALL_FLOWS("alipay")),
             "alipay", "qr", "CNY");
    refused(&k, PAYROUTE_E_FOREIGN, BY_GET, "", WITH("pid=2002", T, O, M, S), NULL, NULL, "MD5");
    adk_close(&k);
}

/* What our own address holds may be just what the panel says, too. */
static void our_pair_and_theirs(void **state)
{
    (void)state;
    pr_notice n;
    adk k;
    adk_open(&k, EPAY_AT("rainbow", "?type=alipay", "", V1_CREDENTIAL, ALL_FLOWS("alipay")), "alipay", "qr", "CNY");
    hand_over(&k, &n, BY_GET, "type=alipay", V1_NOTICE, NULL, NULL, "MD5");
    assert_int_equal(n.rc, PAYROUTE_OK);
    pr_reading_free(&n.reading);
    refused(&k, PAYROUTE_E_SCHEMA, BY_GET, "type=alipay&type=alipay", V1_NOTICE, NULL, NULL, "MD5");
    adk_close(&k);
}

static void cut_or_bent(void **state)
{
    (void)state;
    char room[1024], sign[64];
    pr_pair pairs[16];
    adk k;
    adk_open(&k, RAINBOW, "alipay", "qr", "CNY");
    snprintf(room, sizeof room, "%s", V1_NOTICE);
    size_t count = epay_pairs(room, pairs, 16);
    epay_panel_sign(sign, sizeof sign, pairs, count, NULL);
    pr_buf text;
    pr_buf_init(&text);
    pr_form_add(&text, "sign", sign); /* first, so that what is cut is what was signed */
    for (size_t i = 0; i < count; i++) {
        pr_form_add(&text, pairs[i].name, pairs[i].value);
    }
    for (size_t n = 0; n < text.len; n++) {
        pr_notice out;
        pr_http_incoming in = {"POST", NULL, 0, "", 0, text.at, n};
        k.adapter->notify(&out, k.channel, NULL, NULL, &in, k.subject.now_ms);
        assert_true(out.rc < 0);
        pr_reading_free(&out.reading);
        char was = text.at[n];
        text.at[n] = (char)(was == '1' ? '2' : '1');
        in.body_len = text.len;
        k.adapter->notify(&out, k.channel, NULL, NULL, &in, k.subject.now_ms);
        assert_true(out.rc < 0);
        pr_reading_free(&out.reading);
        text.at[n] = was;
    }
    pr_buf_free(&text);
    adk_close(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(true_ones),
        cmocka_unit_test(copies_have_one_name),
        cmocka_unit_test(forged_ones),
        cmocka_unit_test(given_twice),
        cmocka_unit_test(values_that_hold_pairs),
        cmocka_unit_test(names_that_hold_pairs),
        cmocka_unit_test(a_page_is_no_notification),
        cmocka_unit_test(foreign_and_incomplete),
        cmocka_unit_test(old_stamps_set_no_clock),
        cmocka_unit_test(no_notification_at_all),
        cmocka_unit_test(two_versions_of_a_key),
        cmocka_unit_test(two_accounts_under_one_key),
        cmocka_unit_test(our_pair_and_theirs),
        cmocka_unit_test(cut_or_bent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
