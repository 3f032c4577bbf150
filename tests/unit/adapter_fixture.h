/* What the adapter tests share: keys, channels, readings. ADK_OFFICIAL_*: test keys that Alipay publishes
   with its SDK (github.com/alipay/alipay-sdk-nodejs-all, release 4.14.0, test/fixtures and
   test/alipay.test.ts, MIT). ADK_ALIPAY_*: made for these tests to play Alipay's side. All are public and
   worth nothing. */
#ifndef ADAPTER_FIXTURE_H
#define ADAPTER_FIXTURE_H

#include "adapters/adapter.h"
#include "adapters/common.h"
#include <payroute/registry.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ADK_OFFICIAL_APP_PRIVATE                                                                             \
    "MIIEowIBAAKCAQEAhL3pWP55B1fFkvYOOtcfOEUhvBodHpLnc9KmuAU4H8V+ocyKTckacBhJrwIT8ILMzpflfqpzl+dvpJIs"       \
    "x3IbNB1Pmy0V949+vCoiBEa0Maw1dgJfIwghrsKL41wqzeaFqC6CehiefvwTKrS8zxIK1gDHipsimNsDbqCYmojDxhyorO4C"       \
    "C0iXld+1+LQxajf9ZdG1nLDd9dgVGiMkEDUSGXKCt6NpoDHp/6ptAcYSvnn5W4YUNWdy+wVxT0jyrbP1gNUDG1DVtFLrZXNQ"       \
    "9vY5wRyaix8vUccQ3s5o186tPgpup++lU3v2NgzybF9JzJWPdanDv5cJcJyFe43LNdD9mwIDAQABAoIBAE6ohsUgjjFmtoIe"       \
    "YlJFtY9Pj+z6AHVkkdiVZAu5tAdHrYFNRktPtuXjzo3xCkXEDH8DjY+gi7zg/Mwlfnl1SV95WvnWHqVDF9OCmAO2rgKdTFSw"       \
    "lRWaNPNs/x3sOMUoK918Kf8V5Z3T27u7vAJsa5VigtvEkBzJ81+ztJomHvSemrMGoQNPSWenaRHsxbkTtvHWOHLLYjzahFDU"       \
    "bzVx2QdVeBPXPOnG4Nkk1uIbYasqSJNUAlaSCshpgIJQ3M7I1Cef7hcLcOUn9OamkUXipEQRKNu6XhZ32yZbhkcvM7irtWtL"       \
    "RaPOj98U7/Ful0W1qM2/C1jTJ3qYP1CBrZKsW8ECgYEA3b/hneLaseoE6ATFWhjrdQY9VPjJjz7VQGuDzy3lLDiRL2/9KrhU"       \
    "1HyAYQFaC03+dZj9Nr2GDua88vrdwPtOZoe5REn+U+YyAHhNsqKYGoVL/RbyHagmDDEJfhPOv3tMElI9hZlfsF5QRsqS9Cnh"       \
    "Lej7GJNA5wEhXBKeJL54JTsCgYEAmT6b5F2wy2jBi7o9q6Io+AFOcqEzsf0cpoeAJQU3YRThkQZoCDmcvfh21jl7A5538Yul"       \
    "Vo8xnPcSeq3SzmW9p34HW7UNZaI4ZeH9flecimNuEmWAM6pJ3jnuJwFSZSs8rQOdRh5EkLDHkswssQ0jrUaSJPzKrc4Vpvt9"       \
    "RadlgyECgYEAgOMic+6DRp3KtEDxpGiPkrlJtLXWEZhnwsW7GxSF+6n1WSkycT4qsEadJ8TtXVy75gZCRyrpXIfokyIU+jIX"       \
    "Y6jHmlWXqZRGw9co8gdneSK5BCXuHCa71qI57jn9FXbIxG1grOJ0p8Jpznu35orhAxpDuAj+1EXn6eg4WwsKMjkCgYBaAzOQ"       \
    "dRPmtvaQu2mECjEkU6gfnt59mt4cVxUHKcQ4qwo/pFKxGh4eW/Z5qLPAEXIEmHEaoeuTdnENTFK513sKCfYKgROIcjvMZG0A"       \
    "rDeP9g1ukt41+r1+4eooURdzw2zVd30G9bpyftQLPxC1QrGFEyG+xhnK83U2axxPMJ9o4QKBgAcDHoC8boYYJ7fk72RbJv4G"       \
    "6uGKkdPTeu1TzwMHeTB6uEa0jTKHwxc83O0rYVgBVjh2WckEU18zhsAT/YjpNyq5wl2ZXzoeHrAANTZmtVxBCEDmkwy535hj"       \
    "zo4NIvDJoUoAysfxR8+/e9MGDJxYoHsOVnXx5JUWRO0XbB5F2o1Y"

#define ADK_OFFICIAL_REPLY_PUBLIC                                                                            \
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAk7LzhmMa2c4qQd4fqAqenfbuFoA7stPKvoS1LrZEsVnOOGUUjwoa"       \
    "1oU9xsSPjcOWhIerU/VAN4J95GIAXx59ipcleIyfLn2FhHXPgLJpvo+b2jJFyn/1/DbeJDh+0yDVAOf50Z7HhI0mdUhFMkXl"       \
    "T7BU0ZMtJf/TmISFEfhDU/w6qFd6D42L97byAkq0K6LroglSVF24GqJEa7hSeUIkZWj7RasykXrc2uVJ1+ejkXE0LyPxa2AH"       \
    "ykMGbJLf5SiZvaNzUZgnKIR36mLOHpQ/2JCXxhXZYUWHzy0kMH54JcUEeksFWBYLGvLjV1phbcUIc3Q76tIuqApY6E222OoZ"       \
    "ZQIDAQAB"

#define ADK_OFFICIAL_NOTIFY_V1                                                                               \
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqObrdC7hrgAVM98tK0nv3hSQRGGKT4lBsQjHiGjeYZjOPIPHR5kn"       \
    "m2jnnz/YGIXIofVHkA/tAlBAd5DrY7YpvI4tP5EONLtZKC2ghBMx7McI2wRD0xiqzxOQr1FuhZGJ8/AUokBzJrzY+aGX2xcO"       \
    "rxFYRlFilvVLTXg4LWjR1tdPkO6+i7wQZAIVMClPkwVRZEbaERRHlKqTzv2gGv5rDU8gRoe1LeaN+6BlbTqHWkQcNCUNrA8C"       \
    "6l17XAXGKDsm/9TFWwO8EPHHHCaQdjtV5/FdcWIt+L8SR1ss7EXTjYDFtxcKVv9rEoY1lX8T4mX+GbXfZHraG5NCF1+XioL5"       \
    "JwIDAQAB"

#define ADK_OFFICIAL_NOTIFY_V2                                                                               \
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAk6DCsBIUhWriFohzRV8Fic6oQWNnLKKILNk97VU5qcHEuxYzCujK"       \
    "oyva5gy1170mFJw4IcgJF8AyS7iDUwzAwF4Pp9CpWxDhUhe7mdQJhjBmvTcPLGFFrzlj6unO5lAcbdwaxPUtSxOaNxPJGrTK"       \
    "/wnKQSbjTMMltp1J68q2Tfgrsn/NdZ6lrxO9rvmky8kowqaH5NjntyHO59jCGabMj5sI14z8N61wB/QuIJrDuzIPMPrSNbq0"       \
    "cOWcSCDG09oUHTp9fk7suDB8UiFcmVTXOvK3d4HbeX8V9YsEMxrwxEoYgRRj6K2qrC6oxw480cqf2ueumCmHg6xrcgkyXK81"       \
    "hwIDAQAB"

#define ADK_ALIPAY_PRIVATE                                                                                   \
    "MIIEvwIBADANBgkqhkiG9w0BAQEFAASCBKkwggSlAgEAAoIBAQCwF39YO14AjoJChk3hYFX5xpNLh/ntMO7BTywbTdalfAFO"       \
    "XQsKM2A1bqL6xWoe6p60uvzmKpZaNUtZ1NeghTQBUDF6h5oPeBgdp7tM6VAY+wHjjILFjinZyZcmSqwVgLPay86TW0D6gG1M"       \
    "bB0Hw4yLWCSJZKhEJdqOcAqjDp7M9dT/SEtqrJF1N4K34ON7aEapsvGXnV1mt1IHdo5iKlmiwgFEEVP//V5GcVjAUZRs0VH0"       \
    "fxl2h1nzFAzN+grUqkRFAu501Fey1VnNE/wvLaNKLUI+Yg15KUwF7GRO7QFYLNNmmCrJPc0D5tAZ9PiSjGkdXalI7Pd6cCqU"       \
    "/fTamvxpAgMBAAECggEADV+XeQq3MqkgDO/YwdVYajoRzTJ0QXaOJ2m9Ioy4kMRYcAxiboGk3KH8qDlufA8bAwRReSSCWzMB"       \
    "eD7RKnx7TN87hr/+LA8Vm8j1kVuFzQPhKpgtBVZs6MCl5U9V/uMRpbwFQg0z4+J1ipCKauDHz3xf9/xISDaswNUTBbuyRUQE"       \
    "5uGteEcP6quCKgFDQESn/eXbEZlXv/QzQ01FDKZAiV3D/7xYdglXLQpFHprPmkdVj3nrVOgfDaH1cb/ob/lFOu2GmNWa0CPB"       \
    "s5OSJvcE18iV4GQQ/xMTOBGuB/0ACS5gh4pHxGh+hCmyANHcQNp7Zaz04ewHG2JcDwRRbqZa5QKBgQDpQWNjhL8SyQxutRQj"       \
    "d0i4tuciAGQEmLcsJ+zak6L3TXH2Ngd50zE+YFl3oY2lrEGzHSNz/ilTPK5u46iRmFL6jkkrLQFH3hsfcsXaVKFfpVSstexf"       \
    "x4FFONbMgcWRIr+LNAeuuvEftEcBpj2FAWkmWWjVKDRTYUv3dzIfompbJQKBgQDBQysiQJqwW9UJnt4Ey29UAVWG99w4c0YF"       \
    "1GaX67pVMtlkTj++tx0Yt4+l7RIgnOUPh7NZ7Cxk+l3LgDerd5UQBTNnK17+Thuw06ZXup/RrSFuoyTeWy3hofMC5CgEBVCY"       \
    "wqQQrXlw+9PMNr+jd3xbe/gXeVwLoGbZJtrd+lAa9QKBgQCwAbMpaQV0+1fyQZkMmfm5x+nocjsGbOXq38WNuVGDImEX0/UY"       \
    "LBBAbRuVdcYYeT6qFRanc+Vi9ar56bdNBY+3mJ4FglQxEpuMw2IgOTP7pBmcqTnPnA8jWJxcfJ/DwGCgfYY+hrljnvjlebd6"       \
    "IXJiiZzdGxVAxW45MSwVSszOMQKBgQCIYYYG3eBLpAJqj5nNeGJPvcFFRZQ6od5ALutXOhp8FS4kArQpOb9mueK9DNdF/HII"       \
    "y5JdWrTZbXTTLuAaOIEQlRr5KzoV67jOyA0Sy7gMl0iIcsiJwX5XQ5nh6G/0pmuB4Zk1y7VvbcbAzcHe8WrohEtHBXVXHxJ1"       \
    "G15IV2RAIQKBgQDMF5G9dE1COY3K8jGfTrm02lWU+VnvQNOixMJ4HfVNBvj/CU/iEcn/WsD3A9gsEXl9dzKo62Ey1wIHwPcR"       \
    "4hMxjpHs6D6HmdyVDZVN23NwNt9owx198pW8QVdwUPfKIO7TLEysUx8NANiVZ+H/fqtFA4dzHmnHHaXhyUfOLeupHQ=="

#define ADK_ALIPAY_PUBLIC                                                                                    \
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAsBd/WDteAI6CQoZN4WBV+caTS4f57TDuwU8sG03WpXwBTl0LCjNg"       \
    "NW6i+sVqHuqetLr85iqWWjVLWdTXoIU0AVAxeoeaD3gYHae7TOlQGPsB44yCxY4p2cmXJkqsFYCz2svOk1tA+oBtTGwdB8OM"       \
    "i1gkiWSoRCXajnAKow6ezPXU/0hLaqyRdTeCt+Dje2hGqbLxl51dZrdSB3aOYipZosIBRBFT//1eRnFYwFGUbNFR9H8ZdodZ"       \
    "8xQMzfoK1KpERQLudNRXstVZzRP8Ly2jSi1CPmINeSlMBexkTu0BWCzTZpgqyT3NA+bQGfT4koxpHV2pSOz3enAqlP302pr8"       \
    "aQIDAQAB"

#define ADK_WRONG_PRIVATE                                                                                    \
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC+CnLmcAjgofPevrSAVkW6WYFpKAENvD276PNeR1ErwL9U"       \
    "sSmYg0UNFdj2CcUxIy74irohdGOZuzHb4lQZysxlmWZe2u37Q1KD3zYBp57uErcRozesCeJ6Z0xOHqDN6rreui4UGQJhO0BD"       \
    "dF40fNpxPIgItYGet0VoQSb/jkgjyuc/cmHzBlj2Ja7o9LJC2CGJR/5JMcZlZOvcnlkNYwgJawlXYVjdR8ouzMQ98oEFtt0N"       \
    "uPkmztj+36LQvz9mnwQ6E/O9NnZIKZzJHqcm0bVLDENp22Mt62I1lo1Mczoa7lcvt0vxi3WYa338onnqPo4srk/ync51Yyhr"       \
    "OUhm6xStAgMBAAECggEAT0WZh0E9msJDsWsYbR5PqLuUTVKIGfwnPj6eYfnaxKb6yK+7+6fqQlqWLY+Gx4f3HGr12GWt9F8P"       \
    "HbsrvLSJDWpvNusY8UI0ZdjStN8AXyvEXKGaY/OdmtSDEmUZS7v55lWAShbilL97/4dHkppwHmMTFZrs7lFhrOrcgyaNNgxA"       \
    "qJy94yDlCb1Awxlztue+QehfiM1hFcGZ/o18No7J+VO0pW40c7qXJHKk7FRtpudNBgjZdzk+8LN5ojU0qVP/mLlLRXRWrVoL"       \
    "qHAPORgRIj4z1Rp6NauyAlrOkjjw+M9vdLa+0QN84t8GYLgK2R23Xg1WPXkDM4drNDe6wVWwWwKBgQD3q3nmQMWVsdkDmmng"       \
    "hZV5nWiZhlc8tTT/MtB2QTlKCfbF/Dhx8jQEuEXQQvFgY9koKVYEFL23W1acoYBRGajeG3E0nPBoW2SDxPCmr3YAFiQAdfxI"       \
    "1EpiXK+wVUrJqIqApVBTkyxeA6fMU13VTuAzm84PwkV4Zwyga+PCXJMVxwKBgQDEbsRGydupsPiO0SHBwWxarXBTziJI0dAo"       \
    "JQpP5IZLkXQHfPBLkCTBQz/jO4IJ0BDdeqY6BlwCAGhhnfobtVrKAlP95yGCLE9laokXv9wN9bVSsi+/FnQ+wJkhNo9IQJrZ"       \
    "/9gjlUIYmmhGsGeSWXc/zyqOAk6jPe1JdeI3CW0x6wKBgGtBEigZcrdx7lX2H9XAY8vn0+1wVQUQQCQoAEjF1CZxDDIPGO6X"       \
    "gdltZ6ZZ5yfj9Z3D0OExjjsCTg7EjcoRP6T3411yfVXkBjJeLg0xPPuqmuqsLZXogVH5a4gEV7/ewiQV8yROPs9z6827aI5A"       \
    "ey0+Us1WRzlt/vTV5Cs+Zd/vAoGBAIgCskDZkBFlChXJVHhWN3Jp2PcOKcsGC/1f+E3tS9eTNSXiKngHrItsxxXNpHKq8KKK"       \
    "RAK1WIvCQIQm4IDDB8QL7KBHo3oAuFDefWJGZFX+JbjGzCyhnYe9z8mhf4Bly1LaxYuN06A5ea5Igs5gyCMUjMCbdFuvi1ds"       \
    "GmBFVKhVAoGAUL11QW7bIap1SP45pwhUUQ7UmYC36DvxW+4sSGCp7qf9EQvCmt6gwaac0BqU6JOarMof8eGmmRH3IyrPU4bZ"       \
    "FQl5d6zPr3DXTtMP/eCssWmGYappULG70Eoo1S3qeffv2zQwkP0pY5ZpXa4LoFkOHBL8d3InnE3Dz5qDum5YN0U="

#define ADK_REFERENCE "0K3V9Z2M4QABCDEFGHJKMNPQRS"

static const uint8_t adk_entropy[32] = {1, 2, 3, 4, 5, 6, 7, 8};

typedef struct adk {
    payroute_registry *registry;
    const pr_channel *channel;
    const pr_adapter *adapter;
    pr_subject subject;
    pr_buf content;
    pr_reading reading;
} adk;

/* A channel from the JSON object of its configuration, and an attempt on it. */
static inline void adk_open(adk *k, const char *channel_json, const char *method, const char *flow,
                            const char *currency)
{
    memset(k, 0, sizeof *k);
    char *file = malloc(strlen(channel_json) + 64);
    assert_non_null(file);
    sprintf(file, "{\"schema\":1,\"channels\":[%s]}", channel_json);
    char why[512] = "";
    if (payroute_registry_from_json(&k->registry, file, strlen(file), why, sizeof why) != PAYROUTE_OK) {
        fail_msg("registry: %s", why);
    }
    free(file);
    k->channel = pr_registry_at(k->registry, 0);
    k->adapter = pr_adapter_find(k->channel->provider->name);
    assert_non_null(k->adapter);
    pr_buf_init(&k->content);
    pr_reading_init(&k->reading);
    k->subject = (pr_subject){.channel = k->channel,
                              .reference = ADK_REFERENCE,
                              .key = ADK_REFERENCE,
                              .method = method,
                              .flow = flow,
                              .content = "",
                              .provider_id = "",
                              .capture_id = "",
                              .action_id = "",
                              .amount_minor = 1250,
                              .attempt_amount_minor = 1250,
                              .currency = currency,
                              .expire_ms = INT64_C(1764064800000),
                              .now_ms = INT64_C(1764064500000),
                              .entropy = adk_entropy};
}

static inline void adk_close(adk *k)
{
    pr_buf_free(&k->content);
    pr_reading_free(&k->reading);
    payroute_registry_free(k->registry);
}

static inline void adk_content(adk *k, const pr_wish *wish)
{
    char room[256];
    pr_text why;
    pr_text_init(&why, room, sizeof room);
    pr_buf_clear(&k->content);
    int32_t rc = k->adapter->content(&k->content, &k->subject, wish, &why);
    if (rc != PAYROUTE_OK) {
        fail_msg("content: %d %s", (int)rc, room);
    }
    k->subject.content = k->content.at;
    k->subject.content_len = k->content.len;
}

static inline int32_t adk_build(adk *k, pr_http_request *request, int32_t operation, int32_t step)
{
    char room[256];
    pr_text why;
    pr_text_init(&why, room, sizeof room);
    pr_http_request_init(request);
    return k->adapter->build(request, operation, step, &k->subject, &why);
}

/* Read one answer; the facts are in k->reading until the next. */
static inline void adk_read(adk *k, int32_t operation, int32_t step, int32_t status, const char *headers,
                            const char *body, size_t body_len, int32_t verified)
{
    pr_http_reply reply = {status, headers, headers ? strlen(headers) : 0, body, body_len, verified};
    pr_reading_free(&k->reading);
    pr_reading_init(&k->reading);
    assert_int_equal(k->adapter->read(&k->reading, operation, step, &k->subject, &reply), PAYROUTE_OK);
    assert_in_range(k->reading.count, 1, PR_FACTS_MAX);
}

static inline const pr_fact *adk_fact(const adk *k, int32_t target)
{
    for (int32_t i = 0; i < k->reading.count; i++) {
        if (k->reading.facts[i].target == target) {
            return &k->reading.facts[i];
        }
    }
    fail_msg("no fact for target %d", (int)target);
    return NULL;
}

/* An authentic message of a provider about the attempt of `k`, for the tests that run over all adapters. */
typedef struct voice {
    int32_t status;
    int32_t step; /* of the request that is answered */
    const char *method;
    char headers[4096];
    char query[2048];
    char body[8192];
} voice;
enum voice_says {
    VOICE_PLACED = 1, /* to PR_OP_CREATE: accepted, not paid yet */
    VOICE_PAID = 2,   /* to PR_OP_QUERY */
    VOICE_NOTICE = 3  /* the notification: paid */
};
typedef int32_t voice_of(voice *v, const adk *k, int32_t says); /* 0: it has no such message */

/* The text with our reference for each @. */
static inline void voice_put(char *out, size_t cap, const char *text, const adk *k)
{
    pr_text t;
    pr_text_init(&t, out, cap);
    for (; *text; text++) {
        if (*text == '@') {
            pr_text_put(&t, k->subject.reference);
        } else {
            pr_text_bytes(&t, text, 1);
        }
    }
    assert_int_equal(t.cut, 0);
}

/* Does a word stand anywhere in the memory of the facts? */
static inline int adk_holds(const void *at, size_t len, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= len; i++) {
        if (memcmp((const char *)at + i, word, n) == 0) {
            return 1;
        }
    }
    return 0;
}

#endif
