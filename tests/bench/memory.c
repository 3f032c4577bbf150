/* What one payment holds in memory, beside its content: what the shop and the provider said (order texts,
   stored content, code to show) is theirs, the rest is our cost. */
#include "bench.h"
#include "play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HANDLE_GOAL = 2048 };

/* Bytes that are the payment's own words, as its rows would hold them. */
typedef struct words {
    long content, show, record;
} words;

static int32_t count_words(void *user, const payroute_save_set *set, int64_t *payment_id)
{
    words *w = user;
    *payment_id = 1;
    w->record = (long)set->payment.record_len;
    for (int32_t i = 0; i < set->attempt_count; i++) {
        w->content = (long)set->attempts[i].content_len;
        w->show = (long)set->attempts[i].show_len;
    }
    return PAYROUTE_OK;
}

static void tell_fresh(const play *p)
{
    char note[80], why[256] = "";
    payroute_payment *payment = NULL;
    bench_alloc_begin();
    int32_t rc = payroute_payment_new(&payment, p->registry, NULL, p->spec, strlen(p->spec), "bench",
                                      play_entropy, p->now_ms, why, sizeof why);
    long live = bench_alloc_live(), calls = bench_alloc_calls();
    payroute_payment_free(payment);
    if (rc != PAYROUTE_OK || live < 0) {
        bench_missed("a new payment", live < 0 ? "this allocator cannot be watched" : why);
        return;
    }
    snprintf(note, sizeof note, "after %ld allocations", calls);
    bench_tell_bytes("a new payment", (double)live, HANDLE_GOAL, note);
}

static void tell_waiting(play *p, const char *what, words *w)
{
    char note[160];
    bench_alloc_begin();
    payroute_payment *payment = play_until_show(p);
    long live = bench_alloc_live(), calls = bench_alloc_calls();
    if (payment == NULL || live < 0) {
        bench_missed(what, live < 0 ? "this allocator cannot be watched" : "it failed");
        return;
    }
    payroute_payment_free(payment);
    snprintf(note, sizeof note, "of %ld B; its content %ld B, code %ld B, record %ld B; %ld allocations",
             live, w->content, w->show, w->record, calls);
    bench_tell_bytes(what, (double)(live - w->content - w->show), HANDLE_GOAL, note);
}

void bench_memory(void)
{
    play cards, code;
    words w = {0, 0, 0};
    bench_section("memory of a payment handle, beside its content (blocks as the allocator gives them)");
    if (!play_stripe(&cards) || !play_alipay(&code)) {
        bench_missed("memory", "no payment can be made");
        return;
    }
    cards.save = code.save = count_words;
    cards.save_user = code.save_user = &w;
    tell_fresh(&code);
    tell_waiting(&code, "a code waits for its customer", &w);
    tell_waiting(&cards, "a card is paid", &w);
    play_close(&cards);
    play_close(&code);
}
