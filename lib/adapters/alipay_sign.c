/* What Alipay signed: the bytes as they came, never written again. */
#include "adapters/alipay.h"

#include <string.h>

const pr_key *pr_alipay_key(const pr_channel *channel, int32_t i)
{
    if (i < 0 || i >= channel->credential_count) {
        return NULL;
    }
    const char *version = channel->credentials[i].version;
    const pr_key *key = pr_credential_key(channel, version, "alipay_cert");
    return key ? key : pr_credential_key(channel, version, "alipay_public_key");
}

static int32_t is_app_of(const pr_channel *channel, int32_t i, const char *app)
{
    const char *ours = pr_credential_get(channel, channel->credentials[i].version, "app_id");
    return ours && strcmp(app, ours) == 0;
}

int32_t pr_alipay_verifier(const pr_channel *channel, const char *text, size_t len, const char *sign,
                           const char *app)
{
    int32_t found = -1;
    for (int32_t i = 0; i < channel->credential_count; i++) {
        const pr_key *key = pr_alipay_key(channel, i);
        if (!key) {
            continue;
        }
        int32_t r = pr_key_verify(key, text, len, sign, strlen(sign));
        if (r == 1 && (!app || is_app_of(channel, i, app))) {
            return i;
        }
        found = r == 1 && found < 0 ? i : found;
        if (r < 0) {
            return r < -1 ? r : PAYROUTE_E_INTERNAL;
        }
    }
    return found;
}

static size_t skip_space(const char *s, size_t len, size_t at)
{
    while (at < len && (s[at] == ' ' || s[at] == '\t' || s[at] == '\n' || s[at] == '\r')) {
        at++;
    }
    return at;
}

/* One past a string that begins at `at`; `len` when it does not end. */
static size_t skip_string(const char *s, size_t len, size_t at)
{
    for (at++; at < len; at++) {
        if (s[at] == '\\') {
            at++;
        } else if (s[at] == '"') {
            return at + 1;
        }
    }
    return len;
}

static size_t skip_value(const char *s, size_t len, size_t at)
{
    size_t depth = 0;
    while (at < len) {
        if (s[at] == '"') {
            at = skip_string(s, len, at);
        } else if (s[at] == '{' || s[at] == '[') {
            depth++;
            at++;
        } else if (s[at] == '}' || s[at] == ']') {
            if (depth == 0) {
                return at;
            }
            depth--;
            at++;
        } else if (depth == 0 && s[at] == ',') {
            return at;
        } else {
            at++;
        }
        if (depth == 0 && at < len && at > 0 && (s[at - 1] == '}' || s[at - 1] == ']' || s[at - 1] == '"')) {
            return at;
        }
    }
    return len;
}

int32_t pr_alipay_member(const char **value, size_t *value_len, const char *json, size_t len,
                         const char *name)
{
    size_t name_len = strlen(name);
    int32_t found = 0;
    size_t at = skip_space(json, len, 0);
    if (at >= len || json[at] != '{') {
        return 0;
    }
    for (at = skip_space(json, len, at + 1); at < len && json[at] == '"';) {
        size_t key = at + 1;
        size_t after = skip_string(json, len, at);
        at = skip_space(json, len, after);
        if (at >= len || json[at] != ':') {
            return 0;
        }
        size_t start = skip_space(json, len, at + 1);
        size_t end = skip_value(json, len, start);
        if (after - 1 - key == name_len && memcmp(json + key, name, name_len) == 0) {
            if (found) {
                return 0; /* two of them: which one was signed is anybody's guess */
            }
            found = 1;
            *value = json + start;
            *value_len = end - start;
        }
        at = skip_space(json, len, end);
        if (at < len && json[at] == ',') {
            at = skip_space(json, len, at + 1);
        }
    }
    return found;
}
