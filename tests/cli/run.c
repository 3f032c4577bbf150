/* One run of the program: fork, exec, feed its input and take its output at once, so that no pipe fills up.
 */
#include "play.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static ran last;
static const char *next_input;
static size_t next_input_len;
static char *secrets[64];
static int secret_count;

const char *program_path(void)
{
    static char path[600];
    const char *b = getenv("B");
    (void)snprintf(path, sizeof path, "%s/payroute", b && *b ? b : "build/release");
    return path;
}

void input(const char *text, size_t len)
{
    next_input = text;
    next_input_len = len;
}

void forbid_secret(const char *text)
{
    size_t len = strlen(text);
    assert_true(secret_count < 64 && len >= 6);
    /* Of a long one no part either. */
    secrets[secret_count++] = len > 60 ? strndup(text + len / 2, 24) : strdup(text);
}

/* ---- the process ---- */

typedef struct pipes {
    int in[2];
    int out[2];
    int err[2];
} pipes;

static pid_t start(char *const *argv, pipes *p)
{
    assert_int_equal(pipe2(p->in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(p->out, O_CLOEXEC), 0);
    assert_int_equal(pipe2(p->err, O_CLOEXEC), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)dup2(p->in[0], 0);
        (void)dup2(p->out[1], 1);
        (void)dup2(p->err[1], 2);
        (void)signal(SIGPIPE, SIG_DFL);
        (void)alarm(30); /* a hang fails the test */
        (void)execv(argv[0], argv);
        _exit(127);
    }
    (void)close(p->in[0]);
    (void)close(p->out[1]);
    (void)close(p->err[1]);
    return pid;
}

static void take(int *fd, char **at, size_t *len)
{
    char part[65536];
    ssize_t got = read(*fd, part, sizeof part);
    if (got <= 0) {
        (void)close(*fd);
        *fd = -1;
        return;
    }
    *at = realloc(*at, *len + (size_t)got + 1);
    assert_non_null(*at);
    memcpy(*at + *len, part, (size_t)got);
    *len += (size_t)got;
    (*at)[*len] = '\0';
}

static void give(int *fd, const char **text, size_t *left)
{
    ssize_t done = *left > 0 ? write(*fd, *text, *left) : 0;
    if (done > 0) {
        *text += done;
        *left -= (size_t)done;
    }
    if (*left == 0 || done < 0) {
        (void)close(*fd);
        *fd = -1;
    }
}

static void converse(pipes *p)
{
    const char *text = next_input;
    size_t left = next_input_len;
    int in = p->in[1];
    int out = p->out[0];
    int err = p->err[0];
    (void)signal(SIGPIPE, SIG_IGN);
    (void)fcntl(in, F_SETFL, O_NONBLOCK);
    if (left == 0) {
        give(&in, &text, &left);
    }
    while (out >= 0 || err >= 0) {
        struct pollfd fds[3] = {{in, POLLOUT, 0}, {out, POLLIN, 0}, {err, POLLIN, 0}};
        assert_true(poll(fds, 3, 40000) > 0);
        if (in >= 0 && fds[0].revents) {
            give(&in, &text, &left);
        }
        if (out >= 0 && fds[1].revents) {
            take(&out, &last.out, &last.out_len);
        }
        if (err >= 0 && fds[2].revents) {
            take(&err, &last.err, &last.err_len);
        }
    }
    if (in >= 0) {
        (void)close(in);
    }
    input(NULL, 0);
}

static void check_always(char *const *argv)
{
    for (int i = 0; i < secret_count; i++) {
        if (memmem(last.out, last.out_len, secrets[i], strlen(secrets[i])) ||
            memmem(last.err, last.err_len, secrets[i], strlen(secrets[i]))) {
            fail_msg("a secret of the configuration was printed by payroute %s", argv[1] ? argv[1] : "");
        }
    }
    for (char *line = last.err; *line;) {
        size_t len = strcspn(line, "\n");
        if (strncmp(line, "payroute: ", 10) != 0) {
            fail_msg("a complaint that names nobody: %.200s", line);
        }
        line += len + (line[len] == '\n');
    }
    if (last.code < 0 || last.code == 127) {
        fail_msg("payroute %s ended with %d: %.300s", argv[1] ? argv[1] : "", last.code, last.err);
    }
}

static const ran *run_argv(char *const *argv)
{
    pipes p;
    int status = 0;
    free(last.out);
    free(last.err);
    payroute_json_free(last.doc);
    last = (ran){.out = calloc(1, 1), .err = calloc(1, 1)};
    pid_t pid = start(argv, &p);
    converse(&p);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    last.code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    check_always(argv);
    (void)payroute_json_parse(&last.doc, last.out, last.out_len, NULL, 0);
    return &last;
}

/* ---- words ---- */

static const ran *run_list(const char *const *before, const char *first, va_list more,
                           const char *const *behind)
{
    char *argv[MAX_ARGS + 1];
    int n = 0;
    argv[n++] = strdup(program_path());
    for (; before && *before; before++) {
        argv[n++] = strdup(*before);
    }
    for (const char *word = first; word; word = va_arg(more, const char *)) {
        assert_true(n < MAX_ARGS - 10);
        argv[n++] = strdup(word);
    }
    for (; behind && *behind; behind++) {
        argv[n++] = strdup(*behind);
    }
    argv[n] = NULL;
    const ran *r = run_argv(argv);
    while (n > 0) {
        free(argv[--n]);
    }
    return r;
}

const ran *payroute(const char *first, ...)
{
    va_list more;
    va_start(more, first);
    const ran *r = run_list(NULL, first, more, NULL);
    va_end(more);
    return r;
}

static const ran *run_on_store(const char *first, va_list more, const char *json)
{
    char clock[60];
    char config[700];
    char store[700];
    (void)snprintf(clock, sizeof clock, "--clock=%lld", (long long)world_now());
    (void)snprintf(config, sizeof config, "--config=%s", world_config());
    (void)snprintf(store, sizeof store, "--store=sqlite:%s", world_store());
    const char *const behind[] = {config, store, clock, json, NULL};
    return run_list(NULL, first, more, behind);
}

const ran *on_store(const char *first, ...)
{
    va_list more;
    va_start(more, first);
    const ran *r = run_on_store(first, more, NULL);
    va_end(more);
    return r;
}

const ran *on_store_json(const char *first, ...)
{
    va_list more;
    va_start(more, first);
    const ran *r = run_on_store(first, more, "--json");
    va_end(more);
    if (r->code != 2 && !r->doc) {
        fail_msg("--json printed no JSON: %.300s", r->out);
    }
    return r;
}

static const payroute_json_node *walk(const payroute_json_node *node, const char *path)
{
    char name[80];
    while (node && *path) {
        size_t len = strcspn(path, ".");
        (void)snprintf(name, sizeof name, "%.*s", (int)len, path);
        if (payroute_json_type(node) == PAYROUTE_JSON_ARRAY) {
            int index = atoi(name);
            node = payroute_json_first(node);
            while (node && index-- > 0) {
                node = payroute_json_next(node);
            }
        } else {
            node = payroute_json_get(node, name);
        }
        path += len + (path[len] == '.');
    }
    return node;
}

const char *said(const char *path)
{
    const payroute_json_node *node = walk(payroute_json_root(last.doc), path);
    const char *text = payroute_json_text(node);
    if (!text && payroute_json_type(node) == PAYROUTE_JSON_BOOL) {
        return payroute_json_flag(node) == 1 ? "true" : "false";
    }
    return text ? text : "";
}

int64_t number(const char *path)
{
    return atoll(said(path));
}

void expect_out(const char *text)
{
    if (!memmem(last.out, last.out_len, text, strlen(text))) {
        fail_msg("\"%s\" does not stand in: %.1500s", text, last.out);
    }
}

void expect_err(const char *text)
{
    if (!strstr(last.err, text)) {
        fail_msg("\"%s\" does not stand in: %.1500s", text, last.err);
    }
}

void expect_silent_err(void)
{
    assert_string_equal(last.err, "");
}
