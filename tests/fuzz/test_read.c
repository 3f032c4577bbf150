/* An answer of a provider. Seven letters choose: provider, operation, flow, step, HTTP status, way of
   signing, verified peer; then a line feed, header lines up to an empty line, and the body. */
#include "kit.h"

#include "adapters/common.h"

#include <stdlib.h>
#include <string.h>

static const int32_t statuses[] = {200, 400, 401, 402, 403, 404, 409, 429, 500, 503, 204, 301, 0, 100};

typedef struct question {
    const pr_adapter *adapter;
    const pr_channel *channel;
    int32_t operation;
    int32_t step;
    int32_t verified;
    pr_subject subject;
} question;

static int ask(question *q, fuzz_in *in, pr_http_reply *reply, int *way)
{
    static const uint8_t entropy[32] = {1};
    q->channel = fuzz_channel_by(fuzz_u8(in));
    q->adapter = pr_adapter_find(q->channel->provider->name);
    q->operation = 1 + (int32_t)fuzz_below(in, PR_OP_REFUND_QUERY);
    const pr_flow *flow =
        &q->channel->provider->flows[fuzz_below(in, (uint32_t)q->channel->provider->flow_count)];
    q->step = 1 + (int32_t)fuzz_below(in, 2);
    reply->status = statuses[fuzz_below(in, sizeof statuses / sizeof statuses[0])];
    *way = (int)fuzz_below(in, 3);
    q->verified = (int32_t)fuzz_below(in, 2);
    int32_t refund = q->operation == PR_OP_REFUND || q->operation == PR_OP_REFUND_QUERY;
    q->subject = (pr_subject){.channel = q->channel,
                              .reference = FUZZ_REFERENCE,
                              .key = refund ? FUZZ_REFERENCE "R1" : FUZZ_REFERENCE,
                              .method = flow->method != NULL ? flow->method : "card",
                              .flow = flow->name,
                              .content = "{}",
                              .content_len = 2,
                              .provider_id = q->operation == PR_OP_CREATE && q->step == 1 ? "" : "pi_1",
                              .capture_id = "",
                              .action_id = "",
                              .amount_minor = 1250,
                              .attempt_amount_minor = 1250,
                              .currency = q->channel->currencies[0],
                              .expire_ms = FUZZ_NOW + 300000,
                              .now_ms = FUZZ_NOW,
                              .entropy = entropy,
                              .aux_id = ""};
    return fuzz_u8(in) == '\n';
}

static int split(fuzz_in *in, fuzz_message *m)
{
    while (in->len > 0 && in->at[0] != '\n') {
        size_t len;
        char *line = fuzz_line(in, &len);
        pr_buf_bytes(&m->headers, line, len);
        pr_buf_put(&m->headers, "\r\n");
        free(line);
    }
    (void)fuzz_u8(in);
    pr_buf_bytes(&m->body, in->at, in->len);
    return m->headers.rc == PAYROUTE_OK && m->body.rc == PAYROUTE_OK;
}

static void read_once(pr_reading *out, const question *q, const pr_http_reply *reply, int authentic)
{
    fuzz_verified = 0;
    pr_reading_init(out);
    int32_t rc = q->adapter->read(out, q->operation, q->step, &q->subject, reply);
    FUZZ_EXPECT(rc == PAYROUTE_OK, "read gave %d", (int)rc);
    FUZZ_EXPECT(out->count > 0, "a reading that says nothing at all");
    fuzz_check_reading(out, q->channel, q->operation, authentic || fuzz_verified > 0, q->verified);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_in in = {data, size};
    question q = {0};
    pr_http_reply reply = {0};
    fuzz_message m = {0};
    int way = 0;
    if (!ask(&q, &in, &reply, &way) || !split(&in, &m)) {
        fuzz_message_free(&m);
        return -1;
    }
    int authentic = way > 0 && fuzz_sign_reply(&m, q.channel, q.operation, q.subject.flow, way);
    reply.headers = m.headers.at;
    reply.headers_len = m.headers.len;
    reply.body = m.body.at != NULL ? m.body.at : "";
    reply.body_len = m.body.len;
    reply.verified_peer = q.verified;
    pr_reading first;
    pr_reading again;
    read_once(&first, &q, &reply, authentic);
    read_once(&again, &q, &reply, authentic);
    FUZZ_EXPECT(fuzz_same_reading(&first, &again), "the same answer was read in two ways");
    pr_reading_free(&first);
    pr_reading_free(&again);
    fuzz_message_free(&m);
    return 0;
}
