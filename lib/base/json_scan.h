/* The strict scan before cJSON, see json_scan.c. */
#ifndef PR_BASE_JSON_SCAN_H
#define PR_BASE_JSON_SCAN_H

#include "base/text.h"

enum {
    PR_JSON_DEPTH_MAX = 32,
    PR_JSON_SIZE_MAX = 4 * 1024 * 1024,
    PR_JSON_VALUES_MAX =
        256 * 1024 /* a node costs some 100 bytes: this is what bounds memory for hostile text */
};

/* First character of every string value in the rewritten text. */
enum { PR_JSON_MARK_STRING = 's', PR_JSON_MARK_NUMBER = 'n' };

/* Checks `text` and appends it to `out` with each number turned into a string "n12.50" and each string value
   marked "s". OK, E_JSON, E_LIMIT, E_NOMEM; `why` says where. */
int32_t pr_json_scan(pr_buf *out, const char *text, size_t len, pr_text *why);

#endif
