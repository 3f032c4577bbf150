/* Real deliveries: notifications are posted with libcurl to the shop, without ever blocking the sandbox, and
   repeated on the provider's schedule until the answer is right. Only loopback addresses are called. */
#include "sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/select.h>

#include <curl/curl.h>

/* One call of /_deliver, or one automatic delivery: notes in order, one at a time unless parallel. */
struct sb_delivery {
    struct sb_delivery *next;
    struct sb_request *req; /* NULL: automatic */
    struct sb_note **notes;
    size_t count, started, done, parallel;
    cJSON *results;
};
struct transfer {
    struct sb_delivery *job;
    struct sb_note *note;
    struct curl_slist *headers;
    struct sb_buf answer;
};

static size_t take_answer(char *data, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    if (transfer->answer.len + size * count > 65536) {
        return 0;
    }
    sb_buf_add(&transfer->answer, data, size * count);
    return size * count;
}

static bool loopback(const char *url)
{
    return url && (strncmp(url, "http://127.0.0.1:", 17) == 0 || strncmp(url, "http://localhost:", 17) == 0 ||
                   strncmp(url, "http://[::1]:", 13) == 0);
}

static void start_transfer(struct sb *sb, struct sb_delivery *job, struct sb_note *note)
{
    struct transfer *transfer = sb_alloc(sizeof *transfer);
    struct sb_params headers = {0};
    CURL *easy = curl_easy_init();
    transfer->job = job;
    transfer->note = note;
    sb_driver(note->account)->headers(sb, note, &headers); /* first: it may make the rest anew */
    for (size_t i = 0; i < headers.count; i++) {
        char *line = sb_print("%s: %s", headers.at[i].key, headers.at[i].value);
        transfer->headers = curl_slist_append(transfer->headers, line);
        free(line);
    }
    transfer->headers = curl_slist_append(transfer->headers, "Expect:");
    sb_params_free(&headers);
    curl_easy_setopt(easy, CURLOPT_URL, loopback(note->url) ? note->url : "http://127.0.0.1:0/");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
    if (!sb_same(note->method, "GET")) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, note->body);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)strlen(note->body));
    }
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_answer);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, sb_driver(note->account)->patience);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "payroute-sandbox");
    curl_multi_add_handle(sb->curl, easy);
}

static void finish_transfer(struct sb *sb, CURL *easy, CURLcode code)
{
    struct transfer *transfer = NULL;
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    struct sb_note *note = transfer->note;
    struct sb_delivery *job = transfer->job;
    if (code != CURLE_OK) {
        status = 0;
    }
    note->last_status = (int)status;
    sb_copy(note->last_body, sizeof note->last_body, transfer->answer.at ? transfer->answer.at : "");
    if (sb_driver(note->account)->accepted(status, &transfer->answer)) {
        note->acknowledged = true;
    }
    const int64_t *wait = sb_driver(note->account)->schedule;
    for (int i = 0; i < note->attempts && *wait; i++) {
        wait++;
    }
    note->due = *wait ? sb_now(sb) + *wait * 1000 : INT64_MAX;
    note->attempts++;
    job->done++;
    if (job->results) {
        cJSON_AddItemToArray(job->results, sb_note_json(sb, note));
    }
    curl_multi_remove_handle(sb->curl, easy);
    curl_easy_cleanup(easy);
    curl_slist_free_all(transfer->headers);
    sb_buf_free(&transfer->answer);
    free(transfer);
}

/* ---- jobs ---- */

static struct sb_delivery *add_job(struct sb *sb, struct sb_request *req)
{
    struct sb_delivery *job = sb_alloc(sizeof *job), **end = &sb->deliveries;
    job->req = req;
    job->parallel = 1;
    while (*end) {
        end = &(*end)->next;
    }
    *end = job;
    return job;
}

static void add_note(struct sb_delivery *job, struct sb_note *note)
{
    struct sb_note **notes = realloc(job->notes, (job->count + 1) * sizeof(struct sb_note *));
    if (!notes) {
        return;
    }
    job->notes = notes;
    notes[job->count++] = note;
}

static void choose_notes(struct sb *sb, struct sb_delivery *job, const cJSON *in)
{
    const char *name = sb_json_get(in, "account"), *reference = sb_json_get(in, "reference");
    int64_t id = sb_json_number(in, "id", -1), times = sb_json_number(in, "times", 1);
    for (struct sb_note *note = sb->notes; note; note = note->next) {
        bool wanted = id >= 0 ? note->id == id : !note->taken && !note->acknowledged;
        if (!wanted || (name && sb_account_find(sb, name) != note->account) ||
            (reference && !sb_same(reference, note->reference))) {
            continue;
        }
        for (int64_t i = 0; i < times && i < 1000; i++) {
            add_note(job, note);
        }
    }
    if (sb_same(sb_json_get(in, "order"), "reverse")) {
        for (size_t i = 0; i < job->count / 2; i++) {
            struct sb_note *note = job->notes[i];
            job->notes[i] = job->notes[job->count - 1 - i];
            job->notes[job->count - 1 - i] = note;
        }
    }
}

bool sb_deliver_start(struct sb_request *req)
{
    struct sb *sb = req->sb;
    const cJSON *automatic = cJSON_GetObjectItemCaseSensitive(req->json, "auto");
    if (cJSON_IsBool(automatic)) {
        sb->auto_deliver = cJSON_IsTrue(automatic);
        sb_reply_text(req, 200, "application/json", "[]");
        return false;
    }
    struct sb_delivery *job = add_job(sb, req);
    choose_notes(sb, job, req->json);
    job->results = cJSON_CreateArray();
    if (sb_json_number(req->json, "parallel", 1) > 1) {
        job->parallel = (size_t)sb_json_number(req->json, "parallel", 1);
    }
    req->delivery = job;
    sb_sleep(req, -1);
    return true;
}

static void start_automatic(struct sb *sb)
{
    int64_t now = sb_now(sb);
    if (!sb->auto_deliver || sb->deliveries) {
        return;
    }
    struct sb_delivery *job = NULL;
    for (struct sb_note *note = sb->notes; note; note = note->next) {
        if (note->taken || note->acknowledged || note->due > now || note->forged) {
            continue;
        }
        if (!job) {
            job = add_job(sb, NULL);
        }
        add_note(job, note);
    }
}

static void end_job(struct sb_delivery *job)
{
    if (job->req) {
        job->req->delivery = NULL;
        sb_reply_json(job->req, 200, job->results);
        sb_wake(job->req);
    } else {
        cJSON_Delete(job->results);
    }
    free(job->notes);
    free(job);
}

bool sb_deliver_busy(const struct sb *sb)
{
    return sb->deliveries != NULL;
}

void sb_deliver_step(struct sb *sb)
{
    int running = 0, left = 0;
    start_automatic(sb);
    for (struct sb_delivery **at = &sb->deliveries; *at;) {
        struct sb_delivery *job = *at;
        while (job->started < job->count && job->started - job->done < job->parallel) {
            start_transfer(sb, job, job->notes[job->started++]);
        }
        if (job->done == job->count) {
            *at = job->next;
            end_job(job);
        } else {
            at = &job->next;
        }
    }
    curl_multi_perform(sb->curl, &running);
    for (CURLMsg *message; (message = curl_multi_info_read(sb->curl, &left));) {
        if (message->msg == CURLMSG_DONE) {
            finish_transfer(sb, message->easy_handle, message->data.result);
        }
    }
}

void sb_deliver_fds(struct sb *sb, void *reads, void *writes, void *excepts, int *max, long *timeout)
{
    int curl_max = -1;
    long wait = -1;
    if (sb->auto_deliver && *timeout > 20) {
        *timeout = 20;
    }
    if (!sb->deliveries) {
        return;
    }
    curl_multi_fdset(sb->curl, (fd_set *)reads, (fd_set *)writes, (fd_set *)excepts, &curl_max);
    curl_multi_timeout(sb->curl, &wait);
    if (curl_max > *max) {
        *max = curl_max;
    }
    if (wait < 0 || wait > 10) {
        wait = 10;
    }
    if (wait < *timeout) {
        *timeout = wait;
    }
}
