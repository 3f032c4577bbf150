/* The side file that notices a restored database: it remembers, outside of the database's folder, how far the
   database had come. */
#ifndef PRH_SIDECAR_H
#define PRH_SIDECAR_H

#include "host/store.h"

#define PRH_BOOT_CAP 33 /* 32 hex digits and a NUL */

/* The database's own boot ids: a random one made by the first open after each boot of the machine, and the
   one before it. */
typedef struct prh_boot_ids {
    char now[PRH_BOOT_CAP];
    char before[PRH_BOOT_CAP]; /* "" at first */
} prh_boot_ids;

typedef struct prh_sidecar prh_sidecar;

/* Reads the ids from the store; makes and stores new ones when `machine` (prh_boot_machine; tests give their
   own) is not the boot they were made in. Ask prh_sidecar_verdict with them before prh_sidecar_begin.
   Returns: OK; as kv_get and kv_put. */
int32_t prh_store_boot_ids(prh_store *store, const char *machine, prh_boot_ids *out);

/* Opens or makes the side file of this store in `dir`. Returns: OK; E_ARG; E_STORE; E_NOMEM. */
int32_t prh_sidecar_open(prh_sidecar **out, const char *dir, const char *store_url, const char *instance,
                         char *why, size_t why_cap);
/* Has the database forgotten something that the side file knows? Returns: OK (also when the file is new);
   E_AMNESIA (`why` says what was seen); E_CHECKSUM (the file cannot be read: treat it as new, and say so). */
int32_t prh_sidecar_verdict(const prh_sidecar *sidecar, int64_t counter, const prh_boot_ids *ids, char *why,
                            size_t why_cap);
/* From now on this is what is noted; written and synced at once. Overwrites what the file knew: after a
   verdict of OK, or once amnesia is noted durably in the database. Returns: OK; E_STORE. */
int32_t prh_sidecar_begin(prh_sidecar *sidecar, int64_t counter, const prh_boot_ids *ids);
/* After each commit, without sync; never goes back. Nothing is written before prh_sidecar_begin. Returns: OK;
   E_STORE. */
int32_t prh_sidecar_note(prh_sidecar *sidecar, int64_t counter);
/* Syncs at most once a minute; for the sweep. Returns: OK; E_STORE. */
int32_t prh_sidecar_sync(prh_sidecar *sidecar, int64_t now_ms);
void prh_sidecar_close(prh_sidecar *sidecar); /* NULL is fine */

#endif
