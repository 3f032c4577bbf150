/* Writes docs/configuration.md from the schema, and the tables of docs/providers.md from the providers' facts (make
 * docs). Examples stand here, everything else there: a key without an example is an error, and so is an example that
 * the schema would refuse. */
#include "core/policy.h"
#include "mkref.h"
#include "provider/provider.h"

#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct example {
    const char *path; /* section.key */
    const char *json;
} example;

static const example examples[] = {
    {"file.schema", "1"},
    {"file.allow_plain_loopback", "true"},
    {"file.locale", "\"zh-CN\""},
    {"file.policy", "{\"deadline_ms\": 3600000}"},
    {"file.routing", "{\"patience_ms\": 5000}"},
    {"file.rules", "[{\"name\": \"night\", …}]"},
    {"file.channels", "[{\"id\": \"alipay-main\", …}]"},
    {"channel.id", "\"alipay-main\""},
    {"channel.provider", "\"alipay\""},
    {"channel.fork", "\"rainbow_v2\""},
    {"channel.title", "\"支付宝\""},
    {"channel.base_url", "\"https://pay.example\""},
    {"channel.notify_url", "\"https://shop.example/pay/notify/alipay-main\""},
    {"channel.return_url", "\"https://shop.example/pay/return\""},
    {"channel.ca_file", "\"/etc/shop/ca.pem\""},
    {"channel.credentials", "[{\"version\": \"2026\", …}]"},
    {"channel.methods", "[{\"method\": \"alipay\", \"flows\": [\"qr\"]}]"},
    {"channel.currencies", "[\"CNY\"]"},
    {"channel.amount_min_minor", "100"},
    {"channel.amount_max_minor", "500000"},
    {"channel.priority", "1"},
    {"channel.weight", "70"},
    {"channel.enabled", "false"},
    {"channel.overlap", "true"},
    {"channel.features", "{\"hold\": false}"},
    {"channel.timeouts", "{\"money_ms\": 10000}"},
    {"channel.pay_seconds", "300"},
    {"channel.cost_bps", "60"},
    {"channel.cost_fixed_minor", "30"},
    {"channel.expected_success_percent", "92"},
    {"channel.expected_latency_ms", "1200"},
    {"channel.cap_day_minor", "5000000"},
    {"channel.cap_month_minor", "90000000"},
    {"channel.commit_month_minor", "20000000"},
    {"channel.countries", "[\"CN\", \"HK\"]"},
    {"channel.brands", "[\"visa\", \"mastercard\"]"},
    {"channel.bins", "[\"411111\", \"52000000-52009999\"]"},
    {"channel.maintenance", "[{\"days\": [\"sun\"], \"from\": \"01:00\", \"to\": \"03:30\"}]"},
    {"channel.facts", "{\"lookup\": \"our_ref\"}"},
    {"method.method", "\"alipay\""},
    {"method.flows", "[\"qr\", \"redirect\"]"},
    {"features.refund", "false"},
    {"features.close", "false"},
    {"features.query", "false"},
    {"features.refund_query", "false"},
    {"features.hold", "false"},
    {"timeouts.connect_ms", "2000"},
    {"timeouts.money_ms", "10000"},
    {"timeouts.query_ms", "4000"},
    {"facts.by_customer", "true"},
    {"facts.container", "true"},
    {"facts.client", "true"},
    {"facts.repeat_safe", "true"},
    {"facts.replays_decline", "true"},
    {"facts.can_close", "true"},
    {"facts.close_reverses", "true"},
    {"facts.close_blind", "true"},
    {"facts.refund", "true"},
    {"facts.refund_keyed", "true"},
    {"facts.refund_lookup", "true"},
    {"facts.expires", "true"},
    {"facts.lookup", "\"our_ref\""},
    {"facts.late_send", "\"window\""},
    {"facts.late_window_s", "300"},
    {"facts.steps", "1"},
    {"facts.key_ttl_s", "-1"},
    {"facts.max_pending_s", "86400"},
    {"facts.auth_ttl_s", "604800"},
    {"facts.review_s", "7200"},
    {"maintenance.days", "[\"mon\", \"thu\"]"},
    {"maintenance.from", "\"23:30\""},
    {"maintenance.to", "\"01:00\""},
    {"maintenance.zone", "\"Europe/Berlin\""},
    {"routing.patience_ms", "5000"},
    {"routing.margin_bp", "50"},
    {"routing.cost_worth", "500"},
    {"routing.explore", "false"},
    {"routing.sticky", "true"},
    {"routing.zone", "\"Asia/Singapore\""},
    {"rule.name", "\"night\""},
    {"rule.when", "{\"method\": \"card\"}"},
    {"rule.then", "{\"prefer\": [\"card-main\"]}"},
    {"when.method", "\"card\""},
    {"when.flow", "[\"qr\", \"redirect\"]"},
    {"when.currency", "\"CNY\""},
    {"when.country", "{\"not\": \"CN\"}"},
    {"when.brand", "[\"visa\", \"mastercard\"]"},
    {"when.issuer", "\"cmb\""},
    {"when.tier", "\"gold\""},
    {"when.category", "{\"not\": [\"gift card\"]}"},
    {"when.amount", "{\"min\": 100000}"},
    {"when.risk", "{\"min\": 80}"},
    {"when.bin", "[\"411111\"]"},
    {"when.hours", "{\"from\": \"22:00\", \"to\": \"06:00\"}"},
    {"when.weekdays", "[\"sat\", \"sun\"]"},
    {"when.zone", "\"Asia/Tokyo\""},
    {"when.metadata", "{\"shop\": \"north\"}"},
    {"amount.min", "100000"},
    {"amount.max", "500000"},
    {"risk.min", "80"},
    {"risk.max", "100"},
    {"hours.from", "\"22:00\""},
    {"hours.to", "\"06:00\""},
    {"then.only", "[\"card-main\"]"},
    {"then.prefer", "[\"card-main\", \"card-second\"]"},
    {"then.avoid", "[\"card-second\"]"},
    {"then.split", "{\"card-main\": 70, \"card-second\": 30}"},
    {"then.authenticate", "true"},
    {"then.deny", "\"too_risky\""},
    {"then.stop", "true"},
    {"alipay.version", "\"2026\""},
    {"alipay.app_id", "\"2021000000000001\""},
    {"alipay.seller_id", "\"2088000000000001\""},
    {"alipay.private_key", "\"MIIEvQIBADANBgkqhkiG9w0…\""},
    {"alipay.alipay_public_key", "\"MIIBIjANBgkqhkiG9w0BAQE…\""},
    {"alipay.app_cert", "\"-----BEGIN CERTIFICATE-----\\n…\""},
    {"alipay.alipay_cert", "\"-----BEGIN CERTIFICATE-----\\n…\""},
    {"alipay.alipay_root_cert", "\"-----BEGIN CERTIFICATE-----\\n…\""},
    {"wechatpay.version", "\"2026\""},
    {"wechatpay.mchid", "\"1900000001\""},
    {"wechatpay.appid", "\"wx0000000000000001\""},
    {"wechatpay.serial_no", "\"1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C\""},
    {"wechatpay.private_key", "\"-----BEGIN PRIVATE KEY-----\\n…\""},
    {"wechatpay.apiv3_key", "\"0123456789abcdef0123456789abcdef\""},
    {"wechatpay.public_key_id", "\"PUB_KEY_ID_0000000000000024101100397200000006\""},
    {"wechatpay.public_key", "\"-----BEGIN PUBLIC KEY-----\\n…\""},
    {"stripe.version", "\"2026\""},
    {"stripe.secret_key", "\"sk_test_EXAMPLE\""},
    {"stripe.webhook_secret", "\"whsec_EXAMPLE\""},
    {"stripe.publishable_key", "\"pk_test_EXAMPLE\""},
    {"epay.version", "\"2026\""},
    {"epay.pid", "\"1001\""},
    {"epay.key", "\"0123456789abcdef0123456789abcdef\""},
    {"epay.private_key", "\"MIIEvQIBADANBgkqhkiG9w0…\""},
    {"epay.platform_public_key", "\"MIIBIjANBgkqhkiG9w0BAQE…\""},
};

void mkref_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "mkref: ");
    vfprintf(stderr, format, args);
    fprintf(stderr, "\n");
    va_end(args);
    exit(1);
}

const char *mkref_text(const cJSON *node, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(node, name));
    return text != NULL ? text : "";
}

static const cJSON *member(const cJSON *node, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(node, name);
}

int mkref_lists(const cJSON *array, const char *word)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, array) {
        if (cJSON_IsString(one) && strcmp(one->valuestring, word) == 0) {
            return 1;
        }
    }
    return 0;
}

/* ---- examples ---- */

static int out_of_bounds(const cJSON *key, const char *name, double value, int least)
{
    const cJSON *bound = member(key, name);
    return bound != NULL && (least ? value < bound->valuedouble : value > bound->valuedouble);
}

static void check_text(const char *path, const cJSON *key, const char *text)
{
    regex_t pattern;
    if (strstr(text, "…") != NULL) {
        return; /* shortened for the page */
    }
    if (out_of_bounds(key, "minLength", (double)strlen(text), 1) ||
        out_of_bounds(key, "maxLength", (double)strlen(text), 0)) {
        mkref_fail("the example of %s is too short or too long", path);
    }
    if (member(key, "enum") != NULL && !mkref_lists(member(key, "enum"), text)) {
        mkref_fail("the example of %s is none of its values", path);
    }
    if (*mkref_text(key, "pattern") != '\0') {
        if (regcomp(&pattern, mkref_text(key, "pattern"), REG_EXTENDED | REG_NOSUB) != 0 ||
            regexec(&pattern, text, 0, NULL, 0) != 0) {
            mkref_fail("the example of %s does not fit its pattern", path);
        }
        regfree(&pattern);
    }
}

/* "…" outside of a text stands for what the page leaves out. */
static cJSON *parse_example(const char *path, const char *json)
{
    char copy[256];
    snprintf(copy, sizeof copy, "%s", json);
    char *dots = strstr(copy, ", …");
    if (dots != NULL) {
        memmove(dots, dots + strlen(", …"), strlen(dots + strlen(", …")) + 1);
    }
    cJSON *value = cJSON_Parse(copy);
    if (value == NULL) {
        mkref_fail("the example of %s is no JSON", path);
    }
    return value;
}

/* A provider's credential needs no row here: its facts say how it begins. */
static const char *credential_example(const pr_provider *p, const char *name)
{
    static char json[80];
    int32_t i = pr_provider_field(p, name);
    const char *begins = i >= 0 && p->fields[i].prefixes != NULL ? p->fields[i].prefixes : "";
    (void)snprintf(json, sizeof json, "\"%.*s…\"", (int)strcspn(begins, " "), begins);
    return strcmp(name, "version") == 0 ? "\"2026\"" : json;
}

static const char *mark_example(const char *section, const char *name, const cJSON *key)
{
    char path[96];
    snprintf(path, sizeof path, "%s.%s", section, name);
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        if (strcmp(examples[i].path, path) != 0) {
            continue;
        }
        cJSON *value = parse_example(path, examples[i].json);
        const char *type = *mkref_text(key, "type") != '\0' ? mkref_text(key, "type") : "object";
        int words = member(key, "anyOf") != NULL; /* a text, a list or {"not": …} */
        int fits = (strcmp(type, "string") == 0 && cJSON_IsString(value)) ||
                   (strcmp(type, "integer") == 0 && cJSON_IsNumber(value)) ||
                   (strcmp(type, "boolean") == 0 && cJSON_IsBool(value)) ||
                   (strcmp(type, "array") == 0 && cJSON_IsArray(value)) ||
                   (strcmp(type, "object") == 0 && cJSON_IsObject(value));
        if ((!fits && !words) || (cJSON_IsNumber(value) && (out_of_bounds(key, "minimum", value->valuedouble, 1) ||
                                                out_of_bounds(key, "maximum", value->valuedouble, 0)))) {
            mkref_fail("the example of %s is no %s, or out of its bounds", path, type);
        }
        if (cJSON_IsString(value)) {
            check_text(path, key, value->valuestring);
        }
        cJSON_Delete(value);
        return examples[i].json;
    }
    const pr_provider *p = pr_provider_find(section);
    if (p == NULL) {
        mkref_fail("no example for %s", path);
    }
    return credential_example(p, name);
}

/* ---- one row ---- */

static void print_number(const cJSON *node)
{
    printf("%.0f", node->valuedouble);
}

static void print_values(const cJSON *list)
{
    const cJSON *one;
    int n = 0;
    cJSON_ArrayForEach(one, list) {
        printf("%s`%s`", n++ > 0 ? " " : "", one->valuestring);
    }
}

static void print_range(const cJSON *low, const cJSON *high, const char *unit)
{
    if (low != NULL && high != NULL && low->valuedouble == high->valuedouble) {
        print_number(low);
    } else if (low != NULL && high != NULL) {
        print_number(low);
        printf(" to ");
        print_number(high);
    } else {
        printf("%s ", low != NULL ? "at least" : "at most");
        print_number(low != NULL ? low : high);
    }
    printf("%s", unit);
}

static void print_limits(const cJSON *key)
{
    key = member(key, "anyOf") != NULL ? cJSON_GetArrayItem(member(key, "anyOf"), 0) : key;
    static const char *const pairs[][3] = {{"minimum", "maximum", ""},
                                           {"minLength", "maxLength", " characters"},
                                           {"minItems", "maxItems", " entries"},
                                           {"minProperties", "maxProperties", " members"}};
    int said = 0;
    if (member(key, "enum") != NULL) {
        print_values(member(key, "enum"));
        return;
    }
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        const cJSON *low = member(key, pairs[i][0]);
        const cJSON *high = member(key, pairs[i][1]);
        if (low != NULL || high != NULL) {
            print_range(low, high, pairs[i][2]);
            said = 1;
        }
    }
    if (*mkref_text(key, "pattern") != '\0') {
        printf("%s`", said ? ", " : "");
        for (const char *p = mkref_text(key, "pattern"); *p != '\0'; p++) {
            printf("%s%c", *p == '|' ? "\\" : "", *p); /* a bar would end the cell */
        }
        printf("`");
    }
}

static void print_default(const cJSON *key)
{
    const cJSON *value = member(key, "default");
    char *text = value != NULL ? cJSON_PrintUnformatted(value) : NULL;
    printf("%s%s%s", text != NULL ? "`" : "", text != NULL ? text : "", text != NULL ? "`" : "");
    cJSON_free(text);
}

/* Which providers ask for a key of a channel, and which refuse it, as the schema's conditions say. */
static int print_providers(const cJSON *channel, const char *name)
{
    const cJSON *one;
    int n = 0;
    cJSON_ArrayForEach(one, member(channel, "allOf")) {
        const char *provider =
            mkref_text(member(member(member(one, "if"), "properties"), "provider"), "const");
        const cJSON *then = member(one, "then");
        const cJSON *otherwise = member(member(one, "else"), "properties");
        int needed = mkref_lists(member(then, "required"), name);
        if (needed || cJSON_IsFalse(member(otherwise, name))) {
            printf("%s%s%s", n++ > 0 ? ", " : "", provider, cJSON_IsFalse(member(otherwise, name)) ? " (only)" : "");
        }
    }
    if (strcmp(name, "facts") == 0) {
        printf("custom may (only)");
        n++;
    }
    return n;
}

void mkref_section(const cJSON *object, const char *section)
{
    const cJSON *key;
    printf("| key | type | needed | default | limits | meaning | example |\n|---|---|---|---|---|---|---|\n");
    cJSON_ArrayForEach(key, member(object, "properties")) {
        const char *ref = mkref_text(key, "$ref");
        const char *type = mkref_text(key, "type");
        const char *description = mkref_text(key, "description");
        printf("| `%s` | %s | ", key->string, *ref != '\0' ? "object" : member(key, "anyOf") != NULL ? "words" : type);
        if (mkref_lists(member(object, "required"), key->string)) {
            printf("yes");
        } else {
            (void)print_providers(object, key->string);
        }
        printf(" | ");
        print_default(key);
        printf(" | ");
        print_limits(key);
        printf(" | %s | `%s` |\n", *ref != '\0' ? "See below." : description, mark_example(section, key->string, key));
    }
    printf("\n");
}

/* ---- what does not stand in the schema ---- */

void mkref_rules(const char *name)
{
    const pr_provider *p = pr_provider_find(name);
    for (int32_t i = 0; p != NULL && i < p->rule_count; i++) {
        const pr_credential_rule *r = &p->rules[i];
        switch (r->kind) {
        case PR_RULE_EITHER: printf("- `%s` or `%s`: at least one of them.\n", r->a, r->b); break;
        case PR_RULE_TOGETHER: printf("- `%s` and `%s`: both or neither.\n", r->a, r->b); break;
        case PR_RULE_PAIR: printf("- `%s` and `%s` must be the two halves of one pair.\n", r->a, r->b); break;
        case PR_RULE_NOTIFY:
            printf("- The channel names a `%s` of at most 255 bytes, without ?query.\n", r->a);
            break;
        default:
            printf("- `%s` is yours and `%s` is the provider's: the halves of one pair are refused.\n", r->a, r->b);
        }
    }
    if (p != NULL && p->rule_count > 0) {
        printf("\n");
    }
}

void mkref_policy(void)
{
    printf("| key | default | limits | meaning |\n|---|---|---|---|\n");
#define P(name, min, max, standard, text) \
    printf("| `%s` | `%lld` | %lld to %lld | %s |\n", #name, (long long)(standard), (long long)(min), (long long)(max), text);
#include "core/policy.def"
#undef P
}
