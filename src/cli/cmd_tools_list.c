/* reeve tools list: what there is, what the catalogue says of it, and whether it is what was
 * accepted. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/cmd_tools.h"

struct row {
	const char *server, *kind, *name, *state;
	struct words words;
};

static void print_row(const struct row *r, bool json)
{
	scoped(buf) struct buf shown = BUF(2048), line = BUF(4096);
	scoped(json) json_t *one = NULL;

	if (json) {
		one = json_pack("{s:s, s:s, s:s, s:s}", "server", r->server, "kind", r->kind,
				"name", r->name, "state", r->state);
		if (r->words.class)
			json_object_set_new(one, "class", json_string(r->words.class));
		if (r->words.category)
			json_object_set_new(one, "category", json_string(r->words.category));
		if (one && json_write(&line, one))
			puts(buf_text(&line));
		return;
	}
	text_visible(&shown, r->name, strlen(r->name));
	printf("  %-9s %-32s %-9s %-20s %s\n", r->kind, buf_text(&shown) ? buf_text(&shown) : "?",
	       r->words.class ? r->words.class : "-", r->words.category ? r->words.category : "-",
	       r->state);
}

static const char *state_of(const struct look *l, size_t server, const struct catalogue *c,
			    enum listed kind, const json_t *definition, const json_t *offered)
{
	const char *what = NULL;
	struct tools_life life;

	if (tools_server_kind(l->wish->read_tools, server) == TOOLS_EXEC)
		return "the operator's own";
	tools_server_life(&life, l->wish->read_tools, server);
	if (life.unpinned)
		return "taken as it comes";
	switch (catalogue_compare(c, kind, definition, json_object_get(offered, "instructions"),
				  json_object_get(offered, "program"), &what)) {
	case PIN_SAME:
		return "pinned";
	case PIN_UNPINNED:
		return "not pinned";
	case PIN_CHANGED:
		break;
	}
	return strcmp(what, "its definition") == 0         ? "changed: its definition"
	       : strcmp(what, "the server's program") == 0 ? "changed: the server's program"
							   : "changed: the server's instructions";
}

/* How many of them are not what was accepted. */
static size_t list_kind(const struct look *l, size_t server, const struct catalogue *c,
			enum listed kind, const json_t *offered)
{
	const json_t *list = json_object_get(offered, listed_member(kind)), *one;
	static const char *const words[] = { "tool", "prompt", "resource" };
	size_t i, off = 0;
	struct row r;

	for (i = 0; i < json_array_size(list); i++) {
		one = json_array_get(list, i);
		r = (struct row){ .server = tools_server_name(l->wish->read_tools, server),
				  .kind = words[kind],
				  .name = listed_name(kind, one),
				  .state = state_of(l, server, c, kind, one, offered),
				  .words = catalogue_words(c, kind, listed_name(kind, one)) };
		off += strcmp(r.state, "not pinned") == 0 || strncmp(r.state, "changed", 7) == 0;
		print_row(&r, l->json);
	}
	return off;
}

static int list_server(size_t *off, struct look *l, size_t server, struct err *e)
{
	scoped(catalogue) struct catalogue *c = NULL;
	scoped(json) json_t *offered = NULL;
	int kind;

	if (look_catalogue(&c, l, server, e) < 0 || look_offered(&offered, l, server, e) < 0)
		return -1;
	if (!l->json)
		printf("%s\n", tools_server_name(l->wish->read_tools, server));
	for (kind = 0; kind < LISTED_KINDS; kind++)
		*off += list_kind(l, server, c, (enum listed)kind, offered);
	fflush(stdout);
	return 0;
}

/* One that cannot be started does not hide the others. */
static int list_all(struct look *l, char **names, size_t count, struct err *e)
{
	size_t i, server, off = 0, all;
	bool failed = false;

	if (wish_read(l->wish, e) < 0)
		return tools_usage("list", e);
	all = tools_count(l->wish->read_tools);
	if (l->from && count != 1) {
		err_set(e, ERR_INPUT, "whose list is it? name one server with --from");
		return tools_usage("list", e);
	}
	for (i = 0; i < (count ? count : all); i++) {
		server = i;
		if (count && !look_server(&server, l, names[i], e))
			return tools_usage("list", e);
		if (list_server(&off, l, server, e) < 0) {
			log_say("tools list: %s", e->text);
			failed = true;
		}
		*e = (struct err){ 0 };
	}
	return failed ? EXIT_COULD_NOT : off ? EXIT_DIFFERS : EXIT_DONE;
}

int cmd_tools_list(int argc, char **argv, struct err *e)
{
	struct look l;
	struct option_row rows[LOOK_ROWS + 3] = { 0 };
	int operand, status;

	if (look_new(&l, e) < 0)
		return -1;
	look_rows(rows, &l);
	rows[LOOK_ROWS] =
		(struct option_row){ "json", NULL, OPTION_FLAG, &l.json, "one JSON object a line",
				     NULL };
	rows[LOOK_ROWS + 1] =
		(struct option_row){ "help", NULL, OPTION_FLAG, &l.help, "print this", NULL };
	operand = options_anywhere(argc, argv, rows, e);
	if (operand < 0) {
		status = tools_usage("list", e);
	} else if (l.help) {
		puts("usage: reeve tools list [options] [SERVER...]\n\n"
		     "Starts tool servers in their jails and shows what they offer: of each tool\n"
		     "its class and category, and whether it is pinned. Exits with 1 if anything\n"
		     "is not.\n");
		options_print(rows);
		status = EXIT_DONE;
	} else {
		status = list_all(&l, argv + operand, (size_t)(argc - operand), e);
	}
	look_free(&l);
	return status;
}
