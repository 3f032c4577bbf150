/* A whole payment through the machine, from its spec to DONE, without any I/O. The baseline is what no client
   gets round: for cards the answers parsed by bare cJSON, for Alipay the three RSA operations by bare
   mbedTLS. */
#include "bench.h"
#include "play.h"

#include <cjson/cJSON.h>

#include <stdlib.h>
#include <string.h>

static void parse_only(void *context, long times)
{
    play *p = context;
    for (long i = 0; i < times; i++) {
        for (int k = 0; k < PLAY_ANSWERS && p->answers[k] != NULL; k++) {
            cJSON *doc = cJSON_Parse(p->answers[k]);
            p->failed |= doc == NULL;
            cJSON_Delete(doc);
        }
    }
}

/* One request signed, one answer and one notification verified. */
static void rsa_only(void *context, long times)
{
    play *p = context;
    for (long i = 0; i < times; i++) {
        bench_keys_run_sign(p->provider, 1);
        bench_keys_run_verify(p->provider, 2);
    }
}

static void tell(play *p, int made, const char *what, bench_run base, const char *base_name, bench_goal goal)
{
    if (!made) {
        bench_missed(what, "the payment was not paid");
    } else {
        bench_result r = bench_compare((bench_side){play_run, p}, (bench_side){base, p});
        bench_tell(what, &r, base_name, goal);
        if (p->failed) {
            bench_missed(what, "a payment was not paid");
        }
    }
}

void bench_machine(void)
{
    play cards, code;
    bench_section("a whole payment through the machine, no I/O");
    tell(&cards, play_stripe(&cards), "card: 2 requests, 2 answers", parse_only, "cJSON on the answers",
         (bench_goal){0, 0});
    play_close(&cards);
    tell(&code, play_alipay(&code), "code: request, answer, shown, notification", rsa_only, "its bare RSA",
         (bench_goal){0, 0.9});
    play_close(&code);
}
