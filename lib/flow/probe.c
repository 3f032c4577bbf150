/* The harmless question, built and read by the same adapter functions that payments use: what it proves is
   what a payment will need. */
#include "flow/handle.h"

#include "adapters/common.h"

#include <payroute/probe.h>

#include <string.h>

struct payroute_probe {
    payroute_registry *registry;
    const pr_channel *channel;
    const pr_adapter *adapter;
    char reference[27];
    pr_http_request request;
    int64_t ahead_ms;
    pr_fact fact;
    char aux[PR_ID_CAP];
};

static pr_subject subject_of(const payroute_probe *p, int64_t now_ms, const uint8_t *entropy)
{
    const pr_method *m = &p->channel->methods[0];
    return (pr_subject){.channel = p->channel,
                        .reference = p->reference,
                        .key = p->reference,
                        .method = m->name,
                        .flow = m->flows[0],
                        .content = "",
                        .provider_id = p->adapter->probe_id != NULL ? p->adapter->probe_id : "",
                        .capture_id = "",
                        .action_id = "",
                        .amount_minor = 1,
                        .attempt_amount_minor = 1,
                        .currency = p->channel->currencies[0],
                        .now_ms = now_ms,
                        .entropy = entropy,
                        .aux_id = ""};
}

/* Of the alphabet of our own numbers, and never one of them: theirs begin with a time. */
static void mint_reference(char out[27], const uint8_t *entropy)
{
    static const char digits[] = "ABCDEFGHJKMNPQRSTUVWXYZ23456789A";
    memcpy(out, "ZZPROBE", 7);
    for (size_t i = 7; i < 26; i++) {
        out[i] = digits[entropy[i] & 31];
    }
    out[26] = '\0';
}

int32_t payroute_probe_new(payroute_probe **out, payroute_registry *registry, const char *channel,
                           int64_t now_ms, const char *entropy, char *why, size_t why_cap)
{
    pr_text detail;
    uint8_t fresh[32];
    if (out == NULL || registry == NULL || channel == NULL || entropy == NULL || now_ms <= 0) {
        return PAYROUTE_E_ARG;
    }
    *out = NULL;
    pr_text_init(&detail, why, why_cap);
    const pr_channel *c = pr_registry_find(registry, channel);
    if (c == NULL) {
        pr_text_format(&detail, "channel: there is no \"%s\"", channel);
        return PAYROUTE_E_NOT_FOUND;
    }
    const pr_adapter *adapter = pr_adapter_find(c->provider->name);
    if (adapter == NULL || adapter->build == NULL || adapter->read == NULL) {
        pr_text_put(&detail, "the host drives this channel");
        return PAYROUTE_E_UNSUPPORTED;
    }
    payroute_probe *p = pr_mem_new(sizeof *p);
    if (p == NULL) {
        return PAYROUTE_E_NOMEM;
    }
    p->registry = payroute_registry_retain(registry);
    p->channel = c;
    p->adapter = adapter;
    p->ahead_ms = INT64_MIN;
    pr_http_request_init(&p->request);
    pr_fact_init(&p->fact);
    memcpy(fresh, entropy, sizeof fresh);
    mint_reference(p->reference, fresh);
    pr_subject subject = subject_of(p, now_ms, fresh);
    int32_t rc = adapter->build(&p->request, PR_OP_QUERY, 1, &subject, &detail);
    pr_mem_wipe(fresh, sizeof fresh);
    if (rc != PAYROUTE_OK) {
        payroute_probe_free(p);
        return rc;
    }
    *out = p;
    return PAYROUTE_OK;
}

void payroute_probe_free(payroute_probe *p)
{
    if (p != NULL) {
        pr_http_request_free(&p->request);
        payroute_registry_free(p->registry);
        pr_mem_free_secret(p, sizeof *p);
    }
}

const char *payroute_probe_request_method(const payroute_probe *p)
{
    return p != NULL ? p->request.method : "";
}

const char *payroute_probe_request_url(const payroute_probe *p)
{
    return pr_request_part(p != NULL ? &p->request.url : NULL, NULL);
}

const char *payroute_probe_request_headers(const payroute_probe *p, size_t *len)
{
    return pr_request_part(p != NULL ? &p->request.headers : NULL, len);
}

const char *payroute_probe_request_body(const payroute_probe *p, size_t *len)
{
    return pr_request_part(p != NULL ? &p->request.body : NULL, len);
}

int64_t payroute_probe_exchange(const payroute_probe *p, int32_t field)
{
    return p != NULL ? pr_channel_exchange(p->registry, p->channel, field) : PAYROUTE_E_ARG;
}

const char *payroute_probe_ca_file(const payroute_probe *p)
{
    return p != NULL ? p->channel->ca_file : NULL;
}

static int32_t verdict(const payroute_probe *p, int32_t status)
{
    const pr_fact *f = &p->fact;
    const pr_operation_facts *o = pr_provider_operation(p->channel->provider, PR_OP_QUERY);
    if (p->aux[0] != '\0') {
        return PAYROUTE_PROBE_NEED_AUX;
    }
    if (f->target == PR_TARGET_ATTEMPT && f->event == PR_EV_ST_NOT_FOUND && f->evidence >= o->evidence_free) {
        return PAYROUTE_PROBE_FITS;
    }
    if (f->meaning.reason != 0 && f->meaning.fault == PR_FAULT_MERCHANT) {
        return PAYROUTE_PROBE_REFUSED;
    }
    int32_t signs = o->evidence_money >= PR_EVIDENCE_SIGNED;
    return signs && status == 200 && f->code[0] == '\0' && f->evidence != PR_EVIDENCE_TLS
               ? PAYROUTE_PROBE_UNVERIFIED
               : PAYROUTE_PROBE_UNCLEAR;
}

int32_t payroute_probe_feed(payroute_probe *p, const payroute_keyring *ring, const payroute_catalog *catalog,
                            int64_t now_ms, int32_t status, const char *headers, size_t headers_len,
                            const char *body, size_t body_len, int32_t verified_peer)
{
    pr_reading reading;
    uint8_t none[32] = {0};
    if (p == NULL || now_ms <= 0) {
        return PAYROUTE_E_ARG;
    }
    pr_http_reply reply = {.status = status,
                           .headers = headers,
                           .headers_len = headers != NULL ? headers_len : 0,
                           .body = body != NULL ? body : "",
                           .body_len = body != NULL ? body_len : 0,
                           .verified_peer = verified_peer == 1};
    pr_subject subject = subject_of(p, now_ms, none);
    subject.catalog = catalog;
    subject.keyring = ring != NULL ? &ring->keys : NULL;
    pr_reading_init(&reading);
    int32_t rc = p->adapter->read(&reading, PR_OP_QUERY, 1, &subject, &reply);
    int64_t theirs = reply.verified_peer ? pr_reply_date(&reply) : 0;
    p->ahead_ms = theirs > 0 ? now_ms - theirs : INT64_MIN;
    pr_fact_init(&p->fact);
    if (rc == PAYROUTE_OK && reading.count > 0) {
        p->fact = reading.facts[0];
    }
    if (p->fact.meaning.fault != PR_FAULT_MERCHANT && (status == 401 || status == 403)) {
        pr_catalog_query door = {.provider = "http", .code = status == 401 ? "401" : "403"};
        pr_catalog_lookup(&p->fact.meaning, catalog,
                          &door); /* whoever stands at the door speaks of our key only */
    }
    memcpy(p->aux, reading.need_aux, sizeof p->aux);
    pr_reading_free(&reading);
    return rc == PAYROUTE_OK ? verdict(p, status) : rc;
}

int32_t payroute_probe_reason(const payroute_probe *p)
{
    return p != NULL ? p->fact.meaning.reason : 0;
}

const char *payroute_probe_code(const payroute_probe *p)
{
    return p != NULL ? p->fact.code : "";
}

const char *payroute_probe_message(const payroute_probe *p)
{
    return p != NULL ? p->fact.message : "";
}

const char *payroute_probe_aux(const payroute_probe *p)
{
    return p != NULL ? p->aux : "";
}

int64_t payroute_probe_clock_ahead_ms(const payroute_probe *p)
{
    return p != NULL ? p->ahead_ms : INT64_MIN;
}

int32_t payroute_crypto_version(char *out, size_t out_cap)
{
    return out != NULL ? pr_sign_version(out, out_cap) : PAYROUTE_E_ARG;
}
