/* What a payment asks its store to keep: rows of one durable transaction, and a handle made of them again. For stores
 * written in C; other languages use host.h, which brings its own. */
#ifndef PAYROUTE_ROWS_H
#define PAYROUTE_ROWS_H

#include <payroute/payment.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct payroute_row_payment {
    int64_t id;             /* 0: not stored yet, the store numbers it */
    const char *instance;
    const char *order_id;
    int64_t ordered_ms;
    int64_t amount_minor;
    const char *currency;
    int32_t winner;         /* attempt number; 0 none */
    int32_t cancelled;
    int32_t over;
    int32_t status;         /* enum payroute_status */
    int64_t seen;           /* version that must be there now; 0 when new */
    int64_t version;        /* version after this write: seen + 1 */
    int64_t lease_until_ms; /* 0: free */
    int64_t lease_epoch;
    const char *lease_owner;/* "" free */
    int64_t wake_ms;        /* INT64_MAX: never */
    const char *record;     /* versioned, checksummed bytes; the truth. The columns above are for looking things up */
    size_t record_len;
} payroute_row_payment;

typedef struct payroute_row_attempt {
    int32_t n;
    const char *channel;
    const char *reference;  /* unique with channel */
    int32_t state;          /* lib/core/event.h, enum pr_state */
    int32_t review;
    int32_t sends;
    int32_t shown;
    int32_t guard;          /* 1, 2: the slot; 0: NULL in SQL. Unique per payment */
    const char *provider_id;/* "" unknown */
    const char *capture_id; /* "" unknown */
    const char *content;    /* immutable; <= 4 KiB */
    size_t content_len;
    int32_t show_kind;
    const char *show;       /* <= 16 KiB; cleared when final */
    size_t show_len;
} payroute_row_attempt;

typedef struct payroute_row_action {
    int32_t no;             /* number within the payment, from 1 */
    int32_t n;              /* its attempt */
    int32_t kind;           /* 1 close, 2 void, 3 capture, 4 refund */
    const char *key;        /* unique */
    const char *caller_id;  /* "" none (NULL in SQL); unique with payment and kind */
    int32_t state;
    int32_t sends;
    int64_t amount_minor;
    const char *provider_id;/* "" unknown */
} payroute_row_action;

typedef struct payroute_row_fact {
    int32_t n;
    int32_t source;         /* 1 answer, 2 lookup, 3 notification, 4 person, 5 host */
    int32_t no;             /* number within the payment */
    int64_t asked_ms;
    int64_t last_seen_ms;
    int32_t count;
    const char *body;       /* JSON, no secret */
    size_t body_len;
} payroute_row_fact;

typedef struct payroute_row_event {
    int32_t kind;           /* enum payroute_event */
    int32_t no;             /* counter per kind, from 1: (payment, kind, no) is the stable id */
    int64_t at_ms;
    const char *body;       /* JSON */
    size_t body_len;
} payroute_row_event;

typedef struct payroute_row_notification {
    const char *channel;
    const char *event_id;   /* unique with channel */
    const char *order_hash; /* "" none */
    const char *body;       /* as received */
    size_t body_len;
} payroute_row_notification;

/* One durable transaction: every row in it, or none. New attempts and facts are inserted, known ones
   replaced by key. */
typedef struct payroute_save_set {
    payroute_row_payment payment;
    const payroute_row_attempt *attempts; /* changed ones only */
    int32_t attempt_count;
    const payroute_row_action *actions;
    int32_t action_count;
    const payroute_row_fact *facts;
    int32_t fact_count;
    const payroute_row_event *events;
    int32_t event_count;
    const payroute_row_notification *notifications;
    int32_t notification_count;
    const char *audit;      /* SHA-256 hex over the previous audit line of this payment and the record */
    int64_t at_ms;
} payroute_save_set;

/**
 * What SAVE means to store now.
 * Returns: the set; NULL when nothing is to be saved or without memory.   Allocates: inside the handle.
 * Lifetime: until the next call on the handle.   Threads: one.   Since: 0.1
 */
PAYROUTE_API const payroute_save_set *payroute_payment_save_set(payroute_payment *payment);

/**
 * Make a handle of stored rows: the payment row, all its attempts and actions (facts and events are not
 * needed), and the newest audit line.
 * An attempt whose request may have left when its worker died is found UNKNOWN and is asked about first.
 * Returns: OK; E_ARG; E_VERSION; E_CHECKSUM (record damaged, or at odds with its columns); E_NOT_FOUND (a
 *          channel of an open attempt is gone from the registry), E_FOREIGN (it names another account now):
 *          `why` says which; E_NOMEM.
 * Allocates: the handle.   Lifetime: the rows may go after the call.   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_payment_load(payroute_payment **out, payroute_registry *registry,
                                           const payroute_catalog *catalog, const payroute_save_set *rows,
                                           const char *entropy, int64_t now_ms, char *why, size_t why_cap);

/**
 * After feed_conflict: take the rows as they are now, then apply again what providers said and was not saved.
 * Returns: as load; on failure the handle stays in conflict.   Allocates: inside.   Lifetime: -   Threads:
 *          one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_payment_reload(payroute_payment *payment, const payroute_save_set *rows, int64_t now_ms,
                                             char *why, size_t why_cap);

/**
 * Who the worker is, and whether the lease may be taken: `free` is 1 when no living other worker holds it
 * (the host looks at lease_owner
 * and lease_until_ms). While it may not be taken nothing with an effect is armed. Takes hold with the next
 * SAVE that arms an effect.
 * Returns: OK; E_ARG.   Allocates: never.   Lifetime: copied.   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_payment_lease(payroute_payment *payment, const char *owner, int32_t free);

#ifdef __cplusplus
}
#endif
#endif
