/* reeve workspace: what a run with a copy-on-write workspace changed, and what becomes of it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "cli/cli.h"
#include "cli/changes.h"

struct wanted {
	const char *tenant, *run;
	bool json, stat, help;
	struct named only, with;
	struct paths at;
};

static const char *state_word(enum changes_state s)
{
	static const char *const words[] = { "busy", "not closed", "open", "committed" };

	return words[s];
}

static void list_one(const struct wanted *o, const char *number)
{
	scoped(changes) struct changes w = { .folder = -1, .upper = -1, .workspace = -1 };
	struct err why = { 0 };
	char changes[24] = "?";

	if (changes_open(&w, &o->at, number, &why) < 0) {
		log_say("workspace: %s", why.text);
		return;
	}
	if (w.state == CHANGES_OPEN || w.state == CHANGES_COMMITTED)
		snprintf(changes, sizeof(changes), "%zu", changes_count(&w));
	printf("%-8s %.19s  %7s  %-10s  ", w.number, w.began, changes, state_word(w.state));
	print_visible(w.where, strlen(w.where));
	putchar('\n');
}

static int only_numbers(const struct dirent *d)
{
	return d->d_name[strspn(d->d_name, "0123456789")] == '\0';
}

static int by_number(const struct dirent **a, const struct dirent **b)
{
	size_t x = strlen((*a)->d_name), y = strlen((*b)->d_name);

	return x != y ? (x < y ? -1 : 1) : strcmp((*a)->d_name, (*b)->d_name);
}

static int list(struct wanted *o, struct err *e)
{
	struct dirent **found = NULL;
	int count = scandir(o->at.cow, &found, only_numbers, by_number), i;

	if (count < 0 && errno != ENOENT)
		return err_sys(e, "%s", o->at.cow);
	if (count > 0)
		puts("RUN      BEGAN (UTC)          CHANGES  STATE       WORKSPACE");
	for (i = 0; i < count; i++) {
		list_one(o, found[i]->d_name);
		free(found[i]);
	}
	free(found);
	if (count <= 0)
		log_say("no run of tenant %s has a copy of a workspace", o->tenant);
	return EXIT_DONE;
}

static int open_run(struct changes *w, const struct wanted *o, struct err *e)
{
	if (changes_open(w, &o->at, o->run, e) < 0)
		return -1;
	if (w->state == CHANGES_BUSY)
		return err_set(e, ERR_LIMIT, "run %s is still going on, or another reeve workspace is at it", o->run);
	return 0;
}

static int diff(struct wanted *o, struct err *e)
{
	scoped(changes) struct changes w = { .folder = -1, .upper = -1, .workspace = -1 };
	struct err why = { 0 };

	if (open_run(&w, o, e) < 0)
		return -1;
	if (changes_workspace(&w, &why) < 0) {
		if (w.state == CHANGES_NOT_CLOSED) {
			*e = why;
			return -1;
		}
		log_say("workspace: %s", why.text);
	}
	if (changes_effects(&w, e) < 0)
		return -1;
	return changes_diff(&w, o->json, o->stat, e);
}

/* In this order: what is it, is it what the ledger says, can it be done, do it. */
static int commit(struct wanted *o, struct err *e)
{
	scoped(changes) struct changes w = { .folder = -1, .upper = -1, .workspace = -1 };
	int proven;

	if (open_run(&w, o, e) < 0)
		return -1;
	if (w.state == CHANGES_COMMITTED) {
		printf("run %s has been taken over already\n", o->run);
		return EXIT_DONE;
	}
	if (w.state == CHANGES_NOT_CLOSED) {
		log_say("workspace: run %s was not closed, so the ledger has no word of what it changed, and nothing of "
			"it is taken over; look at it by diff, then discard it",
			o->run);
		return EXIT_DIFFERS;
	}
	proven = changes_effects(&w, e) < 0 ? 0 : changes_proven(&w, e);
	if (proven == 0) {
		log_say("workspace: %s; nothing was done", e->text);
		return EXIT_DIFFERS;
	}
	if (proven < 0 || changes_workspace(&w, e) < 0)
		return -1;
	return changes_commit(&w, &o->only, &o->with, e);
}

/* Without asking what it is: also what cannot be read any more can be dropped. */
static int discard(struct wanted *o, struct err *e)
{
	scoped(fd) int all = open(o->at.cow, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	scoped(fd) int folder = -1;

	if (!o->run[0] || strspn(o->run, "0123456789") != strlen(o->run))
		return err_set(e, ERR_INPUT, "\"%.40s\" is not the number of a run", o->run);
	folder = all < 0 ? -1 : openat(all, o->run, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0)
		return err_set(e, ERR_INPUT, "run %s left no copy of a workspace; reeve workspace list shows which did",
			       o->run);
	if (flock(folder, LOCK_EX | LOCK_NB) < 0)
		return err_set(e, ERR_LIMIT, "run %s is still going on, or another reeve workspace is at it", o->run);
	if (fd_remove_all(all, o->run, e) < 0)
		return -1;
	printf("run %s: its copy of the workspace is gone; the ledger keeps what it held\n", o->run);
	return EXIT_DONE;
}

static int help(const struct option_row *rows)
{
	puts("usage: reeve workspace list [--tenant NAME]\n"
	     "       reeve workspace diff RUN [--stat | --json]\n"
	     "       reeve workspace commit RUN [--only PATH]... [--with PATH]...\n"
	     "       reeve workspace discard RUN\n\n"
	     "Runs under a profile with \"workspace\": \"cow\" change a copy. See what they\n"
	     "changed, take it over, or drop it. commit takes all or nothing: what was changed\n"
	     "outside meanwhile is named, and nothing is done.\n");
	options_print(rows);
	puts("\nexample:\n"
	     "  reeve workspace list\n"
	     "  reeve workspace diff 17 && echo nothing changed\n"
	     "  reeve workspace commit 17 --only src --only README.md");
	return EXIT_DONE;
}

static const struct word {
	const char *name;
	bool run;		/* takes one */
	int (*does)(struct wanted *o, struct err *e);
} words[] = {
	{ "list", false, list },
	{ "diff", true, diff },
	{ "commit", true, commit },
	{ "discard", true, discard },
};

/* Options stand before and after RUN: both are how people write. */
static int read_all(struct wanted *o, const struct word *word, int argc, char **argv, const struct option_row *rows,
		    struct err *e)
{
	int at = options_read(argc, argv, rows, e);

	if (at < 0 || o->help)
		return at;
	if (word && word->run && at < argc) {
		o->run = argv[at];
		argc -= at;
		argv += at;
		at = options_read(argc, argv, rows, e);
		if (at < 0)
			return -1;
	}
	if (!word)
		return err_set(e, ERR_INPUT, "expected list, diff, commit or discard");
	if (word->run && !o->run && !o->help)
		return err_set(e, ERR_INPUT, "%s: which RUN? reeve workspace list shows them", word->name);
	return at < argc ? err_set(e, ERR_INPUT, "%s takes no operand \"%.80s\"", word->name, argv[at]) : 0;
}

int cmd_workspace(int argc, char **argv, struct err *e)
{
	struct wanted wanted = { .tenant = "default" }, *o = &wanted;
	const struct word *word = NULL;
	size_t i;
	int done;
	const struct option_row rows[] = {
		{ "tenant", "NAME", OPTION_TEXT, &o->tenant, "whose run (default: default)", NULL },
		{ "stat", NULL, OPTION_FLAG, &o->stat, "diff: names and sizes only", NULL },
		{ "json", NULL, OPTION_FLAG, &o->json, "diff: one JSON object a line", NULL },
		{ "only", "PATH", OPTION_EACH, &o->only, "commit: this, or what lies in it", named_add },
		{ "with", "PATH", OPTION_EACH, &o->with, "commit: although it is obeyed later", named_add },
		{ "help", NULL, OPTION_FLAG, &o->help, "print this", NULL },
		{ NULL, NULL, OPTION_FLAG, NULL, NULL, NULL },
	};
	for (i = 0; argc > 1 && i < count_of(words); i++)
		if (strcmp(argv[1], words[i].name) == 0)
			word = &words[i];
	done = read_all(o, word, word ? argc - 1 : argc, word ? argv + 1 : argv, rows, e);
	if (done >= 0 && o->help)
		return help(rows);
	if (done < 0 || !word)
		return usage_error("workspace", e);
	if (paths_find(&o->at, o->tenant, e) < 0)
		return -1;
	done = word->does(o, e);
	if (done < 0 && e->kind == ERR_INPUT && word->run) {
		log_say("workspace: %s", e->text);
		return EXIT_USAGE;
	}
	return done < 0 ? err_in(e, "workspace") : done;
}
