/* A small shop for the tests of the engine, and the sandbox beside it. */
#ifndef TEST_SHOP_H
#define TEST_SHOP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <payroute/host.h>

struct sandbox {
    pid_t pid;
    int port;
    char dir[64];
    char *config; /* with short time-outs */
    int64_t last_letter;
};

/* A folder of this test program, removed at its end by shop_clean. */
const char *shop_dir(void);
int shop_clean(void **state);
/* "memory:nN" or "sqlite:DIR/nN.db"; another one each time. */
const char *shop_store(int sqlite);

pid_t shop_fork(void);
/* Fails the test when it cannot be opened. `options` without the store; NULL: none. */
payroute_engine *shop_open(const char *config, const char *store, const char *more_options);
int32_t shop_create(payroute_engine *e, const char *order, const char *method, int64_t budget_ms,
                    int64_t *id);
int32_t shop_create_amount(payroute_engine *e, const char *order, const char *rest, int64_t amount_minor,
                           int64_t budget_ms, int64_t *id);

/* A value of the last result by path ("attempts.0.state"), as text; "" when it is not there. */
const char *told(payroute_engine *e, const char *path);
int64_t told_number(payroute_engine *e, const char *path); /* -1 when it is not there */
const char *picked(const char *json, const char *path);
int told_count(payroute_engine *e, const char *path); /* members of an array; -1 */
int open_files(void);

extern const char *sandbox_channels; /* of the next start, with commas; at first Alipay's and Stripe's */
extern int sandbox_patient;          /* 1: the next start keeps the time-outs of a real shop */
/* Skips the test when there is no sandbox program. clock_ms 0: real time. */
void sandbox_start(struct sandbox *sb, int64_t clock_ms);
void sandbox_stop(struct sandbox *sb);
/* One control call; the answer's body, until the next call. */
const char *sandbox_call(const struct sandbox *sb, const char *method, const char *path, const char *body);
int64_t sandbox_books(const struct sandbox *sb, const char *path);

/* The oldest notification that this test has not seen; 0: there is none. */
struct letter {
    int64_t id;
    char channel[64], headers[4096], body[16384];
};
int take_letter(struct sandbox *sb, struct letter *letter);
int32_t bring_letter(payroute_engine *e, const struct letter *letter);

extern const char custom_config[];

#endif
