/* Instructions of the hot paths, counted by callgrind: the same on a busy machine as on an idle one, so that
   a change can be judged. Each path stands between two client requests; count.sh reads the dumps and divides.
 */
#include "bench.h"
#include "catalog/catalog.h"
#include "flow/handle.h"
#include "play.h"

#include <stdio.h>
#include <string.h>

#if defined(__has_include)
#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#define HAS_CALLGRIND 1
#endif
#endif

#ifdef HAS_CALLGRIND

/* What a path does once; the counts end at the next name. */
static void counted(const char *name, bench_run run, void *context, long times)
{
    run(context, 1); /* what happens only the first time is no hot path */
    CALLGRIND_START_INSTRUMENTATION;
    CALLGRIND_ZERO_STATS;
    run(context, times);
    CALLGRIND_DUMP_STATS_AT(name);
    CALLGRIND_STOP_INSTRUMENTATION; /* making keys is slow enough without it */
    printf("%ld\t%s\n", times, name);
    fflush(stdout);
}

static void look_up(void *context, long times)
{
    pr_catalog_query *query = context;
    for (long i = 0; i < times; i++) {
        pr_catalog_answer answer;
        pr_catalog_lookup(&answer, NULL, query);
    }
}

typedef struct record {
    const pr_pay *pay;
    pr_pay back;
    uint8_t bytes[8192];
    int32_t len;
} record;

static void encode(void *context, long times)
{
    record *r = context;
    for (long i = 0; i < times; i++) {
        r->len = pr_record_write(r->bytes, sizeof r->bytes, r->pay);
    }
}

static void decode(void *context, long times)
{
    record *r = context;
    for (long i = 0; i < times; i++) {
        (void)pr_record_read(&r->back, r->bytes, (size_t)r->len);
    }
}

static void count_lookup(long times)
{
    pr_catalog_query code = {.provider = "stripe", .code = "card_declined"};
    pr_catalog_query whole = {.provider = "stripe",
                              .operation = "confirm",
                              .layer = "decline_code",
                              .code = "insufficient_funds",
                              .message = "Your card has insufficient funds.",
                              .network = "visa",
                              .network_code = "51",
                              .advice_code = "try_again_later",
                              .http_status = 402};
    counted("translation, a code", look_up, &code, times);
    counted("translation, an answer with all its codes", look_up, &whole, times);
}

static void count_route(long times)
{
    static const int sizes[] = {4, 16, 64};
    char name[64];
    for (int i = 0; i < 3; i++) {
        bench_side side = bench_route_side(sizes[i], 0);
        snprintf(name, sizeof name, "choice over %d", sizes[i]);
        counted(name, side.run, side.context, times);
    }
    bench_side traced = bench_route_side(4, 1);
    counted("choice over 4, with its reasons", traced.run, traced.context, times);
}

static int count_payments(long times)
{
    static play cards, code;
    static record r;
    bench_side build, reading;
    if (!play_stripe(&cards) || !play_alipay(&code) || !bench_adapter_sides("stripe", 2, &build, &reading)) {
        return 0;
    }
    counted("a card through the machine", play_run, &cards, times);
    counted("a code through the machine, with its RSA", play_run, &code, 1);
    counted("Stripe: a request built", build.run, build.context, times);
    counted("Stripe: an answer read", reading.run, reading.context, times);
    payroute_payment *paid = play_until_show(&cards);
    if (paid == NULL) {
        return 0;
    }
    r.pay = &paid->pay;
    counted("record written", encode, &r, times);
    counted("record read", decode, &r, times);
    payroute_payment_free(paid);
    return 1;
}

#endif

int bench_count(long times)
{
#ifdef HAS_CALLGRIND
    count_lookup(times);
    count_route(times);
    return count_payments(times);
#else
    (void)times;
    fprintf(stderr, "bench: built without valgrind/callgrind.h; install valgrind and build again\n");
    return 0;
#endif
}
