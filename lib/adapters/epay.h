/* 易支付, between the files that speak it: forks as data, one way to sign, requests, replies, notifications.
 */
#ifndef PR_ADAPTER_EPAY_H
#define PR_ADAPTER_EPAY_H

#include "adapters/common.h"

enum { PR_EPAY_PARAMS_MAX = 24, PR_EPAY_SIGN_CAP = 1400, PR_EPAY_TYPE_CAP = 32 };

enum pr_epay_sign_kind {
    PR_EPAY_MD5 = 1,         /* values as they are, then the key */
    PR_EPAY_MD5_ENCODED = 2, /* values RFC 3986-encoded, then the key */
    PR_EPAY_RSA = 3          /* values as they are, SHA256withRSA */
};

/* The wire columns of provider/epay_forks.def. Texts that are lists have a blank between two words. */
typedef struct pr_epay_fork {
    const char *name;
    int32_t sign;         /* enum pr_epay_sign_kind */
    int32_t page_is_form; /* 1: its page wants a POST */
    int32_t wants_ip;     /* 1: an order by API names the customer's address */
    const char *page;     /* paths under the channel's base_url; NULL: there is none */
    const char *create;
    const char *query;
    const char *refund;
    const char *refund_query;
    const char *close;
    const char *always_extra; /* one more pair "name=value" of every order; NULL: none */
    const char *qr_extra;
    const char *redirect_extra;
    const char *ok;        /* values of `code` that say yes */
    const char *refund_ok; /* the same of a refund's answer */
    const char *status;    /* where a query's answer keeps the order's state, and its values */
    const char *unpaid;
    const char *paid;
    const char *refunded;
} pr_epay_fork;

const pr_epay_fork *pr_epay_fork_of(const pr_channel *channel); /* NULL: the channel names none */
int32_t pr_epay_listed(const char *words, const char *word);    /* 1: stands in the list */

int32_t pr_epay_content(pr_buf *out, const pr_subject *subject, const pr_wish *wish, pr_text *why);
int32_t pr_epay_build(pr_http_request *out, int32_t operation, int32_t step, const pr_subject *subject,
                      pr_text *why);
int32_t pr_epay_show(pr_reading *out, const pr_subject *subject, pr_text *why);
int32_t pr_epay_read(pr_reading *out, int32_t operation, int32_t step, const pr_subject *subject,
                     const pr_http_reply *reply);
void pr_epay_notify(pr_notice *out, const pr_channel *channel, const payroute_catalog *catalog,
                    const pr_keyring *keyring, const pr_http_incoming *in, int64_t now_ms);

/* The signature over pairs in any order; `sign`, `sign_type` and blank values are left out by the rule of the
   family. Sorts the pairs. E_SCHEMA: a name stands twice; E_KEY; E_NOMEM; E_INTERNAL. */
int32_t pr_epay_sign(char *out, size_t cap, const pr_channel *channel, const char *version,
                     const pr_epay_fork *fork, pr_pair *pairs, size_t count, const uint8_t entropy[32],
                     pr_text *why);
/* Index of the channel's credential that verifies them, -1 none; E_SCHEMA: a name stands twice; E_NOMEM;
   E_INTERNAL. A panel's key is the same for all its merchants: of several that verify, the one of this pid. */
int32_t pr_epay_verifier(const pr_channel *channel, const pr_epay_fork *fork, pr_pair *pairs, size_t count,
                         const char *sign, const char *pid);
/* A signed time in seconds as milliseconds; 0: none, or no such. */
int64_t pr_epay_stamp(const char *text);

#endif
