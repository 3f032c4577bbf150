/* Certificates lead to a configured root at a given moment: by way of others, and by nothing that may not vouch
   for them. Made for these tests with openssl, on P-256 for their size; good from 2020 to 2045, `old_` until 2025.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <payroute/base.h>

#include "sign/sign.h"

#define ROOT \
    "-----BEGIN CERTIFICATE-----\n" \
    "MIIBaTCCAQ6gAwIBAgICFZMwCgYIKoZIzj0EAwIwGzEKMAgGA1UECgwBdDENMAsG\n" \
    "A1UEAwwEcm9vdDAeFw0yMDAxMDEwMDAwMDBaFw00NTAxMDEwMDAwMDBaMBsxCjAI\n" \
    "BgNVBAoMAXQxDTALBgNVBAMMBHJvb3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC\n" \
    "AARLY+Ms44y2N5M9ENuIusE9Cm42wcMg/QskDi6H6qkeg2fZmsKI6Lvkok1pF7bO\n" \
    "37p4/h/9FNM2sDh7ZDP9i6Lgo0IwQDAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB\n" \
    "/wQEAwIBBjAdBgNVHQ4EFgQUmPU4Yn67dAGP+YRq9J7dFgyjrmUwCgYIKoZIzj0E\n" \
    "AwIDSQAwRgIhAONAEdvOQcDs/0SzbtFwPMzBvEHdBsAJAhBadO5rAkvtAiEAgkme\n" \
    "qCXtfY5CZR5T8EMqK0KOfdUNbOJ/k5mDy4SF2Yo=\n" \
    "-----END CERTIFICATE-----\n"
#define INTER \
    "-----BEGIN CERTIFICATE-----\n" \
    "MIIBijCCATCgAwIBAgICNzYwCgYIKoZIzj0EAwIwGzEKMAgGA1UECgwBdDENMAsG\n" \
    "A1UEAwwEcm9vdDAeFw0yMDAxMDEwMDAwMDBaFw00NTAxMDEwMDAwMDBaMBwxCjAI\n" \
    "BgNVBAoMAXQxDjAMBgNVBAMMBWludGVyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD\n" \
    "QgAE3ywHmyFI01leOloO8AXe2Ls6itW87kl//nSeEC/JfYaZkKMhNYu9bR2EccAp\n" \
    "4iveVh+PnVIg+t6sRoKlHO1iV6NjMGEwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8B\n" \
    "Af8EBAMCAQYwHQYDVR0OBBYEFGoa889PIHHFc8KTZ6sN1e9qi+IWMB8GA1UdIwQY\n" \
    "MBaAFJj1OGJ+u3QBj/mEavSe3RYMo65lMAoGCCqGSM49BAMCA0gAMEUCIQCNj6d9\n" \
    "shPxtrqrufJLXXgjgFRBVRT1lcKZRES7pPDuGAIgXRXEDVvhdvDPqm6/ZusWZexz\n" \
    "KyAcIArIIFXIr4dLOZQ=\n" \
    "-----END CERTIFICATE-----\n"
#define LEAF \
    "-----BEGIN CERTIFICATE-----\n" \
    "MIIBgTCCASegAwIBAgICHicwCgYIKoZIzj0EAwIwHDEKMAgGA1UECgwBdDEOMAwG\n" \
    "A1UEAwwFaW50ZXIwHhcNMjAwMTAxMDAwMDAwWhcNNDUwMTAxMDAwMDAwWjAbMQow\n" \
    "CAYDVQQKDAF0MQ0wCwYDVQQDDARsZWFmMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD\n" \
    "QgAEbFT6CJNtv2LwbNwUA3BjuUn11rqbpVMble+MrHVrd+jhsRTTStWbicRru/RP\n" \
    "iTe4b42GtmmErX4/rRWvC4Fsf6NaMFgwCQYDVR0TBAIwADALBgNVHQ8EBAMCB4Aw\n" \
    "HQYDVR0OBBYEFL5L6acrGnJEwxw0/9/6SyhS9PyYMB8GA1UdIwQYMBaAFGoa889P\n" \
    "IHHFc8KTZ6sN1e9qi+IWMAoGCCqGSM49BAMCA0gAMEUCIQDibMD9NlO25h8Lw0d9\n" \
    "mr5t1XN3/smBpVz1VoELH2aYiQIgQX6tZSBJMo86luXx5ixmhT/totNpJT55B9HP\n" \
    "DWZOMuk=\n" \
    "-----END CERTIFICATE-----\n"
#define NO_CA \
    "-----BEGIN CERTIFICATE-----\n" \
    "MIIBgjCCASegAwIBAgICds4wCgYIKoZIzj0EAwIwGzEKMAgGA1UECgwBdDENMAsG\n" \
    "A1UEAwwEcm9vdDAeFw0yMDAxMDEwMDAwMDBaFw00NTAxMDEwMDAwMDBaMBwxCjAI\n" \
    "BgNVBAoMAXQxDjAMBgNVBAMMBW5vdGNhMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD\n" \
    "QgAED/mLqCGxVBaam43Kz8zXl6Dsgc5n6XdCnVx91tbUykSueEdcYRLb2Tqoytp8\n" \
    "wT916eXLySTdL60+dczDnevMpaNaMFgwCQYDVR0TBAIwADALBgNVHQ8EBAMCB4Aw\n" \
    "HQYDVR0OBBYEFLXbBaPgcKt3APzUIbrhAZGYREpoMB8GA1UdIwQYMBaAFJj1OGJ+\n" \
    "u3QBj/mEavSe3RYMo65lMAoGCCqGSM49BAMCA0kAMEYCIQCeyb2XZD0zUAgbIW9Z\n" \
    "brZF6wBzjvdbck6g4JZ8nvuKlQIhAKZoGLbPzWHLJRDMv9dOyRMvcTbtuo44xTQN\n" \
    "bLq7hqQV\n" \
    "-----END CERTIFICATE-----\n"
#define UNDER_NO_CA \
    "-----BEGIN CERTIFICATE-----\n" \
    "MIIBezCCASKgAwIBAgICH2owCgYIKoZIzj0EAwIwHDEKMAgGA1UECgwBdDEOMAwG\n" \
    "A1UEAwwFbm90Y2EwHhcNMjAwMTAxMDAwMDAwWhcNNDUwMTAxMDAwMDAwWjAhMQow\n" \
    "CAYDVQQKDAF0MRMwEQYDVQQDDAp1bmRlcm5vdGNhMFkwEwYHKoZIzj0CAQYIKoZI\n" \
    "zj0DAQcDQgAEtFuxEd/Ljbr/hMlKQRoJVAlJnl/VCTtoqLoaKImNvVPudtDBjj7W\n" \
    "gd0kJOzKPxOM1UR/9+kt4oeVrIKpnfT22qNPME0wCwYDVR0PBAQDAgeAMB0GA1Ud\n" \
    "DgQWBBTNWM4w4Vz4bBzfTnmslk/aCDEwbjAfBgNVHSMEGDAWgBS12wWj4HCrdwD8\n" \
    "1CG64QGRmERKaDAKBggqhkjOPQQDAgNHADBEAiAlvytVkgFs2aaPSNDWKTUH3UYU\n" \
    "uXDlDAGcjcEzietdJgIgE+aFVApkujp7KeUj630WWibNVwv4zzAM8COpByC4lP4=\n" \
    "-----END CERTIFICATE-----\n"
#define OLD_INTER \
    "-----BEGIN CERTIFICATE-----\n" \
    "MIIBjDCCATOgAwIBAgICf3UwCgYIKoZIzj0EAwIwGzEKMAgGA1UECgwBdDENMAsG\n" \
    "A1UEAwwEcm9vdDAeFw0yMDAxMDEwMDAwMDBaFw0yNTAxMDEwMDAwMDBaMB8xCjAI\n" \
    "BgNVBAoMAXQxETAPBgNVBAMMCG9sZGludGVyMFkwEwYHKoZIzj0CAQYIKoZIzj0D\n" \
    "AQcDQgAEPTQUomSEasxRALX45k0tHrgBrWr47x6LldnJwRLa9zEOLtjht6VXGmqg\n" \
    "kSBo0pzCNyV8KmNyXvfXUuzzGtkRGaNjMGEwDwYDVR0TAQH/BAUwAwEB/zAOBgNV\n" \
    "HQ8BAf8EBAMCAQYwHQYDVR0OBBYEFDwqfQ59D40Ac/+4+dOh1k8VzV+nMB8GA1Ud\n" \
    "IwQYMBaAFJj1OGJ+u3QBj/mEavSe3RYMo65lMAoGCCqGSM49BAMCA0cAMEQCIA6x\n" \
    "BuFV9mb/V8uq481Ka6vFOCf5ZQkKxrA5H3zX6LR6AiBih+QNrbTAnv4OHvArNm2w\n" \
    "SolTtNQUoZBcczICD4DjDA==\n" \
    "-----END CERTIFICATE-----\n"
#define UNDER_OLD \
    "-----BEGIN CERTIFICATE-----\n" \
    "MIIBfTCCASOgAwIBAgICPfcwCgYIKoZIzj0EAwIwHzEKMAgGA1UECgwBdDERMA8G\n" \
    "A1UEAwwIb2xkaW50ZXIwHhcNMjAwMTAxMDAwMDAwWhcNNDUwMTAxMDAwMDAwWjAf\n" \
    "MQowCAYDVQQKDAF0MREwDwYDVQQDDAh1bmRlcm9sZDBZMBMGByqGSM49AgEGCCqG\n" \
    "SM49AwEHA0IABEjnUA7wzuXMBG4ezUNu+ckHhwr/sAPTewz6FRZMts/Vnc1T6OAj\n" \
    "5hs2GbjEsfD7/UF0SqvGGK6ObAzFrYtILb6jTzBNMAsGA1UdDwQEAwIHgDAdBgNV\n" \
    "HQ4EFgQUcknpY/ddoSzsG6/tEZsHXGCPyYMwHwYDVR0jBBgwFoAUPCp9Dn0PjQBz\n" \
    "/7j506HWTxXNX6cwCgYIKoZIzj0EAwIDSAAwRQIhALmwhTcrcPh61csEZ8HmyB90\n" \
    "6rXI14X3DvZLU/GqX8EQAiAokIvzt8RX9xT+gShzUyvWKBvvQHTW/Wd0Nu3L2h3V\n" \
    "ng==\n" \
    "-----END CERTIFICATE-----\n"
#define SM2 \
    "-----BEGIN CERTIFICATE-----\n" \
    "MIIBizCCATGgAwIBAgIUNW9d3HOCGBRFYF9XQH1ErbTOc1cwCgYIKoEcz1UBg3Uw\n" \
    "GjEKMAgGA1UECgwBdDEMMAoGA1UEAwwDc20yMCAXDTI2MTEyNjAxNTgyMloYDzIw\n" \
    "NTEwNzE4MDE1ODIyWjAaMQowCAYDVQQKDAF0MQwwCgYDVQQDDANzbTIwWTATBgcq\n" \
    "hkjOPQIBBggqgRzPVQGCLQNCAARe7GWVDWYpLj3+GJAQJMJ/17xXo+nNPiTKnIqb\n" \
    "xV+3OcAxAD+A4AQyOYDpVg4DmukhOBakOcWKKCZfXxxZgKhFo1MwUTAdBgNVHQ4E\n" \
    "FgQU+615uETu7hhnh8wW4xVmHgS6sfcwHwYDVR0jBBgwFoAU+615uETu7hhnh8wW\n" \
    "4xVmHgS6sfcwDwYDVR0TAQH/BAUwAwEB/zAKBggqgRzPVQGDdQNIADBFAiArCcF6\n" \
    "uwDmVl840/yOI/wcFI9ecwyT/Vdr2SiDlLs3sAIhAPvy/maa+zPS4GeyEofJxV4a\n" \
    "eeUTfaenw2tkaVFJVGjT\n" \
    "-----END CERTIFICATE-----\n"
#define OTHER_ROOT \
    "-----BEGIN CERTIFICATE-----\n" \
    "MIIBaTCCARCgAwIBAgICbB4wCgYIKoZIzj0EAwIwHDEKMAgGA1UECgwBdDEOMAwG\n" \
    "A1UEAwwFc2VsZjEwHhcNMjAwMTAxMDAwMDAwWhcNNDUwMTAxMDAwMDAwWjAcMQow\n" \
    "CAYDVQQKDAF0MQ4wDAYDVQQDDAVzZWxmMTBZMBMGByqGSM49AgEGCCqGSM49AwEH\n" \
    "A0IABN0toeg1v5V5lVTzOW2dHLTWAnQjIFT9jWMV9/LvwzhHV0oHz8ekLfH/GvP1\n" \
    "GL26ZMka8wLOVWJ1NFjKgR0ukuqjQjBAMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0P\n" \
    "AQH/BAQDAgEGMB0GA1UdDgQWBBTTUkC3gYRLbFB1K7Iq3FsDoF8P2TAKBggqhkjO\n" \
    "PQQDAgNHADBEAiAUK3Zbe8V/pZoYvoAtZmcSDDYEqap8Kvqb+96Uz1alSwIgH0ha\n" \
    "4CoEUV0jr5u6mM2tlWrLoj/kUqHLlySm1Kk5lDQ=\n" \
    "-----END CERTIFICATE-----\n"

#define NOW INT64_C(1800000000000)     /* 2027 */
#define EARLIER INT64_C(1700000000000) /* 2023 */
#define BEFORE INT64_C(1500000000000)
#define AFTER INT64_C(2500000000000)

static void chains(void **state)
{
    (void)state;
    static const struct {
        const char *pem;
        const char *roots;
        int64_t at_ms;
        int32_t rc;
    } rows[] = {
        {LEAF INTER, ROOT, NOW, PAYROUTE_OK},
        {LEAF, INTER ROOT, NOW, PAYROUTE_OK},
        {LEAF INTER, OTHER_ROOT ROOT, NOW, PAYROUTE_OK},
        {LEAF INTER, SM2 ROOT, NOW, PAYROUTE_OK}, /* what cannot be read is left out of the roots */
        {LEAF INTER, ROOT SM2, NOW, PAYROUTE_OK},
        {LEAF INTER, SM2, NOW, PAYROUTE_E_KEY},
        {LEAF SM2 INTER, ROOT, NOW, PAYROUTE_E_KEY}, /* and nothing out of what must be proven */
        {LEAF, ROOT, NOW, PAYROUTE_E_SIGNATURE},
        {LEAF INTER, OTHER_ROOT, NOW, PAYROUTE_E_SIGNATURE},
        {LEAF INTER ROOT, OTHER_ROOT, NOW, PAYROUTE_E_SIGNATURE},
        {OTHER_ROOT, ROOT, NOW, PAYROUTE_E_SIGNATURE},
        {OTHER_ROOT LEAF INTER, ROOT, NOW, PAYROUTE_E_SIGNATURE}, /* the first is the one that is meant */
        {UNDER_NO_CA NO_CA, ROOT, NOW, PAYROUTE_E_SIGNATURE},     /* a merchant's own, signed by a merchant */
        {UNDER_OLD OLD_INTER, ROOT, NOW, PAYROUTE_E_EXPIRED},
        {UNDER_OLD OLD_INTER, ROOT, EARLIER, PAYROUTE_OK}, /* the time that was given, not the machine's */
        {LEAF INTER, ROOT, BEFORE, PAYROUTE_E_EXPIRED},
        {LEAF INTER, ROOT, AFTER, PAYROUTE_E_EXPIRED},
        {"", ROOT, NOW, PAYROUTE_E_KEY},
        {LEAF INTER, "", NOW, PAYROUTE_E_KEY},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int32_t rc = pr_cert_chain(rows[i].pem, strlen(rows[i].pem), rows[i].roots, strlen(rows[i].roots),
                                   rows[i].at_ms);
        if (rc != rows[i].rc) {
            fail_msg("row %d: %s", (int)i, payroute_rc_name(rc));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(chains)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
