#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

static const struct option_row *row_named(const struct option_row *rows, const char *name,
					  size_t size)
{
	for (; rows->name; rows++)
		if (strlen(rows->name) == size && memcmp(rows->name, name, size) == 0)
			return rows;
	return NULL;
}

static int set_number(unsigned *into, const struct option_row *row, const char *value,
		      struct err *e)
{
	unsigned long number;
	char *end;

	errno = 0;
	number = strtoul(value, &end, 10);
	if (errno || *end || end == value || value[0] == '-' || number > 0x7fffffff)
		return err_set(e, ERR_INPUT, "--%s takes a whole number, not \"%s\"", row->name,
			       value);
	*into = (unsigned)number;
	return 0;
}

static int set_value(const struct option_row *row, const char *value, struct err *e)
{
	switch (row->kind) {
	case OPTION_TEXT:
		*(const char **)row->into = value;
		return 0;
	case OPTION_NUMBER:
		return set_number(row->into, row, value, e);
	case OPTION_FLAG:
		*(bool *)row->into = true;
		return 0;
	case OPTION_EACH:
		return row->each(row->into, value, e);
	}
	return -1;
}

/* How many words of argv this option took. */
static int read_one(char **argv, const struct option_row *rows, struct err *e)
{
	const char *name = argv[0] + 2, *equals = strchr(name, '=');
	size_t size = equals ? (size_t)(equals - name) : strlen(name);
	const struct option_row *row = row_named(rows, name, size);
	const char *value = equals ? equals + 1 : argv[1];

	if (!row)
		return err_set(e, ERR_INPUT, "there is no option --%.*s", (int)size, name);
	if (row->kind == OPTION_FLAG && equals)
		return err_set(e, ERR_INPUT, "--%s takes no value", row->name);
	if (row->kind != OPTION_FLAG && !value)
		return err_set(e, ERR_INPUT, "--%s needs %s", row->name, row->takes);
	if (set_value(row, value, e) < 0)
		return -1;
	return row->kind == OPTION_FLAG || equals ? 1 : 2;
}

int options_read(int argc, char **argv, const struct option_row *rows, struct err *e)
{
	int i = 1, took;

	while (i < argc && strncmp(argv[i], "--", 2) == 0 && argv[i][2]) {
		took = read_one(argv + i, rows, e);
		if (took < 0)
			return -1;
		i += took;
	}
	if (i < argc && strcmp(argv[i], "--") == 0)
		return i + 1;
	if (i < argc && argv[i][0] == '-' && argv[i][1])
		return err_set(e, ERR_INPUT, "there is no option %s", argv[i]);
	return i;
}

static bool is_operand(const char *word)
{
	return word[0] != '-' || !word[1];
}

int options_anywhere(int argc, char **argv, const struct option_row *rows, struct err *e)
{
	int i = 1, end = argc, took;
	char *operand;

	while (i < end && strcmp(argv[i], "--") != 0) {
		if (is_operand(argv[i])) {
			operand = argv[i];
			memmove(argv + i, argv + i + 1, (size_t)(argc - i - 1) * sizeof(*argv));
			argv[argc - 1] = operand;
			end--;
			continue;
		}
		if (strncmp(argv[i], "--", 2) != 0)
			return err_set(e, ERR_INPUT, "there is no option %s", argv[i]);
		took = read_one(argv + i, rows, e);
		if (took < 0)
			return -1;
		if (took > end - i)
			return err_set(e, ERR_INPUT, "%s needs a value", argv[i]);
		i += took;
	}
	return i < end ? i + 1 : i;
}

void options_print(const struct option_row *rows)
{
	char left[48];

	for (; rows->name; rows++) {
		snprintf(left, sizeof(left), "--%s%s%s", rows->name, rows->takes ? " " : "",
			 rows->takes ? rows->takes : "");
		printf("  %-22s %s\n", left, rows->does);
	}
}
