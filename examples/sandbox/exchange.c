/* One request from its last byte in to its first byte out: who asks, what shall go wrong, execute, spoil the
 * answer. */
#include "sandbox.h"

#include <stdlib.h>
#include <string.h>

static const char html_page[] = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
                                "<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n"
                                "</body>\r\n</html>\r\n";

struct sb_request *sb_exchange_new(struct sb *sb, const char *method, const char *path)
{
    struct sb_request *req = sb_alloc(sizeof *req);
    req->sb = sb;
    sb_copy(req->method, sizeof req->method, method);
    req->path = sb_dup(path);
    return req;
}

void sb_exchange_free(struct sb_request *req)
{
    struct sb_request **at = &req->sb->sleepers;
    while (*at && *at != req) { /* a body that rests between two bytes when the client leaves */
        at = &(*at)->next;
    }
    if (*at) {
        *at = req->next;
    }
    sb_idem_finish(req, req->executed);
    free(req->path);
    free(req->target);
    sb_params_free(&req->query);
    sb_params_free(&req->headers);
    sb_params_free(&req->form);
    sb_params_free(&req->all);
    sb_params_free(&req->out_headers);
    sb_buf_free(&req->body);
    sb_buf_free(&req->out);
    cJSON_Delete(req->json);
    free(req->fault.body);
    free(req);
}

void sb_reply_text(struct sb_request *req, int status, const char *type, const char *text)
{
    req->status = status;
    req->type = type;
    req->out.len = 0;
    sb_buf_put(&req->out, text);
    req->answered = true;
}

void sb_reply_json(struct sb_request *req, int status, cJSON *json)
{
    char *text = cJSON_PrintUnformatted(json);
    sb_reply_text(req, status, "application/json", text ? text : "{}");
    cJSON_free(text);
    cJSON_Delete(json);
}

/* The account is the first part of the path, on every port; on an account's own port the path may also begin
   as at the provider, for SDKs which know hosts but no prefix. */
static void find_account(struct sb_request *req)
{
    struct sb_account *own = sb_account_of_port(req);
    for (int i = 0; i < SB_ACCOUNTS; i++) {
        struct sb_account *account = &req->sb->accounts[i];
        size_t len = strlen(account->path);
        if (req->path[0] == '/' && strncmp(req->path + 1, account->path, len) == 0 &&
            (req->path[len + 1] == '/' || req->path[len + 1] == 0)) {
            req->account = account;
        }
    }
    if (!req->account && own && strncmp(req->path, "/_", 2) != 0) {
        char *path = sb_print("/%s%s", own->path, req->path);
        free(req->path);
        req->path = path;
        req->account = own;
    }
}

static void read_form(struct sb_request *req)
{
    const char *type = sb_params_find(&req->headers, "Content-Type");
    if (req->body.len && (!type || strncmp(type, "application/x-www-form-urlencoded", 33) == 0)) {
        sb_params_parse(&req->form, req->body.at, req->body.len);
    }
    for (size_t i = 0; i < req->query.count; i++) {
        sb_params_add(&req->all, req->query.at[i].key, req->query.at[i].value);
    }
    for (size_t i = 0; i < req->form.count; i++) {
        sb_params_add(&req->all, req->form.at[i].key, req->form.at[i].value);
    }
}

static void write_log(struct sb_request *req)
{
    struct sb *sb = req->sb;
    struct sb_log *log = &sb->log[sb->log_next % SB_LOG];
    memset(log, 0, sizeof *log);
    log->id = req->log_id = ++sb->log_next;
    log->at = sb_now(sb);
    sb_copy(log->account, sizeof log->account, req->account->id);
    sb_copy(log->op, sizeof log->op, req->op);
    sb_copy(log->reference, sizeof log->reference, req->reference);
    sb_copy(log->fault, sizeof log->fault, sb_fault_name(req->fault.kind));
    sb_copy(log->key, sizeof log->key, sb_params_find(&req->headers, "Idempotency-Key"));
}

static void update_log(const struct sb_request *req)
{
    struct sb_log *log = &req->sb->log[(req->log_id - 1) % SB_LOG];
    if (log->id != req->log_id) {
        return;
    }
    log->executed = req->executed;
    log->status = req->hangup || req->detached ? 0 : req->status;
    if (!log->reference[0]) {
        sb_copy(log->reference, sizeof log->reference, req->reference);
    }
}

static bool over_limit(struct sb_request *req)
{
    struct sb_account *account = req->account;
    int64_t now = sb_now(req->sb);
    if (account->limit_max <= 0) {
        return false;
    }
    if (now - account->limit_from >= account->limit_window || now < account->limit_from) {
        account->limit_from = now;
        account->limit_used = 0;
    }
    if (++account->limit_used <= account->limit_max) {
        return false;
    }
    int64_t left = (account->limit_from + account->limit_window - now + 999) / 1000;
    char *seconds = sb_print("%lld", (long long)(left < 1 ? 1 : left));
    sb_driver(account)->limited(req, seconds);
    free(seconds);
    return true;
}

static void execute(struct sb_request *req)
{
    if (sb_is(req, SB_FAULT_ERROR)) {
        sb_driver(req->account)->refuse(req);
        return;
    }
    sb_driver(req->account)->execute(req);
    if (sb_is(req, SB_FAULT_ERROR_AFTER)) {
        sb_driver(req->account)->refuse(req);
    }
}

static void error_status(struct sb_request *req)
{
    char *text = NULL;
    sb_params_free(&req->out_headers);
    if (req->fault.retry_after >= 0) {
        text = sb_print("%lld", (long long)req->fault.retry_after);
        sb_params_add(&req->out_headers, "Retry-After", text);
        free(text);
    }
    if (req->fault.should_retry[0]) {
        sb_params_add(&req->out_headers, "Stripe-Should-Retry", req->fault.should_retry);
    }
    if (req->fault.status == 502 || req->fault.status == 504 || !sb_driver(req->account)->failed(req)) {
        sb_reply_text(req, req->fault.status, "text/html", html_page);
    }
}

/* Faults that strike before anything was executed. True: there is nothing more to do now. */
static bool fault_before(struct sb_request *req)
{
    switch ((int)req->fault.kind) {
    case SB_FAULT_DROP_BEFORE:
        return req->hangup = true;
    case SB_FAULT_STATUS_BEFORE:
        error_status(req);
        return true;
    case SB_FAULT_HTML:
        sb_reply_text(req, 200, "text/html", html_page);
        return true;
    case SB_FAULT_HOLD: /* the client sees a dead connection; the request arrives later all the same */
        req->detached = true;
        req->held_due = req->fault.delay_ms < 0 ? 0 : sb_now(req->sb) + req->fault.delay_ms;
        req->next = req->sb->held;
        req->sb->held = req;
        return true;
    default:
        return false;
    }
}

static void fault_after(struct sb_request *req)
{
    switch ((int)req->fault.kind) {
    case SB_FAULT_DROP_AFTER:
        req->hangup = true;
        break;
    case SB_FAULT_STATUS_AFTER: /* a 500 is the provider's own and is saved with the key; a gateway's is not
                                 */
        if (req->fault.status == 500) {
            error_status(req);
            sb_idem_finish(req, true);
        } else {
            sb_idem_finish(req, true);
            error_status(req);
        }
        break;
    case SB_FAULT_HTML_AFTER:
        sb_idem_finish(req, true);
        sb_params_free(&req->out_headers);
        sb_reply_text(req, 200, "text/html", html_page);
        break;
    case SB_FAULT_BODY: /* bytes of the test's own, for what no provider would ever say */
        sb_idem_finish(req, true);
        sb_reply_text(req, req->fault.status, req->type, req->fault.body ? req->fault.body : "");
        break;
    case SB_FAULT_MALFORMED: /* the last bracket is missing, but the length agrees */
        sb_idem_finish(req, true);
        if (req->out.len) {
            req->out.at[--req->out.len] = 0;
        }
        break;
    case SB_FAULT_STALL: /* the key stays busy until the answer leaves or the client does */
        if (req->connection) {
            sb_sleep(req, req->fault.delay_ms);
        }
        return;
    default:
        break;
    }
    sb_idem_finish(req, true);
}

void sb_exchange_run(struct sb_request *req)
{
    if (req->too_big) {
        sb_reply_text(req, 413, "text/plain", "request too large\n");
        return;
    }
    find_account(req);
    if (!req->account) {
        sb_control(req);
        return;
    }
    read_form(req);
    sb_driver(req->account)->identify(req);
    sb_fault_choose(req->sb, req);
    write_log(req);
    if (!over_limit(req) && !fault_before(req)) {
        execute(req);
        fault_after(req);
    }
    if (sb_driver(req->account)->finish && req->answered) {
        sb_driver(req->account)->finish(req);
    }
    sb_count(req->sb, req);
    update_log(req);
}

void sb_exchange_release(struct sb *sb, bool all)
{
    struct sb_request **at = &sb->held;
    while (*at) {
        struct sb_request *req = *at;
        if (!all && (req->held_due == 0 || sb_now(sb) < req->held_due)) {
            at = &req->next;
            continue;
        }
        *at = req->next;
        req->next = NULL;
        req->connection = NULL;
        execute(req);
        sb_idem_finish(req, true);
        sb_count(sb, req);
        update_log(req);
        sb_exchange_free(req);
    }
}
