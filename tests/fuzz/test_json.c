/* The JSON reader: what it accepts is written again, read again, and is the same tree; what it refuses leaves
   nothing. The first letter says whether the rest is a document or a text to be written. */
#include "kit.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static void same_text(const char *a, const char *b, const char *what)
{
    FUZZ_EXPECT((a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0), "another %s", what);
}

static void same_integer(const payroute_json_node *node)
{
    int64_t value = 42;
    const char *digits = payroute_json_number(node);
    if (payroute_json_integer(&value, node) != PAYROUTE_OK) {
        FUZZ_EXPECT(value == 42, "a refused integer was written");
        return;
    }
    char *end = NULL;
    FUZZ_EXPECT(digits != NULL && strtoll(digits, &end, 10) == value && *end == '\0', "%s became %lld",
                digits, (long long)value);
}

static void same_tree(const payroute_json_node *a, const payroute_json_node *b, int32_t depth)
{
    FUZZ_EXPECT(depth <= 33, "deeper than promised");
    FUZZ_EXPECT(payroute_json_type(a) == payroute_json_type(b) && payroute_json_type(a) != PAYROUTE_JSON_NONE,
                "types %d and %d", (int)payroute_json_type(a), (int)payroute_json_type(b));
    same_text(payroute_json_string(a), payroute_json_string(b), "string");
    same_text(payroute_json_number(a), payroute_json_number(b), "number");
    FUZZ_EXPECT(payroute_json_flag(a) == payroute_json_flag(b), "another flag");
    same_integer(a);
    FUZZ_EXPECT(payroute_json_count(a) == payroute_json_count(b), "another count");
    const payroute_json_node *x = payroute_json_first(a);
    const payroute_json_node *y = payroute_json_first(b);
    for (; x != NULL; x = payroute_json_next(x), y = payroute_json_next(y)) {
        if (payroute_json_type(a) == PAYROUTE_JSON_OBJECT) {
            same_text(payroute_json_name(x), payroute_json_name(y), "name");
            FUZZ_EXPECT(payroute_json_get(a, payroute_json_name(x)) == x,
                        "a member is not found by its name");
        }
        same_tree(x, y, depth + 1);
    }
}

static payroute_json_out *written(const payroute_json_node *root, const char **text, size_t *len)
{
    payroute_json_out *out = payroute_json_out_new();
    payroute_json_out_node(out, NULL, root);
    *text = payroute_json_out_text(out, len);
    FUZZ_EXPECT(*text != NULL && strlen(*text) == *len, "cannot be written");
    return out;
}

static void read_document(const char *text, size_t len)
{
    char why[96] = "";
    payroute_json *doc = (payroute_json *)(void *)why;
    int32_t rc = payroute_json_parse(&doc, text, len, why, sizeof why);
    fuzz_ends(why, sizeof why, "why");
    if (rc != PAYROUTE_OK) {
        FUZZ_EXPECT(doc == NULL && why[0] != '\0' && pr_utf8_valid(why, strlen(why)), "refused with \"%s\"",
                    why);
        FUZZ_EXPECT(rc == PAYROUTE_E_JSON || rc == PAYROUTE_E_LIMIT, "rc %d", (int)rc);
        return;
    }
    FUZZ_EXPECT(pr_utf8_valid(text, len), "accepted, and it is not UTF-8 without NUL");
    const char *first;
    const char *second;
    size_t first_len;
    size_t second_len;
    payroute_json *again = NULL;
    payroute_json_out *a = written(payroute_json_root(doc), &first, &first_len);
    FUZZ_EXPECT(payroute_json_parse(&again, first, first_len, why, sizeof why) == PAYROUTE_OK, "%s: %s", why,
                first);
    same_tree(payroute_json_root(doc), payroute_json_root(again), 0);
    payroute_json_out *b = written(payroute_json_root(again), &second, &second_len);
    FUZZ_EXPECT(first_len == second_len && strcmp(first, second) == 0, "%s, then %s", first, second);
    payroute_json_out_free(a);
    payroute_json_out_free(b);
    payroute_json_free(doc);
    payroute_json_free(again);
}

/* Any bytes as a string's value and as a name: always JSON, and the same text where it was one. */
static void write_text(const char *text, size_t len)
{
    payroute_json_out *out = payroute_json_out_new();
    payroute_json_out_object(out, NULL);
    payroute_json_out_bytes(out, "bytes", text, len);
    payroute_json_out_string(out, strcmp(text, "bytes") == 0 ? "other" : text, text);
    payroute_json_out_end(out);
    size_t json_len;
    const char *json = payroute_json_out_text(out, &json_len);
    payroute_json *doc = NULL;
    char why[96] = "";
    FUZZ_EXPECT(json != NULL, "cannot be written");
    FUZZ_EXPECT(payroute_json_parse(&doc, json, json_len, why, sizeof why) == PAYROUTE_OK, "%s: %s", why,
                json);
    const payroute_json_node *root = payroute_json_root(doc);
    if (pr_utf8_valid(text, len)) {
        same_text(payroute_json_string(payroute_json_get(root, "bytes")), text, "text");
        same_text(payroute_json_string(payroute_json_next(payroute_json_first(root))), text, "text");
        same_text(payroute_json_name(payroute_json_next(payroute_json_first(root))),
                  strcmp(text, "bytes") == 0 ? "other" : text, "name");
    }
    payroute_json_free(doc);
    payroute_json_out_free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_in in = {data, size};
    uint8_t kind = fuzz_u8(&in);
    size_t len;
    char *text = fuzz_rest(&in, &len);
    if (kind == 'w') {
        write_text(text, len);
    } else {
        read_document(text, len);
    }
    free(text);
    return 0;
}
