/* The choice for people and other languages: JSON in, the trace out. */
#include <payroute/route.h>

#include "base/mem.h"
#include "health/handle.h"
#include "registry/problems.h"
#include "route/route.h"

#include <string.h>

enum { EXCLUDE_MAX = 256 };

/* The words that flow itself uses; anything else in a request becomes the first. */
static const char *const exclusion_words[] = {"excluded",         "hard_decline", "invalid_request",
                                              "customer_refusal", "backoff",      "attempt_limit",
                                              "cannot_take"};

typedef struct explain_request {
    pr_route_request q;
    pr_rule_facts facts;
    pr_route_exclusion *exclusions;
    int32_t count;
} explain_request;

static void wrong(pr_problems *p, const char *member, const char *expected, const payroute_json_node *value)
{
    char got[PR_GOT_CAP];
    pr_problems_got(got, value);
    pr_problems_add(p, PR_PROBLEM_SCHEMA, member, "expected %s, got %s", expected, got);
}

static const char *read_name(pr_problems *p, const payroute_json_node *value, size_t max,
                             const char *expected)
{
    const char *text = payroute_json_string(value);
    if (text == NULL || text[0] == '\0' || strlen(text) > max) {
        wrong(p, payroute_json_name(value), expected, value);
        return NULL;
    }
    return text;
}

static int64_t read_integer(pr_problems *p, const payroute_json_node *value, int64_t min,
                            const char *expected)
{
    int64_t v = 0;
    if (payroute_json_integer(&v, value) != PAYROUTE_OK || v < min) {
        wrong(p, payroute_json_name(value), expected, value);
        return min;
    }
    return v;
}

static void keep_name(char *out, size_t cap, const char *text)
{
    pr_text t;
    pr_text_init(&t, out, cap);
    pr_text_put(&t, text != NULL ? text : "");
}

static void read_exclusion(pr_problems *p, pr_route_exclusion *e, const payroute_json_node *value)
{
    e->until_ms = INT64_MAX;
    e->why = exclusion_words[0];
    if (payroute_json_type(value) == PAYROUTE_JSON_STRING) {
        if (strlen(payroute_json_string(value)) >= sizeof e->channel) {
            wrong(p, NULL, "a channel's id", value);
        }
        keep_name(e->channel, sizeof e->channel, payroute_json_string(value));
        return;
    }
    if (payroute_json_type(value) != PAYROUTE_JSON_OBJECT) {
        wrong(p, NULL, "a channel's id or an object", value);
        return;
    }
    if (payroute_json_get(value, "channel") == NULL) {
        wrong(p, "channel", "a channel's id or \"*\"", NULL);
    }
    for (const payroute_json_node *m = payroute_json_first(value); m != NULL; m = payroute_json_next(m)) {
        const char *name = payroute_json_name(m);
        if (strcmp(name, "channel") == 0) {
            keep_name(e->channel, sizeof e->channel,
                      read_name(p, m, sizeof e->channel - 1, "a channel's id or \"*\""));
        } else if (strcmp(name, "method") == 0) {
            keep_name(e->method, sizeof e->method, read_name(p, m, sizeof e->method - 1, "a method's name"));
        } else if (strcmp(name, "until_ms") == 0) {
            e->until_ms = read_integer(p, m, 0, "an integer from 0");
        } else if (strcmp(name, "why") == 0) {
            const char *why = read_name(p, m, 64, "text of 1 to 64 bytes");
            for (size_t i = 0; why != NULL && i < sizeof exclusion_words / sizeof *exclusion_words; i++) {
                e->why = strcmp(why, exclusion_words[i]) == 0 ? exclusion_words[i] : e->why;
            }
        } else {
            pr_problems_add(p, PR_PROBLEM_SCHEMA, name, "expected channel, method, until_ms or why");
        }
    }
}

static void read_exclusions(pr_problems *p, explain_request *r, const payroute_json_node *list)
{
    int32_t n = payroute_json_count(list);
    if (payroute_json_type(list) != PAYROUTE_JSON_ARRAY) {
        wrong(p, "exclude", "a list", list);
        return;
    }
    if (n > EXCLUDE_MAX) {
        pr_problems_add(p, PR_PROBLEM_LIMIT, "exclude", "expected a list of 0 to %d, got %d", EXCLUDE_MAX,
                        (int)n);
        return;
    }
    if (n == 0) {
        return;
    }
    r->exclusions = pr_mem_array((size_t)n, sizeof *r->exclusions);
    if (r->exclusions == NULL) {
        p->nomem = 1;
        return;
    }
    size_t mark = pr_problems_enter(p, "exclude");
    for (const payroute_json_node *e = payroute_json_first(list); e != NULL; e = payroute_json_next(e)) {
        size_t element = pr_problems_index(p, r->count);
        read_exclusion(p, &r->exclusions[r->count++], e);
        pr_problems_leave(p, element);
    }
    pr_problems_leave(p, mark);
}

static void read_currency(pr_problems *p, explain_request *r, const payroute_json_node *value)
{
    const char *code = payroute_json_string(value);
    if (code == NULL || payroute_currency_exponent(code) < 0) {
        wrong(p, "currency", "a currency code such as \"CNY\"", value);
        return;
    }
    r->q.currency = code;
}

static void read_route_member(pr_problems *p, explain_request *r, const payroute_json_node *m)
{
    const char *name = payroute_json_name(m);
    if (strcmp(name, "method") == 0) {
        r->q.method = read_name(p, m, 16, "a method's name");
    } else if (strcmp(name, "flow") == 0) {
        r->q.flow = read_name(p, m, 11, "a flow's name");
    } else if (strcmp(name, "channel") == 0) {
        r->q.only_channel = read_name(p, m, 32, "a channel's id");
    } else if (strcmp(name, "amount_minor") == 0) {
        r->q.amount_minor = read_integer(p, m, 1, "an integer from 1");
    } else if (strcmp(name, "now_ms") == 0) {
        r->q.now_ms = read_integer(p, m, 0, "an integer from 0");
    } else if (strcmp(name, "currency") == 0) {
        read_currency(p, r, m);
    } else if (strcmp(name, "exclude") == 0) {
        read_exclusions(p, r, m);
    } else if (strcmp(name, "hold") == 0) {
        r->q.hold = payroute_json_flag(m) == 1;
        if (payroute_json_type(m) != PAYROUTE_JSON_BOOL) {
            wrong(p, "hold", "true or false", m);
        }
    } else if (!pr_rules_fact(&r->facts, p, m)) {
        pr_problems_add(
            p, PR_PROBLEM_SCHEMA, name,
            "expected method, flow, amount_minor, currency, now_ms, hold, channel, exclude, country, "
            "brand, bin, issuer, tier, risk, category or metadata");
    }
}

static void read_request(pr_problems *p, explain_request *r, const payroute_json_node *root)
{
    if (payroute_json_type(root) != PAYROUTE_JSON_OBJECT) {
        wrong(p, NULL, "an object", root);
        return;
    }
    for (const payroute_json_node *m = payroute_json_first(root); m != NULL; m = payroute_json_next(m)) {
        read_route_member(p, r, m);
    }
    if (payroute_json_get(root, "amount_minor") == NULL) {
        wrong(p, "amount_minor", "an integer from 1", NULL);
    }
    if (payroute_json_get(root, "currency") == NULL) {
        wrong(p, "currency", "a currency code such as \"CNY\"", NULL);
    }
}

static int32_t answer(const payroute_registry *registry, const explain_request *r,
                      const pr_route_health *known, int64_t seed, char *out, size_t out_cap)
{
    pr_rng rng;
    pr_rng_seed(&rng, (uint64_t)seed, 0);
    payroute_json_out *trace = payroute_json_out_new();
    if (trace == NULL) {
        return PAYROUTE_E_NOMEM;
    }
    pr_route_pick pick;
    int32_t rc = pr_route_choose(&pick, trace, registry, &r->q, r->exclusions, r->count, known, &rng);
    if (rc == PAYROUTE_OK || rc == PAYROUTE_E_NOT_FOUND) {
        size_t len = 0;
        const char *text = payroute_json_out_text(trace, &len);
        rc = text == NULL                        ? PAYROUTE_E_NOMEM
             : len < out_cap && len <= INT32_MAX ? (int32_t)len
                                                 : PAYROUTE_E_BUFFER;
        if (rc >= 0) {
            memcpy(out, text, len + 1);
        }
    }
    payroute_json_out_free(trace);
    return rc;
}

/* A choice leaves marks: a test that is under way, a token of a rate, a turn of a split. Here they are left
   in a copy, so that the answer is the next payment's, and the next payment still gets it. */
static int32_t answer_known(const payroute_registry *registry, const explain_request *r,
                            const payroute_health *health, int64_t seed, char *out, size_t out_cap)
{
    const pr_routing *routing = pr_registry_routing(registry);
    payroute_health *copy = NULL;
    int32_t rc = pr_health_copy(&copy, health);
    if (rc == PAYROUTE_OK) {
        pr_route_health known = {&copy->view, routing->patience_ms, routing->margin_bp, routing->cost_worth,
                                 routing->explore};
        rc = answer(registry, r, &known, seed, out, out_cap);
    }
    payroute_health_free(copy);
    return rc;
}

static int32_t explain_at(const payroute_registry *registry, const payroute_health *health,
                          const char *request_json, size_t request_len, int64_t seed, int64_t now_ms,
                          char *out, size_t out_cap)
{
    if (registry == NULL || request_json == NULL || (out == NULL && out_cap > 0) || now_ms < 0) {
        return PAYROUTE_E_ARG;
    }
    pr_problems p;
    pr_problems_init(&p, out, out_cap);
    if (!pr_registry_sealed(registry)) {
        return PAYROUTE_E_STATE;
    }
    payroute_json *doc = NULL;
    int32_t rc = payroute_json_parse(&doc, request_json, request_len, out, out_cap);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    explain_request r = {.q = {.now_ms = now_ms}, .facts = {.risk = -1}};
    r.q.facts = &r.facts;
    read_request(&p, &r, payroute_json_root(doc));
    r.q.issuer = r.facts.issuer != NULL && r.facts.issuer[0] != '\0' ? r.facts.issuer : r.facts.brand;
    rc = pr_problems_end(&p);
    if (rc == PAYROUTE_OK) {
        rc = health != NULL ? answer_known(registry, &r, health, seed, out, out_cap)
                            : answer(registry, &r, NULL, seed, out, out_cap);
    }
    pr_mem_free(r.exclusions);
    payroute_json_free(doc);
    return rc;
}

int32_t payroute_route_explain(const payroute_registry *registry, const char *request_json,
                               size_t request_len, int64_t seed, char *out, size_t out_cap)
{
    return explain_at(registry, NULL, request_json, request_len, seed, 0, out, out_cap);
}

int32_t payroute_route_preview(const payroute_registry *registry, const payroute_health *health,
                               const char *request_json, size_t request_len, int64_t seed, int64_t now_ms,
                               char *out, size_t out_cap)
{
    return now_ms == 0 ? PAYROUTE_E_ARG
                       : explain_at(registry, health, request_json, request_len, seed, now_ms, out, out_cap);
}
