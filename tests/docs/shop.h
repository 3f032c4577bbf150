/* Around the C of the pages: a customer and a provider, by the sandbox. */
#ifndef DOCS_SHOP_H
#define DOCS_SHOP_H

#include <payroute/json.h>

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char shop_answer[262144];

static size_t shop_append(char *data, size_t size, size_t count, void *user)
{
    size_t room = sizeof shop_answer - 1 - strlen(shop_answer);
    (void)user;
    (void)strncat(shop_answer, data, size * count < room ? size * count : room);
    return size * count;
}

/* The sandbox's answer, to be freed. */
static payroute_json *shop_call(const char *path, const char *post)
{
    char url[500];
    payroute_json *doc = NULL;
    CURL *curl = curl_easy_init();
    shop_answer[0] = '\0';
    (void)snprintf(url, sizeof url, "%s%s", getenv("SANDBOX"), path);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    if (post != NULL) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, post);
    }
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, shop_append);
    (void)curl_easy_perform(curl);
    curl_easy_cleanup(curl);
    (void)payroute_json_parse(&doc, shop_answer, strlen(shop_answer), NULL, 0);
    return doc;
}

static const char *shop_text(const payroute_json_node *node, const char *name)
{
    const char *text = payroute_json_text(payroute_json_get(node, name));
    return text != NULL ? text : "";
}

static void shop_read(char *out, size_t cap, const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t len = file != NULL ? fread(out, 1, cap - 1, file) : 0;
    out[len] = '\0';
    if (file != NULL) {
        (void)fclose(file);
    }
}

static void shop_stop(const char *what, const char *text)
{
    printf("%s: %s\n", what, text);
    exit(1);
}

/* The customer pays what he sees; what the provider sends then. */
static void shop_pay(const char *account, const char *qr, char *headers, size_t headers_cap, char *body,
                     size_t body_cap)
{
    char act[400], path[100];
    (void)snprintf(act, sizeof act, "{\"qr\":\"%s\",\"act\":\"pay\"}", qr);
    payroute_json_free(shop_call("/_customer", act));
    (void)snprintf(path, sizeof path, "/_outbox?take=1&account=%s", account);
    payroute_json *outbox = shop_call(path, NULL);
    const payroute_json_node *note = payroute_json_first(payroute_json_root(outbox));
    const payroute_json_node *h = payroute_json_first(payroute_json_get(note, "headers"));
    headers[0] = '\0';
    for (; h != NULL; h = payroute_json_next(h)) {
        size_t used = strlen(headers);
        (void)snprintf(headers + used, headers_cap - used, "%s: %s\r\n", payroute_json_name(h), payroute_json_text(h));
    }
    (void)snprintf(body, body_cap, "%s", shop_text(note, "body"));
    payroute_json_free(outbox);
}

#endif
