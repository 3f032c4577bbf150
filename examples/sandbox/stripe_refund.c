/* Refunds at Stripe: each create is a refund, only the idempotency key makes a repeat safe. */
#include "sandbox.h"

#include <stdlib.h>
#include <string.h>

static int64_t taken_back(const struct sb_intent *intent)
{
    int64_t sum = 0;
    for (const struct sb_refund *refund = intent->refunds; refund; refund = refund->next) {
        if (strcmp(refund->status, "failed") != 0) {
            sum += refund->amount;
        }
    }
    return sum;
}

static struct sb_intent *refunded_intent(struct sb_request *req)
{
    const char *id = sb_params_get(&req->all, "payment_intent"), *charge = sb_params_get(&req->all, "charge");
    if (id) {
        return sb_map_get(&req->sb->by_intent, id);
    }
    for (struct sb_order *order = req->sb->orders; charge && order; order = order->next) {
        if (order->intent && strcmp(order->intent->charge, charge) == 0) {
            return order->intent;
        }
    }
    return NULL;
}

static void succeed(struct sb *sb, struct sb_intent *intent, struct sb_refund *refund)
{
    sb_copy(refund->status, sizeof refund->status, "succeeded");
    intent->refunded += refund->amount;
    sb_stripe_event(sb, intent, "charge.refunded", sb_stripe_charge_json(intent, NULL));
    sb_stripe_event(sb, intent, "refund.updated", sb_stripe_refund_json(intent, refund, NULL));
}

void sb_stripe_settle(struct sb *sb, struct sb_order *order)
{
    struct sb_intent *intent = order->intent;
    if (intent->capturable && sb_now(sb) >= intent->authorized + SB_HOLD_MS) {
        intent->capturable = 0; /* the hold ends by itself */
        intent->canceled = sb_now(sb);
        sb_copy(intent->reason, sizeof intent->reason, "expired");
        sb_copy(intent->status, sizeof intent->status, "canceled");
        sb_stripe_event(sb, intent, "payment_intent.canceled", NULL);
    }
    for (struct sb_refund *refund = intent->refunds; refund; refund = refund->next) {
        if (refund->due && sb_now(sb) >= refund->due && strcmp(refund->status, "pending") == 0) {
            succeed(sb, intent, refund);
        }
    }
}

static void refuse(struct sb_request *req, const char *code, const char *param, const char *text)
{
    sb_stripe_error(req, 400, "invalid_request_error", code, param, text, NULL);
}

static struct sb_refund *add_refund(struct sb_request *req, struct sb_intent *intent, int64_t amount)
{
    struct sb_refund *refund = sb_alloc(sizeof *refund), **end = &intent->refunds;
    char hex[25];
    sb_random_hex(req->sb->keys, hex, 24);
    char *id = sb_print("re_%s", hex);
    sb_copy(refund->provider_id, sizeof refund->provider_id, id);
    free(id);
    sb_stripe_read_metadata(&req->all, &refund->metadata);
    refund->amount = amount;
    refund->made = sb_now(req->sb);
    refund->reason = sb_dup(sb_params_get(&req->all, "reason"));
    sb_copy(refund->status, sizeof refund->status, "pending");
    while (*end) {
        end = &(*end)->next;
    }
    *end = refund;
    sb_map_set(&req->sb->by_refund, refund->provider_id, intent);
    return refund;
}

void sb_stripe_refund(struct sb_request *req)
{
    struct sb_intent *intent = refunded_intent(req);
    const char *text = sb_params_get(&req->all, "amount"), *reason = sb_params_get(&req->all, "reason");
    if (!intent || intent->order->account != req->account || sb_is(req, SB_FAULT_NOT_FOUND)) {
        sb_stripe_error(req, 404, "invalid_request_error", "resource_missing", "payment_intent",
                        "No such payment_intent", NULL);
        return;
    }
    sb_stripe_settle(req->sb, intent->order);
    int64_t left = intent->received - taken_back(intent), amount = left;
    if (text && (!sb_int_read(text, &amount) || amount < 1)) {
        refuse(req, "parameter_invalid_integer", "amount", "Invalid integer");
        return;
    }
    if (reason && !sb_same(reason, "duplicate") && !sb_same(reason, "fraudulent") &&
        !sb_same(reason, "requested_by_customer")) {
        refuse(req, NULL, "reason",
               "Invalid reason: must be one of duplicate, fraudulent, or requested_by_customer");
        return;
    }
    if (intent->received == 0) {
        refuse(req, NULL, "payment_intent",
               "This PaymentIntent does not have a successful charge to refund.");
        return;
    }
    req->executed = true;
    if (left == 0) {
        refuse(req, "charge_already_refunded", NULL, "Charge has already been refunded.");
        return;
    }
    if (amount > left) {
        refuse(req, "amount_too_large", "amount",
               "Refund amount is greater than unrefunded amount on charge");
        return;
    }
    struct sb_refund *refund = add_refund(req, intent, amount);
    if (sb_is(req, SB_FAULT_PENDING)) {
        refund->due = sb_now(req->sb) + (req->fault.delay_ms < 0 ? 10000 : req->fault.delay_ms);
        sb_stripe_event(req->sb, intent, "refund.created", sb_stripe_refund_json(intent, refund, NULL));
    } else {
        succeed(req->sb, intent, refund);
    }
    sb_reply_json(req, 200, sb_stripe_refund_json(intent, refund, req));
}

void sb_stripe_refund_get(struct sb_request *req, const char *id)
{
    struct sb_intent *intent = sb_map_get(&req->sb->by_refund, id);
    struct sb_refund *refund = intent && intent->order->account == req->account ? intent->refunds : NULL;
    if (refund) {
        sb_stripe_settle(req->sb, intent->order);
    }
    while (refund && strcmp(refund->provider_id, id) != 0) {
        refund = refund->next;
    }
    req->executed = true;
    if (!refund || sb_is(req, SB_FAULT_NOT_FOUND)) {
        sb_stripe_error(req, 404, "invalid_request_error", "resource_missing", "id", "No such refund", NULL);
    } else {
        sb_reply_json(req, 200, sb_stripe_refund_json(intent, refund, req));
    }
}

/* The newest first, as Stripe lists. */
void sb_stripe_refund_list(struct sb_request *req)
{
    struct sb_intent *intent = refunded_intent(req);
    cJSON *out = cJSON_CreateObject(), *list;
    req->executed = true;
    sb_json_text(out, "object", "list");
    list = cJSON_AddArrayToObject(out, "data");
    cJSON_AddFalseToObject(out, "has_more");
    sb_json_text(out, "url", "/v1/refunds");
    if (intent && intent->order->account == req->account && !sb_is(req, SB_FAULT_NOT_FOUND)) {
        sb_stripe_settle(req->sb, intent->order);
        for (struct sb_refund *refund = intent->refunds; refund; refund = refund->next) {
            cJSON_InsertItemInArray(list, 0, sb_stripe_refund_json(intent, refund, req));
        }
    }
    sb_reply_json(req, 200, out);
}
