/* Files and standard input, with limits: a wrong file or an endless pipe gets an error and not the machine's
 * memory. */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static ssize_t read_some(int fd, char *at, size_t len)
{
    ssize_t got;
    do {
        got = read(fd, at, len);
    } while (got < 0 && errno == EINTR);
    return got;
}

static int complain_file(const char *what, const char *path, const char *text)
{
    char shown[160];
    clean(shown, sizeof shown, strcmp(path, "-") == 0 ? "standard input" : path);
    return complain(EXIT_STORE, "%s %s: %s", what, shown, text);
}

void bytes_wipe(bytes *b)
{
    if (b->at) {
        explicit_bzero(b->at, b->len);
    }
    free(b->at);
    *b = (bytes){0};
}

/* Wiped when it moves: it may hold keys. */
static void grow(bytes *b, size_t *cap)
{
    size_t more = *cap * 2;
    char *at = need(malloc(more));
    memcpy(at, b->at, b->len);
    explicit_bzero(b->at, b->len);
    free(b->at);
    b->at = at;
    *cap = more;
}

static int read_all(bytes *out, int fd, const char *path, const char *what, size_t max)
{
    size_t cap = 16384;
    *out = (bytes){.at = need(malloc(cap))};
    for (;;) {
        if (cap - out->len < 2) {
            grow(out, &cap);
        }
        ssize_t got = read_some(fd, out->at + out->len, cap - out->len - 1);
        if (got < 0) {
            int why = errno;
            bytes_wipe(out);
            return complain_file(what, path, strerror(why));
        }
        if (got == 0) {
            out->at[out->len] = '\0';
            return EXIT_FINE;
        }
        out->len += (size_t)got;
        if (out->len > max) {
            bytes_wipe(out);
            (void)complain_file(what, path, "is too large");
            return EXIT_DATA;
        }
    }
}

int read_file(bytes *out, const char *path, const char *what, size_t max)
{
    int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    *out = (bytes){0};
    if (fd < 0) {
        return complain_file(what, path, strerror(errno));
    }
    int code = read_all(out, fd, path, what, max);
    if (fd != STDIN_FILENO) {
        (void)close(fd);
    }
    return code;
}

/* ---- lines ---- */

/* Moves what is left to the front and reads more; 0 when nothing came. */
static int fill(lines *l)
{
    memmove(l->at, l->at + l->used, l->len - l->used);
    l->len -= l->used;
    l->used = 0;
    if (l->ended || l->len == LINE_CAP) {
        return 0;
    }
    (void)fflush(stdout);
    ssize_t got = read_some(STDIN_FILENO, l->at + l->len, LINE_CAP - l->len);
    if (got <= 0) {
        l->ended = 1;
        l->failed = got < 0;
        return 0;
    }
    l->len += (size_t)got;
    return 1;
}

/* Drops the rest of a line of which LINE_CAP bytes were seen. */
static void skip_line(lines *l)
{
    for (;;) {
        char *end = memchr(l->at + l->used, '\n', l->len - l->used);
        if (end) {
            l->used = (size_t)(end - l->at) + 1;
            return;
        }
        l->used = l->len;
        if (!fill(l)) {
            return;
        }
    }
}

int lines_next(lines *l, const char **line, size_t *len)
{
    if (!l->at) {
        l->at = need(malloc(LINE_CAP));
    }
    l->too_long = 0;
    for (;;) {
        char *from = l->at + l->used;
        char *end = memchr(from, '\n', l->len - l->used);
        if (end) {
            *line = from;
            *len = (size_t)(end - from);
            l->used += *len + 1;
            return 1;
        }
        if (fill(l)) {
            continue;
        }
        if (l->len == LINE_CAP && !l->ended) {
            l->too_long = 1;
            skip_line(l);
            *line = "";
            *len = 0;
            return 1;
        }
        *line = l->at;
        *len = l->len;
        l->used = l->len;
        return *len > 0;
    }
}

/* ---- JSON at hand ---- */

const char *text_of(const payroute_json_node *object, const char *name)
{
    const char *text = payroute_json_text(payroute_json_get(object, name));
    return text ? text : "";
}

int64_t number_of(const payroute_json_node *object, const char *name)
{
    int64_t value = 0;
    (void)payroute_json_integer(&value, payroute_json_get(object, name));
    return value;
}

int32_t flag_of(const payroute_json_node *object, const char *name)
{
    return payroute_json_flag(payroute_json_get(object, name)) == 1;
}

char *json_ask(int32_t (*ask)(void *user, char *out, size_t cap), void *user, int32_t *rc)
{
    size_t cap = 16384;
    char *out = need(malloc(cap));
    while ((*rc = ask(user, out, cap)) == PAYROUTE_E_BUFFER && cap < (1u << 26)) {
        cap *= 4;
        free(out);
        out = need(malloc(cap));
    }
    return out;
}
