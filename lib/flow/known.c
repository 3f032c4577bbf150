/* What the shop knows of a payment beside the order itself: facts for its own rules and for the terms of its
   channels. Nothing of it is sent to anybody; it rides in the record, so that a later choice knows it too. */
#include "flow/handle.h"

#include <string.h>

enum { KNOWN_MAX = 2048 };

/* Twelve digits or more and not one letter: whatever stands between and before them, that is no token. */
int32_t pr_card_number(const char *s)
{
    int32_t digits = 0;
    for (; *s != '\0'; s++) {
        int32_t letter = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || *s == '_';
        if (letter) {
            return 0;
        }
        digits += *s >= '0' && *s <= '9';
    }
    return digits >= 12;
}

static int32_t known_given(const payroute_json_node *member)
{
    return payroute_json_type(member) > PAYROUTE_JSON_NULL;
}

int32_t pr_known_key(const payroute_json_node *member)
{
    pr_rule_facts facts = {.risk = -1};
    pr_problems none;
    pr_problems_init(&none, NULL, 0);
    return pr_rules_fact(&facts, &none, member);
}

static int32_t text_secret(const char *text)
{
    return text != NULL && (pr_provider_secret_like(text) || pr_card_number(text));
}

/* The value is not repeated: it may be what it looks like. */
static int32_t member_secret(const payroute_json_node *member, pr_text *why)
{
    int32_t found = strcmp(payroute_json_name(member), "bin") != 0 && text_secret(payroute_json_text(member));
    if (payroute_json_type(member) == PAYROUTE_JSON_OBJECT) {
        for (const payroute_json_node *m = payroute_json_first(member); m != NULL; m = payroute_json_next(m)) {
            found |= text_secret(payroute_json_name(m)) || text_secret(payroute_json_text(m));
        }
    }
    if (found) {
        pr_text_format(why, "%s: looks like a credential or a card number; it must not come here\n",
                       payroute_json_name(member));
    }
    return found;
}

static int32_t read_members(pr_rule_facts *out, const payroute_json_node *root, int32_t *count, pr_text *why)
{
    char lines[1024];
    pr_problems problems;
    int32_t secret = 0;
    pr_problems_init(&problems, lines, sizeof lines);
    *out = (pr_rule_facts){.risk = -1};
    *count = 0;
    for (const payroute_json_node *m = payroute_json_first(root); m != NULL; m = payroute_json_next(m)) {
        if (!known_given(m) || !pr_known_key(m)) {
            continue;
        }
        *count += 1;
        if (member_secret(m, why)) {
            secret = 1;
        } else {
            (void)pr_rules_fact(out, &problems, m);
        }
    }
    int32_t rc = pr_problems_end(&problems);
    if (rc != PAYROUTE_OK) {
        pr_text_format(why, "%s\n", lines);
    }
    return rc == PAYROUTE_OK && secret ? PAYROUTE_E_SCHEMA : rc;
}

/* A document of their own: the one that they came in does not live as long. */
static int32_t keep_facts(pr_known **out, const pr_rule_facts *facts, pr_text *why)
{
    size_t len = 0;
    int32_t count = 0;
    payroute_json_out *json = payroute_json_out_new();
    payroute_json_out_object(json, NULL);
    pr_rules_facts_view(json, facts);
    payroute_json_out_end(json);
    const char *text = payroute_json_out_text(json, &len);
    pr_known *k = pr_mem_new(sizeof *k);
    int32_t rc = text == NULL || k == NULL ? PAYROUTE_E_NOMEM : PAYROUTE_OK;
    if (rc == PAYROUTE_OK && len > KNOWN_MAX) {
        pr_text_format(why, "metadata: with the other facts at most %d bytes, got %d\n", (int)KNOWN_MAX, (int)len);
        rc = PAYROUTE_E_LIMIT;
    }
    if (rc == PAYROUTE_OK) {
        rc = payroute_json_parse(&k->doc, text, len, NULL, 0);
    }
    if (rc == PAYROUTE_OK) {
        rc = read_members(&k->facts, payroute_json_root(k->doc), &count, why);
    }
    payroute_json_out_free(json);
    if (rc != PAYROUTE_OK) {
        pr_known_free(k);
        return rc;
    }
    *out = k;
    return PAYROUTE_OK;
}

int32_t pr_known_read(pr_known **out, const payroute_json_node *spec, pr_text *why)
{
    pr_rule_facts facts;
    int32_t count = 0;
    *out = NULL;
    int32_t rc = read_members(&facts, spec, &count, why);
    return rc == PAYROUTE_OK && count > 0 ? keep_facts(out, &facts, why) : rc;
}

int32_t pr_known_without_card(pr_known **out, const pr_known *known)
{
    pr_text none;
    pr_text_init(&none, NULL, 0);
    *out = NULL;
    if (known == NULL) {
        return PAYROUTE_OK;
    }
    pr_rule_facts facts = known->facts;
    facts.brand = NULL;
    facts.issuer = NULL;
    facts.bin = NULL;
    return keep_facts(out, &facts, &none);
}

void pr_known_write(payroute_json_out *out, const pr_known *known)
{
    if (known != NULL) {
        pr_rules_facts_view(out, &known->facts);
    }
}

const char *pr_known_issuer(const pr_known *known)
{
    const char *issuer = known != NULL ? known->facts.issuer : NULL;
    return known == NULL || (issuer != NULL && issuer[0] != '\0') ? issuer : known->facts.brand;
}

void pr_known_free(pr_known *known)
{
    if (known != NULL) {
        payroute_json_free(known->doc);
        pr_mem_free(known);
    }
}
