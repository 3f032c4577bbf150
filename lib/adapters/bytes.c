/* The bytes between us and a provider: pairs, headers, words, and the provider's texts made safe to keep. */
#include "adapters/common.h"

#include <string.h>

/* ---- pairs --------------------------------------------------------------------------------------------- */

void pr_pairs_sort(pr_pair *pairs, size_t count)
{
    /* By insertion: at most 256 pairs, nearly sorted as providers send them, and nothing is allocated. */
    for (size_t i = 1; i < count; i++) {
        pr_pair p = pairs[i];
        size_t at = i;
        for (; at > 0 && strcmp(pairs[at - 1].name, p.name) > 0; at--) {
            pairs[at] = pairs[at - 1];
        }
        pairs[at] = p;
    }
}

int32_t pr_pairs_twice(const pr_pair *pairs, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (strcmp(pairs[i - 1].name, pairs[i].name) == 0) {
            return 1;
        }
    }
    return 0;
}

void pr_pairs_join(pr_buf *out, const pr_pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            pr_buf_put(out, "&");
        }
        pr_buf_put(out, pairs[i].name);
        pr_buf_put(out, "=");
        pr_buf_put(out, pairs[i].value);
    }
}

void pr_form_add(pr_buf *out, const char *name, const char *value)
{
    if (!value) {
        return;
    }
    if (out->len > 0) {
        pr_buf_put(out, "&");
    }
    pr_buf_urlencode(out, name, strlen(name));
    pr_buf_put(out, "=");
    pr_buf_urlencode(out, value, strlen(value));
}

void pr_pairs_encode(pr_buf *out, const pr_pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            pr_buf_put(out, "&");
        }
        pr_buf_urlencode(out, pairs[i].name, strlen(pairs[i].name));
        pr_buf_put(out, "=");
        pr_buf_urlencode(out, pairs[i].value, strlen(pairs[i].value));
    }
}

int32_t pr_header_add(pr_buf *out, const char *name, const char *value, pr_text *why)
{
    for (const char *p = value; *p; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f) {
            pr_text_format(why, "header %s: the value holds a control character", name);
            return PAYROUTE_E_ENCODING;
        }
    }
    pr_buf_put(out, name);
    pr_buf_put(out, ": ");
    pr_buf_put(out, value);
    pr_buf_put(out, "\r\n");
    return out->rc;
}

int32_t pr_adapter_url_join(pr_buf *out, const char *base, const char *path)
{
    size_t len = base ? strlen(base) : 0;
    while (len > 0 && base[len - 1] == '/') {
        len--;
    }
    pr_buf_bytes(out, base ? base : "", len);
    pr_buf_put(out, path);
    return out->rc;
}

/* ---- headers of a reply -------------------------------------------------------------------------------- */

typedef struct line {
    const char *at;
    size_t len;
} line;

static int32_t next_line(line *out, const char *headers, size_t len, size_t *pos)
{
    if (*pos >= len) {
        return 0;
    }
    const char *start = headers + *pos;
    const char *end = memchr(start, '\n', len - *pos);
    size_t n = end ? (size_t)(end - start) : len - *pos;
    *pos += n + (end ? 1u : 0u);
    while (n > 0 && start[n - 1] == '\r') {
        n--;
    }
    out->at = start;
    out->len = n;
    return 1;
}

/* 1: the line carries this name and its value fits; -1: it does not fit or holds a control character. */
static int32_t take_value(char *out, size_t cap, const line *l, const char *name)
{
    size_t n = strlen(name);
    if (l->len <= n || l->at[n] != ':' || !pr_text_equal_nocase(l->at, n, name, n)) {
        return 0;
    }
    const char *v = l->at + n + 1;
    size_t len = l->len - n - 1;
    while (len > 0 && (*v == ' ' || *v == '\t')) {
        v++;
        len--;
    }
    while (len > 0 && (v[len - 1] == ' ' || v[len - 1] == '\t')) {
        len--;
    }
    if (len + 1 > cap) {
        return -1;
    }
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)v[i] < 0x20 || v[i] == 0x7f) {
            return -1;
        }
    }
    memcpy(out, v, len);
    out[len] = '\0';
    return 1;
}

int32_t pr_header_get(char *out, size_t cap, const char *headers, size_t len, const char *name)
{
    if (cap == 0) {
        return -1;
    }
    out[0] = '\0';
    int32_t found = 0, bad = 0, ours = 0;
    line l;
    for (size_t pos = 0; headers && next_line(&l, headers, len, &pos);) {
        int32_t folded = l.len > 0 && (l.at[0] == ' ' || l.at[0] == '\t');
        if (folded && ours) {
            bad = 1; /* an obsolete continuation: the value is not what one line says */
            continue;
        }
        char scratch[1];
        int32_t r = found ? take_value(scratch, sizeof scratch, &l, name) : take_value(out, cap, &l, name);
        ours = r != 0;
        if (r < 0 || (r > 0 && found)) {
            bad = 1;
        }
        found = found || r > 0;
    }
    if (bad) {
        out[0] = '\0';
        return -1;
    }
    return found;
}

int64_t pr_reply_date(const pr_http_reply *reply)
{
    char text[64];
    int64_t ms = 0;
    if (pr_header_get(text, sizeof text, reply->headers, reply->headers_len, "Date") != 1 ||
        pr_time_parse_http(&ms, text, strlen(text)) != PAYROUTE_OK) {
        return 0;
    }
    return ms;
}

int64_t pr_reply_retry_after(const pr_http_reply *reply, int64_t now_ms)
{
    char text[64];
    if (pr_header_get(text, sizeof text, reply->headers, reply->headers_len, "Retry-After") != 1) {
        return 0;
    }
    int64_t seconds = 0;
    size_t i = 0;
    for (; text[i] >= '0' && text[i] <= '9' && i < 9; i++) {
        seconds = seconds * 10 + (text[i] - '0');
    }
    if (i > 0 && text[i] == '\0') {
        return seconds * 1000;
    }
    int64_t at = 0;
    if (pr_time_parse_http(&at, text, strlen(text)) == PAYROUTE_OK && at > now_ms) {
        return at - now_ms;
    }
    return 0;
}

int32_t pr_reply_evidence(const pr_http_reply *reply)
{
    return reply->verified_peer ? PR_EVIDENCE_TLS : PR_EVIDENCE_NONE;
}

int32_t pr_reply_parse(payroute_json **doc, const pr_http_reply *reply)
{
    *doc = NULL;
    if (!reply->body || reply->body_len == 0) {
        return PAYROUTE_E_JSON;
    }
    if (reply->body_len > PR_REPLY_CAP) {
        return PAYROUTE_E_LIMIT;
    }
    int32_t rc = payroute_json_parse(doc, reply->body, reply->body_len, NULL, 0);
    if (rc == PAYROUTE_OK && payroute_json_type(payroute_json_root(*doc)) != PAYROUTE_JSON_OBJECT) {
        payroute_json_free(*doc);
        *doc = NULL;
        rc = PAYROUTE_E_JSON;
    }
    return rc;
}

/* ---- words and messages -------------------------------------------------------------------------------- */

int32_t pr_word_copy(char *out, size_t cap, const char *text)
{
    out[0] = '\0';
    if (!text || !text[0]) {
        return 0;
    }
    size_t len = 0;
    for (; text[len]; len++) {
        if ((unsigned char)text[len] <= 0x20 || (unsigned char)text[len] >= 0x7f || len + 1 >= cap) {
            return -1;
        }
    }
    memcpy(out, text, len + 1);
    return 1;
}

int32_t pr_word_plain(const char *text)
{
    if (!text || !text[0]) {
        return 0;
    }
    for (const char *p = text; *p; p++) {
        if (!((*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '_' ||
              *p == '-')) {
            return 0;
        }
    }
    return 1;
}

static int32_t luhn_holds(const char *digits, size_t n)
{
    int32_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        int32_t d = digits[n - 1 - i] - '0';
        if (i % 2 == 1) {
            d = d > 4 ? 2 * d - 9 : 2 * d;
        }
        sum += d;
    }
    return sum % 10 == 0;
}

enum { CARD_MIN = 13, CARD_MAX = 19, RUN_MAX = 64 };

/* Digits with single blanks and dashes between them: all that is taken for one number, and where its groups begin. */
typedef struct digit_run {
    char digits[RUN_MAX];
    uint8_t begins[RUN_MAX + 1]; /* behind the last digit another begins */
    size_t n;                    /* those beyond RUN_MAX are counted, not kept */
    size_t end;                  /* in the text, one past the last digit */
} digit_run;

static void take_run(digit_run *r, const char *text, size_t i)
{
    memset(r, 0, sizeof *r);
    uint8_t begins = 1;
    for (size_t j = i; text[j]; j++) {
        if (text[j] >= '0' && text[j] <= '9') {
            if (r->n < RUN_MAX) {
                r->digits[r->n] = text[j];
                r->begins[r->n] = begins;
            }
            r->n++;
            r->end = j + 1;
            begins = 0;
        } else if ((text[j] != ' ' && text[j] != '-') || text[j + 1] < '0' || text[j + 1] > '9') {
            break;
        } else {
            begins = 1;
        }
    }
    r->begins[r->n < RUN_MAX ? r->n : RUN_MAX] = 1;
}

/* A card number is made of whole groups, beside which others may stand (a date, a count); in a run longer than any
   card number, such as an order's, it may also begin in the middle. */
static int32_t run_holds_card(const digit_run *r)
{
    if (r->n > RUN_MAX) {
        return 1;
    }
    for (size_t len = CARD_MIN; len <= CARD_MAX && len <= r->n; len++) {
        for (size_t at = 0; at + len <= r->n; at++) {
            int32_t whole = r->begins[at] && r->begins[at + len];
            int32_t inside = r->n > CARD_MAX && len >= 16 && r->digits[at] >= '3' && r->digits[at] <= '6';
            if ((whole || inside) && luhn_holds(r->digits + at, len)) {
                return 1;
            }
        }
    }
    return 0;
}

/* Everything between the first six and the last four digits of such a run becomes stars. */
static void mask_digits(char *text)
{
    for (size_t i = 0; text[i];) {
        if (text[i] < '0' || text[i] > '9') {
            i++;
            continue;
        }
        digit_run r;
        take_run(&r, text, i);
        int32_t card = run_holds_card(&r);
        size_t seen = 0;
        for (size_t k = i; card && k < r.end; k++) {
            if (text[k] >= '0' && text[k] <= '9') {
                seen++;
                if (seen > 6 && seen + 4 <= r.n) {
                    text[k] = '*';
                }
            }
        }
        i = r.end;
    }
}

/* Keys of ours by their looks, wherever they stand: what follows the prefix becomes stars. */
static void mask_tokens(char *text)
{
    static const char *const marks[] = {"sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_", "_secret_"};
    for (size_t m = 0; m < sizeof marks / sizeof marks[0]; m++) {
        for (char *at = strstr(text, marks[m]); at; at = strstr(at, marks[m])) {
            at += strlen(marks[m]);
            for (; (*at >= '0' && *at <= '9') || (*at >= 'A' && *at <= 'Z') || (*at >= 'a' && *at <= 'z');
                 at++) {
                *at = '*';
            }
        }
    }
}

static void mask_value(char *text, const char *secret)
{
    size_t n = secret ? strlen(secret) : 0;
    if (n < 6) {
        return;
    }
    for (char *at = strstr(text, secret); at; at = strstr(at, secret)) {
        memset(at, '*', n);
        at += n;
    }
}

static int32_t is_base64_letter(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '+' ||
           c == '/' || c == '=';
}

/* A part of a long secret: a private key that was cut, or broken into lines. */
static void mask_stretches(char *text, const char *secret)
{
    enum { STRETCH = 16, RUN = 24 };
    for (size_t at = 0, run; secret && text[at]; at += run > 0 ? run : 1) {
        for (run = 0; is_base64_letter(text[at + run]); run++) {
        }
        for (size_t i = 0; run >= RUN && i + STRETCH <= run; i++) {
            char piece[STRETCH + 1];
            memcpy(piece, text + at + i, STRETCH);
            piece[STRETCH] = '\0';
            if (strstr(secret, piece)) {
                memset(text + at, '*', run);
                break;
            }
        }
    }
}

void pr_message_copy(char *out, size_t cap, const char *text, const pr_channel *channel)
{
    char room[1024]; /* masked before it is cut, so that no half of a secret is kept */
    pr_text t;
    pr_text_init(&t, room, sizeof room);
    pr_text_put(&t, text ? text : "");
    for (char *p = room; *p; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f) {
            *p = ' ';
        }
    }
    for (int32_t c = 0; channel && channel->provider && c < channel->credential_count; c++) {
        for (int32_t i = 0; i < channel->provider->field_count && i < PR_CREDENTIAL_FIELDS_MAX; i++) {
            int32_t kind = channel->provider->fields[i].kind;
            if (kind == PR_FIELD_SECRET || kind == PR_FIELD_RSA_PRIVATE) {
                mask_value(room, channel->credentials[c].values[i]);
                mask_stretches(room, channel->credentials[c].values[i]);
            }
        }
    }
    mask_tokens(room);
    mask_digits(room);
    if (t.cut) { /* a secret could have been cut in two by the first limit: its head is dropped with the tail
                    of the text */
        room[sizeof room / 2] = '\0';
    }
    pr_text_init(&t, out, cap);
    pr_text_put(&t, room);
}
