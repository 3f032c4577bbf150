/* The memory store: the same promises as the SQLite store but durability, for tests and simulations; and,
   being written on its own, the oracle against which the other one is compared. Databases are shared by name
   within the process. */
#include "host/memory_store.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static prh_mem_db *databases;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* OK with the lock held, or E_FORKED without it. */
int32_t prh_memory_enter(prh_store *store, prh_mem_db **db)
{
    prh_memory *s = (prh_memory *)store;
    if (s->pid != getpid()) {
        return PAYROUTE_E_FORKED;
    }
    (void)pthread_mutex_lock(&lock);
    *db = s->db;
    return PAYROUTE_OK;
}

int32_t prh_memory_leave(int32_t rc)
{
    (void)pthread_mutex_unlock(&lock);
    return rc;
}

int32_t prh_memory_wrote(prh_store *store, int32_t rc, int32_t changed)
{
    if (!rc && changed) {
        ((prh_memory *)store)->transactions++;
    }
    return prh_memory_leave(rc);
}

static int32_t memory_save(prh_store *store, const payroute_save_set *set, int64_t *payment_id)
{
    prh_mem_db *db;
    int32_t rc = prh_save_check(set);
    if (!rc) {
        rc = prh_memory_enter(store, &db);
    }
    return rc ? rc : prh_memory_wrote(store, prh_memory_save_locked(db, set, payment_id), 1);
}

static int32_t copy_rows(const prh_mem_payment *m, prh_arena **arena, payroute_save_set *set)
{
    payroute_row_payment *p = &set->payment;
    *set = m->set;
    set->facts = NULL;
    set->events = NULL;
    set->fact_count = set->event_count = 0;
    p->instance = prh_arena_text(arena, p->instance);
    p->order_id = prh_arena_text(arena, p->order_id);
    p->currency = prh_arena_text(arena, p->currency);
    p->lease_owner = prh_arena_text(arena, p->lease_owner);
    p->record = prh_arena_copy(arena, p->record, p->record_len);
    set->audit = prh_arena_text(arena, set->audit);
    payroute_row_attempt *as = prh_arena_get(arena, ((size_t)set->attempt_count + 1) * sizeof *as);
    payroute_row_action *cs = prh_arena_get(arena, ((size_t)set->action_count + 1) * sizeof *cs);
    int32_t good = p->instance && p->order_id && p->currency && p->lease_owner && p->record && set->audit
        && as && cs;
    for (int32_t i = 0; good && i < set->attempt_count; i++) {
        as[i] = m->set.attempts[i];
        as[i].channel = prh_arena_text(arena, as[i].channel);
        as[i].reference = prh_arena_text(arena, as[i].reference);
        as[i].provider_id = prh_arena_text(arena, as[i].provider_id);
        as[i].capture_id = prh_arena_text(arena, as[i].capture_id);
        as[i].content = prh_arena_copy(arena, as[i].content, as[i].content_len);
        as[i].show = prh_arena_copy(arena, as[i].show, as[i].show_len);
        good = as[i].channel && as[i].reference && as[i].provider_id && as[i].capture_id && as[i].content
            && as[i].show;
    }
    for (int32_t i = 0; good && i < set->action_count; i++) {
        cs[i] = m->set.actions[i];
        cs[i].key = prh_arena_text(arena, cs[i].key);
        cs[i].caller_id = prh_arena_text(arena, cs[i].caller_id);
        cs[i].provider_id = prh_arena_text(arena, cs[i].provider_id);
        good = cs[i].key && cs[i].caller_id && cs[i].provider_id;
    }
    set->attempts = as;
    set->actions = cs;
    return good ? PAYROUTE_OK : PAYROUTE_E_NOMEM;
}

static int32_t memory_load(prh_store *store, int64_t payment_id, prh_rows *out)
{
    prh_mem_db *db;
    prh_arena *arena = NULL;
    memset(out, 0, sizeof *out);
    int32_t rc = prh_memory_enter(store, &db);
    if (rc) {
        return rc;
    }
    if (payment_id < 1 || payment_id > (int64_t)db->payment_count) {
        return prh_memory_leave(PAYROUTE_E_NOT_FOUND);
    }
    rc = prh_memory_leave(copy_rows(db->payments[payment_id - 1], &arena, &out->set));
    out->memory = arena;
    if (rc) {
        prh_rows_release(out);
    }
    return rc;
}

static int32_t memory_find(prh_store *store, char kind, const char *a, const char *b, int64_t *payment_id)
{
    prh_mem_db *db;
    int32_t rc = a && b && payment_id ? prh_memory_enter(store, &db) : PAYROUTE_E_ARG;
    if (rc) {
        return rc;
    }
    int64_t id = prh_memory_find(db, kind, a, b);
    if (id) {
        *payment_id = id;
    }
    return prh_memory_leave(id ? PAYROUTE_OK : PAYROUTE_E_NOT_FOUND);
}

static int32_t memory_find_order(prh_store *store, const char *instance, const char *order_id,
                                 int64_t *payment_id)
{
    return memory_find(store, 'o', instance, order_id, payment_id);
}

static int32_t memory_find_reference(prh_store *store, const char *channel, const char *reference,
                                     int64_t *payment_id)
{
    return memory_find(store, 'r', channel, reference, payment_id);
}

static int32_t memory_find_provider_id(prh_store *store, const char *channel, const char *provider_id,
                                       int64_t *payment_id)
{
    prh_mem_db *db;
    int32_t rc = channel && provider_id && payment_id ? prh_memory_enter(store, &db) : PAYROUTE_E_ARG;
    if (rc) {
        return rc;
    }
    rc = PAYROUTE_E_NOT_FOUND;
    for (size_t i = db->payment_count; i > 0 && rc && *provider_id; i--) {
        const payroute_save_set *set = &db->payments[i - 1]->set;
        for (int32_t j = 0; j < set->attempt_count; j++) {
            if (!strcmp(set->attempts[j].channel, channel)
                && !strcmp(set->attempts[j].provider_id, provider_id)) {
                *payment_id = (int64_t)i;
                rc = PAYROUTE_OK;
                break;
            }
        }
    }
    return prh_memory_leave(rc);
}

static int32_t memory_due(prh_store *store, int64_t now_ms, int64_t *ids, int32_t cap, int32_t *count)
{
    prh_mem_db *db;
    int32_t rc = ids && count && cap >= 0 ? prh_memory_enter(store, &db) : PAYROUTE_E_ARG;
    if (rc) {
        return rc;
    }
    int32_t have = 0;
    for (size_t i = 0; i < db->payment_count; i++) {
        int64_t wake = db->payments[i]->set.payment.wake_ms;
        if (wake > now_ms || wake == INT64_MAX) {
            continue;
        }
        int32_t at = have < cap ? have : cap; /* kept sorted by wake, then id; the last one falls out */
        while (at > 0 && db->payments[ids[at - 1] - 1]->set.payment.wake_ms > wake) {
            if (at < cap) {
                ids[at] = ids[at - 1];
            }
            at--;
        }
        if (at < cap) {
            ids[at] = (int64_t)i + 1;
            have += have < cap;
        }
    }
    *count = have;
    return prh_memory_leave(PAYROUTE_OK);
}

static int32_t memory_list(prh_store *store, int32_t status, int64_t after_id, int32_t limit,
                           prh_payment_visit visit, void *user)
{
    prh_mem_db *db;
    int32_t rc = limit >= 1 && limit <= PRH_LIMIT_VISIT && visit ? prh_memory_enter(store, &db)
        : PAYROUTE_E_ARG;
    if (rc) {
        return rc;
    }
    prh_arena *arena = NULL;
    payroute_save_set *sets = prh_arena_get(&arena, (size_t)limit * sizeof *sets);
    int32_t count = 0;
    rc = sets ? PAYROUTE_OK : PAYROUTE_E_NOMEM;
    for (size_t i = after_id > 0 ? (size_t)after_id : 0; i < db->payment_count && count < limit && !rc; i++) {
        if (!status || db->payments[i]->set.payment.status == status) {
            rc = copy_rows(db->payments[i], &arena, &sets[count++]);
        }
    }
    (void)prh_memory_leave(rc);
    for (int32_t i = 0; i < count && !rc; i++) {
        if (visit(user, &sets[i].payment)) {
            break;
        }
    }
    prh_arena_free(arena);
    return rc;
}

static int32_t memory_check(prh_store *store, char *why, size_t why_cap)
{
    prh_mem_db *db;
    prh_why(why, why_cap, "%s", "");
    int32_t rc = prh_memory_enter(store, &db);
    return rc ? rc : prh_memory_leave(PAYROUTE_OK);
}

static int32_t memory_backup(prh_store *store, const char *path)
{
    (void)store;
    (void)path;
    return PAYROUTE_E_UNSUPPORTED;
}

static int64_t memory_counter(prh_store *store)
{
    prh_mem_db *db;
    int32_t rc = prh_memory_enter(store, &db);
    if (rc) {
        return rc;
    }
    int64_t counter = db->counter;
    (void)prh_memory_leave(PAYROUTE_OK);
    return counter;
}

static int64_t memory_transactions(const prh_store *store)
{
    return ((const prh_memory *)store)->transactions;
}

static void database_free(prh_mem_db *db)
{
    for (size_t i = 0; i < sizeof db->keys / sizeof db->keys[0]; i++) {
        while (db->keys[i]) {
            prh_mem_key *next = db->keys[i]->next;
            free(db->keys[i]);
            db->keys[i] = next;
        }
    }
    for (size_t i = 0; i < db->payment_count; i++) {
        prh_arena_free(db->payments[i]->arena);
        free(db->payments[i]);
    }
    for (size_t i = 0; i < db->note_count; i++) {
        prh_arena_free(db->notes[i]->arena);
        free(db->notes[i]);
    }
    while (db->kv) {
        prh_mem_kv *next = db->kv->next;
        prh_arena_free(db->kv->arena);
        free(db->kv);
        db->kv = next;
    }
    free(db->payments);
    free(db->notes);
    free(db->name);
    free(db);
}

static void memory_close(prh_store *store)
{
    prh_memory *s = (prh_memory *)store;
    if (!s) {
        return;
    }
    if (s->pid == getpid()) { /* after fork the parent may hold the lock for ever in our copy */
        (void)pthread_mutex_lock(&lock);
        prh_mem_db **at = &databases;
        while (*at != s->db) {
            at = &(*at)->next;
        }
        if (--s->db->handles == 0) {
            *at = s->db->next;
            database_free(s->db);
        }
        (void)pthread_mutex_unlock(&lock);
    }
    free(s);
}

static const prh_store_ops memory_ops = {
    .scheme = "memory",
    .load = memory_load,
    .rows_free = prh_rows_release,
    .find_order = memory_find_order,
    .find_reference = memory_find_reference,
    .find_provider_id = memory_find_provider_id,
    .save = memory_save,
    .due = memory_due,
    .list = memory_list,
    .events = prh_memory_events,
    .event_ack = prh_memory_event_ack,
    .orphan_put = prh_memory_orphan_put,
    .orphans = prh_memory_orphans,
    .orphan_take = prh_memory_orphan_take,
    .orphan_body = prh_memory_orphan_body,
    .kv_get = prh_memory_kv_get,
    .kv_put = prh_memory_kv_put,
    .kv_add = prh_memory_kv_add,
    .check = memory_check,
    .backup = memory_backup,
    .counter = memory_counter,
    .transactions = memory_transactions,
    .close = memory_close,
};

/* Under the lock. No name: a database of this handle alone. */
static prh_mem_db *database_of(const char *name)
{
    for (prh_mem_db *db = databases; db && *name; db = db->next) {
        if (!strcmp(db->name, name)) {
            return db;
        }
    }
    prh_mem_db *db = calloc(1, sizeof *db);
    if (db) {
        db->name = strdup(name);
        if (!db->name) {
            free(db);
            return NULL;
        }
        db->next = databases;
        databases = db;
    }
    return db;
}

int32_t prh_memory_open(prh_store **out, const char *name)
{
    prh_memory *s = calloc(1, sizeof *s);
    if (!s) {
        return PAYROUTE_E_NOMEM;
    }
    s->base.ops = &memory_ops;
    s->pid = getpid();
    (void)pthread_mutex_lock(&lock);
    s->db = database_of(name);
    if (s->db) {
        s->db->handles++;
    }
    (void)pthread_mutex_unlock(&lock);
    if (!s->db) {
        free(s);
        return PAYROUTE_E_NOMEM;
    }
    *out = &s->base;
    return PAYROUTE_OK;
}
