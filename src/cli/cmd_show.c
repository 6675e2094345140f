/* reeve show: what a run was, and what its tool servers said on standard error. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/ledger_lines.h"
#include "cli/rows.h"
#include "cli/settings.h"
#include "launcher/launcher.h"

enum { KEPT_MOST = 1 << 20, LEFT = 12, NAMES = 64 };

/* Of one run; owned. */
struct facts {
	uint64_t wanted; /* 0: the last */
	json_t *run, *close;
	size_t done, refused, starts;
	size_t connected, cut; /* connections that were allowed, and refused */
};

static void drop_facts(struct facts *f)
{
	json_decref(f->run);
	json_decref(f->close);
	*f = (struct facts){ .wanted = f->wanted };
}

static void count_record(struct facts *f, const char *kind, const char *action)
{
	bool net = strncmp(action, "net.", 4) == 0, intent = strcmp(kind, "intent") == 0;
	bool refusal = strcmp(kind, "refusal") == 0, start = strcmp(action, "server.start") == 0;

	f->connected += net && intent;
	f->cut += net && refusal;
	f->starts += start && intent;
	f->done += !net && !start && intent;
	f->refused += !net && refusal;
}

/* Without a number each run begins anew, so that the last one stays. */
static void take_record(void *to, json_t *record)
{
	struct facts *f = to;
	const char *kind = json_text(record, "kind");
	uint64_t run = (uint64_t)json_integer_value(json_object_get(record, "run"));

	if (strcmp(kind, "run") == 0 && (f->wanted == 0 || run == f->wanted)) {
		drop_facts(f);
		f->run = json_incref(record);
	}
	if (!f->run || json_integer_value(json_object_get(f->run, "run")) != (json_int_t)run)
		return;
	if (strcmp(kind, "close") == 0) {
		json_decref(f->close);
		f->close = json_incref(record);
	}
	count_record(f, kind, json_text(record, "action"));
}

static void say(const char *left, const char *text)
{
	if (text && *text)
		row_print(0, LEFT, left, text);
}

static void say_command(const json_t *run)
{
	struct buf words = BUF(8192);
	json_t *word;
	size_t i;

	json_array_foreach(json_object_get(run, "command"), i, word)
		buf_printf(&words, "%s%s", i ? " " : "",
			   json_string_value(word) ? json_string_value(word) : "?");
	say("command", buf_text(&words));
	buf_free(&words);
}

static void say_end(const struct facts *f)
{
	const json_t *status = json_object_get(f->close, "exit");
	char text[128];

	if (!f->close) {
		say("ended", "not yet, or it was killed");
		return;
	}
	snprintf(text, sizeof(text), "%.19sZ %s", json_text(f->close, "time"),
		 json_text(f->close, "status"));
	if (status)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), ", exit status %" PRId64,
			 (int64_t)json_integer_value(status));
	say("ended", text);
}

static void say_facts(const struct facts *f)
{
	static const char *const members[] = { "agent",   "owner",  "task", "workspace",
					       "profile", "policy", "tools" };
	char text[128];
	size_t i;

	snprintf(text, sizeof(text), "%" PRId64,
		 (int64_t)json_integer_value(json_object_get(f->run, "run")));
	say("run", text);
	snprintf(text, sizeof(text), "%.19sZ", json_text(f->run, "time"));
	say("began", text);
	say_end(f);
	say_command(f->run);
	for (i = 0; i < count_of(members); i++)
		say(members[i], json_text(f->run, members[i]));
	snprintf(text, sizeof(text), "%zu allowed, %zu refused; %zu starts of tool servers",
		 f->done, f->refused, f->starts);
	say("calls", text);
	snprintf(text, sizeof(text), "%zu allowed, %zu refused; reeve net log %" PRId64 " shows them", f->connected,
		 f->cut, (int64_t)json_integer_value(json_object_get(f->run, "run")));
	say("connections", f->connected + f->cut ? text : "");
}

/* Line by line, so that a newline stays one; nothing else that a terminal would obey. */
static void print_visible(const char *bytes, size_t size)
{
	struct buf line = BUF(8ul * KEPT_MOST);
	const char *end;
	size_t step;

	for (; size > 0; bytes += step, size -= step) {
		end = memchr(bytes, '\n', size);
		step = end ? (size_t)(end - bytes) : size;
		line.size = 0;
		text_visible(&line, bytes, step);
		printf("  %.*s\n", (int)line.size, line.size ? line.data : "");
		step += step < size;
	}
	buf_free(&line);
}

static bool print_kept(const char *folder, const char *server, const char *more, bool *headed,
		       struct err *e)
{
	char path[LAUNCH_TEXT + 400];
	char *bytes = NULL;
	size_t size = 0;

	snprintf(path, sizeof(path), "%s/%s.stderr%s", folder, server, more);
	if (access(path, F_OK) < 0 || fd_read_file(&bytes, &size, path, KEPT_MOST, e) < 0)
		return false;
	if (!*headed)
		printf("\n%s said\n", server);
	*headed = true;
	print_visible(bytes, size);
	free(bytes);
	return true;
}

static bool print_server(const char *folder, const char *server, struct err *e)
{
	bool headed = false, before = print_kept(folder, server, ".1", &headed, e);

	return print_kept(folder, server, "", &headed, e) || before;
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void print_all(const char *folder, struct err *e)
{
	static const char end[] = ".stderr";
	char names[NAMES][80];
	DIR *all = opendir(folder);
	struct dirent *one;
	size_t count = 0, size, i;

	while (all && (one = readdir(all)) && count < NAMES) {
		size = strlen(one->d_name);
		if (size <= sizeof(end) - 1 || size >= sizeof(names[0]) ||
		    strcmp(one->d_name + size - (sizeof(end) - 1), end) != 0)
			continue;
		memcpy(names[count], one->d_name, size - (sizeof(end) - 1));
		names[count++][size - (sizeof(end) - 1)] = '\0';
	}
	if (all)
		closedir(all);
	qsort(names, count, sizeof(names[0]), compare);
	for (i = 0; i < count; i++)
		(void)print_server(folder, names[i], e);
}

static int show(const char *tenant, uint64_t run, const char *server, struct err *e)
{
	struct facts f = { .wanted = run };
	char folder[LAUNCH_TEXT + 64];
	struct paths at;
	int done = 0;

	if (server && !text_is_name(server))
		return err_set(e, ERR_INPUT, "\"%.60s\" cannot be the name of a tool server",
			       server);
	if (settings_paths(&at, tenant, e) < 0 || ledger_lines(at.ledger, run, take_record, &f, e) < 0)
		return -1;
	if (!f.run)
		return run ? err_set(e, ERR_INPUT, "there is no run %" PRIu64 " in %s", run,
				     at.ledger)
			   : err_set(e, ERR_INPUT, "there is no run in %s", at.ledger);
	run = (uint64_t)json_integer_value(json_object_get(f.run, "run"));
	snprintf(folder, sizeof(folder), "%s/%" PRIu64, at.runs, run);
	if (!server) {
		say_facts(&f);
		print_all(folder, e);
	} else if (!print_server(folder, server, e)) {
		done = err_set(e, ERR_INPUT,
			       "nothing is kept of %s in run %" PRIu64
			       ": it said nothing, or there was no "
			       "such server",
			       server, run);
	}
	drop_facts(&f);
	return done;
}

int run_number(uint64_t *out, const char *text, struct err *e)
{
	char *end;

	*out = 0;
	if (strcmp(text, "last") == 0)
		return 0;
	errno = 0;
	*out = strtoull(text, &end, 10);
	if (errno || *text < '0' || *text > '9' || *end || *out == 0)
		return err_set(e, ERR_INPUT,
			       "a run is its number in the ledger, or \"last\", not \"%.40s\"",
			       text);
	return 0;
}

static void print_help(const struct option_row *rows)
{
	puts("usage: reeve show [--tenant NAME] RUN [SERVER]\n\n"
	     "Prints what a run was, and what its tool servers said on standard error; with\n"
	     "SERVER only that one's words. RUN is its number in the ledger, or \"last\".\n");
	options_print(rows);
	puts("\nexample:\n  reeve show last");
}

int cmd_show(int argc, char **argv, struct err *e)
{
	const char *tenant = "default";
	bool help = false;
	const struct option_row rows[] = {
		{ "tenant", "NAME", OPTION_TEXT, &tenant, "whose ledger (default: default)", NULL },
		{ "help", NULL, OPTION_FLAG, &help, "print this", NULL },
		{ 0 },
	};
	int at = options_anywhere(argc, argv, rows, e);
	uint64_t run = 0;

	if (at >= 0 && help) {
		print_help(rows);
		return EXIT_DONE;
	}
	if (at >= 0 && (argc - at < 1 || argc - at > 2))
		at = err_set(e, ERR_INPUT, "which run? give its number, or \"last\"");
	if (at < 0 || run_number(&run, argv[at], e) < 0)
		return usage_error("show", e);
	return show(tenant, run, argc - at == 2 ? argv[at + 1] : NULL, e) < 0 ? -1 : EXIT_DONE;
}
