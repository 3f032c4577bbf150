/* One pass decides who is eligible, one comparison who is best, one draw settles a tie. The draw sees only
   eligible channels, so that one that is out changes nothing for the others. */
#include "route/route.h"

#include "registry/keys.h" /* PR_CHANNELS_MAX */
#include "route/trace.h"

#include <string.h>

enum { NO_WAY = -1 };

static int32_t same(const char *wanted, const char *have)
{
    return wanted == NULL || wanted[0] == '\0' || strcmp(wanted, have) == 0;
}

static int32_t has_currency(const pr_channel *c, const char *currency)
{
    for (int32_t i = 0; i < c->currency_count; i++) {
        if (strcmp(c->currencies[i], currency) == 0) {
            return 1;
        }
    }
    return 0;
}

/* What is wrong with the channel as a whole, whatever the method. */
static uint32_t channel_faults(const pr_channel *c, const pr_route_request *q)
{
    uint32_t faults = 0;
    if (!c->enabled) {
        faults |= PR_FAULT_DISABLED;
    }
    if (q->only_channel != NULL && strcmp(q->only_channel, c->id) != 0) {
        faults |= PR_FAULT_OTHER_CHANNEL;
    }
    if (!has_currency(c, q->currency)) {
        faults |= PR_FAULT_CURRENCY;
    }
    if (q->amount_minor < c->amount_min_minor) {
        faults |= PR_FAULT_AMOUNT_MIN;
    }
    if (q->amount_minor > c->amount_max_minor) {
        faults |= PR_FAULT_AMOUNT_MAX;
    }
    return faults;
}

/* The latest end of what keeps this method of the channel out; INT64_MIN: nothing does. */
static int64_t excluded_until(const pr_route_input *in, const pr_channel *c, const char *method,
                              const char **why)
{
    int64_t until = INT64_MIN;
    for (int32_t i = 0; i < in->exclusion_count; i++) {
        const pr_route_exclusion *e = &in->exclusions[i];
        int32_t meant = strcmp(e->channel, "*") == 0 || strcmp(e->channel, c->id) == 0;
        int32_t active = e->until_ms == INT64_MAX || e->until_ms > in->request->now_ms;
        if (meant && active && (e->method[0] == '\0' || strcmp(e->method, method) == 0) &&
            e->until_ms > until) {
            until = e->until_ms;
            *why = e->why;
        }
    }
    return until;
}

static int32_t can_hold(const pr_channel *c, const char *method, const char *flow)
{
    pr_facts facts;
    return pr_channel_method_facts(&facts, c, method, flow) && facts.auth_ttl_ms > 0;
}

/* First flow of the method that fits; NO_WAY: none. */
static int32_t find_flow(const pr_channel *c, const pr_method *m, const pr_route_request *q, uint32_t *faults)
{
    int32_t named = 0;
    for (int32_t i = 0; i < m->flow_count; i++) {
        if (!same(q->flow, m->flows[i])) {
            continue;
        }
        named = 1;
        if (!q->hold || can_hold(c, m->name, m->flows[i])) {
            return i;
        }
    }
    *faults |= named ? PR_FAULT_HOLD : PR_FAULT_FLOW;
    return NO_WAY;
}

/* Methods in the channel's own order: the first that fits is taken. Faults of the others matter only when
 * none fits. */
static void judge(pr_route_verdict *v, const pr_route_input *in, const pr_channel *c)
{
    const pr_route_request *q = in->request;
    uint32_t faults = 0;
    int32_t named = 0;
    memset(v, 0, sizeof *v);
    v->channel = c;
    v->retry_ms = INT64_MAX;
    v->faults = channel_faults(c, q);
    for (int32_t i = 0; i < c->method_count; i++) {
        const pr_method *m = &c->methods[i];
        if (!same(q->method, m->name)) {
            continue;
        }
        named = 1;
        int32_t flow = find_flow(c, m, q, &faults);
        if (flow == NO_WAY) {
            continue;
        }
        const char *why = NULL;
        int64_t until = excluded_until(in, c, m->name, &why);
        if (until == INT64_MIN) {
            v->method = m;
            v->flow = m->flows[flow];
            return;
        }
        faults |= PR_FAULT_EXCLUDED;
        if (v->excluded_why == NULL || until < v->retry_ms) {
            v->retry_ms = until;
            v->excluded_why = why;
        }
    }
    v->faults |= named ? faults : (uint32_t)PR_FAULT_METHOD;
    if ((v->faults & ~(uint32_t)(PR_FAULT_EXCLUDED | PR_FAULT_FLOW | PR_FAULT_HOLD)) != 0) {
        v->retry_ms = INT64_MAX; /* waiting does not help: something else is in the way as well */
    }
}

static int32_t before(const pr_route_verdict *a, const pr_route_verdict *b)
{
    if (a->score != b->score) {
        return a->score < b->score;
    }
    return a->channel->priority < b->channel->priority;
}

/* Among those not taken yet: the best score, then the lowest priority number, then by weight. -1: none are
 * left. */
static int32_t draw_next(pr_route_verdict *v, int32_t count, pr_rng *rng, pr_route_draw *draw)
{
    int32_t best = -1;
    for (int32_t i = 0; i < count; i++) {
        if (v[i].faults == 0 && !v[i].taken && (best < 0 || before(&v[i], &v[best]))) {
            best = i;
        }
    }
    if (best < 0) {
        return -1;
    }
    draw->among = 0;
    draw->total = 0;
    for (int32_t i = 0; i < count; i++) {
        v[i].tied = v[i].faults == 0 && !v[i].taken && !before(&v[best], &v[i]);
        if (v[i].tied) {
            draw->among++;
            draw->total += (uint32_t)v[i].channel->weight;
        }
    }
    draw->value = draw->among > 1 ? pr_rng_below(rng, draw->total) : 0;
    uint32_t left = draw->value;
    for (int32_t i = 0; i < count; i++) {
        if (!v[i].tied) {
            continue;
        }
        if (left < (uint32_t)v[i].channel->weight) {
            v[i].taken = 1;
            return i;
        }
        left -= (uint32_t)v[i].channel->weight;
    }
    return -1; /* not reached: value < total */
}

static void copy_name(char *out, size_t cap, const char *text)
{
    pr_text t;
    pr_text_init(&t, out, cap);
    pr_text_put(&t, text);
}

static void fill_pick(pr_route_pick *out, const pr_route_verdict *chosen)
{
    out->channel = chosen->channel;
    copy_name(out->method, sizeof out->method, chosen->method->name);
    copy_name(out->flow, sizeof out->flow, chosen->flow);
}

/* The rest of the order is for people: drawn with a copy of the generator, so that asking for a trace changes
 * nothing. */
static void write_trace(payroute_json_out *trace, const pr_route_input *in, pr_route_verdict *v,
                        int32_t count, const pr_route_draw *draw, int32_t first, const pr_route_pick *pick,
                        const pr_rng *rng)
{
    int32_t order[PR_CHANNELS_MAX];
    int32_t n = 0;
    pr_rng rest = *rng;
    pr_route_draw unused;
    for (int32_t i = first; i >= 0 && n < PR_CHANNELS_MAX; i = draw_next(v, count, &rest, &unused)) {
        order[n++] = i;
    }
    pr_route_trace(trace, in, v, count, draw, order, n, pick);
}

int32_t pr_route_choose(pr_route_pick *out, payroute_json_out *trace, const payroute_registry *registry,
                        const pr_route_request *request, const pr_route_exclusion *exclusions,
                        int32_t exclusion_count, pr_route_score score, const void *health, pr_rng *rng)
{
    if (out == NULL || registry == NULL || request == NULL || request->currency == NULL || rng == NULL ||
        exclusion_count < 0 || (exclusions == NULL && exclusion_count > 0)) {
        return PAYROUTE_E_ARG;
    }
    memset(out, 0, sizeof *out);
    out->retry_ms = INT64_MAX;
    if (!pr_registry_sealed(registry)) {
        return PAYROUTE_E_STATE;
    }
    pr_route_input in = {request, exclusions, exclusion_count, score != NULL};
    pr_route_verdict verdicts[PR_CHANNELS_MAX];
    int32_t count = pr_registry_count(registry);
    for (int32_t i = 0; i < count; i++) {
        const pr_channel *c = pr_registry_at(registry, i);
        judge(&verdicts[i], &in, c);
        if (verdicts[i].faults == 0 && score != NULL) {
            verdicts[i].score = score(health, c, request);
        }
        if (verdicts[i].retry_ms < out->retry_ms) {
            out->retry_ms = verdicts[i].retry_ms;
        }
    }
    pr_route_draw draw = {0, 0, 0};
    int32_t first = draw_next(verdicts, count, rng, &draw);
    if (first >= 0) {
        fill_pick(out, &verdicts[first]);
    }
    if (trace != NULL) {
        write_trace(trace, &in, verdicts, count, &draw, first, out, rng);
    }
    return first >= 0 ? PAYROUTE_OK : PAYROUTE_E_NOT_FOUND;
}
