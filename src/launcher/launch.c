/*
 * One run. Recorder and broker are started first, because they get ready while the jail is being
 * built; they do nothing until they are told. Then the order is the argument: the jail stands and
 * has been tested before its record is written, the record is durable and the broker ready before
 * the agent executes its first instruction, and the close is written after the last process inside
 * is gone.
 */
#include "launcher/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "launcher/run.h"

enum { RECORDER_MS = 10000 };

static void phase_mark(struct run *r, const char *name)
{
	if (r->phases.count == PHASES)
		return;
	r->phases.name[r->phases.count] = name;
	r->phases.at[r->phases.count++] = clock_mono_ns();
}

static void phases_say(const struct run *r)
{
	uint64_t last = r->began_ns;
	size_t i;

	for (i = 0; i < r->phases.count; i++) {
		log_say("timing %s %llu us", r->phases.name[i],
			(unsigned long long)((r->phases.at[i] - last) / 1000));
		last = r->phases.at[i];
	}
}

/* Is it for us to end and reap what nobody else does: no pid namespace to do it, or we are process 1. */
static bool run_keeps_strays(const struct run *r)
{
	return getpid() == 1 || (r->ask->without & (1u << LAYER_PID)) != 0;
}

void run_known(const struct run *r, pid_t known[RUN_KNOWN])
{
	size_t n = 0, i;

	known[n++] = r->agent.init;
	known[n++] = r->broker_pid;
	known[n++] = r->porter_pid;
	known[n++] = r->proxy_pid;
	known[n++] = r->dialer_pid;
	known[n++] = r->inspector_pid;
	known[n++] = r->starting > 0 ? r->starting : -1;
	known[n++] = r->terminal.relay;
	known[n++] = r->anchor_pid;
	known[n++] = r->spine_pid;
	for (i = 0; i < RUN_CHILDREN; i++)
		known[n++] = r->children[i].jail.init;
	for (i = 0; i < (size_t)HOOK_KINDS * HOOKS_AT_ONCE; i++) {
		const struct hook *h = &r->hooks[i / HOOKS_AT_ONCE].at[i % HOOKS_AT_ONCE];

		known[n++] = h->pid > 0 ? h->pid : -1;
	}
	known[n] = 0;
}

/* Signals meant for the agent reach us; they become readable instead of ending us. */
static int watch_signals(struct run *r, struct err *e)
{
	static const int ours[] = { SIGTERM, SIGINT,  SIGHUP,  SIGQUIT,
				    SIGUSR1, SIGUSR2, SIGCONT, SIGWINCH };
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < count_of(ours); i++)
		sigaddset(&set, ours[i]);
	if (run_keeps_strays(r))
		sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_sys(e, "block signals");
	r->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return r->signals < 0 ? err_sys(e, "signalfd") : 0;
}

static int harden(struct run *r, struct err *e)
{
	if (run_keeps_strays(r) && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return err_sys(e, "subreaper");
	return jail_self_launcher(e);
}

static int open_workspace(struct run *r, struct err *e)
{
	r->workspace = open(r->ask->place.workspace, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return r->workspace < 0 ? err_sys(e, "workspace %s", r->ask->place.workspace) : 0;
}

/* The jail stands, tested, its program waiting for our word. */
static int build_jail(struct run *r, struct err *e)
{
	struct jail_spec *spec = &r->plan.spec;

	jail_plan_copy(&r->plan, r->cow.upper, r->cow.work);
	spec->stdio[0] = STDIN_FILENO;
	spec->stdio[1] = STDOUT_FILENO;
	spec->stdio[2] = STDERR_FILENO;
	spec->new_session = true;
	spec->without = r->ask->without;
	spec->apart = r->at.apart;
	spec->terminal = terminal_wanted();
	spec->cgroup = r->cgroup.dir;
	return jail_start(&r->agent, spec, e);
}

/*
 * Landlock before ABI 9 does not say which sockets may be connected to. Without mounts the recorder's has
 * a name the agent could find, so it has none any more once we and the broker are connected.
 */
static int close_door(struct run *r, struct err *e)
{
	const char *open = r->at.service ? r->at.socket : r->at.review;

	/* That of other users, or of a service, must keep its name, and then only seccomp stands between it and an agent of its owner's. */
	if (open[0] && !r->agent.layers[LAYER_MOUNT].obtained && !r->agent.layers[LAYER_SECCOMP].obtained)
		return err_set(e, ERR_SYSTEM, "without mounts and seccomp the agent could reach %s: keep seccomp, or take \"socket\" out of config.json",
			       open);
	if (r->at.service || r->agent.layers[LAYER_MOUNT].obtained || unlink(r->at.socket) == 0 || errno == ENOENT)
		return 0;
	return err_sys(e, "%s", r->at.socket);
}

static int let_go(struct run *r, struct err *e)
{
	if (r->ask->timeout_s)
		r->deadline_ns = clock_mono_ns() + r->ask->timeout_s * UINT64_C(1000000000);
	told_begin(r);
	reload_begin(r);
	status_begun(r);
	return jail_go(&r->agent, e);
}

static const struct {
	const char *name;
	int (*step)(struct run *r, struct err *e);
} steps[] = {
	{ "harden", harden },
	{ "signals", watch_signals },
	{ "workspace", open_workspace },
	{ "limits", limits_begin },
	{ "start recorder", recorder_begin },
	{ "start broker", broker_begin },
	{ "start porter", porter_begin },
	{ "start network", net_begin },
	{ "start inspector", inspector_begin },
	{ "copy", cow_begin },
	{ "authority", inspector_authority },
	{ "jail", build_jail },
	{ "ledger", recorder_open },
	{ "second record", anchor_start },
	{ "who", agent_tell },
	{ "number", cow_number },
	{ "broker", broker_tell },
	{ "porter", porter_await },
	{ "network", net_await },
	{ "inspector", inspector_await },
	{ "door", close_door },
	{ "terminal", terminal_begin },
	{ "agent", let_go },
};

static int set_up(struct run *r, struct err *e)
{
	size_t i;

	for (i = 0; i < count_of(steps); i++) {
		if (steps[i].step(r, e) < 0)
			return -1;
		phase_mark(r, steps[i].name);
	}
	return 0;
}

static void run_init(struct run *r, const struct run_request *ask)
{
	size_t i;

	r->ask = ask;
	r->plan = *ask->plan;
	r->recorder = (struct wire){ .fd = -1, .me = ROLE_LAUNCHER, .peer = ROLE_RECORDER };
	r->broker = (struct wire){ .fd = -1, .me = ROLE_LAUNCHER, .peer = ROLE_BROKER };
	r->porter = (struct wire){ .fd = -1, .me = ROLE_LAUNCHER, .peer = ROLE_PORTER };
	r->proxy = (struct wire){ .fd = -1, .me = ROLE_LAUNCHER, .peer = ROLE_PROXY };
	r->dialer = (struct wire){ .fd = -1, .me = ROLE_LAUNCHER, .peer = ROLE_DIALER };
	r->inspector = (struct wire){ .fd = -1, .me = ROLE_LAUNCHER, .peer = ROLE_PROXY };
	r->broker_pid = r->porter_pid = -1;
	r->proxy_pid = r->dialer_pid = r->inspector_pid = -1;
	r->anchor_pid = r->spine_pid = r->spine = r->anchor.end = -1;
	r->agent = JAIL_NONE;
	r->cgroup = CGROUP_NONE;
	r->terminal = TERMINAL_NONE;
	r->lines.fd = ask->status_fd;
	r->starting_says = r->hands = -1;
	r->workspace = r->signals = -1;
	r->cow.all = r->cow.folder = -1;
	r->began_ns = clock_mono_ns();
	for (i = 0; i < RUN_CHILDREN; i++)
		r->children[i] = (struct child){ .jail = JAIL_NONE, .said = -1 };
	kept_begin(r);
}

/* In this order on every path: nothing that acts may outlive who writes it down. */
static void tear_down(struct run *r)
{
	pid_t known[RUN_KNOWN];

	jail_end(&r->agent);
	terminal_end(r);
	children_end(r);
	cgroup_end(&r->cgroup); /* after theirs, which lie beside it */
	run_known(r, known);
	if (run_keeps_strays(r))
		jail_strays_end(known);
	if (r->broker_pid > 0) {
		kill(r->broker_pid, r->done ? 0 : SIGKILL);
		waitpid(r->broker_pid, NULL, 0);
	}
	if (r->porter_pid > 0) {
		kill(r->porter_pid, SIGKILL);
		waitpid(r->porter_pid, NULL, 0);
	}
	net_end(r);
	fd_close(&r->broker.fd);
	fd_close(&r->porter.fd);
	r->broker_pid = r->porter_pid = -1;
}

/* Nothing runs any more that could change it. What was changed and cannot be written down is a failure. */
static int write_effects(struct run *r, int done, struct err *e)
{
	struct err why = { 0 };

	if (cow_end(r, &why) == 0)
		return done;
	if (done < 0)
		log_say("%s", why.text);
	else
		*e = why;
	return -1;
}

static int finish(struct run *r, int done, struct err *e)
{
	struct err ignored = { 0 };

	if (done == 0)
		done = children_silence(r, e);
	hooks_end(&r->hooks[HOOK_HELD], done == 0);
	hooks_end(&r->hooks[HOOK_ALERT], done == 0);
	tear_down(r);
	if (r->recorder.now != PHASE_RUNNING)
		return done;
	done = write_effects(r, done, e);
	if (done == 0)
		return recorder_close(r, r->timed_out ? "timeout" : "ended", e);
	r->status = RUN_FAILED;
	if (recorder_close(r, "failed", &ignored) < 0)
		log_say("the close of this run could not be recorded: %s", ignored.text);
	return -1;
}

/* With process 1 a container ends: the recorder, which ends after its last run, must be let. */
static void await_recorder(const struct run *r)
{
	int pidfd = getpid() == 1 && r->starting > 0 ? (int)syscall(SYS_pidfd_open, r->starting, 0)
						     : -1;
	struct pollfd end = { .fd = pidfd, .events = POLLIN };

	while (pidfd >= 0 && poll(&end, 1, RECORDER_MS) < 0 && errno == EINTR)
		;
	fd_close(&pidfd);
}

int launch_run(const struct run_request *ask, int *status, struct err *e)
{
	struct run *r = calloc(1, sizeof(*r));
	int done;

	if (!r)
		return err_sys(e, "memory for a run");
	run_init(r, ask);
	done = paths_find(&r->at, ask->tenant, e);
	if (done == 0 && ask->service.socket)
		done = paths_service(&r->at, ask->tenant, &ask->service, e);
	r->at.epoch = ask->epoch;
	if (done == 0 && ask->review_socket)
		done = paths_review(&r->at, ask->tenant, ask->review_socket, ask->review_group, e);
	if (done == 0)
		done = policies_keep(&r->at, &ask->policy, e);
	if (done == 0)
		done = set_up(r, e);
	if (done == 0)
		done = loop_run(r, e);
	done = finish(r, done, e);
	status_ended(r, done == 0 ? NULL : e->text);
	phase_mark(r, "run and close");
	if (ask->timings)
		phases_say(r);
	*status = r->status;
	fd_close(&r->recorder.fd);
	fd_close(&r->spine);
	fd_close(&r->anchor.end);
	await_recorder(r);
	fd_close(&r->starting_says);
	fd_close(&r->signals);
	fd_close(&r->workspace);
	cow_free(r);
	free(r);
	return done;
}
