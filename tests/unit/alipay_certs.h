/* Certificate mode for tests: a channel with a root of its own, the certificate that Alipay changes to, and a
   forged one. Made for these tests with openssl; the leaves are over ADK_ALIPAY_PRIVATE. */
#ifndef ALIPAY_CERTS_H
#define ALIPAY_CERTS_H

#include "adapter_alipay_fixture.h"

/* Inside JSON. */
#define ROOT_CERT                                                                                            \
    "-----BEGIN CERTIFICATE-----\\n"                                                                         \
    "MIIDODCCAiCgAwIBAgIBTTANBgkqhkiG9w0BAQsFADA0MQswCQYDVQQGEwJDTjER\\n"                                    \
    "MA8GA1UECgwIQW50IHRlc3QxEjAQBgNVBAMMCVJvb3QgdGVzdDAgFw0yNjExMjYw\\n"                                    \
    "MDU3MDJaGA8yMTI2MTEwMjAwNTcwMlowNDELMAkGA1UEBhMCQ04xETAPBgNVBAoM\\n"                                    \
    "CEFudCB0ZXN0MRIwEAYDVQQDDAlSb290IHRlc3QwggEiMA0GCSqGSIb3DQEBAQUA\\n"                                    \
    "A4IBDwAwggEKAoIBAQC+2/q4rtwFh7XslLEdyC5qtpcqYCi2rGdYZTKrQBz0/Pkk\\n"                                    \
    "efwEE+t93+CzIN5tcpubIc9vtwUaJBWb5uzq8TpLJmbUgVKdH5N0B/IBUTAAh2iY\\n"                                    \
    "A7XjZqP2mnIykArSXJOzZWkefa3zT3oXWFI4Gu9t2nDsDMZ2EbqiTWrIz5WDk+Wb\\n"                                    \
    "jK5Q2G/EZ6aXF6AVGT/XsoHXlkfxNY3fn3MHQGH4mIxEwAqtxuLlGNHlCFjVcJEU\\n"                                    \
    "W0lHdlJC2I5ELIvJSANZl64Uq6o10T+fF6wOHu6Dli6HRwW2ynshSsM0DAhTO2Ea\\n"                                    \
    "g2hvjj0/ttACTuf04/wzUQqjuVCNc3uXvRHIN0ovAgMBAAGjUzBRMB0GA1UdDgQW\\n"                                    \
    "BBQLfAdi1euCUKATuLW4JNLmyrS03zAfBgNVHSMEGDAWgBQLfAdi1euCUKATuLW4\\n"                                    \
    "JNLmyrS03zAPBgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBCwUAA4IBAQBObUC5\\n"                                    \
    "wdUMBn4qV/9Iss0nQ4/ug8/co4AYaa2PVaQEJzbY5exRDGSU0SVlAbdOQvP31z3K\\n"                                    \
    "+pdzari6ZzTtP4tZHGi9NZ6J2xL43RoUiQlkmoEKjqGfVA16Ed+bh5z0GLH701DH\\n"                                    \
    "8YQ3ji2q1IEOnSt8x6iJ9p5RJ7w8uEoqnHgVGy7bZ0mq0LeBxg69U+Blcq3xSOVp\\n"                                    \
    "YiY8lM66fU+VxPkx/hAZApNFUrNxjVecjqrCBVVLbK//z/u1RvmSBcgvThFtznrN\\n"                                    \
    "AckhU1HQ96Oy6QxE2BpJxSfH4zPrROIMR5uQpLFahL2iKW00S69xQ0CYYWKsSymC\\n"                                    \
    "OpvWG8jdLcNdr8hn\\n"                                                                                    \
    "-----END CERTIFICATE-----\\n"

#define NEXT_CERT                                                                                            \
    "-----BEGIN CERTIFICATE-----\n"                                                                          \
    "MIIC3DCCAcQCAhABMA0GCSqGSIb3DQEBCwUAMDQxCzAJBgNVBAYTAkNOMREwDwYD\n"                                     \
    "VQQKDAhBbnQgdGVzdDESMBAGA1UEAwwJUm9vdCB0ZXN0MCAXDTI2MTEyNjAwNTcw\n"                                     \
    "MloYDzIxMjYxMTAyMDA1NzAyWjAxMQswCQYDVQQGEwJDTjEMMAoGA1UECgwDQW50\n"                                     \
    "MRQwEgYDVQQDDAtBbGlwYXkgbmV4dDCCASIwDQYJKoZIhvcNAQEBBQADggEPADCC\n"                                     \
    "AQoCggEBALAXf1g7XgCOgkKGTeFgVfnGk0uH+e0w7sFPLBtN1qV8AU5dCwozYDVu\n"                                     \
    "ovrFah7qnrS6/OYqllo1S1nU16CFNAFQMXqHmg94GB2nu0zpUBj7AeOMgsWOKdnJ\n"                                     \
    "lyZKrBWAs9rLzpNbQPqAbUxsHQfDjItYJIlkqEQl2o5wCqMOnsz11P9IS2qskXU3\n"                                     \
    "grfg43toRqmy8ZedXWa3Ugd2jmIqWaLCAUQRU//9XkZxWMBRlGzRUfR/GXaHWfMU\n"                                     \
    "DM36CtSqREUC7nTUV7LVWc0T/C8to0otQj5iDXkpTAXsZE7tAVgs02aYKsk9zQPm\n"                                     \
    "0Bn0+JKMaR1dqUjs93pwKpT99Nqa/GkCAwEAATANBgkqhkiG9w0BAQsFAAOCAQEA\n"                                     \
    "pTJEs+qr0rcczpSKULoXyFPFzjTnG6OSZvF/AI8sUqDmBZkqw8kyZQ8Lfwg6f39N\n"                                     \
    "OtevoWFOSijlLWRF/Sca5BUEw/32Jophv+nPdwGxkii8C8oldtgWYKgu5HsBesVD\n"                                     \
    "DlmUD8Jz7hF5J5JmqoD0+GWwJNWjv61kk3lwO51h8V7QNGSJsPOW2v+M5Op7QLf3\n"                                     \
    "N7pUhZFGJLuf8O2aejFmcEv5UEl3ItzbNfPNgHwZvigPtUQS4Ne7Nrz69eyprLng\n"                                     \
    "lDo1XNQ5dv/PLR47R5ZolBi+g4lzRMbjMDzl+noV8qYRArY8o6rzzJsS6D3Gnlgz\n"                                     \
    "3+pSDmDYO1DvfgVrrpB1rQ==\n"                                                                             \
    "-----END CERTIFICATE-----\n"

/* The same names, another root. */
#define FORGED_CERT                                                                                          \
    "-----BEGIN CERTIFICATE-----\n"                                                                          \
    "MIIC3DCCAcQCAhACMA0GCSqGSIb3DQEBCwUAMDQxCzAJBgNVBAYTAkNOMREwDwYD\n"                                     \
    "VQQKDAhBbnQgdGVzdDESMBAGA1UEAwwJUm9vdCB0ZXN0MCAXDTI2MTEyNjAwNTcw\n"                                     \
    "MloYDzIxMjYxMTAyMDA1NzAyWjAxMQswCQYDVQQGEwJDTjEMMAoGA1UECgwDQW50\n"                                     \
    "MRQwEgYDVQQDDAtBbGlwYXkgbmV4dDCCASIwDQYJKoZIhvcNAQEBBQADggEPADCC\n"                                     \
    "AQoCggEBALAXf1g7XgCOgkKGTeFgVfnGk0uH+e0w7sFPLBtN1qV8AU5dCwozYDVu\n"                                     \
    "ovrFah7qnrS6/OYqllo1S1nU16CFNAFQMXqHmg94GB2nu0zpUBj7AeOMgsWOKdnJ\n"                                     \
    "lyZKrBWAs9rLzpNbQPqAbUxsHQfDjItYJIlkqEQl2o5wCqMOnsz11P9IS2qskXU3\n"                                     \
    "grfg43toRqmy8ZedXWa3Ugd2jmIqWaLCAUQRU//9XkZxWMBRlGzRUfR/GXaHWfMU\n"                                     \
    "DM36CtSqREUC7nTUV7LVWc0T/C8to0otQj5iDXkpTAXsZE7tAVgs02aYKsk9zQPm\n"                                     \
    "0Bn0+JKMaR1dqUjs93pwKpT99Nqa/GkCAwEAATANBgkqhkiG9w0BAQsFAAOCAQEA\n"                                     \
    "fZ0Eqt/5s3B43GgDG54jJ9DJL33brQgp3KwhG0iswQUnpUx7L9FMZW0fF8Oj1Jlc\n"                                     \
    "QbVTAjiKyFIIqAN109cMeks6HaLX39FMhbFDHJGRoot9Wc4PknRH38rLQ65PvwQV\n"                                     \
    "hKJxwKnLJNn7vY6nkspqcEflGiAfAG4SqQLTtL/NX1ZiyhkC/TK6uvFisd6gArHY\n"                                     \
    "jOyGwkZrpzYWindD8+sk2voSd9vl3bQ8jl75TWbk8vVa2YhgGS8Z+RHQbbVeXsdE\n"                                     \
    "wGHlVBMKtIdU23LqmQCko2ASN/F+z1aH7rYjS6o3YALC0jVVSlHqkk4ykobY0NMa\n"                                     \
    "RftTIdOZsa48p32BRICEqg==\n"                                                                             \
    "-----END CERTIFICATE-----\n"

/* Too long for one literal. */
static inline const char *cert_mode_config(void)
{
    static char json[12000];
    snprintf(
        json, sizeof json,
        "{\"id\":\"ali\",\"provider\":\"alipay\",\"notify_url\":\"https://shop.example/n\",\"credentials\":[{"
        "\"app_id\":\"2021000122671080\",\"private_key\":\"%s\",\"app_cert\":\"%s\",\"alipay_cert\":\"%s\","
        "\"alipay_root_cert\":\"%s\"}],\"methods\":[{\"method\":\"alipay\",\"flows\":[\"qr\"]}],"
        "\"currencies\":[\"CNY\"]}",
        ADK_OFFICIAL_APP_PRIVATE, ADK_APP_CERT, ADK_ALIPAY_CERT, ROOT_CERT);
    return json;
}

/* What Alipay answers to a download. */
static inline char *cert_answer(const char *pem)
{
    static char text[8192];
    static const char head[] =
        "{\"alipay_open_app_alipaycert_download_response\":{\"code\":\"10000\",\"msg\":"
        "\"Success\",\"alipay_cert_content\":\"";
    memcpy(text, head, sizeof head);
    size_t at = strlen(text);
    int32_t n = pr_sign_base64(text + at, sizeof text - at, pem, strlen(pem));
    assert_true(n > 0);
    strcpy(text + at + n, "\"}}");
    return text;
}

#endif
