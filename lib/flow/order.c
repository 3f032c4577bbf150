/* What the shop asks for, read from JSON with every problem named, and a new payment made of it. */
#include "flow/handle.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

_Static_assert(PAYROUTE_STATUS_OPEN == (int)PR_STATUS_OPEN && PAYROUTE_STATUS_PAID == (int)PR_STATUS_PAID &&
                   PAYROUTE_STATUS_DECLINED == (int)PR_STATUS_DECLINED &&
                   PAYROUTE_STATUS_FAILED == (int)PR_STATUS_FAILED &&
                   PAYROUTE_STATUS_EXPIRED == (int)PR_STATUS_EXPIRED &&
                   PAYROUTE_STATUS_CANCELLED == (int)PR_STATUS_CANCELLED &&
                   PAYROUTE_STATUS_REVERSED == (int)PR_STATUS_REVERSED &&
                   PAYROUTE_EVENT_REVIEW == (int)PR_NEWS_REVIEW && PAYROUTE_EVENT_PAID == (int)PR_NEWS_PAID,
               "core and payment.h number statuses and events alike");

void pr_why(char *why, size_t cap, const char *format, ...)
{
    va_list args;
    if (why == NULL || cap == 0) {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(why, cap, format, args);
    va_end(args);
}

typedef struct field {
    const char *name;
    size_t offset;
    size_t cap;
} field;

#define FIELD_OF(name) {#name, offsetof(pr_order, name), sizeof((pr_order *)0)->name}
static const field order_fields[] = {FIELD_OF(method),      FIELD_OF(flow),      FIELD_OF(channel),
                                     FIELD_OF(instrument),  FIELD_OF(subject),   FIELD_OF(customer),
                                     FIELD_OF(return_url),  FIELD_OF(client_ip), FIELD_OF(locale),
                                     FIELD_OF(last_channel)};
enum { ORDER_FIELDS = sizeof order_fields / sizeof order_fields[0] };

static int32_t read_field(pr_order *out, const field *f, const payroute_json_node *node, const char *path,
                          pr_text *why)
{
    const char *text = payroute_json_string(node);
    if (text == NULL || strlen(text) >= f->cap) {
        pr_text_format(why, "%s%s: expected a text of at most %d bytes\n", path, f->name, (int)f->cap - 1);
        return PAYROUTE_E_SCHEMA;
    }
    if (strcmp(f->name, "instrument") == 0 && pr_card_number(text)) {
        pr_text_format(
            why,
            "%sinstrument: expected a provider's token (pm_…), got a card number; it must not come here\n",
            path);
        return PAYROUTE_E_SCHEMA;
    }
    memcpy((char *)out + f->offset, text, strlen(text) + 1);
    return PAYROUTE_OK;
}

int32_t pr_order_read(pr_order *out, const payroute_json_node *spec, const char *path, pr_text *why)
{
    pr_order read = *out;
    int32_t rc = PAYROUTE_OK;
    for (size_t i = 0; i < ORDER_FIELDS; i++) {
        const payroute_json_node *node = payroute_json_get(spec, order_fields[i].name);
        if (payroute_json_type(node) > PAYROUTE_JSON_NULL) {
            int32_t one = read_field(&read, &order_fields[i], node, path, why);
            rc = one != PAYROUTE_OK ? one : rc;
        }
    }
    const payroute_json_node *hold = payroute_json_get(spec, "hold");
    if (hold != NULL) {
        read.hold = payroute_json_flag(hold);
        if (read.hold < 0) {
            pr_text_format(why, "%shold: expected true or false\n", path);
            rc = PAYROUTE_E_SCHEMA;
        }
    }
    const payroute_json_node *late = payroute_json_get(spec, "late_money");
    const char *word = payroute_json_string(late);
    if (late != NULL && (word == NULL || (strcmp(word, "revive") != 0 && strcmp(word, "refund") != 0))) {
        pr_text_format(why, "%slate_money: expected \"revive\" or \"refund\"\n", path);
        rc = PAYROUTE_E_SCHEMA;
    } else if (late != NULL) {
        read.late_money = strcmp(word, "revive") == 0 ? 1 : 2;
    }
    if (rc == PAYROUTE_OK) {
        *out = read;
    }
    return rc;
}

void pr_order_write(payroute_json_out *out, const pr_order *order)
{
    for (size_t i = 0; i < ORDER_FIELDS; i++) {
        const char *text = (const char *)order + order_fields[i].offset;
        if (text[0] != '\0') {
            payroute_json_out_string(out, order_fields[i].name, text);
        }
    }
    if (order->hold) {
        payroute_json_out_flag(out, "hold", 1);
    }
    if (order->late_money != 0) {
        payroute_json_out_string(out, "late_money", order->late_money == 1 ? "revive" : "refund");
    }
}

static int32_t known_key(const char *name)
{
    static const char *const own[] = {"order_id",    "amount_minor", "currency",  "ordered_at_ms",
                                      "deadline_ms", "hold",         "late_money"};
    for (size_t i = 0; i < ORDER_FIELDS; i++) {
        if (strcmp(name, order_fields[i].name) == 0) {
            return 1;
        }
    }
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (strcmp(name, own[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

static int32_t read_number(int64_t *out, const payroute_json_node *spec, const char *name, int64_t low,
                           int64_t high, int32_t required, pr_text *why)
{
    const payroute_json_node *node = payroute_json_get(spec, name);
    int64_t value = 0;
    if (node == NULL && !required) {
        return PAYROUTE_OK;
    }
    if (payroute_json_integer(&value, node) != PAYROUTE_OK || value < low || value > high) {
        const char *text = payroute_json_text(node);
        const char *got = text != NULL ? text : "";
        pr_text_format(why, "%s: expected a whole number from %lld to %lld, got \"%.*s\"\n", name,
                       (long long)low, (long long)high, pr_text_fit(got, 8), got);
        return PAYROUTE_E_SCHEMA;
    }
    *out = value;
    return PAYROUTE_OK;
}

static int32_t read_identity(payroute_payment *p, const payroute_json_node *spec, pr_text *why)
{
    const char *order_id = payroute_json_string(payroute_json_get(spec, "order_id"));
    const char *currency = payroute_json_string(payroute_json_get(spec, "currency"));
    int32_t rc = PAYROUTE_OK;
    if (order_id == NULL || order_id[0] == '\0' || strlen(order_id) > 64) {
        pr_text_format(why, "order_id: expected a text of 1 to 64 bytes\n");
        rc = PAYROUTE_E_SCHEMA;
    } else {
        memcpy(p->order_id, order_id, strlen(order_id) + 1);
    }
    if (currency == NULL || strlen(currency) != 3 || payroute_currency_exponent(currency) < 0) {
        const char *got = currency != NULL ? currency : "";
        pr_text_format(why, "currency: expected a currency code such as CNY, got \"%.*s\"\n",
                       pr_text_fit(got, 8), got);
        rc = currency != NULL && strlen(currency) == 3 ? PAYROUTE_E_NOT_FOUND : PAYROUTE_E_SCHEMA;
    } else {
        memcpy(p->pay.currency, currency, 4);
    }
    return rc;
}

void pr_order_policy(pr_pay *pay, const pr_order *order)
{
    int32_t revive = order->late_money == 1;
    if (order->late_money == 0) {
        return;
    }
    pay->policy.value[PR_POLICY_late_expired] = revive;
    pay->policy.value[PR_POLICY_late_declined] = revive;
    pay->policy.value[PR_POLICY_late_failed] = revive;
}

static int32_t read_spec(payroute_payment *p, const payroute_json_node *spec, int64_t now_ms, pr_text *why)
{
    int32_t rc = PAYROUTE_OK;
    int32_t one;
    if (payroute_json_type(spec) != PAYROUTE_JSON_OBJECT) {
        pr_text_format(why, "expected an object\n");
        return PAYROUTE_E_SCHEMA;
    }
    for (const payroute_json_node *m = payroute_json_first(spec); m != NULL; m = payroute_json_next(m)) {
        if (!known_key(payroute_json_name(m)) && !pr_known_key(m)) {
            pr_text_format(why, "%.*s: unknown key\n", pr_text_fit(payroute_json_name(m), 40),
                           payroute_json_name(m));
            rc = PAYROUTE_E_SCHEMA;
        }
    }
    one = read_identity(p, spec, why);
    rc = one != PAYROUTE_OK ? one : rc;
    p->pay.ordered_ms = now_ms;
    p->pay.deadline_ms = pr_add_ms(now_ms, p->pay.policy.value[PR_POLICY_deadline_ms]);
    one = read_number(&p->pay.amount_minor, spec, "amount_minor", 1, 999999999999999, 1, why);
    rc = one != PAYROUTE_OK ? one : rc;
    one = read_number(&p->pay.ordered_ms, spec, "ordered_at_ms", 0, INT64_MAX / 2, 0, why);
    rc = one != PAYROUTE_OK ? one : rc;
    one = read_number(&p->pay.deadline_ms, spec, "deadline_ms", 1, INT64_MAX / 2, 0, why);
    rc = one != PAYROUTE_OK ? one : rc;
    one = pr_order_read(&p->order, spec, "", why);
    rc = one != PAYROUTE_OK ? one : rc;
    one = pr_known_read(&p->known, spec, why);
    return one != PAYROUTE_OK ? one : rc;
}

/* The channel file's own numbers, by name, within their bounds. The registry refuses what is no object;
   names and bounds are checked here. */
static int32_t read_policy(pr_policy *policy, const payroute_registry *registry, pr_text *why)
{
    payroute_json *doc = NULL;
    const char *text = pr_registry_policy(registry);
    int32_t rc = payroute_json_parse(&doc, text, strlen(text), NULL, 0);
    const payroute_json_node *root = payroute_json_root(doc);
    for (const payroute_json_node *m = payroute_json_first(root); rc == PAYROUTE_OK && m != NULL;
         m = payroute_json_next(m)) {
        int64_t value = 0;
        int32_t id = pr_policy_find(payroute_json_name(m));
        if (id < 0 || payroute_json_integer(&value, m) != PAYROUTE_OK ||
            pr_policy_set(policy, id, value) != PAYROUTE_OK) {
            pr_text_format(why, "policy.%.*s: unknown, or outside its bounds\n",
                           pr_text_fit(payroute_json_name(m), 40), payroute_json_name(m));
            rc = PAYROUTE_E_SCHEMA;
        }
    }
    payroute_json_free(doc);
    return rc;
}

int32_t pr_handle_identify(payroute_payment *p)
{
    uint8_t digest[32];
    char hex[65];
    const void *parts[3] = {p->instance, "\n", p->order_id};
    const size_t lens[3] = {strlen(p->instance), 1, strlen(p->order_id)};
    int32_t rc = pr_sign_sha256_parts(digest, parts, lens, 3);
    if (rc == PAYROUTE_OK) {
        pr_sign_hex(hex, digest, sizeof digest);
        memcpy(p->order_hash, hex, 32);
        p->order_hash[32] = '\0';
    }
    return rc;
}

int32_t pr_handle_new(payroute_payment **out, payroute_registry *registry, const payroute_catalog *catalog,
                      const char *entropy, pr_text *why)
{
    if (!pr_registry_sealed(registry)) {
        pr_text_format(why, "the registry is not sealed\n");
        return PAYROUTE_E_STATE;
    }
    payroute_payment *p = pr_mem_new(sizeof *p);
    if (p == NULL) {
        return PAYROUTE_E_NOMEM;
    }
    pr_policy_default(&p->pay.policy);
    int32_t rc = read_policy(&p->pay.policy, registry, why);
    if (rc != PAYROUTE_OK) {
        pr_mem_free(p);
        return rc;
    }
    p->registry = payroute_registry_retain(registry);
    p->catalog = catalog;
    p->budget_ms = INT64_MAX;
    memcpy(p->pool, entropy, sizeof p->pool);
    pr_http_request_init(&p->request);
    *out = p;
    return PAYROUTE_OK;
}

int32_t payroute_payment_new(payroute_payment **out, payroute_registry *registry,
                             const payroute_catalog *catalog, const char *spec, size_t spec_len,
                             const char *instance, const char *entropy, int64_t now_ms, char *why,
                             size_t why_cap)
{
    pr_text detail;
    payroute_json *doc = NULL;
    payroute_payment *p = NULL;
    pr_text_init(&detail, why, why_cap);
    if (out == NULL || registry == NULL || spec == NULL || instance == NULL || entropy == NULL ||
        now_ms <= 0) {
        return PAYROUTE_E_ARG;
    }
    *out = NULL;
    if (instance[0] == '\0' || strlen(instance) > 32) {
        pr_text_format(&detail, "instance: expected 1 to 32 bytes\n");
        return PAYROUTE_E_RANGE;
    }
    int32_t rc = payroute_json_parse(&doc, spec, spec_len, why, why_cap);
    if (rc == PAYROUTE_OK) {
        rc = pr_handle_new(&p, registry, catalog, entropy, &detail);
    }
    if (rc == PAYROUTE_OK) {
        memcpy(p->instance, instance, strlen(instance) + 1);
        p->pay.created_ms = now_ms;
        p->pay.last_ms = now_ms;
        p->pay.dirty = 1;
        rc = read_spec(p, payroute_json_root(doc), now_ms, &detail);
    }
    if (rc == PAYROUTE_OK) {
        p->pay.wants_start = p->order.method[0] != '\0' || p->order.channel[0] != '\0';
        pr_order_policy(&p->pay, &p->order);
        rc = pr_handle_identify(p);
    }
    payroute_json_free(doc);
    if (rc != PAYROUTE_OK) {
        if (detail.len > 0 && !detail.cut && detail.at[detail.len - 1] == '\n') {
            detail.at[detail.len - 1] = '\0';
        }
        payroute_payment_free(p);
        return rc;
    }
    *out = p;
    return PAYROUTE_OK;
}
