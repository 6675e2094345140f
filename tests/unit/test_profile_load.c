#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "profile/profile.h"

static char dir[] = "/tmp/reeve-profile-XXXXXX";

static const char *write_file(const char *name, const char *text)
{
	static char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	return path;
}

#define P "{ \"reeve\": \"profile/1\",\n"
#define T "{ \"reeve\": \"tools/1\", \"servers\": {\n"
#define X T "\"s\": { \"kind\": \"exec\", \"tools\": { \"t\": { \"description\": \"d\",\n"

static const struct {
	const char *text, *says;	/* what follows the file's name */
} bad_profiles[] = {
	{ "{}", "1:1: expected a member \"reeve\" (a string), found none" },
	{ "{ \"reeve\": \"profile/2\" }", "1:12: expected \"reeve\": \"profile/1\", found profile/2" },
	{ P "  \"rules\": [] }", "2:3: unknown member" },
	{ P "  \"read\": [\"/usr\", \"etc\"] }", "2:20: expected an absolute path without \"..\", found \"etc\"" },
	{ P "  \"read\": [\"/usr/../etc\"] }", "2:12: expected an absolute path without \"..\", found \"/usr/../etc\"" },
	{ P "  \"read\": [7] }", "2:12: expected a string in \"read\"" },
	{ P "  \"read\": \"/usr\" }", "2:11: \"read\": expected" },
	{ P "  \"read\": [], \"read\": [] }", "2:" },
	{ P "  \"hostname\": \"A b\" }", "2:15: expected a name of [a-z0-9_.-], found \"A b\"" },
	{ P "  \"environment\": { \"set\": { \"HOME\": \"/\" } } }", "2:29: expected a variable that reeve does not set itself" },
	{ P "  \"environment\": { \"pass\": [\"A=B\"] } }", "2:29: expected a variable that reeve does not set itself" },
	{ P "  \"limits\": { \"processes\": 0 } }", "2:28: expected a number from 1, found 0" },
	{ P "  \"limits\": { \"file_size\": 18446744073709551616 } }", "2:" },
	{ P "  \"limits\": { \"memry\": 1 } }", "2:15: unknown member" },
	{ P "  \"limits\": { \"memory\": -1 } }", "2:25: expected a size from 1" },
	{ P "  \"limits\": { \"memory\": \"2g\" } }", "2:25: expected a size from 1" },
	{ P "  \"limits\": { \"memory\": \" 2G\" } }", "2:25: expected a size from 1" },
	{ P "  \"limits\": { \"memory\": \"G\" } }", "2:25: expected a size from 1" },
	{ P "  \"limits\": { \"memory\": \"2GB\" } }", "2:25: expected a size from 1" },
	{ P "  \"limits\": { \"tmp\": \"-2G\" } }", "2:22: expected a size from 1" },
	{ P "  \"limits\": { \"tmp\": \"18446744073709551616\" } }", "2:22: expected a size from 1" },
	{ P "  \"limits\": { \"tmp\": \"16777216T\" } }", "2:22: expected a size from 1" },
	{ P "  \"limits\": { \"tmp\": \"9223372036854775807K\" } }", "2:22: expected a size from 1" },
	{ P "  \"limits\": { \"shm\": 0 } }", "2:22: expected a size from 1, such as 1048576 or \"512M\", found 0" },
	{ P "  \"limits\": { \"shm\": 1.5 } }", "2:22: expected a size from 1" },
	{ P "  \"limits\": { \"shm\": [1] } }", "2:22: expected a size from 1" },
	{ P "  \"limits\": { \"cpu\": \"50%\" } }", "2:22: \"cpu\": expected an integer, found a string" },
	{ P "  \"limits\": { \"cpu\": 0 } }", "2:22: expected a number from 1, found 0" },
	{ P "  \"limits\": { \"files\": 18446744073709551616 } }", "2:" },
	{ P "  \"limits\": { \"require\": \"rlimit\" } }", "2:26: expected \"cgroup\", found \"rlimit\"" },
	{ P "  \"read\": [] ", "2:14: expected \",\" or \"}\", found the end of the text" },
}, bad_tools[] = {
	{ T "\"a__b\": { \"kind\": \"command\", \"argv\": [\"x\"] } } }", "2:1: expected a server's name" },
	{ T "\"all\": { \"kind\": \"command\", \"argv\": [\"x\"] } } }", "2:1: expected a server's name" },
	{ T "\"s\": { \"kind\": \"url\" } } }", "2:16: expected \"kind\": \"command\" or \"exec\", found url" },
	{ T "\"s\": { \"kind\": \"command\", \"argv\": [] } } }", "2:35: expected a program to execute" },
	{ T "\"s\": { \"kind\": \"command\", \"argv\": [\"x\"], \"workspace\": \"rw\" } } }", "2:55: expected \"none\", \"read\" or \"write\", found \"rw\"" },
	{ T "\"s\": { \"kind\": \"command\", \"argv\": [\"x\"], \"deadline\": \"soon\" } } }", "2:54: expected a time like" },
	{ T "\"s\": { \"kind\": \"command\", \"argv\": [\"x\"], \"resources\": { \"r\": \"path\" } } } }", "2:62: expected a JSON pointer" },
	{ X "\"argv\": [\"grep\", \"{what}\"] } } } } }", "3:18: {what} is not one of the tool's \"params\"" },
	{ X "\"argv\": [\"grep\", \"{what\"], \"params\": { \"what\": { \"type\": \"string\" } } } } } } }", "3:18: expected a \"}\"" },
	{ X "\"argv\": [\"{p}\"], \"params\": { \"p\": { \"type\": \"string\" } } } } } } }", "3:10: expected a fixed program" },
	{ X "\"argv\": [\"./grep\"] } } } } }", "3:10: expected an absolute path, or a name" },
	{ X "\"argv\": [\"x\"], \"params\": { \"p\": { \"type\": \"float\" } } } } } } }", "3:43: expected \"string\", \"integer\" or \"boolean\"" },
	{ X "\"argv\": [\"x\"], \"params\": { \"p\": { \"type\": \"integer\", \"default\": \"many\" } } } } } } }", "3:65: \"many\" is not an integer" },
	{ X "\"argv\": [\"x\"], \"resource\": \"/file\" } } } } }", "3:28: expected \"/\" and the name of a parameter" },
};

static int says(const char *name, const char *text, const char *expected, int (*load)(const char *, struct err *))
{
	const char *path = write_file(name, text), *at;
	struct err e = { .kind = ERR_NONE };

	if (load(path, &e) == 0 || strncmp(e.text, path, strlen(path)) != 0) {
		print_message("# %s\n# no error, or one without its file: %s\n", text, e.text);
		return 1;
	}
	at = e.text + strlen(path) + 1;
	if (strncmp(at, expected, strlen(expected)) == 0)
		return 0;
	print_message("# %s\n# says: %s\n# not:  %s\n", text, at, expected);
	return 1;
}

static int load_profile(const char *path, struct err *e)
{
	scoped(profile) struct profile *p = NULL;

	return profile_load(&p, path, e);
}

static int load_tools(const char *path, struct err *e)
{
	scoped(tools) struct tools *t = NULL;

	return tools_load(&t, path, e);
}

static void test_errors(void **state)
{
	size_t i;
	int wrong = 0;

	(void)state;
	for (i = 0; i < count_of(bad_profiles); i++)
		wrong += says("p.json", bad_profiles[i].text, bad_profiles[i].says, load_profile);
	for (i = 0; i < count_of(bad_tools); i++)
		wrong += says("t.json", bad_tools[i].text, bad_tools[i].says, load_tools);
	assert_int_equal(wrong, 0);
}

static const char sample[] = T
	"\"fs\": { \"kind\": \"command\", \"argv\": [\"/usr/bin/true\", \"--root=$WORKSPACE\"], \"env\": { \"W\": \"$WORKSPACE\" },\n"
	"  \"resources\": { \"read_file\": \"/path\" } },\n"
	"\"text\": { \"kind\": \"exec\", \"workspace\": \"none\", \"deadline\": \"5s\", \"tools\": {\n"
	"  \"find\": { \"description\": \"d\", \"argv\": [\"grep\", \"-n\", \"{{{n}\", \"--in={file}\", \"{what}\", \"--\", \"{file}\"],\n"
	"    \"stdin\": \"<{what}>\", \"resource\": \"/file\",\n"
	"    \"params\": { \"what\": { \"type\": \"string\", \"max_length\": 9 }, \"file\": { \"type\": \"string\" },\n"
	"                \"n\": { \"type\": \"integer\", \"minimum\": -5, \"maximum\": 9, \"default\": \"3\" } } } } } } }";

static const struct {
	const char *what, *values[3], *says;	/* the joined argv and stdin, or the error */
} calls[] = {
	{ "values fill their holes",		{ "a b", "f", "3" },	"grep|-n|{3|--in=f|a b|--|f|<a b>" },
	{ "no shell, no splitting",		{ "$(id);", "*", "9" },	"grep|-n|{9|--in=*|$(id);|--|*|<$(id);>" },
	{ "a value with braces is no template",	{ "{file}", "f", "1" },	"grep|-n|{1|--in=f|{file}|--|f|<{file}>" },
	{ "behind -- a dash is a name",		{ "x", "-f", "1" },	"grep|-n|{1|--in=-f|x|--|-f|<x>" },
	{ "an option is refused",		{ "-rf", "f", "1" },	"tool find: parameter what begins with \"-\" and would be "
									"taken for an option; the tool's argv needs \"--\" before it" },
	{ "too long",				{ "0123456789", "f", "1" }, "tool find: parameter what is too long" },
	{ "missing",				{ "x", "f", NULL },	"tool find: parameter n is missing" },
	{ "no integer",				{ "x", "f", "1x" },	"tool find: parameter n is not an integer" },
	{ "below",				{ "x", "f", "-6" },	"tool find: parameter n is below the minimum" },
	{ "above",				{ "x", "f", "10" },	"tool find: parameter n is above the maximum" },
};

static const struct place here = { .workspace = "/tmp/work", .home = "/home/reeve-test", .call = "/bin/true" };

static void join(char out[512], const struct jail_plan *plan, const char *input)
{
	const char *const *word;

	out[0] = '\0';
	for (word = plan->spec.argv; *word; word++)
		snprintf(out + strlen(out), 512 - strlen(out), "%s|", *word);
	snprintf(out + strlen(out), 512 - strlen(out), "%s", input);
}

static void test_exec(void **state)
{
	scoped(profile) struct profile *p = NULL;
	scoped(tools) struct tools *t = NULL;
	struct err e = { .kind = ERR_NONE };
	struct jail_plan plan = { 0 };
	scoped(buf) struct buf list = BUF(4096);
	const char *input;
	char said[512];
	size_t i;
	int wrong = 0;

	(void)state;
	assert_int_equal(profile_load(&p, write_file("p.json", P "\"read\": [\"/usr\"] }"), &e), 0);
	assert_int_equal(tools_load(&t, write_file("t.json", sample), &e), 0);
	for (i = 0; i < count_of(calls); i++) {
		if (tools_exec_plan(&plan, &input, t, 1, 0, calls[i].values, 3, p, &here, &e) == 0)
			join(said, &plan, input);
		else
			snprintf(said, sizeof(said), "%s", e.text);
		if (strcmp(said, calls[i].says) != 0)
			print_message("# %s: %s\n", calls[i].what, said);
		wrong += strcmp(said, calls[i].says) != 0;
		jail_plan_free(&plan);
	}
	assert_int_equal(wrong, 0);
	assert_int_equal(tools_exec_list(&list, t, 1, &e), 0);
	assert_non_null(strstr(buf_text(&list), "\"required\":[\"what\",\"file\"],\"additionalProperties\":false"));
	assert_non_null(strstr(buf_text(&list), "\"maxLength\":9"));
}

static void test_servers(void **state)
{
	scoped(profile) struct profile *p = NULL;
	scoped(tools) struct tools *t = NULL;
	struct err e = { .kind = ERR_NONE };
	struct jail_plan plan = { 0 };
	const char *tool, *pointer, *argv[] = { "sh", NULL };

	(void)state;
	assert_int_equal(profile_load(&p, write_file("p.json", P "\"read\": [\"/usr\"], \"tools\": \"t.json\" }"), &e), 0);
	assert_int_equal(tools_load(&t, profile_tools_path(p), &e), 0);
	assert_string_equal(profile_name(p), "p");
	assert_int_equal(strncmp(profile_digest(p), "sha256:", 7), 0);
	assert_int_equal(tools_count(t), 2);
	assert_int_equal(tools_server_deadline_ms(t, 1), 5000);
	assert_true(tools_server_resource(t, 0, 0, &tool, &pointer));
	assert_string_equal(tool, "read_file");
	assert_false(tools_server_resource(t, 0, 1, &tool, &pointer));
	assert_true(tools_server_resource(t, 1, 0, &tool, &pointer));
	assert_string_equal(pointer, "/file");
	assert_int_equal(tools_server_plan(&plan, t, 0, p, &here, &e), 0);
	assert_string_equal(plan.spec.argv[1], "--root=/tmp/work");
	jail_plan_free(&plan);
	assert_int_equal(profile_agent_plan(&plan, p, t, &here, argv, &e), 0);
	assert_string_equal(plan.spec.sockets[0], "/run/reeve/fs.sock");
	assert_string_equal(plan.spec.sockets[2], "/run/reeve/all.sock");
	assert_string_equal(plan.spec.cwd, "/tmp/work");
	jail_plan_free(&plan);
}

static const struct {
	const char *workspace, *home, *says;
} places[] = {
	{ "/", "/home/u", "workspace \"/\": name an absolute directory other than /" },
	{ "work", "/home/u", "workspace \"work\": name an absolute directory" },
	{ "/home/u", "/home/u", "workspace /home/u holds your home directory" },
	{ "/home", "/home/u", "workspace /home holds your home directory" },
	{ "/usr", "/home/u", "workspace /usr holds /usr, which the profile gives read-only" },
	{ "/tmp", "/home/u", "workspace /tmp holds /tmp, which is private inside" },
	{ "/proc/1", "/home/u", "workspace /proc/1 lies in /proc" },
	{ "/srv/x", "/", "HOME is \"/\"; set it" },
	{ "/srv/x", "/usr/games", "\"read\" holds /usr, which would bring the home" },
};

static void test_places(void **state)
{
	scoped(profile) struct profile *p = NULL;
	struct err e = { .kind = ERR_NONE };
	struct jail_plan plan = { 0 };
	const char *argv[] = { "sh", NULL };
	size_t i;

	(void)state;
	assert_int_equal(profile_load(&p, write_file("p.json", P "\"read\": [\"/usr\"] }"), &e), 0);
	for (i = 0; i < count_of(places); i++) {
		struct place at = { .workspace = places[i].workspace, .home = places[i].home, .call = "/bin/true" };

		assert_int_equal(profile_agent_plan(&plan, p, NULL, &at, argv, &e), -1);
		if (!strstr(e.text, places[i].says))
			fail_msg("%s", e.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_exec),
		cmocka_unit_test(test_servers),
		cmocka_unit_test(test_places),
	};

	if (!mkdtemp(dir))
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
