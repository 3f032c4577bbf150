/* What a raw code means. Internal face of the catalogue: lookups over constant generated tables, an
   optional overlay on top. */
#ifndef PR_CATALOG_H
#define PR_CATALOG_H

#include <stddef.h>
#include <stdint.h>

typedef struct payroute_catalog
    payroute_catalog; /* overlay of the host's own rows; NULL: built-in rows only */

/* What a reason says about the copy of the request that it answers (reliability: outcome classes). The
   default is UNKNOWN. */
enum pr_reason_class {
    PR_CLASS_UNKNOWN = 0,
    PR_CLASS_ACCEPTED = 1,          /* the call was taken; says nothing about money by itself */
    PR_CLASS_PENDING = 2,           /* the provider has it, result later */
    PR_CLASS_ACTION = 3,            /* the customer must act (authenticate, confirm) */
    PR_CLASS_DECLINED_SOFT = 4,     /* another channel may be tried */
    PR_CLASS_DECLINED_HARD = 5,     /* no failover at all */
    PR_CLASS_DECLINED_CUSTOMER = 6, /* this method or instrument is out, others may be tried */
    PR_CLASS_INVALID = 7,           /* our request is wrong and nothing ran */
    PR_CLASS_REFUSED_BEFORE = 8,    /* rate limit, gateway's door: nothing ran, later it may */
    PR_CLASS_NOT_FOUND = 9,         /* no such order there */
    PR_CLASS_CLOSED = 10,           /* the order is shut and unpaid */
    PR_CLASS_PAID_ALREADY = 11      /* probably paid: look it up; never a failure */
};

enum pr_fault {
    PR_FAULT_NOBODY = 0,
    PR_FAULT_CUSTOMER = 1,
    PR_FAULT_ISSUER = 2,
    PR_FAULT_NETWORK = 3,
    PR_FAULT_PROVIDER = 4,
    PR_FAULT_MERCHANT = 5,
    PR_FAULT_TRANSPORT = 6,
    PR_FAULT_UNKNOWN = 7
};

enum pr_advice {
    PR_ADVICE_NEVER = 1,
    PR_ADVICE_OTHER_INSTRUMENT = 2,
    PR_ADVICE_FIX_INPUT = 3,
    PR_ADVICE_CUSTOMER_ACTS = 4,
    PR_ADVICE_AUTHENTICATE = 5,
    PR_ADVICE_LATER = 6,
    PR_ADVICE_OTHER_CHANNEL = 7,
    PR_ADVICE_QUERY = 8,
    PR_ADVICE_WAIT = 9,
    PR_ADVICE_MERCHANT_ACTS = 10,
    PR_ADVICE_ALREADY_PAID = 11,
    PR_ADVICE_NONE = 12
};

enum pr_match_level {
    PR_MATCH_OVERLAY = 1,
    PR_MATCH_EXACT = 2,
    PR_MATCH_NORMALIZED = 3,
    PR_MATCH_ALIAS = 4,
    PR_MATCH_PREFIX = 5,
    PR_MATCH_MESSAGE = 6,
    PR_MATCH_HTTP = 7,
    PR_MATCH_PROVIDER = 8,
    PR_MATCH_GLOBAL = 9
};

enum pr_audience {
    PR_AUDIENCE_CUSTOMER = 0,
    PR_AUDIENCE_MERCHANT = 1,
    PR_AUDIENCE_SUPPORT = 2,
    PR_AUDIENCES = 3
};

/* What to correct, and what to do elsewhere: the data of an advice (details.h). */
enum pr_field {
#define PR_FIELD(number, NAME, name) PR_FIELD_##NAME = number,
#include "catalog/details.def"
    PR_FIELD_COUNT
};
enum pr_act {
#define PR_ACT(number, NAME, name) PR_ACT_##NAME = number,
#include "catalog/details.def"
    PR_ACT_COUNT
};

/* All texts may be NULL (absent) and need not live longer than the call. */
typedef struct pr_catalog_query {
    const char *provider; /* "alipay", "stripe", "visa", "http", "libcurl" */
    const char
        *operation; /* "create", "confirm", "query", "close", "cancel", "refund", "capture", ...; NULL: any */
    const char *layer; /* as in the data files; NULL: any */
    const char *code;  /* the provider's own code */
    const char *message;
    const char *network;      /* "visa", "mastercard", ... */
    const char *network_code; /* the issuer's or network's code */
    const char *advice_code;  /* the network's or provider's advice code */
    int32_t http_status;      /* 0: none */
} pr_catalog_query;

typedef struct pr_catalog_answer {
    int32_t reason; /* permanent number from reasons.def */
    int32_t advice; /* enum pr_advice, tightened by network, advice code and hints */
    int32_t field;  /* enum pr_field: what to correct, with fix_input */
    int32_t act;    /* enum pr_act: what the customer does */
    int32_t wait_s; /* no repeat with this instrument, or no question, before so many seconds; 0: not said */
    int32_t reason_class; /* enum pr_reason_class */
    int32_t fault;
    int32_t level;           /* enum pr_match_level of the code that decided */
    int32_t network_forbids; /* 1: the network forbids a retry */
    int32_t private_cause;   /* 1: must not be disclosed to the customer */
    int32_t channel_fault;   /* 1: counts against the channel's health */
    int32_t unlisted;        /* 1: a code of the provider came along and no row names it */
    const char *name;        /* reason's name, such as "insufficient_funds"; static */
    const char
        *decided_by; /* "network_code", "code", "advice_code", "message", "http_status", "default"; static */
    const char *source; /* where the row is documented; static or overlay's; may be "" */
} pr_catalog_answer;

/* Never fails: an unknown code gives the reason "unknown_outcome". Allocates nothing. */
void pr_catalog_lookup(pr_catalog_answer *out, const payroute_catalog *overlay,
                       const pr_catalog_query *query);

/* Static UTF-8 text with placeholders ({reference}, {channel}, {minutes}, ...); fallback zh-HK -> zh-TW ->
   zh-CN -> en. Never NULL. */
const char *pr_catalog_text(const payroute_catalog *overlay, int32_t reason, int32_t audience,
                            const char *locale);
const char *pr_reason_name(int32_t reason);
const char *pr_advice_name(int32_t advice);
const char *pr_fault_name(int32_t fault);
int32_t pr_reason_find(const char *name); /* number; 0: none */

#endif
