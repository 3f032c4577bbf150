/* Small builders of save sets. */
#include "kit.h"

#include <dirent.h>
#include <unistd.h>

static void texts(kit *k)
{
    payroute_row_payment *p = &k->set.payment;
    (void)snprintf(k->record, sizeof k->record, "record of %s, version %lld", k->order,
                   (long long)p->version);
    (void)snprintf(k->audit, sizeof k->audit, "%032x%032llx", (unsigned)strlen(k->order),
                   (long long)p->version);
    p->record = k->record;
    p->record_len = strlen(k->record);
    k->set.audit = k->audit;
}

void kit_new(kit *k, const char *order)
{
    memset(k, 0, sizeof *k);
    (void)snprintf(k->order, sizeof k->order, "%s", order);
    payroute_row_payment *p = &k->set.payment;
    p->instance = "shop";
    p->order_id = k->order;
    p->ordered_ms = 1000;
    p->amount_minor = 1250;
    p->currency = "CNY";
    p->status = 1;
    p->version = 1;
    p->lease_owner = "";
    p->wake_ms = INT64_MAX;
    k->set.attempts = k->attempts;
    k->set.actions = k->actions;
    k->set.facts = k->facts;
    k->set.events = k->events;
    k->set.notifications = k->notes;
    k->set.at_ms = 5000;
    texts(k);
}

payroute_row_attempt *kit_attempt(kit *k, int32_t n, int32_t guard)
{
    payroute_row_attempt *a = &k->attempts[k->set.attempt_count++];
    memset(a, 0, sizeof *a);
    (void)snprintf(k->references[n & 3], sizeof k->references[0], "REF-%.40s-%d", k->order, n);
    a->n = n;
    a->channel = "ali";
    a->reference = k->references[n & 3];
    a->state = 1;
    a->sends = 1;
    a->guard = guard;
    a->provider_id = "";
    a->capture_id = "";
    a->content = "{\"amount\":1250}";
    a->content_len = strlen(a->content);
    return a;
}

payroute_row_action *kit_action(kit *k, int32_t no, int32_t kind, const char *caller_id)
{
    payroute_row_action *a = &k->actions[k->set.action_count++];
    (void)snprintf(k->keys[no & 3], sizeof k->keys[0], "REF-%.40s-1R%d", k->order, no);
    *a = (payroute_row_action){ .no = no, .n = 1, .kind = kind, .key = k->keys[no & 3],
                                .caller_id = caller_id,
                                .state = 1, .amount_minor = 300, .provider_id = "" };
    return a;
}

payroute_row_fact *kit_fact(kit *k, int32_t no, const char *body)
{
    payroute_row_fact *f = &k->facts[k->set.fact_count++];
    *f = (payroute_row_fact){ 1, 2, no, 10, 20, 1, body, strlen(body) };
    return f;
}

payroute_row_event *kit_event(kit *k, int32_t kind, int32_t no, int64_t at_ms, const char *body)
{
    payroute_row_event *e = &k->events[k->set.event_count++];
    *e = (payroute_row_event){ kind, no, at_ms, body, strlen(body) };
    return e;
}

payroute_row_notification *kit_note(kit *k, const char *event_id, const char *hash, const char *body)
{
    payroute_row_notification *n = &k->notes[k->set.notification_count++];
    *n = (payroute_row_notification){ "ali", event_id, hash, body, strlen(body) };
    return n;
}

void kit_next(kit *k)
{
    k->set.payment.seen = k->set.payment.version++;
    k->set.attempt_count = k->set.action_count = k->set.fact_count = 0;
    k->set.event_count = k->set.notification_count = 0;
    texts(k);
}

int32_t kit_save(prh_store *s, kit *k)
{
    int64_t id = k->set.payment.id;
    int32_t rc = s->ops->save(s, &k->set, &id);
    if (!rc) {
        k->set.payment.id = id;
        kit_next(k);
    }
    return rc;
}

static char *folder_in(const char *base)
{
    char *path = malloc(512);
    assert_non_null(path);
    (void)snprintf(path, 512, "%s/payroute-store-XXXXXX", base);
    assert_non_null(mkdtemp(path));
    return path;
}

char *kit_folder(void)
{
    const char *base = getenv("TMPDIR");
    return folder_in(base && *base ? base : "/tmp");
}

char *kit_folder_fast(void)
{
    return access("/dev/shm", W_OK) ? kit_folder() : folder_in("/dev/shm");
}

void kit_remove_files(const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    while (dir && (entry = readdir(dir)) != NULL) {
        char path[1024];
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && unlink(path)) {
            (void)rmdir(path);
        }
    }
    if (dir) {
        (void)closedir(dir);
    }
}

void kit_folder_remove(char *folder)
{
    kit_remove_files(folder);
    assert_int_equal(rmdir(folder), 0);
    free(folder);
}

prh_store *kit_open(const char *url)
{
    prh_store *s = NULL;
    char why[512] = "";
    int32_t rc = prh_store_open(&s, url, why, sizeof why);
    if (rc) {
        fail_msg("%s: %s: %s", url, payroute_rc_name(rc), why);
    }
    return s;
}

void kit_close(prh_store *s)
{
    s->ops->close(s);
}

/* xorshift64*: good enough to choose test cases, and the same everywhere. */
uint32_t kit_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)((*state * 0x2545F4914F6CDD1Du) >> 32);
}

static int start(void **state, const char *scheme)
{
    fixture *f = calloc(1, sizeof *f);
    f->scheme = scheme;
    f->folder = kit_folder_fast();
    if (!strcmp(scheme, "sqlite")) {
        (void)snprintf(f->url, sizeof f->url, "sqlite:%s/shop.db", f->folder);
    } else {
        (void)snprintf(f->url, sizeof f->url, "memory:%s", f->folder);
    }
    f->s = kit_open(f->url);
    *state = f;
    return 0;
}

int kit_start_sqlite(void **state)
{
    return start(state, "sqlite");
}

int kit_start_memory(void **state)
{
    return start(state, "memory");
}

int kit_stop(void **state)
{
    fixture *f = *state;
    kit_close(f->s);
    kit_folder_remove(f->folder);
    free(f);
    return 0;
}

void kit_same_bytes(const char *a, size_t a_len, const char *b, size_t b_len)
{
    assert_int_equal(a_len, b_len);
    if (a_len) {
        assert_memory_equal(a, b, a_len);
    }
}

void kit_unchanged(prh_store *s, int64_t id, int64_t version, int32_t attempts, int64_t transactions)
{
    prh_rows rows;
    assert_int_equal(s->ops->load(s, id, &rows), PAYROUTE_OK);
    assert_int_equal(rows.set.payment.version, version);
    assert_int_equal(rows.set.attempt_count, attempts);
    assert_int_equal(s->ops->transactions(s), transactions);
    s->ops->rows_free(&rows);
}
