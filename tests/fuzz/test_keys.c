/* Keys and certificates as people paste them, and what a provider answers when one is fetched. By a letter:
   `p`, `u`, `c` the three kinds of key; `x` a certificate; `r` a chain and its roots, parted by a line of one
   dot; `f` the answer to FETCH of the channel that the next letter names, `s` the same, its inside sealed by
   us. */
#include "kit.h"

#include "../unit/registry_fixture.h"

#include <payroute/keyring.h>

#include "sign/sign.h"

static void read_key(int32_t kind, const char *text, size_t len)
{
    char why[200] = "";
    pr_key *key = NULL;
    int32_t rc = pr_key_new(&key, kind, text, len, why, sizeof why);
    fuzz_ends(why, sizeof why, "why");
    FUZZ_EXPECT((rc == PAYROUTE_OK) == (key != NULL), "rc %d", (int)rc);
    FUZZ_EXPECT(rc == PAYROUTE_OK || (rc == PAYROUTE_E_KEY && why[0] != '\0'), "rc %d: %s", (int)rc, why);
    /* no piece of it in what is said about it */
    for (size_t i = 0; len >= 24 && i + 24 <= len; i += 8) {
        char piece[25];
        memcpy(piece, text + i, 24);
        piece[24] = '\0';
        FUZZ_EXPECT(strlen(piece) < 24 || strstr(why, piece) == NULL, "key bytes stand in: %s", why);
    }
    pr_key_free(key);
}

static void read_certificate(const char *text, size_t len)
{
    pr_key *key = NULL;
    pr_cert_facts facts;
    char sn[40];
    memset(&facts, 0x5a, sizeof facts);
    int32_t rc = pr_cert_read(&key, &facts, text, len);
    FUZZ_EXPECT((rc == PAYROUTE_OK) == (key != NULL), "rc %d", (int)rc);
    if (rc == PAYROUTE_OK) {
        fuzz_ends(facts.serial_hex, sizeof facts.serial_hex, "serial");
        FUZZ_EXPECT(strspn(facts.serial_hex, "0123456789ABCDEF") == strlen(facts.serial_hex), "%s",
                    facts.serial_hex);
    }
    pr_key_free(key);
    for (int32_t roots = 0; roots < 2; roots++) {
        rc = pr_cert_alipay_sn(sn, sizeof sn, text, len, roots);
        FUZZ_EXPECT(rc <= (int32_t)sizeof sn, "rc %d", (int)rc);
    }
}

static void read_chain(const char *text, size_t len)
{
    const char *dot = strstr(text, "\n.\n");
    size_t first = dot != NULL ? (size_t)(dot - text) : len;
    const char *roots = dot != NULL ? dot + 3 : text;
    size_t roots_len = dot != NULL ? len - first - 3 : len;
    int32_t rc = pr_cert_chain(text, first, roots, roots_len, FUZZ_NOW);
    FUZZ_EXPECT(rc == PAYROUTE_OK || rc == PAYROUTE_E_SIGNATURE || rc == PAYROUTE_E_EXPIRED ||
                    rc == PAYROUTE_E_KEY,
                "rc %d", (int)rc);
}

/* Only what is sealed or chained comes in; refused, the ring is as it was. */
static void fetched(const pr_channel *c, const char *body, size_t len)
{
    char why[256] = "";
    payroute_keyring *ring = NULL;
    FUZZ_EXPECT(payroute_keyring_new(&ring, fuzz_registry()) == PAYROUTE_OK, "no ring");
    int32_t rc = payroute_keyring_take(ring, c->id, body, len, FUZZ_NOW, why, sizeof why);
    fuzz_ends(why, sizeof why, "why");
    FUZZ_EXPECT(rc <= 0 && rc != PAYROUTE_E_INTERNAL && rc != PAYROUTE_E_NOMEM, "rc %d", (int)rc);
    fuzz_keeps_secrets(c, why, strlen(why), "why");
    payroute_keyring_free(ring);
}

/* WeChat Pay's list of certificates with one whose sealed text is the input. */
static void fetched_sealed(const char *text, size_t len)
{
    static const char nonce[] = "0123456789ab";
    pr_buf body;
    size_t cap = len + 16;
    uint8_t *sealed = malloc(cap);
    char *base64 = malloc(cap * 2 + 8);
    FUZZ_EXPECT(sealed != NULL && base64 != NULL, "no memory");
    int32_t n = pr_sign_aes256_gcm_seal(sealed, cap, (const uint8_t *)FUZZ_APIV3, (const uint8_t *)nonce,
                                        (const uint8_t *)"certificate", 11, (const uint8_t *)text, len);
    FUZZ_EXPECT(n > 0 && pr_sign_base64(base64, cap * 2 + 8, sealed, (size_t)n) > 0, "seal %d", (int)n);
    pr_buf_init(&body);
    pr_buf_put(
        &body,
        "{\"data\":[{\"serial_no\":\"D7CE59D1F522D701\",\"effective_time\":\"2021-04-27T16:55:23+08:00\","
        "\"expire_time\":\"2031-04-25T16:55:23+08:00\",\"encrypt_certificate\":{\"algorithm\":"
        "\"AEAD_AES_256_GCM\",\"associated_data\":\"certificate\",\"nonce\":\"0123456789ab\","
        "\"ciphertext\":\"");
    pr_buf_put(&body, base64);
    pr_buf_put(&body, "\"}}]}");
    fetched(fuzz_channel("wechatpay"), body.at, body.len);
    pr_buf_free(&body);
    free(sealed);
    free(base64);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_in in = {data, size};
    uint8_t kind = fuzz_u8(&in);
    uint8_t letter = kind == 'f' ? fuzz_u8(&in) : 0;
    size_t len;
    char *text = fuzz_rest(&in, &len);
    switch (kind) {
    case 'p': read_key(PR_KEY_RSA_PRIVATE, text, len); break;
    case 'u': read_key(PR_KEY_RSA_PUBLIC, text, len); break;
    case 'c': read_key(PR_KEY_CERTIFICATE, text, len); break;
    case 'x': read_certificate(text, len); break;
    case 'r': read_chain(text, len); break;
    case 'f': fetched(fuzz_channel_by(letter), text, len); break;
    case 's': fetched_sealed(text, len); break;
    default: break;
    }
    free(text);
    return 0;
}
