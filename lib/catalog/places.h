/* Where the shop mends what a reason says: page or setting of the provider's console, by name. */
#ifndef PR_CATALOG_PLACES_H
#define PR_CATALOG_PLACES_H

#include <stdint.h>

enum pr_topic {
#define PR_TOPIC(NAME, name) PR_TOPIC_##NAME,
#include "catalog/places.def"
    PR_TOPIC_COUNT
};

int32_t pr_topic_of(int32_t reason);      /* PR_TOPIC_NONE: the shop has nothing to do there */
const char *pr_topic_name(int32_t topic); /* such as "keys" */

/* "" where nothing is known; static. */
const char *pr_place_name(const char *provider, int32_t topic, const char *locale);
const char *pr_place_url(const char *provider, int32_t topic);

#endif
