/* Requests to a 易支付: business fields as content, merchant, time and signature anew for each send. What
   differs between the panels is a row of provider/epay_forks.def, never a branch here. */
#include "adapters/epay.h"

#include <string.h>

enum { NAME_BYTES = 127, EXTRA_CAP = 32 };

#define FORK(name, en, zh, secret, legacy, bare, off, late, flows, types, ...) {name, __VA_ARGS__},
static const pr_epay_fork wire_forks[] = {
#include "provider/epay_forks.def"
};
#undef FORK

const pr_epay_fork *pr_epay_fork_of(const pr_channel *channel)
{
    for (size_t i = 0; channel->fork && i < sizeof wire_forks / sizeof *wire_forks; i++) {
        if (strcmp(wire_forks[i].name, channel->fork->name) == 0) {
            return &wire_forks[i];
        }
    }
    return NULL;
}

int32_t pr_epay_listed(const char *words, const char *word)
{
    size_t n = word ? strlen(word) : 0;
    while (n > 0 && words && *words) {
        size_t len = strcspn(words, " ");
        if (len == n && memcmp(words, word, n) == 0) {
            return 1;
        }
        words += len + (words[len] == ' ');
    }
    return 0;
}

/* ---- content ------------------------------------------------------------------------------------------- */

/* The title as the panels keep it: 127 bytes. What they would escape, and what could pass for another pair in
   the text that is signed, becomes a blank. */
static void put_name(payroute_json_out *json, const pr_subject *subject, const pr_wish *wish)
{
    char name[NAME_BYTES + 1];
    pr_text t;
    pr_text_init(&t, name, sizeof name);
    pr_text_put(&t, wish->subject && wish->subject[0] ? wish->subject : subject->reference);
    for (char *p = name; *p; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f || strchr("&=<>\"'\\+%", *p)) {
            *p = ' ';
        }
    }
    payroute_json_out_string(json, "name", name[strspn(name, " ")] ? name : subject->reference);
}

static void put_extra(payroute_json_out *json, const char *pair)
{
    char name[EXTRA_CAP];
    const char *eq = pair ? strchr(pair, '=') : NULL;
    if (eq && (size_t)(eq - pair) < sizeof name) {
        memcpy(name, pair, (size_t)(eq - pair));
        name[eq - pair] = '\0';
        payroute_json_out_string(json, name, eq + 1);
    }
}

static int32_t is_flow(const pr_subject *subject, const char *flow)
{
    return subject->flow && strcmp(subject->flow, flow) == 0;
}

static int32_t check_money(const pr_subject *subject, const pr_wish *wish, pr_text *why)
{
    if (!subject->currency || strcmp(subject->currency, "CNY") != 0) {
        pr_text_put(why, "currency: epay takes CNY only");
        return PAYROUTE_E_UNSUPPORTED;
    }
    if (wish->hold) {
        pr_text_put(why, "hold: epay orders cannot be authorized first");
        return PAYROUTE_E_UNSUPPORTED;
    }
    if (subject->amount_minor < 1 || subject->amount_minor > INT64_C(10000000000)) {
        pr_text_put(why, "amount: epay takes 0.01 to 100000000.00");
        return PAYROUTE_E_RANGE;
    }
    return PAYROUTE_OK;
}

static int32_t check_order(const pr_epay_fork *fork, const pr_subject *subject, const pr_wish *wish,
                           const char *return_url, pr_text *why)
{
    char type[PR_EPAY_TYPE_CAP];
    if (!fork || (!is_flow(subject, "qr") && !is_flow(subject, "redirect") && !is_flow(subject, "page"))) {
        pr_text_format(why, "flow: epay knows qr, redirect and page, got \"%s\"",
                       subject->flow ? subject->flow : "");
        return PAYROUTE_E_UNSUPPORTED;
    }
    if (!pr_fork_type(type, sizeof type, subject->channel->fork, subject->method)) {
        pr_text_format(why, "method: fork %s knows %s", fork->name, subject->channel->fork->types);
        return PAYROUTE_E_UNSUPPORTED;
    }
    if (fork->wants_ip && !is_flow(subject, "page") && (!wish->client_ip || !wish->client_ip[0])) {
        pr_text_format(why, "client_ip: fork %s takes no order without the customer's address", fork->name);
        return PAYROUTE_E_SCHEMA;
    }
    if (!return_url || !return_url[0]) {
        pr_text_put(why, "return_url: the panel takes no order without one");
        return PAYROUTE_E_SCHEMA;
    }
    if (subject->channel->fork->bare_urls && strchr(return_url, '?')) {
        pr_text_format(why, "return_url: fork %s takes no ?query", fork->name);
        return PAYROUTE_E_SCHEMA;
    }
    if (wish->order_hash && wish->order_hash[0] && !pr_word_plain(wish->order_hash)) {
        pr_text_put(why, "order_hash: expected hexadecimal digits");
        return PAYROUTE_E_SCHEMA;
    }
    int32_t rc = pr_adapter_url_check(return_url, "return_url", why);
    return rc != PAYROUTE_OK ? rc : pr_adapter_url_check(subject->channel->notify_url, "notify_url", why);
}

static void put_fields(payroute_json_out *json, const pr_epay_fork *fork, const pr_subject *subject,
                       const pr_wish *wish, const char *return_url, const char *money)
{
    char type[PR_EPAY_TYPE_CAP] = "";
    pr_fork_type(type, sizeof type, subject->channel->fork, subject->method);
    payroute_json_out_object(json, "fields");
    payroute_json_out_string(json, "type", type);
    payroute_json_out_string(json, "out_trade_no", subject->reference);
    payroute_json_out_string(json, "money", money);
    put_name(json, subject, wish);
    if (subject->channel->notify_url) {
        payroute_json_out_string(json, "notify_url", subject->channel->notify_url);
    }
    payroute_json_out_string(json, "return_url", return_url);
    if (fork->wants_ip && !is_flow(subject, "page")) {
        payroute_json_out_string(json, "clientip", wish->client_ip); /* checked: it is there */
    }
    if (wish->order_hash && wish->order_hash[0]) {
        payroute_json_out_string(json, "param", wish->order_hash);
    }
    put_extra(json, fork->always_extra);
    put_extra(json, is_flow(subject, "qr")         ? fork->qr_extra
                    : is_flow(subject, "redirect") ? fork->redirect_extra
                                                   : NULL);
    payroute_json_out_end(json);
}

int32_t pr_epay_content(pr_buf *out, const pr_subject *subject, const pr_wish *wish, pr_text *why)
{
    const pr_epay_fork *fork = pr_epay_fork_of(subject->channel);
    const char *return_url =
        wish->return_url && wish->return_url[0] ? wish->return_url : subject->channel->return_url;
    char money[24];
    int32_t rc = check_money(subject, wish, why);
    if (rc == PAYROUTE_OK) {
        rc = check_order(fork, subject, wish, return_url, why);
    }
    if (rc == PAYROUTE_OK && payroute_amount_format(money, sizeof money, "CNY", subject->amount_minor) < 0) {
        rc = PAYROUTE_E_RANGE;
    }
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    payroute_json_out *json = payroute_json_out_new();
    payroute_json_out_object(json, NULL);
    payroute_json_out_string(json, "fork", fork->name);
    payroute_json_out_string(json, "flow", subject->flow);
    put_fields(json, fork, subject, wish, return_url, money);
    payroute_json_out_string(json, "currency", "CNY");
    payroute_json_out_end(json);
    return pr_content_finish(out, json, why);
}

/* ---- the envelope -------------------------------------------------------------------------------------- */

/* All parameters of one request; the texts live here, in the subject or in the parsed content. */
typedef struct request_params {
    pr_pair pairs[PR_EPAY_PARAMS_MAX];
    size_t count;
    payroute_json *doc; /* the parsed content; NULL: none */
    char money[24];
    char stamp[24];
    char sign[PR_EPAY_SIGN_CAP];
} request_params;

static void add_pair(request_params *p, const char *name, const char *value)
{
    if (value && value[0] && p->count < PR_EPAY_PARAMS_MAX) {
        p->pairs[p->count].name = name;
        p->pairs[p->count].value = value;
        p->count++;
    }
}

/* From the stored content: the very fields that were hashed. */
static int32_t order_fields(request_params *p, const pr_epay_fork *fork, const pr_subject *subject,
                            pr_text *why)
{
    int32_t rc =
        payroute_json_parse(&p->doc, subject->content ? subject->content : "", subject->content_len, NULL, 0);
    if (rc != PAYROUTE_OK) {
        pr_text_put(why, rc == PAYROUTE_E_NOMEM ? "out of memory" : "content: not what this adapter wrote");
        return rc;
    }
    const payroute_json_node *root = payroute_json_root(p->doc);
    const char *written = payroute_json_string(payroute_json_get(root, "fork"));
    const char *flow = payroute_json_string(payroute_json_get(root, "flow"));
    const payroute_json_node *fields = payroute_json_get(root, "fields");
    const char *number = payroute_json_string(payroute_json_get(fields, "out_trade_no"));
    if (!written || strcmp(written, fork->name) != 0 || !flow || !is_flow(subject, flow) || !number ||
        strcmp(number, subject->reference) != 0) {
        pr_text_put(why, "content: written for another request");
        return PAYROUTE_E_SCHEMA;
    }
    for (const payroute_json_node *f = payroute_json_first(fields); f; f = payroute_json_next(f)) {
        add_pair(p, payroute_json_name(f), payroute_json_string(f));
    }
    return PAYROUTE_OK;
}

/* Their number where we have it, since ours may stand for two trades once its ten days are over. */
static void add_trade(request_params *p, const pr_subject *subject)
{
    const char *trade = subject->capture_id && subject->capture_id[0]     ? subject->capture_id
                        : subject->provider_id && subject->provider_id[0] ? subject->provider_id
                                                                          : NULL;
    add_pair(p, trade ? "trade_no" : "out_trade_no", trade ? trade : subject->reference);
}

static int32_t operation_fields(request_params *p, const pr_epay_fork *fork, int32_t operation,
                                const pr_subject *subject, pr_text *why)
{
    switch (operation) {
    case PR_OP_CREATE: return order_fields(p, fork, subject, why);
    case PR_OP_REFUND:
        add_trade(p, subject);
        if (payroute_amount_format(p->money, sizeof p->money, "CNY", subject->amount_minor) < 0) {
            pr_text_put(why, "amount: cannot be written in yuan");
            return PAYROUTE_E_RANGE;
        }
        add_pair(p, "money", p->money);
        if (fork->refund_query) { /* where refunds can be asked for, they are keyed */
            add_pair(p, "out_refund_no", subject->key);
        }
        return PAYROUTE_OK;
    case PR_OP_REFUND_QUERY: add_pair(p, "out_refund_no", subject->key); return PAYROUTE_OK;
    default: /* query, close */ add_pair(p, "out_trade_no", subject->reference); return PAYROUTE_OK;
    }
}

/* v1 signs orders; everything else carries the key itself, as its panels want it. */
static int32_t add_proof(request_params *p, const pr_epay_fork *fork, int32_t operation,
                         const pr_subject *subject, pr_text *why)
{
    const char *pid = pr_credential_get(subject->channel, subject->credential_version, "pid");
    if (!pid) {
        pr_text_put(why, "credentials: pid is needed");
        return PAYROUTE_E_KEY;
    }
    add_pair(p, "pid", pid);
    if (fork->sign != PR_EPAY_RSA && operation != PR_OP_CREATE) {
        const char *key = pr_credential_get(subject->channel, subject->credential_version, "key");
        add_pair(p, "key", key);
        return key ? PAYROUTE_OK : PAYROUTE_E_KEY;
    }
    if (fork->sign == PR_EPAY_RSA) {
        pr_text t;
        pr_text_init(&t, p->stamp, sizeof p->stamp);
        pr_text_i64(&t, subject->now_ms / 1000);
        add_pair(p, "timestamp", p->stamp);
    }
    int32_t rc = pr_epay_sign(p->sign, sizeof p->sign, subject->channel, subject->credential_version, fork,
                              p->pairs, p->count, subject->entropy, why);
    add_pair(p, "sign", p->sign);
    add_pair(p, "sign_type", fork->sign == PR_EPAY_RSA ? "RSA" : "MD5");
    return rc;
}

static const char *operation_path(const pr_epay_fork *fork, int32_t operation, int32_t page)
{
    switch (operation) {
    case PR_OP_CREATE: return page ? fork->page : fork->create;
    case PR_OP_QUERY: return fork->query;
    case PR_OP_CLOSE: return fork->close;
    case PR_OP_REFUND: return fork->refund;
    case PR_OP_REFUND_QUERY: return fork->refund_query;
    default: return NULL;
    }
}

/* The address and the signed parameters; the caller frees p->doc whatever the result. */
static int32_t prepare(pr_buf *url, request_params *p, int32_t operation, int32_t page,
                       const pr_subject *subject, pr_text *why)
{
    const pr_epay_fork *fork = pr_epay_fork_of(subject->channel);
    const char *path = fork ? operation_path(fork, operation, page) : NULL;
    memset(p, 0, sizeof *p);
    if (!path) {
        pr_text_format(why, "epay fork %s has no such operation", fork ? fork->name : "?");
        return PAYROUTE_E_UNSUPPORTED;
    }
    int32_t rc = operation_fields(p, fork, operation, subject, why);
    if (rc == PAYROUTE_OK) {
        rc = add_proof(p, fork, operation, subject, why);
    }
    return rc == PAYROUTE_OK ? pr_adapter_url_join(url, subject->channel->base_url, path) : rc;
}

static int32_t append_query(pr_buf *url, const request_params *p)
{
    pr_buf_put(url, url->at && strchr(url->at, '?') ? "&" : "?");
    pr_pairs_encode(url, p->pairs, p->count);
    return url->rc;
}

int32_t pr_epay_build(pr_http_request *out, int32_t operation, int32_t step, const pr_subject *subject,
                      pr_text *why)
{
    if (operation == PR_OP_CREATE && (step != 1 || is_flow(subject, "page"))) {
        pr_text_put(why, "this flow sends no request: its page is shown");
        return PAYROUTE_E_UNSUPPORTED;
    }
    request_params p;
    int32_t rc = prepare(&out->url, &p, operation, 0, subject, why);
    const pr_epay_fork *fork = pr_epay_fork_of(subject->channel);
    int32_t get = operation == PR_OP_QUERY && fork && fork->sign != PR_EPAY_RSA; /* they read $_GET alone */
    memcpy(out->method, get ? "GET" : "POST", get ? 4 : 5);
    if (rc == PAYROUTE_OK && get) {
        rc = append_query(&out->url, &p);
    } else if (rc == PAYROUTE_OK) {
        pr_pairs_encode(&out->body, p.pairs, p.count);
        rc = out->body.rc != PAYROUTE_OK
                 ? out->body.rc
                 : pr_header_add(&out->headers, "Content-Type",
                                 "application/x-www-form-urlencoded;charset=utf-8", why);
    }
    payroute_json_free(p.doc);
    return rc == PAYROUTE_OK ? pr_header_add(&out->headers, "Accept", "application/json", why) : rc;
}

/* ---- the page ------------------------------------------------------------------------------------------ */

static void put_escaped(pr_buf *out, const char *text)
{
    for (const char *p = text; *p; p++) {
        if (strchr("&<>\"'", *p)) {
            pr_buf_format(out, "&#%d;", (int)*p);
        } else {
            pr_buf_bytes(out, p, 1);
        }
    }
}

static int32_t put_form(pr_buf *out, const char *url, const request_params *p)
{
    pr_buf_put(out, "<form id=\"pay\" method=\"post\" accept-charset=\"utf-8\" action=\"");
    put_escaped(out, url);
    pr_buf_put(out, "\">");
    for (size_t i = 0; i < p->count; i++) {
        pr_buf_put(out, "<input type=\"hidden\" name=\"");
        put_escaped(out, p->pairs[i].name);
        pr_buf_put(out, "\" value=\"");
        put_escaped(out, p->pairs[i].value);
        pr_buf_put(out, "\">");
    }
    pr_buf_put(out, "<noscript><button>OK</button></noscript></form>"
                    "<script>document.getElementById(\"pay\").submit()</script>");
    return out->rc;
}

int32_t pr_epay_show(pr_reading *out, const pr_subject *subject, pr_text *why)
{
    if (!is_flow(subject, "page")) {
        pr_text_put(why, "this flow's payload comes from a request");
        return PAYROUTE_E_UNSUPPORTED;
    }
    const pr_epay_fork *fork = pr_epay_fork_of(subject->channel);
    int32_t form = fork && fork->page_is_form;
    request_params p;
    pr_buf url, html;
    pr_buf_init(&url);
    pr_buf_init(&html);
    int32_t rc = prepare(&url, &p, PR_OP_CREATE, 1, subject, why);
    if (rc == PAYROUTE_OK) {
        rc = form ? put_form(&html, url.at, &p) : append_query(&url, &p);
    }
    if (rc == PAYROUTE_OK) {
        rc = pr_reading_show(out, form ? PR_SHOW_FORM : PR_SHOW_URL, form ? html.at : url.at);
        if (rc == 0) {
            pr_text_put(why, "the page's address is too long to be shown");
        }
        rc = rc == 1 ? PAYROUTE_OK : rc == 0 ? PAYROUTE_E_LIMIT : rc;
    }
    payroute_json_free(p.doc);
    pr_buf_free(&url);
    pr_buf_free(&html);
    return rc;
}

const pr_adapter pr_adapter_epay = {
    .provider = "epay",
    .content = pr_epay_content,
    .build = pr_epay_build,
    .show = pr_epay_show,
    .read = pr_epay_read,
    .read_code = NULL,
    .notify = pr_epay_notify,
};
