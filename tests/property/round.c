/* One round: a story of random steps, then an end in which everybody tells the truth, then the books. Driven
   by a seed (test_machine_property.c) or by a fuzzer's bytes (tests/fuzz/test_machine.c). */
#include "world.h"

enum { STEPS = 70, END_STEPS = 1500 };

#define DAY ((int64_t)86400000)

static void jump_clock(world *w)
{
    static const int64_t jumps[] = {-3600000, 3600000, -30 * DAY, 30 * DAY, 0, 0, 0, 400000, -400000};
    w->skew_ms = jumps[pr_rng_below(&w->rng, sizeof jumps / sizeof jumps[0])];
    world_tell(w, "our clock is %lld s off", (long long)w->skew_ms / 1000);
}

static void random_step(world *w)
{
    uint32_t dice = pr_rng_below(&w->rng, 100);
    if (dice < 45) {
        (void)drive_worker(w);
    } else if (dice < 60) {
        static const uint32_t most[] = {2000, 20000, 120000, 1200000};
        world_advance(w, 1 + (int64_t)pr_rng_below(&w->rng, most[pr_rng_below(&w->rng, 4)]));
    } else if (dice < 70) {
        int64_t wake = pr_plan_wake(&w->p, world_now(w));
        int64_t wait = wake == INT64_MAX || wake < world_now(w) ? 1000 : wake - world_now(w);
        world_advance(w, wait < DAY ? wait : DAY);
    } else if (dice < 80) {
        world_customer(w);
    } else if (dice < 88) {
        drive_notice(w);
    } else if (dice < 91) {
        drive_late_answer(w);
    } else if (dice < 94) {
        drive_crash(w);
    } else if (dice < 97) {
        drive_shop(w);
    } else if (dice < 98) {
        jump_clock(w);
    } else {
        w->p.present = (uint8_t)pr_rng_below(&w->rng, 2);
    }
    drive_check(w);
}

/* Providers answer, the process runs, nobody acts any more: what must come to an end does. */
static void let_it_end(world *w)
{
    int64_t end = w->true_ms + 70 * DAY;
    w->truthful = 1;
    w->skew_ms = 0;
    w->p.present = 0;
    for (int32_t i = 0; i < 3 * WORLD_ATTEMPTS; i++) {
        drive_notice(w);
    }
    for (int32_t i = 0; i < END_STEPS && w->true_ms < end && w->broken == NULL; i++) {
        int32_t did = drive_worker(w);
        drive_check(w);
        if (did) {
            world_advance(w, 50);
            continue;
        }
        int64_t wake = pr_plan_wake(&w->p, world_now(w));
        if (wake == INT64_MAX && w->copy_count == 0) {
            return;
        }
        int64_t wait = wake - world_now(w);
        if (wait <= 0 && i > END_STEPS / 2) {
            world_fail(w, "due for ever: wake lies in the past and there is nothing to do", 0);
        }
        world_advance(w, wait < 1000 ? 1000 : wait < DAY ? wait : DAY);
    }
}

static void check_attempt(world *w, int32_t n, int64_t *kept)
{
    const pr_attempt *a = &w->p.attempts[n - 1];
    const book *b = &w->books[n - 1];
    int64_t net = world_captured(w, n) - world_refunded(w, n);
    int32_t hopeless = (a->facts.flags & PR_FACT_BY_CUSTOMER) != 0 &&
                       (a->facts.flags & (PR_FACT_EXPIRES | PR_FACT_CAN_CLOSE)) == 0;
    if (a->review == 0) {
        *kept += net;
        int32_t ended = (pr_state_free(a->state) && !a->held) || (w->p.winner == n && a->state == PR_ST_PAID);
        if (!ended && !hopeless) {
            world_fail(w, "I15: neither free nor won nor before a person", n);
        }
        if (a->held) {
            world_fail(w, "I9: money is held for ever", n);
        }
        if (pr_captured(&w->p, n) != world_captured(w, n) || pr_reversed(&w->p, n) != world_refunded(w, n)) {
            world_fail(w, "P2: the books know money that we do not, or the other way round", n);
        }
        if (net > 0 && w->p.winner != n) {
            world_fail(w, "I2: money stays on an attempt that did not win", n);
        }
        if (b->authorized) {
            world_fail(w, "I2: a hold is left over", n);
        }
    }
    if (net > WORLD_PRICE && a->review == 0) {
        world_fail(w, "I2: more than the price stays", n);
    }
}

static void check_end(world *w)
{
    int64_t kept = 0;
    int32_t flagged = 0;
    for (int32_t n = 1; n <= w->p.attempt_count; n++) {
        check_attempt(w, n, &kept);
        flagged |= w->p.attempts[n - 1].review != 0;
    }
    if (kept > WORLD_PRICE) {
        world_fail(w, "P1: charged twice", 0);
    }
    int32_t final = 0;
    int32_t status = pr_status(&w->p, world_now(w), &final);
    int32_t nothing =
        status == PR_STATUS_FAILED || status == PR_STATUS_DECLINED || status == PR_STATUS_EXPIRED;
    if (nothing && kept > 0) {
        world_fail(w, "P2: the shop was told that nothing was taken", 0);
    }
    if (kept > 0 && status != PR_STATUS_PAID && !flagged) {
        world_fail(w, "P2: money stays and the verdict is not PAID", 0);
    }
}

void world_round(world *w, uint64_t seed, uint64_t round, int32_t mutant)
{
    world_init(w, seed, round, mutant);
    for (int32_t i = 0; i < STEPS && w->broken == NULL; i++) {
        random_step(w);
    }
    if (w->broken == NULL) {
        let_it_end(w);
    }
    if (w->broken == NULL) {
        check_end(w);
    }
}
