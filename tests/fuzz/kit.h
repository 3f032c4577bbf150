/* What the fuzz targets share: an input that is read as text, expectations, channels with keys of their own,
   and a signature that the harness can make in a microsecond, so that the fuzzer reaches what lies behind it.
 */
#ifndef FUZZ_KIT_H
#define FUZZ_KIT_H

#include "adapters/adapter.h"

#include <payroute/base.h>
#include <payroute/json.h>
#include <payroute/registry.h>

#include <stddef.h>
#include <stdint.h>

/* 10 minutes to midnight somewhere in 2025: the present of every target. */
#define FUZZ_NOW INT64_C(1764064500000)
#define FUZZ_REFERENCE "0K3V9Z2M4QABCDEFGHJKMNPQRS"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An expectation does not depend on NDEBUG: it says where, and aborts as the fuzzer wants it. */
#define FUZZ_EXPECT(cond, ...) ((cond) ? (void)0 : fuzz_broken(__FILE__, __LINE__, #cond, __VA_ARGS__))
void fuzz_broken(const char *file, int line, const char *cond, const char *format, ...)
    __attribute__((format(printf, 4, 5), noreturn));

/* ---- the input, from the front; a reader that is past the end gives 0 ---- */
typedef struct fuzz_in {
    const uint8_t *at;
    size_t len;
} fuzz_in;

uint8_t fuzz_u8(fuzz_in *in);
uint32_t fuzz_below(fuzz_in *in, uint32_t bound); /* a digit, a letter or any byte: seeds can be typed */
/* The next line without its end, as a text of its own (free it); the rest when there is no further line. */
char *fuzz_line(fuzz_in *in, size_t *len);
char *fuzz_rest(fuzz_in *in, size_t *len);
/* The next `len` bytes as a text of its own. */
char *fuzz_take(fuzz_in *in, size_t len);

/* FUZZ_TELL=1 in the environment: an input that is looked into says what became of it. */
int fuzz_telling(void);

/* ---- checks ---- */
int fuzz_holds(const void *at, size_t len, const char *word);
/* None of the channel's secrets stands there. */
void fuzz_keeps_secrets(const pr_channel *channel, const void *at, size_t len, const char *where);
/* A text in a fixed place: it ends there. */
void fuzz_ends(const char *text, size_t cap, const char *where);

/* ---- channels: at least one for each adapter (channels.c) ---- */
#define FUZZ_APIV3 "a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb"
#define FUZZ_KEY_ID "PUB_KEY_ID_0000000000000024101100397200000006"
payroute_registry *fuzz_registry(void); /* made once, never freed */
const pr_channel *fuzz_channel(const char *id);
const pr_channel *fuzz_channel_by(uint8_t letter); /* whose id begins so; any number chooses one */

/* ---- signatures (the linker puts these in front of the library's) ---- */
extern int fuzz_real_keys; /* 1: RSA as it is */
extern int fuzz_verified;  /* how often a signature was found valid; the target sets it back */
void fuzz_signature(char out[29], const void *data, size_t len); /* what the stand-in accepts */
/* Where the numbers of pr_rng_below come from while it is set; NULL: from the generator. */
extern fuzz_in *fuzz_dice;

/* Sign a reply or a notification as the provider would. 1: done, and it is authentic; 0: no such provider
 * here. */
typedef struct fuzz_message {
    pr_buf query;
    pr_buf headers;
    pr_buf body;
} fuzz_message;
void fuzz_message_free(fuzz_message *m);
int fuzz_sign_reply(fuzz_message *m, const pr_channel *c, int32_t operation, const char *flow, int way);
int fuzz_sign_notice(fuzz_message *m, const pr_channel *c, int way);

/* Every claim of a reading that its evidence does not carry is a finding. */
void fuzz_check_reading(const pr_reading *r, const pr_channel *c, int32_t operation, int authentic,
                        int verified);
int fuzz_same_reading(const pr_reading *a, const pr_reading *b);

#endif
