/* tests/unit/test_launcher_hooks.c - a hook is told everything once, holds nobody up, has nothing of ours, and ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "launcher/hooks.h"

static char root[] = "/tmp/reeve-hooks-XXXXXX";

static int build(void **state)
{
	(void)state;
	return mkdtemp(root) && chdir(root) == 0 && setenv("AT", root, 1) == 0 ? 0 : -1;	/* a hook begins elsewhere */
}

static int clear(void **state)
{
	struct err e = { 0 };

	(void)state;
	return fd_remove_all(AT_FDCWD, root, &e);
}

static char *whole(const char *name)
{
	struct err e = { 0 };
	char *bytes = NULL;
	size_t size;

	if (fd_read_file(&bytes, &size, name, 1 << 20, &e) < 0)
		fail_msg("%s", e.text);
	return bytes;
}

static void tell(struct hooks *h, const char *text)
{
	hooks_tell(h, text, strlen(text));
}

static size_t at_work(const struct hooks *h)
{
	size_t n = 0, i;

	for (i = 0; i < HOOKS_AT_ONCE; i++)
		n += h->at[i].pid > 0;
	return n;
}

/* Until nothing runs and nothing waits; each hook here ends by itself. */
static void settle(struct hooks *h)
{
	size_t i;

	while (at_work(h) > 0) {
		for (i = 0; i < HOOKS_AT_ONCE; i++)
			if (h->at[i].pid > 0) {
				struct pollfd end = { .fd = h->at[i].pidfd, .events = POLLIN };

				assert_int_equal(poll(&end, 1, 20000), 1);
			}
		hooks_attend(h);
	}
}

static void it_is_told(void **state)
{
	const char *const argv[] = { "sh", "-c", "cd \"$AT\"; cat >told; echo \"$1\" >args; ls /proc/self/fd | wc -w >fds", "hook", "reeve", NULL };
	struct hooks h = { .argv = argv };
	int left_open = open("/dev/null", O_RDONLY);	/* not close-on-exec: it gets none all the same */
	char *text;

	(void)state;
	tell(&h, "{\"event\":\"held\",\"held\":34}\n");
	settle(&h);
	text = whole("told");
	assert_string_equal(text, "{\"event\":\"held\",\"held\":34}\n");
	free(text);
	text = whole("args");
	assert_string_equal(text, "reeve\n");
	free(text);
	text = whole("fds");
	assert_int_equal(strtol(text, NULL, 10), 4);	/* 0, 1, 2 and the folder that ls reads */
	free(text);
	assert_false(h.failed);
	hooks_end(&h, true);
	close(left_open);
}

/* Each waits until something can be read from the FIFO; so all of them are there at the same time. */
static void a_flood_is_bounded(void **state)
{
	const char *const argv[] = { "sh", "-c", "cd \"$AT\"; read line; read go <gate; echo \"$line\" >>list", NULL };
	struct hooks h = { .argv = argv };
	char text[32], *list, *at;
	size_t i, lines = 0;
	int gate;

	(void)state;
	assert_int_equal(mkfifo("gate", 0600), 0);
	gate = open("gate", O_RDWR | O_CLOEXEC);
	assert_true(gate >= 0);
	for (i = 0; i < HOOKS_AT_ONCE + HOOKS_WAITING + 10; i++) {
		snprintf(text, sizeof(text), "{\"n\":%zu}\n", i);
		tell(&h, text);
	}
	assert_int_equal(at_work(&h), HOOKS_AT_ONCE);
	assert_int_equal(h.count, HOOKS_WAITING);
	assert_int_equal(h.folded, 10);
	for (i = 0; i < HOOKS_AT_ONCE + HOOKS_WAITING + 1; i++)
		assert_int_equal(write(gate, "\n", 1), 1);
	settle(&h);
	list = whole("list");
	for (at = list; (at = strchr(at, '\n')); at++)
		lines++;
	assert_int_equal(lines, HOOKS_AT_ONCE + HOOKS_WAITING + 1);
	assert_non_null(strstr(list, "{\"n\":67}\n"));
	assert_null(strstr(list, "{\"n\":68}\n"));
	assert_non_null(strstr(list, "{\"event\":\"folded\",\"count\":10}\n"));
	assert_int_equal(h.folded, 0);
	free(list);
	close(gate);
	hooks_end(&h, true);
}

/* What a shell started has its session, and goes with it: the pipe it holds is closed. */
static void whoever_does_not_end_is_ended(void **state)
{
	const char *const argv[] = { "sh", "-c", "cd \"$AT\"; (echo in >pipe; exec sleep 1000) <&- >pipe & wait", NULL };
	struct hooks h = { .argv = argv };
	struct pollfd said;
	char bytes[8];

	(void)state;
	assert_int_equal(mkfifo("pipe", 0600), 0);
	said = (struct pollfd){ .fd = open("pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC), .events = POLLIN };
	tell(&h, "{}\n");
	assert_int_equal(poll(&said, 1, 20000), 1);
	assert_int_equal(read(said.fd, bytes, sizeof(bytes)), 3);
	assert_true(hooks_deadline(&h) > 0);
	hooks_attend(&h);
	assert_int_equal(at_work(&h), 1);
	h.at[0].ends_ns = 1;	/* long ago */
	hooks_attend(&h);
	assert_int_equal(at_work(&h), 0);
	assert_true(h.failed);
	while (read(said.fd, bytes, sizeof(bytes)) != 0)
		assert_true(poll(&said, 1, 20000) == 1);
	close(said.fd);
	hooks_end(&h, true);
}

/* What a body says on standard error, into `out`. */
static void hear(char *out, size_t room, const char *const *argv, int times)
{
	struct hooks h = { .argv = argv };
	int fds[2], before = dup(2), i;
	ssize_t got;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	dup2(fds[1], 2);
	for (i = 0; i < times; i++) {
		tell(&h, "{}\n");
		settle(&h);
	}
	hooks_end(&h, true);
	dup2(before, 2);
	close(before);
	close(fds[1]);
	got = read(fds[0], out, room - 1);
	out[got > 0 ? got : 0] = '\0';
	close(fds[0]);
}

static void a_failure_is_said_once(void **state)
{
	static const struct {
		const char *argv[4], *expect;
	} rows[] = {
		{ { "sh", "-c", "exit 3", NULL }, "the hook sh ended with status 3" },
		{ { "sh", "-c", "kill -9 $$", NULL }, "the hook sh was ended by signal 9" },
		{ { "/no/such/program", NULL }, "the hook /no/such/program could not be executed" },
	};
	char said[1024];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		hear(said, sizeof(said), rows[i].argv, 3);
		assert_non_null(strstr(said, rows[i].expect));
		assert_ptr_equal(strchr(said, '\n'), strrchr(said, '\n'));
	}
}

static void nobody_is_told_without_a_hook(void **state)
{
	struct hooks h = { 0 };

	(void)state;
	tell(&h, "{}\n");
	hooks_attend(&h);
	assert_int_equal(at_work(&h) + h.count + h.folded, 0);
	assert_int_equal(hooks_deadline(&h), 0);
	hooks_end(&h, true);
}

/* A run that failed waits for nobody. */
static void the_end_may_be_now(void **state)
{
	const char *const argv[] = { "sleep", "1000", NULL };
	struct hooks h = { .argv = argv };
	pid_t pid;

	(void)state;
	tell(&h, "{}\n");
	pid = h.at[0].pid;
	assert_true(pid > 0);
	hooks_end(&h, false);
	assert_int_equal(waitpid(pid, NULL, 0), -1);
	assert_int_equal(errno, ECHILD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_told),
		cmocka_unit_test(a_flood_is_bounded),
		cmocka_unit_test(whoever_does_not_end_is_ended),
		cmocka_unit_test(a_failure_is_said_once),
		cmocka_unit_test(nobody_is_told_without_a_hook),
		cmocka_unit_test(the_end_may_be_now),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, build, clear);
}
