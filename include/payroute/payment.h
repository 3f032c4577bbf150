/* One payment: a state machine without I/O. `tick` lets time and choice happen, `next` says what to do,
   `feed` says what came of
   it. Hosts that want storage and HTTP too use host.h, which is written against this header alone. */
#ifndef PAYROUTE_PAYMENT_H
#define PAYROUTE_PAYMENT_H

#include <payroute/base.h>
#include <payroute/catalog.h>
#include <payroute/health.h>
#include <payroute/keyring.h>
#include <payroute/registry.h>

#ifdef __cplusplus
extern "C" {
#endif

/* FFI-BEGIN */

typedef struct payroute_payment payroute_payment;
typedef struct payroute_notice payroute_notice;

/** What `next` asks for. */
enum payroute_action {
    PAYROUTE_ACTION_SAVE = 1,    /* store save_set() as one transaction, then feed_saved or feed_conflict */
    PAYROUTE_ACTION_SEND = 2,    /* perform the request; feed the outcome */
    PAYROUTE_ACTION_QUERY = 3,
    PAYROUTE_ACTION_CLOSE = 4,
    PAYROUTE_ACTION_CAPTURE = 5,
    PAYROUTE_ACTION_REFUND = 6,
    PAYROUTE_ACTION_FETCH = 7,
    PAYROUTE_ACTION_SHOW = 8,    /* give the customer what show() holds; it is durable that he has it */
    PAYROUTE_ACTION_WAIT = 9,    /* nothing before wake_ms() */
    PAYROUTE_ACTION_DONE = 10    /* verdict() is final until late money */
};

/** Status of a payment; the final ones are verdicts. */
enum payroute_status {
    PAYROUTE_STATUS_OPEN = 1,
    PAYROUTE_STATUS_PENDING = 2,    /* something is unknown or waits; never means "maybe failed" */
    PAYROUTE_STATUS_AUTHORIZED = 3,
    PAYROUTE_STATUS_PAID = 4,
    PAYROUTE_STATUS_REVERSED = 5,
    PAYROUTE_STATUS_DECLINED = 6,
    PAYROUTE_STATUS_EXPIRED = 7,
    PAYROUTE_STATUS_CANCELLED = 8,
    PAYROUTE_STATUS_FAILED = 9      /* nothing was taken */
};

/** Events for the shop. */
enum payroute_event {
    PAYROUTE_EVENT_PAID = 1,
    PAYROUTE_EVENT_LATE_PAID = 2,
    PAYROUTE_EVENT_SURPLUS = 3,
    PAYROUTE_EVENT_REFUNDED = 4,
    PAYROUTE_EVENT_EXPIRED = 5,
    PAYROUTE_EVENT_REVIEW = 6
};

/**
 * Start a payment. `spec` is JSON: order_id (1..64 bytes), amount_minor, currency, and optionally ordered_at_ms,
 * deadline_ms (absolute), subject, method, flow, channel, instrument, customer, return_url, client_ip, hold (authorize
 * only), late_money, locale; for rules, terms and health country, brand, issuer, bin (6 to 8 digits), tier, risk,
 * category, metadata (at most 2048 bytes together); last_channel (where this customer paid last). `instance` names
 * one installation of the library (1..32 bytes). `entropy` is 32 fresh random bytes.
 * Returns: OK; E_ARG; E_JSON; E_SCHEMA (`why` names the path); E_LIMIT; E_NOT_FOUND (currency); E_RANGE; E_STATE
 *          (registry not
 *          sealed); E_NOMEM.
 * Allocates: the handle; free with payroute_payment_free.   Lifetime: holds a reference on the registry;
 * the catalog (NULL: built-in)
 * must outlive it.   Threads: one at a time per payment.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_payment_new(payroute_payment **out, payroute_registry *registry,
                                          const payroute_catalog *catalog, const char *spec, size_t spec_len,
                                          const char *instance, const char *entropy, int64_t now_ms, char *why,
                                          size_t why_cap);

/**
 * Zeroise and free. NULL is fine.
 * Returns: -   Allocates: never.   Lifetime: ends.   Threads: one.   Since: 0.1
 */
PAYROUTE_API void payroute_payment_free(payroute_payment *payment);

/**
 * Let time and choice happen: fire timers, choose a channel, mint a key, arm the next exchange.
 * Returns: OK; E_ARG; E_STATE (an exchange is armed and not fed, or a conflict waits for reload: nothing
 *          changes); E_NOMEM.
 * Allocates: the content of a new attempt.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_payment_tick(payroute_payment *payment, int64_t now_ms);

/**
 * What to do now (enum payroute_action). Says the same until something is fed or ticked.
 * Returns: the action; E_ARG; E_STATE after a conflict until reload.   Allocates: never.   Lifetime: -
 *          Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_payment_next(const payroute_payment *payment);

/**
 * Earliest moment at which tick may find something to do; INT64_MAX: none.
 * Returns: Unix milliseconds.   Allocates: never.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int64_t payroute_payment_wake_ms(const payroute_payment *payment);

/**
 * Status now (enum payroute_status), and whether that is final (1) or not (0).
 * Returns: the number; E_ARG.   Allocates: never.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_payment_status(const payroute_payment *payment);
PAYROUTE_API int32_t payroute_payment_final(const payroute_payment *payment);

/**
 * Everything a page or a shop needs to know, as JSON: order, amounts, status, attempts, what to show,
 * guidance for customer and
 * merchant in `locale` (NULL: the registry's), what may still happen.
 * Returns: static-lifetime text of the handle; NULL without memory.   Allocates: inside the handle.
 * Lifetime: until the next call on the handle.   Threads: one.   Since: 0.1
 */
PAYROUTE_API const char *payroute_payment_view(payroute_payment *payment, const char *locale, size_t *len);

/**
 * Why the last choice of a channel fell as it did, as JSON; "{}" before any.
 * Returns: text of the handle.   Allocates: never.   Lifetime: until the next tick.   Threads: one.
 *          Since: 0.1
 */
PAYROUTE_API const char *payroute_payment_trace(const payroute_payment *payment, size_t *len);

/**
 * The request of the armed exchange (SEND, QUERY, CLOSE, CAPTURE, REFUND, FETCH): built anew, with fresh
 * envelope. The four parts live
 * until the next feed and are zeroised then; they hold credentials: never log them.
 * Returns: OK; E_STATE (nothing armed); E_UNSUPPORTED (host-driven channel: act with your own SDK and
 *          feed_code); E_KEY; E_NOMEM.
 * Allocates: inside the handle.   Lifetime: until the next feed.   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_payment_request(payroute_payment *payment, int64_t now_ms, const char *entropy);
PAYROUTE_API const char *payroute_payment_request_method(const payroute_payment *payment);
PAYROUTE_API const char *payroute_payment_request_url(const payroute_payment *payment);
PAYROUTE_API const char *payroute_payment_request_headers(const payroute_payment *payment, size_t *len);
PAYROUTE_API const char *payroute_payment_request_body(const payroute_payment *payment, size_t *len);

/** Facts of the armed exchange by number. */
enum payroute_exchange {
    PAYROUTE_EXCHANGE_ATTEMPT = 1,      /* number of the attempt, from 1 */
    PAYROUTE_EXCHANGE_STEP = 2,         /* which request of it */
    PAYROUTE_EXCHANGE_MONEY = 3,        /* 1: may move money: fresh connection, no reuse, HTTP/1.1 */
    PAYROUTE_EXCHANGE_TIMEOUT_MS = 4,   /* total */
    PAYROUTE_EXCHANGE_CONNECT_MS = 5,
    PAYROUTE_EXCHANGE_PLAIN = 6,        /* 1: plain HTTP is allowed (loopback) */
    PAYROUTE_EXCHANGE_ATTEMPT_STATE = 7,
    PAYROUTE_EXCHANGE_EFFECT = 8,       /* 1: needs the lease (all but QUERY and FETCH) */
    PAYROUTE_EXCHANGE_LISTS = 9         /* of a keyring: 1, one answer brings every current certificate */
};

/**
 * One fact of the armed exchange.
 * Returns: the value; E_STATE (nothing armed); E_ARG.   Allocates: never.   Lifetime: -   Threads: one.
 *          Since: 0.1
 */
PAYROUTE_API int64_t payroute_payment_exchange(const payroute_payment *payment, int32_t field);
PAYROUTE_API const char *payroute_payment_channel(const payroute_payment *payment);
PAYROUTE_API const char *payroute_payment_key(const payroute_payment *payment);
PAYROUTE_API const char *payroute_payment_ca_file(const payroute_payment *payment);

/**
 * The ring that this payment's answers are verified with; NULL (as at first): configured keys only, and FETCH is
 * never asked for. While a FETCH is armed the answer that needs it is kept in the handle: feed_http with what the
 * provider said puts the certificate into the ring, feed_failure leaves the ring as it is (not sent because it is
 * there already, or was asked for lately: fetch an id at most once in ten minutes); either way the kept answer is
 * then read, and what still cannot be verified is unknown.
 * Returns: OK; E_ARG (another registry's ring); E_STATE (a FETCH is armed).   Allocates: never.   Lifetime: the ring
 *          must outlive the handle.   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_payment_keyring(payroute_payment *payment, payroute_keyring *ring);

/**
 * What is known of the channels: asked at each choice from now on, and told what came of each attempt, at most once and
 * only after that was stored (payroute_payment_feed_saved). NULL (as at first): all channels are alike, and nothing
 * is told.
 * Returns: OK; E_ARG; E_NOMEM.   Allocates: inside the handle.   Lifetime: the health must outlive the handle.
 *          Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_payment_health(payroute_payment *payment, payroute_health *health);

/**
 * Which certificate the armed FETCH is for.
 * Returns: its id, "" when no FETCH is armed.   Allocates: never.   Lifetime: until the next feed.   Threads: one.
 *          Since: 0.1
 */
PAYROUTE_API const char *payroute_payment_aux(const payroute_payment *payment);

/**
 * The HTTP answer to the armed exchange: raw header lines and the body exactly as received. `verified_peer`
 * is 1 only when the
 * driver verified the host (TLS), or the exchange was allowed to be plain.
 * Returns: OK (also when the answer said nothing); E_STATE; E_ARG; E_NOMEM (the outcome counts as unknown).
 * Allocates: what must be kept.   Lifetime: the bytes may go after the call.   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_payment_feed_http(payroute_payment *payment, int64_t now_ms, int32_t status,
                                                const char *headers, size_t headers_len, const char *body,
                                                size_t body_len, int32_t verified_peer);

/**
 * The transport failed. `not_sent` is 1 only with proof that no byte of the request left. `curl_code`:
 * CURLcode or 0, for the record.
 * Returns: OK; E_STATE.   Allocates: never.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_payment_feed_failure(payroute_payment *payment, int64_t now_ms, int32_t not_sent,
                                                   int32_t curl_code);

/**
 * Host-driven channels: what the host's SDK returned. `status` is one of: paid, authorized, declined,
 * pending, action, not_found, unpaid,
 * closed, refunded, invalid, refused_before, done, failed, unknown. `code` (may be NULL) is translated by
 * the catalogue. `provider_id`, `show`
 * (what to give the customer) may be NULL.
 * Returns: OK; E_STATE; E_UNSUPPORTED (not host-driven); E_SCHEMA (unknown word).
 * Allocates: what must be kept.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_payment_feed_code(payroute_payment *payment, int64_t now_ms, const char *status,
                                                const char *code, const char *provider_id, const char *show);

/**
 * The last code of a provider that the catalogue does not list, once: JSON
 * {"provider":…,"operation":…,"layer":…,"code":…}, for whoever counts such codes. The code is cut to 64 characters that
 * need no escaping and holds no long number; never a message.
 * Returns: text; "" when there is nothing new.   Allocates: never.   Lifetime: until the next call on the handle.
 * Threads: one.   Since: 0.1
 */
PAYROUTE_API const char *payroute_payment_unlisted(payroute_payment *payment);

/**
 * The save set was stored; `payment_id` is the store's number of the payment (the same as before, or the
 * new one).
 * Returns: OK; E_STATE (nothing was to be saved).   Allocates: never.   Lifetime: -   Threads: one.
 *          Since: 0.1
 */
PAYROUTE_API int32_t payroute_payment_feed_saved(payroute_payment *payment, int64_t payment_id);

/**
 * The store refused: another worker was faster. Whatever was armed but not sent is dropped; what a provider
 * said is kept and applied
 * again by payroute_payment_reload, which must come next.
 * Returns: OK; E_STATE.   Allocates: never.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_payment_feed_conflict(payroute_payment *payment);

/**
 * 1: a customer waits for what this handle does: polls are short, a payload is shown at once, a new attempt
 * may start. 0: a sweep,
 * which never begins a charge behind the customer's back.
 * Returns: OK; E_ARG.   Allocates: never.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_payment_present(payroute_payment *payment, int32_t present);

/**
 * Where and what was wrong when tick, request or feed last returned an error (a field that no provider takes, a content
 * that was changed).
 * Returns: text, "" where there is nothing to say; never a secret.   Allocates: never.   Lifetime: until the next call.
 *          Threads: one.   Since: 0.1
 */
PAYROUTE_API const char *payroute_payment_why(const payroute_payment *payment);

/**
 * Time left for exchanges: none is armed whose total time-out is longer. INT64_MAX at first.
 * Returns: OK; E_ARG.   Allocates: never.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_payment_budget(payroute_payment *payment, int64_t budget_ms);

/**
 * Hash of instance and order, as it travels with each request: a notification about an attempt that is not
 * here names its order by it.
 * Returns: 32 hex digits, "" for NULL.   Allocates: never.   Lifetime: the handle's.   Threads: one.
 *          Since: 0.1
 */
PAYROUTE_API const char *payroute_payment_order_hash(const payroute_payment *payment);

/**
 * What the customer must get, as JSON
 * {"kind":"qr|url|form|client_secret","text":…,"attempt":n,"expires_ms":…}; NULL when there is nothing
 * to show now.
 * Returns: text of the handle.   Allocates: inside the handle.   Lifetime: until the next call.   Threads:
 *          one.   Since: 0.1
 */
PAYROUTE_API const char *payroute_payment_show(payroute_payment *payment, size_t *len);

/**
 * The shop's calls. `wish` is JSON with method, flow, channel, instrument (each optional). A call in a
 * wrong state changes nothing, and
 * `why` says which state and what was allowed. Caller ids (1..64 bytes) make capture and refund idempotent.
 * Returns: OK; E_ARG; E_SCHEMA; E_STATE; E_CONFLICT (same caller id, other amount); E_RANGE (more than is
 *          there); E_UNSUPPORTED; E_LIMIT.
 * Allocates: never.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_payment_switch(payroute_payment *payment, int64_t now_ms, const char *wish,
                                             size_t wish_len, char *why, size_t why_cap);
PAYROUTE_API int32_t payroute_payment_retry(payroute_payment *payment, int64_t now_ms, const char *wish,
                                            size_t wish_len, char *why, size_t why_cap);
PAYROUTE_API int32_t payroute_payment_cancel(payroute_payment *payment, int64_t now_ms, char *why, size_t why_cap);
PAYROUTE_API int32_t payroute_payment_capture(payroute_payment *payment, int64_t now_ms, const char *caller_id,
                                              int64_t amount_minor, char *why, size_t why_cap);
PAYROUTE_API int32_t payroute_payment_refund(payroute_payment *payment, int64_t now_ms, const char *caller_id,
                                             int64_t amount_minor, char *why, size_t why_cap);

/**
 * A person says what became of an attempt that the machine could not settle: paid, not_paid or refunded.
 * `who` and `evidence` (1..200 bytes
 * each) are kept as a fact; the flag REVIEW is cleared; money that a provider reports later still counts.
 * Returns: OK; E_ARG; E_SCHEMA (unknown word); E_NOT_FOUND (no such attempt); E_STATE (not possible in its
 *          state: `why` says which).
 * Allocates: the fact.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_payment_resolve(payroute_payment *payment, int64_t now_ms, int32_t attempt,
                                              const char *outcome, const char *who, const char *evidence, char *why,
                                              size_t why_cap);

/**
 * Read a provider's notification: nothing is decided, nothing stored. The notice is made in every case but
 * E_ARG and E_NOMEM, since it
 * holds the bytes to answer with.
 * Returns: OK (authentic); E_SIGNATURE; E_FOREIGN; E_EXPIRED; E_ENCODING; E_JSON; E_SCHEMA; E_NEED_AUX (see
 *          payroute_notice_aux);
 *          E_NOT_FOUND (no such channel);
 *          E_LIMIT (> 256 KiB); E_UNSUPPORTED; E_ARG; E_NOMEM.
 * Allocates: the notice.   Lifetime: until freed; the input may go after the call.   Threads: any.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_notice_read(payroute_notice **out, const payroute_registry *registry,
                                          const payroute_catalog *catalog, const payroute_keyring *ring,
                                          const char *channel, const char *method, const char *query,
                                          size_t query_len, const char *headers, size_t headers_len,
                                          const char *body, size_t body_len, int64_t now_ms);

/**
 * Zeroise and free. NULL is fine.
 * Returns: -   Allocates: never.   Lifetime: ends.   Threads: one.   Since: 0.1
 */
PAYROUTE_API void payroute_notice_free(payroute_notice *notice);

/**
 * Of which attempt it speaks, under which id the provider sent it, which order's hash it carries, and
 * whether it is authentic but about
 * nothing that is kept here (acknowledge it, store nothing).
 * Returns: text, "" where not stated; 1 or 0.   Allocates: never.   Lifetime: the notice's.   Threads: any.
 *            Since: 0.1
 */
PAYROUTE_API const char *payroute_notice_reference(const payroute_notice *notice);   /* "" unknown */
PAYROUTE_API const char *payroute_notice_provider_id(const payroute_notice *notice); /* "" unknown */
PAYROUTE_API const char *payroute_notice_event_id(const payroute_notice *notice);
PAYROUTE_API const char *payroute_notice_order_hash(const payroute_notice *notice);  /* "" none */
PAYROUTE_API int32_t payroute_notice_ignorable(const payroute_notice *notice);

/**
 * Which certificate must be in the ring before the notification can be read; fetch it (payroute_keyring_request),
 * or ask the provider to send again once it is there.
 * Returns: its id, "" when none is missing.   Allocates: never.   Lifetime: the notice's.   Threads: any.
 *          Since: 0.1
 */
PAYROUTE_API const char *payroute_notice_aux(const payroute_notice *notice);

/**
 * The bytes as received, for an orphan's row.
 * Returns: the body, or the query of one that came by GET.   Allocates: never.   Lifetime: the notice's.
 *          Threads: any.   Since: 0.1
 */
PAYROUTE_API const char *payroute_notice_raw(const payroute_notice *notice, size_t *len);

/**
 * The exact answer to the provider: `which` is 0 after the fact is durable, 1 for "please send it again", 2
 * for a refusal.
 * Returns: HTTP status; content type; body.   Allocates: never.   Lifetime: the notice's.   Threads: any.
 *          Since: 0.1
 */
PAYROUTE_API int32_t payroute_notice_ack_status(const payroute_notice *notice, int32_t which);
PAYROUTE_API const char *payroute_notice_ack_type(const payroute_notice *notice, int32_t which);
PAYROUTE_API const char *payroute_notice_ack_body(const payroute_notice *notice, int32_t which);

/**
 * Fold an authentic notification into the payment it speaks of. When it tells nothing new, next does not
 * ask for SAVE.
 * Returns: OK; E_ARG; E_STATE (notice not authentic); E_NOT_FOUND (no such attempt here); E_FOREIGN
 *          (another channel); E_NOMEM.
 * Allocates: what must be kept.   Lifetime: the notice may go after the SAVE.   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_payment_feed_notice(payroute_payment *payment, const payroute_notice *notice,
                                                  int64_t now_ms);

/* FFI-END */

#ifdef __cplusplus
}
#endif
#endif
