#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/cli.h"
#include "launcher/sealed.h"

static const struct command {
	const char *name, *takes, *does;
	int (*run)(int argc, char **argv, struct err *e);
	bool sealed; /* works from a copy of itself that nobody can change */
} commands[] = {
	{ "run", "[options] -- COMMAND", "run an agent in a jail and keep its ledger", cmd_run,
	  true },
	{ "init", "[--tenant NAME]", "make a ledger and its key before the first run", cmd_init, false },
	{ "doctor", "[--json]", "say what a jail lacks here, and what mends it", cmd_doctor,
	  false },
	{ "policy", "check|test|sign|...", "check, try, explain, replay, sign policies",
	  cmd_policy, false },
	{ "profile", "list|show|check|...", "see, judge and learn what a jail holds",
	  cmd_profile, false },
	{ "config", "[AGENT]", "print what makes an agent find its tools", cmd_config, false },
	{ "tools", "list|pin|scan", "see, accept and scan what tool servers offer", cmd_tools, true },
	{ "review", "list|show|approve|...", "see what waits for a person, and decide", cmd_review, false },
	{ "workspace", "list|diff|commit|...", "see, take over or drop what a run changed",
	  cmd_workspace, false },
	{ "show", "RUN [SERVER]", "what a run was, and what its tool servers said", cmd_show, false },
	{ "net", "log RUN", "a run's connections, and rules they lack", cmd_net, false },
	{ "ledger", "purge|hold|reveal|rotate", "payloads of calls, and keys of the ledger", cmd_ledger, false },
	{ "audit", "verify|show|query|...", "prove what happened, and ask about it", cmd_audit, false },
	{ "help", "", "print this", cmd_help, false },
	{ "version", "", "print the version", cmd_version, false },
};

int cmd_help(int argc, char **argv, struct err *e)
{
	char left[64];
	size_t i;

	(void)argc, (void)argv, (void)e;
	printf("usage: reeve WORD ...\n\n");
	for (i = 0; i < count_of(commands); i++) {
		snprintf(left, sizeof(left), "%s %s", commands[i].name, commands[i].takes);
		printf("  %-28s %s\n", left, commands[i].does);
	}
	printf("\nexample:\n"
	       "  reeve run --policy policies/read-only.json --tools tools.json -- my-agent\n"
	       "  reeve audit show ~/.local/state/reeve/ledgers/default\n\n"
	       "reeve WORD --help says more; so does man reeve.\n");
	return EXIT_DONE;
}

int cmd_version(int argc, char **argv, struct err *e)
{
	(void)argc, (void)argv, (void)e;
	puts("reeve " REEVE_VERSION);
	return EXIT_DONE;
}

int usage_error(const char *word, const struct err *e)
{
	log_say("%s%s%s (see reeve %s%s--help)", word, *word ? ": " : "", e->text, word,
		*word ? " " : "");
	return EXIT_USAGE;
}

/* -h and --help, -V and --version are words too: nobody should have to guess. */
static const char *word_of(const char *given)
{
	if (strcmp(given, "--help") == 0 || strcmp(given, "-h") == 0)
		return "help";
	if (strcmp(given, "--version") == 0 || strcmp(given, "-V") == 0)
		return "version";
	return given;
}

/*
 * First: what was closed reads as /dev/null. Otherwise the next thing we open would become 0, 1 or
 * 2, and be handed to the agent as its own.
 */
static int have_stdio(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	return fd < 0 ? -1 : close(fd);
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	size_t i;
	int status;

	if (have_stdio() < 0)
		return EXIT_COULD_NOT;
	log_name("reeve");
	if (argc < 2) {
		cmd_help(0, NULL, &e);
		return EXIT_USAGE;
	}
	for (i = 0; i < count_of(commands); i++) {
		if (strcmp(commands[i].name, word_of(argv[1])) != 0)
			continue;
		status = commands[i].sealed ? sealed_enter(argv, &e) : 0;
		if (status == 0)
			status = commands[i].run(argc - 1, argv + 1, &e);
		if (status < 0)
			log_say("%s", e.text);
		return status < 0 ? EXIT_COULD_NOT : status;
	}
	err_set(&e, ERR_INPUT, "there is no word \"%s\"", argv[1]);
	return usage_error("", &e);
}
