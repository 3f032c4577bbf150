/* The world outside the shop: starts the sandbox, sets its clock, breaks things, reads the providers' books. */
#include "shop.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct bytes {
    char *at;
    size_t len;
} bytes;

static size_t collect(char *data, size_t size, size_t count, void *user)
{
    bytes *b = user;
    char *more = realloc(b->at, b->len + size * count + 1);
    if (more == NULL) {
        return 0;
    }
    memcpy(more + b->len, data, size * count);
    b->at = more;
    b->len += size * count;
    b->at[b->len] = '\0';
    return size * count;
}

payroute_json *world_call(const world *w, const char *path, const char *body)
{
    char url[300];
    bytes answer = {0};
    payroute_json *doc = NULL;
    CURL *c = curl_easy_init();
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d%s", w->port, path);
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_PROXY, "");
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, 20000L);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, &answer);
    if (body != NULL) {
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
    }
    if (curl_easy_perform(c) == CURLE_OK && answer.at != NULL) {
        (void)payroute_json_parse(&doc, answer.at, answer.len, NULL, 0);
    }
    curl_easy_cleanup(c);
    free(answer.at);
    return doc;
}

int world_do(const world *w, const char *path, const char *format, ...)
{
    char body[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(body, sizeof body, format, args);
    va_end(args);
    payroute_json *doc = world_call(w, path, body);
    int ok = doc != NULL && payroute_json_get(payroute_json_root(doc), "error") == NULL;
    payroute_json_free(doc);
    return ok;
}

void world_clock(world *w, int64_t now_ms)
{
    w->now_ms = now_ms;
    (void)world_do(w, "/_clock", "{\"now_ms\":%lld}", (long long)now_ms);
}

static int read_ready(world *w, int fd)
{
    char line[512];
    size_t len = 0;
    while (len + 1 < sizeof line && read(fd, line + len, 1) == 1 && line[len] != '\n') {
        len++;
    }
    payroute_json *doc = NULL;
    int64_t port = 0;
    if (payroute_json_parse(&doc, line, len, NULL, 0) == PAYROUTE_OK) {
        (void)payroute_json_integer(&port, payroute_json_get(payroute_json_root(doc), "port"));
    }
    payroute_json_free(doc);
    w->port = (int)port;
    return port > 0;
}

int world_start(world *w, const char *sandbox, const char *dir)
{
    int out[2];
    int in[2];
    (void)snprintf(w->dir, sizeof w->dir, "%s", dir);
    (void)snprintf(w->config, sizeof w->config, "%s/channels.json", dir);
    if (pipe(out) != 0 || pipe(in) != 0) {
        return 0;
    }
    w->pid = fork();
    if (w->pid == 0) {
        (void)dup2(in[0], 0);
        (void)dup2(out[1], 1);
        (void)close(in[1]);
        (void)close(out[0]);
        execl(sandbox, sandbox, "--dir", dir, "--port", "0", "--channels", "all", "--stdin-exit",
              (char *)NULL);
        _exit(127);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    w->leash = in[1];
    (void)fcntl(w->leash, F_SETFD, FD_CLOEXEC);
    int ok = w->pid > 0 && read_ready(w, out[0]);
    (void)close(out[0]);
    return ok;
}

void world_stop(world *w)
{
    if (w->pid > 0) {
        (void)kill(w->pid, SIGTERM);
        (void)close(w->leash);
        (void)waitpid(w->pid, NULL, 0);
        w->pid = 0;
    }
}

static int64_t figure_of(const payroute_json_node *object, const char *name)
{
    int64_t value = 0;
    (void)payroute_json_integer(&value, payroute_json_get(object, name));
    return value;
}

/* `key` is a reference or the shop's order hash as the provider keeps it. */
int64_t world_order(const world *w, const char *key, const char *figure)
{
    payroute_json *doc = world_call(w, "/_books", NULL);
    int64_t sum = 0;
    const payroute_json_node *account =
        payroute_json_first(payroute_json_get(payroute_json_root(doc), "accounts"));
    for (; account != NULL; account = payroute_json_next(account)) {
        const payroute_json_node *o = payroute_json_first(payroute_json_get(account, "orders"));
        for (; o != NULL; o = payroute_json_next(o)) {
            const char *reference = payroute_json_string(payroute_json_get(o, "reference"));
            if (reference != NULL && strcmp(reference, key) == 0) {
                sum += figure_of(o, figure);
            }
        }
    }
    payroute_json_free(doc);
    return sum;
}

int64_t world_total(const world *w, const char *figure)
{
    payroute_json *doc = world_call(w, "/_books", NULL);
    int64_t value =
        doc == NULL ? -1 : figure_of(payroute_json_get(payroute_json_root(doc), "totals"), figure);
    payroute_json_free(doc);
    return value;
}

int64_t world_executed(const world *w, const char *account, const char *operation)
{
    payroute_json *doc = world_call(w, "/_books", NULL);
    const payroute_json_node *a =
        payroute_json_get(payroute_json_get(payroute_json_root(doc), "accounts"), account);
    int64_t value = figure_of(payroute_json_get(a, "executed"), operation);
    payroute_json_free(doc);
    return value;
}
