/* Facts of each provider in data (providers.def): credentials, flows, operations. Below the registry, above
 * nothing. */
#ifndef PR_PROVIDER_H
#define PR_PROVIDER_H

#include "base/facts.h"

#include <stddef.h>

enum { PR_CREDENTIAL_FIELDS_MAX = 8 };

enum pr_field_kind {
    PR_FIELD_TEXT = 1,
    PR_FIELD_SECRET = 2,
    PR_FIELD_RSA_PRIVATE = 3,
    PR_FIELD_RSA_PUBLIC = 4,
    PR_FIELD_CERTIFICATE = 5,
    PR_FIELD_CERT_CHAIN = 6
};

typedef struct pr_credential_field {
    const char *name;
    int32_t kind;     /* enum pr_field_kind */
    int32_t required; /* 1; 0 optional */
    int32_t min_len;
    int32_t max_len;
    const char *hint;     /* what is expected and where the merchant finds it */
    const char *prefixes; /* it begins with one of these, separated by blanks; NULL: anything */
    const char *alphabet; /* only these bytes; NULL: printable ASCII without blanks */
} pr_credential_field;

/* What two fields of one credential have to do with each other. */
enum pr_rule_kind {
    PR_RULE_EITHER = 1,   /* at least one is there */
    PR_RULE_TOGETHER = 2, /* both or none */
    PR_RULE_PAIR = 3,     /* halves of one RSA pair */
    PR_RULE_FOREIGN = 4,  /* never halves of one pair: `b` is the provider's */
    PR_RULE_NOTIFY = 5    /* of the channel: no order without a notify_url, none with parameters in it */
};
typedef struct pr_credential_rule {
    int32_t kind;
    const char *a;
    const char *b;
} pr_credential_rule;

typedef struct pr_flow {
    const char *name;   /* "qr", "redirect", "token", ... */
    const char *method; /* "alipay", "card"; NULL: any method of the channel */
    pr_facts facts;
} pr_flow;

/* Which outcomes an operation may prove with less than a signature, and which fields must equal ours. */
enum pr_compare { PR_CMP_REFERENCE = 1, PR_CMP_AMOUNT = 2, PR_CMP_CURRENCY = 4, PR_CMP_MERCHANT = 8 };
typedef struct pr_operation_facts {
    int32_t operation;      /* enum pr_operation */
    uint32_t money_compare; /* enum pr_compare bits for PAID, AUTH and action DONE */
    int32_t evidence_money; /* least enum pr_evidence for PAID, AUTH, CLOSED, REVERSED, action DONE */
    int32_t evidence_free;  /* least for INVALID, DECLINED, NOT_FOUND */
    int32_t evidence_other; /* least for ACTION_NEEDED, ACCEPTED, UNPAID, PROCESSING */
} pr_operation_facts;

/* A dialect of a protocol that many panels speak. What it says only takes away from the provider's facts. */
typedef struct pr_fork {
    const char *name;
    const char *title_en;
    const char *title_zh;
    const char *secret; /* the credential fields it needs, blank between two */
    int32_t legacy;     /* 1: signs with MD5 */
    int32_t bare_urls;  /* 1: addresses that we give may have no ?query */
    uint32_t off;       /* enum pr_fact_flag bits that it lacks */
    int32_t late_send;  /* enum pr_late_send: PR_LATE_NONE where the provider's window is not checked */
    const char *flows;  /* of the provider's flows those that it has, blank between two */
    const char *types;  /* "method=type method=type": what can be paid with */
} pr_fork;

typedef struct pr_provider {
    const char *name;
    const char *title_en;
    const char *title_zh;
    const char *base_url; /* default; NULL: the channel must say */
    const pr_credential_field *fields;
    int32_t field_count;
    const pr_flow *flows;
    int32_t flow_count;
    const pr_operation_facts *operations;
    int32_t operation_count;
    int64_t poll_ms; /* customer waits: ask this often */
    const pr_credential_rule *rules;
    int32_t rule_count;
} pr_provider;

int32_t pr_provider_count(void);
const pr_provider *pr_provider_at(int32_t i);
const pr_provider *pr_provider_find(const char *name);
const pr_flow *pr_provider_flow(const pr_provider *p, const char *method, const char *flow);
const pr_operation_facts *pr_provider_operation(const pr_provider *p,
                                                int32_t operation); /* never NULL: the strictest */
int32_t pr_provider_field(const pr_provider *p, const char *name); /* index of a credential field; -1: none */
/* The i-th fork of a provider; NULL: it has none, or no more. */
const pr_fork *pr_provider_fork_at(const pr_provider *p, int32_t i);
const pr_fork *pr_provider_fork(const pr_provider *p, const char *name);
/* What the fork calls a method, into `out`; 0: it does not know it. */
int32_t pr_fork_type(char *out, size_t cap, const pr_fork *f, const char *method);
int32_t pr_provider_secret_like(
    const char *text); /* 1: looks like a credential of any provider, wherever it stands */

#endif
