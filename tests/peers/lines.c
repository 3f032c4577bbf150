/* The library behind a pipe, for the programs in this folder: a line of JSON in, a line of JSON out. Engine
 * calls go through the public header, as a shop's would; "build" and "page" reach into the adapters, so that
 * hundreds of requests can be looked at without a payment for each. */
#include "adapters/adapter.h"

#include <payroute/host.h>
#include <payroute/json.h>
#include <payroute/registry.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static payroute_engine *engine;
static payroute_registry *registry;

static const char *text_in(const payroute_json_node *in, const char *name)
{
    return payroute_json_string(payroute_json_get(in, name));
}

static int64_t number_in(const payroute_json_node *in, const char *name)
{
    int64_t value = 0;
    return payroute_json_integer(&value, payroute_json_get(in, name)) == PAYROUTE_OK ? value : 0;
}

static size_t length(const char *text)
{
    return text ? strlen(text) : 0;
}

/* Bodies travel as hexadecimal digits: they need not be text. */
static char *bytes_in(const payroute_json_node *in, const char *name, size_t *len)
{
    const char *hex = text_in(in, name);
    char *out = calloc(1, length(hex) / 2 + 1);
    for (*len = 0; out && hex && hex[2 * *len] && hex[2 * *len + 1]; ++*len) {
        char pair[3] = {hex[2 * *len], hex[2 * *len + 1], '\0'};
        out[*len] = (char)strtol(pair, NULL, 16);
    }
    return out;
}

static int32_t open_all(const payroute_json_node *in, payroute_json_out *out)
{
    const char *config = text_in(in, "config");
    const char *options = text_in(in, "options");
    char why[1024] = "";
    payroute_engine_close(engine);
    payroute_registry_free(registry);
    engine = NULL;
    registry = NULL;
    int32_t rc = payroute_registry_from_json(&registry, config, length(config), why, sizeof why);
    if (rc == PAYROUTE_OK && options) {
        rc = payroute_engine_open(&engine, config, length(config), options, length(options), why, sizeof why);
    }
    payroute_json_out_string(out, "why", why);
    return rc;
}

static int32_t notify(const payroute_json_node *in)
{
    size_t len = 0;
    char *body = bytes_in(in, "body_hex", &len);
    const char *headers = text_in(in, "headers");
    int32_t rc = payroute_engine_notify(engine, text_in(in, "channel"), "POST", NULL, 0, headers,
                                        length(headers), body, len);
    free(body);
    return rc;
}

/* PAYROUTE_E_NOT_FOUND stands for "no such call" too; `*known` tells them apart. */
static int32_t engine_call(const char *call, const payroute_json_node *in, payroute_json_out *out, int *known)
{
    int64_t id = number_in(in, "id");
    int64_t budget = number_in(in, "budget_ms");
    const char *spec = text_in(in, "spec");
    const char *caller = text_in(in, "caller_id");
    int32_t rc = PAYROUTE_E_NOT_FOUND;
    *known = 1;
    if (strcmp(call, "create") == 0) {
        rc = payroute_engine_create(engine, spec, length(spec), budget, &id);
        payroute_json_out_integer(out, "id", id);
        return rc;
    }
    if (strcmp(call, "retry") == 0) {
        return payroute_engine_retry(engine, id, spec, length(spec), budget);
    }
    if (strcmp(call, "advance") == 0) {
        return payroute_engine_advance(engine, id, budget);
    }
    if (strcmp(call, "capture") == 0) {
        return payroute_engine_capture(engine, id, caller, number_in(in, "amount_minor"), budget);
    }
    if (strcmp(call, "refund") == 0) {
        return payroute_engine_refund(engine, id, caller, number_in(in, "amount_minor"), budget);
    }
    if (strcmp(call, "cancel") == 0) {
        return payroute_engine_cancel(engine, id, budget);
    }
    if (strcmp(call, "sweep") == 0) {
        return payroute_engine_sweep(engine, budget);
    }
    if (strcmp(call, "step") == 0) {
        return payroute_engine_clock_step(engine, number_in(in, "ms"));
    }
    if (strcmp(call, "notify") == 0) {
        return notify(in);
    }
    *known = 0;
    return rc;
}

/* ---- single requests ---- */

static int32_t operation_in(const payroute_json_node *in)
{
    static const struct {
        const char *name;
        int32_t operation;
    } names[] = {{"create", PR_OP_CREATE}, {"query", PR_OP_QUERY},     {"close", PR_OP_CLOSE},
                 {"void", PR_OP_VOID},     {"capture", PR_OP_CAPTURE}, {"refund", PR_OP_REFUND},
                 {"refund_query", PR_OP_REFUND_QUERY}};
    const char *name = text_in(in, "operation");
    for (size_t i = 0; name && i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i].name, name) == 0) {
            return names[i].operation;
        }
    }
    return -1;
}

static int32_t build(const payroute_json_node *in, payroute_json_out *out, int page)
{
    static const uint8_t entropy[32] = {7};
    char why[512] = "";
    pr_text said;
    pr_text_init(&said, why, sizeof why);
    const pr_channel *channel = pr_registry_find(registry, text_in(in, "channel"));
    if (!channel) {
        return PAYROUTE_E_NOT_FOUND;
    }
    const pr_adapter *adapter = pr_adapter_find(channel->provider->name);
    pr_subject subject = {.channel = channel,
                          .credential_version = channel->credentials[0].version,
                          .reference = text_in(in, "reference"),
                          .key = text_in(in, "key"),
                          .method = text_in(in, "method"),
                          .flow = text_in(in, "flow"),
                          .currency = text_in(in, "currency"),
                          .provider_id = text_in(in, "provider_id"),
                          .action_id = text_in(in, "action_id"),
                          .amount_minor = number_in(in, "amount_minor"),
                          .expire_ms = number_in(in, "expire_ms"),
                          .now_ms = number_in(in, "now_ms"),
                          .entropy = entropy};
    pr_wish wish = {.subject = text_in(in, "subject"),
                    .instrument = text_in(in, "instrument"),
                    .customer = text_in(in, "customer"),
                    .return_url = text_in(in, "return_url"),
                    .order_hash = text_in(in, "order_hash"),
                    .hold = payroute_json_flag(payroute_json_get(in, "hold")) == 1};
    int32_t operation = operation_in(in);
    pr_buf content;
    pr_reading reading;
    pr_http_request request;
    pr_buf_init(&content);
    pr_reading_init(&reading);
    pr_http_request_init(&request);
    int32_t rc = operation == PR_OP_CREATE ? adapter->content(&content, &subject, &wish, &said) : PAYROUTE_OK;
    subject.content = content.at;
    subject.content_len = content.len;
    if (rc == PAYROUTE_OK) {
        rc = page ? adapter->show(&reading, &subject, &said)
                  : adapter->build(&request, operation, (int32_t)number_in(in, "step"), &subject, &said);
    }
    payroute_json_out_string(out, "why", why);
    payroute_json_out_string(out, "method", request.method);
    payroute_json_out_bytes(out, "url", page ? reading.show.at : request.url.at,
                            page ? reading.show.len : request.url.len);
    payroute_json_out_bytes(out, "headers", request.headers.at, request.headers.len);
    payroute_json_out_bytes(out, "body", request.body.at, request.body.len);
    pr_http_request_free(&request);
    pr_reading_free(&reading);
    pr_buf_free(&content);
    return rc;
}

static void answer(const payroute_json_node *in)
{
    payroute_json_out *out = payroute_json_out_new();
    const char *call = text_in(in, "call");
    int engines = 0;
    payroute_json_out_object(out, NULL);
    int32_t rc = PAYROUTE_E_UNSUPPORTED;
    if (call && strcmp(call, "open") == 0) {
        rc = open_all(in, out);
    } else if (call && (strcmp(call, "build") == 0 || strcmp(call, "page") == 0)) {
        rc = build(in, out, *call == 'p');
    } else if (call && engine) {
        rc = engine_call(call, in, out, &engines);
    }
    payroute_json_out_integer(out, "rc", rc);
    payroute_json_out_string(out, "name", payroute_rc_name(rc));
    if (engines) {
        size_t len = 0;
        const char *result = payroute_engine_result(engine, &len);
        payroute_json_out_raw(out, "result", result, len);
    }
    payroute_json_out_end(out);
    const char *text = payroute_json_out_text(out, NULL);
    puts(text ? text : "{\"rc\":-1,\"name\":\"no memory\"}");
    fflush(stdout);
    payroute_json_out_free(out);
}

int main(void)
{
    enum { LINE_CAP = 1 << 22 };
    char *line = malloc(LINE_CAP);
    while (line && fgets(line, LINE_CAP, stdin)) {
        payroute_json *doc = NULL;
        if (payroute_json_parse(&doc, line, strlen(line), NULL, 0) != PAYROUTE_OK) {
            puts("{\"rc\":-1,\"name\":\"not a line of JSON\"}");
            fflush(stdout);
            continue;
        }
        answer(payroute_json_root(doc));
        payroute_json_free(doc);
    }
    free(line);
    payroute_engine_close(engine);
    payroute_registry_free(registry);
    return 0;
}
