/* Who connected is one process or it is not, whatever became of its number meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "recorder/recorder.h"

static const struct sockaddr_un door = { .sun_family = AF_UNIX, .sun_path = "\0reeve-test-peer" };

static int knock(void)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	return fd >= 0 && connect(fd, (const struct sockaddr *)&door, sizeof(door)) == 0 ? fd : -1;
}

/* A child that connects and then waits to be killed; with this number, 0: any. -1: it cannot have it. */
static pid_t child(pid_t wanted)
{
	struct clone_args how = { .exit_signal = SIGCHLD, .set_tid = wanted ? (uintptr_t)&wanted : 0, .set_tid_size = wanted ? 1 : 0 };
	pid_t pid = (pid_t)syscall(SYS_clone3, &how, sizeof(how));

	if (pid == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || knock() < 0)
			_exit(1);
		for (;;)
			pause();
	}
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static struct peer hear(int at)
{
	int fd = accept4(at, NULL, NULL, SOCK_CLOEXEC);
	struct peer p;

	assert_true(fd >= 0);
	assert_true(peer_of(&p, fd));
	close(fd);
	return p;
}

static int listening(void)
{
	int at = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	assert_true(at >= 0);
	assert_return_code(bind(at, (const struct sockaddr *)&door, sizeof(door)), 0);
	assert_return_code(listen(at, 8), 0);
	return at;
}

static void test_one_process(void **state)
{
	int at = listening(), one = knock(), two = knock();
	struct peer a = hear(at), b = hear(at);

	(void)state;
	assert_int_equal(a.uid, geteuid());
	assert_int_equal(a.pid, getpid());
	assert_true(peer_same(&a, &b));
	b.uid++;
	assert_false(peer_same(&a, &b));
	peer_free(&a);
	peer_free(&b);
	close(one);
	close(two);
	close(at);
}

static void test_another(void **state)
{
	int at = listening(), own = knock();
	struct peer a = hear(at), b;
	pid_t pid = child(0);

	(void)state;
	assert_true(pid > 0);
	b = hear(at);
	assert_int_equal(b.pid, pid);
	assert_false(peer_same(&a, &b));
	end(pid);
	peer_free(&a);
	peer_free(&b);
	close(own);
	close(at);
}

/* It came, ended, and its number is another's. */
static void test_used_again(void **state)
{
	int at = listening();
	pid_t pid = child(0), again;
	struct peer a = hear(at), b;

	(void)state;
	end(pid);
	again = a.process < 0 ? -1 : child(pid);
	if (again != pid) {
		peer_free(&a);
		close(at);
		skip(); /* no SO_PEERPIDFD, or no right to choose a number */
	}
	b = hear(at);
	assert_int_equal(a.pid, b.pid);
	assert_false(peer_same(&a, &b));
	assert_false(peer_same(&b, &a));
	end(again);
	peer_free(&a);
	peer_free(&b);
	close(at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_process),
		cmocka_unit_test(test_another),
		cmocka_unit_test(test_used_again),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
