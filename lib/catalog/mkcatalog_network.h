/* Part of mkcatalog: no row may allow what the card networks forbid. Their rules are one dated table
   (network_rules.def), asked by the host for its day; a row has no date, so that it keeps what is in force
   until further notice, from before its first day on. Included once. */
#include "network.h"

typedef struct network_rule {
    int number;
    const char *network;
    int kind;
    const char *codes;
    int on, hours, until;
} network_rule;

static const network_rule network_rules[] = {
#define X(number, network, kind, codes, on, regions, border, count, counted, hours, minor, currency, from,   \
          until, dated, source, note)                                                                        \
    {number, network, PR_NETWORK_##kind, codes, PR_NETWORK_##on, hours, until},
#include "network_rules.def"
#undef X
};

/* Tables whose codes are one network's for certain: its own, and those of processors that hand its advice
   codes on as they are (others have numbers of their own: Rapyd's 03 is Mastercard's 01). */
static const struct {
    const char *provider, *layer, *network;
    int on;
} certain[] = {
    {"visa", "issuer", "visa", PR_NETWORK_CODE},
    {"mastercard", "issuer", "mastercard", PR_NETWORK_CODE},
    {"elo", "issuer", "elo", PR_NETWORK_CODE},
    {"amex", "issuer", "amex", PR_NETWORK_CODE},
    {"discover", "issuer", "discover", PR_NETWORK_CODE},
    {"mastercard_mac", "advice_code", "mastercard", PR_NETWORK_ADVICE},
    {"checkoutcom", "advice_code", "mastercard", PR_NETWORK_ADVICE},
    {"cybersource", "advice_code", "mastercard", PR_NETWORK_ADVICE},
    {"paypal", "advice_code", "mastercard", PR_NETWORK_ADVICE},
};

/* 1: the list of words has the code, in any case and without zeros in front. */
static int rule_names(const char *codes, const char *code)
{
    line want = {.key = code, .key_len = strlen(code)};
    want.key = pr_catalog_normal("", 0, want.key, &want.key_len);
    while (*codes != '\0') {
        line have = {.key = codes, .key_len = strcspn(codes, " ")};
        codes += have.key_len + (codes[have.key_len] == ' ');
        have.key = pr_catalog_normal("", 0, have.key, &have.key_len);
        if (key_equal(&have, &want)) {
            return 1;
        }
    }
    return 0;
}

static void lint_rule(const char *path, const line *l, const line *meant, const char *network, int on,
                      const char *code)
{
    for (size_t i = 0; i < sizeof network_rules / sizeof network_rules[0]; i++) {
        const network_rule *r = &network_rules[i];
        if (r->until != 0 || r->on != on || strcmp(r->network, network) != 0 || !rule_names(r->codes, code)) {
            continue;
        }
        pr_catalog_detail d = detail_of(meant);
        int tries = pr_catalog_class_is_refusal(reasons[meant->reason].klass) && !row_forbids(meant);
        if (r->kind == PR_NETWORK_NEVER && tries) {
            complain(path, l->at, "a loosened network rule: %s forbids a repeat after \"%s\" (rule %d)",
                     network, code, r->number);
        }
        if (r->kind == PR_NETWORK_WAIT && tries && d.wait_s < r->hours * 3600) {
            complain(path, l->at, "a loosened network rule: %s wants %d hours after \"%s\" (rule %d)",
                     network, r->hours, code, r->number);
        }
    }
}

static void lint_network(const char *path, const line *l)
{
    const line *meant = l->target != NOT_FOUND ? &lines[l->target] : l;
    if (meant->reason == NOT_FOUND) {
        return;
    }
    for (size_t i = 0; i < sizeof certain / sizeof certain[0]; i++) {
        const char *pair = strchr(l->code, '+');
        if (strcmp(certain[i].provider, files[l->file].provider) != 0 ||
            strcmp(certain[i].layer, l->layer) != 0) {
            continue;
        }
        lint_rule(path, l, meant, certain[i].network, certain[i].on, l->code);
        if (pair != NULL && certain[i].on == PR_NETWORK_CODE) {
            lint_rule(path, l, meant, certain[i].network, PR_NETWORK_ADVICE, pair + 1);
        }
    }
}

static void lint_networks(void)
{
    for (size_t i = 0; i < line_count; i++) {
        lint_network(files[lines[i].file].path, &lines[i]);
    }
}
