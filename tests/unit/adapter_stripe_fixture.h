/* What the files of stripe tests share: the channel and an attempt on it. */
#ifndef ADAPTER_STRIPE_FIXTURE_H
#define ADAPTER_STRIPE_FIXTURE_H

#include "adapter_fixture.h"

#include "adapters/stripe.h"

#define REF "0K3V9Z2M4QABCDEFGHJKMNPQRS"
#define CHANNEL                                                                                              \
    "{\"id\":\"st\",\"provider\":\"stripe\",\"credentials\":[{\"secret_key\":\"sk_test_CANARYONE\","         \
    "\"webhook_secret\":\"whsec_CANARYTWO\"}],\"methods\":[{\"method\":\"card\",\"flows\":[\"token\",\""     \
    "redirect\"]},"                                                                                          \
    "{\"method\":\"wechat\",\"flows\":[\"redirect\"]}],\"currencies\":[\"USD\",\"EUR\"]}"

static inline void open_stripe(adk *k, const char *flow)
{
    adk_open(k, CHANNEL, "card", flow, "USD");
    k->subject.provider_id = "pi_1";
    k->subject.key = REF "B1";
}

#endif
