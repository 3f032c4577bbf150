/* Plain means: memory, growing text, urlencoded parameters, a hash map, yuan amounts, the two clocks'
 * formats. */
#include "sandbox.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

void *sb_alloc(size_t size)
{
    void *at = calloc(1, size ? size : 1);
    if (!at) {
        fputs("payroute-sandbox: out of memory\n", stderr);
        exit(70);
    }
    return at;
}

char *sb_dup(const char *text)
{
    if (!text) {
        return NULL;
    }
    size_t len = strlen(text) + 1;
    return memcpy(sb_alloc(len), text, len);
}

static char *print_list(const char *format, va_list list)
{
    char *out = NULL;
    if (vasprintf(&out, format, list) < 0) {
        fputs("payroute-sandbox: out of memory\n", stderr);
        exit(70);
    }
    return out;
}

char *sb_print(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    char *out = print_list(format, list);
    va_end(list);
    return out;
}

void sb_copy(char *to, size_t cap, const char *text)
{
    snprintf(to, cap, "%s", text ? text : "");
}

bool sb_same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

void sb_buf_add(struct sb_buf *buf, const char *text, size_t len)
{
    if (buf->len + len + 1 > buf->cap) {
        size_t cap = (buf->len + len + 1) * 2;
        char *at = realloc(buf->at, cap);
        if (!at) {
            fputs("payroute-sandbox: out of memory\n", stderr);
            exit(70);
        }
        buf->at = at;
        buf->cap = cap;
    }
    if (len) {
        memcpy(buf->at + buf->len, text, len);
    }
    buf->len += len;
    buf->at[buf->len] = 0;
}

void sb_buf_put(struct sb_buf *buf, const char *text)
{
    sb_buf_add(buf, text, strlen(text));
}

void sb_buf_print(struct sb_buf *buf, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    char *text = print_list(format, list);
    va_end(list);
    sb_buf_put(buf, text);
    free(text);
}

void sb_buf_free(struct sb_buf *buf)
{
    free(buf->at);
    memset(buf, 0, sizeof *buf);
}

void sb_params_add(struct sb_params *params, const char *key, const char *value)
{
    if (params->count == params->cap) {
        size_t cap = params->cap ? params->cap * 2 : 8;
        struct sb_pair *at = sb_alloc(cap * sizeof *at);
        if (params->count) {
            memcpy(at, params->at, params->count * sizeof *at);
        }
        free(params->at);
        params->at = at;
        params->cap = cap;
    }
    params->at[params->count].key = sb_dup(key);
    params->at[params->count].value = sb_dup(value ? value : "");
    params->count++;
}

const char *sb_params_get(const struct sb_params *params, const char *key)
{
    for (size_t i = 0; i < params->count; i++) {
        if (strcmp(params->at[i].key, key) == 0) {
            return params->at[i].value;
        }
    }
    return NULL;
}

const char *sb_params_find(const struct sb_params *params, const char *header)
{
    for (size_t i = 0; i < params->count; i++) {
        if (strcasecmp(params->at[i].key, header) == 0) {
            return params->at[i].value;
        }
    }
    return NULL;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

static char *url_decode(const char *text, size_t len)
{
    char *out = sb_alloc(len + 1);
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '+') {
            out[n++] = ' ';
        } else if (text[i] == '%' && i + 2 < len && hex_digit(text[i + 1]) >= 0 &&
                   hex_digit(text[i + 2]) >= 0) {
            out[n++] = (char)(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
            i += 2;
        } else {
            out[n++] = text[i];
        }
    }
    out[n] = 0;
    return out;
}

void sb_params_parse(struct sb_params *params, const char *text, size_t len)
{
    const char *end = text + len;
    while (text < end) {
        const char *stop = memchr(text, '&', (size_t)(end - text));
        if (!stop) {
            stop = end;
        }
        const char *equal = memchr(text, '=', (size_t)(stop - text));
        const char *key_end = equal ? equal : stop;
        if (key_end > text) {
            char *key = url_decode(text, (size_t)(key_end - text));
            char *value = equal ? url_decode(equal + 1, (size_t)(stop - equal - 1)) : sb_dup("");
            sb_params_add(params, key, value);
            free(key);
            free(value);
        }
        text = stop + 1;
    }
}

static void url_encode(struct sb_buf *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (isalnum(c) || strchr("-_.~", c)) {
            sb_buf_add(out, text, 1);
        } else if (c == ' ') {
            sb_buf_put(out, "+");
        } else {
            sb_buf_print(out, "%%%02X", c);
        }
    }
}

char *sb_params_encode(const struct sb_params *params)
{
    struct sb_buf out = {0};
    for (size_t i = 0; i < params->count; i++) {
        if (i) {
            sb_buf_put(&out, "&");
        }
        url_encode(&out, params->at[i].key);
        sb_buf_put(&out, "=");
        url_encode(&out, params->at[i].value);
    }
    sb_buf_add(&out, "", 0);
    return out.at;
}

static int by_key(const void *a, const void *b)
{
    const struct sb_pair *x = a, *y = b;
    int order = strcmp(x->key, y->key);
    return order ? order : strcmp(x->value, y->value);
}

void sb_params_sort(struct sb_params *params)
{
    if (params->count) {
        qsort(params->at, params->count, sizeof *params->at, by_key);
    }
}

void sb_params_free(struct sb_params *params)
{
    for (size_t i = 0; i < params->count; i++) {
        free(params->at[i].key);
        free(params->at[i].value);
    }
    free(params->at);
    memset(params, 0, sizeof *params);
}

static size_t slot_of(const char *key)
{
    uint32_t hash = 2166136261u;
    for (; *key; key++) {
        hash = (hash ^ (unsigned char)*key) * 16777619u;
    }
    return hash & 1023u;
}

void *sb_map_get(const struct sb_map *map, const char *key)
{
    if (!key) {
        return NULL;
    }
    for (const struct sb_cell *cell = map->slot[slot_of(key)]; cell; cell = cell->next) {
        if (strcmp(cell->key, key) == 0) {
            return cell->value;
        }
    }
    return NULL;
}

void sb_map_set(struct sb_map *map, const char *key, void *value)
{
    struct sb_cell **slot = &map->slot[slot_of(key)];
    for (struct sb_cell *cell = *slot; cell; cell = cell->next) {
        if (strcmp(cell->key, key) == 0) {
            cell->value = value;
            return;
        }
    }
    struct sb_cell *cell = sb_alloc(sizeof *cell);
    cell->key = sb_dup(key);
    cell->value = value;
    cell->next = *slot;
    *slot = cell;
}

bool sb_int_read(const char *text, int64_t *out)
{
    if (!text || !*text || strlen(text) > 18) {
        return false;
    }
    int64_t value = 0;
    for (const char *at = text; *at; at++) {
        if (*at < '0' || *at > '9') {
            return false;
        }
        value = value * 10 + (*at - '0');
    }
    *out = value;
    return true;
}

/* "12", "12.3" and "12.34"; at most nine digits before the point, as Alipay's Price(11). */
bool sb_yuan_read(const char *text, int64_t *minor)
{
    int64_t whole = 0, cents = 0;
    int digits = 0, places = 0;
    if (!text) {
        return false;
    }
    for (; *text >= '0' && *text <= '9'; text++, digits++) {
        whole = whole * 10 + (*text - '0');
    }
    if (digits < 1 || digits > 9) {
        return false;
    }
    if (*text == '.') {
        for (text++; *text >= '0' && *text <= '9' && places < 2; text++, places++) {
            cents = cents * 10 + (*text - '0');
        }
        if (places == 0) {
            return false;
        }
    }
    if (*text) {
        return false;
    }
    *minor = whole * 100 + (places == 1 ? cents * 10 : cents);
    return true;
}

void sb_yuan_write(int64_t minor, char *out, size_t cap)
{
    snprintf(out, cap, "%lld.%02lld", (long long)(minor / 100), (long long)(minor % 100));
}

static void broken_down(int64_t ms, struct tm *tm)
{
    time_t seconds = (time_t)(ms / 1000 - (ms % 1000 < 0));
    if (!gmtime_r(&seconds, tm)) {
        time_t zero = 0;
        gmtime_r(&zero, tm);
    }
}

void sb_beijing_write(int64_t ms, char out[24])
{
    struct tm tm;
    broken_down(ms + 8 * INT64_C(3600000), &tm);
    if (!strftime(out, 24, "%Y-%m-%d %H:%M:%S", &tm)) {
        *out = 0;
    }
}

bool sb_beijing_read(const char *text, int64_t *ms)
{
    struct tm tm = {0};
    if (!text || strlen(text) != 19) {
        return false;
    }
    const char *end = strptime(text, "%Y-%m-%d %H:%M:%S", &tm);
    if (!end || *end) {
        return false;
    }
    *ms = ((int64_t)timegm(&tm) - 8 * 3600) * 1000;
    return true;
}

/* "2018-06-08T10:34:56+08:00", with any offset or Z, and a fraction that is left out. */
bool sb_rfc3339_read(const char *text, int64_t *ms)
{
    struct tm tm = {0};
    const char *at = text && strlen(text) >= 20 ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
    int hours = 0, minutes = 0, used = 0;
    if (!at || at - text != 19) {
        return false;
    }
    if (*at == '.') {
        at += 1 + strspn(at + 1, "0123456789");
    }
    if (strcmp(at, "Z") != 0) {
        if ((*at != '+' && *at != '-') || sscanf(at + 1, "%2d:%2d%n", &hours, &minutes, &used) != 2 ||
            used != 5 || at[6]) {
            return false;
        }
        if (*at == '-') {
            hours = -hours;
            minutes = -minutes;
        }
    }
    *ms = ((int64_t)timegm(&tm) - hours * 3600 - minutes * 60) * 1000;
    return true;
}

void sb_rfc3339_write(int64_t ms, char out[32])
{
    char beijing[24];
    sb_beijing_write(ms, beijing);
    beijing[10] = 'T';
    snprintf(out, 32, "%.19s+08:00", beijing);
}

void sb_date_write(int64_t ms, char out[40])
{
    static const char *const day[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const month[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm tm;
    broken_down(ms, &tm);
    snprintf(out, 40, "%s, %02d %s %04d %02d:%02d:%02d GMT", day[tm.tm_wday % 7], tm.tm_mday,
             month[tm.tm_mon % 12], (tm.tm_year + 1900) % 10000, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

void sb_json_int(cJSON *object, const char *name, int64_t value)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%lld", (long long)value); /* cJSON would print a double */
    cJSON_AddRawToObject(object, name, digits);
}

void sb_json_text(cJSON *object, const char *name, const char *value)
{
    if (value) {
        cJSON_AddStringToObject(object, name, value);
    } else {
        cJSON_AddNullToObject(object, name);
    }
}

const char *sb_json_get(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

int64_t sb_json_number(const cJSON *object, const char *name, int64_t otherwise)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!cJSON_IsNumber(item) || item->valuedouble > 9e15 || item->valuedouble < -9e15) {
        return otherwise;
    }
    return (int64_t)item->valuedouble;
}

bool sb_json_true(const cJSON *object, const char *name)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, name));
}
