/* Keys made for these tests and worth nothing, and the parts of a configuration. Keys are ready to stand
   inside JSON: bare base64, or PEM with escaped line ends. Configurations name them as @app@ and so on;
   fix_expand puts them in, since a literal of C99 has at most 4095 characters. */
#ifndef REGISTRY_FIXTURE_H
#define REGISTRY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FIX_APP_PRIVATE \
    "MIIEvwIBADANBgkqhkiG9w0BAQEFAASCBKkwggSlAgEAAoIBAQDALKDKe2GuB9UfV3WOo5v2X5zq6bnZYHrswsFsUpluFpwE" \
    "m+ie1fSsgVPLMdYDElh1SHxzbFMdPeX8YZ4BtM6VgvskxEbg0G1hOzgmQdIO47xmN4+LSXPVNr0g5k3SLNj5bTScDBQrkeK0" \
    "GJwr41an9Q+yjQdi1STmmByCNI4i3fUTSNpnp+MY0NK3R5opWutclNg7f3GKkNYIB80joSjrvb1yC72iBy17O6dEyvxbt2L4" \
    "KYDlseLKBJI6vMr2WsGEjHCAienBw8GOddfQU0BDM50P8q701UYEIZ8ctn1IYhlyr4s/lYFarUIltZZ04ox7142iO+aGvtAd" \
    "w+O4yLpHAgMBAAECggEARmczIusProulCv3mDfMnfJurp64nzZjYf+ubo/0gw6GZ1+BsWOBmalpY4eyojGiIqrL7EOgjDOfz" \
    "3UG/+r0MH98j9eTIWK1THRduayma9KR/DW2Wc39d5cNPh4GIChMvDDXzW6XbL9ka1kLb2AJJ6W9QqGedSJpwkeAxNYxedCv9" \
    "A8j7FDstUvvAjFfyV/6VvQWXi2IFDk7Q3RIvdGoikMPZRd1XQiL36R6ox2TuJ3lS6PVN/AcH8dfOaBaxiofof05L8j3U0ELT" \
    "mQ1jKVXZFTJHFg9H6AmJx400fLMOLzkTwAUuO3YtcKL0UB5fxCrVR/cxGawc+3A+6XbWcASoYQKBgQDiOBbHIo9b3utD3rSp" \
    "6O9Upo7Uhe7f4qvgRS2hUvxxMogDOUn+oNDiNqAlAQCMG1bdKBPDEDfiK5IQmccZUBGXbDVx6cjwNAmjBQwYU132Z/4uIamr" \
    "g/HOz3vzmVXq3Y8lZcmOah5JDiKLiatFjrd4LnVjqxhHUi1vqd6n/ImBYQKBgQDZeS5dvq1M/dLcbiWWeBmuwlBTYRn6ABhy" \
    "dwlQnCwtzkj9HZkt9VkCq/qoAQPVe1R297sfPLRy6/SMWHsO9aWc5TXThdnStDpF0YoTApBXuOoZogoa+ZTper4DDYpvFvHz" \
    "B/UDfxGhEfantpvvLAhr7E64YpfPFaI5m3CWVJHUpwKBgQCnL9LNu2H+AOMZFteolymCA1KeCJoBRvHF3vqZNs6xDiptT4K7" \
    "N7kI5lw23OW9plrtObhZOnxCn/bkY/I8Z+uIYIWjOaeytpLEs2877ykLedHl4CUYSHyGXtt5rkJMQRCREAgFQ7I8RcEMJWO6" \
    "FX7MyHEjhwh7dWV1GDMhLcemIQKBgQCWstikcYtZvNIvmcxGNrdlWJWdEb6UdRh7yW0VBQPAQiBl9eq95DRoG5C4duuXNb1U" \
    "K1rpzIEm2cc+sdmkhijbTiI8j5Zf4jA3TXqmrbIkd6kRVi42fxjnqfyd1PZHANlslej9IUKwIOiRU4M++35iewAZ2YhlIhKm" \
    "ZMZiBfyAJQKBgQDOW3dwNPhnOC157Y0MIJy6lttWR603eKPAhpOvImLoHKNFYMRCNICT7j1kGB+se0gTEvkzbuhX8ZZ4YsWo" \
    "z0cAvby33B2wlHF7wymlYSEJh7y9z2DyprwBE8j5d3bhy6IlpbDl0pgAcvqKigF06gw+5y9ZG5P1ZCOMbMLxHTWORw=="

#define FIX_APP_PUBLIC \
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAwCygynthrgfVH1d1jqOb9l+c6um52WB67MLBbFKZbhacBJvontX0" \
    "rIFTyzHWAxJYdUh8c2xTHT3l/GGeAbTOlYL7JMRG4NBtYTs4JkHSDuO8ZjePi0lz1Ta9IOZN0izY+W00nAwUK5HitBicK+NW" \
    "p/UPso0HYtUk5pgcgjSOIt31E0jaZ6fjGNDSt0eaKVrrXJTYO39xipDWCAfNI6Eo6729cgu9ogctezunRMr8W7di+CmA5bHi" \
    "ygSSOrzK9lrBhIxwgInpwcPBjnXX0FNAQzOdD/Ku9NVGBCGfHLZ9SGIZcq+LP5WBWq1CJbWWdOKMe9eNojvmhr7QHcPjuMi6" \
    "RwIDAQAB"

#define FIX_ALIPAY_PUBLIC \
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEArjh1CgjxszDnFSOVOXED4zkRZbfErhz3nQms8vlBlBD5cVfej1bu" \
    "RGSG4s8aFby37UDd4uWzFdNYi9PANUNdvkBSVmRqouE0wxVuvYbi7bckRTZRt56tUbfS+MJRw1RBxJ/Awdx8IZ5/4U90+8Zr" \
    "yTf3ECscT2BJo5k8R0v4X1pad9KW7EfU3aNGmIzE1wdT9hEcFDddiZDi5QtfLKkRW/0661eB5e0EkEqROOJQ8k+/aUFBtMRY" \
    "3ZHZzdKCB6axCdkX69kAXWzYpBz/XNT2XOYf6dg6JrCe53aUK8GpohAniqY/1xH6jRy2XpDXFg0Xvk2yyvlHhrAbwURhvh9V" \
    "aQIDAQAB"

#define FIX_SMALL_PRIVATE \
    "MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBAM2DwDWPw2KvE0SQ46X4c823Q13c5zdw2gaa5MHREdm2JENR" \
    "hc40mDwYkuL+PZW47p8eYBX9I+lOCmW4rXdQcz3c6C4+bm+MLtkzYI0KjVmQgR08D0tiK8JfQN9e7spXUiyvxC9k2g3mWrcU" \
    "S7bpzEkDQ64eKRzYZ5j4kbXY+E+XAgMBAAECgYEAjPDrE5CJbZclvqMjDELMoGsrbya9Bx+E1nzJn0YTWNx6GBTDj/wv3x73" \
    "NWcosxKFy2gYe1wEkc7sgIBbrnTk4m+Dt0gepotilR+fUxpYX2QzaOp7qJyNJWeI7KvKOI9aXh11nOf7IMdU0AsFyTOm0/3I" \
    "+Nh6oTR4E0A4IxDJdSECQQD4ziiFMU/hH7/CL2lNdYQx1wDsMTr4Qu5S6eH2urO696ZC+Eyz4QK7CZU7Ufx2UDAsmeUi2T+/" \
    "VaAwdS9ZxtNHAkEA03UfebgSD4QW2XDH6XpoSQhksgmwJxNkxqBc1kJiBrfk/oJchDbyj33/DXPM7oDpfEUxWZHkSo3dJMw8" \
    "LBCpMQJAEGd/UnDS5HP0b7gyiDHkWmjjna8NRUscbYkQJfVfXkdvxeCbJg0C4hQaq8OXErHsyzQGYIrUYigiHK/NRG0QhwJA" \
    "VLnCEdAqFGN1kEw7HZa5QEIHrrppBU8k+tz4NbVFd7GpJDzxetxVVh9C2Y4Dl7C5XNyQiHYHRcQPzpWyqmlGkQJAXSW/yVxa" \
    "BOKBOlCxTy7ZXxVJeo104k/9Ko3X7EDemn60ybhBLDL0qHvDUAqV1WvWa+3i51+QdXNN6DLgudlGjA=="

#define FIX_APP_CERT \
    "-----BEGIN CERTIFICATE-----\\n" \
    "MIIDNzCCAh+gAwIBAgIUT1m4g+EVzcHmuaFOH6cyj+NbaZEwDQYJKoZIhvcNAQEL\\n" \
    "BQAwKjELMAkGA1UEBhMCQ04xDTALBgNVBAoMBFNob3AxDDAKBgNVBAMMA2FwcDAg\\n" \
    "Fw0yNjExMjUyMjA1MjBaGA8yMTI2MTEwMTIyMDUyMFowKjELMAkGA1UEBhMCQ04x\\n" \
    "DTALBgNVBAoMBFNob3AxDDAKBgNVBAMMA2FwcDCCASIwDQYJKoZIhvcNAQEBBQAD\\n" \
    "ggEPADCCAQoCggEBAMAsoMp7Ya4H1R9XdY6jm/ZfnOrpudlgeuzCwWxSmW4WnASb\\n" \
    "6J7V9KyBU8sx1gMSWHVIfHNsUx095fxhngG0zpWC+yTERuDQbWE7OCZB0g7jvGY3\\n" \
    "j4tJc9U2vSDmTdIs2PltNJwMFCuR4rQYnCvjVqf1D7KNB2LVJOaYHII0jiLd9RNI\\n" \
    "2men4xjQ0rdHmila61yU2Dt/cYqQ1ggHzSOhKOu9vXILvaIHLXs7p0TK/Fu3Yvgp\\n" \
    "gOWx4soEkjq8yvZawYSMcICJ6cHDwY5119BTQEMznQ/yrvTVRgQhnxy2fUhiGXKv\\n" \
    "iz+VgVqtQiW1lnTijHvXjaI75oa+0B3D47jIukcCAwEAAaNTMFEwHQYDVR0OBBYE\\n" \
    "FCoWd9jkQffJ1+GYpa+MccRJJRAQMB8GA1UdIwQYMBaAFCoWd9jkQffJ1+GYpa+M\\n" \
    "ccRJJRAQMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQELBQADggEBAHOzpJGu\\n" \
    "ltB97Yr3giJ7AVODwE3K/VXHCWvSZ3M6ATU2OH5gdt+v+dTep0WhS2cMJ6qsAd9m\\n" \
    "qFlAEcYv8pKAf9hpgruhFdcgm3JT7aE/kOaTFBV4q3sVH+X3j3+zmNj+gYdRIe1s\\n" \
    "iExNexu6iB9WJ5e042WlHnKRKsOMbWCMPmlC0HUk+c/YdkqyVDDflaZFjESby8iV\\n" \
    "L3CypJ8Kw/RzJf4KaElp5YdtRE1lso13wRiYLBDenFKvqMcwk/XPCw/bcg/boon4\\n" \
    "U2mGESZ1mV+ICXUzoqG2eqSyenMYSDDiuZ8lWCD+Q6ubD1FZdv31s/h3hTpEJpTN\\n" \
    "/qY08mSGYi+KZ08=\\n" \
    "-----END CERTIFICATE-----\\n"

#define FIX_ALIPAY_CERT \
    "-----BEGIN CERTIFICATE-----\\n" \
    "MIIDSzCCAjOgAwIBAgIUFXsmwWKVqyaK0vlhhae1fMvqyEUwDQYJKoZIhvcNAQEL\\n" \
    "BQAwNDELMAkGA1UEBhMCQ04xFzAVBgNVBAoMDkFsaXBheSBleGFtcGxlMQwwCgYD\\n" \
    "VQQDDANhbGkwIBcNMjYxMTI1MjIwNTIwWhgPMjEyNjExMDEyMjA1MjBaMDQxCzAJ\\n" \
    "BgNVBAYTAkNOMRcwFQYDVQQKDA5BbGlwYXkgZXhhbXBsZTEMMAoGA1UEAwwDYWxp\\n" \
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEArjh1CgjxszDnFSOVOXED\\n" \
    "4zkRZbfErhz3nQms8vlBlBD5cVfej1buRGSG4s8aFby37UDd4uWzFdNYi9PANUNd\\n" \
    "vkBSVmRqouE0wxVuvYbi7bckRTZRt56tUbfS+MJRw1RBxJ/Awdx8IZ5/4U90+8Zr\\n" \
    "yTf3ECscT2BJo5k8R0v4X1pad9KW7EfU3aNGmIzE1wdT9hEcFDddiZDi5QtfLKkR\\n" \
    "W/0661eB5e0EkEqROOJQ8k+/aUFBtMRY3ZHZzdKCB6axCdkX69kAXWzYpBz/XNT2\\n" \
    "XOYf6dg6JrCe53aUK8GpohAniqY/1xH6jRy2XpDXFg0Xvk2yyvlHhrAbwURhvh9V\\n" \
    "aQIDAQABo1MwUTAdBgNVHQ4EFgQUnS81VjK+yzNxydQPuNGnGI3Y6mMwHwYDVR0j\\n" \
    "BBgwFoAUnS81VjK+yzNxydQPuNGnGI3Y6mMwDwYDVR0TAQH/BAUwAwEB/zANBgkq\\n" \
    "hkiG9w0BAQsFAAOCAQEATO0Em/a2qq35YzeOe080PhfFK5x6C4h2ZFQRB58rWNph\\n" \
    "fCN1j4F/y5T+yVDyJntCa1wFkVIQnoKuO2yb4uD57qCZ9OzNQgp/NJoS23rwGe9C\\n" \
    "41ox7JNAFxGz0C/fXQkaXR9jL5uMPJBY7sfqYmu8CQM2wRMKh+YSNSBoMqSb6KFK\\n" \
    "nm2lWrXbonosoQ9qZXX+1VfLdPXC/FE7au0ByVegjAU28geF4pY4KXxhVqZcv2ko\\n" \
    "85FlHj7JKAFIzTWjzJfCJ4PxBaqz5MfQhp8Cs3arEGxdIx6bjUOmZNvKcEApv56j\\n" \
    "9Ve+EAVtEp2d0HinjH5QAxz5Wbxx/pxfM1exuca8+Q==\\n" \
    "-----END CERTIFICATE-----\\n"

#define FIX_ALIPAY_CREDENTIAL                                                                  \
    "{\"version\":\"1\",\"app_id\":\"2021000000000001\",\"seller_id\":\"2088000000000001\","     \
    "\"private_key\":\"@app@\",\"alipay_public_key\":\"@alipay_public@\"}"

#define FIX_STRIPE_CREDENTIAL "{\"secret_key\":\"sk_test_CANARYONE\",\"webhook_secret\":\"whsec_CANARYTWO\"}"

/* Channels without closing brace, so that a test can add members. */
#define FIX_ALIPAY(id)                                                                                     \
    "{\"id\":\"" id "\",\"provider\":\"alipay\",\"credentials\":[" FIX_ALIPAY_CREDENTIAL "],"          \
    "\"methods\":[{\"method\":\"alipay\",\"flows\":[\"qr\",\"redirect\"]}],\"currencies\":[\"CNY\"]"

#define FIX_STRIPE(id)                                                                                     \
    "{\"id\":\"" id "\",\"provider\":\"stripe\",\"credentials\":[" FIX_STRIPE_CREDENTIAL "],"          \
    "\"methods\":[{\"method\":\"card\",\"flows\":[\"token\",\"redirect\"]},"                            \
    "{\"method\":\"ideal\",\"flows\":[\"redirect\"]}],\"currencies\":[\"EUR\",\"USD\"]"

#define FIX_CUSTOM(id)                                                                                     \
    "{\"id\":\"" id "\",\"provider\":\"custom\","                                                       \
    "\"methods\":[{\"method\":\"card\",\"flows\":[\"direct\"]}],\"currencies\":[\"CNY\"]"

#define FIX_FILE(channels) "{\"schema\":1,\"channels\":[" channels "]}"

static inline char *fix_expand(const char *text)
{
    static const char *const keys[][2] = {{"@app@", FIX_APP_PRIVATE},
                                          {"@app_public@", FIX_APP_PUBLIC},
                                          {"@alipay_public@", FIX_ALIPAY_PUBLIC},
                                          {"@small@", FIX_SMALL_PRIVATE},
                                          {"@app_cert@", FIX_APP_CERT},
                                          {"@alipay_cert@", FIX_ALIPAY_CERT}};
    size_t cap = strlen(text) + 1;
    for (const char *at = strchr(text, '@'); at != NULL; at = strchr(at + 1, '@')) {
        cap += 2048;
    }
    char *out = malloc(cap);
    assert_non_null(out);
    size_t len = 0;
    while (*text != '\0') {
        size_t k = 0;
        while (k < 6 && strncmp(text, keys[k][0], strlen(keys[k][0])) != 0) {
            k++;
        }
        if (k == 6) {
            out[len++] = *text++;
            continue;
        }
        memcpy(out + len, keys[k][1], strlen(keys[k][1]));
        len += strlen(keys[k][1]);
        text += strlen(keys[k][0]);
    }
    out[len] = '\0';
    return out;
}

#endif
