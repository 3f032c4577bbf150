/* One save set on the memory store: the payment is copied with the changes laid over, judged by the unique
   rules in the order in which SQLite meets them, and only then put in the place of the old one. */
#include "host/memory_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t bucket(const char *text)
{
    uint32_t hash = 2166136261u;
    for (; *text; text++) {
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    }
    return hash % (sizeof((prh_mem_db *)0)->keys / sizeof(prh_mem_key *));
}

/* Length before text, so that "a","bc" and "ab","c" are two keys. */
static size_t key_text(char *out, size_t cap, char kind, const char *a, const char *b)
{
    return (size_t)snprintf(out, cap, "%c%zu:%s%s", kind, strlen(a), a, b);
}

prh_mem_key *prh_memory_key(char kind, const char *a, const char *b, int64_t value)
{
    size_t len = key_text(NULL, 0, kind, a, b);
    prh_mem_key *key = malloc(sizeof *key + len + 1);
    if (key) {
        key->next = NULL;
        key->value = value;
        (void)key_text(key->text, len + 1, kind, a, b);
    }
    return key;
}

int64_t prh_memory_find(const prh_mem_db *db, char kind, const char *a, const char *b)
{
    char text[1024];
    if (key_text(text, sizeof text, kind, a, b) >= sizeof text) {
        return 0;
    }
    for (const prh_mem_key *key = db->keys[bucket(text)]; key; key = key->next) {
        if (!strcmp(key->text, text)) {
            return key->value;
        }
    }
    return 0;
}

void prh_memory_link(prh_mem_db *db, prh_mem_key *key)
{
    size_t at = bucket(key->text);
    key->next = db->keys[at];
    db->keys[at] = key;
}

/* Room for `more` pointers beyond `count`; grows in doublings. */
int32_t prh_memory_grow(void **array, size_t count, size_t more)
{
    size_t cap = 16;
    while (cap < count) {
        cap *= 2;
    }
    if (*array && count + more <= cap) {
        return PAYROUTE_OK;
    }
    while (cap < count + more) {
        cap *= 2;
    }
    void *grown = realloc(*array, cap * sizeof(void *));
    if (!grown) {
        return PAYROUTE_E_NOMEM;
    }
    *array = grown;
    return PAYROUTE_OK;
}

/* What a save is about to do. Everything that can fail happens on this; then it is applied. */
typedef struct staged {
    prh_mem_db *db;
    prh_mem_payment *made;
    payroute_row_attempt *attempts;
    payroute_row_action *actions;
    payroute_row_fact *facts;
    payroute_row_event *events;
    prh_mem_key *keys;       /* chained by next */
    prh_mem_note **notes;
    size_t note_count;
    int64_t id;
} staged;

static int32_t stage_key(staged *st, char kind, const char *a, const char *b, int64_t value)
{
    char text[1024];
    (void)key_text(text, sizeof text, kind, a, b);
    for (const prh_mem_key *key = st->keys; key; key = key->next) {
        if (!strcmp(key->text, text)) {
            return PAYROUTE_E_STALE;
        }
    }
    if (prh_memory_find(st->db, kind, a, b)) {
        return PAYROUTE_E_STALE;
    }
    prh_mem_key *key = prh_memory_key(kind, a, b, value);
    if (!key) {
        return PAYROUTE_E_NOMEM;
    }
    key->next = st->keys;
    st->keys = key;
    return PAYROUTE_OK;
}

static int32_t made(int all_there)
{
    return all_there ? PAYROUTE_OK : PAYROUTE_E_NOMEM;
}

static int32_t copy_payment(prh_arena **arena, payroute_row_payment *to, const payroute_row_payment *from)
{
    *to = *from;
    to->instance = prh_arena_text(arena, from->instance);
    to->order_id = prh_arena_text(arena, from->order_id);
    to->currency = prh_arena_text(arena, from->currency);
    to->lease_owner = prh_arena_text(arena, from->lease_owner);
    to->record = prh_arena_copy(arena, from->record, from->record_len);
    to->seen = to->version;
    return made(to->instance && to->order_id && to->currency && to->lease_owner && to->record);
}

static int32_t copy_attempt(prh_arena **arena, payroute_row_attempt *to, const payroute_row_attempt *from)
{
    *to = *from;
    to->channel = prh_arena_text(arena, from->channel);
    to->reference = prh_arena_text(arena, from->reference);
    to->provider_id = prh_arena_text(arena, from->provider_id);
    to->capture_id = prh_arena_text(arena, from->capture_id);
    to->content = prh_arena_copy(arena, from->content, from->content_len);
    to->show = prh_arena_copy(arena, from->show, from->show_len);
    return made(to->channel && to->reference && to->provider_id && to->capture_id && to->content && to->show);
}

static int32_t copy_action(prh_arena **arena, payroute_row_action *to, const payroute_row_action *from)
{
    *to = *from;
    to->key = prh_arena_text(arena, from->key);
    to->caller_id = prh_arena_text(arena, from->caller_id);
    to->provider_id = prh_arena_text(arena, from->provider_id);
    return made(to->key && to->caller_id && to->provider_id);
}

static int32_t copy_fact(prh_arena **arena, payroute_row_fact *to, const payroute_row_fact *from)
{
    *to = *from;
    to->body = prh_arena_copy(arena, from->body, from->body_len);
    return made(to->body != NULL);
}

static int32_t copy_event(prh_arena **arena, payroute_row_event *to, const payroute_row_event *from)
{
    *to = *from;
    to->body = prh_arena_copy(arena, from->body, from->body_len);
    return made(to->body != NULL);
}

static void *stage_room(prh_mem_payment *m, int32_t count, size_t size)
{
    return prh_arena_get(&m->arena, ((size_t)count + 1) * size);
}

static int32_t stage_arrays(staged *st, const payroute_save_set *set)
{
    prh_mem_payment *m = st->made;
    const payroute_save_set *now = &m->set;
    size_t events = (size_t)(now->event_count + set->event_count + 1);
    st->attempts = stage_room(m, now->attempt_count + set->attempt_count, sizeof *st->attempts);
    st->actions = stage_room(m, now->action_count + set->action_count, sizeof *st->actions);
    st->facts = stage_room(m, now->fact_count + set->fact_count, sizeof *st->facts);
    st->events = prh_arena_get(&m->arena, events * sizeof *st->events);
    m->acked = prh_arena_get(&m->arena, events * sizeof *m->acked);
    return made(st->attempts && st->actions && st->facts && st->events && m->acked);
}

/* The old rows into the new block. */
static int32_t stage_old(staged *st, const prh_mem_payment *old)
{
    prh_arena **arena = &st->made->arena;
    int32_t rc = PAYROUTE_OK;
    for (int32_t i = 0; i < old->set.attempt_count && !rc; i++) {
        rc = copy_attempt(arena, &st->attempts[i], &old->set.attempts[i]);
    }
    for (int32_t i = 0; i < old->set.action_count && !rc; i++) {
        rc = copy_action(arena, &st->actions[i], &old->set.actions[i]);
    }
    for (int32_t i = 0; i < old->set.fact_count && !rc; i++) {
        rc = copy_fact(arena, &st->facts[i], &old->set.facts[i]);
    }
    for (int32_t i = 0; i < old->set.event_count && !rc; i++) {
        rc = copy_event(arena, &st->events[i], &old->set.events[i]);
        st->made->acked[i] = old->acked[i];
    }
    return rc;
}

static payroute_row_attempt *staged_attempt(staged *st, int32_t n)
{
    for (int32_t i = 0; i < st->made->set.attempt_count; i++) {
        if (st->attempts[i].n == n) {
            return &st->attempts[i];
        }
    }
    return NULL;
}

static int32_t guard_taken(staged *st, const payroute_row_attempt *given)
{
    for (int32_t i = 0; i < st->made->set.attempt_count; i++) {
        if (given->guard && st->attempts[i].guard == given->guard && st->attempts[i].n != given->n) {
            return 1;
        }
    }
    return 0;
}

static int32_t attempt_over(staged *st, payroute_row_attempt *there, const payroute_row_attempt *given)
{
    payroute_row_attempt row = *given;
    if (!given->content) {
        row.content = there->content;
        row.content_len = there->content_len;
    }
    if (strcmp(there->channel, row.channel) != 0 || strcmp(there->reference, row.reference) != 0
        || there->content_len != row.content_len
        || (row.content_len && memcmp(there->content, row.content, row.content_len) != 0)) {
        return PAYROUTE_E_ARG;
    }
    return guard_taken(st, given) ? PAYROUTE_E_STALE : copy_attempt(&st->made->arena, there, &row);
}

/* Rows come back ordered by number, in whatever order they were saved. */
static int32_t attempt_append(staged *st, const payroute_row_attempt *given)
{
    int32_t rc = stage_key(st, 'r', given->channel, given->reference, st->id);
    if (rc || guard_taken(st, given)) {
        return rc ? rc : PAYROUTE_E_STALE;
    }
    int32_t at = st->made->set.attempt_count++;
    for (; at > 0 && st->attempts[at - 1].n > given->n; at--) {
        st->attempts[at] = st->attempts[at - 1];
    }
    return copy_attempt(&st->made->arena, &st->attempts[at], given);
}

static int32_t stage_attempts(staged *st, const payroute_save_set *set)
{
    for (int32_t i = 0; i < set->attempt_count; i++) {
        payroute_row_attempt *there = staged_attempt(st, set->attempts[i].n);
        if (there) {
            there->guard = 0;
        }
    }
    int32_t rc = PAYROUTE_OK;
    for (int32_t i = 0; i < set->attempt_count && !rc; i++) {
        payroute_row_attempt *there = staged_attempt(st, set->attempts[i].n);
        rc = there ? attempt_over(st, there, &set->attempts[i]) : attempt_append(st, &set->attempts[i]);
    }
    return rc;
}

static int32_t caller_taken(staged *st, const payroute_row_action *given)
{
    for (int32_t i = 0; i < st->made->set.action_count; i++) {
        if (*given->caller_id && st->actions[i].kind == given->kind
            && !strcmp(st->actions[i].caller_id, given->caller_id)) {
            return 1;
        }
    }
    return 0;
}

static int32_t action_put(staged *st, const payroute_row_action *given)
{
    int32_t count = st->made->set.action_count;
    for (int32_t i = 0; i < count; i++) {
        payroute_row_action *there = &st->actions[i];
        if (there->no != given->no) {
            continue;
        }
        if (there->n != given->n || there->kind != given->kind || strcmp(there->key, given->key) != 0
            || strcmp(there->caller_id, given->caller_id) != 0) {
            return PAYROUTE_E_ARG;
        }
        return copy_action(&st->made->arena, there, given);
    }
    int32_t rc = stage_key(st, 'k', given->key, "", st->id);
    if (rc || caller_taken(st, given)) {
        return rc ? rc : PAYROUTE_E_STALE;
    }
    int32_t at = st->made->set.action_count++;
    for (; at > 0 && st->actions[at - 1].no > given->no; at--) {
        st->actions[at] = st->actions[at - 1];
    }
    return copy_action(&st->made->arena, &st->actions[at], given);
}

static int32_t fact_put(staged *st, const payroute_row_fact *given)
{
    int32_t at = 0;
    while (at < st->made->set.fact_count
           && (st->facts[at].n != given->n || st->facts[at].source != given->source
               || st->facts[at].no != given->no)) {
        at++;
    }
    if (at == st->made->set.fact_count) {
        st->made->set.fact_count++;
    }
    return copy_fact(&st->made->arena, &st->facts[at], given);
}

static int32_t event_put(staged *st, const payroute_row_event *given)
{
    int32_t at = 0;
    for (; at < st->made->set.event_count; at++) {
        if (st->events[at].kind == given->kind && st->events[at].no == given->no) {
            return PAYROUTE_OK;
        }
    }
    st->made->set.event_count++;
    return copy_event(&st->made->arena, &st->events[at], given);
}

static int32_t note_stage(staged *st, const payroute_row_notification *row, int64_t at_ms)
{
    int32_t rc = stage_key(st, 'n', row->channel, row->event_id,
                           (int64_t)(st->db->note_count + st->note_count + 1));
    if (rc) {
        return rc == PAYROUTE_E_STALE ? PAYROUTE_OK : rc; /* a repeat is no new row */
    }
    rc = prh_memory_grow((void **)&st->notes, st->note_count, 1);
    prh_mem_note *note = rc ? NULL : prh_memory_note_new(row, at_ms, st->id);
    if (!note) {
        return PAYROUTE_E_NOMEM;
    }
    st->notes[st->note_count++] = note;
    return PAYROUTE_OK;
}

static int32_t stage_rest(staged *st, const payroute_save_set *set)
{
    int32_t rc = PAYROUTE_OK;
    for (int32_t i = 0; i < set->action_count && !rc; i++) {
        rc = action_put(st, &set->actions[i]);
    }
    for (int32_t i = 0; i < set->fact_count && !rc; i++) {
        rc = fact_put(st, &set->facts[i]);
    }
    for (int32_t i = 0; i < set->event_count && !rc; i++) {
        rc = event_put(st, &set->events[i]);
    }
    for (int32_t i = 0; i < set->notification_count && !rc; i++) {
        rc = note_stage(st, &set->notifications[i], set->at_ms);
    }
    return rc;
}

static int32_t stage_payment(staged *st, const payroute_save_set *set, const prh_mem_payment *old)
{
    const payroute_row_payment *p = &set->payment;
    if (!old) {
        int32_t rc = stage_key(st, 'o', p->instance, p->order_id, st->id);
        return rc == PAYROUTE_E_STALE ? PAYROUTE_E_CONFLICT : rc;
    }
    const payroute_row_payment *o = &old->set.payment;
    return o->version == p->seen ? PAYROUTE_OK : PAYROUTE_E_STALE;
}

/* As SQLite's UPDATE … WHERE, which comes last there. */
static int32_t payment_may(const payroute_row_payment *p, const payroute_row_payment *o)
{
    return o->lease_epoch <= p->lease_epoch && !strcmp(o->instance, p->instance)
           && !strcmp(o->order_id, p->order_id) && o->ordered_ms == p->ordered_ms
           && o->amount_minor == p->amount_minor && !strcmp(o->currency, p->currency);
}

static int32_t stage_all(staged *st, const payroute_save_set *set, const prh_mem_payment *old)
{
    int32_t rc = stage_payment(st, set, old);
    if (!rc && old) {
        st->made->set = old->set;
    }
    if (!rc) {
        rc = stage_arrays(st, set);
    }
    if (!rc && old) {
        rc = stage_old(st, old);
    }
    if (!rc) {
        rc = stage_attempts(st, set);
    }
    if (!rc) {
        rc = stage_rest(st, set);
    }
    if (!rc && old && !payment_may(&set->payment, &old->set.payment)) {
        rc = PAYROUTE_E_STALE;
    }
    if (!rc) {
        rc = copy_payment(&st->made->arena, &st->made->set.payment, &set->payment);
    }
    st->made->set.payment.id = st->id;
    st->made->set.audit = rc ? NULL : prh_arena_text(&st->made->arena, set->audit);
    return !rc && !st->made->set.audit ? PAYROUTE_E_NOMEM : rc;
}

static void unstage(staged *st)
{
    while (st->keys) {
        prh_mem_key *next = st->keys->next;
        free(st->keys);
        st->keys = next;
    }
    for (size_t i = 0; i < st->note_count; i++) {
        prh_arena_free(st->notes[i]->arena);
        free(st->notes[i]);
    }
    prh_arena_free(st->made->arena);
    free(st->made);
}

/* Nothing here can fail. */
static void apply(staged *st, const payroute_save_set *set)
{
    prh_mem_db *db = st->db;
    while (st->keys) {
        prh_mem_key *next = st->keys->next;
        prh_memory_link(db, st->keys);
        st->keys = next;
    }
    for (size_t i = 0; i < st->note_count; i++) {
        db->notes[db->note_count++] = st->notes[i];
    }
    for (int32_t i = 0; i < set->notification_count; i++) {
        int64_t at = prh_memory_find(db, 'n', set->notifications[i].channel, set->notifications[i].event_id);
        if (at && !db->notes[at - 1]->payment_id) {
            db->notes[at - 1]->payment_id = st->id;
        }
    }
    st->made->set.attempts = st->attempts;
    st->made->set.actions = st->actions;
    st->made->set.facts = st->facts;
    st->made->set.events = st->events;
    st->made->set.notifications = NULL;
    st->made->set.notification_count = 0;
    size_t at = (size_t)(st->id - 1);
    if (at == db->payment_count) {
        db->payments[db->payment_count++] = st->made;
    } else {
        prh_arena_free(db->payments[at]->arena);
        free(db->payments[at]);
        db->payments[at] = st->made;
    }
    db->counter++;
}

int32_t prh_memory_save_locked(prh_mem_db *db, const payroute_save_set *set, int64_t *payment_id)
{
    int64_t id = set->payment.id;
    if (id > (int64_t)db->payment_count) {
        return PAYROUTE_E_STALE;
    }
    staged st = { .db = db, .id = id ? id : (int64_t)db->payment_count + 1 };
    st.made = calloc(1, sizeof *st.made);
    if (!st.made) {
        return PAYROUTE_E_NOMEM;
    }
    int32_t rc = stage_all(&st, set, id ? db->payments[id - 1] : NULL);
    if (!rc) {
        rc = prh_memory_grow((void **)&db->payments, db->payment_count, 1);
    }
    if (!rc) {
        rc = prh_memory_grow((void **)&db->notes, db->note_count, st.note_count + 1);
    }
    if (rc) {
        unstage(&st);
    } else {
        apply(&st, set);
        if (payment_id) {
            *payment_id = st.id;
        }
    }
    free(st.notes);
    return rc;
}
