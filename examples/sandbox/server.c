/* Sockets and time: one select loop drives the listeners (each account has a port of its own, which can
   really be closed), libmicrohttpd without threads, stalled answers, and libcurl's deliveries. */
#include "sandbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <microhttpd.h>

#define HUGE_BODY (INT64_C(64) * 1024 * 1024)

static volatile sig_atomic_t stop_asked;

static void on_stop(int signal)
{
    (void)signal;
    stop_asked = 1;
}

int64_t sb_mono(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- listeners ---- */

static int open_listener(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)*port)};
    socklen_t len = sizeof address;
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -1;
    }
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 64) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        close(fd);
        return -1;
    }
    *port = ntohs(address.sin_port);
    return fd;
}

bool sb_listen(struct sb *sb, struct sb_account *account)
{
    (void)sb;
    if (account->listener < 0) {
        account->listener = open_listener(&account->port);
    }
    return account->listener >= 0;
}

void sb_unlisten(struct sb_account *account)
{
    if (account->listener >= 0) {
        close(account->listener);
    }
    account->listener = -1;
}

static void accept_all(struct sb *sb, int listener)
{
    for (;;) {
        struct sockaddr_in peer;
        socklen_t len = sizeof peer;
        int one = 1, fd = accept4(listener, (struct sockaddr *)&peer, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
            return;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (fd >= FD_SETSIZE) {
            close(fd);
        } else {
            MHD_add_connection(sb->daemon, fd, (struct sockaddr *)&peer, len); /* closes it on failure */
        }
    }
}

/* Whose port the request came in by; NULL: the control port. */
struct sb_account *sb_account_of_port(const struct sb_request *req)
{
    struct sockaddr_in local;
    socklen_t len = sizeof local;
    const union MHD_ConnectionInfo *info =
        req->connection ? MHD_get_connection_info(req->connection, MHD_CONNECTION_INFO_CONNECTION_FD) : NULL;
    if (!info || getsockname(info->connect_fd, (struct sockaddr *)&local, &len) != 0) {
        return NULL;
    }
    for (int i = 0; i < SB_ACCOUNTS; i++) {
        if (req->sb->accounts[i].port == ntohs(local.sin_port)) {
            return &req->sb->accounts[i];
        }
    }
    return NULL;
}

/* ---- stalled exchanges ---- */

void sb_sleep(struct sb_request *req, int64_t delay_ms)
{
    req->asleep = true;
    req->wake = delay_ms < 0 ? 0 : sb_mono() + delay_ms;
    req->next = req->sb->sleepers;
    req->sb->sleepers = req;
    MHD_suspend_connection(req->connection);
}

void sb_wake(struct sb_request *req)
{
    struct sb_request **at = &req->sb->sleepers;
    while (*at && *at != req) {
        at = &(*at)->next;
    }
    if (*at) {
        *at = req->next;
    }
    req->next = NULL;
    req->asleep = false;
    MHD_resume_connection(req->connection);
}

/* libmicrohttpd does not look at a suspended socket: a client that gave up is noticed here. */
static bool client_gone(const struct sb_request *req)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(req->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    char byte;
    if (!info) {
        return false;
    }
    ssize_t got = recv(info->connect_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

static void wake_due(struct sb *sb)
{
    int64_t now = sb_mono();
    for (struct sb_request *req = sb->sleepers, *next; req; req = next) {
        next = req->next;
        if (req->delivery) {
            continue;
        }
        if (client_gone(req)) {
            req->hangup = true;
            sb_wake(req);
        } else if (req->wake && req->wake <= now) {
            sb_wake(req);
        }
    }
}

/* ---- answers ---- */

static ssize_t read_body(void *cls, uint64_t at, char *to, size_t max)
{
    struct sb_request *req = cls;
    size_t left = req->out.len > at ? req->out.len - (size_t)at : 0;
    switch ((int)req->fault.kind) { /* the other kinds never come here */
    case SB_FAULT_CUT:
        left = (uint64_t)req->fault.at_byte > at ? (size_t)((uint64_t)req->fault.at_byte - at) : 0;
        if (left == 0) {
            return MHD_CONTENT_READER_END_WITH_ERROR;
        }
        break;
    case SB_FAULT_HUGE_BODY:
        if (left == 0) {
            memset(to, ' ', max);
            return (ssize_t)max;
        }
        break;
    case SB_FAULT_SLOW_BODY:
        if ((int64_t)at > req->sent) { /* one byte went out: rest before the next */
            req->sent = (int64_t)at;
            sb_sleep(req, req->fault.delay_ms < 0 ? 1000 : req->fault.delay_ms);
            return 0;
        }
        if (req->hangup) {
            return MHD_CONTENT_READER_END_WITH_ERROR;
        }
        left = left ? 1 : 0;
        break;
    default:
        break;
    }
    if (left > max) {
        left = max;
    }
    memcpy(to, req->out.at + at, left);
    return left ? (ssize_t)left : MHD_CONTENT_READER_END_OF_STREAM;
}

static struct MHD_Response *make_response(struct sb_request *req)
{
    uint64_t size = req->out.len;
    if (!req->out.at) {
        sb_buf_put(&req->out, "");
    }
    switch ((int)req->fault.kind) {
    case SB_FAULT_CUT:
        if (req->fault.at_byte >= (int64_t)req->out.len) { /* a cut leaves something out */
            req->fault.at_byte = req->out.len ? (int64_t)req->out.len - 1 : 0;
        }
        return MHD_create_response_from_callback(size, 4096, read_body, req, NULL);
    case SB_FAULT_HUGE_BODY:
        return MHD_create_response_from_callback((uint64_t)HUGE_BODY, 65536, read_body, req, NULL);
    case SB_FAULT_SLOW_BODY:
        return MHD_create_response_from_callback(size, 64, read_body, req, NULL);
    default:
        return MHD_create_response_from_buffer(req->out.len, req->out.at, MHD_RESPMEM_MUST_COPY);
    }
}

static enum MHD_Result send_answer(struct sb_request *req)
{
    char date[40];
    struct MHD_Response *response = make_response(req);
    if (!response) {
        return MHD_NO;
    }
    sb_date_write(req->account ? sb_their_now(req->sb, req->account) : sb_now(req->sb), date);
    MHD_add_response_header(response, "Date", date);
    MHD_add_response_header(response, "Content-Type", req->type ? req->type : "text/plain");
    for (size_t i = 0; i < req->out_headers.count; i++) {
        MHD_add_response_header(response, req->out_headers.at[i].key, req->out_headers.at[i].value);
    }
    enum MHD_Result result = MHD_queue_response(req->connection, (unsigned)req->status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result collect(void *cls, enum MHD_ValueKind kind, const char *key, const char *value)
{
    (void)kind;
    sb_params_add(cls, key, value);
    return MHD_YES;
}

/* Before the target is taken apart: WeChat Pay signs it as it came. */
static void *on_target(void *cls, const char *target, struct MHD_Connection *connection)
{
    struct sb_request *req = sb_exchange_new(cls, "", "");
    (void)connection;
    req->target = sb_dup(target);
    return req;
}

/* libmicrohttpd calls: once with the head, then with each piece of the body, then once without bytes; and
   again after a sleep. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_len, void **context)
{
    struct sb_request *req = *context;
    (void)version;
    (void)cls;
    if (!req->begun) {
        req->begun = true;
        req->connection = connection;
        sb_copy(req->method, sizeof req->method, method);
        free(req->path);
        req->path = sb_dup(url);
        MHD_get_connection_values(connection, MHD_HEADER_KIND, collect, &req->headers);
        MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, collect, &req->query);
        return MHD_YES;
    }
    if (*upload_len) {
        if (req->body.len + *upload_len > SB_BODY_MAX) {
            req->too_big = true;
        } else {
            sb_buf_add(&req->body, upload, *upload_len);
        }
        *upload_len = 0;
        return MHD_YES;
    }
    if (!req->answered && !req->started) {
        req->started = true;
        sb_exchange_run(req);
        if (req->asleep) {
            return MHD_YES;
        }
    }
    if (req->detached) {
        *context = NULL;
    }
    return req->hangup || req->detached ? MHD_NO : send_answer(req);
}

static void on_done(void *cls, struct MHD_Connection *connection, void **context,
                    enum MHD_RequestTerminationCode code)
{
    struct sb_request *req = *context;
    (void)cls;
    (void)connection;
    (void)code;
    *context = NULL;
    if (req) {
        sb_exchange_free(req);
    }
}

/* ---- the loop ---- */

bool sb_server_open(struct sb *sb)
{
    struct sigaction action = {.sa_handler = on_stop};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    sb->listener = open_listener(&sb->port);
    if (sb->listener < 0) {
        fprintf(stderr, "payroute-sandbox: port %d: %s\n", sb->port, strerror(errno));
        return false;
    }
    for (int i = 0; i < SB_ACCOUNTS; i++) {
        if (!sb_listen(sb, &sb->accounts[i])) {
            fprintf(stderr, "payroute-sandbox: port %d: %s\n", sb->accounts[i].port, strerror(errno));
            return false;
        }
    }
    sb->daemon =
        MHD_start_daemon(MHD_USE_NO_LISTEN_SOCKET | MHD_USE_SUPPRESS_DATE_NO_CLOCK | MHD_ALLOW_SUSPEND_RESUME,
                         0, NULL, NULL, on_request, sb, MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL,
                         MHD_OPTION_URI_LOG_CALLBACK, on_target, sb, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                         (size_t)(128 * 1024), MHD_OPTION_CONNECTION_LIMIT, (unsigned)900, MHD_OPTION_END);
    if (!sb->daemon) {
        fputs("payroute-sandbox: the HTTP server did not start\n", stderr);
    }
    return sb->daemon != NULL;
}

static void watch(int fd, fd_set *set, int *max)
{
    if (fd < 0) {
        return;
    }
    FD_SET(fd, set);
    if (fd > *max) {
        *max = fd;
    }
}

static void clear_sets(fd_set *a, fd_set *b, fd_set *c)
{
    FD_ZERO(a);
    FD_ZERO(b);
    FD_ZERO(c);
}

/* Milliseconds until something may be due. */
static long loop_timeout(struct sb *sb, long timeout)
{
    MHD_UNSIGNED_LONG_LONG http = 0;
    if (MHD_get_timeout(sb->daemon, &http) == MHD_YES && http < (MHD_UNSIGNED_LONG_LONG)timeout) {
        timeout = (long)http;
    }
    int64_t now = sb_mono();
    for (const struct sb_request *req = sb->sleepers; req; req = req->next) {
        int64_t left =
            req->wake && req->wake - now < 50 ? req->wake - now : 50; /* and look whether it hung up */
        if (left < timeout) {
            timeout = left < 0 ? 0 : (long)left;
        }
    }
    return timeout;
}

static bool input_ended(void)
{
    char skip[256];
    return read(STDIN_FILENO, skip, sizeof skip) == 0;
}

void sb_server_run(struct sb *sb, bool stdin_exit)
{
    sigset_t block, open;
    sigemptyset(&block);
    sigaddset(&block, SIGTERM);
    sigaddset(&block, SIGINT);
    sigprocmask(SIG_BLOCK, &block, &open);
    while (!stop_asked) {
        fd_set reads, writes, excepts;
        int max = -1;
        long timeout = 1000;
        clear_sets(&reads, &writes, &excepts);
        if (MHD_get_fdset(sb->daemon, &reads, &writes, &excepts, &max) != MHD_YES) {
            break;
        }
        sb_deliver_fds(sb, &reads, &writes, &excepts, &max, &timeout);
        watch(sb->listener, &reads, &max);
        for (int i = 0; i < SB_ACCOUNTS; i++) {
            watch(sb->accounts[i].listener, &reads, &max);
        }
        if (stdin_exit) {
            watch(STDIN_FILENO, &reads, &max);
        }
        timeout = loop_timeout(sb, timeout);
        struct timespec wait = {.tv_sec = timeout / 1000, .tv_nsec = (timeout % 1000) * 1000000};
        if (pselect(max + 1, &reads, &writes, &excepts, &wait, &open) < 0) {
            if (errno != EINTR) {
                break;
            }
            clear_sets(&reads, &writes, &excepts);
        }
        if (stdin_exit && FD_ISSET(STDIN_FILENO, &reads) && input_ended()) {
            break;
        }
        if (FD_ISSET(sb->listener, &reads)) {
            accept_all(sb, sb->listener);
        }
        for (int i = 0; i < SB_ACCOUNTS; i++) {
            if (sb->accounts[i].listener >= 0 && FD_ISSET(sb->accounts[i].listener, &reads)) {
                accept_all(sb, sb->accounts[i].listener);
            }
        }
        wake_due(sb); /* before the server runs: it takes up woken connections at once, but does not ask to be
                         run */
        sb_exchange_release(sb, false);
        sb_deliver_step(sb);
        MHD_run_from_select(sb->daemon, &reads, &writes, &excepts);
    }
}

void sb_server_close(struct sb *sb)
{
    while (sb->sleepers) {
        sb->sleepers->hangup = true;
        sb_wake(sb->sleepers);
    }
    if (sb->daemon) {
        MHD_run(sb->daemon);
        MHD_stop_daemon(sb->daemon);
    }
    if (sb->listener >= 0) {
        close(sb->listener);
    }
    for (int i = 0; i < SB_ACCOUNTS; i++) {
        sb_unlisten(&sb->accounts[i]);
    }
}
