/* malloc of the whole program, so that cJSON, mbedTLS, SQLite and libcurl meet it too. Needs glibc, since
   only there has the real one a second name, and no sanitizer. */
#include "alloc.h"

#include <stdlib.h>

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)

/* Visible, or the shared libraries would go on with the C library's. */
#define PUBLIC __attribute__((visibility("default")))

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void __libc_free(void *block);

static int counting, armed, persistent, paused;
static long live, asked, fatal;

static int must_fail(void)
{
    if (!armed || paused) {
        return 0;
    }
    asked++;
    return fatal > 0 && (asked == fatal || (persistent && asked > fatal));
}

PUBLIC void *malloc(size_t size)
{
    void *block = must_fail() ? NULL : __libc_malloc(size);
    live += counting && !paused && block;
    return block;
}

PUBLIC void *calloc(size_t count, size_t size)
{
    void *block = must_fail() ? NULL : __libc_calloc(count, size);
    live += counting && !paused && block;
    return block;
}

PUBLIC void *realloc(void *block, size_t size)
{
    void *moved = must_fail() ? NULL : __libc_realloc(block, size);
    live += counting && !paused && moved && !block;
    live -= counting && !paused && !moved && block && size == 0;
    return moved;
}

PUBLIC void free(void *block)
{
    live -= counting && !paused && block;
    __libc_free(block);
}

int alloc_works(void)
{
    return 1;
}

#else

static int counting, armed, persistent, paused;
static long live, asked, fatal;

int alloc_works(void)
{
    return 0;
}

#endif

void alloc_count(int on)
{
    counting = on;
    live = on ? 0 : live;
}

void alloc_pause(int on)
{
    paused = on;
}

long alloc_live(void)
{
    return live;
}

void alloc_fail(long n, int for_ever)
{
    asked = 0;
    fatal = n;
    persistent = for_ever;
    armed = 1;
}

long alloc_stop(void)
{
    armed = 0;
    return asked;
}

void alloc_resume(long so_far)
{
    asked = so_far;
    armed = 1;
}
