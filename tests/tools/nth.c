/*
 * nth - what becomes of a ledger when its recorder is stopped at its n-th system call, or that call fails, for every n.
 *
 *   nth BIN WORK STEP [SUBJECT]     BIN: the programs; WORK: an empty folder; STEP: of the n, each STEP-th (1: all)
 *
 * Subjects are the rows of `subjects`: beginnings, whose root lies in a file, in systemd's credentials or in an
 * ssh-agent; a ledger that a crash left with an open run, served through recovery and a session to its end, also where
 * nearly every commit begins another segment; the ends of epochs by count, by time, on demand and by the root; the first
 * opening of a ledger of before; a purge; and `reeve` that asks for these. Faults: killed before the call; killed when
 * half of a write is done; half of a read or a write; EIO, ENOSPC, EDQUOT, EINTR in place of the call. Afterwards, with
 * nothing in the way, the auditor must raise no false alarm, the next recorder must find its way with one key and no
 * more, and the auditor all that was acknowledged. Counting begins with main(). Prints TAP.
 */
#include <sys/syscall.h>
#include <sys/user.h>

#include "staged.h"

#ifndef __x86_64__
int main(void)
{
	puts("1..0 # SKIP registers of this machine are not known");
	return 0;
}
#else

enum { CALLS = 16384 };

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

static struct matrix {
	long called[CALLS];	/* of the subject without a fault */
	size_t calls, runs, points, step;
	size_t at;		/* where the fault comes */
	const struct fault *fault;	/* NULL: none */
	long hit;		/* the call that had it: a session's calls are not the same each time; -1: none */
	long hit_fd;
	bool synced_again;	/* what was not flushed */
	bool above;		/* that was a folder over ours, which somebody else has made */
	size_t sent;		/* messages before it */
} m;

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

static bool is_sync(long call)
{
	return call == SYS_fsync || call == SYS_fdatasync;
}

/* An open descriptor that could not be flushed is not flushed again. */
static void look_at_sync(const struct user_regs_struct *r)
{
	if (m.hit < 0 || !is_sync(m.hit) || (long)r->rdi != m.hit_fd)
		return;
	m.synced_again = m.synced_again || is_sync((long)r->orig_rax);
	if (r->orig_rax == SYS_close)
		m.hit_fd = -1;
}

static bool is_above(pid_t child, long fd)
{
	char path[64], to[512];
	ssize_t size;

	snprintf(path, sizeof(path), "/proc/%d/fd/%ld", (int)child, fd);
	size = readlink(path, to, sizeof(to) - 1);
	to[size > 0 ? size : 0] = '\0';
	if (size < 0)
		return true;	/* only root may know */
	return (strncmp(w.ledger, to, (size_t)size) == 0 || strncmp(w.keys, to, (size_t)size) == 0) && strcmp(to, w.ledger) != 0 && strcmp(to, w.keys) != 0;
}

/* Follows a child that stopped itself before exec. The call of main() that is `m.at` gets the fault; without one, calls are listed. */
static int follow(pid_t child)
{
	const struct fault *f = m.fault;
	struct user_regs_struct was, now;
	bool entry = false, begun = false, over = false;
	long last = SYS_getpid;
	int status, pass;
	size_t at = 0;

	m.hit = m.hit_fd = -1;
	m.sent = 0;
	m.synced_again = false;

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
		if (!begun && entry) {	/* ld.so ends so */
			begun = now.orig_rax == SYS_munmap && last == SYS_prlimit64;
			last = (long)now.orig_rax;
		}
		if (!begun)
			continue;
		if (!entry) {
			if (m.hit >= 0 && !over && f->kill)
				kill(child, SIGKILL);
			else if (m.hit >= 0 && !over)
				bend_back(child, f, &was);
			over = over || m.hit >= 0;
			continue;
		}
		if (!f && at < CALLS)
			m.called[at] = (long)now.orig_rax;
		m.calls = f ? m.calls : at + 1;
		m.sent += m.hit < 0 && (now.orig_rax == SYS_sendmsg || now.orig_rax == SYS_sendto);
		look_at_sync(&now);
		if (f && at >= m.at && m.hit < 0 && fits(f, (long)now.orig_rax, last)) {
			m.hit = (long)now.orig_rax;
			m.hit_fd = (long)now.rdi;
			m.above = is_above(child, m.hit_fd);
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

struct subject {
	const char *word, *state;	/* what is there before; NULL: nothing */
	void (*run)(const struct subject *s, const char *name);
	const char *option, *clock;	/* of the recorder that serves */
	const char *said;		/* to it */
	void (*words)(const char **out);	/* of a program that does one thing */
	size_t least;			/* calls */
	unsigned long epoch;		/* that it ends in, unharmed */
	bool revokes;
};

static bool is_either(int status, const struct subject *s)
{
	return status == 0 || (s->revokes && status == EXIT_REVOKED);
}

static void opens_whole(const struct subject *s, unsigned long head, const char *name)
{
	int status = session("/dev/null", NULL);

	if (status != 0)
		wrong(" %s:serve-%d", name, status);
	status = verify(head);
	if (!is_either(status, s))
		wrong(" %s:head-%lu:verify-%d", name, head, status);
	if (keys_there() != 1)
		wrong(" %s:%zu-keys", name, keys_there());
	if (half_made(w.ledger) || half_made(w.keys))
		wrong(" %s:half-made", name);
}

/* As a fault left it. */
static void no_alarm(const struct subject *s, unsigned long head, const char *name)
{
	int status = verify(head);

	if (!is_either(status, s) && status != EXIT_OPEN && status != EXIT_TAIL)
		wrong(" %s:head-%lu:alarm-%d", name, head, status);
}

static bool died(int status)
{
	const struct fault *f = m.fault;

	return f && f->kill && m.hit >= 0 ? status == 256 + SIGKILL : status == 0 || status == COULD_NOT;
}

/* Done by halves, or interrupted, and gone on with. */
static bool is_no_failure(void)
{
	return m.fault && !m.fault->kill && m.hit == SYS_pwrite64 && (m.fault->half || m.fault->error == EINTR);
}

static void ended_well(int status, const char *name)
{
	if (!died(status))
		wrong(" %s:ended-%d", name, status);
	if (m.fault && m.fault->error && is_sync(m.hit) && !m.above && status != COULD_NOT)
		wrong(" %s:failed-sync-is-not-fatal", name);
	if (m.synced_again)
		wrong(" %s:synced-again", name);
	if (is_no_failure() && status != 0)
		wrong(" %s:short-is-failure", name);
}

static int traced(const struct subject *s)
{
	const char *words[WORDS_MOST] = { NULL };
	pid_t child;

	s->words(words);
	child = fork();
	if (child == 0)
		run_in_child(words, true);
	return follow(child);
}

static int again(const struct subject *s)
{
	const char *words[WORDS_MOST] = { NULL };

	s->words(words);
	return run(words);
}

static void try_init(const struct subject *s, const char *name)
{
	int status;

	ended_well(traced(s), name);
	end_orphans();
	status = again(s);
	if (status != 0)
		wrong(" %s:init-%d", name, status);
	opens_whole(s, 1, name);
	if (again(s) != 0)
		wrong(" %s:init-again", name);
}

static struct heard last_heard;

static void try_serve(const struct subject *s, const char *name)
{
	struct heard h;
	int status;

	put_words(s->said);
	status = session(w.words, follow);
	h = last_heard = heard();
	ended_well(status, name);
	if (h.late)
		wrong(" %s:receipt-behind-halt", name);
	if (m.fault && m.fault->error && is_sync(m.hit) && h.acks > m.sent)
		wrong(" %s:receipt-behind-failed-sync", name);
	if (h.epoch && keys_there() != 1)
		wrong(" %s:former-key-is-there", name);
	no_alarm(s, h.acks ? h.last + 1 : 1, name);
	if (h.epoch > w.epochs)
		wrong(" %s:lost-epoch-%lu", name, h.epoch);
	if ((!m.fault || is_no_failure()) && s->epoch != w.epochs && s->epoch)
		wrong(" %s:epoch-%lu", name, w.epochs);
	opens_whole(s, h.acks ? h.last + 1 : 1, name);
}

/* Then also: what was destroyed is, what was not is not. */
static void try_purge(const struct subject *s, const char *name)
{
	struct heard h, then;

	try_serve(s, name);	/* and a session that has its answers */
	h = last_heard;
	if (say("reveal 3\n") != 0)
		wrong(" %s:reveal", name);
	then = heard();
	if (h.destroyed ? then.revealed || !then.gone : !then.revealed && !then.gone)
		wrong(" %s:destroyed-%d-revealed-%d", name, h.destroyed, then.revealed);
	if (say("reveal 4\n") != 0 || !heard().revealed)
		wrong(" %s:other-payload-is-gone", name);
	if (verify(1) != 0)
		wrong(" %s:verify", name);
}

/* With a key that was lost no recorder opens the ledger; then the root does it again. */
static void try_revoke(const struct subject *s, const char *name)
{
	int status = traced(s), found;

	ended_well(status, name);
	end_orphans();
	if (status == 0 && keys_there() != 1)
		wrong(" %s:former-key-is-there", name);
	no_alarm(s, 5, name);
	found = verify(5);
	if (status == 0 && (w.epochs != s->epoch || (s->revokes && found != EXIT_REVOKED)))
		wrong(" %s:epoch-%lu:verify-%d", name, w.epochs, found);
	if ((!s->revokes || w.epochs != s->epoch) && again(s) != 0)
		wrong(" %s:again", name);
	opens_whole(s, 5, name);
	if (w.epochs < s->epoch)
		wrong(" %s:no-epoch", name);
}

/* Who asks may be gone before it is done, or not hear of it. */
static void try_ask(const struct subject *s, const char *name)
{
	int status = traced(s);

	if (m.fault ? status < 0 || (status > 256 && status != 256 + SIGKILL) || (status < 256 && status > COULD_NOT && status != 125) : status != 0)
		wrong(" %s:ended-%d", name, status);
	end_orphans();
	if (status == 0 && keys_there() != 1)
		wrong(" %s:former-key-is-there", name);
	no_alarm(s, 5, name);
	if (status == 0 && w.epochs < s->epoch)
		wrong(" %s:epoch-%lu", name, w.epochs);
	opens_whole(s, 5, name);
}

/* --- subjects --- */

static void put_all(const char **out, const char *const *words)
{
	while ((*out++ = *words++))
		;
}

static void init_words(const char **out)
{
	put_all(out, (const char *const[]){ "reeve-recorder", "init", w.ledger, w.key, "t", NULL });
}

static void credential_words(const char **out)
{
	put_all(out, (const char *const[]){ "reeve-recorder", "init", w.ledger, w.key, "t", "root=credential:reeve.root", NULL });
}

static void agent_words(const char **out)
{
	put_all(out, (const char *const[]){ "reeve-recorder", "init", w.ledger, w.key, "t", "root=ssh-agent", NULL });
}

static void revoke_words(const char **out)
{
	put_all(out, (const char *const[]){ "reeve-recorder", "revoke", w.ledger, w.key, w.root, "all", "stolen", NULL });
}

static void lost_words(const char **out)
{
	put_all(out, (const char *const[]){ "reeve-recorder", "revoke", w.ledger, w.key, w.root, "end", "lost", NULL });
}

static void ask_init_words(const char **out)
{
	put_all(out, (const char *const[]){ "reeve", "init", "--tenant", "t", NULL });
}

static void ask_rotate_words(const char **out)
{
	put_all(out, (const char *const[]){ "reeve", "ledger", "rotate", "--tenant", "t", NULL });
}

static void ask_revoke_words(const char **out)
{
	put_all(out, (const char *const[]){ "reeve", "ledger", "rotate", "--tenant", "t", "--revoke", "all", "--root", w.root, "--why", "stolen", NULL });
}

#define LIFE "open\nattach\nintent\nrefusal\nburst 40\nclose\n"

static const struct subject subjects[] = {
	{ .word = "init", .run = try_init, .words = init_words, .least = 80 },
	{ .word = "init by a credential", .run = try_init, .words = credential_words, .least = 80 },
	{ .word = "init by an ssh-agent", .run = try_init, .words = agent_words, .least = 80 },
	{ .word = "serve", .state = "crashed", .run = try_serve, .said = LIFE, .least = 120 },
	{ .word = "segments", .state = "crashed", .run = try_serve, .option = "segment-bytes=4096", .said = LIFE, .least = 160 },
	{ .word = "epochs by count", .state = "crashed", .run = try_serve, .option = "epoch-records=3", .said = "open\nattach\nintent\nrefusal\nintent\nintent\nclose\n", .least = 140, .epoch = 4 },
	{ .word = "epochs by hours", .state = "settled", .run = try_serve, .option = "epoch-hours=1", .clock = "7200", .said = "open\nclose\n", .least = 100, .epoch = 2 },
	{ .word = "epochs on demand", .state = "settled", .run = try_serve, .said = "open\nattach\nintent\nrotate\nintent\nclose\n", .least = 120, .epoch = 2 },
	{ .word = "revocation", .state = "settled", .run = try_revoke, .words = revoke_words, .least = 80, .epoch = 2, .revokes = true },
	{ .word = "revocation of a lost key", .state = "lost", .run = try_revoke, .words = lost_words, .least = 80, .epoch = 2 },
	{ .word = "a ledger of before", .state = "before", .run = try_serve, .said = "open\nattach\nintent\nclose\n", .least = 120, .epoch = 1 },
	{ .word = "purge", .state = "kept", .run = try_purge, .said = "destroy operational\n", .least = 100 },
	{ .word = "reeve init", .run = try_init, .words = ask_init_words, .least = 40 },
	{ .word = "reeve ledger rotate", .state = "settled", .run = try_ask, .words = ask_rotate_words, .least = 40, .epoch = 2 },
	{ .word = "reeve ledger rotate --revoke", .state = "settled", .run = try_ask, .words = ask_revoke_words, .least = 40, .epoch = 2, .revokes = true },
};

static void each(const struct subject *s, const struct fault *f)
{
	size_t turn = (size_t)(f - faults) * 3;
	char name[64];

	m.fault = f;
	for (m.at = 0; m.at < m.calls; m.at++) {
		if (!fits(f, m.called[m.at], m.at ? m.called[m.at - 1] : SYS_getpid) || ++turn % m.step != 0)
			continue;
		reset(s->state);
		snprintf(name, sizeof(name), "%s@%zu(call-%ld)", f->word, m.at, m.called[m.at]);
		s->run(s, name);
		m.runs++;
	}
	m.points += m.runs;
}

static void tell(int number, const char *subject, const char *word)
{
	printf("%s %d - %s, %s: nothing acknowledged is lost, and the next one goes on (%zu times)\n", w.bad ? "not ok" : "ok",
	       number, subject, word, m.runs);
	if (w.bad)
		printf("#%s\n", w.wrong);
	w.wrong[0] = '\0';
	w.bad = false;
	m.runs = 0;
}

static void whole_subject(const struct subject *s, int *number)
{
	size_t i;

	if (s->words == agent_words && access(w.agent, F_OK) < 0) {
		printf("ok %d - %s # SKIP no ssh-agent: contrib/need check installs openssh-client as root\n", ++*number, s->word);
		return;
	}
	w.option = s->option;
	w.clock = s->clock;
	reset(s->state);
	m.calls = 0;
	m.runs = 1;
	m.fault = NULL;
	s->run(s, "unharmed");
	if (m.calls < s->least || m.calls >= CALLS)
		wrong(" %zu calls", m.calls);
	tell(++*number, s->word, "unharmed");
	for (i = 0; i < count_of(faults); i++) {
		each(s, &faults[i]);
		tell(++*number, s->word, faults[i].word);
	}
	w.option = w.clock = NULL;
}

/* --- what is there before --- */

/* Killed with an intent open and space taken ahead. */
static void make_crashed(void)
{
	size_t n;

	put_words("open\nattach\nintent\nrefusal\n");
	reset(NULL);
	if (init() != 0)
		give_up("init");
	m.fault = NULL;
	session(w.words, follow);
	for (n = m.calls; n > 0 && m.called[n - 1] != SYS_fdatasync; n--)
		;
	reset(NULL);
	m.fault = &faults[0];
	m.at = n - 4;
	if (init() != 0 || session(w.words, follow) != 256 + SIGKILL)
		give_up("a crash");
	save("crashed");
}

static void make_roots(void)
{
	char path[400];

	reset(NULL);
	if (init() != 0)
		give_up("init");
	mkdir(w.credentials, 0700);
	snprintf(path, sizeof(path), "%s/reeve.root", w.credentials);
	copy_file(w.key, path);
	chmod(path, 0400);
}

int main(int argc, char **argv)
{
	int number = 0;
	size_t i;

	if (argc != 4 && argc != 5)
		return 2;
	stage_begin(argv[1], argv[2]);
	m.step = strtoul(argv[3], NULL, 10);
	make_crashed();
	stage_states();
	make_roots();
	for (i = 0; i < count_of(subjects); i++)
		if (argc == 4 || strcmp(argv[4], subjects[i].word) == 0)
			whole_subject(&subjects[i], &number);
	printf("1..%d\n# %zu calls harmed\n", number, m.points);
	return 0;
}
#endif
