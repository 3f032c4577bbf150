/* The memory store's own structures: a payment with all its rows is one block that a save replaces whole. */
#ifndef PRH_MEMORY_STORE_H
#define PRH_MEMORY_STORE_H

#include "host/store_rows.h"

#include <sys/types.h>

typedef struct prh_mem_payment {
    prh_arena *arena;
    payroute_save_set set;   /* every row; audit is the newest line */
    int64_t *acked;          /* of each event; 0: not yet */
} prh_mem_payment;

typedef struct prh_mem_note {
    prh_arena *arena;
    payroute_row_notification row;
    int64_t at_ms;
    int64_t payment_id;      /* 0: an orphan */
} prh_mem_note;

typedef struct prh_mem_kv {
    struct prh_mem_kv *next;
    prh_arena *arena;
    const char *name;
    const char *value;
    size_t len;
    int64_t expires_ms;
} prh_mem_kv;

typedef struct prh_mem_key {
    struct prh_mem_key *next;
    int64_t value;
    char text[];
} prh_mem_key;

typedef struct prh_mem_db {
    struct prh_mem_db *next;
    char *name;
    int32_t handles;
    prh_mem_key *keys[4096]; /* the unique keys: order, reference, action key, notification */
    prh_mem_payment **payments;
    size_t payment_count;
    prh_mem_note **notes;
    size_t note_count;
    prh_mem_kv *kv;
    int64_t counter;
} prh_mem_db;

typedef struct prh_memory {
    prh_store base;          /* first */
    prh_mem_db *db;
    pid_t pid;
    int64_t transactions;
} prh_memory;

/* memory_save.c; under the lock */
int64_t prh_memory_find(const prh_mem_db *db, char kind, const char *a, const char *b); /* 0: none */
prh_mem_key *prh_memory_key(char kind, const char *a, const char *b, int64_t value);
void prh_memory_link(prh_mem_db *db, prh_mem_key *key);
int32_t prh_memory_grow(void **array, size_t count, size_t more);
int32_t prh_memory_save_locked(prh_mem_db *db, const payroute_save_set *set, int64_t *payment_id);

/* memory_store.c: OK with the lock held, or E_FORKED without it; then exactly one leave or wrote. */
int32_t prh_memory_enter(prh_store *store, prh_mem_db **db);
int32_t prh_memory_leave(int32_t rc);
int32_t prh_memory_wrote(prh_store *store, int32_t rc, int32_t changed);
int32_t prh_memory_open(prh_store **out, const char *name);

/* memory_side.c */
prh_mem_note *prh_memory_note_new(const payroute_row_notification *row, int64_t at_ms, int64_t payment_id);
int32_t prh_memory_events(prh_store *store, int64_t payment_id, int32_t limit, prh_event_visit visit,
                          void *user);
int32_t prh_memory_event_ack(prh_store *store, const int64_t *payment_ids, const int32_t *kinds,
                             const int32_t *nos, int32_t count, int64_t now_ms);
int32_t prh_memory_orphan_put(prh_store *store, const payroute_row_notification *row, int64_t now_ms);
int32_t prh_memory_orphans(prh_store *store, const char *order_hash, prh_orphan_visit visit, void *user);
int32_t prh_memory_orphan_take(prh_store *store, const char *channel, const char *event_id,
                               int64_t payment_id);
int32_t prh_memory_orphan_body(prh_store *store, const char *channel, const char *event_id, char **body,
                               size_t *len);
int32_t prh_memory_kv_get(prh_store *store, const char *name, int64_t now_ms, char *out, size_t cap,
                          size_t *len);
int32_t prh_memory_kv_put(prh_store *store, const char *name, const char *value, size_t len,
                          int64_t expires_ms);
int32_t prh_memory_kv_add(prh_store *store, const char *name, const char *value, size_t len);

#endif
