/* Time: when is asked again, how long a key lives, what waiting may prove and what it never proves, and
 * clocks that jump. */
#include "core_oracle.h"

static pr_pay p;

static void schedules_are_those_of_the_specification(void **state)
{
    (void)state;
    static const int64_t unknown[] = {1, 2, 4, 8, 16, 32, 60, 120, 300, 900, 3600};
    static const int64_t closing[] = {2, 2, 2, 2, 2, 4, 8, 16, 32, 60, 120, 300, 900, 3600, 86400};
    static const int64_t late[] = {10 * MINUTE, HOUR, DAY, 7 * DAY};
    for (int32_t i = 0; i < 11; i++) {
        assert_int_equal(pr_schedule_unknown(i), unknown[i] * SECOND);
    }
    for (int32_t i = 11; i < 60; i++) {
        assert_int_equal(pr_schedule_unknown(i), DAY);
    }
    assert_int_equal(pr_schedule_unknown(-1), SECOND);
    for (int32_t i = 0; i < 15; i++) {
        assert_int_equal(pr_schedule_closing(i), closing[i] * SECOND);
    }
    for (int32_t i = 0; i < 4; i++) {
        assert_int_equal(pr_schedule_late(i), late[i]);
    }
    assert_int_equal(pr_schedule_late(4), INT64_MAX);
    assert_int_equal(pr_schedule_late(-1), INT64_MAX);
    assert_int_equal(pr_add_ms(INT64_MAX - 5, 6), INT64_MAX);
    assert_int_equal(pr_add_ms(5, -6), -1);
}

static void an_unknown_outcome_is_asked_about_after_1_2_4_8_seconds(void **state)
{
    (void)state;
    static const int64_t delays[] = {1, 2, 4, 8, 16, 32, 60, 120, 300, 900, 3600, 86400, 86400};
    fixture_pay(&p);
    pr_attempt *a = fixture_attempt(&p, PR_ST_INTENT, fixture_card);
    a->sends = 1;
    a->facts.flags &= ~(uint32_t)PR_FACT_REPEAT_SAFE;
    int64_t now = NOW;
    assert_int_equal(fixture_feed(&p, 1, PR_EV_UNCLEAR, PR_SOURCE_ANSWER, now), PAYROUTE_OK);
    for (size_t i = 0; i < sizeof delays / sizeof delays[0]; i++) {
        assert_int_equal(a->check_ms, now + delays[i] * SECOND);
        assert_int_equal(pr_plan(&p, a->check_ms - 1, 1).todo, PR_DO_NOTHING);
        assert_int_equal(pr_plan(&p, a->check_ms, 1).todo, PR_DO_QUERY);
        now = a->check_ms;
        pr_input in;
        pr_input_init(&in, PR_EV_ST_NOT_FOUND, PR_SOURCE_LOOKUP, now);
        in.provider_ms = now + 2 * MINUTE; /* its clock and ours differ: waiting proves nothing */
        assert_int_equal(pr_machine_attempt(&p, 1, &in), PAYROUTE_OK);
        assert_int_equal(a->state, PR_ST_UNKNOWN);
    }
}

static void a_waiting_order_is_polled_by_who_waits(void **state)
{
    (void)state;
    fixture_pay(&p);
    pr_attempt *a = fixture_attempt(&p, PR_ST_WAITING, fixture_qr);
    a->facts.flags &= ~(uint32_t)PR_FACT_EXPIRES;
    pr_schedule_next(&p, a, NOW);
    assert_int_equal(a->check_ms, NOW + 4 * SECOND);
    p.present = 0;
    pr_schedule_next(&p, a, NOW);
    assert_int_equal(a->check_ms, NOW + 30 * SECOND);
    a->expire_ms = NOW - 1; /* may still be paid: ever more calmly */
    a->check_no = 9;
    pr_schedule_next(&p, a, NOW);
    assert_int_equal(a->check_ms, NOW + 15 * MINUTE);
}

static void a_key_dies_before_the_provider_forgets_it(void **state)
{
    (void)state;
    static const struct {
        int64_t ttl;
        int64_t life;
    } keys[] = {{HOUR, 50 * MINUTE},       {100 * MINUTE, 90 * MINUTE},
                {DAY, DAY - 144 * MINUTE}, {30 * DAY, 27 * DAY},
                {10 * MINUTE, 0},          {5 * MINUTE, 0},
                {INT64_MAX, 1000 * DAY},   {0, 0}};
    fixture_pay(&p);
    pr_attempt *a = fixture_attempt(&p, PR_ST_UNKNOWN, fixture_card);
    a->sends = 1;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        a->facts.key_ttl_ms = keys[i].ttl;
        a->first_send_ms = NOW;
        p.clock_suspect = 0;
        if (keys[i].life > 0) {
            assert_int_equal(pr_key_alive(&p, a, NOW, NOW), 1);
            assert_int_equal(pr_key_alive(&p, a, NOW, NOW + keys[i].life - 1), 1);
        }
        if (keys[i].ttl != INT64_MAX) {
            assert_int_equal(pr_key_alive(&p, a, NOW, NOW + keys[i].life), 0);
        }
        p.clock_suspect = 1;
        assert_int_equal(pr_key_alive(&p, a, NOW, NOW), 0);
    }
}

/* What a "not found" at `at`, with the provider's clock at `provider`, makes of the attempt. */
static int32_t not_found(int64_t at, int64_t provider)
{
    pr_input in;
    pr_input_init(&in, PR_EV_ST_NOT_FOUND, PR_SOURCE_LOOKUP, at);
    in.provider_ms = provider;
    assert_int_equal(pr_machine_attempt(&p, 1, &in), PAYROUTE_OK);
    return p.attempts[0].state;
}

static pr_attempt *sent(void (*facts)(pr_facts *), int32_t state)
{
    fixture_pay(&p);
    pr_attempt *a = fixture_attempt(&p, state, facts);
    a->facts.flags &= ~(uint32_t)PR_FACT_REPEAT_SAFE;
    a->sends = 1;
    a->shown = 1;
    a->built_ms = a->first_send_ms = NOW;
    return a;
}

static void a_window_proves_after_the_quarantine_and_twice(void **state)
{
    (void)state;
    static const struct {
        int32_t window_s;
        int64_t wait;
    } windows[] = {{300, 15 * MINUTE}, {840, 15 * MINUTE}, {841, 901 * SECOND}, {3600, HOUR + MINUTE}};
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        int64_t wait = windows[i].wait;
        sent(fixture_card, PR_ST_UNKNOWN)->facts.late_window_s = windows[i].window_s;
        assert_int_equal(not_found(NOW, NOW), PR_ST_UNKNOWN);
        assert_int_equal(not_found(NOW + wait - 1, NOW + wait - 1), PR_ST_UNKNOWN);
        assert_int_equal(not_found(NOW + wait, NOW + wait), PR_ST_FAILED);
        /* one lookup, however late, is not two; and the wait counts from the first of them */
        sent(fixture_card, PR_ST_UNKNOWN)->facts.late_window_s = windows[i].window_s;
        assert_int_equal(not_found(NOW + 30 * DAY, NOW + 30 * DAY), PR_ST_UNKNOWN);
        assert_int_equal(not_found(NOW + 30 * DAY + wait - 1, NOW + 30 * DAY + wait - 1), PR_ST_UNKNOWN);
        assert_int_equal(not_found(NOW + 30 * DAY + wait, NOW + 30 * DAY + wait), PR_ST_FAILED);
    }
    /* whatever else is said in between begins anew */
    sent(fixture_card, PR_ST_UNKNOWN);
    assert_int_equal(not_found(NOW, NOW), PR_ST_UNKNOWN);
    assert_int_equal(fixture_feed(&p, 1, PR_EV_ST_UNPAID, PR_SOURCE_LOOKUP, NOW + 1), PAYROUTE_OK);
    assert_int_equal(not_found(NOW + HOUR, NOW + HOUR), p.attempts[0].state);
    assert_int_equal(p.attempts[0].not_found, 1);
    /* with nothing that stops a late copy, nothing is ever proved */
    sent(fixture_card, PR_ST_UNKNOWN)->facts.late_send = PR_LATE_NONE;
    for (int32_t day = 0; day < 400; day++) {
        assert_int_equal(not_found(NOW + day * DAY, NOW + day * DAY), PR_ST_UNKNOWN);
    }
}

static void a_clock_that_is_off_shortens_no_quarantine(void **state)
{
    (void)state;
    static const int64_t jumps[] = {HOUR, 30 * DAY};
    for (size_t i = 0; i < 2; i++) {
        /* ahead: the provider's clock tells */
        sent(fixture_card, PR_ST_UNKNOWN);
        assert_int_equal(not_found(NOW, NOW), PR_ST_UNKNOWN);
        assert_int_equal(not_found(NOW + jumps[i], NOW + MINUTE), PR_ST_UNKNOWN);
        /* wrong at the send and set right since: counted from the first lookup */
        sent(fixture_card, PR_ST_UNKNOWN)->built_ms = NOW - jumps[i];
        assert_int_equal(not_found(NOW, NOW), PR_ST_UNKNOWN);
        assert_int_equal(not_found(NOW + MINUTE, NOW + MINUTE), PR_ST_UNKNOWN);
        assert_int_equal(not_found(NOW + 15 * MINUTE, NOW + 15 * MINUTE), PR_ST_FAILED);
        /* back: begins anew, and the schedule comes as much earlier */
        pr_attempt *a = sent(fixture_card, PR_ST_UNKNOWN);
        a->check_ms = NOW + 5 * MINUTE;
        assert_int_equal(not_found(NOW, NOW), PR_ST_UNKNOWN);
        a->check_ms = NOW + 5 * MINUTE;
        pr_clock_tick(&p, NOW - jumps[i]);
        assert_int_equal(p.clock_suspect, 1);
        assert_int_equal(a->built_ms, NOW - jumps[i]);
        assert_int_equal(a->not_found, 0);
        assert_int_equal(a->check_ms, NOW - jumps[i] + 5 * MINUTE);
        assert_true(p.dirty);
        /* and once more when the clocks agree again */
        pr_clock_compare(&p, NOW + HOUR, NOW);
        assert_int_equal(p.clock_suspect, 1);
        a->not_found = 1;
        pr_clock_compare(&p, NOW + MINUTE, NOW);
        assert_int_equal(p.clock_suspect, 0);
        assert_int_equal(a->built_ms, NOW);
        assert_int_equal(a->not_found, 0);
    }
    /* two hosts a second apart are no step; an hour forward is just time */
    sent(fixture_card, PR_ST_UNKNOWN);
    pr_clock_tick(&p, NOW - 2000);
    assert_int_equal(p.clock_suspect, 0);
    pr_clock_tick(&p, NOW + HOUR);
    assert_int_equal(p.clock_suspect, 0);
    pr_clock_compare(&p, NOW + HOUR + 60001, NOW + HOUR);
    assert_int_equal(p.clock_suspect, 1);
}

static void an_expiry_is_proved_by_the_providers_clock_and_twice(void **state)
{
    (void)state;
    static const struct {
        int64_t first; /* of the provider's clock, beyond the expiry */
        int64_t second;
        int64_t gap; /* by ours */
        int32_t proves;
    } proofs[] = {
        {60 * SECOND, 120 * SECOND, 60 * SECOND, 1},
        {60 * SECOND, 120 * SECOND, 60 * SECOND - 1, 0},
        {60 * SECOND - 1, 120 * SECOND, 60 * SECOND, 0},
        {60 * SECOND, 60 * SECOND, 60 * SECOND, 1},
        {60 * SECOND, 60 * SECOND - 1, 60 * SECOND, 0},
        {-HOUR, 30 * DAY, DAY, 0},
        {30 * DAY, 30 * DAY, HOUR, 1},
    };
    static const int32_t states[] = {PR_ST_WAITING, PR_ST_CLOSING, PR_ST_UNKNOWN};
    for (size_t s = 0; s < 3; s++) {
        for (size_t i = 0; i < sizeof proofs / sizeof proofs[0]; i++) {
            pr_attempt *a = sent(fixture_qr, states[s]);
            a->expire_ms = NOW + 5 * MINUTE;
            int64_t at = a->expire_ms + DAY; /* ours says whatever it likes */
            (void)not_found(at, a->expire_ms + proofs[i].first);
            int32_t state_then = not_found(at + proofs[i].gap, a->expire_ms + proofs[i].second);
            assert_int_equal(pr_state_free(state_then), proofs[i].proves);
        }
        /* without the provider's clock nothing is proved, without an expiry that it obeys neither */
        pr_attempt *a = sent(fixture_qr, states[s]);
        (void)not_found(NOW + 30 * DAY, 0);
        assert_false(pr_state_free(not_found(NOW + 60 * DAY, 0)));
        a = sent(fixture_qr, states[s]);
        a->facts.flags &= ~(uint32_t)PR_FACT_EXPIRES;
        (void)not_found(NOW + 30 * DAY, NOW + 30 * DAY);
        assert_false(pr_state_free(not_found(NOW + 60 * DAY, NOW + 60 * DAY)));
    }
}

static void a_closed_container_is_a_tombstone(void **state)
{
    (void)state;
    pr_attempt *a = sent(fixture_intent, PR_ST_CLOSING);
    a->has_id = 1;
    assert_int_equal(not_found(NOW, NOW), PR_ST_CLOSING);
    int32_t i = pr_action_write(&p, 1, PR_ACT_CLOSE, 0, "", NOW);
    assert_int_equal(not_found(NOW, NOW), PR_ST_CLOSING);
    p.actions[i].sends = 1;
    p.actions[i].state = PR_AS_DONE;
    assert_int_equal(not_found(NOW, NOW), PR_ST_CLOSED);
}

static void what_stays_unknown_calls_a_person_once(void **state)
{
    (void)state;
    static const int32_t states[] = {PR_ST_UNKNOWN, PR_ST_CLOSING, PR_ST_PROCESSING};
    for (size_t i = 0; i < 3; i++) {
        pr_attempt *a = sent(fixture_card, states[i]);
        int64_t patience = states[i] == PR_ST_PROCESSING ? a->facts.max_pending_ms : a->facts.review_ms;
        a->entered_ms = NOW;
        pr_clock_tick(&p, NOW + patience - 1);
        assert_int_equal(a->review, 0);
        for (int32_t k = 0; k < 50; k++) {
            pr_clock_tick(&p, NOW + patience + k * HOUR);
            assert_int_equal(a->review, PR_REVIEW_UNKNOWN_LONG);
            assert_int_equal(a->state, states[i]); /* time alone fails nothing */
            assert_int_equal(p.event_no[PR_NEWS_REVIEW], 1);
        }
        int32_t final = 0;
        assert_int_equal(pr_status(&p, NOW + 100 * DAY, &final), PR_STATUS_PENDING);
    }
}

static void a_hold_is_voided_before_it_lapses_and_not_while_it_is_captured(void **state)
{
    (void)state;
    pr_attempt *a = sent(fixture_card, PR_ST_AUTHORIZED);
    p.winner = 1;
    a->guard = 0;
    a->auth_ms = NOW + 7 * DAY;
    pr_clock_tick(&p, NOW + 6 * DAY - 1);
    assert_int_equal(p.action_count, 0);
    int32_t capture = pr_action_write(&p, 1, PR_ACT_CAPTURE, PRICE, "c", NOW);
    pr_clock_tick(&p, NOW + 6 * DAY);
    assert_int_equal(p.action_count, 1);
    p.actions[capture].state = PR_AS_FAILED;
    pr_clock_tick(&p, NOW + 6 * DAY);
    assert_int_equal(p.action_count, 2);
    assert_int_equal(p.actions[1].kind, PR_ACT_VOID);
    pr_clock_tick(&p, NOW + 6 * DAY + 1);
    assert_int_equal(p.action_count, 2);
}

static void free_attempts_are_watched_for_a_week(void **state)
{
    (void)state;
    static const int64_t at[] = {10 * MINUTE, HOUR, DAY, 7 * DAY};
    pr_attempt *a = sent(fixture_qr, PR_ST_CLOSING);
    pr_input in;
    pr_input_init(&in, PR_EV_ST_CLOSED, PR_SOURCE_LOOKUP, NOW);
    in.final = 1;
    assert_int_equal(pr_machine_attempt(&p, 1, &in), PAYROUTE_OK);
    assert_int_equal(a->state, PR_ST_CLOSED);
    for (int32_t i = 0; i < 4; i++) {
        assert_int_equal(a->check_ms, NOW + at[i]);
        pr_input_init(&in, PR_EV_ST_CLOSED, PR_SOURCE_LOOKUP, NOW + at[i]);
        assert_int_equal(pr_machine_attempt(&p, 1, &in), PAYROUTE_OK);
        pr_schedule_next(&p, a, NOW + at[i]);
    }
    assert_int_equal(a->check_ms, INT64_MAX);
    /* what never left and was never shown needs no watch */
    a = sent(fixture_qr, PR_ST_INTENT);
    a->sends = a->shown = 0;
    assert_int_equal(fixture_feed(&p, 1, PR_EV_CLOSE_WANTED, PR_SOURCE_ENGINE, NOW), PAYROUTE_OK);
    assert_int_equal(a->check_ms, INT64_MAX);
}

static void nothing_starts_after_the_deadline_or_without_its_customer(void **state)
{
    (void)state;
    fixture_pay(&p);
    assert_int_equal(pr_startable(&p, p.deadline_ms - 1), 1);
    assert_int_equal(pr_startable(&p, p.deadline_ms), 0);
    p.present = 0;
    assert_int_equal(pr_startable(&p, NOW), 0);
    p.present = 1;
    p.cancelled = 1;
    assert_int_equal(pr_startable(&p, NOW), 0);
    p.cancelled = 0;
    static const struct {
        int32_t state;
        int32_t slot;
    } beside[] = {{PR_ST_INTENT, 0},   {PR_ST_UNKNOWN, 0},    {PR_ST_WAITING, 0}, {PR_ST_PROCESSING, 0},
                  {PR_ST_CLOSING, 0},  {PR_ST_AUTHORIZED, 0}, {PR_ST_PAID, 0},    {PR_ST_SURPLUS, 0},
                  {PR_ST_REVERSED, 1}, {PR_ST_FAILED, 1},     {PR_ST_CLOSED, 1}};
    for (size_t i = 0; i < sizeof beside / sizeof beside[0]; i++) {
        fixture_pay(&p);
        pr_attempt *a = fixture_attempt(&p, beside[i].state, fixture_qr);
        assert_int_equal(pr_startable(&p, NOW), beside[i].slot);
        a->review = 1;
        assert_int_equal(pr_startable(&p, NOW), 0);
        a->review = 0;
        a->held = 1;
        assert_int_equal(pr_startable(&p, NOW), 0);
    }
    /* overlap: one that waits or is being closed, unwanted, where the merchant said so; a third one never */
    fixture_pay(&p);
    pr_attempt *a = fixture_attempt(&p, PR_ST_CLOSING, fixture_qr);
    a->facts.flags |= PR_FACT_OVERLAP;
    assert_int_equal(pr_startable(&p, NOW), 0);
    a->switched = 1;
    assert_int_equal(pr_startable(&p, NOW), 2);
    pr_attempt *b = fixture_attempt(&p, PR_ST_CLOSING, fixture_qr);
    b->facts.flags |= PR_FACT_OVERLAP;
    b->switched = 1;
    assert_int_equal(pr_startable(&p, NOW), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schedules_are_those_of_the_specification),
        cmocka_unit_test(an_unknown_outcome_is_asked_about_after_1_2_4_8_seconds),
        cmocka_unit_test(a_waiting_order_is_polled_by_who_waits),
        cmocka_unit_test(a_key_dies_before_the_provider_forgets_it),
        cmocka_unit_test(a_window_proves_after_the_quarantine_and_twice),
        cmocka_unit_test(a_clock_that_is_off_shortens_no_quarantine),
        cmocka_unit_test(an_expiry_is_proved_by_the_providers_clock_and_twice),
        cmocka_unit_test(a_closed_container_is_a_tombstone),
        cmocka_unit_test(what_stays_unknown_calls_a_person_once),
        cmocka_unit_test(a_hold_is_voided_before_it_lapses_and_not_while_it_is_captured),
        cmocka_unit_test(free_attempts_are_watched_for_a_week),
        cmocka_unit_test(nothing_starts_after_the_deadline_or_without_its_customer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
