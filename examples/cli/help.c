/* Help, made from the tables of commands.c. */
#include "cli.h"

#include <stdio.h>
#include <string.h>

static void put_row(const char *name, const char *value, const char *text)
{
    char left[64];
    (void)snprintf(left, sizeof left, "%s%s%s", name, value ? " " : "", value ? value : "");
    if (strlen(left) > 24) {
        putf("  %s\n%28s", left, "");
    } else {
        putf("  %-24s  ", left);
    }
    put_wrapped(text, 28);
}

void help_general(void)
{
    put("payroute: payments over several providers, never charged twice, from the command line.\n\n"
        "Usage: payroute SUBCOMMAND [OPTIONS] [WORDS]        payroute help SUBCOMMAND\n\n");
    put_heading("Subcommands");
    for (int32_t i = 0; i < cli_command_count; i++) {
        put_row(cli_commands[i].name, NULL, cli_commands[i].summary);
    }
    put("\n");
    put_heading("Everywhere");
    put_row("--json", NULL, "print the JSON result alone (errors too)");
    put_row("--help, --version", NULL, "what they say");
    put("\n");
    put_heading("Exit status");
    put("  0   done, or the customer can pay now\n"
        "  1   the answer is no: declined, refused in this state, problems found, nothing found\n"
        "  2   the command line is wrong; nothing was done\n"
        "  3   bad data: configuration, JSON, notification, stored record\n"
        "  4   file, store, memory, or somebody else holds it\n"
        "  5   not known yet: transport failed or something is pending; ask again (payroute advance, sweep)\n"
        "  70  a defect of the program\n\n"
        "Secrets come from the configuration file only; an argument that looks like one is refused.\n"
        "PAYROUTE_CONFIG and PAYROUTE_STORE stand in for --config and --store.\n");
}

void help_command(const command *c)
{
    putf("payroute %s: %s.\n\nUsage: payroute %s %s%s[OPTIONS]\n\n", c->name, c->summary, c->name, c->usage,
         *c->usage ? " " : "");
    put_heading("Options");
    for (int32_t i = 0; i < OPT_COUNT; i++) {
        if ((c->options | BIT(OPT_JSON) | BIT(OPT_HELP)) & BIT(i)) {
            char name[40];
            (void)snprintf(name, sizeof name, "--%s", cli_options[i].name);
            put_row(name, cli_options[i].value, cli_options[i].text);
        }
    }
    if (c->notes) {
        putf("\n%s", c->notes);
    }
    put("\nExit statuses: payroute help.\n");
}
