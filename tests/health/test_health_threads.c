/* Many threads on one block: what must be counted once is counted once. Run under ThreadSanitizer by `make
 * tsan`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdatomic.h>
#include <stdio.h>

#include <cmocka.h>
#include <pthread.h>

#include "base/rng.h"
#include "block_of.h"

enum { THREADS = 4, ROUNDS = 4000 };

typedef struct worker {
    const box *b;
    pthread_t thread;
    int32_t number;
    int32_t slot;
    int64_t canaries, probes, admitted, faults;
} worker;

static atomic_long the_time;

/* Everybody does everything, as processes do; only sums are looked at afterwards. */
static void *work(void *context)
{
    worker *w = context;
    const pr_health *h = &w->b->health;
    pr_rng r;
    pr_rng_seed(&r, 5, (uint64_t)w->number);
    for (int i = 0; i < ROUNDS; i++) {
        int64_t now = NOW + atomic_fetch_add(&the_time, 1) / THREADS; /* there is one clock on a host */
        pr_health_segment g = {pr_rng_below(&r, 3), pr_rng_below(&r, 5)};
        char name[2] = {(char)('a' + i % 6), '\0'};
        w->slot = pr_health_slot(h, "shared", NULL, now);
        int32_t other = pr_health_slot(h, name, NULL, now);
        pr_health_permit permit = pr_health_start(h, w->slot, now);
        pr_health_end(h, w->slot, g, permit, PR_HEALTH_APPROVED, 100 + (int64_t)pr_rng_below(&r, 900), 0,
                      now);
        pr_health_end(h, other, g, 0, 1 + (int32_t)pr_rng_below(&r, 10), 300, 0, now);
        pr_health_hint(h, other, 1 + (int32_t)pr_rng_below(&r, 5), 3000, now);
        pr_health_probe(h, other, (int32_t)pr_rng_below(&r, 2), 50, now);
        (void)pr_health_quota_add(h, w->slot, PR_QUOTA_DAY, 1, 3);
        w->canaries += i < ROUNDS / 2 ? 0 : pr_health_canary(h, 3, 1 << 30, NOW);
        w->probes += pr_health_probe_due(h, w->slot, 1000, now);
        w->admitted += pr_health_admit(h, other, now);
        pr_health_view v;
        pr_health_look(&v, h, w->slot, g, 8000, now);
        w->faults += view_fault(&v) != NULL;
    }
    return NULL;
}

static void sums_are_exact_and_one_canary_goes(void **state)
{
    (void)state;
    static worker workers[THREADS];
    box b;
    box_make(&b, 16, 256, NOW);
    (void)pr_health_slot(&b.health, "shared", NULL, NOW);
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (worker){.b = &b, .number = i};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    int64_t canaries = 0, probes = 0, faults = 0;
    for (int i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        canaries += workers[i].canaries;
        probes += workers[i].probes;
        faults += workers[i].faults;
        assert_int_equal(workers[i].slot, workers[0].slot);
    }
    int32_t s = workers[0].slot;
    pr_health_sums sums;
    int64_t last = NOW + ROUNDS;
    pr_health_sums_read(&sums, &b.health, s, NOW - 15000, last + 15000);
    assert_int_equal(sums.answered, THREADS * ROUNDS);
    assert_int_equal(pr_health_quota(&b.health, s, PR_QUOTA_DAY, 1), 3 * THREADS * ROUNDS);
    assert_int_equal(look_at(&b, s, (pr_health_segment){1, 1}, last).in_flight, 0);
    assert_int_equal(canaries, 1);
    assert_in_range(probes, 1, ROUNDS / 1000 + 1);

    assert_int_equal(faults, 0);
    box_free(&b);
}

typedef struct racer {
    const box *b;
    pthread_t thread;
    pthread_barrier_t *start;
    int64_t wins;
    int32_t slots[8];
} racer;

static void *race(void *context)
{
    racer *w = context;
    for (int i = 0; i < 8; i++) {
        char name[2] = {(char)('a' + i), '\0'};
        pthread_barrier_wait(w->start);
        w->slots[i] = pr_health_slot(&w->b->health, name, NULL, NOW);
        w->wins += pr_health_canary(&w->b->health, w->slots[i], 60000, NOW);
    }
    return NULL;
}

/* Claims at the very same moment: everybody gets the same slot, and one of them the canary. */
static void claims_at_once(void **state)
{
    (void)state;
    for (int round = 0; round < 40; round++) {
        racer racers[THREADS];
        pthread_barrier_t start;
        box b;
        box_make(&b, 8, 16, NOW);
        pthread_barrier_init(&start, NULL, THREADS);
        for (int i = 0; i < THREADS; i++) {
            racers[i] = (racer){.b = &b, .start = &start};
            assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
        }
        int64_t wins = 0;
        for (int i = 0; i < THREADS; i++) {
            pthread_join(racers[i].thread, NULL);
            wins += racers[i].wins;
            assert_memory_equal(racers[i].slots, racers[0].slots, sizeof racers[0].slots);
        }
        assert_int_equal(wins, 8);
        pthread_barrier_destroy(&start);
        box_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_exact_and_one_canary_goes),
        cmocka_unit_test(claims_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
