/* What a web request pays for having the library open: again in a process that has it open, and anew in one
   that has not, with a store that exists and is in the page cache. Anew is measured against bare SQLite with
   the same settings, which is the floor. */
#include "bench.h"
#include "play.h"

#include <payroute/host.h>

#include <sqlite3.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct shop {
    char path[700], options[800];
    const char *config;
    payroute_engine *held;
    int failed;
} shop;

static payroute_engine *open_once(shop *s)
{
    char why[512] = "";
    payroute_engine *engine = NULL;
    if (payroute_engine_open(&engine, s->config, strlen(s->config), s->options, strlen(s->options), why,
                             sizeof why) != PAYROUTE_OK) {
        fprintf(stderr, "bench: %s\n", why);
        s->failed = 1;
    }
    return engine;
}

static void open_close(void *context, long times)
{
    for (long i = 0; i < times; i++) {
        payroute_engine_close(open_once(context));
    }
}

static void bare_open(void *context, long times)
{
    static const char settings[] =
        "PRAGMA mmap_size=0;PRAGMA journal_mode=truncate;PRAGMA synchronous=EXTRA;PRAGMA foreign_keys=ON;"
        "PRAGMA trusted_schema=OFF;PRAGMA cell_size_check=ON;PRAGMA secure_delete=ON;PRAGMA temp_store=MEMORY;"
        "PRAGMA fullfsync=ON;SELECT count(*) FROM meta";
    shop *s = context;
    for (long i = 0; i < times; i++) {
        sqlite3 *db = NULL;
        s->failed |=
            sqlite3_open_v2(s->path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK ||
            sqlite3_exec(db, settings, NULL, NULL, NULL) != SQLITE_OK;
        sqlite3_close(db);
    }
}

static void tell(shop *s, const char *channels)
{
    char what[80];
    payroute_engine *first = open_once(s); /* makes the store */
    if (first != NULL) {
        bench_result r = bench_compare((bench_side){open_close, s}, (bench_side){NULL, NULL});
        snprintf(what, sizeof what, "open again in the process, %s", channels);
        bench_tell(what, &r, NULL, (bench_goal){200000, 0});
        payroute_engine_close(first);
        r = bench_compare((bench_side){open_close, s}, (bench_side){bare_open, s});
        snprintf(what, sizeof what, "open and close anew, %s", channels);
        bench_tell(what, &r, "bare SQLite", (bench_goal){0, 0});
    }
    if (s->failed) {
        bench_missed(channels, "it did not open");
    }
}

void bench_open(void)
{
    play cards, code;
    shop s = {.failed = 0};
    bench_section("opening the library with a warm store");
    if (!play_stripe(&cards) || !play_alipay(&code)) {
        bench_missed("opening", "no channels");
        return;
    }
    snprintf(s.path, sizeof s.path, "%s/open.db", bench_dir());
    snprintf(s.options, sizeof s.options, "{\"store\":\"sqlite:%s\"}", s.path);
    s.config = cards.channels;
    tell(&s, "Stripe");
    s.config = code.channels;
    tell(&s, "Alipay (RSA keys)");
    play_close(&cards);
    play_close(&code);
}
