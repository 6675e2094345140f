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

static char dir[] = "/tmp/reeve-exposure-XXXXXX";

#define P "{ \"reeve\": \"profile/1\", "
#define QUIET "\"limits\": { \"processes\": 9, \"open_files\": 9, \"file_size\": 9, \"cpu_seconds\": 9, \"address_space\": 9 }, \"workspace\": \"cow\""

/* Beside a profile that exposes nothing, this one thing; and then the one point it costs. */
static const struct {
	const char *more, *id, *names;
	unsigned tenths;
} rows[] = {
	{ "\"read\": [\"/usr\"]", NULL, NULL, 0 },
	{ "\"read\": [\"/home\"]", "home-read", "/home", 100 },
	{ "\"read\": [\"/root\"]", "home-read", "/root", 100 },
	{ "\"read\": [\"/home/u\"]", "home-read", "/home/u", 100 },
	{ "\"read\": [\"/home/u\"]", "secrets", "/home/u", 100 },
	{ "\"write\": [\"/home/u\"]", "home-write", "/home/u", 100 },
	{ "\"maybe_read\": [\"/home/me/.ssh\"]", "secrets", "/home/me/.ssh", 70 },
	{ "\"maybe_read\": [\"/home/me/.ssh/id_ed25519\"]", "secrets", "/home/me/.ssh/id_ed25519", 70 },
	{ "\"maybe_read\": [\"/home/me/.config\"]", "secrets", "/home/me/.config", 70 },
	{ "\"maybe_read\": [\"/home/me/.cargo/bin\"]", "unused", "/home/me/.cargo/bin", 0 },
	{ "\"maybe_read\": [\"/home/you/x\"]", "foreign-home", "/home/you/x", 60 },
	{ "\"maybe_read\": [\"/etc/shadow\"]", "secrets", "/etc/shadow", 70 },
	{ "\"maybe_read\": [\"/etc/ssl\"]", "secrets", "/etc/ssl", 70 },
	{ "\"maybe_read\": [\"/etc/ssl/certs\"]", NULL, NULL, 0 },
	{ "\"maybe_read\": [\"/etc\"]", "wide", "/etc", 100 },
	{ "\"maybe_read\": [\"/var/run/docker.sock\"]", "sockets", "/var/run/docker.sock", 90 },
	{ "\"maybe_read\": [\"/run/user/1000/bus\"]", "sockets", "/run/user/1000/bus", 90 },
	{ "\"maybe_read\": [\"/sys\"]", "kernel", "/sys", 40 },
	{ "\"write\": [\"/usr/local\"]", "system-write", "/usr/local", 90 },
	{ "\"write\": [\"/data\"]", "write", "/data", 10 },
	{ "\"write\": [\"/data\"]", "missing", "/data", 10 },
	{ "\"environment\": { \"pass\": [\"GITHUB_TOKEN\"] }", "secret-variables", "GITHUB_TOKEN", 50 },
	{ "\"environment\": { \"set\": { \"api_key\": \"x\" } }", "secret-variables", "api_key", 50 },
	{ "\"environment\": { \"pass\": [\"LANGUAGE\"] }", NULL, NULL, 0 },
	{ "\"environment\": { \"set\": { \"LD_PRELOAD\": \"/x\" } }", "loaders", "LD_PRELOAD", 20 },
	{ "\"environment\": { \"set\": { \"PATH\": \"/usr/bin:/tmp/bin\" } }", "path", "/tmp/bin", 20 },
	{ "\"environment\": { \"set\": { \"PATH\": \"/usr/bin:.\" } }", "path", ".", 20 },
	{ "\"environment\": { \"set\": { \"PATH\": \"/home/me/work/bin\" } }", "path", "/home/me/work/bin", 20 },
	{ "\"protect\": []", "unprotected", "", 30 },
	{ "\"read\": [\"/usr\"], \"maybe_read\": [\"/usr/lib\"]", "unused", "/usr/lib", 0 },
	{ "\"read\": [\"/none\"]", "missing", "/none", 0 },
	{ "\"read\": [\"/home/me/work/x\"]", "overlap", "/home/me/work/x", 20 },
	{ "\"maybe_read\": [\"@/open\"]", "world-writable", "@/open", 10 },
	{ "\"maybe_read\": [\"@/link\"]", "secrets", "@/link", 70 },
};

static struct profile *load(const char *text)
{
	struct err e = { .kind = ERR_NONE };
	struct profile *p = NULL;
	char path[160];
	FILE *f;

	snprintf(path, sizeof(path), "%s/p.json", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	if (profile_load(&p, path, NULL, &e) < 0)
		fail_msg("%s: %s", text, e.text);
	return p;
}

/* "@" is our own folder. */
static const char *with_dir(char out[512], const char *text)
{
	const char *at = text ? strchr(text, '@') : NULL;

	if (at)
		snprintf(out, 512, "%.*s%s%s", (int)(at - text), text, dir, at + 1);
	else
		snprintf(out, 512, "%s", text ? text : "");
	return out;
}

struct seen {
	const char *id, *names;
	bool found;
	unsigned sum;
	char all[400];
};

static void see(void *to, const struct profile_point *point)
{
	struct seen *s = to;
	size_t used = strlen(s->all);

	s->sum += point->tenths;
	snprintf(s->all + used, sizeof(s->all) - used, "%s(%s) ", point->id, point->names);
	if (s->id && strcmp(s->id, point->id) == 0 && strcmp(s->names, point->names) == 0)
		s->found = true;
	assert_true(point->what[0] && point->instead[0]);
}

static void test_rows(void **state)
{
	char text[1024], more[512], names[512];
	unsigned tenths;
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		struct seen s = { .id = rows[i].id, .names = with_dir(names, rows[i].names) };

		snprintf(text, sizeof(text), P QUIET ", %s }", with_dir(more, rows[i].more));
		scoped(profile) struct profile *p = load(text);
		tenths = profile_exposure(p, "/home/me/work", see, &s);
		if (tenths == rows[i].tenths && (s.found || !rows[i].id) && tenths == (s.sum < 100 ? s.sum : 100))
			continue;
		print_message("# %s: %u, wanted %u: %s\n", rows[i].more, tenths, rows[i].tenths, s.all);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

/* What a profile leaves out is counted, too. */
static void test_empty(void **state)
{
	scoped(profile) struct profile *p = load(P "\"read\": [\"/usr\"] }");
	struct seen s = { .id = NULL };

	(void)state;
	assert_int_equal(profile_exposure(p, NULL, see, &s), 22);
	assert_string_equal(s.all, "changes() processes() memory() open-files() file-size() cpu() ");
}

static void test_broad(void **state)
{
	static const char *const broad[] = { "/etc", "/root", "/home", "/home/me", "/home/you/x", "/home/me/.ssh", "/run",
					     "/etc/shadow", "/run/docker.sock", "/proc/1", "/sys/kernel" };
	static const char *const narrow[] = { "/usr", "/usr/lib", "/etc/passwd", "/home/me/src/x", "/opt/tool", "/etc/ssl/certs" };
	size_t i;

	(void)state;
	for (i = 0; i < count_of(broad); i++)
		if (!profile_too_broad(broad[i]))
			fail_msg("%s is not too broad", broad[i]);
	for (i = 0; i < count_of(narrow); i++)
		if (profile_too_broad(narrow[i]))
			fail_msg("%s: %s", narrow[i], profile_too_broad(narrow[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_broad),
	};
	char path[160];

	setenv("HOME", "/home/me", 1);
	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/open", dir);
	if (mkdir(path, 0700) < 0 || chmod(path, 0777) < 0)
		return 1;
	snprintf(path, sizeof(path), "%s/link", dir);
	if (symlink("/etc/shadow", path) < 0)
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
