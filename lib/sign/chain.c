/* Certificates that came from outside: what one states, and whether it leads to a root that the merchant
   configured. Time is a parameter; mbedTLS would ask the machine's clock. */
#include "sign/mbed.h"
#include "sign/sign.h"

#include "base/mem.h"
#include "base/text.h"

#include <mbedtls/x509_crt.h>
#include <payroute/base.h>
#include <string.h>

enum { CHAIN_TEXT_MAX = 256 * 1024 };

static int64_t cert_moment(const mbedtls_x509_time *t)
{
    char text[40];
    int64_t ms = 0;
    pr_text out;
    pr_text_init(&out, text, sizeof text);
    pr_text_format(&out, "%04d-%02d-%02d %02d:%02d:%02d", t->year, t->mon, t->day, t->hour, t->min, t->sec);
    return pr_time_parse_civil(&ms, text, 0) == PAYROUTE_OK ? ms : 0;
}

/* Alipay's root file holds SM2 certificates too, which mbedTLS cannot read: with `some`, those are left out.
 */
static int32_t parse_all(mbedtls_x509_crt *crt, const char *pem, size_t len, int32_t some)
{
    pr_mbed_blob blob = {0};
    if (pem == NULL || len > CHAIN_TEXT_MAX) {
        return PAYROUTE_E_KEY;
    }
    int32_t rc = pr_mbed_blob_read(&blob, pem, len);
    if (rc == PAYROUTE_OK) {
        int ret = mbedtls_x509_crt_parse(crt, blob.at, blob.len);
        rc = ret > 0 && some && crt->raw.p != NULL ? PAYROUTE_OK
                                                   : pr_mbed_rc(ret > 0 ? -1 : ret, PAYROUTE_E_KEY);
    }
    pr_mem_free_secret(blob.at, blob.size);
    return rc;
}

static int32_t serial_hex(char *out, size_t cap, const mbedtls_x509_buf *serial)
{
    const uint8_t *at = serial->p;
    size_t len = serial->len;
    while (len > 1 && at[0] == 0) { /* DER puts a zero before a first bit that is set */
        at++;
        len--;
    }
    if (len == 0 || cap < 2 * len + 1) {
        return PAYROUTE_E_KEY;
    }
    pr_sign_hex(out, at, len);
    for (char *c = out; *c != '\0'; c++) {
        *c = (char)(*c >= 'a' && *c <= 'f' ? *c - 'a' + 'A' : *c);
    }
    return PAYROUTE_OK;
}

int32_t pr_cert_read(pr_key **out, pr_cert_facts *facts, const char *pem, size_t len)
{
    char why[160];
    mbedtls_x509_crt crt;
    *out = NULL;
    memset(facts, 0, sizeof *facts);
    mbedtls_x509_crt_init(&crt);
    int32_t rc = parse_all(&crt, pem, len, 0);
    if (rc == PAYROUTE_OK) {
        facts->from_ms = cert_moment(&crt.valid_from);
        facts->until_ms = cert_moment(&crt.valid_to);
        rc = serial_hex(facts->serial_hex, sizeof facts->serial_hex, &crt.serial);
    }
    mbedtls_x509_crt_free(&crt);
    if (rc == PAYROUTE_OK) {
        rc = pr_key_new(out, PR_KEY_CERTIFICATE, pem, len, why, sizeof why);
    }
    return rc;
}

typedef struct dates {
    int64_t now_ms;
    int32_t wrong;
} dates;

static int judge_dates(void *user, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
    dates *d = user;
    (void)depth;
    d->wrong |= d->now_ms < cert_moment(&crt->valid_from) || d->now_ms > cert_moment(&crt->valid_to);
    *flags &= ~(uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE);
    return 0;
}

int32_t pr_cert_chain(const char *pem, size_t len, const char *roots, size_t roots_len, int64_t now_ms)
{
    mbedtls_x509_crt leaf, trusted;
    dates d = {.now_ms = now_ms};
    uint32_t flags = 0;
    mbedtls_x509_crt_init(&leaf);
    mbedtls_x509_crt_init(&trusted);
    int32_t rc = parse_all(&leaf, pem, len, 0);
    if (rc == PAYROUTE_OK) {
        rc = parse_all(&trusted, roots, roots_len, 1);
    }
    if (rc == PAYROUTE_OK) {
        int ret = mbedtls_x509_crt_verify(&leaf, &trusted, NULL, NULL, &flags, judge_dates, &d);
        rc = pr_mbed_rc(ret, PAYROUTE_E_SIGNATURE);
    }
    if (rc == PAYROUTE_OK && d.wrong) {
        rc = PAYROUTE_E_EXPIRED;
    }
    mbedtls_x509_crt_free(&leaf);
    mbedtls_x509_crt_free(&trusted);
    return rc;
}
