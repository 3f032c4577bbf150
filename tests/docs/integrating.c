/* What surrounds the C of docs/integrating.md: a page whose customer pays at once, a web server, and the shop's own
   orders in a database that the page's SQL updates. */
#include "shop.h"

#include <payroute/host.h>
#include <sqlite3.h>

static char config[65536], options[500], headers[4096], body[16384];
static const char method[] = "POST", query[] = "";
static sqlite3 *orders;
static int shown, acknowledged, delivered, asked;

static void refuse(const char *text)
{
    shop_stop("refused", text);
}

static void try_again(void)
{
    shop_stop("busy", "nobody else works here");
}

static void page(const char *kind, const char *text)
{
    shown += strcmp(kind, "qr") == 0;
    shop_pay("ali-main", text, headers, sizeof headers, body, sizeof body);
}

static void reply(const char *json)
{
    acknowledged += strstr(json, "{\"ack\":{\"status\":200,\"type\":\"text/plain\",\"body\":\"success\"}") != NULL;
}

static void deliver(const char *kind, const char *order_id)
{
    static const char sql[] =
#include "integrating_sql.inc"
        ;
    sqlite3_stmt *update = NULL;
    if (strcmp(kind, "paid") != 0 || sqlite3_prepare_v2(orders, sql, -1, &update, NULL) != SQLITE_OK) {
        shop_stop("event", kind);
    }
    sqlite3_bind_text(update, 1, order_id, -1, SQLITE_TRANSIENT);
    (void)sqlite3_step(update);
    delivered += sqlite3_changes(orders);
    (void)sqlite3_step(update); /* again: changes nothing */
    delivered += 10 * sqlite3_changes(orders);
    sqlite3_finalize(update);
}

static void act(const char *json)
{
    asked += strstr(json, "\"do\":{\"do\":\"send\"") != NULL && strstr(json, "\"channel\":\"bank\"") != NULL;
}

int main(void)
{
    shop_read(config, sizeof config, getenv("CHANNELS"));
    (void)snprintf(options, sizeof options, "{\"store\":\"sqlite:%s\"}", getenv("STORE"));
    sqlite3_open(":memory:", &orders);
    sqlite3_exec(orders, "CREATE TABLE orders (order_id TEXT PRIMARY KEY, delivered INTEGER NOT NULL DEFAULT 0);"
                         "INSERT INTO orders (order_id) VALUES ('2001')", NULL, NULL, NULL);
#define AFTER_BLOCK                                                                                                    \
    if (rc != PAYROUTE_OK) {                                                                                           \
        shop_stop(payroute_rc_name(rc), payroute_engine_result(pay, NULL));                                            \
    }
#include "integrating.inc"
    sqlite3_close(orders);
    if (rc != PAYROUTE_OK || shown != 1 || acknowledged != 1 || delivered != 1 || asked != 1) {
        printf("%s, shown %d, acknowledged %d, delivered %d, asked %d\n", payroute_rc_name(rc), shown, acknowledged,
               delivered, asked);
        return 1;
    }
    puts("fine");
    return 0;
}
