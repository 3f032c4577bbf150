/* One HTTP exchange under the rules that money needs. Everything goes over HTTP/1.1, since only there
   CURLINFO_REQUEST_SIZE proves that nothing was written; a CURLcode proves nothing. A request that may move
   money gets a connection of its own, since libcurl repeats a POST by itself when a kept-alive connection
   dies without an answer. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>

#include <payroute/base.h>

#include "host/driver.h"
#include "host/driver_answer.h"

#if LIBCURL_VERSION_NUM < 0x075800
#error                                                                                                       \
    "libcurl 7.88.0 or later is needed: protocol lists by name, the callback before the request, the CA cache"
#endif

#define URL_MAX 8192u
#define LINE_MAX_BYTES 8192u

struct prh_driver {
    CURL *easy; /* keeps connections, DNS and the parsed CA bundle between exchanges */
    pid_t pid;
};

/* What the callbacks of one transfer share. */
typedef struct transfer {
    const prh_exchange *exchange;
    prh_answer answer;
    int32_t let_go; /* libcurl was allowed to write: from here on only REQUEST_SIZE is no proof */
} transfer;

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static CURLcode curl_ready = CURLE_FAILED_INIT;

static void init_curl(void)
{
    curl_ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    if (!info || info->version_num < 0x075800) {
        curl_ready = CURLE_FAILED_INIT;
    }
}

static int64_t monotonic_ms(void)
{
    struct timespec ts = {0};
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000 + 1; /* + 1: never 0, which means "none yet" */
}

int32_t prh_driver_new(prh_driver **out)
{
    if (!out) {
        return PAYROUTE_E_ARG;
    }
    *out = NULL;
    if (pthread_once(&curl_once, init_curl) != 0 || curl_ready != CURLE_OK) {
        return PAYROUTE_E_TRANSPORT;
    }
    prh_driver *driver = calloc(1, sizeof *driver);
    if (!driver) {
        return PAYROUTE_E_NOMEM;
    }
    driver->easy = curl_easy_init();
    driver->pid = getpid();
    if (!driver->easy) {
        free(driver);
        return PAYROUTE_E_NOMEM;
    }
    *out = driver;
    return PAYROUTE_OK;
}

void prh_driver_free(prh_driver *d)
{
    if (!d) {
        return;
    }
    /* In a child of fork the connections are the parent's: closing them would say goodbye in his name. */
    if (d->pid == getpid()) {
        curl_easy_cleanup(d->easy);
    }
    free(d);
}

void prh_outcome_free(prh_outcome *out)
{
    if (!out) {
        return;
    }
    if (out->headers) {
        explicit_bzero(out->headers, out->headers_len);
    }
    if (out->body) {
        explicit_bzero(out->body, out->body_len);
    }
    free(out->headers);
    free(out->body);
    memset(out, 0, sizeof *out);
}

/* ---- callbacks ---- */

static int before_write(void *user, char *local_ip, char *peer_ip, int local_port, int peer_port)
{
    (void)local_ip, (void)peer_ip, (void)local_port, (void)peer_port;
    transfer *t = user;
    if (t->exchange->still_ours && !t->exchange->still_ours(t->exchange->user)) {
        return CURL_PREREQFUNC_ABORT;
    }
    t->let_go = 1;
    return CURL_PREREQFUNC_OK;
}

static size_t take_header(char *line, size_t size, size_t count, void *user)
{
    transfer *t = user;
    size_t len = size * count;
    return prh_answer_header(&t->answer, line, len, monotonic_ms()) ? len : 0;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *user)
{
    transfer *t = user;
    size_t len = size * count;
    if (len == 0) {
        return 0;
    }
    return prh_answer_body(&t->answer, bytes, len, monotonic_ms()) ? len : CURL_WRITEFUNC_ERROR;
}

static int watch_speed(void *user, curl_off_t dt, curl_off_t dn, curl_off_t ut, curl_off_t un)
{
    (void)dt, (void)dn, (void)ut, (void)un;
    transfer *t = user;
    return prh_answer_too_slow(&t->answer, monotonic_ms());
}

/* ---- what is allowed out ---- */

static int32_t loopback_host(const char *host)
{
    struct in_addr v4;
    if (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0) {
        return 1;
    }
    return inet_pton(AF_INET, host, &v4) == 1 && (ntohl(v4.s_addr) >> 24) == 127u;
}

/* CURLE_OK, or why nothing may be sent there. */
static CURLcode judge_url(const char *url, int32_t *secure, int32_t *loopback)
{
    CURLcode rc = CURLE_URL_MALFORMAT;
    char *scheme = NULL;
    char *host = NULL;
    CURLU *parsed = curl_url();
    if (!parsed) {
        return CURLE_OUT_OF_MEMORY;
    }
    if (curl_url_set(parsed, CURLUPART_URL, url, CURLU_DISALLOW_USER | CURLU_NON_SUPPORT_SCHEME) ==
            CURLUE_OK &&
        curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
        *secure = strcasecmp(scheme, "https") == 0;
        *loopback = loopback_host(host);
        rc = *secure || strcasecmp(scheme, "http") == 0 ? CURLE_OK : CURLE_UNSUPPORTED_PROTOCOL;
    }
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(parsed);
    return rc;
}

static int32_t clean_text(const char *text, size_t max)
{
    size_t len = text ? strnlen(text, max + 1u) : 0;
    if (len == 0 || len > max) {
        return 0;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c <= 0x20 || c == 0x7f) {
            return 0;
        }
    }
    return 1;
}

static CURLcode permit_url(const prh_exchange *exchange)
{
    int32_t secure = 0;
    int32_t loopback = 0;
    if (!clean_text(exchange->url, URL_MAX)) {
        return CURLE_URL_MALFORMAT;
    }
    CURLcode code = judge_url(exchange->url, &secure, &loopback);
    if (code != CURLE_OK || secure) {
        return code;
    }
    return exchange->plain && loopback ? CURLE_OK : CURLE_UNSUPPORTED_PROTOCOL;
}

int32_t prh_driver_loopback(const char *url)
{
    int32_t secure = 0;
    int32_t loopback = 0;
    return clean_text(url, URL_MAX) && judge_url(url, &secure, &loopback) == CURLE_OK && loopback;
}

static int32_t known_method(const char *method)
{
    static const char *const known[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"};
    for (size_t i = 0; method && i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(method, known[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

static void free_lines(struct curl_slist *lines)
{
    for (struct curl_slist *at = lines; at; at = at->next) {
        explicit_bzero(at->data, strlen(at->data));
    }
    curl_slist_free_all(lines);
}

static int32_t add_line(struct curl_slist **lines, const char *line)
{
    struct curl_slist *more = curl_slist_append(*lines, line);
    if (!more) {
        return PAYROUTE_E_NOMEM;
    }
    *lines = more;
    return PAYROUTE_OK;
}

/* One header as libcurl wants it: "Name: value", or "Name;" where the value is empty. */
static int32_t header_line(struct curl_slist **lines, const char *at, size_t len)
{
    char line[LINE_MAX_BYTES + 2u];
    const char *colon = memchr(at, ':', len);
    if (!colon || colon == at || len > LINE_MAX_BYTES) {
        return PAYROUTE_E_ARG;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)at[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f || (at + i < colon && (c == ' ' || c == ';'))) {
            return PAYROUTE_E_ARG;
        }
    }
    memcpy(line, at, len);
    while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t')) {
        len--;
    }
    if (line[len - 1] == ':') {
        line[len - 1] = ';';
    }
    line[len] = '\0';
    int32_t rc = add_line(lines, line);
    explicit_bzero(line, sizeof line);
    return rc;
}

static int32_t header_lines(struct curl_slist **lines, const prh_exchange *exchange)
{
    const char *at = exchange->headers;
    const char *end = at ? at + exchange->headers_len : at;
    int32_t rc = PAYROUTE_OK;
    while (rc == PAYROUTE_OK && at < end) {
        const char *eol = memmem(at, (size_t)(end - at), "\r\n", 2u);
        size_t len = (size_t)((eol ? eol : end) - at);
        if (len > 0) {
            rc = header_line(lines, at, len);
        }
        at = eol ? eol + 2 : end;
    }
    /* Without this libcurl waits a second for "100 Continue" before larger bodies. */
    return rc == PAYROUTE_OK ? add_line(lines, "Expect:") : rc;
}

/* ---- one transfer ---- */

#define SET(option, value) (rc = rc != CURLE_OK ? rc : curl_easy_setopt(easy, (option), (value)))

static CURLcode set_safety(CURL *easy, const prh_exchange *exchange)
{
    CURLcode rc = CURLE_OK;
    int64_t total = exchange->timeout_ms > 0 && exchange->timeout_ms <= 600000 ? exchange->timeout_ms : 8000;
    int64_t connect =
        exchange->connect_ms > 0 && exchange->connect_ms <= total ? exchange->connect_ms : total;
    SET(CURLOPT_PROTOCOLS_STR, exchange->plain ? "https,http" : "https");
    SET(CURLOPT_REDIR_PROTOCOLS_STR, "https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NOPROXY, "*");
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (exchange->ca_file) {
        SET(CURLOPT_CAINFO, exchange->ca_file);
    }
    SET(CURLOPT_CA_CACHE_TIMEOUT, 86400L);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_HTTP09_ALLOWED, 0L);
    SET(CURLOPT_TIMEOUT_MS, (long)total);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)connect);
    SET(CURLOPT_FRESH_CONNECT, exchange->money ? 1L : 0L);
    SET(CURLOPT_FORBID_REUSE, exchange->money ? 1L : 0L);
    SET(CURLOPT_USERAGENT, "payroute");
    return rc;
}

static CURLcode set_request(CURL *easy, const prh_exchange *exchange, struct curl_slist *lines)
{
    CURLcode rc = CURLE_OK;
    int32_t get = strcmp(exchange->method, "GET") == 0;
    int32_t head = strcmp(exchange->method, "HEAD") == 0;
    SET(CURLOPT_URL, exchange->url);
    /* libcurl (seen with 7.88) sends a URL without its query when memory for that is short, and says nothing.
       As the target the same bytes are copied here, where a failure is seen. */
    const char *target = strstr(exchange->url, "://");
    target = target ? target + 3 + strcspn(target + 3, "/?#") : "";
    if (*target == '/' && !strchr(target, '#')) {
        SET(CURLOPT_REQUEST_TARGET, target);
    }
    SET(CURLOPT_HTTPHEADER, lines);
    if (exchange->body_len > 0 || (!get && !head)) {
        SET(CURLOPT_POSTFIELDS, exchange->body_len ? exchange->body : "");
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)exchange->body_len);
    }
    if (head) {
        SET(CURLOPT_NOBODY, 1L);
    } else if (strcmp(exchange->method, "POST") != 0) {
        SET(CURLOPT_CUSTOMREQUEST, exchange->method);
    }
    return rc;
}

static CURLcode set_callbacks(CURL *easy, transfer *t)
{
    CURLcode rc = CURLE_OK;
    SET(CURLOPT_PREREQFUNCTION, before_write);
    SET(CURLOPT_PREREQDATA, (void *)t);
    SET(CURLOPT_HEADERFUNCTION, take_header);
    SET(CURLOPT_HEADERDATA, (void *)t);
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_WRITEDATA, (void *)t);
    SET(CURLOPT_XFERINFOFUNCTION, watch_speed);
    SET(CURLOPT_XFERINFODATA, (void *)t);
    SET(CURLOPT_NOPROGRESS, 0L);
    return rc;
}

/* Two witnesses must agree: libcurl never got as far as the request, and it counted no byte of one. */
static int32_t nothing_left(CURL *easy, const transfer *t)
{
    long size = 1;
    if (t->let_go) {
        return 0;
    }
    return curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &size) == CURLE_OK && size == 0;
}

/* libcurl says only that a callback of ours ended it; whose fault it was stands in the answer. */
static int32_t telling_code(CURLcode code, const prh_answer *answer)
{
    if (code == CURLE_OK) {
        return (int32_t)code;
    }
    switch ((enum prh_broken)answer->broken) {
    case PRH_BROKEN_HUGE:
        return (int32_t)CURLE_FILESIZE_EXCEEDED;
    case PRH_BROKEN_MEMORY:
        return (int32_t)CURLE_OUT_OF_MEMORY;
    case PRH_BROKEN_SLOW:
        return (int32_t)CURLE_OPERATION_TIMEDOUT;
    case PRH_BROKEN_NOT:
        break;
    }
    return (int32_t)code;
}

static void take_outcome(CURL *easy, transfer *t, CURLcode code, int32_t head, prh_outcome *out)
{
    long status = 0;
    out->curl_code = telling_code(code, &t->answer);
    out->not_sent = code != CURLE_OK && nothing_left(easy, t);
    if (code != CURLE_OK || curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK) {
        return;
    }
    out->status = (int32_t)status;
    if (!t->exchange->open_ended && !prh_answer_complete(&t->answer, out->status, head)) {
        return;
    }
    out->answered = 1;
    out->verified_peer =
        1; /* verification cannot be switched off; plain HTTP got here only to loopback, by configuration */
    out->headers = t->answer.headers;
    out->headers_len = t->answer.headers_len;
    out->body = t->answer.body;
    out->body_len = t->answer.body_len;
    t->answer.headers = NULL;
    t->answer.body = NULL;
}

int32_t prh_driver_perform(prh_driver *d, const prh_exchange *exchange, prh_outcome *out)
{
    if (out) {
        memset(out, 0, sizeof *out);
    }
    if (!d || !exchange || !out || !known_method(exchange->method) ||
        (exchange->body_len > 0 && !exchange->body)) {
        return PAYROUTE_E_ARG;
    }
    if (d->pid != getpid()) {
        return PAYROUTE_E_FORKED;
    }

    CURLcode code = permit_url(exchange);
    if (code == CURLE_OUT_OF_MEMORY) {
        return PAYROUTE_E_NOMEM;
    }
    if (code != CURLE_OK) {
        out->curl_code = (int32_t)code;
        out->not_sent = 1;
        return PAYROUTE_OK;
    }

    struct curl_slist *lines = NULL;
    transfer t = {.exchange = exchange};
    int32_t rc = header_lines(&lines, exchange);
    curl_easy_reset(d->easy); /* drops options, keeps connections and caches */
    if (rc == PAYROUTE_OK &&
        (set_safety(d->easy, exchange) != CURLE_OK || set_callbacks(d->easy, &t) != CURLE_OK ||
         set_request(d->easy, exchange, lines) != CURLE_OK)) {
        rc = PAYROUTE_E_NOMEM;
    }
    if (rc == PAYROUTE_OK) {
        code = curl_easy_perform(d->easy);
        take_outcome(d->easy, &t, code, strcmp(exchange->method, "HEAD") == 0, out);
    }
    curl_easy_reset(d->easy); /* no pointer of ours stays behind */
    free_lines(lines);
    prh_answer_free(&t.answer);
    return rc;
}
