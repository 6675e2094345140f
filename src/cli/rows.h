/* cli/rows.h - a name and a sentence beside it, within 80 columns. */
#ifndef CLI_ROWS_H
#define CLI_ROWS_H

#include <stddef.h>

/*
 * `left` after `indent` blanks, then `text` from column indent + width on, wrapped between words. What a
 * stranger wrote is made visible first. NULL or "": nothing there.
 */
void row_print(size_t indent, size_t width, const char *left, const char *text);

#endif
