/* libpayroute-host: the engine that stores and sends. What a shop would otherwise write itself, and nothing that decides. */
#ifndef PAYROUTE_HOST_H
#define PAYROUTE_HOST_H

#include <payroute/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* FFI-BEGIN */

typedef struct payroute_engine payroute_engine;

/**
 * Open an engine; cheap when this process has it open already (one table per process, counted by store URL and configuration). `options` is
 * JSON: store ("sqlite:/path", "memory:name"), instance (default: made once and kept in the store), state_dir (sidecar for restored
 * databases; default: none, said in result), clock {"base_ms":…,"rate":…} (virtual; only when every channel is on loopback), catalog (overlay
 * rows).
 * Returns: OK; E_ARG; E_JSON; E_SCHEMA; E_CLOCK; E_STORE; E_VERSION; E_CHECKSUM; E_KEY; E_NOMEM; `why` names where and what.
 * Allocates: the engine.   Lifetime: until closed as often as opened.   Threads: one at a time per engine; never across fork (E_FORKED).   Since: 0.1
 */
PAYROUTE_API int32_t payroute_engine_open(payroute_engine **out, const char *config_json, size_t config_len,
                                          const char *options_json, size_t options_len, char *why, size_t why_cap);
PAYROUTE_API void payroute_engine_close(payroute_engine *engine);

/**
 * JSON text of the last call: the payment's view (with unacknowledged events), or {"error":{"rc":…,"name":…,"text":…,"why":…}}.
 * Returns: text of the engine.   Allocates: never.   Lifetime: until the next call.   Threads: one.   Since: 0.1
 */
PAYROUTE_API const char *payroute_engine_result(payroute_engine *engine, size_t *len);

/**
 * Create (idempotent by order_id), and drive for at most budget_ms when it is > 0. `spec` as payroute_payment_new. The same order, amount and
 * currency give the same payment; its number comes back in *payment_id.
 * Returns: OK; E_CONFLICT (order known with other amount or currency); E_AMNESIA; E_STORE …; result() has the view.
 * Allocates: inside.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_engine_create(payroute_engine *engine, const char *spec, size_t spec_len,
                                            int64_t budget_ms, int64_t *payment_id);
/** Drive until the customer must act, the payment is done, or the budget ends. budget_ms 0: look only. Returns: OK; E_NOT_FOUND; E_BUSY … */
PAYROUTE_API int32_t payroute_engine_advance(payroute_engine *engine, int64_t payment_id, int64_t budget_ms);
/** As advance with budget 0. Since: 0.1 */
PAYROUTE_API int32_t payroute_engine_show(payroute_engine *engine, int64_t payment_id);
/** Number of the payment of an order. Returns: OK; E_NOT_FOUND. */
PAYROUTE_API int32_t payroute_engine_find(payroute_engine *engine, const char *order_id, int64_t *payment_id);
PAYROUTE_API int32_t payroute_engine_switch(payroute_engine *engine, int64_t payment_id, const char *wish,
                                            size_t wish_len, int64_t budget_ms);
PAYROUTE_API int32_t payroute_engine_retry(payroute_engine *engine, int64_t payment_id, const char *wish,
                                           size_t wish_len, int64_t budget_ms);
PAYROUTE_API int32_t payroute_engine_capture(payroute_engine *engine, int64_t payment_id, const char *caller_id,
                                             int64_t amount_minor, int64_t budget_ms);
PAYROUTE_API int32_t payroute_engine_refund(payroute_engine *engine, int64_t payment_id, const char *caller_id,
                                            int64_t amount_minor, int64_t budget_ms);
PAYROUTE_API int32_t payroute_engine_cancel(payroute_engine *engine, int64_t payment_id, int64_t budget_ms);
PAYROUTE_API int32_t payroute_engine_resolve(payroute_engine *engine, int64_t payment_id, int32_t attempt,
                                             const char *outcome, const char *who, const char *evidence);
/**
 * A provider's notification, raw. Verified, folded and durable before this returns OK; answer the provider with the status, type and body in
 * result() {"ack":{"status":…,"type":…,"body":…},"payment_id":…,"events":[…]} whatever the return value is. No network.
 * Returns: OK; E_SIGNATURE, E_FOREIGN, E_EXPIRED, … (refused, nothing stored); E_STORE … ("please resend").
 * Allocates: inside.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_engine_notify(payroute_engine *engine, const char *channel, const char *method,
                                            const char *query, size_t query_len, const char *headers,
                                            size_t headers_len, const char *body, size_t body_len);
/** Due work of all payments, for at most budget_ms; result() {"done":n,"left":n,"oldest_event_ms":…,"orphans":n,…}. */
PAYROUTE_API int32_t payroute_engine_sweep(payroute_engine *engine, int64_t budget_ms);
/** Unacknowledged events, oldest first; result() {"events":[{"id":"12.1.1","payment_id":12,"order_id":…,"kind":"paid",…}]}. */
PAYROUTE_API int32_t payroute_engine_events(payroute_engine *engine, int32_t limit);
/** Acknowledge by id: JSON array of ids. Unknown ids are E_NOT_FOUND and nothing is acknowledged; known acknowledged ones are fine. */
PAYROUTE_API int32_t payroute_engine_event_ack(payroute_engine *engine, const char *ids_json, size_t ids_len);
/** What the customer's browser says (opened, returned, error, code_late): kept as a hint, bounded, never proof. */
PAYROUTE_API int32_t payroute_engine_client_event(payroute_engine *engine, int64_t payment_id, int32_t attempt,
                                                  const char *what);
/** Payments, newest last: filter is JSON {"status":"…","after_id":…,"limit":…}. */
PAYROUTE_API int32_t payroute_engine_list(payroute_engine *engine, const char *filter, size_t filter_len);
/** Store check, backup, and the two steps of a restore (reliability: amnesia). */
PAYROUTE_API int32_t payroute_engine_check(payroute_engine *engine);
PAYROUTE_API int32_t payroute_engine_backup(payroute_engine *engine, const char *path);
PAYROUTE_API int32_t payroute_engine_restore(payroute_engine *engine, int64_t restored_at_ms);
PAYROUTE_API int32_t payroute_engine_reconciled(payroute_engine *engine);
/** The engine's clock now; and a virtual clock's step (E_CLOCK on a real one). */
PAYROUTE_API int64_t payroute_engine_now_ms(payroute_engine *engine);
PAYROUTE_API int32_t payroute_engine_clock_step(payroute_engine *engine, int64_t ms);
/** Durable transactions made through this engine so far. */
PAYROUTE_API int64_t payroute_engine_transactions(payroute_engine *engine);

/* FFI-END */

#ifdef __cplusplus
}
#endif
#endif
