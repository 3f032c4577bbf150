/* Opening fails closed: a foreign file is not touched, and no setting on which the promises rest is believed
   before it was read back. */
#include "host/sqlite_store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUSY_MS 5000

/* What the first bytes of the file say, read through the VFS (which knows about the locks of this process).
   */
typedef struct header_facts {
    int32_t empty;
    int32_t zero;        /* 1: only zeros, as after a power cut in the very first transaction */
    int32_t sqlite;      /* 1: has SQLite's magic */
    uint32_t application;
    uint32_t version;
    int32_t hot;         /* 1: a journal lies there that nobody is writing: the last writer died */
} header_facts;

static uint32_t big_endian(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | (uint32_t)at[3];
}

static int read_header(sqlite3_file *file, header_facts *facts)
{
    sqlite3_int64 size = 0;
    unsigned char bytes[100] = { 0 };
    int code = file->pMethods->xFileSize(file, &size);
    if (code != SQLITE_OK || size == 0) {
        facts->empty = size == 0;
        return code;
    }
    code = file->pMethods->xRead(file, bytes, sizeof bytes, 0);
    if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ) {
        return code;
    }
    static const unsigned char zeros[sizeof bytes];
    facts->zero = !memcmp(bytes, zeros, sizeof bytes);
    facts->sqlite = !memcmp(bytes, "SQLite format 3", 16);
    facts->application = big_endian(bytes + 68);
    facts->version = big_endian(bytes + 60);
    return SQLITE_OK;
}

static int journal_size(sqlite3_vfs *vfs, const char *name, sqlite3_int64 *size)
{
    int there = 0;
    *size = 0;
    int code = vfs->xAccess(vfs, name, SQLITE_ACCESS_EXISTS, &there);
    if (code != SQLITE_OK || !there) {
        return code;
    }
    sqlite3_file *file = calloc(1, (size_t)vfs->szOsFile);
    if (!file) {
        return SQLITE_NOMEM;
    }
    int flags = 0;
    code = vfs->xOpen(vfs, name, file, SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_JOURNAL, &flags);
    if (code == SQLITE_OK) {
        code = file->pMethods->xFileSize(file, size);
    }
    if (file->pMethods) {
        (void)file->pMethods->xClose(file);
    }
    free(file);
    return code == SQLITE_CANTOPEN ? SQLITE_OK : code; /* it went away in between: not hot */
}

/* SQLite's own rule: a journal with content beside a database which nobody has reserved. Looked at twice,
   since writers come and go. */
static int hot_journal(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int32_t *hot)
{
    sqlite3_int64 size = 0;
    int reserved = 0;
    int code = journal_size(vfs, name, &size);
    if (code == SQLITE_OK && size) {
        code = file->pMethods->xCheckReservedLock(file, &reserved);
        if (code == SQLITE_OK && !reserved) {
            code = journal_size(vfs, name, &size);
            *hot = size > 0;
        }
    }
    return code;
}

static int probe(prh_sqlite *s, header_facts *facts)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(s->vfs);
    if (!vfs) {
        return SQLITE_ERROR;
    }
    char *journal = NULL;
    if (asprintf(&journal, "%s-journal", s->path) < 0) {
        return SQLITE_NOMEM;
    }
    const char *name = sqlite3_create_filename(s->path, journal, "", 0, NULL);
    sqlite3_file *file = calloc(1, (size_t)vfs->szOsFile);
    int code = name && file ? SQLITE_OK : SQLITE_NOMEM;
    if (code == SQLITE_OK) {
        int flags = 0;
        code = vfs->xOpen(vfs, name, file, SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB, &flags);
        if (code == SQLITE_OK) {
            code = read_header(file, facts);
        }
        if (code == SQLITE_OK) {
            code = hot_journal(vfs, sqlite3_filename_journal(name), file, &facts->hot);
        }
        if (file->pMethods) {
            (void)file->pMethods->xClose(file);
        }
    }
    free(file);
    sqlite3_free_filename(name);
    free(journal);
    return code;
}

/* A file that is not ours is refused before SQLite could roll a journal back in it or change its mode. */
static int32_t judge_header(prh_sqlite *s, const header_facts *facts, char *why, size_t why_cap)
{
    if (facts->empty) {
        return PAYROUTE_OK;
    }
    if (!facts->sqlite) {
        prh_why(why, why_cap, "%s: not a database: damaged, or another program's file; nothing was changed",
                s->path);
        return PAYROUTE_E_CHECKSUM;
    }
    if (facts->application != PRH_SQLITE_APPLICATION) {
        prh_why(why, why_cap, "%s: a SQLite file, but not one of payroute; give another path", s->path);
        return PAYROUTE_E_VERSION;
    }
    if (facts->version != PRH_SQLITE_SCHEMA) {
        prh_why(why, why_cap, "%s: written with schema %lu, this version reads %d; %s", s->path,
                (unsigned long)facts->version, PRH_SQLITE_SCHEMA,
                facts->version > PRH_SQLITE_SCHEMA ? "install the newer payroute" : "upgrade it first");
        return PAYROUTE_E_VERSION;
    }
    return PAYROUTE_OK;
}

/* Set, then ask: `want` NULL takes any answer. */
static int32_t pragma(prh_sqlite *s, const char *name, const char *value, const char *want, char *why,
                      size_t why_cap)
{
    char sql[96];
    char got[32] = "";
    (void)snprintf(sql, sizeof sql, "PRAGMA %s = %s", name, value);
    int code = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    sqlite3_stmt *st = NULL;
    (void)snprintf(sql, sizeof sql, "PRAGMA %s", name);
    if (code == SQLITE_OK) {
        code = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_step(st);
        if (code == SQLITE_ROW) {
            (void)snprintf(got, sizeof got, "%s", (const char *)sqlite3_column_text(st, 0));
        }
    }
    sqlite3_finalize(st);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        int32_t rc = prh_sqlite_fail(s, code);
        prh_why(why, why_cap, "%s: PRAGMA %s = %s failed (SQLite: %s)", s->path, name, value,
                sqlite3_errstr(code));
        return rc;
    }
    /* A build without memory maps answers mmap_size with nothing. */
    if (strcmp(got, want) != 0 && !(code == SQLITE_DONE && !strcmp(want, "0"))) {
        prh_why(why, why_cap, "%s: PRAGMA %s is '%s' although '%s' was asked for; the store would not keep "
                              "its promises",
                s->path, name, got, value);
        return PAYROUTE_E_STORE;
    }
    return PAYROUTE_OK;
}

static const struct {
    const char *value;
    const char *synchronous;
    const char *number;
} journals[] = {
    [PRH_JOURNAL_TRUNCATE] = { "truncate", "EXTRA", "3" },
    [PRH_JOURNAL_DELETE] = { "delete", "EXTRA", "3" },
    [PRH_JOURNAL_WAL] = { "wal", "FULL", "2" },
};

static int32_t settings(prh_sqlite *s, char *why, size_t why_cap)
{
    const struct {
        const char *name;
        const char *value;
        const char *want;
    } list[] = {
        { "mmap_size", "0", "0" },
        { "journal_mode", journals[s->journal].value, journals[s->journal].value },
        { "synchronous", s->weaken ? s->weaken : journals[s->journal].synchronous,
          s->weaken ? s->weaken : journals[s->journal].number },
        { "foreign_keys", "ON", "1" },
        { "trusted_schema", "OFF", "0" },
        { "cell_size_check", "ON", "1" },
        { "secure_delete", "ON", "1" }, /* what a row no longer says must not stay in the file */
        { "temp_store", "MEMORY", "2" },
        { "fullfsync", "ON", "1" },
    };
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        int32_t rc = pragma(s, list[i].name, list[i].value, list[i].want, why, why_cap);
        if (rc) {
            return rc;
        }
    }
    return PAYROUTE_OK;
}

static int32_t handle_open(prh_sqlite *s, char *why, size_t why_cap)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2(s->path, &s->db, flags, s->vfs);
    if (code != SQLITE_OK) {
        int32_t rc = prh_sqlite_fail(s, code);
        prh_why(why, why_cap, "%s: cannot be opened (SQLite: %s)", s->path, sqlite3_errstr(code));
        return rc ? rc : PAYROUTE_E_STORE;
    }
    if (sqlite3_db_readonly(s->db, "main") != 0) {
        prh_why(why, why_cap, "%s: read-only for this process", s->path);
        return PAYROUTE_E_STORE;
    }
    (void)sqlite3_busy_timeout(s->db, s->busy_ms);
    (void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    (void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    (void)sqlite3_limit(s->db, SQLITE_LIMIT_LENGTH, 16 * 1024 * 1024);
    (void)sqlite3_limit(s->db, SQLITE_LIMIT_ATTACHED, 1); /* VACUUM INTO needs one */
    return PAYROUTE_OK;
}

static int32_t start(prh_sqlite *s, int32_t first, const header_facts *facts, char *why, size_t why_cap)
{
    int32_t rc = handle_open(s, why, why_cap);
    if (!rc) {
        rc = settings(s, why, why_cap);
    }
    if (!rc && first && facts->empty) {
        rc = prh_sqlite_schema_make(s, why, why_cap);
    }
    if (!rc) {
        rc = prh_sqlite_schema_verify(s, why, why_cap);
    }
    if (!rc && facts->hot) {
        rc = prh_sqlite_quick(s, "quick_check", why, why_cap);
    }
    return rc;
}

static int32_t probe_said(prh_sqlite *s, header_facts *facts, char *why, size_t why_cap)
{
    memset(facts, 0, sizeof *facts);
    int code = probe(s, facts);
    int32_t rc = code == SQLITE_OK ? PAYROUTE_OK : prh_sqlite_fail(s, code);
    if (rc) {
        prh_why(why, why_cap, "%s: cannot be read (SQLite: %s)", s->path, sqlite3_errstr(code));
    }
    return rc;
}

/* A writer that died left its journal: SQLite undoes it at the first read. That is only let happen to a file
   of ours. */
static int32_t recover(prh_sqlite *s, header_facts *facts, char *why, size_t why_cap)
{
    int ours = facts->application == PRH_SQLITE_APPLICATION && facts->version == PRH_SQLITE_SCHEMA;
    if (!facts->hot || (!facts->zero && !ours)) {
        return PAYROUTE_OK;
    }
    int32_t rc = handle_open(s, why, why_cap);
    if (rc) {
        return rc;
    }
    int code = sqlite3_exec(s->db, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
    prh_sqlite_drop(s);
    if (code != SQLITE_OK) {
        prh_why(why, why_cap, "%s: the last transaction cannot be undone (SQLite: %s)", s->path,
                sqlite3_errstr(code));
        return prh_sqlite_fail(s, code);
    }
    rc = probe_said(s, facts, why, why_cap);
    facts->hot = 1;
    return rc;
}

static int32_t connect_steps(prh_sqlite *s, int32_t first, char *why, size_t why_cap)
{
    header_facts facts;
    int32_t rc = prh_sqlite_file_check(s, first, why, why_cap);
    if (!rc) {
        rc = probe_said(s, &facts, why, why_cap);
    }
    if (!rc) {
        rc = recover(s, &facts, why, why_cap);
    }
    if (!rc) {
        rc = judge_header(s, &facts, why, why_cap);
    }
    if (!rc) {
        rc = prh_sqlite_mode_narrow(s, why, why_cap);
    }
    return rc ? rc : start(s, first, &facts, why, why_cap);
}

int32_t prh_sqlite_connect(prh_sqlite *s, int32_t first, char *why, size_t why_cap)
{
    int32_t rc = connect_steps(s, first, why, why_cap);
    if (rc) {
        prh_sqlite_drop(s);
    } else if (first) {
        (void)prh_sqlite_ballast_make(s); /* on a full disk open payments can still be finished */
    }
    return rc;
}

/* A handle of another process is only forgotten: closing it would act on files and locks that are the
   parent's. */
static void sqlite_close(prh_store *store)
{
    prh_sqlite *s = (prh_sqlite *)store;
    if (!s) {
        return;
    }
    if (s->pid == getpid()) {
        prh_sqlite_drop(s);
    }
    free(s->path);
    free(s->vfs);
    free(s->weaken);
    free(s);
}

static int64_t sqlite_transactions(const prh_store *store)
{
    return ((const prh_sqlite *)store)->transactions;
}

static const prh_store_ops sqlite_ops = {
    .scheme = "sqlite",
    .load = prh_sqlite_load,
    .rows_free = prh_rows_release,
    .find_order = prh_sqlite_find_order,
    .find_reference = prh_sqlite_find_reference,
    .find_provider_id = prh_sqlite_find_provider_id,
    .save = prh_sqlite_save,
    .due = prh_sqlite_due,
    .list = prh_sqlite_list,
    .events = prh_sqlite_events,
    .event_ack = prh_sqlite_event_ack,
    .orphan_put = prh_sqlite_orphan_put,
    .orphans = prh_sqlite_orphans,
    .orphan_take = prh_sqlite_orphan_take,
    .orphan_body = prh_sqlite_orphan_body,
    .kv_get = prh_sqlite_kv_get,
    .kv_put = prh_sqlite_kv_put,
    .kv_add = prh_sqlite_kv_add,
    .check = prh_sqlite_check,
    .backup = prh_sqlite_backup,
    .counter = prh_sqlite_counter,
    .transactions = sqlite_transactions,
    .close = sqlite_close,
};

static int32_t versions_allow(const prh_sqlite_options *options, char *why, size_t why_cap)
{
    if (sqlite3_libversion_number() < PRH_SQLITE_OLDEST) {
        prh_why(why, why_cap, "SQLite %s is too old: 3.37 or newer is needed", sqlite3_libversion());
        return PAYROUTE_E_UNSUPPORTED;
    }
    if (options->journal == PRH_JOURNAL_WAL && sqlite3_libversion_number() < PRH_SQLITE_WAL_FROM) {
        prh_why(why, why_cap, "journal=wal needs SQLite 3.51.3 or newer, this is %s, which can corrupt the "
                              "file when "
                "several processes write; leave the option out", sqlite3_libversion());
        return PAYROUTE_E_UNSUPPORTED;
    }
    return PAYROUTE_OK;
}

int32_t prh_sqlite_open(prh_store **out, const prh_sqlite_options *options, char *why, size_t why_cap)
{
    int32_t rc = versions_allow(options, why, why_cap);
    if (rc) {
        return rc;
    }
    prh_sqlite *s = calloc(1, sizeof *s);
    if (!s) {
        return PAYROUTE_E_NOMEM;
    }
    s->base.ops = &sqlite_ops;
    s->pid = getpid();
    s->journal = options->journal;
    s->network = options->network;
    s->busy_ms = options->busy_ms ? options->busy_ms : BUSY_MS;
    s->path = strdup(options->path);
    s->vfs = options->vfs ? strdup(options->vfs) : NULL;
    s->weaken = options->weaken ? strdup(options->weaken) : NULL;
    rc = s->path && (s->vfs || !options->vfs) && (s->weaken || !options->weaken) ? PAYROUTE_OK
        : PAYROUTE_E_NOMEM;
    if (!rc) {
        rc = prh_sqlite_connect(s, 1, why, why_cap);
    }
    if (rc) {
        sqlite_close(&s->base);
        return rc;
    }
    *out = &s->base;
    return PAYROUTE_OK;
}
