/* The loop: tick, ask what to do, do it, feed what came of it. It decides nothing about money; it decides
   only whether there is time left to begin, and whether this process may still act at the moment when the
   first byte would leave. */
#include "host/engine.h"

#define STEP_LIMIT 200    /* machine steps of one call; far above what a payment needs */
#define AGE_LIMIT_MS 5000 /* from the save that allowed an effect to its first byte, beside connecting */
#define LOOKUP_MS 5000    /* what a lookup may take when none was seen yet */
#define PEEK_MS 50        /* between looks at what another worker does */

/* ---- one exchange ---- */

/* Asked by the driver when the connection stands and nothing was written: does the store still say that this
 * worker may act? */
static int32_t still_holds(void *user)
{
    prh_work *w = user;
    payroute_engine *e = w->engine;
    prh_rows rows = {0};
    int64_t connect = payroute_payment_exchange(w->payment, PAYROUTE_EXCHANGE_CONNECT_MS);
    if (prh_monotonic_ms() - w->armed_ms > AGE_LIMIT_MS + (connect > 0 ? connect : 0)) {
        return 0;
    }
    if (e->store->ops->load(e->store, w->id, &rows) != PAYROUTE_OK) {
        return 0;
    }
    const payroute_row_payment *row = &rows.set.payment;
    int32_t ours =
        row->lease_epoch == w->lease_epoch && row->lease_owner && strcmp(row->lease_owner, e->owner) == 0;
    /* A virtual clock may run far ahead of the wire; there the epoch alone must do. */
    if (!e->clock.is_virtual && row->lease_until_ms <= prh_clock_now(&e->clock)) {
        ours = 0;
    }
    e->store->ops->rows_free(&rows);
    return ours;
}

int32_t prh_feed_outcome(prh_work *w, const prh_outcome *out)
{
    int64_t now = prh_clock_now(&w->engine->clock);
    int32_t rc = payroute_payment_budget(w->payment, prh_work_left(w));
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    if (out->answered) {
        rc = payroute_payment_feed_http(w->payment, now, out->status, out->headers, out->headers_len,
                                        out->body, out->body_len, out->verified_peer);
    } else {
        rc = payroute_payment_feed_failure(w->payment, now, out->not_sent, out->curl_code);
    }
    /* Any other code came up after the outcome was taken; what is known is saved before it is reported. */
    if (rc == PAYROUTE_E_STATE || rc == PAYROUTE_E_ARG) {
        return rc;
    }
    w->fed = payroute_payment_next(w->payment) == PAYROUTE_ACTION_SAVE;
    return PAYROUTE_OK;
}

static int32_t perform_request(prh_work *w, prh_outcome *out)
{
    payroute_engine *e = w->engine;
    payroute_payment *p = w->payment;
    int32_t rc = e->driver ? PAYROUTE_OK : prh_driver_new(&e->driver);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    prh_exchange exchange = {.method = payroute_payment_request_method(p),
                             .url = payroute_payment_request_url(p),
                             .money = payroute_payment_exchange(p, PAYROUTE_EXCHANGE_MONEY) == 1,
                             .plain = payroute_payment_exchange(p, PAYROUTE_EXCHANGE_PLAIN) == 1,
                             .timeout_ms = payroute_payment_exchange(p, PAYROUTE_EXCHANGE_TIMEOUT_MS),
                             .connect_ms = payroute_payment_exchange(p, PAYROUTE_EXCHANGE_CONNECT_MS),
                             .ca_file = payroute_payment_ca_file(p),
                             .user = w};
    exchange.headers = payroute_payment_request_headers(p, &exchange.headers_len);
    exchange.body = payroute_payment_request_body(p, &exchange.body_len);
    if (exchange.ca_file && !*exchange.ca_file) {
        exchange.ca_file = NULL;
    }
    if (payroute_payment_exchange(p, PAYROUTE_EXCHANGE_EFFECT) == 1) {
        exchange.still_ours = still_holds;
    }
    e->counts.exchanges++;
    return prh_driver_perform(e->driver, &exchange, out);
}

/* Whatever becomes of it stands in `out`; E_UNSUPPORTED: the host must act, E_STATE: nothing is armed. */
int32_t prh_exchange_outcome(prh_work *w, prh_outcome *out)
{
    payroute_engine *e = w->engine;
    char entropy[32];
    int32_t rc = prh_entropy(entropy, sizeof entropy);
    if (rc == PAYROUTE_OK) {
        rc = payroute_payment_request(w->payment, prh_clock_now(&e->clock), entropy);
    }
    explicit_bzero(entropy, sizeof entropy);
    if (rc == PAYROUTE_E_UNSUPPORTED || rc == PAYROUTE_E_STATE) {
        return rc;
    }
    if (rc == PAYROUTE_OK) {
        rc = perform_request(w, out);
    }
    if (rc != PAYROUTE_OK) {
        *out = (prh_outcome){.not_sent = 1}; /* no request was made, or the driver refused it unsent */
    }
    w->exchanges++;
    return PAYROUTE_OK;
}

static int32_t run_exchange(prh_work *w)
{
    prh_outcome out = {0};
    int32_t rc = prh_exchange_outcome(w, &out);
    if (rc == PAYROUTE_OK) {
        rc = prh_feed_outcome(w, &out);
    }
    prh_outcome_free(&out);
    return rc;
}

/* ---- time ---- */

/* Let the machine act, within what is left. After a feed it has done so, and what it learnt is saved first.
 */
static int32_t let_time_pass(prh_work *w)
{
    if (!w->may_tick || w->fed) {
        return PAYROUTE_OK;
    }
    int32_t rc = payroute_payment_budget(w->payment, prh_work_left(w));
    if (rc == PAYROUTE_OK) {
        rc = payroute_payment_tick(w->payment, prh_clock_now(&w->engine->clock));
    }
    if (rc != PAYROUTE_OK && rc != PAYROUTE_E_STATE) {
        prh_say(w->engine, "%s", payroute_payment_why(w->payment));
    }
    return rc == PAYROUTE_E_STATE ? PAYROUTE_OK : rc; /* an exchange is in hand: go on with it */
}

/* 1 when it makes sense to sleep within the budget, and it was slept. */
static int32_t wait_for_news(prh_work *w)
{
    int64_t left = prh_work_left(w);
    int32_t status = payroute_payment_status(w->payment);
    size_t len = 0;
    if (!w->present || !w->may_tick || left <= 0 || w->engine->clock.is_virtual) {
        return 0;
    }
    if (status != PAYROUTE_STATUS_OPEN && status != PAYROUTE_STATUS_PENDING) {
        return 0;
    }
    if (payroute_payment_show(w->payment, &len)) {
        return 0; /* the customer's turn */
    }
    if (!w->lease_free) {
        if (left <= PEEK_MS) {
            return 0;
        }
        prh_sleep_ms(PEEK_MS);
        return prh_work_refresh(w) == PAYROUTE_OK;
    }
    int64_t nap = payroute_payment_wake_ms(w->payment) - prh_clock_now(&w->engine->clock);
    if (nap <= 0) {
        return 0; /* due, but longer than what is left */
    }
    if (nap > left - (w->lookup_ms ? w->lookup_ms : LOOKUP_MS)) {
        return 0;
    }
    prh_sleep_ms(nap);
    return 1;
}

/* ---- the loop ---- */

/* The host must act with its own SDK: the armed handle stays in memory until it says what came of it. */
static int32_t hand_over(prh_work *w, int32_t action)
{
    w->do_action = action;
    w->keep = 1;
    return PAYROUTE_OK;
}

static void note_starved(prh_work *w)
{
    w->starved = w->may_tick && w->lease_free &&
                 payroute_payment_wake_ms(w->payment) <= prh_clock_now(&w->engine->clock);
}

/* One step; *more is 0 when the caller must hear of it. */
static int32_t take_step(prh_work *w, int32_t *more)
{
    int32_t rc;
    int32_t action = payroute_payment_next(w->payment);
    switch (action) {
    case PAYROUTE_ACTION_SAVE:
        return prh_work_save(w);
    case PAYROUTE_ACTION_SEND:
    case PAYROUTE_ACTION_QUERY:
    case PAYROUTE_ACTION_CLOSE:
    case PAYROUTE_ACTION_CAPTURE:
    case PAYROUTE_ACTION_REFUND:
        rc = w->may_tick ? run_exchange(w) : PAYROUTE_OK;
        if (w->may_tick && rc != PAYROUTE_E_UNSUPPORTED) {
            return rc;
        }
        *more = 0;
        return rc == PAYROUTE_E_UNSUPPORTED || w->keep ? hand_over(w, action) : PAYROUTE_OK;
    case PAYROUTE_ACTION_FETCH:
        return prh_fetch_for_payment(w);
    case PAYROUTE_ACTION_WAIT:
        note_starved(w);
        *more = wait_for_news(w);
        return w->payment ? PAYROUTE_OK : PAYROUTE_E_STORE;
    case PAYROUTE_ACTION_DONE:
        note_starved(w);
        *more = 0;
        return PAYROUTE_OK;
    case PAYROUTE_ACTION_SHOW:
        *more = 0;
        return PAYROUTE_OK;
    default:
        return action < 0 ? action : PAYROUTE_E_INTERNAL;
    }
}

int32_t prh_drive(prh_work *w)
{
    int32_t more = 1;
    for (int32_t i = 0; more && i < STEP_LIMIT; i++) {
        int32_t rc = let_time_pass(w);
        if (rc == PAYROUTE_OK) {
            rc = take_step(w, &more);
        }
        if (rc != PAYROUTE_OK) {
            return rc;
        }
    }
    return PAYROUTE_OK;
}

/* One due thing that needs no network, done in passing: timers fire even where nobody runs the sweep. */
void prh_one_due(payroute_engine *engine, int64_t not_this)
{
    int64_t ids[4];
    int32_t count = 0;
    prh_work w;
    if (engine->store->ops->due(engine->store, prh_clock_now(&engine->clock), ids, 4, &count) !=
        PAYROUTE_OK) {
        return;
    }
    for (int32_t i = 0, done = 0; i < count && !done; i++) {
        if (ids[i] == not_this || prh_is_kept(engine, ids[i])) {
            continue;
        }
        int32_t rc = prh_work_begin(&w, engine, ids[i], 1, 0);
        w.end_ms = 0; /* no time for any exchange: what merely fell due is saved */
        done = rc == PAYROUTE_OK && w.lease_free;
        if (done) {
            rc = prh_drive(&w);
        }
        prh_work_end(&w, rc);
    }
}
