/* Drafts become bits: see rules.h for what the table is. */
#include "registry/rules_table.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { RULE_DAY = 1440 };

typedef struct rule_builder {
    pr_rules *r;
    const pr_rule_draft *drafts;
    size_t values;
    size_t bounds;
    size_t rows;
    size_t texts;
    size_t prefers;
    size_t turns;
} rule_builder;

static const payroute_json_node *field_words(const pr_rule_draft *d, const rule_field *f)
{
    return f->kind < PR_RULE_TEXTS ? d->words[f->kind] : pr_draft_metadata(d, f->key);
}

/* ---- room: upper bounds, before anything is kept
 * ------------------------------------------------------------- */

typedef struct rule_sizes {
    size_t fields;
    size_t values;
    size_t bounds;
    size_t texts;
    size_t prefers;
    size_t splits;
    size_t turns;
} rule_sizes;

static void measure_words(rule_sizes *s, const payroute_json_node *words)
{
    for (const payroute_json_node *w = pr_words_first(words); w != NULL; w = pr_words_next(words, w)) {
        s->values++;
        s->texts += strlen(pr_words_text(w)) + 1;
    }
}

static int32_t common_divisor(int32_t a, int32_t b)
{
    while (b != 0) {
        int32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static int32_t split_divisor(const pr_rule_draft *d)
{
    int32_t divisor = 0;
    for (int32_t i = 0; i < d->split_count; i++) {
        divisor = common_divisor(d->share[i], divisor);
    }
    return divisor;
}

static void measure_draft(rule_sizes *s, const pr_rule_draft *d)
{
    for (int32_t i = 0; i < PR_RULE_TEXTS; i++) {
        measure_words(s, d->words[i]);
    }
    for (int32_t i = 0; i < d->metadata_count; i++) {
        s->texts += strlen(payroute_json_name(d->metadata[i])) + 1;
        measure_words(s, d->metadata[i]);
    }
    s->fields += (size_t)d->metadata_count + 1; /* at most so many that no other rule asks for */
    s->bounds += 4 + (size_t)d->bin_count * 2 + 15;
    s->texts += strlen(d->name) + 1 + (d->deny != NULL ? strlen(d->deny) + 1 : 0);
    s->prefers += (size_t)d->prefer_count;
    s->splits += d->split_count > 0;
    for (int32_t i = 0; i < d->split_count; i++) {
        s->turns += (size_t)(d->share[i] / split_divisor(d));
    }
}

static int32_t make_rules_room(pr_rules *r, const pr_rule_draft *drafts)
{
    rule_sizes s = {.fields = PR_FIELD_WEEK, .bounds = 4};
    for (int32_t i = 0; i < r->count; i++) {
        measure_draft(&s, &drafts[i]);
    }
    r->fields = pr_mem_array(s.fields, sizeof *r->fields);
    r->values = pr_mem_array(s.values, sizeof *r->values);
    r->heads = pr_mem_array(s.values, sizeof *r->heads);
    r->bounds = pr_mem_array(s.bounds, sizeof *r->bounds);
    r->effects = pr_mem_array((size_t)r->count, sizeof *r->effects);
    r->prefer = pr_mem_array(s.prefers, 1);
    r->splits = pr_mem_array(s.splits, sizeof *r->splits);
    r->turns = pr_mem_array(s.turns, 1);
    r->texts = pr_mem_array(s.texts, 1);
    return r->fields != NULL && r->values != NULL && r->heads != NULL && r->bounds != NULL &&
           r->effects != NULL && r->prefer != NULL && r->splits != NULL && r->turns != NULL &&
           r->texts != NULL;
}

static const char *keep_rule_text(rule_builder *b, const char *text)
{
    char *at = b->r->texts + b->texts;
    size_t size = strlen(text) + 1;
    memcpy(at, text, size);
    b->texts += size;
    return at;
}

/* ---- fields
 * ------------------------------------------------------------------------------------------------ */

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int compare_numbers(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void set_bit(uint64_t *row, int32_t rule, int32_t on)
{
    uint64_t bit = UINT64_C(1) << (rule & 63);
    row[rule >> 6] = on ? row[rule >> 6] | bit : row[rule >> 6] & ~bit;
}

static rule_field *add_field(rule_builder *b, int32_t kind)
{
    rule_field *f = &b->r->fields[b->r->field_count++];
    f->kind = kind;
    f->first = kind <= PR_FIELD_METADATA ? b->values : b->bounds;
    return f;
}

/* Sorts the values which were put behind f->first, each once. */
static void end_texts(rule_builder *b, rule_field *f)
{
    const char **values = b->r->values + f->first;
    size_t n = b->values - f->first;
    qsort(values, n, sizeof *values, compare_texts);
    b->values = f->first;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || strcmp(values[i], b->r->values[b->values - 1]) != 0) {
            b->r->values[b->values++] = values[i];
        }
    }
    f->count = (int32_t)(b->values - f->first);
    for (size_t i = f->first; i < b->values; i++) {
        b->r->values[i] = keep_rule_text(b, b->r->values[i]);
        b->r->heads[i] = pr_text_head(b->r->values[i]);
    }
    f->row = b->rows;
    b->rows += (size_t)(f->count + 2) * (size_t)b->r->words;
}

static void text_field(rule_builder *b, int32_t kind, const char *key)
{
    rule_field *f = NULL;
    for (int32_t i = 0; i < b->r->count; i++) {
        const payroute_json_node *words =
            key == NULL ? b->drafts[i].words[kind] : pr_draft_metadata(&b->drafts[i], key);
        if (words == NULL) {
            continue;
        }
        if (f == NULL) {
            f = add_field(b, kind);
            f->key = key != NULL ? keep_rule_text(b, key) : NULL;
        }
        for (const payroute_json_node *w = pr_words_first(words); w != NULL; w = pr_words_next(words, w)) {
            b->r->values[b->values++] = pr_words_text(w);
        }
    }
    if (f != NULL) {
        end_texts(b, f);
    }
}

static void metadata_fields(rule_builder *b)
{
    for (int32_t i = 0; i < b->r->count; i++) {
        for (int32_t k = 0; k < b->drafts[i].metadata_count; k++) {
            const char *key = payroute_json_name(b->drafts[i].metadata[k]);
            int32_t known = 0;
            for (int32_t f = 0; !known && f < b->r->field_count; f++) {
                known = b->r->fields[f].kind == PR_FIELD_METADATA && strcmp(b->r->fields[f].key, key) == 0;
            }
            if (!known) {
                text_field(b, PR_FIELD_METADATA, key);
            }
        }
    }
}

static void put_bounds(rule_builder *b, int64_t from, int64_t behind)
{
    b->r->bounds[b->bounds++] = from;
    b->r->bounds[b->bounds++] = behind;
}

/* 1: the rule asks for what the field is about. */
static int32_t asks(const pr_rule_draft *d, const rule_field *f)
{
    switch (f->kind) {
    case PR_FIELD_AMOUNT: return d->amount.asked;
    case PR_FIELD_RISK: return d->risk.asked;
    case PR_FIELD_BIN: return d->bins != NULL;
    default: return d->week.asked && pr_zone_equal(&d->week.zone, &f->zone);
    }
}

static void draft_bounds(rule_builder *b, const pr_rule_draft *d, const rule_field *f)
{
    const pr_rule_range *range = f->kind == PR_FIELD_AMOUNT ? &d->amount : &d->risk;
    switch (f->kind) {
    case PR_FIELD_AMOUNT:
    case PR_FIELD_RISK:
        put_bounds(b, range->min, range->max < INT64_MAX ? range->max + 1 : range->min);
        break;
    case PR_FIELD_BIN:
        for (int32_t i = 0; i < d->bin_count; i++) {
            put_bounds(b, d->bins[i].from, (int64_t)d->bins[i].to + 1);
        }
        break;
    default:
        for (int32_t day = 0; day < 7; day++) {
            put_bounds(b, day * RULE_DAY + d->week.from_minute,
                       (day * RULE_DAY + d->week.to_minute) % (7 * RULE_DAY));
        }
        break;
    }
}

static int32_t accepts_number(const pr_rule_draft *d, const rule_field *f, int64_t number)
{
    if (!asks(d, f)) {
        return 1;
    }
    switch (f->kind) {
    case PR_FIELD_AMOUNT: return number >= d->amount.min && number <= d->amount.max;
    case PR_FIELD_RISK: return number >= d->risk.min && number <= d->risk.max;
    case PR_FIELD_BIN:
        return number >= 0 &&
               pr_bin_within(d->bins, d->bin_count, (pr_bin_range){(uint32_t)number, (uint32_t)number});
    default: return pr_week_has(&d->week, (int32_t)number);
    }
}

static void number_field(rule_builder *b, int32_t kind, const pr_zone *zone)
{
    rule_field probe = {.kind = kind};
    rule_field *f = NULL;
    probe.zone = zone != NULL ? *zone : probe.zone;
    for (int32_t i = 0; i < b->r->count; i++) {
        if (!asks(&b->drafts[i], &probe)) {
            continue;
        }
        if (f == NULL) {
            f = add_field(b, kind);
            f->zone = probe.zone;
            b->r->bounds[b->bounds++] = kind == PR_FIELD_WEEK ? 0 : INT64_MIN;
        }
        draft_bounds(b, &b->drafts[i], f);
    }
    if (f == NULL) {
        return;
    }
    int64_t *bounds = b->r->bounds + f->first;
    size_t n = b->bounds - f->first;
    qsort(bounds, n, sizeof *bounds, compare_numbers);
    for (size_t i = 0; i < n; i++) {
        if (f->count == 0 || bounds[i] != bounds[f->count - 1]) {
            bounds[f->count++] = bounds[i];
        }
    }
    b->bounds = f->first + (size_t)f->count;
    f->row = b->rows;
    b->rows += (size_t)(f->count + 1) * (size_t)b->r->words;
}

static void week_fields(rule_builder *b)
{
    for (int32_t i = 0; i < b->r->count; i++) {
        int32_t known = !b->drafts[i].week.asked;
        for (int32_t f = 0; !known && f < b->r->field_count; f++) {
            known = b->r->fields[f].kind == PR_FIELD_WEEK && asks(&b->drafts[i], &b->r->fields[f]);
        }
        if (!known) {
            number_field(b, PR_FIELD_WEEK, &b->drafts[i].week.zone);
        }
    }
}

/* ---- rows
 * -------------------------------------------------------------------------------------------------- */

static void fill_texts(const rule_builder *b, const rule_field *f)
{
    pr_rules *r = b->r;
    uint64_t *rows = r->rows + f->row;
    size_t width = (size_t)r->words;
    for (int32_t i = 0; i < r->count; i++) {
        const payroute_json_node *words = field_words(&b->drafts[i], f);
        int32_t negated = pr_words_negated(words);
        set_bit(rows, i, words == NULL);
        for (int32_t row = 1; row < f->count + 2; row++) {
            set_bit(rows + (size_t)row * width, i, words == NULL || negated);
        }
        for (const payroute_json_node *w = pr_words_first(words); w != NULL; w = pr_words_next(words, w)) {
            const char *text = pr_words_text(w);
            const char *const *at =
                bsearch(&text, r->values + f->first, (size_t)f->count, sizeof *r->values, compare_texts);
            if (at != NULL) {
                set_bit(rows + (size_t)(at - (r->values + f->first) + 2) * width, i, !negated);
            }
        }
    }
}

static void fill_numbers(const rule_builder *b, const rule_field *f)
{
    uint64_t *rows = b->r->rows + f->row;
    for (int32_t i = 0; i < b->r->count; i++) {
        set_bit(rows, i, !asks(&b->drafts[i], f));
        for (int32_t k = 0; k < f->count; k++) {
            set_bit(rows + (size_t)(k + 1) * (size_t)b->r->words, i,
                    accepts_number(&b->drafts[i], f, b->r->bounds[f->first + (size_t)k]));
        }
    }
}

static int32_t fill_rows(rule_builder *b)
{
    b->r->rows = pr_mem_array(b->rows, sizeof *b->r->rows);
    if (b->r->rows == NULL) {
        return 0;
    }
    for (int32_t i = 0; i < b->r->field_count; i++) {
        const rule_field *f = &b->r->fields[i];
        if (f->kind <= PR_FIELD_METADATA) {
            fill_texts(b, f);
        } else {
            fill_numbers(b, f);
        }
    }
    return 1;
}

/* ---- effects
 * ----------------------------------------------------------------------------------------------- */

/* Smooth weighted turns: each round everybody earns the own share, the richest is dealt and pays the total.
   So no channel waits for long, and after `total` turns all are even again. */
static void deal(uint8_t *turns, const pr_rule_draft *d, int32_t divisor, int32_t total)
{
    int32_t earned[PR_RULE_SPLIT_MAX] = {0};
    for (int32_t turn = 0; turn < total; turn++) {
        int32_t richest = 0;
        for (int32_t i = 0; i < d->split_count; i++) {
            earned[i] += d->share[i] / divisor;
            richest = earned[i] > earned[richest] ? i : richest;
        }
        earned[richest] -= total;
        turns[turn] = d->split[richest];
    }
}

static int32_t add_split(rule_builder *b, const pr_rule_draft *d, int32_t rule)
{
    if (d->split_count == 0) {
        return -1;
    }
    rule_split *s = &b->r->splits[b->r->split_count];
    int32_t divisor = split_divisor(d);
    for (int32_t i = 0; i < d->split_count; i++) {
        s->total += d->share[i] / divisor;
    }
    s->key =
        pr_text_hash(d->name) * UINT64_C(0x9E3779B97F4A7C15) + 1; /* never that of a channel of this name */
    s->first = b->turns;
    s->rule = rule;
    deal(b->r->turns + b->turns, d, divisor, s->total);
    b->turns += (size_t)s->total;
    return b->r->split_count++;
}

static void add_effect(rule_builder *b, int32_t i)
{
    const pr_rule_draft *d = &b->drafts[i];
    rule_effect *e = &b->r->effects[i];
    e->name = keep_rule_text(b, d->name);
    e->deny = d->deny != NULL ? keep_rule_text(b, d->deny) : NULL;
    e->only = d->only;
    if (!d->only_said) {
        memset(&e->only, 0xff, sizeof e->only);
    }
    e->avoid = d->avoid;
    e->only_said = d->only_said;
    e->authenticate = d->authenticate;
    e->stop = d->stop;
    e->prefer_first = b->prefers;
    e->prefer_count = d->prefer_count;
    memcpy(b->r->prefer + b->prefers, d->prefer, (size_t)d->prefer_count);
    b->prefers += (size_t)d->prefer_count;
    e->split = add_split(b, d, i);
    b->r->all[i >> 6] |= UINT64_C(1) << (i & 63);
}

static pr_rules *build_rules(const pr_rule_draft *drafts, int32_t count)
{
    pr_rules *r = pr_mem_new(sizeof *r);
    rule_builder b = {.r = r, .drafts = drafts};
    if (r == NULL) {
        return NULL;
    }
    r->count = count;
    r->words = (count + 63) / 64;
    if (!make_rules_room(r, drafts)) {
        pr_rules_free(r);
        return NULL;
    }
    for (int32_t kind = 0; kind < PR_RULE_TEXTS; kind++) {
        text_field(&b, kind, NULL);
    }
    number_field(&b, PR_FIELD_AMOUNT, NULL);
    number_field(&b, PR_FIELD_RISK, NULL);
    number_field(&b, PR_FIELD_BIN, NULL);
    metadata_fields(&b);
    week_fields(&b);
    for (int32_t i = 0; i < count; i++) {
        add_effect(&b, i);
    }
    if (!fill_rows(&b)) {
        pr_rules_free(r);
        return NULL;
    }
    return r;
}

int32_t pr_rules_compile(pr_rules **out, pr_problems *p, const payroute_json_node *list,
                         const struct pr_channel *const *channels, int32_t channel_count,
                         const pr_zone *standard)
{
    int32_t count = payroute_json_count(list);
    int32_t before = pr_problems_total(p);
    pr_rule_place place = {channels, channel_count, standard};
    *out = NULL;
    if (count <= 0) {
        return PAYROUTE_OK;
    }
    pr_rule_draft *drafts = pr_mem_array((size_t)count, sizeof *drafts);
    if (drafts == NULL) {
        p->nomem = 1;
        return PAYROUTE_E_NOMEM;
    }
    pr_rules_read(drafts, p, list, &place);
    pr_rules_check(drafts, count, p, &place);
    if (pr_problems_total(p) == before && p->nomem == 0) {
        *out = build_rules(drafts, count);
        p->nomem |= *out == NULL;
    }
    for (int32_t i = 0; i < count; i++) {
        pr_mem_free(drafts[i].bins);
    }
    pr_mem_free(drafts);
    return p->nomem ? PAYROUTE_E_NOMEM : *out != NULL ? PAYROUTE_OK : PAYROUTE_E_SCHEMA;
}

void pr_rules_free(pr_rules *r)
{
    if (r == NULL) {
        return;
    }
    pr_mem_free(r->fields);
    pr_mem_free(r->rows);
    pr_mem_free(r->values);
    pr_mem_free(r->heads);
    pr_mem_free(r->bounds);
    pr_mem_free(r->effects);
    pr_mem_free(r->prefer);
    pr_mem_free(r->splits);
    pr_mem_free(r->turns);
    pr_mem_free(r->texts);
    pr_mem_free(r);
}
