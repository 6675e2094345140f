/* reeve config: the configuration that makes an agent find the broker, on stdout; what to do with
 * it, on stderr. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/config.h"
#include "profile/profile.h"

struct wanted {
	const char *tools, *url;
	char room[64]; /* of the usual address */
	bool http, help;
};

static void print_help(const struct option_row *rows)
{
	puts("usage: reeve config [--tools FILE] [--http] [--url URL] [AGENT]\n\n"
	     "Prints the configuration by which AGENT, in the jail, finds its tools; on\n"
	     "standard error, where it goes. Without AGENT, lists the agents that are known.\n");
	options_print(rows);
	puts("\nexample:\n  reeve config --tools tools.json codex >codex.toml");
}

static void list_agents(void)
{
	const struct config_agent *a;
	unsigned i;

	for (i = 0; (a = config_agent_at(i)); i++)
		printf("%-12s %s: %s\n", a->name, a->about, a->place);
}

static const struct config_agent *find(const char *name)
{
	const struct config_agent *a;
	unsigned i;

	for (i = 0; (a = config_agent_at(i)); i++)
		if (strcmp(a->name, name) == 0)
			break;
	return a;
}

/* It is put between quotes as it is. */
static int check_url(const char *url, struct err *e)
{
	const char *at;

	if (strncmp(url, "http://", 7) != 0 || !url[7])
		return err_set(e, ERR_INPUT,
			       "--url \"%.80s\": expected what $REEVE_MCP_URL says inside, "
			       "http://127.0.0.1:%u/mcp",
			       url, PROFILE_HTTP);
	for (at = url; *at; at++)
		if (*at <= ' ' || *at > '~' || strchr("\"\\'<>`{}|^@", *at))
			return err_set(
				e, ERR_INPUT,
				"--url: \"%.80s\" holds a character that no such address needs",
				url);
	return 0;
}

static bool write_servers(struct buf *out, const struct config_agent *a, const struct tools *t,
			  const char *url)
{
	char room[512];
	const char *name;
	size_t i;

	for (i = 0; i < tools_count(t); i++) {
		name = tools_server_name(t, i);
		if (url && (size_t)snprintf(room, sizeof(room), "%s/%s", url, name) >= sizeof(room))
			return false;
		if (i > 0)
			buf_puts(out, a->between);
		config_entry(out, a, name, url ? room : NULL);
	}
	return true;
}

static void say_how(const struct config_agent *a, const struct wanted *w)
{
	const char *tools = w->tools ? w->tools : "", *with = w->tools ? " --tools " : "";

	fprintf(stderr, "Inside the jail this is for %s, for instance:\n\n", a->place);
	fprintf(stderr, "  reeve config %s%s%s%s%s%s >%s\n", a->name, with, tools,
		w->http ? " --http" : "", w->http || !w->url ? "" : " --url ",
		w->http || !w->url ? "" : w->url, a->file);
	fprintf(stderr, "  reeve run%s%s%s -- %s\n", with, tools, w->url ? " --http" : "",
		a->start);
}

static int print_config(const struct config_agent *a, const struct wanted *w, struct err *e)
{
	scoped(buf) struct buf out = BUF(64 << 10);
	scoped(tools) struct tools *t = NULL;
	bool fits;

	if (w->url && check_url(w->url, e) < 0)
		return -1;
	if (w->tools && tools_load(&t, w->tools, e) < 0)
		return -1;
	if (t && tools_count(t) == 0)
		return err_set(e, ERR_INPUT, "%s names no tool server", w->tools);
	buf_puts(&out, a->open);
	fits = t ? write_servers(&out, a, t, w->url) : config_entry(&out, a, NULL, w->url);
	if (!fits || !buf_puts(&out, a->close))
		return err_set(e, ERR_LIMIT, "more than a configuration may hold");
	fwrite(out.data, 1, out.size, stdout);
	say_how(a, w);
	return 0;
}

int cmd_config(int argc, char **argv, struct err *e)
{
	struct wanted w = { .tools = NULL };
	const struct option_row rows[] = {
		{ "tools", "FILE", OPTION_TEXT, &w.tools,
		  "a server for each in this file (all as one)", NULL },
		{ "http", NULL, OPTION_FLAG, &w.http, "by HTTP, as reeve run --http offers it",
		  NULL },
		{ "url", "URL", OPTION_TEXT, &w.url, "by HTTP, at another address in the jail",
		  NULL },
		{ "help", NULL, OPTION_FLAG, &w.help, "print this", NULL },
		{ 0 },
	};
	const struct config_agent *a = NULL;
	int first = options_anywhere(argc, argv, rows, e);

	if (first >= 0 && w.help) {
		print_help(rows);
		return EXIT_DONE;
	}
	if (first >= 0 && first + 1 < argc)
		first = err_set(e, ERR_INPUT, "one agent at a time, found %s too", argv[first + 1]);
	if (first >= 0 && first < argc && !(a = find(argv[first])))
		first = err_set(e, ERR_INPUT,
				"there is no agent \"%.60s\": reeve config lists them",
				argv[first]);
	if (first >= 0 && w.http && w.url)
		first = err_set(e, ERR_INPUT,
				"--http or --url, not both: --url is for another address");
	if (w.http) {
		snprintf(w.room, sizeof(w.room), "http://127.0.0.1:%u/mcp", PROFILE_HTTP);
		w.url = w.room;
	}
	if (first >= 0 && !a && (w.tools || w.url))
		first = err_set(e, ERR_INPUT, "for which agent?");
	if (first < 0 || (a && print_config(a, &w, e) < 0))
		return usage_error("config", e);
	if (!a)
		list_agents();
	return EXIT_DONE;
}
