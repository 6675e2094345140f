/*
 * What was looked at must be what is done, whatever changes meanwhile: THREATS 6 and 7. One flips, one asks, a few
 * thousand times; tests/threats/protected.sh leaves ".vscode" and "t" in the workspace. A defence that looks twice
 * loses within the first hundred.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include "threat.h"

enum { TURNS = 800, ENOUGH = 100, OPENAT2 = 437, FLIPPED = 9 };

struct how { unsigned long long flags, mode, resolve; };

/* ".mcp_json", which is free, or ".mcp.json": one byte decides. */
static volatile char flipping[] = ".mcp_json";
static char *const text = (char *)(size_t)flipping;
static volatile struct how how;
static volatile bool done;
static volatile int flips;

static bool made(void)
{
	return access(".vscode/tasks.json", F_OK) == 0 || access(".envrc.made", F_OK) == 0 || access(".mcp.json", F_OK) == 0;
}

/* Until both had their turns; each flipper ends on what is protected, which is then asked for once for certain. */
static int race(void *(*flip)(void *), void (*ask)(void))
{
	pthread_t other;
	int i;

	done = false, flips = 0;
	if (pthread_create(&other, NULL, flip, NULL) != 0)
		return BROKEN;
	for (i = 0; (i < TURNS || flips < ENOUGH) && !made(); i++)
		ask();
	done = true;
	pthread_join(other, NULL);
	ask();
	return made() ? OUT : EPERM;
}

static void *flip_text(void *unused)
{
	for (unused = NULL; !done; flips++) {
		flipping[4] = '_';
		flipping[4] = '.';
	}
	return unused;
}
static void open_text(void)	{ close(open(text, O_CREAT | O_WRONLY, 0600)); }
static void make_text(void)	{ mkdir(text, 0700), rmdir(".mcp_json"); }
static void rename_to_text(void)
{
	close(open("mine", O_CREAT | O_WRONLY, 0600));
	rename("mine", text);
}
static void link_to_text(void)	{ link("t/tasks.json", text), unlink(".mcp_json"); }

static int by_path(const char *on)
{
	flipping[4] = '_';
	return race(flip_text, on[0] == 'o' ? open_text : on[0] == 'm' ? make_text : on[0] == 'r' ? rename_to_text : link_to_text);
}

static void *flip_flags(void *unused)
{
	for (unused = NULL; !done; flips++) {
		how.flags = O_RDONLY;
		how.flags = O_CREAT | O_WRONLY;
	}
	return unused;
}
static void open_how(void)	{ close((int)syscall(OPENAT2, AT_FDCWD, ".mcp.json", (void *)(size_t)&how, sizeof(how))); }
static int by_flags(const char *on)
{
	(void)on;
	how.mode = 0600;
	return race(flip_flags, open_how);
}

static volatile struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = ".mcp_json" };

static void *flip_socket(void *unused)
{
	for (unused = NULL; !done; flips++) {
		name.sun_path[4] = '_';
		name.sun_path[4] = '.';
	}
	return unused;
}
static void bind_name(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	bind(fd, (void *)(size_t)&name, sizeof(name));
	close(fd), unlink(".mcp_json");
}
static int by_socket(const char *on)
{
	(void)on;
	return race(flip_socket, bind_name);
}

/* The folder that a number means, changed under it. */
static void *flip_descriptor(void *unused)
{
	int free_one = open("t", O_PATH), protected_one = open(".vscode", O_PATH);

	for (unused = NULL; !done; flips++) {
		dup2(free_one, FLIPPED);
		dup2(protected_one, FLIPPED);
	}
	return unused;
}
static void open_beneath(void)	{ close(openat(FLIPPED, "tasks.json", O_CREAT | O_WRONLY, 0600)); }
static int by_descriptor(const char *on)
{
	(void)on;
	dup2(open("t", O_PATH), FLIPPED);
	return race(flip_descriptor, open_beneath);
}

static void *flip_folder(void *unused)
{
	int free_one = open("t", O_PATH), protected_one = open(".vscode", O_PATH);

	for (unused = NULL; !done; flips++) {
		(void)!fchdir(free_one);
		(void)!fchdir(protected_one);
	}
	return unused;
}
static void open_here(void)	{ close(open("tasks.json", O_CREAT | O_WRONLY, 0600)); }
static int by_folder(const char *on)
{
	int top = open(".", O_PATH), met;
	pthread_t other;

	(void)on;
	done = false, flips = 0;
	if (pthread_create(&other, NULL, flip_folder, NULL) != 0)
		return BROKEN;
	for (met = 0; met < TURNS || flips < ENOUGH; met++)
		open_here();
	done = true;
	pthread_join(other, NULL);
	return fchdir(top) < 0 ? BROKEN : made() ? OUT : EPERM;
}

static void *flip_link(void *unused)
{
	for (unused = NULL; !done; flips++) {
		if (symlink(".vscode", "new") == 0)
			rename("new", "turn");
		if (symlink("t", "new") == 0)
			rename("new", "turn");
	}
	return unused;
}
static void open_by_link(void)	{ close(open("turn/tasks.json", O_CREAT | O_WRONLY, 0600)); }
static int by_link(const char *on)
{
	(void)on;
	return race(flip_link, open_by_link);
}

static void *flip_target(void *unused)
{
	for (unused = NULL; !done; flips++) {
		if (symlink(".mcp.json", "new") == 0)
			rename("new", "turn");
		if (symlink(".mcp_json", "new") == 0)
			rename("new", "turn");
	}
	return unused;
}
static void open_link(void)	{ close(open("turn", O_CREAT | O_WRONLY, 0600)); }
static int by_target(const char *on)
{
	(void)on;
	return race(flip_target, open_link);
}

/* A folder that is moved while something is made in it. */
static void *flip_parent(void *unused)
{
	for (unused = NULL; !done; flips++) {
		rename("moving", "t/.vscode");
		rename("moving", "moved");
		rename("moved", "moving");
	}
	return unused;
}
static void open_in_moving(void)	{ close(open("moving/tasks.json", O_CREAT | O_WRONLY, 0600)); }
static int by_parent(const char *on)
{
	int met;

	(void)on;
	mkdir("moving", 0700);
	met = race(flip_parent, open_in_moving);
	return access("t/.vscode/tasks.json", F_OK) == 0 ? OUT : met;
}

/* As vfork(2) and posix_spawn(3) do: another process in the same memory, with the same descriptors. */
static char stack[65536];

static int ask_in_shared_memory(void *unused)
{
	int i;

	(void)unused;
	for (i = 0; i < TURNS; i++)
		open_text();
	return 0;
}
static int by_shared_memory(const char *on)
{
	pid_t child;
	int status;

	(void)on;
	flipping[4] = '_';
	child = clone(ask_in_shared_memory, stack + sizeof(stack), CLONE_VM | CLONE_FILES | CLONE_FS | SIGCHLD, NULL);
	if (child < 0)
		return BROKEN;
	while (waitpid(child, &status, WNOHANG) == 0) {
		flipping[4] = '_';
		flipping[4] = '.';
	}
	return made() ? OUT : EPERM;
}

/* Memory that its supervisor must not be refused to read, or it refuses in turn. */
static int not_dumpable(const char *on)
{
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return BROKEN;
	return told(open(on, O_CREAT | O_WRONLY, 0600));
}

static int unreadable(const char *on)
{
	void *at = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)on;
	return told(open(at, O_CREAT | O_WRONLY, 0600));
}

/* The text ends where memory ends. */
static int at_the_edge(const char *on)
{
	char *at = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t size = strlen(on) + 1;

	if (munmap(at + 4096, 4096) < 0)
		return BROKEN;
	memcpy(at + 4096 - size, on, size);
	return told(open(at + 4096 - size, O_CREAT | O_WRONLY, 0600));
}

static const struct attempt attempts[] = {
	{ "the path flipped: open", by_path, "open", EPERM, 0, "openat", NULL },
	{ "the path flipped: mkdir", by_path, "mkdir", EPERM, 0, "mkdir", NULL },
	{ "the path flipped: rename", by_path, "rename", EPERM, 0, "rename", NULL },
	{ "the path flipped: link", by_path, "link", EPERM, 0, "link", NULL },
	{ "a socket's name flipped", by_socket, NULL, EPERM, 0, "bind", NULL },
	{ "the flags of openat2 flipped", by_flags, NULL, EPERM, 0, "openat2", NULL },
	{ "the folder's descriptor flipped", by_descriptor, NULL, EPERM, 0, "openat", NULL },
	{ "the working folder flipped", by_folder, NULL, EPERM, 0, "openat", NULL },
	{ "a link on the way flipped", by_link, NULL, EPERM, 0, "openat", NULL },
	{ "a link at the end flipped", by_target, NULL, EPERM, 0, "openat", NULL },
	{ "the folder moved meanwhile", by_parent, NULL, EPERM, 0, "rename", NULL },
	{ "another process in the same memory", by_shared_memory, NULL, EPERM, 0, "openat", NULL },
	{ "who is not dumpable, a protected name", not_dumpable, ".mcp.json", EPERM, 0, "openat", NULL },
	{ "who is not dumpable, another", not_dumpable, "other", WORKED, EPERM, NULL, NULL },
	{ "a path in memory that cannot be read", unreadable, NULL, EFAULT, 0, NULL, NULL },
	{ "a path at the edge of memory", at_the_edge, "edge", WORKED, 0, NULL, NULL },
	{ "a protected one there", at_the_edge, ".mcp.json", EPERM, 0, "openat", NULL },
};

int main(int argc, char **argv)
{
	return threat_main(attempts, count_of(attempts), argc, argv);
}
