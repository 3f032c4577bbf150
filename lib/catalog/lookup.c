/* From a code to its reason. Each code of a query (the provider's, the network's) is matched by itself, in
   falling order of certainty; then one of them decides. Money rules the choice: what the provider calls
   unknown stays unknown whatever the issuer says, of two refusals the harder one counts, and advice codes may
   tighten the advice but never loosen it. */
#include "catalog/find.h"
#include "catalog/match.h"
#include "catalog/rules.h"

#include <string.h>

static int care(const pr_cat_row *row)
{
    return pr_catalog_care(pr_catalog_reasons[row->reason].klass);
}

/* The row of a group that fits best: operation before layer, named before any. */
static const pr_cat_row *best_row(const pr_cat_group *g, const char *operation, const char *layer,
                                  const char *code, size_t len, int strict, int *exactly)
{
    const pr_cat_row *best = NULL;
    int best_score = -1;
    for (uint32_t i = g->first; i < (uint32_t)g->first + g->count; i++) {
        const pr_cat_row *row = &pr_catalog_rows[i];
        int by_operation = pr_catalog_place(pr_catalog_listed(row->operation), operation);
        int by_layer = pr_catalog_place(pr_catalog_listed(row->layer), layer);
        if (by_operation < 0 || by_layer < (strict ? 2 : 0)) {
            continue;
        }
        int exact = row->code_len == len && pr_catalog_same(pr_catalog_pooled(row->code), code, len);
        int score = by_operation * 6 + by_layer * 2 + exact;
        if (score > best_score || (score == best_score && care(row) > care(best))) {
            best = row;
            best_score = score;
            *exactly = exact;
        }
    }
    return best;
}

static const pr_cat_group *find_group(const char *provider, size_t provider_len, const char *key,
                                      size_t key_len)
{
    const pr_cat_group *g = pr_catalog_slot_of(provider, provider_len, key, key_len);
    const char *own = pr_catalog_pooled(g->code) + g->code_len - g->key_len;
    int same = g->key_len == key_len && pr_catalog_is_provider(g, provider, provider_len) &&
               (pr_catalog_same(own, key, key_len) || pr_catalog_fold_equal(own, key, key_len));
    return same ? g : NULL;
}

static const pr_cat_provider *find_provider(const char *name)
{
    uint32_t low = 0, high = PR_CAT_PROVIDERS; /* they stand in byte order */
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        int order = strcmp(name, pr_catalog_names[middle]);
        if (order == 0) {
            return &pr_catalog_providers[middle];
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

/* A layer that the provider's table does not have is no information; one that it has must fit. */
static int knows_layer(const char *provider, const char *layer)
{
    const pr_cat_provider *p = find_provider(provider);
    for (uint32_t i = 0; p != NULL && i < p->layer_count; i++) {
        if (strcmp(pr_catalog_pooled(pr_catalog_layers[p->layer_first + i]), layer) == 0) {
            return 1;
        }
    }
    return 0;
}

/* By exact, normalised or alias match. */
static const pr_cat_row *keyed(const pr_catalog_ask *ask, int32_t *level)
{
    size_t provider_len = strlen(ask->provider), len = strlen(ask->code), key_len = len;
    const char *key = pr_catalog_normal(ask->provider, provider_len, ask->code, &key_len);
    if (key_len == 0 || key_len > PR_CATALOG_MAX_KEY) {
        return NULL;
    }
    const pr_cat_group *g = find_group(ask->provider, provider_len, key, key_len);
    if (g == NULL) {
        return NULL;
    }
    int exactly = 0;
    const pr_cat_row *row = best_row(g, ask->operation, ask->layer, ask->code, len, ask->strict, &exactly);
    if (row == NULL && !ask->strict && ask->layer != NULL && !knows_layer(ask->provider, ask->layer)) {
        row = best_row(g, ask->operation, NULL, ask->code, len, 0, &exactly);
    }
    if (row == NULL) {
        return NULL;
    }
    *level = exactly ? PR_MATCH_EXACT : PR_MATCH_NORMALIZED;
    if (row->flags & PR_CAT_ALIAS) {
        const pr_cat_group *target = &pr_catalog_groups[row->target];
        const char *code = pr_catalog_pooled(target->code) + target->code_len - target->key_len;
        row = best_row(target, ask->operation, NULL, code, strlen(code), 0, &exactly);
        *level = PR_MATCH_ALIAS;
    }
    return row;
}

static int holds(const char *text, const char *word)
{
    size_t n = strlen(word);
    for (size_t left = strnlen(text, 4096); left >= n; text++, left--) {
        if (pr_catalog_fold_equal(text, word, n)) {
            return 1;
        }
    }
    return 0;
}

/* How well a pattern's place fits; -1: not at all. */
static int pattern_score(const pr_catalog_ask *ask, const pr_cat_row *row, int message)
{
    int by_operation = pr_catalog_place(pr_catalog_listed(row->operation), ask->operation);
    int by_layer = message ? 0 : pr_catalog_place(pr_catalog_listed(row->layer), ask->layer);
    if (by_operation < 0 || (by_layer < 0 && knows_layer(ask->provider, ask->layer))) {
        return -1;
    }
    return by_operation * 3 + (by_layer < 0 ? 0 : by_layer);
}

/* The longest pattern that fits; of those of one length the one for this operation before one for any. */
static const pr_cat_row *by_pattern(const pr_catalog_ask *ask, uint32_t first, uint32_t count, int message)
{
    const char *text = message ? ask->message : ask->code;
    size_t len = text == NULL ? 0 : strlen(text);
    const pr_cat_row *best = NULL;
    int best_score = -1;
    if (len == 0) {
        return NULL;
    }
    if (!message) {
        text = pr_catalog_normal(ask->provider, strlen(ask->provider), text, &len);
    }
    for (uint32_t i = first; i < first + count; i++) {
        const pr_cat_row *row = &pr_catalog_rows[pr_catalog_patterns[i]];
        const char *pattern = pr_catalog_pooled(row->code);
        size_t fixed = (size_t)row->code_len - !message;
        if (best != NULL && row->code_len < best->code_len) {
            break;
        }
        int score = pattern_score(ask, row, message);
        if (score > best_score &&
            (message ? holds(text, pattern) : len >= fixed && pr_catalog_fold_equal(text, pattern, fixed))) {
            best = row;
            best_score = score;
        }
    }
    return best;
}

/* HTTP status: the provider's own table first, then the general one, then its class. A code that came along
   unlisted may be a refusal's or a success's, so then only what the door itself says is believed, and success
   never. */
static const pr_cat_row *by_status(const pr_catalog_ask *ask)
{
    char digits[4] = {0};
    int32_t level = 0;
    int32_t s = ask->http_status;
    if (s < 100 || s > 599 || s / 100 == 2) {
        return NULL;
    }
    if (ask->has_code && s / 100 == 4 && s != 401 && s != 429) {
        return NULL;
    }
    digits[0] = (char)('0' + s / 100);
    digits[1] = (char)('0' + s / 10 % 10);
    digits[2] = (char)('0' + s % 10);
    pr_catalog_ask status = {
        .provider = ask->provider, .operation = ask->operation, .layer = "http", .code = digits};
    const pr_cat_row *row = find_provider(ask->provider) != NULL && knows_layer(ask->provider, "http")
                                ? keyed(&status, &level)
                                : NULL;
    if (row == NULL) {
        status.provider = "http";
        row = keyed(&status, &level);
    }
    if (row == NULL) {
        digits[1] = digits[2] = 'x';
        row = keyed(&status, &level);
    }
    return row;
}

static void hand_row(pr_catalog_found *found, const pr_cat_row *row, int32_t level)
{
    found->reason = row->reason;
    found->advice = row->advice;
    found->field = row->field;
    found->act = row->act;
    found->wait_s = pr_catalog_waits[row->wait];
    found->forbids = (row->flags & PR_CAT_FORBIDS) != 0;
    found->level = level;
    found->source = pr_catalog_pooled(row->source);
}

/* The code hides what the message tells; where the message tells nothing, the code's own reason counts. */
static const pr_cat_row *message_before(const pr_catalog_ask *ask, const pr_cat_row *row, int32_t *level)
{
    const pr_cat_provider *p = find_provider(ask->provider);
    const pr_cat_row *told = p == NULL ? NULL : by_pattern(ask, p->message_first, p->message_count, 1);
    *level = told != NULL ? PR_MATCH_MESSAGE : *level;
    return told != NULL ? told : row;
}

void pr_catalog_match(pr_catalog_found *found, const payroute_catalog *overlay, const pr_catalog_ask *ask)
{
    int32_t level = 0;
    const pr_cat_row *row = NULL;
    if (overlay != NULL && pr_catalog_overlay_match(found, overlay, ask)) {
        row = keyed(ask, &level); /* what the network forbids, no row of the host's allows */
        found->forbids |= row != NULL && (row->flags & PR_CAT_FORBIDS) != 0;
        return;
    }
    if (ask->code != NULL) {
        row = keyed(ask, &level);
    }
    if (row != NULL && (row->flags & PR_CAT_MESSAGE_FIRST) && ask->message != NULL) {
        row = message_before(ask, row, &level);
    }
    if (row == NULL && !ask->strict) {
        const pr_cat_provider *p = find_provider(ask->provider);
        if (p != NULL && ask->code != NULL) {
            row = by_pattern(ask, p->prefix_first, p->prefix_count, 0);
            level = PR_MATCH_PREFIX;
        }
        if (p != NULL && row == NULL) {
            row = by_pattern(ask, p->message_first, p->message_count, 1);
            level = PR_MATCH_MESSAGE;
        }
        if (row == NULL) {
            row = by_status(ask);
            level = PR_MATCH_HTTP;
        }
        if (row == NULL && p != NULL && p->fallback != PR_CAT_NONE) {
            row = &pr_catalog_rows[p->fallback];
            level = PR_MATCH_PROVIDER;
        }
    }
    if (row != NULL) {
        hand_row(found, row, level);
        return;
    }
    found->reason = PR_CAT_UNKNOWN;
    found->advice = pr_catalog_reasons[PR_CAT_UNKNOWN].advice;
    found->field = found->act = found->wait_s = 0;
    found->forbids = 0;
    found->level = PR_MATCH_GLOBAL;
    found->source = "";
}
