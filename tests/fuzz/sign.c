/* The providers' side of a signature: what the fuzzer wrote becomes an authentic message, so that it reaches
   the readers behind the door. */
#include "kit.h"

#include "adapters/alipay.h"
#include "adapters/common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAIRS_MAX = 256 };

void fuzz_message_free(fuzz_message *m)
{
    pr_buf_free(&m->query);
    pr_buf_free(&m->headers);
    pr_buf_free(&m->body);
}

static void replace(pr_buf *b, pr_buf *by)
{
    pr_buf_free(b);
    *b = *by;
    pr_buf_init(by);
}

/* ---- alipay ---- */

/* The body is the inner object; `way` 1: under the method's name, 2: under error_response. */
static int alipay_reply(fuzz_message *m, int32_t operation, const char *flow, int way)
{
    char name[96] = "error_response";
    char sign[29];
    const char *method = pr_alipay_method(operation, flow);
    if (method == NULL) {
        return 0;
    }
    if (way == 1) {
        snprintf(name, sizeof name, "%s_response", method);
        for (char *p = name; *p != '\0'; p++) {
            *p = *p == '.' ? '_' : *p;
        }
    }
    fuzz_signature(sign, m->body.at, m->body.len);
    pr_buf whole;
    pr_buf_init(&whole);
    pr_buf_format(&whole, "{\"%s\":", name);
    pr_buf_bytes(&whole, m->body.at, m->body.len);
    pr_buf_format(&whole, ",\"sign\":\"%s\"}", sign);
    replace(&m->body, &whole);
    return 1;
}

static int alipay_notice(fuzz_message *m)
{
    pr_form *form = NULL;
    pr_pair pairs[PAIRS_MAX];
    size_t count = 0;
    char sign[29];
    pr_buf text;
    if (pr_form_parse(&form, m->body.at, m->body.len) != PAYROUTE_OK) {
        return 0;
    }
    for (size_t i = 0; i < pr_form_count(form); i++) {
        const char *name = pr_form_name(form, i);
        if (strcmp(name, "sign") != 0 && strcmp(name, "sign_type") != 0) {
            pairs[count++] = (pr_pair){name, pr_form_value(form, i)};
        }
    }
    pr_pairs_sort(pairs, count);
    pr_buf_init(&text);
    pr_pairs_join(&text, pairs, count);
    fuzz_signature(sign, text.at, text.len);
    pr_buf_free(&text);
    pr_form_free(form);
    pr_buf_format(&m->body, "&sign=%s", sign);
    return 1;
}

/* ---- stripe ---- */

static int stripe_notice(fuzz_message *m, const pr_channel *c)
{
    const char *secret = pr_credential_get(c, NULL, "webhook_secret");
    pr_buf text;
    uint8_t mac[32];
    char hex[65];
    pr_buf_init(&text);
    pr_buf_format(&text, "%lld.", (long long)(FUZZ_NOW / 1000));
    pr_buf_bytes(&text, m->body.at, m->body.len);
    int32_t rc = pr_sign_hmac_sha256(mac, secret, strlen(secret), text.at, text.len);
    pr_buf_free(&text);
    FUZZ_EXPECT(rc == PAYROUTE_OK, "hmac %d", (int)rc);
    pr_sign_hex(hex, mac, sizeof mac);
    pr_buf_format(&m->headers, "\r\nStripe-Signature: t=%lld,v1=%s\r\n", (long long)(FUZZ_NOW / 1000), hex);
    return 1;
}

int fuzz_sign_reply(fuzz_message *m, const pr_channel *c, int32_t operation, const char *flow, int way)
{
    if (strcmp(c->provider->name, "alipay") == 0) {
        return alipay_reply(m, operation, flow, way);
    }
    return 0;
}

int fuzz_sign_notice(fuzz_message *m, const pr_channel *c, int way)
{
    (void)way;
    if (strcmp(c->provider->name, "alipay") == 0) {
        return alipay_notice(m);
    }
    if (strcmp(c->provider->name, "stripe") == 0) {
        return stripe_notice(m, c);
    }
    return 0;
}
