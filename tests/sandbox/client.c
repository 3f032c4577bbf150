/* The shop's side for the sandbox's tests; see client.h. */
#include "client.h"

#include <signal.h>
#include <time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <curl/curl.h>
#include <mbedtls/base64.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/md.h>
#include <mbedtls/pk.h>

static struct {
    pid_t pid;
    int port, notify;
    char dir[64], keys[64];
    cJSON *config;
    CURL *curl;
    bool reuse;
    long timeout;
} client = {.notify = 18080, .timeout = 10000};

/* ---- HTTP ---- */

struct sink {
    char *at;
    size_t len;
};

static size_t take(char *data, size_t size, size_t count, void *context) {
    struct sink *sink = context;
    char *at = realloc(sink->at, sink->len + size * count + 1);
    assert_non_null(at);
    memcpy(at + sink->len, data, size * count);
    sink->at = at;
    sink->len += size * count;
    at[sink->len] = 0;
    return size * count;
}

void client_fresh(bool fresh) {
    client.reuse = !fresh;
}

void client_timeout(long ms) {
    client.timeout = ms;
}

struct reply *call(const char *method, const char *url, const char *const *headers, const char *body) {
    struct reply *reply = calloc(1, sizeof *reply);
    struct sink head = {0}, sink = {0};
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    assert_non_null(reply);
    CURL *curl = client.curl;
    curl_easy_reset(curl);
    for (; headers && *headers; headers++)
        list = curl_slist_append(list, *headers);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
    if (body)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
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

void drop(struct reply *reply) {
    free(reply->headers);
    free(reply->body);
    cJSON_Delete(reply->json);
    free(reply);
}

/* ---- the sandbox's process ---- */

void set_notify_port(int port) {
    client.notify = port;
}

int notify_port(void) {
    return client.notify;
}

static void read_config(void) {
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

int sandbox_setup(void **state) {
    const char *build = getenv("B");
    char program[512], port[16], line[512] = "";
    int out[2];
    (void)state;
    snprintf(program, sizeof program, "%s/payroute-sandbox", build ? build : "build/release");
    snprintf(port, sizeof port, "%d", client.notify);
    snprintf(client.dir, sizeof client.dir, "/tmp/sandbox-test.XXXXXX");
    if (!mkdtemp(client.dir) || pipe(out) != 0)
        return -1;
    snprintf(client.keys, sizeof client.keys, "/tmp/sandbox-test-keys.%ld", (long)getuid());
    client.pid = fork();
    if (client.pid == 0) {
        dup2(out[1], 1);
        close(out[0]);
        close(out[1]);
        execl(program, program, "--dir", client.dir, "--keys", client.keys, "--notify-port", port, "--clock",
              "1700000000000", (char *)NULL);
        perror(program);
        _exit(127);
    }
    close(out[1]);
    FILE *file = fdopen(out[0], "r");
    if (!file || !fgets(line, sizeof line, file))
        return -1;
    fclose(file);
    cJSON *ready = cJSON_Parse(line);
    client.port = (int)int_of(ready, "port");
    cJSON_Delete(ready);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    client.curl = curl_easy_init();
    read_config();
    return client.port > 0 ? 0 : -1;
}

int sandbox_teardown(void **state) {
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

static const cJSON *channel(const char *account) {
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(client.config, "channels")) {
        if (strcmp(text_of(item, "id"), account) == 0)
            return item;
    }
    fail_msg("no channel %s", account);
    return NULL;
}

const char *base_url(const char *account) {
    return text_of(channel(account), "base_url");
}

const char *credential(const char *account, const char *name) {
    char path[64];
    snprintf(path, sizeof path, "credentials.0.%s", name);
    return text_of(channel(account), path);
}

/* ---- control ---- */

static struct reply *control_call(const char *method, const char *path, const char *json) {
    char url[256];
    bool reuse = client.reuse;
    client.reuse = false;
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", client.port, path);
    struct reply *reply = call(method, url, NULL, json);
    client.reuse = reuse;
    return reply;
}

cJSON *control(const char *path, const char *json) {
    struct reply *reply = control_call("POST", path, json);
    if (reply->status != 200 || !reply->json)
        fail_msg("POST %s %s: %d %ld %s", path, json, reply->code, reply->status, reply->body);
    cJSON *out = reply->json;
    reply->json = NULL;
    drop(reply);
    return out;
}

long control_status(const char *path, const char *json) {
    struct reply *reply = control_call("POST", path, json);
    long status = reply->status;
    drop(reply);
    return status;
}

cJSON *ask(const char *path) {
    struct reply *reply = control_call("GET", path, NULL);
    assert_int_equal(reply->status, 200);
    cJSON *out = reply->json;
    reply->json = NULL;
    drop(reply);
    return out;
}

int64_t total(const char *name) {
    char path[64];
    cJSON *books = ask("/_books");
    snprintf(path, sizeof path, "totals.%s", name);
    int64_t value = int_of(books, path);
    cJSON_Delete(books);
    return value;
}

cJSON *book(const char *account, const char *reference) {
    cJSON *books = ask("/_books"), *found = NULL;
    const cJSON *item, *of = cJSON_GetObjectItem(cJSON_GetObjectItem(books, "accounts"), account);
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(of, "orders")) {
        if (!found && strcmp(text_of(item, "reference"), reference) == 0)
            found = cJSON_Duplicate(item, 1);
    }
    cJSON_Delete(books);
    return found;
}

void advance(int64_t ms) {
    char json[64];
    snprintf(json, sizeof json, "{\"advance_ms\":%lld}", (long long)ms);
    cJSON_Delete(control("/_clock", json));
}

/* ---- providers ---- */

static void sha256(const char *text, size_t len, unsigned char out[32]) {
    assert_int_equal(mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), (const unsigned char *)text, len, out),
                     0);
}

static char *sign(const char *account, const char *text) {
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    mbedtls_pk_context key;
    unsigned char hash[32], raw[512];
    const char *pem = credential(account, "private_key");
    char *out = calloc(1, 1024);
    size_t raw_len = 0, out_len = 0;
    mbedtls_entropy_init(&entropy);
    mbedtls_ctr_drbg_init(&random);
    mbedtls_pk_init(&key);
    assert_int_equal(mbedtls_ctr_drbg_seed(&random, mbedtls_entropy_func, &entropy, NULL, 0), 0);
    assert_int_equal(mbedtls_pk_parse_key(&key, (const unsigned char *)pem, strlen(pem) + 1, NULL, 0), 0);
    sha256(text, strlen(text), hash);
    assert_int_equal(mbedtls_pk_sign(&key, MBEDTLS_MD_SHA256, hash, 32, raw, &raw_len, mbedtls_ctr_drbg_random,
                                     &random), 0);
    assert_int_equal(mbedtls_base64_encode((unsigned char *)out, 1024, &out_len, raw, raw_len), 0);
    mbedtls_pk_free(&key);
    mbedtls_ctr_drbg_free(&random);
    mbedtls_entropy_free(&entropy);
    return out;
}

static bool verify(const char *account, const char *text, size_t len, const char *base64, size_t base64_len) {
    mbedtls_pk_context key;
    unsigned char hash[32], raw[512];
    const char *pem = credential(account, "alipay_public_key");
    size_t raw_len = 0;
    mbedtls_pk_init(&key);
    assert_int_equal(mbedtls_pk_parse_public_key(&key, (const unsigned char *)pem, strlen(pem) + 1), 0);
    sha256(text, len, hash);
    bool good = mbedtls_base64_decode(raw, sizeof raw, &raw_len, (const unsigned char *)base64, base64_len) == 0 &&
                mbedtls_pk_verify(&key, MBEDTLS_MD_SHA256, hash, 32, raw, raw_len) == 0;
    mbedtls_pk_free(&key);
    return good;
}

void hmac_hex(const char *secret, const char *text, char out[65]) {
    unsigned char raw[32];
    mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), (const unsigned char *)secret, strlen(secret),
                    (const unsigned char *)text, strlen(text), raw);
    for (int i = 0; i < 32; i++)
        snprintf(out + 2 * i, 3, "%02x", raw[i]);
}

struct pairs {
    char *key[40], *value[40];
    int count;
};

static void add_pair(struct pairs *pairs, const char *key, const char *value) {
    int at = pairs->count++;
    for (; at > 0 && strcmp(pairs->key[at - 1], key) > 0; at--) {
        pairs->key[at] = pairs->key[at - 1];
        pairs->value[at] = pairs->value[at - 1];
    }
    pairs->key[at] = strdup(key);
    pairs->value[at] = strdup(value);
}

static void add_form(struct pairs *pairs, const char *form) {
    char *copy = strdup(form), *rest = copy;
    for (char *one; (one = strsep(&rest, "&"));) {
        char *value = strchr(one, '=');
        int len;
        if (!value)
            continue;
        *value++ = 0;
        for (char *at = value; *at; at++)
            if (*at == '+')
                *at = ' ';
        char *plain = curl_easy_unescape(client.curl, value, 0, &len);
        add_pair(pairs, one, plain);
        curl_free(plain);
    }
    free(copy);
}

/* Sorted as they are, joined as the rules of signing want it, or urlencoded as a form. */
static char *join(const struct pairs *pairs, bool encode, const char *without, const char *without_too) {
    char *out = calloc(1, 32768);
    size_t len = 0;
    for (int i = 0; i < pairs->count; i++) {
        if (!*pairs->value[i] || (without && strcmp(pairs->key[i], without) == 0) ||
            (without_too && strcmp(pairs->key[i], without_too) == 0))
            continue;
        char *value = encode ? curl_easy_escape(client.curl, pairs->value[i], 0) : strdup(pairs->value[i]);
        len += (size_t)snprintf(out + len, 32768 - len, "%s%s=%s", len ? "&" : "", pairs->key[i], value);
        free(value);
    }
    return out;
}

static void free_pairs(struct pairs *pairs) {
    for (int i = 0; i < pairs->count; i++) {
        free(pairs->key[i]);
        free(pairs->value[i]);
    }
}

static char *alipay_form(const char *account, const char *method, const char *biz, const char *extra) {
    struct pairs pairs = {0};
    if (extra)
        add_form(&pairs, extra);
    const char *fixed[][2] = {{"app_id", credential(account, "app_id")}, {"method", method}, {"format", "JSON"},
                              {"charset", "utf-8"}, {"sign_type", "RSA2"}, {"timestamp", "2023-11-15 06:13:20"},
                              {"version", "1.0"}, {"biz_content", biz}};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        bool given = false;
        for (int k = 0; k < pairs.count; k++)
            given = given || strcmp(pairs.key[k], fixed[i][0]) == 0;
        if (!given)
            add_pair(&pairs, fixed[i][0], fixed[i][1]);
    }
    char *text = join(&pairs, false, "sign", NULL), *signature = sign(account, text);
    bool given = false;
    for (int k = 0; k < pairs.count; k++)
        given = given || strcmp(pairs.key[k], "sign") == 0;
    if (!given)
        add_pair(&pairs, "sign", signature);
    char *form = join(&pairs, true, NULL, NULL);
    free_pairs(&pairs);
    free(text);
    free(signature);
    return form;
}

struct reply *alipay_raw(const char *account, const char *method, const char *biz, const char *extra) {
    char *form = alipay_form(account, method, biz, extra);
    struct reply *reply = call("POST", base_url(account), NULL, form);
    free(form);
    return reply;
}

char *alipay_url(const char *account, const char *method, const char *biz) {
    char *form = alipay_form(account, method, biz, NULL), *url = malloc(strlen(form) + 256);
    sprintf(url, "%s?%s", base_url(account), form);
    free(form);
    return url;
}

int alipay_verify(const char *account, const char *body) {
    const char *from = strstr(body, "_response\":"), *end = from ? strstr(from, ",\"sign\":\"") : NULL;
    if (!end)
        return 0;
    from += strlen("_response\":");
    const char *base64 = end + strlen(",\"sign\":\"");
    return verify(account, from, (size_t)(end - from), base64, strcspn(base64, "\"")) ? 1 : -1;
}

bool alipay_note_verify(const char *account, const char *form) {
    struct pairs pairs = {0};
    add_form(&pairs, form);
    char *text = join(&pairs, false, "sign", "sign_type"), *signature = form_get(form, "sign");
    bool good = signature && verify(account, text, strlen(text), signature, strlen(signature));
    free_pairs(&pairs);
    free(text);
    free(signature);
    return good;
}

cJSON *alipay(const char *account, const char *method, const char *biz) {
    struct reply *reply = alipay_raw(account, method, biz, "notify_url=http%3A%2F%2F127.0.0.1%3A18080%2Fn");
    assert_int_equal(reply->code, 0);
    assert_int_equal(reply->status, 200);
    assert_non_null(reply->json);
    if (alipay_verify(account, reply->body) != 1)
        fail_msg("not signed well: %s", reply->body);
    cJSON *out = cJSON_DetachItemViaPointer(reply->json, reply->json->child);
    drop(reply);
    return out;
}

void alipay_expect(const char *account, const char *method, const char *biz, const char *want) {
    cJSON *out = alipay(account, method, biz);
    if (strcmp(text_of(out, "code"), want) != 0 && strcmp(text_of(out, "sub_code"), want) != 0)
        fail_msg("%s %s: wanted %s, got %s %s", method, biz, want, text_of(out, "code"), text_of(out, "sub_code"));
    cJSON_Delete(out);
}

struct reply *stripe(const char *account, const char *method, const char *path, const char *form, const char *key) {
    char url[512], bearer[128], idem[300];
    snprintf(url, sizeof url, "%s%s", base_url(account), path);
    snprintf(bearer, sizeof bearer, "Authorization: Bearer %s", credential(account, "secret_key"));
    snprintf(idem, sizeof idem, "Idempotency-Key: %s", key ? key : "");
    const char *headers[] = {bearer, key ? idem : NULL, NULL};
    return call(method, url, headers, form);
}

/* ---- reading ---- */

static const cJSON *walk(const cJSON *at, const char *path) {
    char *copy = strdup(path), *rest = copy;
    for (char *word; at && (word = strsep(&rest, "."));)
        at = cJSON_IsArray(at) ? cJSON_GetArrayItem(at, atoi(word)) : cJSON_GetObjectItemCaseSensitive(at, word);
    free(copy);
    return at;
}

const char *text_of(const cJSON *object, const char *path) {
    const cJSON *item = walk(object, path);
    return cJSON_IsString(item) ? item->valuestring : "";
}

int64_t int_of(const cJSON *object, const char *path) {
    const cJSON *item = walk(object, path);
    return cJSON_IsNumber(item) ? (int64_t)item->valuedouble : -1;
}

char *form_get(const char *form, const char *name) {
    struct pairs pairs = {0};
    char *out = NULL;
    add_form(&pairs, form);
    for (int i = 0; i < pairs.count; i++)
        if (strcmp(pairs.key[i], name) == 0) {
            free(out);
            out = strdup(pairs.value[i]);
        }
    free_pairs(&pairs);
    return out;
}
