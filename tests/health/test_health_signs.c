/* What the channels show is understood: faults are seen when they should be, and only the guilty are blamed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "block_of.h"

static const pr_health_segment bank = {7, 70}, other_bank = {7, 71};

static int32_t fresh(box *b, const char *name)
{
    box_make(b, 8, 256, NOW);
    return pr_health_slot(&b->health, name, NULL, NOW);
}

/* `n` payments a second apart; returns the time after them. */
static int64_t ordinary(const box *b, int32_t slot, int n, int64_t now_ms)
{
    for (int i = 0; i < n; i++, now_ms += 3000) {
        pay(b, slot, bank, i % 10 == 9 ? PR_HEALTH_DECLINED_SOFT : PR_HEALTH_APPROVED, 400 + i % 7 * 100,
            now_ms);
    }
    return now_ms;
}

static void one_refusal_is_half_a_verdict_and_two_are_one(void **state)
{
    (void)state;
    box b;
    int32_t s = fresh(&b, "a");
    pay(&b, s, bank, PR_HEALTH_NOT_SENT, 0, NOW);
    pr_health_view v = look_at(&b, s, bank, NOW);
    assert_true(v.down > 0.40 && v.down < 0.60);
    assert_int_equal(v.bad_since_ms, 0);
    pay(&b, s, bank, PR_HEALTH_NOT_SENT, 0, NOW + 1000);
    v = look_at(&b, s, bank, NOW + 1000);
    assert_true(v.down > 0.98);
    assert_true(v.suspect);
    assert_int_equal(v.bad_since_ms, NOW + 1000);
    assert_true(v.fail_over > 0.7); /* it fails provably uncharged: cheap to try */
    box_free(&b);
}

static void answers_bring_it_back(void **state)
{
    (void)state;
    box b;
    int32_t s = fresh(&b, "a");
    for (int i = 0; i < 4; i++) {
        pay(&b, s, bank, PR_HEALTH_NOT_SENT, 0, NOW + i * 1000);
    }
    assert_true(look_at(&b, s, bank, NOW + 4000).suspect);
    int answers = 0;
    for (; answers < 20 && look_at(&b, s, bank, NOW + 5000).suspect; answers++) {
        pay(&b, s, bank, PR_HEALTH_CUSTOMER, 500, NOW + 5000);
    }
    assert_in_range(answers, 3, 9);
    pay(&b, s, bank, PR_HEALTH_APPROVED, 500, NOW + 6000);
    pay(&b, s, bank, PR_HEALTH_APPROVED, 500, NOW + 7000);
    assert_int_equal(look_at(&b, s, bank, NOW + 8000).bad_since_ms, 0);
    box_free(&b);
}

static void a_fault_without_news_fades_and_an_old_one_fades_later(void **state)
{
    (void)state;
    box b;
    int32_t s = fresh(&b, "a");
    for (int i = 0; i < 4; i++) {
        pay(&b, s, bank, PR_HEALTH_NOT_SENT, 0, NOW + i);
    }
    double soon = look_at(&b, s, bank, NOW + 60000).down, later = look_at(&b, s, bank, NOW + 3600000).down;
    assert_true(soon > 0.85 && later < 0.3);
    pay(&b, s, bank, PR_HEALTH_NOT_SENT, 0, NOW + 3600000); /* still: an hour old now */
    assert_true(look_at(&b, s, bank, NOW + 2 * 3600000LL).down > later);
    box_free(&b);
}

static void silence_is_heard_before_a_time_out(void **state)
{
    (void)state;
    box b;
    int32_t s = fresh(&b, "a");
    int64_t now = ordinary(&b, s, 40, NOW);
    for (int i = 0; i < 3; i++) {
        assert_true(pr_health_start(&b.health, s, now + i * 1000) != 0);
    }
    pr_health_view v = look_at(&b, s, bank, now + 2100);
    assert_int_equal(v.in_flight, 3);
    v = look_at(&b, s, bank, now + 6000);
    assert_true(v.hang > 0.9 && v.suspect);
    v = look_at(&b, s, bank, now + 60000); /* their workers died: permits expire by themselves */
    assert_int_equal(v.in_flight, 0);
    assert_true(v.up > 0.9);
    box_free(&b);
}

/* At a thousand a second, hundreds are silent at each age: the product of their likelihoods must not run out
   of a double's range and come out as "fine". */
static void silence_of_thousands_is_a_hang(void **state)
{
    (void)state;
    box b;
    int32_t s = fresh(&b, "a");
    int64_t now = ordinary(&b, s, 40, NOW);
    for (int i = 0; i < 8000; i++) {
        (void)pr_health_start(&b.health, s, now + i);
    }
    pr_health_view v = look_at(&b, s, bank, now + 8000);
    assert_int_equal(v.in_flight, 8000);
    assert_true(v.hang > 0.99);
    box_free(&b);
}

static void slow_answers_are_a_brown_out_and_do_not_become_usual(void **state)
{
    (void)state;
    box b;
    int32_t s = fresh(&b, "a");
    int64_t now = ordinary(&b, s, 100, NOW);
    int32_t p50 = look_at(&b, s, bank, now).latency_p50_ms;
    for (int i = 0; i < 12; i++, now += 3000) {
        pay(&b, s, bank, PR_HEALTH_APPROVED, 3000 + i * 37, now);
    }
    pr_health_view v = look_at(&b, s, bank, now);
    assert_true(v.brown > 0.5);
    assert_in_range(v.latency_p50_ms, p50, p50 * 5 / 4 + 1);
    assert_in_range(p50, 500, 900);
    box_free(&b);
}

/* Four channels, one bank declines at all of them: no order may change for it. */
static void an_issuer_that_is_down_moves_no_channel(void **state)
{
    (void)state;
    box b;
    int32_t slots[4];
    box_make(&b, 8, 256, NOW);
    for (int i = 0; i < 4; i++) {
        char name[2] = {(char)('a' + i), '\0'};
        slots[i] = pr_health_slot(&b.health, name, NULL, NOW);
        (void)ordinary(&b, slots[i], 40, NOW);
    }
    for (int i = 0; i < 40; i++) {
        pay(&b, slots[i % 4], other_bank, PR_HEALTH_DECLINED_SOFT, 500, NOW + 200000 + i * 1000);
    }
    for (int i = 0; i < 4; i++) {
        pr_health_view here = look_at(&b, slots[i], other_bank, NOW + 240000);
        pr_health_view there = look_at(&b, slots[i], bank, NOW + 240000);
        assert_true(here.blame_issuer > 0.9 && here.blame_channel < 0.1);
        assert_true(there.blame_channel < 0.1 && there.blame_issuer < 0.1);
        assert_true(there.confirm > 0.75 && there.up > 0.99);
        assert_true(there.approve > 0.80); /* and the rates are not spoiled either */
    }
    box_free(&b);
}

static void a_channel_that_declines_what_others_take_is_blamed(void **state)
{
    (void)state;
    box b;
    int32_t s = fresh(&b, "a"), well = pr_health_slot(&b.health, "b", NULL, NOW);
    int64_t now = ordinary(&b, s, 40, NOW);
    for (int i = 0; i < 24; i++, now += 1000) {
        pr_health_segment g = {7, 80 + (uint32_t)i % 6};
        pay(&b, s, g, PR_HEALTH_DECLINED_SOFT, 500, now);
        pay(&b, well, g, PR_HEALTH_APPROVED, 500, now);
    }
    pr_health_view v = look_at(&b, s, bank, now);
    assert_true(v.blame_channel > 0.9 && v.confirm < 0.4);
    assert_true(v.up > 0.99); /* declines never make it "down" */
    assert_true(look_at(&b, well, bank, now).blame_channel < 0.1);
    assert_true(look_at(&b, s, bank, now + 4 * 3600000LL).blame_channel < 0.2); /* it fades */
    box_free(&b);
}

static void what_the_customer_must_change_moves_nothing(void **state)
{
    (void)state;
    box b;
    int32_t s = fresh(&b, "a");
    int64_t now = ordinary(&b, s, 40, NOW);
    pr_health_view before = look_at(&b, s, bank, now);
    for (int i = 0; i < 50; i++) {
        pay(&b, s, bank, i % 2 ? PR_HEALTH_CUSTOMER : PR_HEALTH_DECLINED_HARD, 700, now);
    }
    pr_health_view after = look_at(&b, s, bank, now);
    assert_true(after.approve == before.approve && after.blame_channel == before.blame_channel);
    assert_true(after.up >= before.up - 1e-6);
    box_free(&b);
}

static void pending_answers_are_not_confirmed_ones(void **state)
{
    (void)state;
    box b;
    int32_t s = fresh(&b, "a");
    int64_t now = ordinary(&b, s, 40, NOW);
    double before = look_at(&b, s, bank, now).confirm;
    for (int i = 0; i < 30; i++) {
        pay(&b, s, bank, PR_HEALTH_PENDING, 500, now);
    }
    pr_health_view v = look_at(&b, s, bank, now);
    assert_true(v.pending > 0.3 && v.confirm < before * 0.7 && v.up > 0.99);
    /* an idle week and a little, the short clock of old layouts: nothing of it is left */
    assert_true(look_at(&b, s, bank, now + 655360000LL).pending < 0.03);
    assert_true(look_at(&b, s, bank, now + 2 * 3600000).pending < 0.2); /* canaries go before that */
    box_free(&b);
}

static void a_dead_cashier_is_learned_from_those_who_do_not_pay(void **state)
{
    (void)state;
    box b;
    int32_t s = fresh(&b, "a");
    int64_t now = NOW;
    for (int i = 0; i < 40; i++, now += 10000) {
        pr_health_hint(&b.health, s, PR_HEALTH_SHOWN, 0, now);
        pr_health_hint(&b.health, s, i % 4 ? PR_HEALTH_PAID : PR_HEALTH_GIVEN_UP, 4000, now + 4000);
    }
    pr_health_view v = look_at(&b, s, bank, now);
    assert_true(v.cashier < 0.05 && v.convert > 0.65 && v.convert < 0.80);
    for (int i = 0; i < 12; i++) {
        pr_health_hint(&b.health, s, PR_HEALTH_SHOWN, 0, now + i * 5000);
    }
    assert_true(look_at(&b, s, bank, now + 5000).cashier < 0.1); /* nobody pays within seconds */
    assert_true(look_at(&b, s, bank, now + 150000).cashier > 0.6);
    assert_true(look_at(&b, s, bank, now + 240000).cashier > 0.8);
    for (int i = 9; i < 12; i++) { /* three of the last ones do: it works again */
        pr_health_hint(&b.health, s, PR_HEALTH_PAID, 150000 - i * 5000, now + 150000);
    }
    assert_true(look_at(&b, s, bank, now + 150000).cashier < 0.5);
    box_free(&b);
}

static void the_browser_is_a_hint_and_no_more(void **state)
{
    (void)state;
    box b;
    int32_t s = fresh(&b, "a");
    pr_health_hint(&b.health, s, PR_HEALTH_CLIENT_FAILED, 0, NOW);
    pr_health_view v = look_at(&b, s, bank, NOW);
    assert_true(v.cashier > 0.005 && v.cashier < 0.03);
    assert_true(v.up > 0.99);
    pr_health_hint(&b.health, s, PR_HEALTH_OPENED, 0, NOW);
    double less = look_at(&b, s, bank, NOW).cashier;
    assert_true(less < 0.6 * v.cashier && less > 0.4 * v.cashier);
    for (int i = 0; i < 20; i++) { /* in good times it is no credit for bad ones */
        pr_health_hint(&b.health, s, PR_HEALTH_OPENED, 0, NOW);
    }
    assert_true(look_at(&b, s, bank, NOW).cashier > 0.4 * less);
    box_free(&b);
}

static void how_many_open_what_they_are_shown(void **state)
{
    (void)state;
    box b;
    int32_t s = fresh(&b, "a"), other = pr_health_slot(&b.health, "b", NULL, NOW);
    for (int i = 0; i < 200; i++) {
        pr_health_hint(&b.health, s, PR_HEALTH_SHOWN, 0, NOW + i * 1000);
        pr_health_hint(&b.health, other, PR_HEALTH_SHOWN, 0, NOW + i * 1000);
        if (i % 4) {
            pr_health_hint(&b.health, s, PR_HEALTH_OPENED, 500, NOW + i * 1000 + 500);
        }
    }
    double opened = pr_health_opened(&b.health, s, NOW + 200000);
    assert_true(opened > 0.70 && opened < 0.77);
    assert_true(pr_health_opened(&b.health, other, NOW + 200000) == 0); /* nobody says so there */
    assert_true(pr_health_opened(&b.health, -1, NOW) == 0 && pr_health_opened(NULL, 0, NOW) == 0);
    assert_true(pr_health_opened(&b.health, s, -1) == 0);
    box_free(&b);
}

/* Who was shown a code before the cashier died, and pays now, does not speak against those who cannot open
 * theirs. */
static void a_page_that_did_not_open_is_held_against_its_own_time(void **state)
{
    (void)state;
    double cashier[2];
    for (int told = 0; told < 2; told++) {
        box b;
        int32_t s = fresh(&b, "a");
        int64_t now = NOW;
        for (int i = 0; i < 60; i++, now += 5000) {
            pr_health_hint(&b.health, s, PR_HEALTH_SHOWN, 0, now);
            if (i >= 6 && i % 4) {
                pr_health_hint(&b.health, s, PR_HEALTH_PAID, 30000, now);
            }
        }
        for (int i = 0; i < 5; i++, now += 2000) { /* from now on nobody can open it */
            pr_health_hint(&b.health, s, PR_HEALTH_SHOWN, 0, now);
            pr_health_hint(&b.health, s, PR_HEALTH_PAID, 30000, now + 1000);
            if (told) {
                pr_health_hint(&b.health, s, PR_HEALTH_CLIENT_FAILED, 1000, now + 1000);
            }
        }
        cashier[told] = look_at(&b, s, bank, now).cashier;
        assert_true(look_at(&b, s, bank, now).up > 0.99);
        box_free(&b);
    }
    assert_true(cashier[0] < 0.01);
    assert_true(cashier[1] > 0.1 && cashier[1] < 0.9);
}

static void a_good_status_page_counts_once(void **state)
{
    (void)state;
    box b;
    int32_t s = fresh(&b, "a");
    for (int i = 0; i < 3; i++) {
        pay(&b, s, bank, PR_HEALTH_NOT_SENT, 0, NOW);
    }
    for (int i = 0; i < 10; i++) {
        pr_health_probe(&b.health, s, 1, 100, NOW + i);
    }
    assert_true(look_at(&b, s, bank, NOW + 10).down > 0.9);
    pr_health_probe(&b.health, s, 0, 0, NOW + 20); /* after a failed one they speak */
    for (int i = 0; i < 8; i++) {
        pr_health_probe(&b.health, s, 1, 100, NOW + 30 + i);
    }
    assert_true(look_at(&b, s, bank, NOW + 40).down < 0.1);
    box_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_refusal_is_half_a_verdict_and_two_are_one),
        cmocka_unit_test(answers_bring_it_back),
        cmocka_unit_test(a_fault_without_news_fades_and_an_old_one_fades_later),
        cmocka_unit_test(silence_is_heard_before_a_time_out),
        cmocka_unit_test(silence_of_thousands_is_a_hang),
        cmocka_unit_test(slow_answers_are_a_brown_out_and_do_not_become_usual),
        cmocka_unit_test(an_issuer_that_is_down_moves_no_channel),
        cmocka_unit_test(a_channel_that_declines_what_others_take_is_blamed),
        cmocka_unit_test(what_the_customer_must_change_moves_nothing),
        cmocka_unit_test(pending_answers_are_not_confirmed_ones),
        cmocka_unit_test(a_dead_cashier_is_learned_from_those_who_do_not_pay),
        cmocka_unit_test(the_browser_is_a_hint_and_no_more),
        cmocka_unit_test(how_many_open_what_they_are_shown),
        cmocka_unit_test(a_page_that_did_not_open_is_held_against_its_own_time),
        cmocka_unit_test(a_good_status_page_counts_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
