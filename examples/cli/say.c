/* Complaints, one line each on standard error, and the one place that turns result codes into exit statuses.
 */
#include "cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *need(void *memory)
{
    if (!memory) {
        (void)fputs("payroute: out of memory\n", stderr);
        exit(EXIT_STORE);
    }
    return memory;
}

const char *json_text(const payroute_json_out *out, size_t *len)
{
    const char *text = payroute_json_out_text(out, len);
    if (!text) {
        (void)need(NULL);
    }
    return text;
}

/* The first complaint, for those who asked for JSON and got none yet. */
static struct {
    int code;
    char text[1024];
} kept;

static void say_line(const char *text, size_t len)
{
    char *line = need(malloc(len + 1));
    char *shown = need(malloc(2 * len + 8));
    memcpy(line, text, len);
    line[len] = '\0';
    (void)fprintf(stderr, "payroute: %s\n", clean(shown, 2 * len + 8, line));
    free(shown);
    free(line);
}

int complain(int code, const char *format, ...)
{
    char text[1024];
    va_list list;
    va_start(list, format);
    (void)vsnprintf(text, sizeof text, format, list);
    va_end(list);
    say_line(text, strlen(text));
    if (kept.code == EXIT_FINE) {
        kept.code = code;
        memcpy(kept.text, text, sizeof text);
    }
    return code;
}

int wants_json(const args *a)
{
    return a->value[OPT_JSON] != NULL;
}

int exit_of(int32_t rc)
{
    switch (rc) {
    case PAYROUTE_OK:
        return EXIT_FINE;
    case PAYROUTE_E_STATE: /* refused, nothing changed */
    case PAYROUTE_E_RANGE:
    case PAYROUTE_E_NOT_FOUND:
    case PAYROUTE_E_CONFLICT:
    case PAYROUTE_E_UNSUPPORTED:
        return EXIT_NO;
    case PAYROUTE_E_CLOCK: /* the configuration is not on loopback */
    case PAYROUTE_E_LIMIT:
        return EXIT_DATA;
    case PAYROUTE_E_NEED_AUX: /* a certificate must be fetched: send it again */
        return EXIT_DOUBT;
    case PAYROUTE_E_BUFFER:
    case PAYROUTE_E_FORKED:
        return EXIT_INTERNAL;
    case PAYROUTE_E_ARG:
        return EXIT_USAGE;
    case PAYROUTE_E_STORE_DOUBT: /* whether it was written is not known */
        return EXIT_DOUBT;
    default:
        break;
    }
    switch (payroute_rc_class(rc)) {
    case PAYROUTE_RC_RESOURCE:
        return EXIT_STORE;
    case PAYROUTE_RC_DATA:
        return EXIT_DATA;
    case PAYROUTE_RC_TRANSPORT:
        return EXIT_DOUBT;
    default:
        return EXIT_INTERNAL;
    }
}

static void error_object(int32_t rc, const char *said, const char *why)
{
    size_t len = 0;
    payroute_json_out *out = payroute_json_out_new();
    payroute_json_out_object(out, NULL);
    payroute_json_out_object(out, "error");
    payroute_json_out_integer(out, "rc", rc);
    payroute_json_out_string(out, "name", payroute_rc_name(rc));
    payroute_json_out_string(out, "text", said);
    payroute_json_out_string(out, "why", why);
    payroute_json_out_end(out);
    payroute_json_out_end(out);
    const char *text = json_text(out, &len);
    put_json_line(text, len);
    payroute_json_out_free(out);
}

int complain_rc(const args *a, const char *what, int32_t rc, const char *why)
{
    const char *at = why && *why ? why : payroute_rc_text(rc);
    size_t what_len = strlen(what);
    while (*at) {
        size_t len = strcspn(at, "\n");
        if (len > 0) {
            char *line = need(malloc(what_len + len + 3));
            memcpy(line, what, what_len);
            memcpy(line + what_len, ": ", 2);
            memcpy(line + what_len + 2, at, len);
            say_line(line, what_len + 2 + len);
            free(line);
        }
        at += len + (at[len] == '\n');
    }
    if (wants_json(a)) {
        error_object(rc, payroute_rc_text(rc), why && *why ? why : what);
    }
    return exit_of(rc);
}

/* Wrong options and missing files have no result code of the library: they get one of their exit status. */
void complaint_as_json(void)
{
    switch (kept.code) {
    case EXIT_FINE:
        return;
    case EXIT_USAGE:
        error_object(PAYROUTE_E_ARG, "the command line is wrong; nothing was done", kept.text);
        return;
    case EXIT_NO:
        error_object(PAYROUTE_E_NOT_FOUND, payroute_rc_text(PAYROUTE_E_NOT_FOUND), kept.text);
        return;
    case EXIT_DATA:
        error_object(PAYROUTE_E_SCHEMA, payroute_rc_text(PAYROUTE_E_SCHEMA), kept.text);
        return;
    case EXIT_STORE:
        error_object(PAYROUTE_E_STORE, "a file or the store could not be used; nothing was changed", kept.text);
        return;
    case EXIT_DOUBT:
        error_object(PAYROUTE_E_STORE_DOUBT, "not known yet: ask again", kept.text);
        return;
    default:
        error_object(PAYROUTE_E_INTERNAL, payroute_rc_text(PAYROUTE_E_INTERNAL), kept.text);
    }
}
