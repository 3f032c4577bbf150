/* See rules.h. */
#include "route/rules.h"

#include "registry/keys.h" /* PR_CHANNELS_MAX */

#include <string.h>

enum { BP = 10000 };

int32_t pr_route_window_closed(const pr_channel *channel, int64_t now_ms, int64_t *until_ms)
{
    return channel->terms.window_count > 0 &&
           pr_windows_closed(channel->terms.windows, channel->terms.window_count, now_ms, until_ms);
}

void pr_route_wishes(pr_rule_outcome *out, const payroute_registry *registry, const pr_route_request *request)
{
    pr_rule_facts facts = {.risk = -1};
    if (request->facts != NULL) {
        facts = *request->facts;
    }
    facts.method = request->method;
    facts.flow = request->flow;
    facts.currency = request->currency;
    facts.amount_minor = request->amount_minor;
    facts.now_ms = request->now_ms;
    pr_rules_apply(pr_registry_rules(registry), &facts, out);
}

uint32_t pr_route_terms_faults(const pr_channel *channel, const pr_rule_facts *facts)
{
    const pr_terms *t = &channel->terms;
    uint32_t faults = 0;
    if (facts == NULL) {
        return 0;
    }
    if (!pr_terms_country(t, facts->country)) {
        faults |= PR_FAULT_COUNTRY;
    }
    if (!pr_terms_brand(t, facts->brand)) {
        faults |= PR_FAULT_BRAND;
    }
    if (!pr_terms_bin(t, facts->bin)) {
        faults |= PR_FAULT_BIN;
    }
    return faults;
}

static int32_t full(const pr_health *health, int32_t slot, int32_t which, uint32_t period, int64_t cap,
                    int64_t amount)
{
    int64_t sum = cap > 0 ? pr_health_quota(health, slot, which, period) : 0;
    return cap > 0 && (amount > cap || sum > cap - amount);
}

uint32_t pr_route_cap_faults(const pr_channel *channel, const pr_routing *routing, const pr_health *health,
                             int64_t amount_minor, int64_t now_ms, int64_t *retry_ms)
{
    const pr_terms *t = &channel->terms;
    if ((t->cap_day_minor == 0 && t->cap_month_minor == 0) || health == NULL) {
        return 0;
    }
    pr_zone_now now;
    pr_zone_calendar(&now, &routing->zone, now_ms);
    int32_t slot = pr_route_slot(health, channel, now_ms);
    uint32_t faults = 0;
    if (full(health, slot, PR_QUOTA_DAY, (uint32_t)now.day, t->cap_day_minor, amount_minor)) {
        faults |= PR_FAULT_CAP_DAY;
        *retry_ms = now.day_ends_ms;
    }
    if (full(health, slot, PR_QUOTA_MONTH, (uint32_t)now.month, t->cap_month_minor, amount_minor)) {
        faults |= PR_FAULT_CAP_MONTH;
        *retry_ms = now.month_ends_ms;
    }
    if ((t->cap_day_minor > 0 && amount_minor > t->cap_day_minor) ||
        (t->cap_month_minor > 0 && amount_minor > t->cap_month_minor)) {
        *retry_ms = INT64_MAX; /* too much for an empty day */
    }
    return faults;
}

void pr_route_count_money(const pr_channel *channel, const pr_routing *routing, const pr_health *health,
                          int64_t amount_minor, int64_t now_ms)
{
    const pr_terms *t = &channel->terms;
    if ((t->cap_day_minor == 0 && t->cap_month_minor == 0 && t->commit_month_minor == 0) || health == NULL) {
        return;
    }
    pr_zone_now now;
    pr_zone_calendar(&now, &routing->zone, now_ms);
    int32_t slot = pr_route_slot(health, channel, now_ms);
    (void)pr_health_quota_add(health, slot, PR_QUOTA_DAY, (uint32_t)now.day, amount_minor);
    (void)pr_health_quota_add(health, slot, PR_QUOTA_MONTH, (uint32_t)now.month, amount_minor);
}

int32_t pr_route_commit_bonus(const pr_channel *channel, const pr_routing *routing, const pr_health *health,
                              int64_t now_ms)
{
    const int64_t promised = channel->terms.commit_month_minor;
    if (promised == 0 || health == NULL) {
        return 0;
    }
    pr_zone_now now;
    pr_zone_calendar(&now, &routing->zone, now_ms);
    int64_t month = (int64_t)now.month;
    int64_t first = pr_zone_days(1970 + month / 12, (int32_t)(month % 12) + 1, 1) * 86400;
    int64_t begins = pr_zone_instant_ms(&routing->zone, first, 0) / 1000;
    int64_t lasts = now.month_ends_ms / 1000 - begins;
    int64_t gone = now_ms / 1000 - begins;
    if (lasts <= 0 || gone < 0 || gone > lasts) {
        return 0;
    }
    int64_t brought =
        pr_health_quota(health, pr_route_slot(health, channel, now_ms), PR_QUOTA_MONTH, (uint32_t)now.month);
    int64_t share = brought >= promised ? BP : brought < INT64_MAX / BP ? brought * BP / promised : BP;
    int64_t behind = gone * BP / lasts - share; /* of the month's plan */
    int64_t left = (lasts - gone) * BP / lasts;
    if (behind <= 0) {
        return 0;
    }
    int64_t bonus = left > 0 ? behind * PR_COMMIT_BONUS_MAX / (behind + left) : PR_COMMIT_BONUS_MAX;
    return (int32_t)bonus;
}

int32_t pr_route_cost_bp(const pr_channel *channel, int64_t amount_minor)
{
    const pr_terms *t = &channel->terms;
    int64_t fixed = amount_minor > 0 && t->cost_fixed_minor < amount_minor
                        ? t->cost_fixed_minor * BP / amount_minor
                    : t->cost_fixed_minor > 0 ? BP
                                              : 0;
    int64_t cost = fixed + t->cost_bps;
    return cost < BP ? (int32_t)cost : BP;
}

int32_t pr_route_priority(const pr_rule_outcome *wishes, int32_t index, const pr_channel *channel)
{
    int32_t place = pr_rules_preferred(wishes, index);
    return place >= 0 ? place - PR_RULE_CHANNELS_MAX : channel->priority;
}

static int32_t split_slot(const pr_rules *rules, int32_t split, const pr_health *health, int64_t now_ms)
{
    pr_health_prior none = {0};
    return health != NULL ? pr_health_slot_key(health, pr_rules_split_key(rules, split), &none, now_ms)
                          : PR_HEALTH_NO_SLOT;
}

void pr_route_split_back(const payroute_registry *registry, int32_t split, const pr_health *health,
                         int64_t now_ms)
{
    int32_t slot = split_slot(pr_registry_rules(registry), split, health, now_ms);
    if (slot != PR_HEALTH_NO_SLOT) {
        (void)pr_health_quota_add(health, slot, PR_QUOTA_TURNS, 1, -1);
    }
}

int32_t pr_route_split(const payroute_registry *registry, const pr_rule_outcome *wishes,
                       const pr_channel_mask *able, const pr_health *health, int32_t take, int64_t now_ms,
                       pr_rng *rng)
{
    const pr_rules *rules = pr_registry_rules(registry);
    if (pr_rules_split_channel(rules, wishes->split, 0, able) < 0) {
        return -1; /* nobody could take the turn */
    }
    uint64_t turn;
    int32_t slot = split_slot(rules, wishes->split, health, now_ms);
    if (slot == PR_HEALTH_NO_SLOT) {
        turn = pr_rng_below(rng, (uint32_t)pr_rules_split_total(rules, wishes->split));
    } else if (take) {
        turn = (uint64_t)pr_health_quota_add(health, slot, PR_QUOTA_TURNS, 1, 1);
    } else {
        turn = (uint64_t)pr_health_quota(health, slot, PR_QUOTA_TURNS, 1);
    }
    return pr_rules_split_channel(rules, wishes->split, turn, able);
}

static void trace_mask(payroute_json_out *out, const char *name, const payroute_registry *registry,
                       const pr_channel_mask *mask)
{
    payroute_json_out_array(out, name);
    for (int32_t i = 0; i < pr_registry_count(registry); i++) {
        if (pr_mask_has(mask, i)) {
            payroute_json_out_string(out, NULL, pr_registry_at(registry, i)->id);
        }
    }
    payroute_json_out_end(out);
}

void pr_route_trace_wishes(payroute_json_out *out, const payroute_registry *registry,
                           const pr_rule_outcome *wishes, int32_t chosen, int32_t dealt)
{
    const pr_rules *rules = pr_registry_rules(registry);
    if (rules == NULL) {
        return;
    }
    payroute_json_out_object(out, "rules");
    payroute_json_out_array(out, "matched");
    for (int32_t i = 0; i < pr_rules_count(rules); i++) {
        if ((wishes->matched[i >> 6] >> (i & 63) & 1U) != 0) {
            payroute_json_out_string(out, NULL, pr_rules_name(rules, i));
        }
    }
    payroute_json_out_end(out);
    if (wishes->only_said) {
        trace_mask(out, "only", registry, &wishes->only);
    }
    if ((wishes->avoid.w[0] | wishes->avoid.w[1] | wishes->avoid.w[2] | wishes->avoid.w[3]) != 0) {
        trace_mask(out, "avoid", registry, &wishes->avoid);
    }
    if (wishes->prefer_count > 0) {
        payroute_json_out_array(out, "prefer");
        for (int32_t i = 0; i < wishes->prefer_count; i++) {
            payroute_json_out_string(out, NULL, pr_registry_at(registry, wishes->prefer[i])->id);
        }
        payroute_json_out_end(out);
    }
    if (wishes->split >= 0) {
        payroute_json_out_string(out, "split",
                                 pr_rules_name(rules, pr_rules_split_rule(rules, wishes->split)));
    }
    if (wishes->authenticate) {
        payroute_json_out_flag(out, "authenticate", 1);
    }
    if (wishes->deny >= 0) {
        payroute_json_out_string(out, "deny", pr_rules_deny_reason(rules, wishes->deny));
    }
    const char *decided =
        pr_rules_name(rules, dealt && wishes->deny < 0 ? pr_rules_split_rule(rules, wishes->split)
                                                       : pr_rules_decider(rules, wishes, chosen));
    if (decided != NULL) {
        payroute_json_out_string(out, "decided", decided);
    }
    payroute_json_out_end(out);
}
