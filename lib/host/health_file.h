/* The health block in a file that all workers of a host map. The file is worth little: what is wrong with it
   is never repaired but replaced, and where no file can be, the block lives on the heap of this process, with
   a reason. */
#ifndef PRH_HEALTH_FILE_H
#define PRH_HEALTH_FILE_H

#include <payroute/health.h>

typedef struct prh_health_file prh_health_file;

/* Maps the file, makes it where there is none, and replaces it by a new one where it is foreign, of another
   version, damaged, short or empty. `path` NULL: on the heap, because nobody asked for a file. A file system
   that is read-only, full or on the network, a folder where anybody may write, a link, or another user's
   file: the heap too, and `why` says so ("" when the file is in use). A block that exists keeps its size,
   whatever is asked for. Returns: OK; E_ARG; E_NOMEM. */
int32_t prh_health_file_open(prh_health_file **out, const char *path, int32_t channels, int32_t cells,
                             int64_t now_ms, char *why, size_t why_cap);

/* The block to use now: looks at most once a second whether the file is still the one that is mapped, and
   goes over to the new one if not; from the heap it tries to come back once a minute. What it gave before
   stays mapped until the close. One thread at a time; the blocks themselves are for any number. */
payroute_health *prh_health_file_now(prh_health_file *f, int64_t now_ms);

/* 1: shared with other processes; 0: on the heap, and prh_health_file_why tells the reason. */
int32_t prh_health_file_shared(const prh_health_file *f);
const char *prh_health_file_why(const prh_health_file *f);
const char *prh_health_file_path(const prh_health_file *f); /* NULL: nobody asked for one */

/* The file stays. NULL is fine. */
void prh_health_file_close(prh_health_file *f);

#endif
