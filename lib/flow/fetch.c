/* A certificate that is missing: the answer which it signs is kept, the certificate is fetched, and the same
   bytes are read again. Moves no money and needs no lease; whatever comes of it, the answer is then taken as
   it reads. */
#include "flow/handle.h"

#include <string.h>

/* ---- a payment waits for it ---- */

void pr_held_free(pr_held *held)
{
    if (held != NULL) {
        pr_mem_free_secret(held->headers, held->headers_len);
        pr_mem_free_secret(held->body, held->body_len);
        pr_mem_free(held);
    }
}

static pr_held *held_copy(const pr_http_reply *reply)
{
    pr_held *h = pr_mem_new(sizeof *h);
    if (h == NULL) {
        return NULL;
    }
    h->status = reply->status;
    h->verified_peer = reply->verified_peer;
    h->headers = pr_mem_text(reply->headers != NULL ? reply->headers : "", reply->headers_len);
    h->headers_len = h->headers != NULL ? reply->headers_len : 0;
    h->body = pr_mem_text(reply->body, reply->body_len);
    h->body_len = h->body != NULL ? reply->body_len : 0;
    if (h->headers == NULL || h->body == NULL) {
        pr_held_free(h);
        return NULL;
    }
    return h;
}

int32_t pr_fetch_hold(payroute_payment *p, const pr_http_reply *reply, const char *id)
{
    const pr_adapter *adapter = pr_flow_adapter(p, p->ex.n);
    const pr_channel *c = p->kept[p->ex.n - 1].channel;
    size_t len = strlen(id);
    if (p->ring == NULL || adapter->fetched == NULL || len == 0 || p->budget_ms < c->query_timeout_ms) {
        return 0;
    }
    p->held = held_copy(reply);
    if (p->held == NULL) {
        return 0; /* no memory: unread, hence unknown, and asked about later */
    }
    p->held->ex = p->ex;
    memcpy(p->held->id, id, len + 1);
    p->ex.op = PR_OP_FETCH;
    p->ex.action = -1;
    pr_http_request_free(&p->request);
    pr_http_request_init(&p->request);
    return 1;
}

void pr_fetch_take(payroute_payment *p, const pr_http_reply *reply, int64_t now_ms)
{
    const char *channel = p->pay.attempts[p->ex.n - 1].channel;
    if (reply->status == 200 && !payroute_keyring_has(p->ring, channel, p->held->id, now_ms)) {
        (void)payroute_keyring_take(p->ring, channel, reply->body, reply->body_len, now_ms, p->why,
                                    sizeof p->why);
    }
}

pr_held *pr_fetch_resume(payroute_payment *p)
{
    pr_held *h = p->held;
    p->held = NULL;
    p->ex = h->ex;
    return h;
}

int32_t payroute_payment_keyring(payroute_payment *p, payroute_keyring *ring)
{
    if (p == NULL || (ring != NULL && ring->registry != p->registry)) {
        return PAYROUTE_E_ARG;
    }
    if (p->held != NULL) {
        return PAYROUTE_E_STATE;
    }
    p->ring = ring;
    return PAYROUTE_OK;
}

const char *payroute_payment_aux(const payroute_payment *p)
{
    return p != NULL && p->held != NULL ? p->held->id : "";
}

/* ---- the ring ---- */

int32_t payroute_keyring_new(payroute_keyring **out, payroute_registry *registry)
{
    if (out == NULL || registry == NULL) {
        return PAYROUTE_E_ARG;
    }
    payroute_keyring *ring = pr_mem_new(sizeof *ring);
    *out = ring;
    if (ring == NULL) {
        return PAYROUTE_E_NOMEM;
    }
    ring->registry = payroute_registry_retain(registry);
    pr_http_request_init(&ring->request);
    return PAYROUTE_OK;
}

void payroute_keyring_free(payroute_keyring *ring)
{
    if (ring == NULL) {
        return;
    }
    pr_keyring_clear(&ring->keys);
    pr_http_request_free(&ring->request);
    payroute_registry_free(ring->registry);
    pr_mem_free(ring);
}

int32_t payroute_keyring_has(const payroute_keyring *ring, const char *channel, const char *id,
                             int64_t now_ms)
{
    const pr_channel *c = ring != NULL && channel != NULL ? pr_registry_find(ring->registry, channel) : NULL;
    return c != NULL && id != NULL && pr_keyring_find(&ring->keys, c, id, now_ms) != NULL;
}

/* The channel's adapter, where it has something to fetch. */
static int32_t fetcher(const pr_adapter **out, const pr_channel **channel, const payroute_keyring *ring,
                       const char *id)
{
    *channel = pr_registry_find(ring->registry, id);
    *out = *channel != NULL ? pr_adapter_find((*channel)->provider->name) : NULL;
    if (*channel == NULL) {
        return PAYROUTE_E_NOT_FOUND;
    }
    return *out != NULL && (*out)->fetched != NULL ? PAYROUTE_OK : PAYROUTE_E_UNSUPPORTED;
}

int32_t payroute_keyring_take(payroute_keyring *ring, const char *channel, const char *body, size_t body_len,
                              int64_t now_ms, char *why, size_t why_cap)
{
    const pr_adapter *adapter;
    const pr_channel *c;
    pr_text detail;
    if (ring == NULL || channel == NULL || body == NULL || now_ms <= 0) {
        return PAYROUTE_E_ARG;
    }
    pr_text_init(&detail, why, why_cap);
    int32_t rc = fetcher(&adapter, &c, ring, channel);
    return rc == PAYROUTE_OK ? adapter->fetched(&ring->keys, c, body, body_len, now_ms, &detail) : rc;
}

int32_t payroute_keyring_request(payroute_keyring *ring, const char *channel, const char *id, int64_t now_ms,
                                 const char *entropy, char *why, size_t why_cap)
{
    const pr_adapter *adapter;
    const pr_channel *c;
    pr_text detail;
    uint8_t fresh[32];
    if (ring == NULL || channel == NULL || id == NULL || entropy == NULL || now_ms <= 0 ||
        strlen(id) >= PR_AUX_ID_CAP) {
        return PAYROUTE_E_ARG;
    }
    pr_text_init(&detail, why, why_cap);
    pr_http_request_free(&ring->request);
    pr_http_request_init(&ring->request);
    int32_t rc = fetcher(&adapter, &c, ring, channel);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    memcpy(fresh, entropy, sizeof fresh);
    pr_subject subject = {.channel = c,
                          .reference = "",
                          .key = "",
                          .method = "",
                          .flow = "",
                          .content = "",
                          .provider_id = "",
                          .capture_id = "",
                          .action_id = "",
                          .currency = "",
                          .now_ms = now_ms,
                          .entropy = fresh,
                          .keyring = &ring->keys,
                          .aux_id = id};
    rc = adapter->build(&ring->request, PR_OP_FETCH, 1, &subject, &detail);
    pr_mem_wipe(fresh, sizeof fresh);
    if (rc != PAYROUTE_OK) {
        pr_http_request_free(&ring->request);
        pr_http_request_init(&ring->request);
    }
    return rc;
}

const char *payroute_keyring_request_method(const payroute_keyring *ring)
{
    return ring != NULL ? ring->request.method : "";
}

const char *payroute_keyring_request_url(const payroute_keyring *ring)
{
    return ring != NULL && ring->request.url.at != NULL ? ring->request.url.at : "";
}

const char *payroute_keyring_request_headers(const payroute_keyring *ring, size_t *len)
{
    return pr_request_part(ring != NULL ? &ring->request.headers : NULL, len);
}

const char *payroute_keyring_request_body(const payroute_keyring *ring, size_t *len)
{
    return pr_request_part(ring != NULL ? &ring->request.body : NULL, len);
}

const char *payroute_keyring_ca_file(const payroute_keyring *ring, const char *channel)
{
    const pr_channel *c = ring != NULL && channel != NULL ? pr_registry_find(ring->registry, channel) : NULL;
    return c != NULL ? c->ca_file : NULL;
}

int64_t payroute_keyring_exchange(const payroute_keyring *ring, const char *channel, int32_t field)
{
    const pr_adapter *adapter;
    const pr_channel *c;
    if (ring == NULL || channel == NULL) {
        return PAYROUTE_E_ARG;
    }
    int32_t rc = fetcher(&adapter, &c, ring, channel);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    return field == PAYROUTE_EXCHANGE_LISTS ? adapter->fetch_lists
                                            : pr_channel_exchange(ring->registry, c, field);
}
