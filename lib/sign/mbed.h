/* What the files of lib/sign share about mbedTLS. Written for 2.28 (Debian 12); the 3.x branches follow its
   migration guide and are not run anywhere yet. */
#ifndef PR_SIGN_MBED_H
#define PR_SIGN_MBED_H

#include <mbedtls/version.h>
#include <stddef.h>
#include <stdint.h>

#if MBEDTLS_VERSION_NUMBER >= 0x03000000
#include <mbedtls/build_info.h>
#define PR_MBED_3 1
#else
#include <mbedtls/config.h>
#define PR_MBED_3 0
#endif

/* E_NOMEM when memory ran out (mbedTLS adds a low-level code to a high-level one), else `otherwise`. */
int32_t pr_mbed_rc(int ret, int32_t otherwise);

/* Bytes of key or certificate text: DER, or PEM with its NUL. Free with pr_mem_free_secret(at, size). */
typedef struct pr_mbed_blob {
    unsigned char *at;
    size_t len;  /* what mbedTLS wants to be told; a PEM's NUL counts */
    size_t size; /* of the block */
    int32_t is_pem;
} pr_mbed_blob;

/* PEM is copied as it is, anything else is read as base64 with blanks allowed. OK, E_KEY, E_NOMEM. */
int32_t pr_mbed_blob_read(pr_mbed_blob *blob, const char *text, size_t len);

#endif
