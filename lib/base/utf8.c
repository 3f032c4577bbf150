/* Well-formed UTF-8, see utf8.h. */
#include "base/utf8.h"
#include "base/text.h"

static int32_t continues(char c)
{
    return ((unsigned char)c & 0xC0U) == 0x80U;
}

size_t pr_utf8_step(const char *s, size_t len)
{
    if (len == 0) {
        return 0;
    }
    unsigned char lead = (unsigned char)s[0];
    if (lead < 0x80) {
        return 1;
    }
    if (lead < 0xC2 || lead > 0xF4) {
        return 0;
    }
    size_t need = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (len < need) {
        return 0;
    }
    /* The second byte's range depends on the first: this is what shuts out overlong forms, surrogates and >
     * 10FFFF. */
    unsigned char second = (unsigned char)s[1];
    unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (second < low || second > high) {
        return 0;
    }
    for (size_t i = 2; i < need; i++) {
        if (!continues(s[i])) {
            return 0;
        }
    }
    return need;
}

size_t pr_utf8_floor(const char *s, size_t len, size_t cut)
{
    if (cut >= len) {
        return len;
    }
    size_t at = cut;
    /* Ill-formed text is cut anywhere: never walk back further than a character can be long. */
    while (at > 0 && cut - at < 3 && continues(s[at])) {
        at--;
    }
    return continues(s[at]) ? cut : at;
}

int32_t pr_utf8_valid(const char *s, size_t len)
{
    if (s == NULL) {
        return len == 0;
    }
    for (size_t i = 0; i < len;) {
        size_t step = s[i] == '\0' ? 0 : pr_utf8_step(s + i, len - i);
        if (step == 0) {
            return 0;
        }
        i += step;
    }
    return 1;
}
