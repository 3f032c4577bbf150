/* What Stripe's answer says. Answers are not signed: a verified host is their proof, and only objects that
   name our payment count. */
#include "adapters/stripe.h"

#include <string.h>

typedef struct asking {
    int32_t operation;
    int32_t step;
    const pr_subject *subject;
    int32_t status; /* HTTP */
} asking;

static const char *error_text(const payroute_json_node *error, const char *name)
{
    const char *text = payroute_json_string(payroute_json_get(error, name));
    return text ? text : "";
}

static int32_t is_code(const payroute_json_node *error, const char *code)
{
    return strcmp(error_text(error, "code"), code) == 0;
}

static const char *operation_name(const asking *q)
{
    switch (q->operation) {
    case PR_OP_CREATE:
        return q->step == 1 ? "create" : "confirm";
    case PR_OP_QUERY:
        return "query";
    case PR_OP_CLOSE:
    case PR_OP_VOID:
        return "cancel";
    case PR_OP_CAPTURE:
        return "capture";
    case PR_OP_REFUND:
        return "refund";
    default:
        return "refund_query";
    }
}

static int32_t is_undo(int32_t operation)
{
    return operation == PR_OP_CLOSE || operation == PR_OP_VOID;
}

/* The object is the one we asked about: the id that we know, the reference that we gave. */
static int32_t is_our_intent(const payroute_json_node *intent, const pr_subject *subject)
{
    pr_fact f;
    pr_fact_init(&f);
    if (!pr_stripe_identify(&f, intent)) {
        return 0;
    }
    if (subject->provider_id && subject->provider_id[0] && strcmp(subject->provider_id, f.provider_id) != 0) {
        return 0;
    }
    return !f.reference[0] || strcmp(f.reference, subject->reference) == 0;
}

/* The last fact of the reading, told again to the action whose answer it is. */
static pr_fact *tell_action(pr_reading *out, const pr_fact *of, int32_t event)
{
    pr_fact *f = pr_reading_add(out, PR_TARGET_ACTION, event, of->evidence);
    *f = *of;
    f->target = PR_TARGET_ACTION;
    f->event = event;
    return f;
}

static const pr_fact *find_event(const pr_reading *r, int32_t event)
{
    for (int32_t i = 0; i < r->count; i++) {
        if (r->facts[i].target == PR_TARGET_ATTEMPT && r->facts[i].event == event) {
            return &r->facts[i];
        }
    }
    return NULL;
}

/* ---- answers to an action on a PaymentIntent
 * --------------------------------------------------------------- */

/* A cancel found it canceled, or paid, or still under way. */
static void tell_undo(pr_reading *out)
{
    const pr_fact *closed = find_event(out, PR_EV_ST_CLOSED);
    const pr_fact *paid = find_event(out, PR_EV_PAID);
    if (closed || paid) {
        tell_action(out, closed ? closed : paid, closed ? PR_AE_DONE : PR_AE_FAILED);
    } else {
        tell_action(out, &out->facts[0], PR_AE_UNCLEAR);
    }
}

/* The machine tells the owner what a capture brought; two statements of one capture would be one too many. */
static int32_t read_capture(pr_reading *out, const pr_fact *base, const payroute_json_node *intent,
                            const pr_subject *subject)
{
    pr_reading r;
    pr_reading_init(&r);
    int32_t rc = pr_stripe_intent(&r, base, intent, PR_STRIPE_NEWS, subject);
    const pr_fact *paid = find_event(&r, PR_EV_PAID);
    const pr_fact *closed = find_event(&r, PR_EV_ST_CLOSED);
    if (closed) {
        *pr_reading_add(out, PR_TARGET_ATTEMPT, PR_EV_ST_CLOSED, closed->evidence) = *closed;
    }
    tell_action(out,
                paid     ? paid
                : closed ? closed
                         : base,
                paid     ? PR_AE_DONE
                : closed ? PR_AE_FAILED
                         : PR_AE_UNCLEAR);
    pr_reading_free(&r);
    return rc;
}

static int32_t read_intent(pr_reading *out, const pr_fact *base, const payroute_json_node *intent,
                           const asking *q)
{
    if (!is_our_intent(intent, q->subject)) {
        *pr_reading_unclear(out, q->operation, base->evidence) = *base;
        return PAYROUTE_OK;
    }
    if (q->operation == PR_OP_CAPTURE) {
        return read_capture(out, base, intent, q->subject);
    }
    int32_t asked = q->operation != PR_OP_CREATE ? PR_STRIPE_STATUS
                    : q->step == 1               ? PR_STRIPE_PREPARE
                                                 : PR_STRIPE_CONFIRM;
    int32_t rc = pr_stripe_intent(out, base, intent, asked, q->subject);
    if (is_undo(q->operation)) {
        tell_undo(out);
    }
    return rc;
}

/* ---- refunds ------------------------------------------------------------------------------------------- */

static int32_t read_refund_object(pr_reading *out, const pr_fact *base, const payroute_json_node *refund,
                                  const pr_subject *subject)
{
    pr_fact f = *base;
    pr_stripe_refund(&f, refund);
    int32_t other = (f.reference[0] && strcmp(f.reference, subject->reference) != 0) ||
                    (f.action_key[0] && strcmp(f.action_key, subject->key) != 0) ||
                    (f.provider_id[0] && subject->provider_id && subject->provider_id[0] &&
                     strcmp(f.provider_id, subject->provider_id) != 0);
    if (other) {
        f = *base;
    }
    *pr_reading_add(out, PR_TARGET_ACTION, PR_AE_UNCLEAR, base->evidence) = f;
    return PAYROUTE_OK;
}

/* The refund that bears our key, in the list of all refunds of the PaymentIntent. */
static int32_t read_refund_list(pr_reading *out, const pr_fact *base, const payroute_json_node *list,
                                const pr_subject *subject)
{
    const payroute_json_node *data = payroute_json_get(list, "data");
    if (payroute_json_type(data) == PAYROUTE_JSON_ARRAY) {
        for (const payroute_json_node *r = payroute_json_first(data); r; r = payroute_json_next(r)) {
            const char *key = pr_stripe_metadata(r, "key");
            if (key && strcmp(key, subject->key) == 0) {
                return read_refund_object(out, base, r, subject);
            }
        }
    }
    pr_fact *f = pr_reading_add(out, PR_TARGET_ACTION, PR_AE_UNCLEAR, base->evidence);
    *f = *base;
    if (payroute_json_type(data) == PAYROUTE_JSON_ARRAY &&
        payroute_json_flag(payroute_json_get(list, "has_more")) == 0) {
        f->event = PR_AE_NOT_FOUND;
        pr_word_copy(f->reference, sizeof f->reference, subject->reference);
    }
    return PAYROUTE_OK;
}

static int32_t read_success(pr_reading *out, const pr_fact *base, const payroute_json_node *root,
                            const asking *q)
{
    if (q->operation == PR_OP_REFUND) {
        return read_refund_object(out, base, root, q->subject);
    }
    if (q->operation == PR_OP_REFUND_QUERY) {
        return strcmp(error_text(root, "object"), "list") == 0
                   ? read_refund_list(out, base, root, q->subject)
                   : read_refund_object(out, base, root, q->subject);
    }
    return read_intent(out, base, root, q);
}

/* ---- refusals ------------------------------------------------------------------------------------------ */

/* "Unexpected state", with the object beside it: the state itself is the answer, unless it is one that the
   refusal does not explain. */
static int32_t read_unexpected(pr_reading *out, const pr_fact *base, const payroute_json_node *intent,
                               const asking *q)
{
    const char *status = error_text(intent, "status");
    int32_t tells = strcmp(status, "succeeded") == 0 || strcmp(status, "canceled") == 0 ||
                    strcmp(status, "processing") == 0 ||
                    (strcmp(status, "requires_capture") == 0 && q->operation == PR_OP_CREATE);
    if (!tells) {
        *pr_reading_unclear(out, q->operation, base->evidence) = *base;
        return PAYROUTE_OK;
    }
    return read_intent(out, base, intent, q);
}

static int32_t missing_event(const payroute_json_node *error, const asking *q)
{
    if (q->operation ==
        PR_OP_CREATE) { /* the customer's token, or our container: only the former is our request's fault */
        return strncmp(error_text(error, "param"), "payment_method", 14) == 0 ? PR_EV_INVALID : PR_EV_UNCLEAR;
    }
    return pr_refusal_event(q->operation, PR_CLASS_NOT_FOUND);
}

/* A decline of the charge by its own type, unless the object beside it says that money moves after all. */
static int32_t declined_event(const payroute_json_node *error, const asking *q)
{
    const char *status = error_text(payroute_json_get(error, "payment_intent"), "status");
    if (strcmp(status, "succeeded") == 0 || strcmp(status, "processing") == 0 ||
        strcmp(status, "requires_capture") == 0 || (q->operation == PR_OP_CREATE && q->step == 1)) {
        return pr_operation_target(q->operation) == PR_TARGET_ACTION ? (int32_t)PR_AE_UNCLEAR
                                                                     : (int32_t)PR_EV_UNCLEAR;
    }
    return pr_refusal_event(q->operation, PR_CLASS_DECLINED_SOFT);
}

static int32_t refusal(const pr_fact *f, const payroute_json_node *error, const asking *q)
{
    const char *type = error_text(error, "type");
    int32_t unclear = pr_operation_target(q->operation) == PR_TARGET_ACTION ? (int32_t)PR_AE_UNCLEAR
                                                                            : (int32_t)PR_EV_UNCLEAR;
    if (strcmp(type, "idempotency_error") == 0 || is_code(error, "idempotency_key_in_use")) {
        return unclear; /* another request under our key may have run */
    }
    switch (q->status) {
    case 401:
    case 403:
    case 429:
        return pr_refusal_event(q->operation, PR_CLASS_REFUSED_BEFORE);
    case 402:
        return strcmp(type, "card_error") == 0 ? declined_event(error, q) : unclear;
    case 404:
        return is_code(error, "resource_missing") ? missing_event(error, q) : unclear;
    case 400:
        if (is_code(error, "resource_missing")) {
            return missing_event(error, q);
        }
        return strcmp(type, "invalid_request_error") == 0
                   ? pr_refusal_event(q->operation, f->meaning.reason_class)
                   : unclear;
    default:
        return unclear;
    }
}

static int32_t read_refusal(pr_reading *out, const pr_fact *base, const payroute_json_node *error,
                            const asking *q)
{
    pr_fact told = *base;
    pr_stripe_codes(&told, error, q->subject, operation_name(q));
    const payroute_json_node *intent = payroute_json_get(error, "payment_intent");
    if (q->status == 400 && is_code(error, "payment_intent_unexpected_state") && intent) {
        return read_unexpected(out, &told, intent, q);
    }
    if (intent && !is_our_intent(intent, q->subject)) {
        *pr_reading_unclear(out, q->operation, base->evidence) = told;
        return PAYROUTE_OK;
    }
    if (intent) {
        pr_word_copy(told.provider_id, sizeof told.provider_id, error_text(intent, "id"));
        pr_word_copy(told.reference, sizeof told.reference, pr_stripe_metadata(intent, "reference"));
    }
    pr_fact *f = pr_reading_unclear(out, q->operation, base->evidence);
    *f = told;
    f->target = pr_operation_target(q->operation);
    f->event = refusal(&told, error, q);
    if (is_undo(q->operation) && f->event == PR_AE_NOT_FOUND) {
        pr_fact *owner = pr_reading_add(out, PR_TARGET_ATTEMPT, PR_EV_ST_NOT_FOUND, base->evidence);
        *owner = told;
        owner->target = PR_TARGET_ATTEMPT;
        owner->event = PR_EV_ST_NOT_FOUND;
    }
    return PAYROUTE_OK;
}

/* ---- one answer ---------------------------------------------------------------------------------------- */

static void hints(pr_fact *base, const pr_http_reply *reply, int64_t now_ms)
{
    char text[16];
    base->http_status = reply->status;
    base->retry_after_ms = pr_reply_retry_after(reply, now_ms);
    if (reply->verified_peer) {
        base->provider_ms = pr_reply_date(reply);
    }
    if (pr_header_get(text, sizeof text, reply->headers, reply->headers_len, "Stripe-Should-Retry") == 1) {
        base->should_retry = strcmp(text, "true") == 0 ? 1 : strcmp(text, "false") == 0 ? 0 : -1;
    }
}

int32_t pr_stripe_read(pr_reading *out, int32_t operation, int32_t step, const pr_subject *subject,
                       const pr_http_reply *reply)
{
    asking q = {operation, step, subject, reply->status};
    pr_fact base;
    pr_fact_init(&base);
    base.target = pr_operation_target(operation);
    base.event = base.target == PR_TARGET_ACTION ? (int32_t)PR_AE_UNCLEAR : (int32_t)PR_EV_UNCLEAR;
    base.evidence = pr_reply_evidence(reply);
    hints(&base, reply, subject->now_ms);
    payroute_json *doc = NULL;
    int32_t rc = pr_reply_parse(&doc, reply);
    if (rc == PAYROUTE_OK) {
        const payroute_json_node *root = payroute_json_root(doc);
        const payroute_json_node *error = payroute_json_get(root, "error");
        if (reply->status == 200 && !error) {
            rc = read_success(out, &base, root, &q);
        } else if (reply->status >= 400 && payroute_json_type(error) == PAYROUTE_JSON_OBJECT) {
            rc = read_refusal(out, &base, error, &q);
        }
    } else if (rc != PAYROUTE_E_NOMEM) {
        rc = PAYROUTE_OK;
    }
    payroute_json_free(doc);
    if (out->count == 0) {
        base.evidence = PR_EVIDENCE_NONE;
        *pr_reading_unclear(out, operation, PR_EVIDENCE_NONE) = base;
    }
    return rc;
}
