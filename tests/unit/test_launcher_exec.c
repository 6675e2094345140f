/* tests/unit/test_launcher_exec.c - an exec tool is not started when a path does not lie any more where it did when its call was judged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "launcher/run.h"

static char root[] = "/tmp/reeve-exec-XXXXXX";

enum { INDEX = 7, TAG = 100, NO_TOOL = 9 };

/* One exec tool; asked for is another: where nothing else stops it, starting it fails with that. */
static const char tools_text[] =
	"{ \"reeve\": \"tools/1\", \"servers\": { \"run\": { \"kind\": \"exec\", \"tools\": { \"show\": { \"description\": \"x\","
	" \"argv\": [\"/no/such/program\", \"{path}\"], \"params\": { \"path\": { \"type\": \"string\" } } } } } } }";

struct stage {
	struct run *run;
	struct run_request ask;
	struct tools *tools;
	struct wire broker;
	struct msg *msg;
};

static void fine(int done, const struct err *e)
{
	if (done < 0)
		fail_msg("%s", e->text);
}

static int build(void **state)
{
	(void)state;
	return mkdtemp(root) && chdir(root) == 0 && mkdir("public", 0755) == 0 && mkdir("secret", 0755) == 0 &&
			       symlink("public", "link") == 0
		       ? 0
		       : -1;
}

static int clear(void **state)
{
	struct err e = { 0 };

	(void)state;
	return fd_remove_all(AT_FDCWD, root, &e);
}

static void put(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static void flip(const char *to)
{
	assert_int_equal(symlink(to, "next"), 0);
	assert_int_equal(rename("next", "link"), 0);
}

static struct stage *stage_new(void)
{
	struct stage *s = calloc(1, sizeof(*s));
	struct err e = { 0 };
	int fds[2];

	assert_non_null(s);
	s->run = calloc(1, sizeof(*s->run));
	s->msg = calloc(1, sizeof(*s->msg));
	assert_true(s->run && s->msg);
	put("tools.json", tools_text);
	fine(tools_load(&s->tools, "tools.json", &e), &e);
	fine(wire_pair(fds, &e), &e);
	s->ask.tools = s->tools;
	s->run->ask = &s->ask;
	s->run->index = INDEX;
	s->run->workspace = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	s->run->broker = (struct wire){ .fd = fds[0], .me = ROLE_LAUNCHER, .peer = ROLE_BROKER, .now = PHASE_RUNNING };
	s->broker = (struct wire){ .fd = fds[1], .me = ROLE_BROKER, .peer = ROLE_LAUNCHER, .now = PHASE_RUNNING };
	return s;
}

static void stage_free(struct stage *s)
{
	close(s->run->broker.fd);
	close(s->broker.fd);
	close(s->run->workspace);
	tools_free(s->tools);
	free(s->run);
	free(s->msg);
	free(s);
}

struct question {
	unsigned answer;
	const char *root, *path;
};

/* What the launcher says to the broker that wants this tool started, judged by these answers; NULL: it has misspoken. */
static const char *start(struct stage *s, const struct question *by, unsigned count, unsigned said)
{
	static char text[300];
	uint8_t body[16384];
	struct pack p = { .at = body, .room = sizeof(body) };
	struct err e = { 0 };
	struct unpack u;
	unsigned i;

	pack_number(&p, INDEX + 1, 8);
	pack_number(&p, 0, 2);
	pack_number(&p, NO_TOOL, 2);
	pack_number(&p, said, 2);
	for (i = 0; i < count; i++) {
		pack_number(&p, by[i].answer, 1);
		pack_text(&p, by[i].root, strlen(by[i].root));
		pack_text(&p, by[i].path, strlen(by[i].path));
	}
	pack_number(&p, 1, 2);
	pack_number(&p, 1, 1);
	pack_text(&p, "link/x", 6);
	fine(wire_send(&s->broker, MSG_EXEC, TAG, body, p.size, NULL, 0, &e), &e);
	if (serve_broker(s->run, &e) < 0)
		return NULL;
	assert_int_equal(wire_receive(&s->broker, s->msg, false, &e), WIRE_MESSAGE);
	assert_int_equal(s->msg->type, MSG_FAILED);
	assert_int_equal(s->msg->tag, TAG);
	u = (struct unpack){ .at = s->msg->body, .left = s->msg->size };
	assert_true(unpack_copy(&u, text, sizeof(text)));
	return text;
}

static const struct question in_public = { 1, "public", "link/x" }, not_in_secret = { 0, "secret", "link/x" };

static void what_is_so_still_is_started(void **state)
{
	struct stage *s = stage_new();
	const struct question both[] = { in_public, not_in_secret };

	(void)state;
	assert_non_null(strstr(start(s, NULL, 0, 0), "has no tool 9"));
	assert_non_null(strstr(start(s, both, 2, 2), "has no tool 9"));
	stage_free(s);
}

static void a_link_that_was_turned_is_seen(void **state)
{
	struct stage *s = stage_new();
	const struct question both[] = { in_public, not_in_secret };

	(void)state;
	flip("secret");
	assert_non_null(strstr(start(s, &in_public, 1, 1), "link/x does not lead any more where it did"));
	assert_non_null(strstr(start(s, &not_in_secret, 1, 1), "link/x does not lead any more where it did"));
	assert_non_null(strstr(start(s, both, 2, 2), "ask again"));
	flip("nowhere");	/* dangling: beneath nothing */
	assert_non_null(strstr(start(s, &in_public, 1, 1), "ask again"));
	assert_non_null(strstr(start(s, &not_in_secret, 1, 1), "has no tool 9"));
	flip("public");
	assert_non_null(strstr(start(s, both, 2, 2), "has no tool 9"));
	stage_free(s);
}

static void a_broker_that_misspeaks_is_heard(void **state)
{
	struct question many[ACTION_FACTS + 1];
	struct stage *s = stage_new();
	unsigned i;

	(void)state;
	for (i = 0; i < ACTION_FACTS + 1; i++)
		many[i] = in_public;
	assert_null(start(s, many, ACTION_FACTS + 1, ACTION_FACTS + 1));
	assert_null(start(s, many, 1, 3));
	assert_null(start(s, many, 2, 1));
	stage_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_so_still_is_started),
		cmocka_unit_test(a_link_that_was_turned_is_seen),
		cmocka_unit_test(a_broker_that_misspeaks_is_heard),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, build, clear);
}
