/* The ring itself: a few dozen places, looked through from end to end. */
#include "registry/keyring.h"

#include <payroute/base.h>

#include <string.h>

static int32_t is_of(const pr_aux_key *k, const pr_channel *channel)
{
    return k->key != NULL && strcmp(k->channel, channel->id) == 0;
}

const pr_key *pr_keyring_find(const pr_keyring *ring, const pr_channel *channel, const char *id,
                              int64_t now_ms)
{
    for (int32_t i = 0; ring != NULL && i < PR_KEYRING_MAX; i++) {
        const pr_aux_key *k = &ring->at[i];
        if (is_of(k, channel) && strcmp(k->id, id) == 0) {
            return now_ms >= k->from_ms && now_ms < k->until_ms ? k->key : NULL;
        }
    }
    return NULL;
}

/* Where it goes: its own place, else the channel's oldest when the channel has its share, else a free one,
   else the oldest of all. */
static pr_aux_key *place_for(pr_keyring *ring, const pr_channel *channel, const char *id)
{
    pr_aux_key *unused = NULL, *oldest = NULL, *own = NULL;
    int32_t share = 0;
    for (int32_t i = 0; i < PR_KEYRING_MAX; i++) {
        pr_aux_key *k = &ring->at[i];
        if (k->key == NULL) {
            unused = unused != NULL ? unused : k;
            continue;
        }
        oldest = oldest == NULL || k->put_no < oldest->put_no ? k : oldest;
        if (is_of(k, channel)) {
            if (strcmp(k->id, id) == 0) {
                return k;
            }
            share++;
            own = own == NULL || k->put_no < own->put_no ? k : own;
        }
    }
    return share >= PR_KEYRING_CHANNEL_MAX ? own : unused != NULL ? unused : oldest;
}

int32_t pr_keyring_put(pr_keyring *ring, const pr_channel *channel, const char *id, pr_key *key,
                       int64_t from_ms, int64_t until_ms)
{
    size_t len = strlen(id);
    if (key == NULL || len == 0 || len >= PR_AUX_ID_CAP) {
        pr_key_free(key);
        return PAYROUTE_E_ARG;
    }
    pr_aux_key *k = place_for(ring, channel, id);
    pr_key_free(k->key);
    memset(k, 0, sizeof *k);
    memcpy(k->channel, channel->id, strlen(channel->id) + 1);
    memcpy(k->id, id, len + 1);
    k->key = key;
    k->from_ms = from_ms;
    k->until_ms = until_ms;
    k->put_no = ++ring->puts;
    return PAYROUTE_OK;
}

void pr_keyring_clear(pr_keyring *ring)
{
    for (int32_t i = 0; i < PR_KEYRING_MAX; i++) {
        pr_key_free(ring->at[i].key);
    }
    memset(ring, 0, sizeof *ring);
}
