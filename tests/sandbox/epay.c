/* The merchant's side of epay for the sandbox's tests; see client.h. */
#include "client.h"

#include <curl/curl.h>
#include <mbedtls/md.h>

static bool escape_first;

void epay_escaped(bool on)
{
    escape_first = on;
}

struct field {
    char *key, *value;
};

static int by_name(const void *a, const void *b)
{
    const struct field *x = a, *y = b;
    return strcmp(x->key, y->key);
}

static int split(char *text, struct field *out)
{
    int count = 0;
    for (char *rest = text, *one; (one = strsep(&rest, "&"));) {
        char *value = strchr(one, '=');
        assert_non_null(value);
        *value++ = 0;
        out[count++] = (struct field){one, value};
    }
    return count;
}

/* What is hashed or signed: sorted, without sign, sign_type and what is empty. */
static char *content(struct field *fields, int count)
{
    char *out = calloc(1, 16384);
    size_t len = 0;
    qsort(fields, (size_t)count, sizeof *fields, by_name);
    for (int i = 0; i < count; i++) {
        if (!*fields[i].value || strcmp(fields[i].key, "sign") == 0 ||
            strcmp(fields[i].key, "sign_type") == 0) {
            continue;
        }
        char *value = escape_first ? curl_easy_escape(NULL, fields[i].value, 0) : strdup(fields[i].value);
        len += (size_t)snprintf(out + len, 16384 - len, "%s%s=%s", len ? "&" : "", fields[i].key, value);
        free(value);
    }
    return out;
}

static void md5_hex(const char *text, const char *key, char out[33])
{
    unsigned char raw[16];
    char *all = malloc(strlen(text) + strlen(key) + 1);
    sprintf(all, "%s%s", text, key);
    mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_MD5), (const unsigned char *)all, strlen(all), raw);
    for (int i = 0; i < 16; i++) {
        snprintf(out + 2 * i, 3, "%02x", raw[i]);
    }
    free(all);
}

static bool is_v2(const char *account)
{
    return *credential(account, "platform_public_key") != 0;
}

char *epay_form(const char *account, const char *fields)
{
    char *copy = strdup(fields), mac[33], *out = calloc(1, 16384), *sign;
    struct field list[40];
    int count = split(copy, list);
    size_t len = 0;
    char *text = content(list, count);
    if (is_v2(account)) {
        sign = rsa_sign(account, text);
    } else {
        md5_hex(text, credential(account, "key"), mac);
        sign = strdup(mac);
    }
    bool given = strstr(fields, "sign=") != NULL;
    list[count++] =
        (struct field){(char *)(uintptr_t)"sign_type", (char *)(uintptr_t)(is_v2(account) ? "RSA" : "MD5")};
    if (!given) {
        list[count++] = (struct field){(char *)(uintptr_t)"sign", sign};
    }
    for (int i = 0; i < count; i++) {
        char *value = curl_easy_escape(NULL, list[i].value, 0);
        len += (size_t)snprintf(out + len, 16384 - len, "%s%s=%s", i ? "&" : "", list[i].key, value);
        free(value);
    }
    free(sign);
    free(text);
    free(copy);
    return out;
}

struct reply *epay_post(const char *account, const char *path, const char *fields)
{
    char url[512], *form = epay_form(account, fields);
    snprintf(url, sizeof url, "%s%s", base_url(account), path);
    struct reply *reply = call("POST", url, NULL, form);
    free(form);
    return reply;
}

/* Of an answer: its JSON as the pairs that were signed. */
static bool answer_signed(const char *account, const cJSON *json)
{
    struct field list[40];
    int count = 0;
    const cJSON *item;
    const char *sign = text_of(json, "sign");
    cJSON_ArrayForEach(item, json)
    {
        list[count++] = (struct field){item->string, cJSON_IsString(item) ? strdup(item->valuestring)
                                                                          : cJSON_PrintUnformatted(item)};
    }
    char *text = content(list, count);
    bool good = *sign && rsa_verify(credential(account, "platform_public_key"), text, strlen(text), sign,
                                    strlen(sign));
    free(text);
    for (int i = 0; i < count; i++) {
        free(list[i].value);
    }
    return good;
}

cJSON *epay(const char *account, const char *path, const char *fields)
{
    struct reply *reply = epay_post(account, path, fields);
    if (reply->status != 200 || !reply->json || (is_v2(account) && !answer_signed(account, reply->json))) {
        fail_msg("%s %s: %ld %s", path, fields, reply->status, reply->body);
    }
    cJSON *out = reply->json;
    reply->json = NULL;
    drop(reply);
    return out;
}

/* Of a notification: its query or body. */
bool epay_verify(const char *account, const char *form)
{
    char *copy = strdup(form), mac[33];
    struct field list[40];
    int count = split(copy, list), len;
    const char *sign = "";
    for (int i = 0; i < count; i++) {
        for (char *at = list[i].value; *at; at++) {
            *at = *at == '+' ? ' ' : *at;
        }
        list[i].value = curl_easy_unescape(NULL, list[i].value, 0, &len);
        sign = strcmp(list[i].key, "sign") == 0 ? list[i].value : sign;
    }
    char *text = content(list, count);
    bool good;
    if (is_v2(account)) {
        good = rsa_verify(credential(account, "platform_public_key"), text, strlen(text), sign, strlen(sign));
    } else {
        md5_hex(text, credential(account, "key"), mac);
        good = strcmp(mac, sign) == 0;
    }
    free(text);
    for (int i = 0; i < count; i++) {
        free(list[i].value);
    }
    free(copy);
    return good;
}

/* {"act":"pay","html":…}: a page as a shop shows it, with the form that its browser sends. */
void epay_page(const char *account, const char *path, const char *fields, char *json, size_t cap)
{
    char *form = epay_form(account, fields), *rest = form;
    size_t len = (size_t)snprintf(json, cap, "{\"act\":\"pay\",\"html\":\"<form method='post' action='%s%s'>",
                                  base_url(account), path);
    for (char *one; (one = strsep(&rest, "&"));) {
        char *value = strchr(one, '='), *plain;
        int n;
        *value++ = 0;
        plain = curl_easy_unescape(NULL, value, 0, &n);
        len +=
            (size_t)snprintf(json + len, cap - len, "<input type='hidden' name='%s' value='%s'>", one, plain);
        curl_free(plain);
    }
    snprintf(json + len, cap - len, "</form>\"}");
    free(form);
}

/* ---- the customer, the panel, its notifications ---- */

long epay_act(const char *account, const char *field, const char *value, const char *what)
{
    char json[1024];
    snprintf(json, sizeof json, "{\"account\":\"%s\",\"%s\":\"%s\",\"act\":\"%s\"}", account, field, value,
             what);
    return control_status("/_customer", json);
}

void epay_panel(const char *account, const char *more)
{
    char json[256];
    snprintf(json, sizeof json, "{\"account\":\"%s\",%s}", account, more);
    cJSON_Delete(control("/_account", json));
}

void epay_fault(const char *account, const char *operation, const char *kind, const char *more)
{
    char json[256];
    snprintf(json, sizeof json, "{\"account\":\"%s\",\"operation\":\"%s\",\"fault\":\"%s\"%s}", account,
             operation, kind, more);
    cJSON_Delete(control("/_fault", json));
}

cJSON *epay_take_note(const char *reference)
{
    char path[128];
    snprintf(path, sizeof path, "/_outbox?take=1&reference=%s", reference);
    cJSON *notes = ask(path), *note = cJSON_DetachItemFromArray(notes, 0);
    cJSON_Delete(notes);
    assert_non_null(note);
    return note;
}

const char *epay_note_form(const cJSON *note)
{
    const char *mark = strchr(text_of(note, "url"), '?');
    return mark ? mark + 1 : text_of(note, "body");
}

void epay_note_field(const cJSON *note, const char *name, const char *value)
{
    char *text = form_get(epay_note_form(note), name);
    assert_string_equal(text ? text : "(absent)", value);
    free(text);
}
