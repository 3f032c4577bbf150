/* One payment in hand: from stored rows to a handle and back. A conflict is a normal case: the rows are read
   again, what providers said is folded again, and the shop's call is made again on what is true now. */
#include <stdio.h>
#include <string.h>

#include "host/engine.h"
#include "host/lease.h"

int64_t prh_work_left(const prh_work *w)
{
    int64_t left = w->end_ms - prh_monotonic_ms();
    return left > 0 ? left : 0;
}

static void start_budget(prh_work *w, payroute_engine *engine, int64_t budget_ms, int32_t present)
{
    memset(w, 0, sizeof *w);
    if (budget_ms > 600000) {
        budget_ms = 600000;
    }
    w->engine = engine;
    w->present = present;
    w->may_tick = budget_ms > 0;
    w->end_ms = prh_monotonic_ms() + (budget_ms > 0 ? budget_ms : 0);
}

/* ---- handles that outlive a call ---- */

static prh_kept *find_kept(payroute_engine *e, int64_t payment_id, int32_t take)
{
    for (prh_kept **at = &e->kept; *at; at = &(*at)->next) {
        prh_kept *kept = *at;
        if (kept->payment_id != payment_id) {
            continue;
        }
        if (take) {
            *at = kept->next;
            e->kept_count--;
        }
        return kept;
    }
    return NULL;
}

int32_t prh_is_kept(const payroute_engine *engine, int64_t payment_id)
{
    for (const prh_kept *at = engine->kept; at; at = at->next) {
        if (at->payment_id == payment_id) {
            return 1;
        }
    }
    return 0;
}

static void free_kept(prh_kept *kept)
{
    if (!kept) {
        return;
    }
    payroute_payment_free(kept->payment);
    free(kept);
}

void prh_kept_drop(payroute_engine *engine)
{
    while (engine->kept) {
        prh_kept *next = engine->kept->next;
        free_kept(engine->kept);
        engine->kept = next;
    }
    engine->kept_count = 0;
}

/* Forgetting one is as safe as a crash: the store knows that its request may have left. */
static void forget_oldest(payroute_engine *e)
{
    prh_kept **at = &e->kept;
    while (*at && (*at)->next) {
        at = &(*at)->next;
    }
    if (!*at) {
        return;
    }
    free_kept(*at);
    *at = NULL;
    e->kept_count--;
}

static int32_t keep_handle(prh_work *w)
{
    payroute_engine *e = w->engine;
    prh_kept *kept = calloc(1, sizeof *kept);
    if (!kept) {
        return PAYROUTE_E_NOMEM;
    }
    if (e->kept_count >= PRH_KEPT_MAX) {
        forget_oldest(e);
    }
    *kept = (prh_kept){.next = e->kept,
                       .payment_id = w->id,
                       .payment = w->payment,
                       .version = w->version,
                       .unsaved = w->fed,
                       .lease_epoch = w->lease_epoch,
                       .lease_until_ms = w->lease_until_ms};
    e->kept = kept;
    e->kept_count++;
    w->payment = NULL;
    return PAYROUTE_OK;
}

static void resume_kept(prh_work *w, prh_kept *kept)
{
    w->payment = kept->payment;
    w->fed = kept->unsaved;
    w->keep = !kept->unsaved;
    w->version = kept->version;
    w->lease_epoch = kept->lease_epoch;
    w->lease_until_ms = kept->lease_until_ms;
    w->lease_free = 1;
    free(kept);
}

/* What a kept handle means for a call. News that could not be stored are stored first. While the host acts,
   only its answer goes to the handle that asked; everything else works beside it, without the lease. When its
   time is over or another worker took the lease, the handle is forgotten, and what became of the exchange is
   asked. 1: the work has its handle. */
static int32_t meet_kept(prh_work *w, const payroute_row_payment *row, int32_t answer)
{
    payroute_engine *e = w->engine;
    prh_kept *kept = find_kept(e, w->id, 0);
    if (!kept) {
        return 0;
    }
    int32_t ours = row->lease_epoch == kept->lease_epoch && prh_clock_now(&e->clock) < kept->lease_until_ms;
    if (kept->unsaved || answer) {
        resume_kept(w, find_kept(e, w->id, 1));
        return 1;
    }
    if (!ours) {
        free_kept(find_kept(e, w->id, 1));
        return 0;
    }
    w->beside = kept->payment;
    w->facts_only = 1;
    w->may_tick = 0;
    return 0;
}

/* ---- rows to handle ---- */

static int32_t set_up_handle(prh_work *w)
{
    int32_t rc = payroute_payment_lease(w->payment, w->engine->owner, w->lease_free);
    if (rc == PAYROUTE_OK) {
        rc = payroute_payment_keyring(w->payment, w->engine->ring);
    }
    if (rc == PAYROUTE_OK && w->engine->health) {
        rc = payroute_payment_health(w->payment, w->engine->health);
    }
    if (rc == PAYROUTE_OK) {
        rc = payroute_payment_present(w->payment, w->present);
    }
    if (rc == PAYROUTE_OK) {
        rc = payroute_payment_budget(w->payment, w->may_tick ? prh_work_left(w) : 0);
    }
    return rc;
}

static int32_t rows_to_handle(prh_work *w, const prh_rows *rows, int32_t reload)
{
    payroute_engine *e = w->engine;
    char entropy[32];
    int64_t now = prh_clock_now(&e->clock);
    int32_t rc = PAYROUTE_OK;
    if (reload) {
        rc = payroute_payment_reload(w->payment, &rows->set, now, e->why, sizeof e->why);
    } else {
        rc = prh_entropy(entropy, sizeof entropy);
        if (rc == PAYROUTE_OK) {
            rc = payroute_payment_load(&w->payment, e->registry, e->catalog, &rows->set, entropy, now, e->why,
                                       sizeof e->why);
        }
        explicit_bzero(entropy, sizeof entropy);
    }
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    w->version = rows->set.payment.version;
    w->lease_epoch = rows->set.payment.lease_epoch;
    w->lease_until_ms = rows->set.payment.lease_until_ms;
    /* Whoever only brings a fact takes no lease: it may be this very process that has an exchange under way.
     */
    w->lease_free = !w->facts_only && prh_lease_free(&rows->set.payment, e->owner, now) == 1;
    return set_up_handle(w);
}

static int32_t fetch_rows(prh_work *w, prh_rows *rows)
{
    payroute_engine *e = w->engine;
    int32_t rc = e->store->ops->load(e->store, w->id, rows);
    if (rc == PAYROUTE_E_NOT_FOUND) {
        prh_say(e, "payment %lld is not in the store", (long long)w->id);
    } else if (rc != PAYROUTE_OK) {
        prh_say(e, "payment %lld could not be read", (long long)w->id);
    }
    return rc;
}

static int32_t load_handle(prh_work *w, int32_t reload)
{
    prh_rows rows = {0};
    int32_t rc = fetch_rows(w, &rows);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    rc = rows_to_handle(w, &rows, reload);
    w->engine->store->ops->rows_free(&rows);
    return rc;
}

/* In a restored store a payment may have had attempts that it forgot: what speaks of them stops new ones. */
static int32_t heed_orphans(prh_work *w)
{
    int64_t found = 0;
    if (w->engine->restored_ms == 0) {
        return PAYROUTE_OK;
    }
    int32_t rc = prh_orphans_claim(w->engine, w->payment, &found);
    if (found > 0) {
        w->orphaned = 1;
        w->may_tick = 0;
    }
    return rc;
}

static int32_t begin_work(prh_work *w, int32_t answer)
{
    prh_rows rows = {0};
    int32_t rc = fetch_rows(w, &rows);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    const payroute_row_payment *row = &rows.set.payment;
    w->amount_minor = row->amount_minor;
    snprintf(w->currency, sizeof w->currency, "%s", row->currency ? row->currency : "");
    if (!meet_kept(w, row, answer)) {
        rc = rows_to_handle(w, &rows, 0);
    }
    w->engine->store->ops->rows_free(&rows);
    return rc == PAYROUTE_OK ? heed_orphans(w) : rc;
}

int32_t prh_work_begin(prh_work *w, payroute_engine *engine, int64_t payment_id, int64_t budget_ms,
                       int32_t present)
{
    start_budget(w, engine, budget_ms, present);
    w->id = payment_id;
    return begin_work(w, 0);
}

int32_t prh_work_answer(prh_work *w, payroute_engine *engine, int64_t payment_id, int64_t budget_ms)
{
    start_budget(w, engine, budget_ms, 1);
    w->id = payment_id;
    return begin_work(w, 1);
}

int32_t prh_work_refresh(prh_work *w)
{
    payroute_payment_free(w->payment);
    w->payment = NULL;
    return load_handle(w, 0);
}

static int32_t make_handle(prh_work *w)
{
    payroute_engine *e = w->engine;
    char entropy[32];
    int32_t rc = prh_entropy(entropy, sizeof entropy);
    if (rc == PAYROUTE_OK) {
        rc = payroute_payment_new(&w->payment, e->registry, e->catalog, w->args->spec, w->args->spec_len,
                                  e->instance, entropy, prh_clock_now(&e->clock), e->why, sizeof e->why);
    }
    explicit_bzero(entropy, sizeof entropy);
    w->lease_free = 1;
    return rc == PAYROUTE_OK ? set_up_handle(w) : rc;
}

int32_t prh_work_new(prh_work *w, payroute_engine *engine, const prh_args *args, int64_t budget_ms)
{
    start_budget(w, engine, budget_ms, 1);
    w->args = args;
    return make_handle(w);
}

void prh_work_end(prh_work *w, int32_t rc)
{
    if (!w->payment) {
        return;
    }
    int32_t next = payroute_payment_next(w->payment);
    int32_t unsaved = rc != PAYROUTE_OK && w->fed;
    int32_t armed = w->keep && next >= PAYROUTE_ACTION_SEND && next <= PAYROUTE_ACTION_FETCH;
    if (w->id > 0 && (armed || unsaved)) {
        (void)keep_handle(w);
    }
    if (w->payment && w->id > 0) {
        prh_unlisted_note(w); /* came with news that changed nothing */
    }
    payroute_payment_free(w->payment);
    w->payment = NULL;
}

/* ---- handle to rows ---- */

static void note_saved(prh_work *w, const payroute_save_set *set)
{
    w->version = set->payment.version;
    w->lease_epoch = set->payment.lease_epoch;
    w->lease_until_ms = set->payment.lease_until_ms;
    w->armed_ms = prh_monotonic_ms();
}

/* A COMMIT that failed may have happened: the rows tell. */
static int32_t read_back(prh_work *w, const payroute_save_set *set, int64_t *payment_id)
{
    payroute_engine *e = w->engine;
    prh_rows rows = {0};
    int32_t rc = PAYROUTE_OK;
    if (*payment_id == 0) {
        rc = e->store->ops->find_order(e->store, set->payment.instance, set->payment.order_id, payment_id);
    }
    if (rc == PAYROUTE_OK) {
        rc = e->store->ops->load(e->store, *payment_id, &rows);
    }
    if (rc == PAYROUTE_E_NOT_FOUND) {
        return PAYROUTE_E_STORE; /* it did not happen */
    }
    if (rc != PAYROUTE_OK) {
        return PAYROUTE_E_STORE_DOUBT;
    }
    const payroute_row_payment *there = &rows.set.payment;
    int32_t ours = there->version == set->payment.version && there->record_len == set->payment.record_len &&
                   memcmp(there->record, set->payment.record, there->record_len) == 0;
    int32_t before = there->version == set->payment.seen;
    e->store->ops->rows_free(&rows);
    return ours ? PAYROUTE_OK : before ? PAYROUTE_E_STORE : PAYROUTE_E_STALE;
}

static int32_t store_set(prh_work *w)
{
    payroute_engine *e = w->engine;
    const payroute_save_set *set = payroute_payment_save_set(w->payment);
    if (!set) {
        return PAYROUTE_E_NOMEM;
    }
    int64_t id = w->id;
    int32_t rc = e->store->ops->save(e->store, set, &id);
    if (rc == PAYROUTE_E_STORE_DOUBT) {
        rc = read_back(w, set, &id);
    }
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    note_saved(w, set);
    w->id = id;
    w->fed = 0;
    w->call = NULL;
    if (e->sidecar) {
        prh_sidecar_note(e->sidecar, e->store->ops->counter(e->store));
    }
    rc = payroute_payment_feed_saved(w->payment, id);
    prh_unlisted_note(w);
    return rc;
}

static int32_t fold_again(prh_work *w)
{
    payroute_engine *e = w->engine;
    e->counts.conflicts++;
    int32_t rc = payroute_payment_feed_conflict(w->payment);
    if (rc == PAYROUTE_OK) {
        rc = load_handle(w, 1);
    }
    if (rc == PAYROUTE_OK && w->call) {
        rc = w->call(w, prh_clock_now(&e->clock));
    }
    return rc;
}

/* Before an effect a store that fails stops everything. After one, what was learnt must not be lost by a
 * moment's trouble. */
static int32_t store_patiently(prh_work *w)
{
    static const int64_t pauses[] = {20, 100, 400};
    int32_t rc = store_set(w);
    for (size_t i = 0; w->fed && i < sizeof pauses / sizeof pauses[0]; i++) {
        int32_t again = rc == PAYROUTE_E_STORE || rc == PAYROUTE_E_STORE_DOUBT ||
                        (rc == PAYROUTE_E_BUSY && i == 0); /* a busy store has waited by itself already */
        if (!again) {
            break;
        }
        prh_sleep_ms(pauses[i]);
        rc = store_set(w);
    }
    return rc;
}

int32_t prh_work_save(prh_work *w)
{
    payroute_engine *e = w->engine;
    for (int32_t i = 0; i < PRH_SAVE_TRIES; i++) {
        int32_t rc = store_patiently(w);
        if (rc == PAYROUTE_OK) {
            return PAYROUTE_OK;
        }
        if (rc == PAYROUTE_E_STALE && w->id == 0) {
            return PAYROUTE_E_CONFLICT;
        }
        if (rc != PAYROUTE_E_STALE) {
            e->counts.store_failures++;
            if (rc != PAYROUTE_E_CONFLICT) {
                prh_say(
                    e,
                    w->fed
                        ? "the store failed after a provider was asked; its answer is kept in this process and "
                          "will be stored by the next call, or asked for again"
                        : "the store failed before anything was sent; nothing was sent");
            }
            return rc;
        }
        rc = fold_again(w);
        if (rc != PAYROUTE_OK) {
            return rc;
        }
        if (payroute_payment_next(w->payment) != PAYROUTE_ACTION_SAVE) {
            return PAYROUTE_OK;
        }
    }
    prh_say(e, "other workers were faster %d times in a row", PRH_SAVE_TRIES);
    return PAYROUTE_E_BUSY;
}

/* Rows as they are now, past any handle that is kept: a fact must not wait for one. */
int32_t prh_work_fresh(prh_work *w, payroute_engine *engine, int64_t payment_id)
{
    start_budget(w, engine, 0, 0);
    w->id = payment_id;
    w->facts_only = 1;
    prh_rows rows = {0};
    int32_t rc = fetch_rows(w, &rows);
    if (rc == PAYROUTE_OK) {
        rc = rows_to_handle(w, &rows, 0);
        engine->store->ops->rows_free(&rows);
        /* It is here, only a channel of it is missing in the configuration: that is mended, and then it must
           come again. "Not found" would make it an orphan and acknowledge it. */
        rc = rc == PAYROUTE_E_NOT_FOUND ? PAYROUTE_E_STATE : rc;
    }
    return rc;
}
