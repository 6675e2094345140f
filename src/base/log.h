/* base/log.h - what a program of ours says on stderr: "reeve: sentence". Only mains and cmd_* use it. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include "base/attr.h"

/* The program's own name, a string that stays. Once, first thing in main. */
void log_name(const char *program);

/* On: stderr is a terminal in raw mode now, where a line must end with a return too. */
void log_returns(bool on);

/* One line; control characters made visible, so no caller's text can play terminal tricks. */
void log_say(const char *fmt, ...) printf_like(1, 2);

#endif
