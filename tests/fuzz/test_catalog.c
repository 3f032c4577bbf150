/* What a code means: `o` a host's overlay, asked about its own rows; `x` a question in JSON; else a question
   in lines (provider, operation, layer, code, message, network, its code, advice codes), HTTP status first.
 */
#include "kit.h"

#include "catalog/catalog.h"
#include <payroute/catalog.h>

#include <stdlib.h>
#include <string.h>

static const char *const locales[] = {"zh-CN", "en", "zh-HK", "xx", ""};

static void check_answer(const pr_catalog_answer *a, const payroute_catalog *overlay)
{
    FUZZ_EXPECT(a->reason > 0 && pr_reason_find(pr_reason_name(a->reason)) == a->reason, "reason %d",
                (int)a->reason);
    FUZZ_EXPECT(a->reason_class >= PR_CLASS_UNKNOWN && a->reason_class <= PR_CLASS_PAID_ALREADY, "class %d",
                (int)a->reason_class);
    FUZZ_EXPECT(a->advice >= PR_ADVICE_NEVER && a->advice <= PR_ADVICE_NONE, "advice %d", (int)a->advice);
    FUZZ_EXPECT(a->fault >= PR_FAULT_NOBODY && a->fault <= PR_FAULT_UNKNOWN, "fault %d", (int)a->fault);
    FUZZ_EXPECT(a->level >= PR_MATCH_OVERLAY && a->level <= PR_MATCH_GLOBAL, "level %d", (int)a->level);
    FUZZ_EXPECT(a->level != PR_MATCH_OVERLAY || (overlay != NULL && a->reason_class != PR_CLASS_ACCEPTED),
                "an overlay accepts");
    FUZZ_EXPECT(a->field >= 0 && a->field < PR_FIELD_COUNT && a->act >= 0 && a->act < PR_ACT_COUNT &&
                    a->wait_s >= 0,
                "field %d, act %d, wait %d", (int)a->field, (int)a->act, (int)a->wait_s);
    FUZZ_EXPECT(a->field == 0 || a->advice == PR_ADVICE_FIX_INPUT, "a field without fix_input");
    FUZZ_EXPECT(a->name != NULL && a->decided_by != NULL && a->source != NULL, "a text is missing");
    for (size_t i = 0; i < sizeof locales / sizeof locales[0]; i++) {
        for (int32_t audience = 0; audience < PR_AUDIENCES; audience++) {
            const char *text = pr_catalog_text(overlay, a->reason, audience, locales[i]);
            FUZZ_EXPECT(text != NULL && text[0] != '\0', "no words for %s", a->name);
        }
    }
}

static void look_up(const payroute_catalog *overlay, const pr_catalog_query *q)
{
    pr_catalog_answer a;
    pr_catalog_answer again;
    memset(&a, 0, sizeof a);
    memset(&again, 0, sizeof again);
    pr_catalog_lookup(&a, overlay, q);
    pr_catalog_lookup(&again, overlay, q);
    FUZZ_EXPECT(memcmp(&a, &again, sizeof a) == 0, "two answers to one question");
    check_answer(&a, overlay);
}

static void ask_lines(fuzz_in *in)
{
    size_t len;
    char *text[8];
    int32_t status = (int32_t)fuzz_u8(in) * 4;
    for (size_t i = 0; i < 8; i++) {
        text[i] = fuzz_line(in, &len);
    }
    pr_catalog_query q = {.provider = text[0],
                          .operation = text[1][0] != '\0' ? text[1] : NULL,
                          .layer = text[2][0] != '\0' ? text[2] : NULL,
                          .code = text[3],
                          .message = text[4],
                          .network = text[5],
                          .network_code = text[6],
                          .advice_code = text[7],
                          .http_status = status < 600 ? status : 0};
    look_up(NULL, &q);
    for (size_t i = 0; i < 8; i++) {
        free(text[i]);
    }
}

static void explain(const payroute_catalog *overlay, const char *json, size_t len)
{
    static char out[64 * 1024];
    payroute_json *doc = NULL;
    int32_t n = payroute_catalog_explain(overlay, json, len, out, sizeof out);
    FUZZ_EXPECT(n >= 0 || n == PAYROUTE_E_JSON || n == PAYROUTE_E_SCHEMA || n == PAYROUTE_E_LIMIT ||
                    n == PAYROUTE_E_BUFFER,
                "rc %d", (int)n);
    if (n < 0) {
        FUZZ_EXPECT(n == PAYROUTE_E_BUFFER || (out[0] != '\0' && pr_utf8_valid(out, strlen(out))),
                    "rc %d: %s", (int)n, out);
        return;
    }
    FUZZ_EXPECT((size_t)n == strlen(out), "length %d of %zu", (int)n, strlen(out));
    FUZZ_EXPECT(payroute_json_parse(&doc, out, (size_t)n, NULL, 0) == PAYROUTE_OK, "no JSON: %s", out);
    payroute_json_free(doc);
}

/* Each row that was taken is found again. */
static void ask_rows(const payroute_catalog *overlay, const char *json, size_t len)
{
    payroute_json *doc = NULL;
    FUZZ_EXPECT(payroute_json_parse(&doc, json, len, NULL, 0) == PAYROUTE_OK, "taken, and it is no JSON");
    const payroute_json_node *row = payroute_json_first(payroute_json_root(doc));
    for (int32_t i = 0; row != NULL && i < 20; row = payroute_json_next(row), i++) {
        pr_catalog_query q = {.provider = payroute_json_string(payroute_json_get(row, "provider")),
                              .operation = payroute_json_string(payroute_json_get(row, "operation")),
                              .layer = payroute_json_string(payroute_json_get(row, "layer")),
                              .code = payroute_json_text(payroute_json_get(row, "code"))};
        pr_catalog_answer a;
        look_up(overlay, &q);
        pr_catalog_lookup(&a, overlay, &q);
        FUZZ_EXPECT(a.level == PR_MATCH_OVERLAY, "row %d of the overlay is not found", (int)i);
    }
    payroute_json_free(doc);
}

static void lay_over(const char *json, size_t len)
{
    char why[2048] = "";
    payroute_catalog *overlay = NULL;
    int32_t rc = payroute_catalog_new(&overlay, json, len, why, sizeof why);
    FUZZ_EXPECT((rc == PAYROUTE_OK) == (overlay != NULL), "rc %d", (int)rc);
    FUZZ_EXPECT(rc == PAYROUTE_OK || (why[0] != '\0' && pr_utf8_valid(why, strlen(why))), "rc %d: %s",
                (int)rc, why);
    if (rc == PAYROUTE_OK) {
        ask_rows(overlay, json, len);
    }
    payroute_catalog_free(overlay);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_in in = {data, size};
    uint8_t kind = fuzz_u8(&in);
    if (kind != 'o' && kind != 'x') {
        ask_lines(&in);
        return 0;
    }
    size_t len;
    char *text = fuzz_rest(&in, &len);
    if (kind == 'o') {
        lay_over(text, len);
    } else {
        explain(NULL, text, len);
    }
    free(text);
    return 0;
}
