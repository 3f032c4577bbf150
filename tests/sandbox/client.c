/* The shop's side for the sandbox's tests; see client.h. */
#include "client.h"

#include <signal.h>
#include <time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <curl/curl.h>

static struct {
    pid_t pid;
    int port, notify;
    char dir[64], keys[64];
    cJSON *config;
    CURL *curl;
    bool reuse;
    long timeout;
    int64_t clock;
} client = {.notify = 18080, .timeout = 10000};

/* ---- HTTP ---- */

struct sink {
    char *at;
    size_t len;
};

static size_t take(char *data, size_t size, size_t count, void *context)
{
    struct sink *sink = context;
    char *at = realloc(sink->at, sink->len + size * count + 1);
    assert_non_null(at);
    memcpy(at + sink->len, data, size * count);
    sink->at = at;
    sink->len += size * count;
    at[sink->len] = 0;
    return size * count;
}

void client_fresh(bool fresh)
{
    client.reuse = !fresh;
}

void client_timeout(long ms)
{
    client.timeout = ms;
}

struct reply *call(const char *method, const char *url, const char *const *headers, const char *body)
{
    struct reply *reply = calloc(1, sizeof *reply);
    struct sink head = {0}, sink = {0};
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    assert_non_null(reply);
    CURL *curl = client.curl;
    curl_easy_reset(curl);
    for (; headers && *headers; headers++) {
        list = curl_slist_append(list, *headers);
    }
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
    if (body) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    }
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &sink);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &head);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, client.timeout);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, client.reuse ? 0L : 1L);
    curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, client.reuse ? 0L : 1L);
    reply->code = (int)curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply->status);
    curl_easy_getinfo(curl, CURLINFO_REQUEST_SIZE, &reply->sent);
    curl_easy_getinfo(curl, CURLINFO_TOTAL_TIME, &reply->seconds);
    curl_slist_free_all(list);
    reply->headers = head.at ? head.at : strdup("");
    reply->body = sink.at ? sink.at : strdup("");
    reply->len = sink.len;
    reply->json = reply->len < 1000000 ? cJSON_Parse(reply->body) : NULL;
    return reply;
}

void drop(struct reply *reply)
{
    free(reply->headers);
    free(reply->body);
    cJSON_Delete(reply->json);
    free(reply);
}

/* ---- the sandbox's process ---- */

void set_notify_port(int port)
{
    client.notify = port;
}

int notify_port(void)
{
    return client.notify;
}

static void read_config(void)
{
    char path[128], *text = calloc(1, 65536);
    snprintf(path, sizeof path, "%s/channels.json", client.dir);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_true(fread(text, 1, 65535, file) > 0);
    fclose(file);
    client.config = cJSON_Parse(text);
    free(text);
    assert_non_null(client.config);
}

int sandbox_setup(void **state)
{
    const char *build = getenv("B");
    char program[512], port[16], line[512] = "";
    int out[2];
    (void)state;
    snprintf(program, sizeof program, "%s/payroute-sandbox", build ? build : "build/release");
    snprintf(port, sizeof port, "%d", client.notify);
    snprintf(client.dir, sizeof client.dir, "/tmp/sandbox-test.XXXXXX");
    if (!mkdtemp(client.dir) || pipe(out) != 0) {
        return -1;
    }
    snprintf(client.keys, sizeof client.keys, "/tmp/sandbox-test-keys.%ld", (long)getuid());
    client.pid = fork();
    if (client.pid == 0) {
        dup2(out[1], 1);
        close(out[0]);
        close(out[1]);
        execl(program, program, "--dir", client.dir, "--keys", client.keys, "--notify-port", port, "--clock",
              "1700000000000", "--channels", "all", (char *)NULL);
        perror(program);
        _exit(127);
    }
    close(out[1]);
    FILE *file = fdopen(out[0], "r");
    if (!file || !fgets(line, sizeof line, file)) {
        return -1;
    }
    fclose(file);
    cJSON *ready = cJSON_Parse(line);
    client.port = (int)int_of(ready, "port");
    cJSON_Delete(ready);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    client.curl = curl_easy_init();
    read_config();
    return client.port > 0 ? 0 : -1;
}

int sandbox_teardown(void **state)
{
    char path[128];
    int status = 0;
    (void)state;
    kill(client.pid, SIGTERM);
    if (waitpid(client.pid, &status, 0) != client.pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "the sandbox did not end cleanly: status %d\n", status);
        return -1;
    }
    curl_easy_cleanup(client.curl);
    cJSON_Delete(client.config);
    snprintf(path, sizeof path, "%s/channels.json", client.dir);
    unlink(path);
    rmdir(client.dir);
    return 0;
}

static const cJSON *channel(const char *account)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(client.config, "channels"))
    {
        if (strcmp(text_of(item, "id"), account) == 0) {
            return item;
        }
    }
    fail_msg("no channel %s", account);
    return NULL;
}

const char *base_url(const char *account)
{
    return text_of(channel(account), "base_url");
}

const char *credential(const char *account, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "credentials.0.%s", name);
    return text_of(channel(account), path);
}

/* ---- control ---- */

static struct reply *control_call(const char *method, const char *path, const char *json)
{
    char url[256];
    bool reuse = client.reuse;
    client.reuse = false;
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", client.port, path);
    struct reply *reply = call(method, url, NULL, json);
    client.reuse = reuse;
    return reply;
}

cJSON *control(const char *path, const char *json)
{
    struct reply *reply = control_call("POST", path, json);
    if (reply->status != 200 || !reply->json) {
        fail_msg("POST %s %s: %d %ld %s", path, json, reply->code, reply->status, reply->body);
    }
    cJSON *out = reply->json;
    reply->json = NULL;
    drop(reply);
    return out;
}

long control_status(const char *path, const char *json)
{
    struct reply *reply = control_call("POST", path, json);
    long status = reply->status;
    drop(reply);
    return status;
}

cJSON *ask(const char *path)
{
    struct reply *reply = control_call("GET", path, NULL);
    assert_int_equal(reply->status, 200);
    cJSON *out = reply->json;
    reply->json = NULL;
    drop(reply);
    return out;
}

int64_t total(const char *name)
{
    char path[64];
    cJSON *books = ask("/_books");
    snprintf(path, sizeof path, "totals.%s", name);
    int64_t value = int_of(books, path);
    cJSON_Delete(books);
    return value;
}

cJSON *book(const char *account, const char *reference)
{
    cJSON *books = ask("/_books"), *found = NULL;
    const cJSON *item, *of = cJSON_GetObjectItem(cJSON_GetObjectItem(books, "accounts"), account);
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(of, "orders"))
    {
        if (!found && strcmp(text_of(item, "reference"), reference) == 0) {
            found = cJSON_Duplicate(item, 1);
        }
    }
    cJSON_Delete(books);
    return found;
}

void advance(int64_t ms)
{
    char json[64];
    snprintf(json, sizeof json, "{\"advance_ms\":%lld}", (long long)ms);
    cJSON_Delete(control("/_clock", json));
    client.clock += ms;
}

int64_t clock_ms(void)
{
    return CLOCK_START + client.clock;
}

/* ---- reading ---- */

static const cJSON *walk(const cJSON *at, const char *path)
{
    char *copy = strdup(path), *rest = copy;
    for (char *word; at && (word = strsep(&rest, "."));) {
        at = cJSON_IsArray(at) ? cJSON_GetArrayItem(at, atoi(word))
                               : cJSON_GetObjectItemCaseSensitive(at, word);
    }
    free(copy);
    return at;
}

const char *text_of(const cJSON *object, const char *path)
{
    const cJSON *item = walk(object, path);
    return cJSON_IsString(item) ? item->valuestring : "";
}

int64_t int_of(const cJSON *object, const char *path)
{
    const cJSON *item = walk(object, path);
    return cJSON_IsNumber(item) ? (int64_t)item->valuedouble : -1;
}
