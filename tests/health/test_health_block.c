/* Blocks that are not ours, claims of slots and cells, and times and numbers that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <payroute/health.h>

#include "block_of.h"
#include "health/fold.h"

static const pr_health_segment bank = {7, 70};
static const int64_t DAY = 86400000;

static void sizes_are_powers_of_two_and_bounded(void **state)
{
    (void)state;
    assert_int_equal(pr_health_size(1, 1), pr_health_size(4, 16));
    assert_int_equal(pr_health_size(5, 17), pr_health_size(8, 32));
    assert_int_equal(pr_health_size(INT32_MAX, INT32_MAX), pr_health_size(PR_CHANNELS_CAP, PR_CELLS_CAP));
    assert_int_equal(pr_health_size(-1, INT32_MIN), pr_health_size(4, 16));
    assert_int_equal(pr_health_size(8, 32) % 16, 0);
}

static void a_block_is_refused_for_each_thing_that_is_wrong_with_it(void **state)
{
    (void)state;
    box b;
    pr_health h;
    box_make(&b, 4, 16, NOW);
    assert_int_equal(pr_health_attach(&h, b.memory, b.size), PAYROUTE_OK);
    assert_int_equal(h.channels, 4);
    assert_int_equal(pr_health_attach(&h, b.memory, 16), PAYROUTE_E_FOREIGN);
    assert_int_equal(pr_health_attach(&h, b.memory, b.size - 64), PAYROUTE_E_CHECKSUM);
    assert_int_equal(pr_health_attach(&h, (char *)b.memory + 4, b.size - 8), PAYROUTE_E_ARG);
    assert_int_equal(pr_health_attach(&h, NULL, b.size), PAYROUTE_E_ARG);
    for (size_t i = 0; i < offsetof(pr_block_header, global); i++) { /* every bit of the header matters */
        for (int bit = 0; bit < 8; bit++) {
            ((uint8_t *)b.memory)[i] ^= (uint8_t)(1 << bit);
            int32_t rc = pr_health_attach(&h, b.memory, b.size);
            assert_int_equal(rc, i < 8    ? PAYROUTE_E_FOREIGN
                                 : i < 16 ? PAYROUTE_E_VERSION
                                          : PAYROUTE_E_CHECKSUM);
            ((uint8_t *)b.memory)[i] ^= (uint8_t)(1 << bit);
        }
    }
    memset(b.memory, 0, b.size);
    assert_int_equal(pr_health_attach(&h, b.memory, b.size), PAYROUTE_E_FOREIGN);
    assert_int_equal(pr_health_init(&h, b.memory, b.size - 1, 4, 16, NOW), PAYROUTE_E_RANGE);
    assert_int_equal(pr_health_init(&h, b.memory, b.size, 0, 16, NOW), PAYROUTE_E_ARG);
    box_free(&b);
}

static void a_slot_is_the_same_for_all_and_ends_with_the_room(void **state)
{
    (void)state;
    box b;
    pr_health other;
    box_make(&b, 4, 16, NOW);
    assert_int_equal(pr_health_attach(&other, b.memory, b.size), PAYROUTE_OK);
    int32_t a = pr_health_slot(&b.health,
                               "stripe-eu\x1f"
                               "1234",
                               NULL, NOW);
    assert_in_range(a, 0, 3);
    assert_int_equal(pr_health_slot(&other,
                                    "stripe-eu\x1f"
                                    "1234",
                                    NULL, NOW),
                     a);
    char name[16];
    int found = 1;
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "c%d", i);
        found += pr_health_slot(&b.health, name, NULL, NOW) >= 0;
    }
    assert_int_equal(found, 4);
    char longest[129];
    memset(longest, 'x', 128);
    longest[128] = '\0';
    assert_int_equal(pr_health_slot(&b.health, longest, NULL, NOW), PR_HEALTH_NO_SLOT);
    assert_int_equal(pr_health_slot(&b.health, "", NULL, NOW), PR_HEALTH_NO_SLOT);
    assert_int_equal(pr_health_slot(&b.health, NULL, NULL, NOW), PR_HEALTH_NO_SLOT);
    assert_int_equal(pr_health_slot(&b.health, "c1", NULL, -1), PR_HEALTH_NO_SLOT);
    box_free(&b);
}

static void an_idle_slot_goes_to_another_and_takes_nothing_along(void **state)
{
    (void)state;
    box b;
    char name[16];
    box_make(&b, 4, 16, NOW);
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "c%d", i);
        int32_t s = pr_health_slot(&b.health, name, NULL, NOW);
        for (int n = 0; n < 5; n++) {
            pay(&b, s, bank, PR_HEALTH_NOT_SENT, 0, NOW);
            (void)pr_health_quota_add(&b.health, s, PR_QUOTA_DAY, 5, 100);
        }
    }
    assert_int_equal(pr_health_slot(&b.health, "new", NULL, NOW + 29 * DAY), PR_HEALTH_NO_SLOT);
    int32_t s = pr_health_slot(&b.health, "new", NULL, NOW + 31 * DAY);
    assert_in_range(s, 0, 3);
    assert_int_equal(pr_health_quota(&b.health, s, PR_QUOTA_DAY, 5), 0);
    pr_health_view v = look_at(&b, s, bank, NOW + 31 * DAY);
    assert_true(v.up > 0.99 && v.last_ms == 0);
    /* Killed after the claim and before the emptying: the next who asks does it. */
    pr_slot *raw = pr_block_slot(&b.health, s);
    pr_write(&raw->wiped, 12345);
    pr_write(&raw->quota[PR_QUOTA_DAY], 5ULL << 48 | 777);
    assert_int_equal(pr_health_slot(&b.health, "new", NULL, NOW + 31 * DAY), s);
    assert_int_equal(pr_health_quota(&b.health, s, PR_QUOTA_DAY, 5), 0);
    box_free(&b);
}

static void cells_run_out_without_harm_and_old_ones_are_taken(void **state)
{
    (void)state;
    box b;
    box_make(&b, 4, 16, NOW);
    int32_t s = pr_health_slot(&b.health, "a", NULL, NOW);
    for (uint32_t i = 1; i <= 100; i++) {
        pay(&b, s, (pr_health_segment){i, i}, PR_HEALTH_APPROVED, 300, NOW);
        (void)look_at(&b, s, (pr_health_segment){i, i}, NOW);
    }
    assert_null(pr_health_cell(&b.health, pr_health_cell_key(1, 500, 500, PR_CELL_RATE), NOW));
    assert_non_null(pr_health_cell(&b.health, pr_health_cell_key(1, 500, 500, PR_CELL_RATE), NOW + 60 * DAY));
    box_free(&b);
}

/* The word of a storm, read as a rate, says "nothing" at random: its cell must not be taken for that. */
static void a_storm_keeps_its_cell(void **state)
{
    (void)state;
    for (int64_t at = NOW; at < NOW + 400 * DAY; at += 7 * DAY + 12345) {
        box b;
        box_make(&b, 4, 16, at);
        for (uint32_t i = 0; i < 16; i++) {
            pr_cell *c = pr_block_cell(&b.health, i);
            pr_write(&c->key, pr_health_cell_key(9, 0, i + 1, PR_CELL_ISSUER));
            pr_write(&c->word, 40000ULL << 40 | (uint64_t)(at / 250));
        }
        assert_null(pr_health_cell(&b.health, pr_health_cell_key(1, 5, 5, PR_CELL_RATE), at + 3600000));
        box_free(&b);
    }
}

static void times_that_are_none_change_nothing(void **state)
{
    (void)state;
    static const int64_t absurd[] = {-1, INT64_MIN, INT64_MAX, PR_TIME_CAP, INT64_MAX / 2, -PR_TIME_CAP};
    box b;
    box_make(&b, 4, 16, NOW);
    int32_t s = pr_health_slot(&b.health, "a", NULL, NOW);
    pay(&b, s, bank, PR_HEALTH_APPROVED, 300, NOW);
    (void)look_at(&b, s, bank, NOW); /* takes away the mark of what has ended */
    void *before = malloc(b.size);
    assert_non_null(before);
    memcpy(before, b.memory, b.size);
    for (size_t i = 0; i < sizeof absurd / sizeof absurd[0]; i++) {
        int64_t t = absurd[i];
        pr_health_sums sums = {0, 0, 9, 9, 9, 9, 9, 9};
        assert_int_equal(pr_health_start(&b.health, s, t), 0);
        pr_health_end(&b.health, s, bank, 77, PR_HEALTH_NOT_SENT, 5, 0, t);
        pr_health_final(&b.health, s, bank, PR_HEALTH_PENDING, PR_HEALTH_APPROVED, t);
        pr_health_probe(&b.health, s, 0, 5, t);
        pr_health_hint(&b.health, s, PR_HEALTH_SHOWN, t, t);
        pr_health_sums_merge(&b.health, s, &sums, 1, 1.0, t);
        assert_int_equal(pr_health_canary(&b.health, s, 1000, t), 0);
        assert_int_equal(pr_health_probe_due(&b.health, s, 1000, t), 0);
        assert_int_equal(pr_health_admit(&b.health, s, t), 1);
        pr_health_sums_read(&sums, &b.health, s, t, t);
        assert_int_equal(sums.answered, 0);
        (void)look_at(&b, s, bank, t);
        pr_health_hint(&b.health, s, 99, t, NOW); /* a word of a later version */
        pr_health_sums_read(&sums, &b.health, s, t, NOW);
        pr_health_look(&(pr_health_view){0}, &b.health, s, bank, t, NOW);
    }
    static const int32_t slots[] = {-1, -2, 4, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof slots / sizeof slots[0]; i++) {
        pay(&b, slots[i], bank, PR_HEALTH_NOT_SENT, 5, NOW);
        pr_health_probe(&b.health, slots[i], 1, 5, NOW);
        pr_health_hint(&b.health, slots[i], PR_HEALTH_PAID, 5, NOW);
        assert_int_equal(pr_health_quota_add(&b.health, slots[i], 0, 1, 5), 0);
        assert_int_equal(pr_health_canary(&b.health, slots[i], 1, NOW), 0);
        (void)look_at(&b, slots[i], bank, NOW);
    }
    assert_int_equal(pr_health_quota_add(&b.health, s, PR_QUOTAS, 1, 5), 0);
    assert_int_equal(pr_health_quota_add(&b.health, s, -1, 1, 5), 0);
    pr_health_end(&b.health, s, bank, 0, 99, 5, 0, NOW); /* a result of a later version */
    assert_memory_equal(before, b.memory, b.size);
    free(before);
    box_free(&b);
}

static void the_heap_block_lies_on_a_cache_line(void **state)
{
    (void)state;
    payroute_health *h = NULL;
    for (int i = 0; i < 8; i++) {
        assert_int_equal(payroute_health_new(&h, 4 + i * 7, 64, NOW), PAYROUTE_OK);
        assert_int_equal((uintptr_t)*(void *const *)(const void *)h % 64, 0);
        payroute_health_free(h);
    }
}

static void hashes_are_never_none(void **state)
{
    (void)state;
    assert_int_equal(pr_health_hash(NULL), 0);
    assert_int_equal(pr_health_hash(""), 0);
    assert_int_not_equal(pr_health_hash("card"), 0);
    assert_int_not_equal(pr_health_hash("card"), pr_health_hash("cart"));
    for (uint32_t i = 0; i < 10000; i++) {
        uint64_t key = pr_health_cell_key(i, i * 3, i * 7, i % 4);
        assert_true(key != 0 && (key & 3) == i % 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_powers_of_two_and_bounded),
        cmocka_unit_test(a_block_is_refused_for_each_thing_that_is_wrong_with_it),
        cmocka_unit_test(a_slot_is_the_same_for_all_and_ends_with_the_room),
        cmocka_unit_test(an_idle_slot_goes_to_another_and_takes_nothing_along),
        cmocka_unit_test(cells_run_out_without_harm_and_old_ones_are_taken),
        cmocka_unit_test(a_storm_keeps_its_cell),
        cmocka_unit_test(times_that_are_none_change_nothing),
        cmocka_unit_test(the_heap_block_lies_on_a_cache_line),
        cmocka_unit_test(hashes_are_never_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
