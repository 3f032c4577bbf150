/* Stripe's objects as JSON, and the test cards. */
#include "sandbox.h"

#include <stdlib.h>
#include <string.h>

static const struct sb_card stripe_cards[] = {
    {"chargeDeclined", "card_declined", "generic_decline", "try_again_later", "05", "02",
     "Your card was declined."},
    {"chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds", "try_again_later", "51", "02",
     "Your card has insufficient funds."},
    {"chargeDeclinedLostCard", "card_declined", "lost_card", "do_not_try_again", "41", "03",
     "Your card was declined."},
    {"chargeDeclinedStolenCard", "card_declined", "stolen_card", "do_not_try_again", "43", "03",
     "Your card was declined."},
    {"chargeDeclinedFraudulent", "card_declined", "fraudulent", "do_not_try_again", NULL, NULL,
     "Your card was declined."},
    {"chargeDeclinedExpiredCard", "expired_card", "expired_card", "confirm_card_data", "54", "01",
     "Your card has expired."},
    {"chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc", "confirm_card_data", "N7", "01",
     "Your card's security code is incorrect."},
    {"chargeDeclinedProcessingError", "processing_error", "processing_error", "try_again_later", "96", NULL,
     "An error occurred while processing your card. Try again in a little bit."},
    {"chargeDeclinedVelocityLimitExceeded", "card_declined", "card_velocity_exceeded", "try_again_later",
     "61", "02",
     "Your card was declined for making repeated attempts too frequently or exceeding its amount limit."},
};

static bool brand(const char *name)
{
    static const char *const brands[] = {"visa",
                                         "visa_debit",
                                         "mastercard",
                                         "mastercard_debit",
                                         "mastercard_prepaid",
                                         "amex",
                                         "discover",
                                         "diners",
                                         "jcb",
                                         "unionpay",
                                         "us",
                                         "cn",
                                         "hk",
                                         "jp",
                                         "gb"};
    for (size_t i = 0; i < sizeof brands / sizeof *brands; i++) {
        if (strcmp(name, brands[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* NULL with *known: the card pays (after authentication, if *authenticate). */
const struct sb_card *sb_stripe_card(const char *token, bool *known, bool *authenticate)
{
    *known = false;
    *authenticate = false;
    if (!token || strncmp(token, "pm_card_", 8) != 0) {
        return NULL;
    }
    const char *name = token + 8;
    *known =
        brand(name) || strcmp(name, "processing") == 0; /* the latter is ours: a card that stays in process */
    *authenticate = strcmp(name, "authenticationRequired") == 0 ||
                    strcmp(name, "threeDSecureRequired") == 0 || strcmp(name, "threeDSecure2Required") == 0;
    if (*known || *authenticate) {
        *known = true;
        return NULL;
    }
    if (strncmp(name, "visa_", 5) == 0) {
        name += 5;
    }
    for (size_t i = 0; i < sizeof stripe_cards / sizeof *stripe_cards; i++) {
        if (strcmp(name, stripe_cards[i].token) == 0) {
            *known = true;
            return &stripe_cards[i];
        }
    }
    return NULL;
}

static void add_metadata(cJSON *out, const struct sb_params *metadata)
{
    cJSON *object = cJSON_AddObjectToObject(out, "metadata");
    for (size_t i = 0; i < metadata->count; i++) {
        if (metadata->at[i].value[0]) {
            sb_json_text(object, metadata->at[i].key, metadata->at[i].value);
        }
    }
}

static void add_types(cJSON *out, const char *types)
{
    cJSON *list = cJSON_AddArrayToObject(out, "payment_method_types");
    char *copy = sb_dup(types), *rest = copy;
    for (char *word; (word = strsep(&rest, ","));) {
        if (*word) {
            cJSON_AddItemToArray(list, cJSON_CreateString(word));
        }
    }
    free(copy);
}

static void add_next_action(const struct sb *sb, cJSON *out, const struct sb_intent *intent)
{
    const struct sb_account *account = intent->order->account;
    if (strcmp(intent->status, "requires_action") != 0) {
        sb_json_text(out, "next_action", NULL);
        return;
    }
    (void)sb;
    cJSON *action = cJSON_AddObjectToObject(out, "next_action");
    if (!intent->return_url) {
        sb_json_text(action, "type", "use_stripe_sdk");
        cJSON_AddObjectToObject(action, "use_stripe_sdk");
        return;
    }
    char *url = sb_print("http://127.0.0.1:%d/%s/redirect/%s", account->port, account->path, intent->id);
    sb_json_text(action, "type", "redirect_to_url");
    cJSON *redirect = cJSON_AddObjectToObject(action, "redirect_to_url");
    sb_json_text(redirect, "return_url", intent->return_url);
    sb_json_text(redirect, "url", url);
    free(url);
}

static bool lie_amount(const struct sb_request *req)
{
    return req && sb_is(req, SB_FAULT_WRONG_AMOUNT);
}

static const char *told_currency(const struct sb_request *req, const char *currency)
{
    return !req || !sb_is(req, SB_FAULT_WRONG_CURRENCY) ? currency
           : strcmp(currency, "eur") == 0               ? "usd"
                                                        : "eur";
}

/* expand[]=latest_charge, expand[0]=latest_charge. */
static bool expanded(const struct sb_request *req, const char *field)
{
    for (size_t i = 0; req && i < req->all.count; i++) {
        if (strncmp(req->all.at[i].key, "expand[", 7) == 0 && strcmp(req->all.at[i].value, field) == 0) {
            return true;
        }
    }
    return false;
}

static void add_card(cJSON *out, const struct sb_intent *intent)
{
    cJSON *details = cJSON_AddObjectToObject(out, "payment_method_details");
    sb_json_text(details, "type", intent->kind[0] ? intent->kind : "card");
    if (intent->kind[0] && strcmp(intent->kind, "card") != 0) {
        cJSON_AddObjectToObject(details, intent->kind);
        return;
    }
    cJSON *card = cJSON_AddObjectToObject(details, "card");
    sb_json_text(card, "brand", "visa");
    sb_json_text(card, "last4", "4242");
    sb_json_text(card, "network", "visa");
    if (intent->capturable) {
        sb_json_int(card, "capture_before", (intent->authorized + SB_HOLD_MS) / 1000);
    }
}

/* The latest charge of an intent. A hold that was let go is no refund (API versions from 2025-03-31 on). */
cJSON *sb_stripe_charge_json(const struct sb_intent *intent, const struct sb_request *req)
{
    cJSON *out = cJSON_CreateObject(), *outcome;
    bool failed = intent->error && intent->received == 0;
    sb_json_text(out, "id", intent->charge);
    sb_json_text(out, "object", "charge");
    sb_json_int(out, "amount", intent->amount);
    sb_json_int(out, "amount_captured", intent->received);
    sb_json_int(out, "amount_refunded", intent->refunded);
    cJSON_AddBoolToObject(out, "captured", intent->received > 0);
    sb_json_int(out, "created", intent->order->made / 1000);
    sb_json_text(out, "currency", told_currency(req, intent->order->currency));
    sb_json_text(out, "failure_code", failed ? sb_json_get(intent->error, "code") : NULL);
    sb_json_text(out, "failure_message", failed ? sb_json_get(intent->error, "message") : NULL);
    cJSON_AddFalseToObject(out, "livemode");
    add_metadata(out, &intent->metadata);
    outcome = cJSON_AddObjectToObject(out, "outcome");
    sb_json_text(outcome, "network_status", failed ? "declined_by_network" : "approved_by_network");
    sb_json_text(outcome, "reason", failed ? sb_json_get(intent->error, "decline_code") : NULL);
    sb_json_text(outcome, "type", failed ? "issuer_declined" : "authorized");
    cJSON_AddBoolToObject(out, "paid", !failed);
    sb_json_text(out, "payment_intent", intent->id);
    sb_json_text(out, "payment_method", intent->method[0] ? intent->method : NULL);
    add_card(out, intent);
    cJSON_AddBoolToObject(out, "refunded", intent->received > 0 && intent->refunded >= intent->received);
    sb_json_text(out, "status", failed ? "failed" : "succeeded");
    return out;
}

cJSON *sb_stripe_intent_json(const struct sb *sb, const struct sb_intent *intent,
                             const struct sb_request *req)
{
    cJSON *out = cJSON_CreateObject();
    int64_t lie = lie_amount(req) ? 100 : 0;
    sb_json_text(out, "id", intent->id);
    sb_json_text(out, "object", "payment_intent");
    sb_json_int(out, "amount", intent->amount + lie);
    sb_json_int(out, "amount_capturable", intent->capturable ? intent->capturable + lie : 0);
    sb_json_int(out, "amount_received", intent->received ? intent->received + lie : 0);
    if (intent->automatic) {
        cJSON *automatic = cJSON_AddObjectToObject(out, "automatic_payment_methods");
        sb_json_text(automatic, "allow_redirects", intent->redirects ? "always" : "never");
        cJSON_AddTrueToObject(automatic, "enabled");
    } else {
        sb_json_text(out, "automatic_payment_methods", NULL);
    }
    if (intent->canceled) {
        sb_json_int(out, "canceled_at", intent->canceled / 1000);
    } else {
        sb_json_text(out, "canceled_at", NULL);
    }
    sb_json_text(out, "cancellation_reason", intent->reason[0] ? intent->reason : NULL);
    sb_json_text(out, "capture_method", intent->capture);
    sb_json_text(out, "client_secret", intent->secret);
    sb_json_text(out, "confirmation_method", "automatic");
    sb_json_int(out, "created", intent->order->made / 1000);
    sb_json_text(out, "currency", told_currency(req, intent->order->currency));
    sb_json_text(out, "customer", NULL);
    sb_json_text(out, "description", intent->description);
    if (intent->error) {
        cJSON_AddItemToObject(out, "last_payment_error", cJSON_Duplicate(intent->error, 1));
    } else {
        sb_json_text(out, "last_payment_error", NULL);
    }
    if (intent->charge[0] && expanded(req, "latest_charge")) {
        cJSON_AddItemToObject(out, "latest_charge", sb_stripe_charge_json(intent, req));
    } else {
        sb_json_text(out, "latest_charge", intent->charge[0] ? intent->charge : NULL);
    }
    cJSON_AddFalseToObject(out, "livemode");
    add_metadata(out, &intent->metadata);
    add_next_action(sb, out, intent);
    sb_json_text(out, "payment_method", intent->method[0] ? intent->method : NULL);
    cJSON_AddObjectToObject(out, "payment_method_options");
    add_types(out, intent->types);
    sb_json_text(out, "processing", NULL);
    sb_json_text(out, "status", intent->status);
    return out;
}

cJSON *sb_stripe_refund_json(const struct sb_intent *intent, const struct sb_refund *refund,
                             const struct sb_request *req)
{
    cJSON *out = cJSON_CreateObject();
    sb_json_text(out, "id", refund->provider_id);
    sb_json_text(out, "object", "refund");
    sb_json_int(out, "amount", refund->amount + (lie_amount(req) ? 100 : 0));
    sb_json_text(out, "charge", intent->charge);
    sb_json_int(out, "created", refund->made / 1000);
    sb_json_text(out, "currency", told_currency(req, intent->order->currency));
    if (strcmp(refund->status, "failed") == 0) {
        sb_json_text(out, "failure_reason", "declined");
    }
    add_metadata(out, &refund->metadata);
    sb_json_text(out, "payment_intent", intent->id);
    sb_json_text(out, "reason", refund->reason);
    sb_json_text(out, "status", refund->status);
    return out;
}
