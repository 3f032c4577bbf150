/* The outbox: every change of state leaves a notification here, which a test takes as raw bytes or has
   delivered; and the hostile ones that an attacker would send. */
#include "sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sb_note *sb_note_queue(struct sb *sb, struct sb_account *account, const char *url, char *body,
                              const char *kind, const char *reference)
{
    struct sb_note *note = sb_alloc(sizeof *note);
    note->id = ++sb->next_id;
    note->made = note->due = sb_now(sb);
    note->account = account;
    note->url = sb_dup(url);
    note->body = body;
    note->kind = sb_dup(kind);
    note->reference = sb_dup(reference);
    if (sb->notes_end) {
        sb->notes_end->next = note;
    } else {
        sb->notes = note;
    }
    sb->notes_end = note;
    return note;
}

/* Alipay's signature is inside the body. */
void sb_alipay_headers(struct sb *sb, struct sb_note *note, struct sb_params *headers)
{
    (void)sb;
    (void)note;
    sb_params_add(headers, "Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
}

/* Stripe signs each delivery anew, with its time. */
void sb_stripe_headers(struct sb *sb, struct sb_note *note, struct sb_params *headers)
{
    char mac[65];
    int64_t when = (sb_now(sb) + note->skew_ms) / 1000;
    char *text = sb_print("%lld.%s", (long long)when, note->body);
    sb_hmac_hex(note->secret ? note->secret : note->account->webhook_secret, text, strlen(text), mac);
    if (note->bad_signature) {
        mac[0] = mac[0] == '0' ? '1' : '0';
    }
    char *header = sb_print("t=%lld,v1=%s", (long long)when, mac);
    sb_params_add(headers, "Content-Type", "application/json; charset=utf-8");
    sb_params_add(headers, "Stripe-Signature", header);
    free(header);
    free(text);
}

cJSON *sb_note_json(struct sb *sb, struct sb_note *note)
{
    cJSON *out = cJSON_CreateObject(), *object;
    struct sb_params headers = {0};
    sb_driver(note->account)->headers(sb, note, &headers); /* first: it may make the rest anew */
    sb_json_int(out, "id", note->id);
    sb_json_text(out, "account", note->account->id);
    sb_json_text(out, "channel", note->account->id);
    sb_json_text(out, "kind", note->kind);
    sb_json_text(out, "reference", note->reference);
    sb_json_text(out, "url", note->url);
    sb_json_text(out, "method", note->method ? note->method : "POST");
    object = cJSON_AddObjectToObject(out, "headers");
    for (size_t i = 0; i < headers.count; i++) {
        sb_json_text(object, headers.at[i].key, headers.at[i].value);
    }
    sb_params_free(&headers);
    sb_json_text(out, "body", note->body);
    cJSON_AddBoolToObject(out, "forged", note->forged);
    sb_json_int(out, "attempts", note->attempts);
    cJSON_AddBoolToObject(out, "acknowledged", note->acknowledged);
    sb_json_int(out, "status", note->last_status);
    sb_json_text(out, "answer", note->attempts ? note->last_body : NULL);
    return out;
}

/* take=1: those not taken before, which are then taken and no longer delivered by /_deliver {"all":true}. */
cJSON *sb_note_list(struct sb *sb, const struct sb_params *query)
{
    const char *take = sb_params_get(query, "take"), *account = sb_params_get(query, "account");
    const char *reference = sb_params_get(query, "reference");
    cJSON *out = cJSON_CreateArray();
    bool taking = take && !sb_same(take, "0");
    for (struct sb_note *note = sb->notes; note; note = note->next) {
        if ((taking && (note->taken || note->acknowledged)) ||
            (account && sb_account_find(sb, account) != note->account) ||
            (reference && !sb_same(reference, note->reference))) {
            continue;
        }
        cJSON_AddItemToArray(out, sb_note_json(sb, note));
        note->taken = note->taken || taking;
    }
    return out;
}

/* ---- forgeries ---- */

struct sb_note *sb_alipay_forge(struct sb *sb, struct sb_account *account, struct sb_order *order,
                                const char *reference, const char *kind)
{
    struct sb_order stranger = {.account = account,
                                .reference = (char *)(uintptr_t)reference,
                                .amount = 100,
                                .subject = (char *)(uintptr_t)"stranger"};
    struct sb_trade trade = {.order = order ? order : &stranger, .made = sb_now(sb), .paid = sb_now(sb)};
    if (order && order->trades) {
        trade = *order->trades;
    }
    trade.captured = trade.captured ? trade.captured : trade.order->amount;
    trade.paid = sb_now(sb);
    sb_copy(trade.status, sizeof trade.status, "TRADE_SUCCESS");
    if (!trade.trade_no[0]) {
        sb_copy(trade.trade_no, sizeof trade.trade_no, "2000010122001400000000000001");
    }
    char *url = order && order->notify_url
                    ? sb_dup(order->notify_url)
                    : sb_print("http://127.0.0.1:%d/notify/%s", sb->notify_port, account->id);
    struct sb_note *note =
        sb_note_queue(sb, account, url, sb_alipay_note(sb, &trade, NULL, kind), kind, trade.order->reference);
    free(url);
    return note;
}

struct sb_note *sb_stripe_forge(struct sb *sb, struct sb_account *account, struct sb_order *order,
                                const char *reference, const char *kind)
{
    struct sb_order stranger = {
        .account = account, .reference = (char *)(uintptr_t)reference, .currency = "cny"};
    struct sb_intent intent = {.order = &stranger, .id = "pi_stranger0000000000000000", .amount = 100};
    if (order) {
        intent = *order->intent;
    } else {
        sb_params_add(&intent.metadata, "reference", reference);
        sb_copy(intent.types, sizeof intent.types, "card");
        sb_copy(intent.capture, sizeof intent.capture, "automatic_async");
    }
    sb_copy(intent.status, sizeof intent.status, "succeeded");
    struct sb_order other = *intent.order;
    if (sb_same(kind, "wrong_currency")) {
        sb_copy(other.currency, sizeof other.currency, strcmp(other.currency, "eur") == 0 ? "usd" : "eur");
    }
    intent.order = &other;
    intent.amount += sb_same(kind, "wrong_amount") ? 100 : 0;
    intent.received = intent.amount;
    sb_stripe_event(sb, &intent, "payment_intent.succeeded", NULL);
    if (!order) {
        sb_params_free(&intent.metadata);
    }
    struct sb_note *note = sb->notes_end;
    note->bad_signature = sb_same(kind, "bad_signature");
    if (sb_same(kind, "foreign_app")) { /* genuine, but of another endpoint */
        note->secret = sb->accounts[account == &sb->accounts[2] ? 3 : 2].webhook_secret;
    }
    note->skew_ms = sb_same(kind, "old_timestamp")      ? -3600000
                    : sb_same(kind, "future_timestamp") ? 3600000
                                                        : 0;
    return note;
}

cJSON *sb_note_forge(struct sb *sb, const cJSON *in, int *status)
{
    static const char kinds[] =
        " bad_signature foreign_app wrong_amount wrong_currency unknown_reference wrong_seller old_timestamp "
        "future_timestamp paid sign_probe unknown_serial wrong_key unpaid not_json ";
    const char *name = sb_json_get(in, "account"), *reference = sb_json_get(in, "reference");
    const char *kind = sb_json_get(in, "kind");
    struct sb_account *account = sb_account_find(sb, name);
    char *word = sb_print(" %s ", kind ? kind : "");
    bool known = kind && strstr(kinds, word) != NULL;
    free(word);
    struct sb_order *order = account ? sb_order_find(sb, account, reference) : NULL;
    bool stranger = sb_same(kind, "unknown_reference");
    if (!account || !known || (!order && !stranger)) {
        cJSON *out = cJSON_CreateObject();
        *status = 400;
        sb_json_text(out, "error",
                     !account ? "account: no such account"
                     : !known ? "kind: unknown"
                              : "reference: no such order");
        return out;
    }
    if (stranger) {
        order = NULL;
        reference =
            reference && !sb_order_find(sb, account, reference) ? reference : "STRANGER00000000000001";
    }
    struct sb_note *note = sb_driver(account)->forge(sb, account, order, reference, kind);
    note->forged = true;
    return sb_note_json(sb, note);
}
