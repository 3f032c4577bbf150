/* See lines.h. A scanner of its own: numbers are read as scaled integers straight from their digits, strings
   that matter are words without escapes, everything unknown is skipped but must be JSON. */
#include "route/lines.h"

#include "health/health.h"

#include <payroute/base.h>

#include <string.h>

enum { DEPTH_MAX = 16 };

typedef struct line_scan {
    const char *at, *end;
    int32_t rc;
    pr_text *why;
    const char *start;
} line_scan;

typedef struct line_slice {
    const char *at;
    size_t len;
} line_slice;

static int32_t refuse_line(line_scan *s, int32_t rc, const char *what)
{
    if (s->rc == PAYROUTE_OK) {
        s->rc = rc;
        pr_text_format(s->why, "byte %d: %s", (int)(s->at - s->start), what);
    }
    return 0;
}

static int32_t line_peek(line_scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\r' || *s->at == '\n')) {
        s->at++;
    }
    return s->at < s->end ? (unsigned char)*s->at : 0;
}

static int32_t line_expect(line_scan *s, char c)
{
    if (line_peek(s) != c) {
        return refuse_line(s, PAYROUTE_E_JSON, c == '"' ? "a string is expected" : "no JSON");
    }
    s->at++;
    return 1;
}

/* How long the escape is that begins here; 0: it is none. */
static int32_t escape_length(const line_scan *s)
{
    static const char letters[] = "\"\\/bfnrt", hex[] = "0123456789abcdefABCDEF";
    int32_t n = 2;
    if (s->end - s->at < 2 || (s->at[1] != 'u' && memchr(letters, s->at[1], sizeof letters - 1) == NULL)) {
        return 0;
    }
    for (; s->at[1] == 'u' && n < 6; n++) {
        if (s->end - s->at <= n || memchr(hex, s->at[n], sizeof hex - 1) == NULL) {
            return 0;
        }
    }
    return n;
}

/* Between the quotes, escapes as they stand. */
static line_slice string_slice(line_scan *s)
{
    line_slice out = {NULL, 0};
    if (!line_expect(s, '"')) {
        return out;
    }
    const char *begin = s->at;
    while (s->at < s->end && *s->at != '"') {
        int32_t step = (unsigned char)*s->at < 0x20 ? 0 : *s->at == '\\' ? escape_length(s) : 1;
        if (step == 0) {
            refuse_line(s, PAYROUTE_E_JSON, "a bad string");
            return out;
        }
        s->at += step;
    }
    if (s->at >= s->end) {
        refuse_line(s, PAYROUTE_E_JSON, "a string without end");
        return out;
    }
    out = (line_slice){begin, (size_t)(s->at - begin)};
    s->at++;
    return out;
}

/* The words that are known have no escapes; one with them might be any of them, and must not pass as a
 * stranger. */
static line_slice plain_slice(line_scan *s)
{
    line_slice word = string_slice(s);
    if (word.len > 0 && memchr(word.at, '\\', word.len) != NULL) {
        refuse_line(s, PAYROUTE_E_SCHEMA, "a word with an escape in it");
    }
    return word;
}

static int32_t on_digit(const line_scan *s)
{
    return s->at < s->end && *s->at >= '0' && *s->at <= '9';
}

typedef struct decimal {
    int64_t mantissa;
    int32_t scale; /* value = mantissa * 10^scale */
    int32_t negative;
} decimal;

static void line_digits(line_scan *s, decimal *d, int32_t step)
{
    if (!on_digit(s)) {
        refuse_line(s, PAYROUTE_E_JSON, "a digit is expected");
    }
    for (; on_digit(s); s->at++) {
        if (d->mantissa < 100000000000000000) {
            d->mantissa = d->mantissa * 10 + (*s->at - '0');
            d->scale += step;
        } else {
            d->scale += step + 1; /* beyond 18 digits: their place counts, they do not */
        }
    }
}

static int32_t read_exponent(line_scan *s)
{
    int32_t e = 0, sign = 1;
    s->at++;
    if (s->at < s->end && (*s->at == '+' || *s->at == '-')) {
        sign = *s->at++ == '-' ? -1 : 1;
    }
    if (!on_digit(s)) {
        refuse_line(s, PAYROUTE_E_JSON, "a digit is expected");
    }
    for (; on_digit(s); s->at++) {
        e = e < 10000 ? e * 10 + (*s->at - '0') : e;
    }
    return e * sign;
}

static decimal read_decimal(line_scan *s)
{
    decimal d = {0, 0, 0};
    if (line_peek(s) == '-') {
        d.negative = 1;
        s->at++;
    }
    const char *first = s->at;
    line_digits(s, &d, 0);
    if (s->rc == PAYROUTE_OK && *first == '0' && s->at - first > 1) {
        refuse_line(s, PAYROUTE_E_JSON, "a leading zero");
    }
    if (s->at < s->end && *s->at == '.') {
        s->at++;
        line_digits(s, &d, -1);
    }
    if (s->at < s->end && (*s->at == 'e' || *s->at == 'E')) {
        d.scale += read_exponent(s);
    }
    return d;
}

/* value * 10^places, to the nearest; beyond ±10^17 refused. */
static int64_t scaled(line_scan *s, decimal d, int32_t places)
{
    int64_t v = d.mantissa;
    int32_t shift = d.scale + places, rest = 0;
    for (; shift < 0 && v > 0; shift++) {
        rest = (int32_t)(v % 10);
        v /= 10;
    }
    v += shift == 0 && rest >= 5;
    for (; shift > 0 && v > 0 && v < 100000000000000000; shift--) {
        v *= 10;
    }
    if (v >= 100000000000000000) {
        refuse_line(s, PAYROUTE_E_RANGE, "a number that is too large");
        v = 0;
    }
    return d.negative ? -v : v;
}

static void line_skip(line_scan *s, int32_t depth);

static void line_skip_members(line_scan *s, char close, int32_t depth)
{
    s->at++;
    if (line_peek(s) == close) {
        s->at++;
        return;
    }
    do {
        if (close == '}') {
            (void)string_slice(s);
            line_expect(s, ':');
        }
        line_skip(s, depth + 1);
    } while (s->rc == PAYROUTE_OK && line_peek(s) == ',' && s->at++);
    line_expect(s, close);
}

static int32_t line_word(line_scan *s, const char *w)
{
    size_t n = strlen(w);
    if ((size_t)(s->end - s->at) < n || memcmp(s->at, w, n) != 0) {
        return 0;
    }
    s->at += n;
    return 1;
}

static void line_skip(line_scan *s, int32_t depth)
{
    int32_t c = line_peek(s);
    if (depth > DEPTH_MAX) {
        refuse_line(s, PAYROUTE_E_JSON, "too deep");
    } else if (c == '"') {
        (void)string_slice(s);
    } else if (c == '{' || c == '[') {
        line_skip_members(s, c == '{' ? '}' : ']', depth);
    } else if (c == '-' || (c >= '0' && c <= '9')) {
        (void)read_decimal(s);
    } else if (!line_word(s, "true") && !line_word(s, "false") && !line_word(s, "null")) {
        refuse_line(s, PAYROUTE_E_JSON, "no JSON");
    }
}

/* ---- what is known ---- */

typedef struct line_field {
    const char *name;
    int32_t id;
    int32_t places; /* seconds are kept in ms, rates in millionths */
    int64_t low, high;
} line_field;
#define LONG_TIME 100000000000000 /* ms */
static const line_field known[] = {
    {"t", PR_FIELD_T, 3, 0, LONG_TIME},
    {"id", PR_FIELD_ID, 0, 0, 99999999999999999},
    {"k", PR_FIELD_K, 0, 0, PR_LINE_CHANNELS - 1},
    {"method", PR_FIELD_METHOD, 0, -1, 1000000000},
    {"issuer", PR_FIELD_ISSUER, 0, -1, 1000000000},
    {"lat", PR_FIELD_LAT, 3, 0, LONG_TIME},
    {"delay", PR_FIELD_DELAY, 3, 0, LONG_TIME},
    {"deadline", PR_FIELD_DEADLINE, 3, 0, LONG_TIME},
    {"v", PR_FIELD_V, 0, 1, 1},
    {"patience", PR_FIELD_PATIENCE, 3, 1, 86400000},
    {"seed", PR_FIELD_SEED, 0, -99999999999999999, 99999999999999999},
};
static const line_field of_channel[] = {
    {"k", PR_FIELD_K, 0, 0, PR_LINE_CHANNELS - 1},
    {"prior_sr", PR_FIELD_PRIOR, 6, 0, 1000000},
};

static int32_t is_name(line_slice a, const char *b)
{
    return a.len == strlen(b) && memcmp(a.at, b, a.len) == 0;
}

static const line_field *find_field(const line_field *list, size_t n, line_slice name)
{
    for (size_t i = 0; i < n; i++) {
        if (is_name(name, list[i].name)) {
            return &list[i];
        }
    }
    return NULL;
}

static int64_t number_in(line_scan *s, const line_field *f)
{
    int32_t c = line_peek(s);
    if (c != '-' && (c < '0' || c > '9')) {
        refuse_line(s, PAYROUTE_E_SCHEMA, "a number is expected");
        return 0;
    }
    int64_t v = scaled(s, read_decimal(s), f->places);
    if (s->rc == PAYROUTE_OK && (v < f->low || v > f->high)) {
        refuse_line(s, PAYROUTE_E_RANGE, "a number out of range");
    }
    return v;
}

static int64_t flag_in(line_scan *s)
{
    (void)line_peek(s);
    int64_t v = line_word(s, "true");
    if (!v && !line_word(s, "false")) {
        refuse_line(s, PAYROUTE_E_SCHEMA, "true or false is expected");
    }
    return v;
}

typedef struct meaning {
    const char *name;
    int32_t value;
} meaning;
static const meaning events[] = {{"route", PR_LINE_ROUTE}, {"start", PR_LINE_START}, {"end", PR_LINE_END},
                                 {"final", PR_LINE_FINAL}, {"tick", PR_LINE_TICK},   {"probe", PR_LINE_PROBE},
                                 {"hello", PR_LINE_HELLO}, {"bye", PR_LINE_BYE}};
static const meaning results[] = {{"ok", PR_HEALTH_APPROVED},
                                  {"soft", PR_HEALTH_DECLINED_SOFT},
                                  {"hard", PR_HEALTH_DECLINED_HARD},
                                  {"not_sent", PR_HEALTH_NOT_SENT},
                                  {"limited", PR_HEALTH_LIMITED},
                                  {"unknown", PR_HEALTH_UNKNOWN},
                                  {"pending", PR_HEALTH_PENDING},
                                  {"closed", 0},
                                  {"failed", 0}};

static int32_t meaning_in(line_scan *s, const meaning *list, size_t n, int32_t other)
{
    line_slice text = plain_slice(s);
    for (size_t i = 0; s->rc == PAYROUTE_OK && i < n; i++) {
        if (is_name(text, list[i].name)) {
            return list[i].value;
        }
    }
    if (other < 0) {
        refuse_line(s, PAYROUTE_E_SCHEMA, "an unknown result");
    }
    return other;
}

static int64_t failed_in(line_scan *s)
{
    uint64_t bits = 0;
    if (line_peek(s) != '[') {
        refuse_line(s, PAYROUTE_E_SCHEMA, "an array is expected");
        return 0;
    }
    s->at++;
    if (line_peek(s) == ']') {
        s->at++;
        return 0;
    }
    do {
        int64_t k = number_in(s, &known[2]);
        bits |= s->rc == PAYROUTE_OK ? 1ULL << k : 0;
    } while (s->rc == PAYROUTE_OK && line_peek(s) == ',' && s->at++);
    line_expect(s, ']');
    return (int64_t)bits;
}

static void channel_in(line_scan *s, pr_line *out)
{
    int64_t number[PR_FIELDS] = {0};
    uint32_t has = 0;
    if (line_peek(s) != '{') {
        refuse_line(s, PAYROUTE_E_SCHEMA, "an object is expected");
        return;
    }
    s->at++;
    do {
        line_slice name = plain_slice(s);
        const line_field *f = line_expect(s, ':')
                                  ? find_field(of_channel, sizeof of_channel / sizeof of_channel[0], name)
                                  : NULL;
        if (f == NULL) {
            line_skip(s, 1);
            continue;
        }
        if (has >> f->id & 1U) {
            refuse_line(s, PAYROUTE_E_JSON, "a name that is there twice");
        }
        number[f->id] = number_in(s, f);
        has |= 1U << f->id;
    } while (s->rc == PAYROUTE_OK && line_peek(s) == ',' && s->at++);
    if (line_expect(s, '}') && !(has >> PR_FIELD_K & 1U)) {
        refuse_line(s, PAYROUTE_E_SCHEMA, "a channel without \"k\"");
    }
    if (s->rc == PAYROUTE_OK && number[PR_FIELD_K] != out->channel_count) {
        refuse_line(s, PAYROUTE_E_SCHEMA, "channels are numbered 0, 1, 2 and on");
    }
    if (s->rc == PAYROUTE_OK) {
        out->prior_millionths[out->channel_count++] = number[PR_FIELD_PRIOR];
    }
}

static void channels_in(line_scan *s, pr_line *out)
{
    if (line_peek(s) != '[') {
        refuse_line(s, PAYROUTE_E_SCHEMA, "an array is expected");
        return;
    }
    s->at++;
    do {
        channel_in(s, out);
    } while (s->rc == PAYROUTE_OK && line_peek(s) == ',' && s->at++);
    line_expect(s, ']');
}

static void mark_seen(line_scan *s, pr_line *out, int32_t id)
{
    if (out->has >> id & 1U) {
        refuse_line(s, PAYROUTE_E_JSON, "a name that is there twice");
    }
    out->has |= 1U << id;
}

static void member_in(line_scan *s, pr_line *out)
{
    line_slice name = plain_slice(s);
    if (!line_expect(s, ':')) {
        return;
    }
    const line_field *f = find_field(known, sizeof known / sizeof known[0], name);
    if (f != NULL) {
        mark_seen(s, out, f->id);
        out->number[f->id] = number_in(s, f);
    } else if (is_name(name, "ev")) {
        mark_seen(s, out, PR_FIELD_EV);
        int32_t event = meaning_in(s, events, sizeof events / sizeof events[0], PR_LINE_OTHER);
        out->event = s->rc == PAYROUTE_OK ? event : 0;
    } else if (is_name(name, "res")) {
        mark_seen(s, out, PR_FIELD_RES);
        out->res = meaning_in(s, results, sizeof results / sizeof results[0], -1);
    } else if (is_name(name, "failed")) {
        mark_seen(s, out, PR_FIELD_FAILED);
        out->number[PR_FIELD_FAILED] = failed_in(s);
    } else if (is_name(name, "ok")) {
        mark_seen(s, out, PR_FIELD_OK);
        out->number[PR_FIELD_OK] = flag_in(s);
    } else if (is_name(name, "probes")) {
        mark_seen(s, out, PR_FIELD_PROBES);
        out->number[PR_FIELD_PROBES] = flag_in(s);
    } else if (is_name(name, "channels")) {
        mark_seen(s, out, PR_FIELD_CHANNELS);
        channels_in(s, out);
    } else {
        line_skip(s, 1);
    }
}

/* Of a line that was refused before its "ev" was read: whether an answer is due must be known nevertheless,
   or the host takes it for the answer to its next question. 0: there is no telling. */
static int32_t event_behind(const char *text, size_t len)
{
    char unused[2];
    pr_text none;
    pr_text_init(&none, unused, sizeof unused);
    line_scan s = {text, text + len, PAYROUTE_OK, &none, text};
    (void)line_expect(&s, '{');
    while (s.rc == PAYROUTE_OK) {
        line_slice name = string_slice(&s);
        (void)line_expect(&s, ':');
        if (s.rc == PAYROUTE_OK && is_name(name, "ev")) {
            int32_t event = meaning_in(&s, events, sizeof events / sizeof events[0], PR_LINE_OTHER);
            return s.rc == PAYROUTE_OK ? event : 0;
        }
        line_skip(&s, 1);
        (void)line_expect(&s, ',');
    }
    return 0;
}

int32_t pr_line_read(pr_line *out, const char *text, size_t len, pr_text *why)
{
    line_scan s = {text, text + len, PAYROUTE_OK, why, text};
    out->has = 0;
    out->event = out->res = out->channel_count = 0;
    memset(out->number, 0, sizeof out->number);
    if (!pr_utf8_valid(text, len)) {
        refuse_line(&s, PAYROUTE_E_JSON, "not UTF-8");
        return s.rc;
    }
    if (line_expect(&s, '{') && line_peek(&s) != '}') {
        do {
            member_in(&s, out);
        } while (s.rc == PAYROUTE_OK && line_peek(&s) == ',' && s.at++);
    }
    line_expect(&s, '}');
    (void)line_peek(&s);
    if (s.rc == PAYROUTE_OK && s.at < s.end) {
        refuse_line(&s, PAYROUTE_E_JSON, "text behind the object"); /* a NUL, too */
    }
    if (s.rc == PAYROUTE_OK && out->event == 0) {
        refuse_line(&s, PAYROUTE_E_SCHEMA, "\"ev\" is missing");
    } else if (s.rc != PAYROUTE_OK && out->event == 0) {
        out->event = event_behind(text, len);
    }
    return s.rc;
}
