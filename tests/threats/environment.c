/* Variables from which loaders and interpreters take code, set by the operator: none gets in: THREATS 15, 21. */
#include "threat.h"

static int set(const char *on)
{
	return getenv(on) ? OUT : ENOENT;
}

/* Whatever its name: the value that run.sh gave every one of them. */
static int any_value(const char *on)
{
	char **e;

	for (e = environ; *e; e++)
		if (strstr(*e, on))
			return OUT;
	return ENOENT;
}

#define NOT_IN ENOENT, 0, NULL, NULL

static const struct attempt attempts[] = {
	{ "LD_PRELOAD", set, "LD_PRELOAD", NOT_IN },
	{ "LD_AUDIT", set, "LD_AUDIT", NOT_IN },
	{ "LD_LIBRARY_PATH", set, "LD_LIBRARY_PATH", NOT_IN },
	{ "GLIBC_TUNABLES", set, "GLIBC_TUNABLES", NOT_IN },
	{ "NODE_OPTIONS", set, "NODE_OPTIONS", NOT_IN },
	{ "BUN_OPTIONS", set, "BUN_OPTIONS", NOT_IN },
	{ "PYTHONSTARTUP", set, "PYTHONSTARTUP", NOT_IN },
	{ "PYTHONPATH", set, "PYTHONPATH", NOT_IN },
	{ "BASH_ENV", set, "BASH_ENV", NOT_IN },
	{ "ENV", set, "ENV", NOT_IN },
	{ "GIT_SSH_COMMAND", set, "GIT_SSH_COMMAND", NOT_IN },
	{ "GIT_CONFIG_COUNT", set, "GIT_CONFIG_COUNT", NOT_IN },
	{ "GIT_EXEC_PATH", set, "GIT_EXEC_PATH", NOT_IN },
	{ "PERL5OPT", set, "PERL5OPT", NOT_IN },
	{ "RUBYOPT", set, "RUBYOPT", NOT_IN },
	{ "JAVA_TOOL_OPTIONS", set, "JAVA_TOOL_OPTIONS", NOT_IN },
	{ "ALL_PROXY", set, "ALL_PROXY", NOT_IN },
	{ "HTTPS_PROXY", set, "HTTPS_PROXY", NOT_IN },
	{ "SSH_AUTH_SOCK", set, "SSH_AUTH_SOCK", NOT_IN },
	{ "DBUS_SESSION_BUS_ADDRESS", set, "DBUS_SESSION_BUS_ADDRESS", NOT_IN },
	{ "XDG_RUNTIME_DIR", set, "XDG_RUNTIME_DIR", NOT_IN },
	{ "XDG_STATE_HOME", set, "XDG_STATE_HOME", NOT_IN },
	{ "DISPLAY", set, "DISPLAY", NOT_IN },
	{ "AWS_SECRET_ACCESS_KEY", set, "AWS_SECRET_ACCESS_KEY", NOT_IN },
	{ "any of them by another name", any_value, "from-outside", NOT_IN },
};

int main(int argc, char **argv)
{
	return threat_main(attempts, count_of(attempts), argc, argv);
}
