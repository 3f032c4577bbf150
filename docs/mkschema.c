/* Brings include/payroute/payroute.schema.json up to the providers' facts (make docs): names, forks, flows
   and credentials are written anew from lib/provider, everything else, and every description, stays as it
   stands. So the schema of a new provider is nobody's work. */
#include "provider/provider.h"
#include "registry/keys.h"

#include <payroute/json.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_CAP = 1 << 20, PATH_CAP = 256 };

/* ---- what the facts say -------------------------------------------------------------------------------- */

static void put_choice(payroute_json_out *out, const char *name, const char *member, const char *value)
{
    payroute_json_out_object(out, name);
    payroute_json_out_string(out, member, value);
    payroute_json_out_end(out);
}

static void put_word(payroute_json_out *out, const char *name, const char *word)
{
    payroute_json_out_array(out, name);
    payroute_json_out_string(out, NULL, word);
    payroute_json_out_end(out);
}

static void put_providers(payroute_json_out *out, const char *name)
{
    payroute_json_out_array(out, name);
    for (int32_t i = 0; i < pr_provider_count(); i++) {
        payroute_json_out_string(out, NULL, pr_provider_at(i)->name);
    }
    payroute_json_out_end(out);
}

static void put_forks(payroute_json_out *out, const char *name)
{
    payroute_json_out_array(out, name);
    for (int32_t i = 0; i < pr_provider_count(); i++) {
        const pr_fork *f;
        for (int32_t k = 0; (f = pr_provider_fork_at(pr_provider_at(i), k)) != NULL; k++) {
            payroute_json_out_string(out, NULL, f->name);
        }
    }
    payroute_json_out_end(out);
}

/* 1: provider i has, before its flow k, one of the same name. */
static int is_again(int32_t i, int32_t k)
{
    const pr_provider *p = pr_provider_at(i);
    for (int32_t n = 0; n < k; n++) {
        if (strcmp(p->flows[n].name, p->flows[k].name) == 0) {
            return 1;
        }
    }
    return 0;
}

static void put_flow_words(payroute_json_out *out, const char *name)
{
    payroute_json_out_array(out, name);
    for (int32_t i = 0; i < pr_provider_count(); i++) {
        for (int32_t k = 0; k < pr_provider_at(i)->flow_count; k++) {
            const char *flow = pr_provider_at(i)->flows[k].name;
            int known = is_again(i, k);
            for (int32_t n = 0; n < i && !known; n++) {
                for (int32_t m = 0; m < pr_provider_at(n)->flow_count; m++) {
                    known |= strcmp(pr_provider_at(n)->flows[m].name, flow) == 0;
                }
            }
            if (!known) {
                payroute_json_out_string(out, NULL, flow);
            }
        }
    }
    payroute_json_out_end(out);
}

static void put_flow_sentence(payroute_json_out *out, const char *name)
{
    char text[2000] = "Ways of paying, the preferred one first: ";
    for (int32_t i = 0; i < pr_provider_count(); i++) {
        const pr_provider *p = pr_provider_at(i);
        const char *between = i > 0 ? "; " : "";
        for (int32_t k = 0; k < p->flow_count; k++) {
            if (!is_again(i, k)) {
                size_t len = strlen(text);
                (void)snprintf(text + len, sizeof text - len, "%s%s", between, p->flows[k].name);
                between = ", ";
            }
        }
        size_t len = strlen(text);
        (void)snprintf(text + len, sizeof text - len, " (%s)%s", p->name,
                       i + 1 == pr_provider_count() ? "." : "");
    }
    payroute_json_out_string(out, name, text);
}

/* What a channel of this provider must and may hold beyond what every channel does. */
static void put_consequence(payroute_json_out *out, const pr_provider *p)
{
    int forks = pr_provider_fork_at(p, 0) != NULL;
    char ref[64];
    (void)snprintf(ref, sizeof ref, "#/$defs/credential_%s", p->name);
    payroute_json_out_object(out, "then");
    if (p->field_count > 0) {
        payroute_json_out_array(out, "required");
        if (forks) {
            payroute_json_out_string(out, NULL, "fork");
            payroute_json_out_string(out, NULL, "base_url");
            payroute_json_out_string(out, NULL, "notify_url");
        }
        payroute_json_out_string(out, NULL, "credentials");
        payroute_json_out_end(out);
    }
    payroute_json_out_object(out, "properties");
    payroute_json_out_object(out, "credentials");
    payroute_json_out_integer(out, p->field_count > 0 ? "minItems" : "maxItems", p->field_count > 0);
    if (p->field_count > 0) {
        put_choice(out, "items", "$ref", ref);
    }
    payroute_json_out_end(out);
    if (p->field_count > 0) {
        payroute_json_out_flag(out, "facts", 0);
    }
    payroute_json_out_end(out);
    payroute_json_out_end(out);
    if (forks) { /* one provider has them; of two, each would refuse the other's */
        payroute_json_out_object(out, "else");
        payroute_json_out_object(out, "properties");
        payroute_json_out_flag(out, "fork", 0);
        payroute_json_out_end(out);
        payroute_json_out_end(out);
    }
}

static void put_conditions(payroute_json_out *out, const char *name)
{
    payroute_json_out_array(out, name);
    for (int32_t i = 0; i < pr_provider_count(); i++) {
        payroute_json_out_object(out, NULL);
        payroute_json_out_object(out, "if");
        payroute_json_out_object(out, "properties");
        put_choice(out, "provider", "const", pr_provider_at(i)->name);
        payroute_json_out_end(out);
        put_word(out, "required", "provider");
        payroute_json_out_end(out);
        put_consequence(out, pr_provider_at(i));
        payroute_json_out_end(out);
    }
    payroute_json_out_end(out);
}

/* ---- credentials --------------------------------------------------------------------------------------- */

static void put_pattern(payroute_json_out *out, const pr_credential_field *f)
{
    char text[200] = "", words[100] = "";
    (void)snprintf(words, sizeof words, "%s", f->prefixes != NULL ? f->prefixes : "");
    for (char *c = words; *c != '\0'; c++) {
        *c = *c == ' ' ? '|' : *c;
    }
    if (f->alphabet != NULL) {
        const char *set = strcmp(f->alphabet, "0123456789") == 0               ? "0-9"
                          : strcmp(f->alphabet, "0123456789ABCDEFabcdef") == 0 ? "0-9A-Fa-f"
                                                                               : f->alphabet;
        (void)snprintf(text, sizeof text, "^%s[%s]+$", words, set);
    } else if (f->prefixes != NULL) {
        (void)snprintf(text, sizeof text, "^(%s)[!-~]*$", words);
    }
    if (text[0] != '\0') {
        payroute_json_out_string(out, "pattern", text);
    }
}

static void put_text_head(payroute_json_out *out, const char *name, int32_t least, int32_t most)
{
    payroute_json_out_object(out, name);
    payroute_json_out_string(out, "type", "string");
    payroute_json_out_integer(out, "minLength", least);
    payroute_json_out_integer(out, "maxLength", most);
}

/* The description that stands there, else `fresh` as a sentence. */
static void put_description(payroute_json_out *out, const payroute_json_node *old, const char *fresh)
{
    char text[400];
    const char *kept = payroute_json_string(payroute_json_get(old, "description"));
    (void)snprintf(text, sizeof text, "%s.", fresh);
    if (text[0] >= 'a' && text[0] <= 'z') {
        text[0] = (char)(text[0] - 'a' + 'A');
    }
    payroute_json_out_string(out, "description", kept != NULL ? kept : text);
}

static void put_rules(payroute_json_out *out, const pr_provider *p)
{
    for (int32_t i = 0; i < p->rule_count; i++) {
        if (p->rules[i].kind == PR_RULE_EITHER) { /* there is at most one */
            payroute_json_out_array(out, "anyOf");
            for (int32_t k = 0; k < 2; k++) {
                payroute_json_out_object(out, NULL);
                put_word(out, "required", k == 0 ? p->rules[i].a : p->rules[i].b);
                payroute_json_out_end(out);
            }
            payroute_json_out_end(out);
        }
    }
    int32_t begun = 0;
    for (int32_t f = 0; f < p->field_count; f++) {
        int32_t listed = 0;
        for (int32_t i = 0; i < p->rule_count; i++) {
            const pr_credential_rule *r = &p->rules[i];
            int32_t first = strcmp(r->a, p->fields[f].name) == 0;
            if (r->kind == PR_RULE_TOGETHER && (first || strcmp(r->b, p->fields[f].name) == 0)) {
                if (!begun++) {
                    payroute_json_out_object(out, "dependentRequired");
                }
                if (!listed++) {
                    payroute_json_out_array(out, p->fields[f].name);
                }
                payroute_json_out_string(out, NULL, first ? r->b : r->a);
            }
        }
        if (listed) {
            payroute_json_out_end(out);
        }
    }
    if (begun) {
        payroute_json_out_end(out);
    }
}

static void put_credential(payroute_json_out *out, const pr_provider *p, const payroute_json_node *defs)
{
    char name[40];
    (void)snprintf(name, sizeof name, "credential_%s", p->name);
    const payroute_json_node *old = payroute_json_get(defs, name);
    payroute_json_out_object(out, name);
    payroute_json_out_string(out, "type", "object");
    put_description(out, old, p->title_en);
    payroute_json_out_flag(out, "additionalProperties", 0);
    payroute_json_out_array(out, "required");
    for (int32_t i = 0; i < p->field_count; i++) {
        if (p->fields[i].required) {
            payroute_json_out_string(out, NULL, p->fields[i].name);
        }
    }
    payroute_json_out_end(out);
    payroute_json_out_object(out, "properties");
    put_text_head(out, "version", 1, 16);
    payroute_json_out_string(out, "pattern", PR_SHAPE_VERSION);
    put_description(out, NULL, "Name of this version; the first in the list signs, all verify");
    payroute_json_out_string(out, "default", "1");
    payroute_json_out_end(out);
    for (int32_t i = 0; i < p->field_count; i++) {
        const pr_credential_field *f = &p->fields[i];
        put_text_head(out, f->name, f->min_len, f->max_len);
        put_pattern(out, f);
        put_description(out, payroute_json_get(payroute_json_get(old, "properties"), f->name), f->hint);
        payroute_json_out_end(out);
    }
    payroute_json_out_end(out);
    put_rules(out, p);
    payroute_json_out_end(out);
}

/* ---- the old text, with the new parts in it -------------------------------------------------------------
 */

typedef struct part {
    const char *path;
    void (*put)(payroute_json_out *out, const char *name);
} part;

static const part parts[] = {
    {"/$defs/channel/properties/provider/enum", put_providers},
    {"/$defs/channel/properties/fork/enum", put_forks},
    {"/$defs/channel/allOf", put_conditions},
    {"/$defs/method/properties/flows/description", put_flow_sentence},
    {"/$defs/method/properties/flows/items/enum", put_flow_words},
};

static void copy_node(payroute_json_out *out, const char *name, const payroute_json_node *node,
                      const char *path)
{
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (strcmp(path, parts[i].path) == 0) {
            parts[i].put(out, name);
            return;
        }
    }
    if (payroute_json_type(node) != PAYROUTE_JSON_OBJECT) {
        payroute_json_out_node(out, name, node);
        return;
    }
    payroute_json_out_object(out, name);
    int defs = strcmp(path, "/$defs") == 0;
    for (const payroute_json_node *n = payroute_json_first(node); n != NULL; n = payroute_json_next(n)) {
        char below[PATH_CAP];
        const char *member = payroute_json_name(n);
        if (!defs || strncmp(member, "credential_", 11) != 0) {
            (void)snprintf(below, sizeof below, "%s/%s", path, member);
            copy_node(out, member, n, below);
        }
    }
    for (int32_t i = 0; defs && i < pr_provider_count(); i++) {
        if (pr_provider_at(i)->field_count > 0) {
            put_credential(out, pr_provider_at(i), node);
        }
    }
    payroute_json_out_end(out);
}

/* One text, name or number as JSON, without its type's trouble. */
static void print_text(const char *text)
{
    payroute_json_out *out = payroute_json_out_new();
    payroute_json_out_string(out, NULL, text);
    const char *json = payroute_json_out_text(out, NULL);
    fputs(json != NULL ? json : "", stdout);
    payroute_json_out_free(out);
}

static void print_node(const payroute_json_node *node, int depth)
{
    int type = payroute_json_type(node);
    const payroute_json_node *first = payroute_json_first(node);
    if (type == PAYROUTE_JSON_STRING) {
        print_text(payroute_json_string(node));
    } else if (type == PAYROUTE_JSON_NUMBER) {
        fputs(payroute_json_number(node), stdout);
    } else if (type == PAYROUTE_JSON_BOOL) {
        fputs(payroute_json_flag(node) == 1 ? "true" : "false", stdout);
    } else if (first == NULL) {
        fputs(type == PAYROUTE_JSON_OBJECT ? "{}" : type == PAYROUTE_JSON_ARRAY ? "[]" : "null", stdout);
    } else {
        putchar(type == PAYROUTE_JSON_OBJECT ? '{' : '[');
        for (const payroute_json_node *n = first; n != NULL; n = payroute_json_next(n)) {
            printf("%s\n%*s", n == first ? "" : ",", 2 * (depth + 1), "");
            if (type == PAYROUTE_JSON_OBJECT) {
                print_text(payroute_json_name(n));
                fputs(": ", stdout);
            }
            print_node(n, depth + 1);
        }
        printf("\n%*s%c", 2 * depth, "", type == PAYROUTE_JSON_OBJECT ? '}' : ']');
    }
}

int main(void)
{
    static char text[FILE_CAP];
    char why[200] = "";
    payroute_json *old = NULL, *fresh = NULL;
    size_t len = fread(text, 1, sizeof text, stdin);
    payroute_json_out *out = payroute_json_out_new();
    if (payroute_json_parse(&old, text, len, why, sizeof why) != PAYROUTE_OK) {
        fprintf(stderr, "the schema: %s\n", why);
        return 1;
    }
    copy_node(out, NULL, payroute_json_root(old), "");
    const char *json = payroute_json_out_text(out, &len);
    if (json == NULL || payroute_json_parse(&fresh, json, len, why, sizeof why) != PAYROUTE_OK) {
        fprintf(stderr, "the new schema: %s\n", why);
        return 1;
    }
    print_node(payroute_json_root(fresh), 0);
    putchar('\n');
    payroute_json_free(fresh);
    payroute_json_free(old);
    payroute_json_out_free(out);
    return fflush(stdout) == 0 ? 0 : 1;
}
