/* Small builders of save sets, so that a test says only what it is about. */
#ifndef STORE_KIT_H
#define STORE_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/memory_store.h"
#include "host/sqlite_store.h"
#include "host/store_fault.h"

/* One payment as its worker sees it; the set points into it. */
typedef struct kit {
    payroute_save_set set;
    payroute_row_attempt attempts[4];
    payroute_row_action actions[4];
    payroute_row_fact facts[4];
    payroute_row_event events[4];
    payroute_row_notification notes[4];
    char order[64];
    char record[160];
    char audit[80];
    char references[4][64];
    char keys[4][64];
} kit;

void kit_new(kit *k, const char *order);                    /* a payment that is not stored yet */
payroute_row_attempt *kit_attempt(kit *k, int32_t n, int32_t guard);
payroute_row_action *kit_action(kit *k, int32_t no, int32_t kind, const char *caller_id);
payroute_row_fact *kit_fact(kit *k, int32_t no, const char *body);
payroute_row_event *kit_event(kit *k, int32_t kind, int32_t no, int64_t at_ms, const char *body);
payroute_row_notification *kit_note(kit *k, const char *event_id, const char *hash, const char *body);
int32_t kit_save(prh_store *s, kit *k);                     /* on OK the kit is ready for the next write */
void kit_next(kit *k);

/* A folder of the test's own, removed with all in it. */
char *kit_folder(void);
/* in memory where that can be had: syncs are free */
char *kit_folder_fast(void);
void kit_folder_remove(char *folder);
void kit_remove_files(const char *folder);

prh_store *kit_open(const char *url);                       /* or the test fails, saying why */
void kit_close(prh_store *s);
uint32_t kit_random(uint64_t *state);

/* A store of each kind, as setup of a test that is run for both. */
typedef struct fixture {
    const char *scheme;
    char *folder;
    char url[600];
    prh_store *s;
} fixture;

int kit_start_sqlite(void **state);
int kit_start_memory(void **state);
int kit_stop(void **state);
void kit_same_bytes(const char *a, size_t a_len, const char *b, size_t b_len);
/* The payment is there in this version, with so many attempts, and the handle made so many transactions. */
void kit_unchanged(prh_store *s, int64_t id, int64_t version, int32_t attempts, int64_t transactions);

#define STORE            \
    fixture *f = *state; \
    prh_store *s = f->s; \
    (void)f
#define OPS s->ops
#define BOTH(test)                                                                \
    { #test " (memory)", test, kit_start_memory, kit_stop, NULL },                \
    { #test " (sqlite)", test, kit_start_sqlite, kit_stop, NULL }

#endif
