/* Lines a second of the router that is spoken to in lines: a payment is a route, a start and an end. */
#include "bench.h"

#include <payroute/route.h>

#include <stdio.h>
#include <string.h>

enum { CHANNELS = 4, TALK = 3 };

typedef struct talk {
    payroute_router *router;
    int64_t next;
    int64_t answered;
} talk;

static void say(talk *t, const char *line)
{
    char out[2048];
    t->answered += payroute_router_line(t->router, line, strlen(line), out, sizeof out) > 0;
}

static void payments(void *context, long times)
{
    talk *t = context;
    for (long i = 0; i < times; i++) {
        static const char *const results[] = {"ok", "ok", "ok", "soft", "ok", "ok", "hard", "ok"};
        char line[256];
        long long id = (long long)t->next++;
        int k = (int)(id % CHANNELS);
        snprintf(
            line, sizeof line,
            "{\"ev\":\"route\",\"t\":%lld.%03lld,\"id\":%lld,\"order\":%lld,\"try\":0,\"method\":%d,\"issuer\":%d,"
            "\"segment\":9,\"amount\":54.2,\"deadline\":%lld.5,\"failed\":[]}",
            id / 1000, id % 1000, id, id, (int)(id % 2), (int)(id % 6), id / 1000 + 8);
        say(t, line);
        snprintf(line, sizeof line,
                 "{\"ev\":\"start\",\"t\":%lld.%03lld,\"id\":%lld,\"k\":%d,\"method\":%d,\"issuer\":%d}",
                 id / 1000, id % 1000, id, k, (int)(id % 2), (int)(id % 6));
        say(t, line);
        snprintf(
            line, sizeof line,
            "{\"ev\":\"end\",\"t\":%lld.%03lld,\"id\":%lld,\"k\":%d,\"method\":%d,\"issuer\":%d,\"res\":\"%s\","
            "\"lat\":0.91}",
            id / 1000, id % 1000, id, k, (int)(id % 2), (int)(id % 6), results[id % 8]);
        say(t, line);
    }
}

void bench_lines(void)
{
    talk t = {0};
    bench_section("the router spoken to in lines");
    if (payroute_router_new(&t.router) != PAYROUTE_OK) {
        bench_missed("lines", "no memory");
        return;
    }
    say(&t,
        "{\"ev\":\"hello\",\"v\":1,\"channels\":[{\"k\":0,\"prior_sr\":0.91},{\"k\":1,\"prior_sr\":0.9},{\"k\":2},"
        "{\"k\":3}],\"patience\":8,\"seed\":1}");
    bench_result r = bench_compare((bench_side){payments, &t}, (bench_side){0});
    bench_tell("a payment of three lines over 4 channels", &r, NULL, (bench_goal){TALK * 10000.0, 0});
    payroute_router_free(t.router);
}
