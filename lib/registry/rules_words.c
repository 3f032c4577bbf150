/* Words of a condition: "card", ["card", "paypal"], {"not": "card"}. */
#include "registry/rules_draft.h"

#include <string.h>

enum { WORDS_MAX = 256 };

int32_t pr_words_negated(const payroute_json_node *words)
{
    return payroute_json_type(words) == PAYROUTE_JSON_OBJECT;
}

static const payroute_json_node *inner(const payroute_json_node *words)
{
    return pr_words_negated(words) ? payroute_json_get(words, "not") : words;
}

const payroute_json_node *pr_words_first(const payroute_json_node *words)
{
    const payroute_json_node *node = inner(words);
    return payroute_json_type(node) == PAYROUTE_JSON_ARRAY ? payroute_json_first(node) : node;
}

const payroute_json_node *pr_words_next(const payroute_json_node *words, const payroute_json_node *word)
{
    return payroute_json_type(inner(words)) == PAYROUTE_JSON_ARRAY ? payroute_json_next(word) : NULL;
}

const char *pr_words_text(const payroute_json_node *word)
{
    if (payroute_json_type(word) == PAYROUTE_JSON_BOOL) {
        return payroute_json_flag(word) == 1 ? "true" : "false";
    }
    return payroute_json_text(word);
}

int32_t pr_words_list(const payroute_json_node *words, const char *text)
{
    for (const payroute_json_node *w = pr_words_first(words); w != NULL; w = pr_words_next(words, w)) {
        if (strcmp(pr_words_text(w), text) == 0) {
            return 1;
        }
    }
    return 0;
}

int32_t pr_words_accept(const payroute_json_node *words, const char *text)
{
    return words == NULL || pr_words_list(words, text) != pr_words_negated(words);
}

static int32_t word_good(const pr_config_key *key, const payroute_json_node *word)
{
    /* Metadata holds numbers and flags as well; their digits and names are their texts. */
    const char *text = key->id == PR_KEY_WHEN_METADATA ? pr_words_text(word) : payroute_json_string(word);
    size_t n = text != NULL ? pr_keys_characters(text) : 0;
    int32_t metadata = key->id == PR_KEY_WHEN_METADATA;
    size_t least = metadata ? 1 : (size_t)key->min;
    size_t most = metadata ? 128 : (size_t)key->max;
    return text != NULL && n >= least && n <= most && pr_keys_shape(key->detail, text) &&
           !pr_provider_secret_like(text);
}

static int32_t wrong_word(pr_problems *p, const pr_config_key *key, const payroute_json_node *word)
{
    char got[PR_GOT_CAP];
    pr_problems_got(got, word);
    if (key->id == PR_KEY_WHEN_METADATA) {
        pr_problems_add(p, PR_PROBLEM_SCHEMA, NULL,
                        "expected a text of 1 to 128 characters, a number or a flag, got %s", got);
    } else {
        pr_problems_add(p, PR_PROBLEM_SCHEMA, NULL,
                        "expected text of %d to %d characters%s%s, or a list, got %s", (int)key->min,
                        (int)key->max, key->detail != NULL ? " like " : "",
                        key->detail != NULL ? key->detail : "", got);
    }
    return 0;
}

static int32_t check_words(pr_problems *p, const pr_config_key *key, const payroute_json_node *node)
{
    int32_t good = 1;
    int32_t i = 0;
    if (payroute_json_type(node) != PAYROUTE_JSON_ARRAY) {
        return word_good(key, node) ? 1 : wrong_word(p, key, node);
    }
    if (payroute_json_count(node) < 1 || payroute_json_count(node) > WORDS_MAX) {
        pr_problems_add(p, payroute_json_count(node) > 0 ? PR_PROBLEM_LIMIT : PR_PROBLEM_SCHEMA, NULL,
                        "expected a list of 1 to %d, got %d", WORDS_MAX, (int)payroute_json_count(node));
        return 0;
    }
    for (const payroute_json_node *e = payroute_json_first(node); e != NULL; e = payroute_json_next(e), i++) {
        size_t element = pr_problems_index(p, i);
        good &= word_good(key, e) ? 1 : wrong_word(p, key, e);
        pr_problems_leave(p, element);
    }
    return good;
}

int32_t pr_words_check(pr_problems *p, const pr_config_key *key, const payroute_json_node *value)
{
    if (!pr_words_negated(value)) {
        return check_words(p, key, value);
    }
    if (payroute_json_count(value) != 1 || payroute_json_get(value, "not") == NULL) {
        pr_problems_add(p, PR_PROBLEM_SCHEMA, NULL, "expected {\"not\": …} and nothing beside it");
        return 0;
    }
    size_t mark = pr_problems_enter(p, "not");
    int32_t good = check_words(p, key, payroute_json_get(value, "not"));
    pr_problems_leave(p, mark);
    return good;
}

int32_t pr_week_has(const pr_rule_week *w, int32_t minute_of_week)
{
    int32_t day = minute_of_week / 1440;
    int32_t minute = minute_of_week % 1440;
    int32_t today = (int32_t)(w->days >> day & 1U);
    if (w->from_minute < w->to_minute) {
        return today && minute >= w->from_minute && minute < w->to_minute;
    }
    int32_t yesterday = (int32_t)(w->days >> (day + 6) % 7 & 1U);
    return (today && minute >= w->from_minute) || (yesterday && minute < w->to_minute);
}

const payroute_json_node *pr_draft_metadata(const pr_rule_draft *d, const char *key)
{
    for (int32_t i = 0; i < d->metadata_count; i++) {
        if (strcmp(payroute_json_name(d->metadata[i]), key) == 0) {
            return d->metadata[i];
        }
    }
    return NULL;
}
