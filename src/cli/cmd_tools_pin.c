/* reeve tools pin: a person sees what changed, and accepts it or does not. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "cli/cmd_tools.h"

enum { DIFF_MOST = 64 << 20 };

struct pinning {
	struct look *look;
	const char *server;
	json_t *offered, *now; /* owned */
	const json_t *old;
	struct catalogue *catalogue; /* owned */
	struct buf diff;
	size_t changes, findings;
	char digest[SEAL_DIGEST_TEXT];
};

static void pinning_free(struct pinning *p)
{
	json_decref(p->offered);
	json_decref(p->now);
	catalogue_free(p->catalogue);
	buf_free(&p->diff);
}

static void say_finding(void *pinning, const struct finding *f)
{
	struct pinning *p = pinning;

	if (p->look->json)
		return;
	if (p->findings++ == 0)
		puts("\nLook at these:");
	printf("  %s%s%s: %s: %s\n", f->tool, *f->tool && *f->at ? " " : "", f->at, f->word,
	       f->text);
}

static void say_left_out(void *pinning, const struct finding *f)
{
	(void)pinning;
	log_say("tools pin: %s is left out, and will be refused: %s", f->tool, f->text);
}

static int compare(struct pinning *p, size_t server, struct err *e)
{
	scoped(buf) struct buf bytes = BUF(DIFF_MOST);

	if (look_catalogue(&p->catalogue, p->look, server, e) < 0 ||
	    look_offered(&p->offered, p->look, server, e) < 0)
		return -1;
	p->now = pin_make(p->offered);
	if (!p->now)
		return err_set(e, ERR_SYSTEM, "out of memory");
	pin_leave_out(p->now, say_left_out, p);
	p->old = catalogue_pin(p->catalogue);
	p->diff = BUF(DIFF_MOST);
	p->changes = pin_diff(&p->diff, p->old, p->now);
	if (!json_canonical_any(&bytes, p->now))
		return err_set(e, ERR_SYSTEM, "out of memory");
	seal_digest(p->digest, bytes.data, bytes.size);
	return 0;
}

static void show(struct pinning *p)
{
	fwrite(p->diff.data ? p->diff.data : "", 1, p->diff.size, stdout);
	catalogue_scan(p->offered, say_finding, p);
	catalogue_unenforced(p->offered, say_finding, p);
	printf("\n%zu difference%s to what is pinned of %s.\n", p->changes,
	       p->changes == 1 ? "" : "s", p->server);
	fflush(stdout);
}

static void show_json(const struct pinning *p, bool written)
{
	scoped(buf) struct buf line = BUF(DIFF_MOST);
	scoped(json) json_t *one =
		json_pack("{s:s, s:s, s:i, s:b, s:s%}", "server", p->server, "digest", p->digest,
			  "changes", (int)p->changes, "written", written, "diff",
			  p->diff.data ? p->diff.data : "", p->diff.size);

	if (one && json_write(&line, one))
		puts(buf_text(&line));
}

/* A yes to a question; anything else, and no terminal, is a no. */
static bool asks_person(void)
{
	char line[16] = "";

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return false;
	printf("Accept it? Type yes: ");
	fflush(stdout);
	return fgets(line, sizeof(line), stdin) && strcmp(line, "yes\n") == 0;
}

/* Where another file has the pin, a second one would contradict it. */
static int check_home(const struct pinning *p, const char *name, struct err *e)
{
	const struct policy_files *files = &p->look->wish->words;
	size_t i;

	for (i = 0; i < files->count; i++) {
		const struct policy_file *f = &files->at[i];
		scoped(json) json_t *doc = NULL;
		struct err ignored = { 0 };

		if (strcmp(f->name, name) == 0 ||
		    json_read(&doc, f->bytes, f->size, NULL, &ignored) < 0)
			continue;
		if (json_object_get(doc, "pin") && strcmp(json_text(doc, "server"), p->server) == 0)
			return err_set(e, ERR_INPUT,
				       "%s holds the pin of %s: take it out of there first",
				       f->path, p->server);
	}
	return 0;
}

static int write_pin(struct pinning *p, struct err *e)
{
	const char *dir = p->look->wish->catalogue_room;
	scoped(buf) struct buf bytes = BUF(CATALOGUE_MOST);
	char name[128], file[sizeof(name) + 8], about[CATALOGUE_SERVER];

	snprintf(name, sizeof(name), "%s.pin", p->server);
	snprintf(file, sizeof(file), "%s.json", name);
	if (check_home(p, name, e) < 0)
		return -1;
	/* It is read as a run will read it, before it is one that a run reads. */
	if (!pin_write(&bytes, p->server, p->now) ||
	    catalogue_server(about, name, bytes.data, bytes.size, e) < 0)
		return e->kind ? -1
			       : err_set(e, ERR_LIMIT, "more than %d MiB", CATALOGUE_MOST >> 20);
	if (fd_make_dirs(dir, 0755, e) < 0 || fd_replace_file(dir, file, 0644, bytes.data, bytes.size, e) < 0)
		return -1;
	if (!p->look->json)
		printf("Pinned: %s/%s\n", dir, file);
	return 0;
}

static int decide(struct pinning *p, struct err *e)
{
	const struct look *l = p->look;
	bool accepted = l->yes;

	if (p->old && p->changes == 0) {
		if (l->json)
			show_json(p, false);
		else
			printf("%s is what is pinned.\n", p->server);
		return EXIT_DONE;
	}
	if (!l->json)
		show(p);
	if (l->accept && strcmp(l->accept, p->digest) != 0) {
		log_say("tools pin: --accept %.80s is not what %s offers now: nothing was written",
			l->accept, p->server);
		return EXIT_DIFFERS;
	}
	accepted = accepted || l->accept || (!l->json && asks_person());
	if (accepted && write_pin(p, e) < 0)
		return -1;
	if (l->json)
		show_json(p, accepted);
	else if (!accepted)
		printf("Nothing was written. To accept exactly this, say the same again with\n"
		       "  --accept %s\n",
		       p->digest);
	return accepted ? EXIT_DONE : EXIT_DIFFERS;
}

static int pin_one(struct look *l, const char *name, struct err *e)
{
	struct pinning p = { .look = l, .server = name };
	struct tools_life life;
	size_t server = 0;
	int status;

	if (wish_read(l->wish, e) < 0 || !look_server(&server, l, name, e))
		return tools_usage("pin", e);
	tools_server_life(&life, l->wish->read_tools, server);
	if (tools_server_kind(l->wish->read_tools, server) == TOOLS_EXEC || life.unpinned) {
		err_set(e, ERR_INPUT, "%s needs no pin: %s", name,
			life.unpinned ? "its tool file says \"pins\": \"none\""
				      : "its tools stand in the tool file");
		return tools_usage("pin", e);
	}
	status = compare(&p, server, e) < 0 ? -1 : decide(&p, e);
	pinning_free(&p);
	return status;
}

static int read_and_go(struct look *l, int argc, char **argv, struct err *e)
{
	struct option_row rows[LOOK_ROWS + 5] = { 0 };
	int operand;

	look_rows(rows, l);
	rows[LOOK_ROWS] =
		(struct option_row){ "yes", NULL, OPTION_FLAG, &l->yes, "accept it unseen", NULL };
	rows[LOOK_ROWS + 1] = (struct option_row){
		"accept", "DIGEST", OPTION_TEXT, &l->accept, "accept it if it is this", NULL
	};
	rows[LOOK_ROWS + 2] =
		(struct option_row){ "json", NULL, OPTION_FLAG, &l->json, "one JSON object", NULL };
	rows[LOOK_ROWS + 3] =
		(struct option_row){ "help", NULL, OPTION_FLAG, &l->help, "print this", NULL };
	operand = options_anywhere(argc, argv, rows, e);
	if (operand < 0)
		return tools_usage("pin", e);
	if (l->help) {
		puts("usage: reeve tools pin [options] SERVER\n\n"
		     "Starts a tool server in its jail, shows how what it offers differs from what "
		     "is\n"
		     "pinned, and pins it if you say so. Exits with 1 if it differs and was "
		     "not.\n");
		options_print(rows);
		return EXIT_DONE;
	}
	if (argc - operand != 1) {
		err_set(e, ERR_INPUT, "expected one tool server");
		return tools_usage("pin", e);
	}
	return pin_one(l, argv[operand], e);
}

int cmd_tools_pin(int argc, char **argv, struct err *e)
{
	struct look l;
	int status;

	if (look_new(&l, e) < 0)
		return -1;
	status = read_and_go(&l, argc, argv, e);
	look_free(&l);
	return status;
}
