/* Numbers with a given distribution; no libm, so that a seed is the same world on every machine. */
#include "sim.h"

#include "health/number.h"

double sim_normal(double u)
{
    /* Rational approximation of the tail in w = sqrt(-2 ln u), good to 0.0005 (Abramowitz and
     * Stegun 26.2.23). */
    double tail = u < 0.5 ? u : 1.0 - u;
    double w2 = -2.0 * pr_log(tail), w = w2 > 0 ? pr_exp(0.5 * pr_log(w2)) : 0.0;
    double x = w - (2.515517 + w * (0.802853 + w * 0.010328)) /
                       (1.0 + w * (1.432788 + w * (0.189269 + w * 0.001308)));
    return u < 0.5 ? -x : x;
}

double sim_phi(double x)
{
    /* Abramowitz and Stegun 26.2.17. */
    double a = x < 0 ? -x : x, t = 1.0 / (1.0 + 0.2316419 * a);
    double d = 0.3989422804 * pr_exp(-0.5 * a * a);
    double q =
        d * t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
    return x < 0 ? q : 1.0 - q;
}

double sim_logistic(double x)
{
    return 1.0 / (1.0 + pr_exp(-x));
}

double sim_between(sim_rng *r, double low, double high)
{
    return low + (high - low) * sim_draw(r);
}

double sim_wait(sim_rng *r, double mean)
{
    return -mean * pr_log(sim_draw(r));
}
