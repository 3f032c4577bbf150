/* A lease names its process so that nobody else can be taken for it: boot id, pid, start time. A pid means
   something only in its own pid namespace, so that is named too: from another container only the clock can
   tell. */
#include "host/lease.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LEASE_LONGEST_MS = 600000 }; /* the longest time-out and margin are two minutes together */

#define BOOT_LEN 36

static int32_t file_text(const char *path, char *out, size_t cap)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        return PAYROUTE_E_STORE;
    }
    size_t got = fread(out, 1, cap - 1, file);
    (void)fclose(file);
    out[got] = 0;
    return got ? PAYROUTE_OK : PAYROUTE_E_STORE;
}

int32_t prh_boot_machine(char *out, size_t cap)
{
    char text[64];
    if (file_text("/proc/sys/kernel/random/boot_id", text, sizeof text) || strlen(text) < BOOT_LEN) {
        return PAYROUTE_E_STORE;
    }
    if (cap <= BOOT_LEN) {
        return PAYROUTE_E_BUFFER;
    }
    memcpy(out, text, BOOT_LEN);
    out[BOOT_LEN] = 0;
    return PAYROUTE_OK;
}

/* State and start time (fields 3 and 22) of a process. The name in field 2 may hold blanks and brackets: what
   follows its last bracket is plain. */
static int32_t process_facts(long pid, char *state, uint64_t *started)
{
    char path[64];
    char text[1024];
    (void)snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    if (file_text(path, text, sizeof text)) {
        return PAYROUTE_E_NOT_FOUND;
    }
    char *at = strrchr(text, ')');
    if (!at || at[1] != ' ' || !at[2]) {
        return PAYROUTE_E_STORE;
    }
    *state = at[2];
    at += 2;
    for (int field = 3; field < 22; field++) {
        at = strchr(at, ' ');
        if (!at) {
            return PAYROUTE_E_STORE;
        }
        at++;
    }
    *started = strtoull(at, NULL, 10);
    return PAYROUTE_OK;
}

static uint64_t pid_namespace(void)
{
    struct stat st;
    return stat("/proc/self/ns/pid", &st) ? 0 : (uint64_t)st.st_ino;
}

int32_t prh_lease_owner(char out[PRH_LEASE_OWNER_CAP])
{
    char boot[BOOT_LEN + 1];
    char state = 0;
    uint64_t started = 0;
    out[0] = 0;
    if (prh_boot_machine(boot, sizeof boot) || process_facts((long)getpid(), &state, &started)) {
        return PAYROUTE_E_STORE;
    }
    (void)snprintf(out, PRH_LEASE_OWNER_CAP, "%s:%ld:%" PRIu64 ":%" PRIu64, boot, (long)getpid(), started,
                   pid_namespace());
    return PAYROUTE_OK;
}

typedef struct owner_parts {
    char boot[BOOT_LEN + 1];
    long pid;
    uint64_t started;
    uint64_t space;
} owner_parts;

static int number_part(const char **at, uint64_t *out)
{
    char *end = NULL;
    if (**at != ':' || (*at)[1] < '0' || (*at)[1] > '9') {
        return 0;
    }
    *out = strtoull(*at + 1, &end, 10);
    *at = end;
    return 1;
}

static int owner_read(const char *text, owner_parts *out)
{
    uint64_t pid = 0;
    if (strnlen(text, BOOT_LEN + 1) <= BOOT_LEN || memchr(text, ':', BOOT_LEN)) {
        return 0;
    }
    memcpy(out->boot, text, BOOT_LEN);
    out->boot[BOOT_LEN] = 0;
    const char *at = text + BOOT_LEN;
    if (!number_part(&at, &pid) || !number_part(&at, &out->started) || !number_part(&at, &out->space)
        || *at) {
        return 0;
    }
    out->pid = (long)pid;
    return pid > 0 && pid < 1u << 30;
}

/* Only what is certain counts: a file that cannot be read or understood is no proof of death. */
static int32_t is_dead(const owner_parts *owner)
{
    char boot[BOOT_LEN + 1];
    if (prh_boot_machine(boot, sizeof boot)) {
        return 0;
    }
    if (strcmp(boot, owner->boot) != 0) {
        return 1;
    }
    if (owner->space != pid_namespace() || !owner->space) {
        return 0;
    }
    char state = 0;
    uint64_t started = 0;
    int32_t rc = process_facts(owner->pid, &state, &started);
    if (rc == PAYROUTE_E_NOT_FOUND) {
        char self_state = 0; /* /proc itself must be readable, else nothing follows */
        return process_facts((long)getpid(), &self_state, &started) == PAYROUTE_OK;
    }
    return !rc && (started != owner->started || state == 'Z' || state == 'X');
}

int32_t prh_lease_free(const payroute_row_payment *row, const char *me, int64_t now_ms)
{
    const char *owner = row->lease_owner ? row->lease_owner : "";
    if (!*owner || row->lease_until_ms <= now_ms || (me && !strcmp(owner, me))) {
        return 1;
    }
    if (row->lease_until_ms - now_ms > LEASE_LONGEST_MS) {
        return 1; /* no lease is that long: it was given by a clock that was ahead */
    }
    owner_parts parts;
    return owner_read(owner, &parts) ? is_dead(&parts) : 0;
}
