/* Digests, MACs and the comparison of secrets. */
#include "sign/mbed.h"
#include "sign/sign.h"

#include "base/mem.h"
#include "base/text.h"

#include <mbedtls/asn1.h>
#include <mbedtls/bignum.h>
#include <mbedtls/cipher.h>
#include <mbedtls/constant_time.h>
#include <mbedtls/md.h>
#include <mbedtls/pem.h>
#include <mbedtls/pk.h>
#include <mbedtls/x509.h>
#include <payroute/base.h>

int32_t pr_sign_version(char *out, size_t cap)
{
    char number[16] = "";
    pr_text text;
    mbedtls_version_get_string(number);
    pr_text_init(&text, out, cap);
    pr_text_put(&text, "mbedTLS ");
    pr_text_put(&text, number);
    return text.cut ? PAYROUTE_E_BUFFER : (int32_t)text.len;
}

int32_t pr_mbed_rc(int ret, int32_t otherwise)
{
    if (ret == 0) {
        return PAYROUTE_OK;
    }
    /* A low-level code stands in the low seven bits and may be added to a high-level one. */
    int low = -(-ret & 0x7F);
    int high = -(-ret & ~0x7F);
    if (low == MBEDTLS_ERR_MPI_ALLOC_FAILED || low == MBEDTLS_ERR_ASN1_ALLOC_FAILED ||
        high == MBEDTLS_ERR_MD_ALLOC_FAILED || high == MBEDTLS_ERR_PK_ALLOC_FAILED ||
        high == MBEDTLS_ERR_X509_ALLOC_FAILED || high == MBEDTLS_ERR_PEM_ALLOC_FAILED ||
        high == MBEDTLS_ERR_CIPHER_ALLOC_FAILED) {
        return PAYROUTE_E_NOMEM;
    }
    return otherwise;
}

static int32_t digest_once(mbedtls_md_type_t type, uint8_t *out, const void *data, size_t len)
{
    if (out == NULL || (data == NULL && len > 0)) {
        return PAYROUTE_E_ARG;
    }
    const mbedtls_md_info_t *info = mbedtls_md_info_from_type(type);
    if (info == NULL) {
        return PAYROUTE_E_INTERNAL;
    }
    return pr_mbed_rc(mbedtls_md(info, data == NULL ? (const void *)"" : data, len, out),
                      PAYROUTE_E_INTERNAL);
}

int32_t pr_sign_sha256(uint8_t out[32], const void *data, size_t len)
{
    return digest_once(MBEDTLS_MD_SHA256, out, data, len);
}

int32_t pr_sign_md5_hex(char out[33], const void *data, size_t len)
{
    uint8_t digest[16];
    int32_t rc = out == NULL ? PAYROUTE_E_ARG : digest_once(MBEDTLS_MD_MD5, digest, data, len);
    if (rc == PAYROUTE_OK) {
        pr_sign_hex(out, digest, sizeof digest);
    }
    return rc;
}

int32_t pr_sign_hmac_sha256(uint8_t out[32], const void *key, size_t key_len, const void *data, size_t len)
{
    if (out == NULL || (key == NULL && key_len > 0) || (data == NULL && len > 0)) {
        return PAYROUTE_E_ARG;
    }
    const mbedtls_md_info_t *info = mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);
    if (info == NULL) {
        return PAYROUTE_E_INTERNAL;
    }
    int ret = mbedtls_md_hmac(info, key == NULL ? (const void *)"" : key, key_len,
                              data == NULL ? (const void *)"" : data, len, out);
    return pr_mbed_rc(ret, PAYROUTE_E_INTERNAL);
}

int32_t pr_sign_sha256_parts(uint8_t out[32], const void *const *parts, const size_t *lens, size_t count)
{
    if (out == NULL || (count > 0 && (parts == NULL || lens == NULL))) {
        return PAYROUTE_E_ARG;
    }
    mbedtls_md_context_t md;
    mbedtls_md_init(&md);
    int ret = mbedtls_md_setup(&md, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), 0);
    if (ret == 0) {
        ret = mbedtls_md_starts(&md);
    }
    int32_t rc = pr_mbed_rc(ret, PAYROUTE_E_INTERNAL);
    for (size_t i = 0; rc == PAYROUTE_OK && i < count; i++) {
        if (parts[i] == NULL && lens[i] > 0) {
            rc = PAYROUTE_E_ARG;
        } else if (lens[i] > 0) {
            rc = pr_mbed_rc(mbedtls_md_update(&md, parts[i], lens[i]), PAYROUTE_E_INTERNAL);
        }
    }
    if (rc == PAYROUTE_OK) {
        rc = pr_mbed_rc(mbedtls_md_finish(&md, out), PAYROUTE_E_INTERNAL);
    }
    mbedtls_md_free(&md);
    return rc;
}

int32_t pr_sign_equal(const void *a, const void *b, size_t len)
{
    if (len == 0) {
        return 1;
    }
    return a != NULL && b != NULL && mbedtls_ct_memcmp(a, b, len) == 0;
}
