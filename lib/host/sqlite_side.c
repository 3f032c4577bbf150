/* What stands beside the payments: events until the shop has them, notifications nobody claims yet, tokens
   with an expiry. All writes here may be repeated without harm, so after a doubtful COMMIT they are simply
   done again. */
#include "host/sqlite_store.h"

#include <stdlib.h>
#include <string.h>

static int32_t event_read(sqlite3_stmt *st, prh_arena **arena, prh_event_row *row)
{
    if (prh_sqlite_summed(st, 5) || sqlite3_column_type(st, 6) != SQLITE_TEXT) {
        return PAYROUTE_E_CHECKSUM;
    }
    row->payment_id = sqlite3_column_int64(st, 0);
    row->kind = sqlite3_column_int(st, 1);
    row->no = sqlite3_column_int(st, 2);
    row->at_ms = sqlite3_column_int64(st, 3);
    row->body = prh_arena_text(arena, (const char *)sqlite3_column_text(st, 4));
    row->order_id = prh_arena_text(arena, (const char *)sqlite3_column_text(st, 6));
    return row->body && row->order_id ? PAYROUTE_OK : PAYROUTE_E_NOMEM;
}

int32_t prh_sqlite_events(prh_store *store, int64_t payment_id, int32_t limit, prh_event_visit visit,
                          void *user)
{
    prh_sqlite *s = (prh_sqlite *)store;
    if (limit < 1 || limit > PRH_LIMIT_VISIT || !visit) {
        return PAYROUTE_E_ARG;
    }
    prh_arena *arena = NULL;
    prh_event_row *rows = prh_arena_get(&arena, (size_t)limit * sizeof *rows);
    int32_t rc = rows ? prh_sqlite_read_begin(s) : PAYROUTE_E_NOMEM;
    int32_t count = 0;
    if (!rc) {
        prh_val key[2] = { prh_val_int(payment_id), prh_val_int(limit) };
        sqlite3_stmt *st = NULL;
        int code = SQLITE_DONE;
        rc = prh_sqlite_prepare(s, payment_id ? PRH_SQL_EVENT_OPEN_OF : PRH_SQL_EVENT_OPEN, key, 2, &st);
        while (!rc && count < limit && (code = sqlite3_step(st)) == SQLITE_ROW) {
            rc = event_read(st, &arena, &rows[count++]);
        }
        if (!rc && code != SQLITE_DONE && code != SQLITE_ROW) {
            rc = prh_sqlite_fail(s, code);
        }
        rc = prh_sqlite_read_end(s, rc);
    }
    for (int32_t i = 0; !rc && i < count; i++) {
        if (visit(user, &rows[i])) {
            break;
        }
    }
    prh_arena_free(arena);
    return rc;
}

typedef struct ack_args {
    const int64_t *payment_ids;
    const int32_t *kinds;
    const int32_t *nos;
    int32_t count;
    int64_t now_ms;
} ack_args;

static int32_t ack_body(prh_sqlite *s, void *arg)
{
    const ack_args *args = arg;
    for (int32_t i = 0; i < args->count; i++) {
        prh_val key[4] = { prh_val_int(args->payment_ids[i]), prh_val_int(args->kinds[i]),
                           prh_val_int(args->nos[i]), prh_val_int(args->now_ms) };
        sqlite3_stmt *st = NULL;
        int32_t rc = prh_sqlite_row(s, PRH_SQL_EVENT_GET, key, 3, &st);
        if (!rc) {
            (void)sqlite3_reset(st);
            rc = prh_sqlite_run(s, PRH_SQL_EVENT_ACK, key, 4, NULL);
        }
        if (rc) {
            return rc;
        }
    }
    return PAYROUTE_OK;
}

int32_t prh_sqlite_event_ack(prh_store *store, const int64_t *payment_ids, const int32_t *kinds,
                             const int32_t *nos, int32_t count, int64_t now_ms)
{
    if (count < 0 || (count && (!payment_ids || !kinds || !nos))) {
        return PAYROUTE_E_ARG;
    }
    ack_args args = { payment_ids, kinds, nos, count, now_ms };
    prh_sqlite_write write = { ack_body, NULL, &args, 0 };
    return prh_sqlite_transact((prh_sqlite *)store, &write);
}

typedef struct orphan_args {
    const payroute_row_notification *row;
    const char *channel;
    const char *event_id;
    int64_t number; /* now, or the payment */
} orphan_args;

static int32_t orphan_put_body(prh_sqlite *s, void *arg)
{
    const orphan_args *args = arg;
    prh_val values[7] = {
        prh_val_text(args->row->channel), prh_val_text(args->row->event_id),
            prh_val_text(args->row->order_hash),
        prh_val_blob(args->row->body, args->row->body_len), prh_val_int(args->number),
    };
    values[5] = prh_val_int(prh_val_sum(values, 5));
    values[6] = prh_val_int_or_null(0);
    return prh_sqlite_run(s, PRH_SQL_NOTE_PUT, values, 7, NULL);
}

int32_t prh_sqlite_orphan_put(prh_store *store, const payroute_row_notification *row, int64_t now_ms)
{
    int32_t rc = prh_notification_check(row);
    if (rc) {
        return rc;
    }
    orphan_args args = { row, NULL, NULL, now_ms };
    prh_sqlite_write write = { orphan_put_body, NULL, &args, 0 };
    return prh_sqlite_transact((prh_sqlite *)store, &write);
}

typedef struct orphan_row {
    const char *channel;
    const char *event_id;
    const char *order_hash;
    int64_t at_ms;
} orphan_row;

#define PAGE 100 /* as the LIMIT of the statement */

static int32_t orphan_page(prh_sqlite *s, const char *hash, int64_t *after, prh_arena **arena,
                           orphan_row *rows, int32_t *count)
{
    prh_val key[2] = { prh_val_text(hash), prh_val_int(*after) };
    if (!hash) {
        key[0] = prh_val_int_or_null(0);
    }
    sqlite3_stmt *st = NULL;
    int32_t rc = prh_sqlite_read_begin(s);
    if (rc) {
        return rc;
    }
    int code = SQLITE_DONE;
    rc = prh_sqlite_prepare(s, PRH_SQL_NOTE_ORPHANS, key, 2, &st);
    while (!rc && *count < PAGE && (code = sqlite3_step(st)) == SQLITE_ROW) {
        orphan_row *row = &rows[(*count)++];
        if (prh_sqlite_summed(st, 5)) {
            rc = PAYROUTE_E_CHECKSUM;
            break;
        }
        row->channel = prh_arena_text(arena, (const char *)sqlite3_column_text(st, 0));
        row->event_id = prh_arena_text(arena, (const char *)sqlite3_column_text(st, 1));
        row->order_hash = prh_arena_text(arena, (const char *)sqlite3_column_text(st, 2));
        row->at_ms = sqlite3_column_int64(st, 4);
        *after = sqlite3_column_int64(st, 6);
        rc = row->channel && row->event_id && row->order_hash ? PAYROUTE_OK : PAYROUTE_E_NOMEM;
    }
    if (!rc && code != SQLITE_DONE && code != SQLITE_ROW) {
        rc = prh_sqlite_fail(s, code);
    }
    return prh_sqlite_read_end(s, rc);
}

int32_t prh_sqlite_orphans(prh_store *store, const char *order_hash, prh_orphan_visit visit, void *user)
{
    prh_sqlite *s = (prh_sqlite *)store;
    int64_t after = INT64_MIN;
    int32_t rc = visit ? PAYROUTE_OK : PAYROUTE_E_ARG;
    int32_t count = PAGE;
    while (!rc && count == PAGE) {
        prh_arena *arena = NULL;
        orphan_row rows[PAGE];
        count = 0;
        rc = orphan_page(s, order_hash, &after, &arena, rows, &count);
        for (int32_t i = 0; !rc && i < count; i++) {
            if (visit(user, rows[i].channel, rows[i].event_id, rows[i].order_hash, rows[i].at_ms)) {
                count = 0;
            }
        }
        prh_arena_free(arena);
    }
    return rc;
}

static int32_t note_get(prh_sqlite *s, const char *channel, const char *event_id, sqlite3_stmt **st)
{
    prh_val key[2] = { prh_val_text(channel), prh_val_text(event_id) };
    int32_t rc = prh_sqlite_row(s, PRH_SQL_NOTE_GET, key, 2, st);
    return rc ? rc : prh_sqlite_summed(*st, 5);
}

static int32_t orphan_take_body(prh_sqlite *s, void *arg)
{
    const orphan_args *args = arg;
    sqlite3_stmt *st = NULL;
    int32_t rc = note_get(s, args->channel, args->event_id, &st);
    if (rc) {
        return rc;
    }
    int free_yet = sqlite3_column_type(st, 6) == SQLITE_NULL;
    int64_t owner = sqlite3_column_int64(st, 6);
    (void)sqlite3_reset(st);
    if (!free_yet) {
        return owner == args->number ? PAYROUTE_OK : PAYROUTE_E_STALE;
    }
    prh_val values[3] = { prh_val_text(args->channel), prh_val_text(args->event_id),
                          prh_val_int(args->number) };
    return prh_sqlite_run(s, PRH_SQL_NOTE_TAKE, values, 3, NULL);
}

int32_t prh_sqlite_orphan_take(prh_store *store, const char *channel, const char *event_id,
                               int64_t payment_id)
{
    if (!channel || !event_id || payment_id < 1) {
        return PAYROUTE_E_ARG;
    }
    orphan_args args = { NULL, channel, event_id, payment_id };
    prh_sqlite_write write = { orphan_take_body, NULL, &args, 0 };
    return prh_sqlite_transact((prh_sqlite *)store, &write);
}

int32_t prh_sqlite_orphan_body(prh_store *store, const char *channel, const char *event_id, char **body,
                               size_t *len)
{
    prh_sqlite *s = (prh_sqlite *)store;
    if (!channel || !event_id || !body || !len) {
        return PAYROUTE_E_ARG;
    }
    sqlite3_stmt *st = NULL;
    int32_t rc = prh_sqlite_read_begin(s);
    if (rc) {
        return rc;
    }
    rc = note_get(s, channel, event_id, &st);
    if (!rc) {
        const void *bytes = sqlite3_column_blob(st, 3);
        *len = (size_t)sqlite3_column_bytes(st, 3);
        *body = malloc(*len + 1);
        if (!*body) {
            rc = PAYROUTE_E_NOMEM;
        } else {
            if (*len) {
                memcpy(*body, bytes, *len);
            }
            (*body)[*len] = 0;
        }
    }
    return prh_sqlite_read_end(s, rc);
}

int32_t prh_sqlite_kv_get(prh_store *store, const char *name, int64_t now_ms, char *out, size_t cap,
                          size_t *len)
{
    prh_sqlite *s = (prh_sqlite *)store;
    if (prh_kv_check(name, NULL, 0) || !len || (cap && !out)) {
        return PAYROUTE_E_ARG;
    }
    prh_val key = prh_val_text(name);
    sqlite3_stmt *st = NULL;
    int32_t rc = prh_sqlite_read_begin(s);
    if (rc) {
        return rc;
    }
    rc = prh_sqlite_row(s, PRH_SQL_KV_GET, &key, 1, &st);
    if (!rc) {
        rc = prh_sqlite_summed(st, 3);
    }
    if (!rc && sqlite3_column_int64(st, 2) <= now_ms) {
        rc = PAYROUTE_E_NOT_FOUND;
    }
    if (!rc) {
        const void *bytes = sqlite3_column_blob(st, 1);
        *len = (size_t)sqlite3_column_bytes(st, 1);
        if (*len > cap) {
            rc = PAYROUTE_E_BUFFER;
        } else if (*len) {
            memcpy(out, bytes, *len);
        }
    }
    return prh_sqlite_read_end(s, rc);
}

typedef struct kv_args {
    const char *name;
    const char *value;
    size_t len;
    int64_t expires_ms;
} kv_args;

static int32_t kv_put_body(prh_sqlite *s, void *arg)
{
    const kv_args *args = arg;
    prh_val values[4] = { prh_val_text(args->name), prh_val_blob(args->value, args->len),
                          prh_val_int(args->expires_ms) };
    if (args->expires_ms <= 0) {
        return prh_sqlite_run(s, PRH_SQL_KV_DELETE, values, 1, NULL);
    }
    values[3] = prh_val_int(prh_val_sum(values, 3));
    return prh_sqlite_run(s, PRH_SQL_KV_PUT, values, 4, NULL);
}

int32_t prh_sqlite_kv_put(prh_store *store, const char *name, const char *value, size_t len,
                          int64_t expires_ms)
{
    int32_t rc = prh_kv_check(name, value, len);
    if (rc) {
        return rc;
    }
    kv_args args = { name, value, len, expires_ms };
    prh_sqlite_write write = { kv_put_body, NULL, &args, 0 };
    return prh_sqlite_transact((prh_sqlite *)store, &write);
}

/* Found again after a doubtful COMMIT it says E_CONFLICT: whoever adds reads afterwards what stands there. */
static int32_t kv_add_body(prh_sqlite *s, void *arg)
{
    const kv_args *args = arg;
    prh_val key = prh_val_text(args->name);
    sqlite3_stmt *st = NULL;
    int32_t rc = prh_sqlite_row(s, PRH_SQL_KV_GET, &key, 1, &st);
    if (!rc) {
        sqlite3_reset(st);
        return PAYROUTE_E_CONFLICT;
    }
    return rc == PAYROUTE_E_NOT_FOUND ? kv_put_body(s, arg) : rc;
}

int32_t prh_sqlite_kv_add(prh_store *store, const char *name, const char *value, size_t len)
{
    int32_t rc = prh_kv_check(name, value, len);
    if (rc) {
        return rc;
    }
    kv_args args = { name, value, len, INT64_MAX };
    prh_sqlite_write write = { kv_add_body, NULL, &args, 0 };
    return prh_sqlite_transact((prh_sqlite *)store, &write);
}
