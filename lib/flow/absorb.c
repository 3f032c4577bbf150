/* What a provider said goes into the machine, and the texts that came with it are kept. One reading is one
   unit: it is remembered until it is
   saved, so that it can be applied again to fresher rows after a conflict. */
#include "flow/handle.h"

#include <string.h>

static void copy_text(char *out, size_t cap, const char *text)
{
    size_t len = strlen(text);
    if (len < cap) {
        memcpy(out, text, len + 1);
    }
}

enum { OLD_NOTICE_MS = 60000 };

/* A notification may come late or once more: an old one says nothing about the clock of now. */
static void note_clock(payroute_payment *p, const pr_fact *f, int32_t source, int64_t now_ms)
{
    int32_t old = source == PR_SOURCE_NOTICE && f->provider_ms < now_ms - OLD_NOTICE_MS;
    if (f->provider_ms == 0 || f->evidence < PR_EVIDENCE_TLS || old) {
        return;
    }
    pr_clock_compare(&p->pay, f->provider_ms, now_ms);
}

static void keep_ids(payroute_payment *p, const pr_fact *f, int32_t n, int32_t action)
{
    pr_attempt *a = &p->pay.attempts[n - 1];
    pr_kept *k = &p->kept[n - 1];
    int32_t other = f->reference[0] != '\0' && strcmp(f->reference, a->reference) != 0;
    if (f->evidence == PR_EVIDENCE_NONE || f->merchant_equal == 0 || other) {
        return; /* somebody else's order must not become ours */
    }
    if (f->target == PR_TARGET_ATTEMPT && f->provider_id[0] != '\0' && k->provider_id[0] == '\0') {
        copy_text(k->provider_id, sizeof k->provider_id, f->provider_id);
        a->has_id = 1;
        p->pay.dirty = 1; /* their id is durable before the step that uses it */
        p->pay.dirty_attempts |= 1u << (n - 1);
    }
    if (f->target == PR_TARGET_ATTEMPT && f->event == PR_EV_PAID && f->txn_id[0] != '\0' &&
        k->capture_id[0] == '\0') {
        copy_text(k->capture_id, sizeof k->capture_id, f->txn_id);
    }
    if (f->target == PR_TARGET_ACTION && action >= 0 && f->txn_id[0] != '\0' &&
        p->action_ids[action] == NULL) {
        p->action_ids[action] = pr_mem_text(f->txn_id, strlen(f->txn_id));
        p->pay.dirty = 1;
        p->pay.dirty_actions |= 1u << action;
    }
    if (f->instrument[0] != '\0') {
        copy_text(k->instrument, sizeof k->instrument, f->instrument);
    }
    if (f->message[0] != '\0') {
        copy_text(k->message, sizeof k->message, f->message);
    }
}

static int32_t keep_show(payroute_payment *p, const pr_reading *r, int32_t n)
{
    pr_kept *k = &p->kept[n - 1];
    if (r->show_kind == PR_SHOW_NONE || r->show.len == 0 || r->show.len > PR_SHOW_MAX) {
        return PAYROUTE_OK;
    }
    if (k->show != NULL && k->show_kind == r->show_kind && k->show_len == r->show.len &&
        memcmp(k->show, r->show.at, r->show.len) == 0) {
        return PAYROUTE_OK;
    }
    char *text = pr_mem_text(r->show.at, r->show.len);
    if (text == NULL) {
        return PAYROUTE_E_NOMEM;
    }
    pr_mem_free_secret(k->show, k->show_len);
    k->show = text;
    k->show_len = r->show.len;
    k->show_kind = r->show_kind;
    p->pay.dirty = 1;
    p->pay.dirty_attempts |= 1u << (n - 1);
    return PAYROUTE_OK;
}

static void write_fact(payroute_json_out *out, const pr_fact *f, const pr_input *in, int32_t op)
{
    int32_t on_action = f->target == PR_TARGET_ACTION;
    payroute_json_out_object(out, NULL);
    payroute_json_out_integer(out, "operation", op);
    payroute_json_out_string(out, "says",
                             on_action ? pr_action_event_name(f->event) : pr_event_name(f->event));
    payroute_json_out_string(out, "taken_as",
                             on_action ? pr_action_event_name(in->event) : pr_event_name(in->event));
    payroute_json_out_integer(out, "evidence", f->evidence);
    if (f->http_status != 0) {
        payroute_json_out_integer(out, "http", f->http_status);
    }
    if (f->code[0] != '\0') {
        payroute_json_out_string(out, "code", f->code);
    }
    if (f->meaning.reason != 0) {
        payroute_json_out_string(out, "reason", pr_reason_name(f->meaning.reason));
    }
    if (f->amount_minor >= 0) {
        payroute_json_out_integer(out, "amount_minor", f->amount_minor);
        payroute_json_out_string(out, "currency", f->currency);
    }
    if (f->txn_id[0] != '\0') {
        payroute_json_out_string(out, "transaction", f->txn_id);
    }
    payroute_json_out_end(out);
}

static int32_t keep_fact(payroute_payment *p, const pr_fact *f, const pr_input *in, const pr_exchange *ex,
                         int32_t n, int32_t source)
{
    payroute_json_out *json = payroute_json_out_new();
    write_fact(json, f, in, ex->op);
    int32_t rc = pr_fact_row_add(p, n, source, ex->asked_ms, json);
    payroute_json_out_free(json);
    return rc;
}

/* Index of the action that a fact speaks of: the exchange's own, or (from a notification) the one with that
   key. */
static int32_t action_of(const payroute_payment *p, const pr_fact *f, const pr_exchange *ex)
{
    char key[PR_KEY_CAP];
    if (ex->action >= 0) {
        return ex->action;
    }
    for (int32_t i = 0; i < p->pay.action_count && f->action_key[0] != '\0'; i++) {
        pr_action_key(key, &p->pay, &p->pay.actions[i]);
        if (strcmp(key, f->action_key) == 0) {
            return i;
        }
    }
    return -1;
}

/* A notification is a picture of the past, and they come in any order: that the order was open once is a reason
   to ask, not to act, and no contradiction of what was proven since. */
static int32_t asks_only(payroute_payment *p, const pr_input *in, int32_t n, int32_t source, int64_t now_ms)
{
    pr_attempt *a = &p->pay.attempts[n - 1];
    int32_t unpaid = in->event == PR_EV_ST_UNPAID;
    int32_t under_way = unpaid && (a->state == PR_ST_UNKNOWN || a->state == PR_ST_PROCESSING);
    int32_t shut = (unpaid || in->event == PR_EV_ST_PROCESSING) &&
                   (a->state == PR_ST_FAILED || a->state == PR_ST_CLOSED);
    if (source != PR_SOURCE_NOTICE || !(under_way || shut) || !pr_can_look(a)) {
        return 0;
    }
    if (a->check_ms > now_ms) {
        a->check_ms = now_ms;
        p->pay.dirty = 1;
        p->pay.dirty_attempts |= 1u << (n - 1);
    }
    return 1;
}

static int32_t absorb_one(payroute_payment *p, const pr_fact *f, const pr_exchange *ex, int32_t source,
                          int64_t now_ms)
{
    pr_input in;
    int32_t n = ex->n;
    int32_t action = action_of(p, f, ex);
    /* a status that rides on the answer to a close or refund is a statement about the order, not about a
       copy of its creation */
    int32_t as = source == PR_SOURCE_ANSWER && ex->op != PR_OP_CREATE && f->target == PR_TARGET_ATTEMPT
                     ? PR_SOURCE_LOOKUP
                     : source;
    uint8_t before = p->pay.dirty;
    note_clock(p, f, source, now_ms);
    if (f->target == PR_TARGET_ACTION && action < 0) {
        return PAYROUTE_OK;
    }
    if (!pr_judge(&in, p, f, ex->op, n, action, as, now_ms)) {
        return PAYROUTE_OK;
    }
    in.asked_ms = ex->asked_ms;
    in.send_no = source == PR_SOURCE_ANSWER ? ex->send_no : 0;
    in.step = source == PR_SOURCE_ANSWER && ex->op == PR_OP_CREATE ? ex->step : 0;
    in.lease_epoch = ex->epoch;
    if (f->target == PR_TARGET_ACTION && f->event == PR_AE_DONE && in.event != PR_AE_DONE) {
        in.amount_minor = -1;
    }
    keep_ids(p, f, n, action);
    if (f->target == PR_TARGET_ATTEMPT && asks_only(p, &in, n, source, now_ms)) {
        return PAYROUTE_OK;
    }
    p->pay.dirty = 0;
    int32_t rc = f->target == PR_TARGET_ACTION ? pr_machine_action(&p->pay, action, &in)
                                               : pr_machine_attempt(&p->pay, n, &in);
    if (rc == PAYROUTE_E_STATE) {
        rc = PAYROUTE_OK; /* a late word that the state has no use for */
    }
    if (p->pay.dirty && rc == PAYROUTE_OK) {
        rc = keep_fact(p, f, &in, ex, n, source);
    }
    p->pay.dirty |= before | (uint8_t)(p->pay.dirty_attempts != 0 || p->pay.dirty_actions != 0);
    return rc;
}

int32_t pr_absorb(payroute_payment *p, const pr_reading *r, const pr_exchange *ex, int32_t source,
                  int64_t now_ms)
{
    int32_t rc = keep_show(p, r, ex->n);
    pr_unlisted_note(p, r, ex, source);
    for (int32_t target = PR_TARGET_ATTEMPT; target <= PR_TARGET_ACTION; target++) {
        for (int32_t i = 0; i < r->count && rc == PAYROUTE_OK; i++) {
            if (r->facts[i].target == target) {
                rc = absorb_one(p, &r->facts[i], ex, source, now_ms);
            }
        }
    }
    const char *broken = pr_invariant(&p->pay);
    if (PR_NEVER(broken != NULL)) {
        pr_why(p->why, sizeof p->why, "%s", broken);
        return PAYROUTE_E_INTERNAL;
    }
    return rc;
}
