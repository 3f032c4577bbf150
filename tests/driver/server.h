/* A server of raw sockets in a child process, which breaks in one chosen way and counts what it saw. */
#ifndef TEST_SERVER_H
#define TEST_SERVER_H

#include <stddef.h>
#include <sys/types.h>

enum server_mode {
    SERVER_ANSWER,        /* read the request, write `script` up to `cut` bytes, close */
    SERVER_CLOSE_AT_ONCE, /* accept and close */
    SERVER_CLOSE_READ,    /* read the whole request ("execute"), close */
    SERVER_RESET,         /* read, then RST */
    SERVER_STALL,         /* read, then silence */
    SERVER_TRICKLE,       /* `script`, then a byte each 100 ms */
    SERVER_HUGE,          /* `script`, then 64 MiB */
    SERVER_KEEP_THEN_HANG /* answer the first request of a connection, execute and hang up on the second */
};

struct server_seen {
    int connections;
    int executed; /* whole requests read */
    int bytes;    /* any byte of any request */
    char last[4096];
};

struct server {
    pid_t pid;
    int port;
    struct server_seen *seen; /* shared with the child */
};

void server_start(struct server *server, enum server_mode mode, const char *script, size_t cut);
void server_stop(struct server *server);
int server_free_port(void); /* a port where nobody listens */

#endif
