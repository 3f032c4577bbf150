/* The command `payroute`: what its parts share. A command reads its arguments, asks the library, closes the
   engine and only then prints, so that whatever happens to the output, the effect and its record are whole.
 */
#ifndef CLI_H
#define CLI_H

#include <payroute/base.h>
#include <payroute/json.h>

#include <stddef.h>
#include <stdint.h>

/* ---- exit statuses: part of the interface, listed by `payroute help` and docs/command.md ---- */
enum exit_code {
    EXIT_FINE = 0,     /* done, or the customer can pay */
    EXIT_NO = 1,       /* the answer is no: declined, refused in this state, problems found, nothing found */
    EXIT_USAGE = 2,    /* the command line is wrong */
    EXIT_DATA = 3,     /* configuration, JSON, notification or stored record is bad */
    EXIT_STORE = 4,    /* file, store, memory or a busy resource */
    EXIT_DOUBT = 5,    /* not known yet: transport failed, or something is pending; ask again */
    EXIT_INTERNAL = 70 /* a defect of the program */
};

/* ---- the command line ---- */
#define X(id, name, value, text) OPT_##id,
enum option_id {
#include "options.def"
    OPT_COUNT
};
#undef X
#define BIT(id) (UINT64_C(1) << (id))

typedef struct option {
    const char *name;  /* without the dashes */
    const char *value; /* what stands for its value in the help; NULL: a switch */
    const char *text;
} option;

typedef struct args args;
typedef struct command {
    const char *name;
    const char *usage; /* its words, such as "CHANNEL" */
    const char *summary;
    uint64_t options; /* BIT()s; --json and --help always */
    int32_t words_min;
    int32_t words_max;
    int (*run)(const args *a);
    const char *notes; /* paragraphs for its help */
} command;

#define HEADERS_MAX 100
struct args {
    const command *command;
    const char *value[OPT_COUNT]; /* NULL: not given */
    const char *headers[HEADERS_MAX];
    int32_t header_count;
    char **words;
    int32_t word_count;
};

extern const option cli_options[OPT_COUNT];
extern const command cli_commands[];
extern const int32_t cli_command_count;
const command *command_find(const char *name);
const char *command_nearest(const char *name);
const char *option_nearest(const command *c, const char *name, size_t len);

/* Reads the arguments behind the subcommand. Returns EXIT_FINE, or EXIT_USAGE with the complaint said. */
int args_read(args *a, const command *c, int argc, char **argv);
/* EXIT_USAGE when an argument looks like a secret; it is not repeated. */
int args_refuse_secrets(int argc, char **argv);
/* A whole number from an option. Absent: *out unchanged. */
int args_integer(const args *a, enum option_id id, int64_t low, int64_t high, int64_t *out);
/* --amount with --currency, or --amount-minor; exactly one. `currency` NULL: --currency. */
int args_amount(const args *a, const char *currency, int64_t *minor);
void put_wish(payroute_json_out *out, const args *a); /* method, flow, channel, instrument as given */
int32_t args_dash(const args *a);                     /* the only word is "-" */

void help_general(void);
void help_command(const command *c);

/* ---- say.c: complaints, and what a result code means for the exit status ---- */
int complain(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "payroute: WHAT: …" for each line of `why`; with --json the error object on standard output too. */
int complain_rc(const args *a, const char *what, int32_t rc, const char *why);
void complaint_as_json(void); /* the first one of this run, when there was one */
int exit_of(int32_t rc);
int wants_json(const args *a);
void *need(void *memory);                                         /* ends the program when there is none */
const char *json_text(const payroute_json_out *out, size_t *len); /* the same for a finished text */

/* ---- text.c: readable output; control characters never reach a terminal ---- */
typedef struct table {
    int32_t columns;
    char **cells;
    int32_t count;
    int32_t cap;
} table;
void put(const char *text);
void putf(const char *format, ...) __attribute__((format(printf, 1, 2)));
void put_heading(const char *text);
void put_width(int32_t columns); /* of a page; 100 unless told */
void put_wrapped(const char *text, int32_t indent); /* the cursor stands at column `indent` already */
void put_pair(const char *name, const char *text);
void put_pairf(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_begin(table *t, const char *heads); /* separated by | */
void table_cell(table *t, const char *text);
void table_cellf(table *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_end(table *t); /* prints and frees; nothing when only the headings are there */
const char *clean(char *out, size_t cap, const char *text); /* one printable line, cut with … */
void money_text(char *out, size_t cap, int64_t minor, const char *currency);
void time_text(char *out, size_t cap, int64_t ms);
void put_json_line(const char *text, size_t len);
int32_t output_begun(void);  /* something was put */
int32_t output_closed(void); /* the reader of a pipe went away */
int output_end(int code);    /* flushes; a full disk turns success into EXIT_STORE */

/* ---- input.c ---- */
typedef struct bytes {
    char *at; /* a NUL stands behind the bytes */
    size_t len;
} bytes;
/* `path` "-": standard input. */
int read_file(bytes *out, const char *path, const char *what, size_t max);
void bytes_wipe(bytes *b);
typedef struct lines {
    char *at;
    size_t used;
    size_t len;
    int32_t ended;
    int32_t too_long; /* the line given was cut: it is longer than LINE_CAP */
    int32_t failed;
} lines;
enum { LINE_CAP = 1 << 18 };
/* The next line without its end; 0 at the end of input. Output is flushed only before waiting. */
int lines_next(lines *l, const char **line, size_t *len);

/* ---- JSON at hand ---- */
const char *text_of(const payroute_json_node *object, const char *name); /* "" when it is not there */
int64_t number_of(const payroute_json_node *object, const char *name);   /* 0 */
int32_t flag_of(const payroute_json_node *object, const char *name);     /* 0 */
char *json_ask(int32_t (*ask)(void *user, char *out, size_t cap), void *user,
               int32_t *rc); /* grows; to be freed */

void print_health_place(const payroute_json_node *place); /* which processes know the same; NULL: nothing is known */
void print_trace_scores(const payroute_json_node *trace); /* each part of it, where health is known */
void print_trace_table(const payroute_json_node *trace); /* who was chosen, who left out and why */

/* ---- the commands ---- */
int run_explain(const args *a);
struct payroute_catalog;
int catalog_open(const args *a, struct payroute_catalog **out); /* --catalog; NULL without */
int explain_batch(const args *a, struct payroute_catalog *catalog);
int run_explain_rows(const args *a);    /* --search, --provider, --list, --reason */
int run_explain_tables(const args *a);  /* --providers, --reasons */
/* What a row says of the code where it stood; to be freed; NULL: none. */
char *catalog_row_note(const args *a, const char *provider, const char *code, const char *reason);
int run_rules(const args *a);
int run_check(const args *a);
int run_route(const args *a);
int route_lines(const args *a); /* --lines */
int run_doctor(const args *a);
int run_pay(const args *a);
int run_advance(const args *a);
int run_switch(const args *a);
int run_retry(const args *a);
int run_refund(const args *a);
int run_capture(const args *a);
int run_cancel(const args *a);
int run_resolve(const args *a);
int run_feed(const args *a);
int run_client_event(const args *a);
int run_show(const args *a);
int run_list(const args *a);
int run_notify(const args *a);
int run_sweep(const args *a);
int run_events(const args *a);
int run_ack(const args *a);
int run_unlisted(const args *a);
int run_health(const args *a);
int run_restore(const args *a);
int run_reconciled(const args *a);
int run_backup(const args *a);
int run_verify(const args *a);
int run_help(const args *a);

#endif
