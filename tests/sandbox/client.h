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
int64_t clock_ms(void); /* as the sandbox's stands */

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

char *rsa_sign(const char *account, const char *text); /* as the merchant; base64 */
bool rsa_verify(const char *pem, const char *text, size_t len, const char *base64, size_t base64_len);

/* wechat.c: one request as the merchant signs it; what differs from a good one is in `twist`. */
struct wx_twist {
    const char *mchid, *serial, *nonce, *scheme, *accept, *agent, *type, *ask, *signed_body;
    int64_t skew_s;
    bool no_authorization;
};
struct reply *wx_raw(const char *account, const char *method, const char *target, const char *body,
                     const struct wx_twist *twist);
int wx_verify(const struct reply *reply);                           /* 1 signed well, 0 unsigned, -1 wrong */
bool wx_verify_note(const cJSON *note);                             /* of /_outbox or /_forge */
const char *wx_header(const struct reply *reply, const char *name); /* until the next call; "" when absent */
void wx_fetch(const char *account);                                 /* the platform's certificates */
int wx_certificates(void);                                          /* how many the last wx_fetch gave */
cJSON *wx_unseal(const char *account, const cJSON *resource);       /* NULL: the tag is wrong */
cJSON *wx(const char *account, const char *method, const char *target, const char *body); /* 200 and signed */
void wx_expect(const char *account, const char *method, const char *target, const char *body, int status,
               const char *code);

/* wechat_shop.c: texts live until the next call that makes one of the kind */
const char *wx_order(const char *number, int total, const char *more);
const char *wx_query_of(const char *number);
const char *wx_close_of(const char *number);
const char *wx_own_mchid(void);
const char *wx_refund(const char *number, const char *request, int amount, int total);
long wx_act(const char *field, const char *value, const char *what);
void wx_paid(const char *number, int total);
void wx_state(const char *number, const char *state);
void wx_refund_state(const char *number, const char *status);
void wx_account(const char *more);
void wx_fault(const char *operation, const char *kind, const char *more);
int64_t wx_of_account(const char *name);

/* epay.c: `fields` are "k=v&…", not escaped; sign is added as the fork does */
char *epay_form(const char *account, const char *fields); /* escaped and signed; free it */
struct reply *epay_post(const char *account, const char *path, const char *fields);
cJSON *epay(const char *account, const char *path, const char *fields); /* 200; v2: signed */
bool epay_verify(const char *account, const char *form);
void epay_escaped(bool on); /* as EzPay signs */
void epay_page(const char *account, const char *path, const char *fields, char *json, size_t cap);
long epay_act(const char *account, const char *field, const char *value, const char *what);
void epay_panel(const char *account, const char *more);
void epay_fault(const char *account, const char *operation, const char *kind, const char *more);
cJSON *epay_take_note(const char *reference);
const char *epay_note_form(const cJSON *note);
void epay_note_field(const cJSON *note, const char *name, const char *value);

const char *text_of(const cJSON *object, const char *path); /* "a.b.0.c"; "" when absent */
int64_t int_of(const cJSON *object, const char *path);      /* -1 when absent */
char *form_get(const char *form, const char *name);         /* decoded; NULL */

#endif
