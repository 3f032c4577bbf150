/* Channels: one account at one provider each. A registry is immutable once built and reference counted, so
   that any number of threads and payments may read it. Credentials live here and nowhere else. */
#ifndef PR_REGISTRY_H
#define PR_REGISTRY_H

#include <payroute/registry.h>

#include "base/facts.h"
#include "base/text.h"
#include "provider/provider.h"
#include "sign/sign.h"

enum {
    PR_CHANNEL_ID_CAP = 33,
    PR_METHODS_MAX = 8,
    PR_FLOWS_MAX = 4,
    PR_CURRENCIES_MAX = 32,
    PR_CREDENTIALS_MAX = 4
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
    int32_t loopback;         /* 1: base_url is on this machine */
    uint32_t features_off;    /* enum pr_fact_flag bits that this account lacks (no refund permission, ...) */
    int64_t connect_timeout_ms;
    int64_t money_timeout_ms;
    int64_t query_timeout_ms;
    int64_t pay_ms;        /* 0: the provider's */
    pr_facts custom_facts; /* for provider `custom`: as declared */
    char *title;           /* NULL: none */
    uint64_t health_key;   /* hash of id and account: the same channel for every worker */
} pr_channel;

struct payroute_registry;
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
const pr_key *pr_credential_key(const pr_channel *c, const char *version, const char *field);

#endif
