/* The payment handle: the machine's numbers, and beside them the texts that decide nothing. Files of flow
   share it; nobody else sees it. */
#ifndef PR_FLOW_HANDLE_H
#define PR_FLOW_HANDLE_H

#include <payroute/rows.h>

#include "adapters/adapter.h"
#include "base/contract.h"
#include "base/mem.h"
#include "core/machine.h"
#include "health/handle.h"
#include "route/route.h"

enum {
    PR_CONTENT_MAX = 4096,
    PR_SHOW_MAX = 16384,
    PR_WISH_MAX = 2048,
    PR_FACT_ROWS_MAX = 16,
    PR_OWNER_CAP = 96,
    PR_WHY_CAP = 256
};

/* What the shop asked for; kept as JSON text in the record so that later attempts can be made after a
   restart. */
typedef struct pr_order {
    char method[17];
    char flow[12];
    char channel[33]; /* "" any */
    char instrument[129];
    char subject[257];
    char customer[65];
    char return_url[513];
    char client_ip[46];
    char locale[12];
    char last_channel[33]; /* where this customer paid last, says the shop */
    int32_t hold;
    int32_t late_money; /* 0 as the policy says, 1 revive, 2 refund */
} pr_order;

/* Facts for rules and terms; the texts lie in the document. */
typedef struct pr_known {
    payroute_json *doc;
    pr_rule_facts facts;
} pr_known;

/* The rule that refused the payment, and its word. */
typedef struct pr_denial {
    char rule[33];
    char reason[33]; /* "": none did */
} pr_denial;

/* Texts of one attempt. */
typedef struct pr_kept {
    char *content;
    size_t content_len;
    char *show;
    size_t show_len;
    int32_t show_kind;
    char provider_id[PR_ID_CAP];
    char capture_id[PR_ID_CAP];
    char instrument[24];
    char message[PR_MESSAGE_CAP]; /* not stored: the provider's words, for the merchant's page */
    const pr_channel *channel;      /* NULL: gone from the configuration, and nothing is open there */
    const char *credential;         /* version that belongs to the attempt's account; the channel's own text */
} pr_kept;

/* An exchange of ours: armed by tick, ended by feed. Lives in this handle only: a worker that dies loses
   it, by design. */
typedef struct pr_exchange {
    int32_t armed;
    int32_t op; /* enum pr_operation */
    int32_t step;
    int32_t n;
    int32_t action; /* index; -1 */
    int32_t send_no;
    int64_t epoch; /* lease epoch of the dispatch */
    int64_t asked_ms;
} pr_exchange;

/* An answer that cannot be read before a certificate is here. */
typedef struct pr_held {
    pr_exchange ex;
    int32_t status;
    int32_t verified_peer;
    char *headers;
    size_t headers_len;
    char *body;
    size_t body_len;
    char id[PR_ID_CAP]; /* of the certificate */
} pr_held;

struct payroute_keyring {
    pr_keyring keys;
    payroute_registry *registry;
    pr_http_request request; /* of the last FETCH without a payment */
};

typedef struct pr_fact_row {
    char *body;
    int32_t n;
    int32_t source;
    int32_t no;
    int64_t asked_ms;
} pr_fact_row;

/* What health is to be told once it is stored. */
typedef struct pr_tell {
    int32_t n; /* attempt */
    int32_t kind; /* of health.c */
    int32_t result;
    int64_t latency_ms; /* or age, delay, captured money */
} pr_tell;

typedef struct pr_telling {
    payroute_health *health;
    pr_health_permit permit; /* of the exchange under way */
    int64_t sent_ms;
    int32_t canary_n; /* attempt that is a test; 0 none */
    int32_t canary_ms;
    int32_t turn;     /* taken in this split, from 1, by a choice that is not stored yet; 0 none */
    int32_t count;
    pr_tell tells[PR_ATTEMPTS_MAX * 3];
} pr_telling;

struct payroute_payment {
    pr_pay pay;
    payroute_registry *registry;
    const payroute_catalog *catalog;
    int64_t id;
    char instance[33];
    char order_id[65];
    char order_hash[33];
    pr_order order;
    pr_known *known; /* NULL: nothing */
    pr_denial denied;
    pr_kept *kept; /* as many as there were attempts; beside most payments stands one */
    int32_t kept_count;
    char *action_ids[PR_ACTIONS_MAX];
    pr_exchange ex;
    payroute_keyring *ring; /* the host's; NULL: nothing is fetched */
    pr_telling *telling;    /* NULL: nothing is known of channels, and nothing told */
    pr_held *held;          /* while a FETCH is armed */
    int32_t conflict;
    /* the last thing said by a provider, until it is saved: applied again after a conflict */
    pr_reading *said; /* room is made before an exchange, so that no answer is lost for want of it; else NULL */
    pr_exchange said_for; /* n and source of it; armed: there is one */
    int32_t said_source;
    /* lease */
    char owner[PR_OWNER_CAP];     /* me */
    char row_owner[PR_OWNER_CAP]; /* as stored */
    int32_t lease_free;
    int64_t lease_held; /* epoch that this handle took; 0 none */
    int64_t budget_ms;
    /* entropy */
    uint8_t pool[32];
    uint32_t pool_no;
    /* rows waiting for the next save */
    pr_fact_row *facts; /* PR_FACT_ROWS_MAX, while there are any; else NULL */
    int32_t fact_count;
    int32_t fact_no;
    char notice_channel[33];
    char notice_event[PR_ID_CAP];
    char *notice_body;
    size_t notice_len;
    char audit[65]; /* newest stored line; "" none */
    /* texts handed out */
    pr_http_request request;
    payroute_json_out *view;
    payroute_json_out *shown;
    payroute_json_out *trace;
    struct pr_save *save;
    char key[PR_KEY_CAP];
    int32_t unlisted_new; /* 1: nobody took `unlisted` yet */
    char *unlisted;       /* the last code that no row names, as JSON; NULL none */
    int32_t show_now; /* the payload is durable as shown: SHOW until the next call */
    char why[PR_WHY_CAP];
};

/* ---- entropy.c ---- */
int32_t pr_pool_next(payroute_payment *p, uint8_t out[32]);
int32_t pr_reference_mint(payroute_payment *p, char out[27], int64_t now_ms);

/* ---- order.c ---- */
int32_t pr_order_read(pr_order *out, const payroute_json_node *spec, const char *path, pr_text *why);
void pr_order_policy(pr_pay *pay, const pr_order *order);
void pr_order_write(payroute_json_out *out, const pr_order *order); /* as members */

/* ---- known.c ---- */
int32_t pr_card_number(const char *text); /* 1: looks like one */
int32_t pr_known_key(const payroute_json_node *member);
/* The facts among the members of an object; NULL where there are none. E_SCHEMA, E_LIMIT with `why`, E_NOMEM. */
int32_t pr_known_read(pr_known **out, const payroute_json_node *spec, pr_text *why);
int32_t pr_known_without_card(pr_known **out, const pr_known *known); /* for another instrument */
void pr_known_write(payroute_json_out *out, const pr_known *known);   /* as members */
const char *pr_known_issuer(const pr_known *known); /* who stands behind the instrument; NULL not known */
void pr_known_free(pr_known *known);

/* ---- choose.c ---- */
/* Channels whose provider cannot take this order as it is (a field is missing, too long, of another
 * currency). */
enum { PR_UNFIT_MAX = 64 };
typedef struct pr_unfit {
    const pr_channel *channels[PR_UNFIT_MAX];
    int32_t count;
} pr_unfit;
int32_t pr_choose(payroute_payment *p, pr_route_pick *pick, const pr_unfit *not, int64_t now_ms);
void pr_deny(payroute_payment *p, const pr_route_pick *pick); /* the payment ends: a rule refuses it */

/* ---- fetch.c ---- */
/* 1: the answer is kept, and a FETCH is armed for what it needs. */
int32_t pr_fetch_hold(payroute_payment *p, const pr_http_reply *reply, const char *id);
void pr_fetch_take(payroute_payment *p, const pr_http_reply *reply, int64_t now_ms);
/* The exchange that was kept is the armed one again; the answer is the caller's, see pr_held_free. */
pr_held *pr_fetch_resume(payroute_payment *p);
void pr_held_free(pr_held *held);

/* ---- exchange.c ---- */
const char *pr_request_part(const pr_buf *b, size_t *len); /* "" and 0 for NULL */
/* Of an exchange that only asks. */
int64_t pr_channel_exchange(const payroute_registry *registry, const pr_channel *c, int32_t field);
void pr_subject_fill(pr_subject *out, payroute_payment *p, const pr_exchange *ex, int64_t now_ms,
                     uint8_t entropy[32]);
const pr_adapter *pr_flow_adapter(const payroute_payment *p, int32_t n);
int64_t pr_exchange_timeout(const payroute_payment *p, const pr_exchange *ex);

/* ---- judge.c ---- */
/* What a statement is worth: evidence and compared fields against the provider's facts. 0: nothing that may
   be used. */
int32_t pr_judge(pr_input *out, const payroute_payment *p, const pr_fact *f, int32_t op, int32_t n,
                 int32_t action, int32_t source, int64_t now_ms);

/* ---- absorb.c ---- */
/* A reading into the machine and the kept texts. */
void pr_unlisted_note(payroute_payment *p, const pr_reading *r, const pr_exchange *ex, int32_t source);
int32_t pr_absorb(payroute_payment *p, const pr_reading *r, const pr_exchange *ex, int32_t source,
                  int64_t now_ms);

/* ---- health.c ---- */
/* All of them do nothing where no health is attached. */
/* A turn of a split was taken by this choice. It goes back where the choice leads to no stored attempt. */
void pr_tell_turn(payroute_payment *p, const pr_route_pick *pick);
void pr_tell_turn_back(payroute_payment *p);
void pr_tell_chosen(payroute_payment *p, const pr_route_pick *pick, int32_t n);
/* What the armed exchange's answer says about the channel: before it is absorbed. */
void pr_tell_answer(payroute_payment *p, const pr_reading *r, int64_t now_ms);
/* What became of attempts: marked in the record that is about to be stored. */
void pr_tell_mark(payroute_payment *p);
void pr_tell_saved(payroute_payment *p);  /* it is durable: tell, and note what is on its way now */
void pr_tell_forget(payroute_payment *p); /* another worker was faster */

/* ---- drive.c ---- */
int32_t pr_drive(payroute_payment *p,
                 int64_t now_ms); /* time, choice, arming; leaves at most one exchange armed */
void pr_facts_fill(payroute_payment *p, int32_t n, const pr_channel *c);

/* ---- save.c ---- */
void pr_save_free(struct pr_save *s);
int32_t pr_fact_row_add(payroute_payment *p, int32_t n, int32_t source, int64_t asked_ms,
                        payroute_json_out *json);
void pr_rows_drop(payroute_payment *p); /* facts, notice, save set: stored or given up */
int32_t pr_kept_room(payroute_payment *p, int32_t count); /* E_NOMEM: as it was */
int32_t pr_said_room(payroute_payment *p);                /* E_NOMEM */
void pr_said_drop(payroute_payment *p);

/* ---- load.c ---- */
int32_t pr_handle_fill(payroute_payment *p, const payroute_save_set *rows, int64_t now_ms, pr_text *why);
int32_t pr_handle_new(payroute_payment **out, payroute_registry *registry, const payroute_catalog *catalog,
                      const char *entropy,
                      pr_text *why);             /* order.c: an empty handle with policies and pool */
int32_t pr_handle_identify(payroute_payment *p); /* order hash */
void pr_handle_clear(payroute_payment *p);       /* load.c: the kept texts */

/* ---- notice.c ---- */
int32_t pr_notice_fold(payroute_payment *p, const payroute_notice *notice, int64_t now_ms);

void pr_why(char *why, size_t cap, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
