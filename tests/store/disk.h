/* A disk in memory, as a SQLite VFS, which forgets at a power cut what was not synced: writes, truncations,
   new and deleted names. */
#ifndef STORE_DISK_H
#define STORE_DISK_H

#include <stdint.h>

#define DISK_VFS "cut"

/* of what was not synced; SOME tears writes into sectors */
enum disk_keep { DISK_NOTHING, DISK_ALL, DISK_SOME };

typedef struct disk_state {
    int64_t operations;    /* writes, truncations, syncs, new and deleted files so far */
    int64_t cut_at;        /* the power goes before this one; 0: never */
    int64_t fail_at;       /* this one fails with an I/O error */
    int fail_on;           /* 1: and all that follow */
    int off;               /* no power: everything fails */
    int full;              /* 1: files cannot grow while `full_until_gone` exists */
    const char *full_until_gone;
    int64_t syncs;
} disk_state;

extern disk_state disk;

void disk_register(void);
void disk_reset(void);                              /* an empty disk with power */
void disk_power_cut(int keep, uint64_t *seed);      /* and power again */

#endif
