/* Addresses in the configuration: plain characters, a host that cannot be mistaken, no user name in front of
   it (the usual way to make "https://api.example.com@evil" look right). */
#include "registry/keys.h"

#include <string.h>

static int32_t is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int32_t is_host_char(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
           c == '_';
}

/* 127.a.b.c in four decimal numbers: "127.0.0.1.example.com" is another host. */
static int32_t is_loopback_v4(const char *host, size_t len)
{
    int32_t parts = 0;
    size_t i = 0;
    int32_t first = -1;
    while (i < len) {
        int32_t value = 0;
        size_t digits = 0;
        while (i < len && is_digit(host[i]) && digits < 4) {
            value = value * 10 + (host[i++] - '0');
            digits++;
        }
        if (digits == 0 || digits > 3 || value > 255) {
            return 0;
        }
        first = parts == 0 ? value : first;
        parts++;
        if (i < len && (host[i++] != '.' || i == len)) {
            return 0;
        }
    }
    return parts == 4 && first == 127;
}

static int32_t is_loopback(const char *host, size_t len)
{
    return (len == 9 && memcmp(host, "localhost", 9) == 0) || (len == 5 && memcmp(host, "[::1]", 5) == 0) ||
           is_loopback_v4(host, len);
}

/* Length of the host at `at`, 0: none. An IPv6 address keeps its brackets. */
static size_t host_length(const char *at)
{
    size_t n = 0;
    if (*at == '[') {
        n = strspn(at + 1, "0123456789abcdefABCDEF:.") + 1;
        return n > 3 && at[n] == ']' ? n + 1 : 0;
    }
    while (is_host_char(at[n])) {
        n++;
    }
    return n;
}

static int32_t is_port(const char *at, size_t len)
{
    int32_t value = 0;
    for (size_t i = 0; i < len && i < 6; i++) { /* a longer one is refused by its length */
        if (!is_digit(at[i])) {
            return 0;
        }
        value = value * 10 + (at[i] - '0');
    }
    return len >= 1 && len <= 5 && value >= 1 && value <= 65535;
}

const char *pr_url_check(const char *url, int32_t *loopback, int32_t *plain)
{
    *loopback = 0;
    *plain = 0;
    const char *at = url;
    if (strncmp(at, "https://", 8) == 0) {
        at += 8;
    } else if (strncmp(at, "http://", 7) == 0) {
        at += 7;
        *plain = 1;
    } else {
        return "an address that begins with https://";
    }
    for (const char *c = url; *c != '\0'; c++) {
        if (*c <= 0x20 || *c >= 0x7f || strchr("\"<>\\^`{|}", *c) != NULL) {
            return "an address without blanks, quotes or bytes beyond ASCII";
        }
    }
    size_t host = host_length(at);
    const char *after = at + host;
    size_t authority = strcspn(at, "/?#");
    if (host == 0 || host > 255 || host > authority || memchr(at, '@', authority) != NULL) {
        return "an address with a host and without user name";
    }
    if (host < authority && (*after != ':' || !is_port(after + 1, authority - host - 1))) {
        return "an address with a host and a port from 1 to 65535";
    }
    if (strchr(url, '#') != NULL) {
        return "an address without #fragment";
    }
    *loopback = is_loopback(at, host);
    return NULL;
}
