/* See handle.h. */
#include "health/handle.h"
#include "base/mem.h"
#include "health/memo.h"

enum { LINE = 64 };

size_t payroute_health_size(int32_t channels, int32_t cells)
{
    return pr_health_size(channels, cells);
}

static int32_t wrap_view(payroute_health **out, void *memory, void *own, size_t size, int32_t make,
                         int32_t channels, int32_t cells, int64_t now_ms)
{
    payroute_health *h = pr_mem_new(sizeof *h);
    if (h == NULL) {
        return PAYROUTE_E_NOMEM;
    }
    int32_t rc = make ? pr_health_init(&h->view, memory, size, channels, cells, now_ms)
                      : pr_health_attach(&h->view, memory, size);
    if (rc == PAYROUTE_OK) {
        h->view.memo = pr_mem_new(pr_memo_size(h->view.channels));
        rc = h->view.memo != NULL ? PAYROUTE_OK : PAYROUTE_E_NOMEM;
    }
    if (rc != PAYROUTE_OK) {
        pr_mem_free(h);
        return rc;
    }
    h->own = own;
    *out = h;
    return PAYROUTE_OK;
}

int32_t payroute_health_new(payroute_health **out, int32_t channels, int32_t cells, int64_t now_ms)
{
    if (out == NULL) {
        return PAYROUTE_E_ARG;
    }
    *out = NULL;
    if (channels < 1 || cells < 1) {
        return PAYROUTE_E_ARG;
    }
    size_t size = pr_health_size(channels, cells);
    char *own = pr_mem_new(size + LINE - 1);
    if (own == NULL) {
        return PAYROUTE_E_NOMEM;
    }
    /* What is written together shall lie in as few lines of the cache as it was laid out for. */
    void *block = own + (LINE - (uintptr_t)own % LINE) % LINE;
    int32_t rc = wrap_view(out, block, own, size, 1, channels, cells, now_ms);
    if (rc != PAYROUTE_OK) {
        pr_mem_free(own);
    }
    return rc;
}

int32_t pr_health_copy(payroute_health **out, const payroute_health *from)
{
    if (out == NULL) {
        return PAYROUTE_E_ARG;
    }
    *out = NULL;
    if (from == NULL) {
        return PAYROUTE_E_ARG;
    }
    int32_t rc = payroute_health_new(out, from->view.channels, from->view.cells, 0);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    pr_block_header *to = pr_block(&(*out)->view);
    const pr_block_header *b = pr_block(&from->view);
    size_t words = pr_health_size(from->view.channels, from->view.cells) / sizeof(pr_word);
    for (size_t i = offsetof(pr_block_header, global) / sizeof(pr_word); i < words; i++) {
        pr_write((pr_word *)to + i, pr_read((const pr_word *)b + i));
    }
    return PAYROUTE_OK;
}

int32_t payroute_health_attach(payroute_health **out, void *memory, size_t size, int32_t make,
                               int32_t channels, int32_t cells, int64_t now_ms)
{
    if (out == NULL) {
        return PAYROUTE_E_ARG;
    }
    *out = NULL;
    return memory == NULL ? PAYROUTE_E_ARG
                          : wrap_view(out, memory, NULL, size, make, channels, cells, now_ms);
}

void payroute_health_free(payroute_health *health)
{
    if (health != NULL) {
        pr_mem_free(health->view.memo);
        pr_mem_free(health->own);
        pr_mem_free(health);
    }
}
