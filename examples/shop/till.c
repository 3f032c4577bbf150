/* The shop's till. What a shop must do is all here: write the order down, create the payment, show what it
   returns, pass notifications on, and hand
   the goods out by one conditional update before it acknowledges the event. */
#include "shop.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *slurp(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        return NULL;
    }
    char *text = calloc(1, 1 << 20);
    size_t len = text != NULL ? fread(text, 1, (1 << 20) - 1, f) : 0;
    (void)fclose(f);
    if (text != NULL) {
        text[len] = '\0';
    }
    return text;
}

int till_open(till *t, world *w)
{
    char options[800];
    char why[1024] = "";
    memset(t, 0, sizeof *t);
    t->w = w;
    (void)snprintf(t->store, sizeof t->store, "%s/payments.db", w->dir);
    (void)snprintf(t->orders_path, sizeof t->orders_path, "%s/orders.db", w->dir);
    t->config = slurp(w->config);
    sqlite3 *db = NULL;
    if (t->config == NULL || sqlite3_open(t->orders_path, &db) != SQLITE_OK) {
        return 0;
    }
    t->orders = db;
    (void)sqlite3_busy_timeout(db, 5000);
    (void)sqlite3_exec(
        db,
        "PRAGMA synchronous=FULL; CREATE TABLE IF NOT EXISTS orders (order_id TEXT PRIMARY KEY, delivered INTEGER)",
        NULL, NULL, NULL);
    (void)snprintf(options, sizeof options,
                   "{\"store\":\"sqlite:%s\",\"instance\":\"demo\",\"clock\":{\"base_ms\":%lld,\"rate\":0}}",
                   t->store, (long long)w->now_ms);
    int32_t rc = payroute_engine_open(&t->engine, t->config, strlen(t->config), options, strlen(options), why,
                                      sizeof why);
    if (rc != PAYROUTE_OK) {
        (void)fprintf(stderr, "shop: %s: %s\n", payroute_rc_name(rc), why);
    }
    return rc == PAYROUTE_OK;
}

void till_close(till *t)
{
    payroute_engine_close(t->engine);
    (void)sqlite3_close(t->orders);
    free(t->config);
    memset(t, 0, sizeof *t);
}

/* One statement with one text; the number of rows it changed, or its first column when it has one. */
static int64_t ask(till *t, const char *sql, const char *text)
{
    sqlite3_stmt *s = NULL;
    int64_t value = -1;
    if (sqlite3_prepare_v2(t->orders, sql, -1, &s, NULL) == SQLITE_OK) {
        if (text != NULL) {
            (void)sqlite3_bind_text(s, 1, text, -1, SQLITE_STATIC);
        }
        int step = sqlite3_step(s);
        value = step == SQLITE_ROW    ? sqlite3_column_int64(s, 0)
                : step == SQLITE_DONE ? sqlite3_changes(t->orders)
                                      : -1;
    }
    (void)sqlite3_finalize(s);
    return value;
}

int till_order(till *t, const char *order_id)
{
    return ask(t, "INSERT OR IGNORE INTO orders (order_id, delivered) VALUES (?, 0)", order_id) >= 0;
}

int64_t till_pay(till *t, const char *order_id, const char *more, int64_t budget_ms)
{
    char spec[700];
    int64_t id = 0;
    (void)till_order(t, order_id);
    (void)snprintf(
        spec, sizeof spec,
        "{\"order_id\":\"%s\",\"amount_minor\":1990,\"currency\":\"CNY\",\"subject\":\"Game card\"%s}",
        order_id, more);
    (void)payroute_engine_create(t->engine, spec, strlen(spec), budget_ms, &id);
    return id;
}

int till_advance(till *t, int64_t id, int64_t budget_ms)
{
    return payroute_engine_advance(t->engine, id, budget_ms) == PAYROUTE_OK;
}

int till_sweep(till *t)
{
    return payroute_engine_sweep(t->engine, 20000) == PAYROUTE_OK;
}

void till_pass(till *t, int64_t ms)
{
    while (ms > 0) {
        int64_t step = ms > 7200000 ? 3600000 : ms > 30000 ? 30000 : ms;
        world_clock(t->w, t->w->now_ms + step);
        (void)payroute_engine_clock_step(t->engine, step);
        (void)till_sweep(t);
        ms -= step;
    }
}

static const char *member(const payroute_json_node *node, const char *name)
{
    const char *text = payroute_json_string(payroute_json_get(node, name));
    return text != NULL ? text : "";
}

/* What a web server would pass on: method, headers and raw body. */
static int32_t pass_on(till *t, const payroute_json_node *n)
{
    char headers[4096] = "";
    size_t len = 0;
    const payroute_json_node *h = payroute_json_first(payroute_json_get(n, "headers"));
    for (; h != NULL && len < sizeof headers; h = payroute_json_next(h)) {
        len += (size_t)snprintf(headers + len, sizeof headers - len, "%s: %s\r\n", payroute_json_name(h),
                                payroute_json_string(h));
    }
    char url[4096];
    (void)snprintf(url, sizeof url, "%s", member(n, "url"));
    char *query = strchr(url, '?');
    if (query != NULL) {
        *query++ = '\0';
    }
    const char *channel = strrchr(url, '/');
    const char *body = member(n, "body");
    return payroute_engine_notify(t->engine, channel != NULL ? channel + 1 : "", member(n, "method"), query,
                                  query != NULL ? strlen(query) : 0, headers, strlen(headers), body, strlen(body));
}

static int take(till *t, const char *reference, const char *how, int32_t *last_rc)
{
    char path[200];
    int count = 0;
    (void)snprintf(path, sizeof path, "/_outbox?%sreference=%s", how, reference);
    payroute_json *doc = world_call(t->w, path, NULL);
    const payroute_json_node *root = payroute_json_root(doc);
    const payroute_json_node *list =
        payroute_json_type(root) == PAYROUTE_JSON_ARRAY ? root : payroute_json_get(root, "notifications");
    for (const payroute_json_node *n = payroute_json_first(list); n != NULL; n = payroute_json_next(n)) {
        int32_t rc = pass_on(t, n);
        if (last_rc != NULL) {
            *last_rc = rc;
        }
        count++;
    }
    payroute_json_free(doc);
    return count;
}

int till_notify(till *t, const char *reference, int32_t *last_rc)
{
    return take(t, reference, "take=1&", last_rc);
}

int till_notify_again(till *t, const char *reference, int32_t *last_rc)
{
    return take(t, reference, "", last_rc);
}

/* 1 handed out now, 0 it was before, -1 the shop's own database could not say: then nothing is acknowledged. */
static int hand_out(till *t, const char *order_id)
{
    return (int)ask(t, "UPDATE orders SET delivered = delivered + 1 WHERE order_id = ? AND delivered = 0",
                    order_id);
}

static int deliver(till *t, int die)
{
    int count = 0;
    char *text = NULL;
    size_t len = 0;
    payroute_json *doc = NULL;
    if (payroute_engine_events(t->engine, 100) != PAYROUTE_OK) {
        return 0;
    }
    const char *result = payroute_engine_result(t->engine, &len);
    text = strndup(result, len); /* the next call writes a new one */
    if (payroute_json_parse(&doc, text, len, NULL, 0) == PAYROUTE_OK) {
        const payroute_json_node *e =
            payroute_json_first(payroute_json_get(payroute_json_root(doc), "events"));
        for (; e != NULL; e = payroute_json_next(e)) {
            const char *kind = member(e, "kind");
            char ids[80];
            if (strcmp(kind, "paid") == 0 || strcmp(kind, "late_paid") == 0) {
                int handed = hand_out(t, member(e, "order_id"));
                if (die) {
                    _exit(9);
                }
                if (handed < 0) {
                    continue; /* the event comes again */
                }
                count += handed;
            }
            (void)snprintf(ids, sizeof ids, "[\"%s\"]", member(e, "id"));
            (void)payroute_engine_event_ack(t->engine, ids, strlen(ids));
        }
    }
    payroute_json_free(doc);
    free(text);
    return count;
}

int till_deliver(till *t)
{
    return deliver(t, 0);
}

int till_deliver_but_die(till *t)
{
    return deliver(t, 1);
}

int till_delivered(till *t, const char *order_id)
{
    return (int)ask(t, "SELECT delivered FROM orders WHERE order_id = ?", order_id);
}

int64_t till_figure(till *t, const char *name)
{
    if (strcmp(name, "orders") == 0) {
        return ask(t, "SELECT count(*) FROM orders", NULL);
    }
    return ask(t,
               strcmp(name, "most") == 0 ? "SELECT max(delivered) FROM orders"
                                         : "SELECT sum(delivered) FROM orders",
               NULL);
}

static const payroute_json_node *walk(const payroute_json_node *node, const char *path)
{
    char name[64];
    while (node != NULL && *path != '\0') {
        size_t len = strcspn(path, ".");
        (void)snprintf(name, sizeof name, "%.*s", (int)len, path);
        if (payroute_json_type(node) == PAYROUTE_JSON_ARRAY) {
            int index = atoi(name);
            node = payroute_json_first(node);
            while (node != NULL && index-- > 0) {
                node = payroute_json_next(node);
            }
        } else {
            node = payroute_json_get(node, name);
        }
        path += len + (path[len] == '.');
    }
    return node;
}

const char *till_text(till *t, const char *path)
{
    static char texts[4][1024]; /* several may stand in one line */
    static int turn;
    char *text = texts[turn++ & 3];
    size_t len = 0;
    payroute_json *doc = NULL;
    const char *result = payroute_engine_result(t->engine, &len);
    text[0] = '\0';
    if (payroute_json_parse(&doc, result, len, NULL, 0) == PAYROUTE_OK) {
        const char *found = payroute_json_text(walk(payroute_json_root(doc), path));
        (void)snprintf(text, sizeof texts[0], "%s", found != NULL ? found : "");
    }
    payroute_json_free(doc);
    return text;
}

int64_t till_number(till *t, const char *path)
{
    return atoll(till_text(t, path));
}
