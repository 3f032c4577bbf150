/* What Stripe's objects state, wherever they stand: in an answer, inside an error, in a webhook. */
#include "adapters/stripe.h"

#include <string.h>

static const char *str(const payroute_json_node *object, const char *name)
{
    return payroute_json_string(payroute_json_get(object, name));
}

const char *pr_stripe_metadata(const payroute_json_node *object, const char *name)
{
    return str(payroute_json_get(object, "metadata"), name);
}

/* ---- codes --------------------------------------------------------------------------------------------- */

static const char *first_of(const char *a, const char *b)
{
    return a && a[0] ? a : b;
}

/* A decline code that nobody knows yet stands beside a code and a type that say what it is: a decline. */
static void explain_wider(pr_fact *f, const payroute_json_node *error, const pr_subject *subject,
                          const char *operation)
{
    static const char *const wider[] = {"code", "type"};
    for (size_t i = 0; i < 2 && f->meaning.reason_class == PR_CLASS_UNKNOWN; i++) {
        pr_fact known = *f;
        if (pr_word_copy(known.code, sizeof known.code, str(error, wider[i])) == 1) {
            pr_word_copy(known.layer, sizeof known.layer, wider[i]);
            pr_fact_explain(&known, subject, "stripe", operation, str(error, "message"));
            f->meaning = known.meaning;
        }
    }
}

void pr_stripe_codes(pr_fact *f, const payroute_json_node *error, const pr_subject *subject,
                     const char *operation)
{
    const char *const layers[] = {"decline_code", "code", "type"}; /* the most telling first */
    const char *code = NULL;
    for (size_t i = 0; i < 3 && !(code && code[0]); i++) {
        code = str(error, layers[i]);
        pr_word_copy(f->layer, sizeof f->layer, layers[i]);
    }
    const payroute_json_node *card = payroute_json_get(payroute_json_get(error, "payment_method"), "card");
    const char *message = str(error, "message");
    pr_word_copy(f->code, sizeof f->code, code);
    pr_word_copy(f->network, sizeof f->network, first_of(str(card, "network"), str(card, "brand")));
    pr_word_copy(f->network_code, sizeof f->network_code, str(error, "network_decline_code"));
    pr_word_copy(f->advice_code, sizeof f->advice_code,
                 first_of(str(error, "advice_code"), str(error, "network_advice_code")));
    pr_message_copy(f->message, sizeof f->message, message, subject->channel);
    pr_fact_explain(f, subject, "stripe", operation, message);
    const char *type = str(error, "type");
    if (type && strcmp(type, "card_error") == 0) {
        explain_wider(f, error, subject, operation);
    }
}

/* ---- money --------------------------------------------------------------------------------------------- */

/* 1 read; 0 absent (or null); -1 unreadable. */
static int32_t minor_of(int64_t *minor, const payroute_json_node *object, const char *name,
                        const char *currency)
{
    const payroute_json_node *node = payroute_json_get(object, name);
    int64_t amount = 0;
    if (!node || payroute_json_type(node) == PAYROUTE_JSON_NULL) {
        return 0;
    }
    if (payroute_json_integer(&amount, node) != PAYROUTE_OK ||
        pr_stripe_amount_in(minor, currency, amount) != PAYROUTE_OK) {
        return -1;
    }
    return 1;
}

static const char *charge_id(const payroute_json_node *intent)
{
    const payroute_json_node *charge = payroute_json_get(intent, "latest_charge");
    return payroute_json_string(charge) ? payroute_json_string(charge) : str(charge, "id");
}

int32_t pr_stripe_identify(pr_fact *f, const payroute_json_node *intent)
{
    const char *object = str(intent, "object");
    if (!object || strcmp(object, "payment_intent") != 0 || !pr_word_plain(str(intent, "id")) ||
        pr_word_copy(f->provider_id, sizeof f->provider_id, str(intent, "id")) != 1 ||
        pr_word_copy(f->reference, sizeof f->reference, pr_stripe_metadata(intent, "reference")) < 0 ||
        pr_stripe_currency(f->currency, str(intent, "currency")) != PAYROUTE_OK) {
        return 0;
    }
    return minor_of(&f->amount_minor, intent, "amount", f->currency) >= 0;
}

static void describe_card(pr_fact *f, const payroute_json_node *charge)
{
    const payroute_json_node *card =
        payroute_json_get(payroute_json_get(charge, "payment_method_details"), "card");
    const char *brand = str(card, "brand");
    const char *last4 = str(card, "last4");
    if (brand && last4 && strlen(last4) == 4 && strlen(brand) + 6 <= sizeof f->instrument) {
        pr_text t;
        pr_text_init(&t, f->instrument, sizeof f->instrument);
        pr_text_put(&t, brand);
        pr_text_put(&t, " ");
        pr_text_put(&t, last4);
    }
    int64_t until = 0;
    if (payroute_json_integer(&until, payroute_json_get(card, "capture_before")) == PAYROUTE_OK &&
        until > 0 && until < INT64_MAX / 1000) {
        f->expires_ms = until * 1000;
    }
}

/* What went back of the money that was taken. Stripe counts the part of a hold that was never captured as
   refunded, too: after a capture of 20300 out of 20675 a charge says amount_refunded 375
   (woocommerce-gateway-stripe issue 1073), and a hold that is let go says all of it. */
int32_t pr_stripe_reversed(int64_t *minor, const payroute_json_node *charge, const char *currency)
{
    int64_t amount = 0, captured = 0, back = 0;
    int32_t has_back = minor_of(&back, charge, "amount_refunded", currency);
    int32_t has_amount = minor_of(&amount, charge, "amount", currency);
    int32_t has_captured = minor_of(&captured, charge, "amount_captured", currency);
    if (has_back < 1 || has_amount < 0 || has_captured < 0) {
        return has_back < 1 ? has_back : -1;
    }
    if (payroute_json_flag(payroute_json_get(charge, "captured")) == 0) {
        captured = 0;
        has_captured = 1;
    }
    int64_t released = has_amount == 1 && has_captured == 1 && captured < amount ? amount - captured : 0;
    *minor = back > released ? back - released : 0;
    return 1;
}

/* The sum that went back of an expanded charge, as a second statement. */
static void add_reversal(pr_reading *out, const pr_fact *paid, const payroute_json_node *charge)
{
    int64_t back = 0;
    if (pr_stripe_reversed(&back, charge, paid->currency) == 1 && back > 0) {
        pr_fact *f = pr_reading_add(out, PR_TARGET_ATTEMPT, PR_EV_REVERSED_PART, paid->evidence);
        *f = *paid;
        f->event = PR_EV_REVERSED_PART;
        f->amount_minor = -1;
        f->reversed_total_minor = back;
    }
}

static void say_money(pr_reading *out, pr_fact *f, const payroute_json_node *intent, const char *name,
                      int32_t event)
{
    const payroute_json_node *charge = payroute_json_get(intent, "latest_charge");
    int64_t amount = -1;
    int32_t stated = minor_of(&amount, intent, name, f->currency);
    const char *id = charge_id(intent);
    if (stated < 0 || pr_word_copy(f->txn_id, sizeof f->txn_id, id ? id : f->provider_id) != 1) {
        return;
    }
    f->amount_minor = stated == 1 ? amount : -1;
    f->event = event;
    describe_card(f, charge);
    if (event == PR_EV_PAID) {
        pr_fact paid = *f;
        add_reversal(out, &paid, charge);
    }
}

/* ---- the payload --------------------------------------------------------------------------------------- */

/* What the customer must follow. 1 kept, 0 none that we can show, E_NOMEM. */
static int32_t show_action(pr_reading *out, const payroute_json_node *intent)
{
    const payroute_json_node *next = payroute_json_get(intent, "next_action");
    const char *type = str(next, "type");
    if (type && strcmp(type, "use_stripe_sdk") == 0) { /* only Stripe's script in the browser can do it */
        return pr_reading_show(out, PR_SHOW_CLIENT_SECRET, str(intent, "client_secret"));
    }
    const payroute_json_node *detail = type ? payroute_json_get(next, type) : NULL;
    if (type && strcmp(type, "wechat_pay_display_qr_code") == 0) {
        return pr_reading_show(out, PR_SHOW_QR, str(detail, "data"));
    }
    const char *url = str(detail, "url");
    if (!url) {
        url = str(detail, "hosted_instructions_url");
    }
    if (!url || pr_adapter_url_check(url, "url", &(pr_text){NULL, 0, 0, 0}) != PAYROUTE_OK) {
        return 0;
    }
    return pr_reading_show(out, PR_SHOW_URL, url);
}

/* ---- status -------------------------------------------------------------------------------------------- */

static void say_unpaid(pr_fact *f, const payroute_json_node *intent, int32_t asked, const pr_subject *subject)
{
    const payroute_json_node *error = payroute_json_get(intent, "last_payment_error");
    if (asked == PR_STRIPE_PREPARE) {
        f->event = PR_EV_ACCEPTED; /* the container stands, nothing was charged */
    } else if (payroute_json_type(error) == PAYROUTE_JSON_OBJECT) {
        pr_stripe_codes(f, error, subject, "confirm");
        f->event = asked == PR_STRIPE_CONFIRM ? PR_EV_DECLINED : PR_EV_ST_DECLINED;
    } else if (asked != PR_STRIPE_CONFIRM) {
        f->event = PR_EV_ST_UNPAID;
    }
}

static int32_t say_action(pr_reading *out, pr_fact *f, const payroute_json_node *intent, int32_t asked)
{
    f->held_by_client = 1;
    int32_t shown = asked == PR_STRIPE_NEWS ? 0 : show_action(out, intent);
    if (asked == PR_STRIPE_STATUS || asked == PR_STRIPE_NEWS) {
        f->event = PR_EV_ST_UNPAID;
    } else if (shown == 1) {
        f->event = PR_EV_ACTION_NEEDED;
    }
    return shown < 0 ? shown : PAYROUTE_OK;
}

int32_t pr_stripe_intent(pr_reading *out, const pr_fact *base, const payroute_json_node *intent,
                         int32_t asked, const pr_subject *subject)
{
    pr_fact *f = pr_reading_add(out, PR_TARGET_ATTEMPT, PR_EV_UNCLEAR, base->evidence);
    *f = *base;
    f->target = PR_TARGET_ATTEMPT;
    f->event = PR_EV_UNCLEAR;
    const char *status = str(intent, "status");
    int32_t lookup = asked == PR_STRIPE_STATUS || asked == PR_STRIPE_NEWS;
    if (!pr_stripe_identify(f, intent) || !status) {
        return PAYROUTE_OK;
    }
    if (strcmp(status, "succeeded") == 0) {
        say_money(out, f, intent, "amount_received", PR_EV_PAID);
    } else if (strcmp(status, "requires_capture") == 0) {
        say_money(out, f, intent, "amount_capturable", PR_EV_AUTH);
    } else if (strcmp(status, "processing") == 0) {
        f->event = lookup ? PR_EV_ST_PROCESSING : PR_EV_ACCEPTED;
    } else if (strcmp(status, "canceled") == 0) {
        f->event = PR_EV_ST_CLOSED;
        f->final = 1;
    } else if (strcmp(status, "requires_action") == 0) {
        return say_action(out, f, intent, asked);
    } else if (strcmp(status, "requires_payment_method") == 0 ||
               strcmp(status, "requires_confirmation") == 0) {
        say_unpaid(f, intent, asked, subject);
    }
    return PAYROUTE_OK;
}

/* ---- refunds ------------------------------------------------------------------------------------------- */

void pr_stripe_refund(pr_fact *f, const payroute_json_node *refund)
{
    const char *object = str(refund, "object");
    const char *status = str(refund, "status");
    f->target = PR_TARGET_ACTION;
    f->event = PR_AE_UNCLEAR;
    if (!object || strcmp(object, "refund") != 0 || !status || !pr_word_plain(str(refund, "id")) ||
        pr_word_copy(f->txn_id, sizeof f->txn_id, str(refund, "id")) != 1 ||
        pr_stripe_currency(f->currency, str(refund, "currency")) != PAYROUTE_OK ||
        minor_of(&f->amount_minor, refund, "amount", f->currency) < 0 ||
        pr_word_copy(f->reference, sizeof f->reference, pr_stripe_metadata(refund, "reference")) < 0 ||
        pr_word_copy(f->action_key, sizeof f->action_key, pr_stripe_metadata(refund, "key")) < 0) {
        return;
    }
    pr_word_copy(f->provider_id, sizeof f->provider_id, str(refund, "payment_intent"));
    if (strcmp(status, "succeeded") == 0) {
        f->event = PR_AE_DONE;
    } else if (strcmp(status, "pending") == 0 || strcmp(status, "requires_action") == 0) {
        f->event = PR_AE_PENDING;
    } else if (strcmp(status, "failed") == 0 || strcmp(status, "canceled") == 0) {
        pr_word_copy(f->code, sizeof f->code, str(refund, "failure_reason"));
        f->event = PR_AE_FAILED;
    }
}
