/* The life of a PaymentIntent: a container that may be confirmed again after a decline, until it is canceled.
 */
#include "sandbox.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool has_status(const struct sb_intent *intent, const char *status)
{
    return strcmp(intent->status, status) == 0;
}

static void set_status(struct sb_intent *intent, const char *status)
{
    sb_copy(intent->status, sizeof intent->status, status);
}

static void new_id(struct sb *sb, const char *prefix, char *out, size_t cap)
{
    char hex[25], *text;
    sb_random_hex(sb->keys, hex, 24);
    text = sb_print("%s_%s", prefix, hex);
    sb_copy(out, cap, text);
    free(text);
}

static bool redirect_kind(const char *kind)
{
    static const char *const kinds[] = {"alipay", "wechat_pay", "ideal",   "bancontact", "eps",      "p24",
                                        "paypal", "klarna",     "grabpay", "kakao_pay",  "naver_pay"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (sb_same(kind, kinds[i])) {
            return true;
        }
    }
    return false;
}

void sb_stripe_event(struct sb *sb, struct sb_intent *intent, const char *type, cJSON *object)
{
    char id[48];
    cJSON *out = cJSON_CreateObject(), *data;
    struct sb_account *account = intent->order->account;
    new_id(sb, "evt", id, sizeof id);
    sb_json_text(out, "id", id);
    sb_json_text(out, "object", "event");
    sb_json_text(out, "api_version", "2025-09-30.clover");
    sb_json_int(out, "created", sb_now(sb) / 1000);
    data = cJSON_AddObjectToObject(out, "data");
    cJSON_AddItemToObject(data, "object", object ? object : sb_stripe_intent_json(sb, intent, NULL));
    cJSON_AddFalseToObject(out, "livemode");
    sb_json_int(out, "pending_webhooks", 1);
    cJSON *request = cJSON_AddObjectToObject(out, "request");
    sb_json_text(request, "id", NULL);
    sb_json_text(request, "idempotency_key", NULL);
    sb_json_text(out, "type", type);
    char *url = sb_print("http://127.0.0.1:%d/notify/%s", sb->notify_port, account->id);
    char *text = cJSON_PrintUnformatted(out);
    sb_note_queue(sb, account, url, sb_dup(text), type, intent->order->reference);
    cJSON_free(text);
    free(url);
    cJSON_Delete(out);
}

/* ---- money ---- */

void sb_stripe_charge(struct sb *sb, struct sb_intent *intent)
{
    new_id(sb, "ch", intent->charge, sizeof intent->charge);
    cJSON_Delete(intent->error);
    intent->error = NULL;
    if (strcmp(intent->capture, "manual") == 0) {
        intent->capturable = intent->amount;
        intent->authorized = sb_now(sb);
        set_status(intent, "requires_capture");
        sb_stripe_event(sb, intent, "payment_intent.amount_capturable_updated", NULL);
        return;
    }
    intent->received += intent->amount;
    intent->captures++;
    set_status(intent, "succeeded");
    sb_stripe_event(sb, intent, "payment_intent.succeeded", NULL);
}

void sb_stripe_decline(struct sb *sb, struct sb_intent *intent, const struct sb_card *card)
{
    cJSON *error = cJSON_CreateObject();
    new_id(sb, "ch", intent->charge, sizeof intent->charge);
    if (card->advice) {
        sb_json_text(error, "advice_code", card->advice);
    }
    sb_json_text(error, "charge", intent->charge);
    sb_json_text(error, "code", card->code);
    if (card->decline) {
        sb_json_text(error, "decline_code", card->decline);
    }
    sb_json_text(error, "message", card->message);
    if (card->network_advice) {
        sb_json_text(error, "network_advice_code", card->network_advice);
    }
    if (card->network) {
        sb_json_text(error, "network_decline_code", card->network);
    }
    sb_json_text(error, "type",
                 strcmp(card->code, "payment_intent_authentication_failure") == 0 ? "invalid_request_error"
                                                                                  : "card_error");
    cJSON_Delete(intent->error);
    intent->error = error;
    intent->method[0] = 0;
    set_status(intent, "requires_payment_method");
    sb_stripe_event(sb, intent, "payment_intent.payment_failed", NULL);
}

/* What confirming does, by the server or by the customer's browser. NULL, or the card that declined. `secure`: the
   shop asks for 3-D Secure, and each card here is enrolled. */
static const struct sb_card *confirm_now(struct sb *sb, struct sb_intent *intent, bool off_session, bool secure,
                                         enum sb_fault_kind fault)
{
    static const struct sb_card unattended = {
        NULL,
        "authentication_required",
        "authentication_required",
        "try_again_later",
        NULL,
        NULL,
        "Your card was declined. This transaction requires authentication."};
    bool known, authenticate;
    const struct sb_card *card = sb_stripe_card(intent->method, &known, &authenticate);
    authenticate = authenticate || (secure && sb_same(intent->kind, "card"));
    if (authenticate && off_session) {
        card = &unattended;
    }
    if (fault == SB_FAULT_DECLINE) {
        card = sb_stripe_card("pm_card_chargeDeclined", &known, &authenticate); /* whatever the card */
    }
    if (card) {
        sb_stripe_decline(sb, intent, card);
    } else if (authenticate || redirect_kind(intent->kind)) {
        set_status(intent, "requires_action");
        sb_stripe_event(sb, intent, "payment_intent.requires_action", NULL);
    } else if (fault == SB_FAULT_PENDING || strcmp(intent->method, "pm_card_processing") == 0) {
        set_status(intent, "processing");
        sb_stripe_event(sb, intent, "payment_intent.processing", NULL);
    } else {
        sb_stripe_charge(sb, intent);
    }
    return card;
}

/* ---- requests ---- */

static bool truthy(const struct sb_request *req, const char *name)
{
    return sb_same(sb_params_get(&req->all, name), "true");
}

static void refuse(struct sb_request *req, const char *code, const char *param, const char *text)
{
    sb_stripe_error(req, 400, "invalid_request_error", code, param, text, NULL);
}

static void bad_state(struct sb_request *req, struct sb_intent *intent, const char *act)
{
    char *text =
        sb_print("You cannot %s this PaymentIntent because it has a status of %s.", act, intent->status);
    req->executed = true; /* the endpoint ran: the answer is kept with the key */
    sb_stripe_error(req, 400, "invalid_request_error", "payment_intent_unexpected_state", NULL, text, intent);
    free(text);
}

/* Which instrument a request names: a token, or data of a redirecting kind. False: answered. */
static bool take_method(struct sb_request *req, char method[64], char kind[24])
{
    const char *token = sb_params_get(&req->all, "payment_method");
    const char *named = sb_params_get(&req->all, "payment_method_data[type]");
    bool known = false, authenticate;
    if (token) {
        sb_stripe_card(token, &known, &authenticate);
        if (!known) {
            char *text = sb_print("No such PaymentMethod: '%s'", token);
            refuse(req, "resource_missing", "payment_method", text);
            free(text);
            return false;
        }
        sb_copy(method, 64, token);
        sb_copy(kind, 24, "card");
    } else if (named) {
        if (!redirect_kind(named)) {
            refuse(req, NULL, "payment_method_data[type]",
                   "This payment method type cannot be made from data here.");
            return false;
        }
        new_id(req->sb, "pm", method, 64);
        sb_copy(kind, 24, named);
    }
    return true;
}

static void finish_confirm(struct sb_request *req, struct sb_intent *intent)
{
    const char *url = sb_params_get(&req->all, "return_url");
    if (url) {
        free(intent->return_url);
        intent->return_url = sb_dup(url);
    }
    if (!intent->method[0]) {
        refuse(req, "payment_intent_unexpected_state", "payment_method",
               "You cannot confirm this PaymentIntent because it's missing a payment method.");
        return;
    }
    if (!intent->return_url && ((intent->automatic && intent->redirects) || redirect_kind(intent->kind))) {
        refuse(req, NULL, "return_url",
               "This PaymentIntent may redirect your customer: you must provide a return_url.");
        return;
    }
    req->executed = true;
    bool alone = truthy(req, "off_session") || truthy(req, "error_on_requires_action");
    const char *secure = sb_params_get(&req->all, "payment_method_options[card][request_three_d_secure]");
    bool wanted = secure && !sb_same(secure, "automatic");
    if (!confirm_now(req->sb, intent, alone, wanted, req->fault.kind)) {
        sb_stripe_intent_reply(req, intent);
        return;
    }
    cJSON *out = cJSON_CreateObject(), *error = cJSON_Duplicate(intent->error, 1);
    cJSON_AddItemToObject(out, "error", error);
    cJSON_AddItemToObject(error, "payment_intent", sb_stripe_intent_json(req->sb, intent, req));
    sb_reply_json(req, 402, out);
}

static bool check_create(struct sb_request *req, int64_t *amount, char currency[4])
{
    const char *code = sb_params_get(&req->all, "currency"),
               *capture = sb_params_get(&req->all, "capture_method");
    if (!sb_params_get(&req->all, "amount") || !code) {
        refuse(req, "parameter_missing", code ? "amount" : "currency", "Missing required param.");
        return false;
    }
    if (!sb_int_read(sb_params_get(&req->all, "amount"), amount)) {
        refuse(req, "parameter_invalid_integer", "amount", "Invalid integer");
        return false;
    }
    if (*amount < 1 || *amount > 99999999) {
        refuse(req, *amount < 1 ? "amount_too_small" : "amount_too_large", "amount", "Amount out of range");
        return false;
    }
    if (strlen(code) != 3) {
        refuse(req, NULL, "currency", "Invalid currency");
        return false;
    }
    for (int i = 0; i < 4; i++) {
        currency[i] = (char)tolower((unsigned char)code[i]);
    }
    if (capture && !sb_same(capture, "automatic") && !sb_same(capture, "manual") &&
        !sb_same(capture, "automatic_async")) {
        refuse(req, NULL, "capture_method", "Invalid capture_method");
        return false;
    }
    if (sb_params_get(&req->all, "return_url") && !truthy(req, "confirm")) {
        refuse(req, NULL, "return_url", "return_url may only be given when confirm is true.");
        return false;
    }
    return true;
}

static void take_types(struct sb_request *req, struct sb_intent *intent)
{
    struct sb_buf types = {0};
    for (size_t i = 0; i < req->all.count; i++) {
        if (strncmp(req->all.at[i].key, "payment_method_types[", 21) == 0) {
            sb_buf_print(&types, "%s%s", types.len ? "," : "", req->all.at[i].value);
        }
    }
    const char *enabled = sb_params_get(&req->all, "automatic_payment_methods[enabled]");
    const char *allow = sb_params_get(&req->all, "automatic_payment_methods[allow_redirects]");
    intent->automatic =
        types.len == 0 && !sb_same(enabled, "false"); /* the default of current API versions */
    intent->redirects = !sb_same(allow, "never");
    sb_copy(intent->types, sizeof intent->types, types.len ? types.at : "card,alipay,wechat_pay");
    sb_buf_free(&types);
}

void sb_stripe_create(struct sb_request *req)
{
    struct sb *sb = req->sb;
    char currency[4] = "", method[64] = "", kind[24] = "", hex[25];
    int64_t amount = 0;
    if (!check_create(req, &amount, currency) || !take_method(req, method, kind)) {
        return;
    }
    if (truthy(req, "confirm") && !method[0]) {
        refuse(req, "parameter_missing", "payment_method", "You cannot confirm without a payment method.");
        return;
    }
    struct sb_intent *intent = sb_alloc(sizeof *intent);
    new_id(sb, "pi", intent->id, sizeof intent->id);
    sb_random_hex(sb->keys, hex, 24);
    char *secret = sb_print("%s_secret_%s", intent->id, hex);
    sb_copy(intent->secret, sizeof intent->secret, secret);
    free(secret);
    sb_stripe_read_metadata(&req->all, &intent->metadata);
    const char *shop = sb_params_get(&intent->metadata, "order_hash");
    /* every create without a replayed key is another container, whatever it is called */
    intent->order = sb_order_new(sb, req->account, req->reference[0] ? req->reference : intent->id, shop);
    intent->order->intent = intent;
    intent->order->amount = intent->amount = amount;
    sb_copy(intent->order->currency, sizeof intent->order->currency, currency);
    sb_copy(intent->method, sizeof intent->method, method);
    sb_copy(intent->kind, sizeof intent->kind, kind);
    const char *capture = sb_params_get(&req->all, "capture_method");
    sb_copy(intent->capture, sizeof intent->capture, capture ? capture : "automatic_async");
    intent->description = sb_dup(sb_params_get(&req->all, "description"));
    take_types(req, intent);
    set_status(intent, method[0] ? "requires_confirmation" : "requires_payment_method");
    sb_map_set(&sb->by_intent, intent->id, intent);
    req->executed = true;
    if (truthy(req, "confirm")) {
        finish_confirm(req, intent);
    } else {
        sb_stripe_intent_reply(req, intent);
    }
}

void sb_stripe_confirm(struct sb_request *req, struct sb_intent *intent)
{
    char method[64] = "", kind[24] = "";
    if (!has_status(intent, "requires_payment_method") && !has_status(intent, "requires_confirmation") &&
        !has_status(intent, "requires_action")) {
        bad_state(req, intent, "confirm");
        return;
    }
    if (!take_method(req, method, kind)) {
        return;
    }
    if (method[0]) {
        sb_copy(intent->method, sizeof intent->method, method);
        sb_copy(intent->kind, sizeof intent->kind, kind);
    }
    finish_confirm(req, intent);
}

void sb_stripe_cancel(struct sb_request *req, struct sb_intent *intent)
{
    const char *reason = sb_params_get(&req->all, "cancellation_reason");
    static const char reasons[] = " abandoned duplicate fraudulent requested_by_customer ";
    char *word = sb_print(" %s ", reason ? reason : "abandoned");
    bool good = strstr(reasons, word) != NULL;
    free(word);
    if (!good) {
        refuse(req, NULL, "cancellation_reason", "Invalid cancellation_reason");
        return;
    }
    if (has_status(intent, "succeeded") || has_status(intent, "canceled") ||
        has_status(intent, "processing")) {
        bad_state(req, intent, "cancel");
        return;
    }
    req->executed = true;
    intent->capturable = 0;
    intent->canceled = sb_now(req->sb);
    sb_copy(intent->reason, sizeof intent->reason, reason);
    set_status(intent, "canceled");
    sb_stripe_event(req->sb, intent, "payment_intent.canceled", NULL);
    sb_stripe_intent_reply(req, intent);
}

void sb_stripe_capture(struct sb_request *req, struct sb_intent *intent)
{
    const char *text = sb_params_get(&req->all, "amount_to_capture");
    int64_t amount = intent->capturable;
    if (text && !sb_int_read(text, &amount)) {
        refuse(req, "parameter_invalid_integer", "amount_to_capture", "Invalid integer");
        return;
    }
    if (!has_status(intent, "requires_capture")) {
        bad_state(req, intent, "capture");
        return;
    }
    if (amount < 1 || amount > intent->capturable) {
        refuse(req, "amount_too_large", "amount_to_capture",
               "The amount is larger than the capturable amount.");
        return;
    }
    req->executed = true;
    intent->received = amount;
    intent->captures++;
    intent->capturable = 0; /* the rest is released */
    set_status(intent, "succeeded");
    sb_stripe_event(req->sb, intent, "payment_intent.succeeded", NULL);
    sb_stripe_intent_reply(req, intent);
}

const char *sb_stripe_customer(struct sb *sb, struct sb_order *order, const struct sb_act *with)
{
    const char *act = with->act, *method = with->method;
    bool force = with->force;
    static const struct sb_card refused = {NULL,
                                           "payment_intent_authentication_failure",
                                           NULL,
                                           NULL,
                                           NULL,
                                           NULL,
                                           "The provided PaymentMethod has failed authentication."};
    struct sb_intent *intent = order->intent;
    bool pays = sb_same(act, "pay") || sb_same(act, "authenticate"), open = false;
    if (sb_same(act, "open")) {
        return NULL;
    }
    if (sb_same(act, "pay_again")) {
        sb_stripe_charge(sb, intent);
        return NULL;
    }
    if (has_status(intent, "requires_action") || has_status(intent, "processing")) {
        if (pays) {
            sb_stripe_charge(sb, intent);
        } else {
            sb_stripe_decline(sb, intent, &refused);
        }
        return NULL;
    }
    open = has_status(intent, "requires_payment_method") || has_status(intent, "requires_confirmation");
    if (open && pays) { /* the browser holds the client secret and confirms by itself */
        sb_copy(intent->method, sizeof intent->method, method ? method : "pm_card_visa");
        sb_copy(intent->kind, sizeof intent->kind, "card");
        confirm_now(sb, intent, false, false, SB_FAULT_NONE);
        return NULL;
    }
    if (!force || !pays) {
        return "the PaymentIntent is in a state where the customer can do nothing";
    }
    sb_stripe_charge(sb, intent);
    return NULL;
}
