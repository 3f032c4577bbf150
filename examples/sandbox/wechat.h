/* WeChat Pay v3 in the sandbox: what its files share. Read for it: pay.weixin.qq.com/doc/v3/merchant
   (4012365342 signing, 4013053249 and 4013053420 verifying, 4012154180 public key, 4013070356 query,
   4013070360 close, 4013071036 refund, 4012791865 notifications) and github.com/wechatpay-apiv3
   (wechatpay-go, wechatpay-skills). */
#ifndef SANDBOX_WECHAT_H
#define SANDBOX_WECHAT_H

#include "sandbox.h"

#define SB_CERTIFICATES 9

struct sb_wechat {
    char serial_no[41], public_id[64]; /* serial_no: of the merchant's certificate */
    char serials[SB_CERTIFICATES][41]; /* of the platform's */
    int first, listed, signer;         /* listed: first … listed - 1; signer < 0: by the public key */
    int64_t downloads, refused, refund_ms, renewed[SB_CERTIFICATES];
    bool certificates, old_codes, close_unknown;
};

/* wechat.c: the gateway */
void sb_wechat_identify(struct sb_request *req);
void sb_wechat_execute(struct sb_request *req);
void sb_wechat_limited(struct sb_request *req, const char *seconds);
bool sb_wechat_failed(struct sb_request *req);
void sb_wechat_refuse(struct sb_request *req);
void sb_wechat_error(struct sb_request *req, int status, const char *code, const char *text);
bool sb_wechat_text(const char *text, size_t min, size_t max, const char *more); /* letters, digits, more */

/* wechat_keys.c: who signs */
void sb_wechat_open(struct sb *sb, struct sb_account *account);
void sb_wechat_finish(struct sb_request *req);
void sb_wechat_sign(struct sb *sb, const struct sb_account *account, const char *asked, const char *body,
                    size_t len, const char *twist, int64_t skew_ms, struct sb_params *headers);
bool sb_wechat_knows(const struct sb_account *account, const char *serial);
void sb_wechat_certificates(struct sb_request *req);
void sb_wechat_view(const struct sb_account *account, cJSON *out);
const char *sb_wechat_change(struct sb *sb, struct sb_account *account, const cJSON *in);
void sb_wechat_channel(struct sb *sb, const struct sb_account *account, cJSON *out);

/* wechat_create.c, wechat_trade.c, wechat_refund.c */
void sb_wechat_create(struct sb_request *req);
void sb_wechat_query(struct sb_request *req);
void sb_wechat_close(struct sb_request *req);
void sb_wechat_refund(struct sb_request *req);
void sb_wechat_refund_query(struct sb_request *req);
void sb_wechat_settle(struct sb *sb, struct sb_order *order);
const char *sb_wechat_customer(struct sb *sb, struct sb_order *order, const struct sb_act *with);
const char *sb_wechat_refund_act(struct sb *sb, struct sb_order *order, const char *act);
void sb_wechat_settle_refunds(struct sb *sb, struct sb_trade *trade);
struct sb_trade *sb_wechat_trade_new(struct sb *sb, struct sb_order *order);
struct sb_trade *sb_wechat_trade_of(const struct sb_order *order); /* of which a query speaks */
bool sb_wechat_mine(struct sb_request *req);                       /* the mchid of the body is the header's */

/* wechat_note.c */
cJSON *sb_wechat_trade_json(const struct sb_trade *trade, const struct sb_request *req, const char *twist);
cJSON *sb_wechat_refund_json(const struct sb_refund *refund, const struct sb_request *req);
void sb_wechat_notify(struct sb *sb, struct sb_trade *trade);
void sb_wechat_notify_refund(struct sb *sb, const struct sb_refund *refund);
void sb_wechat_headers(struct sb *sb, struct sb_note *note, struct sb_params *headers);
struct sb_note *sb_wechat_forge(struct sb *sb, struct sb_account *account, struct sb_order *order,
                                const char *reference, const char *kind);

#endif
