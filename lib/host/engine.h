/* What the files of the engine share. An engine belongs to the process that opened it; a work is one payment
 * in hand during one call. */
#ifndef PRH_ENGINE_H
#define PRH_ENGINE_H

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <payroute/catalog.h>
#include <payroute/health.h>
#include <payroute/host.h>
#include <payroute/json.h>
#include <payroute/keyring.h>
#include <payroute/rows.h>
#include <payroute/registry.h>

#include "host/driver.h"
#include "host/health_file.h"
#include "host/sidecar.h"
#include "host/store.h"

#define PRH_WHY_CAP 512u
#define PRH_SAVE_TRIES 8 /* conflicts in a row before a save gives up */
#define PRH_KEPT_MAX 64  /* handles that wait in memory between calls */
#define PRH_INSTANCE_CAP 33

/* A payment whose handle must outlive the call: the host acts for it, or its news could not be stored yet. */
typedef struct prh_kept {
    struct prh_kept *next;
    int64_t payment_id;
    payroute_payment *payment;
    int64_t version; /* of the rows it stands on */
    int32_t unsaved; /* 1: the store failed after an effect */
    int64_t lease_epoch;
    int64_t lease_until_ms;
} prh_kept;

typedef struct prh_clock {
    int32_t is_virtual;
    int64_t base_ms;
    int64_t rate;     /* virtual milliseconds for a real one */
    int64_t begun_ms; /* monotonic */
    int64_t stepped_ms;
} prh_clock;

/* Counted since the engine was opened; the sweep reports them. Nothing is logged. */
typedef struct prh_counts {
    int64_t notices;
    int64_t refused;   /* forged, foreign, unreadable */
    int64_t orphans;   /* authentic, of a payment that is not here */
    int64_t resend;    /* the provider was asked to send again */
    int64_t conflicts; /* saves that another worker was faster with */
    int64_t exchanges;
    int64_t store_failures;
    int64_t hints;
    int64_t probes;
} prh_counts;

struct payroute_engine {
    payroute_engine *next; /* in the table of the process */
    pid_t pid;
    int32_t opened;   /* as often as it must be closed */
    atomic_flag busy; /* a second thread gets E_BUSY, never half a result */
    char *config;     /* what it was opened with, to find it again; zeroised */
    size_t config_len;
    char *options;
    size_t options_len;
    char *store_url;
    payroute_registry *registry;
    payroute_catalog *catalog; /* NULL: built in */
    payroute_keyring *ring;    /* certificates fetched so far */
    prh_health_file *health_file;
    payroute_health *health; /* of the file as it is in this call; NULL: switched off */
    int32_t health_shares;   /* 1: other hosts use this store with a health file of their own */
    int64_t health_told_ms;  /* when they were last told */
    prh_store *store;
    prh_driver *driver;   /* made at the first exchange, after fork */
    prh_sidecar *sidecar; /* NULL: none was configured */
    char instance[PRH_INSTANCE_CAP];
    char owner[96];
    prh_clock clock;
    int64_t restored_ms; /* > 0: amnesia, orders from before are refused */
    prh_kept *kept;
    int32_t kept_count;
    prh_counts counts;
    payroute_json_out
        *out[2]; /* the result before stays readable while the next is made: callers pass it back in */
    int32_t out_now;
    char why[PRH_WHY_CAP];
};

/* One payment in hand. */
typedef struct prh_work prh_work;
struct prh_work {
    payroute_engine *engine;
    payroute_payment *payment;
    payroute_payment *beside; /* the host acts for this one meanwhile; only to tell of it */
    int64_t id;               /* 0: not stored yet */
    int64_t version;          /* of the rows that the handle stands on */
    int64_t amount_minor;     /* as stored, when the payment was there before */
    char currency[8];
    int32_t present;
    int64_t end_ms;   /* monotonic end of the budget */
    int32_t may_tick; /* 0: look only, or the budget is over: save what is there and start nothing */
    int32_t lease_free;
    int32_t fed;  /* something was learnt that is not saved */
    int32_t keep; /* 1: the handle is kept after the call (host acts) */
    int32_t exchanges;
    int64_t lookup_ms;   /* total time of the last lookup seen */
    int32_t starved;     /* 1: something is due that the rest of the budget could not pay for */
    int32_t orphaned;    /* 1: a forgotten attempt of this order was reported; nothing is started */
    int32_t facts_only;  /* 1: a notification: no lease, no effect */
    int64_t lease_epoch; /* as saved last */
    int64_t lease_until_ms;
    int64_t armed_ms;  /* monotonic moment of the last save */
    int32_t do_action; /* enum payroute_action that the host must perform; 0 none */
    /* The shop's call, to be made again after a conflict; NULL once it is durable. */
    int32_t (*call)(prh_work *w, int64_t now_ms);
    const struct prh_args *args;
};

/* Arguments of the shop's calls; each uses some. */
typedef struct prh_args {
    const char *spec; /* JSON of create; wish of switch and retry */
    size_t spec_len;
    const char *caller_id;
    int64_t amount_minor;
    int32_t attempt;
    const char *outcome;
    const char *who;
    const char *evidence;
    const payroute_notice *notice;
} prh_args;

/* engine.c */
int32_t prh_enter(payroute_engine *engine);
int32_t prh_leave(payroute_engine *engine, int32_t rc);

/* engine_open.c */
int32_t prh_open_parts(payroute_engine *engine, char *why, size_t why_cap);
int32_t prh_registry_view(const payroute_registry *registry, payroute_json **doc);

/* engine_clock.c */
int32_t prh_clock_read(prh_clock *clock, const payroute_json_node *node, char *why, size_t why_cap);
int64_t prh_clock_now(const prh_clock *clock);
int64_t prh_monotonic_ms(void);
void prh_sleep_ms(int64_t ms);
int32_t prh_entropy(void *out, size_t len);

/* engine_work.c: from rows to a handle and back */
int32_t prh_work_begin(prh_work *w, payroute_engine *engine, int64_t payment_id, int64_t budget_ms,
                       int32_t present);
/* The host's own answer: goes to the handle that asked. */
int32_t prh_work_answer(prh_work *w, payroute_engine *engine, int64_t payment_id, int64_t budget_ms);
int32_t prh_work_fresh(prh_work *w, payroute_engine *engine, int64_t payment_id);
int32_t prh_work_new(prh_work *w, payroute_engine *engine, const prh_args *args, int64_t budget_ms);
int32_t prh_work_save(prh_work *w);
int32_t prh_work_refresh(prh_work *w);
void prh_work_end(prh_work *w, int32_t rc);
int64_t prh_work_left(const prh_work *w);
void prh_kept_drop(payroute_engine *engine);
int32_t prh_is_kept(const payroute_engine *engine, int64_t payment_id);

/* engine_drive.c */
int32_t prh_drive(prh_work *w);
int32_t prh_exchange_outcome(prh_work *w, prh_outcome *out);
int32_t prh_feed_outcome(prh_work *w, const prh_outcome *out);
void prh_one_due(payroute_engine *engine, int64_t not_this);

/* engine_fetch.c */
int32_t prh_fetch_for_payment(prh_work *w);
/* 1: it was in the store and is in the ring now. 0: the sweep will fetch it. */
int32_t prh_fetch_for_notice(payroute_engine *e, const char *channel, const char *id);
void prh_fetch_all(payroute_engine *e, int64_t end_ms);
/* 1: it is in the ring now, from the store or by a download that may be made. */
int32_t prh_fetch_now(payroute_engine *e, const char *channel, const char *id, int64_t end_ms);

/* engine_doctor.c */
/* 0: no mark of the doctor's. Else the HTTP status to answer with, and the text. */
int32_t prh_doctor_mark(payroute_engine *e, const char *channel, const char *body, size_t body_len, char *answer,
                        size_t cap);

/* engine_admin.c */
int32_t prh_amnesia_watch(payroute_engine *engine, const char *dir, char *why, size_t why_cap);
int32_t prh_amnesia_read(payroute_engine *engine);
/* A moment kept in the store by name; 0 when it is not there. */
int32_t prh_moment_read(payroute_engine *e, const char *name, int64_t *out);
int32_t prh_moment_write(payroute_engine *e, const char *name, int64_t ms);
int32_t prh_orphans_claim(payroute_engine *engine, const payroute_payment *payment, int64_t *found);
void prh_amnesia_sync(payroute_engine *engine);

/* engine_unlisted.c */
/* Counts the code that the handle has to tell of, if any. Disturbs nothing. */
void prh_unlisted_note(prh_work *w);

/* engine_health.c */
int32_t prh_health_open(payroute_engine *e, const payroute_json_node *option, char *why, size_t why_cap);
void prh_health_close(payroute_engine *e);
void prh_health_refresh(payroute_engine *e); /* at each call: the file may have been replaced */
void prh_health_client(payroute_engine *e, const char *channel, const char *what, int64_t age_ms);
/* Asks those channels whose health wants to know something. How many were asked. */
int32_t prh_health_probe(payroute_engine *e, int64_t end_ms);

/* engine_share.c */
/* Tells other hosts what was seen here and takes in what they saw, when it is time for it. Never fails. */
void prh_health_share(payroute_engine *e);

/* engine_result.c */
payroute_json_out *prh_result(payroute_engine *engine);
int32_t prh_result_error(payroute_engine *engine, int32_t rc, int64_t payment_id);
int32_t prh_result_view(prh_work *w, int32_t rc);
int32_t prh_result_events(payroute_engine *engine, payroute_json_out *out, const char *name,
                          int64_t payment_id, int32_t limit);
void prh_result_do(prh_work *w, payroute_json_out *out);
const char *prh_status_name(int32_t status);
int32_t prh_status_number(const char *name);
void prh_say(payroute_engine *engine, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
