/* Expands providers.def into constant tables: a provider is data, so that adding one cannot change the
 * machine. */
#include "provider/provider.h"

#include <string.h>

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* First pass: the arrays. */
#define FIELDS(p) static const pr_credential_field p##_fields[] = {
#define FIELD(name, kind, required, min, max, prefixes, alphabet, hint)                                      \
    {name, kind, required, min, max, hint, prefixes, alphabet},
#define RULES(p) static const pr_credential_rule p##_rules[] = {
#define RULE(kind, a, b) {kind, a, b},
#define FLOWS(p) static const pr_flow p##_flows[] = {
#define FLOW(name, method, ...) {name, method, {__VA_ARGS__}},
#define OPERATIONS(p) static const pr_operation_facts p##_operations[] = {
#define OPERATION(operation, compare, money, free, other) {operation, compare, money, free, other},
#define END()                                                                                                \
    }                                                                                                        \
    ;
#define PROVIDER(p, en, zh, url, poll, fields, rules, flows, operations)
#include "provider/providers.def"
#undef FIELDS
#undef FIELD
#undef RULES
#undef RULE
#undef FLOWS
#undef FLOW
#undef OPERATIONS
#undef OPERATION
#undef END
#undef PROVIDER

/* Second pass: who has which. */
#define FIELDS(p)
#define FIELD(name, kind, required, min, max, prefixes, alphabet, hint)
#define RULES(p)
#define RULE(kind, a, b)
#define FLOWS(p)
#define FLOW(name, method, ...)
#define OPERATIONS(p)
#define OPERATION(operation, compare, money, free, other)
#define END()
#define WITH(array) array, (int32_t)(sizeof(array) / sizeof(*(array)))
#define NONE NULL, 0
#define PROVIDER(p, en, zh, url, poll, ...) PROVIDER_ROW(#p, en, zh, url, poll, __VA_ARGS__)
#define PROVIDER_ROW(name, en, zh, url, poll, fields, field_count, rules, rule_count, flows, flow_count,     \
                     ops, op_count)                                                                          \
    {name, en, zh, url, fields, field_count, flows, flow_count, ops, op_count, poll, rules, rule_count},
static const pr_provider provider_table[] = {
#include "provider/providers.def"
};

enum { PROVIDER_COUNT = (int)(sizeof(provider_table) / sizeof(*provider_table)) };

int32_t pr_provider_count(void)
{
    return PROVIDER_COUNT;
}

const pr_provider *pr_provider_at(int32_t i)
{
    return i >= 0 && i < PROVIDER_COUNT ? &provider_table[i] : NULL;
}

const pr_provider *pr_provider_find(const char *name)
{
    for (int32_t i = 0; name != NULL && i < PROVIDER_COUNT; i++) {
        if (strcmp(provider_table[i].name, name) == 0) {
            return &provider_table[i];
        }
    }
    return NULL;
}

/* A row of the very method goes before the row for any method, whatever their order in the table. */
const pr_flow *pr_provider_flow(const pr_provider *p, const char *method, const char *flow)
{
    const pr_flow *any = NULL;
    for (int32_t i = 0; p != NULL && flow != NULL && i < p->flow_count; i++) {
        const pr_flow *f = &p->flows[i];
        if (strcmp(f->name, flow) != 0) {
            continue;
        }
        if (f->method == NULL) {
            any = f;
        } else if (method != NULL && strcmp(f->method, method) == 0) {
            return f;
        }
    }
    return any;
}

const pr_operation_facts *pr_provider_operation(const pr_provider *p, int32_t operation)
{
    static const pr_operation_facts strictest = {
        0, PR_CMP_REFERENCE | PR_CMP_AMOUNT | PR_CMP_CURRENCY | PR_CMP_MERCHANT, PR_EVIDENCE_SIGNED,
        PR_EVIDENCE_SIGNED, PR_EVIDENCE_SIGNED};
    for (int32_t i = 0; p != NULL && i < p->operation_count; i++) {
        if (p->operations[i].operation == operation) {
            return &p->operations[i];
        }
    }
    return &strictest;
}

int32_t pr_provider_field(const pr_provider *p, const char *name)
{
    for (int32_t i = 0; p != NULL && name != NULL && i < p->field_count; i++) {
        if (strcmp(p->fields[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

#define FORK(name, en, zh, secret, legacy, bare, off, late, flows, types, ...)                               \
    {name, en, zh, secret, legacy, bare, off, late, flows, types},
static const pr_fork epay_forks[] = {
#include "provider/epay_forks.def"
};
#undef FORK

const pr_fork *pr_provider_fork_at(const pr_provider *p, int32_t i)
{
    int32_t count = (int32_t)(sizeof epay_forks / sizeof *epay_forks);
    return p != NULL && strcmp(p->name, "epay") == 0 && i >= 0 && i < count ? &epay_forks[i] : NULL;
}

const pr_fork *pr_provider_fork(const pr_provider *p, const char *name)
{
    const pr_fork *f;
    for (int32_t i = 0; name != NULL && (f = pr_provider_fork_at(p, i)) != NULL; i++) {
        if (strcmp(f->name, name) == 0) {
            return f;
        }
    }
    return NULL;
}

int32_t pr_fork_type(char *out, size_t cap, const pr_fork *f, const char *method)
{
    size_t n = method != NULL ? strlen(method) : 0;
    for (const char *at = f->types; n > 0 && *at != '\0'; at += strspn(at, " ")) {
        size_t len = strcspn(at, " ");
        if (len > n && at[n] == '=' && memcmp(at, method, n) == 0 && len - n - 1 < cap) {
            memcpy(out, at + n + 1, len - n - 1);
            out[len - n - 1] = '\0';
            return 1;
        }
        at += len;
    }
    return 0;
}

/* Does `text` hold, anywhere, one of the blank-separated beginnings? */
static int32_t holds_prefix(const char *text, const char *prefixes)
{
    while (*prefixes != '\0') {
        size_t len = strcspn(prefixes, " ");
        for (const char *at = text; *at != '\0'; at++) {
            if (strncmp(at, prefixes, len) == 0) {
                return 1;
            }
        }
        prefixes += len + (prefixes[len] == ' ');
    }
    return 0;
}

static int32_t is_key_letter(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '+' || c == '=';
}

/* A guess that errs on the side of hiding: it keeps a key pasted into the wrong place out of error texts. */
int32_t pr_provider_secret_like(const char *text)
{
    for (int32_t i = 0; i < PROVIDER_COUNT; i++) {
        for (int32_t k = 0; k < provider_table[i].field_count; k++) {
            const pr_credential_field *f = &provider_table[i].fields[k];
            if (f->kind == PR_FIELD_SECRET && f->prefixes != NULL && holds_prefix(text, f->prefixes)) {
                return 1;
            }
        }
    }
    if (strstr(text, "-----") != NULL || strncmp(text, "MI", 2) == 0) {
        return 1;
    }
    size_t run = 0;
    for (; *text != '\0'; text++) {
        run = is_key_letter(*text) ? run + 1 : 0;
        if (run >= 28) {
            return 1;
        }
    }
    return 0;
}
