/* Plays the user of the command `payroute`: runs the program as a process of its own, with the sandbox as the
   world. Every run is checked for what must hold always: it ends by itself, complaints are lines that begin
   with the program's name, and no secret of the configuration stands in anything that it prints. */
#ifndef TESTS_CLI_PLAY_H
#define TESTS_CLI_PLAY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <payroute/json.h>

#define NOW INT64_C(1800000000000)
#define MAX_ARGS 40

typedef struct ran {
    int code; /* exit status; -signal when it was killed */
    char *out;
    size_t out_len;
    char *err;
    size_t err_len;
    payroute_json *doc; /* of out, when it is one JSON document */
} ran;

/* ---- the program ---- */
/* Input for the next run only; without it standard input is empty. */
void input(const char *text, size_t len);
/* Runs it with the words, which end with NULL. The answer lives until the next run. */
const ran *payroute(const char *first, ...) __attribute__((sentinel));
/* As payroute with --config, --store, --clock of the world; with --json too. */
const ran *on_store(const char *first, ...) __attribute__((sentinel));
const ran *on_store_json(const char *first, ...) __attribute__((sentinel));
/* A member of the last JSON answer by dotted path such as "attempts.0.state"; "" when it is not there. */
const char *said(const char *path);
int64_t number(const char *path);
const char *program_path(void);

#define expect_code(r, expected)                                                                             \
    do {                                                                                                     \
        const ran *r_ = (r);                                                                                 \
        if (r_->code != (expected)) {                                                                        \
            fail_msg("exit %d, expected %d\nout: %.600s\nerr: %.600s", r_->code, (expected), r_->out,        \
                     r_->err);                                                                               \
        }                                                                                                    \
    } while (0)
void expect_out(const char *text); /* stands in standard output of the last run */
void expect_err(const char *text);
void expect_silent_err(void);

/* ---- files ---- */
const char *file_path(const char *name); /* in the test's own folder */
const char *file_write(const char *name, const char *text, size_t len);
char *file_read(const char *path); /* to be freed */

/* ---- the world ---- */
int play_begin(void **state); /* a folder */
int play_end(void **state);
int world_begin(void **state); /* a folder, the sandbox, its secrets */
int world_end(void **state);
const char *world_config(void);
void world_fresh_store(void);
const char *world_store(void);
void world_clock(int64_t now_ms);
int64_t world_now(void);
void world_tell(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));
payroute_json *world_ask(const char *path);
void forbid_secret(const char *text); /* from now on it may stand in no output */

/* ---- steps ---- */
int fresh(void **state);                  /* a new store, no faults */
const char *pay_by_qr(const char *order); /* 19.90 CNY; the attempt's reference */
int64_t pay_by_card(const char *order, const char *instrument, int code); /* the payment's number */
char *taken_envelope(const char *reference); /* what the provider sent, for notify --envelope; to be freed */
void customer(const char *reference, const char *act);
int64_t total(const char *name); /* of the providers' books */

#endif
