/* payroute-sandbox: options, start, the ready line, the end. */
#include "sandbox.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <curl/curl.h>

int64_t sb_now(const struct sb *sb)
{
    struct timespec now;
    if (sb->clock_mono < 0) {
        return sb->clock_base;
    }
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool start(struct sb *sb, const char *keys, const char *listed)
{
    if (mkdir(sb->dir, 0700) != 0 && errno != EEXIST) {
        fprintf(stderr, "payroute-sandbox: %s: %s\n", sb->dir, strerror(errno));
        return false;
    }
    if (keys && mkdir(keys, 0700) != 0 && errno != EEXIST) {
        fprintf(stderr, "payroute-sandbox: %s: %s\n", keys, strerror(errno));
        return false;
    }
    sb->keys = sb_keys_open(keys ? keys : sb->dir);
    if (!sb->keys) {
        return false;
    }
    sb_accounts_open(sb, listed);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    sb->curl = curl_multi_init();
    return sb->curl && sb_server_open(sb) && sb_config_write(sb);
}

static void say_ready(const struct sb *sb)
{
    cJSON *out = cJSON_CreateObject();
    cJSON_AddTrueToObject(out, "ready");
    sb_json_int(out, "port", sb->port);
    sb_json_text(out, "dir", sb->dir);
    char *text = cJSON_PrintUnformatted(out);
    puts(text);
    fflush(stdout);
    cJSON_free(text);
    cJSON_Delete(out);
}

static bool number(const char *text, int64_t max, int64_t *out)
{
    return sb_int_read(text, out) && *out <= max;
}

static int usage(const char *text)
{
    fprintf(stderr, "payroute-sandbox: %s; see --help\n", text);
    return 64;
}

int main(int argc, char **argv)
{
    static struct sb sandbox; /* the program's one object: too large for the stack */
    static const struct option options[] = {{"port", required_argument, NULL, 'p'},
                                            {"dir", required_argument, NULL, 'd'},
                                            {"clock", required_argument, NULL, 'c'},
                                            {"notify-port", required_argument, NULL, 'n'},
                                            {"keys", required_argument, NULL, 'k'},
                                            {"stdin-exit", no_argument, NULL, 's'},
                                            {"help", no_argument, NULL, 'h'},
                                            {"channels", required_argument, NULL, 'l'},
                                            {NULL, 0, NULL, 0}};
    struct sb *sb = &sandbox;
    const char *keys = NULL, *listed = "ali-main,ali-backup,card-main,card-backup";
    bool stdin_exit = false;
    int64_t value;
    sb->notify_port = 18080;
    sb->listener = -1;
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (c) {
        case 'h':
            for (const char *const *text = sb_help; *text; text++) {
                fputs(*text, stdout);
            }
            return 0;
        case 'p':
            if (!number(optarg, 65527, &value)) {
                return usage("--port wants a number from 0 to 65527");
            }
            sb->port = (int)value;
            break;
        case 'n':
            if (!number(optarg, 65535, &value)) {
                return usage("--notify-port wants a number from 1 to 65535");
            }
            sb->notify_port = (int)value;
            break;
        case 'c':
            if (!number(optarg, INT64_C(4102444800000), &value)) {
                return usage("--clock wants Unix milliseconds");
            }
            sb->clock_base = value;
            sb->clock_mono = -1;
            break;
        case 'd':
            sb->dir = optarg;
            break;
        case 'k':
            keys = optarg;
            break;
        case 'l':
            if (!sb_accounts_known(optarg)) {
                return usage("--channels wants ids of accounts with commas between, or all");
            }
            listed = optarg;
            break;
        case 's':
            stdin_exit = true;
            break;
        default:
            return 64;
        }
    }
    if (!sb->dir || optind != argc) {
        return usage("--dir DIR is wanted, and nothing but options");
    }
    if (!start(sb, keys, listed)) {
        return 1;
    }
    say_ready(sb);
    sb_server_run(sb, stdin_exit);
    sb_server_close(sb);
    return 0;
}
