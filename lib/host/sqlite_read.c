/* Reading payments: in one read transaction, every row's sum checked, and copied out before a visitor sees
   it, so that the visitor may call the store again. */
#include "host/sqlite_store.h"

#include <string.h>

static const char *text_at(sqlite3_stmt *st, int at, prh_arena **arena)
{
    return prh_arena_copy(arena, sqlite3_column_text(st, at), (size_t)sqlite3_column_bytes(st, at));
}

static const char *blob_at(sqlite3_stmt *st, int at, prh_arena **arena, size_t *len)
{
    const void *bytes = sqlite3_column_blob(st, at);
    *len = (size_t)sqlite3_column_bytes(st, at);
    return prh_arena_copy(arena, bytes, *len);
}

int32_t prh_sqlite_payment_read(sqlite3_stmt *st, prh_arena **arena, payroute_row_payment *p,
                                int64_t counts[2])
{
    if (prh_sqlite_summed(st, PRH_PAYMENT_COLUMNS)) {
        return PAYROUTE_E_CHECKSUM;
    }
    p->id = sqlite3_column_int64(st, 0);
    p->instance = text_at(st, 1, arena);
    p->order_id = text_at(st, 2, arena);
    p->ordered_ms = sqlite3_column_int64(st, 3);
    p->amount_minor = sqlite3_column_int64(st, 4);
    p->currency = text_at(st, 5, arena);
    p->winner = sqlite3_column_int(st, 6);
    p->cancelled = sqlite3_column_int(st, 7);
    p->over = sqlite3_column_int(st, 8);
    p->status = sqlite3_column_int(st, 9);
    p->version = p->seen = sqlite3_column_int64(st, 10);
    p->lease_until_ms = sqlite3_column_int64(st, 11);
    p->lease_epoch = sqlite3_column_int64(st, 12);
    p->lease_owner = text_at(st, 13, arena);
    p->wake_ms = sqlite3_column_int64(st, 14);
    counts[0] = sqlite3_column_int64(st, 15);
    counts[1] = sqlite3_column_int64(st, 16);
    p->record = blob_at(st, 17, arena, &p->record_len);
    int32_t good = p->instance && p->order_id && p->currency && p->lease_owner && p->record;
    return good ? PAYROUTE_OK : PAYROUTE_E_NOMEM;
}

int32_t prh_sqlite_attempt_read(sqlite3_stmt *st, prh_arena **arena, payroute_row_attempt *a)
{
    if (prh_sqlite_summed(st, PRH_ATTEMPT_COLUMNS)) {
        return PAYROUTE_E_CHECKSUM;
    }
    a->n = sqlite3_column_int(st, 1);
    a->channel = text_at(st, 2, arena);
    a->reference = text_at(st, 3, arena);
    a->state = sqlite3_column_int(st, 4);
    a->review = sqlite3_column_int(st, 5);
    a->sends = sqlite3_column_int(st, 6);
    a->shown = sqlite3_column_int(st, 7);
    a->guard = sqlite3_column_int(st, 8);
    a->provider_id = text_at(st, 9, arena);
    a->capture_id = text_at(st, 10, arena);
    a->content = blob_at(st, 11, arena, &a->content_len);
    a->show_kind = sqlite3_column_int(st, 12);
    a->show = blob_at(st, 13, arena, &a->show_len);
    int32_t good = a->channel && a->reference && a->provider_id && a->capture_id && a->content && a->show;
    return good ? PAYROUTE_OK : PAYROUTE_E_NOMEM;
}

int32_t prh_sqlite_action_read(sqlite3_stmt *st, prh_arena **arena, payroute_row_action *a)
{
    if (prh_sqlite_summed(st, PRH_ACTION_COLUMNS)) {
        return PAYROUTE_E_CHECKSUM;
    }
    a->no = sqlite3_column_int(st, 1);
    a->n = sqlite3_column_int(st, 2);
    a->kind = sqlite3_column_int(st, 3);
    a->key = text_at(st, 4, arena);
    a->caller_id = text_at(st, 5, arena);
    a->state = sqlite3_column_int(st, 6);
    a->sends = sqlite3_column_int(st, 7);
    a->amount_minor = sqlite3_column_int64(st, 8);
    a->provider_id = text_at(st, 9, arena);
    int32_t good = a->key && a->caller_id && a->provider_id;
    return good ? PAYROUTE_OK : PAYROUTE_E_NOMEM;
}

/* Rows that the payment counts but which are not there were lost, and rows beyond that are none of ours. */
#define ROWS_MOST 4096

static int32_t load_attempts(prh_sqlite *s, int64_t id, int64_t want, prh_arena **arena,
                             payroute_save_set *set)
{
    prh_val key = prh_val_int(id);
    sqlite3_stmt *st = NULL;
    if (want < 0 || want > ROWS_MOST) {
        return PAYROUTE_E_CHECKSUM;
    }
    payroute_row_attempt *rows = prh_arena_get(arena, ((size_t)want + 1) * sizeof *rows);
    int32_t rc = rows ? prh_sqlite_prepare(s, PRH_SQL_ATTEMPT_ALL, &key, 1, &st) : PAYROUTE_E_NOMEM;
    int64_t count = 0;
    int code = SQLITE_DONE;
    while (!rc && (code = sqlite3_step(st)) == SQLITE_ROW) {
        rc = count < want ? prh_sqlite_attempt_read(st, arena, &rows[count]) : PAYROUTE_E_CHECKSUM;
        count++;
    }
    if (!rc && code != SQLITE_DONE) {
        rc = prh_sqlite_fail(s, code);
    }
    set->attempts = rows;
    set->attempt_count = (int32_t)count;
    return rc ? rc : count == want ? PAYROUTE_OK : PAYROUTE_E_CHECKSUM;
}

static int32_t load_actions(prh_sqlite *s, int64_t id, int64_t want, prh_arena **arena,
                            payroute_save_set *set)
{
    prh_val key = prh_val_int(id);
    sqlite3_stmt *st = NULL;
    if (want < 0 || want > ROWS_MOST) {
        return PAYROUTE_E_CHECKSUM;
    }
    payroute_row_action *rows = prh_arena_get(arena, ((size_t)want + 1) * sizeof *rows);
    int32_t rc = rows ? prh_sqlite_prepare(s, PRH_SQL_ACTION_ALL, &key, 1, &st) : PAYROUTE_E_NOMEM;
    int64_t count = 0;
    int code = SQLITE_DONE;
    while (!rc && (code = sqlite3_step(st)) == SQLITE_ROW) {
        rc = count < want ? prh_sqlite_action_read(st, arena, &rows[count]) : PAYROUTE_E_CHECKSUM;
        count++;
    }
    if (!rc && code != SQLITE_DONE) {
        rc = prh_sqlite_fail(s, code);
    }
    set->actions = rows;
    set->action_count = (int32_t)count;
    return rc ? rc : count == want ? PAYROUTE_OK : PAYROUTE_E_CHECKSUM;
}

/* The newest line must be that of the version in the row. */
static int32_t load_audit(prh_sqlite *s, prh_arena **arena, payroute_save_set *set)
{
    prh_val key = prh_val_int(set->payment.id);
    sqlite3_stmt *st = NULL;
    int32_t rc = prh_sqlite_row(s, PRH_SQL_AUDIT_NEWEST, &key, 1, &st);
    if (rc) {
        return rc == PAYROUTE_E_NOT_FOUND ? PAYROUTE_E_CHECKSUM : rc;
    }
    rc = prh_sqlite_summed(st, 3);
    if (!rc && sqlite3_column_int64(st, 1) != set->payment.version) {
        rc = PAYROUTE_E_CHECKSUM;
    }
    if (!rc) {
        set->audit = text_at(st, 2, arena);
        rc = set->audit ? PAYROUTE_OK : PAYROUTE_E_NOMEM;
    }
    return rc;
}

static int32_t load_all(prh_sqlite *s, int64_t id, prh_arena **arena, payroute_save_set *set)
{
    prh_val key = prh_val_int(id);
    sqlite3_stmt *st = NULL;
    int64_t counts[2] = { 0, 0 };
    int32_t rc = prh_sqlite_row(s, PRH_SQL_PAYMENT_GET, &key, 1, &st);
    if (!rc) {
        rc = prh_sqlite_payment_read(st, arena, &set->payment, counts);
    }
    if (!rc) {
        rc = load_attempts(s, id, counts[0], arena, set);
    }
    if (!rc) {
        rc = load_actions(s, id, counts[1], arena, set);
    }
    return rc ? rc : load_audit(s, arena, set);
}

int32_t prh_sqlite_load(prh_store *store, int64_t payment_id, prh_rows *out)
{
    prh_sqlite *s = (prh_sqlite *)store;
    prh_arena *arena = NULL;
    memset(out, 0, sizeof *out);
    int32_t rc = prh_sqlite_read_begin(s);
    if (rc) {
        return rc;
    }
    rc = prh_sqlite_read_end(s, load_all(s, payment_id, &arena, &out->set));
    out->memory = arena;
    if (rc) {
        prh_rows_release(out);
    }
    return rc;
}

static int32_t find(prh_sqlite *s, enum prh_sql which, const char *a, const char *b, int64_t *id)
{
    if (!a || !b || !id) {
        return PAYROUTE_E_ARG;
    }
    prh_val key[2] = { prh_val_text(a), prh_val_text(b) };
    sqlite3_stmt *st = NULL;
    int32_t rc = prh_sqlite_read_begin(s);
    if (rc) {
        return rc;
    }
    rc = prh_sqlite_row(s, which, key, 2, &st);
    if (!rc) {
        *id = sqlite3_column_int64(st, 0);
    }
    return prh_sqlite_read_end(s, rc);
}

int32_t prh_sqlite_find_order(prh_store *store, const char *instance, const char *order_id,
                              int64_t *payment_id)
{
    return find((prh_sqlite *)store, PRH_SQL_PAYMENT_ORDER, instance, order_id, payment_id);
}

int32_t prh_sqlite_find_reference(prh_store *store, const char *channel, const char *reference,
                                  int64_t *payment_id)
{
    return find((prh_sqlite *)store, PRH_SQL_ATTEMPT_REFERENCE, channel, reference, payment_id);
}

int32_t prh_sqlite_find_provider_id(prh_store *store, const char *channel, const char *id,
                                    int64_t *payment_id)
{
    return find((prh_sqlite *)store, PRH_SQL_ATTEMPT_PROVIDER, channel, id, payment_id);
}

int32_t prh_sqlite_due(prh_store *store, int64_t now_ms, int64_t *ids, int32_t cap, int32_t *count)
{
    prh_sqlite *s = (prh_sqlite *)store;
    if (!ids || !count || cap < 0) {
        return PAYROUTE_E_ARG;
    }
    *count = 0;
    prh_val key[2] = { prh_val_int(now_ms), prh_val_int(cap) };
    sqlite3_stmt *st = NULL;
    int32_t rc = prh_sqlite_read_begin(s);
    if (rc) {
        return rc;
    }
    rc = prh_sqlite_prepare(s, PRH_SQL_PAYMENT_DUE, key, 2, &st);
    int code = SQLITE_DONE;
    while (!rc && *count < cap && (code = sqlite3_step(st)) == SQLITE_ROW) {
        ids[(*count)++] = sqlite3_column_int64(st, 0);
    }
    if (!rc && code != SQLITE_DONE && code != SQLITE_ROW) {
        rc = prh_sqlite_fail(s, code);
    }
    return prh_sqlite_read_end(s, rc);
}

int32_t prh_sqlite_list(prh_store *store, int32_t status, int64_t after_id, int32_t limit,
                        prh_payment_visit visit, void *user)
{
    prh_sqlite *s = (prh_sqlite *)store;
    if (limit < 1 || limit > PRH_LIMIT_VISIT || !visit) {
        return PAYROUTE_E_ARG;
    }
    prh_arena *arena = NULL;
    payroute_row_payment *rows = prh_arena_get(&arena, (size_t)limit * sizeof *rows);
    int32_t rc = rows ? prh_sqlite_read_begin(s) : PAYROUTE_E_NOMEM;
    int32_t count = 0;
    if (!rc) {
        prh_val key[3] = { prh_val_int(after_id), prh_val_int(status), prh_val_int(limit) };
        sqlite3_stmt *st = NULL;
        int code = SQLITE_DONE;
        int64_t counts[2];
        rc = prh_sqlite_prepare(s, PRH_SQL_PAYMENT_LIST, key, 3, &st);
        while (!rc && count < limit && (code = sqlite3_step(st)) == SQLITE_ROW) {
            rc = prh_sqlite_payment_read(st, &arena, &rows[count++], counts);
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
