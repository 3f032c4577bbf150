/* Random facts, clocks that jump, and words full of anything: what comes out stays finite and in its range,
   and the same input gives the same bytes. The seed is printed. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/rng.h"
#include "block_of.h"
#include "health/fold.h"
#include "health/ask.h"
#include "health/number.h"

enum { CHANNELS = 8, CELLS = 64 };
static uint64_t seed;

static int64_t any(pr_rng *r)
{
    uint64_t word = (uint64_t)pr_rng_u32(r) << 32 | pr_rng_u32(r);
    return (int64_t)(word >> pr_rng_below(r, 64)) * (pr_rng_below(r, 8) ? 1 : -1);
}

/* Mostly forward, sometimes back, and sometimes anywhere. */
static int64_t next_time(pr_rng *r, int64_t now_ms)
{
    static const int64_t steps[] = {0, 1, 250, 3000, 60000, 3600000, 86400000, 700000000, 12LL * 86400000};
    uint32_t dice = pr_rng_below(r, 100);
    int64_t step = steps[pr_rng_below(r, sizeof steps / sizeof steps[0])];
    if (dice < 85) {
        now_ms += step;
    } else if (dice < 97) {
        now_ms -= step;
    } else {
        now_ms = any(r);
    }
    return now_ms >= 0 && now_ms < PR_TIME_CAP ? now_ms : NOW;
}

static void one_fact(const box *b, pr_rng *r, int64_t now_ms)
{
    int32_t s = (int32_t)pr_rng_below(r, CHANNELS + 1) - (int32_t)pr_rng_below(r, 2);
    pr_health_segment g = {pr_rng_below(r, 4), pr_rng_below(r, 12)};
    int64_t number = pr_rng_below(r, 4) ? (int64_t)pr_rng_below(r, 20000) : any(r);
    char name[4] = {(char)('a' + (char)pr_rng_below(r, 12)), '\0', '\0', '\0'};
    pr_health_sums sums = {any(r),        any(r),        pr_rng_u32(r), pr_rng_u32(r),
                           pr_rng_u32(r), pr_rng_u32(r), pr_rng_u32(r), pr_rng_u32(r)};
    pr_health_prior prior = {(double)any(r) / 1e18, (int32_t)any(r), (int32_t)any(r)};
    switch (pr_rng_below(r, 12)) {
    case 0: (void)pr_health_slot(&b->health, name, pr_rng_below(r, 2) ? &prior : NULL, now_ms); break;
    case 1: (void)pr_health_start(&b->health, s, now_ms); break;
    case 2: pr_health_probe(&b->health, s, (int32_t)pr_rng_below(r, 2), number, now_ms); break;
    case 3: pr_health_hint(&b->health, s, (int32_t)pr_rng_below(r, 7), number, now_ms); break;
    case 4: (void)pr_health_canary(&b->health, s, number, now_ms); break;
    case 5: (void)pr_health_admit(&b->health, s, now_ms); break;
    case 6:
        (void)pr_health_quota_add(&b->health, s, (int32_t)pr_rng_below(r, 4), pr_rng_u32(r), any(r));
        break;
    case 7: pr_health_sums_merge(&b->health, s, &sums, 1, (double)any(r) / 1e18, now_ms); break;
    case 8:
        pr_health_final(&b->health, s, g, (int32_t)pr_rng_below(r, 11), (int32_t)pr_rng_below(r, 11), now_ms);
        break;
    case 9: pr_health_sums_read(&sums, &b->health, s, any(r), now_ms); break;
    default:
        pr_health_end(&b->health, s, g, (uint64_t)any(r), (int32_t)pr_rng_below(r, 12), number,
                      (int32_t)pr_rng_below(r, 2), now_ms);
        break;
    }
}

/* What is remembered changes nothing: the same bits with a memo as without, whatever happened between two
 * looks. */
static void look_twice(pr_health_view *v, const box *b, struct pr_health_memo *memo, int32_t slot,
                       pr_health_segment g, int64_t patience_ms, int64_t now_ms)
{
    pr_health_ask ask;
    pr_health_view other;
    memset(v, 0, sizeof *v);
    memset(&other, 0, sizeof other);
    pr_health_look(v, &b->health, slot, g, patience_ms, now_ms);
    pr_health_ask_begin(&ask, &b->health, memo, g, patience_ms, now_ms);
    pr_health_ask_look(&other, &b->health, slot, &ask);
    assert_memory_equal(v, &other, sizeof other);
    memset(&other, 0, sizeof other);
    pr_health_ask_look(&other, &b->health, slot, &ask); /* now it surely comes from there */
    assert_memory_equal(v, &other, sizeof other);
}

static void check_all(const box *b, struct pr_health_memo *memo, pr_rng *r, int64_t now_ms, int step)
{
    for (int32_t s = -1; s <= CHANNELS; s++) {
        pr_health_view v;
        pr_health_segment g = {pr_rng_below(r, 4), pr_rng_below(r, 12)};
        look_twice(&v, b, memo, s, g, pr_rng_below(r, 2) ? 8000 : any(r), now_ms);
        const char *fault = view_fault(&v);
        if (fault != NULL) {
            fail_msg("seed %llu, step %d, slot %d: %s", (unsigned long long)seed, step, (int)s, fault);
        }
    }
}

static void live(box *b, uint64_t stream, int steps, int damage)
{
    pr_rng r;
    int64_t now_ms = NOW;
    pr_rng_seed(&r, seed, stream);
    box_make(b, CHANNELS, CELLS, NOW);
    struct pr_health_memo *memo = calloc(1, pr_memo_size(CHANNELS));
    assert_non_null(memo);
    size_t head = sizeof(pr_block_header), words = (b->size - head) / 8;
    for (int i = 0; i < steps; i++) {
        now_ms = next_time(&r, now_ms);
        if (damage && pr_rng_below(&r, 4) == 0) {
            uint64_t word = (uint64_t)any(&r) | (pr_rng_below(&r, 3) ? 0 : UINT64_MAX);
            memcpy((char *)b->memory + head + 8 * pr_rng_below(&r, (uint32_t)words), &word, 8);
        }
        one_fact(b, &r, now_ms);
        if (i % 8 == 0) {
            check_all(b, memo, &r, now_ms, i);
        }
    }
    free(memo);
}

static void facts_and_clocks(void **state)
{
    (void)state;
    for (uint64_t stream = 0; stream < 40; stream++) {
        box b;
        live(&b, stream, 2000, 0);
        box_free(&b);
    }
}

static void damage_misleads_and_no_more(void **state)
{
    (void)state;
    for (uint64_t stream = 100; stream < 140; stream++) {
        box b;
        live(&b, stream, 2000, 1);
        box_free(&b);
    }
}

static void a_block_of_noise(void **state)
{
    (void)state;
    for (uint64_t stream = 200; stream < 300; stream++) {
        box b;
        pr_rng r;
        pr_rng_seed(&r, seed, stream);
        box_make(&b, CHANNELS, CELLS, NOW);
        uint32_t *at = (uint32_t *)((char *)b.memory + sizeof(pr_block_header));
        for (uint32_t *end = (uint32_t *)((char *)b.memory + b.size); at < end; at++) {
            *at = stream % 4 == 0 ? UINT32_MAX : pr_rng_u32(&r);
        }
        struct pr_health_memo *memo = calloc(1, pr_memo_size(CHANNELS));
        assert_non_null(memo);
        for (int i = 0; i < 50; i++) {
            check_all(&b, memo, &r, NOW + i, i);
            one_fact(&b, &r, NOW + i);
        }
        free(memo);
        box_free(&b);
    }
}

/* Whatever a word was damaged to, four days of ordinary business later the channel is seen as what it is. */
static void damage_heals(void **state)
{
    (void)state;
    pr_health_segment g = {3, 4};
    for (uint64_t stream = 300; stream < 400; stream++) {
        box b;
        pr_rng r;
        pr_rng_seed(&r, seed, stream);
        box_make(&b, 4, 16, NOW);
        int32_t s = pr_health_slot(&b.health, "a", NULL, NOW);
        pr_slot *raw = pr_block_slot(&b.health, s);
        for (pr_word *w = &raw->used; w < (pr_word *)(raw + 1); w++) {
            if (w != &raw->wiped) { /* else it would be emptied, and nothing were left to heal */
                pr_write(w, pr_rng_below(&r, 2) ? (uint64_t)any(&r) : UINT64_MAX);
            }
        }
        pr_health_view v;
        int64_t now = NOW;
        for (int i = 0; i < 6000; i++, now += 60000) {
            (void)pr_health_slot(&b.health, "a", NULL, now);
            pay(&b, s, g, PR_HEALTH_APPROVED, 600 + i % 5 * 100, now);
        }
        pr_health_look(&v, &b.health, s, g, 8000, now);
        if (!(v.up > 0.98 && v.approve > 0.9 && v.blame_channel < 0.05 && v.bad_since_ms == 0 &&
              v.limit_per_s == 0)) {
            fail_msg("seed %llu, stream %d: up %f brown %f approve %f storm %f since %lld limit %f",
                     (unsigned long long)seed, (int)stream, v.up, v.brown, v.approve, v.blame_channel,
                     (long long)v.bad_since_ms, v.limit_per_s);
        }
        box_free(&b);
    }
}

static void the_same_again_is_the_same_bytes(void **state)
{
    (void)state;
    for (uint64_t stream = 400; stream < 410; stream++) {
        box a, b;
        live(&a, stream, 1500, 0);
        live(&b, stream, 1500, 0);
        assert_memory_equal(a.memory, b.memory, a.size);
        box_free(&a);
        box_free(&b);
    }
}

static uint64_t bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* All that is not a plain + - * / comes from here: the same bits whatever the compiler and the processor. */
static void and_on_every_machine(void **state)
{
    (void)state;
    uint64_t sum = 0;
    for (int i = 0; i < 40000; i++) {
        double x = (double)(i - 20000) / 19.0;
        sum = pr_health_stir(sum, bits_of(pr_exp2(x)));
        sum = pr_health_stir(sum, bits_of(pr_log((double)i / 7.0 + 1e-9)));
        sum = pr_health_stir(sum, bits_of(pr_exp_stored((uint32_t)i & 0x3FFF)));
        sum = pr_health_stir(sum, bits_of(pr_halved((uint32_t)i)));
    }
    if (sum != 0x2165e099b6f681f7ULL) {
        fail_msg("the sum is %llx", (unsigned long long)sum);
    }
}

static int near(double a, double b, double within)
{
    return a - b <= within * b && b - a <= within * b;
}

static void and_near_the_truth(void **state)
{
    (void)state;
    for (int i = -4000; i <= 4000; i++) {
        double x = (double)i / 111.0;
        assert_true(near(pr_exp(x), exp(x), 2e-8));
        assert_true(near(pr_exp2(x), exp2(x), 2e-8));
        double y = exp(x), log_y = pr_log(y);
        assert_true(log_y - x < 1e-7 && x - log_y < 1e-7);
    }
    for (uint32_t raw = 0; raw < 16384; raw++) {
        assert_true(near(pr_exp_stored(raw), exp(((double)raw - 8192.0) / 512.0), 1e-14));
    }
    for (uint32_t parts = 0; parts < 40000; parts++) {
        assert_true(near(pr_halved(parts), exp2(-(double)parts / PR_HALF_PARTS), 1e-14));
    }
    assert_true(pr_halved(UINT32_MAX) >= 0 && pr_halved(UINT32_MAX) < 1e-300);
    assert_true(pr_exp2(1e300) > 1e300 && pr_exp2(-1e300) > 0 && pr_exp2(-1e300) < 1e-300);
    assert_true(pr_log(0) < -690 && pr_log(-1) < -690 && pr_log((double)NAN) < -690);
    assert_true(pr_clamp((double)NAN, 2, 3) == 2);
}

int main(void)
{
    const char *given = getenv("SEED");
    seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    printf("SEED=%llu\n", (unsigned long long)seed);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts_and_clocks),
        cmocka_unit_test(damage_misleads_and_no_more),
        cmocka_unit_test(a_block_of_noise),
        cmocka_unit_test(damage_heals),
        cmocka_unit_test(the_same_again_is_the_same_bytes),
        cmocka_unit_test(and_on_every_machine),
        cmocka_unit_test(and_near_the_truth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
