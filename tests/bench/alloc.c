/* malloc of the whole program, counted by what the C library really sets aside. Needs glibc, since only there
   has the real one a second name, and no sanitizer. */
#include "bench.h"

#include <malloc.h>
#include <stdlib.h>

static int counting;
static long live, calls;

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)

/* Visible, or the shared libraries would go on with the C library's. */
#define PUBLIC __attribute__((visibility("default")))

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void __libc_free(void *block);

static void *taken(void *block)
{
    if (counting && block != NULL) {
        live += (long)malloc_usable_size(block);
        calls++;
    }
    return block;
}

static void given(void *block)
{
    if (counting && block != NULL) {
        live -= (long)malloc_usable_size(block);
    }
}

PUBLIC void *malloc(size_t size)
{
    return taken(__libc_malloc(size));
}

PUBLIC void *calloc(size_t count, size_t size)
{
    return taken(__libc_calloc(count, size));
}

PUBLIC void *realloc(void *block, size_t size)
{
    long before = counting && block != NULL ? (long)malloc_usable_size(block) : 0;
    void *moved = __libc_realloc(block, size);
    live -= moved != NULL ? before : 0;
    return taken(moved);
}

PUBLIC void free(void *block)
{
    given(block);
    __libc_free(block);
}

static const int works = 1;

#else

static const int works = 0;

#endif

void bench_alloc_begin(void)
{
    counting = 1;
    live = calls = 0;
}

long bench_alloc_live(void)
{
    return works ? live : -1;
}

long bench_alloc_calls(void)
{
    counting = 0;
    return works ? calls : -1;
}
