/* The one place where the generated tables become data. */
#include "catalog/tables.h"

#define PR_CATALOG_BODIES
#include "catalog_tables.inc"
