/* What all adapters share: the table, headers, pairs, texts that are safe to keep, what a refusal means. */
#include "adapter_fixture.h"

static int32_t header(char *out, size_t cap, const char *block, const char *name)
{
    return pr_header_get(out, cap, block, strlen(block), name);
}

static void table_finds_each_adapter(void **state)
{
    (void)state;
    assert_true(pr_adapter_count() >= 4);
    for (int32_t i = 0; i < pr_adapter_count(); i++) {
        assert_ptr_equal(pr_adapter_find(pr_adapter_at(i)->provider), pr_adapter_at(i));
        assert_non_null(pr_provider_find(pr_adapter_at(i)->provider));
    }
    assert_null(pr_adapter_find("Alipay"));
    assert_null(pr_adapter_find(NULL));
    assert_null(pr_adapter_at(-1));
    assert_null(pr_adapter_at(pr_adapter_count()));
}

static void headers_are_found_once_or_not_at_all(void **state)
{
    (void)state;
    char out[32];
    assert_int_equal(header(out, sizeof out, "HTTP/1.1 200 OK\r\nDate: today\r\nX: \t a b \t\r\n\r\n", "x"),
                     1);
    assert_string_equal(out, "a b");
    assert_int_equal(header(out, sizeof out, "A:1\nB:2", "b"), 1);
    assert_string_equal(out, "2");
    assert_int_equal(header(out, sizeof out, "XX: 1\r\nX-Y: 2\r\n", "X"), 0);
    assert_int_equal(header(out, sizeof out, "X: 1\r\nY: 2\r\nx: 1\r\n", "X"), -1);
    assert_string_equal(out, "");
    assert_int_equal(header(out, 4, "X: 12345\r\n", "X"), -1);
    assert_int_equal(header(out, sizeof out, "X: 1\r\n 2\r\n", "X"), -1);
    assert_int_equal(header(out, sizeof out, "Y: 1\r\n 2\r\nX: 3\r\n", "X"), 1);
    assert_int_equal(header(out, sizeof out,
                            "X: a\x01"
                            "b\r\n",
                            "X"),
                     -1);
    assert_int_equal(header(out, sizeof out, "X:\r\n", "X"), 1);
    assert_string_equal(out, "");
    assert_int_equal(pr_header_get(out, sizeof out, NULL, 0, "X"), 0);
}

static void times_of_replies(void **state)
{
    (void)state;
    pr_http_reply r = {0};
    r.headers = "Date: Wed, 21 Oct 2015 07:28:00 GMT\r\nRetry-After: 120\r\n";
    r.headers_len = strlen(r.headers);
    assert_int_equal(pr_reply_date(&r), INT64_C(1445412480000));
    assert_int_equal(pr_reply_retry_after(&r, 0), 120000);
    r.headers = "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\nDate: 21 Oct\r\n";
    r.headers_len = strlen(r.headers);
    assert_int_equal(pr_reply_retry_after(&r, INT64_C(1445412470000)), 10000);
    assert_int_equal(pr_reply_retry_after(&r, INT64_C(1445412490000)), 0);
    assert_int_equal(pr_reply_date(&r), 0);
    r.headers = "Retry-After: 1 day\r\n";
    r.headers_len = strlen(r.headers);
    assert_int_equal(pr_reply_retry_after(&r, 0), 0);
}

static void pairs_sort_join_and_encode(void **state)
{
    (void)state;
    pr_pair pairs[] = {{"b", "2"}, {"a_x", "1&"}, {"a", "\xe4\xb8\xad"}, {"B", ""}};
    pr_pairs_sort(pairs, 4);
    pr_buf out;
    pr_buf_init(&out);
    pr_pairs_join(&out, pairs, 4);
    assert_string_equal(out.at, "B=&a=\xe4\xb8\xad&a_x=1&&b=2");
    pr_buf_clear(&out);
    pr_pairs_encode(&out, pairs, 4);
    assert_string_equal(out.at, "B=&a=%E4%B8%AD&a_x=1%26&b=2");
    pr_buf_free(&out);
    assert_int_equal(pr_pairs_twice(pairs, 4), 0);
    pairs[3].name = "a_x";
    assert_int_equal(pr_pairs_twice(pairs, 4), 1);
}

static void headers_of_requests_take_no_second_line(void **state)
{
    (void)state;
    pr_buf out;
    pr_buf_init(&out);
    char room[64];
    pr_text why;
    pr_text_init(&why, room, sizeof room);
    assert_int_equal(pr_header_add(&out, "A", "1", &why), PAYROUTE_OK);
    assert_int_equal(pr_header_add(&out, "B", "1\r\nC: 2", &why), PAYROUTE_E_ENCODING);
    assert_string_equal(out.at, "A: 1\r\n");
    pr_buf_free(&out);
}

static void messages_keep_no_card_and_no_key(void **state)
{
    (void)state;
    char out[PR_MESSAGE_CAP];
    pr_message_copy(out, sizeof out, "card 4242 4242-4242 4242 declined\r\n\x1b[31m", NULL);
    assert_null(strstr(out, "4242 4242-4242"));
    assert_non_null(strstr(out, "4242 42**-**** 4242"));
    assert_null(strchr(out, '\n'));
    assert_null(strchr(out, '\x1b'));
    /* found by fuzzing: other digits beside the number hid it */
    pr_message_copy(out, sizeof out, "card 4242424242424242 12/30 declined", NULL);
    assert_null(strstr(out, "4242424242424242"));
    pr_message_copy(out, sizeof out, "2 4242 4242 4242 4242-7 cards", NULL);
    assert_null(strstr(out, "4242 4242 4242"));
    pr_message_copy(out, sizeof out, "order 4242424242424241 is no card", NULL);
    assert_non_null(strstr(out, "4242424242424241"));
    pr_message_copy(out, sizeof out, "key sk_live_abcDEF123 and pi_1_secret_xyz", NULL);
    assert_string_equal(out, "key sk_live_********* and pi_1_secret_***");
    pr_message_copy(out, sizeof out, "n 99994242424242424242999", NULL);
    assert_null(strstr(out, "4242424242424242"));
    pr_message_copy(out, sizeof out, NULL, NULL);
    assert_string_equal(out, "");
    char huge[3000];
    memset(huge, 'x', sizeof huge);
    huge[sizeof huge - 1] = '\0';
    pr_message_copy(out, sizeof out, huge, NULL);
    assert_int_equal(strlen(out), PR_MESSAGE_CAP - 1);
}

static void words_are_copied_whole_or_not(void **state)
{
    (void)state;
    char out[5];
    assert_int_equal(pr_word_copy(out, sizeof out, "abcd"), 1);
    assert_int_equal(pr_word_copy(out, sizeof out, "abcde"), -1);
    assert_string_equal(out, "");
    assert_int_equal(pr_word_copy(out, sizeof out, "a b"), -1);
    assert_int_equal(pr_word_copy(out, sizeof out, ""), 0);
    assert_int_equal(pr_word_copy(out, sizeof out, NULL), 0);
    assert_int_equal(pr_word_plain("pi_A-9"), 1);
    assert_int_equal(pr_word_plain("../x"), 0);
    assert_int_equal(pr_word_plain(""), 0);
}

/* Every class for every operation: only what is listed proves anything. */
static void refusals_prove_only_what_is_documented(void **state)
{
    (void)state;
    for (int32_t op = PR_OP_CREATE; op <= PR_OP_NOTIFY; op++) {
        for (int32_t class = PR_CLASS_UNKNOWN; class <= PR_CLASS_PAID_ALREADY; class ++) {
            int32_t got = pr_refusal_event(op, class);
            int32_t action = pr_operation_target(op) == PR_TARGET_ACTION;
            int32_t want = action ? (int32_t)PR_AE_UNCLEAR : (int32_t)PR_EV_UNCLEAR;
            int32_t declined = class >= PR_CLASS_DECLINED_SOFT && class <= PR_CLASS_DECLINED_CUSTOMER;
            int32_t undo = op == PR_OP_CLOSE || op == PR_OP_VOID;
            if (op == PR_OP_CREATE) {
                want = declined                           ? PR_EV_DECLINED
                       : class == PR_CLASS_INVALID        ? PR_EV_INVALID
                       : class == PR_CLASS_REFUSED_BEFORE ? PR_EV_REFUSED_BEFORE
                                                          : PR_EV_UNCLEAR;
            } else if (!action) {
                want = class == PR_CLASS_NOT_FOUND ? PR_EV_ST_NOT_FOUND : PR_EV_UNCLEAR;
            } else if (op == PR_OP_REFUND_QUERY) {
                want = class == PR_CLASS_NOT_FOUND ? PR_AE_NOT_FOUND : PR_AE_UNCLEAR;
            } else if (declined || class == PR_CLASS_INVALID) {
                want = PR_AE_REFUSED;
            } else if (class == PR_CLASS_REFUSED_BEFORE) {
                want = PR_AE_REFUSED_BEFORE;
            } else if (undo && class == PR_CLASS_NOT_FOUND) {
                want = PR_AE_NOT_FOUND;
            } else if (undo && class == PR_CLASS_CLOSED) {
                want = PR_AE_DONE;
            }
            assert_int_equal(got, want);
        }
    }
}

static void urls_are_checked(void **state)
{
    (void)state;
    char room[128];
    pr_text why;
    pr_text_init(&why, room, sizeof room);
    assert_int_equal(pr_adapter_url_check(NULL, "u", &why), PAYROUTE_OK);
    assert_int_equal(pr_adapter_url_check("https://shop.example/a?b=c", "u", &why), PAYROUTE_OK);
    assert_int_equal(pr_adapter_url_check("javascript:alert(1)", "u", &why), PAYROUTE_E_SCHEMA);
    assert_int_equal(pr_adapter_url_check("https://shop.example/a b", "u", &why), PAYROUTE_E_ENCODING);
    assert_int_equal(pr_adapter_url_check("https://shop.example/\r\nX: y", "u", &why), PAYROUTE_E_ENCODING);
}

static void readings_never_overrun(void **state)
{
    (void)state;
    pr_reading r;
    pr_reading_init(&r);
    for (int32_t i = 0; i < PR_FACTS_MAX + 3; i++) {
        pr_reading_add(&r, PR_TARGET_ATTEMPT, PR_EV_UNCLEAR, PR_EVIDENCE_NONE);
    }
    assert_int_equal(r.count, PR_FACTS_MAX);
    assert_int_equal(r.facts[0].amount_minor, -1);
    assert_int_equal(r.facts[0].merchant_equal, -1);
    char *big = malloc(PR_SHOW_CAP + 2);
    assert_non_null(big);
    memset(big, 'a', PR_SHOW_CAP + 1);
    big[PR_SHOW_CAP + 1] = '\0';
    assert_int_equal(pr_reading_show(&r, PR_SHOW_QR, big), 0);
    big[PR_SHOW_CAP] = '\0';
    assert_int_equal(pr_reading_show(&r, PR_SHOW_QR, big), 1);
    free(big);
    pr_reading_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_finds_each_adapter),
        cmocka_unit_test(headers_are_found_once_or_not_at_all),
        cmocka_unit_test(times_of_replies),
        cmocka_unit_test(pairs_sort_join_and_encode),
        cmocka_unit_test(headers_of_requests_take_no_second_line),
        cmocka_unit_test(messages_keep_no_card_and_no_key),
        cmocka_unit_test(words_are_copied_whole_or_not),
        cmocka_unit_test(refusals_prove_only_what_is_documented),
        cmocka_unit_test(urls_are_checked),
        cmocka_unit_test(readings_never_overrun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
