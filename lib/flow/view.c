/* The payment in words, for pages, shops and people: one JSON that says what is, what may still happen, and
   what to tell whom. */
#include "flow/handle.h"

#include <string.h>

static const char *const state_words[] = {"",           "intent",   "unknown",    "waiting",
                                          "processing", "closing",  "authorized", "paid",
                                          "surplus",    "reversed", "failed",     "closed"};
static const char *const status_words[] = {"",         "open",     "pending", "authorized", "paid",
                                           "reversed", "declined", "expired", "cancelled",  "failed"};
static const char *const action_words[] = {"", "close", "void", "capture", "refund"};
static const char *const action_state_words[] = {"", "intent", "unknown", "processing", "done", "failed"};
static const char *const show_words[] = {"", "qr", "url", "form", "client_secret"};
static const char *const review_words[] = {"mismatch",      "unknown_long",  "contradiction", "no_refund",
                                           "refund_failed", "refund_undone", "second_hold",   "held",
                                           "action_long",   "limit"};

static void view_review(payroute_json_out *o, const pr_attempt *a)
{
    payroute_json_out_array(o, "review");
    for (uint32_t i = 0; i < sizeof review_words / sizeof review_words[0]; i++) {
        if ((a->review & 1u << i) != 0) {
            payroute_json_out_string(o, NULL, review_words[i]);
        }
    }
    payroute_json_out_end(o);
}

static void view_attempt(const payroute_payment *p, payroute_json_out *o, int32_t n)
{
    const pr_attempt *a = &p->pay.attempts[n - 1];
    const pr_kept *k = &p->kept[n - 1];
    payroute_json_out_object(o, NULL);
    payroute_json_out_integer(o, "attempt", n);
    payroute_json_out_string(o, "channel", a->channel);
    payroute_json_out_string(o, "method", a->method);
    payroute_json_out_string(o, "flow", a->flow);
    payroute_json_out_string(o, "state", state_words[a->state]);
    payroute_json_out_string(o, "reference", a->reference);
    payroute_json_out_integer(o, "step", a->step);
    payroute_json_out_integer(o, "sends", a->sends);
    payroute_json_out_flag(o, "shown", a->shown);
    if (a->authenticate) {
        payroute_json_out_flag(o, "authenticate", 1); /* for hosts which act themselves */
    }
    payroute_json_out_integer(o, "captured_minor", pr_captured(&p->pay, n));
    payroute_json_out_integer(o, "reversed_minor", pr_reversed(&p->pay, n));
    payroute_json_out_integer(o, "expires_ms", a->expire_ms);
    if (k->provider_id[0] != '\0') {
        payroute_json_out_string(o, "provider_id", k->provider_id);
    }
    if (k->instrument[0] != '\0') {
        payroute_json_out_string(o, "instrument", k->instrument);
    }
    if (a->reason != 0) {
        payroute_json_out_string(o, "reason", pr_reason_name(a->reason));
        payroute_json_out_string(o, "advice", pr_advice_name(a->advice));
    }
    if (a->review != 0) {
        view_review(o, a);
    }
    payroute_json_out_end(o);
}

static void view_action(const payroute_payment *p, payroute_json_out *o, int32_t i)
{
    const pr_action *x = &p->pay.actions[i];
    char key[PR_KEY_CAP];
    pr_action_key(key, &p->pay, x);
    payroute_json_out_object(o, NULL);
    payroute_json_out_string(o, "kind", action_words[x->kind]);
    payroute_json_out_integer(o, "attempt", x->n);
    payroute_json_out_string(o, "key", key);
    payroute_json_out_string(o, "state", action_state_words[x->state]);
    payroute_json_out_integer(o, "amount_minor", x->amount_minor);
    if (x->caller_id[0] != '\0') {
        payroute_json_out_string(o, "caller_id", x->caller_id);
    }
    if (x->reason != 0) {
        payroute_json_out_string(o, "reason", pr_reason_name(x->reason));
    }
    payroute_json_out_end(o);
}

/* The attempt whose payload the customer should have before him now; 0 none. */
static int32_t showing(const payroute_payment *p)
{
    for (int32_t n = p->pay.attempt_count; n >= 1; n--) {
        const pr_attempt *a = &p->pay.attempts[n - 1];
        if (a->state == PR_ST_WAITING && a->has_payload && a->shown && p->kept[n - 1].show != NULL &&
            !pr_unwanted(&p->pay, a, p->pay.last_ms)) {
            return n;
        }
    }
    return 0;
}

static void view_show(const payroute_payment *p, payroute_json_out *o, const char *name, int32_t n)
{
    const pr_kept *k = &p->kept[n - 1];
    payroute_json_out_object(o, name);
    payroute_json_out_string(o, "kind", show_words[k->show_kind]);
    payroute_json_out_bytes(o, "text", k->show, k->show_len);
    payroute_json_out_integer(o, "attempt", n);
    payroute_json_out_string(o, "channel", p->pay.attempts[n - 1].channel);
    payroute_json_out_integer(o, "expires_ms", p->pay.attempts[n - 1].expire_ms);
    payroute_json_out_end(o);
}

/* The shop's own word is the reason where it is one of these; else the texts speak of its own list. */
static int32_t denial_reason(const payroute_payment *p)
{
    static const char *const words[] = {"risk_blocked", "legal_restriction", "method_not_available",
                                        "amount_not_accepted"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i], p->denied.reason) == 0) {
            return pr_reason_find(words[i]);
        }
    }
    return pr_reason_find("blocklisted");
}

/* Which reason the words are about: the newest refusal, unless the payment is well. */
static int32_t telling_reason(const payroute_payment *p, int32_t status)
{
    if (status == PR_STATUS_PAID || status == PR_STATUS_AUTHORIZED || status == PR_STATUS_REVERSED ||
        status == PR_STATUS_CANCELLED) {
        return 0;
    }
    if (status == PR_STATUS_DECLINED && p->denied.reason[0] != '\0') {
        return denial_reason(p);
    }
    for (int32_t n = p->pay.attempt_count; n >= 1; n--) {
        const pr_attempt *a = &p->pay.attempts[n - 1];
        if (!pr_state_free(a->state)) {
            return a->state == PR_ST_UNKNOWN ? pr_reason_find("unknown_outcome") : 0;
        }
        if (a->reason != 0) {
            return a->reason;
        }
    }
    return 0;
}

/* Texts have placeholders; each is replaced where its value is known and dropped with its braces where it
   is not. */
static void put_text(const payroute_payment *p, payroute_json_out *o, const char *name, const char *text,
                     int32_t n)
{
    pr_buf b;
    pr_buf_init(&b);
    while (*text != '\0') {
        const char *open = strchr(text, '{');
        const char *shut = open != NULL ? strchr(open, '}') : NULL;
        if (shut == NULL) {
            pr_buf_put(&b, text);
            break;
        }
        pr_buf_bytes(&b, text, (size_t)(open - text));
        size_t len = (size_t)(shut - open - 1);
        if (len == 9 && memcmp(open + 1, "reference", 9) == 0) {
            pr_buf_put(&b, n > 0 ? p->pay.attempts[n - 1].reference : p->order_id);
        } else if (len == 7 && memcmp(open + 1, "channel", 7) == 0 && n > 0) {
            const pr_channel *c = p->kept[n - 1].channel;
            pr_buf_put(&b, c != NULL && c->title != NULL ? c->title : p->pay.attempts[n - 1].channel);
        } else if (len == 7 && memcmp(open + 1, "channel", 7) == 0) {
            pr_buf_put(&b, p->denied.rule); /* no channel said it */
        }
        text = shut + 1;
    }
    if (b.rc == PAYROUTE_OK) {
        payroute_json_out_bytes(o, name, b.at != NULL ? b.at : "", b.len);
    }
    pr_buf_free(&b);
}

/* Where the merchant mends it, when there is such a place. */
static void view_place(const payroute_payment *p, payroute_json_out *o, int32_t reason, const char *locale, int32_t n)
{
    const pr_channel *c = n > 0 ? p->kept[n - 1].channel : NULL;
    const char *provider = c != NULL ? c->provider->name : "";
    if (payroute_reason_place(provider, reason, locale)[0] != '\0') {
        payroute_json_out_object(o, "place");
        payroute_json_out_string(o, "name", payroute_reason_place(provider, reason, locale));
        payroute_json_out_string(o, "url", payroute_reason_place_url(provider, reason));
        payroute_json_out_end(o);
    }
}

static void view_guidance(const payroute_payment *p, payroute_json_out *o, int32_t status, const char *locale)
{
    int32_t reason = telling_reason(p, status);
    int32_t denied = status == PR_STATUS_DECLINED && p->denied.reason[0] != '\0';
    int32_t n = denied ? 0 : p->pay.attempt_count;
    if (reason == 0) {
        return;
    }
    while (n > 1 && p->pay.attempts[n - 1].reason == 0) {
        n--;
    }
    payroute_json_out_object(o, "guidance");
    payroute_json_out_string(o, "reason", pr_reason_name(reason));
    if (n > 0 && p->pay.attempts[n - 1].reason == reason) {
        payroute_json_out_string(o, "advice", pr_advice_name(p->pay.attempts[n - 1].advice));
    }
    payroute_json_out_string(o, "locale", locale);
    put_text(p, o, "customer", pr_catalog_text(p->catalog, reason, PR_AUDIENCE_CUSTOMER, locale), n);
    put_text(p, o, "merchant", pr_catalog_text(p->catalog, reason, PR_AUDIENCE_MERCHANT, locale), n);
    view_place(p, o, reason, locale, n);
    if (n > 0 && p->kept[n - 1].message[0] != '\0') {
        payroute_json_out_string(o, "provider_message", p->kept[n - 1].message);
    }
    payroute_json_out_end(o);
}

static void view_head(const payroute_payment *p, payroute_json_out *o, int32_t status, int32_t final)
{
    int64_t captured = 0;
    int64_t reversed = 0;
    int32_t review = 0;
    for (int32_t n = 1; n <= p->pay.attempt_count; n++) {
        captured = pr_add_ms(captured, pr_captured(&p->pay, n)); /* saturates, as each sum does */
        reversed = pr_add_ms(reversed, pr_reversed(&p->pay, n));
        review |= p->pay.attempts[n - 1].review;
    }
    payroute_json_out_integer(o, "payment_id", p->id);
    payroute_json_out_string(o, "order_id", p->order_id);
    payroute_json_out_integer(o, "amount_minor", p->pay.amount_minor);
    payroute_json_out_string(o, "currency", p->pay.currency);
    payroute_json_out_string(o, "status", status_words[status]);
    payroute_json_out_flag(o, "final", final);
    payroute_json_out_flag(o, "may_still_pay", final && pr_may_still_pay(&p->pay));
    payroute_json_out_flag(o, "review", review != 0);
    payroute_json_out_integer(o, "winner", p->pay.winner);
    payroute_json_out_integer(o, "captured_minor", captured);
    payroute_json_out_integer(o, "reversed_minor", reversed);
    payroute_json_out_integer(o, "deadline_ms", p->pay.deadline_ms);
    int64_t wake = payroute_payment_wake_ms(p);
    if (wake != INT64_MAX) {
        payroute_json_out_integer(o, "wake_ms", wake);
    }
}

const char *payroute_payment_view(payroute_payment *p, const char *locale, size_t *len)
{
    int32_t final = 0;
    if (p == NULL) {
        return NULL;
    }
    if (p->view == NULL) {
        p->view = payroute_json_out_new();
    }
    payroute_json_out *o = p->view;
    const char *own = p->order.locale[0] != '\0' ? p->order.locale : pr_registry_locale(p->registry);
    int32_t status = pr_status(&p->pay, p->pay.last_ms, &final);
    payroute_json_out_reset(o);
    payroute_json_out_object(o, NULL);
    view_head(p, o, status, final);
    int32_t n = showing(p);
    if (n > 0) {
        view_show(p, o, "show", n);
    }
    view_guidance(p, o, status, locale != NULL ? locale : own);
    if (p->denied.reason[0] != '\0') {
        payroute_json_out_object(o, "denied");
        payroute_json_out_string(o, "rule", p->denied.rule);
        payroute_json_out_string(o, "reason", p->denied.reason);
        payroute_json_out_end(o);
    }
    size_t trace_len = 0;
    const char *trace = payroute_payment_trace(p, &trace_len);
    if (trace_len > 2) {
        payroute_json_out_raw(o, "trace", trace,
                              trace_len); /* a channel was chosen, or none was found, in this very call */
    }
    payroute_json_out_array(o, "attempts");
    for (int32_t i = 1; i <= p->pay.attempt_count; i++) {
        view_attempt(p, o, i);
    }
    payroute_json_out_end(o);
    payroute_json_out_array(o, "actions");
    for (int32_t i = 0; i < p->pay.action_count; i++) {
        view_action(p, o, i);
    }
    payroute_json_out_end(o);
    payroute_json_out_end(o);
    return payroute_json_out_text(o, len);
}

const char *payroute_payment_show(payroute_payment *p, size_t *len)
{
    int32_t n = p != NULL ? showing(p) : 0;
    if (n == 0) {
        return NULL;
    }
    if (p->shown == NULL) {
        p->shown = payroute_json_out_new();
    }
    payroute_json_out_reset(p->shown);
    view_show(p, p->shown, NULL, n);
    return payroute_json_out_text(p->shown, len);
}

const char *payroute_payment_trace(const payroute_payment *p, size_t *len)
{
    const char *text = p != NULL && p->trace != NULL ? payroute_json_out_text(p->trace, len) : NULL;
    if (text == NULL || text[0] == '\0') {
        if (len != NULL) {
            *len = 2;
        }
        return "{}";
    }
    return text;
}
