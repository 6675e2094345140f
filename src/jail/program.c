/*
 * The process that will become the program. It puts on what only itself can put on, tries each
 * layer from inside, reports, and waits: nothing of the agent runs before the launcher says go.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/calls.h"
#include "jail/reaching.h"

enum { NOT_EXECUTABLE = 126, NOT_FOUND = 127, DIED = 128 + SIGKILL };

/* The way to the launcher is init's alone. */
static int let_go_of_control(struct inside *in, struct err *e)
{
	(void)e;
	fd_close(&in->control);
	if (!in->layers[LAYER_PID].obtained)
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* init's end does not end us by itself then */
	return 0;
}

static int start_session(struct inside *in, struct err *e)
{
	if (in->slave >= 0)
		return terminal_enter(in, e);
	if (in->spec->new_session && setsid() < 0)
		return err_sys(e, "setsid");
	return 0;
}

static int enter_directory(struct inside *in, struct err *e)
{
	char room[INSIDE_PATH];
	const char *cwd = apart_name(in, in->spec->cwd ? in->spec->cwd : "/", room);

	if (chdir(cwd) < 0)
		return err_sys(e, "%s", cwd);
	return 0;
}

/* Before Landlock, which demands it of whoever has no capability in a user namespace of their own.
 */
static int no_new_privileges(struct inside *in, struct err *e)
{
	(void)in;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(e, "no_new_privs");
	return 0;
}

/*
 * The bounding set says what an execve could give back. Emptying it takes a capability that an ordinary
 * user has only in a user namespace of its own; outside one no_new_privs stands for it, and the record
 * says how much is left.
 */
static int drop_capabilities(struct inside *in, struct err *e)
{
	if (capabilities_drop(true, e) == 0)
		return 0;
	if (in->layers[LAYER_USER].obtained || !in->layers[LAYER_NO_NEW_PRIVS].obtained)
		return -1;
	in->layers[LAYER_CAPABILITIES].detail = capabilities_bounding();
	return capabilities_drop(false, e);
}

/* Where the layer was given up the sets that can be emptied are emptied all the same. */
static int drop_remaining(struct inside *in, struct err *e)
{
	return in->layers[LAYER_CAPABILITIES].obtained ? 0 : capabilities_drop(false, e);
}

/* The list the profile names, and behind it ours; or ours alone. Made here, where it is put on. */
static int make_filter(struct filter *out, struct inside *in, struct filter_want want, struct err *e)
{
	struct sock_filter code[FILTER_LONGEST];
	size_t count;

	want.theirs = in->spec->calls != NULL;
	count = filter_agent(code, &want);
	if (want.theirs)
		return calls_compile(out, in->spec->calls, code, count, want.asks, e);
	out->count = count;
	out->code = malloc(count * sizeof(code[0]));
	if (!out->code)
		return err_sys(e, "memory for a filter");
	memcpy(out->code, code, count * sizeof(code[0]));
	return 0;
}

/*
 * Where the kernel gives no listener, what is refused would not be recorded: then the layer cannot be had. Given up
 * by name, the list holds all the same, and only the records are missing.
 */
static int put_filter_on(struct inside *in, struct err *e)
{
	struct filter_want want = { .asks = true,
				    .names = in->layers[LAYER_NAMES].obtained,
				    .reach = reach_wanted(in),
				    .own_net = reach_has_network(in) || in->layers[LAYER_NET].obtained || in->spec->host_net };
	scoped(filter) struct filter heard = { 0 }, unheard = { 0 };
	struct err why;
	int listener;

	if (make_filter(&heard, in, want, e) < 0)
		return -1;
	listener = filter_listen(&heard, e);
	if (listener >= 0)
		return notify_hand_over(in, listener, e);
	(void)err_in(e, "another supervisor hears this process's refused calls already (a container's, or WSL's); "
			"--without=seccomp refuses them without a record");
	if ((in->spec->without & (1u << LAYER_SECCOMP)) == 0)
		return -1;
	if (in->spec->without & (1u << LAYER_NAMES))
		in->layers[LAYER_NAMES].obtained = false;
	want.asks = want.names = want.reach = false;
	want.own_net = in->layers[LAYER_NET].obtained || in->spec->host_net;
	if (make_filter(&unheard, in, want, &why) < 0 || filter_install(&unheard, &why) < 0)
		*e = why;
	return -1;
}

/* Our own list first, because what comes after depends on whether it could be had ... */
static int filter_calls(struct inside *in, struct err *e)
{
	return in->spec->calls ? 0 : put_filter_on(in, e);
}

/* ... and the profile's own last: nobody who wrote it thought of what a jail does before it stands. */
static int filter_profile(struct inside *in, struct err *e)
{
	return in->spec->calls ? put_filter_on(in, e) : 0;
}

/*
 * Init lets calls go on because Landlock judges them again, and it hears of them by seccomp: names need both. Before
 * Landlock, whose rights depend on it.
 */
static int check_names(struct inside *in, struct err *e)
{
	if (!in->layers[LAYER_SECCOMP].obtained)
		return err_set(e, ERR_SYSTEM,
			       "without seccomp nobody hears what is written; --without=names leaves names such as "
			       ".git/hooks unprotected");
	if (!in->layers[LAYER_LANDLOCK].obtained || jail_landlock_abi() < 1)
		return err_set(e, ERR_SYSTEM,
			       "without Landlock a path can change after it was judged; --without=names leaves names "
			       "such as .git/hooks unprotected");
	return 0;
}

static const struct step steps[] = {
	{ "control", LAYERS, let_go_of_control },
	{ "session", LAYERS, start_session },
	{ "working directory", LAYERS, enter_directory },
	{ "limits", LAYER_LIMITS, limits_apply },
	{ "no new privileges", LAYER_NO_NEW_PRIVS, no_new_privileges },
	{ "seccomp", LAYER_SECCOMP, filter_calls },
	{ "protected names", LAYER_NAMES, check_names },
	{ "landlock", LAYER_LANDLOCK, landlock_apply },
	{ "capabilities", LAYER_CAPABILITIES, drop_capabilities },
	{ "remaining capabilities", LAYERS, drop_remaining },
	{ "self-test", LAYERS, probes_before },
	{ "seccomp", LAYER_SECCOMP, filter_profile },
	{ "self-test", LAYERS, probes_after },
};

static void await_go(const struct inside *in)
{
	char go;

	if (recv(in->inner, &go, sizeof(go), 0) != 1)
		_exit(DIED);
}

/* Often it exists outside; so the sentence says where it was looked for, and what to do. */
static void say_why(const char *program, int why)
{
	bool there = strchr(program, '/') && access(program, F_OK) == 0;
	char line[512];
	int size;

	if (there && why != ENOENT)
		size = snprintf(line, sizeof(line),
				"reeve: %.160s: %s in the jail; it is there, but is no program: chmod +x, or "
				"name what runs it\n",
				program, strerror(why));
	else
		size = snprintf(line, sizeof(line),
				"reeve: %.160s: %s in the jail (PATH there is %.160s); its folder must be "
				"under \"read\" in the profile, and in PATH\n",
				program, why == ENOENT ? "not found" : strerror(why), getenv("PATH"));

	if (size > 0 &&
	    write(2, line, (size_t)size < sizeof(line) ? (size_t)size : sizeof(line) - 1) < 0)
		_exit(NOT_EXECUTABLE);
}

/* The environment first: execvp(3) looks the name up in the jail's own PATH. */
static void become(const struct inside *in)
{
	const struct jail_spec *spec = in->spec;
	sigset_t none;
	int why;

	environ = apart_env(in);
	if (!environ)
		_exit(NOT_EXECUTABLE);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
	execvp(spec->argv[0], (char *const *)(uintptr_t)spec->argv);
	why = errno;
	say_why(spec->argv[0], why);
	_exit(why == ENOENT ? NOT_FOUND : NOT_EXECUTABLE);
}

void program_main(struct inside *in)
{
	struct report r = { .layer = LAYERS };

	if (steps_walk(in, steps, count_of(steps), &r.error) < 0) {
		r.failed = 1;
		(void)err_in(&r.error, "program");
	}
	memcpy(r.layers, in->layers, sizeof(r.layers));
	if (send(in->inner, &r, sizeof(r), MSG_NOSIGNAL) < 0 || r.failed)
		_exit(DIED);
	await_go(in);
	become(in);
	_exit(NOT_EXECUTABLE);
}
