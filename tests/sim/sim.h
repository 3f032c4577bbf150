/* A world of channels, customers and faults in which routers are compared. Every draw is a hash of seed,
   payment and channel, so all routers meet the same customers and the same luck: what differs between two of
   them is theirs. */
#ifndef SIM_H
#define SIM_H

#include <stddef.h>
#include <stdint.h>

enum {
    SIM_CHANNELS = 8,
    SIM_METHODS = 2,
    SIM_ISSUERS = 6,
    SIM_FAULTS = 1024,
    SIM_SEGMENTS = SIM_METHODS * SIM_ISSUERS
};

/* ---- draws ---- */
static inline uint64_t sim_mix(uint64_t h)
{
    h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9ULL;
    h = (h ^ (h >> 27)) * 0x94D049BB133111EBULL;
    return h ^ (h >> 31);
}
static inline uint64_t sim_hash(uint64_t seed, uint64_t id, uint64_t what)
{
    return sim_mix(sim_mix(seed * 0x9E3779B97F4A7C15ULL + id) + what * 0xD1342543DE82EF95ULL + 1);
}
static inline double sim_uniform(uint64_t h)
{
    return ((double)(h >> 11) + 0.5) * (1.0 / 9007199254740992.0);
}
double sim_normal(double u); /* quantile of the normal distribution */
double sim_phi(double x);    /* its distribution function */
double sim_logistic(double x);
typedef struct sim_rng {
    uint64_t state;
} sim_rng;
static inline uint64_t sim_next(sim_rng *r)
{
    return sim_mix(r->state += 0x9E3779B97F4A7C15ULL);
}
static inline double sim_draw(sim_rng *r)
{
    return sim_uniform(sim_next(r));
}
double sim_between(sim_rng *r, double low, double high);
double sim_wait(sim_rng *r, double mean); /* exponential */

/* ---- what happens ---- */
enum sim_result {
    SIM_OK = 0,
    SIM_SOFT,
    SIM_HARD,
    SIM_NOT_SENT,
    SIM_LIMITED,
    SIM_UNKNOWN,
    SIM_PENDING,
    SIM_TAKEN, /* a code or page to show */
    SIM_CLOSED /* final: no charge came of it */
};
enum sim_hint { SIM_SHOWN = 1, SIM_OPENED, SIM_CLIENT_FAILED, SIM_PAID, SIM_GIVEN_UP };

#define SIM_OPENS 0.9 /* of the codes that are shown, so many are opened */

/* ---- the world ---- */
enum sim_kind {
    WORLD_STEADY,
    WORLD_DRIFT,
    WORLD_OUTAGE,
    WORLD_HANG,
    WORLD_BROWN,
    WORLD_DECLINES,
    WORLD_PAIR,
    WORLD_ISSUER,
    WORLD_PENDING,
    WORLD_FLAPPING,
    WORLD_LIMITED,
    WORLD_CASHIER,
    WORLD_MIXED,
    WORLDS
};
enum sim_traffic { TRAFFIC_20H, TRAFFIC_20M, TRAFFIC_10S, TRAFFIC_1000S, TRAFFICS };
extern const char *const sim_world_names[WORLDS];
extern const char *const sim_traffic_names[TRAFFICS];

enum sim_fault_kind {
    FAULT_DOWN = 1,
    FAULT_HANG,
    FAULT_BROWN,
    FAULT_DECLINES,
    FAULT_PAIR,
    FAULT_ISSUER,
    FAULT_PENDING,
    FAULT_LIMITED,
    FAULT_CASHIER
};

typedef struct sim_fault {
    double from, to;
    int32_t kind;
    int32_t k;      /* channel; -1: all */
    int32_t issuer; /* -1: all */
    int32_t timed;  /* 1: detection and recovery are measured */
    int32_t lies;   /* probes are answered as if nothing were wrong */
    double a, b;    /* how bad */
} sim_fault;

typedef struct sim_channel {
    double logit[SIM_METHODS][SIM_ISSUERS]; /* of approval of a customer who can pay */
    double median, sigma;                   /* latency, s */
    double not_sent, unknown;               /* when nothing is wrong */
    double convert;                         /* of codes shown, paid */
    double drift_high, drift_period, drift_phase;
    double prior; /* what the merchant believes */
    double cost;
} sim_channel;

typedef struct sim_world {
    int32_t kind, traffic, n, qr, fault_count;
    uint64_t seed;
    double rate, duration, patience;
    double cannot[SIM_ISSUERS]; /* customers who cannot pay, wherever they try */
    double method_share;
    double issuer_to[SIM_ISSUERS]; /* cumulative */
    sim_channel c[SIM_CHANNELS];
    sim_fault fault[SIM_FAULTS];
} sim_world;

void sim_world_make(sim_world *w, int32_t kind, int32_t traffic, uint64_t seed);
/* `scale` < 1: a shorter one. */
void sim_world_make_scaled(sim_world *w, int32_t kind, int32_t traffic, uint64_t seed, double scale);

/* ---- the world now ---- */
typedef struct sim_state { /* of a channel */
    int32_t mode;          /* 0 up, FAULT_DOWN, FAULT_HANG, FAULT_BROWN */
    int32_t lies;
    double a, b;
    double passes[SIM_ISSUERS]; /* storms of declines let so many through */
    double pending;
    double dead;     /* cashier: so many of those who would pay cannot */
    double capacity; /* a second; 0: any */
    double approve[SIM_METHODS][SIM_ISSUERS];
    double median;
    double tokens, filled;
} sim_state;

typedef struct sim_now {
    const sim_world *w;
    double issuer_passes[SIM_ISSUERS];
    double next; /* when anything changes */
    sim_state s[SIM_CHANNELS];
} sim_now;

void sim_now_begin(sim_now *now, const sim_world *w);
void sim_now_pass(sim_now *now, double t); /* when t >= next */
int32_t sim_now_room(sim_now *now, int32_t k, double t, int32_t take);
/* What an attempt is worth: confirmed in `left`, and failed provably uncharged in time. */
void sim_now_value(sim_now *now, int32_t k, int32_t method, int32_t issuer, double t, double left,
                   double timeout, double *p, double *f);
int32_t sim_now_best(sim_now *now, int32_t method, int32_t issuer, double t);

/* ---- routers ---- */
typedef struct sim_setup {
    int32_t n;
    double prior[SIM_CHANNELS];
    double latency[SIM_CHANNELS]; /* typical, s, roughly known */
    double cost[SIM_CHANNELS];
    double patience;
    int32_t qr;
    uint64_t seed;
} sim_setup;

typedef struct sim_ask {
    double t, deadline;
    uint64_t id;
    int32_t try_no, method, issuer;
    uint32_t failed; /* bits of channels */
    sim_now *truth;  /* for the clairvoyant only */
} sim_ask;

typedef struct sim_order {
    int32_t n;
    int32_t k[SIM_CHANNELS];
    double timeout[SIM_CHANNELS];
} sim_order;

typedef struct sim_event {
    const sim_ask *ask; /* only method, issuer, id, try_no, failed stand */
    int32_t k;
    int32_t first;  /* final: what the first result was */
    int32_t result; /* enum sim_result or enum sim_hint */
    uint64_t permit;
    double t, latency; /* or delay, or age */
} sim_event;

enum { SIM_PARAMS = 4 };
typedef struct sim_router {
    const char *name, *about;
    void *(*open)(const sim_setup *s, const double *params); /* one block, to be freed */
    void (*route)(void *r, const sim_ask *ask, sim_order *order);
    uint64_t (*start)(void *r, const sim_event *e);
    void (*end)(void *r, const sim_event *e);
    void (*final)(void *r, const sim_event *e);
    uint32_t (*tick)(void *r, double t); /* bits of channels to be probed; above them who asks, 0 and on */
    void (*probe)(void *r, int32_t k, int32_t ok, double latency, double t); /* k: + SIM_CHANNELS * who asks */
    void (*hint)(void *r, const sim_event *e);
    double tick_s; /* 0: none */
    double params[SIM_PARAMS];
    double grid[SIM_PARAMS][6]; /* what tuning tries; 0 ends */
} sim_router;

extern const sim_router sim_routers[];
extern const int32_t sim_router_count;
const sim_router *sim_router_find(const char *name);
void sim_order_by(sim_order *o, const double *index, const sim_setup *s, const sim_ask *ask);

/* basic.c, rates.c, breakers.c, ours.c */
extern const sim_router sim_clairvoyant, sim_fixed, sim_turns, sim_epsilon, sim_window, sim_window_tuned,
    sim_thompson, sim_r4j, sim_r4j_tuned, sim_finagle, sim_envoy, sim_rates_breaker, sim_payroute,
    sim_payroute_cron;

/* ---- a run ---- */
typedef struct sim_run { /* arrays by payment */
    int64_t count, cap;
    float *at;
    uint8_t *ok, *first, *segment, *tries;
    int64_t paid, double_charged, attempts, probes, unknown;
} sim_run;

void sim_run_make(sim_run *r, const sim_world *w);
void sim_run_free(sim_run *r);
void sim_play(sim_run *out, const sim_world *w, const sim_router *router, const double *params);

#endif
