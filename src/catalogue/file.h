/* catalogue/file.h - one server's catalogue as it is kept; private to catalogue. */
#ifndef CATALOGUE_FILE_H
#define CATALOGUE_FILE_H

#include <stdint.h>

#include "catalogue/catalogue.h"

enum { CATALOGUE_FILES = 8 };

struct catalogue {
	char server[CATALOGUE_SERVER];
	json_t *files[CATALOGUE_FILES];		/* owned */
	size_t count;
};

/* jansson's iterators and copies want a pointer that is not const, though they change nothing. */
static inline json_t *unconst(const json_t *value)
{
	return (json_t *)(uintptr_t)value;
}

/* Everything that a file may say, checked. */
int file_check(const struct json_file *f, struct err *e) must_use;

#endif
