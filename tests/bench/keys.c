/* RSA by mbedTLS alone; see keys.h. */
#include "keys.h"

#include <mbedtls/base64.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/md.h>
#include <mbedtls/pk.h>
#include <mbedtls/rsa.h>
#include <mbedtls/version.h>

#include <stdlib.h>
#include <string.h>

enum { BITS = 2048, DER_MAX = 2048, TEXT_MAX = 4096, SAMPLE = 400 };

struct bench_keys {
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    mbedtls_pk_context pair;
    mbedtls_rsa_context fresh; /* the same key that never signed: its copies have no blinding yet */
    char private_text[TEXT_MAX];
    char public_text[TEXT_MAX];
    unsigned char sample[SAMPLE];
    unsigned char signature[512];
    size_t signature_len;
};

static int hash_sign(bench_keys *k, mbedtls_pk_context *pair, const void *text, size_t len,
                     unsigned char *out, size_t *out_len)
{
    unsigned char hash[32];
    int rc = mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), text, len, hash);
    if (rc != 0) {
        return rc;
    }
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    return mbedtls_pk_sign(pair, MBEDTLS_MD_SHA256, hash, 32, out, 512, out_len, mbedtls_ctr_drbg_random,
                           &k->random);
#else
    return mbedtls_pk_sign(pair, MBEDTLS_MD_SHA256, hash, 32, out, out_len, mbedtls_ctr_drbg_random,
                           &k->random);
#endif
}

static void rsa_begin(mbedtls_rsa_context *rsa)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    mbedtls_rsa_init(rsa);
#else
    mbedtls_rsa_init(rsa, MBEDTLS_RSA_PKCS_V15, 0);
#endif
}

/* DER is written at the end of the room. */
static int to_text(char *out, const unsigned char *der, int len)
{
    size_t written = 0;
    return len > 0 && mbedtls_base64_encode((unsigned char *)out, TEXT_MAX, &written, der + DER_MAX - len,
                                            (size_t)len) == 0;
}

static int generate(bench_keys *k)
{
    unsigned char der[DER_MAX];
    if (mbedtls_ctr_drbg_seed(&k->random, mbedtls_entropy_func, &k->entropy, NULL, 0) != 0 ||
        mbedtls_pk_setup(&k->pair, mbedtls_pk_info_from_type(MBEDTLS_PK_RSA)) != 0 ||
        mbedtls_rsa_gen_key(mbedtls_pk_rsa(k->pair), mbedtls_ctr_drbg_random, &k->random, BITS, 65537) != 0 ||
        mbedtls_rsa_copy(&k->fresh, mbedtls_pk_rsa(k->pair)) != 0) {
        return 0;
    }
    return to_text(k->private_text, der, mbedtls_pk_write_key_der(&k->pair, der, sizeof der)) &&
           to_text(k->public_text, der, mbedtls_pk_write_pubkey_der(&k->pair, der, sizeof der)) &&
           hash_sign(k, &k->pair, k->sample, SAMPLE, k->signature, &k->signature_len) == 0;
}

bench_keys *bench_keys_new(void)
{
    bench_keys *k = calloc(1, sizeof *k);
    if (k == NULL) {
        return NULL;
    }
    mbedtls_entropy_init(&k->entropy);
    mbedtls_ctr_drbg_init(&k->random);
    mbedtls_pk_init(&k->pair);
    rsa_begin(&k->fresh);
    memset(k->sample, 'a', sizeof k->sample);
    if (!generate(k)) {
        bench_keys_free(k);
        return NULL;
    }
    return k;
}

void bench_keys_free(bench_keys *k)
{
    if (k != NULL) {
        mbedtls_rsa_free(&k->fresh);
        mbedtls_pk_free(&k->pair);
        mbedtls_ctr_drbg_free(&k->random);
        mbedtls_entropy_free(&k->entropy);
        free(k);
    }
}

const char *bench_keys_private(const bench_keys *k)
{
    return k->private_text;
}

const char *bench_keys_public(const bench_keys *k)
{
    return k->public_text;
}

int bench_keys_sign(bench_keys *k, const char *text, size_t len, char *out, size_t cap)
{
    unsigned char raw[512];
    size_t raw_len = 0, out_len = 0;
    return hash_sign(k, &k->pair, text, len, raw, &raw_len) == 0 &&
           mbedtls_base64_encode((unsigned char *)out, cap, &out_len, raw, raw_len) == 0;
}

void bench_keys_run_sign(void *keys, long times)
{
    bench_keys *k = keys;
    for (long i = 0; i < times; i++) {
        mbedtls_pk_context copy;
        mbedtls_pk_init(&copy);
        if (mbedtls_pk_setup(&copy, mbedtls_pk_info_from_type(MBEDTLS_PK_RSA)) != 0 ||
            mbedtls_rsa_copy(mbedtls_pk_rsa(copy), &k->fresh) != 0 ||
            hash_sign(k, &copy, k->sample, SAMPLE, k->signature, &k->signature_len) != 0) {
            abort();
        }
        mbedtls_pk_free(&copy);
    }
}

void bench_keys_run_sign_alone(void *keys, long times)
{
    bench_keys *k = keys;
    for (long i = 0; i < times; i++) {
        if (hash_sign(k, &k->pair, k->sample, SAMPLE, k->signature, &k->signature_len) != 0) {
            abort();
        }
    }
}

void bench_keys_run_verify(void *keys, long times)
{
    bench_keys *k = keys;
    unsigned char hash[32];
    for (long i = 0; i < times; i++) {
        if (mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), k->sample, SAMPLE, hash) != 0 ||
            mbedtls_pk_verify(&k->pair, MBEDTLS_MD_SHA256, hash, 32, k->signature, k->signature_len) != 0) {
            abort();
        }
    }
}
