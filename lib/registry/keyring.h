/* Certificates of providers that were fetched while running, beside the immutable registry: which keys of a
   provider sign for a channel now. Bounded; what is proven comes in, the oldest of a channel goes. */
#ifndef PR_REGISTRY_KEYRING_H
#define PR_REGISTRY_KEYRING_H

#include "registry/registry.h"

enum { PR_KEYRING_MAX = 128, PR_KEYRING_CHANNEL_MAX = 8, PR_AUX_ID_CAP = 129 };

typedef struct pr_aux_key {
    char channel[PR_CHANNEL_ID_CAP];
    char id[PR_AUX_ID_CAP];
    pr_key *key; /* NULL: the place is free */
    int64_t from_ms;
    int64_t until_ms;
    int64_t put_no; /* the smallest came first */
} pr_aux_key;

typedef struct pr_keyring {
    pr_aux_key at[PR_KEYRING_MAX];
    int64_t puts;
} pr_keyring;

/* The key that this channel's provider signs with under this serial number; NULL: unknown, or not valid at
   now_ms. ring NULL: NULL. */
const pr_key *pr_keyring_find(const pr_keyring *ring, const pr_channel *channel, const char *id,
                              int64_t now_ms);
/* Takes the key in every case. One under the same id is replaced. E_ARG. */
int32_t pr_keyring_put(pr_keyring *ring, const pr_channel *channel, const char *id, pr_key *key,
                       int64_t from_ms, int64_t until_ms);
void pr_keyring_clear(pr_keyring *ring);

#endif
