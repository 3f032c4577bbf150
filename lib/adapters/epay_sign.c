/* What every 易支付 signs: the pairs that are not blank, sorted, joined. v1 hashes that with the key behind
   it (MD5: legacy, the panels' choice), v2 signs it with RSA. Which of the two is the channel's word, never
   the message's. */
#include "adapters/epay.h"

#include <string.h>

/* PHP's trim() decides at the panels what is empty. */
static int32_t is_blank(const char *value)
{
    return value[strspn(value, " \t\n\r\v")] == '\0';
}

static int32_t is_signed(const pr_pair *pair)
{
    return strcmp(pair->name, "sign") != 0 && strcmp(pair->name, "sign_type") != 0 && !is_blank(pair->value);
}

static int32_t signed_text(pr_buf *out, const pr_epay_fork *fork, pr_pair *pairs, size_t count)
{
    pr_pairs_sort(pairs, count);
    if (pr_pairs_twice(pairs, count)) {
        return PAYROUTE_E_SCHEMA; /* which of the two was signed is anybody's guess */
    }
    for (size_t i = 0; i < count; i++) {
        if (!is_signed(&pairs[i])) {
            continue;
        }
        pr_buf_put(out, out->len > 0 ? "&" : "");
        pr_buf_put(out, pairs[i].name);
        pr_buf_put(out, "=");
        if (fork->sign == PR_EPAY_MD5_ENCODED) {
            pr_buf_urlencode(out, pairs[i].value, strlen(pairs[i].value));
        } else {
            pr_buf_put(out, pairs[i].value);
        }
    }
    return out->rc;
}

/* The hash over text and key; the text is as it was afterwards, but for its zeroised tail. */
static int32_t md5_with_key(char out[33], const pr_buf *text, const char *key)
{
    pr_buf room;
    pr_buf_init(&room);
    pr_buf_bytes(&room, text->at ? text->at : "", text->len);
    pr_buf_put(&room, key);
    int32_t rc = room.rc != PAYROUTE_OK ? room.rc : pr_sign_md5_hex(out, room.at ? room.at : "", room.len);
    pr_buf_free(&room);
    return rc;
}

int32_t pr_epay_sign(char *out, size_t cap, const pr_channel *channel, const char *version,
                     const pr_epay_fork *fork, pr_pair *pairs, size_t count, const uint8_t entropy[32],
                     pr_text *why)
{
    pr_buf text;
    pr_buf_init(&text);
    int32_t rc = signed_text(&text, fork, pairs, count);
    if (rc == PAYROUTE_OK && fork->sign == PR_EPAY_RSA) {
        const pr_key *key = pr_credential_key(channel, version, "private_key");
        rc = key ? pr_key_sign(out, cap, key, text.at ? text.at : "", text.len, entropy) : PAYROUTE_E_KEY;
    } else if (rc == PAYROUTE_OK) {
        const char *key = pr_credential_get(channel, version, "key");
        rc = !key ? PAYROUTE_E_KEY : cap < 33 ? PAYROUTE_E_BUFFER : md5_with_key(out, &text, key);
    }
    pr_buf_free(&text);
    if (rc < 0) {
        pr_text_put(why, rc == PAYROUTE_E_KEY ? "credentials: the key that this fork signs with is missing"
                                              : "the request could not be signed");
        return rc;
    }
    return PAYROUTE_OK;
}

/* 1 it verifies, 0 it does not. The comparison takes as long whatever differs. */
static int32_t verify_one(const pr_channel *channel, const char *version, const pr_epay_fork *fork,
                          const pr_buf *text, const char *sign)
{
    if (fork->sign == PR_EPAY_RSA) {
        const pr_key *key = pr_credential_key(channel, version, "platform_public_key");
        return key ? pr_key_verify(key, text->at ? text->at : "", text->len, sign, strlen(sign)) : 0;
    }
    const char *key = pr_credential_get(channel, version, "key");
    char want[33];
    int32_t rc = key ? md5_with_key(want, text, key) : PAYROUTE_OK;
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    return key && strlen(sign) == 32 && pr_sign_equal(want, sign, 32);
}

static int32_t is_pid_of(const pr_channel *channel, int32_t i, const char *pid)
{
    const char *ours = pr_credential_get(channel, channel->credentials[i].version, "pid");
    return pid && ours && strcmp(pid, ours) == 0;
}

int32_t pr_epay_verifier(const pr_channel *channel, const pr_epay_fork *fork, pr_pair *pairs, size_t count,
                         const char *sign, const char *pid)
{
    pr_buf text;
    pr_buf_init(&text);
    int32_t found = -1;
    int32_t rc = signed_text(&text, fork, pairs, count);
    for (int32_t i = 0; rc == PAYROUTE_OK && i < channel->credential_count; i++) {
        int32_t r = verify_one(channel, channel->credentials[i].version, fork, &text, sign);
        if (r < 0) {
            rc = r == -1 ? PAYROUTE_E_INTERNAL : r;
        } else if (r == 1 && (found < 0 || is_pid_of(channel, i, pid))) {
            found = i; /* all are tried, so that the time tells nothing of which */
        }
    }
    pr_buf_free(&text);
    return rc == PAYROUTE_OK ? found : rc;
}

int64_t pr_epay_stamp(const char *text)
{
    int64_t seconds = 0;
    size_t n = text ? strspn(text, "0123456789") : 0;
    for (size_t i = 0; n >= 9 && n <= 11 && text[n] == '\0' && i < n; i++) {
        seconds = seconds * 10 + (text[i] - '0');
    }
    return seconds * 1000;
}
