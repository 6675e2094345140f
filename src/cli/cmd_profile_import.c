/* reeve profile import: a profile that takes an OCI or Docker seccomp file as it is, and what that comes to. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/cmd_profile.h"
#include "json/json.h"
#include "profile/profile.h"

static int help(const struct option_row *rows)
{
	puts("usage: reeve profile import [options] FILE\n\n"
	     "Prints a profile that takes the list of calls of an OCI or Docker seccomp file,\n"
	     "and says on standard error what of it holds here.\n");
	options_print(rows);
	puts("\nexample:\n"
	     "  reeve profile import /usr/share/containers/seccomp.json >oci.json");
	return EXIT_DONE;
}

/* "seccomp" of ".../seccomp.json", if that can be a name. */
static void name_of(char out[64], const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;

	snprintf(out, 64, "%.*s", (int)strcspn(base, "."), base);
	if (!text_is_name(out))
		snprintf(out, 64, "imported");
}

static int print_profile(const char *path, const char *name, const char *extends, struct err *e)
{
	scoped(json) json_t *profile = json_pack("{s:s,s:s,s:s,s:s,s:{s:s}}", "reeve", "profile/1", "name", name,
						 "about", "the list of calls of an OCI seccomp file", "extends",
						 extends, "seccomp", "oci", path);

	if (!profile || json_dumpf(profile, stdout, JSON_INDENT(2)) < 0 || puts("") < 0 || fflush(stdout) != 0)
		return err_set(e, ERR_SYSTEM, "the profile cannot be written");
	return EXIT_DONE;
}

static int import(const char *file, const char *name, const char *extends, struct err *e)
{
	scoped(oci) struct oci *o = NULL;
	scoped(buf) struct buf said = BUF(64 << 10);
	char path[PATH_MAX], own[64];

	if (oci_load(&o, file, NULL, e) < 0 || !realpath(file, path))
		return profile_usage("import", e);
	name_of(own, path);
	if (name && !text_is_name(name)) {
		err_set(e, ERR_INPUT, "--name: expected a name of [a-z0-9_.-], found \"%.40s\"", name);
		return profile_usage("import", e);
	}
	if (!oci_say(&said, o))
		return err_set(e, ERR_LIMIT, "%s: too many names to say", file);
	fprintf(stderr, "%s:\n%.*s", file, (int)said.size, said.data);
	return print_profile(path, name ? name : own, extends, e);
}

int cmd_profile_import(int argc, char **argv, struct err *e)
{
	const char *name = NULL, *extends = "agent";
	bool wanted = false;
	const struct option_row rows[] = {
		{ "name", "NAME", OPTION_TEXT, &name, "what the profile is called (as the file)", NULL },
		{ "extends", "NAME|FILE", OPTION_TEXT, &extends, "what else it has (agent)", NULL },
		{ "help", NULL, OPTION_FLAG, &wanted, "print this", NULL },
		{ 0 },
	};
	int operands = options_anywhere(argc, argv, rows, e);

	if (operands < 0)
		return profile_usage("import", e);
	if (wanted)
		return help(rows);
	if (operands + 1 != argc) {
		err_set(e, ERR_INPUT, "expected one FILE");
		return profile_usage("import", e);
	}
	return import(argv[operands], name, extends, e);
}
