/* What the shop must learn, until it says that it has; and what can be listed. Hints of the customer's
   browser come in here too: they are counted and never believed. */
#include <stdio.h>

#include "host/engine.h"

#define ACK_MAX 1000
#define HINT_MS INT64_C(86400000)

static int32_t refuse_list(payroute_engine *e, int32_t rc)
{
    return prh_leave(e, prh_result_error(e, rc, 0));
}

int32_t payroute_engine_events(payroute_engine *engine, int32_t limit)
{
    int32_t rc = prh_enter(engine);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    if (limit <= 0 || limit > 1000) {
        prh_say(engine, "limit: expected 1 to 1000");
        return refuse_list(engine, PAYROUTE_E_RANGE);
    }
    payroute_json_out *out = prh_result(engine);
    payroute_json_out_object(out, NULL);
    rc = prh_result_events(engine, out, "events", 0, limit);
    payroute_json_out_end(out);
    if (rc != PAYROUTE_OK) {
        return refuse_list(engine, rc);
    }
    prh_one_due(engine, 0);
    return prh_leave(engine, PAYROUTE_OK);
}

/* ---- acknowledgement ---- */

typedef struct ack_list {
    int64_t payment_ids[ACK_MAX];
    int32_t kinds[ACK_MAX];
    int32_t nos[ACK_MAX];
    int32_t count;
} ack_list;

static const char *event_digits(const char *at, int64_t max, int64_t *out)
{
    int64_t sum = 0;
    const char *from = at;
    if (!at) {
        return NULL;
    }
    while (*at >= '0' && *at <= '9') {
        if (sum > (max - (*at - '0')) / 10) {
            return NULL;
        }
        sum = sum * 10 + (*at++ - '0');
    }
    *out = sum;
    return at > from ? at : NULL;
}

/* "payment.kind.number" */
static int32_t read_event_id(const char *text, ack_list *list)
{
    int64_t id = 0, kind = 0, no = 0;
    const char *at = event_digits(text, INT64_MAX, &id);
    if (!at || *at++ != '.') {
        return PAYROUTE_E_SCHEMA;
    }
    at = event_digits(at, INT32_MAX, &kind);
    if (!at || *at++ != '.') {
        return PAYROUTE_E_SCHEMA;
    }
    at = event_digits(at, INT32_MAX, &no);
    if (!at || *at) {
        return PAYROUTE_E_SCHEMA;
    }
    list->payment_ids[list->count] = id;
    list->kinds[list->count] = (int32_t)kind;
    list->nos[list->count++] = (int32_t)no;
    return PAYROUTE_OK;
}

static int32_t read_ids(payroute_engine *e, const char *json, size_t len, ack_list *list)
{
    payroute_json *doc = NULL;
    if (!json) {
        return PAYROUTE_E_ARG;
    }
    int32_t rc = payroute_json_parse(&doc, json, len, e->why, sizeof e->why);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    const payroute_json_node *root = payroute_json_root(doc);
    if (payroute_json_type(root) != PAYROUTE_JSON_ARRAY) {
        rc = PAYROUTE_E_SCHEMA;
    }
    if (payroute_json_count(root) > ACK_MAX) {
        rc = PAYROUTE_E_LIMIT;
    }
    for (const payroute_json_node *at = payroute_json_first(root); at && rc == PAYROUTE_OK;
         at = payroute_json_next(at)) {
        rc = read_event_id(payroute_json_string(at), list);
    }
    if (rc == PAYROUTE_E_SCHEMA) {
        prh_say(e, "ids: expected an array of texts such as \"12.1.1\"");
    }
    if (rc == PAYROUTE_E_LIMIT) {
        prh_say(e, "ids: at most %d at once", ACK_MAX);
    }
    payroute_json_free(doc);
    return rc;
}

int32_t payroute_engine_event_ack(payroute_engine *engine, const char *ids_json, size_t ids_len)
{
    int32_t rc = prh_enter(engine);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    ack_list *list = calloc(1, sizeof *list);
    rc = list ? read_ids(engine, ids_json, ids_len, list) : PAYROUTE_E_NOMEM;
    if (rc == PAYROUTE_OK && list->count > 0) {
        rc = engine->store->ops->event_ack(engine->store, list->payment_ids, list->kinds, list->nos,
                                           list->count, prh_clock_now(&engine->clock));
    }
    int32_t count = list ? list->count : 0;
    free(list);
    if (rc != PAYROUTE_OK) {
        return refuse_list(engine, rc);
    }
    payroute_json_out *out = prh_result(engine);
    payroute_json_out_object(out, NULL);
    payroute_json_out_integer(out, "acknowledged", count);
    payroute_json_out_end(out);
    prh_one_due(engine, 0);
    return prh_leave(engine, PAYROUTE_OK);
}

/* ---- hints ---- */

static int32_t known_hint(const char *what)
{
    static const char *const known[] = {"opened", "returned", "error", "code_late"};
    for (size_t i = 0; what && i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(what, known[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Anybody can send these, so a payment's hint is written once a day at most. */
static int32_t keep_hint(payroute_engine *e, int64_t payment_id, int32_t attempt, const char *what)
{
    char channel[40] = "";
    char name[80];
    char value[8];
    size_t len = 0;
    prh_rows rows = {0};
    int64_t now = prh_clock_now(&e->clock);
    snprintf(name, sizeof name, "hint.%lld.%d.%s", (long long)payment_id, (int)attempt, what);
    int32_t rc = e->store->ops->kv_get(e->store, name, now, value, sizeof value, &len);
    if (rc != PAYROUTE_E_NOT_FOUND) {
        return rc;
    }
    rc = e->store->ops->load(e->store, payment_id, &rows);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    int32_t there = 0;
    for (int32_t i = 0; i < rows.set.attempt_count; i++) {
        if (rows.set.attempts[i].n == attempt) {
            there = 1;
            snprintf(channel, sizeof channel, "%s", rows.set.attempts[i].channel);
        }
    }
    /* A first code came with the order; when a later one came stands in no column. */
    int64_t age_ms =
        attempt == 1 && rows.set.payment.ordered_ms <= now ? now - rows.set.payment.ordered_ms : -1;
    e->store->ops->rows_free(&rows);
    rc = there ? e->store->ops->kv_put(e->store, name, "1", 1, now + HINT_MS) : PAYROUTE_E_NOT_FOUND;
    if (rc == PAYROUTE_OK) {
        prh_health_client(e, channel, what, age_ms);
    }
    return rc;
}

int32_t payroute_engine_client_event(payroute_engine *engine, int64_t payment_id, int32_t attempt,
                                     const char *what)
{
    int32_t rc = prh_enter(engine);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    if (!known_hint(what)) {
        prh_say(engine, "what: expected opened, returned, error or code_late");
        return refuse_list(engine, PAYROUTE_E_SCHEMA);
    }
    rc = keep_hint(engine, payment_id, attempt, what);
    if (rc != PAYROUTE_OK) {
        return refuse_list(engine, rc);
    }
    engine->counts.hints++;
    payroute_json_out *out = prh_result(engine);
    payroute_json_out_object(out, NULL);
    payroute_json_out_string(out, "kept", what);
    payroute_json_out_end(out);
    return prh_leave(engine, PAYROUTE_OK);
}

/* ---- list ---- */

static int32_t put_row(void *user, const payroute_row_payment *row)
{
    payroute_json_out *out = user;
    payroute_json_out_object(out, NULL);
    payroute_json_out_integer(out, "payment_id", row->id);
    payroute_json_out_string(out, "order_id", row->order_id);
    payroute_json_out_integer(out, "amount_minor", row->amount_minor);
    payroute_json_out_string(out, "currency", row->currency);
    payroute_json_out_string(out, "status", prh_status_name(row->status));
    payroute_json_out_integer(out, "ordered_at_ms", row->ordered_ms);
    payroute_json_out_integer(out, "winner", row->winner);
    if (row->wake_ms < INT64_MAX) {
        payroute_json_out_integer(out, "wake_ms", row->wake_ms);
    } else {
        payroute_json_out_null(out, "wake_ms");
    }
    payroute_json_out_end(out);
    return 0;
}

typedef struct list_filter {
    int32_t status;
    int64_t after_id;
    int64_t limit;
} list_filter;

static int32_t read_filter(payroute_engine *e, const char *text, size_t len, list_filter *filter)
{
    payroute_json *doc = NULL;
    *filter = (list_filter){.limit = 100};
    if (!text || len == 0) {
        return PAYROUTE_OK;
    }
    int32_t rc = payroute_json_parse(&doc, text, len, e->why, sizeof e->why);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    const payroute_json_node *root = payroute_json_root(doc);
    if (payroute_json_type(root) != PAYROUTE_JSON_OBJECT) {
        rc = PAYROUTE_E_SCHEMA;
    }
    for (const payroute_json_node *at = payroute_json_first(root); at && rc == PAYROUTE_OK;
         at = payroute_json_next(at)) {
        const char *name = payroute_json_name(at);
        if (strcmp(name, "status") == 0) {
            filter->status = prh_status_number(payroute_json_string(at));
            if (filter->status < 0) {
                rc = PAYROUTE_E_SCHEMA;
            }
        } else if (strcmp(name, "after_id") == 0) {
            rc = payroute_json_integer(&filter->after_id, at);
        } else if (strcmp(name, "limit") == 0) {
            rc = payroute_json_integer(&filter->limit, at);
        } else {
            rc = PAYROUTE_E_SCHEMA;
        }
    }
    payroute_json_free(doc);
    if (filter->limit < 1 || filter->limit > 1000) {
        rc = PAYROUTE_E_SCHEMA;
    }
    if (rc != PAYROUTE_OK) {
        prh_say(
            e,
            "filter: expected {\"status\":one of open … failed, \"after_id\":number, \"limit\":1 to 1000}");
    }
    return rc;
}

int32_t payroute_engine_list(payroute_engine *engine, const char *filter, size_t filter_len)
{
    list_filter wanted;
    int32_t rc = prh_enter(engine);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    rc = read_filter(engine, filter, filter_len, &wanted);
    if (rc != PAYROUTE_OK) {
        return refuse_list(engine, rc);
    }
    payroute_json_out *out = prh_result(engine);
    payroute_json_out_object(out, NULL);
    payroute_json_out_array(out, "payments");
    rc = engine->store->ops->list(engine->store, wanted.status, wanted.after_id, (int32_t)wanted.limit,
                                  put_row, out);
    payroute_json_out_end(out);
    payroute_json_out_end(out);
    return rc == PAYROUTE_OK ? prh_leave(engine, rc) : refuse_list(engine, rc);
}
