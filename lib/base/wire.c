/* Little-endian records. The writer counts past the end of its buffer, so that one function both measures and
   writes. */
#include "base/wire.h"

#include <string.h>

static void put_bytes(pr_wire_out *w, const void *v, size_t len)
{
    if (len > SIZE_MAX - w->len) {
        w->len = SIZE_MAX;
        return;
    }
    if (len > 0 && w->at != NULL && w->len <= w->cap && len <= w->cap - w->len) {
        memcpy(w->at + w->len, v, len);
    }
    w->len += len;
}

static void put_number(pr_wire_out *w, uint64_t v, size_t width)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < width; i++) {
        bytes[i] = (uint8_t)(v >> (8 * i));
    }
    put_bytes(w, bytes, width);
}

void pr_wire_u8(pr_wire_out *w, uint8_t v)
{
    put_number(w, v, 1);
}

void pr_wire_u16(pr_wire_out *w, uint16_t v)
{
    put_number(w, v, 2);
}

void pr_wire_u32(pr_wire_out *w, uint32_t v)
{
    put_number(w, v, 4);
}

void pr_wire_u64(pr_wire_out *w, uint64_t v)
{
    put_number(w, v, 8);
}

void pr_wire_i64(pr_wire_out *w, int64_t v)
{
    put_number(w, (uint64_t)v, 8);
}

void pr_wire_bytes(pr_wire_out *w, const void *v, size_t len)
{
    put_bytes(w, v, len);
}

void pr_wire_str(pr_wire_out *w, const char *s)
{
    size_t len = s == NULL ? 0 : strlen(s);
    if (len > 255) {
        /* A cut text would be a wrong record; a length no buffer can have is an error that nobody overlooks.
         */
        w->len = SIZE_MAX;
        return;
    }
    put_number(w, len, 1);
    put_bytes(w, s, len);
}

static const uint8_t *take(pr_wire_in *r, size_t len)
{
    if (r->bad || r->pos > r->len || len > r->len - r->pos) {
        r->bad = 1;
        return NULL;
    }
    const uint8_t *at = r->at + r->pos;
    r->pos += len;
    return at;
}

static uint64_t get_number(pr_wire_in *r, size_t width)
{
    const uint8_t *at = take(r, width);
    uint64_t v = 0;
    for (size_t i = 0; at != NULL && i < width; i++) {
        v |= (uint64_t)at[i] << (8 * i);
    }
    return v;
}

uint8_t pr_wire_get_u8(pr_wire_in *r)
{
    return (uint8_t)get_number(r, 1);
}

uint16_t pr_wire_get_u16(pr_wire_in *r)
{
    return (uint16_t)get_number(r, 2);
}

uint32_t pr_wire_get_u32(pr_wire_in *r)
{
    return (uint32_t)get_number(r, 4);
}

uint64_t pr_wire_get_u64(pr_wire_in *r)
{
    return get_number(r, 8);
}

int64_t pr_wire_get_i64(pr_wire_in *r)
{
    return (int64_t)get_number(r, 8);
}

void pr_wire_get_bytes(pr_wire_in *r, void *out, size_t len)
{
    if (len == 0) {
        return;
    }
    const uint8_t *at = take(r, len);
    if (at != NULL) {
        memcpy(out, at, len);
    } else {
        memset(out, 0, len);
    }
}

void pr_wire_get_str(pr_wire_in *r, char *out, size_t cap)
{
    size_t len = pr_wire_get_u8(r);
    const uint8_t *at = take(r, len);
    if (cap > 0) {
        out[0] = '\0';
    }
    if (at == NULL) {
        return;
    }
    if (len >= cap || (len > 0 && memchr(at, 0, len) != NULL)) {
        r->bad = 1;
        return;
    }
    if (len > 0) {
        memcpy(out, at, len);
    }
    out[len] = '\0';
}

uint32_t pr_crc32c(const void *data, size_t len)
{
    /* Remainders of the sixteen half bytes for the reflected Castagnoli polynomial 0x82F63B78. */
    static const uint32_t half[16] = {0x00000000, 0x105EC76F, 0x20BD8EDE, 0x30E349B1, 0x417B1DBC, 0x5125DAD3,
                                      0x61C69362, 0x7198540D, 0x82F63B78, 0x92A8FC17, 0xA24BB5A6, 0xB21572C9,
                                      0xC38D26C4, 0xD3D3E1AB, 0xE330A81A, 0xF36E6F75};
    const uint8_t *at = data;
    uint32_t crc = 0xFFFFFFFFU;
    for (size_t i = 0; i < len; i++) {
        crc ^= at[i];
        crc = (crc >> 4) ^ half[crc & 15U];
        crc = (crc >> 4) ^ half[crc & 15U];
    }
    return crc ^ 0xFFFFFFFFU;
}
