/* The armed exchange seen from outside: what is to be sent, where, and under which rules. */
#include "flow/handle.h"

#include <string.h>

const pr_adapter *pr_flow_adapter(const payroute_payment *p, int32_t n)
{
    const pr_channel *c = p->kept[n - 1].channel;
    return c != NULL ? pr_adapter_find(c->provider->name) : NULL;
}

static void fill_key(char out[PR_KEY_CAP], const payroute_payment *p, const pr_exchange *ex)
{
    const pr_attempt *a = &p->pay.attempts[ex->n - 1];
    if (ex->action >= 0 && ex->op != PR_OP_QUERY) {
        pr_action_key(out, &p->pay, &p->pay.actions[ex->action]);
    } else if (a->facts.steps > 1) {
        pr_step_key(out, a);
    } else {
        memcpy(out, a->reference,
               sizeof a->reference); /* the provider knows one order number: the reference is the key */
    }
}

void pr_subject_fill(pr_subject *out, payroute_payment *p, const pr_exchange *ex, int64_t now_ms,
                     uint8_t entropy[32])
{
    const pr_attempt *a = &p->pay.attempts[ex->n - 1];
    const pr_kept *k = &p->kept[ex->n - 1];
    memset(out, 0, sizeof *out);
    fill_key(p->key, p, ex);
    out->channel = k->channel;
    out->credential_version = k->credential;
    out->reference = a->reference;
    out->key = p->key;
    out->method = a->method;
    out->flow = a->flow;
    out->content = k->content;
    out->content_len = k->content_len;
    out->provider_id = k->provider_id;
    out->capture_id = k->capture_id;
    out->action_id = ex->action >= 0 && p->action_ids[ex->action] != NULL ? p->action_ids[ex->action] : "";
    int32_t own =
        ex->action >= 0 &&
        ex->op !=
            PR_OP_QUERY; /* how an order stands is asked about the order, also for the sake of its close */
    out->amount_minor = own ? p->pay.actions[ex->action].amount_minor : a->amount_minor;
    out->attempt_amount_minor = a->amount_minor;
    out->currency = p->pay.currency;
    out->expire_ms = a->expire_ms == INT64_MAX ? 0 : a->expire_ms;
    out->now_ms = now_ms;
    out->entropy = entropy;
    out->catalog = p->catalog;
    out->keyring = p->ring != NULL ? &p->ring->keys : NULL;
    out->aux_id = p->held != NULL ? p->held->id : "";
}

int64_t pr_exchange_timeout(const payroute_payment *p, const pr_exchange *ex)
{
    const pr_channel *c = p->kept[ex->n - 1].channel;
    int32_t asks = ex->op == PR_OP_QUERY || ex->op == PR_OP_REFUND_QUERY || ex->op == PR_OP_FETCH;
    if (!asks && p->telling != NULL && ex->op == PR_OP_CREATE && p->telling->canary_n == ex->n &&
        p->telling->canary_ms < c->money_timeout_ms) {
        return p->telling->canary_ms; /* a test of a channel that may hang does not wait for long */
    }
    return asks ? c->query_timeout_ms : c->money_timeout_ms;
}

int32_t payroute_payment_request(payroute_payment *p, int64_t now_ms, const char *entropy)
{
    pr_subject subject;
    pr_text why;
    if (p == NULL || entropy == NULL) {
        return PAYROUTE_E_ARG;
    }
    if (!p->ex.armed || p->pay.dirty) {
        return PAYROUTE_E_STATE;
    }
    const pr_adapter *adapter = pr_flow_adapter(p, p->ex.n);
    pr_http_request_free(&p->request);
    pr_http_request_init(&p->request);
    if (adapter == NULL || adapter->build == NULL ||
        (p->pay.attempts[p->ex.n - 1].facts.flags & PR_FACT_HOST_DRIVEN) != 0) {
        return PAYROUTE_E_UNSUPPORTED;
    }
    uint8_t fresh[32];
    memcpy(fresh, entropy, sizeof fresh);
    pr_text_init(&why, p->why, sizeof p->why);
    pr_subject_fill(&subject, p, &p->ex, now_ms, fresh);
    int32_t rc = adapter->build(&p->request, p->ex.op, p->ex.step, &subject, &why);
    pr_mem_wipe(fresh, sizeof fresh);
    if (rc != PAYROUTE_OK) {
        pr_http_request_free(&p->request);
        pr_http_request_init(&p->request);
    }
    return rc;
}

const char *payroute_payment_request_method(const payroute_payment *p)
{
    return p != NULL ? p->request.method : "";
}

const char *payroute_payment_request_url(const payroute_payment *p)
{
    return p != NULL && p->request.url.at != NULL ? p->request.url.at : "";
}

const char *pr_request_part(const pr_buf *b, size_t *len)
{
    if (len != NULL) {
        *len = b != NULL ? b->len : 0;
    }
    return b != NULL && b->at != NULL ? b->at : "";
}

const char *payroute_payment_request_headers(const payroute_payment *p, size_t *len)
{
    return pr_request_part(p != NULL ? &p->request.headers : NULL, len);
}

const char *payroute_payment_request_body(const payroute_payment *p, size_t *len)
{
    return pr_request_part(p != NULL ? &p->request.body : NULL, len);
}

int64_t payroute_payment_exchange(const payroute_payment *p, int32_t field)
{
    if (p == NULL) {
        return PAYROUTE_E_ARG;
    }
    if (!p->ex.armed) {
        return PAYROUTE_E_STATE;
    }
    const pr_channel *c = p->kept[p->ex.n - 1].channel;
    int32_t asks = p->ex.op == PR_OP_QUERY || p->ex.op == PR_OP_REFUND_QUERY || p->ex.op == PR_OP_FETCH;
    switch (field) {
    case PAYROUTE_EXCHANGE_ATTEMPT: return p->ex.n;
    case PAYROUTE_EXCHANGE_STEP: return p->ex.step;
    case PAYROUTE_EXCHANGE_MONEY: return !asks; /* every effect goes over a connection of its own */
    case PAYROUTE_EXCHANGE_TIMEOUT_MS: return pr_exchange_timeout(p, &p->ex);
    case PAYROUTE_EXCHANGE_ATTEMPT_STATE: return p->pay.attempts[p->ex.n - 1].state;
    case PAYROUTE_EXCHANGE_EFFECT: return !asks;
    default: return pr_channel_exchange(p->registry, c, field);
    }
}

const char *payroute_payment_channel(const payroute_payment *p)
{
    return p != NULL && p->ex.armed ? p->pay.attempts[p->ex.n - 1].channel : "";
}

const char *payroute_payment_key(const payroute_payment *p)
{
    if (p == NULL || !p->ex.armed) {
        return "";
    }
    return p->key; /* filled when it was armed */
}

const char *payroute_payment_order_hash(const payroute_payment *p)
{
    return p != NULL ? p->order_hash : "";
}

const char *payroute_payment_ca_file(const payroute_payment *p)
{
    return p != NULL && p->ex.armed ? p->kept[p->ex.n - 1].channel->ca_file : NULL;
}

int64_t pr_channel_exchange(const payroute_registry *registry, const pr_channel *c, int32_t field)
{
    switch (field) {
    case PAYROUTE_EXCHANGE_TIMEOUT_MS: return c->query_timeout_ms;
    case PAYROUTE_EXCHANGE_CONNECT_MS: return c->connect_timeout_ms;
    case PAYROUTE_EXCHANGE_PLAIN: return c->loopback && pr_registry_plain_loopback(registry);
    default: return PAYROUTE_E_ARG;
    }
}

int32_t payroute_payment_next(const payroute_payment *p)
{
    if (p == NULL) {
        return PAYROUTE_E_ARG;
    }
    if (p->conflict) {
        return PAYROUTE_E_STATE;
    }
    if (p->pay.dirty && p->pay.policy.value[PR_POLICY_durable]) {
        return PAYROUTE_ACTION_SAVE;
    }
    if (p->ex.armed) {
        switch ((enum pr_operation)p->ex.op) {
        case PR_OP_CREATE: return PAYROUTE_ACTION_SEND;
        case PR_OP_QUERY:
        case PR_OP_REFUND_QUERY: return PAYROUTE_ACTION_QUERY;
        case PR_OP_CLOSE:
        case PR_OP_VOID: return PAYROUTE_ACTION_CLOSE;
        case PR_OP_CAPTURE: return PAYROUTE_ACTION_CAPTURE;
        case PR_OP_REFUND: return PAYROUTE_ACTION_REFUND;
        case PR_OP_FETCH:
        case PR_OP_NOTIFY: return PAYROUTE_ACTION_FETCH;
        }
    }
    if (p->show_now) {
        return PAYROUTE_ACTION_SHOW;
    }
    return p->pay.over != 0 ? PAYROUTE_ACTION_DONE : PAYROUTE_ACTION_WAIT;
}
