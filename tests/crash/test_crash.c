/* SIGKILL at every system call with an effect (PR_CRASH=effects: of all stories; all: at every system call) of
   each story, then a fresh process, time, the customer, and the comparison of books. Real processes, real
   SQLite, real HTTP.
   Ways of doing it wrong are run the same way and must be caught, or the harness proves nothing. PR_SEED,
   PR_CRASH_STORY (its name) and PR_CRASH_AT (number of the stop) show one again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "wrong.h"

enum { POINTS = 6 };

static uint64_t seed;
static int everything; /* every system call of every story */
static int effects;    /* every call with an effect of every story */
static struct score sum;

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A payment, a notification, a sweep and a refund: killed at each of their calls with an effect, always. The
   others are sampled; PR_CRASH=effects does the others, PR_CRASH=all everything. */
static int always_whole(const struct story *s)
{
    static const char *const names[] = {"pay by QR code", "notification", "sweep finds a payment", "refund"};
    int found = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        found |= strcmp(s->name, names[i]) == 0;
    }
    return found;
}

static void each_story(void **state)
{
    int whole = always_whole(*state);
    if (effects && whole) {
        return; /* as in check */
    }
    struct score score = {0};
    double begun = seconds();
    const char *at = getenv("PR_CRASH_AT");
    long lanes = everything || effects ? sysconf(_SC_NPROCESSORS_ONLN) : 1;
    struct plan plan = {.story = *state,
                        .settle = play_settle,
                        .points = whole || everything || effects ? 0 : POINTS,
                        .at = at ? atol(at) : 0,
                        .everything = everything,
                        .lanes = lanes > 1 ? (int)lanes : 1,
                        .seed = seed};
    const char *trouble = kill_everywhere(&plan, &score);
    printf("%ld kills, %ld of recoveries, %.1f s\n", score.kills, score.recoveries, seconds() - begun);
    sum.kills += score.kills;
    sum.recoveries += score.recoveries;
    sum.doubles += score.doubles;
    sum.losses += score.losses;
    if (trouble) {
        fail_msg("%s", trouble);
    }
    assert_int_equal(score.bad, 0);
}

static void wrong_shop(void **state)
{
    const struct wrong *wrong = *state;
    struct score score = {0};
    struct plan plan = {.story = &wrong->story,
                        .settle = wrong->settle,
                        .points = wrong->settle == play_settle ? 12 : 0,
                        .lanes = 1,
                        .expect = wrong->expect,
                        .seed = seed};
    const char *trouble = kill_everywhere(&plan, &score);
    printf("%s: caught after %ld kills, double %ld, lost %ld\n", wrong->story.name, score.kills,
           score.doubles, score.losses);
    if (trouble) {
        fail_msg("%s", trouble);
    }
    assert_true((wrong->expect == EXPECT_DOUBLE ? score.doubles : score.losses) > 0);
}

static void the_sum(void **state)
{
    (void)state;
    printf("kill points %ld (recoveries %ld), double %ld, lost %ld\n", sum.kills, sum.recoveries, sum.doubles,
           sum.losses);
    assert_true(sum.kills > 0);
    assert_int_equal(sum.doubles, 0);
    assert_int_equal(sum.losses, 0);
}

/* Keys are made once, before the lanes begin. */
static int make_keys(void **state)
{
    struct world w;
    (void)state;
    if (!world_start(&w)) {
        printf("the sandbox did not start (B=%s)\n", getenv("B") ? getenv("B") : "");
        return -1;
    }
    world_stop(&w);
    return 0;
}

int main(void)
{
    struct CMUnitTest tests[40];
    size_t count = 0;
    const char *mode = getenv("PR_CRASH"), *given = getenv("PR_SEED"), *only = getenv("PR_CRASH_STORY");
    everything = mode && strcmp(mode, "all") == 0;
    effects = mode && strcmp(mode, "effects") == 0;
    seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    printf("PR_SEED=%llu, %s\n", (unsigned long long)seed,
           everything ? "every system call"
           : effects  ? "every system call with an effect"
                      : "system calls with an effect, some stories sampled");
    for (int i = 0; i < story_count; i++) {
        if (!only || strcmp(only, stories[i].name) == 0) {
            tests[count++] = (struct CMUnitTest){.name = stories[i].name,
                                                 .test_func = each_story,
                                                 .initial_state = (void *)(uintptr_t)&stories[i]};
        }
    }
    for (int i = 0; i < wrong_count && !only; i++) {
        tests[count++] = (struct CMUnitTest){.name = wrongs[i].story.name,
                                             .test_func = wrong_shop,
                                             .initial_state = (void *)(uintptr_t)&wrongs[i]};
    }
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(the_sum);
    return _cmocka_run_group_tests("crash", tests, count, make_keys, NULL);
}
