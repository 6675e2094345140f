/*
 * Protected files emptied by ways that init cannot follow and leaves to the kernel: where Landlock knows nothing of
 * truncation (before ABI 3), nobody else would say no. THREATS 5, 8; tests/threats/old-kernel.sh leaves one
 * ".envrc" for each row in the workspace.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "threat.h"

static pid_t other;
static char cwd[3000];

/* A process of ours that stands where we stand, with the file at 100. */
static bool stand_in(const char *on)
{
	int ready[2];
	char byte;

	if (pipe(ready) < 0)
		return false;
	other = fork();
	if (other == 0) {
		dup2(open(on, O_RDONLY), 100);
		(void)!write(ready[1], "x", 1);
		pause();
	}
	return other > 0 && read(ready[0], &byte, 1) == 1;
}

static int met_by(long rc, const char *on)
{
	struct stat st;
	int met = told(rc);

	if (other > 0)
		kill(other, SIGKILL);
	return stat(on, &st) < 0 ? BROKEN : st.st_size == 0 ? OUT : met;
}

static int by_its_descriptor(const char *on)
{
	char name[64];

	if (!stand_in(on))
		return BROKEN;
	snprintf(name, sizeof(name), "/proc/%d/fd/100", other);
	return met_by(open(name, O_RDONLY | O_TRUNC), on);
}

static int by_its_folder(const char *on)
{
	char name[64];

	if (!stand_in(on))
		return BROKEN;
	snprintf(name, sizeof(name), "/proc/%d/cwd/%s", other, on);
	return met_by(open(name, O_RDONLY | O_TRUNC), on);
}

static int by_its_root(const char *on)
{
	char name[4096];

	if (!stand_in(on) || !getcwd(cwd, sizeof(cwd)))
		return BROKEN;
	snprintf(name, sizeof(name), "/proc/%d/root%s/%s", other, cwd, on);
	return met_by(open(name, O_RDONLY | O_TRUNC), on);
}

static int truncated_by_its_descriptor(const char *on)
{
	char name[64];

	if (!stand_in(on))
		return BROKEN;
	snprintf(name, sizeof(name), "/proc/%d/fd/100", other);
	return met_by(truncate(name, 0), on);
}

static int truncated_by_its_folder(const char *on)
{
	char name[64];

	if (!stand_in(on))
		return BROKEN;
	snprintf(name, sizeof(name), "/proc/%d/cwd/%s", other, on);
	return met_by(truncate(name, 0), on);
}

static int with_an_odd_flag(const char *on)
{
	return met_by(syscall(SYS_openat, AT_FDCWD, on, O_RDONLY | O_TRUNC | 1 << 30, 0), on);
}

static int by_a_link_to_its_folder(const char *on)
{
	char name[64];

	if (!stand_in(on))
		return BROKEN;
	snprintf(name, sizeof(name), "/proc/%d/cwd/%s", other, on);
	unlink("/tmp/way");
	return symlink(name, "/tmp/way") < 0 ? BROKEN : met_by(truncate("/tmp/way", 0), on);
}

static const struct attempt attempts[] = {
	{ "by another process's descriptor", by_its_descriptor, "1/.envrc", EPERM, EACCES, NULL, NULL },
	{ "by its working folder", by_its_folder, "2/.envrc", EPERM, EACCES, NULL, NULL },
	{ "by its root", by_its_root, "3/.envrc", EPERM, EACCES, NULL, NULL },
	{ "truncate by its descriptor", truncated_by_its_descriptor, "4/.envrc", EPERM, EACCES, NULL, NULL },
	{ "truncate by its working folder", truncated_by_its_folder, "5/.envrc", EPERM, EACCES, NULL, NULL },
	{ "truncate by a link to it", by_a_link_to_its_folder, "6/.envrc", EPERM, EACCES, NULL, NULL },
	{ "with a flag nobody knows", with_an_odd_flag, "7/.envrc", EPERM, EACCES, NULL, NULL },
};

int main(int argc, char **argv)
{
	return threat_main(attempts, count_of(attempts), argc, argv);
}
