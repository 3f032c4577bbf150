/* What must be true of every reading, whatever bytes it was made of. */
#include "kit.h"

#include "core/table.h"

#include <stdio.h>
#include <string.h>

static int takes_money(const pr_fact *f)
{
    return f->target == PR_TARGET_ACTION
               ? f->event == PR_AE_DONE
               : f->event == PR_EV_PAID || f->event == PR_EV_AUTH || f->event == PR_EV_REVERSED_PART ||
                     f->event == PR_EV_REVERSED_FULL;
}

static void check_texts(const pr_fact *f)
{
    fuzz_ends(f->currency, sizeof f->currency, "currency");
    fuzz_ends(f->reference, sizeof f->reference, "reference");
    fuzz_ends(f->provider_id, sizeof f->provider_id, "provider_id");
    fuzz_ends(f->txn_id, sizeof f->txn_id, "txn_id");
    fuzz_ends(f->action_key, sizeof f->action_key, "action_key");
    fuzz_ends(f->code, sizeof f->code, "code");
    fuzz_ends(f->layer, sizeof f->layer, "layer");
    fuzz_ends(f->network, sizeof f->network, "network");
    fuzz_ends(f->network_code, sizeof f->network_code, "network_code");
    fuzz_ends(f->advice_code, sizeof f->advice_code, "advice_code");
    fuzz_ends(f->message, sizeof f->message, "message");
    fuzz_ends(f->instrument, sizeof f->instrument, "instrument");
    FUZZ_EXPECT(pr_utf8_valid(f->message, strlen(f->message)), "message is not UTF-8");
    for (const char *p = f->message; *p != '\0'; p++) {
        FUZZ_EXPECT((unsigned char)*p >= ' ' && *p != 0x7f, "message holds a control character");
    }
    /* what goes into columns, logs and URLs of the next request */
    const char *const words[] = {f->reference,  f->provider_id, f->txn_id,
                                 f->action_key, f->code,        f->currency};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        for (const char *p = words[i]; *p != '\0'; p++) {
            FUZZ_EXPECT(*p > ' ' && *p < 0x7f, "word %d holds byte %02x", (int)i,
                        (unsigned)(unsigned char)*p);
        }
    }
}

static void check_claims(const pr_fact *f, const pr_channel *c, int32_t operation, int authentic,
                         int verified)
{
    FUZZ_EXPECT(f->target == PR_TARGET_ATTEMPT || f->target == PR_TARGET_ACTION, "target %d", (int)f->target);
    FUZZ_EXPECT(f->event > 0 &&
                    f->event < (f->target == PR_TARGET_ACTION ? (int32_t)PR_AE_COUNT : (int32_t)PR_EV_COUNT),
                "event %d", (int)f->event);
    FUZZ_EXPECT(f->target == PR_TARGET_ACTION || f->event < PR_EV_DISPATCH, "a provider says event %d",
                (int)f->event);
    FUZZ_EXPECT(f->amount_minor >= -1 && f->reversed_total_minor >= -1, "amounts %lld %lld",
                (long long)f->amount_minor, (long long)f->reversed_total_minor);
    FUZZ_EXPECT(f->amount_minor < 0 || f->currency[0] == '\0' ||
                    payroute_currency_exponent(f->currency) != PAYROUTE_E_ARG,
                "currency");
    FUZZ_EXPECT(f->retry_after_ms >= 0 && f->expires_ms >= 0,
                "times"); /* the provider's clock may stand in any year */
    FUZZ_EXPECT(f->merchant_equal >= -1 && f->merchant_equal <= 1, "merchant %d", (int)f->merchant_equal);
    FUZZ_EXPECT(f->evidence < PR_EVIDENCE_SIGNED || authentic, "signed, without a signature");
    FUZZ_EXPECT(f->evidence != PR_EVIDENCE_TLS || verified, "TLS, without a verified peer");
    FUZZ_EXPECT(f->evidence != PR_EVIDENCE_HOST || c->provider->field_count == 0,
                "the host's word, from a provider");
    const pr_operation_facts *o = pr_provider_operation(c->provider, operation);
    FUZZ_EXPECT(!takes_money(f) || o->evidence_money < PR_EVIDENCE_SIGNED || authentic ||
                    f->evidence < o->evidence_money,
                "money moved and nobody signed for it");
}

static void tell(const pr_reading *r)
{
    for (int32_t i = 0; i < r->count; i++) {
        const pr_fact *f = &r->facts[i];
        fprintf(stderr, "  %s evidence %d reference %s amount %lld %s txn %s code %s message %s\n",
                f->target == PR_TARGET_ACTION ? pr_action_event_name(f->event) : pr_event_name(f->event),
                (int)f->evidence, f->reference, (long long)f->amount_minor, f->currency, f->txn_id, f->code,
                f->message);
    }
    fprintf(stderr, "  show %d need \"%s\"\n", (int)r->show_kind, r->need_aux);
}

void fuzz_check_reading(const pr_reading *r, const pr_channel *c, int32_t operation, int authentic,
                        int verified)
{
    FUZZ_EXPECT(r->count >= 0 && r->count <= PR_FACTS_MAX, "%d facts", (int)r->count);
    fuzz_ends(r->need_aux, sizeof r->need_aux, "need_aux");
    if (fuzz_telling()) {
        tell(r);
    }
    for (int32_t i = 0; i < r->count; i++) {
        check_texts(&r->facts[i]);
        check_claims(&r->facts[i], c, operation, authentic, verified);
        /* an id that the provider gave is kept as it came; the texts for people are not */
        fuzz_keeps_secrets(c, r->facts[i].message, strlen(r->facts[i].message), "message");
        fuzz_keeps_secrets(c, r->facts[i].instrument, strlen(r->facts[i].instrument), "instrument");
    }
    FUZZ_EXPECT(r->show_kind >= PR_SHOW_NONE && r->show_kind <= PR_SHOW_CLIENT_SECRET, "kind %d",
                (int)r->show_kind);
    FUZZ_EXPECT(r->show.len <= 16 * 1024, "%zu bytes to show", r->show.len);
    FUZZ_EXPECT((r->show_kind == PR_SHOW_NONE) == (r->show.len == 0), "kind %d of %zu bytes",
                (int)r->show_kind, r->show.len);
    FUZZ_EXPECT(r->show.len == 0 || strlen(r->show.at) == r->show.len, "a NUL in what is shown");
}

int fuzz_same_reading(const pr_reading *a, const pr_reading *b)
{
    return a->count == b->count && memcmp(a->facts, b->facts, sizeof a->facts) == 0 &&
           a->show_kind == b->show_kind && a->show.len == b->show.len &&
           (a->show.len == 0 || memcmp(a->show.at, b->show.at, a->show.len) == 0) &&
           strcmp(a->need_aux, b->need_aux) == 0;
}
