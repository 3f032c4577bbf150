/* Which rules can not work: those that are never asked because an earlier one ends it, that say again or the
   opposite of what an earlier one says, whose condition never holds, and whose channels can not do what they
   are named for. */
#include "registry/rules_draft.h"

#include <string.h>

/* ---- one condition within or beside another
 * ---------------------------------------------------------------- */

static int32_t words_within(const payroute_json_node *inner, const payroute_json_node *outer)
{
    if (outer == NULL) {
        return 1;
    }
    if (inner == NULL || (pr_words_negated(inner) && !pr_words_negated(outer))) {
        return 0;
    }
    /* None of A lies within none of B when all of B stand in A; else each word decides for itself. */
    const payroute_json_node *each = pr_words_negated(inner) ? outer : inner;
    const payroute_json_node *in = pr_words_negated(inner) ? inner : outer;
    for (const payroute_json_node *w = pr_words_first(each); w != NULL; w = pr_words_next(each, w)) {
        int32_t fits = pr_words_negated(inner) ? pr_words_list(in, pr_words_text(w))
                                               : pr_words_accept(in, pr_words_text(w));
        if (!fits) {
            return 0;
        }
    }
    return 1;
}

static int32_t words_meet(const payroute_json_node *a, const payroute_json_node *b)
{
    if (a == NULL || b == NULL || (pr_words_negated(a) && pr_words_negated(b))) {
        return 1;
    }
    const payroute_json_node *each = pr_words_negated(a) ? b : a;
    const payroute_json_node *other = pr_words_negated(a) ? a : b;
    for (const payroute_json_node *w = pr_words_first(each); w != NULL; w = pr_words_next(each, w)) {
        if (pr_words_accept(other, pr_words_text(w))) {
            return 1;
        }
    }
    return 0;
}

static int32_t range_within(const pr_rule_range *inner, const pr_rule_range *outer)
{
    return !outer->asked || (inner->asked && inner->min >= outer->min && inner->max <= outer->max);
}

static int32_t range_meets(const pr_rule_range *a, const pr_rule_range *b)
{
    return !a->asked || !b->asked || (a->min <= b->max && b->min <= a->max);
}

static int32_t bins_within(const pr_rule_draft *inner, const pr_rule_draft *outer)
{
    int32_t within = outer->bins == NULL || inner->bins != NULL;
    for (int32_t i = 0; within && outer->bins != NULL && i < inner->bin_count; i++) {
        within = pr_bin_within(outer->bins, outer->bin_count, inner->bins[i]);
    }
    return within;
}

static int32_t bins_meet(const pr_rule_draft *a, const pr_rule_draft *b)
{
    int32_t i = 0;
    int32_t k = 0;
    if (a->bins == NULL || b->bins == NULL) {
        return 1;
    }
    while (i < a->bin_count && k < b->bin_count) {
        if (a->bins[i].to < b->bins[k].from) {
            i++;
        } else if (b->bins[k].to < a->bins[i].from) {
            k++;
        } else {
            return 1;
        }
    }
    return 0;
}

/* A week changes only where hours begin and end: looking at those minutes of each day is looking at all.
   `meet`: some minute lies in both; else: every minute of `a` lies in `b`. Other clocks are never compared.
 */
static int32_t compare_weeks(const pr_rule_week *a, const pr_rule_week *b, int32_t meet)
{
    const int32_t edges[] = {0, a->from_minute, a->to_minute % 1440, b->from_minute, b->to_minute % 1440};
    if (!pr_zone_equal(&a->zone, &b->zone)) {
        return 0;
    }
    for (int32_t day = 0; day < 7; day++) {
        for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
            int32_t in_a = pr_week_has(a, day * 1440 + edges[i]);
            int32_t in_b = pr_week_has(b, day * 1440 + edges[i]);
            if (meet ? in_a && in_b : in_a && !in_b) {
                return meet;
            }
        }
    }
    return !meet;
}

static int32_t draft_within(const pr_rule_draft *inner, const pr_rule_draft *outer)
{
    int32_t within =
        range_within(&inner->amount, &outer->amount) && range_within(&inner->risk, &outer->risk) &&
        bins_within(inner, outer) &&
        (!outer->week.asked || (inner->week.asked && compare_weeks(&inner->week, &outer->week, 0)));
    for (int32_t i = 0; within && i < PR_RULE_TEXTS; i++) {
        within = words_within(inner->words[i], outer->words[i]);
    }
    for (int32_t i = 0; within && i < outer->metadata_count; i++) {
        within = words_within(pr_draft_metadata(inner, payroute_json_name(outer->metadata[i])),
                              outer->metadata[i]);
    }
    return within;
}

static int32_t drafts_meet(const pr_rule_draft *a, const pr_rule_draft *b)
{
    int32_t meet = range_meets(&a->amount, &b->amount) && range_meets(&a->risk, &b->risk) &&
                   bins_meet(a, b) &&
                   (!a->week.asked || !b->week.asked || compare_weeks(&a->week, &b->week, 1));
    for (int32_t i = 0; meet && i < PR_RULE_TEXTS; i++) {
        meet = words_meet(a->words[i], b->words[i]);
    }
    for (int32_t i = 0; meet && i < a->metadata_count; i++) {
        meet = words_meet(a->metadata[i], pr_draft_metadata(b, payroute_json_name(a->metadata[i])));
    }
    return meet;
}

/* ---- a rule and the channels
 * ------------------------------------------------------------------------------- */

static int32_t takes_way(const pr_channel *c, const pr_rule_draft *d)
{
    for (int32_t i = 0; i < c->method_count; i++) {
        const pr_method *m = &c->methods[i];
        for (int32_t k = 0; pr_words_accept(d->words[PR_RULE_METHOD], m->name) && k < m->flow_count; k++) {
            if (pr_words_accept(d->words[PR_RULE_FLOW], m->flows[k])) {
                return 1;
            }
        }
    }
    return 0;
}

static int32_t takes_currency(const pr_channel *c, const payroute_json_node *words)
{
    for (int32_t i = 0; i < c->currency_count; i++) {
        if (pr_words_accept(words, c->currencies[i])) {
            return 1;
        }
    }
    return 0;
}

/* Whether it can take any payment of which the condition holds. */
static int32_t takes_draft(const pr_channel *c, const pr_rule_draft *d)
{
    const pr_terms *t = &c->terms;
    int32_t takes =
        takes_way(c, d) && takes_currency(c, d->words[PR_RULE_CURRENCY]) &&
        (!d->amount.asked || (d->amount.min <= c->amount_max_minor && d->amount.max >= c->amount_min_minor));
    int32_t country = t->countries == NULL;
    for (int32_t i = 0; !country && i < t->country_count; i++) {
        country = pr_words_accept(d->words[PR_RULE_COUNTRY], t->countries[i]);
    }
    int32_t brand = t->brands == NULL;
    for (int32_t i = 0; !brand && i < t->brand_count; i++) {
        brand = pr_words_accept(d->words[PR_RULE_BRAND], t->brands[i]);
    }
    return takes && country && brand;
}

static int32_t any_has(const pr_rule_place *place, int32_t field, const char *word)
{
    for (int32_t i = 0; i < place->channel_count; i++) {
        const pr_channel *c = place->channels[i];
        for (int32_t k = 0; field == PR_RULE_CURRENCY && k < c->currency_count; k++) {
            if (strcmp(c->currencies[k], word) == 0) {
                return 1;
            }
        }
        for (int32_t k = 0; field != PR_RULE_CURRENCY && k < c->method_count; k++) {
            if (field == PR_RULE_METHOD && strcmp(c->methods[k].name, word) == 0) {
                return 1;
            }
            for (int32_t f = 0; field == PR_RULE_FLOW && f < c->methods[k].flow_count; f++) {
                if (strcmp(c->methods[k].flows[f], word) == 0) {
                    return 1;
                }
            }
        }
    }
    return 0;
}

/* 1: all words name what some channel has. */
static int32_t check_known(const pr_rule_draft *d, int32_t field, const char *member, pr_problems *p,
                           const pr_rule_place *place)
{
    const payroute_json_node *words = d->words[field];
    int32_t good = 1;
    for (const payroute_json_node *w = pr_words_first(words); w != NULL; w = pr_words_next(words, w)) {
        if (!any_has(place, field, pr_words_text(w))) {
            char got[PR_GOT_CAP];
            pr_problems_got(got, w);
            pr_problems_add(p, PR_PROBLEM_SCHEMA, member, "expected a %s of some channel, got %s", member,
                            got);
            good = 0;
        }
    }
    return good;
}

static int32_t currencies_differ(const pr_rule_place *place)
{
    const char *first = place->channel_count > 0 ? place->channels[0]->currencies[0] : "";
    for (int32_t i = 0; i < place->channel_count; i++) {
        for (int32_t k = 0; k < place->channels[i]->currency_count; k++) {
            if (strcmp(place->channels[i]->currencies[k], first) != 0) {
                return 1;
            }
        }
    }
    return 0;
}

static void check_when(pr_rule_draft *d, pr_problems *p, const pr_rule_place *place)
{
    size_t mark = pr_problems_enter(p, "when");
    int32_t known = check_known(d, PR_RULE_METHOD, "method", p, place);
    known &= check_known(d, PR_RULE_FLOW, "flow", p, place);
    known &= check_known(d, PR_RULE_CURRENCY, "currency", p, place);
    int32_t taken = 0;
    for (int32_t i = 0; i < place->channel_count; i++) {
        taken |= takes_draft(place->channels[i], d);
    }
    if (known && !taken && d->deny == NULL) {
        pr_problems_add(p, PR_PROBLEM_SCHEMA, NULL,
                        "expected something that a channel takes: none takes all of this");
    }
    if (d->amount.asked && d->words[PR_RULE_CURRENCY] == NULL && currencies_differ(place)) {
        pr_problems_add(
            p, PR_PROBLEM_SCHEMA, "amount",
            "expected \"currency\" beside it: channels take several, and the same number is another amount");
    }
    pr_problems_leave(p, mark);
}

static int32_t masks_meet(const pr_channel_mask *a, const pr_channel_mask *b)
{
    uint64_t common = 0;
    for (int32_t i = 0; i < PR_MASK_WORDS; i++) {
        common |= a->w[i] & b->w[i];
    }
    return common != 0;
}

static int32_t mask_within(const pr_channel_mask *inner, const pr_channel_mask *outer)
{
    uint64_t beyond = 0;
    for (int32_t i = 0; i < PR_MASK_WORDS; i++) {
        beyond |= inner->w[i] & ~outer->w[i];
    }
    return beyond == 0;
}

static void check_named(const pr_rule_draft *d, pr_problems *p, const pr_rule_place *place, int32_t i,
                        const char *member)
{
    const char *id = place->channels[i]->id;
    if (d->only_said && !pr_mask_has(&d->only, i)) {
        pr_problems_add(p, PR_PROBLEM_SCHEMA, member, "expected channels of \"only\", got \"%s\"", id);
    } else if (pr_mask_has(&d->avoid, i)) {
        pr_problems_add(p, PR_PROBLEM_SCHEMA, member, "expected no channel of \"avoid\", got \"%s\"", id);
    } else if (!takes_draft(place->channels[i], d)) {
        pr_problems_add(p, PR_PROBLEM_SCHEMA, member,
                        "expected channels that take what \"when\" says, got \"%s\"", id);
    }
}

static void check_then(pr_rule_draft *d, pr_problems *p, const pr_rule_place *place)
{
    size_t mark = pr_problems_enter(p, "then");
    int32_t useful = 0;
    for (int32_t i = 0; d->only_said && i < place->channel_count; i++) {
        useful |= pr_mask_has(&d->only, i) && takes_draft(place->channels[i], d);
    }
    if (d->only_said && !useful) {
        pr_problems_add(p, PR_PROBLEM_SCHEMA, "only",
                        "expected a channel that takes what \"when\" says, got none");
    } else if (d->only_said && mask_within(&d->only, &d->avoid)) {
        pr_problems_add(p, PR_PROBLEM_SCHEMA, "avoid",
                        "expected fewer channels than \"only\" has: it avoids them all");
    }
    for (int32_t i = 0; i < d->prefer_count; i++) {
        check_named(d, p, place, d->prefer[i], "prefer");
    }
    for (int32_t i = 0; i < d->split_count; i++) {
        check_named(d, p, place, d->split[i], "split");
    }
    pr_problems_leave(p, mark);
}

/* ---- a rule and those before it
 * ---------------------------------------------------------------------------- */

static void check_against(const pr_rule_draft *d, const pr_rule_draft *earlier, int32_t k, pr_problems *p)
{
    int32_t covered = draft_within(d, earlier);
    const char *name = earlier->name;
    if (covered && (earlier->stop || earlier->deny != NULL)) {
        pr_problems_add(p, PR_PROBLEM_SCHEMA, NULL,
                        "is never reached: rules[%d] \"%s\" holds whenever this does, and ends it", (int)k,
                        name);
    } else if (covered && draft_within(earlier, d)) {
        pr_problems_add(p, PR_PROBLEM_SCHEMA, "when",
                        "expected another condition than rules[%d] \"%s\": make one of both", (int)k, name);
    } else if (covered && d->split_count > 0 && earlier->split_count > 0) {
        pr_problems_add(p, PR_PROBLEM_SCHEMA, "then.split",
                        "is never dealt: rules[%d] \"%s\" deals whenever this could", (int)k, name);
    } else if (d->only_said && earlier->only_said && !earlier->stop &&
               !masks_meet(&d->only, &earlier->only) && drafts_meet(d, earlier)) {
        pr_problems_add(
            p, PR_PROBLEM_SCHEMA, "then.only",
            "contradicts rules[%d] \"%s\": both can hold for one payment, and no channel is in both; "
            "\"stop\": true in the first lets it win",
            (int)k, name);
    }
}

void pr_rules_check(pr_rule_draft *drafts, int32_t count, pr_problems *p, const pr_rule_place *place)
{
    for (int32_t i = 0; i < count; i++) {
        size_t element = pr_problems_index(p, i);
        int32_t before = pr_problems_total(p);
        if (!drafts[i].bad && place->channel_count > 0) {
            check_when(&drafts[i], p, place);
            check_then(&drafts[i], p, place);
        }
        for (int32_t k = 0; k < i && !drafts[i].bad && pr_problems_total(p) == before; k++) {
            if (!drafts[k].bad) {
                check_against(&drafts[i], &drafts[k], k, p);
            }
        }
        pr_problems_leave(p, element);
    }
}
