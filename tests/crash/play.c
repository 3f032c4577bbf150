/* The kill loop. Everything that touches SQLite or libcurl happens in children, so that each of them is as
   fresh as a restarted server; the lanes share the points of a story between processors. */
#include "play.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PER_SANDBOX = 120, AGAIN_EVERY = 7, AGAIN_STOPS = 600, LANES_MAX = 8, BAD_MAX = 5 };

struct lane {
    const struct plan *plan;
    struct score *score;
    struct world world;
    int number;
    int in_sandbox;
    int64_t orders;
    uint64_t seed;
};

static uint64_t dice(struct lane *l)
{
    l->seed ^= l->seed << 13;
    l->seed ^= l->seed >> 7;
    l->seed ^= l->seed << 17;
    return l->seed;
}

static void *shared(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

/* A lane is a process of its own: it says why and ends. */
static void give_up(const char *story, const char *why)
{
    printf("%s: %s\n", story, why);
    fflush(stdout);
    _exit(3);
}

/* ---- one order, in children ---- */

static int play_setup(struct play *p)
{
    return shop_open(&p->shop) && (!p->story->setup || p->story->setup(&p->shop));
}

static int play_act(struct play *p)
{
    return shop_open(&p->shop) && p->story->act(&p->shop);
}

int play_settle(struct play *p)
{
    if (!settle(&p->shop, p->story)) {
        return 0;
    }
    snprintf(p->result->view, sizeof p->result->view, "%s", payroute_engine_result(p->shop.engine, NULL));
    compare(&p->shop, p->story, &p->result->books);
    return 1;
}

int play_act_again(struct play *p)
{
    int good = play_act(p);
    compare(&p->shop, p->story, &p->result->books);
    return good;
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

/* A system that forbids tracing is a failure, not a reason to pass. */
static void in_traced_child(struct play *p, int (*step)(struct play *p), const struct aim *aim,
                            struct hit *hit)
{
    p->step = step;
    if (trace_run(run_step, p, aim, hit) != 0) {
        give_up(p->story->name, "this system does not permit ptrace of a child; the kill harness cannot run");
    }
    if (!hit->killed && (!WIFEXITED(hit->status) || WEXITSTATUS(hit->status) != 0)) {
        give_up(p->story->name, "the process died by itself");
    }
}

static void fresh_world(struct lane *l)
{
    int64_t now = l->world.pid ? *l->world.now_ms : 0;
    if (l->world.pid && l->in_sandbox < PER_SANDBOX) {
        return;
    }
    world_stop(&l->world);
    if (!world_start(&l->world)) {
        give_up(l->plan->story->name, "the sandbox did not start");
    }
    world_clock(&l->world, now ? now : *l->world.now_ms);
    l->in_sandbox = 0;
}

static void play_begin(struct lane *l, struct play *p)
{
    char order_id[40];
    fresh_world(l);
    l->in_sandbox++;
    (void)world_do(&l->world, "/_fault", "{\"clear\":true}");
    memset(p, 0, sizeof *p);
    p->story = l->plan->story;
    p->settle = l->plan->settle;
    p->result = shared(sizeof *p->result);
    snprintf(order_id, sizeof order_id, "order-%lld", (long long)++l->orders);
    if (!p->result || !shop_prepare(&p->shop, &l->world, order_id, 1000 + l->orders)) {
        give_up(p->story->name, "no memory or no folder");
    }
}

static void play_end(struct play *p)
{
    munmap(p->result, sizeof *p->result);
    shop_drop(&p->shop);
}

/* ---- one kill ---- */

static int disturb(struct lane *l, struct play *p, long at, struct hit *hit)
{
    struct aim aim = {.all = l->plan->everything, .at = at};
    if (!in_child(p, play_setup)) {
        printf("%s\n", p->result->why);
        give_up(p->story->name, "the setup failed");
    }
    in_traced_child(p, play_act, &aim, hit);
    if (hit->killed && l->score->kills % AGAIN_EVERY == 0) {
        struct aim again = {.all = aim.all, .at = 1 + (long)(dice(l) % AGAIN_STOPS)};
        struct hit second;
        in_traced_child(p, p->settle, &again, &second);
        l->score->recoveries += second.killed;
    }
    return in_child(p, p->settle);
}

/* 1: that was bad. */
static int judge(const struct lane *l, const struct play *p, int settled, long at, const struct hit *hit)
{
    const struct books *b = &p->result->books;
    if (settled && !b->double_charge && !b->lost && !b->authorized && !b->wrong) {
        return 0;
    }
    if (!l->plan->expect) {
        printf("%s\n%s: killed at stop %ld, %s system call %ld: %s\n", p->result->view, p->story->name, at,
               hit->after ? "after" : "before", hit->call, settled ? b->why : p->result->why);
    }
    return 1;
}

static int enough(const struct lane *l)
{
    switch (l->plan->expect) {
    case EXPECT_DOUBLE: return l->score->doubles > 0;
    case EXPECT_LOSS: return l->score->losses > 0;
    default: return l->plan->at > 0 || l->score->bad >= BAD_MAX;
    }
}

static void play_once(struct lane *l, long at, struct hit *hit)
{
    struct play p;
    play_begin(l, &p);
    int settled = disturb(l, &p, at, hit);
    l->score->bad += judge(l, &p, settled, at, hit);
    l->score->doubles += settled && p.result->books.double_charge;
    l->score->losses += settled && p.result->books.lost;
    l->score->kills += hit->killed;
    play_end(&p);
}

static void run_lane(struct lane *l)
{
    const struct plan *plan = l->plan;
    struct hit hit;
    play_once(l, 0, &hit); /* the untouched run counts the stops */
    long total = hit.stops, every = plan->points && total > plan->points ? total / plan->points : 1;
    long at = plan->at ? plan->at : 1 + (long)(plan->seed % (uint64_t)every) + every * l->number;
    do {
        play_once(l, at, &hit);
        at += every * plan->lanes;
    } while ((hit.killed || at <= total) && !enough(l));
    if (!plan->expect && l->number == 0) {
        printf("%-28s %4ld stops, every %ld, ", plan->story->name, total, every);
        fflush(stdout);
    }
    world_stop(&l->world);
}

const char *kill_everywhere(const struct plan *plan, struct score *score)
{
    pid_t pids[LANES_MAX];
    struct lane *lanes = calloc(LANES_MAX, sizeof *lanes);
    struct score *scores = shared(LANES_MAX * sizeof *scores);
    const char *trouble = lanes && scores ? NULL : "no memory";
    int count = plan->at || plan->lanes < 1 ? 1 : plan->lanes > LANES_MAX ? LANES_MAX : plan->lanes;
    fflush(stdout);
    for (int i = 0; !trouble && i < count; i++) {
        lanes[i] = (struct lane){.plan = plan, .score = &scores[i], .number = i};
        lanes[i].seed = plan->seed + 1 + (uint64_t)i;
        pids[i] = fork();
        if (pids[i] == 0) {
            run_lane(&lanes[i]);
            fflush(stdout);
            _exit(0);
        }
    }
    for (int i = 0; !trouble && i < count; i++) {
        int status = 0;
        if (waitpid(pids[i], &status, 0) != pids[i] || status != 0) {
            trouble = "a lane failed";
        }
        score->kills += scores[i].kills;
        score->recoveries += scores[i].recoveries;
        score->doubles += scores[i].doubles;
        score->losses += scores[i].losses;
        score->bad += scores[i].bad;
    }
    munmap(scores, LANES_MAX * sizeof *scores);
    free(lanes);
    return trouble;
}
