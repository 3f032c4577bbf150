/* Memory of loaded rows and the check of what may be stored: a store refuses what it could not hand back. */
#include "host/store_rows.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 4096u

struct prh_arena {
    prh_arena *next;
    size_t used;
    size_t cap;
    /* the bytes follow */
};

#define HEAD ((sizeof(prh_arena) + 15u) & ~(size_t)15u)

void *prh_arena_get(prh_arena **arena, size_t size)
{
    if (size > SIZE_MAX / 4) {
        return NULL;
    }
    size_t need = (size + 15u) & ~(size_t)15u;
    prh_arena *block = *arena;
    if (!block || block->cap - block->used < need) {
        size_t cap = need > BLOCK ? need : BLOCK;
        block = calloc(1, HEAD + cap);
        if (!block) {
            return NULL;
        }
        block->cap = cap;
        block->next = *arena;
        *arena = block;
    }
    void *at = (char *)block + HEAD + block->used;
    block->used += need;
    return at;
}

char *prh_arena_copy(prh_arena **arena, const void *bytes, size_t len)
{
    char *copy = prh_arena_get(arena, len + 1);
    if (copy && len) {
        memcpy(copy, bytes, len);
    }
    return copy;
}

char *prh_arena_text(prh_arena **arena, const char *text)
{
    return prh_arena_copy(arena, text ? text : "", text ? strlen(text) : 0);
}

void prh_arena_free(prh_arena *arena)
{
    while (arena) {
        prh_arena *next = arena->next;
        free(arena);
        arena = next;
    }
}

void prh_rows_release(prh_rows *rows)
{
    if (rows) {
        prh_arena_free(rows->memory);
        memset(rows, 0, sizeof *rows);
    }
}

void prh_why(char *why, size_t cap, const char *format, ...)
{
    if (!why || !cap) {
        return;
    }
    va_list args;
    va_start(args, format);
    (void)vsnprintf(why, cap, format, args);
    va_end(args);
}

static int text_fits(const char *text, size_t least, size_t most)
{
    if (!text) {
        return 0;
    }
    size_t len = strnlen(text, most + 1);
    return len >= least && len <= most;
}

static int bytes_fit(const char *bytes, size_t len, size_t most)
{
    return len <= most && (bytes || !len);
}

/* Events are handed out as C strings, so a NUL inside would cut them silently. */
static int body_fits(const char *bytes, size_t len, size_t most)
{
    return bytes_fit(bytes, len, most) && (!len || !memchr(bytes, 0, len));
}

static int payment_fits(const payroute_row_payment *p)
{
    if (!text_fits(p->instance, 1, 32) || !text_fits(p->order_id, 1, 64) || !text_fits(p->currency, 1, 8)
        || !text_fits(p->lease_owner, 0, 128)) {
        return 0;
    }
    if (p->seen < 0 || p->version != p->seen + 1 || (p->seen == 0) != (p->id == 0) || p->id < 0) {
        return 0;
    }
    return p->record && p->record_len && p->record_len <= 65536 && p->winner >= 0 && p->lease_epoch >= 0;
}

static int attempts_fit(const payroute_save_set *set)
{
    for (int32_t i = 0; i < set->attempt_count; i++) {
        const payroute_row_attempt *a = &set->attempts[i];
        if (a->n < 1 || a->guard < 0 || a->guard > 2 || !text_fits(a->channel, 1, 64)
            || !text_fits(a->reference, 1, 64) || !text_fits(a->provider_id, 0, 255)
            || !text_fits(a->capture_id, 0, 255) || !bytes_fit(a->content, a->content_len, 4096)
            || !bytes_fit(a->show, a->show_len, 16384)) {
            return 0;
        }
        for (int32_t j = 0; j < i; j++) {
            if (set->attempts[j].n == a->n) {
                return 0;
            }
        }
    }
    return 1;
}

static int actions_fit(const payroute_save_set *set)
{
    for (int32_t i = 0; i < set->action_count; i++) {
        const payroute_row_action *a = &set->actions[i];
        if (a->no < 1 || a->n < 1 || !text_fits(a->key, 1, 64) || !text_fits(a->caller_id, 0, 255)
            || !text_fits(a->provider_id, 0, 255)) {
            return 0;
        }
        for (int32_t j = 0; j < i; j++) {
            if (set->actions[j].no == a->no) {
                return 0;
            }
        }
    }
    return 1;
}

static int rest_fits(const payroute_save_set *set)
{
    for (int32_t i = 0; i < set->fact_count; i++) {
        if (!bytes_fit(set->facts[i].body, set->facts[i].body_len, 65536)) {
            return 0;
        }
    }
    for (int32_t i = 0; i < set->event_count; i++) {
        const payroute_row_event *e = &set->events[i];
        if (e->kind < 1 || e->no < 1 || !body_fits(e->body, e->body_len, 65536)) {
            return 0;
        }
    }
    for (int32_t i = 0; i < set->notification_count; i++) {
        if (prh_notification_check(&set->notifications[i])) {
            return 0;
        }
    }
    return 1;
}

int32_t prh_notification_check(const payroute_row_notification *row)
{
    int fits = row && text_fits(row->channel, 1, 64) && text_fits(row->event_id, 1, 255)
               && text_fits(row->order_hash, 0, 128) && bytes_fit(row->body, row->body_len, 262144);
    return fits ? PAYROUTE_OK : PAYROUTE_E_ARG;
}

int32_t prh_kv_check(const char *name, const char *value, size_t len)
{
    return text_fits(name, 1, 255) && bytes_fit(value, len, 262144) ? PAYROUTE_OK : PAYROUTE_E_ARG;
}

static int lists_fit(const payroute_save_set *set)
{
    return set->attempt_count >= 0 && set->attempt_count <= 64 && (set->attempts || !set->attempt_count)
           && set->action_count >= 0 && set->action_count <= 1024 && (set->actions || !set->action_count)
           && set->fact_count >= 0 && (set->facts || !set->fact_count) && set->event_count >= 0
           && (set->events || !set->event_count) && set->notification_count >= 0
           && (set->notifications || !set->notification_count);
}

int32_t prh_save_check(const payroute_save_set *set)
{
    if (!set || !text_fits(set->audit, 1, 128) || !payment_fits(&set->payment) || !lists_fit(set)
        || !attempts_fit(set) || !actions_fit(set) || !rest_fits(set)) {
        return PAYROUTE_E_ARG;
    }
    return PAYROUTE_OK;
}
