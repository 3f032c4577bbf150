/* payroute.schema.json says what the reader does: same names, types, bounds, words, defaults, nothing more
 * and nothing less. */
#include "registry_fixture.h"

#include <payroute/json.h>
#include <payroute/registry.h>

#include "provider/provider.h"
#include "registry/keys.h"

static const char *const scope_names[PR_SCOPE_COUNT] = {
    NULL,      "channel", "method", "features", "timeouts", "facts", "maintenance",
    "routing", "rule",    "when",   "amount",   "risk",     "hours", "then"};

static char *read_text(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        fail_msg("cannot open %s: run this from the top folder", path);
    }
    char *text = malloc(1 << 17);
    assert_non_null(text);
    *len = fread(text, 1, 1 << 17, f);
    assert_true(*len > 0 && *len < 1 << 17);
    fclose(f);
    return text;
}

static int load_schema(void **state)
{
    size_t len;
    char *text = read_text("include/payroute/payroute.schema.json", &len);
    payroute_json *doc = NULL;
    char why[100];
    int32_t rc = payroute_json_parse(&doc, text, len, why, sizeof why);
    free(text);
    *state = doc;
    return rc == PAYROUTE_OK ? 0 : -1;
}

static int free_schema(void **state)
{
    payroute_json_free(*state);
    return 0;
}

static const payroute_json_node *definition(void **state, const char *name)
{
    const payroute_json_node *root = payroute_json_root(*state);
    const payroute_json_node *node =
        name == NULL ? root : payroute_json_get(payroute_json_get(root, "$defs"), name);
    if (node == NULL) {
        fail_msg("the schema lacks %s: make schema", name);
    }
    assert_int_equal(payroute_json_flag(payroute_json_get(node, "additionalProperties")), 0);
    assert_string_equal(payroute_json_string(payroute_json_get(node, "type")), "object");
    return node;
}

static int64_t number(const payroute_json_node *property, const char *name)
{
    int64_t v = INT64_MIN;
    if (payroute_json_integer(&v, payroute_json_get(property, name)) != PAYROUTE_OK) {
        fail_msg("%s has no integer %s", payroute_json_name(property), name);
    }
    return v;
}

static int32_t lists(const payroute_json_node *list, const char *word)
{
    for (const payroute_json_node *e = payroute_json_first(list); e != NULL; e = payroute_json_next(e)) {
        if (payroute_json_string(e) != NULL && strcmp(payroute_json_string(e), word) == 0) {
            return 1;
        }
    }
    return 0;
}

static void check_type(const payroute_json_node *property, const char *type)
{
    assert_string_equal(payroute_json_string(payroute_json_get(property, "type")), type);
}

static void check_words(const pr_config_key *key, const payroute_json_node *words)
{
    int32_t n = payroute_json_count(words);
    assert_true(n > 0);
    for (const payroute_json_node *e = payroute_json_first(words); e != NULL; e = payroute_json_next(e)) {
        const char *word = payroute_json_string(e);
        assert_true(key->id == PR_KEY_PROVIDER ? pr_provider_find(word) != NULL
                                               : pr_keys_chosen(key->detail, word) >= 0);
    }
    int32_t have = 1;
    for (const char *c = key->detail; key->detail != NULL && *c != '\0'; c++) {
        have += *c == ' ';
    }
    if (n != (key->id == PR_KEY_PROVIDER ? pr_provider_count() : have)) {
        fail_msg("the schema knows %d words for %s: make schema", (int)n, key->name);
    }
}

static void check_property(const pr_config_key *key, const payroute_json_node *property)
{
    if (payroute_json_get(property, "$ref") != NULL) {
        char ref[64];
        snprintf(ref, sizeof ref, "#/$defs/%s", key->name);
        assert_int_equal(key->type, PR_TYPE_OBJECT);
        assert_string_equal(payroute_json_string(payroute_json_get(property, "$ref")), ref);
        return;
    }
    assert_non_null(payroute_json_get(property, "description"));
    switch ((enum pr_key_type)key->type) {
    case PR_TYPE_INT:
        check_type(property, "integer");
        assert_true(number(property, "minimum") == key->min && number(property, "maximum") == key->max);
        break;
    case PR_TYPE_FLAG: check_type(property, "boolean"); break;
    case PR_TYPE_TEXT:
        check_type(property, "string");
        assert_true(number(property, "minLength") == key->min && number(property, "maxLength") == key->max);
        if (key->detail != NULL) {
            assert_string_equal(payroute_json_string(payroute_json_get(property, "pattern")), key->detail);
        } else {
            assert_null(payroute_json_get(property, "pattern"));
        }
        break;
    case PR_TYPE_CHOICE:
        check_type(property, "string");
        check_words(key, payroute_json_get(property, "enum"));
        break;
    case PR_TYPE_LIST:
        check_type(property, "array");
        assert_true(number(property, "minItems") == key->min && number(property, "maxItems") == key->max);
        break;
    case PR_TYPE_WORDS: {
        const payroute_json_node *one = payroute_json_first(payroute_json_get(property, "anyOf"));
        const payroute_json_node *list = payroute_json_next(one);
        const payroute_json_node *other =
            payroute_json_get(payroute_json_get(payroute_json_next(list), "properties"), "not");
        assert_true(number(one, "minLength") == key->min && number(one, "maxLength") == key->max);
        const char *pattern = payroute_json_string(payroute_json_get(one, "pattern"));
        assert_true((pattern == NULL) == (key->detail == NULL) &&
                    (pattern == NULL || strcmp(pattern, key->detail) == 0));
        assert_true(number(payroute_json_get(list, "items"), "maxLength") == key->max);
        assert_int_equal(payroute_json_count(payroute_json_get(other, "anyOf")), 2);
        break;
    }
    case PR_TYPE_OBJECT:
        check_type(property, "object");
        assert_true(number(property, "maxProperties") == key->max);
        break;
    }
}

static void test_keys_equal(void **state)
{
    for (int32_t scope = 0; scope < PR_SCOPE_COUNT; scope++) {
        const payroute_json_node *object = definition(state, scope_names[scope]);
        const payroute_json_node *properties = payroute_json_get(object, "properties");
        const payroute_json_node *required = payroute_json_get(object, "required");
        int32_t count = 0;
        int32_t required_count = 0;
        for (int32_t i = 0; i < pr_keys_count(); i++) {
            const pr_config_key *key = pr_keys_at(i);
            if (key->scope != scope) {
                continue;
            }
            const payroute_json_node *property = payroute_json_get(properties, key->name);
            if (property == NULL) {
                fail_msg("the schema lacks %s", key->name);
            }
            check_property(key, property);
            assert_int_equal(lists(required, key->name), key->required);
            count++;
            required_count += key->required;
        }
        assert_int_equal(payroute_json_count(properties), count);
        assert_int_equal(payroute_json_count(required), required_count);
    }
}

static void check_field_pattern(const pr_credential_field *f, const char *pattern)
{
    if (f->prefixes == NULL && f->alphabet == NULL) {
        assert_null(pattern);
        return;
    }
    assert_non_null(pattern);
    char want[100];
    if (f->alphabet != NULL) {
        const char *set = strcmp(f->alphabet, "0123456789ABCDEFabcdef") == 0 ? "0-9A-Fa-f" : "0-9";
        assert_true(set[3] != '\0' || strcmp(f->alphabet, "0123456789") == 0);
        snprintf(want, sizeof want, "^%s[%s]+$", f->prefixes != NULL ? f->prefixes : "", set);
    } else {
        char words[64];
        snprintf(words, sizeof words, "%s", f->prefixes);
        for (char *c = words; *c != '\0'; c++) {
            *c = *c == ' ' ? '|' : *c;
        }
        snprintf(want, sizeof want, "^(%s)[!-~]*$", words);
    }
    assert_string_equal(pattern, want);
}

static void test_credentials_equal(void **state)
{
    for (int32_t i = 0; i < pr_provider_count(); i++) {
        const pr_provider *p = pr_provider_at(i);
        if (p->field_count == 0) {
            continue;
        }
        char name[40];
        snprintf(name, sizeof name, "credential_%s", p->name);
        const payroute_json_node *object = definition(state, name);
        const payroute_json_node *properties = payroute_json_get(object, "properties");
        assert_int_equal(payroute_json_count(properties), p->field_count + 1);
        assert_string_equal(
            payroute_json_string(payroute_json_get(payroute_json_get(properties, "version"), "pattern")),
            PR_SHAPE_VERSION);
        int32_t required = 0;
        for (int32_t k = 0; k < p->field_count; k++) {
            const pr_credential_field *f = &p->fields[k];
            const payroute_json_node *property = payroute_json_get(properties, f->name);
            if (property == NULL) {
                fail_msg("the schema lacks %s.%s: make schema", name, f->name);
            }
            assert_true(number(property, "minLength") == f->min_len &&
                        number(property, "maxLength") == f->max_len);
            check_field_pattern(f, payroute_json_string(payroute_json_get(property, "pattern")));
            assert_int_equal(lists(payroute_json_get(object, "required"), f->name), f->required);
            required += f->required;
        }
        assert_int_equal(payroute_json_count(payroute_json_get(object, "required")), required);
    }
}

static void test_flows_equal(void **state)
{
    const payroute_json_node *flows =
        payroute_json_get(payroute_json_get(definition(state, "method"), "properties"), "flows");
    const payroute_json_node *words = payroute_json_get(payroute_json_get(flows, "items"), "enum");
    int32_t used = 0;
    for (const payroute_json_node *e = payroute_json_first(words); e != NULL; e = payroute_json_next(e)) {
        int32_t found = 0;
        for (int32_t i = 0; i < pr_provider_count(); i++) {
            for (int32_t k = 0; k < pr_provider_at(i)->flow_count; k++) {
                found |= strcmp(pr_provider_at(i)->flows[k].name, payroute_json_string(e)) == 0;
            }
        }
        assert_int_equal(found, 1);
        used++;
    }
    for (int32_t i = 0; i < pr_provider_count(); i++) {
        for (int32_t k = 0; k < pr_provider_at(i)->flow_count; k++) {
            assert_int_equal(lists(words, pr_provider_at(i)->flows[k].name), 1);
        }
    }
    assert_int_equal(used, payroute_json_count(words));
}

static int64_t default_of(void **state, const char *scope, const char *name)
{
    const payroute_json_node *property =
        payroute_json_get(payroute_json_get(definition(state, scope), "properties"), name);
    const payroute_json_node *value = payroute_json_get(property, "default");
    int64_t v = -99;
    if (payroute_json_integer(&v, value) != PAYROUTE_OK) {
        v = payroute_json_flag(value);
    }
    return v;
}

static void test_defaults_equal(void **state)
{
    pr_channel c;
    pr_problems p;
    payroute_json *doc = NULL;
    static const char text[] = FIX_CUSTOM("c") "}";
    assert_int_equal(payroute_json_parse(&doc, text, sizeof text - 1, NULL, 0), PAYROUTE_OK);
    pr_problems_init(&p, NULL, 0);
    assert_int_equal(pr_channel_read(&c, &p, payroute_json_root(doc), 0, &(pr_zone){0}), 1);
    payroute_json_free(doc);
    assert_int_equal(default_of(state, "channel", "priority"), c.priority);
    assert_int_equal(default_of(state, "channel", "weight"), c.weight);
    assert_int_equal(default_of(state, "channel", "enabled"), c.enabled);
    assert_int_equal(default_of(state, "channel", "overlap"), c.overlap);
    assert_int_equal(default_of(state, "channel", "amount_min_minor"), c.amount_min_minor);
    pr_routing routing;
    pr_routing_init(&routing);
    assert_int_equal(default_of(state, "routing", "patience_ms"), routing.patience_ms);
    assert_int_equal(default_of(state, "routing", "margin_bp"), routing.margin_bp);
    assert_int_equal(default_of(state, "routing", "cost_worth"), routing.cost_worth);
    assert_int_equal(default_of(state, "routing", "explore"), routing.explore);
    assert_int_equal(default_of(state, "routing", "sticky"), routing.sticky);
    assert_int_equal(default_of(state, "channel", "cost_bps"), c.terms.cost_bps);
    assert_int_equal(default_of(state, "channel", "cost_fixed_minor"), c.terms.cost_fixed_minor);
    assert_int_equal(default_of(state, "timeouts", "connect_ms"), c.connect_timeout_ms);
    assert_int_equal(default_of(state, "timeouts", "money_ms"), c.money_timeout_ms);
    assert_int_equal(default_of(state, "timeouts", "query_ms"), c.query_timeout_ms);
    assert_int_equal(default_of(state, "facts", "steps"), c.custom_facts.steps);
    assert_int_equal(default_of(state, "facts", "key_ttl_s"), c.custom_facts.key_ttl_ms);
    assert_int_equal(default_of(state, "facts", "review_s") * 1000, c.custom_facts.review_ms);
    assert_int_equal(default_of(state, "facts", "max_pending_s") * 1000, c.custom_facts.max_pending_ms);
    pr_channel_clear(&c);
}

static void test_example_loads(void **state)
{
    (void)state;
    size_t len;
    char *text = read_text("examples/channels.example.json", &len);
    char why[2048];
    payroute_registry *r = NULL;
    int32_t rc = payroute_registry_from_json(&r, text, len, why, sizeof why);
    if (rc != PAYROUTE_OK) {
        print_message("%s\n", why);
    }
    free(text);
    assert_int_equal(rc, PAYROUTE_OK);
    assert_true(payroute_registry_count(r) >= 3);
    payroute_registry_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_equal),    cmocka_unit_test(test_credentials_equal),
        cmocka_unit_test(test_flows_equal),   cmocka_unit_test(test_defaults_equal),
        cmocka_unit_test(test_example_loads),
    };
    return cmocka_run_group_tests(tests, load_schema, free_schema);
}
