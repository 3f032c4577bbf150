/* Is the judge just? The same seed is the same world, nobody is ever charged twice, what the clairvoyant
   believes comes true, and a router that learns nothing is worse than one that knows. */
#include "pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static sim_world *world(int32_t kind, int32_t traffic, uint64_t seed)
{
    static sim_world w;
    sim_world_make_scaled(&w, kind, traffic, seed, 0.3);
    return &w;
}

static void test_a_seed_is_a_world(void **state)
{
    (void)state;
    for (int32_t kind = 0; kind < WORLDS; kind++) {
        sim_run a, b;
        const sim_world *w = world(kind, TRAFFIC_20M, 7);
        sim_run_make(&a, w);
        sim_run_make(&b, w);
        sim_play(&a, w, &sim_payroute, NULL);
        sim_play(&b, w, &sim_payroute, NULL);
        assert_int_equal(a.count, b.count);
        assert_true(a.count > 500);
        assert_memory_equal(a.ok, b.ok, (size_t)a.count);
        assert_memory_equal(a.first, b.first, (size_t)a.count);
        sim_run_free(&a);
        sim_run_free(&b);
    }
}

static void test_never_charged_twice_and_unknown_is_met(void **state)
{
    static const sim_router *const all[] = {&sim_payroute, &sim_turns, &sim_epsilon, &sim_r4j, &sim_envoy};
    (void)state;
    int64_t unknown = 0;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        sim_run r;
        const sim_world *w = world(WORLD_HANG, TRAFFIC_20M, 3);
        sim_run_make(&r, w);
        sim_play(&r, w, all[i], NULL);
        assert_int_equal(r.double_charged, 0);
        unknown += r.unknown;
        sim_run_free(&r);
    }
    assert_true(unknown > 50);
}

/* The arrivals, segments and luck are the world's: two routers that choose alike get alike. */
static void test_luck_is_shared(void **state)
{
    (void)state;
    sim_run a, b;
    const sim_world *w = world(WORLD_MIXED, TRAFFIC_20M, 5);
    int64_t alike = 0, same = 0;
    sim_run_make(&a, w);
    sim_run_make(&b, w);
    sim_play(&a, w, &sim_fixed, NULL);
    sim_play(&b, w, &sim_epsilon, NULL);
    assert_int_equal(a.count, b.count);
    assert_memory_equal(a.segment, b.segment, (size_t)a.count);
    for (int64_t i = 0; i < a.count; i++) {
        int32_t once = a.first[i] == b.first[i] && a.tries[i] == 1 && b.tries[i] == 1;
        alike += once;
        same += once && a.ok[i] == b.ok[i];
    }
    assert_true(alike > 100);
    assert_int_equal(same, alike);
    sim_run_free(&a);
    sim_run_free(&b);
}

/* Of 4,000 first attempts as many are confirmed as sim_now_value says, within four standard deviations. */
static double expected, variance;
static void *plain_open(const sim_setup *s, const double *params)
{
    (void)params;
    sim_setup *mine = malloc(sizeof *mine);
    assert_non_null(mine);
    *mine = *s;
    return mine;
}
static void plain_route(void *r, const sim_ask *ask, sim_order *o)
{
    const sim_setup *s = r;
    double p, f;
    sim_order_by(o, s->prior, s, ask);
    if (ask->try_no == 0) {
        sim_now_value(ask->truth, o->k[0], ask->method, ask->issuer, ask->t, ask->deadline - ask->t, 6.0, &p,
                      &f);
        expected += p;
        variance += p * (1 - p);
        o->n = 1; /* nothing else is tried */
    } else {
        o->n = 0;
    }
}

static void test_what_is_believed_comes_true(void **state)
{
    static const int32_t kinds[] = {WORLD_STEADY, WORLD_DRIFT, WORLD_BROWN, WORLD_DECLINES, WORLD_CASHIER};
    static const sim_router plain = {"plain", "", plain_open, plain_route, 0, 0, 0, 0, 0, 0, 0, {0}, {{0}}};
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        double paid = 0;
        expected = variance = 0;
        for (uint64_t seed = 1; seed <= 4; seed++) {
            sim_run r;
            const sim_world *w = world(kinds[i], TRAFFIC_20M, seed);
            sim_run_make(&r, w);
            sim_play(&r, w, &plain, NULL);
            paid += (double)r.paid;
            sim_run_free(&r);
        }
        double off = paid - expected;
        if (off * off > 16.0 * variance) {
            fail_msg("%s: %.0f paid, %.1f expected", sim_world_names[kinds[i]], paid, expected);
        }
    }
}

static void test_knowing_is_better(void **state)
{
    (void)state;
    double gap = 0;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        sim_run best, run;
        sim_score score = {0};
        const sim_world *w = world(WORLD_OUTAGE, TRAFFIC_20M, seed);
        sim_run_make(&best, w);
        sim_run_make(&run, w);
        sim_play(&best, w, &sim_clairvoyant, NULL);
        sim_play(&run, w, &sim_fixed, NULL);
        sim_judge(&score, w, &run, &best);
        gap += score.gap;
        sim_run_free(&best);
        sim_run_free(&run);
    }
    assert_true(gap > 0.5);
}

/* Shops that pool leave a dead channel sooner than the same shops alone; a liar among them raises a doubt. */
static void test_pooled_shops_notice_sooner(void **state)
{
    static const pool_plan plans[] = {
        {"alone", 20, 0, 0, 0, 1}, {"pooled", 20, 15, 0, 0, 1}, {"a liar", 20, 15, 0, 1, 1}};
    static pool_figures f[3];
    (void)state;
    sim_world *w = malloc(sizeof *w);
    sim_run best;
    double noticed[3];
    assert_non_null(w);
    pool_world(w, 1, 1.0);
    sim_run_make(&best, w);
    sim_play(&best, w, &sim_clairvoyant, NULL);
    for (int32_t i = 0; i < 3; i++) {
        pool_play(&f[i], w, &plans[i], &best);
        assert_true(f[i].cases >= 10);
        noticed[i] = sim_median(f[i].noticed, f[i].cases);
    }
    print_message("noticed: alone %.0f s, pooled %.0f s, with a liar %.0f s; doubt %.1f %%\n", noticed[0], noticed[1],
                  noticed[2], 100.0 * f[2].doubt);
    assert_true(noticed[1] < 0.8 * noticed[0]);
    assert_true(f[2].doubt < 0.04 && f[2].thought_out < 0.01);
    sim_run_free(&best);
    free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_seed_is_a_world),
        cmocka_unit_test(test_never_charged_twice_and_unknown_is_met),
        cmocka_unit_test(test_luck_is_shared),
        cmocka_unit_test(test_what_is_believed_comes_true),
        cmocka_unit_test(test_knowing_is_better),
        cmocka_unit_test(test_pooled_shops_notice_sooner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
