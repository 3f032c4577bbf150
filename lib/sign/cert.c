/* The certificate number that Alipay's certificate mode puts into requests: MD5 over the issuer's name,
   written from its last part to its first, followed by the serial number in decimal. */
#include "sign/mbed.h"
#include "sign/sign.h"

#include "base/mem.h"
#include "base/text.h"

#include <mbedtls/bignum.h>
#include <mbedtls/oid.h>
#include <mbedtls/x509_crt.h>
#include <payroute/base.h>
#include <string.h>

enum { PEM_MAX = 256 * 1024, NAME_PARTS_MAX = 32, SERIAL_DIGITS_MAX = 128, CHAIN_MAX = 32 };

/* 1.2.840.113549.1.1: every RSA signature algorithm begins with it. */
static const uint8_t rsa_oid[] = {0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01};

static int32_t put_issuer(pr_buf *text, const mbedtls_x509_name *issuer)
{
    const mbedtls_x509_name *parts[NAME_PARTS_MAX];
    size_t count = 0;
    for (const mbedtls_x509_name *part = issuer; part != NULL; part = part->next) {
        if (count == NAME_PARTS_MAX) {
            return PAYROUTE_E_KEY;
        }
        parts[count++] = part;
    }
    while (count > 0) {
        const mbedtls_x509_name *part = parts[--count];
        const char *name = NULL;
        if (mbedtls_oid_get_attr_short_name(&part->oid, &name) != 0) {
            return PAYROUTE_E_KEY;
        }
        pr_buf_put(text, name);
        pr_buf_put(text, "=");
        pr_buf_bytes(text, part->val.p, part->val.len);
        pr_buf_put(text, count > 0 ? "," : "");
    }
    return text->rc;
}

static int32_t put_serial(pr_buf *text, const mbedtls_x509_buf *serial)
{
    char digits[SERIAL_DIGITS_MAX];
    size_t written = 0;
    mbedtls_mpi number;
    mbedtls_mpi_init(&number);
    int ret = mbedtls_mpi_read_binary(&number, serial->p, serial->len);
    if (ret == 0) {
        ret = mbedtls_mpi_write_string(&number, 10, digits, sizeof digits, &written);
    }
    mbedtls_mpi_free(&number);
    if (ret == 0) {
        pr_buf_put(text, digits);
    }
    return ret != 0 ? pr_mbed_rc(ret, PAYROUTE_E_KEY) : text->rc;
}

static int32_t cert_sn_hex(char out[33], const mbedtls_x509_crt *crt)
{
    pr_buf text;
    pr_buf_init(&text);
    int32_t rc = put_issuer(&text, &crt->issuer);
    if (rc == PAYROUTE_OK) {
        rc = put_serial(&text, &crt->serial);
    }
    if (rc == PAYROUTE_OK) {
        rc = pr_sign_md5_hex(out, text.at, text.len);
    }
    pr_buf_free(&text);
    return rc;
}

static int32_t is_rsa_signed(const mbedtls_x509_crt *crt)
{
#if PR_MBED_3
    const mbedtls_x509_buf *oid = &crt->MBEDTLS_PRIVATE(sig_oid);
#else
    const mbedtls_x509_buf *oid = &crt->sig_oid;
#endif
    return oid->len > sizeof rsa_oid && memcmp(oid->p, rsa_oid, sizeof rsa_oid) == 0;
}

/* Reads one PEM block. Alipay's root file also holds SM2 certificates, which mbedTLS does not know: those are
   not RSA and are left out, but an RSA one that cannot be read would silently give a wrong number and is an
   error. */
static int32_t add_block(char *out, size_t cap, size_t *out_len, const char *pem, size_t len, int32_t roots)
{
    char number[33];
    pr_mbed_blob blob = {0};
    mbedtls_x509_crt crt;
    mbedtls_x509_crt_init(&crt);
    int32_t rc = pr_mbed_blob_read(&blob, pem, len);
    if (rc == PAYROUTE_OK) {
        int ret = mbedtls_x509_crt_parse(&crt, blob.at, blob.len);
        rc = pr_mbed_rc(ret > 0 ? -1 : ret, PAYROUTE_E_KEY);
    }
    pr_mem_free_secret(blob.at, blob.size);
    int32_t wanted = rc == PAYROUTE_OK && (!roots || is_rsa_signed(&crt));
    if (wanted) {
        rc = cert_sn_hex(number, &crt);
    }
    mbedtls_x509_crt_free(&crt);
    if (rc != PAYROUTE_OK || !wanted) {
        return rc;
    }
    size_t need = 32 + (size_t)(*out_len > 0);
    if (cap <= *out_len + need) {
        return PAYROUTE_E_BUFFER;
    }
    if (*out_len > 0) {
        out[(*out_len)++] = '_';
    }
    memcpy(out + *out_len, number, sizeof number);
    *out_len += 32;
    return PAYROUTE_OK;
}

/* Whether the DER of a PEM block names an RSA signature algorithm anywhere. */
static int32_t mentions_rsa(const char *pem, size_t len)
{
    static const char end_mark[] = "-----END";
    const char *body = memchr(pem, '\n', len);
    if (body == NULL) {
        return 1;
    }
    size_t body_len = len - (size_t)(body - pem);
    size_t stop = 0;
    while (stop + sizeof end_mark - 1 <= body_len &&
           memcmp(body + stop, end_mark, sizeof end_mark - 1) != 0) {
        stop++;
    }
    pr_mbed_blob der;
    int32_t found = pr_mbed_blob_read(&der, body, stop) != PAYROUTE_OK;
    for (size_t i = 0; !found && i + sizeof rsa_oid <= der.len; i++) {
        found = memcmp(der.at + i, rsa_oid, sizeof rsa_oid) == 0;
    }
    pr_mem_free_secret(der.at, der.size);
    return found;
}

/* Length of the text up to the end of its first PEM certificate, *start where that begins; 0: there is none.
 */
static size_t next_block(const char *pem, size_t len, size_t *start)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----";
    static const char end[] = "-----END CERTIFICATE-----";
    size_t begin_len = sizeof begin - 1;
    size_t end_len = sizeof end - 1;
    size_t at = 0;
    while (at + begin_len <= len && memcmp(pem + at, begin, begin_len) != 0) {
        at++;
    }
    *start = at;
    while (at + end_len <= len && memcmp(pem + at, end, end_len) != 0) {
        at++;
    }
    return at + end_len <= len ? at + end_len : 0;
}

int32_t pr_cert_alipay_sn(char *out, size_t cap, const char *pem, size_t len, int32_t roots)
{
    if (out == NULL || cap == 0 || pem == NULL) {
        return PAYROUTE_E_ARG;
    }
    out[0] = '\0';
    if (len > PEM_MAX) {
        return PAYROUTE_E_KEY;
    }
    size_t out_len = 0;
    size_t at = 0;
    int32_t rc = PAYROUTE_OK;
    for (int32_t i = 0; rc == PAYROUTE_OK && i < (roots ? CHAIN_MAX : 1); i++) {
        size_t start = 0;
        size_t block = next_block(pem + at, len - at, &start);
        if (block == 0) {
            break;
        }
        rc = add_block(out, cap, &out_len, pem + at + start, block - start, roots);
        if (rc == PAYROUTE_E_KEY && roots && !mentions_rsa(pem + at + start, block - start)) {
            rc = PAYROUTE_OK;
        }
        at += block;
    }
    if (rc == PAYROUTE_OK && out_len == 0) {
        rc = PAYROUTE_E_KEY;
    }
    if (rc != PAYROUTE_OK) {
        out[0] = '\0';
        return rc;
    }
    return (int32_t)out_len;
}
