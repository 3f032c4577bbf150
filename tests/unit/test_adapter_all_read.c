/* What every adapter owes the library when it reads: answers and notifications, true, cut, changed at each
   byte, and what is neither. */
#include "adapter_all.h"

/* ---- read ---------------------------------------------------------------------------------------------- */

static int32_t is_money(const pr_fact *f)
{
    return f->target == PR_TARGET_ACTION ? f->event == PR_AE_DONE
                                         : f->event == PR_EV_PAID || f->event == PR_EV_AUTH;
}

static int32_t is_unclear(const pr_fact *f)
{
    return f->event == (f->target == PR_TARGET_ACTION ? (int32_t)PR_AE_UNCLEAR : (int32_t)PR_EV_UNCLEAR);
}

#define ENDS(text) EXPECT(memchr(text, '\0', sizeof(text)) != NULL)

static void check_facts(const adk *k, const pr_reading *r)
{
    for (int32_t i = 0; i < r->count; i++) {
        const pr_fact *f = &r->facts[i];
        ENDS(f->currency);
        ENDS(f->reference);
        ENDS(f->provider_id);
        ENDS(f->txn_id);
        ENDS(f->action_key);
        ENDS(f->code);
        ENDS(f->layer);
        ENDS(f->network);
        ENDS(f->network_code);
        ENDS(f->advice_code);
        ENDS(f->message);
        ENDS(f->instrument);
        EXPECT(f->target == PR_TARGET_ACTION ? f->event > PR_AE_NONE && f->event < PR_AE_COUNT
                                             : f->event > PR_EV_NONE && f->event < PR_EV_COUNT);
        EXPECT(f->evidence >= PR_EVIDENCE_NONE && f->evidence <= PR_EVIDENCE_SIGNED);
        EXPECT(f->amount_minor >= -1 && f->reversed_total_minor >= -1);
        EXPECT(f->merchant_equal >= -1 && f->merchant_equal <= 1);
        keeps_secrets(k, f, sizeof *f);
    }
    EXPECT(r->show_kind != PR_SHOW_NONE || r->show.len == 0);
    EXPECT(r->show.len <= PR_SHOW_CAP);
    ENDS(r->need_aux);
}

/* One answer read twice: the same, well formed, whatever came. */
static void read_checked(adk *k, int32_t operation, int32_t status, const char *headers, const char *body,
                         size_t len, int32_t verified)
{
    pr_fact first[PR_FACTS_MAX];
    adk_read(k, operation, 1, status, headers, body, len, verified);
    int32_t count = k->reading.count;
    memcpy(first, k->reading.facts, sizeof first);
    check_facts(k, &k->reading);
    adk_read(k, operation, 1, status, headers, body, len, verified);
    EXPECT(count == k->reading.count && memcmp(first, k->reading.facts, sizeof first) == 0);
    for (int32_t i = 0; !verified && i < count; i++) { /* nobody proved who said it */
        EXPECT(first[i].evidence == PR_EVIDENCE_NONE || first[i].evidence == PR_EVIDENCE_SIGNED);
    }
}

static const char *const garbage[] = {
    "",
    " ",
    "\n\n",
    "<!DOCTYPE html><html><body>502 Bad Gateway</body></html>",
    "OK",
    "success",
    "SUCCESS",
    "true",
    "null",
    "1",
    "[]",
    "[{}]",
    "\"paid\"",
    "{",
    "}",
    "{}x",
    "{\"a\":1,\"a\":2}",
    "{\"a\":\"\xff\"}",
    "{\"status\":\"paid\"",
    "\x1f\x8b\x08",
    "status=paid&sign=1",
};

static void garbage_is_unclear(adk *k)
{
    static const int32_t statuses[] = {0,   100, 200, 201, 204, 301, 302, 307, 400,
                                       401, 404, 409, 429, 500, 502, 503, 999};
    size_t at = strlen(where);
    for (int32_t op = PR_OP_CREATE; op <= PR_OP_REFUND_QUERY; op++) {
        for (size_t s = 0; s < sizeof statuses / sizeof *statuses; s++) {
            for (size_t g = 0; g < sizeof garbage / sizeof *garbage; g++) {
                snprintf(where + at, sizeof where - at, "/op %d status %d <<%.40s>>", (int)op,
                         (int)statuses[s], garbage[g]);
                read_checked(k, op, statuses[s], "Content-Type: text/html\r\n", garbage[g],
                             strlen(garbage[g]), (int32_t)g & 1);
                for (int32_t i = 0; i < k->reading.count; i++) {
                    EXPECT(is_unclear(&k->reading.facts[i]));
                }
                EXPECT(k->reading.show_kind == PR_SHOW_NONE && k->reading.need_aux[0] == '\0');
            }
        }
        where[at] = '\0';
        read_checked(k, op, 200, NULL, NULL, 0, 1);
        EXPECT(is_unclear(&k->reading.facts[0]));
    }
}

static void garbage_pages_and_nothing_are_unclear(void **state)
{
    (void)state;
    each_flow(garbage_is_unclear);
}

/* Words that mean success at one provider or another, unsigned: no money but over a verified connection where
   the provider's facts take that. And an error that repeats our secrets, as servers in debug mode do. */
static void words_are_weighed(adk *k)
{
    static const char body[] =
        "{\"code\":%s,\"status\":\"%s\",\"trade_status\":\"TRADE_SUCCESS\",\"trade_state\":\"SUCCESS\","
        "\"out_trade_no\":\"" ADK_REFERENCE "\",\"reference\":\"" ADK_REFERENCE "\",\"money\":\"12.50\","
        "\"total_amount\":\"12.50\",\"amount\":1250,\"trade_no\":\"T1\",\"id\":\"pi_1\",\"currency\":\"CNY\","
        "\"object\":\"payment_intent\",\"msg\":\"%s\",\"message\":\"%s\",\"error\":{\"type\":\"api_error\","
        "\"message\":\"%s\"}}";
    static const int32_t statuses[] = {200, 400, 401, 404, 429};
    static const char *const codes[] = {"0", "1", "\"10000\"", "\"SUCCESS\"", "-1", "null"};
    static const char *const states[] = {"1", "succeeded", "PAID", "paid", "DONE"};
    char said[1500], *text = malloc(16384);
    assert_non_null(text);
    for (int32_t i = 0; i < k->channel->provider->field_count || i == 0; i++) {
        const char *secret = k->channel->credential_count > 0 ? k->channel->credentials[0].values[i] : NULL;
        snprintf(said, sizeof said, "bad key %.1200s, sorry", secret != NULL ? secret : "");
        for (size_t c = 0; c < 2 * 6 * 5; c++) {
            int len = snprintf(text, 16384, body, codes[c % 6], states[c / 6 % 5], said, said, said);
            for (int32_t op = PR_OP_CREATE; op <= PR_OP_REFUND_QUERY; op++) {
                const pr_operation_facts *o = pr_provider_operation(k->channel->provider, op);
                int32_t verified = c / 30 == 0;
                read_checked(k, op, statuses[c % 5], NULL, text, (size_t)len, verified);
                for (int32_t f = 0; f < k->reading.count; f++) {
                    const pr_fact *fact = &k->reading.facts[f];
                    EXPECT(fact->evidence <= (verified ? PR_EVIDENCE_TLS : PR_EVIDENCE_NONE));
                    EXPECT(!is_money(fact) || o->evidence_money <= PR_EVIDENCE_TLS ||
                           fact->evidence < o->evidence_money);
                }
            }
        }
    }
    free(text);
}

static void unsigned_words_prove_nothing_and_secrets_stay(void **state)
{
    (void)state;
    for (int32_t i = 0; i < SHELF_ROWS; i++) {
        adk k;
        open_row(&k, &shelf[i]);
        words_are_weighed(&k);
        adk_close(&k);
    }
}

/* ---- the provider's own voice ---------------------------------------------------------------------------
 */

/* Whether an answer would be believed to be paid. */
static int32_t believed(const adk *k, const pr_reading *r)
{
    int32_t least = pr_provider_operation(k->channel->provider, PR_OP_QUERY)->evidence_money;
    for (int32_t i = 0; i < r->count; i++) {
        if (is_money(&r->facts[i]) && r->facts[i].evidence >= least) {
            return 1;
        }
    }
    return 0;
}

static void same_money(const pr_reading *r)
{
    EXPECT(r->facts[0].amount_minor == 1250);
    EXPECT(strcmp(r->facts[0].reference, ADK_REFERENCE) == 0);
}

static void an_answer_cut_or_changed_anywhere_is_never_paid(void **state)
{
    (void)state;
    static voice v;
    for (int32_t i = 0; i < SHELF_ROWS; i++) {
        adk k;
        open_row(&k, &shelf[i]);
        if (!speak(&v, &k, &shelf[i], VOICE_PAID)) {
            adk_close(&k);
            continue;
        }
        size_t len = strlen(v.body);
        read_checked(&k, PR_OP_QUERY, v.status, v.headers, v.body, len, 1);
        EXPECT(believed(&k, &k.reading));
        same_money(&k.reading);
        int32_t by_signature = k.reading.facts[0].evidence == PR_EVIDENCE_SIGNED;
        for (size_t cut = 0; cut < len; cut++) {
            adk_read(&k, PR_OP_QUERY, 1, v.status, v.headers, v.body, cut, 1);
            EXPECT(!believed(&k, &k.reading) && is_unclear(&k.reading.facts[0]));
        }
        for (size_t at = 0; by_signature && at < len; at++) {
            v.body[at] = (char)(v.body[at] ^ 1);
            adk_read(&k, PR_OP_QUERY, 1, v.status, v.headers, v.body, len, 1);
            if (believed(&k, &k.reading)) { /* outside of what is signed, and so outside of what is read */
                same_money(&k.reading);
            }
            v.body[at] = (char)(v.body[at] ^ 1);
        }
        static const int32_t others[] = {302, 400, 404, 500, 503};
        for (size_t s = 0; s < sizeof others / sizeof *others; s++) {
            read_checked(&k, PR_OP_QUERY, others[s], v.headers, v.body, len, 1);
            EXPECT(!believed(&k, &k.reading));
        }
        read_checked(&k, PR_OP_QUERY, v.status, v.headers, v.body, len, 0);
        EXPECT(!believed(&k, &k.reading) || by_signature);
        if (v.headers[0] != '\0') { /* without what signs it */
            read_checked(&k, PR_OP_QUERY, v.status, "", v.body, len, 1);
            EXPECT(k.reading.facts[0].evidence <= PR_EVIDENCE_TLS);
        }
        k.subject.reference = "0K3V9Z2M4QABCDEFGHJKMNPQR0"; /* asked about another */
        read_checked(&k, PR_OP_QUERY, v.status, v.headers, v.body, len, 1);
        EXPECT(!believed(&k, &k.reading) || strcmp(k.reading.facts[0].reference, ADK_REFERENCE) == 0);
        adk_close(&k);
    }
}

/* ---- notify -------------------------------------------------------------------------------------------- */

static int32_t deliver(pr_notice *n, const adk *k, const voice *v, size_t query_len, size_t body_len)
{
    pr_http_incoming in = {v->method, v->query, query_len, v->headers, strlen(v->headers), v->body, body_len};
    k->adapter->notify(n, k->channel, NULL, NULL, &in, k->subject.now_ms);
    if (n->rc == PAYROUTE_E_UNSUPPORTED) { /* the host's own door */
        return n->rc;
    }
    ENDS(n->reference);
    ENDS(n->event_id);
    ENDS(n->order_hash);
    EXPECT(n->stored.body != NULL && n->resend.body != NULL && n->refused.body != NULL);
    EXPECT(n->stored.content_type != NULL && n->resend.content_type != NULL &&
           n->refused.content_type != NULL);
    EXPECT(n->stored.status >= 200 && n->stored.status < 300);
    EXPECT(n->resend.status != n->stored.status || strcmp(n->resend.body, n->stored.body) != 0);
    EXPECT(n->refused.status != n->stored.status || strcmp(n->refused.body, n->stored.body) != 0);
    if (n->rc == PAYROUTE_OK) {
        check_facts(k, &n->reading);
        EXPECT(n->ignorable || (n->event_id[0] != '\0' && n->reading.count > 0));
    } else { /* a refused one leaves nothing behind */
        EXPECT(n->reading.count == 0 && n->reference[0] == '\0' && n->event_id[0] == '\0');
    }
    pr_reading_free(&n->reading);
    return n->rc;
}

static void check_changed(pr_notice *n, adk *k, voice *v, char *text, size_t query_len, size_t body_len)
{
    for (size_t at = 0; at < query_len + body_len; at++) {
        text[at] = (char)(text[at] ^ 1);
        int32_t rc = deliver(n, k, v, query_len, body_len);
        EXPECT(rc != PAYROUTE_OK || n->ignorable || strcmp(n->reference, ADK_REFERENCE) == 0);
        text[at] = (char)(text[at] ^ 1);
    }
}

static void a_notification_is_whole_and_authentic_or_refused(void **state)
{
    (void)state;
    static voice v;
    for (int32_t i = 0; i < SHELF_ROWS; i++) {
        adk k;
        pr_notice n, again;
        open_row(&k, &shelf[i]);
        if (!speak(&v, &k, &shelf[i], VOICE_NOTICE)) {
            adk_close(&k);
            continue;
        }
        size_t query = strlen(v.query), body = strlen(v.body);
        EXPECT(deliver(&n, &k, &v, query, body) == PAYROUTE_OK);
        EXPECT(!n.ignorable && strcmp(n.reference, ADK_REFERENCE) == 0);
        EXPECT(deliver(&again, &k, &v, query, body) == PAYROUTE_OK &&
               strcmp(again.event_id, n.event_id) == 0);
        for (size_t cut = 0; cut < query + body; cut++) {
            EXPECT(deliver(&n, &k, &v, query > 0 ? cut : 0, query > 0 ? 0 : cut) != PAYROUTE_OK);
        }
        check_changed(&n, &k, &v, query > 0 ? v.query : v.body, query, body);
        char *at = v.headers[0] != '\0' ? v.headers : NULL;
        for (; at != NULL && *at != '\0'; at++) { /* a header less, or another */
            char kept = *at;
            *at = kept == '1' ? '2' : '1';
            int32_t rc = deliver(&n, &k, &v, query, body);
            EXPECT(rc != PAYROUTE_OK || strcmp(n.reference, ADK_REFERENCE) == 0);
            *at = kept;
        }
        static const char *const methods[] = {"PUT", "DELETE", "HEAD", "", "post"};
        for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
            v.method = methods[m];
            EXPECT(deliver(&n, &k, &v, query, body) != PAYROUTE_OK);
        }
        adk_close(&k);
    }
}

static void garbage_at_the_door(void **state)
{
    (void)state;
    static voice v;
    for (int32_t i = 0; i < SHELF_ROWS; i++) {
        adk k;
        pr_notice n;
        open_row(&k, &shelf[i]);
        for (size_t g = 0; g < 4 * sizeof garbage / sizeof *garbage; g++) {
            const char *text = garbage[g / 4];
            memset(&v, 0, sizeof v);
            v.method = (g & 1) != 0 ? "GET" : "POST";
            snprintf((g & 2) != 0 ? v.query : v.body, 200, "%s", text);
            EXPECT(deliver(&n, &k, &v, strlen(v.query), strlen(v.body)) != PAYROUTE_OK);
        }
        adk_close(&k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(garbage_pages_and_nothing_are_unclear),
        cmocka_unit_test(unsigned_words_prove_nothing_and_secrets_stay),
        cmocka_unit_test(an_answer_cut_or_changed_anywhere_is_never_paid),
        cmocka_unit_test(a_notification_is_whole_and_authentic_or_refused),
        cmocka_unit_test(garbage_at_the_door),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
