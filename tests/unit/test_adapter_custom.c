/* The custom channel: the host's words become statements, and nothing else happens. */
#include "adapter_fixture.h"

#include <payroute/catalog.h>

#define REF "0K3V9Z2M4QABCDEFGHJKMNPQRS"
#define CHANNEL(facts)                                                                                       \
    "{\"id\":\"own\",\"provider\":\"custom\",\"methods\":[{\"method\":\"card\",\"flows\":[\"direct\"]}],"    \
    "\"currencies\":[\"CNY\"]" facts "}"

static void say_words(adk *k, int32_t operation, const char *code, const char *status, const char *id)
{
    pr_reading_free(&k->reading);
    pr_reading_init(&k->reading);
    assert_int_equal(k->adapter->read_code(&k->reading, operation, 1, &k->subject, code, status, id),
                     PAYROUTE_OK);
}

static void words_become_statements(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        int32_t create, query, close, refund, refund_query;
    } rows[] = {
        {"paid", PR_EV_PAID, PR_EV_PAID, PR_AE_UNCLEAR, PR_AE_UNCLEAR, PR_AE_UNCLEAR},
        {"authorized", PR_EV_AUTH, PR_EV_AUTH, PR_AE_UNCLEAR, PR_AE_UNCLEAR, PR_AE_UNCLEAR},
        {"declined", PR_EV_DECLINED, PR_EV_ST_DECLINED, PR_AE_REFUSED, PR_AE_REFUSED, PR_AE_FAILED},
        {"invalid", PR_EV_INVALID, PR_EV_UNCLEAR, PR_AE_REFUSED, PR_AE_REFUSED, PR_AE_UNCLEAR},
        {"refused_before", PR_EV_REFUSED_BEFORE, PR_EV_UNCLEAR, PR_AE_REFUSED_BEFORE, PR_AE_REFUSED_BEFORE,
         PR_AE_UNCLEAR},
        {"pending", PR_EV_ACCEPTED, PR_EV_ST_PROCESSING, PR_AE_PENDING, PR_AE_PENDING, PR_AE_PENDING},
        {"action", PR_EV_ACTION_NEEDED, PR_EV_ST_UNPAID, PR_AE_UNCLEAR, PR_AE_UNCLEAR, PR_AE_UNCLEAR},
        {"not_found", PR_EV_UNCLEAR, PR_EV_ST_NOT_FOUND, PR_AE_NOT_FOUND, PR_AE_NOT_FOUND, PR_AE_NOT_FOUND},
        {"closed", PR_EV_ST_CLOSED, PR_EV_ST_CLOSED, PR_AE_DONE, PR_AE_DONE, PR_AE_DONE},
        {"refunded", PR_EV_REVERSED_PART, PR_EV_REVERSED_PART, PR_AE_DONE, PR_AE_DONE, PR_AE_DONE},
        {"done", PR_EV_UNCLEAR, PR_EV_UNCLEAR, PR_AE_DONE, PR_AE_DONE, PR_AE_DONE},
        {"failed", PR_EV_UNCLEAR, PR_EV_UNCLEAR, PR_AE_REFUSED, PR_AE_REFUSED, PR_AE_FAILED},
        {"unknown", PR_EV_UNCLEAR, PR_EV_UNCLEAR, PR_AE_UNCLEAR, PR_AE_UNCLEAR, PR_AE_UNCLEAR},
        {"unpaid", PR_EV_UNCLEAR, PR_EV_ST_UNPAID, PR_AE_UNCLEAR, PR_AE_UNCLEAR, PR_AE_UNCLEAR},
    };
    static const int32_t operations[] = {PR_OP_CREATE, PR_OP_QUERY, PR_OP_CLOSE, PR_OP_REFUND,
                                         PR_OP_REFUND_QUERY};
    adk k;
    adk_open(&k, CHANNEL(""), "card", "direct", "CNY");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const int32_t want[] = {rows[i].create, rows[i].query, rows[i].close, rows[i].refund,
                                rows[i].refund_query};
        for (size_t op = 0; op < 5; op++) {
            say_words(&k, operations[op], NULL, rows[i].word, "their-1");
            const pr_fact *f = adk_fact(&k, pr_operation_target(operations[op]));
            if (f->event != want[op] || f->evidence != PR_EVIDENCE_HOST) {
                fail_msg("%s for operation %d: event %d", rows[i].word, (int)operations[op], (int)f->event);
            }
        }
    }
    say_words(&k, PR_OP_CREATE, NULL, "paid", "their-1");
    assert_int_equal(k.reading.facts[0].amount_minor, 1250);
    assert_string_equal(k.reading.facts[0].currency, "CNY");
    assert_string_equal(k.reading.facts[0].reference, REF);
    assert_string_equal(k.reading.facts[0].txn_id, "their-1");
    say_words(&k, PR_OP_CLOSE, NULL, "closed", NULL);
    assert_int_equal(adk_fact(&k, PR_TARGET_ATTEMPT)->event, PR_EV_ST_CLOSED);
    assert_int_equal(adk_fact(&k, PR_TARGET_ATTEMPT)->final, 1);
    say_words(&k, PR_OP_VOID, NULL, "refunded", NULL);
    assert_int_equal(adk_fact(&k, PR_TARGET_ATTEMPT)->event, PR_EV_REVERSED_PART);
    assert_int_equal(adk_fact(&k, PR_TARGET_ATTEMPT)->reversed_total_minor, 1250);
    say_words(&k, PR_OP_CLOSE, NULL, "not_found", NULL);
    assert_int_equal(adk_fact(&k, PR_TARGET_ATTEMPT)->event, PR_EV_ST_NOT_FOUND);
    adk_close(&k);
}

static void a_word_that_nobody_knows_is_the_hosts_mistake(void **state)
{
    (void)state;
    static const char *const words[] = {"PAID", "success!", "paid ", "pai"};
    adk k;
    adk_open(&k, CHANNEL(""), "card", "direct", "CNY");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        pr_reading_free(&k.reading);
        pr_reading_init(&k.reading);
        assert_int_equal(k.adapter->read_code(&k.reading, PR_OP_CREATE, 1, &k.subject, "E-1", words[i], NULL),
                         PAYROUTE_E_SCHEMA);
    }
    adk_close(&k);
}

static void a_decline_in_a_container_is_not_final(void **state)
{
    (void)state;
    adk k;
    adk_open(&k, CHANNEL(",\"facts\":{\"container\":true}"), "card", "direct", "CNY");
    say_words(&k, PR_OP_QUERY, NULL, "declined", NULL);
    assert_int_equal(k.reading.facts[0].final, 0);
    say_words(&k, PR_OP_QUERY, NULL, "closed", NULL);
    assert_int_equal(k.reading.facts[0].final, 1);
    adk_close(&k);
    adk_open(&k, CHANNEL(""), "card", "direct", "CNY");
    say_words(&k, PR_OP_QUERY, NULL, "declined", NULL);
    assert_int_equal(k.reading.facts[0].final, 1);
    adk_close(&k);
}

static void codes_that_nobody_knows_say_nothing(void **state)
{
    (void)state;
    adk k;
    adk_open(&k, CHANNEL(""), "card", "direct", "CNY");
    for (int32_t op = PR_OP_CREATE; op <= PR_OP_REFUND_QUERY; op++) {
        say_words(&k, op, "E-4711", NULL, NULL);
        const pr_fact *f = &k.reading.facts[0];
        assert_int_equal(f->event,
                         f->target == PR_TARGET_ACTION ? (int32_t)PR_AE_UNCLEAR : (int32_t)PR_EV_UNCLEAR);
        assert_string_equal(f->code, "E-4711");
        assert_true(f->meaning.reason > 0);
        say_words(&k, op, NULL, NULL, NULL);
        say_words(&k, op, "", "", "");
        assert_int_equal(k.reading.count, 1);
    }
    say_words(&k, PR_OP_CREATE, NULL, "paid",
              "an id with blanks"); /* unfit: better no statement than a wrong one */
    assert_int_equal(k.reading.facts[0].event, PR_EV_UNCLEAR);
    adk_close(&k);
}

/* What the customer is told must not contradict what the host said. */
static void a_decline_by_word_has_words(void **state)
{
    (void)state;
    static const int32_t operations[] = {PR_OP_CREATE, PR_OP_QUERY};
    adk k;
    adk_open(&k, CHANNEL(""), "card", "direct", "CNY");
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        say_words(&k, operations[i], "E-4711", "declined", NULL);
        assert_string_equal(pr_reason_name(k.reading.facts[0].meaning.reason), "provider_declined");
        assert_string_equal(k.reading.facts[0].code, "E-4711");
        say_words(&k, operations[i], NULL, "declined", NULL);
        assert_string_equal(pr_reason_name(k.reading.facts[0].meaning.reason), "provider_declined");
        say_words(&k, operations[i], "E-4711", "unknown", NULL);
        assert_string_equal(pr_reason_name(k.reading.facts[0].meaning.reason), "unknown_outcome");
    }
    adk_close(&k);
}

/* The host's own rows: those under the channel's name before those under `custom`. */
static void codes_by_the_hosts_own_rows(void **state)
{
    (void)state;
    static const char rows[] = "[{\"provider\":\"custom\",\"code\":\"E1\",\"reason\":\"insufficient_funds\"},"
                               "{\"provider\":\"own\",\"code\":\"E1\",\"reason\":\"lost_card\"},"
                               "{\"provider\":\"custom\",\"code\":\"E2\",\"reason\":\"invalid_request\"},"
                               "{\"provider\":\"custom\",\"code\":\"E3\",\"reason\":\"rate_limited\"},"
                               "{\"provider\":\"custom\",\"code\":\"E4\",\"reason\":\"order_not_found\"},"
                               "{\"provider\":\"custom\",\"code\":\"E5\",\"reason\":\"already_paid\"}]";
    payroute_catalog *catalog = NULL;
    char why[400] = "";
    if (payroute_catalog_new(&catalog, rows, strlen(rows), why, sizeof why) != PAYROUTE_OK) {
        fail_msg("%s", why);
    }
    static const struct {
        const char *code;
        int32_t create, query, refund;
    } want[] = {
        {"E1", PR_EV_DECLINED, PR_EV_UNCLEAR, PR_AE_REFUSED},
        {"E2", PR_EV_INVALID, PR_EV_UNCLEAR, PR_AE_REFUSED},
        {"E3", PR_EV_REFUSED_BEFORE, PR_EV_UNCLEAR, PR_AE_REFUSED_BEFORE},
        {"E4", PR_EV_UNCLEAR, PR_EV_ST_NOT_FOUND, PR_AE_UNCLEAR},
        {"E5", PR_EV_UNCLEAR, PR_EV_UNCLEAR, PR_AE_UNCLEAR},
    };
    adk k;
    adk_open(&k, CHANNEL(""), "card", "direct", "CNY");
    k.subject.catalog = catalog;
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        say_words(&k, PR_OP_CREATE, want[i].code, NULL, NULL);
        assert_int_equal(k.reading.facts[0].event, want[i].create);
        if (i == 0) {
            assert_string_equal(k.reading.facts[0].meaning.name, "lost_card");
        }
        say_words(&k, PR_OP_QUERY, want[i].code, NULL, NULL);
        assert_int_equal(k.reading.facts[0].event, want[i].query);
        say_words(&k, PR_OP_REFUND, want[i].code, NULL, NULL);
        assert_int_equal(k.reading.facts[0].event, want[i].refund);
    }
    adk_close(&k);
    payroute_catalog_free(catalog);
}

static void nothing_is_sent_and_nobody_knocks(void **state)
{
    (void)state;
    adk k;
    adk_open(&k, CHANNEL(""), "card", "direct", "CNY");
    pr_wish wish = {.subject = "Tea", .instrument = "tok_1"};
    adk_content(&k, &wish);
    assert_string_equal(k.content.at,
                        "{\"reference\":\"" REF
                        "\",\"amount_minor\":1250,\"currency\":\"CNY\",\"method\":\"card\","
                        "\"flow\":\"direct\",\"subject\":\"Tea\",\"instrument\":\"tok_1\",\"hold\":false,"
                        "\"expire_ms\":1764064800000}");
    pr_http_request r;
    for (int32_t op = PR_OP_CREATE; op <= PR_OP_FETCH; op++) {
        assert_int_equal(adk_build(&k, &r, op, 1), PAYROUTE_E_UNSUPPORTED);
        pr_http_request_free(&r);
        adk_read(&k, op, 1, 200, NULL, "{\"paid\":true}", 13, 1);
        assert_int_equal(k.reading.facts[0].evidence, PR_EVIDENCE_NONE);
    }
    assert_null(k.adapter->show);
    pr_notice n;
    pr_http_incoming in = {"POST", NULL, 0, "", 0, "paid", 4};
    k.adapter->notify(&n, k.channel, NULL, NULL, &in, 0);
    assert_int_equal(n.rc, PAYROUTE_E_UNSUPPORTED);
    assert_int_equal(n.refused.status, 404);
    adk_close(&k);
}

static void content_has_a_limit(void **state)
{
    (void)state;
    adk k;
    adk_open(&k, CHANNEL(""), "card", "direct", "CNY");
    char *big = malloc(5000);
    assert_non_null(big);
    memset(big, 'a', 4999);
    big[4999] = '\0';
    pr_wish wish = {.subject = big};
    char room[128];
    pr_text why;
    pr_text_init(&why, room, sizeof room);
    pr_buf out;
    pr_buf_init(&out);
    assert_int_equal(k.adapter->content(&out, &k.subject, &wish, &why), PAYROUTE_E_LIMIT);
    assert_non_null(strstr(room, "at most 4096"));
    pr_buf_free(&out);
    free(big);
    adk_close(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_become_statements),
        cmocka_unit_test(a_word_that_nobody_knows_is_the_hosts_mistake),
        cmocka_unit_test(a_decline_in_a_container_is_not_final),
        cmocka_unit_test(codes_that_nobody_knows_say_nothing),
        cmocka_unit_test(a_decline_by_word_has_words),
        cmocka_unit_test(codes_by_the_hosts_own_rows),
        cmocka_unit_test(nothing_is_sent_and_nobody_knocks),
        cmocka_unit_test(content_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
