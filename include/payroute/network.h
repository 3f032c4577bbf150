/* What the card networks say about trying a declined card again: never, not before, how often, and what it costs. */
#ifndef PAYROUTE_NETWORK_H
#define PAYROUTE_NETWORK_H

#include <payroute/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* FFI-BEGIN */

/**
 * The rules of the card networks that are in force on a day (YYYYMMDD, such as 20260131), each with its source.
 * `network` is a name in any case ("visa", "MasterCard", "American Express"); NULL or "": all networks. The answer is
 * {"day":…,"network":…,"rules":[{"rule":…,"network":…,"kind":…,"on":…,"codes":[…],"regions":[…],"border":…,"count":…,
 * "counted":…,"hours":…,"fee":{"minor":…,"currency":…},"from":…,"to":…,"dated":…,"source":…,"note":…}]}; members that
 * say nothing for a kind are null. Kinds: never, fix, wait, limit, volume, fee; docs/network-rules.md says what the
 * words mean. A network that publishes no rule has an empty list: that is no permission.
 * Returns: length without the NUL; E_ARG; E_RANGE (no such day); E_NOT_FOUND (no such network); E_BUFFER (`out` is
 *          empty: ask again with more); E_NOMEM.
 * Allocates: in between.   Lifetime: the caller's buffer.   Threads: any.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_network_rules(const char *network, int32_t day, char *out, size_t out_cap);

/* FFI-END */

#ifdef __cplusplus
}
#endif
#endif
