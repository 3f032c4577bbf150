/* Reads one channel: values are stored as they pass, what depends on several of them is judged at the end, so
   that one run finds every problem. */
#include "registry/keys.h"

#include "base/mem.h"
#include "provider/provider.h"

#include <string.h>

enum { PRIORITY_DEFAULT = 100, WEIGHT_DEFAULT = 100 };

typedef struct channel_reader {
    pr_channel *c;
    pr_problems *p;
    const payroute_json_node *fork;
    const payroute_json_node *credentials;
    const payroute_json_node *methods;
    const payroute_json_node *currencies;
    const payroute_json_node *features;
    const payroute_json_node *timeouts;
    const payroute_json_node *facts;
    pr_terms_nodes terms;
} channel_reader;

static void keep_channel_text(pr_problems *p, char **slot, const payroute_json_node *value)
{
    const char *text = payroute_json_string(value);
    *slot = pr_mem_text(text, strlen(text));
    if (*slot == NULL) {
        p->nomem = 1;
    }
}

static int64_t integer_of(const payroute_json_node *value)
{
    int64_t v = 0;
    (void)payroute_json_integer(&v, value); /* checked before */
    return v;
}

static void copy_channel_text(char *out, size_t cap, const char *text)
{
    pr_text t;
    pr_text_init(&t, out, cap);
    pr_text_put(&t, text);
}

static void apply_channel(void *target, int32_t id, const payroute_json_node *value)
{
    channel_reader *r = target;
    pr_channel *c = r->c;
    switch (id) {
    case PR_KEY_ID: copy_channel_text(c->id, sizeof c->id, payroute_json_string(value)); break;
    case PR_KEY_PROVIDER: c->provider = pr_provider_find(payroute_json_string(value)); break;
    case PR_KEY_FORK: r->fork = value; break;
    case PR_KEY_TITLE: keep_channel_text(r->p, &c->title, value); break;
    case PR_KEY_BASE_URL: keep_channel_text(r->p, &c->base_url, value); break;
    case PR_KEY_NOTIFY_URL: keep_channel_text(r->p, &c->notify_url, value); break;
    case PR_KEY_RETURN_URL: keep_channel_text(r->p, &c->return_url, value); break;
    case PR_KEY_CA_FILE: keep_channel_text(r->p, &c->ca_file, value); break;
    case PR_KEY_CREDENTIALS: r->credentials = value; break;
    case PR_KEY_METHODS: r->methods = value; break;
    case PR_KEY_CURRENCIES: r->currencies = value; break;
    case PR_KEY_AMOUNT_MIN: c->amount_min_minor = integer_of(value); break;
    case PR_KEY_AMOUNT_MAX: c->amount_max_minor = integer_of(value); break;
    case PR_KEY_PRIORITY: c->priority = (int32_t)integer_of(value); break;
    case PR_KEY_WEIGHT: c->weight = (int32_t)integer_of(value); break;
    case PR_KEY_ENABLED: c->enabled = payroute_json_flag(value); break;
    case PR_KEY_OVERLAP: c->overlap = payroute_json_flag(value); break;
    case PR_KEY_FEATURES: r->features = value; break;
    case PR_KEY_TIMEOUTS: r->timeouts = value; break;
    case PR_KEY_PAY_SECONDS: c->pay_ms = integer_of(value) * 1000; break;
    case PR_KEY_FACTS: r->facts = value; break;
    default: pr_terms_apply(c, &r->terms, id, value); break;
    }
}

static void apply_timeout(void *target, int32_t id, const payroute_json_node *value)
{
    pr_channel *c = ((channel_reader *)target)->c;
    switch (id) {
    case PR_KEY_CONNECT_MS: c->connect_timeout_ms = integer_of(value); break;
    case PR_KEY_MONEY_MS: c->money_timeout_ms = integer_of(value); break;
    case PR_KEY_QUERY_MS: c->query_timeout_ms = integer_of(value); break;
    default: break;
    }
}

/* Features only take away: true says nothing that the provider has not said. */
static void apply_feature(void *target, int32_t id, const payroute_json_node *value)
{
    pr_channel *c = ((channel_reader *)target)->c;
    uint32_t bit = 0;
    switch (id) {
    case PR_KEY_OFF_REFUND: bit = PR_FACT_REFUND; break;
    case PR_KEY_OFF_CLOSE: bit = PR_FACT_CAN_CLOSE; break;
    case PR_KEY_OFF_QUERY: bit = PR_FACT_LOOKUP; break;
    case PR_KEY_OFF_REFUND_QUERY: bit = PR_FACT_REFUND_LOOKUP; break;
    case PR_KEY_OFF_HOLD: bit = PR_FACT_HELD; break;
    default: break;
    }
    if (payroute_json_flag(value) == 0) {
        c->features_off |= bit;
    }
}

static uint32_t fact_flag(int32_t id)
{
    switch (id) {
    case PR_KEY_FACT_BY_CUSTOMER: return PR_FACT_BY_CUSTOMER;
    case PR_KEY_FACT_CONTAINER: return PR_FACT_CONTAINER;
    case PR_KEY_FACT_CLIENT: return PR_FACT_CLIENT;
    case PR_KEY_FACT_REPEAT_SAFE: return PR_FACT_REPEAT_SAFE;
    case PR_KEY_FACT_REPLAYS_DECLINE: return PR_FACT_REPLAYS_DECLINE;
    case PR_KEY_FACT_CAN_CLOSE: return PR_FACT_CAN_CLOSE;
    case PR_KEY_FACT_CLOSE_REVERSES: return PR_FACT_CLOSE_REVERSES;
    case PR_KEY_FACT_CLOSE_BLIND: return PR_FACT_CLOSE_BLIND;
    case PR_KEY_FACT_REFUND: return PR_FACT_REFUND;
    case PR_KEY_FACT_REFUND_KEYED: return PR_FACT_REFUND_KEYED;
    case PR_KEY_FACT_REFUND_LOOKUP: return PR_FACT_REFUND_LOOKUP;
    case PR_KEY_FACT_EXPIRES: return PR_FACT_EXPIRES;
    default: return 0;
    }
}

static void apply_fact(void *target, int32_t id, const payroute_json_node *value)
{
    pr_facts *f = &((channel_reader *)target)->c->custom_facts;
    int64_t seconds = integer_of(value);
    switch (id) {
    case PR_KEY_FACT_LOOKUP:
        f->lookup = pr_keys_chosen("replay provider_id our_ref", payroute_json_string(value));
        if (f->lookup != PR_LOOKUP_REPLAY) {
            f->flags |= PR_FACT_LOOKUP;
        }
        break;
    case PR_KEY_FACT_LATE_SEND:
        f->late_send = pr_keys_chosen("none window tombstone", payroute_json_string(value));
        break;
    case PR_KEY_FACT_LATE_WINDOW: f->late_window_s = (int32_t)seconds; break;
    case PR_KEY_FACT_STEPS:
        f->steps = (int32_t)seconds;
        f->money_steps = seconds == 2 ? 3 : 1; /* which of them moves money is not asked: each may */
        break;
    case PR_KEY_FACT_KEY_TTL: f->key_ttl_ms = seconds < 0 ? INT64_MAX : seconds * 1000; break;
    case PR_KEY_FACT_MAX_PENDING: f->max_pending_ms = seconds * 1000; break;
    case PR_KEY_FACT_AUTH_TTL: f->auth_ttl_ms = seconds * 1000; break;
    case PR_KEY_FACT_REVIEW: f->review_ms = seconds * 1000; break;
    default:
        if (payroute_json_flag(value) == 1) {
            f->flags |= fact_flag(id);
        }
        break;
    }
}

static void need_fact(pr_problems *p, uint32_t flags, uint32_t has, uint32_t needs, const char *member,
                      const char *text)
{
    if ((flags & has) != 0 && (flags & needs) == 0) {
        pr_problems_add(p, PR_PROBLEM_SCHEMA, member, "expected \"%s\" beside it", text);
    }
}

static void read_facts(channel_reader *r)
{
    pr_channel *c = r->c;
    if (c->provider == NULL || strcmp(c->provider->name, "custom") != 0) {
        if (r->facts != NULL && c->provider != NULL) {
            pr_problems_add(r->p, PR_PROBLEM_SCHEMA, "facts", "expected nothing: the facts of %s are known",
                            c->provider->name);
        }
        return;
    }
    c->custom_facts = c->provider->flows[0].facts;
    if (r->facts == NULL) {
        return;
    }
    size_t mark = pr_problems_enter(r->p, "facts");
    pr_keys_read(r->p, PR_SCOPE_FACTS, r->facts, apply_fact, r);
    const pr_facts *f = &c->custom_facts;
    need_fact(r->p, f->flags, PR_FACT_REFUND_KEYED, PR_FACT_REFUND, "refund_keyed", "refund");
    need_fact(r->p, f->flags, PR_FACT_REFUND_LOOKUP, PR_FACT_REFUND, "refund_lookup", "refund");
    need_fact(r->p, f->flags, PR_FACT_CLOSE_BLIND, PR_FACT_CAN_CLOSE, "close_blind", "can_close");
    need_fact(r->p, f->flags, PR_FACT_CLOSE_REVERSES, PR_FACT_CAN_CLOSE, "close_reverses", "can_close");
    need_fact(r->p, f->flags, PR_FACT_CLIENT, PR_FACT_CONTAINER, "client", "container");
    if (f->late_send == PR_LATE_WINDOW && f->late_window_s == 0) {
        pr_problems_add(r->p, PR_PROBLEM_SCHEMA, "late_send", "expected \"late_window_s\" beside it");
    }
    if ((f->flags & (PR_FACT_REPEAT_SAFE | PR_FACT_REPLAYS_DECLINE)) != 0 && f->key_ttl_ms == 0) {
        pr_problems_add(r->p, PR_PROBLEM_SCHEMA, "key_ttl_s",
                        "expected the key's life for \"repeat_safe\", got nothing");
    }
    pr_problems_leave(r->p, mark);
}

/* Whether `word` stands in `words`, which blanks separate. */
static int32_t is_listed(const char *words, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = words; *at != '\0'; at += strspn(at, " ")) {
        size_t n = strcspn(at, " ");
        if (n == len && memcmp(at, word, n) == 0) {
            return 1;
        }
        at += n;
    }
    return 0;
}

static void add_flow(channel_reader *r, pr_method *m, const payroute_json_node *value)
{
    char got[PR_GOT_CAP];
    pr_problems_got(got, value);
    const char *flow = payroute_json_string(value);
    const pr_provider *provider = r->c->provider;
    if (flow == NULL || (provider != NULL && pr_provider_flow(provider, m->name, flow) == NULL) ||
        strlen(flow) >= sizeof m->flows[0]) {
        char names[200];
        pr_text t;
        pr_text_init(&t, names, sizeof names);
        for (int32_t i = 0; provider != NULL && i < provider->flow_count; i++) {
            const pr_flow *f = &provider->flows[i];
            if ((f->method == NULL || strcmp(f->method, m->name) == 0) && !is_listed(names, f->name)) {
                pr_text_format(&t, "%s%s", t.len > 0 ? " " : "", f->name);
            }
        }
        pr_problems_add(r->p, PR_PROBLEM_SCHEMA, NULL, "expected a flow of %s for \"%s\" (%s), got %s",
                        provider != NULL ? provider->name : "the provider", m->name,
                        t.len > 0 ? names : "it has none", got);
        return;
    }
    if (r->c->fork != NULL && !is_listed(r->c->fork->flows, flow)) {
        pr_problems_add(r->p, PR_PROBLEM_SCHEMA, NULL, "expected a flow of fork %s (%s), got %s",
                        r->c->fork->name, r->c->fork->flows, got);
        return;
    }
    for (int32_t i = 0; i < m->flow_count; i++) {
        if (strcmp(m->flows[i], flow) == 0) {
            pr_problems_add(r->p, PR_PROBLEM_SCHEMA, NULL, "expected each flow once, got %s again", got);
            return;
        }
    }
    copy_channel_text(m->flows[m->flow_count++], sizeof m->flows[0], flow);
}

typedef struct method_reader {
    pr_method m;
    const payroute_json_node *flows;
} method_reader;

static void apply_method(void *target, int32_t id, const payroute_json_node *value)
{
    method_reader *r = target;
    if (id == PR_KEY_METHOD) {
        copy_channel_text(r->m.name, sizeof r->m.name, payroute_json_string(value));
    } else {
        r->flows = value;
    }
}

static void check_bare(channel_reader *r, const char *member, const char *url)
{
    if (r->c->fork != NULL && r->c->fork->bare_urls && url != NULL && strchr(url, '?') != NULL) {
        pr_problems_add(r->p, PR_PROBLEM_SCHEMA, member, "expected an address without ?query for fork %s",
                        r->c->fork->name);
    }
}

/* Panels of one family differ, and a wrong guess costs money: the dialect is named, never supposed. */
static void read_fork(channel_reader *r)
{
    pr_channel *c = r->c;
    if (pr_provider_fork_at(c->provider, 0) == NULL) {
        if (r->fork != NULL && c->provider != NULL) {
            pr_problems_add(r->p, PR_PROBLEM_SCHEMA, "fork", "expected nothing: %s has no forks",
                            c->provider->name);
        }
        return;
    }
    c->fork = pr_provider_fork(c->provider, payroute_json_string(r->fork));
    if (c->fork == NULL) {
        char names[200];
        char got[PR_GOT_CAP];
        pr_text t;
        pr_text_init(&t, names, sizeof names);
        for (int32_t i = 0; pr_provider_fork_at(c->provider, i) != NULL; i++) {
            pr_text_format(&t, "%s%s", i > 0 ? " " : "", pr_provider_fork_at(c->provider, i)->name);
        }
        pr_problems_got(got, r->fork);
        pr_problems_add(r->p, PR_PROBLEM_SCHEMA, "fork", "expected a fork of %s (%s), got %s",
                        c->provider->name, names, r->fork != NULL ? got : "nothing");
    }
    check_bare(r, "notify_url", c->notify_url);
    check_bare(r, "return_url", c->return_url);
    if (c->base_url == NULL && c->provider->base_url == NULL) {
        pr_problems_add(r->p, PR_PROBLEM_SCHEMA, "base_url", "expected the panel's address, got nothing");
    }
    if (c->notify_url == NULL) {
        pr_problems_add(r->p, PR_PROBLEM_SCHEMA, "notify_url",
                        "expected an address: without one the panel takes no order");
    }
}

/* Found at check: at the first payment it would turn the customer away. */
static void check_notify(channel_reader *r)
{
    const pr_channel *c = r->c;
    int32_t wanted = 0;
    for (int32_t i = 0; c->provider != NULL && i < c->provider->rule_count; i++) {
        wanted |= c->provider->rules[i].kind == PR_RULE_NOTIFY;
    }
    if (wanted && c->notify_url == NULL) {
        pr_problems_add(r->p, PR_PROBLEM_SCHEMA, "notify_url",
                        "expected an address: without one %s takes no order", c->provider->name);
    } else if (wanted && (strpbrk(c->notify_url, "?#") != NULL || strlen(c->notify_url) > 255)) {
        pr_problems_add(r->p, PR_PROBLEM_SCHEMA, "notify_url",
                        "expected an address without ?query, of at most 255 bytes, for %s", c->provider->name);
    }
}

static void check_fork_method(channel_reader *r, const char *method)
{
    char type[32];
    const pr_fork *f = r->c->fork;
    if (f != NULL && method[0] != '\0' && !pr_fork_type(type, sizeof type, f, method)) {
        pr_problems_add(r->p, PR_PROBLEM_SCHEMA, "method", "expected a method of fork %s (%s), got \"%s\"",
                        f->name, f->types, method);
    }
}

static void read_methods(channel_reader *r)
{
    size_t mark = pr_problems_enter(r->p, "methods");
    int32_t i = 0;
    for (const payroute_json_node *e = payroute_json_first(r->methods); e != NULL;
         e = payroute_json_next(e), i++) {
        size_t inner = pr_problems_index(r->p, i);
        method_reader mr = {0};
        pr_keys_read(r->p, PR_SCOPE_METHOD, e, apply_method, &mr);
        check_fork_method(r, mr.m.name);
        for (int32_t k = 0; mr.m.name[0] != '\0' && k < r->c->method_count; k++) {
            if (strcmp(r->c->methods[k].name, mr.m.name) == 0) {
                pr_problems_add(r->p, PR_PROBLEM_SCHEMA, "method",
                                "expected each method once, got \"%s\" again", mr.m.name);
            }
        }
        size_t flows = pr_problems_enter(r->p, "flows");
        int32_t k = 0;
        for (const payroute_json_node *f = payroute_json_first(mr.flows); f != NULL && mr.m.name[0] != '\0';
             f = payroute_json_next(f), k++) {
            size_t element = pr_problems_index(r->p, k);
            add_flow(r, &mr.m, f);
            pr_problems_leave(r->p, element);
        }
        pr_problems_leave(r->p, flows);
        r->c->methods[r->c->method_count++] = mr.m; /* the list's bound was checked */
        pr_problems_leave(r->p, inner);
    }
    pr_problems_leave(r->p, mark);
}

static void read_currencies(channel_reader *r)
{
    size_t mark = pr_problems_enter(r->p, "currencies");
    int32_t i = 0;
    for (const payroute_json_node *e = payroute_json_first(r->currencies); e != NULL;
         e = payroute_json_next(e), i++) {
        size_t element = pr_problems_index(r->p, i);
        pr_channel *c = r->c;
        const char *code = payroute_json_string(e);
        char got[PR_GOT_CAP];
        pr_problems_got(got, e);
        int32_t known = code != NULL && strlen(code) == 3 && payroute_currency_exponent(code) >= 0;
        int32_t twice = 0;
        for (int32_t k = 0; known && k < c->currency_count; k++) {
            twice |= strcmp(c->currencies[k], code) == 0;
        }
        if (!known) {
            pr_problems_add(r->p, PR_PROBLEM_SCHEMA, NULL, "expected a currency code such as \"CNY\", got %s",
                            got);
        } else if (twice) {
            pr_problems_add(r->p, PR_PROBLEM_SCHEMA, NULL, "expected each currency once, got %s again", got);
        } else {
            copy_channel_text(c->currencies[c->currency_count++], sizeof c->currencies[0], code);
        }
        pr_problems_leave(r->p, element);
    }
    pr_problems_leave(r->p, mark);
}

static void read_base_url(channel_reader *r, int32_t plain_loopback)
{
    pr_channel *c = r->c;
    if (c->base_url == NULL && c->provider != NULL) {
        const char *url = c->provider->base_url != NULL ? c->provider->base_url : "";
        c->base_url = pr_mem_text(url, strlen(url));
        r->p->nomem |= c->base_url == NULL;
        return;
    }
    if (c->base_url == NULL) {
        return;
    }
    int32_t plain;
    (void)pr_url_check(c->base_url, &c->loopback, &plain); /* passed before */
    char got[PR_GOT_CAP];
    pr_problems_quote(got, c->base_url);
    if (strchr(c->base_url, '?') != NULL) {
        pr_problems_add(r->p, PR_PROBLEM_SCHEMA, "base_url", "expected an address without ?query, got %s",
                        got);
    }
    if (plain && !(c->loopback && plain_loopback)) {
        pr_problems_add(
            r->p, PR_PROBLEM_SCHEMA, "base_url",
            "expected https:// (http:// only to this machine with \"allow_plain_loopback\"), got %s", got);
    }
}

static void read_limits(channel_reader *r)
{
    const pr_channel *c = r->c;
    if (c->amount_min_minor > c->amount_max_minor) {
        pr_problems_add(r->p, PR_PROBLEM_SCHEMA, "amount_max_minor",
                        "expected at least amount_min_minor %lld, got %lld", (long long)c->amount_min_minor,
                        (long long)c->amount_max_minor);
    }
    if (c->connect_timeout_ms > c->money_timeout_ms || c->connect_timeout_ms > c->query_timeout_ms) {
        pr_problems_add(r->p, PR_PROBLEM_SCHEMA, "timeouts",
                        "expected connect_ms to be the shortest, got connect %lld, money %lld, query %lld",
                        (long long)c->connect_timeout_ms, (long long)c->money_timeout_ms,
                        (long long)c->query_timeout_ms);
    }
}

int32_t pr_channel_read(pr_channel *c, pr_problems *p, const payroute_json_node *node, int32_t plain_loopback,
                        const pr_zone *zone)
{
    int32_t before = pr_problems_total(p);
    memset(c, 0, sizeof *c);
    c->amount_max_minor = INT64_MAX;
    c->priority = PRIORITY_DEFAULT;
    c->weight = WEIGHT_DEFAULT;
    c->enabled = 1;
    c->connect_timeout_ms = 3000;
    c->money_timeout_ms = 8000;
    c->query_timeout_ms = 5000;
    channel_reader r = {.c = c, .p = p};
    pr_keys_read(p, PR_SCOPE_CHANNEL, node, apply_channel, &r);
    if (r.timeouts != NULL) {
        size_t mark = pr_problems_enter(p, "timeouts");
        pr_keys_read(p, PR_SCOPE_TIMEOUTS, r.timeouts, apply_timeout, &r);
        pr_problems_leave(p, mark);
    }
    if (r.features != NULL) {
        size_t mark = pr_problems_enter(p, "features");
        pr_keys_read(p, PR_SCOPE_FEATURES, r.features, apply_feature, &r);
        pr_problems_leave(p, mark);
    }
    read_fork(&r);
    check_notify(&r);
    read_base_url(&r, plain_loopback);
    read_limits(&r);
    read_methods(&r);
    read_currencies(&r);
    pr_terms_read(c, p, &r.terms, zone);
    read_facts(&r);
    if (c->provider != NULL && payroute_json_type(node) == PAYROUTE_JSON_OBJECT) {
        pr_credentials_read(c, p, r.credentials);
    }
    return p->nomem == 0 && pr_problems_total(p) == before;
}

void pr_channel_clear(pr_channel *c)
{
    for (int32_t i = 0; i < PR_CREDENTIALS_MAX; i++) {
        for (int32_t k = 0; k < PR_CREDENTIAL_FIELDS_MAX; k++) {
            char *value = c->credentials[i].values[k];
            if (value != NULL) {
                pr_mem_free_secret(value, strlen(value) + 1);
            }
            pr_key_free(c->credentials[i].keys[k]);
        }
    }
    pr_mem_free(c->base_url);
    pr_mem_free(c->notify_url);
    pr_mem_free(c->return_url);
    pr_mem_free(c->ca_file);
    pr_mem_free(c->title);
    pr_terms_clear(&c->terms);
    memset(c, 0, sizeof *c);
}
