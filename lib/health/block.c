/* A block from nothing, a look at a block that others made, and the claiming of slots and cells in it. */
#include "health/block.h"
#include "health/number.h"
#include "health/rate.h"

#include <payroute/base.h>

#include <string.h>

static const char magic[8] = {'P', 'R', 'H', 'E', 'A', 'L', 'T', 'H'};
static const uint64_t UNUSED_MS = 30ULL * 86400 * 1000;

static uint64_t stir(uint64_t h, uint64_t word)
{
    h = (h ^ word) * 0x9E3779B97F4A7C15ULL;
    h = (h ^ (h >> 29)) * 0xBF58476D1CE4E5B9ULL;
    return h ^ (h >> 32);
}

static uint64_t hash_text(const char *text, uint64_t h)
{
    for (; *text != '\0'; text++) {
        h = stir(h, (unsigned char)*text + 1U);
    }
    return h;
}

uint32_t pr_health_hash(const char *text)
{
    if (text == NULL || text[0] == '\0') {
        return 0;
    }
    uint32_t h = (uint32_t)hash_text(text, 0x243F6A8885A308D3ULL);
    return h != 0 ? h : 1;
}

static int32_t round_up(int32_t n, int32_t low, int32_t high)
{
    int32_t p = low;
    while (p < n && p < high) {
        p *= 2;
    }
    return p;
}

static size_t size_of(uint64_t channels, uint64_t cells)
{
    return (size_t)(sizeof(pr_block_header) + channels * sizeof(pr_slot) + cells * sizeof(pr_cell));
}

size_t pr_health_size(int32_t channels, int32_t cells)
{
    return size_of((uint64_t)round_up(channels, 4, PR_CHANNELS_CAP),
                   (uint64_t)round_up(cells, 16, PR_CELLS_CAP));
}

static uint64_t sum_of(const pr_block_header *b)
{
    uint64_t h = stir(b->size, (uint64_t)b->layout << 32 | b->header_size);
    h = stir(h, (uint64_t)b->channels << 32 | b->cells);
    return stir(h, (uint64_t)b->made_ms);
}

int32_t pr_health_init(pr_health *out, void *block, size_t size, int32_t channels, int32_t cells,
                       int64_t now_ms)
{
    if (out == NULL || block == NULL || (uintptr_t)block % sizeof(uint64_t) != 0 || channels < 1 ||
        cells < 1) {
        return PAYROUTE_E_ARG;
    }
    channels = round_up(channels, 4, PR_CHANNELS_CAP);
    cells = round_up(cells, 16, PR_CELLS_CAP);
    if (size < size_of((uint64_t)channels, (uint64_t)cells)) {
        return PAYROUTE_E_RANGE;
    }
    pr_block_header *b = block;
    memcpy(b->magic, magic, sizeof magic);
    b->layout = PR_BLOCK_LAYOUT;
    b->header_size = sizeof *b;
    b->size = size;
    b->channels = (uint32_t)channels;
    b->cells = (uint32_t)cells;
    b->made_ms = now_ms;
    b->sum = sum_of(b);
    atomic_store_explicit(&b->ready, 1, memory_order_release);
    *out = (pr_health){block, size, channels, cells};
    return PAYROUTE_OK;
}

int32_t pr_health_attach(pr_health *out, void *block, size_t size)
{
    const pr_block_header *b = block;
    if (out == NULL || block == NULL || (uintptr_t)block % sizeof(uint64_t) != 0) {
        return PAYROUTE_E_ARG;
    }
    if (size < sizeof *b || memcmp(b->magic, magic, sizeof magic) != 0) {
        return PAYROUTE_E_FOREIGN;
    }
    if (b->layout != PR_BLOCK_LAYOUT || b->header_size != sizeof *b) {
        return PAYROUTE_E_VERSION;
    }
    int32_t channels = (int32_t)b->channels, cells = (int32_t)b->cells;
    if (b->size != size || b->sum != sum_of(b) || b->channels > PR_CHANNELS_CAP || b->cells > PR_CELLS_CAP ||
        channels != round_up(channels, 4, PR_CHANNELS_CAP) || cells != round_up(cells, 16, PR_CELLS_CAP) ||
        size < size_of(b->channels, b->cells) || atomic_load_explicit(&b->ready, memory_order_acquire) != 1) {
        return PAYROUTE_E_CHECKSUM;
    }
    *out = (pr_health){block, size, channels, cells};
    return PAYROUTE_OK;
}

/* Back to nothing known, but for the belief. The key is written by the caller. */
static void wipe(pr_slot *s)
{
    pr_word *w = &s->filter;
    pr_word *end = (pr_word *)(s + 1);
    for (; w < end; w++) {
        pr_write(w, 0);
    }
}

static uint64_t pack_prior(const pr_health_prior *p)
{
    uint64_t success =
        (uint64_t)(pr_clamp(p == NULL || p->success <= 0 ? 0.90 : p->success, 0.01, 0.999) * 65535.0);
    int32_t latency = p == NULL || p->latency_ms <= 0 ? 800 : p->latency_ms;
    int32_t timeout = p == NULL || p->timeout_ms <= 0 ? 30000 : p->timeout_ms;
    latency = latency > 600000 ? 600000 : latency;
    timeout = timeout > 3600000 ? 3600000 : timeout;
    return success << 48 | (uint64_t)latency << 24 | (uint64_t)timeout;
}

static void take(pr_slot *s, const pr_health_prior *prior, int64_t now_ms)
{
    pr_write(&s->used, (uint64_t)now_ms);
    pr_write(&s->prior, pack_prior(prior));
}

static int32_t slot_of(const pr_health *h, uint64_t key, int64_t now_ms, const pr_health_prior *prior)
{
    int32_t free_slot = PR_HEALTH_NO_SLOT;
    uint64_t free_key = 0;
    for (int32_t i = 0; i < PR_LOOK && i < h->channels; i++) {
        int32_t at = (int32_t)((key + (uint64_t)i) & (uint64_t)(h->channels - 1));
        pr_slot *s = pr_block_slot(h, at);
        uint64_t have = pr_read(&s->key);
        if (have == key) {
            take(s, prior, now_ms);
            return at;
        }
        int32_t old = have != 0 && (uint64_t)now_ms > pr_read(&s->used) + UNUSED_MS;
        if (free_slot < 0 && (have == 0 || old)) {
            free_slot = at;
            free_key = have;
        }
        if (have == 0) {
            break;
        }
    }
    if (free_slot < 0) {
        return PR_HEALTH_NO_SLOT;
    }
    pr_slot *s = pr_block_slot(h, free_slot);
    uint64_t seen = free_key;
    if (atomic_compare_exchange_strong(&s->key, &seen, key)) {
        if (free_key != 0) {
            wipe(s); /* a worker that still means the old channel adds to the new one's: bounded, and 30 days
                        idle */
        }
        take(s, prior, now_ms);
        return free_slot;
    }
    return seen == key ? free_slot : PR_HEALTH_NO_SLOT - 1; /* another was faster: look again */
}

int32_t pr_health_slot(const pr_health *h, const char *name, const pr_health_prior *prior, int64_t now_ms)
{
    if (name == NULL || name[0] == '\0' || strlen(name) >= 128) {
        return PR_HEALTH_NO_SLOT;
    }
    uint64_t key = hash_text(name, 0x13198A2E03707344ULL);
    return pr_health_slot_key(h, key != 0 ? key : 1, prior, now_ms);
}

int32_t pr_health_slot_key(const pr_health *h, uint64_t key, const pr_health_prior *prior, int64_t now_ms)
{
    for (int32_t tries = 0; key != 0 && tries < PR_LOOK; tries++) {
        int32_t slot = slot_of(h, key, now_ms, prior);
        if (slot >= PR_HEALTH_NO_SLOT) {
            return slot;
        }
    }
    return PR_HEALTH_NO_SLOT;
}

uint64_t pr_health_cell_key(uint64_t channel, uint32_t method, uint32_t issuer, uint32_t kind)
{
    uint64_t h = stir(channel, (uint64_t)method << 32 | issuer);
    h = stir(h, kind);
    return h != 0 ? h : 1;
}

pr_cell *pr_health_cell(const pr_health *h, uint64_t key, int32_t make, int64_t now_ms)
{
    pr_cell *room = NULL;
    uint64_t room_key = 0;
    for (uint32_t i = 0; i < PR_LOOK && i < (uint32_t)h->cells; i++) {
        pr_cell *c = pr_block_cell(h, (uint32_t)key + i);
        uint64_t have = pr_read(&c->key);
        if (have == key) {
            return c;
        }
        if (room == NULL && (have == 0 || pr_rate_old(pr_read(&c->word), now_ms))) {
            room = c;
            room_key = have;
        }
        if (have == 0) {
            break;
        }
    }
    if (!make || room == NULL) {
        return NULL;
    }
    if (atomic_compare_exchange_strong(&room->key, &room_key, key)) {
        pr_write(&room->word, 0);
        return room;
    }
    return room_key == key ? room : NULL; /* the other one has it: this one fact goes without a cell */
}
