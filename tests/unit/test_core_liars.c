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

/* Half of a surplus was given back by hand, ours gives back the other half, and the provider's answer names no sum:
   the two could be one. Nothing is on its way any more, so a person must look; a sum settles it. */
static void what_is_left_of_a_surplus_is_seen(void **state)
{
    (void)state;
    for (int32_t sum = 0; sum < 2; sum++) {
        pr_input in;
        fixture_pay(&pay);
        (void)fixture_attempt(&pay, PR_ST_UNKNOWN, fixture_card);
        pay.cancelled = 1;
        tell(PR_EV_PAID, PR_SOURCE_LOOKUP, PRICE, 1);
        assert_int_equal(pay.attempts[0].state, PR_ST_SURPLUS);
        pay.actions[0].amount_minor = PRICE / 2; /* as it is when half of it was back before */
        pay.attempts[0].reversed_flat = PRICE / 2;
        pr_input_init(&in, PR_AE_DISPATCH, PR_SOURCE_ENGINE, NOW);
        assert_int_equal(pr_machine_action(&pay, 0, &in), PAYROUTE_OK);
        pr_input_init(&in, PR_AE_DONE, PR_SOURCE_ANSWER, NOW);
        in.send_no = 1;
        in.lease_epoch = pay.lease_epoch;
        in.reversed_total_minor = sum ? PRICE : -1;
        assert_int_equal(pr_machine_action(&pay, 0, &in), PAYROUTE_OK);
        sound();
        assert_int_equal(pay.attempts[0].state, sum ? PR_ST_REVERSED : PR_ST_SURPLUS);
        assert_int_equal(pay.attempts[0].review != 0, !sum);
    }
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

static void a_record_from_before_all_time_is_refused(void **state)
{
    (void)state;
    int64_t *const times[] = {&pay.ordered_ms, &pay.deadline_ms, &pay.last_ms, &pay.backoff_ms};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        uint8_t record[1024];
        static pr_pay read;
        fixture_pay(&pay);
        *times[i] = INT64_MIN;
        int32_t n = pr_record_write(record, sizeof record, &pay);
        assert_true(n > 0);
        assert_int_equal(pr_record_read(&read, record, (size_t)n), PAYROUTE_E_CHECKSUM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_person_calls_refunded_what_was_undone_before),
        cmocka_unit_test(what_is_left_of_a_surplus_is_seen),
        cmocka_unit_test(a_record_from_before_all_time_is_refused),
        cmocka_unit_test(a_record_whose_events_are_counted_out_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
