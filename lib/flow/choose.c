/* Which channel next: what of this payment rules a channel out, what the shop knows of it, and the question
   to the router. */
#include "flow/handle.h"

#include <string.h>

static void exclude(pr_route_exclusion *e, const char *channel, const char *method, int64_t until_ms,
                    const char *why)
{
    memset(e, 0, sizeof *e);
    memcpy(e->channel, channel, strlen(channel));
    memcpy(e->method, method, strlen(method));
    e->until_ms = until_ms;
    e->why = why;
}

static int32_t same_means(const payroute_payment *p, const pr_attempt *a)
{
    return a->instrument == pr_text_hash(p->order.instrument) &&
           (p->order.method[0] == '\0' || strcmp(a->method, p->order.method) == 0);
}

static int32_t exclusions(const payroute_payment *p, pr_route_exclusion *out)
{
    int32_t count = 0;
    for (int32_t i = 0; i < p->pay.attempt_count; i++) {
        const pr_attempt *a = &p->pay.attempts[i];
        int32_t tries = 0;
        for (int32_t j = 0; j < p->pay.attempt_count; j++) {
            tries += strcmp(p->pay.attempts[j].channel, a->channel) == 0;
        }
        if (tries >= p->pay.policy.value[PR_POLICY_max_attempts_channel]) {
            exclude(&out[count++], a->channel, "", INT64_MAX, "attempt_limit");
        }
        if (a->refusal > PR_REFUSAL_INVALID && !same_means(p, a)) {
            continue; /* what was refused to one card is not refused to another */
        }
        switch (a->refusal) {
        case PR_REFUSAL_BACKOFF: exclude(&out[count++], a->channel, "", a->retry_ms, "backoff"); break;
        case PR_REFUSAL_INVALID: exclude(&out[count++], a->channel, "", INT64_MAX, "invalid_request"); break;
        case PR_REFUSAL_SOFT: exclude(&out[count++], a->channel, "", INT64_MAX, "declined_here"); break;
        case PR_REFUSAL_CUSTOMER:
            exclude(&out[count++], "*", a->method, INT64_MAX, "customer_refusal");
            break;
        case PR_REFUSAL_HARD: exclude(&out[count++], "*", "", INT64_MAX, "hard_decline"); break;
        default: break;
        }
    }
    return count;
}

int32_t pr_choose(payroute_payment *p, pr_route_pick *pick, const pr_unfit *not, int64_t now_ms)
{
    pr_route_exclusion out[PR_ATTEMPTS_MAX * 2 + PR_UNFIT_MAX];
    pr_route_request wish = {.method = p->order.method[0] != '\0' ? p->order.method : NULL,
                             .flow = p->order.flow[0] != '\0' ? p->order.flow : NULL,
                             .amount_minor = p->pay.amount_minor,
                             .currency = p->pay.currency,
                             .now_ms = now_ms,
                             .hold = p->order.hold,
                             .only_channel = p->order.channel[0] != '\0' ? p->order.channel : NULL,
                             .issuer = pr_known_issuer(p->known),
                             .facts = p->known != NULL ? &p->known->facts : NULL,
                             .last_channel =
                                 p->order.last_channel[0] != '\0' ? p->order.last_channel : NULL,
                             .again = p->pay.attempt_count > 0 || not->count > 0};
    uint8_t seed[32];
    pr_rng rng;
    int32_t rc = pr_pool_next(p, seed);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    uint64_t number = 0;
    memcpy(&number, seed, sizeof number);
    pr_rng_seed(&rng, number, 1);
    if (p->trace == NULL) {
        p->trace = payroute_json_out_new();
    }
    payroute_json_out_reset(p->trace);
    int32_t count = exclusions(p, out);
    for (int32_t i = 0; i < not->count; i++) {
        exclude(&out[count++], not->channels[i]->id, "", INT64_MAX, "cannot_take");
    }
    const pr_routing *routing = pr_registry_routing(p->registry);
    pr_route_health known = {.patience_ms = routing->patience_ms,
                             .margin_bp = routing->margin_bp,
                             .cost_worth = routing->cost_worth,
                             .explore = routing->explore && p->pay.present};
    if (p->telling != NULL) {
        known.health = &p->telling->health->view;
    }
    return pr_route_choose(pick, p->trace, p->registry, &wish, out, count, p->telling != NULL ? &known : NULL,
                           &rng);
}

/* The shop's own rule says no: an answer, and no failure, so that another instrument may be tried (`retry`).
   Nothing was sent for it. */
void pr_deny(payroute_payment *p, const pr_route_pick *pick)
{
    pr_text rule, reason;
    pr_text_init(&rule, p->denied.rule, sizeof p->denied.rule);
    pr_text_init(&reason, p->denied.reason, sizeof p->denied.reason);
    pr_text_put(&rule, pick->denied_by);
    pr_text_put(&reason, pick->denied);
    p->pay.no_channel = 1;
    p->pay.last_refusal = PR_REFUSAL_HARD;
    p->pay.backoff_ms = INT64_MAX;
    p->pay.dirty = 1;
}
