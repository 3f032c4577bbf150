/* Result codes, version, money and currency: what every other header needs. */
#ifndef PAYROUTE_BASE_H
#define PAYROUTE_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) && __GNUC__ >= 4
#define PAYROUTE_API __attribute__((visibility("default")))
#else
#define PAYROUTE_API
#endif

/* The version stands here and nowhere else: the library, the file names, the .pc files and the tarball take it
   from these lines. It is that of the header compiled against; payroute_version() is that of the library. */
#define PAYROUTE_VERSION_MAJOR 0
#define PAYROUTE_VERSION_MINOR 1
#define PAYROUTE_VERSION_PATCH 0
#define PAYROUTE_VERSION (PAYROUTE_VERSION_MAJOR * 10000 + PAYROUTE_VERSION_MINOR * 100 + PAYROUTE_VERSION_PATCH)

/* FFI-BEGIN */

/** Result codes; lib/base/rc.def is their source and a test compares the two. */
enum payroute_rc {
    PAYROUTE_OK = 0,
    PAYROUTE_E_ARG = -1,
    PAYROUTE_E_STATE = -2,
    PAYROUTE_E_RANGE = -3,
    PAYROUTE_E_BUFFER = -4,
    PAYROUTE_E_NOT_FOUND = -5,
    PAYROUTE_E_CONFLICT = -6,
    PAYROUTE_E_UNSUPPORTED = -7,
    PAYROUTE_E_FORKED = -8,
    PAYROUTE_E_CLOCK = -9,
    PAYROUTE_E_NOMEM = -100,
    PAYROUTE_E_LIMIT = -101,
    PAYROUTE_E_STORE = -102,
    PAYROUTE_E_STORE_DOUBT = -103,
    PAYROUTE_E_BUSY = -104,
    PAYROUTE_E_STALE = -105,
    PAYROUTE_E_AMNESIA = -106,
    PAYROUTE_E_JSON = -200,
    PAYROUTE_E_SCHEMA = -201,
    PAYROUTE_E_VERSION = -202,
    PAYROUTE_E_CHECKSUM = -203,
    PAYROUTE_E_SIGNATURE = -204,
    PAYROUTE_E_ENCODING = -205,
    PAYROUTE_E_KEY = -206,
    PAYROUTE_E_FOREIGN = -207,
    PAYROUTE_E_EXPIRED = -208,
    PAYROUTE_E_NEED_AUX = -209,
    PAYROUTE_E_TRANSPORT = -300,
    PAYROUTE_E_INTERNAL = -900
};

/** Classes of result codes, by band. */
enum payroute_rc_class {
    PAYROUTE_RC_FINE = 0,
    PAYROUTE_RC_USAGE = 1,
    PAYROUTE_RC_RESOURCE = 2,
    PAYROUTE_RC_DATA = 3,
    PAYROUTE_RC_TRANSPORT = 4,
    PAYROUTE_RC_INTERNAL = 5
};

/**
 * Version of the library that is running: major * 10000 + minor * 100 + patch.
 * Returns: the number.   Allocates: never.   Lifetime: -   Threads: any.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_version(void);

/**
 * Name of a result code without the prefix, such as "E_STATE"; "E_?" for a number that is none.
 * Returns: static text.   Allocates: never.   Lifetime: static.   Threads: any.   Since: 0.1
 */
PAYROUTE_API const char *payroute_rc_name(int32_t rc);

/**
 * One English phrase that says what a result code means.
 * Returns: static text.   Allocates: never.   Lifetime: static.   Threads: any.   Since: 0.1
 */
PAYROUTE_API const char *payroute_rc_text(int32_t rc);

/**
 * Class of a result code (enum payroute_rc_class).
 * Returns: the class; INTERNAL for a number outside every band.
 * Allocates: never.   Lifetime: -   Threads: any.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_rc_class(int32_t rc);

/**
 * Number of decimals of a currency's minor unit (ISO 4217): 2 for CNY, 0 for JPY, 3 for KWD.
 * Returns: 0..4; E_NOT_FOUND for a currency that is not in the table; E_ARG for NULL.
 * Allocates: never.   Lifetime: -   Threads: any.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_currency_exponent(const char *currency);

/**
 * Read a decimal amount such as "12.50" exactly, digit by digit, as minor units of the currency.
 * No sign, exponent, blank or grouping is accepted; more decimals than the currency has must be
 * zeros; at most 15 significant digits.
 * Returns: OK; E_ARG; E_NOT_FOUND for an unknown currency; E_ENCODING for anything unreadable.
 * Allocates: never.   Lifetime: -   Threads: any.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_amount_parse(int64_t *amount_minor, const char *currency,
                                           const char *text, size_t text_len);

/**
 * Write minor units as the decimal text of the currency, all decimals present: 5 CNY minor is "0.05".
 * Returns: length without the NUL; E_ARG (negative amount too); E_NOT_FOUND; E_BUFFER.
 * Allocates: never.   Lifetime: -   Threads: any.   Since: 0.1
 */
PAYROUTE_API int32_t payroute_amount_format(char *out, size_t out_cap, const char *currency,
                                            int64_t amount_minor);

/* FFI-END */

#ifdef __cplusplus
}
#endif
#endif
