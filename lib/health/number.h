/* exp and log in + - * / only: the C library's differ in the last bit from machine to machine, and a recorded
   choice must come out the same everywhere. Relative error below 2e-8, far under what a stored log-odds
   resolves. The terms are summed in pairs, so that a processor works on several at once. */
#ifndef PR_HEALTH_NUMBER_H
#define PR_HEALTH_NUMBER_H

#include <stdint.h>
#include <string.h>

#define PR_LN2 0.69314718055994530942

static inline double pr_clamp(double x, double low, double high)
{
    x = x > low ? x : low; /* NaN too */
    return x < high ? x : high;
}

/* 2^x for |x| <= 1000; beyond that the end of the range. */
static inline double pr_exp2(double x)
{
    x = pr_clamp(x, -1000.0, 1000.0);
    int32_t whole = (int32_t)(x + 1024.5) - 1024;
    double f = (x - (double)whole) * PR_LN2,
           f2 = f * f; /* within ln 2 / 2: the series of e^f to the seventh term */
    double low = (1.0 + f) + f2 * (1.0 / 2.0 + f * (1.0 / 6.0));
    double high = (1.0 / 24.0 + f * (1.0 / 120.0)) + f2 * (1.0 / 720.0 + f * (1.0 / 5040.0));
    uint64_t bits = (uint64_t)(1023 + whole) << 52;
    double scale;
    memcpy(&scale, &bits, sizeof scale);
    return (low + f2 * f2 * high) * scale;
}

static inline double pr_exp(double x)
{
    return pr_exp2(x * (1.0 / PR_LN2));
}

/* Natural logarithm; of nothing, or less: that of the smallest number that it knows. */
static inline double pr_log(double x)
{
    x = pr_clamp(x, 1e-300, 1e300);
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    /* The exponent counts from the root of a half, so that what is left lies around 1. */
    uint64_t up = bits + (0x3FF0000000000000U - 0x3FE6A09E667F3BCDU);
    int32_t whole = (int32_t)(up >> 52) - 1023;
    bits = (up & 0xFFFFFFFFFFFFFU) + 0x3FE6A09E667F3BCDU;
    double m;
    memcpy(&m, &bits, sizeof m);
    double t = (m - 1.0) / (m + 1.0), q = t * t; /* 2 artanh t, |t| < 0.172 */
    double s = (1.0 + q * (1.0 / 3.0)) + q * q * ((1.0 / 5.0 + q * (1.0 / 7.0)) + q * q * (1.0 / 9.0));
    return (double)whole * PR_LN2 + 2.0 * t * s;
}

/* e^((raw - 8192) / 512) for raw of 14 bits: odds as they are stored. */
extern const double pr_exp_coarse[128], pr_exp_fine[128];
static inline double pr_exp_stored(uint32_t raw)
{
    return pr_exp_coarse[(raw >> 7) & 127] * pr_exp_fine[raw & 127];
}

/* 2^(-parts / PR_HALF_PARTS): what is left after so many parts of a half-life. */
enum { PR_HALF_PARTS = 1440 };
extern const double pr_halved_coarse[40], pr_halved_fine[36];
static inline double pr_halved(uint32_t parts)
{
    uint32_t whole = parts / PR_HALF_PARTS, part = parts % PR_HALF_PARTS;
    uint64_t bits = (uint64_t)(1023 - (whole < 1000 ? whole : 1000)) << 52;
    double scale;
    memcpy(&scale, &bits, sizeof scale);
    return pr_halved_coarse[part / 36] * pr_halved_fine[part % 36] * scale;
}

#endif
