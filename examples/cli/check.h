/* What `check` shows of a configuration beside its channels. */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include <payroute/json.h>

/* The merchant's rules in words, in their order; nothing where there are none. `registry`: its view. */
void print_own_rules(const payroute_json_node *registry);

#endif
