/* The networks' rules, asked without memory: may this card be tried again after this code, when, how often.
   Every answer is the strictest that is in force: without a region that is the strictest of all regions. */
#ifndef PR_CATALOG_NETWORK_H
#define PR_CATALOG_NETWORK_H

#include <stdint.h>

enum pr_network_kind {
    PR_NETWORK_NEVER = 1,
    PR_NETWORK_FIX = 2,
    PR_NETWORK_WAIT = 3,
    PR_NETWORK_LIMIT = 4,
    PR_NETWORK_VOLUME = 5,
    PR_NETWORK_FEE = 6
};

enum pr_network_on { PR_NETWORK_CODE = 1, PR_NETWORK_ADVICE = 2 };
enum pr_network_border { PR_NETWORK_ANY = 1, PR_NETWORK_DOMESTIC = 2, PR_NETWORK_CROSS = 3 };
enum pr_network_dated { PR_NETWORK_STATED = 1, PR_NETWORK_SEEN = 2 };

enum pr_network_counted {
    PR_NETWORK_NONE = 0,
    PR_NETWORK_REPEATS_AMOUNT = 1, /* tries after the first, on the same card and amount */
    PR_NETWORK_REPEATS_AMOUNT_MONTH = 2,
    PR_NETWORK_DECLINES = 3, /* on the same card, of any amount */
    PR_NETWORK_DECLINES_AMOUNT = 4,
    PR_NETWORK_DECLINES_ALL = 5 /* of all cards at the shop */
};

typedef struct pr_network_rule { /* characters in place: no relocation */
    int32_t number;
    int32_t from; /* YYYYMMDD */
    int32_t to;   /* 0: until further notice */
    int32_t count;
    int32_t hours;
    int32_t minor;
    uint8_t kind;
    uint8_t on;
    uint8_t border;
    uint8_t counted;
    uint8_t dated;
    char currency[4];
    char regions[15];
    char network[12];
    char codes[60];
    char source[164];
    char note[128];
} pr_network_rule;

int32_t pr_network_rule_count(void);
const pr_network_rule *pr_network_rule_at(int32_t index);
int32_t pr_network_in_force(const pr_network_rule *rule, int32_t day);
/* The table's name of a network, whatever its case and spelling; NULL: not known. */
const char *pr_network_name(const char *given);

typedef struct pr_network_ask {
    const char *network;
    int32_t day;        /* YYYYMMDD, of the shop */
    const char *region; /* "US", "EU", ...; NULL: the strictest of all */
    const char *code;   /* the network's response code; NULL: none */
    const char *advice; /* merchant advice code; NULL: none */
} pr_network_ask;

/* Number of the rule that says so, 0: none does. An unknown network has no rules, which is no permission. */
int32_t pr_network_never(const pr_network_ask *ask);
int32_t pr_network_fix_first(const pr_network_ask *ask);
/* Hours that must pass before this card is tried again. */
int32_t pr_network_wait_hours(const pr_network_ask *ask);

typedef struct pr_network_limit {
    int32_t rule;
    int32_t attempts;    /* that may be made in all, the first one included, before the next costs a fee */
    int32_t hours;       /* within which they are counted */
    int32_t same_amount; /* 1: only those of the same amount count */
} pr_network_limit;

/* The limits that hold after this code, one by one: 1 and *out, 0 when `index` is past the last. */
int32_t pr_network_limit_at(pr_network_limit *out, const pr_network_ask *ask, int32_t index);

#endif
