/* Reads credentials. No text made here holds any part of a value: neither of a good one nor of a bad one. */
#include "registry/keys.h"

#include "base/mem.h"
#include "provider/provider.h"

#include <string.h>

enum { VERSION_MAX = 16, SERIALS_CAP = 2048 };

static int32_t key_kind(int32_t field_kind)
{
    switch (field_kind) {
    case PR_FIELD_RSA_PRIVATE: return PR_KEY_RSA_PRIVATE;
    case PR_FIELD_RSA_PUBLIC: return PR_KEY_RSA_PUBLIC;
    case PR_FIELD_CERTIFICATE: return PR_KEY_CERTIFICATE;
    default: return 0;
    }
}

static int32_t begins_with_one(const char *text, const char *prefixes)
{
    while (*prefixes != '\0') {
        size_t len = strcspn(prefixes, " ");
        if (strncmp(text, prefixes, len) == 0) {
            return 1;
        }
        prefixes += len + (prefixes[len] == ' ');
    }
    return 0;
}

/* Text and secrets stand on one line; a blank at an end is the usual accident of copying. */
static const char *text_fault(const pr_credential_field *f, const char *text)
{
    if (f->prefixes != NULL && !begins_with_one(text, f->prefixes)) {
        return "with another beginning";
    }
    for (const char *c = text; *c != '\0'; c++) {
        if (*c <= 0x20 || *c >= 0x7f) {
            return "with a blank or a byte beyond ASCII";
        }
        if (f->alphabet != NULL && strchr(f->alphabet, *c) == NULL) {
            return "with other characters than digits";
        }
    }
    return NULL;
}

static void parse_key(pr_credential *cred, pr_problems *p, int32_t idx, const pr_credential_field *f)
{
    const char *text = cred->values[idx];
    char why[160] = "";
    int32_t rc;
    if (f->kind == PR_FIELD_CERT_CHAIN) {
        char serials[SERIALS_CAP];
        rc = pr_cert_alipay_sn(serials, sizeof serials, text, strlen(text), 1);
    } else {
        rc = pr_key_new(&cred->keys[idx], key_kind(f->kind), text, strlen(text), why, sizeof why);
    }
    if (rc == PAYROUTE_E_NOMEM) {
        p->nomem = 1;
    } else if (rc < 0) {
        pr_problems_add(p, PR_PROBLEM_KEY, NULL, "expected %s, got %d characters that are none%s%s", f->hint,
                        (int)strlen(text), why[0] != '\0' ? ": " : "", why);
    }
}

static void read_credential_field(pr_credential *cred, pr_problems *p, const pr_provider *provider,
                                  const payroute_json_node *member)
{
    const char *name = payroute_json_name(member);
    int32_t idx = pr_provider_field(provider, name);
    if (idx < 0) {
        const char *names[PR_CREDENTIAL_FIELDS_MAX + 2] = {"version"};
        for (int32_t i = 0; i < provider->field_count; i++) {
            names[i + 1] = provider->fields[i].name;
        }
        const char *near = pr_keys_nearest(name, names);
        pr_problems_add(p, PR_PROBLEM_SCHEMA, name, "expected a credential field of %s%s%s%s", provider->name,
                        near != NULL ? ", perhaps \"" : "", near != NULL ? near : "",
                        near != NULL ? "\"" : "");
        return;
    }
    const pr_credential_field *f = &provider->fields[idx];
    const char *text = payroute_json_string(member);
    size_t mark = pr_problems_enter(p, f->name);
    if (text == NULL) {
        pr_problems_add(p, PR_PROBLEM_SCHEMA, NULL, "expected %s, got no text", f->hint);
    } else if (strlen(text) < (size_t)f->min_len || strlen(text) > (size_t)f->max_len) {
        pr_problems_add(p, PR_PROBLEM_SCHEMA, NULL, "expected %s of %d to %d characters, got %d characters",
                        f->hint, (int)f->min_len, (int)f->max_len, (int)strlen(text));
    } else {
        const char *fault =
            f->kind == PR_FIELD_TEXT || f->kind == PR_FIELD_SECRET ? text_fault(f, text) : NULL;
        if (fault != NULL) {
            pr_problems_add(p, PR_PROBLEM_SCHEMA, NULL, "expected %s, got %d characters %s", f->hint,
                            (int)strlen(text), fault);
        } else {
            cred->values[idx] = pr_mem_text(text, strlen(text));
            if (cred->values[idx] == NULL) {
                p->nomem = 1;
            } else if (f->kind != PR_FIELD_TEXT && f->kind != PR_FIELD_SECRET) {
                parse_key(cred, p, idx, f);
            }
        }
    }
    pr_problems_leave(p, mark);
}

static void check_pair(const pr_credential *cred, pr_problems *p, const pr_credential_rule *rule, int32_t a,
                       int32_t b)
{
    if (cred->keys[a] == NULL || cred->keys[b] == NULL) {
        return;
    }
    int32_t pair = pr_key_pair_matches(cred->keys[a], cred->keys[b]);
    if (rule->kind == PR_RULE_PAIR && !pair) {
        pr_problems_add(p, PR_PROBLEM_KEY, rule->b, "expected the other half of %s, got that of another key",
                        rule->a);
    }
    if (rule->kind == PR_RULE_FOREIGN && pair) {
        pr_problems_add(p, PR_PROBLEM_KEY, rule->b,
                        "expected the provider's key, got the other half of %s (your own)", rule->a);
    }
}

/* Presence is judged by what was written, so that a value that is merely wrong is not reported as missing
 * too. */
static void check_rules(const pr_credential *cred, pr_problems *p, const pr_provider *provider,
                        const payroute_json_node *object)
{
    for (int32_t i = 0; i < provider->field_count; i++) {
        const pr_credential_field *f = &provider->fields[i];
        if (f->required && payroute_json_get(object, f->name) == NULL) {
            pr_problems_add(p, PR_PROBLEM_SCHEMA, f->name, "expected %s, got nothing", f->hint);
        }
    }
    for (int32_t i = 0; i < provider->rule_count; i++) {
        const pr_credential_rule *rule = &provider->rules[i];
        if (rule->kind == PR_RULE_NOTIFY) {
            continue; /* of the channel, which reads it itself */
        }
        int32_t has_a = payroute_json_get(object, rule->a) != NULL;
        int32_t has_b = payroute_json_get(object, rule->b) != NULL;
        if (rule->kind == PR_RULE_EITHER && !has_a && !has_b) {
            pr_problems_add(p, PR_PROBLEM_SCHEMA, rule->a, "expected this or %s, got neither", rule->b);
        } else if (rule->kind == PR_RULE_TOGETHER && has_a != has_b) {
            pr_problems_add(p, PR_PROBLEM_SCHEMA, has_a ? rule->b : rule->a,
                            "expected beside %s, got nothing", has_a ? rule->a : rule->b);
        } else if (rule->kind == PR_RULE_PAIR || rule->kind == PR_RULE_FOREIGN) {
            check_pair(cred, p, rule, pr_provider_field(provider, rule->a),
                       pr_provider_field(provider, rule->b));
        }
    }
}

/* What the fork signs with. Which fields they are is data, as the provider's own. */
static void check_fork_fields(const pr_channel *c, pr_problems *p, const payroute_json_node *object)
{
    for (const char *at = c->fork != NULL ? c->fork->secret : ""; *at != '\0'; at += strspn(at, " ")) {
        char name[32];
        size_t len = strcspn(at, " ");
        pr_text t;
        pr_text_init(&t, name, sizeof name);
        pr_text_bytes(&t, at, len);
        int32_t idx = pr_provider_field(c->provider, name);
        if (idx >= 0 && payroute_json_get(object, name) == NULL) {
            pr_problems_add(p, PR_PROBLEM_SCHEMA, name, "expected %s for fork %s, got nothing",
                            c->provider->fields[idx].hint, c->fork->name);
        }
        at += len;
    }
}

static void read_version(pr_credential *cred, pr_problems *p, const payroute_json_node *value)
{
    const char *text = payroute_json_string(value);
    pr_text t;
    pr_text_init(&t, cred->version, sizeof cred->version);
    if (value == NULL) {
        pr_text_put(&t, "1");
    } else if (text != NULL && text[0] != '\0' && strlen(text) <= VERSION_MAX &&
               pr_keys_shape(PR_SHAPE_VERSION, text)) {
        pr_text_put(&t, text);
    } else {
        /* No value here either: somebody may have put the key itself. */
        pr_problems_add(p, PR_PROBLEM_SCHEMA, "version", "expected text of 1 to 16 letters, digits or . _ -");
    }
}

static void read_credential(pr_channel *c, pr_problems *p, const payroute_json_node *object)
{
    if (payroute_json_type(object) != PAYROUTE_JSON_OBJECT) {
        pr_problems_add(p, PR_PROBLEM_SCHEMA, NULL, "expected an object of version and fields");
        return;
    }
    pr_credential *cred = &c->credentials[c->credential_count++];
    read_version(cred, p, payroute_json_get(object, "version"));
    for (int32_t i = 0; i + 1 < c->credential_count; i++) {
        if (cred->version[0] != '\0' && strcmp(c->credentials[i].version, cred->version) == 0) {
            pr_problems_add(p, PR_PROBLEM_SCHEMA, "version", "expected each version once");
        }
    }
    for (const payroute_json_node *m = payroute_json_first(object); m != NULL; m = payroute_json_next(m)) {
        if (strcmp(payroute_json_name(m), "version") != 0) {
            read_credential_field(cred, p, c->provider, m);
        }
    }
    check_rules(cred, p, c->provider, object);
    check_fork_fields(c, p, object);
}

void pr_credentials_read(pr_channel *c, pr_problems *p, const payroute_json_node *list)
{
    size_t mark = pr_problems_enter(p, "credentials");
    if (payroute_json_count(list) == 0 && c->provider->field_count > 0) {
        pr_problems_add(p, PR_PROBLEM_SCHEMA, NULL, "expected a list of 1 to %d for %s, got nothing",
                        PR_CREDENTIALS_MAX, c->provider->name);
    }
    if (payroute_json_count(list) > 0 && c->provider->field_count == 0) {
        pr_problems_add(p, PR_PROBLEM_SCHEMA, NULL, "expected none: the host keeps the credentials of %s",
                        c->provider->name);
        list = NULL;
    }
    int32_t i = 0;
    for (const payroute_json_node *e = payroute_json_first(list); e != NULL; e = payroute_json_next(e), i++) {
        size_t element = pr_problems_index(p, i);
        read_credential(c, p, e);
        pr_problems_leave(p, element);
    }
    pr_problems_leave(p, mark);
}

static const pr_credential *credential_at(const pr_channel *c, const char *version)
{
    for (int32_t i = 0; c != NULL && i < c->credential_count; i++) {
        if (version == NULL || strcmp(c->credentials[i].version, version) == 0) {
            return &c->credentials[i];
        }
    }
    return NULL;
}

const char *pr_credential_get(const pr_channel *c, const char *version, const char *field)
{
    const pr_credential *cred = credential_at(c, version);
    int32_t idx = cred != NULL ? pr_provider_field(c->provider, field) : -1;
    return idx >= 0 ? cred->values[idx] : NULL;
}

const pr_key *pr_credential_key(const pr_channel *c, const char *version, const char *field)
{
    const pr_credential *cred = credential_at(c, version);
    int32_t idx = cred != NULL ? pr_provider_field(c->provider, field) : -1;
    return idx >= 0 ? cred->keys[idx] : NULL;
}
