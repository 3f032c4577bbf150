/* A server of raw sockets: no HTTP library would let itself be broken in these ways. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server.h"

static int listen_any(int *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 16) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) != 0) {
        perror("test server");
        exit(99);
    }
    *port = ntohs(at.sin_port);
    return fd;
}

int server_free_port(void)
{
    int port = 0;
    close(listen_any(&port));
    return port;
}

/* 1 when a whole request came. */
static int read_request(int fd, struct server_seen *seen)
{
    char text[65536];
    size_t len = 0;
    memset(seen->last, 0, sizeof seen->last);
    for (;;) {
        ssize_t got = read(fd, text + len, sizeof text - 1 - len);
        if (got <= 0) {
            return 0;
        }
        len += (size_t)got;
        seen->bytes += (int)got;
        text[len] = '\0';
        memcpy(seen->last, text, len < sizeof seen->last ? len : sizeof seen->last - 1);
        const char *end = strstr(text, "\r\n\r\n");
        if (!end) {
            continue;
        }
        const char *length = strcasestr(text, "content-length:");
        size_t body = length && length < end ? (size_t)atol(length + 15) : 0;
        if (len >= (size_t)(end + 4 - text) + body) {
            seen->executed++;
            return 1;
        }
    }
}

static void put(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, text, len);
        if (n <= 0) {
            return;
        }
        text += n;
        len -= (size_t)n;
    }
}

static void put_script(int fd, const char *script, size_t cut)
{
    size_t len = strlen(script);
    put(fd, script, cut && cut < len ? cut : len);
}

static void put_huge(int fd)
{
    static char block[65536];
    memset(block, 'x', sizeof block);
    for (int i = 0; i < 1024; i++) {
        put(fd, block, sizeof block);
    }
}

static void put_slowly(int fd)
{
    for (int i = 0; i < 600; i++) {
        if (write(fd, "x", 1) != 1) {
            return;
        }
        usleep(100000);
    }
}

static void serve(int fd, struct server_seen *seen, enum server_mode mode, const char *script, size_t cut)
{
    struct linger hard = {1, 0};
    if (mode == SERVER_CLOSE_AT_ONCE) {
        return;
    }
    if (!read_request(fd, seen)) {
        return;
    }
    switch (mode) {
    case SERVER_ANSWER:
        put_script(fd, script, cut);
        break;
    case SERVER_CLOSE_AT_ONCE:
    case SERVER_CLOSE_READ:
        break;
    case SERVER_RESET:
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        break;
    case SERVER_STALL:
        pause();
        break;
    case SERVER_TRICKLE:
        put_script(fd, script, cut);
        put_slowly(fd);
        break;
    case SERVER_HUGE:
        put_script(fd, script, cut);
        put_huge(fd);
        break;
    case SERVER_KEEP_THEN_HANG:
        put_script(fd, script, cut);
        read_request(fd, seen);
        break;
    }
}

void server_start(struct server *server, enum server_mode mode, const char *script, size_t cut)
{
    int listener = listen_any(&server->port);
    server->seen =
        mmap(NULL, sizeof *server->seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    server->pid = fork();
    if (server->pid != 0) {
        close(listener);
        return;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) {
            _exit(0);
        }
        server->seen->connections++;
        /* A kept connection must not keep the others waiting. */
        if (mode == SERVER_KEEP_THEN_HANG && fork() != 0) {
            close(fd);
            continue;
        }
        serve(fd, server->seen, mode, script ? script : "", cut);
        close(fd);
        if (mode == SERVER_KEEP_THEN_HANG) {
            _exit(0);
        }
    }
}

void server_stop(struct server *server)
{
    if (server->pid > 0) {
        kill(server->pid, SIGKILL);
        waitpid(server->pid, NULL, 0);
    }
    if (server->seen) {
        munmap(server->seen, sizeof *server->seen);
    }
    memset(server, 0, sizeof *server);
}
