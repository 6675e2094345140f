/* reeve tools: what tool servers offer, what was accepted of it, and what should not stand in it.
 */
#include "cli/cmd_tools.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

static const struct {
	const char *name, *takes, *does;
	int (*run)(int argc, char **argv, struct err *e);
} words[] = {
	{ "list", "[SERVER...]", "each tool, its class and category, and if it is pinned",
	  cmd_tools_list },
	{ "pin", "SERVER", "show what changed, and accept it", cmd_tools_pin },
	{ "scan", "FILE", "look for what should not stand in a saved list", cmd_tools_scan },
};

static int help(void)
{
	char left[64];
	size_t i;

	printf("usage: reeve tools WORD ...\n\n");
	for (i = 0; i < count_of(words); i++) {
		snprintf(left, sizeof(left), "%s %s", words[i].name, words[i].takes);
		printf("  %-20s %s\n", left, words[i].does);
	}
	printf("\nexample:\n"
	       "  reeve tools list --tools tools.json\n"
	       "  reeve tools pin filesystem --tools tools.json\n"
	       "  reeve tools scan saved-tools-list.json\n\n"
	       "reeve tools WORD --help says more; reeve-catalogue(5) says what a pin is.\n");
	return EXIT_DONE;
}

int tools_usage(const char *word, const struct err *e)
{
	log_say("tools %s: %s (see reeve tools %s --help)", word, e->text, word);
	return EXIT_USAGE;
}

int cmd_tools(int argc, char **argv, struct err *e)
{
	const char *word = argc > 1 ? argv[1] : "";
	size_t i;

	for (i = 0; i < count_of(words); i++)
		if (strcmp(word, words[i].name) == 0)
			return words[i].run(argc - 1, argv + 1, e);
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		return help();
	err_set(e, ERR_INPUT, *word ? "there is no word \"%s\"" : "expected a word%s", word);
	return usage_error("tools", e);
}
