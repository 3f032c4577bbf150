/* One payment as plain numbers: what the machine reads and writes. No pointer, no allocation; texts that
   decide nothing (contents,
   payloads, provider ids) are kept by flow beside it. */
#ifndef PR_CORE_PAY_H
#define PR_CORE_PAY_H

#include "base/facts.h"
#include "core/event.h"
#include "core/policy.h"

#include <stddef.h>

enum { PR_ATTEMPTS_MAX = 8, PR_ACTIONS_MAX = 32, PR_MONEY_MAX = 32, PR_NEWS_MAX = 24, PR_KEY_CAP = 29 };

/* Why a person must look; bits of `review`. */
enum pr_review {
    PR_REVIEW_MISMATCH = 1 << 0,      /* authentic, but another amount or currency */
    PR_REVIEW_UNKNOWN_LONG = 1 << 1,  /* unknown or closing for too long */
    PR_REVIEW_CONTRADICTION = 1 << 2, /* a free attempt is said to go on */
    PR_REVIEW_NO_REFUND = 1 << 3,     /* money is owed and the channel cannot give it back */
    PR_REVIEW_REFUND_FAILED = 1 << 4,
    PR_REVIEW_REFUND_UNDONE = 1 << 5,
    PR_REVIEW_SECOND_HOLD = 1 << 6,
    PR_REVIEW_HELD = 1 << 7,          /* money on a free attempt that no lookup confirms */
    PR_REVIEW_ACTION_LONG = 1 << 8,
    PR_REVIEW_LIMIT = 1 << 9          /* more transactions than the record holds */
};

/* How the last refusal excludes channels. */
enum pr_refusal { PR_REFUSAL_NONE = 0, PR_REFUSAL_BACKOFF = 1, PR_REFUSAL_INVALID = 2, PR_REFUSAL_SOFT = 3,
                  PR_REFUSAL_CUSTOMER = 4,
                  PR_REFUSAL_HARD = 5 };

typedef struct pr_attempt {
    char reference[27];
    char channel[33];
    char method[17];
    char flow[12];
    uint8_t state;
    uint8_t step;          /* from 1 */
    uint8_t sends;         /* of this step; durable before the send */
    uint8_t guard;         /* slot 1 or 2; 0 free */
    uint8_t shown;         /* durable before the customer sees it */
    uint8_t has_payload;
    uint8_t has_id;        /* the provider's id is known */
    uint8_t by_client;     /* the container's secret is in the browser */
    uint8_t held;          /* free, but a money fact waits for its confirming lookup */
    uint8_t resend;        /* the last lookup allows the same request again */
    uint8_t no_retry;      /* the provider said: do not send again */
    uint8_t switched;      /* the shop asked for something else */
    uint8_t refusal;       /* enum pr_refusal */
    uint8_t check_no;      /* place in the schedule */
    uint8_t late_no;       /* place in the late watch */
    uint8_t hold;          /* authorise only */
    uint8_t not_found;     /* lookups in a row that said so, capped */
    uint8_t told;          /* what health was told of it; bits and a result of flow/health.c */
    uint8_t authenticate;  /* a rule asked for 3-D Secure */
    uint16_t review;
    uint16_t reason;       /* catalogue's number of the last refusal */
    uint16_t advice;
    uint32_t issuer;       /* hash of who stood behind the instrument at the choice; 0 unknown */
    int64_t amount_minor;
    int64_t built_ms;      /* when the newest copy was built; quarantines count from here */
    int64_t first_send_ms; /* key life counts from here */
    int64_t entered_ms;    /* present state since */
    int64_t check_ms;      /* next lookup; INT64_MAX none */
    int64_t expire_ms;     /* T_pay, told to the provider */
    int64_t auth_ms;       /* a hold lapses then; 0 none */
    int64_t free_ms;       /* became free then; 0 not free */
    int64_t not_found_ms;  /* first of the lookups in a row */
    int64_t gone_ms;       /* first lookup that was past the expiry by provider time */
    int64_t retry_ms;      /* the channel rests until then */
    int64_t captured_flat; /* largest amount stated without a transaction id */
    int64_t reversed_flat; /* largest total stated as refunded */
    uint64_t auth_txn;     /* hash of the hold's id */
    uint64_t instrument;   /* hash of the token that it was made with; 0 none */
    uint64_t account;      /* hash of the account at the provider; 0 unknown. It never changes (I5) */
    uint8_t body_hash[32];
    pr_facts facts;        /* what the provider states; not stored, filled at load */
} pr_attempt;

typedef struct pr_action {
    uint8_t n;             /* its attempt, from 1 */
    uint8_t kind;          /* enum pr_action_kind */
    uint8_t state;         /* enum pr_action_state */
    uint8_t digit;         /* of its key: reference + letter + digit */
    uint8_t sends;
    uint8_t asked;         /* a lookup came back since the last send */
    uint8_t check_no;
    uint8_t reviewed;
    uint8_t surplus;       /* a refund of ours, not of the shop */
    uint8_t not_found;
    uint16_t reason;
    int64_t amount_minor;
    int64_t built_ms;
    int64_t first_send_ms;
    int64_t entered_ms;
    int64_t check_ms;
    int64_t not_found_ms;
    char caller_id[65];    /* "" ours */
} pr_action;

enum pr_money_kind { PR_MONEY_CAPTURE = 1, PR_MONEY_REFUND = 2, PR_MONEY_UNDONE = 3 };

typedef struct pr_money {
    uint64_t id;           /* hash of the provider's transaction id */
    int64_t amount_minor;  /* the largest stated */
    uint8_t n;
    uint8_t kind;
} pr_money;

typedef struct pr_news {
    uint8_t kind;          /* enum payroute_event */
    uint8_t n;             /* attempt */
    uint16_t review;
    int32_t no;
    int64_t amount_minor;
} pr_news;

typedef struct pr_pay {
    int64_t amount_minor;
    int64_t ordered_ms;
    int64_t created_ms;
    int64_t deadline_ms;
    int64_t version;       /* as stored */
    int64_t lease_epoch;
    int64_t lease_until_ms;
    int64_t last_ms;       /* newest time seen */
    int64_t backoff_ms;    /* when an excluded channel comes back; INT64_MAX never, 0 not asked */
    char currency[4];
    uint8_t winner;        /* attempt number; 0 none */
    uint8_t cancelled;
    uint8_t over;          /* verdict given (enum payroute_status); 0 none */
    uint8_t clock_suspect;
    uint8_t no_channel;    /* the router has none left, for good */
    uint8_t present;       /* a customer waits; not stored */
    uint8_t wants_start;   /* the shop named a method; not before */
    uint8_t attempt_count;
    uint8_t action_count;
    uint8_t money_count;
    uint8_t news_count;    /* events since the last save */
    uint8_t last_refusal;
    int32_t event_no[8];   /* counters of events by kind */
    uint32_t dirty_attempts; /* bit n-1 */
    uint32_t dirty_actions;
    uint8_t dirty;         /* must be saved before the next effect, display or acknowledgement */
    uint8_t soft;          /* only schedules moved: may ride on the next save */
    int64_t saved_ms;      /* when it was last stored */
    pr_policy policy;
    pr_attempt attempts[PR_ATTEMPTS_MAX];
    pr_action actions[PR_ACTIONS_MAX];
    pr_money money[PR_MONEY_MAX];
    pr_news news[PR_NEWS_MAX];
} pr_pay;

/* One statement, judged: what is fed to the machine. */
enum pr_source { PR_SOURCE_ANSWER = 1, PR_SOURCE_LOOKUP = 2, PR_SOURCE_NOTICE = 3,
                 PR_SOURCE_PERSON = 4, PR_SOURCE_ENGINE = 5 };

typedef struct pr_input {
    int32_t event;         /* enum pr_event, or enum pr_action_event */
    int32_t source;        /* enum pr_source */
    int64_t now_ms;
    int64_t asked_ms;      /* when the lookup was sent */
    int64_t provider_ms;   /* provider's clock; 0 unknown */
    int32_t send_no;       /* which copy is answered; 0: not an answer */
    int32_t step;          /* which request of the attempt is answered; 0: not an answer */
    int64_t lease_epoch;   /* epoch of the send that is answered */
    int32_t final;
    int32_t by_client;
    int32_t should_retry;  /* 1, 0, -1 */
    int32_t refusal;       /* enum pr_refusal of a decline */
    int32_t reason;
    int32_t advice;
    int64_t retry_after_ms;
    int64_t amount_minor;  /* stated; -1 none */
    int64_t reversed_total_minor; /* -1 none */
    int64_t auth_ms;       /* the hold lapses then; 0 none */
    uint64_t txn;          /* hash of the transaction id; 0 none */
} pr_input;

static inline pr_attempt *pr_pay_attempt(pr_pay *p, int32_t n) {
    return n >= 1 && n <= p->attempt_count ? &p->attempts[n - 1] : NULL;
}

static inline int32_t pr_state_free(int32_t state) {
    return state == PR_ST_FAILED || state == PR_ST_CLOSED || state == PR_ST_REVERSED;
}

static inline int32_t pr_action_open(int32_t state) {
    return state == PR_AS_INTENT || state == PR_AS_UNKNOWN || state == PR_AS_PROCESSING;
}

#endif
