/* What WeChat Pay tells: the same trade and refund objects in answers and, sealed with the APIv3 key, in
   notifications, which are signed anew at each delivery; and the hostile ones. */
#include "wechat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *state_of(const struct sb_trade *trade, const struct sb_request *req)
{
    if (trade->captured && req && sb_is(req, SB_FAULT_PENDING)) {
        return "NOTPAY";
    }
    return trade->refunded ? "REFUND" : trade->status; /* the first fen given back turns it */
}

static void add_amount(cJSON *out, const struct sb_trade *trade, const struct sb_request *req,
                       const char *twist)
{
    bool more = sb_same(twist, "wrong_amount") || (req && sb_is(req, SB_FAULT_WRONG_AMOUNT));
    bool other = sb_same(twist, "wrong_currency") || (req && sb_is(req, SB_FAULT_WRONG_CURRENCY));
    int64_t total = trade->order->amount + (more ? 100 : 0);
    cJSON *money = cJSON_AddObjectToObject(out, "amount");
    sb_json_int(money, "total", total);
    sb_json_int(money, "payer_total", total); /* without a coupon */
    sb_json_text(money, "currency", other ? "HKD" : "CNY");
    sb_json_text(money, "payer_currency", other ? "HKD" : "CNY");
}

/* What is not paid shows neither a transaction nor an amount. */
cJSON *sb_wechat_trade_json(const struct sb_trade *trade, const struct sb_request *req, const char *twist)
{
    static const char *const types[][2] = {{"native", "NATIVE"}, {"h5", "MWEB"}, {"jsapi", "JSAPI"}};
    static const char *const texts[][2] = {{"NOTPAY", "订单未支付"},
                                           {"SUCCESS", "支付成功"},
                                           {"CLOSED", "订单已关闭"},
                                           {"REFUND", "订单发生过退款"}};
    const struct sb_order *order = trade->order;
    const char *state = state_of(trade, req), *type = "NATIVE", *text = "";
    cJSON *out = cJSON_CreateObject();
    char when[32];
    for (size_t i = 0; i < 3; i++) {
        type = strcmp(order->flow, types[i][0]) == 0 ? types[i][1] : type;
    }
    for (size_t i = 0; i < 4; i++) {
        text = strcmp(state, texts[i][0]) == 0 ? texts[i][1] : text;
    }
    sb_json_text(out, "appid", sb_same(twist, "foreign_app") ? "wx0000000000000001" : order->account->app_id);
    sb_json_text(out, "mchid", sb_same(twist, "wrong_seller") ? "1900000999" : order->account->seller_id);
    sb_json_text(out, "out_trade_no", order->reference);
    sb_json_text(out, "trade_state", state);
    sb_json_text(out, "trade_state_desc", text);
    if (order->passback) {
        sb_json_text(out, "attach", order->passback);
    }
    if (strcmp(state, "SUCCESS") != 0 && strcmp(state, "REFUND") != 0) {
        return out;
    }
    sb_json_text(out, "transaction_id", trade->trade_no);
    sb_json_text(out, "trade_type", type);
    sb_json_text(out, "bank_type", "OTHERS");
    sb_rfc3339_write(trade->paid, when);
    sb_json_text(out, "success_time", when);
    sb_json_text(cJSON_AddObjectToObject(out, "payer"), "openid", "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o");
    add_amount(out, trade, req, twist);
    return out;
}

static const char *refund_state(const struct sb_refund *refund, const struct sb_request *req)
{
    static const char *const names[][2] = {
        {"pending", "PROCESSING"}, {"succeeded", "SUCCESS"}, {"abnormal", "ABNORMAL"}, {"closed", "CLOSED"}};
    if (req && sb_is(req, SB_FAULT_PENDING)) {
        return "PROCESSING";
    }
    for (size_t i = 0; i < 4; i++) {
        if (strcmp(refund->status, names[i][0]) == 0) {
            return names[i][1];
        }
    }
    return "";
}

static cJSON *refund_amount(const struct sb_refund *refund, const struct sb_request *req)
{
    int64_t total = refund->trade->order->amount;
    int64_t amount = refund->amount + (req && sb_is(req, SB_FAULT_WRONG_AMOUNT) ? 100 : 0);
    cJSON *money = cJSON_CreateObject();
    sb_json_int(money, "total", total);
    sb_json_int(money, "refund", amount);
    sb_json_int(money, "payer_total", total);
    sb_json_int(money, "payer_refund", amount);
    if (req) { /* a notification names no currency */
        sb_json_int(money, "settlement_total", total);
        sb_json_int(money, "settlement_refund", amount);
        sb_json_int(money, "discount_refund", 0);
        sb_json_text(money, "currency", sb_is(req, SB_FAULT_WRONG_CURRENCY) ? "HKD" : "CNY");
    }
    return money;
}

cJSON *sb_wechat_refund_json(const struct sb_refund *refund, const struct sb_request *req)
{
    cJSON *out = cJSON_CreateObject();
    const char *state = refund_state(refund, req);
    char when[32];
    if (!req) {
        sb_json_text(out, "mchid", refund->trade->order->account->seller_id);
    }
    sb_json_text(out, "refund_id", refund->provider_id);
    sb_json_text(out, "out_refund_no", refund->id);
    sb_json_text(out, "transaction_id", refund->trade->trade_no);
    sb_json_text(out, "out_trade_no", refund->trade->order->reference);
    sb_json_text(out, "user_received_account", "支付用户零钱");
    sb_json_text(out, req ? "status" : "refund_status", state); /* two names for one thing */
    if (strcmp(state, "SUCCESS") == 0) {
        sb_rfc3339_write(refund->due, when);
        sb_json_text(out, "success_time", when);
    }
    if (req) {
        sb_json_text(out, "channel", "ORIGINAL");
        sb_rfc3339_write(refund->made, when);
        sb_json_text(out, "create_time", when);
        sb_json_text(out, "funds_account", "AVAILABLE");
    }
    cJSON_AddItemToObject(out, "amount", refund_amount(refund, req));
    return out;
}

/* ---- notifications ---- */

/* Takes the resource. */
static struct sb_note *tell(struct sb *sb, struct sb_account *account, const char *url, const char *event,
                            const char *type, cJSON *resource, const char *reference, const char *twist)
{
    char nonce[13], id[37], when[32], *plain = cJSON_PrintUnformatted(resource);
    cJSON *out = cJSON_CreateObject(), *box;
    sb_random_hex(sb->keys, nonce, 12);
    sb_random_hex(sb->keys, id, 36);
    sb_rfc3339_write(sb_their_now(sb, account), when);
    char *sealed =
        sb_seal(sb_same(twist, "wrong_key") ? "another-key-of-another-merchant-" : account->secret_key, nonce,
                type, plain);
    sb_json_text(out, "id", id);
    sb_json_text(out, "create_time", when);
    sb_json_text(out, "resource_type", "encrypt-resource");
    sb_json_text(out, "event_type", event);
    sb_json_text(out, "summary", strcmp(type, "refund") == 0 ? "退款通知" : "支付成功");
    box = cJSON_AddObjectToObject(out, "resource");
    sb_json_text(box, "original_type", type);
    sb_json_text(box, "algorithm", "AEAD_AES_256_GCM");
    sb_json_text(box, "ciphertext", sealed);
    sb_json_text(box, "associated_data", type);
    sb_json_text(box, "nonce", nonce);
    char *text = cJSON_PrintUnformatted(out),
         *body = sb_dup(sb_same(twist, "not_json") ? "<xml></xml>" : text);
    cJSON_free(text);
    cJSON_free(plain);
    free(sealed);
    cJSON_Delete(out);
    cJSON_Delete(resource);
    return sb_note_queue(sb, account, url, body, event, reference);
}

void sb_wechat_notify(struct sb *sb, struct sb_trade *trade)
{
    struct sb_order *order = trade->order;
    tell(sb, order->account, order->notify_url, "TRANSACTION.SUCCESS", "transaction",
         sb_wechat_trade_json(trade, NULL, NULL), order->reference, NULL);
}

/* Only where the refund itself named an address. */
void sb_wechat_notify_refund(struct sb *sb, const struct sb_refund *refund)
{
    struct sb_order *order = refund->trade->order;
    char *event = sb_print("REFUND.%s", refund_state(refund, NULL));
    if (refund->notify_url) {
        tell(sb, order->account, refund->notify_url, event, "refund", sb_wechat_refund_json(refund, NULL),
             order->reference, NULL);
    }
    free(event);
}

void sb_wechat_headers(struct sb *sb, struct sb_note *note, struct sb_params *headers)
{
    sb_params_add(headers, "Content-Type", "application/json");
    sb_params_add(headers, "Accept", "*/*");
    sb_wechat_sign(sb, note->account, NULL, note->body, strlen(note->body), note->twist, note->skew_ms,
                   headers);
}

struct sb_note *sb_wechat_forge(struct sb *sb, struct sb_account *account, struct sb_order *order,
                                const char *reference, const char *kind)
{
    struct sb_order stranger = {.account = account, .reference = (char *)(uintptr_t)reference, .amount = 100};
    struct sb_trade trade = {.order = order ? order : &stranger, .paid = sb_now(sb)};
    if (order) {
        trade = *order->trades;
    }
    if (!sb_same(kind, "unpaid")) {
        trade.captured = trade.order->amount;
        trade.paid = trade.paid ? trade.paid : sb_now(sb);
        sb_copy(trade.status, sizeof trade.status, "SUCCESS");
        if (!trade.trade_no[0]) {
            sb_copy(trade.trade_no, sizeof trade.trade_no, "4200000000202001010000000001");
        }
    }
    char *url = order ? sb_dup(order->notify_url)
                      : sb_print("http://127.0.0.1:%d/notify/%s", sb->notify_port, account->id);
    struct sb_note *note = tell(sb, account, url, "TRANSACTION.SUCCESS", "transaction",
                                sb_wechat_trade_json(&trade, NULL, kind), trade.order->reference, kind);
    static const char *const signing[] = {"bad_signature", "sign_probe", "unknown_serial"};
    for (size_t i = 0; i < 3; i++) {
        note->twist = sb_same(kind, signing[i]) ? signing[i] : note->twist;
    }
    note->skew_ms = sb_same(kind, "old_timestamp")      ? -3600000
                    : sb_same(kind, "future_timestamp") ? 3600000
                                                        : 0;
    free(url);
    return note;
}
