/* Little-endian records with bounds: a reader that can never pass the end, a writer that can never overrun;
   failure is sticky. CRC-32C over the whole. */
#ifndef PR_BASE_WIRE_H
#define PR_BASE_WIRE_H

#include <stddef.h>
#include <stdint.h>

typedef struct pr_wire_out {
    uint8_t *at;
    size_t cap;
    size_t len; /* counts on past cap, so that a NULL buffer measures */
} pr_wire_out;

void pr_wire_u8(pr_wire_out *w, uint8_t v);
void pr_wire_u16(pr_wire_out *w, uint16_t v);
void pr_wire_u32(pr_wire_out *w, uint32_t v);
void pr_wire_u64(pr_wire_out *w, uint64_t v);
void pr_wire_i64(pr_wire_out *w, int64_t v);
void pr_wire_bytes(pr_wire_out *w, const void *v, size_t len);
/* Length byte, then the bytes. More than 255 makes `len` SIZE_MAX, which fits into no buffer: never a cut text. */
void pr_wire_str(pr_wire_out *w, const char *s);

typedef struct pr_wire_in {
    const uint8_t *at;
    size_t len;
    size_t pos;
    int32_t bad; /* 1: something passed the end; every later read gives 0 */
} pr_wire_in;

uint8_t pr_wire_get_u8(pr_wire_in *r);
uint16_t pr_wire_get_u16(pr_wire_in *r);
uint32_t pr_wire_get_u32(pr_wire_in *r);
uint64_t pr_wire_get_u64(pr_wire_in *r);
int64_t pr_wire_get_i64(pr_wire_in *r);
void pr_wire_get_bytes(pr_wire_in *r, void *out, size_t len);
/* Bad when it does not fit with its NUL or holds one. */
void pr_wire_get_str(pr_wire_in *r, char *out, size_t cap);

uint32_t pr_crc32c(const void *data, size_t len);

#endif
