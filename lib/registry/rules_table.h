/* The compiled form of rules, for the two files that make and read it. */
#ifndef PR_REGISTRY_RULES_TABLE_H
#define PR_REGISTRY_RULES_TABLE_H

#include "registry/rules_draft.h"

/* Kinds of fields: 0 to PR_RULE_TEXTS - 1 are texts of their own, then: */
enum { PR_FIELD_METADATA = PR_RULE_TEXTS, PR_FIELD_AMOUNT, PR_FIELD_RISK, PR_FIELD_BIN, PR_FIELD_WEEK };

/* One fact that some rule asks for. Rows of bits, one bit a rule: which rules accept it when it is not known,
   then (texts) when no rule names it, then each value; or (numbers) each interval between two bounds. */
typedef struct rule_field {
    int32_t kind;
    int32_t count;   /* of values or bounds */
    size_t first;    /* of them */
    size_t row;      /* of the first row */
    const char *key; /* of metadata */
    pr_zone zone;    /* of weeks */
} rule_field;

typedef struct rule_effect {
    const char *name;
    const char *deny;
    pr_channel_mask only; /* all ones: not said */
    pr_channel_mask avoid;
    size_t prefer_first;
    int32_t prefer_count;
    int32_t split; /* -1: none */
    int32_t only_said;
    int32_t authenticate;
    int32_t stop;
} rule_effect;

typedef struct rule_split {
    uint64_t key;
    size_t first; /* in turns */
    int32_t total;
    int32_t rule;
} rule_split;

/* The first eight bytes as a number that sorts as the text does; shorter texts are their own head. */
static inline uint64_t pr_text_head(const char *text)
{
    uint64_t head = 0;
    int32_t i = 0;
    for (; i < 8 && text[i] != '\0'; i++) {
        head = head << 8 | (unsigned char)text[i];
    }
    return i < 8 ? head << 8 * (8 - i) : head;
}

struct pr_rules {
    int32_t count;
    int32_t words; /* of a row */
    int32_t field_count;
    int32_t split_count;
    uint64_t all[PR_RULE_WORDS];
    rule_field *fields;
    uint64_t *rows;
    const char **values; /* sorted within a field */
    uint64_t *heads;     /* of the values: see pr_text_head */
    int64_t *bounds;     /* sorted within a field */
    rule_effect *effects;
    uint8_t *prefer;
    rule_split *splits;
    uint8_t *turns;
    char *texts; /* all texts, one behind the other */
};

#endif
