/* Every allocation of base and sign fails once, inside cJSON and mbedTLS too: the answer is E_NOMEM, nothing
   leaks, and what succeeds nevertheless is right. The allocator is replaced for the whole program, which
   needs glibc and no sanitizer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <payroute/json.h>

#include "base/mem.h"
#include "base/text.h"
#include "sign/sign.h"
#include "sign_vectors.h"

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void __libc_free(void *block);

/* Visible, or cJSON and mbedTLS would go on with the C library's. */
#define PUBLIC __attribute__((visibility("default")))

static int counting;
static long live;      /* blocks that were given and not taken back */
static long countdown; /* the allocation that reaches 0 fails; negative: none */
static int failed_one;

static int must_fail(void)
{
    if (!counting || countdown < 0) {
        return 0;
    }
    if (countdown-- == 0) {
        failed_one = 1;
        return 1;
    }
    return 0;
}

PUBLIC void *malloc(size_t size)
{
    void *block = must_fail() ? NULL : __libc_malloc(size);
    live += counting && block != NULL;
    return block;
}

PUBLIC void *calloc(size_t count, size_t size)
{
    void *block = must_fail() ? NULL : __libc_calloc(count, size);
    live += counting && block != NULL;
    return block;
}

PUBLIC void *realloc(void *block, size_t size)
{
    if (must_fail()) {
        return NULL;
    }
    void *moved = __libc_realloc(block, size);
    live += counting && block == NULL && moved != NULL;
    return moved;
}

PUBLIC void free(void *block)
{
    live -= counting && block != NULL;
    __libc_free(block);
}

/* Runs `act` with allocation 0, 1, 2 … failing, until none fails any more. `act` returns OK or an error. */
static void each_allocation_fails(int32_t (*act)(void), int32_t also_allowed)
{
    for (long n = 0;; n++) {
        assert_true(n < 5000);
        live = 0;
        failed_one = 0;
        countdown = n;
        counting = 1;
        int32_t rc = act();
        counting = 0;
        if (live != 0) {
            print_message("allocation %ld: %ld blocks leaked\n", n, live);
        }
        assert_int_equal(live, 0);
        if (!failed_one) {
            assert_int_equal(rc, PAYROUTE_OK);
            assert_true(n > 0);
            print_message("%ld allocations\n", n);
            return;
        }
        if (rc != PAYROUTE_OK && rc != PAYROUTE_E_NOMEM && rc != also_allowed) {
            print_message("allocation %ld: %s\n", n, payroute_rc_name(rc));
        }
        assert_true(rc == PAYROUTE_OK || rc == PAYROUTE_E_NOMEM || rc == also_allowed);
    }
}

static int32_t act_read(void)
{
    static const char text[] = "{\"a\":[1,\"x\",{\"b\":null}],\"\\u0062\":\"y\",\"c\":{\"d\":1.5}}";
    payroute_json *doc = NULL;
    int32_t rc = payroute_json_parse(&doc, text, sizeof text - 1, NULL, 0);
    if ((rc == PAYROUTE_OK) != (doc != NULL)) {
        return PAYROUTE_E_INTERNAL;
    }
    payroute_json_free(doc);
    return rc;
}

static int32_t act_write(void)
{
    payroute_json_out *out = payroute_json_out_new();
    payroute_json_out_array(out, NULL);
    for (int i = 0; i < 200; i++) {
        payroute_json_out_string(out, NULL, "some text that makes it grow");
    }
    payroute_json_out_end(out);
    int32_t rc = payroute_json_out_text(out, NULL) != NULL ? PAYROUTE_OK : PAYROUTE_E_NOMEM;
    payroute_json_out_free(out);
    return rc;
}

static int32_t act_form(void)
{
    pr_form *f = NULL;
    int32_t rc = pr_form_parse(&f, "a=1&b=2", 7);
    pr_form_free(f);
    return rc;
}

static int32_t act_digest(void)
{
    uint8_t out[32];
    const void *parts[] = {"a"};
    const size_t lens[] = {1};
    int32_t rc = pr_sign_sha256_parts(out, parts, lens, 1);
    return rc == PAYROUTE_OK ? pr_sign_hmac_sha256(out, "k", 1, "a", 1) : rc;
}

static int32_t read_and_free(int32_t kind, const char *text)
{
    pr_key *key = NULL;
    int32_t rc = pr_key_new(&key, kind, text, strlen(text), NULL, 0);
    if ((rc == PAYROUTE_OK) != (key != NULL)) {
        return PAYROUTE_E_INTERNAL;
    }
    pr_key_free(key);
    return rc;
}

static int32_t act_private_pem(void)
{
    return read_and_free(PR_KEY_RSA_PRIVATE, key_pkcs8);
}

static int32_t act_private_bare(void)
{
    return read_and_free(PR_KEY_RSA_PRIVATE, key_bare_pkcs1);
}

static int32_t act_public(void)
{
    return read_and_free(PR_KEY_RSA_PUBLIC, key_public);
}

static int32_t act_certificate(void)
{
    return read_and_free(PR_KEY_CERTIFICATE, cert_own);
}

static pr_key *ready_key;

static int32_t act_sign(void)
{
    static const uint8_t entropy[32] = {3};
    char out[400] = "";
    int32_t rc = pr_key_sign(out, sizeof out, ready_key, signed_text, strlen(signed_text), entropy);
    if (rc > 0) {
        return strcmp(out, signed_text_signature) == 0 ? PAYROUTE_OK : PAYROUTE_E_CHECKSUM;
    }
    return out[0] == '\0' ? rc : PAYROUTE_E_CHECKSUM;
}

static int32_t act_verify(void)
{
    /* Lack of memory must not look like a forgery, nor like a good signature where there is none. */
    int32_t good = pr_key_verify(ready_key, signed_text, strlen(signed_text), signed_text_signature, 344);
    if (good < 0) {
        return good;
    }
    int32_t bad = pr_key_verify(ready_key, "x", 1, signed_text_signature, 344);
    if (bad < 0) {
        return bad;
    }
    return good == 1 && bad == 0 ? PAYROUTE_OK : PAYROUTE_E_INTERNAL;
}

static int32_t act_number(void)
{
    char out[200];
    int32_t rc = pr_cert_alipay_sn(out, sizeof out, alipay_roots_rsa, strlen(alipay_roots_rsa), 1);
    if (rc > 0) {
        return strcmp(out, alipay_roots_sn) == 0 ? PAYROUTE_OK : PAYROUTE_E_INTERNAL;
    }
    return rc;
}

static int32_t act_gcm(void)
{
    static const uint8_t key[32] = {1};
    static const uint8_t nonce[12] = {2};
    uint8_t sealed[20];
    uint8_t plain[4];
    int32_t rc =
        pr_sign_aes256_gcm_seal(sealed, sizeof sealed, key, nonce, NULL, 0, (const uint8_t *)"text", 4);
    rc = rc > 0 ? pr_sign_aes256_gcm_open(plain, sizeof plain, key, nonce, 12, NULL, 0, sealed, 20) : rc;
    return rc == 4 ? PAYROUTE_OK : rc;
}

static void base_reports_lack_of_memory(void **state)
{
    (void)state;
    each_allocation_fails(act_read, PAYROUTE_E_NOMEM);
    each_allocation_fails(act_write, PAYROUTE_E_NOMEM);
    each_allocation_fails(act_form, PAYROUTE_E_NOMEM);
}

static void sign_reports_lack_of_memory(void **state)
{
    (void)state;
    assert_int_equal(pr_key_new(&ready_key, PR_KEY_RSA_PRIVATE, key_pkcs8, strlen(key_pkcs8), NULL, 0),
                     PAYROUTE_OK);
    each_allocation_fails(act_digest, PAYROUTE_E_NOMEM);
    /* In one place mbedTLS 2.28.3 overlooks the failure, computes nonsense, and its own check of the result
     * finds it. */
    each_allocation_fails(act_sign, PAYROUTE_E_INTERNAL);
    each_allocation_fails(act_verify, PAYROUTE_E_NOMEM);
    each_allocation_fails(act_gcm, PAYROUTE_E_NOMEM);
    pr_key_free(ready_key);
}

/* mbedTLS tries several formats and reports the last failure, so here lack of memory may also look like a bad
 * key. */
static void keys_report_lack_of_memory(void **state)
{
    (void)state;
    each_allocation_fails(act_private_pem, PAYROUTE_E_KEY);
    each_allocation_fails(act_private_bare, PAYROUTE_E_KEY);
    each_allocation_fails(act_public, PAYROUTE_E_KEY);
    each_allocation_fails(act_certificate, PAYROUTE_E_KEY);
    each_allocation_fails(act_number, PAYROUTE_E_KEY);
}

static void a_failed_growth_keeps_the_old_block(void **state)
{
    (void)state;
    char *block = pr_mem_text("kept", 4);
    countdown = 0;
    counting = 1;
    void *grown = pr_mem_grow(block, 5, 100);
    counting = 0;
    assert_null(grown);
    assert_string_equal(block, "kept");
    pr_mem_free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base_reports_lack_of_memory),
        cmocka_unit_test(sign_reports_lack_of_memory),
        cmocka_unit_test(keys_report_lack_of_memory),
        cmocka_unit_test(a_failed_growth_keeps_the_old_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
    return sizeof wycheproof_key > 0 ? 0 : 1;
}

#endif
