/*
 * The kernel is made out to be older than it is: a ruleset for each ABI up to the real one, put on by a child
 * that then tries what that ABI knows to refuse, and what it does not know and must therefore let through.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fate.h"
#include "jail/inside.h"

enum { NEWEST = 7, NOT_APPLIED = 200 };

static char room[] = "/tmp/reeve-landlock-XXXXXX";
static char kept[64], given[64], moved[64];
static const uint16_t *connects, *binds;
static bool own_network;
static long lie;
static pid_t outside;
static int port, (*tried)(void);

static int told(long rc)
{
	return rc < 0 ? errno : 0;
}

static int reads_kept(void)	{ return told(open(kept, O_RDONLY)); }
static int reads_given(void)	{ return told(open(given, O_RDONLY)); }
static int writes_given(void)	{ return told(open(given, O_WRONLY)); }
static int cuts_kept(void)	{ return told(truncate(kept, 1)); }
static int signals(void)	{ return told(kill(outside, 0)); }
static int asks_device(void)	{ return told(ioctl(open("/dev/zero", O_RDONLY), TIOCGWINSZ, (char[64]){ 0 })); }

/* From a folder that may be written into another. */
static int moves(void)
{
	char from[96], to[96];

	snprintf(from, sizeof(from), "%s/file", moved);
	snprintf(to, sizeof(to), "%s/below/file", moved);
	return told(rename(from, to));
}

static int dials(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return told(connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&at, sizeof(at)));
}

static int binds_one(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return told(bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&at, sizeof(at)));
}

static int dials_abstract(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int size = snprintf(at.sun_path + 1, sizeof(at.sun_path) - 1, "%s", room);

	return told(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&at,
			    (socklen_t)(sizeof(sa_family_t) + 1 + (size_t)size)));
}

/* As the program's process has it: everything is there, only Landlock differs. */
static void confined(void)
{
	const struct jail_mount mounts[] = {
		{ .kind = JAIL_READ, .target = given },
		{ .kind = JAIL_WRITE, .target = moved },
		{ .kind = JAIL_PROC, .target = "/dev/zero" }, /* to be read, without the right to ioctl(2) */
	};
	const struct jail_spec spec = { .mounts = mounts, .mount_count = count_of(mounts), .connect = connects, .bind = binds };
	struct inside in = { .spec = &spec };
	struct err e = { 0 };

	in.layers[LAYER_MOUNT].obtained = true;
	in.layers[LAYER_NET].obtained = own_network;
	outside = getppid();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || landlock_apply_abi(&in, lie, &e) < 0) {
		fprintf(stderr, "# %s\n", e.text);
		_exit(NOT_APPLIED);
	}
	if (in.layers[LAYER_LANDLOCK].detail != (lie < NEWEST ? lie : NEWEST))
		_exit(NOT_APPLIED + 1);
	_exit(tried());
}

/* `before` it is what it meets below ABI `since`, `from` on what it meets there. */
static const struct {
	const char *what;
	int (*does)(void);
	long since;
	int before, from;
} rows[] = {
	{ "a file without a rule is read",	reads_kept,	1, -1,	EACCES },
	{ "a file with one is read",		reads_given,	1, -1,	0 },
	{ "and written",			writes_given,	1, -1,	EACCES },
	{ "a move between folders",		moves,		2, EXDEV, 0 },
	{ "truncate(2)",			cuts_kept,	3, 0,	EACCES },
	{ "TCP out",				dials,		4, 0,	EACCES },
	{ "TCP bound",				binds_one,	4, 0,	EACCES },
	{ "a request to a device",		asks_device,	5, ENOTTY, EACCES },
	{ "an abstract socket",			dials_abstract,	6, 0,	EPERM },
	{ "a signal",				signals,	6, 0,	EPERM },
};

static void arrange(void)
{
	char path[96];

	close(open(kept, O_WRONLY | O_CREAT | O_TRUNC, 0600));
	close(open(given, O_WRONLY | O_CREAT, 0600));
	snprintf(path, sizeof(path), "%s/below", moved);
	mkdir(moved, 0700);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/below/file", moved);
	unlink(path);
	snprintf(path, sizeof(path), "%s/file", moved);
	close(open(path, O_WRONLY | O_CREAT, 0600));
}

static int meets(int (*does)(void), long abi)
{
	arrange();
	tried = does;
	lie = abi;
	return fate_of(confined);
}

static void test_each_abi_subtracts(void **state)
{
	long real = jail_landlock_abi(), abi;
	int met, wanted, wrong = 0;
	size_t i;

	(void)state;
	if (real < 1)
		skip();
	connects = binds = NULL;
	own_network = false;
	for (abi = 1; abi <= (real < NEWEST ? real : NEWEST); abi++)
		for (i = 0; i < count_of(rows); i++) {
			met = meets(rows[i].does, abi);
			wanted = abi < rows[i].since ? rows[i].before : rows[i].from;
			if (met != wanted)
				print_message("# ABI %ld: %s: %d, not %d\n", abi, rows[i].what, met, wanted);
			wrong += met != wanted;
		}
	assert_int_equal(wrong, 0);
}

/* What a later kernel adds is not asked for before there is a row for it. */
static void test_later_kernels_give_what_is_known(void **state)
{
	(void)state;
	if (jail_landlock_abi() < NEWEST)
		skip();
	assert_int_equal(meets(reads_kept, 99), EACCES);
	assert_int_equal(meets(signals, 99), EPERM);
}

/* Which is why there is a table: a right that the kernel does not know is an error, not ignored. */
static void test_unknown_rights_are_refused(void **state)
{
	const uint64_t rights = 1ull << 60;

	(void)state;
	if (jail_landlock_abi() < 1)
		skip();
	assert_int_equal(syscall(SYS_landlock_create_ruleset, &rights, sizeof(rights), 0), -1);
	assert_int_equal(errno, EINVAL);
}

static void test_ports(void **state)
{
	uint16_t named[] = { 0, 0 };

	(void)state;
	if (jail_landlock_abi() < 4)
		skip();
	own_network = true;
	connects = binds = NULL;
	assert_int_equal(meets(dials, 4), 0);
	assert_int_equal(meets(binds_one, 4), 0);
	named[0] = (uint16_t)port;
	connects = named;
	assert_int_equal(meets(dials, 4), 0);
	assert_int_equal(meets(binds_one, 4), 0);
	named[0] = 1;
	assert_int_equal(meets(dials, 4), EACCES);
	binds = named;
	assert_int_equal(meets(binds_one, 4), EACCES);
	/* Named, but the kernel could not hold to it: no jail, rather than an open one. */
	assert_int_equal(meets(dials, 3), NOT_APPLIED);
	connects = binds = NULL;
}

static int listen_at(int family, const struct sockaddr *at, socklen_t size)
{
	int fd = socket(family, SOCK_STREAM, 0);

	return bind(fd, at, size) < 0 || listen(fd, 64) < 0 ? -1 : fd;
}

static int begin(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	socklen_t size = sizeof(at);
	int fd, length;

	(void)state;
	if (!mkdtemp(room))
		return -1;
	snprintf(kept, sizeof(kept), "%s/kept", room);
	snprintf(given, sizeof(given), "%s/given", room);
	snprintf(moved, sizeof(moved), "%s/moved", room);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = listen_at(AF_INET, (struct sockaddr *)&at, sizeof(at));
	if (fd < 0 || getsockname(fd, (struct sockaddr *)&at, &size) < 0)
		return -1;
	port = ntohs(at.sin_port);
	length = snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "%s", room);
	return listen_at(AF_UNIX, (struct sockaddr *)&name, (socklen_t)(sizeof(sa_family_t) + 1 + (size_t)length)) < 0;
}

static int end(void **state)
{
	char path[96];

	(void)state;
	snprintf(path, sizeof(path), "%s/below/file", moved);
	unlink(path);
	snprintf(path, sizeof(path), "%s/below", moved);
	rmdir(path);
	snprintf(path, sizeof(path), "%s/file", moved);
	unlink(path);
	rmdir(moved);
	unlink(kept);
	unlink(given);
	return rmdir(room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_abi_subtracts),
		cmocka_unit_test(test_later_kernels_give_what_is_known),
		cmocka_unit_test(test_unknown_rights_are_refused),
		cmocka_unit_test(test_ports),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, begin, end);
}
