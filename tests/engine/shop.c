/* What every test of the engine needs: a folder, an engine, the last result by path, and the sandbox as a
 * child process. */
#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <payroute/json.h>

#include "shop.h"

#define SHOP_CHANNEL(id, priority)                                                                           \
    "{\"id\":\"" id "\",\"provider\":\"custom\",\"priority\":" priority ","                                  \
    "\"methods\":[{\"method\":\"card\",\"flows\":[\"direct\"]}],\"currencies\":[\"CNY\"],"                   \
    "\"timeouts\":{\"connect_ms\":500,\"money_ms\":1000,\"query_ms\":1000},"                                 \
    "\"facts\":{\"lookup\":\"our_ref\",\"refund\":true,\"refund_keyed\":true,\"refund_lookup\":true,"        \
    "\"repeat_safe\":true,\"key_ttl_s\":-1,\"can_close\":true}}"

const char custom_config[] =
    "{\"schema\":1,\"channels\":[" SHOP_CHANNEL("bank", "1") "," SHOP_CHANNEL("other", "2") "]}";

/* ---- folder and engine ---- */

static int in_child;
static char folder[64];
static int store_number;

const char *shop_dir(void)
{
    if (!*folder) {
        strcpy(folder, "/tmp/payroute-engine-XXXXXX");
        assert_non_null(mkdtemp(folder));
    }
    return folder;
}

int shop_clean(void **state)
{
    (void)state;
    char command[128];
    if (!*folder) {
        return 0;
    }
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

const char *shop_store(int sqlite)
{
    static char url[128];
    snprintf(url, sizeof url, sqlite ? "sqlite:%s/n%d.db" : "memory:%sn%d", sqlite ? shop_dir() : "",
             ++store_number);
    return url;
}

pid_t shop_fork(void)
{
    pid_t pid = fork();
    in_child = in_child || pid == 0;
    return pid;
}

payroute_engine *shop_open(const char *config, const char *store, const char *more_options)
{
    char options[1024];
    char why[512] = "";
    payroute_engine *engine = NULL;
    snprintf(options, sizeof options, "{\"store\":\"%s\"%s%s}", store, more_options ? "," : "",
             more_options ? more_options : "");
    int32_t rc =
        payroute_engine_open(&engine, config, strlen(config), options, strlen(options), why, sizeof why);
    if (rc != PAYROUTE_OK && in_child) {
        _exit(98); /* a failed assertion would run the tests on in the child */
    }
    if (rc != PAYROUTE_OK) {
        fail_msg("open: %s %s", payroute_rc_name(rc), why);
    }
    return engine;
}

int32_t shop_create_amount(payroute_engine *e, const char *order, const char *rest, int64_t amount_minor,
                           int64_t budget_ms, int64_t *id)
{
    char spec[1024];
    snprintf(spec, sizeof spec, "{\"order_id\":\"%s\",\"amount_minor\":%lld,\"currency\":\"CNY\"%s%s}", order,
             (long long)amount_minor, *rest ? "," : "", rest);
    return payroute_engine_create(e, spec, strlen(spec), budget_ms, id);
}

int32_t shop_create(payroute_engine *e, const char *order, const char *method, int64_t budget_ms, int64_t *id)
{
    char rest[256] = "";
    if (strcmp(method, "card") == 0) {
        snprintf(rest, sizeof rest, "\"method\":\"card\",\"instrument\":\"pm_card_visa\"");
    } else if (*method) {
        snprintf(rest, sizeof rest, "\"method\":\"%s\"", method);
    }
    return shop_create_amount(e, order, rest, 1250, budget_ms, id);
}

/* ---- results ---- */

static const payroute_json_node *walk(const payroute_json_node *node, const char *path)
{
    char part[64];
    while (*path && node) {
        size_t len = strcspn(path, ".");
        snprintf(part, sizeof part, "%.*s", (int)len, path);
        path += len + (path[len] == '.');
        if (payroute_json_type(node) == PAYROUTE_JSON_ARRAY) {
            node = payroute_json_first(node);
            for (int i = atoi(part); i > 0; i--) {
                node = payroute_json_next(node);
            }
        } else {
            node = payroute_json_get(node, part);
        }
    }
    return node;
}

const char *picked(const char *json, const char *path)
{
    static char texts[4][16384];
    static int turn;
    payroute_json *doc = NULL;
    char *text = texts[turn = (turn + 1) % 4];
    text[0] = '\0';
    if (payroute_json_parse(&doc, json, strlen(json), NULL, 0) != PAYROUTE_OK) {
        fail_msg("not JSON: %s", json);
    }
    const payroute_json_node *node = walk(payroute_json_root(doc), path);
    if (payroute_json_text(node)) {
        snprintf(text, sizeof texts[0], "%s", payroute_json_text(node));
    } else if (payroute_json_type(node) == PAYROUTE_JSON_BOOL) {
        snprintf(text, sizeof texts[0], "%s", payroute_json_flag(node) ? "true" : "false");
    }
    payroute_json_free(doc);
    return text;
}

const char *told(payroute_engine *e, const char *path)
{
    return picked(payroute_engine_result(e, NULL), path);
}

int64_t told_number(payroute_engine *e, const char *path)
{
    const char *text = told(e, path);
    return *text ? atoll(text) : -1;
}

int told_count(payroute_engine *e, const char *path)
{
    payroute_json *doc = NULL;
    const char *json = payroute_engine_result(e, NULL);
    assert_int_equal(payroute_json_parse(&doc, json, strlen(json), NULL, 0), PAYROUTE_OK);
    const payroute_json_node *node = walk(payroute_json_root(doc), path);
    int count = payroute_json_type(node) == PAYROUTE_JSON_ARRAY ? payroute_json_count(node) : -1;
    payroute_json_free(doc);
    return count;
}

int open_files(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (dir && readdir(dir)) {
        count++;
    }
    if (dir) {
        closedir(dir);
    }
    return count;
}

/* ---- sandbox ---- */

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file) {
        return NULL;
    }
    char *text = calloc(1, 65536);
    size_t len = fread(text, 1, 65535, file);
    text[len] = '\0';
    fclose(file);
    return text;
}

/* The sandbox's channels with time-outs that a test can wait for. */
static char *short_times(const char *config)
{
    static const char mark[] = "\"enabled\":\ttrue";
    static const char more[] = "\"timeouts\":{\"connect_ms\":400,\"money_ms\":1000,\"query_ms\":1000}, ";
    char *out = calloc(1, strlen(config) + 8 * sizeof more);
    for (const char *at = config; *at;) {
        if (strncmp(at, mark, sizeof mark - 1) == 0) {
            strcat(out, more);
        }
        const char *next = strstr(at + 1, mark);
        size_t len = next ? (size_t)(next - at) : strlen(at);
        strncat(out, at, len);
        at += len;
    }
    return out;
}

int sandbox_patient;
const char *sandbox_channels = "ali-main,ali-backup,card-main,card-backup";

void sandbox_start(struct sandbox *sb, int64_t clock_ms)
{
    char path[512], file[128], line[256] = "";
    int ends[2];
    const char *b = getenv("B");
    memset(sb, 0, sizeof *sb);
    snprintf(path, sizeof path, "%s/payroute-sandbox", b ? b : "build/release");
    if (access(path, X_OK) != 0) {
        fail_msg("%s is not there: set B to the build folder", path);
    }
    snprintf(sb->dir, sizeof sb->dir, "%s/box%d", shop_dir(), ++store_number);
    assert_int_equal(pipe(ends), 0);
    sb->pid = fork();
    if (sb->pid == 0) {
        char clock[32];
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        snprintf(clock, sizeof clock, "%lld", (long long)clock_ms);
        execl(path, path, "--port", "0", "--dir", sb->dir, "--keys", shop_dir(), "--channels",
              sandbox_channels, clock_ms ? "--clock" : NULL, clock, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    FILE *out = fdopen(ends[0], "r");
    assert_non_null(fgets(line, sizeof line, out));
    fclose(out);
    sb->port = atoi(picked(line, "port"));
    snprintf(file, sizeof file, "%s/channels.json", sb->dir);
    char *config = read_file(file);
    assert_non_null(config);
    sb->config = sandbox_patient ? config : short_times(config);
    if (!sandbox_patient) {
        free(config);
    }
}

void sandbox_stop(struct sandbox *sb)
{
    if (sb->pid > 0) {
        kill(sb->pid, SIGTERM);
        waitpid(sb->pid, NULL, 0);
    }
    free(sb->config);
    memset(sb, 0, sizeof *sb);
}

const char *sandbox_call(const struct sandbox *sb, const char *method, const char *path, const char *body)
{
    static char answer[262144];
    char request[2048];
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)sb->port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    int len =
        snprintf(request, sizeof request,
                 "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
                 method, path, strlen(body), body);
    assert_int_equal(write(fd, request, (size_t)len), len);
    size_t got = 0;
    ssize_t n;
    while (got < sizeof answer - 1 && (n = read(fd, answer + got, sizeof answer - 1 - got)) > 0) {
        got += (size_t)n;
    }
    close(fd);
    answer[got] = '\0';
    const char *text = strstr(answer, "\r\n\r\n");
    return text ? text + 4 : "{}";
}

int64_t sandbox_books(const struct sandbox *sb, const char *path)
{
    const char *text = picked(sandbox_call(sb, "GET", "/_books", ""), path);
    return *text ? atoll(text) : -1;
}

/* ---- notifications ---- */

static void copy_headers(char *out, size_t cap, const payroute_json_node *headers)
{
    size_t len = 0;
    for (const payroute_json_node *at = payroute_json_first(headers); at; at = payroute_json_next(at)) {
        len += (size_t)snprintf(out + len, cap - len, "%s: %s\r\n", payroute_json_name(at),
                                payroute_json_string(at));
    }
}

int take_letter(struct sandbox *sb, struct letter *letter)
{
    payroute_json *doc = NULL;
    const char *json = sandbox_call(sb, "GET", "/_outbox", "");
    memset(letter, 0, sizeof *letter);
    assert_int_equal(payroute_json_parse(&doc, json, strlen(json), NULL, 0), PAYROUTE_OK);
    const payroute_json_node *at = payroute_json_first(payroute_json_root(doc));
    for (; at && !letter->id; at = payroute_json_next(at)) {
        int64_t id = 0;
        assert_int_equal(payroute_json_integer(&id, payroute_json_get(at, "id")), PAYROUTE_OK);
        if (id <= sb->last_letter) {
            continue;
        }
        letter->id = sb->last_letter = id;
        snprintf(letter->channel, sizeof letter->channel, "%s",
                 payroute_json_string(payroute_json_get(at, "account")));
        snprintf(letter->body, sizeof letter->body, "%s",
                 payroute_json_string(payroute_json_get(at, "body")));
        copy_headers(letter->headers, sizeof letter->headers, payroute_json_get(at, "headers"));
    }
    payroute_json_free(doc);
    return letter->id != 0;
}

int32_t bring_letter(payroute_engine *e, const struct letter *letter)
{
    return payroute_engine_notify(e, letter->channel, "POST", "", 0, letter->headers, strlen(letter->headers),
                                  letter->body, strlen(letter->body));
}
