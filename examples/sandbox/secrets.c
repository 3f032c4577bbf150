/* The sandbox's own keys and signatures, straight over mbedTLS: deliberately not lib/sign. */
#include "sandbox.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <fcntl.h>

#include <mbedtls/base64.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/md.h>
#include <mbedtls/pk.h>
#include <mbedtls/rsa.h>

#define PEM_MAX 4096
#define RSA_MAX 24

struct named {
    char name[24], public_pem[PEM_MAX];
    mbedtls_pk_context key;
};
struct sb_keys {
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    mbedtls_pk_context merchant, alipay;
    char merchant_private[PEM_MAX], alipay_public[PEM_MAX], *dir;
    struct named *named[RSA_MAX];
};

static bool load_key(mbedtls_pk_context *key, const char *path)
{
    char pem[PEM_MAX];
    FILE *file = fopen(path, "rb");
    if (!file) {
        return false;
    }
    size_t len = fread(pem, 1, sizeof pem - 1, file);
    fclose(file);
    pem[len] = 0;
    return mbedtls_pk_parse_key(key, (const unsigned char *)pem, len + 1, NULL, 0) == 0;
}

/* Written aside and renamed, so that two sandboxes starting at once never read half a key. */
static bool save_key(const char *path, const char *pem)
{
    char *aside = sb_print("%s.%ld", path, (long)getpid());
    int fd = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    size_t len = strlen(pem);
    bool good = fd >= 0 && write(fd, pem, len) == (ssize_t)len;
    if (fd >= 0) {
        good = close(fd) == 0 && good;
    }
    good = good && rename(aside, path) == 0;
    free(aside);
    return good;
}

static bool make_key(struct sb_keys *keys, mbedtls_pk_context *key, const char *path)
{
    char pem[PEM_MAX];
    if (load_key(key, path)) {
        return true;
    }
    mbedtls_pk_free(key);
    mbedtls_pk_init(key);
    return mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_RSA)) == 0 &&
           mbedtls_rsa_gen_key(mbedtls_pk_rsa(*key), mbedtls_ctr_drbg_random, &keys->random, 2048, 65537) ==
               0 &&
           mbedtls_pk_write_key_pem(key, (unsigned char *)pem, sizeof pem) == 0 && save_key(path, pem);
}

struct sb_keys *sb_keys_open(const char *dir)
{
    struct sb_keys *keys = sb_alloc(sizeof *keys);
    char *merchant = sb_print("%s/merchant.pem", dir), *alipay = sb_print("%s/alipay.pem", dir);
    mbedtls_entropy_init(&keys->entropy);
    mbedtls_ctr_drbg_init(&keys->random);
    mbedtls_pk_init(&keys->merchant);
    mbedtls_pk_init(&keys->alipay);
    bool good =
        mbedtls_ctr_drbg_seed(&keys->random, mbedtls_entropy_func, &keys->entropy,
                              (const unsigned char *)"sandbox", 7) == 0 &&
        make_key(keys, &keys->merchant, merchant) && make_key(keys, &keys->alipay, alipay) &&
        mbedtls_pk_write_key_pem(&keys->merchant, (unsigned char *)keys->merchant_private, PEM_MAX) == 0 &&
        mbedtls_pk_write_pubkey_pem(&keys->alipay, (unsigned char *)keys->alipay_public, PEM_MAX) == 0;
    if (!good) {
        fprintf(stderr, "payroute-sandbox: cannot make or keep keys in %s: %s\n", dir, strerror(errno));
    }
    free(merchant);
    free(alipay);
    keys->dir = sb_dup(dir);
    return good ? keys : NULL;
}

const char *sb_keys_merchant_private(const struct sb_keys *keys)
{
    return keys->merchant_private;
}

const char *sb_keys_alipay_public(const struct sb_keys *keys)
{
    return keys->alipay_public;
}

static bool sha256(const char *text, size_t len, unsigned char out[32])
{
    return mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), (const unsigned char *)text, len, out) ==
           0;
}

static char *sign_with(struct sb_keys *keys, mbedtls_pk_context *key, const char *text, size_t len)
{
    unsigned char hash[32], sign[MBEDTLS_PK_SIGNATURE_MAX_SIZE];
    char *out = sb_alloc(512);
    size_t sign_len = 0, out_len = 0;
    if (!sha256(text, len, hash) ||
        mbedtls_pk_sign(key, MBEDTLS_MD_SHA256, hash, sizeof hash, sign, &sign_len, mbedtls_ctr_drbg_random,
                        &keys->random) != 0 ||
        mbedtls_base64_encode((unsigned char *)out, 512, &out_len, sign, sign_len) != 0) {
        out[0] = 0;
    }
    return out;
}

char *sb_keys_sign(struct sb_keys *keys, const char *text, size_t len)
{
    return sign_with(keys, &keys->alipay, text, len);
}

/* Making a key costs a good part of a second, so only those are made that somebody needs. */
static struct named *named_key(struct sb_keys *keys, const char *name)
{
    int n = 0;
    for (; n < RSA_MAX && keys->named[n]; n++) {
        if (strcmp(keys->named[n]->name, name) == 0) {
            return keys->named[n];
        }
    }
    struct named *one = sb_alloc(sizeof *one);
    char *path = sb_print("%s/%s.pem", keys->dir, name);
    sb_copy(one->name, sizeof one->name, name);
    mbedtls_pk_init(&one->key);
    if (n == RSA_MAX || !make_key(keys, &one->key, path) ||
        mbedtls_pk_write_pubkey_pem(&one->key, (unsigned char *)one->public_pem, PEM_MAX) != 0) {
        fprintf(stderr, "payroute-sandbox: cannot make or keep %s\n", path);
        exit(70);
    }
    free(path);
    return keys->named[n] = one;
}

struct mbedtls_pk_context *sb_rsa(struct sb_keys *keys, const char *name)
{
    return &named_key(keys, name)->key;
}

const char *sb_rsa_public(struct sb_keys *keys, const char *name)
{
    return named_key(keys, name)->public_pem;
}

char *sb_rsa_sign(struct sb_keys *keys, const char *name, const char *text, size_t len)
{
    return sign_with(keys, sb_rsa(keys, name), text, len);
}

bool sb_keys_verify(struct sb_keys *keys, const char *text, size_t len, const char *sign)
{
    unsigned char hash[32], raw[512];
    size_t raw_len = 0;
    return mbedtls_base64_decode(raw, sizeof raw, &raw_len, (const unsigned char *)sign, strlen(sign)) == 0 &&
           sha256(text, len, hash) &&
           mbedtls_pk_verify(&keys->merchant, MBEDTLS_MD_SHA256, hash, sizeof hash, raw, raw_len) == 0;
}

static void to_hex(const unsigned char *raw, char *out, size_t digits)
{
    for (size_t i = 0; i < digits; i++) {
        out[i] = "0123456789abcdef"[(i % 2 ? raw[i / 2] : raw[i / 2] >> 4) & 15];
    }
    out[digits] = 0;
}

void sb_hmac_hex(const char *secret, const char *text, size_t len, char out[65])
{
    unsigned char raw[32] = {0};
    mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), (const unsigned char *)secret,
                    strlen(secret), (const unsigned char *)text, len, raw);
    to_hex(raw, out, 64);
}

/* Secrets follow from the key file, so that a restarted sandbox still fits the configuration it wrote. */
void sb_keys_derive(struct sb_keys *keys, const char *label, char *out, size_t digits)
{
    char hex[65];
    sb_hmac_hex(keys->merchant_private, label, strlen(label), hex);
    if (digits > 64) {
        digits = 64;
    }
    memcpy(out, hex, digits);
    out[digits] = 0;
}

void sb_random_hex(struct sb_keys *keys, char *out, size_t digits)
{
    unsigned char raw[32] = {0};
    if (digits > 64) {
        digits = 64;
    }
    mbedtls_ctr_drbg_random(&keys->random, raw, sizeof raw);
    to_hex(raw, out, digits);
}
