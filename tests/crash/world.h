/* The world of a test that breaks things: the sandbox with its books, a shop in a folder of its own, the
   stories that a shop goes through, what time and the customer do afterwards, and the comparison of books.
   Nothing here asserts or prints: a victim uses it too, and dies in the middle. */
#ifndef TEST_WORLD_H
#define TEST_WORLD_H

#include <payroute/host.h>
#include <payroute/json.h>

#include <sys/types.h>

/* ---- world.c ---- */

struct world {
    pid_t pid;
    int port;
    char dir[96];
    char *config;    /* the sandbox's channels with short time-outs */
    int64_t *now_ms; /* one clock for shop and providers, shared with every child */
};

/* A folder that costs no disk; removed by scratch_clean in the process that made it. */
const char *scratch(void);
void scratch_clean(void);

int world_start(struct world *w); /* 0: there is no sandbox program, or it did not start */
void world_stop(struct world *w);
/* One control call; to be freed; NULL when there was no JSON in the answer. */
payroute_json *world_call(const struct world *w, const char *path, const char *body);
int world_do(const struct world *w, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void world_clock(struct world *w, int64_t now_ms);
const payroute_json_node *walk(const payroute_json_node *node, const char *path);

/* ---- shop.c ---- */

/* What a killed process cannot tell any more: lives in shared memory. */
struct memory {
    char shown[2048]; /* what the customer has before him */
    char kind[16];    /* qr, url or form */
    int told_lost;    /* a call said declined, expired, cancelled or failed */
    char told[16];
    char notice[8192]; /* what a provider sent, as the web server took it: JSON */
};

struct shop {
    struct world *w;
    payroute_engine *engine;
    void *orders; /* the shop's own database */
    char dir[160];
    char order_id[40];
    int64_t amount; /* different for each order: the books are asked by it */
    int64_t id;     /* of the payment; 0 unknown */
    struct memory *memory;
    char why[512];
};

/* A fresh order in a fresh folder. Nothing is opened. */
int shop_prepare(struct shop *s, struct world *w, const char *order_id, int64_t amount);
void shop_drop(struct shop *s);
int shop_open(struct shop *s);
void shop_close(struct shop *s);
void shop_remember(struct shop *s); /* what the last result showed and said */
const char *shop_text(struct shop *s, const char *path);
int64_t shop_number(struct shop *s, const char *path);
int32_t shop_pay(struct shop *s, const char *more, int64_t budget_ms);
int32_t shop_notify(struct shop *s, const payroute_json_node *notification);
int shop_deliver(struct shop *s, int careless); /* careless: without a look at what was handed out */
int64_t shop_hand_out(struct shop *s);
int64_t shop_delivered(struct shop *s);

/* ---- stories.c ---- */

enum story_end { END_PAID, END_PART_BACK, END_NOTHING };
enum { WEB_MS = 12000, PART = 500 };

struct story {
    const char *name;
    enum story_end end;
    int customer_pays;            /* the one whose QR code stands pays it */
    int (*setup)(struct shop *s); /* undisturbed; NULL: nothing */
    int (*act)(struct shop *s);   /* disturbed; made again afterwards, as a shop or a customer would */
};

extern const struct story stories[];
extern const int story_count;

/* What must come after any disturbance: the shop opens again, repeats what it wanted, the customer pays what
   he sees, notifications arrive, hours pass, the sweep runs. 1: settled; else s->why. */
int settle(struct shop *s, const struct story *story);

/* ---- books.c ---- */

struct books {
    int double_charge; /* net captures beside another one of the order, or goods handed out twice */
    int lost;          /* captured and not delivered, not known, or said to be lost; delivered and not paid */
    int authorized;    /* still held */
    int wrong;         /* neither, but not what the story should end in */
    char why[512];
};

void compare(struct shop *s, const struct story *story, struct books *out);

#endif
