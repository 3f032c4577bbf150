/* The JSON text of a call. A payment's view comes from the library; the engine adds what only it knows: the
   number in the store, events that the shop has not acknowledged, what the host must do, and what the budget
   held back. */
#include <stdarg.h>
#include <stdio.h>

#include "host/engine.h"

static const char *const status_names[] = {NULL,       "open",     "pending", "authorized", "paid",
                                           "reversed", "declined", "expired", "cancelled",  "failed"};
static const char *const event_names[] = {NULL,       "paid",    "late_paid", "surplus",
                                          "refunded", "expired", "review"};
static const char *const action_names[] = {NULL,    NULL,      "send",   "query",
                                           "close", "capture", "refund", "fetch"};

#define COUNT_OF(array) ((int32_t)(sizeof(array) / sizeof(array)[0]))

const char *prh_status_name(int32_t status)
{
    return status > 0 && status < COUNT_OF(status_names) ? status_names[status] : "unknown";
}

int32_t prh_status_number(const char *name)
{
    for (int32_t i = 1; name && i < COUNT_OF(status_names); i++) {
        if (strcmp(name, status_names[i]) == 0) {
            return i;
        }
    }
    return PAYROUTE_E_NOT_FOUND;
}

void prh_say(payroute_engine *engine, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(engine->why, sizeof engine->why, format, args);
    va_end(args);
}

payroute_json_out *prh_result(payroute_engine *engine)
{
    payroute_json_out *out = engine->out[engine->out_now];
    payroute_json_out_reset(out);
    return out;
}

static void put_error(payroute_json_out *out, int32_t rc, const char *why)
{
    payroute_json_out_object(out, "error");
    payroute_json_out_integer(out, "rc", rc);
    payroute_json_out_string(out, "name", payroute_rc_name(rc));
    payroute_json_out_string(out, "text", payroute_rc_text(rc));
    if (why && *why) {
        payroute_json_out_string(out, "why", why);
    }
    payroute_json_out_end(out);
}

int32_t prh_result_error(payroute_engine *engine, int32_t rc, int64_t payment_id)
{
    payroute_json_out *out = prh_result(engine);
    payroute_json_out_object(out, NULL);
    put_error(out, rc, engine->why);
    if (payment_id > 0) {
        payroute_json_out_integer(out, "payment_id", payment_id);
    }
    payroute_json_out_end(out);
    return rc;
}

/* ---- events ---- */

static int32_t put_event(void *user, const prh_event_row *row)
{
    payroute_json_out *out = user;
    char id[80];
    snprintf(id, sizeof id, "%lld.%d.%d", (long long)row->payment_id, (int)row->kind, (int)row->no);
    payroute_json_out_object(out, NULL);
    payroute_json_out_string(out, "id", id);
    payroute_json_out_integer(out, "payment_id", row->payment_id);
    payroute_json_out_string(out, "order_id", row->order_id);
    payroute_json_out_string(
        out, "kind", row->kind > 0 && row->kind < COUNT_OF(event_names) ? event_names[row->kind] : "unknown");
    payroute_json_out_integer(out, "no", row->no);
    payroute_json_out_integer(out, "at_ms", row->at_ms);
    if (row->body && *row->body) {
        payroute_json_out_raw(out, "data", row->body, strlen(row->body));
    }
    payroute_json_out_end(out);
    return 0;
}

int32_t prh_result_events(payroute_engine *engine, payroute_json_out *out, const char *name,
                          int64_t payment_id, int32_t limit)
{
    payroute_json_out_array(out, name);
    int32_t rc = engine->store->ops->events(engine->store, payment_id, limit, put_event, out);
    payroute_json_out_end(out);
    return rc;
}

/* ---- a payment ---- */

static void put_do(prh_work *w, payroute_json_out *out)
{
    payroute_payment *p = w->beside ? w->beside : w->payment;
    int32_t action = w->beside ? payroute_payment_next(p) : w->do_action;
    if (action <= 0 || action >= COUNT_OF(action_names) || !action_names[action]) {
        return;
    }
    payroute_json_out_object(out, "do");
    payroute_json_out_string(out, "do", action_names[action]);
    payroute_json_out_string(out, "channel", payroute_payment_channel(p));
    payroute_json_out_string(out, "key", payroute_payment_key(p));
    payroute_json_out_integer(out, "attempt", payroute_payment_exchange(p, PAYROUTE_EXCHANGE_ATTEMPT));
    payroute_json_out_integer(out, "step", payroute_payment_exchange(p, PAYROUTE_EXCHANGE_STEP));
    payroute_json_out_flag(out, "money", payroute_payment_exchange(p, PAYROUTE_EXCHANGE_MONEY) == 1);
    payroute_json_out_integer(out, "timeout_ms", payroute_payment_exchange(p, PAYROUTE_EXCHANGE_TIMEOUT_MS));
    payroute_json_out_end(out);
}

/* The view's members behind our own payment_id, which takes the place of theirs. They are copied as they stand, as
   the value of the first and what follows it: reading and writing them again would cost more than the rest of a
   call that sends nothing. */
static int32_t put_view(prh_work *w, payroute_json_out *out)
{
    static const char begin[] = "{\"payment_id\":";
    static const char next[] = ",\"order_id\":";
    size_t len = 0;
    const char *view = payroute_payment_view(w->payment, NULL, &len);
    if (!view) {
        return PAYROUTE_E_NOMEM;
    }
    const char *at = strncmp(view, begin, sizeof begin - 1) == 0 ? view + sizeof begin - 1 : "";
    at += strspn(at, "-0123456789");
    if (strncmp(at, next, sizeof next - 1) != 0) {
        return PAYROUTE_E_INTERNAL;
    }
    at += sizeof next - 1;
    payroute_json_out_raw(out, "order_id", at, len - (size_t)(at - view) - 1);
    return PAYROUTE_OK;
}

/* What was learnt and could not be stored is not said either: the shop hears of it once it is durable. */
static int32_t unsaved_view(prh_work *w, int32_t rc)
{
    payroute_json_out *out = prh_result(w->engine);
    payroute_json_out_object(out, NULL);
    payroute_json_out_integer(out, "payment_id", w->id);
    payroute_json_out_string(out, "status", "pending");
    put_error(out, rc, w->engine->why);
    payroute_json_out_end(out);
    return rc;
}

int32_t prh_result_view(prh_work *w, int32_t rc)
{
    payroute_engine *e = w->engine;
    if (rc != PAYROUTE_OK) {
        return w->fed && w->id > 0 ? unsaved_view(w, rc) : prh_result_error(e, rc, w->id);
    }
    payroute_json_out *out = prh_result(e);
    payroute_json_out_object(out, NULL);
    payroute_json_out_integer(out, "payment_id", w->id);
    rc = put_view(w, out);
    if (rc != PAYROUTE_OK) {
        return prh_result_error(e, rc, w->id);
    }
    put_do(w, out);
    if (w->orphaned) {
        payroute_json_out_flag(out, "orphaned", 1);
    }
    if (w->starved) {
        payroute_json_out_flag(out, "out_of_budget", 1);
    }
    rc = prh_result_events(e, out, "events", w->id, 100);
    payroute_json_out_end(out);
    /* The payment stands; that its events could not be read now is not its failure: they come again. */
    if (rc != PAYROUTE_OK) {
        e->counts.store_failures++;
    }
    return PAYROUTE_OK;
}
