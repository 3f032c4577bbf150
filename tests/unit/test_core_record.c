/* Records: what is written is read back, three attempts fit into 1 KiB, damage of any byte and any cut is
   noticed, and bytes with a good checksum
   that are no payment are refused without touching anything. */
#include "core_oracle.h"
#include "core_situation.h"

#include "base/wire.h"

static uint8_t bytes[16384];

static void random_text(pr_rng *r, char *out, size_t cap)
{
    size_t len = 1 + pr_rng_below(r, (uint32_t)cap - 1);
    memset(out, 0, cap);
    for (size_t i = 0; i < len; i++) {
        out[i] = (char)('!' + (int)pr_rng_below(r, 94));
    }
}

static void random_attempt(pr_rng *r, pr_pay *p)
{
    pr_attempt *a = fixture_attempt(p, (int32_t)(1 + pr_rng_below(r, PR_ST_COUNT - 1)), fixture_qr);
    random_text(r, a->reference, sizeof a->reference);
    random_text(r, a->channel, sizeof a->channel);
    random_text(r, a->method, sizeof a->method);
    random_text(r, a->flow, sizeof a->flow);
    uint8_t *small[] = {&a->sends, &a->check_no, &a->late_no, &a->not_found, &a->refusal};
    uint8_t *flags[] = {&a->shown,    &a->has_payload, &a->has_id, &a->by_client,   &a->held, &a->resend,
                        &a->no_retry, &a->switched,    &a->hold,   &a->authenticate};
    int64_t *big[] = {&a->amount_minor, &a->built_ms,      &a->first_send_ms, &a->entered_ms,   &a->check_ms,
                      &a->expire_ms,    &a->auth_ms,       &a->free_ms,       &a->not_found_ms, &a->gone_ms,
                      &a->retry_ms,     &a->captured_flat, &a->reversed_flat};
    for (size_t i = 0; i < sizeof small / sizeof small[0]; i++) {
        *small[i] = (uint8_t)pr_rng_below(r, 6);
    }
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        *flags[i] = (uint8_t)pr_rng_below(r, 2);
    }
    for (size_t i = 0; i < sizeof big / sizeof big[0]; i++) {
        *big[i] = PICK(r, 0, NOW, NOW + (int64_t)pr_rng_u32(r), INT64_MAX, 1, (int64_t)pr_rng_u32(r));
    }
    a->step = (uint8_t)(1 + pr_rng_below(r, 2));
    a->guard = (uint8_t)(pr_state_free(a->state) ? 0 : pr_rng_below(r, 3));
    a->amount_minor = PICK(r, 1, PRICE, 123456789, INT64_MAX);
    a->review = (uint16_t)pr_rng_below(r, PR_REVIEW_LIMIT * 2);
    a->reason = (uint16_t)pr_rng_u32(r);
    a->advice = (uint16_t)pr_rng_below(r, 20);
    a->told = (uint8_t)pr_rng_u32(r);
    a->issuer = pr_rng_u32(r);
    a->auth_txn = ((uint64_t)pr_rng_u32(r) << 32) | pr_rng_u32(r);
    for (size_t i = 0; i < sizeof a->body_hash; i++) {
        a->body_hash[i] = (uint8_t)pr_rng_u32(r);
    }
}

static void random_action(pr_rng *r, pr_pay *p)
{
    pr_action *x = &p->actions[p->action_count++];
    memset(x, 0, sizeof *x);
    x->n = (uint8_t)(1 + pr_rng_below(r, p->attempt_count));
    x->kind = (uint8_t)(1 + pr_rng_below(r, 4));
    x->state = (uint8_t)(1 + pr_rng_below(r, 5));
    x->digit = (uint8_t)(1 + pr_rng_below(r, 9));
    x->sends = (uint8_t)pr_rng_below(r, 4);
    x->asked = (uint8_t)pr_rng_below(r, 2);
    x->check_no = (uint8_t)pr_rng_below(r, 40);
    x->reviewed = (uint8_t)pr_rng_below(r, 2);
    x->surplus = (uint8_t)pr_rng_below(r, 2);
    x->not_found = (uint8_t)pr_rng_below(r, 3);
    x->reason = (uint16_t)pr_rng_u32(r);
    x->amount_minor = (int64_t)pr_rng_u32(r);
    x->built_ms = NOW - (int64_t)pr_rng_u32(r);
    x->first_send_ms = PICK(r, 0, NOW - DAY);
    x->entered_ms = NOW;
    x->check_ms = PICK(r, INT64_MAX, NOW + HOUR);
    x->not_found_ms = PICK(r, 0, NOW);
    if (pr_rng_below(r, 2) == 0) {
        random_text(r, x->caller_id, sizeof x->caller_id);
    }
}

static void random_pay(pr_rng *r, pr_pay *p)
{
    fixture_pay(p);
    p->version = p->lease_epoch = p->lease_until_ms = 0; /* columns of the row, not of the record */
    p->present = 0;
    p->backoff_ms = PICK(r, 0, INT64_MAX, NOW);
    for (uint32_t i = pr_rng_below(r, PR_ATTEMPTS_MAX + 1); i > 0; i--) {
        random_attempt(r, p);
    }
    for (uint32_t i = p->attempt_count > 0 ? pr_rng_below(r, PR_ACTIONS_MAX + 1) : 0; i > 0; i--) {
        random_action(r, p);
    }
    for (uint32_t i = p->attempt_count > 0 ? pr_rng_below(r, PR_MONEY_MAX + 1) : 0; i > 0; i--) {
        p->money[p->money_count++] = (pr_money){.id = pr_rng_u32(r),
                                                .amount_minor = (int64_t)pr_rng_u32(r),
                                                .n = (uint8_t)(1 + pr_rng_below(r, p->attempt_count)),
                                                .kind = (uint8_t)(1 + pr_rng_below(r, 3))};
    }
    p->winner = (uint8_t)pr_rng_below(r, p->attempt_count + 1u);
    p->cancelled = (uint8_t)pr_rng_below(r, 2);
    p->over = (uint8_t)PICK(r, 0, PR_STATUS_PAID, PR_STATUS_EXPIRED, PR_STATUS_FAILED);
    p->clock_suspect = (uint8_t)pr_rng_below(r, 2);
    p->no_channel = (uint8_t)pr_rng_below(r, 2);
    p->last_refusal = (uint8_t)pr_rng_below(r, 6);
    for (int32_t i = 1; i <= PR_NEWS_REVIEW; i++) {
        p->event_no[i] = (int32_t)pr_rng_below(r, 100);
    }
}

static void same_texts_and_numbers(const pr_pay *a, pr_pay *b)
{
    for (int32_t i = 0; i < a->attempt_count; i++) {
        b->attempts[i].facts = a->attempts[i].facts; /* read anew from the tables at load */
    }
    b->policy = a->policy;
    static uint8_t again[sizeof bytes];
    int32_t first = pr_record_write(bytes, sizeof bytes, a);
    int32_t second = pr_record_write(again, sizeof again, b);
    assert_int_equal(first, second);
    assert_memory_equal(bytes, again, (size_t)first);
    assert_memory_equal(a->attempts, b->attempts, sizeof a->attempts);
    assert_memory_equal(a->actions, b->actions, sizeof a->actions);
    assert_memory_equal(a->money, b->money, sizeof a->money);
    assert_memory_equal(a->event_no, b->event_no, sizeof a->event_no);
    assert_int_equal(a->winner, b->winner);
    assert_int_equal(a->over, b->over);
    assert_int_equal(a->cancelled, b->cancelled);
    assert_int_equal(a->deadline_ms, b->deadline_ms);
    assert_string_equal(a->currency, b->currency);
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    static pr_pay p;
    static pr_pay q;
    pr_rng r;
    pr_rng_seed(&r, fixture_seed("record", 20261126), 1);
    for (int32_t i = 0; i < 3000; i++) {
        random_pay(&r, &p);
        int32_t len = pr_record_write(bytes, sizeof bytes, &p);
        assert_true(len > 0);
        memset(&q, 0xa5, sizeof q);
        assert_int_equal(pr_record_read(&q, bytes, (size_t)len), PAYROUTE_OK);
        assert_int_equal(q.dirty, 0);
        same_texts_and_numbers(&p, &q);
    }
}

/* As long as names really are: three attempts, each with a close, a refund and its money. */
static void long_payment(pr_pay *p, int32_t attempts)
{
    fixture_pay(p);
    for (int32_t n = 1; n <= attempts; n++) {
        pr_attempt *a = fixture_attempt(p, PR_ST_CLOSED, fixture_qr);
        memcpy(a->reference, "01JDXW8Y7M0S9Q4T2K6Z3B5C1", 26);
        memcpy(a->channel, "alipay-main", 12);
        a->guard = 0;
        a->sends = a->shown = 1;
        a->first_send_ms = a->free_ms = a->not_found_ms = a->gone_ms = NOW;
        a->retry_ms = NOW;
        a->captured_flat = a->reversed_flat = 123456789;
        a->auth_txn = UINT64_MAX;
        memset(a->body_hash, 0xff, sizeof a->body_hash);
        (void)pr_action_write(p, n, PR_ACT_CLOSE, 0, "", NOW);
        p->money[p->money_count++] = (pr_money){
            .id = UINT64_MAX, .amount_minor = 123456789, .n = (uint8_t)n, .kind = PR_MONEY_CAPTURE};
    }
    (void)pr_action_write(p, 1, PR_ACT_REFUND, 123456789, "refund-2026-000123", NOW);
}

static void three_attempts_fit_into_a_kibibyte(void **state)
{
    (void)state;
    static pr_pay p;
    long_payment(&p, 3);
    int32_t len = pr_record_write(bytes, sizeof bytes, &p);
    long_payment(&p, 1);
    printf("record: %d bytes for one attempt, %d for three\n", pr_record_write(bytes, sizeof bytes, &p), len);
    assert_true(len > 0 && len <= 1024);
}

static void every_damaged_byte_is_noticed(void **state)
{
    (void)state;
    static pr_pay p;
    static pr_pay q;
    static pr_pay untouched;
    long_payment(&p, 3);
    size_t len = (size_t)pr_record_write(bytes, sizeof bytes, &p);
    memset(&q, 0x5a, sizeof q);
    untouched = q;
    for (size_t i = 0; i < len; i++) {
        for (uint32_t flip = 1; flip < 256; flip = flip == 255 ? 256 : flip * 2 > 255 ? 255 : flip * 2) {
            bytes[i] ^= (uint8_t)flip;
            assert_int_equal(pr_record_read(&q, bytes, len), PAYROUTE_E_CHECKSUM);
            bytes[i] ^= (uint8_t)flip;
        }
    }
    for (size_t cut = 0; cut < len; cut++) {
        assert_int_equal(pr_record_read(&q, bytes, cut), PAYROUTE_E_CHECKSUM);
    }
    bytes[len] = 0;
    assert_int_equal(pr_record_read(&q, bytes, len + 1), PAYROUTE_E_CHECKSUM);
    assert_int_equal(pr_record_read(&q, NULL, 100), PAYROUTE_E_CHECKSUM);
    assert_memory_equal(&q, &untouched, sizeof q);
}

static void seal(size_t len)
{
    pr_wire_out w = {.at = bytes, .cap = sizeof bytes, .len = len - 4};
    pr_wire_u32(&w, pr_crc32c(bytes, len - 4));
}

static void another_version_is_told_apart_from_damage(void **state)
{
    (void)state;
    static pr_pay p;
    static pr_pay q;
    long_payment(&p, 1);
    size_t len = (size_t)pr_record_write(bytes, sizeof bytes, &p);
    bytes[4]++;
    seal(len);
    assert_int_equal(pr_record_read(&q, bytes, len), PAYROUTE_E_VERSION);
    bytes[4]--;
    bytes[0]++;
    seal(len);
    assert_int_equal(pr_record_read(&q, bytes, len), PAYROUTE_E_CHECKSUM); /* not ours at all */
}

/* Where two records differ first: the place of what was changed. */
static size_t place_of(const pr_pay *a, const pr_pay *b)
{
    static uint8_t other[sizeof bytes];
    size_t at = 0;
    int32_t len = pr_record_write(bytes, sizeof bytes, a);
    assert_int_equal(pr_record_write(other, sizeof other, b), len);
    while (bytes[at] == other[at]) {
        at++;
    }
    assert_true(at + 4 < (size_t)len);
    return at;
}

static size_t cut_out(size_t len, size_t at, size_t count)
{
    memmove(bytes + at, bytes + at + count, len - at - count);
    return len - count;
}

/* Version 2 knew neither issuer nor 3-D Secure, version 1 not even what health was told. */
static void records_of_older_versions_are_read(void **state)
{
    (void)state;
    static pr_pay p, q;
    for (uint8_t version = 1; version <= 2; version++) {
        long_payment(&p, 1);
        q = p;
        q.attempts[0].authenticate = 1;
        size_t authenticate = place_of(&p, &q);
        q = p;
        q.attempts[0].issuer = 255;
        size_t issuer = place_of(&p, &q);
        p.attempts[0].told = 0x15;
        size_t len = (size_t)pr_record_write(bytes, sizeof bytes, &p);
        len = cut_out(len, issuer, 4);
        len = cut_out(len, version == 1 ? authenticate - 1 : authenticate, version == 1 ? 2 : 1);
        bytes[4] = version;
        seal(len);
        assert_int_equal(pr_record_read(&q, bytes, len), PAYROUTE_OK);
        assert_int_equal(q.attempts[0].told, version == 1 ? 0 : 0x15);
        assert_int_equal(q.attempts[0].authenticate, 0);
        assert_int_equal(q.attempts[0].issuer, 0);
        q.attempts[0].told = p.attempts[0].told;
        same_texts_and_numbers(&p, &q);
    }
}

static void refused(const pr_pay *p, const char *what)
{
    static pr_pay q;
    static pr_pay untouched;
    memset(&q, 0x3c, sizeof q);
    untouched = q;
    int32_t len = pr_record_write(bytes, sizeof bytes, p);
    assert_true(len > 0);
    int32_t rc = pr_record_read(&q, bytes, (size_t)len);
    if (rc != PAYROUTE_E_CHECKSUM) {
        fail_msg("%s was read as a payment (%d)", what, rc);
    }
    assert_memory_equal(&q, &untouched, sizeof q);
}

#define REFUSED(change)                                                                                      \
    do {                                                                                                     \
        static pr_pay p;                                                                                     \
        long_payment(&p, 2);                                                                                 \
        change;                                                                                              \
        refused(&p, #change);                                                                                \
    } while (0)

static void a_good_checksum_over_nonsense_is_no_payment(void **state)
{
    (void)state;
    REFUSED(p.winner = 3);
    REFUSED(p.over = 10);
    REFUSED(p.amount_minor = 0);
    REFUSED(p.amount_minor = -1);
    REFUSED(p.currency[3] = 'X');
    REFUSED(p.cancelled = 2);
    REFUSED(p.last_refusal = 6);
    REFUSED(p.attempts[0].state = 0);
    REFUSED(p.attempts[0].state = PR_ST_COUNT);
    REFUSED(p.attempts[1].step = 0);
    REFUSED(p.attempts[1].step = 5);
    REFUSED(p.attempts[1].guard = 3);
    REFUSED(p.attempts[0].guard = 1); /* a free attempt holds no slot */
    REFUSED(p.attempts[0].reference[0] = '\0');
    REFUSED(p.attempts[0].channel[0] = '\0');
    REFUSED(p.attempts[0].amount_minor = 0);
    REFUSED(p.attempts[0].amount_minor = -1);
    REFUSED(p.attempts[0].refusal = 6);
    REFUSED(p.actions[0].n = 0);
    REFUSED(p.actions[0].n = 3);
    REFUSED(p.actions[0].kind = 0);
    REFUSED(p.actions[0].kind = 5);
    REFUSED(p.actions[0].state = 0);
    REFUSED(p.actions[0].state = PR_AS_COUNT);
    REFUSED(p.actions[0].digit = 0);
    REFUSED(p.actions[0].digit = 10);
    REFUSED(p.money[0].n = 0);
    REFUSED(p.money[0].n = 3);
    REFUSED(p.money[0].amount_minor = -1);
    REFUSED(p.money[0].kind = 0);
    REFUSED(p.money[0].kind = 4);
}

static void counts_beyond_the_arrays_are_refused(void **state)
{
    (void)state;
    static pr_pay p;
    static pr_pay q;
    fixture_pay(&p);
    size_t len = (size_t)pr_record_write(bytes, sizeof bytes, &p);
    for (size_t at = len - 7; at < len - 4; at++) { /* the three counts, all 0 */
        for (int32_t count = 1; count < 256; count++) {
            bytes[at] = (uint8_t)count;
            seal(len);
            assert_int_equal(pr_record_read(&q, bytes, len), PAYROUTE_E_CHECKSUM);
        }
        bytes[at] = 0;
    }
    /* random bytes under a good checksum: whatever is read is a payment, and nothing is overrun (sanitizers
       watch) */
    pr_rng r;
    pr_rng_seed(&r, fixture_seed("hostile", 20261127), 2);
    for (int32_t i = 0; i < 20000; i++) {
        static pr_pay hostile;
        random_pay(&r, &hostile);
        len = (size_t)pr_record_write(bytes, sizeof bytes, &hostile);
        for (uint32_t k = 1 + pr_rng_below(&r, 8); k > 0; k--) {
            bytes[6 + pr_rng_below(&r, (uint32_t)len - 10)] = (uint8_t)pr_rng_u32(&r);
        }
        seal(len);
        if (pr_record_read(&q, bytes, len) == PAYROUTE_OK) {
            assert_true(q.attempt_count <= PR_ATTEMPTS_MAX && q.action_count <= PR_ACTIONS_MAX &&
                        q.money_count <= PR_MONEY_MAX);
            (void)pr_invariant(&q);
        }
    }
}

static void a_buffer_too_small_is_said_and_never_overrun(void **state)
{
    (void)state;
    static pr_pay p;
    long_payment(&p, 3);
    int32_t len = pr_record_write(bytes, sizeof bytes, &p);
    for (int32_t cap = 0; cap < len; cap++) {
        memset(bytes, 0x77, sizeof bytes);
        assert_int_equal(pr_record_write(bytes, (size_t)cap, &p), PAYROUTE_E_BUFFER);
        assert_int_equal(bytes[cap], 0x77);
    }
    assert_int_equal(pr_record_write(bytes, (size_t)len, &p), len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(three_attempts_fit_into_a_kibibyte),
        cmocka_unit_test(every_damaged_byte_is_noticed),
        cmocka_unit_test(another_version_is_told_apart_from_damage),
        cmocka_unit_test(records_of_older_versions_are_read),
        cmocka_unit_test(a_good_checksum_over_nonsense_is_no_payment),
        cmocka_unit_test(counts_beyond_the_arrays_are_refused),
        cmocka_unit_test(a_buffer_too_small_is_said_and_never_overrun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
