/* Records: the layout is fixed, the writer measures, the reader never passes the end; CRC-32C has its known
   values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/wire.h"

static void write_all(pr_wire_out *w)
{
    pr_wire_u8(w, 0x01);
    pr_wire_u16(w, 0x0302);
    pr_wire_u32(w, 0x07060504U);
    pr_wire_u64(w, 0x0f0e0d0c0b0a0908U);
    pr_wire_i64(w, -2);
    pr_wire_bytes(w, "xyz", 3);
    pr_wire_str(w, "hello");
    pr_wire_str(w, NULL);
}

static void layout_is_fixed(void **state)
{
    (void)state;
    static const uint8_t expected[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b,
                                       0x0c, 0x0d, 0x0e, 0x0f, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                       0xff, 'x',  'y',  'z',  5,    'h',  'e',  'l',  'l',  'o',  0};
    uint8_t bytes[64];
    pr_wire_out measure = {NULL, 0, 0};
    write_all(&measure);
    assert_int_equal(measure.len, sizeof expected);
    pr_wire_out w = {bytes, sizeof bytes, 0};
    write_all(&w);
    assert_int_equal(w.len, sizeof expected);
    assert_memory_equal(bytes, expected, sizeof expected);

    pr_wire_in r = {bytes, w.len, 0, 0};
    char text[8];
    char three[3];
    assert_int_equal(pr_wire_get_u8(&r), 0x01);
    assert_int_equal(pr_wire_get_u16(&r), 0x0302);
    assert_int_equal(pr_wire_get_u32(&r), 0x07060504U);
    assert_true(pr_wire_get_u64(&r) == 0x0f0e0d0c0b0a0908U);
    assert_true(pr_wire_get_i64(&r) == -2);
    pr_wire_get_bytes(&r, three, 3);
    assert_memory_equal(three, "xyz", 3);
    pr_wire_get_str(&r, text, sizeof text);
    assert_string_equal(text, "hello");
    pr_wire_get_str(&r, text, sizeof text);
    assert_string_equal(text, "");
    assert_int_equal(r.bad, 0);
    assert_int_equal(r.pos, r.len);
}

static void writer_never_overruns(void **state)
{
    (void)state;
    for (size_t cap = 0; cap < 33; cap++) {
        uint8_t bytes[40];
        memset(bytes, 0xAA, sizeof bytes);
        pr_wire_out w = {bytes, cap, 0};
        write_all(&w);
        assert_int_equal(w.len, 33);
        for (size_t i = cap; i < sizeof bytes; i++) {
            assert_int_equal(bytes[i], 0xAA);
        }
    }
    char longer[257];
    memset(longer, 'a', sizeof longer);
    longer[256] = '\0';
    uint8_t bytes[300];
    pr_wire_out w = {bytes, sizeof bytes, 0};
    pr_wire_str(&w, longer);
    assert_true(w.len > w.cap);
    pr_wire_u8(&w, 1);
    assert_true(w.len > w.cap); /* sticky */
    longer[255] = '\0';
    w.len = 0;
    pr_wire_str(&w, longer);
    assert_int_equal(w.len, 256);
}

static void reader_stops_at_the_end(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {1, 2, 3};
    pr_wire_in r = {bytes, sizeof bytes, 0, 0};
    assert_int_equal(pr_wire_get_u32(&r), 0);
    assert_int_equal(r.bad, 1);
    assert_int_equal(pr_wire_get_u8(&r), 0); /* sticky, though a byte is there */
    uint8_t out[4] = {9, 9, 9, 9};
    pr_wire_get_bytes(&r, out, sizeof out);
    assert_int_equal(out[0] | out[1] | out[2] | out[3], 0);

    static const uint8_t text[] = {5, 'h', 'e', 'l', 'l', 'o', 3, 'a', 0, 'b', 9, 'x'};
    char room[6];
    pr_wire_in fits = {text, sizeof text, 0, 0};
    pr_wire_get_str(&fits, room, sizeof room);
    assert_string_equal(room, "hello");
    pr_wire_get_str(&fits, room, sizeof room); /* holds a NUL */
    assert_int_equal(fits.bad, 1);
    assert_string_equal(room, "");
    pr_wire_in tight = {text, sizeof text, 0, 0};
    pr_wire_get_str(&tight, room, 5);
    assert_int_equal(tight.bad, 1);
    pr_wire_in beyond = {text, sizeof text, 10, 0};
    pr_wire_get_str(&beyond, room, sizeof room);
    assert_int_equal(beyond.bad, 1);
    pr_wire_in wrong = {text, 3, 7, 0}; /* a position past the end is no reason to read there */
    assert_int_equal(pr_wire_get_u8(&wrong), 0);
    assert_int_equal(wrong.bad, 1);
}

/* RFC 3720 B.4 and the usual check value. */
static void crc_known_values(void **state)
{
    (void)state;
    uint8_t block[32];
    assert_int_equal(pr_crc32c("123456789", 9), 0xE3069283U);
    assert_int_equal(pr_crc32c("", 0), 0);
    assert_int_equal(pr_crc32c(NULL, 0), 0);
    memset(block, 0, sizeof block);
    assert_int_equal(pr_crc32c(block, sizeof block), 0x8A9136AAU);
    memset(block, 0xFF, sizeof block);
    assert_int_equal(pr_crc32c(block, sizeof block), 0x62A8AB43U);
    for (size_t i = 0; i < sizeof block; i++) {
        block[i] = (uint8_t)i;
    }
    assert_int_equal(pr_crc32c(block, sizeof block), 0x46DD794EU);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layout_is_fixed),
        cmocka_unit_test(writer_never_overruns),
        cmocka_unit_test(reader_stops_at_the_end),
        cmocka_unit_test(crc_known_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
