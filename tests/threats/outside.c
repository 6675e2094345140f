/*
 * tests/threats/outside.c - what stands outside while hostile code is inside: listeners that must not be reached,
 * descriptors that must not be inherited, a process that must not be signalled.
 *
 *   outside COMMAND...     runs "COMMAND... PORT PID RUNTIME" and passes on what it prints and its status,
 *                          then prints rows as threat.h does of what was seen here
 *
 * Standard input of the command is a file opened for reading. Inherited: 77 a folder, 78 an io_uring, 79 a file
 * opened for writing, 80 a unix socket's end.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "threat.h"

enum { FOLDER = 77, RING = 78, WRITABLE = 79, PEER = 80 };

static volatile sig_atomic_t signalled;

static void count_signal(int sig)
{
	(void)sig;
	signalled++;
}

static int listen_unix(const char *name, bool abstract)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	size_t size = strlen(name);

	snprintf(at.sun_path + abstract, sizeof(at.sun_path) - 1, "%s", name);
	if (bind(fd, (struct sockaddr *)&at, offsetof(struct sockaddr_un, sun_path) + (socklen_t)size + abstract) < 0 ||
	    listen(fd, 8) < 0)
		return -1;
	if (!abstract)
		chmod(name, 0777);
	return fd;
}

/* TCP and UDP of one port, on IPv6 and IPv4 alike where there is IPv6. */
static int listen_inet(int *datagrams)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	*datagrams = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 8) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &size) < 0 ||
	    bind(*datagrams, (struct sockaddr *)&at, sizeof(at)) < 0)
		return -1;
	around.port = ntohs(at.sin_port);
	return fd;
}

static void leave_descriptors(const char *folder)
{
	char params[120] = { 0 };
	char target[128];
	int pair[2], ring;

	snprintf(target, sizeof(target), "%s/target", folder);

	dup2(open(folder, O_RDONLY | O_DIRECTORY), FOLDER);
	ring = (int)syscall(SYS_io_uring_setup, 8, params);
	if (ring >= 0)
		dup2(ring, RING);
	dup2(open(target, O_RDWR | O_CREAT, 0600), WRITABLE);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0)
		dup2(pair[0], PEER);
	dup2(open(target, O_RDONLY), 0);
}

/* Whether we can reach it ourselves: otherwise its silence would prove nothing. */
static bool reachable(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)around.port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), good;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	good = connect(fd, (struct sockaddr *)&at, sizeof(at));
	close(fd);
	return good == 0;
}

static void row(bool good, const char *what)
{
	printf("%s outside: %s\n", good ? "ok" : "not ok", what);
}

static int spawn(char **argv, int argc)
{
	char **words = calloc((size_t)argc + 4, sizeof(*words)), port[16], pid[16];
	int status, i;
	pid_t child;

	snprintf(port, sizeof(port), "%d", around.port);
	snprintf(pid, sizeof(pid), "%d", getpid());
	for (i = 1; i < argc; i++)
		words[i - 1] = argv[i];
	words[argc - 1] = port;
	words[argc] = pid;
	words[argc + 1] = (char *)(size_t)around.runtime;
	child = fork();
	if (child == 0) {
		execvp(words[0], words);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return BROKEN;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	const struct sigaction count = { .sa_handler = count_signal, .sa_flags = SA_RESTART };
	char names[3][108];
	int unix_ends[4], datagrams, streams, status, i, caught = 0;
	struct stat before, after;

	for (i = 1; i < 32; i++)
		if (i != SIGKILL && i != SIGSTOP && i != SIGCHLD && i != SIGPIPE && i != SIGTERM) /* timeout(1) ends us */
			sigaction(i, &count, NULL);
	around.runtime = getenv("XDG_RUNTIME_DIR") ? getenv("XDG_RUNTIME_DIR") : "/nowhere";
	streams = listen_inet(&datagrams);
	snprintf(names[0], sizeof(names[0]), "/tmp/reeve-threat-%d", getpid());
	snprintf(names[1], sizeof(names[1]), "%s/reeve-threat", around.runtime);
	snprintf(names[2], sizeof(names[2]), "/run/reeve-threat-%d", getpid());
	unix_ends[0] = listen_unix(names[0] + strlen("/tmp/"), true);
	for (i = 0; i < 3; i++)
		unix_ends[i + 1] = listen_unix(names[i], false);
	if (streams < 0 || unix_ends[0] < 0 || unix_ends[1] < 0 || unix_ends[2] < 0 || !reachable())
		return BROKEN;
	close(accept(streams, NULL, NULL));
	leave_descriptors(around.runtime);
	fstat(0, &before);

	status = spawn(argv, argc);

	for (i = 0; i < 4; i++)
		caught += unix_ends[i] >= 0 && accept(unix_ends[i], NULL, NULL) >= 0;
	row(accept(streams, NULL, NULL) < 0 && errno == EAGAIN, "no connection arrived");
	row(recv(datagrams, names[0], 1, 0) < 0 && errno == EAGAIN, "no datagram arrived");
	row(caught == 0, "no unix socket was reached");
	row(signalled == 0, "no signal arrived");
	row(fstat(0, &after) == 0 && after.st_size == before.st_size && after.st_mode == before.st_mode &&
		    after.st_mtime == before.st_mtime, "the file on standard input is as it was");
	unlink(names[1]);
	unlink(names[2]);
	snprintf(names[0], sizeof(names[0]), "/tmp/reeve-threat-%d", getpid());
	unlink(names[0]);
	return status;
}
