/* The two objects of WeChat Pay that state money, wherever they come from: a transaction and a refund. */
#include "adapters/wechatpay.h"

#include <string.h>

static const char *string_at(const payroute_json_node *object, const char *name)
{
    const char *text = payroute_json_string(payroute_json_get(object, name));
    return text ? text : "";
}

static int32_t is_digit_pair(const char *s)
{
    return s[0] >= '0' && s[0] <= '9' && s[1] >= '0' && s[1] <= '9';
}

int32_t pr_wechatpay_time(int64_t *ms, const char *text)
{
    char civil[20];
    size_t n = text ? strlen(text) : 0;
    if (n < 20 || n > 25 || text[10] != 'T') {
        return PAYROUTE_E_ENCODING;
    }
    memcpy(civil, text, 19);
    civil[10] = ' ';
    civil[19] = '\0';
    const char *zone = text + 19;
    if (strcmp(zone, "Z") == 0) {
        return pr_time_parse_civil(ms, civil, 0);
    }
    if (n != 25 || (zone[0] != '+' && zone[0] != '-') || !is_digit_pair(zone + 1) || zone[3] != ':' ||
        !is_digit_pair(zone + 4)) {
        return PAYROUTE_E_ENCODING;
    }
    int32_t minutes = ((zone[1] - '0') * 10 + zone[2] - '0') * 60 + (zone[4] - '0') * 10 + zone[5] - '0';
    return pr_time_parse_civil(ms, civil, zone[0] == '-' ? -minutes : minutes);
}

int32_t pr_wechatpay_ours(const pr_channel *channel, const payroute_json_node *object, int32_t with_app)
{
    const char *mchid = string_at(object, "mchid");
    const char *appid = string_at(object, "appid");
    if (!mchid[0] || (with_app && !appid[0])) {
        return -1;
    }
    for (int32_t i = 0; i < channel->credential_count; i++) {
        const char *version = channel->credentials[i].version;
        const char *our_mchid = pr_credential_get(channel, version, "mchid");
        const char *our_appid = pr_credential_get(channel, version, "appid");
        if (our_mchid && strcmp(mchid, our_mchid) == 0 &&
            (!with_app || (our_appid && strcmp(appid, our_appid) == 0))) {
            return 1;
        }
    }
    return 0;
}

/* Fen as an integer of the object `amount`. 0: absent or unreadable. */
static int32_t take_fen(int64_t *minor, const payroute_json_node *object, const char *name)
{
    int64_t v = 0;
    if (payroute_json_integer(&v, payroute_json_get(payroute_json_get(object, "amount"), name)) !=
            PAYROUTE_OK ||
        v < 0) {
        return 0;
    }
    *minor = v;
    return 1;
}

static int32_t is_word(const char *state, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(state, words[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

static int32_t read_paid(pr_fact *f, const payroute_json_node *object)
{
    if (pr_word_copy(f->txn_id, sizeof f->txn_id, string_at(object, "transaction_id")) != 1 ||
        !take_fen(&f->amount_minor, object, "total") ||
        pr_word_copy(f->currency, sizeof f->currency,
                     string_at(payroute_json_get(object, "amount"), "currency")) != 1) {
        f->amount_minor = -1;
        f->txn_id[0] = f->currency[0] = '\0';
        return 0;
    }
    memcpy(f->provider_id, f->txn_id, sizeof f->provider_id);
    f->event = PR_EV_PAID;
    return 1;
}

/* REFUND says only that a refund was asked for, so that the order was paid; how much went back the refunds
   say. Of an order whose payment is news to us somebody else gave money back: a person must see how much is
   left before anything is delivered. REVOKED, USERPAYING, PAYERROR and ACCEPT are documented for payment
   codes and agreements alone: on an order of ours the first two are taken as what they mean, a failure is not
   final (the order can be paid again). */
static int32_t read_trade_state(pr_fact *f, const payroute_json_node *object, const char *state,
                                int32_t known)
{
    static const char *const paid[] = {"SUCCESS", "REFUND"};
    static const char *const shut[] = {"CLOSED", "REVOKED"};
    static const char *const busy[] = {"USERPAYING", "ACCEPT"};
    pr_word_copy(f->code, sizeof f->code, strcmp(state, "SUCCESS") == 0 ? "" : state);
    pr_word_copy(f->layer, sizeof f->layer, f->code[0] ? "trade_state" : "");
    if (is_word(state, paid, 2)) {
        int32_t read = read_paid(f, object);
        f->event = read && strcmp(state, "REFUND") == 0 && !known ? PR_EV_MISMATCH : f->event;
        return read;
    }
    if (is_word(state, shut, 2)) {
        f->event = PR_EV_ST_CLOSED;
        f->final = 1;
    } else if (is_word(state, busy, 2)) {
        f->event = PR_EV_ST_PROCESSING;
    } else if (strcmp(state, "NOTPAY") == 0) {
        f->event = PR_EV_ST_UNPAID;
    } else if (strcmp(state, "PAYERROR") == 0) {
        f->event = PR_EV_ST_DECLINED;
    }
    return 1;
}

int32_t pr_wechatpay_transaction(pr_fact *f, const payroute_json_node *object, const pr_channel *channel,
                                 int32_t known)
{
    f->target = PR_TARGET_ATTEMPT;
    f->event = PR_EV_UNCLEAR;
    if (pr_word_copy(f->reference, sizeof f->reference, string_at(object, "out_trade_no")) != 1) {
        return 0;
    }
    f->merchant_equal = pr_wechatpay_ours(channel, object, 1);
    return read_trade_state(f, object, string_at(object, "trade_state"), known);
}

/* ABNORMAL: the customer's card or account does not take the money; a person sends it elsewhere on the
   merchant platform, under the same number, so that it is neither done nor free to be made anew. CLOSED:
   nothing went back. */
int32_t pr_wechatpay_refund(pr_fact *f, const payroute_json_node *object, const char *status_name)
{
    const char *status = string_at(object, status_name);
    f->target = PR_TARGET_ACTION;
    f->event = PR_AE_UNCLEAR;
    if (pr_word_copy(f->reference, sizeof f->reference, string_at(object, "out_trade_no")) != 1 ||
        pr_word_copy(f->txn_id, sizeof f->txn_id, string_at(object, "out_refund_no")) != 1) {
        return 0;
    }
    pr_word_copy(f->action_key, sizeof f->action_key, f->txn_id);
    pr_word_copy(f->code, sizeof f->code, status);
    pr_word_copy(f->layer, sizeof f->layer, "refund_status");
    if (!take_fen(&f->amount_minor, object, "refund")) {
        return 0;
    }
    const char *currency = string_at(payroute_json_get(object, "amount"), "currency");
    pr_word_copy(f->currency, sizeof f->currency, currency);
    if (strcmp(status, "SUCCESS") == 0) {
        f->event = PR_AE_DONE;
    } else if (strcmp(status, "PROCESSING") == 0 || strcmp(status, "ABNORMAL") == 0) {
        f->event = PR_AE_PENDING;
    } else if (strcmp(status, "CLOSED") == 0) {
        f->event = PR_AE_FAILED;
    }
    return 1;
}
