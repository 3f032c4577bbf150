/* Signing: published vectors, strict decoding, keys that are refused, signatures that another program made
   and checks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <payroute/base.h>

#include "sign/sign.h"
#include "sign_vectors.h"

static void expect_hex(const uint8_t *data, size_t len, const char *hex)
{
    char text[1025];
    assert_true(len <= 512);
    pr_sign_hex(text, data, len);
    assert_string_equal(text, hex);
}

/* FIPS 180-4 examples; RFC 1321 A.5. */
static void digests(void **state)
{
    (void)state;
    uint8_t out[32];
    char md5[33];
    assert_int_equal(pr_sign_sha256(out, "abc", 3), PAYROUTE_OK);
    expect_hex(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(pr_sign_sha256(out, NULL, 0), PAYROUTE_OK);
    expect_hex(out, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    assert_int_equal(pr_sign_sha256(out, two_blocks, 56), PAYROUTE_OK);
    expect_hex(out, 32, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    const void *parts[] = {two_blocks, NULL, two_blocks + 10};
    const size_t lens[] = {10, 0, 46};
    assert_int_equal(pr_sign_sha256_parts(out, parts, lens, 3), PAYROUTE_OK);
    expect_hex(out, 32, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    assert_int_equal(pr_sign_sha256_parts(out, NULL, NULL, 0), PAYROUTE_OK);
    expect_hex(out, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");

    assert_int_equal(pr_sign_md5_hex(md5, "", 0), PAYROUTE_OK);
    assert_string_equal(md5, "d41d8cd98f00b204e9800998ecf8427e");
    assert_int_equal(pr_sign_md5_hex(md5, "message digest", 14), PAYROUTE_OK);
    assert_string_equal(md5, "f96b697d7cb7938d525a2f31aaf161d0");

    const size_t one[] = {1};
    const void *none[] = {NULL};
    assert_int_equal(pr_sign_sha256(NULL, "a", 1), PAYROUTE_E_ARG);
    assert_int_equal(pr_sign_sha256(out, NULL, 1), PAYROUTE_E_ARG);
    assert_int_equal(pr_sign_md5_hex(NULL, "a", 1), PAYROUTE_E_ARG);
    assert_int_equal(pr_sign_md5_hex(md5, NULL, 1), PAYROUTE_E_ARG);
    assert_int_equal(pr_sign_sha256_parts(out, NULL, NULL, 1), PAYROUTE_E_ARG);
    assert_int_equal(pr_sign_sha256_parts(out, none, one, 1), PAYROUTE_E_ARG);
}

/* RFC 4231, cases 1, 2 and 6. */
static void macs(void **state)
{
    (void)state;
    uint8_t out[32];
    uint8_t key[131];
    memset(key, 0x0b, sizeof key);
    assert_int_equal(pr_sign_hmac_sha256(out, key, 20, "Hi There", 8), PAYROUTE_OK);
    expect_hex(out, 32, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    assert_int_equal(pr_sign_hmac_sha256(out, "Jefe", 4, "what do ya want for nothing?", 28), PAYROUTE_OK);
    expect_hex(out, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    assert_int_equal(
        pr_sign_hmac_sha256(out, key, 131, "Test Using Larger Than Block-Size Key - Hash Key First", 54),
        PAYROUTE_OK);
    expect_hex(out, 32, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    assert_int_equal(pr_sign_hmac_sha256(out, NULL, 0, NULL, 0), PAYROUTE_OK);
    expect_hex(out, 32, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
    assert_int_equal(pr_sign_hmac_sha256(out, NULL, 1, "a", 1), PAYROUTE_E_ARG);
    assert_int_equal(pr_sign_hmac_sha256(out, "a", 1, NULL, 1), PAYROUTE_E_ARG);
    assert_int_equal(pr_sign_hmac_sha256(NULL, "a", 1, "a", 1), PAYROUTE_E_ARG);
}

static void comparison(void **state)
{
    (void)state;
    assert_int_equal(pr_sign_equal("abc", "abc", 3), 1);
    assert_int_equal(pr_sign_equal("abc", "abd", 3), 0);
    assert_int_equal(pr_sign_equal("abc", "xbc", 3), 0);
    assert_int_equal(pr_sign_equal(NULL, NULL, 0), 1);
    assert_int_equal(pr_sign_equal(NULL, "a", 1), 0);
}

static void hexadecimal(void **state)
{
    (void)state;
    uint8_t out[3] = {7, 7, 7};
    assert_int_equal(pr_sign_unhex(out, 3, "00fFaB", 6), PAYROUTE_OK);
    expect_hex(out, 3, "00ffab");
    assert_int_equal(pr_sign_unhex(out, 3, "00ffa", 5), PAYROUTE_E_ENCODING);
    assert_int_equal(pr_sign_unhex(out, 3, "00ff", 4), PAYROUTE_E_ENCODING);
    assert_int_equal(pr_sign_unhex(out, 3, "00ffabcd", 8), PAYROUTE_E_ENCODING);
    assert_int_equal(pr_sign_unhex(out, 3, "11ffag", 6), PAYROUTE_E_ENCODING);
    expect_hex(out, 3, "00ffab"); /* unchanged */
    assert_int_equal(pr_sign_unhex(NULL, 0, "", 0), PAYROUTE_OK);
    assert_int_equal(pr_sign_unhex(NULL, 1, "00", 2), PAYROUTE_E_ARG);
    assert_int_equal(pr_sign_unhex(out, 1, NULL, 2), PAYROUTE_E_ARG);
}

/* RFC 4648, section 10. */
static void base64(void **state)
{
    (void)state;
    static const char *const rows[][2] = {{"", ""},
                                          {"f", "Zg=="},
                                          {"fo", "Zm8="},
                                          {"foo", "Zm9v"},
                                          {"foob", "Zm9vYg=="},
                                          {"fooba", "Zm9vYmE="},
                                          {"foobar", "Zm9vYmFy"}};
    char text[16];
    uint8_t data[16];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = strlen(rows[i][0]);
        size_t text_len = strlen(rows[i][1]);
        assert_int_equal(pr_sign_base64(text, sizeof text, rows[i][0], len), text_len);
        assert_string_equal(text, rows[i][1]);
        assert_int_equal(pr_sign_base64(text, text_len + 1, rows[i][0], len), text_len);
        assert_int_equal(pr_sign_base64(text, text_len, rows[i][0], len), PAYROUTE_E_BUFFER);
        assert_int_equal(pr_sign_unbase64(data, sizeof data, rows[i][1], text_len), len);
        assert_memory_equal(data, rows[i][0], len);
        assert_int_equal(pr_sign_unbase64(data, len, rows[i][1], text_len), len);
        if (len > 0) {
            assert_int_equal(pr_sign_unbase64(data, len - 1, rows[i][1], text_len), PAYROUTE_E_BUFFER);
        }
    }
    static const char *const bad[] = {
        "Z",    "Zg",   "Zg=",  "Zg===", "====",     "=g==", "Zm9v\n", "Zm 9",
        "Zm9-", "Zm9_", "Zh==", "Zm9=",  "Zg==Zg==", "Z===", "Zm9v=",  "\xFF\xFF\xFF\xFF"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(pr_sign_unbase64(data, sizeof data, bad[i], strlen(bad[i])), PAYROUTE_E_ENCODING);
    }
    assert_int_equal(pr_sign_unbase64(NULL, 4, "Zm9v", 4), PAYROUTE_E_ARG);
    assert_int_equal(pr_sign_unbase64(data, 4, NULL, 4), PAYROUTE_E_ARG);
    assert_int_equal(pr_sign_base64(NULL, 4, "a", 1), PAYROUTE_E_ARG);
    assert_int_equal(pr_sign_base64(text, 4, NULL, 1), PAYROUTE_E_ARG);
}

static pr_key *key_ok(int32_t kind, const char *text)
{
    pr_key *key = NULL;
    char why[200];
    int32_t rc = pr_key_new(&key, kind, text, strlen(text), why, sizeof why);
    if (rc != PAYROUTE_OK) {
        print_message("%s\n", why);
    }
    assert_int_equal(rc, PAYROUTE_OK);
    return key;
}

static void keys_in_every_form(void **state)
{
    (void)state;
    pr_key *privates[] = {key_ok(PR_KEY_RSA_PRIVATE, key_pkcs8), key_ok(PR_KEY_RSA_PRIVATE, key_pkcs1),
                          key_ok(PR_KEY_RSA_PRIVATE, key_bare_pkcs1)};
    pr_key *publics[] = {key_ok(PR_KEY_RSA_PUBLIC, key_public), key_ok(PR_KEY_RSA_PUBLIC, key_public_bare),
                         key_ok(PR_KEY_CERTIFICATE, cert_own)};
    pr_key *other = key_ok(PR_KEY_RSA_PUBLIC, key_other_public);
    for (size_t i = 0; i < 3; i++) {
        for (size_t j = 0; j < 3; j++) {
            assert_int_equal(pr_key_pair_matches(privates[i], publics[j]), 1);
        }
        assert_int_equal(pr_key_pair_matches(privates[i], other), 0);
        assert_int_equal(pr_key_pair_matches(publics[i], publics[i]), 0);
        assert_int_equal(pr_key_pair_matches(privates[i], privates[i]), 0);
    }
    assert_int_equal(pr_key_pair_matches(NULL, other), 0);
    assert_int_equal(pr_key_pair_matches(privates[0], NULL), 0);
    for (size_t i = 0; i < 3; i++) {
        pr_key_free(privates[i]);
        pr_key_free(publics[i]);
    }
    pr_key_free(other);
    pr_key_free(NULL);
    /* bare base64 with line breaks, as it is pasted */
    char broken[4096];
    size_t len = 0;
    for (size_t i = 0; i < strlen(key_public_bare); i++) {
        broken[len++] = key_public_bare[i];
        if (i % 64 == 63) {
            memcpy(broken + len, "\r\n", 2);
            len += 2;
        }
    }
    broken[len] = '\0';
    pr_key_free(key_ok(PR_KEY_RSA_PUBLIC, broken));
}

static void refuse_key(int32_t kind, const char *text, size_t len, const char *part)
{
    pr_key *key = (pr_key *)1;
    char why[200] = "";
    assert_int_equal(pr_key_new(&key, kind, text, len, why, sizeof why), PAYROUTE_E_KEY);
    assert_null(key);
    if (strstr(why, part) == NULL) {
        print_message("'%s' not in '%s'\n", part, why);
    }
    assert_non_null(strstr(why, part));
    /* No run of sixteen characters of the key may appear in the reason. */
    const char *first = strchr(text, '\n');
    const char *end = strstr(text, "-----END");
    for (const char *at = first; at != NULL && end != NULL && at + 16 <= end; at++) {
        char piece[17];
        memcpy(piece, at, 16);
        piece[16] = '\0';
        assert_null(strstr(why, piece));
    }
}

static void keys_that_are_refused(void **state)
{
    (void)state;
    refuse_key(PR_KEY_RSA_PRIVATE, key_small, strlen(key_small), "1024 bits");
    refuse_key(PR_KEY_RSA_PRIVATE, key_elliptic, strlen(key_elliptic), "this is marked PRIVATE KEY");
    refuse_key(PR_KEY_RSA_PRIVATE, key_encrypted, strlen(key_encrypted),
               "this is marked ENCRYPTED PRIVATE KEY");
    refuse_key(PR_KEY_RSA_PRIVATE, key_public, strlen(key_public), "this is marked PUBLIC KEY");
    refuse_key(PR_KEY_RSA_PRIVATE, cert_own, strlen(cert_own), "this is marked CERTIFICATE");
    refuse_key(PR_KEY_RSA_PUBLIC, key_pkcs8, strlen(key_pkcs8), "expected an RSA public key");
    refuse_key(PR_KEY_CERTIFICATE, key_public, strlen(key_public), "expected an X.509 certificate");
    refuse_key(PR_KEY_RSA_PRIVATE, "", 0, "expected an RSA private key");
    refuse_key(PR_KEY_RSA_PRIVATE, "AAAA", 4, "expected an RSA private key");
    refuse_key(PR_KEY_RSA_PRIVATE, "not base64!", 11, "expected an RSA private key");
    refuse_key(PR_KEY_RSA_PRIVATE, key_pkcs8, strlen(key_pkcs8) / 2, "expected an RSA private key");
    char *large = calloc(1, 70000);
    assert_non_null(large);
    refuse_key(PR_KEY_RSA_PRIVATE, large, 70000, "expected an RSA private key");
    free(large);
    /* A private key whose numbers do not fit: one digit of the PKCS#1 text is changed. */
    size_t len = strlen(key_bare_pkcs1);
    char *damaged = malloc(len + 1);
    assert_non_null(damaged);
    int accepted = 0;
    for (size_t at = 60; at < len - 60; at += 97) {
        memcpy(damaged, key_bare_pkcs1, len + 1);
        damaged[at] = damaged[at] == 'A' ? 'B' : 'A';
        pr_key *key = NULL;
        accepted += pr_key_new(&key, PR_KEY_RSA_PRIVATE, damaged, len, NULL, 0) == PAYROUTE_OK;
        pr_key_free(key);
    }
    assert_int_equal(accepted, 0);
    free(damaged);

    pr_key *key = NULL;
    assert_int_equal(pr_key_new(NULL, PR_KEY_RSA_PUBLIC, key_public, 10, NULL, 0), PAYROUTE_E_ARG);
    assert_int_equal(pr_key_new(&key, PR_KEY_RSA_PUBLIC, NULL, 10, NULL, 0), PAYROUTE_E_ARG);
    assert_int_equal(pr_key_new(&key, 0, key_public, 10, NULL, 0), PAYROUTE_E_ARG);
    assert_int_equal(pr_key_new(&key, 4, key_public, 10, NULL, 0), PAYROUTE_E_ARG);
}

static void signature_equals_the_one_of_openssl(void **state)
{
    (void)state;
    pr_key *key = key_ok(PR_KEY_RSA_PRIVATE, key_pkcs8);
    pr_key *other_form = key_ok(PR_KEY_RSA_PRIVATE, key_pkcs1);
    pr_key *public_key = key_ok(PR_KEY_RSA_PUBLIC, key_public);
    char out[400];
    for (uint8_t i = 0; i < 4; i++) { /* PKCS#1 v1.5 is deterministic: blinding must not show */
        uint8_t entropy[32];
        memset(entropy, i * 85, sizeof entropy);
        int32_t len =
            pr_key_sign(out, sizeof out, i % 2 ? key : other_form, signed_text, strlen(signed_text), entropy);
        assert_int_equal(len, 344);
        assert_string_equal(out, signed_text_signature);
    }
    uint8_t entropy[32] = {1};
    assert_int_equal(pr_key_sign(out, 344, key, "a", 1, entropy), PAYROUTE_E_BUFFER);
    assert_int_equal(pr_key_sign(out, 345, key, "a", 1, entropy), 344);
    assert_int_equal(pr_key_verify(public_key, "a", 1, out, 344), 1);
    assert_int_equal(pr_key_sign(out, sizeof out, key, NULL, 0, entropy), 344);
    assert_int_equal(pr_key_verify(public_key, NULL, 0, out, 344), 1);
    assert_int_equal(pr_key_verify(key, "", 0, out, 344), 1); /* a private key holds the public one */
    assert_int_equal(pr_key_sign(out, sizeof out, public_key, "a", 1, entropy), PAYROUTE_E_KEY);
    assert_int_equal(pr_key_sign(NULL, 400, key, "a", 1, entropy), PAYROUTE_E_ARG);
    assert_int_equal(pr_key_sign(out, sizeof out, NULL, "a", 1, entropy), PAYROUTE_E_ARG);
    assert_int_equal(pr_key_sign(out, sizeof out, key, NULL, 1, entropy), PAYROUTE_E_ARG);
    assert_int_equal(pr_key_sign(out, sizeof out, key, "a", 1, NULL), PAYROUTE_E_ARG);
    pr_key_free(key);
    pr_key_free(other_form);
    pr_key_free(public_key);
}

static void malformed_signatures_are_not_valid(void **state)
{
    (void)state;
    pr_key *key = key_ok(PR_KEY_CERTIFICATE, cert_own);
    const char *sig = signed_text_signature;
    size_t len = strlen(sig);
    size_t text_len = strlen(signed_text);
    assert_int_equal(pr_key_verify(key, signed_text, text_len, sig, len), 1);
    assert_int_equal(pr_key_verify(key, signed_text, text_len - 1, sig, len), 0);
    assert_int_equal(pr_key_verify(key, signed_text, text_len, sig, len - 4), 0);
    assert_int_equal(pr_key_verify(key, signed_text, text_len, sig, len - 1), 0);
    assert_int_equal(pr_key_verify(key, signed_text, text_len, "", 0), 0);
    assert_int_equal(pr_key_verify(key, signed_text, text_len, NULL, 0), 0);
    char changed[400];
    for (size_t i = 0; i < len - 2; i += 13) {
        memcpy(changed, sig, len + 1);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        assert_int_equal(pr_key_verify(key, signed_text, text_len, changed, len), 0);
    }
    memcpy(changed, sig, len + 1);
    memcpy(changed + len, "\n", 2);
    assert_int_equal(pr_key_verify(key, signed_text, text_len, changed, len + 1), 0);
    memset(changed, '/', len - 1); /* above the modulus: all bits set */
    memcpy(changed + len - 2, "8=", 3);
    assert_int_equal(pr_key_verify(key, signed_text, text_len, changed, len), 0);
    pr_key *other = key_ok(PR_KEY_RSA_PUBLIC, key_other_public);
    assert_int_equal(pr_key_verify(other, signed_text, text_len, sig, len), 0);
    pr_key_free(other);
    assert_int_equal(pr_key_verify(NULL, signed_text, text_len, sig, len), PAYROUTE_E_ARG);
    assert_int_equal(pr_key_verify(key, NULL, 1, sig, len), PAYROUTE_E_ARG);
    pr_key_free(key);
}

static int32_t verify_hex(const pr_key *key, const char *text, const char *sig_hex)
{
    uint8_t sig[256];
    char encoded[400];
    assert_int_equal(pr_sign_unhex(sig, sizeof sig, sig_hex, strlen(sig_hex)), PAYROUTE_OK);
    int32_t len = pr_sign_base64(encoded, sizeof encoded, sig, sizeof sig);
    assert_true(len > 0);
    return pr_key_verify(key, text, strlen(text), encoded, (size_t)len);
}

static void wycheproof(void **state)
{
    (void)state;
    pr_key *key = key_ok(PR_KEY_RSA_PUBLIC, wycheproof_key);
    assert_int_equal(verify_hex(key, "Test", wycheproof_valid), 1);
    assert_int_equal(verify_hex(key, "test", wycheproof_valid), 0);
    assert_int_equal(verify_hex(key, "123400", wycheproof_missing_null), 0);
    assert_int_equal(verify_hex(key, "123400", wycheproof_long_form), 0);
    pr_key_free(key);
}

static void alipay_numbers(void **state)
{
    (void)state;
    char out[200];
    assert_int_equal(pr_cert_alipay_sn(out, sizeof out, alipay_cert, strlen(alipay_cert), 0), 32);
    assert_string_equal(out, alipay_cert_sn);
    char roots[8192];
    (void)snprintf(roots, sizeof roots, "%s%s", alipay_roots_other, alipay_roots_rsa);
    assert_int_equal(pr_cert_alipay_sn(out, sizeof out, roots, strlen(roots), 1), 65);
    assert_string_equal(out, alipay_roots_sn);
    assert_int_equal(pr_cert_alipay_sn(out, sizeof out, cert_own, strlen(cert_own), 0), 32);
    assert_string_equal(out, cert_own_sn);
    assert_int_equal(pr_cert_alipay_sn(out, sizeof out, cert_own, strlen(cert_own), 1), 32);

    assert_int_equal(pr_cert_alipay_sn(out, 32, alipay_cert, strlen(alipay_cert), 0), PAYROUTE_E_BUFFER);
    assert_string_equal(out, "");
    assert_int_equal(pr_cert_alipay_sn(out, 33, alipay_cert, strlen(alipay_cert), 0), 32);
    assert_int_equal(pr_cert_alipay_sn(out, 65, roots, strlen(roots), 1), PAYROUTE_E_BUFFER);
    assert_int_equal(pr_cert_alipay_sn(out, sizeof out, "", 0, 0), PAYROUTE_E_KEY);
    assert_int_equal(pr_cert_alipay_sn(out, sizeof out, key_public, strlen(key_public), 1), PAYROUTE_E_KEY);
    assert_int_equal(pr_cert_alipay_sn(out, sizeof out, alipay_roots_other, strlen(alipay_roots_other), 1),
                     PAYROUTE_E_KEY);
    assert_int_equal(pr_cert_alipay_sn(out, sizeof out, alipay_cert, strlen(alipay_cert) - 10, 0),
                     PAYROUTE_E_KEY);
    /* An RSA certificate that cannot be read must not be left out in silence. */
    char *damaged = malloc(sizeof roots + sizeof cert_own);
    assert_non_null(damaged);
    memcpy(damaged, cert_own, sizeof cert_own);
    damaged[40] = damaged[40] == 'A' ? 'B' : 'A';
    damaged[200] = '!';
    memcpy(damaged + sizeof cert_own - 1, roots, strlen(roots) + 1);
    assert_int_equal(pr_cert_alipay_sn(out, sizeof out, damaged, strlen(damaged), 1), PAYROUTE_E_KEY);
    free(damaged);
    assert_int_equal(pr_cert_alipay_sn(NULL, 0, alipay_cert, 1, 0), PAYROUTE_E_ARG);
    assert_int_equal(pr_cert_alipay_sn(out, sizeof out, NULL, 1, 0), PAYROUTE_E_ARG);
    /* the key in it */
    pr_key *key = key_ok(PR_KEY_CERTIFICATE, alipay_cert);
    pr_key_free(key);
}

/* Test case 16 of the GCM specification (McGrew and Viega). */
static void aes_gcm(void **state)
{
    (void)state;
    static const char key_hex[] = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
    static const char plain_hex[] = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                                    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
    static const char sealed_hex[] = "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                                     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
                                     "76fc6ece0f4e1768cddf8853bb2d551b";
    uint8_t key[32];
    uint8_t nonce[12];
    uint8_t aad[20];
    uint8_t plain[60];
    uint8_t sealed[76];
    uint8_t out[76];
    assert_int_equal(pr_sign_unhex(key, 32, key_hex, 64), PAYROUTE_OK);
    assert_int_equal(pr_sign_unhex(nonce, 12, "cafebabefacedbaddecaf888", 24), PAYROUTE_OK);
    assert_int_equal(pr_sign_unhex(aad, 20, "feedfacedeadbeeffeedfacedeadbeefabaddad2", 40), PAYROUTE_OK);
    assert_int_equal(pr_sign_unhex(plain, 60, plain_hex, 120), PAYROUTE_OK);
    assert_int_equal(pr_sign_aes256_gcm_seal(sealed, sizeof sealed, key, nonce, aad, 20, plain, 60), 76);
    expect_hex(sealed, 76, sealed_hex);
    assert_int_equal(pr_sign_aes256_gcm_open(out, 60, key, nonce, 12, aad, 20, sealed, 76), 60);
    assert_memory_equal(out, plain, 60);
    for (size_t i = 0; i < sizeof sealed; i += 5) {
        memset(out, 0xAA, sizeof out);
        sealed[i] ^= 1;
        assert_int_equal(pr_sign_aes256_gcm_open(out, 60, key, nonce, 12, aad, 20, sealed, 76),
                         PAYROUTE_E_SIGNATURE);
        sealed[i] ^= 1;
        for (size_t j = 0; j < 60; j++) { /* nothing unproven is handed out */
            assert_int_equal(out[j], 0);
        }
    }
    aad[3] ^= 1;
    assert_int_equal(pr_sign_aes256_gcm_open(out, 60, key, nonce, 12, aad, 20, sealed, 76),
                     PAYROUTE_E_SIGNATURE);
    assert_int_equal(pr_sign_aes256_gcm_open(out, 60, key, nonce, 12, aad, 20, sealed, 15),
                     PAYROUTE_E_SIGNATURE);
    assert_int_equal(pr_sign_aes256_gcm_open(out, 59, key, nonce, 12, aad, 20, sealed, 76),
                     PAYROUTE_E_BUFFER);
    assert_int_equal(pr_sign_aes256_gcm_open(out, 60, key, nonce, 0, aad, 20, sealed, 76), PAYROUTE_E_ARG);
    assert_int_equal(pr_sign_aes256_gcm_open(out, 60, NULL, nonce, 12, aad, 20, sealed, 76), PAYROUTE_E_ARG);
    assert_int_equal(pr_sign_aes256_gcm_seal(sealed, 75, key, nonce, aad, 20, plain, 60), PAYROUTE_E_BUFFER);
    assert_int_equal(pr_sign_aes256_gcm_seal(NULL, 76, key, nonce, aad, 20, plain, 60), PAYROUTE_E_ARG);
    /* an empty text is a tag alone */
    assert_int_equal(pr_sign_aes256_gcm_seal(sealed, 16, key, nonce, NULL, 0, NULL, 0), 16);
    assert_int_equal(pr_sign_aes256_gcm_open(NULL, 0, key, nonce, 12, NULL, 0, sealed, 16), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests),
        cmocka_unit_test(macs),
        cmocka_unit_test(comparison),
        cmocka_unit_test(hexadecimal),
        cmocka_unit_test(base64),
        cmocka_unit_test(keys_in_every_form),
        cmocka_unit_test(keys_that_are_refused),
        cmocka_unit_test(signature_equals_the_one_of_openssl),
        cmocka_unit_test(malformed_signatures_are_not_valid),
        cmocka_unit_test(wycheproof),
        cmocka_unit_test(alipay_numbers),
        cmocka_unit_test(aes_gcm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
