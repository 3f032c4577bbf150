/* What every adapter needs and no provider owns: pairs that are sorted, joined and encoded; replies that are
   parsed behind limits; texts that are safe to keep. */
#ifndef PR_ADAPTER_COMMON_H
#define PR_ADAPTER_COMMON_H

#include "adapters/adapter.h"
#include <payroute/json.h>

enum {
    PR_CONTENT_CAP = 4096,
    PR_REPLY_CAP = 1024 * 1024,
    PR_NOTICE_CAP = 256 * 1024,
    PR_SHOW_CAP = 16 * 1024
};

typedef struct pr_pair {
    const char *name;
    const char *value;
} pr_pair;

void pr_pairs_sort(pr_pair *pairs, size_t count);                    /* by name, bytewise */
int32_t pr_pairs_twice(const pr_pair *pairs, size_t count);          /* sorted ones: 1, a name stands twice */
void pr_pairs_join(pr_buf *out, const pr_pair *pairs, size_t count); /* name=value&..., as it is */
void pr_pairs_encode(pr_buf *out, const pr_pair *pairs, size_t count); /* the same, URL-encoded */
void pr_form_add(pr_buf *out, const char *name,
                 const char *value); /* one more encoded pair; NULL value: nothing */
int32_t pr_header_add(pr_buf *out, const char *name, const char *value,
                      pr_text *why); /* E_ENCODING: a control character */
int32_t pr_adapter_url_join(pr_buf *out, const char *base, const char *path); /* one slash between the two */

/* A printable ASCII word copied whole: 1 copied, 0 absent or empty, -1 unfit (then `out` is ""). */
int32_t pr_word_copy(char *out, size_t cap, const char *text);
int32_t pr_word_plain(const char *text); /* 1: only A-Z a-z 0-9 _ -, not empty: fits into a path */
/* A provider's text for the merchant: no control characters, no card number, none of the channel's secrets.
 */
void pr_message_copy(char *out, size_t cap, const char *text, const pr_channel *channel);

int32_t pr_reply_parse(payroute_json **doc,
                       const pr_http_reply *reply);    /* an object, or E_JSON, E_LIMIT, E_NOMEM */
int32_t pr_reply_evidence(const pr_http_reply *reply); /* TLS or NONE */
int64_t pr_reply_date(const pr_http_reply *reply);     /* 0: none */
int64_t pr_reply_retry_after(const pr_http_reply *reply, int64_t now_ms);

int32_t pr_operation_target(int32_t operation); /* enum pr_target of what an operation's answer speaks of */
pr_fact *pr_reading_add(pr_reading *r, int32_t target, int32_t event, int32_t evidence);
/* The answer of last resort, where nothing was stated: UNCLEAR to whom the operation belongs. */
pr_fact *pr_reading_unclear(pr_reading *r, int32_t operation, int32_t evidence);
int32_t pr_reading_show(pr_reading *r, int32_t kind,
                        const char *text); /* 1 kept; 0 too long or empty; E_NOMEM */

/* What a refusal of this class means to the operation it answers; UNCLEAR unless it is documented to prove
 * more. */
int32_t pr_refusal_event(int32_t operation, int32_t reason_class);
/* Ask the catalogue about the codes that stand in the fact; the answer lands in fact->meaning. */
void pr_fact_explain(pr_fact *f, const pr_subject *subject, const char *provider, const char *operation,
                     const char *message);

/* Finish a content text: into `out`, at most PR_CONTENT_CAP. Frees the writer. */
int32_t pr_content_finish(pr_buf *out, payroute_json_out *json, pr_text *why);
/* A URL that we hand to a provider: http(s), printable, at most 1024 bytes. NULL and "" are fine: none. */
int32_t pr_adapter_url_check(const char *url, const char *name, pr_text *why);

#define ADAPTER(provider) extern const pr_adapter pr_adapter_##provider;
#include "adapters/adapters.def"
#undef ADAPTER

#endif
