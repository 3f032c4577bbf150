/* RSA by mbedTLS alone: keys made for one run, the provider's signatures, and the bare operation that ours is
   measured against. */
#ifndef TEST_BENCH_KEYS_H
#define TEST_BENCH_KEYS_H

#include <stddef.h>

typedef struct bench_keys bench_keys;

bench_keys *bench_keys_new(void); /* NULL: no memory or no entropy */
void bench_keys_free(bench_keys *k);
/* As a console hands them out: base64 of DER. */
const char *bench_keys_private(const bench_keys *k);
const char *bench_keys_public(const bench_keys *k);
/* Base64 of the SHA-256 signature, as the provider would make it; the caller's. */
int bench_keys_sign(bench_keys *k, const char *text, size_t len, char *out, size_t cap);
/* Baselines (bench_run): hash and sign, hash and verify, of 400 bytes. The second sign is with the blinding
   that mbedTLS keeps in the key from one signature to the next, which is nothing for a key that threads
   share; the first takes a copy of the key, as anybody must who shares one. */
void bench_keys_run_sign(void *keys, long times);
void bench_keys_run_sign_alone(void *keys, long times);
void bench_keys_run_verify(void *keys, long times);

#endif
