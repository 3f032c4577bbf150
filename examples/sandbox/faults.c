/* What shall go wrong, for whom, how often: a list of orders from POST /_fault, asked once per request. */
#include "sandbox.h"

#include <stdlib.h>
#include <string.h>

static const char *const fault_names[SB_FAULT_COUNT] = {
    [SB_FAULT_NONE] = "",
    [SB_FAULT_REFUSE] = "refuse",
    [SB_FAULT_STALL] = "stall",
    [SB_FAULT_HOLD] = "hold",
    [SB_FAULT_DROP_BEFORE] = "drop_before",
    [SB_FAULT_DROP_AFTER] = "drop_after",
    [SB_FAULT_CUT] = "cut",
    [SB_FAULT_STATUS_BEFORE] = "status_before",
    [SB_FAULT_STATUS_AFTER] = "status_after",
    [SB_FAULT_HTML] = "html",
    [SB_FAULT_HTML_AFTER] = "html_after",
    [SB_FAULT_BAD_SIGNATURE] = "bad_signature",
    [SB_FAULT_UNSIGNED] = "unsigned",
    [SB_FAULT_ESCAPED_SLASH] = "escaped_slash",
    [SB_FAULT_SIGNED_ESCAPED] = "signed_escaped",
    [SB_FAULT_WRONG_AMOUNT] = "wrong_amount",
    [SB_FAULT_WRONG_CURRENCY] = "wrong_currency",
    [SB_FAULT_PENDING] = "pending",
    [SB_FAULT_DECLINE] = "decline",
    [SB_FAULT_HUGE_BODY] = "huge_body",
    [SB_FAULT_SLOW_BODY] = "slow_body",
    [SB_FAULT_NOT_FOUND] = "not_found_once",
    [SB_FAULT_SYSTEM_ERROR] = "system_error",
    [SB_FAULT_SYSTEM_ERROR_AFTER] = "system_error_after",
    [SB_FAULT_MALFORMED] = "malformed",
    [SB_FAULT_BODY] = "body",
    [SB_FAULT_SIGN_PROBE] = "sign_probe",
    [SB_FAULT_ERROR] = "error",
    [SB_FAULT_ERROR_AFTER] = "error_after",
};

const char *sb_fault_name(enum sb_fault_kind kind)
{
    return fault_names[kind];
}

static enum sb_fault_kind fault_kind(const char *name)
{
    if (sb_same(name, "execute_and_hang_up")) {
        return SB_FAULT_DROP_AFTER;
    }
    if (sb_same(name, "not_found")) {
        return SB_FAULT_NOT_FOUND;
    }
    for (int i = 1; i < SB_FAULT_COUNT; i++) {
        if (sb_same(name, fault_names[i])) {
            return (enum sb_fault_kind)i;
        }
    }
    return SB_FAULT_NONE;
}

bool sb_is(const struct sb_request *req, enum sb_fault_kind kind)
{
    return req->fault.kind == kind;
}

void sb_fault_choose(struct sb *sb, struct sb_request *req)
{
    for (struct sb_fault *fault = sb->faults; fault; fault = fault->next) {
        if (fault->times == 0 || (fault->account[0] && strcmp(fault->account, req->account->id) != 0) ||
            (fault->op[0] && strcmp(fault->op, req->op) != 0) ||
            (fault->reference[0] && strcmp(fault->reference, req->reference) != 0)) {
            continue;
        }
        if (fault->after > 0) {
            fault->after--;
            continue;
        }
        if (fault->times > 0) {
            fault->times--;
        }
        fault->hits++;
        req->fault = *fault;
        req->fault.next = NULL;
        req->fault.body = sb_dup(fault->body);
        return;
    }
}

static void remove_faults(struct sb *sb, const char *account)
{
    struct sb_fault **at = &sb->faults;
    while (*at) {
        struct sb_fault *fault = *at;
        if (!account || strcmp(fault->account, account) == 0) {
            *at = fault->next;
            free(fault->body);
            free(fault);
        } else {
            at = &fault->next;
        }
    }
}

/* A refused connection is a port that nobody listens on: only so is it sure that no byte was sent. */
static bool set_ports(struct sb *sb, const struct sb_account *only, bool open)
{
    bool good = true;
    for (int i = 0; i < SB_ACCOUNTS; i++) {
        struct sb_account *account = &sb->accounts[i];
        if (only && account != only) {
            continue;
        }
        if (open) {
            good = sb_listen(sb, account) && good;
        } else {
            sb_unlisten(account);
        }
    }
    return good;
}

static cJSON *fault_failure(int *status, const char *text)
{
    cJSON *out = cJSON_CreateObject();
    *status = 400;
    sb_json_text(out, "error", text);
    return out;
}

static void add_fault(struct sb *sb, const struct sb_account *account, enum sb_fault_kind kind,
                      const cJSON *in)
{
    struct sb_fault *fault = sb_alloc(sizeof *fault), **end = &sb->faults;
    const char *op = sb_json_get(in, "operation");
    fault->kind = kind;
    sb_copy(fault->account, sizeof fault->account, account ? account->id : "");
    sb_copy(fault->op, sizeof fault->op, op && strcmp(op, "*") != 0 ? op : "");
    sb_copy(fault->reference, sizeof fault->reference, sb_json_get(in, "reference"));
    fault->times = sb_json_number(in, "times", 1);
    fault->after = sb_json_number(in, "after", 0);
    fault->at_byte = sb_json_number(in, "at_byte", 0);
    fault->delay_ms = sb_json_number(in, "delay_ms", -1);
    fault->retry_after = sb_json_number(in, "retry_after", -1);
    int64_t code = sb_json_number(in, "status", kind == SB_FAULT_STATUS_BEFORE ? 503 : 500);
    if (kind == SB_FAULT_BODY) {
        code = sb_json_number(in, "status", 200);
    }
    if (kind == SB_FAULT_ERROR || kind == SB_FAULT_ERROR_AFTER) {
        code = sb_json_number(in, "status", 400);
    }
    fault->status = code >= 200 && code <= 599 ? (int)code : 500;
    fault->body = sb_dup(sb_json_get(in, "body"));
    sb_copy(fault->code, sizeof fault->code, sb_json_get(in, "code"));
    sb_copy(fault->should_retry, sizeof fault->should_retry, sb_json_get(in, "should_retry"));
    while (*end) {
        end = &(*end)->next;
    }
    *end = fault;
}

cJSON *sb_fault_control(struct sb *sb, const cJSON *in, int *status)
{
    const char *name = sb_json_get(in, "account"), *what = sb_json_get(in, "fault");
    struct sb_account *account = NULL;
    if (name && strcmp(name, "*") != 0 && !(account = sb_account_find(sb, name))) {
        return fault_failure(status, "account: no such account");
    }
    if (sb_json_true(in, "clear")) {
        remove_faults(sb, account ? account->id : NULL);
        if (!set_ports(sb, account, true)) {
            return fault_failure(status, "a port could not be opened again");
        }
        return sb_fault_list(sb);
    }
    if (sb_same(what, "refuse") || sb_same(what, "open")) {
        if (!set_ports(sb, account, sb_same(what, "open"))) {
            return fault_failure(status, "a port could not be opened again");
        }
        return sb_fault_list(sb);
    }
    enum sb_fault_kind kind = fault_kind(what);
    if (kind == SB_FAULT_NONE) {
        return fault_failure(status, "fault: unknown; see payroute-sandbox --help");
    }
    add_fault(sb, account, kind, in);
    return sb_fault_list(sb);
}

cJSON *sb_fault_list(const struct sb *sb)
{
    cJSON *out = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(out, "faults");
    for (const struct sb_fault *fault = sb->faults; fault; fault = fault->next) {
        cJSON *item = cJSON_CreateObject();
        sb_json_text(item, "account", fault->account[0] ? fault->account : "*");
        sb_json_text(item, "operation", fault->op[0] ? fault->op : "*");
        sb_json_text(item, "fault", fault_names[fault->kind]);
        sb_json_int(item, "times", fault->times);
        sb_json_int(item, "after", fault->after);
        sb_json_int(item, "hits", fault->hits);
        cJSON_AddItemToArray(list, item);
    }
    cJSON *closed = cJSON_AddArrayToObject(out, "refusing");
    for (int i = 0; i < SB_ACCOUNTS; i++) {
        if (sb->accounts[i].listener < 0) {
            cJSON_AddItemToArray(closed, cJSON_CreateString(sb->accounts[i].id));
        }
    }
    return out;
}
