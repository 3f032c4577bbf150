/* 易支付 (epay) in the sandbox: what its files share. Read for it: github.com/v03413/Epay (submit.php,
   mapi.php, api.php, includes/lib/api/Pay.php, includes/lib/ApiHelper.php, Payment.php, Order.php,
   includes/functions.php, cron.php at ee05bf1) for both versions, z-pay.cn/doc and EzPay for what other
   panels do otherwise. */
#ifndef SANDBOX_EPAY_H
#define SANDBOX_EPAY_H

#include "sandbox.h"

struct sb_epay {
    bool v2, refund, post, fixed, words, escaped, strings, newest, close, named;
    int64_t refund_code, reuse_ms; /* reuse_ms: after that a number makes a new trade; < 0: never */
    char pay_as[12], fork[16];
};

/* epay.c: the panel's addresses and signatures */
void sb_epay_identify(struct sb_request *req);
void sb_epay_execute(struct sb_request *req);
void sb_epay_limited(struct sb_request *req, const char *seconds);
void sb_epay_refuse(struct sb_request *req);
void sb_epay_message(struct sb_request *req, int64_t code, const char *text);
void sb_epay_answer(struct sb_request *req, cJSON *fields); /* v2: stamps and signs; takes the fields */
void sb_epay_sign(struct sb *sb, const struct sb_account *account, struct sb_params *fields, bool spoiled);
const char *sb_epay_field(const struct sb_request *req, const char *name); /* NULL when empty */

/* epay_fork.c: what panels do differently */
void sb_epay_open(struct sb *sb, struct sb_account *account);
void sb_epay_code(const struct sb_request *req, cJSON *out, int64_t code);
void sb_epay_number(const struct sb_request *req, cJSON *out, const char *name, int64_t value);
void sb_epay_view(const struct sb_account *account, cJSON *out);
const char *sb_epay_change(struct sb_account *account, const cJSON *in);
void sb_epay_channel(struct sb *sb, const struct sb_account *account, cJSON *out);

/* epay_order.c, epay_trade.c */
void sb_epay_submit(struct sb_request *req);
void sb_epay_create(struct sb_request *req);
void sb_epay_page(struct sb_request *req);
void sb_epay_query(struct sb_request *req);
void sb_epay_close(struct sb_request *req);
void sb_epay_refund(struct sb_request *req);
void sb_epay_refund_query(struct sb_request *req);
struct sb_order *sb_epay_named(const struct sb_request *req); /* by trade_no or out_trade_no */
struct sb_order *sb_epay_find(const struct sb_request *req, const char *number);
void sb_epay_settle(struct sb *sb, struct sb_order *order);
const char *sb_epay_customer(struct sb *sb, struct sb_order *order, const struct sb_act *with);

/* epay_note.c */
void sb_epay_money(const struct sb_account *account, int64_t minor, char *out, size_t cap);
void sb_epay_notify(struct sb *sb, struct sb_trade *trade);
void sb_epay_headers(struct sb *sb, struct sb_note *note, struct sb_params *headers);
struct sb_note *sb_epay_forge(struct sb *sb, struct sb_account *account, struct sb_order *order,
                              const char *reference, const char *kind);

#endif
