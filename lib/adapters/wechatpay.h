/* WeChat Pay's API v3, between the files that speak it: requests, seals and signatures, answers,
 * notifications. */
#ifndef PR_ADAPTER_WECHATPAY_H
#define PR_ADAPTER_WECHATPAY_H

#include "adapters/common.h"

enum {
    PR_WECHATPAY_ZONE_MINUTES = 480,    /* times are written in Beijing's time */
    PR_WECHATPAY_TOLERANCE_MS = 300000, /* the SDKs of WeChat Pay take five minutes, both ways */
    PR_WECHATPAY_OPEN_CAP = 64 * 1024   /* opened text of a notification or certificate */
};

int32_t pr_wechatpay_content(pr_buf *out, const pr_subject *subject, const pr_wish *wish, pr_text *why);
int32_t pr_wechatpay_build(pr_http_request *out, int32_t operation, int32_t step, const pr_subject *subject,
                           pr_text *why);
int32_t pr_wechatpay_read(pr_reading *out, int32_t operation, int32_t step, const pr_subject *subject,
                          const pr_http_reply *reply);
void pr_wechatpay_notify(pr_notice *out, const pr_channel *channel, const payroute_catalog *catalog,
                         const pr_keyring *keyring, const pr_http_incoming *in, int64_t now_ms);
int32_t pr_wechatpay_fetched(pr_keyring *ring, const pr_channel *channel, const char *body, size_t body_len,
                             int64_t now_ms, pr_text *why);

/* The native/h5/jsapi of a flow, as it stands in the path; NULL: no such flow. */
const char *pr_wechatpay_product(const char *flow);

/* ---- signatures and seals (wechatpay_sign.c)
 * --------------------------------------------------------------- */

/* 32 hexadecimal letters that nobody can guess, another for each label. */
int32_t pr_wechatpay_nonce(char out[33], const uint8_t entropy[32], const char *label);
/* The Authorization header of a request, over the very bytes that are sent. */
int32_t pr_wechatpay_authorize(pr_http_request *r, const pr_subject *subject, pr_text *why);
/* What the page hands to WeixinJSBridge or wx.requestPayment, as JSON, for the application of the order. */
int32_t pr_wechatpay_invoke(pr_buf *json, const pr_subject *subject, const char *appid,
                            const char *prepay_id);

enum pr_wechatpay_verdict {
    PR_WX_GOOD = 0,
    PR_WX_ABSENT = 1, /* no signature at all */
    PR_WX_BAD = 2,    /* one that proves nothing */
    PR_WX_PROBE = 3,  /* WeChat Pay tries whether we look at it */
    PR_WX_OLD = 4,    /* signed too long ago, or ahead of us; not verified */
    PR_WX_UNKNOWN = 5 /* the key that it names is not known here */
};
typedef struct pr_wechatpay_mark {
    int64_t signed_ms;      /* what it states; proven only with PR_WX_GOOD */
    char serial[PR_ID_CAP]; /* as pr_wechatpay_serial writes it */
} pr_wechatpay_mark;
/* enum pr_wechatpay_verdict; E_NOMEM, E_INTERNAL. Over the raw bytes. */
int32_t pr_wechatpay_verify(pr_wechatpay_mark *mark, const pr_channel *channel, const pr_keyring *ring,
                            const char *headers, size_t headers_len, const char *body, size_t body_len,
                            int64_t now_ms);
/* One spelling of a certificate's serial (upper case, no leading zeros) or public key's id. 0: it is none. */
int32_t pr_wechatpay_serial(char out[PR_ID_CAP], const char *text);
/* Opens {algorithm, nonce, associated_data, ciphertext} with the APIv3 key of any credential version.
   OK: `plain` is the text (free it: it is zeroised); E_SIGNATURE; E_SCHEMA; E_LIMIT; E_NOMEM. */
int32_t pr_wechatpay_open(pr_buf *plain, const pr_channel *channel, const payroute_json_node *sealed);

/* ---- what answers and notifications share (wechatpay_object.c)
 * --------------------------------------------- */

/* "2018-06-08T10:34:56+08:00"; E_ENCODING. */
int32_t pr_wechatpay_time(int64_t *ms, const char *text);
/* The transaction object of a query or notification. `known`: 1, that it was paid is no news to us. 0: its
   fields are unfit, or it is another's; the fact then says nothing. */
int32_t pr_wechatpay_transaction(pr_fact *f, const payroute_json_node *object, const pr_channel *channel,
                                 int32_t known);
/* The refund object of an answer (`status`) or notification (`refund_status`), to the action. 0: unfit. */
int32_t pr_wechatpay_refund(pr_fact *f, const payroute_json_node *object, const char *status_name);
/* 1: mchid (and appid where `object` has to state it) are those of one of our credentials; 0 not; -1 not
 * stated. */
int32_t pr_wechatpay_ours(const pr_channel *channel, const payroute_json_node *object, int32_t with_app);

#endif
