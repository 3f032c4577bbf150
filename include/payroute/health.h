/* What each channel did lately: learned from outcomes, shared by all workers of a host, asked at each choice. */
#ifndef PAYROUTE_HEALTH_H
#define PAYROUTE_HEALTH_H

#include <payroute/base.h>
#include <payroute/registry.h>

#ifdef __cplusplus
extern "C" {
#endif

/* FFI-BEGIN */

typedef struct payroute_health payroute_health;

/**
 * How many bytes a block needs for so many channels and cells (channel x method x issuer). Both are rounded up to
 * powers of two, at most 1024 and 65536; 32 and 1024 serve any shop.
 * Returns: the size.   Allocates: never.   Lifetime: -   Threads: any.   Since: 0.1
 */
PAYROUTE_API size_t payroute_health_size(int32_t channels, int32_t cells);

/**
 * A block of its own, on the heap: for one process that lives on.
 * Returns: OK; E_ARG; E_NOMEM.   Allocates: handle and block.   Lifetime: until freed, and longer than the payments
 *           that use it.   Threads: any number, at once.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_health_new(payroute_health **out, int32_t channels, int32_t cells, int64_t now_ms);

/**
 * Release the handle, and the block of payroute_health_new. NULL is fine.
 * Returns: -   Allocates: never.   Lifetime: ends.   Threads: the last one.   Since: 0.1
 */
PAYROUTE_API void payroute_health_free(payroute_health *health);

/**
 * How every channel of the registry is now, as a JSON array: channel, up, down, hang, brown, approve, confirm,
 * fail_over, pending, opened, convert, cashier (fractions in millionths), suspect, in_flight, latency_p50_ms,
 * latency_p95_ms, bad_since_ms, last_ms, limit_per_s (thousandths), evidence (hundredths of a payment).
 * Returns: length without the NUL; E_ARG; E_STATE (registry not sealed); E_BUFFER (`out` is empty); E_NOMEM.
 * Allocates: in between.   Lifetime: the caller's buffer.   Threads: any.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_health_snapshot(const payroute_health *health, const payroute_registry *registry,
                                              int64_t now_ms, char *out, size_t out_cap);

/**
 * Which channel is to be asked a cheap question now (a lookup of a known order, a TLS connect): the index of a
 * channel in the registry. Each one that is handed out is handed out once for all workers, and again only when its
 * interval is over: 1.5 s while it is in doubt (something of the line failed, and that is not settled), 5 s while it
 * seems to be out, 20 s when that lasts longer than two minutes, a minute for the main channel when it is idle.
 * Returns: the index; E_NOT_FOUND (none now); E_ARG; E_STATE.   Allocates: never.   Lifetime: -   Threads: any.
 *           Since: 0.1
 */
PAYROUTE_API int32_t payroute_health_probe_next(const payroute_health *health, const payroute_registry *registry,
                                                int64_t now_ms);

/**
 * What came of it: ok 1 when the provider answered at all.
 * Returns: OK; E_NOT_FOUND (channel); E_ARG; E_STATE.   Allocates: never.   Lifetime: -   Threads: any.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_health_probe(const payroute_health *health, const payroute_registry *registry,
                                           const char *channel, int32_t ok, int64_t latency_ms, int64_t now_ms);

/**
 * What the customer's browser says of a code or page of this channel: "error" (it did not open), "opened".
 * `age_ms`: how long ago it was shown, so that it is held against others who were shown one then; less than 0: not
 * known. A hint that moves health a little, never proof; the caller passes each payment's on at most once.
 * Returns: OK; E_NOT_FOUND (channel); E_SCHEMA (another word); E_ARG; E_STATE.   Allocates: never.   Lifetime: -
 *           Threads: any.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_health_client(const payroute_health *health, const payroute_registry *registry,
                                            const char *channel, const char *what, int64_t age_ms,
                                            int64_t now_ms);

/**
 * What this host saw since `since_ms`, for others: a JSON object of plain sums that may be added up; and taking in
 * what others said, `weight_percent` of it (1..100): a message, or an array with one element for each of up to 64
 * hosts: its message, or an array of its messages. Give what came in together: a host that accuses a channel alone
 * raises a doubt of 2 % and no more, however often it says so; two that agree are believed, each with a few sightings'
 * weight at a time.
 * Returns: length without the NUL, or OK; E_ARG; E_JSON, E_SCHEMA (nothing changed, `why` says where); E_BUFFER;
 *           E_STATE; E_NOMEM.
 * Allocates: in between.   Lifetime: the caller's buffer.   Threads: any.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_health_sums(const payroute_health *health, const payroute_registry *registry,
                                          int64_t since_ms, int64_t now_ms, char *out, size_t out_cap);
PAYROUTE_API int32_t payroute_health_fold(const payroute_health *health, const payroute_registry *registry,
                                          const char *sums_json, size_t sums_len, int32_t weight_percent,
                                          int64_t now_ms, char *why, size_t why_cap);

/* FFI-END */

/* For C programs: */

/**
 * A block that lives in the caller's memory, such as a file that is mapped shared by all workers: 8-byte aligned,
 * its place may differ from process to process. `make` 1: it is all zeros and becomes an empty block; 0: somebody
 * made it.
 * Returns: OK; E_FOREIGN (no such block); E_VERSION (older or newer); E_CHECKSUM (damaged, or not made to its end):
 *           make a new one elsewhere, never in place; E_RANGE (too small); E_ARG; E_NOMEM.
 * Allocates: the handle.   Lifetime: the memory must outlive it.   Threads: any number, processes too.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_health_attach(payroute_health **out, void *memory, size_t size, int32_t make,
                                            int32_t channels, int32_t cells, int64_t now_ms);

#ifdef __cplusplus
}
#endif
#endif
