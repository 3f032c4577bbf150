/* The machine against a world that tells it the truth late, in pieces or twice: never two captures that
   stay, no start while money may still
   move, and in the end everything is free, won or before a person. The seed is printed; PR_SEED and
   PR_ROUNDS replay and lengthen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "world.h"

static world w;

static void tell_story(uint64_t seed, uint64_t round)
{
    print_message("PR_SEED=%llu round %llu: %s (attempt %d)\n", (unsigned long long)seed,
                  (unsigned long long)round, w.broken, w.broken_n);
    for (int32_t i = 0; i < w.story_count; i++) {
        print_message("  %s\n", w.story[i]);
    }
    for (int32_t n = 1; n <= w.p.attempt_count; n++) {
        const pr_attempt *a = &w.p.attempts[n - 1];
        const book *b = &w.books[n - 1];
        print_message(
            "  attempt %d: %s review %x held %d, books: %d captured %lld refunded %lld closed %d declined %d\n",
            n, pr_state_name(a->state), a->review, a->held, b->exists, (long long)world_captured(&w, n),
            (long long)world_refunded(&w, n), b->closed, b->declined);
    }
}

static uint64_t number(const char *name, uint64_t standard)
{
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 0) : standard;
}

static void nobody_is_charged_twice_and_nothing_is_lost(void **state)
{
    (void)state;
    uint64_t seed = number("PR_SEED", 20261123);
    uint64_t rounds = number("PR_ROUNDS", 20000);
    uint64_t from = number("PR_ROUND", 0);
    int64_t steps = 0;
    int32_t verdicts[10] = {0};
    int32_t attempts = 0;
    int32_t flagged = 0;
    clock_t start = clock();
    print_message("PR_SEED=%llu PR_ROUNDS=%llu\n", (unsigned long long)seed, (unsigned long long)rounds);
    for (uint64_t round = from; round < from + rounds; round++) {
        world_round(&w, seed, round, MUTANT_NONE);
        if (w.broken != NULL) {
            tell_story(seed, round);
            fail();
        }
        int32_t final = 0;
        steps += w.steps;
        verdicts[pr_status(&w.p, world_now(&w), &final)]++;
        attempts += w.p.attempt_count;
        for (int32_t n = 0; n < w.p.attempt_count; n++) {
            flagged += w.p.attempts[n].review != 0;
        }
    }
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    print_message("%llu rounds, %.0f a second, %lld worker calls, %d attempts, %d flagged\n",
                  (unsigned long long)rounds, (double)rounds / (seconds > 0 ? seconds : 1), (long long)steps,
                  attempts, flagged);
    print_message(
        "open %d pending %d authorized %d paid %d reversed %d declined %d expired %d cancelled %d failed %d\n",
        verdicts[1], verdicts[2], verdicts[3], verdicts[4], verdicts[5], verdicts[6], verdicts[7],
        verdicts[8], verdicts[9]);
    if (rounds >= 1000) {
        assert_true(verdicts[PR_STATUS_PAID] > (int32_t)(rounds / 10)); /* else the test lost its bite */
    }
}

/* The properties notice when a proof is taken away. */
static void each_lie_is_noticed(void **state)
{
    (void)state;
    for (int32_t mutant = MUTANT_NONE + 1; mutant < MUTANT_COUNT; mutant++) {
        uint64_t round = 0;
        do {
            world_round(&w, 7, round++, mutant);
        } while (w.broken == NULL && round < 20000);
        print_message("lie %d: %s after %llu rounds\n", mutant, w.broken != NULL ? w.broken : "unnoticed",
                      (unsigned long long)round);
        assert_non_null(w.broken);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_charged_twice_and_nothing_is_lost),
        cmocka_unit_test(each_lie_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
