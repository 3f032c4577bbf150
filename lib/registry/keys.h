/* Reads one JSON object by the table of keys.def: unknown keys, types, bounds and missing keys are found
   here, once for every object, so that a reader of its own only stores values that are known to be good. */
#ifndef PR_REGISTRY_KEYS_H
#define PR_REGISTRY_KEYS_H

#include "registry/problems.h"
#include "registry/registry.h"
#include "registry/rules.h"

#define PR_AMOUNT_LIMIT INT64_C(999999999999999) /* 15 digits, as the amount reader takes them */

#define PR_SUM_LIMIT INT64_C(99999999999999) /* of a day or month; the counters of the health block hold 48 bits */

enum { PR_CHANNELS_MAX = PR_RULE_CHANNELS };

enum pr_key_scope {
    PR_SCOPE_TOP,
    PR_SCOPE_CHANNEL,
    PR_SCOPE_METHOD,
    PR_SCOPE_FEATURES,
    PR_SCOPE_TIMEOUTS,
    PR_SCOPE_FACTS,
    PR_SCOPE_MAINTENANCE,
    PR_SCOPE_ROUTING,
    PR_SCOPE_RULE,
    PR_SCOPE_WHEN,
    PR_SCOPE_AMOUNT,
    PR_SCOPE_RISK,
    PR_SCOPE_HOURS,
    PR_SCOPE_THEN,
    PR_SCOPE_COUNT
};

enum pr_key_type {
    PR_TYPE_INT,
    PR_TYPE_FLAG,
    PR_TYPE_TEXT,
    PR_TYPE_CHOICE,
    PR_TYPE_LIST,
    PR_TYPE_OBJECT,
    PR_TYPE_WORDS
};

/* Shapes are regular expressions for people and for the schema; the code below each checks the same. */
#define PR_SHAPE_ANY NULL
#define PR_SHAPE_ID "^[a-z0-9._-]+$"
#define PR_SHAPE_NAME "^[a-z0-9_]+$"
#define PR_SHAPE_LOCALE "^[A-Za-z0-9-]+$"
#define PR_SHAPE_VERSION "^[A-Za-z0-9._-]+$"
#define PR_SHAPE_UPPER "^[A-Z]+$"
#define PR_SHAPE_TIME "^[0-9T:-]+$"
#define PR_SHAPE_URL "^https?://"

enum pr_key_id {
#define KEY(id, scope, name, type, required, min, max, detail) PR_KEY_##id,
#include "registry/keys.def"
#undef KEY
    PR_KEY_COUNT
};

typedef struct pr_config_key {
    int32_t id;    /* enum pr_key_id */
    int32_t scope; /* enum pr_key_scope */
    const char *name;
    int32_t type; /* enum pr_key_type */
    int32_t required;
    int64_t min;
    int64_t max;
    const char *detail;
} pr_config_key;

int32_t pr_keys_count(void);
const pr_config_key *pr_keys_at(int32_t i);
const pr_config_key *pr_keys_find(int32_t scope, const char *name);

/* Called for each member that passed, with the path at that member. */
typedef void (*pr_keys_apply)(void *target, int32_t id, const payroute_json_node *value);
void pr_keys_read(pr_problems *p, int32_t scope, const payroute_json_node *object, pr_keys_apply apply,
                  void *target);
/* One value against its key, at the present path. 1: good. */
int32_t pr_keys_check(pr_problems *p, const pr_config_key *key, const payroute_json_node *value);
int32_t pr_keys_shape(const char *shape, const char *text); /* 1: fits; NULL shape: no control characters */
/* The one of `names` (NULL at the end) that was probably meant; NULL: none is near. */
const char *pr_keys_nearest(const char *name, const char *const *names);
size_t pr_keys_characters(const char *utf8);
int32_t pr_keys_chosen(const char *words, const char *text); /* index of a blank-separated word; -1 */

/* What an address looks like. NULL: fine, else what is expected. *loopback: it is on this machine; *plain: no
 * TLS. */
const char *pr_url_check(const char *url, int32_t *loopback, int32_t *plain);

/* The readers below keys: a channel, its credentials. The channel may be half filled when there were
 * problems. */
int32_t pr_channel_read(pr_channel *c, pr_problems *p, const payroute_json_node *node, int32_t plain_loopback,
                        const pr_zone *zone);
/* What of a channel lib/registry/terms.c reads: numbers at once, lists when all keys were seen. */
typedef struct pr_terms_nodes {
    const payroute_json_node *countries;
    const payroute_json_node *brands;
    const payroute_json_node *bins;
    const payroute_json_node *maintenance;
} pr_terms_nodes;
void pr_terms_apply(pr_channel *c, pr_terms_nodes *nodes, int32_t id, const payroute_json_node *value);
void pr_terms_read(pr_channel *c, pr_problems *p, const pr_terms_nodes *nodes, const pr_zone *zone);
int32_t pr_words_check(pr_problems *p, const pr_config_key *key, const payroute_json_node *value);
void pr_routing_init(pr_routing *r);
/* At the path of `routing`; on problems *out is half changed. */
void pr_routing_read(pr_routing *out, pr_problems *p, const payroute_json_node *node);
void pr_routing_view(payroute_json_out *out, const pr_routing *r);
void pr_terms_view(payroute_json_out *out, const pr_channel *c);
void pr_credentials_read(pr_channel *c, pr_problems *p, const payroute_json_node *list);
void pr_channel_clear(pr_channel *c); /* zeroises and frees what it holds */
void pr_channel_view(payroute_json_out *out, const pr_channel *c);

#endif
