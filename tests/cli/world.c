/* The world of the tests: a folder, the sandbox with its clock, and its configuration with every secret in it
 * noted. */
#include "play.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[300];
static char store[400];
static int store_number;
static pid_t sandbox;
static int leash = -1;
static int port;
static int64_t now = NOW;

/* ---- files ---- */

const char *file_path(const char *name)
{
    static char paths[4][600];
    static int turn;
    char *path = paths[turn++ & 3];
    (void)snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

const char *file_write(const char *name, const char *text, size_t len)
{
    const char *path = file_path(name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
    return path;
}

char *file_read(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text = calloc(1, 1 << 20);
    assert_non_null(f);
    assert_non_null(text);
    text[fread(text, 1, (1 << 20) - 1, f)] = 0;
    (void)fclose(f);
    return text;
}

int play_begin(void **state)
{
    const char *tmp = getenv("TMPDIR");
    (void)state;
    (void)snprintf(folder, sizeof folder, "%s/payroute-cli.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    return mkdtemp(folder) ? 0 : -1;
}

static int drop(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

int play_end(void **state)
{
    (void)state;
    return nftw(folder, drop, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- the sandbox ---- */

typedef struct sink {
    char *at;
    size_t len;
} sink;

static size_t collect(char *data, size_t size, size_t count, void *user)
{
    sink *s = user;
    s->at = realloc(s->at, s->len + size * count + 1);
    memcpy(s->at + s->len, data, size * count);
    s->len += size * count;
    s->at[s->len] = '\0';
    return size * count;
}

static payroute_json *ask(const char *path, const char *body)
{
    char url[400];
    sink answer = {0};
    payroute_json *doc = NULL;
    CURL *c = curl_easy_init();
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d%s", port, path);
    (void)curl_easy_setopt(c, CURLOPT_URL, url);
    (void)curl_easy_setopt(c, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, 10000L);
    (void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, collect);
    (void)curl_easy_setopt(c, CURLOPT_WRITEDATA, &answer);
    if (body) {
        (void)curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
    }
    assert_int_equal(curl_easy_perform(c), CURLE_OK);
    curl_easy_cleanup(c);
    assert_int_equal(payroute_json_parse(&doc, answer.at ? answer.at : "", answer.len, NULL, 0), PAYROUTE_OK);
    free(answer.at);
    return doc;
}

payroute_json *world_ask(const char *path)
{
    return ask(path, NULL);
}

void world_tell(const char *path, const char *format, ...)
{
    char body[1000];
    va_list list;
    va_start(list, format);
    (void)vsnprintf(body, sizeof body, format, list);
    va_end(list);
    payroute_json *doc = ask(path, body);
    if (payroute_json_get(payroute_json_root(doc), "error")) {
        fail_msg("the sandbox refused %s %s", path, body);
    }
    payroute_json_free(doc);
}

void world_clock(int64_t now_ms)
{
    now = now_ms;
    world_tell("/_clock", "{\"now_ms\":%lld}", (long long)now_ms);
}

int64_t world_now(void)
{
    return now;
}

const char *world_config(void)
{
    static char path[400];
    (void)snprintf(path, sizeof path, "%s/channels.json", folder);
    return path;
}

const char *world_store(void)
{
    return store;
}

void world_fresh_store(void)
{
    (void)snprintf(store, sizeof store, "%s/pay%d.db", folder, ++store_number);
}

static void note_secrets(void)
{
    payroute_json *doc = NULL;
    char *text = file_read(world_config());
    assert_int_equal(payroute_json_parse(&doc, text, strlen(text), NULL, 0), PAYROUTE_OK);
    const payroute_json_node *c = payroute_json_first(payroute_json_get(payroute_json_root(doc), "channels"));
    static const char *const names[] = {"private_key", "secret_key", "webhook_secret"};
    int count = 0;
    for (; c; c = payroute_json_next(c)) {
        const payroute_json_node *v = payroute_json_first(payroute_json_get(c, "credentials"));
        for (; v; v = payroute_json_next(v)) {
            for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
                const char *secret = payroute_json_string(payroute_json_get(v, names[i]));
                if (secret) {
                    forbid_secret(secret);
                    count++;
                }
            }
        }
    }
    assert_true(count >= 6);
    payroute_json_free(doc);
    free(text);
}

static int start_sandbox(void)
{
    char program[600];
    char clock[40];
    char line[600] = "";
    int in[2];
    int out[2];
    const char *b = getenv("B");
    (void)snprintf(program, sizeof program, "%s/payroute-sandbox", b && *b ? b : "build/release");
    (void)snprintf(clock, sizeof clock, "%lld", (long long)NOW);
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) {
        return -1;
    }
    sandbox = fork();
    if (sandbox == 0) {
        (void)dup2(in[0], 0);
        (void)dup2(out[1], 1);
        (void)close(in[1]);
        (void)execl(program, program, "--dir", folder, "--port", "0", "--clock", clock, "--stdin-exit",
                    (char *)NULL);
        _exit(127);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    leash = in[1];
    FILE *ready = fdopen(out[0], "r");
    char *got = ready ? fgets(line, sizeof line, ready) : NULL;
    if (ready) {
        (void)fclose(ready);
    }
    const char *at = got ? strstr(got, "\"port\":") : NULL;
    port = at ? atoi(at + 7) : 0;
    return port > 0 ? 0 : -1;
}

int world_begin(void **state)
{
    if (play_begin(state) != 0 || start_sandbox() != 0) {
        return -1;
    }
    note_secrets();
    world_fresh_store();
    return 0;
}

int world_end(void **state)
{
    (void)kill(sandbox, SIGTERM);
    (void)close(leash);
    (void)waitpid(sandbox, NULL, 0);
    return play_end(state);
}
