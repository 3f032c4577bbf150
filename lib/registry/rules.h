/* Rules of the merchant, turned at load into one table of bits: for each fact that any rule asks for, and for
   each value of it that any rule names, the set of rules that accept it. A payment is a handful of look-ups
   and ANDs, whatever the number of rules. */
#ifndef PR_REGISTRY_RULES_H
#define PR_REGISTRY_RULES_H

#include "registry/problems.h"
#include "registry/zone.h"

enum {
    PR_RULES_MAX = 256,
    PR_RULE_CHANNELS = 256,    /* = PR_CHANNELS_MAX */
    PR_RULE_CHANNELS_MAX = 64, /* of one list */
    PR_RULE_SPLIT_MAX = 16,
    PR_RULE_METADATA_MAX = 8,
    PR_RULE_WORDS = PR_RULES_MAX / 64,
    PR_MASK_WORDS = PR_RULE_CHANNELS / 64
};

typedef struct pr_channel_mask {
    uint64_t w[PR_MASK_WORDS];
} pr_channel_mask;

static inline int32_t pr_mask_has(const pr_channel_mask *m, int32_t i)
{
    return (int32_t)(m->w[i >> 6] >> (i & 63) & 1U);
}

typedef struct pr_rule_pair {
    const char *name;
    const char *value;
} pr_rule_pair;

/* What is known of a payment. NULL, "", a negative risk: not known, and then no condition on it holds, `not`
 * included. */
typedef struct pr_rule_facts {
    const char *method;
    const char *flow;
    const char *currency;
    const char *country;  /* of the customer or the card: "CN" */
    const char *brand;    /* "visa" */
    const char *issuer;   /* as the shop names banks */
    const char *tier;     /* the shop's class of customer */
    const char *category; /* of what is sold */
    const char *bin;      /* 6 to 8 digits; more are cut */
    int64_t amount_minor;
    int64_t now_ms;
    int32_t risk; /* 0 and more; negative: not known */
    int32_t pair_count;
    const pr_rule_pair *pairs;          /* the order's metadata, flat; or */
    const payroute_json_node *metadata; /* as an object of texts, numbers and flags */
} pr_rule_facts;

/* One member of a payment's JSON: country, brand, issuer, tier, category, bin, risk, metadata. 0: it is none
   of them. The texts stay in the document. Begin with {.risk = -1}. */
int32_t pr_rules_fact(pr_rule_facts *out, pr_problems *p, const payroute_json_node *member);

/* The same back: what is known, as members. */
void pr_rules_facts_view(payroute_json_out *out, const pr_rule_facts *facts);

/* What the rules want of the order in which channels are tried. Nothing here but `deny` keeps a channel out:
   see pr_rules_rank. Channels are their index in the registry. */
typedef struct pr_rule_outcome {
    uint64_t matched[PR_RULE_WORDS]; /* the rules that had a say, by index */
    pr_channel_mask only;            /* all ones when no rule says only */
    pr_channel_mask avoid;
    int32_t only_said;
    int32_t prefer_count;
    uint8_t prefer[PR_RULE_CHANNELS_MAX]; /* the most wanted one first */
    int32_t split;                        /* number of the split that holds; -1: none */
    int32_t authenticate;
    int32_t deny; /* index of the rule that denies; -1: none */
} pr_rule_outcome;

typedef struct pr_rules pr_rules;

/* `list` is the array of the configuration (NULL, empty: *out is NULL). ids[i] is the id of channel i. All
   problems are reported at once, at paths below the present one. */
struct pr_channel;
int32_t pr_rules_compile(pr_rules **out, pr_problems *p, const payroute_json_node *list,
                         const struct pr_channel *const *channels, int32_t channel_count,
                         const pr_zone *standard);
void pr_rules_free(pr_rules *rules);
int32_t pr_rules_count(const pr_rules *rules);
const char *pr_rules_name(const pr_rules *rules, int32_t rule);
const char *pr_rules_deny_reason(const pr_rules *rules, int32_t rule); /* NULL: it denies nothing */

/* rules NULL: nothing is wanted. Never fails. */
void pr_rules_apply(const pr_rules *rules, const pr_rule_facts *facts, pr_rule_outcome *out);

/* 0 first: inside `only` and not avoided; then avoided ones, then closed ones (`closed`: its maintenance
   window is now), then those outside of `only`. Who has the lowest rank among those that can take the payment
   goes first; the others follow only when none of it is left, so that no rule and no window is the reason
   that nothing is tried. */
int32_t pr_rules_rank(const pr_rule_outcome *o, int32_t channel, int32_t closed);
/* The rule that brought `channel` (-1: none was chosen) to its place: the one that denies, else the first that holds
   and says only, avoids others or prefers it. -1: none; a split that was dealt is the caller's to name. */
int32_t pr_rules_decider(const pr_rules *rules, const pr_rule_outcome *o, int32_t channel);
/* Place in `prefer`, from 0; -1: not there. */
int32_t pr_rules_preferred(const pr_rule_outcome *o, int32_t channel);

/* A split deals exactly: of any `total` turns in a row each channel gets its share, evenly spread. Turns are
   numbers from a counter that all workers share; pr_rules_split_key names it. -1: none of `able` is in the
   split. A channel that is not able gives its turn to the next in the sequence. */
int32_t pr_rules_split_count(const pr_rules *rules);
uint64_t pr_rules_split_key(const pr_rules *rules, int32_t split);
int32_t pr_rules_split_total(const pr_rules *rules, int32_t split);
int32_t pr_rules_split_rule(const pr_rules *rules, int32_t split); /* the rule that says it */
int32_t pr_rules_split_channel(const pr_rules *rules, int32_t split, uint64_t turn,
                               const pr_channel_mask *able);

#endif
