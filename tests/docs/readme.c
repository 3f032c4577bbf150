/* What surrounds the README's C (readme.inc, cut out by check_readme.sh): a page whose customer pays at once, and the
   web server that hands the notification in. */
#include <payroute/host.h>
#include <payroute/json.h>

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char config[65536], options[500], why[512], headers[300], body[8192], answer[65536], ack[40];
static const char order[] = "{\"order_id\":\"1001\",\"amount_minor\":1250,\"currency\":\"CNY\",\"method\":\"alipay\"}";

static size_t append(char *data, size_t size, size_t count, void *user)
{
    (void)user;
    (void)strncat(answer, data, size * count < sizeof answer - strlen(answer) ? size * count : 0);
    return size * count;
}

static payroute_json *call(const char *path, const char *post)
{
    char url[300];
    payroute_json *doc = NULL;
    CURL *curl = curl_easy_init();
    answer[0] = '\0';
    (void)snprintf(url, sizeof url, "%s%s", getenv("SANDBOX"), path);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    if (post != NULL) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, post);
    }
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append);
    (void)curl_easy_perform(curl);
    curl_easy_cleanup(curl);
    (void)payroute_json_parse(&doc, answer, strlen(answer), NULL, 0);
    return doc;
}

static const char *text_at(payroute_json *doc, const char *object, const char *name)
{
    const char *text = payroute_json_text(payroute_json_get(payroute_json_get(payroute_json_root(doc), object), name));
    return text != NULL ? text : "";
}

static void refuse(const char *text)
{
    printf("refused: %s\n", text);
    exit(1);
}

static void page(const char *json)
{
    char act[300];
    payroute_json *result = NULL;
    (void)payroute_json_parse(&result, json, strlen(json), NULL, 0);
    (void)snprintf(act, sizeof act, "{\"qr\":\"%s\",\"act\":\"pay\"}", text_at(result, "show", "text"));
    payroute_json_free(result);
    payroute_json_free(call("/_customer", act));
    payroute_json *outbox = call("/_outbox?take=1", NULL);
    const payroute_json_node *note = payroute_json_first(payroute_json_root(outbox));
    if (note == NULL) {
        refuse("no notification");
    }
    (void)snprintf(headers, sizeof headers, "Content-Type: %s\r\n",
                   payroute_json_text(payroute_json_get(payroute_json_get(note, "headers"), "Content-Type")));
    (void)snprintf(body, sizeof body, "%s", payroute_json_text(payroute_json_get(note, "body")));
    payroute_json_free(outbox);
}

static void reply(const char *json)
{
    payroute_json *result = NULL;
    (void)payroute_json_parse(&result, json, strlen(json), NULL, 0);
    (void)snprintf(ack, sizeof ack, "%s", text_at(result, "ack", "body"));
    payroute_json_free(result);
}

int main(void)
{
    int64_t id = 0;
    FILE *file = fopen(getenv("CHANNELS"), "rb");
    config[file != NULL ? fread(config, 1, sizeof config - 1, file) : 0] = '\0';
    if (file != NULL) {
        (void)fclose(file);
    }
    (void)snprintf(options, sizeof options, "{\"store\":\"sqlite:%s\"}", getenv("STORE"));
#include "readme.inc"
    const char *events = payroute_engine_result(pay, NULL);
    int paid = strstr(events, "\"kind\":\"paid\"") != NULL && strstr(events, "\"order_id\":\"1001\"") != NULL;
    printf("%s, then %s, order 1001\n", ack, paid ? "paid" : events);
    payroute_engine_close(pay);
    return 0;
}
