/* The shop's calls and the person's. Each one checks everything first, changes the payment only if all is
   well, and says in words what was allowed. */
#include "flow/handle.h"

#include <string.h>

static const char *const status_names[] = {"?",        "OPEN",     "PENDING", "AUTHORIZED", "PAID",
                                           "REVERSED", "DECLINED", "EXPIRED", "CANCELLED",  "FAILED"};

static int32_t call_ready(const payroute_payment *p, int64_t now_ms, char *why, size_t why_cap)
{
    if (p == NULL || now_ms <= 0) {
        return PAYROUTE_E_ARG;
    }
    if (p->conflict || p->ex.armed) {
        pr_why(why, why_cap, "an exchange is under way: feed its outcome first");
        return PAYROUTE_E_STATE;
    }
    return PAYROUTE_OK;
}

static int32_t refuse(const payroute_payment *p, char *why, size_t why_cap, const char *allowed)
{
    pr_why(why, why_cap, "the payment is %s; %s", status_names[payroute_payment_status(p)], allowed);
    return PAYROUTE_E_STATE;
}

static int32_t read_wish(payroute_payment *p, pr_order *out, const char *wish, size_t wish_len, char *why,
                         size_t why_cap)
{
    payroute_json *doc = NULL;
    pr_text detail;
    pr_text_init(&detail, why, why_cap);
    *out = p->order;
    out->flow[0] = '\0'; /* another method has other flows, another channel other instruments */
    out->channel[0] = '\0';
    int32_t rc = payroute_json_parse(&doc, wish, wish_len, why, why_cap);
    if (rc == PAYROUTE_OK) {
        rc = pr_order_read(out, payroute_json_root(doc), "", &detail);
    }
    payroute_json_free(doc);
    if (rc == PAYROUTE_OK && out->method[0] == '\0' && out->channel[0] == '\0') {
        pr_why(why, why_cap, "method: expected one, such as \"alipay\" or \"card\"");
        rc = PAYROUTE_E_SCHEMA;
    }
    if (strcmp(out->method, p->order.method) != 0 && strcmp(out->instrument, p->order.instrument) == 0) {
        out->instrument[0] = '\0'; /* a token of one method means nothing to another */
    }
    return rc;
}

/* What is known of the card is not known of another one. Fails only where it changed nothing. */
static int32_t take_wish(payroute_payment *p, const pr_order *order)
{
    if (strcmp(order->instrument, p->order.instrument) != 0 || strcmp(order->method, p->order.method) != 0) {
        pr_known *known = NULL;
        int32_t rc = pr_known_without_card(&known, p->known);
        if (rc != PAYROUTE_OK) {
            return rc;
        }
        pr_known_free(p->known);
        p->known = known;
    }
    p->order = *order;
    p->denied = (pr_denial){"", ""};
    p->pay.wants_start = 1;
    p->pay.no_channel = 0;
    p->pay.backoff_ms = 0;
    p->pay.dirty = 1;
    return PAYROUTE_OK;
}

int32_t payroute_payment_switch(payroute_payment *p, int64_t now_ms, const char *wish, size_t wish_len,
                                char *why, size_t why_cap)
{
    pr_order order;
    int32_t rc = call_ready(p, now_ms, why, why_cap);
    if (rc == PAYROUTE_OK && (p->pay.winner != 0 || p->pay.over != 0 || p->pay.cancelled)) {
        rc = refuse(p, why, why_cap, "switch is for one that is OPEN or PENDING");
    }
    if (rc == PAYROUTE_OK) {
        rc = read_wish(p, &order, wish, wish_len, why, why_cap);
    }
    if (rc == PAYROUTE_OK) {
        rc = take_wish(p, &order);
    }
    for (int32_t i = 0; rc == PAYROUTE_OK && i < p->pay.attempt_count; i++) {
        pr_attempt *a = &p->pay.attempts[i];
        if (!pr_state_free(a->state)) {
            a->switched = 1;
            p->pay.dirty_attempts |= 1u << i;
        }
    }
    return rc;
}

int32_t payroute_payment_retry(payroute_payment *p, int64_t now_ms, const char *wish, size_t wish_len,
                               char *why, size_t why_cap)
{
    pr_order order;
    int32_t rc = call_ready(p, now_ms, why, why_cap);
    if (rc == PAYROUTE_OK && (p->pay.over != PR_STATUS_DECLINED || p->pay.winner != 0)) {
        rc = refuse(p, why, why_cap, "retry is for one that is DECLINED");
    }
    if (rc == PAYROUTE_OK && now_ms >= p->pay.deadline_ms) {
        rc = refuse(p, why, why_cap, "its deadline has passed");
    }
    if (rc == PAYROUTE_OK) {
        rc = read_wish(p, &order, wish, wish_len, why, why_cap);
    }
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    for (int32_t i = 0; i < p->pay.attempt_count; i++) {
        const pr_attempt *a = &p->pay.attempts[i];
        if (order.instrument[0] != '\0' && a->instrument == pr_text_hash(order.instrument) &&
            a->refusal >= PR_REFUSAL_CUSTOMER) {
            pr_why(why, why_cap, "instrument: this one was refused in attempt %d; expected another", (int)i + 1);
            return PAYROUTE_E_STATE;
        }
    }
    rc = take_wish(p, &order);
    for (int32_t i = 0; rc == PAYROUTE_OK && i < p->pay.attempt_count; i++) {
        pr_attempt *a = &p->pay.attempts[i];
        int32_t anew = a->refusal == PR_REFUSAL_SOFT || (a->refusal >= PR_REFUSAL_CUSTOMER && a->instrument == 0);
        if (anew) {
            a->refusal = PR_REFUSAL_NONE; /* the customer asks again, knowing of it */
            p->pay.dirty_attempts |= 1u << i;
        }
    }
    if (rc == PAYROUTE_OK) {
        p->pay.over = 0;
        p->pay.last_refusal = PR_REFUSAL_NONE;
    }
    return rc;
}

int32_t payroute_payment_cancel(payroute_payment *p, int64_t now_ms, char *why, size_t why_cap)
{
    int32_t rc = call_ready(p, now_ms, why, why_cap);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    if (p->pay.winner != 0 && p->pay.attempts[p->pay.winner - 1].state != PR_ST_AUTHORIZED) {
        return refuse(p, why, why_cap, "refund it");
    }
    if (p->pay.cancelled) {
        return PAYROUTE_OK;
    }
    if (p->pay.over != 0 && !(p->pay.over == PR_STATUS_EXPIRED && pr_may_still_pay(&p->pay))) {
        return refuse(p, why, why_cap, "there is nothing to cancel");
    }
    p->pay.over = 0; /* expired, but it can still be paid: from now on late money goes back */
    p->pay.cancelled = 1;
    p->pay.dirty = 1;
    return PAYROUTE_OK;
}

static int32_t caller_ok(const char *caller_id, int64_t amount_minor, char *why, size_t why_cap)
{
    if (caller_id == NULL || caller_id[0] == '\0' || strlen(caller_id) > 64) {
        pr_why(why, why_cap, "caller_id: expected 1 to 64 bytes that name this wish for ever");
        return PAYROUTE_E_ARG;
    }
    if (amount_minor <= 0) {
        pr_why(why, why_cap, "amount_minor: expected more than 0");
        return PAYROUTE_E_RANGE;
    }
    return PAYROUTE_OK;
}

/* 1: that wish is known and the same; 0: new; negative: unfit, untimely, or known with another amount. */
static int32_t money_wish(const payroute_payment *p, int64_t now_ms, int32_t kind, const char *caller_id,
                          int64_t amount_minor, char *why, size_t why_cap)
{
    int32_t rc = call_ready(p, now_ms, why, why_cap);
    if (rc == PAYROUTE_OK) {
        rc = caller_ok(caller_id, amount_minor, why, why_cap);
    }
    int32_t i = rc == PAYROUTE_OK ? pr_action_caller(&p->pay, kind, caller_id) : -1;
    if (i < 0) {
        return rc;
    }
    if (p->pay.actions[i].amount_minor == amount_minor) {
        return 1;
    }
    pr_why(why, why_cap, "caller_id: used before with amount_minor %lld",
           (long long)p->pay.actions[i].amount_minor);
    return PAYROUTE_E_CONFLICT;
}

int32_t payroute_payment_capture(payroute_payment *p, int64_t now_ms, const char *caller_id,
                                 int64_t amount_minor, char *why, size_t why_cap)
{
    int32_t rc = money_wish(p, now_ms, PR_ACT_CAPTURE, caller_id, amount_minor, why, why_cap);
    if (rc != 0) {
        return rc == 1 ? PAYROUTE_OK : rc;
    }
    int32_t n = p->pay.winner;
    if (n == 0 || p->pay.attempts[n - 1].state != PR_ST_AUTHORIZED) {
        return refuse(p, why, why_cap, "capture is for one that is AUTHORIZED");
    }
    for (int32_t i = 0; i < p->pay.action_count; i++) {
        const pr_action *x = &p->pay.actions[i];
        if (x->n == n && (x->kind == PR_ACT_CAPTURE || x->kind == PR_ACT_VOID) && x->state != PR_AS_FAILED) {
            return refuse(p, why, why_cap,
                          x->kind == PR_ACT_VOID ? "it is being voided" : "a capture is under way already");
        }
    }
    if (amount_minor > p->pay.attempts[n - 1].amount_minor) {
        pr_why(why, why_cap, "amount_minor: at most %lld is authorized",
               (long long)p->pay.attempts[n - 1].amount_minor);
        return PAYROUTE_E_RANGE;
    }
    return pr_action_write(&p->pay, n, PR_ACT_CAPTURE, amount_minor, caller_id, now_ms) >= 0
               ? PAYROUTE_OK
               : PAYROUTE_E_LIMIT;
}

int32_t payroute_payment_refund(payroute_payment *p, int64_t now_ms, const char *caller_id,
                                int64_t amount_minor, char *why, size_t why_cap)
{
    int32_t rc = money_wish(p, now_ms, PR_ACT_REFUND, caller_id, amount_minor, why, why_cap);
    if (rc != 0) {
        return rc == 1 ? PAYROUTE_OK : rc;
    }
    int32_t n = p->pay.winner;
    if (n == 0 || p->pay.attempts[n - 1].state != PR_ST_PAID) {
        return refuse(p, why, why_cap, "refund is for one that is PAID");
    }
    if ((p->pay.attempts[n - 1].facts.flags & PR_FACT_REFUND) == 0) {
        pr_why(why, why_cap, "channel %s cannot refund by call: use the provider's console, then resolve",
               p->pay.attempts[n - 1].channel);
        return PAYROUTE_E_UNSUPPORTED;
    }
    int64_t left = pr_captured(&p->pay, n) - pr_reversed(&p->pay, n) - pr_refunds_open(&p->pay, n);
    if (amount_minor > left) {
        pr_why(why, why_cap, "amount_minor: %lld is left to refund", (long long)left);
        return PAYROUTE_E_RANGE;
    }
    return pr_action_write(&p->pay, n, PR_ACT_REFUND, amount_minor, caller_id, now_ms) >= 0
               ? PAYROUTE_OK
               : PAYROUTE_E_LIMIT;
}

static int32_t resolve_fact(payroute_payment *p, int32_t attempt, const char *outcome, const char *who,
                            const char *evidence, int64_t now_ms)
{
    payroute_json_out *json = payroute_json_out_new();
    payroute_json_out_object(json, NULL);
    payroute_json_out_string(json, "resolved", outcome);
    payroute_json_out_string(json, "who", who);
    payroute_json_out_string(json, "evidence", evidence);
    payroute_json_out_end(json);
    int32_t rc = pr_fact_row_add(p, attempt, PR_SOURCE_PERSON, now_ms, json);
    payroute_json_out_free(json);
    return rc;
}

int32_t payroute_payment_resolve(payroute_payment *p, int64_t now_ms, int32_t attempt, const char *outcome,
                                 const char *who, const char *evidence, char *why, size_t why_cap)
{
    static const char *const words[] = {"paid", "not_paid", "refunded"};
    static const int32_t events[] = {PR_EV_RESOLVE_PAID, PR_EV_RESOLVE_NOT_PAID, PR_EV_RESOLVE_REFUNDED};
    int32_t event = 0;
    int32_t rc = call_ready(p, now_ms, why, why_cap);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    for (size_t i = 0; i < 3; i++) {
        event = outcome != NULL && strcmp(outcome, words[i]) == 0 ? events[i] : event;
    }
    if (event == 0) {
        pr_why(why, why_cap, "outcome: expected paid, not_paid or refunded");
        return PAYROUTE_E_SCHEMA;
    }
    if (who == NULL || evidence == NULL || who[0] == '\0' || evidence[0] == '\0' || strlen(who) > 200 ||
        strlen(evidence) > 200) {
        pr_why(why, why_cap, "who, evidence: expected 1 to 200 bytes each");
        return PAYROUTE_E_ARG;
    }
    pr_attempt *a = pr_pay_attempt(&p->pay, attempt);
    if (a == NULL) {
        pr_why(why, why_cap, "attempt: there are %d", (int)p->pay.attempt_count);
        return PAYROUTE_E_NOT_FOUND;
    }
    pr_input in;
    pr_input_init(&in, event, PR_SOURCE_PERSON, now_ms);
    uint16_t seen = a->review;
    a->review = 0; /* what the word itself brings up, such as a refund that only a person can make, stays */
    rc = pr_machine_attempt(&p->pay, attempt, &in);
    if (rc != PAYROUTE_OK) {
        a->review = seen;
    }
    if (rc == PAYROUTE_E_STATE) {
        pr_why(why, why_cap, "attempt %d is %s: %s is not possible there; close, void or refund it first",
               (int)attempt, pr_state_name(a->state), outcome);
        return rc;
    }
    if (rc == PAYROUTE_OK) {
        p->pay.dirty = 1;
        p->pay.dirty_attempts |= 1u << (attempt - 1);
        rc = resolve_fact(p, attempt, outcome, who, evidence, now_ms);
        pr_verdict_settle(&p->pay, now_ms);
    }
    return rc;
}
