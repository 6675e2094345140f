/* Names that are taken for each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "inspect/inspect.h"

static void names_that_look_alike_have_one_skeleton(void **state)
{
	static const struct {
		const char *what, *one, *other;
	} rows[] = {
		{ "itself", "read_file", "read_file" },
		{ "case", "Read_File", "read_file" },
		{ "Cyrillic a and e", "r\xd0\xb5\xd0\xb0" "d_file", "read_file" },
		{ "Cyrillic o, p, c, x", "\xd0\xbe\xd1\x80\xd1\x81\xd1\x85", "opcx" },
		{ "Greek omicron", "f\xce\xbf\xce\xbf", "foo" },
		{ "fullwidth", "\xef\xbd\x92\xef\xbd\x85\xef\xbd\x81\xef\xbd\x84", "read" },
		{ "mathematical", "\xf0\x9d\x91\x9f\xf0\x9d\x91\x92\xf0\x9d\x91\x8e\xf0\x9d\x91\x91", "read" },
		{ "one and el", "1ist", "list" },
		{ "capital I and el", "Iist", "list" },
		{ "nought and o", "l0g", "log" },
		{ "r n and m", "rnail", "mail" },
		{ "v v and w", "vvrite", "write" },
		{ "a zero width space", "read\xe2\x80\x8b_file", "read_file" },
		{ "a zero width joiner", "re\xe2\x80\x8d" "ad", "read" },
		{ "a tag character", "read\xf3\xa0\x81\xa1", "read" },
		{ "a soft hyphen", "re\xc2\xad" "ad", "read" },
		{ "a bidi mark", "\xe2\x80\xaeread", "read" },
		{ "composed and not", "caf\xc3\xa9", "cafe\xcc\x81" },
		{ "an accent", "caf\xc3\xa9", "cafe" },
		{ "dotless i", "l\xc4\xb1st", "list" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!inspect_look_alike(rows[i].one, rows[i].other))
			fail_msg("%s", rows[i].what);
}

static void names_that_differ_do_not(void **state)
{
	static const struct {
		const char *one, *other;
	} rows[] = {
		{ "read_file", "write_file" },	 { "read_file", "read_files" },
		{ "read_file", "read-file" },	 { "get", "set" },
		{ "a", "" },			 { "\xe6\x96\x87", "\xe5\xad\x97" },
		{ "search", "research" },	 { "send", "sent" },
		{ "\xd0\xb6", "x" },		 { "read.file", "read_file" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (inspect_look_alike(rows[i].one, rows[i].other))
			fail_msg("%s %s", rows[i].one, rows[i].other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_that_look_alike_have_one_skeleton),
		cmocka_unit_test(names_that_differ_do_not),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
