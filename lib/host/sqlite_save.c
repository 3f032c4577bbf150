/* One save set, one transaction: the payment's version is compared under the write lock, and every unique key
   that was taken meanwhile undoes it all. */
#include "host/sqlite_store.h"

#include <string.h>

typedef struct save_args {
    const payroute_save_set *set;
    int64_t id;
    int64_t attempts; /* rows of the payment after this save */
    int64_t actions;
} save_args;

void prh_sqlite_payment_values(const payroute_row_payment *p, int64_t id, int64_t attempts, int64_t actions,
                               prh_val out[PRH_PAYMENT_COLUMNS + 1])
{
    int i = 0;
    out[i++] = prh_val_int(id);
    out[i++] = prh_val_text(p->instance);
    out[i++] = prh_val_text(p->order_id);
    out[i++] = prh_val_int(p->ordered_ms);
    out[i++] = prh_val_int(p->amount_minor);
    out[i++] = prh_val_text(p->currency);
    out[i++] = prh_val_int_or_null(p->winner);
    out[i++] = prh_val_int(p->cancelled);
    out[i++] = prh_val_int(p->over);
    out[i++] = prh_val_int(p->status);
    out[i++] = prh_val_int(p->version);
    out[i++] = prh_val_int(p->lease_until_ms);
    out[i++] = prh_val_int(p->lease_epoch);
    out[i++] = prh_val_text(p->lease_owner);
    out[i++] = prh_val_int(p->wake_ms);
    out[i++] = prh_val_int(attempts);
    out[i++] = prh_val_int(actions);
    out[i++] = prh_val_blob(p->record, p->record_len);
    out[i] = prh_val_int(prh_val_sum(out, PRH_PAYMENT_COLUMNS));
}

static void attempt_values(const payroute_row_attempt *a, int64_t id, prh_val out[PRH_ATTEMPT_COLUMNS + 1])
{
    int i = 0;
    out[i++] = prh_val_int(id);
    out[i++] = prh_val_int(a->n);
    out[i++] = prh_val_text(a->channel);
    out[i++] = prh_val_text(a->reference);
    out[i++] = prh_val_int(a->state);
    out[i++] = prh_val_int(a->review);
    out[i++] = prh_val_int(a->sends);
    out[i++] = prh_val_int(a->shown);
    out[i++] = prh_val_int_or_null(a->guard);
    out[i++] = prh_val_text(a->provider_id);
    out[i++] = prh_val_text(a->capture_id);
    out[i++] = prh_val_blob(a->content, a->content_len);
    out[i++] = prh_val_int(a->show_kind);
    out[i++] = a->show_len ? prh_val_blob(a->show, a->show_len) : prh_val_int_or_null(0);
    out[i] = prh_val_int(prh_val_sum(out, PRH_ATTEMPT_COLUMNS));
}

static void action_values(const payroute_row_action *a, int64_t id, prh_val out[PRH_ACTION_COLUMNS + 1])
{
    int i = 0;
    out[i++] = prh_val_int(id);
    out[i++] = prh_val_int(a->no);
    out[i++] = prh_val_int(a->n);
    out[i++] = prh_val_int(a->kind);
    out[i++] = prh_val_text(a->key);
    out[i++] = prh_val_text_or_null(a->caller_id);
    out[i++] = prh_val_int(a->state);
    out[i++] = prh_val_int(a->sends);
    out[i++] = prh_val_int(a->amount_minor);
    out[i++] = prh_val_text(a->provider_id);
    out[i] = prh_val_int(prh_val_sum(out, PRH_ACTION_COLUMNS));
}

/* An update must touch exactly one row: none means that something immutable was given anew. */
static int32_t update_one(prh_sqlite *s, enum prh_sql which, const prh_val *values, int count)
{
    int changes = 0;
    int32_t rc = prh_sqlite_run(s, which, values, count, &changes);
    return rc ? rc : changes == 1 ? PAYROUTE_OK : PAYROUTE_E_ARG;
}

static int32_t attempt_put(prh_sqlite *s, save_args *args, const payroute_row_attempt *given)
{
    prh_val key[2] = { prh_val_int(args->id), prh_val_int(given->n) };
    prh_val values[PRH_ATTEMPT_COLUMNS + 1];
    sqlite3_stmt *st = NULL;
    int32_t rc = prh_sqlite_row(s, PRH_SQL_ATTEMPT_GET, key, 2, &st);
    if (rc == PAYROUTE_E_NOT_FOUND) {
        args->attempts++;
        attempt_values(given, args->id, values);
        return prh_sqlite_run(s, PRH_SQL_ATTEMPT_INSERT, values, PRH_ATTEMPT_COLUMNS + 1, NULL);
    }
    if (rc) {
        return rc;
    }
    prh_arena *arena = NULL;
    payroute_row_attempt row = *given;
    if (!given->content) { /* not given again: it cannot change anyway */
        row.content_len = (size_t)sqlite3_column_bytes(st, 11);
        row.content = prh_arena_copy(&arena, sqlite3_column_blob(st, 11), row.content_len);
    }
    (void)sqlite3_reset(st);
    rc = !given->content && !row.content ? PAYROUTE_E_NOMEM : PAYROUTE_OK;
    if (!rc) {
        attempt_values(&row, args->id, values);
        rc = update_one(s, PRH_SQL_ATTEMPT_UPDATE, values, PRH_ATTEMPT_COLUMNS + 1);
    }
    prh_arena_free(arena);
    return rc;
}

/* The slots are given back first: in one set an attempt may free the guard which the next one takes. Sums are
   checked on the way, since a row that is written anew would hide its damage. */
static int32_t attempts_put(prh_sqlite *s, save_args *args)
{
    const payroute_save_set *set = args->set;
    for (int32_t i = 0; i < set->attempt_count && set->payment.seen; i++) {
        prh_val key[2] = { prh_val_int(args->id), prh_val_int(set->attempts[i].n) };
        sqlite3_stmt *st = NULL;
        int32_t rc = prh_sqlite_row(s, PRH_SQL_ATTEMPT_GET, key, 2, &st);
        if (rc == PAYROUTE_E_NOT_FOUND) {
            continue;
        }
        if (!rc) {
            rc = prh_sqlite_summed(st, PRH_ATTEMPT_COLUMNS);
            (void)sqlite3_reset(st);
        }
        if (!rc) {
            rc = prh_sqlite_run(s, PRH_SQL_ATTEMPT_UNGUARD, key, 2, NULL);
        }
        if (rc) {
            return rc;
        }
    }
    for (int32_t i = 0; i < set->attempt_count; i++) {
        int32_t rc = attempt_put(s, args, &set->attempts[i]);
        if (rc) {
            return rc;
        }
    }
    return PAYROUTE_OK;
}

static int32_t actions_put(prh_sqlite *s, save_args *args)
{
    for (int32_t i = 0; i < args->set->action_count; i++) {
        prh_val values[PRH_ACTION_COLUMNS + 1];
        action_values(&args->set->actions[i], args->id, values);
        prh_val key[2] = { values[0], values[1] };
        sqlite3_stmt *st = NULL;
        int32_t rc = prh_sqlite_row(s, PRH_SQL_ACTION_GET, key, 2, &st);
        if (rc == PAYROUTE_E_NOT_FOUND) {
            args->actions++;
            rc = prh_sqlite_run(s, PRH_SQL_ACTION_INSERT, values, PRH_ACTION_COLUMNS + 1, NULL);
        } else if (!rc) {
            rc = prh_sqlite_summed(st, PRH_ACTION_COLUMNS);
            (void)sqlite3_reset(st);
            rc = rc ? rc : update_one(s, PRH_SQL_ACTION_UPDATE, values, PRH_ACTION_COLUMNS + 1);
        }
        if (rc) {
            return rc;
        }
    }
    return PAYROUTE_OK;
}

static int32_t facts_put(prh_sqlite *s, const save_args *args)
{
    for (int32_t i = 0; i < args->set->fact_count; i++) {
        const payroute_row_fact *f = &args->set->facts[i];
        prh_val values[9] = {
            prh_val_int(args->id), prh_val_int(f->n), prh_val_int(f->source),
            prh_val_int(f->no), prh_val_int(f->asked_ms), prh_val_int(f->last_seen_ms),
            prh_val_int(f->count), prh_val_blob(f->body, f->body_len),
        };
        values[8] = prh_val_int(prh_val_sum(values, 8));
        int32_t rc = prh_sqlite_run(s, PRH_SQL_FACT_PUT, values, 9, NULL);
        if (rc) {
            return rc;
        }
    }
    return PAYROUTE_OK;
}

static int32_t events_put(prh_sqlite *s, const save_args *args)
{
    for (int32_t i = 0; i < args->set->event_count; i++) {
        const payroute_row_event *e = &args->set->events[i];
        prh_val values[6] = {
            prh_val_int(args->id), prh_val_int(e->kind),
            prh_val_int(e->no), prh_val_int(e->at_ms), prh_val_chars(e->body, e->body_len),
        };
        values[5] = prh_val_int(prh_val_sum(values, 5));
        int32_t rc = prh_sqlite_run(s, PRH_SQL_EVENT_PUT, values, 6, NULL);
        if (rc) {
            return rc;
        }
    }
    return PAYROUTE_OK;
}

/* A repeat is no new row; one that lay there as an orphan finds its payment. */
static int32_t notifications_put(prh_sqlite *s, const save_args *args)
{
    for (int32_t i = 0; i < args->set->notification_count; i++) {
        const payroute_row_notification *n = &args->set->notifications[i];
        prh_val values[7] = {
            prh_val_text(n->channel), prh_val_text(n->event_id), prh_val_text(n->order_hash),
            prh_val_blob(n->body, n->body_len), prh_val_int(args->set->at_ms),
        };
        values[5] = prh_val_int(prh_val_sum(values, 5));
        values[6] = prh_val_int(args->id);
        int32_t rc = prh_sqlite_run(s, PRH_SQL_NOTE_PUT, values, 7, NULL);
        if (!rc) {
            prh_val link[3] = { values[0], values[1], values[6] };
            rc = prh_sqlite_run(s, PRH_SQL_NOTE_LINK, link, 3, NULL);
        }
        if (rc) {
            return rc;
        }
    }
    return PAYROUTE_OK;
}

static int32_t audit_put(prh_sqlite *s, const save_args *args)
{
    prh_val values[4] = {
        prh_val_int(args->id), prh_val_int(args->set->payment.version), prh_val_text(args->set->audit),
    };
    values[3] = prh_val_int(prh_val_sum(values, 3));
    return prh_sqlite_run(s, PRH_SQL_AUDIT_PUT, values, 4, NULL);
}

/* The row as it is: its sum, and how many rows belong to it. */
static int32_t payment_now(prh_sqlite *s, save_args *args)
{
    prh_val key = prh_val_int(args->id);
    sqlite3_stmt *st = NULL;
    int32_t rc = prh_sqlite_row(s, PRH_SQL_PAYMENT_GET, &key, 1, &st);
    if (rc) {
        return rc == PAYROUTE_E_NOT_FOUND ? PAYROUTE_E_STALE : rc;
    }
    rc = prh_sqlite_summed(st, PRH_PAYMENT_COLUMNS);
    if (!rc && sqlite3_column_int64(st, 10) != args->set->payment.seen) {
        rc = PAYROUTE_E_STALE;
    }
    args->attempts = sqlite3_column_int64(st, 15);
    args->actions = sqlite3_column_int64(st, 16);
    (void)sqlite3_reset(st);
    return rc;
}

static int32_t payment_insert(prh_sqlite *s, save_args *args)
{
    prh_val values[PRH_PAYMENT_COLUMNS + 1];
    sqlite3_stmt *st = NULL;
    int32_t rc = prh_sqlite_row(s, PRH_SQL_PAYMENT_NEXT, NULL, 0, &st);
    if (rc) {
        return rc;
    }
    args->id = sqlite3_column_int64(st, 0);
    (void)sqlite3_reset(st);
    const payroute_row_payment *p = &args->set->payment;
    prh_sqlite_payment_values(p, args->id, args->set->attempt_count, args->set->action_count, values);
    rc = prh_sqlite_run(s, PRH_SQL_PAYMENT_INSERT, values, PRH_PAYMENT_COLUMNS + 1, NULL);
    return rc == PAYROUTE_E_STALE ? PAYROUTE_E_CONFLICT : rc;
}

static int32_t payment_update(prh_sqlite *s, const save_args *args)
{
    prh_val values[PRH_PAYMENT_COLUMNS + 1];
    prh_sqlite_payment_values(&args->set->payment, args->id, args->attempts, args->actions, values);
    int changes = 0;
    int32_t rc = prh_sqlite_run(s, PRH_SQL_PAYMENT_UPDATE, values, PRH_PAYMENT_COLUMNS + 1, &changes);
    return rc ? rc : changes == 1 ? PAYROUTE_OK : PAYROUTE_E_STALE;
}

static int32_t save_body(prh_sqlite *s, void *arg)
{
    save_args *args = arg;
    int32_t fresh = args->set->payment.seen == 0;
    args->id = args->set->payment.id;
    args->attempts = args->actions = 0;
    int32_t rc = fresh ? payment_insert(s, args) : payment_now(s, args);
    if (!rc) {
        rc = attempts_put(s, args);
    }
    if (!rc) {
        rc = actions_put(s, args);
    }
    if (!rc) {
        rc = facts_put(s, args);
    }
    if (!rc) {
        rc = events_put(s, args);
    }
    if (!rc) {
        rc = notifications_put(s, args);
    }
    if (!rc && !fresh) {
        rc = payment_update(s, args);
    }
    return rc ? rc : audit_put(s, args);
}

/* Is it there? The audit line is only ever added, so it answers also when somebody wrote after us. */
static int32_t save_proof(prh_sqlite *s, void *arg)
{
    save_args *args = arg;
    const payroute_row_payment *p = &args->set->payment;
    sqlite3_stmt *st = NULL;
    if (p->seen == 0) {
        prh_val order[2] = { prh_val_text(p->instance), prh_val_text(p->order_id) };
        int32_t rc = prh_sqlite_row(s, PRH_SQL_PAYMENT_ORDER, order, 2, &st);
        if (rc) {
            return rc;
        }
        args->id = sqlite3_column_int64(st, 0);
        (void)sqlite3_reset(st);
    }
    prh_val line[3] = { prh_val_int(args->id), prh_val_int(p->version), prh_val_text(args->set->audit) };
    int32_t rc = prh_sqlite_row(s, PRH_SQL_AUDIT_FIND, line, 3, &st);
    if (!rc) {
        (void)sqlite3_reset(st);
    }
    return rc;
}

int32_t prh_sqlite_save(prh_store *store, const payroute_save_set *set, int64_t *payment_id)
{
    prh_sqlite *s = (prh_sqlite *)store;
    int32_t rc = prh_save_check(set);
    if (rc) {
        return rc;
    }
    save_args args = { set, 0, 0, 0 };
    prh_sqlite_write write = { save_body, save_proof, &args, set->payment.seen == 0 };
    rc = prh_sqlite_transact(s, &write);
    if (!rc && payment_id) {
        *payment_id = args.id;
    }
    return rc;
}
