/* What the two files of the reference's generator share. */
#ifndef MKREF_H
#define MKREF_H

#include <cjson/cJSON.h>

void mkref_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
const char *mkref_text(const cJSON *node, const char *name); /* "" when it is not there */
int mkref_lists(const cJSON *array, const char *word);
void mkref_section(const cJSON *object, const char *section); /* the table of an object's keys */
void mkref_rules(const char *provider);                       /* what credential fields have to do with each other */
void mkref_policy(void);

#endif
