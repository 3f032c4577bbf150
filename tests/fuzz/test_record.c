/* A stored record, its checksum made right so that the reader has to judge what it says: `c` the machine's
   record, `f` the whole row as flow stores it (a length in two bytes, the record, the order's JSON). */
#include "kit.h"

#include "base/wire.h"
#include "flow/handle.h"
#include <payroute/rows.h>

#include <stdlib.h>
#include <string.h>

enum { RECORD_MAX = 8192 };

static const char entropy[32] = "0123456789abcdef0123456789abcde";

static void seal(uint8_t *record, size_t len)
{
    static const uint8_t head[6] = {'P', 'R', 'R', '1', 1, 0};
    if (len < 10) {
        return;
    }
    memcpy(record, head, sizeof head);
    uint32_t crc = pr_crc32c(record, len - 4);
    for (size_t i = 0; i < 4; i++) {
        record[len - 4 + i] = (uint8_t)(crc >> 8 * i);
    }
}

/* 1: it is a payment. Written again it is the same payment. */
static int decode(pr_pay *p, const uint8_t *record, size_t len)
{
    static pr_pay before;
    static pr_pay again;
    uint8_t first[RECORD_MAX];
    uint8_t second[RECORD_MAX];
    memset(p, 0x5a, sizeof *p);
    before = *p;
    int32_t rc = pr_record_read(p, record, len);
    if (rc != PAYROUTE_OK) {
        FUZZ_EXPECT(memcmp(p, &before, sizeof before) == 0, "a refused record was written");
        return 0;
    }
    int32_t n = pr_record_write(first, sizeof first, p);
    FUZZ_EXPECT(n > 0, "what was read cannot be written: %d", (int)n);
    FUZZ_EXPECT(pr_record_read(&again, first, (size_t)n) == PAYROUTE_OK, "what was written cannot be read");
    FUZZ_EXPECT(pr_record_write(second, sizeof second, &again) == n && memcmp(first, second, (size_t)n) == 0,
                "written twice it differs");
    return 1;
}

/* Beyond the invariants: what the machine itself never writes, since money moves an attempt at once. */
static int sound_record(const pr_pay *p)
{
    for (int32_t n = 1; n <= p->attempt_count; n++) {
        int32_t state = p->attempts[n - 1].state;
        if (state >= PR_ST_INTENT && state <= PR_ST_AUTHORIZED && pr_captured(p, n) > pr_reversed(p, n)) {
            return 0;
        }
    }
    return pr_invariant(p) == NULL;
}

static void wake_up(pr_pay *p)
{
    int sound = sound_record(p);
    for (int32_t i = 0; i < p->attempt_count; i++) {
        memset(&p->attempts[i].facts, 0, sizeof p->attempts[i].facts);
    }
    pr_clock_recover(p, FUZZ_NOW);
    pr_clock_tick(p, FUZZ_NOW + 1000);
    (void)pr_plan(p, FUZZ_NOW + 1000, 1);
    (void)pr_plan_wake(p, FUZZ_NOW + 1000);
    pr_verdict_settle(p, FUZZ_NOW + 1000);
    const char *broken = sound ? pr_invariant(p) : NULL;
    FUZZ_EXPECT(broken == NULL, "after the wake-up: %s", broken);
}

static void load_row(const uint8_t *record, size_t len, const char *order, size_t order_len)
{
    static pr_pay p;
    payroute_row_attempt attempts[PR_ATTEMPTS_MAX] = {{0}};
    payroute_row_action actions[PR_ACTIONS_MAX] = {{0}};
    int sound = decode(&p, record, len) && sound_record(&p);
    pr_buf row;
    pr_buf_init(&row);
    const uint32_t head[3] = {0x31575250, (uint32_t)len, 1};
    for (size_t i = 0; i < 12; i++) {
        const char byte = (char)(head[i / 4] >> 8 * (i % 4));
        pr_buf_bytes(&row, &byte, 1);
    }
    pr_buf_bytes(&row, record, len);
    pr_buf_bytes(&row, order, order_len);
    for (int32_t i = 0; sound && i < p.attempt_count; i++) {
        const pr_attempt *a = &p.attempts[i];
        attempts[i] = (payroute_row_attempt){.n = i + 1,
                                             .channel = a->channel,
                                             .reference = a->reference,
                                             .state = a->state,
                                             .review = a->review,
                                             .sends = a->sends,
                                             .shown = a->shown,
                                             .guard = a->guard,
                                             .provider_id = "pi_1",
                                             .capture_id = "",
                                             .content = "{}",
                                             .content_len = 2};
    }
    for (int32_t i = 0; sound && i < p.action_count; i++) {
        const pr_action *x = &p.actions[i];
        actions[i] = (payroute_row_action){.no = i + 1,
                                           .n = x->n,
                                           .kind = x->kind,
                                           .key = "K",
                                           .caller_id = x->caller_id,
                                           .state = x->state,
                                           .sends = x->sends,
                                           .amount_minor = x->amount_minor,
                                           .provider_id = ""};
    }
    payroute_save_set rows = {.payment = {.id = 7,
                                          .instance = "fuzz",
                                          .order_id = "A-1",
                                          .amount_minor = sound ? p.amount_minor : 1,
                                          .currency = sound ? p.currency : "CNY",
                                          .winner = sound ? p.winner : 0,
                                          .cancelled = sound ? p.cancelled : 0,
                                          .over = sound ? p.over : 0,
                                          .version = 3,
                                          .record = row.at,
                                          .record_len = row.len},
                              .attempts = attempts,
                              .attempt_count = sound ? p.attempt_count : 0,
                              .actions = actions,
                              .action_count = sound ? p.action_count : 0};
    payroute_payment *payment = NULL;
    char why[256] = "";
    int32_t rc =
        payroute_payment_load(&payment, fuzz_registry(), NULL, &rows, entropy, FUZZ_NOW, why, sizeof why);
    FUZZ_EXPECT((rc == PAYROUTE_OK) == (payment != NULL), "rc %d and a handle", (int)rc);
    if (rc == PAYROUTE_OK && sound) {
        size_t text_len;
        (void)payroute_payment_present(payment, 1);
        (void)payroute_payment_lease(payment, "me", 1);
        FUZZ_EXPECT(payroute_payment_view(payment, "en", &text_len) != NULL, "no view");
        (void)payroute_payment_tick(payment, FUZZ_NOW + 1000);
        const char *broken = pr_invariant(&payment->pay);
        FUZZ_EXPECT(broken == NULL, "after the first tick: %s", broken);
        int32_t next = payroute_payment_next(payment);
        FUZZ_EXPECT(next == payroute_payment_next(payment), "next says two things");
        FUZZ_EXPECT(next != PAYROUTE_ACTION_SAVE || payroute_payment_save_set(payment) != NULL,
                    "nothing to save");
    }
    payroute_payment_free(payment);
    pr_buf_free(&row);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static pr_pay p;
    fuzz_in in = {data, size};
    uint8_t kind = fuzz_u8(&in);
    size_t len = in.len;
    if (kind == 'f') {
        len = fuzz_u8(&in);
        len |= (size_t)fuzz_u8(&in) << 8;
    }
    len = len > in.len ? in.len : len;
    uint8_t *record = (uint8_t *)fuzz_take(&in, len);
    seal(record, len);
    if (kind == 'f') {
        load_row(record, len, (const char *)in.at, in.len);
    } else if (decode(&p, record, len)) {
        wake_up(&p);
    }
    free(record);
    return 0;
}
