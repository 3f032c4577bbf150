/* Hexadecimal and base64. Decoding is strict: two texts for one value are a way around comparisons. */
#include "sign/mbed.h"
#include "sign/sign.h"

#include "base/mem.h"

#include <mbedtls/base64.h>
#include <payroute/base.h>
#include <string.h>

void pr_sign_hex(char *out, const uint8_t *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[data[i] >> 4];
        out[2 * i + 1] = digits[data[i] & 15U];
    }
    out[2 * len] = '\0';
}

static int32_t unhex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int32_t pr_sign_unhex(uint8_t *out, size_t out_len, const char *text, size_t text_len)
{
    if ((out == NULL && out_len > 0) || (text == NULL && text_len > 0)) {
        return PAYROUTE_E_ARG;
    }
    if (text_len % 2 != 0 || text_len / 2 != out_len) {
        return PAYROUTE_E_ENCODING;
    }
    for (size_t i = 0; i < text_len; i++) {
        if (unhex_digit(text[i]) < 0) {
            return PAYROUTE_E_ENCODING;
        }
    }
    for (size_t i = 0; i < out_len; i++) {
        out[i] = (uint8_t)(unhex_digit(text[2 * i]) * 16 + unhex_digit(text[2 * i + 1]));
    }
    return PAYROUTE_OK;
}

int32_t pr_sign_base64(char *out, size_t cap, const void *data, size_t len)
{
    if (out == NULL || (data == NULL && len > 0)) {
        return PAYROUTE_E_ARG;
    }
    if (len > INT32_MAX / 2 || cap <= (len + 2) / 3 * 4) {
        return PAYROUTE_E_BUFFER;
    }
    size_t written = 0;
    if (len > 0 && mbedtls_base64_encode((unsigned char *)out, cap, &written, data, len) != 0) {
        return PAYROUTE_E_INTERNAL;
    }
    out[written] = '\0';
    return (int32_t)written;
}

static int32_t base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Complete groups, padding at the end only, no bits beyond the data. mbedTLS lets blanks and stray bits pass.
 */
static int32_t is_strict_base64(const char *text, size_t len)
{
    if (len % 4 != 0) {
        return 0;
    }
    size_t padding = 0;
    while (padding < 2 && padding < len && text[len - 1 - padding] == '=') {
        padding++;
    }
    for (size_t i = 0; i < len - padding; i++) {
        if (base64_digit(text[i]) < 0) {
            return 0;
        }
    }
    int32_t spare_bits = padding == 1 ? 3 : padding == 2 ? 15 : 0;
    return spare_bits == 0 || (base64_digit(text[len - 1 - padding]) & spare_bits) == 0;
}

int32_t pr_sign_unbase64(uint8_t *out, size_t cap, const char *text, size_t text_len)
{
    if ((out == NULL && cap > 0) || (text == NULL && text_len > 0)) {
        return PAYROUTE_E_ARG;
    }
    if (text_len > INT32_MAX || !is_strict_base64(text, text_len)) {
        return PAYROUTE_E_ENCODING;
    }
    if (text_len == 0) {
        return 0;
    }
    size_t padding = (size_t)(text[text_len - 1] == '=') + (size_t)(text[text_len - 2] == '=');
    if (cap < text_len / 4 * 3 - padding) {
        return PAYROUTE_E_BUFFER;
    }
    size_t written = 0;
    if (mbedtls_base64_decode(out, cap, &written, (const unsigned char *)text, text_len) != 0) {
        return PAYROUTE_E_ENCODING;
    }
    return (int32_t)written;
}

int32_t pr_mbed_blob_read(pr_mbed_blob *blob, const char *text, size_t len)
{
    static const char dashes[] = "-----BEGIN ";
    memset(blob, 0, sizeof *blob);
    for (size_t i = 0; len >= sizeof dashes - 1 && i <= len - (sizeof dashes - 1); i++) {
        blob->is_pem |= memcmp(text + i, dashes, sizeof dashes - 1) == 0;
    }
    char *copy = pr_mem_text(text, len);
    if (copy == NULL) {
        return PAYROUTE_E_NOMEM;
    }
    if (blob->is_pem) {
        blob->at = (unsigned char *)copy;
        blob->len = len + 1;
        blob->size = len + 1;
        return memchr(text, '\0', len) == NULL ? PAYROUTE_OK : PAYROUTE_E_KEY;
    }
    size_t packed = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r' && text[i] != '\n') {
            copy[packed++] = text[i];
        }
    }
    int32_t rc = PAYROUTE_E_NOMEM;
    blob->size = len + 1;
    blob->at = pr_mem_new(blob->size);
    if (blob->at != NULL) {
        rc = pr_sign_unbase64(blob->at, blob->size, copy, packed);
    }
    pr_mem_free_secret(copy, len + 1);
    if (rc > 0) {
        blob->len = (size_t)rc;
        return PAYROUTE_OK;
    }
    return rc == PAYROUTE_E_NOMEM ? rc : PAYROUTE_E_KEY;
}
