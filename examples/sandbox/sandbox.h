/* What the files of the sandbox share. The sandbox plays the providers: it was written from their
   documentation alone and uses nothing of libpayroute, so that a misreading on one side cannot hide on the
   other. */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#define SB_ACCOUNTS 8
#define SB_COUNTERS 24
#define SB_LOG 1000
#define SB_BODY_MAX (1024u * 1024u)
#define SB_DAY_MS INT64_C(86400000)
#define SB_HOLD_MS (7 * SB_DAY_MS) /* an authorization of a card that is not captured */

#if defined(__GNUC__)
#define SB_PRINTF(a, b) __attribute__((format(printf, a, b)))
#else
#define SB_PRINTF(a, b)
#endif

struct sb;

extern const char *const sb_help[]; /* ends with NULL */

/* ---- text.c: memory, buffers, parameters, amounts, times ---- */

struct sb_buf {
    char *at;
    size_t len, cap;
};
struct sb_pair {
    char *key, *value;
};
struct sb_params {
    struct sb_pair *at;
    size_t count, cap;
};
struct sb_cell {
    struct sb_cell *next;
    char *key;
    void *value;
};
struct sb_map {
    struct sb_cell *slot[1024];
};

void *sb_alloc(size_t size); /* zeroed; ends the program when there is none: it is a test tool */
char *sb_dup(const char *text);
char *sb_print(const char *format, ...) SB_PRINTF(1, 2);
void sb_copy(char *to, size_t cap, const char *text);
bool sb_same(const char *a, const char *b); /* takes NULL */

void sb_buf_add(struct sb_buf *buf, const char *text, size_t len);
void sb_buf_put(struct sb_buf *buf, const char *text);
void sb_buf_print(struct sb_buf *buf, const char *format, ...) SB_PRINTF(2, 3);
void sb_buf_free(struct sb_buf *buf);

void sb_params_add(struct sb_params *params, const char *key, const char *value);
const char *sb_params_get(const struct sb_params *params, const char *key);     /* NULL when absent */
const char *sb_params_find(const struct sb_params *params, const char *header); /* any case */
void sb_params_parse(struct sb_params *params, const char *text, size_t len);   /* urlencoded */
char *sb_params_encode(const struct sb_params *params);
void sb_params_sort(struct sb_params *params);
void sb_params_free(struct sb_params *params);

void *sb_map_get(const struct sb_map *map, const char *key);
void sb_map_set(struct sb_map *map, const char *key, void *value);

bool sb_yuan_read(const char *text, int64_t *minor);
void sb_yuan_write(int64_t minor, char *out, size_t cap);
bool sb_int_read(const char *text, int64_t *out);
bool sb_beijing_read(const char *text, int64_t *ms);
void sb_beijing_write(int64_t ms, char out[24]);
void sb_date_write(int64_t ms, char out[40]);
bool sb_rfc3339_read(const char *text, int64_t *ms);
void sb_rfc3339_write(int64_t ms, char out[32]); /* in Beijing's zone */

void sb_json_int(cJSON *object, const char *name, int64_t value);
void sb_json_text(cJSON *object, const char *name, const char *value); /* NULL: null */
const char *sb_json_get(const cJSON *object, const char *name);        /* a string, or NULL */
int64_t sb_json_number(const cJSON *object, const char *name, int64_t otherwise);
bool sb_json_true(const cJSON *object, const char *name);

/* ---- secrets.c: keys, signatures, identifiers ---- */

struct sb_keys;
struct sb_keys *sb_keys_open(const char *dir); /* reads or makes them; NULL with a message on stderr */
const char *sb_keys_merchant_private(const struct sb_keys *keys);
const char *sb_keys_alipay_public(const struct sb_keys *keys);
char *sb_keys_sign(struct sb_keys *keys, const char *text, size_t len); /* as Alipay; base64 */
bool sb_keys_verify(struct sb_keys *keys, const char *text, size_t len,
                    const char *sign); /* of the merchant */
void sb_keys_derive(struct sb_keys *keys, const char *label, char *out, size_t digits);
void sb_hmac_hex(const char *secret, const char *text, size_t len, char out[65]);
void sb_random_hex(struct sb_keys *keys, char *out, size_t digits);
/* Further RSA keys by name, made when first asked for and kept in the folder of the keys. */
struct mbedtls_pk_context;
struct mbedtls_pk_context *sb_rsa(struct sb_keys *keys, const char *name);
const char *sb_rsa_public(struct sb_keys *keys, const char *name);
char *sb_rsa_sign(struct sb_keys *keys, const char *name, const char *text, size_t len); /* base64 */

/* ---- seal.c: what WeChat Pay and epay need beside RSA ---- */

void sb_md5_hex(const char *text, size_t len, char out[33]);
/* AEAD_AES_256_GCM: base64 of ciphertext and tag */
char *sb_seal(const char *key, const char *nonce, const char *more, const char *text);
/* PEM of `name`'s public key, issued by `issuer`'s; serial: hex */
char *sb_certificate(struct sb_keys *keys, const char *name, const char *issuer, const char *serial,
                     int64_t from, int64_t until);

/* ---- accounts and what they hold ---- */

enum sb_provider { SB_ALIPAY = 0, SB_STRIPE = 1, SB_WECHAT = 2, SB_EPAY = 3 };

struct sb_counter {
    char op[24];
    int64_t requests, executed;
};
struct sb_account {
    const char *id;   /* the channel in channels.json */
    const char *path; /* first part of its URL */
    enum sb_provider provider;
    int port, listener, priority;
    char app_id[20], seller_id[20], secret_key[48], webhook_secret[48]; /* seller: mchid, pid */
    bool listed;                                                        /* in channels.json */
    int64_t skew_ms;                                                    /* of the provider's clock */
    struct sb_wechat *wechat;
    struct sb_epay *epay;
    struct sb_counter counters[SB_COUNTERS];
    int64_t limit_max, limit_window, limit_from, limit_used; /* POST /_limit */
};

struct sb_refund {
    struct sb_refund *next;
    char id[48]; /* out_request_no or re_… */
    char provider_id[48];
    int64_t amount, made, due; /* due: when a pending one succeeds */
    char status[16];           /* succeeded, pending, failed */
    char *reason, *notify_url;
    struct sb_params metadata;
    struct sb_trade *trade;
};

/* One thing that can be paid at a provider: a trade number or a PaymentIntent. */
struct sb_order {
    struct sb_order *next;
    struct sb_account *account;
    char *reference, *shop; /* ours, and the shop's order behind it */
    char currency[4];
    int64_t amount, made;
    char *subject, *notify_url, *return_url, *passback;
    struct sb_trade *trades, *last; /* alipay: none before the scan */
    struct sb_intent *intent;       /* stripe */
    int64_t expires;                /* alipay: the code dies */
    int codes;
    char flow[8];
    char code[160]; /* the latest QR text */
    int64_t code_until;
    cJSON *first; /* wechat: the body that made it */
};
struct sb_trade {
    struct sb_trade *next;
    struct sb_order *order;
    char trade_no[40], status[20];
    int64_t captured, refunded, made, paid, closed, expires;
    struct sb_refund *refunds;
};

/* ---- providers.c: what the common files ask of each provider ---- */

struct sb_request;
struct sb_note;
struct sb_act {
    const char *act, *method, *code; /* code: the QR text or URL that the customer used */
    bool force;
};
struct sb_driver {
    const char *name;
    void (*identify)(struct sb_request *req);
    void (*execute)(struct sb_request *req);
    void (*finish)(struct sb_request *req); /* NULL; or: signs what is about to leave */
    void (*limited)(struct sb_request *req, const char *seconds);
    bool (*failed)(struct sb_request *req); /* tells fault.status in its own words; false: it has none */
    void (*refuse)(struct sb_request *req); /* SB_FAULT_ERROR */
    void (*settle)(struct sb *sb, struct sb_order *order);
    const char *(*customer)(struct sb *sb, struct sb_order *order, const struct sb_act *act);
    void (*headers)(struct sb *sb, struct sb_note *note, struct sb_params *headers);
    bool (*accepted)(long status, const struct sb_buf *answer);
    struct sb_note *(*forge)(struct sb *sb, struct sb_account *account, struct sb_order *order,
                             const char *reference, const char *kind);
    void (*channel)(struct sb *sb, const struct sb_account *account, cJSON *out);
    const int64_t *schedule; /* seconds between deliveries; ends with 0 */
    long patience;           /* seconds that it waits for the shop's answer */
};
const struct sb_driver *sb_driver(const struct sb_account *account);
bool sb_accounts_known(const char *listed);
void sb_accounts_open(struct sb *sb, const char *listed);
cJSON *sb_account_control(struct sb *sb, const cJSON *in, int *status);
cJSON *sb_account_list(const struct sb *sb);

/* ---- faults.c ---- */

enum sb_fault_kind {
    SB_FAULT_NONE,
    SB_FAULT_REFUSE,
    SB_FAULT_STALL,
    SB_FAULT_HOLD,
    SB_FAULT_DROP_BEFORE,
    SB_FAULT_DROP_AFTER,
    SB_FAULT_CUT,
    SB_FAULT_STATUS_BEFORE,
    SB_FAULT_STATUS_AFTER,
    SB_FAULT_HTML,
    SB_FAULT_HTML_AFTER,
    SB_FAULT_BAD_SIGNATURE,
    SB_FAULT_UNSIGNED,
    SB_FAULT_ESCAPED_SLASH,
    SB_FAULT_SIGNED_ESCAPED,
    SB_FAULT_WRONG_AMOUNT,
    SB_FAULT_WRONG_CURRENCY,
    SB_FAULT_PENDING,
    SB_FAULT_DECLINE,
    SB_FAULT_HUGE_BODY,
    SB_FAULT_SLOW_BODY,
    SB_FAULT_NOT_FOUND,
    SB_FAULT_SYSTEM_ERROR,
    SB_FAULT_SYSTEM_ERROR_AFTER,
    SB_FAULT_MALFORMED,
    SB_FAULT_BODY,
    SB_FAULT_SIGN_PROBE,
    SB_FAULT_ERROR,
    SB_FAULT_ERROR_AFTER,
    SB_FAULT_COUNT
};
struct sb_fault {
    struct sb_fault *next;
    enum sb_fault_kind kind;
    char account[24], op[24], reference[80];
    int64_t times, after, at_byte, delay_ms, retry_after, hits;
    int status;
    char should_retry[8], code[40]; /* code: of SB_FAULT_ERROR */
    char *body;                     /* of SB_FAULT_BODY */
};
const char *sb_fault_name(enum sb_fault_kind kind);
void sb_fault_choose(struct sb *sb,
                     struct sb_request *req); /* copies the fault that strikes into the request */
bool sb_is(const struct sb_request *req, enum sb_fault_kind kind);
cJSON *sb_fault_control(struct sb *sb, const cJSON *in, int *status);
cJSON *sb_fault_list(const struct sb *sb);

/* ---- one exchange ---- */

struct sb_request {
    struct sb_request *next; /* in the list of sleepers or of the held */
    struct sb *sb;
    struct MHD_Connection *connection;
    struct sb_account *account; /* NULL: a control call */
    char method[8];
    char *path, *target; /* target: as it came, still escaped; NULL when nothing came */
    char argument[80];   /* what the path names */
    struct sb_params query, headers, form, all;
    struct sb_buf body;
    char op[24], reference[80];
    struct sb_fault fault;
    bool executed, answered, hangup, asleep, detached, too_big, started, begun;
    bool proven;      /* wechat: the request's signature is good, so the answer is signed */
    int64_t wake;     /* monotonic; 0: never by itself */
    int64_t held_due; /* sandbox clock; 0: only by /_release */
    int64_t log_id;
    cJSON *json; /* biz_content, or the body of a control call */
    struct sb_key_record *idem;
    struct sb_order *order;       /* of a page that was opened */
    struct sb_delivery *delivery; /* a /_deliver call that waits */
    int64_t sent;                 /* of a body that is made by a callback */
    /* the answer */
    int status;
    const char *type;
    struct sb_buf out;
    struct sb_params out_headers;
};

void sb_reply_text(struct sb_request *req, int status, const char *type, const char *text);
void sb_reply_json(struct sb_request *req, int status, cJSON *json); /* takes the json */

/* ---- the whole ---- */

struct sb_log {
    int64_t id, at;
    char account[24], op[24], reference[80], fault[24], key[80];
    bool executed;
    int status;
};
struct sb {
    struct sb_account accounts[SB_ACCOUNTS];
    struct sb_keys *keys;
    char *dir;
    int port, listener, notify_port;
    int64_t clock_base, clock_mono; /* virtual when clock_mono is -1 */
    struct sb_order *orders;
    struct sb_map by_reference, by_code, by_trade, by_intent, by_refund, keys_seen;
    struct sb_fault *faults;
    struct sb_request *sleepers, *held;
    struct sb_note *notes, *notes_end;
    struct sb_delivery *deliveries;
    void *curl;
    bool auto_deliver;
    int64_t next_id, log_next;
    struct sb_log log[SB_LOG];
    struct MHD_Daemon *daemon;
};

int64_t sb_now(const struct sb *sb); /* the sandbox's clock, Unix ms */
int64_t sb_mono(void);               /* real, for stalls */
struct sb_account *sb_account_find(struct sb *sb, const char *name);
bool sb_config_write(struct sb *sb);
int64_t sb_their_now(const struct sb *sb, const struct sb_account *account); /* the provider's clock */
void sb_alipay_channel(struct sb *sb, const struct sb_account *account, cJSON *out);
void sb_stripe_channel(struct sb *sb, const struct sb_account *account, cJSON *out);
void sb_channel_method(cJSON *out, const char *method, const char *flows); /* blanks between */
void sb_channel_credentials(cJSON *out, cJSON *fields);                    /* takes the fields */

/* server.c */
bool sb_server_open(struct sb *sb);
bool sb_listen(struct sb *sb, struct sb_account *account);
void sb_unlisten(struct sb_account *account);
void sb_server_run(struct sb *sb, bool stdin_exit);
void sb_server_close(struct sb *sb);
void sb_sleep(struct sb_request *req, int64_t delay_ms); /* < 0: until somebody wakes it */
void sb_wake(struct sb_request *req);
struct sb_account *sb_account_of_port(const struct sb_request *req);

/* browser.c: free the request, unless it was detached; NULL: nothing that could be opened */
struct sb_request *sb_open_url(struct sb *sb, const char *url, const char *form);
struct sb_request *sb_open_page(struct sb *sb, const char *html); /* sends its first form */

/* exchange.c */
struct sb_request *sb_exchange_new(struct sb *sb, const char *method, const char *path);
void sb_exchange_free(struct sb_request *req);
void sb_exchange_run(struct sb_request *req);      /* everything between the last byte in and the first out */
void sb_exchange_release(struct sb *sb, bool all); /* executes held requests: all, or those which are due */

/* alipay*.c */
void sb_alipay_identify(struct sb_request *req);
void sb_alipay_execute(struct sb_request *req);
void sb_alipay_business(struct sb_request *req, const char *code, const char *sub_code, const char *text);
void sb_alipay_success(struct sb_request *req, cJSON *fields);
void sb_alipay_precreate(struct sb_request *req);
void sb_alipay_page(struct sb_request *req);
void sb_alipay_query(struct sb_request *req);
void sb_alipay_close(struct sb_request *req);
void sb_alipay_cancel(struct sb_request *req);
void sb_alipay_refund(struct sb_request *req);
void sb_alipay_refund_query(struct sb_request *req);
struct sb_order *sb_alipay_order(struct sb_request *req, struct sb_trade **trade);
void sb_alipay_settle(struct sb *sb, struct sb_order *order); /* what the clock does: codes and trades end */
void sb_alipay_close_trade(struct sb *sb, struct sb_trade *trade);
bool sb_alipay_give_back(struct sb *sb, struct sb_trade *trade, const char *request_no, int64_t amount,
                         const char *reason, int64_t due);
const char *sb_alipay_customer(struct sb *sb, struct sb_order *order, const struct sb_act *with);
void sb_alipay_limited(struct sb_request *req, const char *seconds);
void sb_alipay_refuse(struct sb_request *req);
char *sb_alipay_note(struct sb *sb, struct sb_trade *trade, const struct sb_refund *refund,
                     const char *twist);

/* stripe*.c */
struct sb_intent {
    struct sb_intent *next;
    struct sb_order *order;
    char id[48], charge[48], secret[96], status[32], method[64], kind[24], capture[16], reason[32];
    int64_t amount, capturable, received, refunded, canceled, authorized;
    int captures;
    bool automatic, redirects;
    char types[96];
    char *description, *return_url;
    struct sb_params metadata;
    cJSON *error; /* last_payment_error */
    struct sb_refund *refunds;
};
struct sb_card {
    const char *token, *code, *decline, *advice, *network, *network_advice, *message;
};
void sb_stripe_identify(struct sb_request *req);
void sb_stripe_execute(struct sb_request *req);
void sb_stripe_error(struct sb_request *req, int status, const char *type, const char *code,
                     const char *param, const char *text, struct sb_intent *intent);
void sb_stripe_intent_reply(struct sb_request *req, struct sb_intent *intent);
cJSON *sb_stripe_intent_json(const struct sb *sb, const struct sb_intent *intent,
                             const struct sb_request *req);
cJSON *sb_stripe_charge_json(const struct sb_intent *intent, const struct sb_request *req);
cJSON *sb_stripe_refund_json(const struct sb_intent *intent, const struct sb_refund *refund,
                             const struct sb_request *req);
const struct sb_card *sb_stripe_card(const char *token, bool *known, bool *authenticate);
void sb_stripe_create(struct sb_request *req);
void sb_stripe_confirm(struct sb_request *req, struct sb_intent *intent);
void sb_stripe_cancel(struct sb_request *req, struct sb_intent *intent);
void sb_stripe_capture(struct sb_request *req, struct sb_intent *intent);
void sb_stripe_refund(struct sb_request *req);
void sb_stripe_refund_get(struct sb_request *req, const char *id);
void sb_stripe_refund_list(struct sb_request *req);
void sb_stripe_charge(struct sb *sb, struct sb_intent *intent);
void sb_stripe_decline(struct sb *sb, struct sb_intent *intent, const struct sb_card *card);
void sb_stripe_settle(struct sb *sb, struct sb_order *order);
void sb_stripe_read_metadata(const struct sb_params *form, struct sb_params *out);
const char *sb_stripe_customer(struct sb *sb, struct sb_order *order, const struct sb_act *with);
void sb_stripe_limited(struct sb_request *req, const char *seconds);
bool sb_stripe_failed(struct sb_request *req);
void sb_stripe_refuse(struct sb_request *req);
void sb_stripe_event(struct sb *sb, struct sb_intent *intent, const char *type, cJSON *object);
void sb_idem_begin(struct sb_request *req); /* may answer at once: a replay, a mismatch, a conflict */
void sb_idem_finish(struct sb_request *req, bool keep);

/* notes.c, deliver.c */
struct sb_note {
    struct sb_note *next;
    int64_t id, made, due;
    struct sb_account *account;
    char *url, *body, *kind, *reference;
    const char *method;     /* NULL: POST */
    const char *secret;     /* NULL: the account's */
    struct sb_trade *trade; /* epay: of what it is made anew */
    const char *twist;      /* of a forgery: what is wrong with it */
    bool taken, acknowledged, bad_signature, forged;
    int64_t skew_ms; /* of the signed time */
    int attempts, last_status;
    char last_body[64];
};
struct sb_note *sb_note_queue(struct sb *sb, struct sb_account *account, const char *url, char *body,
                              const char *kind, const char *reference);
void sb_alipay_headers(struct sb *sb, struct sb_note *note, struct sb_params *headers);
void sb_stripe_headers(struct sb *sb, struct sb_note *note, struct sb_params *headers);
struct sb_note *sb_alipay_forge(struct sb *sb, struct sb_account *account, struct sb_order *order,
                                const char *reference, const char *kind);
struct sb_note *sb_stripe_forge(struct sb *sb, struct sb_account *account, struct sb_order *order,
                                const char *reference, const char *kind);
cJSON *sb_note_json(struct sb *sb, struct sb_note *note);
cJSON *sb_note_list(struct sb *sb, const struct sb_params *query);
cJSON *sb_note_forge(struct sb *sb, const cJSON *in, int *status);
bool sb_deliver_start(struct sb_request *req); /* false: answered at once */
void sb_deliver_fds(struct sb *sb, void *reads, void *writes, void *excepts, int *max, long *timeout);
void sb_deliver_step(struct sb *sb);
bool sb_deliver_busy(const struct sb *sb);

/* books.c, control.c */
struct sb_order *sb_order_find(struct sb *sb, const struct sb_account *account, const char *reference);
struct sb_order *sb_order_new(struct sb *sb, struct sb_account *account, const char *reference,
                              const char *shop);
void sb_settle_all(struct sb *sb);
void sb_count(struct sb *sb, struct sb_request *req);
cJSON *sb_books(struct sb *sb);
cJSON *sb_log_json(struct sb *sb);
void sb_control(struct sb_request *req);

#endif
