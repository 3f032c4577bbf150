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

enum { STEPS = 70, END_STEPS = 1500 };

#define DAY ((int64_t)86400000)

static world w;

static void jump_clock(void)
{
    static const int64_t jumps[] = {-3600000, 3600000, -30 * DAY, 30 * DAY, 0, 0, 0, 400000, -400000};
    w.skew_ms = jumps[pr_rng_below(&w.rng, sizeof jumps / sizeof jumps[0])];
    world_tell(&w, "our clock is %lld s off", (long long)w.skew_ms / 1000);
}

static void random_step(void)
{
    uint32_t dice = pr_rng_below(&w.rng, 100);
    if (dice < 45) {
        (void)drive_worker(&w);
    } else if (dice < 60) {
        static const uint32_t most[] = {2000, 20000, 120000, 1200000};
        world_advance(&w, 1 + (int64_t)pr_rng_below(&w.rng, most[pr_rng_below(&w.rng, 4)]));
    } else if (dice < 70) {
        int64_t wake = pr_plan_wake(&w.p, world_now(&w));
        int64_t wait = wake == INT64_MAX || wake < world_now(&w) ? 1000 : wake - world_now(&w);
        world_advance(&w, wait < DAY ? wait : DAY);
    } else if (dice < 80) {
        world_customer(&w);
    } else if (dice < 88) {
        drive_notice(&w);
    } else if (dice < 91) {
        drive_late_answer(&w);
    } else if (dice < 94) {
        drive_crash(&w);
    } else if (dice < 97) {
        drive_shop(&w);
    } else if (dice < 98) {
        jump_clock();
    } else {
        w.p.present = (uint8_t)pr_rng_below(&w.rng, 2);
    }
    drive_check(&w);
}

/* Providers answer, the process runs, nobody acts any more: what must come to an end does. */
static void let_it_end(void)
{
    int64_t end = w.true_ms + 70 * DAY;
    w.truthful = 1;
    w.skew_ms = 0;
    w.p.present = 0;
    for (int32_t i = 0; i < 3 * WORLD_ATTEMPTS; i++) {
        drive_notice(&w);
    }
    for (int32_t i = 0; i < END_STEPS && w.true_ms < end && w.broken == NULL; i++) {
        int32_t did = drive_worker(&w);
        drive_check(&w);
        if (did) {
            world_advance(&w, 50);
            continue;
        }
        int64_t wake = pr_plan_wake(&w.p, world_now(&w));
        if (wake == INT64_MAX && w.copy_count == 0) {
            return;
        }
        int64_t wait = wake - world_now(&w);
        if (wait <= 0 && i > END_STEPS / 2) {
            world_fail(&w, "due for ever: wake lies in the past and there is nothing to do", 0);
        }
        world_advance(&w, wait < 1000 ? 1000 : wait < DAY ? wait : DAY);
    }
}

static void check_attempt(int32_t n, int64_t *kept)
{
    const pr_attempt *a = &w.p.attempts[n - 1];
    const book *b = &w.books[n - 1];
    int64_t net = world_captured(&w, n) - world_refunded(&w, n);
    int32_t hopeless = (a->facts.flags & PR_FACT_BY_CUSTOMER) != 0 &&
                       (a->facts.flags & (PR_FACT_EXPIRES | PR_FACT_CAN_CLOSE)) == 0;
    if (a->review == 0) {
        *kept += net;
        int32_t ended = (pr_state_free(a->state) && !a->held) || (w.p.winner == n && a->state == PR_ST_PAID);
        if (!ended && !hopeless) {
            world_fail(&w, "I15: neither free nor won nor before a person", n);
        }
        if (a->held) {
            world_fail(&w, "I9: money is held for ever", n);
        }
        if (pr_captured(&w.p, n) != world_captured(&w, n) || pr_reversed(&w.p, n) != world_refunded(&w, n)) {
            world_fail(&w, "P2: the books know money that we do not, or the other way round", n);
        }
        if (net > 0 && w.p.winner != n) {
            world_fail(&w, "I2: money stays on an attempt that did not win", n);
        }
        if (b->authorized) {
            world_fail(&w, "I2: a hold is left over", n);
        }
    }
    if (net > WORLD_PRICE && a->review == 0) {
        world_fail(&w, "I2: more than the price stays", n);
    }
}

static void check_end(void)
{
    int64_t kept = 0;
    int32_t flagged = 0;
    for (int32_t n = 1; n <= w.p.attempt_count; n++) {
        check_attempt(n, &kept);
        flagged |= w.p.attempts[n - 1].review != 0;
    }
    if (kept > WORLD_PRICE) {
        world_fail(&w, "P1: charged twice", 0);
    }
    int32_t final = 0;
    int32_t status = pr_status(&w.p, world_now(&w), &final);
    int32_t nothing =
        status == PR_STATUS_FAILED || status == PR_STATUS_DECLINED || status == PR_STATUS_EXPIRED;
    if (nothing && kept > 0) {
        world_fail(&w, "P2: the shop was told that nothing was taken", 0);
    }
    if (kept > 0 && status != PR_STATUS_PAID && !flagged) {
        world_fail(&w, "P2: money stays and the verdict is not PAID", 0);
    }
}

static void one_round(uint64_t seed, uint64_t round, int32_t mutant)
{
    world_init(&w, seed, round, mutant);
    for (int32_t i = 0; i < STEPS && w.broken == NULL; i++) {
        random_step();
    }
    if (w.broken == NULL) {
        let_it_end();
    }
    if (w.broken == NULL) {
        check_end();
    }
}

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
        one_round(seed, round, MUTANT_NONE);
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
            one_round(7, round++, mutant);
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
