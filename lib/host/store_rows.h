/* Memory of loaded rows, and the limits every store keeps: what both stores must do alike stands here once.
   */
#ifndef PRH_STORE_ROWS_H
#define PRH_STORE_ROWS_H

#include "host/store.h"

/* Blocks that are freed together. */
typedef struct prh_arena prh_arena;

void *prh_arena_get(prh_arena **arena, size_t size);                         /* zeroed; NULL without memory */
/* NUL added; NULL without memory */
char *prh_arena_copy(prh_arena **arena, const void *bytes, size_t len);
char *prh_arena_text(prh_arena **arena, const char *text);                   /* NULL is "" */
void prh_arena_free(prh_arena *arena);

/* the rows_free of both stores */
void prh_rows_release(prh_rows *rows);

/* Is the set one that may be stored at all: E_ARG when not. */
int32_t prh_save_check(const payroute_save_set *set);
int32_t prh_notification_check(const payroute_row_notification *row);
int32_t prh_kv_check(const char *name, const char *value, size_t len);

/* Text for `why`; always NUL-terminated, cut where it must be. */
__attribute__((format(printf, 3, 4))) void prh_why(char *why, size_t cap, const char *format, ...);

#define PRH_LIMIT_VISIT 1000 /* rows handed out by one call of list or events */

#endif
