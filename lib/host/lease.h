/* Who holds a payment, and whether he still lives: a worker that died is taken over at once, not after its
   lease. */
#ifndef PRH_LEASE_H
#define PRH_LEASE_H

#include <payroute/rows.h>

#define PRH_LEASE_OWNER_CAP 96

/* The boot id of the running machine, 36 characters and a NUL. Returns: OK; E_BUFFER; E_STORE (no /proc). */
int32_t prh_boot_machine(char *out, size_t cap);

/* This process as "bootid:pid:starttime:namespace". Returns: OK; E_STORE (no /proc). */
int32_t prh_lease_owner(char out[PRH_LEASE_OWNER_CAP]);

/* May `me` take the lease: 1 when there is no owner, it is `me`, its time is over, or it is a process of this
   machine that is dead (gone, a zombie, another process with its number, or of an earlier boot). 0 while it
   may live. Only for stores of one machine. */
int32_t prh_lease_free(const payroute_row_payment *row, const char *me, int64_t now_ms);

#endif
