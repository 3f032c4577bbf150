/* Write n of the store fails in each of the three ways in which a write can fail, once or from then on; the
   same process goes on afterwards, or a new one starts. Then the books. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../crash/world.h"
#include "host/engine.h"
#include "host/store_fault.h"

enum { PER_SANDBOX = 150 };

static struct world world;
static int in_sandbox;
static int64_t orders;
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

/* From here on this engine writes through a store that fails. */
static void break_store(struct shop *s, prh_store_fault *plan)
{
    prh_store *broken = NULL;
    assert_int_equal(prh_store_fault_wrap(&broken, s->engine->store, plan), PAYROUTE_OK);
    s->engine->store = broken;
}

struct cell {
    const struct story *story;
    int32_t kind;
    int for_ever;
    int restart;
    int64_t n;
};

/* 1: the write of this number was reached. */
static int run_cell(const struct cell *c)
{
    struct shop s;
    struct books books;
    prh_store_fault plan = {0};
    fresh_order(&s);
    if (!shop_open(&s) || (c->story->setup && !c->story->setup(&s))) {
        fail_msg("%s: setup: %s %s", c->story->name, s.why, payroute_engine_result(s.engine, NULL));
    }
    break_store(&s, &plan);
    plan = (prh_store_fault){.fail_at = c->n, .kind = c->kind, .for_ever = c->for_ever};
    (void)c->story->act(&s);
    int reached = plan.writes >= c->n;
    plan.fail_at = 0;
    if (c->restart) {
        shop_close(&s);
    }
    int settled = settle(&s, c->story);
    memset(&books, 0, sizeof books);
    if (settled) {
        compare(&s, c->story, &books);
    }
    int bad = !settled || books.double_charge || books.lost || books.authorized || books.wrong;
    if (bad) {
        print_message("%s\n%s: write %lld, kind %d, %s, %s: %s\n", payroute_engine_result(s.engine, NULL),
                      c->story->name, (long long)c->n, c->kind, c->for_ever ? "for ever" : "once",
                      c->restart ? "restarted" : "going on", settled ? books.why : s.why);
    }
    shop_drop(&s);
    cells++;
    assert_false(bad);
    return reached;
}

static void each_story(void **state)
{
    const struct story *story = *state;
    const char *mode = getenv("PR_FAULT");
    int all = mode && strcmp(mode, "all") == 0;
    long before = cells;
    for (int32_t kind = PRH_FAULT_STORE; kind <= PRH_FAULT_DOUBT_APPLIED; kind++) {
        for (int ways = 0; ways < 4; ways++) {
            int slow = (ways & 1) && (story - stories + kind + ways) % 4 != 0;
            if (slow && !all) {
                continue; /* the engine waits between its tries, so a part of these must do */
            }
            struct cell c = {
                .story = story, .kind = kind, .for_ever = ways & 1, .restart = ways >> 1, .n = 1};
            while (run_cell(&c)) {
                c.n++;
                assert_true(c.n < 60);
            }
        }
    }
    print_message("%-28s %ld cells\n", story->name, cells - before);
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
    for (int i = 0; i < story_count; i++) {
        tests[count++] = (struct CMUnitTest){.name = stories[i].name,
                                             .test_func = each_story,
                                             .initial_state = (void *)(uintptr_t)&stories[i]};
    }
    int failed = _cmocka_run_group_tests("fault_store", tests, count, NULL, finish);
    print_message("failing writes: %ld cells\n", cells);
    return failed;
}
