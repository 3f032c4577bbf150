/* One pass decides who is eligible, one comparison who is best, one draw settles a tie. The draw sees only
   eligible channels, so that one that is out changes nothing for the others. */
#include "route/route.h"

#include "registry/keys.h" /* PR_CHANNELS_MAX */
#include "route/rules.h"
#include "route/trace.h"

#include <string.h>

enum { NO_WAY = -1 };
static const double STICKY = 0.02; /* of success, that a customer who knows the way is worth */

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

/* What kept it out of this payment once is over: it failed this order before. */
static int32_t failed_before(const pr_route_input *in, const pr_channel *c)
{
    for (int32_t i = 0; i < in->exclusion_count; i++) {
        if (strcmp(in->exclusions[i].channel, c->id) == 0) {
            return 1;
        }
    }
    return 0;
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
    v->faults = channel_faults(c, q) | (c->has_terms ? pr_route_terms_faults(c, q->facts) : 0);
    v->failed_before = failed_before(in, c);
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

/* What the merchant's rules, windows and caps say of it. */
static void judge_wishes(pr_route_verdict *v, const pr_route_input *in, int32_t index)
{
    const pr_route_request *q = in->request;
    int64_t retry_ms = INT64_MAX;
    int32_t closed = 0;
    uint32_t full = 0;
    if (v->channel->has_terms) {
        closed = pr_route_window_closed(v->channel, q->now_ms, &v->closed_until_ms);
        full = pr_route_cap_faults(v->channel, pr_registry_routing(in->registry),
                                   in->health != NULL ? in->health->health : NULL, q->amount_minor, q->now_ms,
                                   &retry_ms);
    }
    v->rank = pr_rules_rank(in->wishes, index, closed);
    v->preference = pr_route_priority(in->wishes, index, v->channel);
    if (full != 0) {
        int32_t waits = v->faults == 0 || v->retry_ms != INT64_MAX;
        int64_t other = v->retry_ms != INT64_MAX ? v->retry_ms : 0;
        v->retry_ms = !waits ? INT64_MAX : retry_ms > other ? retry_ms : other;
    }
    v->faults |= full;
    if (in->wishes->deny >= 0) {
        v->faults |= PR_FAULT_DENIED;
        v->retry_ms = INT64_MAX;
    }
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

int32_t pr_route_slot(const pr_health *health, const pr_channel *channel, int64_t now_ms)
{
    pr_health_prior prior = {.success = channel->terms.success_percent / 100.0,
                             .latency_ms = channel->terms.latency_ms,
                             .timeout_ms = (int32_t)channel->money_timeout_ms};
    return pr_health_slot_key(health, channel->health_key, &prior, now_ms);
}

static pr_score_candidate candidate_of(const pr_route_verdict *v, const pr_route_input *in)
{
    const pr_channel *c = v->channel;
    pr_score_candidate out = {
        .slot = PR_HEALTH_NO_SLOT,
        .segment = {pr_health_hash(v->method->name), pr_health_hash(in->request->issuer)},
        .rank = v->rank,
        .priority = v->preference,
        .weight = c->weight,
        .shown = strcmp(v->flow, "qr") == 0 || strcmp(v->flow, "redirect") == 0,
        .failed = v->failed_before,
        .timeout_ms = (int32_t)c->money_timeout_ms};
    if (in->health != NULL && in->health->health != NULL) {
        out.slot = pr_route_slot(in->health->health, c, in->request->now_ms);
    }
    if (c->has_terms) {
        const pr_routing *routing = pr_registry_routing(in->registry);
        int32_t worth = in->health != NULL ? in->health->cost_worth : routing->cost_worth;
        out.price = (double)pr_route_cost_bp(c, in->request->amount_minor) * worth / 1e6;
        out.bonus = pr_route_commit_bonus(c, routing, in->health != NULL ? in->health->health : NULL,
                                          in->request->now_ms) /
                    10000.0;
    }
    if (in->request->last_channel != NULL && pr_registry_routing(in->registry)->sticky &&
        strcmp(in->request->last_channel, c->id) == 0) {
        out.bonus += STICKY; /* what is out is worth so much less that this does not hold anybody there */
    }
    return out;
}

typedef struct ranking { /* indices into the verdicts, best first */
    pr_score_term terms[PR_CHANNELS_MAX];
    int32_t order[PR_CHANNELS_MAX];
    int32_t count;
    pr_score_draw draw;
} ranking;

static void rank_verdicts(ranking *r, const pr_route_verdict *v, int32_t count, const pr_route_input *in,
                          pr_rng *rng)
{
    pr_score_candidate candidates[PR_CHANNELS_MAX];
    int32_t which[PR_CHANNELS_MAX];
    const pr_route_health *h = in->health;
    const pr_routing *routing = pr_registry_routing(in->registry);
    int32_t dear =
        h != NULL && pr_health_dear(h->health, pr_health_hash(in->request->currency),
                                    in->request->amount_minor, !in->request->again, in->request->now_ms);
    pr_score_ask ask = {.now_ms = in->request->now_ms,
                        .patience_ms =
                            h != NULL && h->patience_ms > 0 ? h->patience_ms : routing->patience_ms,
                        .margin = (double)(h != NULL ? h->margin_bp : routing->margin_bp) / 10000.0,
                        .explore = h != NULL && h->explore && !dear};
    r->count = 0;
    for (int32_t i = 0; i < count; i++) {
        if (v[i].faults == 0) {
            candidates[r->count] = candidate_of(&v[i], in);
            which[r->count++] = i;
        }
    }
    pr_score_order(r->terms, r->order, &r->draw, h != NULL ? h->health : NULL, candidates, r->count, &ask,
                   rng);
    for (int32_t i = 0; i < r->count; i++) {
        r->order[i] = which[r->order[i]];
    }
}

/* Its place among the eligible ones. */
static const pr_score_term *term_of(const ranking *r, const pr_route_verdict *v, int32_t index)
{
    int32_t place = 0;
    for (int32_t i = 0; i < index; i++) {
        place += v[i].faults == 0;
    }
    return &r->terms[place];
}

/* The channel whose turn it is goes first, unless it is out or a test goes before it. */
static int32_t deal_split(ranking *r, const pr_route_verdict *v, const pr_route_input *in, int32_t takes,
                          pr_rng *rng)
{
    const pr_health *health = in->health != NULL ? in->health->health : NULL;
    pr_channel_mask able = {{0}};
    if (in->wishes->split < 0 || r->count == 0 || term_of(r, v, r->order[0])->canary) {
        return -1;
    }
    for (int32_t i = 0; i < r->count; i++) {
        int32_t at = r->order[i];
        const pr_score_term *t = term_of(r, v, at);
        if (v[at].rank == v[r->order[0]].rank && !t->view.suspect && !t->limited) {
            able.w[at >> 6] |= UINT64_C(1) << (at & 63);
        }
    }
    int32_t turn = pr_route_split(in->registry, in->wishes, &able, health, takes, in->request->now_ms, rng);
    for (int32_t i = 0, moved = turn; turn >= 0 && i < r->count; i++) {
        int32_t here = r->order[i];
        r->order[i] = moved;
        moved = here;
        if (here == turn) {
            break;
        }
    }
    return turn;
}

int32_t pr_route_choose(pr_route_pick *out, payroute_json_out *trace, const payroute_registry *registry,
                        const pr_route_request *request, const pr_route_exclusion *exclusions,
                        int32_t exclusion_count, const pr_route_health *health, pr_rng *rng)
{
    if (out == NULL || registry == NULL || request == NULL || request->currency == NULL || rng == NULL ||
        exclusion_count < 0 || (exclusions == NULL && exclusion_count > 0)) {
        return PAYROUTE_E_ARG;
    }
    memset(out, 0, sizeof *out);
    out->retry_ms = INT64_MAX;
    out->split = -1;
    if (!pr_registry_sealed(registry)) {
        return PAYROUTE_E_STATE;
    }
    pr_rule_outcome wishes;
    pr_route_wishes(&wishes, registry, request);
    pr_route_input in = {request, exclusions, exclusion_count, health, registry, &wishes, -1};
    pr_route_verdict verdicts[PR_CHANNELS_MAX];
    ranking r;
    int32_t count = pr_registry_count(registry);
    for (int32_t i = 0; i < count; i++) {
        judge(&verdicts[i], &in, pr_registry_at(registry, i));
        judge_wishes(&verdicts[i], &in, i);
        if (verdicts[i].retry_ms < out->retry_ms) {
            out->retry_ms = verdicts[i].retry_ms;
        }
    }
    rank_verdicts(&r, verdicts, count, &in, rng);
    int32_t takes = exclusion_count == 0 && !request->again;
    in.split_turn = deal_split(&r, verdicts, &in, takes, rng);
    out->split = in.split_turn >= 0 && takes ? wishes.split : -1;
    out->denied = pr_rules_deny_reason(pr_registry_rules(registry), wishes.deny);
    out->denied_by = pr_rules_name(pr_registry_rules(registry), wishes.deny);
    out->authenticate = wishes.authenticate;
    if (r.count > 0) {
        const pr_score_term *t = term_of(&r, verdicts, r.order[0]);
        fill_pick(out, &verdicts[r.order[0]]);
        out->canary = t->canary;
        out->timeout_ms = health != NULL && t->canary ? t->timeout_ms : 0;
    }
    if (trace != NULL) {
        pr_route_trace(trace, &in, verdicts, count, r.terms, &r.draw, r.order, r.count, out);
    }
    return r.count > 0 ? PAYROUTE_OK : PAYROUTE_E_NOT_FOUND;
}
