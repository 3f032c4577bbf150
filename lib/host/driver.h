/* One HTTP exchange by libcurl under the rules that money needs: verified TLS, no redirect, no proxy from the
   environment, caps, deadlines, and a fresh HTTP/1.1 connection where the request may move money (libcurl
   resends a POST on a dead kept-alive connection). */
#ifndef PRH_DRIVER_H
#define PRH_DRIVER_H

#include <stddef.h>
#include <stdint.h>

typedef struct prh_driver prh_driver; /* one per process, made after fork */

typedef struct prh_exchange {
    const char *method;
    const char *url;
    const char *headers; /* "Name: value\r\n" lines */
    size_t headers_len;
    const char *body;
    size_t body_len;
    int32_t money; /* 1: fresh connection, no reuse (HTTP/1.1 is used for everything) */
    int32_t plain; /* 1: http:// to loopback is allowed */
    int32_t open_ended; /* 1: an answer that only ends with its connection counts as whole; never for money */
    int64_t timeout_ms;
    int64_t connect_ms;
    const char *ca_file; /* NULL: the system's */
    int32_t (*still_ours)(
        void *user); /* asked right before the first byte may leave; 0: do not write. May be NULL */
    void *user;
} prh_exchange;

typedef struct prh_outcome {
    int32_t answered; /* 1: a whole HTTP answer came */
    int32_t not_sent; /* 1: proof that no byte of the request left */
    int32_t curl_code;
    int32_t status;
    int32_t verified_peer;
    char *headers; /* owned; the last response's lines */
    size_t headers_len;
    char *body; /* owned; at most 1 MiB, else answered = 0 */
    size_t body_len;
} prh_outcome;

int32_t prh_driver_new(prh_driver **out);
void prh_driver_free(prh_driver *d);
/* OK whatever the outcome; E_ARG, E_NOMEM (nothing was sent). */
int32_t prh_driver_perform(prh_driver *d, const prh_exchange *exchange, prh_outcome *out);
/* 1: http or https to a loopback literal or to localhost. */
int32_t prh_driver_loopback(const char *url);
void prh_outcome_free(prh_outcome *out); /* zeroises */

#endif
