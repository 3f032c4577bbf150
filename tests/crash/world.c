/* The sandbox as a child process, its control calls over a plain socket, and its clock. A socket of our own,
   since libcurl and SQLite must not be touched before a victim is forked. */
#include "world.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];
static pid_t owner;

const char *scratch(void)
{
    if (!*folder) {
        const char *base = access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp";
        snprintf(folder, sizeof folder, "%s/payroute-crash-XXXXXX", base);
        if (!mkdtemp(folder)) {
            perror(folder);
            exit(1);
        }
        owner = getpid();
        atexit(scratch_clean);
    }
    return folder;
}

void scratch_clean(void)
{
    char command[128];
    if (*folder && owner == getpid()) {
        snprintf(command, sizeof command, "rm -rf '%s'", folder);
        if (system(command) != 0) {
            perror(command);
        }
    }
}

/* ---- starting ---- */

static char *read_file(const char *path)
{
    enum { CAP = 1 << 17 };
    FILE *file = fopen(path, "r");
    char *text = file ? calloc(1, CAP) : NULL;
    size_t len = text ? fread(text, 1, CAP - 1, file) : 0;
    if (file) {
        fclose(file);
    }
    if (text) {
        text[len] = '\0';
    }
    return text;
}

/* The sandbox's channels with time-outs that a test can wait for. */
static char *short_times(const char *config)
{
    static const char mark[] = "\"enabled\":\ttrue";
    static const char more[] = "\"timeouts\":{\"connect_ms\":300,\"money_ms\":500,\"query_ms\":500}, ";
    char *out = calloc(1, strlen(config) + 16 * sizeof more);
    char *end = out;
    while (out && *config) {
        if (strncmp(config, mark, sizeof mark - 1) == 0) {
            end = stpcpy(end, more);
        }
        *end++ = *config++;
    }
    return out;
}

static int run_sandbox(struct world *w, const char *program)
{
    int ends[2];
    char line[256] = "";
    if (pipe(ends) != 0) {
        return 0;
    }
    w->pid = fork();
    if (w->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        execl(program, program, "--port", "0", "--dir", w->dir, "--keys", scratch(), (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    FILE *out = fdopen(ends[0], "r");
    const char *at = out && fgets(line, sizeof line, out) ? strstr(line, "\"port\":") : NULL;
    if (out) {
        fclose(out);
    }
    w->port = at ? atoi(at + 7) : 0;
    return w->port > 0;
}

int world_start(struct world *w)
{
    static int number;
    char path[512];
    const char *b = getenv("B");
    memset(w, 0, sizeof *w);
    snprintf(w->dir, sizeof w->dir, "%s/box%d-%d", scratch(), (int)getpid(), ++number);
    snprintf(path, sizeof path, "%s/payroute-sandbox", b ? b : "build/release");
    w->now_ms = mmap(NULL, sizeof *w->now_ms, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (w->now_ms == MAP_FAILED || !run_sandbox(w, path)) {
        return 0;
    }
    snprintf(path, sizeof path, "%s/channels.json", w->dir);
    char *config = read_file(path);
    w->config = config ? short_times(config) : NULL;
    free(config);
    world_clock(w, 1790000000000);
    return w->config != NULL;
}

void world_stop(struct world *w)
{
    if (w->pid > 0) {
        kill(w->pid, SIGTERM);
        waitpid(w->pid, NULL, 0);
    }
    free(w->config);
    if (w->now_ms) {
        munmap(w->now_ms, sizeof *w->now_ms);
    }
    memset(w, 0, sizeof *w);
}

/* ---- control calls ---- */

static int say(int fd, const char *path, const char *body)
{
    char request[4096];
    int len =
        snprintf(request, sizeof request,
                 "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
                 body ? "POST" : "GET", path, body ? strlen(body) : 0, body ? body : "");
    return len < (int)sizeof request && write(fd, request, (size_t)len) == len;
}

static char *hear(int fd)
{
    size_t cap = 65536, len = 0;
    char *text = malloc(cap);
    ssize_t n = 1;
    while (text && n > 0) {
        n = read(fd, text + len, cap - len - 1);
        len += n > 0 ? (size_t)n : 0;
        if (cap - len < 4096) {
            char *more = realloc(text, cap *= 2);
            if (!more) {
                free(text);
            }
            text = more;
        }
    }
    if (text) {
        text[len] = '\0';
    }
    return text;
}

payroute_json *world_call(const struct world *w, const char *path, const char *body)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)w->port)};
    payroute_json *doc = NULL;
    char *answer = NULL;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&at, sizeof at) == 0 && say(fd, path, body)) {
        answer = hear(fd);
    }
    close(fd);
    const char *text = answer ? strstr(answer, "\r\n\r\n") : NULL;
    if (text) {
        (void)payroute_json_parse(&doc, text + 4, strlen(text + 4), NULL, 0);
    }
    free(answer);
    return doc;
}

int world_do(const struct world *w, const char *path, const char *format, ...)
{
    char body[3072];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(body, sizeof body, format, args);
    va_end(args);
    payroute_json *doc = world_call(w, path, body);
    int good = doc && !payroute_json_get(payroute_json_root(doc), "error");
    payroute_json_free(doc);
    return good;
}

void world_clock(struct world *w, int64_t now_ms)
{
    *w->now_ms = now_ms;
    (void)world_do(w, "/_clock", "{\"now_ms\":%lld}", (long long)now_ms);
}

const payroute_json_node *walk(const payroute_json_node *node, const char *path)
{
    char part[64];
    while (*path && node) {
        size_t len = strcspn(path, ".");
        snprintf(part, sizeof part, "%.*s", (int)len, path);
        path += len + (path[len] == '.');
        if (payroute_json_type(node) == PAYROUTE_JSON_ARRAY) {
            node = payroute_json_first(node);
            for (int i = atoi(part); i > 0 && node; i--) {
                node = payroute_json_next(node);
            }
        } else {
            node = payroute_json_get(node, part);
        }
    }
    return node;
}
