/* Which channel a payment would take, and why. */
#ifndef PAYROUTE_ROUTE_H
#define PAYROUTE_ROUTE_H

#include <payroute/base.h>
#include <payroute/health.h>
#include <payroute/registry.h>

#ifdef __cplusplus
extern "C" {
#endif

/* FFI-BEGIN */

/**
 * Choose a channel for a request without doing anything, and say why. The request is a JSON object:
 * amount_minor and currency, and where wanted method, flow, hold (true: must be able to authorize only),
 * channel (insist on one), now_ms, country, brand, bin, issuer, tier, risk, category, metadata (what rules ask
 * for), exclude (ids of channels, or objects {channel, method, until_ms}).
 * The answer is a JSON object: request, channels (id, eligible, why, method, flow, priority, weight),
 * order, draw, chosen (null when none is eligible now), retry_ms (when an excluded one comes back).
 * The same registry, request and seed give the same answer.
 *
 * Returns: length without the NUL; E_ARG; E_STATE (the registry is not sealed); E_JSON, E_SCHEMA,
 *          E_LIMIT (`out` then holds one line for each problem); E_BUFFER (`out` is empty: ask again with
 *          more); E_NOMEM.
 * Allocates: in between.   Lifetime: the caller's buffer.   Threads: any.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_route_explain(const payroute_registry *registry, const char *request_json,
                                            size_t request_len, int64_t seed, char *out, size_t out_cap);

/**
 * The same with what is known of the channels: what the next payment would be told whose customer is present, at
 * now_ms where the request says no now_ms. Each eligible channel has its score instead of its index alone, and the
 * trace can be made again by payroute_route_replay. Looks at a copy of the block, so the block is only read: no test
 * is begun, no turn of a split and no room under a rate is taken. `health` NULL: nothing is known.
 *
 * Returns: as payroute_route_explain; E_ARG (now_ms, too).
 * Allocates: in between.   Lifetime: the caller's buffer.   Threads: any.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_route_preview(const payroute_registry *registry, const payroute_health *health,
                                            const char *request_json, size_t request_len, int64_t seed,
                                            int64_t now_ms, char *out, size_t out_cap);

/**
 * A recorded trace (of payroute_route_explain, payroute_route_preview, or a payment) made again from what stands in it:
 * each channel's index, rank, priority and weight, and the dice. Needs neither the registry nor the health of that
 * moment.
 * The answer is a JSON object: order, and same (false: the trace's own order is another, so it was changed).
 * Returns: length without the NUL; E_ARG; E_JSON, E_SCHEMA (`out` then holds one line for each problem);
 *          E_BUFFER (`out` is empty); E_NOMEM.
 * Allocates: in between.   Lifetime: the caller's buffer.   Threads: any.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_route_replay(const char *trace_json, size_t trace_len, char *out, size_t out_cap);

typedef struct payroute_router payroute_router;

/**
 * A router that is spoken to in lines, for simulators and for hosts that hold no registry: one JSON object a
 * line, time among them (docs/command.md, "payroute route --lines"). It has a health block of its own.
 * Returns: OK; E_ARG; E_NOMEM.   Allocates: the router.   Lifetime: until freed.   Threads: one at a time.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_router_new(payroute_router **out);

/**
 * One line, without its end. Nothing is changed by a line that is refused.
 * Returns: length of the answer without the NUL, 0 where none is due; E_JSON, E_SCHEMA, E_RANGE (a number or a
 *          channel out of range), E_STATE (before "hello" or after "bye"): `out` then holds the complaint as
 *          JSON where an answer is due, else it is empty; E_BUFFER (2048 bytes are always enough); E_ARG.
 * Allocates: never.   Lifetime: the caller's buffer.   Threads: one at a time.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_router_line(payroute_router *router, const char *line, size_t len, char *out,
                                          size_t out_cap);

/**
 * 1: "bye" was said, or there is no router.
 * Returns: 1 or 0.   Allocates: never.   Lifetime: -   Threads: one at a time.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_router_over(const payroute_router *router);

/**
 * NULL is fine.
 * Returns: -   Allocates: never.   Lifetime: ends.   Threads: the last one.   Since: 0.1
 */
PAYROUTE_API void payroute_router_free(payroute_router *router);

/* FFI-END */

#ifdef __cplusplus
}
#endif
#endif
