/* Idempotency keys as Stripe's v1 keeps them: status and body of the first execution, a 500 included, for a
   day; other parameters or another endpoint are an error; refusals of validation, of authentication and of
   rate are not kept; while the first is under way a second gets a conflict. */
#include "sandbox.h"

#include <stdlib.h>
#include <string.h>

struct sb_key_record {
    char *fingerprint, *endpoint, *body, *type;
    int status;
    int64_t made;
    bool busy, done;
};

static char *record_name(const struct sb_request *req)
{
    return sb_print("%s|%s", req->account->id, sb_params_find(&req->headers, "Idempotency-Key"));
}

static char *fingerprint_of(const struct sb_request *req)
{
    struct sb_params sorted = {0};
    for (size_t i = 0; i < req->all.count; i++) {
        sb_params_add(&sorted, req->all.at[i].key, req->all.at[i].value);
    }
    sb_params_sort(&sorted);
    char *text = sb_params_encode(&sorted);
    sb_params_free(&sorted);
    return text;
}

static void forget(struct sb_key_record *record)
{
    free(record->fingerprint);
    free(record->endpoint);
    free(record->body);
    free(record->type);
    memset(record, 0, sizeof *record);
}

static void begin_record(struct sb_request *req, struct sb_key_record *record, char *fingerprint)
{
    record->fingerprint = fingerprint;
    record->endpoint = sb_print("%s %s", req->method, req->path);
    record->made = sb_now(req->sb);
    record->busy = true;
    req->idem = record;
}

static void mismatch(struct sb_request *req, const char *text)
{
    sb_stripe_error(req, 400, "idempotency_error", NULL, NULL, text, NULL);
    sb_params_add(&req->out_headers, "Stripe-Should-Retry", "false");
}

void sb_idem_begin(struct sb_request *req)
{
    const char *key = sb_params_find(&req->headers, "Idempotency-Key");
    if (!key || !*key) {
        return;
    }
    if (strlen(key) > 255) {
        sb_stripe_error(req, 400, "invalid_request_error", NULL, NULL,
                        "Idempotency keys can be at most 255 characters long.", NULL);
        return;
    }
    char *name = record_name(req), *fingerprint = fingerprint_of(req);
    char *endpoint = sb_print("%s %s", req->method, req->path);
    struct sb_key_record *record = sb_map_get(&req->sb->keys_seen, name);
    if (!record) {
        record = sb_alloc(sizeof *record);
        sb_map_set(&req->sb->keys_seen, name, record);
    } else if (record->done && sb_now(req->sb) - record->made >= SB_DAY_MS) {
        forget(record); /* pruned: the same key now executes again */
    }
    if (record->busy) {
        sb_stripe_error(req, 409, "idempotency_error", "idempotency_key_in_use", NULL,
                        "There is currently another in-progress request using this Idempotency-Key.", NULL);
        sb_params_add(&req->out_headers, "Stripe-Should-Retry", "true");
    } else if (record->done && strcmp(record->endpoint, endpoint) != 0) {
        mismatch(
            req,
            "Keys for idempotent requests can only be used for the same endpoint they were first used for.");
    } else if (record->done && strcmp(record->fingerprint, fingerprint) != 0) {
        mismatch(
            req,
            "Keys for idempotent requests can only be used with the same parameters they were first used "
            "with.");
    } else if (record->done) {
        sb_reply_text(req, record->status, "application/json", record->body);
        sb_params_add(&req->out_headers, "Idempotent-Replayed", "true");
        if (record->status == 400 || record->status == 402) {
            sb_params_add(&req->out_headers, "Stripe-Should-Retry", "false");
        }
    } else {
        begin_record(req, record, fingerprint);
        fingerprint = NULL;
    }
    free(fingerprint);
    free(endpoint);
    free(name);
}

/* keep: and the endpoint did begin (req->executed); else the key is free again. */
void sb_idem_finish(struct sb_request *req, bool keep)
{
    struct sb_key_record *record = req->idem;
    if (!record) {
        return;
    }
    req->idem = NULL;
    record->busy = false;
    if (!keep || !req->executed) {
        forget(record);
        return;
    }
    record->status = req->status;
    record->body = sb_dup(req->out.at);
    record->done = true;
}
