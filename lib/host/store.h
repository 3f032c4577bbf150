/* What the engine asks of a store. A store keeps rows and decides nothing; the unique keys (order, reference,
   guard, event id, caller id) are the database's own rules. Every write call is exactly one durable
   transaction, and is counted. */
#ifndef PRH_STORE_H
#define PRH_STORE_H

#include <payroute/rows.h>

typedef struct prh_store prh_store;

/* Rows of one payment as loaded; `set` points into memory of the object. */
typedef struct prh_rows {
    payroute_save_set set;   /* payment, attempts, actions, audit (newest line or NULL) */
    void *memory;            /* the store's */
} prh_rows;

typedef struct prh_event_row {
    int64_t payment_id;
    const char *order_id;
    int32_t kind;
    int32_t no;
    int64_t at_ms;
    const char *body;
} prh_event_row;

/* Visitors return 0 to go on. */
typedef int32_t (*prh_event_visit)(void *user, const prh_event_row *row);
typedef int32_t (*prh_payment_visit)(void *user, const payroute_row_payment *row); /* record may be NULL */
typedef int32_t (*prh_orphan_visit)(void *user, const char *channel, const char *event_id,
                                    const char *order_hash, int64_t at_ms);

typedef struct prh_store_ops {
    const char *scheme;      /* "sqlite", "memory" */
    /* All return OK or: E_STORE (nothing changed), E_STORE_DOUBT (failed at commit: read back), E_BUSY (after
       its own retries), E_NOMEM, E_CHECKSUM (damaged), E_VERSION (another schema), E_FORKED (opened by another
       process), E_ARG, as far as they fit. Visitors run after the read has ended and may call the store. */

    int32_t (*load)(prh_store *s, int64_t payment_id, prh_rows *out);   /* E_NOT_FOUND; *out is empty then */
    void (*rows_free)(prh_rows *rows);

    /* E_NOT_FOUND leaves the number as it is. */
    int32_t (*find_order)(prh_store *s, const char *instance, const char *order_id, int64_t *payment_id);
    int32_t (*find_reference)(prh_store *s, const char *channel, const char *reference, int64_t *payment_id);
    int32_t (*find_provider_id)(prh_store *s, const char *channel, const char *provider_id,
                                int64_t *payment_id);

    /* E_STALE: `seen` is not the version there, or a unique key was taken (somebody was faster), or the lease
       epoch went back, or what was ordered differs. E_CONFLICT: a new payment whose order exists. E_ARG: the set
       breaks a limit, or gives another channel, reference, content, key, kind or caller to a row that is there
       (content NULL: as it was). In all these cases nothing changed. */
    int32_t (*save)(prh_store *s, const payroute_save_set *set, int64_t *payment_id);

    /* wake_ms <= now, oldest first */
    int32_t (*due)(prh_store *s, int64_t now_ms, int64_t *ids, int32_t cap, int32_t *count);
    /* status 0: any; limit 1 to 1000 */
    int32_t (*list)(prh_store *s, int32_t status, int64_t after_id, int32_t limit, prh_payment_visit visit,
                    void *user);

    /* Unacknowledged ones, by time; payment_id 0: all; limit 1 to 1000 */
    int32_t (*events)(prh_store *s, int64_t payment_id, int32_t limit, prh_event_visit visit, void *user);
    /* One transaction, none when all were acknowledged before; an unknown id is E_NOT_FOUND for the lot. */
    int32_t (*event_ack)(prh_store *s, const int64_t *payment_ids, const int32_t *kinds, const int32_t *nos,
                         int32_t count, int64_t now_ms);

    int32_t (*orphan_put)(prh_store *s, const payroute_row_notification *row, int64_t now_ms); /* a repeat: OK */
    int32_t (*orphans)(prh_store *s, const char *order_hash /* NULL all */, prh_orphan_visit visit,
                       void *user);
    /* E_NOT_FOUND: no such notification or payment. E_STALE: another payment has it. */
    int32_t (*orphan_take)(prh_store *s, const char *channel, const char *event_id, int64_t payment_id);
    /* Of taken ones too; *body is the caller's to free(). */
    int32_t (*orphan_body)(prh_store *s, const char *channel, const char *event_id, char **body, size_t *len);

    /* E_NOT_FOUND: none, or its time has come. E_BUFFER: *len says how much room it needs. */
    int32_t (*kv_get)(prh_store *s, const char *name, int64_t now_ms, char *out, size_t cap, size_t *len);
    /* expires_ms <= 0 takes it away. */
    int32_t (*kv_put)(prh_store *s, const char *name, const char *value, size_t len, int64_t expires_ms);
    /* For ever, and only if it is not there: E_CONFLICT. */
    int32_t (*kv_add)(prh_store *s, const char *name, const char *value, size_t len);

    /* Reads everything: the file's structure, the sum of every row, an audit line for each version, no row
       without its payment. E_CHECKSUM with `why`. What a record says about itself, loading the payment checks. */
    int32_t (*check)(prh_store *s, char *why, size_t why_cap);
    int32_t (*backup)(prh_store *s, const char *path); /* E_CONFLICT: a file is there; E_UNSUPPORTED: memory */
    int64_t (*counter)(prh_store *s);                  /* id of the newest audit line; < 0: an error */
    int64_t (*transactions)(const prh_store *s);       /* durable ones made through this handle */
    void (*close)(prh_store *s);                       /* of another process' handle: forgets it, no more */
} prh_store_ops;

struct prh_store {
    const prh_store_ops *ops;
};

/* url: "sqlite:/path/to/file" (options ?journal=truncate|delete|wal&network=1), "memory:name" (shared by name
   within the process; "memory:" is of this handle alone; for tests ?fail=N&how=store|lost|applied, see
   store_fault.h). `why` says what is wrong and what to do. E_ARG, E_UNSUPPORTED, E_STORE,
   E_VERSION, E_CHECKSUM, E_NOMEM. */
int32_t prh_store_open(prh_store **out, const char *url, char *why, size_t why_cap);

#endif
