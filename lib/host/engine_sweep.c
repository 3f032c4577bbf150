/* Due work of all payments within a budget: for cron, a timer, or a shop that calls it after its own answer.
   One stuck or damaged payment must not keep the others waiting, so each is tried once a sweep and what
   failed is listed. */
#include <stdio.h>

#include "host/engine.h"

#define ROUND_MAX 256
#define STEP_BACK_MS 2000
#define BEHIND_MS 86400000   /* the longest step of a schedule */
#define SEEN_EVERY_MS 600000 /* how often the newest time is written down */
#define SWEEP_MAX 8192 /* payments of one sweep; what fails at once must not hide what is due behind it */
#define LISTED_MAX 20

typedef struct sweep {
    payroute_engine *engine;
    int64_t end_ms;
    int64_t ids[SWEEP_MAX + ROUND_MAX]; /* of this round */
    int64_t handled[SWEEP_MAX];
    int32_t handled_count;
    int32_t done;
    int32_t held; /* another worker has them, or the host must act */
    int32_t failed;
    int64_t failed_id[LISTED_MAX];
    int32_t failed_rc[LISTED_MAX];
    int64_t host_id[LISTED_MAX];
    int32_t host_count;
    int64_t until_ms; /* what wakes by then is looked at */
    int32_t no_time;  /* 1: the budget ended before the work did */
    int32_t probes;
} sweep;

static int32_t was_handled(const sweep *s, int64_t id)
{
    for (int32_t i = 0; i < s->handled_count; i++) {
        if (s->handled[i] == id) {
            return 1;
        }
    }
    return 0;
}

static void note_failure(sweep *s, int64_t id, int32_t rc)
{
    if (s->failed < LISTED_MAX) {
        s->failed_id[s->failed] = id;
        s->failed_rc[s->failed] = rc;
    }
    s->failed++;
}

static void note_host(sweep *s, int64_t id, int32_t acts)
{
    if (acts && s->host_count < LISTED_MAX) {
        s->host_id[s->host_count++] = id;
    }
}

static void sweep_payment(sweep *s, int64_t id)
{
    prh_work w;
    int64_t left = s->end_ms - prh_monotonic_ms();
    int32_t rc = prh_work_begin(&w, s->engine, id, left > 0 ? left : 1, 0);
    if (rc == PAYROUTE_OK && !w.lease_free) {
        s->held++;
        note_host(s, id, w.beside != NULL);
    } else {
        if (rc == PAYROUTE_OK) {
            rc = prh_drive(&w);
        }
        if (rc != PAYROUTE_OK) {
            note_failure(s, id, rc);
        } else if (w.starved) {
            s->no_time = 1;
        } else {
            s->done++;
        }
        if (rc == PAYROUTE_OK && w.do_action) {
            s->held++;
            note_host(s, id, 1);
        }
    }
    prh_work_end(&w, rc);
}

/* Rounds, since what one exchange learnt may make the next one due at once. */
static int64_t latest(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Until when to look. Rows that were written while the clock was ahead wake in a future that may be weeks away:
   when it has stepped back, everything up to a day behind the newest time that a sweep saw is looked at once, and
   so takes its place in the schedule again. */
static int32_t find_horizon(sweep *s)
{
    payroute_engine *e = s->engine;
    int64_t now = prh_clock_now(&e->clock), seen = 0;
    int32_t rc = prh_moment_read(e, "clock seen", &seen);
    s->until_ms = now;
    if (rc == PAYROUTE_OK && now < seen - STEP_BACK_MS) {
        s->until_ms = seen + BEHIND_MS;
    } else if (rc == PAYROUTE_OK && now > seen + SEEN_EVERY_MS) {
        rc = prh_moment_write(e, "clock seen", now);
    }
    return rc;
}

/* The step back is over once everything was looked at. */
static int32_t settle_horizon(sweep *s)
{
    int64_t now = prh_clock_now(&s->engine->clock);
    int32_t stepped = s->until_ms > now && !s->no_time;
    return stepped ? prh_moment_write(s->engine, "clock seen", now) : PAYROUTE_OK;
}

static int32_t sweep_due(sweep *s)
{
    payroute_engine *e = s->engine;
    int32_t fresh = 1;
    while (fresh > 0) {
        int32_t count = 0;
        fresh = 0;
        int32_t cap = s->handled_count + ROUND_MAX; /* what was tried and is still due comes first again */
        int32_t rc = e->store->ops->due(e->store, latest(prh_clock_now(&e->clock), s->until_ms), s->ids, cap, &count);
        if (rc != PAYROUTE_OK) {
            return rc;
        }
        for (int32_t i = 0; i < count; i++) {
            if (was_handled(s, s->ids[i])) {
                continue;
            }
            if (s->handled_count >= SWEEP_MAX || prh_monotonic_ms() >= s->end_ms) {
                s->no_time = 1;
                return PAYROUTE_OK;
            }
            s->handled[s->handled_count++] = s->ids[i];
            fresh++;
            sweep_payment(s, s->ids[i]);
        }
    }
    return PAYROUTE_OK;
}

/* ---- figures ---- */

static int32_t count_orphan(void *user, const char *channel, const char *event_id, const char *order_hash,
                            int64_t at_ms)
{
    (void)channel, (void)event_id, (void)order_hash, (void)at_ms;
    ++*(int64_t *)user;
    return 0;
}

static int32_t oldest_event(void *user, const prh_event_row *row)
{
    *(int64_t *)user = row->at_ms;
    return 1;
}

static void put_counts(payroute_engine *e, payroute_json_out *out)
{
    payroute_json_out_object(out, "counts");
    payroute_json_out_integer(out, "exchanges", e->counts.exchanges);
    payroute_json_out_integer(out, "notices", e->counts.notices);
    payroute_json_out_integer(out, "refused_notices", e->counts.refused);
    payroute_json_out_integer(out, "resend_asked", e->counts.resend);
    payroute_json_out_integer(out, "orphans_stored", e->counts.orphans);
    payroute_json_out_integer(out, "conflicts", e->counts.conflicts);
    payroute_json_out_integer(out, "store_failures", e->counts.store_failures);
    payroute_json_out_integer(out, "hints", e->counts.hints);
    payroute_json_out_integer(out, "probes", e->counts.probes);
    payroute_json_out_integer(out, "transactions", e->store->ops->transactions(e->store));
    payroute_json_out_end(out);
}

static void put_lists(const sweep *s, payroute_json_out *out)
{
    payroute_json_out_array(out, "failed");
    for (int32_t i = 0; i < s->failed && i < LISTED_MAX; i++) {
        payroute_json_out_object(out, NULL);
        payroute_json_out_integer(out, "payment_id", s->failed_id[i]);
        payroute_json_out_string(out, "name", payroute_rc_name(s->failed_rc[i]));
        payroute_json_out_end(out);
    }
    payroute_json_out_end(out);
    payroute_json_out_array(out, "host_must_act");
    for (int32_t i = 0; i < s->host_count; i++) {
        payroute_json_out_integer(out, NULL, s->host_id[i]);
    }
    payroute_json_out_end(out);
}

static int32_t sweep_result(const sweep *s)
{
    payroute_engine *e = s->engine;
    int64_t ids[ROUND_MAX];
    int64_t orphans = 0;
    int64_t oldest = 0;
    int32_t left = 0;
    int32_t rc = e->store->ops->due(e->store, prh_clock_now(&e->clock), ids, ROUND_MAX, &left);
    if (rc == PAYROUTE_OK) {
        rc = e->store->ops->orphans(e->store, NULL, count_orphan, &orphans);
    }
    if (rc == PAYROUTE_OK) {
        rc = e->store->ops->events(e->store, 0, 1, oldest_event, &oldest);
    }
    if (rc != PAYROUTE_OK) {
        return prh_result_error(e, rc, 0);
    }
    payroute_json_out *out = prh_result(e);
    payroute_json_out_object(out, NULL);
    payroute_json_out_integer(out, "done", s->done);
    payroute_json_out_integer(out, "left", left);
    payroute_json_out_integer(out, "held", s->held);
    payroute_json_out_flag(out, "out_of_budget", s->no_time);
    payroute_json_out_integer(out, "probes", s->probes);
    payroute_json_out_integer(out, "orphans", orphans);
    if (oldest > 0) {
        payroute_json_out_integer(out, "oldest_event_ms", oldest);
    } else {
        payroute_json_out_null(out, "oldest_event_ms");
    }
    payroute_json_out_flag(out, "amnesia", e->restored_ms > 0);
    put_lists(s, out);
    put_counts(e, out);
    payroute_json_out_end(out);
    return PAYROUTE_OK;
}

int32_t payroute_engine_sweep(payroute_engine *engine, int64_t budget_ms)
{
    int32_t rc = prh_enter(engine);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    sweep *s = calloc(1, sizeof *s);
    if (!s) {
        return prh_leave(engine, prh_result_error(engine, PAYROUTE_E_NOMEM, 0));
    }
    if (budget_ms > 3600000) {
        budget_ms = 3600000;
    }
    s->engine = engine;
    s->end_ms = prh_monotonic_ms() + (budget_ms > 0 ? budget_ms : 0);
    rc = prh_amnesia_read(engine);
    if (rc == PAYROUTE_OK) {
        rc = find_horizon(s);
    }
    if (rc == PAYROUTE_OK) {
        prh_fetch_all(engine, s->end_ms);
        rc = sweep_due(s);
        prh_health_share(engine); /* what others doubt is asked about at once */
        s->probes = prh_health_probe(engine, s->end_ms); /* behind what is due: a lookup of it is one too */
    }
    if (rc == PAYROUTE_OK) {
        rc = settle_horizon(s);
    }
    prh_amnesia_sync(engine);
    rc = rc == PAYROUTE_OK ? sweep_result(s) : prh_result_error(engine, rc, 0);
    free(s);
    return prh_leave(engine, rc);
}
