/* Money as whole minor units. Text is read and written digit by digit: a double cannot hold 0.1. */
#include <payroute/base.h>

#include <string.h>

enum {
    DIGITS_MAX = 15, /* of the minor amount; every language can hold that many exactly */
    TEXT_MAX = 64
};

/* Code and number of decimals after ISO 4217 (list one, maintained by SIX Group). Sorted, so that it can be
   searched by halves; test_money walks it. */
static const char currency_table[][5] = {
    "AED2", "AFN2", "ALL2", "AMD2", "ANG2", "AOA2", "ARS2", "AUD2", "AWG2", "AZN2", "BAM2", "BBD2", "BDT2",
    "BGN2", "BHD3", "BIF0", "BMD2", "BND2", "BOB2", "BRL2", "BSD2", "BTN2", "BWP2", "BYN2", "BZD2", "CAD2",
    "CDF2", "CHF2", "CLF4", "CLP0", "CNY2", "COP2", "CRC2", "CUP2", "CVE2", "CZK2", "DJF0", "DKK2", "DOP2",
    "DZD2", "EGP2", "ERN2", "ETB2", "EUR2", "FJD2", "FKP2", "GBP2", "GEL2", "GHS2", "GIP2", "GMD2", "GNF0",
    "GTQ2", "GYD2", "HKD2", "HNL2", "HTG2", "HUF2", "IDR2", "ILS2", "INR2", "IQD3", "IRR2", "ISK0", "JMD2",
    "JOD3", "JPY0", "KES2", "KGS2", "KHR2", "KMF0", "KRW0", "KWD3", "KYD2", "KZT2", "LAK2", "LBP2", "LKR2",
    "LRD2", "LSL2", "LYD3", "MAD2", "MDL2", "MGA2", "MKD2", "MMK2", "MNT2", "MOP2", "MRU2", "MUR2", "MVR2",
    "MWK2", "MXN2", "MYR2", "MZN2", "NAD2", "NGN2", "NIO2", "NOK2", "NPR2", "NZD2", "OMR3", "PAB2", "PEN2",
    "PGK2", "PHP2", "PKR2", "PLN2", "PYG0", "QAR2", "RON2", "RSD2", "RUB2", "RWF0", "SAR2", "SBD2", "SCR2",
    "SDG2", "SEK2", "SGD2", "SHP2", "SLE2", "SOS2", "SRD2", "SSP2", "STN2", "SVC2", "SYP2", "SZL2", "THB2",
    "TJS2", "TMT2", "TND3", "TOP2", "TRY2", "TTD2", "TWD2", "TZS2", "UAH2", "UGX0", "USD2", "UYI0", "UYU2",
    "UYW4", "UZS2", "VES2", "VND0", "VUV0", "WST2", "XAF0", "XCD2", "XOF0", "XPF0", "YER2", "ZAR2", "ZMW2",
};

int32_t payroute_currency_exponent(const char *currency)
{
    if (currency == NULL) {
        return PAYROUTE_E_ARG;
    }
    size_t low = 0;
    size_t high = sizeof currency_table / sizeof currency_table[0];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strncmp(currency, currency_table[middle], 3);
        if (order == 0) {
            return currency[3] == '\0' ? currency_table[middle][3] - '0' : PAYROUTE_E_NOT_FOUND;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return PAYROUTE_E_NOT_FOUND;
}

static int32_t is_amount_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* One digit more, unless the amount would get too long. */
static int32_t append_digit(int64_t *amount, int32_t *digits, char c)
{
    if (*amount != 0 || c != '0') {
        if (++*digits > DIGITS_MAX) {
            return PAYROUTE_E_ENCODING;
        }
    }
    *amount = *amount * 10 + (c - '0');
    return PAYROUTE_OK;
}

int32_t payroute_amount_parse(int64_t *amount_minor, const char *currency, const char *text, size_t text_len)
{
    if (amount_minor == NULL || currency == NULL || text == NULL) {
        return PAYROUTE_E_ARG;
    }
    int32_t decimals = payroute_currency_exponent(currency);
    if (decimals < 0) {
        return decimals;
    }
    if (text_len == 0 || text_len > TEXT_MAX || !is_amount_digit(text[0]) ||
        !is_amount_digit(text[text_len - 1])) {
        return PAYROUTE_E_ENCODING;
    }
    int64_t amount = 0;
    int32_t digits = 0;
    int32_t point_seen = 0;
    int32_t decimals_seen = 0;
    for (size_t i = 0; i < text_len; i++) {
        char c = text[i];
        if (c == '.' && !point_seen) {
            point_seen = 1;
            continue;
        }
        if (!is_amount_digit(c)) {
            return PAYROUTE_E_ENCODING;
        }
        if (point_seen && decimals_seen == decimals) {
            if (c != '0') {
                return PAYROUTE_E_ENCODING;
            }
            continue;
        }
        decimals_seen += point_seen;
        if (append_digit(&amount, &digits, c) != PAYROUTE_OK) {
            return PAYROUTE_E_ENCODING;
        }
    }
    for (; decimals_seen < decimals; decimals_seen++) {
        if (append_digit(&amount, &digits, '0') != PAYROUTE_OK) {
            return PAYROUTE_E_ENCODING;
        }
    }
    *amount_minor = amount;
    return PAYROUTE_OK;
}

int32_t payroute_amount_format(char *out, size_t out_cap, const char *currency, int64_t amount_minor)
{
    if (out == NULL || currency == NULL || amount_minor < 0) {
        return PAYROUTE_E_ARG;
    }
    int32_t decimals = payroute_currency_exponent(currency);
    if (decimals < 0) {
        return decimals;
    }
    char reversed[32]; /* 19 digits, four zeros and a point at most */
    size_t len = 0;
    int64_t rest = amount_minor;
    for (int32_t place = 0; place <= decimals || rest > 0; place++) {
        if (place == decimals && decimals > 0) {
            reversed[len++] = '.';
        }
        reversed[len++] = (char)('0' + rest % 10);
        rest /= 10;
    }
    if (len >= out_cap) {
        return PAYROUTE_E_BUFFER;
    }
    for (size_t i = 0; i < len; i++) {
        out[i] = reversed[len - 1 - i];
    }
    out[len] = '\0';
    return (int32_t)len;
}
