/*
 * What a tool server offers, seen as a run sees it: in its own jail, with its own secrets, started
 * by the broker for an agent of ours that only asks for lists. The run is in the ledger like any
 * other.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "cli/cmd_tools.h"

enum { SHOWN_MOST = 32 << 20, LIST_MOST = 8 << 20 };

/* To be listed, and nothing else: our agent asks for no tool. */
static const char policy[] =
	"{ \"reeve\": \"policy/1\", \"layer\": \"action\", \"version\": \"reeve tools\", "
	"\"rules\": ["
	"{ \"id\": \"list\", \"then\": \"allow\", \"when\": { \"server\": \"*\", \"action\": "
	"[\"tool.call\", \"prompt.get\", \"resource.read\"] } } ] }";

static const char questions[] =
	"{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":"
	"\"2025-11-25\","
	"\"capabilities\":{},\"clientInfo\":{\"name\":\"reeve-tools\",\"version\":\"1\"}}}\n"
	"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n"
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}\n"
	"{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"prompts/list\"}\n"
	"{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"resources/templates/list\"}\n";

void look_rows(struct option_row rows[LOOK_ROWS], struct look *l)
{
	struct wish *w = l->wish;
	const struct option_row all[LOOK_ROWS] = {
		{ "tools", "FILE", OPTION_TEXT, &w->tools, "the tool servers (the profile's)",
		  NULL },
		{ "catalogue", "DIR", OPTION_TEXT, &w->catalogue,
		  "where words and pins are (as reeve run)", NULL },
		{ "policy", "DIR|FILE", OPTION_TEXT, &w->policy,
		  "in or beside which the catalogue is", NULL },
		{ "profile", "NAME|FILE", OPTION_TEXT, &w->profile,
		  "what exists in the jails (agent)", NULL },
		{ "workspace", "DIR", OPTION_TEXT, &w->workspace, "folder the servers work in (.)",
		  NULL },
		{ "from", "FILE", OPTION_TEXT, &l->from,
		  "a saved list, in place of asking the server", NULL },
	};

	memcpy(rows, all, sizeof(all));
}

int look_new(struct look *out, struct err *e)
{
	static const char *const agent[] = { "reeve-call", "mcp", NULL };

	*out = (struct look){ .wish = calloc(1, sizeof(*out->wish)) };
	if (!out->wish)
		return err_sys(e, "memory");
	out->wish->profile = "agent";
	out->wish->quiet = true;
	out->wish->ask.agent = "reeve-tools";
	out->wish->ask.tenant = "default";
	out->wish->ask.argv = agent;
	return 0;
}

void look_free(struct look *l)
{
	if (l->wish)
		wish_free(l->wish);
	l->wish = NULL;
}

bool look_server(size_t *out, const struct look *l, const char *name, struct err *e)
{
	const struct tools *t = l->wish->read_tools;
	char names[160] = "";
	size_t i, at = 0;

	for (i = 0; i < tools_count(t); i++) {
		if (strcmp(tools_server_name(t, i), name) == 0) {
			*out = i;
			return true;
		}
		if (at < sizeof(names))
			at += (size_t)snprintf(names + at, sizeof(names) - at, " %s",
					       tools_server_name(t, i));
	}
	err_set(e, ERR_INPUT, "there is no tool server \"%.40s\" in the tool file%s%s", name,
		tools_count(t) ? ": it has" : "; name one by --tools", names);
	return false;
}

int look_saved(json_t **out, const char *path, struct err *e)
{
	struct json_file f = { 0 };

	if (json_file_load(&f, path, LIST_MOST, e) < 0)
		return -1;
	*out = offered_read(f.root);
	json_file_free(&f);
	return *out ? 0
		    : err_set(e, ERR_INPUT,
			      "%s: no list: expected an object with \"tools\", as tools/list "
			      "answers",
			      path);
}

int look_catalogue(struct catalogue **out, const struct look *l, size_t server, struct err *e)
{
	const struct run_request *ask = &l->wish->ask;
	scoped(catalogue) struct catalogue *c = NULL;
	size_t i;

	if (catalogue_new(&c, tools_server_name(l->wish->read_tools, server), e) < 0)
		return -1;
	for (i = 0; i < ask->catalogue_count; i++)
		if (ask->catalogues[i].server == server &&
		    catalogue_add(c, ask->catalogues[i].name, ask->catalogues[i].bytes,
				  ask->catalogues[i].size, e) < 0)
			return -1;
	*out = take(&c);
	return 0;
}

/* Its own words are the operator's: nobody is asked. */
static int offered_by_file(json_t **out, const struct look *l, size_t server, struct err *e)
{
	struct buf list = BUF(1 << 20);
	json_t *tools = NULL;
	int done = tools_exec_list(&list, l->wish->read_tools, server, e);

	if (done == 0)
		done = json_read(&tools, list.data, list.size, NULL, e);
	buf_free(&list);
	*out = done == 0 ? json_pack("{s:o}", "tools", tools) : NULL;
	return *out ? 0 : -1;
}

/* What the launcher would find when it starts it. */
static int add_program(json_t *offered, const struct look *l, size_t server, struct err *e)
{
	const struct wish *w = l->wish;
	struct parts *parts = calloc(1, sizeof(*parts));
	struct jail_plan plan = { 0 };
	json_t *program = json_object();
	size_t i;
	int done;

	if (!parts || !program)
		return err_sys(e, "memory for a program's parts");
	done = tools_server_plan(&plan, w->read_tools, server, NULL, w->read_profile, &w->ask.place,
				 e);
	if (done == 0)
		done = parts_find(parts, tools_server_url(w->read_tools, server),
				  tools_server_from_workspace(w->read_tools, server), &plan,
				  w->ask.place.workspace, e);
	for (i = 0; done == 0 && i < parts->count; i++)
		json_object_set_new(program, parts->at[i].name, json_string(parts->at[i].what));
	if (done == 0 && parts->count > 0)
		json_object_set(offered, "program", program);
	json_decref(program);
	jail_plan_free(&plan);
	free(parts);
	return done;
}

/* In a process of its own: a run takes the process it is in for its own. */
static int run_apart(struct wish *w, int in, int shown, struct err *e)
{
	int status = RUN_FAILED;
	pid_t child;

	if (secrets_lend(&w->secrets, true, e) < 0)
		return -1;
	child = fork();
	if (child < 0)
		return err_sys(e, "fork");
	if (secrets_lend(&w->secrets, false, e) < 0) {
		if (child == 0)
			_exit(RUN_FAILED);
		kill(child, SIGKILL);
	}
	if (child == 0) {
		scoped(fd) int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);

		w->ask.show_fd = shown;
		if (nothing < 0 || dup2(in, STDIN_FILENO) < 0 || dup2(nothing, STDOUT_FILENO) < 0)
			_exit(RUN_FAILED);
		if (launch_run(&w->ask, &status, e) < 0) {
			log_say("tools: %s", e->text);
			status = RUN_FAILED;
		}
		_exit(status);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0
		       ? 0
		       : err_set(e, ERR_PEER, "the run to see it failed");
}

/* One line for each list, each with what is known of the server by then. */
static int read_shown(json_t **out, int shown, const char *server, struct err *e)
{
	scoped(mem) char *text = NULL;
	scoped(json) json_t *all = json_object();
	char *line, *end;
	size_t size;

	if (lseek(shown, 0, SEEK_SET) < 0 || fd_read_all(&text, &size, shown, SHOWN_MOST, e) < 0)
		return -1;
	for (line = text; all && *line; line = end + 1) {
		scoped(json) json_t *one = NULL;

		end = strchrnul(line, '\n');
		if (json_read(&one, line, (size_t)(end - line), NULL, e) < 0)
			return -1;
		if (strcmp(json_text(one, "server"), server) == 0)
			json_object_update(all, json_object_get(one, "offers"));
		if (!*end)
			break;
	}
	if (!json_object_get(all, "tools"))
		return err_set(e, ERR_PEER,
			       "tool server %s did not start, or did not list its tools: reeve "
			       "show last %s says what it wrote, and reeve audit show why it ended",
			       server, server);
	*out = take(&all);
	return 0;
}

static int offered_by_server(json_t **out, struct look *l, size_t server, struct err *e)
{
	const char *name = tools_server_name(l->wish->read_tools, server);
	const struct policy_bytes own = { "reeve-tools", policy, sizeof(policy) - 1 };
	const char *const argv[] = { "reeve-call", "mcp", name, NULL };
	scoped(fd) int in = -1, shown = memfd_create("offered", MFD_CLOEXEC);
	struct wish *w = l->wish;
	char task[128];

	snprintf(task, sizeof(task), "reeve tools: see what %s offers", name);
	w->ask.task = task;
	w->ask.policy = (struct policy_set){ .at = &own, .count = 1 };
	w->ask.argv = argv;
	jail_plan_free(&w->plan);
	w->plan = (struct jail_plan){ 0 };
	if (profile_agent_plan(&w->plan, w->read_profile, w->read_tools, &w->ask.place, argv, e) <
	    0)
		return -1;
	if (shown < 0)
		return err_sys(e, "memory for what it offers");
	if (fd_of_bytes(&in, "questions", questions, sizeof(questions) - 1, e) < 0 ||
	    run_apart(w, in, shown, e) < 0)
		return err_in(e, "%s", name);
	return read_shown(out, shown, name, e);
}

int look_offered(json_t **out, struct look *l, size_t server, struct err *e)
{
	if (l->from)
		return look_saved(out, l->from, e) < 0 ? -1 : add_program(*out, l, server, e);
	if (tools_server_kind(l->wish->read_tools, server) == TOOLS_EXEC)
		return offered_by_file(out, l, server, e);
	return offered_by_server(out, l, server, e);
}
