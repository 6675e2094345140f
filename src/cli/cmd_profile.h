/* cli/cmd_profile.h - the words behind `reeve profile`, each a file. */
#ifndef CLI_CMD_PROFILE_H
#define CLI_CMD_PROFILE_H

#include "cli/cli.h"

/* As cmd_*: argv[0] is the word. Bad files and bad options are EXIT_USAGE, and said. */
int cmd_profile_list(int argc, char **argv, struct err *e);
int cmd_profile_show(int argc, char **argv, struct err *e);
int cmd_profile_check(int argc, char **argv, struct err *e);
int cmd_profile_learn(int argc, char **argv, struct err *e);
int cmd_profile_import(int argc, char **argv, struct err *e);

/* "reeve: profile WORD: sentence"; returns EXIT_USAGE. */
int profile_usage(const char *word, const struct err *e);

#endif
