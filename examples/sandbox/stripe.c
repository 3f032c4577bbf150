/* Stripe's door: bearer key, endpoints, unknown parameters, idempotency keys, the shape of errors. */
#include "sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char stripe_version[] = "2025-09-30.clover";

struct stripe_endpoint {
    const char *method, *prefix, *suffix, *op,
        *allowed; /* prefix [id] suffix; allowed: top-level parameters */
};

static const struct stripe_endpoint stripe_endpoints[] = {
    {"POST", "/v1/payment_intents", "", "create",
     " amount currency automatic_payment_methods confirm customer description metadata off_session "
     "payment_method receipt_email setup_future_usage shipping statement_descriptor "
     "statement_descriptor_suffix capture_method "
     "confirmation_method error_on_requires_action payment_method_data payment_method_options "
     "payment_method_types return_url use_stripe_sdk expand payment_method_configuration "
     "application_fee_amount transfer_group "
     "on_behalf_of transfer_data radar_options mandate mandate_data confirmation_token amount_details "
     "payment_details "},
    {"GET", "/v1/payment_intents/", "", "query", " client_secret expand "},
    {"POST", "/v1/payment_intents/", "/confirm", "confirm",
     " payment_method payment_method_data payment_method_options payment_method_types return_url off_session "
     "use_stripe_sdk expand capture_method error_on_requires_action receipt_email setup_future_usage "
     "shipping mandate mandate_data confirmation_token radar_options amount_details payment_details "},
    {"POST", "/v1/payment_intents/", "/cancel", "cancel", " cancellation_reason expand "},
    {"POST", "/v1/payment_intents/", "/capture", "capture",
     " amount_to_capture final_capture metadata statement_descriptor statement_descriptor_suffix "
     "application_fee_amount transfer_data expand amount_details payment_details "},
    {"POST", "/v1/refunds", "", "refund",
     " payment_intent charge amount reason metadata refund_application_fee reverse_transfer "
     "instructions_email origin customer currency expand "},
    {"GET", "/v1/refunds", "", "refund_list",
     " payment_intent charge limit starting_after ending_before created expand "},
    {"GET", "/v1/refunds/", "", "refund_query", " expand "},
};

/* Splits the path; `id` takes what stands between prefix and suffix. */
static const struct stripe_endpoint *find_endpoint(const struct sb_request *req, char *id, size_t cap)
{
    const char *path = req->path + 1 + strlen(req->account->path);
    for (size_t i = 0; i < sizeof stripe_endpoints / sizeof *stripe_endpoints; i++) {
        const struct stripe_endpoint *end = &stripe_endpoints[i];
        size_t prefix = strlen(end->prefix), suffix = strlen(end->suffix), len = strlen(path);
        *id = 0;
        if (strcmp(end->method, req->method) != 0 || strncmp(path, end->prefix, prefix) != 0) {
            continue;
        }
        if (end->prefix[prefix - 1] != '/') {
            if (len == prefix) {
                return end;
            }
            continue;
        }
        if (len <= prefix + suffix || strcmp(path + len - suffix, end->suffix) != 0) {
            continue;
        }
        snprintf(id, cap, "%.*s", (int)(len - prefix - suffix), path + prefix);
        if (!strchr(id, '/')) {
            return end;
        }
    }
    return NULL;
}

static struct sb_intent *own_intent(struct sb_request *req, const char *id)
{
    struct sb_intent *intent = sb_map_get(&req->sb->by_intent, id);
    if (!intent || intent->order->account != req->account) {
        return NULL;
    }
    sb_stripe_settle(req->sb, intent->order);
    return intent;
}

static const char *own_reference(const struct sb_params *metadata)
{
    static const char *const names[] = {"reference", "payroute_reference", "out_trade_no", "order_id"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (sb_params_get(metadata, names[i])) {
            return sb_params_get(metadata, names[i]);
        }
    }
    return NULL;
}

void sb_stripe_identify(struct sb_request *req)
{
    char id[80];
    const struct stripe_endpoint *end = find_endpoint(req, id, sizeof id);
    sb_copy(req->op, sizeof req->op,
            end                               ? end->op
            : strstr(req->path, "/redirect/") ? "redirect"
                                              : "unknown");
    struct sb_intent *intent = sb_map_get(&req->sb->by_intent, id);
    if (!intent) {
        intent = sb_map_get(&req->sb->by_intent, sb_params_get(&req->all, "payment_intent"));
    }
    if (!intent) {
        intent = sb_map_get(&req->sb->by_refund, id);
    }
    if (intent) {
        sb_copy(req->reference, sizeof req->reference, intent->order->reference);
        return;
    }
    struct sb_params metadata = {0};
    sb_stripe_read_metadata(&req->all, &metadata);
    sb_copy(req->reference, sizeof req->reference, own_reference(&metadata));
    sb_params_free(&metadata);
}

void sb_stripe_read_metadata(const struct sb_params *form, struct sb_params *out)
{
    for (size_t i = 0; i < form->count; i++) {
        const char *key = form->at[i].key;
        size_t len = strlen(key);
        if (strncmp(key, "metadata[", 9) != 0 || key[len - 1] != ']' || len < 11) {
            continue;
        }
        char *name = sb_print("%.*s", (int)(len - 10), key + 9);
        sb_params_add(out, name, form->at[i].value);
        free(name);
    }
}

void sb_stripe_error(struct sb_request *req, int status, const char *type, const char *code,
                     const char *param, const char *text, struct sb_intent *intent)
{
    cJSON *out = cJSON_CreateObject(), *error = cJSON_AddObjectToObject(out, "error");
    if (code) {
        sb_json_text(error, "code", code);
    }
    sb_json_text(error, "message", text);
    if (param) {
        sb_json_text(error, "param", param);
    }
    if (intent) {
        cJSON_AddItemToObject(error, "payment_intent", sb_stripe_intent_json(req->sb, intent, req));
    }
    sb_json_text(error, "type", type);
    sb_reply_json(req, status, out);
}

void sb_stripe_intent_reply(struct sb_request *req, struct sb_intent *intent)
{
    sb_reply_json(req, 200, sb_stripe_intent_json(req->sb, intent, req));
}

static void refuse_parameter(struct sb_request *req, const char *code, const char *param)
{
    char *text = sb_print("Received unknown parameter: %s", param);
    sb_stripe_error(req, 400, "invalid_request_error", code, param, text, NULL);
    free(text);
}

static bool known_parameters(struct sb_request *req, const struct stripe_endpoint *end)
{
    for (size_t i = 0; i < req->all.count; i++) {
        const char *key = req->all.at[i].key;
        char *word = sb_print(" %.*s ", (int)strcspn(key, "["), key);
        bool known = strstr(end->allowed, word) != NULL;
        free(word);
        if (!known) {
            refuse_parameter(req, "parameter_unknown", key);
            return false;
        }
    }
    struct sb_params metadata = {0};
    sb_stripe_read_metadata(&req->all, &metadata);
    bool good = metadata.count <= 50;
    for (size_t i = 0; i < metadata.count; i++) {
        good = good && strlen(metadata.at[i].key) <= 40 && strlen(metadata.at[i].value) <= 500;
    }
    sb_params_free(&metadata);
    if (!good) {
        sb_stripe_error(req, 400, "invalid_request_error", "parameter_invalid_string", "metadata",
                        "Metadata can have up to 50 keys of 40 characters, with values of 500.", NULL);
    }
    return good;
}

static bool authorized(struct sb_request *req)
{
    const char *header = sb_params_find(&req->headers, "Authorization");
    char *want = sb_print("Bearer %s", req->account->secret_key);
    bool good = sb_same(header, want);
    free(want);
    if (!good) {
        sb_stripe_error(req, 401, "invalid_request_error", NULL, NULL,
                        header ? "Invalid API Key provided" : "You did not provide an API key.", NULL);
    }
    return good;
}

static void dispatch(struct sb_request *req, const struct stripe_endpoint *end, const char *id)
{
    bool about_intent = strncmp(end->prefix, "/v1/payment_intents/", 20) == 0;
    struct sb_intent *intent = about_intent ? own_intent(req, id) : NULL;
    if (about_intent && (!intent || sb_is(req, SB_FAULT_NOT_FOUND))) {
        char *text = sb_print("No such payment_intent: '%s'", id);
        sb_stripe_error(req, 404, "invalid_request_error", "resource_missing", "intent", text, NULL);
        free(text);
        return;
    }
    if (strcmp(end->op, "create") == 0) {
        sb_stripe_create(req);
    } else if (strcmp(end->op, "query") == 0) {
        req->executed = true;
        sb_stripe_intent_reply(req, intent);
    } else if (strcmp(end->op, "confirm") == 0) {
        sb_stripe_confirm(req, intent);
    } else if (strcmp(end->op, "cancel") == 0) {
        sb_stripe_cancel(req, intent);
    } else if (strcmp(end->op, "capture") == 0) {
        sb_stripe_capture(req, intent);
    } else if (strcmp(end->op, "refund") == 0) {
        sb_stripe_refund(req);
    } else if (strcmp(end->op, "refund_list") == 0) {
        sb_stripe_refund_list(req);
    } else {
        sb_stripe_refund_get(req, id);
    }
}

/* The customer's browser at the bank's page. */
static void redirect_page(struct sb_request *req)
{
    struct sb_intent *intent = sb_map_get(&req->sb->by_intent, strrchr(req->path, '/') + 1);
    char *page =
        sb_print("<html><body><h1>Authenticate</h1><p>%s</p><p>POST /_customer {\"reference\":\"%s\","
                 "\"act\":\"authenticate\"}</p></body></html>",
                 intent ? intent->status : "unknown", intent ? intent->order->reference : "");
    sb_reply_text(req, intent ? 200 : 404, "text/html", page);
    free(page);
}

static void add_headers(struct sb_request *req)
{
    char id[15];
    sb_random_hex(req->sb->keys, id, 14);
    char *text = sb_print("req_%s", id);
    const char *version = sb_params_find(&req->headers, "Stripe-Version");
    const char *key = sb_params_find(&req->headers, "Idempotency-Key");
    sb_params_add(&req->out_headers, "Request-Id", text);
    sb_params_add(&req->out_headers, "Stripe-Version", version ? version : stripe_version);
    if (key) {
        sb_params_add(&req->out_headers, "Idempotency-Key", key);
    }
    free(text);
}

void sb_stripe_execute(struct sb_request *req)
{
    char id[80];
    const struct stripe_endpoint *end = find_endpoint(req, id, sizeof id);
    if (strcmp(req->op, "redirect") == 0) {
        redirect_page(req);
        return;
    }
    add_headers(req);
    if (!authorized(req)) {
        return;
    }
    if (!end) {
        char *text = sb_print("Unrecognized request URL (%s: %s).", req->method,
                              req->path + 1 + strlen(req->account->path));
        sb_stripe_error(req, 404, "invalid_request_error", NULL, NULL, text, NULL);
        free(text);
        return;
    }
    if (!known_parameters(req, end)) {
        return;
    }
    if (strcmp(req->method, "POST") == 0) {
        sb_idem_begin(req);
    }
    if (req->answered) {
        return;
    }
    if (sb_is(req, SB_FAULT_SYSTEM_ERROR)) {
        sb_stripe_error(req, 500, "api_error", NULL, NULL, "An unknown error occurred", NULL);
        req->executed = true; /* as far as the key is concerned: the 500 is what a repeat gets */
        return;
    }
    dispatch(req, end, id);
    if (sb_is(req, SB_FAULT_SYSTEM_ERROR_AFTER)) {
        sb_stripe_error(req, 500, "api_error", NULL, NULL, "An unknown error occurred", NULL);
    }
    if (req->status == 400 || req->status == 402) {
        sb_params_add(&req->out_headers, "Stripe-Should-Retry", "false");
    }
}

void sb_stripe_limited(struct sb_request *req, const char *seconds)
{
    sb_params_add(&req->out_headers, "Retry-After", seconds);
    sb_params_add(&req->out_headers, "Stripe-Should-Retry", "true");
    sb_stripe_error(req, 429, "invalid_request_error", "rate_limit", NULL,
                    "Too many requests hit the API too quickly.", NULL);
}

bool sb_stripe_failed(struct sb_request *req)
{
    bool limit = req->fault.status == 429;
    sb_stripe_error(req, req->fault.status, limit ? "invalid_request_error" : "api_error",
                    limit ? "rate_limit" : NULL, NULL, "An unknown error occurred", NULL);
    return true;
}

void sb_stripe_refuse(struct sb_request *req)
{
    sb_stripe_error(req, req->fault.status, "invalid_request_error", req->fault.code, NULL,
                    req->fault.body ? req->fault.body : "The request was refused.", NULL);
}
