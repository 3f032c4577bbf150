/* Reading the host's own rows from JSON at run time. Everything is checked before anything is kept, and all
   problems are told at once. Afterwards: rows sorted by the hash of their key, words in one pool. */
#include "base/mem.h"
#include "catalog/overlay.h"
#include "catalog/rules.h"

#include <payroute/json.h>

#include <stdlib.h>
#include <string.h>

enum { MAX_ROWS = 20000, MAX_CODE = 120, MAX_WORD = 64, MAX_TEXT = 1000, MAX_PROBLEMS = 200, NOWHERE = -1 };

typedef struct reader {
    payroute_catalog *catalog;
    pr_text why;
    int32_t problems;
    int32_t nomem;
    int32_t row;
} reader;

/* One problem: path, what is wrong, and the value, cut and cleaned. */
static void report(reader *r, const char *member, const char *what, const char *value)
{
    char shown[41];
    size_t n = 0;
    if (++r->problems > MAX_PROBLEMS) {
        return;
    }
    for (; value != NULL && value[n] != '\0' && n < sizeof shown - 1; n++) {
        shown[n] = (unsigned char)value[n] < 32 || value[n] == 127 ? '?' : value[n];
    }
    while (n > 0 && value[n] != '\0' && ((unsigned char)value[n] & 0xC0) == 0x80) {
        n--; /* not in the middle of a character */
    }
    shown[n] = '\0';
    if (r->why.len > 0) {
        pr_text_put(&r->why, "\n");
    }
    pr_text_format(&r->why, "rows[%d]", (int)r->row);
    if (member[0] != '\0') {
        pr_text_format(&r->why, ".%s", member);
    }
    pr_text_format(&r->why, ": %s", what);
    if (value != NULL) {
        pr_text_format(&r->why, " \"%s\"", shown);
    }
}

static size_t keep_own(reader *r, const char *text)
{
    size_t at = r->catalog->pool.len;
    pr_buf_bytes(&r->catalog->pool, text, strlen(text) + 1);
    if (r->catalog->pool.rc != PAYROUTE_OK) {
        r->nomem = 1;
        return 0;
    }
    return at;
}

/* A text member of bounded length; NULL when it is absent or was reported. */
static const char *word(reader *r, const payroute_json_node *row, const char *name, int32_t needed,
                        size_t limit)
{
    const payroute_json_node *node = payroute_json_get(row, name);
    const char *text = payroute_json_string(node);
    if (node == NULL) {
        if (needed) {
            report(r, name, "missing", NULL);
        }
        return NULL;
    }
    if (text == NULL) {
        report(r, name, "expected text", payroute_json_number(node));
        return NULL;
    }
    if (text[0] == '\0' || strlen(text) > limit) {
        report(r, name, text[0] == '\0' ? "empty" : "too long", text);
        return NULL;
    }
    for (const char *p = text; *p != '\0'; p++) {
        if ((unsigned char)*p < 32 || *p == 127) {
            report(r, name, "control character in", text);
            return NULL;
        }
    }
    return text;
}

static void check_braces(reader *r, const char *path, const char *text)
{
    static const char known[3][12] = {"{reference}", "{channel}", "{minutes}"};
    for (const char *p = text; *p != '\0'; p++) {
        size_t found = 0;
        for (size_t i = 0; i < 3 && *p == '{'; i++) {
            found = strncmp(p, known[i], strlen(known[i])) == 0 ? strlen(known[i]) : found;
        }
        if ((*p == '{' && found == 0) || *p == '}') {
            report(r, path, "unknown placeholder in", text);
            return;
        }
        p += found > 0 ? found - 1 : 0;
    }
}

static void keep_text(reader *r, int32_t reason, int32_t audience, const char *locale, const char *path,
                      const char *text)
{
    payroute_catalog *c = r->catalog;
    for (size_t i = 0; i < c->text_count && !r->nomem; i++) {
        const pr_own_text *t = &c->texts[i];
        if (t->reason == reason && t->audience == audience && strcmp(pr_own(c, t->locale), locale) == 0) {
            if (strcmp(pr_own(c, t->text), text) != 0) {
                report(r, path, "another text than an earlier row's for the same reason:", text);
            }
            return;
        }
    }
    if (r->nomem) {
        return;
    }
    if (c->text_count == c->text_cap) {
        size_t cap = c->text_cap * 2 + 16;
        pr_own_text *grown = pr_mem_grow(c->texts, c->text_cap * sizeof *grown, cap * sizeof *grown);
        if (grown == NULL) {
            r->nomem = 1;
            return;
        }
        c->texts = grown;
        c->text_cap = cap;
    }
    pr_own_text *t = &c->texts[c->text_count];
    t->reason = reason;
    t->audience = audience;
    t->index = r->row;
    t->locale = keep_own(r, locale);
    t->text = keep_own(r, text);
    c->text_count += r->nomem ? 0U : 1U;
}

static int32_t audience_of(const char *name)
{
    static const char names[PR_AUDIENCES][10] = {"customer", "merchant", "support"};
    for (int32_t i = 0; i < PR_AUDIENCES; i++) {
        if (strcmp(names[i], name) == 0) {
            return i;
        }
    }
    return NOWHERE;
}

static void take_texts(reader *r, const payroute_json_node *row, int32_t reason)
{
    const payroute_json_node *texts = payroute_json_get(row, "texts");
    if (texts == NULL) {
        return;
    }
    if (payroute_json_type(texts) != PAYROUTE_JSON_OBJECT) {
        report(r, "texts", "expected an object of locales", payroute_json_text(texts));
        return;
    }
    const payroute_json_node *locale = payroute_json_first(texts);
    for (; locale != NULL && !r->nomem; locale = payroute_json_next(locale)) {
        char path[96];
        pr_text at;
        const char *name = payroute_json_name(locale);
        pr_text_init(&at, path, sizeof path);
        pr_text_format(&at, "texts.%.*s", pr_text_fit(name, 35), name);
        if (payroute_json_type(locale) != PAYROUTE_JSON_OBJECT || name[0] == '\0' || strlen(name) > 35) {
            report(r, path, "expected a locale with an object of texts", payroute_json_text(locale));
            continue;
        }
        for (const payroute_json_node *m = payroute_json_first(locale); m != NULL;
             m = payroute_json_next(m)) {
            const char *who = payroute_json_name(m), *text = payroute_json_string(m);
            int32_t audience = audience_of(who);
            pr_text_init(&at, path, sizeof path);
            pr_text_format(&at, "texts.%.*s.%.*s", pr_text_fit(name, 35), name, pr_text_fit(who, 35), who);
            if (audience < 0) {
                report(r, path, "unknown audience", who);
            } else if (text == NULL || text[0] == '\0' || strlen(text) > MAX_TEXT) {
                report(r, path, "expected a text of 1 to 1000 bytes", payroute_json_number(m));
            } else {
                check_braces(r, path, text);
                if (reason != 0) {
                    keep_text(r, reason, audience, name, path, text);
                }
            }
        }
    }
}

static void check_members(reader *r, const payroute_json_node *row)
{
    static const char known[9][12] = {"provider", "operation", "layer", "code", "reason",
                                      "advice",   "source",    "note",  "texts"};
    for (const payroute_json_node *m = payroute_json_first(row); m != NULL; m = payroute_json_next(m)) {
        int32_t found = 0;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
            found |= strcmp(payroute_json_name(m), known[i]) == 0;
        }
        if (!found) {
            report(r, "", "unknown member", payroute_json_name(m));
        }
    }
}

/* The advice cell has the grammar of the data files (details.h). */
static void take_advice(reader *r, pr_own_row *o, const payroute_json_node *row)
{
    const char *cell = word(r, row, "advice", 0, MAX_WORD), *wrong = NULL;
    wrong = pr_catalog_detail_parse(&o->detail, cell == NULL ? "" : cell);
    if (wrong != NULL) {
        report(r, "advice", wrong, cell);
    }
    if (o->reason == NOWHERE) {
        return;
    }
    const pr_cat_reason *reason = &pr_catalog_reasons[o->reason];
    pr_catalog_detail own = {reason->advice, reason->field, reason->act, (int32_t)reason->wait_s};
    pr_catalog_detail_resolve(&o->detail, &own);
    if (cell != NULL && wrong == NULL) {
        wrong = pr_catalog_class_allows(reason->klass, o->detail.advice)
                    ? pr_catalog_detail_wrong(&o->detail, o->detail.advice)
                    : "does not fit the class of the reason:";
        if (wrong != NULL) {
            report(r, "advice", wrong, cell);
        }
    }
}

/* Reason and advice; gives the reason's number or 0. */
static int32_t take_meaning(reader *r, pr_own_row *o, const payroute_json_node *row)
{
    const char *reason = word(r, row, "reason", 1, MAX_WORD);
    int32_t number = reason == NULL ? 0 : pr_reason_find(reason);
    o->reason = number == 0 ? NOWHERE : (int32_t)pr_catalog_reason_index(number);
    take_advice(r, o, row);
    if (reason != NULL && number == 0) {
        report(r, "reason", "unknown reason", reason);
    }
    if (number != 0 && pr_catalog_reasons[o->reason].klass == PR_CLASS_ACCEPTED) {
        report(r, "reason", "a row may not turn a code into an accepted call:", reason);
    }
    return number;
}

static void take_key(reader *r, pr_own_row *o, const payroute_json_node *row)
{
    const char *provider = word(r, row, "provider", 1, MAX_WORD), *code = word(r, row, "code", 1, MAX_CODE);
    const char *operation = word(r, row, "operation", 0, MAX_WORD),
               *layer = word(r, row, "layer", 0, MAX_WORD);
    const char *source = word(r, row, "source", 0, 400);
    (void)word(r, row, "note", 0, 400);
    if (provider == NULL || code == NULL) {
        o->index = NOWHERE;
        return;
    }
    size_t len = strlen(code);
    if (code[0] == '*' || (layer != NULL && strcmp(layer, "message") == 0)) {
        report(r, "code", "a row must name a code or a prefix of one, got", code);
        o->index = NOWHERE;
        return;
    }
    o->prefix = code[len - 1] == '*';
    len -= o->prefix ? 1U : 0U;
    const char *key = pr_catalog_normal(provider, strlen(provider), code, &len);
    if (len == 0) {
        report(r, "code", "blank", code);
        o->index = NOWHERE;
        return;
    }
    o->provider = keep_own(r, provider);
    o->operation = keep_own(r, operation == NULL ? "*" : operation);
    o->layer = keep_own(r, layer == NULL ? "*" : layer);
    o->source = keep_own(r, source == NULL ? "" : source);
    o->code = keep_own(r, code);
    o->key = o->code + (size_t)(key - code);
    o->key_len = len;
    o->hash = o->prefix ? UINT64_MAX : pr_catalog_hash(provider, strlen(provider), key, len);
}

static void take_own_row(reader *r, const payroute_json_node *row)
{
    pr_own_row *o = &r->catalog->rows[r->catalog->row_count];
    memset(o, 0, sizeof *o);
    o->index = r->row;
    if (payroute_json_type(row) != PAYROUTE_JSON_OBJECT) {
        report(r, "", "expected an object", payroute_json_text(row));
        return;
    }
    check_members(r, row);
    take_key(r, o, row);
    take_texts(r, row, take_meaning(r, o, row));
    r->catalog->row_count += o->index == NOWHERE || r->nomem ? 0U : 1U;
}

static int fold_own(const char *a, const char *b, size_t len)
{
    return pr_text_equal_nocase(a, len, b, len);
}

/* qsort has no context, so that it orders by hash and place alone; prefixes (hash UINT64_MAX) come last,
 * longest first. */
static int own_order(const void *p, const void *q)
{
    const pr_own_row *a = p, *b = q;
    if (a->prefix != b->prefix) {
        return a->prefix - b->prefix;
    }
    if (a->prefix && a->key_len != b->key_len) {
        return a->key_len < b->key_len ? 1 : -1;
    }
    if (a->hash != b->hash) {
        return a->hash < b->hash ? -1 : 1;
    }
    return a->index - b->index;
}

static int same_own(const payroute_catalog *c, const pr_own_row *a, const pr_own_row *b)
{
    return a->prefix == b->prefix && a->key_len == b->key_len &&
           fold_own(pr_own(c, a->key), pr_own(c, b->key), a->key_len) &&
           strcmp(pr_own(c, a->provider), pr_own(c, b->provider)) == 0 &&
           strcmp(pr_own(c, a->operation), pr_own(c, b->operation)) == 0 &&
           strcmp(pr_own(c, a->layer), pr_own(c, b->layer)) == 0;
}

static void find_doubles(reader *r)
{
    payroute_catalog *c = r->catalog;
    for (size_t i = 1; i < c->row_count; i++) {
        const pr_own_row *b = &c->rows[i];
        for (size_t j = i; j-- > 0 && c->rows[j].hash == b->hash && c->rows[j].key_len == b->key_len;) {
            if (same_own(c, &c->rows[j], b)) {
                r->row = b->index;
                report(r, "code", "given by an earlier row already:", pr_own(c, b->code));
                break;
            }
        }
    }
}

static int32_t read_rows(reader *r, const payroute_json_node *root)
{
    payroute_catalog *c = r->catalog;
    if (payroute_json_type(root) != PAYROUTE_JSON_ARRAY) {
        pr_text_put(&r->why, "rows: expected an array of objects");
        return PAYROUTE_E_SCHEMA;
    }
    int32_t count = payroute_json_count(root);
    if (count > MAX_ROWS) {
        pr_text_format(&r->why, "rows: %d, at most %d", (int)count, (int)MAX_ROWS);
        return PAYROUTE_E_LIMIT;
    }
    c->rows = pr_mem_array((size_t)count + 1, sizeof *c->rows);
    if (c->rows == NULL) {
        return PAYROUTE_E_NOMEM;
    }
    for (const payroute_json_node *row = payroute_json_first(root); row != NULL && !r->nomem;
         row = payroute_json_next(row), r->row++) {
        take_own_row(r, row);
    }
    if (r->nomem) {
        return PAYROUTE_E_NOMEM;
    }
    qsort(c->rows, c->row_count, sizeof *c->rows, own_order);
    find_doubles(r);
    while (c->prefix_count < c->row_count && c->rows[c->row_count - c->prefix_count - 1].prefix) {
        c->prefix_count++;
    }
    if (r->problems > MAX_PROBLEMS) {
        pr_text_format(&r->why, "\nand %d more", (int)(r->problems - MAX_PROBLEMS));
    }
    return r->problems > 0 ? PAYROUTE_E_SCHEMA : PAYROUTE_OK;
}

int32_t payroute_catalog_new(payroute_catalog **out, const char *json, size_t json_len, char *why,
                             size_t why_cap)
{
    payroute_json *doc = NULL;
    reader r = {.row = 0};
    pr_text_init(&r.why, why, why_cap);
    if (out == NULL || json == NULL) {
        return PAYROUTE_E_ARG;
    }
    *out = NULL;
    int32_t rc = payroute_json_parse(&doc, json, json_len, why, why_cap);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    r.catalog = pr_mem_new(sizeof *r.catalog);
    if (r.catalog == NULL) {
        rc = PAYROUTE_E_NOMEM;
    } else {
        pr_buf_init(&r.catalog->pool);
        rc = read_rows(&r, payroute_json_root(doc));
    }
    payroute_json_free(doc);
    if (rc == PAYROUTE_OK) {
        *out = r.catalog;
    } else {
        payroute_catalog_free(r.catalog);
    }
    return rc;
}
