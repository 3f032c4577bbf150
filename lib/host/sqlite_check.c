/* The checks that read everything, and the backup: SQLite's own structure, then what the rows say about each
   other. */
#include "host/sqlite_store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int32_t prh_sqlite_quick(prh_sqlite *s, const char *pragma, char *why, size_t why_cap)
{
    char sql[64];
    (void)sqlite3_snprintf((int)sizeof sql, sql, "PRAGMA %s(1)", pragma);
    sqlite3_stmt *st = NULL;
    int code = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
    int32_t rc = PAYROUTE_OK;
    if (code == SQLITE_OK) {
        code = sqlite3_step(st);
    }
    if (code == SQLITE_ROW) {
        const char *said = (const char *)sqlite3_column_text(st, 0);
        if (!said || strcmp(said, "ok") != 0) {
            prh_why(why, why_cap, "%s: damaged: %.200s; restore a backup, then run payroute restore", s->path,
                    said ? said : "?");
            rc = PAYROUTE_E_CHECKSUM;
        }
    } else {
        rc = prh_sqlite_fail(s, code);
        prh_why(why, why_cap, "%s: cannot be checked (SQLite: %s)", s->path, sqlite3_errstr(code));
    }
    sqlite3_finalize(st);
    return rc;
}

/* Each finds rows that the rules of a save set do not allow. The first column says where. */
static const struct {
    const char *what;
    const char *sql;
} rules[] = {
    { "the audit lines of payment %lld are not one a version",
      "SELECT p.id FROM payment p WHERE p.version <> (SELECT count(*) FROM audit a WHERE a.payment_id = "
      "p.id) "
      "OR p.version <> (SELECT coalesce(max(version), 0) FROM audit a WHERE a.payment_id = p.id) LIMIT 1" },
    { "payment %lld has not the attempts or actions that it counts",
      "SELECT p.id FROM payment p WHERE p.attempts <> (SELECT count(*) FROM attempt a WHERE a.payment_id = "
      "p.id) "
      "OR p.actions <> (SELECT count(*) FROM action a WHERE a.payment_id = p.id) LIMIT 1" },
    { "payment %lld has a winner that is no attempt of it",
      "SELECT p.id FROM payment p WHERE p.winner IS NOT NULL AND NOT EXISTS (SELECT 1 FROM attempt a "
      "WHERE a.payment_id = p.id AND a.n = p.winner) LIMIT 1" },
    { "a row of payment %lld has no payment",
      "SELECT payment_id FROM (SELECT payment_id FROM attempt UNION SELECT payment_id FROM action UNION "
      "SELECT "
      "payment_id FROM fact UNION SELECT payment_id FROM event UNION SELECT payment_id FROM audit UNION "
      "SELECT "
      "payment_id FROM notification WHERE payment_id IS NOT NULL) WHERE payment_id NOT IN (SELECT id FROM "
      "payment) "
      "LIMIT 1" },
};

static int32_t rule_check(prh_sqlite *s, size_t i, char *why, size_t why_cap)
{
    sqlite3_stmt *st = NULL;
    int code = sqlite3_prepare_v2(s->db, rules[i].sql, -1, &st, NULL);
    int32_t rc = PAYROUTE_OK;
    if (code == SQLITE_OK) {
        code = sqlite3_step(st);
    }
    if (code == SQLITE_ROW) {
        char *text = sqlite3_mprintf(rules[i].what, (long long)sqlite3_column_int64(st, 0));
        prh_why(why, why_cap, "%s: %s", s->path, text ? text : "rows contradict each other");
        sqlite3_free(text);
        rc = PAYROUTE_E_CHECKSUM;
    } else if (code != SQLITE_DONE) {
        rc = prh_sqlite_fail(s, code);
        prh_why(why, why_cap, "%s: cannot be checked (SQLite: %s)", s->path, sqlite3_errstr(code));
    }
    sqlite3_finalize(st);
    return rc;
}

/* Every sum of every table; `columns` stand before the sum. */
static const struct {
    const char *table;
    const char *columns;
    int count;
} sums[] = {
    { "payment",
      "id, instance, order_id, ordered_at, amount, currency, winner, cancelled, over, status, version, "
      "lease_until, "
      "lease_epoch, lease_owner, wake, attempts, actions, record",
      PRH_PAYMENT_COLUMNS },
    { "attempt",
      "payment_id, n, channel, reference, state, review, sends, shown, guard, provider_id, capture_id, "
      "content, "
      "show_kind, show",
      PRH_ATTEMPT_COLUMNS },
    { "action", "payment_id, no, n, kind, key, caller_id, state, sends, amount, provider_id",
      PRH_ACTION_COLUMNS },
    { "notification", "channel, event_id, order_hash, body, at", 5 },
    { "fact", "payment_id, n, source, no, asked_at, last_seen, count, body", 8 },
    { "event", "payment_id, kind, no, at, body", 5 },
    { "kv", "name, value, expires", 3 },
    { "audit", "payment_id, version, hash", 3 },
};

static int32_t sum_check(prh_sqlite *s, size_t i, char *why, size_t why_cap)
{
    char sql[512];
    (void)sqlite3_snprintf((int)sizeof sql, sql, "SELECT %s, sum, rowid FROM %s", sums[i].columns,
                           sums[i].table);
    sqlite3_stmt *st = NULL;
    int code = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
    int32_t rc = PAYROUTE_OK;
    while (!rc && (code == SQLITE_OK || code == SQLITE_ROW)) {
        code = sqlite3_step(st);
        if (code == SQLITE_ROW && prh_sqlite_summed(st, sums[i].count)) {
            prh_why(why, why_cap, "%s: row %lld of table %s is damaged; restore a backup, then run payroute "
                                  "restore",
                    s->path, (long long)sqlite3_column_int64(st, sums[i].count + 1), sums[i].table);
            rc = PAYROUTE_E_CHECKSUM;
        }
    }
    if (!rc && code != SQLITE_DONE) {
        rc = prh_sqlite_fail(s, code);
        prh_why(why, why_cap, "%s: cannot be checked (SQLite: %s)", s->path, sqlite3_errstr(code));
    }
    sqlite3_finalize(st);
    return rc;
}

int32_t prh_sqlite_check(prh_store *store, char *why, size_t why_cap)
{
    prh_sqlite *s = (prh_sqlite *)store;
    int32_t rc = prh_sqlite_enter(s);
    if (!rc) {
        rc = prh_sqlite_schema_verify(s, why, why_cap);
    }
    if (!rc) {
        rc = prh_sqlite_read_begin(s);
    }
    if (rc) {
        return rc;
    }
    rc = prh_sqlite_quick(s, "integrity_check", why, why_cap);
    for (size_t i = 0; !rc && i < sizeof sums / sizeof sums[0]; i++) {
        rc = sum_check(s, i, why, why_cap);
    }
    for (size_t i = 0; !rc && i < sizeof rules / sizeof rules[0]; i++) {
        rc = rule_check(s, i, why, why_cap);
    }
    return prh_sqlite_read_end(s, rc);
}

/* VACUUM INTO does not sync and would make the file with the mode of the umask; both are ours to do. */
int32_t prh_sqlite_backup(prh_store *store, const char *path)
{
    prh_sqlite *s = (prh_sqlite *)store;
    int32_t rc = path && *path ? prh_sqlite_enter(s) : PAYROUTE_E_ARG;
    if (rc) {
        return rc;
    }
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return errno == EEXIST ? PAYROUTE_E_CONFLICT : PAYROUTE_E_STORE;
    }
    (void)close(fd);
    sqlite3_stmt *st = NULL;
    int code = sqlite3_prepare_v2(s->db, "VACUUM INTO ?1", -1, &st, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_bind_text(st, 1, path, -1, SQLITE_STATIC);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_step(st);
    }
    sqlite3_finalize(st);
    rc = code == SQLITE_DONE ? prh_sqlite_sync_path(path) : prh_sqlite_fail(s, code);
    if (rc) {
        (void)unlink(path);
    }
    return rc;
}

int64_t prh_sqlite_counter(prh_store *store)
{
    prh_sqlite *s = (prh_sqlite *)store;
    sqlite3_stmt *st = NULL;
    int64_t counter = -1;
    int32_t rc = prh_sqlite_read_begin(s);
    if (rc) {
        return rc;
    }
    rc = prh_sqlite_row(s, PRH_SQL_AUDIT_COUNTER, NULL, 0, &st);
    if (!rc) {
        counter = sqlite3_column_int64(st, 0);
    }
    rc = prh_sqlite_read_end(s, rc);
    return rc ? rc : counter;
}
