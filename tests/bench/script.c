/* One payment's writes recorded and played; see script.h. Reads are left out: bare SQLite need not look
   before it writes. */
#include "script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES_MAX = 128, VALUES_MAX = 24 };

typedef enum kind { PLAIN, PERSON, ORDER, REFERENCE } kind;

typedef struct value {
    int type; /* SQLITE_INTEGER, SQLITE_TEXT, SQLITE_BLOB, SQLITE_NULL */
    int64_t number;
    char *bytes;
    int len;
    kind kind;
} value;

typedef struct line {
    char *sql;
    value values[VALUES_MAX];
    int count;
    sqlite3_stmt *st;
} line;

struct script {
    line lines[LINES_MAX];
    int count;
    int failed;
    sqlite3 *db;
};

/* ---- recording: the text of a statement beside the same text with its values filled in ---- */

static int hex(char c)
{
    return c >= 'a' ? c - 'a' + 10 : c >= 'A' ? c - 'A' + 10 : c - '0';
}

/* One literal; the place behind it. */
static const char *take_literal(value *v, const char *at)
{
    size_t room = strlen(at) + 1;
    char *end = NULL;
    if (strncmp(at, "NULL", 4) == 0) {
        v->type = SQLITE_NULL;
        return at + 4;
    }
    if (*at != '\'' && *at != 'x') {
        v->type = SQLITE_INTEGER;
        v->number = strtoll(at, &end, 10);
        return end;
    }
    v->type = *at == 'x' ? SQLITE_BLOB : SQLITE_TEXT;
    v->bytes = calloc(1, room);
    if (v->bytes == NULL) {
        abort();
    }
    if (*at == 'x') {
        for (at += 2; *at != '\''; at += 2) {
            v->bytes[v->len++] = (char)(hex(at[0]) << 4 | hex(at[1]));
        }
        return at + 1;
    }
    for (at++; *at != '\'' || at[1] == '\''; at++) {
        at += *at == '\'';
        v->bytes[v->len++] = *at;
    }
    return at + 1;
}

static void take_values(script *s, line *l, const char *sql, const char *filled)
{
    while (*sql != '\0' && *filled != '\0') {
        if (*sql != '?') {
            s->failed |= *sql++ != *filled++;
            continue;
        }
        int n = (int)strtol(sql + 1, NULL, 10);
        value v = {0};
        filled = take_literal(&v, filled);
        sql += 1 + strspn(sql + 1, "0123456789");
        if (n < 1 || n > VALUES_MAX) {
            s->failed = 1;
            return;
        }
        free(l->values[n - 1].bytes);
        l->values[n - 1] = v;
        l->count = n > l->count ? n : l->count;
    }
}

static int is_write(const char *sql)
{
    return strncmp(sql, "INSERT", 6) == 0 || strncmp(sql, "UPDATE", 6) == 0 ||
           strncmp(sql, "DELETE", 6) == 0 || strcmp(sql, "BEGIN IMMEDIATE") == 0 ||
           strcmp(sql, "COMMIT") == 0;
}

static int traced(unsigned type, void *user, void *st, void *text)
{
    script *s = user;
    const char *sql = sqlite3_sql(st);
    (void)type, (void)text;
    if (sql == NULL || !is_write(sql)) {
        return 0;
    }
    char *filled = sqlite3_expanded_sql(st);
    if (filled == NULL || s->count == LINES_MAX) {
        s->failed = 1;
    } else {
        line *l = &s->lines[s->count++];
        l->sql = strdup(sql);
        take_values(s, l, sql, filled);
    }
    sqlite3_free(filled);
    return 0;
}

script *script_new(void)
{
    return calloc(1, sizeof(script));
}

void script_free(script *s)
{
    if (s == NULL) {
        return;
    }
    script_close(s);
    for (int i = 0; i < s->count; i++) {
        for (int k = 0; k < s->lines[i].count; k++) {
            free(s->lines[i].values[k].bytes);
        }
        free(s->lines[i].sql);
    }
    free(s);
}

void script_record(script *s, sqlite3 *db)
{
    sqlite3_trace_v2(db, SQLITE_TRACE_STMT, traced, s);
}

/* A BEGIN whose COMMIT never came was a read's or was rolled back: the library says BEGIN IMMEDIATE only to
   write, and takes it back when nothing changed. */
void script_stop(script *s, sqlite3 *db)
{
    sqlite3_trace_v2(db, 0, NULL, NULL);
    int kept = 0, open = -1;
    for (int i = 0; i < s->count; i++) {
        if (strcmp(s->lines[i].sql, "BEGIN IMMEDIATE") == 0) {
            kept = open >= 0 ? open : kept;
            open = kept;
        }
        line moved = s->lines[i];
        s->lines[i] = (line){0};
        s->lines[kept++] = moved;
        open = strcmp(moved.sql, "COMMIT") == 0 ? -1 : open;
    }
    s->count = kept;
}

void script_personal(script *s, int64_t payment_id, const char *order_id, const char *reference)
{
    for (int i = 0; i < s->count; i++) {
        for (int k = 0; k < s->lines[i].count; k++) {
            value *v = &s->lines[i].values[k];
            if (v->type == SQLITE_INTEGER && k == 0 && v->number == payment_id) {
                v->kind = PERSON; /* the first column of every table but kv */
            } else if (v->type == SQLITE_TEXT && strcmp(v->bytes, order_id) == 0) {
                v->kind = ORDER;
            } else if (v->type == SQLITE_TEXT && strcmp(v->bytes, reference) == 0) {
                v->kind = REFERENCE;
            }
        }
    }
}

int script_transactions(const script *s)
{
    int n = 0;
    for (int i = 0; i < s->count; i++) {
        n += strcmp(s->lines[i].sql, "COMMIT") == 0;
    }
    return s->failed ? 0 : n;
}

int script_statements(const script *s)
{
    return s->count;
}

long script_bytes(const script *s)
{
    long n = 0;
    for (int i = 0; i < s->count; i++) {
        for (int k = 0; k < s->lines[i].count; k++) {
            n += s->lines[i].values[k].type == SQLITE_INTEGER ? 8 : s->lines[i].values[k].len;
        }
    }
    return n;
}

/* ---- playing ---- */

int script_open(script *s, const char *path)
{
    static const char settings[] =
        "PRAGMA mmap_size=0;PRAGMA journal_mode=truncate;PRAGMA synchronous=EXTRA;PRAGMA foreign_keys=ON;"
        "PRAGMA trusted_schema=OFF;PRAGMA cell_size_check=ON;PRAGMA secure_delete=ON;PRAGMA temp_store=MEMORY;"
        "PRAGMA fullfsync=ON";
    if (sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK ||
        sqlite3_exec(s->db, settings, NULL, NULL, NULL) != SQLITE_OK) {
        return 0;
    }
    for (int i = 0; i < s->count; i++) {
        for (int k = 0; k < i && s->lines[i].st == NULL; k++) {
            s->lines[i].st = strcmp(s->lines[k].sql, s->lines[i].sql) == 0 ? s->lines[k].st : NULL;
        }
        if (s->lines[i].st == NULL &&
            sqlite3_prepare_v3(s->db, s->lines[i].sql, -1, SQLITE_PREPARE_PERSISTENT, &s->lines[i].st,
                               NULL) != SQLITE_OK) {
            return 0;
        }
    }
    return 1;
}

void script_close(script *s)
{
    for (int i = 0; i < s->count; i++) {
        int shared = 0;
        for (int k = 0; k < i; k++) {
            shared |= s->lines[k].st == s->lines[i].st;
        }
        if (!shared) {
            sqlite3_finalize(s->lines[i].st);
        }
    }
    for (int i = 0; i < s->count; i++) {
        s->lines[i].st = NULL;
    }
    sqlite3_close(s->db);
    s->db = NULL;
}

/* The same length as recorded, so that the same bytes are written. */
static int bind_text(sqlite3_stmt *st, int at, const value *v, uint32_t personal)
{
    char room[128], number[16];
    int digits = snprintf(number, sizeof number, "%u", personal);
    if (v->kind == PLAIN || v->len >= (int)sizeof room || digits > v->len) {
        return sqlite3_bind_text(st, at, v->bytes, v->len, SQLITE_STATIC);
    }
    memset(room, 'x', (size_t)(v->len - digits));
    memcpy(room + v->len - digits, number, (size_t)digits);
    return sqlite3_bind_text(st, at, room, v->len, SQLITE_TRANSIENT);
}

static int bind_line(const line *l, int64_t payment_id, uint32_t personal)
{
    int rc = SQLITE_OK;
    for (int k = 0; k < l->count && rc == SQLITE_OK; k++) {
        const value *v = &l->values[k];
        rc = v->type == SQLITE_INTEGER
                 ? sqlite3_bind_int64(l->st, k + 1, v->kind == PERSON ? payment_id : v->number)
             : v->type == SQLITE_TEXT ? bind_text(l->st, k + 1, v, personal)
             : v->type == SQLITE_BLOB ? sqlite3_bind_blob(l->st, k + 1, v->bytes, v->len, SQLITE_STATIC)
                                      : sqlite3_bind_null(l->st, k + 1);
    }
    return rc;
}

int script_play(script *s, int64_t payment_id, uint32_t personal)
{
    for (int i = 0; i < s->count; i++) {
        const line *l = &s->lines[i];
        int rc = bind_line(l, payment_id, personal);
        rc = rc == SQLITE_OK ? sqlite3_step(l->st) : rc;
        sqlite3_reset(l->st);
        if (rc != SQLITE_DONE || (l->count > 0 && sqlite3_changes(s->db) == 0)) {
            fprintf(stderr, "bench: %s: %s\n", l->sql, sqlite3_errmsg(s->db));
            return 0;
        }
    }
    return 1;
}
