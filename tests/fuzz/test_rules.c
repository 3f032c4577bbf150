/* Rules: the first line is their list, each further one a payment as an object of facts. What loads says of
   every payment what the slow reading of the same text says; what is refused says why. */
#include "kit.h"

#include "../unit/rules_oracle.h"

static const char *text_fact(const payroute_json_node *facts, const char *name)
{
    return payroute_json_string(payroute_json_get(facts, name));
}

static int64_t number_fact(const payroute_json_node *facts, const char *name, int64_t standard)
{
    int64_t v = standard;
    (void)payroute_json_integer(&v, payroute_json_get(facts, name));
    return v;
}

/* From the third day of 1970 on: the slow reading knows no time before it. */
static pr_rule_facts read_facts_line(const payroute_json_node *node)
{
    int64_t risk = number_fact(node, "risk", -1);
    int64_t now_ms = number_fact(node, "now_ms", FUZZ_NOW);
    return (pr_rule_facts){.method = text_fact(node, "method"),
                           .flow = text_fact(node, "flow"),
                           .currency = text_fact(node, "currency"),
                           .country = text_fact(node, "country"),
                           .brand = text_fact(node, "brand"),
                           .issuer = text_fact(node, "issuer"),
                           .tier = text_fact(node, "tier"),
                           .category = text_fact(node, "category"),
                           .bin = text_fact(node, "bin"),
                           .amount_minor = number_fact(node, "amount", 100),
                           .now_ms = now_ms >= 172800000 && now_ms < INT64_C(4102444800000) ? now_ms : FUZZ_NOW,
                           .risk = risk >= 0 && risk <= INT32_MAX ? (int32_t)risk : -1,
                           .metadata = payroute_json_get(node, "metadata")};
}

static void compare(const payroute_registry *r, const payroute_json_node *list,
                    const payroute_json_node *node)
{
    pr_rule_facts facts = read_facts_line(node);
    pr_rule_outcome got, expected;
    pr_rules_apply(pr_registry_rules(r), &facts, &got);
    oracle_apply(r, list, &facts, &expected);
    const char *differs = oracle_differs(&got, &expected, payroute_registry_count(r));
    FUZZ_EXPECT(differs == NULL, "another %s", differs);
    pr_channel_mask able = {{7}};
    for (uint64_t turn = 0; got.split >= 0 && turn < 20; turn++) {
        int32_t channel = pr_rules_split_channel(pr_registry_rules(r), got.split, turn, &able);
        FUZZ_EXPECT(channel >= 0 && channel < 3, "dealt to %d", (int)channel);
    }
    if (fuzz_telling()) {
        printf("matched %llx deny %d split %d\n", (unsigned long long)got.matched[0], (int)got.deny,
               (int)got.split);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_in in = {data, size};
    size_t len;
    char *rules = fuzz_line(&in, &len);
    char why[4096] = "";
    payroute_registry *r = NULL;
    payroute_json *doc = NULL;
    size_t cap = strlen(rules) + sizeof ORACLE_FILE;
    char *file = malloc(cap);
    if (file != NULL && strlen(rules) == len &&
        payroute_json_parse(&doc, rules, len, why, sizeof why) == PAYROUTE_OK) {
        snprintf(file, cap, ORACLE_FILE, rules);
        int32_t rc = payroute_registry_from_json(&r, file, strlen(file), why, sizeof why);
        FUZZ_EXPECT((rc == PAYROUTE_OK) == (r != NULL) && rc != PAYROUTE_E_INTERNAL, "rc %d", (int)rc);
        FUZZ_EXPECT(rc == PAYROUTE_OK || why[0] != '\0', "refused (%d) without a word", (int)rc);
        FUZZ_EXPECT(pr_utf8_valid(why, strlen(why)), "no UTF-8: %s", why);
        if (fuzz_telling()) {
            printf("%s\n", r != NULL ? "loaded" : why);
        }
    }
    for (int i = 0; r != NULL && i < 16 && in.len > 0; i++) {
        char *line = fuzz_line(&in, &len);
        payroute_json *facts = NULL;
        if (payroute_json_parse(&facts, line, strlen(line), NULL, 0) == PAYROUTE_OK) {
            compare(r, payroute_json_root(doc), payroute_json_root(facts));
        }
        payroute_json_free(facts);
        free(line);
    }
    payroute_registry_free(r);
    payroute_json_free(doc);
    free(file);
    free(rules);
    return 0;
}
