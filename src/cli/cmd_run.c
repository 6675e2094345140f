/* reeve run: read everything the operator named, and refuse before anything has started. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/cli.h"
#include "cli/wish.h"

static int add_layer(uint32_t *bits, const char *word, size_t size, struct err *e)
{
	const char *name;
	int l;

	if (size == strlen("namespaces") && memcmp(word, "namespaces", size) == 0) {
		*bits |= JAIL_NAMESPACES;
		return 0;
	}
	for (l = 0; l < LAYERS; l++) {
		name = jail_layer_word((enum jail_layer)l);
		if (strlen(name) == size && memcmp(name, word, size) == 0) {
			*bits |= UINT32_C(1) << l;
			return 0;
		}
	}
	return err_set(e, ERR_INPUT, "--without=%.*s names no layer", (int)size, word);
}

static int add_without(void *into, const char *value, struct err *e)
{
	const char *end;

	for (end = strchrnul(value, ','); *end; end = strchrnul(value, ',')) {
		if (add_layer(into, value, (size_t)(end - value), e) < 0)
			return -1;
		value = end + 1;
	}
	return add_layer(into, value, strlen(value), e);
}

/* The agent has 0, 1 and 2; and what has a descriptor could say anything on it. */
static int set_status_fd(void *into, const char *value, struct err *e)
{
	unsigned long fd;
	char *end;
	int flags;

	errno = 0;
	fd = strtoul(value, &end, 10);
	if (errno || *value < '0' || *value > '9' || *end || fd < 3 || fd > 65535)
		return err_set(e, ERR_INPUT, "--status-fd takes a descriptor from 3, not \"%.40s\"", value);
	flags = fcntl((int)fd, F_GETFL);
	if (flags < 0 || (flags & O_PATH) || (flags & O_ACCMODE) == O_RDONLY)
		return err_set(e, ERR_INPUT, "--status-fd %lu: not open for writing", fd);
	if (fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0)
		return err_sys(e, "--status-fd %lu", fd);
	*(int *)into = (int)fd;
	return 0;
}

static void print_help(const struct option_row *rows)
{
	puts("usage: reeve run [options] -- COMMAND [ARG...]\n\n"
	     "Runs COMMAND in a jail whose only door is a broker. What it asks of tools is\n"
	     "judged by policy, written to a signed ledger, and only then done or refused.\n");
	options_print(rows);
	puts("\nexit status: the command's own; 124 timeout, 125 reeve failed, 126 not\n"
	     "executable, 127 not found, 128+n signal n. Bad options or files: 2,\n"
	     "and nothing was started.\n\n"
	     "example:\n"
	     "  reeve run --policy policies/coding-agent.json --tools tools.json -- my-agent");
}

static int go(struct wish *w, struct err *e)
{
	int status = RUN_FAILED;

	if (wish_read(w, e) < 0) {
		log_say("run: %s", e->text);
		return EXIT_USAGE;
	}
	w->ask.reload = wish_reload_policy;
	w->ask.reload_with = w;
	if (launch_run(&w->ask, &status, e) < 0) {
		log_say("run: %s", e->text);
		return RUN_FAILED;
	}
	return status;
}

static int read_and_go(struct wish *w, int argc, char **argv, struct err *e)
{
	const struct option_row rows[] = {
		{ "profile", "NAME|FILE", OPTION_TEXT, &w->profile,
		  "what exists in the jail (agent)", NULL },
		{ "policy", "DIR|FILE", OPTION_TEXT, &w->policy, "what may be asked (nothing)",
		  NULL },
		{ "signed", NULL, OPTION_FLAG, &w->demand_signed, "only a policy that somebody signed who may", NULL },
		{ "catalogue", "DIR", OPTION_TEXT, &w->catalogue, "what the tools are, and their pins (beside the policy)", NULL },
		{ "tools", "FILE", OPTION_TEXT, &w->tools, "the tool servers (none)", NULL },
		{ "workspace", "DIR", OPTION_TEXT, &w->workspace, "folder the agent works in (.)",
		  NULL },
		{ "agent", "ID", OPTION_TEXT, &w->ask.agent, "who it is, in the ledger (agent)",
		  NULL },
		{ "agents", "FILE", OPTION_TEXT, &w->agents, "who agents are (agents.json, if there is one)", NULL },
		{ "owner", "ID", OPTION_TEXT, &w->ask.owner, "who is accountable (this user)",
		  NULL },
		{ "task", "TEXT", OPTION_TEXT, &w->ask.task, "what the run is for", NULL },
		{ "tenant", "NAME", OPTION_TEXT, &w->ask.tenant, "whose ledger (default)", NULL },
		{ "department", "WORD", OPTION_TEXT, &w->ask.department, "finance, support, ...",
		  NULL },
		{ "environment", "WORD", OPTION_TEXT, &w->ask.environment, "prod, staging, ...",
		  NULL },
		{ "initiator", "WORD", OPTION_TEXT, &w->ask.initiator, "human, schedule, agent",
		  NULL },
		{ "timeout", "SECONDS", OPTION_NUMBER, &w->ask.timeout_s, "end it after that long",
		  NULL },
		{ "http", NULL, OPTION_FLAG, &w->http, "MCP by URL too, on the jail's loopback", NULL },
		{ "network", NULL, OPTION_FLAG, &w->network, "connections, as far as the policy allows them", NULL },
		{ "without", "LAYER,...", OPTION_EACH, &w->ask.without, "go on if these cannot be had",
		  add_without },
		{ "on-held", "COMMAND", OPTION_TEXT, &w->on_held, "tell this when a call waits for a person", NULL },
		{ "status-fd", "N", OPTION_EACH, &w->ask.status_fd, "write JSON lines about the run there",
		  set_status_fd },
		{ "timings", NULL, OPTION_FLAG, &w->ask.timings, "say how long each phase took",
		  NULL },
		{ "help", NULL, OPTION_FLAG, &w->help, "print this", NULL },
		{ 0 },
	};
	int operands = options_read(argc, argv, rows, e);

	if (operands < 0)
		return usage_error("run", e);
	if (w->help) {
		print_help(rows);
		return EXIT_DONE;
	}
	if (operands < argc && strcmp(argv[operands - 1], "--") != 0) {
		err_set(e, ERR_INPUT, "put -- before %s: what follows it is the agent's", argv[operands]);
		return usage_error("run", e);
	}
	if (operands == argc) {
		err_set(e, ERR_INPUT, "which command? put it after --");
		return usage_error("run", e);
	}
	w->ask.argv = (const char *const *)(argv + operands);
	return go(w, e);
}

/* A reader of our stderr that went away must not end the run: what we have to say is not worth it. */
int cmd_run(int argc, char **argv, struct err *e)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct wish *w = calloc(1, sizeof(*w));
	int status;

	if (!w || sigaction(SIGPIPE, &ignore, NULL) < 0)
		return err_sys(e, "begin a run");
	w->profile = "agent";
	w->ask.agent = "agent";
	w->ask.tenant = "default";
	status = read_and_go(w, argc, argv, e);
	wish_free(w);
	return status;
}
