/* The machine. `w`: the world of the property test, whose dice are the input; whatever happens, the books
   must agree in the end. `r`: providers that say anything in any order; the invariants hold after every word.
 */
#include "kit.h"

#include "../property/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 400 };

#define DAY ((int64_t)86400000)

/* The world's stories cost more than the world: they are told when asked for. */
void __wrap_world_tell(world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

void __wrap_world_tell(world *w, const char *format, ...)
{
    va_list args;
    if (fuzz_telling()) {
        fprintf(stderr, "t=%lld ", (long long)(w->true_ms - FUZZ_NOW) / 1000);
        va_start(args, format);
        vfprintf(stderr, format, args);
        va_end(args);
        fprintf(stderr, "\n");
    }
}

static int64_t draw_ms(fuzz_in *in)
{
    static const int64_t spans[] = {0,   1,       1000,     30000, 300000,  3600000,
                                    DAY, 8 * DAY, 70 * DAY, -1000, -3600000};
    return spans[fuzz_below(in, sizeof spans / sizeof spans[0])];
}

static void begin(pr_pay *p)
{
    memset(p, 0, sizeof *p);
    p->amount_minor = WORLD_PRICE;
    memcpy(p->currency, "CNY", 4);
    p->ordered_ms = p->created_ms = p->last_ms = FUZZ_NOW;
    p->deadline_ms = FUZZ_NOW + 1800000;
    p->lease_epoch = 5;
    p->wants_start = p->present = 1;
    pr_policy_default(&p->policy);
}

static void start(pr_pay *p, fuzz_in *in, int64_t now_ms)
{
    pr_attempt wish;
    memset(&wish, 0, sizeof wish);
    pr_facts *f = &wish.facts;
    f->flags = (uint32_t)fuzz_u8(in) | (uint32_t)fuzz_u8(in) << 8 | (uint32_t)(fuzz_u8(in) & 3) << 16;
    f->lookup = (int32_t)fuzz_below(in, 3);
    f->late_send = (int32_t)fuzz_below(in, 3);
    f->late_window_s = 300;
    f->steps = 1 + (int32_t)fuzz_below(in, 2);
    f->money_steps = f->steps == 2 ? 2 : fuzz_below(in, 2);
    f->key_ttl_ms = fuzz_below(in, 2) ? INT64_MAX : 3600000;
    f->max_pending_ms = DAY;
    f->review_ms = 7200000;
    f->auth_ttl_ms = 7 * DAY;
    snprintf(wish.reference, sizeof wish.reference, "REFERENCE%d", (int)p->attempt_count);
    memcpy(wish.channel, "channel", 8);
    wish.amount_minor = WORLD_PRICE;
    wish.hold = (uint8_t)fuzz_below(in, 2);
    wish.expire_ms = now_ms + 300000;
    wish.account = 7;
    (void)pr_start(p, &wish, now_ms);
}

/* What the plan asks for is done: the dispatch, and nothing is known of it yet. */
static void work(pr_pay *p, fuzz_in *in, int64_t now_ms)
{
    pr_input step;
    pr_task t = pr_plan(p, now_ms, 1);
    int32_t rc = PAYROUTE_OK;
    switch ((enum pr_todo)t.todo) {
    case PR_DO_START: start(p, in, now_ms); break;
    case PR_DO_SHOW:
        pr_input_init(&step, PR_EV_SHOW, PR_SOURCE_ENGINE, now_ms);
        rc = pr_machine_attempt(p, t.n, &step);
        break;
    case PR_DO_SEND:
    case PR_DO_PAYLOAD:
        pr_input_init(&step, PR_EV_DISPATCH, PR_SOURCE_ENGINE, now_ms);
        rc = pr_machine_attempt(p, t.n, &step);
        break;
    case PR_DO_ACTION:
        pr_input_init(&step, PR_AE_DISPATCH, PR_SOURCE_ENGINE, now_ms);
        rc = pr_machine_action(p, t.action, &step);
        break;
    case PR_DO_QUERY:
    case PR_DO_ACTION_QUERY: pr_schedule_next(p, &p->attempts[t.n - 1], now_ms); break;
    case PR_DO_NOTHING: break;
    }
    FUZZ_EXPECT(rc == PAYROUTE_OK, "the plan asks for %d, which the table refuses (%d)", (int)t.todo,
                (int)rc);
}

static void tell(const pr_pay *p, const char *what, const pr_input *in)
{
    if (!fuzz_telling()) {
        return;
    }
    fprintf(stderr, "%s", what);
    if (in != NULL) {
        fprintf(stderr, " event %d source %d amount %lld total %lld txn %llu final %d", (int)in->event,
                (int)in->source, (long long)in->amount_minor, (long long)in->reversed_total_minor,
                (unsigned long long)in->txn, (int)in->final);
    }
    for (int32_t n = 1; n <= p->attempt_count; n++) {
        const pr_attempt *a = &p->attempts[n - 1];
        fprintf(stderr, " | %d %s captured %lld reversed %lld held %d review %x", (int)n,
                pr_state_name(a->state), (long long)pr_captured(p, n), (long long)pr_reversed(p, n), a->held,
                a->review);
    }
    for (int32_t i = 0; i < p->action_count; i++) {
        const pr_action *x = &p->actions[i];
        fprintf(stderr, " | action %d kind %d of %d %s %lld", (int)i, x->kind, x->n,
                pr_action_state_name(x->state), (long long)x->amount_minor);
    }
    fprintf(stderr, " | winner %d over %d\n", p->winner, p->over);
}

static void draw_word(pr_input *out, fuzz_in *in, int32_t event, const pr_pay *p, int64_t now_ms)
{
    pr_input_init(out, event, PR_SOURCE_ANSWER + (int32_t)fuzz_below(in, 3), now_ms);
    uint8_t bits = fuzz_u8(in);
    out->final = bits & 1;
    out->by_client = bits >> 1 & 1;
    out->should_retry = (bits & 4) != 0 ? bits >> 3 & 1 : -1;
    out->refusal = bits >> 4 & 3;
    out->asked_ms = (bits & 64) != 0 ? now_ms + draw_ms(in) : now_ms;
    out->provider_ms = (bits & 128) != 0 ? now_ms + draw_ms(in) : 0;
    uint8_t more = fuzz_u8(in);
    static const int64_t amounts[] = {-1, WORLD_PRICE, 0, WORLD_PRICE / 2, WORLD_PRICE * 2, 999999999999999,
                                      1,  -1};
    out->txn = more & 3;
    out->amount_minor = amounts[more >> 2 & 7];
    out->reversed_total_minor = (more & 32) != 0 ? amounts[more >> 2 & 7] : -1;
    if (event == PR_EV_PAID && out->amount_minor == 0) {
        out->amount_minor = -1; /* flow compares: what takes nothing is a mismatch */
    }
    out->lease_epoch = p->lease_epoch - ((more & 64) != 0);
    if (out->source == PR_SOURCE_ANSWER) {
        out->send_no = (int32_t)fuzz_below(in, 4);
        out->step = (int32_t)fuzz_below(in, 3);
    }
    if ((more & 128) != 0) {
        out->retry_after_ms = draw_ms(in);
        out->auth_ms = now_ms + draw_ms(in);
    }
}

static void provider_says(pr_pay *p, fuzz_in *in, int64_t now_ms)
{
    pr_input word;
    if (p->attempt_count == 0) {
        return;
    }
    int32_t n = 1 + (int32_t)fuzz_below(in, p->attempt_count);
    draw_word(&word, in, 1 + (int32_t)fuzz_below(in, PR_EV_DISPATCH - 1), p, now_ms);
    int64_t captured = pr_captured(p, n);
    p->attempts[n - 1].has_id |= word.final != 0;
    (void)pr_machine_attempt(p, n, &word);
    tell(p, "provider", &word);
    FUZZ_EXPECT(pr_captured(p, n) >= captured, "I8: captured fell");
}

static void action_word(pr_pay *p, fuzz_in *in, int64_t now_ms)
{
    pr_input word;
    if (p->action_count > 0) {
        int32_t i = (int32_t)fuzz_below(in, p->action_count);
        draw_word(&word, in, PR_AE_NOT_SENT + (int32_t)fuzz_below(in, PR_AE_MOOT - PR_AE_NOT_SENT), p,
                  now_ms);
        word.amount_minor = word.amount_minor == 0 ? -1 : word.amount_minor;
        (void)pr_machine_action(p, i, &word);
        tell(p, "about an action", &word);
    }
}

static void shop_says(pr_pay *p, fuzz_in *in, int64_t now_ms)
{
    pr_input word;
    int32_t n = p->winner;
    uint32_t what = fuzz_below(in, 6);
    if (what == 0) {
        p->cancelled = 1;
    } else if (what == 1 && p->attempt_count > 0) {
        p->attempts[fuzz_below(in, p->attempt_count)].switched = 1;
    } else if (what == 2 && p->attempt_count > 0) {
        pr_input_init(&word, PR_EV_RESOLVE_PAID + (int32_t)fuzz_below(in, 3), PR_SOURCE_PERSON, now_ms);
        word.amount_minor = WORLD_PRICE;
        (void)pr_machine_attempt(p, 1 + (int32_t)fuzz_below(in, p->attempt_count), &word);
    } else if (what == 3 && n != 0 && p->attempts[n - 1].state == PR_ST_AUTHORIZED &&
               pr_action_find(p, n, PR_ACT_CAPTURE) < 0 && pr_action_find(p, n, PR_ACT_VOID) < 0 &&
               !p->cancelled) {
        (void)pr_action_write(p, n, PR_ACT_CAPTURE, WORLD_PRICE, "capture", now_ms);
    } else if (what == 4 && n != 0 && p->attempts[n - 1].state == PR_ST_PAID) {
        int64_t left = pr_captured(p, n) - pr_reversed(p, n) - pr_refunds_open(p, n);
        if (left > 0) {
            (void)pr_action_write(p, n, PR_ACT_REFUND, fuzz_below(in, 2) ? left : (left + 1) / 2, "refund",
                                  now_ms);
        }
    } else if (what == 5) {
        p->present ^= 1;
    }
}

static void restart(pr_pay *p, int64_t now_ms)
{
    uint8_t record[8192];
    static pr_pay old;
    old = *p;
    int32_t n = pr_record_write(record, sizeof record, p);
    FUZZ_EXPECT(n > 0, "the record does not fit: %d", (int)n);
    FUZZ_EXPECT(pr_record_read(p, record, (size_t)n) == PAYROUTE_OK, "the record cannot be read back");
    p->policy = old.policy;
    p->present = old.present;
    p->lease_epoch = old.lease_epoch + 1;
    for (int32_t i = 0; i < p->attempt_count; i++) {
        p->attempts[i].facts = old.attempts[i].facts;
    }
    pr_clock_recover(p, now_ms);
}

static void liars(fuzz_in *in)
{
    static pr_pay p;
    int64_t now_ms = FUZZ_NOW;
    begin(&p);
    for (int32_t i = 0; i < WORDS_MAX && in->len > 0; i++) {
        switch (fuzz_below(in, 7)) {
        case 0:
        case 1: work(&p, in, now_ms); break;
        case 2: provider_says(&p, in, now_ms); break;
        case 3: action_word(&p, in, now_ms); break;
        case 4: shop_says(&p, in, now_ms); break;
        case 5:
            now_ms += draw_ms(in);
            pr_clock_tick(&p, now_ms);
            break;
        default: restart(&p, now_ms); break;
        }
        pr_verdict_settle(&p, now_ms);
        (void)pr_plan_wake(&p, now_ms);
        tell(&p, ".", NULL);
        const char *broken = pr_invariant(&p);
        FUZZ_EXPECT(broken == NULL, "%s", broken);
        p.news_count = 0;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static world w;
    fuzz_in in = {data, size};
    if (fuzz_u8(&in) == 'r') {
        liars(&in);
        return 0;
    }
    fuzz_dice = &in;
    world_round(&w, 1, 1, MUTANT_NONE);
    fuzz_dice = NULL;
    FUZZ_EXPECT(w.broken == NULL, "%s (attempt %d)", w.broken, (int)w.broken_n);
    return 0;
}
