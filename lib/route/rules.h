/* What the merchant wants of a choice: rules, terms, windows, caps, commitments and splits, put in the words
   in which channels are compared. Health comes behind: it only orders what is left here. */
#ifndef PR_ROUTE_RULES_H
#define PR_ROUTE_RULES_H

#include "route/route.h"
#include "route/trace.h"

/* 1: a maintenance window of the channel is now; *until_ms (may be NULL): when it ends. */
int32_t pr_route_window_closed(const pr_channel *channel, int64_t now_ms, int64_t *until_ms);

/* Applies the registry's rules to the request: what it says itself, and its facts. */
void pr_route_wishes(pr_rule_outcome *out, const payroute_registry *registry,
                     const pr_route_request *request);

/* Country, brand and BIN that the channel does not take: enum pr_route_fault bits. */
uint32_t pr_route_terms_faults(const pr_channel *channel, const pr_rule_facts *facts);
/* PR_FAULT_CAP_DAY, PR_FAULT_CAP_MONTH; *retry_ms: when both have room again. 0 without a block. */
uint32_t pr_route_cap_faults(const pr_channel *channel, const pr_routing *routing, const pr_health *health,
                             int64_t amount_minor, int64_t now_ms, int64_t *retry_ms);
/* Captured money (negative: given back) is counted for caps and commitments, once. */
void pr_route_count_money(const pr_channel *channel, const pr_routing *routing, const pr_health *health,
                          int64_t amount_minor, int64_t now_ms);
/* Hundredths of a percent: how far the channel is behind what was promised, weighed by how little of the
   month is left; 0 to PR_COMMIT_BONUS_MAX. */
enum { PR_COMMIT_BONUS_MAX = 200 };
int32_t pr_route_commit_bonus(const pr_channel *channel, const pr_routing *routing, const pr_health *health,
                              int64_t now_ms);
/* What a payment of this amount costs there, in hundredths of a percent of it; at most 10000. */
int32_t pr_route_cost_bp(const pr_channel *channel, int64_t amount_minor);
/* The number by which channels of one rank and about the same success are put in order. */
int32_t pr_route_priority(const pr_rule_outcome *wishes, int32_t index, const pr_channel *channel);

/* Whose turn it is in the split that holds, among the able ones; -1: there is none. A first choice of a
   payment takes the turn, a further one only looks. Without a block it is drawn. */
int32_t pr_route_split(const payroute_registry *registry, const pr_rule_outcome *wishes,
                       const pr_channel_mask *able, const pr_health *health, int32_t take, int64_t now_ms,
                       pr_rng *rng);

/* A turn that led to no attempt is given back. Where others took one since, one of them is dealt twice. */
void pr_route_split_back(const payroute_registry *registry, int32_t split, const pr_health *health, int64_t now_ms);

/* `chosen`: index of the channel, -1 none; `dealt`: 1, the split gave it its turn. */
void pr_route_trace_wishes(payroute_json_out *out, const payroute_registry *registry,
                           const pr_rule_outcome *wishes, int32_t chosen, int32_t dealt);

#endif
