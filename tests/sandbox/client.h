/* A small shop's side for the sandbox's own tests: libcurl, mbedTLS and cJSON only, nothing of libpayroute.
 */
#ifndef SANDBOX_CLIENT_H
#define SANDBOX_CLIENT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#define CLOCK_START INT64_C(1700000000000) /* 2023-11-15 06:13:20 GMT+8 */

struct reply {
    int code;          /* CURLcode */
    long status, sent; /* sent: CURLINFO_REQUEST_SIZE */
    double seconds;
    char *headers, *body;
    size_t len;
    cJSON *json; /* NULL when the body is none */
};
struct reply *call(const char *method, const char *url, const char *const *headers, const char *body);
void drop(struct reply *reply);
void client_fresh(bool fresh); /* a new connection for each call (default), or reuse */
void client_timeout(long ms);

int sandbox_setup(void **state);    /* starts $B/payroute-sandbox with a standing clock */
int sandbox_teardown(void **state); /* SIGTERM, and asserts a clean end */
const char *base_url(const char *account);
const char *credential(const char *account, const char *name);
int notify_port(void);
void set_notify_port(int port); /* before sandbox_setup */

cJSON *control(const char *path, const char *json); /* POST; must answer 200 */
long control_status(const char *path, const char *json);
cJSON *ask(const char *path);                            /* GET */
int64_t total(const char *name);                         /* of /_books */
cJSON *book(const char *account, const char *reference); /* one order; NULL: none. Duplicate: delete it */
void advance(int64_t ms);

/* One signed request; `extra` are further public parameters ("k=v&…", urlencoded) or NULL. */
struct reply *alipay_raw(const char *account, const char *method, const char *biz, const char *extra);
char *alipay_url(const char *account, const char *method, const char *biz);
/* 1: signed and right; 0: unsigned; -1: wrong */
int alipay_verify(const char *account, const char *body);
bool alipay_note_verify(const char *account, const char *form);
/* The response object (delete it); asserts HTTP 200 and a good signature. */
cJSON *alipay(const char *account, const char *method, const char *biz);
void alipay_expect(const char *account, const char *method, const char *biz, const char *code_or_sub_code);
struct reply *stripe(const char *account, const char *method, const char *path, const char *form,
                     const char *key);
void hmac_hex(const char *secret, const char *text, char out[65]);

const char *text_of(const cJSON *object, const char *path); /* "a.b.0.c"; "" when absent */
int64_t int_of(const cJSON *object, const char *path);      /* -1 when absent */
char *form_get(const char *form, const char *name);         /* decoded; NULL */

#endif
