/*
 * nth - what becomes of a ledger when its recorder is stopped at its n-th system call, or that call fails, for every n.
 *
 *   nth BIN WORK STEP     BIN: the programs; WORK: an empty folder; STEP: of the n, each STEP-th (1: all)
 *
 * Three subjects: `init` from nothing; `serve` of a ledger that a crash left with an open run, through recovery and a
 * session to its end; and the same where nearly every commit begins another segment. Faults: killed before the call; killed when half of a write is done; half of a read or a write;
 * EIO, ENOSPC, EDQUOT, EINTR in place of the call. Afterwards, with nothing in the way, the next recorder must find
 * its way, and the auditor all that was acknowledged. Counting begins with main(). Prints TAP.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef __x86_64__
int main(void)
{
	puts("1..0 # SKIP registers of this machine are not known");
	return 0;
}
#else

enum { CALLS = 8192, DEADLINE = 30, COULD_NOT = 3 };

/* Memory, signals, the process itself: nothing about a ledger fails there, and nothing has changed behind it. */
static const long spared[] = {
	SYS_brk, SYS_mmap, SYS_munmap, SYS_mremap, SYS_mprotect, SYS_madvise, SYS_rt_sigaction, SYS_rt_sigprocmask,
	SYS_rt_sigreturn, SYS_futex, SYS_exit, SYS_exit_group, SYS_clock_gettime, SYS_close, SYS_getrandom, SYS_getpid,
	SYS_prctl, SYS_seccomp, SYS_geteuid, SYS_newfstatat, SYS_lseek,
};

static const struct fault {
	const char *word;
	int error;		/* in place of the call */
	bool half, kill;	/* of what it moves; before it, or behind the half */
} faults[] = {
	{ "killed", 0, false, true }, { "torn", 0, true, true }, { "half", 0, true, false },
	{ "EIO", EIO, false, false }, { "ENOSPC", ENOSPC, false, false }, { "EDQUOT", EDQUOT, false, false },
	{ "EINTR", EINTR, false, false },
};

#define count_of(a) (sizeof(a) / sizeof((a)[0]))

static struct world {
	const char *bin, *work;
	char ledger[256], keys[256], key[280], pub[280], sock[280], words[280], answers[280], told[280], begun[280];
	long called[CALLS];	/* of the subject without a fault */
	size_t calls, runs, step;
	long hit;		/* the call that had the fault: a session's calls are not the same each time; -1: none */
	size_t sent;		/* messages before it */
	const char *option;	/* of serve; NULL: none */
	char wrong[4096];
	bool bad;
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

/* --- folders --- */

static void copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	struct stat st;

	if (in < 0 || out < 0 || fstat(in, &st) < 0 || ftruncate(out, st.st_size) < 0) {
		perror(from);
		exit(2);
	}
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
		if (d->d_name[0] == '.')
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

/* Folders of the saved state, or from nothing. */
static void reset(bool begun)
{
	char from[300];

	each_file(w.ledger, NULL);
	each_file(w.keys, NULL);
	rmdir(w.ledger);
	rmdir(w.keys);
	unlink(w.sock);
	if (!begun)
		return;
	mkdir(w.ledger, 0700);
	mkdir(w.keys, 0700);
	snprintf(from, sizeof(from), "%s/l", w.begun);
	each_file(from, w.ledger);
	snprintf(from, sizeof(from), "%s/k", w.begun);
	each_file(from, w.keys);
	snprintf(from, sizeof(from), "%s/t.place", w.keys);
	unlink(from);	/* a copy that was put in place is served only once that was taken away: reeve-ledger(5), Writers */
}

static bool half_made(const char *dir)
{
	struct dirent *d;
	DIR *all = opendir(dir);
	bool found = false;

	while (all && (d = readdir(all)))
		found = found || strstr(d->d_name, ".new");
	if (all)
		closedir(all);
	return found;
}

/* --- programs --- */

static void put_at(int fd, const char *path, int flags)
{
	int got = open(path, flags | O_CLOEXEC, 0600);

	if (got >= 0 && got != fd)
		dup2(got, fd);
}

static void run_in_child(const char *program, const char *const *words, bool traced)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", w.bin, program);
	put_at(1, "/dev/null", O_WRONLY);
	put_at(2, w.told, O_WRONLY | O_CREAT | O_APPEND);
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

static int run(const char *program, const char *const *words)
{
	pid_t child = fork();

	if (child == 0)
		run_in_child(program, words, false);
	return ended(child);
}

static int init(void)
{
	const char *const words[] = { "reeve-recorder", "init", w.ledger, w.key, "t", NULL };

	return run("reeve-recorder", words);
}

static int verify(unsigned long head)
{
	char text[32];
	const char *const words[] = { "reeve-audit", "verify", w.ledger, "--key", w.pub, "--head", text, NULL };

	snprintf(text, sizeof(text), "%lu", head);
	return run("reeve-audit", words);
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
	run_in_child("reeve-recorder", words, traced);
	return -1;
}

/* --- the subject, call by call --- */

static bool is_spared(long call)
{
	size_t i;

	for (i = 0; i < count_of(spared); i++)
		if (spared[i] == call)
			return true;
	return false;
}

static bool moves_bytes(long call)
{
	return call == SYS_write || call == SYS_pwrite64 || call == SYS_read || call == SYS_pread64;
}

/* Killed before a call is killed behind the one before it. */
static bool fits(const struct fault *f, long call, long before)
{
	if (f->half)
		return moves_bytes(call) && (!f->kill || call == SYS_write || call == SYS_pwrite64);
	return !is_spared(f->kill ? before : call);
}

/* In place of the call one that does nothing and that every filter of ours lets pass. */
static void bend(pid_t child, const struct fault *f, struct user_regs_struct *was)
{
	struct user_regs_struct now;

	ptrace(PTRACE_GETREGS, child, 0, was);
	now = *was;
	if (f->half) {
		now.rdx /= 2;
	} else {
		now.orig_rax = SYS_close;
		now.rdi = (unsigned long long)-1;
	}
	ptrace(PTRACE_SETREGS, child, 0, &now);
}

static void bend_back(pid_t child, const struct fault *f, const struct user_regs_struct *was)
{
	struct user_regs_struct now;

	ptrace(PTRACE_GETREGS, child, 0, &now);
	now.rdx = was->rdx;
	now.rdi = was->rdi;
	if (f->error)
		now.rax = (unsigned long long)-f->error;
	ptrace(PTRACE_SETREGS, child, 0, &now);
}

/* Follows a child that stopped itself before exec. The n-th call of main() gets the fault; NULL: calls are listed. */
static int follow(pid_t child, size_t n, const struct fault *f)
{
	struct user_regs_struct was, now;
	bool entry = false, begun = false, over = false;
	long last = SYS_getpid;
	int status, pass;
	size_t at = 0;

	w.hit = -1;
	w.sent = 0;

	if (waitpid(child, &status, 0) != child)
		return -1;
	ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
	for (pass = 0;;) {
		ptrace(PTRACE_SYSCALL, child, 0, pass);
		if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
			return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
		pass = WSTOPSIG(status);
		if (pass == SIGTRAP)	/* exec */
			pass = 0;
		if (pass != (SIGTRAP | 0x80))
			continue;
		pass = 0;
		entry = !entry;
		ptrace(PTRACE_GETREGS, child, 0, &now);
		begun = begun || (entry && now.orig_rax == SYS_rt_sigaction);
		if (!begun)
			continue;
		if (!entry) {
			if (w.hit >= 0 && !over && f->kill)
				kill(child, SIGKILL);
			else if (w.hit >= 0 && !over)
				bend_back(child, f, &was);
			over = over || w.hit >= 0;
			continue;
		}
		if (!f && at < CALLS)
			w.called[at] = (long)now.orig_rax;
		w.calls = f ? w.calls : at + 1;
		w.sent += w.hit < 0 && (now.orig_rax == SYS_sendmsg || now.orig_rax == SYS_sendto);
		if (f && at >= n && w.hit < 0 && fits(f, (long)now.orig_rax, last)) {
			w.hit = (long)now.orig_rax;
			if (f->kill && !f->half)
				kill(child, SIGKILL);
			else
				bend(child, f, &was);
		}
		last = (long)now.orig_rax;
		at++;
	}
}

/* --- what must hold afterwards --- */

struct heard {
	size_t acks;
	unsigned long last;
	bool late;	/* a receipt behind a HALT */
};

static struct heard heard(void)
{
	struct heard h = { 0 };
	FILE *f = fopen(w.answers, "r");
	bool halted = false;
	char line[512];
	unsigned long n;

	while (f && fgets(line, sizeof(line), f)) {
		halted = halted || strncmp(line, "HALT", 4) == 0;
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

/* Serves once, with a client that says these words. */
static int session(const char *said, size_t n, const struct fault *f, bool traced)
{
	int ready[2], status;
	pid_t recorder, talks;

	unlink(w.answers);
	if (pipe2(ready, O_CLOEXEC) < 0)
		return -1;
	recorder = serve(ready[1], traced);
	close(ready[1]);
	talks = client(ready[0], said);
	close(ready[0]);
	status = traced ? follow(recorder, n, f) : ended(recorder);
	ended(talks);
	return status;
}

static void opens_whole(unsigned long head, const char *name)
{
	int status = session("/dev/null", 0, NULL, false);

	if (status != 0)
		wrong(" %s:serve-%d", name, status);
	status = verify(head);
	if (status != 0)
		wrong(" %s:head-%lu:verify-%d", name, head, status);
}

static bool died(int status, const struct fault *f)
{
	return f->kill && w.hit >= 0 ? status == 256 + SIGKILL : status == 0 || status == COULD_NOT;
}

static void try_init(size_t n, const struct fault *f, const char *name)
{
	const char *const words[] = { "reeve-recorder", "init", w.ledger, w.key, "t", NULL };
	pid_t child = fork();
	int status;

	if (child == 0)
		run_in_child("reeve-recorder", words, true);
	status = follow(child, n, f);
	if (f && !died(status, f))
		wrong(" %s:ended-%d", name, status);
	if (f && f->half && !f->kill && w.hit == SYS_pwrite64 && status != 0)
		wrong(" %s:short-is-failure", name);
	status = init();
	if (status != 0)
		wrong(" %s:init-%d", name, status);
	opens_whole(1, name);
	if (init() != 0 || half_made(w.ledger) || half_made(w.keys))
		wrong(" %s:half-made", name);
}

static bool is_sync(long call)
{
	return call == SYS_fsync || call == SYS_fdatasync;
}

static void try_serve(size_t n, const struct fault *f, const char *name)
{
	int status = session(w.words, n, f, true);
	struct heard h = heard();

	if (f && !died(status, f))
		wrong(" %s:ended-%d", name, status);
	if (h.late)
		wrong(" %s:receipt-behind-halt", name);
	if (f && f->error && is_sync(w.hit) && (status != COULD_NOT || h.acks > w.sent))
		wrong(" %s:failed-sync-is-not-fatal", name);
	if (f && f->half && !f->kill && w.hit == SYS_pwrite64 && status != 0)
		wrong(" %s:short-is-failure", name);
	opens_whole(h.acks ? h.last + 1 : 1, name);
}

static const struct subject {
	const char *word, *option;
	bool begun;
	void (*run)(size_t n, const struct fault *f, const char *name);
	size_t least;	/* calls */
} subjects[] = {
	{ "init", NULL, false, try_init, 80 },
	{ "serve", NULL, true, try_serve, 120 },
	{ "segments", "segment-bytes=4096", true, try_serve, 160 },
};

static void matrix(const struct subject *s, const struct fault *f)
{
	size_t n, turn = (size_t)(f - faults) * 3;
	char name[64];

	for (n = 0; n < w.calls; n++) {
		if (!fits(f, w.called[n], n ? w.called[n - 1] : SYS_getpid) || ++turn % w.step != 0)
			continue;
		reset(s->begun);
		snprintf(name, sizeof(name), "%s@%zu(call-%ld)", f->word, n, w.called[n]);
		s->run(n, f, name);
		w.runs++;
	}
}

static void tell(int number, const char *subject, const char *word)
{
	printf("%s %d - %s, %s: nothing acknowledged is lost, and the next one goes on (%zu times)\n", w.bad ? "not ok" : "ok",
	       number, subject, word, w.runs);
	if (w.bad)
		printf("#%s\n", w.wrong);
	w.wrong[0] = '\0';
	w.bad = false;
	w.runs = 0;
}

static void whole_subject(const struct subject *s, int *number)
{
	size_t i;

	w.option = s->option;
	reset(s->begun);
	w.calls = 0;
	w.runs = 1;
	s->run(0, NULL, "unharmed");
	if (w.calls < s->least || w.calls >= CALLS)
		wrong(" %zu calls", w.calls);
	tell(++*number, s->word, "unharmed");
	for (i = 0; i < count_of(faults); i++) {
		matrix(s, &faults[i]);
		tell(++*number, s->word, faults[i].word);
	}
}

static void put_words(const char *words)
{
	FILE *f = fopen(w.words, "w");

	fputs(words, f);
	fclose(f);
}

/* The ledger that a crash left: killed with an intent open and space taken ahead. */
static void begin(void)
{
	static const struct fault crash = { "killed", 0, false, true };
	char to[300];
	size_t n;

	put_words("open\nattach\nintent\nrefusal\n");
	reset(false);
	if (init() != 0)
		exit(2);
	session(w.words, 0, NULL, true);
	for (n = w.calls; n > 0 && w.called[n - 1] != SYS_fdatasync; n--)
		;
	reset(false);
	if (init() != 0 || session(w.words, n - 4, &crash, true) != 256 + SIGKILL)
		exit(2);
	mkdir(w.begun, 0700);
	snprintf(to, sizeof(to), "%s/l", w.begun);
	mkdir(to, 0700);
	each_file(w.ledger, to);
	snprintf(to, sizeof(to), "%s/k", w.begun);
	mkdir(to, 0700);
	each_file(w.keys, to);
	put_words("open\nattach\nintent\nrefusal\nburst 40\nclose\n");
}

int main(int argc, char **argv)
{
	int number = 0;
	size_t i;

	if (argc != 4)
		return 2;
	w.bin = argv[1];
	w.work = argv[2];
	w.step = strtoul(argv[3], NULL, 10);
	snprintf(w.ledger, sizeof(w.ledger), "%s/l", w.work);
	snprintf(w.keys, sizeof(w.keys), "%s/k", w.work);
	snprintf(w.key, sizeof(w.key), "%s/t.key", w.keys);
	snprintf(w.pub, sizeof(w.pub), "%s/t.pub", w.keys);
	snprintf(w.sock, sizeof(w.sock), "%s/s", w.work);
	snprintf(w.words, sizeof(w.words), "%s/words", w.work);
	snprintf(w.answers, sizeof(w.answers), "%s/answers", w.work);
	snprintf(w.told, sizeof(w.told), "%s/told", w.work);
	snprintf(w.begun, sizeof(w.begun), "%s/begun", w.work);
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..%zu\n", count_of(subjects) * (1 + count_of(faults)));
	begin();
	for (i = 0; i < count_of(subjects); i++)
		whole_subject(&subjects[i], &number);
	return 0;
}
#endif
