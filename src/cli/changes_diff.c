/*
 * What a run changed, for a person. Names and contents are the agent's: each goes to the terminal
 * made visible. The comparing of texts is diff(1)'s, which gets two descriptors and no name.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/changes.h"

enum { TEXT_MOST = 1 << 20, FROM = 10, TO = 11 };

/* A line of a file: only a tab is what it is. */
static void print_line(const char *line, size_t size)
{
	const char *tab;

	while ((tab = memchr(line, '\t', size))) {
		print_visible(line, (size_t)(tab - line));
		putchar('\t');
		size -= (size_t)(tab - line) + 1;
		line = tab + 1;
	}
	print_visible(line, size);
	putchar('\n');
}

static void print_all(int fd)
{
	FILE *in = fdopen(fd, "r");
	char *line = NULL;
	size_t room = 0;
	ssize_t size;

	while (in && (size = getline(&line, &room, in)) > 0)
		print_line(line, (size_t)size - (line[size - 1] == '\n'));
	free(line);
	if (in)
		fclose(in);
}

/* The two files come as descriptors, so that no name is read as an option or followed. */
static void become_diff(int out, int from, int to)
{
	const char *const argv[] = { "diff", "-u", "--label", "before", "--label", "after",
				     "--", "/dev/fd/10", "/dev/fd/11", NULL };
	int a = fcntl(from, F_DUPFD, 20), b = fcntl(to, F_DUPFD, 20);

	if (dup2(out, 1) >= 0 && dup2(a, FROM) >= 0 && dup2(b, TO) >= 0)
		execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

static int print_diff(int from, int to, struct err *e)
{
	int fds[2], status = 0;
	pid_t pid;

	fflush(stdout);
	if (pipe2(fds, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		return err_sys(e, "start diff");
	if (pid == 0)
		become_diff(fds[1], from, to);
	close(fds[1]);
	print_all(fds[0]);
	waitpid(pid, &status, 0);
	if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
		return err_set(e, ERR_SYSTEM, "diff(1) failed; install diffutils, or use --stat");
	return 0;
}

/* A copy in memory, which diff may open whatever the file's mode. 1: made; 0: it is no text, or too long. */
static int text_of(int *out, int fd, struct err *e)
{
	scoped(mem) char *bytes = NULL;
	struct stat st;
	size_t size;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "look at a file");
	if (S_ISREG(st.st_mode) && st.st_size > TEXT_MOST)
		return 0;
	if (fd_read_all(&bytes, &size, fd, TEXT_MOST, e) < 0)
		return -1;
	if (memchr(bytes, '\0', size))
		return 0;
	return fd_of_bytes(out, "text", bytes, size, e) < 0 ? -1 : 1;
}

static int diff_contents(const struct changes *w, const struct cow_effect *x, struct err *e)
{
	scoped(fd) int from = x->before.type == COW_FILE ? cow_open_file(w->workspace, x->path) :
							   open("/dev/null", O_RDONLY | O_CLOEXEC);
	scoped(fd) int to = cow_open_file(w->upper, x->path);
	scoped(fd) int before = -1;
	scoped(fd) int after = -1;
	int texts;

	if (from < 0 || to < 0) {
		puts("  (its contents cannot be compared: one of the two is not there any more)");
		return 0;
	}
	texts = text_of(&before, from, e);
	if (texts == 1)
		texts = text_of(&after, to, e);
	if (texts == 0)
		puts("  (no text, or more than 1 MiB)");
	return texts == 1 ? print_diff(before, after, e) : texts;
}

static void print_link(const struct changes *w, const struct cow_effect *x)
{
	scoped(fd) int fd = cow_open(w->upper, x->path, O_PATH);
	char text[PATH_MAX];
	ssize_t size = fd < 0 ? -1 : readlinkat(fd, "", text, sizeof(text));

	if (size < 0)
		return;
	fputs(" -> ", stdout);
	print_visible(text, (size_t)size);
}

static void print_sizes(const struct cow_effect *x)
{
	const struct cow_state *b = &x->before, *a = &x->after;

	if (b->type == COW_FILE && a->type == COW_FILE && x->change == COW_CHANGED)
		printf("  %" PRIu64 " -> %" PRIu64 " bytes", b->size, a->size);
	else if (a->type == COW_FILE || b->type == COW_FILE)
		printf("  %" PRIu64 " bytes", a->type == COW_FILE ? a->size : b->size);
	if (b->type != COW_NONE && a->type != COW_NONE && b->type != a->type)
		printf("  was a %s", cow_type_word(b->type));
	if (b->type != COW_NONE && a->type == b->type && a->mode != b->mode)
		printf("  mode %04o -> %04o", b->mode, a->mode);
	if (x->meanwhile)
		fputs("  (changed outside too while the run went on)", stdout);
}

static int print_effect(const struct changes *w, const struct cow_effect *x, bool stat, struct err *e)
{
	printf("%-8s %-6s  ", cow_change_word(x->change),
	       cow_type_word(x->after.type == COW_NONE ? x->before.type : x->after.type));
	print_visible(x->path, strlen(x->path));
	if (x->after.type == COW_LINK && w->upper >= 0)
		print_link(w, x);
	print_sizes(x);
	putchar('\n');
	if (stat || w->upper < 0 || w->workspace < 0 || x->after.type != COW_FILE || x->change == COW_MODE)
		return 0;
	return diff_contents(w, x, e);
}

static int print_json(const struct changes *w, struct err *e)
{
	struct buf line = BUF(1 << 16);
	size_t i;

	for (i = 0; i < w->effects.count; i++) {
		line.size = 0;
		cow_line(&line, &w->effects.at[i]);
		fwrite(line.data, 1, line.size, stdout);
	}
	i = line.over;
	buf_free(&line);
	return i ? err_set(e, ERR_LIMIT, "a line is too long") : 0;
}

int changes_diff(struct changes *w, bool json, bool stat, struct err *e)
{
	size_t i;

	if (json && print_json(w, e) < 0)
		return -1;
	for (i = 0; !json && i < w->effects.count; i++)
		if (print_effect(w, &w->effects.at[i], stat, e) < 0)
			return -1;
	if (!json)
		printf("run %s in ", w->number), print_visible(w->where, strlen(w->where)),
			printf(": %zu name%s changed%s\n", w->effects.count, w->effects.count == 1 ? "" : "s",
			       w->state == CHANGES_COMMITTED ? ", taken over already" : "");
	if (w->state == CHANGES_NOT_CLOSED)
		log_say("workspace: run %s was not closed: the ledger knows nothing of this", w->number);
	return w->effects.count ? EXIT_DIFFERS : EXIT_DONE;
}
