/* Codes of providers that the catalogue does not list, counted by day in the store for whoever keeps the
   tables. Counted after what they came with is durable, and never at its cost: whatever fails here is
   forgotten. Two processes that count at the same moment may lose one of the two. */
#include <stdio.h>

#include "host/engine.h"

#define DAY_MS INT64_C(86400000)
#define KEEP_DAYS 35
#define DAYS_MAX 31
#define DAY_ROWS 200u
#define LIST_ROWS 1000u
#define VALUE_CAP 65536u /* 200 of the longest lines */
#define WORD_CAP 65u

enum { WORD_PROVIDER, WORD_OPERATION, WORD_LAYER, WORD_CODE, WORDS };

static const char *const word_names[WORDS] = {"provider", "operation", "layer", "code"};

typedef struct code_row {
    char words[WORDS][WORD_CAP]; /* "-" for "": a line is split at blanks */
    int64_t count;
    int64_t first_ms;
    int64_t last_ms;
} code_row;

typedef struct code_rows {
    code_row *rows;
    size_t count;
    size_t cap;
    int64_t dropped; /* seen when there was no room for one more */
} code_rows;

static int32_t rows_new(code_rows *list, size_t cap)
{
    *list = (code_rows){.cap = cap, .rows = calloc(cap, sizeof *list->rows)};
    return list->rows ? PAYROUTE_OK : PAYROUTE_E_NOMEM;
}

static code_row *row_of(code_rows *list, const code_row *like)
{
    for (size_t i = 0; i < list->count; i++) {
        if (memcmp(list->rows[i].words, like->words, sizeof like->words) == 0) {
            return &list->rows[i];
        }
    }
    if (list->count == list->cap) {
        return NULL;
    }
    code_row *row = &list->rows[list->count++];
    memcpy(row->words, like->words, sizeof row->words);
    return row;
}

static void rows_add(code_rows *list, const code_row *more)
{
    code_row *row = row_of(list, more);
    if (!row) {
        list->dropped += more->count;
        return;
    }
    if (row->count == 0 || more->first_ms < row->first_ms) {
        row->first_ms = more->first_ms;
    }
    if (more->last_ms > row->last_ms) {
        row->last_ms = more->last_ms;
    }
    row->count += more->count;
}

/* ---- a day's text ---- */

static const char *take_word(const char *at, char *out)
{
    size_t len = strcspn(at, " \n");
    if (len == 0 || len >= WORD_CAP) {
        return NULL;
    }
    memcpy(out, at, len);
    return at[len] == ' ' ? at + len + 1 : at + len;
}

static const char *take_number(const char *at, int64_t *out)
{
    char digits[WORD_CAP] = "";
    char *end = digits;
    at = take_word(at, digits);
    *out = at ? strtoll(digits, &end, 10) : 0;
    return at && *end == '\0' && *out >= 0 ? at : NULL;
}

static const char *take_code_row(const char *at, code_row *row)
{
    int64_t *const numbers[] = {&row->count, &row->first_ms, &row->last_ms};
    *row = (code_row){.count = 0};
    for (size_t i = 0; i < WORDS && at; i++) {
        at = take_word(at, row->words[i]);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0] && at; i++) {
        at = take_number(at, numbers[i]);
    }
    return at && *at == '\n' ? at + 1 : NULL;
}

/* What does not read is as if it were not there. */
static void take_day(code_rows *list, const char *at)
{
    code_row row;
    int64_t dropped = 0;
    at = take_number(at, &dropped);
    if (!at || *at != '\n') {
        return;
    }
    list->dropped += dropped;
    for (at = take_code_row(at + 1, &row); at; at = take_code_row(at, &row)) {
        rows_add(list, &row);
    }
}

static size_t put_day(const code_rows *list, char *out)
{
    size_t len = (size_t)snprintf(out, VALUE_CAP, "%lld\n", (long long)list->dropped);
    for (size_t i = 0; i < list->count; i++) {
        const code_row *r = &list->rows[i];
        int more =
            snprintf(out + len, VALUE_CAP - len, "%s %s %s %s %lld %lld %lld\n", r->words[WORD_PROVIDER],
                     r->words[WORD_OPERATION], r->words[WORD_LAYER], r->words[WORD_CODE], (long long)r->count,
                     (long long)r->first_ms, (long long)r->last_ms);
        if (more < 0 || (size_t)more >= VALUE_CAP - len) {
            break;
        }
        len += (size_t)more;
    }
    return len;
}

static void day_name(char out[32], int64_t day)
{
    (void)snprintf(out, 32, "unlisted:%lld", (long long)day);
}

static int32_t read_day(payroute_engine *e, code_rows *list, int64_t day, int64_t now_ms, char *text)
{
    char name[32];
    size_t len = 0;
    day_name(name, day);
    int32_t rc = e->store->ops->kv_get(e->store, name, now_ms, text, VALUE_CAP - 1, &len);
    if (rc == PAYROUTE_E_NOT_FOUND) {
        return PAYROUTE_OK;
    }
    if (rc == PAYROUTE_OK) {
        text[len] = '\0';
        take_day(list, text);
    }
    return rc;
}

/* ---- counting ---- */

static int32_t read_note(code_row *row, const char *text, int64_t now_ms)
{
    payroute_json *doc = NULL;
    int32_t rc = payroute_json_parse(&doc, text, strlen(text), NULL, 0);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    *row = (code_row){.count = 1, .first_ms = now_ms, .last_ms = now_ms};
    for (size_t i = 0; i < WORDS; i++) {
        const char *word = payroute_json_string(payroute_json_get(payroute_json_root(doc), word_names[i]));
        (void)snprintf(row->words[i], WORD_CAP, "%s", word && *word ? word : "-");
    }
    payroute_json_free(doc);
    return PAYROUTE_OK;
}

static int32_t count_row(payroute_engine *e, const code_row *row, code_rows *list, char *text)
{
    char name[32];
    int64_t now = row->last_ms;
    int64_t day = now / DAY_MS;
    int32_t rc = read_day(e, list, day, now, text);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    rows_add(list, row);
    day_name(name, day);
    return e->store->ops->kv_put(e->store, name, text, put_day(list, text), now + KEEP_DAYS * DAY_MS);
}

void prh_unlisted_note(prh_work *w)
{
    payroute_engine *e = w->engine;
    code_row row;
    code_rows list = {.rows = NULL};
    const char *note = payroute_payment_unlisted(w->payment);
    if (*note == '\0' || read_note(&row, note, prh_clock_now(&e->clock)) != PAYROUTE_OK) {
        return;
    }
    char *text = malloc(VALUE_CAP);
    if (text && rows_new(&list, DAY_ROWS) == PAYROUTE_OK) {
        (void)count_row(e, &row, &list, text); /* a count that is lost is not worth an error */
    }
    free(list.rows);
    free(text);
}

/* ---- listing ---- */

static int more_often(const void *a, const void *b)
{
    const code_row *x = a;
    const code_row *y = b;
    int order = (y->count > x->count) - (y->count < x->count);
    return order ? order : memcmp(x->words, y->words, sizeof x->words);
}

static void put_rows(payroute_json_out *out, const code_rows *list)
{
    payroute_json_out_object(out, NULL);
    payroute_json_out_array(out, "unlisted");
    for (size_t i = 0; i < list->count; i++) {
        const code_row *r = &list->rows[i];
        payroute_json_out_object(out, NULL);
        for (size_t word = 0; word < WORDS; word++) {
            payroute_json_out_string(out, word_names[word],
                                     strcmp(r->words[word], "-") == 0 ? "" : r->words[word]);
        }
        payroute_json_out_integer(out, "count", r->count);
        payroute_json_out_integer(out, "first_ms", r->first_ms);
        payroute_json_out_integer(out, "last_ms", r->last_ms);
        payroute_json_out_end(out);
    }
    payroute_json_out_end(out);
    payroute_json_out_integer(out, "dropped", list->dropped);
    payroute_json_out_end(out);
}

static int32_t list_days(payroute_engine *e, int32_t days, code_rows *list, char *text)
{
    int64_t now = prh_clock_now(&e->clock);
    int32_t rc = PAYROUTE_OK;
    for (int32_t i = 0; i < days && rc == PAYROUTE_OK; i++) {
        rc = read_day(e, list, now / DAY_MS - i, now, text);
    }
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    qsort(list->rows, list->count, sizeof *list->rows, more_often);
    put_rows(prh_result(e), list);
    return PAYROUTE_OK;
}

int32_t payroute_engine_unlisted(payroute_engine *engine, int32_t days)
{
    code_rows list = {.rows = NULL};
    int32_t rc = prh_enter(engine);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    if (days <= 0 || days > DAYS_MAX) {
        prh_say(engine, "days: expected 1 to %d", DAYS_MAX);
        return prh_leave(engine, prh_result_error(engine, PAYROUTE_E_RANGE, 0));
    }
    char *text = malloc(VALUE_CAP);
    rc = text ? rows_new(&list, LIST_ROWS) : PAYROUTE_E_NOMEM;
    if (rc == PAYROUTE_OK) {
        rc = list_days(engine, days, &list, text);
    }
    free(list.rows);
    free(text);
    return prh_leave(engine, rc == PAYROUTE_OK ? rc : prh_result_error(engine, rc, 0));
}
