/* The money fold is a join: every order of the same facts gives the same amounts and the same kind of
   state, captured money never falls, and
   money given back returns only by an authentic "undone". */
#include "core_oracle.h"

enum { FACTS_MAX = 6 };

typedef struct fact {
    const char *name;
    int32_t event;
    uint64_t txn;
    int64_t amount;
    int64_t total;
    int32_t final;
} fact;

/* What one provider may say about one order; several of them may be said twice. */
static const fact facts[] = {
    {"paid", PR_EV_PAID, 0, PRICE, -1, 1},
    {"paid a", PR_EV_PAID, 1, PRICE, -1, 1},
    {"paid b 500", PR_EV_PAID, 2, 500, -1, 1},
    {"auth", PR_EV_AUTH, 3, PRICE, -1, 0},
    {"back 400 r1", PR_EV_REVERSED_PART, 4, 400, -1, 1},
    {"back 600 r2", PR_EV_REVERSED_PART, 5, 600, -1, 1},
    {"back total 1000", PR_EV_REVERSED_PART, 0, -1, PRICE, 1},
    {"back total 400", PR_EV_REVERSED_PART, 0, -1, 400, 1},
    {"undone r1", PR_EV_REFUND_UNDONE, 4, 400, -1, 1},
    {"closed", PR_EV_ST_CLOSED, 0, -1, -1, 1},
    {"unpaid", PR_EV_ST_UNPAID, 0, -1, -1, 0},
    {"declined", PR_EV_ST_DECLINED, 0, -1, -1, 1},
};
enum { FACT_COUNT = sizeof facts / sizeof facts[0] };

typedef struct outcome {
    int64_t captured;
    int64_t reversed;
    int32_t kind;
} outcome;

static int32_t beside_a_winner;
static int32_t by_notice;
static int64_t permutations;

static void say(pr_pay *p, const fact *f, int32_t source, int64_t now)
{
    pr_input in;
    pr_input_init(&in, f->event, source, now);
    in.txn = f->txn;
    in.amount_minor = f->amount;
    in.reversed_total_minor = f->total;
    in.final = f->final;
    int64_t captured = oracle_captured(p, 1);
    int64_t reversed = oracle_reversed(p, 1);
    assert_int_equal(pr_machine_attempt(p, 1, &in), PAYROUTE_OK);
    assert_true(oracle_captured(p, 1) >= captured);
    assert_true(oracle_reversed(p, 1) >= reversed || f->event == PR_EV_REFUND_UNDONE);
    assert_int_equal(pr_captured(p, 1), oracle_captured(p, 1));
    assert_int_equal(pr_reversed(p, 1), oracle_reversed(p, 1));
    p->news_count = 0;
    const char *broken = pr_invariant(p);
    if (broken != NULL) {
        fail_msg("%s after %s", broken, f->name);
    }
}

/* One order of the facts; the last word is a lookup that repeats them, which must change nothing but
   confirm what was held. */
static outcome tell(const int32_t *order, int32_t count)
{
    static pr_pay p;
    fixture_pay(&p);
    pr_attempt *a = fixture_attempt(&p, PR_ST_WAITING, fixture_qr);
    a->facts.flags |= PR_FACT_HELD;
    a->shown = a->sends = a->has_payload = 1;
    if (beside_a_winner) {
        fixture_attempt(&p, PR_ST_PAID, fixture_qr)->captured_flat = PRICE;
        p.winner = 2;
    }
    for (int32_t i = 0; i < count; i++) {
        say(&p, &facts[order[i]], by_notice ? PR_SOURCE_NOTICE : PR_SOURCE_LOOKUP, NOW + i);
    }
    for (int32_t i = 0; i < count && by_notice; i++) {
        say(&p, &facts[order[i]], PR_SOURCE_LOOKUP, NOW + count + i);
    }
    permutations++;
    int32_t kind =
        a->state == PR_ST_PAID || a->state == PR_ST_SURPLUS || a->state == PR_ST_REVERSED ? a->state : 0;
    return (outcome){.captured = pr_captured(&p, 1), .reversed = pr_reversed(&p, 1), .kind = kind};
}

static int32_t next_order(int32_t *order, int32_t count)
{
    int32_t i = count - 2;
    while (i >= 0 && order[i] >= order[i + 1]) {
        i--;
    }
    if (i < 0) {
        return 0;
    }
    int32_t j = count - 1;
    while (order[j] <= order[i]) {
        j--;
    }
    int32_t swap = order[i];
    order[i] = order[j];
    order[j] = swap;
    for (int32_t l = i + 1, r = count - 1; l < r; l++, r--) {
        swap = order[l];
        order[l] = order[r];
        order[r] = swap;
    }
    return 1;
}

static void describe(const char *what, const int32_t *order, int32_t count, const outcome *o)
{
    print_message("%s:", what);
    for (int32_t i = 0; i < count; i++) {
        print_message(" [%s]", facts[order[i]].name);
    }
    print_message(" -> captured %lld reversed %lld %s\n", (long long)o->captured, (long long)o->reversed,
                  pr_state_name(o->kind));
}

static int32_t has_fact(const int32_t *order, int32_t count, int32_t event)
{
    for (int32_t i = 0; i < count; i++) {
        if (facts[order[i]].event == event) {
            return 1;
        }
    }
    return 0;
}

static int32_t stands(int32_t kind)
{
    return kind == PR_ST_PAID || kind == PR_ST_SURPLUS;
}

/* A refund undone before its payment was heard of leaves money on an attempt that won nothing: a surplus,
   and a person is called. */
static int32_t alike(const outcome *a, const outcome *b, int32_t undone)
{
    return a->captured == b->captured && a->reversed == b->reversed &&
           (a->captured == 0 || a->kind == b->kind || (undone && stands(a->kind) && stands(b->kind)));
}

static void check_state(const outcome *o, int32_t undone)
{
    int32_t standing = beside_a_winner ? PR_ST_SURPLUS : PR_ST_PAID;
    if (o->captured > o->reversed) {
        assert_true(o->kind == standing || (undone && stands(o->kind)));
    } else if (o->captured > 0) {
        assert_int_equal(o->kind, PR_ST_REVERSED);
    }
}

/* Half the price alone never reaches the fold: whoever compares amounts calls it a mismatch. Beside the
   whole price it is an excess. */
static int32_t reaches_the_fold(const int32_t *order, int32_t count)
{
    int32_t half = 0;
    int32_t whole = 0;
    for (int32_t i = 0; i < count; i++) {
        half |= order[i] == 2;
        whole |= order[i] < 2;
    }
    return !half || whole;
}

/* `order` is sorted: all its permutations, each once. */
static void permute(int32_t *order, int32_t count)
{
    int32_t first[FACTS_MAX];
    if (!reaches_the_fold(order, count)) {
        return;
    }
    memcpy(first, order, sizeof first);
    int32_t undone = has_fact(order, count, PR_EV_REFUND_UNDONE);
    outcome expected = tell(order, count);
    check_state(&expected, undone);
    while (next_order(order, count)) {
        outcome o = tell(order, count);
        if (!alike(&o, &expected, undone)) {
            describe("one order", first, count, &expected);
            describe("another  ", order, count, &o);
            fail();
        }
    }
    memcpy(order, first, sizeof first);
}

static void multisets(int32_t *order, int32_t at, int32_t from, int32_t count)
{
    if (at == count) {
        permute(order, count);
        return;
    }
    for (int32_t f = from; f < FACT_COUNT; f++) {
        order[at] = f;
        multisets(order, at + 1, f, count);
    }
}

static void every_order_of(int32_t most)
{
    permutations = 0;
    for (int32_t count = 1; count <= most; count++) {
        int32_t order[FACTS_MAX] = {0};
        multisets(order, 0, 0, count);
    }
    printf("%lld orders of at most %d facts\n", (long long)permutations, most);
}

static void every_order_of_five_facts_gives_the_same_money(void **state)
{
    (void)state;
    beside_a_winner = 0;
    by_notice = 0;
    every_order_of(5);
}

static void also_beside_a_winner(void **state)
{
    (void)state;
    beside_a_winner = 1;
    by_notice = 0;
    every_order_of(4);
}

static void also_by_notifications_that_a_lookup_confirms(void **state)
{
    (void)state;
    beside_a_winner = 0;
    by_notice = 1;
    every_order_of(4);
}

static void every_order_of_some_sets_of_six(void **state)
{
    (void)state;
    pr_rng r;
    pr_rng_seed(&r, fixture_seed("money", 20261125), 6);
    permutations = 0;
    by_notice = 0;
    for (int32_t i = 0; i < 600; i++) {
        int32_t order[FACTS_MAX];
        int32_t from = 0;
        for (int32_t k = 0; k < FACTS_MAX; k++) {
            int32_t step = (int32_t)pr_rng_below(&r, 4);
            from = from + step < FACT_COUNT ? from + step : FACT_COUNT - 1;
            order[k] = from;
        }
        beside_a_winner = i & 1;
        permute(order, FACTS_MAX);
    }
    printf("%lld orders of 6 facts\n", (long long)permutations);
}

static pr_pay pay;

static void paid_payment(void)
{
    fixture_pay(&pay);
    pr_attempt *a = fixture_attempt(&pay, PR_ST_WAITING, fixture_qr);
    a->shown = a->sends = 1;
    say(&pay, &facts[1], PR_SOURCE_LOOKUP, NOW);
}

static void the_same_fact_again_is_no_second_event(void **state)
{
    (void)state;
    pr_input in;
    paid_payment();
    for (int32_t i = 0; i < 100; i++) {
        pr_input_init(&in, PR_EV_REVERSED_PART, PR_SOURCE_NOTICE, NOW + i);
        in.txn = 9;
        in.amount_minor = 300;
        assert_int_equal(pr_machine_attempt(&pay, 1, &in), PAYROUTE_OK);
        assert_int_equal(pay.event_no[PR_NEWS_REFUNDED], 1);
        if (i > 0) {
            assert_int_equal(pay.dirty, 0);
        }
        pay.dirty = 0;
        pay.dirty_attempts = 0;
    }
    assert_int_equal(pr_reversed(&pay, 1), 300);
}

static void an_excess_is_refunded_once_however_often_it_is_told(void **state)
{
    (void)state;
    paid_payment();
    for (int32_t i = 0; i < 50; i++) {
        pr_input in;
        pr_input_init(&in, PR_EV_PAID, PR_SOURCE_NOTICE, NOW + i);
        in.txn = 2;
        in.amount_minor = 500;
        assert_int_equal(pr_machine_attempt(&pay, 1, &in), PAYROUTE_OK);
        assert_int_equal(pay.event_no[PR_NEWS_SURPLUS], 1);
        assert_int_equal(pr_refunds_open(&pay, 1), 500);
    }
    assert_int_equal(pay.action_count, 1);
    assert_int_equal(pay.attempts[0].state, PR_ST_PAID);
}

static void to_a_person_once(uint32_t lacks)
{
    fixture_pay(&pay);
    pr_attempt *a = fixture_attempt(&pay, PR_ST_WAITING, fixture_qr);
    a->facts.flags &= ~lacks;
    pay.cancelled = 1;
    for (int32_t i = 0; i < 50; i++) {
        say(&pay, &facts[1], PR_SOURCE_LOOKUP, NOW + i);
        assert_int_equal(a->state, PR_ST_SURPLUS);
        assert_int_equal(pay.event_no[PR_NEWS_SURPLUS], 1);
        assert_int_equal(pay.event_no[PR_NEWS_REVIEW], 1);
    }
    assert_true(a->review & PR_REVIEW_NO_REFUND);
    assert_int_equal(pay.action_count, 0);
}

static void a_surplus_without_a_refund_call_goes_to_a_person_once(void **state)
{
    (void)state;
    to_a_person_once(PR_FACT_REFUND | PR_FACT_REFUND_KEYED);
    to_a_person_once(PR_FACT_REFUND_KEYED); /* the shop may ask for a refund; of itself nothing goes twice */
}

static void sums_saturate_and_a_full_table_calls_a_person(void **state)
{
    (void)state;
    paid_payment();
    for (int32_t i = 0; i < 40; i++) {
        pr_input in;
        pr_input_init(&in, PR_EV_PAID, PR_SOURCE_LOOKUP, NOW);
        in.txn = (uint64_t)(100 + i);
        in.amount_minor = INT64_MAX / 2;
        assert_int_equal(pr_machine_attempt(&pay, 1, &in), PAYROUTE_OK);
        assert_true(pr_captured(&pay, 1) > 0);
        pay.news_count = 0;
    }
    assert_int_equal(pr_captured(&pay, 1), INT64_MAX);
    assert_int_equal(pay.money_count, PR_MONEY_MAX);
    assert_true(pay.attempts[0].review & PR_REVIEW_LIMIT);
}

static void a_reversal_without_a_known_capture_presumes_what_was_asked_for(void **state)
{
    (void)state;
    fixture_pay(&pay);
    (void)fixture_attempt(&pay, PR_ST_AUTHORIZED, fixture_card);
    pay.winner = 1;
    int32_t i = pr_action_write(&pay, 1, PR_ACT_CAPTURE, 600, "c-1", NOW);
    pay.actions[i].sends = 1;
    say(&pay, &facts[4], PR_SOURCE_NOTICE, NOW); /* 400 back before the answer to the capture of 600 */
    assert_int_equal(pr_captured(&pay, 1), 600);
    assert_int_equal(pr_reversed(&pay, 1), 400);
    assert_int_equal(pay.attempts[0].state, PR_ST_PAID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_order_of_five_facts_gives_the_same_money),
        cmocka_unit_test(also_beside_a_winner),
        cmocka_unit_test(also_by_notifications_that_a_lookup_confirms),
        cmocka_unit_test(every_order_of_some_sets_of_six),
        cmocka_unit_test(the_same_fact_again_is_no_second_event),
        cmocka_unit_test(an_excess_is_refunded_once_however_often_it_is_told),
        cmocka_unit_test(a_surplus_without_a_refund_call_goes_to_a_person_once),
        cmocka_unit_test(sums_saturate_and_a_full_table_calls_a_person),
        cmocka_unit_test(a_reversal_without_a_known_capture_presumes_what_was_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
