/* Requests to Stripe, in two steps: prepare (a PaymentIntent that moves no money), then confirm by its id. */
#include "adapters/stripe.h"

#include <string.h>

/* ---- amounts ------------------------------------------------------------------------------------------- */

typedef struct unit {
    char currency[4];
    int32_t exponent; /* decimals of Stripe's integer amounts */
    int32_t whole;    /* amounts must be multiples of this */
} unit;

/* Where Stripe differs from "two decimals" (docs.stripe.com/currencies: zero-decimal, three-decimal, special
   cases). ISK and UGX have no decimals any more, yet their amounts are still written with two that must be
   00. */
static const unit units[] = {
    {"BIF", 0, 1},  {"CLP", 0, 1},  {"DJF", 0, 1},   {"GNF", 0, 1},   {"JPY", 0, 1},  {"KMF", 0, 1},
    {"KRW", 0, 1},  {"MGA", 0, 1},  {"PYG", 0, 1},   {"RWF", 0, 1},   {"VND", 0, 1},  {"VUV", 0, 1},
    {"XAF", 0, 1},  {"XOF", 0, 1},  {"XPF", 0, 1},   {"BHD", 3, 10},  {"JOD", 3, 10}, {"KWD", 3, 10},
    {"OMR", 3, 10}, {"TND", 3, 10}, {"ISK", 2, 100}, {"UGX", 2, 100},
};

/* `currency` is one that payroute_currency_exponent knows: three letters and the NUL. */
static unit unit_of(const char *currency)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (memcmp(units[i].currency, currency, 4) == 0) {
            return units[i];
        }
    }
    return (unit){"", 2, 1};
}

static int32_t rescale(int64_t *out, int64_t value, int32_t from, int32_t to)
{
    for (; from < to; from++) {
        if (value > INT64_MAX / 10) {
            return PAYROUTE_E_RANGE;
        }
        value *= 10;
    }
    for (; from > to; from--) {
        if (value % 10 != 0) {
            return PAYROUTE_E_RANGE;
        }
        value /= 10;
    }
    *out = value;
    return PAYROUTE_OK;
}

int32_t pr_stripe_amount_out(int64_t *stripe, const char *currency, int64_t minor)
{
    int32_t ours = payroute_currency_exponent(currency);
    if (ours < 0) {
        return PAYROUTE_E_NOT_FOUND;
    }
    unit u = unit_of(currency);
    if (minor < 0 || rescale(stripe, minor, ours, u.exponent) != PAYROUTE_OK || *stripe % u.whole != 0) {
        return PAYROUTE_E_RANGE;
    }
    return PAYROUTE_OK;
}

int32_t pr_stripe_amount_in(int64_t *minor, const char *currency, int64_t stripe)
{
    int32_t ours = payroute_currency_exponent(currency);
    if (ours < 0) {
        return PAYROUTE_E_NOT_FOUND;
    }
    return stripe < 0 ? PAYROUTE_E_RANGE : rescale(minor, stripe, unit_of(currency).exponent, ours);
}

int32_t pr_stripe_currency(char out[8], const char *lower)
{
    memset(out, 0, 8);
    if (!lower || strlen(lower) != 3) {
        return PAYROUTE_E_SCHEMA;
    }
    for (size_t i = 0; i < 3; i++) {
        if (lower[i] < 'a' || lower[i] > 'z') {
            memset(out, 0, 8);
            return PAYROUTE_E_SCHEMA;
        }
        out[i] = (char)(lower[i] - 'a' + 'A');
    }
    return PAYROUTE_OK;
}

/* ---- content ------------------------------------------------------------------------------------------- */

/* Stripe's name of a method of ours (docs.stripe.com/api/payment_methods/object, `type`). */
static const char *type_of_method(const char *method)
{
    if (!method || !method[0]) {
        return "card";
    }
    if (strcmp(method, "wechat") == 0) {
        return "wechat_pay";
    }
    return pr_word_plain(method) ? method : NULL;
}

static int32_t check_instrument(const pr_subject *subject, const pr_wish *wish, const char *return_url,
                                pr_text *why)
{
    const char *token = wish->instrument;
    int32_t letters = 0;
    for (const char *p = token ? token : ""; *p; p++) {
        letters = letters || *p == '_' || (*p >= 'a' && *p <= 'z');
    }
    if (token && token[0] && (!letters || !pr_word_plain(token) || strlen(token) > 100)) {
        pr_text_put(why, "instrument: expected a payment-method token such as pm_..., never a card number");
        return PAYROUTE_E_SCHEMA;
    }
    const char *type = type_of_method(subject->method);
    int32_t redirect = subject->flow && strcmp(subject->flow, "redirect") == 0;
    if (!type || (!redirect && (!subject->flow || strcmp(subject->flow, "token") != 0))) {
        pr_text_put(why, "flow: stripe knows token and redirect");
        return PAYROUTE_E_UNSUPPORTED;
    }
    if ((!redirect || strcmp(type, "card") == 0) && !(token && token[0])) {
        pr_text_put(why, "instrument: a payment-method token is needed");
        return PAYROUTE_E_SCHEMA;
    }
    /* A saved wallet or bank account is charged by the confirm itself, without the customer; this flow counts
       on his act and lets go of what was not shown to him. */
    if (redirect && strcmp(type, "card") != 0 && token && token[0]) {
        pr_text_put(why, "instrument: a redirect takes none but a card's, the customer chooses there");
        return PAYROUTE_E_SCHEMA;
    }
    if (redirect && !(return_url && return_url[0])) {
        pr_text_put(why, "return_url: a redirect needs the address to come back to");
        return PAYROUTE_E_SCHEMA;
    }
    return pr_adapter_url_check(return_url, "return_url", why);
}

static void put_short(payroute_json_out *json, const char *name, const char *value, size_t cap)
{
    char room[512];
    if (!value || !value[0]) {
        return;
    }
    pr_text t;
    pr_text_init(&t, room, cap < sizeof room ? cap : sizeof room);
    pr_text_put(&t, value);
    payroute_json_out_string(json, name, room);
}

int32_t pr_stripe_content(pr_buf *out, const pr_subject *subject, const pr_wish *wish, pr_text *why)
{
    const char *return_url =
        wish->return_url && wish->return_url[0] ? wish->return_url : subject->channel->return_url;
    int32_t rc = check_instrument(subject, wish, return_url, why);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    int64_t amount = 0;
    rc = pr_stripe_amount_out(&amount, subject->currency, subject->amount_minor);
    if (rc != PAYROUTE_OK || amount < 1 ||
        amount > INT64_C(999999999999)) { /* twelve digits, the widest that any currency has */
        pr_text_format(why, "amount: cannot be charged in %s at stripe", subject->currency);
        return rc != PAYROUTE_OK ? rc : PAYROUTE_E_RANGE;
    }
    if (wish->customer && wish->customer[0] && !pr_word_plain(wish->customer)) {
        pr_text_put(why, "customer: expected an opaque reference of letters, digits, _ and -");
        return PAYROUTE_E_SCHEMA;
    }
    payroute_json_out *json = payroute_json_out_new();
    payroute_json_out_object(json, NULL);
    payroute_json_out_string(json, "reference", subject->reference);
    payroute_json_out_integer(json, "amount", amount);
    payroute_json_out_string(json, "currency", subject->currency);
    payroute_json_out_string(json, "capture_method", wish->hold ? "manual" : "automatic");
    payroute_json_out_string(json, "type", type_of_method(subject->method));
    put_short(json, "instrument", wish->instrument, 101);
    put_short(json, "customer", wish->customer, 101);
    put_short(json, "description", wish->subject, 512);
    if (return_url && return_url[0]) {
        payroute_json_out_string(json, "return_url", return_url);
    }
    put_short(json, "order_hash", wish->order_hash, 65);
    if (wish->authenticate && strcmp(type_of_method(subject->method), "card") == 0) {
        payroute_json_out_flag(json, "authenticate", 1);
    }
    payroute_json_out_end(json);
    return pr_content_finish(out, json, why);
}

/* ---- bodies -------------------------------------------------------------------------------------------- */

static const char *field(const payroute_json_node *root, const char *name)
{
    return payroute_json_text(payroute_json_get(root, name));
}

static void lower_currency(char out[8], const char *currency)
{
    size_t i = 0;
    for (; currency && currency[i] && i < 7; i++) {
        out[i] = (char)(currency[i] >= 'A' && currency[i] <= 'Z' ? currency[i] - 'A' + 'a' : currency[i]);
    }
    out[i] = '\0';
}

static void prepare_fields(pr_buf *body, const payroute_json_node *content)
{
    char currency[8];
    lower_currency(currency, field(content, "currency"));
    pr_form_add(body, "amount", field(content, "amount"));
    pr_form_add(body, "currency", currency);
    pr_form_add(body, "confirm", "false");
    pr_form_add(body, "capture_method", field(content, "capture_method"));
    pr_form_add(body, "payment_method_types[0]", field(content, "type"));
    pr_form_add(body, "description", field(content, "description"));
    const char *customer = field(content, "customer");
    if (customer && strncmp(customer, "cus_", 4) == 0) {
        pr_form_add(body, "customer", customer);
    } else {
        pr_form_add(body, "metadata[customer]", customer);
    }
    pr_form_add(body, "metadata[reference]", field(content, "reference"));
    pr_form_add(body, "metadata[order_hash]", field(content, "order_hash"));
}

static void confirm_fields(pr_buf *body, const payroute_json_node *content)
{
    const char *token = field(content, "instrument");
    const char *type = field(content, "type");
    if (token) {
        pr_form_add(body, "payment_method", token);
    } else {
        pr_form_add(body, "payment_method_data[type]", type);
    }
    if (type && strcmp(type, "wechat_pay") == 0) {
        pr_form_add(body, "payment_method_options[wechat_pay][client]", "web");
    }
    /* docs.stripe.com/payments/3d-secure/authentication-flow (manual 3DS): "any" asks for 3-D Secure and leaves it
       to the issuer whether the customer is challenged; "challenge" would insist on that. */
    if (payroute_json_flag(payroute_json_get(content, "authenticate")) == 1) {
        pr_form_add(body, "payment_method_options[card][request_three_d_secure]", "any");
    }
    pr_form_add(body, "return_url", field(content, "return_url"));
    pr_form_add(body, "expand[0]", "latest_charge");
}

static int32_t create_step(pr_http_request *out, int32_t step, const pr_subject *subject, pr_text *why)
{
    payroute_json *doc = NULL;
    int32_t rc =
        payroute_json_parse(&doc, subject->content ? subject->content : "", subject->content_len, NULL, 0);
    if (rc != PAYROUTE_OK) {
        pr_text_put(why, "content: not what this adapter wrote");
        return rc;
    }
    const payroute_json_node *root = payroute_json_root(doc);
    const char *reference = field(root, "reference");
    if (!reference || strcmp(reference, subject->reference) != 0 || !field(root, "amount") ||
        !field(root, "currency")) {
        pr_text_put(why, "content: written for another request");
        rc = PAYROUTE_E_SCHEMA;
    } else if (step == 1) {
        prepare_fields(&out->body, root);
    } else {
        confirm_fields(&out->body, root);
    }
    payroute_json_free(doc);
    return rc;
}

static int32_t put_amount(pr_buf *body, const char *name, const pr_subject *subject, pr_text *why)
{
    int64_t amount = 0;
    if (pr_stripe_amount_out(&amount, subject->currency, subject->amount_minor) != PAYROUTE_OK ||
        amount < 1) {
        pr_text_format(why, "amount: cannot be said in %s at stripe",
                       subject->currency ? subject->currency : "");
        return PAYROUTE_E_RANGE;
    }
    char digits[24];
    pr_text t;
    pr_text_init(&t, digits, sizeof digits);
    pr_text_i64(&t, amount);
    pr_form_add(body, name, digits);
    return PAYROUTE_OK;
}

/* ---- addresses ----------------------------------------------------------------------------------------- */

static int32_t needs_id(const pr_subject *subject, pr_text *why)
{
    if (!pr_word_plain(subject->provider_id)) {
        pr_text_put(why, "provider_id: the PaymentIntent's id is not known yet");
        return PAYROUTE_E_STATE;
    }
    return PAYROUTE_OK;
}

static void intent_path(pr_buf *url, const pr_subject *subject, const char *tail)
{
    pr_adapter_url_join(url, subject->channel->base_url, "/v1/payment_intents/");
    pr_buf_put(url, subject->provider_id);
    pr_buf_put(url, tail);
}

static int32_t refund_body(pr_http_request *out, const pr_subject *subject, pr_text *why)
{
    pr_adapter_url_join(&out->url, subject->channel->base_url, "/v1/refunds");
    pr_form_add(&out->body, "payment_intent", subject->provider_id);
    int32_t rc = put_amount(&out->body, "amount", subject, why);
    pr_form_add(&out->body, "metadata[key]", subject->key);
    pr_form_add(&out->body, "metadata[reference]", subject->reference);
    return rc;
}

static void refund_address(pr_buf *url, const pr_subject *subject)
{
    if (pr_word_plain(subject->action_id)) {
        pr_adapter_url_join(url, subject->channel->base_url, "/v1/refunds/");
        pr_buf_put(url, subject->action_id);
    } else { /* its answer was lost: find it by the key that travels as metadata */
        pr_adapter_url_join(url, subject->channel->base_url, "/v1/refunds?limit=100&payment_intent=");
        pr_buf_put(url, subject->provider_id);
    }
}

/* `keyed`: the request runs once under its key. A cancel is the same however often it runs, and a key would
   replay an old refusal ("still processing") after the state has changed: it goes without. */
static int32_t fill_operation(pr_http_request *out, int32_t operation, const pr_subject *subject,
                              int32_t *keyed, pr_text *why)
{
    int32_t rc = needs_id(subject, why);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    switch (operation) {
    case PR_OP_QUERY:
        memcpy(out->method, "GET", 4);
        intent_path(&out->url, subject, "?expand%5B0%5D=latest_charge");
        return PAYROUTE_OK;
    case PR_OP_CLOSE:
    case PR_OP_VOID:
        intent_path(&out->url, subject, "/cancel");
        pr_form_add(&out->body, "cancellation_reason", "abandoned");
        return PAYROUTE_OK;
    case PR_OP_CAPTURE:
        intent_path(&out->url, subject, "/capture");
        *keyed = 1;
        return put_amount(&out->body, "amount_to_capture", subject, why);
    case PR_OP_REFUND:
        *keyed = 1;
        return refund_body(out, subject, why);
    case PR_OP_REFUND_QUERY:
        memcpy(out->method, "GET", 4);
        refund_address(&out->url, subject);
        return PAYROUTE_OK;
    default:
        pr_text_put(why, "stripe has no such operation");
        return PAYROUTE_E_UNSUPPORTED;
    }
}

static int32_t put_headers(pr_http_request *out, const pr_subject *subject, int32_t keyed, pr_text *why)
{
    const char *secret = pr_credential_get(subject->channel, subject->credential_version, "secret_key");
    if (!secret || !pr_word_plain(secret)) {
        pr_text_put(why, "credentials.secret_key: a secret key (sk_... or rk_...) is needed");
        return PAYROUTE_E_KEY;
    }
    pr_buf_put(&out->headers, "Authorization: Bearer ");
    pr_buf_put(&out->headers, secret);
    pr_buf_put(&out->headers, "\r\nStripe-Version: " PR_STRIPE_VERSION "\r\n");
    int32_t rc = out->headers.rc;
    if (rc == PAYROUTE_OK && strcmp(out->method, "POST") == 0) {
        rc = pr_header_add(&out->headers, "Content-Type", "application/x-www-form-urlencoded", why);
    }
    if (rc == PAYROUTE_OK && keyed) {
        rc = pr_word_plain(subject->key) ? pr_header_add(&out->headers, "Idempotency-Key", subject->key, why)
                                         : PAYROUTE_E_ARG;
    }
    return rc;
}

int32_t pr_stripe_build(pr_http_request *out, int32_t operation, int32_t step, const pr_subject *subject,
                        pr_text *why)
{
    int32_t keyed = operation == PR_OP_CREATE;
    int32_t rc = PAYROUTE_OK;
    memcpy(out->method, "POST", 5);
    if (operation != PR_OP_CREATE) {
        rc = fill_operation(out, operation, subject, &keyed, why);
    } else if (step == 1) {
        pr_adapter_url_join(&out->url, subject->channel->base_url, "/v1/payment_intents");
        rc = create_step(out, step, subject, why);
    } else if (step == 2) {
        rc = needs_id(subject, why);
        if (rc == PAYROUTE_OK) {
            intent_path(&out->url, subject, "/confirm");
            rc = create_step(out, step, subject, why);
        }
    } else {
        pr_text_put(why, "step: stripe has two");
        rc = PAYROUTE_E_UNSUPPORTED;
    }
    if (rc == PAYROUTE_OK) {
        rc = put_headers(out, subject, keyed, why);
    }
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    return out->url.rc != PAYROUTE_OK ? out->url.rc : out->body.rc;
}

const pr_adapter pr_adapter_stripe = {
    .provider = "stripe",
    .content = pr_stripe_content,
    .build = pr_stripe_build,
    .show = NULL,
    .read = pr_stripe_read,
    .read_code = NULL,
    .notify = pr_stripe_notify,
    .probe_id = "pi_000000000000000000000000",
};
