/* Memory: overflow-checked sizes and zeroising release. Nothing in lib/ calls malloc or free elsewhere. */
#ifndef PR_BASE_MEM_H
#define PR_BASE_MEM_H

#include <stddef.h>

void *pr_mem_new(size_t size);                 /* zeroed; NULL: no memory */
void *pr_mem_array(size_t count, size_t size); /* zeroed; NULL also when count * size overflows */
/* Moves by copy and zeroises the old block; NULL keeps it. */
void *pr_mem_grow(void *old, size_t old_size, size_t new_size);
char *pr_mem_text(const char *text, size_t len); /* NUL-terminated copy */
void pr_mem_free(void *block);
void pr_mem_free_secret(void *block, size_t size); /* zeroises first */
void pr_mem_wipe(void *block, size_t size);        /* not optimised away */

#endif
