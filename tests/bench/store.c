/* A durable payment of the engine against bare SQLite that makes the same transactions. Both write to the
   same disk in the same folder; how long that disk takes to say "it is there" is most of either. */
#include "bench.h"
#include "host/engine.h"
#include "host/sqlite_store.h"
#include "script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char channels[] =
    "{\"schema\":1,\"channels\":[{\"id\":\"bank\",\"provider\":\"custom\",\"methods\":[{\"method\":\"card\",\"flows\":"
    "[\"direct\"]}],\"currencies\":[\"CNY\"],\"facts\":{\"lookup\":\"our_ref\",\"refund\":true,\"refund_keyed\":true,"
    "\"repeat_safe\":true,\"key_ttl_s\":-1,\"can_close\":true}}]}";

typedef struct shop {
    payroute_engine *engine;
    script *script;
    char ours[700], theirs[700];
    uint32_t orders;
    uint32_t played;
    int64_t last_id;
    int failed;
} shop;

/* Created, driven by the host's SDK, paid: what a shop that keeps its own SDK calls. */
static int pay(shop *s)
{
    char spec[200];
    int64_t id = 0;
    snprintf(spec, sizeof spec,
             "{\"order_id\":\"order-%010u\",\"amount_minor\":1250,\"currency\":\"CNY\",\"method\":\"card\"}",
             (unsigned)++s->orders);
    int32_t rc = payroute_engine_create(s->engine, spec, strlen(spec), 60000, &id);
    if (rc == PAYROUTE_OK) {
        rc = payroute_engine_feed_code(s->engine, id, "paid", NULL, "bank-0001", NULL, 60000);
    }
    s->last_id = id;
    return rc == PAYROUTE_OK &&
           strstr(payroute_engine_result(s->engine, NULL), "\"status\":\"paid\"") != NULL;
}

static void ours_durable(void *context, long times)
{
    shop *s = context;
    for (long i = 0; i < times; i++) {
        s->failed |= !pay(s);
    }
}

static void bare_durable(void *context, long times)
{
    shop *s = context;
    for (long i = 0; i < times; i++) {
        s->played++;
        s->failed |= !script_play(s->script, s->played, s->played);
    }
}

static payroute_engine *open_shop(const char *path)
{
    char options[800], why[512] = "";
    payroute_engine *engine = NULL;
    snprintf(options, sizeof options, "{\"store\":\"sqlite:%s\"}", path);
    if (payroute_engine_open(&engine, channels, sizeof channels - 1, options, strlen(options), why,
                             sizeof why) != PAYROUTE_OK) {
        fprintf(stderr, "bench: %s\n", why);
    }
    return engine;
}

/* One payment is recorded; its number must be one that no state or count has. */
static int record(shop *s)
{
    char order[32], reference[64] = "";
    sqlite3 *db = ((prh_sqlite *)s->engine->store)->db;
    for (int i = 0; i < 3; i++) {
        s->failed |= !pay(s);
    }
    script_record(s->script, db);
    s->failed |= !pay(s);
    script_stop(s->script, db);
    snprintf(order, sizeof order, "order-%010u", (unsigned)s->orders);
    const char *at = strstr(payroute_engine_result(s->engine, NULL), "\"reference\":\"");
    if (at != NULL) {
        snprintf(reference, sizeof reference, "%.26s", at + 13);
    }
    script_personal(s->script, s->last_id, order, reference);
    return !s->failed && script_transactions(s->script) > 0;
}

static int prepare(shop *s, const char *dir)
{
    snprintf(s->ours, sizeof s->ours, "%s/ours.db", dir);
    snprintf(s->theirs, sizeof s->theirs, "%s/bare.db", dir);
    s->script = script_new();
    payroute_engine *other = open_shop(s->theirs); /* the same tables */
    payroute_engine_close(other);
    s->engine = open_shop(s->ours);
    return s->script != NULL && other != NULL && s->engine != NULL && record(s) &&
           script_open(s->script, s->theirs);
}

static void compare_in(const char *dir, const char *where, bench_goal goal)
{
    char what[96];
    shop s = {0};
    if (!prepare(&s, dir)) {
        bench_missed(where, "no store can be made there");
    } else {
        printf("  %d transactions, %d statements, %ld bytes of values a payment\n",
               script_transactions(s.script), script_statements(s.script), script_bytes(s.script));
        bench_result r = bench_compare((bench_side){ours_durable, &s}, (bench_side){bare_durable, &s});
        snprintf(what, sizeof what, "a durable payment, %s", where);
        bench_tell(what, &r, "bare SQLite", goal);
        if (s.failed) {
            bench_missed(what, "a payment or a bare transaction failed");
        }
    }
    payroute_engine_close(s.engine);
    script_free(s.script);
}

void bench_store(void)
{
    char memory[] = "/dev/shm/payroute-bench-XXXXXX", command[100];
    bench_section("a durable payment: the engine and its store against the same transactions by bare SQLite");
    compare_in(bench_dir(), "on disk", (bench_goal){0, 0.9});
    if (access("/dev/shm", W_OK) == 0 && mkdtemp(memory) != NULL) {
        bench_computes(1); /* no disk to wait for: what is ours */
        compare_in(memory, "in memory, processor time", (bench_goal){0, 0});
        bench_computes(0);
        snprintf(command, sizeof command, "rm -rf '%s'", memory);
        if (system(command) != 0) {
            fprintf(stderr, "bench: %s stays behind\n", memory);
        }
    }
}
