/* SIGKILL at every system call with an effect (PR_CRASH=all: at every system call) of each story, then a fresh
   process, time, the customer, and the comparison of books. Real processes, real SQLite, real HTTP. Ways of
   doing it wrong are run the same way and must be caught, or the harness proves nothing. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "trace.h"
#include "world.h"

enum { POINTS = 30, PER_SANDBOX = 120, AGAIN_EVERY = 7, AGAIN_STOPS = 600 };

static struct world world;
static int points_in_sandbox;
static int64_t orders;
static uint64_t seed;
static int everything;
static long kills, kills_of_recovery, doubles, losses;

static uint64_t dice(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

/* ---- one order, in children ---- */

struct play {
    struct shop shop;
    const struct story *story;
    int (*step)(struct play *p);
    struct result { /* shared with the child */
        int good;
        char why[512];
        struct books books;
    } *result;
};

static int play_setup(struct play *p)
{
    return shop_open(&p->shop) && (!p->story->setup || p->story->setup(&p->shop));
}

static int play_act(struct play *p)
{
    return shop_open(&p->shop) && p->story->act(&p->shop);
}

static int play_settle(struct play *p)
{
    if (!settle(&p->shop, p->story)) {
        return 0;
    }
    compare(&p->shop, p->story, &p->result->books);
    return 1;
}

static void run_step(void *arg)
{
    struct play *p = arg;
    p->result->good = 0;
    int good = p->step(p);
    snprintf(p->result->why, sizeof p->result->why, "%s", p->shop.why);
    shop_close(&p->shop);
    p->result->good = good;
}

static int in_child(struct play *p, int (*step)(struct play *p))
{
    int status = 0;
    p->step = step;
    pid_t pid = fork();
    if (pid == 0) {
        run_step(p);
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        snprintf(p->result->why, sizeof p->result->why, "the process crashed, status %x", (unsigned)status);
        return 0;
    }
    return p->result->good;
}

/* 0: this system forbids tracing; that is a failure, not a reason to pass. */
static void in_traced_child(struct play *p, int (*step)(struct play *p), const struct aim *aim, struct hit *hit)
{
    p->step = step;
    if (trace_run(run_step, p, aim, hit) != 0) {
        fail_msg("this system does not permit ptrace of a child: the kill harness cannot run here");
    }
    if (!hit->killed && (!WIFEXITED(hit->status) || WEXITSTATUS(hit->status) != 0)) {
        fail_msg("%s: the process died by itself, status %x", p->story->name, (unsigned)hit->status);
    }
}

static void play_begin(struct play *p, const struct story *story)
{
    char order_id[40];
    if (!world.pid || points_in_sandbox >= PER_SANDBOX) {
        int64_t now = world.pid ? *world.now_ms : 0;
        world_stop(&world);
        if (!world_start(&world)) {
            fail_msg("the sandbox did not start");
        }
        world_clock(&world, now ? now : *world.now_ms);
        points_in_sandbox = 0;
    }
    points_in_sandbox++;
    (void)world_do(&world, "/_fault", "{\"clear\":true}");
    p->story = story;
    snprintf(order_id, sizeof order_id, "order-%lld", (long long)++orders);
    assert_true(shop_prepare(&p->shop, &world, order_id, 1000 + orders));
    p->result = mmap(NULL, sizeof *p->result, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(p->result != MAP_FAILED);
}

static void play_end(struct play *p)
{
    munmap(p->result, sizeof *p->result);
    shop_drop(&p->shop);
}

/* ---- one kill ---- */

static int disturb(struct play *p, long at, struct hit *hit)
{
    struct aim aim = {.all = everything, .at = at};
    if (!in_child(p, play_setup)) {
        fail_msg("%s: setup: %s", p->story->name, p->result->why);
    }
    in_traced_child(p, play_act, &aim, hit);
    if (hit->killed && kills % AGAIN_EVERY == 0) {
        struct aim again = {.all = everything, .at = 1 + (long)(dice() % AGAIN_STOPS)};
        struct hit second;
        in_traced_child(p, play_settle, &again, &second);
        kills_of_recovery += second.killed;
    }
    return in_child(p, play_settle);
}

static void judge(const struct play *p, int settled, long at, const struct hit *hit, int *bad)
{
    const struct books *b = &p->result->books;
    doubles += settled && b->double_charge;
    losses += settled && b->lost;
    if (settled && !b->double_charge && !b->lost && !b->authorized && !b->wrong) {
        return;
    }
    ++*bad;
    print_message("%s: killed at stop %ld, %s system call %ld: %s\n", p->story->name, at,
                  hit->after ? "after" : "before", hit->call, settled ? b->why : p->result->why);
}

static void kill_everywhere(const struct story *story)
{
    int bad = 0;
    long before = kills, stride = 1, at = 0, total = 0;
    struct hit hit = {0};
    struct timespec t0, t1;
    clock_gettime(CLOCK_MONOTONIC, &t0);
    do {
        struct play p = {0};
        play_begin(&p, story);
        int settled = disturb(&p, at, &hit);
        judge(&p, settled, at, &hit, &bad);
        kills += hit.killed;
        if (at == 0) { /* the untouched run counts the stops */
            total = hit.stops;
            stride = everything || total <= POINTS ? 1 : total / POINTS;
            at = 1 + (long)(dice() % (uint64_t)stride);
        } else {
            at += stride;
        }
        play_end(&p);
    } while ((hit.killed || at <= total) && bad < 5);
    clock_gettime(CLOCK_MONOTONIC, &t1);
    print_message("%-30s %4ld stops, every %ld., %4ld kills, %.1f s\n", story->name, total, stride, kills - before,
                  (double)(t1.tv_sec - t0.tv_sec) + (double)(t1.tv_nsec - t0.tv_nsec) / 1e9);
    assert_int_equal(bad, 0);
}

static void each_story(void **state)
{
    kill_everywhere(*state);
}

static void the_sum(void **state)
{
    (void)state;
    print_message("kill points %ld, recoveries killed %ld, double %ld, lost %ld\n", kills, kills_of_recovery, doubles,
                  losses);
    assert_true(kills > 0);
    assert_int_equal(doubles, 0);
    assert_int_equal(losses, 0);
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
    const char *mode = getenv("PR_CRASH"), *given = getenv("PR_SEED");
    everything = mode && strcmp(mode, "all") == 0;
    seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    seed += seed == 0;
    print_message("PR_SEED=%llu, %s\n", (unsigned long long)seed,
                  everything ? "every system call" : "system calls with an effect, sampled");
    for (int i = 0; i < story_count; i++) {
        tests[count++] = (struct CMUnitTest){.name = stories[i].name,
                                             .test_func = each_story,
                                             .initial_state = (void *)(uintptr_t)&stories[i]};
    }
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(the_sum);
    return _cmocka_run_group_tests("crash", tests, count, NULL, finish);
}
