/* Plays the log of one scenario against payment.h; README.md in this folder says what each line means. */
#ifndef SCENARIO_PLAY_H
#define SCENARIO_PLAY_H

#include "shelf.h"

typedef struct scenario {
    char title[160];
    char file[64];
    char *channels; /* texts of the three blocks */
    char *pay;
    char *log;
    int32_t channels_line;
    int32_t pay_line;
    int32_t log_line;
} scenario;

void play_scenario(const scenario *s);

#endif
