/* Error texts are read by people and logged by machines: each line stands alone, and no line can hold a
 * secret. */
#include "registry/problems.h"

#include "base/text.h"
#include "provider/provider.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN_MAX = 40, TAIL_ROOM = 20 };

void pr_problems_init(pr_problems *p, char *why, size_t why_cap)
{
    memset(p, 0, sizeof *p);
    p->why = why;
    p->why_cap = why != NULL ? why_cap : 0;
    if (p->why_cap > 0) {
        why[0] = '\0';
    }
}

static void append_path(pr_problems *p, const char *text)
{
    pr_text t;
    pr_text_init(&t, p->path + p->path_len, sizeof p->path - p->path_len);
    pr_text_put(&t, text);
    p->path_len += t.len;
}

size_t pr_problems_enter(pr_problems *p, const char *name)
{
    size_t mark = p->path_len;
    char quoted[PR_GOT_CAP];
    pr_problems_quote(quoted, name);
    if (mark > 0) {
        append_path(p, ".");
    }
    /* The quotes around a name are of no use in a path. */
    size_t len = strlen(quoted);
    if (len >= 2 && quoted[0] == '"' && quoted[len - 1] == '"') {
        quoted[len - 1] = '\0';
        append_path(p, quoted + 1);
    } else {
        append_path(p, quoted);
    }
    return mark;
}

size_t pr_problems_index(pr_problems *p, int32_t i)
{
    size_t mark = p->path_len;
    char text[16];
    snprintf(text, sizeof text, "[%d]", (int)i);
    append_path(p, text);
    return mark;
}

void pr_problems_leave(pr_problems *p, size_t mark)
{
    p->path_len = mark;
    p->path[mark] = '\0';
}

static void append_line(pr_problems *p, const char *line)
{
    size_t len = strlen(line);
    size_t room = p->why_cap > TAIL_ROOM ? p->why_cap - TAIL_ROOM : 0;
    size_t gap = p->why_len > 0 ? 1 : 0;
    if (p->dropped == 0 && p->why_len + gap + len < room) {
        if (gap != 0) {
            p->why[p->why_len++] = '\n';
        }
        memcpy(p->why + p->why_len, line, len + 1);
        p->why_len += len;
    } else if (p->why_len == 0 && p->why_cap > 0 && p->dropped == 0) {
        /* Better the beginning of the first line than nothing. */
        pr_text t;
        pr_text_init(&t, p->why, p->why_cap);
        pr_text_put(&t, line);
        p->why_len = t.len;
    } else {
        p->dropped++;
    }
}

void pr_problems_add(pr_problems *p, int32_t kind, const char *member, const char *format, ...)
{
    p->counts[kind]++;
    size_t mark = member != NULL ? pr_problems_enter(p, member) : p->path_len;
    char line[PR_LINE_CAP];
    pr_text t;
    pr_text_init(&t, line, sizeof line);
    pr_text_put(&t, p->path_len > 0 ? p->path : "top");
    pr_text_put(&t, ": ");
    char said[PR_LINE_CAP];
    va_list args;
    va_start(args, format);
    vsnprintf(said, sizeof said, format, args);
    va_end(args);
    pr_text_put(&t, said);
    append_line(p, line);
    pr_problems_leave(p, mark);
}

int32_t pr_problems_total(const pr_problems *p)
{
    return p->counts[PR_PROBLEM_SCHEMA] + p->counts[PR_PROBLEM_LIMIT] + p->counts[PR_PROBLEM_KEY];
}

int32_t pr_problems_end(pr_problems *p)
{
    if (p->dropped > 0 && p->why_len + TAIL_ROOM <= p->why_cap) {
        snprintf(p->why + p->why_len, p->why_cap - p->why_len, "\nand %d more", (int)p->dropped);
    }
    if (p->nomem != 0) {
        return PAYROUTE_E_NOMEM;
    }
    if (p->counts[PR_PROBLEM_SCHEMA] > p->conflict) {
        return PAYROUTE_E_SCHEMA;
    }
    if (p->counts[PR_PROBLEM_LIMIT] > 0) {
        return PAYROUTE_E_LIMIT;
    }
    if (p->conflict > 0) {
        return PAYROUTE_E_CONFLICT;
    }
    return p->counts[PR_PROBLEM_KEY] > 0 ? PAYROUTE_E_KEY : PAYROUTE_OK;
}

/* An address may carry a password in front of its host, or a token behind '?'. */
static int32_t is_telling_address(const char *text)
{
    const char *host = strstr(text, "://");
    return host != NULL && strpbrk(host + 3, "@?") != NULL;
}

void pr_problems_quote(char out[PR_GOT_CAP], const char *text)
{
    pr_text t;
    pr_text_init(&t, out, PR_GOT_CAP);
    if (pr_provider_secret_like(text) || is_telling_address(text)) {
        pr_text_format(&t, "\"***\" (%d bytes)", (int)(strlen(text) & 0xffffff));
        return;
    }
    char shown[SHOWN_MAX + 1];
    pr_text s;
    pr_text_init(&s, shown, sizeof shown);
    pr_text_put(&s, text);
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char)shown[i] < 0x20 || shown[i] == 0x7f) {
            shown[i] = '?';
        }
    }
    pr_text_format(&t, "\"%s%s\"", shown, s.cut ? "..." : "");
}

void pr_problems_got(char out[PR_GOT_CAP], const payroute_json_node *node)
{
    pr_text t;
    switch ((enum payroute_json_type)payroute_json_type(node)) {
    case PAYROUTE_JSON_STRING: pr_problems_quote(out, payroute_json_string(node)); return;
    case PAYROUTE_JSON_NUMBER: {
        char digits[SHOWN_MAX + 1];
        pr_text d;
        pr_text_init(&d, digits, sizeof digits);
        pr_text_put(&d, payroute_json_number(node));
        pr_text_init(&t, out, PR_GOT_CAP);
        pr_text_format(&t, "%s%s", digits, d.cut ? "..." : "");
        return;
    }
    case PAYROUTE_JSON_BOOL:
        pr_text_init(&t, out, PR_GOT_CAP);
        pr_text_put(&t, payroute_json_flag(node) == 1 ? "true" : "false");
        return;
    case PAYROUTE_JSON_ARRAY:
        pr_text_init(&t, out, PR_GOT_CAP);
        pr_text_format(&t, "a list of %d", (int)payroute_json_count(node));
        return;
    case PAYROUTE_JSON_OBJECT:
        pr_text_init(&t, out, PR_GOT_CAP);
        pr_text_put(&t, "an object");
        return;
    case PAYROUTE_JSON_NULL:
        pr_text_init(&t, out, PR_GOT_CAP);
        pr_text_put(&t, "null");
        return;
    case PAYROUTE_JSON_NONE: break;
    }
    pr_text_init(&t, out, PR_GOT_CAP);
    pr_text_put(&t, "nothing");
}
