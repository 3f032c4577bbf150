/* What a shop says of a payment beside its amount, read from JSON: for rules, and for the terms of channels.
   The texts stay in the document, which must live as long as the facts. */
#include "registry/rules_draft.h"

#include <string.h>

enum { METADATA_MAX = 32, RISK_MAX = 1000000 };

typedef struct fact_text_rule {
    const char *name;
    size_t offset;
    size_t min;
    size_t max;
    const char *shape;
    const char *expected;
} fact_text_rule;

#define FACT(name) #name, offsetof(pr_rule_facts, name)
static const fact_text_rule fact_rules[] = {
    {FACT(country), 2, 2, PR_SHAPE_UPPER, "a country's two letters such as \"CN\""},
    {FACT(brand), 1, 16, PR_SHAPE_NAME, "a card brand such as \"visa\""},
    {FACT(issuer), 1, 64, PR_SHAPE_ANY, "a text of 1 to 64 bytes"},
    {FACT(tier), 1, 32, PR_SHAPE_ID, "a text of 1 to 32 of a-z 0-9 . _ -"},
    {FACT(category), 1, 64, PR_SHAPE_ANY, "a text of 1 to 64 bytes"},
    {FACT(bin), 6, 8, PR_SHAPE_NAME, "the first 6 to 8 digits of the card, never more"},
};
enum { FACT_RULES = (int)(sizeof fact_rules / sizeof fact_rules[0]) };

static void fact_wrong(pr_problems *p, const payroute_json_node *member, const char *expected)
{
    char got[PR_GOT_CAP];
    pr_problems_got(got, member);
    if (strcmp(payroute_json_name(member), "bin") == 0) { /* it may be a card number */
        pr_problems_add(p, PR_PROBLEM_SCHEMA, "bin", "expected %s", expected);
    } else {
        pr_problems_add(p, PR_PROBLEM_SCHEMA, payroute_json_name(member), "expected %s, got %s", expected,
                        got);
    }
}

static void read_fact(pr_rule_facts *out, pr_problems *p, const fact_text_rule *rule,
                      const payroute_json_node *member)
{
    const char *text = payroute_json_string(member);
    size_t len = text != NULL ? strlen(text) : 0;
    pr_bin_range range;
    if (len < rule->min || len > rule->max || !pr_keys_shape(rule->shape, text) ||
        (strcmp(rule->name, "bin") == 0 && !pr_bin_of(&range, text))) {
        fact_wrong(p, member, rule->expected);
        return;
    }
    memcpy((char *)out + rule->offset, &text, sizeof text);
}

static void read_fact_metadata(pr_rule_facts *out, pr_problems *p, const payroute_json_node *member)
{
    int32_t good =
        payroute_json_type(member) == PAYROUTE_JSON_OBJECT && payroute_json_count(member) <= METADATA_MAX;
    for (const payroute_json_node *m = payroute_json_first(member); good && m != NULL;
         m = payroute_json_next(m)) {
        good = pr_words_text(m) != NULL;
    }
    if (good) {
        out->metadata = member;
    } else {
        fact_wrong(p, member, "an object of at most 32 texts, numbers and flags");
    }
}

int32_t pr_rules_fact(pr_rule_facts *out, pr_problems *p, const payroute_json_node *member)
{
    const char *name = payroute_json_name(member);
    for (int32_t i = 0; i < FACT_RULES; i++) {
        if (strcmp(fact_rules[i].name, name) == 0) {
            read_fact(out, p, &fact_rules[i], member);
            return 1;
        }
    }
    if (strcmp(name, "risk") == 0) {
        int64_t risk = -1;
        if (payroute_json_integer(&risk, member) != PAYROUTE_OK || risk < 0 || risk > RISK_MAX) {
            fact_wrong(p, member, "an integer from 0 to 1000000");
        } else {
            out->risk = (int32_t)risk;
        }
        return 1;
    }
    if (strcmp(name, "metadata") == 0) {
        read_fact_metadata(out, p, member);
        return 1;
    }
    return 0;
}

void pr_rules_facts_view(payroute_json_out *out, const pr_rule_facts *facts)
{
    for (int32_t i = 0; i < FACT_RULES; i++) {
        const char *text;
        memcpy(&text, (const char *)facts + fact_rules[i].offset, sizeof text);
        if (text != NULL && text[0] != '\0') {
            payroute_json_out_string(out, fact_rules[i].name, text);
        }
    }
    if (facts->risk >= 0) {
        payroute_json_out_integer(out, "risk", facts->risk);
    }
    if (facts->metadata != NULL) {
        payroute_json_out_node(out, "metadata", facts->metadata);
    }
}
