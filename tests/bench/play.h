/* One payment through the machine, always the same: entropy, time and the provider's answers are fixed, so
   that the same bytes are made and read in every round, and signatures of the provider's side are made only
   once. */
#ifndef TEST_BENCH_PLAY_H
#define TEST_BENCH_PLAY_H

#include <payroute/rows.h>

#include "keys.h"

enum { PLAY_ANSWERS = 4 };

typedef struct play play;

/* What SAVE does; 0: as if stored under number 1. */
typedef int32_t (*play_save)(void *user, const payroute_save_set *set, int64_t *payment_id);

struct play {
    payroute_registry *registry;
    const char *spec;
    char *channels;
    bench_keys *provider;                /* signs the provider's bytes; NULL: not signed */
    const char *templates[PLAY_ANSWERS]; /* with %s for our reference */
    char *headers;                       /* of the answers; NULL: plain JSON */
    char *answers[PLAY_ANSWERS];         /* made in the first round */
    const char *notice_template;         /* form fields in order of name; NULL: none is needed */
    char *notice;
    int64_t now_ms;
    char reference[27]; /* our reference of the attempt, the same in every round */
    play_save save;
    void *save_user;
    int exchanges; /* of the last round */
    int saves;
    int failed;
};

int play_stripe(play *p); /* a card: two requests, paid at once. 0: cannot be made */
int play_alipay(play *p); /* a code that is shown and paid, told by a notification */
/* These make only the channel, one answer and its headers: for an adapter by itself. */
int play_wechat(play *p); /* a code, v3 with the platform's public key */
int play_epay(play *p);   /* a code of a v1 panel, MD5 */
void play_close(play *p);
/* The whole payment; 1: paid. */
int play_once(play *p);
/* As far as the customer has something to do (a code) or the end; the handle is the caller's. NULL: failed.
 */
payroute_payment *play_until_show(play *p);
void play_run(void *play_context, long times); /* bench_run */

extern const char play_entropy[33];

#endif
