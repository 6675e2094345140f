#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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
	{ P "  \"limits\": { \"processes\": -1 } }", "2:28: expected a number from 1, found -1" },
	{ P "  \"read\": { \"/usr\": 7 } }", "2:21: expected why \"/usr\" is there (a string)" },
	{ P "  \"read\": { \"usr\": \"x\" } }", "2:13: expected an absolute path without \"..\", found \"usr\"" },
	{ P "  \"read\": { \"/usr\": \"x\", \"/usr\": \"y\" } }", "2:26: expected each member once" },
	{ P "  \"read\": [\"/usr\", \"/usr\"] }", "2:20: /usr stands in \"read\" and again in \"read\"; keep one" },
	{ P "  \"read\": [\"/srv\"], \"write\": [\"/srv\"] }", "2:31: /srv stands in \"read\" and in \"write\"; keep one" },
	{ P "  \"read\": [\"/srv\"], \"maybe_read\": { \"/srv\": \"x\" } }", "2:37: /srv stands in \"read\" and in \"maybe_read\"" },
	{ P "  \"read\": [\"/srv/a\"], \"write\": [\"/srv\"] }", "2:12: /srv/a is \"read\", and lies in /srv, which is \"write\"" },
	{ P "  \"protect\": [\"../x\"] }", "2:15: expected a name such as \".git/hooks\"" },
	{ P "  \"because\": { \"processes\": \"x\" } }", "2:16: expected a member, a limit or a variable of this profile, found \"processes\"" },
	{ P "  \"because\": { \"hostname\": 1 } , \"hostname\": \"x\" }", "2:28: expected a sentence for \"hostname\"" },
	{ P "  \"extends\": \"none\" }", "2:14: expected the name of another profile, or a path" },
	{ P "  \"extends\": \"./none.json\" }", "2:14: expected a file that can be read beside this one" },
	{ P "  \"project\": 1 }", "2:14: \"project\": expected true or false" },
	{ P "  \"read\": [] ", "2:14: expected \",\" or \"}\", found the end of the text" },
}, bad_tools[] = {
	{ T "\"a__b\": { \"kind\": \"command\", \"argv\": [\"x\"] } } }", "2:1: expected a server's name" },
	{ T "\"all\": { \"kind\": \"command\", \"argv\": [\"x\"] } } }", "2:1: expected a server's name" },
	{ T "\"s\": { \"kind\": \"uri\" } } }", "2:16: expected \"kind\": \"command\", \"exec\" or \"url\", found uri" },
	{ T "\"s\": { \"kind\": \"url\" } } }", "2:6: expected a member \"url\"" },
#define C T "\"s\": { \"kind\": \"command\", \"argv\": [\"x\"],\n"
	{ C "\"idle\": \"0s\" } } }", "3:9: expected a time like" },
	{ C "\"start_deadline\": \"25h\" } } }", "3:19: expected a time like" },
	{ C "\"restart\": 5 } } }", "3:12: \"restart\": expected a string" },
	{ C "\"pins\": \"some\" } } }", "3:9: expected \"none\", found \"some\"" },
	{ C "\"cwd\": \"/tmp\" } } }", "3:8: expected \"private\" or \"workspace\", found \"/tmp\"" },
	{ C "\"workspace\": \"none\", \"cwd\": \"workspace\" } } }", "3:29: \"cwd\": \"workspace\" takes" },
	{ C "\"limits\": { \"memory\": \"2GB\" } } } }", "3:23: expected a size from 1" },
	{ C "\"limits\": { \"memry\": 1 } } } }", "3:13: unknown member" },
	{ C "\"limits\": { \"require\": \"rlimit\" } } } }", "3:24: expected \"cgroup\", found \"rlimit\"" },
	{ C "\"network\": \"all\" } } }", "3:12: expected \"none\", \"host\" or a list" },
	{ C "\"network\": [] } } }", "3:12: expected \"none\", \"host\" or a list" },
	{ C "\"network\": [\"example.org\"] } } }", "3:13: expected HOST:PORT" },
	{ C "\"network\": [\"a.example:443\", \"b.example:65536\"] } } }", "3:30: expected HOST:PORT" },
	{ C "\"network\": [\"https://a.example:443\"] } } }", "3:13: expected HOST:PORT" },
	{ C "\"secrets\": { \"T\": \"text\" } } } }", "3:19: expected an object that says where" },
	{ C "\"secrets\": { \"T\": {} } } } }", "3:19: expected one of \"file\", \"env\" and \"command\"" },
	{ C "\"secrets\": { \"T\": { \"file\": \"/a\", \"env\": \"B\" } } } } }", "3:19: expected one of" },
	{ C "\"secrets\": { \"T\": { \"file\": \"a\" } } } } }", "3:29: expected an absolute path" },
	{ C "\"secrets\": { \"T\": { \"env\": \"A=B\" } } } } }", "3:28: expected the name of a variable" },
	{ C "\"secrets\": { \"T\": { \"command\": [] } } } } }", "3:32: expected a program and its arguments" },
	{ C "\"secrets\": { \"T\": { \"env\": \"B\", \"deadline\": \"1s\" } } } } }", "3:45: only a \"command\" has a deadline" },
	{ C "\"secrets\": { \"T\": { \"value\": \"x\" } } } } }", "3:21: unknown member" },
	{ C "\"secrets\": { \"HOME\": { \"env\": \"B\" } } } } }", "3:14: expected a name of" },
	{ C "\"env\": { \"T\": \"x\" }, \"secrets\": { \"T\": { \"env\": \"B\" } } } } }", "3:35: T stands in \"env\" too" },
	{ C "\"url\": \"https://a.example/\" } } }", "3:1: unknown member" },
#define U(url) T "\"s\": { \"kind\": \"url\", \"url\": \"" url "\"\n"
	{ U("http://a.example/") "} } }", "2:30: http:// only for" },
	{ U("http://10.0.0.1/") "} } }", "2:30: http:// only for" },
	{ U("ftp://a.example/") "} } }", "2:30: expected https://" },
	{ U("https://u:p@a.example/") "} } }", "2:30: expected https://" },
	{ U("https://a.example:0/") "} } }", "2:30: expected https://" },
	{ U("https://a.example:65536/") "} } }", "2:30: expected https://" },
	{ U("https://a.example/#x") "} } }", "2:30: expected https://" },
	{ U("https://a.example/a b") "} } }", "2:30: expected https://" },
	{ U("https://a.example/a\\u000ab") "} } }", "2:30: expected https://" },
	{ U("https://a.example\\\\@b.example/") "} } }", "2:30: expected https://" },
	{ U("https://a.example./") "} } }", "2:30: expected https://" },
	{ U("https://2852039166/") "} } }", "2:30: expected https://" },
	{ U("https://0xa9fea9fe/") "} } }", "2:30: expected https://" },
	{ U("https://0251.0376.0251.0376/") "} } }", "2:30: expected https://" },
	{ U("https://127.1/") "} } }", "2:30: expected https://" },
	{ U("https://[::1%lo]/") "} } }", "2:30: expected https://" },
	{ U("https://\xc3\xa4.example/") "} } }", "2:30: expected https://" },
	{ U("https://a.example/") ", \"headers\": { \"Host\": \"x\" } } } }", "3:16: Host is reeve-courier's own" },
	{ U("https://a.example/") ", \"headers\": { \"mcp-session-id\": \"x\" } } } }", "3:16: mcp-session-id is reeve-courier's own" },
	{ U("https://a.example/") ", \"headers\": { \"A:b\": \"x\" } } } }", "3:16: expected a header's name" },
	{ U("https://a.example/") ", \"headers\": { \"A\": \"x\\r\\ny\" } } } }", "3:21: expected visible ASCII" },
	{ U("https://a.example/") ", \"headers\": { \"A\": \"${T}\" } } } }", "3:21: ${T} is not one of the server's \"secrets\"" },
	{ U("https://a.example/") ", \"headers\": { \"A\": \"${T\" } } } }", "3:21: ${T} is not one" },
	{ U("http://127.0.0.1:80/") ", \"ca\": \"/x\" } } }", "3:9: http:// has no certificate" },
	{ U("https://a.example/") ", \"workspace\": \"read\" } } }", "3:3: unknown member" },
#undef U
#undef C
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

	return profile_load(&p, path, NULL, e);
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
	assert_int_equal(profile_load(&p, write_file("p.json", P "\"read\": [\"/usr\"] }"), NULL, &e), 0);
	assert_int_equal(tools_load(&t, write_file("t.json", sample), &e), 0);
	for (i = 0; i < count_of(calls); i++) {
		if (tools_exec_plan(&plan, &input, t, 1, 0, calls[i].values, 3, NULL, p, &here, &e) == 0)
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
	struct tools_life life;
	const char *tool, *pointer, *argv[] = { "sh", NULL };

	(void)state;
	assert_int_equal(profile_load(&p, write_file("p.json", P "\"read\": [\"/usr\"], \"tools\": \"t.json\" }"), NULL, &e), 0);
	assert_int_equal(tools_load(&t, profile_tools_path(p), &e), 0);
	assert_string_equal(profile_name(p), "p");
	assert_int_equal(strncmp(profile_digest(p), "sha256:", 7), 0);
	assert_int_equal(tools_count(t), 2);
	tools_server_life(&life, t, 1);
	assert_int_equal(life.deadline_ms, 5000);
	tools_server_life(&life, t, 0);
	assert_int_equal(life.deadline_ms, 60000);
	assert_int_equal(life.start_ms, 30000);
	assert_int_equal(life.idle_ms, 0);
	assert_int_equal(life.rest_ms, 60000);
	assert_false(life.unpinned);
	assert_false(tools_server_in_workspace(t, 0));
	assert_false(tools_server_in_workspace(t, 1)); /* it has none */
	assert_true(tools_server_resource(t, 0, 0, &tool, &pointer));
	assert_string_equal(tool, "read_file");
	assert_false(tools_server_resource(t, 0, 1, &tool, &pointer));
	assert_true(tools_server_resource(t, 1, 0, &tool, &pointer));
	assert_string_equal(pointer, "/file");
	assert_int_equal(tools_server_plan(&plan, t, 0, NULL, p, &here, &e), 0);
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
	assert_int_equal(profile_load(&p, write_file("p.json", P "\"read\": [\"/usr\"] }"), NULL, &e), 0);
	for (i = 0; i < count_of(places); i++) {
		struct place at = { .workspace = places[i].workspace, .home = places[i].home, .call = "/bin/true" };

		assert_int_equal(profile_agent_plan(&plan, p, NULL, &at, argv, &e), -1);
		if (!strstr(e.text, places[i].says))
			fail_msg("%s", e.text);
	}
}

static struct profile *loaded(const char *name, const char *const *dirs)
{
	struct profile *p = NULL;
	struct err e = { .kind = ERR_NONE };
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (profile_load(&p, path, dirs, &e) < 0)
		fail_msg("%s", e.text);
	return p;
}

/* Every mount, variable and protected name of the agent's jail, as one text. */
static void describe(char out[2048], const struct profile *p)
{
	const char *argv[] = { "sh", NULL };
	struct jail_plan plan = { 0 };
	struct err e = { .kind = ERR_NONE };
	size_t i, n = 0;

	if (profile_agent_plan(&plan, p, NULL, &here, argv, &e) < 0)
		fail_msg("%s", e.text);
	for (i = 0; i < plan.spec.mount_count; i++)
		if (plan.spec.mounts[i].kind == JAIL_READ || plan.spec.mounts[i].kind == JAIL_WRITE)
			n += (size_t)snprintf(out + n, 2048 - n, "%c%s ", plan.spec.mounts[i].kind == JAIL_READ ? 'r' : 'w',
					      plan.spec.mounts[i].target);
	for (i = 0; plan.spec.env[i]; i++)
		n += (size_t)snprintf(out + n, 2048 - n, "%s ", plan.spec.env[i]);
	for (i = 0; i < plan.spec.limit_count; i++)
		n += (size_t)snprintf(out + n, 2048 - n, "limit=%llu ", (unsigned long long)plan.spec.limits[i].most);
	for (i = 0; plan.spec.protect && plan.spec.protect[i]; i++)
		n += (size_t)snprintf(out + n, 2048 - n, "!%s ", plan.spec.protect[i]);
	snprintf(out + n, 2048 - n, "@%s", plan.spec.hostname);
	jail_plan_free(&plan);
}

static void test_extends(void **state)
{
	const char *const dirs[] = { dir, NULL };
	char said[2048];

	(void)state;
	write_file("base.json", P "\"about\": \"the base\", \"hostname\": \"low\", \"read\": [\"/usr\"], \"maybe_read\": [\"/etc/passwd\", \"/none\"],\n"
		   "\"environment\": { \"set\": { \"A\": \"1\", \"B\": \"1\" } }, \"limits\": { \"processes\": 9, \"open_files\": 8 },\n"
		   "\"because\": { \"processes\": \"base\", \"A\": \"base\" } }");
	write_file("mid.json", P "\"extends\": \"base.json\", \"read\": { \"/etc/passwd\": \"names\" }, \"protect\": [\".mine\"] }");
	write_file("top.json", P "\"extends\": \"mid\", \"hostname\": \"high\", \"read\": { \"/etc/group\": \"groups\" },\n"
		   "\"environment\": { \"set\": { \"B\": \"2\" } }, \"limits\": { \"processes\": 7 },\n"
		   "\"because\": { \"processes\": \"top\" } }");
	scoped(profile) struct profile *p = loaded("top.json", dirs);

	describe(said, p);
	assert_non_null(strstr(said, "r/usr r/etc/passwd r/etc/group w/tmp/work"));
	assert_non_null(strstr(said, "A=1 B=2 "));
	assert_non_null(strstr(said, "limit=7 limit=8 "));
	assert_non_null(strstr(said, "!.git/hooks "));
	assert_non_null(strstr(said, "!.mine "));
	assert_non_null(strstr(said, "@high"));
	assert_string_equal(profile_name(p), "top");
	assert_null(profile_about(p));
	assert_string_equal(profile_because(p, "read", "/etc/passwd"), "names");
	assert_string_equal(profile_because(p, "because", "processes"), "top");
	assert_string_equal(profile_because(p, "because", "A"), "base");
	assert_null(profile_because(p, "read", "/usr"));
	assert_non_null(strstr(profile_file(p, 2), "/base.json"));
	assert_null(profile_file(p, 3));
}

/* Whoever changes any of the files changes the digest. */
static void test_digest(void **state)
{
	const char *const dirs[] = { dir, NULL };
	char first[80];

	(void)state;
	scoped(profile) struct profile *p = loaded("top.json", dirs);
	snprintf(first, sizeof(first), "%s", profile_digest(p));
	write_file("base.json", P "\"hostname\": \"low\", \"read\": [\"/usr\"] }");
	scoped(profile) struct profile *again = loaded("top.json", dirs);
	assert_string_not_equal(profile_digest(again), first);
}

static void test_chains(void **state)
{
	const char *const dirs[] = { dir, NULL };
	char name[16], text[128];
	int i;

	(void)state;
	write_file("a.json", P "\"extends\": \"b\" }");
	write_file("b.json", P "\"extends\": \"./c.json\" }");
	assert_int_equal(says("c.json", P "\"extends\": \"c\" }", "2:12: expected the name of another profile", load_profile), 0);
	struct profile *p = NULL;
	struct err e = { .kind = ERR_NONE };
	char path[160];
	write_file("c.json", P "\"extends\": \"a\" }");
	snprintf(path, sizeof(path), "%s/a.json", dir);
	assert_int_equal(profile_load(&p, path, dirs, &e), -1);
	if (!strstr(e.text, "c.json:2:12: \"extends\" goes in a circle: a.json, b.json, c.json, a.json"))
		fail_msg("%s", e.text);
	for (i = 0; i < 9; i++) {
		snprintf(name, sizeof(name), "d%d.json", i);
		snprintf(text, sizeof(text), P "\"extends\": \"d%d.json\" }", i + 1);
		write_file(name, text);
	}
	write_file("d7.json", P "\"hostname\": \"x\" }");
	snprintf(path, sizeof(path), "%s/d0.json", dir);
	assert_int_equal(profile_load(&p, path, dirs, &e), 0);
	profile_free(p);
	write_file("d7.json", P "\"extends\": \"d8.json\" }");
	write_file("d8.json", P "\"hostname\": \"x\" }");
	assert_int_equal(profile_load(&p, path, dirs, &e), -1);
	if (!strstr(e.text, "d7.json:2:12: \"extends\" goes more than 8 files deep: d0.json, d1.json"))
		fail_msg("%s", e.text);
	write_file("e.json", P "\"extends\": \"f.json\", \"write\": [\"/srv\"] }");
	write_file("f.json", P "\n\"read\": [\"/srv\"] }");
	snprintf(path, sizeof(path), "%s/e.json", dir);
	assert_int_equal(profile_load(&p, path, dirs, &e), -1);
	if (!strstr(e.text, "f.json:3:10: /srv is \"read\", and lies in /srv, which is"))
		fail_msg("%s", e.text);
}

static const char operators[] = P "\"read\": [\"/usr\"], \"maybe_read\": [\"/etc/passwd\", \"/etc/group\"], \"write\": [\"/etc/ssl\"],\n"
	"\"environment\": { \"set\": { \"A\": \"1\", \"B\": \"1\" } }, \"limits\": { \"processes\": 9 } %s }";

static const struct {
	const char *text, *says;	/* what follows the file's name; or what is in the jail, behind a + or not behind a - */
} projects[] = {
	{ P "\"without_read\": [\"/etc/group\"] }", "-/etc/group" },
	{ P "\"without_read\": [\"/etc/group\"] }", "+r/etc/passwd" },
	{ P "\"without_write\": { \"/etc/ssl\": \"not here\" } }", "-/etc/ssl" },
	{ P "\"without_environment\": [\"A\"] }", "-A=1" },
	{ P "\"limits\": { \"processes\": 3, \"open_files\": 7 } }", "+limit=3 limit=7 " },
	{ P "\"protect\": [\".own\"] }", "+!.own " },
	{ P "\"protect\": [\".own\"] }", "+!.git/hooks " },
	{ P "\"read\": [\"/etc/shadow\"] }", "2:1: \"read\" could widen the jail" },
	{ P "\"maybe_read\": [\"/etc/shadow\"] }", "2:1: \"maybe_read\" could widen the jail" },
	{ P "\"write\": [\"/etc\"] }", "2:1: \"write\" could widen the jail" },
	{ P "\"environment\": { \"pass\": [\"TOKEN\"] } }", "2:1: \"environment\" could widen the jail" },
	{ P "\"tools\": \"t.json\" }", "2:1: \"tools\" could widen the jail" },
	{ P "\"extends\": \"x.json\" }", "2:1: \"extends\" could widen the jail" },
	{ P "\"project\": true }", "2:1: \"project\" could widen the jail" },
	{ P "\"hostname\": \"x\" }", "2:1: \"hostname\" could widen the jail" },
	{ P "\"limits\": { \"processes\": 10 } }", "2:26: raises \"processes\" above the profile's 9" },
	{ P "\"limits\": { \"processes\": 0 } }", "2:26: expected a number from 1, found 0" },
	{ P "\"workspace\": \"write\" }", "2:14: expected \"cow\", found \"write\"" },
	{ P "\"without_read\": [\"/usr/lib\"] }", "2:18: /usr/lib is there as part of /usr" },
	{ P "\"without_read\": [\"usr\"] }", "2:18: expected an absolute path" },
	{ P "\"without_all\": [] }", "2:1: unknown member \"without_all\"" },
	{ "{", "1:2: expected" },
};

static int tightens(const char *text, const char *expected, const struct place *at)
{
	scoped(profile) struct profile *p = loaded("op.json", NULL);
	struct err e = { .kind = ERR_NONE };
	char said[2048], path[160];
	FILE *f;

	snprintf(path, sizeof(path), "%s/.reeve/profile.json", at->workspace);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	if (profile_tighten(p, at->workspace, &e) < 0) {
		snprintf(said, sizeof(said), "the project's own profile: %s:%s", path, expected);
		if (strncmp(e.text, said, strlen(said)) == 0)
			return 0;
		print_message("# %s\n# says: %s\n", text, e.text);
		return 1;
	}
	describe(said, p);
	if (*expected != '+' && *expected != '-')
		print_message("# %s\n# is accepted\n", text);
	else if ((strstr(said, expected + 1) != NULL) == (*expected == '+'))
		return 0;
	print_message("# %s\n# gives: %s\n", text, said);
	return 1;
}

static void test_project(void **state)
{
	char workspace[128], text[512];
	struct place at = { .workspace = workspace, .home = "/home/reeve-test", .call = "/bin/true" };
	int wrong = 0;
	size_t i;

	(void)state;
	snprintf(workspace, sizeof(workspace), "%s/w", dir);
	snprintf(text, sizeof(text), "%s/.reeve", workspace);
	assert_int_equal(mkdir(workspace, 0700), 0);
	assert_int_equal(mkdir(text, 0700), 0);
	snprintf(text, sizeof(text), operators, "");
	write_file("op.json", text);
	for (i = 0; i < count_of(projects); i++)
		wrong += tightens(projects[i].text, projects[i].says, &at);
	assert_int_equal(wrong, 0);
	/* What the operator does not want to hear of cannot be in the way. */
	snprintf(text, sizeof(text), operators, ", \"project\": false");
	write_file("op.json", text);
	wrong += tightens("{", "+r/etc/group", &at);
	assert_int_equal(wrong, 0);
}

/* The project has no say over those who work for the operator. */
static void test_project_servers(void **state)
{
	char workspace[128], text[512], path[160];
	struct place at = { .workspace = workspace, .home = "/home/reeve-test", .call = "/bin/true" };
	scoped(tools) struct tools *t = NULL;
	struct err e = { .kind = ERR_NONE };
	struct jail_plan plan = { 0 };
	bool there = false;
	size_t i;

	(void)state;
	snprintf(workspace, sizeof(workspace), "%s/w", dir);
	snprintf(text, sizeof(text), operators, "");
	write_file("op.json", text);
	assert_int_equal(tightens(P "\"without_read\": [\"/etc/group\"] }", "-/etc/group", &at), 0);
	scoped(profile) struct profile *p = loaded("op.json", NULL);
	snprintf(path, sizeof(path), "%s", profile_digest(p));
	assert_int_equal(profile_tighten(p, workspace, &e), 0);
	assert_string_not_equal(profile_digest(p), path);
	assert_int_equal(tools_load(&t, write_file("t.json", sample), &e), 0);
	assert_int_equal(tools_server_plan(&plan, t, 0, NULL, p, &at, &e), 0);
	for (i = 0; i < plan.spec.mount_count; i++)
		there |= strcmp(plan.spec.mounts[i].target, "/etc/group") == 0;
	assert_true(there);
	jail_plan_free(&plan);
}

/* A name that the agent could turn, and one that is missing, with their places. */
static void test_paths(void **state)
{
	char workspace[128], link[160], text[512];
	struct place at = { .workspace = workspace, .home = "/home/reeve-test", .call = "/bin/true" };
	const char *argv[] = { "sh", NULL };
	struct jail_plan plan = { 0 };
	struct err e = { .kind = ERR_NONE };
	size_t i;

	(void)state;
	snprintf(workspace, sizeof(workspace), "%s/w", dir);
	snprintf(link, sizeof(link), "%s/w/link", dir);
	assert_int_equal(symlink("/etc", link), 0);
	snprintf(link, sizeof(link), "%s/alias", dir);
	assert_int_equal(symlink("w/link", link), 0);
	const struct {
		const char *list, *path, *says;
	} rows[] = {
		{ "write", "w/link", "the agent could turn it into a link" },
		{ "maybe_read", "w/link/ssl", "the agent could turn it into a link" },
		{ "write", "alias", "the agent could turn it into a link" },
		{ "read", "alias/ssl", "the agent could turn it into a link" },
		{ "read", "none", "No such file or directory; make it, or list it under \"maybe_read\"" },
		{ "write", "none", "No such file or directory; make it" },
	};

	for (i = 0; i < count_of(rows); i++) {
		snprintf(text, sizeof(text), P "  \"%s\": [\"%s/%s\"] }", rows[i].list, dir, rows[i].path);
		write_file("op.json", text);
		scoped(profile) struct profile *p = loaded("op.json", NULL);
		assert_int_equal(profile_agent_plan(&plan, p, NULL, &at, argv, &e), -1);
		snprintf(text, sizeof(text), "op.json:2:%zu: ", strlen(rows[i].list) + 8);
		if (!strstr(e.text, text) || !strstr(e.text, rows[i].says))
			fail_msg("%s %s: %s", rows[i].list, rows[i].path, e.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_exec),
		cmocka_unit_test(test_servers),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_extends),
		cmocka_unit_test(test_digest),
		cmocka_unit_test(test_chains),
		cmocka_unit_test(test_project),
		cmocka_unit_test(test_project_servers),
		cmocka_unit_test(test_paths),
	};

	if (!mkdtemp(dir))
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
