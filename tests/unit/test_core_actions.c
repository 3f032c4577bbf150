/* The whole matrix of an action, 5 states by 13 events, for each of the four kinds, against a table written
   by hand from the specification; and
   what the owner learns of each outcome. */
#include "core_matrix.h"
#include "core_oracle.h"
#include "core_situation.h"

enum { SITUATIONS = 2500 };

static const matrix_names actions = {"core_actions.txt",
                                     {NULL, "IN", "UN", "PR", "DO", "FA"},
                                     {NULL, "DISPATCH", "LOST", "NOT_SENT", "REFUSED_BEFORE", "REFUSED",
                                      "PENDING", "DONE", "UNCLEAR", "MISMATCH", "NOT_FOUND", "FAILED", "MOOT",
                                      "T_REVIEW"}};

typedef struct question {
    const pr_pay *p;
    const pr_action *x;
    const pr_input *in;
} question;

static int32_t gone_for_its_key(const question *q)
{
    const pr_attempt *a = &q->p->attempts[0];
    int32_t row = q->x->not_found + (q->in->source == PR_SOURCE_LOOKUP);
    int64_t first = q->x->not_found == 0 ? q->in->asked_ms : q->x->not_found_ms;
    int64_t wait = a->facts.late_window_s + 60 > 900 ? (a->facts.late_window_s + 60) * SECOND : 900 * SECOND;
    int64_t drift = q->in->provider_ms ? q->in->provider_ms - NOW : 0;
    int32_t keyless = q->x->kind == PR_ACT_REFUND && !oracle_flag(a, PR_FACT_REFUND_KEYED);
    return a->facts.late_send == PR_LATE_WINDOW && row >= 2 && q->in->asked_ms - first >= MINUTE &&
           q->in->asked_ms - q->x->built_ms >= wait && q->in->asked_ms - first >= wait &&
           !q->p->clock_suspect && drift <= MINUTE && drift >= -MINUTE && !keyless;
}

static int32_t ask(const char *word, void *data)
{
    const question *q = data;
    pr_attempt owner = q->p->attempts[0];
    owner.first_send_ms = q->x->first_send_ms; /* the key that lives is the action's */
    int32_t alive = oracle_alive(q->p, &owner, NOW);
    int32_t refund = q->x->kind == PR_ACT_REFUND;
    int32_t answer = q->in->source == PR_SOURCE_ANSWER;
    const struct {
        const char *word;
        int32_t answer;
    } known[] = {
        {"closing", q->x->kind == PR_ACT_CLOSE || q->x->kind == PR_ACT_VOID},
        {"keyed", oracle_flag(&owner, refund ? PR_FACT_REFUND_KEYED : PR_FACT_REPEAT_SAFE)},
        {"alive", alive},
        {"refund", refund},
        {"unsent", q->x->sends == 0},
        {"sole",
         answer && q->x->sends == 1 && q->in->send_no == 1 && q->in->lease_epoch == q->p->lease_epoch},
        {"replays", answer && alive && oracle_flag(&owner, PR_FACT_REPLAYS_DECLINE)},
        {"gone", gone_for_its_key(q)},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(word, known[i].word) == 0) {
            return known[i].answer;
        }
    }
    fail_msg("core_actions.txt: unknown condition %s", word);
    return 0;
}

static int32_t owner_state(int32_t kind, int32_t state)
{
    switch (kind) {
    case PR_ACT_CLOSE: return PR_ST_CLOSING;
    case PR_ACT_VOID:
    case PR_ACT_CAPTURE: return state == PR_AS_DONE && kind == PR_ACT_CAPTURE ? PR_ST_PAID : PR_ST_AUTHORIZED;
    default: return PR_ST_PAID;
    }
}

static void situate_kind(pr_rng *r, situation *s, int32_t kind, int32_t state, int32_t event)
{
    memset(s, 0, sizeof *s);
    fixture_pay(&s->p);
    pr_attempt *a = fixture_attempt(&s->p, owner_state(kind, state), fixture_qr);
    situate_facts(r, &a->facts);
    a->facts.flags |= (uint32_t)PICK(r, 0, PR_FACT_LOOKUP | PR_FACT_CAN_CLOSE | PR_FACT_CLOSE_BLIND);
    a->sends = 1;
    a->shown = 1;
    a->captured_flat = a->state == PR_ST_PAID ? PRICE : 0;
    s->p.winner = a->state == PR_ST_CLOSING ? 0 : 1;
    s->p.clock_suspect = pr_rng_below(r, 6) == 0;
    situate_action(r, &s->p, kind,
                   kind == PR_ACT_CLOSE || kind == PR_ACT_VOID ? 0
                   : kind == PR_ACT_CAPTURE                    ? PRICE
                                                               : 400);
    pr_action *x = &s->p.actions[0];
    x->state = (uint8_t)state;
    x->sends = (uint8_t)(state == PR_AS_INTENT ? PICK(r, 0, 1, 1, 2) : PICK(r, 1, 2));
    x->first_send_ms =
        x->sends == 0 ? 0 : NOW - PICK(r, 1, 50 * MINUTE - 1, 50 * MINUTE, 1296 * MINUTE - 1, 1296 * MINUTE);
    x->built_ms = NOW - PICK(r, MINUTE, 15 * MINUTE - 1, 15 * MINUTE, 21 * MINUTE - 1, 21 * MINUTE);
    x->not_found = (uint8_t)PICK(r, 0, 1, 2);
    x->not_found_ms = NOW - PICK(r, MINUTE, MINUTE - 1, HOUR);
    x->check_ms = pr_action_open(state) ? NOW + MINUTE : INT64_MAX;
    if (kind == PR_ACT_REFUND && state == PR_AS_DONE) {
        s->p.money[s->p.money_count++] =
            (pr_money){.id = 31, .amount_minor = 400, .n = 1, .kind = PR_MONEY_REFUND};
    }
    int32_t engine =
        event == PR_AE_DISPATCH || event == PR_AE_LOST || event == PR_AE_MOOT || event == PR_AE_T_REVIEW;
    int32_t asked = event == PR_AE_NOT_FOUND || event == PR_AE_FAILED;
    pr_input_init(&s->in, event,
                  engine  ? PR_SOURCE_ENGINE
                  : asked ? PR_SOURCE_LOOKUP
                          : PR_SOURCE_ANSWER,
                  NOW);
    s->in.send_no = s->in.source == PR_SOURCE_ANSWER ? (int32_t)PICK(r, 1, 1, 2) : 0;
    s->in.lease_epoch = PICK(r, 5, 5, 4);
    s->in.provider_ms = PICK(r, 0, NOW, NOW + MINUTE, NOW - MINUTE - 1);
    s->in.retry_after_ms = PICK(r, 0, HOUR);
    s->in.txn = (uint64_t)PICK(r, 31, 31, 0);
}

static int32_t said(const char *outcome, const char *word)
{
    char text[CELL_CAP];
    strcpy(text, outcome);
    for (char *w = strtok(text, " "); w != NULL; w = strtok(NULL, " ")) {
        if (strcmp(w, word) == 0) {
            return 1;
        }
    }
    return 0;
}

static void check_owner(const char *outcome, const question *q, const pr_pay *p)
{
    const pr_attempt *a = &p->attempts[0];
    int32_t before = q->p->attempts[0].state;
    if (said(outcome, "won")) {
        static const int32_t becomes[] = {0, PR_ST_CLOSED, PR_ST_CLOSED, PR_ST_PAID, PR_ST_PAID};
        assert_string_equal(pr_state_name(a->state), pr_state_name(becomes[q->x->kind]));
        assert_int_equal(oracle_reversed(p, 1), q->x->kind == PR_ACT_REFUND ? 400 : 0);
        assert_int_equal(oracle_captured(p, 1), q->x->kind >= PR_ACT_CAPTURE ? PRICE : 0);
        assert_int_equal(fixture_news(p, PR_NEWS_REFUNDED), q->x->kind == PR_ACT_REFUND);
        assert_int_equal(fixture_news(p, PR_NEWS_PAID), q->x->kind == PR_ACT_CAPTURE);
    } else if (said(outcome, "undone")) {
        assert_int_equal(a->state, PR_ST_PAID);
        assert_int_equal(oracle_reversed(p, 1), q->in->txn == 31 ? 0 : 0);
        assert_true(a->review & PR_REVIEW_REFUND_UNDONE);
    } else {
        assert_int_equal(a->state, before);
        assert_int_equal(oracle_captured(p, 1), oracle_captured(q->p, 1));
        assert_int_equal(oracle_reversed(p, 1), oracle_reversed(q->p, 1));
    }
    if (said(outcome, "lost") && q->x->kind != PR_ACT_REFUND && oracle_can_look(a)) {
        assert_int_equal(a->check_ms, NOW); /* what became of it is asked */
    }
}

static void check_action(const char *outcome, const question *q, const pr_pay *p)
{
    const pr_action *x = &p->actions[0];
    int32_t expected = x->state;
    char word[CELL_CAP];
    sscanf(outcome, "%159s", word);
    int32_t keeps = word[0] == '=' || word[0] == '.';
    expected = keeps ? q->x->state : matrix_name(actions.states, PR_ST_COUNT, word, strlen(word));
    assert_string_equal(pr_action_state_name(x->state), pr_action_state_name(expected));
    int32_t sends = said(outcome, "unsend") ? 0 : q->x->sends + said(outcome, "sent");
    assert_int_equal(x->sends, sends);
    if (said(outcome, "sent")) {
        assert_int_equal(x->built_ms, NOW);
        assert_int_equal(x->first_send_ms, q->x->first_send_ms != 0 ? q->x->first_send_ms : NOW);
    }
    if (!pr_action_open(x->state)) {
        assert_int_equal(x->check_ms, INT64_MAX);
    } else if (said(outcome, "q")) {
        assert_int_equal(x->check_ms, NOW);
        assert_int_equal(x->asked, 0);
    } else if (said(outcome, "n")) {
        assert_true(x->check_ms >= NOW + q->in->retry_after_ms && x->check_ms > NOW &&
                    x->check_ms <= NOW + DAY);
    } else if (x->state == q->x->state) {
        assert_int_equal(x->check_ms, q->x->check_ms);
    }
    int32_t keyless = x->kind == PR_ACT_REFUND && !oracle_flag(&p->attempts[0], PR_FACT_REFUND_KEYED);
    int32_t doubt = keyless && x->state == PR_AS_UNKNOWN && q->x->state != PR_AS_UNKNOWN;
    if (said(outcome, "R") || doubt) {
        assert_true(p->attempts[0].review & (PR_REVIEW_MISMATCH | PR_REVIEW_ACTION_LONG));
        assert_true(fixture_news(p, PR_NEWS_REVIEW) >= 1);
    } else if (!said(outcome, "undone") && !said(outcome, "lost")) {
        assert_int_equal(p->attempts[0].review, 0);
    }
}

static int32_t at_kind;
static int32_t at_state;
static int32_t at_event;
static int32_t at_no;

static void one(pr_rng *r)
{
    static situation s;
    static pr_pay before;
    char condition[CELL_CAP];
    char outcome[CELL_CAP];
    situate_kind(r, &s, at_kind, at_state, at_event);
    before = s.p;
    question q = {.p = &before, .x = &before.actions[0], .in = &s.in};
    matrix_cell *cell = &matrix[at_state][at_event];
    int32_t no = 0;
    while (matrix_alternative(cell, no, condition, outcome) && !matrix_holds(condition, ask, &q)) {
        no++;
    }
    cell->hits[no]++;
    int32_t rc = pr_machine_action(&s.p, 0, &s.in);
    if (outcome[0] == 'X') {
        assert_int_equal(rc, PAYROUTE_E_STATE);
        assert_memory_equal(&s.p, &before, sizeof before);
        return;
    }
    assert_int_equal(rc, PAYROUTE_OK);
    check_action(outcome, &q, &s.p);
    check_owner(outcome, &q, &s.p);
    if (s.p.actions[0].state != before.actions[0].state || s.p.actions[0].sends != before.actions[0].sends) {
        assert_true(s.p.dirty && (s.p.dirty_actions & 1u));
    }
    const char *broken = pr_invariant(&s.p);
    if (broken != NULL) {
        fail_msg("%s", broken);
    }
}

static int say_where(void **state)
{
    (void)state;
    if (at_kind <= PR_ACT_REFUND) {
        print_message("in kind %d, %s + %s, situation %d\n", at_kind, actions.states[at_state],
                      actions.events[at_event], at_no);
    }
    return 0;
}

static void every_cell_does_what_the_specification_says(void **state)
{
    (void)state;
    uint64_t seed = fixture_seed("actions", 20261124);
    int32_t cells = 0;
    for (at_kind = PR_ACT_CLOSE; at_kind <= PR_ACT_REFUND; at_kind++) {
        for (at_state = 1; at_state < PR_AS_COUNT; at_state++) {
            for (at_event = 1; at_event < PR_AE_COUNT; at_event++) {
                pr_rng r;
                pr_rng_seed(&r, seed, (uint64_t)(at_kind * 10000 + at_state * 100 + at_event));
                for (at_no = 0; at_no < SITUATIONS / 4; at_no++) {
                    one(&r);
                }
                cells++;
            }
        }
    }
    printf("%d cells, %d situations\n", cells, cells * (SITUATIONS / 4));
    assert_int_equal(cells, 4 * 5 * 13);
}

static void every_alternative_of_every_cell_was_reached(void **state)
{
    (void)state;
    char condition[CELL_CAP];
    char outcome[CELL_CAP];
    for (int32_t s = 1; s < PR_AS_COUNT; s++) {
        for (int32_t v = 1; v < PR_AE_COUNT; v++) {
            assert_int_not_equal(matrix[s][v].line, 0);
            for (int32_t no = 0; matrix_alternative(&matrix[s][v], no, condition, outcome); no++) {
                if (matrix[s][v].hits[no] == 0) {
                    fail_msg("core_actions.txt:%d: %s never reached: %s", matrix[s][v].line,
                             actions.states[s], outcome);
                }
            }
        }
    }
}

static void keys_are_the_reference_a_letter_and_a_digit(void **state)
{
    (void)state;
    static pr_pay p;
    char key[PR_KEY_CAP];
    fixture_pay(&p);
    pr_attempt *a = fixture_attempt(&p, PR_ST_PAID, fixture_card);
    p.winner = 1;
    a->captured_flat = PRICE;
    pr_step_key(key, a);
    assert_string_equal(key, "REF1A1");
    a->step = 2;
    pr_step_key(key, a);
    assert_string_equal(key, "REF1B1");
    static const char *const expected[] = {"REF1X1", "REF1V1", "REF1C1", "REF1R1"};
    for (int32_t kind = PR_ACT_CLOSE; kind <= PR_ACT_REFUND; kind++) {
        int32_t i = pr_action_write(&p, 1, kind, 10, "", NOW);
        pr_action_key(key, &p, &p.actions[i]);
        assert_string_equal(key, expected[kind - 1]);
    }
    /* nine refunds have keys of their own, a tenth calls a person */
    for (int32_t digit = 2; digit <= 9; digit++) {
        int32_t i = pr_action_write(&p, 1, PR_ACT_REFUND, 10, "", NOW);
        assert_int_equal(p.actions[i].digit, digit);
    }
    assert_int_equal(pr_action_write(&p, 1, PR_ACT_REFUND, 10, "", NOW), -1);
    assert_true(p.attempts[0].review & PR_REVIEW_LIMIT);
    /* a close is the same action again, under the same key */
    assert_int_equal(pr_action_write(&p, 1, PR_ACT_CLOSE, 0, "", NOW), 0);
}

static int read_matrix(void **state)
{
    (void)state;
    return matrix_read(&actions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_cell_does_what_the_specification_says, say_where),
        cmocka_unit_test(every_alternative_of_every_cell_was_reached),
        cmocka_unit_test(keys_are_the_reference_a_letter_and_a_digit),
    };
    return cmocka_run_group_tests(tests, read_matrix, NULL);
}
