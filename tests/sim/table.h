/* The figures of a plan as text. */
#ifndef SIM_TABLE_H
#define SIM_TABLE_H

#include "measure.h"

void table_print(const sim_scores *s);
/* Median of times, mean of customers. */
double table_timing(const sim_scores *s, int32_t router, int32_t traffic, int32_t world,
                    enum sim_timing which);
int64_t table_doubles(const sim_scores *s);

#endif
