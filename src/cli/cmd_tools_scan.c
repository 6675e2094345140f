/* reeve tools scan: a saved list, for CI: nothing is started. */
#include <stdio.h>
#include <string.h>

#include "cli/cmd_tools.h"

static void say(void *json, const struct finding *f)
{
	scoped(buf) struct buf line = BUF(4096);
	scoped(json) json_t *one = NULL;

	if (*(const bool *)json) {
		one = json_pack("{s:s, s:s, s:s, s:s}", "tool", f->tool, "at", f->at, "finding",
				f->word, "text", f->text);
		if (one && json_write(&line, one))
			puts(buf_text(&line));
		return;
	}
	printf("%s%s%s: %s: %s\n", f->tool, *f->tool && *f->at ? " " : "", f->at, f->word, f->text);
}

int cmd_tools_scan(int argc, char **argv, struct err *e)
{
	bool json = false, help = false;
	const struct option_row rows[] = {
		{ "json", NULL, OPTION_FLAG, &json, "one JSON object a line", NULL },
		{ "help", NULL, OPTION_FLAG, &help, "print this", NULL },
		{ 0 },
	};
	int operand = options_anywhere(argc, argv, rows, e);
	scoped(json) json_t *offered = NULL;
	size_t count;

	if (operand < 0)
		return tools_usage("scan", e);
	if (help) {
		puts("usage: reeve tools scan [options] FILE\n\n"
		     "Looks through a saved tools/list result for what should not stand in it: "
		     "hidden\n"
		     "characters, names that look alike, words to the model, other tools' names,\n"
		     "references to elsewhere. Exits with 1 if there is any.\n");
		options_print(rows);
		return EXIT_DONE;
	}
	if (argc - operand != 1) {
		err_set(e, ERR_INPUT, "expected one file");
		return tools_usage("scan", e);
	}
	if (look_saved(&offered, argv[operand], e) < 0)
		return tools_usage("scan", e);
	count = catalogue_scan(offered, say, &json);
	if (!json)
		printf("%zu finding%s\n", count, count == 1 ? "" : "s");
	return count ? EXIT_DIFFERS : EXIT_DONE;
}
