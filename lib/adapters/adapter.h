/* The contract of a provider's adapter: pure functions over bytes. An adapter builds requests and reads what
   came back; it decides nothing. What a statement is worth (evidence, compared fields) is judged by flow from
   the provider's facts. */
#ifndef PR_ADAPTER_H
#define PR_ADAPTER_H

#include "base/facts.h"
#include "base/text.h"
#include "catalog/catalog.h"
#include "core/event.h"
#include "registry/keyring.h"
#include "registry/registry.h"

enum { PR_REF_CAP = 65, PR_ID_CAP = 129, PR_CODE_CAP = 65, PR_MESSAGE_CAP = 201, PR_FACTS_MAX = 4 };

/* One HTTP request, ready to be sent. Owned by the payment handle, zeroised at the next feed: it holds
 * credentials. */
typedef struct pr_http_request {
    char method[8];
    pr_buf url;
    pr_buf headers; /* "Name: value\r\n" each */
    pr_buf body;
} pr_http_request;

typedef struct pr_http_reply {
    int32_t status;
    const char *headers; /* raw header lines, CRLF or LF separated; may be NULL */
    size_t headers_len;
    const char *body;
    size_t body_len;
    int32_t verified_peer; /* 1: the driver verified the host (TLS, or loopback where the configuration allows
                              plain) */
} pr_http_reply;

/* What an adapter may know about the attempt or action it works for. */
typedef struct pr_subject {
    const pr_channel *channel;
    const char *credential_version; /* NULL: the newest */
    const char *reference;          /* our reference: <= 26 of A-Z0-9 */
    const char *key;                /* key of this step or action: reference, or reference + letter + digit */
    const char *method;
    const char *flow;
    const char *content; /* stored content bytes of the attempt (canonical, made by `content`) */
    size_t content_len;
    const char *provider_id; /* theirs, once known; "" before */
    const char *capture_id;  /* provider's id of the capture or charge, "" before */
    const char *action_id;   /* provider's id of this action (refund), "" before */
    int64_t amount_minor;    /* of the attempt, or of the action */
    const char *currency;
    int64_t attempt_amount_minor;
    int64_t expire_ms; /* absolute expiry of the attempt (T_pay); 0: none */
    int64_t now_ms;
    const uint8_t *entropy; /* 32 bytes, fresh for this call */
    const char *secret;     /* per-send instrument secret that is never stored (none today); NULL */
    const payroute_catalog *catalog;
    const pr_keyring *keyring; /* certificates fetched so far; NULL: none */
    const char *aux_id;              /* PR_OP_FETCH: what is missing; "" else */
} pr_subject;

enum pr_show_kind {
    PR_SHOW_NONE = 0,
    PR_SHOW_QR = 1,
    PR_SHOW_URL = 2,
    PR_SHOW_FORM = 3,
    PR_SHOW_CLIENT_SECRET = 4
};
enum pr_target { PR_TARGET_ATTEMPT = 0, PR_TARGET_ACTION = 1 };

/* One statement of a provider. Zeroed = says nothing; amount -1 = not stated. */
typedef struct pr_fact {
    int32_t target;               /* enum pr_target: whose event this is */
    int32_t event;                /* enum pr_event for an attempt, enum pr_action_event for an action */
    int32_t evidence;             /* enum pr_evidence */
    int32_t merchant_equal;       /* app, merchant, account: 1 equal, 0 differs, -1 not stated */
    int32_t final;                /* 1: no late copy and no act of the customer can still move money */
    int32_t held_by_client;       /* 1: the container's secret or URL is in the browser */
    int32_t should_retry;         /* provider's hint on a resend: 1, 0, -1 none */
    int64_t amount_minor;         /* what the compared amount field states; -1 absent */
    char currency[8];             /* "" absent */
    char reference[PR_REF_CAP];   /* our reference as stated; "" absent */
    char provider_id[PR_ID_CAP];  /* their id of the order or container */
    char txn_id[PR_ID_CAP];       /* their id of the capture, refund or chargeback: key of the money fold */
    char action_key[PR_REF_CAP];  /* our key of the refund, when stated */
    int64_t reversed_total_minor; /* "refunded so far", where stated as a total; -1 absent */
    int64_t provider_ms;    /* provider's clock at this statement (signed timestamp or Date of a verified
                               answer); 0 */
    int64_t retry_after_ms; /* lower bound from now; 0 none */
    int64_t expires_ms;     /* the payload's or hold's end as stated; 0 none */
    char code[PR_CODE_CAP]; /* raw provider code, "" none */
    char layer[32];
    char network[16];
    char network_code[PR_CODE_CAP];
    char advice_code[PR_CODE_CAP];
    char message[PR_MESSAGE_CAP]; /* provider's text, for the merchant only; redacted by flow */
    char instrument[24];          /* "visa 4242" at most; never a PAN */
    int32_t http_status;
    pr_catalog_answer meaning; /* what the catalogue says; reason 0 where there was no code */
} pr_fact;

typedef struct pr_reading {
    pr_fact facts[PR_FACTS_MAX];
    int32_t count;
    int32_t show_kind;        /* enum pr_show_kind: a payload for the customer came */
    pr_buf show;              /* its text, <= 16 KiB */
    char need_aux[PR_ID_CAP]; /* "" or the id of a certificate that must be fetched first */
} pr_reading;

/* A notification after the door: rc OK = authentic (facts filled). Acknowledgements are exact bytes. */
typedef struct pr_ack {
    int32_t status;
    const char *content_type; /* static */
    const char *body;         /* static */
} pr_ack;

typedef struct pr_notice {
    int32_t rc;        /* OK; E_SIGNATURE, E_FOREIGN, E_EXPIRED, E_ENCODING, E_JSON, E_SCHEMA, E_NEED_AUX */
    int32_t ignorable; /* 1: authentic, but about nothing that we keep (another event type): acknowledge,
                          store nothing */
    char reference[PR_REF_CAP]; /* the attempt it speaks of; "" when only provider_id is known */
    char event_id[PR_ID_CAP];   /* unique per channel: the provider's id, else SHA-256 hex of the raw body */
    char order_hash[65];        /* shop order hash carried through (passback_params, metadata); "" */
    pr_reading reading;
    pr_ack stored;  /* say this after the commit */
    pr_ack resend;  /* "please send it again" */
    pr_ack refused; /* to a forged or foreign one */
} pr_notice;

typedef struct pr_http_incoming {
    const char *method; /* "GET", "POST" */
    const char *query;  /* raw query string, may be NULL */
    size_t query_len;
    const char *headers; /* raw lines */
    size_t headers_len;
    const char *body;
    size_t body_len;
} pr_http_incoming;

/* What the shop asked for; input to `content`. All texts may be NULL. */
typedef struct pr_wish {
    const char *subject;    /* what is sold, as the customer will read it */
    const char *instrument; /* payment-method token ("pm_…"); never a PAN */
    const char *customer;   /* opaque customer reference */
    const char *return_url;
    const char *client_ip;
    const char *order_hash; /* hex, carried through as metadata so that orphans find their order */
    int32_t hold;           /* 1: authorise only, capture later */
    int32_t authenticate;   /* 1: ask for 3-D Secure where the provider lets one ask; elsewhere it means nothing */
} pr_wish;

typedef struct pr_adapter {
    const char *provider;
    /* Canonical business fields (our JSON writer, fixed order): amount, currency, reference, subject,
       instrument, URLs, expiry. No credential, nothing volatile. <= 4 KiB: E_LIMIT. `why` names the field. */
    int32_t (*content)(pr_buf *out, const pr_subject *subject, const pr_wish *wish, pr_text *why);
    /* E_UNSUPPORTED where the provider has no such operation. A PAGE_ONLY flow's create: see `show`. */
    int32_t (*build)(pr_http_request *out, int32_t operation, int32_t step, const pr_subject *subject,
                     pr_text *why);
    /* PAGE_ONLY flows: the payload (URL or form) made locally instead of a request; NULL where there are
     * none. */
    int32_t (*show)(pr_reading *out, const pr_subject *subject, pr_text *why);
    /* Never fails but for E_NOMEM: what cannot be understood is a fact UNCLEAR. */
    int32_t (*read)(pr_reading *out, int32_t operation, int32_t step, const pr_subject *subject,
                    const pr_http_reply *reply);
    /* The host's own SDK returned a code (custom channels; or the shop drives the provider itself). NULL:
     * E_UNSUPPORTED. */
    int32_t (*read_code)(pr_reading *out, int32_t operation, int32_t step, const pr_subject *subject,
                         const char *code, const char *status, const char *provider_id);
    void (*notify)(pr_notice *out, const pr_channel *channel, const payroute_catalog *catalog,
                   const pr_keyring *keyring, const pr_http_incoming *in, int64_t now_ms);
    /* The answer to PR_OP_FETCH, fresh or as any worker stored it: the body alone must prove each certificate
       (a chain to a configured root, a seal under a configured key), whoever kept it. What is proven goes into
       the ring; E_SIGNATURE, E_JSON, E_SCHEMA, E_LIMIT, E_NOMEM: nothing did. NULL: nothing is ever fetched. */
    int32_t (*fetched)(pr_keyring *ring, const pr_channel *channel, const char *body, size_t body_len,
                       int64_t now_ms, pr_text *why);
    const char *probe_id; /* asked by the provider's id: one of its form that names nothing; NULL: by our number */
    int32_t fetch_lists;  /* 1: the answer brings every current certificate, whichever was asked for */
} pr_adapter;

const pr_adapter *pr_adapter_find(const char *provider); /* NULL: none */
int32_t pr_adapter_count(void);
const pr_adapter *pr_adapter_at(int32_t i);

void pr_http_request_init(pr_http_request *r);
void pr_http_request_free(pr_http_request *r); /* zeroises */
void pr_fact_init(pr_fact *f);
void pr_reading_init(pr_reading *r);
void pr_reading_free(pr_reading *r);
/* Value of a header in a raw block, trimmed, into `out`; 0 absent, -1 given twice or too long, 1 found. */
int32_t pr_header_get(char *out, size_t cap, const char *headers, size_t len, const char *name);

#endif
