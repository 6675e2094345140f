/*
 * Names that would run later outside, by every way to make, change, replace or remove one: THREATS 5, and what of 4 and
 * 8 leads to them. tests/threats/protected.sh leaves in the workspace a git repository with a hook, ".envrc", a folder
 * ".vscode", a folder "t" with "tasks.json" in it, a bare repository "bare", a worktree's folder ".git/worktrees/w";
 * and looks afterwards that nothing of it changed.
 */
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "threat.h"

enum { OPENAT2 = 437 };

struct how { unsigned long long flags, mode, resolve; };

static int write_one(int fd)
{
	return fd < 0 ? errno : write(fd, "x", 1) == 1 ? WORKED : errno;
}

static int by_open(const char *on)	{ return write_one(open(on, O_WRONLY | O_CREAT, 0700)); }
static int by_excl(const char *on)	{ return write_one(open(on, O_WRONLY | O_CREAT | O_EXCL, 0700)); }
static int by_trunc(const char *on)	{ return told(open(on, O_RDONLY | O_TRUNC)); }
static int by_append(const char *on)	{ return write_one(open(on, O_WRONLY | O_APPEND)); }
static int by_plain(const char *on)	{ return write_one((int)syscall(SYS_open, on, O_RDWR | O_CREAT, 0700)); }
static int by_creat(const char *on)	{ return write_one((int)syscall(SYS_creat, on, 0700)); }
static int by_openat2(const char *on)
{
	struct how how = { O_WRONLY | O_CREAT, 0700, 0 };

	return write_one((int)syscall(OPENAT2, AT_FDCWD, on, &how, sizeof(how)));
}
static int by_longer_openat2(const char *on)
{
	struct { struct how how; unsigned long long later; } how = { { O_WRONLY | O_CREAT, 0700, 0 }, 0 };

	return write_one((int)syscall(OPENAT2, AT_FDCWD, on, &how, sizeof(how)));
}
static int by_truncate(const char *on)	{ return told(truncate(on, 0)); }
static int by_mkdir(const char *on)	{ return told(mkdir(on, 0700)); }
static int by_mkfifo(const char *on)	{ return told(mkfifo(on, 0600)); }
static int by_mknod(const char *on)	{ return told(mknod(on, S_IFREG | 0700, 0)); }
static int by_symlink(const char *on)	{ return told(symlink("t/tasks.json", on)); }
static int by_symlink_to_folder(const char *on) { return told(symlink("t", on)); }
static int by_link(const char *on)	{ return told(link("t/tasks.json", on)); }
static int by_socket(const char *on)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", on);
	return told(bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&at, sizeof(at)));
}
static int by_rename(const char *on)
{
	close(open("mine", O_CREAT | O_WRONLY, 0700));
	return told(rename("mine", on));
}
static int by_exchange(const char *on)
{
	close(open("mine", O_CREAT | O_WRONLY, 0700));
	return told(syscall(SYS_renameat2, AT_FDCWD, "mine", AT_FDCWD, on, 2));
}
static int by_exchange_other_way(const char *on)
{
	close(open("mine", O_CREAT | O_WRONLY, 0700));
	return told(syscall(SYS_renameat2, AT_FDCWD, on, AT_FDCWD, "mine", 2));
}
static int by_folder(const char *on)
{
	mkdir("folder", 0700);
	close(open("folder/tasks.json", O_CREAT | O_WRONLY, 0700));
	close(open("folder/hooks", O_CREAT | O_WRONLY, 0700));
	return told(rename("folder", on));
}
static int taken_away(const char *on)	{ return told(rename(on, "taken")); }
static int removed(const char *on)	{ return told(unlink(on)); }

/* A file without a name, given one. */
static int by_unnamed(const char *on)
{
	char name[64];
	int fd = open(".", O_TMPFILE | O_RDWR, 0700);

	if (fd < 0 || write(fd, "x", 1) != 1)
		return BROKEN;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return told(linkat(AT_FDCWD, name, AT_FDCWD, on, AT_SYMLINK_FOLLOW));
}
static int by_empty_path(const char *on)
{
	int fd = open(".", O_TMPFILE | O_RDWR, 0700);

	return fd < 0 ? BROKEN : told(linkat(fd, "", AT_FDCWD, on, AT_EMPTY_PATH));
}

/* A second name for a protected file would be a way to write it. */
static int second_name(const char *on)	{ return told(link(on, "second")); }
static int second_name_followed(const char *on) { return told(linkat(AT_FDCWD, on, AT_FDCWD, "second", AT_SYMLINK_FOLLOW)); }
static int second_name_by_descriptor(const char *on)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", open(on, O_RDONLY));
	return told(linkat(AT_FDCWD, name, AT_FDCWD, "second", AT_SYMLINK_FOLLOW));
}
static int reader_opened_anew(const char *on)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", open(on, O_RDONLY));
	return write_one(open(name, O_RDWR));
}
static int path_opened_anew(const char *on)
{
	char name[64];

	snprintf(name, sizeof(name), "/dev/fd/%d", open(on, O_PATH));
	return write_one(open(name, O_RDWR));
}
static int of_another_process(const char *on)
{
	char name[64];
	int fd = open(on, O_RDONLY);

	dup2(fd, 100);
	snprintf(name, sizeof(name), "/proc/%d/fd/100", getpid());
	if (fork() == 0)
		_exit(write_one(open(name, O_RDWR)));
	return wait(&fd) < 0 ? BROKEN : WEXITSTATUS(fd);
}
static int reader_mapped(const char *on)
{
	return mmap(NULL, 1, PROT_WRITE, MAP_SHARED, open(on, O_RDONLY), 0) == MAP_FAILED ? errno : OUT;
}

/* Relative to a folder that the name itself does not show. */
static int in_folder(const char *on)
{
	char folder[256], *slash;

	snprintf(folder, sizeof(folder), "%s", on);
	slash = strrchr(folder, '/');
	*slash = '\0';
	return write_one(openat(open(folder, O_RDONLY | O_DIRECTORY), slash + 1, O_WRONLY | O_CREAT, 0700));
}
static int in_folder_by_path(const char *on)
{
	char folder[256], *slash;

	snprintf(folder, sizeof(folder), "%s", on);
	slash = strrchr(folder, '/');
	*slash = '\0';
	return write_one(openat(open(folder, O_PATH), slash + 1, O_WRONLY | O_CREAT, 0700));
}
static int from_within(const char *on)
{
	char folder[256], *slash;

	snprintf(folder, sizeof(folder), "%s", on);
	slash = strrchr(folder, '/');
	*slash = '\0';
	if (chdir(folder) < 0)
		return BROKEN;
	return write_one(open(slash + 1, O_WRONLY | O_CREAT, 0700));
}
static int by_proc_cwd(const char *on)
{
	char name[256];

	snprintf(name, sizeof(name), "/proc/self/cwd/%s", on);
	return write_one(open(name, O_WRONLY | O_CREAT, 0700));
}
static int by_proc_root(const char *on)
{
	char cwd[200], name[512];

	snprintf(name, sizeof(name), "/proc/self/root%s/%s", getcwd(cwd, sizeof(cwd)) ? cwd : "", on);
	return write_one(open(name, O_WRONLY | O_CREAT, 0700));
}
static int by_proc_folder(const char *on)
{
	char name[256];

	snprintf(name, sizeof(name), "/proc/self/fd/%d/%s", open(".", O_RDONLY | O_DIRECTORY), on);
	return write_one(open(name, O_WRONLY | O_CREAT, 0700));
}
static int by_link_in_tmp(const char *on)
{
	char cwd[200], text[512];

	unlink("/tmp/way");
	snprintf(text, sizeof(text), "%s/%s", getcwd(cwd, sizeof(cwd)) ? cwd : "", on);
	if (symlink(text, "/tmp/way") < 0)
		return BROKEN;
	return write_one(open("/tmp/way", O_WRONLY | O_CREAT, 0700));
}
static int by_link_here(const char *on)
{
	unlink("way");
	if (symlink(on, "way") < 0)
		return BROKEN;
	return write_one(open("way", O_WRONLY | O_CREAT, 0700));
}

/* "FOLDER/NAME": everything else of a repository made first, that name last. */
static int last_of_repository(const char *on)
{
	static const char *const parts[] = { "HEAD", "objects", "refs", "config" };
	char folder[64], name[128];
	const char *last = strchr(on, '/') + 1;
	size_t i;

	snprintf(folder, sizeof(folder), "%.*s", (int)(last - on - 1), on);
	mkdir(folder, 0700);
	for (i = 0; i < count_of(parts); i++) {
		snprintf(name, sizeof(name), "%s/%s", folder, parts[i]);
		if (strcmp(parts[i], last) == 0)
			continue;
		if (i == 1 || i == 2)
			mkdir(name, 0700);
		else
			close(open(name, O_CREAT | O_WRONLY, 0600));
	}
	if (strcmp(last, "objects") == 0 || strcmp(last, "refs") == 0)
		return told(mkdir(on, 0700));
	return write_one(open(on, O_CREAT | O_WRONLY, 0600));
}

/* What must still work: git commit, editors, builds. */
static int replaces(const char *on)
{
	char lock[256];

	snprintf(lock, sizeof(lock), "%s.lock", on);
	if (write_one(open(lock, O_WRONLY | O_CREAT | O_EXCL, 0600)) != WORKED)
		return errno;
	return told(rename(lock, on));
}
static int comes_and_goes(const char *on)
{
	if (mkdir(on, 0700) < 0)
		return errno;
	return told(rmdir(on));
}

#define REFUSED(call) EPERM, 0, call, NULL
#define FREE WORKED, 0, NULL, NULL

static const struct attempt attempts[] = {
	{ "open of .mcp.json", by_open, ".mcp.json", REFUSED("openat") },
	{ "the oldest open", by_plain, ".mcp.json", REFUSED("open") },
	{ "open, only if absent", by_excl, ".mcp.json", REFUSED("openat") },
	{ "creat", by_creat, ".mcp.json", REFUSED("creat") },
	{ "openat2", by_openat2, ".mcp.json", REFUSED("openat2") },
	{ "openat2 of a later kernel", by_longer_openat2, ".mcp.json", EACCES, EPERM, NULL, NULL },
	{ "mkdir", by_mkdir, ".mcp.json", REFUSED("mkdir") },
	{ "a FIFO", by_mkfifo, ".mcp.json", REFUSED("mknodat") },
	{ "mknod", by_mknod, ".mcp.json", REFUSED("mknodat") },
	{ "a link", by_symlink, ".mcp.json", REFUSED("symlink") },
	{ "a hard link", by_link, ".mcp.json", REFUSED("link") },
	{ "a rename", by_rename, ".mcp.json", REFUSED("rename") },
	{ "a file without a name", by_unnamed, ".mcp.json", REFUSED("linkat") },
	{ "a file without a name, by its descriptor", by_empty_path, ".mcp.json", EPERM, ENOENT, NULL, NULL },
	{ "deep down", by_open, "t/.mcp.json", REFUSED("openat") },
	{ "in capitals", by_open, ".MCP.JSON", REFUSED("openat") },
	{ "with a dot at the end", by_open, ".mcp.json.", REFUSED("openat") },
	{ "with a letter that shows nothing", by_open, ".mcp\342\200\213.json", REFUSED("openat") },
	{ "with the Kelvin sign", by_open, ".vscode/tas\342\204\252s.json", REFUSED("openat") },
	{ "by a long way round", by_open, "./t/..//t/.././/.mcp.json", REFUSED("openat") },
	{ "by /proc/self/cwd", by_proc_cwd, ".mcp.json", REFUSED("openat") },
	{ "by /proc/self/root", by_proc_root, ".mcp.json", REFUSED("openat") },
	{ "by a folder's descriptor in /proc", by_proc_folder, ".mcp.json", REFUSED("openat") },
	{ "by a link", by_link_here, ".mcp.json", REFUSED("openat") },
	{ "by a link in /tmp", by_link_in_tmp, ".mcp.json", EPERM, EACCES, NULL, NULL },

	{ ".envrc written", by_open, ".envrc", REFUSED("openat") },
	{ ".envrc emptied by opening", by_trunc, ".envrc", REFUSED("openat") },
	{ ".envrc emptied", by_truncate, ".envrc", REFUSED("truncate") },
	{ ".envrc appended to", by_append, ".envrc", REFUSED("openat") },
	{ ".envrc replaced", by_rename, ".envrc", REFUSED("rename") },
	{ ".envrc exchanged", by_exchange, ".envrc", REFUSED("renameat2") },
	{ ".envrc exchanged, the other way", by_exchange_other_way, ".envrc", REFUSED("renameat2") },
	{ ".envrc moved away", taken_away, ".envrc", REFUSED("rename") },
	{ ".envrc removed", removed, ".envrc", REFUSED("unlink") },
	{ ".envrc under a second name", second_name, ".envrc", REFUSED("link") },
	{ ".envrc under a second name, followed", second_name_followed, ".envrc", REFUSED("linkat") },
	{ ".envrc under a second name, by descriptor", second_name_by_descriptor, ".envrc", REFUSED("linkat") },
	{ ".envrc read, then opened anew", reader_opened_anew, ".envrc", REFUSED("openat") },
	{ ".envrc pinned, then opened anew", path_opened_anew, ".envrc", REFUSED("openat") },
	{ ".envrc by another process's descriptor", of_another_process, ".envrc", EACCES, EPERM, NULL, NULL },
	{ ".envrc as writable memory", reader_mapped, ".envrc", EACCES, 0, NULL, NULL },

	{ "a task in .vscode", by_open, ".vscode/tasks.json", REFUSED("openat") },
	{ "a task from within", from_within, ".vscode/tasks.json", REFUSED("openat") },
	{ "a task beneath a descriptor", in_folder, ".vscode/tasks.json", REFUSED("openat") },
	{ "a task beneath a path descriptor", in_folder_by_path, ".vscode/tasks.json", REFUSED("openat") },
	{ "a folder become .vscode", by_folder, "t/.vscode", REFUSED("rename") },
	{ "a link become .vscode", by_symlink_to_folder, "t/.vscode", REFUSED("symlink") },
	{ ".vscode moved away", taken_away, ".vscode", REFUSED("rename") },

	{ "a new hook", by_open, ".git/hooks/post-commit", REFUSED("openat") },
	{ "a hook changed", by_open, ".git/hooks/pre-commit", REFUSED("openat") },
	{ "a hook in a folder of its own", by_mkdir, ".git/hooks/x", REFUSED("mkdir") },
	{ "a hook from within", from_within, ".git/hooks/post-commit", REFUSED("openat") },
	{ "hooks moved away", taken_away, ".git/hooks", REFUSED("rename") },
	{ "git's configuration", by_open, ".git/config", REFUSED("openat") },
	{ "git's configuration, as git does it", replaces, ".git/config", REFUSED("rename") },
	{ "git's configuration by another case", by_open, ".GIT/config", EPERM, ENOENT, NULL, NULL },
	{ "another place for git's configuration", by_open, ".git/commondir", REFUSED("openat") },
	{ "a worktree's configuration", by_open, ".git/config.worktree", REFUSED("openat") },
	{ "another place for a worktree's configuration", by_open, ".git/worktrees/w/commondir", REFUSED("openat") },
	{ ".git moved away", taken_away, ".git", REFUSED("rename") },
	{ ".git elsewhere, as a file", by_open, "t/.git", REFUSED("openat") },
	{ ".git elsewhere, as a link", by_symlink_to_folder, "t/.git", REFUSED("symlink") },
	{ ".git elsewhere, a folder renamed", by_folder, "t/.git", REFUSED("rename") },
	{ "a bare repository's configuration", by_open, "bare/config", REFUSED("openat") },
	{ "a bare repository's hook", by_open, "bare/hooks/post-receive", REFUSED("openat") },
	{ "a bare repository completed by HEAD", last_of_repository, "b1/HEAD", REFUSED("openat") },
	{ "a bare repository completed by objects", last_of_repository, "b2/objects", REFUSED("mkdir") },
	{ "a bare repository completed by refs", last_of_repository, "b3/refs", REFUSED("mkdir") },
	{ "a bare repository completed by config", last_of_repository, "b4/config", REFUSED("openat") },
	{ "a shell's own file", by_open, ".bashrc", REFUSED("openat") },
	{ "an agent's own settings", by_open, ".claude/settings.json", REFUSED("openat") },

	{ "a socket of that name", by_socket, "t/.envrc", REFUSED("bind") },
	{ "another name like it", by_open, ".envrc.example", FREE },
	{ "git's index, as git does it", replaces, ".git/index", FREE },
	{ "an object of git's", by_mkdir, ".git/objects/ff", FREE },
	{ "a repository begun", comes_and_goes, "t/.git", FREE },
	{ "tasks.json elsewhere", by_append, "t/tasks.json", FREE },
	{ "a folder with a name in the middle", by_mkdir, "x.git", FREE },
};

int main(int argc, char **argv)
{
	return threat_main(attempts, count_of(attempts), argc, argv);
}
