/* What the files of wechatpay tests share: the channel, and WeChat Pay's side of signatures and seals.
   WX_PLATFORM_*: the test key and certificate of the SDK for Go (github.com/wechatpay-apiv3/wechatpay-go,
   6dbd7ce2, core/downloader/mock_download_server_test.go). WX_SECOND_CERT: made for these tests over
   ADK_ALIPAY_PRIVATE. All are public and worth nothing. */
#ifndef ADAPTER_WECHATPAY_FIXTURE_H
#define ADAPTER_WECHATPAY_FIXTURE_H

#include "adapter_fixture.h"

#include "adapters/wechatpay.h"

#define WX_PLATFORM_PRIVATE                                                                                  \
    "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQDZUJN33V+dSfvdfL0Mu+39XrZNXFFMQSy1V15FpncHeV47Sm"     \
    "V0TzTqZc7hHB0ddqAdDi8Z5k3TKqb76sOwYr5TcAfuR6PIPaleyE0/0KrljBum2Isa2Nyq7Dgc3ElBQ6YN4l/a+DpvKaz1FSKm"     \
    "KrhLNskqokWVSlu4g8OlKlbPXQ9ibII14MZRQrrkTmHYHzfi7GXXM0thAKuR0HNvyhTHBh4/lrYM3GaMvmWwkwvsMavnOex6+e"     \
    "ioZHBOb1/EIZ/LzC6zuHArPpyW3daGaZ1rtQB1vVzTyERAVVFsXXgBHvfFud3w3ShsJYk8JvMwK2RpJ5/gV0QSARcmLDRUAlPz"     \
    "AgMBAAECggEBAMc7rDeUaXiWv6bMGbZ3BTXpg1FhdddnWUnYE8HfX/kmOFI7XtBHXcgYFpcjYz4D5787pcsk7ezPidAj58zqen"     \
    "uclmjKnUmT3pfbI5eCA2v4C9HnbYDrmUPK1ZcADtka4D6ScDccpNYNa1g2TFHzkIrEa6H+q7S3O2fqxY/DRVtN0JIXalBb8daa"     \
    "qL5QVzSmM2BMVnHy+YITJWIkP2a3pKs9C0W65JGDsnG0wVrHinHF+cnhFZIbaPEI//DAFMc9NkrWOKVRTEgcCUxCFaHOZVNxDW"     \
    "ZD7A2ZfJB2rK6eg//ygEiFDR2h6mTaDowMB4YF2n2dsIO4/dCG8vPHI20jn4ECgYEA/ZGu6lEMlO0XZnamAZGtiNgLcCfM/C2Z"     \
    "ERZE7QTRPZH1WdK92Al9ndldsswFw4baJrJLCmghjF/iG4zihhBvLnOLksnZUfjdumxoHDWXo2QBWbI5QsWIE7AuTiWgWj1I7X"     \
    "4fCXSQf6i+M/y26TogQ7d0ANpZFyOkTNMn/tiJvLECgYEA22XqlamG/yfAGWery5KNH2DGlTIyd6xJWtJ9j3jU99lZ0bCQ5xhi"     \
    "BbU9ImxCi3zgTsoqLWgA/p00HhNFNoUcTl9ofc0G3zwTD1y0ZzcnVKxGJdZ6ohW52V0hJStAigtjYAsUgjm7//FH7PiQDBDP1W"     \
    "a6xSRkDQU/aSbQxvEE8+MCgYEA3bb8krW7opyM0XL9RHH0oqsFlVO30Oit5lrqebS0oHl3Zsr2ZGgoBlWBsEzk3UqUhTFwm/Dh"     \
    "JLTSJ/TQPRkxnhQ5/mewNhS9C7yua7wQkzVmWN+VYeUGTvDGDF6qDz12/vJAgSwDDRym8x4NcXD5tTw7mmNRcwIfL22SkysThI"     \
    "ECgYAVBgccoEoXWS/HP2/u6fQr9ZIR6eV8Ij5FPbZacTG3LlS1Cz5XZra95UgebFFUHHtCEY1JHJY7z8SWvTH8r3Su7eWNaIAo"     \
    "FBGffzqqSVazfm6aYZsOvRY6BfqPHT3p/H1hTq6AbBffxrcltgvXnCTORjHPglU0CjSxVs7awW3AEQKBgB5WtaC8VLROM7rkfV"     \
    "Iq+RXqE5vtJfa3e3N7W3RqxKp4zHFAPfr82FK5CX2bppEaxY7SEZVvVInKDc5gKdG/jWNRBmvvftZhY59PILHO2X5vO4FXh7su"     \
    "Ejy6VIh0gsnK36mmRboYIBGsNuDHjXLeBDa+8mDLkWu5nHEhOxy2JJZl"

#define WX_PLATFORM_CERT                                                                                     \
    "-----BEGIN CERTIFICATE-----\nMIIDVzCCAj+gAwIBAgIJANfOWdH1ItcBMA0GCSqGSIb3DQEBCwUAMEIxCzAJBgNV\nBAY"     \
    "TAlhYMRUwEwYDVQQHDAxEZWZhdWx0IENpdHkxHDAaBgNVBAoME0RlZmF1bHQg\nQ29tcGFueSBMdGQwHhcNMjEwNDI3MDg1NTI"     \
    "zWhcNMzEwNDI1MDg1NTIzWjBCMQsw\nCQYDVQQGEwJYWDEVMBMGA1UEBwwMRGVmYXVsdCBDaXR5MRwwGgYDVQQKDBNEZWZh\nd"     \
    "Wx0IENvbXBhbnkgTHRkMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA\n2VCTd91fnUn73Xy9DLvt/V62TVxRTEEst"     \
    "VdeRaZ3B3leO0pldE806mXO4RwdHXag\nHQ4vGeZN0yqm++rDsGK+U3AH7kejyD2pXshNP9Cq5YwbptiLGtjcquw4HNxJQUOm\n"    \
    "DeJf2vg6byms9RUipiq4SzbJKqJFlUpbuIPDpSpWz10PYmyCNeDGUUK65E5h2B83\n4uxl1zNLYQCrkdBzb8oUxwYeP5a2DNxm"     \
    "jL5lsJML7DGr5znsevnoqGRwTm9fxCGf\ny8wus7hwKz6clt3Whmmda7UAdb1c08hEQFVRbF14AR73xbnd8N0obCWJPCbzMCtk"     \
    "\naSef4FdEEgEXJiw0VAJT8wIDAQABo1AwTjAdBgNVHQ4EFgQUT1c7nd/SUO76HSoZ\numNUJv1R5PwwHwYDVR0jBBgwFoAUT1"     \
    "c7nd/SUO76HSoZumNUJv1R5PwwDAYDVR0T\nBAUwAwEB/zANBgkqhkiG9w0BAQsFAAOCAQEAfTjxKRQMzNB/U6ZoCUS+BSNfa2"     \
    "Oh\n0plMN6ZuzwiVVZwg1jywvv5yv04koS7Pd4i9E4gt9ZBUQXlpq+A3oOCEEHNRR6b2\nkyazGRM7s0OP5X21WrbpSmKmU6K7"     \
    "hkfx30yYs08LVs/Q8DIhvaj1FCFeJzUCzYn/\nfHMq4tsbKO0dKAeydPM/nrUZBmaYQVKMVOORGLFjFKVO7JV6Kq/R86ouhjEP"     \
    "gJOe\n2xulNBUcjicqtZlBdEh/PWCYP2SpGVDclKm8jeo175T3EVAkdKzzmfpxtMmnMlmq\ncTJOU9TxuGvNASMtjj7pYIerTx"     \
    "+xgZDXEVBWFW9PjJ0TV06tCRsgSHItgg==\n-----END CERTIFICATE-----\n"

#define WX_SECOND_CERT                                                                                       \
    "-----BEGIN CERTIFICATE-----\nMIIDLDCCAhSgAwIBAgIUUVfwnv3Alt4V6+gaRwV6cjLxuOEwDQYJKoZIhvcNAQEL\nBQA"     \
    "wODEYMBYGA1UEAwwPVGVzdCBwbGF0Zm9ybSAyMQ8wDQYDVQQKDAZUZW5wYXkx\nCzAJBgNVBAYTAkNOMCAXDTI0MDEwMTAwMDA"     \
    "wMFoYDzIwOTkwMTAxMDAwMDAwWjA4\nMRgwFgYDVQQDDA9UZXN0IHBsYXRmb3JtIDIxDzANBgNVBAoMBlRlbnBheTELMAkG\nA"     \
    "1UEBhMCQ04wggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEKAoIBAQCwF39YO14A\njoJChk3hYFX5xpNLh/ntMO7BTywbTdalf"     \
    "AFOXQsKM2A1bqL6xWoe6p60uvzmKpZa\nNUtZ1NeghTQBUDF6h5oPeBgdp7tM6VAY+wHjjILFjinZyZcmSqwVgLPay86TW0D6\n"    \
    "gG1MbB0Hw4yLWCSJZKhEJdqOcAqjDp7M9dT/SEtqrJF1N4K34ON7aEapsvGXnV1m\nt1IHdo5iKlmiwgFEEVP//V5GcVjAUZRs"     \
    "0VH0fxl2h1nzFAzN+grUqkRFAu501Fey\n1VnNE/wvLaNKLUI+Yg15KUwF7GRO7QFYLNNmmCrJPc0D5tAZ9PiSjGkdXalI7Pd6"     \
    "\ncCqU/fTamvxpAgMBAAGjLDAqMAkGA1UdEwQCMAAwHQYDVR0OBBYEFH4WouFnKuc1\nl803ICkCtYGZs4XpMA0GCSqGSIb3DQ"     \
    "EBCwUAA4IBAQBwRqcoI/Ph1lNb4zJy1wxr\nNJiel1wzpCzLUjKUVEROYtoXrnfHPvfT8v3aAJUzIqUnbuq3+nwxL2Pte/JLg4"     \
    "k7\nHJxie3FyOrjy5lIeJfDOMbVTPA5iDTpXuvp4SEjv0zxqig6C805KeTJI4In8kayv\ndC3orQA+MsgMZBENxwKQlrZS+2PQ"     \
    "bn2yUV3036T5mHOHmjNixiwv84ndCs9fss2R\nj4EjkspRqtDYhowx0aJVdtv0Iou3cjaNQ8e7HCjednPi0ZWCB3rZ9dnsqk9N"     \
    "mjhd\no3ygP9nineDLc9iThaFY1VLMG6jODcO2amsOaXlyfAsEBQ0ljh9IwjLnd9+iIn4S\n-----END CERTIFICATE-----\n"

#define WX_SECOND_PRIVATE ADK_ALIPAY_PRIVATE
#define WX_SERIAL "D7CE59D1F522D701"
#define WX_SECOND_SERIAL "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
#define WX_KEY_ID "PUB_KEY_ID_0000000000000024101100397200000006"
#define WX_APIV3 "a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb"
#define WX_OLD_APIV3 "4EYG13V2Uz15h0JrAd8tk5k35Vlfn8c5"

#define REF "0K3V9Z2M4QABCDEFGHJKMNPQRS"
#define REFUND_KEY REF "R1"
#define NOW_S 1764064500

#define WX_CREDENTIAL(version, apiv3, more)                                                                  \
    "{\"version\":\"" version "\",\"mchid\":\"1900007291\",\"appid\":\"wx2421b1c4370ec43b\","                \
    "\"serial_no\":\"5F1C72E2A8931B72A2E13AF8DEE92471EB397115\",\"private_key\":\"" ADK_OFFICIAL_APP_PRIVATE \
    "\",\"apiv3_key\":\"" apiv3 "\"" more "}"
#define WX_PUBLIC ",\"public_key_id\":\"" WX_KEY_ID "\",\"public_key\":\"" ADK_OFFICIAL_REPLY_PUBLIC "\""
#define WX_CHANNEL(credentials)                                                                              \
    "{\"id\":\"wx\",\"provider\":\"wechatpay\",\"base_url\":\"https://api.example\","                        \
    "\"notify_url\":\"https://shop.example/n\",\"return_url\":\"https://shop.example/r?a=1\","               \
    "\"credentials\":[" credentials "],"                                                                     \
    "\"methods\":[{\"method\":\"wechat\",\"flows\":[\"qr\",\"redirect\",\"token\"]}],\"currencies\":[\"CNY\"]}"
#define WX_OURS WX_CHANNEL(WX_CREDENTIAL("1", WX_APIV3, ""))

static const pr_wish wx_wish = {.subject = "Image形象店-深圳腾大-QQ公仔",
                                .instrument = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o",
                                .client_ip = "14.23.150.211",
                                .order_hash = "00ff"};

/* A channel of two credential versions, the newer first. */
static inline void wx_open(adk *k, const char *newer, const char *older)
{
    char *json = malloc(strlen(newer) + strlen(older) + 512);
    assert_non_null(json);
    sprintf(
        json,
        "{\"id\":\"wx\",\"provider\":\"wechatpay\",\"base_url\":\"https://api.example\","
        "\"notify_url\":\"https://shop.example/n\",\"credentials\":[%s,%s],"
        "\"methods\":[{\"method\":\"wechat\",\"flows\":[\"qr\"]}],\"currencies\":[\"CNY\"]}",
        newer, older);
    adk_open(k, json, "wechat", "qr", "CNY");
    free(json);
}

static inline void wx_sign(char *out, size_t cap, const char *private_key, const char *text, size_t len)
{
    pr_key *key = NULL;
    char why[128];
    assert_int_equal(pr_key_new(&key, PR_KEY_RSA_PRIVATE, private_key, strlen(private_key), why, sizeof why),
                     PAYROUTE_OK);
    assert_true(pr_key_sign(out, cap, key, text, len, adk_entropy) >= 0);
    pr_key_free(key);
}

/* The headers of a message that WeChat Pay signs at `seconds`. */
static inline void wx_headers(char *out, size_t cap, const char *private_key, const char *serial,
                              int64_t seconds, const char *body, size_t body_len)
{
    char sign[1024];
    char *text = malloc(body_len + 64);
    assert_non_null(text);
    int n = sprintf(text, "%lld\nd824f2e086d3c1df967785d13fcd22ef\n", (long long)seconds);
    memcpy(text + n, body, body_len);
    text[(size_t)n + body_len] = '\n';
    wx_sign(sign, sizeof sign, private_key, text, (size_t)n + body_len + 1);
    free(text);
    snprintf(out, cap,
             "HTTP/1.1 200 OK\r\nDate: Tue, 25 Nov 2025 09:55:00 GMT\r\nWechatpay-Serial: %s\r\n"
             "Wechatpay-Timestamp: %lld\r\nWechatpay-Nonce: d824f2e086d3c1df967785d13fcd22ef\r\n"
             "Wechatpay-Signature: %s\r\nWechatpay-Signature-Type: WECHATPAY2-SHA256-RSA2048\r\n",
             serial, (long long)seconds, sign);
}

/* {"algorithm":…} over `plain`, sealed as WeChat Pay seals. */
static inline char *wx_seal(const char *plain, const char *apiv3, const char *aad)
{
    static const char nonce[] = "3a584b49ed9b";
    size_t len = strlen(plain);
    uint8_t *sealed = malloc(len + 16);
    char *base64 = malloc(len * 2 + 64), *json = malloc(len * 2 + 256);
    assert_true(sealed != NULL && base64 != NULL && json != NULL);
    int32_t n = pr_sign_aes256_gcm_seal(sealed, len + 16, (const uint8_t *)apiv3, (const uint8_t *)nonce,
                                        (const uint8_t *)aad, strlen(aad), (const uint8_t *)plain, len);
    assert_int_equal(n, len + 16);
    assert_true(pr_sign_base64(base64, len * 2 + 64, sealed, len + 16) > 0);
    snprintf(
        json, len * 2 + 256,
        "{\"algorithm\":\"AEAD_AES_256_GCM\",\"ciphertext\":\"%s\",\"associated_data\":\"%s\",\"nonce\":\"%s\"}",
        base64, aad, nonce);
    free(sealed);
    free(base64);
    return json;
}

/* One entry of GET /v3/certificates. */
static inline char *wx_entry(const char *pem, const char *serial, const char *apiv3, const char *until)
{
    char *sealed = wx_seal(pem, apiv3, "certificate");
    char *json = malloc(strlen(sealed) + 256);
    assert_non_null(json);
    sprintf(json,
            "{\"serial_no\":\"%s\",\"effective_time\":\"2021-04-27T16:55:23+08:00\",\"expire_time\":\"%s\","
            "\"encrypt_certificate\":%s}",
            serial, until, sealed);
    free(sealed);
    return json;
}

static inline int32_t wx_fetch(pr_keyring *ring, const adk *k, const char *entries)
{
    char room[256];
    pr_text why;
    char *body = malloc(strlen(entries) + 32);
    assert_non_null(body);
    int n = sprintf(body, "{\"data\":[%s]}", entries);
    pr_text_init(&why, room, sizeof room);
    int32_t rc = k->adapter->fetched(ring, k->channel, body, (size_t)n, k->subject.now_ms, &why);
    free(body);
    return rc;
}

/* A ring that knows the platform's certificate. */
static inline pr_keyring *wx_ring(const adk *k)
{
    pr_keyring *ring = calloc(1, sizeof *ring);
    assert_non_null(ring);
    char *entry = wx_entry(WX_PLATFORM_CERT, WX_SERIAL, WX_APIV3, "2031-04-25T16:55:23+08:00");
    assert_int_equal(wx_fetch(ring, k, entry), PAYROUTE_OK);
    free(entry);
    return ring;
}

static inline void wx_ring_free(pr_keyring *ring)
{
    pr_keyring_clear(ring);
    free(ring);
}

#endif
