/* What every adapter owes the library when it writes, whichever provider it speaks to: content and requests,
   of each method and flow, each operation. */
#include "adapter_all.h"

static pr_facts facts_of(const adk *k)
{
    pr_facts f;
    EXPECT(pr_channel_method_facts(&f, k->channel, k->subject.method, k->subject.flow) == 1);
    return f;
}

static void every_adapter_has_a_row(void **state)
{
    (void)state;
    for (int32_t i = 0; i < pr_adapter_count(); i++) {
        const pr_adapter *a = pr_adapter_at(i);
        int32_t found = 0;
        for (int32_t k = 0; k < SHELF_ROWS; k++) {
            found |= strcmp(shelf[k].provider, a->provider) == 0;
        }
        if (!found) {
            fail_msg("tests/unit/adapter_shelf.h has no row for %s", a->provider);
        }
        assert_non_null(pr_provider_find(a->provider));
        assert_true(a->content != NULL && a->build != NULL && a->read != NULL && a->notify != NULL);
    }
    for (int32_t i = 0; i < pr_provider_count(); i++) {
        if (pr_adapter_find(pr_provider_at(i)->name) == NULL) {
            fail_msg("lib/adapters/adapters.def has no row for %s", pr_provider_at(i)->name);
        }
    }
}

/* ---- content ------------------------------------------------------------------------------------------- */

static int32_t content_of(pr_buf *out, adk *k, const pr_wish *wish, char *room, size_t cap)
{
    pr_text why;
    pr_text_init(&why, room, cap);
    return k->adapter->content(out, &k->subject, wish, &why);
}

static void content_holds(adk *k)
{
    static const uint8_t other_entropy[32] = {9};
    char room[300], text[6000];
    pr_buf once, again;
    payroute_json *doc = NULL;
    pr_buf_init(&once);
    pr_buf_init(&again);
    EXPECT(content_of(&once, k, wish_of(k), room, sizeof room) == PAYROUTE_OK);
    EXPECT(once.len > 0 && once.len <= PR_CONTENT_CAP);
    EXPECT(payroute_json_parse(&doc, once.at, once.len, NULL, 0) == PAYROUTE_OK);
    payroute_json_free(doc);
    keeps_secrets(k, once.at, once.len);
    adk later = *k; /* nothing of it is volatile: it is hashed, and must be the same when it is sent again */
    later.subject.now_ms += 77777;
    later.subject.entropy = other_entropy;
    EXPECT(content_of(&again, &later, wish_of(k), room, sizeof room) == PAYROUTE_OK);
    EXPECT(again.len == once.len && memcmp(again.at, once.at, once.len) == 0);
    pr_buf_clear(&again);
    later.subject.amount_minor = later.subject.attempt_amount_minor = 1251;
    EXPECT(content_of(&again, &later, wish_of(k), room, sizeof room) == PAYROUTE_OK);
    EXPECT(again.len != once.len || memcmp(again.at, once.at, once.len) != 0);
    pr_buf_clear(&again);
    pr_wish long_wish = *wish_of(k); /* cut or refused, never more than its room */
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    long_wish.subject = text;
    int32_t rc = content_of(&again, k, &long_wish, room, sizeof room);
    EXPECT(rc == PAYROUTE_OK ? again.len <= PR_CONTENT_CAP : room[0] != '\0');
    memcpy(text, "https://shop.example/", 21);
    long_wish = *wish_of(k);
    long_wish.return_url = text;
    pr_buf_clear(&again);
    rc = content_of(&again, k, &long_wish, room, sizeof room);
    EXPECT(rc == PAYROUTE_OK ? again.len <= PR_CONTENT_CAP : room[0] != '\0');
    pr_buf_free(&once);
    pr_buf_free(&again);
}

static void content_is_canonical_bounded_and_holds_no_secret(void **state)
{
    (void)state;
    each_flow(content_holds);
}

/* ---- build --------------------------------------------------------------------------------------------- */

/* "Name: value\r\n" each, and no byte that could end a line early. */
static void check_headers(const pr_buf *h)
{
    size_t at = 0;
    while (at < h->len) {
        const char *line = h->at + at;
        const char *end = strstr(line, "\r\n");
        EXPECT(end != NULL);
        const char *colon = memchr(line, ':', (size_t)(end - line));
        EXPECT(colon != NULL && colon > line && colon[1] == ' ');
        for (const char *c = line; c < end; c++) {
            EXPECT((unsigned char)*c >= 0x20 && *c != 0x7f);
        }
        at += (size_t)(end - line) + 2;
    }
}

/* Only to the channel's own address: what a provider or a customer says never moves a request elsewhere. */
static void check_request(const adk *k, const pr_http_request *r)
{
    EXPECT(strcmp(r->method, "GET") == 0 || strcmp(r->method, "POST") == 0 || strcmp(r->method, "PUT") == 0);
    size_t n = strlen(k->channel->base_url);
    n -= n > 0 && k->channel->base_url[n - 1] == '/';
    EXPECT(n > 0 && r->url.len >= n && strncmp(r->url.at, k->channel->base_url, n) == 0);
    EXPECT(r->url.at[n] == '\0' || r->url.at[n] == '/' || r->url.at[n] == '?');
    for (const char *c = r->url.at; *c != '\0'; c++) {
        EXPECT((unsigned char)*c > 0x20 && (unsigned char)*c < 0x7f);
    }
    check_headers(&r->headers);
    EXPECT(strcmp(r->method, "GET") != 0 || r->body.len == 0);
}

/* PAYROUTE_OK and a sound request, the same twice, or a refusal that says why. */
static int32_t build_twice(adk *k, int32_t operation, int32_t step)
{
    pr_http_request first, second;
    char room[300] = "";
    pr_text why;
    pr_text_init(&why, room, sizeof room);
    pr_http_request_init(&first);
    int32_t rc = k->adapter->build(&first, operation, step, &k->subject, &why);
    snprintf(where + strcspn(where, "/"), 60, "/op %d step %d: %d %.30s", (int)operation, (int)step, (int)rc,
             room);
    EXPECT(rc == PAYROUTE_OK || room[0] != '\0');
    if (rc == PAYROUTE_OK) {
        check_request(k, &first);
        EXPECT(adk_build(k, &second, operation, step) == PAYROUTE_OK);
        EXPECT(first.url.len == second.url.len && memcmp(first.url.at, second.url.at, first.url.len) == 0);
        EXPECT(first.body.len == second.body.len &&
               (first.body.len == 0 || memcmp(first.body.at, second.body.at, first.body.len) == 0));
        pr_http_request_free(&second);
    }
    pr_http_request_free(&first);
    return rc;
}

/* An operation that the facts promise is one that can be built, and one that the providers' rows judge. */
static void promised(adk *k, uint32_t flags, uint32_t flag, int32_t operation)
{
    int32_t rc = build_twice(k, operation, 1);
    EXPECT(rc == PAYROUTE_OK || rc == PAYROUTE_E_UNSUPPORTED);
    if ((flags & flag) != 0) {
        EXPECT(rc == PAYROUTE_OK);
        EXPECT(pr_provider_operation(k->channel->provider, operation)->operation == operation);
    }
}

static void show_or_send(adk *k, const pr_facts *facts)
{
    char room[300] = "";
    pr_text why;
    pr_text_init(&why, room, sizeof room);
    if ((facts->flags & PR_FACT_PAGE_ONLY) != 0) {
        EXPECT(build_twice(k, PR_OP_CREATE, 1) == PAYROUTE_E_UNSUPPORTED);
        EXPECT(k->adapter->show != NULL);
        pr_reading_free(&k->reading);
        pr_reading_init(&k->reading);
        EXPECT(k->adapter->show(&k->reading, &k->subject, &why) == PAYROUTE_OK);
        EXPECT(k->reading.show_kind != PR_SHOW_NONE && k->reading.show.len > 0);
        keeps_secrets(k, k->reading.show.at, k->reading.show.len); /* the customer's browser sees it */
        return;
    }
    for (int32_t step = 1; step <= facts->steps; step++) {
        EXPECT(build_twice(k, PR_OP_CREATE, step) == PAYROUTE_OK);
    }
    EXPECT(build_twice(k, PR_OP_CREATE, facts->steps + 1) != PAYROUTE_OK);
    EXPECT(k->adapter->show == NULL ||
           k->adapter->show(&k->reading, &k->subject, &why) == PAYROUTE_E_UNSUPPORTED);
}

static void builds_hold(adk *k)
{
    pr_facts facts = facts_of(k);
    k->subject.provider_id = k->adapter->probe_id != NULL ? k->adapter->probe_id : "";
    adk_content(k, wish_of(k));
    if ((facts.flags & PR_FACT_HOST_DRIVEN) != 0) {
        for (int32_t op = PR_OP_CREATE; op <= PR_OP_NOTIFY; op++) {
            EXPECT(build_twice(k, op, 1) == PAYROUTE_E_UNSUPPORTED);
        }
        return;
    }
    show_or_send(k, &facts);
    promised(k, facts.flags, PR_FACT_LOOKUP, PR_OP_QUERY);
    k->subject.key = ADK_REFERENCE "C1";
    promised(k, facts.flags, PR_FACT_CAN_CLOSE, PR_OP_CLOSE);
    promised(k, 0, 0, PR_OP_VOID);
    promised(k, 0, 0, PR_OP_CAPTURE);
    k->subject.key = ADK_REFERENCE "R1";
    k->subject.amount_minor = 250;
    promised(k, facts.flags, PR_FACT_REFUND, PR_OP_REFUND);
    promised(k, facts.flags, PR_FACT_REFUND_LOOKUP, PR_OP_REFUND_QUERY);
    k->subject.key = ADK_REFERENCE;
    k->subject.amount_minor = 1250;
    EXPECT(build_twice(k, PR_OP_NOTIFY, 1) == PAYROUTE_E_UNSUPPORTED || k->adapter->fetched == NULL);
    /* what was written for another attempt, or by nobody, is not sent */
    if ((facts.flags & PR_FACT_PAGE_ONLY) == 0) {
        k->subject.reference = "0K3V9Z2M4QABCDEFGHJKMNPQR0";
        EXPECT(build_twice(k, PR_OP_CREATE, 1) != PAYROUTE_OK);
        k->subject.reference = ADK_REFERENCE;
        k->subject.content = "{}";
        k->subject.content_len = 2;
        EXPECT(build_twice(k, PR_OP_CREATE, 1) != PAYROUTE_OK);
        k->subject.content = "<html>";
        k->subject.content_len = 6;
        EXPECT(build_twice(k, PR_OP_CREATE, 1) != PAYROUTE_OK);
    }
}

static void requests_are_sound_and_go_home(void **state)
{
    (void)state;
    each_flow(builds_hold);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_adapter_has_a_row),
        cmocka_unit_test(content_is_canonical_bounded_and_holds_no_secret),
        cmocka_unit_test(requests_are_sound_and_go_home),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
