/* Facts of a channel: the provider's, less what the account lacks, with the merchant's own expiry. */
#include "registry/registry.h"

#include <string.h>

/* Set, these forbid; all other flags allow. */
static const uint32_t forbidding = PR_FACT_CONTAINER | PR_FACT_CLIENT | PR_FACT_CLOSE_REVERSES;

static int64_t lesser(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* What holds whichever of two ways was taken: permissions both have, prohibitions either has. */
static void weaken(pr_facts *f, const pr_facts *g)
{
    f->flags = (f->flags & g->flags & ~forbidding) | ((f->flags | g->flags) & forbidding);
    f->lookup = (int32_t)lesser(f->lookup, g->lookup);
    if (f->late_send != g->late_send) {
        f->late_send = PR_LATE_NONE;
    }
    f->late_window_s = f->late_window_s > g->late_window_s ? f->late_window_s : g->late_window_s;
    f->steps = f->steps > g->steps ? f->steps : g->steps;
    f->money_steps |= g->money_steps;
    f->key_ttl_ms = lesser(f->key_ttl_ms, g->key_ttl_ms);
    f->pay_ms = lesser(f->pay_ms, g->pay_ms);
    f->max_pending_ms = lesser(f->max_pending_ms, g->max_pending_ms);
    f->auth_ttl_ms = lesser(f->auth_ttl_ms, g->auth_ttl_ms);
    f->review_ms = lesser(f->review_ms, g->review_ms);
}

static void take_away(pr_facts *f, uint32_t off)
{
    if ((off & PR_FACT_REFUND) != 0) {
        f->flags &= ~(uint32_t)(PR_FACT_REFUND | PR_FACT_REFUND_KEYED | PR_FACT_REFUND_LOOKUP);
    }
    f->flags &= ~(off & (uint32_t)(PR_FACT_REFUND_KEYED | PR_FACT_REPEAT_SAFE));
    if ((off & PR_FACT_REFUND_LOOKUP) != 0) {
        f->flags &= ~(uint32_t)PR_FACT_REFUND_LOOKUP;
    }
    if ((off & PR_FACT_CAN_CLOSE) != 0) {
        f->flags &= ~(uint32_t)(PR_FACT_CAN_CLOSE | PR_FACT_CLOSE_BLIND | PR_FACT_CLOSE_REVERSES);
        f->late_send =
            f->late_send == PR_LATE_TOMBSTONE ? PR_LATE_NONE : f->late_send; /* a tombstone is a close */
    }
    if ((off & PR_FACT_LOOKUP) != 0) {
        f->flags &= ~(uint32_t)PR_FACT_LOOKUP;
        f->lookup = PR_LOOKUP_REPLAY;
    }
    if ((off & PR_FACT_HELD) != 0) {
        f->auth_ttl_ms = 0;
    }
}

static int32_t has_flow(const pr_method *m, const char *flow)
{
    for (int32_t i = 0; i < m->flow_count; i++) {
        if (strcmp(m->flows[i], flow) == 0) {
            return 1;
        }
    }
    return 0;
}

int32_t pr_channel_method_facts(pr_facts *out, const pr_channel *c, const char *method, const char *flow)
{
    int32_t found = 0;
    memset(out, 0, sizeof *out);
    for (int32_t i = 0; c != NULL && flow != NULL && i < c->method_count; i++) {
        const pr_method *m = &c->methods[i];
        if ((method != NULL && strcmp(m->name, method) != 0) || !has_flow(m, flow)) {
            continue;
        }
        const pr_flow *row = pr_provider_flow(c->provider, m->name, flow);
        if (row == NULL) {
            continue;
        }
        const pr_facts *facts =
            (row->facts.flags & PR_FACT_HOST_DRIVEN) != 0 ? &c->custom_facts : &row->facts;
        if (found) {
            weaken(out, facts);
        } else {
            *out = *facts;
        }
        found = 1;
    }
    if (found) {
        take_away(out, c->features_off | (c->fork != NULL ? c->fork->off : 0));
        if (c->fork != NULL && c->fork->late_send == PR_LATE_NONE) {
            out->late_send = PR_LATE_NONE;
        }
        out->pay_ms = c->pay_ms > 0 ? c->pay_ms : out->pay_ms;
    }
    return found;
}

int32_t pr_channel_facts(pr_facts *out, const pr_channel *c, const char *flow)
{
    return pr_channel_method_facts(out, c, NULL, flow);
}
