/* Reading JSON: cJSON builds the tree from the scanned and rewritten text (json_scan.c), these accessors take
   the marks off again. cJSON's hooks are the host's affair and never set here. (cJSON also keeps a global
   error position; it is never read here.) */
#include <payroute/json.h>

#include "base/contract.h"
#include "base/json_scan.h"
#include "base/mem.h"
#include "base/text.h"

#include <cjson/cJSON.h>
#include <string.h>

struct payroute_json {
    cJSON *root;
};

static const cJSON *as_cjson(const payroute_json_node *node)
{
    return (const cJSON *)(const void *)node;
}

static const payroute_json_node *as_node(const cJSON *item)
{
    return (const payroute_json_node *)(const void *)item;
}

static int32_t holds_children(const cJSON *item)
{
    return item != NULL && (cJSON_IsArray(item) || cJSON_IsObject(item));
}

/* Depth is bounded by the scan, so recursion is. */
static void wipe_tree(cJSON *item)
{
    for (; item != NULL; item = item->next) {
        if (item->valuestring != NULL) {
            pr_mem_wipe(item->valuestring, strlen(item->valuestring));
        }
        if (item->string != NULL) {
            pr_mem_wipe(item->string, strlen(item->string));
        }
        wipe_tree(item->child);
    }
}

int32_t payroute_json_parse(payroute_json **out, const char *text, size_t text_len, char *why, size_t why_cap)
{
    pr_text reason;
    pr_text_init(&reason, why, why_cap);
    if (out == NULL) {
        return PAYROUTE_E_ARG;
    }
    *out = NULL;
    if (text == NULL) {
        return PAYROUTE_E_ARG;
    }
    pr_buf marked;
    pr_buf_init(&marked);
    int32_t rc = pr_json_scan(&marked, text, text_len, &reason);
    payroute_json *doc = rc == PAYROUTE_OK ? pr_mem_new(sizeof *doc) : NULL;
    if (doc != NULL) {
        /* With the NUL counted, cJSON itself checks once more that nothing follows. */
        doc->root = cJSON_ParseWithLengthOpts(marked.at, marked.len + 1, NULL, 1);
    }
    pr_buf_free(&marked);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    if (doc == NULL || doc->root == NULL) {
        /* The scan accepts nothing that cJSON refuses, so this is lack of memory. */
        pr_mem_free(doc);
        pr_text_put(&reason, "out of memory");
        return PAYROUTE_E_NOMEM;
    }
    *out = doc;
    return PAYROUTE_OK;
}

void payroute_json_free(payroute_json *doc)
{
    if (doc != NULL) {
        wipe_tree(doc->root);
        cJSON_Delete(doc->root);
        pr_mem_free(doc);
    }
}

const payroute_json_node *payroute_json_root(const payroute_json *doc)
{
    return doc == NULL ? NULL : as_node(doc->root);
}

int32_t payroute_json_type(const payroute_json_node *node)
{
    const cJSON *item = as_cjson(node);
    if (item == NULL) {
        return PAYROUTE_JSON_NONE;
    }
    if (cJSON_IsString(item)) {
        return item->valuestring[0] == PR_JSON_MARK_NUMBER ? PAYROUTE_JSON_NUMBER : PAYROUTE_JSON_STRING;
    }
    if (cJSON_IsObject(item)) {
        return PAYROUTE_JSON_OBJECT;
    }
    if (cJSON_IsArray(item)) {
        return PAYROUTE_JSON_ARRAY;
    }
    if (cJSON_IsBool(item)) {
        return PAYROUTE_JSON_BOOL;
    }
    PR_INVARIANT(cJSON_IsNull(item));
    return PAYROUTE_JSON_NULL;
}

const payroute_json_node *payroute_json_get(const payroute_json_node *object, const char *name)
{
    if (name == NULL || payroute_json_type(object) != PAYROUTE_JSON_OBJECT) {
        return NULL;
    }
    const cJSON *item = as_cjson(object)->child;
    while (item != NULL && strcmp(item->string, name) != 0) {
        item = item->next;
    }
    return as_node(item);
}

const payroute_json_node *payroute_json_first(const payroute_json_node *parent)
{
    return holds_children(as_cjson(parent)) ? as_node(as_cjson(parent)->child) : NULL;
}

const payroute_json_node *payroute_json_next(const payroute_json_node *node)
{
    return node == NULL ? NULL : as_node(as_cjson(node)->next);
}

int32_t payroute_json_count(const payroute_json_node *parent)
{
    int32_t count = 0;
    for (const payroute_json_node *at = payroute_json_first(parent); at != NULL;
         at = payroute_json_next(at)) {
        count++;
    }
    return count;
}

const char *payroute_json_name(const payroute_json_node *member)
{
    return member == NULL ? NULL : as_cjson(member)->string;
}

const char *payroute_json_string(const payroute_json_node *node)
{
    return payroute_json_type(node) == PAYROUTE_JSON_STRING ? as_cjson(node)->valuestring + 1 : NULL;
}

const char *payroute_json_number(const payroute_json_node *node)
{
    return payroute_json_type(node) == PAYROUTE_JSON_NUMBER ? as_cjson(node)->valuestring + 1 : NULL;
}

const char *payroute_json_text(const payroute_json_node *node)
{
    const char *text = payroute_json_string(node);
    return text != NULL ? text : payroute_json_number(node);
}

int32_t payroute_json_integer(int64_t *out, const payroute_json_node *node)
{
    if (out == NULL) {
        return PAYROUTE_E_ARG;
    }
    const char *text = payroute_json_number(node);
    if (text == NULL) {
        return PAYROUTE_E_SCHEMA;
    }
    int32_t negative = *text == '-';
    int64_t value = 0;
    /* Built downwards: the most negative number has no positive twin. */
    for (const char *at = text + negative; *at != '\0'; at++) {
        if (*at < '0' || *at > '9') {
            return PAYROUTE_E_SCHEMA;
        }
        int64_t digit = *at - '0';
        if (value < (INT64_MIN + digit) / 10) {
            return PAYROUTE_E_SCHEMA;
        }
        value = value * 10 - digit;
    }
    if (!negative && value == INT64_MIN) {
        return PAYROUTE_E_SCHEMA;
    }
    *out = negative ? value : -value;
    return PAYROUTE_OK;
}

int32_t payroute_json_flag(const payroute_json_node *node)
{
    if (payroute_json_type(node) != PAYROUTE_JSON_BOOL) {
        return PAYROUTE_E_SCHEMA;
    }
    return cJSON_IsTrue(as_cjson(node)) ? 1 : 0;
}
