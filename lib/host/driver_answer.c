/* An answer counts only when the whole of it came. libcurl takes the end of the connection for the end of a
   body that states no length; for money that is a cut like any other, so such an answer is none. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/driver_answer.h"

#define SLOW_WINDOW_MS 3000
#define SLOW_BYTES 192u /* 64 bytes a second for three seconds */

static void drop_bytes(char *at, size_t len)
{
    if (at) {
        explicit_bzero(at, len);
    }
    free(at);
}

/* Grows by copying into fresh memory, since realloc would leave the old bytes behind. */
static int32_t grow_body(prh_answer *answer, size_t need)
{
    if (need <= answer->body_cap) {
        return 1;
    }
    size_t cap = answer->body_cap ? answer->body_cap : 4096u;
    while (cap < need) {
        cap *= 2u;
    }
    if (cap > PRH_BODY_CAP + 1u) {
        cap = PRH_BODY_CAP + 1u;
    }
    char *fresh = malloc(cap);
    if (!fresh) {
        return 0;
    }
    if (answer->body_len) {
        memcpy(fresh, answer->body, answer->body_len);
    }
    drop_bytes(answer->body, answer->body_len);
    answer->body = fresh;
    answer->body_cap = cap;
    return 1;
}

static void note_bytes(prh_answer *answer, size_t len, int64_t mono_ms)
{
    if (!answer->first_ms) {
        answer->first_ms = mono_ms;
        answer->slow_ms = mono_ms;
    }
    answer->slow_bytes += len;
}

int32_t prh_answer_header(prh_answer *answer, const char *line, size_t len, int64_t mono_ms)
{
    note_bytes(answer, len, mono_ms);
    answer->header_sum += len;
    if (answer->header_sum > PRH_HEADER_CAP) {
        answer->broken = PRH_BROKEN_HUGE;
        return 0;
    }
    if (!answer->headers) {
        answer->headers = malloc(PRH_HEADER_CAP + 1u);
        if (!answer->headers) {
            answer->broken = PRH_BROKEN_MEMORY;
            return 0;
        }
    }
    /* A status line begins a response: what an interim one (1xx) said is not the answer. */
    if (len >= 5u && memcmp(line, "HTTP/", 5u) == 0) {
        answer->headers_len = 0;
    }
    memcpy(answer->headers + answer->headers_len, line, len);
    answer->headers_len += len;
    answer->headers[answer->headers_len] = '\0';
    return 1;
}

int32_t prh_answer_body(prh_answer *answer, const char *bytes, size_t len, int64_t mono_ms)
{
    note_bytes(answer, len, mono_ms);
    if (len > PRH_BODY_CAP - answer->body_len) {
        answer->broken = PRH_BROKEN_HUGE;
        return 0;
    }
    if (!grow_body(answer, answer->body_len + len + 1u)) {
        answer->broken = PRH_BROKEN_MEMORY;
        return 0;
    }
    memcpy(answer->body + answer->body_len, bytes, len);
    answer->body_len += len;
    answer->body[answer->body_len] = '\0';
    return 1;
}

int32_t prh_answer_too_slow(prh_answer *answer, int64_t mono_ms)
{
    /* A provider that thinks is not slow: before the first byte only the total deadline counts. */
    if (!answer->first_ms || mono_ms - answer->slow_ms < SLOW_WINDOW_MS) {
        return 0;
    }
    if (answer->slow_bytes < SLOW_BYTES) {
        answer->broken = PRH_BROKEN_SLOW;
        return 1;
    }
    answer->slow_ms = mono_ms;
    answer->slow_bytes = 0;
    return 0;
}

/* The value of a header line, trimmed; 0 when the line is another header. */
static int32_t line_value(const char *line, size_t len, const char *name, const char **value,
                          size_t *value_len)
{
    size_t name_len = strlen(name);
    if (len <= name_len || line[name_len] != ':' || strncasecmp(line, name, name_len) != 0) {
        return 0;
    }
    const char *at = line + name_len + 1u;
    const char *end = line + len;
    while (at < end && (*at == ' ' || *at == '\t')) {
        at++;
    }
    while (end > at && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r')) {
        end--;
    }
    *value = at;
    *value_len = (size_t)(end - at);
    return 1;
}

static int32_t parse_length(const char *text, size_t len, size_t *out)
{
    size_t sum = 0;
    if (len == 0 || len > 9u) {
        return 0;
    }
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return 0;
        }
        sum = sum * 10u + (size_t)(text[i] - '0');
    }
    *out = sum;
    return 1;
}

int32_t prh_answer_complete(const prh_answer *answer, int32_t status, int32_t no_body)
{
    int32_t chunked = 0;
    int32_t lengths = 0;
    size_t length = 0;
    if (answer->broken || !answer->headers || status < 200) {
        return 0;
    }
    const char *at = answer->headers;
    const char *end = at + answer->headers_len;
    while (at < end) {
        const char *eol = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((eol ? eol : end) - at);
        const char *value;
        size_t value_len;
        if (line_value(at, len, "Content-Length", &value, &value_len)) {
            size_t stated = 0;
            if (!parse_length(value, value_len, &stated) || (lengths && stated != length)) {
                return 0;
            }
            length = stated;
            lengths++;
        } else if (line_value(at, len, "Transfer-Encoding", &value, &value_len)) {
            if (value_len != 7u || strncasecmp(value, "chunked", 7u) != 0) {
                return 0;
            }
            chunked = 1;
        }
        at = eol ? eol + 1 : end;
    }
    if (no_body || status == 204 || status == 304) {
        return answer->body_len == 0;
    }
    if (chunked) {
        return lengths == 0; /* two statements of the end are how responses are smuggled */
    }
    return lengths > 0 && length == answer->body_len;
}

void prh_answer_free(prh_answer *answer)
{
    drop_bytes(answer->headers, answer->headers_len);
    drop_bytes(answer->body, answer->body_len);
    memset(answer, 0, sizeof *answer);
}
