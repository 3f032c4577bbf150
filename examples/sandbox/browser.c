/* The customer's browser: it opens what the shop gave him, be it an address, a form's text or a page that
   holds a form and sends it by itself. */
#include "sandbox.h"

#include <stdlib.h>
#include <string.h>

/* On an account's own port the path may begin as at the provider; what it then leaves out. */
static const char *left_out(const struct sb *sb, const char *host, const char *path)
{
    const char *colon = strchr(host, ':');
    long port = colon && colon < path ? strtol(colon + 1, NULL, 10) : 0;
    for (int i = 0; i < SB_ACCOUNTS; i++) {
        const struct sb_account *account = &sb->accounts[i];
        size_t len = strlen(account->path);
        if (port > 0 && account->port == port &&
            (strncmp(path + 1, account->path, len) != 0 || path[len + 1] != '/')) {
            return account->path;
        }
    }
    return NULL;
}

/* The buyer opens a URL that the shop made, or sends a form there: the same as by the browser. Free it,
   unless it was detached. */
struct sb_request *sb_open_url(struct sb *sb, const char *url, const char *form)
{
    const char *host = strstr(url, "://"), *path = host ? strchr(host + 3, '/') : NULL;
    if (!path) {
        return NULL;
    }
    size_t len = strcspn(path, "?");
    const char *prefix = left_out(sb, host + 3, path);
    char *plain = sb_print("%s%s%.*s", prefix ? "/" : "", prefix ? prefix : "", (int)len, path);
    struct sb_request *req = sb_exchange_new(sb, form ? "POST" : "GET", plain);
    free(plain);
    if (path[len]) {
        sb_params_parse(&req->query, path + len + 1, strlen(path + len + 1));
    }
    if (form) {
        sb_buf_put(&req->body, form);
    }
    sb_exchange_run(req);
    return req;
}

/* What stands in name="…" or name='…' of the tag that begins at `tag`; entities are read. Free it. */
static char *attribute(const char *tag, const char *name)
{
    static const char *const marks[][2] = {{"&amp;", "&"}, {"&quot;", "\""}, {"&#039;", "'"},
                                           {"&#39;", "'"}, {"&lt;", "<"},    {"&gt;", ">"}};
    const char *end = strchr(tag, '>');
    char *want = sb_print(" %s=", name);
    const char *at = strstr(tag, want);
    size_t len = strlen(want);
    free(want);
    if (!at || !end || at > end || (at[len] != '"' && at[len] != '\'')) {
        return NULL;
    }
    struct sb_buf out = {0};
    char quote = at[len];
    for (at += len + 1; *at && *at != quote;) {
        size_t used = 0;
        for (size_t i = 0; !used && i < sizeof marks / sizeof *marks; i++) {
            if (strncmp(at, marks[i][0], strlen(marks[i][0])) == 0) {
                sb_buf_put(&out, marks[i][1]);
                used = strlen(marks[i][0]);
            }
        }
        if (!used) {
            sb_buf_add(&out, at, 1);
        }
        at += used ? used : 1;
    }
    sb_buf_put(&out, "");
    return out.at;
}

struct sb_request *sb_open_page(struct sb *sb, const char *html)
{
    const char *form = strstr(html, "<form ");
    char *action = form ? attribute(form, "action") : NULL, *method = form ? attribute(form, "method") : NULL;
    struct sb_params fields = {0};
    struct sb_request *req = NULL;
    for (const char *at = form; action && at && (at = strstr(at, "<input ")); at++) {
        char *name = attribute(at, "name"), *value = attribute(at, "value");
        if (name) {
            sb_params_add(&fields, name, value);
        }
        free(name);
        free(value);
    }
    if (action) {
        char *text = sb_params_encode(&fields);
        char *url = sb_print("%s%s%s", action, strchr(action, '?') ? "&" : "?", text);
        bool post = method && (strcmp(method, "post") == 0 || strcmp(method, "POST") == 0);
        req = sb_open_url(sb, post ? action : url, post ? text : NULL);
        free(url);
        free(text);
    }
    sb_params_free(&fields);
    free(action);
    free(method);
    return req;
}
