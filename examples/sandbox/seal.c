/* What WeChat Pay and epay need beside RSA signatures: sealed texts, certificates, MD5. Straight over
   mbedTLS, as secrets.c. */
#include "sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mbedtls/base64.h>
#include <mbedtls/bignum.h>
#include <mbedtls/gcm.h>
#include <mbedtls/md.h>
#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>

void sb_md5_hex(const char *text, size_t len, char out[33])
{
    unsigned char raw[16] = {0};
    mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_MD5), (const unsigned char *)text, len, raw);
    for (size_t i = 0; i < 16; i++) {
        snprintf(out + 2 * i, 3, "%02x", raw[i]);
    }
}

char *sb_seal(const char *key, const char *nonce, const char *more, const char *text)
{
    size_t len = strlen(text), out_len = 0, cap = (len + 16) * 4 / 3 + 8;
    unsigned char *raw = sb_alloc(len + 16);
    char *out = sb_alloc(cap);
    mbedtls_gcm_context gcm;
    mbedtls_gcm_init(&gcm);
    if (mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, (const unsigned char *)key, 256) != 0 ||
        mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, len, (const unsigned char *)nonce, strlen(nonce),
                                  (const unsigned char *)more, strlen(more), (const unsigned char *)text, raw,
                                  16, raw + len) != 0 ||
        mbedtls_base64_encode((unsigned char *)out, cap, &out_len, raw, len + 16) != 0) {
        out[0] = 0;
    }
    mbedtls_gcm_free(&gcm);
    free(raw);
    return out;
}

static void day_of(int64_t ms, char out[16])
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;
    if (!gmtime_r(&seconds, &tm) || !strftime(out, 16, "%Y%m%d%H%M%S", &tm)) {
        sb_copy(out, 16, "20200101000000");
    }
}

char *sb_certificate(struct sb_keys *keys, const char *name, const char *issuer, const char *serial,
                     int64_t from, int64_t until)
{
    enum { ROOM = 8192 };
    char *pem = sb_alloc(ROOM), first[16], last[16];
    mbedtls_x509write_cert crt;
    mbedtls_mpi number;
    mbedtls_mpi_init(&number);
    mbedtls_x509write_crt_init(&crt);
    day_of(from, first);
    day_of(until, last);
    mbedtls_x509write_crt_set_version(&crt, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(&crt, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(&crt, sb_rsa(keys, name));
    mbedtls_x509write_crt_set_issuer_key(&crt, sb_rsa(keys, issuer));
    if (mbedtls_mpi_read_string(&number, 16, serial) != 0 ||
        mbedtls_x509write_crt_set_serial(&crt, &number) != 0 ||
        mbedtls_x509write_crt_set_validity(&crt, first, last) != 0 ||
        mbedtls_x509write_crt_set_subject_name(&crt, "C=CN,O=Tenpay.com,CN=Tenpay.com sandbox sign") != 0 ||
        mbedtls_x509write_crt_set_issuer_name(&crt, "C=CN,O=Tenpay.com,CN=Tenpay.com sandbox CA") != 0 ||
        mbedtls_x509write_crt_pem(&crt, (unsigned char *)pem, ROOM, NULL, NULL) != 0) {
        pem[0] = 0; /* deterministic signatures need no generator; a failure shows as an empty certificate */
    }
    mbedtls_x509write_crt_free(&crt);
    mbedtls_mpi_free(&number);
    return pem;
}
