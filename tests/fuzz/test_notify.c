/* A notification. Four letters choose: provider, HTTP method, way of signing, catalogue (unused); then a line
   feed, the query, a line feed, header lines up to an empty line, and the body. */
#include "kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const methods[] = {"POST", "GET", "PUT", ""};

static void check_ack(const pr_ack *ack, const char *which)
{
    FUZZ_EXPECT(ack->status >= 200 && ack->status < 600, "%s: status %d", which, (int)ack->status);
    FUZZ_EXPECT(ack->content_type != NULL && ack->body != NULL, "%s: nothing to say", which);
}

static void check_notice(const pr_notice *n, const pr_channel *c, int authentic)
{
    check_ack(&n->stored, "stored");
    check_ack(&n->resend, "resend");
    check_ack(&n->refused, "refused");
    fuzz_ends(n->reference, sizeof n->reference, "reference");
    fuzz_ends(n->event_id, sizeof n->event_id, "event_id");
    fuzz_ends(n->order_hash, sizeof n->order_hash, "order_hash");
    FUZZ_EXPECT(n->rc <= 0, "rc %d", (int)n->rc);
    FUZZ_EXPECT(n->rc != PAYROUTE_OK || authentic, "accepted, and nobody signed it");
    FUZZ_EXPECT(n->rc != PAYROUTE_E_INTERNAL && n->rc != PAYROUTE_E_NOMEM && n->rc != PAYROUTE_E_ARG, "rc %d",
                (int)n->rc);
    if (fuzz_telling()) {
        fprintf(stderr, "  rc %s ignorable %d event %s\n", payroute_rc_name(n->rc), (int)n->ignorable,
                n->event_id);
    }
    if (n->rc != PAYROUTE_OK) {
        FUZZ_EXPECT(n->reading.count == 0 && n->reference[0] == '\0' && n->order_hash[0] == '\0' &&
                        n->reading.show_kind == PR_SHOW_NONE,
                    "a refused notification leaves something behind");
        return;
    }
    FUZZ_EXPECT(n->event_id[0] != '\0', "an event without an id cannot be told from the next");
    FUZZ_EXPECT(n->ignorable || n->reading.count > 0, "accepted, and it says nothing");
    FUZZ_EXPECT(n->reading.count == 0 || strcmp(n->reference, n->reading.facts[0].reference) == 0,
                "it speaks of another than its fact");
    for (int32_t i = 0; i < n->reading.count; i++) {
        FUZZ_EXPECT(n->reading.facts[i].evidence == PR_EVIDENCE_SIGNED, "evidence %d",
                    (int)n->reading.facts[i].evidence);
    }
    fuzz_check_reading(&n->reading, c, PR_OP_NOTIFY, authentic, 0);
}

static void notify_once(pr_notice *n, const pr_adapter *a, const pr_channel *c, const pr_http_incoming *in,
                        int authentic)
{
    fuzz_verified = 0;
    a->notify(n, c, NULL, NULL, in, FUZZ_NOW);
    check_notice(n, c, authentic || fuzz_verified > 0);
}

static int split(fuzz_in *in, fuzz_message *m)
{
    size_t len;
    char *query = fuzz_line(in, &len);
    pr_buf_bytes(&m->query, query, len);
    free(query);
    while (in->len > 0 && in->at[0] != '\n') {
        char *line = fuzz_line(in, &len);
        pr_buf_bytes(&m->headers, line, len);
        pr_buf_put(&m->headers, "\r\n");
        free(line);
    }
    (void)fuzz_u8(in);
    pr_buf_bytes(&m->body, in->at, in->len);
    return m->query.rc == PAYROUTE_OK && m->headers.rc == PAYROUTE_OK && m->body.rc == PAYROUTE_OK;
}

static void check_twice(const pr_adapter *adapter, const pr_channel *channel,
                        const pr_http_incoming *incoming, int authentic)
{
    pr_notice first;
    pr_notice again;
    notify_once(&first, adapter, channel, incoming, authentic);
    notify_once(&again, adapter, channel, incoming, authentic);
    FUZZ_EXPECT(first.rc == again.rc && first.ignorable == again.ignorable &&
                    strcmp(first.event_id, again.event_id) == 0 &&
                    strcmp(first.reference, again.reference) == 0 &&
                    strcmp(first.order_hash, again.order_hash) == 0 &&
                    fuzz_same_reading(&first.reading, &again.reading),
                "the same notification was read in two ways");
    pr_reading_free(&first.reading);
    pr_reading_free(&again.reading);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_in in = {data, size};
    fuzz_message m = {0};
    const pr_channel *channel = fuzz_channel_by(fuzz_u8(&in));
    const pr_adapter *adapter = pr_adapter_find(channel->provider->name);
    const char *method = methods[fuzz_below(&in, sizeof methods / sizeof methods[0])];
    int way = (int)fuzz_below(&in, 4);
    (void)fuzz_u8(&in);
    if (fuzz_u8(&in) != '\n' || !split(&in, &m)) {
        fuzz_message_free(&m);
        return -1;
    }
    int authentic = way > 0 && fuzz_sign_notice(&m, channel, way);
    pr_http_incoming incoming = {.method = method,
                                 .query = m.query.at != NULL ? m.query.at : "",
                                 .query_len = m.query.len,
                                 .headers = m.headers.at != NULL ? m.headers.at : "",
                                 .headers_len = m.headers.len,
                                 .body = m.body.at != NULL ? m.body.at : "",
                                 .body_len = m.body.len};
    check_twice(adapter, channel, &incoming, authentic);
    fuzz_message_free(&m);
    return 0;
}
