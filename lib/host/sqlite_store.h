/* What the files of the SQLite store share: the handle, values with their checksum, the cached statements,
   the frame of a write. */
#ifndef PRH_SQLITE_STORE_H
#define PRH_SQLITE_STORE_H

#include "host/store_rows.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/types.h>

#define PRH_SQLITE_APPLICATION 0x50615274 /* "PaRt" in the header of the file */
#define PRH_SQLITE_SCHEMA 1               /* user_version */
#define PRH_SQLITE_WAL_FROM 3051003       /* earlier ones can corrupt a WAL of several writers */
#define PRH_SQLITE_OLDEST 3037000         /* STRICT tables */
#define PRH_BALLAST_BYTES (1024 * 1024)
#define PRH_PAYMENT_COLUMNS 18            /* before the sum */
#define PRH_ATTEMPT_COLUMNS 14
#define PRH_ACTION_COLUMNS 10

enum prh_journal { PRH_JOURNAL_TRUNCATE, PRH_JOURNAL_DELETE, PRH_JOURNAL_WAL };

typedef struct prh_sqlite_options {
    const char *path;
    int32_t journal;       /* enum prh_journal */
    int32_t network;       /* 1: network file systems too */
    int32_t busy_ms;       /* 0: default */
    const char *vfs;       /* NULL: the default one; tests cut the power there */
    const char *weaken;    /* tests only: another value of synchronous, to show what it loses */
} prh_sqlite_options;

int32_t prh_sqlite_open(prh_store **out, const prh_sqlite_options *options, char *why, size_t why_cap);

/* One statement each; the text stands in sqlite_schema.c in the same order. */
enum prh_sql {
    PRH_SQL_PAYMENT_GET, PRH_SQL_PAYMENT_NEXT, PRH_SQL_PAYMENT_INSERT, PRH_SQL_PAYMENT_UPDATE,
    PRH_SQL_PAYMENT_LIST, PRH_SQL_PAYMENT_DUE, PRH_SQL_PAYMENT_ORDER,
    PRH_SQL_ATTEMPT_GET, PRH_SQL_ATTEMPT_ALL, PRH_SQL_ATTEMPT_UNGUARD, PRH_SQL_ATTEMPT_INSERT,
    PRH_SQL_ATTEMPT_UPDATE, PRH_SQL_ATTEMPT_REFERENCE, PRH_SQL_ATTEMPT_PROVIDER,
    PRH_SQL_ACTION_GET, PRH_SQL_ACTION_ALL, PRH_SQL_ACTION_INSERT, PRH_SQL_ACTION_UPDATE,
    PRH_SQL_FACT_PUT, PRH_SQL_EVENT_PUT, PRH_SQL_EVENT_GET, PRH_SQL_EVENT_ACK, PRH_SQL_EVENT_OPEN,
    PRH_SQL_EVENT_OPEN_OF, PRH_SQL_NOTE_PUT, PRH_SQL_NOTE_LINK, PRH_SQL_NOTE_GET, PRH_SQL_NOTE_ORPHANS,
    PRH_SQL_NOTE_TAKE, PRH_SQL_KV_GET, PRH_SQL_KV_PUT, PRH_SQL_KV_DELETE, PRH_SQL_AUDIT_PUT,
    PRH_SQL_AUDIT_NEWEST, PRH_SQL_AUDIT_FIND, PRH_SQL_AUDIT_COUNTER, PRH_SQL_CONFIRM, PRH_SQL_COUNT
};

typedef struct prh_sqlite {
    prh_store base;        /* first: a prh_store is cast to it */
    sqlite3 *db;           /* NULL after an error: the next call opens a new one */
    sqlite3_stmt *st[PRH_SQL_COUNT];
    char *path;            /* absolute */
    char *vfs;
    char *weaken;
    int32_t journal;
    int32_t network;
    int32_t busy_ms;
    pid_t pid;
    dev_t device;          /* of the file opened first: another one in its place is refused */
    ino_t inode;
    int64_t transactions;
    int last;              /* SQLite's code of the newest failure */
} prh_sqlite;

/* A value as it is bound and summed. */
typedef struct prh_val {
    int32_t kind;          /* SQLITE_INTEGER, SQLITE_TEXT, SQLITE_BLOB, SQLITE_NULL */
    int64_t number;
    const char *bytes;
    size_t len;
} prh_val;

prh_val prh_val_int(int64_t number);
prh_val prh_val_int_or_null(int64_t number);       /* 0 is NULL */
prh_val prh_val_text(const char *text);            /* NULL is "" */
prh_val prh_val_text_or_null(const char *text);    /* "" is NULL */
prh_val prh_val_blob(const char *bytes, size_t len);
prh_val prh_val_chars(const char *bytes, size_t len);
/* Damage of the file shows as a wrong sum: SQLite itself has none over its pages. */
int64_t prh_val_sum(const prh_val *values, int count);

/* sqlite_sql.c */
int32_t prh_sqlite_map(int code);
int32_t prh_sqlite_fail(prh_sqlite *s, int code);
int32_t prh_sqlite_prepare(prh_sqlite *s, enum prh_sql which, const prh_val *values, int count,
                           sqlite3_stmt **out);
/* One row: OK with the statement on it (reset it after use), E_NOT_FOUND, or a failure. */
int32_t prh_sqlite_row(prh_sqlite *s, enum prh_sql which, const prh_val *values, int count,
                       sqlite3_stmt **out);
int32_t prh_sqlite_run(prh_sqlite *s, enum prh_sql which, const prh_val *values, int count, int *changes);
/* column number `columns` holds the sum of those before */
int32_t prh_sqlite_summed(sqlite3_stmt *st, int columns);
int32_t prh_sqlite_enter(prh_sqlite *s);                    /* right process, connection there */
int32_t prh_sqlite_read_begin(prh_sqlite *s);
int32_t prh_sqlite_read_end(prh_sqlite *s, int32_t rc);
/* close the connection; the next call opens a new one */
void prh_sqlite_drop(prh_sqlite *s);

typedef int32_t (*prh_sqlite_body)(prh_sqlite *s, void *arg);
typedef struct prh_sqlite_write {
    prh_sqlite_body body;
    /* after a failed COMMIT, on a new connection: OK it is there, E_NOT_FOUND it is not. NULL: the body may
       run again */
    prh_sqlite_body proof;
    void *arg;
    int32_t fresh;         /* 1: a new payment, refused when the disk is full */
} prh_sqlite_write;
int32_t prh_sqlite_transact(prh_sqlite *s, const prh_sqlite_write *write);

/* sqlite_open.c */
int32_t prh_sqlite_connect(prh_sqlite *s, int32_t first, char *why, size_t why_cap);
/* sqlite_schema.c */
extern const char *const prh_sqlite_text[PRH_SQL_COUNT];
int32_t prh_sqlite_schema_make(prh_sqlite *s, char *why, size_t why_cap);
int32_t prh_sqlite_schema_verify(prh_sqlite *s, char *why, size_t why_cap);
/* sqlite_file.c */
int32_t prh_sqlite_file_check(prh_sqlite *s, int32_t first, char *why, size_t why_cap);
int32_t prh_sqlite_mode_narrow(const prh_sqlite *s, char *why, size_t why_cap);
int32_t prh_sqlite_network_magic(uint64_t magic);           /* 1: a network file system */
int32_t prh_sqlite_mode_check(uint32_t directory_mode);     /* 1: others could replace the file */
int32_t prh_sqlite_ballast_make(const prh_sqlite *s);
int32_t prh_sqlite_ballast_drop(const prh_sqlite *s);       /* OK: room was made */
int32_t prh_sqlite_sync_path(const char *path);             /* the file and its folder */
/* sqlite_save.c */
int32_t prh_sqlite_save(prh_store *store, const payroute_save_set *set, int64_t *payment_id);
void prh_sqlite_payment_values(const payroute_row_payment *p, int64_t id, int64_t attempts, int64_t actions,
                               prh_val out[PRH_PAYMENT_COLUMNS + 1]);
/* sqlite_read.c */
int32_t prh_sqlite_load(prh_store *store, int64_t payment_id, prh_rows *out);
int32_t prh_sqlite_find_order(prh_store *store, const char *instance, const char *order_id,
                              int64_t *payment_id);
int32_t prh_sqlite_find_reference(prh_store *store, const char *channel, const char *reference,
                                  int64_t *payment_id);
int32_t prh_sqlite_find_provider_id(prh_store *store, const char *channel, const char *id,
                                    int64_t *payment_id);
int32_t prh_sqlite_due(prh_store *store, int64_t now_ms, int64_t *ids, int32_t cap, int32_t *count);
int32_t prh_sqlite_list(prh_store *store, int32_t status, int64_t after_id, int32_t limit,
                        prh_payment_visit visit, void *user);
int32_t prh_sqlite_payment_read(sqlite3_stmt *st, prh_arena **arena, payroute_row_payment *p,
                                int64_t counts[2]);
int32_t prh_sqlite_attempt_read(sqlite3_stmt *st, prh_arena **arena, payroute_row_attempt *a);
int32_t prh_sqlite_action_read(sqlite3_stmt *st, prh_arena **arena, payroute_row_action *a);
/* sqlite_side.c */
int32_t prh_sqlite_events(prh_store *store, int64_t payment_id, int32_t limit, prh_event_visit visit,
                          void *user);
int32_t prh_sqlite_event_ack(prh_store *store, const int64_t *payment_ids, const int32_t *kinds,
                             const int32_t *nos, int32_t count, int64_t now_ms);
int32_t prh_sqlite_orphan_put(prh_store *store, const payroute_row_notification *row, int64_t now_ms);
int32_t prh_sqlite_orphans(prh_store *store, const char *order_hash, prh_orphan_visit visit, void *user);
int32_t prh_sqlite_orphan_take(prh_store *store, const char *channel, const char *event_id,
                               int64_t payment_id);
int32_t prh_sqlite_orphan_body(prh_store *store, const char *channel, const char *event_id, char **body,
                               size_t *len);
int32_t prh_sqlite_kv_get(prh_store *store, const char *name, int64_t now_ms, char *out, size_t cap,
                          size_t *len);
int32_t prh_sqlite_kv_put(prh_store *store, const char *name, const char *value, size_t len,
                          int64_t expires_ms);
int32_t prh_sqlite_kv_add(prh_store *store, const char *name, const char *value, size_t len);
/* sqlite_check.c */
int32_t prh_sqlite_check(prh_store *store, char *why, size_t why_cap);
int32_t prh_sqlite_quick(prh_sqlite *s, const char *pragma, char *why, size_t why_cap);
int32_t prh_sqlite_backup(prh_store *store, const char *path);
int64_t prh_sqlite_counter(prh_store *store);

#endif
