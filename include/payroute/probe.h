/* A harmless question to a channel: how does an order stand that cannot exist? A provider that says "not found", and
 * signs it, has accepted our key, our account and our permission to ask. For doctor and for set-up pages. */
#ifndef PAYROUTE_PROBE_H
#define PAYROUTE_PROBE_H

#include <payroute/base.h>
#include <payroute/catalog.h>
#include <payroute/keyring.h>
#include <payroute/registry.h>

#ifdef __cplusplus
extern "C" {
#endif

/* FFI-BEGIN */

typedef struct payroute_probe payroute_probe;

/** What the answer to a probe says about the channel. */
enum payroute_probe_verdict {
    PAYROUTE_PROBE_NONE = 0,       /* no answer was fed yet */
    PAYROUTE_PROBE_FITS = 1,       /* not found, by a proof as good as the provider gives */
    PAYROUTE_PROBE_REFUSED = 2,    /* refused for something that the merchant must mend: see reason and code */
    PAYROUTE_PROBE_UNVERIFIED = 3, /* an answer that does not verify with the keys configured for the provider */
    PAYROUTE_PROBE_UNCLEAR = 4,    /* anything else: an HTML page, a server error, another state */
    PAYROUTE_PROBE_NEED_AUX = 5    /* a certificate must be fetched, then feed the same answer again */
};

/**
 * Make the question; `entropy` is 32 fresh bytes, of which the order's number is made. The four parts hold
 * credentials: never log them.
 * Returns: OK; E_NOT_FOUND (channel); E_UNSUPPORTED (the host drives it, or it cannot be asked); E_KEY; E_ARG; E_NOMEM;
 *          `why` says what.
 * Allocates: the probe.   Lifetime: until freed; the parts as long.   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_probe_new(payroute_probe **out, payroute_registry *registry, const char *channel,
                                        int64_t now_ms, const char *entropy, char *why, size_t why_cap);

/**
 * Zeroise and free. NULL is fine.
 * Returns: -   Allocates: never.   Lifetime: ends.   Threads: one.   Since: 0.1
 */
PAYROUTE_API void payroute_probe_free(payroute_probe *probe);

/**
 * The question's four parts.
 * Returns: text, "" for NULL.   Allocates: never.   Lifetime: the probe's.   Threads: one.   Since: 0.1
 */
PAYROUTE_API const char *payroute_probe_request_method(const payroute_probe *probe);
PAYROUTE_API const char *payroute_probe_request_url(const payroute_probe *probe);
PAYROUTE_API const char *payroute_probe_request_headers(const payroute_probe *probe, size_t *len);
PAYROUTE_API const char *payroute_probe_request_body(const payroute_probe *probe, size_t *len);

/**
 * How it is to be sent: PAYROUTE_EXCHANGE_TIMEOUT_MS, _CONNECT_MS or _PLAIN (enum payroute_exchange), and the CA file
 * (NULL: the system's).
 * Returns: the value; E_ARG.   Allocates: never.   Lifetime: the registry's.   Threads: one.   Since: 0.1
 */
PAYROUTE_API int64_t payroute_probe_exchange(const payroute_probe *probe, int32_t field);
PAYROUTE_API const char *payroute_probe_ca_file(const payroute_probe *probe);

/**
 * Read the answer, with the certificates of `ring` (may be NULL) and the words of `catalog` (may be NULL).
 * Returns: enum payroute_probe_verdict; E_ARG; E_NOMEM.   Allocates: in between.   Lifetime: the answer may go after
 *          the call.   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_probe_feed(payroute_probe *probe, const payroute_keyring *ring,
                                         const payroute_catalog *catalog, int64_t now_ms, int32_t status,
                                         const char *headers, size_t headers_len, const char *body, size_t body_len,
                                         int32_t verified_peer);

/**
 * Of the answer fed last: the canonical reason (0: none), the provider's code and words ("" none), the certificate that
 * is missing ("" none), and how far our clock is ahead of the provider's in ms (INT64_MIN: it did not say).
 * Returns: as said.   Allocates: never.   Lifetime: until the next feed.   Threads: one.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_probe_reason(const payroute_probe *probe);
PAYROUTE_API const char *payroute_probe_code(const payroute_probe *probe);
PAYROUTE_API const char *payroute_probe_message(const payroute_probe *probe);
PAYROUTE_API const char *payroute_probe_aux(const payroute_probe *probe);
PAYROUTE_API int64_t payroute_probe_clock_ahead_ms(const payroute_probe *probe);

/**
 * Which library does the cryptography, such as "mbedTLS 2.28.3".
 * Returns: length without the NUL; E_BUFFER; E_ARG.   Allocates: never.   Lifetime: -   Threads: any.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_crypto_version(char *out, size_t out_cap);

/* FFI-END */

#ifdef __cplusplus
}
#endif
#endif
