/* The registry: built once, sealed, then shared. Everything that builds it goes through the same readers, so
   that a file and calls can not differ. */
#include "registry/keys.h"

#include "base/mem.h"

#include <stdatomic.h>
#include <string.h>

struct payroute_registry {
    atomic_int refs;
    int32_t sealed;
    int32_t plain_loopback;
    int32_t count;
    char locale[17];
    char *policy; /* JSON text; NULL: none */
    char *rules_text;
    pr_rules *rules;
    pr_routing routing;
    pr_channel *channels[PR_CHANNELS_MAX];
};

typedef struct top_reader {
    payroute_registry *r;
    pr_problems *p;
    const payroute_json_node *channels;
    const payroute_json_node *rules;
} top_reader;

int32_t payroute_registry_new(payroute_registry **out)
{
    if (out == NULL) {
        return PAYROUTE_E_ARG;
    }
    payroute_registry *r = pr_mem_new(sizeof *r);
    *out = r;
    if (r == NULL) {
        return PAYROUTE_E_NOMEM;
    }
    atomic_init(&r->refs, 1);
    memcpy(r->locale, "zh-CN", sizeof "zh-CN");
    pr_routing_init(&r->routing);
    return PAYROUTE_OK;
}

payroute_registry *payroute_registry_retain(payroute_registry *registry)
{
    if (registry != NULL) {
        atomic_fetch_add_explicit(&registry->refs, 1, memory_order_relaxed);
    }
    return registry;
}

void payroute_registry_free(payroute_registry *registry)
{
    /* Release by each, acquire by the last: whoever frees sees all that the others did. */
    if (registry == NULL || atomic_fetch_sub_explicit(&registry->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (int32_t i = 0; i < registry->count; i++) {
        pr_channel_clear(registry->channels[i]);
        pr_mem_free(registry->channels[i]);
    }
    pr_mem_free(registry->policy);
    pr_mem_free(registry->rules_text);
    pr_rules_free(registry->rules);
    pr_mem_free(registry);
}

static void keep_json(pr_problems *p, char **slot, const payroute_json_node *value)
{
    payroute_json_out *out = payroute_json_out_new();
    payroute_json_out_node(out, NULL, value);
    size_t len = 0;
    const char *text = payroute_json_out_text(out, &len);
    char *copy = text != NULL ? pr_mem_text(text, len) : NULL;
    payroute_json_out_free(out);
    if (copy == NULL) {
        p->nomem = 1;
        return;
    }
    pr_mem_free(*slot);
    *slot = copy;
}

/* The policy's names are judged by the core, which knows them; here it is an object of integers. */
static void keep_policy(top_reader *t, const payroute_json_node *value)
{
    int32_t before = pr_problems_total(t->p);
    for (const payroute_json_node *m = payroute_json_first(value); m != NULL; m = payroute_json_next(m)) {
        int64_t v;
        if (payroute_json_integer(&v, m) != PAYROUTE_OK) {
            char got[PR_GOT_CAP];
            pr_problems_got(got, m);
            pr_problems_add(t->p, PR_PROBLEM_SCHEMA, payroute_json_name(m), "expected an integer, got %s",
                            got);
        }
    }
    if (pr_problems_total(t->p) != before) {
        return;
    }
    keep_json(t->p, &t->r->policy, value);
}

/* Rules name channels, so those come first; on problems the rules stay as they were. */
static void keep_rules(top_reader *t, const payroute_json_node *value)
{
    pr_rules *rules = NULL;
    int32_t before = pr_problems_total(t->p);
    if (pr_rules_compile(&rules, t->p, value, (const pr_channel *const *)t->r->channels, t->r->count,
                         &t->r->routing.zone) == PAYROUTE_OK &&
        pr_problems_total(t->p) == before) {
        keep_json(t->p, &t->r->rules_text, value);
        pr_rules_free(t->r->rules);
        t->r->rules = rules;
    } else {
        pr_rules_free(rules);
    }
}

/* Days and windows of what was read before count by the zone that was then in force. */
static void keep_routing(top_reader *t, const payroute_json_node *value)
{
    pr_routing routing;
    int32_t before = pr_problems_total(t->p);
    pr_routing_init(&routing);
    pr_routing_read(&routing, t->p, value);
    if (pr_problems_total(t->p) != before) {
        return;
    }
    if (!pr_zone_equal(&routing.zone, &t->r->routing.zone) && (t->r->count > 0 || t->r->rules != NULL)) {
        pr_problems_add(t->p, PR_PROBLEM_SCHEMA, "zone", "expected before the first channel and the rules");
        return;
    }
    t->r->routing = routing;
}

static void apply_top(void *target, int32_t id, const payroute_json_node *value)
{
    top_reader *t = target;
    switch (id) {
    case PR_KEY_PLAIN_LOOPBACK: t->r->plain_loopback = payroute_json_flag(value); break;
    case PR_KEY_LOCALE: {
        pr_text text;
        pr_text_init(&text, t->r->locale, sizeof t->r->locale);
        pr_text_put(&text, payroute_json_string(value));
        break;
    }
    case PR_KEY_POLICY: keep_policy(t, value); break;
    case PR_KEY_ROUTING: keep_routing(t, value); break;
    case PR_KEY_RULES: t->rules = value; break;
    case PR_KEY_CHANNELS: t->channels = value; break;
    default: break;
    }
}

static int32_t index_of(const payroute_registry *r, const char *id)
{
    for (int32_t i = 0; i < r->count; i++) {
        if (strcmp(r->channels[i]->id, id) == 0) {
            return i;
        }
    }
    return PAYROUTE_E_NOT_FOUND;
}

uint64_t pr_channel_account(const pr_channel *c, int32_t credential)
{
    for (int32_t i = 0; i < c->provider->field_count; i++) {
        const pr_credential_field *f = &c->provider->fields[i];
        if (f->kind == PR_FIELD_TEXT && f->required) {
            return pr_text_hash(c->credentials[credential].values[i]);
        }
    }
    return 0;
}

/* Reads a channel onto the end of the list; on problems it stays there only while `keep` (so that a later
   double is still found and the whole registry is thrown away). */
static void append_channel(payroute_registry *r, pr_problems *p, const payroute_json_node *node, int32_t keep)
{
    pr_channel *c = pr_mem_new(sizeof *c);
    if (c == NULL) {
        p->nomem = 1;
        return;
    }
    int32_t good = pr_channel_read(c, p, node, r->plain_loopback, &r->routing.zone);
    int32_t twin = c->id[0] != '\0' ? index_of(r, c->id) : -1;
    if (twin >= 0) {
        p->conflict++;
        pr_problems_add(p, PR_PROBLEM_SCHEMA, "id",
                        "expected an id that is not taken, got \"%s\" of channels[%d]", c->id, (int)twin);
        good = 0;
    }
    c->health_key = good ? pr_text_hash(c->id) * 0x9E3779B97F4A7C15ULL +
                               (c->credential_count > 0 ? pr_channel_account(c, 0) : 0)
                         : 0;
    if (good || keep) {
        r->channels[r->count++] = c;
    } else {
        pr_channel_clear(c);
        pr_mem_free(c);
    }
}

static int32_t read_file(payroute_registry *r, pr_problems *p, const payroute_json_node *root)
{
    top_reader t = {.r = r, .p = p};
    pr_keys_read(p, PR_SCOPE_TOP, root, apply_top, &t);
    size_t mark = pr_problems_enter(p, "channels");
    int32_t i = 0;
    for (const payroute_json_node *e = payroute_json_first(t.channels); e != NULL;
         e = payroute_json_next(e), i++) {
        size_t element = pr_problems_index(p, i);
        append_channel(r, p, e, 1); /* the list's bound was checked */
        pr_problems_leave(p, element);
    }
    pr_problems_leave(p, mark);
    if (t.rules != NULL) {
        mark = pr_problems_enter(p, "rules");
        keep_rules(&t, t.rules);
        pr_problems_leave(p, mark);
    }
    p->conflict = 0; /* inside one file a double id is a defect of the file */
    return pr_problems_end(p);
}

int32_t payroute_registry_from_json(payroute_registry **out, const char *json, size_t json_len, char *why,
                                    size_t why_cap)
{
    if (out == NULL) {
        return PAYROUTE_E_ARG;
    }
    *out = NULL;
    pr_problems p;
    pr_problems_init(&p, why, why_cap);
    if (json == NULL) {
        return PAYROUTE_E_ARG;
    }
    payroute_json *doc = NULL;
    int32_t rc = payroute_json_parse(&doc, json, json_len, why, why_cap);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    payroute_registry *r = NULL;
    rc = payroute_registry_new(&r);
    if (rc == PAYROUTE_OK) {
        rc = read_file(r, &p, payroute_json_root(doc));
    }
    payroute_json_free(doc);
    if (rc != PAYROUTE_OK) {
        payroute_registry_free(r);
        return rc;
    }
    r->sealed = 1;
    *out = r;
    return PAYROUTE_OK;
}

int32_t payroute_registry_add(payroute_registry *registry, const char *channel_json, size_t json_len,
                              char *why, size_t why_cap)
{
    pr_problems p;
    pr_problems_init(&p, why, why_cap);
    if (registry == NULL || channel_json == NULL) {
        return PAYROUTE_E_ARG;
    }
    if (registry->sealed) {
        return PAYROUTE_E_STATE;
    }
    if (registry->count == PR_CHANNELS_MAX) {
        pr_problems_add(&p, PR_PROBLEM_LIMIT, NULL, "expected at most %d channels", PR_CHANNELS_MAX);
        return pr_problems_end(&p);
    }
    payroute_json *doc = NULL;
    int32_t rc = payroute_json_parse(&doc, channel_json, json_len, why, why_cap);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    append_channel(registry, &p, payroute_json_root(doc), 0);
    payroute_json_free(doc);
    return pr_problems_end(&p);
}

/* Taking the permission back must not leave a channel behind that needs it. */
static void check_plain(const payroute_registry *r, pr_problems *p)
{
    for (int32_t i = 0; i < r->count; i++) {
        if (strncmp(r->channels[i]->base_url, "http://", 7) == 0) {
            pr_problems_add(p, PR_PROBLEM_SCHEMA, NULL, "expected true while channel \"%s\" uses http://",
                            r->channels[i]->id);
        }
    }
}

int32_t payroute_registry_set(payroute_registry *registry, const char *name, const char *json,
                              size_t json_len, char *why, size_t why_cap)
{
    pr_problems p;
    pr_problems_init(&p, why, why_cap);
    if (registry == NULL || name == NULL || json == NULL) {
        return PAYROUTE_E_ARG;
    }
    if (registry->sealed) {
        return PAYROUTE_E_STATE;
    }
    const pr_config_key *key = pr_keys_find(PR_SCOPE_TOP, name);
    if (key == NULL || key->id == PR_KEY_CHANNELS || key->id == PR_KEY_SCHEMA) {
        pr_problems_add(&p, PR_PROBLEM_SCHEMA, name, "expected allow_plain_loopback, locale, policy, routing or rules");
        return pr_problems_end(&p);
    }
    payroute_json *doc = NULL;
    int32_t rc = payroute_json_parse(&doc, json, json_len, why, why_cap);
    if (rc != PAYROUTE_OK) {
        return rc == PAYROUTE_E_JSON ? PAYROUTE_E_SCHEMA : rc;
    }
    const payroute_json_node *value = payroute_json_root(doc);
    size_t mark = pr_problems_enter(&p, key->name);
    int32_t good = pr_keys_check(&p, key, value);
    if (good && key->id == PR_KEY_PLAIN_LOOPBACK && payroute_json_flag(value) == 0) {
        check_plain(registry, &p);
    }
    if (good && pr_problems_total(&p) == 0) {
        top_reader t = {.r = registry, .p = &p};
        apply_top(&t, key->id, value);
        if (t.rules != NULL) {
            keep_rules(&t, t.rules);
        }
    }
    pr_problems_leave(&p, mark);
    payroute_json_free(doc);
    return pr_problems_end(&p);
}

int32_t payroute_registry_seal(payroute_registry *registry)
{
    if (registry == NULL) {
        return PAYROUTE_E_ARG;
    }
    if (registry->sealed) {
        return PAYROUTE_E_STATE;
    }
    registry->sealed = 1;
    return PAYROUTE_OK;
}

int32_t payroute_registry_count(const payroute_registry *registry)
{
    return registry != NULL ? registry->count : PAYROUTE_E_ARG;
}

const char *payroute_registry_id(const payroute_registry *registry, int32_t idx)
{
    return registry != NULL && idx >= 0 && idx < registry->count ? registry->channels[idx]->id : NULL;
}

int32_t payroute_registry_find(const payroute_registry *registry, const char *id)
{
    return registry != NULL && id != NULL ? index_of(registry, id) : PAYROUTE_E_ARG;
}

static void view(payroute_json_out *out, const payroute_registry *r)
{
    payroute_json_out_object(out, NULL);
    payroute_json_out_integer(out, "schema", 1);
    payroute_json_out_flag(out, "allow_plain_loopback", r->plain_loopback);
    payroute_json_out_string(out, "locale", r->locale);
    if (r->policy != NULL) {
        payroute_json_out_raw(out, "policy", r->policy, strlen(r->policy));
    }
    pr_routing_view(out, &r->routing);
    if (r->rules_text != NULL) {
        payroute_json_out_raw(out, "rules", r->rules_text, strlen(r->rules_text));
    }
    payroute_json_out_array(out, "channels");
    for (int32_t i = 0; i < r->count; i++) {
        pr_channel_view(out, r->channels[i]);
    }
    payroute_json_out_end(out);
    payroute_json_out_end(out);
}

int32_t payroute_registry_view(const payroute_registry *registry, char *out, size_t out_cap)
{
    if (registry == NULL || (out == NULL && out_cap > 0)) {
        return PAYROUTE_E_ARG;
    }
    payroute_json_out *json = payroute_json_out_new();
    view(json, registry);
    size_t len = 0;
    const char *text = payroute_json_out_text(json, &len);
    int32_t rc = PAYROUTE_E_NOMEM;
    if (text != NULL) {
        rc = len < out_cap && len <= INT32_MAX ? (int32_t)len : PAYROUTE_E_BUFFER;
    }
    if (rc >= 0) {
        memcpy(out, text, len + 1);
    }
    payroute_json_out_free(json);
    return rc;
}

int32_t pr_registry_count(const payroute_registry *r)
{
    return r->count;
}

const pr_channel *pr_registry_at(const payroute_registry *r, int32_t i)
{
    return i >= 0 && i < r->count ? r->channels[i] : NULL;
}

const pr_channel *pr_registry_find(const payroute_registry *r, const char *id)
{
    return id != NULL ? pr_registry_at(r, index_of(r, id)) : NULL;
}

int32_t pr_registry_plain_loopback(const payroute_registry *r)
{
    return r->plain_loopback;
}

const pr_routing *pr_registry_routing(const payroute_registry *r)
{
    return &r->routing;
}

const pr_rules *pr_registry_rules(const payroute_registry *r)
{
    return r->rules;
}

const char *pr_registry_locale(const payroute_registry *r)
{
    return r->locale;
}

int32_t pr_registry_sealed(const payroute_registry *r)
{
    return r->sealed;
}

const char *pr_registry_policy(const payroute_registry *r)
{
    return r->policy != NULL ? r->policy : "{}";
}
