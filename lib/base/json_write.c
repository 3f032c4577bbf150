/* Writing JSON: commas, escapes and nesting are the writer's affair, so that what it writes is always
   well-formed as far as it goes. A wrong call (a name inside an array, a second document, an end too many) is
   a sticky failure like lack of memory: a half-right request must never be sent. */
#include <payroute/json.h>

#include "base/json_scan.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/utf8.h"

#include <string.h>

struct payroute_json_out {
    pr_buf text;
    int32_t depth;
    uint64_t objects; /* bit per level: 1 object, 0 array */
    uint64_t filled;  /* bit per level: something stands there already; level 0 is the document */
};

static int32_t level_bit(uint64_t bits, int32_t level)
{
    return (bits >> level & 1U) != 0;
}

static void set_level_bit(uint64_t *bits, int32_t level, int32_t on)
{
    uint64_t bit = (uint64_t)1 << level;
    *bits = on ? *bits | bit : *bits & ~bit;
}

static void refuse_write(payroute_json_out *out, int32_t rc)
{
    if (out->text.rc == PAYROUTE_OK) {
        out->text.rc = rc;
    }
}

static void write_escaped(pr_buf *b, const char *text, size_t len)
{
    size_t start = 0; /* of the run that needs no change */
    size_t i = 0;
    pr_buf_put(b, "\"");
    while (i < len) {
        unsigned char c = (unsigned char)text[i];
        size_t step = c == 0 ? 0 : c < 0x80 ? 1 : pr_utf8_step(text + i, len - i);
        if (step > 0 && c >= 0x20 && c != '"' && c != '\\') {
            i += step;
            continue;
        }
        pr_buf_bytes(b, text + start, i - start);
        if (step == 0) {
            pr_buf_put(b, "\xEF\xBF\xBD");
        } else if (c == '"' || c == '\\') {
            char escaped[2] = {'\\', (char)c};
            pr_buf_bytes(b, escaped, sizeof escaped);
        } else {
            pr_buf_format(b, "\\u%04x", c);
        }
        i++;
        start = i;
    }
    pr_buf_bytes(b, text + start, len - start);
    pr_buf_put(b, "\"");
}

/* Comma and name before a value; 0: the value must not be written. */
static int32_t begin_value(payroute_json_out *out, const char *name)
{
    if (out == NULL) {
        return 0;
    }
    int32_t in_object = out->depth > 0 && level_bit(out->objects, out->depth);
    int32_t filled = level_bit(out->filled, out->depth);
    if ((name != NULL) != in_object || (out->depth == 0 && filled)) {
        refuse_write(out, PAYROUTE_E_STATE);
        return 0;
    }
    if (filled) {
        pr_buf_put(&out->text, ",");
    }
    set_level_bit(&out->filled, out->depth, 1);
    if (in_object) {
        write_escaped(&out->text, name, strlen(name));
        pr_buf_put(&out->text, ":");
    }
    return out->text.rc == PAYROUTE_OK;
}

static void begin_level(payroute_json_out *out, const char *name, int32_t is_object)
{
    if (!begin_value(out, name)) {
        return;
    }
    if (out->depth == PR_JSON_DEPTH_MAX) {
        refuse_write(out, PAYROUTE_E_LIMIT); /* our own reader would refuse it */
        return;
    }
    out->depth++;
    set_level_bit(&out->objects, out->depth, is_object);
    set_level_bit(&out->filled, out->depth, 0);
    pr_buf_put(&out->text, is_object ? "{" : "[");
}

payroute_json_out *payroute_json_out_new(void)
{
    payroute_json_out *out = pr_mem_new(sizeof *out);
    if (out != NULL) {
        pr_buf_init(&out->text);
    }
    return out;
}

void payroute_json_out_free(payroute_json_out *out)
{
    if (out != NULL) {
        pr_buf_free(&out->text);
        pr_mem_free(out);
    }
}

void payroute_json_out_reset(payroute_json_out *out)
{
    if (out != NULL) {
        pr_buf_clear(&out->text);
        out->depth = 0;
        out->objects = 0;
        out->filled = 0;
    }
}

void payroute_json_out_object(payroute_json_out *out, const char *name)
{
    begin_level(out, name, 1);
}

void payroute_json_out_array(payroute_json_out *out, const char *name)
{
    begin_level(out, name, 0);
}

void payroute_json_out_end(payroute_json_out *out)
{
    if (out == NULL) {
        return;
    }
    if (out->depth == 0) {
        refuse_write(out, PAYROUTE_E_STATE);
        return;
    }
    pr_buf_put(&out->text, level_bit(out->objects, out->depth) ? "}" : "]");
    out->depth--;
}

void payroute_json_out_string(payroute_json_out *out, const char *name, const char *text)
{
    if (text == NULL) {
        payroute_json_out_null(out, name);
        return;
    }
    payroute_json_out_bytes(out, name, text, strlen(text));
}

void payroute_json_out_bytes(payroute_json_out *out, const char *name, const char *text, size_t len)
{
    if (text == NULL && len > 0) {
        payroute_json_out_null(out, name);
        return;
    }
    if (begin_value(out, name)) {
        write_escaped(&out->text, text == NULL ? "" : text, len);
    }
}

void payroute_json_out_integer(payroute_json_out *out, const char *name, int64_t value)
{
    if (begin_value(out, name)) {
        pr_buf_i64(&out->text, value);
    }
}

void payroute_json_out_flag(payroute_json_out *out, const char *name, int32_t value)
{
    payroute_json_out_raw(out, name, value ? "true" : "false", value ? 4 : 5);
}

void payroute_json_out_null(payroute_json_out *out, const char *name)
{
    payroute_json_out_raw(out, name, "null", 4);
}

void payroute_json_out_raw(payroute_json_out *out, const char *name, const char *json, size_t len)
{
    if (!begin_value(out, name)) {
        return;
    }
    if (json == NULL || len == 0) {
        refuse_write(out, PAYROUTE_E_ARG);
        return;
    }
    pr_buf_bytes(&out->text, json, len);
}

/* The reader bounds a node's depth and begin_level the sum of both, so recursion is bounded. */
static void write_node(payroute_json_out *out, const char *name, const payroute_json_node *node)
{
    int32_t type = payroute_json_type(node);
    if (type == PAYROUTE_JSON_STRING) {
        payroute_json_out_string(out, name, payroute_json_string(node));
        return;
    }
    if (type == PAYROUTE_JSON_NUMBER) {
        const char *digits = payroute_json_number(node);
        payroute_json_out_raw(out, name, digits, strlen(digits));
        return;
    }
    if (type == PAYROUTE_JSON_BOOL) {
        payroute_json_out_flag(out, name, payroute_json_flag(node));
        return;
    }
    if (type != PAYROUTE_JSON_OBJECT && type != PAYROUTE_JSON_ARRAY) {
        payroute_json_out_null(out, name);
        return;
    }
    begin_level(out, name, type == PAYROUTE_JSON_OBJECT);
    const payroute_json_node *child = payroute_json_first(node);
    while (child != NULL && out->text.rc == PAYROUTE_OK) {
        write_node(out, type == PAYROUTE_JSON_OBJECT ? payroute_json_name(child) : NULL, child);
        child = payroute_json_next(child);
    }
    payroute_json_out_end(out);
}

void payroute_json_out_node(payroute_json_out *out, const char *name, const payroute_json_node *node)
{
    if (out != NULL) {
        write_node(out, name, node);
    }
}

const char *payroute_json_out_text(const payroute_json_out *out, size_t *len)
{
    if (len != NULL) {
        *len = 0;
    }
    if (out == NULL || out->text.rc != PAYROUTE_OK) {
        return NULL;
    }
    if (len != NULL) {
        *len = out->text.len;
    }
    return out->text.at == NULL ? "" : out->text.at;
}
