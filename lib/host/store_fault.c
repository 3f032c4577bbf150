/* A store around a store: reads pass, write number n fails. */
#include "host/store_fault.h"
#include "host/store_rows.h"

#include <stdlib.h>

typedef struct faulty {
    prh_store base;
    prh_store *inner;
    prh_store_fault *plan;
} faulty;

#define INNER(s) (((faulty *)(s))->inner)
#define PASS(s, name, ...) INNER(s)->ops->name(INNER(s), __VA_ARGS__)

/* Is it this write's turn? *rc is then what to return, *apply whether to write all the same. */
static int32_t strikes(prh_store *s, int32_t *rc, int32_t *apply)
{
    prh_store_fault *plan = ((faulty *)s)->plan;
    plan->writes++;
    int32_t hit = plan->fail_at && (plan->writes == plan->fail_at || (plan->for_ever
                                                                      && plan->writes > plan->fail_at));
    *rc = plan->kind == PRH_FAULT_STORE ? PAYROUTE_E_STORE : PAYROUTE_E_STORE_DOUBT;
    *apply = plan->kind == PRH_FAULT_DOUBT_APPLIED;
    return hit;
}

/* A write that fails for a reason of its own (stale, conflict) reports that, as a real store would before its
   COMMIT. */
#define WRITE(s, name, ...)                                             \
    do {                                                                \
        int32_t rc_, apply_;                                            \
        if (!strikes((s), &rc_, &apply_)) {                             \
            return PASS((s), name, __VA_ARGS__);                        \
        }                                                               \
        int32_t real_ = apply_ ? PASS((s), name, __VA_ARGS__) : PAYROUTE_OK; \
        return real_ ? real_ : rc_;                                     \
    } while (0)

static int32_t faulty_load(prh_store *s, int64_t id, prh_rows *out)
{
    return PASS(s, load, id, out);
}

static int32_t faulty_find_order(prh_store *s, const char *instance, const char *order_id, int64_t *id)
{
    return PASS(s, find_order, instance, order_id, id);
}

static int32_t faulty_find_reference(prh_store *s, const char *channel, const char *reference, int64_t *id)
{
    return PASS(s, find_reference, channel, reference, id);
}

static int32_t faulty_find_provider_id(prh_store *s, const char *channel, const char *provider_id,
                                       int64_t *id)
{
    return PASS(s, find_provider_id, channel, provider_id, id);
}

static int32_t faulty_save(prh_store *s, const payroute_save_set *set, int64_t *id)
{
    WRITE(s, save, set, id);
}

static int32_t faulty_due(prh_store *s, int64_t now_ms, int64_t *ids, int32_t cap, int32_t *count)
{
    return PASS(s, due, now_ms, ids, cap, count);
}

static int32_t faulty_list(prh_store *s, int32_t status, int64_t after, int32_t limit,
                           prh_payment_visit visit, void *user)
{
    return PASS(s, list, status, after, limit, visit, user);
}

static int32_t faulty_events(prh_store *s, int64_t id, int32_t limit, prh_event_visit visit, void *user)
{
    return PASS(s, events, id, limit, visit, user);
}

static int32_t faulty_event_ack(prh_store *s, const int64_t *ids, const int32_t *kinds, const int32_t *nos,
                                int32_t count, int64_t now_ms)
{
    WRITE(s, event_ack, ids, kinds, nos, count, now_ms);
}

static int32_t faulty_orphan_put(prh_store *s, const payroute_row_notification *row, int64_t now_ms)
{
    WRITE(s, orphan_put, row, now_ms);
}

static int32_t faulty_orphans(prh_store *s, const char *hash, prh_orphan_visit visit, void *user)
{
    return PASS(s, orphans, hash, visit, user);
}

static int32_t faulty_orphan_take(prh_store *s, const char *channel, const char *event_id, int64_t id)
{
    WRITE(s, orphan_take, channel, event_id, id);
}

static int32_t faulty_orphan_body(prh_store *s, const char *channel, const char *event_id, char **body,
                                  size_t *len)
{
    return PASS(s, orphan_body, channel, event_id, body, len);
}

static int32_t faulty_kv_get(prh_store *s, const char *name, int64_t now_ms, char *out, size_t cap,
                             size_t *len)
{
    return PASS(s, kv_get, name, now_ms, out, cap, len);
}

static int32_t faulty_kv_put(prh_store *s, const char *name, const char *value, size_t len,
                             int64_t expires_ms)
{
    WRITE(s, kv_put, name, value, len, expires_ms);
}

static int32_t faulty_kv_add(prh_store *s, const char *name, const char *value, size_t len)
{
    WRITE(s, kv_add, name, value, len);
}

static int32_t faulty_check(prh_store *s, char *why, size_t why_cap)
{
    return PASS(s, check, why, why_cap);
}

static int32_t faulty_backup(prh_store *s, const char *path)
{
    return PASS(s, backup, path);
}

static int64_t faulty_counter(prh_store *s)
{
    return INNER(s)->ops->counter(INNER(s));
}

static int64_t faulty_transactions(const prh_store *s)
{
    const prh_store *inner = ((const faulty *)s)->inner;
    return inner->ops->transactions(inner);
}

static void faulty_close(prh_store *s)
{
    faulty *f = (faulty *)s;
    if (f) {
        f->inner->ops->close(f->inner);
        if (f->plan->owned) {
            free(f->plan);
        }
        free(f);
    }
}

static const prh_store_ops faulty_ops = {
    .scheme = "faulty",
    .load = faulty_load,
    .rows_free = prh_rows_release,
    .find_order = faulty_find_order,
    .find_reference = faulty_find_reference,
    .find_provider_id = faulty_find_provider_id,
    .save = faulty_save,
    .due = faulty_due,
    .list = faulty_list,
    .events = faulty_events,
    .event_ack = faulty_event_ack,
    .orphan_put = faulty_orphan_put,
    .orphans = faulty_orphans,
    .orphan_take = faulty_orphan_take,
    .orphan_body = faulty_orphan_body,
    .kv_get = faulty_kv_get,
    .kv_put = faulty_kv_put,
    .kv_add = faulty_kv_add,
    .check = faulty_check,
    .backup = faulty_backup,
    .counter = faulty_counter,
    .transactions = faulty_transactions,
    .close = faulty_close,
};

int32_t prh_store_fault_wrap(prh_store **out, prh_store *inner, prh_store_fault *plan)
{
    faulty *f = calloc(1, sizeof *f);
    if (!f) {
        return PAYROUTE_E_NOMEM;
    }
    f->base.ops = &faulty_ops;
    f->inner = inner;
    f->plan = plan;
    *out = &f->base;
    return PAYROUTE_OK;
}
