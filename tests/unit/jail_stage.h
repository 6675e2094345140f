/* tests/unit/jail_stage.h - for a test that is its own prisoner: itself where any user may execute it, a child of any user. */
#ifndef TESTS_UNIT_JAIL_STAGE_H
#define TESTS_UNIT_JAIL_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/scope.h"
#include "jail/jail.h"

/* An ordinary user; and what a child ends with where no row has come to an end. */
enum { ORDINARY = 12345, NO_JAIL = 200, OTHERWISE = 201 };

static inline int told(long rc)
{
	return rc < 0 ? errno : 0;
}

static inline socklen_t address(struct sockaddr_storage *out, const char *host, int port)
{
	struct sockaddr_in *four = (struct sockaddr_in *)out;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)port);
		return sizeof(*four);
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons((uint16_t)port);
	return inet_pton(AF_INET6, host, &six->sin6_addr) == 1 ? sizeof(*six) : 0;
}

/* Becoming an ordinary user is for ever, so it is a child that does. */
static inline pid_t fork_as(uid_t uid)
{
	pid_t child = fork();

	if (child == 0 && uid != getuid() && (setgroups(0, NULL) < 0 || setgid(uid) < 0 || setuid(uid) < 0))
		_exit(NO_JAIL);
	return child;
}

static inline int status_of(pid_t child)
{
	int status;

	return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : OTHERWISE;
}

/* This program where any user may execute it, wherever the checkout lies. */
static inline void copy_self(char self[PATH_MAX])
{
	scoped(mem) char *bytes = NULL;
	struct err e = { 0 };
	size_t size;
	int fd;

	snprintf(self, PATH_MAX, "/tmp/reeve-test-XXXXXX");
	fd = mkstemp(self);
	assert_int_equal(fd_read_file(&bytes, &size, "/proc/self/exe", 64 << 20, &e), 0);
	assert_int_equal(fd_write_all(fd, bytes, size, &e), 0);
	assert_int_equal(fchmod(fd, 0755), 0);
	close(fd);
}

/* Asked of unshare(1), not of what is tested here: a jail that does not stand is a failure, not a reason. */
static inline bool have_namespaces(uid_t uid)
{
	pid_t child = fork_as(uid);

	if (child == 0) {
		close(2);
		execlp("unshare", "unshare", "-Ur", "true", (char *)NULL);
		_exit(1);
	}
	return status_of(child) == 0;
}

static inline void need_namespaces(uid_t uid)
{
	if (have_namespaces(uid))
		return;
	print_message("# skip: unshare -Ur does not work for uid %u\n", uid);
	skip();
}

/* The test's own: every row, as that user. */
static void try_rows(uid_t uid);

static void test_as_we_are(void **state)
{
	(void)state;
	try_rows(geteuid());
}

static void test_as_ordinary_user(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	try_rows(ORDINARY);
}

#endif
