/* What fuzzing found in the machine: statements that no honest provider would make in this order, one test each.
   tests/fuzz/test_machine.c makes more of them. */
#include "core_fixture.h"

static pr_pay pay;

static void sound(void)
{
    const char *broken = pr_invariant(&pay);
    if (broken != NULL) {
        fail_msg("%s", broken);
    }
}

static void tell(int32_t event, int32_t source, int64_t amount, uint64_t txn)
{
    pr_input in;
    pr_input_init(&in, event, source, NOW);
    in.amount_minor = amount;
    in.txn = txn;
    in.final = 1;
    assert_int_equal(pr_machine_attempt(&pay, 1, &in), PAYROUTE_OK);
    pay.news_count = 0;
    sound();
}

/* Refunded by a person's word, undone in part by the provider's, refunded by a person's word once more: all of it is
   back now, or the handle would call itself broken for ever. */
static void a_person_calls_refunded_what_was_undone_before(void **state)
{
    (void)state;
    fixture_pay(&pay);
    (void)fixture_attempt(&pay, PR_ST_UNKNOWN, fixture_card);
    tell(PR_EV_PAID, PR_SOURCE_LOOKUP, PRICE, 1);
    tell(PR_EV_RESOLVE_REFUNDED, PR_SOURCE_PERSON, -1, 0);
    assert_int_equal(pay.attempts[0].state, PR_ST_REVERSED);
    tell(PR_EV_REFUND_UNDONE, PR_SOURCE_NOTICE, 400, 2);
    assert_int_equal(pr_reversed(&pay, 1), PRICE - 400);
    assert_int_equal(pay.attempts[0].state, PR_ST_PAID);
    tell(PR_EV_RESOLVE_REFUNDED, PR_SOURCE_PERSON, -1, 0);
    assert_int_equal(pay.attempts[0].state, PR_ST_REVERSED);
    assert_int_equal(pr_reversed(&pay, 1), PRICE);
}

/* Counters of a record that another program wrote: the next event must still have a number. */
static void a_record_whose_events_are_counted_out_is_refused(void **state)
{
    (void)state;
    uint8_t record[1024];
    static pr_pay read;
    fixture_pay(&pay);
    pay.event_no[PR_NEWS_PAID] = INT32_MAX;
    int32_t n = pr_record_write(record, sizeof record, &pay);
    assert_true(n > 0);
    assert_int_equal(pr_record_read(&read, record, (size_t)n), PAYROUTE_E_CHECKSUM);
    pay.event_no[PR_NEWS_PAID] = 1000000;
    n = pr_record_write(record, sizeof record, &pay);
    assert_int_equal(pr_record_read(&read, record, (size_t)n), PAYROUTE_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_person_calls_refunded_what_was_undone_before),
        cmocka_unit_test(a_record_whose_events_are_counted_out_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
