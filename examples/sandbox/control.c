/* The calls under /_: books, faults, the customer's acts, the outbox, the clock. They are the test's, not the
 * shop's. */
#include "sandbox.h"

#include <stdlib.h>
#include <string.h>

static void control_error(struct sb_request *req, int status, const char *text)
{
    cJSON *out = cJSON_CreateObject();
    sb_json_text(out, "error", text);
    sb_reply_json(req, status, out);
}

static cJSON *control_ok(void)
{
    cJSON *out = cJSON_CreateObject();
    cJSON_AddTrueToObject(out, "ok");
    return out;
}

static void set_clock(struct sb_request *req)
{
    struct sb *sb = req->sb;
    int64_t now = sb_json_number(req->json, "now_ms", -1), step = sb_json_number(req->json, "advance_ms", 0);
    if (sb_json_true(req->json, "real")) {
        sb->clock_mono = 0;
    } else if (now >= 0 || step != 0) {
        sb->clock_base = (now >= 0 ? now : sb_now(sb)) + step;
        sb->clock_mono = -1;
    }
    sb_settle_all(sb);
    sb_exchange_release(sb, false);
    cJSON *out = cJSON_CreateObject();
    sb_json_int(out, "now_ms", sb_now(sb));
    sb_reply_json(req, 200, out);
}

static void set_limit(struct sb_request *req)
{
    struct sb_account *account = sb_account_find(req->sb, sb_json_get(req->json, "account"));
    if (!account) {
        control_error(req, 400, "account: no such account");
        return;
    }
    account->limit_max = sb_json_number(req->json, "max", 0);
    account->limit_window = sb_json_number(req->json, "window_ms", 1000);
    account->limit_from = sb_now(req->sb);
    account->limit_used = 0;
    sb_reply_json(req, 200, control_ok());
}

/* The order that an opened page shows, if it shows one. */
static struct sb_order *shown_by(struct sb *sb, struct sb_request *page)
{
    struct sb_order *order = NULL;
    if (page && page->account && page->executed) {
        order = page->order ? page->order : sb_order_find(sb, page->account, page->reference);
    }
    if (page && !page->detached) {
        sb_exchange_free(page);
    }
    return order;
}

/* What the customer holds: a QR text, or a URL, to which some shops add where to return. */
static struct sb_order *by_code(struct sb *sb, const char *text, const char *form)
{
    const char *more = strstr(text, "&redirect_url=");
    char *plain = more ? sb_print("%.*s", (int)(more - text), text) : sb_dup(text);
    struct sb_order *order = sb_map_get(&sb->by_code, plain);
    free(plain);
    if (order || !strstr(text, "://127.0.0.1")) {
        return order;
    }
    return shown_by(sb, sb_open_url(sb, text, form));
}

/* A reference without an account is the latest order of that name. */
static struct sb_order *customer_order(struct sb_request *req)
{
    struct sb *sb = req->sb;
    const char *reference = sb_json_get(req->json, "reference"), *name = sb_json_get(req->json, "account");
    const char *qr = sb_json_get(req->json, "qr"), *url = sb_json_get(req->json, "url");
    const char *tail = url ? strstr(url, "/redirect/") : NULL;
    const struct sb_intent *intent = sb_map_get(&sb->by_intent, tail ? tail + 10 : reference);
    if (intent && !qr) {
        return intent->order;
    }
    if (sb_json_get(req->json, "html")) {
        return shown_by(sb, sb_open_page(sb, sb_json_get(req->json, "html")));
    }
    if (qr || (url && !tail)) {
        return by_code(sb, qr ? qr : url, sb_json_get(req->json, "form"));
    }
    for (struct sb_order *order = sb->orders; reference && order; order = order->next) {
        if (strcmp(order->reference, reference) == 0 &&
            (!name || sb_account_find(sb, name) == order->account)) {
            return order;
        }
    }
    return NULL;
}

/* The provider takes back a refund that it had reported as done. */
static const char *fail_refund(struct sb *sb, struct sb_order *order)
{
    struct sb_intent *intent = order->intent;
    struct sb_refund *refund = intent ? intent->refunds : NULL;
    while (refund && strcmp(refund->status, "failed") == 0) {
        refund = refund->next;
    }
    if (!refund) {
        return "no refund that could fail";
    }
    if (strcmp(refund->status, "succeeded") == 0) {
        intent->refunded -= refund->amount;
    }
    sb_copy(refund->status, sizeof refund->status, "failed");
    sb_stripe_event(sb, intent, "refund.failed", sb_stripe_refund_json(intent, refund, NULL));
    return NULL;
}

static void customer(struct sb_request *req)
{
    const char *act = sb_json_get(req->json, "act"), *qr = sb_json_get(req->json, "qr");
    struct sb_order *order = customer_order(req);
    if (!act || !order) {
        control_error(req, act ? 404 : 400, act ? "no such order, code or page" : "act: missing");
        return;
    }
    struct sb_act with = {.act = act,
                          .method = sb_json_get(req->json, "payment_method"),
                          .code = qr ? qr : sb_json_get(req->json, "url"),
                          .force = sb_json_true(req->json, "force")};
    const char *problem = order->intent && sb_same(act, "refund_fail")
                              ? fail_refund(req->sb, order)
                              : sb_driver(order->account)->customer(req->sb, order, &with);
    if (problem) {
        control_error(req, 409, problem);
        return;
    }
    cJSON *out = control_ok();
    sb_json_text(out, "reference", order->reference);
    sb_json_text(out, "account", order->account->id);
    sb_json_text(out, "state",
                 order->intent ? order->intent->status
                 : order->last ? order->last->status
                               : "NONE");
    sb_reply_json(req, 200, out);
}

static void fault(struct sb_request *req)
{
    int status = 200;
    cJSON *out = sb_fault_control(req->sb, req->json, &status);
    sb_reply_json(req, status, out);
}

static void account_call(struct sb_request *req)
{
    int status = 200;
    cJSON *out = sb_account_control(req->sb, req->json, &status);
    sb_reply_json(req, status, out);
}

static void forge(struct sb_request *req)
{
    int status = 200;
    cJSON *out = sb_note_forge(req->sb, req->json, &status);
    sb_reply_json(req, status, out);
}

static void control_get(struct sb_request *req)
{
    if (strcmp(req->path, "/_books") == 0) {
        sb_reply_json(req, 200, sb_books(req->sb));
    } else if (strcmp(req->path, "/_requests") == 0) {
        sb_reply_json(req, 200, sb_log_json(req->sb));
    } else if (strcmp(req->path, "/_outbox") == 0) {
        sb_settle_all(req->sb);
        sb_reply_json(req, 200, sb_note_list(req->sb, &req->query));
    } else if (strcmp(req->path, "/_fault") == 0) {
        sb_reply_json(req, 200, sb_fault_list(req->sb));
    } else if (strcmp(req->path, "/_account") == 0) {
        sb_reply_json(req, 200, sb_account_list(req->sb));
    } else if (strcmp(req->path, "/_clock") == 0) {
        set_clock(req);
    } else {
        control_error(req, 404, "no such call; see payroute-sandbox --help");
    }
}

void sb_control(struct sb_request *req)
{
    static const struct {
        const char *path;
        void (*run)(struct sb_request *req);
    } calls[] = {{"/_fault", fault},     {"/_customer", customer},    {"/_clock", set_clock},
                 {"/_limit", set_limit}, {"/_account", account_call}, {"/_forge", forge}};
    if (strcmp(req->method, "GET") == 0) {
        control_get(req);
        return;
    }
    req->json = cJSON_ParseWithOpts(req->body.at ? req->body.at : "{}", NULL, 1);
    if (strcmp(req->method, "POST") != 0 || !cJSON_IsObject(req->json)) {
        control_error(req, 400, "a POST with a JSON object is wanted");
        return;
    }
    if (strcmp(req->path, "/_deliver") == 0) {
        sb_deliver_start(req);
        return;
    }
    if (strcmp(req->path, "/_release") == 0) {
        sb_exchange_release(req->sb, true);
        sb_reply_json(req, 200, control_ok());
        return;
    }
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (strcmp(req->path, calls[i].path) == 0) {
            calls[i].run(req);
            return;
        }
    }
    control_error(req, 404, "no such call; see payroute-sandbox --help");
}
