/* What may go now: canaries, probes, rate limits, quotas, and what hosts tell each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>

#include <cmocka.h>

#include "block_of.h"

static const pr_health_segment bank = {7, 70};

static int32_t fresh(box *b, int64_t now_ms)
{
    box_make(b, 4, 64, now_ms);
    return pr_health_slot(&b->health, "a", NULL, now_ms);
}

static void one_canary_at_a_time(void **state)
{
    (void)state;
    for (int64_t now = 0; now <= NOW; now += NOW) { /* time zero is a time too */
        box b;
        int32_t s = fresh(&b, now);
        assert_int_equal(pr_health_canary_rests(&b.health, s, 30000, now), 0);
        assert_int_equal(pr_health_canary(&b.health, s, 30000, now), 1);
        assert_int_equal(pr_health_canary_rests(&b.health, s, 30000, now + 29999), 1);
        assert_int_equal(pr_health_canary_rests(&b.health, s, 1000, now + 1000), 0);
        assert_int_equal(pr_health_canary_rests(&b.health, -1, 1000, now + 1000), 1);
        assert_int_equal(pr_health_canary(&b.health, s, 30000, now), 0);
        assert_int_equal(pr_health_canary(&b.health, s, 30000, now + 29999), 0);
        assert_int_equal(pr_health_canary(&b.health, s, 30000, now + 30000), 1);
        assert_int_equal(pr_health_canary(&b.health, s, 1000, now + 31000), 1);
        box_free(&b);
    }
}

static void a_canary_that_came_back_frees_the_next_but_not_in_a_storm(void **state)
{
    (void)state;
    box b;
    int32_t s = fresh(&b, NOW);
    assert_int_equal(pr_health_canary(&b.health, s, 600000, NOW), 1);
    pay(&b, s, bank, PR_HEALTH_CUSTOMER, 500, NOW);
    assert_int_equal(pr_health_canary(&b.health, s, 600000, NOW + 1000), 1);
    for (int i = 0; i < 20; i++) {
        pay(&b, s, (pr_health_segment){7, (uint32_t)i + 1}, PR_HEALTH_DECLINED_SOFT, 500, NOW + 2000);
    }
    assert_true(look_at(&b, s, bank, NOW + 2000).blame_channel > 0.5);
    (void)pr_health_canary(&b.health, s, 1, NOW + 3000);
    pay(&b, s, bank, PR_HEALTH_DECLINED_SOFT, 500, NOW + 3000);
    assert_int_equal(pr_health_canary(&b.health, s, 600000, NOW + 4000), 0); /* else every payment were one */
    pay(&b, s, bank, PR_HEALTH_APPROVED, 500, NOW + 5000);
    assert_int_equal(pr_health_canary(&b.health, s, 600000, NOW + 6000), 1);
    box_free(&b);
}

static void what_is_dear_is_learned_by_currency(void **state)
{
    (void)state;
    box b;
    uint32_t cny = pr_health_hash("CNY"), krw = pr_health_hash("KRW");
    (void)fresh(&b, NOW);
    assert_int_equal(pr_health_dear(&b.health, cny, INT64_MAX, 0, NOW), 0); /* nothing is known yet */
    for (int i = 0; i < 40; i++) {
        (void)pr_health_dear(&b.health, cny, i % 2 ? 500 : 2000, 1, NOW + i);     /* usually 1000 */
        (void)pr_health_dear(&b.health, krw, i % 2 ? 50000 : 200000, 1, NOW + i); /* 100000 */
    }
    assert_int_equal(pr_health_dear(&b.health, cny, 3500, 0, NOW + 100), 0);
    assert_int_equal(pr_health_dear(&b.health, cny, 4700, 0, NOW + 100), 1);
    assert_int_equal(pr_health_dear(&b.health, krw, 350000, 0, NOW + 100), 0);
    assert_int_equal(pr_health_dear(&b.health, krw, 470000, 0, NOW + 100), 1);
    assert_int_equal(pr_health_dear(&b.health, cny, INT64_MAX, 1, NOW + 100), 1);
    assert_int_equal(pr_health_dear(&b.health, cny, 0, 1, NOW + 100), 0);
    assert_int_equal(pr_health_dear(&b.health, cny, INT64_MIN, 1, NOW + 100), 0);
    assert_int_equal(pr_health_dear(NULL, cny, 4700, 1, NOW), 0);
    for (int i = 0; i < 200; i++) { /* prices rise: then it is usual */
        (void)pr_health_dear(&b.health, cny, 8000, 1, NOW + 86400000 + i);
    }
    assert_int_equal(pr_health_dear(&b.health, cny, 8000, 0, NOW + 86400000 + 300), 0);
    box_free(&b);
}

static void a_damaged_time_blocks_nobody(void **state)
{
    (void)state;
    static const uint64_t damage[] = {UINT64_MAX, 1ULL << 63, INT64_MAX, NOW + 3600000ULL,
                                      NOW + 86400000ULL * 365};
    box b;
    int32_t s = fresh(&b, NOW);
    pr_slot *raw = pr_block_slot(&b.health, s);
    for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++) {
        pr_write(&raw->canary, damage[i]);
        pr_write(&raw->probe, damage[i] << 2);
        assert_int_equal(pr_health_canary(&b.health, s, 30000, NOW), 1);
        assert_int_equal(pr_health_canary(&b.health, s, 30000, NOW + 1), 0);
        assert_int_equal(pr_health_probe_due(&b.health, s, 30000, NOW), 1);
        assert_int_equal(pr_health_probe_due(&b.health, s, 30000, NOW), 0);
    }
    assert_int_equal(pr_health_canary(&b.health, s, INT64_MAX, NOW + 8 * 86400000LL), 1);
    assert_int_equal(pr_health_canary(&b.health, s, INT64_MIN, NOW + 8 * 86400000LL + 2), 1);
    pr_write(&raw->limit, 1ULL << 32 | 0xFFFFFFFFU); /* one in 256 seconds, until the year 2106 */
    assert_true(look_at(&b, s, bank, NOW).limit_per_s == 0);
    box_free(&b);
}

static void too_many_requests_lower_a_limit_that_grows_again(void **state)
{
    (void)state;
    box b;
    int32_t s = fresh(&b, NOW);
    int64_t now = NOW / 15000 * 15000 + 15000;
    assert_int_equal(pr_health_admit(&b.health, s, now), 1);
    for (int i = 0; i < 300; i++, now += 100) {
        pay(&b, s, bank, PR_HEALTH_APPROVED, 50, now);
    }
    pay(&b, s, bank, PR_HEALTH_LIMITED, 50, now);
    double limit = look_at(&b, s, bank, now + 50).limit_per_s;
    assert_true(limit > 8.0 && limit < 9.6); /* 0.92 of ten a second */
    int admitted = 0;
    for (int i = 0; i < 1000; i++) {
        admitted += pr_health_admit(&b.health, s, now + i * 10);
    }
    assert_in_range(admitted, 80, 125); /* ten seconds, and two saved up */
    double grown = look_at(&b, s, bank, now + 70000).limit_per_s;
    assert_true(grown > 1.9 * limit && grown < 2.1 * limit);
    assert_true(look_at(&b, s, bank, now + 1000000).limit_per_s == 0);
    pay(&b, s, bank, PR_HEALTH_LIMITED, 50, now + 100);
    pay(&b, s, bank, PR_HEALTH_LIMITED, 50, now + 200);
    assert_true(look_at(&b, s, bank, now + 300).limit_per_s < limit * 0.9);
    box_free(&b);
}

static void quotas_count_saturate_and_begin_anew(void **state)
{
    (void)state;
    box b;
    int32_t s = fresh(&b, NOW);
    const int64_t full = (1LL << 48) - 1;
    assert_int_equal(pr_health_quota(&b.health, s, PR_QUOTA_DAY, 20000), 0);
    assert_int_equal(pr_health_quota_add(&b.health, s, PR_QUOTA_DAY, 20000, 500), 500);
    assert_int_equal(pr_health_quota_add(&b.health, s, PR_QUOTA_DAY, 20000, -200), 300);
    assert_int_equal(pr_health_quota(&b.health, s, PR_QUOTA_MONTH, 20000), 0);
    assert_int_equal(pr_health_quota_add(&b.health, s, PR_QUOTA_DAY, 20000, -1000), 0);
    assert_int_equal(pr_health_quota_add(&b.health, s, PR_QUOTA_DAY, 20000, INT64_MIN), 0);
    assert_int_equal(pr_health_quota_add(&b.health, s, PR_QUOTA_DAY, 20000, full - 1), full - 1);
    assert_int_equal(pr_health_quota_add(&b.health, s, PR_QUOTA_DAY, 20000, INT64_MAX), full);
    assert_int_equal(pr_health_quota_add(&b.health, s, PR_QUOTA_DAY, 20001, 7), 7);
    assert_int_equal(pr_health_quota_add(&b.health, s, PR_QUOTA_DAY, 20000, 5), 12); /* its clock is behind */
    assert_int_equal(pr_health_quota(&b.health, s, PR_QUOTA_DAY, 20001), 12);
    assert_int_equal(pr_health_quota_add(&b.health, s, PR_QUOTA_DAY, 65535, 1), 1);
    assert_int_equal(pr_health_quota_add(&b.health, s, PR_QUOTA_DAY, 65536, 2), 2);
    box_free(&b);
}

static void sums_are_told_in_whole_slices(void **state)
{
    (void)state;
    box b;
    int32_t s = fresh(&b, NOW);
    int64_t now = NOW / 15000 * 15000;
    for (int i = 0; i < 7; i++) {
        pay(&b, s, bank, PR_HEALTH_APPROVED, 500, now);
        pay(&b, s, bank, PR_HEALTH_NOT_SENT, 0, now);
        pay(&b, s, bank, PR_HEALTH_UNKNOWN, 8000, now - 8000);
        pr_health_probe(&b.health, s, 0, 0, now);
        pr_health_probe(&b.health, s, 1, 50, now);
    }
    pr_health_sums sums;
    pr_health_sums_read(&sums, &b.health, s, now, now + 14000);
    assert_int_equal(sums.not_sent, 0); /* that slice still runs */
    pr_health_sums_read(&sums, &b.health, s, now, now + 15000);
    assert_int_equal(sums.answered, 7);
    assert_int_equal(pr_health_answers(&b.health, s, now + 15000), 14); /* also before the quarter is closed */
    assert_int_equal(pr_health_answers(&b.health, s, now + 14000), 0);
    assert_int_equal(sums.not_sent, 7);
    assert_int_equal(sums.unknown, 7);
    assert_int_equal(sums.probe_bad, 7);
    assert_int_equal(sums.probe_ok, 7);
    pr_health_sums_read(&sums, &b.health, s, now, now + 3600000);
    assert_int_equal(sums.not_sent, 0); /* an hour ago: forgotten, not told again as new */

    box_free(&b);
}

/* Counts that are full stay full, and do not run into their neighbors. */
static void slices_saturate(void **state)
{
    (void)state;
    box b;
    int32_t s = fresh(&b, NOW);
    int64_t now = NOW / 15000 * 15000;
    for (int i = 0; i < 5000; i++) {
        pr_health_end(&b.health, s, bank, 0, PR_HEALTH_UNKNOWN, 0, 0, now);
    }
    pr_health_sums sums;
    pr_health_sums_read(&sums, &b.health, s, now, now + 15000);
    assert_int_equal(sums.unknown, 4095);
    assert_int_equal(sums.slow, 0);
    assert_int_equal(sums.answered, 0);
    box_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_canary_at_a_time),
        cmocka_unit_test(what_is_dear_is_learned_by_currency),
        cmocka_unit_test(a_canary_that_came_back_frees_the_next_but_not_in_a_storm),
        cmocka_unit_test(a_damaged_time_blocks_nobody),
        cmocka_unit_test(too_many_requests_lower_a_limit_that_grows_again),
        cmocka_unit_test(quotas_count_saturate_and_begin_anew),
        cmocka_unit_test(sums_are_told_in_whole_slices),
        cmocka_unit_test(slices_saturate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
