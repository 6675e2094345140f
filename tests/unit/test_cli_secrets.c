#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "launcher/launcher.h"

static char dir[] = "/tmp/reeve-secrets-XXXXXX";

/* In memory of our own, which is what is wiped: as the kernel gives a program its environment. */
static void set_variable(char *room, size_t size, const char *value)
{
	snprintf(room, size, "REEVE_TEST=%s", value);
	assert_int_equal(putenv(room), 0);
}

static const char *write_file(const char *name, const char *text, mode_t mode)
{
	static char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path); /* what an earlier row made may be read-only */
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
	return path;
}

static int load(struct tools **t, const char *secrets, struct err *e)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "{ \"reeve\": \"tools/1\", \"servers\": { \"s\": { \"kind\": \"command\", \"argv\": [\"x\"],\n"
		 "\"secrets\": { %s } } } }",
		 secrets);
	if (tools_load(t, write_file("t.json", text, 0600), e) == 0)
		return 0;
	print_message("# %s\n", e->text);
	return -1;
}

static const struct {
	const char *secret, *is;	/* `is` NULL: `says` */
	const char *says;
} rows[] = {
	{ "\"env\": \"REEVE_TEST\"", "from env", NULL },
	{ "\"env\": \"REEVE_TEST_NONE\"", NULL, "the variable REEVE_TEST_NONE is not set" },
	{ "\"command\": [\"printf\", \"only one\\\\n\"]", "only one", NULL },
	{ "\"command\": [\"printf\", \"two of it\\\\n\\\\n\"]", "two of it\n", NULL },
	{ "\"command\": [\"printf\", \"short\"]", NULL, "fewer than 8" },
	{ "\"command\": [\"true\"]", NULL, "it is empty" },
	{ "\"command\": [\"printf\", \"\\\\n\"]", NULL, "it is empty" },
	{ "\"command\": [\"printf\", \"a\\\\000b\"]", NULL, "it holds a NUL byte" },
	{ "\"command\": [\"sh\", \"-c\", \"exit 9\"]", NULL, "sh ended with status 9" },
	{ "\"command\": [\"sh\", \"-c\", \"kill -KILL $$\"]", NULL, "sh was ended by signal 9" },
	{ "\"command\": [\"head\", \"-c\", \"65537\", \"/dev/zero\"]", NULL, "longer than 65536 bytes" },
	{ "\"command\": [\"sleep\", \"1000\"], \"deadline\": \"50ms\"", NULL, "it has not ended in time" },
	{ "\"file\": \"/nowhere\"", NULL, "/nowhere: No such file" },
	{ "\"file\": \"/dev/zero\"", NULL, "is no regular file" },
};

static void test_sources(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		scoped(tools) struct tools *t = NULL;
		struct secrets s = { 0 };
		struct err e = { 0 };
		char text[256], variable[64];

		set_variable(variable, sizeof(variable), "from env");
		snprintf(text, sizeof(text), "\"T\": { %s }", rows[i].secret);
		assert_int_equal(load(&t, text, &e), 0);
		if (rows[i].is) {
			if (secrets_read(&s, t, NULL, &e) < 0)
				print_message("# %s\n", e.text);
			assert_int_equal(s.count, 1);
			assert_string_equal(s.at[0].bytes, rows[i].is);
			assert_int_equal(s.at[0].size, strlen(rows[i].is));
		} else {
			assert_int_equal(secrets_read(&s, t, NULL, &e), -1);
			assert_non_null(strstr(e.text, "secret T of tool server s: "));
			if (!strstr(e.text, rows[i].says))
				print_message("# %s\n# says: %s\n", text, e.text);
			assert_non_null(strstr(e.text, rows[i].says));
		}
		secrets_free(&s);
	}
}

static void test_file_modes(void **state)
{
	static const struct {
		mode_t mode;
		bool taken;
	} modes[] = { { 0600, true }, { 0400, true }, { 0640, false }, { 0604, false }, { 0602, false }, { 0666, false } };
	size_t i;

	(void)state;
	for (i = 0; i < count_of(modes); i++) {
		scoped(tools) struct tools *t = NULL;
		struct secrets s = { 0 };
		struct err e = { 0 };
		char text[256];

		snprintf(text, sizeof(text), "\"T\": { \"file\": \"%s\" }", write_file("secret", "in a file\n", modes[i].mode));
		assert_int_equal(load(&t, text, &e), 0);
		assert_int_equal(secrets_read(&s, t, NULL, &e) == 0, modes[i].taken);
		if (modes[i].taken)
			assert_string_equal(s.at[0].bytes, "in a file");
		secrets_free(&s);
	}
}

/* What a jail's first process, which is a fork of us, has of them: nothing. */
static void test_fork_has_none(void **state)
{
	scoped(tools) struct tools *t = NULL;
	struct secrets s = { 0 };
	struct err e = { 0 };
	int status = 0;
	char variable[64];
	pid_t child;

	(void)state;
	set_variable(variable, sizeof(variable), "not for children");
	assert_int_equal(load(&t, "\"T\": { \"env\": \"REEVE_TEST\" }", &e), 0);
	assert_int_equal(secrets_read(&s, t, NULL, &e), 0);
	assert_string_equal(s.at[0].bytes, "not for children");
	child = fork();
	if (child == 0)
		_exit(s.at[0].bytes[0] != '\0' || getenv("REEVE_TEST") != NULL);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	secrets_free(&s);
}

/* Nobody who looks at our environment later, as /proc/PID/environ shows it, finds it. */
static void test_environment_is_wiped(void **state)
{
	scoped(tools) struct tools *t = NULL;
	char room[] = "REEVE_TEST_PUT=a secret";
	struct secrets s = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(putenv(room), 0);
	assert_int_equal(load(&t, "\"A\": { \"env\": \"REEVE_TEST_PUT\" }, \"B\": { \"env\": \"REEVE_TEST_PUT\" }", &e), 0);
	assert_int_equal(secrets_read(&s, t, NULL, &e), 0);
	assert_int_equal(s.count, 2);
	assert_string_equal(s.at[1].bytes, "a secret");
	assert_null(getenv("REEVE_TEST_PUT"));
	assert_memory_equal(room + strlen("REEVE_TEST_PUT="), "\0\0\0\0\0\0\0\0", 8);
	secrets_free(&s);
}

static void test_courier_words(void **state)
{
	scoped(tools) struct tools *t = NULL;
	struct buf words = BUF(COURIER_WORDS + 1);
	char variable[64];
	struct secrets s = { 0 };
	struct err e = { 0 };

	(void)state;
	set_variable(variable, sizeof(variable), "a\"b\\cdefg");
	assert_int_equal(tools_load(&t,
				    write_file("u.json",
					       "{ \"reeve\": \"tools/1\", \"servers\": { \"s\": { \"kind\": \"url\", \"url\": "
					       "\"https://a.example:8443/mcp?x=1\",\n\"headers\": { \"Authorization\": \"Bearer ${T}, $5\" "
					       "}, \"secrets\": { \"T\": { \"env\": \"REEVE_TEST\" } } } } }",
					       0600),
				    &e),
			 0);
	assert_int_equal(secrets_read(&s, t, NULL, &e), 0);
	assert_int_equal(tools_courier_words(&words, t, 0, &s, &e), 0);
	assert_string_equal(buf_text(&words),
			    "{\"server\":\"s\",\"url\":\"https://a.example:8443/mcp?x=1\",\"host\":\"a.example\",\"port\":8443,"
			    "\"deadline\":60000,\"private\":false,\"headers\":{\"Authorization\":\"Bearer a\\\"b\\\\cdefg, $5\"}}\n");
	buf_free(&words);
	secrets_free(&s);
	set_variable(variable, sizeof(variable), "a\r\nX-Evil: b");
	assert_int_equal(secrets_read(&s, t, NULL, &e), 0);
	assert_int_equal(tools_courier_words(&words, t, 0, &s, &e), -1);
	assert_non_null(strstr(e.text, "secret T cannot stand in a header: byte 2"));
	buf_free(&words);
	secrets_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sources),		    cmocka_unit_test(test_file_modes),
		cmocka_unit_test(test_fork_has_none),	    cmocka_unit_test(test_environment_is_wiped),
		cmocka_unit_test(test_courier_words),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	assert_non_null(mkdtemp(dir));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
