/* What several hosts say: one that accuses alone raises a doubt and no more, however often; two are believed,
   and so is one who says what we have seen ourselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "block_of.h"
#include "health/fold.h"

static const pr_health_segment bank = {1, 2};
static const pr_health_sums lie = {0, 0, 0, 1000000, 1000000, 0, 0, 1000000};
static const pr_health_sums refused = {0, 0, 0, 1, 0, 0, 0, 0};
static const pr_health_sums well = {0, 0, 3, 0, 0, 0, 0, 0};

static int32_t well_known(box *b)
{
    box_make(b, 4, 16, NOW);
    int32_t s = pr_health_slot(&b->health, "main", NULL, NOW);
    for (int i = 0; i < 5; i++) {
        pay(b, s, bank, PR_HEALTH_APPROVED, 500, NOW + i * 1000);
    }
    return s;
}

static double up_of(const box *b, int32_t slot, int64_t now)
{
    pr_health_view v = look_at(b, slot, bank, now);
    assert_null(view_fault(&v));
    return v.up;
}

static void one_alone_raises_a_doubt(void **state)
{
    (void)state;
    box b;
    int32_t s = well_known(&b);
    int64_t now = NOW + 60000;
    for (int i = 0; i < 1000; i++, now += 15000) {
        pr_health_sums said[2] = {lie, well};
        pr_health_sums_merge(&b.health, s, said, 1 + i % 2, 0.5, now);
        double up = up_of(&b, s, now);
        assert_true(up > 0.975); /* 2 % and what silence brings */
    }
    assert_true(up_of(&b, s, now) < 0.999);
    box_free(&b);
}

static void two_are_believed(void **state)
{
    (void)state;
    box b;
    int32_t s = well_known(&b);
    const pr_health_sums both[2] = {refused, refused};
    for (int i = 0; i < 6; i++) {
        pr_health_sums_merge(&b.health, s, both, 2, 0.5, NOW + 60000 + i * 15000);
    }
    pr_health_view v = look_at(&b, s, bank, NOW + 150000);
    assert_true(v.down > 0.5 && v.suspect);
    assert_true(v.brown < 0.1 * v.down); /* proportions are kept */
    box_free(&b);
}

/* The same single voice, with and without a refusal of our own. */
static void one_and_we_are_two(void **state)
{
    (void)state;
    box b, c;
    int32_t s = well_known(&b), o = well_known(&c);
    int64_t now = NOW + 60000;
    pay(&b, s, bank, PR_HEALTH_NOT_SENT, 10, now);
    pay(&c, o, bank, PR_HEALTH_NOT_SENT, 10, now);
    for (int i = 0; i < 2; i++) {
        pr_health_sums_merge(&b.health, s, &refused, 1, 0.5, now + 1000 + i * 15000);
    }
    assert_true(up_of(&b, s, now + 16000) < 0.5 * up_of(&c, o, now + 16000));
    box_free(&b);
    box_free(&c);
}

/* Where the channel is thought to be out, a liar cannot hold it there against what others see. */
static void a_liar_cannot_hold_it_down(void **state)
{
    (void)state;
    box b;
    int32_t s = well_known(&b);
    int64_t now = NOW + 60000;
    for (int i = 0; i < 4; i++) {
        pay(&b, s, bank, PR_HEALTH_NOT_SENT, 10, now + i * 1000);
    }
    assert_true(up_of(&b, s, now + 4000) < 0.01);
    now += 120000;
    for (int i = 0; i < 12; i++, now += 15000) {
        const pr_health_sums said[3] = {lie, well, well};
        pr_health_sums_merge(&b.health, s, said, 3, 0.5, now);
    }
    assert_true(up_of(&b, s, now) > 0.95);
    box_free(&b);
}

static void nothing_told_changes_nothing(void **state)
{
    (void)state;
    box b;
    box_make(&b, 4, 16, NOW);
    int32_t s = pr_health_slot(&b.health, "main", NULL, NOW);
    const pr_health_sums none = {0}, asked = {0, 0, 0, 0, 0, 0, 7, 0};
    pr_health_sums_merge(&b.health, s, &none, 1, 1.0, NOW);
    pr_health_sums_merge(&b.health, s, &asked, 1, 1.0,
                         NOW); /* status pages lie, and each host asks for itself */
    pr_health_sums_merge(&b.health, s, &lie, 0, 1.0, NOW);
    pr_health_sums_merge(&b.health, s, NULL, 1, 1.0, NOW);
    pr_health_sums_merge(&b.health, s, &lie, 1, 0.0, NOW);
    pr_health_sums_merge(&b.health, s, &lie, 1, 1.0, -1);
    pr_health_sums_merge(&b.health, PR_HEALTH_NO_SLOT, &lie, 1, 1.0, NOW);
    assert_int_equal(look_at(&b, s, bank, NOW).last_ms, 0);
    box_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_alone_raises_a_doubt),     cmocka_unit_test(two_are_believed),
        cmocka_unit_test(one_and_we_are_two),           cmocka_unit_test(a_liar_cannot_hold_it_down),
        cmocka_unit_test(nothing_told_changes_nothing),
    };
    return cmocka_run_group_tests_name("what other hosts saw", tests, NULL, NULL);
}
