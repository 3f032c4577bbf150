/* payroute: the library on the command line, for people, for cron, and for languages without FFI. */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int print_version(int32_t json)
{
    int32_t v = payroute_version();
    putf(json ? "{\"version\":\"%d.%d.%d\"}\n" : "payroute %d.%d.%d\n", (int)(v / 10000),
         (int)(v / 100 % 100), (int)(v % 100));
    return EXIT_FINE;
}

/* Also where the arguments are too wrong to be read: whoever asked for JSON reads nothing else. */
static int32_t asks_for_json(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            return 1;
        }
    }
    return 0;
}

static int unknown_command(const char *name)
{
    char shown[48];
    const char *nearest = command_nearest(name);
    clean(shown, sizeof shown, name);
    if (nearest) {
        return complain(EXIT_USAGE, "unknown subcommand \"%s\"; did you mean \"%s\"?", shown, nearest);
    }
    return complain(EXIT_USAGE, "unknown subcommand \"%s\"; see payroute help", shown);
}

int run_help(const args *a)
{
    if (a->word_count == 0) {
        help_general();
        return EXIT_FINE;
    }
    const command *c = command_find(a->words[0]);
    if (!c) {
        return unknown_command(a->words[0]);
    }
    help_command(c);
    return EXIT_FINE;
}

static int dispatch(int argc, char **argv)
{
    args a;
    if (argc < 2) {
        return complain(EXIT_USAGE, "no subcommand given; see payroute help");
    }
    int code = args_refuse_secrets(argc, argv);
    if (code != EXIT_FINE) {
        return code;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        help_general();
        return EXIT_FINE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        return print_version(asks_for_json(argc, argv));
    }
    const command *c = command_find(argv[1]);
    if (!c) {
        return unknown_command(argv[1]);
    }
    code = args_read(&a, c, argc - 2, argv + 2);
    if (code != EXIT_FINE) {
        return code;
    }
    if (a.value[OPT_HELP]) {
        help_command(c);
        return EXIT_FINE;
    }
    return c->run(&a);
}

/* Started with a standard descriptor closed, the next file opened would take its number, and what we print
   would go into it. Each is filled with something that fails in use. */
static void fill_descriptors(void)
{
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
            (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        }
    }
}

int main(int argc, char **argv)
{
    fill_descriptors();
    /* A reader that went away must not kill us between an effect and its record. */
    (void)signal(SIGPIPE, SIG_IGN);
    int code = dispatch(argc, argv);
    if (code != EXIT_FINE && asks_for_json(argc, argv) && !output_begun()) {
        complaint_as_json();
    }
    return output_end(code);
}
