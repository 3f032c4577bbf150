/* What hosts tell each other of channels, through the store: sums of what was seen, never decisions, so that
   twenty small shops or four web servers notice an outage as one large one would. A host is a health file
   (or a process where there is none), not a worker: workers that share a file are counted once.

   health.hosts    {"hosts":{HOST: ms of its last message}}
   health.at.HOST  {"at_ms":…,"seen":{OTHER: end of its last slice that was taken in},
                    "slices":[{"channels":{…},"to_ms":…},…]}

   One message a host, overwritten at most once in each 15 s; what was seen is written before it is taken in, so
   that a crash loses a slice and never counts it twice. What several say is taken in together, since one that
   accuses alone is not believed. Hosts' clocks may differ: how old a slice is, its host's own clock says up to the
   message, and ours from there. All of it is bounded, and none of it may fail a call: whatever is wrong with a
   message, it is left out. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/engine.h"
#include "host/lease.h"

enum {
    EVERY_MS = 15000, /* one slice of a block */
    TELLS = 24,       /* slices of a message: six minutes, for those who rarely look */
    HOSTS = 32,
    STALE_MS = 600000, /* so long a message lasts */
    PRESENT_MS = 3600000,
    FRESH_MS = 150000, /* older slices tell of another time: hosts that sweep once a minute hear each other */
    WEIGHT = 50,        /* percent: another host's network is not ours */
    MESSAGE_CAP = 131072,
    ID_CAP = 112
};
#define HOSTS_KEY "health.hosts"
#define HOST_KEY "health.at."

typedef struct heard { /* of one other host */
    payroute_json *doc;
    char id[ID_CAP];
    int64_t at_ms;     /* of its message, by its own clock */
    int64_t seen_ms;   /* as it was */
    int64_t newest_ms; /* as it will be */
} heard;

typedef struct exchange {
    payroute_engine *e;
    int64_t now_ms;
    int64_t gap_ms; /* since this host last looked, at most; INT64_MAX: nobody knows */
    char id[ID_CAP];
    payroute_json *own;   /* what was said last; NULL: nothing */
    payroute_json *hosts; /* NULL: nobody has said anything */
    heard others[HOSTS];
    int32_t count;
    int32_t news; /* 1: there is a slice to take in */
    char *buffer; /* MESSAGE_CAP */
} exchange;

/* ---- who we are ---- */

/* The file's, for all its workers. A file that was replaced is another host, which knows nothing yet. */
static int32_t name_host(exchange *x)
{
    struct stat st;
    char boot[64];
    const char *path = prh_health_file_path(x->e->health_file);
    if (!prh_health_file_shared(x->e->health_file) || !path) {
        snprintf(x->id, sizeof x->id, "%s", x->e->owner);
        return 1;
    }
    if (prh_boot_machine(boot, sizeof boot) != PAYROUTE_OK || stat(path, &st)) {
        return 0;
    }
    snprintf(x->id, sizeof x->id, "%s.%llx.%llx", boot, (unsigned long long)st.st_dev,
             (unsigned long long)st.st_ino);
    return 1;
}

/* One worker of the host at a time; the kernel takes the lock from the dead. -1: it is another's turn. */
static int take_turn(const exchange *x)
{
    const char *path = prh_health_file_path(x->e->health_file);
    int fd = path && prh_health_file_shared(x->e->health_file) ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB)) {
        (void)close(fd);
        fd = -1;
    }
    return fd;
}

/* ---- what stands in the store ---- */

static payroute_json *read_key(exchange *x, const char *key)
{
    size_t len = 0;
    payroute_json *doc = NULL;
    if (x->e->store->ops->kv_get(x->e->store, key, x->now_ms, x->buffer, MESSAGE_CAP, &len) == PAYROUTE_OK) {
        (void)payroute_json_parse(&doc, x->buffer, len, NULL, 0);
    }
    return doc;
}

static payroute_json *read_host(exchange *x, const char *id)
{
    char key[ID_CAP + sizeof HOST_KEY];
    snprintf(key, sizeof key, HOST_KEY "%s", id);
    return read_key(x, key);
}

static int64_t moment_of(const payroute_json_node *object, const char *name)
{
    int64_t ms = 0;
    (void)payroute_json_integer(&ms, payroute_json_get(object, name));
    return ms < 0 || ms >= INT64_C(1) << 50 ? 0 : ms;
}

/* Of an object alone: the members of a list have no names. */
static const payroute_json_node *first_named(const payroute_json_node *object)
{
    return payroute_json_type(object) == PAYROUTE_JSON_OBJECT ? payroute_json_first(object) : NULL;
}

static int32_t write_key(exchange *x, const char *key, payroute_json_out *out, int64_t lasts_ms)
{
    size_t len = 0;
    const char *text = payroute_json_out_text(out, &len);
    int32_t rc = !text               ? PAYROUTE_E_NOMEM
                 : len > MESSAGE_CAP ? PAYROUTE_E_BUFFER
                                     : x->e->store->ops->kv_put(x->e->store, key, text, len, x->now_ms + lasts_ms);
    payroute_json_out_free(out);
    return rc;
}

/* ---- hearing ---- */

static int32_t is_new(const heard *h, const payroute_json_node *slice)
{
    int64_t to = moment_of(slice, "to_ms");
    return to > h->seen_ms && to <= h->at_ms + EVERY_MS;
}

/* Its own clock says how old it was in the message. That was written since we last looked, or else we would have
   seen it; only who has not looked yet must believe that both clocks agree. */
static int32_t is_fresh(const exchange *x, const heard *h, const payroute_json_node *slice)
{
    int64_t waited = x->now_ms - h->at_ms;
    waited = waited < 0 ? 0 : waited > x->gap_ms ? x->gap_ms : waited;
    return is_new(h, slice) && h->at_ms - moment_of(slice, "to_ms") + waited < FRESH_MS;
}

static void hear_host(exchange *x, const char *id)
{
    heard *h = &x->others[x->count];
    *h = (heard){.doc = read_host(x, id)};
    if (!h->doc) {
        return;
    }
    const payroute_json_node *root = payroute_json_root(h->doc);
    snprintf(h->id, sizeof h->id, "%s", id);
    h->at_ms = moment_of(root, "at_ms");
    h->seen_ms = moment_of(payroute_json_get(payroute_json_root(x->own), "seen"), id);
    if (h->seen_ms > h->at_ms + EVERY_MS) {
        h->seen_ms = h->at_ms; /* its clock was set back: from now on it is heard again */
    }
    h->newest_ms = h->seen_ms;
    const payroute_json_node *s = payroute_json_first(payroute_json_get(root, "slices"));
    for (; s; s = payroute_json_next(s)) {
        int64_t to = moment_of(s, "to_ms");
        if (is_new(h, s)) {
            h->newest_ms = to > h->newest_ms ? to : h->newest_ms;
            x->news = 1;
        }
    }
    x->count++;
}

static void hear_all(exchange *x)
{
    const payroute_json_node *all = payroute_json_get(payroute_json_root(x->hosts), "hosts");
    for (const payroute_json_node *at = first_named(all); at && x->count < HOSTS; at = payroute_json_next(at)) {
        const char *id = payroute_json_name(at);
        if (strlen(id) < ID_CAP && strcmp(id, x->id) != 0) {
            hear_host(x, id);
        }
    }
}

/* One bad slice must not silence the others. */
static int32_t can_fold(const payroute_json_node *slice)
{
    const payroute_json_node *channels = payroute_json_get(slice, "channels");
    int32_t ok = payroute_json_type(channels) == PAYROUTE_JSON_OBJECT;
    for (const payroute_json_node *c = payroute_json_first(ok ? channels : NULL); c; c = payroute_json_next(c)) {
        for (const payroute_json_node *m = first_named(c); m; m = payroute_json_next(m)) {
            int64_t n = 0;
            ok = ok && (payroute_json_integer(&n, m) == PAYROUTE_OK && n >= 0 && n <= 1000000);
        }
    }
    return ok;
}

/* All of them in one: a list of what each host says, which is a list of slices. */
static void take_in(exchange *x)
{
    size_t len = 0;
    payroute_json_out *out = payroute_json_out_new();
    payroute_json_out_array(out, NULL);
    for (int32_t i = 0; i < x->count; i++) {
        const heard *h = &x->others[i];
        const payroute_json_node *s = payroute_json_first(payroute_json_get(payroute_json_root(h->doc), "slices"));
        payroute_json_out_array(out, NULL);
        for (; s; s = payroute_json_next(s)) {
            if (is_fresh(x, h, s) && can_fold(s)) {
                payroute_json_out_node(out, NULL, s);
            }
        }
        payroute_json_out_end(out);
    }
    payroute_json_out_end(out);
    const char *text = payroute_json_out_text(out, &len);
    if (text) {
        (void)payroute_health_fold(x->e->health, x->e->registry, text, len, WEIGHT, x->now_ms, NULL, 0);
    }
    payroute_json_out_free(out);
}

/* ---- telling ---- */

/* Those of the slices that hold something, oldest first. Returns how many. */
static int32_t put_slices(exchange *x, payroute_json_out *out)
{
    int32_t count = 0;
    int64_t end = x->now_ms / EVERY_MS * EVERY_MS;
    payroute_json_out_array(out, "slices");
    for (int64_t to = end - (TELLS - 1) * (int64_t)EVERY_MS; to <= end; to += EVERY_MS) {
        int32_t len = payroute_health_sums(x->e->health, x->e->registry, to - EVERY_MS, to, x->buffer,
                                           MESSAGE_CAP / TELLS);
        if (len > 0 && strncmp(x->buffer, "{\"channels\":{}", 14) != 0) {
            payroute_json_out_raw(out, NULL, x->buffer, (size_t)len);
            count++;
        }
    }
    payroute_json_out_end(out);
    return count;
}

/* Who was heard of within an hour, and ourselves. Two that write at once lose one: it writes again. */
static void announce(exchange *x)
{
    const payroute_json_node *all = payroute_json_get(payroute_json_root(x->hosts), "hosts");
    if (moment_of(all, x->id) > x->now_ms - PRESENT_MS / 4) {
        return;
    }
    int32_t count = 1;
    payroute_json_out *out = payroute_json_out_new();
    payroute_json_out_object(out, NULL);
    payroute_json_out_object(out, "hosts");
    payroute_json_out_integer(out, x->id, x->now_ms);
    for (const payroute_json_node *at = first_named(all); at && count < HOSTS; at = payroute_json_next(at)) {
        int64_t ms = moment_of(all, payroute_json_name(at));
        if (strcmp(payroute_json_name(at), x->id) != 0 && ms > x->now_ms - PRESENT_MS) {
            payroute_json_out_integer(out, payroute_json_name(at), ms);
            count++;
        }
    }
    payroute_json_out_end(out);
    payroute_json_out_end(out);
    (void)write_key(x, HOSTS_KEY, out, PRESENT_MS);
}

/* Of those too that are not here at the moment: they may come back with what was taken in before. */
static void put_seen(const exchange *x, payroute_json_out *out)
{
    const payroute_json_node *old = payroute_json_get(payroute_json_root(x->own), "seen");
    payroute_json_out_object(out, "seen");
    for (int32_t i = 0; i < x->count; i++) {
        payroute_json_out_integer(out, x->others[i].id, x->others[i].newest_ms);
    }
    for (const payroute_json_node *at = first_named(old); at; at = payroute_json_next(at)) {
        int64_t ms = moment_of(old, payroute_json_name(at));
        int32_t here = ms <= x->now_ms - STALE_MS;
        for (int32_t i = 0; i < x->count; i++) {
            here = here || strcmp(x->others[i].id, payroute_json_name(at)) == 0;
        }
        if (!here) {
            payroute_json_out_integer(out, payroute_json_name(at), ms);
        }
    }
    payroute_json_out_end(out);
}

/* 1: it is durable, and what was heard may be taken in. Nothing to say and nothing heard: nothing is written. */
static int32_t tell_all(exchange *x)
{
    char key[ID_CAP + sizeof HOST_KEY];
    payroute_json_out *out = payroute_json_out_new();
    payroute_json_out_object(out, NULL);
    payroute_json_out_integer(out, "at_ms", x->now_ms);
    put_seen(x, out);
    int32_t told = put_slices(x, out);
    payroute_json_out_end(out);
    if (told == 0 && !x->news) {
        payroute_json_out_free(out);
        return 0;
    }
    snprintf(key, sizeof key, HOST_KEY "%s", x->id);
    if (write_key(x, key, out, STALE_MS) != PAYROUTE_OK) {
        return 0;
    }
    if (told > 0) {
        announce(x);
    }
    return 1;
}

/* Whoever speaks when a slice has just ended is heard soonest. */
static int32_t same_slice(int64_t a_ms, int64_t b_ms)
{
    return a_ms / EVERY_MS == b_ms / EVERY_MS;
}

static void exchange_all(exchange *x)
{
    x->own = read_host(x, x->id);
    int64_t at = moment_of(payroute_json_root(x->own), "at_ms");
    if (same_slice(at, x->now_ms)) {
        return; /* another worker of this host was here */
    }
    x->gap_ms = at > 0 && x->now_ms - at < x->gap_ms ? x->now_ms - at : x->gap_ms;
    x->hosts = read_key(x, HOSTS_KEY);
    hear_all(x);
    if (tell_all(x)) {
        take_in(x);
    }
}

void prh_health_share(payroute_engine *e)
{
    int64_t now = prh_clock_now(&e->clock), before = e->health_told_ms;
    if (!e->health || !e->health_shares || same_slice(before, now)) {
        return;
    }
    e->health_told_ms = now;
    exchange *x = calloc(1, sizeof *x);
    char *buffer = malloc(MESSAGE_CAP);
    if (x && buffer) {
        *x = (exchange){.e = e, .now_ms = now, .buffer = buffer};
        x->gap_ms = before > 0 && now >= before ? now - before : INT64_MAX;
        int fd = take_turn(x);
        if ((fd >= 0 || !prh_health_file_shared(e->health_file)) && name_host(x)) {
            exchange_all(x);
        }
        if (fd >= 0) {
            (void)close(fd);
        }
        for (int32_t i = 0; i < x->count; i++) {
            payroute_json_free(x->others[i].doc);
        }
        payroute_json_free(x->own);
        payroute_json_free(x->hosts);
    }
    free(buffer);
    free(x);
}
