/* Replays a target's inputs without a fuzzer: the files and folders named, else the committed corpus of the
   program's own name. An input that was a finding once stays here and says so by its name. */
#include "kit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { INPUT_MAX = 1 << 20, NAMES_MAX = 4096 };

static int32_t replayed;

static void replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data = malloc(INPUT_MAX);
    if (f == NULL || data == NULL) {
        perror(path);
        exit(2);
    }
    size_t len = fread(data, 1, INPUT_MAX, f);
    fclose(f);
    /* a block of exactly its length, so that reading past it is noticed */
    uint8_t *input = malloc(len > 0 ? len : 1);
    if (input == NULL) {
        exit(2);
    }
    memcpy(input, data, len);
    free(data);
    printf("%s\n", path);
    fflush(stdout); /* the last line names the input that broke */
    LLVMFuzzerTestOneInput(input, len);
    free(input);
    replayed++;
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void replay(const char *path)
{
    struct stat st;
    struct dirent **names = NULL;
    if (stat(path, &st) != 0) {
        perror(path);
        exit(2);
    }
    if (!S_ISDIR(st.st_mode)) {
        replay_file(path);
        return;
    }
    int count = scandir(path, &names, visible, alphasort);
    for (int i = 0; i < count; i++) {
        char file[1024];
        snprintf(file, sizeof file, "%s/%s", path, names[i]->d_name);
        replay(file);
        free(names[i]);
    }
    free(names);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        replay(argv[i]);
    }
    if (argc == 1) {
        const char *name = strrchr(argv[0], '/');
        name = name != NULL ? name + 1 : argv[0];
        char folder[512];
        snprintf(folder, sizeof folder, "%s/tests/fuzz/corpus/%s", PR_SOURCE_DIR,
                 strncmp(name, "test_", 5) == 0 ? name + 5 : name);
        replay(folder);
    }
    printf("%d inputs replayed\n", replayed);
    return replayed > 0 ? 0 : 1;
}
