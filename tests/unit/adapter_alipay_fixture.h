/* What the two files of alipay tests share: the channel, and Alipay's side of a signature. */
#ifndef ADAPTER_ALIPAY_FIXTURE_H
#define ADAPTER_ALIPAY_FIXTURE_H

#include "adapter_fixture.h"

#include "adapters/alipay.h"

/* Certificates over two of the keys, made for these tests; as they stand inside JSON. */
#define ADK_APP_CERT                                                                                         \
    "-----BEGIN CERTIFICATE-----\\n"                                                                         \
    "MIIDJTCCAg2gAwIBAgICAy8wDQYJKoZIhvcNAQELBQAwKjELMAkGA1UEBhMCQ04x\\n"                                    \
    "DTALBgNVBAoMBFNob3AxDDAKBgNVBAMMA2FwcDAgFw0yNjExMjUyMjI0MzdaGA8y\\n"                                    \
    "MTI2MTEwMTIyMjQzN1owKjELMAkGA1UEBhMCQ04xDTALBgNVBAoMBFNob3AxDDAK\\n"                                    \
    "BgNVBAMMA2FwcDCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBAIS96Vj+\\n"                                    \
    "eQdXxZL2DjrXHzhFIbwaHR6S53PSprgFOB/FfqHMik3JGnAYSa8CE/CCzM6X5X6q\\n"                                    \
    "c5fnb6SSLMdyGzQdT5stFfePfrwqIgRGtDGsNXYCXyMIIa7Ci+NcKs3mhagugnoY\\n"                                    \
    "nn78Eyq0vM8SCtYAx4qbIpjbA26gmJqIw8YcqKzuAgtIl5Xftfi0MWo3/WXRtZyw\\n"                                    \
    "3fXYFRojJBA1EhlygrejaaAx6f+qbQHGEr55+VuGFDVncvsFcU9I8q2z9YDVAxtQ\\n"                                    \
    "1bRS62VzUPb2OcEcmosfL1HHEN7OaNfOrT4KbqfvpVN79jYM8mxfScyVj3Wpw7+X\\n"                                    \
    "CXCchXuNyzXQ/ZsCAwEAAaNTMFEwHQYDVR0OBBYEFLsIKTSmFo5R4UtlTLcikeEy\\n"                                    \
    "NbciMB8GA1UdIwQYMBaAFLsIKTSmFo5R4UtlTLcikeEyNbciMA8GA1UdEwEB/wQF\\n"                                    \
    "MAMBAf8wDQYJKoZIhvcNAQELBQADggEBAEZJShSbWr1zpcoTcyUWXIaH0xW9yVkM\\n"                                    \
    "1rzzNst9/lxWSAh1TXPZuIRDak0822X6PQ6EIICO243VWuVjUBWeyALEbopBBQnE\\n"                                    \
    "+mfvUWqDCkPXY/vT64TiiOpdKpMLvA7KddLWxF1GPLQIi//d11ZZ/ainEvs4Pt2I\\n"                                    \
    "28a0L++CC5V9RyA37cwK9j3gUA8KNnU2cppbd6FUQyzadUR04rZus4rVjVX0L1yQ\\n"                                    \
    "JOV3M9ovlrWzF0WkjGl2fc5ETveKWjjBaYc590VcphxeE0l5KG+RvMjRqmsdfywe\\n"                                    \
    "N3dtu7c8k2aT0esqBvvqR0biu2e8eAfNJ/V3YZqf0Vhj7YT+ClxsdIg=\\n"                                            \
    "-----END CERTIFICATE-----\\n"

#define ADK_ALIPAY_CERT                                                                                      \
    "-----BEGIN CERTIFICATE-----\\n"                                                                         \
    "MIIDMzCCAhugAwIBAgICEmcwDQYJKoZIhvcNAQELBQAwMTELMAkGA1UEBhMCQ04x\\n"                                    \
    "DDAKBgNVBAoMA0FudDEUMBIGA1UEAwwLQWxpcGF5IHRlc3QwIBcNMjYxMTI1MjIy\\n"                                    \
    "NDM3WhgPMjEyNjExMDEyMjI0MzdaMDExCzAJBgNVBAYTAkNOMQwwCgYDVQQKDANB\\n"                                    \
    "bnQxFDASBgNVBAMMC0FsaXBheSB0ZXN0MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\\n"                                    \
    "MIIBCgKCAQEAsBd/WDteAI6CQoZN4WBV+caTS4f57TDuwU8sG03WpXwBTl0LCjNg\\n"                                    \
    "NW6i+sVqHuqetLr85iqWWjVLWdTXoIU0AVAxeoeaD3gYHae7TOlQGPsB44yCxY4p\\n"                                    \
    "2cmXJkqsFYCz2svOk1tA+oBtTGwdB8OMi1gkiWSoRCXajnAKow6ezPXU/0hLaqyR\\n"                                    \
    "dTeCt+Dje2hGqbLxl51dZrdSB3aOYipZosIBRBFT//1eRnFYwFGUbNFR9H8ZdodZ\\n"                                    \
    "8xQMzfoK1KpERQLudNRXstVZzRP8Ly2jSi1CPmINeSlMBexkTu0BWCzTZpgqyT3N\\n"                                    \
    "A+bQGfT4koxpHV2pSOz3enAqlP302pr8aQIDAQABo1MwUTAdBgNVHQ4EFgQUfhai\\n"                                    \
    "4Wcq5zWXzTcgKQK1gZmzhekwHwYDVR0jBBgwFoAUfhai4Wcq5zWXzTcgKQK1gZmz\\n"                                    \
    "hekwDwYDVR0TAQH/BAUwAwEB/zANBgkqhkiG9w0BAQsFAAOCAQEAlgfCZLayRGoK\\n"                                    \
    "QcxxpUE6+jDTdzLV7y7uLL7FetkPgiifCrkA5v4Py/CUTv+BiNF5xuR1zC6r5bmm\\n"                                    \
    "SymTjVxFrqp6+JRLoACh95olJbhs+KFG9EgODZBeOYk68hGQRjU0iXDji/dNYmHb\\n"                                    \
    "ydyUosiCoNJfeSQI8s3/VLfMGv92gxMOphj/mrDws6+muY59RBgv1mcWQwzKK8Lj\\n"                                    \
    "oZOqMIDMFeI1IcJFcAhhQGM5ODWBKFq3TGFDUWfKwsMaqfsYSj/f28W5JfA3Pnfn\\n"                                    \
    "j1/aGnORPZ2vGsImSf6cwrwvTkfuilAHUX3Cg3Ic0ZNhZ5UqugEHVLZusrp6wKf/\\n"                                    \
    "dmE+I1ogWg==\\n"                                                                                        \
    "-----END CERTIFICATE-----\\n"

#define REF "0K3V9Z2M4QABCDEFGHJKMNPQRS"

#define CHANNEL(app, seller, public_key)                                                                     \
    "{\"id\":\"ali\",\"provider\":\"alipay\",\"base_url\":\"https://gateway.example/gateway.do\","           \
    "\"notify_url\":\"https://shop.example/n\",\"return_url\":\"https://shop.example/r?a=1\","               \
    "\"credentials\":[{\"app_id\":\"" app "\",\"seller_id\":\"" seller                                       \
    "\",\"private_key\":\"" ADK_OFFICIAL_APP_PRIVATE "\",\"alipay_public_key\":\"" public_key "\"}],"        \
    "\"methods\":[{\"method\":\"alipay\",\"flows\":[\"qr\",\"redirect\",\"wap\"]}],\"currencies\":[\"CNY\"]}"
#define OURS CHANNEL("2021000122671080", "2088000000000001", ADK_ALIPAY_PUBLIC)

static inline void sign_with(char *out, size_t cap, const char *private_key, const char *text, size_t len)
{
    pr_key *key = NULL;
    char why[128];
    assert_int_equal(pr_key_new(&key, PR_KEY_RSA_PRIVATE, private_key, strlen(private_key), why, sizeof why),
                     PAYROUTE_OK);
    assert_true(pr_key_sign(out, cap, key, text, len, adk_entropy) >= 0);
    pr_key_free(key);
}

#endif
