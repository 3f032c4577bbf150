/* Alipay's OpenAPI v2 gateway, between the files that speak it: requests, replies, notifications. */
#ifndef PR_ADAPTER_ALIPAY_H
#define PR_ADAPTER_ALIPAY_H

#include "adapters/common.h"

enum { PR_ALIPAY_ZONE_MINUTES = 480 }; /* every time of the gateway is GMT+8 */

/* The gateway's method of an operation; NULL where there is none. `flow` matters to PR_OP_CREATE only. */
const char *pr_alipay_method(int32_t operation, const char *flow);

int32_t pr_alipay_content(pr_buf *out, const pr_subject *subject, const pr_wish *wish, pr_text *why);
int32_t pr_alipay_build(pr_http_request *out, int32_t operation, int32_t step, const pr_subject *subject,
                        pr_text *why);
int32_t pr_alipay_show(pr_reading *out, const pr_subject *subject, pr_text *why);
int32_t pr_alipay_read(pr_reading *out, int32_t operation, int32_t step, const pr_subject *subject,
                       const pr_http_reply *reply);
void pr_alipay_notify(pr_notice *out, const pr_channel *channel, const payroute_catalog *catalog,
                      const pr_keyring *keyring, const pr_http_incoming *in, int64_t now_ms);

/* 1: known; *key is then a fetched one, or NULL for the configured ones. 0: it must be fetched (out->need_aux), or is
   no certificate number. E_NOMEM. */
int32_t pr_alipay_cert_key(const pr_key **key, pr_reading *out, const pr_subject *subject, const char *stated);
int32_t pr_alipay_fetched(pr_keyring *ring, const pr_channel *channel, const char *body, size_t body_len,
                          int64_t now_ms, pr_text *why);

/* Which of the channel's credentials verifies this signature: its index, -1 none, E_NOMEM or E_INTERNAL below
   -1. Applications may share Alipay's key: of several that verify, the one of this app_id (NULL: the first). */
int32_t pr_alipay_verifier(const pr_channel *channel, const char *text, size_t len, const char *sign,
                           const char *app);
/* Alipay's key of credential i, bare or from its certificate; NULL: none. */
const pr_key *pr_alipay_key(const pr_channel *channel, int32_t i);

/* The bytes of a top-level member's value, as they came: what was signed. 0: not there. The text is valid
 * JSON already. */
int32_t pr_alipay_member(const char **value, size_t *value_len, const char *json, size_t len,
                         const char *name);

#endif
