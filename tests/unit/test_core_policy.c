/* Policies: every number has a name, bounds and a standard that lies inside; outside them nothing is
   changed. */
#include "core_fixture.h"

static void every_policy_keeps_its_bounds(void **state)
{
    (void)state;
    pr_policy p;
    pr_policy before;
    pr_policy_default(&p);
    for (int32_t id = 0; id < PR_POLICY_COUNT; id++) {
        int64_t low = 0;
        int64_t high = 0;
        int64_t standard = 0;
        pr_policy_bounds(id, &low, &high, &standard);
        assert_true(low <= standard && standard <= high);
        assert_int_equal(p.value[id], standard);
        assert_int_equal(pr_policy_set(&p, id, low), PAYROUTE_OK);
        assert_int_equal(p.value[id], low);
        assert_int_equal(pr_policy_set(&p, id, high), PAYROUTE_OK);
        assert_int_equal(p.value[id], high);
        before = p;
        assert_int_equal(pr_policy_set(&p, id, low - 1), PAYROUTE_E_RANGE);
        assert_int_equal(pr_policy_set(&p, id, high + 1), PAYROUTE_E_RANGE);
        assert_int_equal(pr_policy_set(&p, id, INT64_MIN), PAYROUTE_E_RANGE);
        assert_int_equal(pr_policy_set(&p, id, INT64_MAX), PAYROUTE_E_RANGE);
        assert_memory_equal(&p, &before, sizeof p);
    }
}

static void names_find_their_policy_and_no_other(void **state)
{
    (void)state;
    for (int32_t id = 0; id < PR_POLICY_COUNT; id++) {
        assert_int_equal(pr_policy_find(pr_policy_name(id)), id);
        assert_true(strlen(pr_policy_text(id)) > 10);
    }
    assert_int_equal(pr_policy_find(""), -1);
    assert_int_equal(pr_policy_find("max_attempt"), -1);
    assert_int_equal(pr_policy_find("MAX_ATTEMPTS"), -1);
    assert_null(pr_policy_name(-1));
    assert_null(pr_policy_name(PR_POLICY_COUNT));
    assert_null(pr_policy_text(PR_POLICY_COUNT));
}

static void an_unknown_number_is_a_range_error(void **state)
{
    (void)state;
    pr_policy p;
    pr_policy before;
    pr_policy_default(&p);
    before = p;
    assert_int_equal(pr_policy_set(&p, -1, 1), PAYROUTE_E_RANGE);
    assert_int_equal(pr_policy_set(&p, PR_POLICY_COUNT, 1), PAYROUTE_E_RANGE);
    assert_memory_equal(&p, &before, sizeof p);
}

/* Proofs rest on these: no merchant may set them so low that they prove nothing. */
static void what_proofs_rest_on_cannot_be_switched_off(void **state)
{
    (void)state;
    static const struct {
        int32_t id;
        int64_t least;
    } floors[] = {{PR_POLICY_quarantine_ms, MINUTE},
                  {PR_POLICY_proof_gap_ms, MINUTE},
                  {PR_POLICY_expiry_margin_ms, MINUTE}};
    for (size_t i = 0; i < sizeof floors / sizeof floors[0]; i++) {
        int64_t low = 0;
        int64_t high = 0;
        int64_t standard = 0;
        pr_policy_bounds(floors[i].id, &low, &high, &standard);
        assert_true(low >= floors[i].least);
    }
    pr_policy p;
    pr_policy_default(&p);
    assert_int_equal(p.value[PR_POLICY_max_attempts], 8);
    assert_int_equal(p.value[PR_POLICY_max_attempts_channel], 3);
    assert_int_equal(p.value[PR_POLICY_max_resends], 2);
    assert_int_equal(p.value[PR_POLICY_quarantine_ms], 15 * MINUTE);
    assert_int_equal(p.value[PR_POLICY_late_cancelled], 0);
    assert_int_equal(p.value[PR_POLICY_late_expired], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_policy_keeps_its_bounds),
        cmocka_unit_test(names_find_their_policy_and_no_other),
        cmocka_unit_test(an_unknown_number_is_a_range_error),
        cmocka_unit_test(what_proofs_rest_on_cannot_be_switched_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
