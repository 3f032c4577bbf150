/* Lines that say what must be so, and calls of the shop with the words of their refusal. */
#include "stage.h"

static const char *const status_names[] = {"?",        "OPEN",     "PENDING", "AUTHORIZED", "PAID",
                                           "REVERSED", "DECLINED", "EXPIRED", "CANCELLED",  "FAILED"};
static const char *const event_names[] = {"?",        "PAID",    "LATE_PAID", "SURPLUS",
                                          "REFUNDED", "EXPIRED", "REVIEW"};
static const char *const review_names[] = {"mismatch",      "unknown_long",  "contradiction", "no_refund",
                                           "refund_failed", "refund_undone", "second_hold",   "held",
                                           "action_long",   "limit"};

static int32_t call_shop(stage *g, const char *verb)
{
    char wish[256];
    snprintf(wish, sizeof wish, "{\"method\":\"%s\"%s%s%s}",
             option(g, "method") != NULL ? option(g, "method") : "card",
             option(g, "instrument") != NULL ? ",\"instrument\":\"" : "",
             option(g, "instrument") != NULL ? option(g, "instrument") : "",
             option(g, "instrument") != NULL ? "\"" : "");
    int64_t amount = option(g, "amount") != NULL ? atoll(option(g, "amount")) : 1000;
    const char *id = option(g, "id") != NULL ? option(g, "id") : "id-1";
    if (strcmp(verb, "cancel") == 0) {
        return payroute_payment_cancel(g->p, g->now, g->why, sizeof g->why);
    }
    if (strcmp(verb, "switch") == 0) {
        return payroute_payment_switch(g->p, g->now, wish, strlen(wish), g->why, sizeof g->why);
    }
    if (strcmp(verb, "retry") == 0) {
        return payroute_payment_retry(g->p, g->now, wish, strlen(wish), g->why, sizeof g->why);
    }
    if (strcmp(verb, "capture") == 0) {
        return payroute_payment_capture(g->p, g->now, id, amount, g->why, sizeof g->why);
    }
    if (strcmp(verb, "refund") == 0) {
        return payroute_payment_refund(g->p, g->now, id, amount, g->why, sizeof g->why);
    }
    if (strcmp(verb, "resolve") == 0) {
        return payroute_payment_resolve(g->p, g->now, atoi(word(g, 2)), word(g, 3), "a person", "the bill",
                                        g->why, sizeof g->why);
    }
    COMPLAIN(g, "the shop has no such call");
    return 0;
}

/* shop CALL … [! CODE text]: a call of the shop, and how it is refused. */
void stage_shop(stage *g)
{
    static pr_pay before;
    const char *refusal = strstr(g->rest, " ! ");
    before = g->p->pay;
    g->why[0] = '\0';
    int32_t rc = call_shop(g, word(g, 1));
    if (refusal == NULL) {
        if (rc != PAYROUTE_OK) {
            COMPLAIN(g, "refused (%d): %s", rc, g->why);
        }
        if (!g->p->ex.armed) {
            (void)stage_flush(g);
        }
        return;
    }
    static const struct {
        const char *name;
        int32_t rc;
    } codes[] = {{"STATE", PAYROUTE_E_STATE},   {"CONFLICT", PAYROUTE_E_CONFLICT},
                 {"RANGE", PAYROUTE_E_RANGE},   {"UNSUPPORTED", PAYROUTE_E_UNSUPPORTED},
                 {"SCHEMA", PAYROUTE_E_SCHEMA}, {"NOT_FOUND", PAYROUTE_E_NOT_FOUND}};
    char name[24] = "";
    int used = 0;
    sscanf(refusal + 3, "%23s %n", name, &used);
    int32_t expected = 0;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        expected = strcmp(codes[i].name, name) == 0 ? codes[i].rc : expected;
    }
    if (rc != expected || strstr(g->why, refusal + 3 + used) == NULL) {
        COMPLAIN(g, "it says %d \"%s\"", rc, g->why);
    }
    if (memcmp(&before, &g->p->pay, sizeof before) != 0) {
        COMPLAIN(g, "a refused call changed something");
    }
}

void stage_status(stage *g)
{
    int32_t final = 0;
    int32_t status = pr_status(&g->p->pay, g->now, &final);
    if (strcmp(status_names[status], word(g, 1)) != 0 || (has_word(g, "final") && !final) ||
        (has_word(g, "open") && final)) {
        COMPLAIN(g, "it is %s%s", status_names[status], final ? " (final)" : "");
    }
}

void stage_attempt(stage *g)
{
    const pr_attempt *a = pr_pay_attempt(&g->p->pay, atoi(word(g, 1)));
    if (a == NULL) {
        COMPLAIN(g, "there are %d attempts", g->p->pay.attempt_count);
    }
    if (strcmp(pr_state_name(a->state), word(g, 2)) != 0) {
        COMPLAIN(g, "it is %s", pr_state_name(a->state));
    }
    const char *review = option(g, "review");
    char flags[128] = "";
    for (uint32_t i = 0; i < sizeof review_names / sizeof review_names[0]; i++) {
        if ((a->review & 1u << i) != 0) {
            strcat(strcat(flags, flags[0] != '\0' ? "," : ""), review_names[i]);
        }
    }
    if (strcmp(flags, review != NULL ? review : "") != 0) {
        COMPLAIN(g, "its review is \"%s\"", flags);
    }
    if (option(g, "sends") != NULL && a->sends != atoi(option(g, "sends"))) {
        COMPLAIN(g, "it was sent %d times", a->sends);
    }
    if (option(g, "kept") != NULL) {
        int32_t n = atoi(word(g, 1));
        int64_t kept = pr_captured(&g->p->pay, n) - pr_reversed(&g->p->pay, n);
        if (kept != atoll(option(g, "kept"))) {
            COMPLAIN(g, "%lld is kept", (long long)kept);
        }
    }
}

/* events PAID 1: how many of a kind were stored so far. */
void stage_events(stage *g)
{
    if (!g->p->ex.armed) {
        (void)stage_flush(g);
    }
    for (int32_t kind = 1; kind <= PAYROUTE_EVENT_REVIEW; kind++) {
        const char *count = option(g, event_names[kind]);
        if (g->shelf.events[kind] != (count != NULL ? atoi(count) : 0)) {
            COMPLAIN(g, "%s %d", event_names[kind], g->shelf.events[kind]);
        }
    }
}

void stage_saves(stage *g)
{
    if (g->shelf.saves != atoi(word(g, 1))) {
        COMPLAIN(g, "%d durable transactions", g->shelf.saves);
    }
}

void stage_wake(stage *g)
{
    int64_t wake = payroute_payment_wake_ms(g->p);
    int64_t expected = strcmp(word(g, 1), "never") == 0 ? INT64_MAX : BEGIN + duration(word(g, 1));
    if (wake != expected) {
        COMPLAIN(g, "wake is %lld ms after the beginning", (long long)(wake - BEGIN));
    }
}

void stage_startable(stage *g)
{
    int32_t slot = pr_startable(&g->p->pay, g->now);
    if ((slot != 0) != (strcmp(word(g, 1), "yes") == 0)) {
        COMPLAIN(g, "slot %d", slot);
    }
}

/* request MARK: the bytes that would go out hold this text. */
void stage_request(stage *g)
{
    static const char entropy[33] = "thirty-two bytes for an envelope";
    size_t len = 0;
    int32_t rc = payroute_payment_request(g->p, g->now, entropy);
    if (rc != PAYROUTE_OK) {
        COMPLAIN(g, "request says %d", rc);
    }
    const char *body = payroute_payment_request_body(g->p, &len);
    if (strstr(payroute_payment_request_url(g->p), word(g, 1)) == NULL &&
        (body == NULL || strstr(body, word(g, 1)) == NULL)) {
        COMPLAIN(g, "%s with %.*s", payroute_payment_request_url(g->p), (int)len, body);
    }
}
