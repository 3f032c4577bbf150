/* Places: whatever the candidates are, each has one, and they stand as rank, room, index and priority say;
   made again from what was written down they are the same. The seed is printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "route/score.h"

enum { MOST = 256, ROUNDS = 300 };
static uint64_t seed;

static void make_candidates(pr_score_candidate *c, int32_t count, pr_rng *r)
{
    uint32_t ranks = 1 + pr_rng_below(r, 3), priorities = 1 + pr_rng_below(r, 4),
             values = 2 + pr_rng_below(r, 400);
    for (int32_t i = 0; i < count; i++) {
        c[i] = (pr_score_candidate){.slot = PR_HEALTH_NO_SLOT,
                                    .rank = (int32_t)pr_rng_below(r, ranks),
                                    .priority = (int32_t)pr_rng_below(r, priorities),
                                    .weight = (int32_t)pr_rng_below(r, 5),
                                    .bonus = (double)(int32_t)pr_rng_below(r, values) / 500.0};
    }
}

/* 1: nobody of the same rank behind place `at` may stand in front of him. */
static int stands_right(const pr_score_candidate *c, const pr_score_term *t, const int32_t *order,
                        int32_t count, int32_t at, double margin)
{
    int32_t me = order[at];
    for (int32_t n = at + 1; n < count; n++) {
        int32_t other = order[n];
        double more = t[other].index - t[me].index;
        if (c[other].rank != c[me].rank) {
            if (c[other].rank < c[me].rank) {
                return 0;
            }
        } else if (more > margin + 1e-9 || (more > 1e-9 && c[other].priority <= c[me].priority)) {
            return 0;
        }
    }
    return 1;
}

static void everybody_has_his_place(void **state)
{
    static pr_score_candidate c[MOST];
    static pr_score_term t[MOST];
    int32_t order[MOST], again[MOST];
    (void)state;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        pr_rng r;
        pr_score_draw draw;
        uint8_t seen[MOST] = {0};
        pr_rng_seed(&r, seed, round);
        int32_t count = round < 40 ? (int32_t)round : (int32_t)pr_rng_below(&r, MOST + 1);
        double margin = round % 3 == 0 ? 0.0 : (double)(int32_t)pr_rng_below(&r, 100) / 1000.0;
        make_candidates(c, count, &r);
        pr_score_ask ask = {.now_ms = 1800000000000, .patience_ms = 8000, .margin = margin, .explore = 1};
        pr_score_order(t, order, &draw, NULL, c, count, &ask, &r);
        for (int32_t n = 0; n < count; n++) {
            assert_in_range(order[n], 0, count - 1);
            assert_int_equal(seen[order[n]]++, 0);
            /* the first one is drawn among those that are as good; far behind margins do not count */
            if (n > 0 && !stands_right(c, t, order, count, n, n < 4 ? margin : 0.0)) {
                fail_msg("seed %llu, round %d: place %d", (unsigned long long)seed, (int)round, (int)n);
            }
        }
        if (count > 0) {
            double best = -1;
            for (int32_t i = 0; i < count; i++) {
                assert_true(c[order[0]].rank <= c[i].rank);
                best = c[i].rank == c[order[0]].rank && t[i].index > best ? t[i].index : best;
            }
            assert_true(t[order[0]].index >= best - margin - 0.002 - 1e-9);
        }
        pr_score_again(t, again, c, count, margin, draw.dice);
        assert_memory_equal(order, again, (size_t)count * sizeof *order);
    }
}

int main(void)
{
    const char *given = getenv("SEED");
    seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    printf("SEED=%llu\n", (unsigned long long)seed);
    const struct CMUnitTest tests[] = {cmocka_unit_test(everybody_has_his_place)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
