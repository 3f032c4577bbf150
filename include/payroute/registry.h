/* Channels: which provider accounts there are and what each can take. */
#ifndef PAYROUTE_REGISTRY_H
#define PAYROUTE_REGISTRY_H

#include <payroute/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* FFI-BEGIN */

typedef struct payroute_registry payroute_registry;

/**
 * Build a registry from configuration text (payroute.schema.json describes it).
 * All problems are found at once; `why` receives one line each, such as
 * `channels[3].currencies[0]: expected a currency code, got "RMBB"`, never a secret.
 * Returns: OK; E_ARG; E_JSON; E_SCHEMA; E_LIMIT; E_KEY; E_NOMEM. *out is NULL unless OK.
 * Allocates: the registry; release with payroute_registry_free.
 * Lifetime: the text may go after the call.   Threads: immutable, any number may read.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_registry_from_json(payroute_registry **out, const char *json, size_t json_len,
                                                 char *why, size_t why_cap);

/**
 * Start an empty registry for channels added by calls; it cannot be used before payroute_registry_seal.
 * Returns: OK; E_ARG; E_NOMEM.   Allocates: the registry.   Lifetime: until freed.   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_registry_new(payroute_registry **out);

/**
 * Add one channel, given as the JSON object that would stand in `channels`. A refused channel changes nothing.
 * Returns: OK; E_ARG; E_STATE (sealed); E_CONFLICT (that id is there); E_JSON; E_SCHEMA; E_KEY; E_LIMIT;
 *          E_NOMEM.
 * Allocates: the channel.   Lifetime: the text may go after the call.   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_registry_add(payroute_registry *registry, const char *channel_json, size_t json_len,
                                           char *why, size_t why_cap);

/**
 * Set one of the file's top-level values by its JSON text: "allow_plain_loopback", "locale", "policy", "routing"
 * (before the channels), "rules" (after the channels that they name; a new value replaces the old ones).
 * Returns: OK; E_ARG; E_STATE (sealed); E_SCHEMA.   Allocates: a copy.   Lifetime: -   Threads: one.
 *          Since: 0.1
 */
PAYROUTE_API int32_t payroute_registry_set(payroute_registry *registry, const char *name, const char *json,
                                           size_t json_len, char *why, size_t why_cap);

/**
 * Make it immutable and usable.
 * Returns: OK; E_ARG; E_STATE (sealed already).   Allocates: never.   Lifetime: -   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_registry_seal(payroute_registry *registry);

/**
 * Take or drop a reference; the last drop zeroises credentials and frees. NULL is fine.
 * Returns: the same registry (retain).   Allocates: never.   Lifetime: counted.   Threads: any.   Since: 0.1
 */
PAYROUTE_API payroute_registry *payroute_registry_retain(payroute_registry *registry);
PAYROUTE_API void payroute_registry_free(payroute_registry *registry);

/**
 * Number of channels, id of channel idx (NULL outside), index of an id (E_NOT_FOUND).
 * Returns: as said; E_ARG for NULL.   Allocates: never.   Lifetime: the registry's.   Threads: any.
 *          Since: 0.1
 */
PAYROUTE_API int32_t payroute_registry_count(const payroute_registry *registry);
PAYROUTE_API const char *payroute_registry_id(const payroute_registry *registry, int32_t idx);
PAYROUTE_API int32_t payroute_registry_find(const payroute_registry *registry, const char *id);

/**
 * The whole registry as JSON, every credential value replaced by "***".
 * Returns: length without the NUL; E_ARG; E_BUFFER (why *not* written: ask again with more); E_NOMEM.
 * Allocates: in between.   Lifetime: the caller's buffer.   Threads: any.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_registry_view(const payroute_registry *registry, char *out, size_t out_cap);

/* FFI-END */

#ifdef __cplusplus
}
#endif
#endif
