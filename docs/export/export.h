/* What the parts of the catalogue's exporter share: every row and reason as the public interface tells them, and a
 * writer for the dialects in which they go out. */
#ifndef EXPORT_H
#define EXPORT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { EXPORT_REASONS = 256, EXPORT_PROVIDERS = 512, EXPORT_LOCALES = 40, EXPORT_PLACES = 2000, AUDIENCES = 3 };

typedef struct row {
    const char *operation;
    const char *layer;
    const char *code;
    const char *alias_of; /* NULL: none */
    const char *source;
    const char *note;
    const char *reviewed; /* "": not yet */
    const char *advice;
    const char *field; /* "": none */
    const char *act;
    int64_t wait_seconds;
    int32_t reason; /* index */
    int32_t provider;
    int32_t forbids;
    int32_t place; /* index into the catalogue's places; -1: none */
    char *key;     /* the code as it is looked for: normalized and in lower case */
    char *json;    /* as payroute_catalog_row_at gave it */
} row;

typedef struct place {
    const char *zh;
    const char *en;
    const char *url; /* "" : not the same for everybody */
} place;

typedef struct catalog {
    row *rows;
    int32_t row_count;
    const char *providers[EXPORT_PROVIDERS];
    int32_t first[EXPORT_PROVIDERS + 1]; /* rows of a provider stand together */
    int32_t provider_count;
    int32_t reasons[EXPORT_REASONS]; /* number by index */
    int32_t reason_count;
    int32_t locale_count;
    place places[EXPORT_PLACES];
    int32_t place_count;
} catalog;

void export_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void *export_need(void *block);

void export_read(catalog *c);
int32_t row_is_message(const row *r);
int32_t row_is_prefix(const row *r);
int32_t row_is_default(const row *r);
int32_t export_layer_named(const row *r); /* a layer that its table has */

/* ---- values, in the syntax of JSON, PHP or Python ---- */
enum dialect { DIALECT_JSON, DIALECT_PHP, DIALECT_PYTHON, DIALECT_PAGE };
enum { EMIT_DEPTH = 16 };
typedef struct emit {
    FILE *to;
    enum dialect dialect;
    int32_t lines; /* down to this depth every value has a line of its own */
    int32_t depth;
    int32_t filled[EMIT_DEPTH];
    char end[EMIT_DEPTH];
} emit;
void emit_map(emit *e, const char *key); /* key NULL: in a list, or at the top */
void emit_list(emit *e, const char *key);
void emit_end(emit *e);
void emit_text(emit *e, const char *key, const char *text); /* NULL: null */
void emit_number(emit *e, const char *key, int64_t value);
void emit_flag(emit *e, const char *key, int32_t value);
void emit_raw(emit *e, const char *key, const char *json);

void export_json(emit *e, const catalog *c);
void export_lookup(emit *e, const catalog *c); /* what the PHP and the Python lookup read */
void export_page(emit *e, const catalog *c);
int export_report(const catalog *c);

#endif
