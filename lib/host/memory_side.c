/* What stands beside the payments in the memory store: events, orphan notifications, tokens with an expiry.
   */
#include "host/memory_store.h"

#include <stdlib.h>
#include <string.h>

static int event_order(const void *left, const void *right)
{
    const prh_event_row *a = left;
    const prh_event_row *b = right;
    if (a->at_ms != b->at_ms) {
        return a->at_ms < b->at_ms ? -1 : 1;
    }
    if (a->payment_id != b->payment_id) {
        return a->payment_id < b->payment_id ? -1 : 1;
    }
    return a->kind != b->kind ? (a->kind < b->kind ? -1 : 1) : (a->no > b->no) - (a->no < b->no);
}

static int32_t events_collect(const prh_mem_db *db, int64_t only, prh_arena **arena, prh_event_row **rows,
                              size_t *count)
{
    for (int32_t pass = 0; pass < 2; pass++) { /* count, then copy */
        size_t at = 0;
        for (size_t i = 0; i < db->payment_count; i++) {
            const prh_mem_payment *m = db->payments[i];
            for (int32_t j = 0; (!only || only == (int64_t)i + 1) && j < m->set.event_count; j++) {
                const payroute_row_event *e = &m->set.events[j];
                if (m->acked[j]) {
                    continue;
                }
                if (pass) {
                    prh_event_row row = { (int64_t)i + 1, prh_arena_text(arena, m->set.payment.order_id),
                                          e->kind, e->no,
                                          e->at_ms, prh_arena_copy(arena, e->body, e->body_len) };
                    if (!row.order_id || !row.body) {
                        return PAYROUTE_E_NOMEM;
                    }
                    (*rows)[at] = row;
                }
                at++;
            }
        }
        *count = at;
        if (!pass) {
            *rows = prh_arena_get(arena, (at + 1) * sizeof **rows);
            if (!*rows) {
                return PAYROUTE_E_NOMEM;
            }
        }
    }
    return PAYROUTE_OK;
}

int32_t prh_memory_events(prh_store *store, int64_t payment_id, int32_t limit, prh_event_visit visit,
                          void *user)
{
    prh_mem_db *db;
    int32_t rc = limit >= 1 && limit <= PRH_LIMIT_VISIT && visit ? prh_memory_enter(store, &db)
        : PAYROUTE_E_ARG;
    if (rc) {
        return rc;
    }
    prh_arena *arena = NULL;
    prh_event_row *rows = NULL;
    size_t count = 0;
    rc = prh_memory_leave(events_collect(db, payment_id, &arena, &rows, &count));
    if (!rc && count) {
        qsort(rows, count, sizeof *rows, event_order);
    }
    for (size_t i = 0; !rc && i < count && i < (size_t)limit; i++) {
        if (visit(user, &rows[i])) {
            break;
        }
    }
    prh_arena_free(arena);
    return rc;
}

static int64_t *acked_slot(const prh_mem_db *db, int64_t payment_id, int32_t kind, int32_t no)
{
    if (payment_id < 1 || payment_id > (int64_t)db->payment_count) {
        return NULL;
    }
    prh_mem_payment *m = db->payments[payment_id - 1];
    for (int32_t i = 0; i < m->set.event_count; i++) {
        if (m->set.events[i].kind == kind && m->set.events[i].no == no) {
            return &m->acked[i];
        }
    }
    return NULL;
}

int32_t prh_memory_event_ack(prh_store *store, const int64_t *payment_ids, const int32_t *kinds,
                             const int32_t *nos,
                                int32_t count, int64_t now_ms)
{
    prh_mem_db *db;
    int32_t fits = count >= 0 && (!count || (payment_ids && kinds && nos));
    int32_t rc = fits ? prh_memory_enter(store, &db) : PAYROUTE_E_ARG;
    if (rc) {
        return rc;
    }
    for (int32_t i = 0; i < count; i++) {
        if (!acked_slot(db, payment_ids[i], kinds[i], nos[i])) {
            return prh_memory_leave(PAYROUTE_E_NOT_FOUND);
        }
    }
    int32_t changed = 0;
    for (int32_t i = 0; i < count; i++) {
        int64_t *slot = acked_slot(db, payment_ids[i], kinds[i], nos[i]);
        if (!*slot) {
            *slot = now_ms ? now_ms : 1;
            changed = 1;
        }
    }
    return prh_memory_wrote(store, PAYROUTE_OK, changed);
}

prh_mem_note *prh_memory_note_new(const payroute_row_notification *row, int64_t at_ms, int64_t payment_id)
{
    prh_mem_note *note = calloc(1, sizeof *note);
    if (!note) {
        return NULL;
    }
    note->row.channel = prh_arena_text(&note->arena, row->channel);
    note->row.event_id = prh_arena_text(&note->arena, row->event_id);
    note->row.order_hash = prh_arena_text(&note->arena, row->order_hash);
    note->row.body = prh_arena_copy(&note->arena, row->body, row->body_len);
    note->row.body_len = row->body_len;
    note->at_ms = at_ms;
    note->payment_id = payment_id;
    if (!note->row.channel || !note->row.event_id || !note->row.order_hash || !note->row.body) {
        prh_arena_free(note->arena);
        free(note);
        return NULL;
    }
    return note;
}

int32_t prh_memory_orphan_put(prh_store *store, const payroute_row_notification *row, int64_t now_ms)
{
    prh_mem_db *db;
    int32_t rc = prh_notification_check(row);
    if (!rc) {
        rc = prh_memory_enter(store, &db);
    }
    if (rc) {
        return rc;
    }
    if (prh_memory_find(db, 'n', row->channel, row->event_id)) {
        return prh_memory_leave(PAYROUTE_OK);
    }
    prh_mem_key *key = prh_memory_key('n', row->channel, row->event_id, (int64_t)db->note_count + 1);
    prh_mem_note *note = prh_memory_note_new(row, now_ms, 0);
    if (!key || !note || prh_memory_grow((void **)&db->notes, db->note_count, 1)) {
        if (note) {
            prh_arena_free(note->arena);
        }
        free(note);
        free(key);
        return prh_memory_leave(PAYROUTE_E_NOMEM);
    }
    prh_memory_link(db, key);
    db->notes[db->note_count++] = note;
    return prh_memory_wrote(store, PAYROUTE_OK, 1);
}

int32_t prh_memory_orphans(prh_store *store, const char *order_hash, prh_orphan_visit visit, void *user)
{
    prh_mem_db *db;
    int32_t rc = visit ? PAYROUTE_OK : PAYROUTE_E_ARG;
    for (size_t i = 0; !rc; i++) { /* one at a time, so that the visitor may call the store */
        rc = prh_memory_enter(store, &db);
        if (rc) {
            return rc;
        }
        const prh_mem_note *n = i < db->note_count ? db->notes[i] : NULL; /* notes are never taken away */
        int32_t wanted = n && !n->payment_id && (!order_hash || !strcmp(n->row.order_hash, order_hash));
        (void)prh_memory_leave(PAYROUTE_OK);
        if (!n || (wanted && visit(user, n->row.channel, n->row.event_id, n->row.order_hash, n->at_ms))) {
            break;
        }
    }
    return rc;
}

int32_t prh_memory_orphan_take(prh_store *store, const char *channel, const char *event_id,
                               int64_t payment_id)
{
    prh_mem_db *db;
    int32_t rc = channel && event_id && payment_id > 0 ? prh_memory_enter(store, &db) : PAYROUTE_E_ARG;
    if (rc) {
        return rc;
    }
    int64_t at = prh_memory_find(db, 'n', channel, event_id);
    if (!at) {
        return prh_memory_leave(PAYROUTE_E_NOT_FOUND);
    }
    prh_mem_note *note = db->notes[at - 1];
    if (note->payment_id) {
        return prh_memory_leave(note->payment_id == payment_id ? PAYROUTE_OK : PAYROUTE_E_STALE);
    }
    if (payment_id > (int64_t)db->payment_count) {
        return prh_memory_leave(PAYROUTE_E_NOT_FOUND);
    }
    note->payment_id = payment_id;
    return prh_memory_wrote(store, PAYROUTE_OK, 1);
}

int32_t prh_memory_orphan_body(prh_store *store, const char *channel, const char *event_id, char **body,
                               size_t *len)
{
    prh_mem_db *db;
    int32_t rc = channel && event_id && body && len ? prh_memory_enter(store, &db) : PAYROUTE_E_ARG;
    if (rc) {
        return rc;
    }
    int64_t at = prh_memory_find(db, 'n', channel, event_id);
    if (!at) {
        return prh_memory_leave(PAYROUTE_E_NOT_FOUND);
    }
    const payroute_row_notification *row = &db->notes[at - 1]->row;
    *body = malloc(row->body_len + 1);
    if (*body) {
        memcpy(*body, row->body, row->body_len + 1);
        *len = row->body_len;
    }
    return prh_memory_leave(*body ? PAYROUTE_OK : PAYROUTE_E_NOMEM);
}

static prh_mem_kv **kv_slot(prh_mem_db *db, const char *name)
{
    prh_mem_kv **at = &db->kv;
    while (*at && strcmp((*at)->name, name) != 0) {
        at = &(*at)->next;
    }
    return at;
}

int32_t prh_memory_kv_get(prh_store *store, const char *name, int64_t now_ms, char *out, size_t cap,
                          size_t *len)
{
    prh_mem_db *db;
    int32_t rc = !prh_kv_check(name, NULL, 0) && len && (!cap || out) ? prh_memory_enter(store, &db)
        : PAYROUTE_E_ARG;
    if (rc) {
        return rc;
    }
    const prh_mem_kv *kv = *kv_slot(db, name);
    if (!kv || kv->expires_ms <= now_ms) {
        return prh_memory_leave(PAYROUTE_E_NOT_FOUND);
    }
    *len = kv->len;
    if (kv->len > cap) {
        return prh_memory_leave(PAYROUTE_E_BUFFER);
    }
    if (kv->len) {
        memcpy(out, kv->value, kv->len);
    }
    return prh_memory_leave(PAYROUTE_OK);
}

static void kv_drop(prh_mem_kv **at)
{
    prh_mem_kv *gone = *at;
    *at = gone->next;
    prh_arena_free(gone->arena);
    free(gone);
}

static int32_t kv_write(prh_store *store, const char *name, const char *value, size_t len, int64_t expires_ms,
                        int32_t only_new)
{
    prh_mem_db *db;
    int32_t rc = prh_kv_check(name, value, len);
    if (!rc) {
        rc = prh_memory_enter(store, &db);
    }
    if (rc) {
        return rc;
    }
    prh_mem_kv **at = kv_slot(db, name);
    if (only_new && *at) {
        return prh_memory_leave(PAYROUTE_E_CONFLICT);
    }
    if (expires_ms <= 0) {
        int32_t there = *at != NULL;
        if (there) {
            kv_drop(at);
        }
        return prh_memory_wrote(store, PAYROUTE_OK, there);
    }
    prh_mem_kv *kv = calloc(1, sizeof *kv);
    if (kv) {
        kv->name = prh_arena_text(&kv->arena, name);
        kv->value = prh_arena_copy(&kv->arena, value, len);
        kv->len = len;
        kv->expires_ms = expires_ms;
    }
    if (!kv || !kv->name || !kv->value) {
        prh_arena_free(kv ? kv->arena : NULL);
        free(kv);
        return prh_memory_leave(PAYROUTE_E_NOMEM);
    }
    if (*at) {
        kv_drop(at);
    }
    kv->next = *at;
    *at = kv;
    return prh_memory_wrote(store, PAYROUTE_OK, 1);
}

int32_t prh_memory_kv_put(prh_store *store, const char *name, const char *value, size_t len,
                          int64_t expires_ms)
{
    return kv_write(store, name, value, len, expires_ms, 0);
}

int32_t prh_memory_kv_add(prh_store *store, const char *name, const char *value, size_t len)
{
    return kv_write(store, name, value, len, INT64_MAX, 1);
}
