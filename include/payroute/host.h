/* libpayroute-host: the engine that stores and sends. What a shop would otherwise write itself, and nothing
 * that decides. */
#ifndef PAYROUTE_HOST_H
#define PAYROUTE_HOST_H

#include <payroute/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* FFI-BEGIN */

/* An engine belongs to the process that opened it: after fork every call on it is E_FORKED, and the child
   opens its own. One call at a time; a second thread gets E_BUSY. No call returns inside a transaction or
   with a lock held, so a process may end after any of them. Budgets are real milliseconds; a call begins an
   exchange only when its whole time-out fits into what is left. */
typedef struct payroute_engine payroute_engine;

/**
 * Open an engine; cheap when this process has it open already (found again by the same two texts). `config`
 * is the registry's JSON. `options` is JSON: store ("sqlite:/path", "memory:name"), and optionally instance
 * (default: made once and kept in the store), state_dir (a folder outside the store's, by which a restored
 * or copied store is noticed; default: none, and it is not), health (full path of the file that the workers of
 * this host share to know how channels are, on a local disk; default: beside a SQLite store, its name with
 * "-health" behind; false: nothing is learnt of channels), clock {"base_ms":…,"rate":…} (virtual; only when every
 * channel is on loopback), catalog (array of the host's own rows). A health file that cannot be used is no error:
 * payroute_engine_health says why.
 * Returns: OK; E_ARG; E_JSON; E_SCHEMA; E_KEY; E_LIMIT; E_CLOCK; E_STORE; E_BUSY; E_VERSION; E_CHECKSUM;
 *          E_UNSUPPORTED; E_NOMEM; `why` names where and what, never a secret.
 * Allocates: the engine, its store and file descriptors.   Lifetime: until closed as often as opened.
 * Threads: any, for different engines.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_engine_open(payroute_engine **out, const char *config_json, size_t config_len,
                                          const char *options_json, size_t options_len, char *why,
                                          size_t why_cap);

/**
 * Close as often as opened; the last one zeroises and frees. NULL is fine. In a child of fork it does
 * nothing: the engine is the parent's.
 * Returns: -
 * Allocates: never.   Lifetime: ends with the last.   Threads: one.   Since: 0.1
 */
PAYROUTE_API void payroute_engine_close(payroute_engine *engine);

/**
 * JSON text of the last call: a payment's view with payment_id and its unacknowledged events (and "do" where
 * the host must act itself, "out_of_budget" where what is due would have needed more), or
 * {"error":{"rc":…,"name":…,"text":…,"why":…}}. Other calls say their own.
 * Returns: text, never NULL; "{}" without memory.
 * Allocates: never.   Lifetime: readable during the next call, gone after it.   Threads: one.   Since: 0.1
 */
PAYROUTE_API const char *payroute_engine_result(payroute_engine *engine, size_t *len);

/**
 * Create a payment, and drive it for at most budget_ms. Idempotent by order_id: the same order, amount and
 * currency give the same payment, whatever else differs; its number comes back in *payment_id (0: there is
 * none). `spec` as for payroute_payment_new; what it says for the rules counts at the first call. With budget_ms 0 it
 * is only stored.
 * Returns: OK; E_CONFLICT (the order is known with another amount or currency); E_AMNESIA (the store has
 *          forgotten payments, and this may be one); E_ARG; E_JSON;
 *          E_SCHEMA; E_LIMIT; E_RANGE; E_NOT_FOUND (currency); E_STORE, E_BUSY (nothing was sent, unless result()
 *          says "pending"); E_FORKED; E_NOMEM.
 * Allocates: inside.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_engine_create(payroute_engine *engine, const char *spec, size_t spec_len,
                                            int64_t budget_ms, int64_t *payment_id);

/**
 * Drive until the customer must act, the payment is done, or the budget ends; sleeps in between only while
 * something is unknown. budget_ms 0: look only.
 * Returns: OK (whatever the payment's status is); E_NOT_FOUND; E_STORE; E_BUSY; E_CHECKSUM; E_VERSION;
 *          E_FORKED; E_ARG; E_NOMEM.
 * Allocates: inside.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_engine_advance(payroute_engine *engine, int64_t payment_id, int64_t budget_ms);

/**
 * As advance with budget 0: what the store holds, no exchange, no wait.
 * Returns: as advance.
 * Allocates: inside.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_engine_show(payroute_engine *engine, int64_t payment_id);

/**
 * Number of the payment of an order.
 * Returns: OK; E_NOT_FOUND; E_STORE; E_ARG; E_FORKED.
 * Allocates: never.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_engine_find(payroute_engine *engine, const char *order_id, int64_t *payment_id);

/**
 * The customer wants another method. The open attempt is closed first; the next one starts once it is free.
 * `wish` as for payroute_payment_switch.
 * Returns: OK; E_STATE, E_SCHEMA, E_UNSUPPORTED, E_LIMIT (nothing changed; the error says what is allowed);
 *          else as advance.
 * Allocates: inside.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_engine_switch(payroute_engine *engine, int64_t payment_id, const char *wish,
                                            size_t wish_len, int64_t budget_ms);

/**
 * Try again after a decline, with another instrument or method.
 * Returns: OK; E_STATE, E_SCHEMA, E_UNSUPPORTED, E_LIMIT (nothing changed); else as advance.
 * Allocates: inside.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_engine_retry(payroute_engine *engine, int64_t payment_id, const char *wish,
                                           size_t wish_len, int64_t budget_ms);

/**
 * Capture an authorization. Idempotent by caller_id (1..64 bytes): the same id and amount are the same
 * capture.
 * Returns: OK; E_STATE, E_RANGE, E_UNSUPPORTED, E_LIMIT (nothing changed); E_CONFLICT (same id, other
 *          amount); else as advance.
 * Allocates: inside.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_engine_capture(payroute_engine *engine, int64_t payment_id,
                                             const char *caller_id, int64_t amount_minor, int64_t budget_ms);

/**
 * Give money back. Idempotent by caller_id (1..64 bytes): the same id and amount are the same refund.
 * Returns: OK; E_STATE, E_RANGE (more than is there), E_UNSUPPORTED, E_LIMIT (nothing changed); E_CONFLICT
 *          (same id, other amount); else as advance.
 * Allocates: inside.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_engine_refund(payroute_engine *engine, int64_t payment_id,
                                            const char *caller_id, int64_t amount_minor, int64_t budget_ms);

/**
 * Give the payment up: open attempts are closed, an authorization is voided, late money goes back. A paid
 * one is refused: refund it.
 * Returns: OK; E_STATE (nothing changed); else as advance.
 * Allocates: inside.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_engine_cancel(payroute_engine *engine, int64_t payment_id, int64_t budget_ms);

/**
 * A person decides what became of an attempt: `outcome` is paid, not_paid or refunded; `who` and `evidence`
 * are kept for ever.
 * Returns: OK; E_STATE, E_SCHEMA (nothing changed); else as advance.
 * Allocates: inside.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_engine_resolve(payroute_engine *engine, int64_t payment_id, int32_t attempt,
                                             const char *outcome, const char *who, const char *evidence);

/**
 * Channels that the host drives with its own SDK: what came of the "do" in result(). Words and codes as
 * payroute_payment_feed_code; then drives on. When the process that was told has died, the payment asks (do:
 * query) before anything else.
 * Returns: OK; E_STATE (nothing is asked of the host); E_SCHEMA; E_UNSUPPORTED (not host-driven); else as
 *          advance.
 * Allocates: inside.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_engine_feed_code(payroute_engine *engine, int64_t payment_id,
                                               const char *status, const char *code, const char *provider_id,
                                               const char *show, int64_t budget_ms);

/**
 * A provider's notification, raw. Verified, folded and durable before this returns OK; answer the provider
 * with the status, type and body in result()
 * {"ack":{"status":…,"type":…,"body":…},"payment_id":…,"events":[…]} whatever the return value is. No
 * network.
 * Returns: OK; E_SIGNATURE, E_FOREIGN, E_EXPIRED, E_ENCODING, E_JSON, E_SCHEMA, E_NOT_FOUND (channel),
 *          E_LIMIT, E_UNSUPPORTED (refused, nothing stored); E_STORE, E_STORE_DOUBT, E_BUSY, E_NEED_AUX,
 *          E_NOMEM ("please send it again"); E_ARG; E_FORKED.
 * Allocates: inside.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_engine_notify(payroute_engine *engine, const char *channel, const char *method,
                                            const char *query, size_t query_len, const char *headers,
                                            size_t headers_len, const char *body, size_t body_len);

/**
 * Due work of all payments, for at most budget_ms: lookups, closes, refunds, expiries. For cron or a timer,
 * once a minute or oftener. result()
 * {"done":n,"left":n,"held":n,"probes":n,"oldest_event_ms":…,"orphans":n,"failed":[…],"host_must_act":[…],
 * "counts":{…}}; probes: channels that were asked a cheap question because their health wanted to know, at most
 * four.
 * Returns: OK; E_STORE; E_BUSY; E_FORKED; E_ARG; E_NOMEM.
 * Allocates: inside.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_engine_sweep(payroute_engine *engine, int64_t budget_ms);

/**
 * Unacknowledged events, oldest first; result()
 * {"events":[{"id":"12.1.1","payment_id":12,"order_id":…,"kind":"paid",…}]}. They come again until
 * acknowledged: deliver by one conditional update of the shop's own order.
 * Returns: OK; E_RANGE (limit is 1..1000); E_STORE; E_FORKED; E_ARG.
 * Allocates: inside.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_engine_events(payroute_engine *engine, int32_t limit);

/**
 * Codes that providers sent and the catalogue does not list, of today (UTC) and the days before it, the most frequent
 * first; result() {"unlisted":[{"provider":…,"operation":…,"layer":…,"code":…,"count":n,"first_ms":…,"last_ms":…}],
 * "dropped":n}. At most 200 different ones are kept for a day, and at most 1000 listed; "dropped" counts what found no
 * room. Kept for 35 days. A count, not a ledger: two processes at the same moment may lose one.
 * Returns: OK; E_RANGE (days is 1..31); E_STORE; E_BUSY; E_FORKED; E_ARG; E_NOMEM.
 * Allocates: inside.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_engine_unlisted(payroute_engine *engine, int32_t days);

/**
 * Acknowledge by id: a JSON array of ids, at most 1000. Acknowledged ones may be acknowledged again.
 * Returns: OK; E_NOT_FOUND (an unknown id: none is acknowledged); E_JSON; E_SCHEMA; E_LIMIT; E_STORE;
 *          E_FORKED; E_ARG.
 * Allocates: inside.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_engine_event_ack(payroute_engine *engine, const char *ids_json, size_t ids_len);

/**
 * What the customer's browser says (opened, returned, error, code_late): kept as a hint, once a day and
 * attempt, never proof.
 * Returns: OK; E_SCHEMA (unknown word); E_NOT_FOUND (payment or attempt); E_STORE; E_FORKED; E_ARG.
 * Allocates: inside.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_engine_client_event(payroute_engine *engine, int64_t payment_id,
                                                  int32_t attempt, const char *what);

/**
 * Payments, newest last; `filter` (NULL: all) is JSON {"status":"…","after_id":…,"limit":…}.
 * Returns: OK; E_JSON; E_SCHEMA; E_STORE; E_FORKED; E_ARG.
 * Allocates: inside.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_engine_list(payroute_engine *engine, const char *filter, size_t filter_len);

/**
 * Find out before the first payment what would go wrong: the store, versions with known defects, and for each channel
 * that is switched on whether its notify address is reached and routed to this very handler, whether the clock fits the
 * provider's, and whether key, account and permission fit (by a question about an order that does not exist). Charges
 * nothing. result() {"findings":[{"level":"ok|warn|fail","channel":…,"finding":…,"detail":…,"zh-CN":…,"en":…}],
 * "ok":n,"warn":n,"fail":n}.
 * Returns: OK, whatever was found; E_STORE; E_BUSY; E_FORKED; E_ARG; E_NOMEM.
 * Allocates: inside.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_engine_doctor(payroute_engine *engine, int64_t budget_ms);

/**
 * How every channel is now: {"shared":bool,"file":…,"why":…,"exchanges":bool,"now_ms":…,"channels":[...]}; the channels
 * as payroute_health_snapshot writes them. shared: all workers of this host know the same, by that file; else why not.
 * exchanges: through the store it tells hosts that have another file what it saw, and hears them.
 * Returns: OK; E_UNSUPPORTED (options.health is false); E_FORKED; E_ARG; E_NOMEM.
 * Allocates: inside.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_engine_health(payroute_engine *engine);

/**
 * Which channel the next payment would take, and why, by what the workers of this host know; nothing is done and
 * nothing but read. `request` and `seed` as for payroute_route_explain; now_ms is the engine's clock where the request
 * says none. result() is the trace of payroute_route_preview with "health":{"shared":…,"file":…,"why":…,"exchanges":…}
 * as in payroute_engine_health, or null where options.health is false and nothing is known.
 * Returns: OK, also where no channel can take it ("chosen" is null); E_ARG; E_JSON, E_SCHEMA, E_LIMIT (the error has
 *          one line for each problem); E_FORKED; E_NOMEM.
 * Allocates: inside.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_engine_route(payroute_engine *engine, const char *request, size_t request_len,
                                           int64_t seed);

/**
 * Look the whole store through: its own check, sums, audit chains against records.
 * Returns: OK; E_CHECKSUM (the error says where); E_STORE; E_FORKED; E_ARG.
 * Allocates: inside.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_engine_check(payroute_engine *engine);

/**
 * A copy of the store as it is now, into a new file.
 * Returns: OK; E_UNSUPPORTED (store without one); E_ARG; E_STORE; E_FORKED.
 * Allocates: inside.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_engine_backup(payroute_engine *engine, const char *path);

/**
 * The store was restored from a backup taken before `restored_at_ms`: create refuses orders from before
 * (ordered_at_ms must be given) until reconciled. Part of every restore.
 * Returns: OK; E_RANGE; E_STORE; E_FORKED; E_ARG.
 * Allocates: inside.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_engine_restore(payroute_engine *engine, int64_t restored_at_ms);

/**
 * A person has compared the providers' bills with the store: amnesia ends, and the orphans known so far no
 * longer stop their orders.
 * Returns: OK; E_STORE; E_FORKED; E_ARG.
 * Allocates: inside.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_engine_reconciled(payroute_engine *engine);

/**
 * The engine's clock now.
 * Returns: Unix milliseconds; E_ARG.
 * Allocates: never.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int64_t payroute_engine_now_ms(payroute_engine *engine);

/**
 * Step a virtual clock, back too.
 * Returns: OK; E_CLOCK (the clock is real); E_RANGE (more than ten years); E_FORKED; E_ARG.
 * Allocates: never.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_engine_clock_step(payroute_engine *engine, int64_t ms);

/**
 * Durable transactions made through this engine so far.
 * Returns: the number; E_ARG; E_FORKED.
 * Allocates: never.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int64_t payroute_engine_transactions(payroute_engine *engine);

/* FFI-END */

#ifdef __cplusplus
}
#endif
#endif
