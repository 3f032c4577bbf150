/* A block from nothing, a look at a block that others made, and the claiming of slots and cells in it. */
#include "health/block.h"
#include "health/blame.h"
#include "health/latency.h"
#include "health/number.h"
#include "health/rate.h"

#include <payroute/base.h>

#include <string.h>

static const char magic[8] = {'P', 'R', 'H', 'E', 'A', 'L', 'T', 'H'};
static const int64_t UNUSED_MS = 30LL * 86400 * 1000;
static const int64_t STEP_MS =
    60000; /* "used" is written no more often: it shares a line with what all read */

static uint64_t hash_text(const char *text, uint64_t h)
{
    for (; *text != '\0'; text++) {
        h = pr_health_stir(h, (unsigned char)*text + 1U);
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
    uint64_t h = pr_health_stir(b->size, (uint64_t)b->layout << 32 | b->header_size);
    h = pr_health_stir(h, (uint64_t)b->channels << 32 | b->cells);
    return pr_health_stir(h, (uint64_t)b->made_ms);
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
    *out = (pr_health){block, size, channels, cells, NULL};
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
    pr_block_header seen;
    memcpy(&seen, b, offsetof(pr_block_header, ready)); /* what is checked is what is used */
    if (seen.size != size || seen.sum != sum_of(&seen) || seen.channels > PR_CHANNELS_CAP ||
        seen.cells > PR_CELLS_CAP ||
        seen.channels != (uint32_t)round_up((int32_t)seen.channels, 4, PR_CHANNELS_CAP) ||
        seen.cells != (uint32_t)round_up((int32_t)seen.cells, 16, PR_CELLS_CAP) ||
        size < size_of(seen.channels, seen.cells) ||
        atomic_load_explicit(&b->ready, memory_order_acquire) != 1) {
        return PAYROUTE_E_CHECKSUM;
    }
    *out = (pr_health){block, size, (int32_t)seen.channels, (int32_t)seen.cells, NULL};
    return PAYROUTE_OK;
}

/* Back to nothing known. The key is written by the caller. */
static void wipe(pr_slot *s)
{
    for (pr_word *w = &s->used; w < (pr_word *)(s + 1); w++) {
        pr_write(w, 0);
    }
}

static uint64_t pack_prior(const pr_health_prior *p)
{
    uint64_t success =
        (uint64_t)(pr_clamp(p == NULL || !(p->success > 0) ? 0.90 : p->success, 0.01, 0.999) * 65535.0);
    int32_t latency = p == NULL || p->latency_ms <= 0 ? 800 : p->latency_ms;
    int32_t timeout = p == NULL || p->timeout_ms <= 0 ? 30000 : p->timeout_ms;
    latency = latency > 600000 ? 600000 : latency;
    timeout = timeout > 3600000 ? 3600000 : timeout;
    return success << 48 | (uint64_t)latency << 24 | (uint64_t)timeout;
}

/* Found or claimed. Whoever died between claiming and emptying left a slot that is emptied now; a worker that
   still means the channel that was here adds a few facts to the wrong one: bounded, and it was idle for 30
   days. */
static void take_slot(pr_slot *s, uint64_t key, const pr_health_prior *prior, int64_t now_ms)
{
    if (pr_read(&s->wiped) != key) {
        wipe(s);
        pr_write(&s->wiped, key);
    }
    int64_t used = pr_time_read(&s->used);
    if (now_ms > used + STEP_MS || now_ms < used - STEP_MS) {
        pr_write(&s->used, (uint64_t)now_ms);
    }
    uint64_t belief = pack_prior(prior);
    if (pr_read(&s->prior) != belief || atomic_load_explicit(&s->tail[0], memory_order_relaxed) == 0) {
        pr_write(&s->prior, belief);
        pr_latency_refresh(s);
    }
}

static int32_t slot_of(const pr_health *h, uint64_t key, int64_t now_ms, const pr_health_prior *prior)
{
    int32_t room = PR_HEALTH_NO_SLOT;
    uint64_t room_key = 0;
    for (int32_t i = 0; i < PR_LOOK && i < h->channels; i++) {
        int32_t at = (int32_t)((key + (uint64_t)i) & (uint64_t)(h->channels - 1));
        pr_slot *s = pr_block_slot(h, at);
        uint64_t have = pr_read(&s->key);
        if (have == key) {
            take_slot(s, key, prior, now_ms);
            return at;
        }
        if (have == 0 || (room < 0 && now_ms - pr_time_read(&s->used) > UNUSED_MS)) {
            room = at; /* a free one rather than one that is idle */
            room_key = have;
        }
        if (have == 0) {
            break;
        }
    }
    if (room < 0) {
        return PR_HEALTH_NO_SLOT;
    }
    pr_slot *s = pr_block_slot(h, room);
    uint64_t seen = room_key, none = 0;
    if (room_key ==
        0) { /* all zeros: said before it is claimed, so that nobody empties what others already fill */
        (void)atomic_compare_exchange_strong(&s->wiped, &none, key);
    }
    if (!atomic_compare_exchange_strong(&s->key, &seen, key) && seen != key) {
        return PR_HEALTH_NO_SLOT - 1; /* another was faster: look again */
    }
    take_slot(s, key, prior, now_ms);
    return room;
}

int32_t pr_health_slot(const pr_health *h, const char *name, const pr_health_prior *prior, int64_t now_ms)
{
    if (h == NULL || name == NULL || name[0] == '\0' || strlen(name) >= 128 || !pr_time_fits(now_ms)) {
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

/* 1: nothing that this cell could still say. One that was claimed and holds nothing yet is not for others. */
static int32_t is_old(uint64_t key, uint64_t word, int64_t now_ms)
{
    return (key & 3) < PR_CELL_PAIR ? pr_rate_old(word, now_ms) : pr_storm_old(word, now_ms);
}

pr_cell *pr_health_cell(const pr_health *h, uint64_t key, int64_t now_ms)
{
    pr_cell *room = NULL;
    uint64_t room_key = 0;
    for (uint32_t i = 0; i < PR_LOOK && i < (uint32_t)h->cells; i++) {
        pr_cell *c = pr_block_cell(h, (uint32_t)(key >> 8) + i);
        uint64_t have = pr_read(&c->key);
        if (have == key) {
            return c;
        }
        if (have == 0 || (room == NULL && is_old(have, pr_read(&c->word), now_ms))) {
            room = c;
            room_key = have;
        }
        if (have == 0) {
            break;
        }
    }
    if (room == NULL) {
        return NULL;
    }
    if (atomic_compare_exchange_strong(&room->key, &room_key, key)) {
        pr_write(&room->word, 0);
        return room;
    }
    return room_key == key ? room : NULL; /* the other one has it: this one fact goes without a cell */
}
