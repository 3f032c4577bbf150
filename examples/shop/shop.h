/* A small shop that sells game cards, as a demonstration: its till (orders, deliveries, the library), the
   world it lives in (the sandbox), and
   the stories that it goes through. */
#ifndef SHOP_H
#define SHOP_H

#include <payroute/host.h>
#include <payroute/json.h>

#include <sys/types.h>

/* ---- world.c: the sandbox from outside ---- */
typedef struct world {
    pid_t pid;
    int port;
    int leash; /* its standard input: closed when we die, and it dies with us */
    char dir[256];
    char config[320]; /* path of the configuration that it wrote */
    int64_t now_ms;   /* one clock for the shop and the providers */
} world;

int world_start(world *w, const char *sandbox, const char *dir);
void world_stop(world *w);
/* One control call; the answer, to be freed, or NULL. */
payroute_json *world_call(const world *w, const char *path, const char *body);
int world_do(const world *w, const char *path, const char *format, ...) __attribute__((format(printf, 3, 4)));
void world_clock(world *w, int64_t now_ms);
/* A figure of the books of one order: "captures", "captured", "refunded", "authorized"; summed over its
   attempts. */
int64_t world_order(const world *w, const char *reference, const char *figure);
int64_t world_total(const world *w, const char *figure);
int64_t world_executed(const world *w, const char *account, const char *operation);

/* ---- till.c: the shop's side ---- */
typedef struct till {
    world *w;
    payroute_engine *engine;
    void *orders; /* the shop's own database: what was ordered, what was handed out */
    char store[320];
    char orders_path[320];
    char *config;
} till;

int till_open(till *t, world *w);
void till_close(till *t);
int till_order(till *t, const char *order_id); /* writes the order down */
int64_t till_pay(till *t, const char *order_id, const char *more,
                 int64_t budget_ms); /* create and drive; payment number */
int till_advance(till *t, int64_t id, int64_t budget_ms);
void till_pass(till *t, int64_t ms); /* time passes, in steps, with a sweep at each */
int till_sweep(till *t);
int till_notify(till *t, const char *reference,
                int32_t *last_rc); /* takes what providers sent about a reference; how many */
int till_notify_again(till *t, const char *reference,
                      int32_t *last_rc);           /* all that they ever sent about it, once more */
int till_deliver(till *t);                         /* hands out goods for new events; how many */
int till_deliver_but_die(till *t);                 /* hands out, and dies before it says so to the library */
int till_delivered(till *t, const char *order_id); /* how often the goods of an order were handed out */
int64_t till_figure(till *t, const char *name);    /* of the whole shop: "orders", "delivered", "most" */

/* What the last call said: a text by dotted path such as "attempts.0.state"; "" when it is not there. */
const char *till_text(till *t, const char *path);
int64_t till_number(till *t, const char *path);

/* ---- stories ---- */
typedef struct story {
    const char *name;
    const char *promise;  /* what must come true */
    int (*tell)(till *t); /* 1 when it did */
} story;

extern const story shop_stories[];
extern const int shop_story_count;
extern const story china_stories[];
extern const int china_story_count;
extern const story health_stories[];
extern const int health_story_count;
extern const story crash_stories[];
extern const int crash_story_count;

void note(const char *format, ...) __attribute__((format(printf, 1, 2))); /* what came of it, for the line */

#endif
