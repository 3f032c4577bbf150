/* Each fault that the sandbox knows, at each operation of each story, once and three times in a row: the
   matrix is generated. Afterwards the books agree, nobody was charged twice, and nobody who paid was told
   that he had not. A sample in check, every cell with PR_FAULT=all. */
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

enum { PER_SANDBOX = 100, SAMPLE = 7 };

struct fault {
    const char *name;
    const char *json; /* members of the control call */
    int review; /* 1: a person may have to look: the provider contradicted itself, or, as Stripe does with
                   a 500, says the same for a day under the key of a capture that never was */
    int slow;   /* 1: a real time-out passes */
};

static const struct fault faults[] = {
    {"refused", "\"fault\":\"refuse\"", 0, 0},
    {"dropped before", "\"fault\":\"drop_before\"", 0, 0},
    {"dropped after", "\"fault\":\"drop_after\"", 0, 0},
    {"late by 20 s", "\"fault\":\"hold\",\"delay_ms\":20000", 0, 0}, /* its notification overtakes the close */
    {"late by 10 min", "\"fault\":\"hold\",\"delay_ms\":600000", 0, 0},
    {"late by 40 min", "\"fault\":\"hold\",\"delay_ms\":2400000", 0, 0},
    {"stalled", "\"fault\":\"stall\"", 0, 1},
    {"503 before", "\"fault\":\"status_before\"", 0, 0},
    {"429 before", "\"fault\":\"status_before\",\"status\":429,\"retry_after\":30", 0, 0},
    {"401 before", "\"fault\":\"status_before\",\"status\":401", 0, 0},
    {"404 before", "\"fault\":\"status_before\",\"status\":404", 0, 0},
    {"302 before", "\"fault\":\"status_before\",\"status\":302", 0, 0},
    {"500 after", "\"fault\":\"status_after\",\"status\":500", 0, 0},
    {"502 after", "\"fault\":\"status_after\",\"status\":502", 0, 0},
    {"429 after", "\"fault\":\"status_after\",\"status\":429", 1, 0}, /* that is a lie */
    {"retry told", "\"fault\":\"status_after\",\"status\":503,\"should_retry\":\"true\"", 0, 0},
    {"HTML", "\"fault\":\"html\"", 0, 0},
    {"HTML after", "\"fault\":\"html_after\"", 0, 0},
    {"system error", "\"fault\":\"system_error\"", 1, 0},
    {"system error after", "\"fault\":\"system_error_after\"", 0, 0},
    {"cut at 0", "\"fault\":\"cut\",\"at_byte\":0", 0, 0},
    {"cut at 1", "\"fault\":\"cut\",\"at_byte\":1", 0, 0},
    {"cut at 60", "\"fault\":\"cut\",\"at_byte\":60", 0, 0},
    {"cut at 200", "\"fault\":\"cut\",\"at_byte\":200", 0, 0},
    {"malformed", "\"fault\":\"malformed\"", 0, 0},
    {"empty object", "\"fault\":\"body\",\"body\":\"{}\"", 0, 0},
    {"empty body", "\"fault\":\"body\",\"body\":\"\"", 0, 0},
    {"JSON null", "\"fault\":\"body\",\"body\":\"null\"", 0, 0},
    {"huge body", "\"fault\":\"huge_body\"", 0, 1},
    {"slow body", "\"fault\":\"slow_body\"", 0, 1},
    {"bad signature", "\"fault\":\"bad_signature\"", 0, 0},
    {"unsigned", "\"fault\":\"unsigned\"", 0, 0},
    {"escaped slashes", "\"fault\":\"escaped_slash\"", 0, 0},
    {"signed escaped", "\"fault\":\"signed_escaped\"", 0, 0},
    {"wrong amount", "\"fault\":\"wrong_amount\"", 1, 0},
    {"wrong currency", "\"fault\":\"wrong_currency\"", 1, 0},
    {"pending", "\"fault\":\"pending\"", 1, 0}, /* for hours, of a trade that is closed */
    {"not found", "\"fault\":\"not_found_once\"", 0, 0},
};
enum { FAULTS = sizeof faults / sizeof *faults };

/* Which operations a story asks of which provider. */
static const struct {
    const char *story, *account, *operations[6];
} flows[] = {
    {"pay by QR code", "ali-main", {"precreate", "query"}},
    {"pay on Alipay's page", "ali-main", {"query"}},
    {"card with 3-D Secure", "card-main", {"create", "confirm", "query"}},
    {"pay by card, two steps", "card-main", {"create", "confirm", "query"}},
    {"card declined, next channel", "card-main", {"create", "cancel", "query"}},
    {"card declined, next channel", "card-backup", {"create", "confirm"}},
    {"sweep finds a payment", "ali-main", {"query"}},
    {"refund", "card-main", {"refund", "refund_query", "refund_list", "query"}},
    {"refund by Alipay", "ali-main", {"refund", "refund_query", "query"}},
    {"capture of a hold", "card-main", {"capture", "query"}},
    {"void of a hold", "card-main", {"cancel", "query"}},
    {"close, then card", "ali-main", {"query", "close"}},
    {"close, then card", "card-main", {"create", "confirm"}},
    {"close for good", "ali-main", {"query", "close"}},
};

static struct world world;
static int in_sandbox;
static int64_t orders;
static uint64_t seed;
static int all;
static long cells, doubles, losses, reviews;

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

static void break_it(const struct fault *f, const char *account, const char *operation, int times)
{
    assert_true(world_do(&world, "/_fault", "{\"account\":\"%s\",\"operation\":\"%s\",\"times\":%d,%s}",
                         account, operation, times, f->json));
}

/* Where the provider contradicted itself a payment may stay with a person, but flagged, and never told lost.
 */
static int cell_is_bad(struct shop *s, const struct fault *f, int settled, const struct books *b)
{
    int flagged = strcmp(shop_text(s, "review"), "true") == 0;
    reviews += flagged;
    if (b->double_charge || s->memory->told_lost) {
        return b->double_charge || b->lost;
    }
    if (f->review && flagged) {
        return 0;
    }
    return !settled || b->lost || b->authorized || b->wrong;
}

static void tell_requests(struct shop *s)
{
    payroute_json *doc = world_call(&world, "/_requests", NULL);
    payroute_json_out *out = payroute_json_out_new();
    for (int i = 0; i < 3; i++) {
        char path[40];
        snprintf(path, sizeof path, "attempts.%d.reference", i);
        const char *reference = shop_text(s, path);
        const payroute_json_node *r = payroute_json_first(payroute_json_root(doc));
        for (; r && *reference; r = payroute_json_next(r)) {
            const char *of = payroute_json_string(payroute_json_get(r, "reference"));
            if (of && strcmp(of, reference) == 0) {
                payroute_json_out_reset(out);
                payroute_json_out_node(out, NULL, r);
                print_message("%s\n", payroute_json_out_text(out, NULL));
            }
        }
    }
    payroute_json_out_free(out);
    payroute_json_free(doc);
}

/* What is in processing at Stripe's ends when the customer's bank says so. */
static void end_pending(struct shop *s)
{
    for (int i = 0; i < 2; i++) {
        char path[40];
        snprintf(path, sizeof path, "attempts.%d.reference", i);
        if (s->id && payroute_engine_show(s->engine, s->id) == PAYROUTE_OK && shop_text(s, path)[0]) {
            (void)world_do(&world, "/_customer",
                           "{\"account\":\"card-main\",\"reference\":\"%s\",\"act\":\"pay\"}",
                           shop_text(s, path));
        }
    }
}

static int run_cell(const struct story *story, const struct fault *f, const char *account,
                    const char *operation, int times)
{
    struct shop s;
    struct books books;
    fresh_order(&s);
    if (!shop_open(&s) || (story->setup && !story->setup(&s))) {
        fail_msg("%s: setup: %s %s", story->name, s.why, payroute_engine_result(s.engine, NULL));
    }
    break_it(f, account, operation, times);
    (void)story->act(&s);
    if (strcmp(f->name, "refused") == 0) {
        (void)world_do(&world, "/_fault", "{\"account\":\"%s\",\"fault\":\"open\"}", account);
    }
    if (strcmp(f->name, "pending") == 0) {
        end_pending(&s);
    }
    int settled = settle(&s, story);
    if (!settled) {
        (void)payroute_engine_show(s.engine, s.id);
    }
    compare(&s, story, &books);
    int bad = cell_is_bad(&s, f, settled, &books);
    if (bad && getenv("PR_FAULT_TELL")) {
        tell_requests(&s);
    }
    if (bad) {
        print_message("%s\n%s: %s at %s, %d times: %s%s\n", payroute_engine_result(s.engine, NULL),
                      story->name, f->name, operation, times, settled ? "" : "not settled; ", books.why);
    }
    cells++;
    doubles += books.double_charge;
    losses += settled && books.lost;
    shop_drop(&s);
    return bad;
}

static const struct story *story_named(const char *name)
{
    for (int i = 0; i < story_count; i++) {
        if (strcmp(stories[i].name, name) == 0) {
            return &stories[i];
        }
    }
    return NULL;
}

/* The matrix runs in an order of its own, so that a sample is spread over stories and operations. */
static int turn(const struct fault *f)
{
    static uint64_t number;
    number++;
    uint64_t step = f->slow ? 4 * SAMPLE : SAMPLE;
    return all || (number * 5 + seed) % step == 0;
}

static void each_fault(void **state)
{
    const struct fault *f = *state;
    long before = cells;
    int bad = 0;
    for (size_t i = 0; i < sizeof flows / sizeof *flows; i++) {
        for (const char *const *op = flows[i].operations; *op; op++) {
            const struct story *story = story_named(flows[i].story);
            assert_non_null(story);
            for (int times = 1; times <= 3; times += 2) {
                bad += turn(f) ? run_cell(story, f, flows[i].account, *op, times) : 0;
            }
        }
    }
    print_message("%-20s %ld cells\n", f->name, cells - before);
    assert_int_equal(bad, 0);
}

static int finish(void **state)
{
    (void)state;
    world_stop(&world);
    return 0;
}

int main(void)
{
    struct CMUnitTest tests[FAULTS];
    size_t count = 0;
    const char *given = getenv("PR_SEED"), *mode = getenv("PR_FAULT"), *only = getenv("PR_FAULT_NAME");
    seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    all = mode && strcmp(mode, "all") == 0;
    print_message("PR_SEED=%llu, %s\n", (unsigned long long)seed, all ? "every cell" : "a sample");
    for (size_t i = 0; i < FAULTS; i++) {
        if (!only || strcmp(only, faults[i].name) == 0) {
            tests[count++] = (struct CMUnitTest){.name = faults[i].name,
                                                 .test_func = each_fault,
                                                 .initial_state = (void *)(uintptr_t)&faults[i]};
        }
    }
    int failed = _cmocka_run_group_tests("fault_http", tests, count, NULL, finish);
    print_message("cells %ld, double %ld, lost %ld, for a person %ld\n", cells, doubles, losses, reviews);
    return failed;
}
