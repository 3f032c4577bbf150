/* The shop's side: an engine on a file, orders in a database of its own, and what it tells the customer. */
#include "world.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int shop_prepare(struct shop *s, struct world *w, const char *order_id, int64_t amount)
{
    memset(s, 0, sizeof *s);
    s->w = w;
    s->amount = amount;
    snprintf(s->order_id, sizeof s->order_id, "%s", order_id);
    snprintf(s->dir, sizeof s->dir, "%s/%s", w->dir, order_id);
    s->memory = mmap(NULL, sizeof *s->memory, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return s->memory != MAP_FAILED && mkdir(s->dir, 0700) == 0;
}

void shop_drop(struct shop *s)
{
    static const char *const files[] = {"payments.db",      "payments.db-journal", "payments.db-wal",
                                        "payments.db-shm",  "payments.db-ballast", "orders.db",
                                        "orders.db-journal"};
    char path[256];
    shop_close(s);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", s->dir, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(s->dir);
    munmap(s->memory, sizeof *s->memory);
    memset(s, 0, sizeof *s);
}

static int open_orders(struct shop *s)
{
    char path[256];
    sqlite3 *db = NULL;
    snprintf(path, sizeof path, "%s/orders.db", s->dir);
    int rc = sqlite3_open(path, &db);
    s->orders = db;
    return rc == SQLITE_OK && sqlite3_exec(db,
                                           "CREATE TABLE IF NOT EXISTS orders (order_id TEXT PRIMARY KEY, "
                                           "delivered INTEGER NOT NULL DEFAULT 0)",
                                           NULL, NULL, NULL) == SQLITE_OK;
}

/* One statement about our order; rows changed, or its first column when it has one; -1 on trouble. */
static int64_t about_order(struct shop *s, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int64_t value = -1;
    if (sqlite3_prepare_v2(s->orders, sql, -1, &statement, NULL) == SQLITE_OK) {
        (void)sqlite3_bind_text(statement, 1, s->order_id, -1, SQLITE_STATIC);
        int step = sqlite3_step(statement);
        value = step == SQLITE_ROW    ? sqlite3_column_int64(statement, 0)
                : step == SQLITE_DONE ? sqlite3_changes(s->orders)
                                      : -1;
    }
    (void)sqlite3_finalize(statement);
    return value;
}

int shop_open(struct shop *s)
{
    char options[512];
    char why[256] = "";
    snprintf(
        options, sizeof options,
        "{\"store\":\"sqlite:%s/payments.db\",\"instance\":\"crash\","
        "\"clock\":{\"base_ms\":%lld,\"rate\":0}}",
        s->dir, (long long)*s->w->now_ms);
    int32_t rc = payroute_engine_open(&s->engine, s->w->config, strlen(s->w->config), options,
                                      strlen(options), why, sizeof why);
    if (rc != PAYROUTE_OK) {
        snprintf(s->why, sizeof s->why, "open: %s %s", payroute_rc_name(rc), why);
    }
    return rc == PAYROUTE_OK && open_orders(s) &&
           about_order(s, "INSERT OR IGNORE INTO orders (order_id) VALUES (?)") >= 0;
}

void shop_close(struct shop *s)
{
    payroute_engine_close(s->engine);
    s->engine = NULL;
    (void)sqlite3_close(s->orders);
    s->orders = NULL;
}

const char *shop_text(struct shop *s, const char *path)
{
    static char texts[4][2048];
    static int turn;
    char *text = texts[turn = (turn + 1) % 4];
    size_t len = 0;
    payroute_json *doc = NULL;
    const char *result = payroute_engine_result(s->engine, &len);
    text[0] = '\0';
    if (payroute_json_parse(&doc, result, len, NULL, 0) == PAYROUTE_OK) {
        const payroute_json_node *node = walk(payroute_json_root(doc), path);
        const char *found = payroute_json_type(node) == PAYROUTE_JSON_BOOL
                                ? (payroute_json_flag(node) ? "true" : "false")
                                : payroute_json_text(node);
        snprintf(text, sizeof texts[0], "%s", found ? found : "");
    }
    payroute_json_free(doc);
    return text;
}

int64_t shop_number(struct shop *s, const char *path)
{
    return atoll(shop_text(s, path));
}

/* The customer may hold a code that a killed process showed him, and has read what it said. */
void shop_remember(struct shop *s)
{
    static const char *const lost[] = {"declined", "expired", "cancelled", "failed"};
    const char *status = shop_text(s, "status");
    for (size_t i = 0; i < sizeof lost / sizeof *lost; i++) {
        if (strcmp(status, lost[i]) == 0) {
            snprintf(s->memory->told, sizeof s->memory->told, "%s", status);
            s->memory->told_lost = 1;
        }
    }
    if (shop_text(s, "show.kind")[0]) {
        snprintf(s->memory->kind, sizeof s->memory->kind, "%s", shop_text(s, "show.kind"));
        snprintf(s->memory->shown, sizeof s->memory->shown, "%s", shop_text(s, "show.text"));
    }
}

int32_t shop_pay(struct shop *s, const char *more, int64_t budget_ms)
{
    char spec[512];
    int64_t id = 0;
    snprintf(spec, sizeof spec,
             "{\"order_id\":\"%s\",\"amount_minor\":%lld,\"currency\":\"CNY\",\"subject\":\"Game card\"%s}",
             s->order_id, (long long)s->amount, more);
    int32_t rc = payroute_engine_create(s->engine, spec, strlen(spec), budget_ms, &id);
    s->id = id > 0 ? id : s->id;
    shop_remember(s);
    return rc;
}

static const char *member(const payroute_json_node *node, const char *name)
{
    const char *text = payroute_json_string(payroute_json_get(node, name));
    return text ? text : "";
}

/* What a web server would pass on: method, headers and raw body. */
int32_t shop_notify(struct shop *s, const payroute_json_node *n)
{
    char headers[4096] = "";
    size_t len = 0;
    const payroute_json_node *h = payroute_json_first(payroute_json_get(n, "headers"));
    for (; h && len < sizeof headers; h = payroute_json_next(h)) {
        len += (size_t)snprintf(headers + len, sizeof headers - len, "%s: %s\r\n", payroute_json_name(h),
                                payroute_json_string(h));
    }
    const char *channel = strrchr(member(n, "url"), '/');
    const char *body = member(n, "body");
    return payroute_engine_notify(s->engine, channel ? channel + 1 : "", member(n, "method"), NULL, 0,
                                  headers, strlen(headers), body, strlen(body));
}

int64_t shop_hand_out(struct shop *s)
{
    return about_order(s, "UPDATE orders SET delivered = 1 WHERE order_id = ? AND delivered = 0");
}

/* 1: now, 0: there is nothing to hand out, -1: it could not be written down, so no receipt. */
static int hand_out(struct shop *s, const char *kind, int careless)
{
    if (strcmp(kind, "paid") != 0 && strcmp(kind, "late_paid") != 0) {
        return 0;
    }
    if (careless) {
        return (int)about_order(s, "UPDATE orders SET delivered = delivered + 1 WHERE order_id = ?");
    }
    return (int)shop_hand_out(s);
}

/* The goods first, the receipt afterwards: an event that comes again finds them handed out. */
int shop_deliver(struct shop *s, int careless)
{
    payroute_json *doc = NULL;
    size_t len = 0;
    int count = 0;
    if (payroute_engine_events(s->engine, 100) != PAYROUTE_OK) {
        return 0;
    }
    const char *result = payroute_engine_result(s->engine, &len);
    (void)payroute_json_parse(&doc, result, len, NULL, 0);
    const payroute_json_node *e = payroute_json_first(payroute_json_get(payroute_json_root(doc), "events"));
    for (; e; e = payroute_json_next(e)) {
        char ids[96];
        int handed = hand_out(s, member(e, "kind"), careless);
        if (handed < 0) {
            continue;
        }
        count += handed;
        snprintf(ids, sizeof ids, "[\"%s\"]", member(e, "id"));
        (void)payroute_engine_event_ack(s->engine, ids, strlen(ids));
    }
    payroute_json_free(doc);
    return count;
}

int64_t shop_delivered(struct shop *s)
{
    return about_order(s, "SELECT delivered FROM orders WHERE order_id = ?");
}
