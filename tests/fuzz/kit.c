/* Input, expectations and the stand-ins of signatures and dice. */
#include "kit.h"

#include "base/rng.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int fuzz_real_keys;
int fuzz_verified;
fuzz_in *fuzz_dice;

void fuzz_broken(const char *file, int line, const char *cond, const char *format, ...)
{
    va_list args;
    fprintf(stderr, "\n%s:%d: does not hold: %s\n    ", file, line, cond);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\n");
    abort();
}

int fuzz_telling(void)
{
    static int asked = -1;
    if (asked < 0) {
        asked = getenv("FUZZ_TELL") != NULL;
    }
    return asked;
}

/* ---- the input ---- */

uint8_t fuzz_u8(fuzz_in *in)
{
    if (in->len == 0) {
        return 0;
    }
    in->len--;
    return *in->at++;
}

uint32_t fuzz_below(fuzz_in *in, uint32_t bound)
{
    uint8_t byte = fuzz_u8(in);
    uint32_t number = byte >= '0' && byte <= '9'   ? (uint32_t)(byte - '0')
                      : byte >= 'a' && byte <= 'z' ? (uint32_t)(byte - 'a') + 10
                                                   : byte;
    return bound == 0 ? 0 : number % bound;
}

char *fuzz_take(fuzz_in *in, size_t len)
{
    if (len > in->len) {
        len = in->len;
    }
    char *out = malloc(len + 1);
    if (out == NULL) {
        abort();
    }
    if (len > 0) {
        memcpy(out, in->at, len);
    }
    out[len] = '\0';
    in->at += len;
    in->len -= len;
    return out;
}

char *fuzz_line(fuzz_in *in, size_t *len)
{
    const uint8_t *end = in->len > 0 ? memchr(in->at, '\n', in->len) : NULL;
    *len = end != NULL ? (size_t)(end - in->at) : in->len;
    char *out = fuzz_take(in, *len);
    (void)fuzz_u8(in);
    return out;
}

char *fuzz_rest(fuzz_in *in, size_t *len)
{
    *len = in->len;
    return fuzz_take(in, in->len);
}

/* ---- checks ---- */

int fuzz_holds(const void *at, size_t len, const char *word)
{
    return len > 0 && word[0] != '\0' && memmem(at, len, word, strlen(word)) != NULL;
}

void fuzz_ends(const char *text, size_t cap, const char *where)
{
    FUZZ_EXPECT(memchr(text, '\0', cap) != NULL, "%s does not end", where);
}

void fuzz_keeps_secrets(const pr_channel *channel, const void *at, size_t len, const char *where)
{
    for (int32_t v = 0; v < channel->credential_count; v++) {
        for (int32_t i = 0; i < channel->provider->field_count; i++) {
            int32_t kind = channel->provider->fields[i].kind;
            const char *value = channel->credentials[v].values[i];
            if ((kind == PR_FIELD_SECRET || kind == PR_FIELD_RSA_PRIVATE) && value != NULL) {
                FUZZ_EXPECT(!fuzz_holds(at, len, value), "%s holds %s", where,
                            channel->provider->fields[i].name);
            }
        }
    }
}

/* ---- stand-ins: RSA takes milliseconds and no fuzzer guesses it, so a signature here is a hash ---- */

int32_t __real_pr_key_verify(const pr_key *key, const void *data, size_t len, const char *sig,
                             size_t sig_len);
int32_t __wrap_pr_key_verify(const pr_key *key, const void *data, size_t len, const char *sig,
                             size_t sig_len);
int32_t __real_pr_key_sign(char *base64, size_t cap, const pr_key *key, const void *data, size_t len,
                           const uint8_t entropy[32]);
int32_t __wrap_pr_key_sign(char *base64, size_t cap, const pr_key *key, const void *data, size_t len,
                           const uint8_t entropy[32]);
uint32_t __real_pr_rng_below(pr_rng *r, uint32_t bound);
uint32_t __wrap_pr_rng_below(pr_rng *r, uint32_t bound);

void fuzz_signature(char out[29], const void *data, size_t len)
{
    const uint8_t *at = data;
    uint64_t hash = 14695981039346656037ULL;
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ at[i]) * 1099511628211ULL;
    }
    snprintf(out, 29, "FUZZ%016llxSIGNED==", (unsigned long long)hash); /* base64 by its letters */
}

int32_t __wrap_pr_key_verify(const pr_key *key, const void *data, size_t len, const char *sig, size_t sig_len)
{
    int32_t valid;
    if (fuzz_real_keys) {
        valid = __real_pr_key_verify(key, data, len, sig, sig_len);
    } else {
        char good[29];
        fuzz_signature(good, data, len);
        valid = sig_len == strlen(good) && memcmp(sig, good, sig_len) == 0;
    }
    fuzz_verified += valid == 1;
    return valid;
}

int32_t __wrap_pr_key_sign(char *base64, size_t cap, const pr_key *key, const void *data, size_t len,
                           const uint8_t entropy[32])
{
    if (fuzz_real_keys) {
        return __real_pr_key_sign(base64, cap, key, data, len, entropy);
    }
    if (cap < 29) {
        return PAYROUTE_E_BUFFER;
    }
    fuzz_signature(base64, data, len);
    return (int32_t)strlen(base64);
}

uint32_t __wrap_pr_rng_below(pr_rng *r, uint32_t bound)
{
    if (fuzz_dice == NULL || fuzz_dice->len == 0) {
        return __real_pr_rng_below(r, bound);
    }
    uint32_t number = fuzz_u8(fuzz_dice);
    if (bound > 256) {
        number = number << 16 | (uint32_t)fuzz_u8(fuzz_dice) << 8;
        number |= fuzz_u8(fuzz_dice);
    }
    return bound == 0 ? 0 : number % bound;
}
