/* Three shapes of one catalogue: the plain JSON, what a lookup in PHP or Python reads, and what the page reads. */
#include "export.h"

#include <payroute/catalog.h>

#include <stdlib.h>
#include <string.h>

static const char *const audience_names[AUDIENCES] = {"customer", "merchant", "support"};

static void version(emit *e)
{
    char text[40];
    snprintf(text, sizeof text, "%d.%d.%d", PAYROUTE_VERSION_MAJOR, PAYROUTE_VERSION_MINOR, PAYROUTE_VERSION_PATCH);
    emit_text(e, "version", text);
}

static const char *or_null(const char *text)
{
    return *text != '\0' ? text : NULL;
}

/* ---- plain JSON ---- */

static void put_reason(emit *e, const catalog *c, int32_t number)
{
    int32_t flags = payroute_reason_flags(number);
    emit_map(e, payroute_reason_name(number));
    emit_number(e, "number", number);
    emit_text(e, "class", payroute_reason_class_name(payroute_reason_class(number)));
    emit_text(e, "fault", payroute_fault_name(payroute_reason_fault(number)));
    emit_text(e, "advice", payroute_advice_name(payroute_reason_advice(number)));
    emit_flag(e, "channel_fault", (flags & PAYROUTE_REASON_CHANNEL_FAULT) != 0);
    emit_flag(e, "network_forbids", (flags & PAYROUTE_REASON_NETWORK_FORBIDS) != 0);
    emit_flag(e, "private_cause", (flags & PAYROUTE_REASON_PRIVATE) != 0);
    emit_text(e, "meaning", payroute_reason_meaning(number));
    for (int32_t who = 0; who < AUDIENCES; who++) {
        emit_map(e, audience_names[who]);
        for (int32_t l = 0; l < c->locale_count; l++) {
            const char *locale = payroute_catalog_locale_at(l);
            emit_text(e, locale, payroute_reason_text(NULL, number, who, locale));
        }
        emit_end(e);
    }
    emit_end(e);
}

void export_json(emit *e, const catalog *c)
{
    e->lines = 2;
    emit_map(e, NULL);
    emit_number(e, "format", 1);
    version(e);
    emit_map(e, "reasons");
    for (int32_t i = 0; i < c->reason_count; i++) {
        put_reason(e, c, c->reasons[i]);
    }
    emit_end(e);
    emit_list(e, "rows");
    for (int32_t i = 0; i < c->row_count; i++) {
        emit_raw(e, NULL, c->rows[i].json);
    }
    emit_end(e);
    emit_end(e);
    fputc('\n', e->to);
}

/* ---- lists of texts that rows name by number ---- */

typedef struct numbered {
    const char **texts; /* by address: rows share theirs */
    int32_t *order;
    int32_t count;
} numbered;

static int by_address(const void *a, const void *b)
{
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    return strcmp(x, y);
}

static void number_texts(numbered *n, const catalog *c, const char *(*text_of)(const row *))
{
    int32_t kept = 0;
    n->texts = export_need(calloc((size_t)c->row_count + 1, sizeof *n->texts));
    for (int32_t i = 0; i < c->row_count; i++) {
        n->texts[i] = text_of(&c->rows[i]);
    }
    qsort(n->texts, (size_t)c->row_count, sizeof *n->texts, by_address);
    for (int32_t i = 0; i < c->row_count; i++) {
        if (kept == 0 || strcmp(n->texts[kept - 1], n->texts[i]) != 0) {
            n->texts[kept++] = n->texts[i];
        }
    }
    n->count = kept;
}

static int32_t number_of(const numbered *n, const char *text)
{
    const char **at = bsearch(&text, n->texts, (size_t)n->count, sizeof *n->texts, by_address);
    return at == NULL ? export_fail("a text is missing"), 0 : (int32_t)(at - n->texts);
}

static void put_numbered(emit *e, const char *key, const numbered *n)
{
    emit_list(e, key);
    for (int32_t i = 0; i < n->count; i++) {
        emit_text(e, NULL, n->texts[i]);
    }
    emit_end(e);
}

static const char *source_of(const row *r)
{
    return r->source;
}

static const char *note_of(const row *r)
{
    return r->note;
}

/* [locale][reason][audience] */
static void put_texts(emit *e, const catalog *c)
{
    emit_map(e, "texts");
    for (int32_t l = 0; l < c->locale_count; l++) {
        const char *locale = payroute_catalog_locale_at(l);
        emit_list(e, locale);
        for (int32_t i = 0; i < c->reason_count; i++) {
            emit_list(e, NULL);
            for (int32_t who = 0; who < AUDIENCES; who++) {
                emit_text(e, NULL, payroute_reason_text(NULL, c->reasons[i], who, locale));
            }
            emit_end(e);
        }
        emit_end(e);
    }
    emit_end(e);
}

/* number, name, class, fault, advice, flags, meaning */
static void put_reasons(emit *e, const catalog *c)
{
    emit_list(e, "reasons");
    for (int32_t i = 0; i < c->reason_count; i++) {
        int32_t number = c->reasons[i];
        emit_list(e, NULL);
        emit_number(e, NULL, number);
        emit_text(e, NULL, payroute_reason_name(number));
        emit_text(e, NULL, payroute_reason_class_name(payroute_reason_class(number)));
        emit_text(e, NULL, payroute_fault_name(payroute_reason_fault(number)));
        emit_text(e, NULL, payroute_advice_name(payroute_reason_advice(number)));
        emit_number(e, NULL, payroute_reason_flags(number));
        emit_text(e, NULL, payroute_reason_meaning(number));
        emit_end(e);
    }
    emit_end(e);
}

/* ---- what a lookup reads ---- */

/* code, operation, layer, reason, advice, forbids, alias_of, field, act, wait_seconds, source */
static void put_row(emit *e, const row *r, const numbered *sources)
{
    emit_list(e, NULL);
    emit_text(e, NULL, r->code);
    emit_text(e, NULL, r->operation);
    emit_text(e, NULL, r->layer);
    emit_number(e, NULL, r->reason);
    emit_text(e, NULL, r->advice);
    emit_number(e, NULL, r->forbids);
    emit_text(e, NULL, r->alias_of);
    emit_text(e, NULL, or_null(r->field));
    emit_text(e, NULL, or_null(r->act));
    emit_number(e, NULL, r->wait_seconds);
    emit_number(e, NULL, number_of(sources, r->source));
    emit_end(e);
}

static void put_groups(emit *e, const catalog *c, int32_t p, const numbered *sources)
{
    const char *key = NULL;
    emit_map(e, "keyed");
    for (int32_t i = c->first[p]; i < c->first[p + 1]; i++) {
        const row *r = &c->rows[i];
        if (row_is_message(r) || row_is_prefix(r) || row_is_default(r)) {
            continue;
        }
        if (key == NULL || strcmp(key, r->key) != 0) {
            if (key != NULL) {
                emit_end(e);
            }
            key = r->key;
            emit_list(e, key);
        }
        put_row(e, r, sources);
    }
    if (key != NULL) {
        emit_end(e);
    }
    emit_end(e);
}

static const row *sorting; /* qsort hands nothing on */

static int longest_first(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    size_t n = strlen(sorting[x].code), m = strlen(sorting[y].code);
    return n != m ? (n < m ? 1 : -1) : x < y ? -1 : x > y;
}

static void put_patterns(emit *e, const char *key, const catalog *c, int32_t p, int32_t (*want)(const row *),
                         const numbered *sources)
{
    int32_t *found = export_need(calloc((size_t)c->row_count + 1, sizeof *found));
    size_t n = 0;
    for (int32_t i = c->first[p]; i < c->first[p + 1]; i++) {
        if (want(&c->rows[i])) {
            found[n++] = i;
        }
    }
    sorting = c->rows;
    qsort(found, n, sizeof *found, longest_first);
    emit_list(e, key);
    for (size_t i = 0; i < n; i++) {
        put_row(e, &c->rows[found[i]], sources);
    }
    emit_end(e);
    free(found);
}

static void put_layers(emit *e, const catalog *c, int32_t p)
{
    const char *seen[400];
    int32_t n = 0;
    emit_list(e, "layers");
    for (int32_t i = c->first[p]; i < c->first[p + 1]; i++) {
        int32_t k = 0;
        while (k < n && seen[k] != c->rows[i].layer) {
            k++;
        }
        if (k == n && n < 400 && export_layer_named(&c->rows[i])) {
            seen[n++] = c->rows[i].layer;
            emit_text(e, NULL, c->rows[i].layer);
        }
    }
    emit_end(e);
}

static const char networks[][2][16] = {
#define PR_NETWORK_NAME(given, name) {given, name},
#include "catalog/network_names.def"
};

void export_lookup(emit *e, const catalog *c)
{
    numbered sources;
    number_texts(&sources, c, source_of);
    e->lines = 4;
    emit_map(e, NULL);
    version(e);
    put_reasons(e, c);
    emit_map(e, "providers");
    for (int32_t p = 0; p < c->provider_count; p++) {
        emit_map(e, c->providers[p]);
        put_layers(e, c, p);
        put_groups(e, c, p, &sources);
        put_patterns(e, "prefixes", c, p, row_is_prefix, &sources);
        put_patterns(e, "messages", c, p, row_is_message, &sources);
        put_patterns(e, "fallback", c, p, row_is_default, &sources);
        emit_end(e);
    }
    emit_end(e);
    emit_map(e, "networks");
    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
        emit_text(e, networks[i][0], networks[i][1]);
    }
    emit_end(e);
    put_numbered(e, "sources", &sources);
    put_texts(e, c);
    emit_end(e);
    free(sources.texts);
}

/* ---- what the page reads ---- */

/* A word of which there are few, by its number in a list that the page has too. */
static void put_words(emit *e, const char *key, const char *const *words, int32_t count)
{
    emit_list(e, key);
    for (int32_t i = 0; i < count; i++) {
        emit_text(e, NULL, words[i]);
    }
    emit_end(e);
}

/* provider, code, operation, layer, reason, advice, source, note, forbids, alias_of, field, act, wait_seconds,
 * reviewed, place */
static void put_page_row(emit *e, const row *r, const numbered *sources, const numbered *notes)
{
    emit_list(e, NULL);
    emit_number(e, NULL, r->provider);
    emit_text(e, NULL, r->code);
    emit_text(e, NULL, r->operation);
    emit_text(e, NULL, r->layer);
    emit_number(e, NULL, r->reason);
    emit_text(e, NULL, r->advice);
    emit_number(e, NULL, number_of(sources, r->source));
    emit_number(e, NULL, number_of(notes, r->note));
    emit_number(e, NULL, r->forbids);
    emit_text(e, NULL, r->alias_of == NULL ? "" : r->alias_of);
    emit_text(e, NULL, r->field);
    emit_text(e, NULL, r->act);
    emit_number(e, NULL, r->wait_seconds);
    emit_text(e, NULL, r->reviewed);
    emit_number(e, NULL, r->place);
    emit_end(e);
}

void export_page(emit *e, const catalog *c)
{
    numbered sources, notes;
    number_texts(&sources, c, source_of);
    number_texts(&notes, c, note_of);
    e->lines = 2;
    emit_map(e, NULL);
    version(e);
    put_words(e, "providers", c->providers, c->provider_count);
    put_reasons(e, c);
    put_numbered(e, "sources", &sources);
    put_numbered(e, "notes", &notes);
    emit_list(e, "places");
    for (int32_t i = 0; i < c->place_count; i++) {
        emit_list(e, NULL);
        emit_text(e, NULL, c->places[i].zh);
        emit_text(e, NULL, c->places[i].en);
        emit_text(e, NULL, c->places[i].url);
        emit_end(e);
    }
    emit_end(e);
    emit_list(e, "rows");
    for (int32_t i = 0; i < c->row_count; i++) {
        put_page_row(e, &c->rows[i], &sources, &notes);
    }
    emit_end(e);
    put_texts(e, c);
    emit_end(e);
    free(sources.texts);
    free(notes.texts);
}
