/* reeve profile: which there are, what they come to, how much they expose, and one learnt from a
 * run. */
#include "cli/cmd_profile.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

static const struct {
	const char *name, *takes, *does;
	int (*run)(int argc, char **argv, struct err *e);
} words[] = {
	{ "list", "", "the profiles that can be named", cmd_profile_list },
	{ "show", "NAME|FILE", "what a profile comes to, call by call", cmd_profile_show },
	{ "check", "NAME|FILE...", "what is wrong, and how much it exposes", cmd_profile_check },
	{ "learn", "RUN|LEDGER", "a profile and a policy as narrow as a run", cmd_profile_learn },
	{ "import", "FILE", "one that takes an OCI seccomp file", cmd_profile_import },
};

static int help(void)
{
	char left[64];
	size_t i;

	printf("usage: reeve profile WORD ...\n\n");
	for (i = 0; i < count_of(words); i++) {
		snprintf(left, sizeof(left), "%s %s", words[i].name, words[i].takes);
		printf("  %-28s %s\n", left, words[i].does);
	}
	printf("\nexample:\n"
	       "  reeve profile show node\n"
	       "  reeve profile check --threshold 2 ~/agents/mine.json\n"
	       "  reeve profile learn --name mine 42\n\n"
	       "reeve profile WORD --help says more; reeve-profile(5) says what stands in\n"
	       "a profile.\n");
	return EXIT_DONE;
}

int profile_usage(const char *word, const struct err *e)
{
	log_say("profile %s: %s (see reeve profile --help)", word, e->text);
	return EXIT_USAGE;
}

int cmd_profile(int argc, char **argv, struct err *e)
{
	const char *word = argc > 1 ? argv[1] : "";
	size_t i;

	for (i = 0; i < count_of(words); i++)
		if (strcmp(word, words[i].name) == 0)
			return words[i].run(argc - 1, argv + 1, e);
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		return help();
	err_set(e, ERR_INPUT, *word ? "there is no word \"%s\"" : "expected a word%s", word);
	return usage_error("profile", e);
}
