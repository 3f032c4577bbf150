/* Channels: one account at one provider each. A registry is immutable once built and reference counted, so
   that any number of threads and payments may read it. Credentials live here and nowhere else. */
#ifndef PR_REGISTRY_H
#define PR_REGISTRY_H

#include <payroute/registry.h>

#include "base/facts.h"
#include "base/text.h"
#include "provider/provider.h"
#include "registry/rules.h"
#include "registry/window.h"
#include "sign/sign.h"

enum {
    PR_CHANNEL_ID_CAP = 33,
    PR_METHODS_MAX = 8,
    PR_FLOWS_MAX = 4,
    PR_CURRENCIES_MAX = 32,
    PR_CREDENTIALS_MAX = 4,
    PR_COUNTRIES_MAX = 64,
    PR_BRANDS_MAX = 16,
    PR_BINS_MAX = 256
};

typedef struct pr_credential {
    char version[17];
    char *values[PR_CREDENTIAL_FIELDS_MAX]; /* by index of the provider's credential field; NULL: not given */
    pr_key *keys[PR_CREDENTIAL_FIELDS_MAX]; /* parsed, for fields that are keys */
} pr_credential;

typedef struct pr_method {
    char name[17];
    char flows[PR_FLOWS_MAX][12]; /* "qr", "redirect", "direct", "token" */
    int32_t flow_count;
} pr_method;

/* A range of card numbers by their first eight digits; a shorter prefix is all that begin so. */
typedef struct pr_bin_range {
    uint32_t from;
    uint32_t to;
} pr_bin_range;

/* What the merchant agreed with the provider, and knows of it. */
typedef struct pr_terms {
    int32_t cost_bps;         /* of the amount */
    int64_t cost_fixed_minor; /* of each payment */
    int32_t success_percent;  /* expected; 0: not said */
    int32_t latency_ms;       /* expected; 0: not said */
    int64_t cap_day_minor;    /* sums of captured money; 0: none */
    int64_t cap_month_minor;
    int64_t commit_month_minor; /* what the merchant promised to bring; 0: nothing */
    char (*countries)[3];       /* NULL: all */
    int32_t country_count;
    char (*brands)[17]; /* NULL: all */
    int32_t brand_count;
    pr_bin_range *bins; /* sorted, apart from each other; NULL: all */
    int32_t bin_count;
    pr_window *windows;
    int32_t window_count;
} pr_terms;

typedef struct pr_channel {
    char id[PR_CHANNEL_ID_CAP];
    const pr_provider *provider;
    const pr_fork *fork; /* which dialect; NULL: the provider has none */
    char *base_url;                                /* "": none (custom only) */
    char *notify_url;                              /* NULL: none */
    char *return_url;                              /* NULL: none */
    char *ca_file;                                 /* NULL: the system's */
    pr_credential credentials[PR_CREDENTIALS_MAX]; /* [0] signs new requests; all verify */
    int32_t credential_count;
    pr_method methods[PR_METHODS_MAX];
    int32_t method_count;
    char currencies[PR_CURRENCIES_MAX][4];
    int32_t currency_count;
    int64_t amount_min_minor; /* in the currency's own minor units */
    int64_t amount_max_minor; /* INT64_MAX: none */
    int32_t priority;         /* 1 is tried first */
    int32_t weight;           /* among equals */
    int32_t enabled;          /* 0: no new attempts; old ones are served on */
    int32_t overlap;          /* 1: a second open attempt is allowed by the merchant */
    int32_t has_terms;        /* 1: `terms` says something; asked first, since it is read at each choice */
    int32_t loopback;         /* 1: base_url is on this machine */
    uint32_t features_off;    /* enum pr_fact_flag bits that this account lacks (no refund permission, ...) */
    int64_t connect_timeout_ms;
    int64_t money_timeout_ms;
    int64_t query_timeout_ms;
    int64_t pay_ms;        /* 0: the provider's */
    pr_facts custom_facts; /* for provider `custom`: as declared */
    char *title;           /* NULL: none */
    pr_terms terms;
    uint64_t health_key;   /* hash of id and account: the same channel for every worker */
} pr_channel;

typedef struct pr_routing {
    int64_t patience_ms; /* how long a customer waits for a confirmed result */
    int32_t margin_bp;   /* hundredths of a percent of success within which priority decides */
    int32_t cost_worth;  /* hundredths of a percent of success that one percent of cost is worth */
    int32_t explore;
    int32_t sticky;
    pr_zone zone; /* of the caps' days and months, of rules and windows that name none */
    char zone_text[PR_ZONE_TEXT_MAX + 1];
} pr_routing;

struct payroute_registry;
const pr_routing *pr_registry_routing(const payroute_registry *r);
const pr_rules *pr_registry_rules(const payroute_registry *r); /* NULL: none */
int32_t pr_registry_count(const payroute_registry *r);
const pr_channel *pr_registry_at(const payroute_registry *r, int32_t i);
const pr_channel *pr_registry_find(const payroute_registry *r, const char *id); /* NULL: none */
int32_t pr_registry_plain_loopback(const payroute_registry *r); /* 1: plain HTTP to loopback is allowed */
const char *pr_registry_locale(const payroute_registry *r);     /* default locale of guidance, "zh-CN" */
/* Facts of paying by this flow on this channel: the provider's, less what the account lacks, plus its
   declarations. 0: the flow does not exist there. */
int32_t pr_channel_facts(pr_facts *out, const pr_channel *c, const char *flow);
/* The same for one method. Where a channel has several methods with this flow, pr_channel_facts gives the
   weakest of them; this one is exact. method NULL: as pr_channel_facts. */
int32_t pr_channel_method_facts(pr_facts *out, const pr_channel *c, const char *method, const char *flow);
int32_t pr_registry_sealed(const payroute_registry *r);     /* 1: may be used */
const char *pr_registry_policy(const payroute_registry *r); /* JSON object text; "{}" when none was given */
/* Which account at the provider: what the first required field of the credential names (Alipay's app_id). Keys may be
   changed, the account of an attempt may not. 0: the provider names no account. */
uint64_t pr_channel_account(const pr_channel *c, int32_t credential);
const char *pr_credential_get(const pr_channel *c, const char *version,
                              const char *field); /* NULL version: newest */
/* Whether the channel takes it. An unknown country, brand or BIN (NULL, "") is taken: the provider will say. */
int32_t pr_terms_country(const pr_terms *t, const char *country);
int32_t pr_terms_brand(const pr_terms *t, const char *brand);
int32_t pr_terms_bin(const pr_terms *t, const char *bin);
/* "411111", "411111-411119", "41111100" as a range; 0: not so. The first eight digits of what a customer gave; shorter
   ones are the range of all that begin so. 0: fewer than six digits, or others than digits. */
int32_t pr_bin_parse(pr_bin_range *out, const char *text);
int32_t pr_bin_of(pr_bin_range *out, const char *digits);
/* 1: all of `r` lies in the sorted list. */
int32_t pr_bin_within(const pr_bin_range *list, int32_t count, pr_bin_range r);
/* A list of such texts, sorted and merged, for the caller to free. Problems at the present path. NULL: none good. */
pr_bin_range *pr_bins_read(pr_problems *p, const payroute_json_node *list, int32_t *count);
void pr_terms_clear(pr_terms *t);
const pr_key *pr_credential_key(const pr_channel *c, const char *version, const char *field);

#endif
