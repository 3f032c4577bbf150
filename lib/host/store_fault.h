/* For tests: a store whose write number n fails, in each of the three ways in which a write can fail. */
#ifndef PRH_STORE_FAULT_H
#define PRH_STORE_FAULT_H

#include "host/store.h"

enum prh_fault_kind {
    PRH_FAULT_STORE = 0,         /* E_STORE: nothing was changed */
    PRH_FAULT_DOUBT_LOST = 1,    /* E_STORE_DOUBT, and it was not written */
    PRH_FAULT_DOUBT_APPLIED = 2  /* E_STORE_DOUBT, and it was written */
};

typedef struct prh_store_fault {
    int64_t fail_at;  /* the write of this number fails, counted from 1; 0: none */
    int32_t kind;     /* enum prh_fault_kind */
    int32_t for_ever; /* 1: all later ones fail too */
    int64_t writes;   /* counted: save, event_ack, orphan_put, orphan_take, kv_put */
    int32_t owned;    /* 1: freed with the store */
} prh_store_fault;

/* Closing *out closes `inner`. `plan` must outlive it and may be changed between calls. */
int32_t prh_store_fault_wrap(prh_store **out, prh_store *inner, prh_store_fault *plan);

#endif
