/* See rules.h. What every payment pays for: a look-up for each fact that some rule asks for, an AND, and then
   only the rules that hold. */
#include "registry/rules_table.h"

#include <string.h>

static const char *fact_text(const rule_field *f, const pr_rule_facts *facts, int32_t kind)
{
    switch (kind) {
    case PR_RULE_METHOD: return facts->method;
    case PR_RULE_FLOW: return facts->flow;
    case PR_RULE_CURRENCY: return facts->currency;
    case PR_RULE_COUNTRY: return facts->country;
    case PR_RULE_BRAND: return facts->brand;
    case PR_RULE_ISSUER: return facts->issuer;
    case PR_RULE_TIER: return facts->tier;
    case PR_RULE_CATEGORY: return facts->category;
    default: break;
    }
    for (int32_t i = 0; i < facts->pair_count; i++) {
        if (strcmp(facts->pairs[i].name, f->key) == 0) {
            return facts->pairs[i].value;
        }
    }
    if (facts->metadata == NULL) {
        return NULL;
    }
    return pr_words_text(payroute_json_get(facts->metadata, f->key));
}

/* Row of the text: 0 unknown, 1 not named by any rule, then the values in their order. */
static int32_t text_row(const pr_rules *r, const rule_field *f, const char *text)
{
    if (text == NULL || text[0] == '\0') {
        return 0;
    }
    const uint64_t wanted = pr_text_head(text);
    const uint64_t *heads = r->heads + f->first;
    const uint64_t *at = heads;
    for (int32_t n = f->count; n > 1;) { /* without branches: which way it goes cannot be foretold */
        int32_t half = n / 2;
        at += at[half - 1] < wanted ? half : 0;
        n -= half;
    }
    at += *at < wanted;
    for (; at < heads + f->count && *at == wanted; at++) {
        if ((wanted & 0xff) == 0 || strcmp(r->values[f->first + (size_t)(at - heads)], text) == 0) {
            return 2 + (int32_t)(at - heads);
        }
    }
    return 1;
}

/* Row of the interval in which the number lies; the first begins at the least number there is. */
static int32_t number_row(const pr_rules *r, const rule_field *f, int64_t number)
{
    const int64_t *bounds = r->bounds + f->first;
    const int64_t *at = bounds;
    for (int32_t n = f->count; n > 1;) {
        int32_t half = n / 2;
        at += at[half] <= number ? half : 0;
        n -= half;
    }
    return 1 + (int32_t)(at - bounds);
}

static void and_row(const pr_rules *r, const rule_field *f, int32_t row, uint64_t *hold)
{
    const uint64_t *bits = r->rows + f->row + (size_t)row * (size_t)r->words;
    for (int32_t w = 0; w < r->words; w++) {
        hold[w] &= bits[w];
    }
}

/* A short BIN is all cards that begin so: a rule holds when it holds for each of them. */
static void and_bins(const pr_rules *r, const rule_field *f, const char *bin, uint64_t *hold)
{
    pr_bin_range range;
    if (!pr_bin_of(&range, bin)) {
        and_row(r, f, 0, hold);
        return;
    }
    int32_t last = number_row(r, f, range.to);
    for (int32_t row = number_row(r, f, range.from); row <= last; row++) {
        and_row(r, f, row, hold);
    }
}

static void narrow_by(const pr_rules *r, const rule_field *f, const pr_rule_facts *facts, uint64_t *hold)
{
    switch (f->kind) {
    case PR_FIELD_AMOUNT: and_row(r, f, number_row(r, f, facts->amount_minor), hold); break;
    case PR_FIELD_RISK: and_row(r, f, facts->risk < 0 ? 0 : number_row(r, f, facts->risk), hold); break;
    case PR_FIELD_BIN: and_bins(r, f, facts->bin, hold); break;
    case PR_FIELD_WEEK:
        and_row(r, f, number_row(r, f, pr_zone_minute_of_week(&f->zone, facts->now_ms)), hold);
        break;
    default: and_row(r, f, text_row(r, f, fact_text(f, facts, f->kind)), hold); break;
    }
}

/* 1: the rule ends it. */
static int32_t follow(const pr_rules *r, int32_t i, pr_rule_outcome *out)
{
    const rule_effect *e = &r->effects[i];
    out->matched[i >> 6] |= UINT64_C(1) << (i & 63);
    if (e->deny != NULL) {
        out->deny = i;
        return 1;
    }
    for (int32_t w = 0; w < PR_MASK_WORDS; w++) {
        out->only.w[w] &= e->only.w[w];
        out->avoid.w[w] |= e->avoid.w[w];
    }
    out->only_said |= e->only_said;
    for (int32_t k = 0; k < e->prefer_count && out->prefer_count < PR_RULE_CHANNELS_MAX; k++) {
        uint8_t channel = r->prefer[e->prefer_first + (size_t)k];
        if (pr_rules_preferred(out, channel) < 0) {
            out->prefer[out->prefer_count++] = channel;
        }
    }
    if (out->split < 0) {
        out->split = e->split;
    }
    out->authenticate |= e->authenticate;
    return e->stop;
}

void pr_rules_apply(const pr_rules *r, const pr_rule_facts *facts, pr_rule_outcome *out)
{
    memset(out, 0, offsetof(pr_rule_outcome, prefer));
    memset(&out->only, 0xff, sizeof out->only);
    out->split = -1;
    out->authenticate = 0;
    out->deny = -1;
    if (r == NULL) {
        return;
    }
    uint64_t hold[PR_RULE_WORDS];
    memcpy(hold, r->all, sizeof hold);
    for (int32_t i = 0; i < r->field_count; i++) {
        narrow_by(r, &r->fields[i], facts, hold);
        if (r->words == 1 && hold[0] == 0) {
            return;
        }
    }
    for (int32_t w = 0; w < r->words; w++) {
        for (uint64_t bits = hold[w]; bits != 0; bits &= bits - 1) {
            if (follow(r, w * 64 + __builtin_ctzll(bits), out)) {
                return;
            }
        }
    }
}

int32_t pr_rules_preferred(const pr_rule_outcome *o, int32_t channel)
{
    for (int32_t i = 0; i < o->prefer_count; i++) {
        if (o->prefer[i] == channel) {
            return i;
        }
    }
    return -1;
}

int32_t pr_rules_rank(const pr_rule_outcome *o, int32_t channel, int32_t closed)
{
    return (pr_mask_has(&o->only, channel) ? 0 : 4) + (closed ? 2 : 0) + pr_mask_has(&o->avoid, channel);
}

static int32_t prefers(const pr_rules *r, const rule_effect *e, int32_t channel)
{
    for (int32_t k = 0; k < e->prefer_count; k++) {
        if (r->prefer[e->prefer_first + (size_t)k] == channel) {
            return 1;
        }
    }
    return 0;
}

static int32_t avoids_other(const rule_effect *e, int32_t channel)
{
    uint64_t any = 0;
    for (int32_t w = 0; w < PR_MASK_WORDS; w++) {
        any |= e->avoid.w[w];
    }
    return any != 0 && !pr_mask_has(&e->avoid, channel);
}

int32_t pr_rules_decider(const pr_rules *r, const pr_rule_outcome *o, int32_t channel)
{
    int32_t found = -1;
    int32_t strength = 0;
    if (r == NULL || o->deny >= 0 || channel < 0) {
        return o->deny;
    }
    for (int32_t i = 0; i < r->count; i++) {
        const rule_effect *e = &r->effects[i];
        if ((o->matched[i >> 6] >> (i & 63) & 1U) == 0) {
            continue;
        }
        int32_t here = e->only_said && pr_mask_has(&e->only, channel) ? 3
                       : avoids_other(e, channel)                     ? 2
                       : prefers(r, e, channel)                       ? 1
                                                                      : 0;
        if (here > strength) {
            strength = here;
            found = i;
        }
    }
    return found;
}

int32_t pr_rules_split_channel(const pr_rules *r, int32_t split, uint64_t turn, const pr_channel_mask *able)
{
    if (r == NULL || split < 0 || split >= r->split_count) {
        return -1;
    }
    const rule_split *s = &r->splits[split];
    int32_t at = (int32_t)(turn % (uint64_t)s->total);
    for (int32_t i = 0; i < s->total; i++) {
        int32_t channel = r->turns[s->first + (size_t)at];
        if (pr_mask_has(able, channel)) {
            return channel;
        }
        at = at + 1 < s->total ? at + 1 : 0;
    }
    return -1;
}

int32_t pr_rules_count(const pr_rules *r)
{
    return r != NULL ? r->count : 0;
}

const char *pr_rules_name(const pr_rules *r, int32_t rule)
{
    return r != NULL && rule >= 0 && rule < r->count ? r->effects[rule].name : NULL;
}

const char *pr_rules_deny_reason(const pr_rules *r, int32_t rule)
{
    return r != NULL && rule >= 0 && rule < r->count ? r->effects[rule].deny : NULL;
}

int32_t pr_rules_split_count(const pr_rules *r)
{
    return r != NULL ? r->split_count : 0;
}

static const rule_split *split_at(const pr_rules *r, int32_t split)
{
    return r != NULL && split >= 0 && split < r->split_count ? &r->splits[split] : NULL;
}

uint64_t pr_rules_split_key(const pr_rules *r, int32_t split)
{
    return split_at(r, split) != NULL ? split_at(r, split)->key : 0;
}

int32_t pr_rules_split_total(const pr_rules *r, int32_t split)
{
    return split_at(r, split) != NULL ? split_at(r, split)->total : 0;
}

int32_t pr_rules_split_rule(const pr_rules *r, int32_t split)
{
    return split_at(r, split) != NULL ? split_at(r, split)->rule : -1;
}
