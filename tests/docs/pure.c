/* What surrounds the C of docs/pure.md: libcurl as the HTTP client, a store that forgets, and a WeChat Pay account
   whose certificates nobody has yet. */
#include "shop.h"

#include <payroute/payroute.h>

#include <time.h>

typedef struct http_answer {
    int complete, not_sent, curl_code, verified;
    int32_t status;
    char headers[8192];
    char body[65536];
    size_t body_len;
} http_answer;

static char config[65536], headers_in[4096], body_in[32768], shown[4096];
static int saves, fetches, fetch_allowed = 1, acknowledged;

static int64_t now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    return (int64_t)at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

static void fresh_bytes(char out[32])
{
    FILE *file = fopen("/dev/urandom", "rb");
    if (file == NULL || fread(out, 1, 32, file) != 32) {
        shop_stop("urandom", "cannot be read");
    }
    (void)fclose(file);
}

static size_t take_body(char *data, size_t size, size_t count, void *user)
{
    http_answer *a = user;
    size_t len = size * count < sizeof a->body - a->body_len ? size * count : 0;
    memcpy(a->body + a->body_len, data, len);
    a->body_len += len;
    return len;
}

static size_t take_header(char *data, size_t size, size_t count, void *user)
{
    http_answer *a = user;
    size_t used = strlen(a->headers);
    (void)snprintf(a->headers + used, sizeof a->headers - used, "%.*s", (int)(size * count), data);
    return size * count;
}

static void http(http_answer *a, const char *method, const char *url, const char *headers, size_t headers_len,
                 const char *body, size_t body_len, int64_t timeout_ms, const char *ca_file)
{
    struct curl_slist *list = NULL;
    long status = 0;
    CURL *curl = curl_easy_init();
    memset(a, 0, sizeof *a);
    for (const char *at = headers; at < headers + headers_len;) {
        char line[4096];
        size_t len = strcspn(at, "\r\n");
        (void)snprintf(line, sizeof line, "%.*s", (int)len, at);
        list = len > 0 ? curl_slist_append(list, line) : list;
        at += len + strspn(at + len, "\r\n");
    }
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    if (body_len > 0) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)body_len);
        curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, body);
    }
    if (ca_file != NULL) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file);
    }
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, a);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, a);
    a->curl_code = (int)curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    a->status = (int32_t)status;
    a->complete = a->curl_code == 0;
    a->verified = 1; /* the sandbox is on loopback, and the channel says so */
    curl_slist_free_all(list);
    curl_easy_cleanup(curl);
}

static int32_t save(payroute_payment *payment)
{
    saves++;
    return payroute_payment_save_set(payment) != NULL ? payroute_payment_feed_saved(payment, 1) : PAYROUTE_E_NOMEM;
}

static int may_fetch(const char *channel, const char *id)
{
    fetches += channel[0] != '\0' && id[0] != '\0';
    return fetch_allowed;
}

static void show(const char *json)
{
    if (json != NULL) {
        (void)snprintf(shown, sizeof shown, "%s", json);
    }
}

static void refuse(const char *text)
{
    shop_stop("refused", text);
}

static void answer_provider(int32_t status, const char *body)
{
    (void)body;
    acknowledged += status == 200 || status == 204;
}

#define AFTER_BLOCK
#include "pure.inc"

static payroute_keyring *fresh_ring(payroute_registry *registry)
{
    payroute_keyring *ring = NULL;
    return payroute_keyring_new(&ring, registry) == PAYROUTE_OK ? ring : NULL;
}

int main(void)
{
    static const char order[] =
        "{\"order_id\":\"3001\",\"amount_minor\":990,\"currency\":\"CNY\",\"method\":\"wechat\",\"flow\":\"qr\"}";
    char why[2048] = "";
    payroute_registry *registry = NULL;
    payroute_json *doc = NULL;
    shop_read(config, sizeof config, getenv("CHANNELS"));
    if (payroute_registry_from_json(&registry, config, strlen(config), why, sizeof why) != PAYROUTE_OK) {
        shop_stop("registry", why);
    }
    /* The certificate comes by FETCH while the payment waits for it … */
    payroute_keyring *ring = fresh_ring(registry);
    payroute_payment *payment = start(registry, ring, order);
    int32_t driven = drive(payment);
    int by_payment = fetches;
    (void)payroute_json_parse(&doc, shown, strlen(shown), NULL, 0);
    shop_pay("wx-main", shop_text(payroute_json_root(doc), "text"), headers_in, sizeof headers_in, body_in,
             sizeof body_in);
    /* … and again for a notification and for a probe, with rings that know nothing. */
    payroute_keyring *second = fresh_ring(registry), *third = fresh_ring(registry);
    int32_t told = notified(payment, registry, second, "wx-main", headers_in, body_in);
    int32_t fits = probe(registry, third, "wx-main");
    int32_t status = payroute_payment_status(payment);
    if (driven != PAYROUTE_OK || told != PAYROUTE_OK || fits != PAYROUTE_PROBE_FITS ||
        status != PAYROUTE_STATUS_PAID || by_payment != 1 || fetches != 2 || acknowledged != 1 || saves < 3) {
        printf("driven %d, told %d, probe %d, status %d, fetches %d of %d, acknowledged %d, saves %d, shown %s\n",
               driven, told, fits, status, by_payment, fetches, acknowledged, saves, shown);
        return 1;
    }
    payroute_json_free(doc);
    payroute_payment_free(payment);
    payroute_keyring_free(ring);
    payroute_keyring_free(second);
    payroute_keyring_free(third);
    payroute_registry_free(registry);
    puts("fine");
    return 0;
}
