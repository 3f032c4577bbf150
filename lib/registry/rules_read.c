/* Reads the list of rules: each value is judged where it stands, what concerns several rules is
 * rules_check.c's. */
#include "registry/rules_draft.h"

#include "base/mem.h"

#include <string.h>

enum { SHARE_MAX = 1000, MINUTES_OF_DAY = 1440 };

typedef struct rule_reader {
    pr_rule_draft *d;
    pr_problems *p;
    const pr_rule_place *place;
    const payroute_json_node *when;
    const payroute_json_node *then;
    int32_t zone_said;
    int32_t effects;
} rule_reader;

static void expected_got(pr_problems *p, const char *expected, const payroute_json_node *value)
{
    char got[PR_GOT_CAP];
    pr_problems_got(got, value);
    pr_problems_add(p, PR_PROBLEM_SCHEMA, NULL, "expected %s, got %s", expected, got);
}

/* ---- when ------------------------------------------------------------------------------------------------
 */

static void apply_range(void *target, int32_t id, const payroute_json_node *value)
{
    pr_rule_range *r = target;
    int64_t v = 0;
    (void)payroute_json_integer(&v, value); /* checked before */
    if (id == PR_KEY_AMOUNT_FROM || id == PR_KEY_RISK_FROM) {
        r->min = v;
    } else {
        r->max = v;
    }
}

static void read_range(rule_reader *r, pr_rule_range *out, int32_t scope, const payroute_json_node *value)
{
    *out = (pr_rule_range){1, 0, INT64_MAX};
    pr_keys_read(r->p, scope, value, apply_range, out);
    if (payroute_json_count(value) == 0) {
        pr_problems_add(r->p, PR_PROBLEM_SCHEMA, NULL, "expected min, max or both");
    } else if (out->min > out->max) {
        pr_problems_add(r->p, PR_PROBLEM_SCHEMA, "max",
                        "expected at least min %lld, got %lld: it is never so", (long long)out->min,
                        (long long)out->max);
    }
}

static void read_minute(rule_reader *r, int32_t *out, const payroute_json_node *value, int32_t most)
{
    *out = pr_window_minute(payroute_json_string(value));
    if (*out < 0 || *out > most) {
        *out = -1;
        expected_got(r->p, "a time like \"22:00\"", value);
    }
}

static void apply_hours(void *target, int32_t id, const payroute_json_node *value)
{
    rule_reader *r = target;
    if (id == PR_KEY_HOURS_FROM) {
        read_minute(r, &r->d->week.from_minute, value, MINUTES_OF_DAY - 1);
    } else {
        read_minute(r, &r->d->week.to_minute, value, MINUTES_OF_DAY);
    }
}

static void read_hours(rule_reader *r, const payroute_json_node *value)
{
    pr_rule_week *w = &r->d->week;
    w->asked = 1;
    w->from_minute = -1;
    w->to_minute = -2;
    pr_keys_read(r->p, PR_SCOPE_HOURS, value, apply_hours, r);
    if (w->from_minute == w->to_minute) {
        pr_problems_add(r->p, PR_PROBLEM_SCHEMA, "to",
                        "expected another time than \"from\": nothing lies between");
    }
}

static void read_metadata(rule_reader *r, const payroute_json_node *value)
{
    const pr_config_key *key = pr_keys_find(PR_SCOPE_WHEN, "metadata");
    for (const payroute_json_node *m = payroute_json_first(value); m != NULL; m = payroute_json_next(m)) {
        size_t mark = pr_problems_enter(r->p, payroute_json_name(m));
        if (payroute_json_name(m)[0] == '\0' || strlen(payroute_json_name(m)) > 64) {
            pr_problems_add(r->p, PR_PROBLEM_SCHEMA, NULL, "expected a name of 1 to 64 bytes");
        } else if (pr_words_check(r->p, key, m)) {
            r->d->metadata[r->d->metadata_count++] = m; /* the object's bound was checked */
        }
        pr_problems_leave(r->p, mark);
    }
}

static void apply_when(void *target, int32_t id, const payroute_json_node *value)
{
    rule_reader *r = target;
    pr_rule_draft *d = r->d;
    switch (id) {
    case PR_KEY_WHEN_METHOD: d->words[PR_RULE_METHOD] = value; break;
    case PR_KEY_WHEN_FLOW: d->words[PR_RULE_FLOW] = value; break;
    case PR_KEY_WHEN_CURRENCY: d->words[PR_RULE_CURRENCY] = value; break;
    case PR_KEY_WHEN_COUNTRY: d->words[PR_RULE_COUNTRY] = value; break;
    case PR_KEY_WHEN_BRAND: d->words[PR_RULE_BRAND] = value; break;
    case PR_KEY_WHEN_ISSUER: d->words[PR_RULE_ISSUER] = value; break;
    case PR_KEY_WHEN_TIER: d->words[PR_RULE_TIER] = value; break;
    case PR_KEY_WHEN_CATEGORY: d->words[PR_RULE_CATEGORY] = value; break;
    case PR_KEY_WHEN_AMOUNT: read_range(r, &d->amount, PR_SCOPE_AMOUNT, value); break;
    case PR_KEY_WHEN_RISK: read_range(r, &d->risk, PR_SCOPE_RISK, value); break;
    case PR_KEY_WHEN_BIN: d->bins = pr_bins_read(r->p, value, &d->bin_count); break;
    case PR_KEY_WHEN_HOURS: read_hours(r, value); break;
    case PR_KEY_WHEN_WEEKDAYS:
        d->week.asked = 1;
        d->week.days = pr_window_days_read(r->p, NULL, value);
        break;
    case PR_KEY_WHEN_ZONE:
        r->zone_said = 1;
        (void)pr_zone_read(r->p, &d->week.zone, value);
        break;
    case PR_KEY_WHEN_METADATA: read_metadata(r, value); break;
    default: break;
    }
}

static void read_when(rule_reader *r)
{
    pr_rule_week *w = &r->d->week;
    w->zone = *r->place->standard;
    w->to_minute = MINUTES_OF_DAY;
    w->days = 0x7f;
    if (r->when == NULL) {
        return;
    }
    size_t mark = pr_problems_enter(r->p, "when");
    pr_keys_read(r->p, PR_SCOPE_WHEN, r->when, apply_when, r);
    if (r->zone_said && !w->asked) {
        pr_problems_add(r->p, PR_PROBLEM_SCHEMA, "zone", "expected \"hours\" or \"weekdays\" beside it");
    }
    pr_problems_leave(r->p, mark);
}

/* ---- then ------------------------------------------------------------------------------------------------
 */

static int32_t channel_index(rule_reader *r, const char *id)
{
    for (int32_t i = 0; id != NULL && i < r->place->channel_count; i++) {
        if (strcmp(r->place->channels[i]->id, id) == 0) {
            return i;
        }
    }
    return -1;
}

static void unknown_channel(rule_reader *r, const char *got_text)
{
    const char *ids[PR_RULE_CHANNELS + 1];
    int32_t n = 0;
    char got[PR_GOT_CAP];
    for (; n < r->place->channel_count; n++) {
        ids[n] = r->place->channels[n]->id;
    }
    ids[n] = NULL;
    pr_problems_quote(got, got_text);
    const char *near = pr_keys_nearest(got_text, ids);
    if (near != NULL) {
        pr_problems_add(r->p, PR_PROBLEM_SCHEMA, NULL, "expected a channel's id, perhaps \"%s\", got %s",
                        near, got);
    } else {
        pr_problems_add(r->p, PR_PROBLEM_SCHEMA, NULL, "expected a channel's id, got %s", got);
    }
}

/* The channels of a list into a mask and, where it is wanted, in their order. */
static void read_channels(rule_reader *r, const payroute_json_node *list, pr_channel_mask *mask,
                          uint8_t *order, int32_t *count)
{
    int32_t k = 0;
    r->effects++;
    for (const payroute_json_node *e = payroute_json_first(list); e != NULL; e = payroute_json_next(e), k++) {
        const char *id = payroute_json_string(e);
        int32_t i = channel_index(r, id);
        size_t element = pr_problems_index(r->p, k);
        if (id == NULL) {
            expected_got(r->p, "a channel's id", e);
        } else if (i < 0) {
            unknown_channel(r, id);
        } else if (pr_mask_has(mask, i)) {
            expected_got(r->p, "each channel once", e);
        } else {
            pr_mask_set(mask, i);
            if (order != NULL) {
                order[(*count)++] = (uint8_t)i;
            }
        }
        pr_problems_leave(r->p, element);
    }
}

static void read_split(rule_reader *r, const payroute_json_node *value)
{
    pr_rule_draft *d = r->d;
    r->effects++;
    for (const payroute_json_node *m = payroute_json_first(value); m != NULL; m = payroute_json_next(m)) {
        int64_t share = 0;
        int32_t i = channel_index(r, payroute_json_name(m));
        size_t mark = pr_problems_enter(r->p, payroute_json_name(m));
        if (i < 0) {
            unknown_channel(r, payroute_json_name(m));
        } else if (payroute_json_integer(&share, m) != PAYROUTE_OK || share < 1 || share > SHARE_MAX) {
            expected_got(r->p, "a share from 1 to 1000", m);
        } else {
            d->split[d->split_count] =
                (uint8_t)i; /* the object's bound was checked, and its keys are unique */
            d->share[d->split_count++] = (int32_t)share;
        }
        pr_problems_leave(r->p, mark);
    }
    if (payroute_json_count(value) < 2) {
        pr_problems_add(r->p, PR_PROBLEM_SCHEMA, NULL, "expected shares of at least two channels");
    }
}

static void apply_then(void *target, int32_t id, const payroute_json_node *value)
{
    rule_reader *r = target;
    pr_rule_draft *d = r->d;
    pr_channel_mask preferred = {{0}};
    switch (id) {
    case PR_KEY_THEN_ONLY:
        d->only_said = 1;
        read_channels(r, value, &d->only, NULL, NULL);
        break;
    case PR_KEY_THEN_AVOID: read_channels(r, value, &d->avoid, NULL, NULL); break;
    case PR_KEY_THEN_PREFER: read_channels(r, value, &preferred, d->prefer, &d->prefer_count); break;
    case PR_KEY_THEN_SPLIT: read_split(r, value); break;
    case PR_KEY_THEN_AUTHENTICATE:
        d->authenticate = payroute_json_flag(value);
        r->effects += d->authenticate;
        break;
    case PR_KEY_THEN_STOP: d->stop = payroute_json_flag(value); break;
    case PR_KEY_THEN_DENY: d->deny = payroute_json_string(value); break;
    default: break;
    }
}

static void read_then(rule_reader *r)
{
    if (r->then == NULL) {
        return;
    }
    size_t mark = pr_problems_enter(r->p, "then");
    pr_keys_read(r->p, PR_SCOPE_THEN, r->then, apply_then, r);
    if (r->d->deny != NULL && (r->effects > 0 || r->d->stop)) {
        pr_problems_add(r->p, PR_PROBLEM_SCHEMA, "deny",
                        "expected nothing beside it: a denied payment goes nowhere");
    }
    if (r->d->deny == NULL && r->effects == 0 && !r->d->stop) {
        pr_problems_add(r->p, PR_PROBLEM_SCHEMA, NULL,
                        "expected something to do: only, prefer, avoid, split, authenticate, deny or stop");
    }
    pr_problems_leave(r->p, mark);
}

static void apply_rule(void *target, int32_t id, const payroute_json_node *value)
{
    rule_reader *r = target;
    switch (id) {
    case PR_KEY_RULE_NAME: r->d->name = payroute_json_string(value); break;
    case PR_KEY_RULE_WHEN: r->when = value; break;
    case PR_KEY_RULE_THEN: r->then = value; break;
    default: break;
    }
}

void pr_rules_read(pr_rule_draft *drafts, pr_problems *p, const payroute_json_node *list,
                   const pr_rule_place *place)
{
    int32_t i = 0;
    for (const payroute_json_node *e = payroute_json_first(list); e != NULL; e = payroute_json_next(e), i++) {
        size_t element = pr_problems_index(p, i);
        int32_t before = pr_problems_total(p);
        rule_reader r = {.d = &drafts[i], .p = p, .place = place};
        pr_keys_read(p, PR_SCOPE_RULE, e, apply_rule, &r);
        read_when(&r);
        read_then(&r);
        for (int32_t k = 0; r.d->name != NULL && k < i; k++) {
            if (drafts[k].name != NULL && strcmp(drafts[k].name, r.d->name) == 0) {
                pr_problems_add(p, PR_PROBLEM_SCHEMA, "name",
                                "expected a name of its own, got \"%s\" of rules[%d]", r.d->name, (int)k);
                break;
            }
        }
        r.d->bad = pr_problems_total(p) != before;
        pr_problems_leave(p, element);
    }
}
