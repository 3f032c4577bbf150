/* Small readers, by a letter: forms, amounts against a second and slower reading, header lines, times, base64
 * and hex. */
#include "kit.h"

#include "adapters/common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- forms ---- */

static void read_form(const char *text, size_t len)
{
    pr_form *form = NULL;
    int32_t rc = pr_form_parse(&form, text, len);
    if (rc != PAYROUTE_OK) {
        FUZZ_EXPECT(form == NULL && (rc == PAYROUTE_E_ENCODING || rc == PAYROUTE_E_LIMIT), "rc %d", (int)rc);
        return;
    }
    size_t pieces = 0;
    for (size_t i = 0; i < len; i++) {
        pieces += text[i] != '&' && (i == 0 || text[i - 1] == '&');
    }
    FUZZ_EXPECT(pieces == pr_form_count(form), "%zu pairs of %zu", pr_form_count(form), pieces);
    pr_buf whole;
    pr_buf_init(&whole);
    for (size_t i = 0; i < pieces; i++) {
        pr_form_add(&whole, pr_form_name(form, i), pr_form_value(form, i));
    }
    pr_form *again = NULL;
    FUZZ_EXPECT(pr_form_parse(&again, whole.at, whole.len) == PAYROUTE_OK, "written again it is no form: %s",
                whole.at);
    FUZZ_EXPECT(pr_form_count(again) == pieces, "another count");
    for (size_t i = 0; i < pieces; i++) {
        const char *name = pr_form_name(form, i);
        size_t times = 0;
        for (size_t k = 0; k < pieces; k++) {
            times += strcmp(pr_form_name(form, k), name) == 0;
        }
        FUZZ_EXPECT(strcmp(name, pr_form_name(again, i)) == 0 &&
                        strcmp(pr_form_value(form, i), pr_form_value(again, i)) == 0,
                    "another pair");
        FUZZ_EXPECT(pr_form_get(form, name) == (times == 1 ? pr_form_value(form, i) : NULL), "%s, %zu times",
                    name, times);
    }
    pr_form_free(form);
    pr_form_free(again);
    pr_buf_free(&whole);
}

/* ---- amounts ---- */

static const char *const currencies[] = {"CNY", "JPY", "KWD", "UYW", "USD"};

/* By its definition: digits, a point between digits, zeros behind the last decimal, 15 significant digits. */
static int64_t slow_amount(const char *text, size_t len, int32_t decimals)
{
    char digits[160] = "";
    const char *point = strchr(text, '.');
    if (strlen(text) != len || len == 0 || len > 64 || strspn(text, "0123456789.") != len ||
        (point != NULL && (point == text || point[1] == '\0' || strchr(point + 1, '.') != NULL))) {
        return -1;
    }
    size_t whole = point != NULL ? (size_t)(point - text) : len;
    const char *rest = point != NULL ? point + 1 : "";
    if (strlen(rest) > (size_t)decimals && strspn(rest + decimals, "0") != strlen(rest + decimals)) {
        return -1;
    }
    snprintf(digits, sizeof digits, "%.*s%.*s", (int)whole, text, decimals, rest);
    for (size_t i = strlen(rest); i < (size_t)decimals; i++) {
        strcat(digits, "0");
    }
    const char *first = digits + strspn(digits, "0");
    return strlen(first) > 15 ? -1 : strtoll(digits, NULL, 10);
}

static void read_amount(fuzz_in *in)
{
    const char *currency = currencies[fuzz_below(in, 5)];
    size_t len;
    char *text = fuzz_rest(in, &len);
    int64_t amount = -7;
    int32_t rc = payroute_amount_parse(&amount, currency, text, len);
    int64_t slow = slow_amount(text, len, payroute_currency_exponent(currency));
    FUZZ_EXPECT((rc == PAYROUTE_OK) == (slow >= 0), "%s %s: rc %d, slowly %lld", currency, text, (int)rc,
                (long long)slow);
    FUZZ_EXPECT(amount == (rc == PAYROUTE_OK ? slow : -7), "%s %s is %lld, slowly %lld", currency, text,
                (long long)amount, (long long)slow);
    if (rc == PAYROUTE_OK) {
        char out[64];
        int64_t again = -1;
        int32_t n = payroute_amount_format(out, sizeof out, currency, amount);
        FUZZ_EXPECT(n > 0 && (size_t)n == strlen(out), "format %d", (int)n);
        FUZZ_EXPECT(payroute_amount_parse(&again, currency, out, (size_t)n) == PAYROUTE_OK && again == amount,
                    "%s is written %s", text, out);
        FUZZ_EXPECT(payroute_amount_format(out, (size_t)n, currency, amount) == PAYROUTE_E_BUFFER,
                    "too small");
    }
    free(text);
}

/* ---- headers, times, encodings ---- */

static void read_headers(fuzz_in *in)
{
    size_t len;
    char *name = fuzz_line(in, &len);
    char *block = fuzz_rest(in, &len);
    char value[40];
    int32_t rc = name[0] != '\0' ? pr_header_get(value, sizeof value, block, len, name) : 0;
    FUZZ_EXPECT(rc >= -1 && rc <= 1, "rc %d", (int)rc);
    if (name[0] != '\0') {
        fuzz_ends(value, sizeof value, "value");
        FUZZ_EXPECT(rc == 1 || value[0] == '\0', "absent, and it has a value");
        FUZZ_EXPECT(strpbrk(value, "\r\n") == NULL, "a value of two lines");
        FUZZ_EXPECT(rc != 1 || fuzz_holds(block, len, value) || value[0] == '\0', "a value from nowhere");
    }
    free(name);
    free(block);
}

static void read_times(const char *text, size_t len)
{
    int64_t ms = 5;
    int64_t again = 0;
    char civil[20];
    int32_t rc = pr_time_parse_http(&ms, text, len);
    FUZZ_EXPECT(rc == PAYROUTE_OK || ms == 5, "a refused time was written");
    ms = 5;
    rc = pr_time_parse_civil(&ms, text, 480);
    FUZZ_EXPECT(rc == PAYROUTE_OK || ms == 5, "a refused time was written");
    if (rc == PAYROUTE_OK) {
        pr_time_civil(ms, 480, civil);
        FUZZ_EXPECT(strcmp(civil, text) == 0 || ms < 0, "%s became %s", text, civil);
        FUZZ_EXPECT(pr_time_parse_civil(&again, civil, 480) != PAYROUTE_OK || again == ms || ms < 0,
                    "another time");
    }
}

static void read_encodings(const char *text, size_t len)
{
    uint8_t raw[512];
    char back[700];
    int32_t n = pr_sign_unbase64(raw, sizeof raw, text, len);
    if (n >= 0) {
        FUZZ_EXPECT(pr_sign_base64(back, sizeof back, raw, (size_t)n) == (int32_t)len &&
                        memcmp(back, text, len) == 0,
                    "%s is written %s", text, back);
    }
    if (len / 2 <= sizeof raw && pr_sign_unhex(raw, len / 2, text, len) == PAYROUTE_OK) {
        FUZZ_EXPECT(len % 2 == 0, "an odd number of digits");
        for (size_t i = 0; i < len; i++) {
            char digit[2] = {text[i], '\0'};
            int32_t half = i % 2 == 0 ? raw[i / 2] >> 4 : raw[i / 2] & 15;
            FUZZ_EXPECT(strtol(digit, NULL, 16) == half, "digit %zu", i);
        }
    }
}

/* The check digit of ISO/IEC 7812, and a length and a beginning that the great brands use. */
static int is_card(const char *digits, size_t n)
{
    int32_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        int32_t twice = (digits[n - 1 - i] - '0') * (i % 2 == 0 ? 1 : 2);
        sum += twice / 10 + twice % 10;
    }
    return n >= 13 && n <= 19 && sum % 10 == 0 && digits[0] >= '3' && digits[0] <= '6';
}

static void copy_words(const char *text, size_t len)
{
    char small[24];
    char message[201];
    const pr_channel *c = fuzz_channel("stripe");
    int32_t rc = pr_word_copy(small, sizeof small, text);
    FUZZ_EXPECT(rc == 1 ? strcmp(small, text) == 0 : small[0] == '\0', "a word was cut: %s", small);
    pr_message_copy(message, sizeof message, text, c);
    fuzz_ends(message, sizeof message, "message");
    FUZZ_EXPECT(pr_utf8_valid(message, strlen(message)) || !pr_utf8_valid(text, strlen(text)), "no UTF-8");
    fuzz_keeps_secrets(c, message, strlen(message), "message");
    for (const char *p = message; *p != '\0';) {
        size_t run = strspn(p, "0123456789");
        /* the rest of a longer number is gone; a cut goes back by a character at most */
        int cut = p[run] == '\0' && strlen(message) + 4 >= sizeof message;
        FUZZ_EXPECT(cut || !is_card(p, run), "a card number stands in: %s", message);
        p += run > 0 ? run : 1;
    }
    pr_buf url;
    pr_buf_init(&url);
    pr_buf_urlencode(&url, text, len);
    for (size_t i = 0; i < url.len; i++) {
        FUZZ_EXPECT(strchr("%-._~", url.at[i]) != NULL || (url.at[i] >= '0' && url.at[i] <= '9') ||
                        (url.at[i] >= 'A' && url.at[i] <= 'Z') || (url.at[i] >= 'a' && url.at[i] <= 'z'),
                    "%s", url.at);
    }
    pr_buf_free(&url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_in in = {data, size};
    uint8_t kind = fuzz_u8(&in);
    if (kind == 'a') {
        read_amount(&in);
        return 0;
    }
    if (kind == 'h') {
        read_headers(&in);
        return 0;
    }
    size_t len;
    char *text = fuzz_rest(&in, &len);
    switch (kind) {
    case 'f': read_form(text, len); break;
    case 't': read_times(text, len); break;
    case 'e': read_encodings(text, len); break;
    case 'w': copy_words(text, len); break;
    default: break;
    }
    free(text);
    return 0;
}
