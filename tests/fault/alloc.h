/* Allocation n fails, in every library of the process. */
#ifndef TEST_ALLOC_H
#define TEST_ALLOC_H

int alloc_works(void);    /* 0: a sanitizer owns the allocator */
void alloc_count(int on); /* live blocks are counted from here on, from 0 */
void alloc_pause(int on); /* 1: neither count nor fail for a while */
long alloc_live(void);    /* since it was switched on */
/* Allocation number n from now on fails (0: none), and all after it when for_ever. */
void alloc_fail(long n, int for_ever);
/* No more failing; how many allocations were asked for since alloc_fail. */
long alloc_stop(void);
void alloc_resume(long asked); /* goes on failing and counting where alloc_stop ended */

#endif
