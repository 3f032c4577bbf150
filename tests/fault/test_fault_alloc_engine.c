/* Allocation n fails during a call of the engine, anywhere in the process: in ours, in SQLite, libcurl,
   cJSON, mbedTLS; once or from then on. Over the real sandbox, so that the books tell. Sampled;
   PR_FAULT=engine makes the steps finer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "../crash/world.h"
#include "alloc.h"

enum { PER_SANDBOX = 150, POINTS = 10, POINTS_ALL = 150 };

static struct world world;
static int in_sandbox;
static int64_t orders;
static uint64_t seed;
static long cells;

static void fresh_order(struct shop *s)
{
    char order_id[40];
    if (world.pid && in_sandbox >= PER_SANDBOX) {
        world_stop(&world);
    }
    if (!world.pid) {
        in_sandbox = 0;
        assert_true(world_start(&world));
    }
    in_sandbox++;
    (void)world_do(&world, "/_fault", "{\"clear\":true}");
    snprintf(order_id, sizeof order_id, "order-%lld", (long long)++orders);
    assert_true(shop_prepare(s, &world, order_id, 1000 + orders));
}

/* How many allocations the act asked for. `n` 0: none fails. *left: blocks that are still there in the end.
 */
static long run_once(const struct story *story, long n, int for_ever, long *left)
{
    struct shop s;
    struct books books;
    fresh_order(&s);
    alloc_count(1);
    if (!shop_open(&s) || (story->setup && !story->setup(&s))) {
        fail_msg("%s: setup: %s %s", story->name, s.why, payroute_engine_result(s.engine, NULL));
    }
    alloc_fail(n, for_ever);
    (void)story->act(&s);
    long asked = alloc_stop();
    int settled = settle(&s, story);
    memset(&books, 0, sizeof books);
    if (settled) {
        compare(&s, story, &books);
    }
    int bad = !settled || books.double_charge || books.lost || books.authorized || books.wrong;
    if (bad) {
        print_message("%s\n%s: allocation %ld %s: %s\n", payroute_engine_result(s.engine, NULL), story->name,
                      n, for_ever ? "and all after it" : "once", settled ? books.why : s.why);
    }
    shop_close(&s);
    *left = alloc_live();
    alloc_count(0);
    shop_drop(&s);
    cells++;
    assert_false(bad);
    return asked;
}

/* A leak happens each time; what a library keeps for its next thread or connection happens once. */
static long run_cell(const struct story *story, long n, int for_ever)
{
    long left = 0;
    long asked = run_once(story, n, for_ever, &left);
    if (left > 0 && n > 0) {
        (void)run_once(story, n, for_ever, &left);
    }
    if (left > 0 && n > 0) {
        fail_msg("%s: allocation %ld %s: %ld blocks leaked", story->name, n,
                 for_ever ? "and all after it" : "once", left);
    }
    return asked;
}

static void each_story(void **state)
{
    const struct story *story = *state;
    const char *mode = getenv("PR_FAULT"), *only = getenv("PR_FAULT_AT");
    int all = mode && strcmp(mode, "engine") == 0;
    long before = cells, total = run_cell(story, 0, 0);
    if (!alloc_works()) {
        skip();
    }
    if (only) {
        (void)run_cell(story, atol(only), 0);
        (void)run_cell(story, atol(only), 1);
        return;
    }
    long step = total / (all ? POINTS_ALL : POINTS) + 1;
    for (long n = 1 + (long)(seed % (uint64_t)step); n <= total; n += step) {
        (void)run_cell(story, n, 0);
        (void)run_cell(story, n + step / 2, 1);
    }
    print_message("%-28s %ld allocations, %ld cells\n", story->name, total, cells - before);
}

static int finish(void **state)
{
    (void)state;
    world_stop(&world);
    return 0;
}

int main(void)
{
    struct CMUnitTest tests[40];
    size_t count = 0;
    const char *given = getenv("PR_SEED"), *only = getenv("PR_CRASH_STORY");
    seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    print_message("PR_SEED=%llu\n", (unsigned long long)seed);
    for (int i = 0; i < story_count; i++) {
        if (!only || strcmp(only, stories[i].name) == 0) {
            tests[count++] = (struct CMUnitTest){.name = stories[i].name,
                                                 .test_func = each_story,
                                                 .initial_state = (void *)(uintptr_t)&stories[i]};
        }
    }
    int failed = _cmocka_run_group_tests("fault_alloc_engine", tests, count, NULL, finish);
    print_message("failing allocations: %ld cells\n", cells);
    return failed;
}
