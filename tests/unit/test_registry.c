/* Configuration: what is wrong is named by path and value, all of it at once, and never a secret; what is
   right is stored as written; a file and calls give the same. */
#include "registry_fixture.h"

#include <payroute/json.h>
#include <payroute/registry.h>

#include "base/mem.h"
#include "registry/registry.h"

static char why[16384];

static int32_t load(payroute_registry **out, const char *json)
{
    char *text = fix_expand(json);
    int32_t rc = payroute_registry_from_json(out, text, strlen(text), why, sizeof why);
    free(text);
    return rc;
}

static int32_t add(payroute_registry *r, const char *channel)
{
    char *text = fix_expand(channel);
    int32_t rc = payroute_registry_add(r, text, strlen(text), why, sizeof why);
    free(text);
    return rc;
}

/* One channel is refused with `rc`, and each of the blank-line separated texts is in the problems. */
static void refused_as(const char *channel, int32_t rc, const char *line)
{
    size_t len = strlen(channel) + 64;
    char *json = malloc(len);
    assert_non_null(json);
    snprintf(json, len, "{\"schema\":1,\"channels\":[%s]}", channel);
    payroute_registry *r = NULL;
    int32_t got = load(&r, json);
    if (got != rc || strstr(why, line) == NULL) {
        print_message("%s\nexpected %d: %s\ngot %d: %s\n", channel, (int)rc, line, (int)got, why);
    }
    free(json);
    assert_int_equal(got, rc);
    assert_null(r);
    assert_non_null(strstr(why, line));
}

static void refused(const char *channel, const char *line)
{
    refused_as(channel, PAYROUTE_E_SCHEMA, line);
}

/* The text with the names of all providers for its %s. */
static const char *with_providers(const char *format)
{
    static char text[2000];
    char names[400];
    size_t len = 0;
    for (int32_t i = 0; i < pr_provider_count(); i++) {
        len += (size_t)snprintf(names + len, sizeof names - len, "%s%s", i > 0 ? " " : "",
                                pr_provider_at(i)->name);
    }
    const char *at = strstr(format, "%s");
    assert_non_null(at);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - format), format, names, at + 2);
    return text;
}

static payroute_registry *accepted(const char *json)
{
    payroute_registry *r = NULL;
    if (load(&r, json) != PAYROUTE_OK) {
        print_message("%s\n", why);
    }
    assert_non_null(r);
    assert_string_equal(why, "");
    return r;
}

static void test_defaults(void **state)
{
    (void)state;
    payroute_registry *r = accepted(FIX_FILE(FIX_ALIPAY("a") "}"));
    const pr_channel *c = pr_registry_find(r, "a");
    assert_non_null(c);
    assert_string_equal(c->base_url, "https://openapi.alipay.com/gateway.do");
    assert_int_equal(c->priority, 100);
    assert_int_equal(c->weight, 100);
    assert_int_equal(c->enabled, 1);
    assert_int_equal(c->overlap, 0);
    assert_int_equal(c->loopback, 0);
    assert_true(c->amount_min_minor == 0 && c->amount_max_minor == INT64_MAX);
    assert_true(c->connect_timeout_ms == 3000 && c->money_timeout_ms == 8000 && c->query_timeout_ms == 5000);
    assert_null(c->notify_url);
    assert_null(c->ca_file);
    assert_string_equal(pr_registry_locale(r), "zh-CN");
    assert_string_equal(pr_registry_policy(r), "{}");
    assert_int_equal(pr_registry_sealed(r), 1);
    assert_int_equal(pr_registry_plain_loopback(r), 0);
    assert_string_equal(pr_credential_get(c, NULL, "app_id"), "2021000000000001");
    assert_string_equal(pr_credential_get(c, "1", "app_id"), "2021000000000001");
    assert_null(pr_credential_get(c, "2", "app_id"));
    assert_null(pr_credential_get(c, NULL, "app_cert"));
    assert_null(pr_credential_get(c, NULL, "secret_key"));
    assert_non_null(pr_credential_key(c, NULL, "private_key"));
    assert_null(pr_credential_key(c, NULL, "app_id"));
    payroute_registry_free(r);
}

static void test_everything_given(void **state)
{
    (void)state;
    payroute_registry *r = accepted(
        "{\"schema\":1,\"allow_plain_loopback\":true,\"locale\":\"en\",\"policy\":{\"deadline_s\":900},"
        "\"channels\":[" FIX_STRIPE(
            "s") ",\"title\":\"\xe5\x8d\xa1\",\"base_url\":\"http://127.0.0.1:8080\","
                 "\"notify_url\":\"http://shop.example/n?c=1\",\"return_url\":\"https://shop.example/r\","
                 "\"ca_file\":\"/etc/ca.pem\","
                 "\"amount_min_minor\":50,\"amount_max_minor\":999999999999999,\"priority\":1,"
                 "\"weight\":1000,\"enabled\":false,"
                 "\"overlap\":true,\"features\":{\"refund\":false,\"hold\":false,\"close\":true},"
                 "\"timeouts\":{\"connect_ms\":100,\"money_ms\":30000,\"query_ms\":500},"
                 "\"pay_seconds\":600}]}");
    const pr_channel *c = pr_registry_at(r, 0);
    assert_string_equal(c->title, "\xe5\x8d\xa1");
    assert_int_equal(c->loopback, 1);
    assert_int_equal(c->enabled, 0);
    assert_int_equal(c->overlap, 1);
    assert_int_equal(c->features_off, PR_FACT_REFUND | PR_FACT_HELD);
    assert_int_equal(c->pay_ms, 600000);
    assert_int_equal(c->method_count, 2);
    assert_string_equal(c->methods[0].flows[1], "redirect");
    assert_int_equal(c->currency_count, 2);
    assert_string_equal(pr_registry_policy(r), "{\"deadline_s\":900}");
    assert_string_equal(pr_registry_locale(r), "en");
    assert_int_equal(pr_registry_plain_loopback(r), 1);
    payroute_registry_free(r);
}

#define S FIX_STRIPE("s") ","

static void test_bad_values(void **state)
{
    (void)state;
    refused("7", "channels[0]: expected an object, got 7");
    refused("{}", "channels[0].id: expected text of 1 to 32 characters like ^[a-z0-9._-]+$, got nothing");
    refused("{}", with_providers("channels[0].provider: expected one of: %s, got nothing"));
    refused("{}", "channels[0].methods: expected a list of 1 to 8, got nothing");
    refused("{\"id\":\"A b\"}",
            "channels[0].id: expected text of 1 to 32 characters like ^[a-z0-9._-]+$, got \"A b\"");
    refused("{\"id\":\"aaaaaaaaaabbbbbbbbbbccccccccccddd\"}", "channels[0].id: expected text of 1 to 32");
    refused("{\"provider\":\"paypal\"}",
            with_providers("channels[0].provider: expected one of: %s, got \"paypal\""));
    refused(S "\"title\":\"\"}", "channels[0].title: expected text of 1 to 64 characters, got \"\"");
    refused(S "\"title\":\"a\\nb\"}", "channels[0].title: expected text of 1 to 64 characters, got "
                                      "\"a?b\"");
    refused(S "\"priority\":0}", "channels[0].priority: expected an integer from 1 to 1000, got 0");
    refused(S "\"priority\":1.0}", "channels[0].priority: expected an integer from 1 to 1000, got 1.0");
    refused(S "\"priority\":1e400}", "channels[0].priority: expected an integer from 1 to 1000, got 1e400");
    refused(S "\"weight\":1001}", "channels[0].weight: expected an integer from 1 to 1000, got 1001");
    refused(S "\"weight\":\"5\"}", "channels[0].weight: expected an integer from 1 to 1000, got \"5\"");
    refused(S "\"enabled\":1}", "channels[0].enabled: expected true or false, got 1");
    refused(S "\"overlap\":null}", "channels[0].overlap: expected true or false, got null");
    refused(S "\"pay_seconds\":9}", "channels[0].pay_seconds: expected an integer from 10 to 1296000, "
                                    "got 9");
    refused(S "\"amount_min_minor\":-1}", "channels[0].amount_min_minor: expected an integer from 0");
    refused(S "\"amount_max_minor\":1000000000000000}",
            "channels[0].amount_max_minor: expected an integer from 1");
    refused(S "\"amount_min_minor\":9,\"amount_max_minor\":8}",
            "channels[0].amount_max_minor: expected at least amount_min_minor 9, got 8");
    refused(S "\"timeouts\":{\"money_ms\":30001}}",
            "channels[0].timeouts.money_ms: expected an integer from 500 to 30000");
    refused(S "\"timeouts\":{\"query_ms\":2000}}",
            "channels[0].timeouts: expected connect_ms to be the shortest, got connect 3000, money 8000, "
            "query 2000");
    refused(S "\"features\":{\"refund\":0}}", "channels[0].features.refund: expected true or false, got 0");
    refused(S "\"features\":[]}", "channels[0].features: expected an object, got a list of 0");
    refused(S "\"facts\":{}}", "channels[0].facts: expected nothing: the facts of stripe are known");
    refused(S "\"ca_file\":{}}", "channels[0].ca_file: expected text of 1 to 512 characters, got an "
                                 "object");
}

static void test_unknown_keys(void **state)
{
    (void)state;
    refused(S "\"wieght\":1}", "channels[0].wieght: expected a known key, perhaps \"weight\"");
    refused(S "\"xyzzy\":1}", "channels[0].xyzzy: expected a known key");
}

static void test_methods(void **state)
{
    (void)state;
#define C(rest) "{\"id\":\"c\",\"provider\":\"custom\",\"currencies\":[\"CNY\"]," rest "}"
    refused(C("\"methods\":[]"), "channels[0].methods: expected a list of 1 to 8, got a list of 0");
    refused(C("\"methods\":[{\"method\":\"card\"}]"),
            "channels[0].methods[0].flows: expected a list of 1 to 4, got nothing");
    refused(C("\"methods\":[{\"method\":\"card\",\"flows\":[\"qr\",\"wap\"]}]"),
            "channels[0].methods[0].flows[1]: expected a flow of custom for \"card\" (qr redirect direct "
            "token), got \"wap\"");
    refused(C("\"methods\":[{\"method\":\"card\",\"flows\":[\"qr\",\"qr\"]}]"),
            "channels[0].methods[0].flows[1]: expected each flow once, got \"qr\" again");
    refused(C("\"methods\":[{\"method\":\"card\",\"flows\":[\"qr\"]},{\"method\":\"card\","
              "\"flows\":[\"qr\"]}]"),
            "channels[0].methods[1].method: expected each method once, got \"card\" again");
    refused(C("\"methods\":[{\"method\":\"Card\",\"flows\":[1]}]"),
            "channels[0].methods[0].method: expected text of 1 to 16");
    refused(C("\"methods\":[{\"method\":\"card\",\"flows\":[1]}]"),
            "channels[0].methods[0].flows[0]: expected a flow of custom");
    refused("{\"id\":\"a\",\"provider\":\"alipay\",\"methods\":[{\"method\":\"card\",\"flows\":[\"qr\"]}]}",
            "channels[0].methods[0].flows[0]: expected a flow of alipay for \"card\" (it has none), got "
            "\"qr\"");
#undef C
}

static void test_currencies(void **state)
{
    (void)state;
#define C(list)                                                                                              \
    "{\"id\":\"c\",\"provider\":\"custom\",\"methods\":[{\"method\":\"card\",\"flows\":[\"qr\"]}],"          \
    "\"currencies\":" list "}"
    refused(C("[\"RMBB\"]"),
            "channels[0].currencies[0]: expected a currency code such as \"CNY\", got \"RMBB\"");
    refused(C("[\"CNY\",\"cny\"]"),
            "channels[0].currencies[1]: expected a currency code such as \"CNY\", got \"cny\"");
    refused(C("[\"CNY\",\"CNY\"]"),
            "channels[0].currencies[1]: expected each currency once, got \"CNY\" again");
    refused(C("\"CNY\""), "channels[0].currencies: expected a list of 1 to 32, got \"CNY\"");
    refused(C("[156]"), "channels[0].currencies[0]: expected a currency code such as \"CNY\", got 156");
#undef C
}

static void test_addresses(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"ftp://x.example", "expected an address that begins with https://, got"},
        {"https://", "expected an address with a host"},
        {"https://a:hunter2@b.example", "host and without user name, got \"***\" (27 bytes)"},
        {"https://b.example/?token=hunter2 x", "without blanks, quotes or bytes beyond ASCII, got \"***\""},
        {"https://api.example:0", "a port from 1 to 65535"},
        {"https://api.example:99999", "a port from 1 to 65535"},
        {"https://api.example:79999999999", "a port from 1 to 65535"}, /* no int holds it: found by the fuzzer */
        {"https://api.example/#x", "without #fragment"},
        {"https://api.example/?x=1", "without ?query"},
        {"https://api.example/ x", "without blanks"},
        {"https://[::1", "expected an address with a host"},
        {"http://127.0.0.1:1", "expected https:// (http:// only to this machine with"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char json[1024];
        snprintf(json, sizeof json, FIX_STRIPE("s") ",\"base_url\":\"%s\"}", bad[i][0]);
        refused(json, bad[i][1]);
    }
    static const char *const plain[][2] = {
        {"http://localhost:1/x", "1"}, {"http://127.1.2.3", "1"},
        {"http://[::1]:80", "1"},      {"http://127.0.0.1.evil.example", ""},
        {"http://localhost.evil", ""}, {"http://128.0.0.1", ""},
        {"http://127.0.0", ""},        {"http://127.0.0.1.", ""},
        {"http://127.0.0.256", ""},    {"http://[::2]", ""}};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        char json[1024];
        snprintf(json, sizeof json,
                 "{\"schema\":1,\"allow_plain_loopback\":true,\"channels\":[" FIX_STRIPE(
                     "s") ",\"base_url\":\"%s\"}]}",
                 plain[i][0]);
        payroute_registry *r = NULL;
        int32_t rc = load(&r, json);
        assert_int_equal(rc, plain[i][1][0] == '1' ? PAYROUTE_OK : PAYROUTE_E_SCHEMA);
        assert_true(r == NULL || pr_registry_at(r, 0)->loopback == 1);
        payroute_registry_free(r);
    }
}

static void test_credentials(void **state)
{
    (void)state;
#define CRED(list)                                                                                           \
    "{\"id\":\"a\",\"provider\":\"alipay\",\"currencies\":[\"CNY\"],"                                        \
    "\"methods\":[{\"method\":\"alipay\",\"flows\":[\"qr\"]}],\"credentials\":" list "}"
#define KEYS "\"private_key\":\"@app@\",\"alipay_public_key\":\"@alipay_public@\""
    refused(CRED("[]"), "channels[0].credentials: expected a list of 1 to 4 for alipay, got nothing");
    refused(CRED("[\"x\"]"), "channels[0].credentials[0]: expected an object of version and fields");
    refused(CRED("[{}]"),
            "channels[0].credentials[0].app_id: expected the application's number (APPID) of open.alipay.com,"
            " got nothing");
    refused(CRED("[{}]"),
            "channels[0].credentials[0].private_key: expected the application's RSA private key");
    refused(CRED("[{}]"),
            "channels[0].credentials[0].alipay_public_key: expected this or alipay_cert, got neither");
    refused(CRED("[{\"app_id\":\"20x1000000000001\"," KEYS "}]"),
            "got 16 characters with other characters than digits");
    refused(CRED("[{\"app_id\":\"2021\"," KEYS "}]"), "of 8 to 32 characters, got 4 characters");
    refused(CRED("[{\"app_id\":2021000000000001," KEYS "}]"), "open.alipay.com, got no text");
    refused(CRED("[{\"app_id\":\"2021000000000001\",\"seller_id\":\"1088000000000001\"," KEYS "}]"),
            "seller_id: expected the seller's user number (PID): 2088 and 12 digits, got 16 characters with "
            "another beginning");
    refused(CRED("[{\"app_id\":\"2021000000000001\",\"pivate_key\":\"x\"," KEYS "}]"),
            "credentials[0].pivate_key: expected a credential field of alipay, perhaps \"private_key\"");
    refused(CRED("[{\"version\":\"a b\",\"app_id\":\"2021000000000001\"," KEYS "}]"),
            "credentials[0].version: expected text of 1 to 16");
    refused(CRED("[" FIX_ALIPAY_CREDENTIAL "," FIX_ALIPAY_CREDENTIAL "]"),
            "credentials[1].version: expected each version once");
    refused(CRED("[{\"app_id\":\"2021000000000001\",\"app_cert\":\"@app_cert@\"," KEYS "}]"),
            "credentials[0].alipay_cert: expected beside app_cert, got nothing");
    refused("{\"id\":\"c\",\"provider\":\"custom\",\"methods\":[{\"method\":\"card\",\"flows\":[\"qr\"]}],"
            "\"currencies\":[\"CNY\"],"
            "\"credentials\":[{}]}",
            "channels[0].credentials: expected none: the host keeps the credentials of custom");
}

static void test_keys(void **state)
{
    (void)state;
#define APP "\"app_id\":\"2021000000000001\","
    refused_as(
        CRED("[{" APP "\"private_key\":\"@app@\",\"alipay_public_key\":\"@app_public@\"}]"), PAYROUTE_E_KEY,
        "alipay_public_key: expected the provider's key, got the other half of private_key (your own)");
    refused_as(CRED("[{" APP "\"private_key\":\"@alipay_public@@alipay_public@@alipay_public@\","
                    "\"alipay_public_key\":\"@alipay_public@\"}]"),
               PAYROUTE_E_KEY,
               "private_key: expected the application's RSA private key, as PEM or bare base64, got 1176 "
               "characters that are none");
    refused_as(CRED("[{" APP "\"private_key\":\"@app@\","
                    "\"alipay_public_key\":\"@small@\"}]"),
               PAYROUTE_E_KEY, "alipay_public_key: expected Alipay's public key");
    /* Certificate mode: its own pair must fit, the provider's must not be ours. */
#define CERTS(app, ali, root)                                                                                \
    "[{" APP "\"private_key\":\"@app@\",\"app_cert\":\"@" app "@\",\"alipay_cert\":\"@" ali                  \
    "@\",\"alipay_root_cert\":\"@" root "@\"}]"
    refused_as(CRED(CERTS("alipay_cert", "alipay_cert", "alipay_cert")), PAYROUTE_E_KEY,
               "app_cert: expected the other half of private_key, got that of another key");
    refused_as(CRED(CERTS("app_cert", "app_cert", "alipay_cert")), PAYROUTE_E_KEY,
               "alipay_cert: expected the provider's key");
    refused_as(CRED(CERTS("app_cert", "alipay_cert", "app_public@@app_public")), PAYROUTE_E_KEY,
               "alipay_root_cert: expected Alipay's root certificates");
    payroute_registry *r = accepted(FIX_FILE(CRED(CERTS("app_cert", "alipay_cert", "alipay_cert"))));
    assert_non_null(pr_credential_key(pr_registry_at(r, 0), NULL, "alipay_cert"));
    assert_null(pr_credential_key(pr_registry_at(r, 0), NULL, "alipay_root_cert"));
    payroute_registry_free(r);
}

static void test_all_at_once(void **state)
{
    (void)state;
    payroute_registry *r = NULL;
    const char *json =
        "{\"schema\":2,\"locale\":7,\"extra\":1,\"policy\":{\"a\":\"b\"},\"channels\":["
        "{\"id\":\"x\",\"provider\":\"custom\",\"methods\":[{\"method\":\"card\",\"flows\":[\"qr\"]}],"
        "\"currencies\":[\"CNY\"]},"
        "{\"id\":\"x\",\"provider\":\"nope\",\"methods\":[],\"currencies\":[\"XYZ\"],\"weight\":0}]}";
    assert_int_equal(load(&r, json), PAYROUTE_E_SCHEMA);
    assert_string_equal(
        why,
        with_providers("schema: expected an integer from 1 to 1, got 2\n"
                       "locale: expected text of 2 to 16 characters like ^[A-Za-z0-9-]+$, got 7\n"
                       "extra: expected a known key\n"
                       "policy.a: expected an integer, got \"b\"\n"
                       "channels[1].provider: expected one of: %s, got \"nope\"\n"
                       "channels[1].methods: expected a list of 1 to 8, got a list of 0\n"
                       "channels[1].weight: expected an integer from 1 to 1000, got 0\n"
                       "channels[1].currencies[0]: expected a currency code such as \"CNY\", got \"XYZ\"\n"
                       "channels[1].id: expected an id that is not taken, got \"x\" of channels[0]"));
    /* A small buffer keeps whole lines and counts the rest; no buffer at all is fine too. */
    char little[100];
    assert_int_equal(payroute_registry_from_json(&r, json, strlen(json), little, sizeof little),
                     PAYROUTE_E_SCHEMA);
    assert_string_equal(little, "schema: expected an integer from 1 to 1, got 2\nand 8 more");
    for (size_t cap = 0; cap < sizeof little; cap++) {
        memset(little, 'x', sizeof little);
        assert_int_equal(payroute_registry_from_json(&r, json, strlen(json), little, cap), PAYROUTE_E_SCHEMA);
        assert_true(cap == 0 ? little[0] == 'x' : memchr(little, '\0', cap) != NULL);
        assert_int_equal(little[cap], 'x');
    }
    assert_int_equal(payroute_registry_from_json(&r, json, strlen(json), NULL, 0), PAYROUTE_E_SCHEMA);
}

static void test_values_are_cut_and_secrets_hidden(void **state)
{
    (void)state;
    refused(S "\"return_url\":\"a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p-q-r-s-t-u-v-w-x-y-z\"}",
            "got \"a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p-q-r-s-t-...\"");
    /* Keys in the wrong place, under a wrong name, or as a name. */
    static const char *const slips[] = {
        S "\"priority\":\"sk_live_CANARY\"}",
        S "\"base_url\":\"whsec_CANARY\"}",
        S "\"CANARYCANARYCANARYCANARYCANARYCANARY\":1}",
        S "\"sekret_key\":\"rk_live_CANARY\"}",
        "{\"currencies\":[\"sk_live_CANARY\"]}",
        "{\"provider\":\"stripe\",\"credentials\":[{\"secret_key\":\"CANARY_without_prefix\","
        "\"webhook_secret\":\"sk_live_CANARY\","
        "\"version\":\"CANARY CANARY CANARY\",\"publishable_key\":\"CANARY\",\"key\":\"CANARY\"},"
        "\"CANARY\"]}",
        "{\"provider\":\"alipay\",\"credentials\":[{\"private_key\":\"CANARYCANARY\","
        "\"alipay_public_key\":\"-----BEGIN CANARY\"}]}"};
    for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
        refused(slips[i], "channels[0]");
        assert_null(strstr(why, "CANARY"));
    }
}

static void test_malformed(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "{", "{\"schema\":1}}", "{\"schema\":1,\"schema\":1}", "{\"a\":\"\\u0000\"}", "[1,]", "nul"};
    payroute_registry *r = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(load(&r, bad[i]), PAYROUTE_E_JSON);
        assert_null(r);
        assert_true(why[0] != '\0');
    }
    assert_int_equal(load(&r, "[]"), PAYROUTE_E_SCHEMA);
    assert_string_equal(why, "top: expected an object, got a list of 0");
    assert_int_equal(load(&r, "{\"schema\":1,\"channels\":[]}"), PAYROUTE_E_SCHEMA);
    assert_int_equal(payroute_registry_from_json(NULL, "{}", 2, NULL, 0), PAYROUTE_E_ARG);
    assert_int_equal(payroute_registry_from_json(&r, NULL, 0, NULL, 0), PAYROUTE_E_ARG);
}

static void test_limits(void **state)
{
    (void)state;
    payroute_registry *r = NULL;
    char *big = malloc(200000);
    assert_non_null(big);
    for (int32_t n = 256; n <= 257; n++) {
        int at = snprintf(big, 200000, "{\"schema\":1,\"channels\":[");
        for (int32_t i = 0; i < n; i++) {
            at += snprintf(big + at, (size_t)(200000 - at),
                           "%s{\"id\":\"c%d\",\"provider\":\"custom\",\"methods\":[{\"method\":\"card\","
                           "\"flows\":[\"qr\"]}],"
                           "\"currencies\":[\"CNY\"]}",
                           i > 0 ? "," : "", (int)i);
        }
        snprintf(big + at, (size_t)(200000 - at), "]}");
        assert_int_equal(load(&r, big), n == 256 ? PAYROUTE_OK : PAYROUTE_E_LIMIT);
        if (n == 256) {
            assert_int_equal(payroute_registry_count(r), 256);
            assert_int_equal(payroute_registry_find(r, "c255"), 255);
            assert_string_equal(payroute_registry_id(r, 255), "c255");
        }
        payroute_registry_free(r);
    }
    assert_string_equal(why, "channels: expected a list of 1 to 256, got a list of 257");
    free(big);
    refused_as(S "\"currencies\":[1,2]}", PAYROUTE_E_JSON,
               "byte"); /* given twice: refused before anything is read */
    refused_as("{\"id\":\"c\",\"provider\":\"custom\",\"currencies\":[\"CNY\"],"
               "\"methods\":[{\"method\":\"card\",\"flows\":"
               "[\"qr\",\"redirect\",\"direct\",\"token\",\"qr\"]}]}",
               PAYROUTE_E_LIMIT, "channels[0].methods[0].flows: expected a list of 1 to 4, got a list of 5");
}

static void test_custom_facts(void **state)
{
    (void)state;
    payroute_registry *r = accepted(FIX_FILE(FIX_CUSTOM(
        "a") ",\"facts\":{\"by_customer\":true,\"container\":true,\"client\":true,\"repeat_safe\":true,"
             "\"replays_decline\":true,\"can_close\":true,\"close_reverses\":true,\"close_blind\":true,"
             "\"refund\":true,"
             "\"refund_keyed\":true,\"refund_lookup\":true,\"expires\":true,\"lookup\":\"our_ref\","
             "\"late_send\":\"window\","
             "\"late_window_s\":300,\"steps\":2,\"key_ttl_s\":-1,\"max_pending_s\":60,"
             "\"auth_ttl_s\":3600,\"review_s\":90}}"
             "," FIX_CUSTOM("b") "}"));
    pr_facts f;
    assert_int_equal(pr_channel_facts(&f, pr_registry_find(r, "a"), "direct"), 1);
    assert_int_equal(f.flags, (PR_FACT_EXPIRES << 1) - 1 + PR_FACT_HOST_DRIVEN + PR_FACT_LOOKUP +
                                  PR_FACT_REFUND_LOOKUP);
    assert_true(f.lookup == PR_LOOKUP_OUR_REF && f.late_send == PR_LATE_WINDOW && f.late_window_s == 300);
    assert_true(f.steps == 2 && f.money_steps == 3 && f.key_ttl_ms == INT64_MAX && f.max_pending_ms == 60000);
    assert_true(f.auth_ttl_ms == 3600000 && f.review_ms == 90000);
    assert_int_equal(pr_channel_facts(&f, pr_registry_find(r, "b"), "direct"), 1);
    assert_true(f.flags == PR_FACT_HOST_DRIVEN && f.lookup == PR_LOOKUP_REPLAY && f.key_ttl_ms == 0 &&
                f.steps == 1);
    assert_int_equal(pr_channel_facts(&f, pr_registry_find(r, "b"), "qr"), 0);
    assert_string_equal(pr_registry_find(r, "a")->base_url, "");
    payroute_registry_free(r);
#define F(facts) FIX_CUSTOM("a") ",\"facts\":{" facts "}}"
    refused(F("\"lookup\":\"x\""),
            "channels[0].facts.lookup: expected one of: replay provider_id our_ref, got \"x\"");
    refused(F("\"refund_keyed\":true"), "channels[0].facts.refund_keyed: expected \"refund\" beside it");
    refused(F("\"close_blind\":true"), "channels[0].facts.close_blind: expected \"can_close\" beside it");
    refused(F("\"client\":true"), "channels[0].facts.client: expected \"container\" beside it");
    refused(F("\"late_send\":\"window\""),
            "channels[0].facts.late_send: expected \"late_window_s\" beside it");
    refused(F("\"repeat_safe\":true"), "channels[0].facts.key_ttl_s: expected the key's life");
    refused(F("\"stepps\":1"), "channels[0].facts.stepps: expected a known key, perhaps \"steps\"");
#undef F
}

static void test_facts_of_a_channel(void **state)
{
    (void)state;
    payroute_registry *r = accepted(FIX_FILE(
        FIX_STRIPE("full") "}," FIX_STRIPE("poor") ",\"pay_seconds\":60,\"features\":{\"refund\":false,"
                                                   "\"close\":false,\"query\":false,\"hold\":false}}"));
    pr_facts f;
    const pr_channel *full = pr_registry_find(r, "full");
    assert_int_equal(pr_channel_method_facts(&f, full, "ideal", "redirect"), 1);
    assert_true((f.flags & PR_FACT_BY_CUSTOMER) != 0 && f.auth_ttl_ms == 0);
    assert_int_equal(pr_channel_method_facts(&f, full, "card", "redirect"), 1);
    assert_true((f.flags & PR_FACT_BY_CUSTOMER) == 0 && f.auth_ttl_ms > 0);
    /* Without the method: what holds for both. */
    assert_int_equal(pr_channel_facts(&f, full, "redirect"), 1);
    assert_true((f.flags & PR_FACT_BY_CUSTOMER) == 0 && f.auth_ttl_ms == 0 &&
                (f.flags & PR_FACT_CLIENT) != 0);
    assert_int_equal(pr_channel_facts(&f, full, "token"), 1);
    assert_true((f.flags & PR_FACT_CLIENT) == 0 && f.money_steps == 2);
    assert_int_equal(pr_channel_facts(&f, full, "qr"), 0);
    assert_int_equal(pr_channel_method_facts(&f, full, "paypal", "redirect"), 0);
    assert_int_equal(pr_channel_facts(&f, pr_registry_find(r, "poor"), "token"), 1);
    assert_int_equal(f.flags & (PR_FACT_REFUND | PR_FACT_REFUND_KEYED | PR_FACT_REFUND_LOOKUP |
                                PR_FACT_CAN_CLOSE | PR_FACT_LOOKUP),
                     0);
    assert_true(f.lookup == PR_LOOKUP_REPLAY && f.late_send == PR_LATE_NONE && f.auth_ttl_ms == 0 &&
                f.pay_ms == 60000);
    assert_true((f.flags & PR_FACT_CONTAINER) != 0);
    payroute_registry_free(r);
}

static char view_a[65536];
static char view_b[65536];

static void test_builder_equals_file(void **state)
{
    (void)state;
    static const char *const channels[] = {FIX_ALIPAY("a") ",\"weight\":3}",
                                           FIX_STRIPE("b") ",\"base_url\":\"http://localhost\"}",
                                           FIX_CUSTOM("c") ",\"facts\":{\"lookup\":\"our_ref\"}}"};
    char *json = malloc(16384);
    assert_non_null(json);
    snprintf(json, 16384,
             "{\"schema\":1,\"allow_plain_loopback\":true,\"locale\":\"en\",\"policy\":{\"x\":1},"
             "\"channels\":[%s,%s,%s]}",
             channels[0], channels[1], channels[2]);
    payroute_registry *file = accepted(json);
    free(json);
    payroute_registry *built = NULL;
    assert_int_equal(payroute_registry_new(&built), PAYROUTE_OK);
    assert_int_equal(payroute_registry_set(built, "allow_plain_loopback", "true", 4, why, sizeof why),
                     PAYROUTE_OK);
    assert_int_equal(payroute_registry_set(built, "locale", "\"en\"", 4, NULL, 0), PAYROUTE_OK);
    assert_int_equal(payroute_registry_set(built, "policy", "{\"x\":1}", 7, NULL, 0), PAYROUTE_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(add(built, channels[i]), PAYROUTE_OK);
    }
    assert_int_equal(pr_registry_sealed(built), 0);
    assert_int_equal(payroute_registry_seal(built), PAYROUTE_OK);
    assert_true(payroute_registry_view(file, view_a, sizeof view_a) > 0);
    assert_true(payroute_registry_view(built, view_b, sizeof view_b) > 0);
    assert_string_equal(view_a, view_b);
    payroute_registry_free(built);
    payroute_registry_free(file);
}

static void test_builder_refusals(void **state)
{
    (void)state;
    payroute_registry *r = NULL;
    static const char good[] = FIX_CUSTOM("c") "}";
    assert_int_equal(payroute_registry_new(NULL), PAYROUTE_E_ARG);
    assert_int_equal(payroute_registry_new(&r), PAYROUTE_OK);
    assert_int_equal(payroute_registry_add(r, good, sizeof good - 1, why, sizeof why), PAYROUTE_OK);
    assert_int_equal(payroute_registry_add(r, good, sizeof good - 1, why, sizeof why), PAYROUTE_E_CONFLICT);
    assert_string_equal(why, "id: expected an id that is not taken, got \"c\" of channels[0]");
    assert_int_equal(payroute_registry_add(r, "{}", 2, why, sizeof why), PAYROUTE_E_SCHEMA);
    assert_int_equal(payroute_registry_add(r, "3", 1, why, sizeof why), PAYROUTE_E_SCHEMA);
    assert_int_equal(payroute_registry_add(r, "{", 1, why, sizeof why), PAYROUTE_E_JSON);
    assert_int_equal(payroute_registry_add(r, NULL, 0, NULL, 0), PAYROUTE_E_ARG);
    assert_int_equal(payroute_registry_add(NULL, "{}", 2, NULL, 0), PAYROUTE_E_ARG);
    assert_int_equal(payroute_registry_count(r), 1);
    assert_int_equal(payroute_registry_set(r, "schema", "1", 1, why, sizeof why), PAYROUTE_E_SCHEMA);
    assert_int_equal(payroute_registry_set(r, "locale", "1", 1, why, sizeof why), PAYROUTE_E_SCHEMA);
    assert_int_equal(payroute_registry_set(r, "policy", "{\"a\":1.5}", 9, why, sizeof why),
                     PAYROUTE_E_SCHEMA);
    assert_string_equal(why, "policy.a: expected an integer, got 1.5");
    assert_int_equal(payroute_registry_set(r, "policy", "{", 1, why, sizeof why), PAYROUTE_E_SCHEMA);
    assert_int_equal(payroute_registry_set(r, NULL, "1", 1, NULL, 0), PAYROUTE_E_ARG);
    assert_string_equal(pr_registry_locale(r), "zh-CN");
    assert_string_equal(pr_registry_policy(r), "{}");
    /* The permission for plain HTTP can not be taken back under a channel that uses it. */
    static const char plain[] = FIX_CUSTOM("p") ",\"base_url\":\"http://127.0.0.1\"}";
    assert_int_equal(payroute_registry_add(r, plain, sizeof plain - 1, NULL, 0), PAYROUTE_E_SCHEMA);
    assert_int_equal(payroute_registry_set(r, "allow_plain_loopback", "true", 4, NULL, 0), PAYROUTE_OK);
    assert_int_equal(payroute_registry_add(r, plain, sizeof plain - 1, NULL, 0), PAYROUTE_OK);
    assert_int_equal(payroute_registry_set(r, "allow_plain_loopback", "false", 5, why, sizeof why),
                     PAYROUTE_E_SCHEMA);
    assert_int_equal(pr_registry_plain_loopback(r), 1);
    assert_int_equal(payroute_registry_seal(r), PAYROUTE_OK);
    assert_int_equal(payroute_registry_seal(r), PAYROUTE_E_STATE);
    assert_int_equal(payroute_registry_seal(NULL), PAYROUTE_E_ARG);
    assert_int_equal(payroute_registry_add(r, good, sizeof good - 1, NULL, 0), PAYROUTE_E_STATE);
    assert_int_equal(payroute_registry_set(r, "locale", "\"en\"", 4, NULL, 0), PAYROUTE_E_STATE);
    payroute_registry_free(r);
}

static void test_view_hides_credentials(void **state)
{
    (void)state;
    payroute_registry *r = accepted(FIX_FILE(FIX_STRIPE("s") "}," FIX_ALIPAY("a") "}"));
    int32_t len = payroute_registry_view(r, view_a, sizeof view_a);
    assert_int_equal(len, strlen(view_a));
    assert_null(strstr(view_a, "CANARY"));
    assert_null(strstr(view_a, "2021000000000001"));
    for (size_t i = 0; i + 12 < sizeof FIX_APP_PRIVATE; i += 12) {
        char piece[13];
        memcpy(piece, &FIX_APP_PRIVATE[i], 12);
        piece[12] = '\0';
        assert_null(strstr(view_a, piece));
    }
    assert_non_null(strstr(view_a, "\"secret_key\":\"***\""));
    payroute_json *doc = NULL;
    assert_int_equal(payroute_json_parse(&doc, view_a, (size_t)len, NULL, 0), PAYROUTE_OK);
    payroute_json_free(doc);
    /* Too small: nothing is written. */
    memset(view_b, 'x', 8);
    assert_int_equal(payroute_registry_view(r, view_b, (size_t)len), PAYROUTE_E_BUFFER);
    assert_int_equal(view_b[0], 'x');
    assert_int_equal(payroute_registry_view(r, view_b, (size_t)len + 1), len);
    assert_int_equal(payroute_registry_view(r, NULL, 0), PAYROUTE_E_BUFFER);
    assert_int_equal(payroute_registry_view(r, NULL, 1), PAYROUTE_E_ARG);
    assert_int_equal(payroute_registry_view(NULL, view_b, 9), PAYROUTE_E_ARG);
    payroute_registry_free(r);
}

static void test_references_and_accessors(void **state)
{
    (void)state;
    payroute_registry *r = accepted(FIX_FILE(FIX_CUSTOM("c") "}"));
    assert_ptr_equal(payroute_registry_retain(r), r);
    payroute_registry_free(r);
    assert_int_equal(payroute_registry_count(r), 1); /* still there: ASan would tell */
    assert_null(payroute_registry_id(r, 1));
    assert_null(payroute_registry_id(r, -1));
    assert_null(payroute_registry_id(NULL, 0));
    assert_int_equal(payroute_registry_find(r, "d"), PAYROUTE_E_NOT_FOUND);
    assert_int_equal(payroute_registry_find(r, NULL), PAYROUTE_E_ARG);
    assert_int_equal(payroute_registry_count(NULL), PAYROUTE_E_ARG);
    assert_null(pr_registry_find(r, "d"));
    payroute_registry_free(r);
    payroute_registry_free(NULL);
    assert_null(payroute_registry_retain(NULL));
}

static void test_versions(void **state)
{
    (void)state;
    payroute_registry *r = accepted(FIX_FILE(
        "{\"id\":\"s\",\"provider\":\"stripe\",\"methods\":[{\"method\":\"card\",\"flows\":[\"token\"]}],"
        "\"currencies\":[\"USD\"],"
        "\"credentials\":[{\"version\":\"new\",\"secret_key\":\"sk_test_new\","
        "\"webhook_secret\":\"whsec_new\"},"
        "{\"version\":\"old\",\"secret_key\":\"rk_test_old\",\"webhook_secret\":\"whsec_old\"}]}"));
    const pr_channel *c = pr_registry_at(r, 0);
    assert_int_equal(c->credential_count, 2);
    assert_string_equal(pr_credential_get(c, NULL, "secret_key"), "sk_test_new");
    assert_string_equal(pr_credential_get(c, "old", "secret_key"), "rk_test_old");
    assert_null(pr_credential_get(c, "older", "secret_key"));
    payroute_registry_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_everything_given),
        cmocka_unit_test(test_bad_values),
        cmocka_unit_test(test_unknown_keys),
        cmocka_unit_test(test_methods),
        cmocka_unit_test(test_currencies),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_credentials),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_all_at_once),
        cmocka_unit_test(test_values_are_cut_and_secrets_hidden),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_custom_facts),
        cmocka_unit_test(test_facts_of_a_channel),
        cmocka_unit_test(test_builder_equals_file),
        cmocka_unit_test(test_builder_refusals),
        cmocka_unit_test(test_view_hides_credentials),
        cmocka_unit_test(test_references_and_accessors),
        cmocka_unit_test(test_versions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
