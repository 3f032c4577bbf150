/* What the health of channels costs: a permit and its record against a bare counter pair, feedback, and a
   decision over channels that have a history. */
#include "bench.h"
#include "health/memo.h"
#include "host/health_file.h"
#include "route/score.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CHANNELS = 64, CELLS = 4096, HISTORY = 400, ISSUERS = 6, SINGLES = 20000 };
static const int64_t BEGUN = 1790000000000;

typedef struct world {
    pr_health health;
    void *block;
    int32_t shown; /* 1: the customers pay on codes */
    int32_t slots[CHANNELS];
    int32_t channels; /* of one decision */
    int64_t now_ms;
    int64_t ops;
    pr_rng rng;
    uint64_t sink;
} world;

static pr_health_segment segment_of(uint32_t n)
{
    return (pr_health_segment){17, 1000 + n % ISSUERS};
}

/* Every channel has seen some hundred payments in the last hours, with what goes wrong on ordinary days. */
static void live(world *w)
{
    for (int32_t n = 0; n < HISTORY * CHANNELS; n++) {
        int32_t slot = w->slots[n % CHANNELS];
        uint32_t dice = pr_rng_below(&w->rng, 100);
        int32_t result = dice < 88   ? PR_HEALTH_APPROVED
                         : dice < 96 ? PR_HEALTH_DECLINED_SOFT
                         : dice < 98 ? PR_HEALTH_PENDING
                                     : PR_HEALTH_UNKNOWN;
        pr_health_permit permit = pr_health_start(&w->health, slot, w->now_ms);
        int64_t latency = 300 + (int64_t)pr_rng_below(&w->rng, 900);
        w->now_ms += 400;
        pr_health_end(&w->health, slot, segment_of(dice), permit, result, latency, 0, w->now_ms);
    }
    for (int32_t i = 0; i < CHANNELS; i++) { /* and one payment is under way at each */
        (void)pr_health_start(&w->health, w->slots[i], w->now_ms - (int64_t)pr_rng_below(&w->rng, 700));
    }
}

static int make_world(world *w)
{
    memset(w, 0, sizeof *w);
    size_t size = pr_health_size(CHANNELS * 2, CELLS);
    w->now_ms = BEGUN;
    w->block = aligned_alloc(64, (size + 63) / 64 * 64);
    pr_rng_seed(&w->rng, bench_seed(), 11);
    if (w->block == NULL) {
        return 0;
    }
    memset(w->block, 0, size);
    if (pr_health_init(&w->health, w->block, size, CHANNELS * 2, CELLS, BEGUN) != 0) {
        return 0;
    }
    w->health.memo = calloc(1, pr_memo_size(w->health.channels));
    for (int32_t i = 0; i < CHANNELS; i++) {
        char name[16];
        snprintf(name, sizeof name, "channel-%02d", (int)i);
        w->slots[i] = pr_health_slot(&w->health, name, NULL, BEGUN);
        if (w->slots[i] < 0) {
            return 0;
        }
    }
    live(w);
    return 1;
}

/* A thousand to the millisecond would be a million a second: nobody's load, and so nobody's clock. */
static void tick(world *w)
{
    w->now_ms += (++w->ops & 63) == 0;
}

static void permit_record(void *context, long times)
{
    world *w = context;
    int32_t slot = w->slots[0];
    for (long i = 0; i < times; i++) {
        pr_health_permit permit = pr_health_start(&w->health, slot, w->now_ms);
        pr_health_end(&w->health, slot, segment_of(0), permit, PR_HEALTH_TAKEN, 400 + (i & 255), 0,
                      w->now_ms);
        tick(w);
    }
}

static void feedback(void *context, long times)
{
    world *w = context;
    for (long i = 0; i < times; i++) {
        int32_t slot = w->slots[i % 8];
        pr_health_end(&w->health, slot, segment_of((uint32_t)i), 0,
                      i % 10 ? PR_HEALTH_APPROVED : PR_HEALTH_DECLINED_SOFT, 400 + (i & 255), 0, w->now_ms);
        w->now_ms += 50;
    }
}

static void look(void *context, long times)
{
    world *w = context;
    for (long i = 0; i < times; i++) {
        pr_health_view v;
        pr_health_look(&v, &w->health, w->slots[i % CHANNELS], segment_of((uint32_t)i), 8000, w->now_ms);
        w->sink += (uint64_t)(v.confirm * 1000.0);
        tick(w);
    }
}

static void decide(void *context, long times)
{
    world *w = context;
    static pr_score_term terms[CHANNELS];
    pr_score_candidate candidates[CHANNELS];
    int32_t order[CHANNELS];
    memset(candidates, 0, sizeof candidates);
    for (long i = 0; i < times; i++) {
        for (int32_t k = 0; k < w->channels; k++) {
            candidates[k] = (pr_score_candidate){.slot = w->slots[k],
                                                 .segment = segment_of((uint32_t)i),
                                                 .weight = 1,
                                                 .shown = w->shown,
                                                 .timeout_ms = 8000};
        }
        pr_score_ask ask = {.now_ms = w->now_ms, .patience_ms = 8000, .margin = 0, .explore = 1};
        pr_score_draw draw;
        pr_score_order(terms, order, &draw, &w->health, candidates, w->channels, &ask, &w->rng);
        w->sink += (uint64_t)order[0];
        tick(w);
    }
}

/* The two baselines: one counter as the processor gives it, and two under a mutex. */
static void count_bare(void *context, long times)
{
    atomic_ullong *n = context;
    for (long i = 0; i < times; i++) {
        atomic_fetch_add(n, 1);
    }
}

typedef struct locked {
    pthread_mutex_t lock;
    uint64_t going, done;
} locked;

static void count_locked(void *context, long times)
{
    locked *l = context;
    for (long i = 0; i < times; i++) {
        pthread_mutex_lock(&l->lock);
        l->going++;
        pthread_mutex_unlock(&l->lock);
        pthread_mutex_lock(&l->lock);
        l->going--;
        l->done++;
        pthread_mutex_unlock(&l->lock);
    }
}

/* The same by two threads at once; each does half. */
typedef struct pair {
    bench_run run;
    void *a, *b;
    long times;
} pair;

static void *second_thread(void *context)
{
    pair *p = context;
    p->run(p->b, p->times);
    return NULL;
}

static void by_two(void *context, long times)
{
    pair *p = context;
    pthread_t other;
    p->times = times / 2;
    int has_other = pthread_create(&other, NULL, second_thread, p) == 0;
    p->run(p->a, times - times / 2);
    if (has_other) {
        pthread_join(other, NULL);
    }
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double wall(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* One by one, since a median hides what a customer may meet; the clock's own cost is in it. */
static void tell_tail(world *w)
{
    static double took[SINGLES];
    int count = bench_smoke() ? 100 : SINGLES;
    for (int i = 0; i < count; i++) {
        double begun = wall();
        decide(w, 1);
        took[i] = wall() - begun;
    }
    qsort(took, (size_t)count, sizeof *took, by_size);
    printf("  a decision over %d, one by one with the clock's own cost: median %.0f ns, 99 %% %.0f ns\n",
           (int)w->channels, took[count / 2], took[count * 99 / 100]);
}

/* A code each three seconds at each of the first four, which three in five pay after half a minute. */
static void show_codes(world *w)
{
    for (int n = 0; n < 400; n++) {
        for (int k = 0; k < 4; k++) {
            pr_health_hint(&w->health, w->slots[k], PR_HEALTH_SHOWN, 0, w->now_ms);
            if (n >= 10 && n % 5 < 3) {
                pr_health_hint(&w->health, w->slots[k], PR_HEALTH_PAID, 30000, w->now_ms);
            }
        }
        w->now_ms += 3000;
    }
}

static void bench_decisions(world *w)
{
    static atomic_ullong counter;
    bench_result r = bench_compare((bench_side){look, w}, (bench_side){count_bare, &counter});
    bench_tell("a look at one channel", &r, "atomic add", (bench_goal){100, 0});
    w->channels = 4;
    r = bench_compare((bench_side){decide, w}, (bench_side){count_bare, &counter});
    bench_tell("an order over 4 channels", &r, "atomic add", (bench_goal){500, 0});
    tell_tail(w);
    w->channels = CHANNELS;
    r = bench_compare((bench_side){decide, w}, (bench_side){count_bare, &counter});
    bench_tell("an order over 64 channels", &r, "atomic add", (bench_goal){4000, 0});
    w->channels = 4;
    show_codes(w);
    w->shown = 1;
    r = bench_compare((bench_side){decide, w}, (bench_side){count_bare, &counter});
    bench_tell("an order over 4 channels that show codes", &r, "atomic add", (bench_goal){0, 0});
    w->shown = 0;
}

static void bench_records(world *w)
{
    static atomic_ullong counter;
    static locked mutexed = {PTHREAD_MUTEX_INITIALIZER, 0, 0};
    bench_result r = bench_compare((bench_side){permit_record, w}, (bench_side){count_bare, &counter});
    bench_tell("permit and record", &r, "one atomic add", (bench_goal){20, 0});
    r = bench_compare((bench_side){permit_record, w}, (bench_side){count_locked, &mutexed});
    bench_tell("permit and record", &r, "counters under a mutex", (bench_goal){20, 0});
    world other = *w;
    pair ours = {permit_record, w, &other, 0}, theirs = {count_locked, &mutexed, &mutexed, 0};
    r = bench_compare((bench_side){by_two, &ours}, (bench_side){by_two, &theirs});
    bench_tell("permit and record, two writers", &r, "counters under a mutex", (bench_goal){90, 0});
    r = bench_compare((bench_side){feedback, w}, (bench_side){count_bare, &counter});
    bench_tell("feedback of a payment", &r, "one atomic add", (bench_goal){300, 0});
}

/* A script opens the engine in each request. */
static void open_file(void *context, long times)
{
    for (long i = 0; i < times; i++) {
        prh_health_file *f = NULL;
        char why[256];
        if (prh_health_file_open(&f, context, 32, 1024, BEGUN, why, sizeof why) != 0 ||
            !prh_health_file_shared(f)) {
            bench_missed("the health file", why);
        }
        prh_health_file_close(f);
    }
}

/* What a shop does without us: it reads a file of the same size. */
static void read_file(void *context, long times)
{
    static char bytes[1 << 20];
    for (long i = 0; i < times; i++) {
        FILE *f = fopen(context, "r");
        if (f != NULL) {
            (void)!fread(bytes, 1, sizeof bytes, f);
            fclose(f);
        }
    }
}

static void bench_file(void)
{
    char path[700];
    snprintf(path, sizeof path, "%s/health", bench_dir());
    bench_result r = bench_compare((bench_side){open_file, path}, (bench_side){read_file, path});
    bench_tell("opening and closing the mapped file", &r, "reading it", (bench_goal){50000, 0});
}

void bench_health(void)
{
    static world w;
    bench_section("health of channels: 64 of them with a history");
    if (!make_world(&w)) {
        bench_missed("health", "no block");
        return;
    }
    bench_decisions(&w);
    bench_records(&w);
    bench_file();
    free(w.health.memo);
    free(w.block);
}
