/* The only place that calls the allocator. */
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *pr_mem_new(size_t size)
{
    return calloc(1, size > 0 ? size : 1);
}

void *pr_mem_array(size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) {
        return NULL;
    }
    return pr_mem_new(count * size);
}

void *pr_mem_grow(void *old, size_t old_size, size_t new_size)
{
    unsigned char *grown = pr_mem_new(new_size);
    if (grown == NULL) {
        return NULL;
    }
    if (old != NULL) {
        memcpy(grown, old, old_size < new_size ? old_size : new_size);
        pr_mem_free_secret(old, old_size);
    }
    return grown;
}

char *pr_mem_text(const char *text, size_t len)
{
    if (text == NULL || len == SIZE_MAX) {
        return NULL;
    }
    char *copy = pr_mem_new(len + 1);
    if (copy != NULL && len > 0) {
        memcpy(copy, text, len);
    }
    return copy;
}

void pr_mem_free(void *block)
{
    free(block);
}

void pr_mem_free_secret(void *block, size_t size)
{
    if (block != NULL) {
        pr_mem_wipe(block, size);
        free(block);
    }
}

void pr_mem_wipe(void *block, size_t size)
{
    if (block != NULL && size > 0) {
        memset(block, 0, size);
        /* Says that someone reads the block: so the store is no dead one. */
        __asm__ volatile("" : : "r"(block) : "memory");
    }
}
