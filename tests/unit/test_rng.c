/* The generator gives the published numbers, and stays within bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"

/* First numbers of pcg32-demo (pcg-c, M. E. O'Neill): seed 42, sequence 54. */
static void published_numbers(void **state)
{
    (void)state;
    static const uint32_t expected[] = {0xa15c02b7, 0x7b47f409, 0xba1d3330,
                                        0x83d2f293, 0xbfa4784b, 0xcbed606e};
    pr_rng r;
    pr_rng_seed(&r, 42, 54);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_int_equal(pr_rng_u32(&r), expected[i]);
    }
}

static void streams_differ_and_seeds_repeat(void **state)
{
    (void)state;
    pr_rng a;
    pr_rng b;
    pr_rng c;
    pr_rng_seed(&a, 7, 1);
    pr_rng_seed(&b, 7, 1);
    pr_rng_seed(&c, 7, 2);
    int same = 0;
    for (int i = 0; i < 100; i++) {
        uint32_t drawn = pr_rng_u32(&a);
        assert_int_equal(drawn, pr_rng_u32(&b));
        same += drawn == pr_rng_u32(&c);
    }
    assert_true(same < 3);
}

static void below_is_even(void **state)
{
    (void)state;
    pr_rng r;
    pr_rng_seed(&r, 1, 1);
    assert_int_equal(pr_rng_below(&r, 0), 0);
    assert_int_equal(pr_rng_below(&r, 1), 0);
    int32_t seen[6] = {0};
    for (int i = 0; i < 60000; i++) {
        uint32_t drawn = pr_rng_below(&r, 6);
        assert_true(drawn < 6);
        seen[drawn]++;
    }
    for (int i = 0; i < 6; i++) {
        assert_in_range(seen[i], 9500, 10500);
    }
    /* Just above half of the range: without rejection the lower half would come twice as often. */
    int32_t low = 0;
    for (int i = 0; i < 30000; i++) {
        low += pr_rng_below(&r, 0xC0000000U) < 0x40000000U;
    }
    assert_in_range(low, 9500, 10500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_numbers),
        cmocka_unit_test(streams_differ_and_seeds_repeat),
        cmocka_unit_test(below_is_even),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
