/* The catalogue as the public interface tells it: row by row, with what else is known of a row through its answer. */
#include "export.h"

#include <payroute/catalog.h>
#include <payroute/json.h>

#include "catalog/hash.h"

#include <stdlib.h>
#include <string.h>

int32_t row_is_message(const row *r)
{
    return strcmp(r->layer, "message") == 0;
}

int32_t row_is_default(const row *r)
{
    return strcmp(r->code, "*") == 0;
}

int32_t row_is_prefix(const row *r)
{
    size_t n = strlen(r->code);
    return n > 1 && r->code[n - 1] == '*' && !row_is_message(r);
}

int32_t export_layer_named(const row *r)
{
    return strcmp(r->layer, "*") != 0 && !row_is_message(r);
}

/* A text that stays; the many repeated ones are kept once. */
static const char *keep(const char *text)
{
    static struct {
        char *text;
    } kept[1 << 16];
    static uint32_t count;
    uint32_t h = 2166136261u;
    if (text == NULL) {
        return "";
    }
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
        h = (h ^ *p) * 16777619u;
    }
    for (h = h & 0xFFFF; kept[h].text != NULL; h = (h + 1) & 0xFFFF) {
        if (strcmp(kept[h].text, text) == 0) {
            return kept[h].text;
        }
    }
    if (++count > 60000) {
        export_fail("too many different texts");
    }
    size_t n = strlen(text) + 1;
    kept[h].text = memcpy(export_need(malloc(n)), text, n);
    return kept[h].text;
}

static int32_t reason_index(const catalog *c, const char *name)
{
    int32_t number = payroute_reason_find(name);
    for (int32_t i = 0; i < c->reason_count; i++) {
        if (c->reasons[i] == number) {
            return i;
        }
    }
    export_fail("a row has an unknown reason \"%s\"", name);
}

static char *key_of(const char *provider, const char *code)
{
    size_t n = strlen(code);
    const char *at = pr_catalog_normal(provider, strlen(provider), code, &n);
    char *key = export_need(calloc(1, n + 1));
    for (size_t i = 0; i < n; i++) {
        key[i] = at[i] >= 'A' && at[i] <= 'Z' ? (char)(at[i] + 32) : at[i];
    }
    return key;
}

static int32_t text_is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* As the generator has it: in the table of a card network the advice `never` is the network's. */
static int32_t forbids(const catalog *c, const row *r)
{
    int32_t number = c->reasons[r->reason];
    return (payroute_reason_flags(number) & PAYROUTE_REASON_NETWORK_FORBIDS) != 0 ||
           ((text_is(r->layer, "issuer") || text_is(r->layer, "advice_code")) &&
            text_is(r->advice, payroute_advice_name(PAYROUTE_ADVICE_NEVER)) &&
            payroute_reason_advice(number) != PAYROUTE_ADVICE_NEVER);
}

static int32_t place_index(catalog *c, const place *p)
{
    for (int32_t i = 0; i < c->place_count; i++) {
        if (text_is(c->places[i].zh, p->zh) && text_is(c->places[i].en, p->en) && text_is(c->places[i].url, p->url)) {
            return i;
        }
    }
    if (c->place_count == EXPORT_PLACES) {
        export_fail("too many places");
    }
    c->places[c->place_count] = *p;
    return c->place_count++;
}

static const char *member(const payroute_json_node *node, const char *name)
{
    return keep(payroute_json_string(payroute_json_get(node, name)));
}

static payroute_json *explain(const catalog *c, const row *r)
{
    static char answer[1 << 18];
    size_t len = 0;
    payroute_json *doc = NULL;
    payroute_json_out *q = payroute_json_out_new();
    payroute_json_out_object(q, NULL);
    payroute_json_out_string(q, "provider", c->providers[r->provider]);
    payroute_json_out_string(q, row_is_message(r) ? "message" : "code", r->code);
    if (!row_is_message(r)) {
        payroute_json_out_string(q, "layer", text_is(r->layer, "*") ? NULL : r->layer);
    }
    payroute_json_out_string(q, "operation", text_is(r->operation, "*") ? NULL : r->operation);
    payroute_json_out_end(q);
    const char *text = payroute_json_out_text(q, &len);
    int32_t rc = text == NULL ? -1 : payroute_catalog_explain(NULL, text, len, answer, sizeof answer);
    if (rc > 0) {
        (void)payroute_json_parse(&doc, answer, (size_t)rc, NULL, 0);
    }
    payroute_json_out_free(q);
    return doc;
}

/* Where the shop mends it: told by the answer, not by the row; the same for one provider and reason. */
static int32_t place_of(catalog *c, const row *r)
{
    static int16_t known[EXPORT_PROVIDERS][EXPORT_REASONS]; /* place + 2; 1: none */
    int16_t *cell = &known[r->provider][r->reason];
    if (*cell == 0) {
        payroute_json *doc = explain(c, r);
        const payroute_json_node *at = payroute_json_get(payroute_json_root(doc), "place");
        const payroute_json_node *names = payroute_json_get(at, "name");
        place p = {member(names, "zh-CN"), member(names, "en"), member(at, "url")};
        *cell = *p.en != '\0' || *p.url != '\0' ? (int16_t)(place_index(c, &p) + 2) : 1;
        payroute_json_free(doc);
    }
    return *cell - 2;
}

static void read_row(catalog *c, int32_t index, const payroute_json_node *n)
{
    row *r = &c->rows[index];
    const char *provider = member(n, "provider"), *alias = member(n, "alias_of");
    if (c->provider_count == 0 || c->providers[c->provider_count - 1] != provider) {
        if (c->provider_count == EXPORT_PROVIDERS) {
            export_fail("too many providers");
        }
        c->first[c->provider_count] = index;
        c->providers[c->provider_count++] = provider;
    }
    r->provider = c->provider_count - 1;
    r->operation = member(n, "operation");
    r->layer = member(n, "layer");
    r->code = member(n, "code");
    r->alias_of = *alias != '\0' ? alias : NULL;
    r->source = member(n, "source");
    r->note = member(n, "note");
    r->reviewed = member(n, "reviewed");
    r->advice = member(n, "advice");
    r->field = member(n, "field");
    r->act = member(n, "act");
    (void)payroute_json_integer(&r->wait_seconds, payroute_json_get(n, "wait_seconds"));
    r->reason = reason_index(c, member(n, "reason"));
    r->forbids = forbids(c, r);
    r->key = key_of(provider, r->code);
    r->place = place_of(c, r);
}

void export_read(catalog *c)
{
    static char text[65536];
    memset(c, 0, sizeof *c);
    c->row_count = payroute_catalog_row_count();
    c->rows = export_need(calloc((size_t)c->row_count + 1, sizeof *c->rows));
    c->reason_count = payroute_reason_count();
    if (c->reason_count > EXPORT_REASONS) {
        export_fail("too many reasons");
    }
    for (int32_t i = 0; i < c->reason_count; i++) {
        c->reasons[i] = payroute_reason_at(i);
    }
    while (c->locale_count < EXPORT_LOCALES && *payroute_catalog_locale_at(c->locale_count) != '\0') {
        c->locale_count++;
    }
    for (int32_t i = 0; i < c->row_count; i++) {
        payroute_json *doc = NULL;
        int32_t rc = payroute_catalog_row_at(i, text, sizeof text);
        if (rc <= 0 || payroute_json_parse(&doc, text, (size_t)rc, NULL, 0) != PAYROUTE_OK) {
            export_fail("row %d cannot be read", (int)i);
        }
        read_row(c, i, payroute_json_root(doc));
        c->rows[i].json = memcpy(export_need(malloc((size_t)rc + 1)), text, (size_t)rc + 1);
        payroute_json_free(doc);
    }
    c->first[c->provider_count] = c->row_count;
}
