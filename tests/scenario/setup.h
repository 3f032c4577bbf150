/* The channels and the order of a scenario, as JSON. */
#ifndef SCENARIO_SETUP_H
#define SCENARIO_SETUP_H

#include <payroute/rows.h>

payroute_registry *setup_registry(const char *file, int32_t line, const char *channels);
payroute_payment *setup_payment(const char *file, int32_t line, payroute_registry *registry, const char *pay,
                                int64_t now_ms);

#endif
