/* WeChat Pay's signatures and seals. Ours go over the bytes that are sent, theirs are checked over the bytes
   that came. The scheme:
   pay.weixin.qq.com/docs/merchant/development/interface-rules/signature-generation.html (ours) and
   build-verify-sign-src.html (theirs); the seals: .../certificate-callback-decryption.html. */
#include "adapters/wechatpay.h"

#include "base/mem.h"

#include <string.h>

enum { STAMP_CAP = 24, WORD_CAP = 132, SIGNATURE_CAP = 1400, SEALED_NONCE = 12, APIV3_KEY = 32 };

/* ---- ours ---------------------------------------------------------------------------------------------- */

int32_t pr_wechatpay_nonce(char out[33], const uint8_t entropy[32], const char *label)
{
    uint8_t mac[32];
    int32_t rc = pr_sign_hmac_sha256(mac, entropy, 32, label, strlen(label));
    if (rc == PAYROUTE_OK) {
        pr_sign_hex(out, mac, 16);
    }
    pr_mem_wipe(mac, sizeof mac);
    return rc;
}

/* The address from its path on, as the request line will have it. */
static const char *path_of(const char *url)
{
    const char *host = strstr(url, "://");
    const char *path = strchr(host ? host + 3 : url, '/');
    return path ? path : "/";
}

typedef struct stamp {
    char seconds[STAMP_CAP];
    char nonce[33];
    char sign[SIGNATURE_CAP];
} stamp;

static int32_t stamp_new(stamp *s, const pr_subject *subject, const char *label)
{
    pr_text t;
    memset(s, 0, sizeof *s);
    pr_text_init(&t, s->seconds, sizeof s->seconds);
    pr_text_i64(&t, subject->now_ms / 1000);
    return pr_wechatpay_nonce(s->nonce, subject->entropy, label);
}

/* Signs the text in `b` and frees it. */
static int32_t stamp_sign(stamp *s, pr_buf *b, const pr_subject *subject)
{
    const pr_key *key = pr_credential_key(subject->channel, subject->credential_version, "private_key");
    int32_t rc = b->rc;
    if (rc == PAYROUTE_OK) {
        rc =
            key ? pr_key_sign(s->sign, sizeof s->sign, key, b->at, b->len, subject->entropy) : PAYROUTE_E_KEY;
    }
    pr_buf_free(b);
    return rc < 0 ? rc : PAYROUTE_OK;
}

int32_t pr_wechatpay_authorize(pr_http_request *r, const pr_subject *subject, pr_text *why)
{
    const char *mchid = pr_credential_get(subject->channel, subject->credential_version, "mchid");
    const char *serial = pr_credential_get(subject->channel, subject->credential_version, "serial_no");
    if (!mchid || !serial) {
        pr_text_put(why, "credentials: mchid and serial_no are needed");
        return PAYROUTE_E_KEY;
    }
    stamp s;
    pr_buf text;
    pr_buf_init(&text);
    int32_t rc = stamp_new(&s, subject, "wechatpay request");
    pr_buf_put(&text, r->method);
    pr_buf_put(&text, "\n");
    pr_buf_put(&text, path_of(r->url.at ? r->url.at : ""));
    pr_buf_put(&text, "\n");
    pr_buf_put(&text, s.seconds);
    pr_buf_put(&text, "\n");
    pr_buf_put(&text, s.nonce);
    pr_buf_put(&text, "\n");
    pr_buf_bytes(&text, r->body.at ? r->body.at : "", r->body.len);
    pr_buf_put(&text, "\n");
    int32_t done = stamp_sign(&s, &text, subject);
    rc = rc == PAYROUTE_OK ? done : rc;
    if (rc != PAYROUTE_OK) {
        pr_text_put(why, "the request could not be signed");
        return rc;
    }
    pr_buf_format(&r->headers,
                  "Authorization: WECHATPAY2-SHA256-RSA2048 mchid=\"%s\",nonce_str=\"%s\",timestamp=\"%s\","
                  "serial_no=\"%s\",signature=\"%s\"\r\n",
                  mchid, s.nonce, s.seconds, serial, s.sign);
    return r->headers.rc;
}

/* The payer's client checks appId, time, nonce and `package`
   (docs/merchant/apis/jsapi-payment/jsapi-transfer-payment: four lines, each ended by \n); signType is not
   signed. */
int32_t pr_wechatpay_invoke(pr_buf *json, const pr_subject *subject, const char *appid,
                            const char *prepay_id)
{
    char package[96];
    pr_text t;
    pr_text_init(&t, package, sizeof package);
    pr_text_put(&t, "prepay_id=");
    pr_text_put(&t, prepay_id);
    if (!appid[0] || t.cut) {
        return PAYROUTE_E_SCHEMA;
    }
    stamp s;
    pr_buf text;
    pr_buf_init(&text);
    int32_t rc = stamp_new(&s, subject, "wechatpay invoke");
    pr_buf_format(&text, "%s\n%s\n%s\n%s\n", appid, s.seconds, s.nonce, package);
    int32_t done = stamp_sign(&s, &text, subject);
    if (rc != PAYROUTE_OK || done != PAYROUTE_OK) {
        return rc != PAYROUTE_OK ? rc : done;
    }
    payroute_json_out *out = payroute_json_out_new();
    payroute_json_out_object(out, NULL);
    payroute_json_out_string(out, "appId", appid);
    payroute_json_out_string(out, "timeStamp", s.seconds);
    payroute_json_out_string(out, "nonceStr", s.nonce);
    payroute_json_out_string(out, "package", package);
    payroute_json_out_string(out, "signType", "RSA");
    payroute_json_out_string(out, "paySign", s.sign);
    payroute_json_out_end(out);
    const char *made = payroute_json_out_text(out, NULL);
    pr_buf_put(json, made ? made : "");
    rc = made ? json->rc : PAYROUTE_E_NOMEM;
    payroute_json_out_free(out);
    return rc;
}

/* ---- theirs -------------------------------------------------------------------------------------------- */

static const char key_id_prefix[] = "PUB_KEY_ID_";

int32_t pr_wechatpay_serial(char out[PR_ID_CAP], const char *text)
{
    size_t n = text ? strlen(text) : 0;
    out[0] = '\0';
    if (n < 8 || n > 64) {
        return 0;
    }
    if (strncmp(text, key_id_prefix, sizeof key_id_prefix - 1) == 0) {
        return pr_word_plain(text) && pr_word_copy(out, PR_ID_CAP, text) == 1;
    }
    while (*text == '0' && text[1] != '\0') {
        text++;
    }
    for (n = 0; text[n]; n++) {
        char c = text[n];
        c = c >= 'a' && c <= 'f' ? (char)(c - 'a' + 'A') : c;
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'))) {
            out[0] = '\0';
            return 0;
        }
        out[n] = c;
        out[n + 1] = '\0';
    }
    return 1;
}

typedef struct seal_headers {
    char stamp[STAMP_CAP];
    char nonce[WORD_CAP];
    char signature[SIGNATURE_CAP];
} seal_headers;

static int32_t read_seconds(int64_t *ms, const char *text)
{
    size_t n = strspn(text, "0123456789");
    int64_t seconds = 0;
    if (n == 0 || n > 12 || text[n] != '\0') {
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        seconds = seconds * 10 + (text[i] - '0');
    }
    *ms = seconds * 1000;
    return 1;
}

/* The algorithm is ours to choose, never the sender's; a probe is a signature made wrong on purpose
   (pay.weixin.qq.com/doc/v3/merchant/4013053249). */
static int32_t take_headers(seal_headers *h, pr_wechatpay_mark *mark, const char *headers, size_t len)
{
    char type[WORD_CAP], serial[WORD_CAP];
    int32_t there = pr_header_get(h->signature, sizeof h->signature, headers, len, "Wechatpay-Signature");
    int32_t typed = pr_header_get(type, sizeof type, headers, len, "Wechatpay-Signature-Type");
    if (there == 0) {
        return PR_WX_ABSENT;
    }
    if (there == 1 && strncmp(h->signature, "WECHATPAY/SIGNTEST/", 19) == 0) {
        return PR_WX_PROBE;
    }
    if (there != 1 || typed < 0 || (typed == 1 && strcmp(type, "WECHATPAY2-SHA256-RSA2048") != 0) ||
        pr_header_get(serial, sizeof serial, headers, len, "Wechatpay-Serial") != 1 ||
        pr_header_get(h->stamp, sizeof h->stamp, headers, len, "Wechatpay-Timestamp") != 1 ||
        pr_header_get(h->nonce, sizeof h->nonce, headers, len, "Wechatpay-Nonce") != 1 || !h->nonce[0] ||
        !read_seconds(&mark->signed_ms, h->stamp) || !pr_wechatpay_serial(mark->serial, serial)) {
        return PR_WX_BAD;
    }
    return PR_WX_GOOD;
}

/* A configured public key of any version, else a certificate that was fetched. */
static const pr_key *key_of(const pr_channel *channel, const pr_keyring *ring, const char *serial,
                            int64_t now_ms)
{
    for (int32_t i = 0; i < channel->credential_count; i++) {
        const char *version = channel->credentials[i].version;
        const char *id = pr_credential_get(channel, version, "public_key_id");
        if (id && strcmp(id, serial) == 0) {
            return pr_credential_key(channel, version, "public_key");
        }
    }
    return pr_keyring_find(ring, channel, serial, now_ms);
}

int32_t pr_wechatpay_verify(pr_wechatpay_mark *mark, const pr_channel *channel, const pr_keyring *ring,
                            const char *headers, size_t headers_len, const char *body, size_t body_len,
                            int64_t now_ms)
{
    seal_headers h;
    memset(mark, 0, sizeof *mark);
    int32_t verdict = take_headers(&h, mark, headers, headers_len);
    if (verdict != PR_WX_GOOD) {
        return verdict;
    }
    int64_t apart = now_ms - mark->signed_ms;
    if (apart > PR_WECHATPAY_TOLERANCE_MS || apart < -PR_WECHATPAY_TOLERANCE_MS) {
        return PR_WX_OLD;
    }
    const pr_key *key = key_of(channel, ring, mark->serial, now_ms);
    if (!key) {
        return PR_WX_UNKNOWN;
    }
    pr_buf text;
    pr_buf_init(&text);
    pr_buf_put(&text, h.stamp);
    pr_buf_put(&text, "\n");
    pr_buf_put(&text, h.nonce);
    pr_buf_put(&text, "\n");
    pr_buf_bytes(&text, body ? body : "", body_len);
    pr_buf_put(&text, "\n");
    int32_t r = text.rc != PAYROUTE_OK
                    ? text.rc
                    : pr_key_verify(key, text.at, text.len, h.signature, strlen(h.signature));
    pr_buf_free(&text);
    return r == 1 ? PR_WX_GOOD : r == 0 ? PR_WX_BAD : r;
}

/* ---- seals --------------------------------------------------------------------------------------------- */

typedef struct sealed_text {
    uint8_t *bytes;
    size_t len;
    const char *nonce;
    const char *aad;
} sealed_text;

static int32_t read_sealed(sealed_text *s, const payroute_json_node *sealed)
{
    const char *algorithm = payroute_json_string(payroute_json_get(sealed, "algorithm"));
    const char *text = payroute_json_string(payroute_json_get(sealed, "ciphertext"));
    const payroute_json_node *aad = payroute_json_get(sealed, "associated_data");
    int32_t type = payroute_json_type(aad);
    memset(s, 0, sizeof *s);
    s->nonce = payroute_json_string(payroute_json_get(sealed, "nonce"));
    s->aad = payroute_json_string(aad);
    if (!algorithm || strcmp(algorithm, "AEAD_AES_256_GCM") != 0 || !text || !text[0] || !s->nonce ||
        strlen(s->nonce) != SEALED_NONCE ||
        (type != PAYROUTE_JSON_NONE && type != PAYROUTE_JSON_NULL && type != PAYROUTE_JSON_STRING)) {
        return PAYROUTE_E_SCHEMA;
    }
    s->aad = s->aad ? s->aad : "";
    size_t len = strlen(text);
    if (len > (size_t)PR_WECHATPAY_OPEN_CAP * 4 / 3) {
        return PAYROUTE_E_LIMIT;
    }
    s->bytes = pr_mem_new(len);
    if (!s->bytes) {
        return PAYROUTE_E_NOMEM;
    }
    int32_t n = pr_sign_unbase64(s->bytes, len, text, len);
    s->len = n > 0 ? (size_t)n : 0;
    return n > 0 ? PAYROUTE_OK : PAYROUTE_E_SCHEMA;
}

static int32_t open_with(uint8_t *plain, size_t cap, const sealed_text *s, const char *key)
{
    if (!key || strlen(key) != APIV3_KEY) {
        return PAYROUTE_E_SIGNATURE;
    }
    uint8_t bytes[APIV3_KEY];
    memcpy(bytes, key, sizeof bytes);
    int32_t n = pr_sign_aes256_gcm_open(plain, cap, bytes, (const uint8_t *)s->nonce, SEALED_NONCE,
                                        (const uint8_t *)s->aad, strlen(s->aad), s->bytes, s->len);
    pr_mem_wipe(bytes, sizeof bytes);
    return n;
}

int32_t pr_wechatpay_open(pr_buf *plain, const pr_channel *channel, const payroute_json_node *sealed)
{
    sealed_text s;
    int32_t rc = read_sealed(&s, sealed);
    uint8_t *room = rc == PAYROUTE_OK ? pr_mem_new(s.len + 1) : NULL;
    if (rc == PAYROUTE_OK && !room) {
        rc = PAYROUTE_E_NOMEM;
    }
    int32_t n = PAYROUTE_E_SIGNATURE;
    for (int32_t i = 0; rc == PAYROUTE_OK && n == PAYROUTE_E_SIGNATURE && i < channel->credential_count;
         i++) {
        n = open_with(room, s.len + 1, &s,
                      pr_credential_get(channel, channel->credentials[i].version, "apiv3_key"));
    }
    if (rc == PAYROUTE_OK && n >= 0) {
        pr_buf_bytes(plain, room, (size_t)n);
        rc = plain->rc;
    } else if (rc == PAYROUTE_OK) {
        rc = n;
    }
    pr_mem_free_secret(room, room ? s.len + 1 : 0);
    pr_mem_free_secret(s.bytes, s.len);
    return rc;
}
