/* What a profile comes to on this machine, for people: printed from what --json gives, so both say
 * the same. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/cmd_profile.h"
#include "cli/describe.h"
#include "cli/rows.h"

enum { SHOW_MOST = 1 << 22 };

static void print_mounts(json_t *rows)
{
	char left[4200];
	json_t *row;
	size_t i;

	puts("\nmounts");
	json_array_foreach(rows, i, row) {
		bool same = strcmp(json_text(row, "source"), json_text(row, "target")) == 0 ||
			    !json_text(row, "source")[0];

		snprintf(left, sizeof(left), "%-8s%s%s%s", json_text(row, "kind"),
			 json_text(row, "target"),
			 same                                        ? ""
			 : strcmp(json_text(row, "kind"), "link") == 0 ? " -> "
								     : " from ",
			 same ? "" : json_text(row, "source"));
		row_print(2, 36, left, json_text(row, "because"));
	}
}

static void print_environment(json_t *rows)
{
	char left[4200];
	json_t *row;
	size_t i;

	puts("\nenvironment");
	json_array_foreach(rows, i, row) {
		snprintf(left, sizeof(left), "%s%s%s", json_text(row, "name"),
			 json_object_get(row, "from") ? " (the operator's)" : "=",
			 json_text(row, "value"));
		row_print(2, 36, left, json_text(row, "because"));
	}
}

static void print_limits(json_t *rows)
{
	scoped(buf) struct buf most = BUF(256);
	char left[320];
	json_t *row;
	size_t i;

	puts("\nlimits");
	json_array_foreach(rows, i, row) {
		most.size = 0;
		json_write(&most, json_object_get(row, "most"));
		snprintf(left, sizeof(left), "%-16s%s", json_text(row, "name"),
			 buf_text(&most) ? buf_text(&most) : "");
		row_print(2, 36, left, json_text(row, "because"));
	}
	if (json_array_size(rows) == 0)
		puts("  none of its own");
}

static void print_calls(json_t *all)
{
	json_t *rows = json_object_get(all, "calls"), *row;
	size_t i, allowed = 0;
	char left[64];

	json_array_foreach(rows, i, row)
		allowed += strcmp(json_text(row, "answer"), "allow") == 0;
	printf("\ncalls of the kernel: %zu allowed, %zu refused by name, all others answer %s\n",
	       allowed, json_array_size(rows) - allowed, json_text(all, "other_calls"));
	json_array_foreach(rows, i, row) {
		snprintf(left, sizeof(left), "%-7s%s", json_text(row, "answer"),
			 json_text(row, "name"));
		row_print(2, 32, left, json_text(row, "because"));
	}
}

static void print_names(const char *title, json_t *rows)
{
	json_t *row;
	size_t i;

	printf("\n%s\n", title);
	json_array_foreach(rows, i, row) {
		if (json_is_string(row))
			row_print(2, 36, json_string_value(row), NULL);
		else
			row_print(2, 36, json_text(row, "name"), json_text(row, "because"));
	}
	if (json_array_size(rows) == 0)
		puts("  none");
}

static void print_layers(json_t *rows)
{
	scoped(buf) struct buf line = BUF(1024);
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
		buf_printf(&line, "%s%s", i ? ", " : "", json_string_value(row));
	row_print(0, 12, "layers", buf_text(&line) ? buf_text(&line) : "");
}

static void print_all(json_t *all)
{
	static const char *const texts[] = { "profile", "about", "workspace",
					     "changes", "cwd",   "hostname", "network" };
	json_t *file;
	size_t i;

	for (i = 0; i < count_of(texts); i++)
		if (json_object_get(all, texts[i]))
			row_print(0, 12, texts[i], json_text(all, texts[i]));
	row_print(0, 8, "digest", json_text(all, "digest")); /* 80 columns leave no more */
	json_array_foreach(json_object_get(all, "files"), i, file)
		row_print(0, 12, i ? "" : "files", json_string_value(file));
	print_layers(json_object_get(all, "layers"));
	print_mounts(json_object_get(all, "mounts"));
	print_environment(json_object_get(all, "environment"));
	print_limits(json_object_get(all, "limits"));
	print_names("names that nothing inside can make or change",
		    json_object_get(all, "protect"));
	print_names("sockets", json_object_get(all, "sockets"));
	if (json_object_get(all, "reaches"))
		print_names("network", json_object_get(all, "reaches"));
	print_calls(all);
}

static int show(struct wish *w, bool json, struct err *e)
{
	static const char *const argv[] = { "COMMAND", NULL };
	scoped(buf) struct buf out = BUF(SHOW_MOST);
	scoped(json) json_t *all = NULL;
	struct jail_plan plan = { 0 };

	if (wish_place(w, e) < 0 ||
	    profile_agent_plan(&plan, w->read_profile, w->read_tools, &w->ask.place, argv, e) < 0) {
		log_say("profile show: %s", e->text);
		return EXIT_USAGE;
	}
	all = describe_plan(w, &plan.spec);
	jail_plan_free(&plan);
	if (!json)
		print_all(all);
	else if (json_write(&out, all) && buf_puts(&out, "\n"))
		fwrite(out.data, 1, out.size, stdout);
	else
		return err_set(e, ERR_LIMIT, "more to show than %d bytes", SHOW_MOST);
	return EXIT_DONE;
}

static int help(const struct option_row *rows)
{
	printf("usage: reeve profile show [options] NAME|FILE\n\n");
	options_print(rows);
	printf("\nexample:\n  reeve profile show --workspace ~/src/mine node\n");
	return EXIT_DONE;
}

int cmd_profile_show(int argc, char **argv, struct err *e)
{
	struct wish *w = calloc(1, sizeof(*w));
	bool json = false, wants_help = false;
	const struct option_row rows[] = {
		{ "workspace", "DIR", OPTION_TEXT, w ? &w->workspace : NULL,
		  "folder the agent would work in (.)", NULL },
		{ "tools", "FILE", OPTION_TEXT, w ? &w->tools : NULL,
		  "the tool servers (the profile's)", NULL },
		{ "network", NULL, OPTION_FLAG, w ? &w->network : NULL, "as with reeve run --network", NULL },
		{ "json", NULL, OPTION_FLAG, &json, "for programs", NULL },
		{ "help", NULL, OPTION_FLAG, &wants_help, "print this", NULL },
		{ 0 },
	};
	int first, status;

	if (!w)
		return err_sys(e, "memory");
	first = options_anywhere(argc, argv, rows, e);
	if (first >= 0 && !wants_help && first != argc - 1)
		first = err_set(e, ERR_INPUT, "which NAME or FILE? one of them");
	if (first >= 0 && !wants_help)
		w->profile = argv[first];
	status = first < 0 ? profile_usage("show", e) : wants_help ? help(rows) : show(w, json, e);
	wish_free(w);
	return status;
}
