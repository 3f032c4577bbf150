/* The host acts with its own SDK and reports in words and codes: its word is the evidence, our catalogue the
 * translator. */
#include "adapters/common.h"

#include <string.h>

static int32_t custom_content(pr_buf *out, const pr_subject *subject, const pr_wish *wish, pr_text *why)
{
    const char *return_url =
        wish->return_url && wish->return_url[0] ? wish->return_url : subject->channel->return_url;
    int32_t rc = pr_adapter_url_check(return_url, "return_url", why);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    payroute_json_out *json = payroute_json_out_new();
    payroute_json_out_object(json, NULL);
    payroute_json_out_string(json, "reference", subject->reference);
    payroute_json_out_integer(json, "amount_minor", subject->amount_minor);
    payroute_json_out_string(json, "currency", subject->currency);
    payroute_json_out_string(json, "method", subject->method);
    payroute_json_out_string(json, "flow", subject->flow);
    const char *const names[] = {"subject", "instrument", "customer", "return_url", "order_hash"};
    const char *const values[] = {wish->subject, wish->instrument, wish->customer, return_url,
                                  wish->order_hash};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (values[i] && values[i][0]) {
            payroute_json_out_string(json, names[i], values[i]);
        }
    }
    payroute_json_out_flag(json, "hold", wish->hold != 0);
    if (wish->authenticate) {
        payroute_json_out_flag(json, "authenticate", 1);
    }
    payroute_json_out_integer(json, "expire_ms", subject->expire_ms);
    payroute_json_out_end(json);
    return pr_content_finish(out, json, why);
}

static int32_t custom_build(pr_http_request *out, int32_t operation, int32_t step, const pr_subject *subject,
                            pr_text *why)
{
    (void)out, (void)operation, (void)step, (void)subject;
    pr_text_put(
        why,
        "a custom channel is driven by the host: act with your own SDK and report the outcome as a code");
    return PAYROUTE_E_UNSUPPORTED;
}

static int32_t custom_read(pr_reading *out, int32_t operation, int32_t step, const pr_subject *subject,
                           const pr_http_reply *reply)
{
    (void)step, (void)subject;
    pr_reading_unclear(out, operation, PR_EVIDENCE_NONE)->http_status = reply->status;
    return PAYROUTE_OK;
}

/* A status word, and what it says in answer to a send, to a query, to an action, to an action's query. */
typedef struct status_word {
    const char *word;
    int32_t on_create;
    int32_t on_query;
    int32_t on_action;
    int32_t on_action_query;
} status_word;

static const status_word status_words[] = {
    {"paid", PR_EV_PAID, PR_EV_PAID, PR_AE_UNCLEAR, PR_AE_UNCLEAR},
    {"authorized", PR_EV_AUTH, PR_EV_AUTH, PR_AE_UNCLEAR, PR_AE_UNCLEAR},
    {"declined", PR_EV_DECLINED, PR_EV_ST_DECLINED, PR_AE_REFUSED, PR_AE_FAILED},
    {"invalid", PR_EV_INVALID, PR_EV_UNCLEAR, PR_AE_REFUSED, PR_AE_UNCLEAR},
    {"refused_before", PR_EV_REFUSED_BEFORE, PR_EV_UNCLEAR, PR_AE_REFUSED_BEFORE, PR_AE_UNCLEAR},
    {"pending", PR_EV_ACCEPTED, PR_EV_ST_PROCESSING, PR_AE_PENDING, PR_AE_PENDING},
    {"action", PR_EV_ACTION_NEEDED, PR_EV_ST_UNPAID, PR_AE_UNCLEAR, PR_AE_UNCLEAR},
    {"unpaid", PR_EV_UNCLEAR, PR_EV_ST_UNPAID, PR_AE_UNCLEAR, PR_AE_UNCLEAR},
    {"not_found", PR_EV_UNCLEAR, PR_EV_ST_NOT_FOUND, PR_AE_NOT_FOUND, PR_AE_NOT_FOUND},
    {"closed", PR_EV_ST_CLOSED, PR_EV_ST_CLOSED, PR_AE_DONE, PR_AE_DONE},
    {"refunded", PR_EV_REVERSED_PART, PR_EV_REVERSED_PART, PR_AE_DONE, PR_AE_DONE},
    {"done", PR_EV_UNCLEAR, PR_EV_UNCLEAR, PR_AE_DONE, PR_AE_DONE},
    {"failed", PR_EV_UNCLEAR, PR_EV_UNCLEAR, PR_AE_REFUSED,
     PR_AE_FAILED}, /* of an action; a payment is "declined" */
    {"unknown", PR_EV_UNCLEAR, PR_EV_UNCLEAR, PR_AE_UNCLEAR, PR_AE_UNCLEAR},
};

static int32_t word_event(const char *word, int32_t operation)
{
    for (size_t i = 0; i < sizeof status_words / sizeof status_words[0]; i++) {
        const status_word *w = &status_words[i];
        if (strcmp(w->word, word) == 0) {
            return operation == PR_OP_CREATE         ? w->on_create
                   : operation == PR_OP_QUERY        ? w->on_query
                   : operation == PR_OP_REFUND_QUERY ? w->on_action_query
                                                     : w->on_action;
        }
    }
    return -1;
}

static const char *act_name(int32_t operation)
{
    static const char *const names[] = {NULL,      "create", "query",        "close", "void",
                                        "capture", "refund", "refund_query", "fetch", "notify"};
    return operation >= 1 && operation <= PR_OP_NOTIFY ? names[operation] : NULL;
}

/* The host's rows may stand under the channel's own name or under `custom`; the nearer one counts. */
static void explain_code(pr_fact *f, const pr_subject *subject, int32_t operation)
{
    pr_fact_explain(f, subject, subject->channel->id, act_name(operation), NULL);
    if (f->meaning.level != PR_MATCH_OVERLAY) {
        pr_fact_explain(f, subject, "custom", act_name(operation), NULL);
    }
}

static void state_money(pr_fact *f, const pr_subject *subject, int32_t operation)
{
    f->merchant_equal = 1;
    pr_word_copy(f->reference, sizeof f->reference, subject->reference);
    pr_word_copy(f->currency, sizeof f->currency, subject->currency);
    f->amount_minor = subject->amount_minor;
    if (pr_operation_target(operation) == PR_TARGET_ACTION) {
        pr_word_copy(f->action_key, sizeof f->action_key, subject->key);
    }
    if (f->target == PR_TARGET_ATTEMPT && f->event == PR_EV_REVERSED_PART) {
        f->reversed_total_minor = subject->amount_minor; /* "refunded" without a sum: all of it */
    }
    const char *id = f->provider_id[0]                 ? f->provider_id
                     : subject->key && subject->key[0] ? subject->key
                                                       : subject->reference;
    pr_word_copy(f->txn_id, sizeof f->txn_id, id);
}

/* What a close or a void found out about the attempt itself. */
static void state_owner(pr_reading *out, const pr_fact *f, int32_t refunded)
{
    pr_fact *owner = pr_reading_add(out, PR_TARGET_ATTEMPT, PR_EV_UNCLEAR, PR_EVIDENCE_HOST);
    *owner = *f;
    owner->target = PR_TARGET_ATTEMPT;
    if (f->event == PR_AE_NOT_FOUND) {
        owner->event = PR_EV_ST_NOT_FOUND;
        return;
    }
    owner->final = 1;
    owner->event = refunded ? PR_EV_REVERSED_PART : PR_EV_ST_CLOSED;
    owner->reversed_total_minor = refunded ? f->amount_minor : -1;
}

/* The host's word is firmer than a code that nobody knows: a customer who was declined must not be told that we
   are still checking. */
static void settle_meaning(pr_fact *f, int32_t event)
{
    int32_t declined =
        f->target == PR_TARGET_ATTEMPT && (event == PR_EV_DECLINED || event == PR_EV_ST_DECLINED);
    if (!declined || (f->meaning.reason != 0 && f->meaning.reason_class != PR_CLASS_UNKNOWN)) {
        return;
    }
    f->meaning.reason = pr_reason_find("provider_declined");
    f->meaning.name = pr_reason_name(f->meaning.reason);
    f->meaning.reason_class = PR_CLASS_DECLINED_SOFT;
    f->meaning.fault = PR_FAULT_PROVIDER;
    f->meaning.advice = PR_ADVICE_OTHER_CHANNEL;
}

static int32_t custom_read_code(pr_reading *out, int32_t operation, int32_t step, const pr_subject *subject,
                                const char *code, const char *status, const char *provider_id)
{
    (void)step;
    pr_fact *f = pr_reading_unclear(out, operation, PR_EVIDENCE_HOST);
    int32_t has_code = pr_word_copy(f->code, sizeof f->code, code);
    int32_t has_id = pr_word_copy(f->provider_id, sizeof f->provider_id, provider_id);
    if (has_code == 1) {
        explain_code(f, subject, operation);
    }
    int32_t event = -1;
    if (status && status[0]) {
        event = word_event(status, operation);
        if (event < 0) { /* a word that nobody knows: the host made a mistake, which must not end the exchange */
            return PAYROUTE_E_SCHEMA;
        }
    } else if (has_code == 1) {
        event = pr_refusal_event(operation, f->meaning.reason_class);
    }
    if (event < 0 || has_id < 0) {
        return PAYROUTE_OK;
    }
    f->event = event;
    settle_meaning(f, event);
    f->final = !(subject->channel->custom_facts.flags & PR_FACT_CONTAINER) || event == PR_EV_ST_CLOSED;
    state_money(f, subject, operation);
    int32_t undo = operation == PR_OP_CLOSE || operation == PR_OP_VOID;
    if (undo && (event == PR_AE_DONE || event == PR_AE_NOT_FOUND)) {
        state_owner(out, f, status && strcmp(status, "refunded") == 0);
    }
    return PAYROUTE_OK;
}

static void custom_notify(pr_notice *out, const pr_channel *channel, const payroute_catalog *catalog,
                          const pr_keyring *keyring, const pr_http_incoming *in, int64_t now_ms)
{
    (void)channel, (void)catalog, (void)keyring, (void)in, (void)now_ms;
    static const pr_ack no = {404, "text/plain", ""};
    memset(out, 0, sizeof *out);
    pr_reading_init(&out->reading);
    out->stored = out->resend = out->refused = no;
    out->rc = PAYROUTE_E_UNSUPPORTED;
}

const pr_adapter pr_adapter_custom = {
    .provider = "custom",
    .content = custom_content,
    .build = custom_build,
    .show = NULL,
    .read = custom_read,
    .read_code = custom_read_code,
    .notify = custom_notify,
};
