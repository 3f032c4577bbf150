/* Our side: a worker as flow drives it, with a store that keeps records, and everything that can go wrong
   on the way. Written against core's
   header, so that the machine is tested without adapters. */
#include "world.h"

#include <string.h>

static pr_attempt *attempt_of(world *w, int32_t n)
{
    return &w->p.attempts[n - 1];
}

static int32_t chance(world *w, uint32_t percent)
{
    return pr_rng_below(&w->rng, 100) < percent;
}

/* ---- store ---- */

static void save(world *w)
{
    w->record_len = pr_record_write(w->record, sizeof w->record, &w->p);
    if (w->record_len < 0) {
        world_fail(w, "the record does not fit", 0);
    }
    w->saved_epoch = w->p.lease_epoch;
    w->p.dirty = w->p.soft = 0;
    w->p.dirty_attempts = w->p.dirty_actions = 0;
    w->p.news_count = 0;
    w->p.saved_ms = world_now(w);
    for (int32_t n = 1; n <= w->p.attempt_count; n++) {
        w->books[n - 1].exposed |=
            attempt_of(w, n)->shown || (w->mutant == MUTANT_SHOWN && attempt_of(w, n)->has_payload);
    }
}

/* A worker dies: what was not saved is gone, what was sent is not. */
void drive_crash(world *w)
{
    static pr_pay old;
    old = w->p;
    if (w->record_len == 0) {
        return;
    }
    if (pr_record_read(&w->p, w->record, (size_t)w->record_len) != PAYROUTE_OK) {
        world_fail(w, "the record cannot be read back", 0);
        w->p = old;
        return;
    }
    w->p.policy = old.policy;
    w->p.present = old.present;
    w->p.lease_epoch = w->saved_epoch + 1;
    for (int32_t i = 0; i < w->p.attempt_count; i++) {
        w->p.attempts[i].facts = old.attempts[i].facts;
        if (w->mutant == MUTANT_LOST_SENDS && w->p.attempts[i].state == PR_ST_INTENT) {
            w->p.attempts[i].sends = 0;
        }
    }
    world_tell(w, "the worker dies; another one loads");
    pr_clock_recover(&w->p, world_now(w));
}

/* ---- what providers say, into the machine ---- */

static void note_clock(world *w, const pr_input *in)
{
    if (in->provider_ms != 0) {
        pr_clock_compare(&w->p, in->provider_ms, in->now_ms);
    }
}

static void tell_attempt(world *w, int32_t n, pr_input *in)
{
    pr_attempt *a = attempt_of(w, n);
    int64_t captured = pr_captured(&w->p, n);
    in->now_ms = world_now(w);
    note_clock(w, in);
    if (a->facts.steps == 2 && w->books[n - 1].exists && !a->has_id && in->source != PR_SOURCE_ENGINE) {
        a->has_id = 1;
        w->p.dirty = 1;
    }
    world_tell(w, "attempt %d %s: %s (source %d, sent %d)", n, pr_state_name(a->state),
               pr_event_name(in->event), in->source, in->send_no);
    (void)pr_machine_attempt(&w->p, n, in);
    if (pr_captured(&w->p, n) < captured) {
        world_fail(w, "I8: captured fell", n);
    }
}

static void tell_action(world *w, int32_t i, pr_input *in)
{
    in->now_ms = world_now(w);
    note_clock(w, in);
    world_tell(w, "action %d of attempt %d: %s", i, w->p.actions[i].n, pr_action_event_name(in->event));
    (void)pr_machine_action(&w->p, i, in);
}

/* ---- exchanges ---- */

/* 1: an answer comes back to this worker now. */
static int32_t transmit(world *w, const copy *c, int32_t fault, pr_input *answer)
{
    copy late = *c;
    switch (fault) {
    case 0: /* lost on the way there */ return 0;
    case 1: /* stuck somewhere, and delivered when nobody waits */
        late.arrive_ms = w->true_ms + 1000 + (int64_t)pr_rng_below(&w->rng, 540000);
        if (w->copy_count < WORLD_COPIES) {
            w->copies[w->copy_count++] = late;
        }
        return 0;
    case 2: /* delivered, the answer is lost */ (void)world_deliver(w, c, answer); return 0;
    default: return world_deliver(w, c, answer);
    }
}

static void dispatched(world *w, int32_t rc, int32_t n)
{
    if (rc != PAYROUTE_OK) {
        world_fail(w, "the plan asks for a send that the table refuses", n);
    }
    save(w);
}

static int32_t draw_fault(world *w)
{
    return w->truthful || chance(w, 60) ? 9 : (int32_t)pr_rng_below(&w->rng, 4);
}

static void send_attempt(world *w, int32_t n)
{
    pr_input in;
    pr_attempt *a = attempt_of(w, n);
    pr_input_init(&in, PR_EV_DISPATCH, PR_SOURCE_ENGINE, world_now(w));
    dispatched(w, pr_machine_attempt(&w->p, n, &in), n);
    if (a->sends > 1 + w->p.policy.value[PR_POLICY_max_resends]) {
        world_fail(w, "more sends than the policy allows", n);
    }
    copy c = {.n = n, .step = a->step, .action = -1, .signed_ms = world_now(w), .arrive_ms = w->true_ms};
    int32_t fault = draw_fault(w);
    int32_t send_no = a->sends;
    int64_t epoch = w->p.lease_epoch;
    world_tell(w, "send attempt %d step %d copy %d, fault %d", n, c.step, send_no, fault);
    int32_t answered = fault != 3 && transmit(w, &c, fault, &in);
    if (!w->truthful && chance(w, 15)) {
        drive_crash(w); /* before the answer was written down */
        return;
    }
    if (!answered) {
        int32_t proof = fault == 3 || (w->mutant == MUTANT_NOT_SENT && fault == 1);
        pr_input_init(&in, proof ? PR_EV_NOT_SENT : PR_EV_UNCLEAR, PR_SOURCE_ANSWER, world_now(w));
    }
    in.send_no = send_no;
    in.step = c.step;
    in.lease_epoch = epoch;
    tell_attempt(w, n, &in);
}

static void send_action(world *w, int32_t i)
{
    pr_input in;
    int32_t n = w->p.actions[i].n;
    pr_input_init(&in, PR_AE_DISPATCH, PR_SOURCE_ENGINE, world_now(w));
    dispatched(w, pr_machine_action(&w->p, i, &in), n);
    const pr_action *x = &w->p.actions[i];
    if (x->kind == PR_ACT_REFUND && x->sends > 1 &&
        (attempt_of(w, n)->facts.flags & PR_FACT_REFUND_KEYED) == 0) {
        world_fail(w, "a refund without a key was sent twice", n);
    }
    copy c = {.n = n, .step = 1, .action = i, .signed_ms = world_now(w), .arrive_ms = w->true_ms};
    int32_t fault = draw_fault(w);
    int32_t send_no = x->sends;
    int64_t epoch = w->p.lease_epoch;
    world_tell(w, "send action %d (kind %d) of attempt %d, fault %d", i, x->kind, n, fault);
    int32_t answered = fault != 3 && transmit(w, &c, fault, &in);
    if (!w->truthful && chance(w, 15)) {
        drive_crash(w);
        return;
    }
    if (!answered) {
        pr_input_init(&in, fault == 3 ? PR_AE_NOT_SENT : PR_AE_UNCLEAR, PR_SOURCE_ANSWER, world_now(w));
    }
    in.send_no = send_no;
    in.lease_epoch = epoch;
    int32_t kind = x->kind;
    tell_action(w, i, &in);
    if (answered && kind == PR_ACT_CLOSE && (in.event == PR_AE_REFUSED || in.event == PR_AE_NOT_FOUND)) {
        pr_input status; /* the answer to a close says how the order stands */
        world_status(w, n, &status);
        tell_attempt(w, n, &status);
    }
}

/* As flow does after each lookup: what moved nothing still moves the schedule. */
static void after_lookup(world *w, int32_t n, int32_t action)
{
    int64_t now = world_now(w);
    pr_attempt *a = attempt_of(w, n);
    for (int32_t i = 0; i < w->p.action_count; i++) {
        pr_action *x = &w->p.actions[i];
        int32_t own = action >= 0 && w->p.actions[action].kind == PR_ACT_REFUND ? i == action
                                                                                : x->kind != PR_ACT_REFUND;
        if (x->n != n || !own || !pr_action_open(x->state)) {
            continue;
        }
        pr_input in;
        pr_input_init(&in, PR_AE_DISPATCH, PR_SOURCE_ENGINE, now);
        x->asked = 1;
        int32_t stuck = x->state == PR_AS_UNKNOWN && !pr_action_predicate(&w->p, x, &in, PR_P_SENDABLE);
        if (x->check_ms <= now && (x->state == PR_AS_PROCESSING || stuck)) {
            x->check_ms = pr_add_ms(now, pr_schedule_unknown(x->check_no));
            x->check_no = (uint8_t)(x->check_no < 40 ? x->check_no + 1 : 40);
        }
    }
    if (a->check_ms <= now && !(a->state == PR_ST_UNKNOWN && a->resend)) {
        if (pr_state_free(a->state) && !a->held && a->late_no < 8) {
            a->late_no++;
        }
        pr_schedule_next(&w->p, a, now);
    }
    w->p.soft = 1;
}

static void query(world *w, int32_t n, int32_t action)
{
    int32_t lost = !w->truthful && chance(w, 20);
    pr_input in;
    if (action >= 0 && w->p.actions[action].kind == PR_ACT_REFUND) {
        const book *b = &w->books[n - 1];
        int32_t done = 0;
        for (int32_t i = 0; i < b->refunds; i++) {
            done |= b->refund_slot[i] == action + 1;
        }
        pr_input_init(&in, done ? PR_AE_DONE : PR_AE_NOT_FOUND, PR_SOURCE_LOOKUP, world_now(w));
        in.provider_ms = w->true_ms;
        in.txn = done ? (uint64_t)(1000 + action) : 0;
        if (!lost) {
            tell_action(w, action, &in);
        }
    } else if (!lost) {
        world_status(w, n, &in);
        if (w->mutant == MUTANT_OLD_LOOKUP && in.event == PR_EV_ST_NOT_FOUND) {
            in.asked_ms +=
                w->p.attempts[n - 1].not_found > 0 ? 3600000 : 0; /* a proof that is an hour too young */
        }
        if (w->mutant == MUTANT_FINAL && in.event != PR_EV_PAID) {
            in.event = PR_EV_ST_CLOSED;
        }
        tell_attempt(w, n, &in);
    }
    after_lookup(w, n, action);
}

/* ---- starts ---- */

static void draw_facts(world *w, pr_facts *f)
{
    memset(f, 0, sizeof *f);
    f->flags =
        PR_FACT_REPEAT_SAFE | PR_FACT_LOOKUP | PR_FACT_REFUND | PR_FACT_REFUND_KEYED | PR_FACT_REFUND_LOOKUP;
    f->lookup = PR_LOOKUP_OUR_REF;
    f->steps = 1;
    f->money_steps = 1;
    f->key_ttl_ms = chance(w, 50) ? INT64_MAX : 3600000;
    f->max_pending_ms = 86400000;
    f->review_ms = 7200000;
    f->auth_ttl_ms = 7 * 86400000LL;
    f->late_send = (int32_t)pr_rng_below(&w->rng, 2);
    f->late_window_s = 300;
    switch (pr_rng_below(&w->rng, 5)) {
    case 0: /* wallet by code */
        f->flags |= PR_FACT_BY_CUSTOMER | PR_FACT_CAN_CLOSE | PR_FACT_CLOSE_BLIND | PR_FACT_EXPIRES;
        f->flags |= chance(w, 30) ? PR_FACT_CLOSE_REVERSES : 0;
        break;
    case 1: /* a page without a close */
        f->flags |= PR_FACT_BY_CUSTOMER | (chance(w, 50) ? PR_FACT_EXPIRES : 0);
        break;
    case 2: /* container in two steps */
        f->flags |= PR_FACT_CONTAINER | PR_FACT_CLIENT | PR_FACT_CAN_CLOSE | PR_FACT_REPLAYS_DECLINE;
        f->lookup = PR_LOOKUP_PROVIDER_ID;
        f->late_send = PR_LATE_TOMBSTONE;
        f->steps = 2;
        f->money_steps = 2;
        break;
    default: /* card in one request */ f->flags |= chance(w, 50) ? PR_FACT_REPLAYS_DECLINE : 0; break;
    }
    if (chance(w, 15)) {
        f->flags &= ~(uint32_t)(PR_FACT_REPEAT_SAFE |
                                PR_FACT_REPLAYS_DECLINE); /* no idempotency at all: never sent twice */
    }
    if (chance(w, 15)) {
        f->flags &= ~(uint32_t)PR_FACT_REFUND_KEYED;
    } else if (chance(w, 10)) {
        f->flags &= ~(uint32_t)PR_FACT_REFUND;
    }
}

static int32_t start(world *w)
{
    static pr_attempt wish;
    int32_t hard = 0;
    for (int32_t n = 1; n <= w->p.attempt_count; n++) {
        hard |= attempt_of(w, n)->refusal == PR_REFUSAL_HARD;
    }
    if (w->p.attempt_count == WORLD_ATTEMPTS || hard) {
        w->p.no_channel = 1;
        return 1;
    }
    for (int32_t n = 1; n <= w->p.attempt_count; n++) {
        if (world_danger(w, n)) {
            world_fail(w, "I1: a start while an earlier attempt may still take money, or holds some", n);
        }
    }
    memset(&wish, 0, sizeof wish);
    draw_facts(w, &wish.facts);
    memcpy(wish.reference, "REFERENCE", 9);
    wish.reference[9] = (char)('1' + w->p.attempt_count);
    memcpy(wish.channel, "channel", 8);
    wish.amount_minor = WORLD_PRICE;
    wish.hold = (wish.facts.flags & (PR_FACT_BY_CUSTOMER | PR_FACT_CONTAINER)) == 0 && chance(w, 20);
    wish.expire_ms = world_now(w) + 300000;
    int32_t n = pr_start(&w->p, &wish, world_now(w));
    if (n == 0) {
        world_fail(w, "the plan asks for a start that is refused", 0);
        return 0;
    }
    memset(&w->books[n - 1], 0, sizeof w->books[0]);
    w->books[n - 1].hidden = (wish.facts.flags & PR_FACT_BY_CUSTOMER) != 0 && chance(w, 50);
    w->books[n - 1].expire_ms = wish.expire_ms; /* an absolute instant, made by our clock */
    world_tell(w, "start attempt %d flags %x late %d", n, (unsigned)wish.facts.flags, wish.facts.late_send);
    return 1;
}

int32_t drive_worker(world *w)
{
    pr_input in;
    w->steps++;
    if (w->p.dirty && chance(w, 80)) {
        save(w);
    }
    pr_clock_tick(&w->p, world_now(w));
    for (int32_t i = 0; i < 24; i++) {
        pr_verdict_settle(&w->p, world_now(w));
        pr_task t = pr_plan(&w->p, world_now(w), 1);
        switch ((enum pr_todo)t.todo) {
        case PR_DO_START:
            if (!start(w)) {
                return 0;
            }
            break;
        case PR_DO_SHOW:
            pr_input_init(&in, PR_EV_SHOW, PR_SOURCE_ENGINE, world_now(w));
            (void)pr_machine_attempt(&w->p, t.n, &in);
            save(w); /* durable before the customer sees it */
            world_tell(w, "attempt %d is shown", t.n);
            break;
        case PR_DO_SEND: send_attempt(w, t.n); return 1;
        case PR_DO_ACTION: send_action(w, t.action); return 1;
        case PR_DO_QUERY: query(w, t.n, -1); return 1;
        case PR_DO_ACTION_QUERY: query(w, t.n, t.action); return 1;
        case PR_DO_PAYLOAD: world_fail(w, "no such flow here", t.n); return 0;
        case PR_DO_NOTHING: save(w); return 0;
        }
    }
    world_fail(w, "the plan does not come to rest", 0);
    return 0;
}

/* ---- what comes from outside ---- */

void drive_notice(world *w)
{
    pr_input in;
    if (w->p.attempt_count == 0) {
        return;
    }
    int32_t n = 1 + (int32_t)pr_rng_below(&w->rng, w->p.attempt_count);
    const book *b = &w->books[n - 1];
    world_status(w, n, &in);
    if (in.event == PR_EV_ST_NOT_FOUND) {
        return; /* nobody notifies of what does not exist */
    }
    if (b->captures > 0 && chance(w, 70)) {
        in.event = PR_EV_PAID; /* also an old one, after its refund */
        in.txn = b->capture_id[pr_rng_below(&w->rng, (uint32_t)b->captures)];
        in.amount_minor = WORLD_PRICE;
        in.reversed_total_minor = -1;
    }
    in.source = PR_SOURCE_NOTICE;
    in.provider_ms = 0;
    tell_attempt(w, n, &in);
    pr_verdict_settle(&w->p, world_now(w));
    save(w); /* before the acknowledgement */
}

void drive_late_answer(world *w)
{
    if (w->late_count > 0) {
        int32_t i = --w->late_count;
        pr_input in = w->late[i];
        if (w->late_n[i] <= w->p.attempt_count) {
            tell_attempt(w, w->late_n[i], &in);
        }
    }
}

void drive_shop(world *w)
{
    int32_t n = w->p.winner;
    switch (pr_rng_below(&w->rng, 4)) {
    case 0: /* the customer takes another method */
        for (int32_t i = 0; i < w->p.attempt_count && n == 0 && w->p.over == 0; i++) {
            if (!pr_state_free(w->p.attempts[i].state)) {
                w->p.attempts[i].switched = 1;
                w->p.dirty = 1;
            }
        }
        break;
    case 1:
        if ((n == 0 || attempt_of(w, n)->state == PR_ST_AUTHORIZED) && w->p.over == 0 && chance(w, 30)) {
            w->p.cancelled = 1;
            w->p.dirty = 1;
            world_tell(w, "the shop cancels");
        }
        break;
    case 2:
        if (n != 0 && attempt_of(w, n)->state == PR_ST_AUTHORIZED &&
            pr_action_find(&w->p, n, PR_ACT_CAPTURE) < 0 && pr_action_find(&w->p, n, PR_ACT_VOID) < 0 &&
            !w->p.cancelled) {
            (void)pr_action_write(&w->p, n, PR_ACT_CAPTURE, WORLD_PRICE, "capture", world_now(w));
        }
        break;
    default:
        if (n != 0 && attempt_of(w, n)->state == PR_ST_PAID &&
            (attempt_of(w, n)->facts.flags & PR_FACT_REFUND) != 0) {
            int64_t left = pr_captured(&w->p, n) - pr_reversed(&w->p, n) - pr_refunds_open(&w->p, n);
            int64_t amount = chance(w, 50) ? left : left / 2;
            if (amount > 0 && chance(w, 40)) {
                (void)pr_action_write(&w->p, n, PR_ACT_REFUND, amount, "refund", world_now(w));
            }
        }
        break;
    }
}

void drive_check(world *w)
{
    const char *broken = pr_invariant(&w->p);
    if (broken != NULL) {
        world_fail(w, broken, 0);
    }
}

void world_init(world *w, uint64_t seed, uint64_t round, int32_t mutant)
{
    memset(w, 0, sizeof *w);
    pr_rng_seed(&w->rng, seed, round);
    w->mutant = mutant;
    w->true_ms = 1800000000000;
    w->next_id = 1;
    pr_pay *p = &w->p;
    p->amount_minor = WORLD_PRICE;
    memcpy(p->currency, "CNY", 4);
    p->ordered_ms = p->created_ms = p->last_ms = w->true_ms;
    p->deadline_ms = w->true_ms + 1800000;
    p->lease_epoch = 5;
    p->wants_start = p->present = 1;
    pr_policy_default(&p->policy);
    p->policy.value[PR_POLICY_max_attempts] = WORLD_ATTEMPTS;
    p->policy.value[PR_POLICY_late_expired] = chance(w, 70);
    p->policy.value[PR_POLICY_late_cancelled] = chance(w, 30);
    save(w);
}
