/* One payment as a shop takes it: create, show the QR code, hand in the notification, deliver once. The same loop is
   in php/loop.php and python/loop.py. On the other side stands the sandbox, which plays Alipay and the customer:

       payroute-sandbox --dir /tmp/sandbox --port 8900 &
       loop /tmp/sandbox/channels.json /tmp/payments.db http://127.0.0.1:8900 1001 */
#include <payroute/host.h>
#include <payroute/json.h>

#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failed(payroute_engine *pay, int32_t rc)
{
    if (rc != PAYROUTE_OK) {
        printf("%s: %s\n", payroute_rc_name(rc), payroute_engine_result(pay, NULL));
    }
    return rc != PAYROUTE_OK;
}

static payroute_json *parsed(const char *text)
{
    payroute_json *doc = NULL;
    (void)payroute_json_parse(&doc, text, strlen(text), NULL, 0);
    return doc;
}

static const payroute_json_node *member(const payroute_json_node *node, const char *name)
{
    return payroute_json_get(node, name);
}

static const char *text_of(const payroute_json_node *node, const char *name)
{
    const char *text = payroute_json_text(member(node, name));
    return text != NULL ? text : "";
}

/* ---- the shop ---- */

/* The text under "show" is for the customer; empty when there is nothing to show. */
static int checkout(payroute_engine *pay, const char *order_id, int64_t *id, char *qr, size_t cap)
{
    char order[200];
    (void)snprintf(order, sizeof order,
                   "{\"order_id\":\"%s\",\"amount_minor\":1250,\"currency\":\"CNY\",\"method\":\"alipay\","
                   "\"flow\":\"qr\"}",
                   order_id);
    if (failed(pay, payroute_engine_create(pay, order, strlen(order), 10000, id))) {
        return 0;
    }
    payroute_json *result = parsed(payroute_engine_result(pay, NULL));
    (void)snprintf(qr, cap, "%s", text_of(member(payroute_json_root(result), "show"), "text"));
    payroute_json_free(result);
    printf("show    %.22s\n", qr);
    return qr[0] != '\0';
}

/* A web server has these at its notify address. The answer goes back to the provider whatever the call returned. */
static void notified(payroute_engine *pay, const char *channel, const char *headers, const char *body)
{
    (void)payroute_engine_notify(pay, channel, "POST", NULL, 0, headers, strlen(headers), body, strlen(body));
    payroute_json *result = parsed(payroute_engine_result(pay, NULL));
    const payroute_json_node *ack = member(payroute_json_root(result), "ack");
    printf("notify  %s: %s %s\n", channel, text_of(ack, "status"), text_of(ack, "body"));
    payroute_json_free(result);
}

/* The customer's page asks; so would cron, for all payments, with payroute_engine_sweep. */
static int is_paid(payroute_engine *pay, int64_t id)
{
    if (failed(pay, payroute_engine_advance(pay, id, 3000))) {
        return 0;
    }
    payroute_json *result = parsed(payroute_engine_result(pay, NULL));
    const payroute_json_node *root = payroute_json_root(result);
    int paid = strcmp(text_of(root, "status"), "paid") == 0;
    printf("status  %s %s\n", text_of(root, "status"), text_of(root, "captured_minor"));
    payroute_json_free(result);
    return paid;
}

/* Events come again until acknowledged: first the goods, by one conditional update of the shop's own order. */
static int deliver(payroute_engine *pay)
{
    int delivered = 0;
    if (failed(pay, payroute_engine_events(pay, 100))) {
        return 0;
    }
    payroute_json *result = parsed(payroute_engine_result(pay, NULL));
    const payroute_json_node *event = payroute_json_first(member(payroute_json_root(result), "events"));
    for (; event != NULL; event = payroute_json_next(event)) {
        char ids[80];
        printf("event   %s, order %s\n", text_of(event, "kind"), text_of(event, "order_id"));
        (void)snprintf(ids, sizeof ids, "[\"%s\"]", text_of(event, "id"));
        delivered += !failed(pay, payroute_engine_event_ack(pay, ids, strlen(ids)));
    }
    payroute_json_free(result);
    return delivered > 0;
}

/* ---- the world: what a customer and a provider do, by the sandbox ---- */

static size_t append(char *data, size_t size, size_t count, void *user)
{
    char *answer = user;
    size_t room = 16384 - strlen(answer) - 1;
    (void)strncat(answer, data, size * count < room ? size * count : room);
    return size * count;
}

static payroute_json *sandbox_call(const char *url, const char *path, const char *body)
{
    static char answer[16384];
    char full[300];
    CURL *curl = curl_easy_init();
    answer[0] = '\0';
    (void)snprintf(full, sizeof full, "%s%s", url, path);
    curl_easy_setopt(curl, CURLOPT_URL, full);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    if (body == NULL) {
        curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    }
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    (void)curl_easy_perform(curl);
    curl_easy_cleanup(curl);
    return parsed(answer);
}

static void customer_pays(const char *sandbox, const char *qr)
{
    char act[300];
    (void)snprintf(act, sizeof act, "{\"qr\":\"%s\",\"act\":\"pay\"}", qr);
    payroute_json_free(sandbox_call(sandbox, "/_customer", act));
}

static void provider_notifies(payroute_engine *pay, const char *sandbox)
{
    payroute_json *outbox = sandbox_call(sandbox, "/_outbox?take=1", NULL);
    const payroute_json_node *note = payroute_json_first(payroute_json_root(outbox));
    for (; note != NULL; note = payroute_json_next(note)) {
        char headers[500];
        (void)snprintf(headers, sizeof headers, "Content-Type: %s\r\n",
                       text_of(member(note, "headers"), "Content-Type"));
        notified(pay, text_of(note, "channel"), headers, text_of(note, "body"));
    }
    payroute_json_free(outbox);
}

/* ---- one after the other ---- */

static payroute_engine *opened(const char *channels, const char *store)
{
    static char config[65536];
    char options[500];
    char why[512] = "cannot be read";
    payroute_engine *pay = NULL;
    FILE *file = fopen(channels, "rb");
    size_t len = file != NULL ? fread(config, 1, sizeof config, file) : 0;
    (void)snprintf(options, sizeof options, "{\"store\":\"sqlite:%s\"}", store);
    if (len == 0 ||
        payroute_engine_open(&pay, config, len, options, strlen(options), why, sizeof why) != PAYROUTE_OK) {
        printf("%s: %s\n", channels, why);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return pay;
}

int main(int argc, char **argv)
{
    char qr[200] = "";
    int64_t id = 0;
    int ok = 0;
    if (argc != 5) {
        printf("usage: loop CHANNELS.json STORE SANDBOX-URL ORDER\n");
        return 2;
    }
    payroute_engine *pay = opened(argv[1], argv[2]);
    if (pay != NULL && checkout(pay, argv[4], &id, qr, sizeof qr)) {
        customer_pays(argv[3], qr);
        provider_notifies(pay, argv[3]);
        ok = is_paid(pay, id) && deliver(pay);
    }
    payroute_engine_close(pay);
    return ok ? 0 : 1;
}
