/* The writes of one durable payment as SQLite saw them, and the same writes by bare SQLite: same statements,
   same values, same transactions, same settings. Recorded from the library's own connection, so that the
   baseline cannot fall behind what the store writes. */
#ifndef TEST_BENCH_SCRIPT_H
#define TEST_BENCH_SCRIPT_H

#include <sqlite3.h>
#include <stdint.h>

typedef struct script script;

script *script_new(void);
void script_free(script *s);
/* Every statement that db runs is written down until script_stop. */
void script_record(script *s, sqlite3 *db);
void script_stop(script *s, sqlite3 *db);
/* Which values are this payment's own: its number, and the texts that must be unique. */
void script_personal(script *s, int64_t payment_id, const char *order_id, const char *reference);

int script_transactions(const script *s);
long script_bytes(const script *s); /* of all values bound */
int script_statements(const script *s);

/* A connection with the settings of the recorded one; 0: cannot be made. */
int script_open(script *s, const char *path);
void script_close(script *s);
/* The whole payment again, under another number and names. 0: a statement failed or changed nothing. */
int script_play(script *s, int64_t payment_id, uint32_t personal);

#endif
