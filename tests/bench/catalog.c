/* Translation of a code, against the two things that a shop would write instead: a binary search over the
   same sorted keys, and the C library's hash table. Both only find the row; ours also decides what it means.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "bench.h"
#include "catalog/catalog.h"
#include "catalog/tables.h"

#include <payroute/catalog.h>

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ASKS = 4096, HOT = 8, OWN_ROWS = 200 };

typedef struct key_row {
    char *key; /* provider, a tabulator, code */
    const pr_cat_group *group;
} key_row;

typedef struct ask {
    char *provider, *code, *key; /* copies: a real code lies in the answer's bytes, not in our tables */
} ask;

typedef struct world {
    key_row *sorted;
    size_t count;
    ask asks[ASKS];
    size_t mask; /* which of the asks are used: all, or a few hot ones */
    struct hsearch_data table;
    payroute_catalog *overlay;
    uint64_t sink;
} world;

static int by_key(const void *a, const void *b)
{
    return strcmp(((const key_row *)a)->key, ((const key_row *)b)->key);
}

static char *join_key(const char *provider, const char *code)
{
    size_t room = strlen(provider) + strlen(code) + 2;
    char *out = malloc(room);
    if (out != NULL) {
        snprintf(out, room, "%s\t%s", provider, code);
    }
    return out;
}

static void ours(void *context, long times)
{
    world *w = context;
    for (long i = 0; i < times; i++) {
        const ask *a = &w->asks[(size_t)i & w->mask];
        pr_catalog_query query = {.provider = a->provider, .code = a->code};
        pr_catalog_answer answer;
        pr_catalog_lookup(&answer, w->overlay, &query);
        w->sink += (uint64_t)answer.reason;
    }
}

/* What an adapter asks after a refusal that has everything: two codes, an advice code, a message, a status.
 */
static void whole(void *context, long times)
{
    world *w = context;
    pr_catalog_query query = {.provider = "stripe",
                              .operation = "confirm",
                              .layer = "decline_code",
                              .code = "card_declined",
                              .message = "Your card was declined.",
                              .network = "mastercard",
                              .network_code = "79",
                              .advice_code = "03",
                              .http_status = 402};
    for (long i = 0; i < times; i++) {
        pr_catalog_answer answer;
        pr_catalog_lookup(&answer, w->overlay, &query);
        w->sink += (uint64_t)answer.reason;
    }
}

static void binary(void *context, long times)
{
    world *w = context;
    for (long i = 0; i < times; i++) {
        const char *key = w->asks[(size_t)i & w->mask].key;
        size_t low = 0, high = w->count;
        while (low < high) {
            size_t at = (low + high) / 2;
            int order = strcmp(key, w->sorted[at].key);
            if (order == 0) {
                w->sink += w->sorted[at].group->first;
                break;
            }
            if (order < 0) {
                high = at;
            } else {
                low = at + 1;
            }
        }
    }
}

static void hashed(void *context, long times)
{
    world *w = context;
    for (long i = 0; i < times; i++) {
        ENTRY entry = {.key = w->asks[(size_t)i & w->mask].key};
        ENTRY *found = NULL;
        if (hsearch_r(entry, FIND, &found, &w->table) != 0) {
            w->sink += ((const pr_cat_group *)found->data)->first;
        }
    }
}

static int32_t own_rows(payroute_catalog **out)
{
    char *json = malloc(OWN_ROWS * 96), why[256] = "";
    size_t len = 0;
    if (json == NULL) {
        return PAYROUTE_E_NOMEM;
    }
    for (int i = 0; i < OWN_ROWS; i++) {
        len += (size_t)sprintf(
            json + len, "%s{\"provider\":\"house-bank\",\"code\":\"E%04d\",\"reason\":\"do_not_honor\"}",
            i == 0 ? "[" : ",", i);
    }
    len += (size_t)sprintf(json + len, "]");
    int32_t rc = payroute_catalog_new(out, json, len, why, sizeof why);
    free(json);
    return rc;
}

static const char *provider_of(const pr_cat_group *g)
{
    return pr_catalog_names[g->provider];
}

static const char *key_of(const pr_cat_group *g)
{
    return &pr_catalog_pool[g->code];
}

static int prepare(world *w)
{
    pr_rng rng;
    pr_rng_seed(&rng, bench_seed(), 1);
    w->sorted = calloc(PR_CAT_GROUPS, sizeof *w->sorted);
    if (w->sorted == NULL || hcreate_r(PR_CAT_GROUPS * 2, &w->table) == 0) {
        return 0;
    }
    for (size_t i = 0; i < PR_CAT_GROUPS; i++) {
        const pr_cat_group *g = &pr_catalog_groups[i];
        w->sorted[i] = (key_row){join_key(provider_of(g), key_of(g)), g};
        ENTRY entry = {.key = w->sorted[i].key, .data = (void *)(uintptr_t)g};
        ENTRY *kept = NULL;
        if (entry.key == NULL || hsearch_r(entry, ENTER, &kept, &w->table) == 0) {
            return 0;
        }
    }
    w->count = PR_CAT_GROUPS;
    qsort(w->sorted, w->count, sizeof *w->sorted, by_key);
    for (size_t i = 0; i < ASKS; i++) {
        const pr_cat_group *g = &pr_catalog_groups[pr_rng_below(&rng, PR_CAT_GROUPS)];
        w->asks[i] = (ask){.provider = strdup(provider_of(g)), .code = strdup(key_of(g))};
        w->asks[i].key = join_key(w->asks[i].provider, w->asks[i].code);
    }
    return own_rows(&w->overlay) == PAYROUTE_OK;
}

static void tell(world *w, const char *what, bench_goal goal, bench_goal than_binary)
{
    char line[80];
    bench_result r = bench_compare((bench_side){ours, w}, (bench_side){binary, w});
    bench_goal both = {goal.at_most_ns, than_binary.at_least_speed};
    bench_tell(what, &r, "binary search", both);
    r = bench_compare((bench_side){ours, w}, (bench_side){hashed, w});
    snprintf(line, sizeof line, "  again");
    bench_tell(line, &r, "hsearch_r", (bench_goal){0, 0});
}

void bench_catalog(void)
{
    static world w;
    char title[96];
    snprintf(title, sizeof title, "catalogue: %d keys, the baselines only find a row, ours also decides",
             (int)PR_CAT_GROUPS);
    bench_section(title);
    if (!prepare(&w)) {
        bench_missed("translation", "no memory");
        return;
    }
    payroute_catalog *overlay = w.overlay;
    const bench_goal none = {0, 0};
    w.overlay = NULL;
    w.mask = HOT - 1;
    tell(&w, "translation, hot keys", (bench_goal){30, 0}, none);
    w.mask = ASKS - 1;
    tell(&w, "translation, random keys", (bench_goal){60, 0}, (bench_goal){0, 3});
    bench_result r = bench_compare((bench_side){whole, &w}, (bench_side){NULL, NULL});
    bench_tell("an answer with all its codes", &r, NULL, none);
    w.overlay = overlay;
    w.mask = HOT - 1;
    tell(&w, "hot keys, 200 rows of the shop over it", none, none);
    w.mask = ASKS - 1;
    tell(&w, "random keys, 200 rows of the shop over it", none, none);
    if (w.sink == 0) {
        bench_missed("translation", "nothing was found");
    }
}
