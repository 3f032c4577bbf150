/* What an epay panel tells: a GET on the shop's address with the order in its query, or a POST at some
   panels; made and signed anew at each delivery. Any answer that holds the word success ends it. */
#include "epay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As PHP prints a float: 1, 1.5, 0.01; or with two places at panels that keep the text. */
void sb_epay_money(const struct sb_account *account, int64_t minor, char *out, size_t cap)
{
    sb_yuan_write(minor, out, cap);
    if (account->epay->fixed) {
        return;
    }
    size_t len = strlen(out);
    while (len && out[len - 1] == '0') {
        out[--len] = 0;
    }
    if (len && out[len - 1] == '.') {
        out[len - 1] = 0;
    }
}

static void fill(struct sb *sb, const struct sb_note *note, struct sb_params *fields)
{
    const struct sb_trade *trade = note->trade;
    const struct sb_order *order = trade->order;
    const struct sb_account *account = note->account;
    char money[32], *when = sb_print("%lld", (long long)((sb_their_now(sb, account) + note->skew_ms) / 1000));
    bool foreign = sb_same(note->twist, "foreign_app") || sb_same(note->twist, "wrong_seller");
    sb_epay_money(account, order->amount + (sb_same(note->twist, "wrong_amount") ? 100 : 0), money,
                  sizeof money);
    sb_params_add(fields, "pid", foreign ? "4711" : account->seller_id);
    sb_params_add(fields, "trade_no", trade->trade_no);
    sb_params_add(fields, "out_trade_no", order->reference);
    sb_params_add(fields, "type", strncmp(order->code, "weixin:", 7) == 0 ? "wxpay" : "alipay");
    sb_params_add(fields, "name", order->subject);
    sb_params_add(fields, "money", money);
    sb_params_add(fields, "trade_status", sb_same(note->twist, "unpaid") ? "TRADE_CLOSED" : "TRADE_SUCCESS");
    if (sb_same(note->twist, "wrong_currency")) {
        sb_params_add(fields, "currency", "USD");
    }
    if (order->passback) {
        sb_params_add(fields, "param", order->passback);
    }
    if (account->epay->v2) {
        sb_params_add(fields, "api_trade_no", trade->trade_no);
        sb_params_add(fields, "timestamp", when);
    }
    sb_epay_sign(sb, account, fields,
                 sb_same(note->twist, "bad_signature") || sb_same(note->twist, "wrong_key"));
    free(when);
}

/* The whole notification is made here, when it is about to leave or to be shown. */
void sb_epay_headers(struct sb *sb, struct sb_note *note, struct sb_params *headers)
{
    struct sb_params fields = {0};
    const char *plain = note->trade->order->notify_url;
    fill(sb, note, &fields);
    char *form = sb_params_encode(&fields);
    sb_params_free(&fields);
    free(note->url);
    free(note->body);
    if (note->account->epay->post) {
        note->method = "POST";
        note->url = sb_dup(plain);
        note->body = form;
        sb_params_add(headers, "Content-Type", "application/x-www-form-urlencoded");
        return;
    }
    note->method = "GET";
    note->url = sb_print("%s%s%s", plain, strchr(plain, '?') ? "&" : "?", form);
    note->body = sb_dup("");
    free(form);
}

void sb_epay_notify(struct sb *sb, struct sb_trade *trade)
{
    struct sb_order *order = trade->order;
    struct sb_note *note =
        sb_note_queue(sb, order->account, order->notify_url, sb_dup(""), "TRADE_SUCCESS", order->reference);
    note->trade = trade;
}

struct sb_note *sb_epay_forge(struct sb *sb, struct sb_account *account, struct sb_order *order,
                              const char *reference, const char *kind)
{
    static const char *const twists[] = {"bad_signature", "wrong_key",      "foreign_app", "wrong_seller",
                                         "wrong_amount",  "wrong_currency", "unpaid"};
    struct sb_trade *trade = sb_alloc(sizeof *trade); /* both live as long as their note: for ever */
    struct sb_order *about = order;
    if (order) {
        *trade = *order->trades;
    } else {
        about = sb_alloc(sizeof *about);
        about->account = account;
        about->reference = sb_dup(reference);
        about->subject = sb_dup("stranger");
        about->amount = 100;
        about->notify_url = sb_print("http://127.0.0.1:%d/notify/%s", sb->notify_port, account->id);
        sb_copy(trade->trade_no, sizeof trade->trade_no, "2020010100000011111");
    }
    trade->order = about;
    struct sb_note *note = sb_note_queue(sb, account, about->notify_url, sb_dup(""), kind, about->reference);
    note->trade = trade;
    for (size_t i = 0; i < sizeof twists / sizeof *twists; i++) {
        note->twist = sb_same(kind, twists[i]) ? twists[i] : note->twist;
    }
    note->skew_ms = sb_same(kind, "old_timestamp")      ? -3600000
                    : sb_same(kind, "future_timestamp") ? 3600000
                                                        : 0;
    return note;
}
