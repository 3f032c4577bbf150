/* Stripe's API v1 with PaymentIntents, between the files that speak it. */
#ifndef PR_ADAPTER_STRIPE_H
#define PR_ADAPTER_STRIPE_H

#include "adapters/common.h"

#define PR_STRIPE_VERSION                                                                                    \
    "2025-03-31.basil" /* pinned: the first dated version whose errors all carry advice_code */
enum { PR_STRIPE_TOLERANCE_MS = 300000 };

int32_t pr_stripe_content(pr_buf *out, const pr_subject *subject, const pr_wish *wish, pr_text *why);
int32_t pr_stripe_build(pr_http_request *out, int32_t operation, int32_t step, const pr_subject *subject,
                        pr_text *why);
int32_t pr_stripe_read(pr_reading *out, int32_t operation, int32_t step, const pr_subject *subject,
                       const pr_http_reply *reply);
void pr_stripe_notify(pr_notice *out, const pr_channel *channel, const payroute_catalog *catalog,
                      const pr_keyring *keyring, const pr_http_incoming *in, int64_t now_ms);

/* Between our minor units (ISO 4217) and Stripe's, whose exponents differ for some currencies.
   E_NOT_FOUND: unknown currency; E_RANGE: an amount that the other side cannot say. */
int32_t pr_stripe_amount_out(int64_t *stripe, const char *currency, int64_t minor);
int32_t pr_stripe_amount_in(int64_t *minor, const char *currency, int64_t stripe);
int32_t pr_stripe_currency(char out[8], const char *lower); /* "usd" -> "USD"; E_SCHEMA */

/* In whose words a PaymentIntent's status is told. */
enum pr_stripe_asked {
    PR_STRIPE_PREPARE = 1, /* the answer to step 1 */
    PR_STRIPE_CONFIRM = 2, /* the answer to step 2 */
    PR_STRIPE_STATUS = 3,  /* a lookup, or the answer to a cancel */
    PR_STRIPE_NEWS = 4     /* a webhook: as a lookup, but nothing is shown to the customer from it */
};

/* What a PaymentIntent object states: one fact, or two where some of its money went back. `base` gives
   evidence, clock and hints. PAYROUTE_OK or E_NOMEM. */
int32_t pr_stripe_intent(pr_reading *out, const pr_fact *base, const payroute_json_node *intent,
                         int32_t asked, const pr_subject *subject);
/* The fields of a PaymentIntent that identify it and its money, without saying what they mean. 0: unfit. */
int32_t pr_stripe_identify(pr_fact *f, const payroute_json_node *intent);
/* How much of the captured money a Charge object says went back: 1 read, 0 absent, -1 unreadable. */
int32_t pr_stripe_reversed(int64_t *minor, const payroute_json_node *charge, const char *currency);
/* What a Refund object states about the action that made it. */
void pr_stripe_refund(pr_fact *f, const payroute_json_node *refund);
/* Codes of an error object (of an answer, or last_payment_error) into a fact, and what the catalogue says of
 * them. */
void pr_stripe_codes(pr_fact *f, const payroute_json_node *error, const pr_subject *subject,
                     const char *operation);
/* Our reference and the order hash that travel as metadata. */
const char *pr_stripe_metadata(const payroute_json_node *object, const char *name);

#endif
