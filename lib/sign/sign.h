/* The only user of mbedTLS: digests, MACs, RSA, AES-GCM, certificates, encodings of binary values. The
   difference between mbedTLS 2.28 and 3.x ends here. Every function may allocate inside mbedTLS; a failure is
   reported, never fatal. */
#ifndef PR_SIGN_H
#define PR_SIGN_H

#include <stddef.h>
#include <stdint.h>

/* A parsed RSA key or a certificate's public key; safe to share between threads. */
typedef struct pr_key pr_key;

int32_t pr_sign_version(char *out, size_t cap); /* "mbedTLS 2.28.3": length; E_BUFFER */
int32_t pr_sign_sha256(uint8_t out[32], const void *data, size_t len);
int32_t pr_sign_md5_hex(char out[33], const void *data, size_t len);
int32_t pr_sign_hmac_sha256(uint8_t out[32], const void *key, size_t key_len, const void *data, size_t len);
/* SHA-256 over several pieces, as if joined. */
int32_t pr_sign_sha256_parts(uint8_t out[32], const void *const *parts, const size_t *lens, size_t count);
void pr_sign_hex(char *out, const uint8_t *data, size_t len); /* 2 * len + 1 bytes, lower case */
/* Exactly out_len bytes; E_ENCODING. */
int32_t pr_sign_unhex(uint8_t *out, size_t out_len, const char *text, size_t text_len);
int32_t pr_sign_base64(char *out, size_t cap, const void *data, size_t len); /* length; E_BUFFER */
/* Strict: no blanks, complete padding, no stray bits. Length; E_ENCODING; E_BUFFER. */
int32_t pr_sign_unbase64(uint8_t *out, size_t cap, const char *text, size_t text_len);
int32_t pr_sign_equal(const void *a, const void *b, size_t len); /* constant time; 1 equal */

enum pr_key_kind { PR_KEY_RSA_PRIVATE = 1, PR_KEY_RSA_PUBLIC = 2, PR_KEY_CERTIFICATE = 3 };
/* PEM, or bare base64 DER as the Alipay console hands it out (PKCS#1 or PKCS#8 private, SubjectPublicKeyInfo
   public). `why` says what is expected and never holds key bytes. At least 2048 bits. E_KEY, E_NOMEM. */
int32_t pr_key_new(pr_key **out, int32_t kind, const char *text, size_t len, char *why, size_t why_cap);
void pr_key_free(pr_key *key);
int32_t pr_key_pair_matches(const pr_key *private_key, const pr_key *public_key); /* 1, 0 */
/* RSASSA-PKCS1-v1_5 with SHA-256, as base64. Blinded with an HMAC-DRBG over entropy, key and message. */
int32_t pr_key_sign(char *base64, size_t cap, const pr_key *key, const void *data, size_t len,
                    const uint8_t entropy[32]);
/* 1 valid, 0 not (any malformed signature is simply not valid); negative: E_NOMEM, E_INTERNAL. */
int32_t pr_key_verify(const pr_key *key, const void *data, size_t len, const char *sig_base64,
                      size_t sig_len);
/* Alipay certificate mode: MD5 hex over issuer text and decimal serial (certificate kinds only). A chain file
   gives the joined numbers of its RSA roots. */
int32_t pr_cert_alipay_sn(char *out, size_t cap, const char *pem, size_t len, int32_t roots);

typedef struct pr_cert_facts {
    char serial_hex[65]; /* upper case, without leading zeros of a byte's sign */
    int64_t from_ms;
    int64_t until_ms;
} pr_cert_facts;
/* The public key of one certificate in PEM, and what the certificate states. E_KEY, E_NOMEM. */
int32_t pr_cert_read(pr_key **out, pr_cert_facts *facts, const char *pem, size_t len);
/* Whether the first certificate in `pem` (others: intermediates) leads to one of the roots, all of them valid at
   now_ms (the machine's clock is not asked). OK; E_SIGNATURE; E_EXPIRED; E_KEY; E_NOMEM. */
int32_t pr_cert_chain(const char *pem, size_t len, const char *roots, size_t roots_len, int64_t now_ms);

/* The tag of 16 bytes stands behind the text. Length of the text; E_SIGNATURE (`plain` is zeroed); E_BUFFER. */
int32_t pr_sign_aes256_gcm_open(uint8_t *plain, size_t cap, const uint8_t key[32], const uint8_t *nonce,
                                size_t nonce_len, const uint8_t *aad, size_t aad_len, const uint8_t *sealed,
                                size_t sealed_len);
/* Length with the tag; E_BUFFER. */
int32_t pr_sign_aes256_gcm_seal(uint8_t *sealed, size_t cap, const uint8_t key[32], const uint8_t nonce[12],
                                const uint8_t *aad, size_t aad_len, const uint8_t *plain, size_t plain_len);

#endif
