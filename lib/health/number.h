/* exp and log in + - * / only: the C library's differ in the last bit from machine to machine, and a recorded
   choice must come out the same everywhere. Relative error below 2e-8, far under what a stored log-odds
   resolves. */
#ifndef PR_HEALTH_NUMBER_H
#define PR_HEALTH_NUMBER_H

#include <stdint.h>
#include <string.h>

#define PR_LN2 0.69314718055994530942

static inline double pr_clamp(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x == x ? x : low; /* NaN too */
}

/* 2^x for |x| <= 1000; beyond that the end of the range. */
static inline double pr_exp2(double x)
{
    x = pr_clamp(x, -1000.0, 1000.0);
    int32_t whole = (int32_t)x;
    whole -= (double)whole > x;
    double f = (x - (double)whole) * PR_LN2; /* 0 .. ln 2: the series of e^f to the ninth term */
    double s = 1.0 + f / 9.0;
    s = 1.0 + f * (1.0 / 8.0) * s;
    s = 1.0 + f * (1.0 / 7.0) * s;
    s = 1.0 + f * (1.0 / 6.0) * s;
    s = 1.0 + f * 0.2 * s;
    s = 1.0 + f * 0.25 * s;
    s = 1.0 + f * (1.0 / 3.0) * s;
    s = 1.0 + f * 0.5 * s;
    s = 1.0 + f * s;
    uint64_t bits = (uint64_t)(1023 + whole) << 52;
    double scale;
    memcpy(&scale, &bits, sizeof scale);
    return s * scale;
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
    int32_t whole = (int32_t)(bits >> 52) - 1023;
    bits = (bits & 0xFFFFFFFFFFFFFU) | 0x3FF0000000000000U;
    double m;
    memcpy(&m, &bits, sizeof m); /* 1 .. 2 */
    if (m > 1.41421356237309504880) {
        m *= 0.5;
        whole++;
    }
    double t = (m - 1.0) / (m + 1.0), q = t * t; /* 2 artanh t, |t| < 0.172 */
    double s = 1.0 / 9.0;
    s = 1.0 / 7.0 + q * s;
    s = 1.0 / 5.0 + q * s;
    s = 1.0 / 3.0 + q * s;
    s = 1.0 + q * s;
    return (double)whole * PR_LN2 + 2.0 * t * s;
}

static inline double pr_logit(double p)
{
    p = pr_clamp(p, 1e-9, 1.0 - 1e-9);
    return pr_log(p / (1.0 - p));
}

static inline double pr_logistic(double x)
{
    return 1.0 / (1.0 + pr_exp(-x));
}

#endif
