/* One character of UTF-8 at a time, as Unicode table 3-7 defines well-formed: no overlong forms, no
   surrogates. */
#ifndef PR_BASE_UTF8_H
#define PR_BASE_UTF8_H

#include <stddef.h>

size_t pr_utf8_step(const char *s, size_t len); /* bytes of the character at s; 0: ill-formed or len 0 */
size_t pr_utf8_floor(const char *s, size_t len, size_t cut); /* largest boundary <= cut */

#endif
