/* RSA keys: reading them, signing, verifying. Each operation works on a copy of the RSA context, since
   mbedTLS keeps blinding values and caches inside it: a shared key is never written to, whether or not
   mbedTLS was built with threads. */
#include "sign/mbed.h"
#include "sign/sign.h"

#include "base/mem.h"
#include "base/text.h"

#include <mbedtls/hmac_drbg.h>
#include <mbedtls/pk.h>
#include <mbedtls/rsa.h>
#include <mbedtls/x509_crt.h>
#include <payroute/base.h>
#include <string.h>

enum { KEY_TEXT_MAX = 64 * 1024, RSA_BITS_MIN = 2048, RSA_BYTES_MAX = 1024 };

struct pr_key {
    int32_t kind;
    mbedtls_rsa_context rsa;
    uint8_t
        fingerprint[32]; /* of modulus and private exponent: blinding stays secret even if entropy is poor */
};

static void rsa_begin(mbedtls_rsa_context *rsa)
{
#if PR_MBED_3
    mbedtls_rsa_init(rsa);
#else
    mbedtls_rsa_init(rsa, MBEDTLS_RSA_PKCS_V15, 0);
#endif
}

/* A copy to work on, with the padding that all our signatures have. */
static int rsa_copy_of(mbedtls_rsa_context *copy, const mbedtls_rsa_context *rsa)
{
    rsa_begin(copy);
    int ret = mbedtls_rsa_copy(copy, rsa);
    if (ret == 0) {
#if PR_MBED_3
        ret = mbedtls_rsa_set_padding(copy, MBEDTLS_RSA_PKCS_V15, MBEDTLS_MD_NONE);
#else
        mbedtls_rsa_set_padding(copy, MBEDTLS_RSA_PKCS_V15, 0);
#endif
    }
    return ret;
}

/* Numbers for blinding, repeatable from entropy, key and message. */
static int drbg_begin(mbedtls_hmac_drbg_context *drbg, const uint8_t entropy[32],
                      const uint8_t fingerprint[32], const uint8_t hash[32])
{
    uint8_t seed[96];
    mbedtls_hmac_drbg_init(drbg);
    memcpy(seed, entropy, 32);
    memcpy(seed + 32, fingerprint, 32);
    memcpy(seed + 64, hash, 32);
    int ret =
        mbedtls_hmac_drbg_seed_buf(drbg, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), seed, sizeof seed);
    pr_mem_wipe(seed, sizeof seed);
    return ret;
}

static const char *expected_form(int32_t kind)
{
    if (kind == PR_KEY_RSA_PRIVATE) {
        return "expected an RSA private key: PEM (PKCS#1 or PKCS#8, not encrypted) or its base64 without "
               "the BEGIN and END lines";
    }
    if (kind == PR_KEY_RSA_PUBLIC) {
        return "expected an RSA public key: PEM or its base64 without the BEGIN and END lines";
    }
    return "expected an X.509 certificate with an RSA key, in PEM";
}

/* Names what was given instead, if its first line says so. */
static void explain(pr_text *why, int32_t kind, const char *text, size_t len)
{
    static const char *const labels[] = {"CERTIFICATE REQUEST", "CERTIFICATE",    "ENCRYPTED PRIVATE KEY",
                                         "RSA PRIVATE KEY",     "EC PRIVATE KEY", "PRIVATE KEY",
                                         "RSA PUBLIC KEY",      "PUBLIC KEY"};
    static const char begin[] = "-----BEGIN ";
    pr_text_put(why, expected_form(kind));
    for (size_t at = 0; at + sizeof begin - 1 < len; at++) {
        if (memcmp(text + at, begin, sizeof begin - 1) != 0) {
            continue;
        }
        const char *label = text + at + sizeof begin - 1;
        size_t left = len - at - (sizeof begin - 1);
        for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
            size_t label_len = strlen(labels[i]);
            if (left > label_len && memcmp(label, labels[i], label_len) == 0 && label[label_len] == '-') {
                pr_text_format(why, "; this is marked %s", labels[i]);
                return;
            }
        }
        return;
    }
}

/* Takes the RSA part out of what mbedTLS read. */
static int32_t adopt_rsa(pr_key *key, const mbedtls_pk_context *pk)
{
    if (!mbedtls_pk_can_do(pk, MBEDTLS_PK_RSA)) {
        return PAYROUTE_E_KEY;
    }
    return pr_mbed_rc(mbedtls_rsa_copy(&key->rsa, mbedtls_pk_rsa(*pk)), PAYROUTE_E_KEY);
}

static int32_t read_certificate_blob(pr_key *key, const pr_mbed_blob *blob)
{
    mbedtls_x509_crt crt;
    mbedtls_x509_crt_init(&crt);
    int ret = mbedtls_x509_crt_parse(&crt, blob->at, blob->len);
    int32_t rc = pr_mbed_rc(ret > 0 ? -1 : ret, PAYROUTE_E_KEY);
    if (rc == PAYROUTE_OK) {
        rc = adopt_rsa(key, &crt.pk);
    }
    mbedtls_x509_crt_free(&crt);
    return rc;
}

static int32_t read_key_blob(pr_key *key, const pr_mbed_blob *blob)
{
    if (key->kind == PR_KEY_CERTIFICATE) {
        return read_certificate_blob(key, blob);
    }
    mbedtls_pk_context pk;
    mbedtls_pk_init(&pk);
    int ret = 0;
    if (key->kind == PR_KEY_RSA_PUBLIC) {
        ret = mbedtls_pk_parse_public_key(&pk, blob->at, blob->len);
    } else {
#if PR_MBED_3
        /* 3.x wants random numbers to check EC keys; ours is RSA, so fixed ones harm nothing. */
        static const uint8_t zero[32];
        mbedtls_hmac_drbg_context drbg;
        ret = drbg_begin(&drbg, zero, zero, zero);
        if (ret == 0) {
            ret = mbedtls_pk_parse_key(&pk, blob->at, blob->len, NULL, 0, mbedtls_hmac_drbg_random, &drbg);
        }
        mbedtls_hmac_drbg_free(&drbg);
#else
        ret = mbedtls_pk_parse_key(&pk, blob->at, blob->len, NULL, 0);
#endif
    }
    int32_t rc = pr_mbed_rc(ret, PAYROUTE_E_KEY);
    if (rc == PAYROUTE_OK) {
        rc = adopt_rsa(key, &pk);
    }
    mbedtls_pk_free(&pk);
    return rc;
}

static int32_t check_key(pr_key *key, pr_text *why)
{
    size_t bytes = mbedtls_rsa_get_len(&key->rsa);
    if (bytes * 8 < RSA_BITS_MIN || bytes > RSA_BYTES_MAX) {
        pr_text_format(why, "the key has %zu bits; 2048 to 8192 are accepted", bytes * 8);
        return PAYROUTE_E_KEY;
    }
    int ret = key->kind == PR_KEY_RSA_PRIVATE ? mbedtls_rsa_check_privkey(&key->rsa)
                                              : mbedtls_rsa_check_pubkey(&key->rsa);
    int32_t rc = pr_mbed_rc(ret, PAYROUTE_E_KEY);
    if (rc != PAYROUTE_OK) {
        pr_text_put(why, rc == PAYROUTE_E_NOMEM ? "out of memory"
                                                : "the numbers of the key do not belong together");
    }
    return rc;
}

static int32_t take_fingerprint(pr_key *key)
{
    uint8_t modulus[RSA_BYTES_MAX];
    uint8_t exponent[RSA_BYTES_MAX];
    size_t len = mbedtls_rsa_get_len(&key->rsa);
    int is_private = key->kind == PR_KEY_RSA_PRIVATE;
    int ret =
        mbedtls_rsa_export_raw(&key->rsa, modulus, len, NULL, 0, NULL, 0, is_private ? exponent : NULL,
                               is_private ? len : 0, is_private ? NULL : exponent, is_private ? 0 : len);
    int32_t rc = pr_mbed_rc(ret, PAYROUTE_E_KEY);
    if (rc == PAYROUTE_OK) {
        const void *parts[2] = {modulus, exponent};
        const size_t lens[2] = {len, len};
        rc = pr_sign_sha256_parts(key->fingerprint, parts, lens, 2);
    }
    pr_mem_wipe(exponent, sizeof exponent);
    return rc;
}

int32_t pr_key_new(pr_key **out, int32_t kind, const char *text, size_t len, char *why, size_t why_cap)
{
    pr_text reason;
    pr_text_init(&reason, why, why_cap);
    if (out == NULL) {
        return PAYROUTE_E_ARG;
    }
    *out = NULL;
    if (text == NULL || kind < PR_KEY_RSA_PRIVATE || kind > PR_KEY_CERTIFICATE) {
        return PAYROUTE_E_ARG;
    }
    if (len > KEY_TEXT_MAX) {
        pr_text_put(&reason, expected_form(kind));
        return PAYROUTE_E_KEY;
    }
    pr_key *key = pr_mem_new(sizeof *key);
    if (key == NULL) {
        return PAYROUTE_E_NOMEM;
    }
    key->kind = kind;
    rsa_begin(&key->rsa);
    pr_mbed_blob blob;
    int32_t rc = pr_mbed_blob_read(&blob, text, len);
    if (rc == PAYROUTE_OK) {
        rc = read_key_blob(key, &blob);
    }
    pr_mem_free_secret(blob.at, blob.size);
    if (rc == PAYROUTE_E_KEY) {
        explain(&reason, kind, text, len);
    }
    if (rc == PAYROUTE_OK) {
        rc = check_key(key, &reason);
    }
    if (rc == PAYROUTE_OK) {
        rc = take_fingerprint(key);
    }
    if (rc != PAYROUTE_OK) {
        pr_key_free(key);
        return rc;
    }
    *out = key;
    return PAYROUTE_OK;
}

void pr_key_free(pr_key *key)
{
    if (key != NULL) {
        mbedtls_rsa_free(&key->rsa);
        pr_mem_free_secret(key, sizeof *key);
    }
}

int32_t pr_key_pair_matches(const pr_key *private_key, const pr_key *public_key)
{
    if (private_key == NULL || public_key == NULL || private_key->kind != PR_KEY_RSA_PRIVATE ||
        public_key->kind == PR_KEY_RSA_PRIVATE) {
        return 0;
    }
    return mbedtls_rsa_check_pub_priv(&public_key->rsa, &private_key->rsa) == 0;
}

int32_t pr_key_sign(char *base64, size_t cap, const pr_key *key, const void *data, size_t len,
                    const uint8_t entropy[32])
{
    if (base64 == NULL || key == NULL || entropy == NULL || (data == NULL && len > 0)) {
        return PAYROUTE_E_ARG;
    }
    if (key->kind != PR_KEY_RSA_PRIVATE) {
        return PAYROUTE_E_KEY;
    }
    size_t sig_len = mbedtls_rsa_get_len(&key->rsa);
    if (cap <= (sig_len + 2) / 3 * 4) {
        return PAYROUTE_E_BUFFER;
    }
    uint8_t hash[32];
    int32_t rc = pr_sign_sha256(hash, data, len);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    uint8_t sig[RSA_BYTES_MAX];
    mbedtls_rsa_context copy;
    mbedtls_hmac_drbg_context drbg;
    int ret = rsa_copy_of(&copy, &key->rsa);
    int drbg_ret = drbg_begin(&drbg, entropy, key->fingerprint, hash);
    ret = ret != 0 ? ret : drbg_ret;
    if (ret == 0) {
#if PR_MBED_3
        ret = mbedtls_rsa_pkcs1_sign(&copy, mbedtls_hmac_drbg_random, &drbg, MBEDTLS_MD_SHA256, sizeof hash,
                                     hash, sig);
#else
        ret = mbedtls_rsa_pkcs1_sign(&copy, mbedtls_hmac_drbg_random, &drbg, MBEDTLS_RSA_PRIVATE,
                                     MBEDTLS_MD_SHA256, sizeof hash, hash, sig);
#endif
    }
    mbedtls_hmac_drbg_free(&drbg);
    mbedtls_rsa_free(&copy);
    rc = pr_mbed_rc(ret, PAYROUTE_E_INTERNAL);
    return rc != PAYROUTE_OK ? rc : pr_sign_base64(base64, cap, sig, sig_len);
}

int32_t pr_key_verify(const pr_key *key, const void *data, size_t len, const char *sig_base64, size_t sig_len)
{
    if (key == NULL || (data == NULL && len > 0)) {
        return PAYROUTE_E_ARG;
    }
    uint8_t sig[RSA_BYTES_MAX];
    int32_t got = sig_base64 == NULL ? 0 : pr_sign_unbase64(sig, sizeof sig, sig_base64, sig_len);
    if (got <= 0 || (size_t)got != mbedtls_rsa_get_len(&key->rsa)) {
        return 0;
    }
    uint8_t hash[32];
    int32_t rc = pr_sign_sha256(hash, data, len);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    mbedtls_rsa_context copy;
    int ret = rsa_copy_of(&copy, &key->rsa);
    if (ret == 0) {
#if PR_MBED_3
        ret = mbedtls_rsa_pkcs1_verify(&copy, MBEDTLS_MD_SHA256, sizeof hash, hash, sig);
#else
        ret = mbedtls_rsa_pkcs1_verify(&copy, NULL, NULL, MBEDTLS_RSA_PUBLIC, MBEDTLS_MD_SHA256, sizeof hash,
                                       hash, sig);
#endif
    }
    mbedtls_rsa_free(&copy);
    if (ret == 0) {
        return 1;
    }
    /* Whatever else went wrong, the signature has not been shown to be good. */
    return pr_mbed_rc(ret, 0);
}
