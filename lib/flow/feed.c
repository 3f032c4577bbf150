/* What came of the armed exchange. Every way out of an exchange ends here, and each one leaves the payment
   at rest or with one more exchange
   armed behind a SAVE. */
#include "flow/handle.h"

#include <string.h>

static int32_t feed_ready(const payroute_payment *p, int64_t now_ms)
{
    if (p == NULL || now_ms <= 0) {
        return PAYROUTE_E_ARG;
    }
    if (p->conflict || !p->ex.armed || (p->pay.dirty && p->pay.policy.value[PR_POLICY_durable])) {
        return PAYROUTE_E_STATE;
    }
    return PAYROUTE_OK;
}

/* A lookup that moved nothing must still move the schedule, and lets a close or capture in doubt go out
   again. */
static void after_lookup(payroute_payment *p, const pr_exchange *ex, int64_t now_ms)
{
    pr_attempt *a = &p->pay.attempts[ex->n - 1];
    for (int32_t i = 0; i < p->pay.action_count; i++) {
        pr_action *x = &p->pay.actions[i];
        int32_t own = ex->op == PR_OP_REFUND_QUERY ? i == ex->action : x->kind != PR_ACT_REFUND;
        if (x->n != ex->n || !own || !pr_action_open(x->state)) {
            continue;
        }
        x->asked = 1;
        if (x->state == PR_AS_PROCESSING && x->check_ms <= now_ms) {
            x->check_ms = pr_add_ms(now_ms, pr_schedule_unknown(x->check_no));
            x->check_no = (uint8_t)(x->check_no < 40 ? x->check_no + 1 : 40);
        }
        pr_input in;
        pr_input_init(&in, PR_AE_DISPATCH, PR_SOURCE_ENGINE, now_ms);
        if (x->state == PR_AS_UNKNOWN && x->check_ms <= now_ms &&
            !pr_action_predicate(&p->pay, x, &in, PR_P_SENDABLE)) {
            x->check_ms = pr_add_ms(now_ms, pr_schedule_unknown(x->check_no));
            x->check_no = (uint8_t)(x->check_no < 40 ? x->check_no + 1 : 40);
        }
    }
    if (ex->op == PR_OP_QUERY && a->check_ms <= now_ms && !(a->state == PR_ST_UNKNOWN && a->resend)) {
        if (pr_state_free(a->state) && !a->held && a->late_no < 8) {
            a->late_no++; /* asked in vain: the watch goes on by its schedule */
        }
        pr_schedule_next(&p->pay, a, now_ms);
    }
    p->pay.soft = 1;
}

/* An answer may tell only how the order stands, or could not be taken up: the request that it answers is then
   as much in doubt as one without an answer, and is asked for. Left as an intent it would go out again. */
static void doubt_unsettled(payroute_payment *p, const pr_exchange *ex, int64_t now_ms)
{
    const pr_attempt *a = &p->pay.attempts[ex->n - 1];
    int32_t asks = ex->op == PR_OP_QUERY || ex->op == PR_OP_REFUND_QUERY;
    pr_input in;
    if (ex->action >= 0 && !asks && p->pay.actions[ex->action].state == PR_AS_INTENT) {
        pr_input_init(&in, PR_AE_LOST, PR_SOURCE_ENGINE, now_ms);
        (void)pr_machine_action(&p->pay, ex->action, &in);
    } else if (ex->op == PR_OP_CREATE && a->state == PR_ST_INTENT && a->step == ex->step) {
        pr_input_init(&in, PR_EV_LOST, PR_SOURCE_ENGINE, now_ms);
        (void)pr_machine_attempt(&p->pay, ex->n, &in);
    }
}

static int32_t finish(payroute_payment *p, const pr_exchange *ex, int64_t now_ms)
{
    p->ex.armed = 0;
    doubt_unsettled(p, ex, now_ms);
    pr_http_request_free(&p->request);
    pr_http_request_init(&p->request);
    if (ex->op == PR_OP_QUERY || ex->op == PR_OP_REFUND_QUERY) {
        after_lookup(p, ex, now_ms);
    }
    return pr_drive(p, now_ms);
}

static int32_t source_of(int32_t op)
{
    return op == PR_OP_QUERY || op == PR_OP_REFUND_QUERY ? PR_SOURCE_LOOKUP : PR_SOURCE_ANSWER;
}

/* The reading is kept until it is saved; see payroute_payment_reload. */
static int32_t take_reading(payroute_payment *p, pr_reading *reading, int64_t now_ms)
{
    pr_exchange ex = p->ex;
    pr_reading_free(p->said); /* its room was made when the exchange was armed */
    *p->said = *reading;
    p->said_for = ex;
    p->said_source = source_of(ex.op);
    pr_tell_answer(p, p->said, now_ms);
    int32_t rc = pr_absorb(p, p->said, &ex, p->said_source, now_ms);
    int32_t rest = finish(p, &ex, now_ms);
    return rc != PAYROUTE_OK ? rc : rest;
}

static int32_t take_event(payroute_payment *p, int32_t attempt_event, int32_t action_event, int64_t now_ms,
                          int32_t curl_code)
{
    pr_reading reading;
    pr_reading_init(&reading);
    if (p->ex.op == PR_OP_QUERY || p->ex.op == PR_OP_REFUND_QUERY) {
        return take_reading(p, &reading, now_ms); /* a lookup's own failure changes nothing */
    }
    pr_fact *f = &reading.facts[0];
    pr_fact_init(f);
    f->target = p->ex.action >= 0 ? PR_TARGET_ACTION : PR_TARGET_ATTEMPT;
    f->event = f->target == PR_TARGET_ACTION ? action_event : attempt_event;
    f->evidence = PR_EVIDENCE_SIGNED; /* our own word about our own transport */
    if (curl_code > 0) {
        pr_catalog_query query = {.provider = "libcurl", .code = f->code};
        pr_text code;
        pr_text_init(&code, f->code, sizeof f->code);
        pr_text_i64(&code, curl_code);
        pr_catalog_lookup(&f->meaning, p->catalog, &query);
    }
    reading.count = 1;
    return take_reading(p, &reading, now_ms);
}

static int32_t read_answer(payroute_payment *p, pr_reading *reading, const pr_http_reply *reply,
                           int64_t now_ms)
{
    pr_subject subject;
    uint8_t fresh[32];
    const pr_adapter *adapter = pr_flow_adapter(p, p->ex.n);
    int32_t rc = pr_pool_next(p, fresh);
    if (rc != PAYROUTE_OK || adapter == NULL || adapter->read == NULL) {
        return rc != PAYROUTE_OK ? rc : PAYROUTE_E_UNSUPPORTED;
    }
    pr_subject_fill(&subject, p, &p->ex, now_ms, fresh);
    return adapter->read(reading, p->ex.op, p->ex.step, &subject, reply);
}

static int32_t take_answer(payroute_payment *p, const pr_http_reply *reply, int64_t now_ms, int32_t may_fetch)
{
    pr_reading reading;
    pr_reading_init(&reading);
    int32_t rc = read_answer(p, &reading, reply, now_ms);
    if (rc == PAYROUTE_OK && may_fetch && pr_fetch_hold(p, reply, reading.need_aux)) {
        pr_reading_free(&reading);
        return PAYROUTE_OK;
    }
    if (rc == PAYROUTE_OK && reading.count > 0) {
        return take_reading(p, &reading, now_ms);
    }
    pr_reading_free(&reading); /* no memory to read it, or nothing in it: after a send that is unknown */
    int32_t rest = take_event(p, PR_EV_UNCLEAR, PR_AE_UNCLEAR, now_ms, 0);
    return rc != PAYROUTE_OK ? rc : rest;
}

/* The FETCH is over, whatever came of it: a second one for the same answer would be a loop. */
static int32_t read_held(payroute_payment *p, int64_t now_ms)
{
    pr_held *h = pr_fetch_resume(p);
    pr_http_reply reply = {.status = h->status,
                           .headers = h->headers,
                           .headers_len = h->headers_len,
                           .body = h->body,
                           .body_len = h->body_len,
                           .verified_peer = h->verified_peer};
    int32_t rc = take_answer(p, &reply, now_ms, 0);
    pr_held_free(h);
    return rc;
}

int32_t payroute_payment_feed_http(payroute_payment *p, int64_t now_ms, int32_t status, const char *headers,
                                   size_t headers_len, const char *body, size_t body_len,
                                   int32_t verified_peer)
{
    int32_t rc = feed_ready(p, now_ms);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    pr_http_reply reply = {.status = status,
                           .headers = headers,
                           .headers_len = headers != NULL ? headers_len : 0,
                           .body = body != NULL ? body : "",
                           .body_len = body != NULL ? body_len : 0,
                           .verified_peer = verified_peer == 1};
    if (p->ex.op == PR_OP_FETCH) {
        pr_fetch_take(p, &reply, now_ms);
        return read_held(p, now_ms);
    }
    return take_answer(p, &reply, now_ms, 1);
}

int32_t payroute_payment_feed_failure(payroute_payment *p, int64_t now_ms, int32_t not_sent,
                                      int32_t curl_code)
{
    int32_t rc = feed_ready(p, now_ms);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    if (p->ex.op == PR_OP_FETCH) {
        return read_held(p, now_ms);
    }
    return take_event(p, not_sent ? PR_EV_NOT_SENT : PR_EV_UNCLEAR, not_sent ? PR_AE_NOT_SENT : PR_AE_UNCLEAR,
                      now_ms, curl_code);
}

int32_t payroute_payment_feed_code(payroute_payment *p, int64_t now_ms, const char *status, const char *code,
                                   const char *provider_id, const char *show)
{
    int32_t rc = feed_ready(p, now_ms);
    if (rc != PAYROUTE_OK || status == NULL) {
        return rc != PAYROUTE_OK ? rc : PAYROUTE_E_ARG;
    }
    const pr_adapter *adapter = pr_flow_adapter(p, p->ex.n);
    if ((p->pay.attempts[p->ex.n - 1].facts.flags & PR_FACT_HOST_DRIVEN) == 0 || adapter == NULL ||
        adapter->read_code == NULL) {
        return PAYROUTE_E_UNSUPPORTED;
    }
    pr_subject subject;
    uint8_t fresh[32];
    pr_reading reading;
    pr_reading_init(&reading);
    rc = pr_pool_next(p, fresh);
    if (rc == PAYROUTE_OK) {
        pr_subject_fill(&subject, p, &p->ex, now_ms, fresh);
        rc = adapter->read_code(&reading, p->ex.op, p->ex.step, &subject, code, status, provider_id);
    }
    if (rc == PAYROUTE_OK && show != NULL && strlen(show) <= PR_SHOW_MAX) {
        pr_buf_put(&reading.show, show);
        reading.show_kind = strncmp(show, "https://", 8) == 0 ? PR_SHOW_URL : PR_SHOW_QR;
        rc = reading.show.rc;
    }
    if (rc != PAYROUTE_OK) {
        pr_reading_free(&reading); /* an unknown word changes nothing: the exchange stays armed */
        return rc;
    }
    return take_reading(p, &reading, now_ms);
}

int32_t payroute_payment_feed_saved(payroute_payment *p, int64_t payment_id)
{
    if (p == NULL) {
        return PAYROUTE_E_ARG;
    }
    if (!p->pay.dirty || p->conflict || payment_id <= 0) {
        return PAYROUTE_E_STATE;
    }
    p->id = payment_id;
    pr_rows_drop(p);
    pr_tell_saved(p);
    return PAYROUTE_OK;
}

int32_t payroute_payment_feed_conflict(payroute_payment *p)
{
    if (p == NULL) {
        return PAYROUTE_E_ARG;
    }
    if (!p->pay.dirty || p->conflict) {
        return PAYROUTE_E_STATE;
    }
    p->conflict = 1;
    pr_tell_forget(p);
    return PAYROUTE_OK;
}

int32_t payroute_payment_feed_notice(payroute_payment *p, const payroute_notice *notice, int64_t now_ms)
{
    if (p == NULL || notice == NULL || now_ms <= 0) {
        return PAYROUTE_E_ARG;
    }
    if (p->conflict || p->ex.armed) {
        return PAYROUTE_E_STATE;
    }
    return pr_notice_fold(p, notice, now_ms);
}
