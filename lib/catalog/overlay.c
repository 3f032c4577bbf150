/* The host's own rows laid over the built-in ones: found by binary search over the hash of their key,
   prefixes one by one. Immutable; read from JSON in overlay_read.c. */
#include "catalog/overlay.h"
#include "base/mem.h"

#include <string.h>

static int fold_host(const char *a, const char *b, size_t len)
{
    return pr_text_equal_nocase(a, len, b, len);
}

void payroute_catalog_free(payroute_catalog *catalog)
{
    if (catalog == NULL) {
        return;
    }
    pr_mem_free(catalog->rows);
    pr_mem_free(catalog->texts);
    pr_buf_free(&catalog->pool);
    pr_mem_free(catalog);
}

/* The better of `best` and row `o` for this question. */
static const pr_own_row *better(const payroute_catalog *c, const pr_own_row *best, const pr_own_row *o,
                                const pr_catalog_ask *ask, int *score)
{
    int by_operation = pr_catalog_place(pr_own(c, o->operation), ask->operation);
    int by_layer = pr_catalog_place(pr_own(c, o->layer), ask->layer);
    int mine = by_operation * 3 + by_layer;
    if (by_operation < 0 || by_layer < (ask->strict ? 2 : 0) || (best != NULL && mine <= *score)) {
        return best;
    }
    *score = mine;
    return o;
}

int pr_catalog_overlay_match(pr_catalog_found *found, const payroute_catalog *c, const pr_catalog_ask *ask)
{
    if (ask->code == NULL || c->row_count == 0) {
        return 0;
    }
    size_t provider_len = strlen(ask->provider), len = strlen(ask->code), low = 0;
    size_t high = c->row_count - c->prefix_count;
    const char *key = pr_catalog_normal(ask->provider, provider_len, ask->code, &len);
    uint64_t hash = pr_catalog_hash(ask->provider, provider_len, key, len);
    const pr_own_row *best = NULL;
    int score = 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c->rows[middle].hash < hash) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (; low < c->row_count - c->prefix_count && c->rows[low].hash == hash; low++) {
        const pr_own_row *o = &c->rows[low];
        if (o->key_len == len && fold_host(pr_own(c, o->key), key, len) &&
            strcmp(pr_own(c, o->provider), ask->provider) == 0) {
            best = better(c, best, o, ask, &score);
        }
    }
    for (size_t i = c->row_count - c->prefix_count; best == NULL && i < c->row_count; i++) {
        const pr_own_row *o = &c->rows[i];
        if (o->key_len <= len && fold_host(pr_own(c, o->key), key, o->key_len) &&
            strcmp(pr_own(c, o->provider), ask->provider) == 0) {
            best = better(c, best, o, ask, &score);
        }
    }
    if (best == NULL) {
        return 0;
    }
    found->reason = best->reason;
    found->advice = best->detail.advice;
    found->field = best->detail.field;
    found->act = best->detail.act;
    found->wait_s = best->detail.wait_s;
    found->forbids = (pr_catalog_reasons[best->reason].flags & PR_CAT_NETWORK_FORBIDS) != 0;
    found->level = PR_MATCH_OVERLAY;
    found->source = pr_own(c, best->source);
    return 1;
}

const char *pr_catalog_overlay_text(const payroute_catalog *c, int32_t reason, int32_t audience,
                                    const char *locale, size_t locale_len)
{
    for (size_t i = 0; i < c->text_count; i++) {
        const pr_own_text *t = &c->texts[i];
        const char *name = pr_own(c, t->locale);
        if (t->reason == reason && t->audience == audience &&
            pr_text_equal_nocase(name, strlen(name), locale, locale_len)) {
            return pr_own(c, t->text);
        }
    }
    return NULL;
}
