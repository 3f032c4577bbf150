/* What rules mean, said a second time and slowly: over the JSON text itself, rule by rule, word by word. */
#ifndef TEST_RULES_ORACLE_H
#define TEST_RULES_ORACLE_H

#include <payroute/json.h>
#include <payroute/registry.h>

#include "registry/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Channels that most rules can be about. %s: a list of rules. */
#define ORACLE_FILE                                                                                               \
    "{\"schema\":1,\"routing\":{\"zone\":\"Europe/Berlin\"},\"channels\":["                                       \
    "{\"id\":\"a\",\"provider\":\"custom\",\"methods\":[{\"method\":\"card\",\"flows\":[\"token\",\"direct\"]}]," \
    "\"currencies\":[\"CNY\",\"USD\"]},"                                                                          \
    "{\"id\":\"b\",\"provider\":\"custom\",\"methods\":[{\"method\":\"card\",\"flows\":[\"token\"]},"             \
    "{\"method\":\"alipay\",\"flows\":[\"qr\"]}],\"currencies\":[\"CNY\"]},"                                      \
    "{\"id\":\"c\",\"provider\":\"custom\",\"methods\":[{\"method\":\"card\",\"flows\":[\"token\"]},"             \
    "{\"method\":\"alipay\",\"flows\":[\"qr\"]},{\"method\":\"paypal\",\"flows\":[\"redirect\"]}],"               \
    "\"currencies\":[\"USD\",\"CNY\"]}],\"rules\":%s}"

static inline int32_t oracle_is(const payroute_json_node *word, const char *text)
{
    if (payroute_json_type(word) == PAYROUTE_JSON_BOOL) {
        return strcmp(payroute_json_flag(word) == 1 ? "true" : "false", text) == 0;
    }
    return payroute_json_text(word) != NULL && strcmp(payroute_json_text(word), text) == 0;
}

static inline int32_t oracle_words(const payroute_json_node *words, const char *text)
{
    if (words == NULL) {
        return 1;
    }
    if (text == NULL || text[0] == '\0') {
        return 0;
    }
    if (payroute_json_type(words) == PAYROUTE_JSON_OBJECT) {
        return !oracle_words(payroute_json_get(words, "not"), text);
    }
    if (payroute_json_type(words) != PAYROUTE_JSON_ARRAY) {
        return oracle_is(words, text);
    }
    for (const payroute_json_node *w = payroute_json_first(words); w != NULL; w = payroute_json_next(w)) {
        if (oracle_is(w, text)) {
            return 1;
        }
    }
    return 0;
}

static inline int32_t oracle_range(const payroute_json_node *range, int64_t value)
{
    int64_t bound = 0;
    return !(payroute_json_integer(&bound, payroute_json_get(range, "min")) == PAYROUTE_OK &&
             value < bound) &&
           !(payroute_json_integer(&bound, payroute_json_get(range, "max")) == PAYROUTE_OK && value > bound);
}

/* One whole number of eight digits against one word of the list. */
static inline int32_t oracle_bin_word(const char *word, long card)
{
    long unit = 1;
    char first[9] = "", last[9] = "";
    snprintf(first, sizeof first, "%.*s", (int)strcspn(word, "-"), word);
    snprintf(last, sizeof last, "%s", strchr(word, '-') != NULL ? strchr(word, '-') + 1 : first);
    for (size_t i = strlen(first); i < 8; i++) {
        unit *= 10;
    }
    return card / unit >= atol(first) && card / unit <= atol(last);
}

static inline int32_t oracle_bin(const payroute_json_node *list, const char *bin)
{
    char digits[9] = "";
    long unit = 1;
    if (list == NULL) {
        return 1;
    }
    snprintf(digits, sizeof digits, "%.8s", bin != NULL ? bin : "");
    if (strlen(digits) < 6 || strspn(digits, "0123456789") != strlen(digits)) {
        return 0;
    }
    for (size_t i = strlen(digits); i < 8; i++) {
        unit *= 10;
    }
    for (long card = atol(digits) * unit; card < (atol(digits) + 1) * unit; card++) {
        int32_t in = 0;
        for (const payroute_json_node *w = payroute_json_first(list); w != NULL; w = payroute_json_next(w)) {
            in |= oracle_bin_word(payroute_json_string(w), card);
        }
        if (!in) {
            return 0;
        }
    }
    return 1;
}

static inline int32_t oracle_minutes(const char *text)
{
    return atoi(text) * 60 + atoi(text + 3);
}

static inline int32_t oracle_week(const payroute_json_node *when, int64_t now_ms)
{
    static const char *const names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    const payroute_json_node *hours = payroute_json_get(when, "hours");
    const payroute_json_node *days = payroute_json_get(when, "weekdays");
    const char *text = payroute_json_string(payroute_json_get(when, "zone"));
    pr_zone zone;
    if (hours == NULL && days == NULL) {
        return 1;
    }
    if (!pr_zone_parse(&zone, text != NULL ? text : "Europe/Berlin")) {
        abort();
    }
    int64_t local = now_ms / 1000 + pr_zone_offset_s(&zone, now_ms);
    int64_t day = (local / 86400 + 3) % 7; /* 1970 began on a Thursday */
    int32_t minute = (int32_t)(local % 86400 / 60);
    int32_t from = hours != NULL ? oracle_minutes(payroute_json_string(payroute_json_get(hours, "from"))) : 0;
    int32_t to = hours != NULL ? oracle_minutes(payroute_json_string(payroute_json_get(hours, "to"))) : 1440;
    int32_t today = days == NULL || oracle_words(days, names[day]);
    int32_t yesterday = days == NULL || oracle_words(days, names[(day + 6) % 7]);
    return from < to ? today && minute >= from && minute < to
                     : (today && minute >= from) || (yesterday && minute < to);
}

static inline const char *oracle_fact(const pr_rule_facts *f, const char *name)
{
    static const char *const names[] = {"method", "flow",   "currency", "country",
                                        "brand",  "issuer", "tier",     "category"};
    const char *const values[] = {f->method, f->flow,   f->currency, f->country,
                                  f->brand,  f->issuer, f->tier,     f->category};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i], name) == 0) {
            return values[i];
        }
    }
    return NULL;
}

static inline int32_t oracle_metadata(const payroute_json_node *m, const pr_rule_facts *f)
{
    const char *name = payroute_json_name(m);
    const char *text = NULL;
    for (int32_t i = f->pair_count - 1; i >= 0; i--) {
        text = strcmp(f->pairs[i].name, name) == 0 ? f->pairs[i].value : text;
    }
    const payroute_json_node *node = payroute_json_get(f->metadata, name);
    if (text == NULL && node != NULL) {
        text = payroute_json_type(node) == PAYROUTE_JSON_BOOL
                   ? payroute_json_flag(node) == 1 ? "true" : "false"
                   : payroute_json_text(node);
    }
    return oracle_words(m, text);
}

static inline int32_t oracle_holds(const payroute_json_node *when, const pr_rule_facts *f)
{
    int32_t holds = oracle_week(when, f->now_ms);
    for (const payroute_json_node *m = payroute_json_first(when); m != NULL; m = payroute_json_next(m)) {
        const char *name = payroute_json_name(m);
        if (strcmp(name, "amount") == 0) {
            holds &= oracle_range(m, f->amount_minor);
        } else if (strcmp(name, "risk") == 0) {
            holds &= f->risk >= 0 && oracle_range(m, f->risk);
        } else if (strcmp(name, "bin") == 0) {
            holds &= oracle_bin(m, f->bin);
        } else if (strcmp(name, "metadata") == 0) {
            for (const payroute_json_node *k = payroute_json_first(m); k != NULL; k = payroute_json_next(k)) {
                holds &= oracle_metadata(k, f);
            }
        } else if (strcmp(name, "hours") != 0 && strcmp(name, "weekdays") != 0 && strcmp(name, "zone") != 0) {
            holds &= oracle_words(m, oracle_fact(f, name));
        }
    }
    return holds;
}

static inline void oracle_then(const payroute_registry *r, const payroute_json_node *then, pr_rule_outcome *o)
{
    const payroute_json_node *only = payroute_json_get(then, "only");
    for (int32_t i = 0; i < payroute_registry_count(r); i++) {
        const char *id = payroute_registry_id(r, i);
        uint64_t bit = UINT64_C(1) << i;
        if (only != NULL && !oracle_words(only, id)) {
            o->only.w[0] &= ~bit;
        }
        if (payroute_json_get(then, "avoid") != NULL && oracle_words(payroute_json_get(then, "avoid"), id)) {
            o->avoid.w[0] |= bit;
        }
    }
    o->only_said |= only != NULL;
    const payroute_json_node *prefer = payroute_json_get(then, "prefer");
    for (const payroute_json_node *p = payroute_json_first(prefer); p != NULL; p = payroute_json_next(p)) {
        int32_t channel = payroute_registry_find(r, payroute_json_string(p));
        int32_t known = 0;
        for (int32_t i = 0; i < o->prefer_count; i++) {
            known |= o->prefer[i] == channel;
        }
        if (!known) {
            o->prefer[o->prefer_count++] = (uint8_t)channel;
        }
    }
    o->authenticate |= payroute_json_flag(payroute_json_get(then, "authenticate")) == 1;
}

/* `list`: the rules as they stand in the file. */
static inline void oracle_apply(const payroute_registry *r, const payroute_json_node *list,
                                const pr_rule_facts *f, pr_rule_outcome *o)
{
    int32_t i = 0;
    int32_t splits = 0;
    memset(o, 0, sizeof *o);
    memset(&o->only, 0xff, sizeof o->only);
    o->split = -1;
    o->deny = -1;
    for (const payroute_json_node *rule = payroute_json_first(list); rule != NULL;
         rule = payroute_json_next(rule), i++) {
        const payroute_json_node *then = payroute_json_get(rule, "then");
        int32_t split = payroute_json_get(then, "split") != NULL ? splits++ : -1;
        if (!oracle_holds(payroute_json_get(rule, "when"), f)) {
            continue;
        }
        o->matched[i >> 6] |= UINT64_C(1) << (i & 63);
        if (payroute_json_get(then, "deny") != NULL) {
            o->deny = i;
            return;
        }
        oracle_then(r, then, o);
        o->split = o->split < 0 ? split : o->split;
        if (payroute_json_flag(payroute_json_get(then, "stop")) == 1) {
            return;
        }
    }
}

/* NULL: the same, else what differs. Only channels that there are count. */
static inline const char *oracle_differs(const pr_rule_outcome *a, const pr_rule_outcome *b, int32_t channels)
{
    uint64_t there = (UINT64_C(1) << channels) - 1;
    return memcmp(a->matched, b->matched, sizeof a->matched) != 0 ? "matched"
           : a->deny != b->deny                                   ? "deny"
           : a->deny >= 0                                         ? NULL
           : ((a->only.w[0] ^ b->only.w[0]) & there) != 0         ? "only"
           : ((a->avoid.w[0] ^ b->avoid.w[0]) & there) != 0       ? "avoid"
           : a->only_said != b->only_said                         ? "only_said"
           : a->prefer_count != b->prefer_count || memcmp(a->prefer, b->prefer, (size_t)a->prefer_count) != 0
               ? "prefer"
           : a->split != b->split               ? "split"
           : a->authenticate != b->authenticate ? "authenticate"
                                                : NULL;
}

#endif
