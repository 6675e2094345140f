/* tests/tools/staged.h - ledgers that are put in place, served, spoken to and verified: what nth.c and power.c share. */
#ifndef TESTS_TOOLS_STAGED_H
#define TESTS_TOOLS_STAGED_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DEADLINE = 30, COULD_NOT = 3, WORDS_MOST = 12, EXIT_OPEN = 6, EXIT_TAIL = 7, EXIT_REVOKED = 10 };

#define count_of(a) (sizeof(a) / sizeof((a)[0]))

/* In the order in which a user's folders hold them, so that `reeve` finds what `reeve-recorder` is told. */
static struct stage {
	const char *bin, *work;
	char state[200], ledger[256], keys[256], key[280], pub[280], epoch[280], sock[280], words[280], answers[280];
	char told[280], said[280], root[280], agent[280], credentials[280];
	char wrong[4096];
	bool bad;
	const char *option;	/* of serve; NULL: none */
	const char *clock;	/* seconds from now, of what is traced; NULL: none */
	unsigned long epochs;	/* the last that verify told */
} w;

static void wrong(const char *fmt, ...)
{
	size_t used = strlen(w.wrong);
	va_list ap;

	w.bad = true;
	va_start(ap, fmt);
	vsnprintf(w.wrong + used, sizeof(w.wrong) - used, fmt, ap);
	va_end(ap);
}

static void give_up(const char *what)
{
	perror(what);
	exit(2);
}

/* --- folders --- */

static void copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	struct stat st;

	if (in < 0 || out < 0 || fstat(in, &st) < 0 || ftruncate(out, st.st_size) < 0)
		give_up(from);
	while (sendfile(out, in, NULL, (size_t)st.st_size) > 0)
		;
	fchmod(out, st.st_mode & 0777);
	close(in);
	close(out);
}

static void each_file(const char *dir, const char *to)
{
	char a[600], b[600];
	struct dirent *d;
	DIR *all = opendir(dir);

	while (all && (d = readdir(all))) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		snprintf(a, sizeof(a), "%s/%s", dir, d->d_name);
		snprintf(b, sizeof(b), "%s/%s", to ? to : "", d->d_name);
		if (to)
			copy_file(a, b);
		else
			unlink(a);
	}
	if (all)
		closedir(all);
}

static void forget_place(void)
{
	char place[300];

	snprintf(place, sizeof(place), "%s/t.place", w.keys);
	unlink(place);	/* a copy that was put in place is served only once that was taken away: reeve-ledger(5), Writers */
}

/* Folders of a saved state, or from nothing. */
static void reset(const char *state)
{
	char from[300];

	each_file(w.ledger, NULL);
	each_file(w.keys, NULL);
	rmdir(w.ledger);
	rmdir(w.keys);
	unlink(w.sock);
	if (!state)
		return;
	mkdir(w.ledger, 0700);
	mkdir(w.keys, 0700);
	snprintf(from, sizeof(from), "%s/%s-l", w.work, state);
	each_file(from, w.ledger);
	snprintf(from, sizeof(from), "%s/%s-k", w.work, state);
	each_file(from, w.keys);
	forget_place();
}

static void save(const char *state)
{
	char to[300];

	snprintf(to, sizeof(to), "%s/%s-l", w.work, state);
	mkdir(to, 0700);
	each_file(w.ledger, to);
	snprintf(to, sizeof(to), "%s/%s-k", w.work, state);
	mkdir(to, 0700);
	each_file(w.keys, to);
}

static bool half_made(const char *dir)
{
	struct dirent *d;
	DIR *all = opendir(dir);
	bool found = false;

	while (all && (d = readdir(all)))
		found = found || strstr(d->d_name, ".new") || strstr(d->d_name, ".part");
	if (all)
		closedir(all);
	return found;
}

static size_t read_file(char *out, size_t room, const char *path)
{
	int fd = open(path, O_RDONLY);
	ssize_t got = fd < 0 ? 0 : read(fd, out, room - 1);

	if (fd >= 0)
		close(fd);
	out[got > 0 ? got : 0] = '\0';
	return got > 0 ? (size_t)got : 0;
}

/* Secrets of epochs in these bytes. */
static size_t count_keys(const char *bytes, size_t size)
{
	static const char mark[] = "PRIVATE+KEY+";
	const char *at = bytes;
	size_t count = 0;

	for (; (at = memmem(at, size - (size_t)(at - bytes), mark, sizeof(mark) - 1)); at++)
		count++;
	return count;
}

static size_t keys_there(void)
{
	char bytes[16384];
	size_t size = read_file(bytes, sizeof(bytes), w.epoch);

	return count_keys(bytes, size);
}

static void put_words(const char *words)
{
	FILE *f = fopen(w.words, "w");

	fputs(words, f);
	fclose(f);
}

/* --- programs --- */

static void put_at(int fd, const char *path, int flags)
{
	int got = open(path, flags | O_CLOEXEC, 0600);

	if (got >= 0 && got != fd)
		dup2(got, fd);
}

/* As whoever runs `reeve init --root ssh-agent` passes it on. */
static void put_agent(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%.100s", w.agent);
	if (connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		_exit(98);
	dup2(fd, 0);
}

static bool is_word(const char *const *words, const char *word)
{
	for (; *words; words++)
		if (strcmp(*words, word) == 0)
			return true;
	return false;
}

static void run_in_child(const char *const *words, bool traced)
{
	char path[512], preload[512];

	snprintf(path, sizeof(path), "%s/%s", w.bin, words[0]);
	snprintf(preload, sizeof(preload), "%s/tools/clock.so", w.bin);
	put_at(0, "/dev/null", O_RDONLY);
	if (is_word(words, "root=ssh-agent"))
		put_agent();
	put_at(1, strcmp(words[0], "reeve-audit") == 0 ? w.said : "/dev/null", O_WRONLY | O_CREAT | O_TRUNC);
	put_at(2, w.told, O_WRONLY | O_CREAT | O_APPEND);
	if (traced && w.clock) {
		setenv("LD_PRELOAD", preload, 1);
		setenv("REEVE_CLOCK", w.clock, 1);
	}
	if (traced) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
	}
	execv(path, (char *const *)(size_t)words);
	_exit(99);
}

static int ended(pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) != child)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

/* What a program that was killed had started goes with it, wherever it is by then. */
__attribute__((unused)) static void end_orphans(void)
{
	char text[4096], *at = text;
	long pid;

	do {
		read_file(text, sizeof(text), "/proc/thread-self/children");
		for (at = text; (pid = strtol(at, &at, 10)) > 0;) {
			kill((pid_t)pid, SIGKILL);
			waitpid((pid_t)pid, NULL, 0);
		}
	} while (text[0]);
}

static int run(const char *const *words)
{
	pid_t child = fork();

	if (child == 0)
		run_in_child(words, false);
	return ended(child);
}

static int init(void)
{
	const char *const words[] = { "reeve-recorder", "init", w.ledger, w.key, "t", NULL };

	return run(words);
}

static int verify(unsigned long head)
{
	char text[32], said[8192], *epoch, *revoked;
	const char *const words[] = { "reeve-audit", "verify", w.ledger, "--key", w.pub, "--head", text, NULL };
	int status;

	snprintf(text, sizeof(text), "%lu", head);
	status = run(words);
	read_file(said, sizeof(said), w.said);
	epoch = strstr(said, "  epoch ");
	revoked = strstr(said, "are signed by epoch ");
	w.epochs = epoch ? strtoul(epoch + 8, NULL, 10) : revoked ? strtoul(revoked + 20, NULL, 10) + 1 : 0;
	return status;
}

/* Waits for "ready" and then says its words, as launcher and broker. */
static pid_t client(int ready, const char *said)
{
	char path[512], line[512] = "";
	pid_t child = fork();

	if (child != 0)
		return child;
	snprintf(path, sizeof(path), "%s/tools/recorder_client", w.bin);
	if (read(ready, line, sizeof(line) - 1) < 6 || memcmp(line, "ready\n", 6) != 0)
		_exit(1);
	put_at(0, said, O_RDONLY);
	put_at(1, w.answers, O_WRONLY | O_CREAT | O_TRUNC);
	put_at(2, "/dev/null", O_WRONLY);
	alarm(DEADLINE);
	execl(path, "recorder_client", w.sock, (char *)NULL);
	_exit(99);
}

static pid_t serve(int ready, bool traced)
{
	const char *const words[] = { "reeve-recorder", "serve", w.ledger, w.key, w.sock, w.option, NULL };
	pid_t child = fork();

	if (child != 0)
		return child;
	dup2(ready, 3);
	run_in_child(words, traced);
	return -1;
}

/* Serves once, with a client that says these words. */
static int session(const char *said, int (*follow)(pid_t recorder))
{
	int ready[2], status;
	pid_t recorder, talks;

	unlink(w.answers);
	if (pipe2(ready, O_CLOEXEC) < 0)
		return -1;
	recorder = serve(ready[1], follow != NULL);
	close(ready[1]);
	talks = client(ready[0], said);
	close(ready[0]);
	status = follow ? follow(recorder) : ended(recorder);
	ended(talks);
	return status;
}

static int say(const char *words)
{
	put_words(words);
	return session(w.words, NULL);
}

/* --- what was answered --- */

struct heard {
	size_t acks;
	unsigned long last, epoch;	/* the highest record; the last epoch that was said to have begun */
	bool late, destroyed;		/* a receipt behind a HALT */
	bool revealed, gone;		/* a payload; that its key was destroyed */
};

__attribute__((unused)) static struct heard heard(void)
{
	struct heard h = { 0 };
	FILE *f = fopen(w.answers, "r");
	bool halted = false;
	char line[512];
	unsigned long n;

	while (f && fgets(line, sizeof(line), f)) {
		halted = halted || strncmp(line, "HALT", 4) == 0;
		h.destroyed = h.destroyed || strncmp(line, "DESTROYED", 9) == 0;
		h.revealed = h.revealed || strcmp(line, "REVEALED 0\n") == 0;
		h.gone = h.gone || strcmp(line, "REVEALED 2\n") == 0;
		if (sscanf(line, "ROTATED %lu", &n) == 1)
			h.epoch = n;
		if (sscanf(line, "RECEIPT %lu", &n) != 1 && sscanf(line, "NOTED %lu", &n) != 1)
			continue;
		h.acks++;
		h.last = n > h.last ? n : h.last;
		h.late = h.late || halted;
	}
	if (f)
		fclose(f);
	return h;
}

/* --- what is there before --- */

static void make(const char *state, const char *words)
{
	reset(NULL);
	if (init() != 0 || say(words) != 0)
		give_up(state);
	save(state);
}

/* The root is carried away. */
static void make_settled(void)
{
	make("first", "open\nattach\nintent\nrefusal\nclose\n");
	copy_file(w.key, w.root);
	unlink(w.key);
	save("settled");
	unlink(w.epoch);
	save("lost");
	reset(NULL);
	make("kept", "open\nattach\nkeep operational\nkeep pii\nclose\n");
}

static void make_before(void)
{
	const char *const words[] = { "tools/rotate", w.ledger, w.key, "before", NULL };

	reset(NULL);
	mkdir(w.ledger, 0700);
	mkdir(w.keys, 0700);
	if (run(words) != 0)
		give_up("a ledger of before");
	save("before");
}

static void stage_states(void)
{
	make_settled();
	make_before();
}

static void stage_begin(const char *bin, const char *work)
{
	char run_dir[300];

	w.bin = bin;
	w.work = work;
	snprintf(w.state, sizeof(w.state), "%s/state", work);
	snprintf(w.ledger, sizeof(w.ledger), "%s/reeve", w.state);
	mkdir(w.state, 0700);
	mkdir(w.ledger, 0700);
	snprintf(w.keys, sizeof(w.keys), "%s/reeve/keys", w.state);
	snprintf(w.ledger, sizeof(w.ledger), "%s/reeve/ledgers", w.state);
	mkdir(w.ledger, 0700);
	snprintf(w.ledger, sizeof(w.ledger), "%s/reeve/ledgers/t", w.state);
	snprintf(w.key, sizeof(w.key), "%s/t.key", w.keys);
	snprintf(w.pub, sizeof(w.pub), "%s/t.pub", w.keys);
	snprintf(w.epoch, sizeof(w.epoch), "%s/t.epoch", w.keys);
	snprintf(w.sock, sizeof(w.sock), "%s/s", work);
	snprintf(w.words, sizeof(w.words), "%s/words", work);
	snprintf(w.answers, sizeof(w.answers), "%s/answers", work);
	snprintf(w.told, sizeof(w.told), "%s/told", work);
	snprintf(w.said, sizeof(w.said), "%s/said", work);
	snprintf(w.root, sizeof(w.root), "%s/root", work);
	snprintf(w.agent, sizeof(w.agent), "%s/agent", work);
	snprintf(w.credentials, sizeof(w.credentials), "%s/credentials", work);
	snprintf(run_dir, sizeof(run_dir), "%s/run", work);
	mkdir(run_dir, 0700);
	setenv("CREDENTIALS_DIRECTORY", w.credentials, 1);
	setenv("SSH_AUTH_SOCK", w.agent, 1);
	setenv("XDG_STATE_HOME", w.state, 1);
	setenv("XDG_CONFIG_HOME", w.work, 1);
	setenv("XDG_RUNTIME_DIR", run_dir, 1);
	setenv("HOME", w.work, 1);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	setvbuf(stdout, NULL, _IOLBF, 0);
}

#endif
