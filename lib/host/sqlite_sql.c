/* The frame of every statement and every write: BUSY is tried again, other errors before COMMIT leave nothing
   behind, and an error of COMMIT itself is an unknown outcome that a new connection has to settle. */
#include "host/sqlite_store.h"

#include <string.h>
#include <unistd.h>

prh_val prh_val_int(int64_t number)
{
    return (prh_val){ SQLITE_INTEGER, number, NULL, 0 };
}

prh_val prh_val_int_or_null(int64_t number)
{
    return (prh_val){ number ? SQLITE_INTEGER : SQLITE_NULL, number, NULL, 0 };
}

prh_val prh_val_text(const char *text)
{
    const char *bytes = text ? text : "";
    return (prh_val){ SQLITE_TEXT, 0, bytes, strlen(bytes) };
}

prh_val prh_val_text_or_null(const char *text)
{
    if (!text || !*text) {
        return (prh_val){ SQLITE_NULL, 0, NULL, 0 };
    }
    return prh_val_text(text);
}

prh_val prh_val_blob(const char *bytes, size_t len)
{
    return (prh_val){ SQLITE_BLOB, 0, len ? bytes : "", len };
}

prh_val prh_val_chars(const char *bytes, size_t len)
{
    return (prh_val){ SQLITE_TEXT, 0, len ? bytes : "", len };
}

static uint64_t mix(uint64_t sum, const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < len; i++) {
        sum = (sum ^ at[i]) * 0x100000001b3u; /* FNV-1a: it is to notice damage, not an enemy */
    }
    return sum;
}

static uint64_t mix_number(uint64_t sum, uint64_t number)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++) {
        bytes[i] = (unsigned char)(number >> (8 * i));
    }
    return mix(sum, bytes, sizeof bytes);
}

static uint64_t mix_value(uint64_t sum, const prh_val *value)
{
    sum = mix_number(sum, (uint64_t)value->kind);
    if (value->kind == SQLITE_INTEGER) {
        return mix_number(sum, (uint64_t)value->number);
    }
    if (value->kind == SQLITE_NULL) {
        return sum;
    }
    return mix(mix_number(sum, value->len), value->bytes, value->len);
}

int64_t prh_val_sum(const prh_val *values, int count)
{
    uint64_t sum = 0xcbf29ce484222325u;
    for (int i = 0; i < count; i++) {
        sum = mix_value(sum, &values[i]);
    }
    return (int64_t)sum;
}

/* Reading is done by the type that is there, so that damage to a type shows too. */
static prh_val column(sqlite3_stmt *st, int at)
{
    prh_val value = { sqlite3_column_type(st, at), 0, NULL, 0 };
    if (value.kind == SQLITE_INTEGER) {
        value.number = sqlite3_column_int64(st, at);
    } else if (value.kind == SQLITE_TEXT) {
        value.bytes = (const char *)sqlite3_column_text(st, at);
        value.len = (size_t)sqlite3_column_bytes(st, at);
    } else if (value.kind == SQLITE_BLOB) {
        value.bytes = sqlite3_column_blob(st, at);
        value.len = (size_t)sqlite3_column_bytes(st, at);
    }
    return value;
}

int32_t prh_sqlite_summed(sqlite3_stmt *st, int columns)
{
    uint64_t sum = 0xcbf29ce484222325u;
    for (int i = 0; i < columns; i++) {
        prh_val value = column(st, i);
        sum = mix_value(sum, &value);
    }
    return (int64_t)sum == sqlite3_column_int64(st, columns) ? PAYROUTE_OK : PAYROUTE_E_CHECKSUM;
}

int32_t prh_sqlite_map(int code)
{
    if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY
        || code == SQLITE_CONSTRAINT_ROWID) {
        return PAYROUTE_E_STALE;
    }
    if (code == SQLITE_CONSTRAINT_FOREIGNKEY) {
        return PAYROUTE_E_NOT_FOUND;
    }
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return PAYROUTE_OK;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return PAYROUTE_E_BUSY;
    case SQLITE_NOMEM:
        return PAYROUTE_E_NOMEM;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
        return PAYROUTE_E_CHECKSUM;
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
        return PAYROUTE_E_ARG;
    default:
        return PAYROUTE_E_STORE;
    }
}

int32_t prh_sqlite_fail(prh_sqlite *s, int code)
{
    s->last = code;
    return prh_sqlite_map(code);
}

static int bind(sqlite3_stmt *st, int at, const prh_val *value)
{
    switch (value->kind) {
    case SQLITE_INTEGER:
        return sqlite3_bind_int64(st, at, value->number);
    case SQLITE_TEXT:
        return sqlite3_bind_text64(st, at, value->bytes, value->len, SQLITE_STATIC, SQLITE_UTF8);
    case SQLITE_BLOB:
        return sqlite3_bind_blob64(st, at, value->bytes, value->len, SQLITE_STATIC);
    default:
        return sqlite3_bind_null(st, at);
    }
}

int32_t prh_sqlite_prepare(prh_sqlite *s, enum prh_sql which, const prh_val *values, int count,
                           sqlite3_stmt **out)
{
    sqlite3_stmt *st = s->st[which];
    int code = SQLITE_OK;
    if (!st) {
        code = sqlite3_prepare_v3(s->db, prh_sqlite_text[which], -1, SQLITE_PREPARE_PERSISTENT, &st, NULL);
        if (code != SQLITE_OK) {
            return prh_sqlite_fail(s, code);
        }
        s->st[which] = st;
    }
    (void)sqlite3_reset(st);
    (void)sqlite3_clear_bindings(st);
    for (int i = 0; i < count && code == SQLITE_OK; i++) {
        code = bind(st, i + 1, &values[i]);
    }
    *out = st;
    return code == SQLITE_OK ? PAYROUTE_OK : prh_sqlite_fail(s, code);
}

int32_t prh_sqlite_row(prh_sqlite *s, enum prh_sql which, const prh_val *values, int count,
                       sqlite3_stmt **out)
{
    sqlite3_stmt *st = NULL;
    int32_t rc = prh_sqlite_prepare(s, which, values, count, &st);
    if (rc) {
        return rc;
    }
    int code = sqlite3_step(st);
    *out = st;
    if (code == SQLITE_ROW) {
        return PAYROUTE_OK;
    }
    (void)sqlite3_reset(st);
    return code == SQLITE_DONE ? PAYROUTE_E_NOT_FOUND : prh_sqlite_fail(s, code);
}

int32_t prh_sqlite_run(prh_sqlite *s, enum prh_sql which, const prh_val *values, int count, int *changes)
{
    sqlite3_stmt *st = NULL;
    int32_t rc = prh_sqlite_prepare(s, which, values, count, &st);
    if (rc) {
        return rc;
    }
    int code = sqlite3_step(st);
    if (changes) {
        *changes = sqlite3_changes(s->db);
    }
    (void)sqlite3_reset(st);
    (void)sqlite3_clear_bindings(st); /* the values are the caller's */
    return code == SQLITE_DONE || code == SQLITE_ROW ? PAYROUTE_OK : prh_sqlite_fail(s, code);
}

void prh_sqlite_drop(prh_sqlite *s)
{
    for (int i = 0; i < PRH_SQL_COUNT; i++) {
        sqlite3_finalize(s->st[i]);
        s->st[i] = NULL;
    }
    (void)sqlite3_close_v2(s->db);
    s->db = NULL;
}

int32_t prh_sqlite_enter(prh_sqlite *s)
{
    if (s->pid != getpid()) {
        /* the child must not touch the parent's connection: its locks are the parent's */
        return PAYROUTE_E_FORKED;
    }
    return s->db ? PAYROUTE_OK : prh_sqlite_connect(s, 0, NULL, 0);
}

/* After these the connection is not trusted any more; fsync above all is never tried again on the same file
   handle. */
static int spoils(int code)
{
    switch (code & 0xff) {
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_NOMEM:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_FULL:
        return 1;
    default:
        return 0;
    }
}

static void leave(prh_sqlite *s, int32_t rc)
{
    int code = SQLITE_OK;
    if (!sqlite3_get_autocommit(s->db)) {
        code = sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    }
    if (code != SQLITE_OK || !sqlite3_get_autocommit(s->db) || (rc && spoils(s->last))) {
        prh_sqlite_drop(s);
    }
}

int32_t prh_sqlite_read_begin(prh_sqlite *s)
{
    int32_t rc = prh_sqlite_enter(s);
    if (rc) {
        return rc;
    }
    s->last = SQLITE_OK;
    int code = sqlite3_exec(s->db, "BEGIN", NULL, NULL, NULL);
    if (code != SQLITE_OK) {
        rc = prh_sqlite_fail(s, code);
        prh_sqlite_drop(s);
    }
    return rc;
}

int32_t prh_sqlite_read_end(prh_sqlite *s, int32_t rc)
{
    for (int i = 0; i < PRH_SQL_COUNT; i++) {
        if (s->st[i]) {
            (void)sqlite3_reset(s->st[i]);
        }
    }
    leave(s, rc);
    return rc;
}

/* A writer that waits for readers gets BUSY at COMMIT: nothing has happened and it may be asked again. */
static int commit(prh_sqlite *s)
{
    int code = SQLITE_BUSY;
    for (int tries = 0; tries < 3 && (code & 0xff) == SQLITE_BUSY; tries++) {
        code = sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL);
    }
    return code;
}

/* One try. *doubt is 1 when it failed in COMMIT, so that it may have happened. */
static int32_t attempt_write(prh_sqlite *s, prh_sqlite_body body, void *arg, int32_t *doubt)
{
    *doubt = 0;
    int32_t rc = prh_sqlite_enter(s);
    if (rc) {
        return rc;
    }
    s->last = SQLITE_OK;
    int code = sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (code != SQLITE_OK) {
        rc = prh_sqlite_fail(s, code);
        leave(s, rc);
        return rc;
    }
    int before = sqlite3_total_changes(s->db);
    rc = body(s, arg);
    if (rc || sqlite3_total_changes(s->db) == before) {
        leave(s, rc);
        return rc;
    }
    code = commit(s);
    if (code == SQLITE_OK) {
        s->transactions++;
        return PAYROUTE_OK;
    }
    rc = prh_sqlite_fail(s, code);
    if ((code & 0xff) == SQLITE_BUSY) {
        leave(s, rc);
        return rc;
    }
    *doubt = 1;
    prh_sqlite_drop(s);
    return rc;
}

static int32_t confirm_body(prh_sqlite *s, void *arg)
{
    (void)arg;
    return prh_sqlite_run(s, PRH_SQL_CONFIRM, NULL, 0, NULL);
}

/* What a new connection sees may stand in the page cache only: after a failed fsync the old journal can still
   be on the disk and undo it at the next start. A second transaction, written and synced anew, overwrites
   that journal. */
static int32_t settle_doubt(prh_sqlite *s, const prh_sqlite_write *write)
{
    int32_t rc = prh_sqlite_read_begin(s);
    if (rc) {
        return PAYROUTE_E_STORE_DOUBT;
    }
    rc = prh_sqlite_read_end(s, write->proof(s, write->arg));
    if (rc == PAYROUTE_E_NOT_FOUND) {
        return PAYROUTE_E_STORE;
    }
    int32_t doubt = 0;
    if (rc || attempt_write(s, confirm_body, NULL, &doubt)) {
        return PAYROUTE_E_STORE_DOUBT;
    }
    return PAYROUTE_OK;
}

/* The room kept back lets open payments finish on a full disk; new ones would only use it up. */
static int32_t make_room(prh_sqlite *s, const prh_sqlite_write *write)
{
    if ((s->last & 0xff) != SQLITE_FULL || write->fresh) {
        return PAYROUTE_E_STORE;
    }
    return prh_sqlite_ballast_drop(s);
}

/* A write that may be repeated is repeated. That is no proof by itself: the first one may be there, but in
   the page cache only, and SQLite writes no page whose bytes do not change. Hence the second transaction as
   above. */
static int32_t repeat(prh_sqlite *s, const prh_sqlite_write *write)
{
    int32_t doubt = 0;
    int32_t rc = attempt_write(s, write->body, write->arg, &doubt);
    if (!rc) {
        rc = attempt_write(s, confirm_body, NULL, &doubt);
    }
    return rc ? PAYROUTE_E_STORE_DOUBT : PAYROUTE_OK;
}

int32_t prh_sqlite_transact(prh_sqlite *s, const prh_sqlite_write *write)
{
    if (s->pid == getpid() && write->fresh && prh_sqlite_ballast_make(s)) {
        s->last = SQLITE_FULL;
        return PAYROUTE_E_STORE;
    }
    int32_t doubt = 0;
    int32_t rc = attempt_write(s, write->body, write->arg, &doubt);
    if (rc == PAYROUTE_E_STORE && !doubt && make_room(s, write) == PAYROUTE_OK) {
        rc = attempt_write(s, write->body, write->arg, &doubt);
    }
    if (!doubt) {
        return rc;
    }
    int32_t room = make_room(s, write); /* settling writes too */
    if (!write->proof) {
        return repeat(s, write);
    }
    rc = settle_doubt(s, write);
    if (rc == PAYROUTE_E_STORE && room == PAYROUTE_OK) {
        rc = attempt_write(s, write->body, write->arg, &doubt);
        rc = doubt ? settle_doubt(s, write) : rc;
    }
    return rc;
}
