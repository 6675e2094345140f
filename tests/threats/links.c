/* Ways past the workspace by link, by name and by descriptor: THREATS 4. */
#include <fcntl.h>
#include <sys/stat.h>

#include "threat.h"

/* A link in the workspace leads where it leads inside, never outside. */
static int by_symlink(const char *on)
{
	unlink("away");
	if (symlink(on, "away") < 0)
		return BROKEN;
	return told(open("away", O_RDONLY));
}

static int hard_link(const char *on)
{
	return told(link(on, "kept"));
}

static int moved_out(const char *on)
{
	close(open("mine", O_CREAT | O_WRONLY, 0600));
	return told(rename("mine", on));
}

static int moved_in(const char *on)
{
	return told(rename(on, "taken"));
}

static int workspace_renamed(const char *on)
{
	char cwd[4096], name[4128];

	if (!getcwd(cwd, sizeof(cwd)))
		return BROKEN;
	snprintf(name, sizeof(name), "%s%s", cwd, on);
	return told(rename(cwd, name));
}

/* Swapped a thousand times while it is opened: each time it is what it leads to inside. */
static int swapped(const char *on)
{
	pid_t child;
	int i, fd;

	unlink("turn");
	mkdir("turn.d", 0700);
	child = fork();
	for (i = 0; child == 0; i++) {
		unlink("turn.l");
		if (symlink(i % 2 ? on : "turn.d", "turn.l") == 0)
			(void)!rename("turn.l", "turn");
		if (getppid() == 1)
			_exit(0);
	}
	for (i = 0; i < 1000; i++) {
		fd = open("turn/state", O_RDONLY);
		if (fd >= 0)
			break;
	}
	kill(child, SIGKILL);
	return fd >= 0 ? OUT : errno == ENOTDIR ? ENOENT : errno;
}

/* A folder that is kept open while it moves: ".." of it ends at the top of the workspace. */
static int climbs(const char *on)
{
	int fd, i;

	mkdir("deep", 0700);
	mkdir("deep/er", 0700);
	fd = open("deep/er", O_RDONLY | O_DIRECTORY);
	if (fd < 0 || rename("deep/er", "er") < 0 || fchdir(fd) < 0)
		return BROKEN;
	for (i = 0; i < 64; i++)
		if (chdir("..") < 0)
			return BROKEN;
	return told(open(on, O_RDONLY));
}

static const struct attempt attempts[] = {
	{ "a link to the host's users", by_symlink, "/etc/shadow", ENOENT, 0, NULL, NULL },
	{ "a link to the root of init", by_symlink, "/proc/1/root/", EACCES, 0, NULL, NULL },
	{ "a link to the cwd of init", by_symlink, "/proc/1/cwd/", EACCES, 0, NULL, NULL },
	{ "a link up", by_symlink, "../state", ENOENT, 0, NULL, NULL },
	{ "a hard link to a program", hard_link, "/usr/bin/env", EXDEV, EPERM, NULL, NULL },
	{ "a hard link to our own client", hard_link, "/run/reeve/bin/reeve-call", EXDEV, EPERM, NULL, NULL },
	{ "a rename out", moved_out, "/usr/bin/env", EXDEV, EROFS, NULL, NULL },
	{ "a rename above the workspace", moved_out, "../mine", EXDEV, EROFS, NULL, NULL },
	{ "a rename in", moved_in, "/usr/bin/env", EXDEV, EROFS, NULL, NULL },
	{ "the workspace renamed", workspace_renamed, ".old", EBUSY, EROFS, NULL, NULL },
	{ "a link swapped while it is followed", swapped, "..", ENOENT, 0, NULL, NULL },
	{ "64 times .. from a folder that moved", climbs, "etc/shadow", ENOENT, 0, NULL, NULL },
};

int main(int argc, char **argv)
{
	return threat_main(attempts, count_of(attempts), argc, argv);
}
