/* What Alipay's answer says. A signature that is there and wrong, or anything that cannot be understood, says
 * nothing. */
#include "adapters/alipay.h"

#include <string.h>

typedef struct answer {
    payroute_json *doc;
    const payroute_json_node *node; /* the object below "<method>_response" or "error_response" */
    int32_t evidence;
    int32_t error_key; /* 1: it stood below "error_response" */
} answer;

static const char *text_of(const answer *a, const char *name)
{
    return payroute_json_text(payroute_json_get(a->node, name));
}

/* "alipay.trade.query" answers below "alipay_trade_query_response". */
static void response_name(char *out, size_t cap, const char *method)
{
    pr_text t;
    pr_text_init(&t, out, cap);
    pr_text_put(&t, method);
    pr_text_put(&t, "_response");
    for (char *p = out; *p; p++) {
        if (*p == '.') {
            *p = '_';
        }
    }
}

/* Once more with the other spelling of the slash: Alipay's signer and its gateway do not always agree on
 * "\/". */
static int32_t verify_respelled(const pr_channel *channel, const char *raw, size_t len, const char *sign)
{
    pr_buf other;
    pr_buf_init(&other);
    int32_t escaped = 0;
    for (size_t i = 0; i + 1 < len; i++) {
        escaped = escaped || (raw[i] == '\\' && raw[i + 1] == '/');
    }
    for (size_t i = 0; i < len; i++) {
        if (raw[i] == '\\' && i + 1 < len && raw[i + 1] != '/') {
            pr_buf_bytes(&other, raw + i, 2); /* an escape of another kind stays whole */
            i++;
        } else if (raw[i] == '\\' && escaped) {
            continue;
        } else if (raw[i] == '/' && !escaped) {
            pr_buf_put(&other, "\\/");
        } else {
            pr_buf_bytes(&other, raw + i, 1);
        }
    }
    int32_t r = other.rc != PAYROUTE_OK
                    ? other.rc
                    : pr_alipay_verifier(channel, other.at ? other.at : "", other.len, sign, NULL);
    pr_buf_free(&other);
    return r;
}

/* By the certificate that the answer names, where it names one that was fetched, else by any configured key.
   1 valid, 0 not (or the certificate must be fetched first), else a result code. */
static int32_t verify_answer(pr_reading *out, const pr_subject *subject, const pr_http_reply *reply, const char *raw,
                             size_t len, const char *cert, const char *sign)
{
    const pr_key *fetched = NULL;
    int32_t known = cert ? pr_alipay_cert_key(&fetched, out, subject, cert) : 1;
    if (known != 1) {
        return known;
    }
    if (fetched) {
        /* A merchant's own certificate leads to the same root: believed only where the host was verified. */
        return reply->verified_peer ? pr_key_verify(fetched, raw, len, sign, strlen(sign)) : 0;
    }
    int32_t who = pr_alipay_verifier(subject->channel, raw, len, sign, NULL);
    if (who == -1) {
        who = verify_respelled(subject->channel, raw, len, sign);
    }
    return who >= 0 ? 1 : who == -1 ? 0 : who;
}

/* 1: usable; 0: it says nothing; E_NOMEM. */
static int32_t open_answer(answer *a, pr_reading *out, const pr_subject *subject, const char *method,
                           const pr_http_reply *reply)
{
    memset(a, 0, sizeof *a);
    if (reply->status != 200) {
        return 0;
    }
    int32_t rc = pr_reply_parse(&a->doc, reply);
    if (rc != PAYROUTE_OK) {
        return rc == PAYROUTE_E_NOMEM ? rc : 0;
    }
    char name[96];
    response_name(name, sizeof name, method);
    const payroute_json_node *root = payroute_json_root(a->doc);
    const payroute_json_node *proper = payroute_json_get(root, name);
    const payroute_json_node *error = payroute_json_get(root, "error_response");
    if ((proper != NULL) == (error != NULL)) {
        return 0; /* neither, or both */
    }
    a->error_key = error != NULL;
    a->node = proper ? proper : error;
    const char *raw = NULL;
    size_t raw_len = 0;
    if (payroute_json_type(a->node) != PAYROUTE_JSON_OBJECT ||
        !pr_alipay_member(&raw, &raw_len, reply->body, reply->body_len, proper ? name : "error_response")) {
        return 0;
    }
    const payroute_json_node *sign_node = payroute_json_get(root, "sign");
    const char *sign = payroute_json_string(sign_node);
    if (!sign_node || (sign && !sign[0])) {
        a->evidence = pr_reply_evidence(reply);
        return 1;
    }
    if (!sign) {
        return 0;
    }
    const char *cert = payroute_json_string(payroute_json_get(root, "alipay_cert_sn"));
    int32_t valid = verify_answer(out, subject, reply, raw, raw_len, cert, sign);
    a->evidence = PR_EVIDENCE_SIGNED;
    return valid == 1 ? 1 : valid == PAYROUTE_E_NOMEM ? valid : 0;
}

/* ---- facts --------------------------------------------------------------------------------------------- */

/* What every statement of the answer shares. 0: it speaks of another order, or its fields are unfit. */
static int32_t fill_common(pr_fact *f, const answer *a, const pr_subject *subject, const pr_http_reply *reply)
{
    f->http_status = reply->status;
    if (f->evidence >= PR_EVIDENCE_TLS && reply->verified_peer) {
        f->provider_ms = pr_reply_date(reply);
    }
    if (pr_word_copy(f->reference, sizeof f->reference, text_of(a, "out_trade_no")) < 0 ||
        pr_word_copy(f->provider_id, sizeof f->provider_id, text_of(a, "trade_no")) < 0) {
        return 0;
    }
    if (f->reference[0] && strcmp(f->reference, subject->reference) != 0) {
        return 0;
    }
    const char *seller = text_of(a, "seller_id");
    const char *ours = pr_credential_get(subject->channel, subject->credential_version, "seller_id");
    if (seller && ours) {
        f->merchant_equal = strcmp(seller, ours) == 0;
    }
    return 1;
}

/* 1 read; 0 absent; -1 unreadable. */
static int32_t amount_of(int64_t *minor, const answer *a, const char *name)
{
    const char *text = text_of(a, name);
    if (!text) {
        return 0;
    }
    return payroute_amount_parse(minor, "CNY", text, strlen(text)) == PAYROUTE_OK ? 1 : -1;
}

static void say(pr_fact *f, int32_t target, int32_t event)
{
    f->target = target;
    f->event = event;
}

static pr_fact *again_as(pr_reading *out, const pr_fact *of, int32_t target, int32_t event)
{
    pr_fact *f = pr_reading_add(out, target, event, of->evidence);
    *f = *of;
    say(f, target, event);
    return f;
}

static int32_t read_create(pr_reading *out, pr_fact *f, const answer *a)
{
    int32_t shown =
        pr_reading_show(out, PR_SHOW_QR, payroute_json_string(payroute_json_get(a->node, "qr_code")));
    if (shown == 1) {
        say(f, PR_TARGET_ATTEMPT, PR_EV_ACTION_NEEDED);
    }
    return shown < 0 ? shown : PAYROUTE_OK;
}

static void read_query(pr_fact *f, const answer *a)
{
    const char *status = text_of(a, "trade_status");
    int64_t amount = -1;
    int32_t stated = amount_of(&amount, a, "total_amount");
    const char *abroad = text_of(a, "trans_currency");
    if (!status || stated < 0 || !f->reference[0]) {
        return;
    }
    if (stated == 1) {
        f->amount_minor = amount;
        memcpy(f->currency, "CNY", 4); /* total_amount is in yuan unless the trade names another currency */
        if (abroad && pr_word_copy(f->currency, sizeof f->currency, abroad) < 0) {
            return;
        }
    }
    if (strcmp(status, "TRADE_SUCCESS") == 0 || strcmp(status, "TRADE_FINISHED") == 0) {
        memcpy(f->txn_id, f->provider_id, sizeof f->txn_id);
        say(f, PR_TARGET_ATTEMPT, PR_EV_PAID);
    } else if (strcmp(status, "WAIT_BUYER_PAY") == 0) {
        say(f, PR_TARGET_ATTEMPT, PR_EV_ST_UNPAID);
    } else if (strcmp(status, "TRADE_CLOSED") ==
               0) { /* unpaid and over, or paid and wholly refunded: the fold knows which */
        f->final = 1;
        say(f, PR_TARGET_ATTEMPT, PR_EV_ST_CLOSED);
    }
}

static void read_close(pr_reading *out, pr_fact *f)
{
    if (!f->reference[0]) {
        return;
    }
    say(f, PR_TARGET_ACTION, PR_AE_DONE);
    f->final = 1;
    again_as(out, f, PR_TARGET_ATTEMPT, PR_EV_ST_CLOSED);
}

/* A success without `action` was seen for orders that do not exist: it proves nothing. */
static void read_cancel(pr_reading *out, pr_fact *f, const answer *a, const pr_subject *subject)
{
    const char *action = text_of(a, "action");
    const char *again = text_of(a, "retry_flag");
    if (!again || strcmp(again, "N") != 0 || !f->reference[0]) {
        return;
    }
    if (!action) {
        say(f, PR_TARGET_ACTION, PR_AE_NOT_FOUND);
    } else if (strcmp(action, "close") == 0) {
        read_close(out, f);
    } else if (strcmp(action, "refund") == 0) {
        say(f, PR_TARGET_ACTION, PR_AE_DONE);
        f->final = 1;
        memcpy(f->txn_id, f->provider_id, sizeof f->txn_id);
        f->amount_minor = subject->attempt_amount_minor; /* a cancel gives back all there is */
        f->reversed_total_minor = subject->attempt_amount_minor;
        memcpy(f->currency, "CNY", 4);
        again_as(out, f, PR_TARGET_ATTEMPT, PR_EV_REVERSED_PART);
    }
}

static void read_refund(pr_fact *f, const answer *a, const pr_subject *subject)
{
    const char *moved = text_of(a, "fund_change");
    int64_t total = -1;
    int32_t stated =
        amount_of(&total, a, "refund_fee"); /* all refunds of the trade so far, not this one's amount */
    if (!moved || stated < 0 || !f->reference[0] || (stated == 1 && total < subject->amount_minor)) {
        return;
    }
    f->reversed_total_minor = stated == 1 ? total : -1;
    pr_word_copy(f->action_key, sizeof f->action_key, subject->key);
    pr_word_copy(f->txn_id, sizeof f->txn_id, subject->key);
    if (strcmp(moved, "Y") == 0) {
        say(f, PR_TARGET_ACTION, PR_AE_DONE);
    } else if (strcmp(moved, "N") == 0) {
        say(f, PR_TARGET_ACTION,
            PR_AE_PENDING); /* "no money moved by this call": a repeat says so too, the query decides */
    }
}

static void read_refund_query(pr_fact *f, const answer *a, const pr_subject *subject)
{
    const char *status = text_of(a, "refund_status");
    const char *key = text_of(a, "out_request_no");
    int64_t amount = -1;
    int32_t stated = amount_of(&amount, a, "refund_amount");
    if (stated < 0 || (key && strcmp(key, subject->key) != 0)) {
        return;
    }
    if (!status || !status[0]) { /* never arrived, or failed */
        say(f, PR_TARGET_ACTION, PR_AE_NOT_FOUND);
        return;
    }
    if (strcmp(status, "REFUND_SUCCESS") == 0 && key) {
        f->amount_minor = stated == 1 ? amount : -1;
        memcpy(f->currency, "CNY", 4);
        pr_word_copy(f->action_key, sizeof f->action_key, key);
        pr_word_copy(f->txn_id, sizeof f->txn_id, key);
        say(f, PR_TARGET_ACTION, PR_AE_DONE);
    }
}

/* ---- refusals ------------------------------------------------------------------------------------------ */

static const char *catalog_operation(int32_t operation)
{
    switch (operation) {
    case PR_OP_CREATE:
        return "create";
    case PR_OP_QUERY:
        return "query";
    case PR_OP_CLOSE:
        return "close";
    case PR_OP_VOID:
        return "cancel";
    case PR_OP_REFUND:
        return "refund";
    default:
        return "refund_query";
    }
}

static void read_error(pr_reading *out, pr_fact *f, const answer *a, int32_t operation,
                       const pr_subject *subject)
{
    const char *code = text_of(a, "code");
    const char *sub = text_of(a, "sub_code");
    const char *message = text_of(a, "sub_msg") ? text_of(a, "sub_msg") : text_of(a, "msg");
    if (pr_word_copy(f->code, sizeof f->code, sub && sub[0] ? sub : code) != 1) {
        f->code[0] = '\0';
        return;
    }
    pr_word_copy(f->layer, sizeof f->layer, sub && sub[0] ? "sub_code" : "code");
    pr_message_copy(f->message, sizeof f->message, message, subject->channel);
    pr_fact_explain(f, subject, "alipay", catalog_operation(operation), message);
    if (!code || strlen(code) != 5 || strncmp(code, "4000", 4) != 0) {
        return; /* 20000 and all that is no refusal of our request: the outcome is open, whatever the sub-code
                 */
    }
    int32_t event = pr_refusal_event(operation, f->meaning.reason_class);
    say(f, pr_operation_target(operation), event);
    if (f->target == PR_TARGET_ACTION && event == PR_AE_NOT_FOUND && operation != PR_OP_REFUND_QUERY) {
        again_as(out, f, PR_TARGET_ATTEMPT, PR_EV_ST_NOT_FOUND);
    } else if (f->target == PR_TARGET_ACTION && event == PR_AE_DONE) { /* "it is closed already" */
        f->final = 1;
        again_as(out, f, PR_TARGET_ATTEMPT, PR_EV_ST_CLOSED);
    }
}

static int32_t read_by_operation(pr_reading *out, pr_fact *f, const answer *a, int32_t operation,
                                 const pr_subject *subject)
{
    const char *code = text_of(a, "code");
    const char *sub = text_of(a, "sub_code");
    if (!code) {
        return PAYROUTE_OK;
    }
    if (strcmp(code, "10000") != 0 || a->error_key || (sub && sub[0])) {
        if (strcmp(code, "10000") != 0) { /* a success with a refusal's code contradicts itself */
            read_error(out, f, a, operation, subject);
        }
        return PAYROUTE_OK;
    }
    if (a->evidence < PR_EVIDENCE_SIGNED) {
        return PAYROUTE_OK; /* every success is signed: one that is not may be anybody's */
    }
    switch (operation) {
    case PR_OP_CREATE:
        return f->reference[0] ? read_create(out, f, a) : PAYROUTE_OK;
    case PR_OP_QUERY:
        read_query(f, a);
        break;
    case PR_OP_CLOSE:
        read_close(out, f);
        break;
    case PR_OP_VOID:
        read_cancel(out, f, a, subject);
        break;
    case PR_OP_REFUND:
        read_refund(f, a, subject);
        break;
    default:
        read_refund_query(f, a, subject);
        break;
    }
    return PAYROUTE_OK;
}

int32_t pr_alipay_read(pr_reading *out, int32_t operation, int32_t step, const pr_subject *subject,
                       const pr_http_reply *reply)
{
    (void)step;
    const char *method = pr_alipay_method(operation, subject->flow);
    answer a;
    int32_t usable = method ? open_answer(&a, out, subject, method, reply) : 0;
    if (!method || usable <= 0) {
        pr_reading_unclear(out, operation, PR_EVIDENCE_NONE)->http_status = reply->status;
        if (method) {
            payroute_json_free(a.doc);
        }
        return usable < 0 ? usable : PAYROUTE_OK;
    }
    pr_fact *f = pr_reading_unclear(out, operation, a.evidence);
    int32_t rc = PAYROUTE_OK;
    if (fill_common(f, &a, subject, reply)) {
        rc = read_by_operation(out, f, &a, operation, subject);
    }
    payroute_json_free(a.doc);
    return rc;
}
