/* Each adapter by itself: a request built, its answer read. Where RSA is in it the baseline is the bare RSA,
   else the answer parsed by bare cJSON. Adapters come from the library's own table, so that a new one cannot
   be forgotten here. */
#include "bench.h"
#include "adapters/adapter.h"
#include "play.h"

#include <cjson/cJSON.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct bout {
    play p;
    const pr_adapter *adapter;
    pr_subject subject;
    pr_buf content;
    pr_http_reply reply;
    int32_t step;
    int failed;
} bout;

/* Which payment of play.c shows the adapter at work, and which of its requests. */
static const struct {
    const char *provider;
    int (*make)(play *p);
    const char *method, *flow, *currency;
    int32_t step;
    bench_goal goal;
} samples[] = {
    {"stripe", play_stripe, "card", "token", "USD", 1, {10000, 0}},
    {"stripe", play_stripe, "card", "token", "USD", 2, {10000, 0}},
    {"alipay", play_alipay, "alipay", "qr", "CNY", 1, {0, 0.9}},
    {"wechatpay", play_wechat, "wechat", "qr", "CNY", 1, {0, 0.9}},
    {"epay", play_epay, "alipay", "qr", "CNY", 1, {0, 0}},
};
enum { SAMPLES = (int)(sizeof samples / sizeof samples[0]) };

static void build_only(void *context, long times)
{
    bout *b = context;
    for (long i = 0; i < times; i++) {
        char room[128];
        pr_text why;
        pr_http_request request;
        pr_text_init(&why, room, sizeof room);
        pr_http_request_init(&request);
        b->failed |= b->adapter->build(&request, PR_OP_CREATE, b->step, &b->subject, &why) != PAYROUTE_OK;
        pr_http_request_free(&request);
    }
}

static void read_only(void *context, long times)
{
    bout *b = context;
    for (long i = 0; i < times; i++) {
        pr_reading reading;
        pr_reading_init(&reading);
        b->failed |=
            b->adapter->read(&reading, PR_OP_CREATE, b->step, &b->subject, &b->reply) != PAYROUTE_OK ||
            reading.count == 0 || reading.facts[0].event == PR_EV_UNCLEAR;
        pr_reading_free(&reading);
    }
}

static void both(void *context, long times)
{
    for (long i = 0; i < times; i++) {
        build_only(context, 1);
        read_only(context, 1);
    }
}

static void parse_answer(void *context, long times)
{
    bout *b = context;
    for (long i = 0; i < times; i++) {
        cJSON *doc = cJSON_ParseWithLength(b->reply.body, b->reply.body_len);
        b->failed |= doc == NULL;
        cJSON_Delete(doc);
    }
}

static void sign_verify(void *context, long times)
{
    bout *b = context;
    for (long i = 0; i < times; i++) {
        bench_keys_run_sign(b->p.provider, 1);
        bench_keys_run_verify(b->p.provider, 1);
    }
}

static void sign_bare(void *context, long times)
{
    bench_keys_run_sign(((bout *)context)->p.provider, times);
}

static void verify_bare(void *context, long times)
{
    bench_keys_run_verify(((bout *)context)->p.provider, times);
}

static int prepare(bout *b, int sample)
{
    static const char entropy[33] = "0123456789abcdef0123456789abcdef";
    static const char headers[] = "Content-Type: application/json\r\n";
    char room[256];
    pr_text why;
    pr_text_init(&why, room, sizeof room);
    b->step = samples[sample].step;
    b->subject = (pr_subject){.channel = pr_registry_at(b->p.registry, 0),
                              .reference = b->p.reference,
                              .key = b->p.reference,
                              .method = samples[sample].method,
                              .flow = samples[sample].flow,
                              .content = "",
                              .provider_id = b->step == 2 ? "pi_1" : "",
                              .capture_id = "",
                              .action_id = "",
                              .amount_minor = 1250,
                              .attempt_amount_minor = 1250,
                              .currency = samples[sample].currency,
                              .expire_ms = b->p.now_ms + 300000,
                              .now_ms = b->p.now_ms,
                              .entropy = (const uint8_t *)entropy,
                              .aux_id = ""};
    pr_wish wish = {.subject = "Two books",
                    .instrument = "pm_card_visa",
                    .client_ip = "203.0.113.7",
                    .order_hash = "0123456789abcdef"};
    pr_buf_init(&b->content);
    if (b->adapter->content(&b->content, &b->subject, &wish, &why) != PAYROUTE_OK) {
        fprintf(stderr, "bench: %s\n", room);
        return 0;
    }
    b->subject.content = b->content.at;
    b->subject.content_len = b->content.len;
    const char *answer = b->p.answers[b->step - 1];
    const char *lines = b->p.headers != NULL ? b->p.headers : headers;
    b->reply = (pr_http_reply){200, lines, strlen(lines), answer, strlen(answer), 1};
    return 1;
}

static void compare_sample(const pr_adapter *adapter, int sample)
{
    bout b = {.adapter = adapter};
    char what[64];
    const char *name = adapter->provider;
    if (!samples[sample].make(&b.p) || !prepare(&b, sample)) {
        bench_missed(name, "its payment cannot be made");
        return;
    }
    const int rsa = b.p.provider != NULL;
    const bench_goal none = {0, 0};
    snprintf(what, sizeof what, "%s, request %d: build and read", name, (int)b.step);
    bench_result r =
        bench_compare((bench_side){both, &b}, (bench_side){rsa ? sign_verify : parse_answer, &b});
    bench_tell(what, &r, rsa ? "bare RSA" : "cJSON on the answer", samples[sample].goal);
    r = bench_compare((bench_side){build_only, &b}, (bench_side){rsa ? sign_bare : NULL, &b});
    bench_tell("  build", &r, rsa ? "bare RSA sign" : NULL, none);
    r = bench_compare((bench_side){read_only, &b}, (bench_side){rsa ? verify_bare : parse_answer, &b});
    bench_tell("  read", &r, rsa ? "bare RSA verify" : "cJSON on the answer", none);
    if (b.failed) {
        bench_missed(name, "a request or an answer failed");
    }
    pr_buf_free(&b.content);
    play_close(&b.p);
}

int bench_adapter_sides(const char *provider, int32_t step, bench_side *build, bench_side *reading)
{
    static bout kept[4];
    static int used;
    for (int k = 0; k < SAMPLES; k++) {
        if (strcmp(samples[k].provider, provider) == 0 && samples[k].step == step) {
            bout *b = &kept[used++ % 4];
            *b = (bout){.adapter = pr_adapter_find(provider)};
            *build = (bench_side){build_only, b};
            *reading = (bench_side){read_only, b};
            return samples[k].make(&b->p) && prepare(b, k);
        }
    }
    return 0;
}

void bench_adapters(void)
{
    bench_section("adapters: a request built, its answer read");
    for (int32_t i = 0; i < pr_adapter_count(); i++) {
        const pr_adapter *adapter = pr_adapter_at(i);
        int found = 0;
        for (int k = 0; k < SAMPLES; k++) {
            if (strcmp(samples[k].provider, adapter->provider) == 0) {
                compare_sample(adapter, k);
                found = 1;
            }
        }
        if (!found) {
            printf("  %-46s %s\n", adapter->provider,
                   strcmp(adapter->provider, "custom") == 0 ? "driven by the host: builds and reads no bytes"
                                                            : "no sample of it in tests/bench/adapters.c");
        }
    }
}
