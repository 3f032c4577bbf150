/* What comes back in one exchange, collected under caps, and whether all of it came. */
#ifndef PRH_DRIVER_ANSWER_H
#define PRH_DRIVER_ANSWER_H

#include <stddef.h>
#include <stdint.h>

#define PRH_HEADER_CAP (16u * 1024u)
#define PRH_BODY_CAP (1024u * 1024u)

/* Why we ended it ourselves. */
enum prh_broken { PRH_BROKEN_NOT = 0, PRH_BROKEN_HUGE = 1, PRH_BROKEN_MEMORY = 2, PRH_BROKEN_SLOW = 3 };

typedef struct prh_answer {
    char *headers; /* of the response in hand; a 1xx before it is dropped */
    size_t headers_len;
    size_t header_sum; /* of all responses: the cap counts what was sent, not what was kept */
    char *body;
    size_t body_len;
    size_t body_cap;
    int32_t broken;    /* enum prh_broken */
    int64_t first_ms;  /* monotonic moment of the first byte; 0: none yet */
    int64_t slow_ms;   /* begin of the window that is judged for speed */
    size_t slow_bytes; /* received inside it */
} prh_answer;

/* Take bytes; 0 means: stop the transfer. */
int32_t prh_answer_header(prh_answer *answer, const char *line, size_t len, int64_t mono_ms);
int32_t prh_answer_body(prh_answer *answer, const char *bytes, size_t len, int64_t mono_ms);
/* 1 when an answer has begun and trickles. */
int32_t prh_answer_too_slow(prh_answer *answer, int64_t mono_ms);
/* 1 when the message says where its body ends, once, and the transfer got there without an error. */
int32_t prh_answer_complete(const prh_answer *answer, int32_t status, int32_t no_body);
void prh_answer_free(prh_answer *answer);

#endif
