/* The tables and every statement. The unique keys here are the promises: one payment an order, one attempt a
   guard slot, one action a caller's id. They are the database's rules, so that no race between workers can
   get round them. */
#include "host/sqlite_store.h"

#include <string.h>

#define PAYMENT_LIST                                                                               \
    "id, instance, order_id, ordered_at, amount, currency, winner, cancelled, over, status, "      \
    "version, lease_until, lease_epoch, lease_owner, wake, attempts, actions, record, sum"
#define ATTEMPT_LIST                                                                               \
    "payment_id, n, channel, reference, state, review, sends, shown, guard, provider_id, "         \
    "capture_id, content, show_kind, show, sum"
#define ACTION_LIST "payment_id, no, n, kind, key, caller_id, state, sends, amount, provider_id, sum"

/* `sum` covers the columns before it: the pages of SQLite carry no checksum, and a flipped bit in an amount
   must not pass. `attempts` and `actions` say how many rows belong to a payment, so that a lost one shows. */
static const struct {
    const char *name;
    const char *sql;
} objects[] = {
    { "meta", "CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID" },
    { "payment",
      "CREATE TABLE payment (id INTEGER PRIMARY KEY, instance TEXT NOT NULL, order_id TEXT NOT NULL, "
      "ordered_at INTEGER NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL, winner INTEGER, "
      "cancelled INTEGER NOT NULL, over INTEGER NOT NULL, status INTEGER NOT NULL, version INTEGER NOT NULL, "
      "lease_until INTEGER NOT NULL, lease_epoch INTEGER NOT NULL, lease_owner TEXT NOT NULL, "
      "wake INTEGER NOT NULL, attempts INTEGER NOT NULL, actions INTEGER NOT NULL, record BLOB NOT NULL, "
      "sum INTEGER NOT NULL, UNIQUE (instance, order_id)) STRICT" },
    { "attempt",
      "CREATE TABLE attempt (payment_id INTEGER NOT NULL REFERENCES payment (id), n INTEGER NOT NULL, "
      "channel TEXT NOT NULL, reference TEXT NOT NULL, state INTEGER NOT NULL, review INTEGER NOT NULL, "
      "sends INTEGER NOT NULL, shown INTEGER NOT NULL, guard INTEGER CHECK (guard IN (1, 2)), "
      "provider_id TEXT NOT NULL, capture_id TEXT NOT NULL, content BLOB NOT NULL, show_kind INTEGER NOT "
      "NULL, "
      "show BLOB, sum INTEGER NOT NULL, PRIMARY KEY (payment_id, n), UNIQUE (channel, reference), "
      "UNIQUE (payment_id, guard), CHECK (length(content) <= 4096), CHECK (length(show) <= 16384)) STRICT" },
    { "action",
      "CREATE TABLE action (payment_id INTEGER NOT NULL REFERENCES payment (id), no INTEGER NOT NULL, "
      "n INTEGER NOT NULL, kind INTEGER NOT NULL, key TEXT NOT NULL UNIQUE, caller_id TEXT, "
      "state INTEGER NOT NULL, sends INTEGER NOT NULL, amount INTEGER NOT NULL, provider_id TEXT NOT NULL, "
      "sum INTEGER NOT NULL, PRIMARY KEY (payment_id, no), UNIQUE (payment_id, kind, caller_id)) STRICT" },
    { "notification",
      "CREATE TABLE notification (channel TEXT NOT NULL, event_id TEXT NOT NULL, order_hash TEXT NOT NULL, "
      "body BLOB NOT NULL, at INTEGER NOT NULL, sum INTEGER NOT NULL, "
      "payment_id INTEGER REFERENCES payment (id), PRIMARY KEY (channel, event_id)) STRICT" },
    { "fact",
      "CREATE TABLE fact (payment_id INTEGER NOT NULL REFERENCES payment (id), n INTEGER NOT NULL, "
      "source INTEGER NOT NULL, no INTEGER NOT NULL, asked_at INTEGER NOT NULL, last_seen INTEGER NOT NULL, "
      "count INTEGER NOT NULL, body BLOB NOT NULL, sum INTEGER NOT NULL, "
      "PRIMARY KEY (payment_id, n, source, no)) STRICT" },
    { "event",
      "CREATE TABLE event (payment_id INTEGER NOT NULL REFERENCES payment (id), kind INTEGER NOT NULL, "
      "no INTEGER NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL, sum INTEGER NOT NULL, acked_at INTEGER, "
      "PRIMARY KEY (payment_id, kind, no)) STRICT" },
    { "kv",
      "CREATE TABLE kv (name TEXT PRIMARY KEY, value BLOB NOT NULL, expires INTEGER NOT NULL, "
      "sum INTEGER NOT NULL) STRICT" },
    { "audit",
      "CREATE TABLE audit (id INTEGER PRIMARY KEY AUTOINCREMENT, payment_id INTEGER NOT NULL REFERENCES "
      "payment (id), "
      "version INTEGER NOT NULL, hash TEXT NOT NULL, sum INTEGER NOT NULL, UNIQUE (payment_id, version)) "
      "STRICT" },
    { "payment_due", "CREATE INDEX payment_due ON payment (wake, id) WHERE wake < 9223372036854775807" },
    { "attempt_provider", "CREATE INDEX attempt_provider ON attempt (channel, provider_id) WHERE "
                          "provider_id <> ''" },
    { "notification_orphan", "CREATE INDEX notification_orphan ON notification (order_hash) WHERE "
                             "payment_id IS NULL" },
    { "event_open", "CREATE INDEX event_open ON event (at, payment_id, kind, no) WHERE acked_at IS NULL" },
};
#define OBJECTS ((int)(sizeof objects / sizeof objects[0]))

const char *const prh_sqlite_text[PRH_SQL_COUNT] = {
    [PRH_SQL_PAYMENT_GET] = "SELECT " PAYMENT_LIST " FROM payment WHERE id = ?1",
    [PRH_SQL_PAYMENT_NEXT] = "SELECT coalesce(max(id), 0) + 1 FROM payment",
    [PRH_SQL_PAYMENT_INSERT] = "INSERT INTO payment (" PAYMENT_LIST ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, "
                                                                    "?8, ?9, "
                               "?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
    [PRH_SQL_PAYMENT_UPDATE] = "UPDATE payment SET winner = ?7, cancelled = ?8, over = ?9, status = ?10, "
                               "version = ?11, "
                               "lease_until = ?12, lease_epoch = ?13, lease_owner = ?14, wake = ?15, "
                               "attempts = ?16, "
                               "actions = ?17, record = ?18, sum = ?19 WHERE id = ?1 AND version = ?11 - 1 "
                               "AND lease_epoch <= ?13 AND instance = ?2 AND order_id = ?3 AND ordered_at = "
                               "?4 "
                               "AND amount = ?5 AND currency = ?6",
    [PRH_SQL_PAYMENT_LIST] = "SELECT " PAYMENT_LIST " FROM payment WHERE id > ?1 AND (?2 = 0 OR status = ?2) "
                             "ORDER BY id LIMIT ?3",
    [PRH_SQL_PAYMENT_DUE] = "SELECT id FROM payment WHERE wake <= ?1 AND wake < 9223372036854775807 "
                            "ORDER BY wake, id LIMIT ?2",
    [PRH_SQL_PAYMENT_ORDER] = "SELECT id FROM payment WHERE instance = ?1 AND order_id = ?2",
    [PRH_SQL_ATTEMPT_GET] = "SELECT " ATTEMPT_LIST " FROM attempt WHERE payment_id = ?1 AND n = ?2",
    [PRH_SQL_ATTEMPT_ALL] = "SELECT " ATTEMPT_LIST " FROM attempt WHERE payment_id = ?1 ORDER BY n",
    [PRH_SQL_ATTEMPT_UNGUARD] = "UPDATE attempt SET guard = NULL WHERE payment_id = ?1 AND n = ?2",
    [PRH_SQL_ATTEMPT_INSERT] = "INSERT INTO attempt (" ATTEMPT_LIST ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, "
                                                                    "?8, ?9, "
                               "?10, ?11, ?12, ?13, ?14, ?15)",
    [PRH_SQL_ATTEMPT_UPDATE] = "UPDATE attempt SET state = ?5, review = ?6, sends = ?7, shown = ?8, guard = "
                               "?9, "
                               "provider_id = ?10, capture_id = ?11, show_kind = ?13, show = ?14, sum = ?15 "
                               "WHERE payment_id = ?1 AND n = ?2 AND channel = ?3 AND reference = ?4 AND "
                               "content = ?12",
    [PRH_SQL_ATTEMPT_REFERENCE] = "SELECT payment_id FROM attempt WHERE channel = ?1 AND reference = ?2",
    [PRH_SQL_ATTEMPT_PROVIDER] = "SELECT payment_id FROM attempt WHERE channel = ?1 AND provider_id = ?2 "
                                 "AND provider_id <> '' ORDER BY payment_id DESC LIMIT 1",
    [PRH_SQL_ACTION_GET] = "SELECT " ACTION_LIST " FROM action WHERE payment_id = ?1 AND no = ?2",
    [PRH_SQL_ACTION_ALL] = "SELECT " ACTION_LIST " FROM action WHERE payment_id = ?1 ORDER BY no",
    [PRH_SQL_ACTION_INSERT] = "INSERT INTO action (" ACTION_LIST ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, "
                                                                 "?9, ?10, ?11)",
    [PRH_SQL_ACTION_UPDATE] = "UPDATE action SET state = ?7, sends = ?8, amount = ?9, provider_id = ?10, "
                              "sum = ?11 "
                              "WHERE payment_id = ?1 AND no = ?2 AND n = ?3 AND kind = ?4 AND key = ?5 "
                              "AND caller_id IS ?6",
    [PRH_SQL_FACT_PUT] = "INSERT INTO fact (payment_id, n, source, no, asked_at, last_seen, count, body, "
                         "sum) "
                         "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (payment_id, n, source, "
                         "no) "
                         "DO UPDATE SET asked_at = ?5, last_seen = ?6, count = ?7, body = ?8, sum = ?9",
    [PRH_SQL_EVENT_PUT] = "INSERT INTO event (payment_id, kind, no, at, body, sum) VALUES (?1, ?2, ?3, ?4, "
                          "?5, ?6) "
                          "ON CONFLICT (payment_id, kind, no) DO NOTHING",
    [PRH_SQL_EVENT_GET] = "SELECT acked_at FROM event WHERE payment_id = ?1 AND kind = ?2 AND no = ?3",
    [PRH_SQL_EVENT_ACK] = "UPDATE event SET acked_at = ?4 WHERE payment_id = ?1 AND kind = ?2 AND no = ?3 "
                          "AND acked_at IS NULL",
    [PRH_SQL_EVENT_OPEN] = "SELECT e.payment_id, e.kind, e.no, e.at, e.body, e.sum, p.order_id FROM event e "
                           "LEFT JOIN payment p ON p.id = e.payment_id WHERE e.acked_at IS NULL "
                           "ORDER BY e.at, e.payment_id, e.kind, e.no LIMIT ?2",
    [PRH_SQL_EVENT_OPEN_OF] = "SELECT e.payment_id, e.kind, e.no, e.at, e.body, e.sum, p.order_id FROM "
                              "event e "
                              "LEFT JOIN payment p ON p.id = e.payment_id WHERE e.payment_id = ?1 "
                              "AND e.acked_at IS NULL ORDER BY e.at, e.kind, e.no LIMIT ?2",
    [PRH_SQL_NOTE_PUT] = "INSERT INTO notification (channel, event_id, order_hash, body, at, sum, "
                         "payment_id) "
                         "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (channel, event_id) DO NOTHING",
    [PRH_SQL_NOTE_LINK] = "UPDATE notification SET payment_id = ?3 WHERE channel = ?1 AND event_id = ?2 "
                          "AND payment_id IS NULL",
    [PRH_SQL_NOTE_GET] = "SELECT channel, event_id, order_hash, body, at, sum, payment_id FROM notification "
                         "WHERE channel = ?1 AND event_id = ?2",
    [PRH_SQL_NOTE_ORPHANS] = "SELECT channel, event_id, order_hash, body, at, sum, rowid FROM notification "
                             "WHERE payment_id IS NULL AND (?1 IS NULL OR order_hash = ?1) AND rowid > ?2 "
                             "ORDER BY rowid LIMIT 100",
    [PRH_SQL_NOTE_TAKE] = "UPDATE notification SET payment_id = ?3 WHERE channel = ?1 AND event_id = ?2 "
                          "AND payment_id IS NULL",
    [PRH_SQL_KV_GET] = "SELECT name, value, expires, sum FROM kv WHERE name = ?1",
    [PRH_SQL_KV_PUT] = "INSERT INTO kv (name, value, expires, sum) VALUES (?1, ?2, ?3, ?4) "
                       "ON CONFLICT (name) DO UPDATE SET value = ?2, expires = ?3, sum = ?4",
    [PRH_SQL_KV_DELETE] = "DELETE FROM kv WHERE name = ?1",
    [PRH_SQL_AUDIT_PUT] = "INSERT INTO audit (payment_id, version, hash, sum) VALUES (?1, ?2, ?3, ?4)",
    [PRH_SQL_AUDIT_NEWEST] = "SELECT payment_id, version, hash, sum FROM audit WHERE payment_id = ?1 "
                             "ORDER BY version DESC LIMIT 1",
    [PRH_SQL_AUDIT_FIND] = "SELECT 1 FROM audit WHERE payment_id = ?1 AND version = ?2 AND hash = ?3",
    [PRH_SQL_AUDIT_COUNTER] = "SELECT coalesce(max(id), 0) FROM audit",
    [PRH_SQL_CONFIRM] = "INSERT INTO meta (name, value) VALUES ('confirmed', 1) "
                        "ON CONFLICT (name) DO UPDATE SET value = value + 1",
};

static int32_t exec(prh_sqlite *s, const char *sql)
{
    int code = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? PAYROUTE_OK : prh_sqlite_fail(s, code);
}

#define TEXT2(x) #x
#define TEXT(x) TEXT2(x)

static int32_t make_all(prh_sqlite *s)
{
    int32_t rc = PAYROUTE_OK;
    for (int i = 0; i < OBJECTS && !rc; i++) {
        rc = exec(s, objects[i].sql);
    }
    if (!rc) {
        rc = exec(s, "INSERT INTO meta (name, value) VALUES ('schema', " TEXT(PRH_SQLITE_SCHEMA) ")");
    }
    if (!rc) {
        rc = exec(s, "PRAGMA application_id = " TEXT(PRH_SQLITE_APPLICATION));
    }
    return rc ? rc : exec(s, "PRAGMA user_version = " TEXT(PRH_SQLITE_SCHEMA));
}

static int32_t number_of(prh_sqlite *s, const char *sql, int64_t *out)
{
    sqlite3_stmt *st = NULL;
    int code = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(st);
    }
    if (code == SQLITE_ROW) {
        *out = sqlite3_column_int64(st, 0);
    }
    sqlite3_finalize(st);
    return code == SQLITE_ROW ? PAYROUTE_OK : prh_sqlite_fail(s, code);
}

/* Several processes may find the file empty at once: one makes the tables, the others see them when they get
   the lock. */
int32_t prh_sqlite_schema_make(prh_sqlite *s, char *why, size_t why_cap)
{
    int32_t rc = exec(s, "BEGIN IMMEDIATE");
    int64_t tables = 0;
    if (!rc) {
        rc = number_of(s, "SELECT count(*) FROM sqlite_schema", &tables);
        if (!rc && !tables) {
            rc = make_all(s);
        }
        if (!rc) {
            rc = exec(s, "COMMIT");
        }
        if (rc && !sqlite3_get_autocommit(s->db)) {
            (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
        }
    }
    if (rc) {
        prh_why(why, why_cap, "%s: the tables could not be made (SQLite: %s)", s->path,
                sqlite3_errstr(s->last));
    }
    return rc;
}

static const char *sql_of(const char *name)
{
    for (int i = 0; i < OBJECTS; i++) {
        if (!strcmp(objects[i].name, name)) {
            return objects[i].sql;
        }
    }
    return NULL;
}

/* A missing unique key would silently take a promise away, hence the text of every object is compared. */
static int32_t compare_objects(prh_sqlite *s, char *why, size_t why_cap)
{
    sqlite3_stmt *st = NULL;
    const char *all = "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    int code = sqlite3_prepare_v2(s->db, all, -1, &st, NULL);
    int found = 0;
    int32_t rc = PAYROUTE_OK;
    while (code == SQLITE_OK || code == SQLITE_ROW) {
        code = sqlite3_step(st);
        if (code != SQLITE_ROW) {
            break;
        }
        const char *name = (const char *)sqlite3_column_text(st, 0);
        const char *sql = (const char *)sqlite3_column_text(st, 1);
        const char *ours = name ? sql_of(name) : NULL;
        if (!ours || !sql || strcmp(ours, sql) != 0) {
            prh_why(why, why_cap, "%s: its table or index '%s' is not the one this version makes: damaged "
                                  "or altered",
                    s->path, name ? name : "?");
            rc = PAYROUTE_E_CHECKSUM;
            break;
        }
        found++;
    }
    sqlite3_finalize(st);
    if (!rc && code != SQLITE_DONE) {
        rc = prh_sqlite_fail(s, code);
        prh_why(why, why_cap, "%s: cannot be read (SQLite: %s)", s->path, sqlite3_errstr(code));
    } else if (!rc && found != OBJECTS) {
        prh_why(why, why_cap, "%s: %d of its %d tables and indexes are missing: damaged or altered", s->path,
                OBJECTS - found, OBJECTS);
        rc = PAYROUTE_E_CHECKSUM;
    }
    return rc;
}

int32_t prh_sqlite_schema_verify(prh_sqlite *s, char *why, size_t why_cap)
{
    int64_t application = 0;
    int64_t version = 0;
    int32_t rc = number_of(s, "PRAGMA application_id", &application);
    if (!rc) {
        rc = number_of(s, "PRAGMA user_version", &version);
    }
    if (rc) {
        prh_why(why, why_cap, "%s: cannot be read (SQLite: %s)", s->path, sqlite3_errstr(s->last));
        return rc;
    }
    if (application != PRH_SQLITE_APPLICATION) {
        prh_why(why, why_cap, "%s: a SQLite file, but not one of payroute; give another path", s->path);
        return PAYROUTE_E_VERSION;
    }
    if (version != PRH_SQLITE_SCHEMA) {
        prh_why(why, why_cap, "%s: written with schema %lld, this version reads %d; %s", s->path,
                (long long)version,
                PRH_SQLITE_SCHEMA, version > PRH_SQLITE_SCHEMA ? "install the newer payroute"
                    : "upgrade it first");
        return PAYROUTE_E_VERSION;
    }
    return compare_objects(s, why, why_cap);
}
