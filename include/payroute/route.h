/* Which channel a payment would take, and why. */
#ifndef PAYROUTE_ROUTE_H
#define PAYROUTE_ROUTE_H

#include <payroute/base.h>
#include <payroute/registry.h>

#ifdef __cplusplus
extern "C" {
#endif

/* FFI-BEGIN */

/**
 * Choose a channel for a request without doing anything, and say why. The request is a JSON object:
 * amount_minor and currency, and where wanted method, flow, hold (true: must be able to authorize only),
 * channel (insist on one), now_ms, exclude (ids of channels, or objects {channel, method, until_ms}).
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

/* FFI-END */

#ifdef __cplusplus
}
#endif
#endif
