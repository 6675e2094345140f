#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "call/call.h"

static const struct {
	const char *name, *takes, *does;
	int fewest, most;
	int (*run)(int argc, char **argv, bool raw);
} commands[] = {
	{ "mcp", "[SERVER]", "speak MCP on standard input and output", 0, 1, cmd_mcp },
	{ "tool", "SERVER/TOOL [JSON|-]", "call one tool and print what it says", 1, 2, cmd_tool },
	{ "list", "[SERVER]", "say which tools may be called", 0, 1, cmd_list },
};

static void help(FILE *to)
{
	size_t i;

	fprintf(to, "reeve-call - call the tools of a reeve run from inside its jail\n\n");
	for (i = 0; i < count_of(commands); i++)
		fprintf(to, "  reeve-call %-5s %-22s %s\n", commands[i].name, commands[i].takes,
			commands[i].does);
	fprintf(to, "\n  --json     print the result as JSON\n"
		    "  --version  print the version\n\n"
		    "Example:\n\n"
		    "  reeve-call tool fs/read_file '{\"path\":\"README.md\"}'\n\n"
		    "Exit: 0 done, 1 refused or a tool's error, 2 usage, 3 could not.\n");
}

static int usage(const char *what)
{
	log_say("%s: reeve-call --help says how", what);
	return CALL_USAGE;
}

/* Takes --json out of the words, wherever it stands before "--". */
static int take_option(int argc, char **argv, bool *raw)
{
	int i, kept = 0;
	bool more = true;

	for (i = 0; i < argc; i++) {
		if (more && strcmp(argv[i], "--") == 0)
			more = false;
		else if (more && strcmp(argv[i], "--json") == 0)
			*raw = true;
		else
			argv[kept++] = argv[i];
	}
	return kept;
}

int main(int argc, char **argv)
{
	bool raw = false;
	size_t i;

	log_name("reeve-call");
	sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		help(stdout);
		return CALL_DONE;
	}
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		printf("reeve-call %s\n", REEVE_VERSION);
		return CALL_DONE;
	}
	argc = take_option(argc, argv, &raw);
	if (argc < 2)
		return usage("which command?");
	for (i = 0; i < count_of(commands); i++) {
		if (strcmp(commands[i].name, argv[1]) != 0)
			continue;
		if (argc - 2 < commands[i].fewest || argc - 2 > commands[i].most)
			return usage(argv[1]);
		return commands[i].run(argc - 2, argv + 2, raw);
	}
	return usage(argv[1]);
}
