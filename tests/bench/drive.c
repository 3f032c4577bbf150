/* A payment driven by the engine over HTTP against a bare libcurl loop that sends the same bytes to the same
   sandbox, with the same choice of fresh and kept connections. The sandbox runs beside both and does the same
   work for both. */
#include "bench.h"
#include "host/driver.h"

#include <payroute/host.h>
#include <payroute/json.h>
#include <payroute/rows.h>

#include <curl/curl.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { REQUESTS = 2, TEXT_MAX = 8192 };

/* A request as the adapter built it, with the places where one payment differs from the next. */
typedef struct request {
    char url[TEXT_MAX], headers[TEXT_MAX], body[TEXT_MAX];
    int money;
} request;

typedef struct reply {
    char text[65536];
    size_t len;
    long status;
} reply;

typedef struct shop {
    pid_t sandbox;
    char *config;
    payroute_engine *engine;
    prh_driver *driver;
    CURL *easy;
    request requests[REQUESTS];
    char reference[27];
    char provider_id[80];
    char look_url[512];
    uint32_t number;
    int failed;
    reply got;
} shop;

/* ---- the sandbox ---- */

static char *read_text(const char *path)
{
    FILE *f = fopen(path, "r");
    char *text = f != NULL ? calloc(1, 65536) : NULL;
    if (text != NULL && fread(text, 1, 65535, f) == 0) {
        text[0] = '\0';
    }
    if (f != NULL) {
        fclose(f);
    }
    return text;
}

static int start_sandbox(shop *s)
{
    char program[600], dir[700], line[256] = "";
    int ends[2];
    snprintf(program, sizeof program, "%s/payroute-sandbox", bench_build());
    snprintf(dir, sizeof dir, "%s/sandbox", bench_dir());
    if (access(program, X_OK) != 0 || pipe(ends) != 0) {
        return 0;
    }
    fflush(stdout);
    s->sandbox = fork();
    if (s->sandbox == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        execl(program, program, "--port", "0", "--dir", dir, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    FILE *out = fdopen(ends[0], "r");
    int ready =
        out != NULL && fgets(line, sizeof line, out) != NULL && strstr(line, "\"ready\":true") != NULL;
    if (out != NULL) {
        fclose(out);
    }
    strncat(dir, "/channels.json", sizeof dir - strlen(dir) - 1);
    s->config = ready ? read_text(dir) : NULL;
    return s->config != NULL;
}

static void stop_sandbox(const shop *s)
{
    if (s->sandbox > 0) {
        kill(s->sandbox, SIGTERM);
        waitpid(s->sandbox, NULL, 0);
    }
}

/* ---- bare libcurl ---- */

static size_t take(char *bytes, size_t size, size_t count, void *user)
{
    reply *r = user;
    size_t len = size * count;
    if (r->len + len >= sizeof r->text) {
        return 0;
    }
    memcpy(r->text + r->len, bytes, len);
    r->len += len;
    r->text[r->len] = '\0';
    return len;
}

static struct curl_slist *lines_of(const char *headers)
{
    char line[TEXT_MAX];
    struct curl_slist *lines = NULL;
    for (const char *at = headers; *at != '\0';) {
        size_t len = strcspn(at, "\r\n");
        snprintf(line, sizeof line, "%.*s", (int)len, at);
        lines = len > 0 ? curl_slist_append(lines, line) : lines;
        at += len + strspn(at + len, "\r\n");
    }
    return curl_slist_append(lines, "Expect:");
}

static int send_bare(shop *s, const char *url, const char *headers, const char *body, int fresh)
{
    CURL *easy = s->easy;
    struct curl_slist *lines = lines_of(headers);
    s->got.len = 0;
    curl_easy_reset(easy);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, lines);
    if (body != NULL) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
    }
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 8000L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, (long)fresh);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, (long)fresh);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &s->got);
    CURLcode rc = curl_easy_perform(easy);
    s->got.status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &s->got.status);
    curl_slist_free_all(lines);
    return rc == CURLE_OK && s->got.status == 200;
}

/* ---- the requests, as the library makes them ---- */

static int64_t wall_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int record_request(shop *s, payroute_payment *p, request *r)
{
    static const char entropy[33] = "0123456789abcdef0123456789abcdef";
    size_t headers_len = 0, body_len = 0;
    if (payroute_payment_request(p, wall_ms(), entropy) != PAYROUTE_OK) {
        return 0;
    }
    const char *headers = payroute_payment_request_headers(p, &headers_len);
    const char *body = payroute_payment_request_body(p, &body_len);
    snprintf(r->url, sizeof r->url, "%s", payroute_payment_request_url(p));
    snprintf(r->headers, sizeof r->headers, "%.*s", (int)headers_len, headers);
    snprintf(r->body, sizeof r->body, "%.*s", (int)body_len, body);
    r->money = payroute_payment_exchange(p, PAYROUTE_EXCHANGE_MONEY) == 1;
    if (!send_bare(s, r->url, r->headers, r->body, r->money)) {
        return 0;
    }
    return payroute_payment_feed_http(p, wall_ms(), 200, "", 0, s->got.text, s->got.len, 1) == PAYROUTE_OK;
}

static int take_text(char *out, size_t cap, const char *from, const char *mark)
{
    const char *at = strstr(from, mark);
    if (at == NULL) {
        return 0;
    }
    at += strlen(mark);
    snprintf(out, cap, "%.*s", (int)strcspn(at, "\""), at);
    return 1;
}

/* One payment by the pure library, sent by hand: its requests become the pattern. */
static int record(shop *s)
{
    static const char spec[] =
        "{\"order_id\":\"pattern\",\"amount_minor\":1250,\"currency\":\"USD\","
        "\"method\":\"card\",\"flow\":\"token\",\"channel\":\"card-main\",\"instrument\":\"pm_card_visa\"}";
    char why[256] = "";
    payroute_registry *registry = NULL;
    payroute_payment *p = NULL;
    int sent = 0;
    if (payroute_registry_from_json(&registry, s->config, strlen(s->config), why, sizeof why) !=
            PAYROUTE_OK ||
        payroute_payment_new(&p, registry, NULL, spec, sizeof spec - 1, "pattern",
                             "0123456789abcdef0123456789abcdef", wall_ms(), why, sizeof why) != PAYROUTE_OK) {
        fprintf(stderr, "bench: %s\n", why);
    }
    payroute_payment_lease(p, "bench", 1);
    payroute_payment_present(p, 1);
    for (int step = 0; p != NULL && step < 20 && payroute_payment_final(p) != 1; step++) {
        (void)payroute_payment_tick(p, wall_ms());
        int32_t action = payroute_payment_next(p);
        if (action == PAYROUTE_ACTION_SAVE && payroute_payment_save_set(p) != NULL) {
            payroute_payment_feed_saved(p, 1);
        } else if (action == PAYROUTE_ACTION_SEND && sent < REQUESTS) {
            snprintf(s->reference, sizeof s->reference, "%.26s", payroute_payment_key(p));
            sent += record_request(s, p, &s->requests[sent]) ? 1 : REQUESTS;
            (void)take_text(s->provider_id, sizeof s->provider_id, s->got.text, "\"id\":\"");
        }
    }
    int paid = p != NULL && payroute_payment_status(p) == PAYROUTE_STATUS_PAID && sent == REQUESTS;
    payroute_payment_free(p);
    payroute_registry_free(registry);
    /* The second request names what the first one made. */
    return paid && strstr(s->requests[1].url, s->provider_id) != NULL;
}

/* Every place of one text gets another. */
static void replace(char *out, size_t cap, const char *text, const char *old, const char *by)
{
    size_t n = 0, old_len = strlen(old);
    for (const char *at = text; *at != '\0' && n + 1 < cap;) {
        if (strncmp(at, old, old_len) == 0) {
            n += (size_t)snprintf(out + n, cap - n, "%s", by);
            at += old_len;
        } else {
            out[n++] = *at++;
        }
    }
    out[n < cap ? n : cap - 1] = '\0';
}

/* ---- what is compared ---- */

static void bare_payment(void *context, long times)
{
    shop *s = context;
    for (long i = 0; i < times; i++) {
        char reference[27], url[TEXT_MAX], headers[TEXT_MAX], body[TEXT_MAX], id[80] = "";
        snprintf(reference, sizeof reference, "BARE%022u", (unsigned)++s->number);
        for (int k = 0; k < REQUESTS; k++) {
            const request *r = &s->requests[k];
            replace(url, sizeof url, r->url, s->provider_id, id);
            replace(headers, sizeof headers, r->headers, s->reference, reference);
            replace(body, sizeof body, r->body, s->reference, reference);
            s->failed |= !send_bare(s, url, headers, body, r->money) ||
                         !take_text(id, sizeof id, s->got.text, "\"id\":\"");
        }
        s->failed |= strstr(s->got.text, "\"succeeded\"") == NULL;
    }
}

static void driven_payment(void *context, long times)
{
    shop *s = context;
    for (long i = 0; i < times; i++) {
        char spec[300];
        int64_t id = 0;
        snprintf(spec, sizeof spec,
                 "{\"order_id\":\"driven-%u\",\"amount_minor\":1250,\"currency\":\"USD\",\"method\":\"card\","
                 "\"flow\":\"token\",\"channel\":\"card-main\",\"instrument\":\"pm_card_visa\"}",
                 (unsigned)++s->number);
        int32_t rc = payroute_engine_create(s->engine, spec, strlen(spec), 60000, &id);
        s->failed |= rc != PAYROUTE_OK ||
                     strstr(payroute_engine_result(s->engine, NULL), "\"status\":\"paid\"") == NULL;
    }
}

/* A lookup over a kept connection: the driver by itself. */
static void driver_look(void *context, long times)
{
    shop *s = context;
    for (long i = 0; i < times; i++) {
        prh_outcome out;
        prh_exchange exchange = {.method = "GET",
                                 .url = s->look_url,
                                 .headers = s->requests[0].headers,
                                 .headers_len = strlen(s->requests[0].headers),
                                 .plain = 1,
                                 .timeout_ms = 8000};
        s->failed |= prh_driver_perform(s->driver, &exchange, &out) != PAYROUTE_OK || out.status != 200;
        prh_outcome_free(&out);
    }
}

static void bare_look(void *context, long times)
{
    shop *s = context;
    for (long i = 0; i < times; i++) {
        s->failed |= !send_bare(s, s->look_url, s->requests[0].headers, NULL, 0);
    }
}

static int prepare(shop *s)
{
    char options[800], why[512] = "";
    snprintf(options, sizeof options, "{\"store\":\"memory:bench\"}");
    if (!start_sandbox(s) || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return 0;
    }
    s->easy = curl_easy_init();
    if (s->easy == NULL || prh_driver_new(&s->driver) != PAYROUTE_OK || !record(s)) {
        return 0;
    }
    snprintf(s->look_url, sizeof s->look_url, "%.*s/%s", (int)strcspn(s->requests[0].url, "?"),
             s->requests[0].url, s->provider_id);
    if (payroute_engine_open(&s->engine, s->config, strlen(s->config), options, strlen(options), why,
                             sizeof why) != PAYROUTE_OK) {
        fprintf(stderr, "bench: %s\n", why);
        return 0;
    }
    return 1;
}

void bench_drive(void)
{
    static shop s;
    bench_section(
        "a driven payment: the engine against a bare libcurl loop with the same requests, same sandbox");
    if (!prepare(&s)) {
        bench_missed("driven payment", "the sandbox or its pattern payment failed");
    } else {
        bench_result r = bench_compare((bench_side){driver_look, &s}, (bench_side){bare_look, &s});
        bench_tell("the driver alone, kept connection", &r, "bare libcurl", (bench_goal){0, 0});
        r = bench_compare((bench_side){driven_payment, &s}, (bench_side){bare_payment, &s});
        bench_tell("a card: create kept, confirm fresh", &r, "bare libcurl", (bench_goal){0, 0.95});
        bench_computes(1); /* the sandbox and the loopback apart: what our own process spends */
        r = bench_compare((bench_side){driven_payment, &s}, (bench_side){bare_payment, &s});
        bench_tell("  processor time of this process", &r, "bare libcurl", (bench_goal){0, 0});
        bench_computes(0);
        if (s.failed) {
            bench_missed("driven payment", "a payment was not paid");
        }
    }
    payroute_engine_close(s.engine);
    prh_driver_free(s.driver);
    curl_easy_cleanup(s.easy);
    stop_sandbox(&s);
    free(s.config);
}
