/* AES-256-GCM with the tag behind the text, as WeChat Pay seals its notifications. */
#include "sign/mbed.h"
#include "sign/sign.h"

#include "base/mem.h"

#include <mbedtls/gcm.h>
#include <payroute/base.h>

enum { TAG_LEN = 16 };

int32_t pr_sign_aes256_gcm_open(uint8_t *plain, size_t cap, const uint8_t key[32], const uint8_t *nonce,
                                size_t nonce_len, const uint8_t *aad, size_t aad_len, const uint8_t *sealed,
                                size_t sealed_len)
{
    if (key == NULL || nonce == NULL || nonce_len == 0 || (aad == NULL && aad_len > 0) ||
        (sealed == NULL && sealed_len > 0) || (plain == NULL && cap > 0) || sealed_len > INT32_MAX) {
        return PAYROUTE_E_ARG;
    }
    if (sealed_len < TAG_LEN) {
        return PAYROUTE_E_SIGNATURE;
    }
    size_t len = sealed_len - TAG_LEN;
    if (cap < len) {
        return PAYROUTE_E_BUFFER;
    }
    uint8_t nothing[1];
    mbedtls_gcm_context gcm;
    mbedtls_gcm_init(&gcm);
    int32_t rc = pr_mbed_rc(mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, 256), PAYROUTE_E_INTERNAL);
    if (rc == PAYROUTE_OK) {
        int ret = mbedtls_gcm_auth_decrypt(&gcm, len, nonce, nonce_len, aad, aad_len, sealed + len, TAG_LEN,
                                           sealed, plain == NULL ? nothing : plain);
        rc = ret == MBEDTLS_ERR_GCM_AUTH_FAILED ? PAYROUTE_E_SIGNATURE : pr_mbed_rc(ret, PAYROUTE_E_INTERNAL);
    }
    mbedtls_gcm_free(&gcm);
    if (rc != PAYROUTE_OK) {
        pr_mem_wipe(plain, len);
        return rc;
    }
    return (int32_t)len;
}

int32_t pr_sign_aes256_gcm_seal(uint8_t *sealed, size_t cap, const uint8_t key[32], const uint8_t nonce[12],
                                const uint8_t *aad, size_t aad_len, const uint8_t *plain, size_t plain_len)
{
    if (sealed == NULL || key == NULL || nonce == NULL || (aad == NULL && aad_len > 0) ||
        (plain == NULL && plain_len > 0) || plain_len > INT32_MAX - TAG_LEN) {
        return PAYROUTE_E_ARG;
    }
    if (cap < plain_len + TAG_LEN) {
        return PAYROUTE_E_BUFFER;
    }
    mbedtls_gcm_context gcm;
    mbedtls_gcm_init(&gcm);
    int32_t rc = pr_mbed_rc(mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, 256), PAYROUTE_E_INTERNAL);
    if (rc == PAYROUTE_OK) {
        int ret = mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, plain_len, nonce, 12, aad, aad_len,
                                            plain, sealed, TAG_LEN, sealed + plain_len);
        rc = pr_mbed_rc(ret, PAYROUTE_E_INTERNAL);
    }
    mbedtls_gcm_free(&gcm);
    return rc == PAYROUTE_OK ? (int32_t)(plain_len + TAG_LEN) : rc;
}
