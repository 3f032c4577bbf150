/* A rule as it is read, before it becomes bits: what the reader, the checks and the builder share. It points
   into the configuration's text and lives no longer. */
#ifndef PR_REGISTRY_RULES_DRAFT_H
#define PR_REGISTRY_RULES_DRAFT_H

#include "registry/keys.h"

enum pr_rule_text {
    PR_RULE_METHOD,
    PR_RULE_FLOW,
    PR_RULE_CURRENCY,
    PR_RULE_COUNTRY,
    PR_RULE_BRAND,
    PR_RULE_ISSUER,
    PR_RULE_TIER,
    PR_RULE_CATEGORY,
    PR_RULE_TEXTS
};

typedef struct pr_rule_range {
    int32_t asked;
    int64_t min;
    int64_t max;
} pr_rule_range;

typedef struct pr_rule_week {
    int32_t asked;
    uint32_t days; /* on which the hours begin */
    int32_t from_minute;
    int32_t to_minute;
    pr_zone zone;
} pr_rule_week;

typedef struct pr_rule_draft {
    const char *name;
    int32_t bad; /* 1: it has problems already, so that nothing more is said about it */
    const payroute_json_node *words[PR_RULE_TEXTS]; /* NULL: not asked */
    const payroute_json_node *metadata[PR_RULE_METADATA_MAX];
    int32_t metadata_count;
    pr_rule_range amount;
    pr_rule_range risk;
    pr_bin_range *bins; /* NULL: not asked */
    int32_t bin_count;
    pr_rule_week week;

    int32_t only_said;
    pr_channel_mask only;
    pr_channel_mask avoid;
    pr_channel_mask named; /* all that it names but to avoid it */
    int32_t prefer_count;
    uint8_t prefer[PR_RULE_CHANNELS_MAX];
    int32_t split_count;
    uint8_t split[PR_RULE_SPLIT_MAX];
    int32_t share[PR_RULE_SPLIT_MAX];
    int32_t authenticate;
    int32_t stop;
    const char *deny; /* NULL: it does not */
} pr_rule_draft;

typedef struct pr_rule_place { /* what rules are about */
    const pr_channel *const *channels;
    int32_t channel_count;
    const pr_zone *standard;
} pr_rule_place;

/* Words of a condition: a text, a list of texts, or {"not": either}. */
int32_t pr_words_negated(const payroute_json_node *words);
const payroute_json_node *pr_words_first(const payroute_json_node *words);
const payroute_json_node *pr_words_next(const payroute_json_node *words, const payroute_json_node *word);
const char *pr_words_text(const payroute_json_node *word);                  /* of a number or flag too */
int32_t pr_words_list(const payroute_json_node *words, const char *text);   /* 1: it stands there */
int32_t pr_words_accept(const payroute_json_node *words, const char *text); /* NULL words: not asked */
int32_t pr_week_has(const pr_rule_week *w, int32_t minute_of_week);
const payroute_json_node *pr_draft_metadata(const pr_rule_draft *d, const char *key); /* NULL: not asked */

/* draft[count] of the list's rules, at the path of the list. */
void pr_rules_read(pr_rule_draft *drafts, pr_problems *p, const payroute_json_node *list,
                   const pr_rule_place *place);
void pr_rules_check(pr_rule_draft *drafts, int32_t count, pr_problems *p, const pr_rule_place *place);

static inline void pr_mask_set(pr_channel_mask *m, int32_t i)
{
    m->w[i >> 6] |= UINT64_C(1) << (i & 63);
}

#endif
