/* Certificate mode: an answer names the certificate that signed it, and Alipay changes certificates without
   being asked. One that is unknown is downloaded by its number and believed for the chain to the configured
   root, since the answer of the download itself is not signed (alipay.open.app.alipaycert.download; the
   official SDKs skip the check of that answer's signature, too). */
#include "adapters/alipay.h"

#include "base/mem.h"

#include <string.h>

enum { CERT_TEXT_MAX = 32 * 1024, SN_LEN = 32 };

/* 1 configured, 0 not; E_NOMEM. Without certificates every number will do: the configured key decides. */
static int32_t is_configured(const pr_channel *channel, const char *stated)
{
    for (int32_t i = 0; i < channel->credential_count; i++) {
        const char *pem = pr_credential_get(channel, channel->credentials[i].version, "alipay_cert");
        char sn[40];
        if (!pem) {
            return 1;
        }
        int32_t n = pr_cert_alipay_sn(sn, sizeof sn, pem, strlen(pem), 0);
        if (n == PAYROUTE_E_NOMEM) {
            return n;
        }
        if (n >= 0 && strcmp(sn, stated) == 0) {
            return 1;
        }
    }
    return 0;
}

int32_t pr_alipay_cert_key(const pr_key **key, pr_reading *out, const pr_subject *subject, const char *stated)
{
    *key = NULL;
    int32_t rc = is_configured(subject->channel, stated);
    if (rc != 0) {
        return rc;
    }
    *key = pr_keyring_find(subject->keyring, subject->channel, stated, subject->now_ms);
    if (*key) {
        return 1;
    }
    if (strlen(stated) == SN_LEN) { /* MD5 in hexadecimal; anything else is not worth a download */
        pr_word_copy(out->need_aux, sizeof out->need_aux, stated);
    }
    return 0;
}

static int32_t chain_leads(const pr_channel *channel, const char *pem, size_t len, int64_t now_ms)
{
    int32_t rc = PAYROUTE_E_SIGNATURE;
    for (int32_t i = 0; i < channel->credential_count && rc != PAYROUTE_OK; i++) {
        const char *roots = pr_credential_get(channel, channel->credentials[i].version, "alipay_root_cert");
        rc = roots ? pr_cert_chain(pem, len, roots, strlen(roots), now_ms) : PAYROUTE_E_SIGNATURE;
        if (rc == PAYROUTE_E_NOMEM) {
            return rc;
        }
    }
    return rc;
}

static int32_t take_cert(pr_keyring *ring, const pr_channel *channel, const char *pem, size_t len,
                         int64_t now_ms, pr_text *why)
{
    char sn[40];
    pr_key *key = NULL;
    pr_cert_facts facts;
    int32_t rc = chain_leads(channel, pem, len, now_ms);
    if (rc != PAYROUTE_OK) {
        pr_text_put(why, "alipay_cert_content: does not lead to alipay_root_cert, or is not valid now");
        return rc;
    }
    rc = pr_cert_alipay_sn(sn, sizeof sn, pem, len, 0);
    if (rc > 0) {
        rc = pr_cert_read(&key, &facts, pem, len);
    }
    if (rc != PAYROUTE_OK) {
        pr_text_put(why, "alipay_cert_content: expected a certificate with an RSA key");
        return rc;
    }
    return pr_keyring_put(ring, channel, sn, key, facts.from_ms, facts.until_ms);
}

int32_t pr_alipay_fetched(pr_keyring *ring, const pr_channel *channel, const char *body, size_t body_len,
                          int64_t now_ms, pr_text *why)
{
    payroute_json *doc = NULL;
    const pr_http_reply reply = {.status = 200, .body = body, .body_len = body_len};
    int32_t rc = pr_reply_parse(&doc, &reply);
    if (rc != PAYROUTE_OK) {
        pr_text_put(why, "the answer is no JSON object");
        return rc;
    }
    const payroute_json_node *node =
        payroute_json_get(payroute_json_root(doc), "alipay_open_app_alipaycert_download_response");
    const char *text = payroute_json_string(payroute_json_get(node, "alipay_cert_content"));
    size_t len = text ? strlen(text) : 0;
    uint8_t *pem = len > 0 && len < CERT_TEXT_MAX ? pr_mem_new(len + 1) : NULL;
    if (!pem) {
        rc = len > 0 && len < CERT_TEXT_MAX ? PAYROUTE_E_NOMEM : PAYROUTE_E_SCHEMA;
        pr_text_put(why, "alipay_cert_content: expected a certificate in base64");
    } else {
        rc = pr_sign_unbase64(pem, len, text, len);
        rc =
            rc > 0 ? take_cert(ring, channel, (const char *)pem, (size_t)rc, now_ms, why) : PAYROUTE_E_SCHEMA;
    }
    pr_mem_free(pem);
    payroute_json_free(doc);
    return rc;
}
