/* What a provider states about one way of paying, as numbers: read by the machine, filled from
   provider/providers.def (or from the channel's own declaration for `custom`). A field left at zero is the
   weakest value, so that a missing fact is a cautious one. */
#ifndef PR_BASE_FACTS_H
#define PR_BASE_FACTS_H

#include <stdint.h>

enum pr_lookup { PR_LOOKUP_REPLAY = 0, PR_LOOKUP_PROVIDER_ID = 1, PR_LOOKUP_OUR_REF = 2 };

/* What a "not found" is worth, i.e. what stops a copy of the request that is still on its way. */
enum pr_late_send { PR_LATE_NONE = 0, PR_LATE_WINDOW = 1, PR_LATE_TOMBSTONE = 2 };

enum pr_fact_flag {
    PR_FACT_BY_CUSTOMER = 1 << 0,     /* money moves only after the customer acts on the payload */
    PR_FACT_CONTAINER = 1 << 1,       /* create makes an object in which payment can be tried again */
    PR_FACT_CLIENT = 1 << 2,          /* its secret or URL lies in the customer's browser once shown */
    PR_FACT_REPEAT_SAFE = 1 << 3,     /* the same request under the same key runs once */
    PR_FACT_REPLAYS_DECLINE = 1 << 4, /* the key replays a first decline or refusal while it lives */
    PR_FACT_CAN_CLOSE = 1 << 5,
    PR_FACT_CLOSE_REVERSES = 1 << 6,  /* the only close verb may give money back */
    PR_FACT_CLOSE_BLIND = 1 << 7,     /* can be closed without knowing that it exists (by our reference) */
    PR_FACT_REFUND = 1 << 8,
    PR_FACT_REFUND_KEYED = 1 << 9,
    PR_FACT_EXPIRES = 1 << 10,        /* the request carries an absolute expiry that the provider obeys */
    PR_FACT_HELD = 1 << 11,           /* authorise first, capture or void later */
    PR_FACT_TLS_ONLY = 1 << 12,       /* answers are never signed; verified TLS is their proof */
    PR_FACT_HOST_DRIVEN = 1 << 13,    /* the host acts with its own SDK; its word counts */
    PR_FACT_LOOKUP = 1 << 14,         /* there is a query at all */
    PR_FACT_REFUND_LOOKUP = 1 << 15,
    PR_FACT_PAGE_ONLY = 1 << 16,      /* the payload is built locally; no request of ours creates the order */
    PR_FACT_OVERLAP = 1 << 17         /* a second open attempt is allowed beside this one: a surplus can go back */
};

typedef struct pr_facts {
    uint32_t flags;             /* enum pr_fact_flag */
    int32_t lookup;             /* enum pr_lookup */
    int32_t late_send;          /* enum pr_late_send */
    int32_t late_window_s;      /* for PR_LATE_WINDOW */
    int32_t steps;              /* 1 or 2 requests until the provider has all it needs */
    uint32_t money_steps;       /* bit k: step k+1 may move money */
    int64_t key_ttl_ms;         /* INT64_MAX: for ever; 0: no key, never resend */
    int64_t pay_ms;             /* how long the customer may take (T_pay) unless the channel says otherwise */
    int64_t max_pending_ms;     /* PROCESSING or AUTHORIZED longer than this calls a person */
    int64_t auth_ttl_ms;        /* a hold lapses after this; 0: not held */
    int64_t review_ms;          /* UNKNOWN or CLOSING longer than this calls a person */
} pr_facts;

/* How strong the proof behind a statement is; order matters. */
enum pr_evidence { PR_EVIDENCE_NONE = 0, PR_EVIDENCE_HOST = 1, PR_EVIDENCE_TLS = 2, PR_EVIDENCE_SIGNED = 3 };

enum pr_operation {
    PR_OP_CREATE = 1, /* a send of the attempt; `step` says which request */
    PR_OP_QUERY = 2,
    PR_OP_CLOSE = 3,  /* shut an unpaid order, cancel a container */
    PR_OP_VOID = 4,   /* release a hold; Alipay cancel, which may give money back */
    PR_OP_CAPTURE = 5,
    PR_OP_REFUND = 6,
    PR_OP_REFUND_QUERY = 7,
    PR_OP_FETCH = 8,
    PR_OP_NOTIFY = 9
};

#endif
