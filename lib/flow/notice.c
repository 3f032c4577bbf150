/* Notifications: hints with a proof. Read at the door without a payment, folded into one later; nothing
   here acts. */
#include "flow/handle.h"

#include <string.h>

enum { NOTICE_BODY_MAX = 256 * 1024 };

struct payroute_notice {
    pr_notice said;
    char channel[33];
    char *body;
    size_t body_len;
};

static const pr_ack refused_plain = {404, "text/plain", "no such channel"};
static const pr_ack refused_large = {413, "text/plain", "too large"};

static void keep_raw(payroute_notice *out, const pr_http_incoming *in)
{
    int32_t by_body = in->body_len > 0 && strcmp(in->method, "GET") != 0;
    const char *raw = by_body ? in->body : in->query != NULL ? in->query : "";
    out->body_len = by_body ? in->body_len : in->query_len;
    out->body = pr_mem_text(raw, out->body_len);
}

int32_t payroute_notice_read(payroute_notice **out, const payroute_registry *registry,
                             const payroute_catalog *catalog, const payroute_keyring *ring, const char *channel,
                             const char *method, const char *query, size_t query_len, const char *headers,
                             size_t headers_len, const char *body, size_t body_len, int64_t now_ms)
{
    if (out == NULL || registry == NULL || channel == NULL || method == NULL || now_ms <= 0) {
        return PAYROUTE_E_ARG;
    }
    payroute_notice *n = pr_mem_new(sizeof *n);
    *out = n;
    if (n == NULL) {
        return PAYROUTE_E_NOMEM;
    }
    pr_reading_init(&n->said.reading);
    n->said.stored = n->said.resend = n->said.refused = refused_plain;
    const pr_channel *c = pr_registry_find(registry, channel);
    const pr_adapter *adapter = c != NULL ? pr_adapter_find(c->provider->name) : NULL;
    pr_http_incoming in = {.method = method,
                           .query = query,
                           .query_len = query != NULL ? query_len : 0,
                           .headers = headers != NULL ? headers : "",
                           .headers_len = headers != NULL ? headers_len : 0,
                           .body = body != NULL ? body : "",
                           .body_len = body != NULL ? body_len : 0};
    if (c == NULL) {
        n->said.rc = PAYROUTE_E_NOT_FOUND;
    } else if (adapter == NULL || adapter->notify == NULL) {
        n->said.rc = PAYROUTE_E_UNSUPPORTED;
    } else if (in.body_len > NOTICE_BODY_MAX || in.query_len > NOTICE_BODY_MAX ||
               in.headers_len > NOTICE_BODY_MAX) {
        n->said.rc = PAYROUTE_E_LIMIT;
        n->said.stored = n->said.resend = n->said.refused = refused_large;
    } else {
        memcpy(n->channel, c->id, strlen(c->id) + 1);
        adapter->notify(&n->said, c, catalog, ring != NULL ? &ring->keys : NULL, &in, now_ms);
        keep_raw(n, &in);
        if (n->body == NULL) {
            n->said.rc = PAYROUTE_E_NOMEM;
        }
    }
    return n->said.rc;
}

void payroute_notice_free(payroute_notice *n)
{
    if (n == NULL) {
        return;
    }
    pr_reading_free(&n->said.reading);
    pr_mem_free_secret(n->body, n->body_len);
    pr_mem_free(n);
}

const char *payroute_notice_reference(const payroute_notice *n)
{
    return n != NULL ? n->said.reference : "";
}

const char *payroute_notice_provider_id(const payroute_notice *n)
{
    return n != NULL && n->said.reading.count > 0 ? n->said.reading.facts[0].provider_id : "";
}

const char *payroute_notice_event_id(const payroute_notice *n)
{
    return n != NULL ? n->said.event_id : "";
}

const char *payroute_notice_order_hash(const payroute_notice *n)
{
    return n != NULL ? n->said.order_hash : "";
}

const char *payroute_notice_aux(const payroute_notice *n)
{
    return n != NULL && n->said.rc == PAYROUTE_E_NEED_AUX ? n->said.reading.need_aux : "";
}

int32_t payroute_notice_ignorable(const payroute_notice *n)
{
    return n != NULL ? n->said.ignorable : 0;
}

const char *payroute_notice_raw(const payroute_notice *n, size_t *len)
{
    if (len != NULL) {
        *len = n != NULL ? n->body_len : 0;
    }
    return n != NULL && n->body != NULL ? n->body : "";
}

static const pr_ack *ack(const payroute_notice *n, int32_t which)
{
    if (n == NULL) {
        return &refused_plain;
    }
    return which == 0 ? &n->said.stored : which == 1 ? &n->said.resend : &n->said.refused;
}

int32_t payroute_notice_ack_status(const payroute_notice *n, int32_t which)
{
    return ack(n, which)->status;
}

const char *payroute_notice_ack_type(const payroute_notice *n, int32_t which)
{
    return ack(n, which)->content_type;
}

const char *payroute_notice_ack_body(const payroute_notice *n, int32_t which)
{
    return ack(n, which)->body;
}

static int32_t attempt_of(const payroute_payment *p, const payroute_notice *n)
{
    const char *id = payroute_notice_provider_id(n);
    for (int32_t i = 0; i < p->pay.attempt_count; i++) {
        const char *theirs = p->kept[i].provider_id;
        if (strcmp(p->pay.attempts[i].channel, n->channel) == 0 &&
            (strcmp(p->pay.attempts[i].reference, n->said.reference) == 0 ||
             (id[0] != '\0' && strcmp(theirs, id) == 0))) {
            return i + 1;
        }
    }
    return 0;
}

static int32_t copy_reading(pr_reading *out, const pr_reading *in)
{
    pr_reading_init(out);
    memcpy(out->facts, in->facts, sizeof out->facts);
    out->count = in->count;
    out->show_kind = PR_SHOW_NONE; /* a notification never brings something to show */
    return PAYROUTE_OK;
}

int32_t pr_notice_fold(payroute_payment *p, const payroute_notice *n, int64_t now_ms)
{
    if (n->said.rc != PAYROUTE_OK) {
        return PAYROUTE_E_STATE;
    }
    int32_t attempt = attempt_of(p, n);
    if (attempt == 0) {
        return PAYROUTE_E_NOT_FOUND;
    }
    int32_t rc = pr_said_room(p);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    p->pay.last_ms = now_ms > p->pay.last_ms ? now_ms : p->pay.last_ms;
    pr_reading_free(p->said);
    rc = copy_reading(p->said, &n->said.reading);
    p->said_for =
        (pr_exchange){.armed = 1, .op = PR_OP_NOTIFY, .n = attempt, .action = -1, .asked_ms = now_ms};
    p->said_source = PR_SOURCE_NOTICE;
    uint8_t before = p->pay.dirty;
    if (rc == PAYROUTE_OK) {
        rc = pr_absorb(p, p->said, &p->said_for, PR_SOURCE_NOTICE, now_ms);
    }
    pr_verdict_settle(&p->pay, now_ms);
    if (rc == PAYROUTE_OK && p->pay.dirty && !before && p->notice_body == NULL) {
        p->notice_body = pr_mem_text(
            n->body,
            n->body_len); /* stored with what it changed; a repeat that tells nothing writes nothing */
        p->notice_len = n->body_len;
        memcpy(p->notice_channel, n->channel, sizeof p->notice_channel);
        memcpy(p->notice_event, n->said.event_id, sizeof p->notice_event);
        rc = p->notice_body == NULL ? PAYROUTE_E_NOMEM : PAYROUTE_OK;
    }
    return rc;
}
