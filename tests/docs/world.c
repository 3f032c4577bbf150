/* Customer and provider for the shell blocks of the pages, by the sandbox at $SANDBOX:
       world post /_customer '{"qr":"…","act":"pay"}'      world note ali-main
   The latter takes what the provider sends, the newest wins, and writes body, headers.txt and query, as the web server
   would hand them on. */
#include <payroute/json.h>

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char answer[262144];

static size_t append(char *data, size_t size, size_t count, void *user)
{
    size_t room = sizeof answer - 1 - strlen(answer);
    (void)user;
    (void)strncat(answer, data, size * count < room ? size * count : room);
    return size * count;
}

static int call(const char *path, const char *post)
{
    char url[500];
    CURL *curl = curl_easy_init();
    (void)snprintf(url, sizeof url, "%s%s", getenv("SANDBOX"), path);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    if (post != NULL) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, post);
    }
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append);
    int code = (int)curl_easy_perform(curl);
    curl_easy_cleanup(curl);
    return code;
}

static void put(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    if (file != NULL) {
        (void)fputs(text != NULL ? text : "", file);
        (void)fclose(file);
    }
}

static int write_note(void)
{
    payroute_json *doc = NULL;
    const payroute_json_node *last = NULL;
    char headers[4096] = "";
    (void)payroute_json_parse(&doc, answer, strlen(answer), NULL, 0);
    for (const payroute_json_node *n = payroute_json_first(payroute_json_root(doc)); n != NULL;
         n = payroute_json_next(n)) {
        last = n;
    }
    const payroute_json_node *h = payroute_json_first(payroute_json_get(last, "headers"));
    for (; h != NULL; h = payroute_json_next(h)) {
        size_t used = strlen(headers);
        (void)snprintf(headers + used, sizeof headers - used, "%s: %s\r\n", payroute_json_name(h),
                       payroute_json_text(h));
    }
    put("headers.txt", headers);
    put("body", payroute_json_text(payroute_json_get(last, "body")));
    put("query", payroute_json_text(payroute_json_get(last, "query")));
    payroute_json_free(doc);
    return last != NULL ? 0 : 1;
}

int main(int argc, char **argv)
{
    char path[200];
    if (argc == 4 && strcmp(argv[1], "post") == 0) {
        int code = call(argv[2], argv[3]);
        puts(answer);
        return code;
    }
    if (argc == 3 && strcmp(argv[1], "note") == 0) {
        (void)snprintf(path, sizeof path, "/_outbox?take=1&account=%s", argv[2]);
        return call(path, NULL) != 0 || write_note() != 0;
    }
    fprintf(stderr, "world post PATH JSON | world note ACCOUNT\n");
    return 2;
}
