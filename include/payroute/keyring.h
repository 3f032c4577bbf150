/* Certificates that providers sign with and that are fetched while running (WeChat Pay's platform certificates,
 * Alipay's by serial number): proven by the channel's own configuration, kept beside the immutable registry,
 * shared by workers through any store, since what is stored is the provider's answer and proves itself. */
#ifndef PAYROUTE_KEYRING_H
#define PAYROUTE_KEYRING_H

#include <payroute/base.h>
#include <payroute/registry.h>

#ifdef __cplusplus
extern "C" {
#endif

/* FFI-BEGIN */

/* One for all payments of a registry. Payments and notices only read it; whoever takes in an answer must be alone
   with it. */
typedef struct payroute_keyring payroute_keyring;

/**
 * An empty ring; keeps the registry.
 * Returns: OK; E_ARG; E_NOMEM.   Allocates: the ring.   Lifetime: until freed; longer than the payments that use
 *          it.   Threads: one writer.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_keyring_new(payroute_keyring **out, payroute_registry *registry);

/**
 * Zeroise and free. NULL is fine.
 * Returns: -   Allocates: never.   Lifetime: ends.   Threads: one.   Since: 0.1
 */
PAYROUTE_API void payroute_keyring_free(payroute_keyring *ring);

/**
 * Whether the certificate is here and valid now.
 * Returns: 1; 0.   Allocates: never.   Lifetime: -   Threads: any, beside no writer.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_keyring_has(const payroute_keyring *ring, const char *channel, const char *id,
                                          int64_t now_ms);

/**
 * Take in the body of an answer to FETCH, fresh or stored: what the channel's configuration proves is kept, the
 * oldest of the channel goes when there are more than eight.
 * Returns: OK; E_NOT_FOUND (channel); E_UNSUPPORTED (its provider has nothing to fetch); E_SIGNATURE; E_JSON;
 *          E_SCHEMA; E_LIMIT; E_ARG; E_NOMEM: nothing changed, `why` says what.
 * Allocates: inside the ring.   Lifetime: the body may go after the call.   Threads: one writer.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_keyring_take(payroute_keyring *ring, const char *channel, const char *body,
                                           size_t body_len, int64_t now_ms, char *why, size_t why_cap);

/**
 * The request that fetches a missing certificate, where no payment waits for it (a notification did). The bytes
 * hold a signature of the channel's; they belong to the ring until the next call. `entropy` is 32 fresh bytes.
 * Returns: OK; E_NOT_FOUND (channel); E_UNSUPPORTED; E_KEY; E_ARG; E_NOMEM.
 * Allocates: inside the ring.   Lifetime: until the next call.   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_keyring_request(payroute_keyring *ring, const char *channel, const char *id,
                                              int64_t now_ms, const char *entropy, char *why, size_t why_cap);
PAYROUTE_API const char *payroute_keyring_request_method(const payroute_keyring *ring);
PAYROUTE_API const char *payroute_keyring_request_url(const payroute_keyring *ring);
PAYROUTE_API const char *payroute_keyring_request_headers(const payroute_keyring *ring, size_t *len);
PAYROUTE_API const char *payroute_keyring_request_body(const payroute_keyring *ring, size_t *len);

/**
 * How a fetch from this channel is to be performed: PAYROUTE_EXCHANGE_TIMEOUT_MS, _CONNECT_MS, _PLAIN or _LISTS (enum
 * payroute_exchange), and with which CA file (NULL: the system's).
 * Returns: the value; E_NOT_FOUND (channel); E_UNSUPPORTED (its provider has nothing to fetch); E_ARG.   Allocates:
 *          never.   Lifetime: the registry's.   Threads: any.   Since: 0.1
 */
PAYROUTE_API int64_t payroute_keyring_exchange(const payroute_keyring *ring, const char *channel, int32_t field);
PAYROUTE_API const char *payroute_keyring_ca_file(const payroute_keyring *ring, const char *channel);

/* FFI-END */

#ifdef __cplusplus
}
#endif
#endif
