/* A provider's notification: verified, folded and durable before it is acknowledged. It needs no lease and
   touches no network; what must be done because of it is written, and done by the lease holder or the sweep.
 */
#include <stdio.h>

#include "host/engine.h"

enum ack_kind { ACK_STORED = 0, ACK_RESEND = 1, ACK_REFUSED = 2 };

static enum ack_kind ack_for(int32_t rc)
{
    switch (rc) {
    case PAYROUTE_OK: return ACK_STORED;
    case PAYROUTE_E_SIGNATURE:
    case PAYROUTE_E_FOREIGN:
    case PAYROUTE_E_EXPIRED:
    case PAYROUTE_E_ENCODING:
    case PAYROUTE_E_JSON:
    case PAYROUTE_E_SCHEMA:
    case PAYROUTE_E_NOT_FOUND:
    case PAYROUTE_E_LIMIT:
    case PAYROUTE_E_UNSUPPORTED:
    case PAYROUTE_E_ARG: return ACK_REFUSED;
    default: return ACK_RESEND; /* no memory, no store, a certificate is missing: it must come again */
    }
}

static void put_ack(payroute_json_out *out, const payroute_notice *notice, enum ack_kind kind)
{
    static const int32_t statuses[] = {200, 503, 400};
    int32_t status = notice ? payroute_notice_ack_status(notice, (int32_t)kind) : statuses[kind];
    const char *type = notice ? payroute_notice_ack_type(notice, (int32_t)kind) : NULL;
    const char *body = notice ? payroute_notice_ack_body(notice, (int32_t)kind) : NULL;
    payroute_json_out_object(out, "ack");
    payroute_json_out_integer(out, "status", status > 0 ? status : statuses[kind]);
    payroute_json_out_string(out, "type", type ? type : "text/plain");
    payroute_json_out_string(out, "body", body ? body : "");
    payroute_json_out_end(out);
}

/* What one notification came to. */
typedef struct outcome {
    const char *channel;
    int32_t rc;
    int64_t payment_id;
    int32_t status; /* of the payment; 0: not looked at */
    int32_t orphan;
    int32_t changed;
} outcome;

static int32_t find_payment(payroute_engine *e, const char *channel, const payroute_notice *notice,
                            int64_t *id)
{
    const char *reference = payroute_notice_reference(notice);
    const char *provider_id = payroute_notice_provider_id(notice);
    int32_t rc = PAYROUTE_E_NOT_FOUND;
    if (reference && *reference) {
        rc = e->store->ops->find_reference(e->store, channel, reference, id);
    }
    if (rc == PAYROUTE_E_NOT_FOUND && provider_id && *provider_id) {
        rc = e->store->ops->find_provider_id(e->store, channel, provider_id, id);
    }
    return rc;
}

/* Authentic, but of a payment that is not here: kept, acknowledged, and an alarm for a person. */
static int32_t store_orphan(payroute_engine *e, const char *channel, const payroute_notice *notice,
                            outcome *result)
{
    payroute_row_notification row = {.channel = channel,
                                     .event_id = payroute_notice_event_id(notice),
                                     .order_hash = payroute_notice_order_hash(notice)};
    row.body = payroute_notice_raw(notice, &row.body_len); /* of a GET it is the query */
    result->orphan = 1;
    int32_t rc = e->store->ops->orphan_put(e->store, &row, prh_clock_now(&e->clock));
    if (rc == PAYROUTE_OK) {
        e->counts.orphans++;
    }
    return rc;
}

static int32_t fold_notice(payroute_engine *e, const payroute_notice *notice, outcome *result)
{
    prh_work w;
    int32_t rc = prh_work_fresh(&w, e, result->payment_id);
    if (rc == PAYROUTE_OK) {
        rc = payroute_payment_feed_notice(w.payment, notice, prh_clock_now(&e->clock));
    }
    if (rc == PAYROUTE_OK && payroute_payment_next(w.payment) == PAYROUTE_ACTION_SAVE) {
        result->changed = 1;
        rc = prh_work_save(&w);
    }
    if (rc == PAYROUTE_OK) {
        result->status = payroute_payment_status(w.payment);
    }
    payroute_payment_free(w.payment);
    return rc;
}

static void take_notice(payroute_engine *e, const char *channel, const payroute_notice *notice,
                        outcome *result)
{
    if (payroute_notice_ignorable(notice) == 1) {
        return;
    }
    result->rc = find_payment(e, channel, notice, &result->payment_id);
    if (result->rc == PAYROUTE_OK) {
        result->rc = fold_notice(e, notice, result);
        /* Damaged or gone rows must not turn a payment away: the provider sends again, a person looks. */
        if (result->rc != PAYROUTE_E_NOT_FOUND) {
            return;
        }
    }
    if (result->rc == PAYROUTE_E_NOT_FOUND) {
        result->rc = store_orphan(e, channel, notice, result);
    }
}

static int32_t answer_notice(payroute_engine *e, const payroute_notice *notice, const outcome *result)
{
    payroute_json_out *out = prh_result(e);
    enum ack_kind kind = ack_for(result->rc);
    char where[160];
    snprintf(where, sizeof where, "notification to channel %.32s: %s",
             result->channel ? result->channel : "?", payroute_rc_text(result->rc));
    e->counts.notices++;
    if (kind == ACK_REFUSED) {
        e->counts.refused++;
    }
    if (kind == ACK_RESEND) {
        e->counts.resend++;
    }
    payroute_json_out_object(out, NULL);
    put_ack(out, notice, kind);
    if (result->payment_id > 0) {
        payroute_json_out_integer(out, "payment_id", result->payment_id);
    }
    if (result->status > 0) {
        payroute_json_out_string(out, "status", prh_status_name(result->status));
    }
    if (result->orphan) {
        payroute_json_out_flag(out, "orphan", 1);
    }
    payroute_json_out_flag(out, "changed", result->changed);
    if (result->rc != PAYROUTE_OK) {
        payroute_json_out_object(out, "error");
        payroute_json_out_integer(out, "rc", result->rc);
        payroute_json_out_string(out, "name", payroute_rc_name(result->rc));
        payroute_json_out_string(out, "text", payroute_rc_text(result->rc));
        payroute_json_out_string(out, "why", where);
        payroute_json_out_end(out);
    } else if (result->payment_id > 0) {
        (void)prh_result_events(e, out, "events", result->payment_id, 100);
    }
    payroute_json_out_end(out);
    return result->rc;
}

typedef struct incoming {
    const char *method;
    const char *query;
    size_t query_len;
    const char *headers;
    size_t headers_len;
    const char *body;
    size_t body_len;
} incoming;

static int32_t read_notice(payroute_notice **out, payroute_engine *e, const char *channel, const incoming *in)
{
    *out = NULL;
    return payroute_notice_read(out, e->registry, e->catalog, e->ring, channel, in->method, in->query,
                                in->query_len, in->headers, in->headers_len, in->body, in->body_len,
                                prh_clock_now(&e->clock));
}

/* Doctor asks whether its question comes through to here. */
static int32_t answer_doctor(payroute_engine *e, const char *channel, const incoming *in)
{
    char text[96];
    int32_t status = prh_doctor_mark(e, channel, in->body, in->body_len, text, sizeof text);
    if (status == 0) {
        return 0;
    }
    payroute_json_out *out = prh_result(e);
    payroute_json_out_object(out, NULL);
    payroute_json_out_object(out, "ack");
    payroute_json_out_integer(out, "status", status);
    payroute_json_out_string(out, "type", "text/plain");
    payroute_json_out_string(out, "body", text);
    payroute_json_out_end(out);
    payroute_json_out_flag(out, "doctor", 1);
    payroute_json_out_end(out);
    return 1;
}

int32_t payroute_engine_notify(payroute_engine *engine, const char *channel, const char *method,
                               const char *query, size_t query_len, const char *headers, size_t headers_len,
                               const char *body, size_t body_len)
{
    payroute_notice *notice = NULL;
    outcome result = {0};
    const incoming in = {method, query, query_len, headers, headers_len, body, body_len};
    int32_t rc = prh_enter(engine);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    result.channel = channel;
    if (channel && answer_doctor(engine, channel, &in)) {
        return prh_leave(engine, PAYROUTE_OK);
    }
    result.rc = read_notice(&notice, engine, channel, &in);
    if (result.rc == PAYROUTE_E_NEED_AUX &&
        prh_fetch_for_notice(engine, channel, payroute_notice_aux(notice))) {
        payroute_notice_free(notice);
        result.rc = read_notice(&notice, engine, channel, &in);
    }
    if (result.rc == PAYROUTE_OK) {
        take_notice(engine, channel, notice, &result);
    }
    rc = answer_notice(engine, notice, &result);
    payroute_notice_free(notice);
    return prh_leave(engine, rc);
}
