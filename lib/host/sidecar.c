/* Two slots in turn, each with a checksum: a write that is torn by a power cut leaves the other one. */
#include "host/sidecar.h"
#include "host/store_rows.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLOT 512u
#define SYNC_EVERY_MS 60000
#define KV_NAME "boot.ids"

struct prh_sidecar {
    int fd;
    int32_t known;      /* 1: a valid slot was there at open */
    int32_t damaged;    /* 1: content, but no valid slot */
    int32_t begun;
    int32_t turn;       /* the slot to write next */
    int32_t unsynced;
    int64_t synced_ms;
    int64_t counter;
    char instance[64];
    char boot[PRH_BOOT_CAP];
    char was_instance[64];
    char path[4096];
};

static uint64_t hash(const char *text, size_t len)
{
    uint64_t sum = 0xcbf29ce484222325u;
    for (size_t i = 0; i < len; i++) {
        sum = (sum ^ (unsigned char)text[i]) * 0x100000001b3u;
    }
    return sum;
}

/* ---- the database's boot ids ---- */

static int32_t random_id(char out[PRH_BOOT_CAP])
{
    unsigned char bytes[16];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        return PAYROUTE_E_STORE;
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    }
    return PAYROUTE_OK;
}

int32_t prh_store_boot_ids(prh_store *store, const char *machine, prh_boot_ids *out)
{
    char text[192];
    char boot[64] = "";
    size_t len = 0;
    memset(out, 0, sizeof *out);
    if (!machine || !*machine || strlen(machine) >= sizeof boot || strchr(machine, ' ')) {
        return PAYROUTE_E_ARG;
    }
    int32_t rc = store->ops->kv_get(store, KV_NAME, 0, text, sizeof text - 1, &len);
    if (rc && rc != PAYROUTE_E_NOT_FOUND) {
        return rc;
    }
    text[rc ? 0 : len] = 0;
    if (!rc && sscanf(text, "%63s %32s %32s", boot, out->now, out->before) < 2) {
        return PAYROUTE_E_CHECKSUM;
    }
    if (!strcmp(boot, machine)) {
        return PAYROUTE_OK;
    }
    memcpy(out->before, out->now, sizeof out->before);
    rc = random_id(out->now);
    if (rc) {
        return rc;
    }
    int written = snprintf(text, sizeof text, "%s %s %s", machine, out->now, out->before);
    return store->ops->kv_put(store, KV_NAME, text, (size_t)written, INT64_MAX);
}

/* ---- the file ---- */

static int32_t slot_read(const char *bytes, int64_t *turn, prh_sidecar *into)
{
    char line[SLOT + 1];
    uint64_t sum = 0;
    int end = 0;
    memcpy(line, bytes, SLOT);
    line[SLOT] = 0;
    if (sscanf(line, "payroute-sidecar 1 %" SCNd64 " %63s %" SCNd64 " %32s %n", turn, into->was_instance,
               &into->counter,
               into->boot, &end) != 4
        || !end || sscanf(line + end, "%16" SCNx64, &sum) != 1) {
        return 0;
    }
    return sum == hash(line, (size_t)end);
}

/* The newest valid slot, if any. */
static int32_t file_read(prh_sidecar *s)
{
    char bytes[2 * SLOT] = { 0 };
    ssize_t got = pread(s->fd, bytes, sizeof bytes, 0);
    if (got < 0) {
        return PAYROUTE_E_STORE;
    }
    prh_sidecar best = *s;
    int64_t best_turn = -1;
    for (int i = 0; i < 2; i++) {
        prh_sidecar slot = *s;
        int64_t turn = 0;
        if (slot_read(bytes + (size_t)i * SLOT, &turn, &slot) && turn > best_turn) {
            best = slot;
            best_turn = turn;
        }
    }
    *s = best;
    s->known = best_turn >= 0;
    s->damaged = got > 0 && best_turn < 0;
    s->turn = (int32_t)(best_turn + 1);
    return PAYROUTE_OK;
}

static int32_t slot_write(prh_sidecar *s)
{
    char bytes[SLOT];
    memset(bytes, '\n', sizeof bytes);
    int len = snprintf(bytes, SLOT - 32, "payroute-sidecar 1 %" PRId32 " %s %" PRId64 " %s ", s->turn,
                       s->instance, s->counter, s->boot);
    (void)snprintf(bytes + len, 24, "%016" PRIx64 "\n", hash(bytes, (size_t)len));
    bytes[strlen(bytes)] = '\n';
    off_t at = (off_t)(s->turn & 1) * (off_t)SLOT;
    if (pwrite(s->fd, bytes, sizeof bytes, at) != (ssize_t)sizeof bytes) {
        return PAYROUTE_E_STORE;
    }
    s->turn++;
    s->unsynced = 1;
    return PAYROUTE_OK;
}

int32_t prh_sidecar_open(prh_sidecar **out, const char *dir, const char *store_url, const char *instance,
                         char *why, size_t why_cap)
{
    if (!out || !dir || !*dir || !store_url || !instance || !*instance || strlen(instance) > 63
        || strpbrk(instance, " \t\r\n")) {
        return PAYROUTE_E_ARG;
    }
    prh_sidecar *s = calloc(1, sizeof *s);
    if (!s) {
        return PAYROUTE_E_NOMEM;
    }
    memcpy(s->instance, instance, strlen(instance) + 1);
    size_t url_len = strcspn(store_url, "?"); /* options do not make it another store */
    int len = snprintf(s->path, sizeof s->path, "%s/%016" PRIx64 ".sidecar", dir, hash(store_url, url_len));
    s->fd = len < (int)sizeof s->path ? open(s->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600) : -1;
    struct stat st;
    int32_t rc = PAYROUTE_E_STORE;
    if (s->fd >= 0 && !fstat(s->fd, &st) && S_ISREG(st.st_mode)) {
        rc = file_read(s);
    }
    if (rc) {
        prh_why(why, why_cap, "%s: cannot be opened or made (%s)", s->path, strerror(errno));
        prh_sidecar_close(s);
        return rc;
    }
    *out = s;
    return PAYROUTE_OK;
}

int32_t prh_sidecar_verdict(const prh_sidecar *s, int64_t counter, const prh_boot_ids *ids, char *why,
                            size_t why_cap)
{
    if (s->damaged) {
        prh_why(why, why_cap, "%s: damaged, and begun anew: whether the database was restored is not known",
                s->path);
        return PAYROUTE_E_CHECKSUM;
    }
    if (!s->known) {
        return PAYROUTE_OK;
    }
    if (strcmp(s->was_instance, s->instance) != 0) {
        prh_why(why, why_cap, "%s: was written beside another database (instance %s, now %s)", s->path,
                s->was_instance, s->instance);
        return PAYROUTE_E_AMNESIA;
    }
    if (counter < s->counter) {
        prh_why(why, why_cap, "%s: the database had made %" PRId64 " saves and now knows of %" PRId64
                ": it is an older copy", s->path, s->counter, counter);
        return PAYROUTE_E_AMNESIA;
    }
    if (strcmp(s->boot, ids->now) != 0 && strcmp(s->boot, ids->before) != 0) {
        prh_why(why, why_cap, "%s: the database does not know the machine start in which it was last used: "
                              "it is another "
                "copy", s->path);
        return PAYROUTE_E_AMNESIA;
    }
    return PAYROUTE_OK;
}

static int32_t sync_now(prh_sidecar *s)
{
    if (fdatasync(s->fd)) {
        return PAYROUTE_E_STORE;
    }
    s->unsynced = 0;
    return PAYROUTE_OK;
}

int32_t prh_sidecar_begin(prh_sidecar *s, int64_t counter, const prh_boot_ids *ids)
{
    s->counter = counter;
    memcpy(s->boot, ids->now, sizeof s->boot);
    int32_t rc = slot_write(s);
    if (!rc) {
        rc = sync_now(s); /* else a power cut could leave a boot id that the database has already dropped */
    }
    if (!rc) {
        memcpy(s->was_instance, s->instance, sizeof s->was_instance);
        s->known = 1;
        s->damaged = 0;
        s->begun = 1;
    }
    return rc;
}

/* Other processes write too: what they noted is looked at, so that a slow one does not set the counter back.
   */
int32_t prh_sidecar_note(prh_sidecar *s, int64_t counter)
{
    if (!s->begun) {
        return PAYROUTE_OK;
    }
    prh_sidecar now = *s;
    if (!file_read(&now) && now.known && !strcmp(now.was_instance, s->instance)
        && !strcmp(now.boot, s->boot)) {
        s->turn = now.turn;
        s->counter = now.counter;
    }
    if (counter <= s->counter) {
        return PAYROUTE_OK;
    }
    s->counter = counter;
    return slot_write(s);
}

int32_t prh_sidecar_sync(prh_sidecar *s, int64_t now_ms)
{
    int64_t since = now_ms - s->synced_ms;
    if (!s->begun || !s->unsynced || (since >= 0 && since < SYNC_EVERY_MS)) {
        return PAYROUTE_OK;
    }
    s->synced_ms = now_ms;
    return sync_now(s);
}

void prh_sidecar_close(prh_sidecar *s)
{
    if (s) {
        if (s->fd >= 0) {
            (void)close(s->fd);
        }
        free(s);
    }
}
