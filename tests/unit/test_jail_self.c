#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attr.h"
#include "fate.h"
#include "jail/jail.h"

enum { NO_JAIL = 99 };

static void be(enum jail_self who)
{
	struct err e = { .kind = ERR_NONE };

	if (jail_self(who, &e) < 0) {
		fprintf(stderr, "# %s\n", e.text);
		_exit(NO_JAIL);
	}
	if (e.kind)	/* what did not work at first, and then did, is no error */
		_exit(NO_JAIL);
}

static void opens(void)		{ if (open("/dev/null", O_RDONLY) < 0) _exit(1); }
static void forks(void)		{ if (fork() == 0) _exit(0); }
static void dials(void)		{ (void)!socket(AF_INET, SOCK_STREAM, 0); }
static void executes(void)	{ execl("/bin/true", "true", (char *)NULL); }
static void connects(void)	{ (void)!connect(0, (struct sockaddr *)&(struct sockaddr_un){ .sun_family = AF_UNIX }, 2); }
static void writes_code(void)	{ (void)!mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }
static void kills(void)		{ kill(getppid(), 0); }
static void traces(void)	{ prctl(PR_SET_DUMPABLE, 1); }
static void aborts(void)	{ must(1 == 2); }

static void works(void)
{
	char *memory = malloc(1 << 20);
	struct stat st;

	if (!memory || fstat(0, &st) < 0 || fcntl(0, F_GETFL) < 0 || write(1, "", 0) < 0)
		_exit(1);
	free(memory);
}

static void broker_works(void)		{ be(JAIL_BROKER); works(); }
static void broker_opens(void)		{ be(JAIL_BROKER); opens(); }
static void broker_forks(void)		{ be(JAIL_BROKER); forks(); }
static void broker_dials(void)		{ be(JAIL_BROKER); dials(); }
static void broker_connects(void)	{ be(JAIL_BROKER); connects(); }
static void broker_executes(void)	{ be(JAIL_BROKER); executes(); }
static void broker_codes(void)		{ be(JAIL_BROKER); writes_code(); }
static void broker_kills(void)		{ be(JAIL_BROKER); kills(); }
static void broker_traces(void)		{ be(JAIL_BROKER); traces(); }
static void broker_aborts(void)		{ be(JAIL_BROKER); aborts(); }
static void porter_works(void)
{
	int ends[2], on = 1;

	be(JAIL_PORTER);
	free(malloc(1 << 20));
	if (fcntl(0, F_GETFL) < 0 || write(1, "", 0) < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0 || setsockopt(ends[0], SOL_SOCKET, SO_RCVLOWAT, &on, sizeof(on)) < 0)
		_exit(1);
}

static void porter_opens(void)		{ be(JAIL_PORTER); opens(); }
static void porter_forks(void)		{ be(JAIL_PORTER); forks(); }
static void porter_dials(void)		{ be(JAIL_PORTER); dials(); }
static void porter_connects(void)	{ be(JAIL_PORTER); connects(); }
static void porter_executes(void)	{ be(JAIL_PORTER); executes(); }
static void porter_codes(void)		{ be(JAIL_PORTER); writes_code(); }
static void porter_pairs(void)		{ int ends[2]; be(JAIL_PORTER); (void)!socketpair(AF_INET, SOCK_STREAM, 0, ends); }
static void porter_kills(void)		{ be(JAIL_PORTER); kills(); }
static void inspector_works(void)	{ be(JAIL_INSPECTOR); works(); if (send(0, "", 0, MSG_NOSIGNAL) == 0 || errno != ENOTSOCK) _exit(1); }
static void inspector_opens(void)	{ be(JAIL_INSPECTOR); opens(); }
static void inspector_forks(void)	{ be(JAIL_INSPECTOR); forks(); }
static void inspector_dials(void)	{ be(JAIL_INSPECTOR); dials(); }
static void inspector_connects(void)	{ be(JAIL_INSPECTOR); connects(); }
static void inspector_executes(void)	{ be(JAIL_INSPECTOR); executes(); }
static void inspector_codes(void)	{ be(JAIL_INSPECTOR); writes_code(); }
static void inspector_traces(void)	{ be(JAIL_INSPECTOR); traces(); }

static void proxy_works(void)
{
	int ends[2], pipes[2], on = 1;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
		_exit(1);
	be(JAIL_PROXY);
	free(malloc(1 << 20));
	if (write(ends[0], "x", 1) != 1 || pipe2(pipes, O_CLOEXEC) < 0 || fcntl(pipes[1], F_SETPIPE_SZ, 4096) < 0 ||
	    splice(ends[1], NULL, pipes[1], NULL, 1, SPLICE_F_NONBLOCK) != 1 ||
	    setsockopt(ends[0], SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)) < 0)
		_exit(1);
}

static void proxy_opens(void)		{ be(JAIL_PROXY); opens(); }
static void proxy_forks(void)		{ be(JAIL_PROXY); forks(); }
static void proxy_dials(void)		{ be(JAIL_PROXY); dials(); }
static void proxy_connects(void)	{ be(JAIL_PROXY); connects(); }
static void proxy_executes(void)	{ be(JAIL_PROXY); executes(); }
static void proxy_codes(void)		{ be(JAIL_PROXY); writes_code(); }
static void proxy_kills(void)		{ be(JAIL_PROXY); kills(); }
static void proxy_traces(void)		{ be(JAIL_PROXY); traces(); }
static void proxy_aborts(void)		{ be(JAIL_PROXY); aborts(); }
static void dialer_works(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int tcp, udp;

	be(JAIL_DIALER);
	free(malloc(1 << 20));
	tcp = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	udp = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP);
	if (tcp < 0 || (udp < 0 && errno != EAFNOSUPPORT) || open("/dev/null", O_RDONLY) < 0 || socket(AF_UNIX, SOCK_STREAM, 0) < 0)
		_exit(1);
	(void)!connect(tcp, (struct sockaddr *)&at, sizeof(at));
}

static void dialer_raws(void)		{ be(JAIL_DIALER); (void)!socket(AF_INET, SOCK_RAW, IPPROTO_TCP); }
static void dialer_packets(void)	{ be(JAIL_DIALER); (void)!socket(AF_PACKET, SOCK_DGRAM, 0); }
static void dialer_links(void)		{ be(JAIL_DIALER); (void)!socket(AF_NETLINK, SOCK_DGRAM, 0); }
static void dialer_listens(void)	{ be(JAIL_DIALER); listen(0, 1); }
static void dialer_accepts(void)	{ be(JAIL_DIALER); (void)!accept(0, NULL, NULL); }
static void dialer_binds(void)		{ be(JAIL_DIALER); bind(0, (struct sockaddr *)&(struct sockaddr_un){ .sun_family = AF_UNIX }, 2); }
static void dialer_writes(void)		{ be(JAIL_DIALER); (void)!open("/dev/null", O_WRONLY); }
static void dialer_creates(void)	{ be(JAIL_DIALER); (void)!open("/tmp/reeve-never", O_RDONLY | O_CREAT, 0600); }
static void dialer_executes(void)	{ be(JAIL_DIALER); executes(); }
static void dialer_forks(void)		{ be(JAIL_DIALER); forks(); }
static void dialer_codes(void)		{ be(JAIL_DIALER); writes_code(); }
static void dialer_kills(void)		{ be(JAIL_DIALER); kills(); }
static void recorder_works(void)	{ be(JAIL_RECORDER); works(); opens(); }
static void recorder_dials(void)	{ be(JAIL_RECORDER); dials(); }
static void recorder_executes(void)	{ be(JAIL_RECORDER); executes(); }
static void recorder_forks(void)	{ be(JAIL_RECORDER); forks(); }
static void narrow(void)		{ be(JAIL_RECORDER); be(JAIL_RECORDER_SERVING); }
static void serving_works(void)		{ narrow(); works(); fsync(0); unlink("/nonexistent/reeve"); }
static void serving_opens(void)		{ narrow(); opens(); }
static void serving_listens(void)	{ narrow(); (void)!socket(AF_UNIX, SOCK_STREAM, 0); }
static void serving_dials(void)		{ narrow(); dials(); }

#define WITNESS_FOLDER "/tmp/reeve-test-witness.%d"

static int witness_folder(void)
{
	struct err e = { .kind = ERR_NONE };
	char name[64];
	int folder;

	/* Made and removed by who waits for us. */
	snprintf(name, sizeof(name), WITNESS_FOLDER, (int)getppid());
	folder = open(name, O_RDONLY | O_DIRECTORY);
	if (folder < 0 || jail_self_folder(folder, &e) < 0)
		_exit(1);
	be(JAIL_WITNESS);
	return folder;
}

enum { ANEW = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC };

static void witness_works(void)
{
	int folder = witness_folder(), fd = openat(folder, "a.new", ANEW, 0600);

	if (fd < 0 || write(fd, "x", 1) != 1 || fsync(fd) < 0 || renameat(folder, "a.new", folder, "a") < 0 || fsync(folder) < 0 ||
	    openat(folder, "a.new", ANEW, 0600) < 0 || renameat(folder, "a.new", folder, "a") < 0)
		_exit(1);
	free(malloc(1 << 20));
}

static void witness_strays(void)
{
	int folder = witness_folder();

	if (openat(folder, "../reeve-never", ANEW, 0600) >= 0 || errno != EACCES || openat(folder, "/tmp/reeve-never", ANEW, 0600) >= 0 ||
	    openat(folder, "/dev/null", ANEW, 0600) >= 0 || renameat(folder, "/etc/hostname", folder, "a") == 0)
		_exit(1);
}

/* As reeve-anchor's does: what is named is read, what is not is not, and what it names is not written. */
static void reader_strays(void)
{
	const char *const paths[] = { "/usr/include", "/etc/hostname", "/nonexistent" };
	struct err e = { .kind = ERR_NONE };

	if (jail_self_reads(paths, 3, &e) != JAIL_HELD)
		_exit(1);
	be(JAIL_COURIER);
	if (open("/etc/hostname", O_RDONLY) < 0 || open("/usr/include/stdio.h", O_RDONLY) < 0 || open("/usr/include", O_RDONLY) < 0)
		_exit(2);
	if (open("/etc/passwd", O_RDONLY) >= 0 || errno != EACCES || open("/usr/include/../bin/env", O_RDONLY) >= 0 ||
	    open("/proc/self/root/etc/passwd", O_RDONLY) >= 0 || open("/etc", O_RDONLY) >= 0)
		_exit(3);
}

static void witness_reads(void)		{ be(JAIL_WITNESS); opens(); }
static void witness_unlinks(void)	{ be(JAIL_WITNESS); unlink("/nonexistent/reeve"); }
static void witness_forks(void)		{ be(JAIL_WITNESS); forks(); }
static void witness_dials(void)		{ be(JAIL_WITNESS); dials(); }
static void witness_connects(void)	{ be(JAIL_WITNESS); connects(); }
static void witness_executes(void)	{ be(JAIL_WITNESS); executes(); }
static void witness_codes(void)		{ be(JAIL_WITNESS); writes_code(); }
static void witness_kills(void)		{ be(JAIL_WITNESS); kills(); }

static void relay_works(void)
{
	struct termios modes;
	struct winsize size;
	sigset_t set;
	int ends[2];

	if (pipe(ends) < 0)
		_exit(1);
	be(JAIL_TERMINAL);
	sigemptyset(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (tcgetattr(ends[0], &modes) == 0 || ioctl(ends[0], TIOCGWINSZ, &size) == 0 ||
	    ioctl(ends[0], TIOCSWINSZ, &size) == 0 || tcgetpgrp(ends[0]) >= 0 || errno != ENOTTY ||
	    write(ends[1], "x", 1) != 1 || read(ends[0], &size, 1) != 1)
		_exit(1);
}

static void relay_opens(void)		{ be(JAIL_TERMINAL); opens(); }
static void relay_dials(void)		{ be(JAIL_TERMINAL); dials(); }
static void relay_executes(void)	{ be(JAIL_TERMINAL); executes(); }
static void relay_forks(void)		{ be(JAIL_TERMINAL); forks(); }
static void relay_kills(void)		{ be(JAIL_TERMINAL); kills(); }
static void relay_types(void)		{ be(JAIL_TERMINAL); ioctl(0, TIOCSTI, ""); }
static void relay_steals(void)		{ be(JAIL_TERMINAL); ioctl(0, TIOCSCTTY, 1); }

static void has_no_core(void)
{
	struct rlimit core;

	be(JAIL_RECORDER);
	getrlimit(RLIMIT_CORE, &core);
	if (core.rlim_max != 0 || prctl(PR_GET_DUMPABLE) != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		_exit(1);
}

static const struct {
	const char *what;
	void (*does)(void);
	int fate;
} rows[] = {
	{ "the broker can do its work",			broker_works,		0 },
	{ "the broker cannot open a file",		broker_opens,		FATE_SIGNAL + SIGSYS },
	{ "the broker cannot fork",			broker_forks,		FATE_SIGNAL + SIGSYS },
	{ "the broker cannot make a socket",		broker_dials,		FATE_SIGNAL + SIGSYS },
	{ "the broker cannot connect",			broker_connects,	FATE_SIGNAL + SIGSYS },
	{ "the broker cannot execute",			broker_executes,	FATE_SIGNAL + SIGSYS },
	{ "the broker cannot make code",		broker_codes,		FATE_SIGNAL + SIGSYS },
	{ "the broker cannot signal others",		broker_kills,		FATE_SIGNAL + SIGSYS },
	{ "the broker cannot become traceable",		broker_traces,		FATE_SIGNAL + SIGSYS },
	{ "a broken promise still aborts",		broker_aborts,		FATE_SIGNAL + SIGABRT },
	{ "the proxy can do its work",			proxy_works,		0 },
	{ "the proxy cannot open a file",		proxy_opens,		FATE_SIGNAL + SIGSYS },
	{ "the proxy cannot fork",			proxy_forks,		FATE_SIGNAL + SIGSYS },
	{ "the proxy cannot make a socket",		proxy_dials,		FATE_SIGNAL + SIGSYS },
	{ "the proxy cannot connect",			proxy_connects,		FATE_SIGNAL + SIGSYS },
	{ "the proxy cannot execute",			proxy_executes,		FATE_SIGNAL + SIGSYS },
	{ "the proxy cannot make code",			proxy_codes,		FATE_SIGNAL + SIGSYS },
	{ "the proxy cannot signal others",		proxy_kills,		FATE_SIGNAL + SIGSYS },
	{ "the proxy cannot become traceable",		proxy_traces,		FATE_SIGNAL + SIGSYS },
	{ "a proxy's broken promise still aborts",	proxy_aborts,		FATE_SIGNAL + SIGABRT },
	{ "the inspector can do its work",		inspector_works,	0 },
	{ "the inspector cannot open a file",		inspector_opens,	FATE_SIGNAL + SIGSYS },
	{ "the inspector cannot fork",			inspector_forks,	FATE_SIGNAL + SIGSYS },
	{ "the inspector cannot make a socket",		inspector_dials,	FATE_SIGNAL + SIGSYS },
	{ "the inspector cannot connect",		inspector_connects,	FATE_SIGNAL + SIGSYS },
	{ "the inspector cannot execute",		inspector_executes,	FATE_SIGNAL + SIGSYS },
	{ "the inspector cannot make code",		inspector_codes,	FATE_SIGNAL + SIGSYS },
	{ "the inspector cannot become traceable",	inspector_traces,	FATE_SIGNAL + SIGSYS },
	{ "the porter can do its work",			porter_works,		0 },
	{ "the porter cannot open a file",		porter_opens,		FATE_SIGNAL + SIGSYS },
	{ "the porter cannot fork",			porter_forks,		FATE_SIGNAL + SIGSYS },
	{ "the porter cannot make a socket",		porter_dials,		FATE_SIGNAL + SIGSYS },
	{ "the porter pairs unix sockets only",		porter_pairs,		FATE_SIGNAL + SIGSYS },
	{ "the porter cannot connect",			porter_connects,	FATE_SIGNAL + SIGSYS },
	{ "the porter cannot execute",			porter_executes,	FATE_SIGNAL + SIGSYS },
	{ "the porter cannot make code",		porter_codes,		FATE_SIGNAL + SIGSYS },
	{ "the porter cannot signal others",		porter_kills,		FATE_SIGNAL + SIGSYS },
	{ "the witness can do its work",		witness_works,		0 },
	{ "the witness makes files in one folder",	witness_strays,		0 },
	{ "who was named a few paths reads those",	reader_strays,		0 },
	{ "the witness cannot read a file",		witness_reads,		FATE_SIGNAL + SIGSYS },
	{ "the witness cannot remove one",		witness_unlinks,	FATE_SIGNAL + SIGSYS },
	{ "the witness cannot fork",			witness_forks,		FATE_SIGNAL + SIGSYS },
	{ "the witness cannot make a socket",		witness_dials,		FATE_SIGNAL + SIGSYS },
	{ "the witness cannot connect",			witness_connects,	FATE_SIGNAL + SIGSYS },
	{ "the witness cannot execute",			witness_executes,	FATE_SIGNAL + SIGSYS },
	{ "the witness cannot make code",		witness_codes,		FATE_SIGNAL + SIGSYS },
	{ "the witness cannot signal others",		witness_kills,		FATE_SIGNAL + SIGSYS },
	{ "the dialer can do its work",			dialer_works,		0 },
	{ "the dialer makes no raw socket",		dialer_raws,		FATE_SIGNAL + SIGSYS },
	{ "the dialer sees no packets",			dialer_packets,		FATE_SIGNAL + SIGSYS },
	{ "the dialer changes no network",		dialer_links,		FATE_SIGNAL + SIGSYS },
	{ "the dialer cannot listen",			dialer_listens,		FATE_SIGNAL + SIGSYS },
	{ "the dialer cannot accept",			dialer_accepts,		FATE_SIGNAL + SIGSYS },
	{ "the dialer cannot take an address",		dialer_binds,		FATE_SIGNAL + SIGSYS },
	{ "the dialer cannot write a file",		dialer_writes,		FATE_SIGNAL + SIGSYS },
	{ "the dialer cannot make a file",		dialer_creates,		FATE_SIGNAL + SIGSYS },
	{ "the dialer cannot execute",			dialer_executes,	FATE_SIGNAL + SIGSYS },
	{ "the dialer cannot fork",			dialer_forks,		FATE_SIGNAL + SIGSYS },
	{ "the dialer cannot make code",		dialer_codes,		FATE_SIGNAL + SIGSYS },
	{ "the dialer cannot signal others",		dialer_kills,		FATE_SIGNAL + SIGSYS },
	{ "the recorder can start",			recorder_works,		0 },
	{ "the recorder cannot dial out",		recorder_dials,		FATE_SIGNAL + SIGSYS },
	{ "the recorder cannot execute",		recorder_executes,	FATE_SIGNAL + SIGSYS },
	{ "the recorder cannot fork",			recorder_forks,		FATE_SIGNAL + SIGSYS },
	{ "the recorder leaves no core and no trace",	has_no_core,		0 },
	{ "the serving recorder can do its work",	serving_works,		0 },
	{ "the serving recorder cannot open",		serving_opens,		FATE_SIGNAL + SIGSYS },
	{ "the serving recorder cannot listen anew",	serving_listens,	FATE_SIGNAL + SIGSYS },
	{ "the serving recorder cannot dial out",	serving_dials,		FATE_SIGNAL + SIGSYS },
	{ "the relay can do its work",			relay_works,		0 },
	{ "the relay cannot open",			relay_opens,		FATE_SIGNAL + SIGSYS },
	{ "the relay cannot dial out",			relay_dials,		FATE_SIGNAL + SIGSYS },
	{ "the relay cannot execute",			relay_executes,		FATE_SIGNAL + SIGSYS },
	{ "the relay cannot fork",			relay_forks,		FATE_SIGNAL + SIGSYS },
	{ "the relay cannot signal others",		relay_kills,		FATE_SIGNAL + SIGSYS },
	{ "the relay cannot type for the operator",	relay_types,		FATE_SIGNAL + SIGSYS },
	{ "the relay cannot take a terminal",		relay_steals,		FATE_SIGNAL + SIGSYS },
};

static void test_rows(void **state)
{
	char folder[64], file[80];
	int fate, wrong = 0;
	size_t i;

	(void)state;
	snprintf(folder, sizeof(folder), WITNESS_FOLDER, (int)getpid());
	snprintf(file, sizeof(file), "%s/a", folder);
	assert_int_equal(mkdir(folder, 0700), 0);
	for (i = 0; i < count_of(rows); i++) {
		fate = fate_of(rows[i].does);
		if (fate != rows[i].fate)
			print_message("# %s: %d, not %d\n", rows[i].what, fate, rows[i].fate);
		wrong += fate != rows[i].fate;
	}
	unlink(file);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
