/* The shop's calls. Each loads, asks the machine, drives as far as the budget goes, and tells how the payment
   stands. A call that meets another worker is made again on what that one left; a second create is the first
   payment. */
#include <stdio.h>

#include "host/engine.h"

/* Ends a call on one payment: result, handle, and one due thing of another payment in passing. */
static int32_t finish_call(prh_work *w, int32_t rc)
{
    payroute_engine *e = w->engine;
    rc = prh_result_view(w, rc);
    int64_t id = w->id;
    int32_t learnt = w->exchanges > 0;
    prh_work_end(w, rc);
    prh_one_due(e, id);
    if (learnt) {
        prh_health_share(e);
    }
    return prh_leave(e, rc);
}

static int32_t refuse_call(payroute_engine *e, int32_t rc, int64_t payment_id)
{
    return prh_leave(e, prh_result_error(e, rc, payment_id));
}

static int32_t call_and_drive(payroute_engine *engine, int64_t payment_id, int64_t budget_ms,
                              const prh_args *args, int32_t (*call)(prh_work *w, int64_t now_ms))
{
    prh_work w;
    int32_t rc = prh_enter(engine);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    rc = prh_work_begin(&w, engine, payment_id, budget_ms, 1);
    if (rc == PAYROUTE_OK && call) {
        w.args = args;
        w.call = call;
        rc = call(&w, prh_clock_now(&engine->clock));
    }
    if (rc == PAYROUTE_OK) {
        rc = prh_drive(&w);
    }
    return finish_call(&w, rc);
}

/* ---- create ---- */

/* What create must know before it makes a payment; everything else is the library's to check. */
typedef struct order_head {
    payroute_json *doc;
    const char *order_id;
    const char *currency;
    int64_t amount_minor;
    int64_t ordered_ms; /* 0: not given */
} order_head;

static int32_t read_head(payroute_engine *e, order_head *head, const char *spec, size_t spec_len)
{
    memset(head, 0, sizeof *head);
    if (!spec) {
        return PAYROUTE_E_ARG;
    }
    int32_t rc = payroute_json_parse(&head->doc, spec, spec_len, e->why, sizeof e->why);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    const payroute_json_node *root = payroute_json_root(head->doc);
    head->order_id = payroute_json_string(payroute_json_get(root, "order_id"));
    head->currency = payroute_json_string(payroute_json_get(root, "currency"));
    (void)payroute_json_integer(&head->ordered_ms, payroute_json_get(root, "ordered_at_ms"));
    if (payroute_json_integer(&head->amount_minor, payroute_json_get(root, "amount_minor")) != PAYROUTE_OK) {
        head->amount_minor = -1;
    }
    return PAYROUTE_OK;
}

static int32_t join_payment(payroute_engine *e, prh_work *w, const order_head *head, int64_t id,
                            int64_t budget_ms)
{
    int32_t rc = prh_work_begin(w, e, id, budget_ms, 1);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    if (head->amount_minor != w->amount_minor || !head->currency ||
        strcmp(head->currency, w->currency) != 0) {
        prh_say(e, "order %.64s is known as payment %lld of %lld %s in minor units; another amount needs another order",
                head->order_id, (long long)id, (long long)w->amount_minor, w->currency);
        return PAYROUTE_E_CONFLICT;
    }
    return prh_drive(w);
}

static int32_t remembered(payroute_engine *e, const order_head *head)
{
    int32_t rc = prh_amnesia_read(e); /* another process may have been told since */
    if (rc != PAYROUTE_OK || e->restored_ms == 0 || head->ordered_ms >= e->restored_ms) {
        return rc;
    }
    prh_say(
        e,
        "the store was restored and may have forgotten payments: orders need ordered_at_ms, and those from before "
        "%lld are refused until `reconciled`",
        (long long)e->restored_ms);
    return PAYROUTE_E_AMNESIA;
}

static int32_t unclaimed(payroute_engine *e, prh_work *w)
{
    int64_t found = 0;
    int32_t rc = prh_orphans_claim(e, w->payment, &found);
    if (rc != PAYROUTE_OK || found == 0) {
        return rc;
    }
    prh_say(e,
            "a provider has reported an attempt for this order which is not in the store: look at its bill, "
            "then `reconciled`");
    return PAYROUTE_E_AMNESIA;
}

static int32_t create_or_join(payroute_engine *e, prh_work *w, const order_head *head, const prh_args *args,
                              int64_t budget_ms)
{
    int64_t id = 0;
    for (int32_t i = 0; i < 2; i++) {
        int32_t rc = PAYROUTE_E_NOT_FOUND;
        if (head->order_id) {
            rc = e->store->ops->find_order(e->store, e->instance, head->order_id, &id);
        }
        if (rc == PAYROUTE_OK) {
            return join_payment(e, w, head, id, budget_ms);
        }
        if (rc == PAYROUTE_E_NOT_FOUND) {
            rc = remembered(e, head);
        }
        if (rc == PAYROUTE_OK) {
            rc = prh_work_new(w, e, args, budget_ms);
        }
        if (rc == PAYROUTE_OK) {
            rc = unclaimed(e, w);
        }
        if (rc == PAYROUTE_OK) {
            rc = prh_drive(w);
        }
        if (rc != PAYROUTE_E_CONFLICT || w->id != 0) {
            return rc;
        }
        prh_work_end(w, rc); /* somebody created it in between: his is the payment */
    }
    return PAYROUTE_E_BUSY;
}

int32_t payroute_engine_create(payroute_engine *engine, const char *spec, size_t spec_len, int64_t budget_ms,
                               int64_t *payment_id)
{
    order_head head;
    prh_work w = {.engine = engine};
    prh_args args = {.spec = spec, .spec_len = spec_len};
    if (payment_id) {
        *payment_id = 0;
    }
    int32_t rc = prh_enter(engine);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    rc = read_head(engine, &head, spec, spec_len);
    if (rc == PAYROUTE_OK) {
        rc = create_or_join(engine, &w, &head, &args, budget_ms);
    }
    payroute_json_free(head.doc);
    if (payment_id) {
        *payment_id = w.id;
    }
    return finish_call(&w, rc);
}

/* ---- the others ---- */

int32_t payroute_engine_advance(payroute_engine *engine, int64_t payment_id, int64_t budget_ms)
{
    return call_and_drive(engine, payment_id, budget_ms, NULL, NULL);
}

int32_t payroute_engine_show(payroute_engine *engine, int64_t payment_id)
{
    return call_and_drive(engine, payment_id, 0, NULL, NULL);
}

int32_t payroute_engine_find(payroute_engine *engine, const char *order_id, int64_t *payment_id)
{
    int64_t id = 0;
    int32_t rc = prh_enter(engine);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    if (!order_id || !payment_id) {
        return refuse_call(engine, PAYROUTE_E_ARG, 0);
    }
    rc = engine->store->ops->find_order(engine->store, engine->instance, order_id, &id);
    if (rc != PAYROUTE_OK) {
        return refuse_call(engine, rc, 0);
    }
    *payment_id = id;
    payroute_json_out *out = prh_result(engine);
    payroute_json_out_object(out, NULL);
    payroute_json_out_integer(out, "payment_id", id);
    payroute_json_out_end(out);
    return prh_leave(engine, PAYROUTE_OK);
}

static int32_t call_switch(prh_work *w, int64_t now_ms)
{
    return payroute_payment_switch(w->payment, now_ms, w->args->spec, w->args->spec_len, w->engine->why,
                                   PRH_WHY_CAP);
}

int32_t payroute_engine_switch(payroute_engine *engine, int64_t payment_id, const char *wish, size_t wish_len,
                               int64_t budget_ms)
{
    prh_args args = {.spec = wish, .spec_len = wish_len};
    return call_and_drive(engine, payment_id, budget_ms, &args, call_switch);
}

static int32_t call_retry(prh_work *w, int64_t now_ms)
{
    return payroute_payment_retry(w->payment, now_ms, w->args->spec, w->args->spec_len, w->engine->why,
                                  PRH_WHY_CAP);
}

int32_t payroute_engine_retry(payroute_engine *engine, int64_t payment_id, const char *wish, size_t wish_len,
                              int64_t budget_ms)
{
    prh_args args = {.spec = wish, .spec_len = wish_len};
    return call_and_drive(engine, payment_id, budget_ms, &args, call_retry);
}

static int32_t call_capture(prh_work *w, int64_t now_ms)
{
    return payroute_payment_capture(w->payment, now_ms, w->args->caller_id, w->args->amount_minor,
                                    w->engine->why, PRH_WHY_CAP);
}

int32_t payroute_engine_capture(payroute_engine *engine, int64_t payment_id, const char *caller_id,
                                int64_t amount_minor, int64_t budget_ms)
{
    prh_args args = {.caller_id = caller_id, .amount_minor = amount_minor};
    return call_and_drive(engine, payment_id, budget_ms, &args, call_capture);
}

static int32_t call_refund(prh_work *w, int64_t now_ms)
{
    return payroute_payment_refund(w->payment, now_ms, w->args->caller_id, w->args->amount_minor,
                                   w->engine->why, PRH_WHY_CAP);
}

int32_t payroute_engine_refund(payroute_engine *engine, int64_t payment_id, const char *caller_id,
                               int64_t amount_minor, int64_t budget_ms)
{
    prh_args args = {.caller_id = caller_id, .amount_minor = amount_minor};
    return call_and_drive(engine, payment_id, budget_ms, &args, call_refund);
}

static int32_t call_cancel(prh_work *w, int64_t now_ms)
{
    return payroute_payment_cancel(w->payment, now_ms, w->engine->why, PRH_WHY_CAP);
}

int32_t payroute_engine_cancel(payroute_engine *engine, int64_t payment_id, int64_t budget_ms)
{
    return call_and_drive(engine, payment_id, budget_ms, NULL, call_cancel);
}

static int32_t call_resolve(prh_work *w, int64_t now_ms)
{
    return payroute_payment_resolve(w->payment, now_ms, w->args->attempt, w->args->outcome, w->args->who,
                                    w->args->evidence, w->engine->why, PRH_WHY_CAP);
}

int32_t payroute_engine_resolve(payroute_engine *engine, int64_t payment_id, int32_t attempt,
                                const char *outcome, const char *who, const char *evidence)
{
    prh_args args = {.attempt = attempt, .outcome = outcome, .who = who, .evidence = evidence};
    return call_and_drive(engine, payment_id, 0, &args, call_resolve);
}

/* ---- channels that the host drives ---- */

/* Where the armed handle is gone (another process, a crash), what the host knows can only answer a question.
 */
static int32_t arm_question(prh_work *w)
{
    int32_t rc = payroute_payment_budget(w->payment, INT64_MAX); /* the answer is here already */
    if (rc == PAYROUTE_OK) {
        rc = payroute_payment_tick(w->payment, prh_clock_now(&w->engine->clock));
    }
    if (rc == PAYROUTE_OK && payroute_payment_next(w->payment) == PAYROUTE_ACTION_SAVE) {
        rc = prh_work_save(w);
    }
    if (rc != PAYROUTE_OK || payroute_payment_next(w->payment) == PAYROUTE_ACTION_QUERY) {
        return rc;
    }
    prh_say(w->engine, "nothing is asked of the host for payment %lld now; advance says what to do",
            (long long)w->id);
    return PAYROUTE_E_STATE;
}

int32_t payroute_engine_feed_code(payroute_engine *engine, int64_t payment_id, const char *status,
                                  const char *code, const char *provider_id, const char *show,
                                  int64_t budget_ms)
{
    prh_work w;
    int32_t rc = prh_enter(engine);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    rc = prh_work_answer(&w, engine, payment_id, budget_ms);
    if (rc == PAYROUTE_OK && !w.keep) {
        rc = arm_question(&w);
    }
    if (rc == PAYROUTE_OK) {
        rc = payroute_payment_budget(w.payment, prh_work_left(&w));
    }
    if (rc == PAYROUTE_OK) {
        rc = payroute_payment_feed_code(w.payment, prh_clock_now(&engine->clock), status, code, provider_id,
                                        show);
    }
    if (rc == PAYROUTE_OK) {
        w.fed = payroute_payment_next(w.payment) == PAYROUTE_ACTION_SAVE;
        rc = prh_drive(&w);
    }
    return finish_call(&w, rc);
}
